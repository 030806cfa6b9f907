//! `simulate diehl-cook`: it learns, is told apart from nonsense, and goes on.

use serde_json::Value;

use super::json::check;
use super::*;

#[test]
fn a_small_network_learns_generated_digits_and_is_evaluated() {
    let home = home();
    let file = home.path().join("mine.safetensors").display().to_string();
    let text = format!(
        "simulate diehl-cook --neurons 49 --images 1500 --data synthetic --tau-theta 1e6 \
         --label-images 1500 --held-out 500 --seed 2 --out {file} --json"
    );
    let value = check("simulate diehl-cook", &run_text(home.path(), &text).succeeds());
    assert_eq!((&value["neurons"], &value["images"]), (&49.into(), &1500.into()));
    // Ten digits by chance are 10 %; without labels, from 1,500 images.
    let vote = value["test"]["vote"].as_f64().unwrap();
    assert!(vote > 0.5, "{value}");
    assert!(value["test"]["logistic"].as_f64().unwrap() > vote - 0.02, "{value}");
    let text = format!("evaluate --data synthetic --weights {file} --json");
    let again = check("evaluate", &run_text(home.path(), &text).succeeds());
    assert_eq!(again["spiking"][0]["read_outs"]["vote"], value["test"]["vote"]);
    assert!(again["models"].as_array().unwrap().is_empty());
}

/// The example of docs/simulate.md.
fn described() -> String {
    let docs = include_str!("../../docs/simulate.md");
    let example = docs.split("```json").nth(1).and_then(|s| s.split("```").next());
    example.unwrap().to_owned()
}

#[test]
fn a_described_network_is_simulated_and_recorded() {
    let home = home();
    let at = |name: &str| home.path().join(name).display().to_string();
    std::fs::write(at("network.json"), described()).unwrap();
    let text = format!(
        "simulate network {} --ms 1000 --out {} --csv {} --engine cpu --json",
        at("network.json"),
        at("result.npz"),
        at("results")
    );
    let value = check("simulate network", &run_text(home.path(), &text).succeeds());
    let count = |name: &str| {
        let probes = value["probes"].as_array().unwrap();
        let probe = probes.iter().find(|p| p["name"] == name).unwrap();
        probe["count"].as_u64().unwrap() as usize
    };
    // From rest 20 ln 5 = 32.2 ms, then 2 + 20 ln 4 = 29.7 ms each: 33 spikes of each neuron.
    assert_eq!(count("first"), 3 * 33);
    assert_eq!((count("potential"), count("rate"), count("weights")), (1000, 10, 10));
    let arrays = spikescope::core::npz::read(at("result.npz").as_ref(), 1 << 30).unwrap();
    let array =
        |name: &str| arrays.0.iter().find(|(n, _)| *n == name).map(|(_, a)| a.to_f64()).unwrap();
    assert!((array("first/time_ms")[0] - 32.2).abs() < 0.11, "{}", array("first/time_ms")[0]);
    assert_eq!(array("weights/values").len(), 30);
    let csv = std::fs::read_to_string(home.path().join("results/first.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 3 * 33);
    // Another number of threads, the same spikes.
    let again = check(
        "simulate network",
        &run_text(home.path(), &format!("{text} --threads 1")).succeeds(),
    );
    assert_eq!(again["spikes"], value["spikes"]);
}

/// A network that snnTorch wrote, with the spikes that came in there.
#[test]
fn a_network_of_another_program_gets_spikes_or_digits() {
    let home = home();
    let at = |name: &str| home.path().join(name).display().to_string();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/nir");
    let noted: Value =
        serde_json::from_str(&std::fs::read_to_string(data.join("counts.json")).unwrap()).unwrap();
    let dense = noted.as_array().unwrap().iter().find(|n| n["name"] == "snntorch_dense").unwrap();
    let mut csv = "time_ms,sender\n".to_owned();
    for (step, row) in dense["input"].as_array().unwrap().iter().enumerate() {
        for i in row.as_array().unwrap() {
            csv.push_str(&format!("{:.1},{i}\n", step as f64 / 10.0));
        }
    }
    std::fs::write(at("in.csv"), csv).unwrap();
    let network = data.join("snntorch_dense.nir").display().to_string();
    let text = format!(
        "simulate nir {network} --spikes {} --steps 60 --out {} --csv {} --json",
        at("in.csv"),
        at("all.npz"),
        at("all")
    );
    let ran = run_text(home.path(), &text).succeeds();
    let value: Value = serde_json::from_str(&ran).unwrap();
    for (i, layer) in ["1", "3"].into_iter().enumerate() {
        let counts = dense["counts"][layer].as_array().unwrap();
        let theirs: u64 = counts.iter().map(|c| c.as_u64().unwrap()).sum();
        assert_eq!(value["populations"][i]["spikes"], theirs, "{value}");
        let csv = std::fs::read_to_string(home.path().join(format!("all/{layer}.csv"))).unwrap();
        assert_eq!(csv.lines().count() as u64, 1 + theirs);
    }
    assert!(value["right"].is_null());
    // It takes 20 inputs, and a digit has 784.
    let refused = run_text(home.path(), &format!("simulate nir {network} --data synthetic"));
    assert!(refused.fails(1).contains("28×28"));

    let convert = "convert lif-dense --data synthetic --images 1 --steps 25";
    run_text(home.path(), &format!("{convert} --nir {}", at("lif.nir"))).succeeds();
    let text = format!("simulate nir {} --data synthetic --digits 40 --json", at("lif.nir"));
    let value = check("simulate nir", &run_text(home.path(), &text).succeeds());
    assert!(value["right"].as_u64().unwrap() > 20, "{value}");
    std::fs::write(at("no.nir"), "no").unwrap();
    let refused = run_text(home.path(), &format!("simulate nir {}", at("no.nir")));
    assert!(refused.fails(1).contains("no HDF5 file"));
}

#[test]
fn a_broken_description_is_refused_by_name() {
    let home = home();
    let file = home.path().join("network.json");
    for (from, to, words) in [
        ("\"lif\"", "\"liff\"", &["first", "liff", "izhikevich"][..]),
        ("\"i_syn\"", "\"g\"", &["forward", "i_syn"]),
        ("\"size\": 3", "\"size\": -3", &["network.json", "line"]),
        ("\"dt_ms\": 0.1", "\"dt_ms\": 0", &["dt is 0"]),
        ("\"name\": \"rate\"", "\"name\": \"last\"", &["last"]),
    ] {
        std::fs::write(&file, described().replacen(from, to, 1)).unwrap();
        let text = format!("simulate network {} --ms 10", file.display());
        let ran = run_text(home.path(), &text);
        let said = ran.stderr.clone();
        assert!(ran.code == Some(1) || ran.code == Some(2), "{said}");
        assert!(words.iter().all(|w| said.contains(w)), "{to}: {said}");
    }
    std::fs::write(&file, described()).unwrap();
    let text = format!("simulate network {} --ms 1e300", file.display());
    assert!(run_text(home.path(), &text).fails(2).contains("--ms"));
}

#[test]
fn a_run_is_gone_on_with_to_the_same_end() {
    let home = home();
    let common = "--label-images 100 --no-test --json";
    let begin = format!("simulate diehl-cook --neurons 25 --images 60 --data synthetic {common}");
    let first = check("simulate diehl-cook", &run_text(home.path(), &begin).succeeds());
    let go_on = format!("simulate diehl-cook --resume last {common}");
    let second = check("simulate diehl-cook", &run_text(home.path(), &go_on).succeeds());
    assert_eq!(first["presentations"], second["presentations"]);
    assert_eq!(first["run"], second["run"]);
    let lost = run_text(home.path(), "simulate diehl-cook --resume nowhere").fails(2);
    assert!(lost.contains("nowhere") && lost.contains("diehl-cook-25"), "{lost}");
}

#[test]
fn a_simulation_that_is_being_run_is_not_gone_on_with_by_a_second_process() {
    let home = home();
    let begin = "simulate diehl-cook --neurons 25 --images 20 --data synthetic --label-images 20 --no-test --json";
    let first = check("simulate diehl-cook", &run_text(home.path(), begin).succeeds());
    let id = first["run"].as_str().unwrap();
    let folder = home.path().join("simulations").join(id);
    let held = spikescope::core::lock::FolderLock::take(&folder).unwrap();
    let before = std::fs::read(folder.join("checkpoint.safetensors")).unwrap();
    let text = "simulate diehl-cook --resume last --images 40 --no-test";
    let said = run_text(home.path(), text).fails(1);
    let by = format!("another Spikescope (process {})", std::process::id());
    assert!(said.contains(id) && said.contains(&by), "{said}");
    assert_eq!(std::fs::read(folder.join("checkpoint.safetensors")).unwrap(), before);
    drop(held);
    run_text(home.path(), text).succeeds();
}

#[test]
fn equal_networks_are_equal_files() {
    let home = home();
    let network = |name: &str| {
        let file = home.path().join(name);
        let text = format!(
            "simulate diehl-cook --neurons 25 --images 40 --data synthetic --label-images 30 --no-test --out {}",
            file.display()
        );
        run_text(home.path(), &text).succeeds();
        std::fs::read(file).unwrap()
    };
    assert!(network("one.safetensors") == network("two.safetensors"));
}

#[test]
fn blank_pictures_are_counted_as_not_answered() {
    let home = home();
    let (images, labels) = (home.path().join("images"), home.path().join("labels"));
    // A blank one, and a dot too faint for anything.
    let mut pictures = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28];
    pictures.extend([0u8; 784]);
    pictures.extend((0..784).map(|i| u8::from(i == 400)));
    std::fs::write(&images, pictures).unwrap();
    std::fs::write(&labels, [0, 0, 8, 1, 0, 0, 0, 2, 0, 7]).unwrap();
    let text = format!(
        "evaluate diehl-cook-100 --images {} --labels {}",
        images.display(),
        labels.display()
    );
    let said = run_text(home.path(), &text).succeeds();
    assert!(said.contains("2 of 2 images without an answer"), "{said}");
    assert!(said.contains("2 raised fewer than five spikes in 20 presentations"), "{said}");
    let value = check("evaluate", &run_text(home.path(), &format!("{text} --json")).succeeds());
    let found = &value["spiking"][0];
    assert_eq!((&found["unanswered"], &found["read_outs"]["unanswered"]), (&2.into(), &2.into()));
    assert_eq!(found["read_outs"]["vote"], 0.0);
}

#[test]
fn nonsense_is_refused() {
    let home = home();
    for (text, part) in [
        ("simulate diehl-cook --neurons 3", "25..=6400"),
        ("simulate diehl-cook --data synthetic --held-out 99999999", "--held-out"),
        ("simulate diehl-cook --resume last --neurons 100", "--neurons"),
    ] {
        let said = run_text(home.path(), text).fails(2);
        assert!(said.contains(part), "{said}");
    }
    let text = "simulate diehl-cook --neurons 25 --data synthetic --tau-theta 0";
    assert!(run_text(home.path(), text).fails(1).contains("tau_theta_ms"));
}

#[test]
fn a_curve_is_learned_and_a_failure_says_why() {
    let home = home();
    let text = "simulate regression --curve bump --presentations 3 --set hidden=20 --json";
    let value = check("simulate regression", &run_text(home.path(), text).succeeds());
    assert_eq!(value["presentations"], 3);
    let text = "simulate regression --presentations 1 --failure silent-neurons";
    let said = run_text(home.path(), text).succeeds();
    assert!(said.contains("Silent neurons") && said.contains("100"), "{said}");
    let said = run_text(home.path(), "simulate regression --set nothing=1").fails(2);
    assert!(said.contains("nothing"), "{said}");
}

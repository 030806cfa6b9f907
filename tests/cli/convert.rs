//! `convert`: the MLP in spikes, and what cannot be converted.

use super::json::check;
use super::*;

#[test]
fn the_mlp_is_converted_and_measured() {
    let home = home();
    let (csv, evidence) = (home.path().join("mlp.csv"), home.path().join("evidence.csv"));
    let text = format!(
        "convert mlp --data synthetic --images 200 --steps 30 --on-engine cpu --csv {} --evidence {} --json",
        csv.display(),
        evidence.display()
    );
    let value = check("convert", &run_text(home.path(), &text).succeeds());
    let original = value["original_accuracy"].as_f64().unwrap();
    let after = value["after"].as_array().unwrap();
    let last = after.last().unwrap();
    assert_eq!((&last["steps"], &value["images"]), (&30.into(), &200.into()));
    assert!((last["accuracy"].as_f64().unwrap() - original).abs() <= 0.02, "{value}");
    // More steps, more spikes.
    let spikes = |a: &serde_json::Value| a["spikes"].as_f64().unwrap();
    assert!(after.windows(2).all(|pair| spikes(&pair[0]) < spikes(&pair[1])));
    let layers = value["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 2);
    // Ten pictures of 512 + 256 + 10 units; where sums are added up in another order,
    // a few may be rounded over a threshold.
    let there = &value["on_engine"];
    assert_eq!(there["neurons"], 7780);
    assert!(there["differ"].as_u64().unwrap() < 78, "{there}");
    let lines = std::fs::read_to_string(csv).unwrap();
    assert_eq!(lines.lines().count(), 1 + after.len());
    // A line for each image and number of steps; the answers are those counted.
    let lines = std::fs::read_to_string(evidence).unwrap();
    let rows: Vec<Vec<f64>> = lines
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|v| v.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), 200 * after.len());
    let right = |row: &&Vec<f64>| {
        let most = row[3..].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row[3 + row[1] as usize] == most
    };
    let right = rows.iter().filter(|row| row[2] == 30.0).filter(right).count();
    assert_eq!(right as f64 / 200.0, last["accuracy"].as_f64().unwrap());
}

#[test]
fn the_first_layer_is_counted_in_every_table() {
    let home = home();
    let args = "convert mlp --data synthetic --images 3 --steps 20 --compared 1";
    let value = check("convert", &run_text(home.path(), &format!("{args} --json")).succeeds());
    for table in ["after", "decisions"] {
        for row in value[table].as_array().unwrap() {
            let of = |name: &str| row[name].as_f64().unwrap();
            assert_eq!(of("first_layer"), 784.0 * 512.0, "{row}");
            let sum = of("first_layer") + of("operations") + of("neurons") + of("gates");
            assert!((of("all_operations") - sum).abs() < 1e-6, "{row}");
            let uj = 4.6e-6 * of("first_layer") + 0.9e-6 * (sum - of("first_layer"));
            assert!((of("energy_uj") - uj).abs() < 1e-9, "{row}");
        }
    }
    let last = value["after"].as_array().unwrap().last().unwrap();
    assert_eq!(last["neurons"], 2.0 * 20.0 * 778.0);
    let said = run_text(home.path(), args).succeeds();
    assert_eq!(said.matches("first layer").count(), 2, "{said}");
    assert!(said.contains("First layer: multiply–adds"), "{said}");
    // Pixels that spike cost no multiplication.
    let text = format!("{args} --input poisson --json");
    let value = check("convert", &run_text(home.path(), &text).succeeds());
    assert_eq!(value["after"][0]["first_layer"], 0.0);
}

#[test]
fn what_cannot_be_converted_says_why() {
    let home = home();
    let said = run_text(home.path(), "convert rnn2 --data synthetic").fails(1);
    assert!(said.contains("RNN 2 cannot become a spiking network"), "{said}");
    for (text, part) in [
        ("convert", "MODEL"),
        ("convert mlp --scaling 0", "percentile"),
        ("convert mlp --steps 0", "1..=10000"),
        ("convert mlp --steps 10001", "1..=10000"),
        ("convert mlp --images 0", "1 or more"),
        ("convert mlp --images=-3", "1 or more"),
        ("convert mlp --compared 0", "1 or more"),
        ("convert mlp --threads 0", "1..=256"),
        ("convert mlp --scaling nan", "above 0 and up to 100"),
        ("convert mlp --scaling 100.1", "above 0 and up to 100"),
        ("convert mlp --per neuron", "channel"),
        ("convert mlp --jitter 101", "0..=100"),
        ("convert mlp --noise nan", "from 0 to 10"),
        ("convert mlp --noise=-1", "from 0 to 10"),
        ("convert mlp --initial 1.5", "from 0 to 1"),
        ("convert mlp --dropped 2 --data synthetic", "from 0 to 1"),
        ("convert mlp --input poisson --on-engine cpu", "--on-engine"),
    ] {
        let said = run_text(home.path(), text).fails(2);
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_network_trained_in_spikes_is_measured_compared_and_written() {
    let home = home();
    let files = ["nir", "csv"].map(|end| home.path().join(format!("lif.{end}")));
    let text = format!(
        "convert lif-dense --data synthetic --images 60 --compared 3 --on-engine cpu --nir {} --evidence {} --json",
        files[0].display(),
        files[1].display()
    );
    let heading = "convert of a network trained in spikes";
    let value = check(heading, &run_text(home.path(), &text).succeeds());
    assert_eq!((&value["steps"], &value["images"]), (&25.into(), &60.into()));
    assert!(value["accuracy"].as_f64().unwrap() > 0.8, "{value}");
    // The same sums in the same order: every spike is the same.
    assert_eq!(value["on_engine"]["neurons"], 3 * 512);
    assert_eq!(value["on_engine"]["differ"], 0, "{value}");
    assert_eq!(value["after"].as_array().unwrap().last().unwrap()["accuracy"], value["accuracy"]);
    let lines = std::fs::read_to_string(&files[1]).unwrap();
    assert_eq!(lines.lines().count(), 61);
    assert!(std::fs::read(&files[0]).unwrap().starts_with(b"\x89HDF"));
    for (text, code, part) in [
        ("convert lif-dense --data synthetic --reset zero", 2, "is not converted"),
        ("convert first-spike --data synthetic", 1, "exact times"),
    ] {
        let said = run_text(home.path(), text).fails(code);
        assert!(said.contains(part), "{said}");
    }
}

//! `simulate diehl-cook`: it learns, is told apart from nonsense, and goes on.

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
    let lost = run_text(home.path(), "simulate diehl-cook --resume nowhere").fails(1);
    assert!(lost.contains("nowhere") && lost.contains("diehl-cook-25"), "{lost}");
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

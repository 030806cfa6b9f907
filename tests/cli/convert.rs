//! `convert`: the MLP in spikes, and what cannot be converted.

use super::json::check;
use super::*;

#[test]
fn the_mlp_is_converted_and_measured() {
    let home = home();
    let csv = home.path().join("mlp.csv");
    let text = format!(
        "convert mlp --data synthetic --images 200 --steps 30 --on-engine cpu --csv {} --json",
        csv.display()
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
        ("convert mlp --dropped 2 --data synthetic", "--dropped"),
        ("convert mlp --input poisson --on-engine cpu", "--on-engine"),
    ] {
        let said = run_text(home.path(), text).fails(2);
        assert!(said.contains(part), "{said}");
    }
}

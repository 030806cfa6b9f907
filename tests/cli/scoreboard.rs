//! `spikescope scoreboard`.

use super::*;
use serde_json::Value;

const ASKED: &str = "--criterion noise --criterion spikes --criterion time --data synthetic";

#[test]
fn two_runs_give_the_same_table_on_any_threads_and_a_stopped_one_goes_on() {
    let home = home();
    let weights = weights().display().to_string();
    let ask = |more: &str| {
        run_text(home.path(), &format!("scoreboard {weights} {ASKED} --json {more}")).succeeds()
    };
    let whole = ask("--threads 1");
    assert_eq!(ask("--threads 3"), whole);
    let file = home.path().join("board.json").display().to_string();
    // A part of it, then the rest.
    let part = format!("scoreboard {weights} --criterion noise --data synthetic --out {file}");
    run_text(home.path(), &part).succeeds();
    assert_eq!(ask(&format!("--out {file}")), whole);
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let asked: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(kept, asked);
    let cells = &asked["profiles"][0]["cells"];
    let noise = cells["noise"]["value"].as_f64().unwrap();
    assert!((0.0..=100.0).contains(&noise), "{cells}");
    assert!(cells["spikes"]["value"].is_null());
    assert_eq!(cells["time"]["value"], 3.0);
}

#[test]
fn the_table_has_a_block_for_each_group_and_says_why_cells_are_empty() {
    let home = home();
    let weights = weights().display().to_string();
    let text = run_text(home.path(), &format!("scoreboard {weights} {ASKED}")).succeeds();
    for part in ["What disturbs it", "Noise, %", "What an answer takes", "not spikes", "–"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let bundled = run_text(home.path(), "scoreboard --criterion accuracy").succeeds();
    assert!(bundled.contains("rule:feedback_alignment"), "{bundled}");
}

#[test]
fn what_cannot_be_measured_is_one_line() {
    let home = home();
    let line = run_text(home.path(), "scoreboard cnn9").fails(2);
    assert!(line.contains("cnn9") && line.contains("diehl-cook-100"), "{line}");
    let line = run_text(home.path(), "scoreboard mlp --criterion beauty").fails(2);
    assert!(line.contains("'beauty'") && line.contains("accuracy"), "{line}");
    run_text(home.path(), "scoreboard mlp --all").fails(2);
    let broken = write(home.path(), "broken.json", "{\"profiles\": 3}").display().to_string();
    let arguments = format!("scoreboard mlp --data synthetic --out {broken}");
    let line = run_text(home.path(), &arguments).fails(1);
    assert!(line.contains("broken.json cannot be used"), "{line}");
    assert_eq!(std::fs::read_to_string(&broken).unwrap(), "{\"profiles\": 3}");
}

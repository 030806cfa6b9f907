use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use serde_json::{Value, json};
use spikescope::ann::network::Network;
use spikescope::ann::trainer::TrainConfig;
use spikescope::ann::weights::{self, Precision};
use spikescope::ann::{bundled, zoo};
use spikescope::workers::runs::{RunFolder, RunRecord, RunState};

use super::Window;

fn cell(value: impl Into<Value>, spread: f64) -> Value {
    json!({ "value": value.into(), "spread": spread, "digits": 1000 })
}

fn curve(x: &str, xs: &[f64], ys: &[f64]) -> Value {
    let mean = ys.iter().sum::<f64>() / ys.len() as f64;
    json!({
        "value": mean, "spread": 0.5, "digits": 1000,
        "detail": { "curve": {
            "x": x, "xs": xs, "ys": ys, "spread": vec![1.0; xs.len()],
            "broken": [{ "digit": 3, "label": 0, "answer": 6, "at": 1 }],
        } },
    })
}

/// A row named after what it is made for: `strength` is what it makes of noise.
fn row(id: &str, name: &str, kind: &str, strength: f64) -> Value {
    let noise = curve("Noise σ", &[0.0, 0.5, 1.0], &[strength, 0.8 * strength, 0.5 * strength]);
    json!({
        "id": id, "name": name, "kind": kind, "about": format!("Made for a test: {name}"),
        "cells": {
            "accuracy": cell(strength, 0.1),
            "noise": noise,
            "operations": cell(10.0 * strength, 0.0),
            "gabor": { "remark": "It has kernels of three by three" },
        },
    })
}

/// The user's results as the window keeps them: numbers that nobody measured, for the test
/// alone.
fn results(home: &Path) {
    let board = json!({ "version": "test", "profiles": [
        row("made-strong", "Made strong", "network", 95.0),
        row("made-weak", "Made weak", "network", 60.0),
        row("made-control", "Made control", "control", 11.0),
    ]});
    std::fs::write(home.join("scoreboard.json"), board.to_string()).unwrap();
}

fn open() -> Window {
    open_with([1280.0, 800.0])
}

fn open_with(size: [f32; 2]) -> Window {
    let home = tempfile::tempdir().unwrap();
    results(home.path());
    let mut window = Window::open_with(size, home, |setup| {
        setup.workspace = Some("close".into());
    });
    window.wait_for_text("Pin MLP");
    window
}

/// High enough for all rows, those that come with the program too.
const ALL_ROWS: [f32; 2] = [1280.0, 2600.0];

/// Shows only what disturbs them.
fn only_made(window: &mut Window) {
    // Only the rows made here, below all that come with the program.
    window.harness.get_by_role_and_label(Role::TextInput, "Find a row").click();
    window.harness.run_steps(2);
    window.harness.get_by_role_and_label(Role::TextInput, "Find a row").type_text("made");
    window.wait_for_text("Pin Made strong");
    // Out of the field: keys are for the room again.
    window.key(Modifiers::NONE, Key::Enter);
    window.pick("Criteria shown", "What disturbs it");
}

/// Where rows stand, from above.
#[track_caller]
fn order<'a>(window: &Window, names: &[&'a str]) -> Vec<&'a str> {
    let place = |name: &&str| {
        let node = window.harness.query_all_by_label_contains(name).next();
        node.unwrap_or_else(|| panic!("{name}: {}", window.said())).rect().top()
    };
    let mut sorted = names.to_vec();
    sorted.sort_by(|a, b| place(a).total_cmp(&place(b)));
    sorted
}

#[test]
fn rows_are_sorted_by_a_click_and_back_in_their_order_by_the_third() {
    let mut window = open();
    only_made(&mut window);
    let names = ["Pin Made strong", "Pin Made weak", "Pin Made control"];
    assert_eq!(order(&window, &names), names);
    window.click("Sort by Noise");
    assert_eq!(order(&window, &names), names);
    window.click("Sort by Noise");
    assert_eq!(order(&window, &names), [names[2], names[1], names[0]]);
    // What is done within a moment is one change.
    std::thread::sleep(std::time::Duration::from_millis(800));
    window.click("Order of the story");
    assert_eq!(order(&window, &names), names);
    // Undo brings the sort back.
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait_for_text("Order of the story");
}

#[test]
fn a_cell_opens_its_measurement_and_an_empty_one_says_why() {
    let mut window = open();
    only_made(&mut window);
    window.click("Made strong, Noise: 72.8 ± 0.5 %");
    window.wait_for_text("Made strong · Noise: 72.8 ± 0.5 %");
    window.wait_for_text("Noise against Noise σ. Made strong: 95 at 0");
    // The control stands beside it.
    assert!(window.says("Made control: 11 at 0"));
    window.key(Modifiers::NONE, Key::Num1);
    window.pick("Criteria shown", "What neurons do");
    window.click("Made strong, Gabor fields: not measured");
    window.wait_for_text("Made strong · Gabor fields: not measured");
    window.wait_for_text("It has kernels of three by three");
    window.click("Look at the fields of its neurons");
    window.wait_for(" the other workspace", |h| {
        h.query_all_by_label_contains("Made strong · Gabor").next().is_none()
    });
}

#[test]
fn two_that_are_pinned_stand_side_by_side() {
    let mut window = open();
    only_made(&mut window);
    window.click("Pin Made weak");
    window.wait_for_text("Unpin Made weak");
    window.click("Pin Made strong");
    window.key(Modifiers::NONE, Key::Num2);
    window.wait_for_text("Noise: Made weak 46 ± 0.5 %, Made strong 72.8 ± 0.5 %");
    // Curves stand beside the bars.
    window.wait_for_text("Noise against Noise σ. Made weak: 60 at 0");
    // One that comes with the program.
    window.pick("Subject A", "MLP");
    window.wait_for_text("Noise: MLP ");
}

#[test]
fn there_is_no_order_until_somebody_weighs_and_weights_change_it() {
    let mut window = open_with(ALL_ROWS);
    window.key(Modifiers::NONE, Key::Num4);
    window.wait_for_text("All weights are zero, so there is no order.");
    window.set("Noise", 1.0);
    window.wait_for_text("Your order, by your weights.");
    let place = |window: &Window, name: &str| {
        let said = format!(". {name}: ");
        let node = window.harness.query_all_by_label_contains(&said).next();
        node.unwrap_or_else(|| panic!("{name}: {}", window.said())).rect().top()
    };
    assert!(place(&window, "Made strong") < place(&window, "Made weak"));
    // Few operations count more: the weak one comes first.
    window.set("Operations per decision", 1.0);
    window.set("Noise", 0.1);
    assert!(place(&window, "Made strong") > place(&window, "Made weak"));
    window.click("All to zero");
    window.wait_for_text("All weights are zero, so there is no order.");
}

#[test]
fn a_game_is_played_to_its_end_and_kept_only_if_one_says_so() {
    let mut window = open_with(ALL_ROWS);
    window.key(Modifiers::NONE, Key::Num5);
    window.click("Start");
    window.wait_for_text("Digit 1 of 20");
    window.key(Modifiers::NONE, Key::Escape);
    window.click("Start");
    for n in 1..=20 {
        window.wait_for_text(&format!("Digit {n} of 20"));
        // Keys that otherwise choose a view.
        if n % 2 == 0 {
            window.key(Modifiers::NONE, Key::Num3);
        } else {
            window.click("It is a 3");
        }
    }
    window.wait_for_text("of 20 right, ");
    window.click("Drop it");
    window.wait_for_text("Nothing is kept unless you say so.");
    assert!(!window.says("Kept: "));
    window.click("Start");
    for n in 1..=20 {
        window.wait_for_text(&format!("Digit {n} of 20"));
        window.key(Modifiers::NONE, Key::Num1);
    }
    window.click("Keep it");
    window.wait_for_text("Kept: ");
    window.key(Modifiers::NONE, Key::Num1);
    window.wait_for_text("Pin You");
    // It is there after a restart, and can be forgotten.
    let mut window = window.reopen();
    window.key(Modifiers::NONE, Key::Num5);
    window.wait_for_text("Kept: ");
    window.click("Forget it");
    window.wait_for("the row to go", |h| h.query_all_by_label_contains("Kept: ").next().is_none());
}

#[test]
fn the_hand_out_is_one_page_of_text() {
    let mut window = open();
    only_made(&mut window);
    window.click("Hand-out");
    window.wait_for_text("Saved as ");
    let exports = std::fs::read_dir(window.home.path().join("exports")).unwrap();
    let file =
        exports.map(|f| f.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "svg"));
    let page = std::fs::read_to_string(file.unwrap()).unwrap();
    assert!(page.starts_with("<svg ") && page.trim_end().ends_with("</svg>"));
    for text in [r#"width="297mm""#, ">Made strong<", ">Made control<", "How close are"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

/// A run that ended with a bundled network.
fn with_run(home: &Path) -> String {
    let (network, metadata) = bundled::REPORT.networks().remove(0).unwrap();
    let model = network.architecture().id;
    let network: Network = network;
    let config = TrainConfig {
        model: model.into(),
        epochs: zoo::find(model).unwrap().epochs,
        ..TrainConfig::default()
    };
    let mut record = RunRecord::new(config, 1);
    (record.state, record.steps) = (RunState::Finished, 1);
    let run = RunFolder::create(&home.join("runs"), &mut record).unwrap();
    run.write_record(&record).unwrap();
    weights::save(&run.weights(), &network, &metadata, Precision::Single).unwrap();
    record.id
}

/// What is measured of a run, by its file.
fn measured(home: &Path, run: &str) -> Option<serde_json::Map<String, Value>> {
    let text = std::fs::read_to_string(home.join("scoreboard.json")).ok()?;
    let board: Value = serde_json::from_str(&text).unwrap();
    let id = format!("run-{run}");
    let profiles = board["profiles"].as_array()?;
    profiles.iter().find(|p| p["id"] == id.as_str())?["cells"].as_object().cloned()
}

#[test]
fn without_mnist_no_run_is_measured_and_the_window_says_why() {
    let home = tempfile::tempdir().unwrap();
    with_run(home.path());
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("close".into());
    });
    window.key(Modifiers::NONE, Key::Num3);
    window.click("Measure");
    window.wait_for_text("Networks are compared on MNIST.");
}

#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST"]
fn measuring_a_run_can_be_stopped_and_gone_on_with() {
    let home = tempfile::tempdir().unwrap();
    let run = with_run(home.path());
    let folder = spikescope::data::mnist::find(None).expect("SPIKESCOPE_MNIST");
    let mut window = Window::open_with(ALL_ROWS, home, |setup| {
        setup.workspace = Some("close".into());
        setup.mnist = Some(folder);
    });
    window.click("Measure");
    window.wait_for_text("Stop");
    let home = window.home.path().to_path_buf();
    window.wait_for("the first cells", |_| measured(&home, &run).is_some_and(|c| c.len() >= 2));
    window.click("Stop");
    window.wait_for_text("Go on");
    let before = measured(&home, &run).unwrap();
    window.click("Go on");
    window.wait_for("another cell", |_| {
        measured(&home, &run).is_some_and(|c| c.len() > before.len())
    });
    window.click("Stop");
    window.wait_for_text("Go on");
    // What was measured is not measured again.
    let after = measured(&home, &run).unwrap();
    assert!(before.iter().all(|(id, cell)| after[id] == *cell));
    // Its row: a run is named after when it was trained and its accuracy.
    assert!(window.says(" %, Weight transport: read"), "{}", window.said());
}

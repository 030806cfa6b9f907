//! The shapes of `--json`, against the examples in docs/json.md.

use std::ffi::OsStr;

use super::*;
use serde_json::Value;

/// The example under `## heading` in docs/json.md.
fn documented(heading: &str) -> Value {
    let docs = include_str!("../../docs/json.md");
    let section = docs
        .split("\n## ")
        .find(|s| s.starts_with(&format!("{heading}\n")))
        .unwrap_or_else(|| panic!("docs/json.md has no section {heading}"));
    let example = section.split("```json").nth(1).and_then(|s| s.split("```").next());
    serde_json::from_str(example.expect("an example")).expect("the example is JSON")
}

/// Whether two values have the same shape: the same fields with the same kinds
/// of values. A null fits anything, each element of an array has the shape of
/// the first one, and arrays of numbers are equally long, but for shapes
/// (`output`), which have one number or three.
fn same_shape(at: &str, a: &Value, b: &Value) -> Result<(), String> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Ok(()),
        (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_)) => Ok(()),
        (Value::Array(a), Value::Array(b)) => {
            let numbers = a.first().is_some_and(Value::is_number);
            let shape = at.ends_with(".output") && [1, 3].contains(&b.len());
            if numbers && !shape && a.len() != b.len() {
                return Err(format!("{at}: {} numbers, not {}", b.len(), a.len()));
            }
            let Some(first) = a.first() else { return Ok(()) };
            b.iter().try_for_each(|b| same_shape(&format!("{at}[]"), first, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            if a.keys().ne(b.keys()) {
                let keys = |o: &serde_json::Map<String, Value>| {
                    o.keys().cloned().collect::<Vec<_>>().join(", ")
                };
                return Err(format!("{at}: fields {}, not {}", keys(b), keys(a)));
            }
            a.iter().try_for_each(|(key, a)| same_shape(&format!("{at}.{key}"), a, &b[key]))
        }
        _ => Err(format!("{at}: {b}, where the documentation has {a}")),
    }
}

/// The whole of stdout is one document of the documented shape.
#[track_caller]
pub fn check(heading: &str, stdout: &str) -> Value {
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    let value: Value = serde_json::from_str(stdout).expect("stdout is JSON");
    if let Err(difference) = same_shape(heading, &documented(heading), &value) {
        panic!("{difference}\n{stdout}");
    }
    value
}

#[test]
fn evaluate() {
    let home = home();
    let weights = weights().display().to_string();
    let text = format!("evaluate --data synthetic --weights {weights} --json");
    let value = check("evaluate", &run_text(home.path(), &text).succeeds());
    assert_eq!(value["images"], 2000);
    let model = &value["models"][0];
    assert_eq!(model["id"], "mlp");
    assert_eq!(model["weights"], *weights);
    let accuracy = model["accuracy"].as_f64().unwrap();
    let errors = model["errors"].as_f64().unwrap();
    assert!((accuracy - (1.0 - errors / 2000.0)).abs() < 1e-9, "{model}");
    assert_eq!(model["confusion"].as_array().unwrap().len(), 10);
    let counted: u64 = model["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(counted, 2000);
}

#[test]
fn scoreboard() {
    let home = home();
    let weights = weights().display().to_string();
    let text = format!(
        "scoreboard {weights} --criterion noise --criterion spikes --data synthetic --json"
    );
    let value = check("scoreboard", &run_text(home.path(), &text).succeeds());
    assert_eq!(value["profiles"][0]["kind"], "network");
}

#[test]
fn classify() {
    let home = home();
    let drawing = write(home.path(), "drawing.json", DRAWING).display().to_string();
    let weights = weights().display().to_string();
    let text = format!("classify {drawing} {drawing} --weights {weights} --json");
    let value = check("classify", &run_text(home.path(), &text).succeeds());
    let inputs = value["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 2);
    assert_eq!(inputs[0]["file"], *drawing);
    let answer = &inputs[0]["models"][0];
    let p: Vec<f64> =
        answer["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect();
    assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{p:?}");
    let digit = answer["digit"].as_u64().unwrap() as usize;
    assert!(p.iter().all(|q| *q <= p[digit]), "{answer}");
    assert_eq!(inputs[0]["digits"][0]["models"], inputs[0]["models"]);
    assert_eq!(value["errors"], Value::Array(Vec::new()));
}

#[test]
fn models() {
    let home = home();
    let value = check("models", &run_text(home.path(), "models --json").succeeds());
    let models = value["models"].as_array().unwrap();
    assert_eq!(models.len(), 10);
    let value = check("models", &run_text(home.path(), "models cnn1 --json").succeeds());
    let cnn = &value["models"][0];
    assert_eq!((&cnn["id"], &cnn["layers"][1]["output"][2]), (&"cnn1".into(), &128.into()));
    let text = run_text(home.path(), "models cnn1").succeeds();
    for part in ["Conv 2 5×5", "22×22×128", "102,528", "49,561,600", "124 MFLOP", "371 MFLOP"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn devices() {
    let home = home();
    let value = check("devices", &run_text(home.path(), "devices --json").succeeds());
    let devices = value["devices"].as_array().unwrap();
    assert_eq!(devices[0]["id"], "cpu");
    for device in devices {
        assert_eq!(device["ready"], device["problem"].is_null(), "{device}");
    }
}

#[test]
fn the_networks_in_the_box_answer_when_none_is_named() {
    let home = home();
    let drawing = write(home.path(), "drawing.json", DRAWING).display().to_string();
    let text = format!("classify {drawing} --json");
    let value = check("classify", &run_text(home.path(), &text).succeeds());
    let models = value["inputs"][0]["models"].as_array().unwrap();
    assert!(models.iter().any(|m| m["id"] == "mlp"), "{value}");
    assert!(models.iter().all(|m| m["weights"] == "shipped"), "{value}");
}

#[test]
fn train() {
    let home = home();
    let text = "train mlp --data synthetic --subset 300 --epochs 2 --seed 7 --optimiser sgd --json";
    let value = check("train", &run_text(home.path(), text).succeeds());
    assert_eq!(value["model"], "mlp");
    assert_eq!(value["seed"], 7);
    assert_eq!(value["subset"], 300);
    assert_eq!(value["optimiser"], "sgd");
    let epochs: Vec<&Value> =
        value["epochs"].as_array().unwrap().iter().map(|e| &e["epoch"]).collect();
    assert_eq!(epochs, [1, 2]);
    for name in ["folder", "weights"] {
        assert!(Path::new(value[name].as_str().unwrap()).exists(), "{value}");
    }
}

#[test]
fn data_check() {
    let home = home();
    let ran = run_text(home.path(), "data check --json");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.lines().count() == 1);
    let value = check("data check", &ran.stdout);
    assert_eq!(value["ok"], false);
    let files = value["files"].as_array().unwrap();
    assert_eq!(files.len(), 4);
    assert!(files.iter().all(|f| f["state"] == "missing"));
}

#[test]
fn data_describe() {
    let home = home();
    let value = check("data describe", &run_text(home.path(), "data describe --json").succeeds());
    let sources = value["sources"].as_array().unwrap();
    assert_eq!(sources[0]["id"], "mnist");
    assert!(sources[0]["problem"].as_str().unwrap().contains("data download"));
    assert_eq!(sources[1]["id"], "synthetic");
    assert_eq!(sources[1]["sets"][0]["images"], 12_000);
    let classes = sources[1]["sets"][0]["classes"].as_array().unwrap();
    assert_eq!(classes.iter().map(|n| n.as_u64().unwrap()).sum::<u64>(), 12_000);
}

#[test]
fn data_export() {
    let home = home();
    let out = home.path().join("digits").display().to_string();
    let text = format!("data export --out {out} --count 50 --seed 3 --json");
    let value = check("data export", &run_text(home.path(), &text).succeeds());
    assert_eq!(value["images"], 50);
    // What was written is what `evaluate` reads.
    let file = |name: &str| value[name].as_str().unwrap().to_owned();
    let text = format!(
        "evaluate --images {} --labels {} --weights {} --json",
        file("images_file"),
        file("labels_file"),
        weights().display()
    );
    let value = check("evaluate", &run_text(home.path(), &text).succeeds());
    assert_eq!(value["images"], 50);
    assert_eq!(value["data"], "files");
}

#[test]
fn shapes_are_told_apart() {
    let a: Value = serde_json::json!({"a": [{"b": 1, "c": null}], "p": [1, 2]});
    let differs = |b: Value| same_shape("", &a, &b).is_err();
    assert!(!differs(
        serde_json::json!({"p": [0.5, 2], "a": [{"b": 2, "c": "x"}, {"b": 3, "c": 1}]})
    ));
    assert!(!differs(serde_json::json!({"p": [1, 2], "a": []})));
    assert!(differs(serde_json::json!({"p": [1, 2, 3], "a": []})));
    assert!(differs(serde_json::json!({"p": [1, 2], "a": [{"b": "1", "c": 1}]})));
    assert!(differs(serde_json::json!({"p": [1, 2], "a": [{"b": 1}]})));
    assert!(differs(serde_json::json!({"p": [1, 2], "a": [], "more": 1})));
}

/// The shipped networks on the real test set, as the project promises.
#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST to its folder"]
fn the_shipped_networks_keep_their_promise_on_mnist() {
    let Some(mnist) = std::env::var_os("SPIKESCOPE_MNIST") else {
        panic!("SPIKESCOPE_MNIST does not name the folder with MNIST");
    };
    let home = home();
    // All of the others, members and ensembles, are asked in tests/weights.rs; the
    // larger spiking networks would take minutes in an unoptimised program.
    let named = ["evaluate", "mlp", "cnn3", "diehl-cook-100", "--json", "--mnist"];
    let arguments: Vec<&OsStr> =
        named.iter().map(|a| (*a).as_ref()).chain([mnist.as_os_str()]).collect();
    let value = check("evaluate", &run(home.path(), &arguments).succeeds());
    assert_eq!(value["images"], 10_000);
    assert_eq!(value["data"], "mnist-test");
    for (id, least) in [("mlp", 0.980), ("cnn3", 0.992)] {
        let model = value["models"].as_array().unwrap().iter().find(|m| m["id"] == id);
        let accuracy = model.expect("it is shipped")["accuracy"].as_f64().unwrap();
        assert!(accuracy >= least, "{id}: {accuracy}");
    }
    let network = &value["spiking"][0];
    assert_eq!(network["id"], "diehl-cook-100");
    let vote = network["read_outs"]["vote"].as_f64().unwrap();
    assert!(vote >= 0.85, "{vote}");
}

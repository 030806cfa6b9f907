//! `import` and `export`: networks of other programs, and ours for them.

use super::json::check;
use super::*;

/// A file that `scripts/onnx_models.py` has made.
fn made(name: &str) -> String {
    format!("{}/tests/data/onnx/{name}.onnx", env!("CARGO_MANIFEST_DIR"))
}

fn runs(home: &Path) -> usize {
    std::fs::read_dir(home.join("runs")).map_or(0, Iterator::count)
}

#[test]
fn a_network_is_imported_and_asked() {
    let home = home();
    let file = made("basic");
    let dry = run_text(home.path(), &format!("import {file} --dry-run")).succeeds();
    for part in ["pytorch 2.", "input 1×1×28×28", "Conv 1 3×3", "Taken: mnist", "Nothing was kept"]
    {
        assert!(dry.contains(part), "{part}: {dry}");
    }
    assert_eq!(runs(home.path()), 0);
    let value =
        check("import", &run_text(home.path(), &format!("import {file} --json")).succeeds());
    assert_eq!((&value["scaling"], &value["parameters"]), (&"mnist".into(), &32_268.into()));
    let run = value["run"].as_str().unwrap();
    let weights = home.path().join("runs").join(run).join("weights.safetensors");
    let text = format!("evaluate --weights {} --data synthetic --json", weights.display());
    let asked = check("evaluate", &run_text(home.path(), &text).succeeds());
    assert!(asked["models"][0]["accuracy"].as_f64().unwrap() > 0.9, "{asked}");
    // And out again: by the run's name.
    let out = home.path().join("back.onnx");
    let text = format!("export {run} {} --json", out.display());
    let value = check("export", &run_text(home.path(), &text).succeeds());
    assert_eq!(value["bytes"].as_u64().unwrap(), std::fs::metadata(&out).unwrap().len());
    // It takes pictures from 0 to 1 now.
    let text = format!("import {} --dry-run --json", out.display());
    let back = check("import", &run_text(home.path(), &text).succeeds());
    assert_eq!((&back["scaling"], &back["input"]), (&"unit".into(), &"n×1×28×28".into()));
}

#[test]
fn weights_in_a_second_file_are_found_beside_it() {
    let home = home();
    let text = format!("import {} --scaling unit --json", made("rows"));
    let value = check("import", &run_text(home.path(), &text).succeeds());
    assert!(value["notes"][0].as_str().unwrap().contains("sixteens"), "{value}");
    let alone = write(home.path(), "alone.onnx", std::fs::read(made("rows")).unwrap());
    let said = run(home.path(), &["import".as_ref(), alone.as_os_str()]).fails(1);
    assert!(said.contains("rows.onnx.data") && said.contains("external_data=False"), "{said}");
}

#[test]
fn what_cannot_be_imported_says_why_and_keeps_nothing() {
    let home = home();
    let none = write(home.path(), "none.onnx", b"hello");
    for (file, code, part) in [
        (made("bad_operator"), 1, "the node “bend” (Gelu)"),
        (made("bad_inputs"), 1, "2 inputs"),
        (made("bad_size"), 1, "n×1×32×32"),
        (made("bad_cut"), 1, "no whole ONNX file"),
        (none.display().to_string(), 1, "no whole ONNX file"),
        (made("nowhere"), 1, "could not read"),
        (home.path().display().to_string(), 1, "not a file"),
        (made("mlp") + " --scaling dark", 2, "dark"),
    ] {
        let said = run_text(home.path(), &format!("import {file}")).fails(code);
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(runs(home.path()), 0);
}

#[test]
fn networks_are_exported_by_name_or_file_and_others_refused() {
    let home = home();
    let out = home.path().join("out.onnx");
    let to = out.display();
    let said = run_text(home.path(), &format!("export rnn3 {to}")).succeeds();
    assert!(said.contains("RNN 3") && said.contains("n×1×28×28"), "{said}");
    let value = run_text(home.path(), &format!("import {to} --dry-run --json")).succeeds();
    let value = check("import", &value);
    assert!(value["tried"][0]["accuracy"].as_f64().unwrap() > 0.97, "{value}");
    let text = format!("export {} {to}", weights().display());
    assert!(run_text(home.path(), &text).succeeds().contains("MLP"));
    std::fs::remove_file(&out).unwrap();
    for (text, code, part) in [
        ("lif-dense", 1, "cannot be written as ONNX"),
        ("diehl-cook-100", 1, "cannot be written as ONNX"),
        ("nothing", 2, "spikescope models"),
        ("../nowhere/passwd", 2, "neither a network"),
    ] {
        let said = run_text(home.path(), &format!("export {text} {to}")).fails(code);
        assert!(said.contains(part), "{said}");
        assert!(!out.exists(), "{text}");
    }
}

//! Data sets of the user's own, from adding to asking.

use super::json::check;
use super::*;

/// Synthetic digits as a folder with the IDX files of one pair.
fn pair(home: &Path, name: &str, count: usize) -> PathBuf {
    let folder = home.join(name);
    let text = format!("data export --out {} --count {count} --seed 7", folder.display());
    run_text(home, &text).succeeds();
    folder
}

/// The pictures of an IDX file, rows and columns exchanged.
fn transpose(path: &Path) {
    let idx = std::fs::read(path).unwrap();
    let mut out = idx[..16].to_vec();
    for image in idx[16..].chunks_exact(784) {
        out.extend((0..784).map(|i| image[i % 28 * 28 + i / 28]));
    }
    std::fs::write(path, out).unwrap();
}

#[test]
fn a_set_is_added_listed_trained_on_asked_about_exported_and_removed() {
    let home = home();
    let home = home.path();
    let folder = pair(home, "digits", 400);
    let names = "zero,one,two,three,four,five,six,seven,eight,nine";
    let add = format!("data add {} --name Words --classes {names} --json", folder.display());
    let value = check("data add", &run_text(home, &add).succeeds());
    assert_eq!(
        (value["id"].as_str(), value["classes"][3].as_str()),
        (Some("words"), Some("three"))
    );
    assert_eq!(value["held_out"], true);
    let train = value["train"].as_u64().unwrap();
    assert_eq!(train + value["test"].as_u64().unwrap(), 400);
    let error = run_text(home, &add).fails(1);
    assert!(error.contains("there is a data set \"words\" already"), "{error}");
    let list = run_text(home, "data list").succeeds();
    assert!(list.contains("words") && list.contains("zero, one, two"), "{list}");
    check("data list", &run_text(home, "data list --json").succeeds());

    let weights = home.join("words.safetensors").display().to_string();
    let text = format!("train mlp --data words --epochs 3 --optimiser adam --out {weights}");
    let stdout = run_text(home, &text).succeeds();
    assert!(stdout.contains(&format!("on {train} images of words")), "{stdout}");
    let text = format!("evaluate --weights {weights} --data words");
    let stdout = run_text(home, &text).succeeds();
    assert!(stdout.contains("Answered rightly, by class") && stdout.contains("seven"), "{stdout}");
    let json = run_text(home, &format!("{text} --json")).succeeds();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["classes"][9], "nine");
    // Networks of digits say so beside words.
    let stdout = run_text(home, "evaluate mlp --set report --data words").succeeds();
    assert!(stdout.contains("Trained on other classes than these pictures have"), "{stdout}");
    let drawing = write(home, "seven.json", DRAWING).display().to_string();
    let stdout = run_text(home, &format!("classify {drawing} --weights {weights}")).succeeds();
    assert!(stdout.contains("zero") && stdout.contains("nine"), "{stdout}");
    let json = run_text(home, &format!("classify {drawing} --weights {weights} --json")).succeeds();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let class = value["inputs"][0]["models"][0]["class"].as_str().unwrap();
    assert!(names.split(',').any(|name| name == class), "{class}");

    let out = home.join("out").display().to_string();
    run_text(home, &format!("data export words {out}")).succeeds();
    let again = run_text(home, &format!("data add {out} --name again --json")).succeeds();
    let value: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(
        (value["classes"][3].as_str(), value["train"].as_u64()),
        (Some("three"), Some(train))
    );

    run_text(home, "data remove words").succeeds();
    let error = run_text(home, "data remove words").fails(1);
    assert!(error.contains("there is no data set \"words\" of your own"), "{error}");
    assert!(!run_text(home, "data list").succeeds().contains("words"));
    let error = run_text(home, "train mlp --data words").fails(2);
    assert!(error.contains("words"), "{error}");
}

/// An IDX pair of bright squares whose place is the class, with a mapping as EMNIST's letters
/// have it: labels begin with 1.
fn letters(home: &Path, classes: usize, count: usize) -> PathBuf {
    let folder = home.join("squares");
    std::fs::create_dir_all(&folder).unwrap();
    let number = (count as u32).to_be_bytes();
    let mut images =
        [&[0, 0, 8, 3][..], &number, &28u32.to_be_bytes(), &28u32.to_be_bytes()].concat();
    let mut labels = [&[0, 0, 8, 1][..], &number].concat();
    for i in 0..count {
        let class = i % classes;
        labels.push(class as u8 + 1);
        images.extend((0..784).map(|at| {
            let inside = at / 28 / 4 == class / 7 && at % 28 / 4 == class % 7;
            (if inside { 200 } else { 0 }) + ((at * 7 + i * 13) % 50) as u8
        }));
    }
    std::fs::write(folder.join("emnist-letters-train-images-idx3-ubyte"), images).unwrap();
    std::fs::write(folder.join("emnist-letters-train-labels-idx1-ubyte"), labels).unwrap();
    let lines: String = (1..=classes).map(|n| format!("{n} {} {}\n", n + 64, n + 96)).collect();
    std::fs::write(folder.join("emnist-letters-mapping.txt"), lines).unwrap();
    folder
}

/// JSON whose lists of numbers are longer than those in docs/json.md.
fn parsed(stdout: &str) -> serde_json::Value {
    serde_json::from_str(stdout).expect("stdout is JSON")
}

#[test]
fn a_set_of_twenty_six_classes_goes_all_the_way() {
    let home = home();
    let home = home.path();
    let folder = letters(home, 26, 780);
    let add = format!("data add {} --name Letters --json", folder.display());
    let value = parsed(&run_text(home, &add).succeeds());
    assert_eq!(value["classes"].as_array().unwrap().len(), 26);
    assert_eq!(
        (value["classes"][0].as_str(), value["train_by_class"][25].as_u64()),
        (Some("A"), Some(27))
    );
    parsed(&run_text(home, "data list --json").succeeds());

    // A preset gets as many outputs as there are classes.
    let weights = home.join("letters.safetensors").display().to_string();
    let text =
        format!("train mlp --data letters --epochs 12 --optimiser adam --out {weights} --json");
    let value = parsed(&run_text(home, &text).succeeds());
    assert_eq!(value["model"], "mlp-26");
    assert!(value["test"]["accuracy"].as_f64().unwrap() > 0.8, "{value}");
    let text = format!("evaluate --weights {weights} --data letters");
    let stdout = run_text(home, &text).succeeds();
    assert!(stdout.contains("Answered rightly, by class"), "{stdout}");
    let value = parsed(&run_text(home, &format!("{text} --json")).succeeds());
    assert_eq!(
        (value["classes"][25].as_str(), value["classes"].as_array().unwrap().len()),
        (Some("Z"), 26)
    );
    let confusion = value["models"][0]["confusion"].as_array().unwrap();
    assert!(
        confusion.len() == 26 && confusion.iter().all(|row| row.as_array().unwrap().len() == 26)
    );

    let drawing = write(home, "seven.json", DRAWING).display().to_string();
    let classify = format!("classify {drawing} --weights {weights}");
    run_text(home, &classify).succeeds();
    let value = parsed(&run_text(home, &format!("{classify} --json")).succeeds());
    let answer = &value["inputs"][0]["models"][0];
    assert_eq!(answer["probabilities"].as_array().unwrap().len(), 26);
    assert!(answer["class"].as_str().is_some_and(|name| name.len() == 1), "{answer}");

    let file = home.join("letters.onnx").display().to_string();
    run_text(home, &format!("export {weights} {file}")).succeeds();
    let value = parsed(&run_text(home, &format!("import {file} --json")).succeeds());
    assert_eq!(value["architecture"], "mlp-26");
    assert_eq!(value["tried"].as_array().unwrap().len(), 0);

    // What has other outputs, and what knows ten classes only, says so in one line.
    for (text, parts) in [
        ("train net-f20r-f30l --data letters", ["30 outputs", "26 classes, write Dense(26)"]),
        ("train lif-dense --data letters", ["10 outputs", "26 classes"]),
        ("train mlp --rule feedback_alignment --data letters", ["ten classes", "has 26"]),
        ("evaluate mlp --set report --data letters", ["10 outputs", "26 classes"]),
        ("convert mlp --data letters", ["more than 10", "has 26"]),
        ("simulate diehl-cook --data letters", ["more than 10", "has 26"]),
    ] {
        let said = run_text(home, text).fails(1);
        assert!(
            parts[0].split(", ").chain(parts[1].split(", ")).all(|p| said.contains(p)),
            "{text}: {said}"
        );
    }
    let said = run_text(home, &format!("convert --weights {weights} --data synthetic")).fails(1);
    assert!(said.contains("26 classes apart"), "{said}");
}

#[test]
fn digits_that_lie_transposed_are_put_right_unless_one_wants_them_so() {
    let home = home();
    let home = home.path();
    let folder = pair(home, "digits", 300);
    transpose(&folder.join("synthetic-images-idx3-ubyte"));
    let path = folder.display();
    let stdout = run_text(home, &format!("data add {path} --name turned")).succeeds();
    assert!(stdout.contains("put right (--transpose)"), "{stdout}");
    let evaluate = "evaluate mlp --set report --json --data";
    let accuracy = |id: &str| {
        let json = run_text(home, &format!("{evaluate} {id}")).succeeds();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        value["models"][0]["accuracy"].as_f64().unwrap()
    };
    assert!(accuracy("turned") > 0.8);
    let ran = run_text(home, &format!("data add {path} --name kept --as-is"));
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.contains("They were kept as they are"), "{}", ran.stderr);
    assert!(accuracy("kept") < 0.5);
}

#[test]
fn what_cannot_be_added_is_refused_in_one_line() {
    let home = home();
    let home = home.path();
    let nothing = home.join("empty");
    std::fs::create_dir(&nothing).unwrap();
    let letters = home.join("letters");
    (0..48).for_each(|i| std::fs::create_dir_all(letters.join(format!("c{i}"))).unwrap());
    let table = write(home, "test.csv", vec!["0"; 784].join(",") + "\n");
    for (path, said) in [
        (&nothing, "holds no data set"),
        (&letters, "48 classes, and 47 is the most"),
        (&table, "no label"),
        (&home.join("nowhere"), "could not read"),
    ] {
        let error = run_text(home, &format!("data add {}", path.display())).fails(1);
        assert!(error.contains(said), "{error}");
    }
    let folder = pair(home, "digits", 100).display().to_string();
    let error = run_text(home, &format!("data add {folder} --classes one")).fails(2);
    assert!(error.contains("--classes: 1 names"), "{error}");
    let error = run_text(home, &format!("data add {folder} --name mnist")).fails(1);
    assert!(error.contains("cannot be the name of a data set"), "{error}");
    assert!(run_text(home, "data list").succeeds().contains("no data sets of your own"));
}

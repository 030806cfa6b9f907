//! Files that are broken, missing or not what they should be.

use super::*;

#[test]
fn a_broken_picture_is_reported_and_the_others_are_answered() {
    let home = home();
    let good = write(home.path(), "good.json", DRAWING).display().to_string();
    let broken = write(home.path(), "broken.png", b"\x89PNG\r\n\x1a\nand no more");
    let broken = broken.display().to_string();
    let missing = home.path().join("missing.jpg").display().to_string();
    let empty = write(home.path(), "empty.json", "").display().to_string();
    let weights = weights().display().to_string();
    let files = format!("{broken} {good} {missing} {empty} {good}");

    let ran = run_text(home.path(), &format!("classify {files} --weights {weights}"));
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout.matches("good.json").count(), 2, "{}", ran.stdout);
    let complaints: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(complaints.len(), 3, "{complaints:?}");
    for (line, name) in complaints.iter().zip(["broken.png", "missing.jpg", "empty.json"]) {
        assert!(line.starts_with("error: ") && line.contains(name), "{line}");
    }

    let ran = run_text(home.path(), &format!("classify {files} --weights {weights} --json"));
    assert_eq!(ran.code, Some(1));
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["inputs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_picture_may_be_dark_on_light_or_light_on_dark() {
    let home = home();
    let seven = |ink: u8, paper: u8| {
        image::GrayImage::from_fn(90, 120, |x, y| {
            let bar = (20..30).contains(&y) && (20..70).contains(&x);
            let stem = (20..100).contains(&y) && x.abs_diff(70 - (y - 20) / 3) < 5;
            image::Luma([if bar || stem { ink } else { paper }])
        })
    };
    let weights = weights().display().to_string();
    let answers = [(0, 255), (255, 0)].map(|(ink, paper)| {
        let path = home.path().join(format!("{ink}.png"));
        seven(ink, paper).save(&path).unwrap();
        let text = format!("classify {} --weights {weights} --json", path.display());
        let stdout = run_text(home.path(), &text).succeeds();
        let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        value["inputs"][0]["models"][0]["probabilities"].clone()
    });
    let close = |a: &serde_json::Value, b: &serde_json::Value| {
        (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 0.02
    };
    let [dark, light] = answers;
    for digit in 0..10 {
        assert!(close(&dark[digit], &light[digit]), "{dark}\n{light}");
    }
}

#[test]
fn weights_that_are_none_are_named() {
    let home = home();
    let drawing = write(home.path(), "drawing.json", DRAWING).display().to_string();
    let whole = std::fs::read(weights()).unwrap();
    for (name, content) in [
        ("text.safetensors", &b"no weights at all"[..]),
        ("empty.safetensors", b""),
        ("short.safetensors", &whole[..whole.len() / 2]),
        ("huge.safetensors", &[0xFF; 64]),
    ] {
        let path = write(home.path(), name, content).display().to_string();
        let line = run_text(home.path(), &format!("classify {drawing} --weights {path}")).fails(1);
        assert!(line.contains(name), "{line}");
    }
    let line = run_text(home.path(), &format!("classify {drawing} --weights nowhere.safetensors"));
    assert!(line.fails(1).contains("nowhere.safetensors"));
}

#[test]
fn idx_files_that_do_not_fit_are_named() {
    let home = home();
    let out = home.path().join("digits").display().to_string();
    run_text(home.path(), &format!("data export --out {out} --count 20")).succeeds();
    let images = format!("{out}/synthetic-images-idx3-ubyte");
    let labels = format!("{out}/synthetic-labels-idx1-ubyte");
    let weights = weights().display().to_string();
    let evaluate = |images: &str, labels: &str| {
        let text = format!("evaluate --images {images} --labels {labels} --weights {weights}");
        run_text(home.path(), &text)
    };
    evaluate(&images, &labels).succeeds();
    assert!(evaluate(&labels, &images).fails(1).contains("Swap"));
    let whole = std::fs::read(&images).unwrap();
    let short = write(home.path(), "short-images", &whole[..whole.len() - 1]).display().to_string();
    assert!(evaluate(&short, &labels).fails(1).contains("short-images"));
    assert!(evaluate("nowhere", &labels).fails(1).contains("nowhere"));
}

#[test]
fn the_files_of_a_folder_are_checked_one_by_one() {
    let home = home();
    let folder = home.path().join("mnist");
    std::fs::create_dir(&folder).unwrap();
    write(&folder, "t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 7]);
    write(&folder, "t10k-images-idx3-ubyte", "this is no picture");
    let ran = run_text(home.path(), &format!("data check --mnist {}", folder.display()));
    assert_eq!(ran.code, Some(1));
    let state = |name: &str| {
        let line = ran.stdout.lines().find(|l| l.contains(name)).unwrap_or_default();
        line.to_owned()
    };
    assert!(state("train-images").contains("missing"));
    assert!(state("t10k-images").contains("broken"));
    assert!(state("t10k-labels").contains("not MNIST"));
}

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
    let errors = value["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 3, "{value}");
    for (error, name) in errors.iter().zip(["broken.png", "missing.jpg", "empty.json"]) {
        assert!(error["file"].as_str().unwrap().ends_with(name), "{error}");
        assert!(error["error"].as_str().unwrap().contains(name), "{error}");
    }
}

/// The palette is shorter than the pixels' values; the decoder panics.
const PALETTE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\x03\0\0\0\
    \x45\x68\xfd\x16\0\0\0\x04PLTE\x10\x10\x10\x10\xaf\xe9\x58\xa0\0\0\0\x0bIDAT\x78\x9c\
    \x63\x60\0\x01\0\0\x06\0\x01\xfe\x8c\x67\xc8\0\0\0\0IEND\xae\x42\x60\x82";

#[test]
fn a_decoder_that_panics_does_not_end_the_others() {
    let home = home();
    let palette = write(home.path(), "palette.png", PALETTE).display().to_string();
    let good = write(home.path(), "good.json", DRAWING).display().to_string();
    let weights = weights().display().to_string();
    let text = format!("classify {palette} {good} --weights {weights} --json");
    let ran = run_text(home.path(), &text);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("palette.png") && ran.stderr.contains("damaged"), "{}", ran.stderr);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["inputs"].as_array().unwrap().len(), 1, "{value}");
    assert!(value["errors"][0]["file"].as_str().unwrap().ends_with("palette.png"), "{value}");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_does_not_hang() {
    let home = home();
    let pipe = home.path().join("pipe.png");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let drawing = home.path().join("pipe.json");
    std::os::unix::fs::symlink(&pipe, &drawing).unwrap();
    let weights = weights().display().to_string();
    for path in [pipe.as_path(), &drawing, home.path(), Path::new("/dev/zero")] {
        let path = path.display();
        let ran = run_text(home.path(), &format!("classify {path} --weights {weights}"));
        assert!(ran.fails(1).contains("not a file"), "{path}");
    }
}

/// Two strokes like a 1 and a 7, and a frame.
fn picture_of_two(path: &Path) {
    let picture = image::GrayImage::from_fn(300, 160, |x, y| {
        let one = x.abs_diff(80) < 6 && (40..120).contains(&y);
        let bar = (40..50).contains(&y) && (170..230).contains(&x);
        let stem = (40..120).contains(&y) && x.abs_diff(225 - (y - 40) / 2) < 6;
        let frame = x.abs_diff(150).abs_diff(130) < 2 && y.abs_diff(80) < 62
            || y.abs_diff(80).abs_diff(60) < 2 && x.abs_diff(150) < 132;
        image::Luma([if one || bar || stem || frame { 20 } else { 240 }])
    });
    picture.save(path).unwrap();
}

#[test]
fn several_digits_are_answered_apart_and_what_was_seen_is_written() {
    let home = home();
    let path = home.path().join("two.png");
    picture_of_two(&path);
    let seen = home.path().join("seen");
    let all = "--model mlp --model rnns --model diehl-cook-100";
    let text = format!("classify {} {all} --seen {} --json", path.display(), seen.display());
    let value = json::check("classify", &run_text(home.path(), &text).succeeds());
    let input = &value["inputs"][0];
    let digits = input["digits"].as_array().unwrap();
    assert_eq!(digits.len(), 2, "{value}");
    assert!(input["lines_left_out"].as_u64().unwrap() >= 1, "{value}");
    for ((digit, class), name) in digits.iter().zip([1, 7]).zip(["two-seen.png", "two-seen-2.png"])
    {
        assert_eq!(digit["models"].as_array().unwrap().len(), 1);
        assert_eq!(digit["models"][0]["digit"], class, "{digit}");
        assert_eq!(digit["ensembles"][0]["id"], "rnns");
        assert_eq!(digit["ensembles"][0]["digit"], class, "{digit}");
        assert_eq!(digit["spiking"][0]["id"], "diehl-cook-100");
        let written = image::open(seen.join(name)).unwrap();
        assert_eq!((written.width(), written.height()), (28, 28));
        assert!(digit["seen"].as_str().unwrap().ends_with(name), "{digit}");
    }
    assert_eq!(digits[0]["box"][3], 80, "{value}");
    let text = format!("classify {} --model mlp", path.display());
    let stdout = run_text(home.path(), &text).succeeds();
    for part in ["2 digits", "digit 2, ", "frame"] {
        assert!(stdout.contains(part), "{stdout}");
    }
}

#[test]
fn an_empty_picture_gets_no_answer() {
    let home = home();
    let path = home.path().join("blank.png");
    image::GrayImage::from_pixel(200, 150, image::Luma([230])).save(&path).unwrap();
    let ran = run_text(home.path(), &format!("classify {} --model mlp", path.display()));
    assert!(ran.fails(1).contains("no digit was found"));
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

//! Completions and dreams, with the bundled network.

use image::{GrayImage, Luma};

use super::*;

#[test]
fn half_a_digit_becomes_a_film_or_a_sheet_and_the_known_half_stays() {
    let home = home();
    let half = home.path().join("half.png");
    // The left half of a ring.
    GrayImage::from_fn(28, 28, |x, y| {
        let far = (f64::from(x) - 13.5).hypot((f64::from(y) - 13.5) * 0.8);
        Luma([if x < 14 && (6.0..9.0).contains(&far) { 255 } else { 0 }])
    })
    .save(&half)
    .unwrap();
    let text = |name: &str| home.path().join(name).display().to_string();
    let printed = run_text(
        home.path(),
        &format!("imagine --in {} --out {} --steps 6", half.display(), text("film.gif")),
    )
    .succeeds();
    assert!(printed.contains("film.gif") && printed.contains("log p(x|h1)"), "{printed}");
    let film = std::fs::read(text("film.gif")).unwrap();
    assert!(film.starts_with(b"GIF89a") && film.ends_with(&[0x3B]));
    let again = format!("imagine --in {} --out {} --steps 6", half.display(), text("two.gif"));
    run_text(home.path(), &again).succeeds();
    assert_eq!(film, std::fs::read(text("two.gif")).unwrap(), "the same seed, the same film");
    let json = format!(
        "imagine --in {} --cover right --out {} --steps 3 --digit 0 --json",
        half.display(),
        text("sheet.png")
    );
    let report: serde_json::Value =
        serde_json::from_str(&run_text(home.path(), &json).succeeds()).unwrap();
    assert_eq!(report["frames"].as_array().unwrap().len(), 4);
    let sheet = image::open(text("sheet.png")).unwrap().to_luma8();
    // The known half of the last picture is as it was.
    let place = |x: u32, y: u32| sheet.get_pixel(3 * (28 * 4 + 2) + 2 + x * 4, 2 + y * 4).0[0];
    assert_eq!((place(6, 13), place(1, 1)), (255, 0));
}

#[test]
fn dreams_blank_pictures_and_bad_masks() {
    let home = home();
    let text = |name: &str| home.path().join(name).display().to_string();
    let dream = format!("imagine --dream --digit 7 --count 4 --out {}", text("sevens.png"));
    run_text(home.path(), &dream).succeeds();
    let sheet = image::open(text("sevens.png")).unwrap().to_luma8();
    assert!(sheet.pixels().any(|p| p.0[0] > 150));
    GrayImage::new(28, 28).save(text("blank.png")).unwrap();
    let blank = format!("imagine --in {} --out {}", text("blank.png"), text("film.png"));
    let ran = run_text(home.path(), &blank);
    assert!(ran.code == Some(0) && ran.stderr.contains("blank"), "{}", ran.stderr);
    std::fs::write(text("broken.png"), "no picture").unwrap();
    let broken = format!(
        "imagine --in {} --mask {} --out {}",
        text("blank.png"),
        text("broken.png"),
        text("film.png")
    );
    assert!(run_text(home.path(), &broken).fails(1).contains("broken.png"));
    let odd = format!("imagine --dream --out {}", text("film.mp4"));
    assert!(run_text(home.path(), &odd).fails(2).contains(".gif"));
}

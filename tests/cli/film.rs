//! Films of saved scenes.

use super::json::check;
use super::*;

const SCENE: &str = r#"{"spikescope": 1, "workspace": "time",
    "digit": {"strokes": [[[0.3, 0.2], [0.7, 0.2], [0.5, 0.8]]]}}"#;

#[test]
fn a_scene_becomes_a_film() {
    let home = home();
    let scene = write(home.path(), "it.spikescope", SCENE).display().to_string();
    let out = home.path().join("it.gif");
    let text = format!("film {scene} --fps 5 --seconds 0.8 --size small --json --out");
    let mut arguments: Vec<&str> = text.split_whitespace().collect();
    arguments.push(out.to_str().unwrap());
    let value = check("film", &run(home.path(), &arguments).succeeds());
    assert_eq!((&value["frames"], &value["width"]), (&4.into(), &640.into()));
    assert_eq!((&value["first_step"], &value["last_step"]), (&0.into(), &28.into()));
    assert_eq!(image::open(&out).unwrap().width(), 640);
}

#[test]
fn what_cannot_be_filmed_is_said_in_one_line() {
    let home = home();
    let broken = write(home.path(), "broken.spikescope", "{").display().to_string();
    for (arguments, code, part) in [
        ("film a.spikescope --out a.avi", 2, ".gif, .png (animated) or .mp4"),
        ("film a.spikescope --out a.gif --seconds 90", 2, "0.5 to 60 seconds"),
        ("film a.spikescope --out a.gif --fps 3", 2, "--fps"),
        ("film a.spikescope --out a.gif --from 9 --to 9", 2, "--from 9"),
        ("film a.spikescope --out a.gif", 1, "a.spikescope could not be read"),
        (&format!("film {broken} --out a.gif"), 1, "is no scene"),
    ] {
        let line = run_text(home.path(), arguments).fails(code);
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

//! Saved scenes on the command line.

use super::*;

#[test]
fn a_scene_is_drawn_and_a_broken_one_says_why() {
    let home = home();
    let scene = r#"{"spikescope": 1, "workspace": "plasticity", "settings": {"tab": "slope"}}"#;
    let scene = write(home.path(), "slope.spikescope", scene);
    let out = home.path().join("pages");
    let mut command = spikescope(home.path());
    command.args(["tour", "--look", "projector", "--out"]).arg(&out).arg("--scene").arg(&scene);
    let printed = Ran::of(command.output().expect("the program starts")).succeeds();
    let page = printed.lines().next().expect("a page");
    assert!(page.ends_with("01-slope.png"), "{page}");
    let picture = image::open(page).expect("a page is a picture");
    assert_eq!((picture.width(), picture.height()), (1024, 768));
    let broken = write(home.path(), "broken.spikescope", "{}").display().to_string();
    let out = out.display();
    let ran = run_text(home.path(), &format!("tour --out {out} --scene {broken}"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("it is no scene"), "{}", ran.stderr);
    let missing = run_text(home.path(), "open nowhere.spikescope").fails(1);
    assert!(missing.contains("there is no file nowhere.spikescope"), "{missing}");
}

use egui::{Event, Key, Modifiers};

use super::Window;

/// The only scene among the exports.
fn saved(window: &Window) -> std::path::PathBuf {
    let exports = std::fs::read_dir(window.home.path().join("exports")).unwrap();
    let mut files = exports.map(|entry| entry.unwrap().path());
    files.find(|f| f.extension().is_some_and(|e| e == "spikescope")).unwrap()
}

#[test]
fn a_scene_is_saved_and_opened_in_another_window() {
    let mut window = Window::open();
    window.draw(8, 3);
    window.wait_for_text("All ten answers 8, ");
    window.key(Modifiers::COMMAND, Key::S);
    window.wait_for_text("Saved as");
    let file = saved(&window);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("lecture.spikescope");
    std::fs::copy(&file, &copy).unwrap();
    let mut other = Window::open();
    other.click("Train");
    other.drop_file(copy);
    other.wait_for_text("Opened lecture.spikescope");
    other.wait_for_text("All ten answers 8, ");
    other.click("Go back");
    other.wait_for_text("Start training");
}

#[test]
fn the_menu_begins_anew_and_offers_what_was_used_last() {
    let mut window = Window::open();
    window.key(Modifiers::COMMAND, Key::S);
    window.wait_for_text("Saved as");
    window.key(Modifiers::COMMAND, Key::Num5);
    window.click("Scene");
    window.wait_for_text("Begin Time anew");
    window.wait_for_text("scene-draw-");
}

#[test]
fn text_is_pasted_as_a_scene_or_told_to_be_none() {
    let mut window = Window::open();
    let paste = |window: &mut Window, text: &str| {
        window.harness.event(Event::Paste(text.into()));
        window.harness.run_steps(3);
    };
    paste(&mut window, r#"{"spikescope": 1, "workspace": "plasticity"}"#);
    window.wait_for_text("Opened the scene that was pasted");
    paste(&mut window, "a shopping list");
    window.wait_for_text("What was pasted was not opened");
    paste(&mut window, r#"{"spikescope": 1, "workspace": "kitchen"}"#);
    window.wait_for_text("there is no workspace “kitchen”");
}

#[test]
fn a_broken_scene_and_a_missing_digit_are_told() {
    let mut window = Window::open();
    let file = window.home.path().join("broken.spikescope");
    std::fs::write(&file, b"{\"spikescope\": 1").unwrap();
    window.drop_file(file.clone());
    window.wait_for_text("was not opened: it is no scene");
    let digit = r#"{"picked": {"source": "mnist", "index": 3, "label": 0}}"#;
    let text = format!(r#"{{"spikescope": 1, "workspace": "draw", "digit": {digit}}}"#);
    std::fs::write(&file, text).unwrap();
    window.drop_file(file);
    window.wait_for_text("MNIST is not on this machine");
}

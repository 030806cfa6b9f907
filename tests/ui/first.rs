//! What a newcomer meets: the first screen, once, and the rail that tells the story.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect};
use egui_kittest::kittest::Queryable;
use spikescope::ui::workspaces::WORKSPACES;

use super::Window;

const WAYS: [&str; 3] = ["Draw a digit", "Follow a lesson", "Open a workspace"];

/// A window that nobody has opened before.
fn newcomer(size: [f32; 2], projector: bool) -> Window {
    let home = tempfile::tempdir().unwrap();
    // It covers the offer of MNIST, which others wait for.
    std::fs::create_dir(home.path().join("exports")).unwrap();
    let window = Window::open_with(size, home, |setup| {
        setup.welcome = true;
        setup.projector = projector;
    });
    assert!(welcomes(&window));
    window
}

fn welcomes(window: &Window) -> bool {
    window.harness.query_by_role_and_label(Role::Button, WAYS[0]).is_some()
}

fn in_draw(window: &Window) -> bool {
    window.harness.query_by_role_and_label(Role::Canvas, super::CANVAS).is_some()
}

#[test]
fn each_key_of_the_first_screen_leads_on_and_it_does_not_come_back() {
    for key in [Key::Num1, Key::Escape, Key::Enter] {
        let mut window = newcomer([1280.0, 800.0], false);
        assert!(!in_draw(&window));
        window.key(Modifiers::NONE, key);
        assert!(!welcomes(&window) && in_draw(&window), "{key:?}");
        let window = window.reopen_as_newcomer();
        assert!(!welcomes(&window) && in_draw(&window), "{key:?}");
    }
}

#[test]
fn arrows_and_enter_choose_a_way_and_a_workspace() {
    let mut window = newcomer([1280.0, 800.0], false);
    for key in [Key::ArrowRight, Key::ArrowRight, Key::Enter] {
        window.key(Modifiers::NONE, key);
    }
    for entry in WORKSPACES {
        window.harness.get_by_role_and_label(Role::Button, entry.about.name);
    }
    window.key(Modifiers::NONE, Key::Escape);
    assert!(welcomes(&window));
    window.key(Modifiers::NONE, Key::Num3);
    window.click("Train");
    window.wait_for_text("Start training");
    assert!(!welcomes(&window));
}

#[test]
fn a_workspace_by_its_key_takes_the_first_screen_away() {
    let mut window = newcomer([1280.0, 800.0], false);
    window.key(Modifiers::COMMAND, Key::Num2);
    window.wait_for_text("Start training");
}

#[test]
fn the_first_screen_can_be_seen_again() {
    let mut window = Window::open();
    assert!(!welcomes(&window));
    window.harness.input_mut().events.push(egui::Event::Text("?".into()));
    window.wait_for_text("Show the first screen again");
    window.click("Show the first screen again");
    for way in WAYS {
        window.harness.get_by_role_and_label(Role::Button, way);
    }
    window.click(WAYS[0]);
    assert!(in_draw(&window));
}

#[test]
fn a_session_from_before_is_no_newcomers() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("session.json"), r#"{"without_mnist": true}"#).unwrap();
    let window = Window::open_with([1280.0, 800.0], home, |setup| setup.welcome = true);
    assert!(!welcomes(&window) && in_draw(&window));
}

#[test]
fn the_first_screen_fits_every_window() {
    for (size, projector) in
        [([640.0, 480.0], false), ([1024.0, 768.0], true), ([1920.0, 1080.0], false)]
    {
        let window = newcomer(size, projector);
        let screen = window.harness.ctx.content_rect();
        let ways = WAYS.map(|way| window.harness.get_by_role_and_label(Role::Button, way).rect());
        for (i, way) in ways.iter().enumerate() {
            assert!(screen.contains_rect(*way), "{size:?}: {way:?} in {screen:?}");
            assert!(ways[i + 1..].iter().all(|other| !other.intersects(*way)));
        }
    }
}

/// The rail's entries and buttons, from top to bottom, none on another, all in view.
#[test]
fn the_whole_rail_can_be_reached_in_every_window() {
    for (size, projector) in [
        ([640.0, 480.0], false),
        ([1024.0, 768.0], true),
        ([1280.0, 800.0], false),
        ([1366.0, 768.0], false),
        ([1920.0, 1080.0], true),
        ([2560.0, 1440.0], false),
    ] {
        let home = tempfile::tempdir().unwrap();
        let window = Window::open_with(size, home, |setup| setup.projector = projector);
        let screen = window.harness.ctx.content_rect();
        let names = WORKSPACES.iter().map(|w| w.about.name);
        let names = names.chain(["Projector mode", "Light or dark", "?"]);
        let mut seen: Vec<Rect> = Vec::new();
        for name in names {
            let rect = window.harness.get_by_role_and_label(Role::Button, name).rect();
            assert!(screen.contains_rect(rect), "{size:?} {name}: {rect:?} in {screen:?}");
            assert!(rect.width() >= 20.0 && rect.height() >= 20.0, "{size:?} {name}: {rect:?}");
            let apart = |other: &Rect| other.shrink(0.5).intersect(rect.shrink(0.5)).is_negative();
            assert!(seen.iter().all(apart), "{size:?} {name}: {rect:?}");
            seen.push(rect);
        }
    }
}

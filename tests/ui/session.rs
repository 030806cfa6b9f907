use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

#[test]
fn drawing_theme_and_workspace_survive_a_restart() {
    let mut window = Window::open();
    window.draw(8, 3);
    window.wait_for_text("All ten answers 8, ");
    window.click("Light or dark");
    window.click("Train");
    let mut window = window.reopen();
    window.wait_for_text("Start training");
    assert!(!window.harness.ctx.global_style().visuals.dark_mode);
    window.key(Modifiers::COMMAND, Key::Num1);
    window.wait_for_text("All ten answers 8, ");
}

#[test]
fn a_broken_session_is_kept_aside_and_told() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("session.json"), b"{\"theme\": \"dark\", \"strokes\": [[[1e")
        .unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |_| {});
    window.wait_for_text("could not be read");
    assert!(window.home.path().join("session.broken.json").exists());
    window.draw(3, 1);
    window.wait_for_text("All ten answers 3, ");
}

/// Copies a folder with all in it.
fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let to = to.join(file.file_name());
        if file.path().is_dir() {
            copy_folder(&file.path(), &to);
        } else {
            std::fs::copy(file.path(), to).unwrap();
        }
    }
}

/// Killed in the middle of a run: the next start offers to go on, and it does.
#[test]
fn an_interrupted_run_is_offered() {
    let mut window = Window::open();
    window.click("Train");
    window.wait_for_combo("Synthetic digits");
    window.set("Training digits", 1000.0);
    window.set("Epochs", 200.0);
    window.click("Start training");
    // Past the first epoch there is a checkpoint.
    window.wait_for_text("epoch 2 of 200");
    let runs = window.home.path().join("runs");
    let run = std::fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
    // What a kill leaves behind: the folder as it is at this moment.
    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join("runs").join(run.file_name().unwrap());
    std::fs::create_dir_all(&copy).unwrap();
    copy_folder(&run, &copy);
    drop(window);
    let mut window = Window::open_with([1280.0, 800.0], home, |_| {});
    window.wait_for_text("was interrupted in epoch");
    window.click("Go on");
    window.click("Train");
    window.wait_for_text("MLP training");
    assert!(window.harness.query_by_label("Go on").is_none());
}

/// A window of 640×480: everything can be reached.
#[test]
fn the_smallest_window_works() {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([640.0, 480.0], home, |_| {});
    window.stroke(&[[0.5, 0.1], [0.5, 0.9]]);
    window.wait_for("answers", |h| h.query_all_by_label_contains(" answers 1").count() >= 12);
    window.click("Train");
    window.click("Show settings");
    window.wait_for_text("Start training");
}

/// The list of keys, in the smallest window and before a projector.
#[test]
fn the_list_of_keys_fits_every_screen() {
    for (size, projector) in [([640.0, 480.0], false), ([1024.0, 768.0], true)] {
        let home = tempfile::tempdir().unwrap();
        let mut window = Window::open_with(size, home, |setup| setup.projector = projector);
        window.harness.input_mut().events.push(egui::Event::Text("?".into()));
        window.wait_for_text("Undo the last change in view");
        let screen = window.harness.ctx.content_rect();
        for what in ["How the times of spikes", "Undo the last change in view", "Ctrl+Shift+Z"] {
            let text = window.harness.get_by_label_contains(what).rect();
            let sides = egui::Rangef::new(text.left(), text.right());
            assert!(screen.x_range().contains(sides.min) && screen.x_range().contains(sides.max));
        }
    }
}

/// Nothing that is said may stand beyond the window's edge, the answers least of
/// all: 1024×768 is what projectors show.
#[test]
fn draw_fits_a_projector() {
    for projector in [false, true] {
        for digit in [None, Some(3)] {
            let home = tempfile::tempdir().unwrap();
            let mut window =
                Window::open_with([1024.0, 768.0], home, |setup| setup.projector = projector);
            window.wait_for_text("is not on this machine yet");
            if let Some(digit) = digit {
                window.draw(digit, 1);
                window.wait_for("answers", |h| {
                    h.query_all_by_label_contains(" answers ").count() == 23
                });
            }
            let right = window.harness.ctx.content_rect().right();
            let beyond: Vec<String> = window
                .harness
                .root()
                .children_recursive()
                .filter(|n| n.accesskit_node().label().is_some() && n.rect().right() > right + 0.5)
                .map(|n| format!("{:?} {:?}", n.accesskit_node().label(), n.rect()))
                .collect();
            assert!(beyond.is_empty(), "projector {projector}: beyond {right}: {beyond:?}");
        }
    }
}

//! Pictures of the workspaces, compared with those under `tests/snapshots`.
//! What depends on the machine (its speed) is masked. After a wanted change:
//! `UPDATE_SNAPSHOTS=1 cargo test --test ui pictures`.

use egui_kittest::SnapshotOptions;
use egui_kittest::kittest::Queryable;
use spikescope::ui::session::ThemeChoice;

use super::Window;

/// Adapters round colours differently; a broken layout changes far more.
fn compare(window: &mut Window, name: &str) {
    let speeds: Vec<egui::Rect> =
        window.harness.query_all_by_label_contains("answered in").map(|n| n.rect()).collect();
    for rect in speeds {
        window.harness.mask(rect.expand(2.0));
    }
    window.harness.remove_cursor();
    window.harness.run_steps(8);
    let options = SnapshotOptions::new().threshold(1.5).max_failed_pixels(600);
    window.harness.snapshot_options(name, &options);
}

fn open(size: [f32; 2], theme: ThemeChoice, projector: bool, workspace: &str) -> Window {
    let home = tempfile::tempdir().unwrap();
    let workspace = workspace.to_owned();
    let mut window = Window::open_with(size, home, move |setup| {
        setup.theme = Some(theme);
        setup.projector = projector;
        setup.workspace = Some(workspace);
    });
    window.wait_for_text("is not on this machine yet");
    window
}

#[test]
fn draw_dark() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Dark, false, "draw");
    window.draw(3, 1);
    window.wait_for_text("All ten answers 3, ");
    compare(&mut window, "draw-dark");
}

#[test]
fn draw_in_projector_mode() {
    let mut window = open([1024.0, 768.0], ThemeChoice::Light, true, "draw");
    window.draw(5, 2);
    window.wait_for_text("All ten answers 5, ");
    compare(&mut window, "draw-projector");
}

#[test]
fn train_light() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Light, false, "train");
    compare(&mut window, "train-light");
}

#[test]
fn train_small() {
    let mut window = open([640.0, 480.0], ThemeChoice::Dark, false, "train");
    compare(&mut window, "train-small");
}

/// The Receptive fields workspace with a digit, gone into by these clicks.
fn fields(size: [f32; 2], theme: ThemeChoice, projector: bool, clicks: &[&str]) -> Window {
    let mut window = open(size, theme, projector, "fields");
    window.wait_for_text("Into ");
    window.draw(3, 1);
    window.wait_for_text("CNN 3 answers 3, ");
    for name in clicks {
        window.click(name);
    }
    window
}

#[test]
fn fields_network() {
    let mut window = fields([1280.0, 800.0], ThemeChoice::Dark, false, &[]);
    compare(&mut window, "fields-network");
}

#[test]
fn fields_without_a_digit_on_a_projector() {
    let mut window = open([1024.0, 768.0], ThemeChoice::Light, true, "fields");
    window.wait_for_text("Into ");
    compare(&mut window, "fields-projector");
}

#[test]
fn fields_layer_and_kernels() {
    let clicks = ["Into Conv 2 3×3"];
    let mut window = fields([1280.0, 800.0], ThemeChoice::Light, false, &clicks);
    compare(&mut window, "fields-layer");
    window.click("Kernels");
    compare(&mut window, "fields-kernels");
    window.click("Effective fields");
    window.click("Find the effective fields");
    window.wait_for_text("effective fields of 64 units");
    compare(&mut window, "fields-effective");
}

#[test]
fn fields_unit() {
    let clicks = ["Into Conv 2 3×3"];
    let mut window = fields([1280.0, 800.0], ThemeChoice::Dark, false, &clicks);
    window.harness.query_all_by_label_contains("Conv 2 3×3: 64 maps").next().unwrap().click();
    window.wait_for_text("ReLU(");
    window.click("Make a picture it likes");
    window.wait_for_text("Made for it");
    compare(&mut window, "fields-unit");
}

#[test]
fn fields_why() {
    let clicks = ["Why this answer"];
    let mut window = fields([1024.0, 768.0], ThemeChoice::Light, true, &clicks);
    window.wait_for_text("RNN 4 answers 3, ");
    compare(&mut window, "fields-why");
}

#[test]
fn fields_gabor() {
    let clicks = ["Gabor fit", "Fit 32 kernels of CNN 3"];
    let mut window = fields([1280.0, 800.0], ThemeChoice::Dark, false, &clicks);
    window.wait_for_text("of 32 kernels are explained");
    compare(&mut window, "fields-gabor");
}

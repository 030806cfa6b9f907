//! Pictures of both workspaces, compared with those under `tests/snapshots`.
//! What depends on the machine (its speed) is masked. After a wanted change:
//! `UPDATE_SNAPSHOTS=1 cargo test --test ui pictures`.

use egui_kittest::SnapshotOptions;
use egui_kittest::kittest::Queryable;
use spikescope::ui::session::ThemeChoice;

use super::Window;

/// Adapters round colours differently; a broken layout changes far more.
fn compare(window: &mut Window, name: &str) {
    for text in ["answered in", "engine, "] {
        let speeds: Vec<egui::Rect> =
            window.harness.query_all_by_label_contains(text).map(|n| n.rect()).collect();
        for rect in speeds {
            window.harness.mask(rect.expand(2.0));
        }
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

/// The Neuron lab, its simulation held at what it begins with.
fn neuron(size: [f32; 2], theme: ThemeChoice, projector: bool) -> Window {
    let mut window = open(size, theme, projector, "neuron");
    window.key(egui::Modifiers::NONE, egui::Key::Space);
    window.wait_for_text("held");
    window.click("Reset");
    window.wait_for_text("199.9 of 199.9 ms");
    window
}

#[test]
fn neuron_spikes_light() {
    let mut window = neuron([1280.0, 800.0], ThemeChoice::Light, false);
    compare(&mut window, "neuron-spikes-light");
}

#[test]
fn neuron_spikes_in_projector_mode() {
    let mut window = neuron([1024.0, 768.0], ThemeChoice::Light, true);
    compare(&mut window, "neuron-spikes-projector");
}

#[test]
fn neuron_curve_dark() {
    let mut window = neuron([1280.0, 800.0], ThemeChoice::Dark, false);
    window.click("f–I curve");
    window.wait_for_text("Measured over 2000 of 2000 ms");
    compare(&mut window, "neuron-curve-dark");
}

#[test]
fn neuron_unit_light() {
    let mut window = neuron([1280.0, 800.0], ThemeChoice::Light, false);
    window.click("Neuron and unit (Fig. 3)");
    window.wait_for_text("Σ Wᵢ xᵢ =");
    compare(&mut window, "neuron-unit-light");
}

#[test]
fn neuron_codes_dark() {
    let mut window = neuron([1280.0, 800.0], ThemeChoice::Dark, false);
    window.click("Codes");
    window.wait_for_text("What each loses");
    compare(&mut window, "neuron-codes-dark");
}

/// The Plasticity lab, one of its experiments done.
fn plasticity(theme: ThemeChoice, tab: &str, done: &str) -> Window {
    let mut window = open([1280.0, 800.0], theme, false, "plasticity");
    window.wait_for_text("Measured against formula");
    if tab != "Windows (Fig. 2)" {
        window.click(tab);
    }
    window.wait_for_text(done);
    window
}

#[test]
fn plasticity_windows_light() {
    let done = "Measured against formula";
    let mut window = plasticity(ThemeChoice::Light, "Windows (Fig. 2)", done);
    compare(&mut window, "plasticity-windows-light");
}

#[test]
fn plasticity_story_dark() {
    let mut window = plasticity(ThemeChoice::Dark, "A pair, step by step", "meets x = 0.607");
    compare(&mut window, "plasticity-story-dark");
}

#[test]
fn plasticity_rates_light() {
    let mut window = plasticity(ThemeChoice::Light, "Pairing rate", "weakens below");
    compare(&mut window, "plasticity-rates-light");
}

#[test]
fn plasticity_bounds_dark() {
    let mut window = plasticity(ThemeChoice::Dark, "Bounds", "60 of 60 s simulated");
    compare(&mut window, "plasticity-bounds-dark");
}

#[test]
fn plasticity_slope_light() {
    let mut window = plasticity(ThemeChoice::Light, "Bengio’s rule", "60 of 60 s simulated");
    compare(&mut window, "plasticity-slope-light");
}

/// The hidden pattern, held at what it begins with.
fn pattern(size: [f32; 2], projector: bool) -> Window {
    let mut window = open(size, ThemeChoice::Light, projector, "plasticity");
    window.click("Hidden pattern");
    window.wait_for_text("It fires at anything");
    window.key(egui::Modifiers::NONE, egui::Key::Space);
    window.wait_for_text("held");
    window.click("Reset");
    window.wait_for_text("499.5 of 499.5 ms");
    window
}

#[test]
fn plasticity_pattern_light() {
    let mut window = pattern([1280.0, 800.0], false);
    compare(&mut window, "plasticity-pattern-light");
}

#[test]
fn plasticity_pattern_in_projector_mode() {
    let mut window = pattern([1024.0, 768.0], true);
    compare(&mut window, "plasticity-pattern-projector");
}

#[test]
fn plasticity_windows_in_projector_mode() {
    let mut window = open([1024.0, 768.0], ThemeChoice::Light, true, "plasticity");
    window.wait_for_text("Measured against formula");
    compare(&mut window, "plasticity-windows-projector");
}

#[test]
fn plasticity_story_in_projector_mode() {
    let mut window = open([1024.0, 768.0], ThemeChoice::Light, true, "plasticity");
    window.click("A pair, step by step");
    window.wait_for_text("meets x = 0.607");
    compare(&mut window, "plasticity-story-projector");
}

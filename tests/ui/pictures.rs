//! Pictures of the workspaces, compared with those under `tests/snapshots`.
//! What depends on the machine (its speed) is masked. After a wanted change:
//! `UPDATE_SNAPSHOTS=1 cargo test --test ui pictures`.

use egui_kittest::SnapshotOptions;
use egui_kittest::kittest::Queryable;
use spikescope::ann::trainer::TrainConfig;
use spikescope::ui::session::ThemeChoice;
use spikescope::workers::active::ActiveRun;
use spikescope::workers::runs::RunState;
use spikescope::workers::training::{Control, Phase};

use super::Window;

/// Adapters round colours differently; a broken layout changes far more.
fn compare(window: &mut Window, name: &str) {
    // The digits to pick from come when they come.
    window.wait_for("digits", |h| h.query_all_by_label_contains("loading…").next().is_none());
    window.settle();
    for text in ["answered in", "engine ("] {
        let speeds: Vec<egui::Rect> =
            window.harness.query_all_by_label_contains(text).map(|n| n.rect()).collect();
        for rect in speeds {
            window.harness.mask(rect.expand(2.0));
        }
    }
    window.harness.remove_cursor();
    window.harness.run_steps(8);
    // The same letters have more pixels where they are larger.
    let zoom = window.harness.ctx.zoom_factor();
    let pixels = (600.0 * zoom * zoom) as usize;
    let options = SnapshotOptions::new().threshold(1.5).max_failed_pixels(pixels);
    window.harness.snapshot_options(name, &options);
}

fn open(size: [f32; 2], theme: ThemeChoice, projector: bool, workspace: &str) -> Window {
    open_in(tempfile::tempdir().unwrap(), size, theme, projector, workspace)
}

fn open_in(
    home: tempfile::TempDir,
    size: [f32; 2],
    theme: ThemeChoice,
    projector: bool,
    workspace: &str,
) -> Window {
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

/// A picture with two digits in a frame, the second chosen.
fn photo(size: [f32; 2], theme: ThemeChoice, projector: bool, name: &str) {
    let mut window = open(size, theme, projector, "draw");
    let file = window.home.path().join("two.png");
    super::draw::picture_of_two(&file);
    window.drop_file(file);
    window.wait_for_text("All ten answers 1, ");
    window.click("Digit 2 of 2 in the picture");
    window.wait_for_text("All ten answers 7, ");
    compare(&mut window, name);
}

#[test]
fn draw_with_a_picture() {
    photo([1280.0, 800.0], ThemeChoice::Dark, false, "draw-picture-dark");
}

#[test]
fn draw_with_a_picture_in_projector_mode() {
    photo([1024.0, 768.0], ThemeChoice::Light, true, "draw-picture-projector");
}

#[test]
fn train_light() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Light, false, "train");
    compare(&mut window, "train-light");
}

#[test]
fn train_network() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Dark, false, "draw");
    window.draw(3, 1);
    window.wait_for_text("All ten answers 3, ");
    window.click("Train");
    window.choose("MLP", "CNN 1");
    window.click("Structure");
    compare(&mut window, "train-network-dark");
}

#[test]
fn train_network_in_projector_mode() {
    let mut window = open([1024.0, 768.0], ThemeChoice::Light, true, "train");
    window.click("Show settings");
    window.choose("MLP", "RNN 3");
    window.click("Fold settings away");
    window.click("Structure");
    compare(&mut window, "train-network-projector");
}

#[test]
fn train_small() {
    let mut window = open([640.0, 480.0], ThemeChoice::Dark, false, "train");
    compare(&mut window, "train-small");
}

#[test]
fn time_answers_dark() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Dark, false, "time");
    window.click("Answers");
    window.draw(3, 1);
    window.wait_for_text("RNN ensemble says 3, ");
    go(&mut window, 16.0);
    compare(&mut window, "time-answers-dark");
}

#[test]
fn time_units_light() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Light, false, "time");
    window.draw(8, 3);
    window.wait_for_text("RNN ensemble says 8, ");
    window.click("Hidden units");
    window.click("Most moved");
    go(&mut window, 20.0);
    compare(&mut window, "time-units-light");
}

#[test]
fn time_in_projector_mode() {
    let mut window = open([1024.0, 768.0], ThemeChoice::Light, true, "time");
    window.draw(5, 2);
    window.wait_for_text("RNN ensemble says 5, ");
    go(&mut window, 14.0);
    compare(&mut window, "time-projector");
}

/// Scrubs to this step.
fn go(window: &mut Window, k: f64) {
    let role = egui::accesskit::Role::Slider;
    window.harness.get_by_role_and_label(role, "Time in lines").set_value_accesskit(k);
    window.harness.run_steps(3);
}

/// A data folder with a short run in it, whose history lacks nothing.
fn with_run() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let split = spikescope::data::registry::load("synthetic", None).unwrap();
    let config = TrainConfig {
        data: "synthetic".into(),
        subset: 600,
        validation_share: 0.2,
        epochs: 2,
        threads: 1,
        ..TrainConfig::default()
    };
    let mut run = ActiveRun::start(&home.path().join("runs"), config, split).unwrap();
    while !run.advance(&Control::default()).unwrap().finished {
        while run.view(Phase::Training).history.waiting > 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    run.close(RunState::Finished, None).unwrap();
    home
}

#[test]
fn history_dark() {
    let mut window = open_in(with_run(), [1280.0, 800.0], ThemeChoice::Dark, false, "draw");
    window.draw(3, 1);
    window.click("Train");
    window.click("History");
    window.wait_for_text("after batch 30, epoch 2.00");
    window.pick("Pictures shown", "Change since mark");
    window.pick("Plots shown", "Movement of layers");
    compare(&mut window, "history-dark");
}

#[test]
fn history_in_projector_mode() {
    let mut window = open_in(with_run(), [1024.0, 768.0], ThemeChoice::Light, true, "draw");
    window.draw(5, 2);
    window.click("Train");
    window.click("History");
    window.wait_for_text("after batch 30, epoch 2.00");
    window.wait_for_text("Probabilities then");
    compare(&mut window, "history-projector");
}

/// The Receptive fields workspace with a digit, gone into by these clicks.
fn fields(size: [f32; 2], theme: ThemeChoice, projector: bool, clicks: &[&str]) -> Window {
    let mut window = open(size, theme, projector, "fields");
    window.wait_for_text("Into ");
    window.draw(3, 1);
    window.wait_for_text("CNN 3 answers 3, ");
    window.settle();
    for name in clicks {
        window.click(name);
    }
    window
}

/// The Neuron lab, its simulation held at what it begins with.
fn neuron(size: [f32; 2], theme: ThemeChoice, projector: bool) -> Window {
    let mut window = open(size, theme, projector, "neuron");
    window.wait_for_text("held");
    window.wait_for_text("199.9 of 199.9 ms");
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
    window.click("Artificial and biological");
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
    if tab != "STDP windows" {
        window.click(tab);
    }
    window.wait_for_text(done);
    window
}

#[test]
fn plasticity_windows_light() {
    let done = "Measured against formula";
    let mut window = plasticity(ThemeChoice::Light, "STDP windows", done);
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
    if projector {
        // Else the lower plots are at the edge of what fits.
        window.click("Not now");
    }
    window.click(if projector { "Pattern" } else { "Hidden pattern" });
    window.wait_for_text("It fires at anything");
    window.wait_for_text("held");
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
    window.click("A pair");
    window.wait_for_text("meets x = 0.607");
    compare(&mut window, "plasticity-story-projector");
}

/// The bundled network, as it was trained.
fn trained(window: &mut Window) {
    window.wait_for_text("first labels after");
    window.pick("Begin with", "STDP 400");
    window.wait_for_text("Receptive fields of 400 neurons");
    window.wait_for("its labels", |h| h.query_by_label_contains("and 400 for none").is_none());
}

#[test]
fn spiking_learning_dark() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Dark, false, "spiking");
    trained(&mut window);
    compare(&mut window, "spiking-learning-dark");
}

#[test]
fn spiking_learning_in_projector_mode() {
    let mut window = open([1024.0, 768.0], ThemeChoice::Light, true, "spiking");
    window.click("Show settings");
    trained(&mut window);
    window.click("Fold settings away");
    compare(&mut window, "spiking-learning-projector");
}

#[test]
fn spiking_digit_light() {
    let mut window = open([1280.0, 800.0], ThemeChoice::Light, false, "draw");
    window.draw(3, 1);
    window.wait_for_text("STDP 400 answers ");
    window.key(egui::Modifiers::COMMAND, egui::Key::Num8);
    window.click("Your digit");
    window.wait_for_text("No neuron has fired yet");
    window.key(egui::Modifiers::NONE, egui::Key::End);
    window.wait_for_text("The vote says ");
    compare(&mut window, "spiking-digit-light");
}

/// The Conversion workspace with a 3.
fn conversion(size: [f32; 2], theme: ThemeChoice, projector: bool) -> Window {
    let mut window = open(size, theme, projector, "draw");
    window.draw(3, 1);
    window.key(egui::Modifiers::COMMAND, egui::Key::Num0);
    window.wait_for_text("in spikes after 100 steps: 3, ");
    window
}

#[test]
fn conversion_pictures_dark() {
    let mut window = conversion([1280.0, 800.0], ThemeChoice::Dark, false);
    compare(&mut window, "conversion-pictures-dark");
}

#[test]
fn conversion_pictures_in_projector_mode() {
    let mut window = conversion([1024.0, 768.0], ThemeChoice::Light, true);
    compare(&mut window, "conversion-pictures-projector");
}

#[test]
fn conversion_spikes_light() {
    let mut window = conversion([1280.0, 800.0], ThemeChoice::Light, false);
    window.click("Spikes");
    window.wait_for_text("64 of 36,864 units");
    compare(&mut window, "conversion-spikes-light");
}

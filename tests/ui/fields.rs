//! The Receptive fields workspace, by hand and by keyboard.

use egui::accesskit::Role;
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// The workspace with a three drawn on its own small canvas.
fn open() -> Window {
    let mut window = Window::open();
    window.click("Receptive fields");
    window.wait_for_text("Into Conv 1 3×3");
    window.draw(3, 1);
    window.wait_for_text("CNN 3 answers 3, ");
    window
}

/// Clicks into a labelled picture, at a share of its size.
fn click_at(window: &mut Window, label: &str, at: [f32; 2]) {
    let rect = window.harness.query_all_by_label_contains(label).next().expect(label).rect();
    let at = rect.min + vec2(at[0], at[1]) * rect.size();
    window.harness.hover_at(at);
    window.harness.run_steps(2);
    window.harness.drag_at(at);
    window.harness.drop_at(at);
    window.harness.run_steps(3);
}

#[test]
fn from_the_network_to_one_product_and_back() {
    let mut window = open();
    window.wait_for_text("Point at a unit");
    window.click("Into Conv 2 3×3");
    window.wait_for_text("64 kernels of 3×3");
    // The first unit's map, a little right of its middle.
    click_at(&mut window, "Conv 2 3×3: 64 maps", [0.06, 0.06]);
    window.wait_for_text("unit 0 senses 5×5 pixels");
    window.wait_for_text("ReLU(");
    window.wait_for_text("Σ of 288 products over 32 inputs");
    click_at(&mut window, "Inputs times weights", [0.16, 0.6]);
    window.wait_for_text("its weight is");
    window.wait_for_text("one product");
    for gone in ["its weight is", "ReLU(", "64 kernels of 3×3"] {
        assert!(window.says(gone), "{gone}: {}", window.said());
        window.key(Modifiers::NONE, Key::Escape);
        assert!(!window.says(gone), "{gone}: {}", window.said());
    }
    window.wait_for_text("Into Conv 2 3×3");
}

/// No mouse: into a unit and over its map with the keys.
#[test]
fn the_keyboard_goes_in_too() {
    let mut window = open();
    window.click("Into Conv 1 3×3");
    window.wait_for_text("32 kernels of 3×3");
    window.harness.query_all_by_label_contains("Conv 1 3×3: 32 maps").next().unwrap().focus();
    window.harness.run_steps(2);
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::NONE, Key::Enter);
    window.wait_for_text("unit 2 senses 3×3 pixels");
    window.wait_for_text("Column 13, row 13");
    window.harness.query_all_by_label_contains("Feature map of unit 2").next().unwrap().focus();
    window.harness.run_steps(2);
    window.key(Modifiers::NONE, Key::ArrowDown);
    window.wait_for_text("Column 13, row 14");
    window.click("Slide");
    window.wait_for_text("Column 15, row 14");
    window.click("Hold");
    window.harness.get_by_role_and_label(Role::SpinButton, "Unit").set_value_accesskit(9.0);
    window.wait_for_text("unit 9 senses 3×3 pixels");
}

#[test]
fn a_unit_is_given_what_it_likes() {
    let mut window = open();
    window.click("Into Conv 1 3×3");
    window.wait_for_text("32 kernels of 3×3");
    click_at(&mut window, "Conv 1 3×3: 32 maps", [0.5, 0.5]);
    window.click("Make a picture it likes");
    window.wait_for("a picture or silence", |h| {
        ["Made for it: ", "Nothing makes it respond"]
            .iter()
            .any(|t| h.query_all_by_label_contains(t).next().is_some())
    });
    window.click("Find exciting digits");
    window.wait_for("digits that excite it", |h| {
        h.query_all_by_label_contains("Training digit ").next().is_some()
            || h.query_all_by_label_contains("a dead unit").next().is_some()
    });
}

#[test]
fn a_search_can_be_stopped() {
    let mut window = open();
    window.click("Why this answer");
    window.click("Occlusion");
    window.click("Cover the digit, part by part");
    window.wait_for("a bar", |h| h.query_by_label("Stop").is_some());
    window.click("Stop");
    window.wait_for("an end", |h| h.query_by_label("Stop").is_none());
}

#[test]
fn every_network_tells_why() {
    let mut window = open();
    window.click("Why this answer");
    for name in ["MLP", "CNN 1", "CNN 5", "RNN 1", "RNN 4"] {
        window.wait_for_text(&format!("{name} answers 3, "));
    }
    window.wait_for_text("; why 3");
    window.harness.get_by_role_and_label(Role::Button, "8").click();
    window.wait_for_text("; why 8");
}

#[test]
fn kernels_are_fitted_and_recurrent_networks_say_that_they_have_none() {
    let mut window = open();
    window.click("Gabor fit");
    window.click("Fit 32 kernels of CNN 3");
    window.wait_for_text("of 32 kernels are explained");
    window.choose("CNN 3", "RNN 2");
    window.wait_for_text("there is nothing to fit");
    window.click("Network");
    window.wait_for_text("Into LSTM 1 over 28 columns");
}

#[test]
fn everything_in_view_is_saved_as_arrays() {
    let mut window = open();
    window.click("Save");
    window.click("Arrays");
    window.wait_for_text("Saved as");
    let folder = window.home.path().join("exports");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let arrays = spikescope::core::npz::read(&file, u64::MAX).unwrap();
    assert_eq!(arrays.get("01_conv_2_3_3_output").unwrap().shape(), [24, 24, 64]);
    assert_eq!(arrays.get("01_conv_2_3_3_kernels").unwrap().shape(), [64, 32, 3, 3]);
    let ink: f32 = arrays.get("digit").unwrap().to_f32().iter().sum();
    assert!(ink > 10.0);
}

#[test]
fn where_one_was_survives_a_restart() {
    let mut window = open();
    window.click("Into Conv 1 3×3");
    window.wait_for_text("32 kernels of 3×3");
    let mut window = window.reopen();
    window.wait_for_text("32 kernels of 3×3");
    assert!(window.harness.query_by_label("Into Conv 1 3×3").is_none());
}

#[test]
fn on_a_projector_layers_and_maps_come_in_pages() {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1024.0, 768.0], home, |setup| {
        setup.workspace = Some("fields".into());
        setup.projector = true;
    });
    window.draw(3, 1);
    window.wait_for_text("Into Conv 1");
    window.click("Later layers");
    window.wait_for("other layers", |h| {
        h.query_all_by_label_contains("Into Conv 1").next().is_none()
    });
    window.click("Earlier layers");
    window.wait_for_text("Into Conv 1");
    let mut layers = window.harness.query_all_by_label_contains("Into Conv 2");
    layers.next().unwrap().click();
    drop(layers);
    window.wait_for_text("0 to ");
    window.click("Units after these");
    window.wait_for("the next units", |h| {
        h.query_all_by_label_contains("0 to ")
            .all(|n| !n.accesskit_node().value().is_some_and(|l| l.starts_with("0 to")))
    });
}

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// The History view of a run of two epochs of 29 batches.
fn looked_back() -> Window {
    let mut window = Window::open();
    window.draw(3, 1);
    window.click("Train");
    window.wait_for_combo("Synthetic digits");
    window.set("Training digits", 1000.0);
    window.set("Epochs", 2.0);
    window.set("Validation split", 10.0);
    window.click("Start training");
    window.wait_for_text("MLP finished");
    window.click("History");
    window.wait_for_text("after batch 58, epoch 2.00");
    window
}

#[test]
fn a_run_is_gone_back_through_by_keys() {
    let mut window = looked_back();
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("after batch 0, epoch 0.00");
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.wait_for_text("after batch 1, epoch");
    window.wait_for_text("Weights W of Dense 1, 512 units");
    window.wait_for_text("Probabilities then: 0: ");
    window.pick("Pictures shown", "Change since mark");
    window.wait_for_text("since batch 0");
    window.click("Mark here");
    window.wait_for_text("since batch 1");
    window.pick("Layer looked at", "Dense 2");
    window.wait_for_text("Change since mark of Dense 2, 256 units");
    window.pick("Pictures shown", "Feature maps");
    window.wait_for_text("Feature maps of Dense 2");
    window.key(Modifiers::NONE, Key::End);
    window.wait_for_text("after batch 58");
    // By the mouse, in the middle of the ruler.
    let ruler = window.harness.get_by_role_and_label(Role::Slider, "Time in snapshots").rect();
    click_at(&mut window, ruler.center());
    window.wait_for("a moment in the middle", |h| {
        h.query_all_by_label_contains("after batch 58").next().is_none()
    });
}

fn click_at(window: &mut Window, at: egui::Pos2) {
    window.harness.hover_at(at);
    window.harness.step();
    window.harness.drag_at(at);
    window.harness.step();
    window.harness.drop_at(at);
    window.harness.run_steps(3);
}

#[test]
fn confusion_at_a_moment_movement_and_a_weight_that_is_followed() {
    let mut window = looked_back();
    window.pick("Plots shown", "Confusion");
    window.wait_for_text("% of 100 held-out digits right");
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("after batch 0");
    window.wait_for_text("% of 100 held-out digits right");
    window.pick("Plots shown", "Movement of layers");
    window.pick("Figure of each layer", "Direction, to the start");
    window.wait_for_text("cosine to the initial weights");
    let pictures =
        window.harness.get_by_role_and_label(Role::Image, "Weights W of Dense 1, 512 units").rect();
    let at = pictures.min + egui::vec2(20.0, 20.0);
    click_at(&mut window, at);
    window.wait_for("a followed weight", |h| {
        let mut lists = h.query_all_by_role(Role::ComboBox);
        lists.any(|n| n.accesskit_node().value().as_deref() == Some("Single weights"))
    });
    window.wait_for("no hint", |h| {
        h.query_all_by_label_contains("Click a weight in one").next().is_none()
    });
    window.click("Follow none");
    window.wait_for_text("Click a weight in one");
}

#[test]
fn a_run_of_an_earlier_day_can_be_gone_back_through() {
    let window = looked_back();
    let mut window = window.reopen();
    window.click("Train");
    window.click("History");
    window.wait_for_text("after batch 58, epoch 2.00");
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("after batch 0");
    // Its digits are made again for the confusion.
    window.pick("Plots shown", "Confusion");
    window.wait_for_text("% of 100 held-out digits right");
    window.click("Runs");
    window.click("More");
    window.click("Delete…");
    window.click("Delete for good");
    window.click("History");
    window.wait_for_text("Every run keeps its history");
}

//! Train → Wires: one connection of a small network in one's hand.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// A window in which a small network is in training, held, and looked at.
fn held_run() -> Window {
    let mut window = Window::open();
    window.click("Draw");
    window.draw(3, 1);
    window.click("Train");
    window.wait_for_combo("Synthetic digits");
    window.click("Wires");
    window.wait_for_text("No run has been in hand");
    window.click("Train a small network");
    window.wait_for_text("the answer is");
    window.click("Pause");
    window.wait_for_text("paused");
    window
}

/// Ticks a box, or takes the tick away.
fn tick(window: &mut Window, name: &str) {
    window.harness.get_by_role_and_label(Role::CheckBox, name).click();
    window.settle();
}

/// The words about the chosen connection.
fn sentence(window: &Window) -> String {
    let mut found = window.harness.query_all_by_label_contains("Carries ");
    let label = found.next().and_then(|n| n.accesskit_node().label());
    label.unwrap_or_default()
}

#[test]
fn a_connection_is_set_held_and_put_back() {
    let mut window = held_run();
    window.choose("choose", "hidden 2 → classes");
    window
        .wait_for("the connection", |h| h.query_all_by_label_contains("Carries ").next().is_some());
    let before = sentence(&window);
    window.set("Weight", 9.0);
    window.wait_for_text("Carries 9.00 ×");
    // A held one stays while the others learn.
    tick(&mut window, "Hold");
    for _ in 0..2 {
        window.click("Step");
        window.settle();
    }
    assert!(window.says("Carries 9.00 ×"), "{}", window.said());
    tick(&mut window, "Hold");
    window.click("Flip");
    window.wait_for_text("Carries −9.00 ×");
    // Changes that follow each other at once are one for undo.
    std::thread::sleep(std::time::Duration::from_millis(800));
    window.click("Cut");
    window.wait_for_text("Carries 0.00 ×");
    // One step back, then all of them.
    window.key(egui::Modifiers::COMMAND, egui::Key::Z);
    window.wait_for_text("Carries −9.00 ×");
    window.key(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::Z);
    window.wait_for_text("Carries 0.00 ×");
    window.click("Put all back");
    let weight = before.split(" ×").next().unwrap().to_owned();
    window.wait_for_text(&weight);
    // The list of runs says that a hand was in it.
    window.click("Stop");
    window.click("Runs");
    window.wait_for_text("weights set by hand");
}

#[test]
fn a_network_that_learns_no_more_is_changed_in_a_copy_and_undone() {
    let mut window = held_run();
    window.click("Stop");
    window.wait_for_text("It learns no more");
    let answer = |window: &Window| {
        let mut images = window.harness.query_all_by_label_contains("Connections, units 12, 8, 10");
        let image = images.find(|n| n.accesskit_node().role() == Role::Image).unwrap();
        image.accesskit_node().label().unwrap()
    };
    let before = answer(&window);
    window.choose("choose", "hidden 2 → classes");
    tick(&mut window, "bias");
    window.set("Weight", 50.0);
    window.wait_for("the answer is 0", |h| {
        h.query_all_by_label_contains("the answer is 0, 100 %").next().is_some()
    });
    window.key(egui::Modifiers::COMMAND, egui::Key::Z);
    window.settle();
    assert_eq!(answer(&window), before);
    // Changed once more, it is kept as a run.
    window.set("Weight", 50.0);
    window.click("Keep as a run");
    window.wait_for_text("is kept as a run");
    window.click("Runs");
    window.wait_for_text("weights set by hand");
}

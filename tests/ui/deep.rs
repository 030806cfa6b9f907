use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Window;

fn open() -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("deep".into());
    });
    window.wait_for_text("There is no digit yet.");
    window
}

/// With a three on the canvas.
fn with_digit() -> Window {
    let mut window = open();
    window.click("Draw one");
    window.wait_for_text(super::CANVAS);
    window.draw(3, 1);
    window.key(Modifiers::COMMAND, Key::Num9);
    window.wait_for_text("Step 25 of 25: it answers 3");
    window
}

fn choose(window: &mut Window, network: &str) {
    let list = window.harness.get_by_role_and_label(Role::ComboBox, "Network");
    list.click_accesskit();
    window.harness.run_steps(3);
    window.click(network);
}

#[test]
fn an_answer_forms_step_by_step_and_a_neuron_is_looked_at() {
    let mut window = with_digit();
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("Step 0 of 25: no answer yet, after 0 spikes");
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.wait_for_text("Step 1 of 25");
    // Every view has something to show of it, by its key.
    for (key, said) in [
        (Key::Num2, " of LIF 1: "),
        (Key::Num3, "← Back through time, for class 3"),
        (Key::Num5, "spikes of the retina"),
        (Key::Num6, "Layer 1: 32 maps"),
        (Key::Num1, "Step 1 of 25"),
    ] {
        window.key(Modifiers::NONE, key);
        window.wait_for_text(said);
    }
    // Undo brings back what was looked at.
    window.key(Modifiers::NONE, Key::Num3);
    let list = window.harness.get_by_role_and_label(Role::ComboBox, "Credit for");
    list.click_accesskit();
    window.harness.run_steps(3);
    window.click("class 5");
    window.wait_for_text("← Back through time, for class 5");
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait_for_text("← Back through time, for class 3");
}

#[test]
fn the_class_that_fires_first_is_the_answer() {
    let mut window = with_digit();
    choose(&mut window, "First spike");
    window.wait_for_text("3 has fired first");
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("no class has fired yet");
    // It has no membranes to follow: another network is looked at there.
    window.key(Modifiers::NONE, Key::Num2);
    window.wait_for_text(" of LIF 1: ");
}

#[test]
fn many_digits_are_decided_when_sure_and_it_can_be_stopped() {
    let mut window = open();
    window.key(Modifiers::NONE, Key::Num4);
    window.click("Show all of them");
    window.wait_for_text("Stop");
    window.wait_for("some digits", |h| h.query_by_label_contains("test digits of").is_some());
    window.click("Stop");
    window.wait_for_text("Show all of them");
    assert!(window.says("Save as CSV"));
    let shown = "Accuracy against time: LIF dense";
    assert!(window.harness.query_all_by_label_contains(shown).next().is_some());
}

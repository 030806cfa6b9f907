use egui::{Key, Modifiers};

use super::Window;

/// A 3 is drawn, then shown to a network in spikes.
fn open() -> Window {
    let mut window = Window::open();
    window.draw(3, 1);
    window.key(Modifiers::COMMAND, Key::Num8);
    window.wait_for_text("in spikes after 100 steps: 3, ");
    window
}

#[test]
fn a_digit_in_spikes_is_stepped_through_and_looked_at_in_four_ways() {
    let mut window = open();
    assert!(window.says("CNN 3 says 3, "), "{}", window.said());
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("in spikes: not a step yet");
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.wait_for_text("in spikes after 1 steps: ");
    window.key(Modifiers::NONE, Key::End);
    window.click("Spikes");
    window.wait_for_text("64 of 36864 units");
    window.click("One unit");
    window.wait_for_text("The ReLU gives ");
    window.pick("Network", "MLP");
    window.click("Side by side");
    window.wait_for_text("MLP says 3, ");
    window.click("Many digits");
    window.click("100");
    window.wait_for_text("MLP on 100 of the digits");
    window.wait_for("the end of the row", |h| {
        use egui_kittest::kittest::Queryable;
        h.query_by_label("Start").is_some()
    });
    assert!(window.says("against the original") && window.says("µJ"), "{}", window.said());
}

#[test]
fn other_steps_are_made_and_reset() {
    let mut window = open();
    window.set("Steps", 8.0);
    window.wait_for_text("in spikes after 8 steps: ");
    window.click("Reset");
    window.wait_for_text("in spikes after 100 steps: ");
}

#[test]
fn blank_paper_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1024.0, 768.0], home, |setup| {
        setup.workspace = Some("conversion".into());
    });
    window.wait_for_text("Blank paper: draw a digit");
}

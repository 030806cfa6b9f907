use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Window;

fn open() -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("imagine".into());
    });
    window.wait_for_text("There is no digit yet.");
    window
}

/// With a three on the canvas, of which the right half is covered.
fn with_digit() -> Window {
    let mut window = open();
    window.click("Draw one");
    window.wait_for_text(super::CANVAS);
    window.draw(3, 1);
    window.key(Modifiers::COMMAND, Key::I);
    window.wait_for_text("Step 40 of 40: mean squared error of the 392 covered pixels");
    window
}

#[test]
fn a_covered_digit_is_finished_step_by_step() {
    let mut window = with_digit();
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("Step 0 of 40");
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.wait_for_text("Step 1 of 40");
    // A part is covered by its name, and undo uncovers it.
    window.click("Middle");
    window.wait_for_text("error of the 196 covered pixels");
    // What is done within a moment is one change.
    std::thread::sleep(std::time::Duration::from_millis(800));
    window.click("None");
    window.wait_for_text("nothing is covered");
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait_for_text("of the 196 covered pixels");
    // Even of a digit of which nothing is left something is made.
    window.click("All");
    window.wait_for_text("of the 784 covered pixels");
}

#[test]
fn what_the_mouse_goes_over_is_covered() {
    let mut window = with_digit();
    window.click("None");
    window.wait_for_text("nothing is covered");
    let canvas = window.harness.get_by_role_and_label(
        Role::Canvas,
        "The digit, of which 0 pixels are covered; drag to cover",
    );
    let rect = canvas.rect();
    let way = [rect.left_center() + egui::vec2(20.0, 0.0), rect.center(), rect.right_center()];
    window.harness.hover_at(way[0]);
    window.harness.step();
    window.harness.drag_at(way[0]);
    window.harness.step();
    for point in &way[1..] {
        window.harness.hover_at(*point);
        window.harness.step();
    }
    window.harness.drop_at(way[2]);
    window.harness.run_steps(2);
    window.wait_for("covered pixels", |h| {
        h.query_by_label_contains("covered pixels").is_some()
            && h.query_by_label_contains("nothing is covered").is_none()
    });
}

#[test]
fn digits_are_dreamed_and_judged() {
    let mut window = open();
    window.key(Modifiers::NONE, Key::Num2);
    window.wait_for_text("mean squared distance to the nearest training digit");
    window.pick("Digit", "7");
    window.wait_for_text("of 36 read as 7");
    window.wait_for_text("Nearest training digit: a ");
    window.click("Another");
    window.wait_for_text("of 36 read as 7");
}

#[test]
fn every_view_has_something_to_show_by_its_key() {
    let mut window = with_digit();
    for (key, said) in [
        (Key::Num3, "Frame 0 of 12: 0 % of the way"),
        (Key::Num4, "Round 1: encoders propose causes"),
        (Key::Num5, "500 units; orange adds ink"),
        (Key::Num6, "Nothing is measured of this network yet."),
        (Key::Num7, "Free, it answers "),
        (Key::Num8, "After 0 presentations the error is "),
        (Key::Num9, "Nothing is learned yet; press Space"),
        (Key::Num1, "Step 40 of 40"),
    ] {
        window.key(Modifiers::NONE, key);
        window.wait_for_text(said);
    }
}

#[test]
fn e_steps_raise_j_and_the_m_step_changes_weights() {
    let mut window = with_digit();
    window.key(Modifiers::NONE, Key::Num4);
    window.wait_for_text("Round 1: encoders propose causes");
    for step in 1..=10 {
        window.key(Modifiers::NONE, Key::ArrowRight);
        window.wait_for_text(&format!("E step {step} of 10"));
    }
    window.wait_for_text("The M step is next.");
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.wait_for_text("Round 1, M step: weights have changed");
    window.wait_for_text("These have just changed most");
    window.key(Modifiers::NONE, Key::ArrowLeft);
    window.wait_for_text("The M step is next.");
}

#[test]
fn a_curve_is_learned_and_what_is_left_out_is_told() {
    let mut window = open();
    window.key(Modifiers::NONE, Key::Num8);
    window.wait_for_text("After 0 presentations");
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text("After 200 presentations");
    window.key(Modifiers::NONE, Key::Space);
    window.harness.get_by_role_and_label(Role::RadioButton, "Silent neurons").click();
    window.harness.run_steps(3);
    window.wait_for_text("Cure: Noise, and a bias near the threshold.");
    window.wait_for_text("After 0 presentations");
}

#[test]
fn the_network_is_measured_in_the_background_and_it_can_be_stopped() {
    let mut window = open();
    window.key(Modifiers::NONE, Key::Num6);
    window.click("Measure");
    window.wait_for_text("A linear read-out of h1 is right");
    window.click("Stop");
    window.wait_for_text("Measure");
    assert!(window.says("Error of what h1 draws"));
}

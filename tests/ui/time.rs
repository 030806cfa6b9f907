use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

fn open() -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("time".into());
    });
    window.wait_for_text("From the left: 28 of 28 columns read");
    window.click("Answers");
    window.wait_for_text("Answers after every step");
    window
}

/// Where the time bar stands.
fn at(window: &Window) -> f64 {
    let ruler = window.harness.get_by_role_and_label(Role::Slider, "Time in lines");
    ruler.accesskit_node().numeric_value().unwrap()
}

fn go(window: &mut Window, k: f64) {
    window.harness.get_by_role_and_label(Role::Slider, "Time in lines").set_value_accesskit(k);
    window.harness.run_steps(3);
    assert_eq!(at(window), k);
}

/// The whole answer of the strips to a screen reader.
fn answers(window: &Window) -> String {
    let figures = window.harness.query_all_by_label_contains("Answers after every step");
    figures.filter_map(|n| n.accesskit_node().label()).next().unwrap_or_default()
}

#[test]
fn the_digit_is_read_step_by_step_and_redrawn_in_the_middle() {
    let mut window = open();
    window.draw(3, 1);
    // The ensemble may say so before the last stroke is done, RNN 1 not quite.
    window.wait_for_text("RNN ensemble says 3, ");
    window.wait_for_text("RNN 1 says 3, ");
    // Before anything is read nobody can know; then a step at a time.
    window.key(Modifiers::NONE, Key::Home);
    assert_eq!(at(&window), 0.0);
    assert!(answers(&window).contains("after 0 of 28"));
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.key(Modifiers::SHIFT, Key::ArrowRight);
    window.key(Modifiers::NONE, Key::ArrowLeft);
    assert_eq!(at(&window), 10.0);
    window.wait_for_text("From the left: 10 of 28 columns read");
    // Redrawn while paused: the position stays.
    window.click("Clear");
    window.draw(8, 3);
    assert_eq!(at(&window), 10.0);
    window.key(Modifiers::NONE, Key::End);
    window.wait_for_text("RNN ensemble says 8, ");
    assert_eq!(at(&window), 28.0);
}

#[test]
fn space_plays_unless_somebody_draws_or_types() {
    let mut window = open();
    window.draw(3, 1);
    go(&mut window, 0.0);
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for("some steps", |h| {
        let ruler = h.get_by_role_and_label(Role::Slider, "Time in lines");
        ruler.accesskit_node().numeric_value().is_some_and(|k| k > 2.0)
    });
    window.key(Modifiers::NONE, Key::Space);
    let paused = at(&window);
    assert!(window.says("Play") && paused < 28.0);
    window.harness.run_steps(10);
    assert_eq!(at(&window), paused);
    // With the keyboard on the canvas, Space and arrows are the pen's.
    window.click("Clear");
    window.harness.get_by_label(super::CANVAS).focus();
    window.harness.run_steps(2);
    window.key(Modifiers::NONE, Key::Space);
    for _ in 0..10 {
        window.key(Modifiers::NONE, Key::ArrowRight);
    }
    window.key(Modifiers::NONE, Key::Space);
    assert_eq!(at(&window), paused);
    window.click("Undo");
    // Whoever is typing a speed types.
    let speed = window.harness.get_by_role_and_label(Role::TextInput, "Speed");
    speed.focus();
    window.harness.run_steps(2);
    window.key(Modifiers::NONE, Key::Home);
    assert_eq!(at(&window), paused);
}

#[test]
fn speeds_are_typed_and_nonsense_is_refused() {
    let mut window = open();
    let mut type_speed = |text: &str| {
        let field = window.harness.get_by_role_and_label(Role::TextInput, "Speed");
        field.focus();
        window.harness.run_steps(2);
        window.key(Modifiers::COMMAND, Key::A);
        window.harness.get_by_role_and_label(Role::TextInput, "Speed").type_text(text);
        window.harness.run_steps(2);
        window.key(Modifiers::NONE, Key::Enter);
        let field = window.harness.get_by_role_and_label(Role::TextInput, "Speed");
        let now = field.accesskit_node().value().unwrap_or_default();
        (now, window.says("stays as it was"))
    };
    assert_eq!(type_speed("2.5"), ("2.5".into(), false));
    assert_eq!(type_speed("NaN"), ("2.5".into(), true));
    assert_eq!(type_speed("1e99"), ("2.5".into(), true));
    assert_eq!(type_speed("1"), ("1".into(), false));
}

#[test]
fn dragging_on_the_ruler_pauses_and_with_shift_selects() {
    let mut window = open();
    window.draw(5, 2);
    go(&mut window, 0.0);
    window.click("Play");
    let rect = {
        let ruler = window.harness.get_by_role_and_label(Role::Slider, "Time in lines");
        ruler.rect()
    };
    let place =
        |k: f32| egui::pos2(rect.left() + 8.0 + k / 28.0 * (rect.width() - 16.0), rect.top() + 8.0);
    let drag = |window: &mut Window, from: f32, to: f32, modifiers: Modifiers| {
        let mut send = |event| {
            window.harness.input_mut().events.push(event);
            window.harness.step();
        };
        let button = |pressed, k| egui::Event::PointerButton {
            pos: place(k),
            button: egui::PointerButton::Primary,
            pressed,
            modifiers,
        };
        send(egui::Event::ModifiersChanged(modifiers));
        send(egui::Event::PointerMoved(place(from)));
        send(button(true, from));
        send(egui::Event::PointerMoved(place(to)));
        send(button(false, to));
        window.harness.run_steps(3);
    };
    drag(&mut window, 4.0, 17.0, Modifiers::NONE);
    assert_eq!(at(&window), 17.0);
    assert!(window.says("Play"), "dragging pauses; {}", window.said());
    drag(&mut window, 20.0, 12.0, Modifiers::SHIFT);
    window.harness.input_mut().events.push(egui::Event::ModifiersChanged(Modifiers::NONE));
    assert_eq!(at(&window), 17.0);
    window.wait_for_text("Clear the selection from 12 to 20");
    window.choose("off", "selection");
    window.click("Play");
    window.wait_for("a loop within the selection", |h| {
        let ruler = h.get_by_role_and_label(Role::Slider, "Time in lines");
        ruler.accesskit_node().numeric_value().is_some_and(|k| k < 15.0)
    });
    for _ in 0..20 {
        window.harness.step();
        assert!((12.0..=20.0).contains(&at(&window)));
    }
    window.key(Modifiers::NONE, Key::Space);
}

#[test]
fn what_is_hidden_changes_the_answers_and_comes_back() {
    let mut window = open();
    window.draw(3, 1);
    window.wait_for_text("RNN ensemble says 3, ");
    window.settle();
    let before = answers(&window);
    let slider = window.harness.get_by_role_and_label(Role::Slider, "Hide the last");
    slider.set_value_accesskit(20.0);
    window.harness.run_steps(3);
    window.wait_for("other answers", |h| {
        h.query_all_by_label_contains("RNN ensemble says 3, ").next().is_none()
    });
    window.click("Show all");
    window.wait_for_text("RNN ensemble says 3, ");
    window.settle();
    assert_eq!(answers(&window), before);
    go(&mut window, 14.0);
    window.click("Hide column 14");
    window.wait_for_text("Show column 14");
    window.click("Show all");
    window.wait_for_text("Hide column 14");
}

#[test]
fn gates_are_shown_of_any_unit() {
    let mut window = open();
    window.draw(7, 1);
    window.click("Hidden units");
    window.wait_for_text("cell c of RNN 2, 128 units over 28 columns");
    window.wait_for_text("Gates of unit 1 of RNN 1");
    window.click("Most moved");
    window.choose("RNN 1", "RNN 4");
    window.set("unit", 77.0);
    window.wait_for_text("Gates of unit 77 of RNN 4");
}

#[test]
fn a_test_set_is_surveyed() {
    let mut window = open();
    window.click("How early");
    window.click("Read all of them");
    window.wait_for_text("test digits of Synthetic digits");
    window.wait_for("the end", |h| h.query_by_label("Read all of them").is_some());
    window.wait_for_text("2000 test digits of Synthetic digits");
    window.wait_for_text("RNN ensemble");
}

#[test]
fn right_and_wrong_are_said_below_the_pictures() {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1024.0, 768.0], home, |setup| {
        setup.workspace = Some("time".into());
        setup.projector = true;
    });
    window.draw(3, 1);
    window.wait_for_text("RNN ensemble says 3, ");
    assert!(!window.says(": right"));
    // The pictures are the figure.
    let mut found = window.harness.query_all_by_label_contains("From the left: 28 of 28");
    let side = found.next().unwrap().rect().width();
    assert!(side > 150.0, "{side}");
}

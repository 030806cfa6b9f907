use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// A dense and a convolutional network and all together answer `digit`.
fn they_answer(window: &mut Window, digit: u8) {
    for model in ["MLP", "CNN 3"] {
        window.wait_for_text(&format!("{model} answers {digit}, "));
    }
    window.wait_for_text(&format!("All ten answers {digit}, "));
}

#[test]
fn a_drawn_digit_is_answered() {
    let mut window = Window::open();
    window.wait_for_text("Draw, and they answer");
    for digit in [3, 5, 8] {
        window.draw(digit, 1);
        they_answer(&mut window, digit);
        window.click("Clear");
        window.wait_for_text("Draw, and they answer");
    }
}

/// The answers come while the pen is still on the paper.
#[test]
fn answers_come_while_drawing() {
    let mut window = Window::open();
    let rect = {
        let canvas = window.harness.get_by_label(super::CANVAS);
        canvas.rect()
    };
    let at = |x: f32, y: f32| rect.min + egui::vec2(x, y) * rect.size();
    window.harness.hover_at(at(0.5, 0.1));
    window.harness.step();
    window.harness.drag_at(at(0.5, 0.1));
    for i in 1..=8 {
        window.harness.hover_at(at(0.5, 0.1 + 0.1 * i as f32));
        window.harness.step();
    }
    // The button is still held.
    window.wait_for_text("MLP answers 1, ");
    window.wait_for_text("CNN 3 answers 1, ");
}

#[test]
fn undo_redo_clear_and_eraser() {
    let mut window = Window::open();
    window.stroke(&[[0.5, 0.1], [0.5, 0.9]]);
    window.wait_for_text("All ten answers 1, ");
    window.stroke(&[[0.1, 0.1], [0.9, 0.9]]);
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait_for_text("All ten answers 1, ");
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait_for_text("Draw, and they answer");
    window.key(Modifiers::COMMAND, Key::Y);
    window.wait_for_text("All ten answers 1, ");
    // The canvas has the focus now, and Delete clears all the same.
    window.key(Modifiers::NONE, Key::Delete);
    window.wait_for_text("Draw, and they answer");
    window.click("Undo");
    window.wait_for_text("All ten answers 1, ");
    window.click("Eraser");
    window.stroke(&[[0.5, 0.0], [0.5, 1.0]]);
    window.wait_for_text("Draw, and they answer");
    window.click("Undo");
    window.wait_for_text("All ten answers 1, ");
}

#[test]
fn the_keyboard_draws_too() {
    let mut window = Window::open();
    window.harness.get_by_label(super::CANVAS).focus();
    window.harness.run_steps(2);
    for _ in 0..18 {
        window.key(Modifiers::NONE, Key::ArrowUp);
    }
    window.key(Modifiers::NONE, Key::Space);
    for _ in 0..36 {
        window.key(Modifiers::NONE, Key::ArrowDown);
    }
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text("All ten answers 1, ");
}

/// A fast hand on a slow frame: press, moves and release arrive together.
#[test]
fn a_stroke_within_one_frame_is_kept() {
    let mut window = Window::open();
    let rect = window.harness.get_by_label(super::CANVAS).rect();
    let at = |y: f32| rect.min + egui::vec2(0.5, y) * rect.size();
    let button = |pressed, y| egui::Event::PointerButton {
        pos: at(y),
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.harness.hover_at(at(0.1));
    window.harness.run_steps(2);
    // In one frame, as `step` would otherwise take them one by one.
    let events = &mut window.harness.input_mut().events;
    events.push(button(true, 0.1));
    events.extend((1..=8).map(|i| egui::Event::PointerMoved(at(0.1 + 0.1 * i as f32))));
    events.push(button(false, 0.9));
    window.harness.step();
    window.wait_for_text("All ten answers 1, ");
}

#[test]
fn synthetic_digits_can_be_picked() {
    // Without MNIST, they are chosen.
    let mut window = Window::open();
    window.wait_for("the digits", |h| {
        h.query_by_label("Next").is_some_and(|n| !n.accesskit_node().is_disabled())
    });
    window.click("Next");
    window.wait_for_text("Synthetic digit 0, labelled ");
    let label = label_shown(&window);
    they_answer(&mut window, label);
    window.click("Next");
    window.wait_for_text("Synthetic digit 1, labelled ");
    window.click("Back");
    window.wait_for_text("Synthetic digit 0, labelled ");
    window.key(Modifiers::NONE, Key::R);
    assert!(!window.says("Synthetic digit 0,"), "{}", window.said());
    // Only those that MLP gets wrong.
    window.choose("any digit", "wrong by MLP");
    // The first may be found long after the search began: none are there to step through yet.
    window.wait_for("the first of them", |h| {
        h.query_by_label("Next").is_some_and(|n| !n.accesskit_node().is_disabled())
    });
    // It moves what stands in its row.
    window.harness.run_steps(2);
    window.click("Next");
    window.wait_for_text("labelled");
    let right = format!("MLP answers {}, ", label_shown(&window));
    window.wait_for("a wrong answer", |h| {
        h.query_all_by_label_contains("MLP answers").next().is_some()
            && h.query_all_by_label_contains(&right).next().is_none()
    });
    // And only one class of them.
    window.choose("0 to 9", "only 8s");
    window.wait_for_text(" digit");
    window.choose("wrong by MLP", "any digit");
    window.wait_for_text("200 digits");
    window.click("Next");
    window.wait_for_text("labelled 8");
}

/// What is found is picked from while the search goes on, and names who disagrees.
#[test]
fn digits_on_which_networks_disagree_are_found() {
    let mut window = Window::open();
    window.wait_for("the digits", |h| {
        h.query_by_label("Next").is_some_and(|n| !n.accesskit_node().is_disabled())
    });
    window.choose("any digit", "networks disagree");
    window.wait_for("one of them", |h| {
        h.query_by_label("Next").is_some_and(|n| !n.accesskit_node().is_disabled())
    });
    window.click("Next");
    window.wait_for_text("They disagree: ");
    // Another choice ends the search.
    window.choose("networks disagree", "any digit");
    assert!(!window.says(" among "), "{}", window.said());
}

#[test]
fn answers_are_saved_and_no_button_leads_nowhere() {
    let mut window = Window::open();
    window.draw(3, 1);
    they_answer(&mut window, 3);
    window.wait_for_text("All 21 say 3");
    assert!(window.says("All ten answers 3, "), "{}", window.said());
    window.click("Save as CSV");
    window.wait_for_text("Saved as ");
    let exports = window.home.path().join("exports");
    let file = std::fs::read_dir(exports).unwrap().next().unwrap().unwrap().path();
    let table = std::fs::read_to_string(file).unwrap();
    // Those that vote, and the spiking network once it has answered.
    assert!(table.lines().count() >= 14, "{table}");
    assert!(table.contains("\nMLP,true,3,"), "{table}");
    // Who does not want MNIST finds it again beside the digits.
    window.click("Not now");
    window.click("Get MNIST…");
    window.wait_for_text("Download (11 MB)");
}

/// A picture with a 1 and a 7 in a frame.
pub(super) fn picture_of_two(path: &std::path::Path) {
    let picture = image::GrayImage::from_fn(300, 160, |x, y| {
        let one = x.abs_diff(80) < 6 && (40..120).contains(&y);
        let bar = (40..50).contains(&y) && (170..230).contains(&x);
        let stem = (40..120).contains(&y) && x.abs_diff(225 - (y - 40) / 2) < 6;
        let frame = x.abs_diff(150).abs_diff(130) < 2 && y.abs_diff(80) < 62
            || y.abs_diff(80).abs_diff(60) < 2 && x.abs_diff(150) < 132;
        image::Luma([if one || bar || stem || frame { 20 } else { 240 }])
    });
    picture.save(path).unwrap();
}

#[test]
fn the_digits_of_a_dropped_picture_can_be_chosen() {
    let mut window = Window::open();
    let file = window.home.path().join("two.png");
    picture_of_two(&file);
    window.drop_file(file);
    window.wait_for_text("2 digits; choose one");
    window.wait_for_text("Ruled lines or a frame were left out");
    they_answer(&mut window, 1);
    window.click("Digit 2 of 2 in the picture");
    they_answer(&mut window, 7);
    window.click("Digit 1 of 2 in the picture");
    they_answer(&mut window, 1);
    // Nothing on it is a message, and what is shown stays.
    let blank = window.home.path().join("blank.png");
    image::GrayImage::from_pixel(90, 90, image::Luma([200])).save(&blank).unwrap();
    window.drop_file(blank);
    window.wait_for_text("no digit was found");
    they_answer(&mut window, 1);
}

/// The label of the picked digit.
fn label_shown(window: &Window) -> u8 {
    let said = window.said();
    let after = said.split("labelled ").nth(1).expect("a picked digit");
    after[..1].parse().unwrap()
}

#[test]
fn noise_and_shift_change_the_answer_and_go_away_again() {
    let mut window = Window::open();
    window.draw(5, 2);
    window.wait_for_text("All ten answers 5, ");
    window
        .harness
        .get_by_role_and_label(egui::accesskit::Role::Slider, "Noise σ")
        .set_value_accesskit(1.0);
    window.harness.run_steps(3);
    window
        .harness
        .get_by_role_and_label(egui::accesskit::Role::Slider, "Shift right")
        .set_value_accesskit(10.0);
    window.harness.run_steps(3);
    window.wait_for("another answer", |h| {
        h.query_all_by_label_contains("All ten answers 5, ").next().is_none()
    });
    window.click("No noise, no shift");
    window.wait_for_text("All ten answers 5, ");
}

/// The classroom's experiment: the same small digit in a corner, centred and not.
#[test]
fn centring_matters() {
    let mut window = Window::open();
    // As thick for its size as a large one.
    window.set("Pen width", 4.0);
    let small = |p: &[f32; 2]| [0.02 + 0.45 * p[0], 0.53 + 0.45 * p[1]];
    for stroke in spikescope::data::synthetic::strokes(11, 8, 2) {
        let points: Vec<[f32; 2]> = stroke.iter().map(small).collect();
        window.stroke(&points);
    }
    window.wait_for_text("All ten answers 8");
    window.harness.get_by_role_and_label(egui::accesskit::Role::CheckBox, "Centre digit").click();
    window.harness.run_steps(3);
    window.wait_for("a lost network", |h| {
        h.query_all_by_label_contains(" answers ").count() == 23
            && h.query_all_by_label_contains("All ten answers 8").next().is_none()
    });
}

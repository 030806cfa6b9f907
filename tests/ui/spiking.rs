use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use spikescope::data::registry::SYNTHETIC_TRAIN;
use spikescope::snn::diehl_cook::order::{Order, Sequence};

use super::Window;

/// The workspace with a network of 25 neurons, held at its beginning.
fn open() -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("spiking".into());
    });
    window.wait_for_text("first labels after");
    window.pick("Neurons", "25");
    window.wait_for_text("Receptive fields of 25 neurons");
    window
}

/// Where the time bar stands: `12 of 300 images`.
fn images(window: &Window) -> u64 {
    let mut found = window.harness.query_all_by_label_contains(" images");
    let text = found.find_map(|n| n.accesskit_node().value().filter(|v| v.contains(" of ")));
    let text = text.expect("the position of the time bar");
    text.split(" of ").next().unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn a_network_learns_is_held_stepped_and_looked_back_at() {
    let mut window = open();
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text(" right");
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for("a held run", |h| h.query_all_by_label_contains("images/s").count() < 2);
    // Winners are marked when they can be followed.
    window.wait_for_text("Images it won last");
    window.settle();
    let held = images(&window);
    assert!(held > 250, "{held}");
    window.click("Step on");
    window.wait_for("the next image", |h| {
        h.query_all_by_label_contains(&format!("{} of ", held + 1)).next().is_some()
    });
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("first labels after");
    assert_eq!(images(&window), 0);
    window.key(Modifiers::NONE, Key::End);
    window.wait_for_text(" right");
}

#[test]
fn spikes_are_stepped_to_and_traced() {
    let mut window = open();
    window.click("Spikes");
    window.wait_for_text("recording begins with what you look at");
    window.click("Next spike");
    window.wait_for_text("Raster of");
    let first = Sequence::new(Order::Shuffled, 1, SYNTHETIC_TRAIN, 0).at(0);
    window.wait_for_text(&format!("Image {first}, a "));
    window.click("Step on");
    window.click("Step back");
    window.wait_for_text("behind live");
}

#[test]
fn the_current_digit_is_shown_to_the_network_in_the_box() {
    let mut window = Window::open();
    window.draw(7, 1);
    window.wait_for_text("STDP 400 answers 7");
    window.key(Modifiers::COMMAND, Key::Num8);
    window.click("Your digit");
    window.wait_for_text("No neuron has fired yet");
    window.key(Modifiers::NONE, Key::End);
    window.wait_for_text("The vote says 7");
    window.wait_for_text("Who fired most");
}

#[test]
fn an_experiment_turns_the_knobs_and_reset_turns_them_back() {
    let mut window = open();
    window.pick("Experiment", "No competition");
    window.wait_for_text("all fields become the same");
    window.click("Reset");
    window.wait_for_text("Competition, homeostasis and normalisation as published");
    window.wait_for_text("Receptive fields of 400 neurons");
}

/// Lets it learn more than would be given up without a question, and holds it.
fn learn(window: &mut Window) -> u64 {
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for("some hundred images", |h| {
        let said = h.query_all_by_label_contains(" images").filter_map(|n| {
            let said = n.accesskit_node().value()?;
            said.split_once(" of ")?.0.replace(',', "").parse::<u64>().ok()
        });
        said.max().is_some_and(|n| n > 320)
    });
    window.key(Modifiers::NONE, Key::Space);
    window.settle();
    images(window)
}

#[test]
fn what_was_learnt_is_not_given_up_without_a_question() {
    let mut window = open();
    let learnt = learn(&mut window);
    for key in [Some(Key::Escape), Some(Key::Enter), None] {
        window.click("Restart");
        window.wait_for_text("Begin anew?");
        match key {
            Some(key) => window.key(Modifiers::NONE, key),
            None => window.click("Keep"),
        }
        window.settle();
        assert!(!window.says("Begin anew?"), "{key:?}");
        assert_eq!(images(&window), learnt, "{key:?}");
    }
    window.click("New seed");
    window.wait_for_text("Begin anew?");
    window.click("Begin anew");
    window.wait_for_text("first labels after");
    window.wait_for_text("seed 2");
    assert_eq!(images(&window), 0);
}

#[test]
fn the_network_that_learns_goes_on_after_a_restart() {
    let mut window = open();
    let learnt = learn(&mut window);
    let mut window = window.reopen();
    window.key(Modifiers::COMMAND, Key::Num8);
    window.wait_for_text(&format!("continues from image {learnt}"));
    window.wait_for_text("Receptive fields of 25 neurons");
    assert_eq!(images(&window), learnt);
    window.click("Step on");
    window.wait_for("the next image", |h| {
        h.query_all_by_label_contains(&format!("{} of ", learnt + 1)).next().is_some()
    });
    // One that is broken is set aside, and said.
    let file = window.home.path().join("spiking-network.npz");
    let home = {
        let Window { mut harness, home } = window;
        eframe::App::on_exit(harness.state_mut());
        drop(harness);
        home
    };
    std::fs::write(&file, b"PK nonsense").unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("spiking".into());
    });
    window.wait_for_text("cannot go on");
    window.wait_for_text("first labels after");
    assert!(!file.exists() && file.with_extension("unused.npz").exists());
}

#[test]
fn the_status_line_holds_the_run_wherever_one_is() {
    let mut window = open();
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text("Pause spiking network");
    window.click("Your digit");
    window.click("Pause spiking network");
    window.wait_for("a held run", |h| {
        h.query_all_by_label_contains("Pause spiking network").next().is_none()
    });
}

#[test]
fn damage_says_which_network_it_cuts() {
    let mut window = open();
    window.click("Damage");
    window.wait_for_text("Damaged: STDP 400, a bundled network");
    window.click("Learning");
    learn(&mut window);
    window.click("Damage");
    window.wait_for_text("Damaged: the network that learns here (25 neurons");
}

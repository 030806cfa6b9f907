use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

fn open(tab: &str) -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("plasticity".into());
    });
    window.wait_for_text("Measured against formula");
    if tab != "STDP windows" {
        window.click(tab);
    }
    window
}

/// Where a spike that can be dragged stands.
fn grip(window: &Window, label: &str) -> egui::Pos2 {
    window.harness.get_by_label_contains(label).rect().center()
}

#[test]
fn every_rule_meets_its_formula_and_can_be_changed() {
    let mut window = open("STDP windows");
    // The pair rule alone, until others are laid over it.
    assert!(window.says("Pair STDP below 0.01 %") && !window.says("Triplet STDP below"));
    for rule in ["Triplet STDP", "Diehl & Cook's STDP", "Bengio's rule"] {
        window.harness.get_by_role_and_label(Role::CheckBox, rule).click();
        window.harness.run_steps(3);
    }
    for text in ["Pair STDP below 0.01 %", "Triplet STDP below", "Diehl & Cook", "Bengio"] {
        assert!(window.says(text), "{text}: {}", window.said());
    }
    window.choose("Pair STDP", "Bengio's rule");
    window.choose("the rate of spikes", "the membrane potential");
    window.wait_for_text("there is no formula");
    window.click("Reset");
    window.wait_for("the formula", |h| {
        h.query_all_by_label_contains("there is no formula").next().is_none()
    });
}

#[test]
fn spikes_are_dragged_past_each_other_and_the_sign_changes() {
    let mut window = open("A pair, step by step");
    window.wait_for_text("meets x = 0.607; w 0.5000 → 0.5061 (+0.0061)");
    let (from, pre) = (
        grip(&window, "Postsynaptic spike 1 at 50.0 ms"),
        grip(&window, "Presynaptic spike 1 at 40.0 ms"),
    );
    // As far left of the presynaptic spike as it stands right of it.
    let to = egui::pos2(2.0 * pre.x - from.x, from.y);
    window.harness.hover_at(from);
    window.harness.step();
    window.harness.drag_at(from);
    window.harness.step();
    for k in 1..=4 {
        window.harness.hover_at(from + (to - from) * k as f32 / 4.0);
        window.harness.step();
    }
    window.harness.drop_at(to);
    window.harness.run_steps(2);
    window.wait_for_text("Δt = t_post − t_pre = -10.0 ms");
    window.wait_for_text("meets y = 0.607; w 0.5000 → 0.4936 (-0.0064)");
    // It is the dot on the window.
    window.wait_for_text("The pair on the STDP window: Δt -10.0000 ms, Δw -0.0064");
    window.click("Reset");
    window.wait_for_text("meets x = 0.607");
}

#[test]
fn a_story_is_gone_through_step_by_step() {
    let mut window = open("A pair, step by step");
    window.wait_for_text("meets x = 0.607");
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("0.0 ms: x = 0.000, y = 0.000, w = 0.5000 (0 so far)");
    window.key(Modifiers::COMMAND, Key::ArrowRight);
    window.wait_for_text("40.0 ms: x = 1.000");
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.wait_for_text("40.5 ms: x = 0.975");
    window.click("One more postsynaptic spike");
    window.choose("Pair STDP", "Triplet STDP");
    window.wait_for_text("o2 = ");
}

/// "1,7" was dropped.
#[test]
fn a_time_typed_with_a_comma_is_taken_and_nonsense_is_said() {
    let mut window = open("A pair, step by step");
    window.wait_for_text("meets x = 0.607");
    let mut type_time = |text: &str| {
        window.harness.get_by_label("Presynaptic spike 1").focus();
        window.harness.run_steps(2);
        for c in text.chars() {
            window.harness.event(egui::Event::Text(c.to_string()));
            window.harness.run_steps(2);
        }
        window.harness.key_press(Key::Enter);
        window.harness.run_steps(4);
        window.harness.get_by_label("Presynaptic spike 1").value().unwrap_or_default()
    };
    let value = type_time("21,5");
    assert!(value.starts_with("21.5"), "{value}");
    let value = type_time("21;x");
    assert!(value.starts_with("21.0"), "{value}");
    window.wait_for_text("“21;x” is not a number");
}

/// It was said that the postsynaptic spike meets x = 0.000 and changes w by +0.0100.
#[test]
fn of_two_spikes_in_the_same_step_the_second_meets_the_first_ones_trace() {
    let mut window = open("A pair, step by step");
    window.wait_for_text("meets x = 0.607");
    let from = grip(&window, "Postsynaptic spike 1 at 50.0 ms");
    let pre = grip(&window, "Presynaptic spike 1 at 40.0 ms");
    window.harness.hover_at(from);
    window.harness.step();
    window.harness.drag_at(from);
    window.harness.step();
    for k in 1..=4 {
        window.harness.hover_at(from + (egui::pos2(pre.x, from.y) - from) * k as f32 / 4.0);
        window.harness.step();
    }
    window.harness.drop_at(egui::pos2(pre.x, from.y));
    window.harness.run_steps(2);
    window.wait_for_text("40.0 ms, presynaptic spike: meets y = 0.000; w 0.5000 → 0.5000 (0)");
    window
        .wait_for_text("40.0 ms, postsynaptic spike: meets x = 1.000; w 0.5000 → 0.5100 (+0.0100)");
}

#[test]
fn pairing_rates_turn_the_sign_of_the_triplet_rule() {
    let mut window = open("Pairing rate");
    window.wait_for_text("weakens below");
}

#[test]
fn the_window_of_bengios_rule_is_seen_to_sharpen() {
    let mut window = open("Bengio’s rule");
    window.wait_for_text("Correlation with the classical window 0.");
    window.wait_for_text("5 of 60 s simulated");
    window.wait_for_text(
        "With a trace of 2.0 ms and a membrane of 1.0 ms the window follows the classical one",
    );
    window.click("Try τ_x = 20 ms");
    window.wait_for_text(
        "With a trace of 20.0 ms and a membrane of 1.0 ms the window is not the classical one",
    );
    window.click("Try τ_x = 2 ms");
    window.click("New seed");
    window.wait_for_text("Seed 2");
    window.wait_for_text("2 of 60 s simulated");
}

#[test]
fn the_hidden_pattern_runs_is_held_stepped_and_reset() {
    let mut window = open("Hidden pattern");
    window.wait_for_text("It fires at anything");
    window.wait_for_text("held");
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text("ms/s simulated");
    window.hold();
    let at = |window: &Window| -> f64 {
        let mut found = window.harness.query_all_by_label_contains(" ms");
        let text = found
            .find_map(|n| n.accesskit_node().value().filter(|v| v.contains(" of ")))
            .expect("the position of the time bar");
        text.split(" of ").next().unwrap().replace(',', "").parse().unwrap()
    };
    let held = at(&window);
    window.click("Step on");
    window.wait_for("one step", |h| {
        h.query_all_by_label_contains(&format!("{:.1} of ", held + 0.5)).next().is_some()
    });
    window.key(Modifiers::COMMAND, Key::ArrowLeft);
    window.wait_for_text("behind live");
    // To the spike before, which may be in the step where the run was held.
    assert!(at(&window) < held + 0.5, "{}", window.said());
    window.pick("Engine", "GPU");
    window.wait_for_text("GPU engine (");
    // The run is kept.
    window.wait_for_text("behind live");
    window.click("Reset");
    window.wait_for_text("499.5 of 499.5 ms");
    window.click("New seed");
    window.wait_for_text("Seed 3");
}

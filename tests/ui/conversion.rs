use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// A 3 is drawn, then shown to a network in spikes.
fn open() -> Window {
    let mut window = Window::open();
    window.draw(3, 1);
    window.key(Modifiers::COMMAND, Key::Num0);
    window.wait_for_text("in spikes after 100 steps: 3, ");
    window
}

#[test]
fn a_digit_in_spikes_is_stepped_through_and_looked_at_in_four_ways() {
    let mut window = open();
    window.wait_for_text("CNN 3 says 3, ");
    window.key(Modifiers::NONE, Key::Home);
    window.wait_for_text("in spikes: not a step yet");
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.wait_for_text("in spikes after 1 steps: ");
    window.key(Modifiers::NONE, Key::End);
    window.click("Spikes");
    window.wait_for_text("64 of 36,864 units");
    window.click("One unit");
    window.wait_for_text("The ReLU gives ");
    window.pick("Network", "MLP");
    window.click("Side by side");
    window.wait_for_text("MLP says 3, ");
    window.click("Many digits");
    window.click("100");
    window.wait_for_text("MLP on 100 of the digits");
    window.wait_for("the end of the row", |h| h.query_by_label("Start").is_some());
    assert!(window.says("against the original") && window.says("µJ"), "{}", window.said());
    for kind in ["first layer", "synapses", "neurons", "gates"] {
        assert!(window.says(kind), "{kind}: {}", window.said());
    }
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
fn without_a_digit_one_is_to_be_had() {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1024.0, 768.0], home, |setup| {
        setup.workspace = Some("conversion".into());
    });
    window.wait_for_text("There is no digit yet");
    // Without MNIST, synthetic digits are at hand.
    window.wait_for_text("Take any");
    window.click("Take any");
    window.wait_for_text("in spikes after");
}

/// Labels of the two pictures.
fn pictures(window: &Window) -> [String; 2] {
    ["Activations of ", "Rates of "].map(|what| {
        let mut found = window.harness.query_all_by_label_contains(what);
        let node = found.next().unwrap_or_else(|| panic!("no {what}; {}", window.said()));
        node.accesskit_node().label().unwrap()
    })
}

fn marked(label: &str) -> Option<&str> {
    let unit = label.split_once("Marked: ")?.1;
    Some(unit.rsplit_once(", ").map_or(unit, |parts| parts.0))
}

#[test]
fn a_unit_pointed_at_is_marked_in_both_pictures() {
    let mut window = open();
    assert!(pictures(&window).iter().all(|label| marked(label).is_none()));
    for (what, share) in [
        ("Rates of ", [0.1, 0.1]),
        ("Activations of ", [0.2, 0.3]),
        ("Activation against", [0.005, 0.995]),
    ] {
        let rect = {
            let mut found = window.harness.query_all_by_label_contains(what);
            found.next().unwrap_or_else(|| panic!("no {what}")).rect()
        };
        let at = rect.min + egui::vec2(share[0], share[1]) * rect.size();
        window.harness.hover_at(at);
        window.wait_for(what, |h| h.query_all_by_label_contains("Marked: ").count() == 2);
        let [left, right] = pictures(&window);
        assert_eq!(marked(&left), marked(&right), "{left} {right}");
        window.wait_for_text("activation 0.");
    }
}

#[test]
fn a_converted_network_is_saved_as_nir() {
    let mut window = open();
    // It may be below the edge of the form.
    window.harness.get_by_role_and_label(Role::Button, "average").click_accesskit();
    window.wait_for("the button", |h| {
        let mut all = h.query_all_by_role_and_label(Role::Button, "Save network as NIR");
        all.next().is_some_and(|b| !b.accesskit_node().is_disabled())
    });
    window.harness.get_by_role_and_label(Role::Button, "Save network as NIR").click_accesskit();
    window.wait_for_text("spiking-network-");
    let exports = std::fs::read_dir(window.home.path().join("exports")).unwrap();
    let names: Vec<_> = exports.map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().any(|n| n.to_string_lossy().ends_with(".nir")), "{names:?}");
}

#[test]
fn what_goes_wrong_is_named_cured_and_gone_after_a_restart() {
    let mut window = open();
    assert!(!window.says("Cure"), "{}", window.said());
    window.click("Reset to zero");
    window.wait_for_text("On purpose wrong: reset to zero");
    window.wait_for_text("in spikes after 200 steps");
    assert_eq!(window.harness.query_all_by_role_and_label(Role::Button, "Cure").count(), 1);
    let mut window = window.reopen();
    window.key(Modifiers::COMMAND, Key::Num0);
    window.wait_for_text("in spikes after 100 steps: 3, ");
    assert!(!window.says("On purpose wrong"));
    // What one has set oneself is kept.
    window.set("Steps", 60.0);
    window.wait_for_text("in spikes after 60 steps");
    let mut window = window.reopen();
    window.key(Modifiers::COMMAND, Key::Num0);
    window.wait_for_text("in spikes after 60 steps");
}

#[test]
fn the_unit_followed_first_is_active_and_its_rate_nears_its_activation() {
    let mut window = open();
    window.click("One unit");
    window.wait_for_text("The ReLU gives ");
    let mut found = window.harness.query_all_by_label_contains(", error ");
    let said = found.find_map(|n| n.accesskit_node().value()).unwrap();
    let number = |after: &str| -> f32 {
        let rest = said.split_once(after).unwrap().1.replace('−', "-");
        let end = rest.find(|c: char| !"+-.0123456789".contains(c)).unwrap_or(rest.len());
        rest[..end].parse().unwrap()
    };
    assert!(number("rate ") > 0.5, "{said}");
    assert!(number("error ").abs() < 0.03, "{said}");
}

#[test]
fn a_low_page_shows_one_figure_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1024.0, 768.0], home, |setup| {
        setup.workspace = Some("draw".into());
        setup.projector = true;
    });
    window.draw(3, 1);
    window.key(Modifiers::COMMAND, Key::Num0);
    window.wait_for_text("Activations of ");
    assert!(!window.says("Activation against rate"));
    window.click("Scatter");
    window.wait_for_text("Activation against rate");
}

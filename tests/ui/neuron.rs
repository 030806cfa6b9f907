use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

fn open() -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |setup| {
        setup.workspace = Some("neuron".into());
    });
    // It is held until somebody has it play.
    window.wait_for_text("held");
    window
}

/// The time that the bar stands at, ms: `12.3 of 200.0 ms`.
fn at_ms(window: &Window) -> f64 {
    let mut found = window.harness.query_all_by_label_contains(" ms");
    let text = found.find_map(|n| n.accesskit_node().value().filter(|v| v.contains(" of ")));
    let text = text.expect("the position of the time bar");
    text.split(" of ").next().unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn two_neurons_run_are_held_stepped_and_scrubbed() {
    let mut window = open();
    window.wait_for_text("199.9 of 199.9 ms");
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text("ms/s simulated");
    window.hold();
    let held = at_ms(&window);
    assert!(held >= 199.9, "{held}");
    window.click("Step on");
    window.wait_for("one step of the engine", |h| {
        h.query_all_by_label_contains(&format!("{:.1} of ", held + 0.1)).next().is_some()
    });
    window.click("Step back");
    assert!((at_ms(&window) - held).abs() < 1e-6, "{}", window.said());
    // In the past, the values of the moment are shown.
    window.wait_for_text("V₁ = ");
    window.key(Modifiers::COMMAND, Key::ArrowLeft);
    let spike = at_ms(&window);
    assert!(spike < held && window.says("behind live"));
    window.key(Modifiers::NONE, Key::End);
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text("ms/s simulated");
}

/// The control that the text speaks of is there with the settings folded away, too.
#[test]
fn the_weight_is_in_view_in_every_size() {
    for (size, projector) in
        [([1280.0, 800.0], false), ([1024.0, 768.0], true), ([800.0, 600.0], false)]
    {
        let home = tempfile::tempdir().unwrap();
        let mut window = Window::open_with(size, home, |setup| {
            setup.workspace = Some("neuron".into());
            setup.projector = projector;
        });
        window.wait_for_text("held");
        let screen = window.harness.ctx.content_rect();
        let slider = || window.harness.get_by_role_and_label(Role::Slider, "Weight");
        assert!(screen.contains_rect(slider().rect()), "{size:?}: {:?}", slider().rect());
        slider().set_value_accesskit(1.2);
        window.harness.run_steps(3);
        let slider = window.harness.get_by_role_and_label(Role::Slider, "Weight");
        assert_eq!(slider.accesskit_node().numeric_value(), Some(1.2));
    }
}

#[test]
fn the_whole_run_stays_in_view_as_it_grows_and_is_left_again() {
    let mut window = open();
    window.wait_for_text("199.9 of 199.9 ms");
    // What is in view: `Raster of 2 neurons, 0.0 to 200.0 ms`.
    let shown = |window: &Window| -> (f64, f64) {
        let raster = window.harness.get_by_label_contains("Raster of 2 neurons, ");
        let label = raster.accesskit_node().label().unwrap();
        let span = label.split_once(", ").unwrap().1.trim_end_matches(" ms");
        let (from, to) = span.split_once(" to ").unwrap();
        (from.parse().unwrap(), to.parse().unwrap())
    };
    let run = |window: &mut Window| {
        window.key(Modifiers::NONE, Key::Space);
        window.wait_for_text("ms/s simulated");
        window.hold();
    };
    run(&mut window);
    window.click("Whole run");
    run(&mut window);
    let (from, to) = shown(&window);
    assert!(from == 0.0 && to > 200.0 && to >= at_ms(&window), "{from} {to}");
    window.click("Whole run");
    let (from, to) = shown(&window);
    assert!((to - from - 200.0).abs() < 0.2 && to >= at_ms(&window), "{from} {to}");
}

#[test]
fn the_engine_is_changed_while_it_runs_and_kept() {
    let mut window = open();
    window.wait_for_text("2 neurons are too few to gain by a GPU");
    let held = at_ms(&window);
    window.pick("Engine", "GPU");
    // Software or not, it runs there because the user says so.
    window.wait_for_text("as you chose");
    window.wait_for_text("GPU engine (");
    assert!((at_ms(&window) - held).abs() < 1e-6, "the run goes on where it was");
    window.click("Step on");
    window.wait_for("one step of the engine", |h| {
        h.query_all_by_label_contains(&format!("{:.1} of ", held + 0.1)).next().is_some()
    });
    let mut window = window.reopen();
    window.wait_for_text("GPU engine (");
    window.pick("Engine", "CPU");
    window.wait_for_text("CPU engine (");
    window.wait_for_text("as you chose");
}

#[test]
fn reset_brings_the_same_picture_back() {
    let mut window = open();
    window.click("Add");
    window.wait_for_text("Weight 2");
    window.click("Ramp");
    window.click("Reset");
    window.wait_for_text("199.9 of 199.9 ms");
    assert!(!window.says("Weight 2"), "{}", window.said());
}

#[test]
fn spikes_are_saved_and_opened_again() {
    let mut window = open();
    window.click("Save…");
    window.click("Spikes as npz");
    window.wait_for_text("Saved as");
    let folder = window.home.path().join("exports");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let arrays = spikescope::core::npz::read(&file, u64::MAX).unwrap();
    let times = arrays.get("times").unwrap().to_f64();
    assert!((times[0] - 6.9).abs() < 1e-9 && times.len() > 20, "{times:?}");
    assert_eq!(arrays.get("senders").unwrap().values().len(), times.len());
    window.drop_file(file);
    window.wait_for_text(&format!("{} spikes of 2 neurons", times.len()));
    window.click("Select all");
    window.wait_for_text("CV of the ISI");
}

/// `1004 neurons`, of which three were there; and `sender` before `time`, read as times.
#[test]
fn neurons_of_a_file_keep_their_numbers_and_assumptions_are_shown() {
    let mut window = open();
    let drop = |window: &mut Window, name: &str, text: &str| {
        let file = window.home.path().join(name);
        std::fs::write(&file, text).unwrap();
        window.harness.input_mut().dropped_files.push(std::sync::Arc::new(super::Dropped(file)));
    };
    let mut text = String::from("# NEST version: 3.8.0\nsender\ttime_ms\n");
    for i in 0..12 {
        text += &format!("{}\t{:.1}\n", 1001 + i % 3, 5.0 + 8.63 * f64::from(i));
    }
    drop(&mut window, "spikes.dat", &text);
    window.wait_for_text("12 spikes of 3 neurons in 99.9");
    window.click("Select all");
    window.wait_for_text("40.0");
    // The fields of the selection show the neurons' numbers.
    let values = window.harness.root().children_recursive();
    let values: Vec<String> = values.filter_map(|n| n.value()).collect();
    for id in ["1001", "1003"] {
        assert!(values.iter().any(|v| v == id), "{values:?}");
    }
    drop(&mut window, "bare.txt", &text.replace("time_ms", "time"));
    window.wait_for_text("times name no unit and were taken as ms");
    drop(&mut window, "seconds.csv", "time,sender\n0.005,1\n0.0331,1\n");
    window.wait_for_text("name them by their unit");
}

#[test]
fn the_network_is_saved_for_other_simulators_or_the_reason_why_not_is_said() {
    let mut window = open();
    window.click("Save…");
    window.click("Network as NIR");
    window.wait_for_text("Saved as");
    let folder = window.home.path().join("exports");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    assert!(std::fs::read(file).unwrap().starts_with(b"\x89HDF\r\n"));
    let slider = window.harness.get_by_role_and_label(Role::Slider, "Refractory period");
    slider.set_value_accesskit(3.0);
    window.harness.run_steps(3);
    window.click("Save…");
    window.click("Network as NIR");
    window.wait_for_text("NIR has no refractory period");
}

#[test]
fn every_model_is_measured_against_its_equations() {
    let mut window = open();
    window.click("f–I curve");
    window.wait_for_text("Measured over 2000 of 2000 ms");
    window.choose("Leaky integrate-and-fire", "Izhikevich");
    window.wait_for_text("No closed formula");
    window.wait_for_text("Measured over 2000 of 2000 ms");
    // How firing begins, and what the other method costs.
    window.wait_for_text("Firing begins at 3.80 mV/ms: an Andronov–Hopf bifurcation");
    window.wait_for_text("by forward Euler (as published) ");
    window.choose("second order", "forward Euler (as published)");
    window.wait_for_text("by second order ");
}

#[test]
fn a_refractory_period_is_said_in_whole_steps() {
    let mut window = open();
    window.click("f–I curve");
    window.wait_for_text("The refractory period is 20 steps of 0.1 ms");
    window.wait_for_text("in whole steps 0.0 Hz");
}

#[test]
fn the_sum_is_gone_through_input_by_input() {
    let mut window = open();
    window.click("Artificial and biological");
    window.wait_for_text("Σ Wᵢ xᵢ =");
    window.wait_for_text("1.710");
    window.click("Next spike");
    window.click("Next");
    window.click("Current digit");
    window.wait_for_text("positive products sum to");
}

#[test]
fn codes_are_compared_and_told_apart() {
    let mut window = open();
    window.click("Codes");
    for text in ["Poisson rate", "Time to first spike", "Burst", "What each loses"] {
        window.wait_for_text(text);
    }
    let pictures = window.harness.query_all_by_label_contains("The digit as read from");
    assert_eq!(pictures.filter(|n| n.accesskit_node().role() == Role::Image).count(), 3);
}

/// A network of another program gets the digit in hand, or spikes of a file.
#[test]
fn a_network_that_is_dropped_gets_the_digit_or_spikes() {
    use spikescope::convert::direct::{Direct, nir};
    let dir = tempfile::tempdir().unwrap();
    let network = spikescope::ann::bundled::SPIKING.network("lif-dense").unwrap().unwrap().0;
    let file = nir::file(&Direct::new(&network).unwrap()).unwrap();
    std::fs::write(dir.path().join("lif.nir"), file).unwrap();
    let mut window = Window::open();
    window.draw(7, 1);
    window.drop_file(dir.path().join("lif.nir"));
    window.wait_for_text("Most came out for class");
    assert!(window.says("1×28×28 in, 25 steps"), "{}", window.said());
    assert!(
        window.says("LIF 1") && window.says("it remarks how spikes reset"),
        "{}",
        window.said()
    );
    let evidence = |window: &Window| {
        let mut found = window.harness.query_all_by_label_contains("0: ");
        found.find_map(|n| n.accesskit_node().value()).unwrap_or_default()
    };
    let as_current = evidence(&window);
    let chance = "The digit, as spikes by chance";
    window.harness.get_by_role_and_label(Role::RadioButton, chance).click();
    window.harness.run_steps(3);
    window.wait_for("another answer", |h| {
        let mut found = h.query_all_by_label_contains("0: ");
        let now = found.find_map(|n| n.accesskit_node().value()).unwrap_or_default();
        !now.is_empty() && now != as_current
    });
    window.click("Close the network");
    window.wait_for_text("Drop one on the window");
    // The same file once more.
    window.drop_file(dir.path().join("lif.nir"));
    window.wait_for_text("Most came out for class");
    window.click("Close the network");

    // One that takes no digit says so, and then gets spikes.
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/nir");
    window.drop_file(data.join("snntorch_dense.nir"));
    window.wait_for_text("give it a file of spikes");
    let csv = "time_ms,sender\n0.1,0\n0.1,5\n0.2,3\n0.4,7\n0.4,19\n3.0,2\n";
    std::fs::write(dir.path().join("in.csv"), csv).unwrap();
    window.drop_file(dir.path().join("in.csv"));
    window.wait_for_text("20 in, 31 steps");
    std::fs::write(dir.path().join("bad.csv"), "time_ms,sender\n0.1,20\n").unwrap();
    window.drop_file(dir.path().join("bad.csv"));
    window.wait_for_text("has the input 20");
}

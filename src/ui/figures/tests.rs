use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::ui::app::{App, Setup};
use crate::ui::command::Outbox;
use crate::ui::session::ThemeChoice;
use crate::ui::tour::headless_setup;
use crate::ui::workspaces::WORKSPACES;

const SIZE: [f32; 2] = [1280.0, 800.0];
const PATIENCE: Duration = Duration::from_secs(120);
const NUMBERS: [Key; 7] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
const CONTROLS: [Role; 8] = [
    Role::Button,
    Role::CheckBox,
    Role::ComboBox,
    Role::RadioButton,
    Role::Slider,
    Role::SpinButton,
    Role::Tab,
    Role::TextInput,
];
/// What can be clicked or dragged, but is part of the figure: layers, digits, answers,
/// spikes.
const PARTS: [&str; 5] =
    ["Into ", "Training digit ", "synaptic spike ", " answers ", ": no answer yet"];
/// Tabs with a plot whose legend is one of check boxes.
const LEGENDS: [(&str, Key); 4] = [
    ("neuron", Key::Num3),
    ("neuron", Key::Num4),
    ("plasticity", Key::Num5),
    ("plasticity", Key::Num6),
];

/// The window, with a digit drawn, and what it is rendered with.
fn window(home: &std::path::Path) -> (Harness<'static, App>, RenderState) {
    let session = r#"{"strokes": [[[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]]], "without_mnist": true}"#;
    std::fs::write(home.join("session.json"), session).unwrap();
    let setup = Setup {
        home: home.to_path_buf(),
        mnist: None,
        projector: false,
        theme: Some(ThemeChoice::Light),
        workspace: None,
        scene: None,
        welcome: false,
    };
    let graphics = headless_setup().unwrap();
    let mut state = None;
    let harness = Harness::builder().with_size(SIZE).wgpu_setup(graphics).build_eframe(|cc| {
        state = cc.wgpu_render_state.clone();
        App::new(&cc.egui_ctx, setup).unwrap()
    });
    (harness, state.unwrap())
}

fn wait_for(harness: &mut Harness<'static, App>, text: &str) {
    let begun = Instant::now();
    while harness.query_all_by_label_contains(text).next().is_none() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {text}");
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    harness.run_steps(2);
}

/// The figures of the page in view and the controls that lie within one of them, by
/// what a screen reader says of them.
fn drawn(harness: &Harness<'static, App>, state: &RenderState) -> (Places, Vec<String>) {
    let app = harness.state();
    let (output, places) = draw(&harness.ctx, Look::Screen, harness.ctx.viewport_rect(), |ui| {
        app.page(ui, &mut Outbox::default());
    });
    let nodes = output.platform_output.accesskit_update.clone().unwrap().nodes;
    let _ = paint(&harness.ctx, state, output, [Rect::ZERO; 2], wgpu::Color::BLACK);
    let within = |node: &egui::accesskit::Node| {
        node.bounds().is_some_and(|b| {
            let middle = egui::pos2((b.x0 + b.x1) as f32, (b.y0 + b.y1) as f32) / 2.0;
            places.iter().any(|(_, rect)| rect.contains(middle))
        })
    };
    let controls = nodes.iter().map(|(_, node)| node).filter(|n| CONTROLS.contains(&n.role()));
    let said = controls.filter(|node| within(node)).map(|node| {
        let text = node.label().or(node.value()).unwrap_or_default();
        (node.role(), text.to_owned())
    });
    let said = said.filter(|(_, text)| !PARTS.iter().any(|part| text.contains(part)));
    (places.clone(), said.map(|(role, text)| format!("{role:?} {text:?}")).collect())
}

#[test]
fn no_saved_figure_has_a_control_in_it() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, state) = window(home.path());
    let (mut names, mut found) = (BTreeSet::new(), Vec::new());
    for entry in WORKSPACES {
        harness.key_press_modifiers(Modifiers::COMMAND, entry.about.key);
        harness.run_steps(2);
        for key in NUMBERS.iter().take(entry.tabs.len().max(1)) {
            harness.key_press(*key);
            for _ in 0..40 {
                harness.step();
                std::thread::sleep(Duration::from_millis(25));
            }
            let (places, controls) = drawn(&harness, &state);
            let offered = ["Save as PNG", "As PNG"];
            for text in offered.iter().filter(|t| harness.query_by_label(t).is_some()) {
                assert!(!places.is_empty(), "{} {key:?}: {text} saves nothing", entry.about.id);
            }
            names.extend(places.iter().map(|(name, _)| *name));
            let legend = LEGENDS.contains(&(entry.about.id, *key));
            let controls = controls.iter().filter(|c| !(legend && c.starts_with("CheckBox")));
            found.extend(controls.map(|c| format!("{} {key:?}: {c}", entry.about.id)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // Those that are there without a run or a measurement.
    for name in ["answers", "receptive-fields", "answers-over-time", "two-neurons", "stdp-windows"]
    {
        assert!(names.contains(name), "{name} is not among {names:?}");
    }
}

#[test]
fn a_figure_is_saved_in_twice_the_resolution() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, state) = window(home.path());
    let fields = WORKSPACES.iter().find(|w| w.about.id == "fields").unwrap();
    harness.key_press_modifiers(Modifiers::COMMAND, fields.about.key);
    wait_for(&mut harness, "from the digit to the answer");
    let (places, _) = drawn(&harness, &state);
    let wanted = places[0].1.expand(MARGIN).size() * FINER;
    harness.get_by_label("Save").click();
    wait_for(&mut harness, "As PNG");
    harness.get_by_label("As PNG").click();
    wait_for(&mut harness, "Saved as");
    assert!(harness.query_by_label("Show in folder").is_some());
    let files: Vec<_> = std::fs::read_dir(home.path().join("exports")).unwrap().collect();
    let [Ok(file)] = &files[..] else { panic!("{files:?}") };
    let image = image::open(file.path()).unwrap().to_rgba8();
    let (width, height) = image.dimensions();
    assert!(width > 2 * 900 && height > 2 * 600, "{width}×{height}");
    assert!((width as f32 - wanted.x).abs() < 3.0 && (height as f32 - wanted.y).abs() < 3.0);
    // Drawn, and not of one colour.
    let first = image.get_pixel(0, 0);
    assert!(image.pixels().filter(|p| *p != first).count() > 20_000);
    if let Some(keep) = std::env::var_os("SPIKESCOPE_KEEP") {
        std::fs::copy(file.path(), keep).unwrap();
    }
}

/// From a dark window, for print: the file is light and in large type, the window stays as
/// it was.
#[test]
fn a_figure_for_paper_is_light_and_large_and_changes_nothing_in_the_window() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, _) = window(home.path());
    let plasticity = WORKSPACES.iter().find(|w| w.about.id == "plasticity").unwrap();
    harness.key_press_modifiers(Modifiers::COMMAND, plasticity.about.key);
    harness.run_steps(2);
    harness.get_by_label("Light or dark").click();
    wait_for(&mut harness, "SVG…");
    let before = harness.ctx.global_style();
    for choice in ["Light, large type", "Save as SVG"] {
        harness.get_by_label("SVG…").click();
        wait_for(&mut harness, choice);
        harness.get_by_label(choice).click();
        harness.run_steps(2);
    }
    wait_for(&mut harness, "Saved as");
    let after = harness.ctx.global_style();
    assert!(before.visuals.dark_mode && after.visuals.dark_mode);
    assert_eq!(before.text_styles, after.text_styles);
    let files: Vec<_> = std::fs::read_dir(home.path().join("exports")).unwrap().collect();
    let [Ok(file)] = &files[..] else { panic!("{files:?}") };
    let svg = std::fs::read_to_string(file.path()).unwrap();
    if let Some(keep) = std::env::var_os("SPIKESCOPE_KEEP") {
        std::fs::copy(file.path(), keep).unwrap();
    }
    let elements = svg::tests::elements(&svg);
    assert!(elements.iter().filter(|e| *e == "text").count() > 10);
    assert!(svg.contains("(ms)</text>"), "an axis has no unit");
    // The ground of a dark plot is nearly black, that of a light one nearly white.
    assert!(!svg.contains("fill=\"#0a0c0f\"") && svg.contains("fill=\"#ebede9\""));
    let sizes = svg.split("font-size=\"").skip(1).filter_map(|s| s.split('"').next());
    let least = sizes.filter_map(|s| s.parse::<f32>().ok()).fold(f32::MAX, f32::min);
    assert!(least >= 13.7, "{least}");
}

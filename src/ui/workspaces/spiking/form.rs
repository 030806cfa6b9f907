//! What a run begins with, and the knobs that can be turned while it learns.

use egui::{ComboBox, RichText, Ui};

use super::SpikingEdit;
use super::World;
use super::settings::{GOAL, PRESETS, SIZES, SpikingSettings, USUAL_GOAL};
use crate::core::text::grouped;
use crate::snn::diehl_cook::bundled::BUNDLED;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::engine::EngineRow;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{number, page};
use crate::workers::spiking::network::LiveSettings;

/// The settings.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Network", SpikingEdit::Reset, out);
    network(ui, world, out);
    ui.separator();
    live_settings(ui, world, out);
    ui.separator();
    about(ui, world, out);
}

/// Where the run begins.
fn network(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    let mut new = kept.clone();
    let label = ui.label("Begin with");
    let begun = BUNDLED.iter().find(|s| kept.begin.as_deref() == Some(s.id));
    ComboBox::from_id_salt("begin with")
        .selected_text(begun.map_or("a fresh network", |s| s.name))
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut new.begin, None, "a fresh network");
            for bundled in BUNDLED {
                let id = Some(bundled.id.to_owned());
                let tip = format!("A bundled network of {} neurons that learnt MNIST by spike-timing-dependent plasticity (STDP) alone", bundled.neurons);
                ui.selectable_value(&mut new.begin, id, bundled.name).on_hover_text(tip);
            }
        })
        .response
        .labelled_by(label.id);
    if let Some(bundled) = begun {
        let neurons = grouped(bundled.neurons as u64);
        let text = format!("{neurons} neurons that have learnt MNIST by STDP (bundled)");
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
    if kept.begin.is_none() {
        fresh(ui, &mut new);
    }
    if new != *kept {
        out.push(SpikingEdit::Begin(Box::new(new)));
    }
    ui.horizontal_wrapped(|ui| {
        let tip = "The same network from its beginning, with the knobs as they are";
        if ui.button("Restart").on_hover_text(tip).clicked() {
            out.push(SpikingEdit::Restart);
        }
        let tip = "Other first weights and other input spikes";
        if ui.button("New seed").on_hover_text(tip).clicked() {
            let seed = kept.seed.wrapping_add(1);
            let new = SpikingSettings { seed, ..kept.clone() };
            out.push(SpikingEdit::Begin(Box::new(new)));
        }
        let weak = palette(ui.visuals()).weak;
        ui.label(RichText::new(format!("seed {}", kept.seed)).small().color(weak));
    });
}

fn fresh(ui: &mut Ui, new: &mut SpikingSettings) {
    let label = ui
        .label("Neurons")
        .on_hover_text("More neurons know more ways to write a digit, and take longer");
    ComboBox::from_id_salt("neurons")
        .selected_text(grouped(new.neurons as u64))
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for size in SIZES {
                ui.selectable_value(&mut new.neurons, size, grouped(size as u64));
            }
        })
        .response
        .labelled_by(label.id);
    ui.checkbox(&mut new.as_published, "As published").on_hover_text(
        "Forward Euler and input delays of 0 to 10 ms, as in the authors’ program. Slower, and it can run away where some 25 neurons fire together. Without: backward Euler, which is stable, and no delays; it learns as well.",
    );
}

/// What can be changed while it learns.
fn live_settings(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = world.room.kept.live_settings;
    let mut live_settings = kept;
    ui.label(RichText::new("While it learns").font(theme::strong(14.0)));
    let now = PRESETS.iter().find(|p| (p.live_settings)() == kept);
    let label = ui.label("Experiment");
    ComboBox::from_id_salt("experiment")
        .selected_text(now.map_or("your own", |p| p.name))
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for preset in &PRESETS {
                let on = now.is_some_and(|n| n.name == preset.name);
                if ui.selectable_label(on, preset.name).on_hover_text(preset.see).clicked() {
                    live_settings = (preset.live_settings)();
                }
            }
        })
        .response
        .labelled_by(label.id);
    if let Some(preset) = now {
        ui.label(RichText::new(preset.see).small().color(palette(ui.visuals()).weak));
    }
    let tip = "What each inhibitory spike adds to the conductance of all other neurons; 0: no competition";
    Field::new("Inhibition, × leak", "", LiveSettings::INHIBITION, tip)
        .show(ui, &mut live_settings.inhibition);
    let tip = "How much each spike raises its neuron’s threshold; 0: no homeostasis";
    Field::new("θ per spike, mV", "", LiveSettings::THETA_PLUS_MV, tip)
        .show(ui, &mut live_settings.theta_plus_mv);
    let tip = "What a postsynaptic spike adds to the weight of an input that just spiked, at most";
    Field::new("Learning rate ν₊", "", LiveSettings::RATE, tip).show(ui, &mut live_settings.rate);
    ui.checkbox(&mut live_settings.normalise, "Normalise weights")
        .on_hover_text("Before every image the weights onto each neuron are scaled to sum to 78");
    ui.checkbox(&mut live_settings.learns, "Learn").on_hover_text("Off: weights and θ stand still");
    if live_settings != kept {
        out.push(SpikingEdit::LiveSettings(live_settings));
    }
    goal(ui, world, out);
}

/// After how many images it holds by itself.
fn goal(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = world.room.kept.goal;
    let mut goal = kept;
    ui.horizontal(|ui| {
        let tip = "Then the run holds by itself; its neurons are labelled on training digits and it is asked the test digits";
        let mut on = goal.is_some();
        ui.checkbox(&mut on, "Test after").on_hover_text(tip);
        goal = on.then(|| goal.unwrap_or(USUAL_GOAL));
        if let Some(images) = &mut goal {
            let value = number::drag(images).range(GOAL.0..=GOAL.1).speed(500).suffix(" images");
            ui.add(value).on_hover_text(tip);
        }
    });
    if goal != kept {
        out.push(SpikingEdit::Goal(goal));
    }
}

/// What it learns from, and the source.
fn about(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let weak = palette(ui.visuals()).weak;
    let (view, kept) = (&world.room.view, &world.room.kept);
    let engine = EngineRow {
        preference: world.session.engine,
        used: view.engine.as_ref(),
        speeds: view.speeds.map(|s| s.engine),
        running: world.room.running() || view.goes,
    };
    ui.horizontal(|ui| {
        engine.show(ui, out);
    });
    if let Some(data) = &view.data {
        let text = format!(
            "Learns from {} images ({}), {}, again and again.",
            grouped(data.len() as u64),
            data.id,
            if kept.as_published { "in file order" } else { "shuffled before every pass" }
        );
        ui.label(RichText::new(text).small().color(weak));
    }
    let megabytes = view.kept.1 as f64 / (1 << 20) as f64;
    let text = format!(
        "{} moments of it are kept ({megabytes:.0} MB). Diehl and Cook, Front. Comput. Neurosci. 9:99 (2015).",
        view.kept.0.len()
    );
    ui.label(RichText::new(text).small().color(weak));
}

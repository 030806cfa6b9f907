//! Which network, how it is converted, what disturbs it; what goes wrong.

use egui::{ComboBox, RichText, Ui};

use super::World;
use super::settings::{How, PRESETS};
use super::state::ConversionEdit;
use crate::convert::network::refusal;
use crate::convert::recipe::{Disturbance, Input, Per, Pooling, Read, Recipe, Reset, Scaling};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{glossary, page};

/// The settings.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    page::heading(ui, "Conversion", ConversionEdit::Reset, out);
    network(ui, world, out);
    let mut how = kept.how;
    let mut steps = how.steps as f64;
    let tip = "Time steps; in each, every neuron may spike once";
    if Field::new("Steps", "", How::STEPS, tip).log().whole().show(ui, &mut steps) {
        how.steps = steps.round() as u64;
    }
    // What a lecture needs comes before what stays as it is.
    presets(ui, &mut how);
    ui.separator();
    disturbances(ui, &mut how);
    ui.separator();
    recipe(ui, &mut how);
    ui.separator();
    save(ui, world, out);
    let weak = palette(ui.visuals()).weak;
    let on = match world.room.shown.scaled_on.as_str() {
        "" => String::new(),
        on => format!("Thresholds from activations on digits of {on}. "),
    };
    let text = format!(
        "{on}Diehl et al., IJCNN 2015; Rueckauer et al., Front. Neurosci. 11:682 (2017); half-full beginning: Bu et al., ICLR 2022."
    );
    ui.add_space(4.0);
    ui.label(RichText::new(text).small().color(weak));
    if how != kept.how {
        out.push(ConversionEdit::How(how));
    }
}

/// The converted network as a file, where it can be said.
fn save(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let network = world.room.shown.network.as_ref();
    let can = network.is_some_and(|n| !n.stages.iter().any(|s| s.has_gates(n.recipe.pooling)));
    let tip = "The spiking network for Norse, snnTorch, Sinabs and other simulators: weights, biases and neurons whose threshold is 1; a step is a second there. NIR’s neurons reset to zero: where the reader lets you choose, choose subtraction";
    let why = if network.is_some() {
        "NIR has no maximum of spike rates: choose average pooling, or a network without max-pooling"
    } else {
        "There is no converted network yet: draw a digit first"
    };
    let button = ui.add_enabled(can, egui::Button::new("Save network as NIR"));
    if button.on_hover_text(tip).on_disabled_hover_text(why).clicked() {
        out.push(ConversionEdit::SaveNetwork);
    }
}

/// All networks; those that cannot be converted say why.
fn network(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    let name = world.models.iter().find(|m| m.key == kept.model).map_or("choose", |m| &m.name[..]);
    let label = ui.label("Network");
    let width = ui.available_width() - 8.0;
    ComboBox::from_id_salt("converted network")
        .selected_text(name)
        .width(width)
        .show_ui(ui, |ui| {
            for model in world.models.iter() {
                let why = refusal(&(model.network.architecture().layers)());
                let entry = egui::Button::selectable(model.key == kept.model, &model.name);
                let entry = ui.add_enabled(why.is_none(), entry);
                if entry.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
                    out.push(ConversionEdit::Model(model.key.clone()));
                }
            }
        })
        .response
        .labelled_by(label.id);
}

/// One of a few.
fn choice<T: PartialEq + Copy>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, &str, &str)]) {
    glossary::term(ui, name);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (this, text, tip) in all {
            if ui.selectable_label(*value == *this, *text).on_hover_text(*tip).clicked() {
                *value = *this;
            }
        }
    });
}

fn recipe(ui: &mut Ui, how: &mut How) {
    let r = &mut how.recipe;
    let mut maximum = r.scaling == Scaling::Maximum;
    let both = [
        (
            false,
            "percentile",
            "A few units saturate, all others are faster (Rueckauer et al. 2017)",
        ),
        (true, "maximum", "No unit saturates (Diehl et al. 2015)"),
    ];
    choice(ui, "Threshold from", &mut maximum, &both);
    let mut percent = match r.scaling {
        Scaling::Percentile(p) => p,
        Scaling::Maximum => 97.0,
    };
    if !maximum {
        let tip = "Of the activations above zero";
        Field::new("Percentile", "", Recipe::PERCENTILE, tip).show(ui, &mut percent);
    }
    r.scaling = if maximum { Scaling::Maximum } else { Scaling::Percentile(percent) };
    let each = [
        (
            Per::Channel,
            "each channel",
            "Each unit of a dense layer and each channel of a convolution has its own threshold, from its own activations. A loud channel then does not keep the quiet ones silent",
        ),
        (
            Per::Layer,
            "a layer",
            "All neurons of a layer share one threshold. Where a few units are much more active than the others, the others hardly ever fire",
        ),
    ];
    choice(ui, "A threshold for", &mut r.per, &each);
    let tip = "Where potentials begin, in thresholds";
    Field::new("Beginning", "λ", Recipe::INITIAL, tip).show_f32(ui, &mut r.initial);
    let resets = [
        (Reset::Subtract, "subtract", "What lies above the threshold counts on"),
        (Reset::Zero, "to zero", "What lies above the threshold is lost"),
    ];
    choice(ui, "Reset", &mut r.reset, &resets);
    let inputs = [
        (Input::Analog, "currents", "Pixels are constant currents"),
        (Input::Poisson, "Poisson spikes", "Pixels spike at random, the brighter the more often"),
    ];
    choice(ui, "Picture", &mut r.input, &inputs);
    let poolings = [
        (
            Pooling::Gated,
            "gated",
            "The spikes of the neuron that has fired most so far pass (Rueckauer et al. 2017)",
        ),
        (
            Pooling::Largest,
            "largest count",
            "A spike passes whenever the largest count of the window grows",
        ),
        (
            Pooling::Average,
            "average",
            "All pass, each as its share of the window: another network than the one trained",
        ),
    ];
    choice(ui, "Max-pooling", &mut r.pooling, &poolings);
    let reads = [
        (Read::Potential, "potentials", "Output units add up and do not spike"),
        (Read::Spikes, "spikes", "Output units spike; the most spikes win"),
    ];
    choice(ui, "Answer from", &mut r.read, &reads);
    ui.checkbox(&mut r.biases, "Bias currents");
}

fn disturbances(ui: &mut Ui, how: &mut How) {
    let d = &mut how.disturbance;
    let tip = "Standard deviation of what is added to each potential in each step, in thresholds";
    Field::new("Noise", "λ", Disturbance::NOISE, tip).show_f32(ui, &mut d.noise);
    let mut percent = f64::from(d.dropped) * 100.0;
    let tip = "Share of spikes that are lost on the way";
    let range = (Disturbance::DROPPED.0 * 100.0, Disturbance::DROPPED.1 * 100.0);
    if Field::new("Lost spikes", "%", range, tip).show(ui, &mut percent) {
        d.dropped = (percent / 100.0) as f32;
    }
    let mut jitter = f64::from(d.jitter);
    let tip = "Each spike comes up to so many steps late";
    if Field::new("Jitter, steps", "", Disturbance::JITTER, tip).whole().show(ui, &mut jitter) {
        d.jitter = jitter.round() as u32;
    }
}

fn presets(ui: &mut Ui, how: &mut How) {
    ui.label(RichText::new("What goes wrong").font(theme::strong(13.5)));
    for preset in PRESETS {
        ui.horizontal(|ui| {
            let (wrong, cured) = ((preset.wrong)(), (preset.cured)());
            let on = ui.selectable_label(*how == wrong, preset.name).on_hover_text(preset.doc);
            if on.clicked() {
                *how = wrong;
            }
            if *how != wrong {
                return;
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let tip = format!("{}: {}", preset.name, preset.cure);
                if ui.small_button("Cure").on_hover_text(tip).clicked() {
                    *how = cured;
                }
            });
        });
        if *how == (preset.wrong)() {
            let text = format!("{} Cure: {}.", preset.doc, preset.cure);
            ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
        }
    }
}

//! The side: which network, which neuron, whose credit.

use egui::{ComboBox, Id, RichText, Sense, Ui};

use super::settings::DeepSettings;
use super::{Deep, DeepEdit, World};
use crate::ann::ops::spiking::surrogate::Shape;
use crate::core::text::grouped;
use crate::data::CLASSES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{digit_view, number, sources};
use crate::workers::deep::Family;

/// Network and digit.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    ui.separator();
    digit(ui, world, out);
}

/// With the neuron and its surrogate.
pub fn neuron(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    which_neuron(ui, world, out);
    surrogate(ui, world, out);
    ui.separator();
    digit(ui, world, out);
}

/// With whose credit it is.
pub fn credit(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    whose(ui, world, out);
    which_neuron(ui, world, out);
    let mut filtered = world.room.kept.filtered;
    let tip = "A trace that is filtered as the read-out filters spikes also counts what a spike still does later. Without it less has to be kept, and the update points elsewhere";
    if ui.checkbox(&mut filtered, "Traces with the read-out’s filter").on_hover_text(tip).changed()
    {
        out.push(DeepEdit::Filtered(filtered));
    }
    surrogate(ui, world, out);
    ui.separator();
    digit(ui, world, out);
}

/// Which of the networks that learned by STDP, and the digit.
pub fn conv(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    ui.separator();
    digit(ui, world, out);
    if world.digit.is_blank() {
        return;
    }
    let weak = palette(ui.visuals()).weak;
    if let Some(volley) = world.room.known(world.desk).and_then(|k| k.volley.as_ref()) {
        let look = &volley.look;
        let text = format!(
            "{} spikes and {} additions for this digit",
            grouped(look.spikes as u64),
            grouped(look.additions as u64)
        );
        ui.label(RichText::new(text).small().color(weak));
    }
}

/// Only what the survey is about.
pub fn sure(ui: &mut Ui, world: &World<'_>, _out: &mut Outbox) {
    ui.label(RichText::new("Networks surveyed").font(theme::strong(15.0)));
    for (model, family) in Deep::networks(world.desk) {
        let text = RichText::new(&model.name);
        if family != Family::Steps {
            let weak = palette(ui.visuals()).weak;
            ui.add(egui::Label::new(text.color(weak)).truncate()).on_hover_text(
                "Its neurons fire once: there is nothing to be repeated until it is sure",
            );
        } else {
            ui.add(egui::Label::new(text).truncate()).on_hover_text(&model.name);
        }
    }
}

/// The digit, and another.
fn digit(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let pixels = world.digit.pixels();
    let id = Id::unique("digit of deep spikes");
    digit_view::show(ui, id, 84.0, "The current digit", |i| pixels[i], Sense::hover());
    if let Some(label) = world.digit.label() {
        ui.label(format!("It is a {label}."));
    }
    if sources::ready(world.desk)
        && ui.button("Another digit").on_hover_text("Any test digit (R)").clicked()
    {
        sources::random(world.desk, out);
    }
}

/// Which network, and what it is.
pub(super) fn network(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some((model, _)) = world.room.network(world.desk) else { return };
    let label = ui.label(RichText::new("Network").font(theme::strong(15.0)));
    ComboBox::from_id_salt("deep network")
        .selected_text(&model.name)
        .truncate()
        .width(ui.available_width() - 8.0)
        .height(420.0)
        .show_ui(ui, |ui| {
            for (other, _) in world.room.fitting(world.desk) {
                let doc = other.network.architecture().doc;
                let on = other.key == model.key;
                if ui.selectable_label(on, &other.name).on_hover_text(doc).clicked() {
                    out.push(DeepEdit::Network(other.key.clone()));
                }
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text(model.network.architecture().doc);
    if let Some(accuracy) = model.metadata.test_accuracy {
        let text = format!("{:.2} % of the test digits", accuracy * 100.0);
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
}

/// Which neuron: layer and number.
fn which_neuron(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    let known = world.room.known(world.desk);
    let Some(layers) = known.and_then(|k| k.watched.as_ref()).map(|w| &w.layers) else { return };
    let layer = kept.layer.min(layers.len().saturating_sub(1));
    let Some(chosen) = layers.get(layer) else { return };
    let label = ui.label("Neuron of").on_hover_text("Or click one in a raster");
    ComboBox::from_id_salt("layer of the neuron")
        .selected_text(&chosen.name)
        .show_ui(ui, |ui| {
            for (i, other) in layers.iter().enumerate() {
                let text = format!("{}, {} neurons", other.name, grouped(other.units() as u64));
                if ui.selectable_label(i == layer, text).clicked() {
                    out.push(DeepEdit::Unit(i, 0));
                }
            }
        })
        .response
        .labelled_by(label.id);
    let last = chosen.units().saturating_sub(1);
    let mut unit = kept.unit.min(last) as f64;
    ui.spacing_mut().slider_width = (ui.available_width() - 84.0).max(60.0);
    let slider = number::slider(&mut unit, 0.0..=last as f64).max_decimals(0);
    if ui.add(slider).on_hover_text("Its number in the layer, from 0").changed() {
        out.push(DeepEdit::Unit(layer, unit.round() as usize));
    }
}

/// Whose credit is followed.
fn whose(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    let name = match (kept.of_unit, kept.class) {
        (true, _) => "the neuron below".to_owned(),
        (false, None) => "the answer".to_owned(),
        (false, Some(class)) => format!("class {class}"),
    };
    let label = ui.label("Credit for");
    ComboBox::from_id_salt("credit for")
        .selected_text(name)
        .height(420.0)
        .show_ui(ui, |ui| {
            let plain = !kept.of_unit;
            if ui.selectable_label(plain && kept.class.is_none(), "the answer").clicked() {
                out.push(DeepEdit::Class(None));
            }
            for class in 0..CLASSES {
                let on = plain && kept.class == Some(class);
                if ui.selectable_label(on, format!("class {class}")).clicked() {
                    out.push(DeepEdit::Class(Some(class)));
                }
            }
            if ui.selectable_label(kept.of_unit, "the neuron below").clicked() {
                out.push(DeepEdit::OfUnit(true));
            }
        })
        .response
        .labelled_by(label.id);
}

/// What stands for a spike's derivative.
fn surrogate(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    let label = ui
        .label("Surrogate")
        .on_hover_text("For what is shown here; the network learned with its own");
    ComboBox::from_id_salt("shape of the surrogate")
        .selected_text(Shape::NAMES.get(kept.shape).copied().unwrap_or_default())
        .show_ui(ui, |ui| {
            for (i, name) in Shape::NAMES.iter().enumerate() {
                if ui.selectable_label(i == kept.shape, *name).clicked() {
                    out.push(DeepEdit::Surrogate(i, kept.slope));
                }
            }
        })
        .response
        .labelled_by(label.id);
    let mut slope = kept.slope;
    let tip = "How narrow the bump is: with a steep one, only membranes close to the threshold get credit";
    if Field::new("Slope", "", DeepSettings::SLOPE, tip).log().show_f32(ui, &mut slope) {
        out.push(DeepEdit::Surrogate(kept.shape, slope));
    }
}

//! The page: the digit at the left, the chosen page beside it.

use egui::{Button, ComboBox, Key, RichText, Ui};

use super::settings::{FieldsTab, Scale, refusal};
use super::state::FieldsEdit;
use super::{World, digit, gabor, layer, network, unit, why};
use crate::ann::inspect::Unit;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::figure;
use crate::ui::widgets::page::{self, NARROW, Page, Side};
use crate::workers::inspect::{Anatomy, Inspection};

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let side = Side { name: "digit", show: digit::show, width: [180.0, 250.0], folds: false };
    let shown = Page { id: "fields", side, bar: None };
    shown.show(ui, world, out, |ui, out| figure(ui, world, &world.room.inspection, out));
    if ui.input(|i| i.key_pressed(Key::Escape)) {
        out.push(FieldsEdit::Up);
    }
}

fn figure(ui: &mut Ui, world: &World<'_>, inspection: &Inspection, out: &mut Outbox) {
    let view = &world.room.kept;
    figure::place(ui, FIGURE, ui.max_rect());
    figure::controls(ui, |ui| tabs(ui, world, out));
    let Some(anatomy) = network::current(inspection, world) else {
        ui.add_space(20.0);
        ui.label(match view.chosen(&world.models) {
            Some(_) => "Taking the network apart…",
            None => "No network at hand answers in one pass forward. Train one of dense layers, convolutions or recurrent units.",
        });
        return;
    };
    match view.tab {
        FieldsTab::Network => levels(ui, world, inspection, anatomy, out),
        FieldsTab::Why => why::show(ui, world, inspection, out),
        FieldsTab::Gabor => gabor::show(ui, world, anatomy, out),
    }
}

/// The views, and what is looked into and how.
fn tabs(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.kept;
    ui.horizontal_wrapped(|ui| {
        let all = [
            (
                FieldsTab::Network,
                "Network",
                "The digit flows through the network; click a layer, then a unit",
            ),
            (
                FieldsTab::Why,
                "Why this answer",
                "The pixels that speak for and against an answer, for all networks",
            ),
            (
                FieldsTab::Gabor,
                "Gabor fit",
                "First-layer kernels beside the receptive fields of the visual cortex",
            ),
        ];
        for (i, (is, name, see)) in all.into_iter().enumerate() {
            if page::tab(ui, i, view.tab == is, name, see) {
                out.push(FieldsEdit::Tab(is));
            }
        }
        ui.separator();
        if view.tab != FieldsTab::Why {
            models(ui, world, out);
            scales(ui, world, out);
        }
        save_buttons(ui, out);
    });
}

/// Network → layer → unit, and where the pointer is.
fn levels(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    anatomy: &Anatomy,
    out: &mut Outbox,
) {
    let view = &world.room.kept;
    let part = view.layer.and_then(|l| anatomy.part(l));
    path(ui, world, anatomy, out);
    // A session may name a unit that is not there; it is put right in the next frame.
    let unit = view.unit().zip(part).map(|(unit, part)| {
        let [h, w, c] = part.shape.map(|n| n.saturating_sub(1));
        let Unit { layer, y, x, channel } = unit;
        Unit { layer, y: y.min(h), x: x.min(w), channel: channel.min(c) }
    });
    let hovered = match (part, unit) {
        (Some(part), Some(unit)) => {
            unit::show(ui, world, inspection, anatomy, (part, unit), out);
            None
        }
        (Some(part), None) => layer::show(ui, world, inspection, anatomy, part, out),
        (None, _) => network::show(ui, world, inspection, out),
    };
    if hovered != world.room.hover {
        out.push(FieldsEdit::Hover(hovered));
    }
}

/// Where one is: each word leads back there.
fn path(ui: &mut Ui, world: &World<'_>, anatomy: &Anatomy, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let view = &world.room.kept;
    let saving = figure::saving(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut step = |ui: &mut Ui, text: String, last: bool, edit: FieldsEdit| {
            let text = RichText::new(text).font(theme::strong(15.0));
            if last || saving {
                ui.label(text);
            } else if ui.add(Button::new(text).frame(false)).on_hover_text("Back to here (Esc: one level back)").clicked() {
                out.push(edit);
            }
            if !last {
                ui.label(RichText::new("›").color(p.weak));
            }
        };
        let part = view.layer.and_then(|l| anatomy.part(l));
        step(ui, anatomy.model.name.clone(), part.is_none(), FieldsEdit::Top);
        if let Some(part) = part {
            let unit = view.channel;
            step(ui, part.name.clone(), unit.is_none(), FieldsEdit::Layer(part.layer));
            if let Some(unit) = unit {
                step(ui, format!("unit {unit}"), view.term.is_none(), FieldsEdit::Input(view.input));
                if view.term.is_some() {
                    step(ui, "one product".into(), true, FieldsEdit::Up);
                }
            }
        } else if !saving {
            let text = if ui.max_rect().width() < NARROW {
                "Click a layer to go into it."
            } else {
                "from the digit to the answer. Point at a unit to see what it senses; click a layer to go into it."
            };
            ui.label(RichText::new(text).small().color(p.weak));
        }
    });
}

fn models(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let chosen = world.room.kept.chosen(&world.models);
    ComboBox::from_id_salt("looked into")
        .selected_text(chosen.map_or("", |m| m.name.as_str()))
        .width(84.0)
        .height(460.0)
        .show_ui(ui, |ui| {
            for model in world.models.iter() {
                let on = chosen.is_some_and(|c| c.key == model.key);
                let tip = model.network.architecture().doc;
                let why = refusal(model);
                let able =
                    ui.add_enabled_ui(why.is_none(), |ui| ui.selectable_label(on, &model.name));
                let name = able.inner.on_hover_text(tip);
                if name.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
                    out.push(FieldsEdit::Model(model.key.clone()));
                }
            }
        })
        .response
        .on_hover_text("The network that is looked into");
}

fn scales(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let scale = world.room.kept.scale;
    ComboBox::from_id_salt("colour scale")
        .selected_text(format!("Colours {}", scale.name()))
        .width(130.0)
        .show_ui(ui, |ui| {
            for other in [Scale::Unit, Scale::Layer, Scale::Global] {
                if ui.selectable_label(other == scale, other.name()).clicked() {
                    out.push(FieldsEdit::Scale(other));
                }
            }
        })
        .response
        .on_hover_text("The strongest colour stands for the largest value of each unit, of the layer, or of the whole network");
}

/// Name of the view as a file.
const FIGURE: &str = "receptive-fields";

fn save_buttons(ui: &mut Ui, out: &mut Outbox) {
    ui.menu_button("Save", |ui| {
        if figure::button(ui, out, "As PNG", FIGURE) {
            ui.close();
        }
        let tip = "The digit, every layer's output, its kernels and all that was found, as .npz for NumPy";
        if ui.button("Arrays").on_hover_text(tip).clicked() {
            out.push(FieldsEdit::SaveArrays);
            ui.close();
        }
    });
}

/// A text beside the pointer.
pub(super) fn tooltip(ui: &Ui, text: &str) {
    egui::Tooltip::always_open(
        ui.ctx().clone(),
        ui.layer_id(),
        ui.scope_id().with("tooltip"),
        egui::PopupAnchor::Pointer,
    )
    .gap(14.0)
    .show(|ui| ui.label(text));
}

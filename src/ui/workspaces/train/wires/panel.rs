//! The connection that is chosen: where from, where to, its weight, and what can be done
//! to it. Everything here is reached by keys as well.

use egui::{ComboBox, Id, RichText, Ui};

use super::{Chosen, Part, Shown, WiresEdit, World, draw, original};
use crate::ann::trainer::wires::{MOST_WEIGHT, Wire};
use crate::core::text::short;
use crate::data::SIDE;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::number;

/// Draws it.
pub fn show(ui: &mut Ui, world: &World<'_>, shown: &Shown, out: &mut Outbox) {
    let chosen = world.room.kept.wires.chosen.map(|c| c.within(&shown.parts));
    ui.horizontal_wrapped(|ui| place(ui, shown, chosen, out));
    let Some(c) = chosen else {
        let p = palette(ui.visuals());
        let text = format!("The answer is {}.", draw::answer(shown));
        ui.label(RichText::new(text).color(p.weak));
        return;
    };
    ui.horizontal_wrapped(|ui| weight(ui, world, shown, c, out));
    ui.label(RichText::new(sentence(shown, c)).small());
}

/// Names of the layers' connections.
fn layer_name(shown: &Shown, layer: usize) -> String {
    let unit = |layer: usize| match layer + 1 == shown.parts.len() {
        true => "classes".to_owned(),
        false => format!("hidden {}", layer + 1),
    };
    let below = layer.checked_sub(1).map_or_else(|| "pixels".to_owned(), unit);
    format!("{below} → {}", unit(layer))
}

/// Which connection: its layer, from where, to where.
fn place(ui: &mut Ui, shown: &Shown, chosen: Option<Chosen>, out: &mut Outbox) {
    let mut c = chosen.unwrap_or_default();
    let label = ui.label(RichText::new("Connection").font(theme::strong(13.5)));
    let now = chosen.map_or_else(|| "choose".to_owned(), |c| layer_name(shown, c.layer));
    ComboBox::from_id_salt("layer of connection")
        .selected_text(now)
        .width(150.0)
        .show_ui(ui, |ui| {
            for layer in 0..shown.parts.len() {
                let name = layer_name(shown, layer);
                if ui.selectable_label(chosen.is_some_and(|c| c.layer == layer), name).clicked() {
                    c = Chosen { layer, from: 0, to: 0 };
                    out.push(WiresEdit::Choose(Some(c)));
                }
            }
        })
        .response
        .labelled_by(label.id);
    if chosen.is_none() {
        return;
    }
    let before = c;
    let Part { inputs, units, .. } = shown.parts[c.layer];
    let mut bias = c.from == inputs;
    if c.layer == 0 && !bias {
        let [mut row, mut column] = [c.from / SIDE + 1, c.from % SIDE + 1];
        numbered(ui, "from row", &mut row, SIDE);
        numbered(ui, "column", &mut column, SIDE);
        c.from = (row - 1) * SIDE + column - 1;
    } else if !bias {
        let mut from = c.from + 1;
        numbered(ui, "from unit", &mut from, inputs);
        c.from = from - 1;
    }
    if ui.checkbox(&mut bias, "bias").on_hover_text("What the unit gets without input").changed() {
        c.from = if bias { inputs } else { 0 };
    }
    if c.layer + 1 == shown.parts.len() {
        let label = ui.label("to class");
        ComboBox::from_id_salt("class of connection")
            .selected_text(shown.classes.name(c.to))
            .width(70.0)
            .show_ui(ui, |ui| {
                for class in 0..shown.classes.count().min(units) {
                    ui.selectable_value(&mut c.to, class, shown.classes.name(class));
                }
            })
            .response
            .labelled_by(label.id);
    } else {
        let mut to = c.to + 1;
        numbered(ui, "to unit", &mut to, units);
        c.to = to - 1;
    }
    if c != before {
        out.push(WiresEdit::Choose(Some(c)));
    }
}

fn numbered(ui: &mut Ui, name: &str, value: &mut usize, most: usize) {
    let label = ui.label(name);
    ui.add(number::drag(value).range(1..=most).speed(0.1)).labelled_by(label.id);
}

/// Its weight, and what can be done to it.
fn weight(ui: &mut Ui, world: &World<'_>, shown: &Shown, c: Chosen, out: &mut Outbox) {
    let kept = &world.room.kept.wires;
    let wire = shown.parts[c.layer].wire(c.from, c.to);
    let now = shown.weight(c.layer, c.from, c.to);
    // While somebody types or drags, the field is theirs: the weight may go on learning.
    let id = Id::unique("weight in hand");
    let in_hand = ui.data(|d| d.get_temp::<(Wire, f32)>(id)).filter(|(of, _)| *of == wire);
    let before = in_hand.map_or(now, |(_, weight)| weight);
    let (mut field, mut weight) = (before, now);
    let label = ui.label(RichText::new("Weight").font(theme::strong(13.5)));
    let drag = number::drag(&mut field).range(-MOST_WEIGHT..=MOST_WEIGHT).speed(0.01);
    let drag = drag.clamp_existing_to_range(false).update_while_editing(false).max_decimals(4);
    let response = ui.add(drag).labelled_by(label.id);
    // Left without a change, the field has the weight rounded, and means the weight.
    if (field - before).abs() > 0.5e-4 {
        weight = field;
    }
    if response.has_focus() || response.dragged() {
        ui.data_mut(|d| d.insert_temp(id, (wire, field)));
    } else {
        ui.data_mut(|d| d.remove::<(Wire, f32)>(id));
    }
    let mut held = shown.held.contains_key(&wire);
    ui.add_enabled_ui(shown.in_hand, |ui| {
        let tip = "It keeps this weight while the others learn";
        let response = ui.checkbox(&mut held, "Hold").on_hover_text(tip);
        if response.on_disabled_hover_text("Only a run in hand learns").changed() {
            out.push(WiresEdit::Hold(wire, held));
        }
    });
    if ui.button("Cut").on_hover_text("Weight 0").clicked() {
        weight = 0.0;
    }
    let flip = ui.button("Flip").on_hover_text("The same weight with the other sign");
    if flip.clicked() && now != 0.0 {
        weight = -now;
    }
    if let Some(was) = world.room.wires.was(wire, kept, shown, world)
        && ui.button("Put back").on_hover_text(format!("Weight {}", short(was))).clicked()
    {
        weight = was;
    }
    if world.room.wires.changed(kept, shown, world) {
        let tip = "Every weight that was changed by hand becomes what it was before";
        if ui.button("Put all back").on_hover_text(tip).clicked() {
            out.push(WiresEdit::PutBack);
        }
        if !shown.in_hand && original(kept, world).is_some() {
            let tip = "As a run of its own: it answers in Draw and is listed under Runs";
            if ui.button("Keep as a run").on_hover_text(tip).clicked() {
                out.push(WiresEdit::Keep);
            }
        }
    }
    if weight != now {
        out.push(WiresEdit::Set(wire, weight));
    }
}

/// What it does for this digit.
fn sentence(shown: &Shown, c: Chosen) -> String {
    let all: f32 =
        (0..=shown.parts[c.layer].inputs).map(|from| shown.carries(c.layer, from, c.to)).sum();
    format!(
        "Carries {} × {} = {}, of {} that {} gets in all. The answer is {}.",
        short(shown.weight(c.layer, c.from, c.to)),
        short(shown.input(c.layer, c.from)),
        short(shown.carries(c.layer, c.from, c.to)),
        short(all),
        shown.unit_name(c.layer, c.to),
        draw::answer(shown)
    )
}

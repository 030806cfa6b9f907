//! What is done to errors on their way back, while networks learn.

use egui::{ComboBox, RichText, Ui};

use super::{AlternativesEdit, World, curves, slots};
use crate::ann::rules::disturbance::Disturbance;
use crate::core::text::percent;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::{self, Field};
use crate::ui::widgets::{figure, page};

/// Switches that are on or off: what they are called, what they do.
type Switch = (&'static str, &'static str, fn(&mut Disturbance) -> &mut bool);

/// The three of them.
const SWITCHES: [Switch; 3] = [
    (
        "Cross the wires",
        "Errors arrive at the wrong cells of their layer, always the same ones",
        |d| &mut d.shuffle,
    ),
    (
        "As spikes",
        "Errors arrive as whole numbers of spikes, two for an error of usual size",
        |d| &mut d.spikes,
    ),
    ("Only above zero", "What is below zero is lost, as where cells can only be excited", |d| {
        &mut d.rectify
    }),
];

/// The switches.
pub fn side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let tip = "Nothing is done to errors any more";
    if field::heading(ui, "Errors on their way", tip) {
        out.push(AlternativesEdit::Disturb(Disturbance::default()));
    }
    aim(ui, world, out);
    let now = world.room.disturbance();
    let mut new = now;
    let any = world.room.aimed_at().next().is_some();
    ui.add_enabled_ui(any, |ui| {
        for (name, tip, of) in SWITCHES {
            ui.checkbox(of(&mut new), name).on_hover_text(tip);
        }
        signs(ui, &mut new);
        let tip = "How many bits an error has; 0: exact, 1: its sign alone";
        counted(ui, ("Bits", Disturbance::BITS, tip), &mut new.bits);
        let layers = world.room.kept.course.hidden.len() as f64;
        let tip = "Nothing arrives at this hidden layer, nor below it where errors are handed on; 0: all arrive";
        counted(ui, ("Cut at layer", (0.0, layers), tip), &mut new.cut);
        let tip = "Normal noise, this many times as large as the errors";
        Field::new("Noise", "×", Disturbance::NOISE, tip).show_f32(ui, &mut new.noise);
        let tip = "Errors arrive so many batches late, when their layer sees other digits";
        counted(ui, ("Late by, batches", Disturbance::DELAY, tip), &mut new.delay);
    });
    if new != now {
        out.push(AlternativesEdit::Disturb(new));
    }
    ui.separator();
    silent(ui, world);
}

fn counted(ui: &mut Ui, (label, range, tip): (&str, (f64, f64), &str), value: &mut usize) {
    let mut wide = *value as f64;
    if Field::new(label, "", range, tip).whole().show(ui, &mut wide) {
        *value = wide.round().clamp(range.0, range.1) as usize;
    }
}

/// One bit has a switch of its own: it is the one that a lecture asks for.
fn signs(ui: &mut Ui, disturbance: &mut Disturbance) {
    let mut on = disturbance.bits == 1;
    let tip = "Only whether an error is above or below zero arrives, not how large it is";
    if ui.checkbox(&mut on, "Signs only").on_hover_text(tip).changed() {
        disturbance.bits = usize::from(on);
    }
}

/// Whose errors: those of all rules, or of one.
fn aim(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let (kept, aim) = (&world.room.kept, world.room.aim);
    let label = ui.label("Whose");
    let all = "all that send errors";
    let name = |slot: usize| kept.rule(slot).map(|rule| slots::name(slot, rule));
    ComboBox::from_id_salt("whose errors")
        .selected_text(aim.and_then(name).unwrap_or_else(|| all.to_owned()))
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            if ui.selectable_label(aim.is_none(), all).clicked() {
                out.push(AlternativesEdit::Aim(None));
            }
            for (slot, rule) in kept.slots().filter(|(_, rule)| rule.sends_errors) {
                let on = aim == Some(slot);
                if ui.selectable_label(on, slots::name(slot, rule)).clicked() {
                    out.push(AlternativesEdit::Aim(Some(slot)));
                }
            }
        })
        .response
        .labelled_by(label.id);
}

/// Why a switch does nothing to the others.
fn silent(ui: &mut Ui, world: &World<'_>) {
    let weak = palette(ui.visuals()).weak;
    for (slot, rule) in world.room.kept.slots().filter(|(_, rule)| !rule.sends_errors) {
        let text = format!(
            "{} hands no errors from layer to layer that could be disturbed. What goes back: {}.",
            slots::name(slot, rule),
            rule.way_back
        );
        ui.label(RichText::new(text).small().color(weak));
    }
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let from = ui.next_widget_position();
    slots::buttons(ui, world, out, |_, _| {});
    quick(ui, world, out);
    status(ui, world);
    curves::broken(ui, world, out, from);
}

/// The switches that fit beside the figure, where the side is folded away.
fn quick(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let now = world.room.disturbance();
    let any = world.room.aimed_at().next().is_some();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        figure::controls(ui, |ui| {
            let mend = ui.add_enabled(any && now.is_on(), egui::Button::new("Mend"));
            if mend.on_hover_text("Nothing is done to errors any more").clicked() {
                out.push(AlternativesEdit::Disturb(Disturbance::default()));
            }
        });
        let held = world.room.aimed_at().any(|slot| world.room.in_hand(slot));
        let text = match now.describe() {
            _ if !any => "No rule here sends errors from layer to layer. Choose backpropagation or feedback alignment in one of the four places.".to_owned(),
            nothing if nothing.is_empty() => "Errors arrive as they were sent.".to_owned(),
            text if held => format!("Errors on their way back: {text}"),
            text => format!("From the next start, errors on their way back: {text}"),
        };
        let colour = palette(ui.visuals()).warning;
        let text = RichText::new(text);
        ui.label(if now.is_on() { text.color(colour) } else { text });
    });
    if ui.available_width() > page::NARROW {
        return;
    }
    let mut new = now;
    ui.add_enabled_ui(any, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            for (name, tip, of) in SWITCHES {
                let on = of(&mut new);
                if ui.selectable_label(*on, name).on_hover_text(tip).clicked() {
                    *on = !*on;
                }
            }
            let on = new.bits == 1;
            if ui.selectable_label(on, "Signs only").clicked() {
                new.bits = usize::from(!on);
            }
        });
    });
    if new != now {
        out.push(AlternativesEdit::Disturb(new));
    }
}

/// Names and accuracies, in the colours of the curves.
fn status(ui: &mut Ui, world: &World<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(16.0, 2.0);
        for (slot, rule) in world.room.kept.slots() {
            let accuracy = slots::accuracy(world, slot).map_or_else(|| "–".into(), percent);
            let text = format!("{} {accuracy}", slots::name(slot, rule));
            let text = RichText::new(text).font(theme::strong(13.0));
            let text = text.color(slots::colour(ui, slot));
            let label = ui.add(egui::Label::new(text).extend());
            label.on_hover_text(slots::state(world, slot));
        }
    });
}

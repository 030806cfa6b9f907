//! The slots: which rule is in each, how far it has come, what travels back.

use egui::{Button, Color32, ComboBox, RichText, Ui};

use super::settings::SLOTS;
use super::{AlternativesEdit, World};
use crate::ann::rules::{RULES, Rule};
use crate::ann::zoo::Kind;
use crate::core::text::{grouped, percent};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::figure;
use crate::workers::training::Phase;

/// Below this width, points, each slot is a row instead of a card.
const CARDS: f32 = 840.0;
/// Below this one, a row has one slot instead of two.
const PAIRS: f32 = 520.0;

/// The colour of a slot's curves.
pub fn colour(ui: &Ui, slot: usize) -> Color32 {
    palette(ui.visuals()).series[slot]
}

/// A slot's name in legends and lists: `2 Feedback alignment`.
pub fn name(slot: usize, rule: &Rule) -> String {
    format!("{} {}", slot + 1, rule.name)
}

/// Start, pause, step, begin anew; `more` follows in the same row.
pub fn buttons(
    ui: &mut Ui,
    world: &World<'_>,
    out: &mut Outbox,
    more: impl FnOnce(&mut Ui, &mut Outbox),
) {
    if figure::saving(ui.ctx()) {
        return;
    }
    let p = palette(ui.visuals());
    let room = &world.room;
    let any = room.kept.slots().next().is_some();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let (text, edit, tip) = if room.learns() {
            ("Pause all", AlternativesEdit::Pause, "Hold before the next batch (G)")
        } else {
            ("Start all", AlternativesEdit::Start, "Let every rule learn (G)")
        };
        let main = RichText::new(text).font(theme::strong(14.0)).color(p.on_accent);
        let main = ui.add_enabled(any, Button::new(main).fill(p.accent));
        if main.on_hover_text(tip).clicked() {
            out.push(edit);
        }
        let mut button = |ui: &mut Ui, on: bool, text: &str, tip: &str, edit| {
            if ui.add_enabled(on, Button::new(text)).on_hover_text(tip).clicked() {
                out.push(edit);
            }
        };
        let tip = "One mini-batch for every rule, then hold (full stop)";
        button(ui, any, "Step", tip, AlternativesEdit::Step);
        let tip = "All from the same initial weights again. Nothing is lost: every run stays among the runs of Train";
        let begun = room.kept.slots().any(|(slot, _)| room.in_hand(slot) || room.run(slot).is_some());
        button(ui, begun, "Begin anew", tip, AlternativesEdit::Anew);
        more(ui, out);
    });
}

/// All slots: cards beside each other, or two and two where there is little width.
pub fn cards(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if ui.available_width() < CARDS {
        if ui.available_width() < PAIRS {
            (0..SLOTS).for_each(|slot| row(ui, world, slot, out));
            return;
        }
        for pair in [[0, 1], [2, 3]] {
            ui.columns(2, |columns| {
                for (ui, slot) in columns.iter_mut().zip(pair) {
                    row(ui, world, slot, out);
                }
            });
        }
        return;
    }
    ui.columns(SLOTS, |columns| {
        for (slot, ui) in columns.iter_mut().enumerate() {
            theme::card(ui.visuals()).inner_margin(8).show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.spacing_mut().item_spacing.y = 3.0;
                // Columns would justify their text.
                let left = egui::Layout::top_down(egui::Align::Min);
                ui.with_layout(left, |ui| card(ui, world, slot, out));
            });
        }
    });
}

fn card(ui: &mut Ui, world: &World<'_>, slot: usize, out: &mut Outbox) {
    let weak = palette(ui.visuals()).weak;
    let label = title(ui, slot);
    let width = ui.available_width() - 8.0;
    choose(ui, world, (slot, label.id, width), out);
    let Some(rule) = world.room.kept.rule(slot) else {
        ui.label(RichText::new("Put a rule in to compare it").small().color(weak));
        return;
    };
    ui.horizontal(|ui| {
        let accuracy = accuracy(world, slot).map_or_else(|| "–".into(), percent);
        let accuracy = RichText::new(accuracy).font(theme::strong(19.0));
        ui.label(accuracy).on_hover_text(ACCURACY);
    });
    ui.label(RichText::new(state(world, slot)).small());
    let back = RichText::new(format!("Back: {}", rule.way_back)).small().color(weak);
    ui.label(back).on_hover_text(rule.doc);
    if let Some(kind) = kind(rule) {
        ui.label(RichText::new(kind).small().color(weak));
    }
    trouble(ui, world, slot);
}

fn row(ui: &mut Ui, world: &World<'_>, slot: usize, out: &mut Outbox) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let number = RichText::new((slot + 1).to_string()).font(theme::strong(14.0));
        let label = ui.label(number.color(colour(ui, slot)));
        let named = format!("Rule {}", slot + 1);
        label.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &named));
        // As wide as the longest name needs, and what is right beside it.
        let font = theme::strong(14.0);
        let right =
            ui.fonts_mut(|f| f.layout_no_wrap("99.99 %".into(), font.clone(), Color32::WHITE));
        let width = ui.available_width() - right.size().x - 20.0;
        choose(ui, world, (slot, label.id, width), out);
        let Some(rule) = world.room.kept.rule(slot) else { return };
        let accuracy = accuracy(world, slot).map_or_else(|| "–".into(), percent);
        let kind = kind(rule).map_or_else(String::new, |k| format!(". {k}"));
        let tip = format!("{ACCURACY}. Now: {}. Back: {}{kind}", state(world, slot), rule.way_back);
        ui.label(RichText::new(accuracy).font(font)).on_hover_text(tip);
    });
    trouble(ui, world, slot);
}

const ACCURACY: &str = "Right answers among the digits that are held out, as last measured; the test set once the run is finished";

fn title(ui: &mut Ui, slot: usize) -> egui::Response {
    let text = RichText::new(format!("Rule {}", slot + 1)).font(theme::strong(14.0));
    ui.label(text.color(colour(ui, slot)))
}

/// The rule: a click puts another in.
fn choose(
    ui: &mut Ui,
    world: &World<'_>,
    (slot, label, width): (usize, egui::Id, f32),
    out: &mut Outbox,
) {
    let now = world.room.kept.rule(slot);
    let tip = now.map_or("No rule", |rule| rule.doc);
    if figure::saving(ui.ctx()) {
        ui.label(now.map_or("none", |rule| rule.name));
        return;
    }
    ComboBox::from_id_salt(("rule of slot", slot))
        .selected_text(now.map_or("none", |rule| rule.name))
        .width(width)
        .height(420.0)
        .show_ui(ui, |ui| {
            // First, so that it is in view however many rules there are.
            if ui.selectable_label(now.is_none(), "none").clicked() && now.is_some() {
                out.push(AlternativesEdit::Rule(slot, None));
            }
            for rule in RULES {
                let on = now.is_some_and(|n| n.id == rule.id);
                if ui.selectable_label(on, rule.name).on_hover_text(rule.doc).clicked() && !on {
                    out.push(AlternativesEdit::Rule(slot, Some(rule.id.to_owned())));
                }
            }
        })
        .response
        .labelled_by(label)
        .on_hover_text(tip);
}

/// Right answers, 0 to 1: on the test set, else as last measured on held-out digits.
pub fn accuracy(world: &World<'_>, slot: usize) -> Option<f64> {
    let run = world.room.run(slot)?;
    let probes = &world.room.slots[slot].view.probes;
    let probed = || probes.iter().rev().find_map(|p| p.accuracy).map(f64::from);
    run.test_accuracy.or_else(probed)
}

/// What a slot does, in a few words.
pub fn state(world: &World<'_>, slot: usize) -> String {
    let Some(run) = world.room.run(slot) else {
        let waits = world.room.in_hand(slot);
        return if waits { "waits for its digits".into() } else { "has not begun".into() };
    };
    let at = format!("batch {} of {}", grouped(run.steps), grouped(run.total_steps));
    match &world.room.slots[slot].view.phase {
        Phase::Training | Phase::Idle => at,
        Phase::Paused => format!("paused, {at}"),
        Phase::Testing { .. } => "being tested".into(),
        Phase::Finished => "finished, tested".into(),
        Phase::Stopped => format!("stopped, {at}"),
        Phase::Failed(_) => format!("failed, {at}"),
    }
}

/// What tells its network from the others.
fn kind(rule: &Rule) -> Option<&'static str> {
    match rule.kind {
        Kind::Dense => None,
        Kind::Settling => Some("Another kind of network, of the same widths: connected both ways"),
        Kind::Goodness => Some("Another kind of network, of the same widths: it compares labels"),
        Kind::Energy => Some("Another kind of network: it has decoders, and imagines digits"),
        Kind::Spiking => Some("Another kind of network, of the same widths: its neurons spike"),
        Kind::FirstSpike => {
            Some("Another kind of network, of the same widths: each neuron fires once")
        }
        Kind::BothWays => Some(
            "Another kind of network, of the same widths: its neurons spike, and are connected both ways",
        ),
        Kind::ConvStdp | Kind::ConvReward => {
            Some("Another kind of network: convolutions of spiking neurons")
        }
    }
}

/// Why a slot cannot begin, or what became of its run.
fn trouble(ui: &mut Ui, world: &World<'_>, slot: usize) {
    let view = &world.room.slots[slot].view;
    let own = view.record.is_none() || world.room.run(slot).is_some();
    let failed = match &view.phase {
        Phase::Failed(text) if own && world.room.kept.rule(slot).is_some() => Some(text.clone()),
        _ => None,
    };
    if let Some(text) = world.room.kept.refusal(slot).or(failed) {
        let warning = palette(ui.visuals()).warning;
        ui.label(RichText::new(text).small().color(warning));
    }
}

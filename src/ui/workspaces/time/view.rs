//! The page: the digit at the left, the chosen view, the time bar.

use egui::{RichText, Ui};

use super::settings::TimeTab;
use super::{Time, TimeEdit, World, answers, early, reading, units};
use crate::ann::reading::{Cell, Order, Probabilities, decided_after};
use crate::ann::zoo::Layer;
use crate::data::{CLASSES, ClassNames, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::palette;
use crate::ui::widgets::page::{self, Page, Side, Tab};
use crate::ui::widgets::time_bar::{Axis, Mark, TimeBar};
use crate::workers::reading::Reading;

/// The views.
const TABS: [Tab<Time, TimeTab>; 4] = [
    Tab {
        is: TimeTab::Reading,
        name: "Reading",
        short: "Reading",
        see: "One picture, two orders: two networks read it column by column, two row by row. Press Space, and see who knows first.",
        show: reading::large,
        side: reading::paper_only,
        bar: Some(bar),
    },
    Tab {
        is: TimeTab::Answers,
        name: "Answers",
        short: "Answers",
        see: "What each network would answer if the digit ended there. Framed: the answer no longer changes.",
        show: answers::show,
        side: reading::show,
        bar: Some(bar),
    },
    Tab {
        is: TimeTab::Units,
        name: "Hidden units",
        short: "Hidden units",
        see: "States, cells and gates while the digit is read",
        show: units::show,
        side: reading::show,
        bar: Some(bar),
    },
    Tab {
        is: TimeTab::Early,
        name: "How early",
        short: "How early",
        see: "Accuracy after every step, over a whole test set",
        show: early::show,
        side: reading::show,
        bar: Some(bar),
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let tab = TABS.iter().find(|t| t.is == world.room.kept.tab).unwrap_or(&TABS[0]);
    let side = Side { name: "digit", show: tab.side, width: [190.0, 240.0], folds: false };
    let page = Page { id: "time", side, bar: Some(bar) };
    page.show(ui, world, out, |ui, out| {
        if let Some(tab) = page::tabs(ui, TABS.iter().map(Tab::heading), world.room.kept.tab) {
            out.push(TimeEdit::Tab(tab));
        }
        if let Some(left_out) = left_out(world) {
            ui.label(RichText::new(left_out).small().color(palette(ui.visuals()).weak));
        }
        if world.digit.is_blank() {
            ui.label("Blank paper: draw a digit on the left, then press Space");
        } else if world.room.readings.serial == 0 {
            ui.label("The digit is being read …");
        }
        if world.room.readings.serial > 0 {
            (tab.show)(ui, world, out);
        }
    });
}

/// Which recurrent networks at hand are not read here.
fn left_out(world: &World<'_>) -> Option<String> {
    let recurrent = |layers: &[Layer]| layers.iter().any(|l| matches!(l, Layer::Recurrent { .. }));
    let mut others = world.models.iter().filter(|m| {
        m.network.classes() != CLASSES && recurrent(&(m.network.architecture().layers)())
    });
    let first = others.next()?;
    let more = if others.next().is_some() { " and others" } else { "" };
    Some(format!(
        "Left out here: {}{more}. Only networks of ten classes are read line by line.",
        first.name
    ))
}

/// The time bar: how much the answers change at each step, and who knows when.
fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let all = timelines(world);
    let changes = changes(&all);
    let mut marks: Vec<Mark> = Vec::new();
    if !world.digit.is_blank() {
        for line in &all {
            let at = line.decided_after as u64;
            let text = format!("{} has made up its mind", line.name);
            match marks.iter_mut().find(|m| m.at == at) {
                Some(mark) => mark.label += &format!("\n{text}"),
                None => marks.push(Mark { at, label: text, colour: p.series[1] }),
            }
        }
    }
    let axis = Axis { unit: "lines", unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(&world.room.playback, axis)
        .density(&changes, "how much the answers change at this step")
        .marks(&marks)
        .events(&|at, on| {
            let places = marks.iter().map(|m| m.at);
            if on { places.filter(|k| *k > at).min() } else { places.filter(|k| *k < at).max() }
        })
        .show(ui, &mut |edit| out.push(TimeEdit::Play(edit)));
}

/// Who answers, over time: a network or the ensemble.
pub(super) struct Timeline<'a> {
    pub name: &'a str,
    /// What its classes are called.
    pub classes: ClassNames,
    /// `GRU →`, with the way it reads; of the ensemble `→ ↓`.
    pub kind: &'static str,
    /// Column or row.
    pub line: &'static str,
    /// After every step, beginning with none.
    pub probabilities: &'a [Probabilities],
    pub decided_after: usize,
}

/// The networks, then the ensemble.
pub(super) fn timelines<'a>(world: &'a World<'_>) -> Vec<Timeline<'a>> {
    let networks = world.room.readings.readings.iter().map(|r| Timeline {
        name: &r.name,
        classes: r.classes.clone(),
        kind: kind(r),
        line: line(r),
        probabilities: &r.sweep.probabilities,
        decided_after: r.sweep.decided_after(),
    });
    let together = world.room.readings.together.iter().map(|t| Timeline {
        name: t.name,
        classes: ClassNames::default(),
        kind: "→ ↓",
        line: "line",
        probabilities: &t.probabilities,
        decided_after: decided_after(&t.probabilities),
    });
    networks.chain(together).collect()
}

pub(super) fn kind(reading: &Reading) -> &'static str {
    match (reading.sweep.cell, reading.sweep.order) {
        (Cell::Simple, Order::Columns) => "RNN →",
        (Cell::Gru, Order::Columns) => "GRU →",
        (Cell::Lstm, Order::Columns) => "LSTM →",
        (Cell::Simple, Order::Rows) => "RNN ↓",
        (Cell::Gru, Order::Rows) => "GRU ↓",
        (Cell::Lstm, Order::Rows) => "LSTM ↓",
    }
}

pub(super) fn line(reading: &Reading) -> &'static str {
    match reading.sweep.order {
        Order::Columns => "column",
        Order::Rows => "row",
    }
}

/// By step: the change of all networks' probabilities, summed.
fn changes(all: &[Timeline<'_>]) -> Vec<f32> {
    let change = |k: usize| -> f32 {
        let of = |t: &Timeline<'_>| -> f32 {
            let (a, b) = (t.probabilities.get(k), t.probabilities.get(k + 1));
            let pairs = a.into_iter().flatten().zip(b.into_iter().flatten());
            pairs.map(|(a, b)| (a - b).abs()).sum()
        };
        all.iter().map(of).sum()
    };
    (0..SIDE).map(change).collect()
}

/// The step shown, as an index.
pub(super) fn now(world: &World<'_>) -> usize {
    (world.room.playback.at() as usize).min(SIDE)
}

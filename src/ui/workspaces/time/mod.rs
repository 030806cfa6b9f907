//! *Time*: the digit read column by column and row by row. The recurrent networks
//! beside each other, what each has in mind after every step, and when it knows.
//!
//! * [`reading`]: the digit, how far it is read, what is hidden, the small canvas
//! * [`answers`]: what each network would answer after every step
//! * [`units`]: hidden units and cells as heat maps, the gates of one unit
//! * [`early`]: how early each network can tell, over many digits
//! * [`chart`]: axes over the 28 steps, shared by all of them
//!
//! A position `k` of the time bar means: those that read from the left have read
//! `k` columns, those that read from the top `k` rows.

mod answers;
mod chart;
mod early;
mod reading;
mod units;

use egui::{Key, RichText, ScrollArea, Ui};

use super::super::command::{Command, Outbox};
use super::super::snapshot::Snapshot;
use super::super::theme::{self, palette};
use super::super::time::{TimeEdit, TimeTab};
use super::super::widgets::icons::Icon;
use super::super::widgets::time_bar::{Axis, Mark, TimeBar};
use super::Workspace;
use crate::ann::reading::{Cell, Order, Probabilities, decided_after};
use crate::data::SIDE;
use crate::workers::sweep::Reading;

/// The workspace.
pub static WORKSPACE: Workspace = Workspace {
    id: "time",
    name: "Time",
    icon: Icon::Hourglass,
    doc: "The digit as time: read step by step, and when each network knows",
    key: Key::Num4,
    show,
};

/// A view: its name, what it shows, and how.
struct Tab {
    is: TimeTab,
    name: &'static str,
    doc: &'static str,
    show: fn(&mut Ui, &Snapshot<'_>, &mut Outbox),
}

const TABS: [Tab; 3] = [
    Tab {
        is: TimeTab::Answers,
        name: "Answers",
        doc: "What each network would answer after every step, and when it made up its mind",
        show: answers::show,
    },
    Tab {
        is: TimeTab::Units,
        name: "Hidden units",
        doc: "States, cells and gates while the digit is read",
        show: units::show,
    },
    Tab {
        is: TimeTab::Early,
        name: "How early",
        doc: "Accuracy after every step, over a whole test set",
        show: early::show,
    },
];

fn show(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    let plain = egui::Frame::new();
    let gap = |top, left| egui::Margin { top, left, ..egui::Margin::ZERO };
    egui::Panel::bottom("time bar")
        .resizable(false)
        .show_separator_line(false)
        .frame(plain.inner_margin(gap(8, 0)))
        .show(ui, |ui| bar(ui, world, out));
    let (width, height) = (ui.available_width(), ui.available_height());
    if width < 560.0 {
        ScrollArea::vertical().show(ui, |ui| {
            reading::show(ui, world, out, width.min(240.0), 400.0);
            views(ui, world, out);
        });
        return;
    }
    let side = if width < 900.0 { 178.0 } else { 236.0 };
    egui::Panel::left("reading")
        .exact_size(side)
        .resizable(false)
        .show_separator_line(false)
        .frame(plain)
        .show(ui, |ui| {
            ScrollArea::vertical().show(ui, |ui| reading::show(ui, world, out, side - 4.0, height));
        });
    egui::CentralPanel::default()
        .frame(plain.inner_margin(gap(0, 12)))
        .show(ui, |ui| views(ui, world, out));
}

fn views(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    let chosen = world.session.time.tab;
    ui.horizontal_wrapped(|ui| {
        for tab in &TABS {
            let text = RichText::new(tab.name).font(theme::strong(14.0));
            if ui.selectable_label(tab.is == chosen, text).on_hover_text(tab.doc).clicked() {
                out.push(Command::Time(TimeEdit::Tab(tab.is)));
            }
        }
        let hint = if world.digit.is_blank() {
            "Blank paper: draw a digit on the left, then press Space"
        } else if chosen == TimeTab::Answers && ui.available_width() > 480.0 {
            "Each cell: the answer if the digit ended there. Framed: it no longer changes."
        } else {
            return;
        };
        ui.label(RichText::new(hint).small().color(palette(ui.visuals()).weak));
    });
    if world.sweeps.serial == 0 {
        ui.label("The digit is being read …");
        return;
    }
    if let Some(tab) = TABS.iter().find(|t| t.is == chosen) {
        (tab.show)(ui, world, out);
    }
}

/// The time bar: how much the answers change at each step, and who knows when.
fn bar(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
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
    TimeBar::new(&world.time.playback, axis)
        .density(&changes, "how much the answers change at this step")
        .marks(&marks)
        .events(&|at, on| {
            let places = marks.iter().map(|m| m.at);
            if on { places.filter(|k| *k > at).min() } else { places.filter(|k| *k < at).max() }
        })
        .show(ui, &mut |edit| out.push(Command::Time(TimeEdit::Play(edit))));
}

/// Who answers, over time: a network or the ensemble.
struct Timeline<'a> {
    name: &'a str,
    /// `GRU →`, with the way it reads; of the ensemble `→ ↓`.
    kind: &'static str,
    /// Column or row.
    line: &'static str,
    /// After every step, beginning with none.
    probabilities: &'a [Probabilities],
    decided_after: usize,
}

/// The networks, then the ensemble.
fn timelines<'a>(world: &'a Snapshot<'_>) -> Vec<Timeline<'a>> {
    let networks = world.sweeps.readings.iter().map(|r| Timeline {
        name: &r.name,
        kind: kind(r),
        line: line(r),
        probabilities: &r.sweep.probabilities,
        decided_after: r.sweep.decided_after(),
    });
    let together = world.sweeps.together.iter().map(|t| Timeline {
        name: t.name,
        kind: "→ ↓",
        line: "column and row",
        probabilities: &t.probabilities,
        decided_after: decided_after(&t.probabilities),
    });
    networks.chain(together).collect()
}

fn kind(reading: &Reading) -> &'static str {
    match (reading.sweep.cell, reading.sweep.order) {
        (Cell::Gru, Order::Columns) => "GRU →",
        (Cell::Lstm, Order::Columns) => "LSTM →",
        (Cell::Gru, Order::Rows) => "GRU ↓",
        (Cell::Lstm, Order::Rows) => "LSTM ↓",
    }
}

fn line(reading: &Reading) -> &'static str {
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
fn now(world: &Snapshot<'_>) -> usize {
    (world.time.playback.at() as usize).min(SIDE)
}

/// Save as PNG, save as CSV.
fn save_buttons(
    ui: &mut Ui,
    out: &mut Outbox,
    name: &'static str,
    rect: egui::Rect,
    csv: impl FnOnce() -> String,
) {
    ui.horizontal(|ui| {
        if ui.button("Save as PNG").clicked() {
            out.push(Command::SavePicture { name, rect });
        }
        if ui.button("Save as CSV").on_hover_text("All numbers shown").clicked() {
            out.push(Command::SaveText { name: name.into(), text: csv() });
        }
    });
}

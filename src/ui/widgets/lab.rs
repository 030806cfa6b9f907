//! How a lab is laid out: the settings of the chosen experiment on the left, its
//! plots beside them, the time bar below; in a small window all in one column.

use egui::{RichText, ScrollArea, Ui};

use super::field;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};

/// Below this width of the plots, points, names are short.
pub const NARROW: f32 = 600.0;

/// Below this height of the plots, points, they have all the room.
const LOW: f32 = 400.0;

/// A view of a lab: which, its name, the same where there is little room, and what
/// to see in it, in a sentence or two.
pub type Heading<T> = (T, &'static str, &'static str, &'static str);

/// The views to choose from, and what to see in the chosen one. Gives the one that
/// was clicked.
pub fn tabs<T: Copy + PartialEq>(
    ui: &mut Ui,
    all: impl Iterator<Item = Heading<T>>,
    chosen: T,
) -> Option<T> {
    let narrow = ui.available_width() < NARROW;
    let (mut clicked, mut seen) = (None, "");
    ui.horizontal_wrapped(|ui| {
        for (is, name, short, see) in all {
            let text = RichText::new(if narrow { short } else { name }).font(theme::strong(14.0));
            if ui.selectable_label(is == chosen, text).on_hover_text(see).clicked() {
                clicked = Some(is);
            }
            if is == chosen {
                seen = see;
            }
        }
    });
    // The tab's tooltip says it as well.
    if ui.available_height() > LOW {
        let see = RichText::new(seen).color(palette(ui.visuals()).weak);
        ui.label(if narrow { see.small() } else { see });
    }
    clicked
}

/// A part of an experiment's view.
pub type Part<W> = fn(&mut Ui, &W, &mut Outbox);

/// An experiment's settings, and its time bar, if it has time.
pub struct Sides<W> {
    pub form: Part<W>,
    pub bar: Option<Part<W>>,
}

/// Draws a lab; `plots` is asked for once, with whether it has a column of its own.
pub fn show<W>(
    ui: &mut Ui,
    (form_id, time_id): (&'static str, &'static str),
    sides: &Sides<W>,
    (world, out): (&W, &mut Outbox),
    plots: impl FnOnce(&mut Ui, &mut Outbox, bool),
) {
    let plain = egui::Frame::new();
    if let Some(bar) = sides.bar {
        let top = egui::Margin { top: 8, ..egui::Margin::ZERO };
        egui::Panel::bottom(time_id)
            .resizable(false)
            .show_separator_line(false)
            .frame(plain.inner_margin(top))
            .show(ui, |ui| bar(ui, world, out));
    }
    if ui.available_width() < 560.0 {
        ScrollArea::vertical().show(ui, |ui| {
            plots(ui, out, false);
            (sides.form)(ui, world, out);
        });
        return;
    }
    let width = if ui.available_width() < 820.0 { 206.0 } else { 250.0 };
    egui::Panel::left(form_id)
        .exact_size(width)
        .resizable(false)
        .show_separator_line(false)
        .frame(theme::card(ui.visuals()))
        .show(ui, |ui| {
            ScrollArea::vertical().show(ui, |ui| (sides.form)(ui, world, out));
        });
    let left = egui::Margin { left: 12, ..egui::Margin::ZERO };
    egui::CentralPanel::default().frame(plain.inner_margin(left)).show(ui, |ui| {
        plots(ui, out, true);
    });
}

/// The heading of an experiment's settings, with the button that brings the beginning
/// back.
pub fn heading(ui: &mut Ui, text: &str, reset: impl Into<Command>, out: &mut Outbox) {
    if field::heading(ui, text, "Everything in this experiment as at the very beginning") {
        out.push(reset);
    }
}

/// Buttons that save what is shown between `from` and here.
pub fn save_row(
    ui: &mut Ui,
    out: &mut Outbox,
    name: &'static str,
    from: egui::Pos2,
    csv: impl FnOnce() -> String,
) {
    let to = egui::pos2(ui.max_rect().right(), ui.next_widget_position().y);
    ui.horizontal_wrapped(|ui| {
        if ui.button("Save as PNG").clicked() {
            let rect = egui::Rect::from_min_max(from, to);
            out.push(Command::SavePicture { name, rect });
        }
        if ui.button("Save as CSV").clicked() {
            out.push(Command::SaveText { name: name.into(), text: csv() });
        }
    });
}

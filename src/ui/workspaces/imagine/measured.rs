//! What the network is worth, in numbers, and what each of them leaves out.

use egui::{Grid, ProgressBar, RichText, Ui};

use super::view::has_network;
use super::{ImagineEdit, World};
use crate::ann::energy::judge::SIGMA;
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::figure;
use crate::workers::imagine::measured::{Measured, REFINED};

/// A line of the table: what, its number, and what to think of it.
type Line = (String, String, String);

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !has_network(ui, world) {
        return;
    }
    let measured = &world.room.measured;
    let from = ui.next_widget_position();
    figure::controls(ui, |ui| {
        ui.horizontal(|ui| {
            if measured.running {
                if ui.button("Stop").on_hover_text("What was found so far stays").clicked() {
                    out.push(ImagineEdit::StopMeasuring);
                }
                let bar = ProgressBar::new(measured.done).desired_width(220.0);
                ui.add(bar.text(format!("{:.0} %", 100.0 * measured.done)));
            } else if ui
                .button("Measure")
                .on_hover_text("On test digits, in the background; about half a minute")
                .clicked()
            {
                out.push(ImagineEdit::Measure);
            }
        });
    });
    let model = world.room.network(world.desk);
    if measured.number == 0 || model.is_none_or(|m| m.key != measured.key) {
        ui.label("Nothing is measured of this network yet. Press Measure: it takes about half a minute, in the background.");
        return;
    }
    let lines = lines(measured);
    let p = palette(ui.visuals());
    Grid::new("measured").num_columns(2).spacing([24.0, 8.0]).striped(true).show(ui, |ui| {
        for (what, number, _) in &lines {
            ui.label(what);
            ui.label(RichText::new(number).font(theme::strong(14.0)));
            ui.end_row();
        }
    });
    ui.add_space(6.0);
    for (_, _, note) in lines.iter().filter(|(_, _, note)| !note.is_empty()) {
        ui.label(RichText::new(note).color(p.weak));
    }
    figure::save_below(ui, out, "imagine-measured", from, || {
        csv::text(row!["what", "value"], lines.iter().map(|(what, number, _)| row![what, number]))
    });
}

fn lines(found: &Measured) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = |what: &str, number: String, note: &str| {
        lines.push((what.to_owned(), number, note.to_owned()));
    };
    if found.explained > 0 {
        let n = found.explained as f64;
        let [h1, h2, mean] = found.drawn.map(|sum| sum / n);
        line(
            "A linear read-out of h1 is right",
            format!("{:.1} % of {}", 100.0 * found.right as f64 / n, grouped(n as u64)),
            "Labels taught the read-out and nothing else.",
        );
        line("Error of what h1 draws", format!("{h1:.4}"), "");
        line(
            "Error of what h2 draws",
            format!("{h2:.4}"),
            "Errors are mean squared differences of pixels between 0 and 1.",
        );
        line("Error of the mean training digit", format!("{mean:.4}"), "");
    }
    if found.completed > 0 {
        let n = found.completed as f64;
        let [own, mean, near] = found.halves.map(|sum| sum / n);
        let of = format!("of {} digits", grouped(n as u64));
        line(&format!("Right half {of}, imagined from the left: error"), format!("{own:.4}"), "");
        line("… of the mean training digit", format!("{mean:.4}"), "");
        line("… of the training digit with the nearest left half", format!("{near:.4}"), "");
    }
    for (place, value) in found.parzen.iter().enumerate() {
        let Some(value) = value else { continue };
        let what = match REFINED.get(place) {
            Some(0) => "Parzen log-likelihood of dreams as they come".to_owned(),
            Some(1) => "… looked at and drawn anew once".to_owned(),
            Some(steps) => format!("… {steps} times"),
            None => "… of training digits instead of dreams".to_owned(),
        };
        let note = if place == 0 {
            format!(
                "Parzen’s estimate (nats, Gaussians of deviation {SIGMA}) counts how closely dreams cover all digits. It can fall while pictures become cleaner: look at them, too."
            )
        } else {
            String::new()
        };
        line(&what, format!("{value:.0}"), &note);
    }
    lines
}

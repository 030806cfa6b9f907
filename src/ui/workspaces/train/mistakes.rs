//! The confusion matrix, and the digits it gets wrong, each one click away from
//! the Draw workspace.

use egui::{RichText, ScrollArea, Sense, Ui};

use super::World;
use crate::core::text::grouped;
use crate::ui::command::{Command, DigitEdit, Outbox};
use crate::ui::theme;
use crate::ui::widgets::confusion::{self, Cell};
use crate::ui::widgets::{digit_view, figure};
use crate::workers::training::Judged;

/// Side of a digit in the gallery, points.
const TILE: f32 = 56.0;

/// Draws matrix and gallery.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(judged) = world.training.judged.clone() else {
        ui.label("After each epoch this shows how the held-out digits were answered. Press Start training in the settings (Ctrl+Enter), or Train in ten seconds.");
        return;
    };
    let e = &judged.evaluation;
    let wrong = e
        .answers
        .iter()
        .enumerate()
        .filter(|(i, a)| a.digit != Some(judged.data.label(*i)))
        .count();
    let unanswered = match e.unanswered() {
        0 => String::new(),
        n => format!(", {} of them not at all", grouped(n as u64)),
    };
    ui.label(format!(
        "{} of {} digits of the {} answered wrongly{unanswered} after epoch {} ({:.2} % right).",
        grouped(wrong as u64),
        grouped(judged.data.len() as u64),
        judged.of,
        judged.epoch,
        e.accuracy * 100.0
    ));
    let id = egui::Id::unique("confusion cell");
    let mut chosen: Option<Cell> = ui.data_mut(|d| d.get_temp(id)).flatten();
    let area = ui.available_rect_before_wrap();
    let side = (area.width() * 0.5).min(area.height() - 46.0).clamp(180.0, 460.0);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(side);
            let classes = judged.data.classes();
            let rect = confusion::named(ui, &e.confusion, classes, side, Some(&mut chosen));
            figure::save_row(ui, out, "confusion", rect, || confusion::csv(&e.confusion, classes));
        });
        ui.vertical(|ui| gallery(ui, &judged, &mut chosen, out));
    });
    ui.data_mut(|d| d.insert_temp(id, chosen));
}

/// The digits of the chosen cell, or all mistakes, the most certain first.
fn gallery(ui: &mut Ui, judged: &Judged, chosen: &mut Option<Cell>, out: &mut Outbox) {
    let answers = &judged.evaluation.answers;
    let mut wanted: Vec<usize> = (0..answers.len())
        .filter(|i| {
            let (t, q) = (usize::from(judged.data.label(*i)), answers[*i].digit.map(usize::from));
            chosen.map_or(Some(t) != q, |cell| (cell.0, Some(cell.1)) == (t, q))
        })
        .collect();
    wanted.sort_by(|a, b| answers[*b].probability.total_cmp(&answers[*a].probability));
    ui.horizontal_wrapped(|ui| {
        let classes = judged.data.classes();
        let plural = if classes.is_digits() { "s" } else { "" };
        let name = |class: usize| classes.name(class);
        let title = match *chosen {
            Some((t, q)) if t == q => format!("{}{plural} answered rightly", name(t)),
            Some((t, q)) => format!("{}{plural} answered {}", name(t), name(q)),
            None => "Mistakes, the most certain first".into(),
        };
        ui.label(RichText::new(title).font(theme::strong(14.0)));
        if chosen.is_some() && ui.small_button("All mistakes").clicked() {
            *chosen = None;
        }
    });
    ui.label(RichText::new("Click one to see it in Draw.").small());
    const MOST: usize = 120;
    let more = wanted.len().saturating_sub(MOST);
    wanted.truncate(MOST);
    ScrollArea::vertical().id_salt("gallery").auto_shrink([false, false]).show(ui, |ui| {
        let columns = ((ui.available_width() / (TILE + 8.0)) as usize).max(1);
        for row in wanted.chunks(columns) {
            ui.horizontal(|ui| {
                for i in row {
                    mistake(ui, judged, *i, out);
                }
            });
        }
        if more > 0 {
            ui.label(RichText::new(format!("and {more} more")).small());
        }
    });
}

fn mistake(ui: &mut Ui, judged: &Judged, index: usize, out: &mut Outbox) {
    let answer = judged.evaluation.answers[index];
    let label = judged.data.label(index);
    ui.vertical(|ui| {
        ui.set_width(TILE);
        ui.spacing_mut().item_spacing.y = 1.0;
        let id = egui::Id::unique(("mistake", judged.of, judged.epoch, index));
        let image = judged.data.image(index);
        let classes = judged.data.classes();
        let (right, said) = (classes.name(label), classes.said(answer.digit));
        let spoken = format!("A {right} answered {said}");
        let response = digit_view::show(
            ui,
            id,
            TILE,
            &spoken,
            |i| f32::from(image[i]) / 255.0,
            Sense::click(),
        );
        ui.add(egui::Label::new(RichText::new(format!("{right} → {said}")).small()).truncate());
        let tip =
            format!("{spoken} with {:.1} %. Click to see it in Draw.", answer.probability * 100.0);
        if response.on_hover_text(tip).clicked() {
            out.push(DigitEdit::Show {
                name: format!("{} digit {index}", judged.of),
                label,
                classes: classes.clone(),
                pixels: Box::new(judged.data.pixels(index)),
            });
            out.push(Command::Home);
        }
    });
}

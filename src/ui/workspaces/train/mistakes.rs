//! The confusion matrix, and the digits it gets wrong, each one click away from
//! the Draw workspace.

use egui::{RichText, ScrollArea, Sense, Ui, Vec2, pos2};

use super::World;
use super::view::save;
use crate::core::decision::said;
use crate::core::text::grouped;
use crate::data::CLASSES;
use crate::ui::command::{Command, DigitEdit, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::digit_view;
use crate::workers::training::Judged;

/// Side of a digit in the gallery, points.
const TILE: f32 = 56.0;

/// Counts by true and by answered digit.
type Counts = [[u32; CLASSES]; CLASSES];

/// A chosen cell: true digit, answered digit.
type Cell = (usize, usize);

/// Draws matrix and gallery.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(judged) = world.training.judged.clone() else {
        ui.label("After each epoch this shows how the held-out digits were answered.");
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
            let rect = matrix(ui, &e.confusion, side, &mut chosen);
            buttons(ui, &e.confusion, rect, out);
        });
        ui.vertical(|ui| gallery(ui, &judged, &mut chosen, out));
    });
    ui.data_mut(|d| d.insert_temp(id, chosen));
}

pub(super) fn buttons(ui: &mut Ui, confusion: &Counts, rect: egui::Rect, out: &mut Outbox) {
    save(ui, "confusion", rect, out, &|| {
        let mut text = String::from("true,predicted,count\n");
        for (t, row) in confusion.iter().enumerate() {
            for (p, count) in row.iter().enumerate() {
                text += &format!("{t},{p},{count}\n");
            }
        }
        text
    });
}

/// True digits downwards, answers to the right; mistakes coloured by number.
pub(super) fn matrix(
    ui: &mut Ui,
    confusion: &Counts,
    side: f32,
    chosen: &mut Option<Cell>,
) -> egui::Rect {
    let p = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Table, true, "Confusion matrix")
    });
    let painter = ui.painter();
    let margin = 34.0;
    let cell = (side - margin) / CLASSES as f32;
    let corner = rect.min + Vec2::splat(margin);
    let worst = (0..CLASSES)
        .flat_map(|t| (0..CLASSES).filter(move |q| *q != t).map(move |q| confusion[t][q]))
        .max()
        .unwrap_or(0)
        .max(1) as f32;
    painter.text(
        pos2(corner.x + 5.0 * cell, rect.top()),
        egui::Align2::CENTER_TOP,
        "answered",
        theme::regular(12.5),
        p.weak,
    );
    let galley = painter.layout_no_wrap("true digit".into(), theme::regular(12.5), p.weak);
    let at = pos2(rect.left(), corner.y + 5.0 * cell + galley.size().x / 2.0);
    painter.add(
        egui::epaint::TextShape::new(at, galley, p.weak).with_angle(-std::f32::consts::FRAC_PI_2),
    );
    for i in 0..CLASSES {
        let mid = (i as f32 + 0.5) * cell;
        let font = theme::strong(13.5);
        painter.text(
            pos2(corner.x + mid, corner.y - 9.0),
            egui::Align2::CENTER_CENTER,
            i.to_string(),
            font.clone(),
            p.text,
        );
        painter.text(
            pos2(corner.x - 9.0, corner.y + mid),
            egui::Align2::CENTER_CENTER,
            i.to_string(),
            font,
            p.text,
        );
    }
    for (t, row) in confusion.iter().enumerate() {
        for (q, &count) in row.iter().enumerate() {
            let min = corner + Vec2::new(q as f32 * cell, t as f32 * cell);
            let square = egui::Rect::from_min_size(min, Vec2::splat(cell - 1.5));
            let share = if t == q { 0.0 } else { (count as f32 / worst).sqrt() };
            let fill = if t == q {
                theme::blend(p.card, p.accent, 0.28)
            } else {
                theme::blend(p.well, p.warning, 0.85 * share)
            };
            painter.rect_filled(square, 3, fill);
            if count > 0 {
                let size = (cell * 0.36).clamp(8.0, 14.0);
                let colour = if share > 0.75 { p.background } else { p.text };
                painter.text(
                    square.center(),
                    egui::Align2::CENTER_CENTER,
                    count.to_string(),
                    theme::regular(size),
                    colour,
                );
            }
            if *chosen == Some((t, q)) {
                painter.rect_stroke(
                    square,
                    3,
                    egui::Stroke::new(2.0, p.text),
                    egui::StrokeKind::Outside,
                );
            }
        }
    }
    let at = |pos: egui::Pos2| -> Option<Cell> {
        let d = (pos - corner) / cell;
        let inside = d.x >= 0.0 && d.y >= 0.0 && d.x < CLASSES as f32 && d.y < CLASSES as f32;
        inside.then_some((d.y as usize, d.x as usize))
    };
    if response.clicked() {
        let cell = response.interact_pointer_pos().and_then(at);
        *chosen = if cell == *chosen { None } else { cell };
    }
    if let Some((t, q)) = response.hover_pos().and_then(at) {
        let text = format!("{} times a {t} was answered {q}. Click to see them.", confusion[t][q]);
        response.on_hover_text_at_pointer(text);
    }
    rect
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
        let title = match chosen {
            Some((t, q)) if t == q => format!("{t}s answered rightly"),
            Some((t, q)) => format!("{t}s answered {q}"),
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
        let spoken = format!("A {label} answered {}", said(answer.digit));
        let response = digit_view::show(
            ui,
            id,
            TILE,
            &spoken,
            |i| f32::from(image[i]) / 255.0,
            Sense::click(),
        );
        ui.label(RichText::new(format!("{label} → {}", said(answer.digit))).small());
        let tip =
            format!("{spoken} with {:.1} %. Click to see it in Draw.", answer.probability * 100.0);
        if response.on_hover_text(tip).clicked() {
            out.push(DigitEdit::Show {
                name: format!("{} digit {index}", judged.of),
                label,
                pixels: Box::new(judged.data.pixels(index)),
            });
            out.push(Command::Home);
        }
    });
}

//! One model's answer: the class large, how sure, and its probabilities; of many classes those
//! of the ten most probable ones.

use egui::{Align2, Color32, CornerRadius, FontId, Rect, Sense, Ui, Vec2, pos2};

use super::World;
use super::entries::Entry;
use crate::core::decision::leading;
use crate::core::text::certainty;
use crate::data::{CLASSES, ClassNames};
use crate::ui::theme::{self, palette};
use crate::workers::answers::Answer;

/// Draws the card in the full width and `height` points.
pub fn show(
    ui: &mut Ui,
    world: &World<'_>,
    entry: &Entry<'_>,
    truth: Option<u8>,
    height: f32,
) -> egui::Response {
    let p = palette(ui.visuals());
    let size = Vec2::new(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect(
        rect,
        CornerRadius::same(10),
        p.card,
        egui::Stroke::new(1.0, p.line),
        egui::StrokeKind::Inside,
    );
    let answer = entry.answer;
    let inner = rect.shrink2(Vec2::new(12.0, 9.0));
    header(ui, inner, entry);
    let body = Rect::from_min_max(pos2(inner.left(), inner.top() + 24.0), inner.max);
    let left = (body.height() * 0.95).clamp(84.0, 150.0).min(body.width() * 0.36);
    let digit_rect = Rect::from_min_size(body.min, Vec2::new(left, body.height()));
    let bars_rect = Rect::from_min_max(pos2(digit_rect.right() + 10.0, body.top()), body.max);
    verdict(ui, digit_rect, answer, &entry.classes, truth);
    bars(ui, bars_rect, answer, &entry.classes, truth);
    let spoken = format!("Large: {}", entry.spoken());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Group, true, &spoken));
    response.on_hover_ui(|ui| entry.details(ui, world))
}

fn header(ui: &Ui, rect: Rect, entry: &Entry<'_>) {
    let p = palette(ui.visuals());
    let painter = ui.painter();
    let name =
        painter.text(rect.left_top(), Align2::LEFT_TOP, entry.name, theme::strong(15.5), p.text);
    // What does not fit beside the name is in the tooltip.
    let note = painter.layout_no_wrap(entry.note.clone(), theme::regular(12.5), p.weak);
    if name.right() + 12.0 < rect.right() - note.size().x {
        painter.galley(rect.right_top() + Vec2::new(-note.size().x, 2.0), note, p.weak);
    }
}

fn verdict(ui: &Ui, rect: Rect, answer: Option<&Answer>, classes: &ClassNames, truth: Option<u8>) {
    let p = palette(ui.visuals());
    let painter = ui.painter();
    let Some((digit, sure)) = answer.map(Answer::best) else {
        painter.text(rect.center(), Align2::CENTER_CENTER, "–", theme::strong(48.0), p.line);
        return;
    };
    let Some(digit) = digit else {
        painter.text(rect.center(), Align2::CENTER_CENTER, "none", theme::strong(28.0), p.weak);
        return;
    };
    let wrong = truth.is_some_and(|t| usize::from(t) != digit);
    let colour = if wrong { p.warning } else { p.text };
    let text_height = 20.0;
    let size = (rect.height() - text_height).min(rect.width()) * 1.02;
    let centre = pos2(rect.center().x, rect.top() + (rect.height() - text_height) / 2.0);
    if classes.is_digits() {
        painter.text(centre, Align2::CENTER_CENTER, digit.to_string(), theme::strong(size), colour);
    } else {
        // A name, as large as it can be, in two lines if it has several words.
        let name = classes.name(digit).replace(' ', "\n");
        let wanted = painter.layout_no_wrap(name.clone(), theme::strong(28.0), colour);
        let fit = ((rect.width() - 4.0) / wanted.size().x).min(1.0);
        let galley = painter.layout_no_wrap(name, theme::strong((28.0 * fit).max(9.0)), colour);
        painter.galley(centre - galley.size() / 2.0, galley, colour);
    }
    let text = if wrong {
        format!("✗ {}", certainty(sure))
    } else {
        format!("{} sure", certainty(sure))
    };
    let wanted = painter.layout_no_wrap(text.clone(), theme::strong(15.0), colour);
    let fit = (rect.width() / wanted.size().x).min(1.0);
    let at = pos2(rect.center().x, rect.bottom());
    painter.text(at, Align2::CENTER_BOTTOM, text, theme::strong(15.0 * fit), colour);
}

fn bars(ui: &Ui, rect: Rect, answer: Option<&Answer>, classes: &ClassNames, truth: Option<u8>) {
    let p = palette(ui.visuals());
    let painter = ui.painter();
    let labels = 18.0;
    let top = rect.top() + 14.0;
    let base = rect.bottom() - labels;
    let shown = shown(answer, classes);
    let column = rect.width() / shown.len().max(1) as f32;
    let best = answer.and_then(|a| a.best().0);
    for (place, digit) in shown.into_iter().enumerate() {
        let value = answer.map_or(0.0, |a| a.probabilities.of(digit));
        let centre = rect.left() + (place as f32 + 0.5) * column;
        let half = (column * 0.36).min(22.0);
        let well = Rect::from_min_max(pos2(centre - half, top), pos2(centre + half, base));
        painter.rect_filled(well, CornerRadius::same(3), p.well);
        let chosen = best == Some(digit);
        let fill = if chosen { p.accent } else { theme::blend(p.line, p.accent, 0.45) };
        if value > 0.002 {
            let bar = Rect::from_min_max(pos2(well.left(), base - (base - top) * value), well.max);
            painter.rect_filled(bar, CornerRadius::same(3), fill);
        }
        if chosen && column > 24.0 {
            let text = format!("{:.0}", (value * 100.0).floor());
            painter.text(
                pos2(centre, top - 1.0),
                Align2::CENTER_BOTTOM,
                text,
                theme::regular(11.5),
                p.weak,
            );
        }
        let colour = if chosen { p.text } else { p.weak };
        let font = if chosen { theme::strong(14.0) } else { theme::regular(13.0) };
        let at = pos2(centre, rect.bottom());
        let name = short_name(ui, classes, digit, &font, column - 3.0);
        painter.text(at, Align2::CENTER_BOTTOM, name, font, colour);
        if truth == Some(digit as u8) {
            let mark =
                Rect::from_center_size(pos2(centre, base + 9.0), Vec2::new(column.min(24.0), 18.0));
            painter.rect_stroke(
                mark,
                CornerRadius::same(4),
                egui::Stroke::new(1.5, p.warning),
                egui::StrokeKind::Inside,
            );
        }
    }
}

/// The classes that have a bar: all of up to ten, else the most probable ones, once there is an
/// answer.
fn shown(answer: Option<&Answer>, classes: &ClassNames) -> Vec<usize> {
    let count = classes.count();
    match answer {
        Some(answer) if count > CLASSES => {
            leading(&answer.probabilities[..count.min(answer.probabilities.len())], CLASSES)
        }
        None if count > CLASSES => Vec::new(),
        _ => (0..count).collect(),
    }
}

/// The name of a class, or as much of it as has room; the tooltip has it whole.
fn short_name(ui: &Ui, classes: &ClassNames, class: usize, font: &FontId, room: f32) -> String {
    let mut name = classes.name(class);
    let width = |text: &str| {
        let galley = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE);
        galley.size().x
    };
    while name.chars().count() > 1 && width(&name) > room {
        name.pop();
    }
    name
}

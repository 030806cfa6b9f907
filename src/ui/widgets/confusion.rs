//! A confusion matrix: true digits downwards, answers to the right; mistakes coloured
//! by their number.

use egui::accesskit::Role;
use egui::{Align2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2};

use super::tip;
use crate::core::csv::{self, row};
use crate::data::CLASSES;
use crate::ui::theme::{self, palette};

/// Counts by true and by answered digit.
pub type Counts = [[u32; CLASSES]; CLASSES];

/// A cell: true digit, answered digit.
pub type Cell = (usize, usize);

/// Room for the digits and the names of the axes, points.
const MARGIN: f32 = 34.0;

/// Draws it, `side` points wide and high. Where cells can be chosen, a click chooses
/// one or lets it go.
pub fn show(ui: &mut Ui, counts: &Counts, side: f32, chosen: Option<&mut Option<Cell>>) -> Rect {
    let p = palette(ui.visuals());
    let sense = if chosen.is_some() { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Table, true, "Confusion matrix"));
    let painter = ui.painter();
    let cell = (side - MARGIN) / CLASSES as f32;
    let corner = rect.min + Vec2::splat(MARGIN);
    let (middle, small) = (5.0 * cell, theme::regular(12.5));
    let at = pos2(corner.x + middle, rect.top());
    painter.text(at, Align2::CENTER_TOP, "answered", small.clone(), p.weak);
    let galley = painter.layout_no_wrap("true digit".into(), small, p.weak);
    let at = pos2(rect.left(), corner.y + middle + galley.size().x / 2.0);
    let text = egui::epaint::TextShape::new(at, galley, p.weak);
    painter.add(text.with_angle(-std::f32::consts::FRAC_PI_2));
    for i in 0..CLASSES {
        let mid = (i as f32 + 0.5) * cell;
        for at in [pos2(corner.x + mid, corner.y - 9.0), pos2(corner.x - 9.0, corner.y + mid)] {
            let font = theme::strong(13.5);
            painter.text(at, Align2::CENTER_CENTER, i.to_string(), font, p.text);
        }
    }
    let wrong = |t: usize| (0..CLASSES).filter(move |q| *q != t).map(move |q| counts[t][q]);
    let worst = (0..CLASSES).flat_map(wrong).max().unwrap_or(0).max(1) as f32;
    for (t, row) in counts.iter().enumerate() {
        for (q, &count) in row.iter().enumerate() {
            let min = corner + Vec2::new(q as f32 * cell, t as f32 * cell);
            let square = Rect::from_min_size(min, Vec2::splat(cell - 1.5));
            let share = if t == q { 0.0 } else { (count as f32 / worst).sqrt() };
            let fill = if t == q {
                theme::blend(p.card, p.accent, 0.28)
            } else {
                theme::blend(p.well, p.warning, 0.85 * share)
            };
            painter.rect_filled(square, 3, fill);
            if count > 0 {
                let colour = if share > 0.75 { p.background } else { p.text };
                let font = theme::regular((cell * 0.36).clamp(8.0, 14.0));
                let galley = painter.layout_no_wrap(count.to_string(), font, colour);
                // What has no room is told by the colour, and by the tooltip.
                if galley.size().x < cell - 1.0 {
                    painter.galley(square.center() - galley.size() / 2.0, galley, colour);
                }
            }
        }
    }
    let under = |pos: egui::Pos2| -> Option<Cell> {
        let d = (pos - corner) / cell;
        let inside = d.min_elem() >= 0.0 && d.max_elem() < CLASSES as f32;
        inside.then_some((d.y as usize, d.x as usize))
    };
    let mut click = "";
    if let Some(chosen) = chosen {
        click = ". Click to see them.";
        if response.clicked() {
            let cell = response.interact_pointer_pos().and_then(under);
            *chosen = if cell == *chosen { None } else { cell };
        }
        if let Some((t, q)) = *chosen {
            let min = corner + Vec2::new(q as f32 * cell, t as f32 * cell);
            let square = Rect::from_min_size(min, Vec2::splat(cell - 1.5));
            painter.rect_stroke(square, 3, Stroke::new(2.0, p.text), StrokeKind::Outside);
        }
    }
    if let Some((t, q)) = response.hover_pos().and_then(under) {
        let text = format!("{} times a {t} was answered {q}{click}", counts[t][q]);
        let min = corner + Vec2::new(q as f32, t as f32) * cell;
        tip::beside(&response, Rect::from_min_size(min, Vec2::splat(cell)), text);
    }
    rect
}

/// As a table: a line for each cell.
pub fn csv(counts: &Counts) -> String {
    let cells = counts
        .iter()
        .enumerate()
        .flat_map(|(t, of)| of.iter().enumerate().map(move |(p, count)| row![t, p, count]));
    csv::text(["true", "predicted", "count"], cells)
}

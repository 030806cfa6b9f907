//! A confusion matrix: true digits downwards, answers to the right; mistakes coloured
//! by their number.

use egui::accesskit::Role;
use egui::{Align2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2};

use super::tip;
pub use crate::ann::scores::Confusion as Counts;
use crate::core::csv::{self, row};
use crate::data::{CLASSES, ClassNames};
use crate::ui::theme::{self, palette};

/// A cell: true digit, answered digit.
pub type Cell = (usize, usize);

/// Room for the digits and the names of the axes, points.
const MARGIN: f32 = 34.0;

/// Room for names of classes, points.
const NAMES: f32 = 74.0;
/// Height of a row that has a name, points at least.
const LEAST_ROW: f32 = 8.0;

/// Draws that of digits, `side` points wide and high. Where cells can be chosen, a click
/// chooses one or lets it go.
pub fn show(ui: &mut Ui, counts: &Counts, side: f32, chosen: Option<&mut Option<Cell>>) -> Rect {
    named(ui, counts, &ClassNames::default(), side, chosen)
}

/// The same for classes of any names.
pub fn named(
    ui: &mut Ui,
    counts: &Counts,
    classes: &ClassNames,
    side: f32,
    chosen: Option<&mut Option<Cell>>,
) -> Rect {
    let p = palette(ui.visuals());
    let count = classes.count();
    let letters = count > CLASSES && classes.all().iter().all(|name| name.chars().count() < 3);
    let margin = if classes.is_digits() || letters { MARGIN } else { NAMES };
    let sense = if chosen.is_some() { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Table, true, "Confusion matrix"));
    let painter = ui.painter();
    let cell = (side - margin) / count as f32;
    let corner = rect.min + Vec2::splat(margin);
    let (middle, small) = (count as f32 / 2.0 * cell, theme::regular(12.5));
    let at = pos2(corner.x + middle, rect.top());
    painter.text(at, Align2::CENTER_TOP, "answered", small.clone(), p.weak);
    let axis = if classes.is_digits() { "true digit" } else { "true class" };
    let galley = painter.layout_no_wrap(axis.into(), small, p.weak);
    let at = pos2(rect.left(), corner.y + middle + galley.size().x / 2.0);
    let text = egui::epaint::TextShape::new(at, galley, p.weak);
    painter.add(text.with_angle(-std::f32::consts::FRAC_PI_2));
    // Where rows are too low for all names, every second or third has one.
    let each = (LEAST_ROW / cell).ceil().max(1.0) as usize;
    for i in (0..count).step_by(each) {
        let mid = (i as f32 + 0.5) * cell;
        if !classes.is_digits() {
            name(ui, &classes.name(i), corner, mid, (margin - 20.0, cell * each as f32));
            continue;
        }
        for at in [pos2(corner.x + mid, corner.y - 9.0), pos2(corner.x - 9.0, corner.y + mid)] {
            let font = theme::strong(13.5);
            painter.text(at, Align2::CENTER_CENTER, i.to_string(), font, p.text);
        }
    }
    let wrong = |t: usize| (0..count).filter(move |q| *q != t).map(move |q| counts.at(t, q));
    let worst = (0..count).flat_map(wrong).max().unwrap_or(0).max(1) as f32;
    let gap = (0.2 * cell).min(1.5);
    // Of many classes, most cells are empty, and none has room for round corners.
    let many = count > CLASSES;
    if many {
        let all = Rect::from_min_size(corner, Vec2::splat(cell * count as f32));
        painter.rect_filled(all, 0, p.well);
    }
    for t in 0..count {
        for q in 0..count {
            let count = counts.at(t, q);
            if many && t != q && count == 0 {
                continue;
            }
            let min = corner + Vec2::new(q as f32 * cell, t as f32 * cell);
            let square = Rect::from_min_size(min, Vec2::splat(cell - gap));
            let share = if t == q { 0.0 } else { (count as f32 / worst).sqrt() };
            let fill = if t == q {
                theme::blend(p.card, p.accent, 0.28)
            } else {
                theme::blend(p.well, p.warning, 0.85 * share)
            };
            painter.rect_filled(square, if many { 0 } else { 3 }, fill);
            if count > 0 && cell > 9.0 {
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
        let inside = d.min_elem() >= 0.0 && d.max_elem() < count as f32;
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
            let square = Rect::from_min_size(min, Vec2::splat(cell - gap));
            painter.rect_stroke(square, 3, Stroke::new(2.0, p.text), StrokeKind::Outside);
        }
    }
    if let Some((t, q)) = response.hover_pos().and_then(under) {
        let (true_name, answer) = (classes.name(t), classes.name(q));
        let mut text =
            format!("{} times a {true_name} was answered {answer}{click}", counts.at(t, q));
        let all: u32 = (0..count).map(|answer| counts.at(t, answer)).sum();
        if t == q && all > 0 {
            let share = 100.0 * f64::from(counts.at(t, t)) / f64::from(all);
            text += &format!("\n{share:.1} % of the answers to this class are right.");
        }
        let min = corner + Vec2::new(q as f32, t as f32) * cell;
        tip::beside(&response, Rect::from_min_size(min, Vec2::splat(cell)), text);
    }
    rect
}

/// The name of a class beside its row and above its column, cut to what has room.
fn name(ui: &Ui, name: &str, corner: egui::Pos2, mid: f32, (room, row): (f32, f32)) {
    let (painter, p) = (ui.painter(), palette(ui.visuals()));
    let font = theme::strong((0.9 * row).clamp(7.0, 11.0));
    let mut job = egui::text::LayoutJob::simple(name.to_owned(), font, p.text, room);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room);
    let galley = painter.layout_job(job);
    let size = galley.size();
    painter.galley(
        corner + Vec2::new(-4.0 - size.x, mid - size.y / 2.0),
        std::sync::Arc::clone(&galley),
        p.text,
    );
    // Upwards above the column.
    let at = corner + Vec2::new(mid - size.y / 2.0, -4.0);
    let text = egui::epaint::TextShape::new(at, galley, p.text);
    painter.add(text.with_angle(-std::f32::consts::FRAC_PI_2));
}

/// As a table: a line for each cell.
pub fn csv(counts: &Counts, classes: &ClassNames) -> String {
    let count = classes.count();
    let name = |class| classes.name(class);
    let cells =
        (0..count).flat_map(|t| (0..count).map(move |p| row![name(t), name(p), counts.at(t, p)]));
    csv::text(["true", "predicted", "count"], cells)
}

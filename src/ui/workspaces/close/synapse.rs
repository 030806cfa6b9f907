//! A synapse, and what its update reads: found by replacing one quantity at a time and
//! looking whether the update changes.

use egui::{
    Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::grid;
use crate::scoreboard::board::Read;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::tip;

/// A box that is narrower, points, has room for the name only.
const NARROW: f32 = 240.0;
/// Space below a quantity's box, points.
const GAP: f32 = 6.0;

/// Draws it.
pub fn show(ui: &mut Ui, reads: &[Read]) {
    let p = palette(ui.visuals());
    let note = "A quantity is replaced, and the update is computed again: whether it changed says whether it was read. Nothing here is typed in.";
    ui.label(RichText::new(note).small().color(p.weak));
    let (local, other): (Vec<&Read>, Vec<&Read>) = reads.iter().partition(|r| r.local);
    let rows = local.len().max(other.len()).max(4);
    // Two lines of text, at least.
    let step = (3.0 * theme::regular(11.0).size).max(if rows > 6 { 0.0 } else { 42.0 }) + GAP;
    let head = 26.0;
    let size = vec2(ui.available_width().min(860.0), head + rows as f32 * step);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, said(reads)));
    let width = (0.38 * rect.width()).min(330.0);
    let centre = pos2(rect.center().x, rect.center().y + head / 2.0);
    neurons(ui, centre, rect.width() - 2.0 * width);
    for (side, heading, quantities) in [(0, "At its own place", &local), (1, "Elsewhere", &other)] {
        let left = if side == 0 { rect.left() } else { rect.right() - width };
        let text = ui.painter().layout_no_wrap(heading.into(), theme::strong(13.5), p.text);
        ui.painter().galley(pos2(left, rect.top()), text, p.text);
        // The shorter column stands in the middle.
        let top = rect.top() + head + (rows - quantities.len()) as f32 * step / 2.0;
        for (i, read) in quantities.iter().enumerate() {
            let corner = pos2(left, top + i as f32 * step);
            let place = Rect::from_min_size(corner, vec2(width, step - GAP));
            quantity(ui, place, read, centre, side == 0);
        }
    }
}

fn said(reads: &[Read]) -> String {
    let each = reads.iter().map(|r| {
        let what = if r.read { "read" } else { "not read" };
        let place = if r.local { "local" } else { "elsewhere" };
        format!("{} ({place}): {what}", r.quantity)
    });
    format!("The synapse. {}", each.collect::<Vec<_>>().join("; "))
}

/// The two neurons and the synapse between them.
fn neurons(ui: &Ui, centre: Pos2, room: f32) {
    let p = palette(ui.visuals());
    let painter = ui.painter();
    let far = vec2(0.0, (0.55 * room).clamp(46.0, 72.0));
    let (pre, post) = (centre - far, centre + far);
    let stroke = Stroke::new(3.0, p.text);
    painter.line_segment([pre, centre - vec2(0.0, 7.0)], stroke);
    painter.line_segment([centre + vec2(0.0, 7.0), post], stroke);
    for (at, name) in [(pre, "pre"), (post, "post")] {
        painter.circle(at, 17.0, p.card, stroke);
        let text = painter.layout_no_wrap(name.into(), theme::strong(11.0), p.text);
        painter.galley(at - text.size() / 2.0, text, p.text);
    }
    painter.circle_filled(centre, 7.0, p.text);
}

/// A quantity, and the arrow to the synapse if the update reads it.
fn quantity(ui: &mut Ui, place: Rect, read: &Read, synapse: Pos2, from_left: bool) {
    let p = palette(ui.visuals());
    // What is read from elsewhere is what an objection is about.
    let colour = match (read.read, read.local) {
        (true, true) => p.accent,
        (true, false) => p.warning,
        (false, _) => p.line,
    };
    let start = if from_left { place.right_center() } else { place.left_center() };
    let way = synapse - start;
    let end = synapse - way.normalized() * 13.0;
    if read.read {
        ui.painter().line_segment([start, end], Stroke::new(2.0, colour));
        let (along, across) = (way.normalized() * 9.0, way.normalized().rot90() * 5.0);
        let head: [Vec2; 3] = [along, across - along * 0.2, -across - along * 0.2];
        let head = head.map(|v| end - along * 0.4 + v).to_vec();
        ui.painter().add(Shape::convex_polygon(head, colour, Stroke::NONE));
    } else {
        ui.painter().extend(Shape::dotted_line(&[start, end], p.weak, 7.0, 0.9));
    }
    let width = if read.read { 2.0 } else { 1.0 };
    ui.painter().rect(place, 5, p.card, Stroke::new(width, colour), egui::StrokeKind::Inside);
    let inner = place.shrink2(vec2(8.0, 1.0));
    let verdict = if read.read {
        format!("read: ΔW changes by {}", change(read.change))
    } else {
        "not read".to_owned()
    };
    let ink = if read.read { p.text } else { p.weak };
    // Where there is little room, the arrow says it alone, and the verdict comes on hovering.
    let below = ui.painter().layout_no_wrap(verdict.clone(), theme::regular(11.0), ink);
    let wide = inner.width() > NARROW;
    let under = if wide { below.size().y } else { 0.0 };
    let (font, room) = (theme::strong(12.5), (inner.width(), inner.height() - under));
    let name = grid::fitting(ui, &read.quantity, font, ink, room);
    let top = place.center().y - (name.size().y + under) / 2.0;
    let foot = top + name.size().y;
    ui.painter().galley(pos2(inner.left(), top), name, ink);
    if wide {
        ui.painter().galley(pos2(inner.left(), foot), below, ink);
    }
    let response =
        ui.interact(place, ui.scope_id().with(("quantity", &read.quantity)), Sense::hover());
    tip::beside(&response, place, format!("{}: {verdict}", read.quantity));
}

/// A change over the update's own size.
fn change(share: f64) -> String {
    if !share.is_finite() {
        return "all (no number any more)".into();
    }
    if share > 10.0 {
        format!("{share:.0} times its size")
    } else {
        format!("{:.0} %", 100.0 * share)
    }
}

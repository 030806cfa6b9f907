//! Units and connections of a small network, from the digit to the classes.

use egui::accesskit::Role;
use egui::{Align2, Color32, Id, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};
use egui::{pos2, vec2};

use super::{Chosen, Shown, WiresEdit, World};
use crate::core::decision::{said, unique_max};
use crate::core::text::short;
use crate::data::{PIXELS, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{digit_view, picture};

/// Points from a connection within which a click means it.
const NEAR: f32 = 6.0;
/// Shares of the strongest connection below which none is drawn.
const FAINT: f32 = 0.03;
/// Points between what stands below each other.
const GAP: f32 = 3.0;

/// Where everything stands.
struct Places {
    /// The digit, and the weights of one unit of the first layer.
    digit: Rect,
    enlarged: Rect,
    /// By layer and unit.
    units: Vec<Vec<Rect>>,
}

impl Places {
    /// In `rect`; the classes' texts take `texts` points to the right.
    fn new(rect: Rect, shown: &Shown, texts: f32) -> Self {
        let title = theme::regular(13.0).size + 4.0;
        let side = (0.5 * rect.height() - title - GAP).min(0.28 * rect.width()).max(28.0);
        let digit = Rect::from_min_size(rect.min + vec2(0.0, title), Vec2::splat(side));
        let enlarged =
            Rect::from_min_size(digit.left_bottom() + vec2(0.0, title + GAP), digit.size());
        let (left, right) = (digit.right() + 36.0, rect.right() - texts);
        let count = shown.parts.len();
        let mut units = Vec::new();
        for (layer, part) in shown.parts.iter().enumerate() {
            let each = rect.height() / part.units as f32;
            let most = if layer == 0 { 56.0 } else { 22.0 };
            let side = (each - GAP).clamp(4.0, most);
            // Columns stand as far apart as there is room.
            let x = left + (right - left - 56.0) * layer as f32 / (count - 1).max(1) as f32;
            let place = |unit: usize| {
                let centre = pos2(x + 28.0, rect.top() + (unit as f32 + 0.5) * each);
                Rect::from_center_size(centre, Vec2::splat(side))
            };
            units.push((0..part.units).map(place).collect());
        }
        Self { digit, enlarged, units }
    }

    /// Where a connection of a layer above the first begins and ends.
    fn line(&self, layer: usize, from: usize, to: usize) -> [Pos2; 2] {
        let begin = self.units[layer - 1][from].right_center();
        [begin, self.units[layer][to].left_center()]
    }

    /// The connection or unit at a point. `unit` is the one of the first layer whose pixels
    /// are shown.
    fn at(&self, shown: &Shown, point: Pos2, unit: usize) -> Option<Chosen> {
        if let Some((row, column)) = picture::cell(self.enlarged, (SIDE, SIDE), point) {
            return Some(Chosen { layer: 0, from: row * SIDE + column, to: unit });
        }
        for (layer, places) in self.units.iter().enumerate() {
            if let Some(to) = places.iter().position(|place| place.contains(point)) {
                // Of a unit the bias, which is its own.
                return Some(Chosen { layer, from: shown.parts[layer].inputs, to });
            }
        }
        let mut nearest = (NEAR, None);
        for (layer, part) in shown.parts.iter().enumerate().skip(1) {
            for from in 0..part.inputs {
                for to in 0..part.units {
                    let apart = distance(self.line(layer, from, to), point);
                    if apart < nearest.0 {
                        nearest = (apart, Some(Chosen { layer, from, to }));
                    }
                }
            }
        }
        nearest.1
    }
}

/// From a point to a line between two others.
fn distance([a, b]: [Pos2; 2], point: Pos2) -> f32 {
    let along = b - a;
    let t = ((point - a).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
    (a + t * along).distance(point)
}

/// What a connection shows.
fn value(shown: &Shown, carried: bool, c: Chosen) -> f32 {
    if carried { shown.carries(c.layer, c.from, c.to) } else { shown.weight(c.layer, c.from, c.to) }
}

/// The largest size among the connections of a layer.
fn strongest(shown: &Shown, carried: bool, layer: usize) -> f32 {
    let part = shown.parts[layer];
    let all = (0..part.inputs).flat_map(|from| (0..part.units).map(move |to| (from, to)));
    all.map(|(from, to)| value(shown, carried, Chosen { layer, from, to }).abs())
        .fold(1e-9, f32::max)
}

/// Draws it in so much room.
pub fn show(ui: &mut Ui, world: &World<'_>, shown: &Shown, room: Vec2, out: &mut Outbox) {
    let kept = &world.room.kept.wires;
    let (rect, response) = ui.allocate_exact_size(room.max(vec2(200.0, 120.0)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, said_of(shown)));
    let font = theme::regular(13.0);
    let names = shown.classes.all().into_iter().map(|name| {
        ui.painter().layout_no_wrap(name, theme::strong(14.0), Color32::WHITE).size().x
    });
    let name_width = names.fold(12.0, f32::max).min(90.0);
    let share = ui.painter().layout_no_wrap("100 %".into(), font.clone(), Color32::WHITE).size().x;
    let bar = 60.0;
    let places = Places::new(rect, shown, name_width + bar + share + 18.0);
    let chosen = kept.chosen.map(|c| c.within(&shown.parts));
    let unit = chosen.filter(|c| c.layer == 0).map_or(0, |c| c.to);
    let hovered = response.hover_pos().and_then(|point| places.at(shown, point, unit));
    if let Some(point) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        out.push(WiresEdit::Choose(places.at(shown, point, unit)));
    }
    left(ui, world, (shown, &places), (unit, chosen), kept.carried);
    for layer in 1..shown.parts.len() {
        lines(ui, (shown, &places), layer, kept.carried);
    }
    first_layer(ui, (shown, &places), unit, kept.carried);
    for layer in 1..shown.parts.len() {
        units(ui, (shown, &places), layer);
    }
    classes(ui, (shown, &places), (name_width, bar), &font);
    for (which, bold) in [(hovered, false), (chosen, true)] {
        if let Some(which) = which {
            mark(ui, (shown, &places), which, (bold, kept.carried));
        }
    }
    if let Some(c) = hovered {
        response.on_hover_text_at_pointer(told(shown, c));
    }
}

/// The digit, and what the chosen unit of the first layer sees of it.
fn left(
    ui: &Ui,
    world: &World<'_>,
    (shown, places): (&Shown, &Places),
    (unit, chosen): (usize, Option<Chosen>),
    carried: bool,
) {
    let p = palette(ui.visuals());
    let pixels = world.digit.pixels();
    digit_view::paint(ui, Id::unique("digit of wires"), places.digit, |i| pixels[i]);
    let title = |rect: Rect, text: String| {
        let at = rect.left_top() - vec2(0.0, 2.0);
        ui.painter().text(at, Align2::LEFT_BOTTOM, text, theme::regular(13.0), p.weak);
    };
    title(places.digit, "Digit".into());
    let what = if carried { "carries" } else { "weights" };
    title(places.enlarged, format!("Unit {}: {what}", unit + 1));
    tile(ui, (shown, unit), places.enlarged, carried);
    if let Some(c) = chosen.filter(|c| c.layer == 0 && c.from < PIXELS) {
        let cell = picture::rect(places.enlarged, (SIDE, SIDE), (c.from / SIDE, c.from % SIDE));
        ui.painter().rect_stroke(cell, 0, Stroke::new(2.0, p.accent), StrokeKind::Outside);
        let there = places.units[0][unit];
        ui.painter()
            .line_segment([cell.right_center(), there.left_center()], Stroke::new(1.5, p.accent));
    }
}

/// The weights of a unit of the first layer as a picture, by its own largest.
fn tile(ui: &Ui, (shown, unit): (&Shown, usize), rect: Rect, carried: bool) {
    let visuals = ui.visuals();
    let of = |pixel: usize| value(shown, carried, Chosen { layer: 0, from: pixel, to: unit });
    let most = (0..PIXELS).map(|i| of(i).abs()).fold(1e-9, f32::max);
    let large = rect.width() as u32;
    let stamp = picture::stamp((shown.number, carried, visuals.dark_mode, large));
    let id = Id::unique(("pixels of unit", unit, large));
    picture::paint(ui, id, stamp, rect, (SIDE, SIDE), |i| theme::diverging(visuals, of(i) / most));
}

/// The connections to a layer, the strongest last, so that they lie above the others.
fn lines(ui: &Ui, (shown, places): (&Shown, &Places), layer: usize, carried: bool) {
    let (part, most) = (shown.parts[layer], strongest(shown, carried, layer));
    let mut all = Vec::new();
    for from in 0..part.inputs {
        for to in 0..part.units {
            let held = shown.held.contains_key(&part.wire(from, to));
            let share = value(shown, carried, Chosen { layer, from, to }) / most;
            if share.abs() > FAINT || held {
                all.push((share, held, places.line(layer, from, to)));
            }
        }
    }
    all.sort_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    let p = palette(ui.visuals());
    for (share, held, line) in all {
        // Weak ones thin as well as pale.
        let stroke = Stroke::new(0.6 + 3.0 * share.abs(), theme::diverging(ui.visuals(), share));
        ui.painter().line_segment(line, stroke);
        if held {
            let middle = line[0] + 0.5 * (line[1] - line[0]);
            let pin = Rect::from_center_size(middle, Vec2::splat(8.0));
            ui.painter().rect_filled(pin, 1, p.text);
            ui.painter().rect_stroke(pin, 1, Stroke::new(1.0, p.card), StrokeKind::Outside);
        }
    }
}

/// The first layer: what each of its units sees, framed by how active it is.
fn first_layer(ui: &Ui, (shown, places): (&Shown, &Places), chosen: usize, carried: bool) {
    let p = palette(ui.visuals());
    let rim = Stroke::new(1.0, p.line);
    for (unit, place) in places.units[0].iter().enumerate() {
        let from = pos2(places.digit.right() + 4.0, places.digit.center().y);
        ui.painter().line_segment([from, place.left_center() - vec2(4.0, 0.0)], rim);
        tile(ui, (shown, unit), *place, carried);
        let colour = activity(ui, shown, 0, unit);
        ui.painter().rect_stroke(*place, 1, Stroke::new(2.5, colour), StrokeKind::Outside);
        if unit == chosen {
            let around = place.expand(3.0);
            ui.painter().rect_stroke(around, 2, Stroke::new(1.0, p.accent), StrokeKind::Outside);
        }
    }
}

/// The colour of a unit: its activity among those of its layer.
fn activity(ui: &Ui, shown: &Shown, layer: usize, unit: usize) -> Color32 {
    let all = 0..shown.parts[layer].units;
    let most = all.map(|u| shown.output(layer, u).abs()).fold(1e-9, f32::max);
    theme::sequential(ui.visuals(), (shown.output(layer, unit) / most).max(0.0))
}

/// The units of a layer above the first.
fn units(ui: &Ui, (shown, places): (&Shown, &Places), layer: usize) {
    let p = palette(ui.visuals());
    for (unit, place) in places.units[layer].iter().enumerate() {
        let last = layer + 1 == shown.parts.len();
        let colour = if last {
            theme::sequential(ui.visuals(), shown.answer.of(unit))
        } else {
            activity(ui, shown, layer, unit)
        };
        let radius = 0.5 * place.width();
        ui.painter().circle(place.center(), radius, colour, Stroke::new(1.0, p.weak));
    }
}

/// Beside each class its name, a bar and its probability.
fn classes(
    ui: &Ui,
    (shown, places): (&Shown, &Places),
    (name_width, bar): (f32, f32),
    font: &egui::FontId,
) {
    let p = palette(ui.visuals());
    let Some(last) = places.units.last() else { return };
    for (class, place) in last.iter().enumerate().take(shown.classes.count()) {
        let (x, y) = (place.right() + 6.0, place.center().y);
        let name = shown.classes.name(class);
        let best = unique_max(&shown.answer) == Some(class);
        let colour = if best { p.text } else { p.weak };
        ui.painter().text(pos2(x, y), Align2::LEFT_CENTER, name, theme::strong(14.0), colour);
        let from = x + name_width + 6.0;
        let whole = Rect::from_min_size(pos2(from, y - 5.0), vec2(bar, 10.0));
        ui.painter().rect_filled(whole, 2, p.well);
        let share = shown.answer.of(class);
        let filled = Rect::from_min_size(whole.min, vec2(bar * share, 10.0));
        ui.painter().rect_filled(filled, 2, if best { p.accent } else { p.weak });
        let text = format!("{:.0} %", 100.0 * share);
        let at = pos2(whole.right() + 5.0, y);
        ui.painter().text(at, Align2::LEFT_CENTER, text, font.clone(), colour);
    }
}

/// Marks a connection or unit.
fn mark(ui: &Ui, (shown, places): (&Shown, &Places), c: Chosen, (bold, carried): (bool, bool)) {
    let p = palette(ui.visuals());
    let place = places.units[c.layer][c.to];
    if c.from == shown.parts[c.layer].inputs {
        let stroke = Stroke::new(if bold { 3.0 } else { 1.5 }, p.accent);
        ui.painter().rect_stroke(place.expand(3.0), 3, stroke, StrokeKind::Outside);
    } else if c.layer > 0 {
        // Its own colour between two lines of ink: which sign it has stays in view.
        let line = places.line(c.layer, c.from, c.to);
        let share = value(shown, carried, c) / strongest(shown, carried, c.layer);
        let width = 0.6 + 3.0 * share.abs();
        let around = if bold { 5.0 } else { 2.5 };
        ui.painter().line_segment(line, Stroke::new(width + around, p.text));
        let inner = Stroke::new(width.max(2.0), theme::diverging(ui.visuals(), share));
        ui.painter().line_segment(line, inner);
    }
}

/// A connection in a sentence.
fn told(shown: &Shown, c: Chosen) -> String {
    let part = shown.parts[c.layer];
    let to = shown.unit_name(c.layer, c.to);
    let weight = short(shown.weight(c.layer, c.from, c.to));
    if c.from == part.inputs {
        let out = short(shown.output(c.layer, c.to));
        return format!("{to}: activity {out}, bias {weight}");
    }
    format!(
        "From {} to {to}: weight {weight}, carries {}",
        shown.input_name(c.layer, c.from),
        short(shown.carries(c.layer, c.from, c.to))
    )
}

/// The picture in words.
fn said_of(shown: &Shown) -> String {
    let sizes: Vec<String> = shown.parts.iter().map(|part| part.units.to_string()).collect();
    format!("Connections, units {}; the answer is {}", sizes.join(", "), answer(shown))
}

/// The answer, and how probable.
pub(super) fn answer(shown: &Shown) -> String {
    match unique_max(&shown.answer) {
        Some(class) => {
            let share = 100.0 * shown.answer.of(class);
            format!("{}, {share:.0} %", shown.classes.name(class))
        }
        None => said(None::<usize>),
    }
}

//! Predictions: how they are made, and how they stand beside what came out.

use egui::{
    Align2, Color32, CornerRadius, Key, Modifiers, Pos2, Rect, Response, RichText, Sense, Shape,
    Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};

use super::course::Running;
use super::edit::LessonEdit;
use crate::lessons::{Ask, Axis, Beside, Choice, Reading};
use crate::ui::command::Outbox;
use crate::ui::keys;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{number, picture};

/// Columns of a curve that is drawn.
pub const COLUMNS: usize = 33;
/// Shares of the height by which an arrow key moves a curve.
const NUDGE: f32 = 0.05;

/// What was predicted.
#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// Which of the choices.
    Choice(usize),
    Number(f64),
    /// The height of each column that was drawn, 0 to 1, and the column of the arrow keys.
    Sketch(Box<[Option<f32>; COLUMNS]>, usize),
}

impl Prediction {
    /// Whether it can be compared with something.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Choice(_) | Self::Number(_) => true,
            Self::Sketch(heights, _) => heights.iter().flatten().count() >= 2,
        }
    }
}

/// A number as it is said.
pub fn plain(value: f64) -> String {
    let size = value.abs();
    let text = if size >= 1000.0 {
        format!("{value:.0}")
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else if size >= 0.1 || value == 0.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    };
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// Asks for a prediction.
pub fn show(ui: &mut Ui, ask: &Ask, running: &Running, out: &mut Outbox) {
    match ask {
        Ask::Choices(choices) => {
            let chosen = match running.draft {
                Some(Prediction::Choice(i)) => Some(i),
                _ => None,
            };
            if let Some(i) = choose(ui, choices, chosen) {
                out.push(LessonEdit::Draft(Prediction::Choice(i)));
            }
        }
        Ask::Number { low, high, unit, .. } => {
            let mut value = match running.draft {
                Some(Prediction::Number(value)) => value,
                _ => f64::midpoint(*low, *high),
            };
            ui.horizontal(|ui| {
                let label = ui.label("Your prediction");
                ui.spacing_mut().slider_width = (ui.available_width() - 140.0).clamp(80.0, 420.0);
                let slider = number::slider(&mut value, *low..=*high).suffix(format!(" {unit}"));
                let slid = ui.add(slider).labelled_by(label.id).changed();
                // Nobody has to find the slider with Tab first.
                let step = (high - low) / 20.0;
                let [less, more] = free_arrows(ui);
                let nudge = step * (f64::from(more) - f64::from(less));
                if nudge != 0.0 {
                    value = (value + nudge).clamp(*low, *high);
                }
                if slid || nudge != 0.0 {
                    out.push(LessonEdit::Draft(Prediction::Number(value)));
                }
            });
        }
        Ask::Sketch { x, y, .. } => {
            let heights = match &running.draft {
                Some(Prediction::Sketch(heights, at)) => (heights.clone(), *at),
                _ => (Box::new([None; COLUMNS]), 0),
            };
            if let Some(sketch) = draw(ui, [x, y], heights) {
                out.push(LessonEdit::Draft(sketch));
            }
        }
    }
}

/// Presses of ↓ or ←, and of ↑ or →, that nothing else waits for.
pub fn free_arrows(ui: &Ui) -> [u8; 2] {
    if ui.memory(|m| m.focused().is_some()) {
        return [0; 2];
    }
    let pressed = |key| u8::from(ui.input_mut(|i| i.consume_key(Modifiers::NONE, key)));
    [
        pressed(Key::ArrowDown) + pressed(Key::ArrowLeft),
        pressed(Key::ArrowUp) + pressed(Key::ArrowRight),
    ]
}

/// Choices side by side or below each other; the one that was clicked, or whose key was
/// pressed.
fn choose(ui: &mut Ui, choices: &[Choice], chosen: Option<usize>) -> Option<usize> {
    const KEYS: [Key; 9] = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
        Key::Num8,
        Key::Num9,
    ];
    let mut clicked = None;
    let each = {
        let columns = choices.len().clamp(1, 4) as f32;
        let gaps = ui.spacing().item_spacing.x * (columns - 1.0);
        ((ui.available_width() - gaps) / columns).floor().max(120.0)
    };
    ui.horizontal_wrapped(|ui| {
        for (i, choice) in choices.iter().enumerate() {
            let key = KEYS.get(i).filter(|_| !keys::typing(ui.ctx()));
            let pressed = key.is_some_and(|k| ui.input_mut(|i| i.consume_key(Modifiers::NONE, *k)));
            let on = chosen == Some(i);
            if card(ui, i, choice, on, each).clicked() || pressed {
                clicked = Some(i);
            }
        }
    });
    clicked
}

/// Size of a small curve and of a small picture, points.
const CURVE: Vec2 = vec2(48.0, 34.0);
const PICTURE: Vec2 = vec2(46.0, 46.0);

fn card(ui: &mut Ui, i: usize, choice: &Choice, on: bool, width: f32) -> Response {
    let p = palette(ui.visuals());
    let text = format!("{}  {}", i + 1, choice.text);
    let beside = room_beside(&choice.beside).unwrap_or_default();
    let taken = if beside.x > 0.0 { beside.x + 8.0 } else { 0.0 };
    let wrap = width - 20.0 - taken;
    let galley = ui.painter().layout(text.clone(), theme::regular(14.0), p.text, wrap);
    let height = (galley.size().y + 12.0).max((beside.y + 10.0).max(30.0));
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let hot = response.hovered() || response.has_focus();
    let fill = if on {
        theme::blend(p.card, p.accent, 0.3)
    } else if hot {
        theme::blend(p.card, p.accent, 0.12)
    } else {
        p.card
    };
    let edge = if on { Stroke::new(2.0, p.accent) } else { Stroke::new(1.0, p.line) };
    ui.painter().rect(rect, CornerRadius::same(8), fill, edge, StrokeKind::Inside);
    let left = rect.left() + 10.0;
    let place = Rect::from_min_size(pos2(left, rect.center().y - beside.y / 2.0), beside);
    show_beside(ui, place, &choice.beside, p.series[0]);
    let left = left + taken;
    let top = rect.center().y - galley.size().y / 2.0;
    ui.painter().galley(pos2(left, top), galley, p.text);
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::accesskit::Role::RadioButton, true, on, text.as_str())
    });
    response
}

/// Room for what stands beside a choice, points; `None` where nothing does.
pub fn room_beside(beside: &Beside) -> Option<Vec2> {
    match beside {
        Beside::Nothing => None,
        Beside::Curve(_) => Some(CURVE),
        Beside::Picture(..) => Some(PICTURE),
    }
}

/// What stands beside a choice.
pub fn show_beside(ui: &Ui, rect: Rect, beside: &Beside, colour: Color32) {
    match beside {
        Beside::Nothing => {}
        Beside::Curve(curve) => small_curve(ui, rect, curve, colour),
        Beside::Picture(columns, values) => small_picture(ui, rect, *columns, values),
    }
}

/// A picture with so many columns: ink where nothing in it is below zero, else blue and
/// orange as weights are.
fn small_picture(ui: &Ui, rect: Rect, columns: usize, values: &[f32]) {
    let shape = (values.len() / columns.max(1), columns);
    let signed = values.iter().any(|v| *v < 0.0);
    let visuals = ui.visuals();
    for (i, value) in values.iter().enumerate() {
        let cell = picture::rect(rect, shape, (i / columns, i % columns));
        let colour = match signed {
            true => theme::diverging(visuals, *value),
            false => theme::ink(visuals, *value),
        };
        // Without seams between them.
        ui.painter().rect_filled(cell.expand(0.3).intersect(rect), 0, colour);
    }
    let edge = Stroke::new(1.0, palette(visuals).line);
    ui.painter().rect_stroke(rect, 0, edge, StrokeKind::Outside);
}

/// A curve whose coordinates are 0 to 1, with its axes.
pub fn small_curve(ui: &Ui, rect: Rect, curve: &[[f64; 2]], colour: Color32) {
    let p = palette(ui.visuals());
    let axis = Stroke::new(1.0, p.weak);
    ui.painter().vline(rect.left(), rect.y_range(), axis);
    ui.painter().hline(rect.x_range(), rect.bottom(), axis);
    let place = |[x, y]: &[f64; 2]| at(rect, *x as f32, *y as f32);
    let points: Vec<Pos2> = curve.iter().map(place).collect();
    ui.painter().add(Shape::line(points, Stroke::new(2.5, colour)));
}

fn at(rect: Rect, x: f32, y: f32) -> Pos2 {
    let [x, y] = [x, y].map(|v| v.clamp(0.0, 1.0));
    pos2(rect.left() + x * rect.width(), rect.bottom() - y * rect.height())
}

/// Size of the field for a curve, points.
const PAD: Vec2 = vec2(320.0, 112.0);

/// A field in which a curve is drawn, with the pen or the arrow keys; the curve, if it has
/// changed.
fn draw(
    ui: &mut Ui,
    axes: [&Axis; 2],
    (mut heights, mut column): (Box<[Option<f32>; COLUMNS]>, usize),
) -> Option<Prediction> {
    let p = palette(ui.visuals());
    let mut changed = false;
    ui.horizontal(|ui| {
        let (pad, response) = pad(ui, axes, PAD, Sense::click_and_drag());
        response.widget_info(|| {
            let name = "Sketch your curve: drag, or use the arrow keys";
            egui::WidgetInfo::labeled(egui::accesskit::Role::Canvas, true, name)
        });
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        if let Some(pointer) = response.interact_pointer_pos() {
            let to = place(pad, pointer);
            let from = ui.input(|i| i.pointer.delta());
            let from = if response.drag_started() { to } else { place(pad, pointer - from) };
            lay(&mut heights, from, to);
            column = to.0;
            changed = true;
        }
        let ring = response.has_focus() || ui.memory(|m| m.focused().is_none());
        if ring {
            changed |= keys(ui, &response, &mut heights, &mut column);
        }
        stroke(ui, pad, &heights[..], p.series[1]);
        if ring {
            let x = column as f32 / (COLUMNS - 1) as f32;
            let mark = at(pad, x, heights[column].unwrap_or(0.5));
            ui.painter().circle_stroke(mark, 6.0, Stroke::new(2.0, p.accent));
        }
        ui.vertical(|ui| {
            let tip = "Draw with the pointer, or with the arrow keys: ← → along, ↑ ↓ up and down.";
            ui.add(egui::Label::new(RichText::new(tip).small().color(p.weak)).wrap());
            if ui.button("Rub out").clicked() {
                *heights = [None; COLUMNS];
                changed = true;
            }
        });
    });
    changed.then_some(Prediction::Sketch(heights, column))
}

/// Column and height of a place.
fn place(pad: Rect, p: Pos2) -> (usize, f32) {
    let x = ((p.x - pad.left()) / pad.width()).clamp(0.0, 1.0);
    let y = ((pad.bottom() - p.y) / pad.height()).clamp(0.0, 1.0);
    ((x * (COLUMNS - 1) as f32).round() as usize, y)
}

/// Puts a straight line into the columns.
fn lay(heights: &mut [Option<f32>; COLUMNS], from: (usize, f32), to: (usize, f32)) {
    let (first, last) = if from.0 <= to.0 { (from, to) } else { (to, from) };
    let steps = (last.0 - first.0).max(1) as f32;
    for (i, height) in heights[first.0..=last.0].iter_mut().enumerate() {
        *height = Some(first.1 + i as f32 / steps * (last.1 - first.1));
    }
    heights[to.0] = Some(to.1);
}

/// Arrow keys on the field; whether they changed something.
fn keys(
    ui: &mut Ui,
    response: &Response,
    heights: &mut [Option<f32>; COLUMNS],
    column: &mut usize,
) -> bool {
    let filter =
        egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    if response.has_focus() {
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    }
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let (left, right) = (pressed(Key::ArrowLeft), pressed(Key::ArrowRight));
    let (up, down) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown));
    let before = *column;
    let here = heights[before].unwrap_or(0.5);
    if left || right {
        // Four columns at a time: a curve has a handful of corners.
        let to = if left { before.saturating_sub(4) } else { (before + 4).min(COLUMNS - 1) };
        let there = heights[to].unwrap_or(here);
        lay(heights, (before, here), (to, there));
        *column = to;
    }
    if up || down {
        let there = (here + if up { NUDGE } else { -NUDGE }).clamp(0.0, 1.0);
        // The stretch from the last corner follows.
        let corner = before.saturating_sub(4);
        let from = heights[corner].unwrap_or(there);
        heights[before] = Some(there);
        if corner != before {
            lay(heights, (corner, from), (before, there));
        }
    }
    left || right || up || down
}

/// A field with axes; its inner rectangle.
fn pad(ui: &mut Ui, [x, y]: [&Axis; 2], size: Vec2, sense: Sense) -> (Rect, Response) {
    let p = palette(ui.visuals());
    let (left, below) = (46.0, 30.0);
    let (rect, response) = ui.allocate_exact_size(size + vec2(left + 8.0, below), sense);
    let pad = Rect::from_min_size(rect.min + vec2(left, 4.0), size - vec2(0.0, 4.0));
    ui.painter().rect_filled(pad, CornerRadius::same(4), p.well);
    let grid = Stroke::new(1.0, p.line);
    for i in 1..4 {
        let t = i as f32 / 4.0;
        ui.painter().vline(pad.left() + t * pad.width(), pad.y_range(), grid);
        ui.painter().hline(pad.x_range(), pad.top() + t * pad.height(), grid);
    }
    let font = theme::regular(11.5);
    let text = |place, anchor, text: String| {
        ui.painter().text(place, anchor, text, font.clone(), p.weak);
    };
    text(pad.left_bottom() + vec2(0.0, 2.0), Align2::LEFT_TOP, plain(x.low));
    text(pad.right_bottom() + vec2(0.0, 2.0), Align2::RIGHT_TOP, plain(x.high));
    text(pad.center_bottom() + vec2(0.0, 2.0), Align2::CENTER_TOP, x.name.clone());
    text(pad.left_bottom() - vec2(5.0, 0.0), Align2::RIGHT_BOTTOM, plain(y.low));
    text(pad.left_top() - vec2(5.0, 0.0), Align2::RIGHT_TOP, plain(y.high));
    text(pad.left_top() + vec2(4.0, 2.0), Align2::LEFT_TOP, y.name.clone());
    (pad, response)
}

fn stroke(ui: &Ui, pad: Rect, heights: &[Option<f32>], colour: Color32) {
    let point =
        |(i, h): (usize, &Option<f32>)| h.map(|h| at(pad, i as f32 / (COLUMNS - 1) as f32, h));
    let points: Vec<Pos2> = heights.iter().enumerate().filter_map(point).collect();
    if points.len() == 1 {
        ui.painter().circle_filled(points[0], 2.5, colour);
    }
    ui.painter().add(Shape::line(points, Stroke::new(3.0, colour)));
}

/// The newest prediction beside what came out; whether there was one.
pub fn compare(ui: &mut Ui, running: &Running) -> bool {
    let Some((_, ask, made)) = running.predicted() else { return false };
    let p = palette(ui.visuals());
    let said = |ui: &mut Ui, heading: &str, text: &str, colour: Color32| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(heading).color(p.weak));
            ui.label(RichText::new(text).font(theme::strong(14.5)).color(colour));
        });
    };
    match (ask, made) {
        (Ask::Choices(choices), Prediction::Choice(mine)) => {
            let mine = choices.get(*mine).map_or("", |c| c.text.as_str());
            said(ui, "You said:", mine, p.series[1]);
            let all = choices.iter().zip(&running.true_choices);
            let came: Vec<&str> =
                all.filter(|(_, t)| **t == Some(true)).map(|(c, _)| c.text.as_str()).collect();
            let known = running.true_choices.iter().any(Option::is_some);
            let text = match (came.is_empty(), known) {
                (false, _) => came.join(" · "),
                (true, true) => "none of these".to_owned(),
                (true, false) => "not yet measured".to_owned(),
            };
            said(ui, "Measured:", &text, p.text);
        }
        (Ask::Number { unit, .. }, Prediction::Number(mine)) => {
            said(ui, "You said:", &format!("{} {unit}", plain(*mine)), p.series[1]);
            let text = match running.outcome {
                // One of them has no plural.
                Some(Reading::Number(1.0)) => {
                    format!("1 {}", unit.strip_suffix('s').unwrap_or(unit))
                }
                Some(Reading::Number(value)) => format!("{} {unit}", plain(value)),
                _ => "not yet measured".to_owned(),
            };
            said(ui, "Measured:", &text, p.text);
        }
        (Ask::Sketch { x, y, .. }, Prediction::Sketch(heights, _)) => {
            ui.horizontal(|ui| {
                let (pad, response) = pad(ui, [x, y], PAD, Sense::hover());
                stroke(ui, pad, &heights[..], p.series[1]);
                let measured = match &running.outcome {
                    Some(Reading::Curve(points)) => points.as_slice(),
                    _ => &[],
                };
                let share = |v: f64, a: &Axis| ((v - a.low) / (a.high - a.low)) as f32;
                let within = |[u, _]: &&[f64; 2]| *u >= x.low && *u <= x.high;
                let points: Vec<Pos2> = measured
                    .iter()
                    .filter(within)
                    .map(|[u, v]| at(pad, share(*u, x), share(*v, y)))
                    .collect();
                let count = points.len();
                ui.painter().add(Shape::line(points, Stroke::new(2.5, p.text)));
                response.widget_info(|| {
                    let name = format!("Your curve, and the measured one of {count} points");
                    egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, name)
                });
                ui.vertical(|ui| {
                    ui.label(RichText::new("Your curve").color(p.series[1]));
                    let text = if count == 0 { "Not yet measured" } else { "Measured" };
                    ui.label(RichText::new(text).color(p.text));
                });
            });
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fills_the_columns_between_its_ends() {
        let mut heights = [None; COLUMNS];
        lay(&mut heights, (4, 0.0), (8, 1.0));
        assert_eq!(heights[4..9], [Some(0.0), Some(0.25), Some(0.5), Some(0.75), Some(1.0)]);
        lay(&mut heights, (8, 1.0), (6, 0.0));
        assert_eq!(heights[6..9], [Some(0.0), Some(0.5), Some(1.0)]);
        assert_eq!(heights.iter().flatten().count(), 5);
    }

    #[test]
    fn numbers_are_said_with_as_many_digits_as_help() {
        for (value, said) in
            [(0.0, "0"), (1234.5, "1234"), (123.45, "123.5"), (3.1, "3.1"), (0.012_34, "0.0123")]
        {
            assert_eq!(plain(value), said);
        }
        assert_eq!(plain(-0.5), "-0.5");
    }
}

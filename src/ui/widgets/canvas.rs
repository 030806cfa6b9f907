//! The canvas: paper, pen and eraser, for mouse, touch, pen and keyboard.
//!
//! A slow frame can bring a press, many moves and a release at once, so the
//! frame's events are replayed in order; no part of a fast stroke is lost.

use egui::{Event, Key, PointerButton, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2};

use super::digit_view;
use crate::data::SIDE;
use crate::ui::command::{DigitEdit, Outbox, Point};
use crate::ui::digit::{Digit, ERASER_RADIUS, Source};
use crate::ui::theme::{self, palette};

/// What the canvas remembers between frames.
#[derive(Clone, Debug, Default)]
struct Hand {
    /// Where the pen or eraser touches the paper, if it does.
    touching: Option<Point>,
    /// The keyboard's pen, and whether it is down.
    keyboard: Option<(Point, bool)>,
}

/// Draws the canvas as a square of `side` points and collects what is drawn.
pub fn show(ui: &mut Ui, digit: &Digit, side: f32, out: &mut Outbox) -> Response {
    let (_, rect) = ui.allocate_space(Vec2::splat(side));
    // An id of its own: a stroke goes on when something above it comes or goes.
    let response = ui.interact(rect, egui::Id::unique("canvas"), Sense::click_and_drag());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Canvas, true, "Canvas: draw a digit here")
    });
    let id = response.id.with("hand");
    let mut hand: Hand = ui.data_mut(|d| d.get_temp(id)).unwrap_or_default();
    pointer(ui, &response, rect, digit, &mut hand, out);
    keyboard(ui, &response, &mut hand, out);
    paint(ui, rect, &response, digit, &hand);
    ui.data_mut(|d| d.insert_temp(id, hand));
    if response.hovered() || response.is_pointer_button_down_on() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
    }
    response
}

fn to_canvas(rect: Rect, at: Pos2) -> Point {
    [(at.x - rect.left()) / rect.width(), (at.y - rect.top()) / rect.height()]
}

fn from_canvas(rect: Rect, at: Point) -> Pos2 {
    Pos2::new(rect.left() + at[0] * rect.width(), rect.top() + at[1] * rect.height())
}

/// Replays the frame's pointer events. Touch arrives as the pointer, too.
fn pointer(
    ui: &Ui,
    response: &Response,
    rect: Rect,
    digit: &Digit,
    hand: &mut Hand,
    out: &mut Outbox,
) {
    // Only a press that egui gives to the canvas (nothing lies over it) draws;
    // within one frame, press and release may both have happened already.
    let ours = response.contains_pointer()
        || response.is_pointer_button_down_on()
        || response.clicked()
        || response.drag_stopped();
    let events = ui.input(|i| i.events.clone());
    for event in events {
        match event {
            Event::PointerButton { pos, button: PointerButton::Primary, pressed: true, .. }
                if ours && rect.contains(pos) =>
            {
                response.request_focus();
                touch(digit, hand, to_canvas(rect, pos), out);
            }
            Event::PointerMoved(pos) => {
                if let Some(from) = hand.touching {
                    drag(digit, hand, from, to_canvas(rect, pos), out);
                }
            }
            Event::PointerButton { button: PointerButton::Primary, pressed: false, .. } => {
                lift(hand, out);
            }
            _ => {}
        }
    }
    // The release can get lost outside the window.
    if hand.touching.is_some() && !ui.input(|i| i.pointer.primary_down()) {
        lift(hand, out);
    }
}

fn touch(digit: &Digit, hand: &mut Hand, at: Point, out: &mut Outbox) {
    hand.touching = Some(at);
    hand.keyboard = None;
    out.push(if digit.eraser {
        DigitEdit::Erase { path: vec![at], first: true }
    } else {
        DigitEdit::PenDown(at)
    });
}

fn drag(digit: &Digit, hand: &mut Hand, from: Point, to: Point, out: &mut Outbox) {
    hand.touching = Some(to);
    out.push(if digit.eraser {
        DigitEdit::Erase { path: vec![from, to], first: false }
    } else {
        DigitEdit::PenMove(to)
    });
}

fn lift(hand: &mut Hand, out: &mut Outbox) {
    if hand.touching.take().is_some() {
        out.push(DigitEdit::PenUp);
    }
}

/// Drawing without a pointer: arrows move the pen, Space puts it down.
fn keyboard(ui: &Ui, response: &Response, hand: &mut Hand, out: &mut Outbox) {
    if !response.has_focus() {
        return;
    }
    let filter =
        egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    let step = if ui.input(|i| i.modifiers.shift) { 0.005 } else { 0.02 };
    let moves = [
        (Key::ArrowLeft, [-step, 0.0]),
        (Key::ArrowRight, [step, 0.0]),
        (Key::ArrowUp, [0.0, -step]),
        (Key::ArrowDown, [0.0, step]),
    ];
    for (key, by) in moves {
        for _ in 0..ui.input(|i| i.num_presses(key)) {
            let (at, down) = hand.keyboard.unwrap_or(([0.5, 0.5], false));
            let to = [(at[0] + by[0]).clamp(0.0, 1.0), (at[1] + by[1]).clamp(0.0, 1.0)];
            hand.keyboard = Some((to, down));
            if down {
                out.push(DigitEdit::PenMove(to));
            }
        }
    }
    if ui.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Space)) {
        let (at, down) = hand.keyboard.unwrap_or(([0.5, 0.5], false));
        hand.keyboard = Some((at, !down));
        out.push(if down { DigitEdit::PenUp } else { DigitEdit::PenDown(at) });
    }
}

fn paint(ui: &Ui, rect: Rect, response: &Response, digit: &Digit, hand: &Hand) {
    let p = palette(ui.visuals());
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 8, theme::ink(ui.visuals(), 0.0));
    match digit.source().pixels() {
        None => strokes(&painter, ui, rect, digit),
        Some(pixels) => {
            digit_view::paint(ui, response.id.with("picked"), rect.shrink(1.0), |i| pixels[i]);
        }
    }
    if digit.is_blank() && hand.touching.is_none() {
        let size = (rect.width() * 0.06).clamp(15.0, 26.0);
        let text = if rect.width() < 160.0 { "Draw here" } else { "Draw a digit here" };
        let at = rect.center();
        painter.text(at, egui::Align2::CENTER_CENTER, text, theme::strong(size), p.weak);
    }
    frame_of_twenty(ui, &painter, rect, digit);
    if let Some((at, down)) = hand.keyboard.filter(|_| response.has_focus()) {
        let centre = from_canvas(rect, at);
        let radius = digit.treatment.pen * rect.width() / 2.0 + 2.0;
        painter.circle_stroke(centre, radius, Stroke::new(if down { 3.0 } else { 1.5 }, p.accent));
    }
    if digit.eraser
        && let Some(at) = response.hover_pos()
    {
        painter.circle_stroke(at, ERASER_RADIUS * rect.width(), Stroke::new(1.5, p.accent));
    }
    let edge =
        if response.has_focus() { Stroke::new(2.0, p.accent) } else { Stroke::new(1.0, p.line) };
    ui.painter().rect_stroke(rect, 8, edge, egui::StrokeKind::Inside);
}

/// Cosine of the turn, 60°, beyond which a corner is meant as one.
const CORNER: f32 = 0.5;
/// Points nearer to each other than this share of the pen's width show no turn
/// of the hand, only the steps of the mouse.
const NEAR: f32 = 0.25;

/// The strokes as smooth lines with round ends and corners. One line per bend,
/// not a shape per point: a long drawing would cost milliseconds per frame.
fn strokes(painter: &egui::Painter, ui: &Ui, rect: Rect, digit: &Digit) {
    let ink = theme::ink(ui.visuals(), 0.97);
    let width = digit.treatment.pen * rect.width();
    for stroke in digit.strokes() {
        let points = steady(stroke.iter().map(|at| from_canvas(rect, *at)), NEAR * width);
        let turns = |i: usize| {
            let (before, after) = (points[i] - points[i - 1], points[i + 1] - points[i]);
            before.dot(after) < CORNER * before.length() * after.length()
        };
        let mut start = 0;
        for (i, at) in points.iter().enumerate() {
            let end = i + 1 == points.len();
            if i == 0 || end || turns(i) {
                painter.circle_filled(*at, width / 2.0, ink);
                if i > start {
                    let line = smooth(&smooth(&points[start..=i]));
                    painter.line(line, Stroke::new(width, ink));
                }
                start = i;
            }
        }
    }
}

/// The way of the hand without the steps of the mouse: points nearer than `near`
/// to the first of their group become its mean; the two ends stay.
fn steady(points: impl ExactSizeIterator<Item = Pos2>, near: f32) -> Vec<Pos2> {
    let last = points.len().saturating_sub(1);
    let mut line: Vec<Pos2> = Vec::with_capacity(points.len());
    let mut group: (Pos2, Vec2, f32) = (Pos2::ZERO, Vec2::ZERO, 0.0);
    for (i, at) in points.enumerate() {
        let (first, sum, count) = group;
        if count > 0.0 && i != last && first.distance(at) < near {
            group = (first, sum + at.to_vec2(), count + 1.0);
            continue;
        }
        if count > 0.0 {
            line.push((sum / count).to_pos2());
        }
        if i == 0 || i == last {
            line.push(at);
            group = (at, Vec2::ZERO, 0.0);
        } else {
            group = (at, at.to_vec2(), 1.0);
        }
    }
    line
}

/// Chaikin's corner cutting: every corner becomes two of half the turn; the ends
/// stay.
fn smooth(points: &[Pos2]) -> Vec<Pos2> {
    let [first, inner @ .., last] = points else { return points.to_vec() };
    let mut line = Vec::with_capacity(2 * points.len());
    line.push(*first);
    for (i, at) in inner.iter().enumerate() {
        line.extend([at.lerp(points[i], 0.25), at.lerp(points[i + 2], 0.25)]);
    }
    line.push(*last);
    line
}

/// When the digit is not centred, the 20×20 box that MNIST's digits fill.
fn frame_of_twenty(ui: &Ui, painter: &egui::Painter, rect: Rect, digit: &Digit) {
    if digit.treatment.centre || *digit.source() != Source::Drawn {
        return;
    }
    let p = palette(ui.visuals());
    let side = rect.width() * 20.0 / SIDE as f32;
    let inner = Rect::from_center_size(rect.center(), Vec2::splat(side));
    let corners = [
        inner.left_top(),
        inner.right_top(),
        inner.right_bottom(),
        inner.left_bottom(),
        inner.left_top(),
    ];
    painter.extend(Shape::dashed_line(&corners, Stroke::new(1.0, p.weak), 6.0, 5.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_ends_and_the_way() {
        // A slanted line in the whole pixels of a mouse.
        let stairs: Vec<Pos2> =
            (0..200).map(|i| Pos2::new(i as f32, (i as f32 * 0.37).round())).collect();
        let line = smooth(&smooth(&steady(stairs.iter().copied(), 10.0)));
        assert_eq!((line[0], line[line.len() - 1]), (stairs[0], stairs[199]));
        for at in &line {
            assert!((at.y - 0.37 * at.x).abs() < 0.5, "{at}");
        }
        for pair in line.windows(2) {
            assert!(pair[1].x > pair[0].x, "{pair:?}");
        }
    }

    #[test]
    fn dots_and_short_strokes_stay() {
        for n in 0..4 {
            let points = vec![Pos2::new(3.0, 4.0); n];
            let line = smooth(&steady(points.iter().copied(), 1.0));
            assert_eq!(line.is_empty(), n == 0);
            assert!(line.iter().all(|at| *at == points[0]), "{line:?}");
        }
    }
}

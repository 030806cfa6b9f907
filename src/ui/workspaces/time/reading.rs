//! The digit as the networks read it, from the left and from the top; what is
//! hidden from them; and a small canvas, to redraw the digit in the middle of it.

use egui::{Align2, Rect, Response, RichText, Sense, Stroke, Ui, Vec2, pos2};

use super::answers::short;
use super::view::{Timeline, now, timelines};
use super::{TimeEdit, World};
use crate::ann::reading::{Hidden, Order};
use crate::core::decision::best;
use crate::core::text::certainty;
use crate::data::{ClassNames, SIDE};
use crate::ui::command::{DigitEdit, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::number;
use crate::ui::widgets::{canvas, digit_view, sources};

/// Draws the column of `width` points, within `height` if that is possible.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let (width, height) = (ui.available_width(), ui.clip_rect().height());
    ui.spacing_mut().item_spacing.y = 5.0;
    // Both pictures above each other where they are large enough that way.
    let canvas = (height * 0.27).clamp(112.0, 190.0).min(width - 66.0);
    let stacked = ((height - canvas - 184.0) / 2.0).min(width);
    if stacked >= 128.0 {
        picture(ui, world, out, Order::Columns, stacked);
        picture(ui, world, out, Order::Rows, stacked);
    } else {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let side = (width - 6.0) / 2.0;
            for order in [Order::Columns, Order::Rows] {
                ui.vertical(|ui| picture(ui, world, out, order, side));
            }
        });
    }
    hiding(ui, world, out, width);
    paper(ui, world, out, canvas);
}

/// What stands beside the large pictures: the paper, and what is hidden.
pub fn paper_only(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let width = ui.available_width();
    ui.spacing_mut().item_spacing.y = 6.0;
    paper(ui, world, out, (width - 80.0).min(220.0));
    hiding(ui, world, out, width);
}

/// The figure: both pictures, and below each what those say who read it so.
pub fn large(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let all = timelines(world);
    let orders = [(Order::Columns, "column"), (Order::Rows, "row")];
    let readers = |line: &str| all.iter().filter(|t| t.line == line).count();
    let rows = orders.iter().map(|(_, line)| readers(line)).max().unwrap_or(0);
    let row = 26.0;
    let together: Vec<_> = all.iter().filter(|t| orders.iter().all(|o| o.1 != t.line)).collect();
    // Heading, picture, who reads it so, and those who read it both ways.
    let below = row * (rows + together.len()) as f32 + 34.0;
    let (width, gap) = (ui.available_width(), 20.0);
    let side = ((width - gap) / 2.0).min(ui.available_height() - below).max(120.0);
    ui.spacing_mut().item_spacing = Vec2::new(gap, 4.0);
    let whole = 2.0 * side + gap;
    ui.horizontal_top(|ui| {
        ui.add_space((width - whole).max(0.0) / 2.0);
        for (order, line) in orders {
            ui.vertical(|ui| {
                ui.set_width(side);
                picture(ui, world, out, order, side);
                for timeline in all.iter().filter(|t| t.line == line) {
                    verdict(ui, world, timeline, Vec2::new(side, row - 4.0));
                }
            });
        }
    });
    for timeline in together {
        ui.horizontal(|ui| {
            ui.add_space((width - whole).max(0.0) / 2.0);
            verdict(ui, world, timeline, Vec2::new(whole, row - 4.0));
        });
    }
}

/// What a network says at the position, and whether it is right.
fn verdict(ui: &mut Ui, world: &World<'_>, timeline: &Timeline<'_>, size: Vec2) {
    let p = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let (digit, sure) = best(&timeline.probabilities[now(world)]);
    let blank = world.digit.is_blank();
    let (right, sure) = (judged(world, &timeline.classes, digit), certainty(sure));
    let verdict = match right {
        Some(true) => ": right",
        Some(false) => ": wrong",
        None => "",
    };
    let text = if blank {
        timeline.name.to_owned()
    } else {
        format!("{} says {}, {sure} sure{verdict}", timeline.name, timeline.classes.said(digit))
    };
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &text));
    let painter = ui.painter();
    let (left, middle) = (Align2::LEFT_CENTER, rect.center().y);
    let at = painter.text(rect.left_center(), left, timeline.name, theme::strong(14.0), p.text);
    if blank {
        return;
    }
    let at = pos2((at.right() + 14.0).max(rect.left() + 66.0), middle);
    let at = painter.text(at, left, short(&timeline.classes, digit), theme::strong(22.0), p.text);
    let mut x = at.right() + 8.0;
    if let Some(right) = right {
        mark(ui, pos2(x + 8.0, middle), right);
        x += 26.0;
    }
    let at = painter.text(pos2(x, middle), left, sure, theme::regular(14.0), p.text);
    let knows = now(world) >= timeline.decided_after;
    let full = format!("knows since {} {}", timeline.line, timeline.decided_after);
    let brief = format!("since {}", timeline.decided_after);
    let text = if rect.right() - at.right() > 190.0 { full } else { brief };
    let text = if knows { text } else { "not yet".into() };
    let colour = if knows { p.text } else { p.weak };
    if rect.right() - at.right() > 66.0 {
        let right = Align2::RIGHT_CENTER;
        painter.text(pos2(rect.right(), middle), right, text, theme::regular(13.0), colour);
    }
}

/// Whether an answer is right, where the picture's class is known and one of those told apart.
pub(super) fn judged(
    world: &World<'_>,
    classes: &ClassNames,
    answer: Option<usize>,
) -> Option<bool> {
    let (label, of) = world.digit.truth()?;
    (of == classes).then_some(Some(usize::from(label)) == answer)
}

/// A tick or a cross: right and wrong are not told apart by colour alone.
pub(super) fn mark(ui: &Ui, at: egui::Pos2, right: bool) {
    let p = palette(ui.visuals());
    let point = |x: f32, y: f32| at + Vec2::new(x, y);
    if right {
        let line = vec![point(-6.0, 0.5), point(-1.5, 5.0), point(6.5, -6.0)];
        ui.painter().add(egui::Shape::line(line, Stroke::new(2.5, p.text)));
    } else {
        let stroke = Stroke::new(2.5, p.warning);
        ui.painter().line_segment([point(-5.5, -5.5), point(5.5, 5.5)], stroke);
        ui.painter().line_segment([point(-5.5, 5.5), point(5.5, -5.5)], stroke);
    }
}

/// The picture with what has been read of it, and what is hidden.
fn picture(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, order: Order, side: f32) {
    let p = palette(ui.visuals());
    let (columns, k) = (order == Order::Columns, now(world));
    let (way, line) = if columns { ("From the left", "column") } else { ("From the top", "row") };
    // Beside the other picture there may be little room.
    let short = if columns { "From left" } else { "From top" };
    let way_shown = if side < 110.0 { short } else { way };
    ui.add(egui::Label::new(RichText::new(way_shown).font(theme::strong(13.0))).extend());
    let pixels = world.digit.pixels();
    let id = ui.scope_id().with(way);
    let label = format!("{way}: {k} of 28 {line}s read. A click hides a {line}");
    let response = digit_view::show(ui, id, side, &label, |i| pixels[i], Sense::click());
    let rect = response.rect;
    let cell = side / SIDE as f32;
    let band = |from: usize, to: usize, along: bool| {
        let (a, b) = (from as f32 * cell, to as f32 * cell);
        if along {
            Rect::from_min_max(rect.min + Vec2::new(a, 0.0), pos2(rect.left() + b, rect.bottom()))
        } else {
            Rect::from_min_max(rect.min + Vec2::new(0.0, a), pos2(rect.right(), rect.top() + b))
        }
    };
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(band(k, SIDE, columns), 0, p.well.gamma_multiply(0.8));
    let hidden = world.room.kept.hidden;
    let last = Hidden { last: hidden.last, ..Hidden::default() };
    for i in 0..SIDE {
        for along in [true, false] {
            let chosen = if along { hidden.columns } else { hidden.rows };
            let ends = along == columns && last.hides(order, i, i);
            if chosen >> i & 1 == 1 || ends {
                let band = band(i, i + 1, along);
                painter.rect_filled(band, 0, theme::blend(p.card, p.warning, 0.45));
            }
        }
    }
    let edge = |from: f32| {
        let at = from * cell;
        if columns {
            [pos2(rect.left() + at, rect.top()), pos2(rect.left() + at, rect.bottom())]
        } else {
            [pos2(rect.left(), rect.top() + at), pos2(rect.right(), rect.top() + at)]
        }
    };
    painter.line_segment(edge(k as f32), Stroke::new(2.5, p.accent));
    let frame =
        if response.has_focus() { Stroke::new(2.0, p.accent) } else { Stroke::new(1.0, p.line) };
    ui.painter().rect_stroke(rect, 3, frame, egui::StrokeKind::Outside);
    pick(response, world, out, order, cell);
}

/// A click hides the line under the pointer, or shows it again.
fn pick(response: Response, world: &World<'_>, out: &mut Outbox, order: Order, cell: f32) {
    let Some(at) = response.hover_pos() else { return };
    let from = if order == Order::Columns {
        at.x - response.rect.left()
    } else {
        at.y - response.rect.top()
    };
    let i = ((from / cell).max(0.0) as usize).min(SIDE - 1);
    let (line, name) = if order == Order::Columns {
        (world.room.kept.hidden.columns, "column")
    } else {
        (world.room.kept.hidden.rows, "row")
    };
    if response.clicked() {
        out.push(TimeEdit::Hide(toggled(world.room.kept.hidden, order, i)));
    }
    let what = if line >> i & 1 == 1 { "show it again" } else { "hide it from all networks" };
    response.on_hover_text_at_pointer(format!("{name} {}: click to {what}", i + 1));
}

fn toggled(mut hidden: Hidden, order: Order, line: usize) -> Hidden {
    match order {
        Order::Columns => hidden.columns ^= 1 << line,
        Order::Rows => hidden.rows ^= 1 << line,
    }
    hidden
}

/// Hides lines from the end, and those at the position.
fn hiding(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, width: f32) {
    let hidden = world.room.kept.hidden;
    let mut hide = |hidden| out.push(TimeEdit::Hide(hidden));
    let tip = "Lines that are read last become blank paper: columns on the right for those who read from the left, rows at the bottom for those who read from the top.";
    let label = ui.label(RichText::new("Hide the last").small()).on_hover_text(tip);
    ui.spacing_mut().slider_width = (width - 62.0).max(60.0);
    let mut last = hidden.last;
    let slider = number::slider(&mut last, 0..=SIDE as u8);
    if ui.add(slider).labelled_by(label.id).on_hover_text(tip).changed() {
        hide(Hidden { last, ..hidden });
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(4.0, 4.0);
        ui.spacing_mut().button_padding.x = 6.0;
        // The line read last, the first before anything is read.
        let line = now(world).max(1) - 1;
        for (order, mask, name) in
            [(Order::Columns, hidden.columns, "column"), (Order::Rows, hidden.rows, "row")]
        {
            let verb = if mask >> line & 1 == 1 { "Show" } else { "Hide" };
            let text = RichText::new(format!("{verb} {name} {}", line + 1)).small();
            let tip = "At the position of the time bar, for all networks; a click on the picture does it elsewhere";
            if ui.button(text).on_hover_text(tip).clicked() {
                hide(toggled(hidden, order, line));
            }
        }
        let all = egui::Button::new(RichText::new("Show all").small());
        if ui.add_enabled(hidden.any(), all).clicked() {
            hide(Hidden::default());
        }
    });
}

/// The canvas with the most needed tools.
fn paper(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, side: f32) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let response = canvas::show(ui, &world.digit, side, out);
        // Whoever draws with the pointer wants Space to play afterwards; whoever
        // came by Tab draws with the keys.
        let lifted = response.drag_stopped() || response.clicked_by(egui::PointerButton::Primary);
        if lifted {
            response.surrender_focus();
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.spacing_mut().button_padding.x = 6.0;
            let digit = &world.digit;
            let button = |ui: &mut Ui, on: bool, text: &str, tip: &str| {
                let button = egui::Button::new(RichText::new(text).small());
                let button = button.wrap_mode(egui::TextWrapMode::Extend);
                ui.add_enabled(on, button).on_hover_text(tip).clicked()
            };
            if button(ui, digit.can_undo(), "Undo", "Take the last change back (Ctrl+Z)") {
                out.push(DigitEdit::Undo);
            }
            if button(ui, !digit.is_blank(), "Clear", "An empty canvas (Del)") {
                out.push(DigitEdit::Clear);
            }
            let ready = world.library.source(world.picking.source).split().is_some();
            if button(ui, ready, "Next", "The next digit of the data set chosen in Draw (N)") {
                sources::next(world, out, 1);
            }
            if button(ui, ready, "Random", "Any digit of it (R)") {
                sources::random(world, out);
            }
        });
    });
}

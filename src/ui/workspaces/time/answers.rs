//! What each network would answer after every step: as a strip of digits for each
//! (when does it know?), and below, for each network, its hidden units and the ten
//! probabilities as curves.

use egui::{Align2, CornerRadius, Rect, RichText, Sense, Stroke, Ui, UiBuilder, Vec2, pos2};

use super::chart::{Axes, Labels};
use super::reading::{judged, mark};
use super::view::{Timeline, kind, line, now, timelines};
use super::{TimeEdit, World};
use crate::ann::reading::{Order, Probabilities};
use crate::core::csv;
use crate::core::decision::{best, first_max, said, unique_max};
use crate::core::playback::PlaybackEdit;
use crate::core::text::certainty;
use crate::data::{CLASSES, ClassNames, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::figure;
use crate::ui::widgets::tiles::Tiles;
use crate::workers::reading::Reading;

/// Said wherever answers on the way are shown.
const READING: &str = "On the way: the network’s own dense layers applied to each intermediate state; they were trained on the last one only.";

/// Draws the strips and the networks.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let from = ui.next_widget_position();
    let right = ui.max_rect().right();
    let all = timelines(world);
    strips(ui, world, &all, out);
    let readings = &world.room.readings.readings;
    let width = ui.available_width();
    // The note and the buttons below; on a narrow window the note takes two lines.
    let room = ui.available_height() - if width < 640.0 { 84.0 } else { 66.0 };
    let (columns, rows) = grid(readings.len(), width);
    let gap = 8.0;
    let size = Vec2::new(
        (width - gap * (columns as f32 - 1.0)) / columns as f32,
        ((room - gap * (rows as f32 - 1.0)) / rows as f32).max(96.0),
    );
    let step = size + Vec2::splat(gap);
    let cards = Tiles::new(ui.next_widget_position(), step, gap, columns, readings.len().max(1));
    for (i, reading) in readings.iter().enumerate() {
        let rect = cards.of(i);
        ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt(&reading.key), |ui| {
            card(ui, world, reading, rect, out);
        });
    }
    let whole = Rect::from_min_size(cards.area.min, cards.area.size() - Vec2::splat(gap));
    ui.allocate_rect(whole, Sense::hover());
    ui.label(RichText::new(READING).small().color(palette(ui.visuals()).weak));
    let rect = Rect::from_min_max(from, pos2(right, ui.next_widget_position().y));
    figure::save_row(ui, out, "answers-over-time", rect, || csv(&all));
}

/// Columns and rows of cards: side by side where they are wide enough that way,
/// else in twos.
fn grid(cards: usize, width: f32) -> (usize, usize) {
    let cards = cards.max(1);
    let columns = if width / cards as f32 >= 190.0 { cards } else { cards.min(2) };
    (columns, cards.div_ceil(columns))
}

/// Width of the verdicts beside the strips, points.
const VERDICTS: f32 = 184.0;

/// Width of the widest name, with its way of reading where there is room, points.
fn names(ui: &Ui, all: &[Timeline<'_>], narrow: bool) -> f32 {
    let wide = |text: &str, font| {
        ui.painter().layout_no_wrap(text.to_owned(), font, egui::Color32::WHITE).size().x
    };
    let each = |t: &Timeline<'_>| {
        let kind = if narrow { 0.0 } else { 6.0 + wide(t.kind, theme::regular(11.5)) };
        wide(t.name, theme::strong(13.5)) + kind
    };
    all.iter().map(each).fold(0.0, f32::max) + 10.0
}

/// One row of cells for each network and the ensemble.
fn strips(ui: &mut Ui, world: &World<'_>, all: &[Timeline<'_>], out: &mut Outbox) {
    let p = palette(ui.visuals());
    let narrow = ui.available_width() < 640.0;
    let row = if narrow { 20.0 } else { 24.0 };
    let (names, verdicts) = (names(ui, all, narrow), if narrow { 112.0 } else { VERDICTS });
    let size = Vec2::new(ui.available_width(), row * all.len() as f32 + 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let spoken: Vec<String> = all.iter().map(|t| spoken(t, now(world))).collect();
    response.widget_info(|| {
        let text = format!("Answers after every step. {}", spoken.join(". "));
        egui::WidgetInfo::labeled(egui::accesskit::Role::Figure, true, text)
    });
    let cells = Rect::from_min_max(
        pos2(rect.left() + names, rect.top()),
        pos2(rect.right() - verdicts, rect.bottom() - 18.0),
    );
    let cell = cells.width() / (SIDE + 1) as f32;
    for (i, timeline) in all.iter().enumerate() {
        let top = cells.top() + i as f32 * row;
        strip(
            ui,
            world,
            timeline,
            Rect::from_min_size(pos2(cells.left(), top), Vec2::new(cell, row - 2.0)),
        );
        let right =
            Rect::from_min_max(pos2(cells.right() + 8.0, top), pos2(rect.right(), top + row - 2.0));
        verdict(ui, world, timeline, right, narrow);
        let left =
            Rect::from_min_max(pos2(rect.left(), top), pos2(cells.left() - 6.0, top + row - 2.0));
        name(ui, timeline, left, narrow);
    }
    let middle = |k: usize| cells.left() + (k as f32 + 0.5) * cell;
    for k in (0..=SIDE).step_by(if narrow { 14 } else { 7 }) {
        let text = if k == 14 { "lines read".to_owned() } else { k.to_string() };
        let at = pos2(middle(k), cells.bottom() + 2.0);
        ui.painter().text(at, Align2::CENTER_TOP, text, theme::regular(11.5), p.weak);
    }
    let here = Rect::from_min_max(
        pos2(middle(now(world)) - cell / 2.0, cells.top() - 2.0),
        pos2(middle(now(world)) + cell / 2.0, cells.bottom()),
    );
    ui.painter().rect_stroke(here, 3, Stroke::new(2.0, p.accent), egui::StrokeKind::Outside);
    if let Some(at) =
        response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked())
    {
        let k = ((at.x - cells.left()) / cell).clamp(0.0, SIDE as f32) as usize;
        if k != now(world) {
            out.push(TimeEdit::Play(PlaybackEdit::Go(k as u64)));
        }
    }
    response.on_hover_text("Each cell: the answer if the digit ended there; the fuller, the surer. Bold with a frame: from there on the answer no longer changes. Drag to scrub.");
}

fn name(ui: &Ui, timeline: &Timeline<'_>, rect: Rect, narrow: bool) {
    let p = palette(ui.visuals());
    let together = timeline.kind == "→ ↓";
    let font = theme::strong(if together { 12.5 } else { 13.5 });
    let painter = ui.painter().with_clip_rect(rect);
    let at = painter.text(rect.left_center(), Align2::LEFT_CENTER, timeline.name, font, p.text);
    if narrow {
        return;
    }
    let at = pos2(at.right() + 6.0, rect.center().y);
    painter.text(at, Align2::LEFT_CENTER, timeline.kind, theme::regular(11.5), p.weak);
}

/// The cells of one reader; `first` is the place of the first.
fn strip(ui: &Ui, world: &World<'_>, timeline: &Timeline<'_>, first: Rect) {
    let p = palette(ui.visuals());
    let now = now(world);
    let width = first.width();
    let blank = world.digit.is_blank();
    // The answers after all cells: one may reach into its neighbours.
    let mut written = Vec::new();
    for (k, probabilities) in timeline.probabilities.iter().enumerate() {
        let (digit, sure) = best(probabilities);
        let cell = first.translate(Vec2::new(k as f32 * width, 0.0)).shrink2(Vec2::new(0.5, 0.0));
        let knows = k >= timeline.decided_after && !blank;
        let faint = if k > now { 0.3 } else { 1.0 };
        // From barely to fully told apart from the ground, by certainty.
        let strength = ((sure - 0.1) / 0.9).clamp(0.0, 1.0) * if knows { 1.0 } else { 0.55 };
        let fill = theme::blend(p.well, p.accent, strength);
        ui.painter().rect_filled(
            cell,
            CornerRadius::same(2),
            theme::blend(p.background, fill, faint),
        );
        // What is not read yet is faint, its digits still legible.
        let ink = match (k > now, strength > 0.55) {
            (true, _) => theme::blend(p.background, p.text, 0.55),
            (false, true) => p.on_accent,
            (false, false) => p.text,
        };
        let size = (width * 0.95).clamp(9.0, 15.0);
        let font = if knows { theme::strong(size) } else { theme::regular(size) };
        // Where cells are narrow, an answer is written once, in the middle of its run.
        let same = |k: &usize| best(&timeline.probabilities[*k]).0 == digit;
        let before = (0..k).rev().take_while(same).count();
        let after = (k + 1..=SIDE).take_while(same).count();
        let at = cell.center();
        if width >= 10.0 {
            written.push((at, mark_of(&timeline.classes, digit), font, ink));
        } else if before == after || before + 1 == after {
            let run = (before + after + 1) as f32 * width;
            let at = at + Vec2::new((after - before) as f32 * width / 2.0, 0.0);
            if run >= 11.0 {
                written.push((at, mark_of(&timeline.classes, digit), font, ink));
            }
        }
    }
    for (at, text, font, ink) in written {
        ui.painter().text(at, Align2::CENTER_CENTER, text, font, ink);
    }
    if !blank {
        let from = first.left() + timeline.decided_after as f32 * width;
        let to = first.left() + (SIDE + 1) as f32 * width;
        let known = Rect::from_min_max(pos2(from, first.top()), pos2(to, first.bottom()));
        let stroke = Stroke::new(2.0, p.series[1]);
        ui.painter().rect_stroke(known, 3, stroke, egui::StrokeKind::Inside);
    }
}

/// The answer at the position, and when the mind was made up.
fn verdict(ui: &Ui, world: &World<'_>, timeline: &Timeline<'_>, rect: Rect, narrow: bool) {
    let p = palette(ui.visuals());
    if world.digit.is_blank() {
        return;
    }
    let now = now(world);
    let (digit, sure) = best(&timeline.probabilities[now]);
    let painter = ui.painter();
    let right = judged(world, &timeline.classes, digit);
    let colour = if right == Some(false) { p.warning } else { p.text };
    let middle = rect.center().y;
    let at = pos2(rect.left() + 6.0, middle);
    let written = painter.text(
        at,
        Align2::LEFT_CENTER,
        short(&timeline.classes, digit),
        theme::strong(19.0),
        colour,
    );
    let mut x = written.right().max(rect.left() + 18.0) + 6.0;
    if let Some(right) = right {
        mark(ui, pos2(x + 6.0, middle), right);
        x += 18.0;
    }
    let at = pos2(x, middle);
    painter.text(at, Align2::LEFT_CENTER, certainty(sure), theme::regular(12.0), colour);
    let knows = timeline.decided_after;
    // The frame around the cells says it as well.
    if narrow {
        return;
    }
    let (text, font) = if now >= knows {
        (format!("knows at {knows}"), theme::strong(12.0))
    } else {
        ("not yet".to_owned(), theme::regular(12.0))
    };
    let colour = if now >= knows { p.series[1] } else { p.weak };
    painter.text(rect.right_center(), Align2::RIGHT_CENTER, text, font, colour);
}

/// An answer where there is little room: a digit, the beginning of a class's name, a dash where
/// there is none.
pub(super) fn short(classes: &ClassNames, answer: Option<usize>) -> String {
    answer.map_or_else(|| "–".to_owned(), |class| classes.name(class).chars().take(8).collect())
}

/// An answer in a cell: a digit, or the letter that a class's name begins with.
fn mark_of(classes: &ClassNames, answer: Option<usize>) -> String {
    short(classes, answer).chars().take(1).collect()
}

/// As a screen reader says it.
fn spoken(timeline: &Timeline<'_>, now: usize) -> String {
    let (digit, sure) = best(&timeline.probabilities[now]);
    format!(
        "{} says {}, {} sure, after {now} of 28; made up its mind after {} {}",
        timeline.name,
        timeline.classes.said(digit),
        certainty(sure),
        timeline.line,
        timeline.decided_after
    )
}

/// One network: hidden units above, probabilities below.
fn card(ui: &mut Ui, world: &World<'_>, reading: &Reading, rect: Rect, out: &mut Outbox) {
    let p = palette(ui.visuals());
    ui.painter().rect(rect, 8, p.card, Stroke::new(1.0, p.line), egui::StrokeKind::Inside);
    let inner = rect.shrink2(Vec2::new(8.0, 6.0));
    let title = format!("{} · {}", reading.name, kind(reading));
    ui.painter().text(inner.left_top(), Align2::LEFT_TOP, title, theme::strong(13.0), p.text);
    let body = Rect::from_min_max(inner.min + Vec2::new(0.0, 20.0), inner.max);
    let x = if reading.sweep.order == Order::Columns { "columns" } else { "rows" };
    let mut curves = body;
    if body.height() > 230.0 {
        let (heat, below) = body.split_top_bottom_at_fraction(0.42);
        curves = below;
        states(ui, world, reading, heat, x, out);
        caption(ui, heat, "hidden units");
    }
    probabilities(ui, world, reading, curves, x, out);
}

/// A small heading within a plot's upper edge.
fn caption(ui: &Ui, rect: Rect, text: &str) {
    let p = palette(ui.visuals());
    let at = rect.right_top() - Vec2::new(5.0, 9.0);
    ui.painter().text(at, Align2::RIGHT_TOP, text, theme::regular(11.0), p.weak);
}

fn states(ui: &Ui, world: &World<'_>, reading: &Reading, rect: Rect, x: &str, out: &mut Outbox) {
    let now = now(world);
    let units = reading.sweep.trace.hidden;
    let axes = Axes::new(rect, 0.0, units as f32);
    let (top, bottom) = ("1", units.to_string());
    axes.paint(ui, &Labels { y: &[(units as f32, top), (0.0, &bottom)], x });
    let id = ui.scope_id();
    axes.heat(ui, id.with("heat"), units, |k, unit| reading.sweep.state(k)[unit]);
    axes.veil(ui, now);
    axes.position(ui, now);
    let name = format!("Hidden units of {}", reading.name);
    axes.scrub(ui, id.with("scrub heat"), &name, now, out).on_hover_text(
        "The state of each hidden unit after every step, −1 (one hue) to +1 (the other). More under Hidden units.",
    );
}

/// The ten curves; those that matter have a colour and their digit beside them.
fn probabilities(
    ui: &Ui,
    world: &World<'_>,
    reading: &Reading,
    rect: Rect,
    x: &str,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let now = now(world);
    let axes = Axes::new(rect, 0.0, 1.0);
    let percents = [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")];
    let few = [(0.0, "0 %"), (1.0, "100 %")];
    let y = if axes.ground.height() > 70.0 { &percents[..] } else { &few[..] };
    axes.paint(ui, &Labels { y, x });
    let all = &reading.sweep.probabilities;
    let last = unique_max(&all[SIDE]);
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let mut hues = p.series.iter().skip(1).chain([&p.text]);
    let mut labels = Vec::new();
    let (peaks, order) = peaks(all, last);
    for digit in order {
        let values: Vec<f32> = all.iter().map(|p| p[digit]).collect();
        let (k, peak) = peaks[digit];
        let (colour, width) = if Some(digit) == last {
            (p.accent, thick + 0.8)
        } else if let (true, Some(hue)) = (peak > 0.2, (peak > 0.2).then(|| hues.next()).flatten())
        {
            (*hue, thick)
        } else {
            (p.weak.gamma_multiply(0.6), 1.0)
        };
        axes.line(ui, &values, now, Stroke::new(width, colour));
        if peak > 0.2 {
            let colour = if k > now { colour.gamma_multiply(0.5) } else { colour };
            labels.push((axes.at(k as f32, peak), digit, colour));
        }
    }
    for (at, digit, colour) in labels {
        let at = at + Vec2::new(0.0, if at.y < axes.ground.top() + 14.0 { 3.0 } else { -15.0 });
        let circle = at + Vec2::new(0.0, 7.0);
        ui.painter().circle_filled(circle, 8.0, p.well.gamma_multiply(0.85));
        ui.painter().text(at, Align2::CENTER_TOP, digit.to_string(), theme::strong(13.0), colour);
    }
    if !world.digit.is_blank() {
        axes.decision(ui, reading.sweep.decided_after());
    }
    axes.position(ui, now);
    let (answer, sure) = best(&all[now]);
    let name = format!(
        "Probabilities of {}: {}, {} after {now}",
        reading.name,
        reading.classes.said(answer),
        certainty(sure)
    );
    let id = ui.scope_id().with("scrub curves");
    let response = axes.scrub(ui, id, &name, now, out);
    response.on_hover_ui_at_pointer(|ui| details(ui, reading, now));
}

/// Where each curve is highest, and the digits in the order of drawing: the final
/// answer on top of the others, which get their hues by how high they come.
fn peaks(all: &[Probabilities], last: Option<usize>) -> ([(usize, f32); CLASSES], Vec<usize>) {
    let peak = |digit: usize| {
        let at = first_max(all.iter().map(|p| p[digit])).unwrap_or(0);
        (at, all.get(at).map_or(0.0, |p| p[digit]))
    };
    let peaks: [(usize, f32); CLASSES] = std::array::from_fn(peak);
    let mut order: Vec<usize> = (0..CLASSES).filter(|d| Some(*d) != last).collect();
    order.sort_by(|a, b| peaks[*b].1.total_cmp(&peaks[*a].1));
    order.extend(last);
    (peaks, order)
}

fn details(ui: &mut Ui, reading: &Reading, now: usize) {
    let sweep = &reading.sweep;
    let line = line(reading);
    ui.label(RichText::new(format!("{} after {now} {line}s", reading.name)).strong());
    egui::Grid::new("probabilities").num_columns(2).spacing([14.0, 1.0]).show(ui, |ui| {
        let mut digits: Vec<(usize, f32)> =
            sweep.probabilities[now].iter().copied().enumerate().collect();
        digits.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (digit, probability) in digits.into_iter().take(4) {
            ui.label(digit.to_string());
            ui.label(format!("{:.2} %", probability * 100.0));
            ui.end_row();
        }
    });
    ui.label(format!(
        "Made up its mind after {line} {}: the first after which its answer no longer changes.",
        sweep.decided_after()
    ));
    ui.label(format!("Read in {:.2} ms.", reading.took_ms));
}

/// One row per reader and step.
fn csv(all: &[Timeline<'_>]) -> String {
    let headings = ["reader", "reads", "step", "answer", "made_up_its_mind_after"];
    let headings = headings.map(str::to_owned).into_iter();
    let rows = all.iter().flat_map(|t| {
        t.probabilities.iter().enumerate().map(move |(k, of)| {
            let first = csv::row![t.name, t.line, k, said(unique_max(of)), t.decided_after];
            first.into_iter().chain(of.iter().map(f32::to_string))
        })
    });
    csv::text(headings.chain((0..CLASSES).map(|d| format!("p{d}"))), rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_stand_beside_each_other_where_they_have_room() {
        assert_eq!(grid(4, 930.0), (4, 1));
        assert_eq!(grid(4, 500.0), (2, 2));
        assert_eq!(grid(5, 700.0), (2, 3));
        assert_eq!(grid(1, 930.0), (1, 1));
        assert_eq!(grid(0, 930.0), (1, 1));
    }

    #[test]
    fn the_table_has_a_row_for_every_step_of_everybody() {
        let probabilities = vec![[0.1; CLASSES]; SIDE + 1];
        let timeline = || Timeline {
            name: "RNN 1",
            classes: ClassNames::default(),
            kind: "GRU →",
            line: "column",
            probabilities: &probabilities,
            decided_after: 3,
        };
        let text = csv(&[timeline(), timeline()]);
        let widths: Vec<usize> = text.lines().map(|l| l.split(',').count()).collect();
        assert_eq!(widths, [15; 59]);
    }
}

//! The hidden pattern: raster with the pattern marked, the neuron's potential,
//! its answers, its weights.

use std::sync::Arc;

use egui::{Align2, Rect, RichText, Stroke, Ui, pos2};
use egui_plot::{Bar, BarChart, Corner, MarkerShape, PlotPoints, Points};

use super::settings::PatternSettings;
use super::{PlasticityEdit, World, parts};
use crate::core::csv::{self, row};
use crate::snn::experiments::histogram;
use crate::snn::experiments::pattern::{
    AFFERENTS, DT_MS, LEARNED, PATTERN_MS, PatternView, Presentation, RATE_HZ, SHOWN,
    SPONTANEOUS_HZ, Stage,
};
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::engine::EngineRow;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::raster::{Group, Raster, RasterView, plot_x};
use crate::ui::widgets::time_axis::{self, Axis};
use crate::ui::widgets::time_bar::{self, TimeBar};
use crate::ui::widgets::trace_plot::{Level, Line, TracePlot, level_key};
use crate::ui::widgets::{figure, page};

/// Presentations that are shown at once.
const SHOWN_PRESENTATIONS: usize = 400;

/// Charts below this height, points, have no legend.
const LOW: f32 = 130.0;

/// Jitter, share, the rule's strength, seed.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Hidden pattern", PlasticityEdit::Reset, out);
    let kept = &world.room.kept.pattern;
    let mut pattern = kept.clone();
    parts::seed_row(ui, pattern.seed, out);
    let weak = palette(ui.visuals()).weak;
    ui.label(RichText::new("Changes begin anew.").small().color(weak));
    let tip = "How much of the time the pattern is there; never twice in succession";
    Field::new("Share of the pattern", "", PatternSettings::SHARE_OF_PATTERN, tip)
        .show(ui, &mut pattern.share);
    let tip = "Each spike of the pattern comes early or late by a normal deviate of this size";
    Field::new("Jitter", "ms", PatternSettings::JITTER_MS, tip).show(ui, &mut pattern.jitter_ms);
    let tip = "What a presynaptic spike right before the neuron’s own adds to a weight";
    Field::new("Potentiation A₊", "", PatternSettings::A_PLUS, tip)
        .log()
        .show(ui, &mut pattern.a_plus);
    let tip = "|A₋| / A₊. With τ₊ = 16.8 and τ₋ = 33.7 ms, chance is in balance at 0.5; a little more, and only what is no chance survives";
    Field::new("Depression over potentiation", "", PatternSettings::RATIO, tip)
        .show(ui, &mut pattern.ratio);
    let tip = "Spikes of weight 1 that have to come at once for the neuron to fire";
    Field::new("Threshold", "", PatternSettings::THRESHOLD, tip).show(ui, &mut pattern.threshold);
    ui.separator();
    let text = format!(
        "{AFFERENTS} afferents fire at {:.0} Hz, half of them take part in a pattern of {PATTERN_MS} ms; 40 of each half are shown. One leaky integrate-and-fire neuron, pair STDP with hard bounds. Masquelier, Guyonneau and Thorpe, PLoS ONE 3:e1377 (2008).",
        RATE_HZ + SPONTANEOUS_HZ
    );
    ui.label(RichText::new(text).small().color(weak));
    if pattern != *kept {
        out.push(PlasticityEdit::Pattern(pattern));
    }
}

/// The plots.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let state = &world.room.pattern;
    let Some(view) = state.view.as_ref() else {
        let text = state.failure.as_deref().unwrap_or("The first half second is being simulated …");
        ui.label(text);
        return;
    };
    headline(ui, view);
    tools(ui, world, view, out);
    let names = ["Spikes", "Latency", "Weights"];
    let chosen = page::small(ui).then(|| page::choose(ui, "pattern", &names));
    let from = ui.next_widget_position();
    let kept = &world.room.plot;
    let mut plot = kept.clone();
    let axis = plot.time.axis(plot_x(ui), view.recording.duration_ms());
    let room = ui.available_height().clamp(150.0, 770.0);
    let upper = room - time_axis::AXIS_HEIGHT - 30.0;
    ui.spacing_mut().item_spacing.y = 4.0;
    match chosen {
        Some(1) => latencies(ui, world, view, room - 8.0),
        Some(2) => weights(ui, view, room - 8.0),
        _ => {
            let share = if chosen.is_none() { 0.58 } else { 1.0 };
            spikes(ui, world, view, &axis, &mut plot, upper * share);
            time_axis::show(ui, &axis);
        }
    }
    if chosen.is_none() {
        let lower = (upper * 0.4).round();
        ui.columns(2, |columns| {
            latencies(&mut columns[0], world, view, lower);
            weights(&mut columns[1], view, lower);
        });
    }
    let to = pos2(ui.max_rect().right(), ui.next_widget_position().y);
    figure::place(ui, FIGURE, Rect::from_min_max(from, to));
    if plot != *kept {
        out.push(PlasticityEdit::Plot(Box::new(plot)));
    }
}

/// How well it does, in words that can be read from the back row.
fn headline(ui: &mut Ui, view: &PatternView) {
    let p = palette(ui.visuals());
    let score = &view.score;
    let text = match score.stage() {
        Stage::Learned(ms) => format!("Learned after {:.0} s", ms / 1000.0),
        Stage::Unselective => "It fires at anything".into(),
        Stage::Quiet => "It has gone quiet".into(),
        Stage::Selecting => "It begins to choose".into(),
    };
    let colour = if score.learned_ms.is_some() { p.accent } else { p.text };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(text).font(theme::strong(17.0)).color(colour)).on_hover_text(
            format!(
                "Learned: it answers {:.0} % of the last 40 presentations, with at most {} false alarms a second over ten seconds",
                100.0 * LEARNED.0,
                LEARNED.1
            ),
        );
        let narrow = ui.max_rect().width() < page::NARROW;
        let (presentations, per) =
            if narrow { ("patterns", "/s") } else { ("presentations", " a second") };
        let figures = format!(
            "answers {:.0} % of {presentations}, {:.1} false alarms{per}",
            100.0 * score.hits,
            score.false_alarms_hz
        );
        ui.label(RichText::new(figures).font(theme::strong(13.5)));
        level_key(ui, "threshold");
    });
}

fn spikes(
    ui: &mut Ui,
    world: &World<'_>,
    view: &PatternView,
    axis: &Axis,
    plot: &mut RasterView,
    room: f32,
) {
    let p = palette(ui.visuals());
    let playback = &world.room.pattern_bar;
    let behind = !playback.is_following() && playback.at() < playback.range().1;
    let cursor_ms = behind.then(|| playback.at() as f64 * DT_MS);
    let thick = world.session.projector;
    let groups = [("in pattern", SHOWN), ("not in it", SHOWN), ("neuron", 1)]
        .map(|(name, size)| Group { name: name.into(), size });
    let raster = Raster {
        id: egui::Id::unique("pattern raster"),
        recording: &view.recording,
        plotter: &world.hub.plotter,
        groups: &groups,
        hues: &[p.series[0], p.weak, p.series[1]],
        cursor_ms,
        apart: false,
        heights: [(room * 0.65).round(), 0.0],
        thick,
    };
    let bracket_y = ui.next_widget_position().y + 5.0;
    ui.add_space(12.0);
    let drawn = raster.show(ui, axis, plot);
    let rect = Rect::from_x_y_ranges(axis.x, drawn.rect.y_range());
    mark(ui, view, axis, rect, bracket_y, thick);
    let threshold = (0.1 * view.task.threshold) as f32;
    let trace = TracePlot {
        title: "V",
        traces: &view.traces,
        lines: &[Line { channel: 0, name: "membrane potential".into(), colour: p.series[1] }],
        levels: &[Level { value: threshold, name: "threshold".into() }],
        spikes: Some((&*view.recording, 2 * SHOWN)),
        at_least: [0.0, threshold * 1.35],
        height: (room * 0.35).round(),
        cursor_ms,
        thick,
    };
    let response = trace.show(ui, axis);
    let now_ms = view.recording.duration_ms();
    time_axis::pan_and_zoom(ui, &response, axis, &mut plot.time, now_ms, DT_MS);
}

/// Brackets above the raster, and a frame around the spikes that repeat.
fn mark(ui: &Ui, view: &PatternView, axis: &Axis, rect: Rect, y: f32, thick: bool) {
    let p = palette(ui.visuals());
    let painter = ui.painter().with_clip_rect(rect.with_min_y(y - 8.0));
    let wide = if thick { 3.0 } else { 2.0 };
    let end = axis.to_ms.min(view.recording.duration_ms());
    let first = view.presentations.partition_point(|q| q.begin_ms + PATTERN_MS < axis.from_ms);
    let shown = view.presentations[first..].iter().take_while(|q| q.begin_ms < end);
    for presentation in shown.take(300) {
        let from = axis.x_of(presentation.begin_ms);
        let to = axis.x_of((presentation.begin_ms + PATTERN_MS).min(end));
        let stroke = Stroke::new(wide, p.text);
        painter.hline(from..=to, y, stroke);
        painter.vline(from, y..=y + 5.0, stroke);
        painter.vline(to, y..=y + 5.0, stroke);
        let half = rect.top() + rect.height() * SHOWN as f32 / (2 * SHOWN + 1) as f32;
        let frame = Rect::from_min_max(pos2(from, rect.top()), pos2(to, half));
        painter.rect(
            frame,
            0,
            p.text.gamma_multiply(0.10),
            Stroke::new(1.0, p.text.gamma_multiply(0.8)),
            egui::StrokeKind::Inside,
        );
    }
    let at = pos2(rect.left() - 5.0, y + 1.0);
    ui.painter().text(at, Align2::RIGHT_CENTER, "pattern", theme::strong(11.5), p.text);
}

/// From each presentation's beginning to the answer.
fn latencies(ui: &mut Ui, world: &World<'_>, view: &PatternView, height: f32) {
    let p = palette(ui.visuals());
    // In a small window a legend would cover what it explains; the colours are
    // those of the raster above.
    let low = height < LOW;
    let radius = if world.session.projector { 3.4 } else { 2.4 };
    let over: Vec<(usize, &Presentation)> =
        view.presentations.iter().enumerate().filter(|(_, q)| q.over).collect();
    let over = &over[over.len().saturating_sub(SHOWN_PRESENTATIONS)..];
    let first = over.first().map_or(0, |o| o.0) as f64;
    let last = over.last().map_or(0, |o| o.0) as f64 + 1.0;
    let place = |answered: bool| -> Vec<[f64; 2]> {
        over.iter()
            .filter(|(_, q)| q.latency_ms.is_some() == answered)
            // No answer stands above everything else.
            .map(|(i, q)| [*i as f64 + 1.0, q.latency_ms.unwrap_or(PATTERN_MS + 14.0)])
            .collect()
    };
    let chart = Chart {
        id: "latencies",
        axes: ["presentation", if low { "latency (ms)" } else { "first spike after (ms)" }],
        bounds: [[first, 0.0], [last.max(first + 60.0) + 1.0, PATTERN_MS + 18.0]],
        height,
        legend: (!low).then_some(Corner::RightTop),
        log_x: false,
    };
    let (answered, missed) = (place(true), place(false));
    chart.show(ui, |plot| {
        let dots = Points::new("answered", PlotPoints::from(answered));
        plot.points(dots.color(p.series[0]).radius(radius));
        let crosses = Points::new("no answer", PlotPoints::from(missed));
        plot.points(crosses.color(p.series[5]).radius(radius + 1.0).shape(MarkerShape::Cross));
    });
}

/// The weights of both halves.
fn weights(ui: &mut Ui, view: &PatternView, height: f32) {
    const BINS: usize = 20;
    let p = palette(ui.visuals());
    let count = |weights: &[f32]| histogram(weights, 0.0, 1.0 / BINS as f64, BINS);
    let (inside, outside) = view.weights.split_at(view.weights.len().min(AFFERENTS / 2));
    let halves =
        [("in pattern", p.series[0], count(inside)), ("not in it", p.weak, count(outside))];
    let top = halves.iter().flat_map(|h| &h.2).copied().fold(0.0f64, f64::max).max(1.0);
    let chart = Chart {
        id: "pattern weights",
        // Most weights end at zero; the square root shows the few that grow.
        axes: ["weight", "√ afferents"],
        bounds: [[-0.03, 0.0], [1.0, top.sqrt() * 1.12]],
        height,
        legend: (height >= LOW).then_some(Corner::RightTop),
        log_x: false,
    };
    chart.show(ui, |plot| {
        for (k, (name, colour, counts)) in halves.into_iter().enumerate() {
            let width = 1.0 / BINS as f64;
            let bars = counts.iter().enumerate().map(|(i, n)| {
                let x = (i as f64 + 0.27 + 0.46 * k as f64) * width;
                Bar::new(x, n.sqrt()).width(width * 0.44).fill(colour)
            });
            plot.bar_chart(BarChart::new(name, bars.collect()).color(colour).allow_hover(false));
        }
    });
}

/// What can be saved, and the engine.
fn tools(ui: &mut Ui, world: &World<'_>, view: &PatternView, out: &mut Outbox) {
    let state = &world.room.pattern;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.menu_button("Save…", |ui| saves(ui, view, out));
        if let Some(failure) = &state.failure {
            ui.label(RichText::new(failure).color(palette(ui.visuals()).warning));
            return;
        }
        let engine = EngineRow {
            preference: world.session.engine,
            used: Some(&view.engine),
            speeds: state.speeds,
            running: world.room.running,
        };
        engine.show(ui, out);
    });
}

fn saves(ui: &mut Ui, view: &PatternView, out: &mut Outbox) {
    if figure::button(ui, out, "Plots as PNG", FIGURE) {
        ui.close();
    }
    if ui.button("Presentations as CSV").on_hover_text("Each with its latency").clicked() {
        let text = csv(view);
        out.push(Command::SaveText { name: "pattern-latencies".into(), text });
        ui.close();
    }
    let tip = "Spikes of the afferents shown (0 to 39 in the pattern, 40 to 79 not) and of the neuron (80)";
    for (name, extension) in [("Spikes as npz", "npz"), ("Spikes as CSV", "csv")] {
        if ui.button(name).on_hover_text(tip).clicked() {
            let recording = Arc::clone(&view.recording);
            out.push(Command::SaveSpikes { name: "pattern-spikes", extension, recording });
            ui.close();
        }
    }
}

/// Name of the plots as a file.
const FIGURE: &str = "pattern";

fn csv(view: &PatternView) -> String {
    let over = view.presentations.iter().zip(1..).filter(|(q, _)| q.over);
    let rows = over.map(|(q, i)| row![i, q.begin_ms, csv::optional(q.latency_ms)]);
    csv::text(["presentation", "begin_ms", "latency_ms"], rows)
}

/// The time bar.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(view) = world.room.pattern.view.as_ref() else { return };
    let recording = &view.recording;
    let density = recording.activity(200);
    let next = |at: u64, on: bool| {
        let own = 2 * SHOWN..2 * SHOWN + 1;
        if on { recording.next_spike(at, own) } else { recording.previous_spike(at, own) }
    };
    let axis = time_bar::Axis { unit: "ms", unit_per_step: DT_MS, decimals: 1 };
    let plot = &world.room.plot;
    let shown = plot.time.axis(egui::Rangef::new(0.0, 1.0), recording.duration_ms());
    let window = ((shown.from_ms / DT_MS) as u64, (shown.to_ms / DT_MS) as u64);
    TimeBar::new(&world.room.pattern_bar, axis)
        .density(&density, "spikes of the afferents shown")
        .window(Some(window))
        .events(&next)
        .measured(world.room.pattern.speeds.map(|s| s.steps_per_s))
        .show(ui, &mut |edit| out.push(PlasticityEdit::PlayPattern(edit)));
}

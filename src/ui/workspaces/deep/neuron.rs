//! One neuron: its membrane step by step, and the surrogate along it.

use egui::{Align2, RichText, Stroke, Ui};
use egui_plot::{HLine, Line, LineStyle, PlotPoint, PlotPoints, Points, Polygon, Text, VLine};

use super::view::with_digit;
use super::{World, race};
use crate::ann::ops::spiking::THRESHOLD;
use crate::ann::spiking::look::{LayerWatch, Watched};
use crate::core::csv::{self, row};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names, range};
use crate::ui::widgets::{figure, page};

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    with_digit(ui, world, out, |ui, known, _, out| match (&known.watched, &known.times) {
        (Some(watched), _) => membrane(ui, world, watched, out),
        (None, _) => race::no_steps(ui, "membrane"),
    });
}

/// The neuron looked at: its layer, and its number there.
pub(super) fn chosen<'a>(
    world: &World<'_>,
    watched: &'a Watched,
) -> Option<(&'a LayerWatch, usize)> {
    let kept = &world.room.kept;
    let layer = watched.layers.get(kept.layer).or(watched.layers.last())?;
    Some((layer, kept.unit.min(layer.units().saturating_sub(1))))
}

fn membrane(ui: &mut Ui, world: &World<'_>, watched: &Watched, out: &mut Outbox) {
    let Some((layer, unit)) = chosen(world, watched) else { return };
    let from = ui.next_widget_position();
    let potentials: Vec<f32> = layer.of_unit(&layer.potentials, unit).collect();
    let spikes: Vec<f32> = layer.of_unit(&layer.spikes, unit).collect();
    let currents: Vec<f32> = layer.of_unit(&layer.currents, unit).collect();
    let surrogate = world.room.kept.surrogate();
    let slopes: Vec<f32> = potentials.iter().map(|v| surrogate.at(v - THRESHOLD)).collect();
    let count = spikes.iter().filter(|s| **s > 0.0).count();
    let text = format!("Neuron {unit} of {}: {}", layer.name, spoken(count, layer.steps()));
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let small = page::small(ui);
    let names = ["Membrane", "Surrogate"];
    let which = if small { page::choose(ui, "deep neuron", &names) } else { 0 };
    let room = (ui.available_height() - 42.0).max(160.0);
    if !small || which == 0 {
        let height = if small { room } else { room * 0.56 };
        potential(ui, world, (&potentials, &spikes, &currents), height);
    }
    if !small || which == 1 {
        let height = (ui.available_height() - 42.0).clamp(80.0, 420.0);
        slope(ui, world, &slopes, height);
    }
    figure::save_below(ui, out, "deep-neuron", from, || {
        let rows = (0..potentials.len())
            .map(|t| row![t + 1, currents[t], potentials[t], spikes[t], slopes[t]]);
        csv::text(row!["step", "current", "potential", "spike", "surrogate"], rows)
    });
}

fn spoken(count: usize, steps: usize) -> String {
    match count {
        0 => "it stays silent at this digit. What keeps a neuron silent leaves it without credit: a pull to a firing rate, set as it learns, wakes it".into(),
        1 => format!("one spike in {steps} steps"),
        n if n == steps => format!("a spike at each of {steps} steps: it is saturated and tells little"),
        n => format!("{n} spikes in {steps} steps"),
    }
}

/// Points at the end of each step.
fn over_steps(values: &[f32]) -> Vec<[f64; 2]> {
    values.iter().enumerate().map(|(t, v)| [t as f64 + 1.0, f64::from(*v)]).collect()
}

fn potential(
    ui: &mut Ui,
    world: &World<'_>,
    (potentials, spikes, currents): (&[f32], &[f32], &[f32]),
    height: f32,
) {
    let p = palette(ui.visuals());
    let steps = potentials.len();
    let above = ui.next_widget_position().y;
    names(
        ui,
        [
            ("membrane potential", p.series[0]),
            ("current", p.series[1]),
            ("threshold; ▲ spike", p.warning),
        ],
    );
    let height = height - (ui.next_widget_position().y - above);
    let both = potentials.iter().chain(currents).map(|v| f64::from(*v)).chain([1.25]);
    let [low, high] = range(both);
    let chart = Chart {
        id: "membrane",
        axes: ["steps", "potential (threshold 1)"],
        bounds: [[0.0, low], [steps as f64, high]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let at = world.room.at(steps);
    let said = || {
        let now = at.checked_sub(1).map_or(0.0, |t| potentials[t]);
        format!("Membrane potential, {now:.2} after {at} steps")
    };
    chart.show_said(ui, said, |plot| {
        let line = Line::new("current", PlotPoints::from(over_steps(currents)));
        plot.line(line.stroke(Stroke::new(thick - 0.6, p.series[1])));
        // From step to step: up by the current, down by a spike.
        let mut left = 0.0;
        for (t, (v, s)) in potentials.iter().zip(spikes).enumerate() {
            let (x, v) = (t as f64, f64::from(*v));
            let step = vec![[x, left], [x + 1.0, v]];
            let line = Line::new("potential", PlotPoints::from(step));
            plot.line(line.stroke(Stroke::new(thick, p.series[0])));
            left = v;
            if *s > 0.0 {
                left = v - f64::from(THRESHOLD);
                let reset = vec![[x + 1.0, v], [x + 1.0, left]];
                let line = Line::new("", PlotPoints::from(reset)).allow_hover(false);
                let stroke = Stroke::new(1.0, p.series[0]);
                plot.line(line.stroke(stroke).style(LineStyle::dashed_dense()));
            }
        }
        let level =
            HLine::new("", f64::from(THRESHOLD)).stroke(Stroke::new(thick - 0.6, p.warning));
        plot.hline(level.style(LineStyle::dashed_dense()).allow_hover(false));
        let fired: Vec<[f64; 2]> = over_steps(potentials)
            .into_iter()
            .zip(spikes)
            .filter(|(_, s)| **s > 0.0)
            .map(|(at, _)| at)
            .collect();
        let fired = Points::new("spike", fired).color(p.text).radius(thick + 2.0);
        plot.points(fired.shape(egui_plot::MarkerShape::Up));
        let cursor = VLine::new("", at as f64).stroke(Stroke::new(1.5, p.accent));
        plot.vline(cursor.style(LineStyle::dotted_dense()).allow_hover(false));
    });
}

/// The surrogate at each membrane.
fn slope(ui: &mut Ui, world: &World<'_>, slopes: &[f32], height: f32) {
    let p = palette(ui.visuals());
    let steps = slopes.len();
    let chart = Chart {
        id: "surrogate",
        axes: ["steps", "surrogate"],
        bounds: [[0.0, 0.0], [steps as f64, 1.1]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let at = world.room.at(steps);
    let said = || {
        let mean = slopes.iter().sum::<f32>() / steps.max(1) as f32;
        format!("The surrogate along the membrane, {mean:.2} on average")
    };
    chart.show_said(ui, said, |plot| {
        for (t, slope) in slopes.iter().enumerate() {
            let (left, right, top) = (t as f64 + 0.5, t as f64 + 1.5, f64::from(*slope));
            let corners = vec![[left, 0.0], [right, 0.0], [right, top], [left, top]];
            let bar = Polygon::new("", PlotPoints::from(corners)).allow_hover(false);
            plot.polygon(bar.fill_color(p.series[2].gamma_multiply(0.45)).stroke(Stroke::NONE));
        }
        let line = Line::new("surrogate", PlotPoints::from(over_steps(slopes)));
        plot.line(line.stroke(Stroke::new(thick, p.series[2])));
        let text = RichText::new("how much a little more current would have counted");
        let text = text.font(theme::regular(12.0)).color(p.weak);
        let place = PlotPoint::new(steps as f64 * 0.02, 1.09);
        plot.text(Text::new("", place, text).anchor(Align2::LEFT_TOP).allow_hover(false));
        let cursor = VLine::new("", at as f64).stroke(Stroke::new(1.5, p.accent));
        plot.vline(cursor.style(LineStyle::dotted_dense()).allow_hover(false));
    });
}

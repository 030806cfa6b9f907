//! No bounds, hard ones, soft ones, normalisation: the weights of four neurons.

use egui::{RichText, Stroke, Ui};
use egui_plot::{Bar, BarChart, Line, LineStyle, PlotPoints, VLine};

use super::settings::BoundsSettings;
use super::{PlasticityEdit, World, parts};
use crate::core::csv::{self, row};
use crate::snn::experiments::bounds::{BoundsResult, RATE_HZ, SYNAPSES, WAYS};
use crate::snn::experiments::histogram;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{figure, page};

/// Width of a bin of the histograms.
const BIN: f64 = 0.1;
/// The range of weights shown.
const SHOWN: (f64, f64) = (-0.6, 1.6);

/// Lines that differ for who does not see colours.
const STYLES: [LineStyle; 4] = [
    LineStyle::Dashed { length: 6.0 },
    LineStyle::Solid,
    LineStyle::Dotted { spacing: 6.0 },
    LineStyle::Dashed { length: 14.0 },
];

/// The rule's strength, the seed.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Bounds", PlasticityEdit::Reset, out);
    let mut bounds = world.room.kept.bounds.clone();
    Field::new(
        "Potentiation A₊",
        "",
        BoundsSettings::A_PLUS,
        "The change for a presynaptic spike right before the neuron’s own",
    )
    .log()
    .show(ui, &mut bounds.a_plus);
    let tip = "|A₋| / A₊: above 1, depression wins where spikes come by chance";
    Field::new("Depression over potentiation", "", BoundsSettings::RATIO, tip)
        .show(ui, &mut bounds.ratio);
    parts::seed_row(ui, bounds.seed, out);
    ui.separator();
    let weak = palette(ui.visuals()).weak;
    let text = format!(
        "{SYNAPSES} Poisson inputs of {RATE_HZ} Hz reach four leaky integrate-and-fire neurons. All begin with the same weights between 0.3 and 0.7 and learn by pair STDP."
    );
    ui.label(RichText::new(text).small().color(weak));
    for (name, doc) in WAYS {
        ui.label(RichText::new(name).font(theme::strong(13.0)));
        ui.label(RichText::new(doc).small().color(weak));
    }
    if bounds != world.room.kept.bounds {
        out.push(PlasticityEdit::Bounds(bounds));
    }
}

/// A histogram for each, and the mean weight over time; in a small window one of both.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(answer) = world.room.results.bounds.as_ref() else {
        ui.label("The neurons are being simulated …");
        return;
    };
    let result = &answer.1;
    let from = ui.next_widget_position();
    let text = format!("{:.0} of {:.0} s simulated", result.seconds[0], result.seconds[1]);
    ui.label(RichText::new(text).font(theme::strong(14.0)));
    let names = ["Weights", "Mean weight over time"];
    let chosen = page::small(ui).then(|| page::choose(ui, "bounds", &names));
    let room = (ui.available_height() - 44.0).clamp(150.0, 720.0);
    let upper = if chosen.is_some() { room } else { room * 0.6 };
    if chosen == Some(1) {
        means(ui, world, result, room);
        return figure::save_below(ui, out, "bounds", from, || csv(result));
    }
    let top = ui.next_widget_position().y;
    ui.columns(2, |columns| {
        for (i, run) in result.runs.iter().enumerate() {
            let ui = &mut columns[i % 2];
            let bottom = top + upper * if i < 2 { 0.5 } else { 1.0 } - 2.0;
            ui.spacing_mut().item_spacing.y = 2.0;
            let colour = palette(ui.visuals()).series[i];
            let outside = run.weights.iter().filter(|w| !(0.0..=1.0).contains(*w)).count();
            let text = match outside {
                0 => format!("{:.0} Hz", run.rate_hz),
                n => format!("{:.0} Hz, {n} outside 0 … 1", run.rate_hz),
            };
            ui.horizontal(|ui| {
                ui.label(RichText::new(WAYS[i].0).font(theme::strong(14.0)).color(colour))
                    .on_hover_text(WAYS[i].1);
                ui.add(egui::Label::new(RichText::new(text).small()).truncate())
                    .on_hover_text("Spikes of the neuron a second; weights beyond the bounds");
            });
            distribution(ui, i, &run.weights, colour, bottom - ui.next_widget_position().y);
        }
    });
    if chosen.is_none() {
        means(ui, world, result, room - upper - 10.0);
    }
    figure::save_below(ui, out, "bounds", from, || csv(result));
}

fn distribution(ui: &mut Ui, i: usize, weights: &[f32], colour: egui::Color32, height: f32) {
    let p = palette(ui.visuals());
    let counts = histogram(weights, SHOWN.0, BIN, ((SHOWN.1 - SHOWN.0) / BIN).round() as usize);
    let top = counts.iter().copied().fold(20.0, f64::max) * 1.08;
    let id = format!("weights {i}");
    let chart = Chart {
        id: &id,
        axes: ["weight w", "synapses"],
        bounds: [[SHOWN.0, 0.0], [SHOWN.1, top]],
        height,
        legend: None,
        log_x: false,
    };
    chart.show(ui, |plot| {
        let bars = counts.iter().enumerate().map(|(k, n)| {
            Bar::new(SHOWN.0 + (k as f64 + 0.5) * BIN, *n).width(BIN * 0.92).fill(colour)
        });
        plot.bar_chart(BarChart::new(WAYS[i].0, bars.collect()).allow_hover(false));
        for bound in [0.0, 1.0] {
            let stroke = Stroke::new(1.2, p.warning);
            plot.vline(VLine::new("bound", bound).stroke(stroke).style(LineStyle::dashed_dense()));
        }
    });
}

fn means(ui: &mut Ui, world: &World<'_>, result: &BoundsResult, height: f32) {
    let p = palette(ui.visuals());
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let top = result.runs.iter().flat_map(|r| &r.mean).map(|q| q[1]).fold(1.0, f64::max);
    let low = result.runs.iter().flat_map(|r| &r.mean).map(|q| q[1]).fold(0.0, f64::min);
    let chart = Chart {
        id: "mean weights",
        axes: ["simulated time (s)", "mean weight"],
        bounds: [[0.0, low * 1.05], [result.seconds[1], top * 1.05]],
        height: height.max(90.0),
        // The hues are named above the histograms.
        legend: None,
        log_x: false,
    };
    chart.show(ui, |plot| {
        for (i, run) in result.runs.iter().enumerate() {
            let line = PlotPoints::from(run.mean.clone());
            let style = STYLES[i % STYLES.len()];
            plot.line(
                Line::new(WAYS[i].0, line).stroke(Stroke::new(thick, p.series[i])).style(style),
            );
        }
    });
}

fn csv(result: &BoundsResult) -> String {
    let runs = || result.runs.iter().zip(WAYS);
    let weights = runs().flat_map(|(run, (name, _))| {
        run.weights.iter().enumerate().map(move |(i, w)| row![name, i, w])
    });
    let means = runs()
        .flat_map(|(run, (name, _))| run.mean.iter().map(move |[t, mean]| row![name, t, mean]));
    csv::text(["bounds", "synapse", "weight"], weights)
        + "\n"
        + &csv::text(["bounds", "time_s", "mean_weight"], means)
}

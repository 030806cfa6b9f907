//! Bengio's rule: an example of rises and falls, and the STDP window that emerges.

use egui::{RichText, Stroke, Ui};
use egui_plot::{Corner, Line, LineStyle, PlotPoints, Points};

use super::settings::SlopeSettings;
use super::{PlasticityEdit, World, parts};
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::snn::experiments::slope_window::{
    EXAMPLE_MS, POST_HZ, PRE_HZ, REACH_MS, SlopeResult, classical,
};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, range};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::raster::plot_x;
use crate::ui::widgets::time_axis::{self, TimeView};
use crate::ui::widgets::trace_plot::{self, TracePlot};
use crate::ui::widgets::{figure, page};

/// Time constants, seed.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Bengio’s rule", PlasticityEdit::Reset, out);
    let mut slope = world.room.kept.slope.clone();
    let tip = "How long a presynaptic spike is felt. The longer, the further the change of sign moves to the right: the trace looks ahead";
    Field::new("Presynaptic trace τ_x", "ms", SlopeSettings::TAU_X_MS, tip)
        .log()
        .show(ui, &mut slope.tau_x_ms);
    let tip =
        "Mean time for which the postsynaptic current keeps its level: how wide the window is";
    Field::new("Rises and falls every", "ms", SlopeSettings::HOLD_MS, tip)
        .log()
        .show(ui, &mut slope.hold_ms);
    let tip = "How fast the membrane follows its current";
    Field::new("Membrane τₘ", "ms", SlopeSettings::TAU_M_MS, tip)
        .log()
        .show(ui, &mut slope.tau_m_ms);
    parts::seed_row(ui, slope.seed, out);
    ui.separator();
    let weak = palette(ui.visuals()).weak;
    for line in [
        "dw = η x dV",
        "pre: x = x + 1,  τ_x dx/dt = −x",
        "postsynaptic spikes: chance, at a rate that follows V",
    ] {
        ui.label(RichText::new(line).font(theme::strong(13.0)));
    }
    let text = format!(
        "128 synapses at once; presynaptic spikes at {PRE_HZ} Hz, postsynaptic ones at 0 to {POST_HZ} Hz. Each dot is the mean change after a presynaptic spike, over all pairs of spikes that far apart; bars are standard errors."
    );
    ui.label(RichText::new(text).small().color(weak));
    ui.label(
        RichText::new(
            "Bengio et al., arXiv:1509.05936 (2015); after Hinton (2007), Xie and Seung (2000)",
        )
        .small()
        .color(weak),
    );
    if slope != world.room.kept.slope {
        out.push(PlasticityEdit::Slope(slope));
    }
}

/// The example above, the window below; in a small window one of both.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(answer) = world.room.results.slope.as_ref() else {
        ui.label("The synapses are being simulated …");
        return;
    };
    let result = &answer.1;
    let from = ui.next_widget_position();
    let pairs: u64 = result.bins.iter().map(|b| b.pairs).sum();
    let text = format!(
        "Correlation with the classical window {:.2}, from {} pairs of spikes; {:.0} of {:.0} s simulated",
        result.correlation,
        grouped(pairs),
        result.seconds[0],
        result.seconds[1]
    );
    ui.label(RichText::new(text).font(theme::strong(15.0))).on_hover_text(
        "Pearson’s coefficient between the dots and ±e^(−|Δt|/τ), over all Δt shown",
    );
    judgement(ui, world, result, out);
    let names = ["Window", "Example of a synapse"];
    let chosen = page::small(ui).then(|| page::choose(ui, "bengio", &names));
    let top = ui.next_widget_position().y;
    let room = (ui.available_height() - 40.0).clamp(150.0, 720.0);
    if chosen != Some(0) {
        let share = if chosen.is_none() { 0.28 } else { 1.0 };
        example(ui, world, result, ((room * share - time_axis::AXIS_HEIGHT) / 2.0 - 8.0).round());
    }
    if chosen != Some(1) {
        let used = ui.next_widget_position().y - top;
        plot(ui, world, result, room - used);
    }
    figure::save_below(ui, out, "bengio-window", from, || csv(result));
}

/// The traces between which the button changes, ms.
const TRACES_MS: [f64; 2] = [2.0, 20.0];

/// Whether these settings give the classical window, by what has been measured, and
/// a button to the other case.
fn judgement(ui: &mut Ui, world: &World<'_>, result: &SlopeResult, out: &mut Outbox) {
    let mut slope = world.room.kept.slope.clone();
    let other = TRACES_MS[usize::from(slope.tau_x_ms < (TRACES_MS[0] * TRACES_MS[1]).sqrt())];
    let small = page::small(ui);
    ui.horizontal(|ui| {
        let tip = format!("The same with another presynaptic trace. {}", verdict(result));
        figure::controls(ui, |ui| {
            if ui.button(format!("Try τ_x = {other} ms")).on_hover_text(tip).clicked() {
                slope.tau_x_ms = other;
                out.push(PlasticityEdit::Slope(slope));
            }
        });
        if !small {
            let text = RichText::new(verdict(result)).small().color(palette(ui.visuals()).weak);
            ui.add(egui::Label::new(text).wrap());
        }
    });
}

fn verdict(result: &SlopeResult) -> String {
    let [tau_x, tau_m] = result.tau_ms;
    let crossing = result.crossing_ms.map_or_else(String::new, |ms| {
        format!(" and changes sign at {}", format!("{ms:+.1} ms").replace('-', "−"))
    });
    let (verdict, why) = if result.agrees() {
        ("follows the classical one", "Both have to be short against the rises and falls.")
    } else {
        ("is not the classical one", "A long trace also sees what rises long after its spike.")
    };
    format!(
        "With a trace of {tau_x:.1} ms and a membrane of {tau_m:.1} ms the window {verdict}{crossing} (correlation {:.2}). {why}",
        result.correlation
    )
}

fn example(ui: &mut Ui, world: &World<'_>, result: &SlopeResult, height: f32) {
    let p = palette(ui.visuals());
    let thick = world.session.projector;
    let view = TimeView::first(EXAMPLE_MS);
    let axis = view.axis(plot_x(ui), EXAMPLE_MS);
    ui.spacing_mut().item_spacing.y = 4.0;
    let line =
        |channel, name: &str, colour| trace_plot::Line { channel, name: name.into(), colour };
    let rows = [
        (
            "Hz",
            line(0, "postsynaptic rate and spikes", p.series[0]),
            1,
            [0.0, POST_HZ as f32 * 1.4],
        ),
        ("x", line(1, "presynaptic trace", p.series[1]), 0, [0.0, 1.4]),
    ];
    for (title, line, row, at_least) in rows {
        let trace = TracePlot {
            title,
            traces: &result.example.traces,
            lines: &[line],
            levels: &[],
            spikes: Some((&result.example.spikes, row)),
            at_least,
            height,
            cursor_ms: None,
            thick,
        };
        trace.show(ui, &axis);
    }
    time_axis::show(ui, &axis);
}

fn plot(ui: &mut Ui, world: &World<'_>, result: &SlopeResult, height: f32) {
    let p = palette(ui.visuals());
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let values = result.bins.iter().flat_map(|b| [b.mean + b.error, b.mean - b.error]);
    let [low, high] = range(values.chain([result.classical.abs(), -result.classical.abs()]));
    let chart = Chart {
        id: "bengio window",
        axes: ["Δt = t_post − t_pre (ms)", "mean change Δw"],
        bounds: [[-REACH_MS, low], [REACH_MS, high]],
        height: height.max(120.0),
        legend: Some(Corner::LeftTop),
        log_x: false,
    };
    chart.show(ui, |plot| {
        for side in [-1.0, 1.0] {
            let points: Vec<[f64; 2]> = (0..=60)
                .map(|k| side * (0.01 + REACH_MS * f64::from(k) / 60.0))
                .map(|d| [d, result.classical * classical(d, result.classical_tau_ms)])
                .collect();
            let name = format!("classical window, τ = {} ms", result.classical_tau_ms);
            plot.line(
                Line::new(name, PlotPoints::from(points))
                    .stroke(Stroke::new(thick, p.series[1]))
                    .style(LineStyle::dashed_dense()),
            );
        }
        for b in &result.bins {
            let bar = vec![[b.delta_ms, b.mean - b.error], [b.delta_ms, b.mean + b.error]];
            let stroke = Stroke::new(thick * 0.7, p.series[0]);
            plot.line(
                Line::new("Bengio’s rule", PlotPoints::from(bar)).stroke(stroke).allow_hover(false),
            );
        }
        let dots: Vec<[f64; 2]> = result.bins.iter().map(|b| [b.delta_ms, b.mean]).collect();
        let points = Points::new("Bengio’s rule", PlotPoints::from(dots));
        plot.points(points.color(p.series[0]).radius(thick + 1.6));
    });
}

fn csv(result: &SlopeResult) -> String {
    let rows = result.bins.iter().map(|b| {
        let fitted = result.classical * classical(b.delta_ms, result.classical_tau_ms);
        row![b.delta_ms, b.mean, b.error, b.pairs, fitted]
    });
    let headings = ["delta_t_ms", "mean_change", "standard_error", "pairs", "classical"];
    let correlation = row!["correlation", result.correlation];
    csv::text(headings, rows) + "\n" + &csv::text(correlation, Vec::<[&str; 1]>::new())
}

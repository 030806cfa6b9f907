//! The rule that joins both: what pairs of spikes do to a synapse while the network learns,
//! beside the window of the Plasticity workspace.

use egui::{RichText, Stroke, Ui, vec2};
use egui_plot::{HLine, Line, LineStyle, PlotPoints, VLine};

use super::World;
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::snn::experiments::regression::Lags;
use crate::snn::experiments::window::formula;
use crate::snn::plasticity;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names, range};
use crate::ui::widgets::{figure, page};

/// Largest lag of the formulas, ms.
const REACH: i32 = 40;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.spikes.regression;
    let hidden = world.room.kept.spiking.neuron;
    let (one, all) = &view.lags;
    let from = ui.next_widget_position();
    let counted = |lags: &Lags| lags.plus.iter().chain(&lags.minus).sum::<u64>();
    let text = if view.done == 0 {
        "Nothing is learned yet; press Space".to_owned()
    } else {
        format!(
            "{} presentations: {} pairs of spikes onto the output, {} of them from hidden neuron {hidden}",
            grouped(view.done),
            grouped(counted(all)),
            grouped(counted(one)),
        )
    };
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let small = page::small(ui);
    let views = ["All synapses", "One synapse", "Plasticity’s"];
    let which = if small { page::choose(ui, "imagine window", &views) } else { 0 };
    let room = ui.available_height() - 42.0;
    let see = [
        "Measured in the network while it learns, all synapses onto the output. Pulled, pairs of spikes strengthen whichever came first; pushed, they weaken; what is left is learned",
        "Measured at one synapse",
        "The windows of two rules: contrastive Hebbian, pulled and pushed, does not ask who fired first; the Plasticity workspace’s pair rule does",
    ];
    let draw = |ui: &mut Ui, number: usize, height: f32| {
        ui.label(RichText::new(see[number]).small().color(palette(ui.visuals()).weak));
        let text = ui.text_style_height(&egui::TextStyle::Small) * 2.0 + 8.0;
        let height = (height - text).max(110.0);
        match number {
            0 => measured(ui, world, ("window of all", all), height),
            1 => measured(ui, world, ("window of one", one), height),
            _ => formulas(ui, world, height),
        }
    };
    if small {
        draw(ui, which, room);
    } else {
        ui.horizontal_top(|ui| {
            let half = ui.available_width() * 0.5 - 6.0;
            ui.allocate_ui(vec2(half, room), |ui| {
                ui.vertical(|ui| {
                    draw(ui, 0, room * 0.5);
                    draw(ui, 1, room * 0.5);
                });
            });
            let rest = ui.available_width();
            ui.allocate_ui(vec2(rest, room), |ui| ui.vertical(|ui| draw(ui, 2, room)));
        });
    }
    figure::save_below(ui, out, "imagine-window", from, || {
        let rows = all.changes().into_iter().zip(one.changes()).enumerate().map(|(i, (a, o))| {
            row![a[0], all.plus[i], all.minus[i], a[1], one.plus[i], one.minus[i], o[1]]
        });
        let headings = row![
            "lag_ms",
            "pairs_pulled",
            "pairs_pushed",
            "change",
            "pairs_pulled_of_one",
            "pairs_pushed_of_one",
            "change_of_one"
        ];
        csv::text(headings, rows)
    });
}

/// What pairs have changed, by their lag.
fn measured(ui: &mut Ui, world: &World<'_>, (id, lags): (&'static str, &Lags), height: f32) {
    let p = palette(ui.visuals());
    let changes = lags.changes();
    let above = ui.next_widget_position().y;
    names(ui, [("learned, by lag", p.series[0])]);
    let height = (height - (ui.next_widget_position().y - above)).max(90.0);
    let [low, high] = range(changes.iter().map(|c| c[1]).chain([0.0]));
    let chart = Chart {
        id,
        axes: ["t output − t hidden, ms", "sum of ΔW"],
        bounds: [[-f64::from(REACH), low], [f64::from(REACH), high]],
        height,
        legend: None,
        log_x: false,
    };
    let said = || {
        format!("Change of weights by lag; {:.4} in all", changes.iter().map(|c| c[1]).sum::<f64>())
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    chart.show_said(ui, said, |plot| {
        axes(plot, p.weak);
        let line = Line::new("learned", PlotPoints::from(changes.clone()));
        plot.line(line.stroke(Stroke::new(thick, p.series[0])));
    });
}

fn axes(plot: &mut egui_plot::PlotUi<'_>, colour: egui::Color32) {
    let stroke = Stroke::new(1.0, colour);
    plot.hline(HLine::new("", 0.0).stroke(stroke).allow_hover(false));
    plot.vline(VLine::new("", 0.0).stroke(stroke).allow_hover(false));
}

/// The windows of both rules, each by its own largest change.
fn formulas(ui: &mut Ui, world: &World<'_>, height: f32) {
    let p = palette(ui.visuals());
    let deltas: Vec<f64> =
        (-4 * REACH..=4 * REACH).filter(|d| *d != 0).map(|d| f64::from(d) / 4.0).collect();
    let window = |id: &str, set: Option<(&str, f64)>| -> Vec<[f64; 2]> {
        let Ok(rule) = plasticity::get("the window", id) else { return Vec::new() };
        let values: Vec<f64> = rule
            .params
            .iter()
            .map(|param| set.filter(|(name, _)| *name == param.name).map_or(param.default, |s| s.1))
            .collect();
        let points = formula(rule, &values, &deltas);
        let most = points.iter().fold(1e-12f64, |m, c| m.max(c[1].abs()));
        points.into_iter().map(|[d, c]| [d, c / most]).collect()
    };
    let all = [
        ("contrastive, pulled", p.series[0], window("contrastive", Some(("phase", 1.0)))),
        ("contrastive, pushed", p.series[3], window("contrastive", Some(("phase", -1.0)))),
        ("Plasticity’s pair rule", p.series[1], window("pair", None)),
    ];
    let above = ui.next_widget_position().y;
    names(ui, all.iter().map(|(name, colour, _)| (*name, *colour)));
    let height = (height - (ui.next_widget_position().y - above)).max(90.0);
    let chart = Chart {
        id: "windows of two rules",
        axes: ["t post − t pre, ms", "ΔW, by its largest"],
        bounds: [[-f64::from(REACH), -1.1], [f64::from(REACH), 1.1]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let said = || "Windows of contrastive Hebbian learning and of the pair rule".to_owned();
    chart.show_said(ui, said, |plot| {
        axes(plot, p.weak);
        for (name, colour, points) in &all {
            // In two pieces: at 0 the pair rule jumps.
            for before in [true, false] {
                let side: Vec<[f64; 2]> =
                    points.iter().filter(|c| (c[0] < 0.0) == before).copied().collect();
                let line = Line::new(*name, PlotPoints::from(side));
                let line = line.stroke(Stroke::new(thick, *colour));
                let dashed = name.ends_with("pushed");
                plot.line(if dashed { line.style(LineStyle::dashed_dense()) } else { line });
            }
        }
    });
}

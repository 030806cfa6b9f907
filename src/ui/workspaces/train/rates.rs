//! How much the layers of a network of spikes fire while it learns, and which neurons are
//! of no use.

use egui::{RichText, Stroke, Ui};
use egui_plot::{Line, PlotPoints, Points};

use super::World;
use crate::ann::trainer::RatePoint;
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names};
use crate::ui::widgets::figure;

/// Share of a layer's neurons beyond which their silence is named.
const MANY: f32 = 0.5;

/// Draws the rates of all layers over the batches, and what they are now.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let rates = &world.training.rates;
    let Some(last) = rates.last() else { return };
    let p = palette(ui.visuals());
    let from = ui.next_widget_position();
    ui.label(
        RichText::new("Share of steps with a spike, on 64 training digits that stay the same")
            .small(),
    );
    let hue = |i: usize| p.series[i % p.series.len()];
    names(ui, last.layers.iter().enumerate().map(|(i, l)| (&l.name[..], hue(i))));
    for layer in &last.layers {
        let units = layer.units.max(1) as f32;
        let text = format!(
            "{}: {:.1} % now; {} of {} neurons silent, {} saturated",
            layer.name,
            100.0 * layer.rate,
            grouped(layer.silent as u64),
            grouped(layer.units as u64),
            grouped(layer.saturated as u64)
        );
        ui.label(RichText::new(text).font(theme::strong(13.0)));
        let cure = if layer.silent as f32 > MANY * units {
            "Most of it is silent, and silent neurons learn little: give it a lowest firing rate (the rule’s “Cost beyond these”), a lower slope of the surrogate, or more steps."
        } else if layer.saturated as f32 > MANY * units {
            "Most of it is saturated, and tells little: pull it to a firing rate, or set a highest one, with a cost, among the rule’s settings."
        } else {
            continue;
        };
        ui.label(RichText::new(cure).color(p.warning));
    }
    let steps = last.step.max(1) as f64;
    let most = rates.iter().flat_map(|r| &r.layers).fold(0.05f32, |m, l| m.max(l.rate));
    let height = (ui.available_height() - 46.0).clamp(120.0, 560.0);
    let chart = Chart {
        id: "firing rates",
        axes: ["batches", "steps with a spike, %"],
        bounds: [[0.0, 0.0], [steps, 108.0 * f64::from(most)]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let said = || {
        let each = last.layers.iter().map(|l| format!("{} {:.1} %", l.name, 100.0 * l.rate));
        format!("Firing rates now: {}", each.collect::<Vec<_>>().join(", "))
    };
    chart.show_said(ui, said, |plot| {
        for (i, layer) in last.layers.iter().enumerate() {
            let at = |r: &RatePoint| {
                let rate = r.layers.get(i)?.rate;
                Some([r.step as f64, 100.0 * f64::from(rate)])
            };
            let points: Vec<[f64; 2]> = rates.iter().filter_map(at).collect();
            let line = Line::new(&layer.name, PlotPoints::from(points.clone()));
            plot.line(line.stroke(Stroke::new(thick, hue(i))));
            plot.points(Points::new(&layer.name, points).color(hue(i)).radius(thick));
        }
    });
    figure::save_below(ui, out, "firing-rates", from, || csv(rates));
}

/// A row for each layer and moment.
fn csv(rates: &[RatePoint]) -> String {
    let rows = rates.iter().flat_map(|point| {
        let each = point.layers.iter();
        each.map(|l| row![point.step, l.name, l.units, l.rate, l.silent, l.saturated])
    });
    csv::text(row!["batch", "layer", "neurons", "rate", "silent", "saturated"], rows)
}

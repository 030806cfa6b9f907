//! One unit followed: what it adds up, when it spikes, how its rate converges.

use egui::{RichText, Ui};
use egui_plot::{Corner, HLine, Line, LineStyle, PlotPoints, VLine};

use super::World;
use super::pictures;
use super::view::at;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, range};

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, _: &mut Outbox) {
    let shown = &world.room.shown;
    let p = palette(ui.visuals());
    let Some(followed) = &shown.followed else {
        ui.label("Click a unit in Side by side to follow it; pooling has none.");
        return;
    };
    let (number, place) = followed.unit;
    let Some(stage) = shown.stages.get(number) else { return };
    let step = at(world);
    let rates = pictures::rates(stage, step);
    ui.label(
        RichText::new(pictures::unit_text(stage, place, &rates, step)).font(theme::strong(14.5)),
    );
    let threshold = stage.scale(place).unwrap_or(1.0);
    let activation = stage.activations.as_ref().map_or(0.0, |a| a[place]);
    let spikes = followed.spiked.iter().take(step).filter(|s| **s).count();
    let text = format!(
        "λ = {threshold:.3}. The ReLU gives {activation:.3}, which asks for {:.3} spikes a step; after {step} steps there are {spikes}, {:.3} a step.",
        activation.max(0.0) / threshold,
        spikes as f32 / step.max(1) as f32
    );
    ui.label(text);
    let steps = followed.potential.len().max(1) as f64;
    let room = (ui.available_height() - 16.0).max(280.0);
    let [low, high] = range(followed.potential.iter().map(|v| f64::from(*v)).chain([1.0]));
    let chart = Chart {
        id: "potential",
        axes: ["step", "potential (λ)"],
        bounds: [[0.0, low], [steps, high]],
        height: (room * 0.56).round(),
        legend: Some(Corner::RightTop),
        log_x: false,
    };
    let said = || {
        let now = step.checked_sub(1).and_then(|k| followed.potential.get(k)).unwrap_or(&0.0);
        format!(
            "Potential over the steps, in thresholds: {now:.2} after {step} steps, {spikes} spikes so far"
        )
    };
    chart.show_said(ui, said, |plot| {
        for (rise, fall) in saw(&followed.potential, &followed.spiked) {
            let rise = Line::new("potential", PlotPoints::from(rise));
            plot.line(rise.color(p.series[1]).width(2.0));
            if let Some(fall) = fall {
                let fall = Line::new("spike", PlotPoints::from(fall));
                plot.line(fall.color(p.accent).width(2.0));
            }
        }
        plot.hline(HLine::new("threshold", 1.0).color(p.text).style(LineStyle::dashed_dense()));
        plot.vline(VLine::new("", step as f64).color(p.text).allow_hover(false));
    });
    let wanted = f64::from(activation.max(0.0) / threshold);
    let mut count = 0.0;
    let rate: Vec<[f64; 2]> = followed
        .spiked
        .iter()
        .enumerate()
        .map(|(k, spiked)| {
            count += f64::from(u8::from(*spiked));
            [k as f64 + 1.0, count / (k as f64 + 1.0)]
        })
        .collect();
    let top = rate.iter().map(|r| r[1]).fold(wanted, f64::max).clamp(0.1, 1.0) * 1.15;
    let chart = Chart {
        id: "rate converges",
        axes: ["step", "rate"],
        bounds: [[0.0, 0.0], [steps, top]],
        height: (room * 0.4).round(),
        legend: Some(Corner::RightTop),
        log_x: false,
    };
    let said = || {
        let now = spikes as f64 / step.max(1) as f64;
        format!("Rate over the steps: {now:.3} after {step} steps, {wanted:.3} wanted")
    };
    chart.show_said(ui, said, |plot| {
        plot.line(Line::new("spikes per step", PlotPoints::from(rate)).color(p.accent).width(2.0));
        plot.hline(HLine::new("ReLU / λ", wanted).color(p.text).style(LineStyle::dashed_dense()));
        plot.vline(VLine::new("", step as f64).color(p.text).allow_hover(false));
    });
}

/// A piece of a line.
type Piece = Vec<[f64; 2]>;

/// The potential between spikes, each piece with the fall that ends it: from where a
/// spike was fired to what it left. In pieces, because a line that turned so sharply
/// would be drawn as a wedge.
fn saw(potential: &[f32], spiked: &[bool]) -> Vec<(Piece, Option<Piece>)> {
    let mut pieces = Vec::new();
    let mut rise = Vec::new();
    for (k, (v, spiked)) in potential.iter().zip(spiked).enumerate() {
        let (x, v) = (k as f64 + 1.0, f64::from(*v));
        if *spiked {
            rise.push([x, v + 1.0]);
            pieces.push((std::mem::take(&mut rise), Some(vec![[x, v + 1.0], [x, v]])));
        }
        rise.push([x, v]);
    }
    pieces.push((rise, None));
    pieces
}

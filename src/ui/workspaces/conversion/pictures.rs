//! Activations beside rates, the scatter of both, and both answers over time.

use egui::{ComboBox, Id, RichText, Ui};
use egui_plot::{Line, PlotPoints, VLine};

use super::ConversionEdit;
use super::World;
use super::maps::{Maps, What};
use super::scatter;
use super::view::at;
use crate::convert::energy;
use crate::core::decision::{best, unique_max};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::picture;
use crate::workers::conversion::{ConversionView, StageView};

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let shown = &world.room.shown;
    let step = at(world);
    let low = ui.available_height() < LOW;
    answers(ui, shown, step, low);
    let chosen = world.room.kept.stage.min(shown.stages.len().saturating_sub(1));
    let Some(stage) = shown.stages.get(chosen) else { return };
    let rates = rates(stage, step);
    let point = if world.session.projector { 3.0 } else { 1.8 };
    let mut figure = Figure::Maps;
    if low {
        figure = one_figure(ui, shown, chosen, out);
    } else {
        stages(ui, shown, chosen, step, out);
    }
    let room = (ui.available_height() - if low { 8.0 } else { 24.0 }).max(100.0);
    match figure {
        Figure::Maps => {}
        Figure::Scatter => {
            scatter::show(ui, (stage, &rates[..], step), None, (room, point));
            return;
        }
        Figure::OverTime => return over_time(ui, shown, step, room),
    }
    let upper = if low { room } else { (room * 0.52).round() };
    let mut both: Vec<Maps<'_>> = Vec::new();
    ui.columns(2, |columns| {
        let dark = columns[0].visuals().dark_mode;
        let mut side = |ui: &mut Ui, title: &str, what: What, values: Vec<f32>| {
            ui.label(RichText::new(title).font(theme::strong(13.5)));
            let step = if what == What::Rates { step } else { 0 };
            let stamp = picture::stamp((shown.serial, chosen, step, dark));
            both.push(Maps::show(ui, (what, stamp), stage, values, upper - 22.0));
        };
        match &stage.activations {
            Some(activations) => {
                let scaled = activations
                    .iter()
                    .enumerate()
                    .map(|(place, v)| v.max(0.0) / stage.scale(place).unwrap_or(1.0))
                    .collect();
                side(&mut columns[0], "Activation, in thresholds λ", What::Activations, scaled);
            }
            None => {
                columns[0].label(RichText::new("Pooling has no units of its own").small());
            }
        }
        let title = if stage.spikes {
            "Rate, spikes per step"
        } else {
            "These units add up and do not spike"
        };
        side(&mut columns[1], title, What::Rates, rates.clone());
    });
    let mut pointed = both.iter().find_map(|maps| maps.pointed);
    if !low {
        let lower = room - upper - 8.0;
        ui.columns(2, |columns| {
            let all = (stage, &rates[..], step);
            pointed = scatter::show(&mut columns[0], all, pointed, (lower, point));
            over_time(&mut columns[1], shown, step, lower);
        });
    }
    for maps in &both {
        maps.mark(ui, pointed, step);
    }
    let clicked = both.iter().any(|maps| maps.response.clicked());
    if let Some(place) = pointed {
        let text = unit_text(stage, place, &rates, step);
        let tip = if stage.has_neurons() {
            format!("{text}\nClick to follow it in One unit")
        } else {
            text
        };
        for maps in both {
            maps.response.on_hover_text_at_pointer(tip.as_str());
        }
        if clicked && stage.has_neurons() {
            out.push(ConversionEdit::Unit(chosen, place));
        }
    }
}

/// Below this height, points, there is room for one figure, which is chosen.
const LOW: f32 = 400.0;

/// What there is to see of a layer.
#[derive(Clone, Copy, PartialEq)]
enum Figure {
    Maps,
    Scatter,
    OverTime,
}

/// Which layer, and which figure of it.
fn one_figure(ui: &mut Ui, shown: &ConversionView, chosen: usize, out: &mut Outbox) -> Figure {
    let id = Id::unique("conversion figure");
    let mut figure = ui.data(|d| d.get_temp(id)).unwrap_or(Figure::Maps);
    ui.horizontal_wrapped(|ui| {
        ComboBox::from_id_salt("layer")
            .selected_text(shown.stages.get(chosen).map_or("", |s| &s.name))
            .show_ui(ui, |ui| {
                for (number, stage) in shown.stages.iter().enumerate() {
                    if ui.selectable_label(number == chosen, &stage.name).clicked() {
                        out.push(ConversionEdit::Stage(number));
                    }
                }
            });
        for (of, name) in
            [(Figure::Maps, "Maps"), (Figure::Scatter, "Scatter"), (Figure::OverTime, "Over time")]
        {
            ui.selectable_value(&mut figure, of, name);
        }
    });
    ui.data_mut(|d| d.insert_temp(id, figure));
    figure
}

/// What both answer.
fn answers(ui: &mut Ui, shown: &ConversionView, step: usize, low: bool) {
    let p = palette(ui.visuals());
    let (original, sure) = best(&shown.original);
    ui.horizontal_wrapped(|ui| {
        let text = format!(
            "{} says {}, {:.0} % sure",
            shown.model,
            shown.classes.said(original),
            100.0 * sure
        );
        ui.label(RichText::new(text).font(theme::strong(16.0)));
        let text = match step.checked_sub(1).and_then(|k| shown.probabilities.get(k)) {
            None => "in spikes: not a step yet".to_owned(),
            Some(now) => {
                let (answer, sure) = best(now);
                format!(
                    "in spikes after {step} steps: {}, {:.0} %",
                    shown.classes.said(answer),
                    100.0 * sure
                )
            }
        };
        ui.label(RichText::new(text).font(theme::strong(16.0)).color(p.accent));
        if let Some(k) = step.checked_sub(1).filter(|_| !low) {
            let million = |n: u64| n as f64 / 1e6;
            let work = shown.work[k];
            let text = format!(
                "{} spikes, {:.2} million operations against {:.2} million multiply–adds",
                grouped(shown.spikes[k]),
                million(work.total()),
                million(shown.multiply_adds as u64)
            );
            let tip = match work.first_layer {
                0 => energy::COUNTED.to_owned(),
                n => {
                    let first = million(n);
                    format!(
                        "{first:.2} million are multiply–adds of the first layer. {}",
                        energy::COUNTED
                    )
                }
            };
            ui.label(RichText::new(text).small().color(p.weak)).on_hover_text(tip);
        }
    });
}

/// The layers to choose from, with how like they are at this step.
fn stages(ui: &mut Ui, shown: &ConversionView, chosen: usize, step: usize, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        for (number, stage) in shown.stages.iter().enumerate() {
            let like = step.checked_sub(1).and_then(|k| stage.likeness.get(k));
            let text = match like.and_then(|l| l.r) {
                Some(r) => format!("{}  r {r:.3}", stage.name),
                None => stage.name.clone(),
            };
            let tip = like.map_or_else(String::new, |l| {
                format!(
                    "Correlation of rates with activations {}; rms error {:.3} λ; {:.1} % saturated, {:.1} % silent though active",
                    l.r.map_or_else(|| "–".into(), |r| format!("{r:.4}")),
                    l.error,
                    100.0 * l.saturated,
                    100.0 * l.silent
                )
            });
            let mut label = ui.selectable_label(number == chosen, text);
            if !tip.is_empty() {
                label = label.on_hover_text(tip);
            }
            if label.clicked() {
                out.push(ConversionEdit::Stage(number));
            }
        }
    });
}

/// Spikes per step until now.
pub fn rates(stage: &StageView, step: usize) -> Vec<f32> {
    let mut rates = vec![0.0f32; stage.output.iter().product()];
    let each = 1.0 / step.max(1) as f32;
    for spiked in stage.spiked.iter().take(step) {
        for place in spiked {
            rates[*place as usize] += each;
        }
    }
    rates
}

/// Which unit it is: its layer, and its place there.
pub fn unit_name(stage: &StageView, place: usize) -> String {
    let [h, w, c] = stage.output;
    let (y, x, channel) = (place / c / w, place / c % w, place % c);
    if h * w == 1 {
        format!("{}, unit {channel}", stage.name)
    } else {
        format!("{}, map {channel}, row {y}, column {x}", stage.name)
    }
}

/// What there is to know of a unit after some steps.
pub fn unit_text(stage: &StageView, place: usize, rates: &[f32], step: usize) -> String {
    let name = unit_name(stage, place);
    let rate = rates.get(place).copied().unwrap_or(0.0);
    match (&stage.activations, stage.scale(place)) {
        (Some(a), Some(threshold)) if stage.spikes && step > 0 => {
            let wanted = a[place] / threshold;
            let error = rate - wanted.max(0.0);
            let too = if wanted > 1.0 { ", more than one spike a step" } else { "" };
            let error = format!("{error:+.3}").replace('-', "−");
            format!(
                "{name}: activation {:.3} = {wanted:.3} λ{too}, rate {rate:.3}, error {error}",
                a[place]
            )
        }
        (Some(a), Some(threshold)) => {
            format!("{name}: activation {:.3} = {:.3} λ", a[place], a[place] / threshold)
        }
        _ => format!("{name}: rate {rate:.3}"),
    }
}

/// Certainty of the original's answer in spikes, and the error of each layer.
fn over_time(ui: &mut Ui, shown: &ConversionView, step: usize, height: f32) {
    let p = palette(ui.visuals());
    let last = shown.probabilities.len().max(1) as f64;
    // Without an answer of the original there is nothing to become certain of.
    let Some(original) = unique_max(&shown.original) else { return };
    let chart = Chart {
        id: "conversion over time",
        axes: ["step", "probability, r"],
        // A little more room, or the last number is cut off.
        bounds: [[0.0, 0.0], [last * 1.02, 1.05]],
        height,
        legend: Some(egui_plot::Corner::RightBottom),
        log_x: false,
    };
    let said = || {
        let now = step.checked_sub(1).and_then(|k| shown.probabilities.get(k));
        let now = now.map_or(0.0, |q| 100.0 * q[original]);
        let end = shown.probabilities.last().map_or(0.0, |q| 100.0 * q[original]);
        format!(
            "Certainty of “{original}” in spikes over the steps: {now:.0} % after {step}, {end:.0} % after all {last}; and r of each layer"
        )
    };
    chart.show_said(ui, said, |plot| {
        let line = |values: Vec<f64>| -> PlotPoints<'static> {
            let numbered = values.into_iter().enumerate();
            PlotPoints::from(numbered.map(|(k, v)| [k as f64 + 1.0, v]).collect::<Vec<_>>())
        };
        let sure = shown.probabilities.iter().map(|q| f64::from(q[original])).collect();
        let name = format!("“{original}” in spikes");
        plot.line(Line::new(name, line(sure)).color(p.accent).width(2.5));
        let like = shown.stages.iter().filter(|s| !s.likeness.is_empty());
        for (stage, colour) in like.zip(p.series.iter().skip(1)) {
            let r = stage.likeness.iter().map(|l| l.r.unwrap_or(0.0)).collect();
            plot.line(Line::new(format!("r {}", stage.name), line(r)).color(*colour).width(1.5));
        }
        plot.vline(VLine::new("", step as f64).color(p.text).allow_hover(false));
    });
}

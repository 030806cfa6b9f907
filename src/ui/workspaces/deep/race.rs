//! Neurons that fire once: when each does, and which class is first.

use egui::{Align2, RichText, Stroke, Ui};
use egui_plot::{Line, LineStyle, PlotPoint, PlotPoints, Points, Text, VLine};

use super::{DeepEdit, World};
use crate::core::csv::{self, optional, row};
use crate::core::decision::said;
use crate::data::CLASSES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::figure;
use crate::ui::widgets::time_bar::{Axis, Mark, TimeBar};

/// Steps of the time bar.
pub const STEPS: u64 = 350;
/// Length of one, time constants of a synapse.
const EACH: f64 = 0.02;

/// When each neuron fires, by layer; the last layer is the classes.
type Times = [Vec<Option<f32>>];

/// The class that fires first, and when; none where two do, or nobody.
fn first(times: &Times) -> Option<(usize, f32)> {
    let classes = times.last()?;
    let earliest = classes.iter().flatten().copied().fold(f32::INFINITY, f32::min);
    let mut at = classes.iter().enumerate().filter(|(_, t)| **t == Some(earliest));
    let (class, _) = at.next()?;
    at.next().is_none().then_some((class, earliest))
}

/// For a view that needs steps.
pub fn no_steps(ui: &mut Ui, what: &str) {
    ui.label(format!(
        "In this network each neuron fires at most once: there is no {what} step by step. See who fires when under Spikes and One volley, or choose another network."
    ));
}

/// The time bar: how many fire when.
pub fn bar(ui: &mut Ui, world: &World<'_>, times: &Times, out: &mut Outbox) {
    let mut density = vec![0f32; STEPS as usize];
    for time in times.iter().flatten().flatten() {
        let bin = (f64::from(*time) / EACH) as usize;
        if let Some(bin) = density.get_mut(bin) {
            *bin += 1.0;
        }
    }
    let colour = palette(ui.visuals()).series[1];
    let marks: Vec<Mark> = first(times)
        .map(|(class, at)| Mark {
            at: (f64::from(at) / EACH).ceil() as u64,
            label: format!("{class} fires first: the answer"),
            colour,
        })
        .into_iter()
        .collect();
    let axis = Axis { unit: "time constants", unit_per_step: EACH, decimals: 2 };
    TimeBar::new(&world.room.playback, axis)
        .density(&density, "neurons that fire then")
        .marks(&marks)
        .show(ui, &mut |edit| out.push(DeepEdit::Play(edit)));
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, times: &Times, out: &mut Outbox) {
    let from = ui.next_widget_position();
    let now = world.room.playback.at() as f64 * EACH;
    let hidden = times.len().saturating_sub(1);
    let fired =
        |layer: &[Option<f32>]| layer.iter().flatten().filter(|t| f64::from(**t) <= now).count();
    let so_far: usize = times[..hidden].iter().map(|l| fired(l)).sum();
    let all: usize = times[..hidden].iter().map(Vec::len).sum();
    let winner = first(times);
    let answer = match winner {
        Some((class, at)) if f64::from(at) <= now => {
            format!("{class} has fired first, at {at:.2} τ")
        }
        Some(_) => "no class has fired yet".into(),
        None => format!("it answers {}", said(None::<usize>)),
    };
    let text = format!("{now:.2} τ: {so_far} of {all} hidden neurons have fired; {answer}");
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let height = (ui.available_height() - 42.0).clamp(140.0, 700.0);
    race(ui, world, times, (winner, now), height);
    figure::save_below(ui, out, "first-spikes", from, || csv(times));
}

/// Hidden neurons in the order in which they fire, classes as lines.
fn race(
    ui: &mut Ui,
    world: &World<'_>,
    times: &Times,
    (winner, now): (Option<(usize, f32)>, f64),
    height: f32,
) {
    let p = palette(ui.visuals());
    let visuals = ui.visuals().clone();
    let hidden = times.len().saturating_sub(1);
    let latest = times.iter().flatten().flatten().fold(0f32, |m, t| m.max(*t));
    let right = f64::from(latest).clamp(0.5, STEPS as f64 * EACH) * 1.02;
    let most = times[..hidden].iter().map(Vec::len).max().unwrap_or(1) as f64;
    let chart = Chart {
        id: "first spikes",
        axes: ["time, in time constants τ", "hidden neurons that have fired"],
        bounds: [[0.0, 0.0], [right, most * 1.12]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let said = || match winner {
        Some((class, at)) => format!("Class {class} fires first, after {at:.2} time constants"),
        None => "No class fires first".into(),
    };
    chart.show_said(ui, said, |plot| {
        for (i, layer) in times[..hidden].iter().enumerate() {
            let mut sorted: Vec<f32> = layer.iter().flatten().copied().collect();
            sorted.sort_by(f32::total_cmp);
            let at = |n: usize, t: &f32| [f64::from(*t), n as f64 + 1.0];
            let done: Vec<[f64; 2]> = sorted.iter().enumerate().map(|(n, t)| at(n, t)).collect();
            let (before, after): (Vec<[f64; 2]>, _) = done.into_iter().partition(|p| p[0] <= now);
            let colour = p.series[i % p.series.len()];
            let name = format!("hidden {}", i + 1);
            plot.points(Points::new(name, before).color(colour).radius(thick));
            let faint = colour.gamma_multiply(0.3);
            plot.points(Points::new("", after).color(faint).radius(thick - 0.8).allow_hover(false));
        }
        // Times of classes lie close together: their digits stand at three heights.
        let mut order: Vec<(usize, f32)> = times
            .last()
            .into_iter()
            .flat_map(|l| l.iter().take(CLASSES).enumerate().filter_map(|(c, t)| Some((c, (*t)?))))
            .collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (place, (class, t)) in order.into_iter().enumerate() {
            let is_first = winner.is_some_and(|(w, _)| w == class);
            let passed = f64::from(t) <= now;
            let hue = theme::digit_hue(&visuals, Some(class as u8));
            let hue = if passed { hue } else { hue.gamma_multiply(0.4) };
            let width = if is_first { thick + 1.5 } else { thick - 0.5 };
            let line = VLine::new(format!("class {class}"), f64::from(t));
            plot.vline(line.stroke(Stroke::new(width, hue)));
            let high = most * (1.105 - 0.05 * (place % 3) as f64);
            let font = theme::strong(if is_first { 18.0 } else { 13.0 });
            let text = RichText::new(class.to_string()).font(font).color(p.text);
            let text = Text::new("", PlotPoint::new(f64::from(t), high), text);
            plot.text(text.anchor(Align2::LEFT_TOP).allow_hover(false));
        }
        let here = Line::new("", PlotPoints::from(vec![[now, 0.0], [now, most * 1.12]]));
        let here = here.style(LineStyle::dotted_dense()).allow_hover(false);
        plot.line(here.stroke(Stroke::new(1.5, p.accent)));
    });
}

/// A row for each neuron.
fn csv(times: &Times) -> String {
    let rows = times.iter().enumerate().flat_map(|(i, layer)| {
        let name =
            if i + 1 == times.len() { "classes".into() } else { format!("hidden_{}", i + 1) };
        layer.iter().enumerate().map(move |(n, t)| row![name, n, optional(*t)])
    });
    csv::text(row!["layer", "neuron", "time_in_time_constants"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_class_to_fire_is_the_answer_and_a_tie_is_none() {
        let of = |classes: Vec<Option<f32>>| first(&[vec![Some(0.1)], classes]);
        assert_eq!(of(vec![None, Some(0.7), Some(0.4)]), Some((2, 0.4)));
        assert_eq!(of(vec![Some(0.4), None, Some(0.4)]), None);
        assert_eq!(of(vec![None; 3]), None);
        assert_eq!(first(&[]), None);
    }
}

//! Spikes of all layers, step by step, and the answer that forms.

use egui::{RichText, Stroke, Ui, vec2};
use egui_plot::{Line, LineStyle, PlotPoints, VLine};

use super::heat::{Heat, heights};
use super::view::with_digit;
use super::{World, race, wave};
use crate::ann::ops::loss::softmax;
use crate::ann::spiking::look::{LayerWatch, Watched};
use crate::core::csv::{self, row};
use crate::core::decision::{said, unique_max};
use crate::core::text::grouped;
use crate::data::CLASSES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names};
use crate::ui::widgets::{figure, page, shares};
use crate::workers::deep::DeepLook;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    with_digit(ui, world, out, |ui, known, _, out| match (&known.watched, &known.times) {
        (Some(watched), _) => steps(ui, world, (known, watched), out),
        (None, Some(times)) => race::show(ui, world, times, out),
        (None, None) => wave::show(ui, world, out),
    });
}

/// The ten probabilities after so many steps; all alike before the first.
pub(super) fn shares_at(watched: &Watched, at: usize) -> [f32; CLASSES] {
    let logits = at.checked_sub(1).and_then(|t| watched.forming.get(t));
    let mut shares = logits.copied().unwrap_or_default();
    softmax(&mut shares);
    shares
}

fn steps(
    ui: &mut Ui,
    world: &World<'_>,
    (known, watched): (&DeepLook, &Watched),
    out: &mut Outbox,
) {
    let from = ui.next_widget_position();
    let of = watched.forming.len();
    let at = world.room.at(of);
    let now = shares_at(watched, at);
    let spikes = at.checked_sub(1).and_then(|t| known.course.spikes.get(t)).copied().unwrap_or(0);
    let answer = if at == 0 {
        "no answer yet".into()
    } else {
        format!("it answers {}", said(unique_max(&now)))
    };
    let text = format!("Step {at} of {of}: {answer}, after {} spikes", grouped(u64::from(spikes)));
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let small = page::small(ui);
    let chosen = if small { page::choose(ui, "deep spikes", &["Spikes", "Answer"]) } else { 0 };
    let room = ui.available_height() - 42.0;
    if !small || chosen == 0 {
        rasters(ui, world, (known, watched), if small { room } else { room * 0.6 }, out);
    }
    if !small || chosen == 1 {
        let height = (ui.available_height() - 42.0).max(110.0);
        ui.horizontal_top(|ui| {
            let width = ui.available_width();
            ui.allocate_ui(vec2(width * 0.7, height), |ui| forming(ui, world, watched, height));
            shares::bars(ui, &now, vec2(ui.available_width(), (height - 24.0).max(60.0)));
        });
    }
    figure::save_below(ui, out, "deep-spikes", from, || csv(watched));
}

fn rasters(
    ui: &mut Ui,
    world: &World<'_>,
    (known, watched): (&DeepLook, &Watched),
    room: f32,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let text = ui.text_style_height(&egui::TextStyle::Small) + 2.0 * ui.spacing().item_spacing.y;
    let room = room - text * watched.layers.len() as f32;
    // Neurons that never spike would only take room from those that do.
    let heights = heights(known.spiking.iter().map(Vec::len), room.max(60.0));
    let layers = watched.layers.iter().zip(&known.spiking).zip(heights);
    for (number, ((layer, order), height)) in layers.enumerate() {
        let count = layer.spikes_until().last().copied().unwrap_or(0);
        let cells = (layer.units() * layer.steps()).max(1) as f32;
        let share = 100.0 * count as f32 / cells;
        let note = match count {
            0 => ": silent. Nothing goes on from here, and no credit comes back. As it learns, a pull to a firing rate wakes it; so do larger first weights".into(),
            n => format!(
                ", of which {} spike at this digit, {} times ({share:.0} % of all steps). A row is a neuron, a column a step",
                grouped(order.len() as u64),
                grouped(u64::from(n))
            ),
        };
        let heat = Heat {
            what: "spikes",
            layer,
            number,
            values: &layer.spikes,
            stamp: known.number,
            height,
            note,
            order,
            apart: true,
        };
        heat.show(ui, world, out, |spike, done| match (spike > 0.0, done) {
            (true, true) => p.text,
            (true, false) => theme::blend(p.well, p.text, 0.25),
            (false, _) => p.well,
        });
    }
}

/// The probabilities over the steps.
fn forming(ui: &mut Ui, world: &World<'_>, watched: &Watched, height: f32) {
    let p = palette(ui.visuals());
    let visuals = &ui.visuals().clone();
    let steps = watched.forming.len();
    let at = world.room.at(steps);
    // Those that are ever likely; the rest would only fill the legend.
    let all: Vec<[f32; CLASSES]> = (0..=steps).map(|t| shares_at(watched, t)).collect();
    let last = unique_max(&shares_at(watched, steps));
    let likely = (0..CLASSES).filter(|d| all.iter().any(|s| s[*d] > 0.15) || last == Some(*d));
    let likely: Vec<(usize, String)> = likely.map(|d| (d, d.to_string())).collect();
    let hue = |digit: usize| theme::digit_hue(visuals, Some(digit as u8));
    let above = ui.next_widget_position().y;
    names(ui, likely.iter().map(|(d, name)| (&name[..], hue(*d))));
    let height = height - (ui.next_widget_position().y - above);
    let chart = Chart {
        id: "answer forming",
        axes: ["steps", "probability"],
        bounds: [[0.0, 0.0], [steps as f64, 1.0]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let spoken = || {
        let now = shares_at(watched, at);
        format!("The answer over time; after {at} steps {}", said(unique_max(&now)))
    };
    chart.show_said(ui, spoken, |plot| {
        for (digit, name) in &likely {
            let points: Vec<[f64; 2]> =
                all.iter().enumerate().map(|(t, s)| [t as f64, f64::from(s[*digit])]).collect();
            let width = if last == Some(*digit) { thick + 1.0 } else { thick };
            let line = Line::new(name, PlotPoints::from(points));
            plot.line(
                line.stroke(Stroke::new(width, theme::digit_hue(visuals, Some(*digit as u8)))),
            );
        }
        let cursor = VLine::new("", at as f64).stroke(Stroke::new(1.5, p.accent));
        plot.vline(cursor.style(LineStyle::dotted_dense()).allow_hover(false));
    });
}

/// A row for each step.
fn csv(watched: &Watched) -> String {
    let mut headings = row!["step"].to_vec();
    headings.extend(watched.layers.iter().map(|l| format!("spikes_{}", l.name.replace(' ', "_"))));
    headings.extend((0..CLASSES).map(|digit| format!("p{digit}")));
    let until: Vec<Vec<u32>> = watched.layers.iter().map(LayerWatch::spikes_until).collect();
    let rows = (0..watched.forming.len()).map(|t| {
        let mut line = row![t + 1].to_vec();
        let before = |sums: &Vec<u32>| t.checked_sub(1).map_or(0, |b| sums[b]);
        line.extend(until.iter().map(|sums| (sums[t] - before(sums)).to_string()));
        line.extend(shares_at(watched, t + 1).iter().map(f32::to_string));
        line
    });
    csv::text(headings, rows)
}

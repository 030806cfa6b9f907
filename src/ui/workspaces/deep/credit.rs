//! Credit: what backpropagation through time sends back to every neuron and step, beside
//! the traces that e-prop keeps at the synapses of one.

use egui::accesskit::Role;
use egui::{Id, RichText, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::heat::{Heat, heights};
use super::neuron::chosen;
use super::view::with_digit;
use super::{World, race};
use crate::ann::spiking::look::{Eligibility, LayerWatch, Watched};
use crate::core::csv::{self, row};
use crate::data::{PIXELS, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, page, picture};
use crate::workers::deep::{DeepLook, LayerCredit};

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    with_digit(ui, world, out, |ui, known, _, out| match (&known.watched, &known.times) {
        (Some(watched), _) => both(ui, world, (known, watched), out),
        (None, _) => race::no_steps(ui, "credit that flows back through time"),
    });
}

fn both(ui: &mut Ui, world: &World<'_>, (known, watched): (&DeepLook, &Watched), out: &mut Outbox) {
    let from = ui.next_widget_position();
    let small = page::small(ui);
    let names = ["Back through time", "Traces of e-prop"];
    let which = if small { page::choose(ui, "deep credit", &names) } else { 0 };
    let room = (ui.available_height() - 42.0).max(160.0);
    let share = if small { 1.0 } else { 0.58 };
    ui.horizontal_top(|ui| {
        let width = ui.available_width();
        if !small || which == 0 {
            ui.allocate_ui(vec2(width * share - 8.0, room), |ui| {
                ui.vertical(|ui| back(ui, world, (known, watched), room, out));
            });
        }
        if !small || which == 1 {
            ui.vertical(|ui| traces(ui, world, (known, watched), room));
        }
    });
    figure::save_below(ui, out, "deep-credit", from, || csv(known, watched));
}

/// Every layer's credit.
fn back(
    ui: &mut Ui,
    world: &World<'_>,
    (known, watched): (&DeepLook, &Watched),
    room: f32,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let whose = match (world.room.kept.of_unit, known.class) {
        (true, _) => chosen(world, watched)
            .map_or_else(String::new, |(l, unit)| format!("neuron {unit} of {}", l.name)),
        (false, Some(class)) => format!("class {class}"),
        (false, None) => "no class: it does not answer".into(),
    };
    let head = format!("← Back through time, for {whose}");
    ui.label(RichText::new(head).font(theme::strong(13.5)));
    let text = ui.text_style_height(&egui::TextStyle::Small) + 2.0 * ui.spacing().item_spacing.y;
    let each = heights(
        watched.layers.iter().map(LayerWatch::units),
        room - 52.0 - text * watched.layers.len() as f32,
    );
    let visuals = ui.visuals().clone();
    for (number, (layer, height)) in watched.layers.iter().zip(each).enumerate() {
        let credit = known.credit.get(number).filter(|c| c.values.len() == layer.spikes.len());
        let Some(LayerCredit { values, order, most, starved }) = credit else {
            let note = format!("{}: no credit gets here", layer.name);
            ui.label(RichText::new(note).small().color(p.weak));
            continue;
        };
        let heat = Heat {
            what: "credit",
            layer,
            number,
            values,
            stamp: known.number,
            height,
            note: format!(", {starved:.0} % get next to none"),
            order,
            apart: false,
        };
        // All steps alike: credit is known only once the last one is over.
        // What is small is to be seen, too: the colour goes with the square root.
        heat.show(ui, world, out, |v, _| {
            theme::diverging(&visuals, v.signum() * (v.abs() / most.max(1e-12)).sqrt())
        });
    }
    let legend = "orange: a spike more there speaks for it; blue: against it";
    ui.label(RichText::new(legend).small().color(p.weak));
}

/// The traces at the neuron looked at: a picture of its pixels, or its inputs over time.
fn traces(ui: &mut Ui, world: &World<'_>, (known, watched): (&DeepLook, &Watched), room: f32) {
    let p = palette(ui.visuals());
    let Some((layer, unit)) = chosen(world, watched) else { return };
    let head = format!("Traces at neuron {unit} of {} →", layer.name);
    ui.label(RichText::new(head).font(theme::strong(13.5)));
    let Some(traces) = &known.traces else {
        ui.label("A kernel’s synapses are shared between places: none of them could keep a trace of its own. Choose a neuron of a dense or recurrent layer.");
        return;
    };
    let steps = layer.steps();
    let at = world.room.at(steps);
    let text = ui.text_style_height(&egui::TextStyle::Small) + ui.spacing().item_spacing.y;
    let height = (room - 40.0 - 2.0 * text).max(60.0);
    if traces.inputs == PIXELS {
        pixels(ui, traces, (known.number, at), height);
    } else {
        inputs(ui, traces, (known.number, at), (steps, height));
    }
    let most = traces.traces.iter().fold(0f32, |m, v| m.max(v.abs()));
    let note = format!(
        "what each synapse remembers: how it has taken part in spikes, and in what almost was one; brightest {most:.2}"
    );
    ui.label(RichText::new(note).small().color(p.weak));
}

/// The traces of all pixels after the steps done.
fn pixels(ui: &mut Ui, traces: &Eligibility, (stamp, at): (u64, usize), height: f32) {
    let side = height.min(ui.available_width() - 4.0);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let most = traces.traces.iter().fold(0f32, |m, v| m.max(v.abs())).max(1e-12);
    let now = at.checked_sub(1).map(|t| &traces.traces[t * PIXELS..(t + 1) * PIXELS]);
    let visuals = ui.visuals().clone();
    let stamp = picture::stamp((stamp, at, visuals.dark_mode));
    picture::paint(ui, Id::unique("traces of pixels"), stamp, rect, (SIDE, SIDE), |i| {
        theme::sequential(&visuals, now.map_or(0.0, |now| now[i] / most))
    });
    response.widget_info(|| {
        let text = format!("Traces of the pixels after {at} steps");
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let cell = response.hover_pos().and_then(|at| picture::cell(rect, (SIDE, SIDE), at));
    if let (Some((y, x)), Some(now)) = (cell, now) {
        let value = now[y * SIDE + x];
        response.on_hover_text_at_pointer(format!("pixel ({x}, {y}): {value:.4}"));
    }
}

/// The traces of all inputs over the steps.
fn inputs(
    ui: &mut Ui,
    traces: &Eligibility,
    (stamp, at): (u64, usize),
    (steps, height): (usize, f32),
) {
    let size = vec2(ui.available_width() - 4.0, height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let n = traces.inputs.max(1);
    let most = traces.traces.iter().fold(0f32, |m, v| m.max(v.abs())).max(1e-12);
    let visuals = ui.visuals().clone();
    let painted = picture::stamp((stamp, n, visuals.dark_mode));
    picture::paint(ui, Id::unique("traces of inputs"), painted, rect, (n, steps), |i| {
        theme::sequential(&visuals, traces.traces[i % steps * n + i / steps] / most)
    });
    let x = rect.left() + rect.width() * at as f32 / steps.max(1) as f32;
    let stroke = Stroke::new(1.5, palette(ui.visuals()).accent);
    ui.painter().line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], stroke);
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, format!("Traces of {n} inputs over the steps"))
    });
    let cell = response.hover_pos().and_then(|at| picture::cell(rect, (n, steps), at));
    if let Some((input, step)) = cell {
        let value = traces.traces[step * n + input];
        response.on_hover_text_at_pointer(format!("input {input}, step {}: {value:.4}", step + 1));
    }
}

/// A row for each neuron and step that gets credit.
fn csv(known: &DeepLook, watched: &Watched) -> String {
    let layers = watched.layers.iter().zip(&known.credit);
    let rows = layers.flat_map(|(layer, credit)| {
        let units = layer.units().max(1);
        credit
            .values
            .iter()
            .enumerate()
            .filter(|(_, v)| **v != 0.0)
            .map(move |(i, v)| row![layer.name, i % units, i / units + 1, v])
    });
    csv::text(row!["layer", "neuron", "step", "credit"], rows)
}

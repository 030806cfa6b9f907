//! The run millisecond by millisecond: the input as a flickering digit, all spikes,
//! and the state of one neuron.

use std::sync::Arc;

use egui::{RichText, Sense, Ui, vec2};

use super::SpikingEdit;
use super::World;
use super::named;
use super::settings::DT_MS;
use crate::data::PIXELS;
use crate::snn::diehl_cook::THRESHOLD_BASE_MV;
use crate::snn::recording::Recording;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::digit_view;
use crate::ui::widgets::number;
use crate::ui::widgets::raster::{self, Group, Raster};
use crate::ui::widgets::time_axis;
use crate::ui::widgets::time_bar::{self, TimeBar};
use crate::ui::widgets::trace_plot::{Level, Line, TracePlot, level_key};

/// The input's spikes of so many ms are seen at once.
const FLICKER_MS: f64 = 20.0;

/// The input's spikes in the time up to `step`, as a picture; `first` is the first
/// input's number in the recording.
pub fn flicker(recording: &Recording, first: u32, step: u64) -> [f32; PIXELS] {
    let mut picture = [0.0f32; PIXELS];
    let from = step.saturating_sub((FLICKER_MS / DT_MS) as u64);
    for (_, neuron) in recording.spikes(from..step + 1) {
        let pixel = neuron.checked_sub(first).map(|p| p as usize);
        if let Some(value) = pixel.and_then(|p| picture.get_mut(p)) {
            *value = (*value + 0.5).min(1.0);
        }
    }
    picture
}

/// The moment looked at, unless it is the newest, ms.
fn cursor_ms(world: &World<'_>) -> Option<f64> {
    let playback = &world.room.spikes;
    let behind = !playback.is_following() && playback.at() < playback.range().1;
    behind.then(|| playback.at() as f64 * DT_MS)
}

/// Plots on one time axis.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.view;
    let stretch = &view.stretch;
    tools(ui, world, out);
    if stretch.recording.steps() == 0 {
        let text =
            "Play (Space) or step (→) to see spikes; recording begins with what you look at.";
        ui.add_space(20.0);
        ui.label(RichText::new(text).font(theme::strong(15.0)));
        return;
    }
    let neurons = (stretch.recording.neurons().saturating_sub(PIXELS as u32)) / 2;
    inputs(ui, world, neurons);
    let p = palette(ui.visuals());
    let mut plot = world.room.plot.clone();
    let (now_ms, thick) = (stretch.recording.duration_ms(), world.session.projector);
    let axis = plot.time.axis(raster::plot_x(ui), now_ms);
    // With the name of the threshold's line between the plots.
    let room = (ui.available_height() - time_axis::AXIS_HEIGHT - 44.0).clamp(260.0, 900.0);
    let cursor_ms = cursor_ms(world);
    ui.spacing_mut().item_spacing.y = 5.0;
    let groups = [("excitatory", neurons), ("inhibitory", neurons), ("input", PIXELS as u32)]
        .map(|(name, size)| Group { name: name.into(), size });
    Raster {
        id: egui::Id::unique("digits raster"),
        recording: &stretch.recording,
        plotter: &world.hub.plotter,
        groups: &groups,
        hues: &[p.series[0], p.series[1], p.series[2]],
        cursor_ms,
        heights: [(room * 0.36).round(), (room * 0.06).clamp(20.0, 44.0).round()],
        apart: true,
        thick,
    }
    .show(ui, &axis, &mut plot);
    if let Some(neuron) = stretch.traced.first().copied() {
        let theta = view.fields.as_ref().and_then(|f| f.learnt.theta.get(neuron as usize));
        let threshold = theta.map(|t| *t + THRESHOLD_BASE_MV);
        let levels: Vec<Level> = threshold
            .map(|value| Level { value, name: format!("threshold {value:.1} mV") })
            .into_iter()
            .collect();
        let line = |channel, name: &str, colour| Line { channel, name: name.into(), colour };
        let rows = [
            (
                "V, mV",
                vec![line(0, "V", p.series[0])],
                &levels[..],
                [-85.0, threshold.unwrap_or(-50.0) + 14.0],
                0.24,
            ),
            (
                "g, × leak",
                vec![line(1, "gₑ", p.series[2]), line(2, "gᵢ", p.series[1])],
                &[][..],
                [0.0, 2.0],
                0.16,
            ),
        ];
        if let Some(level) = levels.first() {
            ui.horizontal(|ui| level_key(ui, &level.name));
        }
        for (title, lines, levels, at_least, share) in rows {
            let trace = TracePlot {
                title,
                traces: &stretch.traces,
                lines: &lines,
                levels,
                spikes: (title.starts_with('V')).then_some((&*stretch.recording, neuron)),
                at_least,
                height: (room * share).round(),
                cursor_ms,
                thick,
            };
            let response = trace.show(ui, &axis);
            time_axis::pan_and_zoom(ui, &response, &axis, &mut plot.time, now_ms, DT_MS);
        }
    }
    time_axis::show(ui, &axis);
    if plot != world.room.plot {
        out.push(SpikingEdit::Plot(Box::new(plot)));
    }
}

/// The image, its spikes, and what is going on.
fn inputs(ui: &mut Ui, world: &World<'_>, neurons: u32) {
    let view = &world.room.view;
    let p = palette(ui.visuals());
    let recording = &view.stretch.recording;
    let step = cursor_ms(world).map_or(recording.steps(), |ms| (ms / DT_MS) as u64);
    ui.horizontal_top(|ui| {
        let side = 84.0;
        let picture = flicker(recording, 2 * neurons, step);
        let id = ui.scope_id().with("flicker");
        digit_view::show(
            ui,
            id,
            side,
            "The input’s spikes of the last 20 ms",
            |i| picture[i],
            Sense::hover(),
        )
        .on_hover_text("The input’s spikes of the last 20 ms: what the network gets to see");
        let data = view.data.as_ref().filter(|d| view.now.number < d.len());
        if let Some(data) = data.filter(|_| cursor_ms(world).is_none()) {
            let pixels = data.pixels(view.now.number);
            let id = ui.scope_id().with("image");
            let text = format!("Image {}, a {}", view.now.number, view.now.class);
            digit_view::show(ui, id, side, &text, |i| pixels[i], Sense::hover())
                .on_hover_text(text);
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            let now = &view.now;
            let what = if now.showing { "shown" } else { "rest" };
            ui.label(
                RichText::new(format!("Image {}, a {}", now.number, now.class))
                    .font(theme::strong(14.0)),
            );
            let times = if now.times > 1 {
                format!(", for the {}th time", now.times)
            } else {
                String::new()
            };
            ui.label(format!("{:.1} ms, {what}{times}", now.ms));
            if let (Some(winner), Some(fields)) = (view.last.winner, &view.fields) {
                let label = fields.learnt.labels.get(winner).copied().flatten();
                let text = format!(
                    "Before it: a {}, won by neuron {winner} ({})",
                    view.last.class,
                    named(label)
                );
                ui.label(RichText::new(text).color(p.weak));
            }
        });
    });
}

/// Next spike, whom to trace, zoom and save.
fn tools(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.view;
    let p = palette(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let tip = "Holds, and goes on to the next spike of a neuron";
        if ui.button("Next spike").on_hover_text(tip).clicked() {
            out.push(SpikingEdit::NextSpike);
        }
        let most = view.fields.as_ref().map_or(1, |f| f.learnt.theta.len()).saturating_sub(1);
        let mut traced = view.stretch.traced.first().copied().unwrap_or(0) as usize;
        let label = ui.label("Trace neuron");
        let drag = number::drag(&mut traced).range(0..=most);
        let tip = "Whose membrane potential and conductances are shown; recording begins anew";
        if ui.add(drag).labelled_by(label.id).on_hover_text(tip).changed() {
            out.push(SpikingEdit::Select(Some(traced)));
        }
        if let Some(winner) = view.last.winner
            && ui.button("Last winner").on_hover_text("Trace who won the last image").clicked()
        {
            out.push(SpikingEdit::Select(Some(winner)));
        }
        ui.menu_button("Save…", |ui| {
            for (name, extension) in [("Spikes as npz", "npz"), ("Spikes as CSV", "csv")] {
                if ui.button(name).clicked() {
                    let recording = Arc::clone(&view.stretch.recording);
                    out.push(Command::SaveSpikes { name: "digit-spikes", extension, recording });
                    ui.close();
                }
            }
            if ui.button("Traces as CSV").clicked() {
                let traces = Arc::clone(&view.stretch.traces);
                out.push(Command::SaveTraces { name: "digit-traces", traces });
                ui.close();
            }
        });
        if let Some(failure) = &view.failure {
            ui.label(RichText::new(failure).color(p.warning));
        } else if let Some(ms) = cursor_ms(world) {
            ui.label(RichText::new(format!("{ms:.1} ms")).font(theme::strong(13.0)));
        } else {
            let text = if view.goes { "live" } else { "held" };
            ui.label(RichText::new(text).small().color(p.weak));
        }
    });
    ui.allocate_space(vec2(0.0, 0.0));
}

/// The time bar over what is recorded.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.view;
    let recording = Arc::clone(&view.stretch.recording);
    let density = recording.activity(200);
    let neurons = 0..recording.neurons().saturating_sub(PIXELS as u32);
    let next = |at: u64, on: bool| {
        let neurons = neurons.clone();
        if on { recording.next_spike(at, neurons) } else { recording.previous_spike(at, neurons) }
    };
    let axis = time_bar::Axis { unit: "ms", unit_per_step: DT_MS, decimals: 1 };
    let shown = world.room.plot.time.axis(egui::Rangef::new(0.0, 1.0), recording.duration_ms());
    let window = ((shown.from_ms / DT_MS) as u64, (shown.to_ms / DT_MS) as u64);
    TimeBar::new(&world.room.spikes, axis)
        .density(&density, "all spikes")
        .window(Some(window))
        .events(&next)
        .measured(view.speeds.map(|s| s.engine.steps_per_s))
        .show(ui, &mut |edit| out.push(SpikingEdit::Play(edit)));
}

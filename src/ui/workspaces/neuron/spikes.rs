//! Two neurons, live (Fig. 1 of the report): a current that the user shapes, and their
//! spikes.

use std::sync::Arc;

use egui::{Align2, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::settings::{DT_MS, FigureOne, MOST_SYNAPSES, Synapse};
use super::{NeuronEdit, World};
use crate::snn::stimulus::{DRAWN_POINTS, Shape, Stimulus};
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::engine::EngineRow;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::figure;
use crate::ui::widgets::icons::{self, Icon};
use crate::ui::widgets::page;
use crate::ui::widgets::raster::{self, BINS_MS, Group, Raster, RasterView};
use crate::ui::widgets::time_axis::{self, Axis};
use crate::ui::widgets::time_bar::{self, TimeBar};
use crate::ui::widgets::trace_plot::{Level, Line, TracePlot, level_key};
use crate::ui::widgets::train_figures;
use crate::workers::clicks;

/// Current, neurons and synapses under sliders.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Two neurons", NeuronEdit::Reset, out);
    let mut figure = world.room.kept.figure.clone();
    synapses(ui, &mut figure.synapses);
    ui.separator();
    current(ui, &mut figure.stimulus);
    ui.separator();
    neurons(ui, &mut figure);
    if figure != world.room.kept.figure {
        out.push(NeuronEdit::Figure(Box::new(figure)));
    }
    ui.separator();
    let mut plot = world.room.plot.clone();
    let tip = "Width of the bins in which spikes are counted for the population rate";
    Field::new("Rate in bins of", "ms", (*BINS_MS.start(), *BINS_MS.end()), tip)
        .show(ui, &mut plot.bin_ms);
    let id = ui.scope_id().with("figures");
    let recording = &world.room.simulation.recording;
    train_figures::show(ui, id, recording, &world.hub.plotter, &mut plot.selection, out);
    if plot != world.room.plot {
        out.push(NeuronEdit::Plot(Box::new(plot)));
    }
}

fn current(ui: &mut Ui, stimulus: &mut Stimulus) {
    ui.label(RichText::new("Current into neuron 1").font(theme::strong(14.0)));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for shape in Shape::ALL {
            ui.selectable_value(&mut stimulus.shape, shape, shape.name());
        }
    });
    let level = "In units of what holds the voltage just at the threshold of 1: above 1 the neuron fires, however long it takes";
    let name = if stimulus.shape == Shape::Noise { "Mean current" } else { "Current" };
    Field::new(name, "", Stimulus::LEVEL, level).show(ui, &mut stimulus.level);
    if stimulus.shape == Shape::Noise {
        let tip = "Standard deviation of the noise, which changes every millisecond";
        Field::new("Noise", "", Stimulus::NOISE, tip).show(ui, &mut stimulus.noise_sd);
    } else if stimulus.shape != Shape::Constant {
        let tip = "How long until the shape repeats";
        Field::new("Period", "ms", Stimulus::PERIOD_MS, tip)
            .log()
            .show(ui, &mut stimulus.period_ms);
    }
    if stimulus.shape == Shape::Drawn {
        paper(ui, stimulus);
    }
}

/// The paper on which the current is drawn.
fn paper(ui: &mut Ui, stimulus: &mut Stimulus) {
    let p = palette(ui.visuals());
    let size = vec2(ui.available_width() - 6.0, 84.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let share = |at: egui::Pos2| {
        let x = (at.x - rect.left()) / rect.width();
        [x, ((rect.bottom() - at.y) / rect.height()).clamp(0.0, 1.0)]
    };
    if response.is_pointer_button_down_on() {
        let events = ui.input(|i| i.events.clone());
        let mut from = response.interact_pointer_pos().map(|at| at - response.drag_delta());
        for event in events {
            if let egui::Event::PointerMoved(to) = event {
                stimulus.draw(share(from.unwrap_or(to)), share(to));
                from = Some(to);
            }
        }
        if let Some(at) = response.interact_pointer_pos() {
            stimulus.draw(share(from.unwrap_or(at)), share(at));
        }
    }
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 4, p.well);
    let points = stimulus.drawn.iter().enumerate().map(|(i, v)| {
        let x = rect.left() + rect.width() * i as f32 / DRAWN_POINTS as f32;
        pos2(x, rect.bottom() - rect.height() * v)
    });
    painter.line(points.collect(), Stroke::new(2.0, p.series[1]));
    let hint = (rect.center_top() + vec2(0.0, 4.0), "draw here: one period");
    painter.text(hint.0, Align2::CENTER_TOP, hint.1, theme::regular(11.5), p.weak);
    response.widget_info(|| {
        let name = "Paper: draw the current of one period here";
        egui::WidgetInfo::labeled(egui::accesskit::Role::Canvas, true, name)
    });
}

/// Names and help are the model's own; the ranges are those of the figure, whose
/// voltages count from rest (0) to threshold (1).
fn neurons(ui: &mut Ui, figure: &mut FigureOne) {
    ui.label(RichText::new("Both neurons").font(theme::strong(14.0)))
        .on_hover_text("Leaky integrate-and-fire, integrated exactly; rest and reset are 0");
    let Some(model) = FigureOne::model() else { return };
    let fields: [(&str, &str, (f64, f64), &mut f64); 3] = [
        ("tau_m_ms", "ms", FigureOne::TAU_M_MS, &mut figure.tau_m_ms),
        ("v_th_mv", "", FigureOne::V_TH, &mut figure.v_th),
        ("t_ref_ms", "ms", FigureOne::T_REF_MS, &mut figure.t_ref_ms),
    ];
    for (name, unit, range, value) in fields {
        if let Some(param) = model.params.iter().find(|p| p.name == name) {
            Field::of(param, unit, range).show(ui, value);
        }
    }
}

/// How many synapses, and their delays; their weights stand above the plots.
fn synapses(ui: &mut Ui, synapses: &mut Vec<Synapse>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Synapses 1 → 2").font(theme::strong(14.0)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let more = ui.add_enabled(synapses.len() < MOST_SYNAPSES, egui::Button::new("Add"));
            if more.on_hover_text("Another synapse; the run begins anew").clicked() {
                let delay_ms = 3.0 * synapses.len() as f64;
                synapses.push(Synapse { weight: 0.3, delay_ms });
            }
        });
    });
    let mut gone = None;
    let several = synapses.len() > 1;
    for (i, synapse) in synapses.iter_mut().enumerate().filter(|_| several) {
        ui.push_id(i, |ui| {
            let delay = format!("Delay {}", i + 1);
            let tip = "How long a spike travels along this branch of the axon; changed, the run begins anew";
            Field::new(&delay, "ms", Synapse::DELAY_MS, tip).show(ui, &mut synapse.delay_ms);
            let name = format!("Remove synapse {}", i + 1);
            if ui.small_button(name).clicked() {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        synapses.remove(i);
    }
}

/// The weights, of which the text above speaks: in view in every size.
fn weights(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let mut figure = world.room.kept.figure.clone();
    let several = figure.synapses.len() > 1;
    for (i, synapse) in figure.synapses.iter_mut().enumerate() {
        let name = if several { format!("Weight {}", i + 1) } else { "Weight".to_owned() };
        let tip =
            "What each spike of neuron 1 adds to the voltage of neuron 2; below zero it inhibits";
        ui.horizontal(|ui| {
            let width = if several { 80.0 } else { 140.0 };
            Field::new(&name, "", Synapse::WEIGHT, tip).row(ui, width, &mut synapse.weight);
        });
    }
    if figure != world.room.kept.figure {
        out.push(NeuronEdit::Figure(Box::new(figure)));
    }
}

/// The weights, with the values of the moment looked at, and plots on one time axis.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let view = &world.room.simulation;
    ui.horizontal_wrapped(|ui| {
        weights(ui, world, out);
        level_key(ui, &format!("threshold {}", world.room.kept.figure.v_th));
        if let Some(failure) = &view.failure {
            ui.label(RichText::new(failure).color(p.warning));
        } else if let Some(ms) = cursor_ms(world) {
            let step = (ms / DT_MS).round() as u64;
            let value = |channel| view.traces.value(channel, step).unwrap_or(f32::NAN);
            let (i, v1, v2) = (value(0), value(1), value(2));
            let text = format!("{ms:.1} ms: I = {i:.3}, V₁ = {v1:.3}, V₂ = {v2:.3}");
            ui.label(RichText::new(text).font(theme::strong(13.0)));
        }
    });
    if view.step == 0 {
        if view.failure.is_none() {
            ui.label("The first 200 ms are being simulated …");
        }
        return;
    }
    // Where there is little room, as beside a lesson on a projector, the plots come first.
    let low = ui.available_height() < LOW;
    let mut from = ui.next_widget_position();
    if !low {
        from = tools(ui, world, out);
    }
    let mut plot = world.room.plot.clone();
    let axis = plot.time.axis(raster::plot_x(ui), view.recording.duration_ms());
    plots(ui, world, &axis, &mut plot, low);
    time_axis::show(ui, &axis);
    let to = pos2(ui.max_rect().right(), ui.next_widget_position().y);
    figure::place(ui, FIGURE, Rect::from_min_max(from, to));
    if plot != world.room.plot {
        out.push(NeuronEdit::Plot(Box::new(plot)));
    }
    if low {
        tools(ui, world, out);
    }
}

/// The moment looked at, unless it is the newest.
fn cursor_ms(world: &World<'_>) -> Option<f64> {
    let playback = &world.room.playback;
    let behind = !playback.is_following() && playback.at() < playback.range().1;
    behind.then(|| playback.at() as f64 * DT_MS)
}

fn plots(ui: &mut Ui, world: &World<'_>, axis: &Axis, plot: &mut RasterView, low: bool) {
    let p = palette(ui.visuals());
    let view = &world.room.simulation;
    let figure = &world.room.kept.figure;
    let (thick, cursor_ms) = (world.session.projector, cursor_ms(world));
    let below = time_axis::AXIS_HEIGHT + if low { 22.0 } else { 32.0 };
    let least = if low { 96.0 } else { 150.0 };
    let room = (ui.available_height() - below).clamp(least, 680.0);
    // The spikes stand above the voltages too; a small window does without the
    // rate, a smaller one without their raster.
    let (with_raster, with_rate) = (room > 190.0 && !low, room > 270.0);
    let threshold = Level { value: figure.v_th as f32, name: format!("threshold {}", figure.v_th) };
    let line = |channel: usize, name: &str, colour| Line { channel, name: name.into(), colour };
    let (now_ms, dt_ms) = (view.recording.duration_ms(), view.recording.dt_ms());
    let shares = match (with_raster, low) {
        (true, _) => [0.18, 0.29],
        (false, false) => [0.2, 0.4],
        (false, true) => [0.14, 0.43],
    };
    let rows = [
        ("I", line(0, "current", p.series[1]), None, shares[0]),
        ("V₁", line(1, "V₁", p.series[0]), Some(0), shares[1]),
        ("V₂", line(2, "V₂", p.series[2]), Some(1), shares[1]),
    ];
    ui.spacing_mut().item_spacing.y = 5.0;
    for (title, line, neuron, share) in rows {
        let levels = if neuron.is_some() { std::slice::from_ref(&threshold) } else { &[] };
        let top = if neuron.is_some() { figure.v_th as f32 * 1.25 } else { 1.0 };
        let trace = TracePlot {
            title,
            traces: &view.traces,
            lines: &[line],
            levels,
            spikes: neuron.map(|n| (&*view.recording, n)),
            at_least: [0.0, top],
            height: (room * share).round(),
            cursor_ms,
            thick,
        };
        let response = trace.show(ui, axis);
        time_axis::pan_and_zoom(ui, &response, axis, &mut plot.time, now_ms, dt_ms);
    }
    if !with_raster {
        return;
    }
    let groups = ["1", "2"].map(|n| Group { name: format!("neuron {n}"), size: 1 });
    let raster = Raster {
        id: egui::Id::unique("neuron raster"),
        recording: &view.recording,
        plotter: &world.hub.plotter,
        groups: &groups,
        hues: &[p.series[0], p.series[2]],
        cursor_ms,
        apart: false,
        heights: if with_rate {
            [(room * 0.12).max(26.0), (room * 0.12 - 8.0).max(24.0)]
        } else {
            [(room * 0.2).round(), 0.0]
        },
        thick,
    };
    raster.show(ui, axis, plot);
}

/// Below this height, points, the plots have all the room.
const LOW: f32 = 290.0;

/// Name of the plots as a file.
const FIGURE: &str = "two-neurons";

/// Restart, zoom, save, the engine. Returns where the plots begin.
fn tools(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) -> egui::Pos2 {
    let view = &world.room.simulation;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let tip = "From time 0, with the settings as they are";
        if ui.button("Restart").on_hover_text(tip).clicked() {
            out.push(NeuronEdit::Restart);
        }
        zoom(ui, world, out);
        saves(ui, world, out);
        hear(ui, world, out);
        let engine = EngineRow {
            preference: world.session.engine,
            used: view.engine.as_ref(),
            speeds: view.speeds,
            running: world.room.running || view.goes,
        };
        engine.show(ui, out);
    });
    ui.next_widget_position()
}

fn zoom(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let mut plot = world.room.plot.clone();
    let now_ms = world.room.simulation.recording.duration_ms();
    let axis = plot.time.axis(egui::Rangef::new(0.0, 1.0), now_ms);
    let middle = (axis.from_ms + axis.to_ms) / 2.0;
    for (icon, name, factor) in [(Icon::Less, "Zoom out", 0.5), (Icon::More, "Zoom in", 2.0)] {
        let tip = format!("{name}; also with the wheel over a plot, where the pointer is");
        let size = vec2(ui.spacing().interact_size.y, ui.spacing().interact_size.y);
        if icons::button(ui, icon, name, size, true, false).on_hover_text(tip).clicked() {
            plot.time.zoom(factor, middle, &axis, now_ms, DT_MS);
        }
    }
    time_axis::whole_run(ui, &mut plot.time);
    if plot != world.room.plot {
        out.push(NeuronEdit::Plot(Box::new(plot)));
    }
}

/// Whether spikes are heard, where they can be.
fn hear(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !clicks::AVAILABLE {
        return;
    }
    let mut on = world.room.clicks.is_on();
    let tip = "A click for each spike that the time bar passes, a higher one for the second neuron. Slow down to hear them apart: faster than some 150 a second, they are silent";
    if ui.checkbox(&mut on, "Clicks").on_hover_text(tip).changed() {
        out.push(NeuronEdit::Clicks(on));
    }
}

/// What can be saved, behind one button.
fn saves(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.simulation;
    ui.menu_button("Save…", |ui| {
        if figure::button(ui, out, "Plots as PNG", FIGURE) {
            ui.close();
        }
        for (name, extension) in [("Spikes as npz", "npz"), ("Spikes as CSV", "csv")] {
            let tip = "Every spike that is known singly: time in ms and neuron";
            if ui.button(name).on_hover_text(tip).clicked() {
                let recording = Arc::clone(&view.recording);
                out.push(Command::SaveSpikes { name: "spikes", extension, recording });
                ui.close();
            }
        }
        let tip = "Current and both voltages, a row per step";
        if ui.button("Traces as CSV").on_hover_text(tip).clicked() {
            let traces = Arc::clone(&view.traces);
            out.push(Command::SaveTraces { name: "traces", traces });
            ui.close();
        }
        let tip = "Neurons and synapses for Norse, snnTorch, Lava, Sinabs and other simulators, without what the current does over time. Times in s; a spike is a Dirac pulse";
        if ui.button("Network as NIR").on_hover_text(tip).clicked() {
            out.push(NeuronEdit::SaveNetwork);
            ui.close();
        }
    });
}

/// The time bar.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.simulation;
    let playback = &world.room.playback;
    let recording = Arc::clone(&view.recording);
    let density = recording.activity(200);
    let all = 0..recording.neurons();
    let next = |at: u64, on: bool| {
        let neurons = all.clone();
        if on { recording.next_spike(at, neurons) } else { recording.previous_spike(at, neurons) }
    };
    let axis = time_bar::Axis { unit: "ms", unit_per_step: DT_MS, decimals: 1 };
    let shown = world.room.plot.time.axis(egui::Rangef::new(0.0, 1.0), recording.duration_ms());
    let window = ((shown.from_ms / DT_MS) as u64, (shown.to_ms / DT_MS) as u64);
    TimeBar::new(playback, axis)
        .density(&density, "spikes of both neurons")
        .window(Some(window))
        .events(&next)
        .measured(view.speeds.map(|s| s.steps_per_s))
        .show(ui, &mut |edit| out.push(NeuronEdit::Play(edit)));
}

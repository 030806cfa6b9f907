//! One synapse, step by step: spikes that can be dragged, the pair as a dot on the
//! STDP window, the traces that the spikes leave, the weight, and in words and numbers
//! what each spike changed ([`words`]).

mod words;

use egui::{Align2, ComboBox, Key, Rect, RichText, Sense, Ui, pos2, vec2};

use egui_plot::{PlotPoints, Points};

use super::parts::{self, signed};
use super::settings::{MOST_SPIKES, STORY_END_MS, STORY_MS, StorySettings, rule};
use super::{PlasticityEdit, World};
use crate::core::bounds::SHARE;
use crate::core::playback::PlaybackEdit;
use crate::snn::experiments::story::{DT_MS, StoryResult};
use crate::snn::plasticity::BoundKind;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, range};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::number;
use crate::ui::widgets::raster::plot_x;
use crate::ui::widgets::time_axis::{self, Axis, TimeView};
use crate::ui::widgets::time_bar::{self, Mark, TimeBar};
use crate::ui::widgets::trace_plot::{Level, Line, TracePlot};
use crate::ui::widgets::{figure, page};

/// A window lower than this has no room for the long name of its axis, points.
const LOW: f32 = 200.0;
/// Below this height of the figure, points, buttons and an axis are left out.
const VERY_LOW: f32 = 300.0;
/// Height of a row of spikes, points.
const ROW: f32 = 26.0;

/// The rule, the spikes by number, the weight and its bounds.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "A pair", PlasticityEdit::Reset, out);
    let kept = &world.room.kept.story;
    let mut story = kept.clone();
    if let Some(chosen) = parts::choose_rule(ui, &story.rule) {
        chosen.id.clone_into(&mut story.rule);
    }
    times(ui, "Presynaptic", &mut story.pre_ms);
    times(ui, "Postsynaptic", &mut story.post_ms);
    if let (Some(pre), Some(post)) = (story.pre_ms.first(), story.post_ms.first()) {
        let text = format!("Δt = t_post − t_pre = {:+.1} ms", post - pre);
        ui.label(RichText::new(text).font(theme::strong(13.5)))
            .on_hover_text("Of the first spike of each");
    }
    ui.separator();
    Field::new("Weight to begin with", "", SHARE, "Before the first spike")
        .show(ui, &mut story.weight);
    let tip = "Hard: clipped to 0 … 1. Soft: changes shrink as the bound comes near, here by half";
    ui.horizontal(|ui| {
        let label = ui.label("Bounds").on_hover_text(tip);
        let name = |kind| match kind {
            BoundKind::None => "none",
            BoundKind::Hard => "hard",
            BoundKind::Soft => "soft",
        };
        ComboBox::from_id_salt("bounds")
            .selected_text(name(story.bounds))
            .show_ui(ui, |ui| {
                for kind in [BoundKind::None, BoundKind::Hard, BoundKind::Soft] {
                    ui.selectable_value(&mut story.bounds, kind, name(kind));
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text(tip);
    });
    ui.separator();
    parts::rule_parameters(ui, world, rule(&story.rule), out);
    if story != *kept {
        out.push(PlasticityEdit::Story(Box::new(story)));
    }
}

/// The times of one neuron's spikes, to be typed; one more, one less.
fn times(ui: &mut Ui, name: &str, times_ms: &mut Vec<f64>) {
    ui.label(RichText::new(format!("{name} spikes")).font(theme::strong(13.0)));
    ui.horizontal_wrapped(|ui| {
        for (i, t_ms) in times_ms.iter_mut().enumerate() {
            let drag = number::drag(t_ms)
                .range(STORY_MS.0..=STORY_MS.1)
                .speed(0.5)
                .fixed_decimals(1)
                .suffix(" ms");
            let response = ui.add(drag);
            let label = format!("{name} spike {}", i + 1);
            response.widget_info(|| egui::WidgetInfo::drag_value(true, *t_ms));
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(label.as_str()));
            response.on_hover_text(format!("{label}: also to be dragged in the picture"));
            *t_ms = snapped(*t_ms);
        }
        let more = times_ms.len() < MOST_SPIKES;
        let add = ui.add_enabled(more, egui::Button::new("+"));
        add.widget_info(|| labelled(more, &format!("One more {} spike", name.to_lowercase())));
        if add.clicked() {
            let last = times_ms.iter().copied().fold(STORY_MS.0, f64::max);
            times_ms.push(snapped((last + 20.0).min(STORY_MS.1)));
        }
        let fewer = times_ms.len() > 1;
        let less = ui.add_enabled(fewer, egui::Button::new("−"));
        less.widget_info(|| labelled(fewer, &format!("One {} spike less", name.to_lowercase())));
        if less.clicked() {
            times_ms.pop();
        }
    });
}

fn labelled(on: bool, text: &str) -> egui::WidgetInfo {
    egui::WidgetInfo::labeled(egui::accesskit::Role::Button, on, text)
}

/// A whole step within the story.
fn snapped(t_ms: f64) -> f64 {
    ((t_ms / DT_MS).round() * DT_MS).clamp(STORY_MS.0, STORY_MS.1)
}

/// The spikes to drag, traces, weight, the STDP window, and what happened. In a small
/// window one chooses between the last three.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let small = page::small(ui);
    let names = ["On the STDP window", "Traces and weight"];
    let chosen = small.then(|| page::choose(ui, "story", &names));
    let from = ui.next_widget_position();
    ui.spacing_mut().item_spacing.y = 4.0;
    let result = world.room.results.story.as_ref().map(|answer| &answer.1);
    let words_below = if small { 46.0 } else { 96.0 };
    // Very low, it does without what is not needed to see the pair.
    let low = ui.available_height() < VERY_LOW;
    let save = if low { 0.0 } else { 36.0 };
    let room = (ui.available_height() - words_below - save).clamp(150.0, 620.0);
    match (chosen, result) {
        (Some(0), Some(result)) => {
            let top = ui.next_widget_position().y;
            let axis = times_to_drag(ui, world, out);
            if !low {
                time_axis::show(ui, &axis);
            }
            let used = ui.next_widget_position().y - top;
            window(ui, world, result, room - used);
        }
        (None, Some(result)) => {
            let beside = (0.36 * ui.available_width()).clamp(220.0, 480.0);
            ui.horizontal_top(|ui| {
                let size = vec2(ui.available_width() - beside - 12.0, room);
                let down = egui::Layout::top_down(egui::Align::Min);
                ui.allocate_ui_with_layout(size, down, |ui| {
                    synapse(ui, world, Some(result), room, out);
                });
                window(ui, world, result, room);
            });
        }
        (_, result) => synapse(ui, world, result, room, out),
    }
    if let Some(result) = result {
        words::show(ui, world, result, small);
        if !low {
            let traces = || result.traces.to_csv(0..result.traces.steps());
            figure::save_below(ui, out, "pair-story", from, traces);
        }
    }
}

/// The spikes, and what follows from them on the same axis, in a height of `room`.
fn synapse(
    ui: &mut Ui,
    world: &World<'_>,
    result: Option<&StoryResult>,
    room: f32,
    out: &mut Outbox,
) {
    let top = ui.next_widget_position().y;
    let axis = times_to_drag(ui, world, out);
    let Some(result) = result else {
        ui.label("The synapse is being simulated …");
        return;
    };
    let used = ui.next_widget_position().y - top;
    plots(ui, world, result, &axis, room - used - time_axis::AXIS_HEIGHT - 8.0, out);
    time_axis::show(ui, &axis);
}

/// The STDP window with the pair as a dot; of several spikes, a dot for each pair.
fn window(ui: &mut Ui, world: &World<'_>, result: &StoryResult, height: f32) {
    let p = palette(ui.visuals());
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let (dots, single) =
        (result.pairs(), result.task.pre_ms.len() * result.task.post_ms.len() == 1);
    let furthest = dots.iter().map(|d| d[0].abs()).fold(0.0, f64::max);
    let reach = furthest.max(60.0) + 4.0;
    let sides = result.window(reach);
    let values = sides.iter().flatten().chain(&dots).map(|q| q[1]);
    let [low, high] = range(values);
    let chart = Chart {
        id: "pair on its window",
        axes: [
            "Δt = t_post − t_pre (ms)",
            if height < LOW { "Δw" } else { "change of the weight Δw" },
        ],
        bounds: [[-reach, low], [reach, high]],
        height,
        legend: None,
        log_x: false,
    };
    let said = || {
        let each = dots.iter().map(|[delta_ms, change]| {
            format!("Δt {} ms, Δw {}", signed(*delta_ms), signed(*change))
        });
        let each: Vec<String> = each.collect();
        format!("The pair on the STDP window: {}", each.join("; "))
    };
    chart.show_said(ui, said, |plot| {
        for side in sides.clone() {
            let line = egui_plot::Line::new("formula", PlotPoints::from(side));
            plot.line(line.stroke(egui::Stroke::new(thick, p.weak)));
        }
        let points = Points::new("the pair", PlotPoints::from(dots.clone())).color(p.accent);
        plot.points(points.radius(if single { 3.0 * thick } else { 2.0 * thick }).filled(single));
    });
}

/// The spikes in rows, each to be dragged, and the axis that they are on.
fn times_to_drag(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) -> Axis {
    let p = palette(ui.visuals());
    let kept = &world.room.kept.story;
    let view = TimeView::first(STORY_END_MS);
    let axis = view.axis(plot_x(ui), STORY_END_MS);
    let mut story = kept.clone();
    spikes(ui, &axis, "Presynaptic", p.series[0], &mut story.pre_ms, world.session.projector);
    spikes(ui, &axis, "Postsynaptic", p.series[1], &mut story.post_ms, world.session.projector);
    if story != *kept {
        out.push(PlasticityEdit::Story(Box::new(story)));
    }
    axis
}

/// A row of spikes of one neuron; each can be dragged, or moved by the arrow keys
/// when it has the focus.
fn spikes(
    ui: &mut Ui,
    axis: &Axis,
    name: &str,
    colour: egui::Color32,
    times_ms: &mut [f64],
    thick: bool,
) {
    let p = palette(ui.visuals());
    let size = vec2(ui.available_width(), ROW);
    let (outer, _) = ui.allocate_exact_size(size, Sense::hover());
    let rect = Rect::from_x_y_ranges(axis.x, outer.y_range());
    let painter = ui.painter().clone();
    painter.rect_filled(rect, 3, p.well);
    let short: String = name.chars().take(if name.starts_with("Pre") { 3 } else { 4 }).collect();
    let at = pos2(outer.left(), rect.center().y);
    painter.text(at, Align2::LEFT_CENTER, short, theme::strong(13.0), colour);
    for (i, t_ms) in times_ms.iter_mut().enumerate() {
        let x = axis.x_of(*t_ms);
        let grip = Rect::from_center_size(pos2(x, rect.center().y), vec2(18.0, ROW));
        let id = ui.scope_id().with((name, i));
        let response = ui.interact(grip, id, Sense::click_and_drag());
        let label = format!("{name} spike {} at {t_ms:.1} ms, to be dragged", i + 1);
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::Slider, true, label.as_str())
        });
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            *t_ms = snapped(axis.ms_of(at.x));
        }
        if response.has_focus() {
            let arrows = egui::EventFilter { horizontal_arrows: true, ..Default::default() };
            ui.memory_mut(|m| m.set_focus_lock_filter(id, arrows));
            let steps =
                |key| ui.input_mut(|i| i.count_and_consume_key(egui::Modifiers::NONE, key)) as f64;
            let by = steps(Key::ArrowRight) - steps(Key::ArrowLeft);
            *t_ms = snapped(*t_ms + by * DT_MS);
        }
        let lit = response.hovered() || response.dragged() || response.has_focus();
        let x = axis.x_of(*t_ms);
        let width = if thick || lit { 5.0 } else { 3.0 };
        painter.vline(x, rect.y_range(), egui::Stroke::new(width, colour));
        painter.circle_filled(pos2(x, rect.center().y), if lit { 7.0 } else { 5.5 }, colour);
        if lit {
            painter.circle_stroke(pos2(x, rect.center().y), 9.0, egui::Stroke::new(1.5, p.text));
        }
        response
            .on_hover_cursor(egui::CursorIcon::ResizeHorizontal)
            .on_hover_text(format!("{name} spike at {t_ms:.1} ms: drag it, or ← →"));
    }
}

/// Traces above, the weight below; up to the moment of the bar they are full.
fn plots(
    ui: &mut Ui,
    world: &World<'_>,
    result: &StoryResult,
    axis: &Axis,
    room: f32,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let rule = rule(&result.task.learner.rule.id);
    let thick = world.session.projector;
    let cursor_ms = Some(world.room.story.at() as f64 * DT_MS);
    let n = rule.pre.len() + rule.post.len();
    // Traces of the presynaptic side in the hue of its spikes, and so on.
    let hues = [p.series[0], p.series[5], p.series[1], p.series[3]];
    let lines: Vec<Line> = (0..n)
        .map(|i| {
            let post = i.checked_sub(rule.pre.len());
            let colour = post.map_or(hues[i.min(1)], |j| hues[2 + j.min(1)]);
            let trace = post.map_or_else(|| &rule.pre[i], |j| &rule.post[j]);
            Line { channel: i, name: trace.label.to_owned(), colour }
        })
        .collect();
    let begin = result.task.learner.weight as f32;
    let traces = TracePlot {
        title: "traces",
        traces: &result.traces,
        lines: &lines,
        levels: &[],
        spikes: None,
        at_least: [0.0, 1.25],
        height: (room * 0.58).round(),
        cursor_ms,
        thick,
    };
    // A band as wide as the largest change, so that a small one is seen.
    let changes =
        result.happenings.iter().flat_map(|h| h.weights).map(|w| (w as f32 - begin).abs());
    let wide = changes.fold(1e-5f32, f32::max) * 1.3;
    let weight = TracePlot {
        title: "weight",
        traces: &result.traces,
        lines: &[Line { channel: n, name: "weight".into(), colour: p.series[2] }],
        levels: &[Level { value: begin, name: format!("{begin:.3} at the beginning") }],
        spikes: None,
        at_least: [begin - wide, begin + wide],
        height: (room * 0.42).round(),
        cursor_ms,
        thick,
    };
    for plot in [traces, weight] {
        let response = plot.show(ui, axis);
        // A click or a drag goes to that moment.
        if let Some(at) = response.interact_pointer_pos() {
            let step = (axis.ms_of(at.x) / DT_MS).round().max(0.0) as u64;
            let go = PlaybackEdit::Go(step);
            out.push(PlasticityEdit::PlayStory(go));
        }
    }
}

/// The time bar.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let story: &StorySettings = &world.room.kept.story;
    let step = |t_ms: f64| (t_ms / DT_MS).round() as u64;
    let pre = story.pre_ms.iter().map(|t| (step(*t), "pre", p.series[0]));
    let post = story.post_ms.iter().map(|t| (step(*t), "post", p.series[1]));
    let mut events: Vec<(u64, &str, egui::Color32)> = pre.chain(post).collect();
    events.sort_unstable_by_key(|e| e.0);
    let marks: Vec<Mark> =
        events.iter().map(|e| Mark { at: e.0, label: e.1.into(), colour: e.2 }).collect();
    let next = |at: u64, on: bool| {
        let mut steps = events.iter().map(|e| e.0);
        if on { steps.find(|s| *s > at) } else { steps.rfind(|s| *s < at) }
    };
    let axis = time_bar::Axis { unit: "ms", unit_per_step: DT_MS, decimals: 1 };
    TimeBar::new(&world.room.story, axis)
        .marks(&marks)
        .events(&next)
        .show(ui, &mut |edit| out.push(PlasticityEdit::PlayStory(edit)));
}

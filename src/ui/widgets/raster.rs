//! The raster: neurons × time, a mark per spike, with the population rates below
//! ([`rate`]).
//!
//! A few spikes are drawn one by one. Many become an image of their density, which
//! the `plotter` thread draws when spikes or view have changed; until it is ready,
//! the previous image is shown where it belongs, so panning and zooming never wait.

mod rate;

use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, Context, Rect, Response, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, pos2, vec2,
};
use serde::{Deserialize, Serialize};

use super::figure;
use super::time_axis::{self, Axis, GUTTER, TimeView};
use crate::snn::recording::{Recording, View};
use crate::ui::theme::{self, palette};
use crate::workers::plotter::{
    Answer, Answered, PlotQuestion, PlotTask, Plotter, RasterPicture, RasterTask, draw_raster,
};
use rate::RateBins;

const NEAREST: TextureOptions = TextureOptions::NEAREST;

/// More spikes in view than these are drawn as a picture.
const MOST_MARKS: u64 = 2_000;
/// Widths of the population rate's bins on offer, ms.
pub const BINS_MS: std::ops::RangeInclusive<f64> = 1.0..=50.0;

/// How a raster is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RasterView {
    /// The stretch of time, shared with the plots beside it.
    pub time: TimeView,
    /// First neuron shown.
    pub first: u32,
    /// How many are shown; 0 stands for all.
    pub count: u32,
    /// Width of the population rate's bins, ms.
    pub bin_ms: f64,
    /// Whether dragging selects instead of moving (as with Shift).
    pub selecting: bool,
    /// What is selected.
    pub selection: Option<Selection>,
}

impl Default for RasterView {
    fn default() -> Self {
        Self {
            time: TimeView::default(),
            first: 0,
            count: 0,
            bin_ms: 5.0,
            selecting: false,
            selection: None,
        }
    }
}

impl RasterView {
    /// The neurons shown of `all`.
    pub fn neurons(&self, all: u32) -> std::ops::Range<u32> {
        let first = self.first.min(all.saturating_sub(1));
        let count = if self.count == 0 { all } else { self.count };
        first..first.saturating_add(count).min(all)
    }
}

/// A rectangle of neurons and time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// First neuron.
    pub first: u32,
    /// Number of neurons.
    pub count: u32,
    /// Beginning, ms.
    pub from_ms: f64,
    /// End, ms.
    pub to_ms: f64,
}

/// Neurons that belong together, for the labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many neurons it has; groups follow each other.
    pub size: u32,
}

/// What a raster shows.
pub struct Raster<'a> {
    /// Tells it from other rasters.
    pub id: egui::Id,
    /// The spikes.
    pub recording: &'a Arc<Recording>,
    /// Who draws the picture.
    pub plotter: &'a Plotter,
    /// The neurons' groups; empty for one without a name.
    pub groups: &'a [Group],
    /// Their colours, where they have any of their own.
    pub hues: &'a [Color32],
    /// The moment that is looked at, ms.
    pub cursor_ms: Option<f64>,
    /// Heights of the raster and of a population rate, points; without the
    /// latter, none is drawn.
    pub heights: [f32; 2],
    /// Whether each group has its rate drawn, or all neurons in view have one.
    pub apart: bool,
    /// Thick strokes, for projectors.
    pub thick: bool,
}

/// What the widget keeps between frames: the last picture, and what was asked.
#[derive(Clone, Default)]
struct Kept {
    serial: u64,
    asked: Option<(RasterTask, u64, usize)>,
    shown: u64,
    texture: Option<TextureHandle>,
    picture: Option<Arc<Answered>>,
}

impl Raster<'_> {
    /// Draws raster and rate, without the time axis below. Drags, wheel and
    /// double click change `view`.
    pub fn show(&self, ui: &mut Ui, axis: &Axis, view: &mut RasterView) -> Response {
        let neurons = view.neurons(self.recording.neurons());
        let size = vec2(ui.available_width(), self.heights[0]);
        let (outer, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let rect = Rect::from_x_y_ranges(axis.x, outer.y_range());
        let p = palette(ui.visuals());
        ui.painter().rect_filled(rect, 3, p.well);
        let steps = self.steps(axis);
        let shown = self.recording.count(steps.clone());
        let known = steps.start >= self.recording.kept_from();
        let picture = if shown <= MOST_MARKS && known {
            self.marks(ui, rect, axis, &neurons);
            None
        } else {
            self.picture(ui, rect, axis, view, &neurons)
        };
        self.labels(ui, outer, rect, &neurons);
        self.forgotten(ui, rect, axis);
        self.interact(ui, &response, rect, axis, view, &neurons);
        if let Some(ms) = self.cursor_ms {
            time_axis::cursor(ui.painter(), axis, rect, ms, p.accent);
        }
        response.widget_info(|| {
            let text = format!(
                "Raster of {} neurons, {:.1} to {:.1} ms",
                neurons.len(),
                axis.from_ms,
                axis.to_ms
            );
            egui::WidgetInfo::labeled(egui::accesskit::Role::Canvas, true, text)
        });
        if self.heights[1] > 0.0 {
            self.rates(ui, axis, view, picture.as_ref(), &neurons);
        }
        self.hover(response, rect, axis, &neurons)
    }

    /// The steps in view.
    fn steps(&self, axis: &Axis) -> std::ops::Range<u64> {
        let dt_ms = self.recording.dt_ms();
        let from = (axis.from_ms / dt_ms).floor().max(0.0) as u64;
        from..((axis.to_ms / dt_ms).ceil().max(0.0) as u64).min(self.recording.steps())
    }

    /// A tick per spike.
    fn marks(&self, ui: &Ui, rect: Rect, axis: &Axis, neurons: &std::ops::Range<u32>) {
        let p = palette(ui.visuals());
        let dt_ms = self.recording.dt_ms();
        let row = rect.height() / neurons.len().max(1) as f32;
        let gap = if row > 6.0 { row * 0.12 } else { 0.0 };
        let least = if self.thick { 3.0 } else { 1.6 };
        // A spike lasts a step; zoomed in far enough, it is as wide as one.
        let width = (rect.width() * (dt_ms / axis.span_ms()) as f32).clamp(least, 14.0);
        let painter = ui.painter().with_clip_rect(rect);
        for (step, neuron) in self.recording.spikes(self.steps(axis)) {
            if neurons.contains(&neuron) {
                let x = axis.x_of(step as f64 * dt_ms);
                let top = rect.top() + (neuron - neurons.start) as f32 * row;
                let mark = Rect::from_min_size(
                    pos2(x - width / 2.0, top + gap),
                    vec2(width, (row - 2.0 * gap).max(1.0)),
                );
                painter.rect_filled(mark, 0, self.colour(ui, neuron));
            }
        }
        if row > 6.0 {
            for i in 1..neurons.len() {
                let y = rect.top() + i as f32 * row;
                painter.hline(rect.x_range(), y, Stroke::new(0.5, p.line));
            }
        }
    }

    /// Groups have their hues, where there are several.
    fn colour(&self, ui: &Ui, neuron: u32) -> Color32 {
        let p = palette(ui.visuals());
        let hues = if self.hues.is_empty() { &p.series } else { self.hues };
        if self.groups.len() < 2 {
            return p.accent;
        }
        let mut end = 0;
        let found = self.groups.iter().position(|g| {
            end += g.size;
            neuron < end
        });
        hues[found.unwrap_or(0) % hues.len()]
    }

    /// The newest picture, placed where its time lies now; asks for another when
    /// spikes or view have changed.
    fn picture(
        &self,
        ui: &Ui,
        rect: Rect,
        axis: &Axis,
        view: &RasterView,
        neurons: &std::ops::Range<u32>,
    ) -> Option<Arc<Answered>> {
        let ctx = ui.ctx();
        let mut kept: Kept = ctx.data_mut(|d| d.get_temp(self.id)).unwrap_or_default();
        let task = self.task(ui, rect, axis, view, neurons);
        if figure::saving(ctx) {
            // A file is drawn once, and more finely than what the plotter has.
            let picture = draw_raster(self.recording, &task);
            kept.texture = Some(ctx.load_texture("raster", image(&picture), NEAREST));
            let answer = Answer::Raster(picture);
            kept.picture = Some(Arc::new(Answered { serial: kept.serial, answer }));
        } else {
            self.newest(ctx, task, &mut kept);
        }
        if let (Some(texture), Some(answered)) = (&kept.texture, &kept.picture)
            && let Answer::Raster(picture) = &answered.answer
        {
            let v = &picture.task.view;
            let dt_ms = self.recording.dt_ms();
            let x = axis.x_of(v.from_step * dt_ms)..=axis.x_of(v.to_step * dt_ms);
            let row = rect.height() / neurons.len().max(1) as f32;
            let top = rect.top() + (f64::from(v.first) - f64::from(neurons.start)) as f32 * row;
            let place = Rect::from_x_y_ranges(x, top..=top + v.count as f32 * row);
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().with_clip_rect(rect).image(texture.id(), place, uv, Color32::WHITE);
        }
        let picture = kept.picture.clone();
        ctx.data_mut(|d| d.insert_temp(self.id, kept));
        picture
    }

    /// Asks for another picture where this one is no longer right; takes the newest.
    fn newest(&self, ctx: &Context, task: RasterTask, kept: &mut Kept) {
        let key = self.id.value();
        let now = (task, self.recording.steps(), Arc::as_ptr(self.recording) as usize);
        if kept.asked.as_ref() != Some(&now) {
            kept.serial += 1;
            self.plotter.ask(PlotQuestion {
                key,
                serial: kept.serial,
                recording: Arc::clone(self.recording),
                task: PlotTask::Raster(now.0.clone()),
            });
            kept.asked = Some(now);
        }
        if let Some(answered) = self.plotter.newest(key).filter(|a| a.serial != kept.shown)
            && let Answer::Raster(picture) = &answered.answer
        {
            match &mut kept.texture {
                Some(texture) => texture.set(image(picture), NEAREST),
                None => kept.texture = Some(ctx.load_texture("raster", image(picture), NEAREST)),
            }
            kept.shown = answered.serial;
            kept.picture = Some(answered);
        }
    }

    fn task(
        &self,
        ui: &Ui,
        rect: Rect,
        axis: &Axis,
        view: &RasterView,
        neurons: &std::ops::Range<u32>,
    ) -> RasterTask {
        let p = palette(ui.visuals());
        let dt_ms = self.recording.dt_ms();
        let scale = ui.ctx().pixels_per_point();
        let columns = ((rect.width() * scale) as usize).clamp(1, 4096);
        let rows = ((rect.height() * scale) as usize).clamp(1, 2048).min(neurons.len().max(1));
        let bins = RateBins::new(axis, view.bin_ms, dt_ms, columns);
        RasterTask {
            view: View {
                from_step: axis.from_ms / dt_ms,
                to_step: axis.to_ms / dt_ms,
                first: neurons.start,
                count: neurons.len() as u32,
                columns,
                rows,
            },
            ramp: [p.well, p.accent].map(|c| [c.r(), c.g(), c.b()]),
            rates_of: self.rates_of(neurons).into_iter().map(|r| r.1).collect(),
            rate_from: bins.from,
            rate_bins: bins.count,
            bin_steps: bins.steps,
        }
    }

    /// Names of groups, or numbers of neurons, left of the raster.
    fn labels(&self, ui: &Ui, outer: Rect, rect: Rect, neurons: &std::ops::Range<u32>) {
        let p = palette(ui.visuals());
        let row = rect.height() / neurons.len().max(1) as f32;
        let painter = ui.painter();
        let text = |y: f32, text: String, colour| {
            let at = pos2(rect.left() - 5.0, y);
            painter.text(at, Align2::RIGHT_CENTER, text, theme::regular(11.5), colour);
        };
        let y_of =
            |neuron: u32| rect.top() + (f64::from(neuron) - f64::from(neurons.start)) as f32 * row;
        if self.groups.is_empty() {
            let step = time_axis::nice_step(f64::from(28.0 / row).max(1.0)) as u32;
            let first = neurons.start.next_multiple_of(step.max(1));
            for neuron in (first..neurons.end).step_by(step.max(1) as usize) {
                let id = self.recording.id(neuron).to_string();
                text(y_of(neuron) + row.min(12.0) / 2.0, id, p.weak);
            }
            let at = pos2(outer.left(), rect.center().y);
            painter.text(at, Align2::LEFT_CENTER, "n", theme::regular(11.5), p.text);
            return;
        }
        let mut first = 0;
        for group in self.groups {
            let (from, to) = (first.max(neurons.start), (first + group.size).min(neurons.end));
            first += group.size;
            if from < to {
                let colour = if self.groups.len() > 1 { self.colour(ui, from) } else { p.text };
                text((y_of(from) + y_of(to)) / 2.0, group.name.clone(), colour);
                if from > neurons.start {
                    painter.hline(rect.x_range(), y_of(from), Stroke::new(1.0, p.line));
                }
            }
        }
    }

    /// Says which part of the view is known as densities only.
    fn forgotten(&self, ui: &Ui, rect: Rect, axis: &Axis) {
        let until = self.recording.kept_from() as f64 * self.recording.dt_ms();
        if until > axis.from_ms {
            let p = palette(ui.visuals());
            let x = axis.x_of(until).min(rect.right());
            ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, p.warning));
            ui.painter().with_clip_rect(rect).text(
                pos2(x - 4.0, rect.top() + 3.0),
                Align2::RIGHT_TOP,
                "older: densities only",
                theme::regular(11.5),
                p.warning,
            );
        }
    }

    fn interact(
        &self,
        ui: &Ui,
        response: &Response,
        rect: Rect,
        axis: &Axis,
        view: &mut RasterView,
        neurons: &std::ops::Range<u32>,
    ) {
        let p = palette(ui.visuals());
        let select = view.selecting || ui.input(|i| i.modifiers.shift);
        let begun = self.id.with("selection begun");
        if response.drag_started() && select {
            let from = ui.input(|i| i.pointer.press_origin());
            ui.data_mut(|d| d.insert_temp(begun, from));
        }
        let from = ui.data(|d| d.get_temp::<Option<egui::Pos2>>(begun)).flatten();
        if let (Some(from), Some(to)) = (from, ui.input(|i| i.pointer.latest_pos())) {
            let area = Rect::from_two_pos(from, to).intersect(rect);
            if area.is_positive() {
                view.selection = Some(select_area(area, rect, axis, neurons));
            }
            if !response.dragged() {
                ui.data_mut(|d| d.remove::<Option<egui::Pos2>>(begun));
            }
        } else {
            let (now_ms, dt_ms) = (self.recording.duration_ms(), self.recording.dt_ms());
            time_axis::pan_and_zoom(ui, response, axis, &mut view.time, now_ms, dt_ms);
        }
        if let Some(s) = &view.selection {
            let row = rect.height() / neurons.len().max(1) as f32;
            let y = rect.top() + (f64::from(s.first) - f64::from(neurons.start)) as f32 * row;
            let area = Rect::from_x_y_ranges(
                axis.x_of(s.from_ms)..=axis.x_of(s.to_ms),
                y..=y + s.count as f32 * row,
            );
            let painter = ui.painter().with_clip_rect(rect.expand(1.0));
            painter.rect_filled(area, 0, p.warning.gamma_multiply(0.12));
            painter.rect_stroke(area, 0, Stroke::new(1.5, p.warning), StrokeKind::Inside);
        }
    }

    fn hover(
        &self,
        response: Response,
        rect: Rect,
        axis: &Axis,
        neurons: &std::ops::Range<u32>,
    ) -> Response {
        let Some(at) = response.hover_pos().filter(|p| rect.contains(*p)) else { return response };
        let row = rect.height() / neurons.len().max(1) as f32;
        let neuron = neurons.start + ((at.y - rect.top()) / row) as u32;
        let id = self.recording.id(neuron);
        let text = format!("neuron {id}, {:.1} ms", axis.ms_of(at.x));
        response.on_hover_text_at_pointer(text)
    }
}

fn image(picture: &RasterPicture) -> ColorImage {
    let size = [picture.task.view.columns, picture.task.view.rows];
    ColorImage::from_rgba_premultiplied(size, &picture.rgba)
}

/// The neurons and the time within a rectangle of the raster.
fn select_area(area: Rect, rect: Rect, axis: &Axis, neurons: &std::ops::Range<u32>) -> Selection {
    let row = rect.height() / neurons.len().max(1) as f32;
    let first = ((area.top() - rect.top()) / row) as u32;
    let last = (((area.bottom() - rect.top()) / row).ceil() as u32).min(neurons.len() as u32);
    Selection {
        first: neurons.start + first,
        count: last.saturating_sub(first).max(1),
        from_ms: axis.ms_of(area.left()),
        to_ms: axis.ms_of(area.right()),
    }
}

/// The room between gutter and right edge.
pub fn plot_x(ui: &Ui) -> egui::Rangef {
    let left = ui.next_widget_position().x;
    egui::Rangef::new(left + GUTTER, left + ui.available_width() - 16.0)
}

#[cfg(test)]
mod tests;

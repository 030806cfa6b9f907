//! Traces (membrane potential, current, weight) over the shared time axis, with
//! dashed lines for thresholds and marks for spikes.

use egui::{Align2, Color32, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::time_axis::{self, Axis};
use crate::snn::recording::Recording;
use crate::snn::traces::Traces;
use crate::ui::theme::{self, palette};

/// Spikes in view beyond which their marks are left out.
const MOST_MARKS: u64 = 1_500;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which of the traces.
    pub channel: usize,
    /// Name in the legend.
    pub name: String,
    /// Its colour.
    pub colour: Color32,
}

/// What a dashed level is, for those whose plots have spikes in its place.
pub fn level_key(ui: &mut Ui, name: &str) {
    let p = palette(ui.visuals());
    let (rect, _) = ui.allocate_exact_size(vec2(20.0, 12.0), Sense::hover());
    let line = [rect.left_center(), rect.right_center()];
    let stroke = Stroke::new(2.0, p.warning);
    ui.painter().extend(Shape::dashed_line(&line, stroke, 6.0, 4.0));
    ui.label(egui::RichText::new(name).small().color(p.warning));
}

/// A dashed level.
#[derive(Clone, Debug)]
pub struct Level {
    /// Where.
    pub value: f32,
    /// What it is.
    pub name: String,
}

/// One plot of traces.
pub struct TracePlot<'a> {
    /// What the vertical axis shows, with unit.
    pub title: &'a str,
    /// The samples.
    pub traces: &'a Traces,
    /// What is drawn of them.
    pub lines: &'a [Line],
    /// Dashed levels.
    pub levels: &'a [Level],
    /// Spikes to be marked above the trace: of which neuron of which recording.
    pub spikes: Option<(&'a Recording, u32)>,
    /// Values that are always in view.
    pub at_least: [f32; 2],
    /// Height, points.
    pub height: f32,
    /// The moment that is looked at, ms.
    pub cursor_ms: Option<f64>,
    /// Thick strokes, for projectors.
    pub thick: bool,
}

impl TracePlot<'_> {
    /// Draws it. The response can be dragged; what that does is the caller's.
    pub fn show(&self, ui: &mut Ui, axis: &Axis) -> Response {
        let p = palette(ui.visuals());
        let size = vec2(ui.available_width(), self.height);
        let (outer, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let rect = Rect::from_x_y_ranges(axis.x, outer.y_range());
        let painter = ui.painter().with_clip_rect(rect);
        painter.rect_filled(rect, 3, p.well);
        time_axis::grid(&painter, axis, rect, p.line.gamma_multiply(0.6));
        let columns = rect.width().max(1.0) as usize;
        let extents: Vec<_> = self.lines.iter().map(|l| self.extents(l, axis, columns)).collect();
        let scale = self.scale(rect, &extents);
        self.numbers(ui, outer, rect, &scale);
        let mut named = Vec::new();
        for level in self.levels {
            let y = scale.y_of(level.value);
            let dash = [pos2(rect.left(), y), pos2(rect.right(), y)];
            let stroke = Stroke::new(if self.thick { 2.0 } else { 1.2 }, p.warning);
            painter.extend(Shape::dashed_line(&dash, stroke, 6.0, 4.0));
            // Beside spikes the name would cover some: the caller says what the level is.
            if self.spikes.is_none() {
                named.push((y, &level.name));
            }
        }
        for (line, extents) in self.lines.iter().zip(&extents) {
            let points = self.points(line, axis, &scale, extents);
            let width = if self.thick { 2.6 } else { 1.6 };
            for run in points {
                painter.add(Shape::line(run, Stroke::new(width, line.colour)));
            }
        }
        self.spike_marks(ui, &painter, rect, axis, &scale);
        for (y, name) in named {
            // On a ground of its own: lines and marks would cross it out.
            let (at, font) = (pos2(rect.right() - 5.0, y - 1.0), theme::regular(11.5));
            let text = painter.layout_no_wrap(name.clone(), font, p.warning);
            let place = Align2::RIGHT_BOTTOM.anchor_size(at, text.size());
            painter.rect_filled(place.expand2(vec2(3.0, 0.0)), 2, p.well);
            painter.galley(place.min, text, p.warning);
        }
        self.legend(ui, rect);
        if let Some(ms) = self.cursor_ms {
            time_axis::cursor(ui.painter(), axis, rect, ms, p.accent);
        }
        let names: Vec<&str> = self.lines.iter().map(|l| l.name.as_str()).collect();
        let label = format!("{}: {}", self.title, names.join(", "));
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::Canvas, true, label.as_str())
        });
        match response.hover_pos().filter(|at| rect.contains(*at)) {
            Some(at) => response.on_hover_text_at_pointer(self.values_at(axis.ms_of(at.x))),
            None => response,
        }
    }

    fn extents(&self, line: &Line, axis: &Axis, columns: usize) -> Vec<Option<(f32, f32)>> {
        let dt_ms = self.traces.dt_ms();
        self.traces.extents(line.channel, axis.from_ms / dt_ms, axis.to_ms / dt_ms, columns)
    }

    fn scale(&self, rect: Rect, extents: &[Vec<Option<(f32, f32)>>]) -> Scale {
        let [mut low, mut high] = self.at_least;
        for (a, b) in extents.iter().flatten().flatten() {
            if a.is_finite() && b.is_finite() {
                (low, high) = (low.min(*a), high.max(*b));
            }
        }
        let air = ((high - low) * 0.06).max(1e-6);
        Scale { rect, low: low - air, high: high + air }
    }

    /// The line's points, in runs without gaps. Where there are many samples to
    /// a column, it goes through the smallest and the largest of each.
    fn points(
        &self,
        line: &Line,
        axis: &Axis,
        scale: &Scale,
        extents: &[Option<(f32, f32)>],
    ) -> Vec<Vec<Pos2>> {
        let dt_ms = self.traces.dt_ms();
        let samples = axis.span_ms() / dt_ms;
        let from = (axis.from_ms / dt_ms).floor().max(0.0) as u64;
        let known = from >= self.traces.kept_from();
        if known && samples <= 2.0 * extents.len() as f64 {
            let to = (axis.to_ms / dt_ms).ceil().max(0.0) as u64 + 1;
            let points = self
                .traces
                .samples(line.channel, from..to)
                .map(|(step, v)| pos2(axis.x_of(step as f64 * dt_ms), scale.y_of(v)))
                .collect();
            return vec![points];
        }
        let mut runs = vec![Vec::new()];
        for (i, extent) in extents.iter().enumerate() {
            let x = axis.x.min + (i as f32 + 0.5) * axis.x.span() / extents.len() as f32;
            match extent {
                Some((low, high)) => {
                    let run = runs.last_mut().filter(|r: &&mut Vec<Pos2>| !r.is_empty());
                    let pair = [pos2(x, scale.y_of(*low)), pos2(x, scale.y_of(*high))];
                    match run {
                        Some(run) => run.extend(pair),
                        None => runs.push(pair.to_vec()),
                    }
                }
                None => runs.push(Vec::new()),
            }
        }
        runs.retain(|r| r.len() > 1);
        runs
    }

    /// A line from the trace's top up to the edge at each spike.
    fn spike_marks(
        &self,
        ui: &Ui,
        painter: &egui::Painter,
        rect: Rect,
        axis: &Axis,
        scale: &Scale,
    ) {
        let Some((recording, neuron)) = self.spikes else { return };
        let dt_ms = recording.dt_ms();
        let steps =
            (axis.from_ms / dt_ms).max(0.0) as u64..(axis.to_ms / dt_ms).max(0.0) as u64 + 1;
        if recording.count(steps.clone()) > MOST_MARKS {
            return;
        }
        let p = palette(ui.visuals());
        let bottom = self.levels.first().map_or(rect.center().y, |l| scale.y_of(l.value));
        let width = if self.thick { 3.0 } else { 1.8 };
        for (step, _) in recording.spikes(steps).filter(|s| s.1 == neuron) {
            let x = axis.x_of(step as f64 * dt_ms);
            painter.vline(x, rect.top() + 2.0..=bottom, Stroke::new(width, p.text));
        }
    }

    fn numbers(&self, ui: &Ui, outer: Rect, rect: Rect, scale: &Scale) {
        let p = palette(ui.visuals());
        let painter = ui.painter();
        let rough = f64::from(scale.high - scale.low) * 26.0 / f64::from(rect.height().max(26.0));
        let step = time_axis::nice_step(rough);
        let first = (f64::from(scale.low) / step).ceil() as i64;
        let last = (f64::from(scale.high) / step).floor() as i64;
        for k in (first..=last).take(40) {
            let value = k as f64 * step;
            let y = scale.y_of(value as f32);
            painter.hline(rect.x_range(), y, Stroke::new(1.0, p.line.gamma_multiply(0.6)));
            // The title has the top left corner.
            if y > outer.top() + 18.0 {
                let at = pos2(rect.left() - 5.0, y);
                let text = time_axis::mark_text(value, step);
                painter.text(at, Align2::RIGHT_CENTER, text, theme::regular(11.5), p.weak);
            }
        }
        painter.text(outer.left_top(), Align2::LEFT_TOP, self.title, theme::strong(12.0), p.text);
    }

    fn legend(&self, ui: &Ui, rect: Rect) {
        if self.lines.len() < 2 {
            return;
        }
        let p = palette(ui.visuals());
        let mut x = rect.left() + 62.0;
        for line in self.lines {
            let y = rect.top() + 9.0;
            ui.painter().hline(x..=x + 16.0, y, Stroke::new(2.5, line.colour));
            let at = pos2(x + 20.0, y);
            let drawn = ui.painter().text(
                at,
                Align2::LEFT_CENTER,
                &line.name,
                theme::regular(12.0),
                p.text,
            );
            x = drawn.right() + 14.0;
        }
    }

    fn values_at(&self, ms: f64) -> String {
        let dt_ms = self.traces.dt_ms();
        let step = (ms / dt_ms).round().max(0.0) as u64;
        let mut text = format!("{:.1} ms", step as f64 * dt_ms);
        for line in self.lines {
            if let Some(value) = self.traces.value(line.channel, step) {
                let unit = &self.traces.channels()[line.channel].unit;
                text += &format!("\n{}: {value:.3} {unit}", line.name);
            }
        }
        text
    }
}

/// Values to places.
struct Scale {
    rect: Rect,
    low: f32,
    high: f32,
}

impl Scale {
    fn y_of(&self, value: f32) -> f32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(-4.0, 5.0);
        self.rect.bottom() - self.rect.height() * share
    }
}

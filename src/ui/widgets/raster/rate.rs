//! Population rates below a raster: of all neurons in view, or of each group.

use std::ops::Range;
use std::sync::Arc;

use egui::{Align2, Color32, Rect, Sense, Ui, pos2, vec2};

use super::{Raster, RasterView};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::time_axis::{self, Axis};
use crate::workers::plotter::{Answer, Answered};

impl Raster<'_> {
    /// Whose rates are drawn: a name, which neurons, and their colour's group.
    pub(super) fn rates_of(&self, neurons: &Range<u32>) -> Vec<(&str, Range<u32>)> {
        if !self.apart || self.groups.is_empty() {
            return vec![("", neurons.clone())];
        }
        let mut end = 0;
        let ranges = self.groups.iter().map(|group| {
            let first = end;
            end += group.size;
            (group.name.as_str(), first.max(neurons.start)..end.min(neurons.end))
        });
        ranges.filter(|(_, range)| !range.is_empty()).collect()
    }

    /// One below the other.
    pub(super) fn rates(
        &self,
        ui: &mut Ui,
        axis: &Axis,
        view: &RasterView,
        picture: Option<&Arc<Answered>>,
        neurons: &Range<u32>,
    ) {
        let dt_ms = self.recording.dt_ms();
        for (k, (name, range)) in self.rates_of(neurons).into_iter().enumerate() {
            let colour = if self.apart {
                self.colour(ui, range.start)
            } else {
                palette(ui.visuals()).accent
            };
            let drawn = match picture.map(|a| &a.answer) {
                Some(Answer::Raster(r)) if r.task.rates_of.get(k) == Some(&range) => {
                    let counts = r.rate_counts.get(k).cloned().unwrap_or_default();
                    (r.task.rate_from, r.task.bin_steps, counts)
                }
                _ => {
                    let bins = RateBins::new(axis, view.bin_ms, dt_ms, axis.x.span() as usize);
                    let counts =
                        self.recording.population(bins.from, bins.count, bins.steps, range.clone());
                    (bins.from, bins.steps, counts)
                }
            };
            self.rate(ui, axis, (name, range.len(), colour), drawn);
        }
    }

    /// The rate in Hz per neuron, as steps.
    fn rate(
        &self,
        ui: &mut Ui,
        axis: &Axis,
        (name, neurons, colour): (&str, usize, Color32),
        (from, bin_steps, counts): (u64, u64, Vec<f32>),
    ) {
        let p = palette(ui.visuals());
        if !self.apart {
            ui.add_space(4.0);
        }
        let size = vec2(ui.available_width(), self.heights[1]);
        let (outer, response) = ui.allocate_exact_size(size, Sense::hover());
        let rect = Rect::from_x_y_ranges(axis.x, outer.y_range());
        let painter = ui.painter().with_clip_rect(rect);
        painter.rect_filled(rect, 3, p.well);
        let dt_ms = self.recording.dt_ms();
        let bin_ms = bin_steps as f64 * dt_ms;
        let to_hz = 1000.0 / bin_ms / neurons.max(1) as f64;
        let rates: Vec<f64> = counts.iter().map(|c| f64::from(*c) * to_hz).collect();
        let most = rates.iter().copied().fold(0.0, f64::max);
        let step = time_axis::nice_step(most.max(1e-3) * 1.05 / 2.0);
        let top = step * 2.0;
        for (i, rate) in rates.iter().enumerate().filter(|r| *r.1 > 0.0) {
            let begin = (from + i as u64 * bin_steps) as f64 * dt_ms;
            let x = axis.x_of(begin)..=axis.x_of(begin + bin_ms);
            let y = rect.bottom() - rect.height() * (rate / top) as f32;
            painter.rect_filled(Rect::from_x_y_ranges(x, y..=rect.bottom()), 0, colour);
        }
        for k in 0..=2u32 {
            // A low plot has no room for the number in the middle, a very low one
            // only for the one on top.
            if (k == 1 && rect.height() < 42.0) || (k == 0 && rect.height() < 25.0) {
                continue;
            }
            let value = f64::from(k) * step;
            let y = rect.bottom() - rect.height() * (value / top) as f32;
            let align = [Align2::RIGHT_BOTTOM, Align2::RIGHT_CENTER, Align2::RIGHT_TOP][k as usize];
            let text = time_axis::mark_text(value, step);
            let at = pos2(rect.left() - 5.0, y);
            ui.painter().text(at, align, text, theme::regular(11.5), p.weak);
        }
        let at = pos2(outer.left(), rect.center().y);
        let unit = if self.apart { colour } else { p.text };
        ui.painter().text(at, Align2::LEFT_CENTER, "Hz", theme::regular(11.5), unit);
        if let Some(ms) = self.cursor_ms {
            time_axis::cursor(ui.painter(), axis, rect, ms, p.accent);
        }
        let of = if name.is_empty() { String::new() } else { format!(" of the {name} ones") };
        let text =
            format!("Population rate{of}, spikes per second and neuron, in bins of {bin_ms:.1} ms");
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text.as_str())
        });
        response.on_hover_text(text);
    }
}

/// The population rate's bins in view: multiples of the wanted width, so that
/// there are no more than there are columns.
pub(super) struct RateBins {
    pub(super) from: u64,
    pub(super) steps: u64,
    pub(super) count: usize,
}

impl RateBins {
    pub(super) fn new(axis: &Axis, bin_ms: f64, dt_ms: f64, columns: usize) -> Self {
        let wanted = (bin_ms / dt_ms).round().max(1.0) as u64;
        let span = (axis.span_ms() / dt_ms).max(1.0);
        let fewest = (span / columns.max(1) as f64 / wanted as f64).ceil().max(1.0) as u64;
        let steps = wanted * fewest;
        let from = (axis.from_ms / dt_ms).max(0.0) as u64 / steps * steps;
        let count = ((axis.to_ms / dt_ms - from as f64) / steps as f64).ceil().max(0.0) as usize;
        Self { from, steps, count: count.min(columns + 2) }
    }
}

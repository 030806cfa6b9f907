//! From numbers to colours: which values a colour stands for, and how a layer's
//! units become pictures.

use egui::{Color32, RichText, Ui, Visuals, vec2};

use super::settings::Scale;
use crate::ann::inspect::filters::{Filters, largest};
use crate::ui::theme::{self, palette};
use crate::workers::inspect::{Inspection, Part};

/// A value's colour, relative to the largest size.
pub fn colour(visuals: &Visuals, signed: bool, value: f32, limit: f32) -> Color32 {
    let share = if limit > 0.0 { value / limit } else { 0.0 };
    if signed { theme::diverging(visuals, share) } else { theme::sequential(visuals, share) }
}

/// The largest size that a unit's colours are relative to.
pub struct Limits {
    units: Vec<f32>,
    all: Option<f32>,
}

impl Limits {
    /// Of each unit.
    pub fn of(&self, unit: usize) -> f32 {
        self.all.unwrap_or_else(|| self.units.get(unit).copied().unwrap_or(0.0))
    }

    /// Everything is as nothing.
    pub fn none() -> Self {
        Self { units: Vec::new(), all: Some(0.0) }
    }

    /// For a layer's activations.
    pub fn activations(inspection: &Inspection, part: &Part, scale: Scale) -> Self {
        let values = inspection.trace.output(part.layer);
        // The units of a vector are single numbers: each alone would be all there
        // is, so they are compared with each other.
        let all = match scale {
            Scale::Unit if part.is_map() => None,
            Scale::Unit | Scale::Layer => Some(largest(values)),
            Scale::Global => {
                let parts = inspection.anatomy.as_ref().map_or(&[][..], |a| &a.parts);
                let layers = parts.iter().map(|p| largest(inspection.trace.output(p.layer)));
                Some(layers.fold(0.0, f32::max))
            }
        };
        let mut units = vec![0f32; part.shape[2]];
        if all.is_none() {
            for pixel in values.chunks_exact(part.shape[2]) {
                for (most, v) in units.iter_mut().zip(pixel) {
                    *most = most.max(v.abs());
                }
            }
        }
        Self { units, all }
    }

    /// For a layer's kernels.
    pub fn kernels(inspection: &Inspection, filters: &Filters, scale: Scale) -> Self {
        let all = match scale {
            Scale::Unit => None,
            Scale::Layer => Some(filters.largest()),
            Scale::Global => {
                let parts = inspection.anatomy.as_ref().map_or(&[][..], |a| &a.parts);
                let layers = parts.iter().filter_map(|p| p.filters.as_ref()).map(Filters::largest);
                Some(layers.fold(0.0, f32::max))
            }
        };
        let units = if all.is_none() {
            (0..filters.units).map(|u| filters.largest_of(u)).collect()
        } else {
            Vec::new()
        };
        Self { units, all }
    }
}

/// How a unit's kernels over several inputs lie beside each other: columns, and
/// rows and columns of numbers, with a line between the kernels.
pub fn sheet(filters: &Filters) -> (usize, (usize, usize)) {
    let (n, h, w) = (filters.inputs, filters.h, filters.w);
    let columns = (1..=n).find(|c| c * c >= n).unwrap_or(1);
    let rows = n.div_ceil(columns);
    let gap = usize::from(h * w > 1 && n > 1);
    (columns, (rows * (h + gap) - gap, columns * (w + gap) - gap))
}

/// The weight at a place of a unit's sheet; `None` on a line between kernels.
pub fn on_sheet(filters: &Filters, unit: usize, index: usize) -> Option<f32> {
    let (columns, (_, width)) = sheet(filters);
    let gap = usize::from(filters.h * filters.w > 1 && filters.inputs > 1);
    let (y, x) = (index / width, index % width);
    let (row, column) = (y / (filters.h + gap), x / (filters.w + gap));
    let (ky, kx) = (y % (filters.h + gap), x % (filters.w + gap));
    let input = row * columns + column;
    (ky < filters.h && kx < filters.w && input < filters.inputs)
        .then(|| filters.kernel(unit, input)[ky * filters.w + kx])
}

/// What the colours mean, in one line.
pub fn legend(ui: &mut Ui, signed: bool, what: &str, ends: [&str; 2]) {
    let p = palette(ui.visuals());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.label(RichText::new(what).small().color(p.weak));
        ui.label(RichText::new(ends[0]).small());
        let (rect, _) = ui.allocate_exact_size(vec2(70.0, 10.0), egui::Sense::hover());
        let steps = 35;
        for i in 0..steps {
            let t = i as f32 / (steps - 1) as f32;
            let value = if signed { 2.0 * t - 1.0 } else { t };
            let left = rect.left() + rect.width() * i as f32 / steps as f32;
            let bar = egui::Rect::from_min_size(
                egui::pos2(left, rect.top()),
                vec2(rect.width() / steps as f32 + 0.5, rect.height()),
            );
            ui.painter().rect_filled(bar, 0, colour(ui.visuals(), signed, value, 1.0));
        }
        let outline = egui::Stroke::new(1.0, p.line);
        ui.painter().rect_stroke(rect, 0, outline, egui::StrokeKind::Outside);
        ui.label(RichText::new(ends[1]).small());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_has_its_place_on_the_sheet() {
        for (inputs, h, w) in [(1, 3, 3), (32, 3, 3), (5, 1, 1), (7, 4, 4)] {
            let size = inputs * h * w;
            let values: Vec<f32> = (0..2 * size).map(|i| i as f32).collect();
            let filters = Filters { h, w, inputs, units: 2, values };
            let (_, (rows, columns)) = sheet(&filters);
            let mut seen: Vec<f32> =
                (0..rows * columns).filter_map(|i| on_sheet(&filters, 1, i)).collect();
            seen.sort_by(f32::total_cmp);
            let wanted: Vec<f32> = (size..2 * size).map(|i| i as f32).collect();
            assert_eq!(seen, wanted, "{inputs} {h} {w}");
        }
    }
}

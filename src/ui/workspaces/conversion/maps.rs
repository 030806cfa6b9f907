//! All maps of a layer as one picture, and the unit that the pointer is on, marked.

use egui::accesskit::Role;
use egui::{Color32, Id, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use super::pictures::unit_name;
use crate::core::decision::first_max;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;
use crate::workers::conversion::StageView;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Of the original, in thresholds.
    Activations,
    /// Spikes per step.
    Rates,
}

/// A mark is at least so large, points: a unit can be smaller than a pixel.
const MARK: f32 = 9.0;

/// How maps are laid out: rows and columns of maps, and the size of one.
struct Grid {
    across: usize,
    down: usize,
    h: usize,
    w: usize,
}

impl Grid {
    /// As large as fits into `room`.
    fn of([h, w, c]: [usize; 3], room: Vec2) -> Self {
        let grid = |across: usize| Self { across, down: c.div_ceil(across), h, w };
        let scale = |across: &usize| {
            let (rows, columns) = grid(*across).size();
            (room.x / columns as f32).min(room.y / rows as f32)
        };
        // Of several, the most columns: maps in few rows.
        grid((1..=c).max_by(|a, b| scale(a).total_cmp(&scale(b))).unwrap_or(1))
    }

    fn gap(&self) -> usize {
        usize::from(self.h > 1)
    }

    /// Pixels of the whole, one between maps.
    fn size(&self) -> (usize, usize) {
        (self.down * (self.h + self.gap()), self.across * (self.w + self.gap()))
    }

    /// The unit at a pixel: its place in the order y, x, channel.
    fn place(&self, pixel: usize, [_, w, c]: [usize; 3]) -> Option<usize> {
        let gap = self.gap();
        let (row, column) = (pixel / self.size().1, pixel % self.size().1);
        let (y, x) = (row % (self.h + gap), column % (self.w + gap));
        let channel = row / (self.h + gap) * self.across + column / (self.w + gap);
        (y < self.h && x < self.w && channel < c).then(|| (y * w + x) * c + channel)
    }

    /// Row and column of a unit.
    fn pixel(&self, place: usize, [_, w, c]: [usize; 3]) -> (usize, usize) {
        let (y, x, channel) = (place / c / w, place / c % w, place % c);
        let (down, across) = (channel / self.across, channel % self.across);
        (down * (self.h + self.gap()) + y, across * (self.w + self.gap()) + x)
    }
}

/// The maps as they were drawn.
pub struct Maps<'a> {
    what: What,
    stage: &'a StageView,
    values: Vec<f32>,
    grid: Grid,
    rect: Rect,
    pub response: Response,
    /// The unit under the pointer.
    pub pointed: Option<usize>,
}

impl<'a> Maps<'a> {
    /// Draws all maps of a stage; `values` by unit, 1 the brightest.
    pub fn show(
        ui: &mut Ui,
        (what, stamp): (What, u64),
        stage: &'a StageView,
        values: Vec<f32>,
        height: f32,
    ) -> Self {
        let grid = Grid::of(stage.output, vec2(ui.available_width(), height));
        let (h, w) = grid.size();
        let scale = (ui.available_width() / w as f32).min(height / h as f32);
        let size = vec2(w as f32, h as f32) * scale;
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
        let rect = Rect::from_min_size(rect.min, size);
        let visuals = ui.visuals().clone();
        let background = palette(&visuals).background;
        // Shades are looked up: a picture of 40,000 units is made anew in every step.
        let shades = std::cell::OnceCell::new();
        let colour = |pixel: usize| -> Color32 {
            let shades: &Vec<Color32> = shades.get_or_init(|| {
                (0..=255u8).map(|k| theme::sequential(&visuals, f32::from(k) / 255.0)).collect()
            });
            let shade = |place: usize| shades[(values[place].clamp(0.0, 1.0) * 255.0) as usize];
            grid.place(pixel, stage.output).map_or(background, shade)
        };
        picture::paint(ui, Id::unique(("conversion", what)), stamp, rect, (h, w), colour);
        let pointer = response.hover_pos();
        let pointed = pointer
            .and_then(|p| picture::cell(rect, (h, w), p))
            .and_then(|(row, column)| grid.place(row * w + column, stage.output));
        Self { what, stage, values, grid, rect, response, pointed }
    }

    /// Marks a unit, and says to who cannot see it what there is.
    pub fn mark(&self, ui: &Ui, unit: Option<usize>, step: usize) {
        self.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, self.said(unit, step)));
        let Some(place) = unit else { return };
        let (h, w) = self.grid.size();
        let cell = self.rect.size() / vec2(w as f32, h as f32);
        let (row, column) = self.grid.pixel(place, self.stage.output);
        let at = self.rect.min + vec2(column as f32 + 0.5, row as f32 + 0.5) * cell;
        let mark = Rect::from_center_size(at, (cell + Vec2::splat(3.0)).max(Vec2::splat(MARK)));
        // Two colours, so that it is seen on dark and bright units.
        let p = palette(ui.visuals());
        ui.painter().rect_stroke(mark, 2.0, Stroke::new(3.5, p.background), StrokeKind::Middle);
        ui.painter().rect_stroke(mark, 2.0, Stroke::new(1.5, p.accent), StrokeKind::Middle);
    }

    fn said(&self, unit: Option<usize>, step: usize) -> String {
        let [h, w, c] = self.stage.output;
        let units =
            if h * w == 1 { format!("{c} units") } else { format!("{c} maps of {h} by {w} units") };
        let active = self.values.iter().filter(|v| **v > 0.0).count();
        let percent = 100.0 * active as f32 / self.values.len().max(1) as f32;
        let most = first_max(&self.values)
            .filter(|k| self.values[*k] > 0.0)
            .map(|k| (self.values[k], unit_name(self.stage, k)));
        let name = &self.stage.name;
        let mut text = match self.what {
            What::Activations => {
                format!("Activations of {name}, {units}: {percent:.0} % above zero")
            }
            What::Rates => {
                format!("Rates of {name} after {step} steps, {units}: {percent:.0} % have spiked")
            }
        };
        if let Some((value, of)) = most {
            let lambda = if self.what == What::Activations { " λ" } else { "" };
            text += &format!("; the largest {value:.3}{lambda}, {of}");
        }
        if let Some(place) = unit {
            let value = self.values.get(place).copied().unwrap_or(0.0);
            text += &format!(". Marked: {}, {value:.3}", unit_name(self.stage, place));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_where_it_was_pointed_at() {
        for output in [[24, 24, 32], [1, 1, 128], [3, 5, 7]] {
            let grid = Grid::of(output, vec2(430.0, 300.0));
            for place in 0..output.iter().product() {
                let (row, column) = grid.pixel(place, output);
                assert_eq!(grid.place(row * grid.size().1 + column, output), Some(place));
            }
        }
    }
}

//! All maps of a layer as one picture, and the unit that the pointer is on, marked.

use egui::accesskit::Role;
use egui::{
    Color32, Id, Rect, Response, Sense, Stroke, StrokeKind, TextureOptions, Ui, Vec2, WidgetInfo,
    vec2,
};

use super::pictures::unit_name;
use crate::core::decision::first_max;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;
use crate::ui::widgets::tiles::{self, Tiles};
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

/// The maps of a layer in `room`, from its corner on and as large as fits: one number's
/// width between two maps, none between units that are no maps. Of several ways to lay
/// them out, the one with the most columns: maps in few rows.
fn laid_out([h, w, c]: [usize; 3], room: Rect) -> Tiles {
    let gap = usize::from(h > 1);
    let size = |columns: usize| {
        vec2((columns * (w + gap)) as f32, (c.div_ceil(columns) * (h + gap)) as f32)
    };
    let scale = |columns: usize| (room.size() / size(columns)).min_elem();
    let columns = tiles::most_columns(c, scale);
    let step = vec2((w + gap) as f32, (h + gap) as f32) * scale(columns);
    Tiles::new(room.min, step, gap as f32 * scale(columns), columns, c)
}

/// The maps as they were drawn.
pub struct Maps<'a> {
    what: What,
    stage: &'a StageView,
    values: Vec<f32>,
    tiles: Tiles,
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
        let (room, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
        let tiles = laid_out(stage.output, room);
        let [h, w, c] = stage.output;
        let visuals = ui.visuals().clone();
        ui.painter().rect_filled(tiles.area, 0, palette(&visuals).background);
        let stamp = picture::stamp((stamp, tiles.columns, visuals.dark_mode));
        let id = Id::unique(("conversion", what));
        let texture = picture::texture(ui.ctx(), id, stamp, TextureOptions::NEAREST, || {
            // Shades are looked up: a picture of 40,000 units is made anew in every step.
            let shades: Vec<Color32> =
                (0..=255u8).map(|k| theme::sequential(&visuals, f32::from(k) / 255.0)).collect();
            tiles::image([h, w], tiles.columns, c, |channel, y, x| {
                let value = values[(y * w + x) * c + channel];
                shades[(value.clamp(0.0, 1.0) * 255.0) as usize]
            })
        });
        tiles.paint(ui, &texture);
        let under = response.hover_pos().and_then(|at| tiles.at(at, [h, w]));
        let pointed = under.map(|(channel, y, x)| (y * w + x) * c + channel);
        Self { what, stage, values, tiles, response, pointed }
    }

    /// Marks a unit, and says to who cannot see it what there is.
    pub fn mark(&self, ui: &Ui, unit: Option<usize>, step: usize) {
        self.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, self.said(unit, step)));
        let Some(place) = unit else { return };
        let [h, w, c] = self.stage.output;
        let cell = picture::rect(self.tiles.of(place % c), (h, w), (place / c / w, place / c % w));
        let size = (cell.size() + Vec2::splat(3.0)).max(Vec2::splat(MARK));
        let mark = Rect::from_center_size(cell.center(), size);
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
    use egui::pos2;

    use super::*;

    #[test]
    fn a_unit_is_where_it_was_pointed_at() {
        let room = Rect::from_min_size(pos2(20.0, 10.0), vec2(430.0, 300.0));
        for [h, w, c] in [[24, 24, 32], [1, 1, 128], [3, 5, 7]] {
            let tiles = laid_out([h, w, c], room);
            assert!(room.expand(0.01).contains_rect(tiles.area));
            for (channel, y, x) in [(0, 0, 0), (c / 2, h / 2, w - 1), (c - 1, h - 1, 0)] {
                let unit = picture::rect(tiles.of(channel), (h, w), (y, x));
                assert_eq!(tiles.at(unit.center(), [h, w]), Some((channel, y, x)));
            }
        }
        // Of equally large ones, the widest.
        assert_eq!(
            laid_out([1, 1, 128], Rect::from_min_size(pos2(0.0, 0.0), vec2(9.0, 9.0))).columns,
            12
        );
    }
}

//! All receptive fields beside each other: one texture, painted on the worker.

use std::sync::Arc;

use egui::{Color32, ColorImage, Id, Rect, Sense, Stroke, TextureOptions, Ui, Vec2, pos2, vec2};

use super::SpikingEdit;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;
use crate::workers::spiking::fields::Look;
use crate::workers::spiking::view::Fields;

/// Where the neurons' pictures stand.
#[derive(Clone, Copy)]
pub struct Places {
    pub area: Rect,
    columns: usize,
    tile: f32,
    count: usize,
}

impl Places {
    /// As large as fits into `room`; a little smaller where that makes a whole
    /// rectangle.
    pub fn within(room: Rect, count: usize) -> Self {
        let tile = |c: usize| -> f32 {
            let rows = count.div_ceil(c).max(1);
            (room.width() / c as f32).min(room.height() / rows as f32)
        };
        let larger = |a: &usize, b: &usize| tile(*a).total_cmp(&tile(*b));
        let largest = (1..=count).max_by(larger).unwrap_or(1);
        let whole = (1..=count).filter(|c| count.is_multiple_of(*c)).max_by(larger);
        let columns = whole.filter(|c| tile(*c) > 0.9 * tile(largest)).unwrap_or(largest);
        let tile = tile(columns);
        let rows = count.div_ceil(columns);
        let size = vec2(tile * columns as f32, tile * rows as f32);
        Self { area: Rect::from_min_size(room.min, size), columns, tile, count }
    }

    /// Where a neuron stands.
    pub fn of(&self, neuron: usize) -> Rect {
        let at = vec2((neuron % self.columns) as f32, (neuron / self.columns) as f32) * self.tile;
        Rect::from_min_size(self.area.min + at, Vec2::splat(self.tile))
    }

    /// The neuron there.
    pub fn at(&self, point: egui::Pos2) -> Option<usize> {
        let d = (point - self.area.min) / self.tile;
        let neuron = d.y.max(0.0) as usize * self.columns + (d.x.max(0.0) as usize);
        (self.area.contains(point) && (d.x as usize) < self.columns && neuron < self.count)
            .then_some(neuron)
    }
}

/// What the hand does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Touched {
    pub hovered: Option<usize>,
    pub clicked: Option<usize>,
}

/// Draws the fields into `room`, marked where `marked`; asks for them to be painted
/// in this arrangement, if they are not yet.
pub fn show(
    ui: &mut Ui,
    id: Id,
    fields: &Fields,
    room: Rect,
    marked: &[(usize, Color32)],
    out: &mut Outbox,
) -> (Places, Touched) {
    let labels = &fields.learnt.labels;
    let places = Places::within(room, labels.len());
    let response = ui.interact(places.area, id, Sense::click());
    let label = format!("Receptive fields of {} neurons", labels.len());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::ListBox, true, label.as_str())
    });
    let wanted = picture::stamp((ui.visuals().dark_mode, places.columns, labels.len()));
    if fields.picture.look != wanted {
        out.push(SpikingEdit::Look(look(ui, wanted, places.columns)));
    }
    let drawn = &fields.picture;
    if drawn.columns == places.columns && !drawn.rgba.is_empty() {
        let options =
            TextureOptions { minification: egui::TextureFilter::Linear, ..TextureOptions::NEAREST };
        let texture =
            picture::texture(ui.ctx(), id.with("texture"), fields.version, options, || {
                ColorImage::from_rgba_premultiplied(drawn.size, &drawn.rgba)
            });
        picture::whole(ui, &texture, places.area);
    }
    grid(ui, &places);
    tags(ui, &places, labels);
    let painter = ui.painter();
    let mark = |neuron: usize, colour: Color32, width: f32| {
        let stroke = Stroke::new(width, colour);
        painter.rect_stroke(places.of(neuron), 1, stroke, egui::StrokeKind::Outside);
    };
    for (neuron, colour) in marked {
        mark(*neuron, *colour, 2.5);
    }
    let hovered = response.hover_pos().and_then(|at| places.at(at));
    if let Some(neuron) = hovered {
        mark(neuron, palette(ui.visuals()).text, 2.0);
    }
    let clicked = response
        .clicked()
        .then(|| response.interact_pointer_pos().and_then(|at| places.at(at)))
        .flatten();
    (places, Touched { hovered, clicked })
}

/// The colours of the theme, for the worker.
fn look(ui: &Ui, stamp: u64, columns: usize) -> Arc<Look> {
    let ramp = |digit: Option<u8>| {
        std::array::from_fn(|i| theme::field(ui.visuals(), digit, i as f32 / 255.0).to_array())
    };
    let ramps = Arc::new(std::array::from_fn(|d| ramp((d < 10).then_some(d as u8))));
    Arc::new(Look { stamp, columns, ramps })
}

fn grid(ui: &Ui, places: &Places) {
    if places.tile < 12.0 {
        return;
    }
    let (p, area) = (palette(ui.visuals()), places.area);
    let stroke = Stroke::new(1.0, p.background);
    let rows = places.count.div_ceil(places.columns);
    for c in 1..places.columns {
        let x = area.left() + c as f32 * places.tile;
        ui.painter().vline(x, area.y_range(), stroke);
    }
    for r in 1..rows {
        let y = area.top() + r as f32 * places.tile;
        ui.painter().hline(area.x_range(), y, stroke);
    }
}

/// The digits that the neurons stand for, where there is room.
fn tags(ui: &Ui, places: &Places, labels: &[Option<u8>]) {
    if places.tile < 22.0 {
        return;
    }
    let size = (places.tile * 0.3).clamp(9.0, 14.0);
    let p = palette(ui.visuals());
    for (neuron, label) in labels.iter().enumerate() {
        let Some(digit) = label else { continue };
        let hue = theme::digit_hue(ui.visuals(), Some(*digit));
        let galley = ui.painter().layout_no_wrap(digit.to_string(), theme::strong(size), hue);
        let at = pos2(places.of(neuron).left() + 2.0, places.of(neuron).top());
        let ground = Rect::from_min_size(at, galley.size());
        ui.painter().rect_filled(ground.shrink2(vec2(-1.0, 1.0)), 2, p.card.gamma_multiply(0.6));
        ui.painter().galley(at, galley, hue);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_neuron_is_found_where_it_stands() {
        let room = Rect::from_min_size(pos2(10.0, 20.0), vec2(500.0, 400.0));
        for count in [1, 25, 100, 399, 6400] {
            let places = Places::within(room, count);
            assert!(room.expand(0.1).contains_rect(places.area));
            for neuron in [0, count / 2, count - 1] {
                assert_eq!(places.at(places.of(neuron).center()), Some(neuron));
            }
            assert_eq!(places.at(pos2(0.0, 0.0)), None);
        }
    }
}

//! All receptive fields beside each other: one texture, painted on the worker.

use std::sync::Arc;

use egui::{Color32, ColorImage, Id, Rect, Sense, Stroke, TextureOptions, Ui, Vec2, pos2, vec2};

use super::SpikingEdit;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;
use crate::ui::widgets::tiles::{self, Tiles};
use crate::workers::spiking::fields::FieldColours;
use crate::workers::spiking::view::Fields;

/// As large as fits into `room`; a little smaller where that makes a whole rectangle.
pub fn within(room: Rect, count: usize) -> Tiles {
    let (columns, tile) = tiles::arrange(count, 1.0, room.size());
    let rows = |columns: usize| count.div_ceil(columns) as f32;
    let side = |columns: usize| (room.width() / columns as f32).min(room.height() / rows(columns));
    let most = count.min(tiles::MOST_ACROSS);
    let whole = tiles::columns(most, |c| if count.is_multiple_of(c) { side(c) } else { 0.0 });
    let (columns, side) =
        if side(whole) > 0.9 * tile.x { (whole, side(whole)) } else { (columns, tile.x) };
    Tiles::new(room.min, Vec2::splat(side), 0.0, columns, count)
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
) -> (Tiles, Touched) {
    let labels = &fields.learnt.labels;
    let places = within(room, labels.len());
    let response = ui.interact(places.area, id, Sense::click());
    let label = format!("Receptive fields of {} neurons", labels.len());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::ListBox, true, label.as_str())
    });
    let wanted = picture::stamp((ui.visuals().dark_mode, places.columns, labels.len()));
    if fields.picture.look != wanted {
        out.push(SpikingEdit::FieldColours(look(ui, wanted, places.columns)));
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
    let neuron = |at| places.at(at, [1, 1]).map(|(neuron, ..)| neuron);
    let hovered = response.hover_pos().and_then(neuron);
    if let Some(neuron) = hovered {
        mark(neuron, palette(ui.visuals()).text, 2.0);
    }
    let clicked =
        response.clicked().then(|| response.interact_pointer_pos().and_then(neuron)).flatten();
    (places, Touched { hovered, clicked })
}

/// The colours of the theme, for the worker.
fn look(ui: &Ui, stamp: u64, columns: usize) -> Arc<FieldColours> {
    let ramp = |digit: Option<u8>| {
        std::array::from_fn(|i| theme::field(ui.visuals(), digit, i as f32 / 255.0).to_array())
    };
    let ramps = Arc::new(std::array::from_fn(|d| ramp((d < 10).then_some(d as u8))));
    Arc::new(FieldColours { stamp, columns, ramps })
}

fn grid(ui: &Ui, places: &Tiles) {
    if places.step.x < 12.0 {
        return;
    }
    let (p, area) = (palette(ui.visuals()), places.area);
    let stroke = Stroke::new(1.0, p.background);
    for c in 1..places.columns {
        let x = area.left() + c as f32 * places.step.x;
        ui.painter().vline(x, area.y_range(), stroke);
    }
    for r in 1..places.rows() {
        let y = area.top() + r as f32 * places.step.x;
        ui.painter().hline(area.x_range(), y, stroke);
    }
}

/// The digits that the neurons stand for, where there is room.
fn tags(ui: &Ui, places: &Tiles, labels: &[Option<u8>]) {
    if places.step.x < 22.0 {
        return;
    }
    let size = (places.step.x * 0.3).clamp(9.0, 14.0);
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
    fn neurons_take_the_room_and_make_a_rectangle_where_they_can() {
        let room = Rect::from_min_size(pos2(10.0, 20.0), vec2(500.0, 400.0));
        for count in [1, 25, 100, 399, 6400] {
            let places = within(room, count);
            assert!(room.expand(0.1).contains_rect(places.area));
            for neuron in [0, count / 2, count - 1] {
                let at = places.of(neuron).center();
                assert_eq!(places.at(at, [1, 1]), Some((neuron, 0, 0)));
            }
        }
        assert_eq!(within(room, 400).columns * within(room, 400).rows(), 400);
    }
}

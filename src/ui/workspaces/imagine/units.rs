//! What units look for and draw.

use egui::accesskit::Role;
use egui::{Id, RichText, Sense, Stroke, StrokeKind, TextureOptions, Ui, WidgetInfo, vec2};

use super::settings::Seen;
use super::view::has_network;
use super::{ImagineEdit, World};
use crate::core::csv::{self, row};
use crate::data::{Pixels, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::tiles::{self, Tiles};
use crate::ui::widgets::{figure, picture};

/// Each set of weights, and what it is.
pub const SETS: [(Seen, &str, &str); 3] = [
    (Seen::Draws, "h1 draws", "Weights from each unit of h1 to the pixels: what it draws"),
    (Seen::Sees, "h1 sees", "Weights from the pixels to each unit of h1: what it looks for"),
    (
        Seen::Above,
        "h2 draws",
        "What each unit of h2 adds to the picture when it is at 1 instead of 0, all others as usual",
    ),
];

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !has_network(ui, world) {
        return;
    }
    let units = &world.room.units;
    let kept = &world.room.kept;
    let all = match kept.seen {
        Seen::Sees => &units.sees,
        Seen::Draws => &units.draws,
        Seen::Above => &units.above,
    };
    if all.is_empty() {
        ui.label("The units are being looked at …");
        return;
    }
    let from = ui.next_widget_position();
    figure::controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            for (seen, name, doc) in SETS {
                if ui.selectable_label(seen == kept.seen, name).on_hover_text(doc).clicked() {
                    out.push(ImagineEdit::Seen(seen));
                }
            }
        });
    });
    let doc = SETS.iter().find(|(seen, ..)| *seen == kept.seen).map_or("", |(_, _, doc)| doc);
    let text = format!("{doc}. {} units; orange adds ink, blue takes it away.", all.len());
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    let room = vec2(ui.available_width(), ui.available_height() - 42.0);
    let (rect, response) = ui.allocate_exact_size(room, Sense::click());
    let most = ui.input(|i| i.max_texture_side) / SIDE;
    let (columns, size) = tiles::arrange_up_to(most, all.len(), 1.0, room);
    let gap = (size.x * 0.05).clamp(1.0, 6.0);
    let tiles = Tiles::new(rect.min, size, gap, columns, all.len());
    let visuals = ui.visuals().clone();
    let model = units.model.as_ref().map_or(0, |m| std::sync::Arc::as_ptr(m) as usize);
    let stamp = picture::stamp((model, kept.seen as u8, columns, visuals.dark_mode));
    let id = Id::unique("units");
    let options = TextureOptions::NEAREST;
    let texture = picture::texture(ui.ctx(), id, stamp, options, || {
        let most: Vec<f32> = all.iter().map(largest).collect();
        tiles::image([SIDE, SIDE], columns, all.len(), |i, y, x| {
            theme::diverging(&visuals, all[i][y * SIDE + x] / most[i])
        })
    });
    tiles.paint(ui, &texture);
    let unit = kept.unit.min(all.len() - 1);
    let edge = Stroke::new(2.5, palette(&visuals).accent);
    ui.painter().rect_stroke(tiles.of(unit), 2, edge, StrokeKind::Outside);
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, format!("{} units, {unit} chosen", all.len()))
    });
    let under = response.hover_pos().and_then(|at| tiles.at(at, [1, 1]));
    if let Some((i, _, _)) = under {
        if response.clicked() {
            out.push(ImagineEdit::Unit(i));
        }
        response.on_hover_text_at_pointer(format!("unit {i}; click to look at it"));
    }
    figure::save_below(ui, out, "imagine-units", from, || {
        let rows = all.iter().enumerate().flat_map(|(unit, weights)| {
            weights.iter().enumerate().map(move |(i, w)| row![unit, i, w])
        });
        csv::text(row!["unit", "pixel", "weight"], rows)
    });
}

/// The largest size of a weight.
pub fn largest(weights: &Pixels) -> f32 {
    weights.iter().fold(1e-9f32, |m, v| m.max(v.abs()))
}

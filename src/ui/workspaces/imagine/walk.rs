//! From one digit to another, at three depths.

use egui::{Align2, Id, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::World;
use super::complete::{ink, place};
use super::view::has_network;
use crate::core::csv::{self, row};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{digit_view, figure, page, sources};

/// The three ways, from the picture up.
const WAYS: [(&str, &str); 3] = [
    ("Through the pixels", "A cross-fade: one digit fades while the other appears."),
    ("Through h1", "Strokes change one by one."),
    ("Through h2", "The whole digit changes its shape."),
];

/// Small pictures of a way at most.
const MOST: usize = 13;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !has_network(ui, world) {
        return;
    }
    if world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    let walk = &world.room.walk;
    let frames = walk.ways[0].len();
    if frames == 0 {
        ui.label("The walk is being made …");
        return;
    }
    let at = (world.room.bars[2].at() as usize).min(frames - 1);
    let from = ui.next_widget_position();
    let share = 100.0 * at as f32 / (frames - 1).max(1) as f32;
    let text = format!("Frame {at} of {}: {share:.0} % of the way", frames - 1);
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let p = palette(ui.visuals());
    let small = page::small(ui);
    let names = WAYS.map(|(name, _)| name);
    let which = if small { page::choose(ui, "imagine walk", &names) } else { 0 };
    let room = ui.available_height() - 46.0;
    for (number, (name, see)) in WAYS.iter().enumerate() {
        if small && which != number {
            continue;
        }
        ui.label(RichText::new(format!("{name}. {see}")).small().color(p.weak));
        let height = if small { room - 24.0 } else { room / 3.0 - 26.0 };
        let large = height.clamp(60.0, ui.available_width() * 0.3);
        ui.horizontal(|ui| {
            let pixels = &walk.ways[number][at];
            let id = Id::unique(("walk", number));
            let label = format!("{name}: the picture at this frame");
            digit_view::show(ui, id, large, &label, |i| pixels[i], Sense::hover());
            let gap = 5.0;
            let shown = frames.min(if small { MOST / 2 } else { MOST });
            let width = ui.available_width();
            let side = ((width + gap) / shown as f32 - gap).clamp(12.0, large);
            let size = vec2(shown as f32 * (side + gap) - gap, large);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            let rect = rect.translate(Vec2::new(0.0, (large - side) / 2.0));
            for place_in_row in 0..shown {
                let frame = place_in_row * (frames - 1) / (shown - 1).max(1);
                let tile = place(rect, place_in_row, side, gap);
                ink(
                    ui,
                    Id::unique(("walk", number, place_in_row)),
                    tile,
                    &walk.ways[number][frame],
                );
                if frame == at {
                    let edge = Stroke::new(2.0, p.accent);
                    ui.painter().rect_stroke(tile.expand(2.0), 4, edge, StrokeKind::Outside);
                }
                if number == 2 && !small && (place_in_row == 0 || place_in_row + 1 == shown) {
                    let text = if place_in_row == 0 { "from" } else { "to" };
                    let below = pos2(tile.center().x, tile.bottom() + 3.0);
                    ui.painter().text(
                        below,
                        Align2::CENTER_TOP,
                        text,
                        theme::regular(12.0),
                        p.weak,
                    );
                }
            }
        });
    }
    figure::save_below(ui, out, "imagine-walk", from, || {
        let ways = ["pixels", "h1", "h2"].into_iter().zip(&walk.ways);
        let rows = ways.flat_map(|(way, pictures)| {
            pictures.iter().enumerate().flat_map(move |(frame, picture)| {
                picture.iter().enumerate().map(move |(i, v)| row![way, frame, i, v])
            })
        });
        csv::text(row!["way", "frame", "pixel", "intensity"], rows)
    });
}

//! Digits out of nothing, and who judges them.

use egui::accesskit::Role;
use egui::{Id, RichText, Sense, Stroke, StrokeKind, TextureOptions, Ui, Vec2, WidgetInfo, vec2};

use super::view::has_network;
use super::{ImagineEdit, World};
use crate::core::csv::{self, row};
use crate::data::{Pixels, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::tiles::{self, Tiles};
use crate::ui::widgets::{digit_view, figure, page, picture};
use crate::workers::imagine::dream::{Nearest, Verdict};

/// Certainty from which on the networks count as sure, as in `spikescope imagine --judge`.
const SURE: f32 = 0.5;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !has_network(ui, world) {
        return;
    }
    let Some((step, pictures)) = world.room.dreamed() else {
        ui.label("The network dreams …");
        return;
    };
    let judged = &world.room.judged;
    let verdicts = (judged.of == (world.room.dreams.number, step)).then_some(&judged.verdicts[..]);
    let from = ui.next_widget_position();
    ui.label(RichText::new(headline(world, step, verdicts)).font(theme::strong(13.5)));
    let small = page::small(ui);
    let which = if small { page::choose(ui, "imagine dream", &["All", "One"]) } else { 0 };
    let chosen = world.room.kept.dream.chosen.min(pictures.len().saturating_sub(1));
    let room = vec2(ui.available_width(), ui.available_height() - 42.0);
    let verdict = verdicts.and_then(|v| v.get(chosen));
    if small {
        match which {
            0 => sheet(ui, world, (step, pictures), chosen, room, out),
            _ => one(ui, (chosen, &pictures[chosen]), verdict, room),
        }
    } else {
        ui.horizontal_top(|ui| {
            let side = 190.0;
            let size = vec2(room.x - side - 12.0, room.y);
            ui.allocate_ui(size, |ui| sheet(ui, world, (step, pictures), chosen, size, out));
            let size = vec2(side, room.y);
            ui.allocate_ui(size, |ui| one(ui, (chosen, &pictures[chosen]), verdict, size));
        });
    }
    figure::save_below(ui, out, "imagine-dream", from, || csv(pictures, verdicts));
}

/// How the dreams are judged, in words.
fn headline(world: &World<'_>, step: usize, verdicts: Option<&[Verdict]>) -> String {
    let last = world.room.dreams.steps.len().saturating_sub(1);
    let Some(verdicts) = verdicts.filter(|v| !v.is_empty()) else {
        return format!("Step {step} of {last}: being judged …");
    };
    let n = verdicts.len() as f32;
    let sure = verdicts.iter().filter(|v| v.certainty >= SURE).count();
    let wished = world.room.kept.dream.class.map_or_else(String::new, |class| {
        let right = verdicts.iter().filter(|v| v.class == class).count();
        format!("{right} of {} read as {class}; ", verdicts.len())
    });
    let far =
        verdicts.iter().filter_map(|v| v.nearest.as_ref()).map(|near| near.far).sum::<f32>() / n;
    format!(
        "Step {step} of {last}: {wished}ten networks are more than half sure of {sure} of {}; mean squared distance to the nearest training digit {far:.3}",
        verdicts.len()
    )
}

/// All pictures; a click chooses one.
fn sheet(
    ui: &mut Ui,
    world: &World<'_>,
    (step, pictures): (usize, &[Pixels]),
    chosen: usize,
    room: Vec2,
    out: &mut Outbox,
) {
    let (rect, response) = ui.allocate_exact_size(room, Sense::click());
    if pictures.is_empty() {
        return;
    }
    let (columns, size) = tiles::arrange(pictures.len(), 1.0, room);
    let gap = (size.x * 0.06).clamp(1.0, 6.0);
    let tiles = Tiles::new(rect.min, size, gap, columns, pictures.len());
    let visuals = ui.visuals().clone();
    let stamp = picture::stamp((world.room.dreams.number, step, columns, visuals.dark_mode));
    let id = Id::unique("dreams");
    let texture = picture::texture(ui.ctx(), id, stamp, TextureOptions::NEAREST, || {
        tiles::image([SIDE, SIDE], columns, pictures.len(), |i, y, x| {
            theme::ink(&visuals, pictures[i][y * SIDE + x])
        })
    });
    tiles.paint(ui, &texture);
    let edge = Stroke::new(2.5, palette(&visuals).accent);
    ui.painter().rect_stroke(tiles.of(chosen), 2, edge, StrokeKind::Outside);
    response.widget_info(|| {
        let text = format!("{} dreamed digits, number {chosen} chosen", pictures.len());
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let under = response.hover_pos().and_then(|at| tiles.at(at, [1, 1]));
    if let Some((i, _, _)) = under {
        if response.clicked() {
            out.push(ImagineEdit::Choose(i));
        }
        response.on_hover_text_at_pointer(format!("dream {i}; click to look at it"));
    }
}

/// The chosen one, and what it is taken for.
fn one(ui: &mut Ui, (number, pixels): (usize, &Pixels), verdict: Option<&Verdict>, room: Vec2) {
    let p = palette(ui.visuals());
    let side = room.x.min((room.y - 120.0) / 2.0).clamp(50.0, 260.0);
    ui.vertical(|ui| {
        let small = |text: String| RichText::new(text).small().color(p.weak);
        ui.label(small(format!("Dream {number}")));
        let id = Id::unique("chosen dream");
        digit_view::show(ui, id, side, "The chosen dream", |i| pixels[i], Sense::hover());
        let Some(verdict) = verdict else { return };
        let sure = 100.0 * verdict.certainty;
        ui.label(format!("Ten networks: {}, {sure:.0} %", verdict.class));
        let Some(near) = &verdict.nearest else { return };
        ui.add_space(4.0);
        ui.label(small(format!("Nearest training digit: a {}", near.label)));
        let id = Id::unique("nearest digit");
        let picture = &near.picture;
        let said = "The nearest training digit";
        digit_view::show(ui, id, side, said, |i| picture[i], Sense::hover());
        ui.label(small(format!("mean squared distance {:.4}", near.far)));
    });
}

/// A row for each dream.
fn csv(pictures: &[Pixels], verdicts: Option<&[Verdict]>) -> String {
    let mut headings = row!["dream", "class", "certainty", "nearest", "nearest_mse"].to_vec();
    headings.extend((0..SIDE * SIDE).map(|i| format!("x{i}")));
    let rows = pictures.iter().enumerate().map(|(i, picture)| {
        let verdict = verdicts.and_then(|v| v.get(i));
        let of = |f: &dyn Fn(&Verdict) -> String| verdict.map_or_else(String::new, f);
        let nearest = |f: &dyn Fn(&Nearest) -> String| {
            verdict.and_then(|v| v.nearest.as_ref()).map_or_else(String::new, f)
        };
        let mut line = vec![
            i.to_string(),
            of(&|v| v.class.to_string()),
            of(&|v| v.certainty.to_string()),
            nearest(&|near| near.number.to_string()),
            nearest(&|near| near.far.to_string()),
        ];
        line.extend(picture.iter().map(f32::to_string));
        line
    });
    csv::text(headings, rows)
}

//! The column on the left: the digit as the networks see it, with the receptive
//! field of the unit under the pointer; the canvas; the answer.

use std::sync::Arc;

use egui::{Color32, Rect, RichText, Sense, Stroke, Ui, Vec2, pos2, vec2};

use super::World;
use super::settings::FieldsTab;
use crate::ann::inspect::receptive::Region;
use crate::core::decision::leading;
use crate::core::text::short;
use crate::data::{CLASSES, SIDE};
use crate::ui::command::{DigitEdit, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{canvas, digit_view, picture, sources, tip};
use crate::workers::inspect::{Inspection, Part};

/// Draws the column, `width` points wide.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let (inspection, width) = (&*world.room.inspection, ui.available_width());
    ui.spacing_mut().item_spacing.y = 5.0;
    ui.label(RichText::new("What the networks see").font(theme::strong(14.0)));
    let pixels = world.digit.pixels();
    let id = ui.scope_id().with("seen");
    let response = digit_view::show(
        ui,
        id,
        width,
        "The 28 by 28 picture that the networks see",
        |i| pixels[i],
        Sense::hover(),
    );
    let rect = response.rect;
    digit_view::grid(ui, rect);
    let p = palette(ui.visuals());
    ui.painter().rect_stroke(rect, 4, Stroke::new(1.0, p.line), egui::StrokeKind::Outside);
    if let Some((y, x)) = response.hover_pos().and_then(|at| picture::cell(rect, (SIDE, SIDE), at))
    {
        let value = pixels[y * SIDE + x];
        let text = format!("column {x}, row {y}: {value:.2}");
        tip::beside(&response, picture::rect(rect, (SIDE, SIDE), (y, x)), text);
    }
    field(ui, world, inspection, rect);
    drawing(ui, world, width, out);
    answer(ui, world, inspection, width);
}

/// A part of the 28×28 picture on the screen.
fn on_screen(rect: Rect, region: Region) -> Rect {
    let cell = rect.width() / SIDE as f32;
    let corner = rect.min + vec2(region.x as f32, region.y as f32) * cell;
    Rect::from_min_size(corner, vec2(region.w as f32, region.h as f32) * cell)
}

/// Theoretical and effective field of the unit under the pointer or gone into.
fn field(ui: &mut Ui, world: &World<'_>, inspection: &Inspection, rect: Rect) {
    let p = palette(ui.visuals());
    let small = |text: String| RichText::new(text).small();
    let wanted = world.room.hover.or(world.room.kept.unit());
    let wanted = wanted.filter(|_| world.room.kept.tab == FieldsTab::Network);
    let (Some(unit), Some(anatomy)) = (wanted, &inspection.anatomy) else {
        let text = match world.room.kept.tab {
            FieldsTab::Network => "Point at a unit to see which pixels it senses.",
            _ => "",
        };
        return note(ui, rect.width(), small(text.into()).color(p.weak));
    };
    let Some(part) = anatomy.part(unit.layer) else { return };
    let region =
        if part.field.whole { part.field.covered() } else { part.field.at(unit.y, unit.x) };
    let mut text = caption(part, region, unit.channel);
    let known = inspection
        .field
        .as_ref()
        .filter(|(of, _)| (of.layer, of.channel) == (unit.layer, unit.channel));
    if let Some((_, effective)) = known {
        let there = on_screen(rect, region);
        let largest = effective.map.iter().copied().fold(0f32, f32::max);
        let stamp = Arc::as_ptr(effective) as usize as u64;
        let stamp = picture::stamp((stamp, ui.visuals().dark_mode));
        let hue = p.series[1];
        picture::paint(
            ui,
            ui.scope_id().with("effective"),
            stamp,
            there,
            (effective.h, effective.w),
            |i| {
                let share = if largest > 0.0 { effective.map[i] / largest } else { 0.0 };
                hue.gamma_multiply(0.85 * share)
            },
        );
        let [y, x] = effective.sigma;
        text += &format!("; of these it heeds mostly the orange ones (σ {x:.1} × {y:.1} pixels)");
    }
    let outline = on_screen(rect, region);
    ui.painter().rect_stroke(outline, 1, Stroke::new(4.0, p.card), egui::StrokeKind::Middle);
    ui.painter().rect_stroke(outline, 1, Stroke::new(2.2, p.accent), egui::StrokeKind::Middle);
    note(ui, rect.width(), small(text));
}

/// A text with room of its own, so that nothing below it moves.
fn note(ui: &mut Ui, width: f32, text: RichText) {
    let layout = egui::Layout::top_down(egui::Align::Min);
    ui.allocate_ui_with_layout(vec2(width, 48.0), layout, |ui| {
        ui.set_min_height(48.0);
        ui.label(text);
    });
}

fn caption(part: &Part, region: Region, channel: usize) -> String {
    let Region { h, w, .. } = region;
    format!("{}, unit {channel} senses {w}×{h} pixels", part.name)
}

/// The canvas, and where digits come from.
fn drawing(ui: &mut Ui, world: &World<'_>, width: f32, out: &mut Outbox) {
    let side = (width - 94.0).clamp(82.0, 150.0);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 5.0);
        canvas::show(ui, &world.digit, side, out);
        ui.vertical(|ui| {
            ui.spacing_mut().button_padding.x = 4.0;
            let size = Vec2::new(ui.available_width().min(80.0), 26.0);
            let ready = sources::ready(world);
            let button = |ui: &mut Ui, on: bool, text: &str, tip: &str| {
                ui.add_enabled(
                    on,
                    egui::Button::new(text).min_size(size).wrap_mode(egui::TextWrapMode::Extend),
                )
                .on_hover_text(tip)
                .on_disabled_hover_text("Nothing to pick from; see Draw")
                .clicked()
            };
            if button(ui, ready, "Next", "The next digit of the data set (N)") {
                sources::next(world, out, 1);
            }
            if button(ui, ready, "Random", "Any digit of the data set (R)") {
                sources::random(world, out);
            }
            if button(ui, !world.digit.is_blank(), "Clear", "An empty canvas (Del)") {
                out.push(DigitEdit::Clear);
            }
            if button(ui, world.digit.can_undo(), "Undo", "Take the last change back (Ctrl+Z)") {
                out.push(DigitEdit::Undo);
            }
        });
    });
}

/// The model's probabilities as bars; of many classes those of the ten most probable ones.
fn answer(ui: &mut Ui, world: &World<'_>, inspection: &Inspection, width: f32) {
    let p = palette(ui.visuals());
    let Some(anatomy) = inspection.anatomy.as_ref().filter(|_| !world.digit.is_blank()) else {
        ui.label(
            RichText::new("Draw a digit: it flows through the network at once.").color(p.weak),
        );
        return;
    };
    let probabilities = &inspection.probabilities;
    let (best, sure) = crate::core::decision::best(probabilities);
    let name = &anatomy.model.name;
    let classes = &anatomy.model.metadata.classes;
    let said = classes.said(best);
    let text = format!("{name} answers {said}, {:.1} %", sure * 100.0);
    ui.label(RichText::new(text).font(theme::strong(14.0)));
    let (rect, response) = ui.allocate_exact_size(vec2(width, 62.0), Sense::hover());
    let shown = leading(probabilities, CLASSES);
    let step = width / shown.len().max(1) as f32;
    for (place, d) in shown.iter().copied().enumerate() {
        let probability = probabilities.of(d);
        let left = rect.left() + place as f32 * step;
        let well = Rect::from_min_max(
            pos2(left + 1.5, rect.top()),
            pos2(left + step - 1.5, rect.bottom() - 17.0),
        );
        let fill = if Some(d) == best { p.accent } else { theme::blend(p.line, p.accent, 0.35) };
        ui.painter().rect_filled(well, 2, p.well);
        let mut bar = well;
        bar.set_top(well.bottom() - well.height() * probability);
        ui.painter().rect_filled(bar, 2, fill);
        let colour: Color32 = if Some(d) == best { p.text } else { p.weak };
        let at = pos2(well.center().x, rect.bottom() - 8.0);
        let font = theme::strong(12.5);
        let name: String = classes.name(d).chars().take((step / 7.5) as usize).collect();
        let name = if classes.is_digits() { d.to_string() } else { name };
        ui.painter().text(at, egui::Align2::CENTER_CENTER, name, font, colour);
    }
    let cells = (1, shown.len().max(1));
    if let Some((_, place)) = response.hover_pos().and_then(|at| picture::cell(rect, cells, at))
        && let Some(d) = shown.get(place).copied()
    {
        let text = format!("{}: {} %", classes.name(d), short(probabilities.of(d) * 100.0));
        tip::beside(&response, picture::rect(rect, cells, (0, place)), text);
    }
}

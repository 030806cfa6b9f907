//! Why this answer: for each network the pixels that speak for a class and those
//! that speak against it, beside each other.

use std::sync::Arc;

use egui::{Color32, Rect, RichText, ScrollArea, Sense, Stroke, Ui, Vec2, pos2, vec2};

use super::World;
use super::progress;
use super::settings::ReasonMap;
use super::state::{FieldsEdit, Seek};
use super::tint;
use crate::ann::inspect::filters::largest;
use crate::core::decision::best;
use crate::core::text::short;
use crate::data::{PIXELS, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, picture, tiles};
use crate::workers::inspect::Inspection;
use crate::workers::inspect::live::Reason;
use crate::workers::inspect::seek::{Covered, Found};

/// Draws the page.
pub fn show(ui: &mut Ui, world: &World<'_>, inspection: &Inspection, out: &mut Outbox) {
    let view = &world.room.kept;
    figure::controls(ui, |ui| choices(ui, world, out));
    if world.digit.is_blank() {
        ui.add_space(20.0);
        ui.label(
            RichText::new(
                "Draw a digit on the left, and every network tells why it answers as it does.",
            )
            .font(theme::strong(16.0)),
        );
        return;
    }
    if view.reason == ReasonMap::Occlusion {
        figure::controls(ui, |ui| occlusion_controls(ui, world, out));
    }
    let ends = ["against it", "for it"];
    let what = match view.reason {
        ReasonMap::Gradient => "what the ink adds to the logit",
        ReasonMap::Occlusion => "what covering takes from ln p",
    };
    tint::legend(ui, true, what, ends);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        cards(ui, world, inspection);
    });
}

/// Which map, and of which class.
fn choices(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.kept;
    ui.horizontal_wrapped(|ui| {
        for map in [ReasonMap::Gradient, ReasonMap::Occlusion] {
            let tip = match map {
                ReasonMap::Gradient => "The gradient of the class's logit by each pixel, times the pixel: what its ink adds, were the network linear",
                ReasonMap::Occlusion => "A blank square of 5×5 pixels slides over the digit: how much less sure of the class is the network with that part covered?",
            };
            if ui.selectable_label(view.reason == map, map.name()).on_hover_text(tip).clicked() {
                out.push(FieldsEdit::Reason(map));
            }
        }
        ui.spacing_mut().button_padding.x = 7.0;
        ui.separator();
        ui.label("Why");
        let own = ui.selectable_label(view.class.is_none(), "its own answer");
        if own.on_hover_text("Each network is asked about the digit that it answers").clicked() {
            out.push(FieldsEdit::Class(None));
        }
        ui.spacing_mut().item_spacing.x = 2.0;
        let chosen = view.chosen(&world.models);
        let names = chosen.map_or_else(Default::default, |m| m.metadata.classes.clone());
        for d in 0..names.count() {
            let on = view.class == Some(d);
            let name = names.name(d);
            let tip = format!("What speaks for and against a {name}?");
            if ui.selectable_label(on, name).on_hover_text(tip).clicked() {
                out.push(FieldsEdit::Class(Some(d)));
            }
        }
    });
}

/// Begins the search for occlusion maps, and tells when they are of another
/// digit.
fn occlusion_controls(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if world.room.findings.running.is_some() {
        progress::bar(ui, world, out);
        return;
    }
    let known = world.room.findings.occlusion.iter().filter(|f| fits(world, &f.what)).count();
    ui.horizontal_wrapped(|ui| {
        let text = if known == 0 { "Cover the digit, part by part" } else { "Once more" };
        progress::button(ui, world, text, Seek::Occlusion, out);
        if known == 0 && !world.room.findings.occlusion.is_empty() {
            ui.label(RichText::new("The digit or the class has changed since.").small());
        }
    });
}

/// Whether a map is of the current digit and class.
fn fits(world: &World<'_>, covered: &Covered) -> bool {
    covered.version == world.digit.version() && covered.asked == world.room.kept.class
}

/// A card for each model.
fn cards(ui: &mut Ui, world: &World<'_>, inspection: &Inspection) {
    let n = inspection.why.len().max(1);
    let room = ui.available_size();
    let (head, gap) = (40.0, 10.0);
    let columns = tiles::columns(n, |columns| {
        let rows = n.div_ceil(columns) as f32;
        let w = (room.x - gap * (columns - 1) as f32) / columns as f32;
        w.min((room.y - (head + gap) * rows) / rows)
    });
    let rows = n.div_ceil(columns) as f32;
    let side = ((room.x - gap * columns as f32) / columns as f32)
        .min((room.y - (head + gap) * rows) / rows)
        .clamp(60.0, 240.0);
    let columns = ((room.x / (side + gap)) as usize).max(1);
    ui.spacing_mut().item_spacing = vec2(gap, gap);
    for row in inspection.why.chunks(columns) {
        ui.horizontal_top(|ui| {
            for reason in row {
                let (rect, response) =
                    ui.allocate_exact_size(vec2(side, side + head), Sense::hover());
                card(ui, world, reason, rect, &response);
            }
        });
    }
}

fn card(ui: &mut Ui, world: &World<'_>, reason: &Reason, rect: Rect, response: &egui::Response) {
    let p = palette(ui.visuals());
    let view = &world.room.kept;
    let (digit, sure) = best(&reason.probabilities);
    let class = reason.attribution.class;
    let name = &reason.model.name;
    let classes = &reason.model.metadata.classes;
    let said = |digit: Option<usize>| classes.said(digit);
    let answers = format!("{name} answers {}, {:.1} %", said(digit), sure * 100.0);
    response.widget_info(|| {
        let label = format!("{answers}; why {}", classes.name(class));
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, label)
    });
    let line = |y: f32| pos2(rect.left() + 2.0, rect.top() + y);
    let painter = ui.painter();
    let left = egui::Align2::LEFT_TOP;
    painter.text(line(0.0), left, name, theme::strong(14.0), p.text);
    let share = 100.0 * reason.probabilities.of(class);
    let asked = format!("{}: {share:.0} %", classes.name(class));
    let second = if (view.class.is_some() || digit.is_none()) && digit != Some(class) {
        match rect.width() {
            ..84.0 => format!("{share:.0} % → {}", said(digit)),
            ..130.0 => format!("{asked}, → {}", said(digit)),
            _ => format!("{asked}, answers {}", said(digit)),
        }
    } else if rect.width() < 130.0 {
        asked
    } else {
        format!("answers {asked}")
    };
    let size = if rect.width() < 105.0 { 11.0 } else { 12.5 };
    painter.text(line(19.0), left, second, theme::regular(size), p.weak);
    let place =
        Rect::from_min_size(pos2(rect.left(), rect.top() + 38.0), Vec2::splat(rect.width()));
    let pixels = world.digit.pixels();
    let paint = |ui: &Ui, map: &[f32; PIXELS], of: usize| {
        let limit = largest(map);
        let visuals = ui.visuals().clone();
        let stamp = picture::stamp((of, visuals.dark_mode, world.digit.version()));
        let id = response.id.with("map");
        picture::paint(ui, id, stamp, place, (SIDE, SIDE), |i| {
            over_digit(&visuals, map[i], limit, pixels[i])
        });
    };
    let value: Option<&[f32; PIXELS]> = match view.reason {
        ReasonMap::Gradient => {
            let attribution = &reason.attribution;
            paint(ui, &attribution.map, Arc::as_ptr(attribution) as usize);
            Some(&attribution.map)
        }
        ReasonMap::Occlusion => {
            let list = world.room.findings.occlusion.iter();
            let mut found = list.filter(|f| Arc::ptr_eq(&f.model, &reason.model));
            match found.find(|f| fits(world, &f.what)) {
                Some(found) => {
                    paint(
                        ui,
                        &found.what.occlusion.map,
                        std::ptr::from_ref::<Found<_>>(found) as usize,
                    );
                    Some(&found.what.occlusion.map)
                }
                None => {
                    let visuals = ui.visuals().clone();
                    let stamp = picture::stamp((visuals.dark_mode, world.digit.version()));
                    picture::paint(
                        ui,
                        response.id.with("blank"),
                        stamp,
                        place,
                        (SIDE, SIDE),
                        |i| over_digit(&visuals, 0.0, 1.0, pixels[i]),
                    );
                    None
                }
            }
        }
    };
    ui.painter().rect_stroke(place, 3, Stroke::new(1.0, p.line), egui::StrokeKind::Outside);
    if let Some((y, x)) = response.hover_pos().and_then(|at| picture::cell(place, (SIDE, SIDE), at))
    {
        let there = value.map_or_else(|| "not known yet".into(), |map| short(map[y * SIDE + x]));
        super::view::tooltip(ui, &format!("{name}, column {x}, row {y}: {there}"));
    }
}

/// The map's colour over a faint digit.
fn over_digit(visuals: &egui::Visuals, value: f32, limit: f32, ink: f32) -> Color32 {
    let share = if limit > 0.0 { (value / limit).clamp(-1.0, 1.0) } else { 0.0 };
    let ground = theme::ink(visuals, 0.3 * ink);
    // Full strength early: most pixels' shares are small.
    ground.lerp_to_gamma(
        theme::diverging(visuals, share.signum() * share.abs().sqrt()),
        share.abs().sqrt(),
    )
}

//! What a unit likes: the digits that excite it most and where, a picture made
//! for it, and what it senses.

use egui::{Rect, RichText, Sense, Stroke, Ui, Vec2, vec2};

use super::World;
use super::progress;
use super::state::Seek;
use crate::ann::inspect::Unit;
use crate::ann::inspect::exciting::Hit;
use crate::ann::inspect::receptive::Region;
use crate::core::text::{grouped, short};
use crate::data::SIDE;
use crate::ui::command::{DigitEdit, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;
use crate::workers::inspect::seek::{Excited, find};
use crate::workers::inspect::{Anatomy, Inspection, Part};

/// Draws what the unit likes.
pub fn show(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    anatomy: &Anatomy,
    (part, unit): (&Part, Unit),
    out: &mut Outbox,
) {
    ui.label(RichText::new("What this unit likes").font(theme::strong(14.0)));
    if world.room.findings.running.is_some() {
        progress::bar(ui, world, out);
    }
    pictures(ui, world, inspection, anatomy, (part, unit), out);
    exciting(ui, world, anatomy, (part, unit), out);
}

/// The effective field, and the picture made for the unit.
fn pictures(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    anatomy: &Anatomy,
    (part, unit): (&Part, Unit),
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let side = ((ui.available_width() - 10.0) / 2.0).min(130.0);
    let made = find(&world.room.findings.liked, &anatomy.model, unit.layer, unit.channel);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(side);
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
            let name = "The picture made for this unit";
            response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, name));
            ui.painter().rect_filled(rect, 3, p.well);
            ui.painter().rect_stroke(rect, 3, Stroke::new(1.0, p.line), egui::StrokeKind::Outside);
            if let Some(made) = made {
                let liked = &made.what;
                let stamp = std::ptr::from_ref(made) as usize as u64;
                let stamp = picture::stamp((stamp, ui.visuals().dark_mode));
                let visuals = ui.visuals().clone();
                let id = ui.scope_id().with("made");
                picture::paint(ui, id, stamp, rect, (liked.h, liked.w), |i| {
                    theme::ink(&visuals, liked.pixels[i])
                });
            }
        });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            if let Some(made) = made {
                let liked = &made.what;
                if liked.silent() && part.rectified() {
                    ui.label(RichText::new("Nothing makes it respond; try another unit.").font(theme::strong(14.0)));
                    ui.label(RichText::new(format!("Its sum stays at {} or less, from three beginnings.", short(liked.activation))).small());
                } else {
                    ui.label(RichText::new(format!("Made for it: {}", short(liked.activation))).font(theme::strong(14.0)));
                    let text = format!("by gradient ascent, {} steps from noise, where it was {}", liked.steps, short(liked.began));
                    ui.label(RichText::new(text).small().color(p.weak));
                }
            } else {
                ui.label(RichText::new("A picture can be made for it: ink is moved, step by step, to where the unit gives more (gradient ascent).").small());
            }
            if world.room.findings.running.is_none() {
                progress::button(ui, world, "Make a picture it likes", Seek::Liked, out);
            }
        });
    });
    let field = inspection
        .field
        .as_ref()
        .filter(|(of, _)| (of.layer, of.channel) == (unit.layer, unit.channel));
    if let Some((_, field)) = field {
        let [y, x] = field.sigma;
        let text = format!(
            "Of {}×{} pixels, it heeds a blob of σ {x:.1} × {y:.1} pixels (orange, on the left).",
            field.w, field.h
        );
        ui.label(RichText::new(text).small());
    }
}

/// The digits that excite it most.
fn exciting(
    ui: &mut Ui,
    world: &World<'_>,
    anatomy: &Anatomy,
    (part, unit): (&Part, Unit),
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let Some(found) = find(&world.room.findings.exciting, &anatomy.model, unit.layer, 0) else {
        ui.add_space(4.0);
        ui.label(RichText::new("Which training digits excite it most, and where?").small());
        if world.room.findings.running.is_none() {
            progress::button(ui, world, "Find exciting digits", Seek::Exciting, out);
        }
        return;
    };
    let Excited { data, exciting } = &found.what;
    let hits = exciting.best.get(unit.channel).map_or(&[][..], Vec::as_slice);
    let among = grouped(exciting.seen as u64);
    if hits.is_empty() {
        let text = format!("None of {among} digits makes it respond: a dead unit.");
        ui.label(RichText::new(text).font(theme::strong(14.0)));
        return;
    }
    ui.label(
        RichText::new(format!("Most exciting of {among} training digits:")).small().color(p.weak),
    );
    let columns = 4;
    let side =
        ((ui.available_width() - 6.0 * (columns - 1) as f32 - 4.0) / columns as f32).min(78.0);
    for row in hits.chunks(columns) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for hit in row {
                let region = if part.field.whole {
                    part.field.covered()
                } else {
                    part.field.at(hit.y, hit.x)
                };
                thumbnail(ui, data, hit, region, side, part.field.whole, out);
            }
        });
    }
    let what = if part.field.whole {
        "Click one to make it the current digit."
    } else {
        "The part that the unit senses is framed. Click one to make it the current digit."
    };
    ui.label(RichText::new(what).small().color(p.weak));
}

fn thumbnail(
    ui: &mut Ui,
    data: &crate::data::Dataset,
    hit: &Hit,
    region: Region,
    side: f32,
    whole: bool,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    let label = data.label(hit.index);
    let name = format!("Training digit {}, a {}", hit.index, data.classes().name(label));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name));
    let image = data.image(hit.index);
    let visuals = ui.visuals().clone();
    let stamp = picture::stamp((hit.index, &data.id, visuals.dark_mode));
    picture::paint(ui, response.id.with("picture"), stamp, rect, (SIDE, SIDE), |i| {
        theme::ink(&visuals, f32::from(image[i]) / 255.0)
    });
    if !whole {
        let cell = side / SIDE as f32;
        let corner = rect.min + vec2(region.x as f32, region.y as f32) * cell;
        let frame = Rect::from_min_size(corner, vec2(region.w as f32, region.h as f32) * cell);
        ui.painter().rect_stroke(
            frame,
            1,
            Stroke::new(1.8, p.series[1]),
            egui::StrokeKind::Outside,
        );
    }
    let edge = if response.hovered() || response.has_focus() { p.accent } else { p.line };
    ui.painter().rect_stroke(rect, 2, Stroke::new(1.2, edge), egui::StrokeKind::Outside);
    if response.clicked() {
        let pixels = Box::new(data.pixels(hit.index));
        let (name, classes) = (format!("training digit {}", hit.index), data.classes().clone());
        out.push(DigitEdit::Show { name, label, classes, pixels });
    }
    let text = format!("{name}: {} at column {}, row {}", short(hit.activation), hit.x, hit.y);
    response.on_hover_text(text);
}

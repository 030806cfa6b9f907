//! One unit: its feature map with the window at one place of it, the sum there,
//! and what the unit likes.

use egui::{Key, Rect, RichText, ScrollArea, Sense, Stroke, Ui, UiBuilder, pos2, vec2};

use super::World;
use super::network::value;
use super::settings::FieldsSettings;
use super::state::FieldsEdit;
use super::tint::{self, Limits};
use super::{likes, sum};
use crate::ann::inspect::Unit;
use crate::core::text::short;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, number, picture, tip};
use crate::workers::inspect::{Anatomy, Inspection, Part};

/// Draws the unit.
pub fn show(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    anatomy: &Anatomy,
    (part, unit): (&Part, Unit),
    out: &mut Outbox,
) {
    let room = ui.available_rect_before_wrap();
    let gap = 14.0;
    let three = room.width() > 760.0;
    // The sum has most to say.
    let shares: &[f32] = if three { &[0.31, 0.39, 0.3] } else { &[0.45, 0.55] };
    let free = room.width() - gap * (shares.len() - 1) as f32;
    let column = |i: usize| {
        let left = shares[..i].iter().map(|s| s * free + gap).sum::<f32>() + room.left();
        Rect::from_min_size(pos2(left, room.top()), vec2(shares[i] * free, room.height()))
    };
    let within = |ui: &mut Ui, i: usize, name: &str, add: &mut dyn FnMut(&mut Ui)| {
        ui.scope_builder(UiBuilder::new().max_rect(column(i)).id_salt(name), |ui| {
            ScrollArea::vertical().id_salt(name).auto_shrink([false, false]).show(ui, |ui| add(ui));
        });
    };
    within(ui, 0, "map", &mut |ui| {
        map(ui, world, inspection, (part, unit), out);
        if !three {
            likes::show(ui, world, inspection, anatomy, (part, unit), out);
        }
    });
    within(ui, 1, "sum", &mut |ui| sum::show(ui, world, inspection, (part, unit), out));
    if three {
        within(ui, 2, "likes", &mut |ui| {
            likes::show(ui, world, inspection, anatomy, (part, unit), out);
        });
    }
    ui.allocate_rect(room, Sense::hover());
}

/// The map with the window on it, and what moves it.
fn map(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    (part, unit): (&Part, Unit),
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    ui.horizontal(|ui| {
        let mut channel = unit.channel;
        let label = ui.label(RichText::new("Unit").font(theme::strong(14.0)));
        let field = number::drag(&mut channel).range(0..=part.shape[2] - 1);
        if figure::saving(ui.ctx()) {
            ui.label(unit.channel.to_string());
        } else if ui.add(field).labelled_by(label.id).changed() {
            out.push(FieldsEdit::Unit(Unit { channel, ..unit }));
        }
        ui.label(RichText::new(format!("of {}", part.shape[2])).color(p.weak));
    });
    let [h, w, c] = part.shape;
    let gives = value(inspection, part, unit);
    if !part.is_map() {
        ui.label(RichText::new(short(gives)).font(theme::strong(30.0)));
        ui.label("is what it gives for this digit; its neighbours:");
        let room = Rect::from_min_size(
            ui.next_widget_position(),
            vec2(ui.available_width(), ui.available_width()),
        );
        let touched = super::network::units(ui, world, inspection, part, room, true);
        if let Some((channel, ..)) = touched.chosen {
            out.push(FieldsEdit::Unit(Unit { channel, ..unit }));
        }
        ui.allocate_rect(room, Sense::hover());
        return;
    }
    let room = (ui.max_rect().height() - 150.0).max(150.0);
    let side = ui.available_width().min(room);
    let (rect, response) =
        ui.allocate_exact_size(vec2(side, side * h as f32 / w as f32), Sense::click_and_drag());
    response.widget_info(|| {
        let label = format!(
            "Feature map of unit {}: click, drag or use the arrows to move the window",
            unit.channel
        );
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, label)
    });
    let view = &world.room.kept;
    let stamp = picture::stamp((
        inspection.revision,
        unit.layer,
        unit.channel,
        view.scale,
        ui.visuals().dark_mode,
    ));
    let visuals = ui.visuals().clone();
    let id = ui.scope_id().with("feature map");
    let limits = std::cell::OnceCell::new();
    picture::paint(ui, id, stamp, rect, (h, w), |i| {
        let limits = limits.get_or_init(|| Limits::activations(inspection, part, view.scale));
        let values = inspection.trace.output(part.layer);
        tint::colour(
            &visuals,
            !part.rectified(),
            values[i * c + unit.channel],
            limits.of(unit.channel),
        )
    });
    ui.painter().rect_stroke(rect, 2, Stroke::new(1.0, p.line), egui::StrokeKind::Outside);
    let cell = vec2(rect.width() / w as f32, rect.height() / h as f32);
    let here = Rect::from_min_size(rect.min + vec2(unit.x as f32, unit.y as f32) * cell, cell);
    ui.painter().rect_stroke(here, 0, Stroke::new(4.0, p.card), egui::StrokeKind::Outside);
    ui.painter().rect_stroke(here, 0, Stroke::new(2.2, p.accent), egui::StrokeKind::Outside);
    moved(ui, &response, rect, (part, unit), out);
    if let Some((y, x)) = response.hover_pos().and_then(|at| picture::cell(rect, (h, w), at)) {
        let there = value(inspection, part, Unit { y, x, ..unit });
        let text = format!("column {x}, row {y}: {}", short(there));
        tip::beside(&response, picture::rect(rect, (h, w), (y, x)), text);
    }
    ui.label(format!("Column {}, row {}: {}", unit.x, unit.y, short(gives)));
    figure::controls(ui, |ui| sliding(ui, world, out));
}

/// The window goes where the hand or the arrows put it.
fn moved(
    ui: &Ui,
    response: &egui::Response,
    rect: Rect,
    (part, unit): (&Part, Unit),
    out: &mut Outbox,
) {
    let [h, w, _] = part.shape;
    let mut place = [unit.y, unit.x];
    if (response.clicked() || response.dragged())
        && let Some(at) = response.interact_pointer_pos()
    {
        response.request_focus();
        let inside = at.clamp(rect.min, rect.max - vec2(0.01, 0.01));
        if let Some((y, x)) = picture::cell(rect, (h, w), inside) {
            place = [y, x];
        }
    }
    if response.has_focus() {
        let filter = egui::EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..Default::default()
        };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
        for (key, axis, back) in [
            (Key::ArrowUp, 0, true),
            (Key::ArrowDown, 0, false),
            (Key::ArrowLeft, 1, true),
            (Key::ArrowRight, 1, false),
        ] {
            for _ in 0..ui.input(|i| i.num_presses(key)) {
                let v = &mut place[axis];
                *v = if back { v.saturating_sub(1) } else { (*v + 1).min([h, w][axis] - 1) };
            }
        }
    }
    if place != [unit.y, unit.x] {
        out.push(FieldsEdit::Place(place));
    }
}

/// The window slides by itself.
fn sliding(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    ui.horizontal(|ui| {
        let playing = world.room.playing;
        let (text, tip) = if playing {
            ("Hold", "Hold the window here")
        } else {
            ("Slide", "The window slides over the input, place by place")
        };
        if ui.button(text).on_hover_text(tip).clicked() {
            out.push(FieldsEdit::Play(!playing));
        }
        let mut rate = world.room.kept.rate;
        let (least, most) = FieldsSettings::RATE;
        let (least, most) = (least as f32, most as f32);
        ui.spacing_mut().slider_width = (ui.available_width() - 110.0).clamp(40.0, 110.0);
        let slider = number::slider(&mut rate, least..=most)
            .logarithmic(true)
            .fixed_decimals(0)
            .suffix(" places/s");
        let response = ui.add(slider).on_hover_text("How fast it slides");
        response
            .widget_info(|| egui::WidgetInfo::slider(true, f64::from(rate), "Places per second"));
        if response.changed() {
            out.push(FieldsEdit::Rate(rate));
        }
    });
}

//! The whole network: the digit flows through its layers to the answer.

use std::hash::Hash;

use egui::{Align2, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::World;
use super::layer::least;
use super::mosaic::{Mosaic, Touched, page_of};
use super::state::FieldsEdit;
use super::tint::{self, Limits};
use crate::ann::inspect::Unit;
use crate::ann::inspect::dissection::place;
use crate::ann::ops::op::Plane;
use crate::ann::zoo::{Activation, Layer, PoolKind, Window};
use crate::core::text::{grouped, short};
use crate::data::CLASSES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, picture};
use crate::workers::inspect::{Anatomy, Inspection, Part};

/// Draws a column for each layer into what room there is.
pub fn show(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    out: &mut Outbox,
) -> Option<Unit> {
    let anatomy = inspection.anatomy.as_ref()?;
    let parts = layers(ui, world, &anatomy.parts);
    let room = ui.available_rect_before_wrap();
    let n = parts.len();
    let gap = if room.width() < 620.0 { 12.0 } else { 20.0 };
    // A network of few layers is not spread out over the whole width.
    let most = if n <= 4 { 240.0 } else { 170.0 };
    let width = ((room.width() - gap * (n - 1) as f32) / n as f32).min(most);
    let total = width * n as f32 + gap * (n - 1) as f32;
    let mut x = room.center().x - total / 2.0;
    let mut hovered = None;
    for (i, part) in parts.iter().enumerate() {
        let column = Rect::from_min_size(pos2(x, room.top()), vec2(width, room.height()));
        if i > 0 {
            chevron(ui, pos2(x - gap / 2.0, room.center().y), gap * 0.28);
        }
        hovered = layer(ui, world, inspection, part, column, out).or(hovered);
        x += width + gap;
    }
    if world.digit.is_blank() {
        invitation(ui, room);
    }
    ui.allocate_rect(room, Sense::hover());
    hovered
}

/// Least width of a layer on a projector, points.
const COLUMN: f32 = 132.0;

/// The layers that there is room for, and what leads to the others.
fn layers<'a>(ui: &mut Ui, world: &World<'_>, all: &'a [Part]) -> &'a [Part] {
    let fit = (ui.available_width() / COLUMN) as usize;
    if !world.session.projector || fit >= all.len() || fit == 0 {
        return all;
    }
    let id = ui.scope_id().with("first layer");
    let most = all.len() - fit;
    let mut first: usize = ui.data(|d| d.get_temp(id)).unwrap_or(0).min(most);
    ui.horizontal(|ui| {
        figure::controls(ui, |ui| {
            if ui.add_enabled(first > 0, egui::Button::new("Earlier layers")).clicked() {
                first = first.saturating_sub(fit);
            }
            if ui.add_enabled(first < most, egui::Button::new("Later layers")).clicked() {
                first = (first + fit).min(most);
            }
        });
        ui.label(format!("{} to {} of {}", first + 1, first + fit, all.len()));
    });
    ui.data_mut(|d| d.insert_temp(id, first));
    &all[first..first + fit]
}

/// What to do while there is no digit.
fn invitation(ui: &Ui, room: Rect) {
    let p = palette(ui.visuals());
    let text = "Draw a digit on the left:\nit flows through the network to the answer.";
    let mut job =
        egui::text::LayoutJob::simple(text.into(), theme::strong(20.0), p.text, room.width() * 0.8);
    job.halign = egui::Align::Center;
    let galley = ui.painter().layout_job(job);
    let ground = Rect::from_center_size(room.center(), galley.size() + vec2(44.0, 30.0));
    ui.painter().rect_filled(ground, 10, p.card);
    ui.painter().rect_stroke(ground, 10, Stroke::new(1.5, p.accent), egui::StrokeKind::Inside);
    let at = pos2(room.center().x, room.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, p.text);
}

/// An arrow head: what goes in is on its left.
fn chevron(ui: &Ui, at: egui::Pos2, size: f32) {
    let p = palette(ui.visuals());
    let line =
        vec![at + vec2(-size, -2.0 * size), at + vec2(size, 0.0), at + vec2(-size, 2.0 * size)];
    ui.painter().add(egui::Shape::line(line, Stroke::new(2.0, p.weak)));
}

/// One layer: name, shape, its units, what they sense.
fn layer(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    part: &Part,
    column: Rect,
    out: &mut Outbox,
) -> Option<Unit> {
    let p = palette(ui.visuals());
    let id = ui.scope_id().with(("layer", part.layer));
    let head = Rect::from_min_size(column.min, vec2(column.width(), 40.0));
    let response = ui.interact(head, id, Sense::click());
    response.widget_info(|| {
        let label = format!("Into {}", part.name);
        egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, label)
    });
    let lit = response.hovered() || response.has_focus();
    ui.painter().rect_filled(column, 8, p.card);
    let edge = if lit { Stroke::new(1.5, p.accent) } else { Stroke::new(1.0, p.line) };
    ui.painter().rect_stroke(column, 8, edge, egui::StrokeKind::Inside);
    let title = if column.width() < 74.0 { narrow(part) } else { part.name.clone() };
    let middle = head.center_top();
    let text = |at, text: String, font, colour| {
        fitted(ui, at, &text, font, colour, column.width() - 6.0);
    };
    text(middle + vec2(0.0, 14.0), title, theme::strong(13.0), p.text);
    let foot = Rect::from_min_max(pos2(column.left(), column.bottom() - 22.0), column.max);
    text(foot.center(), senses(part), theme::regular(11.5), p.weak);
    let room = Rect::from_min_max(head.left_bottom(), foot.right_top()).shrink2(vec2(6.0, 3.0));
    let [h, w, c] = part.shape;
    let seen = page_of(c, w as f32 / h as f32, room.size(), least(world));
    let shape = if part.is_map() && seen < c {
        format!("{seen} of {c} maps")
    } else {
        shape(part, column.width() < 90.0 || world.session.projector)
    };
    text(middle + vec2(0.0, 30.0), shape, theme::regular(11.5), p.weak);
    let touched = if matches!(part.kind, Layer::Dense { activation: Activation::Linear, .. }) {
        classes(ui, world, inspection, part, room)
    } else {
        units(ui, world, inspection, part, room, false)
    };
    if response.clicked() {
        out.push(FieldsEdit::Layer(part.layer));
    }
    response.on_hover_text(about(part));
    if touched.chosen.is_some() {
        out.push(FieldsEdit::Layer(part.layer));
    }
    spot(part, touched.hovered)
}

/// Text in the middle of `at`, in smaller type where it would not fit.
fn fitted(
    ui: &Ui,
    at: egui::Pos2,
    text: &str,
    font: egui::FontId,
    colour: egui::Color32,
    width: f32,
) {
    let wide = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), colour).size().x;
    let size = font.size * (width / wide).min(1.0);
    let font = egui::FontId::new(size, font.family);
    ui.painter().text(at, Align2::CENTER_CENTER, text, font, colour);
}

fn narrow(part: &Part) -> String {
    match part.kind {
        Layer::MaxPool | Layer::Pool { .. } => "Pool".into(),
        _ => part.name.split(' ').take(2).collect::<Vec<_>>().join(" "),
    }
}

fn shape(part: &Part, narrow: bool) -> String {
    let [h, w, c] = part.shape;
    if narrow && part.is_map() {
        format!("{c} maps")
    } else if part.is_map() {
        format!("{c} maps {h}×{w}")
    } else {
        format!("{c} units")
    }
}

fn senses(part: &Part) -> String {
    let area = if part.field.whole { part.field.covered() } else { part.field.at(0, 0) };
    format!("sees {}×{}", area.w, area.h)
}

/// The layer in a few sentences.
pub fn about(part: &Part) -> String {
    let [h, w, c] = part.shape;
    let area = if part.field.whole { part.field.covered() } else { part.field.at(0, 0) };
    let seen = format!("{}×{} pixels of the digit", area.w, area.h);
    let learned = if part.parameters > 0 {
        format!(" {} learned numbers.", grouped(part.parameters as u64))
    } else {
        " Nothing is learned here.".to_owned()
    };
    let units = match part.kind {
        Layer::Conv { kernel, .. } => format!(
            "{c} kernels of {kernel}×{kernel} slide over what comes in; each makes a map of {h}×{w} units. A unit senses {seen}."
        ),
        Layer::MaxPool => {
            format!("The largest of each 2×2 units: {c} maps of {h}×{w}. A unit senses {seen}.")
        }
        Layer::Convolution { window: Window { kernel: [kh, kw], .. }, .. } => format!(
            "{c} kernels of {kh}×{kw} move over what comes in; each makes a map of {h}×{w} units."
        ),
        Layer::Pool { kind, window: Window { kernel: [kh, kw], .. } } => {
            let of = if kind == PoolKind::Max { "largest" } else { "mean" };
            format!("The {of} of each {kh}×{kw} units: {c} maps of {h}×{w}.")
        }
        Layer::Affine => {
            "What comes in, scaled and shifted, each channel by its own two numbers.".into()
        }
        Layer::Activate(activation) => {
            format!("The function {} of each number that comes in.", activation.name())
        }
        Layer::Recurrent { .. } => {
            format!("Reads the digit line by line; this is its state of {c} units after the last.")
        }
        _ => format!("{c} units, each connected to everything before it; a unit senses {seen}."),
    };
    units + &learned
}

/// The unit under the pointer.
pub fn spot(part: &Part, hovered: Option<(usize, usize, usize)>) -> Option<Unit> {
    let (channel, y, x) = hovered?;
    let (y, x) = if part.is_map() { (y, x) } else { (0, 0) };
    Some(Unit { layer: part.layer, y, x, channel })
}

/// The number that a unit gives for the current digit.
pub fn value(inspection: &Inspection, part: &Part, unit: Unit) -> f32 {
    let [h, w, c] = part.shape;
    let output = inspection.trace.output(part.layer);
    output.get(place(Plane::new(h, w, c), unit)).copied().unwrap_or(f32::NAN)
}

/// The feature maps of a layer, or its units' numbers.
pub fn units(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    part: &Part,
    room: Rect,
    large: bool,
) -> Touched {
    let view = &world.room.kept;
    let [h, w, c] = part.shape;
    let blank = world.digit.is_blank() && !large;
    let mosaic = Mosaic {
        least: if part.is_map() { least(world) } else { 0.0 },
        id: ui.scope_id().with(("units", part.layer, large)),
        stamp: stamp_of(inspection, (part.layer, view.scale, blank)),
        label: format!("{}: {}", part.name, shape(part, false)),
        count: c,
        size: (h, w),
        selected: view.channel.filter(|_| view.layer == Some(part.layer)),
        numbers: large,
    };
    let colours = |visuals: &egui::Visuals| -> Box<dyn Fn(usize, usize) -> egui::Color32 + '_> {
        let mut limits = Limits::activations(inspection, part, view.scale);
        if blank {
            // What biases alone do is no picture of anything.
            limits = Limits::none();
        }
        let values = inspection.trace.output(part.layer);
        let (signed, visuals) = (!part.rectified(), visuals.clone());
        Box::new(move |unit, at| {
            tint::colour(&visuals, signed, values[at * c + unit], limits.of(unit))
        })
    };
    let touched = if large {
        mosaic.show_pages(ui, room, colours)
    } else {
        mosaic.show(ui, room, 0, colours)
    };
    tip(ui, inspection, part, &touched);
    touched
}

/// Changes with what the layers say and with what else is named.
pub fn stamp_of(inspection: &Inspection, of: impl Hash) -> u64 {
    picture::stamp((inspection.revision, of))
}

/// The value under the pointer.
fn tip(ui: &Ui, inspection: &Inspection, part: &Part, touched: &Touched) {
    if let (Some(unit), true) = (spot(part, touched.hovered), ui.input(|i| i.pointer.has_pointer()))
    {
        let place = if part.is_map() {
            format!(", column {}, row {}", unit.x, unit.y)
        } else {
            String::new()
        };
        let text =
            format!("unit {}{place}: {}", unit.channel, short(value(inspection, part, unit)));
        egui::Tooltip::always_open(
            ui.ctx().clone(),
            ui.layer_id(),
            ui.scope_id().with("value"),
            egui::PopupAnchor::Pointer,
        )
        .gap(14.0)
        .show(|ui| ui.label(text));
    }
}

/// The last layer: a row for each class, with its logit and what softmax makes of
/// it.
fn classes(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    part: &Part,
    room: Rect,
) -> Touched {
    let p = palette(ui.visuals());
    let n = part.shape[2];
    let id = ui.scope_id().with(("classes", part.layer));
    let response = ui.interact(room, id, Sense::click());
    response.widget_info(|| {
        let label = format!("{}: the {n} classes", part.name);
        egui::WidgetInfo::labeled(egui::accesskit::Role::ListBox, true, label)
    });
    let blank = world.digit.is_blank();
    let best = crate::core::decision::unique_max(&inspection.probabilities);
    let names = inspection.anatomy.as_ref().map(|a| &a.model.metadata.classes);
    let step = room.height() / n as f32;
    for d in 0..n {
        let top = room.top() + d as f32 * step;
        let row = Rect::from_min_size(pos2(room.left(), top), vec2(room.width(), step))
            .shrink(2f32.min(0.15 * step));
        let probability = inspection.probabilities.get(d).copied().unwrap_or(0.0);
        ui.painter().rect_filled(row, 3, p.well);
        let wins = Some(d) == best && !blank;
        if !blank {
            let mut bar = row;
            bar.set_width(row.width() * probability);
            let fill = if wins { p.accent } else { theme::blend(p.line, p.accent, 0.35) };
            ui.painter().rect_filled(bar, 3, fill);
        }
        let colour = if wins { p.on_accent } else { p.text };
        let least = if n > CLASSES { 6.0 } else { 10.0 };
        let size = (step * 0.55).clamp(least, 20.0);
        let at = row.left_center() + vec2(7.0, 0.0);
        let name = match names.filter(|names| n > CLASSES && !names.is_digits()) {
            Some(names) => names.name(d).chars().take(4).collect(),
            None => d.to_string(),
        };
        ui.painter().text(at, Align2::LEFT_CENTER, name, theme::strong(size), colour);
        if row.width() > 62.0 && n <= CLASSES && !blank {
            let text = format!("{:.0} %", probability * 100.0);
            let at = row.right_center() - vec2(6.0, 0.0);
            let colour = if probability > 0.8 { p.on_accent } else { p.weak };
            ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::regular(12.0), colour);
        }
    }
    let at = |pos| picture::cell(room, (n, 1), pos).map(|(d, _)| (d, 0, 0));
    let touched = Touched {
        hovered: response.hover_pos().and_then(at),
        chosen: response.clicked().then(|| response.interact_pointer_pos().and_then(at)).flatten(),
    };
    tip(ui, inspection, part, &touched);
    touched
}

/// Whether the layers in view are those of the model chosen.
pub fn current<'a>(inspection: &'a Inspection, world: &World<'_>) -> Option<&'a Anatomy> {
    let model = world.room.kept.chosen(&world.models)?;
    inspection.anatomy.as_deref().filter(|a| {
        std::sync::Arc::ptr_eq(&a.model, model)
            || a.model.network.architecture().id == model.network.architecture().id
    })
}

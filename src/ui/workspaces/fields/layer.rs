//! One layer: all its units, as what they make of the digit, what they have
//! learned, or what they sense.

use egui::{Rect, RichText, Ui};

use super::World;
use super::mosaic::{Mosaic, Touched};
use super::network::{about, spot, units};
use super::progress;
use super::settings::Show;
use super::state::{FieldsEdit, Seek};
use super::tint::{self, Limits};
use crate::ann::inspect::Unit;
use crate::ann::zoo::Layer;
use crate::core::text::short;
use crate::ui::command::Outbox;
use crate::ui::theme::palette;
use crate::ui::widgets::{figure, picture};
use crate::workers::inspect::seek::find;
use crate::workers::inspect::{Anatomy, Inspection, Part};

/// Draws the layer.
pub fn show(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    anatomy: &Anatomy,
    part: &Part,
    out: &mut Outbox,
) -> Option<Unit> {
    let p = palette(ui.visuals());
    // The layer's tooltip in the network says it as well.
    if !world.session.projector {
        ui.label(RichText::new(about(part)).small().color(p.weak));
    }
    let show = choice(ui, world, part, out);
    let bottom = ui.max_rect().bottom() - 32.0;
    let from = ui.next_widget_position();
    let room = Rect::from_min_max(from, egui::pos2(ui.max_rect().right(), bottom));
    let (touched, signed, what) = match show {
        Show::Maps => {
            let touched = units(ui, world, inspection, part, room, true);
            (touched, !part.rectified(), "activation")
        }
        Show::Kernels => (kernels(ui, world, inspection, part, room), true, "weight"),
        Show::Fields => {
            let touched = fields(ui, world, anatomy, part, room, out);
            (touched, false, "mean |∂ unit / ∂ pixel|")
        }
    };
    ui.allocate_rect(room, egui::Sense::hover());
    let ends = if signed { ["−", "+"] } else { ["0", "most"] };
    tint::legend(ui, signed, what, ends);
    if let Some(unit) = spot(part, touched.chosen.filter(|_| show == Show::Maps)) {
        out.push(FieldsEdit::Unit(unit));
    } else if let Some((channel, ..)) = touched.chosen {
        out.push(FieldsEdit::Unit(middle(part, channel)));
    }
    match (show, touched.hovered) {
        (Show::Maps, hovered) => spot(part, hovered),
        (_, Some((channel, ..))) => Some(middle(part, channel)),
        _ => None,
    }
}

/// The unit in the middle of a map.
pub fn middle(part: &Part, channel: usize) -> Unit {
    let [h, w, _] = part.shape;
    Unit { layer: part.layer, y: h / 2, x: w / 2, channel }
}

/// What the units are shown as; a layer that learns nothing has no kernels.
fn choice(ui: &mut Ui, world: &World<'_>, part: &Part, out: &mut Outbox) -> Show {
    let has_kernels = part.filters.is_some();
    let maps = if part.is_map() { "Feature maps" } else { "Activations" };
    let kernels = if matches!(part.kind, Layer::Conv { .. } | Layer::Convolution { .. }) {
        "Kernels"
    } else {
        "Weights"
    };
    let mut show = world.room.kept.show;
    if show == Show::Kernels && !has_kernels {
        show = Show::Maps;
    }
    let row = |ui: &mut Ui| {
        for (of, name, tip) in [
            (Show::Maps, maps, "What each unit makes of the current digit"),
            (
                Show::Kernels,
                kernels,
                "What each unit has learned: a small picture for each of its inputs",
            ),
            (
                Show::Fields,
                "Effective fields",
                "Which pixels move each unit, averaged over many digits",
            ),
        ] {
            let on = of != Show::Kernels || has_kernels;
            ui.add_enabled_ui(on, |ui| {
                let button = ui.selectable_label(show == of, name).on_hover_text(tip);
                if button.on_disabled_hover_text("No kernels are learned here").clicked() {
                    out.push(FieldsEdit::Show(of));
                }
            });
        }
    };
    figure::controls(ui, |ui| {
        ui.horizontal(row);
    });
    show
}

/// The least width of a picture, points: one can be seen from four metres.
pub fn least(world: &World<'_>) -> f32 {
    if world.session.projector { 56.0 } else { 0.0 }
}

/// The kernels of all units, each over all its inputs.
fn kernels(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    part: &Part,
    room: Rect,
) -> Touched {
    let Some(filters) = &part.filters else { return Touched::default() };
    let scale = world.room.kept.scale;
    let (_, size) = tint::sheet(filters);
    let model = inspection.anatomy.as_ref().map_or(0, |a| std::sync::Arc::as_ptr(a) as usize);
    let mosaic = Mosaic {
        id: ui.scope_id().with(("kernels", part.layer)),
        stamp: picture::stamp((model, scale)),
        label: format!("{}: kernels of {} units", part.name, filters.units),
        count: filters.units,
        size,
        selected: world.room.kept.channel,
        numbers: true,
        least: least(world),
    };
    let touched = mosaic.show_pages(ui, room, |visuals| {
        let limits = Limits::kernels(inspection, filters, scale);
        let visuals = visuals.clone();
        let line = palette(&visuals).line;
        Box::new(move |unit, at| {
            tint::on_sheet(filters, unit, at)
                .map_or(line, |weight| tint::colour(&visuals, true, weight, limits.of(unit)))
        })
    });
    if let Some((unit, y, x)) = touched.hovered
        && let Some(weight) = tint::on_sheet(filters, unit, y * size.1 + x)
        && ui.input(|i| i.pointer.has_pointer())
    {
        super::view::tooltip(ui, &format!("unit {unit}, weight {}", short(weight)));
    }
    touched
}

/// The effective fields of all units; asked for when they are not known yet.
fn fields(
    ui: &mut Ui,
    world: &World<'_>,
    anatomy: &Anatomy,
    part: &Part,
    room: Rect,
    out: &mut Outbox,
) -> Touched {
    let Some(found) = find(&world.room.findings.fields, &anatomy.model, part.layer, 0) else {
        ui.scope_builder(egui::UiBuilder::new().max_rect(room), |ui| {
            ui.add_space(12.0);
            ui.label("The mean size of the gradient of each unit by each pixel, over many digits. A few seconds for deep layers.");
            progress::button(ui, world, "Find the effective fields", Seek::Fields, out);
        });
        return Touched::default();
    };
    let fields = &found.what;
    let Some(first) = fields.first() else { return Touched::default() };
    let scale = world.room.kept.scale;
    let mosaic = Mosaic {
        id: ui.scope_id().with(("fields", part.layer)),
        stamp: picture::stamp((std::ptr::from_ref(found) as usize, scale)),
        label: format!("{}: effective fields of {} units", part.name, fields.len()),
        count: fields.len(),
        size: (first.h, first.w),
        selected: world.room.kept.channel,
        numbers: true,
        least: least(world),
    };
    let touched = mosaic.show_pages(ui, room, |visuals| {
        let most = |map: &[f32]| map.iter().copied().fold(0f32, f32::max);
        let each: Vec<f32> = fields.iter().map(|f| most(&f.map)).collect();
        let all = most(&each);
        let visuals = visuals.clone();
        Box::new(move |unit, at| {
            let limit = if scale == super::settings::Scale::Unit { each[unit] } else { all };
            tint::colour(&visuals, false, fields[unit].map[at], limit)
        })
    });
    if let Some((unit, y, x)) = touched.hovered
        && ui.input(|i| i.pointer.has_pointer())
    {
        let field = &fields[unit];
        let value = short(field.map[y * field.w + x]);
        let [sy, sx] = field.sigma;
        super::view::tooltip(ui, &format!("unit {unit}: {value} (σ {sx:.1} × {sy:.1} pixels)"));
    }
    touched
}

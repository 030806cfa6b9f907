//! Gabor functions beside the first layer's kernels, and where they lie by
//! orientation and frequency: as physiologists describe simple cells of the
//! visual cortex.

use egui::{Align2, Rect, RichText, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2, pos2, vec2};

use super::World;
use super::progress;
use super::state::Seek;
use super::tint;
use crate::ann::inspect::filters::{Filters, largest};
use crate::ann::inspect::gabor::{FREE_FROM, Gabor};
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::tiles::Tiles;
use crate::ui::widgets::{figure, picture};
use crate::workers::inspect::Anatomy;
use crate::workers::inspect::seek::find;

/// From this share of explained variance a fit is taken as one.
pub(super) const GOOD: f64 = 0.7;

/// Draws the page.
pub fn show(ui: &mut Ui, world: &World<'_>, anatomy: &Anatomy, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let name = &anatomy.model.name;
    let first = anatomy.parts.first().and_then(|p| p.filters.as_ref());
    let Some(filters) = first.filter(|f| f.h > 1 && f.w > 1) else {
        ui.add_space(12.0);
        ui.label(format!("{name} reads the digit line by line: its first weights are not pictures, so there is nothing to fit. Choose the MLP or a CNN."));
        return;
    };
    let Some(found) = find(&world.room.findings.gabor, &anatomy.model, 0, 0) else {
        ui.add_space(12.0);
        ui.label("Simple cells of the visual cortex respond to edges and stripes of one orientation and one width; their receptive fields are well described by Gabor functions, a wave under a Gaussian. Are the kernels that a network learns like them?");
        let text = format!("Fit {} kernels of {name}", filters.units);
        progress::button(ui, world, &text, Seek::Gabor, out);
        return;
    };
    let fits = &found.what;
    let head = headline(filters, fits);
    // In a file there is no list that says which network it is.
    let text = if figure::saving(ui.ctx()) { format!("{name}: {head}") } else { head };
    ui.label(RichText::new(text).small().color(p.weak));
    let room = ui.available_rect_before_wrap();
    let room = room.with_max_y(room.bottom() - 34.0);
    let polar_side = (room.width() * 0.42).min(room.height() - 70.0).max(180.0);
    let split = room.right() - polar_side - 14.0;
    let mut pointed = None;
    let list = Rect::from_min_max(room.min, pos2(split, room.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(list), |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            pointed = pairs(ui, world, filters, fits);
        });
    });
    let id = egui::Id::unique("gabor pointed");
    let before: Option<usize> = ui.data(|d| d.get_temp(id)).flatten();
    let plot = Rect::from_min_size(pos2(split + 14.0, room.top()), Vec2::splat(polar_side));
    let on_plot = polar(ui, plot, fits, pointed.or(before));
    let marked = pointed.or(on_plot);
    ui.data_mut(|d| d.insert_temp(id, on_plot));
    describe(ui, plot, marked.and_then(|i| Some((i, fits.get(i)?))));
    ui.allocate_rect(room, Sense::hover());
    figure::controls(ui, |ui| {
        if ui.button("Save as CSV").on_hover_text("All fitted numbers").clicked() {
            let name = format!("gabor-{}", anatomy.model.key);
            out.push(Command::SaveText { name, text: csv(fits) });
        }
    });
}

fn headline(filters: &Filters, fits: &[Gabor]) -> String {
    let good = fits.iter().filter(|f| f.explained >= GOOD).count();
    let numbers = if filters.h.min(filters.w) < FREE_FROM {
        format!(
            "Four numbers (orientation, frequency, phase, amplitude) for the {} weights of each kernel; the Gaussian is held.",
            filters.h * filters.w
        )
    } else {
        format!("Eight numbers for the {} weights of each kernel.", filters.h * filters.w)
    };
    format!(
        "{good} of {} kernels are explained to {:.0} % or more. {numbers} Pairs: kernel and fit.",
        fits.len(),
        GOOD * 100.0
    )
}

/// Kernel and fit of each unit, the best explained first.
fn pairs(ui: &mut Ui, world: &World<'_>, filters: &Filters, fits: &[Gabor]) -> Option<usize> {
    let p = palette(ui.visuals());
    let mut order: Vec<usize> = (0..fits.len()).collect();
    order.sort_by(|a, b| fits[*b].explained.total_cmp(&fits[*a].explained));
    let width = ui.available_width() - 8.0;
    let cell = if fits.len() <= 40 { (width / 4.0).clamp(92.0, 150.0) } else { 92.0 };
    let columns = ((width / cell) as usize).max(1);
    let side = (cell - 14.0) / 2.0;
    let all = filters.largest();
    let mut pointed = None;
    let (height, rows) = (side + 21.0, order.len().div_ceil(columns));
    let (area, _) = ui.allocate_exact_size(vec2(width, rows as f32 * height), Sense::hover());
    let tiles = Tiles::new(area.min, vec2(cell, height), 0.0, columns, order.len());
    for (n, unit) in order.into_iter().enumerate() {
        let rect = Rect::from_min_size(tiles.of(n).min, vec2(cell - 6.0, height - 4.0));
        if !ui.is_rect_visible(rect) {
            continue;
        }
        let id = ui.scope_id().with(("gabor", unit));
        let response = ui.interact(rect, id, Sense::hover());
        let fit = &fits[unit];
        response.widget_info(|| {
            let text =
                format!("Kernel {unit} and its fit, {:.0} % explained", fit.explained * 100.0);
            egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text)
        });
        let kernel = filters.kernel(unit, 0);
        let limit = match world.room.kept.scale {
            super::settings::Scale::Unit => largest(kernel),
            _ => all,
        };
        let visuals = ui.visuals().clone();
        let stamp = picture::stamp((kernel.as_ptr() as usize, limit.to_bits(), visuals.dark_mode));
        let size = (filters.h, filters.w);
        let left = Rect::from_min_size(rect.min, Vec2::splat(side));
        picture::paint(ui, id.with("kernel"), stamp, left, size, |i| {
            tint::colour(&visuals, true, kernel[i], limit)
        });
        let right = left.translate(vec2(side + 3.0, 0.0));
        let fitted = std::cell::OnceCell::new();
        picture::paint(ui, id.with("fit"), stamp, right, size, |i| {
            let values = fitted.get_or_init(|| fit.picture(filters.h, filters.w));
            tint::colour(&visuals, true, values[i], limit)
        });
        for square in [left, right] {
            ui.painter().rect_stroke(
                square,
                0,
                Stroke::new(1.0, p.line),
                egui::StrokeKind::Outside,
            );
        }
        let text = format!("{unit}   {:.0} %", fit.explained.max(0.0) * 100.0);
        let colour = if fit.explained >= GOOD { p.text } else { p.weak };
        let at = pos2(rect.left(), left.bottom() + 9.0);
        ui.painter().text(at, Align2::LEFT_CENTER, text, theme::strong(11.5), colour);
        if response.hovered() {
            pointed = Some(unit);
            ui.painter().rect_stroke(
                rect.expand(2.0),
                3,
                Stroke::new(1.5, p.accent),
                egui::StrokeKind::Outside,
            );
        }
    }
    pointed
}

/// A point for each kernel: the way its wave goes, and how fine it is.
fn polar(ui: &mut Ui, rect: Rect, fits: &[Gabor], marked: Option<usize>) -> Option<usize> {
    let p = palette(ui.visuals());
    let response = ui.interact(rect, ui.scope_id().with("polar"), Sense::hover());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::accesskit::Role::Image,
            true,
            "Orientation and frequency of the fits",
        )
    });
    let painter = ui.painter();
    let (centre, radius) = (rect.center(), rect.width() / 2.0 - 26.0);
    painter.circle_filled(centre, radius, p.well);
    let faint = Stroke::new(1.0, p.line);
    let most = 0.5;
    let rings = [0.125, 0.25, 0.375, 0.5];
    for f in rings {
        painter.circle_stroke(centre, radius * f / most, faint);
    }
    for (degrees, text) in [(0, "0°"), (45, "45°"), (90, "90°"), (135, "135°")] {
        let way = Vec2::angled((degrees as f32).to_radians());
        painter.line_segment([centre - way * radius, centre + way * radius], faint);
        painter.text(
            centre + way * (radius + 13.0),
            Align2::CENTER_CENTER,
            text,
            theme::regular(11.5),
            p.weak,
        );
    }
    let at = |fit: &Gabor, turn: f32| {
        let way = Vec2::angled(fit.orientation as f32) * turn;
        centre + way * radius * (fit.frequency as f32 / most).min(1.0)
    };
    // Between two of the ways, where few kernels lie; above the points.
    let along = Vec2::angled(-67.5f32.to_radians());
    let numbers = || {
        for f in rings {
            let text = if f == most { format!("{f} per pixel") } else { f.to_string() };
            let text = painter.layout_no_wrap(text, theme::regular(10.5), p.text);
            let place = Align2::CENTER_CENTER
                .anchor_size(centre + along * radius * (f / most - 0.06), text.size());
            painter.rect_filled(place.expand(1.5), 2, p.well.gamma_multiply(0.85));
            painter.galley(place.min, text, p.text);
        }
    };
    let pointer = response.hover_pos();
    let mut nearest: Option<(f32, usize)> = None;
    for (i, fit) in fits.iter().enumerate() {
        let good = fit.explained >= GOOD;
        let size = 2.5 + 4.0 * fit.explained.clamp(0.0, 1.0) as f32;
        for turn in [1.0, -1.0] {
            let spot = at(fit, turn);
            if let Some(d) = pointer.map(|q| q.distance(spot))
                && d < 12.0
                && nearest.is_none_or(|n| d < n.0)
            {
                nearest = Some((d, i));
            }
            if good {
                painter.circle_filled(spot, size, p.series[0].gamma_multiply(0.85));
            } else {
                painter.circle_stroke(spot, size, Stroke::new(1.2, p.weak));
            }
        }
    }
    numbers();
    if let Some(fit) = marked.and_then(|i| fits.get(i)) {
        for turn in [1.0, -1.0] {
            painter.circle_stroke(at(fit, turn), 10.0, Stroke::new(2.2, p.series[1]));
        }
    }
    nearest.map(|n| n.1)
}

/// The numbers of the fit that is pointed at, or how to read the plot.
fn describe(ui: &Ui, plot: Rect, fit: Option<(usize, &Gabor)>) {
    let p = palette(ui.visuals());
    let text = match fit {
        Some((unit, fit)) => format!(
            "kernel {unit}: {:.0}°, {:.2} cycles/pixel, phase {:.0}°, {:.0} % explained",
            fit.orientation.to_degrees(),
            fit.frequency,
            fit.phase.to_degrees(),
            fit.explained * 100.0
        ),
        None => format!(
            "Each kernel is two dots: the way its wave goes, and how fine it is. Filled from {:.0} % explained; in the middle, blobs without a wave. Point at a dot or a pair.",
            GOOD * 100.0
        ),
    };
    let at = pos2(plot.center().x, plot.bottom() + 10.0);
    let mut job = egui::text::LayoutJob::simple(text, theme::strong(12.5), p.text, plot.width());
    job.halign = egui::Align::Center;
    ui.painter().galley(at, ui.painter().layout_job(job), p.text);
}

fn csv(fits: &[Gabor]) -> String {
    let mut text = String::from(
        "unit,orientation_degrees,frequency_cycles_per_pixel,phase_degrees,amplitude,sigma_pixels,gamma,x0_pixels,y0_pixels,explained_variance\n",
    );
    for (unit, f) in fits.iter().enumerate() {
        text += &format!(
            "{unit},{},{},{},{},{},{},{},{},{}\n",
            f.orientation.to_degrees(),
            f.frequency,
            f.phase.to_degrees(),
            f.amplitude,
            f.sigma,
            f.gamma,
            f.centre[0],
            f.centre[1],
            f.explained
        );
    }
    text
}

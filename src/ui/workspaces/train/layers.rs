//! How much each layer changes: the size of the last update beside the size of
//! the weights, and histograms of both.

use egui::{RichText, Sense, Ui, Vec2, pos2};

use super::{World, rates};
use crate::ann::trainer::{Histogram, LayerStats};
use crate::core::csv::{self, row};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, page};

/// Draws a card per weight matrix or kernel.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let layers = &world.training.layers;
    if layers.is_empty() {
        ui.label(
            "While a network trains, this shows how much each layer changes with every batch. Press Start training in the settings (Ctrl+Enter), or Train in ten seconds.",
        );
        return;
    }
    if !world.training.rates.is_empty() {
        let chosen = page::choose(ui, "layers of spikes", &["Updates", "Firing rates"]);
        if chosen == 1 {
            return rates::show(ui, world, out);
        }
    }
    ui.label(RichText::new("‖ΔW‖ / ‖W‖ of the last update, by layer; about 0.001 is lively; below 0.00001 a layer all but stands still.").small());
    let from = ui.next_widget_position();
    let bottom = egui::ScrollArea::vertical()
        .max_height(ui.available_height() - 40.0)
        .show(ui, |ui| {
            // The cards share the height, within what is legible and what is not
            // grotesque.
            let each = ui.available_height() / layers.len() as f32 - ui.spacing().item_spacing.y;
            let height = (each - 22.0).clamp(66.0, 130.0);
            for layer in layers.iter() {
                card(ui, layer, height);
            }
            ui.next_widget_position().y
        })
        .inner;
    let to = pos2(ui.max_rect().right(), bottom.min(ui.max_rect().bottom() - 40.0));
    figure::save_row(ui, out, "layers", egui::Rect::from_min_max(from, to), || csv(layers));
}

fn card(ui: &mut Ui, layer: &LayerStats, height: f32) {
    let p = palette(ui.visuals());
    theme::card(ui.visuals()).inner_margin(10).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let third = (ui.available_width() - 24.0) / 3.0;
            ui.vertical(|ui| {
                ui.set_width(third);
                ui.label(RichText::new(&layer.name).font(theme::strong(14.0)));
                ratio_bar(ui, layer.ratio, third);
                ui.label(
                    RichText::new(format!(
                        "‖W‖ {}   ‖ΔW‖ {}",
                        short(layer.weight_norm),
                        short(layer.update_norm)
                    ))
                    .small()
                    .color(p.weak),
                );
            });
            histogram(
                ui,
                "weights W",
                &layer.weight_histogram,
                Vec2::new(third, height),
                p.series[0],
            );
            histogram(
                ui,
                "last update ΔW",
                &layer.update_histogram,
                Vec2::new(third, height),
                p.series[1],
            );
        });
    });
}

/// The ratio on a logarithmic bar from 1e-6 to 1e-1.
fn ratio_bar(ui: &mut Ui, ratio: f64, width: f32) {
    let p = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 18.0), Sense::hover());
    let share = |r: f64| ((r.max(1e-12).log10() + 6.0) / 5.0).clamp(0.0, 1.0) as f32;
    let painter = ui.painter();
    painter.rect_filled(rect, 4, p.well);
    let mut bar = rect;
    bar.set_width(rect.width() * share(ratio));
    painter.rect_filled(bar, 4, p.accent);
    let tick = rect.left() + rect.width() * share(1e-3);
    painter.vline(tick, rect.y_range(), egui::Stroke::new(1.0, p.weak));
    let text = short(ratio);
    painter.text(
        rect.right_center() - Vec2::new(6.0, 0.0),
        egui::Align2::RIGHT_CENTER,
        text,
        theme::strong(12.0),
        p.text,
    );
    response.on_hover_text("Size of the last update over the size of the weights, logarithmic from 1e-6 to 1e-1; the tick marks 1e-3");
}

fn histogram(ui: &mut Ui, name: &str, histogram: &Histogram, size: Vec2, colour: egui::Color32) {
    let p = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter();
    let line = theme::regular(11.5).size + 3.0;
    let plot = rect.with_max_y(rect.bottom() - line).with_min_y(rect.top() + line);
    painter.rect_filled(plot, 3, p.well);
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let bins = histogram.counts.len().max(1) as f32;
    for (i, count) in histogram.counts.iter().enumerate() {
        let x = plot.left() + plot.width() * i as f32 / bins;
        // The square root keeps rare values in view beside the many near zero.
        let h = plot.height() * (*count as f32 / most).sqrt();
        let bar = egui::Rect::from_min_max(
            pos2(x, plot.bottom() - h),
            pos2(x + plot.width() / bins, plot.bottom()),
        );
        painter.rect_filled(bar, 0, colour);
    }
    painter.text(rect.left_top(), egui::Align2::LEFT_TOP, name, theme::regular(11.5), p.weak);
    for (at, align, value) in [
        (rect.left_bottom(), egui::Align2::LEFT_BOTTOM, histogram.low),
        (rect.right_bottom(), egui::Align2::RIGHT_BOTTOM, histogram.high),
    ] {
        painter.text(at, align, short(value.into()), theme::regular(11.5), p.weak);
    }
    response.on_hover_text("Number of values in each of the bins between the smallest and the largest; heights are square roots, so that rare values can be seen");
}

/// Two significant digits; powers of ten only where zeros would have to be counted.
fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.1}")
    } else if size >= 1e-4 {
        let decimals = (1.0 - size.log10().floor()) as usize;
        format!("{value:.decimals$}")
    } else if size == 0.0 {
        "0".into()
    } else {
        format!("{value:.1e}")
    }
}

fn csv(layers: &[LayerStats]) -> String {
    let headings = "layer,weight_norm,update_norm,ratio,histogram,low,high,counts";
    let rows = layers.iter().flat_map(|l| {
        [("weights", &l.weight_histogram), ("update", &l.update_histogram)].map(|(of, h)| {
            let counts: Vec<String> = h.counts.iter().map(ToString::to_string).collect();
            let counts = counts.join(" ");
            row![l.name, l.weight_norm, l.update_norm, l.ratio, of, h.low, h.high, counts]
        })
    });
    csv::text(headings.split(','), rows)
}

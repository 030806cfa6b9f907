//! One neuron large: its field, θ, rate, what it fires for, and the images it won.

use egui::{RichText, Sense, Ui, Vec2, vec2};

use super::World;
use super::named;
use crate::core::text::grouped;
use crate::data::SIDE;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::digit_view;
use crate::ui::widgets::picture;
use crate::workers::spiking::fields::of_neuron;
use crate::workers::spiking::tally::NONE;
use crate::workers::spiking::view::Fields;

/// Draws it in the width at hand.
pub fn show(ui: &mut Ui, world: &World<'_>, fields: &Fields, neuron: usize) {
    let learnt = &fields.learnt;
    let (neurons, label) = (learnt.labels.len(), learnt.labels.get(neuron).copied().flatten());
    let hue = theme::digit_hue(ui.visuals(), label);
    let title = format!("Neuron {neuron}: stands for {}", named(label));
    ui.label(RichText::new(title).font(theme::strong(14.0)).color(hue));
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        let side = (ui.available_width() * 0.42).clamp(70.0, 120.0);
        let weights = of_neuron(&learnt.weights, neurons, neuron);
        let most = weights.iter().copied().fold(0.0, f32::max);
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
        let visuals = ui.visuals().clone();
        let stamp = picture::stamp((fields.version, neuron, visuals.dark_mode));
        picture::paint(ui, ui.scope_id().with("field"), stamp, rect, (SIDE, SIDE), |i| {
            theme::field(&visuals, label, weights[i] / most.max(0.01))
        });
        response.widget_info(|| {
            let text = format!("Weights onto neuron {neuron}, 28 by 28");
            egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text)
        });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let theta = learnt.theta.get(neuron).copied().unwrap_or_default();
            ui.label(format!("θ {theta:.2} mV")).on_hover_text(
                "Adaptive threshold: 20 mV is the base of −52 mV; each spike raises it",
            );
            ui.label(format!("Largest weight {most:.2}"));
            if let Some(tally) = &fields.tally {
                let share = tally.spikes[neuron] as f64 / tally.images.max(1) as f64;
                ui.label(format!("{share:.2} spikes per image"));
                ui.label(format!("{} images won", grouped(u64::from(tally.won[neuron]))));
            }
        });
    });
    responses(ui, fields, neuron);
    won(ui, world, fields, neuron);
}

/// Mean spikes for each digit, as bars.
fn responses(ui: &mut Ui, fields: &Fields, neuron: usize) {
    let Some(tally) = fields.tally.as_ref().filter(|t| t.responses.images() > 0) else { return };
    let p = palette(ui.visuals());
    let means: [f64; 10] = std::array::from_fn(|c| tally.responses.mean(c, neuron));
    let most = means.iter().copied().fold(1e-9, f64::max);
    let tip = "Mean spikes for images of each digit, over the images that labelled the neurons";
    ui.label(RichText::new("Spikes per image of each digit").small().color(p.weak))
        .on_hover_text(tip);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 52.0), Sense::hover());
    let width = rect.width() / 10.0;
    for (digit, mean) in means.iter().enumerate() {
        let x = rect.left() + digit as f32 * width;
        let top = rect.bottom() - 14.0 - 36.0 * (mean / most) as f32;
        let bar = egui::Rect::from_min_max(
            egui::pos2(x + 2.0, top),
            egui::pos2(x + width - 2.0, rect.bottom() - 14.0),
        );
        let hue = theme::digit_hue(ui.visuals(), Some(digit as u8));
        ui.painter().rect_filled(bar, 1, hue);
        let at = egui::pos2(x + width / 2.0, rect.bottom() - 1.0);
        let (name, font) = (digit.to_string(), theme::regular(11.0));
        ui.painter().text(at, egui::Align2::CENTER_BOTTOM, name, font, p.text);
    }
    let said: Vec<String> = means.iter().enumerate().map(|(d, m)| format!("{d}: {m:.2}")).collect();
    response.on_hover_text(said.join("\n"));
}

/// The newest images that it won.
fn won(ui: &mut Ui, world: &World<'_>, fields: &Fields, neuron: usize) {
    let Some(data) = &world.room.view.data else { return };
    let numbers = fields.tally.as_ref().map_or([NONE; 6], |t| t.last_won[neuron]);
    let known: Vec<usize> = numbers
        .iter()
        .filter(|n| **n != NONE)
        .map(|n| *n as usize)
        .filter(|n| *n < data.len())
        .collect();
    if known.is_empty() {
        return;
    }
    let weak = palette(ui.visuals()).weak;
    ui.label(RichText::new("Images it won last").small().color(weak));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let side = ((ui.available_width() - 22.0) / 6.0).clamp(20.0, 44.0);
        for (k, number) in known.into_iter().enumerate() {
            let pixels = data.pixels(number);
            let text = format!("Image {number}, a {}", data.label(number));
            let id = ui.scope_id().with(("won", k));
            digit_view::show(ui, id, side, &text, |i| pixels[i], Sense::hover())
                .on_hover_text(text);
        }
    });
}

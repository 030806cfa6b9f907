//! Accuracy with neurons or synapses cut, or with noise, beside conventional
//! networks with the same damage.

use egui::{RichText, Ui};
use egui_plot::{Corner, Legend, Line, Plot, PlotPoints, Points};

use super::SpikingEdit;
use super::World;
use crate::core::csv;
use crate::core::text::grouped;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::figure;
use crate::workers::spiking::damage::Damage;
use crate::workers::spiking::measure::Curves;

fn name(damage: Damage) -> (&'static str, &'static str, &'static str) {
    match damage {
        Damage::Neurons => (
            "Cut neurons",
            "share of the neurons that is cut, %",
            "Neurons of the spiking network, hidden units of the others; the answers stay",
        ),
        Damage::Synapses => (
            "Cut synapses",
            "share of the synapses that is cut, %",
            "Input synapses of the spiking network, all weights of the others",
        ),
        Damage::Noise => (
            "Noise",
            "standard deviation of the noise, % of full ink",
            "Gaussian noise on every pixel",
        ),
    }
}

/// The curves.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let chosen = world.room.kept.damage;
    let measured = &world.room.measured;
    let from = ui.next_widget_position();
    figure::controls(ui, |ui| choices(ui, world, out));
    ui.label(format!("Damaged: {}, the MLP and CNN 3.", world.room.named_at_hand()));
    let Some(curves) = &measured.curves[chosen as usize] else {
        ui.add_space(20.0);
        let text = "Press Measure: 1,000 test digits are asked at each amount of damage. It takes a moment; learning goes on meanwhile.";
        ui.label(RichText::new(text).font(theme::strong(15.0)));
        return;
    };
    figure::place(ui, "damage", egui::Rect::from_min_max(from, ui.max_rect().max));
    let text = format!(
        "{} test digits at every point; what is cut is drawn by chance, and a larger share includes a smaller one. Nothing is trained again.",
        grouped(curves.images as u64)
    );
    ui.label(RichText::new(text).small().color(p.weak));
    let amounts = curves.damage.amounts();
    let last = amounts.last().copied().unwrap_or(1.0) * 100.0;
    Plot::new("damage")
        .height((ui.available_height() - 8.0).clamp(160.0, 560.0))
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .include_x(0.0)
        .include_x(last)
        .include_y(0.0)
        .include_y(100.0)
        .y_axis_label("right answers, %")
        .x_axis_label(name(chosen).1)
        .legend(Legend::default().position(Corner::LeftBottom))
        .show(ui, |plot| {
            for (i, (name, accuracy)) in curves.of.iter().enumerate() {
                let points: Vec<[f64; 2]> =
                    amounts.iter().zip(accuracy).map(|(x, y)| [100.0 * x, 100.0 * y]).collect();
                let colour = p.series[i % p.series.len()];
                let line = Line::new(name, PlotPoints::from(points.clone())).color(colour);
                plot.line(line.width(2.5));
                plot.points(Points::new(name, PlotPoints::from(points)).color(colour).radius(4.0));
            }
        });
}

/// What is damaged; measures and saves.
fn choices(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let chosen = world.room.kept.damage;
    let measured = &world.room.measured;
    ui.horizontal_wrapped(|ui| {
        for damage in Damage::ALL {
            let (name, _, tip) = name(damage);
            if ui.selectable_label(damage == chosen, name).on_hover_text(tip).clicked() {
                out.push(SpikingEdit::Damage(damage));
            }
        }
        ui.separator();
        match measured.running {
            Some((what, done, of)) => {
                let percent = 100.0 * done as f64 / of.max(1) as f64;
                ui.label(format!("{what}: {percent:.0} %"));
                if ui.button("Stop").clicked() {
                    out.push(SpikingEdit::StopMeasuring);
                }
            }
            None => {
                let tip = format!(
                    "Damages {}, and beside it the MLP and CNN 3",
                    world.room.named_at_hand()
                );
                if ui.button("Measure").on_hover_text(tip).clicked() {
                    out.push(SpikingEdit::Measure);
                }
            }
        }
        if let Some(curves) = &measured.curves[chosen as usize] {
            if ui.button("Save as CSV").clicked() {
                out.push(Command::SaveText { name: "damage".into(), text: csv(curves) });
            }
            figure::button(ui, out, "Save as PNG", "damage");
        }
    });
}

fn csv(curves: &Curves) -> String {
    let names = curves.of.iter().map(|(name, _)| name.to_string());
    let rows = curves.damage.amounts().iter().enumerate().map(|(k, amount)| {
        let each = curves.of.iter().map(move |(_, accuracy)| csv::optional(accuracy.get(k)));
        std::iter::once(amount.to_string()).chain(each)
    });
    csv::text(std::iter::once("amount".to_owned()).chain(names), rows)
}

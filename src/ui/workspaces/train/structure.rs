//! The chosen network's structure: drawn, and layer by layer with shapes,
//! parameters and multiply–adds; and what an answer and a training image cost.

use egui::{Align, Layout, Rect, RichText, ScrollArea, Sense, Ui, vec2};

use super::World;
use super::view;
use crate::ann::inspect::receptive;
use crate::ann::zoo::{self, Architecture, Cost, LayerSummary};
use crate::core::csv::{self, row};
use crate::core::text::{grouped, millions};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::structure::{self, Structure};
use crate::ui::widgets::{figure, page};

/// Draws the tab for the network that is chosen in the form.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(architecture) = zoo::find(&world.room.kept.training.model) else {
        ui.label("Choose a network in the settings to see its structure.");
        return;
    };
    let layers = (architecture.layers)();
    let (lines, cost) = (zoo::summary(&layers), zoo::cost(&layers));
    super::edit::show(ui, world, architecture, out);
    let from = ui.next_widget_position();
    let names = ["Structure", "Layer by layer"];
    let chosen = page::small(ui).then(|| page::choose(ui, "network", &names));
    let bottom = ScrollArea::vertical()
        .id_salt("structure")
        .auto_shrink([false, true])
        .max_height(ui.available_height() - 40.0)
        .show(ui, |ui| {
            // A wide table must not make the text above it as wide.
            let width = ui.available_width();
            ui.scope(|ui| {
                ui.set_max_width(width);
                heading(ui, architecture);
            });
            let drawn = Structure {
                name: architecture.name,
                layers: &layers,
                lines: &lines,
                digit: world.digit.pixels(),
                answer: answer(world, architecture),
            };
            let height: f32 = if ui.available_width() < 620.0 { 92.0 } else { 116.0 };
            // The ten digits stand below each other.
            let height = height.max(11.0 * theme::strong(1.0).size);
            if chosen != Some(1) {
                structure::show(ui, &drawn, height);
                totals(ui, &cost);
                ui.add_space(4.0);
            }
            if chosen != Some(0) {
                table(ui, &lines, &receptive::sizes(&layers), &cost);
            }
            ui.next_widget_position().y
        })
        .inner;
    let to = egui::pos2(ui.max_rect().right(), bottom.min(ui.max_rect().bottom() - 40.0));
    figure::save_row(ui, out, "network", Rect::from_min_max(from, to), || csv(&lines, &cost));
}

fn heading(ui: &mut Ui, architecture: &Architecture) {
    ui.label(RichText::new(architecture.name).font(theme::strong(16.0)));
    ui.label(RichText::new(architecture.doc).color(palette(ui.visuals()).weak));
}

/// What the bundled network answers to the current digit.
fn answer<'a>(world: &'a World<'_>, architecture: &Architecture) -> Option<&'a [f32]> {
    let answers = world.answers.answers.iter();
    let mut of_it = answers.filter(|a| a.key == architecture.id && !world.digit.is_blank());
    of_it.next().map(|a| &a.probabilities[..])
}

fn totals(ui: &mut Ui, cost: &Cost) {
    let shown = [
        ("Parameters", grouped(cost.parameters as u64), "Trained numbers: weights and biases"),
        (
            "Multiply–adds",
            grouped(cost.multiply_adds as u64),
            "Multiplications with addition for one digit",
        ),
        (
            "An answer",
            format!("{} MFLOP", millions(cost.answer_flop)),
            "Millions of operations for one digit; a multiply–add counts as two. What is done once per value (biases, rectifiers, maxima, the gates' functions) is not counted.",
        ),
        (
            "A training image",
            format!("{} MFLOP", millions(cost.training_flop)),
            "Forward, then backward for the gradients by the weights and by each layer's input: three times an answer, less the gradient by the picture, which nobody needs.",
        ),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        for (name, value, tip) in shown {
            view::figure(ui, name, &value, tip, 15.0);
        }
    });
}

/// A number, set to the right.
fn number(ui: &mut Ui, text: RichText) {
    let size = vec2(96.0, 18.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(size.x);
        ui.label(text);
    });
}

fn table(ui: &mut Ui, lines: &[LayerSummary], seen: &[[usize; 2]], cost: &Cost) {
    let strong = |text: &str| RichText::new(text).font(theme::strong(13.5));
    let count = |n: usize| RichText::new(if n == 0 { "–".into() } else { grouped(n as u64) });
    let narrow = ui.available_width() < 640.0;
    let spacing = if narrow { 6.0 } else { 16.0 };
    let wide = ui.available_width() > 720.0;
    egui::Grid::new("network").num_columns(6).striped(true).spacing([spacing, 4.0]).show(
        ui,
        |ui| {
            ui.label(strong("Layer"));
            ui.label(strong("Output"));
            number(ui, strong("Parameters"));
            number(ui, strong("Multiply–adds"));
            ui.label(strong("Share of the work"));
            if wide {
                ui.label(strong("Sees")).on_hover_text(
                    "Pixels of the digit, down and across, that can change a unit: its receptive field, in the middle of the digit",
                );
            }
            ui.end_row();
            for (line, [h, w]) in lines.iter().zip(seen) {
                ui.label(&line.name);
                ui.label(line.shape());
                number(ui, count(line.parameters));
                number(ui, count(line.multiply_adds));
                share(ui, line.multiply_adds as f32 / cost.multiply_adds.max(1) as f32);
                if wide {
                    ui.label(format!("{h}×{w}"));
                }
                ui.end_row();
            }
            ui.label(strong("All"));
            ui.label("");
            number(ui, count(cost.parameters).font(theme::strong(13.5)));
            number(ui, count(cost.multiply_adds).font(theme::strong(13.5)));
            ui.label("");
            ui.end_row();
        },
    );
}

/// A bar with its percentage.
fn share(ui: &mut Ui, share: f32) {
    let p = palette(ui.visuals());
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(80.0, 10.0), Sense::hover());
        ui.painter().rect_filled(rect, 3, p.well);
        let bar = Rect::from_min_size(rect.min, vec2(rect.width() * share, rect.height()));
        ui.painter().rect_filled(bar, 3, p.series[0]);
        ui.label(match share {
            0.0 => String::new(),
            s if s < 0.01 => "< 1 %".into(),
            s => format!("{:.0} %", s * 100.0),
        });
    });
}

fn csv(lines: &[LayerSummary], cost: &Cost) -> String {
    let of_layers = lines.iter().map(|l| row![l.name, l.shape(), l.parameters, l.multiply_adds]);
    let totals = [
        row!["All", "", cost.parameters, cost.multiply_adds],
        row!["FLOP per answer", "", "", cost.answer_flop],
        row!["FLOP per training image", "", "", cost.training_flop],
    ];
    csv::text(["layer", "output", "parameters", "multiply_adds"], of_layers.chain(totals))
}

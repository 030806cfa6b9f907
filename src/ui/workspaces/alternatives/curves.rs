//! Accuracy, loss and angles over the batches, a colour for each slot.

use egui::{Pos2, RichText, Stroke, Ui, vec2};
use egui_plot::{Corner, HLine, Line, LineStyle, PlotPoint, PlotPoints, Text, VLine};

use super::settings::{AlternativesTab, Quantity};
use super::{AlternativesEdit, World, slots};
use crate::ann::zoo::Kind;
use crate::core::csv::{self, row};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::{figure, page};

/// All of them.
pub const ALL: [Quantity; 4] =
    [Quantity::Accuracy, Quantity::Loss, Quantity::Update, Quantity::Feedback];

/// Batches over which the batches' own loss and accuracy are smoothed.
const SMOOTHED: f64 = 20.0;

impl Quantity {
    /// For who chooses.
    fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::Loss => "Loss",
            Self::Update => "Angle to the gradient",
            Self::Feedback => "Angle of feedback",
        }
    }

    fn axis(self) -> &'static str {
        match self {
            Self::Accuracy => "right, %",
            Self::Loss => "loss, nats",
            Self::Update | Self::Feedback => "angle, °",
        }
    }

    fn doc(self) -> &'static str {
        match self {
            Self::Accuracy => "Right answers: held-out digits, and faint the batches themselves",
            Self::Loss => {
                "Cross-entropy of the batches, smoothed; of other kinds of network their own loss"
            }
            Self::Update => {
                "Between a rule's update and the true gradient, for each hidden layer: 0° is the gradient itself, 90° no better than chance. Solid: the first hidden layer; dashed: the second; dotted: deeper ones. The last layer is left out: it has its error at first hand in every rule"
            }
            Self::Feedback => {
                "Between the weights and the matrix that stands for them on the way back: 0° is weight transport, 90° are two random matrices. Solid: the first matrix; dashed: the second"
            }
        }
    }

    fn of_angles(self) -> bool {
        matches!(self, Self::Update | Self::Feedback)
    }
}

/// A curve of a slot.
struct Curve {
    slot: usize,
    name: String,
    /// Whether its loss is a cross-entropy, as that of most.
    dense: bool,
    /// Layer or matrix, counted from 1; 0: none.
    layer: usize,
    /// Of the batches themselves.
    faint: bool,
    /// Mini-batches and value, as it is plotted.
    points: Vec<[f64; 2]>,
}

/// The curves of all slots.
fn curves(world: &World<'_>, quantity: Quantity) -> Vec<Curve> {
    let mut all = Vec::new();
    for (slot, rule) in world.room.kept.slots() {
        let Some(run) = world.room.run(slot) else { continue };
        let probes = &world.room.slots[slot].view.probes;
        let mut add = |layer: usize, faint: bool, points: Vec<[f64; 2]>| {
            let name = slots::name(slot, rule);
            if !points.is_empty() {
                let dense = rule.kind == Kind::Dense;
                all.push(Curve { slot, name, dense, layer, faint, points });
            }
        };
        let scaled = |points: Vec<[f64; 2]>| -> Vec<[f64; 2]> {
            points.into_iter().map(|[x, y]| [x, 100.0 * y]).collect()
        };
        match quantity {
            Quantity::Accuracy => {
                add(0, true, scaled(run.accuracy.smoothed(SMOOTHED)));
                let probed = probes
                    .iter()
                    .filter_map(|p| Some([p.step as f64, 100.0 * f64::from(p.accuracy?)]));
                add(0, false, probed.collect());
            }
            Quantity::Loss => add(0, false, run.loss.smoothed(SMOOTHED)),
            Quantity::Update | Quantity::Feedback => {
                let of = |p: &'_ crate::ann::rules::probe::ProbePoint| match quantity {
                    Quantity::Update => {
                        let hidden = p.gradient_angles.len().saturating_sub(1);
                        p.gradient_angles[..hidden].to_vec()
                    }
                    _ => p.feedback_angles.clone(),
                };
                let layers = probes.iter().map(|p| of(p).len()).max().unwrap_or(0);
                for layer in 0..layers {
                    let points = probes.iter().filter_map(|p| {
                        let angle = of(p).get(layer).copied().flatten()?;
                        Some([p.step as f64, f64::from(angle)])
                    });
                    add(layer + 1, false, points.collect());
                }
            }
        }
    }
    all
}

/// The plots of the side-by-side view: all four where there is room, else the one chosen.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, from: Pos2) {
    let kept = &world.room.kept;
    let roomy = ui.available_width() >= page::NARROW && ui.available_height() > 340.0;
    let alone = kept.alone || !roomy;
    figure::controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if roomy && ui.selectable_label(!alone, "All plots").clicked() {
                out.push(AlternativesEdit::Look(kept.quantity, false));
            }
            for quantity in ALL {
                let on = alone && kept.quantity == quantity;
                let choice = ui.selectable_label(on, quantity.name());
                if choice.on_hover_text(quantity.doc()).clicked() {
                    out.push(AlternativesEdit::Look(quantity, true));
                }
            }
        });
    });
    let left = ui.available_height() - 42.0;
    if alone {
        plot(ui, world, kept.quantity, left.clamp(110.0, 900.0), true);
    } else {
        let gap = 2.0 * ui.spacing().item_spacing.y + 22.0;
        let height = (left / 2.0 - gap).clamp(110.0, 420.0);
        for pair in ALL.chunks(2) {
            beside(ui, world, pair, height);
        }
    }
    figure::save_below(ui, out, "learning-rules", from, || csv(world, &ALL));
}

/// The plots of the view where things are broken.
pub fn broken(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, from: Pos2) {
    let both = [Quantity::Accuracy, Quantity::Update];
    if page::small(ui) {
        let names = both.map(Quantity::name);
        let chosen = page::choose(ui, "broken", &names).min(1);
        let height = (ui.available_height() - 42.0).clamp(110.0, 900.0);
        plot(ui, world, both[chosen], height, true);
    } else {
        let height = (ui.available_height() - 76.0).clamp(110.0, 700.0);
        beside(ui, world, &both, height);
    }
    figure::save_below(ui, out, "broken-errors", from, || csv(world, &both));
}

fn beside(ui: &mut Ui, world: &World<'_>, pair: &[Quantity], height: f32) {
    ui.columns(pair.len(), |columns| {
        for (ui, quantity) in columns.iter_mut().zip(pair) {
            let title = RichText::new(quantity.name()).font(theme::strong(14.0));
            ui.label(title).on_hover_text(quantity.doc());
            plot(ui, world, *quantity, height, false);
        }
    });
}

/// One plot.
fn plot(ui: &mut Ui, world: &World<'_>, quantity: Quantity, height: f32, alone: bool) {
    let p = palette(ui.visuals());
    let curves = curves(world, quantity);
    let steps = world.room.kept.slots().filter_map(|(slot, _)| world.room.run(slot));
    let right = steps.map(|r| r.steps as f64).fold(20.0, f64::max);
    let (low, high) = range(quantity, &curves);
    let id = format!("{quantity:?} of rules");
    let wide = ui.available_width() > 480.0 && height > 230.0;
    let corner = match quantity {
        Quantity::Accuracy => Corner::RightBottom,
        _ => Corner::RightTop,
    };
    let chart = Chart {
        id: &id,
        axes: ["batches", quantity.axis()],
        bounds: [[0.0, low], [1.03 * right, high]],
        height,
        legend: (alone && wide && !curves.is_empty()).then_some(corner),
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let colours: Vec<_> = (0..p.series.len()).map(|slot| p.series[slot]).collect();
    let small = theme::regular(12.0);
    let said = || {
        let ends = curves.iter().filter(|c| !c.faint).filter_map(|c| {
            let layer = if c.layer > 0 { format!(", layer {}", c.layer) } else { String::new() };
            Some(format!("{}{layer} {:.1}", c.name, c.points.last()?[1]))
        });
        let ends: Vec<String> = ends.collect();
        format!("{}, {}: {}", quantity.name(), quantity.axis(), ends.join("; "))
    };
    chart.show_said(ui, said, |plot| {
        if quantity.of_angles() {
            let chance = Stroke::new(1.5, p.weak);
            let line = HLine::new("no better than chance", 90.0).stroke(chance);
            plot.hline(line.style(LineStyle::dashed_loose()).allow_hover(false));
            let text = RichText::new("no better than chance").font(small).color(p.weak);
            let at = PlotPoint::new(1.02 * right, 91.0);
            plot.text(
                Text::new("", at, text).anchor(egui::Align2::RIGHT_BOTTOM).allow_hover(false),
            );
        }
        for curve in &curves {
            let colour = colours[curve.slot];
            let (width, colour) = match curve.faint {
                true => (1.0, colour.gamma_multiply(0.45)),
                false => (thick, colour),
            };
            let style = match curve.layer {
                0 | 1 => LineStyle::Solid,
                2 => LineStyle::dashed_dense(),
                _ => LineStyle::dotted_dense(),
            };
            let points = PlotPoints::from(curve.points.clone());
            // A legend has each name once, with its strong colour.
            let name = if curve.faint { "" } else { &curve.name };
            let line = Line::new(name, points).stroke(Stroke::new(width, colour));
            plot.line(line.style(style));
        }
        if world.room.kept.tab == AlternativesTab::Break {
            for (slot, _) in world.room.kept.slots() {
                for change in &world.room.slots[slot].changes {
                    let stroke = Stroke::new(1.5, colours[slot]);
                    let line = VLine::new(change.text.clone(), change.step as f64).stroke(stroke);
                    plot.vline(line.style(LineStyle::dashed_dense()));
                }
            }
        }
    });
    if curves.is_empty() && height > 60.0 {
        let rect = ui.min_rect();
        let at = egui::pos2(rect.center().x, rect.bottom() - height / 2.0);
        let text = match quantity {
            Quantity::Feedback if right > 20.0 => "No rule here has matrices of its own.",
            _ => "Start all to see it.",
        };
        let galley = ui.painter().layout_no_wrap(text.into(), theme::regular(13.0), p.weak);
        let corner = at - vec2(galley.size().x / 2.0, galley.size().y);
        ui.painter().galley(corner, galley, p.weak);
    }
}

/// The range of y that is worth looking at.
fn range(quantity: Quantity, curves: &[Curve]) -> (f64, f64) {
    let late = curves.iter().flat_map(|c| c.points.iter().skip(c.points.len() / 8));
    let values = || late.clone().map(|p| p[1]).filter(|v| v.is_finite());
    match quantity {
        Quantity::Accuracy => {
            let low = values().fold(100.0, f64::min);
            (if curves.is_empty() { 0.0 } else { (low - 3.0).clamp(0.0, 90.0) }, 100.5)
        }
        Quantity::Loss => {
            // What is measured in other terms does not squeeze the rest.
            let alike = |c: &&Curve| c.dense || curves.iter().all(|c| !c.dense);
            let late = |c: &Curve| c.points[c.points.len() / 8..].iter().map(|p| p[1]).collect();
            let values = curves.iter().filter(alike).flat_map::<Vec<f64>, _>(late);
            (0.0, (1.1 * values.filter(|v| v.is_finite()).fold(0.0, f64::max)).clamp(0.1, 1e6))
        }
        Quantity::Update | Quantity::Feedback => {
            let high = values().fold(0.0, f64::max);
            (0.0, if high > 102.0 { 184.0 } else { 105.0 })
        }
    }
}

/// One row per point.
fn csv(world: &World<'_>, quantities: &[Quantity]) -> String {
    let mut rows = Vec::new();
    for quantity in quantities {
        for curve in curves(world, *quantity) {
            let rule = world.room.kept.rule(curve.slot).map_or("", |r| r.id);
            let what = match (quantity, curve.faint) {
                (Quantity::Accuracy, false) => "held-out accuracy, %",
                (Quantity::Accuracy, true) => "training accuracy, %",
                (Quantity::Loss, _) => "loss",
                (Quantity::Update, _) => "update to gradient, degrees",
                (Quantity::Feedback, _) => "feedback to weights, degrees",
            };
            let layer = if curve.layer > 0 { curve.layer.to_string() } else { String::new() };
            for [step, value] in &curve.points {
                rows.push(row![curve.slot + 1, rule, what, layer, step, value]);
            }
        }
    }
    for (slot, rule) in world.room.kept.slots() {
        for change in &world.room.slots[slot].changes {
            rows.push(row![slot + 1, rule.id, "errors", "", change.step, change.text]);
        }
    }
    csv::text(["slot", "rule", "curve", "layer", "step", "value"], rows)
}

//! The artificial neuron beside the biological one (Fig. 3 and eq. (1) of the report),
//! with the same weights and inputs and all the numbers.

use egui::{Align2, Color32, Rect, RichText, ScrollArea, Sense, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{Corner, Line, LineStyle, PlotPoints, Points, VLine};

use super::settings::{self, UnitInputs, UnitSettings};
use super::{NeuronEdit, World};
use crate::core::csv::{self, row};
use crate::data::PIXELS;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::digit_view;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::number;
use crate::ui::widgets::{figure, page};
use crate::workers::experiments::{UnitResult, UnitTask};

/// Own inputs at most.
const MOST_INPUTS: usize = UnitSettings::MOST_INPUTS;

/// Inputs, weights, threshold.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Both neurons", NeuronEdit::Reset, out);
    let mut unit = world.room.kept.unit.clone();
    ui.label(RichText::new("Inputs").font(theme::strong(14.0)));
    ui.horizontal_wrapped(|ui| {
        let mut choice = |on: UnitInputs, name: &str, tip: &str| {
            if ui.selectable_label(unit.inputs == on, name).on_hover_text(tip).clicked() {
                // A whole digit sums to more than five inputs do.
                unit = UnitSettings { inputs: on, step: 0, ..unit.clone() };
                // A unit that this digit leaves cold shows little.
                let pixels = settings::shown_digit(&world.digit);
                if let (UnitInputs::Digit, Some(strongest)) =
                    (on, settings::strongest_unit(&world.models, &pixels))
                {
                    unit.unit = strongest;
                }
            }
        };
        choice(UnitInputs::Own, "Set by hand", "Inputs and weights under sliders");
        choice(
            UnitInputs::Digit,
            "Current digit",
            "The digit's 784 pixels, with the weights of a unit that the MLP has learnt",
        );
    });
    match unit.inputs {
        UnitInputs::Own => own(ui, &mut unit),
        UnitInputs::Digit => digit(ui, world, &mut unit),
    }
    ui.separator();
    Field::new(
        "Threshold V_th",
        "",
        UnitSettings::V_TH,
        "The voltage at which the biological neuron fires",
    )
    .log()
    .show_f32(ui, &mut unit.v_th);
    let tip = "Subtracting keeps what lies above the threshold; a reset to zero loses it";
    ui.horizontal_wrapped(|ui| {
        ui.label("A spike").on_hover_text(tip);
        ui.selectable_value(&mut unit.reset_to_zero, false, "subtracts V_th").on_hover_text(tip);
        ui.selectable_value(&mut unit.reset_to_zero, true, "resets to 0").on_hover_text(tip);
    });
    let mut passes = unit.passes as f64;
    let tip = "How often all inputs are presented, one after another: the longer one counts, the closer the count comes to the sum";
    if Field::new("Passes over the inputs", "", UnitSettings::PASSES, tip).show(ui, &mut passes) {
        unit.passes = passes.round() as usize;
    }
    if unit != world.room.kept.unit {
        out.push(NeuronEdit::Unit(Box::new(unit)));
    }
}

fn own(ui: &mut Ui, unit: &mut UnitSettings) {
    let (low, high) = UnitSettings::WEIGHT;
    let size = vec2(0.28 * ui.available_width(), ui.spacing().interact_size.y);
    for (i, (x, w)) in unit.own.iter_mut().enumerate() {
        let number = |ui: &mut Ui, name: &str, tip: &str, value: &mut f32, from, to| {
            let label = ui.label(format!("{name}{}", sub(i + 1)));
            let drag = number::drag(value).range(from..=to).speed(0.01).fixed_decimals(2);
            ui.add_sized(size, drag).labelled_by(label.id).on_hover_text(tip);
        };
        ui.horizontal(|ui| {
            number(ui, "x", "Input, 0 to 1", x, 0.0, 1.0);
            number(ui, "W", "Its weight, −2 to 2", w, low, high);
        });
    }
    ui.horizontal(|ui| {
        let more = ui.add_enabled(unit.own.len() < MOST_INPUTS, egui::Button::new("Add input"));
        if more.clicked() {
            unit.own.push((0.5, 0.5));
        }
        let fewer = ui.add_enabled(unit.own.len() > 1, egui::Button::new("Remove last"));
        if fewer.clicked() {
            unit.own.pop();
        }
    });
}

fn digit(ui: &mut Ui, world: &World<'_>, unit: &mut UnitSettings) {
    let units = settings::first_layer_units(&world.models);
    if units == 0 {
        ui.label("The MLP is not among the models; train one, or set the inputs by hand.");
        return;
    }
    let pixels = settings::shown_digit(&world.digit);
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Unit");
        let drag = number::drag(&mut unit.unit).range(0..=units - 1).speed(0.1);
        ui.add(drag).labelled_by(label.id).on_hover_text("Which unit of the MLP's first layer");
        let tip = "The unit of which this digit asks most";
        if ui.button("Strongest").on_hover_text(tip).clicked()
            && let Some(strongest) = settings::strongest_unit(&world.models, &pixels)
        {
            unit.unit = strongest;
        }
    });
    let Some((weights, bias)) = settings::first_layer(&world.models, unit.unit) else { return };
    let side = ((ui.available_width() - 16.0) / 2.0).min(104.0);
    ui.horizontal_top(|ui| {
        let captioned = |ui: &mut Ui, caption: &str, show: &dyn Fn(&mut Ui)| {
            ui.vertical(|ui| {
                ui.set_max_width(side);
                ui.label(RichText::new(caption).small());
                show(ui);
            });
        };
        let name = if world.digit.is_blank() { "a sample" } else { "the digit" };
        captioned(ui, name, &|ui| {
            let id = egui::Id::unique("unit digit");
            let label = "The digit that goes in";
            digit_view::show(ui, id, side, label, |i| pixels[i], Sense::hover());
        });
        captioned(ui, "its weights", &|ui| weight_map(ui, &weights, side));
    });
    ui.label(RichText::new(format!("bias {bias:.3}, a last input of 1")).small());
}

/// Weights as a diverging map.
fn weight_map(ui: &mut Ui, weights: &[f32], side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let most = weights.iter().fold(1e-6f32, |m, w| m.max(w.abs()));
    let colour = |w: &f32| theme::diverging(ui.visuals(), w / most);
    let pixels: Vec<Color32> = weights.iter().take(PIXELS).map(colour).collect();
    if pixels.len() == PIXELS {
        let image = egui::ColorImage::new([28, 28], pixels);
        let id = egui::Id::unique("unit weights");
        let texture =
            ui.ctx().load_texture_cached("weights", id, image, egui::TextureOptions::NEAREST);
        egui::Image::new((texture.id(), rect.size())).paint_at(ui, rect);
    }
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, "Weights of the unit")
    });
    response.on_hover_text(format!("From −{most:.2} (blue) over 0 to {most:.2} (orange)"));
}

/// Both neurons, the steps of the sum, and the sweep; in a small window one of them.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let settings = &world.room.kept.unit;
    let task = settings.task(world.digit.pixels(), &world.models);
    let Some(answer) = world.room.results.unit.as_ref() else {
        ui.label("The neuron is being simulated …");
        return;
    };
    let result = &answer.1;
    if task.products.is_empty() || result.steps.len() != task.products.len() * task.passes {
        ui.label("The neuron is being simulated …");
        return;
    }
    let from = ui.next_widget_position();
    let names = ["Both neurons", "Step by step", "Any input"];
    let chosen = page::small(ui).then(|| page::choose(ui, "unit", &names));
    let (room, width) = (ui.available_height() - 44.0, ui.available_width());
    let height = if chosen.is_some() { room } else { (room * 0.5).clamp(150.0, 380.0) };
    let gap = 14.0;
    ui.spacing_mut().interact_size.y = 20.0;
    if matches!(chosen, None | Some(0)) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            let left = (width * 0.36).clamp(170.0, 340.0);
            part(ui, left, height, |ui| artificial(ui, &task, result));
            part(ui, width - left - gap, height, |ui| biological(ui, world, &task, result));
        });
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        let width = if chosen.is_some() { width } else { width * 0.5 - gap };
        if matches!(chosen, None | Some(1)) {
            part(ui, width, height, |ui| steps(ui, world, &task, result, out));
        }
        if matches!(chosen, None | Some(2)) {
            part(ui, width, height, |ui| sweep(ui, world, &task, result));
        }
    });
    figure::save_below(ui, out, "neuron-and-unit", from, || csv(&task, result));
}

/// A part of exactly this size.
fn part(ui: &mut Ui, width: f32, height: f32, show: impl FnOnce(&mut Ui)) {
    ui.allocate_ui(vec2(width, height), |ui| {
        ui.vertical(|ui| {
            ui.set_min_width(width);
            ui.set_max_width(width);
            show(ui);
        });
    });
}

/// `3` → `₃`.
fn sub(number: usize) -> String {
    let digit = |d: char| d.to_digit(10).and_then(|d| char::from_u32(0x2080 + d)).unwrap_or(d);
    number.to_string().chars().map(digit).collect()
}

fn figure_line(ui: &mut Ui, name: &str, value: &str, tip: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(name).on_hover_text(tip);
        ui.label(RichText::new(value).font(theme::strong(14.5))).on_hover_text(tip);
    });
}

/// Σ W x and its ReLU, with the products where they are few.
fn artificial(ui: &mut Ui, task: &UnitTask, result: &UnitResult) {
    let p = palette(ui.visuals());
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.label(RichText::new("Artificial neuron").font(theme::strong(15.0)).color(p.series[1]));
    if task.products.len() <= MOST_INPUTS {
        for (i, (x, w)) in task.products.iter().enumerate() {
            let text = format!("W{0} x{0} = {w:.2} × {x:.2} = {1:.3}", sub(i + 1), w * x);
            ui.label(RichText::new(text).small());
        }
    } else {
        let [up, down] = task.halves();
        ui.label(RichText::new(format!("positive products sum to {up:.2}")).small());
        ui.label(RichText::new(format!("negative products sum to {down:.2}")).small());
    }
    let sum = result.sum;
    figure_line(ui, "Σ Wᵢ xᵢ =", &format!("{sum:.3}"), "All products at once");
    let tip = "What the artificial neuron gives on: the sum, or nothing if it is below zero";
    figure_line(ui, "ReLU =", &format!("{:.3}", sum.max(0.0)), tip);
    let expected = task.expected(sum);
    let tip = "What the biological neuron should count in each pass: its spikes stand for so many thresholds";
    figure_line(ui, "ReLU / V_th =", &format!("{expected:.2} spikes"), tip);
}

/// The staircase of voltages with its spikes.
fn biological(ui: &mut Ui, world: &World<'_>, task: &UnitTask, result: &UnitResult) {
    let p = palette(ui.visuals());
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.label(RichText::new("Biological neuron").font(theme::strong(15.0)).color(p.series[0]));
    let per_pass = result.spikes as f64 / task.passes as f64;
    let n = task.products.len();
    let text = format!("{} in {} passes, {per_pass:.2} a pass", result.spikes, task.passes);
    figure_line(ui, "Spikes:", &text, "Counted in simulation");
    figure_line(
        ui,
        "Voltage left:",
        &format!("{:.3}", result.left),
        "Not yet enough for a spike; or below zero, from inputs that came after the spikes",
    );
    if !task.reset_to_zero {
        let v_th = task.v_th;
        let (sign, size) = (if result.left < 0.0 { '−' } else { '+' }, result.left.abs());
        let (fired, passes, sum) = (result.spikes, task.passes, result.sum);
        let text =
            format!("{fired} × {v_th:.2} fired {sign} {size:.3} left = {passes} × {sum:.3} put in");
        ui.label(RichText::new(text).small()).on_hover_text(
            "Nothing is lost when a spike subtracts the threshold: what went in was fired, or is left",
        );
    }
    let size = vec2(ui.available_width(), ui.available_height().max(70.0));
    let (outer, response) = ui.allocate_exact_size(size, Sense::hover());
    staircase(ui, outer, world, task, result);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::accesskit::Role::Image,
            true,
            "Voltage at each input, with spikes",
        )
    });
    response.on_hover_text(format!("Voltage after each of the {n} inputs of each pass. Dashed: the threshold. A bar on top: a spike."));
}

fn staircase(ui: &Ui, outer: Rect, world: &World<'_>, task: &UnitTask, result: &UnitResult) {
    let p = palette(ui.visuals());
    let rect = Rect::from_min_max(outer.min + vec2(44.0, 0.0), outer.max - vec2(4.0, 16.0));
    let painter = ui.painter();
    painter.rect_filled(rect, 3, p.well);
    let (mut low, mut high) = (0.0f32, task.v_th * 1.3);
    for step in &result.steps {
        (low, high) = (low.min(step.before).min(step.charged), high.max(step.charged));
    }
    let total = result.steps.len() as f32;
    let x_of = |i: f32| rect.left() + rect.width() * i / total;
    let y_of =
        |v: f32| rect.bottom() - 2.0 - (rect.height() - 12.0) * (v - low) / (high - low).max(1e-6);
    // Passes by turns in a faint shade, where there are several.
    for pass in 1..task.passes {
        let x = x_of((pass * task.products.len()) as f32);
        painter.vline(x, rect.y_range(), Stroke::new(1.0, p.line));
    }
    let stroke = Stroke::new(1.3, p.warning);
    let y = y_of(task.v_th);
    painter.extend(Shape::dashed_line(
        &[pos2(rect.left(), y), pos2(rect.right(), y)],
        stroke,
        6.0,
        4.0,
    ));
    painter.hline(rect.x_range(), y_of(0.0), Stroke::new(1.0, p.line));
    let width = if world.session.projector { 2.6 } else { 1.7 };
    // Longer runs are thinned to what the columns can show.
    let every = (result.steps.len() / (2 * rect.width().max(1.0) as usize)).max(1);
    let mut points = Vec::new();
    for (i, step) in result.steps.iter().enumerate() {
        if i % every == 0 || step.spike {
            points.push(pos2(x_of(i as f32), y_of(step.before)));
            points.push(pos2(x_of(i as f32 + 0.9), y_of(step.charged)));
        }
        if step.spike {
            let x = x_of(i as f32 + 0.9);
            painter.vline(
                x,
                rect.top() + 1.0..=rect.top() + 10.0,
                Stroke::new(width + 0.6, p.text),
            );
        }
    }
    points.extend([pos2(rect.right(), y_of(result.left))]);
    painter.add(Shape::line(points, Stroke::new(width, p.series[0])));
    let at = world.room.kept.unit.step.min(result.steps.len().saturating_sub(1)) as f32;
    painter.vline(x_of(at + 0.5), rect.y_range(), Stroke::new(1.5, p.accent));
    let small = theme::regular(11.5);
    for (value, text) in [(0.0, "0".to_owned()), (task.v_th, format!("{}", task.v_th))] {
        painter.text(
            pos2(rect.left() - 5.0, y_of(value)),
            Align2::RIGHT_CENTER,
            text,
            small.clone(),
            p.weak,
        );
    }
    painter.text(outer.left_top(), Align2::LEFT_TOP, "V", theme::strong(12.0), p.text);
    let under = pos2(rect.center().x, outer.bottom());
    painter.text(
        under,
        Align2::CENTER_BOTTOM,
        "inputs, one after another, pass after pass",
        small,
        p.weak,
    );
}

/// The sum, eq. (1) of the report, input by input.
fn steps(ui: &mut Ui, world: &World<'_>, task: &UnitTask, result: &UnitResult, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let last = result.steps.len() - 1;
    let at = world.room.kept.unit.step.min(last);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Vᵢ = Vᵢ₋₁ + Wᵢ xᵢ").font(theme::strong(14.0)));
        let mut go = |ui: &mut Ui, name: &str, tip: &str, to: Option<usize>| {
            figure::controls(ui, |ui| {
                let button = ui.add_enabled(to.is_some(), egui::Button::new(name).small());
                if let (true, Some(to)) = (button.on_hover_text(tip).clicked(), to) {
                    out.push(NeuronEdit::UnitStep(to));
                }
            });
        };
        go(ui, "First", "To the first input", (at > 0).then_some(0));
        go(ui, "Back", "One input back", at.checked_sub(1));
        go(ui, "Next", "One input on", (at < last).then_some(at + 1));
        let next = (at + 1..=last).find(|i| result.steps[*i].spike);
        go(ui, "Next spike", "To the next input that makes it fire", next);
    });
    let n = task.products.len();
    // A line of text and its spacing; the first is that of the titles.
    let line = ui.fonts_mut(|f| f.row_height(&theme::regular(13.0))).max(18.0) + 2.0;
    let rows = (ui.available_height() / line - 1.5).clamp(2.0, 14.0) as usize;
    let first = at.saturating_sub(rows / 2).min((last + 1).saturating_sub(rows));
    ScrollArea::horizontal().show(ui, |ui| {
        egui::Grid::new("equation").num_columns(6).min_row_height(18.0).spacing([8.0, 2.0]).show(
            ui,
            |ui| {
                for title in ["i", "Wᵢ", "xᵢ", "Wᵢ xᵢ", "Vᵢ₋₁ → Vᵢ", ""] {
                    ui.label(RichText::new(title).small().color(p.weak));
                }
                ui.end_row();
                for i in first..(first + rows).min(last + 1) {
                    let ((x, w), step) = (task.products[i % n], result.steps[i]);
                    let text = |text: String| {
                        let text = RichText::new(text).font(theme::regular(13.0));
                        if i == at {
                            text.strong().background_color(p.accent.gamma_multiply(0.25))
                        } else {
                            text
                        }
                    };
                    ui.label(text(format!("{}", i % n + 1)));
                    ui.label(text(format!("{w:.2}")));
                    ui.label(text(format!("{x:.2}")));
                    ui.label(text(format!("{:.3}", w * x)));
                    ui.label(text(format!("{:.3} → {:.3}", step.before, step.charged)));
                    ui.label(text(if step.spike { "spike".into() } else { String::new() }));
                    ui.end_row();
                }
            },
        );
    });
}

/// Spikes per step against the input per step.
fn sweep(ui: &mut Ui, world: &World<'_>, task: &UnitTask, result: &UnitResult) {
    let p = palette(ui.visuals());
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let here = task.mean_input(result.sum);
    let tip = "Constant inputs into the same neuron, 200 steps each. There is at most one spike per step: above V_th per step the rate saturates while ReLU goes on.";
    ui.label(RichText::new("Any constant input: spike rate and ReLU").font(theme::strong(14.0)))
        .on_hover_text(tip);
    let (low, high) = (-0.5, 1.6);
    let chart = Chart {
        id: "sweep",
        axes: ["input per step / V_th", "spikes per step"],
        bounds: [[low, -0.08], [high, 1.7]],
        height: ui.available_height().max(100.0),
        legend: Some(Corner::LeftTop),
        log_x: false,
    };
    chart.show(ui, |plot| {
        let relu: PlotPoints<'_> = [[low, 0.0], [0.0, 0.0], [high, high]].into_iter().collect();
        let dashed = Line::new("ReLU", relu).stroke(Stroke::new(thick, p.series[1]));
        plot.line(dashed.style(LineStyle::dashed_dense()));
        let dots: PlotPoints<'_> = result.sweep.iter().map(|s| [s.input, s.rate]).collect();
        plot.points(Points::new("spikes counted", dots).color(p.series[0]).radius(thick + 0.6));
        if (low..high).contains(&here) {
            let line = VLine::new("mean input here", here);
            plot.vline(line.stroke(Stroke::new(1.6, p.weak)));
        }
    });
}

fn csv(task: &UnitTask, result: &UnitResult) -> String {
    let n = task.products.len().max(1);
    let steps = result.steps.iter().enumerate().map(|(i, step)| {
        let (x, w) = task.products[i % n];
        let (pass, input, spike) = (i / n + 1, i % n + 1, u8::from(step.spike));
        row![pass, input, x, w, w * x, step.before, step.charged, spike]
    });
    let headings = ["pass", "input", "x", "weight", "product", "v_before", "v_charged", "spike"];
    let sweep = result.sweep.iter().map(|point| row![point.input, point.rate]);
    csv::text(headings, steps)
        + "\n"
        + &csv::text(["sweep input (V_th per step)", "spikes per step"], sweep)
}

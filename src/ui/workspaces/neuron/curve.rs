//! The f–I curve: dots that are counted in simulation, a line from the equations.

use egui::{ComboBox, RichText, Stroke, Ui};
use egui_plot::{Line, LineStyle, PlotPoints, Points, VLine};

use super::{NeuronEdit, World};
use crate::core::csv::{self, row};
use crate::snn::experiments::curve::distance;
use crate::snn::models::{MODELS, NeuronModel};
use crate::snn::rate_curve::{self, Onset};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{self, Chart, Key};
use crate::ui::widgets::field::parameter;
use crate::ui::widgets::{figure, page};
use crate::workers::experiments::CurveResult;

/// Steps on offer, ms.
const STEPS_MS: [f64; 5] = [1.0, 0.5, 0.1, 0.05, 0.01];

/// Model, its parameters, and the step.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "f–I curve", NeuronEdit::Reset, out);
    let mut settings = world.room.kept.curve.clone();
    let model = settings.declared();
    let label = ui.label("Neuron model");
    ComboBox::from_id_salt("neuron model")
        .selected_text(model.name)
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            // What no current makes fire in earnest (the gate) has no curve.
            for declared in MODELS.iter().filter(|m| rate_curve::find(m.id).is_some()) {
                let on = declared.id == model.id;
                if ui.selectable_label(on, declared.name).on_hover_text(declared.doc).clicked()
                    && !on
                {
                    settings.model = crate::snn::params::Config::new(declared.id);
                }
            }
        })
        .response
        .labelled_by(label.id);
    ui.label(RichText::new(model.doc).small().color(palette(ui.visuals()).weak))
        .on_hover_text(model.source);
    for equation in model.equations {
        ui.label(RichText::new(*equation).small());
    }
    ui.separator();
    let values = settings.values();
    for (param, value) in model.params.iter().zip(values) {
        // θ is held here, whatever its switch says.
        if param.name == "adapt" {
            continue;
        }
        let mut new = value;
        if parameter(ui, param, &mut new) && new != value {
            settings.model.values.insert(param.name.to_owned(), new);
        }
    }
    ui.separator();
    let tip = format!("Step of the simulation. This model's integration: {}", model.integration);
    ui.horizontal(|ui| {
        let label = ui.label("Step dt").on_hover_text(tip.as_str());
        ComboBox::from_id_salt("dt")
            .selected_text(format!("{} ms", settings.dt_ms))
            .width(76.0)
            .show_ui(ui, |ui| {
                for dt in STEPS_MS {
                    ui.selectable_value(&mut settings.dt_ms, dt, format!("{dt} ms"));
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text(tip.as_str());
    });
    if settings != world.room.kept.curve {
        out.push(NeuronEdit::Curve(Box::new(settings)));
    }
}

/// The plot, with what is to be known about it.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let settings = &world.room.kept.curve;
    let model = settings.declared();
    let Some(answer) = world.room.results.curve.as_ref().filter(|a| a.1.model == model.id) else {
        ui.label("The neurons are being measured …");
        return;
    };
    let result = &answer.1;
    let from = ui.next_widget_position();
    let notes = notes(result, model);
    // A small window shows the plot alone, and the notes on hovering.
    let small = page::small(ui);
    headline(ui, result).on_hover_text(notes.join("\n\n"));
    let below = if small { 40.0 } else { 160.0 };
    let room = ui.available_height() - below;
    plot(ui, world, result, model.current_unit, room.clamp(150.0, 620.0));
    if !small {
        ui.spacing_mut().item_spacing.y = 3.0;
        for note in notes {
            let text = RichText::new(note).small().color(palette(ui.visuals()).weak);
            ui.add(egui::Label::new(text).wrap());
        }
    }
    figure::save_below(ui, out, "f-i-curve", from, || csv(result, model.current_unit));
}

/// The formula, where firing begins and how, what a refractory period is in steps,
/// and how far the other methods of integration are off.
fn notes(result: &CurveResult, model: &NeuronModel) -> Vec<String> {
    let curve = rate_curve::find(&result.model);
    let mut notes: Vec<String> = curve.iter().map(|c| c.doc.to_owned()).collect();
    if let Some(onset) = result.onset {
        let (at, unit) = (result.rheobase, model.current_unit);
        notes.push(format!("Firing begins at {at:.2} {unit}: {}.", onset.text()));
    }
    let (n, dt) = (result.refractory_steps, result.dt_ms);
    if n > 0 {
        let held = f64::from(n) * dt;
        notes.push(format!(
            "The refractory period is {n} {} of {dt} ms, rounded up: after a spike in step k the next is possible in step k + {n}, {held:.2} ms later. {}.",
            if n == 1 { "step" } else { "steps" },
            curve.map_or("", |c| c.refractory)
        ));
    }
    let others = result
        .others
        .iter()
        .map(|(name, points)| format!("by {name} {:.1} Hz", distance(points, &result.expected)));
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        notes.push(format!(
            "Dashed: the same by another method; largest distance from the equations {}.",
            others.join(", ")
        ));
    }
    notes
}

fn headline(ui: &mut Ui, result: &CurveResult) -> egui::Response {
    let share = result.done_ms / result.whole_ms.max(1.0);
    let mut text = format!(
        "Measured over {:.0} of {:.0} ms; largest distance from the equations {:.1} Hz",
        result.done_ms,
        result.whole_ms,
        distance(&result.measured, &result.expected)
    );
    if !result.stepwise.is_empty() {
        let distance = distance(&result.measured, &result.stepwise);
        text += &format!(", in whole steps {distance:.1} Hz");
    }
    let label = ui.add(egui::Label::new(RichText::new(text).font(theme::strong(14.0))).wrap());
    ui.add(egui::ProgressBar::new(share as f32).desired_height(4.0).corner_radius(2));
    label
}

fn plot(ui: &mut Ui, world: &World<'_>, result: &CurveResult, unit: &str, height: f32) {
    let p = palette(ui.visuals());
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let by_others = || result.others.iter().flat_map(|(_, points)| points);
    let all = || result.expected.iter().chain(&result.measured).chain(by_others());
    let (low, high) =
        all().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), q| (a.min(q[0]), b.max(q[0])));
    let top = all().map(|q| q[1]).fold(10.0, f64::max) * 1.08;
    let closed = rate_curve::find(&result.model).is_some_and(|c| c.closed);
    let name = if closed { "from the equations" } else { "equations, integrated finely" };
    let line = |name: String, points: &[[f64; 2]], width: f32, colour| {
        let points: PlotPoints<'_> = points.iter().copied().collect();
        Line::new(name, points).stroke(Stroke::new(width, colour))
    };
    let current = format!("current I ({unit})");
    let air = 0.02 * (high - low);
    let onset = format!("rheobase: {}", result.onset.map_or("firing begins", Onset::name));
    let stepwise = format!("in whole steps of {} ms", result.dt_ms);
    let others: Vec<(String, egui::Color32)> = (result.others.iter().enumerate())
        .map(|(i, (method, _))| (format!("measured, {method}"), p.series[[2, 4][i % 2]]))
        .collect();
    let solid = |colour| Key { colour, dashed: false };
    let dashed = |colour| Key { colour, dashed: true };
    let mut legend = vec![("measured", solid(p.series[0])), (name, solid(p.series[1]))];
    if !result.stepwise.is_empty() {
        legend.push((&stepwise, solid(p.series[3])));
    }
    legend.extend(others.iter().map(|(name, colour)| (&name[..], dashed(*colour))));
    legend.push((&onset, dashed(p.weak)));
    // Above the curve: where it begins is what one reads off it.
    let height = (height - chart::keys(ui, legend)).max(90.0);
    let chart = Chart {
        id: &format!("f-I {}", result.model),
        axes: [&current, "rate f (Hz)"],
        bounds: [[low - air, -0.02 * top], [high + air, top]],
        height,
        legend: None,
        log_x: false,
    };
    chart.show(ui, |plot| {
        plot.vline(
            VLine::new(onset.clone(), result.rheobase)
                .stroke(Stroke::new(thick * 0.7, p.weak))
                .style(LineStyle::dashed_dense()),
        );
        plot.line(line(name.into(), &result.expected, thick, p.series[1]));
        if !result.stepwise.is_empty() {
            plot.line(line(stepwise.clone(), &result.stepwise, thick * 0.5, p.series[3]));
        }
        for ((_, points), (name, colour)) in result.others.iter().zip(&others) {
            let dashed = line(name.clone(), points, thick * 0.8, *colour);
            plot.line(dashed.style(LineStyle::dashed_dense()));
        }
        let dots: PlotPoints<'_> = result.measured.iter().copied().collect();
        plot.points(Points::new("measured", dots).color(p.series[0]).radius(thick + 1.6));
    });
}

fn csv(result: &CurveResult, unit: &str) -> String {
    let curves = [
        ("measured", &result.measured),
        ("expected", &result.expected),
        ("expected in whole steps", &result.stepwise),
    ];
    let others = result.others.iter().map(|(name, points)| (*name, points));
    let rows = curves.into_iter().chain(others).flat_map(|(name, points)| {
        points.iter().map(move |[current, rate]| row![name, current, rate])
    });
    csv::text(["curve", &format!("current ({unit})"), "rate_hz"], rows)
}

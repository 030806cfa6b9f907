//! STDP windows (Fig. 2 of the report), measured in simulation (dots) and from the
//! rules' formulas (lines): of the pair rule, and of those that are laid over it.

use egui::{RichText, Stroke, Ui};
use egui_plot::{Line, LineStyle, PlotPoints, Points};

use super::settings::{WindowSettings, rule};
use super::{PlasticityEdit, World, parts};
use crate::core::csv::{self, row};
use crate::core::text::percent;
use crate::snn::experiments::window::{WindowResult, distance};
use crate::snn::plasticity::RULES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, range};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{figure, page};

/// How the windows are shown, and the parameters of one rule.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "STDP windows", PlasticityEdit::Reset, out);
    let kept = &world.room.kept.windows;
    let mut windows = kept.clone();
    let tip = "Each window in units of its own largest change, so that the shapes can be compared: the rules differ a hundredfold in size";
    ui.checkbox(&mut windows.relative, "Scaled to the largest").on_hover_text(tip);
    Field::new(
        "Largest |Δt|",
        "ms",
        WindowSettings::REACH_MS,
        "How far apart the spikes of a pair are, at most",
    )
    .show(ui, &mut windows.reach_ms);
    windows.reach_ms = windows.reach_ms.round();
    ui.separator();
    if let Some(chosen) = parts::choose_rule(ui, &windows.rule) {
        chosen.id.clone_into(&mut windows.rule);
        windows.hidden.remove(chosen.id);
    }
    parts::rule_parameters(ui, world, rule(&windows.rule), out);
    if windows != *kept {
        out.push(PlasticityEdit::Windows(Box::new(windows)));
    }
}

/// The rules, in their colours, to be laid over each other.
fn overlays(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept.windows;
    let mut windows = kept.clone();
    ui.horizontal_wrapped(|ui| {
        for (i, rule) in RULES.iter().enumerate() {
            let mut on = !windows.hidden.contains(rule.id);
            let colour = palette(ui.visuals()).series[i % 6];
            let text = RichText::new(rule.name).color(colour).font(theme::strong(14.0));
            if figure::saving(ui.ctx()) {
                // What can be chosen here is the legend there.
                if on {
                    ui.label(text);
                }
            } else if ui.checkbox(&mut on, text).on_hover_text(rule.doc).changed() {
                if on {
                    windows.hidden.remove(rule.id)
                } else {
                    windows.hidden.insert(rule.id.into())
                };
            }
        }
    });
    if windows != *kept {
        out.push(PlasticityEdit::Windows(Box::new(windows)));
    }
}

/// The plot and what it says.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(answer) = world.room.results.windows.as_ref() else {
        ui.label("The pairs of spikes are being simulated …");
        return;
    };
    let kept = &world.room.kept.windows;
    let shown: Vec<(usize, &WindowResult)> =
        answer.1.iter().enumerate().filter(|(_, w)| !kept.hidden.contains(&w.rule)).collect();
    let from = ui.next_widget_position();
    overlays(ui, world, out);
    // In a small window the notes are shown on hovering.
    let small = page::small(ui);
    let below = if small { 84.0 } else { 122.0 };
    let height = (ui.available_height() - below).clamp(150.0, 620.0);
    plot(ui, world, &shown, height);
    let notes = notes(&shown, &kept.rule);
    let said = RichText::new(said(&shown)).font(theme::strong(13.0));
    ui.add(egui::Label::new(said).wrap()).on_hover_text(&notes);
    if !small {
        let text = RichText::new(notes).small().color(palette(ui.visuals()).weak);
        ui.add(egui::Label::new(text).wrap());
    }
    figure::save_below(ui, out, "stdp-windows", from, || csv(&shown));
}

fn plot(ui: &mut Ui, world: &World<'_>, shown: &[(usize, &WindowResult)], height: f32) {
    let p = palette(ui.visuals());
    let kept = &world.room.kept.windows;
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let scaled = |w: &WindowResult, points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let by = Some(w.largest()).filter(|by| kept.relative && *by > 0.0).unwrap_or(1.0);
        points.iter().map(|[x, y]| [*x, y / by]).collect()
    };
    let values =
        shown.iter().flat_map(|(_, w)| scaled(w, &w.measured)).map(|q| q[1]).collect::<Vec<_>>();
    let [low, high] = range(values.into_iter());
    let reach =
        shown.first().map_or(kept.reach_ms, |(_, w)| w.measured.last().map_or(1.0, |p| p[0]));
    let y_axis = if kept.relative { "Δw / largest |Δw|" } else { "change of the weight Δw" };
    let chart = Chart {
        id: "stdp windows",
        axes: ["Δt = t_post − t_pre (ms)", y_axis],
        bounds: [[-reach, low], [reach, high]],
        height,
        // The rules are named in their colours above.
        legend: None,
        log_x: false,
    };
    chart.show(ui, |plot| {
        for (i, window) in shown {
            let rule = RULES[*i];
            let colour = p.series[i % p.series.len()];
            // The sides apart: nothing lies between just before and just after.
            let line = scaled(window, &window.formula);
            let (before, after): (Vec<[f64; 2]>, Vec<[f64; 2]>) =
                line.into_iter().partition(|q| q[0] < 0.0);
            for side in [before, after] {
                let stroke = Stroke::new(thick, colour);
                let style = if *i == 0 { LineStyle::Solid } else { LineStyle::dashed_loose() };
                let style = if *i % 2 == 0 { LineStyle::Solid } else { style };
                plot.line(Line::new(rule.name, PlotPoints::from(side)).stroke(stroke).style(style));
            }
            let dots = scaled(window, &window.measured);
            plot.points(
                Points::new(rule.name, PlotPoints::from(dots))
                    .color(colour)
                    .shape(SHAPES[i % SHAPES.len()])
                    .filled(true)
                    .radius(thick + 0.8),
            );
        }
    });
}

/// A shape for each rule, for who does not see colours.
const SHAPES: [egui_plot::MarkerShape; 4] = [
    egui_plot::MarkerShape::Circle,
    egui_plot::MarkerShape::Diamond,
    egui_plot::MarkerShape::Square,
    egui_plot::MarkerShape::Up,
];

/// How far measurement and formula are apart.
fn said(shown: &[(usize, &WindowResult)]) -> String {
    let all = shown.iter().filter_map(|(i, w)| Some((RULES[*i].name, distance(w)?)));
    let texts: Vec<String> = all
        .map(|(name, d)| match d {
            d if d < 1e-4 => format!("{name} below 0.01 %"),
            d => format!("{name} {}", percent(d)),
        })
        .collect();
    if texts.is_empty() {
        return "No formula to compare with.".into();
    }
    format!("Measured against formula, r.m.s. of the largest change: {}", texts.join(", "))
}

/// What is not obvious about a window.
fn notes(shown: &[(usize, &WindowResult)], chosen: &str) -> String {
    let weakening = shown.iter().filter(|(_, w)| w.only_weakens());
    let weakening: Vec<&str> = weakening.map(|(i, _)| RULES[*i].name).collect();
    let mut text = String::new();
    if !weakening.is_empty() {
        text = format!(
            "{}: a lone pair never strengthens; it takes a second postsynaptic spike (see “A pair, step by step”). ",
            weakening.join(", ")
        );
    }
    if shown.iter().any(|(_, w)| w.formula.is_empty() && w.rule == chosen) {
        text += "While the rule follows the membrane, the window is that of the neuron pushed over its threshold, and there is no formula.";
    }
    text
}

fn csv(shown: &[(usize, &WindowResult)]) -> String {
    let rows = shown.iter().flat_map(|(_, window)| {
        window.measured.iter().enumerate().map(|(k, [delta, measured])| {
            let formula = csv::optional(window.formula.get(k).map(|p| p[1]));
            row![window.rule, delta, measured, formula]
        })
    });
    csv::text(["rule", "delta_t_ms", "measured", "formula"], rows)
}

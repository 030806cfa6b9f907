//! Fig. 2: the STDP window of every rule, measured in simulation (dots) and from
//! its formula (lines).

use std::fmt::Write as _;

use egui::{RichText, Stroke, Ui};
use egui_plot::{Corner, Line, LineStyle, PlotPoints, Points};

use super::settings::{WindowSettings, rule};
use super::{PlasticityEdit, World, parts};
use crate::snn::experiments::window::{WindowResult, distance};
use crate::snn::plasticity::RULES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, range};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::page;

/// Which windows, how, and the parameters of one rule.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "STDP windows", PlasticityEdit::Reset, out);
    let kept = &world.room.kept.windows;
    let mut windows = kept.clone();
    for (i, rule) in RULES.iter().enumerate() {
        let mut on = !windows.hidden.contains(rule.id);
        let colour = palette(ui.visuals()).series[i % 6];
        let text = RichText::new(rule.name).color(colour).font(theme::strong(14.0));
        if ui.checkbox(&mut on, text).on_hover_text(rule.doc).changed() {
            if on {
                windows.hidden.remove(rule.id)
            } else {
                windows.hidden.insert(rule.id.into())
            };
        }
    }
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
    let height = (ui.available_height() - 122.0).clamp(150.0, 620.0);
    plot(ui, world, &shown, height);
    ui.add(egui::Label::new(RichText::new(said(&shown)).font(theme::strong(13.0))).wrap());
    notes(ui, &shown, &kept.rule);
    page::save_row(ui, out, "stdp-windows", from, || csv(&shown));
}

/// What a window is divided by.
fn scale(window: &WindowResult, relative: bool) -> f64 {
    let all = window.measured.iter().chain(&window.formula);
    let largest = all.map(|p| p[1].abs()).fold(0.0, f64::max);
    if relative && largest > 0.0 { largest } else { 1.0 }
}

fn plot(ui: &mut Ui, world: &World<'_>, shown: &[(usize, &WindowResult)], height: f32) {
    let p = palette(ui.visuals());
    let kept = &world.room.kept.windows;
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let scaled = |w: &WindowResult, points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        let by = scale(w, kept.relative);
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
        legend: Some(Corner::LeftTop),
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
    let texts: Vec<String> = all.map(|(name, d)| format!("{name} {}", percent(d))).collect();
    if texts.is_empty() {
        return "No formula to compare with.".into();
    }
    format!("Measured against formula, r.m.s. of the largest change: {}", texts.join(", "))
}

fn percent(share: f64) -> String {
    if share < 1e-4 { "below 0.01 %".into() } else { format!("{:.2} %", 100.0 * share) }
}

/// What is not obvious about a window.
fn notes(ui: &mut Ui, shown: &[(usize, &WindowResult)], chosen: &str) {
    let weak = palette(ui.visuals()).weak;
    let mut notes: Vec<String> = Vec::new();
    for (i, window) in shown {
        let grows = window.measured.iter().map(|p| p[1]).fold(0.0, f64::max);
        let shrinks = -window.measured.iter().map(|p| p[1]).fold(0.0, f64::min);
        if grows < 1e-3 * shrinks {
            notes.push(RULES[*i].name.to_owned());
        }
    }
    let mut text = String::new();
    if !notes.is_empty() {
        let _ = write!(
            text,
            "{}: a lone pair never strengthens; it takes a second postsynaptic spike (see “A pair, step by step”). ",
            notes.join(", ")
        );
    }
    if shown.iter().any(|(_, w)| w.formula.is_empty() && w.rule == chosen) {
        text += "While the rule follows the membrane, the window is that of the neuron pushed over its threshold, and there is no formula.";
    }
    if !text.is_empty() {
        ui.add(egui::Label::new(RichText::new(text).small().color(weak)).wrap());
    }
}

fn csv(shown: &[(usize, &WindowResult)]) -> String {
    let mut text = String::from("rule,delta_t_ms,measured,formula\n");
    for (_, window) in shown {
        for (k, [delta, measured]) in window.measured.iter().enumerate() {
            let formula = window.formula.get(k).map_or(String::new(), |p| p[1].to_string());
            let _ = writeln!(text, "{},{delta},{measured},{formula}", window.rule);
        }
    }
    text
}

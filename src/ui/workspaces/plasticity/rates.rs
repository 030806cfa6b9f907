//! How often a pair is repeated: the triplet rule beside the pair rule.

use egui::{RichText, Stroke, Ui};
use egui_plot::{Line, LineStyle, MarkerShape, PlotPoints, Points};

use super::settings::{PlasticitySettings, rule};
use super::{PlasticityEdit, World, parts};
use crate::core::csv::{self, row};
use crate::snn::experiments::pairing_rate::{DELTA_RANGE_MS, INTERVALS_MS, PairingRateCurve};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{self, Chart, Key, range};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::number;
use crate::ui::widgets::{figure, page};

/// |Δt|, number of pairs, the triplet rule's parameters.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Pairing rate", PlasticityEdit::Reset, out);
    let kept = &world.room.kept;
    let (mut delta_ms, mut pairs) = (kept.pairing_delta_ms, kept.pairs);
    let tip = "Between the two spikes of a pair; measured with both signs";
    Field::new("|Δt| of a pair", "ms", DELTA_RANGE_MS, tip).show(ui, &mut delta_ms);
    ui.horizontal(|ui| {
        let tip = "How often the pair is repeated";
        let label = ui.label("Pairs").on_hover_text(tip);
        let drag = number::drag(&mut pairs)
            .range(PlasticitySettings::PAIRS.0..=PlasticitySettings::PAIRS.1)
            .speed(0.3);
        ui.add(drag).labelled_by(label.id).on_hover_text(tip);
    });
    let delta_ms = (delta_ms * 2.0).round() / 2.0;
    if delta_ms != kept.pairing_delta_ms || pairs != kept.pairs {
        out.push(PlasticityEdit::PairingRate(delta_ms, pairs));
    }
    ui.separator();
    let triplet = rule("triplet");
    ui.label(RichText::new(triplet.name).font(theme::strong(14.0)));
    parts::rule_parameters(ui, world, triplet, out);
}

/// The plot.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(answer) = world.room.results.pairing_rate.as_ref() else {
        ui.label("The pairs are being simulated …");
        return;
    };
    let curves = &answer.1;
    let from = ui.next_widget_position();
    let small = page::small(ui);
    let below = if small { 64.0 } else { 92.0 };
    let height = (ui.available_height() - below).clamp(150.0, 620.0);
    plot(ui, world, curves, height);
    let done = curves.first().map_or(0, |c| c.measured.len());
    let text = if done < INTERVALS_MS.len() {
        format!("{done} of {} rates measured; the slow ones take longest", INTERVALS_MS.len())
    } else {
        turning_point(curves)
    };
    let note = "Dots: simulated. Lines: closed form, geometric sums over all earlier spikes. After Pfister and Gerstner (2006).";
    ui.add(egui::Label::new(RichText::new(text).font(theme::strong(13.0))).wrap())
        .on_hover_text(note);
    if !small {
        ui.label(RichText::new(note).small().color(palette(ui.visuals()).weak));
    }
    figure::save_below(ui, out, "pairing-rate", from, || csv(curves));
}

/// Where post before pre begins to strengthen, as the triplet rule has it.
fn turning_point(curves: &[PairingRateCurve]) -> String {
    let Some(curve) = curves.iter().find(|c| c.rule == "triplet" && c.delta_ms < 0.0) else {
        return String::new();
    };
    match curve.crossing_hz() {
        Some(hz) => format!(
            "Triplet rule, Δt = {:.1} ms: weakens below {hz:.0} Hz, strengthens above",
            curve.delta_ms
        ),
        None => {
            format!("Triplet rule, Δt = {:.1} ms: no change of sign up to 50 Hz", curve.delta_ms)
        }
    }
}

fn name(curve: &PairingRateCurve) -> String {
    let rule = if curve.rule == "pair" { "pairs only" } else { "triplets" };
    format!("{rule}, Δt = {:+.1} ms", curve.delta_ms)
}

fn plot(ui: &mut Ui, world: &World<'_>, curves: &[PairingRateCurve], height: f32) {
    let p = palette(ui.visuals());
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let values = curves.iter().flat_map(|c| c.formula.iter().chain(&c.measured)).map(|q| q[1]);
    let [low, high] = range(values);
    // Above the curves, with their dashes: the colours are the same for both rules.
    let all: Vec<String> = curves.iter().map(name).collect();
    let key = |c: &PairingRateCurve| Key {
        colour: p.series[usize::from(c.delta_ms <= 0.0)],
        dashed: c.rule == "pair",
    };
    let legend = all.iter().map(String::as_str).zip(curves.iter().map(key));
    let height = (height - chart::keys(ui, legend)).max(90.0);
    let chart = Chart {
        id: "pairing rates",
        axes: ["pairs per second (Hz)", "change of the weight Δw"],
        bounds: [[-1.05, low], [1.75, high]],
        height,
        legend: None,
        log_x: true,
    };
    let log = |points: &[[f64; 2]]| -> Vec<[f64; 2]> {
        points.iter().map(|[rate, w]| [rate.log10(), *w]).collect()
    };
    chart.show(ui, |plot| {
        for curve in curves {
            let pair = curve.rule == "pair";
            let up = curve.delta_ms > 0.0;
            let colour = p.series[usize::from(!up)];
            let width = if pair { thick * 0.7 } else { thick };
            let style = if pair { LineStyle::dashed_dense() } else { LineStyle::Solid };
            let line = PlotPoints::from(log(&curve.formula));
            plot.line(Line::new(name(curve), line).stroke(Stroke::new(width, colour)).style(style));
            let shape = if up { MarkerShape::Up } else { MarkerShape::Down };
            plot.points(
                Points::new(name(curve), PlotPoints::from(log(&curve.measured)))
                    .color(colour)
                    .shape(shape)
                    .filled(!pair)
                    .radius(thick + 2.4),
            );
        }
    });
}

fn csv(curves: &[PairingRateCurve]) -> String {
    let rows = curves.iter().flat_map(|c| {
        let kinds = [("measured", &c.measured), ("formula", &c.formula)];
        kinds.into_iter().flat_map(move |(kind, points)| {
            points.iter().map(move |[rate, change]| row![c.rule, c.delta_ms, kind, rate, change])
        })
    });
    csv::text(["rule", "delta_t_ms", "kind", "rate_hz", "change"], rows)
}

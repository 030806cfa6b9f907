//! Many digits, each decided as soon as the network is sure: accuracy against time, and
//! what a decision costs.

use egui::{RichText, Stroke, Ui, vec2};
use egui_plot::{Line, LineStyle, MarkerShape, PlotPoints, Points};

use super::{Deep, DeepEdit, World};
use crate::ann::spiking::activity::{Activity, LayerActivity};
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names};
use crate::ui::widgets::{figure, page, sources};
use crate::workers::deep::{DeepSurvey, Family, Surveyed, THRESHOLDS};

/// Shapes beside the hues: curves are told apart without them.
const SHAPES: [MarkerShape; 6] = [
    MarkerShape::Circle,
    MarkerShape::Square,
    MarkerShape::Up,
    MarkerShape::Diamond,
    MarkerShape::Down,
    MarkerShape::Cross,
];

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !Deep::networks(world.desk).any(|(_, family)| family == Family::Steps) {
        ui.label("There is no deep network of spikes yet. Train one, such as “LIF dense”, and use it in Draw.");
        return;
    }
    controls(ui, world, out);
    let survey = &*world.room.survey;
    if survey.done == 0 {
        ui.label("Press Show all of them: each network is shown every test digit. It decides once the probability of its answer passes a threshold: the lower, the sooner, and the more often wrong. It can be stopped; what was counted until then is kept.");
        return;
    }
    let from = ui.next_widget_position();
    let name = sources::find(world, survey.source).map_or_else(String::new, |(name, _)| name);
    let text = format!("{} test digits of {name}", grouped(survey.done as u64));
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let small = page::small(ui);
    let which = if small { page::choose(ui, "deep sure", &["Curves", "Table"]) } else { 0 };
    let row = ui.spacing().interact_size.y + ui.spacing().item_spacing.y;
    let table_height = if small { 0.0 } else { row * (survey.networks.len() + 2) as f32 };
    if !small || which == 0 {
        let height = (ui.available_height() - 46.0 - table_height).clamp(140.0, 520.0);
        curves(ui, world, survey, height);
    }
    if !small || which == 1 {
        table(ui, survey);
    }
    figure::save_below(ui, out, "stop-when-sure", from, || csv(survey));
}

fn controls(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let survey = &world.room.survey;
    figure::controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let waits = world.room.waits();
            if survey.running || waits {
                let share = survey.done as f32 / survey.total.max(1) as f32;
                let share = if waits { 0.0 } else { share };
                ui.add(egui::ProgressBar::new(share).desired_width(160.0).show_percentage());
                if ui.button("Stop").on_hover_text("What was counted is kept").clicked() {
                    out.push(DeepEdit::StopSurvey);
                }
                return;
            }
            let source = sources::to_survey(ui, world);
            if ui.button("Show all of them").on_hover_text("To every network of the list").clicked()
            {
                out.push(DeepEdit::Survey(source));
            }
        });
    });
}

/// Accuracy against the mean time of a decision, and after a fixed number of steps.
fn curves(ui: &mut Ui, world: &World<'_>, survey: &DeepSurvey, height: f32) {
    let p = palette(ui.visuals());
    let above = ui.next_widget_position().y;
    let hue = |i: usize| p.series[i % p.series.len()];
    names(ui, survey.networks.iter().enumerate().map(|(i, n)| (&n.name[..], hue(i))));
    let note = "Solid: stops when sure, a point for each threshold; dashed: stops after so many steps, sure or not";
    ui.label(RichText::new(note).small().color(p.weak));
    let height = height - (ui.next_widget_position().y - above);
    // From the worst that is stopped at some certainty on.
    let each = survey.networks.iter().flat_map(|n| (3..THRESHOLDS.len()).map(|i| n.at(i)[0]));
    let low = (each.fold(1.0, f64::min) * 100.0 - 4.0).clamp(0.0, 90.0);
    let longest = survey.networks.iter().map(|n| n.right.len()).max().unwrap_or(1) as f64;
    let chart = Chart {
        id: "stop when sure",
        axes: ["mean steps until it answers", "right answers, %"],
        bounds: [[0.0, low], [longest, 100.0 + 0.03 * (100.0 - low)]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let said = || {
        let each = survey.networks.iter().map(|n| {
            let [right, steps, _] = n.at(sure_at(n));
            format!("{} {:.1} % after {steps:.1} steps", n.name, right * 100.0)
        });
        format!("Accuracy against time: {}", each.collect::<Vec<_>>().join(", "))
    };
    chart.show_said(ui, said, |plot| {
        for (i, network) in survey.networks.iter().enumerate() {
            let colour = hue(i);
            let after: Vec<[f64; 2]> = (1..=network.right.len())
                .map(|t| [t as f64, 100.0 * network.accuracy(t)])
                .collect();
            let line = Line::new("", PlotPoints::from(after)).allow_hover(false);
            let stroke = Stroke::new(thick - 0.7, colour.gamma_multiply(0.55));
            plot.line(line.stroke(stroke).style(LineStyle::dashed_loose()));
            let sure: Vec<[f64; 2]> = (0..THRESHOLDS.len())
                .map(|i| network.at(i))
                .map(|[right, steps, _]| [steps, 100.0 * right])
                .collect();
            let line = Line::new(&network.name, PlotPoints::from(sure.clone()));
            plot.line(line.stroke(Stroke::new(thick, colour)));
            let shape = SHAPES[i % SHAPES.len()];
            let points = Points::new(&network.name, sure).shape(shape).color(colour);
            plot.points(points.radius(thick + 1.5));
        }
    });
}

/// The lowest threshold that costs less than a tenth of a percent of the digits.
fn sure_at(network: &Surveyed) -> usize {
    let full = network.at(THRESHOLDS.len() - 1)[0];
    let fine = |i: &usize| network.at(*i)[0] >= full - 0.001;
    (0..THRESHOLDS.len()).find(fine).unwrap_or(THRESHOLDS.len() - 1)
}

/// What a decision takes, by network.
fn table(ui: &mut Ui, survey: &DeepSurvey) {
    let weak = palette(ui.visuals()).weak;
    let heads = [
        ("", ""),
        ("all steps", "Right answers after the last step"),
        (
            "stopped when sure",
            "Right answers at the lowest threshold that costs less than 0.1 %; mean steps until then",
        ),
        ("spikes", "Of all layers, per decision, after all steps; and where it stopped when sure"),
        (
            "multiply–adds",
            "Of the pixels, which are no spikes but currents, with the first weights; and of what is read out",
        ),
        ("additions", "Of a weight, for each spike and target"),
        ("silent", "Neurons that spiked at none of the first digits"),
        ("saturated", "Neurons that spiked at nearly all steps"),
    ];
    egui::Grid::new("deep survey").num_columns(heads.len()).spacing(vec2(14.0, 3.0)).show(
        ui,
        |ui| {
            for (text, tip) in heads {
                let label = ui.label(RichText::new(text).small().color(weak));
                if !tip.is_empty() {
                    label.on_hover_text(tip);
                }
            }
            ui.end_row();
            for network in &survey.networks {
                ui.label(RichText::new(&network.name).font(theme::strong(13.0)));
                for text in cells(network) {
                    ui.label(text);
                }
                ui.end_row();
            }
        },
    );
}

fn cells(network: &Surveyed) -> [String; 7] {
    let [right, _, spikes] = network.at(THRESHOLDS.len() - 1);
    let [sure, steps, until] = network.at(sure_at(network));
    let whole = |v: f64| grouped(v.round() as u64);
    let of =
        |f: fn(&Activity) -> String| network.activity.as_ref().map_or_else(|| "…".to_owned(), f);
    let share = |all: &Activity, part: fn(&LayerActivity) -> f32| {
        let units: usize = all.layers.iter().map(|l| l.units).sum();
        let sum: f32 = all.layers.iter().map(|l| part(l) * l.units as f32).sum();
        format!("{:.1} %", 100.0 * sum / units.max(1) as f32)
    };
    let silent = network.activity.as_ref().map(|a| share(a, LayerActivity::silent));
    let saturated = network.activity.as_ref().map(|a| share(a, LayerActivity::saturated));
    [
        format!("{:.2} %", right * 100.0),
        format!("{:.2} % after {steps:.1}", sure * 100.0),
        format!("{}; {}", whole(spikes), whole(until)),
        of(|a| grouped(a.multiply_adds.round() as u64)),
        of(|a| grouped(a.additions.round() as u64)),
        silent.unwrap_or_else(|| "…".into()),
        saturated.unwrap_or_else(|| "…".into()),
    ]
}

/// A row for each network and threshold.
fn csv(survey: &DeepSurvey) -> String {
    let headings = row!["network", "threshold", "digits", "accuracy", "mean_steps", "mean_spikes"];
    let rows = survey.networks.iter().flat_map(|n| {
        THRESHOLDS.iter().enumerate().map(move |(i, threshold)| {
            let [accuracy, steps, spikes] = n.at(i);
            row![n.name, threshold, n.digits, accuracy, steps, spikes]
        })
    });
    csv::text(headings, rows)
}

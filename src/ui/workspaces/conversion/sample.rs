//! Many digits: accuracy against steps, early decisions, operations and energy.

use egui::{Grid, ProgressBar, RichText, ScrollArea, Ui};
use egui_plot::{Corner, HLine, Line, PlotPoints, Points};

use super::World;
use super::settings::ConversionSettings;
use super::state::ConversionEdit;
use crate::convert::energy::{self, Work};
use crate::core::csv;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::workers::conversion::sample::Sample;
use crate::workers::deep::Surveyed;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let sample = &world.room.sample;
    controls(ui, world, out);
    if let Some(failure) = &sample.failure {
        ui.label(failure);
        return;
    }
    if sample.found.images == 0 {
        let text = if sample.running || world.room.waits() {
            "The first digits are being shown …"
        } else {
            "Choose how many test digits to ask, and start. The settings of this workspace count."
        };
        ui.label(text);
        return;
    }
    // The table below is to be seen whole where there is room.
    let table_height = 21.0 * (sample.found.after.len() + sample.direct.len() + 4) as f32;
    let height = (ui.available_height() - table_height).clamp(170.0, 420.0);
    ui.columns(2, |columns| {
        accuracy(&mut columns[0], sample, height);
        // Not justified, as columns are: that would tear the words of the note apart.
        let layout = egui::Layout::top_down(egui::Align::Min);
        columns[1].with_layout(layout, |ui| bars(ui, sample));
    });
    table(ui, sample, out);
}

fn controls(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let sample = &world.room.sample;
    let kept = &world.room.kept;
    ui.horizontal_wrapped(|ui| {
        ui.label("Test digits");
        let mut size = kept.sample;
        for n in ConversionSettings::SIZES {
            ui.selectable_value(&mut size, n, n.to_string());
        }
        let asked = size != kept.sample;
        if sample.running {
            if ui.button("Stop").clicked() {
                out.push(ConversionEdit::StopSample);
            }
            let done = sample.found.images;
            let share = done as f32 / sample.total.max(1) as f32;
            let text = format!("{done} of {}", sample.total);
            ui.add(ProgressBar::new(share).desired_width(180.0));
            ui.label(text);
        } else if ui.button("Start").clicked() || asked {
            out.push(ConversionEdit::Sample(size));
        }
    });
    if sample.total > 0 {
        let how = kept.how;
        let same = sample.recipe == how.recipe && sample.disturbance == how.disturbance;
        let other = if same { "" } else { " with other settings than those chosen now" };
        let text = format!(
            "{} on {} of the digits of {}{other}",
            sample.model, sample.found.images, sample.data
        );
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
}

fn accuracy(ui: &mut Ui, sample: &Sample, height: f32) {
    let p = palette(ui.visuals());
    let n = sample.found.images as f64;
    let after: Vec<[f64; 2]> = sample
        .found
        .after
        .iter()
        .map(|a| [(a.steps as f64).log10(), 100.0 * a.right as f64 / n])
        .collect();
    let early: Vec<[f64; 2]> = sample
        .found
        .decisions
        .iter()
        .map(|d| [(d.steps as f64 / n).max(1.0).log10(), 100.0 * d.right as f64 / n])
        .collect();
    let direct: Vec<(&str, Vec<[f64; 2]>)> =
        sample.direct.iter().map(|d| (&d.name[..], curve(d))).collect();
    let ends = direct.iter().filter_map(|(_, curve)| curve.last());
    let right = after.last().into_iter().chain(ends).map(|a| a[0]).fold(0.5, f64::max);
    let low = after.iter().chain(&early).map(|q| q[1]).fold(100.0 * sample.original, f64::min);
    // The last percents are what matters; a first step that knows nothing is cut off.
    let low = low.clamp(80.0, 99.0).floor();
    let chart = Chart {
        id: "accuracy against steps",
        axes: ["steps", "right answers (%)"],
        bounds: [[0.0, low], [right, 100.0]],
        height,
        legend: Some(Corner::RightBottom),
        log_x: true,
    };
    let said = || {
        let after = sample.found.after.iter();
        let each = after.map(|a| format!("{:.1} % after {}", 100.0 * a.right as f64 / n, a.steps));
        let each = each.collect::<Vec<_>>().join(", ");
        format!(
            "Right answers against steps: {each}; the original {:.1} %",
            100.0 * sample.original
        )
    };
    chart.show_said(ui, said, |plot| {
        plot.hline(HLine::new("the original", 100.0 * sample.original).color(p.weak));
        let fixed = PlotPoints::from(after.clone());
        plot.line(Line::new("after so many steps", fixed).color(p.series[0]).width(2.0));
        plot.points(
            Points::new("after so many steps", PlotPoints::from(after))
                .color(p.series[0])
                .radius(4.0),
        );
        for (i, (name, curve)) in direct.into_iter().enumerate() {
            let colour = p.series[(2 + i) % p.series.len()];
            let line = Line::new(format!("{name}, trained as it is"), PlotPoints::from(curve));
            plot.line(line.color(colour).width(2.0));
        }
        let line = PlotPoints::from(early.clone());
        plot.line(Line::new("deciding early, mean steps", line).color(p.series[1]).width(2.0));
        plot.points(
            Points::new("deciding early, mean steps", PlotPoints::from(early))
                .color(p.series[1])
                .radius(4.0),
        );
    });
}

/// Right answers after each step of a network that was trained in spikes.
fn curve(direct: &Surveyed) -> Vec<[f64; 2]> {
    let steps = 1..=direct.steps();
    steps.map(|t| [(t as f64).log10(), 100.0 * direct.accuracy(t)]).collect()
}

/// What it does for a digit, in the operations that conversions are counted in; `None`
/// while nothing is counted.
fn work(direct: &Surveyed) -> Option<Work> {
    let activity = direct.activity.as_ref()?;
    Some(Work {
        first_layer: activity.multiply_adds.round() as u64,
        synapses: activity.additions.round() as u64,
        neurons: energy::PER_NEURON * activity.updates.round() as u64,
        gates: 0,
    })
}

/// Operations and energy of the original and after each number of steps.
fn bars(ui: &mut Ui, sample: &Sample) {
    let p = palette(ui.visuals());
    let n = sample.found.images as f64;
    let original = energy::original_uj(sample.multiply_adds);
    let mut rows = vec![("original".to_owned(), original, p.weak)];
    for a in sample.found.after.iter().filter(|a| a.steps >= 5) {
        let uj = a.work.energy_uj() / n;
        rows.push((format!("{} steps", a.steps), uj, p.series[0]));
    }
    for (i, direct) in sample.direct.iter().enumerate() {
        if let Some(work) = work(direct) {
            rows.push((direct.name.clone(), work.energy_uj(), p.series[(2 + i) % p.series.len()]));
        }
    }
    let most = rows.iter().map(|r| r.1).fold(0.0f64, f64::max).max(1e-9);
    ui.label(RichText::new("Energy for a digit, an estimate").font(theme::strong(13.5)));
    for (name, uj, colour) in rows {
        ui.horizontal(|ui| {
            let label = egui::Label::new(RichText::new(name).small()).truncate();
            ui.add_sized([64.0, 18.0], label);
            let room = (ui.available_width() - 76.0).max(40.0);
            let size = egui::vec2((room * (uj / most) as f32).max(1.0), 14.0);
            let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
            ui.painter().rect_filled(rect, 2.0, colour);
            ui.label(RichText::new(format!("{uj:.2} µJ")).small());
        });
    }
    ui.label(RichText::new(energy::ASSUMPTIONS).small().color(p.weak));
}

/// Columns of the table, and what they count.
const HEADS: [(&str, &str); 10] = [
    ("steps", ""),
    ("right", ""),
    ("against the original", ""),
    ("spikes/digit", ""),
    (
        "first layer",
        "Multiply–adds of the picture’s constant currents, once, as their sums are kept; none where pixels spike",
    ),
    ("synapses", "An addition for each synapse that a spike reaches"),
    ("neurons", "Two for each neuron and step: its current is added, its potential compared"),
    (
        "gates",
        "For each spike that comes to a pooling gate, a comparison for each neuron of its window (four for 2×2)",
    ),
    ("all", "All operations together"),
    ("µJ", "An estimate of the energy, see above"),
];

fn table(ui: &mut Ui, sample: &Sample, out: &mut Outbox) {
    let n = sample.found.images as f64;
    let text = format!(
        "Operations for a digit, in millions; the original needs {:.2} million multiply–adds",
        sample.multiply_adds as f64 / 1e6
    );
    ui.label(RichText::new(text).font(theme::strong(13.5))).on_hover_text(energy::COUNTED);
    // Ten columns are wider than a small window.
    ScrollArea::horizontal().id_salt("conversion table").show(ui, |ui| {
        Grid::new("conversion table").striped(true).spacing([14.0, 2.0]).show(ui, |ui| {
            for (head, tip) in HEADS {
                let label = ui.label(RichText::new(head).font(theme::strong(12.5)));
                if !tip.is_empty() {
                    label.on_hover_text(tip);
                }
            }
            ui.end_row();
            for a in &sample.found.after {
                let right = a.right as f64 / n;
                ui.label(a.steps.to_string());
                let none = match a.unanswered {
                    0 => String::new(),
                    n => format!(" ({n} none)"),
                };
                ui.label(format!("{:.2} %{none}", 100.0 * right))
                    .on_hover_text("“None”: two digits are equal, which counts as wrong");
                ui.label(format!("{:+.2}", 100.0 * (right - sample.original)));
                ui.label(format!("{:.0}", a.spikes as f64 / n));
                let w = &a.work;
                for operations in [w.first_layer, w.synapses, w.neurons, w.gates, w.total()] {
                    ui.label(format!("{:.2}", operations as f64 / n / 1e6));
                }
                ui.label(format!("{:.2}", w.energy_uj() / n));
                ui.end_row();
            }
            for direct in &sample.direct {
                let Some(w) = work(direct) else { continue };
                let right = direct.accuracy(direct.steps());
                let tip = "Trained as a network of spikes, not converted; after all of its steps";
                ui.label(format!("{}: {}", direct.name, direct.steps())).on_hover_text(tip);
                ui.label(format!("{:.2} %", 100.0 * right));
                ui.label(format!("{:+.2}", 100.0 * (right - sample.original)));
                ui.label(format!("{:.0}", direct.activity.as_ref().map_or(0.0, |a| a.spikes)));
                for operations in [w.first_layer, w.synapses, w.neurons, w.gates, w.total()] {
                    ui.label(format!("{:.2}", operations as f64 / 1e6));
                }
                ui.label(format!("{:.2}", w.energy_uj()));
                ui.end_row();
            }
        });
    });
    if ui.button("Save as CSV").clicked() {
        let text = csv(sample);
        out.push(Command::SaveText { name: "conversion".into(), text });
    }
}

fn csv(sample: &Sample) -> String {
    let n = sample.found.images as f64;
    let headings =
        format!("steps,accuracy,spikes_per_image,{},energy_uj,unanswered", Work::COLUMNS);
    let rows = sample.found.after.iter().map(|a| {
        let before = csv::row![a.steps, a.right as f64 / n, a.spikes as f64 / n];
        let operations = a.work.each(n).map(|o| o.to_string());
        let after = csv::row![a.work.energy_uj() / n, a.unanswered];
        before.into_iter().chain(operations).chain(after)
    });
    csv::text(headings.split(','), rows)
}

//! Statistics of the selected neurons: ISI histogram, CV and mean rate, measured by the
//! `plotter` thread.

use std::sync::Arc;

use egui::{Align2, Rect, RichText, Sense, Ui, pos2, vec2};

use super::raster::Selection;
use super::{glossary, number};
use crate::core::csv::{self, row};
use crate::snn::recording::Recording;
use crate::snn::recording::statistics::TrainStatistics;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::workers::plotter::{Answer, PlotQuestion, PlotTask, Plotter};

/// What was asked last, to ask again only when it changes.
#[derive(Clone, Default, PartialEq)]
struct Asked {
    serial: u64,
    what: Option<(u32, u32, u64, u64, usize)>,
}

/// Draws the figures of a selection, or says how to make one.
pub fn show(
    ui: &mut Ui,
    id: egui::Id,
    recording: &Arc<Recording>,
    plotter: &Plotter,
    selection: &mut Option<Selection>,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    ui.label(RichText::new("Selected neurons").font(theme::strong(14.0)));
    let Some(chosen) = selection else {
        ui.label(
            RichText::new("Drag over the raster with Shift held to select neurons and time.")
                .small()
                .color(p.weak),
        );
        let all = ui.button("Select all").on_hover_text("All neurons, the whole run");
        if all.clicked() {
            *selection = Some(Selection {
                first: 0,
                count: recording.neurons(),
                from_ms: 0.0,
                to_ms: recording.duration_ms(),
            });
        }
        return;
    };
    fields(ui, recording, chosen);
    let Some(figures) = measured(ui, id, recording, plotter, chosen) else {
        ui.label(RichText::new("measuring …").small().color(p.weak));
        return;
    };
    rows(ui, &figures);
    histogram(ui, &figures);
    let mut clear = false;
    ui.horizontal(|ui| {
        if ui.button("Save as CSV").on_hover_text("The histogram and the figures").clicked() {
            out.push(Command::SaveText { name: "intervals".into(), text: csv(&figures) });
        }
        clear = ui.button("Clear").on_hover_text("Select nothing").clicked();
    });
    if clear {
        *selection = None;
    }
}

/// The selection by number, for the keyboard. Neurons go by the numbers under which
/// they are shown.
fn fields(ui: &mut Ui, recording: &Recording, chosen: &mut Selection) {
    let last = recording.neurons().saturating_sub(1);
    let shown = |n: f64, _| recording.id(n as u32).to_string();
    let typed = |text: &str| {
        let id = number::whole(text).filter(|n| *n >= 0.0)?;
        Some(f64::from(recording.neuron_of_id(id as u64).min(last)))
    };
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Neurons");
        let mut to = chosen.first + chosen.count.max(1) - 1;
        let first = number::drag(&mut chosen.first).range(0..=last);
        ui.add(first.custom_formatter(shown).custom_parser(typed)).labelled_by(label.id);
        let until = ui.label("to");
        let to_field = number::drag(&mut to).range(chosen.first..=last);
        ui.add(to_field.custom_formatter(shown).custom_parser(typed)).labelled_by(until.id);
        chosen.count = to.max(chosen.first) - chosen.first + 1;
        ui.label(RichText::new(format!("{:.1} to {:.1} ms", chosen.from_ms, chosen.to_ms)).small());
    });
}

fn measured(
    ui: &Ui,
    id: egui::Id,
    recording: &Arc<Recording>,
    plotter: &Plotter,
    chosen: &Selection,
) -> Option<TrainStatistics> {
    let dt_ms = recording.dt_ms();
    let steps =
        (chosen.from_ms / dt_ms).max(0.0) as u64..(chosen.to_ms / dt_ms).ceil().max(0.0) as u64;
    let neurons = chosen.first..chosen.first.saturating_add(chosen.count).min(recording.neurons());
    // What comes after the selected time changes nothing.
    let known = recording.steps().min(steps.end);
    let what = (neurons.start, neurons.end, steps.start, known, recording.kept_from() as usize);
    let mut asked: Asked = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    if asked.what != Some(what) {
        asked = Asked { serial: asked.serial + 1, what: Some(what) };
        plotter.ask(PlotQuestion {
            key: id.value(),
            serial: asked.serial,
            recording: Arc::clone(recording),
            task: PlotTask::Statistics { neurons, steps },
        });
        ui.data_mut(|d| d.insert_temp(id, asked));
    }
    match &plotter.newest(id.value())?.answer {
        Answer::Statistics(figures) => Some(figures.clone()),
        Answer::Raster(_) => None,
    }
}

fn rows(ui: &mut Ui, figures: &TrainStatistics) {
    let some = |value: Option<f64>, unit: &str| match value {
        Some(v) => format!("{v:.2}{unit}"),
        None => "–".into(),
    };
    let rows = [
        ("Spikes", figures.spikes.to_string(), "In the selected time"),
        ("Mean rate", format!("{:.2} Hz", figures.rate_hz), "Spikes per second and neuron"),
        ("Mean ISI", some(figures.mean_isi_ms, " ms"), "Mean interval from spike to spike"),
        (
            "CV of the ISI",
            some(figures.cv, ""),
            "Standard deviation over mean of the intervals: 0 for a clock, 1 for a Poisson process",
        ),
    ];
    egui::Grid::new("train figures").num_columns(2).spacing([12.0, 3.0]).show(ui, |ui| {
        for (name, value, tip) in rows {
            glossary::term(ui, name).on_hover_text(tip);
            ui.label(RichText::new(value).font(theme::strong(14.0))).on_hover_text(tip);
            ui.end_row();
        }
    });
    if figures.unknown_steps > 0 {
        let text = "The beginning is known as densities only and not counted.";
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).warning));
    }
}

fn histogram(ui: &mut Ui, figures: &TrainStatistics) {
    let p = palette(ui.visuals());
    let size = vec2(ui.available_width().min(320.0), 110.0);
    let (outer, response) = ui.allocate_exact_size(size, Sense::hover());
    let rect = Rect::from_min_max(outer.min + vec2(0.0, 15.0), outer.max - vec2(0.0, 15.0));
    let painter = ui.painter();
    painter.rect_filled(rect, 3, p.well);
    let most = figures.isi_counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let width = rect.width() / figures.isi_counts.len().max(1) as f32;
    for (i, count) in figures.isi_counts.iter().enumerate() {
        let x = rect.left() + i as f32 * width;
        let y = rect.bottom() - rect.height() * *count as f32 / most;
        let bar = Rect::from_min_max(pos2(x + 0.5, y), pos2(x + width - 0.5, rect.bottom()));
        painter.rect_filled(bar, 0, p.accent);
    }
    let small = theme::regular(11.5);
    painter.text(
        outer.left_top(),
        Align2::LEFT_TOP,
        "ISI histogram (intervals per bin)",
        small.clone(),
        p.text,
    );
    painter.text(outer.left_bottom(), Align2::LEFT_BOTTOM, "0", small.clone(), p.weak);
    let end = format!("{:.1} ms", figures.isi_to_ms);
    painter.text(outer.right_bottom(), Align2::RIGHT_BOTTOM, end, small.clone(), p.weak);
    painter.text(
        rect.right_top() + vec2(-3.0, 1.0),
        Align2::RIGHT_TOP,
        format!("max {most}"),
        small,
        p.weak,
    );
    let beyond = figures.isi_beyond;
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, "ISI histogram")
    });
    response.on_hover_text(format!(
        "Intervals between successive spikes of each selected neuron. {beyond} are longer than the axis."
    ));
}

fn csv(figures: &TrainStatistics) -> String {
    let bin = figures.isi_to_ms / figures.isi_counts.len().max(1) as f64;
    let head = format!(
        "neurons {}, spikes {}, mean rate {} Hz, CV {}",
        figures.neurons,
        figures.spikes,
        figures.rate_hz,
        figures.cv.map_or("unknown".into(), |cv| cv.to_string())
    );
    let rows = figures.isi_counts.iter().enumerate().map(|(i, count)| {
        let [from, to] = [i, i + 1].map(|i| format!("{:.4}", i as f64 * bin));
        row![from, to, count]
    });
    csv::commented(&head, ["isi_from_ms", "isi_to_ms", "intervals"], rows)
}

//! A network of spikes learns a curve; or fails to, and why.

use egui::accesskit::Role;
use egui::{Id, RichText, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_plot::{HLine, Line, LineStyle, PlotPoints, Points, VLine};

use super::spiking::Earlier;
use super::{ImagineEdit, World};
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::snn::experiments::regression::{Fit, GROUP, OUTPUTS, Presented};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names};
use crate::ui::widgets::time_bar::{Axis, TimeBar};
use crate::ui::widgets::{figure, page, picture};
use crate::workers::imagine::regression::RegressionView;

/// Share of the target's variance below which the curve counts as learned.
const LEARNED: f64 = 0.05;
/// Largest error that is shown, per cent of the variance.
const TOP: f64 = 120.0;
/// Rows of an output neuron in the raster.
const TALL: usize = 6;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let (spikes, kept) = (&world.room.spikes, &world.room.kept.spiking);
    let view = &spikes.regression;
    let from = ui.next_widget_position();
    let Some(fit) = spikes.fit() else {
        ui.label("The network is being built …");
        return;
    };
    let state = match fit.error {
        _ if view.done == 0 => "nothing is learned yet; press Space",
        error if error < LEARNED => "the curve is known",
        error if error < 1.0 => "it is being learned",
        _ => "worse than answering with the target’s mean",
    };
    let text = format!(
        "After {} presentations the error is {:.1} % of the target’s variance: {state}",
        grouped(fit.presentations as u64),
        100.0 * fit.error
    );
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    if let Some(failure) = kept.fails() {
        let p = palette(ui.visuals());
        let silent = if fit.silent > 0.0 {
            format!(" {:.0} % of the hidden neurons are silent.", 100.0 * fit.silent)
        } else {
            String::new()
        };
        ui.label(RichText::new(format!("{}{silent}", failure.why)).small().color(p.warning));
        ui.label(RichText::new(format!("Cure: {}.", failure.cure)).small().color(p.weak));
    }
    if let Some(failure) = &view.failure {
        ui.label(failure);
    }
    let small = page::small(ui);
    let views = ["Curve", "Error", "Spikes"];
    let which = if small { page::choose(ui, "imagine regression", &views) } else { 0 };
    let room = ui.available_height() - 42.0;
    if small {
        match which {
            0 => curve(ui, world, room),
            1 => error(ui, world, room),
            _ => raster(ui, view, room),
        }
    } else {
        let upper = room * 0.6;
        ui.horizontal_top(|ui| {
            let half = ui.available_width() * 0.5 - 6.0;
            ui.allocate_ui(vec2(half, upper), |ui| ui.vertical(|ui| curve(ui, world, upper)));
            let rest = ui.available_width();
            ui.allocate_ui(vec2(rest, upper), |ui| ui.vertical(|ui| error(ui, world, upper)));
        });
        raster(ui, view, ui.available_height() - 42.0);
    }
    figure::save_below(ui, out, "imagine-regression", from, || csv(view));
}

/// Presentations.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let axis = Axis { unit: "presentations", unit_per_step: 1.0, decimals: 0 };
    let view = &world.room.spikes.regression;
    TimeBar::new(&world.room.spikes.bar, axis)
        .measured(view.speed)
        .show(ui, &mut |edit| out.push(ImagineEdit::Play(edit)));
}

/// The curve, and what the network makes of it.
fn curve(ui: &mut Ui, world: &World<'_>, height: f32) {
    let p = palette(ui.visuals());
    let Some(fit) = world.room.spikes.fit() else { return };
    let above = ui.next_widget_position().y;
    names(ui, [("target", p.series[1]), ("output", p.series[0])]);
    let height = (height - (ui.next_widget_position().y - above)).max(100.0);
    let chart = Chart {
        id: "curve learned",
        axes: ["input", "output"],
        bounds: [[0.0, -0.3], [1.0, 1.3]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let said = || format!("The curve and the output; error {:.3} of the variance", fit.error);
    chart.show_said(ui, said, |plot| {
        let target: Vec<[f64; 2]> = fit.places.iter().map(|[x, y, _]| [*x, *y]).collect();
        let line = Line::new("target", PlotPoints::from(target));
        plot.line(line.stroke(Stroke::new(thick, p.series[1])));
        let output: Vec<[f64; 2]> = fit.places.iter().map(|[x, _, y]| [*x, *y]).collect();
        let line = Line::new("output", PlotPoints::from(output.clone()));
        plot.line(line.stroke(Stroke::new(thick, p.series[0])));
        let points = Points::new("output", PlotPoints::from(output)).allow_hover(false);
        plot.points(points.color(p.series[0]).radius(thick + 1.0));
    });
}

/// The error over the presentations, beside that of the run before.
fn error(ui: &mut Ui, world: &World<'_>, height: f32) {
    let p = palette(ui.visuals());
    let spikes = &world.room.spikes;
    let fits = &spikes.regression.fits;
    let above = ui.next_widget_position().y;
    let before = spikes.earlier.as_ref().map(|Earlier { failed, .. }| match failed {
        Some(name) => format!("before: {}", name.to_lowercase()),
        None => "before".to_owned(),
    });
    let mut shown = vec![("error", p.series[0])];
    shown.extend(before.as_ref().map(|name| (&name[..], p.weak)));
    names(ui, shown);
    let height = (height - (ui.next_widget_position().y - above)).max(100.0);
    // What is worse than knowing only the mean is cut off.
    let percent = |error: f64| (100.0 * error).min(TOP);
    let points = |fits: &[Fit]| -> Vec<[f64; 2]> {
        fits.iter().map(|f| [f.presentations as f64, percent(f.error)]).collect()
    };
    let earlier = spikes.earlier.as_ref().map(|e| points(&e.fits));
    let all = || fits.iter().chain(spikes.earlier.iter().flat_map(|e| e.fits.iter()));
    let right = all().map(|f| f.presentations).max().unwrap_or(0).max(2000) as f64;
    let chart = Chart {
        id: "error of the curve",
        axes: ["presentations", "error, % of the variance"],
        bounds: [[0.0, 0.0], [right, TOP]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let said = || format!("Error over {} presentations", spikes.regression.done);
    chart.show_said(ui, said, |plot| {
        if let Some(points) = earlier {
            let line = Line::new("before", PlotPoints::from(points));
            plot.line(line.stroke(Stroke::new(thick, p.weak)));
        }
        let line = Line::new("error", PlotPoints::from(points(fits)));
        plot.line(line.stroke(Stroke::new(thick + 0.5, p.series[0])));
        let learned = HLine::new("", percent(LEARNED)).stroke(Stroke::new(1.5, p.series[2]));
        plot.hline(learned.style(LineStyle::dashed_dense()).allow_hover(false));
        let cursor = VLine::new("", spikes.bar.at() as f64).stroke(Stroke::new(1.5, p.accent));
        plot.vline(cursor.style(LineStyle::dotted_dense()).allow_hover(false));
    });
}

/// Spikes of the newest presentation: free, pulled, pushed.
fn raster(ui: &mut Ui, view: &RegressionView, height: f32) {
    let p = palette(ui.visuals());
    let Presented { x, target, spikes, steps } = &view.last;
    let hidden = view.task.map_or(0, |t| t.hidden);
    let [free, nudged] = steps.map(|s| s as usize);
    if free == 0 || height < 60.0 {
        return;
    }
    let caption = format!(
        "The newest presentation, input {x:.2}, target {target:.2}: {free} ms free, {nudged} ms pulled, {nudged} ms pushed; input (top), hidden, output (bottom)"
    );
    ui.label(RichText::new(caption).small().color(p.weak));
    let text = ui.text_style_height(&egui::TextStyle::Small) + ui.spacing().item_spacing.y;
    let size = vec2(ui.available_width(), height - text);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    // The one output neuron is to be seen from afar, too.
    let rows = 2 * GROUP + hidden + OUTPUTS * TALL;
    let columns = free + 2 * nudged;
    let mut cells = vec![0u8; rows * columns];
    for (part, all) in spikes.iter().enumerate() {
        for (step, population, neuron) in all {
            let begin = [0, 2 * GROUP, 2 * GROUP + hidden];
            let Some(begin) = begin.get(usize::from(*population)) else { continue };
            // The pushed branch stands behind the pulled one.
            let column = *step as usize + if part == 2 { nudged } else { 0 };
            let at = (begin + *neuron as usize) * columns + column;
            if column < columns
                && let Some(cell) = cells.get_mut(at)
            {
                *cell = 1 + *population as u8;
            }
        }
    }
    let dark = ui.visuals().dark_mode;
    let stamp = picture::stamp((view.generation, view.done, dark));
    picture::paint(ui, Id::unique("regression"), stamp, rect, (rows, columns), |i| {
        match cells[i] {
            0 => p.well,
            1 => p.series[2],
            2 => p.text,
            _ => p.accent,
        }
    });
    for step in [free, free + nudged] {
        let x = rect.left() + rect.width() * step as f32 / columns as f32;
        ui.painter().vline(x, rect.y_range(), Stroke::new(1.5, p.series[3]));
    }
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, "Spikes of the newest presentation")
    });
}

/// A row for each judgement of the curve.
fn csv(view: &RegressionView) -> String {
    let rows = view.fits.iter().flat_map(|fit| {
        let of = |[x, target, output]: &[f64; 3]| {
            row![fit.presentations, fit.error, fit.silent, x, target, output]
        };
        fit.places.iter().map(of).collect::<Vec<_>>()
    });
    let headings = row!["presentations", "error", "silent", "input", "target", "output"];
    csv::text(headings, rows)
}

//! Accuracy over images, the table of answers, neurons per digit, θ and weights.

use egui::{Align2, Rect, RichText, Sense, Ui, pos2, vec2};
use egui_plot::{
    AxisHints, Bar, BarChart, GridInput, GridMark, HLine, Line, Plot, PlotPoints, VLine,
};

use super::percent;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::confusion;
use crate::ui::widgets::time_axis::nice_step;
use crate::workers::spiking::tally::{BLOCK, Confusion, LABEL_BLOCKS, Tally, WINDOW};
use crate::workers::spiking::view::{BINS, Fields};

/// A plot that shows what it is given and is not moved by accident.
fn still<'a>(id: &'static str, height: f32) -> Plot<'a> {
    Plot::new(id)
        .height(height)
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .grid_spacing(egui::Rangef::new(LEAST_SPACING, 400.0))
}

/// Points between grid lines of [`still`], at least.
const LEAST_SPACING: f32 = 14.0;
/// Points between numbers of images, about: they may be five figures long.
const IMAGE_MARKS: f64 = 62.0;
/// Points between percentages, about.
const PERCENT_MARKS: f64 = 34.0;
/// Numbers are faint below the first distance in points, and full from the second on.
const LABELS: egui::Rangef = egui::Rangef { min: 20.0, max: 30.0 };

/// Round marks about so many points apart, each of which has its number.
fn few_marks(grid: GridInput, points: f64) -> Vec<GridMark> {
    let step_size = nice_step(grid.base_step_size * points / f64::from(LEAST_SPACING));
    let first = (grid.bounds.0 / step_size).ceil() as i64;
    let last = (grid.bounds.1 / step_size).floor() as i64;
    (first..=last.min(first + 100))
        .map(|i| GridMark { value: i as f64 * step_size, step_size })
        .collect()
}

/// What the running accuracy is.
pub fn accuracy_tip() -> String {
    format!(
        "Share of right answers among the last {WINDOW} training images. Every {BLOCK} images the neurons are labelled by their spikes for the last {} images; the images after that are answered by their vote before they are learnt from. No image labels the neurons that answer it.",
        BLOCK * LABEL_BLOCKS as u64
    )
}

/// The running accuracy over images; `at` is the moment looked at.
pub fn accuracy(ui: &mut Ui, tally: &Tally, at: Option<u64>, height: f32) {
    let p = palette(ui.visuals());
    let points: Vec<[f64; 2]> =
        tally.curve.iter().map(|c| [c.images as f64, 100.0 * c.accuracy]).collect();
    // Room for the last number.
    let right = 1.06 * tally.images.max(1000) as f64;
    still("running accuracy", height)
        .include_y(0.0)
        .include_y(100.0)
        .include_x(0.0)
        .include_x(right)
        .show_axes([true, true])
        .y_axis_label("right, %")
        .x_grid_spacer(|grid| few_marks(grid, IMAGE_MARKS))
        .y_grid_spacer(|grid| few_marks(grid, PERCENT_MARKS))
        .custom_x_axes(vec![AxisHints::new_x().label("images learnt").label_spacing(LABELS)])
        .show(ui, |plot| {
            plot.hline(
                HLine::new("chance", 10.0)
                    .color(p.weak)
                    .style(egui_plot::LineStyle::dashed_loose()),
            );
            plot.line(
                Line::new("running accuracy", PlotPoints::from(points)).color(p.accent).width(2.0),
            );
            if let Some(at) = at {
                plot.vline(VLine::new("shown", at as f64).color(p.warning));
            }
        });
}

/// Truths in rows, answers in columns; under it how many were not answered, if any.
pub fn answers(ui: &mut Ui, table: &Confusion, side: f32) {
    let counts = table.map(|row| std::array::from_fn(|answer| row[answer]));
    confusion::show(ui, &confusion::Counts::from(counts), side, None);
    let none: u32 = table.iter().map(|row| row[10]).sum();
    if none > 0 {
        let all: u32 = table.iter().flatten().sum();
        let text = format!("{none} of {all} got no answer: two digits were equal");
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
}

/// Neurons that stand for each digit.
pub fn per_class(ui: &mut Ui, fields: &Fields, height: f32) {
    let p = palette(ui.visuals());
    let number = fields.per_class();
    let most = number.iter().copied().max().unwrap_or(0).max(1) as f32;
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let width = rect.width() / 11.0;
    for (i, n) in number.iter().enumerate() {
        let digit = (i < 10).then_some(i as u8);
        let x = rect.left() + i as f32 * width;
        let bottom = rect.bottom() - 15.0;
        let top = bottom - (height - 32.0) * *n as f32 / most;
        let bar = Rect::from_min_max(pos2(x + 2.0, top), pos2(x + width - 2.0, bottom));
        ui.painter().rect_filled(bar, 1, theme::digit_hue(ui.visuals(), digit));
        let name = digit.map_or_else(|| "–".to_owned(), |d| d.to_string());
        let middle = x + width / 2.0;
        let font = theme::regular(11.0);
        ui.painter().text(
            pos2(middle, rect.bottom()),
            Align2::CENTER_BOTTOM,
            name,
            font.clone(),
            p.text,
        );
        ui.painter().text(
            pos2(middle, top - 1.0),
            Align2::CENTER_BOTTOM,
            n.to_string(),
            font,
            p.weak,
        );
    }
    response.widget_info(|| {
        let text =
            format!("Neurons for each digit: {:?}, and {} for none", &number[..10], number[10]);
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text)
    });
}

/// θ of all neurons, sorted.
pub fn theta(ui: &mut Ui, fields: &Fields, height: f32) {
    let p = palette(ui.visuals());
    let mut theta = fields.learnt.theta.clone();
    theta.sort_by(f32::total_cmp);
    // A few hundred points show as much as thousands.
    let every = theta.len().div_ceil(400).max(1);
    let points: Vec<[f64; 2]> =
        theta.iter().enumerate().step_by(every).map(|(i, t)| [i as f64, f64::from(*t)]).collect();
    still("theta", height)
        .include_y(18.0)
        .include_y(24.0)
        .y_axis_label("θ, mV")
        .x_axis_label("neurons, sorted")
        .show(ui, |plot| {
            plot.line(Line::new("θ", PlotPoints::from(points)).color(p.series[1]).width(2.0));
        });
}

/// How many weights are how large, and what they sum to.
pub fn weights(ui: &mut Ui, fields: &Fields, height: f32) {
    let p = palette(ui.visuals());
    let all = fields.histogram.iter().map(|n| f64::from(*n)).sum::<f64>().max(1.0);
    let width = 1.0 / BINS as f64;
    let bars: Vec<Bar> = fields
        .histogram
        .iter()
        .enumerate()
        .map(|(i, n)| Bar::new((i as f64 + 0.5) * width, 100.0 * f64::from(*n) / all).width(width))
        .collect();
    still("weights", height)
        .include_x(0.0)
        .include_x(1.0)
        .include_y(0.0)
        .y_axis_label("synapses, %")
        .x_axis_label("weight")
        .show(ui, |plot| plot.bar_chart(BarChart::new("weights", bars).color(p.series[0])));
    let [least, mean, most] = fields.sums;
    let text = format!("Sum onto a neuron: {least:.1} to {most:.1}, mean {mean:.1}");
    ui.label(RichText::new(text).small().color(p.weak))
        .on_hover_text("Scaled to 78 before each image; what one image adds shows until the next");
}

/// The accuracy, in words.
pub fn headline(fields: &Fields, answers: usize) -> String {
    match fields.accuracy {
        Some(a) if answers > 0 => format!("{} of the last {answers} right", percent(a)),
        Some(a) => format!("{} right", percent(a)),
        None if fields.learnt.can_answer() => format!("running accuracy after {BLOCK} images"),
        None => format!("first labels after {BLOCK} images"),
    }
}

//! Activations beside rates, the scatter of both, and both answers over time.

use egui::{Color32, Id, Rect, RichText, Sense, Ui, Vec2, vec2};
use egui_plot::{Line, PlotPoints, Points, VLine};

use super::super::super::command::{Command, Outbox};
use super::super::super::conversion::ConversionEdit;
use super::super::super::snapshot::Snapshot;
use super::super::super::theme::{self, palette};
use super::super::super::widgets::picture;
use super::super::plasticity::chart::Chart;
use super::{at, largest};
use crate::workers::conversion::{Shown, StageView};

/// Points of the scatter at most; every so-many-th unit of a larger layer.
const SCATTERED: usize = 2500;

/// The view.
pub fn show(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    let shown = &world.conversion.shown;
    let step = at(world);
    answers(ui, shown, step);
    let chosen = world.session.conversion.stage.min(shown.stages.len().saturating_sub(1));
    stages(ui, shown, chosen, step, out);
    let Some(stage) = shown.stages.get(chosen) else { return };
    let rates = rates(stage, step);
    let room = (ui.available_height() - 24.0).max(300.0);
    let upper = (room * 0.52).round();
    ui.columns(2, |columns| {
        let side = |ui: &mut Ui, title: &str, name: &str, values: &[f32], out: &mut Outbox| {
            ui.label(RichText::new(title).font(theme::strong(13.5)));
            let stamp = picture::stamp((
                shown.serial,
                chosen,
                if name == "rates" { step } else { 0 },
                ui.visuals().dark_mode,
            ));
            maps(ui, (name, stamp), stage, values, upper - 22.0, (chosen, &rates, out));
        };
        let scaled: Option<Vec<f32>> = stage.activations.as_ref().map(|a| {
            let threshold = stage.threshold.unwrap_or(1.0);
            a.iter().map(|v| v.max(0.0) / threshold).collect()
        });
        match scaled {
            Some(scaled) => {
                side(&mut columns[0], "Activation, in thresholds λ", "activations", &scaled, out);
            }
            None => {
                columns[0].label(RichText::new("Pooling has no units of its own").small());
            }
        }
        let title = if stage.spikes {
            "Rate, spikes per step"
        } else {
            "These units add up and do not spike"
        };
        side(&mut columns[1], title, "rates", &rates, out);
    });
    let lower = (room - upper - 8.0).max(140.0);
    ui.columns(2, |columns| {
        scatter(&mut columns[0], world, stage, &rates, lower);
        over_time(&mut columns[1], shown, step, lower);
    });
}

/// What both answer.
fn answers(ui: &mut Ui, shown: &Shown, step: usize) {
    let p = palette(ui.visuals());
    let original = largest(&shown.original);
    ui.horizontal_wrapped(|ui| {
        let text = format!(
            "{} says {original}, {:.0} % sure",
            shown.model,
            100.0 * shown.original[original]
        );
        ui.label(RichText::new(text).font(theme::strong(16.0)));
        let text = match step.checked_sub(1).and_then(|k| shown.probabilities.get(k)) {
            None => "in spikes: not a step yet".to_owned(),
            Some(now) => {
                let answer = largest(now);
                format!("in spikes after {step} steps: {answer}, {:.0} %", 100.0 * now[answer])
            }
        };
        ui.label(RichText::new(text).font(theme::strong(16.0)).color(p.accent));
        if let Some(k) = step.checked_sub(1) {
            let text = format!(
                "{} spikes, {:.2} million operations against {:.2} million multiply–adds",
                shown.spikes[k],
                shown.operations[k] as f64 / 1e6,
                shown.multiply_adds as f64 / 1e6
            );
            ui.label(RichText::new(text).small().color(p.weak));
        }
    });
}

/// The layers to choose from, with how like they are at this step.
fn stages(ui: &mut Ui, shown: &Shown, chosen: usize, step: usize, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        for (number, stage) in shown.stages.iter().enumerate() {
            let like = step.checked_sub(1).and_then(|k| stage.likeness.get(k));
            let text = match like.and_then(|l| l.r) {
                Some(r) => format!("{}  r {r:.3}", stage.name),
                None => stage.name.clone(),
            };
            let tip = like.map_or_else(String::new, |l| {
                format!(
                    "Correlation of rates with activations {}; rms error {:.3} λ; {:.1} % saturated, {:.1} % silent though active",
                    l.r.map_or_else(|| "–".into(), |r| format!("{r:.4}")),
                    l.error,
                    100.0 * l.saturated,
                    100.0 * l.silent
                )
            });
            let mut label = ui.selectable_label(number == chosen, text);
            if !tip.is_empty() {
                label = label.on_hover_text(tip);
            }
            if label.clicked() {
                out.push(Command::Conversion(ConversionEdit::Stage(number)));
            }
        }
    });
}

/// Spikes per step until now.
pub fn rates(stage: &StageView, step: usize) -> Vec<f32> {
    let mut rates = vec![0.0f32; stage.output.iter().product()];
    let each = 1.0 / step.max(1) as f32;
    for spiked in stage.spiked.iter().take(step) {
        for place in spiked {
            rates[*place as usize] += each;
        }
    }
    rates
}

/// How maps are laid out: rows and columns of maps, and the size of one.
struct Grid {
    across: usize,
    down: usize,
    h: usize,
    w: usize,
}

impl Grid {
    /// As large as fits into `room`.
    fn of([h, w, c]: [usize; 3], room: Vec2) -> Self {
        let grid = |across: usize| Self { across, down: c.div_ceil(across), h, w };
        let scale = |across: &usize| {
            let (rows, columns) = grid(*across).size();
            (room.x / columns as f32).min(room.y / rows as f32)
        };
        let across = (1..=c).max_by(|a, b| scale(a).total_cmp(&scale(b))).unwrap_or(1);
        grid(across)
    }

    /// Pixels of the whole, one between maps.
    fn size(&self) -> (usize, usize) {
        let gap = usize::from(self.h > 1);
        (self.down * (self.h + gap), self.across * (self.w + gap))
    }

    /// The unit at a pixel: its place in the order y, x, channel.
    fn place(&self, pixel: usize, [_, w, c]: [usize; 3]) -> Option<usize> {
        let gap = usize::from(self.h > 1);
        let (row, column) = (pixel / self.size().1, pixel % self.size().1);
        let (y, x) = (row % (self.h + gap), column % (self.w + gap));
        let channel = row / (self.h + gap) * self.across + column / (self.w + gap);
        (y < self.h && x < self.w && channel < c).then(|| (y * w + x) * c + channel)
    }
}

/// All maps of a stage; a click follows a unit.
fn maps(
    ui: &mut Ui,
    (name, stamp): (&str, u64),
    stage: &StageView,
    values: &[f32],
    height: f32,
    (number, rates, out): (usize, &[f32], &mut Outbox),
) {
    let grid = Grid::of(stage.output, vec2(ui.available_width(), height));
    let (h, w) = grid.size();
    let scale = (ui.available_width() / w as f32).min(height / h as f32);
    let size = vec2(w as f32, h as f32) * scale;
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let rect = Rect::from_min_size(rect.min, size);
    let visuals = ui.visuals().clone();
    let background = palette(&visuals).background;
    let colour = |pixel: usize| -> Color32 {
        grid.place(pixel, stage.output)
            .map_or(background, |place| theme::sequential(&visuals, values[place].min(1.0)))
    };
    picture::paint(ui, Id::unique(("conversion", name)), stamp, rect, (h, w), colour);
    let Some(pointer) = response.hover_pos() else { return };
    let Some((row, column)) = picture::cell(rect, (h, w), pointer) else { return };
    let Some(place) = grid.place(row * w + column, stage.output) else { return };
    let tip = unit_text(stage, place, rates);
    if response.clicked() {
        out.push(Command::Conversion(ConversionEdit::Unit(number, place)));
    }
    response.on_hover_text_at_pointer(format!("{tip}\nClick to follow it in One unit"));
}

/// What there is to know of a unit.
pub fn unit_text(stage: &StageView, place: usize, rates: &[f32]) -> String {
    let [_, w, c] = stage.output;
    let (y, x, channel) = (place / c / w, place / c % w, place % c);
    let name = if stage.output[0] * w == 1 {
        format!("{}, unit {channel}", stage.name)
    } else {
        format!("{}, map {channel}, row {y}, column {x}", stage.name)
    };
    let rate = rates.get(place).copied().unwrap_or(0.0);
    match (&stage.activations, stage.threshold) {
        (Some(a), Some(threshold)) => format!(
            "{name}: activation {:.3} = {:.3} λ, rate {rate:.3}",
            a[place],
            a[place] / threshold
        ),
        _ => format!("{name}: rate {rate:.3}"),
    }
}

fn scatter(ui: &mut Ui, world: &Snapshot<'_>, stage: &StageView, rates: &[f32], height: f32) {
    let p = palette(ui.visuals());
    let (Some(activations), Some(threshold), true) =
        (&stage.activations, stage.threshold, stage.spikes)
    else {
        ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
        return;
    };
    let every = activations.len().div_ceil(SCATTERED).max(1);
    // Odd, so that all channels are seen.
    let every = if every.is_multiple_of(2) { every + 1 } else { every };
    let points: Vec<[f64; 2]> = (0..activations.len())
        .step_by(every)
        .map(|i| [f64::from(activations[i].max(0.0) / threshold), f64::from(rates[i])])
        .collect();
    let right = points.iter().map(|q| q[0]).fold(1.0f64, f64::max);
    let chart = Chart {
        id: "activation against rate",
        axes: ["activation (λ)", "rate"],
        bounds: [[0.0, 0.0], [right, 1.05]],
        height,
        legend: None,
        log_x: false,
    };
    let radius = if world.session.projector { 3.0 } else { 1.8 };
    chart.show(ui, |plot| {
        let identity = PlotPoints::from(vec![[0.0, 0.0], [1.0, 1.0], [right.max(1.0), 1.0]]);
        plot.line(Line::new("activation = rate", identity).color(p.weak).allow_hover(false));
        plot.points(
            Points::new("units", PlotPoints::from(points)).color(p.series[0]).radius(radius),
        );
    });
}

/// Certainty of the original's answer in spikes, and the error of each layer.
fn over_time(ui: &mut Ui, shown: &Shown, step: usize, height: f32) {
    let p = palette(ui.visuals());
    let last = shown.probabilities.len().max(1) as f64;
    let original = largest(&shown.original);
    let chart = Chart {
        id: "conversion over time",
        axes: ["step", "probability, r"],
        bounds: [[0.0, 0.0], [last, 1.05]],
        height,
        legend: Some(egui_plot::Corner::RightBottom),
        log_x: false,
    };
    chart.show(ui, |plot| {
        let line = |values: Vec<f64>| -> PlotPoints<'static> {
            let numbered = values.into_iter().enumerate();
            PlotPoints::from(numbered.map(|(k, v)| [k as f64 + 1.0, v]).collect::<Vec<_>>())
        };
        let sure = shown.probabilities.iter().map(|q| f64::from(q[original])).collect();
        let name = format!("“{original}” in spikes");
        plot.line(Line::new(name, line(sure)).color(p.accent).width(2.5));
        let like = shown.stages.iter().filter(|s| !s.likeness.is_empty());
        for (stage, colour) in like.zip(p.series.iter().skip(1)) {
            let r = stage.likeness.iter().map(|l| l.r.unwrap_or(0.0)).collect();
            plot.line(Line::new(format!("r {}", stage.name), line(r)).color(*colour).width(1.5));
        }
        plot.vline(VLine::new("", step as f64).color(p.text).allow_hover(false));
    });
}

//! Loss and accuracy over the epochs: the batches as a faint line, their trend,
//! the validation as points; and other runs for comparison.

use std::fmt::Display;

use egui::{Color32, RichText, Stroke, Ui, Vec2b};
use egui_plot::{
    AxisHints, Corner, GridMark, Legend, Line, MarkerShape, Plot, PlotBounds, PlotPoints, Points,
    VLine,
};

use super::World;
use super::history;
use crate::ann::optimiser::OPTIMISERS;
use crate::ann::rules::{self, Rule, Stage};
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::key::{self, Named};
use crate::ui::widgets::{figure, page};
use crate::workers::runs::RunRecord;

/// Which of the two curves a plot shows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quantity {
    Loss,
    Accuracy,
}

/// Draws both plots side by side where there is room, else one of them.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let runs = shown_runs(world);
    if runs.is_empty() {
        ui.label(
            "No run to show yet. Press Start training in the settings (Ctrl+Enter), or Train in ten seconds; or tick an earlier run under Runs.",
        );
        return;
    }
    let cursor = runs.iter().find_map(|run| history::cursor(world, run));
    let both = [Quantity::Loss, Quantity::Accuracy];
    let id = egui::Id::unique("curve shown alone");
    let mut alone: usize = ui.data(|d| d.get_temp(id)).unwrap_or(1);
    // Where there is little width, one plot large rather than two small ones.
    let wide = ui.available_width() > page::NARROW + 40.0;
    if !wide {
        ui.horizontal(|ui| {
            for (i, name) in ["Loss", "Accuracy"].into_iter().enumerate() {
                let text = RichText::new(name).font(theme::strong(14.0));
                if ui.selectable_label(alone == i, text).clicked() {
                    alone = i;
                    ui.data_mut(|d| d.insert_temp(id, i));
                }
            }
        });
    }
    let from = ui.next_widget_position();
    let height = (ui.available_height() - 64.0).clamp(120.0, 640.0);
    if wide {
        ui.columns(2, |columns| {
            for (ui, quantity) in columns.iter_mut().zip(both) {
                plot(ui, world, &runs, quantity, height, cursor);
            }
        });
    } else {
        plot(ui, world, &runs, both[alone], height, cursor);
    }
    figure::save_below(ui, out, "training-curves", from, || csv(&runs));
}

/// The run in hand first, then those chosen for comparison.
fn shown_runs<'a>(world: &'a World<'_>) -> Vec<&'a RunRecord> {
    let current = world.training.record.as_deref();
    let others = world
        .runs
        .iter()
        .filter(|r| world.room.compared.contains(&r.id) && current.is_none_or(|c| c.id != r.id));
    current.into_iter().chain(others).collect()
}

/// Name of a run in legends and lists.
pub fn name(run: &RunRecord) -> String {
    let config = &run.config;
    let optimiser = OPTIMISERS.iter().find(|o| o.id == config.optimiser.id());
    let optimiser = optimiser.map_or("?", |o| o.name);
    let digits = grouped(config.subset as u64);
    let rule = rule(run).map_or_else(String::new, |rule| format!("{rule}, "));
    let hand = if run.by_hand { "weights set by hand, " } else { "" };
    format!("{}, {rule}{hand}{optimiser}, {digits} digits, seed {}", network(run), config.seed)
}

/// The learning rule of a run, where it is not plain backpropagation.
pub fn rule(run: &RunRecord) -> Option<String> {
    let rule = &run.config.rule;
    let shown = |_: &&Rule| run.disturbed || !rule.is_backpropagation();
    let name = rules::find(rule.id()).filter(shown)?.in_a_sentence();
    Some(if run.disturbed { format!("{name} (errors disturbed)") } else { name })
}

/// Name of the network that is trained in a run.
pub fn network(run: &RunRecord) -> &'static str {
    crate::ann::zoo::find(&run.config.model).map_or("?", |a| a.name)
}

/// One of the two plots, with a line at `cursor` epochs.
pub(super) fn plot(
    ui: &mut Ui,
    world: &World<'_>,
    runs: &[&RunRecord],
    quantity: Quantity,
    height: f32,
    cursor: Option<f64>,
) {
    let id = if quantity == Quantity::Loss { "loss plot" } else { "accuracy plot" };
    ui.label(RichText::new(title(runs, quantity)).font(theme::strong(14.0)));
    let corner = if quantity == Quantity::Loss { Corner::RightTop } else { Corner::RightBottom };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let (low, high) = bounds(runs, quantity);
    let mut frame = Plot::new(id);
    let mut height = height;
    if key::is_above(ui, height) {
        height = (height - key_above(ui, runs)).max(100.0);
    } else {
        frame = frame.legend(Legend::default().position(corner));
    }
    frame
        .height(height)
        .allow_scroll(false)
        .auto_bounds(Vec2b::new(false, false))
        .x_grid_spacer(marks)
        .y_grid_spacer(marks)
        .custom_x_axes(vec![axis(AxisHints::new_x()).label("epochs")])
        .custom_y_axes(vec![axis(AxisHints::new_y()).min_thickness(38.0)])
        .grid_spacing(egui::Rangef::new(8.0, 400.0))
        .show(ui, |plot| {
            let p = palette(&plot.ctx().global_style().visuals);
            if !moved_by_user(plot) {
                let longest = runs.iter().map(|r| reach(r)).fold(0.1, f64::max);
                plot.set_plot_bounds(PlotBounds::from_min_max(
                    [-0.02 * longest, low],
                    [1.03 * longest, high],
                ));
            }
            for (i, run) in runs.iter().enumerate() {
                let colour = p.series[i % p.series.len()];
                let look = LineLook { quantity, thick, colour, alone: runs.len() == 1 };
                look.draw(plot, run, p.series[1]);
            }
            if let Some(at) = cursor {
                plot.vline(VLine::new("", at).stroke(Stroke::new(thick, p.text)));
            }
        });
}

/// Names the lines above a plot that is too small for a legend of its own.
fn key_above(ui: &mut Ui, runs: &[&RunRecord]) -> f32 {
    let series = palette(ui.visuals()).series;
    if runs.len() == 1 {
        let held_out = runs[0].epochs.iter().any(|e| e.validation_loss.is_some());
        let lines = [("training", series[0], false), ("validation", series[1], true)];
        let lines = lines.into_iter().take(1 + usize::from(held_out));
        return key::row(ui, lines.map(|(name, colour, dashed)| Named { name, colour, dashed }));
    }
    let names: Vec<String> = runs.iter().map(|run| name(run)).collect();
    let colours = series.iter().cycle();
    let lines = names.iter().zip(colours);
    key::row(ui, lines.map(|(name, colour)| Named { name, colour: *colour, dashed: false }))
}

/// What a plot shows, with its unit. Of a run by itself, what its rule records now.
fn title(runs: &[&RunRecord], quantity: Quantity) -> String {
    let alone = match runs {
        [run] => Some(Part::of(run, true).stage),
        _ => None,
    };
    match (quantity, alone) {
        (Quantity::Accuracy, Some(stage)) if !stage.answers => {
            format!("Accuracy (%): {} learns, nothing answers yet", stage.name)
        }
        (Quantity::Accuracy, _) => "Accuracy (%)".into(),
        (Quantity::Loss, Some(stage)) => format!("Loss ({})", stage.measure),
        (Quantity::Loss, None) => "Loss (cross-entropy, nats)".into(),
    }
}

/// The part of a run that one curve can show: rules that train layer by layer record
/// something else in each stage.
struct Part {
    stage: Stage,
    /// Its epochs.
    from: f64,
    to: f64,
    per_epoch: f64,
}

impl Part {
    /// Of a run by itself, the stage that it is in; of several, those with answers.
    fn of(run: &RunRecord, alone: bool) -> Self {
        let (epochs, rule) = (run.config.epochs.max(1), &run.config.rule);
        let now = run.epochs.len().min(epochs - 1);
        let stage = rule.stage(if alone { now } else { epochs - 1 });
        let same = |e: &usize| rule.stage(*e) == stage;
        let from = (0..epochs).find(same).unwrap_or(0);
        let after = (from..epochs).find(|e| !same(e)).unwrap_or(epochs);
        let per_epoch = (run.total_steps as f64 / epochs as f64).max(1.0);
        Self { stage, from: from as f64, to: after as f64, per_epoch }
    }

    /// Points `[step, value]` of it.
    fn cut(&self, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let within = |p: &&[f64; 2]| {
            let epoch = p[0] / self.per_epoch;
            epoch > self.from && epoch <= self.to
        };
        points.iter().filter(within).copied().collect()
    }
}

/// Epochs that are worth showing of a run: those done and a little more.
fn reach(run: &RunRecord) -> f64 {
    let epochs = run.config.epochs as f64;
    (1.15 * run.steps as f64 / run.total_steps.max(1) as f64 * epochs).min(epochs)
}

/// Some six marks at steps of 1, 2 or 5 times a power of ten.
pub(super) fn marks(input: egui_plot::GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let rough = (high - low) / 6.0;
    if !rough.is_normal() || rough < 0.0 {
        return Vec::new();
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|f| f * power).find(|s| *s >= rough);
    let step = step.unwrap_or(rough);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|i| GridMark { value: i as f64 * step, step_size: step }).collect()
}

/// Every mark has its number, however close.
pub(super) fn axis(hints: AxisHints<'static>) -> AxisHints<'static> {
    hints.formatter(|mark, _| mark_text(mark)).label_spacing(egui::Rangef::new(8.0, 24.0))
}

/// As many decimals as the step between marks needs.
fn mark_text(mark: GridMark) -> String {
    let decimals = (-(mark.step_size * 1.0001).log10().floor()).max(0.0) as usize;
    format!("{:.decimals$}", mark.value + 0.0)
}

/// Whether the user has dragged or zoomed the view; a double click undoes that.
pub(super) fn moved_by_user(plot: &egui_plot::PlotUi<'_>) -> bool {
    let response = plot.response();
    let id = response.id.with("moved");
    let zoomed = response.hovered() && plot.ctx().input(|i| i.zoom_delta() != 1.0);
    let now = if response.double_clicked() {
        Some(false)
    } else {
        (response.dragged() || zoomed).then_some(true)
    };
    plot.ctx().data_mut(|d| {
        let moved = d.get_temp_mut_or_default::<bool>(id);
        *moved = now.unwrap_or(*moved);
        *moved
    })
}

/// The range of y that is worth looking at.
fn bounds(runs: &[&RunRecord], quantity: Quantity) -> (f64, f64) {
    let trend = |run: &RunRecord| -> Vec<f64> {
        let part = Part::of(run, runs.len() == 1);
        if quantity == Quantity::Accuracy && !part.stage.answers {
            return Vec::new();
        }
        let curve = if quantity == Quantity::Loss { &run.loss } else { &run.accuracy };
        let points = part.cut(&curve.smoothed(20.0));
        let skip = points.len() / 10;
        points.into_iter().skip(skip).map(|p| p[1]).collect()
    };
    let values = || runs.iter().flat_map(|r| trend(r));
    match quantity {
        Quantity::Loss => (0.0, (values().fold(0.0, f64::max) * 1.15).clamp(0.05, 3.0)),
        Quantity::Accuracy => {
            let low = (values().fold(1.0, f64::min) * 100.0 - 2.0).clamp(0.0, 97.0);
            (low, 100.2)
        }
    }
}

/// How the lines of a run are drawn.
struct LineLook {
    quantity: Quantity,
    thick: f32,
    colour: Color32,
    /// No other run is shown: the batches are, and colours tell the curves apart.
    alone: bool,
}

impl LineLook {
    fn draw(&self, plot: &mut egui_plot::PlotUi<'_>, run: &RunRecord, validation: Color32) {
        let part = Part::of(run, self.alone);
        let per_epoch = part.per_epoch;
        let is_loss = self.quantity == Quantity::Loss;
        if !is_loss && !part.stage.answers {
            return;
        }
        let scale = if is_loss { 1.0 } else { 100.0 };
        let curve = if is_loss { &run.loss } else { &run.accuracy };
        let place = |points: &[[f64; 2]]| -> PlotPoints<'static> {
            points.iter().map(|[x, y]| [x / per_epoch, y * scale]).collect()
        };
        let label = if self.alone { "training".to_owned() } else { name(run) };
        if self.alone {
            let faint = Stroke::new(1.0, self.colour.gamma_multiply(0.3));
            let batches = place(&part.cut(curve.points()));
            plot.line(Line::new("each batch", batches).stroke(faint));
        }
        let trend = place(&part.cut(&curve.smoothed(20.0)));
        plot.line(Line::new(label.clone(), trend).stroke(Stroke::new(self.thick, self.colour)));
        let held_out: Vec<[f64; 2]> = run
            .epochs
            .iter()
            .enumerate()
            .filter(|(i, _)| (*i as f64) >= part.from && (*i as f64) < part.to)
            .filter_map(|(i, e)| {
                let y = if is_loss { e.validation_loss } else { e.validation_accuracy };
                Some([(i + 1) as f64, f64::from(y?) * scale])
            })
            .collect();
        if held_out.is_empty() {
            return;
        }
        let (label, colour) = if self.alone {
            ("validation".to_owned(), validation)
        } else {
            (format!("{label}, validation"), self.colour)
        };
        plot.line(
            Line::new(label.clone(), held_out.clone())
                .stroke(Stroke::new(self.thick, colour))
                .style(egui_plot::LineStyle::dashed_dense()),
        );
        plot.points(
            Points::new(label, held_out)
                .color(colour)
                .radius(self.thick + 2.0)
                .shape(MarkerShape::Circle),
        );
    }
}

/// One row per point: run, curve, step, epoch, loss, accuracy.
pub(super) fn csv(runs: &[&RunRecord]) -> String {
    let mut rows = Vec::new();
    for run in runs {
        let per_epoch = (run.total_steps as f64 / run.config.epochs.max(1) as f64).max(1.0);
        let mut add =
            |curve: &str, step: f64, epoch: f64, loss: &dyn Display, accuracy: &dyn Display| {
                let c = &run.config;
                rows.push(row![run.id, c.model, c.seed, curve, step, epoch, loss, accuracy]);
            };
        for ([step, loss], [_, accuracy]) in run.loss.points().iter().zip(run.accuracy.points()) {
            add("training", *step, step / per_epoch, loss, accuracy);
        }
        for (i, e) in run.epochs.iter().enumerate() {
            let (Some(l), Some(a)) = (e.validation_loss, e.validation_accuracy) else { continue };
            let epoch = (i + 1) as f64;
            add("validation", epoch * per_epoch, epoch, &l, &a);
        }
    }
    csv::text("run,model,seed,curve,step,epoch,loss,accuracy".split(','), rows)
}

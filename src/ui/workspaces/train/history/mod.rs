//! *History*: a run as it was at any moment, live or long ended. One time bar for
//! everything: pictures of the weights, of their changes and of what comes out
//! of a layer on one side, curves, movement, single weights and the confusion
//! matrix on the other.
//!
//! * [`pictures`]: kernels, updates and feature maps as tiles
//! * [`answer`]: what the network at that moment says of the current digit
//! * [`plots`]: how far and where to each layer has moved; single weights
//! * [`confusion`]: the confusion matrix at that moment
//! * [`settings`]: what the next run keeps
//! * [`state`]: which run, which moment

mod answer;
mod confusion;
mod pictures;
mod plots;
mod settings;
mod state;

pub use settings::form;
pub use state::{Figure, History, HistoryEdit, HistorySettings, Pictures, Plots, Scale, record};

use egui::{ComboBox, RichText, Ui};

use super::{World, curves};
use crate::core::clock::date;
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::time_bar::{self, Axis, Mark, TimeBar};
use crate::workers::runs::RunRecord;
use crate::workers::scrub::View;

/// From this width on, pictures and plots are side by side, points.
const WIDE: f32 = 640.0;

/// What can be looked at as pictures.
const PICTURES: [(Pictures, &str, &str); 4] = [
    (Pictures::Weights, "Weights W", "The weights at this moment, one picture per filter or unit"),
    (Pictures::Update, "Last step ΔW", "What the last batch changed"),
    (Pictures::Since, "Change since mark", "The sum of all updates since the mark"),
    (Pictures::Maps, "Feature maps", "What comes out of the layer for the current digit"),
];

/// What can be looked at as plots.
const PLOTS: [(Plots, &str, &str); 4] = [
    (Plots::Curves, "Loss and accuracy", "Of the batches, and of the held-out digits"),
    (Plots::Movement, "Movement of layers", "How far and in which direction each layer moves"),
    (Plots::Followed, "Single weights", "The course of weights that were clicked in the pictures"),
    (Plots::Confusion, "Confusion", "The confusion matrix on the held-out digits at this moment"),
];

/// What every part of the view draws from.
struct Scene<'a, 'b> {
    world: &'a World<'b>,
    record: &'a RunRecord,
    view: &'a View,
    settings: &'a HistorySettings,
    /// Whether pictures and plots are side by side.
    wide: bool,
}

impl Scene<'_, '_> {
    /// Epochs at so many batches.
    fn epochs(&self, step: u64) -> f64 {
        let total = self.record.total_steps.max(1) as f64;
        step as f64 * self.record.config.epochs as f64 / total
    }

    /// Epochs at the moment shown.
    fn cursor(&self) -> Option<f64> {
        Some(self.epochs(self.view.shown.as_ref()?.step))
    }

    /// Changes what is kept over a restart.
    fn set(&self, out: &mut Outbox, change: impl FnOnce(&mut HistorySettings)) {
        let mut settings = self.settings.clone();
        change(&mut settings);
        out.push(HistoryEdit::Settings(settings));
    }
}

/// Where the curves of this run are looked back from, in epochs: also for the
/// Curves view.
pub fn cursor(world: &World<'_>, run: &RunRecord) -> Option<f64> {
    let shown = record(world).filter(|r| r.id == run.id)?;
    let step = world.room.history.at().filter(|_| !world.room.history.playback.is_following())?;
    let ended = !world.training.phase.in_hand() && step >= shown.steps;
    let total = run.total_steps.max(1) as f64;
    (!ended).then(|| step as f64 * run.config.epochs as f64 / total)
}

/// Draws the view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(record) = record(world) else {
        ui.label("Every run keeps its history: here one goes back to any moment of it and sees the filters, the answer and the mistakes as they were. Press Start training in the settings (Ctrl+Enter), or Train in ten seconds.");
        return;
    };
    let nothing = View::default();
    let view = if world.room.scrubbed.run == record.id { &*world.room.scrubbed } else { &nothing };
    let scene = Scene {
        world,
        record,
        view,
        settings: &world.room.kept.history,
        wide: ui.available_width() >= WIDE,
    };
    head(ui, &scene, out);
    if let Some(text) = view.failed.as_deref().or_else(|| missing(&scene)) {
        ui.label(RichText::new(text).color(palette(ui.visuals()).warning));
    }
    if view.moments.is_empty() {
        return;
    }
    // The bar's controls take two rows where one is too short.
    let second_row = if ui.available_width() < 780.0 { 34.0 } else { 0.0 };
    let taken = time_bar::HEIGHT + second_row + ui.spacing().item_spacing.y;
    let room = ui.available_height() - taken;
    let size = egui::vec2(ui.available_width(), room.max(150.0));
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        // Where there is one pane only, a plot has all the height.
        if scene.wide || !scene.settings.plots_first {
            answer::strip(ui, &scene);
        }
        panes(ui, &scene, out);
    });
    bar(ui, &scene, out);
}

/// Why there is nothing to see, if that is so.
fn missing(scene: &Scene<'_, '_>) -> Option<&'static str> {
    let kept = &scene.record.config.history;
    let opened = scene.view.run == scene.record.id;
    (opened && scene.view.moments.is_empty()).then_some(if kept.on {
        "This run has no history: it was trained by an earlier version, or its snapshots were deleted."
    } else {
        "This run keeps no history: it was switched off in its settings."
    })
}

/// Which run, and where in it.
fn head(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    let (view, record) = (scene.view, scene.record);
    let weak = palette(ui.visuals()).weak;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Run");
        ComboBox::from_id_salt("history run")
            .selected_text(curves::name(record))
            .width(220.0)
            .truncate()
            .show_ui(ui, |ui| {
                for run in scene.world.runs.iter() {
                    let text = format!("{}   {}", curves::name(run), date(run.started_unix));
                    if ui.selectable_label(run.id == record.id, text).clicked() {
                        out.push(HistoryEdit::Run(run.id.clone()));
                    }
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text("The run to look back at");
        if let Some(shown) = &view.shown {
            let epoch = scene.epochs(shown.step);
            let text = format!("after batch {}, epoch {epoch:.2}", grouped(shown.step));
            let colour = palette(ui.visuals()).text;
            // Whole into the next row, should this one be full.
            let galley = ui.painter().layout_no_wrap(text, theme::strong(15.0), colour);
            let took = format!("Read, and computed for the digit, in {:.0} ms", shown.took_ms);
            ui.label(galley).on_hover_text(took);
        }
        // Where there is little width, the height is for the pictures.
        if scene.wide {
            let size = format!(
                "{} snapshots, {:.0} of at most {} MB",
                view.moments.len(),
                view.bytes as f64 / 1e6,
                record.config.history.most_mb
            );
            ui.label(RichText::new(size).small().color(weak))
                .on_hover_text("What the history of this run takes on disk. Near the limit every second snapshot goes.");
        }
        if record.config.average_epochs > 0 && scene.wide {
            ui.label(RichText::new("weights before averaging").small().color(weak))
                .on_hover_text("This run results in the mean of the weights of its last epochs. The history shows the weights themselves.");
        }
        let live = scene.world.room.history.playback.is_live();
        if let Some(text) = view.left_out.as_deref().filter(|_| !live) {
            ui.label(RichText::new(text).small().color(palette(ui.visuals()).warning));
        }
    });
}

fn panes(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    if scene.wide {
        let height = ui.available_height();
        ui.columns(2, |columns| {
            for column in &mut *columns {
                column.set_max_height(height);
            }
            pictures::show(&mut columns[0], scene, out);
            plots_pane(&mut columns[1], scene, out);
        });
    } else if scene.settings.plots_first {
        plots_pane(ui, scene, out);
    } else {
        pictures::show(ui, scene, out);
    }
}

/// The choice of view above a pane. Where there is only one pane, it offers the
/// views of both.
fn chooser(ui: &mut Ui, scene: &Scene<'_, '_>, plots: bool, out: &mut Outbox) {
    let s = scene.settings;
    let both = !scene.wide;
    let now = if plots {
        PLOTS.iter().find(|p| p.0 == s.plots).map_or("", |p| p.1)
    } else {
        PICTURES.iter().find(|p| p.0 == s.pictures).map_or("", |p| p.1)
    };
    let name = if plots { "Plots shown" } else { "Pictures shown" };
    let response = ComboBox::from_id_salt(name)
        .selected_text(RichText::new(now).font(theme::strong(14.0)))
        .width(150.0)
        // All of both panes without scrolling.
        .height(420.0)
        .show_ui(ui, |ui| {
            for (value, name, tip) in PICTURES.iter().filter(|_| both || !plots) {
                let on = !plots && s.pictures == *value;
                if ui.selectable_label(on, *name).on_hover_text(*tip).clicked() {
                    scene.set(out, |s| (s.pictures, s.plots_first) = (*value, false));
                }
            }
            for (value, name, tip) in PLOTS.iter().filter(|_| both || plots) {
                let on = plots && s.plots == *value;
                if ui.selectable_label(on, *name).on_hover_text(*tip).clicked() {
                    scene.set(out, |s| (s.plots, s.plots_first) = (*value, true));
                }
            }
        })
        .response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, name));
}

fn plots_pane(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    match scene.settings.plots {
        Plots::Curves => plots::curves(ui, scene, out),
        Plots::Movement => plots::movement(ui, scene, out),
        Plots::Followed => plots::followed(ui, scene, out),
        Plots::Confusion => confusion::show(ui, scene, out),
    }
}

/// The time bar: every snapshot a step, so that the dense beginning has its room.
fn bar(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    let moments = &scene.view.moments;
    // How far the direction of the weights turns from snapshot to snapshot.
    let turned: Vec<f32> = moments
        .iter()
        .map(|m| m.moved.iter().map(|a| (1.0 - a.cosine_previous).max(0.0)).fold(0.0, f32::max))
        .collect();
    let p = palette(ui.visuals());
    let mut marks: Vec<Mark> = Vec::new();
    let mut epoch = 1;
    for (i, moment) in moments.iter().enumerate() {
        if scene.epochs(moment.step) + 1e-9 >= f64::from(epoch) {
            epoch = scene.epochs(moment.step) as u32 + 1;
            let label = format!("epoch {}", epoch - 1);
            marks.push(Mark { at: i as u64, label, colour: p.weak });
        }
    }
    let epochs: Vec<u64> = marks.iter().map(|m| m.at).collect();
    let next = |from: u64, on: bool| {
        let mut at = epochs.iter().copied();
        if on { at.find(|a| *a > from) } else { at.rfind(|a| *a < from) }
    };
    if scene.world.room.history.mark > 0 {
        let at = moments.partition_point(|m| m.step <= scene.world.room.history.mark);
        let at = at.saturating_sub(1) as u64;
        marks.push(Mark { at, label: "changes are summed from here".into(), colour: p.accent });
    }
    TimeBar::new(
        &scene.world.room.history.playback,
        Axis { unit: "snapshots", unit_per_step: 1.0, decimals: 0 },
    )
    .density(&turned, "How far the weights turn from snapshot to snapshot")
    .marks(&marks)
    .events(&next)
    .show(ui, &mut |edit| out.push(HistoryEdit::Play(edit)));
}

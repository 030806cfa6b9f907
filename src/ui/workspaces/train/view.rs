//! The views beside the form, and what is going on above them.

use egui::{RichText, Ui};

use super::settings::TrainTab;
use super::{
    Train, TrainEdit, World, curves, form, history, layers, mistakes, report, runs, structure,
};
use crate::core::clock::duration_text;
use crate::core::text::grouped;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::page::{self, Tab};
use crate::workers::training::{Phase, TrainingView};

/// The views.
const TABS: [Tab<Train, TrainTab>; 7] = [
    Tab {
        is: TrainTab::Curves,
        name: "Curves",
        short: "Curves",
        see: "Loss and accuracy while it learns",
        show: |ui, world, out| below(ui, world, out, curves::show),
        side: form::show,
        bar: None,
    },
    Tab {
        is: TrainTab::Layers,
        name: "Layers",
        short: "Layers",
        see: "How much each layer changes",
        show: |ui, world, out| below(ui, world, out, layers::show),
        side: form::show,
        bar: None,
    },
    Tab {
        is: TrainTab::Mistakes,
        name: "Mistakes",
        short: "Mistakes",
        see: "Confusion matrix and the digits it gets wrong",
        show: |ui, world, out| below(ui, world, out, mistakes::show),
        side: form::show,
        bar: None,
    },
    Tab {
        is: TrainTab::Network,
        name: "Network",
        short: "Network",
        see: "The chosen network: its layers, their sizes and what they cost",
        show: |ui, world, out| below(ui, world, out, structure::show),
        side: form::show,
        bar: None,
    },
    Tab {
        is: TrainTab::History,
        name: "History",
        short: "History",
        see: "Go back to any moment of a run: filters, answers, mistakes as they were",
        show: |ui, world, out| below(ui, world, out, history::show),
        side: form::show,
        bar: None,
    },
    Tab {
        is: TrainTab::Report,
        name: "Report",
        short: "Report",
        see: "The report's table beside ours; queue runs",
        show: |ui, world, out| below(ui, world, out, report::show),
        side: form::show,
        bar: None,
    },
    Tab {
        is: TrainTab::Runs,
        name: "Runs",
        short: "Runs",
        see: "All runs: compare, use, go on",
        show: |ui, world, out| below(ui, world, out, runs::show),
        side: form::show,
        bar: None,
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "train", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(TrainEdit::Tab(tab));
    }
}

/// A view, below what is going on.
fn below(
    ui: &mut Ui,
    world: &World<'_>,
    out: &mut Outbox,
    view: fn(&mut Ui, &World<'_>, &mut Outbox),
) {
    // Looking back needs the height more than the run in hand does.
    if world.room.kept.tab != TrainTab::History || ui.available_height() > 720.0 {
        headline(ui, world);
    }
    view(ui, world, out);
}

/// What is going on, in figures that can be read from the back row.
fn headline(ui: &mut Ui, world: &World<'_>) {
    let view = &world.training;
    let Some(record) = &view.record else {
        ui.label(RichText::new("No run in hand").font(theme::strong(18.0)));
        match &view.phase {
            Phase::Failed(text) => ui.label(text),
            _ => ui.label("Choose a network on the left and press Start. An MLP or RNN takes a minute or two, a CNN ten or more."),
        };
        return;
    };
    let name = crate::ann::zoo::find(&record.config.model).map_or("?", |a| a.name);
    let state = match &view.phase {
        Phase::Training => "training",
        Phase::Paused => "paused",
        Phase::Testing { .. } => "being tested",
        Phase::Finished => "finished",
        Phase::Stopped => "stopped",
        Phase::Failed(_) => "failed",
        Phase::Idle => "idle",
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("{name} {state}")).font(theme::strong(18.0)));
        ui.label(
            RichText::new(position(view, record.config.epochs)).color(palette(ui.visuals()).weak),
        );
    });
    progress(ui, view, record.steps, record.total_steps);
    figures(ui, view, record);
}

fn position(view: &TrainingView, epochs: usize) -> String {
    match &view.phase {
        Phase::Failed(text) => text.clone(),
        Phase::Testing { done, total } => {
            format!("{} of {} test digits", grouped(*done as u64), grouped(*total as u64))
        }
        phase if phase.in_hand() => {
            format!(
                "epoch {} of {epochs}, batch {} of {}",
                view.epoch + 1,
                view.batch,
                view.batches
            )
        }
        _ => format!("after {} of {epochs} epochs", view.epoch),
    }
}

fn progress(ui: &mut Ui, view: &TrainingView, steps: u64, total: u64) {
    let share = match view.phase {
        Phase::Testing { done, total } => done as f32 / total.max(1) as f32,
        _ => steps as f32 / total.max(1) as f32,
    };
    ui.add(egui::ProgressBar::new(share).desired_height(6.0).corner_radius(3));
}

fn figures(ui: &mut Ui, view: &TrainingView, record: &crate::workers::runs::RunRecord) {
    let last = record.epochs.last();
    let percent = |x: f64| format!("{:.2} %", x * 100.0);
    let mut shown: Vec<(&str, String, &str)> = Vec::new();
    if let Some(rate) = view.images_per_s {
        shown.push((
            "Speed",
            format!("{} images/s", grouped(rate.round() as u64)),
            "Over the last two seconds of training",
        ));
    }
    if let (true, Some(left)) = (view.phase.in_hand(), view.left_s) {
        shown.push(("Left", duration_text(left), "At this speed"));
    }
    if record.config.device != crate::ann::device::OWN
        && let Ok(device) = crate::ann::device::get(&record.config.device)
    {
        shown.push(("Device", device.name.into(), device.doc));
    }
    shown.push(("Trained for", duration_text(record.seconds), "Pauses not counted"));
    if let Some((epoch, held_out)) = last.and_then(|e| Some((e, e.validation_accuracy?))) {
        let gap = f64::from(epoch.train_accuracy) - f64::from(held_out);
        shown.push((
            "Validation",
            percent(held_out.into()),
            "Accuracy on the held-out split after the last epoch",
        ));
        shown.push(("Train − validation", format!("{:+.2} points", gap * 100.0), "The gap: positive when it knows its training digits better than others. The training figure is taken before each update and with dropout, so the gap can be negative."));
    }
    if let Some(test) = record.test_accuracy {
        shown.push(("Test", percent(test), "Accuracy on the test set, measured once at the end"));
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        for (name, value, tip) in shown {
            figure(ui, name, &value, tip, 14.5);
        }
    });
}

/// A name and its value: one label, so that a row breaks between figures only.
pub fn figure(ui: &mut Ui, name: &str, value: &str, tip: &str, size: f32) {
    let p = palette(ui.visuals());
    let mut text = egui::text::LayoutJob::default();
    let format = |font, colour| egui::TextFormat {
        valign: egui::Align::Center,
        ..egui::TextFormat::simple(font, colour)
    };
    text.append(name, 0.0, format(theme::regular(12.0), p.weak));
    text.append(&format!(" {value}"), 3.0, format(theme::strong(size), p.text));
    text.wrap.max_width = f32::INFINITY;
    let galley = ui.painter().layout_job(text);
    ui.label(galley).on_hover_text(tip);
}

/// The two buttons below a picture.
pub fn save(
    ui: &mut Ui,
    name: &'static str,
    rect: egui::Rect,
    out: &mut Outbox,
    csv: &dyn Fn() -> String,
) {
    ui.horizontal(|ui| {
        if ui.button("Save as PNG").clicked() {
            out.push(Command::SavePicture { name, rect });
        }
        if ui.button("Save as CSV").clicked() {
            out.push(Command::SaveText { name: name.into(), text: csv() });
        }
    });
}

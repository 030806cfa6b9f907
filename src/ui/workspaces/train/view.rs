//! The views beside the form, and what is going on above them.

use egui::{RichText, Ui};

use super::settings::TrainTab;
use super::{
    Train, TrainEdit, World, curves, form, history, layers, mistakes, report, runs, structure,
    wires,
};
use crate::core::clock::duration_text;
use crate::core::text::{grouped, percent};
use crate::data::registry::{self, SYNTHETIC};
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::page::{self, Tab};
use crate::workers::runs::RunRecord;
use crate::workers::training::{Phase, TrainingView};

/// The views.
const TABS: [Tab<Train, TrainTab>; 8] = [
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
        short: "Errors",
        see: "Confusion matrix and the digits it gets wrong",
        show: |ui, world, out| below(ui, world, out, mistakes::show),
        side: form::show,
        bar: None,
    },
    Tab {
        is: TrainTab::Network,
        name: "Structure",
        short: "Structure",
        see: "The chosen network: its layers, their sizes and what they cost; put together your own",
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
        name: "Accuracies",
        short: "Scores",
        see: "Test accuracies as reported, of the bundled networks and of your runs; queue runs",
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
    Tab {
        is: TrainTab::Wires,
        name: "Wires",
        short: "Wires",
        see: "Every connection of a small network: take hold of one and see the answer change",
        show: |ui, world, out| below(ui, world, out, wires::show),
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
    // Looking back, and tables, need the height more than the run in hand does.
    let needs = match world.room.kept.tab {
        TrainTab::Curves | TrainTab::Layers | TrainTab::Mistakes => 0.0,
        TrainTab::Network | TrainTab::Report | TrainTab::Runs => 560.0,
        TrainTab::History | TrainTab::Wires => 720.0,
    };
    if ui.available_height() > needs {
        headline(ui, world, out);
    }
    view(ui, world, out);
}

/// Height of the headline without its progress bar, points.
const HEADLINE: f32 = 30.0;
/// The one button for a lecture.
const QUICK: &str = "Train in ten seconds";

/// What is going on, in one line that can be read from the back row; what does not fit
/// into it is in its tooltip.
fn headline(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.training;
    let p = palette(ui.visuals());
    let mut parts = Vec::new();
    let title = match &view.record {
        None => {
            let hint = "Choose a network in the settings and press Start, or:";
            parts.push((plain(ui, hint, p.weak), String::new()));
            "No run in hand".to_owned()
        }
        Some(record) => {
            let at = position(view, record.config.epochs);
            let at = (plain(ui, &at, p.weak), at);
            parts = figures(world, record)
                .into_iter()
                .map(|(name, value, tip)| {
                    let said = format!("{name} {value}: {tip}");
                    (figure_text(ui, &name, &value, 14.5), said)
                })
                .collect();
            let first = if view.phase.in_hand() { 0 } else { parts.len().min(2) };
            parts.insert(first, at);
            format!("{} {}", curves::network(record), state(&view.phase))
        }
    };
    ui.horizontal(|ui| {
        ui.set_min_height(HEADLINE);
        ui.spacing_mut().item_spacing.x = 16.0;
        let title = ui.label(RichText::new(title).font(theme::strong(17.0)));
        let quick = !view.phase.in_hand();
        let button = plain(ui, QUICK, p.on_accent).size().x + 24.0;
        let mut left = ui.available_width() - if quick { button + 16.0 } else { 0.0 };
        let mut hidden = Vec::new();
        for (galley, tip) in parts {
            let needs = galley.size().x + 16.0;
            if needs > left {
                hidden.push(tip);
                continue;
            }
            left -= needs;
            let label = ui.label(galley);
            if !tip.is_empty() {
                label.on_hover_text(tip);
            }
        }
        title.on_hover_text(hidden.join("\n"));
        if quick {
            let text = RichText::new(QUICK).font(theme::strong(14.0)).color(p.on_accent);
            let tip = "The MLP on 10,000 digits: a run that a lecture has time for";
            if ui.add(egui::Button::new(text).fill(p.accent)).on_hover_text(tip).clicked() {
                out.push(TrainEdit::Quick);
            }
        }
    });
    if let Phase::Failed(text) = &view.phase {
        ui.label(text);
    }
    if let Some(record) = view.record.as_ref().filter(|_| view.phase.in_hand()) {
        progress(ui, view, record.steps, record.total_steps);
    }
}

fn plain(ui: &Ui, text: &str, colour: egui::Color32) -> std::sync::Arc<egui::Galley> {
    ui.painter().layout_no_wrap(text.to_owned(), theme::regular(14.0), colour)
}

fn state(phase: &Phase) -> &'static str {
    match phase {
        Phase::Training => "training",
        Phase::Paused => "paused",
        Phase::Testing { .. } => "being tested",
        Phase::Finished => "finished",
        Phase::Stopped => "stopped",
        Phase::Failed(_) => "failed",
        Phase::Idle => "idle",
    }
}

/// The digits of a run, as in `Test (MNIST)`; those of a set that is gone by its id.
pub fn digits_of<'a>(desk: &'a Desk, run: &'a RunRecord) -> &'a str {
    match registry::find(&run.config.data) {
        Some(source) if source.id != SYNTHETIC => source.name,
        Some(_) => "synthetic",
        None => desk.own_name(&run.config.data).unwrap_or(&run.config.data),
    }
}

fn position(view: &TrainingView, epochs: usize) -> String {
    match &view.phase {
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

/// Names, values and what they are; the most important first.
fn figures(world: &World<'_>, record: &RunRecord) -> Vec<(String, String, &'static str)> {
    let (view, on) = (&world.training, digits_of(world, record));
    let mut shown: Vec<(String, String, &str)> = Vec::new();
    if let Some(test) = record.test_accuracy {
        let tip = "Accuracy on the test set, measured once at the end";
        shown.push((format!("Test ({on})"), percent(test), tip));
    }
    // A rule that trains layer by layer has nothing to answer with at first.
    let answers =
        |e: &&crate::ann::trainer::EpochPoint| record.config.rule.stage(e.epoch - 1).answers;
    let last = record.epochs.last().filter(answers);
    let held_out = last.and_then(|e| Some((e, e.validation_accuracy?)));
    if let Some((_, held_out)) = held_out {
        let tip = "Accuracy on the held-out split after the last epoch";
        shown.push((format!("Validation ({on})"), percent(held_out.into()), tip));
    }
    if let (true, Some(left)) = (view.phase.in_hand(), view.left_s) {
        shown.push(("Left".into(), duration_text(left), "At this speed"));
    }
    if record.config.device != crate::ann::device::OWN
        && let Ok(device) = crate::ann::device::get(&record.config.device)
    {
        shown.insert(0, ("Device".into(), device.name.into(), device.doc));
    }
    shown.push(("Trained for".into(), duration_text(record.seconds), "Pauses not counted"));
    if let Some(rate) = view.images_per_s {
        let rate = format!("{} images/s", grouped(rate.round() as u64));
        shown.push(("Speed".into(), rate, "Over the last two seconds of training"));
    }
    if let Some((epoch, held_out)) = held_out {
        let gap = f64::from(epoch.train_accuracy) - f64::from(held_out);
        let tip = "The gap: positive when it knows its training digits better than others. The training figure is taken before each update and with dropout, so the gap can be negative.";
        shown.push(("Train − validation".into(), format!("{:+.2} points", gap * 100.0), tip));
    }
    shown
}

/// A name and its value: one label, so that a row breaks between figures only.
pub fn figure(ui: &mut Ui, name: &str, value: &str, tip: &str, size: f32) {
    let galley = figure_text(ui, name, value, size);
    ui.label(galley).on_hover_text(tip);
}

fn figure_text(ui: &Ui, name: &str, value: &str, size: f32) -> std::sync::Arc<egui::Galley> {
    let p = palette(ui.visuals());
    let mut text = egui::text::LayoutJob::default();
    let format = |font, colour| egui::TextFormat {
        valign: egui::Align::Center,
        ..egui::TextFormat::simple(font, colour)
    };
    text.append(name, 0.0, format(theme::regular(12.0), p.weak));
    text.append(&format!(" {value}"), 3.0, format(theme::strong(size), p.text));
    text.wrap.max_width = f32::INFINITY;
    ui.painter().layout_job(text)
}

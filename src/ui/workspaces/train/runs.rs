//! Every training run: chosen ones are compared in the curves; a finished one
//! can answer in Draw; an interrupted or stopped one can be gone on with.

use egui::{RichText, ScrollArea, Ui};

use super::curves;
use super::view::digits_of;
use super::{TrainEdit, World};
use crate::ann::rules;
use crate::core::clock::{date, day, duration_text};
use crate::core::csv::{self, optional, row};
use crate::core::text::{or_dash, percent};
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::page;
use crate::workers::models::Origin;
use crate::workers::runs::{RunRecord, RunState};

/// Draws the table.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if world.runs.is_empty() {
        ui.label("Every run is kept here: its curves, its settings and its weights. For a first one, press Start training in the settings (Ctrl+Enter).");
        return;
    }
    ui.label(RichText::new("Tick runs to compare them under Curves. Accuracies are on the digits that each run was trained with; times are in UTC.").small());
    ScrollArea::both().auto_shrink([false, false]).max_height(ui.available_height() - 40.0).show(
        ui,
        |ui| {
            egui::Grid::new("runs").num_columns(6).striped(true).spacing([14.0, 6.0]).show(
                ui,
                |ui| {
                    for title in ["", "Run", "State", "Validation", "Test", ""] {
                        ui.label(RichText::new(title).font(theme::strong(13.0)));
                    }
                    ui.end_row();
                    for run in world.runs.iter() {
                        line(ui, world, run, out);
                        ui.end_row();
                    }
                },
            );
        },
    );
    if ui.button("Save as CSV").on_hover_text("The table, with all settings").clicked() {
        out.push(Command::SaveText { name: "runs".into(), text: csv(&world.runs) });
    }
}

fn line(ui: &mut Ui, world: &World<'_>, run: &RunRecord, out: &mut Outbox) {
    let current = world.training.record.as_ref().is_some_and(|r| r.id == run.id);
    let in_hand = current && world.training.phase.in_hand();
    let mut compared = world.room.compared.contains(&run.id) || current;
    if ui
        .add_enabled(!current, egui::Checkbox::without_text(&mut compared))
        .on_hover_text("Compare under Curves")
        .changed()
    {
        out.push(TrainEdit::Compare(run.id.clone(), compared));
    }
    let narrow = ui.clip_rect().width() < page::NARROW;
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let rule = curves::rule(run).map_or_else(String::new, |rule| format!(", {rule}"));
        let (name, began) = match narrow {
            true => (
                format!("{}{}, seed {}", curves::network(run), rule, run.config.seed),
                day(run.started_unix),
            ),
            false => (curves::name(run), date(run.started_unix)),
        };
        ui.add(egui::Label::new(name).extend()).on_hover_ui(|ui| settings(ui, run));
        let began = RichText::new(began).small().color(palette(ui.visuals()).weak);
        ui.add(egui::Label::new(began).extend());
    });
    let state = state(run, in_hand);
    ui.label(if narrow { state.replacen(", ", ",\n", 1) } else { state });
    let held_out = run.epochs.last().and_then(|e| e.validation_accuracy).map(f64::from);
    let on = format!("On {}", digits_of(world, run));
    ui.label(or_dash(held_out, percent)).on_hover_text(&on);
    let test = RichText::new(or_dash(run.test_accuracy, percent)).font(theme::strong(14.0));
    ui.label(test).on_hover_text(&on);
    ui.horizontal(|ui| {
        let used = world.models.iter().any(|m| m.origin == Origin::Run(run.id.clone()));
        let ended = matches!(run.state, RunState::Finished | RunState::Stopped);
        if used {
            if ui.button("In Draw ✓").on_hover_text("Click to remove it from Draw").clicked() {
                out.push(Command::RemoveModel(format!("run-{}", run.id)));
            }
        } else if ui
            .add_enabled(
                ended && (run.steps > 0 || run.imported.is_some()),
                egui::Button::new("Use in Draw"),
            )
            .on_hover_text("Its network answers among the others")
            .clicked()
        {
            out.push(Command::UseRun(run.id.clone()));
        }
        // One that was stopped while it was tested has only the test left.
        let elsewhere = run.state == RunState::Running && !run.interrupted && !in_hand;
        let unfinished = run.state != RunState::Finished && !in_hand && !elsewhere;
        let free = !world.training.phase.in_hand();
        if unfinished
            && ui
                .add_enabled(free, egui::Button::new("Go on"))
                .on_hover_text("From its last checkpoint, as if it had not stopped")
                .clicked()
        {
            out.push(TrainEdit::GoOn(run.id.clone()));
        }
        delete(ui, run, in_hand || elsewhere, out);
    });
}

/// Deleting asks a second time, in place.
fn delete(ui: &mut Ui, run: &RunRecord, in_hand: bool, out: &mut Outbox) {
    let id = egui::Id::unique("run to delete");
    let asked: Option<String> = ui.data_mut(|d| d.get_temp(id)).flatten();
    if asked.as_ref() == Some(&run.id) {
        if ui
            .button(RichText::new("Delete for good").color(palette(ui.visuals()).warning))
            .clicked()
        {
            out.push(TrainEdit::Delete(run.id.clone()));
            ui.data_mut(|d| d.insert_temp::<Option<String>>(id, None));
        }
        if ui.button("Keep").clicked() {
            ui.data_mut(|d| d.insert_temp::<Option<String>>(id, None));
        }
    } else if ui
        .add_enabled(!in_hand, egui::Button::new("Delete…"))
        .on_hover_text("Removes its curves, checkpoint and weights")
        .clicked()
    {
        ui.data_mut(|d| d.insert_temp(id, Some(run.id.clone())));
    }
}

fn state(run: &RunRecord, in_hand: bool) -> String {
    if run.imported.is_some() {
        return "imported".into();
    }
    let epochs = format!("{} of {} epochs", run.epochs.len(), run.config.epochs);
    match (run.state, in_hand) {
        (RunState::Running, true) => format!("going on, {epochs}"),
        (RunState::Running, false) if run.interrupted => format!("interrupted, {epochs}"),
        (RunState::Running, false) => format!("learning elsewhere, {epochs}"),
        (RunState::Finished, _) => format!("finished, {}", duration_text(run.seconds)),
        (RunState::Stopped, _) => format!("stopped, {epochs}"),
        (RunState::Failed, _) => "failed".into(),
    }
}

fn settings(ui: &mut Ui, run: &RunRecord) {
    let c = &run.config;
    if let Some(from) = &run.imported {
        ui.label(format!("Imported {}; folder {}", date(run.started_unix), run.id));
        ui.label(format!("From {from}; how it was trained is not known"));
        return;
    }
    let lines = [
        format!("Began {}; folder {}", date(run.started_unix), run.id),
        format!(
            "{} digits of {}, validation split {:.0} %",
            c.subset,
            c.data,
            c.validation_share * 100.0
        ),
        format!("{} epochs, batches of {}, seed {}", c.epochs, c.batch_size, c.seed),
        format!("Learning rule: {}", rules::find(c.rule.id()).map_or("?", |r| r.name)),
        format!("Optimiser {}", c.optimiser.describe()),
        format!("{} batches trained in {}", run.steps, duration_text(run.seconds)),
    ];
    for line in lines {
        ui.label(line);
    }
    if let Some(message) = &run.message {
        ui.label(message);
    }
}

fn csv(runs: &[RunRecord]) -> String {
    let headings = "run,model,data,subset,validation_share,batch_size,epochs,epochs_done,rule,optimiser,seed,seconds,validation_accuracy,test_accuracy";
    let rows = runs.iter().map(|r| {
        let c = &r.config;
        row![
            r.id,
            c.model,
            c.data,
            c.subset,
            c.validation_share,
            c.batch_size,
            c.epochs,
            r.epochs.len(),
            c.rule.id(),
            c.optimiser.describe(),
            c.seed,
            format!("{:.1}", r.seconds),
            optional(r.epochs.last().and_then(|e| e.validation_accuracy).map(f64::from)),
            optional(r.test_accuracy),
        ]
    });
    csv::text(headings.split(','), rows)
}

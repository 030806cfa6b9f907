//! Every training run: chosen ones are compared in the curves; a finished one
//! can answer in Draw; an interrupted or stopped one can be gone on with.

use egui::{Button, RichText, ScrollArea, Ui};

use super::curves;
use super::view::digits_of;
use super::{TrainEdit, World};
use crate::ann::rules;
use crate::ann::{onnx, zoo};
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
        ui.add_space(6.0);
        import(ui, out);
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
    ui.horizontal(|ui| {
        if ui.button("Save as CSV").on_hover_text("The table, with all settings").clicked() {
            out.push(Command::SaveText { name: "runs".into(), text: csv(&world.runs) });
        }
        import(ui, out);
    });
}

fn import(ui: &mut Ui, out: &mut Outbox) {
    let tip = "A network that PyTorch, Keras or scikit-learn wrote as ONNX becomes a run; or drop its file on the window";
    if ui.button("Import network…").on_hover_text(tip).clicked() {
        out.push(Command::ChooseNetwork);
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
        // A long name takes lines, or what can be done would be out of sight.
        ui.set_max_width((ui.clip_rect().width() - 500.0).clamp(150.0, 460.0));
        let rule = curves::rule(run).map_or_else(String::new, |rule| format!(", {rule}"));
        let (name, began) = match narrow {
            true => (
                format!("{}{}, seed {}", curves::network(run), rule, run.config.seed),
                day(run.started_unix),
            ),
            false => (curves::name(run), date(run.started_unix)),
        };
        // How it was trained is not known.
        let name = match &run.imported {
            Some(from) => format!("{from}: {}", curves::network(run)),
            None => name,
        };
        ui.add(egui::Label::new(name).wrap()).on_hover_ui(|ui| settings(ui, run));
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
    ui.horizontal(|ui| actions(ui, world, run, in_hand, out));
}

/// What can be done with a run: the likeliest as a button, the rest in a menu, so that a row
/// fits beside the settings.
fn actions(ui: &mut Ui, world: &World<'_>, run: &RunRecord, in_hand: bool, out: &mut Outbox) {
    // One that was stopped while it was tested has only the test left.
    let elsewhere = run.state == RunState::Running && !run.interrupted && !in_hand;
    if deletes(ui, run, out) {
        return;
    }
    let ended = matches!(run.state, RunState::Finished | RunState::Stopped);
    let learned = ended && (run.steps > 0 || run.imported.is_some());
    if run.state != RunState::Finished && !in_hand && !elsewhere {
        let tip = "From its last checkpoint, as if it had not stopped";
        let free = !world.training.phase.in_hand();
        if ui.add_enabled(free, Button::new("Go on")).on_hover_text(tip).clicked() {
            out.push(TrainEdit::GoOn(run.id.clone()));
        }
    }
    if world.models.iter().any(|m| m.origin == Origin::Run(run.id.clone())) {
        if ui.button("In Draw ✓").on_hover_text("Click to remove it from Draw").clicked() {
            out.push(Command::RemoveModel(format!("run-{}", run.id)));
        }
    } else {
        let tip = "Its network answers among the others";
        if ui.add_enabled(learned, Button::new("Use in Draw")).on_hover_text(tip).clicked() {
            out.push(Command::UseRun(run.id.clone()));
        }
    }
    ui.menu_button("More", |ui| {
        let writes = zoo::find(&run.config.model).is_some_and(|a| onnx::writes(&(a.layers)()));
        let tip = "For PyTorch, ONNX Runtime and others";
        let why = "What has learned and is made of dense, convolutional, pooling, RNN, GRU or LSTM layers can be written";
        let save = ui.add_enabled(learned && writes, Button::new("Save as ONNX"));
        if save.on_hover_text(tip).on_disabled_hover_text(why).clicked() {
            out.push(Command::RunAsOnnx(run.id.clone()));
        }
        let tip = "Removes its curves, checkpoint and weights";
        let delete = ui.add_enabled(!in_hand && !elsewhere, Button::new("Delete…"));
        if delete.on_hover_text(tip).clicked() {
            ui.data_mut(|d| d.insert_temp(asked(), Some(run.id.clone())));
        }
    });
}

/// Where the run is remembered that is to be deleted, should that be meant.
fn asked() -> egui::Id {
    egui::Id::unique("run to delete")
}

/// Asks a second time, in place, whether a run is to be deleted; whether it does.
fn deletes(ui: &mut Ui, run: &RunRecord, out: &mut Outbox) -> bool {
    let asks: Option<String> = ui.data_mut(|d| d.get_temp(asked())).flatten();
    if asks.as_ref() != Some(&run.id) {
        return false;
    }
    let warning = palette(ui.visuals()).warning;
    let sure = ui.button(RichText::new("Delete for good").color(warning)).clicked();
    if sure {
        out.push(TrainEdit::Delete(run.id.clone()));
    }
    if ui.button("Keep").clicked() || sure {
        ui.data_mut(|d| d.insert_temp::<Option<String>>(asked(), None));
    }
    true
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

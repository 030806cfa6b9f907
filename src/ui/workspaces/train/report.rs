//! The accuracies that the project report states beside those of the bundled weights and
//! of the user's own runs, with their spread over seeds; and the queue of runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{RichText, ScrollArea, Ui};

use super::{TrainEdit, World};
use crate::ann::bundled::{SETS, WeightSet};
use crate::ann::ensemble::{ENSEMBLES, Ensemble, Stacking};
use crate::ann::trainer::TrainConfig;
use crate::ann::zoo::{Architecture, ZOO};
use crate::core::csv::{self, optional, row};
use crate::core::text::or_dash;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::page;
use crate::workers::library::Loading;
use crate::workers::runs::{RunRecord, RunState};

/// What the figures are compared with.
const REPORT: &str = "What the written report states from which these ten networks and their recipe come (trained with Keras). The recipe: Adadelta, batches of 32, MNIST's 60,000 training images, of which 2 % are held out. Ensembles by stacking.";

/// Draws the table and the queue.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let text = "Test accuracy in percent, on MNIST's 10,000 test images.";
    ui.label(RichText::new(text).small()).on_hover_text(REPORT);
    ScrollArea::both().auto_shrink([false, false]).max_height(ui.available_height() - 40.0).show(
        ui,
        |ui| {
            table(ui, world, out);
            queue(ui, world, out);
        },
    );
    if ui.button("Save as CSV").on_hover_text("The table").clicked() {
        out.push(Command::SaveText { name: "report".into(), text: csv(world) });
    }
}

fn table(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let runs = finished(&world.runs);
    let narrow = ui.clip_rect().width() < page::NARROW;
    if narrow {
        // All rows are to be seen at once on a projector, too.
        ui.spacing_mut().interact_size.y = 20.0;
    }
    let spacing = if narrow { [10.0, 1.0] } else { [18.0, 5.0] };
    egui::Grid::new("report").num_columns(4 + SETS.len()).striped(true).spacing(spacing).show(ui, |ui| {
        let mut tips = vec![
            ("Network", "Hover a name for its structure"),
            ("Reported", REPORT),
        ];
        tips.extend(SETS.iter().map(|set| (set.title, set.doc)));
        tips.extend([
            ("Your runs", "Mean ± standard deviation of your finished runs by the same recipe, and their number; ensembles of the best of them. Ensembles by stacking, by averaging in brackets."),
            ("", ""),
        ]);
        for (title, tip) in tips {
            let label = ui.label(RichText::new(title).font(theme::strong(13.0)));
            if !tip.is_empty() {
                label.on_hover_text(tip);
            }
        }
        ui.end_row();
        for architecture in ZOO {
            ui.label(architecture.name).on_hover_text(architecture.doc);
            ui.label(hundredths(architecture.report));
            for set in SETS {
                ui.label(hundredths(set.accuracy(architecture.id).map(|a| a * 100.0)));
            }
            ui.horizontal(|ui| {
                ui.label(spread(&accuracies(&runs, architecture)));
                if let Some(now) = now(world, architecture) {
                    ui.label(RichText::new(now).small())
                        .on_hover_text("The run in hand, on the digits it holds out");
                }
            });
            let tip = "Train it by the report's recipe (hover “Reported”), from the next seed, when its turn comes";
            let name = format!("Queue {}", architecture.name);
            let queue = if narrow { ui.small_button("Queue") } else { ui.button(&name) };
            let queue = queue.on_hover_text(tip);
            queue.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            if queue.clicked() {
                let config = next(world, architecture);
                out.push(TrainEdit::Enqueue(Box::new(config)));
            }
            ui.end_row();
        }
        for declared in ENSEMBLES {
            ui.label(declared.name).on_hover_text(declared.doc);
            ui.label(hundredths(declared.report));
            for stacking in SETS.iter().map(|set| stacking(set, declared.id)) {
                ui.label(stacking.map_or_else(String::new, accuracy_text));
            }
            yours(ui, world, (declared, &runs), out);
            ui.end_row();
        }
    });
}

/// An ensemble of the user's own runs: what it reached, and the button that puts
/// it together once every member has a run.
fn yours(
    ui: &mut Ui,
    world: &World<'_>,
    (ensemble, runs): (&'static Ensemble, &Finished<'_>),
    out: &mut Outbox,
) {
    let members = match members(runs, ensemble) {
        Ok(members) => members,
        Err(missing) => {
            let weak = palette(ui.visuals()).weak;
            let text = format!(
                "{} of {} trained",
                ensemble.members.len() - missing.len(),
                ensemble.members.len()
            );
            ui.label(RichText::new(text).color(weak)).on_hover_text(format!(
                "Needs a finished run by the report's recipe of every member; still missing: {}",
                missing.join(", ")
            ));
            ui.label("");
            return;
        }
    };
    let seeds: Vec<String> =
        members.iter().map(|r| format!("{} from seed {}", name_of(r), r.config.seed)).collect();
    let tip = format!(
        "Of your runs by the report's recipe, of each member the one that did best on the held-out digits: {}. Stacking is fitted on those digits; by averaging in brackets.",
        seeds.join(", ")
    );
    let done = combined(world, ensemble, &members);
    let (in_hand, label) = match world.room.combinations.in_hand {
        Some((id, n, of)) if id == ensemble.id => (true, format!("{n} of {of} have answered …")),
        in_hand => (in_hand.is_some(), done.map_or_else(|| "–".into(), accuracy_text)),
    };
    ui.label(label).on_hover_text(&tip);
    if done.is_some() {
        ui.label("");
        return;
    }
    let button = egui::Button::new(format!("Combine {}", ensemble.name));
    let loading = matches!(world.library.mnist, Loading::Unknown | Loading::Busy);
    let wait = if loading { "MNIST is being loaded" } else { "Another is being put together" };
    let ask = ui.add_enabled(!in_hand && !loading, button);
    if ask.on_hover_text(tip).on_disabled_hover_text(wait).clicked() {
        let runs = members.iter().map(|r| (r.id.clone(), r.config.clone())).collect();
        out.push(TrainEdit::Combine(ensemble, runs));
    }
}

/// What these very runs reached together on the digits at hand.
fn combined<'a>(
    world: &'a World<'_>,
    ensemble: &Ensemble,
    members: &[&RunRecord],
) -> Option<&'a Stacking> {
    let done = world.room.combinations.done.get(ensemble.id)?;
    // Other files may have been chosen since.
    let digits = world.library.mnist.split().is_some_and(|s| Arc::ptr_eq(&s.test, &done.tested_on));
    let runs = done.runs.iter().eq(members.iter().map(|r| &r.id));
    (digits && runs).then_some(&done.stacking)
}

/// By stacking, and by averaging in brackets.
fn accuracy_text(stacking: &Stacking) -> String {
    let by = |a: Option<f64>| hundredths(a.map(|a| a * 100.0));
    format!("{} ({})", by(stacking.test_accuracy), by(stacking.average_test_accuracy))
}

fn name_of(run: &RunRecord) -> &str {
    crate::ann::zoo::find(&run.config.model).map_or("?", |a| a.name)
}

/// For each member the finished run that does best on the digits it held out; or
/// the names of those that have none.
fn members<'a>(
    runs: &Finished<'a>,
    ensemble: &Ensemble,
) -> Result<Vec<&'a RunRecord>, Vec<&'static str>> {
    let best = |architecture: &Architecture| {
        let score = |r: &RunRecord| r.epochs.last().and_then(|e| e.validation_accuracy);
        let better = |a: &&RunRecord, b: &&RunRecord| {
            let by_score = score(a).unwrap_or(0.0).total_cmp(&score(b).unwrap_or(0.0));
            // Of equals the one with the lowest seed, wherever it stands in the list.
            by_score.then(b.config.seed.cmp(&a.config.seed))
        };
        runs.get(architecture.id)?.iter().copied().max_by(better)
    };
    let of: Vec<_> = ensemble
        .members
        .iter()
        .filter_map(|id| crate::ann::zoo::find(id))
        .map(|a| (a.name, best(a)))
        .collect();
    let missing: Vec<&str> = of.iter().filter(|m| m.1.is_none()).map(|m| m.0).collect();
    if missing.is_empty() { Ok(of.into_iter().filter_map(|m| m.1).collect()) } else { Err(missing) }
}

/// The runs that wait, and the button that starts them one after another.
fn queue(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let waiting = &world.room.kept.queue;
    if waiting.is_empty() {
        return;
    }
    ui.add_space(8.0);
    ui.label(RichText::new("Queue").font(theme::strong(14.0)));
    let on = world.room.kept.queue_runs;
    let (text, tip) = if on {
        ("Hold the queue", "The run in hand goes on; no other is begun after it")
    } else {
        ("Run the queue", "Begins the next run whenever none is in hand")
    };
    ui.horizontal(|ui| {
        if ui.button(text).on_hover_text(tip).clicked() {
            out.push(TrainEdit::RunQueue(!on));
        }
        if on && !world.training.phase.in_hand() {
            let weak = palette(ui.visuals()).weak;
            ui.label(RichText::new("beginning …").small().color(weak));
        }
    });
    for (i, config) in waiting.iter().enumerate() {
        ui.horizontal(|ui| {
            let name = crate::ann::zoo::find(&config.model).map_or("?", |a| a.name);
            let text = format!("{}. {name}, seed {}, {} epochs", i + 1, config.seed, config.epochs);
            ui.label(&text);
            let remove = ui.small_button("Remove").on_hover_text("Take it out of the queue");
            remove.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Remove {text}"))
            });
            if remove.clicked() {
                out.push(TrainEdit::Unqueue(i));
            }
        });
    }
}

/// The report's recipe from the first seed that is neither used nor queued.
fn next(world: &World<'_>, architecture: &Architecture) -> TrainConfig {
    let runs = world.runs.iter().map(|r| &r.config);
    let used = |seed: u64| {
        let mut all = runs.clone().chain(&world.room.kept.queue);
        all.any(|c| c.model == architecture.id && c.seed == seed)
    };
    let seed = (architecture.seed..).find(|s| !used(*s)).unwrap_or(architecture.seed);
    recipe(architecture, seed)
}

/// The report's recipe, which took the last weights.
fn recipe(architecture: &Architecture, seed: u64) -> TrainConfig {
    TrainConfig {
        model: architecture.id.to_owned(),
        epochs: architecture.epochs,
        seed,
        ..TrainConfig::default()
    }
}

fn fits(config: &TrainConfig, architecture: &Architecture) -> bool {
    config.learns_as(&recipe(architecture, config.seed))
}

/// Where the run in hand stands, if it is one of this network by the recipe.
fn now(world: &World<'_>, architecture: &Architecture) -> Option<String> {
    let run = world.training.record.as_ref().filter(|_| world.training.phase.in_hand())?;
    let last = run.epochs.last().filter(|_| fits(&run.config, architecture))?;
    let held_out = f64::from(last.validation_accuracy?) * 100.0;
    Some(format!("now {held_out:.2}, epoch {} of {}", last.epoch, run.config.epochs))
}

/// Finished runs by the report's recipe, by the network's id.
type Finished<'a> = BTreeMap<&'a str, Vec<&'a RunRecord>>;

fn finished(runs: &[RunRecord]) -> Finished<'_> {
    let mut by_network = Finished::new();
    for run in runs.iter().filter(|r| r.state == RunState::Finished) {
        let of = crate::ann::zoo::find(&run.config.model);
        if of.is_some_and(|architecture| fits(&run.config, architecture)) {
            by_network.entry(&run.config.model).or_default().push(run);
        }
    }
    by_network
}

/// Test accuracies, in percent.
fn accuracies(runs: &Finished<'_>, architecture: &Architecture) -> Vec<f64> {
    let of = runs.get(architecture.id).into_iter().flatten();
    // A seed counts once.
    let by_seed = of.filter_map(|r| Some((r.config.seed, r.test_accuracy? * 100.0)));
    by_seed.collect::<BTreeMap<u64, f64>>().into_values().collect()
}

/// Mean ± standard deviation, and how many.
fn spread(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    match values.len() {
        0 => "–".into(),
        1 => format!("{mean:.2} (1 seed)"),
        count => {
            let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
            format!("{mean:.2} ± {:.2} ({count} seeds)", (squares / (n - 1.0)).sqrt())
        }
    }
}

fn stacking(set: &'static WeightSet, ensemble: &str) -> Option<&'static Stacking> {
    set.stackings().iter().find(|s| s.ensemble == ensemble)
}

fn hundredths(value: Option<f64>) -> String {
    or_dash(value, |v| format!("{v:.2}"))
}

fn csv(world: &World<'_>) -> String {
    let plain = |v: Option<f64>| optional(v.map(|v| format!("{v:.2}")));
    let by = |a: Option<f64>| plain(a.map(|a| a * 100.0));
    let both = |s: Option<&Stacking>| {
        let average = s.and_then(|s| s.average_test_accuracy);
        [by(s.and_then(|s| s.test_accuracy)), by(average)]
    };
    let runs = finished(&world.runs);
    let mut headings = row!["network", "report"].to_vec();
    let of_set =
        |s: &&WeightSet| row![format!("{} set", s.id), format!("{} set by averaging", s.id)];
    headings.extend(SETS.iter().flat_map(of_set));
    headings.extend(row!["yours", "yours by averaging"]);
    let networks = ZOO.iter().map(|a| {
        let yours: Vec<String> = accuracies(&runs, a).iter().map(|v| format!("{v:.2}")).collect();
        let mut line = row![a.id, plain(a.report)].to_vec();
        line.extend(SETS.iter().flat_map(|s| [by(s.accuracy(a.id)), String::new()]));
        line.extend(row![yours.join(" "), ""]);
        line
    });
    let ensembles = ENSEMBLES.iter().map(|e| {
        let mut line = row![e.id, plain(e.report)].to_vec();
        line.extend(SETS.iter().flat_map(|set| both(stacking(set, e.id))));
        let yours = members(&runs, e).ok().and_then(|m| combined(world, e, &m));
        line.extend(both(yours));
        line
    });
    csv::text(headings, networks.chain(ensembles))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::ensemble::find;
    use crate::ann::trainer::EpochPoint;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        assert_eq!(spread(&[]), "–");
        assert_eq!(spread(&[98.5]), "98.50 (1 seed)");
        assert_eq!(spread(&[98.0, 99.0, 100.0]), "99.00 ± 1.00 (3 seeds)");
    }

    fn run(model: &str, seed: u64, held_out: f32) -> RunRecord {
        let config = recipe(crate::ann::zoo::get(model).unwrap(), seed);
        let mut run = RunRecord::new(config, 1);
        run.state = RunState::Finished;
        run.test_accuracy = Some(0.98);
        run.epochs = vec![EpochPoint {
            epoch: 15,
            train_loss: 0.1,
            train_accuracy: 0.99,
            validation_loss: Some(0.1),
            validation_accuracy: Some(held_out),
        }];
        run
    }

    #[test]
    fn an_ensemble_is_of_the_best_finished_runs_by_the_recipe() {
        let rnns = find("rnns").unwrap();
        let mut runs = vec![
            run("rnn1", 9, 0.99),
            run("rnn1", 3, 0.99),
            run("rnn1", 4, 0.98),
            run("rnn2", 1, 0.97),
            run("rnn3", 1, 0.97),
            run("rnn4", 1, 0.97),
            run("rnn4", 2, 1.0),
            run("rnn4", 5, 1.0),
        ];
        runs[6].state = RunState::Stopped;
        runs[7].config.epochs = 30;
        let all = finished(&runs);
        let seeds: Vec<_> = members(&all, rnns)
            .unwrap()
            .iter()
            .map(|r| (&r.config.model[..], r.config.seed))
            .collect();
        assert_eq!(seeds, [("rnn1", 3), ("rnn2", 1), ("rnn3", 1), ("rnn4", 1)]);
        assert_eq!(accuracies(&all, crate::ann::zoo::get("rnn1").unwrap()).len(), 3);
        let without: Vec<RunRecord> =
            runs.iter().filter(|r| r.config.model != "rnn2").cloned().collect();
        assert_eq!(members(&finished(&without), rnns).unwrap_err(), ["RNN 2"]);
        assert_eq!(members(&finished(&[]), rnns).unwrap_err().len(), 4);
    }
}

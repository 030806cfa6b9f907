//! What the workspace holds while it is open, and how its edits change it: the
//! form, the run in hand, the queue, the runs of before.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Key, Ui};

use super::form::{bound_form, misfit};
use super::history::{History, HistoryEdit};
use super::settings::{TrainSettings, TrainTab};
use super::wires::{self, Wires, WiresEdit};
use super::{ABOUT, measures, scenes, view};
use crate::ann::ensemble::Ensemble;
use crate::ann::trainer::TrainConfig;
use crate::ann::zoo::classes;
use crate::ann::zoo::{self, notation};
use crate::core::bounds::Bounds;
use crate::core::clock::duration_text;
use crate::core::text::grouped;
use crate::data::registry::{SYNTHETIC, Split};
use crate::ui::command::{Command, Outbox};
use crate::ui::desk::{Desk, Wanted};
use crate::ui::keys::{Keys, ctrl};
use crate::ui::scene::Scene;
use crate::ui::widgets::{banner, sources};
use crate::ui::workspace::{About, Edit, Measure, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::combine::{Combinations, CombineOf, Combiner};
use crate::workers::library::{Job, Loading};
use crate::workers::scrub::{self, Scrubber};
use crate::workers::training::{Phase, TrainCommand};

/// What the user does in the Train workspace.
#[derive(Clone, Debug)]
pub enum TrainEdit {
    /// Show another view.
    Tab(TrainTab),
    /// Change the settings for the next run.
    Configure(Box<TrainConfig>),
    /// Start a run with the settings.
    Start,
    /// Start a run that a lecture has time for.
    Quick,
    /// Hold.
    Pause,
    /// Go on after a pause.
    Resume,
    /// One mini-batch.
    Step,
    /// End the run, keeping everything.
    Stop,
    /// Begin anew from the same initial weights.
    Reset,
    /// Put a run into the queue.
    Enqueue(Box<TrainConfig>),
    /// Take one out.
    Unqueue(usize),
    /// Begin the queued runs one after another, or no longer.
    RunQueue(bool),
    /// Go on with an interrupted or stopped run.
    GoOn(String),
    /// Delete a run from disk.
    Delete(String),
    /// Show or hide a run in the comparison.
    Compare(String, bool),
    /// Put an ensemble together of these runs, one of each member in its order:
    /// ids and settings.
    Combine(&'static Ensemble, Vec<(String, TrainConfig)>),
    /// No more offers to go on with this interrupted run.
    Dismiss,
    /// Something in the History view.
    History(HistoryEdit),
    /// Something among the connections.
    Wires(WiresEdit),
    /// Start a run of a network whose connections can be drawn one by one.
    Small,
}

impl Edit for TrainEdit {
    const ROOM: &'static str = ABOUT.id;
}

impl From<HistoryEdit> for Command {
    fn from(edit: HistoryEdit) -> Self {
        TrainEdit::History(edit).into()
    }
}

/// The workspace.
pub struct Train {
    pub kept: TrainSettings,
    /// Where a run is looked back at.
    pub history: History,
    /// Whose connections are taken hold of.
    pub wires: Wires,
    /// What is shown there of it.
    pub scrubbed: Arc<scrub::View>,
    /// Ensembles of the user's runs.
    pub combinations: Arc<Combinations>,
    /// Ids of the runs in the comparison.
    pub compared: BTreeSet<String>,
    scrubber: Scrubber,
    combiner: Combiner,
    /// Whether synthetic digits stand in for MNIST, which is missing.
    stands_in: bool,
    /// What waits for digits to be loaded.
    put_off: Option<TrainEdit>,
    /// The newest run when one of the queue was begun.
    queue_after: Option<Option<String>>,
    /// The newest run when a lesson's was begun.
    begun_after: Option<Option<String>>,
}

impl Train {
    /// Starts a run; whether there were digits to start it on.
    fn start(&mut self, paused: bool, desk: &mut Desk) -> bool {
        let config = self.kept.training.clone();
        if let Err(error) = config.validate() {
            desk.toasts.failure(error.to_string());
            return false;
        }
        let again = if paused { TrainEdit::Step } else { TrainEdit::Start };
        let Some(split) = self.digits(&config.data, again, desk) else { return false };
        if !fits(&config, &split, desk) {
            return false;
        }
        send(desk, TrainCommand::Start { config: Box::new(config), split, paused });
        if paused {
            send(desk, TrainCommand::Step);
        }
        true
    }

    /// Starts a run with the settings, or lets it go on, unless another is in hand.
    fn begin_run(&mut self, desk: &mut Desk) {
        let training = desk.hub.trainer.view();
        let newest = training.record.as_ref().map(|r| r.id.clone());
        // The run begun last may not have shown itself yet.
        let begun = self.begun_after.as_ref() == Some(&newest)
            && !matches!(training.phase, Phase::Failed(_));
        if begun || self.put_off.is_some() {
            return;
        }
        desk.stand_in_for(&mut self.stands_in, &mut self.kept.training.data);
        if training.phase.in_hand() {
            if training.record.as_ref().is_some_and(|r| self.asks_for(&r.config)) {
                desk.hub.trainer.set_paused(false);
            } else {
                let text = "Another run is in hand. Stop it, then begin this one.";
                desk.toasts.failure(text.into());
            }
        } else if let Some(why) = misfit(&self.kept.training) {
            desk.toasts.failure(why);
        } else if self.start(false, desk) {
            self.begun_after = Some(newest);
        }
    }

    fn go_on(&mut self, id: String, desk: &mut Desk) {
        let Some(run) = desk.runs.iter().find(|r| r.id == id) else { return };
        let mut config = run.config.clone();
        if let Some(split) = self.digits(&config.data, TrainEdit::GoOn(id.clone()), desk) {
            // The command line allows more than the form has.
            bound_form(&mut config, &mut Bounds::default());
            self.kept.training = config;
            desk.show(ABOUT.id);
            send(desk, TrainCommand::GoOn { id, split });
        }
    }

    /// The digits to train on. While they are still being loaded, `again` is put
    /// off until they are here; without any, a message says what to do.
    fn digits(&mut self, source: &str, again: TrainEdit, desk: &mut Desk) -> Option<Split> {
        match desk.digits(source) {
            Wanted::Ready(split) => return Some(split),
            Wanted::Coming => self.put_off = Some(again),
            Wanted::Missing(why) => {
                refuse(desk, source, &why, matches!(again, TrainEdit::Combine(..)));
            }
        }
        None
    }

    /// Begins the next run of the queue when its turn has come.
    fn try_queue(&mut self, desk: &mut Desk) {
        let training = desk.hub.trainer.view();
        let newest = training.record.as_ref().map(|r| r.id.clone());
        if matches!(training.phase, Phase::Failed(_)) && self.queue_after.take().is_some() {
            // The next would most likely fail as well.
            self.kept.queue_runs = false;
        }
        // The run begun last may not have shown itself yet.
        let begun = self.queue_after.as_ref().is_some_and(|before| *before == newest);
        if !self.kept.queue_runs || training.phase.in_hand() || begun {
            return;
        }
        let Some(config) = self.kept.queue.first().cloned() else {
            self.kept.queue_runs = false;
            return;
        };
        match desk.digits(&config.data) {
            Wanted::Coming => {}
            Wanted::Missing(why) => {
                refuse(desk, &config.data, &why, false);
                self.kept.queue_runs = false;
            }
            Wanted::Ready(split) => {
                self.kept.queue.remove(0);
                self.queue_after = Some(newest);
                if !fits(&config, &split, desk) {
                    self.kept.queue_runs = false;
                    return;
                }
                let config = Box::new(config);
                send(desk, TrainCommand::Start { config, split, paused: false });
            }
        }
    }
}

/// Whether the network has the outputs that the classes of the digits need; where it has not,
/// says so.
fn fits(config: &TrainConfig, split: &Split, desk: &mut Desk) -> bool {
    let checked = zoo::get(&config.model).and_then(|a| classes::check(a, split.classes()));
    if let Err(error) = &checked {
        desk.toasts.failure(format!("Training did not start: {error}."));
    }
    checked.is_ok()
}

/// A run of about ten seconds that still gets nine of ten digits right: the MLP on few
/// digits, of MNIST where that is at hand.
fn quick(mnist: &Loading) -> TrainConfig {
    let missing = matches!(mnist, Loading::Missing | Loading::Failed(_));
    let data = if missing { SYNTHETIC } else { "mnist" };
    TrainConfig {
        data: data.into(),
        subset: 10_000,
        validation_share: 0.1,
        epochs: 15,
        ..TrainConfig::default()
    }
}

/// Says what does not happen without digits, and what to do.
fn refuse(desk: &mut Desk, source: &str, why: &str, ensemble: bool) {
    let (not_done, or) = if ensemble {
        ("The ensemble was not put together", "")
    } else {
        ("Training did not start", ", or train on the synthetic digits")
    };
    let cure = match desk.hub.librarian.library().source(source) {
        Loading::Missing => format!(" Download it or choose its folder{or}."),
        _ => String::new(),
    };
    desk.toasts.failure(format!("{not_done}: {why}.{cure}"));
}

fn send(desk: &mut Desk, command: TrainCommand) {
    let sent = desk.hub.trainer.send(command);
    desk.sent(sent);
}

impl Workspace for Train {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] =
        &["curves", "layers", "mistakes", "network", "history", "report", "runs", "wires"];
    type Settings = TrainSettings;
    type Edit = TrainEdit;

    fn open(mut kept: TrainSettings, start: &Start) -> std::io::Result<Self> {
        if !start.keeps {
            // The queue is the other window's: it would be trained twice.
            kept.queue.clear();
            kept.queue_runs = false;
        }
        Ok(Self {
            history: History::new(&kept.history),
            scrubber: Scrubber::start(start.runs_root.clone(), start.events.clone())?,
            combiner: Combiner::new(start.runs_root.clone(), start.events.clone()),
            kept,
            wires: Wires::default(),
            scrubbed: Arc::default(),
            combinations: Arc::default(),
            compared: BTreeSet::new(),
            stands_in: false,
            put_off: None,
            queue_after: None,
            begun_after: None,
        })
    }

    fn kept(&self) -> &TrainSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: TrainEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            TrainEdit::Tab(tab) => kept.tab = tab,
            TrainEdit::Configure(config) => kept.training = *config,
            TrainEdit::Start => {
                self.start(false, desk);
            }
            TrainEdit::Quick => {
                kept.training = quick(&desk.library.mnist);
                kept.tab = TrainTab::Curves;
                self.start(false, desk);
            }
            TrainEdit::Step if !desk.hub.trainer.view().phase.in_hand() => {
                self.start(true, desk);
            }
            TrainEdit::Step => send(desk, TrainCommand::Step),
            TrainEdit::Reset => send(desk, TrainCommand::Reset),
            TrainEdit::Pause => desk.hub.trainer.set_paused(true),
            TrainEdit::Resume => desk.hub.trainer.set_paused(false),
            TrainEdit::Stop => {
                // Who stops a run does not want the next one instead.
                kept.queue_runs = false;
                desk.hub.trainer.stop();
            }
            TrainEdit::Enqueue(config) => kept.queue.push(*config),
            TrainEdit::Unqueue(i) if i < kept.queue.len() => drop(kept.queue.remove(i)),
            TrainEdit::Unqueue(_) => {}
            TrainEdit::RunQueue(on) => kept.queue_runs = on,
            TrainEdit::GoOn(id) => self.go_on(id, desk),
            TrainEdit::Delete(id) => {
                self.compared.remove(&id);
                desk.remove_model(&format!("run-{id}"));
                desk.job(Job::DeleteRun(id));
            }
            TrainEdit::Compare(id, true) => drop(self.compared.insert(id)),
            TrainEdit::Compare(id, false) => drop(self.compared.remove(&id)),
            TrainEdit::Combine(ensemble, runs) => {
                let Some(source) = runs.first().map(|(_, config)| config.data.clone()) else {
                    return;
                };
                let again = TrainEdit::Combine(ensemble, runs.clone());
                if let Some(split) = self.digits(&source, again, desk) {
                    self.combiner.start(CombineOf { ensemble, runs, split });
                }
            }
            TrainEdit::Dismiss => {
                let left = desk.runs.iter().filter(|r| r.interrupted);
                kept.dismissed_runs = left.map(|r| r.id.clone()).collect();
            }
            TrainEdit::History(edit) => self.history.apply(edit, &mut kept.history),
            TrainEdit::Wires(edit) => self.wires.apply(edit, &mut kept.wires, desk),
            TrainEdit::Small => {
                let layers = notation::parse(wires::SMALL).unwrap_or_default();
                if let Ok(own) = notation::own(&layers) {
                    kept.training = TrainConfig {
                        model: own.id.into(),
                        epochs: 60,
                        ..quick(&desk.library.mnist)
                    };
                    kept.wires = wires::WiresSettings::default();
                    self.start(false, desk);
                    // Without a digit there is nothing to see.
                    if desk.digit.is_blank() && sources::ready(desk) {
                        let mut out = std::mem::take(&mut desk.out);
                        sources::random(desk, &mut out);
                        desk.out = out;
                    }
                }
            }
        }
    }

    /// Only the form goes back: the queue has gone on in the meantime.
    fn restore(&mut self, kept: TrainSettings, desk: &mut Desk) {
        self.wires.undo(&mut self.kept.wires, &kept.wires, desk);
        let wires = &mut self.kept.wires;
        wires.of = kept.wires.of;
        (wires.changes, wires.changed) = (kept.wires.changes, kept.wires.changed);
        if desk.training.phase.in_hand() && self.kept.training != kept.training {
            return desk.toasts.notice("Settings are fixed while a run is in hand.".into());
        }
        self.kept.training = kept.training;
    }

    /// What waits in the queue and what was dismissed is the user's own: a scene fills only
    /// what is empty, and starts no run.
    fn reopen(&mut self, kept: TrainSettings, _desk: &mut Desk) {
        let own = std::mem::take(&mut self.kept);
        let (queue, queue_runs) = match own.queue {
            queue if queue.is_empty() => (kept.queue, false),
            queue => (queue, own.queue_runs),
        };
        let dismissed_runs = match own.dismissed_runs {
            runs if runs.is_empty() => kept.dismissed_runs,
            runs => runs,
        };
        self.kept = TrainSettings { queue, queue_runs, dismissed_runs, ..kept };
        self.history.reopen(&self.kept.history);
        // Synthetic digits stand in once more where MNIST is missing.
        self.stands_in = false;
    }

    fn settled(&self, desk: &Desk) -> bool {
        let answers = self.kept.tab == TrainTab::Network && !desk.digit.is_blank();
        self.put_off.is_none() && (desk.answers_current || !answers)
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.begin_run(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        measures::MEASURES
    }

    fn undoes(edit: &TrainEdit) -> bool {
        match edit {
            TrainEdit::Configure(_) | TrainEdit::Quick | TrainEdit::Small => true,
            TrainEdit::Wires(edit) => {
                matches!(edit, WiresEdit::Of(_) | WiresEdit::Set(..) | WiresEdit::PutBack)
            }
            _ => false,
        }
    }

    fn shows(&self) -> Shows {
        let tabs = [TrainTab::Network, TrainTab::Wires, TrainTab::History];
        let digit = tabs.contains(&self.kept.tab);
        Shows { digit, answers: false }
    }

    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        desk.stand_in_for(&mut self.stands_in, &mut self.kept.training.data);
        (self.scrubbed, self.combinations) = (self.scrubber.answer(), self.combiner.combinations());
        if let Some(edit) = self.put_off.take() {
            self.apply(edit, desk);
        }
        self.try_queue(desk);
        if shown && self.kept.tab == TrainTab::History {
            self.history.follow(desk, &self.kept.history, &self.scrubber);
        }
        let wires = shown && self.kept.tab == TrainTab::Wires;
        if wires {
            self.wires.follow(&self.kept.wires, desk);
        }
        desk.hub.trainer.watch_passage(wires);
        desk.hub.trainer.watch(shown, desk.session.live);
    }

    fn keys(&self, keys: &mut Keys<'_>, desk: &Desk, out: &mut Outbox) {
        if keys.pressed(ctrl(Key::Enter), "Start training; pause it; let it go on") {
            out.push(match &desk.training.phase {
                phase if !phase.in_hand() => TrainEdit::Start,
                Phase::Training => TrainEdit::Pause,
                _ => TrainEdit::Resume,
            });
        }
        if keys.pressed(ctrl(Key::Period), "Train one mini-batch") {
            out.push(TrainEdit::Step);
        }
    }

    /// To go on with a run that was interrupted.
    fn offer(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        let dismissed = &self.kept.dismissed_runs;
        let run = desk.runs.iter().find(|r| r.interrupted && !dismissed.contains(&r.id));
        let Some(run) = run.filter(|_| !desk.training.phase.in_hand()) else { return };
        let name = zoo::find(&run.config.model).map_or("?", |a| a.name);
        let text = format!(
            "Training of {name} was interrupted in epoch {} of {}; everything up to its last checkpoint is kept.",
            run.epochs.len() + 1,
            run.config.epochs
        );
        banner::show(ui, &text, |ui| {
            if ui.button("Go on").clicked() {
                out.push(TrainEdit::GoOn(run.id.clone()));
            }
            if ui.button("Not now").on_hover_text("It stays in the list of runs").clicked() {
                out.push(TrainEdit::Dismiss);
            }
        });
    }

    fn work(&self, desk: &Desk) -> Option<Work> {
        let view = &desk.training;
        let record = view.record.as_ref().filter(|_| view.phase.in_hand())?;
        let name = zoo::find(&record.config.model).map_or("?", |a| a.name);
        let epoch = format!("epoch {} of {}", view.epoch + 1, record.config.epochs);
        let mut text = match view.phase {
            Phase::Testing { done, total } => format!("Testing {name}: {done} of {total} digits"),
            Phase::Paused => format!("{name} paused in {epoch}"),
            _ => format!("Training {name}: {epoch}"),
        };
        if let (Phase::Training, Some(rate), Some(left)) =
            (&view.phase, view.images_per_s, view.left_s)
        {
            let (rate, left) = (grouped(rate.round() as u64), duration_text(left));
            text += &format!(", {rate} images/s, {left} left");
        }
        let switch = match view.phase {
            Phase::Paused => ("Resume training", TrainEdit::Resume.into()),
            _ => ("Pause training", TrainEdit::Pause.into()),
        };
        Some(Work { text, switch: Some(switch) })
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

//! The `trainer` thread: owns the [`Trainer`](crate::ann::trainer::Trainer) of the run in hand and drives it.
//!
//! Pause and stop are atomics, so they take effect before the next mini-batch
//! whatever is queued. What the window shows comes up as a [`TrainingView`], a
//! few times a second at most; whether anybody looks changes nothing in the run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::JoinHandle;

use super::active::ActiveRun;
use super::events::{Event, Events};
use super::models::Model;
use super::recorder::HistoryStatus;
use super::runs::{RunRecord, RunState};
use super::thread::latest::Slot;
use crate::ann::evaluate::Evaluation;
use crate::ann::trainer::{LayerStats, TrainConfig};
use crate::data::Dataset;
use crate::data::registry::Split;

/// What the window asks of the trainer.
pub enum TrainCommand {
    /// Begin a new run, paused before its first batch if asked so.
    Start { config: Box<TrainConfig>, split: Split, paused: bool },
    /// Go on with an earlier run from its checkpoint.
    GoOn { id: String, split: Split },
    /// Train one mini-batch, then pause.
    Step,
    /// Begin anew, from the same initial weights.
    Reset,
    /// Look at the atomics: one of them has changed.
    Wake,
}

/// Switches that never queue behind work.
#[derive(Debug, Default)]
pub struct Control {
    /// Hold before the next mini-batch.
    pub paused: AtomicBool,
    /// End the run, keeping a checkpoint and the weights.
    pub stop: AtomicBool,
    /// The window closes: leave the run as it is, with a checkpoint.
    pub quit: AtomicBool,
    /// Somebody looks at the layers, so measure them.
    pub watched: AtomicBool,
    /// Let the network in training answer in the Draw workspace.
    pub live: AtomicBool,
}

/// What the trainer is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// No run in hand.
    #[default]
    Idle,
    /// Training.
    Training,
    /// Held between two mini-batches.
    Paused,
    /// All epochs are done; the test set is being evaluated.
    Testing { done: usize, total: usize },
    /// Done and saved.
    Finished,
    /// Ended by the user and saved.
    Stopped,
    /// Ended by an error; the message says what was kept.
    Failed(String),
}

impl Phase {
    /// Whether a run is in hand that has not ended.
    pub fn in_hand(&self) -> bool {
        matches!(self, Self::Training | Self::Paused | Self::Testing { .. })
    }
}

/// A network's answers on a held-out set.
pub struct Judged {
    /// For people: `validation split` or `test set`.
    pub of: &'static str,
    /// After so many epochs.
    pub epoch: usize,
    /// The digits that were asked.
    pub data: Arc<Dataset>,
    /// What was answered.
    pub evaluation: Evaluation,
}

/// Everything the window shows of a run.
#[derive(Clone, Default)]
pub struct TrainingView {
    /// What the trainer is doing.
    pub phase: Phase,
    /// The run in hand, or the last one.
    pub record: Option<Arc<RunRecord>>,
    /// Epochs finished, and mini-batches done in the current one, of how many.
    pub epoch: usize,
    /// Mini-batches done in the epoch.
    pub batch: usize,
    /// Mini-batches of an epoch.
    pub batches: usize,
    /// Training speed over the last seconds.
    pub images_per_s: Option<f64>,
    /// Seconds to the end at that speed.
    pub left_s: Option<f64>,
    /// Sizes and histograms of the last update, layer by layer.
    pub layers: Arc<Vec<LayerStats>>,
    /// The newest answers on held-out digits.
    pub judged: Option<Arc<Judged>>,
    /// What is on disk of its history.
    pub history: HistoryStatus,
    /// The network as it is now, if it is to answer in the Draw workspace.
    pub model: Option<Arc<Model>>,
}

/// The thread's side of things.
pub struct Worker {
    pub(super) control: Arc<Control>,
    pub(super) commands: Receiver<TrainCommand>,
    pub(super) view: Arc<Slot<TrainingView>>,
    pub(super) events: Events,
    pub(super) runs_root: PathBuf,
    pub(super) active: Option<ActiveRun>,
}

/// Starts the thread. It ends, with a checkpoint written, when the sender of
/// `commands` is dropped.
pub fn spawn(
    control: Arc<Control>,
    commands: Receiver<TrainCommand>,
    view: Arc<Slot<TrainingView>>,
    events: Events,
    runs_root: PathBuf,
) -> std::io::Result<JoinHandle<()>> {
    let worker = Worker { control, commands, view, events, runs_root, active: None };
    std::thread::Builder::new().name("trainer".into()).spawn(move || worker.run())
}

impl Worker {
    fn run(mut self) {
        while !self.control.quit.load(Relaxed) {
            let command = if self.is_training() {
                match self.commands.try_recv() {
                    Ok(command) => Some(command),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => break,
                }
            } else {
                match self.commands.recv() {
                    Ok(command) => Some(command),
                    Err(_) => break,
                }
            };
            // A bug in a network must not take the window's trainer down for
            // good: the run ends as failed, and the next one can start.
            let turn = std::panic::AssertUnwindSafe(|| self.turn(command));
            if let Err(panic) = std::panic::catch_unwind(turn) {
                self.fail(&format!("an error in the program ({})", panic_text(&*panic)), false);
            }
        }
        if let Some(run) = &mut self.active {
            // The run stays "running" on disk, so the next start offers to go on.
            if let Err(error) = run.checkpoint() {
                log::error!("{error}");
            }
        }
    }

    fn is_training(&self) -> bool {
        self.active.is_some()
            && (!self.control.paused.load(Relaxed) || self.control.stop.load(Relaxed))
    }

    /// Carries one command out, if there is one, then trains one mini-batch.
    fn turn(&mut self, command: Option<TrainCommand>) {
        match command {
            Some(TrainCommand::Start { config, split, paused }) => {
                self.begin(paused, |root| ActiveRun::start(root, *config, split));
            }
            Some(TrainCommand::GoOn { id, split }) => {
                self.begin(false, |root| ActiveRun::go_on(root, &id, split, None));
            }
            Some(TrainCommand::Reset) => self.reset(),
            Some(TrainCommand::Step) => {
                self.control.paused.store(true, Relaxed);
                self.train_one();
                return self.publish();
            }
            Some(TrainCommand::Wake) | None => {}
        }
        if self.control.quit.load(Relaxed) {
            return;
        }
        if self.control.stop.swap(false, Relaxed) {
            return self.end(RunState::Stopped, None);
        }
        if self.is_training() {
            self.train_one();
        } else if self.active.is_some() {
            self.publish();
        }
    }

    fn begin(
        &mut self,
        paused: bool,
        open: impl FnOnce(&std::path::Path) -> Result<ActiveRun, super::active::StartError>,
    ) {
        self.end(RunState::Stopped, None);
        self.control.stop.store(false, Relaxed);
        self.control.paused.store(paused, Relaxed);
        match open(&self.runs_root) {
            Ok(run) => {
                if run.has_unchecked_digits() {
                    self.events.send(Event::Notice(super::active::UNCHECKED.into()));
                }
                self.active = Some(run);
                self.publish();
            }
            Err(error) => {
                let text = format!("Training did not start: {error}");
                self.view
                    .put(TrainingView { phase: Phase::Failed(text.clone()), ..Default::default() });
                self.events.send(Event::Failure(text));
            }
        }
    }

    fn reset(&mut self) {
        let Some(run) = &self.active else { return };
        let (config, split) = run.origin();
        self.begin(true, |root| ActiveRun::start(root, config, split));
    }

    /// One mini-batch and whatever is due after it.
    fn train_one(&mut self) {
        let Some(run) = &mut self.active else { return };
        match run.advance(&self.control) {
            Ok(done) => {
                if let Some(text) = done.history_failed {
                    self.events.send(Event::Failure(text));
                }
                if done.epoch_ended {
                    self.list_runs();
                }
                if done.finished {
                    return self.finish();
                }
                if done.show {
                    self.publish();
                }
            }
            Err(error) => self.fail(&error.to_string(), error.could_not_write()),
        }
    }

    /// Evaluates the finished network on the test set and saves it.
    fn finish(&mut self) {
        let (view, events, control) =
            (Arc::clone(&self.view), self.events.clone(), Arc::clone(&self.control));
        let Some(run) = &mut self.active else { return };
        let base = run.view(Phase::Training);
        let tested = run.test(&control.stop, &mut |done, total| {
            view.put(TrainingView { phase: Phase::Testing { done, total }, ..base.clone() });
            events.wake();
        });
        match tested {
            Ok(true) => self.end(RunState::Finished, None),
            // As after a crash: the next start offers to go on.
            Ok(false) if self.control.quit.load(Relaxed) => {}
            Ok(false) => {
                self.control.stop.store(false, Relaxed);
                self.end(RunState::Stopped, None);
            }
            Err(error) => self.fail(&error.to_string(), error.could_not_write()),
        }
    }

    /// `no_disk`: a file could not be written.
    fn fail(&mut self, what: &str, no_disk: bool) {
        let kept = "The last checkpoint and the weights before it were kept";
        let text = format!("Training stopped: {what}. {kept}; change a setting and start again.");
        self.close(RunState::Failed, Some(text.clone()), no_disk);
        self.events.send(Event::Failure(text));
    }

    /// Closes the run in hand, saving what there is.
    fn end(&mut self, state: RunState, message: Option<String>) {
        self.close(state, message, false);
    }

    /// Likewise; `told`: that files cannot be written is said already.
    fn close(&mut self, state: RunState, message: Option<String>, told: bool) {
        let Some(mut run) = self.active.take() else { return };
        if let Err(error) = run.close(state, message.clone())
            && !(told && error.could_not_write())
        {
            self.events.send(Event::Failure(error.to_string()));
        }
        let phase = match (state, message) {
            (RunState::Finished, _) => Phase::Finished,
            (RunState::Failed, Some(text)) => Phase::Failed(text),
            _ => Phase::Stopped,
        };
        self.view.put(run.view(phase));
        self.list_runs();
    }

    fn publish(&self) {
        let Some(run) = &self.active else { return };
        let paused = self.control.paused.load(Relaxed);
        self.view.put(run.view(if paused { Phase::Paused } else { Phase::Training }));
        self.events.wake();
    }

    fn list_runs(&self) {
        let (records, _) = super::runs::list(&self.runs_root);
        self.events.send(Event::Runs(Arc::new(records)));
    }
}

/// The text of a caught panic.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

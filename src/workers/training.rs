//! The `trainer` thread: owns the [`Trainer`](crate::ann::trainer::Trainer) of the run in hand and drives it.
//!
//! Pause and stop are atomics, so they take effect before the next mini-batch,
//! whatever is queued. The window gets a [`TrainingView`] a few times a second at
//! most; whether anybody looks changes nothing in the run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use super::Busy;
use super::active::{ActiveRun, StartError, UNCHECKED};
use super::events::{Event, Events};
use super::runs::RunState;
use super::thread::latest::Slot;
use crate::ann::rules::disturbance::Disturbance;
use crate::ann::trainer::TrainConfig;
use crate::ann::trainer::wires::{MOST_HELD, Wire};
use crate::core::panics::guarded;
use crate::core::text::grouped;
use crate::data::registry::Split;

pub use super::progress::{Control, Judged, Phase, TrainingView};

/// Commands that may wait.
const QUEUE: usize = 16;

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
    /// Do this to errors on their way back from now on.
    Disturb(Disturbance),
    /// Hold a connection at its weight, or let it learn again.
    HoldWire(Wire, bool),
    /// Look at the atomics: one of them has changed.
    Wake,
}

/// The thread, from the window's side. Dropped, it leaves the run in hand with a
/// checkpoint, ends the thread and waits for it.
pub struct Training {
    commands: Option<SyncSender<TrainCommand>>,
    control: Arc<Control>,
    view: Arc<Slot<TrainingView>>,
    thread: Option<JoinHandle<()>>,
}

impl Training {
    /// Starts the thread. Runs live below `runs_root`.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(runs_root: PathBuf, events: Events) -> std::io::Result<Self> {
        Self::named("trainer", runs_root, events)
    }

    /// [`Training::start`] with a thread of this name.
    ///
    /// # Errors
    /// As above.
    pub fn named(name: &str, runs_root: PathBuf, events: Events) -> std::io::Result<Self> {
        let (sender, commands) = sync_channel(QUEUE);
        let control = Arc::<Control>::default();
        let view = Arc::new(Slot::new(TrainingView::default()));
        let (own, out) = (Arc::clone(&control), Arc::clone(&view));
        let driver = Driver { control: own, commands, view: out, events, runs_root, active: None };
        let builder = std::thread::Builder::new().name(name.into());
        let thread = Some(builder.spawn(move || driver.run())?);
        Ok(Self { commands: Some(sender), control, view, thread })
    }

    /// Sends a command.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full or the thread is gone.
    pub fn send(&self, command: TrainCommand) -> Result<(), Busy> {
        super::send(self.commands.as_ref(), command, "trainer")
    }

    /// Holds training before the next mini-batch, or lets it go on.
    pub fn set_paused(&self, paused: bool) {
        self.control.paused.store(paused, Relaxed);
        self.wake();
    }

    /// Ends the run in hand.
    pub fn stop(&self) {
        self.control.stop.store(true, Relaxed);
        self.wake();
    }

    /// Whether anybody looks at the layers, and whether the network in training
    /// answers in the Draw workspace.
    pub fn watch(&self, layers: bool, live: bool) {
        self.control.watched.store(layers, Relaxed);
        self.control.live.store(live, Relaxed);
    }

    /// Whether anybody looks at what travels where: copies of network and rule are then
    /// in the view.
    pub fn watch_passage(&self, watched: bool) {
        if self.control.passage.swap(watched, Relaxed) != watched && watched {
            self.wake();
        }
    }

    /// Gives connections of the run in hand other weights before its next mini-batch.
    pub fn set_wires(&self, weights: impl IntoIterator<Item = (Wire, f32)>) {
        self.control.wires().extend(weights);
        self.wake();
    }

    /// Makes a sleeping trainer look at the atomics. A full queue needs none:
    /// whoever works through it looks after each command.
    fn wake(&self) {
        let _ = self.send(TrainCommand::Wake);
    }

    /// The newest view.
    pub fn view(&self) -> Arc<TrainingView> {
        self.view.get()
    }

    /// Lets the thread end; who drops this waits for it.
    pub fn quit(&self) {
        // The flag to leave goes up first: a stopped run would count as ended.
        self.control.quit.store(true, Release);
        self.control.stop.store(true, Release);
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        self.quit();
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Driver {
    control: Arc<Control>,
    commands: Receiver<TrainCommand>,
    view: Arc<Slot<TrainingView>>,
    events: Events,
    runs_root: PathBuf,
    active: Option<ActiveRun>,
}

impl Driver {
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
            if let Err(why) = guarded(|| self.turn(command)) {
                self.fail(&why, false);
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
        let wires = std::mem::take(&mut *self.control.wires());
        if !wires.is_empty() {
            self.by_hand(|run| {
                for (wire, weight) in wires {
                    run.set_wire(wire, weight);
                }
            });
        }
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
                // Nothing else comes while it is held.
                if let Some(run) =
                    self.active.as_mut().filter(|_| self.control.passage.load(Relaxed))
                {
                    run.snap();
                }
                return self.publish();
            }
            Some(TrainCommand::Disturb(disturbance)) => {
                if let Some(run) = &mut self.active {
                    run.disturb(disturbance);
                }
                self.publish();
            }
            Some(TrainCommand::HoldWire(wire, hold)) => {
                let mut done = true;
                self.by_hand(|run| done = run.hold_wire(wire, hold));
                if hold && !done {
                    self.events.send(Event::Notice(format!(
                        "The connection is not held: at most {} are at the same time. Let others learn again first.",
                        grouped(MOST_HELD as u64)
                    )));
                }
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
        } else if let Some(run) = &mut self.active {
            if self.control.passage.load(Relaxed) {
                run.snap();
            }
            self.publish();
        }
    }

    fn begin(
        &mut self,
        paused: bool,
        open: impl FnOnce(&std::path::Path) -> Result<ActiveRun, StartError>,
    ) {
        self.discard();
        self.end(RunState::Stopped, None);
        self.control.wires().clear();
        self.control.stop.store(false, Relaxed);
        self.control.paused.store(paused, Relaxed);
        match open(&self.runs_root) {
            Ok(run) => {
                if run.has_unchecked_digits() {
                    self.events.send(Event::Notice(UNCHECKED.into()));
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

    /// Forgets the run in hand if it has learned nothing: nobody misses it in the list.
    fn discard(&mut self) {
        let Some(run) = self.active.take_if(|run| run.is_untouched()) else { return };
        let id = run.id().to_owned();
        // Its lock goes with it.
        drop(run);
        if let Err(error) = super::runs::delete(&self.runs_root, &id) {
            self.events.send(Event::Failure(error.to_string()));
        }
        self.list_runs();
    }

    /// Does something to the network of the run in hand; the view shows it at once.
    fn by_hand(&mut self, act: impl FnOnce(&mut ActiveRun)) {
        let Some(run) = &mut self.active else { return };
        act(run);
        let control = &self.control;
        match run.show_changes(control.passage.load(Relaxed), control.live.load(Relaxed)) {
            Ok(()) => self.publish(),
            Err(error) => self.fail(&error.to_string(), false),
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

    /// Likewise; `no_disk`: that files cannot be written is said already.
    fn close(&mut self, state: RunState, message: Option<String>, no_disk: bool) {
        let Some(mut run) = self.active.take() else { return };
        if let Err(error) = run.close(state, message.clone())
            && !(no_disk && error.could_not_write())
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

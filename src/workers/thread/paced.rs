//! A thread that runs something at the speed asked for, from one step a second to as
//! fast as it can.
//!
//! Speed and pause are atomics, so they never queue behind work. Steps are done in
//! slices of a few milliseconds; commands are carried out between slices. The window
//! gets a view at a fixed rate, never one per step. Pacing decides when a step is done,
//! never what it does.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::latest::Slot;
use super::pace::{Counts, Meter, Pace, Rates};
use super::remote::{Control, Remote};
use crate::core::panics::guarded;
use crate::snn::SnnError;
use crate::workers::events::{Event, Events};

/// What is run. A panic or an error ends the run, not the thread.
pub trait Runner: Sized + 'static {
    /// What it can be told.
    type Command: Send + 'static;
    /// What the window sees of it.
    type View: Clone + Default + Send + Sync + 'static;

    /// Whether it goes on only while somebody looks: what is run for show takes no
    /// core from training.
    const FOR_SHOW: bool;

    /// The sentence that tells people why it cannot go on.
    fn failure(why: &str) -> String;

    /// The view of a run that has just failed.
    fn failed(before: &Self::View, failure: String) -> Self::View;

    /// Whether there is anything to run.
    fn is_loaded(&self) -> bool;

    /// Carries a command out.
    fn carry_out(&mut self, command: Self::Command, at: &mut Status) -> Result<(), SnnError>;

    /// Follows what is told past the commands; called before each slice.
    fn prepare(&mut self, _at: &mut Status) -> Result<(), SnnError> {
        Ok(())
    }

    /// Does so many steps.
    fn steps(&mut self, steps: u64, at: &mut Status) -> Result<(), SnnError>;

    /// What it has counted since it was loaded.
    fn counts(&self) -> Counts;

    /// What is to be seen now; `None` leaves what was.
    fn view(&mut self, before: &Self::View, at: &Status) -> Result<Option<Self::View>, SnnError>;
}

/// How it stands with a run.
pub struct Status {
    pub control: Arc<Control>,
    pub events: Events,
    /// Why it cannot go on; whoever loads another run clears it.
    pub failure: Option<String>,
    /// Whether something has changed since the last view.
    pub stale: bool,
    /// Whether it runs on another engine since the last slice: what was fast on the one
    /// may be slow on the other.
    pub other_engine: bool,
    /// Whether it goes at this moment, and whether it was to run at the last look.
    pub goes: bool,
    pub running: bool,
    /// Time for which it has gone; whoever loads another run clears it.
    pub ran: Duration,
    /// Measured rates, while it goes.
    pub rates: Option<Rates>,
}

/// The thread, from the window's side. Dropped, it ends the thread and waits for it.
pub struct Paced<R: Runner> {
    remote: Remote<R::Command>,
    view: Arc<Slot<R::View>>,
}

impl<R: Runner> Paced<R> {
    /// Starts a thread of this name, which is `what` to people. `make` makes on it what
    /// is run; a view comes every so often.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn spawn(
        name: &str,
        what: &'static str,
        steps_per_s: f64,
        view_every: Duration,
        events: Events,
        make: impl FnOnce() -> R + Send + 'static,
    ) -> std::io::Result<Self> {
        let view = Arc::new(Slot::new(R::View::default()));
        let out = Arc::clone(&view);
        let remote = Remote::start(name, what, steps_per_s, move |control, commands| {
            let at = Status {
                control,
                events,
                failure: None,
                stale: false,
                other_engine: false,
                goes: false,
                running: false,
                ran: Duration::ZERO,
                rates: None,
            };
            Loop { runner: make(), at, view: out, view_every, viewed: Instant::now() }
                .work(&commands);
        })?;
        Ok(Self { remote, view })
    }

    /// The newest view.
    pub fn view(&self) -> Arc<R::View> {
        self.view.get()
    }
}

/// Pause, speed and commands.
impl<R: Runner> Deref for Paced<R> {
    type Target = Remote<R::Command>;

    fn deref(&self) -> &Self::Target {
        &self.remote
    }
}

/// The thread's own side.
struct Loop<R: Runner> {
    runner: R,
    at: Status,
    view: Arc<Slot<R::View>>,
    view_every: Duration,
    viewed: Instant,
}

impl<R: Runner> Loop<R> {
    fn work(mut self, commands: &Receiver<Option<R::Command>>) {
        let (mut pace, mut meter) = (Pace::default(), Meter::default());
        let mut turn = Instant::now();
        while !self.at.control.quits() {
            let passed = std::mem::replace(&mut turn, Instant::now()).elapsed();
            self.at.ran += if self.at.goes { passed } else { Duration::ZERO };
            let goes = self.look();
            let speed = self.at.control.steps_per_s();
            let wait = if goes {
                pace.due_in(speed, Instant::now()).min(self.view_every)
            } else {
                pace.rest();
                meter = Meter::default();
                if self.at.stale { Duration::ZERO } else { Duration::from_secs(3600) }
            };
            match commands.recv_timeout(wait) {
                Ok(command) => {
                    self.carry_out(command);
                    // A burst of commands (a slider that is dragged) is one change.
                    while !self.at.control.quits()
                        && let Ok(command) = commands.try_recv()
                    {
                        self.carry_out(command);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.guarded(R::prepare);
            if std::mem::take(&mut self.at.other_engine) {
                (pace, meter) = (Pace::default(), Meter::default());
            }
            if goes && self.at.failure.is_none() {
                let due = pace.due(speed, Instant::now());
                let begun = Instant::now();
                self.guarded(|runner, at| runner.steps(due, at));
                pace.took(due, begun.elapsed());
                meter.measure(self.runner.counts(), Instant::now());
            }
            self.at.rates = meter.rates().filter(|_| goes);
            if self.at.stale && (!goes || self.viewed.elapsed() >= self.view_every) {
                self.publish();
            }
        }
    }

    /// Looks at the switches; whether it goes.
    fn look(&mut self) -> bool {
        let at = &mut self.at;
        let running = at.control.runs();
        let goes = running
            && (at.control.watched() || !R::FOR_SHOW)
            && self.runner.is_loaded()
            && at.failure.is_none();
        at.stale |= (goes, running) != (at.goes, at.running);
        (at.goes, at.running) = (goes, running);
        goes
    }

    fn carry_out(&mut self, command: Option<R::Command>) {
        match command {
            Some(command) => self.guarded(|runner, at| runner.carry_out(command, at)),
            // A switch has changed, and what is to be seen may depend on it.
            None => self.at.stale = true,
        }
    }

    fn guarded(&mut self, act: impl FnOnce(&mut R, &mut Status) -> Result<(), SnnError>) {
        let acted = guarded(|| act(&mut self.runner, &mut self.at));
        if let Err(why) = acted.and_then(|done| done.map_err(|error| error.to_string())) {
            self.fail(&why);
            self.at.stale = true;
        }
    }

    fn publish(&mut self) {
        (self.at.stale, self.viewed) = (false, Instant::now());
        let made = guarded(|| self.runner.view(&self.view.get(), &self.at));
        match made.and_then(|made| made.map_err(|error| error.to_string())) {
            Ok(Some(view)) => {
                self.view.put(view);
                self.at.events.wake();
            }
            Ok(None) => {}
            // Of a run that has failed already, what was shown of it is left.
            Err(_) if self.at.failure.is_some() => {}
            Err(why) => self.fail(&why),
        }
    }

    fn fail(&mut self, why: &str) {
        let failure = R::failure(why);
        if self.at.failure.as_ref() == Some(&failure) {
            return;
        }
        self.at.failure = Some(failure.clone());
        self.view.put(R::failed(&self.view.get(), failure.clone()));
        self.at.events.send(Event::Failure(failure));
    }
}

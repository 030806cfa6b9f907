//! The `pattern` thread: owns the run in which a neuron finds a hidden pattern,
//! and advances it at the speed asked for, from one step a second to as fast as
//! it can. Like the simulation thread it paces by the clock, carries commands out
//! between slices of a few milliseconds, and publishes some thirty times a second.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::super::events::{Event, Events};
use super::super::simulation::Speeds;
use super::super::simulation::pace::{Meter, Pace};
use crate::snn::SnnError;
use crate::snn::choose::Wish;
use crate::snn::experiments::pattern::{DT_MS, PatternRun, PatternTask, PatternView};
use crate::workers::thread::latest::Slot;
use crate::workers::thread::remote::{Control, Remote};

/// The view is renewed so often.
const PUBLISH_EVERY: Duration = Duration::from_millis(33);

/// What the thread can be told.
#[derive(Clone, Debug)]
pub enum PatternCommand {
    /// Begin anew with this task and do so many steps at once.
    Load { task: PatternTask, head_start: u64 },
    /// Go on, and begin what is loaded later, on this engine.
    Engine(Wish),
    /// Do so many steps, whether it runs or not.
    Steps(u64),
    /// Look at the atomics.
    Wake,
}

/// The run as the window sees it.
#[derive(Clone, Debug, Default)]
pub struct PatternState {
    /// Grows with every run begun.
    pub generation: u64,
    /// The run; `None` before the first.
    pub view: Option<Arc<PatternView>>,
    /// Whether it runs at this moment, and whether it was to run when this was made.
    pub goes: bool,
    pub running: bool,
    /// Measured speed while it runs.
    pub speeds: Option<Speeds>,
    /// Why it cannot go on.
    pub failure: Option<String>,
}

/// The thread, from the window's side.
pub struct PatternThread {
    remote: Remote<PatternCommand>,
    state: Arc<Slot<PatternState>>,
}

impl PatternThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let state = Arc::new(Slot::new(PatternState::default()));
        let out = Arc::clone(&state);
        let work = move |control, commands| {
            let worker = Worker {
                control,
                commands,
                state: out,
                events,
                wish: Wish::default(),
                run: None,
                generation: 0,
                failure: None,
                published: Instant::now(),
                stale: false,
                told_running: false,
                other_engine: false,
            };
            worker.work();
        };
        let names = ("pattern", "pattern experiment");
        let remote = Remote::start(names, 2000.0, || PatternCommand::Wake, work)?;
        Ok(Self { remote, state })
    }

    /// The newest state.
    pub fn state(&self) -> Arc<PatternState> {
        self.state.get()
    }
}

/// Pause, speed and commands.
impl Deref for PatternThread {
    type Target = Remote<PatternCommand>;

    fn deref(&self) -> &Self::Target {
        &self.remote
    }
}

/// The thread's own side.
struct Worker {
    control: Arc<Control>,
    commands: Receiver<PatternCommand>,
    state: Arc<Slot<PatternState>>,
    events: Events,
    /// The engine to run on.
    wish: Wish,
    run: Option<PatternRun>,
    generation: u64,
    failure: Option<String>,
    published: Instant,
    /// Whether something changed since the last view.
    stale: bool,
    /// Whether it was to run when that was looked at last.
    told_running: bool,
    /// Whether it runs on another engine since the speed was measured last.
    other_engine: bool,
}

impl Worker {
    fn work(mut self) {
        let (mut pace, mut meter) = (Pace::default(), Meter::default());
        let mut went = (false, false);
        while !self.control.quits() {
            let goes = self.control.runs()
                && self.control.watched()
                && self.run.is_some()
                && self.failure.is_none();
            let now = (goes, self.control.runs());
            self.told_running = now.1;
            self.stale |= std::mem::replace(&mut went, now) != now;
            let speed = self.control.steps_per_s();
            let wait = if goes {
                pace.due_in(speed, Instant::now()).min(PUBLISH_EVERY)
            } else {
                pace.rest();
                meter = Meter::default();
                if self.stale { Duration::ZERO } else { Duration::from_secs(3600) }
            };
            match self.commands.recv_timeout(wait) {
                Ok(command) => self.guarded(|worker| worker.carry_out(command)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if std::mem::take(&mut self.other_engine) {
                // What was fast on the one may be slow on the other.
                (pace, meter) = (Pace::default(), Meter::default());
            }
            if goes {
                let due = pace.due(speed, Instant::now());
                let begun = Instant::now();
                self.guarded(|worker| worker.steps(due));
                pace.took(due, begun.elapsed());
                if let Some(run) = &self.run {
                    meter.measure(run.counters(), DT_MS, Instant::now());
                }
            }
            if self.stale && (!goes || self.published.elapsed() >= PUBLISH_EVERY) {
                self.guarded(|worker| worker.publish(goes, meter.speeds().filter(|_| goes)));
            }
        }
    }

    /// A panic ends the run, not the thread.
    fn guarded(&mut self, act: impl FnOnce(&mut Self) -> Result<(), SnnError>) {
        let acted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(self)));
        let failure = match acted {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!(
                "The experiment cannot go on: {error}. What was recorded is kept; Reset begins anew."
            ),
            Err(_) => "The experiment failed by a mistake in the program. What was recorded is kept; Reset begins anew.".to_owned(),
        };
        self.failure = Some(failure.clone());
        self.published = Instant::now();
        let before = self.state.get();
        let failed = Some(failure.clone());
        let stopped = PatternState { goes: false, speeds: None, ..(*before).clone() };
        self.state.put(PatternState { failure: failed, ..stopped });
        self.events.send(Event::Failure(failure));
    }

    fn steps(&mut self, steps: u64) -> Result<(), SnnError> {
        let Some(run) = self.run.as_mut().filter(|_| steps > 0) else { return Ok(()) };
        self.stale = true;
        let done = run.advance(steps);
        if let Some(notice) = run.take_notice() {
            self.other_engine = true;
            self.events.send(Event::Failure(notice));
        }
        done
    }

    /// Goes on on another engine, with what was recorded so far.
    fn change_engine(&mut self, wish: Wish) -> Result<(), SnnError> {
        self.wish = wish;
        let Some(run) = self.run.as_mut().filter(|_| self.failure.is_none()) else { return Ok(()) };
        (self.stale, self.other_engine) = (true, true);
        if let Some(told) = run.change_engine(wish)? {
            self.events.send(Event::Failure(told));
        }
        Ok(())
    }

    fn carry_out(&mut self, command: PatternCommand) -> Result<(), SnnError> {
        match command {
            PatternCommand::Load { task, head_start } => {
                self.generation += 1;
                (self.failure, self.run, self.stale) = (None, None, true);
                let (run, told) = PatternRun::new(&task, self.wish)?;
                (self.run, self.other_engine) = (Some(run), true);
                if let Some(told) = told {
                    self.events.send(Event::Failure(told));
                }
                self.steps(head_start)
            }
            PatternCommand::Engine(wish) => self.change_engine(wish),
            PatternCommand::Steps(steps) if self.failure.is_none() => self.steps(steps),
            PatternCommand::Steps(_) | PatternCommand::Wake => Ok(()),
        }
    }

    fn publish(&mut self, goes: bool, speeds: Option<Speeds>) -> Result<(), SnnError> {
        (self.stale, self.published) = (false, Instant::now());
        let view = match &mut self.run {
            Some(run) => Some(Arc::new(run.view()?)),
            None => self.state.get().view.clone(),
        };
        let (generation, failure) = (self.generation, self.failure.clone());
        let running = self.told_running;
        self.state.put(PatternState { generation, view, goes, running, speeds, failure });
        self.events.wake();
        Ok(())
    }
}

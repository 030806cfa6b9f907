//! The `pattern` thread: owns the run in which a neuron finds a hidden pattern,
//! and advances it at the speed asked for, from one step a second to as fast as
//! it can. Like the simulation thread it paces by the clock, carries commands out
//! between slices of a few milliseconds, and publishes some thirty times a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::Busy;
use super::super::events::{Event, Events};
use super::super::latest::Slot;
use super::super::simulation::pace::Pace;
use crate::snn::SnnError;
use crate::snn::experiments::pattern::{PatternRun, PatternTask, PatternView};

/// The view is renewed so often.
const PUBLISH_EVERY: Duration = Duration::from_millis(33);
/// The speed is measured over at least this time.
const MEASURE_OVER: Duration = Duration::from_millis(500);
/// Commands that may wait.
const QUEUE: usize = 64;

/// What the thread can be told.
#[derive(Clone, Debug)]
pub enum PatternCommand {
    /// Begin anew with this task and do so many steps at once.
    Load { task: PatternTask, head_start: u64 },
    /// Do so many steps, whether it runs or not.
    Steps(u64),
    /// Look at the atomics.
    Wake,
}

/// What the window says without queueing.
#[derive(Debug, Default)]
struct Control {
    running: AtomicBool,
    watched: AtomicBool,
    quit: AtomicBool,
    /// Asked speed, steps per second, as bits; infinite for as fast as it can.
    steps_per_s: AtomicU64,
}

/// The run as the window sees it.
#[derive(Clone, Debug, Default)]
pub struct PatternState {
    /// Grows with every run begun.
    pub generation: u64,
    /// The run; `None` before the first.
    pub view: Option<Arc<PatternView>>,
    /// Measured speed while it runs, steps per second.
    pub steps_per_s: Option<f64>,
    /// Why it cannot go on.
    pub failure: Option<String>,
}

/// The thread, from the window's side.
pub struct PatternThread {
    control: Arc<Control>,
    commands: Option<SyncSender<PatternCommand>>,
    state: Arc<Slot<PatternState>>,
    thread: Option<JoinHandle<()>>,
}

impl PatternThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let control = Arc::<Control>::default();
        control.steps_per_s.store(2000f64.to_bits(), Relaxed);
        let state = Arc::new(Slot::new(PatternState::default()));
        let (sender, commands) = sync_channel(QUEUE);
        let worker = Worker {
            control: Arc::clone(&control),
            commands,
            state: Arc::clone(&state),
            events,
            run: None,
            generation: 0,
            failure: None,
            published: Instant::now(),
            stale: false,
        };
        let builder = std::thread::Builder::new().name("pattern".into());
        let thread = Some(builder.spawn(move || worker.work())?);
        Ok(Self { control, commands: Some(sender), state, thread })
    }

    /// The newest state.
    pub fn state(&self) -> Arc<PatternState> {
        self.state.get()
    }

    /// Sends a command.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full or the thread is gone.
    pub fn send(&self, command: PatternCommand) -> Result<(), Busy> {
        match self.commands.as_ref().map(|q| q.try_send(command)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => {
                Err(Busy("pattern experiment"))
            }
        }
    }

    /// Lets it run, or holds it before the next step.
    pub fn set_running(&self, on: bool) {
        if self.control.running.swap(on, Relaxed) != on {
            self.wake();
        }
    }

    /// Whether it is to run.
    pub fn is_running(&self) -> bool {
        self.control.running.load(Relaxed)
    }

    /// Whether anybody looks; without, it waits.
    pub fn set_watched(&self, on: bool) {
        if self.control.watched.swap(on, Relaxed) != on {
            self.wake();
        }
    }

    /// The speed to run at, steps per second of wall time.
    pub fn set_speed(&self, steps_per_s: f64) {
        let bits = steps_per_s.to_bits();
        if self.control.steps_per_s.swap(bits, Relaxed) != bits {
            self.wake();
        }
    }

    /// A full queue needs no waking: whoever works through it looks afterwards.
    fn wake(&self) {
        let _ = self.send(PatternCommand::Wake);
    }
}

impl Drop for PatternThread {
    fn drop(&mut self) {
        self.control.quit.store(true, Relaxed);
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Worker {
    control: Arc<Control>,
    commands: Receiver<PatternCommand>,
    state: Arc<Slot<PatternState>>,
    events: Events,
    run: Option<PatternRun>,
    generation: u64,
    failure: Option<String>,
    published: Instant,
    /// Whether something changed since the last view.
    stale: bool,
}

impl Worker {
    fn work(mut self) {
        let (mut pace, mut meter) = (Pace::default(), Meter::default());
        while !self.control.quit.load(Relaxed) {
            let goes = self.control.running.load(Relaxed)
                && self.control.watched.load(Relaxed)
                && self.run.is_some()
                && self.failure.is_none();
            let speed = f64::from_bits(self.control.steps_per_s.load(Relaxed));
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
            if goes {
                let due = pace.due(speed, Instant::now());
                let begun = Instant::now();
                self.guarded(|worker| worker.steps(due));
                pace.took(due, begun.elapsed());
                meter.measure(self.run.as_ref().map_or(0, PatternRun::step), Instant::now());
            }
            if self.stale && (!goes || self.published.elapsed() >= PUBLISH_EVERY) {
                self.guarded(|worker| worker.publish(meter.steps_per_s.filter(|_| goes)));
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
        self.state.put(PatternState { failure: failed, steps_per_s: None, ..(*before).clone() });
        self.events.send(Event::Failure(failure));
    }

    fn steps(&mut self, steps: u64) -> Result<(), SnnError> {
        if let Some(run) = self.run.as_mut().filter(|_| steps > 0) {
            self.stale = true;
            run.advance(steps)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, command: PatternCommand) -> Result<(), SnnError> {
        match command {
            PatternCommand::Load { task, head_start } => {
                self.generation += 1;
                (self.failure, self.run, self.stale) = (None, None, true);
                self.run = Some(PatternRun::new(&task)?);
                self.steps(head_start)
            }
            PatternCommand::Steps(steps) if self.failure.is_none() => self.steps(steps),
            PatternCommand::Steps(_) | PatternCommand::Wake => Ok(()),
        }
    }

    fn publish(&mut self, steps_per_s: Option<f64>) -> Result<(), SnnError> {
        (self.stale, self.published) = (false, Instant::now());
        let view = match &mut self.run {
            Some(run) => Some(Arc::new(run.view()?)),
            None => self.state.get().view.clone(),
        };
        let (generation, failure) = (self.generation, self.failure.clone());
        self.state.put(PatternState { generation, view, steps_per_s, failure });
        self.events.wake();
        Ok(())
    }
}

/// Measures the speed.
#[derive(Debug, Default)]
struct Meter {
    since: Option<(Instant, u64)>,
    steps_per_s: Option<f64>,
}

impl Meter {
    fn measure(&mut self, step: u64, now: Instant) {
        let Some((since, before)) = self.since.filter(|s| s.1 <= step) else {
            self.since = Some((now, step));
            return;
        };
        let passed = now.saturating_duration_since(since);
        if passed >= MEASURE_OVER {
            self.steps_per_s = Some((step - before) as f64 / passed.as_secs_f64());
            self.since = Some((now, step));
        }
    }
}

//! The `digits` thread: a network of Diehl and Cook's that learns digits by spikes
//! alone, live.
//!
//! * [`network`]: what a run begins with, and the knobs
//! * [`run`]: one run
//! * [`tally`]: what its neurons stand for, and the running accuracy
//! * [`spikes`]: what is recorded spike by spike while somebody looks
//! * [`history`]: earlier moments
//! * [`fields`]: the picture of all receptive fields
//! * [`painter`]: makes it, on a thread of its own
//! * [`view`]: what the window sees
//! * [`shown`]: a digit shown to a network that has learnt (a thread of its own)
//! * [`measure`]: accuracy, whole and damaged (a thread of its own)
//! * [`damage`]: what damaged networks are
//! * [`cost`]: what it costs to be watched
//!
//! Speed and pause are atomics. Steps are done in slices of some milliseconds,
//! between which commands are carried out. Small things come up twenty times a
//! second; fields and labels, which take longer to copy, as often as costs a few
//! percent of the time.

pub mod cost;
pub mod damage;
pub mod fields;
pub mod history;
pub mod measure;
pub mod network;
pub mod painter;
pub mod run;
pub mod shown;
pub mod spikes;
pub mod tally;
pub mod view;

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::events::{Event, Events};
use super::simulation::Speeds as EngineSpeeds;
use super::simulation::pace::Pace;
use super::thread::latest::Slot;
use super::thread::remote::{Control, Remote};
use crate::core::clock::thread_seconds;
use crate::snn::SnnError;
use crate::snn::choose::Wish;
use fields::Look;
use network::{Knobs, Learnt, Setup};
use painter::Painter;
use run::Run;
use view::{DigitsView, Fields, Sketch, Speeds, Worked};

/// What is small is renewed so often.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);
/// The fields, at most so often.
const FIELDS_EVERY: Duration = Duration::from_millis(120);
/// So often while nobody looks at them.
const UNWATCHED_EVERY: Duration = Duration::from_secs(2);
/// Copying the network for its fields takes no more than one part in so many of the
/// time; painting them, on a thread of its own, than one part in so many of that.
const COPY_SHARE: u32 = 50;
const PAINT_SHARE: u32 = 6;
/// Speeds are averages over at least this time.
const MEASURE_OVER: Duration = Duration::from_millis(500);
/// Steps after which a step to the next spike or image gives up.
const MOST_STEPS: u64 = 25_000;

/// What the thread can be told.
pub enum DigitsCommand {
    /// Begin this run.
    Load(Box<Setup>),
    /// Turn the knobs.
    Set(Knobs),
    /// Do so many steps, whether it runs or not.
    Steps(u64),
    /// So many images.
    Images(u64),
    /// To the next spike.
    Spike,
    /// Show the network as it was after so many images, or as it is.
    Past(Option<u64>),
    /// Trace these neurons.
    Trace(Vec<u32>),
    /// Hold once it has learnt so many images in all.
    Goal(Option<u64>),
    /// Go on on the engine that suits this wish.
    Engine(Wish),
    /// Look at the atomics.
    Wake,
}

/// What somebody looks at, and how.
#[derive(Debug, Default)]
struct Sight {
    /// Single spikes; [`Control::watched`] is about the fields.
    spikes: AtomicBool,
    look: Mutex<Arc<Look>>,
}

impl Sight {
    fn look(&self) -> Arc<Look> {
        Arc::clone(&self.look.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The thread, from the window's side.
pub struct DigitsThread {
    remote: Remote<DigitsCommand>,
    sight: Arc<Sight>,
    view: Arc<Slot<DigitsView>>,
}

impl DigitsThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        Self::start_at(events, PUBLISH_EVERY)
    }

    /// The same, with a view so often while it runs.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start_at(events: Events, publish_every: Duration) -> std::io::Result<Self> {
        let (sight, view) = (Arc::<Sight>::default(), Arc::new(Slot::new(DigitsView::default())));
        let (seen, out) = (Arc::clone(&sight), Arc::clone(&view));
        let painter = Painter::start()?;
        let work = move |control, commands| {
            let worker = Worker {
                control,
                sight: seen,
                commands,
                view: out,
                events,
                run: None,
                generation: 0,
                version: 0,
                failure: None,
                painter,
                traced: vec![0],
                past: None,
                painted: 0,
                begun: Instant::now(),
                publish_every,
                published: Instant::now(),
                fields: None,
                fields_at: None,
                fields_every: FIELDS_EVERY,
                stale: false,
                ran: Duration::ZERO,
                reached: None,
                meter: Meter::default(),
            };
            worker.work();
        };
        let names = ("digits", "spiking network");
        let remote = Remote::start(names, f64::INFINITY, || DigitsCommand::Wake, work)?;
        Ok(Self { remote, sight, view })
    }

    /// The newest view.
    pub fn view(&self) -> Arc<DigitsView> {
        self.view.get()
    }

    /// Whether somebody looks at single spikes, which are then recorded.
    pub fn set_recording(&self, on: bool) {
        if self.sight.spikes.swap(on, Relaxed) != on {
            self.wake();
        }
    }

    /// How the fields are to be painted.
    pub fn set_look(&self, look: Arc<Look>) {
        let changed = {
            let mut held = self.sight.look.lock().unwrap_or_else(PoisonError::into_inner);
            let changed = held.stamp != look.stamp;
            *held = look;
            changed
        };
        if changed {
            self.wake();
        }
    }
}

/// Pause, speed and commands; *watched* is about the fields.
impl Deref for DigitsThread {
    type Target = Remote<DigitsCommand>;

    fn deref(&self) -> &Self::Target {
        &self.remote
    }
}

/// The thread's own side.
struct Worker {
    control: Arc<Control>,
    sight: Arc<Sight>,
    commands: Receiver<DigitsCommand>,
    view: Arc<Slot<DigitsView>>,
    events: Events,
    run: Option<Run>,
    generation: u64,
    /// Number of the newest fields.
    version: u64,
    failure: Option<String>,
    painter: Painter,
    traced: Vec<u32>,
    past: Option<Arc<Fields>>,
    /// The look that everything is painted in.
    painted: u64,
    begun: Instant,
    publish_every: Duration,
    published: Instant,
    fields: Option<Arc<Fields>>,
    fields_at: Option<Instant>,
    fields_every: Duration,
    /// Whether something changed since the last view.
    stale: bool,
    /// Time that the run has run.
    ran: Duration,
    /// Images at which it last reached a goal.
    reached: Option<u64>,
    meter: Meter,
}

impl Worker {
    fn work(mut self) {
        let mut pace = Pace::default();
        let (mut went, mut at) = (false, Instant::now());
        while !self.control.quits() {
            let passed = std::mem::replace(&mut at, Instant::now()).elapsed();
            self.ran += if went { passed } else { Duration::ZERO };
            let goes = self.control.runs() && self.run.is_some() && self.failure.is_none();
            self.stale |= std::mem::replace(&mut went, goes) != goes;
            let speed = self.control.steps_per_s();
            let wait = if goes {
                pace.due_in(speed, Instant::now()).min(self.publish_every)
            } else {
                pace.rest();
                self.meter = Meter::default();
                if self.stale { Duration::ZERO } else { Duration::from_secs(3600) }
            };
            match self.commands.recv_timeout(wait) {
                Ok(command) => {
                    self.guarded(|worker| worker.carry_out(command));
                    while !self.control.quits()
                        && let Ok(command) = self.commands.try_recv()
                    {
                        self.guarded(|worker| worker.carry_out(command));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.guarded(Self::set_recording);
            if goes && self.failure.is_none() {
                let due = pace.due(speed, Instant::now());
                let begun = Instant::now();
                self.guarded(|worker| worker.steps(due));
                pace.took(due, begun.elapsed());
                if let Some(run) = &self.run {
                    self.meter.measure(run, Instant::now());
                }
            }
            if self.stale && (!goes || self.published.elapsed() >= self.publish_every) {
                self.guarded(|worker| worker.publish(goes));
            }
        }
    }

    /// A panic ends the run, not the thread.
    fn guarded(&mut self, act: impl FnOnce(&mut Self) -> Result<(), SnnError>) {
        let acted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(self)));
        let failure = match acted {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!(
                "The spiking network cannot go on: {error}. What it has learnt is still shown; Restart begins anew."
            ),
            Err(_) => "The spiking network failed by a mistake in the program. What it has learnt is still shown; Restart begins anew.".to_owned(),
        };
        if self.failure.as_ref() == Some(&failure) {
            return;
        }
        self.failure = Some(failure.clone());
        (self.stale, self.published) = (false, Instant::now());
        let before = self.view.get();
        self.view.put(DigitsView {
            goes: false,
            speeds: None,
            failure: Some(failure.clone()),
            ..(*before).clone()
        });
        self.events.send(Event::Failure(failure));
    }

    /// Records single spikes while somebody looks.
    fn set_recording(&mut self) -> Result<(), SnnError> {
        let on = self.sight.spikes.load(Relaxed) && self.failure.is_none();
        let Some(run) = &mut self.run else { return Ok(()) };
        self.stale |= on != run.records();
        run.record(on.then_some(&self.traced[..]))
    }

    fn steps(&mut self, steps: u64) -> Result<(), SnnError> {
        let Some(run) = self.run.as_mut().filter(|_| steps > 0) else { return Ok(()) };
        self.stale = true;
        if run.steps(steps)? {
            self.control.hold();
            self.reached = Some(run.tally.images);
        }
        Ok(())
    }

    fn carry_out(&mut self, command: DigitsCommand) -> Result<(), SnnError> {
        self.stale = true;
        if let DigitsCommand::Load(setup) = command {
            return self.load(*setup);
        }
        self.set_recording()?;
        let Some(run) = self.run.as_mut().filter(|_| self.failure.is_none()) else {
            return Ok(());
        };
        match command {
            DigitsCommand::Set(knobs) => run.set(knobs),
            DigitsCommand::Steps(steps) => {
                run.wants_delta = true;
                self.steps(steps)
            }
            DigitsCommand::Goal(goal) => {
                run.goal = goal.filter(|goal| *goal > run.tally.images);
                Ok(())
            }
            DigitsCommand::Images(images) => {
                for _ in 0..images {
                    if self.control.quits() {
                        break;
                    }
                    run.wants_delta = true;
                    run.image(MOST_STEPS)?;
                }
                Ok(())
            }
            DigitsCommand::Spike => run.spike(MOST_STEPS),
            DigitsCommand::Past(images) => {
                let look = self.sight.look();
                self.version += 1;
                let moment = images.and_then(|images| run.history.at(images));
                self.past = moment.map(|m| Arc::new(Fields::past(run, m, self.version, &look)));
                Ok(())
            }
            DigitsCommand::Trace(neurons) => {
                self.traced = neurons;
                Ok(())
            }
            DigitsCommand::Engine(wish) => run.change_engine(wish),
            DigitsCommand::Load(_) | DigitsCommand::Wake => Ok(()),
        }
    }

    fn load(&mut self, mut setup: Setup) -> Result<(), SnnError> {
        self.generation += 1;
        (self.ran, self.reached) = (Duration::ZERO, None);
        (self.failure, self.run, self.past) = (None, None, None);
        // What the painter may still be at is of the last run.
        (self.fields, self.fields_at) = (None, None);
        if let Some(id) = &setup.shipped {
            let learnt = Learnt::shipped(id)?;
            setup.config = learnt.config.clone();
            setup.begin = Some(Arc::new(learnt));
        }
        self.traced.retain(|n| (*n as usize) < setup.config.neurons);
        self.run = Some(Run::new(setup)?);
        Ok(())
    }

    fn publish(&mut self, goes: bool) -> Result<(), SnnError> {
        (self.stale, self.published) = (false, Instant::now());
        let Some(run) = &mut self.run else { return Ok(()) };
        let look = self.sight.look();
        let every = if self.control.watched() { self.fields_every } else { UNWATCHED_EVERY };
        let due = self.fields_at.is_none_or(|at| at.elapsed() >= every);
        let anew = self.painted != look.stamp;
        // While it runs, fields come a moment later, from the painter.
        if !goes || self.fields.is_none() || ((due || anew) && !self.painter.is_busy()) {
            let begun = Instant::now();
            self.version += 1;
            let sketch = Sketch::take(run, self.version)?;
            let copied = begun.elapsed();
            let offered = if goes && self.fields.is_some() {
                self.painter.offer(sketch, Arc::clone(&look)).map_err(|sketch| *sketch)
            } else {
                Err(sketch)
            };
            if let Err(sketch) = offered {
                self.fields = Some(Arc::new(sketch.finish(&look)));
            }
            if anew && let Some(past) = &self.past {
                let moment = run.history.at(past.images);
                self.past = moment.map(|m| Arc::new(Fields::past(run, m, self.version, &look)));
            }
            run.wants_delta = true;
            self.painted = look.stamp;
            self.fields_at = Some(Instant::now());
            self.fields_every = FIELDS_EVERY.max(copied * COPY_SHARE);
        }
        if let Some((painted, took)) = self.painter.newest() {
            self.fields_every = self.fields_every.max(took * PAINT_SHARE);
            // Of an earlier run, or older than what was painted here, it is of no use.
            if self.fields.as_ref().is_some_and(|f| f.version < painted.version) {
                self.fields = Some(painted);
            }
        }
        let stretch = run.stretch(!goes)?.unwrap_or_default();
        let view = DigitsView {
            generation: self.generation,
            engine: Some(run.started.in_use()),
            data: Some(Arc::clone(&run.setup().images)),
            knobs: run.setup().knobs,
            step: run.started.engine.step(),
            images: run.tally.images,
            unanswered: run.tally.unanswered,
            ran_s: self.ran.as_secs_f64(),
            reached: self.reached,
            presentations: run.presentations(),
            accuracy: run.tally.accuracy().map(|a| (a, run.tally.answers())),
            now: run.now,
            last: run.last,
            change: run.change.clone(),
            fields: self.fields.clone(),
            past: self.past.clone(),
            kept: (Arc::new(run.history.marks()), run.history.bytes()),
            stretch,
            records: run.records(),
            goes,
            speeds: self.meter.speeds.filter(|_| goes),
            worked: Worked { wall_s: self.begun.elapsed().as_secs_f64(), cpu_s: thread_seconds() },
            failure: self.failure.clone(),
        };
        if let Some(notice) = run.started.take_notice() {
            self.events.send(Event::Notice(notice));
        }
        if let Some(told) = run.told.take() {
            self.events.send(Event::Failure(told));
        }
        self.view.put(view);
        self.events.wake();
        Ok(())
    }
}

/// Measures the speed.
#[derive(Debug, Default)]
struct Meter {
    since: Option<(Instant, u64, u64, u64)>,
    speeds: Option<Speeds>,
}

impl Meter {
    fn measure(&mut self, run: &Run, now: Instant) {
        let (step, images) = (run.started.engine.step(), run.tally.images);
        let events = run.started.engine.counters().synaptic_events;
        let Some((since, step0, images0, events0)) = self.since.filter(|s| s.1 <= step) else {
            self.since = Some((now, step, images, events));
            return;
        };
        let passed = now.saturating_duration_since(since);
        if passed >= MEASURE_OVER {
            let per_s = |n: u64| n as f64 / passed.as_secs_f64();
            let (steps_per_s, images_per_s) = (per_s(step - step0), per_s(images - images0));
            let engine = EngineSpeeds {
                steps_per_s,
                ms_per_s: steps_per_s * run.dt_ms(),
                // Another engine counts from its own beginning.
                events_per_s: per_s(events.saturating_sub(events0)),
            };
            self.speeds = Some(Speeds { engine, images_per_s });
            self.since = Some((now, step, images, events));
        }
    }
}

#[cfg(test)]
mod tests;

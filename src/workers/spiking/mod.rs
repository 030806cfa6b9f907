//! The `digits` thread: a network of Diehl and Cook's that learns digits from spikes
//! alone, live.
//!
//! * [`network`]: what a run begins with, and what can be changed
//! * [`run`]: one run
//! * [`tally`]: which digit each neuron stands for, and the running accuracy
//! * [`spikes`]: spikes recorded while somebody looks
//! * [`history`]: earlier moments
//! * [`keep`]: the network in a file, over a restart
//! * [`fields`]: the image of all receptive fields
//! * [`painter`]: makes it, on a thread of its own
//! * [`view`]: what the window sees
//! * [`shown`]: a digit shown to a trained network (a thread of its own)
//! * [`measure`]: accuracy, intact and damaged (a thread of its own)
//! * [`damage`]: what damage means
//! * [`cost`]: what watching costs
//!
//! Small values are published twenty times a second; receptive fields and labels, which
//! take longer to copy, as often as a few percent of the time allow.

pub mod cost;
pub mod damage;
pub mod fields;
pub mod history;
pub mod keep;
pub mod measure;
pub mod network;
pub mod painter;
pub mod run;
pub mod shown;
pub mod spikes;
pub mod tally;
pub mod view;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::events::{Event, Events};
use super::simulation::Speeds as EngineSpeeds;
use super::thread::pace::Counts;
use super::thread::paced::{Paced, Runner, Status};
use crate::core::aside::set_aside;
use crate::core::clock::thread_seconds;
use crate::data::dataset::{Dataset, Fingerprint};
use crate::snn::SnnError;
use crate::snn::choose::Preference;
use fields::FieldColours;
use keep::Kept;
use network::{Learnt, LiveSettings, Setup};
use painter::Painter;
use run::Run;
use view::{Fields, Sketch, Speeds, SpikingView, Worked};

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
/// Steps after which a step to the next spike or image gives up.
const MOST_STEPS: u64 = 25_000;

/// What the thread can be told.
pub enum SpikingCommand {
    /// Begin this run.
    Load(Box<Setup>),
    /// Go on with the network in this file, if there is one that learnt these digits;
    /// else begin this run.
    Resume(PathBuf, Box<Setup>),
    /// Turn the knobs.
    Set(LiveSettings),
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
    Engine(Preference),
}

/// What somebody looks at, and how.
#[derive(Debug, Default)]
struct Watching {
    /// Single spikes; [`Control::watched`](super::thread::remote::Control::watched) is
    /// about the fields.
    spikes: AtomicBool,
    look: Mutex<Arc<FieldColours>>,
}

impl Watching {
    fn look(&self) -> Arc<FieldColours> {
        Arc::clone(&self.look.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The thread, from the window's side.
pub struct SpikingThread {
    paced: Paced<Learner>,
    watching: Arc<Watching>,
}

impl SpikingThread {
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
    pub fn start_at(events: Events, view_every: Duration) -> std::io::Result<Self> {
        let watching = Arc::<Watching>::default();
        let (seen, painter) = (Arc::clone(&watching), Painter::start()?);
        let make = move || Learner {
            watching: seen,
            run: None,
            generation: 0,
            version: 0,
            painter,
            traced: vec![0],
            past: None,
            painted: 0,
            begun: Instant::now(),
            fields: None,
            fields_at: None,
            fields_every: FIELDS_EVERY,
            reached: None,
            digits: None,
        };
        let what = "spiking network";
        let paced = Paced::spawn(what, what, f64::INFINITY, view_every, events, make)?;
        Ok(Self { paced, watching })
    }

    /// Whether somebody looks at single spikes, which are then recorded.
    pub fn set_recording(&self, on: bool) {
        if self.watching.spikes.swap(on, Relaxed) != on {
            self.wake();
        }
    }

    /// How the fields are to be painted.
    pub fn set_look(&self, look: Arc<FieldColours>) {
        let changed = {
            let mut held = self.watching.look.lock().unwrap_or_else(PoisonError::into_inner);
            let changed = held.stamp != look.stamp;
            *held = look;
            changed
        };
        if changed {
            self.wake();
        }
    }
}

/// View, pause, speed and commands; *watched* is about the fields.
impl Deref for SpikingThread {
    type Target = Paced<Learner>;

    fn deref(&self) -> &Self::Target {
        &self.paced
    }
}

/// The network that learns, and what is shown of it.
pub struct Learner {
    watching: Arc<Watching>,
    run: Option<Run>,
    generation: u64,
    /// Number of the newest fields.
    version: u64,
    painter: Painter,
    traced: Vec<u32>,
    past: Option<Arc<Fields>>,
    /// The look that everything is painted in.
    painted: u64,
    begun: Instant,
    fields: Option<Arc<Fields>>,
    fields_at: Option<Instant>,
    fields_every: Duration,
    /// Images at which it last reached a goal.
    reached: Option<u64>,
    /// What tells the digits learnt from others.
    digits: Option<(Arc<Dataset>, Arc<Fingerprint>)>,
}

impl Runner for Learner {
    type Command = SpikingCommand;
    type View = SpikingView;

    const FOR_SHOW: bool = false;

    fn failure(why: &str) -> String {
        format!(
            "The spiking network cannot go on: {why}. What it has learnt is still shown; Restart begins anew."
        )
    }

    fn failed(before: &SpikingView, failure: String) -> SpikingView {
        SpikingView { goes: false, speeds: None, failure: Some(failure), ..before.clone() }
    }

    fn is_loaded(&self) -> bool {
        self.run.is_some()
    }

    fn carry_out(&mut self, command: SpikingCommand, at: &mut Status) -> Result<(), SnnError> {
        at.stale = true;
        if let SpikingCommand::Load(setup) = command {
            return self.load(*setup, at);
        }
        if let SpikingCommand::Resume(path, setup) = command {
            return self.resume(&path, *setup, at);
        }
        self.prepare(at)?;
        let Some(run) = self.run.as_mut().filter(|_| at.failure.is_none()) else {
            return Ok(());
        };
        match command {
            SpikingCommand::Set(live_settings) => run.set(live_settings),
            SpikingCommand::Steps(steps) => {
                run.wants_delta = true;
                self.steps(steps, at)
            }
            SpikingCommand::Goal(goal) => {
                run.goal = goal.filter(|goal| *goal > run.tally.images);
                Ok(())
            }
            SpikingCommand::Images(images) => {
                for _ in 0..images {
                    if at.control.quits() {
                        break;
                    }
                    run.wants_delta = true;
                    run.image(MOST_STEPS)?;
                }
                Ok(())
            }
            SpikingCommand::Spike => run.spike(MOST_STEPS),
            SpikingCommand::Past(images) => {
                let look = self.watching.look();
                self.version += 1;
                let moment = images.and_then(|images| run.history.at(images));
                self.past = moment.map(|m| Arc::new(Fields::past(run, m, self.version, &look)));
                Ok(())
            }
            SpikingCommand::Trace(neurons) => {
                self.traced = neurons;
                Ok(())
            }
            SpikingCommand::Engine(preference) => run.change_engine(preference),
            SpikingCommand::Load(_) | SpikingCommand::Resume(..) => Ok(()),
        }
    }

    /// Records single spikes while somebody looks.
    fn prepare(&mut self, at: &mut Status) -> Result<(), SnnError> {
        let on = self.watching.spikes.load(Relaxed) && at.failure.is_none();
        let Some(run) = &mut self.run else { return Ok(()) };
        at.stale |= on != run.records();
        run.record(on.then_some(&self.traced[..]))
    }

    fn steps(&mut self, steps: u64, at: &mut Status) -> Result<(), SnnError> {
        let Some(run) = self.run.as_mut().filter(|_| steps > 0) else { return Ok(()) };
        at.stale = true;
        if run.steps(steps)? {
            at.control.hold();
            self.reached = Some(run.tally.images);
        }
        Ok(())
    }

    fn counts(&self) -> Counts {
        self.run.as_ref().map_or_else(Counts::default, |run| Counts {
            steps: run.started.engine.step(),
            events: run.started.engine.counters().synaptic_events,
            images: run.tally.images,
        })
    }

    fn view(
        &mut self,
        _before: &SpikingView,
        at: &Status,
    ) -> Result<Option<SpikingView>, SnnError> {
        let goes = at.goes;
        let Some(run) = &mut self.run else { return Ok(None) };
        let look = self.watching.look();
        let every = if at.control.watched() { self.fields_every } else { UNWATCHED_EVERY };
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
        let view = SpikingView {
            generation: self.generation,
            engine: Some(run.started.in_use()),
            data: Some(Arc::clone(&run.setup().images)),
            digits: self.digits.as_ref().map(|d| Arc::clone(&d.1)),
            begin: run.setup().bundled.clone(),
            continued: run.continued(),
            live_settings: run.setup().live_settings,
            step: run.started.engine.step(),
            images: run.tally.images,
            unanswered: run.tally.unanswered,
            ran_s: at.ran.as_secs_f64(),
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
            speeds: at.rates.map(|rates| Speeds {
                engine: EngineSpeeds::of(rates, run.dt_ms()),
                images_per_s: rates.images,
            }),
            worked: Worked { wall_s: self.begun.elapsed().as_secs_f64(), cpu_s: thread_seconds() },
            failure: at.failure.clone(),
        };
        if let Some(notice) = run.started.take_notice() {
            at.events.send(Event::Notice(notice));
        }
        if let Some(notice) = run.notice.take() {
            at.events.send(Event::Failure(notice));
        }
        Ok(Some(view))
    }
}

impl Learner {
    /// What tells these digits from others, worked out once.
    fn fingerprint(&mut self, images: &Arc<Dataset>) -> Arc<Fingerprint> {
        let known = self.digits.take().filter(|(of, _)| Arc::ptr_eq(of, images));
        let make = || (Arc::clone(images), Arc::new(images.fingerprint(images.len())));
        Arc::clone(&self.digits.insert(known.unwrap_or_else(make)).1)
    }

    /// Goes on with what was kept, or says why not and begins anew.
    fn resume(&mut self, path: &Path, setup: Setup, at: &mut Status) -> Result<(), SnnError> {
        if !path.exists() {
            return self.load(setup, at);
        }
        let digits = self.fingerprint(&setup.images);
        let usable = Kept::read(path).and_then(|kept| match kept.digits.differs(&digits) {
            Some(how) => Err(format!("it learnt other digits: {how}")),
            None => Ok(kept),
        });
        match usable {
            Ok(kept) => {
                self.clear(at);
                let setup = Setup { bundled: kept.begin.clone(), ..setup };
                self.begin(Run::resume(setup, kept)?);
                Ok(())
            }
            Err(why) => {
                let place = match set_aside(path, "unused") {
                    Ok(aside) => format!("It is set aside as {}", aside.display()),
                    Err(error) => format!("It cannot be set aside ({error})"),
                };
                at.events.send(Event::Failure(format!(
                    "The spiking network that was kept cannot go on: {why}. {place}; another one begins."
                )));
                self.load(setup, at)
            }
        }
    }

    fn clear(&mut self, at: &mut Status) {
        self.generation += 1;
        (at.failure, at.ran) = (None, Duration::ZERO);
        (self.run, self.past, self.reached) = (None, None, None);
        // What the painter may still be at is of the last run.
        (self.fields, self.fields_at) = (None, None);
    }

    fn begin(&mut self, run: Run) {
        self.traced.retain(|n| (*n as usize) < run.setup().config.neurons);
        self.run = Some(run);
    }

    fn load(&mut self, mut setup: Setup, at: &mut Status) -> Result<(), SnnError> {
        self.clear(at);
        self.fingerprint(&setup.images);
        if let Some(id) = &setup.bundled {
            let learnt = Learnt::bundled(id)?;
            setup.config = learnt.config.clone();
            setup.begin = Some(Arc::new(learnt));
        }
        self.begin(Run::new(setup)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;

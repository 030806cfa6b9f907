//! The `simulation` thread: owns an engine and runs it at the speed asked for,
//! from one step a second to as fast as it can.
//!
//! Speed and pause are atomics, so they never queue behind work. Steps are done
//! in slices of a few milliseconds, between which commands are carried out. What
//! the window shows comes up as a [`SimulationView`] some thirty times a second,
//! never once per step; spikes and traces go into recordings with a memory cap.
//! Pacing decides when a step is done, never what it does.

pub(super) mod pace;
mod run;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::events::{Event, Events};
use super::thread::latest::Slot;
use super::thread::remote::{Control, Remote};
use crate::snn::SnnError;
use crate::snn::choose::{InUse, Wish};
use crate::snn::network::NetworkSpec;
use crate::snn::recording::Recording;
use crate::snn::stimulus::Stimulus;
use crate::snn::traces::Traces;
use pace::{Meter, Pace};
use run::Run;

/// The view is renewed so often.
const PUBLISH_EVERY: Duration = Duration::from_millis(33);
/// Threads of a CPU engine: what is run for show leaves the others alone.
const THREADS: usize = 1;

/// A network to be run, and what of it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The network, without probes.
    pub spec: NetworkSpec,
    /// A current of the network that a person shapes: its index.
    pub stimulus: Option<(usize, Stimulus)>,
    /// Whether traces are plain numbers, as in a figure that has units of its own
    /// (rest 0, threshold 1).
    pub plain: bool,
    /// Traces of state variables at every step.
    pub traced: Vec<Traced>,
    /// Steps done at once, whatever the speed, so that there is something to see.
    pub head_start: u64,
    /// Memory for single spikes, bytes.
    pub cap_bytes: usize,
}

/// A state variable of one neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Name of the population.
    pub population: String,
    /// The state variable.
    pub variable: &'static str,
    /// The neuron.
    pub neuron: u32,
    /// Name in the legend.
    pub name: String,
}

/// What the thread can be told.
#[derive(Clone, Debug)]
pub enum SimCommand {
    /// Run this network from the beginning.
    Load(Box<Setup>),
    /// Go on, and begin what is loaded later, on this engine.
    Engine(Wish),
    /// Change a parameter of a population from the next step on.
    Parameter { population: usize, name: &'static str, value: f64 },
    /// Change the weights of a projection.
    Weights { projection: usize, weights: Vec<f32> },
    /// Shape the current anew.
    Stimulus(Box<Stimulus>),
    /// Do so many steps, whether it runs or not.
    Steps(u64),
    /// Look at the atomics.
    Wake,
}

/// Measured speeds, over the last half second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Speeds {
    /// Steps per second of wall time.
    pub steps_per_s: f64,
    /// Simulated ms per second of wall time.
    pub ms_per_s: f64,
    /// Synaptic events per second of wall time.
    pub events_per_s: f64,
}

/// The simulation as the window sees it.
#[derive(Clone, Debug)]
pub struct SimulationView {
    /// Grows with every network loaded.
    pub generation: u64,
    /// The engine in use, and why; `None` before the first network.
    pub engine: Option<InUse>,
    /// Step of the next step: the run goes from 0 to just before it.
    pub step: u64,
    /// The spikes of all populations, then of all inputs.
    pub recording: Arc<Recording>,
    /// The stimulus (if there is one), then the traced variables.
    pub traces: Arc<Traces>,
    /// Whether it runs at this moment: asked to, and looked at.
    pub goes: bool,
    /// Whether it was to run when this was told: a view of before a hold says nothing
    /// about where the hold came.
    pub running: bool,
    /// Measured speed, while it runs.
    pub speeds: Option<Speeds>,
    /// Why it cannot go on.
    pub failure: Option<String>,
}

impl Default for SimulationView {
    fn default() -> Self {
        Self {
            generation: 0,
            engine: None,
            step: 0,
            recording: Arc::new(Recording::new(0, 0.1, 0)),
            traces: Arc::new(Traces::new(Vec::new(), 0.1, 0)),
            goes: false,
            running: false,
            speeds: None,
            failure: None,
        }
    }
}

/// The thread, from the window's side.
pub struct Simulation {
    remote: Remote<SimCommand>,
    view: Arc<Slot<SimulationView>>,
}

impl Simulation {
    /// Starts a thread of this name.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(name: &'static str, events: Events) -> std::io::Result<Self> {
        let view = Arc::new(Slot::new(SimulationView::default()));
        let out = Arc::clone(&view);
        let work = move |control, commands| {
            let worker = Worker {
                control,
                commands,
                view: out,
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
        let remote = Remote::start((name, "simulation"), 1000.0, || SimCommand::Wake, work)?;
        Ok(Self { remote, view })
    }

    /// The newest view.
    pub fn view(&self) -> Arc<SimulationView> {
        self.view.get()
    }
}

/// Pause, speed and commands.
impl Deref for Simulation {
    type Target = Remote<SimCommand>;

    fn deref(&self) -> &Self::Target {
        &self.remote
    }
}

/// The thread's own side.
struct Worker {
    control: Arc<Control>,
    commands: Receiver<SimCommand>,
    view: Arc<Slot<SimulationView>>,
    events: Events,
    /// The engine to run on.
    wish: Wish,
    run: Option<Run>,
    generation: u64,
    failure: Option<String>,
    published: Instant,
    /// Whether something changed since the last view.
    stale: bool,
    /// Whether it was to run at the last look.
    told_running: bool,
    /// Whether it runs on another engine since the speed was measured last.
    other_engine: bool,
}

impl Worker {
    fn work(mut self) {
        let (mut pace, mut meter) = (Pace::default(), Meter::default());
        let mut went = (false, false);
        while !self.control.quits() {
            // Only while somebody looks: what is run for show takes no core from training.
            let asked = self.control.runs() && self.control.watched();
            let goes = asked && self.run.is_some() && self.failure.is_none();
            let now = (goes, self.control.runs());
            self.told_running = now.1;
            self.stale |= std::mem::replace(&mut went, now) != now;
            let wait = if goes {
                pace.due_in(self.control.steps_per_s(), Instant::now()).min(PUBLISH_EVERY)
            } else {
                pace.rest();
                meter.rest();
                if self.stale { Duration::ZERO } else { Duration::from_secs(3600) }
            };
            match self.commands.recv_timeout(wait) {
                Ok(command) => {
                    self.guarded(|worker| worker.carry_out(command));
                    // A burst of commands (a slider that is dragged) is one change.
                    while !self.control.quits()
                        && let Ok(command) = self.commands.try_recv()
                    {
                        self.guarded(|worker| worker.carry_out(command));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if std::mem::take(&mut self.other_engine) {
                // What was fast on the one may be slow on the other.
                pace = Pace::default();
                meter.rest();
            }
            if goes {
                let due = pace.due(self.control.steps_per_s(), Instant::now());
                let begun = Instant::now();
                self.guarded(|worker| worker.steps(due));
                pace.took(due, begun.elapsed());
                if let Some(run) = &self.run {
                    meter.measure(run.started.engine.counters(), run.dt_ms(), Instant::now());
                }
            }
            if self.stale && (!goes || self.published.elapsed() >= PUBLISH_EVERY) {
                self.publish(goes, meter.speeds().filter(|_| goes));
            }
        }
    }

    /// A panic ends the run, not the thread.
    fn guarded(&mut self, act: impl FnOnce(&mut Self) -> Result<(), SnnError>) {
        let acted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(self)));
        let failure = match acted {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("The simulation cannot go on: {error}. What was recorded is kept; Reset begins anew."),
            Err(_) => "The simulation failed by a mistake in the program. What was recorded is kept; Reset begins anew.".to_owned(),
        };
        self.failure = Some(failure.clone());
        self.stale = true;
        self.events.send(Event::Failure(failure));
    }

    fn steps(&mut self, steps: u64) -> Result<(), SnnError> {
        if steps == 0 {
            return Ok(());
        }
        let Some(run) = &mut self.run else { return Ok(()) };
        self.stale = true;
        let done = run.steps(steps);
        if let Some(notice) = run.started.take_notice() {
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
        if let Some(told) = run.started.change(wish, THREADS)? {
            self.events.send(Event::Failure(told));
        }
        Ok(())
    }

    fn carry_out(&mut self, command: SimCommand) -> Result<(), SnnError> {
        match command {
            SimCommand::Load(setup) => {
                self.generation += 1;
                self.failure = None;
                self.run = None;
                self.stale = true;
                let head_start = setup.head_start;
                let (run, told) = Run::new(*setup, self.wish)?;
                (self.run, self.other_engine) = (Some(run), true);
                if let Some(told) = told {
                    self.events.send(Event::Failure(told));
                }
                self.steps(head_start)
            }
            SimCommand::Engine(wish) => self.change_engine(wish),
            SimCommand::Steps(steps) if self.failure.is_none() => self.steps(steps),
            SimCommand::Steps(_) | SimCommand::Wake => Ok(()),
            SimCommand::Parameter { population, name, value } => self
                .run
                .as_mut()
                .map_or(Ok(()), |r| r.engine().set_parameter(population, name, value)),
            SimCommand::Weights { projection, weights } => {
                self.run.as_mut().map_or(Ok(()), |r| r.engine().set_weights(projection, &weights))
            }
            SimCommand::Stimulus(stimulus) => {
                self.run.as_mut().map_or(Ok(()), |r| r.set_stimulus(*stimulus))
            }
        }
    }

    fn publish(&mut self, goes: bool, speeds: Option<Speeds>) {
        (self.stale, self.published) = (false, Instant::now());
        let before = self.view.get();
        let view = match &self.run {
            Some(run) => SimulationView {
                generation: self.generation,
                engine: Some(run.started.in_use()),
                step: run.step(),
                recording: Arc::new(run.recording.clone()),
                traces: Arc::new(run.traces.clone()),
                goes,
                running: self.told_running,
                speeds,
                failure: self.failure.clone(),
            },
            // A network that could not be built leaves what was shown.
            None => SimulationView {
                generation: self.generation,
                goes: false,
                running: self.told_running,
                speeds: None,
                failure: self.failure.clone(),
                ..SimulationView::clone(&before)
            },
        };
        self.view.put(view);
        self.events.wake();
    }
}

#[cfg(test)]
mod tests;

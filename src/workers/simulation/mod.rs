//! The `simulation` thread: owns an engine and runs it at the speed asked for,
//! from one step a second to as fast as it can.
//!
//! The window gets a [`SimulationView`] some thirty times a second; spikes and traces go
//! into recordings with a memory cap.

mod run;

use std::sync::Arc;
use std::time::Duration;

use super::events::{Event, Events};
use super::thread::pace::{Counts, Rates};
use super::thread::paced::{Paced, Runner, Status};
use crate::snn::SnnError;
use crate::snn::choose::{InUse, Preference};
use crate::snn::network::NetworkSpec;
use crate::snn::recording::Recording;
use crate::snn::stimulus::Stimulus;
use crate::snn::traces::Traces;
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
    Engine(Preference),
    /// Change a parameter of a population from the next step on.
    Parameter { population: usize, name: &'static str, value: f64 },
    /// Change the weights of a projection.
    Weights { projection: usize, weights: Vec<f32> },
    /// Shape the current anew.
    Stimulus(Box<Stimulus>),
    /// Do so many steps, whether it runs or not.
    Steps(u64),
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

impl Speeds {
    /// Of steps of `dt_ms`.
    pub fn of(rates: Rates, dt_ms: f64) -> Self {
        let (steps_per_s, events_per_s) = (rates.steps, rates.events);
        Self { steps_per_s, ms_per_s: steps_per_s * dt_ms, events_per_s }
    }
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
    /// How often parameters, weights or the current have been changed since the network
    /// was loaded, and the first step of the newest change.
    pub changes: u64,
    pub changed_at: u64,
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
            changes: 0,
            changed_at: 0,
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
pub type Simulation = Paced<Simulator>;

impl Simulation {
    /// Starts a thread of this name.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(name: &'static str, events: Events) -> std::io::Result<Self> {
        Self::spawn(name, "simulation", 1000.0, PUBLISH_EVERY, events, Simulator::default)
    }
}

/// The engine to run on, and what runs on it.
#[derive(Default)]
pub struct Simulator {
    preference: Preference,
    run: Option<Run>,
    generation: u64,
    changes: u64,
    changed_at: u64,
}

impl Runner for Simulator {
    type Command = SimCommand;
    type View = SimulationView;

    const FOR_SHOW: bool = true;

    fn failure(why: &str) -> String {
        format!("The simulation cannot go on: {why}. What was recorded is kept; Reset begins anew.")
    }

    fn failed(before: &SimulationView, failure: String) -> SimulationView {
        let failure = Some(failure);
        SimulationView { goes: false, speeds: None, failure, ..before.clone() }
    }

    fn is_loaded(&self) -> bool {
        self.run.is_some()
    }

    fn carry_out(&mut self, command: SimCommand, at: &mut Status) -> Result<(), SnnError> {
        match command {
            SimCommand::Load(setup) => {
                self.generation += 1;
                (self.run, self.changes, self.changed_at) = (None, 0, 0);
                (at.failure, at.stale) = (None, true);
                let head_start = setup.head_start;
                let (run, notice) = Run::new(*setup, self.preference)?;
                (self.run, at.other_engine) = (Some(run), true);
                if let Some(notice) = notice {
                    at.events.send(Event::Failure(notice));
                }
                self.steps(head_start, at)
            }
            SimCommand::Engine(preference) => self.change_engine(preference, at),
            SimCommand::Steps(steps) if at.failure.is_none() => self.steps(steps, at),
            SimCommand::Steps(_) => Ok(()),
            SimCommand::Parameter { population, name, value } => {
                self.change(at, |run| run.engine().set_parameter(population, name, value))
            }
            SimCommand::Weights { projection, weights } => {
                self.change(at, |run| run.engine().set_weights(projection, &weights))
            }
            SimCommand::Stimulus(stimulus) => self.change(at, |run| run.set_stimulus(*stimulus)),
        }
    }

    fn steps(&mut self, steps: u64, at: &mut Status) -> Result<(), SnnError> {
        let Some(run) = self.run.as_mut().filter(|_| steps > 0) else { return Ok(()) };
        at.stale = true;
        let done = run.steps(steps);
        if let Some(notice) = run.started.take_notice() {
            at.other_engine = true;
            at.events.send(Event::Failure(notice));
        }
        done
    }

    fn counts(&self) -> Counts {
        let counters = self.run.as_ref().map(|r| r.started.engine.counters()).unwrap_or_default();
        Counts { steps: counters.steps, events: counters.synaptic_events, images: 0 }
    }

    fn view(
        &mut self,
        before: &SimulationView,
        at: &Status,
    ) -> Result<Option<SimulationView>, SnnError> {
        let mut view = SimulationView {
            generation: self.generation,
            goes: at.goes && self.run.is_some(),
            running: at.running,
            changes: self.changes,
            changed_at: self.changed_at,
            speeds: None,
            failure: at.failure.clone(),
            // A network that could not be built leaves what was shown.
            ..before.clone()
        };
        if let Some(run) = &self.run {
            view.engine = Some(run.started.in_use());
            view.step = run.step();
            view.recording = Arc::new(run.recording.clone());
            view.traces = Arc::new(run.traces.clone());
            view.speeds = at.rates.map(|rates| Speeds::of(rates, run.dt_ms()));
        }
        Ok(Some(view))
    }
}

impl Simulator {
    /// Changes the network from the next step on.
    fn change(
        &mut self,
        at: &mut Status,
        change: impl FnOnce(&mut Run) -> Result<(), SnnError>,
    ) -> Result<(), SnnError> {
        self.changes += 1;
        at.stale = true;
        let Some(run) = self.run.as_mut() else { return Ok(()) };
        self.changed_at = run.step();
        change(run)
    }

    /// Goes on on another engine, with what was recorded so far.
    fn change_engine(&mut self, preference: Preference, at: &mut Status) -> Result<(), SnnError> {
        self.preference = preference;
        let Some(run) = self.run.as_mut().filter(|_| at.failure.is_none()) else { return Ok(()) };
        (at.stale, at.other_engine) = (true, true);
        if let Some(notice) = run.started.change(preference, THREADS)? {
            at.events.send(Event::Failure(notice));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

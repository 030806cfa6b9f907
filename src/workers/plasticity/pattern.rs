//! The `pattern` thread: owns the run in which a neuron finds a hidden pattern, and
//! advances it at the speed asked for, from one step a second to as fast as it can.

use std::sync::Arc;
use std::time::Duration;

use crate::snn::SnnError;
use crate::snn::choose::Preference;
use crate::snn::experiments::pattern::{DT_MS, PatternRun, PatternTask, PatternView};
use crate::workers::events::{Event, Events};
use crate::workers::simulation::Speeds;
use crate::workers::thread::pace::Counts;
use crate::workers::thread::paced::{Paced, Runner, Status};

/// The view is renewed so often.
const PUBLISH_EVERY: Duration = Duration::from_millis(33);

/// What the thread can be told.
#[derive(Clone, Debug)]
pub enum PatternCommand {
    /// Begin anew with this task and do so many steps at once.
    Load { task: PatternTask, head_start: u64 },
    /// Go on, and begin what is loaded later, on this engine.
    Engine(Preference),
    /// Do so many steps, whether it runs or not.
    Steps(u64),
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
pub type PatternThread = Paced<PatternRunner>;

impl PatternThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let make = PatternRunner::default;
        Self::spawn("pattern", "pattern experiment", 2000.0, PUBLISH_EVERY, events, make)
    }

    /// The newest state.
    pub fn state(&self) -> Arc<PatternState> {
        self.view()
    }
}

/// The engine to run on, and what runs on it.
#[derive(Default)]
pub struct PatternRunner {
    preference: Preference,
    run: Option<PatternRun>,
    generation: u64,
}

impl Runner for PatternRunner {
    type Command = PatternCommand;
    type View = PatternState;

    const FOR_SHOW: bool = true;

    fn failure(why: &str) -> String {
        format!("The experiment cannot go on: {why}. What was recorded is kept; Reset begins anew.")
    }

    fn failed(before: &PatternState, failure: String) -> PatternState {
        PatternState { goes: false, speeds: None, failure: Some(failure), ..before.clone() }
    }

    fn is_loaded(&self) -> bool {
        self.run.is_some()
    }

    fn carry_out(&mut self, command: PatternCommand, at: &mut Status) -> Result<(), SnnError> {
        match command {
            PatternCommand::Load { task, head_start } => {
                self.generation += 1;
                self.run = None;
                (at.failure, at.stale) = (None, true);
                let (run, notice) = PatternRun::new(&task, self.preference)?;
                (self.run, at.other_engine) = (Some(run), true);
                if let Some(notice) = notice {
                    at.events.send(Event::Failure(notice));
                }
                self.steps(head_start, at)
            }
            PatternCommand::Engine(preference) => self.change_engine(preference, at),
            PatternCommand::Steps(steps) if at.failure.is_none() => self.steps(steps, at),
            PatternCommand::Steps(_) => Ok(()),
        }
    }

    fn steps(&mut self, steps: u64, at: &mut Status) -> Result<(), SnnError> {
        let Some(run) = self.run.as_mut().filter(|_| steps > 0) else { return Ok(()) };
        at.stale = true;
        let done = run.advance(steps);
        if let Some(notice) = run.take_notice() {
            at.other_engine = true;
            at.events.send(Event::Failure(notice));
        }
        done
    }

    fn counts(&self) -> Counts {
        let counters = self.run.as_ref().map(PatternRun::counters).unwrap_or_default();
        Counts { steps: counters.steps, events: counters.synaptic_events, images: 0 }
    }

    fn view(
        &mut self,
        before: &PatternState,
        at: &Status,
    ) -> Result<Option<PatternState>, SnnError> {
        let view = match &mut self.run {
            Some(run) => Some(Arc::new(run.view()?)),
            None => before.view.clone(),
        };
        let speeds = at.rates.map(|rates| Speeds::of(rates, DT_MS));
        let (goes, running, failure) = (at.goes, at.running, at.failure.clone());
        let generation = self.generation;
        Ok(Some(PatternState { generation, view, goes, running, speeds, failure }))
    }
}

impl PatternRunner {
    /// Goes on on another engine, with what was recorded so far.
    fn change_engine(&mut self, preference: Preference, at: &mut Status) -> Result<(), SnnError> {
        self.preference = preference;
        let Some(run) = self.run.as_mut().filter(|_| at.failure.is_none()) else { return Ok(()) };
        (at.stale, at.other_engine) = (true, true);
        if let Some(notice) = run.change_engine(preference)? {
            at.events.send(Event::Failure(notice));
        }
        Ok(())
    }
}

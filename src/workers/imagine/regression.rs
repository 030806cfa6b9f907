//! The `regression` thread: owns the network of spikes that learns a curve, and advances
//! it presentation by presentation at the speed asked for.

use std::sync::Arc;
use std::time::Duration;

use crate::snn::SnnError;
use crate::snn::experiments::regression::{Fit, Lags, Presented, Regression, RegressionTask};
use crate::workers::events::Events;
use crate::workers::thread::pace::Counts;
use crate::workers::thread::paced::{Paced, Runner, Status};

/// The view is renewed so often.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);
/// Presentations of a second, in the beginning.
pub const USUAL_SPEED: f64 = 1000.0;

/// What the thread can be told.
#[derive(Clone, Debug)]
pub enum RegressionCommand {
    /// Begin anew.
    Load(Box<RegressionTask>),
    /// Make so many presentations, whether it runs or not.
    Steps(u64),
    /// Count the pairs of spikes of this hidden neuron with the output.
    Choose(usize),
}

/// The run as the window sees it.
#[derive(Clone, Debug, Default)]
pub struct RegressionView {
    /// Grows with every run begun.
    pub generation: u64,
    /// What is learned; `None` before the first run.
    pub task: Option<RegressionTask>,
    /// Presentations so far.
    pub done: u64,
    /// How well the curve was known, from the beginning on.
    pub fits: Arc<Vec<Fit>>,
    /// The newest presentation.
    pub last: Presented,
    /// Pairs of spikes of the chosen synapse, and of all onto the output.
    pub lags: (Lags, Lags),
    /// Whether it goes at this moment, and whether it was to run when this was made.
    pub goes: bool,
    pub running: bool,
    /// Presentations of a second, while it runs.
    pub speed: Option<f64>,
    /// Why it cannot go on.
    pub failure: Option<String>,
}

/// The thread, from the window's side.
pub type RegressionThread = Paced<RegressionRunner>;

impl RegressionThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let make = RegressionRunner::default;
        Self::spawn("regression", "regression task", USUAL_SPEED, PUBLISH_EVERY, events, make)
    }
}

/// The run.
#[derive(Default)]
pub struct RegressionRunner {
    run: Option<Regression>,
    generation: u64,
    neuron: usize,
}

impl Runner for RegressionRunner {
    type Command = RegressionCommand;
    type View = RegressionView;

    const FOR_SHOW: bool = true;

    fn failure(why: &str) -> String {
        format!(
            "The regression cannot go on: {why}. What it has learned stays in view; Again begins anew."
        )
    }

    fn failed(before: &RegressionView, failure: String) -> RegressionView {
        RegressionView { goes: false, speed: None, failure: Some(failure), ..before.clone() }
    }

    fn is_loaded(&self) -> bool {
        self.run.as_ref().is_some_and(|run| !run.is_over())
    }

    fn carry_out(&mut self, command: RegressionCommand, at: &mut Status) -> Result<(), SnnError> {
        match command {
            RegressionCommand::Load(task) => {
                self.generation += 1;
                self.run = None;
                (at.failure, at.stale) = (None, true);
                let mut run = Regression::new(&task)?;
                run.choose(self.neuron);
                self.run = Some(run);
                Ok(())
            }
            RegressionCommand::Steps(steps) if at.failure.is_none() => self.steps(steps, at),
            RegressionCommand::Steps(_) => Ok(()),
            RegressionCommand::Choose(hidden) => {
                self.neuron = hidden;
                if let Some(run) = &mut self.run {
                    run.choose(hidden);
                    at.stale = true;
                }
                Ok(())
            }
        }
    }

    fn steps(&mut self, steps: u64, at: &mut Status) -> Result<(), SnnError> {
        let Some(run) = self.run.as_mut().filter(|_| steps > 0) else { return Ok(()) };
        at.stale = true;
        run.advance(usize::try_from(steps).unwrap_or(usize::MAX)).map(drop)
    }

    fn counts(&self) -> Counts {
        let done = self.run.as_ref().map_or(0, Regression::done) as u64;
        Counts { steps: done, events: 0, images: 0 }
    }

    fn view(
        &mut self,
        before: &RegressionView,
        at: &Status,
    ) -> Result<Option<RegressionView>, SnnError> {
        let mut view = RegressionView {
            generation: self.generation,
            goes: at.goes,
            running: at.running,
            speed: at.rates.map(|r| r.steps),
            failure: at.failure.clone(),
            ..before.clone()
        };
        if let Some(run) = &self.run {
            view.task = Some(*run.task());
            view.done = run.done() as u64;
            if view.fits.as_slice() != run.fits() {
                view.fits = Arc::new(run.fits().to_vec());
            }
            view.last.clone_from(run.last());
            let (one, all) = run.lags();
            view.lags = (one.clone(), all.clone());
        }
        Ok(Some(view))
    }
}

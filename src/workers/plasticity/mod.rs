//! The threads of the Plasticity lab.
//!
//! * `plasticity` answers questions ([`Experiment`]): only the newest counts. A
//!   longer experiment publishes its results as they come, so that one can watch,
//!   and ends when another is asked.
//! * `pattern` ([`pattern`]) runs the neuron that finds a pattern, at the speed
//!   asked for.

pub mod pattern;

use std::sync::Arc;
use std::time::Duration;

use super::events::Events;
use super::thread::answering::{Answer, Answering, Reply};
use crate::snn::SnnError;
use crate::snn::experiments::bounds::{self, BoundsResult, BoundsTask};
use crate::snn::experiments::pairing_rate::{self, PairingRateCurve, PairingRateTask};
use crate::snn::experiments::slope_window::{self, SlopeResult, SlopeTask};
use crate::snn::experiments::story::{self, StoryResult, StoryTask};
use crate::snn::experiments::window::{self, WindowResult, WindowTask};

/// Between two views of a longer experiment: it should be seen to grow, and the
/// window not be flooded.
const PART_TAKES: Duration = Duration::from_millis(60);

/// What can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Experiment {
    /// The windows of some rules.
    Windows(Vec<WindowTask>),
    /// One synapse, step by step.
    Story(Box<StoryTask>),
    /// How often a pair is repeated.
    PairingRate(Box<PairingRateTask>),
    /// What keeps weights in check.
    Bounds(Box<BoundsTask>),
    /// Bengio's rule.
    Slope(SlopeTask),
}

/// The newest answers, each with the number of its question.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// To [`Experiment::Windows`], in the order asked.
    pub windows: Option<Arc<(u64, Vec<WindowResult>)>>,
    /// To [`Experiment::Story`].
    pub story: Option<Arc<(u64, StoryResult)>>,
    /// To [`Experiment::PairingRate`].
    pub pairing_rate: Option<Arc<(u64, Vec<PairingRateCurve>)>>,
    /// To [`Experiment::Bounds`].
    pub bounds: Option<Arc<(u64, BoundsResult)>>,
    /// To [`Experiment::Slope`].
    pub slope: Option<Arc<(u64, SlopeResult)>>,
}

impl Answer<Asked> for Results {
    fn failure(why: &str) -> String {
        format!(
            "The experiment cannot be done: {why}. Change the setting that it names, or press Reset."
        )
    }
}

/// An experiment, after the number that its results will carry.
pub type Asked = (u64, Experiment);

/// The thread, from the window's side. What was asked before is no longer answered.
pub type Experiments = Answering<Asked, Results>;

impl Experiments {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let answer = |asked: &Asked, reply: &Reply<Asked, Results>| {
            answer(asked, reply).map_err(|error| error.to_string())
        };
        Answering::spawn("plasticity", events, move || answer)
    }
}

/// Publishes a part of a longer experiment; whether to go on.
fn part(reply: &Reply<Asked, Results>, change: impl FnOnce(&mut Results)) -> bool {
    reply.change(change);
    if reply.is_newest() {
        std::thread::sleep(PART_TAKES);
        return true;
    }
    false
}

fn answer(
    (serial, experiment): &Asked,
    reply: &Reply<Asked, Results>,
) -> Result<Option<Results>, SnnError> {
    let serial = *serial;
    match experiment {
        Experiment::Windows(tasks) => {
            let mut windows = Vec::with_capacity(tasks.len());
            for task in tasks {
                let Some(window) = window::measure_while(task, &mut || reply.is_awaited())? else {
                    return Ok(None);
                };
                windows.push(window);
            }
            reply.change(|r| r.windows = Some(Arc::new((serial, windows))));
        }
        Experiment::Story(task) => {
            let story = story::run(task)?;
            reply.change(|r| r.story = Some(Arc::new((serial, story))));
        }
        Experiment::PairingRate(task) => pairing_rate::measure(task, &mut |curves| {
            reply.change(|r| r.pairing_rate = Some(Arc::new((serial, curves))));
            reply.is_newest()
        })?,
        Experiment::Bounds(task) => bounds::run(task, &mut |result| {
            part(reply, |r| r.bounds = Some(Arc::new((serial, result))))
        })?,
        Experiment::Slope(task) => slope_window::run(task, &mut |result| {
            part(reply, |r| r.slope = Some(Arc::new((serial, result))))
        })?,
    }
    Ok(None)
}

//! The `experiments` thread: the Neuron lab's measurements. Only the newest question
//! counts. A longer one publishes its results as they come, so that one can watch, and
//! ends when another is asked.

mod curve;
mod first_layer;
mod nir;

use std::sync::Arc;

use super::events::Events;
use super::thread::answering::{Answer, Answering, Reply};
use crate::snn::SnnError;
use crate::snn::experiments::{codes, unit};

pub use crate::snn::experiments::MakeEngine;
pub use crate::snn::experiments::codes::{CodeResult, CodesResult, CodesTask};
pub use crate::snn::experiments::unit::{SweepPoint, UnitResult, UnitStep, UnitTask};
pub use curve::{CurveResult, CurveTask};
pub use first_layer::{first_layer, first_layer_units, strongest_unit};
pub use nir::{NirAnswer, NirInput, NirRan, NirRead, NirTask, Opened};

/// What can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Experiment {
    /// How fast a neuron fires at each of some currents.
    RateCurve(CurveTask),
    /// The artificial neuron beside the biological one.
    Unit(UnitTask),
    /// An intensity in several codes.
    Codes(Box<CodesTask>),
    /// A network of another program.
    Nir(Box<NirTask>),
}

/// The newest answers, each with the number of its question.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// To [`Experiment::RateCurve`].
    pub curve: Option<Arc<(u64, CurveResult)>>,
    /// To [`Experiment::Unit`].
    pub unit: Option<Arc<(u64, UnitResult)>>,
    /// To [`Experiment::Codes`].
    pub codes: Option<Arc<(u64, CodesResult)>>,
    /// To [`Experiment::Nir`].
    pub nir: Option<Arc<(u64, NirAnswer)>>,
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
    pub fn start(make: MakeEngine, events: Events) -> std::io::Result<Self> {
        let answerer = move || {
            let mut opened = Opened::default();
            move |asked: &Asked, reply: &Reply<Asked, Results>| {
                answer(asked, make, &mut opened, reply).map_err(|error| error.to_string())
            }
        };
        Answering::spawn("experiments", events, answerer)
    }
}

fn answer(
    (serial, experiment): &Asked,
    make: MakeEngine,
    opened: &mut Opened,
    reply: &Reply<Asked, Results>,
) -> Result<Option<Results>, SnnError> {
    let serial = *serial;
    match experiment {
        Experiment::RateCurve(task) => curve::measure(task, make, &mut |result| {
            reply.change(|r| r.curve = Some(Arc::new((serial, result))));
            reply.is_newest()
        })?,
        Experiment::Unit(task) => {
            let result = unit::run(task, make)?;
            reply.change(|r| r.unit = Some(Arc::new((serial, result))));
        }
        // An older question is answered to its end, so that a slider that is
        // dragged shows something.
        Experiment::Codes(task) => {
            if let Some(result) = codes::run(task, &|| reply.is_awaited()) {
                reply.change(|r| r.codes = Some(Arc::new((serial, result))));
            }
        }
        Experiment::Nir(task) => {
            if let Some(result) = opened.run(task, &|| reply.is_newest()) {
                reply.change(|r| r.nir = Some(Arc::new((serial, result))));
            }
        }
    }
    Ok(None)
}

//! The `experiments` thread: small simulations with an answer, for the Neuron
//! lab. Only the newest question counts; a longer one publishes what it has so
//! far, so that one can watch it being measured, and ends when another comes.

mod curve;
mod first_layer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;

use super::events::{Event, Events};
use super::latest::{Inbox, Slot};
use crate::snn::SnnError;
use crate::snn::experiments::{codes, unit};

pub use crate::snn::experiments::MakeEngine;
pub use crate::snn::experiments::codes::{CodeResult, CodesResult, CodesTask};
pub use crate::snn::experiments::unit::{SweepPoint, UnitResult, UnitStep, UnitTask};
pub use curve::{CurveResult, CurveTask};
pub use first_layer::{first_layer, first_layer_units, strongest_unit};

/// What can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Experiment {
    /// How fast a neuron fires at each of some currents.
    RateCurve(CurveTask),
    /// The artificial neuron beside the biological one.
    Unit(UnitTask),
    /// An intensity in several codes.
    Codes(Box<CodesTask>),
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
}

/// The thread, from the window's side.
pub struct Experiments {
    questions: Arc<Inbox<(u64, Experiment)>>,
    newest: Arc<AtomicU64>,
    results: Arc<Slot<Results>>,
    thread: Option<JoinHandle<()>>,
}

impl Experiments {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(make: MakeEngine, events: Events) -> std::io::Result<Self> {
        let (questions, newest) = (Arc::<Inbox<_>>::default(), Arc::<AtomicU64>::default());
        let results = Arc::new(Slot::new(Results::default()));
        let desk = Desk {
            questions: Arc::clone(&questions),
            newest: Arc::clone(&newest),
            results: Arc::clone(&results),
            events,
            make,
        };
        let builder = std::thread::Builder::new().name("experiments".into());
        let thread = Some(builder.spawn(move || desk.work())?);
        Ok(Self { questions, newest, results, thread })
    }

    /// Asks; what was asked before is no longer answered.
    pub fn ask(&self, serial: u64, experiment: Experiment) {
        self.newest.store(serial, Relaxed);
        self.questions.put((serial, experiment));
    }

    /// The newest answers.
    pub fn results(&self) -> Arc<Results> {
        self.results.get()
    }
}

impl Drop for Experiments {
    fn drop(&mut self) {
        self.newest.store(u64::MAX, Relaxed);
        self.questions.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Desk {
    questions: Arc<Inbox<(u64, Experiment)>>,
    newest: Arc<AtomicU64>,
    results: Arc<Slot<Results>>,
    events: Events,
    make: MakeEngine,
}

impl Desk {
    fn work(self) {
        while let Some((serial, experiment)) = self.questions.wait() {
            let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                self.answer(serial, &experiment)
            }));
            let failure = match answered {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => {
                    format!(
                        "The experiment cannot be done: {error}. Change the setting that it names, or press Reset."
                    )
                }
                Err(_) => {
                    "The experiment failed by a mistake in the program. Reset begins anew.".into()
                }
            };
            self.events.send(Event::Failure(failure));
        }
    }

    /// Whether another question has come.
    fn outdated(&self, serial: u64) -> bool {
        self.newest.load(Relaxed) != serial
    }

    fn publish(&self, change: impl FnOnce(&mut Results)) {
        let mut results = Results::clone(&self.results.get());
        change(&mut results);
        self.results.put(results);
        self.events.wake();
    }

    fn answer(&self, serial: u64, experiment: &Experiment) -> Result<(), SnnError> {
        match experiment {
            Experiment::RateCurve(task) => curve::measure(task, self.make, &mut |result| {
                self.publish(|r| r.curve = Some(Arc::new((serial, result))));
                !self.outdated(serial)
            }),
            Experiment::Unit(task) => {
                let result = unit::run(task, self.make)?;
                self.publish(|r| r.unit = Some(Arc::new((serial, result))));
                Ok(())
            }
            Experiment::Codes(task) => {
                // An older question is answered to its end, so that a slider that is
                // dragged shows something.
                let go_on = || self.newest.load(Relaxed) != u64::MAX;
                let Some(result) = codes::run(task, &go_on) else { return Ok(()) };
                self.publish(|r| r.codes = Some(Arc::new((serial, result))));
                Ok(())
            }
        }
    }
}

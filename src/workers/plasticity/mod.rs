//! The threads of the Plasticity lab.
//!
//! * `plasticity` answers questions ([`Experiment`]): only the newest counts. A
//!   longer experiment publishes what it has so far, so that one can watch it,
//!   and ends when another is asked for.
//! * `pattern` ([`pattern`]) runs the neuron that finds a pattern, at the speed
//!   asked for.

pub mod pattern;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use super::events::{Event, Events};
use super::thread::latest::{Inbox, Slot};
use crate::snn::SnnError;
use crate::snn::experiments::bounds::{self, BoundsResult, BoundsTask};
use crate::snn::experiments::pairing_rate::{self, PairingRateCurve, PairingRateTask};
use crate::snn::experiments::slope_window::{self, SlopeResult, SlopeTask};
use crate::snn::experiments::story::{self, StoryResult, StoryTask};
use crate::snn::experiments::window::{self, WindowResult, WindowTask};

/// Between two views of a longer experiment: it should be seen to grow, and the
/// window not be flooded.
const PART_TAKES: Duration = Duration::from_millis(60);

/// The number of no question: the window closes.
const CLOSED: u64 = u64::MAX;

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

/// The thread, from the window's side.
pub struct Questions {
    questions: Arc<Inbox<(u64, Experiment)>>,
    newest: Arc<AtomicU64>,
    results: Arc<Slot<Results>>,
    thread: Option<JoinHandle<()>>,
}

impl Questions {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let (questions, newest) = (Arc::<Inbox<_>>::default(), Arc::<AtomicU64>::default());
        let results = Arc::new(Slot::new(Results::default()));
        let desk = Desk {
            questions: Arc::clone(&questions),
            newest: Arc::clone(&newest),
            results: Arc::clone(&results),
            events,
        };
        let builder = std::thread::Builder::new().name("plasticity".into());
        let thread = Some(builder.spawn(move || desk.work())?);
        Ok(Self { questions, newest, results, thread })
    }

    /// Asks; what was asked before is no longer answered.
    pub fn ask(&self, serial: u64, experiment: Experiment) {
        self.newest.store(serial, Relaxed);
        self.questions.put((serial, experiment));
    }

    /// Ends what is being answered; what it has found so far stays.
    pub fn stop(&self) {
        self.newest.store(0, Relaxed);
    }

    /// The newest answers.
    pub fn results(&self) -> Arc<Results> {
        self.results.get()
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        self.newest.store(CLOSED, Relaxed);
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
}

impl Desk {
    fn work(self) {
        while let Some((serial, experiment)) = self.questions.wait() {
            let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                self.answer(serial, &experiment)
            }));
            let failure = match answered {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => format!(
                    "The experiment cannot be done: {error}. Change the setting that it names, or press Reset."
                ),
                Err(_) => {
                    "The experiment failed by a mistake in the program. Reset begins anew.".into()
                }
            };
            self.events.send(Event::Failure(failure));
        }
    }

    /// Publishes; whether to go on.
    fn publish(&self, serial: u64, change: impl FnOnce(&mut Results)) -> bool {
        let mut results = Results::clone(&self.results.get());
        change(&mut results);
        self.results.put(results);
        self.events.wake();
        self.newest.load(Relaxed) == serial
    }

    /// The same for a part of a longer experiment.
    fn part(&self, serial: u64, change: impl FnOnce(&mut Results)) -> bool {
        let go_on = self.publish(serial, change);
        if go_on {
            std::thread::sleep(PART_TAKES);
        }
        go_on
    }

    fn answer(&self, serial: u64, experiment: &Experiment) -> Result<(), SnnError> {
        match experiment {
            Experiment::Windows(tasks) => {
                let mut go_on = || self.newest.load(Relaxed) != CLOSED;
                let mut windows = Vec::with_capacity(tasks.len());
                for task in tasks {
                    let Some(window) = window::measure_while(task, &mut go_on)? else {
                        return Ok(());
                    };
                    windows.push(window);
                }
                self.publish(serial, |r| r.windows = Some(Arc::new((serial, windows))));
                Ok(())
            }
            Experiment::Story(task) => {
                let told = story::run(task)?;
                self.publish(serial, |r| r.story = Some(Arc::new((serial, told))));
                Ok(())
            }
            Experiment::PairingRate(task) => pairing_rate::measure(task, &mut |curves| {
                self.publish(serial, |r| r.pairing_rate = Some(Arc::new((serial, curves))))
            }),
            Experiment::Bounds(task) => bounds::run(task, &mut |result| {
                self.part(serial, |r| r.bounds = Some(Arc::new((serial, result))))
            }),
            Experiment::Slope(task) => slope_window::run(task, &mut |result| {
                self.part(serial, |r| r.slope = Some(Arc::new((serial, result))))
            }),
        }
    }
}

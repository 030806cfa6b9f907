//! The `scrub` thread: shows a run as it was at any moment of its history.
//!
//! The window leaves a [`Question`] (the newest counts) whenever what it wants to
//! see has changed: another moment, layer or digit, or more snapshots of a run
//! that goes on. A jump is answered first and published whole. What takes longer,
//! the confusion matrix at that moment and the course of single weights, is done
//! piece by piece while no newer question waits, so a jump never waits for it and
//! leaving the moment is what cancels it.
//!
//! * [`bank`]: arrays of weights as pictures
//! * [`session`]: a run that is open, and what is computed of it

pub mod bank;
mod session;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::events::Events;
use super::latest::{Inbox, Slot};
use crate::ann::maps::Maps;
use crate::ann::snapshots::Moment;
use crate::ann::trainer::TrainConfig;
use crate::data::{CLASSES, Dataset, Pixels};
use bank::Bank;
use session::Session;

/// Single weights that can be followed at a time.
pub const FOLLOWED: usize = 6;

/// What the window wants to see.
#[derive(Clone)]
pub struct Question {
    /// Id of the run.
    pub run: String,
    /// Its settings.
    pub config: Arc<TrainConfig>,
    /// The moment: the snapshot at or before so many batches; `None`: the newest.
    pub step: Option<u64>,
    /// Changes are summed since the snapshot at or before so many batches.
    pub mark: u64,
    /// Number of the array of weights, among [`View::banks`].
    pub bank: usize,
    /// The current digit, if it is not blank.
    pub digit: Option<Box<Pixels>>,
    /// The data it was trained on, if the confusion on the held-out part is
    /// wanted.
    pub confusion: Option<Arc<Dataset>>,
    /// Single weights to follow: places among all the network's numbers.
    pub followed: Vec<usize>,
}

/// What can be seen of a run's history.
#[derive(Clone, Default)]
pub struct View {
    /// Id of the run.
    pub run: String,
    /// The arrays of weights of its network.
    pub banks: Arc<Vec<Bank>>,
    /// Number of each bank's array among [`Moment::moved`].
    pub arrays: Arc<Vec<usize>>,
    /// All moments, the oldest first.
    pub moments: Arc<Vec<Moment>>,
    /// Bytes on disk.
    pub bytes: u64,
    /// What had to be left out of its files.
    pub told: Option<String>,
    /// Why nothing, or not this moment, can be shown.
    pub failed: Option<String>,
    /// The moment shown.
    pub shown: Option<Arc<Shown>>,
    /// Confusion on the held-out digits.
    pub confusion: Confusion,
    /// The weights that are followed.
    pub tracks: Arc<Tracks>,
}

/// A moment of a run.
pub struct Shown {
    /// Another for each that is computed, as long as the program runs.
    pub serial: u64,
    /// Mini-batches trained.
    pub step: u64,
    /// Number of the array, among [`View::banks`].
    pub bank: usize,
    /// Its weights.
    pub weights: Vec<f32>,
    /// Its last update, to within a few percent of the largest, if kept.
    pub update: Option<Vec<f32>>,
    /// The change since the mark, and the batches trained at the mark.
    pub since: (u64, Vec<f32>),
    /// Largest magnitude of the array at the newest moment: the scale that holds
    /// for the whole run.
    pub most: f32,
    /// The digit that was asked about.
    pub digit: Option<Box<Pixels>>,
    /// The ten probabilities, and what comes out of each operation.
    pub answer: Option<([f32; CLASSES], Arc<Vec<Maps>>)>,
    /// From the question to the picture, ms.
    pub took_ms: f32,
}

/// Confusion on the held-out digits.
#[derive(Clone, Default)]
pub enum Confusion {
    /// Not asked for, or nothing was held out.
    #[default]
    None,
    /// At this many batches trained, being computed.
    Busy { step: u64, done: usize, total: usize },
    /// Computed for this many batches trained.
    Ready { step: u64, of: Arc<Judgement> },
}

/// How the held-out digits were answered at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Digits asked.
    pub digits: usize,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Counts by true and by answered digit.
    pub confusion: [[u32; CLASSES]; CLASSES],
}

/// Single weights over the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    /// Which; see [`Question::followed`].
    pub places: Vec<usize>,
    /// Batches trained, and each weight's value, by moment.
    pub points: Vec<(u64, Vec<f32>)>,
    /// Moments there are; fewer points while they are being read.
    pub of: usize,
}

/// Starts the thread. It ends when `inbox` is closed.
pub fn spawn(
    inbox: Arc<Inbox<Question>>,
    out: Arc<Slot<View>>,
    events: Events,
    runs_root: PathBuf,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("scrub".into()).spawn(move || {
        let mut open: Option<Session> = None;
        let publish = |view: View| {
            out.put(view);
            events.wake();
        };
        loop {
            let working = open.as_ref().is_some_and(Session::has_work);
            let question = if working { inbox.take() } else { inbox.wait().map(Some) };
            let Some(question) = question else { break };
            let turn = std::panic::AssertUnwindSafe(|| {
                if let Some(question) = question {
                    let same = open.take().filter(|s| s.is_of(&question));
                    let begun = match same {
                        Some(session) => Ok(session),
                        None => Session::open(&runs_root, &question),
                    };
                    match begun {
                        Ok(mut session) => {
                            publish(session.answer(question));
                            open = Some(session);
                        }
                        Err(text) => publish(View {
                            run: question.run,
                            failed: Some(text),
                            ..View::default()
                        }),
                    }
                } else if let Some(session) = &mut open
                    && session.work()
                {
                    publish(session.view());
                }
            });
            if let Err(panic) = std::panic::catch_unwind(turn) {
                open = None;
                let what = super::training::panic_text(&*panic);
                publish(View { failed: Some(format!("An error in the program ({what}); please report it. The run itself is untouched")), ..View::default() });
            }
        }
    })
}

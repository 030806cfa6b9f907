//! The `scrub` thread: shows a run at any moment of its history.
//!
//! The window asks a [`MomentQuestion`] (only the newest counts) whenever it wants to see
//! something else: another moment, layer or digit, or new snapshots of a running
//! training. A jump is answered first and published whole. What takes longer, the
//! confusion matrix at that moment and the path of single weights, is done piece by
//! piece while no newer question waits; so a jump never waits for it, and leaving
//! the moment cancels it.
//!
//! * [`bank`]: arrays of weights as images
//! * [`session`]: an open run, and what is computed from it

pub mod bank;
mod session;

use std::path::PathBuf;
use std::sync::Arc;

use super::events::Events;
use super::thread::answering::{Answer, Answering, Reply};
use crate::ann::maps::Maps;
use crate::ann::scores::{Confusion as Counts, Scores};
use crate::ann::snapshots::Moment;
use crate::ann::trainer::TrainConfig;
use crate::data::{Dataset, Pixels};
use bank::Bank;
use session::Session;

/// Single weights that can be followed at a time.
pub const FOLLOWED: usize = 6;

/// What the window wants to see.
#[derive(Clone)]
pub struct MomentQuestion {
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
    pub left_out: Option<String>,
    /// Why nothing, or not this moment, can be shown.
    pub failed: Option<String>,
    /// The moment shown.
    pub shown: Option<Arc<MomentView>>,
    /// Confusion on the held-out digits.
    pub confusion: Confusion,
    /// The weights that are followed.
    pub tracks: Arc<Tracks>,
}

/// A moment of a run.
pub struct MomentView {
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
    /// All probabilities, and what comes out of each operation.
    pub answer: Option<(Scores, Arc<Vec<Maps>>)>,
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
    pub confusion: Counts,
}

/// Single weights over the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    /// Which; see [`MomentQuestion::followed`].
    pub places: Vec<usize>,
    /// Batches trained, and each weight's value, by moment.
    pub points: Vec<(u64, Vec<f32>)>,
    /// Moments there are; fewer points while they are being read.
    pub of: usize,
}

impl Answer<MomentQuestion> for View {
    fn failure(why: &str) -> String {
        format!("The run's history cannot be shown: {why}. The run itself is untouched.")
    }

    fn failed(_question: &MomentQuestion, failure: String) -> Option<Self> {
        Some(Self { failed: Some(failure), ..Self::default() })
    }
}

/// The thread, from the window's side.
pub type Scrubber = Answering<MomentQuestion, View>;

impl Scrubber {
    /// Starts the thread, for runs below `runs_root`.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(runs_root: PathBuf, events: Events) -> std::io::Result<Self> {
        Self::spawn("scrub", events, move || {
            let (runs_root, mut open) = (runs_root.clone(), None::<Session>);
            move |question: &MomentQuestion, reply: &Reply<MomentQuestion, View>| {
                let same = open.take().filter(|s| s.is_of(question));
                let begun = same.map_or_else(|| Session::open(&runs_root, question), Ok);
                let session = match begun {
                    Ok(session) => open.insert(session),
                    Err(text) => {
                        let run = question.run.clone();
                        return Ok(Some(View { run, failed: Some(text), ..View::default() }));
                    }
                };
                reply.publish(session.answer(question.clone()));
                while session.has_work() && reply.is_newest() {
                    if session.work() {
                        reply.publish(session.view());
                    }
                }
                Ok(None)
            }
        })
    }
}

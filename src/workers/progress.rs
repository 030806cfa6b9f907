//! A training run as the window shows it, and its switches: shared by the run in hand
//! ([`super::active`]) and the thread that drives it ([`super::training`]).

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::models::Model;
use super::recorder::HistoryStatus;
use super::runs::RunRecord;
use crate::ann::evaluate::Evaluation;
use crate::ann::rules::disturbance::Disturbance;
use crate::ann::rules::passage::Snapshot;
use crate::ann::rules::probe::ProbePoint;
use crate::ann::trainer::wires::Held;
use crate::ann::trainer::{LayerStats, RatePoint};
use crate::data::Dataset;

/// Switches that never queue behind work.
#[derive(Debug, Default)]
pub struct Control {
    /// Hold before the next mini-batch.
    pub paused: AtomicBool,
    /// End the run, keeping a checkpoint and the weights.
    pub stop: AtomicBool,
    /// The window closes: leave the run as it is, with a checkpoint.
    pub quit: AtomicBool,
    /// Somebody looks at the layers, so measure them.
    pub watched: AtomicBool,
    /// Let the network in training answer in the Draw workspace.
    pub live: AtomicBool,
    /// Somebody looks at what travels forward and back, so copy network and rule.
    pub passage: AtomicBool,
    /// Connections that get other weights before the next mini-batch; of each the newest.
    pub wires: Mutex<Held>,
}

impl Control {
    /// The weights that wait to be set.
    pub fn wires(&self) -> MutexGuard<'_, Held> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the trainer is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// No run in hand.
    #[default]
    Idle,
    /// Training.
    Training,
    /// Held between two mini-batches.
    Paused,
    /// All epochs are done; the test set is being evaluated.
    Testing { done: usize, total: usize },
    /// Done and saved.
    Finished,
    /// Ended by the user and saved.
    Stopped,
    /// Ended by an error; the message says what was kept.
    Failed(String),
}

impl Phase {
    /// Whether a run is in hand that has not ended.
    pub fn in_hand(&self) -> bool {
        matches!(self, Self::Training | Self::Paused | Self::Testing { .. })
    }
}

/// A network's answers on a held-out set.
pub struct Judged {
    /// For people: `validation split` or `test set`.
    pub of: &'static str,
    /// After so many epochs.
    pub epoch: usize,
    /// The digits that were asked.
    pub data: Arc<Dataset>,
    /// What was answered.
    pub evaluation: Evaluation,
}

/// Everything the window shows of a run.
#[derive(Clone, Default)]
pub struct TrainingView {
    /// What the trainer is doing.
    pub phase: Phase,
    /// The run in hand, or the last one.
    pub record: Option<Arc<RunRecord>>,
    /// Epochs finished, and mini-batches done in the current one, of how many.
    pub epoch: usize,
    /// Mini-batches done in the epoch.
    pub batch: usize,
    /// Mini-batches of an epoch.
    pub batches: usize,
    /// Training speed over the last seconds.
    pub images_per_s: Option<f64>,
    /// Seconds to the end at that speed.
    pub left_s: Option<f64>,
    /// Sizes and histograms of the last update, layer by layer.
    pub layers: Arc<Vec<LayerStats>>,
    /// The newest answers on held-out digits.
    pub judged: Option<Arc<Judged>>,
    /// What is on disk of its history.
    pub history: HistoryStatus,
    /// The network as it is now, if it is to answer in the Draw workspace.
    pub model: Option<Arc<Model>>,
    /// How far updates were from the true gradient, if the run measures it.
    pub probes: Arc<Vec<ProbePoint>>,
    /// How much layers fire, of a network of spikes.
    pub rates: Arc<Vec<RatePoint>>,
    /// What is done to errors on their way back.
    pub disturbance: Disturbance,
    /// Connections that are held by hand, with their weights.
    pub held: Arc<Held>,
    /// Network and rule as they were a moment ago, if somebody looks; kept after the run.
    pub snapshot: Option<Arc<Snapshot>>,
}

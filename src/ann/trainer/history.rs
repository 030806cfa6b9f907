//! What is recorded of a run.

use serde::{Deserialize, Serialize};

use super::config::MOST_EPOCHS;
use crate::ann::rules::disturbance::Disturbance;
use crate::ann::rules::probe::ProbePoint;

/// One mini-batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchPoint {
    /// Its number, from 1.
    pub step: u64,
    /// Mean cross-entropy before the update, nats.
    pub loss: f32,
    /// Share answered rightly, 0 to 1.
    pub accuracy: f32,
}

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochPoint {
    /// Its number, from 1.
    pub epoch: usize,
    /// Mean over the epoch's mini-batches, each before its update, with dropout.
    pub train_loss: f32,
    /// Likewise, 0 to 1.
    pub train_accuracy: f32,
    /// On the held-out digits after the epoch; `None` if none are held out.
    pub validation_loss: Option<f32>,
    /// Likewise, 0 to 1.
    pub validation_accuracy: Option<f32>,
}

impl EpochPoint {
    /// Whether a run of ours could have recorded it: what is read from a file may
    /// be anything.
    pub fn is_sound(&self) -> bool {
        let loss = |v: f32| v.is_finite() && v >= 0.0;
        let share = |v: f32| (0.0..=1.0).contains(&v);
        (1..=MOST_EPOCHS).contains(&self.epoch)
            && loss(self.train_loss)
            && share(self.train_accuracy)
            && self.validation_loss.is_none_or(loss)
            && self.validation_accuracy.is_none_or(share)
    }
}

/// How much the layers of a network of spikes fire at some moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatePoint {
    /// Mini-batches before it.
    pub step: u64,
    /// From the picture on.
    pub layers: Vec<LayerRate>,
}

/// One layer of spiking neurons, on some training digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerRate {
    /// For people: `LIF 1`.
    pub name: String,
    /// Neurons.
    pub units: usize,
    /// Share of steps with a spike, 0 to 1.
    pub rate: f32,
    /// Neurons that never spike.
    pub silent: usize,
    /// Neurons that spike at nearly all steps.
    pub saturated: usize,
}

impl RatePoint {
    /// Whether a run of ours could have recorded it.
    pub fn is_sound(&self) -> bool {
        self.layers.len() <= 64
            && self.layers.iter().all(|l| {
                l.name.len() <= 64
                    && (0.0..=1.0).contains(&l.rate)
                    && l.silent <= l.units
                    && l.saturated <= l.units
            })
    }
}

/// Everything recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// By mini-batch; `step` counts up from 1 without gaps.
    pub batches: Vec<BatchPoint>,
    /// By epoch.
    pub epochs: Vec<EpochPoint>,
    /// How far updates were from the true gradient, if the run measures it.
    pub probes: Vec<ProbePoint>,
    /// How much layers fire, of a network of spikes.
    pub rates: Vec<RatePoint>,
    /// What was done to errors on their way back, and from which step on.
    pub disturbances: Vec<(u64, Disturbance)>,
}

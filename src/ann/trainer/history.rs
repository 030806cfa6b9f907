//! What is recorded of a run.

use serde::{Deserialize, Serialize};

use super::TrainConfig;
use crate::core::bounds::{Bounded, Bounds, SHARE, Span};

/// Losses that a record may have.
const LOSS: Span = (0.0, 1e9);

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

impl Bounded for EpochPoint {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { epoch, train_loss, train_accuracy, validation_loss, validation_accuracy } = self;
        to.number("epoch", epoch, TrainConfig::EPOCHS);
        to.number("train_loss", train_loss, LOSS);
        to.number("train_accuracy", train_accuracy, SHARE);
        to.optional("validation_loss", validation_loss, LOSS);
        to.optional("validation_accuracy", validation_accuracy, SHARE);
    }
}

/// Everything recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// By mini-batch; `step` counts up from 1 without gaps.
    pub batches: Vec<BatchPoint>,
    /// By epoch.
    pub epochs: Vec<EpochPoint>,
}

//! What computes a run's steps.

use super::average::Average;
use super::{Sums, TrainConfig};
use crate::ann::device::session::Session;
use crate::ann::learner::Learner;
use crate::ann::network::Network;
use crate::ann::optimiser::OptimiserState;
use crate::ann::{AnnError, device};

/// How a step is computed.
pub(super) enum Backend {
    /// By this program's own operations.
    Own(Box<Learner>),
    /// On a device of candle's, where the weights then live: `network` and
    /// `optimiser` are as old as the beginning.
    Device(Box<OnDevice>),
}

/// A run on a device, and where it stood at the last copy (see [`Session`]).
pub(super) struct OnDevice {
    pub(super) session: Session,
    pub(super) epoch: usize,
    pub(super) batch: usize,
    pub(super) sums: Sums,
    pub(super) average: Average,
}

impl Backend {
    /// Copies of the matrices on the way back.
    pub(super) fn matrices(&self) -> Vec<Vec<f32>> {
        match self {
            Self::Own(learner) => learner.method().matrices().iter().map(|m| m.to_vec()).collect(),
            Self::Device(_) => Vec::new(),
        }
    }

    /// As the settings say, for so many digits; a run on a device begins with this
    /// network and what its optimiser keeps.
    pub(super) fn new(
        config: &TrainConfig,
        digits: usize,
        network: &Network,
        optimiser: &OptimiserState,
    ) -> Result<Self, AnnError> {
        let declared = device::get(&config.device)?;
        let Some(device) = declared.open()? else {
            // No batch is larger than all digits together.
            let batch = config.batch_size.min(digits);
            let method = config.rule.begin(network, &config.optimiser, config.seed)?;
            let learner = Learner::new(network, method, batch, config.threads);
            return Ok(Self::Own(Box::new(learner)));
        };
        let (updates, kept) = optimiser.parts();
        let optimiser = (&config.optimiser, (updates, kept.to_vec()));
        let session = Session::new(declared, device, network, optimiser, 0)?;
        let (sums, average) = (Sums::default(), Average::default());
        Ok(Self::Device(Box::new(OnDevice { session, epoch: 0, batch: 0, sums, average })))
    }
}

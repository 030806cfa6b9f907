//! The mean of the weights over the last epochs (Polyak and Juditsky 1992).
//!
//! Adadelta's steps do not shrink, so the last weights are wherever the last
//! batches pushed them. Their mean over many steps lies closer to the middle of
//! the valley, and answers new digits better.

use crate::ann::network::Network;

/// Steps from one sample to the next: neighbours hardly differ.
pub(super) const EVERY: u64 = 8;

/// A running mean of all parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Average {
    /// In the order of [`Network::parameters`]; empty before the first sample.
    pub values: Vec<Vec<f32>>,
    /// Samples in it.
    pub count: u64,
}

impl Average {
    /// Takes the weights after step `step` in, if it is the turn of that step.
    pub fn sample(&mut self, network: &Network, step: u64) {
        if !step.is_multiple_of(EVERY) {
            return;
        }
        self.count += 1;
        if self.count == 1 {
            self.values = network.values();
            return;
        }
        let share = 1.0 / self.count as f32;
        for (mean, parameter) in self.values.iter_mut().zip(network.parameters()) {
            for (m, w) in mean.iter_mut().zip(parameter.values) {
                *m += share * (w - *m);
            }
        }
    }

    /// The network with the mean of the weights; `None` without a sample.
    pub fn network(&self, like: &Network) -> Option<Network> {
        (self.count > 0).then(|| {
            let mut network = like.clone();
            network.set_values(&self.values);
            network
        })
    }
}

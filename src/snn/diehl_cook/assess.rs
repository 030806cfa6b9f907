//! What a network that has learnt answers: images are shown with weights and θ
//! frozen, several side by side.

use super::protocol::{Protocol, ProtocolSettings};
use super::{DiehlCook, PLASTIC, THETA, set_training};
use crate::data::{PIXELS, Pixels};
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;

/// Spikes of the excitatory neurons that spiked at all: (neuron, spikes).
pub type Counts = Vec<(u32, u32)>;

/// Networks that show images at the same time. A number that has nothing to do with
/// the machine, because what is shown before an image has an influence on it (150 ms
/// of rest do not wipe everything out).
const SIDE_BY_SIDE: usize = 8;

/// Of the counts of all neurons, those that are not zero.
pub fn sparse(counts: &[u32]) -> Counts {
    let spiked = counts.iter().enumerate().filter(|(_, c)| **c > 0);
    spiked.map(|(j, c)| (j as u32, *c)).collect()
}

/// The counts of all neurons, those that did not spike included.
pub fn dense(counts: &Counts, neurons: usize) -> Vec<u32> {
    let mut all = vec![0; neurons];
    for (neuron, count) in counts {
        if let Some(place) = all.get_mut(*neuron as usize) {
            *place = *count;
        }
    }
    all
}

/// A frozen network.
pub struct Frozen {
    engine: CpuEngine,
}

impl Frozen {
    /// With these weights `[pixel][neuron]` and θ, mV, on this many threads (which
    /// changes nothing but the time it takes).
    ///
    /// # Errors
    /// Weights or θ of another size than the description.
    pub fn new(
        config: &DiehlCook,
        weights: &[f32],
        theta: &[f32],
        threads: usize,
    ) -> Result<Self, SnnError> {
        let mut new = Self::as_is(config, weights, theta, threads)?;
        new.engine.normalise(PLASTIC)?;
        Ok(new)
    }

    /// Likewise, with weights whose sums are not made good: of a network that was
    /// damaged.
    ///
    /// # Errors
    /// As for [`Frozen::new`].
    pub fn as_is(
        config: &DiehlCook,
        weights: &[f32],
        theta: &[f32],
        threads: usize,
    ) -> Result<Self, SnnError> {
        let config = DiehlCook { replicas: SIDE_BY_SIDE, ..config.clone() };
        let mut engine = CpuEngine::new(&config.spec().build()?, threads);
        engine.set_weights(PLASTIC, weights)?;
        engine.set_state(0, THETA, 0, theta)?;
        set_training(&mut engine, false)?;
        Ok(Self { engine })
    }

    /// Shows images, the first with number 0, and gives `count` the spikes of each, or
    /// `None` where it was given up ([`ProtocolSettings::most_times`]); not in their
    /// order, since one that raised too few is shown again. `goes_on` is told how many
    /// are done and may end it. Returns whether all were shown.
    ///
    /// # Errors
    /// As the engine's.
    pub fn show(
        &mut self,
        settings: ProtocolSettings,
        (images, pixels): (usize, &dyn Fn(usize) -> Pixels),
        count: &mut dyn FnMut(usize, Option<&[u32]>),
        goes_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<bool, SnnError> {
        let settings = ProtocolSettings { normalise: false, ..settings };
        let mut protocol = Protocol::new(settings, SIDE_BY_SIDE, 0);
        let mut source = |n: u64| ((n as usize) < images).then(|| pixels(n as usize));
        let mut done = 0;
        while let Some(passed) = protocol.advance(&mut self.engine, &mut source, u64::MAX)? {
            done += passed.images();
            passed.shown.iter().for_each(|s| count(s.image as usize, Some(&s.counts)));
            passed.unanswered.iter().for_each(|u| count(u.image as usize, None));
            if !goes_on(done) {
                return Ok(false);
            }
        }
        for replica in 0..SIDE_BY_SIDE {
            self.engine.set_rates(0, replica, &[0.0; PIXELS])?;
        }
        Ok(true)
    }
}

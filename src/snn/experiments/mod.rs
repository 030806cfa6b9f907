//! Experiments, one file each: a task goes in, a result comes out; all randomness
//! follows from a seed. Each is one function, `run` or `measure`, which
//! needs no window. Long ones tell what they have so far and ask whether to go on.
//! All of them run on an engine, none has a model or a rule of its own.
//!
//! Of single neurons:
//! * [`two_neurons`]: Fig. 1, spikes of one neuron produce spikes in another
//! * [`curve`]: the f–I curve of a model, measured against its equations
//! * [`mod@unit`]: Fig. 3, the artificial neuron beside the biological one
//! * [`codes`]: an intensity, and a picture, in several codes
//!
//! Of plastic synapses:
//! * [`pairing`]: the network that pairs presynaptic and postsynaptic spikes
//! * [`window`]: the STDP window of a rule, measured against its formula
//! * [`story`]: one synapse, its traces and its weight, step by step
//! * [`pairing_rate`]: how often a pair is repeated decides its sign (triplets)
//! * [`bounds`]: weights without bounds, with hard and soft ones, normalised
//! * [`slope_window`]: Bengio's rule brings the STDP window forth
//! * [`regression`]: a curve is learned by contrastive Hebbian learning, with the window of
//!   its synapses
//! * [`pattern`]: a neuron finds a pattern of spikes that is hidden in noise

pub mod bounds;
pub mod codes;
pub mod curve;
pub mod pairing;
pub mod pairing_rate;
pub mod pattern;
pub mod regression;
pub mod slope_window;
pub mod story;
pub mod two_neurons;
pub mod unit;
pub mod window;

use super::cpu::CpuEngine;
use super::engine::Engine;
use super::error::SnnError;
use super::network::Network;

/// How many weights are in each of so many bins from `low` on; what lies outside is
/// counted in the outermost. A weight at the upper bound, 1, is in the bin below it.
pub fn histogram(weights: &[f32], low: f64, bin: f64, bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    for w in weights {
        let nudge = if *w >= 1.0 { -1e-6 } else { 1e-6 };
        let at = (f64::from(*w) - low) / bin + nudge;
        counts[(at.max(0.0) as usize).min(bins - 1)] += 1.0;
    }
    counts
}

/// Makes the engine for a network.
pub type MakeEngine = fn(Network) -> Result<Box<dyn Engine>, SnnError>;

/// Tells a result so far; whether to go on.
pub type Tell<'a, T> = &'a mut dyn FnMut(T) -> bool;

/// The engine for small networks: one thread of the processor is faster than a
/// graphics card's start-up.
///
/// # Errors
/// None: it runs every network.
pub fn cpu_engine(network: Network) -> Result<Box<dyn Engine>, SnnError> {
    Ok(Box::new(CpuEngine::new(&network, 1)))
}

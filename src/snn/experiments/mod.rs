//! Experiments with plastic synapses: one file each, pure and seeded. A task
//! goes in, a result comes out; long ones tell what they have so far and ask
//! whether to go on. All of them run on the engine, none has a rule of its own.
//!
//! * [`pairing`]: the network that pairs presynaptic and postsynaptic spikes
//! * [`window`]: the STDP window of a rule, measured against its formula
//! * [`story`]: one synapse, its traces and its weight, step by step
//! * [`pairing_rate`]: how often a pair is repeated decides its sign (triplets)
//! * [`bounds`]: weights without bounds, with hard and soft ones, normalised
//! * [`slope_window`]: Bengio's rule brings the STDP window forth
//! * [`pattern`]: a neuron finds a pattern of spikes that is hidden in noise

pub mod bounds;
pub mod pairing;
pub mod pairing_rate;
pub mod pattern;
pub mod slope_window;
pub mod story;
pub mod window;

/// Tells a result so far; whether to go on.
pub type Tell<'a, T> = &'a mut dyn FnMut(T) -> bool;

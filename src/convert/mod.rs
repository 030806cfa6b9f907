//! From rates to spikes: a trained network of ReLU units becomes one of
//! integrate-and-fire neurons with the same weights (report §3.5).
//!
//! A unit's activation a becomes the rate r = a / λ of a neuron that adds up its
//! input and fires at the threshold λ; a spike carries λ to the next layer. λ is
//! the largest activation on training images, or a percentile of them (Diehl et al.
//! 2015; Rueckauer et al. 2017), because a neuron fires at most once a step. Each
//! channel has its own (Kim et al. 2020), or all of a layer one. Potentials are kept
//! in thresholds, so λ is in the weights. Biases are constant currents. Nothing is
//! trained again.
//!
//! * [`recipe`]: what can be chosen, with its sources
//! * [`scales`]: λ, from activations
//! * [`network`]: the converted network, declared
//! * [`run`]: one picture, step by step
//! * [`sweep`]: many pictures: accuracy against steps, operations, early decisions
//! * [`likeness`]: activation against rate, unit by unit
//! * [`energy`]: what is counted as an operation, and operations in joules
//! * [`on_engine`]: the same network on the general spiking engines
//! * [`nir`]: the same network for other simulators
//! * [`direct`]: networks that were trained in spikes, on the general engines and as NIR
//! * [`contrastive`]: networks of spikes with connections both ways, on the general engines

pub mod contrastive;
pub mod direct;
pub mod energy;
pub mod likeness;
pub mod network;
pub mod nir;
pub mod on_engine;
pub mod recipe;
pub mod run;
pub mod scales;
pub mod sweep;

#[cfg(test)]
mod own_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod window_tests;

/// What stands in the way of a conversion.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConvertError {
    /// A layer that has no spiking counterpart here.
    #[error(
        "{network} cannot become a spiking network: {reason}. Choose one of dense layers or convolutions with ReLU"
    )]
    Layer { network: &'static str, reason: String },
    /// No image to take activations from.
    #[error("{network} cannot be scaled: there is no image to measure its activations on")]
    NoImages { network: &'static str },
    /// A network of spikes that engines and formats in steps have no word for.
    #[error(
        "{network} spikes as it was trained, but not on the general engines or in NIR: {reason}. Choose lif-dense, lif-conv or lif-recurrent"
    )]
    Direct { network: &'static str, reason: String },
    /// A network of spikes with connections both ways.
    #[error(
        "{network} spikes already, with connections both ways: there is nothing to convert, and what is read step by step and NIR have one way only. Choose lif-dense, lif-conv or lif-recurrent"
    )]
    BothWays { network: &'static str },
    /// The general engine cannot run it.
    #[error("{0}")]
    Engine(String),
}

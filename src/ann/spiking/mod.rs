//! Looking into deep networks of spiking neurons, of whatever sizes.
//!
//! * [`look`]: one picture: currents, membranes, spikes, the answer as it forms; credit back
//!   through time; traces of e-prop; times of first spikes
//! * [`activity`]: many pictures: rates, silent and saturated neurons, what a decision takes
//! * [`cost`]: what a decision takes, of all kinds of networks that spike
//! * [`phases`]: the phases of a network with connections both ways
//! * [`early`]: accuracy where it stops as soon as it is sure
//!
//! Looking changes nothing: all of it is computed anew from the weights.

pub mod activity;
pub mod cost;
pub mod early;
pub mod look;
pub mod phases;
#[cfg(test)]
mod tests;

use super::network::Network;
use super::ops::spiking::Neurons;
use super::zoo::{Layer, Spiking};

/// A layer of spiking neurons within a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Number of its step in the network's plan.
    pub step: usize,
    /// Number of its layer in the declaration.
    pub layer: usize,
    /// How its neurons work.
    pub neurons: Neurons,
    /// Whether they are connected among themselves.
    pub recurrent: bool,
}

/// The layers of spiking neurons that run over steps, from the picture on; none in other
/// networks.
pub fn places(network: &Network) -> Vec<Place> {
    let layers = (network.architecture().layers)();
    let steps = network.plan().steps.iter().enumerate();
    steps
        .filter_map(|(step, s)| {
            let layer = s.layers.0;
            match layers.get(layer)? {
                Layer::Spiking(Spiking::Lif(neurons)) => {
                    Some(Place { step, layer, neurons: *neurons, recurrent: false })
                }
                Layer::Spiking(Spiking::Recurrent { neurons, .. }) => {
                    Some(Place { step, layer, neurons: *neurons, recurrent: true })
                }
                _ => None,
            }
        })
        .collect()
}

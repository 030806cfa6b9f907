//! Networks that were trained in spikes, for other simulators: nothing is converted.
//!
//! [`Direct`] is such a network layer by layer, with its weights. [`engine`] describes it for
//! the general spiking engines, where every neuron spikes as it does in training, at the same
//! step; [`nir`] writes it for other programs.
//!
//! Neurons follow `v ← a·v + I`, `a = e^(−1/τ)`, spike where v > 1 and then lose 1
//! ([`crate::ann::ops::spiking`]).

pub mod engine;
pub mod nir;
#[cfg(test)]
mod tests;

use super::ConvertError;
use crate::ann::network::Network;
use crate::ann::ops::spiking::{Neurons, Out};
use crate::ann::zoo::{Activation, Layer, Spiking, summary};

/// A network of leaky integrate-and-fire neurons.
#[derive(Clone, Debug)]
pub struct Direct {
    /// For people: `LIF dense`.
    pub name: &'static str,
    /// Steps for which a picture is shown.
    pub steps: usize,
    /// Layers of neurons, from the picture on. Ten neurons that are counted are the last.
    pub layers: Vec<Population>,
    /// How the classes read spikes.
    pub read: Read,
}

/// A layer of neurons.
#[derive(Clone, Debug)]
pub struct Population {
    /// For people: `LIF 1`.
    pub name: String,
    /// Height, width, channels; numbers are in the order y, x, channel.
    pub shape: [usize; 3],
    /// Time constant, steps.
    pub tau: f32,
    /// From what lies before: the picture, or the layer of neurons before it.
    pub synapses: Synapses,
    /// Among themselves, `[from][to]`, a step later; empty if there are none.
    pub recurrent: Vec<f32>,
}

/// What comes in.
#[derive(Clone, Debug)]
pub struct Synapses {
    /// For people: `Dense 1`; `rows` of the picture.
    pub name: String,
    pub kind: Kind,
    pub weights: Vec<f32>,
    /// A constant current into each channel.
    pub bias: Vec<f32>,
}

/// How they are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All with all, `[from][to]`.
    Dense,
    /// A kernel k×k, weights `[row][column][channel in][channel out]`; of each 2×2 currents
    /// the largest where it is `pooled`.
    Conv { kernel: usize, input: [usize; 3], pooled: bool },
    /// All with all, `[from][to]`, from a row of the picture, each shown for as many steps.
    Rows,
}

/// How the classes read spikes.
#[derive(Clone, Debug)]
pub enum Read {
    /// How often each of the last ten neurons spikes: the share of steps, times `gain`.
    Count { gain: f32 },
    /// A leaky membrane of time constant `tau` (steps) without a threshold, which these
    /// synapses charge from the last layer; its mean over all steps, or its last value. The
    /// bias is added to that.
    Membrane { synapses: Synapses, tau: f32, last: bool },
}

/// Whether a network of these layers was trained in spikes that run over steps, or fire once.
pub fn is_direct(layers: &[Layer]) -> bool {
    layers.iter().any(|l| matches!(l, Layer::Spiking(_)))
}

impl Direct {
    /// Takes a network apart.
    ///
    /// # Errors
    /// [`ConvertError::Direct`] for what is no network of leaky integrate-and-fire neurons.
    pub fn new(network: &Network) -> Result<Self, ConvertError> {
        let name = network.architecture().name;
        let declared = (network.architecture().layers)();
        let lines = summary(&declared);
        let refuse =
            |reason: &str| Err(ConvertError::Direct { network: name, reason: reason.to_owned() });
        let mut layers: Vec<Population> = Vec::new();
        let mut pending: Option<Synapses> = None;
        let mut outs = Vec::new();
        for (number, layer) in declared.iter().enumerate() {
            // Where the plan computes it; pooling is computed with what lies before.
            let step = network.plan().steps.iter().position(|s| s.layers.0 == number);
            let plane = |step: usize| network.plan().steps[step].op.output();
            let shape = step.map(plane).map_or([0; 3], |p| [p.h, p.w, p.c]);
            let before = step.map(|step| network.plan().steps[step].op.input());
            let input = before.map_or([0; 3], |p| [p.h, p.w, p.c]);
            let synapses = |kind, units: usize| {
                let all = step.map_or(&[][..], |step| network.step_parameters(step));
                let (weights, bias) = all.split_at(all.len().saturating_sub(units));
                let (weights, bias) = (weights.to_vec(), bias.to_vec());
                Synapses { name: lines[number].name.clone(), kind, weights, bias }
            };
            match *layer {
                Layer::Dropout(_) => {}
                Layer::Dense { units, activation: Activation::Linear } if pending.is_none() => {
                    pending = Some(synapses(Kind::Dense, units));
                }
                Layer::Conv { kernel, filters } if pending.is_none() => {
                    pending = Some(synapses(Kind::Conv { kernel, input, pooled: false }, filters));
                }
                Layer::MaxPool => match &mut pending {
                    Some(Synapses { kind: Kind::Conv { pooled: pooled @ false, .. }, .. }) => {
                        *pooled = true;
                    }
                    _ => {
                        return refuse(&format!(
                            "its layer {} pools something else than the currents of a convolution",
                            lines[number].name
                        ));
                    }
                },
                Layer::Spiking(Spiking::Lif(neurons)) => {
                    let Some(synapses) = pending.take() else {
                        return refuse(&format!(
                            "nothing but the picture drives the neurons of its layer {}",
                            lines[number].name
                        ));
                    };
                    let name = lines[number].name.clone();
                    let (tau, recurrent) = (neurons.tau, Vec::new());
                    layers.push(Population { name, shape, tau, synapses, recurrent });
                    outs.push(neurons);
                }
                Layer::Spiking(Spiking::Recurrent { hidden, neurons }) if layers.is_empty() => {
                    let mut synapses = synapses(Kind::Rows, hidden);
                    synapses.name = "rows".into();
                    let recurrent = synapses.weights.split_off(input[1] * hidden);
                    let name = lines[number].name.clone();
                    layers.push(Population { name, shape, tau: neurons.tau, synapses, recurrent });
                    outs.push(neurons);
                }
                Layer::Convolution { activation: Activation::Linear, .. } => {
                    return refuse(&format!(
                        "its layer {} has a stride, padding or a window that is no square, which is not written for other engines here",
                        lines[number].name
                    ));
                }
                Layer::Pool { .. } => {
                    return refuse(&format!(
                        "its layer {} is not the largest of 2×2 currents, the only pooling of spikes that is written for other engines here",
                        lines[number].name
                    ));
                }
                Layer::Spiking(Spiking::FirstSpike { .. }) => {
                    return refuse(
                        "its neurons fire once, at exact times; general engines and NIR have neurons that move in steps",
                    );
                }
                Layer::Spiking(Spiking::Energy { .. }) => {
                    return Err(ConvertError::BothWays { network: name });
                }
                _ => return refuse(&format!("its layer {} does not spike", lines[number].name)),
            }
        }
        let Some(&Neurons { steps, tau: _, out }) = outs.last() else {
            return refuse("it has no layer of spiking neurons");
        };
        let read = match (out, pending) {
            (Out::Count { gain }, None) => Read::Count { gain },
            (Out::Membrane { tau }, Some(synapses)) => {
                Read::Membrane { synapses, tau, last: false }
            }
            (Out::Last { tau }, Some(synapses)) => Read::Membrane { synapses, tau, last: true },
            _ => return refuse("its classes read spikes in another way"),
        };
        Ok(Self { name, steps, layers, read })
    }

    /// How much a spike at each step counts in the read-out.
    pub fn read_weights(&self) -> Vec<f32> {
        let out = match self.read {
            Read::Count { gain } => Out::Count { gain },
            Read::Membrane { tau, last: false, .. } => Out::Membrane { tau },
            Read::Membrane { tau, last: true, .. } => Out::Last { tau },
        };
        Neurons { steps: self.steps, tau: 1.0, out }.weights()
    }
}

impl Population {
    /// Neurons.
    pub fn units(&self) -> usize {
        self.shape.iter().product()
    }
}

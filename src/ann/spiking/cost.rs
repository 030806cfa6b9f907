//! What a decision takes, whichever way a network spikes.

use rayon::prelude::*;

use super::activity::activity;
use super::look::first_spikes;
use super::phases::{self, operation};
use super::places;
use crate::ann::network::Network;
use crate::ann::ops::conv_stdp::learn::Competition;
use crate::ann::ops::conv_stdp::retina::FILTER;
use crate::ann::ops::conv_stdp::{ConvStdp, STEPS};
use crate::ann::ops::spiking::energy::{ANSWER_STEPS, ANSWERS, Phases};
use crate::ann::ops::spiking::first_spike::PAPER;
use crate::ann::zoo::Layer;
use crate::data::{CLASSES, PIXELS, Pixels};

/// Means per picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Cost {
    /// Steps to the answer; of neurons that fire once, time constants to the first class.
    pub time: f64,
    /// Spikes, of all neurons and, where they spike, of pixels.
    pub spikes: f64,
    /// Multiplications with addition: of constant currents with the first weights, and of
    /// what is read out.
    pub multiply_adds: f64,
    /// Additions of a weight that a spike causes.
    pub additions: f64,
    /// Updates of a membrane, where it changes at each step.
    pub updates: f64,
}

impl Cost {
    fn plus(self, other: Self) -> Self {
        Self {
            time: self.time + other.time,
            spikes: self.spikes + other.spikes,
            multiply_adds: self.multiply_adds + other.multiply_adds,
            additions: self.additions + other.additions,
            updates: self.updates + other.updates,
        }
    }

    fn over(self, n: f64) -> Self {
        Self {
            time: self.time / n,
            spikes: self.spikes / n,
            multiply_adds: self.multiply_adds / n,
            additions: self.additions / n,
            updates: self.updates / n,
        }
    }
}

/// What decisions about these pictures take, on the threads of the current pool; `None` for
/// networks without spikes, or without pictures.
pub fn cost(network: &Network, pictures: &[Pixels]) -> Option<Cost> {
    if pictures.is_empty() {
        return None;
    }
    if let Some(place) = places(network).first() {
        let activity = activity(network, pictures)?;
        return Some(Cost {
            time: place.neurons.steps as f64,
            spikes: activity.spikes,
            multiply_adds: activity.multiply_adds,
            additions: activity.additions,
            updates: activity.updates,
        });
    }
    let one = |picture: &Pixels| -> Option<Cost> {
        of_first_spikes(network, picture)
            .or_else(|| of_convolutions(network, picture))
            .or_else(|| of_both_ways(network, picture))
    };
    let each: Option<Vec<Cost>> = pictures.par_iter().map(one).collect();
    // One after another: sums do not depend on the threads.
    let sum = each?.into_iter().fold(Cost::default(), Cost::plus);
    Some(sum.over(pictures.len() as f64))
}

/// What has fired when the first class does; all that ever fires, if none does.
fn of_first_spikes(network: &Network, picture: &Pixels) -> Option<Cost> {
    let times = first_spikes(network, picture)?;
    let classes = times.last()?.iter().flatten();
    let end = classes.copied().fold(f32::INFINITY, f32::min);
    let ink = picture.iter().filter(|v| **v > 0.5).count();
    let paper = if PAPER.ln() <= end { PIXELS - ink } else { 0 };
    let mut before = ink + paper;
    let mut cost = Cost::default();
    for layer in &times {
        cost.additions += (before * layer.len()) as f64;
        cost.spikes += before as f64;
        before = layer.iter().flatten().filter(|t| **t <= end).count();
    }
    cost.spikes += before as f64;
    let latest = times.iter().flatten().flatten().copied().fold(0.0, f32::max);
    cost.time = f64::from(if end.is_finite() { end } else { latest });
    Some(cost)
}

fn of_convolutions(network: &Network, picture: &Pixels) -> Option<Cost> {
    let op = match (network.architecture().layers)()[..] {
        [Layer::ConvStdp(design)] => ConvStdp::new(network.plan().isa, *design),
        _ => return None,
    };
    // Who would learn is not asked.
    let nobody = [Competition { winners: 0, radius: 0 }; 2];
    let look = op.look(network.step_parameters(0), picture, nobody);
    Some(Cost {
        time: STEPS as f64,
        spikes: look.spikes as f64,
        // Centre and surround of each cell of the retina.
        multiply_adds: (PIXELS * FILTER * FILTER) as f64,
        additions: look.additions as f64,
        updates: 0.0,
    })
}

fn of_both_ways(network: &Network, picture: &Pixels) -> Option<Cost> {
    operation(network)?;
    let phases =
        Phases { free: ANSWER_STEPS, nudged: 1, window: 1, beta: 0.0, centred: true, target: 0.5 };
    let look = phases::look(network, picture, 0, &phases, ANSWERS)?;
    let fired = look.branches[0].spikes.iter().flatten();
    let (mut cost, hidden) = (Cost::default(), look.hidden);
    for neuron in fired {
        cost.spikes += 1.0;
        let onto = if (*neuron as usize) < hidden { CLASSES } else { hidden };
        cost.additions += onto as f64;
    }
    cost.time = ANSWER_STEPS as f64;
    cost.multiply_adds = (PIXELS * hidden) as f64;
    cost.updates = (ANSWER_STEPS * (hidden + CLASSES)) as f64;
    Some(cost)
}

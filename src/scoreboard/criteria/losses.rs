//! Networks that are damaged: neurons lost, synapses lost, weights blurred.

use super::curves::measure_loss;
use super::{Better, Criterion, Group, cell};
use crate::scoreboard::circuit::Loss;

const SHARES: [f64; 6] = [0.0, 10.0, 25.0, 50.0, 75.0, 90.0];
const BLUR: [f64; 6] = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0];

/// Hidden neurons are lost.
pub static NEURONS: Criterion = Criterion {
    id: "neurons-lost",
    name: "Loss of neurons",
    unit: "%",
    doc: "A share of the hidden neurons of each layer, from 0 to 90 %, is silent; of convolutions whole maps. The number is the area under accuracy over that share. Three damaged networks at each share, each asked a third of 1,000 test digits, of slow networks fewer. Spread: standard error over digits, or standard deviation over seeds.",
    group: Group::Robustness,
    better: Some(Better::High),
    measure: |subject, context| {
        cell(measure_loss(subject, Loss::Neurons, ("neurons lost, %", &SHARES), context))
    },
};

/// Synapses are lost.
pub static SYNAPSES: Criterion = Criterion {
    id: "synapses-lost",
    name: "Loss of synapses",
    unit: "%",
    doc: "A share of the weights of each layer, from 0 to 90 %, is set to zero; the others are not scaled up. The number is the area under accuracy over that share. Digits, damaged networks and spread as for the loss of neurons.",
    group: Group::Robustness,
    better: Some(Better::High),
    measure: |subject, context| {
        cell(measure_loss(subject, Loss::Synapses, ("synapses lost, %", &SHARES), context))
    },
};

/// Weights are blurred.
pub static WEIGHTS: Criterion = Criterion {
    id: "weight-noise",
    name: "Noise on weights",
    unit: "%",
    doc: "Each weight w becomes w (1 + σ n), where n is normal and σ from 0 to 1. The number is the area under accuracy over σ. Digits, damaged networks and spread as for the loss of neurons.",
    group: Group::Robustness,
    better: Some(Better::High),
    measure: |subject, context| {
        cell(measure_loss(subject, Loss::Precision, ("weight noise σ", &BLUR), context))
    },
};

//! What is drawn: a network that is small enough, and what it makes of the digit.

use std::sync::Arc;

use super::{MOST_LAYERS, MOST_UNITS};
use crate::ann::network::Network;
use crate::ann::scores::Scores;
use crate::ann::trainer::wires::{Held, Wire};
use crate::ann::zoo::Layer;
use crate::core::csv::{self, row};
use crate::data::ClassNames;

/// A dense layer of the network that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its step of the plan.
    pub step: usize,
    pub inputs: usize,
    pub units: usize,
}

impl Part {
    /// A connection of it. What comes after the last input is the bias.
    pub fn wire(&self, from: usize, to: usize) -> Wire {
        Wire { step: self.step, at: from * self.units + to }
    }
}

/// The dense layers of a network that is small enough to be drawn connection by connection.
pub fn parts(network: &Network) -> Option<Vec<Part>> {
    let layers = (network.architecture().layers)();
    let dense = |layer: &Layer| matches!(layer, Layer::Dense { .. } | Layer::Dropout(_));
    if !layers.iter().all(dense) {
        return None;
    }
    let steps = network.plan().steps.iter().enumerate();
    let learn = steps.filter(|(_, step)| !step.op.parameters().is_empty());
    let parts: Vec<Part> = learn
        .map(|(number, step)| {
            let (inputs, units) = (step.op.input().len(), step.op.output().len());
            Part { step: number, inputs, units }
        })
        .collect();
    let small = (2..=MOST_LAYERS).contains(&parts.len())
        && parts.iter().all(|part| part.units <= MOST_UNITS);
    small.then_some(parts)
}

/// What is drawn: a network, and what it makes of the digit.
pub struct Shown {
    /// For people.
    pub name: String,
    pub classes: ClassNames,
    pub network: Arc<Network>,
    pub parts: Vec<Part>,
    /// What goes into each step of the plan.
    pub planes: Vec<Vec<f32>>,
    pub answer: Scores,
    /// Whether a run goes on with it.
    pub in_hand: bool,
    pub held: Arc<Held>,
    /// Changes whenever a weight or the digit does.
    pub number: u64,
}

impl Shown {
    /// The weight of a connection of a layer.
    pub fn weight(&self, layer: usize, from: usize, to: usize) -> f32 {
        let part = self.parts[layer];
        self.network.step_parameters(part.step)[part.wire(from, to).at]
    }

    /// What comes out of a unit below a layer; 1 for the bias.
    pub fn input(&self, layer: usize, from: usize) -> f32 {
        self.planes[self.parts[layer].step].get(from).copied().unwrap_or(1.0)
    }

    /// What comes out of a unit of a layer.
    pub fn output(&self, layer: usize, unit: usize) -> f32 {
        self.planes[self.parts[layer].step + 1][unit]
    }

    /// What a connection brings to its unit.
    pub fn carries(&self, layer: usize, from: usize, to: usize) -> f32 {
        self.weight(layer, from, to) * self.input(layer, from)
    }

    /// The name of a unit of a layer: `unit 3 of hidden 1`, or the class.
    pub fn unit_name(&self, layer: usize, unit: usize) -> String {
        if layer + 1 == self.parts.len() {
            format!("class {}", self.classes.name(unit))
        } else {
            format!("unit {} of hidden {}", unit + 1, layer + 1)
        }
    }

    /// The name of what a layer sees.
    pub fn input_name(&self, layer: usize, from: usize) -> String {
        let part = self.parts[layer];
        match layer.checked_sub(1) {
            _ if from == part.inputs => "bias".to_owned(),
            None => {
                let side = crate::data::SIDE;
                format!("pixel in row {}, column {}", from / side + 1, from % side + 1)
            }
            Some(below) => self.unit_name(below, from),
        }
    }
}

/// Every connection.
pub fn csv(shown: &Shown) -> String {
    let mut rows = Vec::new();
    for (layer, part) in shown.parts.iter().enumerate() {
        for from in 0..=part.inputs {
            for to in 0..part.units {
                let held = shown.held.contains_key(&part.wire(from, to));
                rows.push(row![
                    layer + 1,
                    shown.input_name(layer, from),
                    shown.unit_name(layer, to),
                    shown.weight(layer, from, to),
                    shown.input(layer, from),
                    u8::from(held),
                ]);
            }
        }
    }
    csv::text(["layer", "from", "to", "weight", "activity", "held"], rows)
}

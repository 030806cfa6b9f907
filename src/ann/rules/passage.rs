//! What one digit sends forward and back: activities, weights, what stands on the way
//! back, errors, and the change of any synapse.

use super::disturbance::Disturbance;
use super::probe::{Digits, update_of};
use super::{Method, Way};
use crate::ann::network::Network;

/// A network and its rule, as they were at some moment.
pub struct Snapshot {
    /// With its weights.
    pub network: Network,
    /// With its matrices on the way back.
    pub method: Box<dyn Method>,
    /// What was done to errors.
    pub disturbance: Disturbance,
    /// The rule's id.
    pub rule: String,
    /// Mini-batches trained.
    pub step: u64,
    /// Seed of the run.
    pub seed: u64,
}

/// What stands on the way back from a layer to the one below.
#[derive(Clone, Debug, PartialEq)]
pub enum Back {
    /// The weights themselves, transposed.
    Weights,
    /// Another matrix, `(inputs, units)` as the weights.
    Matrix(Vec<f32>),
    /// A matrix from the classes, `(10, inputs)`.
    FromOutput(Vec<f32>),
    /// Nothing.
    Nothing,
}

/// One layer of a passage.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPassage {
    /// Units below and in the layer.
    pub inputs: usize,
    pub units: usize,
    /// `(inputs, units)`.
    pub weights: Vec<f32>,
    /// What stands beside them on the way back.
    pub back: Back,
    /// The activity below, one number per input.
    pub activity: Vec<f32>,
    /// What comes out.
    pub output: Vec<f32>,
    /// The error at the layer's units; empty where the rule has none.
    pub error: Vec<f32>,
    /// How the rule would change the weights for this digit, before the optimiser:
    /// minus this is the direction of the step. `(inputs, units)`.
    pub gradient: Vec<f32>,
}

/// One digit's passage through all layers that learn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    /// From the picture to the classes.
    pub layers: Vec<LayerPassage>,
    /// The ten probabilities.
    pub answer: [f32; 10],
    /// Which digit it was said to be.
    pub label: u8,
}

impl Snapshot {
    /// What this digit, said to be a `label`, sends where.
    pub fn passage(&self, picture: &[f32; crate::data::PIXELS], label: u8) -> Passage {
        let network = &self.network;
        let looked = Digits {
            network,
            pictures: picture,
            labels: &[label],
            address: (self.seed, self.step),
        };
        let (gradients, planes, errors) =
            super::probe::pass_of(&*self.method, &looked, &self.disturbance);
        let plan = network.plan();
        let mut layers = Vec::new();
        let learns = plan.steps.iter().enumerate().filter(|(_, s)| !s.op.parameters().is_empty());
        for ((number, step), gradient) in learns.zip(gradients) {
            let (inputs, units) = (step.op.input().len(), step.op.output().len());
            let back = if number == 0 {
                Back::Nothing
            } else {
                match self.method.way(number) {
                    Way::Transposed => Back::Weights,
                    Way::Matrix(m) => Back::Matrix(m.to_vec()),
                    Way::FromOutput(m) => Back::FromOutput(m.to_vec()),
                    Way::Nothing => Back::Nothing,
                }
            };
            layers.push(LayerPassage {
                inputs,
                units,
                weights: network.step_parameters(number)[..gradient.len()].to_vec(),
                back,
                activity: planes[number].clone(),
                output: planes[number + 1].clone(),
                error: errors[number + 1].clone(),
                gradient,
            });
        }
        Passage { layers, answer: network.probabilities(&[*picture])[0].ten(), label }
    }

    /// How the rule would change the weights for these digits.
    pub fn update(&self, pictures: &[f32], labels: &[u8]) -> Vec<Vec<f32>> {
        let address = (self.seed, self.step);
        let looked = Digits { network: &self.network, pictures, labels, address };
        update_of(&*self.method, &looked, &self.disturbance)
    }
}

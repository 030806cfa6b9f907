//! What is known of a network without any digit: its layers, their receptive fields
//! and their filters.

use std::sync::Arc;

use crate::ann::inspect::Dissection;
use crate::ann::inspect::filters::Filters;
use crate::ann::inspect::receptive::{self, Field};
use crate::ann::zoo::{self, Activation, Layer};
use crate::workers::models::Model;

/// A layer as it is shown.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its number in the declaration.
    pub layer: usize,
    /// The declaration.
    pub kind: Layer,
    /// For people: `Conv 2 3×3`.
    pub name: String,
    /// What comes out: rows, columns, feature maps. A vector is 1×1.
    pub shape: [usize; 3],
    /// What goes in, likewise.
    pub before: [usize; 3],
    /// What its units see.
    pub field: Field,
    /// Learned numbers.
    pub parameters: usize,
    /// Its kernels, where it has some.
    pub filters: Option<Filters>,
}

/// A model's layers, without those that do nothing while it answers.
pub struct Anatomy {
    /// Whose.
    pub model: Arc<Model>,
    /// From the picture to the classes.
    pub parts: Vec<Part>,
}

impl Anatomy {
    /// Takes a model apart.
    pub fn of(model: &Arc<Model>) -> Self {
        let taken = Dissection::new(&model.network);
        let layers = taken.layers();
        let (fields, lines) = (receptive::fields(layers), zoo::summary(layers));
        let shape = |layer: usize| {
            let p = taken.plane(layer);
            [p.h, p.w, p.c]
        };
        let parts = layers.iter().enumerate().filter(|(_, l)| !matches!(l, Layer::Dropout(_)));
        let parts = parts.map(|(layer, kind)| {
            let input = taken.input();
            Part {
                layer,
                kind: *kind,
                name: lines[layer].name.clone(),
                shape: shape(layer),
                before: if layer == 0 { [input.h, input.w, input.c] } else { shape(layer - 1) },
                field: fields[layer],
                parameters: lines[layer].parameters,
                filters: Filters::of(&taken, layer),
            }
        });
        Self { model: Arc::clone(model), parts: parts.collect() }
    }

    /// The part with this number in the declaration.
    pub fn part(&self, layer: usize) -> Option<&Part> {
        self.parts.iter().find(|p| p.layer == layer)
    }
}

impl Part {
    /// Whether its units are arranged as maps.
    pub fn is_map(&self) -> bool {
        self.shape[0] * self.shape[1] > 1
    }

    /// Whether what comes out is never below zero.
    pub fn rectified(&self) -> bool {
        match self.kind {
            Layer::Dense { activation, .. }
            | Layer::Convolution { activation, .. }
            | Layer::Activate(activation) => {
                matches!(activation, Activation::Relu | Activation::Sigmoid)
            }
            Layer::Pool { .. } | Layer::Affine => false,
            Layer::Recurrent { .. }
            | Layer::Settling { .. }
            | Layer::Goodness { .. }
            | Layer::Energy { .. }
            | Layer::Spiking(_)
            | Layer::ConvStdp(_) => false,
            _ => true,
        }
    }
}

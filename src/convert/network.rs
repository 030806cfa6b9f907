//! The converted network, declared: what each layer adds to the next when it spikes.

use crate::ann::inspect::dissection::Dissection;
use crate::ann::network::Network;
use crate::ann::ops::recurrent::Cell;
use crate::ann::zoo::{Activation, Layer, PoolKind, Window, summary};

use super::ConvertError;
use super::recipe::{Per, Pooling, Read, Recipe};
use super::scales::Activations;
use crate::data::CLASSES;

/// A network of integrate-and-fire neurons.
#[derive(Clone, Debug)]
pub struct Spiking {
    /// Name of the original.
    pub name: &'static str,
    pub recipe: Recipe,
    /// From the picture to the classes.
    pub stages: Vec<Stage>,
    /// Multiply–adds of the original for one picture.
    pub multiply_adds: usize,
}

/// What a layer became.
#[derive(Clone, Debug)]
pub struct Stage {
    /// For people: `Conv 2 5×5`.
    pub name: String,
    /// Number of the layer in the declaration.
    pub layer: usize,
    /// Height, width, channels of what comes in and goes out; numbers are in the
    /// order y, x, channel.
    pub input: [usize; 3],
    pub output: [usize; 3],
    pub kind: Kind,
}

/// Neurons with their synapses, or a wiring.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A convolution, weights `[row][column][channel in][channel out]`.
    Conv { window: Window, cells: Cells },
    /// All with all, weights `[in][out]`.
    Dense { cells: Cells },
    /// The largest or the mean of each window of neurons.
    Pool { window: Window, kind: PoolKind },
}

/// Neurons of one layer. Their potentials are in thresholds: the weights w of the
/// original have become w λ′ / λ, of a channel λ′ in front and λ here, so that every
/// neuron fires at 1 and the function stays the same.
#[derive(Clone, Debug)]
pub struct Cells {
    /// What a spike of the layer before adds.
    pub weights: Vec<f32>,
    /// The current into each channel, per step.
    pub bias: Vec<f32>,
    /// λ of each channel: the activation that a spike in every step stands for.
    pub scales: Vec<f32>,
    /// Whether they spike at all: output units that are read by potential do not.
    pub spikes: bool,
}

/// The potential at which every neuron fires.
pub const THRESHOLD: f32 = 1.0;

impl Cells {
    /// λ of the neuron at a place; places are in the order y, x, channel.
    pub fn scale(&self, place: usize) -> f32 {
        self.scales.get(place % self.scales.len().max(1)).copied().unwrap_or(1.0)
    }

    /// The least λ of a channel, the median, and the largest.
    pub fn scale_range(&self) -> [f32; 3] {
        let mut all = self.scales.clone();
        all.sort_unstable_by(f32::total_cmp);
        [0, all.len() / 2, all.len().saturating_sub(1)]
            .map(|at| all.get(at).copied().unwrap_or(1.0))
    }
}

impl Stage {
    /// Neurons that spike, or places that spikes go through.
    pub fn len(&self) -> usize {
        self.output.iter().product()
    }

    /// Whether there is nothing in it, which does not happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its neurons, if it has any.
    pub fn cells(&self) -> Option<&Cells> {
        match &self.kind {
            Kind::Conv { cells, .. } | Kind::Dense { cells } => Some(cells),
            Kind::Pool { .. } => None,
        }
    }

    /// Whether spikes pass gates here, which stand for a maximum; a mean, or a maximum that
    /// is averaged instead, only weighs them.
    pub fn has_gates(&self, pooling: Pooling) -> bool {
        let largest = matches!(self.kind, Kind::Pool { kind: PoolKind::Max, .. });
        largest && pooling != Pooling::Average
    }

    /// What a spike counts in the mean at this row and column of what comes out; 1 where
    /// nothing is pooled.
    pub fn share(&self, row: usize, column: usize) -> f32 {
        let Kind::Pool { window, kind } = &self.kind else { return 1.0 };
        let [h, w, _] = self.input;
        let neurons = match kind {
            PoolKind::AverageCounted => window.kernel[0] * window.kernel[1],
            PoolKind::Average | PoolKind::Max => {
                window.pixels(0, row, h).len() * window.pixels(1, column, w).len()
            }
        };
        1.0 / neurons.max(1) as f32
    }

    /// The same, if it is the same everywhere: it is not where a mean leaves the padding
    /// out, which then is of fewer neurons at the border.
    pub fn even_share(&self) -> Option<f32> {
        match &self.kind {
            Kind::Pool { window, kind } if *kind != PoolKind::AverageCounted => {
                window.is_inside().then(|| self.share(0, 0))
            }
            _ => Some(self.share(0, 0)),
        }
    }

    /// Targets of a spike that comes in at this place.
    pub fn fan_out(&self, place: usize) -> usize {
        match &self.kind {
            Kind::Dense { .. } => self.len(),
            Kind::Pool { .. } => 0,
            Kind::Conv { window, .. } => {
                let [_, w, c] = self.input;
                let [oh, ow, f] = self.output;
                let (y, x) = (place / c / w, place / c % w);
                window.seen_by(0, y, oh) * window.seen_by(1, x, ow) * f
            }
        }
    }
}

/// Why a network of these layers has no spiking counterpart here, if it has none.
pub fn refusal(layers: &[Layer]) -> Option<String> {
    if let Some(Layer::Dense { units, .. }) = layers.last()
        && *units != CLASSES
    {
        return Some(format!(
            "it tells {units} classes apart, and spikes are read for ten only; networks of ten classes can be converted"
        ));
    }
    if layers.iter().any(|layer| matches!(layer, Layer::Spiking(_))) {
        return Some("its neurons spike already".into());
    }
    let lines = summary(layers);
    let last = layers.len().saturating_sub(1);
    layers.iter().zip(&lines).enumerate().find_map(|(number, (layer, line))| match layer {
        Layer::Recurrent { cell: Cell::Simple, .. } => Some(format!(
            "its layer {} reads the digit line by line and keeps a state between −1 and 1; adding up spikes can stand for sums of inputs followed by a ReLU, not for that",
            line.name
        )),
        Layer::Recurrent { .. } => Some(format!(
            "its layer {} reads the digit line by line and multiplies states with gates; adding up spikes can stand for sums of inputs followed by a ReLU, not for that",
            line.name
        )),
        Layer::Settling { .. } => Some("it answers by relaxing, with connections both ways; adding up spikes stands for one pass forward".into()),
        Layer::Goodness { .. } => Some("it tries each label in turn and compares how strongly its layers respond; the division by each layer's length has no spiking counterpart here".into()),
        Layer::Energy { .. } => Some("its units are softplus, and it is the network's imagination that is of interest, not one pass forward; adding up spikes stands for a ReLU".into()),
        Layer::ConvStdp(_) => Some("it fires spikes already".into()),
        Layer::Dense { .. } if number == last => None,
        Layer::Dense { activation, .. } | Layer::Convolution { activation, .. } => {
            (*activation != Activation::Relu).then(|| {
                format!(
                    "{} ends in {}, not in a ReLU, whose values are what rates of spikes can stand for",
                    line.name,
                    activation.name()
                )
            })
        }
        Layer::Affine => Some(format!(
            "its layer {} scales and shifts by itself, which no neuron does; trained without it, the next layer’s weights and biases do the same",
            line.name
        )),
        Layer::Activate(_) => Some(format!(
            "its layer {} is a function by itself; neurons can stand for a ReLU at the end of a convolution or a dense layer",
            line.name
        )),
        Layer::MaxPool | Layer::Pool { .. } => {
            let before = layers[..number].iter().rfind(|l| !matches!(l, Layer::Dropout(_)));
            let what = match before {
                Some(Layer::Conv { .. } | Layer::Convolution { .. } | Layer::Dense { .. }) => {
                    return None;
                }
                Some(_) => "what is pooled already",
                None => "the picture itself",
            };
            Some(format!(
                "its layer {} pools {what}; only the spikes of neurons can be pooled, so a convolution has to lie right before it",
                line.name
            ))
        }
        Layer::Conv { .. } | Layer::Dropout(_) | Layer::Spiking(_) => None,
    })
}

/// [`refusal`] as an error.
pub(super) fn check(network: &Network) -> Result<(), ConvertError> {
    let architecture = network.architecture();
    match refusal(&(architecture.layers)()) {
        Some(reason) => Err(ConvertError::Layer { network: architecture.name, reason }),
        None => Ok(()),
    }
}

impl Spiking {
    /// Converts a network; `activations` are its own.
    ///
    /// # Errors
    /// [`ConvertError::Layer`] where a layer has no spiking counterpart.
    pub fn new(
        network: &Network,
        activations: &Activations,
        recipe: Recipe,
    ) -> Result<Self, ConvertError> {
        let name = network.architecture().name;
        check(network)?;
        let taken = Dissection::new(network);
        let lines = summary(taken.layers());
        let (mut carried, mut stages) = (vec![1.0f32], Vec::new());
        let mut input = [taken.input().h, taken.input().w, taken.input().c];
        for (number, layer) in taken.layers().iter().enumerate() {
            let plane = taken.plane(number);
            let output = [plane.h, plane.w, plane.c];
            let kind = match *layer {
                // Answers are given without dropout, here as there; the others were refused.
                Layer::Dropout(_)
                | Layer::Affine
                | Layer::Activate(_)
                | Layer::Recurrent { .. }
                | Layer::Settling { .. }
                | Layer::Goodness { .. }
                | Layer::Energy { .. }
                | Layer::Spiking(_)
                | Layer::ConvStdp(_) => continue,
                Layer::MaxPool => Kind::Pool { window: Window::square(2, 2), kind: PoolKind::Max },
                Layer::Pool { kind, window } => Kind::Pool { window, kind },
                Layer::Conv { kernel, .. } => {
                    let cells = cells(&taken, number, &carried, activations, &recipe, true);
                    Kind::Conv { window: Window::square(kernel, 1), cells }
                }
                Layer::Convolution { window, .. } => {
                    let cells = cells(&taken, number, &carried, activations, &recipe, true);
                    Kind::Conv { window, cells }
                }
                Layer::Dense { activation, .. } => {
                    let spikes = activation == Activation::Relu || recipe.read == Read::Spikes;
                    let cells = cells(&taken, number, &carried, activations, &recipe, spikes);
                    Kind::Dense { cells }
                }
            };
            if let Kind::Conv { cells, .. } | Kind::Dense { cells } = &kind {
                carried.clone_from(&cells.scales);
            }
            let name = lines[number].name.clone();
            stages.push(Stage { name, layer: number, input, output, kind });
            input = output;
        }
        let multiply_adds = lines.iter().map(|l| l.multiply_adds).sum();
        Ok(Self { name, recipe, stages, multiply_adds })
    }

    /// Multiply–adds of the first layer, which an analog picture costs once: the sums
    /// are kept. Dark pixels count, as they do in the original.
    pub fn first_multiply_adds(&self) -> usize {
        self.stages.first().map_or(0, |stage| {
            (0..stage.input.iter().product()).map(|place| stage.fan_out(place)).sum()
        })
    }
}

fn cells(
    taken: &Dissection<'_>,
    layer: usize,
    carried: &[f32],
    activations: &Activations,
    recipe: &Recipe,
    spikes: bool,
) -> Cells {
    let channels = taken.plane(layer).c;
    let all = taken.parameters(layer);
    let (weights, bias) = all.split_at(all.len() - channels);
    // Output units are compared with each other.
    let last = layer + 1 == taken.layers().len();
    let per = if last { Per::Layer } else { recipe.per };
    let scales = activations.scales(layer, channels, recipe.scaling, per);
    // Rows of weights come in the order y, x, channel of what they are from.
    let rows = weights.chunks_exact(channels.max(1)).zip(carried.iter().cycle());
    let scaled = rows
        .flat_map(|(row, carried)| row.iter().zip(&scales).map(move |(w, s)| w * carried / s))
        .collect();
    let bias = bias.iter().zip(&scales).map(|(b, s)| if recipe.biases { b / s } else { 0.0 });
    Cells { weights: scaled, bias: bias.collect(), scales, spikes }
}

//! One number of a feature map, taken apart into its products: for a convolution
//! and for a dense layer
//!
//! ```text
//! out = relu(Σ input · weight + bias)
//! ```
//!
//! for max-pooling the largest of four, and for a recurrent unit how its gates made
//! the last state.

use crate::ann::ops::recurrent::{LastStep, Recurrent};
use crate::ann::zoo::{Activation, Layer, Window};
use crate::core::decision::first_max;
use crate::core::isa::Isa;

use super::dissection::{Dissection, Trace, Unit};

/// One product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// Where the input lies in what goes into the layer.
    pub y: usize,
    pub x: usize,
    pub channel: usize,
    /// The two factors.
    pub input: f32,
    pub weight: f32,
}

impl Term {
    /// Their product.
    pub fn product(&self) -> f32 {
        self.input * self.weight
    }
}

/// A weighted sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// Its products: by y, x, channel.
    pub terms: Vec<Term>,
    /// What is added to them.
    pub bias: f32,
    /// Both together.
    pub sum: f32,
    /// What follows.
    pub activation: Activation,
}

impl Sum {
    /// What the unit gives on.
    pub fn output(&self) -> f32 {
        self.activation.of(self.sum)
    }

    /// The products' sum for each input channel.
    pub fn by_channel(&self) -> Vec<f32> {
        let channels = self.terms.iter().map(|t| t.channel + 1).max().unwrap_or(0);
        let mut sums = vec![0f32; channels];
        self.terms.iter().for_each(|t| sums[t.channel] += t.product());
        sums
    }
}

/// How a unit's number comes about.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// A convolution or a dense layer.
    Weighted(Sum),
    /// Max-pooling: the four inputs (by y, x), and which is the largest.
    Largest { inputs: [f32; 4], chosen: usize, y: usize, x: usize },
    /// A recurrent unit: how its gates made the last state.
    Gated(LastStep),
}

/// Of the first picture of a trace.
pub fn of(taken: &Dissection<'_>, trace: &Trace, unit: Unit) -> Option<Formula> {
    let input = trace.planes.get(unit.layer)?;
    match taken.layers().get(unit.layer)? {
        Layer::MaxPool => {
            let plane = taken.plane(unit.layer - 1);
            let (y, x) = (2 * unit.y, 2 * unit.x);
            let at = |i: usize| input[((y + i / 2) * plane.w + x + i % 2) * plane.c + unit.channel];
            let inputs = [0, 1, 2, 3].map(at);
            let chosen = first_max(inputs).unwrap_or(0);
            Some(Formula::Largest { inputs, chosen, y, x })
        }
        Layer::Recurrent { cell, order, hidden } => {
            let op = Recurrent::new(Isa::best(), *cell, *order, taken.input(), *hidden);
            op.last_step(trace.kept(unit.layer), unit.channel).map(Formula::Gated)
        }
        Layer::Dropout(_)
        | Layer::Pool { .. }
        | Layer::Affine
        | Layer::Activate(_)
        | Layer::Settling { .. }
        | Layer::Goodness { .. }
        | Layer::Energy { .. }
        | Layer::Spiking(_)
        | Layer::ConvStdp(_) => None,
        Layer::Conv { .. } | Layer::Convolution { .. } | Layer::Dense { .. } => {
            weighted(taken, input, unit).map(Formula::Weighted)
        }
    }
}

/// The sum of a unit of a convolution or dense layer; `input` is what goes into
/// the layer.
pub fn weighted(taken: &Dissection<'_>, input: &[f32], unit: Unit) -> Option<Sum> {
    let plane = if unit.layer == 0 { taken.input() } else { taken.plane(unit.layer - 1) };
    let (window, activation) = match *taken.layers().get(unit.layer)? {
        Layer::Conv { kernel, .. } => (Window::square(kernel, 1), Activation::Relu),
        Layer::Convolution { window, activation, .. } => (window, activation),
        Layer::Dense { activation, .. } => {
            let kernel = [plane.h, plane.w];
            (Window { kernel, ..Window::square(1, 1) }, activation)
        }
        _ => return None,
    };
    let ([rows, columns], [down, across]) = (window.kernel, window.stride);
    let [top, left, ..] = window.padding;
    let units = taken.plane(unit.layer).c;
    let parameters = taken.parameters(unit.layer);
    let mut terms = Vec::with_capacity(rows * columns * plane.c);
    for y in 0..rows {
        for x in 0..columns {
            for channel in 0..plane.c {
                let row = (y * columns + x) * plane.c + channel;
                // What lies in the padding adds nothing.
                let y = (unit.y * down + y).checked_sub(top).filter(|y| *y < plane.h);
                let x = (unit.x * across + x).checked_sub(left).filter(|x| *x < plane.w);
                let (Some(y), Some(x)) = (y, x) else { continue };
                let weight = parameters[row * units + unit.channel];
                let input = input[(y * plane.w + x) * plane.c + channel];
                terms.push(Term { y, x, channel, input, weight });
            }
        }
    }
    let bias = parameters[rows * columns * plane.c * units + unit.channel];
    let sum = bias + terms.iter().map(Term::product).sum::<f32>();
    Some(Sum { terms, bias, sum, activation })
}

#[cfg(test)]
mod tests {
    use super::super::dissection::place;
    use super::*;
    use crate::ann::network::Network;
    use crate::ann::ops::recurrent::Cell;
    use crate::ann::zoo::{self, ZOO};
    use crate::data::synthetic;

    /// Every layer of every network, some places of each.
    #[test]
    fn the_products_sum_to_what_the_layer_gives() {
        let picture = synthetic::digit(6, 2, 4);
        let simple = zoo::get("net-rnn32c-f10l").unwrap();
        for architecture in ZOO.iter().copied().chain([simple]) {
            let network = Network::new(architecture, 3).unwrap();
            let taken = Dissection::new(&network);
            let trace = taken.forward(&picture, 1);
            for layer in 0..taken.layers().len() {
                let plane = taken.plane(layer);
                for (y, x) in [(0, 0), (plane.h / 2, plane.w / 2), (plane.h - 1, plane.w - 1)] {
                    let unit = Unit { layer, y, x, channel: plane.c / 3 };
                    let there = trace.output(layer)[place(plane, unit)];
                    let ours = match of(&taken, &trace, unit) {
                        Some(Formula::Weighted(sum)) => {
                            let parts: f32 = sum.by_channel().iter().sum();
                            assert!((parts + sum.bias - sum.sum).abs() < 1e-4);
                            sum.output()
                        }
                        Some(Formula::Largest { inputs, chosen, .. }) => inputs[chosen],
                        Some(Formula::Gated(step)) => {
                            let [before, after] = step.state;
                            let [a, b, c, d] = step.gates;
                            let made = match step.cell {
                                Cell::Simple => a.tanh(),
                                Cell::Gru => (1.0 - a) * c + a * before,
                                Cell::Lstm => {
                                    let [old, new] = step.memory;
                                    assert!((b * old + a * c - new).abs() < 1e-5);
                                    d * new.tanh()
                                }
                            };
                            assert!((made - after).abs() < 1e-5);
                            after
                        }
                        None => continue,
                    };
                    assert!((ours - there).abs() < 1e-4, "{} layer {layer}", architecture.id);
                }
            }
        }
    }
}

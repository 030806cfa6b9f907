//! Deep convolutional networks of spikes that learn by STDP (Kheradpisheh et al. 2018,
//! Mozafari et al. 2019): `(batch, 784)` → `(batch, 10)`.
//!
//! A picture becomes one volley of spikes: on- and off-centre cells fire in the order of
//! their contrast, within [`STEPS`] steps ([`retina`]). Two convolutions of
//! integrate-and-fire neurons follow, each with a pooling that passes on the earliest
//! spike ([`layer`]). No neuron leaks, and none fires more than once per picture. What
//! the second pooling passes on are the features. A linear read-out of their times
//! ([`read_out`]), or a third layer whose maps belong to classes, gives the answer.
//!
//! Weights of convolutions lie as `(kernel, kernel, maps below, maps)`, so that a spike
//! adds one row of them to all maps of a place. [`learn`] has the winner-take-all and
//! the rules; `ann/rules` has what drives them.

pub mod layer;
pub mod learn;
pub mod look;
pub mod read_out;
pub mod retina;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::ops::Range;

use layer::{Arrivals, First, Pool, Shape};
use retina::Retina;

use super::op::{Backward, Forward, Initial, Op, Parameter, Part, Plane};
use crate::core::isa::Isa;
use crate::data::{CLASSES, PIXELS, SIDE};

/// Steps of a presentation.
pub const STEPS: usize = 15;
/// The time of what never fires.
pub const NEVER: u8 = STEPS as u8;

/// A spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spike {
    /// From 0 to [`STEPS`] − 1.
    pub step: u8,
    /// Row.
    pub y: u8,
    /// Column.
    pub x: u8,
    /// Which map.
    pub map: u16,
}

/// A convolution with the pooling after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv {
    /// Kernels, and maps that come out.
    pub maps: usize,
    /// Pixels on a side of a kernel.
    pub kernel: usize,
    /// Zeros around what comes in.
    pub padding: usize,
    /// The sum of weights that a neuron has to exceed to fire.
    pub threshold: f32,
    /// What the pooling does.
    pub pool: Pool,
}

/// How features become an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// By a linear classifier of their times.
    Linear,
    /// By a layer with so many maps for each class: the map with the highest potential
    /// at the last step decides.
    Reward { per_class: usize },
}

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// The layer behind the retina.
    pub first: Conv,
    /// The one behind it.
    pub second: Conv,
    /// What reads the features.
    pub answer: Answer,
}

impl Design {
    /// Shapes of both convolutions.
    pub fn shapes(&self) -> [Shape; 2] {
        let first = Shape::new(&self.first, SIDE, 2);
        [first, Shape::new(&self.second, first.pooled_side(), first.conv.maps)]
    }

    /// Numbers of features: places of the second pooling times maps.
    pub fn features(&self) -> usize {
        let [_, second] = self.shapes();
        second.pooled_side().pow(2) * second.conv.maps
    }

    /// Trained numbers.
    pub fn parameters(&self) -> usize {
        let convolutions: usize = self.shapes().iter().map(|s| s.rows() * s.conv.maps).sum();
        convolutions
            + match self.answer {
                Answer::Linear => (self.features() + 1) * CLASSES,
                Answer::Reward { per_class } => self.features() * per_class * CLASSES,
            }
    }

    /// Additions for one picture if every neuron of the retina and of the layers fired.
    /// What really happens is far less; [`look::Look::additions`] counts it.
    pub fn most_additions(&self) -> usize {
        let of = |s: &Shape| s.side().pow(2) * s.rows() * s.conv.maps;
        let answer = match self.answer {
            Answer::Linear => CLASSES,
            Answer::Reward { per_class } => per_class * CLASSES,
        };
        self.shapes().iter().map(of).sum::<usize>() + self.features() * answer
    }
}

/// The operation.
#[derive(Clone, Debug)]
pub struct ConvStdp {
    isa: Isa,
    design: Design,
    retina: Retina,
    shapes: [Shape; 2],
}

/// Memory of a pass.
#[derive(Debug, Default)]
pub struct Work {
    /// What the retina sends.
    pub code: Vec<Spike>,
    /// What the first pooling passes on.
    pub pooled: Vec<Spike>,
    /// What reaches each place of the layer at hand.
    pub arrivals: Arrivals,
    /// The first to fire at each place.
    pub firsts: Vec<First>,
    times: Vec<u8>,
    pooled_times: Vec<u8>,
}

thread_local! {
    static WORK: RefCell<(Work, Vec<u16>)> = RefCell::default();
}

/// Rows of the read-out that are updated together.
const ROWS: usize = 1024;

impl ConvStdp {
    /// Of this design.
    pub fn new(isa: Isa, design: Design) -> Self {
        Self { isa, design, retina: Retina::new(), shapes: design.shapes() }
    }

    /// Its sizes.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Shapes of both convolutions.
    pub fn shapes(&self) -> &[Shape; 2] {
        &self.shapes
    }

    /// The retina.
    pub fn retina(&self) -> &Retina {
        &self.retina
    }

    /// Where the weights of convolution 0 or 1 are, or (2) those of the read-out.
    pub fn weights(&self, layer: usize) -> Range<usize> {
        let len = |l: usize| self.shapes[l].rows() * self.shapes[l].conv.maps;
        match layer {
            0 => 0..len(0),
            1 => len(0)..len(0) + len(1),
            _ => len(0) + len(1)..self.design.parameters(),
        }
    }

    /// The weights of a convolution, and a vector's width of what lies behind.
    fn padded<'a>(&self, parameters: &'a [f32], layer: usize) -> &'a [f32] {
        &parameters[self.weights(layer).start..]
    }

    /// The weights of the third layer by input, or of the linear read-out with its biases.
    pub fn answer_weights<'a>(&self, parameters: &'a [f32]) -> &'a [f32] {
        &parameters[self.weights(2)]
    }

    /// What the retina makes of a picture; `false`, and no spike, where a pixel is no
    /// number.
    pub fn encode(&self, picture: &[f32], work: &mut Work) -> bool {
        work.code.clear();
        let sound = picture.iter().all(|v| v.is_finite());
        if sound {
            self.retina.encode(picture, &mut work.times);
            layer::spikes_of(&work.times, SIDE, 2, &mut work.code);
        }
        sound
    }

    /// Runs a convolution on these spikes up to the first spike of each place: all that
    /// learning needs. Afterwards `work.arrivals` and `work.firsts` are this layer's.
    pub fn run(&self, layer: usize, parameters: &[f32], spikes: &[Spike], work: &mut Work) {
        let shape = &self.shapes[layer];
        work.arrivals.gather(shape, spikes);
        let weights = self.padded(parameters, layer);
        layer::run_first(self.isa, shape, weights, &work.arrivals, &mut work.firsts);
    }

    /// Runs the first convolution on `work.code`, and leaves what it passes on to the
    /// second where that learns in `work.pooled`: the first spike of each pooled place.
    pub fn below_second(&self, parameters: &[f32], work: &mut Work) {
        let code = std::mem::take(&mut work.code);
        self.run(0, parameters, &code, work);
        work.code = code;
        layer::pool_first(&self.shapes[0], &work.firsts, &mut work.pooled);
    }

    /// Runs both layers on `work.code` and writes the features into `out`
    /// ([`read_out`]).
    pub fn features(&self, parameters: &[f32], work: &mut Work, out: &mut [u16]) {
        let Work { code, pooled, arrivals, times, pooled_times, .. } = work;
        for (number, shape) in self.shapes.iter().enumerate() {
            arrivals.gather(shape, if number == 0 { code } else { pooled });
            let weights = self.padded(parameters, number);
            layer::run_all(self.isa, shape, weights, arrivals, times);
            layer::pool_times(shape, times, pooled_times);
            if number == 0 {
                layer::spikes_of(pooled_times, shape.pooled_side(), shape.conv.maps, pooled);
            }
        }
        read_out::pack(pooled_times, out);
    }

    /// Numbers that [`ConvStdp::features`] writes at most.
    pub fn packed_len(&self) -> usize {
        STEPS + self.design.features()
    }

    /// The logits of these features.
    pub fn answer(&self, parameters: &[f32], packed: &[u16], logits: &mut [f32]) {
        let weights = self.answer_weights(parameters);
        match self.design.answer {
            Answer::Linear => read_out::linear(weights, packed, logits),
            Answer::Reward { per_class } => {
                let mut potentials = vec![0f32; per_class * CLASSES];
                read_out::potentials(weights, packed, &mut potentials);
                read_out::by_class(&potentials, logits);
            }
        }
    }
}

impl Op for ConvStdp {
    fn input(&self) -> Plane {
        Plane::new(SIDE, SIDE, 1)
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, CLASSES)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let fresh = Initial::Share { mean: 0.8, deviation: 0.05 };
        let conv = |name, shape: &Shape| Parameter {
            name,
            shape: vec![shape.conv.kernel, shape.conv.kernel, shape.input_maps, shape.conv.maps],
            initial: fresh,
        };
        let mut all =
            vec![conv("conv1.weight", &self.shapes[0]), conv("conv2.weight", &self.shapes[1])];
        let features = self.design.features();
        match self.design.answer {
            // All zero: an untrained read-out answers nothing.
            Answer::Linear => {
                let weight = Parameter {
                    name: "read_out.weight",
                    shape: vec![features, CLASSES],
                    initial: Initial::Zero,
                };
                let bias = Parameter {
                    name: "read_out.bias",
                    shape: vec![CLASSES],
                    initial: Initial::Zero,
                };
                all.extend([weight, bias]);
            }
            Answer::Reward { per_class } => all.push(Parameter {
                name: "conv3.weight",
                shape: vec![features, per_class * CLASSES],
                initial: Initial::Share { mean: 0.5, deviation: 0.02 },
            }),
        }
        all
    }

    /// Two of the features' numbers in the place of one.
    fn keep_len(&self) -> usize {
        self.packed_len().div_ceil(2)
    }

    /// Those of the linear read-out: all others learn without a gradient.
    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        if self.design.answer != Answer::Linear {
            return Vec::new();
        }
        let (all, features) = (self.weights(2), self.design.features());
        let rows = (0..features).step_by(ROWS).map(|from| {
            let to = (from + ROWS).min(features);
            all.start + from * CLASSES..all.start + to * CLASSES
        });
        let biases = all.end - CLASSES..all.end;
        rows.chain([biases]).map(|range| Vec::from([range])).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        let pictures = pass.x[..pass.n * PIXELS].chunks_exact(PIXELS);
        for (picture, logits) in pictures.zip(pass.y.chunks_exact_mut(CLASSES)) {
            WORK.with_borrow_mut(|(work, packed)| {
                packed.resize(self.packed_len(), 0);
                if self.encode(picture, work) {
                    self.features(pass.parameters, work, packed);
                    self.answer(pass.parameters, packed, logits);
                } else {
                    logits.fill(f32::NAN);
                }
            });
        }
    }

    /// No gradient crosses a spike.
    fn backward(&self, pass: Backward<'_>) {
        if let Some(dx) = pass.dx {
            dx.fill(0.0);
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        out.fill(0.0);
        let from = block * ROWS;
        for part in parts {
            let kept = part.keep.chunks_exact(self.keep_len());
            for (keep, dy) in kept.zip(part.dy.chunks_exact(CLASSES)).take(part.n) {
                if from < self.design.features() {
                    let rows = from..from + out.len() / CLASSES;
                    read_out::outer(bytemuck::cast_slice(keep), rows, dy, out);
                } else {
                    out.iter_mut().zip(dy).for_each(|(o, d)| *o += d);
                }
            }
        }
    }
}

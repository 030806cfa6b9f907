//! A network taken apart: one operation for each layer of the declaration, so
//! that what lies between convolution and pooling can be seen, too. (For speed
//! the network itself does both in one, see [`crate::ann::plan`].)

use crate::ann::network::Network;
use crate::ann::ops::affine::Affine;
use crate::ann::ops::conv::Conv;
use crate::ann::ops::conv_stdp::ConvStdp;
use crate::ann::ops::convolution::Convolution;
use crate::ann::ops::dense::Dense;
use crate::ann::ops::energy::Energy;
use crate::ann::ops::function::Function;
use crate::ann::ops::goodness::Goodness;
use crate::ann::ops::op::{Backward, Forward, Mode, Op, Plane};
use crate::ann::ops::pool::MaxPool;
use crate::ann::ops::pooling::Pooling;
use crate::ann::ops::recurrent::Recurrent;
use crate::ann::ops::settling::Settling;
use crate::ann::ops::spiking::energy::Energy as BothWays;
use crate::ann::ops::spiking::first_spike::FirstSpike;
use crate::ann::ops::spiking::lif::Lif;
use crate::ann::ops::spiking::recurrent::RecurrentLif;
use crate::ann::ops::spiking::surrogate::Teaching;
use crate::ann::plan::over_time;
use crate::ann::tap::Tapped;
use crate::ann::zoo::{Activation, Layer, Spiking, is_current};
use crate::core::isa::Isa;
use crate::data::SIDE;

use super::receptive;

/// One unit: a layer, a channel of it (or a unit of a vector), and a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit {
    /// Number of the layer in the declaration.
    pub layer: usize,
    /// Row and column in the feature map; 0 where there is none.
    pub y: usize,
    pub x: usize,
    /// Feature map, or unit of a vector.
    pub channel: usize,
}

/// A layer as an operation.
struct Stage {
    /// `None` for dropout, which does nothing while answering.
    op: Option<Box<dyn Op>>,
    /// The step of the network's plan that has its parameters.
    step: Option<usize>,
    input: Plane,
    output: Plane,
}

/// A network taken apart.
pub struct Dissection<'a> {
    network: &'a Network,
    layers: Vec<Layer>,
    stages: Vec<Stage>,
}

/// What some pictures did to every layer.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Number of pictures.
    pub n: usize,
    /// The pictures, then what comes out of each layer: `(n, y, x, channel)`.
    pub planes: Vec<Vec<f32>>,
    /// What the operations keep for going backward.
    keep: Vec<Vec<f32>>,
}

/// Whether a gradient is that of the sum before a unit's ReLU or of what comes out
/// (which is zero for a unit that is silent).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Sum,
    Activation,
}

/// The operation of one layer on a picture of this plane.
fn stage(layers: &[Layer], input: Plane, number: usize, network: &Network) -> Option<Stage> {
    let isa = Isa::best();
    // What knows nothing of time runs at each step.
    let plain = Plane { steps: 1, ..input };
    let shape = (input.h, input.w, input.c);
    let op: Option<Box<dyn Op>> = match layers[number] {
        Layer::Conv { kernel, filters } => {
            let op = Conv::new(shape, kernel, filters)?;
            Some(Box::new(if is_current(layers, number) { op.linear() } else { op }))
        }
        Layer::MaxPool => Some(Box::new(MaxPool::new(shape)?)),
        Layer::Convolution { window, filters, activation } => {
            Some(Box::new(Convolution::new(shape, window, filters, activation)?))
        }
        Layer::Pool { kind, window } => Some(Box::new(Pooling::new(shape, kind, window)?)),
        Layer::Affine => Some(Box::new(Affine::new(plain))),
        Layer::Activate(activation) => Some(Box::new(Function::new(plain, activation))),
        Layer::Dropout(_) => None,
        Layer::Recurrent { cell, order, hidden } => {
            Some(Box::new(Recurrent::new(isa, cell, order, input, hidden)))
        }
        Layer::Dense { units, activation } => {
            Some(Box::new(Dense::new(isa, plain, units, activation)))
        }
        Layer::Settling { hidden } => Some(Box::new(Settling::new(isa, input, hidden))),
        Layer::Goodness { hidden } => Some(Box::new(Goodness::new(isa, input, hidden))),
        Layer::Energy { hidden } => Some(Box::new(Energy::new(isa, input, hidden))),
        Layer::Spiking(Spiking::Lif(neurons)) => Some(Box::new(Lif::new(isa, input, neurons))),
        Layer::Spiking(Spiking::Recurrent { hidden, neurons }) => {
            Some(Box::new(RecurrentLif::new(isa, input, hidden, neurons)))
        }
        Layer::Spiking(Spiking::FirstSpike { hidden }) => {
            Some(Box::new(FirstSpike::new(isa, input, hidden)))
        }
        Layer::Spiking(Spiking::Energy { hidden }) => {
            Some(Box::new(BothWays::new(isa, input, hidden)))
        }
        Layer::ConvStdp(design) => Some(Box::new(ConvStdp::new(isa, *design))),
    };
    let op = op.map(|op| over_time(op, input.steps));
    let output = op.as_ref().map_or(input, |op| op.output());
    let step = network
        .plan()
        .steps
        .iter()
        .position(|s| s.layers.0 == number && !s.op.parameters().is_empty());
    Some(Stage { op, step, input, output })
}

/// The function at the end of a layer.
fn activation(layer: &Layer) -> Activation {
    match *layer {
        Layer::Dense { activation, .. }
        | Layer::Convolution { activation, .. }
        | Layer::Activate(activation) => activation,
        _ => Activation::Relu,
    }
}

impl<'a> Dissection<'a> {
    /// All layers, on a whole picture.
    pub fn new(network: &'a Network) -> Self {
        let layers = (network.architecture().layers)();
        Self::of(network, layers, Plane::new(SIDE, SIDE, 1))
    }

    /// The layers up to and with `last`, on a whole picture.
    pub fn up_to(network: &'a Network, last: usize) -> Self {
        let mut layers = (network.architecture().layers)();
        layers.truncate(last + 1);
        Self::of(network, layers, Plane::new(SIDE, SIDE, 1))
    }

    /// The layers up to and with `last`, on a picture as large as one unit's
    /// receptive field, so that one unit of each feature map comes out. `None`
    /// where units see the whole picture anyway.
    pub fn of_one_field(network: &'a Network, last: usize) -> Option<Self> {
        let layers = (network.architecture().layers)();
        let field = receptive::fields(&layers).get(last).copied()?;
        if field.whole {
            return None;
        }
        let layers = layers[..=last].to_vec();
        Some(Self::of(network, layers, Plane::new(field.size[0], field.size[1], 1)))
    }

    fn of(network: &'a Network, layers: Vec<Layer>, input: Plane) -> Self {
        let mut plane = input;
        let mut stages = Vec::with_capacity(layers.len());
        let whole = (network.architecture().layers)();
        for number in 0..layers.len() {
            // A network exists, so its layers fit together.
            let Some(stage) = stage(&whole, plane, number, network) else { break };
            plane = stage.output;
            stages.push(stage);
        }
        Self { network, layers, stages }
    }

    /// The network.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// The declaration, as far as it is taken apart.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What goes into the first layer.
    pub fn input(&self) -> Plane {
        self.stages.first().map_or(Plane::new(SIDE, SIDE, 1), |s| s.input)
    }

    /// What comes out of a layer.
    pub fn plane(&self, layer: usize) -> Plane {
        self.stages[layer].output
    }

    /// Whether there is such a unit.
    pub fn has(&self, unit: Unit) -> bool {
        self.stages.get(unit.layer).is_some_and(|s| {
            unit.y < s.output.h && unit.x < s.output.w && unit.channel < s.output.c
        })
    }

    /// Weights and biases of a layer, one after the other; none for most.
    pub fn parameters(&self, layer: usize) -> &'a [f32] {
        self.stages[layer].step.map_or(&[], |step| self.network.of_step(step).0)
    }

    /// What `n` pictures do to every layer.
    ///
    /// # Panics
    /// When `pictures` is not as long as `n` of them.
    pub fn forward(&self, pictures: &[f32], n: usize) -> Trace {
        assert_eq!(pictures.len(), n * self.input().len());
        let mut trace = Trace { n, planes: vec![pictures.to_vec()], keep: Vec::new() };
        for stage in &self.stages {
            let x = &trace.planes[trace.planes.len() - 1];
            let Some(op) = &stage.op else {
                let same = x.clone();
                trace.planes.push(same);
                trace.keep.push(Vec::new());
                continue;
            };
            let (parameters, cache) = self.learned(stage);
            let mut y = vec![0f32; n * stage.output.len()];
            let mut keep = vec![0f32; n * op.keep_len()];
            let mut scratch = vec![0f32; op.scratch_len(n, Mode::Answer)];
            op.forward(Forward {
                parameters,
                cache,
                n,
                x,
                y: &mut y,
                keep: &mut keep,
                scratch: &mut scratch,
                mode: Mode::Answer,
                tap: Tapped::default(),
            });
            trace.planes.push(y);
            trace.keep.push(keep);
        }
        trace
    }

    fn learned(&self, stage: &Stage) -> (&'a [f32], &'a [f32]) {
        stage.step.map_or((&[], &[]), |step| self.network.of_step(step))
    }

    /// The gradient by the pixels of a weighted sum over what comes out of
    /// `layer`: `weights` is `(n, y, x, channel)`, the result `(n, pixels)`.
    ///
    /// # Panics
    /// When `weights` is not as long as the layer's output.
    pub fn backward(&self, trace: &Trace, layer: usize, weights: Vec<f32>, of: Of) -> Vec<f32> {
        let n = trace.n;
        assert_eq!(weights.len(), n * self.stages[layer].output.len());
        let mode = Mode::Train { seed: 0, step: 0, image: 0 };
        let mut dy = weights;
        for (i, stage) in self.stages[..=layer].iter().enumerate().rev() {
            let Some(op) = &stage.op else { continue };
            let (parameters, cache) = self.learned(stage);
            // The operations let a gradient pass where y > 0. A pooled unit's
            // ReLU is that of the convolution before.
            let last = i == layer || (i + 1 == layer && self.layers[layer] == Layer::MaxPool);
            // Of a function without a flat part, the output where it is steepest stands in.
            let function = activation(&self.layers[i]);
            let open = (last && of == Of::Sum).then(|| vec![function.steepest(); dy.len()]);
            if open.is_some() {
                let slope = function.slope(function.steepest());
                dy.iter_mut().for_each(|g| *g /= slope);
            }
            let mut keep = trace.keep[i].clone();
            let mut scratch = vec![0f32; op.scratch_len(n, mode)];
            let mut partial = vec![0f32; op.partial_len()];
            let mut dx = vec![0f32; n * stage.input.len()];
            op.backward(Backward {
                parameters,
                cache,
                n,
                x: &trace.planes[i],
                y: open.as_deref().unwrap_or(&trace.planes[i + 1]),
                dy: &mut dy,
                keep: &mut keep,
                scratch: &mut scratch,
                partial: &mut partial,
                dx: Some(&mut dx),
                mode: Mode::Answer,
                teaching: Teaching::default(),
                tap: Tapped::default(),
            });
            dy = dx;
        }
        dy
    }

    /// The gradient of one unit by the pixels, for each picture.
    pub fn gradient(&self, trace: &Trace, unit: Unit, of: Of) -> Vec<f32> {
        let plane = self.plane(unit.layer);
        let mut weights = vec![0f32; trace.n * plane.len()];
        for picture in weights.chunks_exact_mut(plane.len()) {
            picture[place(plane, unit)] = 1.0;
        }
        self.backward(trace, unit.layer, weights, of)
    }
}

/// A unit's place among the numbers of its layer.
pub fn place(plane: Plane, unit: Unit) -> usize {
    (unit.y * plane.w + unit.x) * plane.c + unit.channel
}

impl Trace {
    /// What comes out of a layer, all pictures.
    pub fn output(&self, layer: usize) -> &[f32] {
        &self.planes[layer + 1]
    }

    /// What a layer's operation keeps for going backward.
    pub(super) fn kept(&self, layer: usize) -> &[f32] {
        &self.keep[layer]
    }

    /// The last layer's output: the logits of each picture.
    pub fn logits(&self) -> &[f32] {
        self.planes.last().map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;
    use crate::ann::ops::candle::tests::{difference, stock_conv, stock_pool};
    use crate::ann::ops::loss::softmax;
    use crate::ann::ops::op::parameter_len;
    use crate::ann::zoo::{Activation, ZOO};
    use crate::core::decision::first_max;
    use crate::core::rng::Rng;
    use crate::data::{CLASSES, Pixels, synthetic};

    fn digits() -> Vec<Pixels> {
        (0..3).map(|i| synthetic::digit(4, i as u8 * 3, i)).collect()
    }

    #[test]
    fn the_answer_is_the_networks_own() {
        for architecture in ZOO {
            let network = Network::new(architecture, 5).unwrap();
            let taken = Dissection::new(&network);
            let trace = taken.forward(digits().as_flattened(), 3);
            assert_eq!(trace.planes.len(), (architecture.layers)().len() + 1);
            let mut ours: Vec<[f32; CLASSES]> = trace.logits().as_chunks().0.to_vec();
            ours.iter_mut().for_each(|row| softmax(row));
            let theirs = network.probabilities(&digits());
            for (a, b) in ours.as_flattened().iter().zip(theirs.iter().flat_map(|row| row.iter())) {
                assert!((a - b).abs() < 1e-4, "{}: {a} against {b}", architecture.id);
            }
        }
    }

    /// Every layer of every network against candle's own operations on the output
    /// of candle's own operations.
    #[test]
    fn feature_maps_are_those_of_stock_candle() {
        for architecture in ZOO {
            let network = Network::new(architecture, 6).unwrap();
            let taken = Dissection::new(&network);
            let trace = taken.forward(digits().as_flattened(), 3);
            let pixels = digits().as_flattened().to_vec();
            let mut x = Tensor::from_vec(pixels, (3, SIDE, SIDE, 1), &Device::Cpu).unwrap();
            for (i, layer) in taken.layers().iter().enumerate() {
                let p = taken.parameters(i);
                let p = Tensor::from_slice(p, p.len(), &Device::Cpu).unwrap();
                x = match *layer {
                    Layer::Conv { kernel, filters } => stock_conv(&x, &p, kernel, filters),
                    Layer::MaxPool => stock_pool(&x),
                    Layer::Dropout(_) => Ok(x),
                    Layer::Recurrent { cell, order, hidden } => {
                        let plane = Plane::new(SIDE, SIDE, 1);
                        let op = Recurrent::new(Isa::best(), cell, order, plane, hidden);
                        crate::ann::ops::recurrent::tests::stock(&x, &p, &op)
                            .map(|steps| steps[steps.len() - 1].0.clone())
                    }
                    Layer::Dense { units, activation } => (|| {
                        let inputs = x.elem_count() / 3;
                        let w = p.narrow(0, 0, inputs * units)?.reshape((inputs, units))?;
                        let b = p.narrow(0, inputs * units, units)?;
                        let sum = x.reshape((3, inputs))?.matmul(&w)?.broadcast_add(&b)?;
                        match activation {
                            Activation::Linear => Ok(sum),
                            Activation::Relu => sum.relu(),
                            Activation::Tanh => sum.tanh(),
                            Activation::Sigmoid | Activation::LeakyRelu => {
                                unreachable!("not in the zoo")
                            }
                        }
                    })(),
                    Layer::Convolution { .. }
                    | Layer::Pool { .. }
                    | Layer::Affine
                    | Layer::Activate(_)
                    | Layer::Settling { .. }
                    | Layer::Goodness { .. }
                    | Layer::Energy { .. }
                    | Layer::Spiking(_)
                    | Layer::ConvStdp(_) => {
                        unreachable!("not in the zoo")
                    }
                }
                .unwrap();
                let theirs = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let error = difference(trace.output(i), &theirs);
                assert!(error < 3e-5, "{} layer {i}: {error}", architecture.id);
            }
        }
    }

    #[test]
    fn every_learned_number_of_a_network_belongs_to_a_layer() {
        for architecture in ZOO {
            let network = Network::new(architecture, 6).unwrap();
            let taken = Dissection::new(&network);
            let ours: usize = (0..taken.layers().len()).map(|i| taken.parameters(i).len()).sum();
            let theirs: usize = network.plan().steps.iter().map(|s| parameter_len(&*s.op)).sum();
            assert_eq!(ours, theirs, "{}", architecture.id);
        }
    }

    /// Gradients of units of every layer of every network by the pixels, against
    /// differences.
    #[test]
    fn gradients_by_the_pixels_agree_with_differences() {
        let mut rng = Rng::stream(3, "gradient places", 0);
        for architecture in ZOO {
            let network = Network::new(architecture, 7).unwrap();
            let taken = Dissection::new(&network);
            // Noise, so that no two pixels of a pooled window are equal.
            let mut picture = digits()[1];
            picture.iter_mut().for_each(|p| *p += 0.3 * rng.uniform());
            let trace = taken.forward(&picture, 1);
            for layer in 0..taken.layers().len() {
                let plane = taken.plane(layer);
                // The liveliest unit, so that its ReLU does not switch.
                let output = trace.output(layer);
                let at = first_max(output).unwrap();
                let unit = Unit {
                    layer,
                    y: at / plane.c / plane.w,
                    x: at / plane.c % plane.w,
                    channel: at % plane.c,
                };
                let gradient = taken.gradient(&trace, unit, Of::Activation);
                let largest = gradient.iter().fold(0f32, |m, g| m.max(g.abs()));
                assert!(largest > 0.0, "{} layer {layer}", architecture.id);
                let mut tried = 0;
                for _ in 0..400 {
                    let i = rng.below(gradient.len());
                    let moved = |by: f32| {
                        let mut picture = picture;
                        picture[i] += by;
                        f64::from(taken.forward(&picture, 1).output(layer)[at])
                    };
                    let here = moved(0.0);
                    let slopes = [-3e-3, -1e-3, 1e-3, 3e-3]
                        .map(|h: f32| ((moved(h) - here) / f64::from(h)) as f32);
                    let near = |a: f32, b: f32, t: f32| (a - b).abs() < t * largest;
                    // Where a ReLU or a maximum switches a difference means nothing.
                    if slopes.iter().all(|s| near(*s, slopes[1], 0.01)) {
                        let slope = f32::midpoint(slopes[1], slopes[2]);
                        assert!(
                            near(gradient[i], slope, 0.03),
                            "{} layer {layer} pixel {i}: {} against {slope}",
                            architecture.id,
                            gradient[i]
                        );
                        tried += 1;
                    }
                    if tried == 12 {
                        break;
                    }
                }
                assert!(tried == 12, "{} layer {layer}: too many corners", architecture.id);
            }
        }
    }

    #[test]
    fn a_field_of_ones_own_gives_the_same_unit() {
        for architecture in ZOO.iter().filter(|a| a.id.starts_with("cnn")) {
            let network = Network::new(architecture, 8).unwrap();
            let taken = Dissection::new(&network);
            let picture = digits()[2];
            let trace = taken.forward(&picture, 1);
            for layer in 0..taken.layers().len() {
                let Some(alone) = Dissection::of_one_field(&network, layer) else { continue };
                let plane = taken.plane(layer);
                let (y, x) = (plane.h / 2, plane.w / 2);
                let field = receptive::fields(taken.layers())[layer];
                let patch = field.at(y, x).cut(&picture);
                let one = alone.forward(&patch, 1);
                assert_eq!((alone.plane(layer).h, alone.plane(layer).w), (1, 1));
                let whole = &trace.output(layer)[(y * plane.w + x) * plane.c..][..plane.c];
                assert!(difference(one.output(layer), whole) < 1e-5, "{}", architecture.id);
            }
        }
    }
}

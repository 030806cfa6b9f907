//! The architectures: one file and one line in [`ZOO`] each. A structure is a
//! list of layers, from which the network, its summary and its cost follow.

pub mod classes;
mod cnn1;
mod cnn2;
mod cnn3;
mod conv_stdp;
mod custom;
mod energy;
mod made;
mod mlp;
pub mod notation;
mod rnn;
pub mod spiking;

use std::ops::Range;

use super::AnnError;
use super::ops::conv_stdp::Design;
use super::ops::energy::Energy;
use super::ops::op::Plane;
use super::ops::recurrent::{Cell, Order};
use super::ops::settling;
use super::ops::spiking::energy as both_ways;
use crate::core::isa::Isa;
use crate::data::{CLASSES, SIDE};

pub use conv_stdp::linear as linear_stdp;
pub use custom::{Kind, MOST_LAYERS, MOST_UNITS, Widths};
pub use spiking::Spiking;

/// A kind of network.
pub struct Architecture {
    /// Stable id, as in `spikescope train ID` and in files.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub doc: &'static str,
    /// Its layers, from the picture to the classes: ten, unless its id says otherwise.
    pub layers: &'static (dyn Fn() -> Vec<Layer> + Send + Sync),
    /// Epochs in the report's recipe.
    pub epochs: usize,
    /// Epochs at the end over which the bundled weights are averaged.
    pub average_epochs: usize,
    /// Test accuracy that the report states, in percent.
    pub report: Option<f64>,
    /// Seed of the bundled weights.
    pub seed: u64,
}

impl std::fmt::Debug for Architecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Architecture({})", self.id)
    }
}

/// Kinds of networks, in the order of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Dense,
    Convolutional,
    Recurrent,
    Spiking,
}

impl Family {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "Dense",
            Self::Convolutional => "Convolutional",
            Self::Recurrent => "Recurrent",
            Self::Spiking => "Spiking",
        }
    }
}

impl Architecture {
    /// By its first layer, but for networks with spiking neurons.
    pub fn family(&self) -> Family {
        let layers = (self.layers)();
        if layers.iter().any(|l| matches!(l, Layer::Spiking(_) | Layer::ConvStdp(_))) {
            return Family::Spiking;
        }
        let sums = layers.iter().find(|l| !matches!(l, Layer::Affine | Layer::Dropout(_)));
        match sums {
            Some(Layer::Conv { .. } | Layer::Convolution { .. }) => Family::Convolutional,
            Some(Layer::Recurrent { .. }) => Family::Recurrent,
            _ => Family::Dense,
        }
    }
}

/// All architectures, in the order of the story.
pub static ZOO: &[&Architecture] = &[
    &mlp::MLP,
    &cnn1::CNN1,
    &cnn2::CNN2,
    &cnn3::CNN3,
    &cnn2::CNN4,
    &cnn1::CNN5,
    &rnn::RNN1,
    &rnn::RNN2,
    &rnn::RNN3,
    &rnn::RNN4,
];

/// Deep networks of spiking neurons.
pub static SPIKING: &[&Architecture] = &[
    &spiking::LIF_DENSE,
    &spiking::LIF_CONV,
    &spiking::LIF_RECURRENT,
    &spiking::FIRST_SPIKE,
    &conv_stdp::CONV_STDP,
    &conv_stdp::CONV_STDP_REWARD,
    &spiking::LIF_CHL,
];

/// Networks that imagine digits.
pub static GENERATIVE: &[&Architecture] = &[&energy::BENGIO2015];

/// The networks of [`ZOO`], of [`SPIKING`] and of [`GENERATIVE`].
pub fn all() -> impl Iterator<Item = &'static Architecture> {
    ZOO.iter().chain(SPIKING).chain(GENERATIVE).copied()
}

/// Whether what comes out of this layer, pooled or not, is the current of spiking neurons,
/// and so has no ReLU.
pub fn is_current(layers: &[Layer], layer: usize) -> bool {
    let pools = |l: &Layer| matches!(l, Layer::MaxPool | Layer::Pool { .. });
    let after = layers.iter().skip(layer + 1).find(|l| !pools(l));
    matches!(after, Some(Layer::Spiking(_)))
}

/// A layer. Convolutions and all dense layers but the last end in a ReLU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layer {
    /// `filters` kernels of `kernel`×`kernel`, stride 1, no padding; ReLU, unless spiking
    /// neurons follow.
    Conv { kernel: usize, filters: usize },
    /// The largest of each 2×2 pixels.
    MaxPool,
    /// Drops units with this probability while training.
    Dropout(f32),
    /// Reads the picture's rows or columns as time steps; the last state comes out.
    Recurrent { cell: Cell, order: Order, hidden: usize },
    /// Fully connected; a picture before it is flattened by y, x, channel.
    Dense { units: usize, activation: Activation },
    /// Dense layers and the ten classes, connected both ways by the same weights; they
    /// relax together (see [`super::ops::settling`]).
    Settling { hidden: &'static [usize] },
    /// Dense layers that respond to a picture with a label; all ten labels are tried
    /// (see [`super::ops::goodness`]).
    Goodness { hidden: &'static [usize] },
    /// Two layers of latent variables with encoders and decoders, and a read-out (see
    /// [`super::ops::energy`]).
    Energy { hidden: &'static [usize] },
    /// As [`Layer::Conv`], with any stride and padding, and any function after it.
    Convolution { window: Window, filters: usize, activation: Activation },
    /// The largest, or the mean, of each window of pixels.
    Pool { kind: PoolKind, window: Window },
    /// A scale and a shift for each channel: what batch normalisation comes to while
    /// answering, or the normalisation of the picture.
    Affine,
    /// A function by itself, where it follows no sum.
    Activate(Activation),
    /// Neurons that spike.
    Spiking(Spiking),
    /// Convolutions of spiking neurons and what reads them (see
    /// [`super::ops::conv_stdp`]).
    ConvStdp(&'static Design),
}

/// The pixels that a unit of a convolution or of pooling looks at, and how far apart those
/// of neighbours are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width, pixels.
    pub kernel: [usize; 2],
    /// Down and across, pixels.
    pub stride: [usize; 2],
    /// Pixels that are thought around the picture: top, left, bottom, right.
    pub padding: [usize; 4],
}

impl Window {
    /// A square one, which moves by `stride` within the picture.
    pub fn square(kernel: usize, stride: usize) -> Self {
        Self { kernel: [kernel; 2], stride: [stride; 2], padding: [0; 4] }
    }

    /// Rows and columns of what comes out of a picture of this height and width; `None` if
    /// there are none, or if a window may lie beside the picture.
    pub fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let [top, left, bottom, right] = self.padding;
        let along = |i: usize, before: usize, after: usize| {
            let (kernel, stride) = (self.kernel[i], self.stride[i]);
            let whole = size[i].checked_add(before)?.checked_add(after)?;
            let fits = kernel > 0 && stride > 0 && size[i] > 0;
            let beside = before >= kernel || after >= kernel;
            (fits && !beside && whole >= kernel).then(|| (whole - kernel) / stride + 1)
        };
        Some([along(0, top, bottom)?, along(1, left, right)?])
    }

    /// Windows of `outputs` along an axis (0: down, 1: across) that see the pixel `at`.
    pub fn seen_by(&self, axis: usize, at: usize, outputs: usize) -> usize {
        self.over(axis, at, outputs).len()
    }

    /// Which windows of `outputs` along an axis these are.
    pub fn over(&self, axis: usize, at: usize, outputs: usize) -> Range<usize> {
        let (kernel, stride) = (self.kernel[axis], self.stride[axis].max(1));
        let at = at + self.padding[axis];
        (at + 1).saturating_sub(kernel).div_ceil(stride)..(at / stride + 1).min(outputs)
    }

    /// The pixels of a window along an axis that lie in a picture of `size` pixels.
    pub fn pixels(&self, axis: usize, window: usize, size: usize) -> Range<usize> {
        let (from, before) = (window * self.stride[axis], self.padding[axis]);
        let to = (from + self.kernel[axis]).saturating_sub(before).min(size);
        from.saturating_sub(before)..to
    }

    /// Whether it never leaves the picture.
    pub fn is_inside(&self) -> bool {
        self.padding == [0; 4]
    }
}

/// What pooling makes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest.
    Max,
    /// The mean of the pixels that lie in the picture.
    Average,
    /// The mean, with the padding's zeros.
    AverageCounted,
}

/// What a unit makes of its sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Nothing.
    Linear,
    /// What is below zero becomes zero.
    #[default]
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// The logistic function, from 0 to 1.
    Sigmoid,
    /// A hundredth of what is below zero.
    LeakyRelu,
}

/// Slope of [`Activation::LeakyRelu`] below zero.
pub const LEAK: f32 = 0.01;

impl Activation {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "the sum itself",
            Self::Relu => "ReLU",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::LeakyRelu => "leaky ReLU",
        }
    }

    /// What comes out for this sum; a NaN stays one.
    pub fn of(self, sum: f32) -> f32 {
        match self {
            Self::Relu if sum < 0.0 => 0.0,
            Self::Linear | Self::Relu => sum,
            Self::Tanh => sum.tanh(),
            Self::Sigmoid => 1.0 / (1.0 + (-sum).exp()),
            Self::LeakyRelu if sum < 0.0 => LEAK * sum,
            Self::LeakyRelu => sum,
        }
    }

    /// The derivative where `output` comes out.
    pub fn slope(self, output: f32) -> f32 {
        match self {
            Self::Linear => 1.0,
            Self::Relu => f32::from(u8::from(output > 0.0)),
            Self::Tanh => 1.0 - output * output,
            Self::Sigmoid => output * (1.0 - output),
            Self::LeakyRelu if output > 0.0 => 1.0,
            Self::LeakyRelu => LEAK,
        }
    }
}

/// A line of a network's summary.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LayerSummary {
    /// For people, with the number among its kind: `Conv 2 5×5`.
    pub name: String,
    /// Shape of what comes out, without the batch: `[24, 24, 64]` or `[128]`.
    pub output: Vec<usize>,
    /// Trained numbers.
    pub parameters: usize,
    /// Multiplications with addition for one picture.
    pub multiply_adds: usize,
}

impl LayerSummary {
    /// The shape as text: `24×24×64`.
    pub fn shape(&self) -> String {
        self.output.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
    }
}

/// Shapes, parameters and cost of each layer.
pub fn summary(layers: &[Layer]) -> Vec<LayerSummary> {
    let mut shape = vec![SIDE, SIDE, 1];
    let mut counts = [0usize; 5];
    // Steps of what comes in: at each of them it is computed anew.
    let mut steps = 1;
    let mut lines = Vec::with_capacity(layers.len());
    for layer in layers {
        // A vector is one pixel of so many channels; what does not fit is told by the plan.
        let at = |i: usize| match shape[..] {
            [units] => [1, 1, units][i],
            _ => shape.get(i).copied().unwrap_or(1),
        };
        let [rows, columns, channels] = [at(0), at(1), at(2)];
        let mut line = LayerSummary {
            name: String::new(),
            output: shape.clone(),
            parameters: 0,
            multiply_adds: 0,
        };
        match *layer {
            Layer::Conv { kernel, filters } => {
                counts[0] += 1;
                line.name = format!("Conv {} {kernel}×{kernel}", counts[0]);
                let side = |n: usize| (n + 1).saturating_sub(kernel);
                let (h, w) = (side(rows), side(columns));
                line.parameters = (kernel * kernel * channels + 1) * filters;
                line.multiply_adds = steps * h * w * kernel * kernel * channels * filters;
                line.output = vec![h, w, filters];
            }
            Layer::MaxPool => {
                line.name = "Max-pool 2×2".into();
                line.output = vec![rows / 2, columns / 2, channels];
            }
            Layer::Dropout(rate) => line.name = format!("Dropout {rate}"),
            Layer::Recurrent { cell, order, hidden } => {
                counts[2] += 1;
                let each = cell.columns();
                let (steps, values) = match order {
                    Order::Rows => (rows, columns),
                    Order::Columns => (columns, rows),
                };
                let along = if order == Order::Rows { "rows" } else { "columns" };
                line.name = format!("{} {} over {steps} {along}", cell.name(), counts[2]);
                line.parameters = ((values + hidden) * each + cell.biases()) * hidden;
                line.multiply_adds = steps * (values + hidden) * each * hidden;
                line.output = vec![hidden];
            }
            Layer::Settling { hidden } => {
                line.name = "Settling".into();
                let widths = widths(&shape, hidden, true);
                let products: usize = widths.windows(2).map(|w| w[0] * w[1]).sum();
                line.parameters = products + widths[1..].iter().sum::<usize>();
                // The picture's product once; the others forward and back in each sweep.
                let first = widths[0] * widths[1];
                line.multiply_adds = first + 2 * (products - first) * settling::ANSWER_SWEEPS;
                line.output = vec![CLASSES];
            }
            Layer::Goodness { hidden } => {
                line.name = "Goodness".into();
                let widths = widths(&shape, hidden, false);
                let products: usize = widths.windows(2).map(|w| w[0] * w[1]).sum();
                line.parameters = products + widths[1..].iter().sum::<usize>();
                // The picture's product once; what follows for each label.
                let first = widths[0] * widths[1];
                line.multiply_adds = first + CLASSES * (products - first);
                line.output = vec![CLASSES];
            }
            Layer::Energy { hidden } => {
                line.name = "Energy".into();
                let op = Energy::new(Isa::best(), Plane::new(rows, columns, 1), hidden);
                line.parameters = op.parameters_len();
                line.multiply_adds = op.multiply_adds();
                line.output = vec![CLASSES];
            }
            Layer::Convolution { window, filters, .. } => {
                counts[0] += 1;
                line.name = format!("Conv {} {}", counts[0], window_name(window));
                let [h, w] = window.output([rows, columns]).unwrap_or_default();
                let taps = window.kernel[0] * window.kernel[1] * channels;
                line.parameters = (taps + 1) * filters;
                line.multiply_adds = steps * h * w * taps * filters;
                line.output = vec![h, w, filters];
            }
            Layer::Pool { kind, window } => {
                let kind = if kind == PoolKind::Max { "Max" } else { "Average" };
                line.name = format!("{kind}-pool {}", window_name(window));
                let [h, w] = window.output([rows, columns]).unwrap_or_default();
                line.output = vec![h, w, channels];
            }
            Layer::Affine => {
                counts[4] += 1;
                line.name = format!("Affine {}", counts[4]);
                line.parameters = 2 * shape.last().copied().unwrap_or(1);
            }
            Layer::Activate(activation) => activation.name().clone_into(&mut line.name),
            Layer::Spiking(Spiking::Lif(neurons)) => {
                counts[3] += 1;
                line.name = format!("LIF {}", counts[3]);
                steps = neurons.out_steps();
            }
            Layer::Spiking(Spiking::Recurrent { hidden, neurons }) => {
                counts[3] += 1;
                line.name = format!("RLIF {} over {} rows", counts[3], rows);
                line.parameters = (columns + hidden + 1) * hidden;
                line.multiply_adds = (rows * columns + (neurons.steps - 1) * hidden) * hidden;
                line.output = vec![hidden];
                steps = neurons.out_steps();
            }
            Layer::Spiking(Spiking::FirstSpike { hidden }) => {
                line.name = "First-spike".into();
                let widths = widths(&shape, hidden, true);
                line.parameters = widths.windows(2).map(|w| w[0] * w[1]).sum();
                line.multiply_adds = line.parameters;
                line.output = vec![CLASSES];
            }
            Layer::Spiking(Spiking::Energy { hidden }) => {
                line.name = "Energy".into();
                let widths = widths(&shape, &[hidden], true);
                let products: usize = widths.windows(2).map(|w| w[0] * w[1]).sum();
                line.parameters = products + widths[1..].iter().sum::<usize>();
                // The picture's product once; the spikes' there and back in each step.
                let first = widths[0] * widths[1];
                line.multiply_adds = first + 2 * (products - first) * both_ways::ANSWER_STEPS;
                line.output = vec![CLASSES];
            }
            Layer::ConvStdp(design) => {
                line.name = "Conv-STDP".into();
                line.parameters = design.parameters();
                line.multiply_adds = design.most_additions();
                line.output = vec![CLASSES];
            }
            Layer::Dense { units, .. } => {
                counts[1] += 1;
                line.name = format!("Dense {}", counts[1]);
                let inputs: usize = shape.iter().product();
                line.parameters = (inputs + 1) * units;
                line.multiply_adds = steps * inputs * units;
                line.output = vec![units];
            }
        }
        shape.clone_from(&line.output);
        lines.push(line);
    }
    lines
}

/// `3×3`, `5×5, stride 2, padding 2`.
fn window_name(window: Window) -> String {
    let pair = |[a, b]: [usize; 2]| if a == b { a.to_string() } else { format!("{a}×{b}") };
    let [h, w] = window.kernel;
    let mut name = format!("{h}×{w}");
    if window.stride != [1, 1] {
        name += &format!(", stride {}", pair(window.stride));
    }
    match window.padding {
        [0, 0, 0, 0] => {}
        [top, left, bottom, right] if top == bottom && left == right => {
            name += &format!(", padding {}", pair([top, left]));
        }
        [top, left, bottom, right] => {
            name += &format!(", padding {top}, {left}, {bottom}, {right}");
        }
    }
    name
}

/// Units from the picture on, with the classes if these are units too.
pub fn widths(input: &[usize], hidden: &[usize], classes: bool) -> Vec<usize> {
    let last = classes.then_some(CLASSES);
    [input.iter().product()].into_iter().chain(hidden.iter().copied()).chain(last).collect()
}

/// What a network takes in all. A multiply–add counts as two operations
/// (FLOP); what is done once per value (biases, rectifiers, maxima, the gates'
/// functions, the optimiser) is not counted, as usual. Winograd's filtering does
/// with fewer multiplications than are counted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cost {
    /// Trained numbers.
    pub parameters: usize,
    /// Multiplications with addition for one picture.
    pub multiply_adds: usize,
    /// Operations for an answer.
    pub answer_flop: usize,
    /// Operations for a training image: forward, and backward the gradients by
    /// the weights and by each layer's input; that by the picture is not needed.
    pub training_flop: usize,
}

/// Adds a structure up.
pub fn cost(layers: &[Layer]) -> Cost {
    let lines = summary(layers);
    let multiply_adds: usize = lines.iter().map(|l| l.multiply_adds).sum();
    let with_the_picture = match (layers.first(), lines.first()) {
        // The state is no part of the picture.
        (Some(Layer::Recurrent { hidden, .. }), Some(first)) => {
            first.multiply_adds * SIDE / (SIDE + hidden)
        }
        (_, Some(first)) => first.multiply_adds,
        (_, None) => 0,
    };
    Cost {
        parameters: lines.iter().map(|l| l.parameters).sum(),
        multiply_adds,
        answer_flop: 2 * multiply_adds,
        training_flop: 6 * multiply_adds - 2 * with_the_picture,
    }
}

/// The architecture of this id: one of [`all`], or layers of any number and width, as in
/// `dense-500-500-tanh` (see [`custom`]), or a preset for other numbers of classes, as `mlp-26`
/// (see [`classes`]).
pub fn find(id: &str) -> Option<&'static Architecture> {
    all()
        .find(|a| a.id == id)
        .or_else(|| custom::find(id))
        .or_else(|| notation::find(id))
        .or_else(|| classes::preset(id))
}

/// The architecture of this id, or an error that names all of them.
///
/// # Errors
/// [`AnnError::UnknownModel`].
pub fn get(id: &str) -> Result<&'static Architecture, AnnError> {
    find(id).ok_or_else(|| AnnError::UnknownModel {
        id: id.to_owned(),
        known: all().map(|a| a.id).collect::<Vec<_>>().join(", ")
            + ", these for other numbers of classes, such as mlp-26, and others by their sizes, such as dense-500-500, lif-512-t25-tau10, lif-chl-512, stdp-32-150 or energy-500-100",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_architecture_is_described_and_ends_in_ten_classes() {
        let zoo: Vec<&Architecture> = all().collect();
        for (i, a) in zoo.iter().enumerate() {
            let lines = summary(&(a.layers)());
            assert_eq!(lines.last().unwrap().output, [CLASSES], "{}", a.id);
            assert!(!a.doc.is_empty() && a.epochs > 0);
            let parameters = crate::ann::network::Network::new(a, 1).unwrap().values();
            assert_eq!(
                parameters.iter().map(Vec::len).sum::<usize>(),
                lines.iter().map(|l| l.parameters).sum::<usize>(),
                "{}",
                a.id
            );
            assert!(zoo[i + 1..].iter().all(|b| a.id != b.id && a.name != b.name));
        }
    }

    #[test]
    fn the_cost_is_that_counted_by_hand() {
        let cost = |id| cost(&(find(id).unwrap().layers)());
        // 784·512 + 512·256 + 256·10; backward twice that, less 784·512.
        let mlp = cost("mlp");
        assert_eq!((mlp.multiply_adds, mlp.answer_flop), (535_040, 1_070_080));
        assert_eq!(mlp.training_flop, 6 * 535_040 - 2 * 401_408);
        // 28 steps of (28 + 128)·3·128, then 128·64 + 64·10; less 28·28·3·128.
        let gru = cost("rnn1");
        assert_eq!(gru.multiply_adds, 1_677_312 + 8832);
        assert_eq!(gru.training_flop, 6 * 1_686_144 - 2 * 301_056);
        // 26²·9·32 + 22²·25·32·128 + 9²·9·128² + 2048·128 + 1280.
        let cnn = cost("cnn1");
        assert_eq!(cnn.multiply_adds, 194_688 + 49_561_600 + 11_943_936 + 262_144 + 1280);
        assert_eq!(cnn.training_flop / 1_000_000, 371);
        assert_eq!(super::cost(&[]).training_flop, 0);
    }

    #[test]
    fn the_summary_of_cnn_3_is_that_of_the_report() {
        let lines = summary(&(cnn3::CNN3.layers)());
        let shapes: Vec<&[usize]> = lines.iter().map(|l| &l.output[..]).collect();
        let wanted: [&[usize]; 9] = [
            &[26, 26, 32],
            &[24, 24, 64],
            &[12, 12, 64],
            &[8, 8, 128],
            &[4, 4, 128],
            &[4, 4, 128],
            &[128],
            &[128],
            &[10],
        ];
        assert_eq!(shapes, wanted);
        // 320 + 18,496 + 204,928 + 262,272 + 1,290 by hand.
        assert_eq!(lines.iter().map(|l| l.parameters).sum::<usize>(), 487_306);
    }
}

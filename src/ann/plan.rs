//! From a declaration to operations: which layers become one operation, which
//! kind of convolution is fastest, and who pads for whom.

use super::AnnError;
use super::ops::affine::Affine;
use super::ops::conv::Conv;
use super::ops::conv_stdp::ConvStdp;
use super::ops::convolution::Convolution;
use super::ops::dense::Dense;
use super::ops::direct::Direct;
use super::ops::dropout::Dropout;
use super::ops::energy::Energy;
use super::ops::function::Function;
use super::ops::goodness::Goodness;
use super::ops::op::{Op, Parameter, Plane};
use super::ops::pool::MaxPool;
use super::ops::pooling::Pooling;
use super::ops::recurrent::Recurrent;
use super::ops::settling::Settling;
use super::ops::spiking::energy::Energy as BothWays;
use super::ops::spiking::first_spike::FirstSpike;
use super::ops::spiking::lif::Lif;
use super::ops::spiking::over_time::OverTime;
use super::ops::spiking::recurrent::RecurrentLif;
use super::ops::spiking::{MOST_STEPS, Neurons};
use super::ops::winograd::ConvPool;
use super::zoo::{Layer, LayerSummary, Spiking, is_current, summary};
use crate::core::isa::Isa;
use crate::data::SIDE;

/// An operation and the layers it stands for.
#[derive(Debug)]
pub struct Step {
    /// The operation.
    pub op: Box<dyn Op>,
    /// `conv1`, `dense2`, `gru1`: stable, used in files. Empty where nothing is
    /// learned.
    pub name: String,
    /// Numbers of its first layer and of the one after its last.
    pub layers: (usize, usize),
}

/// All operations, from the picture to the logits.
#[derive(Debug)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// The instruction set of its kernels.
    pub isa: Isa,
}

/// `Conv 2 5×5` → `conv2`.
fn file_name(line: &LayerSummary) -> String {
    let mut words = line.name.split(' ');
    let mut next = || words.next().unwrap_or_default().to_lowercase();
    next() + &next()
}

/// An operation at each of the steps of what comes in, if it does not have them itself.
pub fn over_time(op: Box<dyn Op>, steps: usize) -> Box<dyn Op> {
    if op.input().steps == steps { op } else { Box::new(OverTime::new(op, steps)) }
}

impl Plan {
    /// For these layers on a 28×28 picture.
    ///
    /// # Errors
    /// [`AnnError::Structure`] when a layer does not fit what comes before it.
    pub fn new(layers: &[Layer], isa: Isa) -> Result<Self, AnnError> {
        let lines = summary(layers);
        let mut plan = Self { steps: Vec::new(), isa };
        let mut shape = (SIDE, SIDE, 1);
        let mut steps = 1;
        let mut at = 0;
        while at < layers.len() {
            let misfit = || AnnError::Structure {
                layer: lines[at].name.clone(),
                shape: format!("{}×{}×{}", shape.0, shape.1, shape.2),
            };
            let pooled = layers.get(at + 1) == Some(&Layer::MaxPool);
            let plane = Plane::new(shape.0, shape.1, shape.2);
            let mut used = 1;
            let current = is_current(layers, at);
            let of_one_step = steps == 1;
            let fits = |neurons: Neurons| {
                (1..=MOST_STEPS).contains(&neurons.steps) && (of_one_step || steps == neurons.steps)
            };
            let op: Box<dyn Op> = match layers[at] {
                // One picture at a time is all that these take.
                Layer::Dropout(_)
                | Layer::Recurrent { .. }
                | Layer::Settling { .. }
                | Layer::Goodness { .. }
                | Layer::Energy { .. }
                | Layer::Spiking(
                    Spiking::Recurrent { .. } | Spiking::FirstSpike { .. } | Spiking::Energy { .. },
                ) if !of_one_step => {
                    return Err(misfit());
                }
                Layer::Conv { kernel, filters } => {
                    let fused = if pooled {
                        let op = ConvPool::new(isa, shape, kernel, filters);
                        plan.padded(op.map(|op| if current { op.linear() } else { op }))
                    } else {
                        None
                    };
                    if let Some(op) = fused {
                        used = 2;
                        Box::new(op)
                    } else if let Some(op) = Direct::new(isa, shape, kernel, filters) {
                        Box::new(if current { op.linear() } else { op })
                    } else {
                        let op = Conv::new(shape, kernel, filters).ok_or_else(misfit)?;
                        Box::new(if current { op.linear() } else { op })
                    }
                }
                Layer::MaxPool => Box::new(MaxPool::new(shape).ok_or_else(misfit)?),
                Layer::Dropout(rate) => Box::new(Dropout::new(plane, rate, at)),
                Layer::Recurrent { cell, order, hidden } => {
                    if shape.2 != 1 || hidden % 16 != 0 {
                        return Err(misfit());
                    }
                    Box::new(Recurrent::new(isa, cell, order, plane, hidden))
                }
                Layer::Dense { units, activation } => {
                    Box::new(Dense::new(isa, plane, units, activation))
                }
                Layer::Convolution { window, filters, activation } => Box::new(
                    Convolution::new(shape, window, filters, activation).ok_or_else(misfit)?,
                ),
                Layer::Pool { kind, window } => {
                    Box::new(Pooling::new(shape, kind, window).ok_or_else(misfit)?)
                }
                Layer::Affine => Box::new(Affine::new(plane)),
                Layer::Activate(activation) => Box::new(Function::new(plane, activation)),
                Layer::Settling { hidden } => Box::new(Settling::new(isa, plane, hidden)),
                Layer::Goodness { hidden } => Box::new(Goodness::new(isa, plane, hidden)),
                Layer::Energy { hidden } => Box::new(Energy::new(isa, plane, hidden)),
                Layer::Spiking(Spiking::Lif(neurons)) => {
                    if !fits(neurons) {
                        return Err(misfit());
                    }
                    Box::new(Lif::new(isa, Plane { steps, ..plane }, neurons))
                }
                Layer::Spiking(Spiking::Recurrent { hidden, neurons }) => {
                    if !fits(neurons) || shape.2 != 1 || !neurons.steps.is_multiple_of(shape.0) {
                        return Err(misfit());
                    }
                    Box::new(RecurrentLif::new(isa, plane, hidden, neurons))
                }
                Layer::Spiking(Spiking::FirstSpike { hidden }) => {
                    Box::new(FirstSpike::new(isa, plane, hidden))
                }
                Layer::Spiking(Spiking::Energy { hidden }) => {
                    Box::new(BothWays::new(isa, plane, hidden))
                }
                Layer::ConvStdp(design) => {
                    if plane != Plane::new(SIDE, SIDE, 1) {
                        return Err(misfit());
                    }
                    Box::new(ConvStdp::new(isa, *design))
                }
            };
            let op = over_time(op, steps);
            let out = op.output();
            steps = out.steps;
            shape = (out.h, out.w, out.c);
            let learns = !op.parameters().is_empty();
            let name = if learns { file_name(&lines[at]) } else { String::new() };
            plan.steps.push(Step { op, name, layers: (at, at + used) });
            at += used;
        }
        Ok(plan)
    }

    /// The operation, if the one before it can give it the padding that it needs.
    fn padded(&mut self, op: Option<ConvPool>) -> Option<ConvPool> {
        let op = op?;
        let wanted = op.input();
        if wanted == Plane::new(wanted.h, wanted.w, wanted.c) {
            return Some(op);
        }
        self.steps.last_mut()?.op.pad_output(wanted).then_some(op)
    }

    /// Each named array: step, the place in the step's parameters, full name.
    pub fn parameters(&self) -> Vec<(usize, usize, String, Parameter)> {
        let mut all = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            let mut from = 0;
            for parameter in step.op.parameters() {
                let len = parameter.len();
                all.push((number, from, format!("{}.{}", step.name, parameter.name), parameter));
                from += len;
            }
        }
        all
    }

    /// Numbers of one picture before each step, and after the last.
    pub fn planes(&self) -> Vec<usize> {
        let first = self.steps.first().map_or(SIDE * SIDE, |s| s.op.input().len());
        [first].into_iter().chain(self.steps.iter().map(|s| s.op.output().len())).collect()
    }
}

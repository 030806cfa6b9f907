//! Forward–forward (Hinton 2022): no way back. Each layer sees the digit once with its
//! label written into it and once with a wrong one, and learns by itself to respond
//! strongly to the first and weakly to the second. See
//! [`crate::ann::ops::goodness`] for the network.

use super::disturbance::Disturbance;
use super::probe::Digits;
use super::{Kind, Method, Recipe, Rule, adam};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::ops::goodness::{Goodness, Teaching};
use crate::ann::ops::op::Plane;
use crate::ann::plan::Plan;
use crate::ann::zoo::Layer;
use crate::core::isa::Isa;
use crate::core::param::{Param, params};
use crate::core::rng::Rng;
use crate::data::{CLASSES, PIXELS, SIDE};

params! {
    struct Params: f32 {
        threshold: Param::number(
            "Threshold θ", "", 1.0, (0.01, 100.0),
            "Mean squared response that right labels should exceed",
        ),
        slope: Param::number(
            "Sharpness", "", 10.0, (0.1, 4096.0),
            "How sharply right and wrong are told apart at the threshold; large ones learn from mistakes only",
        ),
    }
}

/// Two passes forward.
pub static RULE: Rule = Rule {
    id: "forward_forward",
    name: "Forward–forward",
    doc: "Each layer sees the digit with its label and with a wrong one, and learns by itself to respond to the first more than to the second (Hinton 2022). Nothing goes back at all; slowest to learn, and ten passes to answer.",
    way_back: "nothing: a second pass forward",
    parameters: Params::DECLARED,
    kind: Kind::Goodness,
    optimisers: &[],
    why: "",
    usual: || adam(3e-3),
    recipe: Recipe::new(&[500, 500], 64, 20),
    sends_errors: false,
    relaxes: false,
    begin: |start| Box::new(ForwardForward::of(start.network.architecture().layers, start.values)),
};

/// One of so many pictures of a mini-batch is asked about, to estimate the share of right
/// answers: asking takes ten passes.
const ASKED: usize = 8;

#[derive(Clone)]
struct ForwardForward {
    op: Goodness,
    teaching: Teaching,
}

impl ForwardForward {
    fn of(layers: &dyn Fn() -> Vec<Layer>, values: &[f32]) -> Self {
        let Params { threshold, slope } = Params::of(values);
        let hidden = layers().into_iter().find_map(|l| match l {
            Layer::Goodness { hidden } => Some(hidden),
            _ => None,
        });
        let plane = Plane::new(SIDE, SIDE, 1);
        Self {
            op: Goodness::new(Isa::best(), plane, hidden.unwrap_or_default()),
            teaching: Teaching { threshold, slope },
        }
    }
}

impl Method for ForwardForward {
    fn memory(&self, _: &Plan, n: usize) -> usize {
        use crate::ann::ops::op::{Mode, Op};
        self.op.scratch_len(n, Mode::Answer)
    }

    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        let (seed, step) = job.address;
        let parameters = &job.parts.parameters[0];
        let PartMemory { n, first, planes, keep, labels, own, .. } = part;
        let n = *n;
        // For each digit by its number in the batch, so that the number of threads
        // changes nothing.
        let wrong: Vec<u8> = labels
            .iter()
            .enumerate()
            .map(|(i, label)| {
                let mut rng = Rng::stream(seed ^ ((*first + i) as u64) << 32, "wrong label", step);
                (label + 1 + rng.below(CLASSES - 1) as u8) % CLASSES as u8
            })
            .collect();
        let (before, after) = planes.split_at_mut(1);
        let asked: Vec<usize> = (0..n).filter(|i| (*first + i).is_multiple_of(ASKED)).collect();
        let pictures: Vec<f32> =
            asked.iter().flat_map(|i| &before[0][i * PIXELS..(i + 1) * PIXELS]).copied().collect();
        let mut logits = vec![0f32; asked.len() * CLASSES];
        self.op.answer(parameters, asked.len(), &pictures, &mut logits, own);
        let chosen: Vec<u8> = asked.iter().map(|i| labels[*i]).collect();
        let right = crate::ann::learner::right_answers(logits.as_chunks().0, &chosen);
        after[0][..n * CLASSES].fill(0.0);
        let labels = (&labels[..], &wrong[..]);
        let teaching = (self.teaching, job.batch);
        let loss = self.op.teach(parameters, &before[0], labels, teaching, &mut keep[0], job.tap);
        // `loss` is a share of the batch's mean already.
        part.loss = loss * job.batch as f64;
        part.right = (right * n).checked_div(asked.len()).unwrap_or(0);
    }

    /// It goes down no single slope: each layer has an aim of its own.
    fn angles(&self, _: &Digits<'_>, _: &Disturbance) -> Vec<Option<f64>> {
        vec![None; self.op.widths().len() - 1]
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}

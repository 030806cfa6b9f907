//! How well a rule's update agrees with the true gradient, on digits that stay the same.

use serde::{Deserialize, Serialize};

use super::disturbance::Disturbance;
use super::{Method, Way};
use crate::ann::buffer::Buffer;
use crate::ann::learner::{Job, PartMemory};
use crate::ann::network::{Network, Parts};
use crate::ann::ops::op::Part;
use crate::ann::tap::Tapped;

/// Digits that are looked at, and the network that looks at them.
pub struct Digits<'a> {
    /// Weights as they are.
    pub network: &'a Network,
    /// `(labels.len(), 28, 28)`.
    pub pictures: &'a [f32],
    /// Their classes.
    pub labels: &'a [u8],
    /// Seed of the run, number of the step.
    pub address: (u64, u64),
}

/// What was measured after some batches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbePoint {
    /// Mini-batches trained before it.
    pub step: u64,
    /// Share of held-out digits answered rightly, 0 to 1; `None` if none are held out.
    pub accuracy: Option<f32>,
    /// By hidden layer and for the last: the angle between the rule's update and the
    /// true gradient, degrees.
    pub gradient_angles: Vec<Option<f32>>,
    /// By matrix on the way back: its angle to the transposed weights, degrees.
    pub feedback_angles: Vec<Option<f32>>,
}

impl ProbePoint {
    /// What no run of ours has written is refused.
    pub fn is_sound(&self) -> bool {
        let angle = |a: &Option<f32>| a.is_none_or(|a| (0.0..=180.0).contains(&a));
        self.accuracy.is_none_or(|a| (0.0..=1.0).contains(&a))
            && self.gradient_angles.len() <= 64
            && self.feedback_angles.len() <= 64
            && self.gradient_angles.iter().all(angle)
            && self.feedback_angles.iter().all(angle)
    }
}

/// The angle between two arrays, degrees; `None` where one of them is zero.
pub fn angle(a: &[f32], b: &[f32]) -> Option<f64> {
    let mut sums = [[0f64; 4]; 3];
    for (a, b) in a.chunks(4).zip(b.chunks(4)) {
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            let (a, b) = (f64::from(*a), f64::from(*b));
            sums[0][i] += a * b;
            sums[1][i] += a * a;
            sums[2][i] += b * b;
        }
    }
    let [product, a, b] = sums.map(|s| s.iter().sum::<f64>());
    let cosine = product / (a * b).sqrt();
    cosine.is_finite().then(|| cosine.clamp(-1.0, 1.0).acos().to_degrees())
}

/// The update of a rule by the weights of each layer (not biases), without the step that
/// the optimiser makes of it.
pub fn update_of(
    method: &(impl Method + ?Sized),
    looked: &Digits<'_>,
    disturbance: &Disturbance,
) -> Vec<Vec<f32>> {
    pass_of(method, looked, disturbance).0
}

/// Arrays by layer or by step.
type Arrays = Vec<Vec<f32>>;

/// [`update_of`], and by step of the plan the activities before and after, and the
/// errors behind each.
pub fn pass_of(
    method: &(impl Method + ?Sized),
    looked: &Digits<'_>,
    disturbance: &Disturbance,
) -> (Arrays, Arrays, Arrays) {
    let (plan, n) = (looked.network.plan(), looked.labels.len());
    let part = part_of(method, looked, disturbance, Tapped::default());
    let mut all = Vec::new();
    for (i, step) in plan.steps.iter().enumerate() {
        let declared = step.op.parameters();
        let Some(weights) = declared.first().map(super::super::ops::op::Parameter::len) else {
            continue;
        };
        let of_part = Part {
            n,
            x: &part.planes[i],
            dy: &part.gradients[i + 1],
            keep: &part.keep[i],
            partial: &part.partial[i],
        };
        let mut gradient = vec![0f32; weights];
        for (number, ranges) in step.op.blocks().into_iter().enumerate() {
            let [range] = &ranges[..] else { continue };
            if range.end <= weights {
                step.op.gradient(number, &[of_part], &mut gradient[range.clone()]);
            }
        }
        all.push(gradient);
    }
    let widths = plan.planes();
    let cut = |buffers: &[Buffer]| -> Arrays {
        let cut = |(b, width): (&Buffer, &usize)| b[..(n * width).min(b.len())].to_vec();
        buffers.iter().zip(&widths).map(cut).collect()
    };
    (all, cut(&part.planes), cut(&part.gradients))
}

/// What a pass leaves in the memory of a part.
fn part_of(
    method: &(impl Method + ?Sized),
    looked: &Digits<'_>,
    disturbance: &Disturbance,
    tap: Tapped<'_>,
) -> PartMemory {
    let plan = looked.network.plan();
    let n = looked.labels.len();
    let mut part = PartMemory::new(plan, method.memory(plan, n), n);
    part.take(0, looked.pictures, looked.labels);
    let count = plan.steps.len();
    let mut parameters: Vec<Buffer> =
        (0..count).map(|i| Buffer::of(looked.network.step_parameters(i))).collect();
    let mut caches: Vec<Buffer> =
        (0..count).map(|i| Buffer::of(looked.network.of_step(i).1)).collect();
    let parts = Parts { plan, parameters: &mut parameters, caches: &mut caches };
    let job = Job { parts: &parts, address: looked.address, batch: n, disturbance, tap };
    method.pass(&mut part, &job);
    part
}

/// The update of a rule by all parameters, in the order of [`Network::parameters`],
/// without the step that the optimiser makes of it. Somebody listens to all that is sent.
pub fn heard_update(
    method: &(impl Method + ?Sized),
    looked: &Digits<'_>,
    tap: Tapped<'_>,
) -> Vec<Vec<f32>> {
    let (plan, n) = (looked.network.plan(), looked.labels.len());
    let part = part_of(method, looked, &Disturbance::default(), tap);
    let mut by_step = Vec::new();
    for (i, step) in plan.steps.iter().enumerate() {
        let of_part = Part {
            n,
            x: &part.planes[i],
            dy: &part.gradients[i + 1],
            keep: &part.keep[i],
            partial: &part.partial[i],
        };
        let mut gradient = vec![0f32; looked.network.step_parameters(i).len()];
        for (number, ranges) in step.op.blocks().into_iter().enumerate() {
            let mut block = vec![0f32; ranges.iter().map(ExactSizeIterator::len).sum()];
            step.op.gradient(number, &[of_part], &mut block);
            let mut rest = &block[..];
            for range in ranges {
                let (own, after) = rest.split_at(range.len());
                gradient[range].copy_from_slice(own);
                rest = after;
            }
        }
        by_step.push(gradient);
    }
    let arrays = plan.parameters().into_iter().zip(looked.network.parameters());
    arrays
        .map(|((step, from, ..), p)| by_step[step][from..from + p.values.len()].to_vec())
        .collect()
}

/// The angles of rules that work on dense layers.
pub fn family_angles(
    method: &(impl Method + ?Sized),
    looked: &Digits<'_>,
    disturbance: &Disturbance,
) -> Vec<Option<f64>> {
    let own = update_of(method, looked, disturbance);
    let exact =
        update_of(&super::backpropagation::Backpropagation, looked, &Disturbance::default());
    own.iter().zip(&exact).map(|(own, exact)| angle(own, exact)).collect()
}

/// The angles between the matrices on the way back and the weights they stand for, by
/// step; `None` where the way is not over such a matrix.
pub fn feedback_angles(method: &dyn Method, network: &Network) -> Vec<Option<f64>> {
    let steps = network.plan().steps.iter().enumerate().skip(1);
    steps
        .filter(|(_, step)| !step.op.parameters().is_empty())
        .map(|(number, _)| match method.way(number) {
            Way::Matrix(back) => angle(back, &network.step_parameters(number)[..back.len()]),
            Way::Transposed | Way::FromOutput(_) | Way::Nothing => None,
        })
        .collect()
}

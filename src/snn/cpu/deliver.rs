//! Spikes arrive: weights are added to the targets' state. Only the rows of
//! neurons that spiked are touched.
#![allow(unsafe_code, reason = "calls functions compiled for the instruction set that was found")]

use super::source::Ring;
use crate::core::isa::{Isa, Set};
use crate::snn::models::kernel::LANES;
use crate::snn::network::{Connection, Delay, Projection};

/// The synapses of a projection by delay, where each has its own.
#[derive(Clone, Debug)]
pub(super) struct ByDelay {
    /// The longest delay.
    most: u32,
    /// By neuron and delay: where its synapses begin in `synapses`.
    offsets: Vec<u32>,
    /// Indices of weights.
    synapses: Vec<u32>,
    /// Their targets.
    targets: Vec<u32>,
}

impl ByDelay {
    /// `None` where all synapses have the same delay.
    pub(super) fn new(projection: &Projection, from: usize, to: usize) -> Option<Self> {
        let Delay::Each(delays) = &projection.delay else { return None };
        let most = projection.delay.most();
        let (mut offsets, mut synapses, mut targets) = (vec![0], Vec::new(), Vec::new());
        for i in 0..from {
            let mut row: Vec<(u32, u32, u32)> =
                row(&projection.connection, i, to).map(|(s, j)| (delays[s], s as u32, j)).collect();
            row.sort_unstable();
            let begin = synapses.len();
            for d in 0..=most {
                let until = row.partition_point(|(delay, ..)| *delay <= d);
                offsets.push((begin + until) as u32);
            }
            synapses.extend(row.iter().map(|r| r.1));
            targets.extend(row.iter().map(|r| r.2));
        }
        Some(Self { most, offsets, synapses, targets })
    }

    /// Calls `f` with (weight, neuron, target) for every arrival of this step.
    #[inline]
    pub(super) fn for_each(&self, ring: &Ring, step: u64, mut f: impl FnMut(usize, usize, usize)) {
        let width = self.most as usize + 1;
        for delay in 0..=self.most {
            for i in ring.ago(step, delay) {
                let i = *i as usize;
                let at = i * width + delay as usize;
                for k in self.offsets[at] as usize..self.offsets[at + 1] as usize {
                    f(self.synapses[k] as usize, i, self.targets[k] as usize);
                }
            }
        }
    }
}

/// (weight, target) of each synapse of a neuron, for connections with a list.
pub(super) fn row(
    connection: &Connection,
    neuron: usize,
    to: usize,
) -> Box<dyn Iterator<Item = (usize, u32)> + '_> {
    match connection {
        Connection::Dense => Box::new((0..to).map(move |j| (neuron * to + j, j as u32))),
        Connection::OneToOne => Box::new(std::iter::once((neuron, neuron as u32))),
        Connection::Sparse { offsets, targets } => {
            let range = offsets[neuron] as usize..offsets[neuron + 1] as usize;
            Box::new(range.map(|s| (s, targets[s])))
        }
        _ => Box::new(std::iter::empty()),
    }
}

/// What spikes are added to.
pub(super) struct Target<'a> {
    pub(super) values: &'a mut [f32],
    /// See [`crate::snn::models::kernel::Cells::awake`].
    pub(super) awake: &'a mut [bool],
}

/// Adds the weights of `arrivals` to the targets; returns the synaptic events.
pub(super) fn deliver(
    isa: Isa,
    connection: &Connection,
    weights: &[f32],
    arrivals: &[u32],
    target: Target,
) -> u64 {
    let Target { values: target, awake } = target;
    let n = target.len();
    if matches!(connection, Connection::Dense | Connection::AllButSelf) {
        awake.fill(true);
    }
    match connection {
        Connection::Dense => {
            add_rows(isa, weights, arrivals, target);
            (arrivals.len() * n) as u64
        }
        Connection::OneToOne => {
            for i in arrivals.iter().map(|i| *i as usize) {
                target[i] += weights[i];
                awake[i / LANES] = true;
            }
            arrivals.len() as u64
        }
        Connection::AllButSelf => {
            add_to_all_but_self(weights[0], arrivals, target);
            (arrivals.len() * (n - 1)) as u64
        }
        Connection::Sparse { offsets, targets } => {
            let mut events = 0;
            for i in arrivals.iter().map(|i| *i as usize) {
                let range = offsets[i] as usize..offsets[i + 1] as usize;
                events += range.len() as u64;
                for (w, j) in weights[range.clone()].iter().zip(&targets[range]) {
                    target[*j as usize] += w;
                    awake[*j as usize / LANES] = true;
                }
            }
            events
        }
        Connection::Convolution(shape) => {
            let mut events = 0;
            for i in arrivals {
                shape.for_each(*i as usize, |w, j| {
                    target[j] += weights[w];
                    awake[j / LANES] = true;
                    events += 1;
                });
            }
            events
        }
    }
}

/// Every neuron gets the weight times the number of others that spiked: N
/// additions, however many synapses there are.
fn add_to_all_but_self(weight: f32, arrivals: &[u32], target: &mut [f32]) {
    let count = arrivals.len() as f32;
    let all = weight * count;
    let own = weight * (count - 1.0);
    let mut begin = 0;
    for i in arrivals.iter().map(|i| *i as usize) {
        target[begin..i].iter_mut().for_each(|t| *t += all);
        target[i] += own;
        begin = i + 1;
    }
    target[begin..].iter_mut().for_each(|t| *t += all);
}

fn add_rows(isa: Isa, weights: &[f32], arrivals: &[u32], target: &mut [f32]) {
    match isa.set() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: there is an `Isa` of this set only where the processor has these instructions.
        Set::Avx512 => unsafe { add_rows_avx512(weights, arrivals, target) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Set::Avx2 => unsafe { add_rows_avx2(weights, arrivals, target) },
        Set::Portable => add_rows_lanes(weights, arrivals, target),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn add_rows_avx512(weights: &[f32], arrivals: &[u32], target: &mut [f32]) {
    add_rows_lanes(weights, arrivals, target);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_rows_avx2(weights: &[f32], arrivals: &[u32], target: &mut [f32]) {
    add_rows_lanes(weights, arrivals, target);
}

/// Four rows at a time, each target's additions in the order of arrivals.
#[inline(always)]
fn add_rows_lanes(weights: &[f32], arrivals: &[u32], target: &mut [f32]) {
    let n = target.len();
    let row = |i: u32| &weights[i as usize * n..][..n];
    let mut fours = arrivals.chunks_exact(4);
    for four in &mut fours {
        let (a, b, c, d) = (row(four[0]), row(four[1]), row(four[2]), row(four[3]));
        for j in 0..n {
            target[j] = (((target[j] + a[j]) + b[j]) + c[j]) + d[j];
        }
    }
    match *fours.remainder() {
        [a, b, c] => {
            let (a, b, c) = (row(a), row(b), row(c));
            for j in 0..n {
                target[j] = ((target[j] + a[j]) + b[j]) + c[j];
            }
        }
        [a, b] => {
            let (a, b) = (row(a), row(b));
            for j in 0..n {
                target[j] = (target[j] + a[j]) + b[j];
            }
        }
        [a] => {
            let a = row(a);
            for j in 0..n {
                target[j] += a[j];
            }
        }
        _ => {}
    }
}

//! The loops over the neurons of a population, written once for all models and
//! compiled for each: a model is a [`Model`] of plain functions on one neuron's
//! numbers, which the compiler turns into vectors of 16, 8 or 4 neurons.
//!
//! No instruction set rounds differently here (nothing is fused, the order of
//! operations is that of the source), so they all give the same spikes.
#![allow(unsafe_code, reason = "calls functions compiled for the instruction set that was found")]

use crate::snn::cpu::isa::Isa;

/// Neurons that are computed side by side.
const LANES: usize = 16;

/// A neuron model with `V` variables of its own, `S` shared ones and `K`
/// derived constants. Everything is in terms of one neuron.
pub trait Model<const V: usize, const S: usize, const K: usize> {
    /// The constants for these parameters (in the order declared) and dt.
    fn derive(params: &[f64], dt_ms: f64) -> [f32; K];

    /// One dt. `free` is false in the refractory period.
    fn step(c: &[f32; K], x: [f32; V], shared: [f32; S], current: f32, free: bool) -> [f32; V];

    /// Whether a neuron in this state spikes.
    fn fires(c: &[f32; K], x: &[f32; V], shared: &[f32; S]) -> bool;

    /// What a spike changes.
    fn reset(c: &[f32; K], x: &mut [f32; V], shared: &mut [f32; S]);

    /// What the shared variables lose every [`SLOW_MS`].
    fn slow(_c: &[f32; K], _shared: &mut [f32; S]) {}
}

/// Shared variables change so slowly (over hours) that a change per step would
/// drown in the rounding of `f32`. They are brought up to date at this cadence
/// of simulated time.
pub const SLOW_MS: f64 = 100.0;

/// What a population is, as the kernels see it. `own` is `[variable][neuron]`
/// of one replica, `shared` is `[variable][neuron]` of all.
pub struct Cells<'a> {
    pub own: &'a mut [f32],
    pub shared: &'a mut [f32],
    /// Steps until the neuron can spike again.
    pub refractory: &'a mut [u32],
    /// Injected from outside.
    pub current: &'a [f32],
}

/// A model's functions on whole populations.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// Parameters and dt to constants.
    pub derive: fn(&[f64], f64) -> Vec<f32>,
    /// One step of all neurons; appends those that spiked, in rising order.
    /// Their reset is not done yet: synapses see what was before it.
    pub advance: fn(Isa, &[f32], &mut Cells, &mut Vec<u32>),
    /// Resets those that spiked; they rest for so many steps.
    pub reset: fn(&[f32], &mut Cells, &[u32], u32),
    /// See [`Model::slow`]; on the shared variables.
    pub slow: fn(&[f32], &mut [f32]),
}

impl Kernel {
    /// The functions of a model.
    pub const fn of<M: Model<V, S, K>, const V: usize, const S: usize, const K: usize>() -> Self {
        Self {
            derive: |params, dt_ms| M::derive(params, dt_ms).to_vec(),
            advance: advance::<M, V, S, K>,
            reset: reset::<M, V, S, K>,
            slow: slow::<M, V, S, K>,
        }
    }
}

fn constants<const K: usize>(c: &[f32]) -> [f32; K] {
    std::array::from_fn(|k| c[k])
}

fn advance<M: Model<V, S, K>, const V: usize, const S: usize, const K: usize>(
    isa: Isa,
    c: &[f32],
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    let c = constants::<K>(c);
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Isa` has this value only where the processor has these instructions.
        Isa::Avx512 => unsafe { advance_avx512::<M, V, S, K>(&c, cells, fired) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { advance_avx2::<M, V, S, K>(&c, cells, fired) },
        _ => advance_lanes::<M, V, S, K>(&c, cells, fired),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn advance_avx512<M: Model<V, S, K>, const V: usize, const S: usize, const K: usize>(
    c: &[f32; K],
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    advance_lanes::<M, V, S, K>(c, cells, fired);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn advance_avx2<M: Model<V, S, K>, const V: usize, const S: usize, const K: usize>(
    c: &[f32; K],
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    advance_lanes::<M, V, S, K>(c, cells, fired);
}

/// All neurons, [`LANES`] at a time through local arrays: whatever the number
/// of variables, the compiler sees that nothing overlaps.
#[inline(always)]
fn advance_lanes<M: Model<V, S, K>, const V: usize, const S: usize, const K: usize>(
    c: &[f32; K],
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    let n = cells.refractory.len();
    let mut first = 0;
    while first < n {
        let m = LANES.min(n - first);
        let mut x = [[0.0f32; LANES]; V];
        let mut shared = [[0.0f32; LANES]; S];
        let mut current = [0.0f32; LANES];
        let mut rest = [0u32; LANES];
        if m == LANES {
            for v in 0..V {
                x[v].copy_from_slice(&cells.own[v * n + first..][..LANES]);
            }
            for s in 0..S {
                shared[s].copy_from_slice(&cells.shared[s * n + first..][..LANES]);
            }
            current.copy_from_slice(&cells.current[first..][..LANES]);
            rest.copy_from_slice(&cells.refractory[first..][..LANES]);
        } else {
            for v in 0..V {
                x[v][..m].copy_from_slice(&cells.own[v * n + first..][..m]);
            }
            for s in 0..S {
                shared[s][..m].copy_from_slice(&cells.shared[s * n + first..][..m]);
            }
            current[..m].copy_from_slice(&cells.current[first..][..m]);
            rest[..m].copy_from_slice(&cells.refractory[first..][..m]);
        }
        let mut spikes = [0u32; LANES];
        for l in 0..LANES {
            rest[l] = rest[l].saturating_sub(1);
            let free = rest[l] == 0;
            let of_all = std::array::from_fn(|s| shared[s][l]);
            let new = M::step(c, std::array::from_fn(|v| x[v][l]), of_all, current[l], free);
            spikes[l] = u32::from(free & M::fires(c, &new, &of_all));
            for v in 0..V {
                x[v][l] = new[v];
            }
        }
        if m == LANES {
            for v in 0..V {
                cells.own[v * n + first..][..LANES].copy_from_slice(&x[v]);
            }
            cells.refractory[first..][..LANES].copy_from_slice(&rest);
        } else {
            for v in 0..V {
                cells.own[v * n + first..][..m].copy_from_slice(&x[v][..m]);
            }
            cells.refractory[first..][..m].copy_from_slice(&rest[..m]);
        }
        if spikes.iter().fold(0, |a, b| a | b) != 0 {
            let hit = spikes[..m].iter().enumerate().filter(|(_, s)| **s != 0);
            fired.extend(hit.map(|(l, _)| (first + l) as u32));
        }
        first += LANES;
    }
}

fn reset<M: Model<V, S, K>, const V: usize, const S: usize, const K: usize>(
    c: &[f32],
    cells: &mut Cells,
    fired: &[u32],
    rest: u32,
) {
    let c = constants::<K>(c);
    let n = cells.refractory.len();
    for j in fired.iter().map(|j| *j as usize) {
        let mut x = std::array::from_fn(|v| cells.own[v * n + j]);
        let mut shared = std::array::from_fn(|s| cells.shared[s * n + j]);
        M::reset(&c, &mut x, &mut shared);
        for v in 0..V {
            cells.own[v * n + j] = x[v];
        }
        for s in 0..S {
            cells.shared[s * n + j] = shared[s];
        }
        cells.refractory[j] = rest;
    }
}

fn slow<M: Model<V, S, K>, const V: usize, const S: usize, const K: usize>(
    c: &[f32],
    shared: &mut [f32],
) {
    if S == 0 {
        return;
    }
    let c = constants::<K>(c);
    let n = shared.len() / S;
    for j in 0..n {
        let mut one = std::array::from_fn(|s| shared[s * n + j]);
        M::slow(&c, &mut one);
        for s in 0..S {
            shared[s * n + j] = one[s];
        }
    }
}

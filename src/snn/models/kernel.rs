//! The loops over the neurons of a population, written once for all models and
//! compiled for each: a model is a [`Model`] of plain functions on one neuron's
//! numbers, which the compiler turns into vectors of 16, 8 or 4 neurons.
//!
//! No instruction set rounds differently here (nothing is fused, the order of
//! operations is that of the source), so they all give the same spikes.
#![allow(unsafe_code, reason = "calls functions compiled for the instruction set that was found")]

use crate::core::isa::{Isa, Set};
use crate::snn::constants::Constants;

/// Neurons that are computed side by side.
pub const LANES: usize = 16;

/// A neuron model with `V` variables of its own and `S` shared ones. Everything is
/// in terms of one neuron.
pub trait Model<const V: usize, const S: usize> {
    /// What the step computes with, derived from the parameters.
    type Constants: Constants;

    /// Whether a neuron left alone comes to a complete rest soon enough for
    /// that to be worth looking for.
    const SETTLES: bool = true;

    /// The constants for these parameters (in the order declared) and dt.
    fn derive(params: &[f64], dt_ms: f64) -> Self::Constants;

    /// One dt. `free` is false in the refractory period.
    fn step(
        c: &Self::Constants,
        x: [f32; V],
        shared: [f32; S],
        current: f32,
        free: bool,
    ) -> [f32; V];

    /// Whether a neuron in this state spikes.
    fn fires(c: &Self::Constants, x: &[f32; V], shared: &[f32; S]) -> bool;

    /// What a spike changes.
    fn reset(c: &Self::Constants, x: &mut [f32; V], shared: &mut [f32; S]);

    /// What the shared variables lose every [`SLOW_MS`].
    fn slow(_c: &Self::Constants, _shared: &mut [f32; S]) {}
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
    /// For each [`LANES`] neurons: false if the last step changed nothing of
    /// them and nothing has since. A step depends on their state alone, so the
    /// next would change nothing either, and is left out.
    pub awake: &'a mut [bool],
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
    pub const fn of<M: Model<V, S>, const V: usize, const S: usize>() -> Self {
        Self {
            derive: |params, dt_ms| M::derive(params, dt_ms).to_vec(),
            advance: advance::<M, V, S>,
            reset: reset::<M, V, S>,
            slow: slow::<M, V, S>,
        }
    }
}

fn advance<M: Model<V, S>, const V: usize, const S: usize>(
    isa: Isa,
    c: &[f32],
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    let c = M::Constants::of(c);
    match isa.set() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: there is an `Isa` of this set only where the processor has these instructions.
        Set::Avx512 => unsafe { advance_avx512::<M, V, S>(&c, cells, fired) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Set::Avx2 => unsafe { advance_avx2::<M, V, S>(&c, cells, fired) },
        Set::Portable => advance_lanes::<M, V, S>(&c, cells, fired),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn advance_avx512<M: Model<V, S>, const V: usize, const S: usize>(
    c: &M::Constants,
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    advance_lanes::<M, V, S>(c, cells, fired);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn advance_avx2<M: Model<V, S>, const V: usize, const S: usize>(
    c: &M::Constants,
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    advance_lanes::<M, V, S>(c, cells, fired);
}

/// All neurons, [`LANES`] at a time. What does not fill the lanes at the end
/// is computed in a copy.
#[inline(always)]
fn advance_lanes<M: Model<V, S>, const V: usize, const S: usize>(
    c: &M::Constants,
    cells: &mut Cells,
    fired: &mut Vec<u32>,
) {
    let n = cells.refractory.len();
    let (mut own, shared) = (&mut *cells.own, &*cells.shared);
    let mut own: [(&mut [[f32; LANES]], &mut [f32]); V] = std::array::from_fn(|_| {
        let (mine, others) = std::mem::take(&mut own).split_at_mut(n);
        own = others;
        mine.as_chunks_mut()
    });
    let shared: [(&[[f32; LANES]], &[f32]); S] =
        std::array::from_fn(|s| shared[s * n..][..n].as_chunks());
    let (rest, rest_tail) = cells.refractory.as_chunks_mut::<LANES>();
    let (current, current_tail) = cells.current[..n].as_chunks::<LANES>();
    let (awake, awake_tail) = cells.awake.split_at_mut(rest.len());
    for (i, ((rest, current), awake)) in rest.iter_mut().zip(current).zip(awake).enumerate() {
        if !*awake {
            continue;
        }
        let mut x = std::array::from_fn(|v| own[v].0[i]);
        let of_all = std::array::from_fn(|s| shared[s].0[i]);
        let any;
        (any, *awake) = lanes::<M, V, S>(c, &mut x, &of_all, rest, current);
        for v in 0..V {
            own[v].0[i] = x[v];
        }
        if any {
            // Copies: what is passed on by reference would have to live in memory.
            let x = std::array::from_fn(|v| own[v].0[i]);
            let of_all = std::array::from_fn(|s| shared[s].0[i]);
            find::<M, V, S>(c, x, of_all, *rest, LANES, i * LANES, fired);
        }
    }
    let m = rest_tail.len();
    let Some(awake) = awake_tail.first_mut().filter(|a| **a) else { return };
    let (mut x, mut of_all) = ([[0.0; LANES]; V], [[0.0; LANES]; S]);
    let (mut rest, mut current) = ([0; LANES], [0.0; LANES]);
    (0..V).for_each(|v| x[v][..m].copy_from_slice(own[v].1));
    (0..S).for_each(|s| of_all[s][..m].copy_from_slice(shared[s].1));
    rest[..m].copy_from_slice(rest_tail);
    current[..m].copy_from_slice(current_tail);
    let any;
    (any, *awake) = lanes::<M, V, S>(c, &mut x, &of_all, &mut rest, &current);
    // The lanes beyond the last neuron may do what they like.
    if any {
        find::<M, V, S>(c, x, of_all, rest, m, n - m, fired);
    }
    (0..V).for_each(|v| own[v].1.copy_from_slice(&x[v][..m]));
    rest_tail.copy_from_slice(&rest[..m]);
}

/// One step of [`LANES`] neurons; whether any spikes, and whether any changed.
#[inline(always)]
fn lanes<M: Model<V, S>, const V: usize, const S: usize>(
    c: &M::Constants,
    x: &mut [[f32; LANES]; V],
    shared: &[[f32; LANES]; S],
    rest: &mut [u32; LANES],
    current: &[f32; LANES],
) -> (bool, bool) {
    let (mut any, mut changes) = (false, 0);
    for l in 0..LANES {
        changes |= rest[l];
        rest[l] = rest[l].saturating_sub(1);
        let free = rest[l] == 0;
        let of_all = std::array::from_fn(|s| shared[s][l]);
        let new = M::step(c, std::array::from_fn(|v| x[v][l]), of_all, current[l], free);
        any |= free & M::fires(c, &new, &of_all);
        for v in 0..V {
            if M::SETTLES {
                changes |= x[v][l].to_bits() ^ new[v].to_bits();
            }
            x[v][l] = new[v];
        }
    }
    (any, !M::SETTLES || changes != 0)
}

/// Which of them it was.
#[cold]
#[inline(never)]
fn find<M: Model<V, S>, const V: usize, const S: usize>(
    c: &M::Constants,
    x: [[f32; LANES]; V],
    shared: [[f32; LANES]; S],
    rest: [u32; LANES],
    lanes: usize,
    first: usize,
    fired: &mut Vec<u32>,
) {
    for l in (0..lanes).filter(|l| rest[*l] == 0) {
        let state = std::array::from_fn(|v| x[v][l]);
        if M::fires(c, &state, &std::array::from_fn(|s| shared[s][l])) {
            fired.push((first + l) as u32);
        }
    }
}

fn reset<M: Model<V, S>, const V: usize, const S: usize>(
    c: &[f32],
    cells: &mut Cells,
    fired: &[u32],
    rest: u32,
) {
    let c = M::Constants::of(c);
    let n = cells.refractory.len();
    for j in fired.iter().map(|j| *j as usize) {
        let mut x = std::array::from_fn(|v| cells.own[v * n + j]);
        let mut shared = std::array::from_fn(|s| cells.shared[s * n + j]);
        M::reset(&c, &mut x, &mut shared);
        x.iter().enumerate().for_each(|(v, x)| cells.own[v * n + j] = *x);
        shared.iter().enumerate().for_each(|(s, x)| cells.shared[s * n + j] = *x);
        cells.refractory[j] = rest;
        cells.awake[j / LANES] = true;
    }
}

fn slow<M: Model<V, S>, const V: usize, const S: usize>(c: &[f32], shared: &mut [f32]) {
    if S == 0 {
        return;
    }
    let c = M::Constants::of(c);
    let n = shared.len() / S;
    for j in 0..n {
        let mut one = std::array::from_fn(|s| shared[s * n + j]);
        M::slow(&c, &mut one);
        one.iter().enumerate().for_each(|(s, x)| shared[s * n + j] = *x);
    }
}

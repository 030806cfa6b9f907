//! A convolution of integrate-and-fire neurons, and the pooling behind it.
//!
//! A neuron adds up the weights of the spikes that reach it, and fires once, at the end
//! of the first step in which the sum exceeds the threshold. Spikes are sorted to the
//! places that they reach, in the order of their arrival; then a place adds up its list
//! for all maps at once, with the sums in registers. Places that nothing reaches cost
//! nothing.
#![allow(unsafe_code, reason = "the kernels work on raw pointers whose bounds are checked before")]

use super::{Conv, NEVER, STEPS, Spike};
use crate::ann::ops::simd::{Kernel, Simd, launch, vectorised};
use crate::core::isa::Isa;

/// Pooling: of each square, the earliest spike of each map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Places on a side of a square.
    pub size: usize,
    /// From one square to the next.
    pub stride: usize,
    /// Silent places around.
    pub padding: usize,
}

/// A convolution on what comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Its own sizes.
    pub conv: Conv,
    /// Places on a side of what comes in.
    pub input_side: usize,
    /// Maps that come in.
    pub input_maps: usize,
}

impl Shape {
    /// Of a convolution behind `input_maps` maps of `input_side`².
    pub fn new(conv: &Conv, input_side: usize, input_maps: usize) -> Self {
        Self { conv: *conv, input_side, input_maps }
    }

    /// Places on a side.
    pub fn side(&self) -> usize {
        (self.input_side + 2 * self.conv.padding + 1).saturating_sub(self.conv.kernel)
    }

    /// Inputs of a neuron: rows of the weights.
    pub fn rows(&self) -> usize {
        self.conv.kernel * self.conv.kernel * self.input_maps
    }

    /// Places on a side behind the pooling.
    pub fn pooled_side(&self) -> usize {
        let Pool { size, stride, padding } = self.conv.pool;
        (self.side() + 2 * padding).saturating_sub(size) / stride + 1
    }

    /// The places along one side that square `number` of the pooling covers.
    pub fn square(&self, number: usize) -> std::ops::Range<usize> {
        let Pool { size, stride, padding } = self.conv.pool;
        let from = number * stride;
        from.saturating_sub(padding)..(from + size).saturating_sub(padding).min(self.side())
    }

    fn check(&self, weights: &[f32], arrivals: &Arrivals) {
        // A vector may reach beyond a row; behind the last one there has to be enough.
        assert!(weights.len() >= self.rows() * self.conv.maps + 16 && self.conv.maps > 0);
        assert_eq!((arrivals.places, arrivals.rows), (self.side() * self.side(), self.rows()));
    }
}

/// Where the step is in an arrival; below it is the row of the weights.
const STEP: u32 = 24;
const ROW: u32 = (1 << STEP) - 1;

/// What reaches each place of a layer.
#[derive(Debug, Default)]
pub struct Arrivals {
    places: usize,
    rows: usize,
    /// `rows` for each place, of which so many are used.
    entries: Vec<u32>,
    counts: Vec<u32>,
}

impl Arrivals {
    /// Sorts spikes, in the order of their steps, to the places of this layer.
    pub fn gather(&mut self, shape: &Shape, spikes: &[Spike]) {
        let (side, kernel, maps) = (shape.side(), shape.conv.kernel, shape.input_maps);
        (self.places, self.rows) = (side * side, shape.rows());
        self.entries.resize(self.places * self.rows, 0);
        self.counts.clear();
        self.counts.resize(self.places, 0);
        for spike in spikes {
            let (y, x) = (usize::from(spike.y), usize::from(spike.x));
            // The places along a side whose kernels cover this one.
            let along = |at: usize| {
                let at = at + shape.conv.padding;
                (at + 1).saturating_sub(kernel)..(at + 1).min(side)
            };
            let step = u32::from(spike.step) << STEP;
            for oy in along(y) {
                let ky = y + shape.conv.padding - oy;
                for ox in along(x) {
                    let kx = x + shape.conv.padding - ox;
                    let row = (ky * kernel + kx) * maps + usize::from(spike.map);
                    let place = oy * side + ox;
                    let count = &mut self.counts[place];
                    self.entries[place * self.rows + *count as usize] = step | row as u32;
                    *count += 1;
                }
            }
        }
    }

    /// Those of one place, in the order of their steps: step and row of the weights.
    pub fn at(&self, place: usize) -> impl Iterator<Item = (u8, usize)> {
        self.list(place).iter().map(|e| ((e >> STEP) as u8, (e & ROW) as usize))
    }

    #[inline(always)]
    fn list(&self, place: usize) -> &[u32] {
        &self.entries[place * self.rows..][..self.counts[place] as usize]
    }

    /// Spikes that arrive, added up over places.
    pub fn count(&self) -> usize {
        self.counts.iter().map(|c| *c as usize).sum()
    }
}

/// The first neuron to fire at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct First {
    /// When; [`NEVER`] if none does.
    pub step: u8,
    /// Which map; of several at this step the one with the highest potential.
    pub map: u16,
    /// Its potential then.
    pub potential: f32,
}

impl First {
    /// What no neuron does.
    pub const NONE: Self = Self { step: NEVER, map: 0, potential: 0.0 };

    /// Whether it comes before another: earlier, or at the same step with more.
    pub fn before(&self, other: &Self) -> bool {
        (self.step, other.potential) < (other.step, self.potential)
    }
}

/// When each neuron fires, `(side, side, maps)`: a step, or [`NEVER`].
///
/// # Panics
/// When sizes do not fit; `weights` needs 16 numbers behind its own.
pub fn run_all(isa: Isa, shape: &Shape, weights: &[f32], arrivals: &Arrivals, times: &mut Vec<u8>) {
    shape.check(weights, arrivals);
    times.clear();
    times.resize(arrivals.places * shape.conv.maps, NEVER);
    // SAFETY: `check` has seen that every row, and a vector behind it, is there.
    unsafe { launch(isa, All { shape, weights, arrivals, times }) };
}

/// The first neuron to fire at each place; the others there are inhibited.
///
/// # Panics
/// As [`run_all`].
pub fn run_first(
    isa: Isa,
    shape: &Shape,
    weights: &[f32],
    arrivals: &Arrivals,
    firsts: &mut Vec<First>,
) {
    shape.check(weights, arrivals);
    firsts.clear();
    firsts.resize(arrivals.places, First::NONE);
    // SAFETY: as above.
    unsafe { launch(isa, Firsts { shape, weights, arrivals, firsts }) };
}

/// Numbers in the widest block of vectors.
const WIDEST: usize = 8 * 16;

/// Goes over the maps in blocks of at most eight vectors.
macro_rules! blocks {
    ($S:ident, $maps:expr, $from:ident, $block:ident($($argument:expr),*)) => {
        let mut $from = 0;
        while $from < $maps {
            let vectors = ($maps - $from).div_ceil($S::LANES);
            $from += $S::LANES * match vectors {
                8.. => { $block::<$S, 8>($($argument),*); 8 }
                4.. => { $block::<$S, 4>($($argument),*); 4 }
                2.. => { $block::<$S, 2>($($argument),*); 2 }
                _ => { $block::<$S, 1>($($argument),*); 1 }
            };
        }
    };
}

struct All<'a> {
    shape: &'a Shape,
    weights: &'a [f32],
    arrivals: &'a Arrivals,
    times: &'a mut [u8],
}

impl Kernel for All<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (maps, threshold) = (self.shape.conv.maps, self.shape.conv.threshold);
        for (place, times) in self.times.chunks_exact_mut(maps).enumerate() {
            let list = self.arrivals.list(place);
            if list.is_empty() {
                continue;
            }
            // SAFETY: rows of arrivals are rows of the weights; blocks begin within one,
            // and reach beyond it by less than a vector.
            unsafe {
                blocks!(
                    S,
                    maps,
                    from,
                    all(
                        list,
                        (self.weights.as_ptr().add(from), maps),
                        threshold,
                        &mut times[from..]
                    )
                );
            }
        }
    }
}

/// Potentials only rise, so a neuron is silent for as many steps as end below the
/// threshold, and fires in the next.
#[inline(always)]
unsafe fn all<S: Simd, const R: usize>(
    list: &[u32],
    (weights, maps): (*const f32, usize),
    threshold: f32,
    times: &mut [u8],
) {
    // SAFETY: the caller's.
    unsafe {
        let (zero, threshold) = (S::splat(0.0), S::splat(threshold));
        let (mut sums, mut silent) = ([zero; R], [zero; R]);
        let mut now = 0;
        for entry in list {
            let step = entry >> STEP;
            if step != now {
                let passed = S::splat((step - now) as f32);
                for (silent, sum) in silent.iter_mut().zip(&sums) {
                    *silent = S::add(*silent, S::where_gt(*sum, threshold, zero, passed));
                }
                now = step;
            }
            let row = weights.add((entry & ROW) as usize * maps);
            for (r, sum) in sums.iter_mut().enumerate() {
                *sum = S::add(*sum, S::load(row.add(r * S::LANES)));
            }
        }
        let passed = S::splat((STEPS as u32 - now) as f32);
        let mut steps = [0f32; WIDEST];
        for (r, (silent, sum)) in silent.iter().zip(&sums).enumerate() {
            let silent = S::add(*silent, S::where_gt(*sum, threshold, zero, passed));
            S::store(steps.as_mut_ptr().add(r * S::LANES), silent);
        }
        for (time, steps) in times.iter_mut().zip(&steps[..R * S::LANES]) {
            *time = *steps as u8;
        }
    }
}

struct Firsts<'a> {
    shape: &'a Shape,
    weights: &'a [f32],
    arrivals: &'a Arrivals,
    firsts: &'a mut [First],
}

impl Kernel for Firsts<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (maps, threshold) = (self.shape.conv.maps, self.shape.conv.threshold);
        for (place, first) in self.firsts.iter_mut().enumerate() {
            let list = self.arrivals.list(place);
            // SAFETY: as for `All`.
            unsafe {
                blocks!(
                    S,
                    maps,
                    from,
                    first_of(list, (self.weights.as_ptr().add(from), maps), threshold, from, first)
                );
            }
        }
    }
}

/// Whether one of a block's neurons fires before `first`.
#[inline(always)]
unsafe fn first_of<S: Simd, const R: usize>(
    list: &[u32],
    (weights, maps): (*const f32, usize),
    threshold: f32,
    from: usize,
    first: &mut First,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [S::splat(0.0); R];
        let mut at = 0;
        while at < list.len() {
            let step = list[at] >> STEP;
            if step > u32::from(first.step) {
                return;
            }
            while at < list.len() && list[at] >> STEP == step {
                let row = weights.add((list[at] & ROW) as usize * maps);
                for (r, sum) in sums.iter_mut().enumerate() {
                    *sum = S::add(*sum, S::load(row.add(r * S::LANES)));
                }
                at += 1;
            }
            let mut fired = 0;
            for sum in &sums {
                fired |= S::gt_mask(*sum, S::splat(threshold));
            }
            if fired == 0 {
                continue;
            }
            let mut potentials = [0f32; WIDEST];
            for (r, sum) in sums.iter().enumerate() {
                S::store(potentials.as_mut_ptr().add(r * S::LANES), *sum);
            }
            // What lies beyond the maps is no neuron.
            let neurons = (R * S::LANES).min(maps - from);
            let mut found = false;
            for (i, potential) in potentials[..neurons].iter().enumerate() {
                if *potential > threshold {
                    found = true;
                    let map = (from + i) as u16;
                    let fires = First { step: step as u8, map, potential: *potential };
                    if fires.before(first) {
                        *first = fires;
                    }
                }
            }
            if found {
                return;
            }
        }
    }
}

/// What the pooling passes on of all neurons: the earliest time of each map in each
/// square.
pub fn pool_times(shape: &Shape, times: &[u8], pooled: &mut Vec<u8>) {
    let (side, maps, out) = (shape.side(), shape.conv.maps, shape.pooled_side());
    pooled.clear();
    pooled.resize(out * out * maps, NEVER);
    vectorised(|| {
        for (place, pooled) in pooled.chunks_exact_mut(maps).enumerate() {
            for y in shape.square(place / out) {
                for x in shape.square(place % out) {
                    let times = &times[(y * side + x) * maps..][..maps];
                    pooled.iter_mut().zip(times).for_each(|(p, t)| *p = (*p).min(*t));
                }
            }
        }
    });
}

/// The same of the first neurons of each place: of each square the first, whatever its
/// map; the others are inhibited.
pub fn pool_first(shape: &Shape, firsts: &[First], spikes: &mut Vec<Spike>) {
    let (side, out) = (shape.side(), shape.pooled_side());
    spikes.clear();
    for place in 0..out * out {
        let mut best = First::NONE;
        for y in shape.square(place / out) {
            for x in shape.square(place % out) {
                let first = firsts[y * side + x];
                if first.before(&best) {
                    best = first;
                }
            }
        }
        if best.step != NEVER {
            let (y, x) = ((place / out) as u8, (place % out) as u8);
            spikes.push(Spike { step: best.step, y, x, map: best.map });
        }
    }
    // Stable: places of one step stay in their order.
    spikes.sort_by_key(|s| s.step);
}

/// Times `(side, side, maps)` as spikes in the order of step, place and map.
pub fn spikes_of(times: &[u8], side: usize, maps: usize, spikes: &mut Vec<Spike>) {
    let mut ends = [0usize; STEPS + 1];
    times.iter().for_each(|t| ends[usize::from(*t)] += 1);
    let mut from = 0;
    for end in &mut ends {
        (*end, from) = (from, from + *end);
    }
    spikes.clear();
    let none = Spike { step: 0, y: 0, x: 0, map: 0 };
    spikes.resize(ends[STEPS], none);
    for (place, times) in times.chunks_exact(maps).enumerate() {
        for (map, time) in times.iter().enumerate() {
            if *time < NEVER {
                let at = &mut ends[usize::from(*time)];
                let (y, x) = ((place / side) as u8, (place % side) as u8);
                spikes[*at] = Spike { step: *time, y, x, map: map as u16 };
                *at += 1;
            }
        }
    }
}

//! Who learns, and what: winner-take-all and the rules for synapses.
//!
//! At each place the first neuron to fire inhibits the others ([`super::layer`]). Of
//! these, [`winners`] takes a few over the whole layer, the earliest first. A winner
//! inhibits its own map everywhere and all maps near it. Then the winner's kernel learns
//! by [`stdp`], everywhere the same, since places share it.

use super::layer::{Arrivals, First};
use super::{NEVER, Work};
use crate::ann::ops::simd::vectorised;

/// A neuron that learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winner {
    /// Row and column in its layer.
    pub y: usize,
    pub x: usize,
    /// What it did.
    pub first: First,
}

/// How many neurons of a layer learn from a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Competition {
    /// At most.
    pub winners: usize,
    /// No two within so many places.
    pub radius: usize,
}

/// The first `winners` of a layer with `side`² places: the earliest, of several at one
/// step the one with the highest potential, then the first in the order of places.
pub fn winners(firsts: &[First], side: usize, by: Competition) -> Vec<Winner> {
    let mut open: Vec<usize> = (0..firsts.len()).filter(|p| firsts[*p].step != NEVER).collect();
    let mut chosen = Vec::with_capacity(by.winners);
    while chosen.len() < by.winners {
        let mut best: Option<usize> = None;
        for place in &open {
            if best.is_none_or(|b| firsts[*place].before(&firsts[b])) {
                best = Some(*place);
            }
        }
        let Some(place) = best else { break };
        let (y, x, first) = (place / side, place % side, firsts[place]);
        chosen.push(Winner { y, x, first });
        open.retain(|p| {
            let near = (p / side).abs_diff(y).max((p % side).abs_diff(x)) <= by.radius;
            !near && firsts[*p].map != first.map
        });
    }
    chosen
}

/// How fast synapses change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// a⁺: of a synapse whose input came no later than the neuron's spike.
    pub plus: f32,
    /// a⁻, below zero: of all others.
    pub minus: f32,
}

/// How [`Rates`] grow: they double now and then, up to a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// a⁺ in the beginning.
    pub plus: f32,
    /// −a⁻ / a⁺.
    pub ratio: f32,
    /// Pictures after which both double.
    pub every: f32,
    /// a⁺ at most.
    pub limit: f32,
}

impl Growth {
    /// The rates for picture number `learned`, from 0.
    pub fn rates(&self, learned: f32) -> Rates {
        let doublings = ((learned + 1.0) / self.every).floor().min(64.0);
        let plus = (self.plus * doublings.exp2()).min(self.limit.max(self.plus));
        Rates { plus, minus: -self.ratio * plus }
    }
}

/// One step of STDP for one kernel: `Δw = a·w·(1 − w)` with a⁺ where `early` says that
/// the input came no later than the winner, else with a⁻; weights stay from 0 to 1.
/// `weights` is `(rows, maps)`.
pub fn stdp(weights: &mut [f32], maps: usize, map: usize, early: &[bool], rates: Rates) {
    for (row, early) in weights.chunks_exact_mut(maps).zip(early) {
        let w = &mut row[map];
        let rate = if *early { rates.plus } else { rates.minus };
        *w = (*w + rate * *w * (1.0 - *w)).clamp(0.0, 1.0);
    }
}

/// Which inputs of a place came no later than `step`, by row of the weights.
pub fn early(arrivals: &Arrivals, place: usize, step: u8, out: &mut [bool]) {
    out.fill(false);
    for (at, row) in arrivals.at(place) {
        if at <= step {
            out[row] = true;
        }
    }
}

/// Lets the winners of a layer that was just run learn; `weights` are its own.
pub fn learn(
    weights: &mut [f32],
    (maps, side): (usize, usize),
    work: &Work,
    by: Competition,
    rates: Rates,
) -> Vec<Winner> {
    let chosen = winners(&work.firsts, side, by);
    let mut came = vec![false; weights.len() / maps.max(1)];
    for winner in &chosen {
        let Winner { y, x, first } = *winner;
        early(&work.arrivals, y * side + x, first.step, &mut came);
        stdp(weights, maps, usize::from(first.map), &came, rates);
    }
    chosen
}

/// How far weights are from having decided for 0 or 1: the mean of `w (1 − w)`, which
/// is 0.16 at 0.8 and below 0.01 in a layer that has settled.
pub fn undecided(weights: &[f32]) -> f32 {
    let mut parts = [0f32; 16];
    vectorised(|| {
        for chunk in weights.chunks(16) {
            parts.iter_mut().zip(chunk).for_each(|(p, w)| *p += w * (1.0 - w));
        }
    });
    parts.iter().sum::<f32>() / weights.len().max(1) as f32
}

/// How the third layer learns from being told only that it was right or wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardRates {
    /// Right: STDP.
    pub reward: Rates,
    /// Wrong: the same with signs exchanged.
    pub punishment: Rates,
    /// Weights stay within these.
    pub range: (f32, f32),
}

/// One step for one map of the third layer, which fires at the last step: each feature
/// that fired came before it. `weights` is `(features, maps)`.
pub fn reinforce(
    weights: &mut [f32],
    (maps, map): (usize, usize),
    fired: &[bool],
    rates: Rates,
    (low, high): (f32, f32),
) {
    for (row, fired) in weights.chunks_exact_mut(maps).zip(fired) {
        let by = if *fired { rates.plus } else { rates.minus };
        row[map] = (row[map] + by).clamp(low, high);
    }
}

/// The map with the highest potential, the first of equals; maps that do not take part
/// are left out.
pub fn highest(potentials: &[f32], takes_part: impl Fn(usize) -> bool) -> Option<usize> {
    let mut best = None;
    for (map, potential) in potentials.iter().enumerate() {
        if best.is_none_or(|b: usize| *potential > potentials[b]) && takes_part(map) {
            best = Some(map);
        }
    }
    best
}

/// Right and wrong answers to the last pictures, as they are kept in a checkpoint: how
/// many there were, then 1 or 0 for each of the last [`RECENT`].
#[derive(Debug)]
pub struct Recent<'a>(pub &'a mut [f32]);

/// Pictures over which the share of right answers is taken.
pub const RECENT: usize = 1000;

impl Recent<'_> {
    /// Numbers that it needs.
    pub const LEN: usize = RECENT + 1;

    /// Share of right answers among the last; a half before the first.
    pub fn right(&self) -> f32 {
        let n = (self.0[0] as usize).min(RECENT);
        if n == 0 {
            return 0.5;
        }
        self.0[1..=n].iter().sum::<f32>() / n as f32
    }

    /// Takes one in.
    pub fn add(&mut self, right: bool) {
        let n = self.0[0] as usize;
        self.0[1 + n % RECENT] = f32::from(u8::from(right));
        // Counts on within what f32 holds exactly.
        self.0[0] = if n + 1 == 2 * RECENT { RECENT } else { n + 1 } as f32;
    }
}

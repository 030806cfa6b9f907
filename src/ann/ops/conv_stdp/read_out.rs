//! From features to an answer.
//!
//! The features of a picture are packed into `u16`: for each step, where its features
//! end; then the numbers of those that fired, step by step, each in rising order. A
//! feature that fires at step t has the value `(15 − t) / 15`, one that never fires zero.

use std::ops::Range;

use super::{NEVER, STEPS};
use crate::ann::ops::simd::vectorised;
use crate::data::CLASSES;

/// What potentials of the third layer are multiplied with to become logits.
pub const GAIN: f32 = 0.25;

/// The value of a feature that fires at this step.
pub fn value(step: usize) -> f32 {
    (STEPS - step) as f32 / STEPS as f32
}

/// Packs times, of which there are at most 65,535; `out` has room for all.
pub fn pack(times: &[u8], out: &mut [u16]) {
    let (ends, ids) = out.split_at_mut(STEPS);
    let mut at = [0u16; STEPS + 1];
    for time in times {
        at[usize::from(*time)] += 1;
    }
    let mut from = 0;
    for (at, end) in at.iter_mut().zip(ends) {
        (*at, from) = (from, from + *at);
        *end = from;
    }
    for (id, time) in times.iter().enumerate() {
        if *time < NEVER {
            let at = &mut at[usize::from(*time)];
            ids[usize::from(*at)] = id as u16;
            *at += 1;
        }
    }
}

/// The part of packed features that is in use.
pub fn used(packed: &[u16]) -> usize {
    STEPS + usize::from(packed[STEPS - 1])
}

/// Packed features, step by step.
pub fn steps(packed: &[u16]) -> impl Iterator<Item = (usize, &[u16])> {
    let (ends, ids) = packed.split_at(STEPS);
    let from = [0].into_iter().chain(ends.iter().copied());
    from.zip(ends).enumerate().map(|(t, (from, to))| (t, &ids[usize::from(from)..usize::from(*to)]))
}

/// The logits by a matrix `(features, 10)` with ten biases behind it.
pub fn linear(weights: &[f32], packed: &[u16], logits: &mut [f32]) {
    let (weights, biases) = weights.split_at(weights.len() - CLASSES);
    let rows = weights.as_chunks::<CLASSES>().0;
    let mut sums = [0f32; CLASSES];
    sums.copy_from_slice(biases);
    vectorised(|| {
        for (step, ids) in steps(packed) {
            let mut of_step = [0f32; CLASSES];
            for id in ids {
                of_step.iter_mut().zip(&rows[usize::from(*id)]).for_each(|(s, w)| *s += w);
            }
            sums.iter_mut().zip(&of_step).for_each(|(s, o)| *s += value(step) * o);
        }
    });
    logits.copy_from_slice(&sums);
}

/// Adds what one picture contributes to the gradient by some rows of that matrix.
pub fn outer(packed: &[u16], rows: Range<usize>, dy: &[f32], out: &mut [f32]) {
    let out = out.as_chunks_mut::<CLASSES>().0;
    let Ok(dy) = <&[f32; CLASSES]>::try_from(dy) else { return };
    vectorised(|| {
        for (step, ids) in steps(packed) {
            let scaled = dy.map(|d| value(step) * d);
            let from = ids.partition_point(|id| usize::from(*id) < rows.start);
            let ids = ids[from..].iter().map(|id| usize::from(*id)).take_while(|id| *id < rows.end);
            for id in ids {
                out[id - rows.start].iter_mut().zip(&scaled).for_each(|(o, s)| *o += s);
            }
        }
    });
}

/// Adds up the rows of a matrix `(features, maps)` whose features fire: the third
/// layer's potentials at the last step.
pub fn potentials(weights: &[f32], packed: &[u16], out: &mut [f32]) {
    const WIDTH: usize = 64;
    let maps = out.len();
    let ids = &packed[STEPS..used(packed)];
    vectorised(|| {
        for from in (0..maps).step_by(WIDTH) {
            let to = (from + WIDTH).min(maps);
            if to - from == WIDTH {
                let mut sums = [0f32; WIDTH];
                for id in ids {
                    let row = &weights[usize::from(*id) * maps + from..][..WIDTH];
                    sums.iter_mut().zip(row).for_each(|(s, w)| *s += w);
                }
                out[from..to].copy_from_slice(&sums);
            } else {
                let sums = &mut out[from..to];
                sums.fill(0.0);
                for id in ids {
                    let row = &weights[usize::from(*id) * maps + from..][..to - from];
                    sums.iter_mut().zip(row).for_each(|(s, w)| *s += w);
                }
            }
        }
    });
}

/// Logits: [`GAIN`] times the highest potential among each class's maps.
pub fn by_class(potentials: &[f32], logits: &mut [f32]) {
    let each = (potentials.len() / CLASSES).max(1);
    for (logit, maps) in logits.iter_mut().zip(potentials.chunks_exact(each)) {
        *logit = GAIN * maps.iter().fold(0f32, |m, v| if *v > m { *v } else { m });
    }
}

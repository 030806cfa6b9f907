//! Neurons of a NIR graph: one step of them.

use super::plan::Population;
use super::run::{Convention, Reading};

/// Most spikes of a neuron in a step, where there may be several.
const MOST_AT_ONCE: f32 = 1000.0;

/// What neurons remember.
pub(super) struct Moving<'a> {
    pub v: &'a mut [f32],
    pub i: &'a mut [f32],
    /// Whether a neuron spiked in the step before.
    pub spiked: &'a mut [bool],
}

/// A step: what arrives moves the potentials; what comes out are spikes, or the potentials of
/// neurons without a threshold.
pub(super) fn step(
    p: &Population,
    reading: Reading,
    moving: Moving<'_>,
    into: &[f32],
    out: &mut [f32],
) {
    let Moving { v, i, spiked } = moving;
    for n in 0..into.len() {
        let arriving = if !p.kind.filters() {
            into[n]
        } else if reading.jumps() {
            let jumped = i[n] + p.gain_syn[n] * into[n];
            i[n] = p.keep_syn[n] * jumped;
            jumped
        } else {
            i[n] = p.keep_syn[n] * i[n] + p.gain_syn[n] * into[n];
            i[n]
        };
        let late = reading.convention == Convention::SnnTorch;
        let mut moved = p.keep[n] * v[n] + p.gain[n] * arriving + p.leak[n];
        if late && spiked[n] {
            moved -= p.threshold[n];
        }
        (v[n], out[n]) = if !p.kind.spikes() {
            (moved, moved)
        } else if reading.convention == Convention::Sinabs {
            let threshold = p.threshold[n];
            let fired = (moved / threshold).trunc().clamp(0.0, MOST_AT_ONCE);
            let fired = if threshold > 0.0 { fired } else { 0.0 };
            (moved - fired * threshold, fired)
        } else if moved > p.threshold[n] {
            let after = match (late, p.subtracts) {
                (true, _) => moved,
                (false, true) => moved - p.threshold[n],
                (false, false) => p.reset[n],
            };
            (after, 1.0)
        } else {
            (moved, 0.0)
        };
        spiked[n] = p.kind.spikes() && out[n] > 0.0;
    }
}

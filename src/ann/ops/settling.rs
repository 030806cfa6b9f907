//! A layered network whose units are connected both ways by the same weights, and
//! answer by relaxing (Scellier and Bengio 2017): `(batch, inputs)` → `(batch, 10)`.
//!
//! The states `s₁ … s_L` (hidden layers, then the classes) lie between 0 and 1. They
//! lower the energy
//!
//! `E = Σ_l ( ½|s_l|² − s_{l−1}·W_l·s_l − b_l·s_l )`, `s₀` the picture,
//!
//! one layer after the other, from the first to the classes and again: a *sweep*. With a
//! step of ε, a layer goes from `s` to `clip((1−ε)·s + ε·(s_{l−1}·W_l + b_l +
//! s_{l+1}·W_{l+1}ᵀ))`, which cannot raise E for ε ≤ 1, because E is a parabola of
//! curvature 1 in each layer. Teaching adds `β·½|s_L − target|²`.
//!
//! The logits are `ln(s_L + 0.001)`: softmax then gives each class its share of what
//! the classes do.

use std::ops::Range;

use super::dense::{
    add_bias, back, back_scratch, layer_blocks, layer_parameters, layer_place, outer, times, turn,
};
use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};
use super::simd::vectorised;
use super::sparse;
use crate::ann::tap::{Signal, Tapped};
use crate::ann::zoo;
use crate::core::isa::Isa;
use crate::data::CLASSES;

/// Sweeps of an answer.
pub const ANSWER_SWEEPS: usize = 30;
/// ε of an answer.
pub const ANSWER_STEP: f32 = 0.5;
/// Added to a class's state before its logarithm.
const FLOOR: f32 = 1e-3;

/// The operation. Its parameters are those of dense layers one after another.
#[derive(Clone, Debug)]
pub struct Settling {
    isa: Isa,
    input: Plane,
    /// Units from the picture to the classes.
    widths: Vec<usize>,
}

/// How a phase is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Sweeps.
    pub sweeps: usize,
    /// ε, 0 to 1.
    pub step: f32,
    /// Strength of the target, β; 0 leaves the network alone.
    pub beta: f32,
}

impl Settling {
    /// For inputs of this plane, which must have no padding.
    pub fn new(isa: Isa, input: Plane, hidden: &[usize]) -> Self {
        let widths = zoo::widths(&[input.h * input.w * input.c], hidden, true);
        Self { isa, input, widths }
    }

    /// Units from the picture to the classes.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// States of a picture: all hidden units and the classes.
    pub fn states(&self) -> usize {
        self.widths[1..].iter().sum()
    }

    /// Where weights and bias of layer `l` (from 0) are.
    pub fn layer(&self, l: usize) -> (Range<usize>, Range<usize>) {
        layer_place(&self.widths, l)
    }

    /// Where the states of layer `l` (from 0, the first hidden one) of `n` pictures are.
    pub fn place(&self, n: usize, l: usize) -> Range<usize> {
        let at = n * self.widths[1..=l].iter().sum::<usize>();
        at..at + n * self.widths[l + 1]
    }

    /// Numbers of scratch memory of a phase of `n` pictures.
    pub fn phase_scratch(&self, n: usize) -> usize {
        let pairs = self.widths.windows(2).skip(1);
        let back = pairs.clone().map(|w| back_scratch((n, w[0], w[1]))).max().unwrap_or(0);
        let turned: usize = pairs.map(|w| w[0] * w[1]).sum();
        let widest = self.widths[1..].iter().max().copied().unwrap_or(0);
        back.max(turned) + 2 * n * widest
    }

    /// What the picture sends to the first layer, bias included: constant while the
    /// states move.
    pub fn drive(&self, parameters: &[f32], n: usize, x: &[f32], drive: &mut [f32]) {
        let (inputs, units) = (self.widths[0], self.widths[1]);
        let (weight, bias) = self.layer(0);
        let drive = &mut drive[..n * units];
        sparse::times(self.isa, (n, inputs, units), x, &parameters[weight], drive);
        add_bias(drive, &parameters[bias], false);
    }

    /// Writes the weights of all layers but the first, each transposed, one after another.
    fn turn(&self, parameters: &[f32], turned: &mut [f32]) {
        let mut rest = turned;
        for (l, pair) in self.widths.windows(2).enumerate().skip(1) {
            let (inputs, units) = (pair[0], pair[1]);
            let (own, after) = rest.split_at_mut(inputs * units);
            turn(&parameters[self.layer(l).0], (inputs, units, units), own, inputs);
            rest = after;
        }
    }

    /// One layer's total input: from below, its bias, and from above, over the transposed
    /// weights of [`Self::turn`].
    fn field(
        &self,
        parameters: &[f32],
        n: usize,
        (drive, states, turned): (&[f32], &[f32], &[f32]),
        l: usize,
        (field, from_above): (&mut [f32], &mut [f32]),
    ) {
        let (inputs, units) = (self.widths[l], self.widths[l + 1]);
        if l == 0 {
            field.copy_from_slice(&drive[..n * units]);
        } else {
            let (weight, bias) = self.layer(l);
            let below = &states[self.place(n, l - 1)];
            times(self.isa, (n, inputs, units), below, &parameters[weight], field);
            add_bias(field, &parameters[bias], false);
        }
        if let Some(above) = self.widths.get(l + 2) {
            let before: usize = self.widths.windows(2).skip(1).take(l).map(|w| w[0] * w[1]).sum();
            let turned = &turned[before..before + units * above];
            let from_above = &mut from_above[..n * units];
            let upper = &states[self.place(n, l + 1)];
            times(self.isa, (n, *above, units), upper, turned, from_above);
            vectorised(|| field.iter_mut().zip(from_above.iter()).for_each(|(f, a)| *f += a));
        }
    }

    /// Moves the states of `n` pictures; `targets` are the classes' states that are
    /// taught, `(n, 10)`, and are read only where β is not 0. `seen` is called after
    /// each sweep.
    pub fn relax(
        &self,
        parameters: &[f32],
        n: usize,
        (drive, states): (&[f32], &mut [f32]),
        (phase, targets): (Phase, &[f32]),
        (scratch, tap): (&mut [f32], Tapped<'_>),
        mut seen: impl FnMut(&[f32]),
    ) {
        let layers = self.widths.len() - 1;
        let Phase { sweeps, step, beta } = phase;
        let size: usize = self.widths.windows(2).skip(1).map(|w| w[0] * w[1]).sum();
        let (turned, scratch) = scratch.split_at_mut(size);
        self.turn(parameters, turned);
        for _ in 0..sweeps {
            for l in 0..layers {
                let units = self.widths[l + 1];
                let (field, scratch) = scratch.split_at_mut(n * units);
                self.field(parameters, n, (drive, states, turned), l, (field, scratch));
                let own = &mut states[self.place(n, l)];
                if l + 1 == layers && beta != 0.0 {
                    // The curvature is 1 + β: where that is more than 1, the step is as much
                    // shorter.
                    let step = step / (1.0 + beta.max(0.0));
                    for ((s, f), t) in own.iter_mut().zip(field.iter()).zip(targets) {
                        *s = (*s + step * (f - *s + beta * (t - *s))).clamp(0.0, 1.0);
                    }
                } else {
                    vectorised(|| {
                        for (s, f) in own.iter_mut().zip(field.iter()) {
                            *s = (*s + step * (f - *s)).clamp(0.0, 1.0);
                        }
                    });
                }
                tap.sent(Signal::Activity(l + 1), own);
            }
            seen(states);
        }
    }

    /// The energy E of one picture's states, without the target's part.
    pub fn energy(&self, parameters: &[f32], drive: &[f32], states: &[f32]) -> f64 {
        let mut energy = 0.0;
        for l in 0..self.widths.len() - 1 {
            let own = &states[self.place(1, l)];
            let mut field = vec![0.0; own.len()];
            if l == 0 {
                field.copy_from_slice(&drive[..own.len()]);
            } else {
                let (weight, bias) = self.layer(l);
                let below = &states[self.place(1, l - 1)];
                let shape = (1, below.len(), own.len());
                times(self.isa, shape, below, &parameters[weight], &mut field);
                add_bias(&mut field, &parameters[bias], false);
            }
            let terms = own.iter().zip(&field).map(|(s, f)| {
                let (s, f) = (f64::from(*s), f64::from(*f));
                s * (0.5 * s - f)
            });
            energy += terms.sum::<f64>();
        }
        energy
    }

    /// The gradient of `½|s_L − target|²`, averaged over the pictures, by the weights
    /// of each layer, exactly: backwards through every sweep of a free phase from zero.
    pub fn exact_gradient(
        &self,
        parameters: &[f32],
        x: &[f32],
        targets: &[f32],
        phase: Phase,
    ) -> Vec<Vec<f32>> {
        let (n, layers) = (targets.len() / CLASSES, self.widths.len() - 1);
        let mut drive = vec![0.0; n * self.widths[1]];
        let mut scratch = vec![0.0; self.phase_scratch(n)];
        self.drive(parameters, n, x, &mut drive);
        let mut states = vec![0.0; n * self.states()];
        let mut history = vec![states.clone()];
        let free = Phase { beta: 0.0, ..phase };
        self.relax(
            parameters,
            n,
            (&drive, &mut states),
            (free, &[]),
            (&mut scratch, Tapped::default()),
            |s| {
                history.push(s.to_vec());
            },
        );
        let mut gradients: Vec<Vec<f32>> =
            self.widths.windows(2).map(|w| vec![0.0; w[0] * w[1]]).collect();
        // By the states, as they are after the sweep in hand.
        let mut by = vec![0.0; states.len()];
        let last = self.place(n, layers - 1);
        for ((g, s), t) in by[last.clone()].iter_mut().zip(&states[last]).zip(targets) {
            *g = (s - t) / n as f32;
        }
        let mut by_drive = vec![0.0; drive.len()];
        for sweep in (0..phase.sweeps).rev() {
            let (before, after) = (&history[sweep], &history[sweep + 1]);
            for l in (0..layers).rev() {
                let (inputs, units) = (self.widths[l], self.widths[l + 1]);
                let own = self.place(n, l);
                // Below has moved in this sweep already, above not yet.
                let mut inner = vec![0.0; n * units];
                for (i, at) in own.clone().enumerate() {
                    let moved = after[at] > 0.0 && after[at] < 1.0;
                    inner[i] = if moved { by[at] * phase.step } else { 0.0 };
                    by[at] = if moved { by[at] * (1.0 - phase.step) } else { 0.0 };
                }
                if l == 0 {
                    by_drive.iter_mut().zip(&inner).for_each(|(d, g)| *d += g);
                } else {
                    let (weight, _) = self.layer(l);
                    let below = self.place(n, l - 1);
                    let all = (0, inputs);
                    let shape = (n, inputs, units);
                    let source = &after[below.clone()];
                    outer(self.isa, shape, all, source, &inner, &mut gradients[l], true);
                    let mut to = vec![0.0; n * inputs];
                    back(self.isa, shape, &parameters[weight], &inner, &mut to, &mut scratch);
                    by[below].iter_mut().zip(&to).for_each(|(b, t)| *b += t);
                }
                if let Some(above) = self.widths.get(l + 2) {
                    let (weight, _) = self.layer(l + 1);
                    let upper = self.place(n, l + 1);
                    let source = &before[upper.clone()];
                    let shape = (n, units, *above);
                    let all = (0, units);
                    outer(self.isa, shape, all, &inner, source, &mut gradients[l + 1], true);
                    let mut to = vec![0.0; n * above];
                    times(self.isa, shape, &inner, &parameters[weight], &mut to);
                    by[upper].iter_mut().zip(&to).for_each(|(b, t)| *b += t);
                }
            }
        }
        let shape = (n, self.widths[0], self.widths[1]);
        let all = (0, self.widths[0]);
        outer(self.isa, shape, all, x, &by_drive, &mut gradients[0], false);
        gradients
    }

    /// What the classes' states say as logits.
    pub fn logits(states: &[f32], logits: &mut [f32]) {
        for (logit, s) in logits.iter_mut().zip(states) {
            // A NaN stays one.
            *logit = (s + FLOOR).ln();
        }
    }
}

/// Where a part keeps what it needs for the gradient, for `n` pictures of `states`
/// numbers and a first layer of `first`.
pub struct Kept<'a> {
    /// What the picture sends to the first layer.
    pub drive: &'a mut [f32],
    /// The states of the free phase, of the one nudged by +β and by −β.
    pub free: &'a mut [f32],
    pub plus: &'a mut [f32],
    pub minus: &'a mut [f32],
    /// The nudged states times what each layer's contrast counts in the gradient.
    pub plus_scaled: &'a mut [f32],
    pub minus_scaled: &'a mut [f32],
    /// Their sum in the first layer.
    pub difference: &'a mut [f32],
}

impl<'a> Kept<'a> {
    /// In a part's memory.
    pub fn of(keep: &'a mut [f32], n: usize, states: usize, first: usize) -> Self {
        let (drive, rest) = keep.split_at_mut(n * first);
        let (free, rest) = rest.split_at_mut(n * states);
        let (plus, rest) = rest.split_at_mut(n * states);
        let (minus, rest) = rest.split_at_mut(n * states);
        let (plus_scaled, rest) = rest.split_at_mut(n * states);
        let (minus_scaled, rest) = rest.split_at_mut(n * states);
        let difference = &mut rest[..n * first];
        Self { drive, free, plus, minus, plus_scaled, minus_scaled, difference }
    }
}

impl Op for Settling {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, CLASSES)
    }

    /// Between hidden layers weights begin at half of what Glorot and Bengio draw: at all
    /// of it (a spectral norm of 2) the two layers hold each other up or down, whatever
    /// the picture.
    fn parameters(&self) -> Vec<Parameter> {
        let mut all = layer_parameters(&self.widths);
        let layers = self.widths.len() - 1;
        for (i, parameter) in all.iter_mut().enumerate() {
            let between = i / 2 > 0 && i / 2 + 1 < layers;
            if let Initial::Glorot { fan_in, fan_out } = &mut parameter.initial
                && between
            {
                (*fan_in, *fan_out) = (4 * *fan_in, 4 * *fan_out);
            }
        }
        all
    }

    /// See [`Kept`].
    fn keep_len(&self) -> usize {
        2 * self.widths[1] + 5 * self.states()
    }

    fn scratch_len(&self, n: usize, _mode: Mode) -> usize {
        self.phase_scratch(n) + n * (self.widths[1] + self.states())
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        layer_blocks(&self.widths).into_iter().map(|(.., range)| vec![range]).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        let n = pass.n;
        let (drive, rest) = pass.scratch.split_at_mut(n * self.widths[1]);
        let (states, scratch) = rest.split_at_mut(n * self.states());
        self.drive(pass.parameters, n, pass.x, drive);
        states.fill(0.0);
        let phase = Phase { sweeps: ANSWER_SWEEPS, step: ANSWER_STEP, beta: 0.0 };
        self.relax(
            pass.parameters,
            n,
            (drive, states),
            (phase, &[]),
            (scratch, Tapped::default()),
            |_| {},
        );
        let classes = self.place(n, self.widths.len() - 2);
        Self::logits(&states[classes], &mut pass.y[..n * CLASSES]);
    }

    /// No gradient goes back to the picture: the rule that trains this network
    /// compares two phases (`ann/rules/equilibrium`).
    fn backward(&self, pass: Backward<'_>) {
        if let Some(dx) = pass.dx {
            dx.fill(0.0);
        }
    }

    /// `−(s⁺_{l−1}ᵀ·s⁺_l − s⁻_{l−1}ᵀ·s⁻_l)`, with the scale that is in the kept states.
    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (layer, row, range) = layer_blocks(&self.widths).swap_remove(block);
        let (inputs, units) = (self.widths[layer], self.widths[layer + 1]);
        let (states, first) = (self.states(), self.widths[1]);
        if row.is_none() {
            out.fill(0.0);
        }
        for (i, part) in parts.iter().enumerate() {
            let n = part.n;
            let at = |which: usize, place: Range<usize>| {
                let from = n * (first + which * states);
                &part.keep[from + place.start..from + place.end]
            };
            let difference = &part.keep[n * (first + 5 * states)..][..n * first];
            let own = self.place(n, layer);
            let Some(row) = row else {
                for which in [3, 4] {
                    for state in at(which, own.clone()).chunks_exact(units) {
                        out.iter_mut().zip(state).for_each(|(o, s)| *o += s);
                    }
                }
                continue;
            };
            let rows = (row, range.len() / units);
            let shape = (n, inputs, units);
            if layer == 0 {
                sparse::outer(self.isa, shape, rows, part.x, difference, out, i > 0);
            } else {
                let below = self.place(n, layer - 1);
                let (plus, minus) = (at(1, below.clone()), at(2, below));
                outer(self.isa, shape, rows, plus, at(3, own.clone()), out, i > 0);
                outer(self.isa, shape, rows, minus, at(4, own), out, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::ops::candle::tests::random;

    fn small() -> (Settling, Vec<f32>, Vec<f32>, Vec<f32>) {
        let op = Settling::new(Isa::best(), Plane::new(1, 1, 12), &[9, 7]);
        let len: usize = op.parameters().iter().map(Parameter::len).sum();
        let parameters: Vec<f32> = random(len, 3).iter().map(|v| v * 0.6).collect();
        let x: Vec<f32> = random(4 * 12, 5).iter().map(|v| v.abs()).collect();
        let mut targets = vec![0.0; 4 * CLASSES];
        (0..4).for_each(|i| targets[i * CLASSES + i] = 1.0);
        (op, parameters, x, targets)
    }

    #[test]
    fn the_energy_falls_in_every_sweep() {
        let (op, parameters, x, _) = small();
        for step in [0.3, 0.7, 1.0] {
            let mut drive = vec![0.0; 9];
            op.drive(&parameters, 1, &x[..12], &mut drive);
            let mut states = vec![0.5; op.states()];
            let mut scratch = vec![0.0; op.phase_scratch(1)];
            let mut last = op.energy(&parameters, &drive, &states);
            let mut energies = Vec::new();
            let phase = Phase { sweeps: 40, step, beta: 0.0 };
            let moving = (&drive[..], &mut states[..]);
            op.relax(
                &parameters,
                1,
                moving,
                (phase, &[]),
                (&mut scratch, Tapped::default()),
                |states| {
                    energies.push(op.energy(&parameters, &drive, states));
                },
            );
            for energy in energies {
                // Rounding of sums near 1 in f32.
                assert!(energy <= last + 1e-5, "{energy} after {last} with ε {step}");
                last = energy;
            }
        }
    }

    #[test]
    fn the_exact_gradient_agrees_with_finite_differences() {
        let (op, mut parameters, x, targets) = small();
        let phase = Phase { sweeps: 25, step: 0.5, beta: 0.0 };
        let gradients = op.exact_gradient(&parameters, &x, &targets, phase);
        let loss = |parameters: &[f32]| -> f64 {
            let mut drive = vec![0.0; 4 * 9];
            op.drive(parameters, 4, &x, &mut drive);
            let mut states = vec![0.0; 4 * op.states()];
            let mut scratch = vec![0.0; op.phase_scratch(4)];
            let moving = (&drive[..], &mut states[..]);
            op.relax(
                parameters,
                4,
                moving,
                (phase, &[]),
                (&mut scratch, Tapped::default()),
                |_| {},
            );
            let classes = states[op.place(4, 2)].iter().zip(&targets);
            classes.map(|(s, t)| f64::from(s - t).powi(2)).sum::<f64>() / 8.0
        };
        for (l, gradient) in gradients.iter().enumerate() {
            let at = op.layer(l).0.start;
            for i in (0..gradient.len()).step_by(7) {
                let (kept, h) = (parameters[at + i], 2e-3);
                parameters[at + i] = kept + h;
                let above = loss(&parameters);
                parameters[at + i] = kept - h;
                let below = loss(&parameters);
                parameters[at + i] = kept;
                let slope = (above - below) / (2.0 * f64::from(h));
                // f32 sums, and a difference over a step of 2·10⁻³.
                assert!((slope - f64::from(gradient[i])).abs() < 2e-3, "layer {l}, {i}: {slope}");
            }
        }
    }
}

//! Leaky integrate-and-fire neurons that are connected among themselves: picture `(batch,
//! y, x)` → what they pass on. The picture's rows are time, each shown for as many steps;
//! a spike arrives at the other neurons a step later:
//!
//! `v(t) = a·v(t−1) + x(t)·K + s(t−1)·R + b`, less 1 after a spike.
//!
//! Going back is backpropagation through time with a surrogate, without the path over the
//! reset; taught locally, also without that over the connections.
#![allow(unsafe_code, reason = "starts a kernel")]

use std::ops::Range;
use std::sync::Arc;

use super::surrogate::Surrogate;
use super::{MOST_STEPS, Neurons, Out, THRESHOLD, leak};
use crate::ann::ops::dense::{add_bias, back, back_scratch, outer};
use crate::ann::ops::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane, holds};
use crate::ann::ops::product::{Left, product};
use crate::ann::ops::simd::{Kernel, Simd, Single, launch, vectorised};
use crate::ann::tap::Tapped;
use crate::core::isa::Isa;

/// Rows of the weights that are updated together.
const ROWS: usize = 64;

/// The operation.
#[derive(Clone, Debug)]
pub struct RecurrentLif {
    isa: Isa,
    input: Plane,
    hidden: usize,
    neurons: Neurons,
    weights: Arc<[f32]>,
    flat: Arc<[f32]>,
}

/// One step back: `potentials` become `δ = ψ(v − 1)·ds + a·next`.
struct StepBack<'a> {
    surrogate: Surrogate,
    leak: f32,
    ds: &'a [f32],
    next: &'a [f32],
    potentials: &'a mut [f32],
}

impl StepBack<'_> {
    #[inline(always)]
    unsafe fn some<S: Simd>(&mut self, i: usize) {
        // SAFETY: `i` and the following places are within all three slices.
        unsafe {
            let at = self.potentials.as_mut_ptr().add(i);
            let u = S::sub(S::load(at), S::splat(THRESHOLD));
            let own = S::mul(self.surrogate.vector::<S>(u), S::load(self.ds.as_ptr().add(i)));
            let next = S::mul(S::splat(self.leak), S::load(self.next.as_ptr().add(i)));
            S::store(at, S::add(own, next));
        }
    }
}

impl Kernel for StepBack<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let len = self.potentials.len().min(self.ds.len()).min(self.next.len());
        let whole = len - len % S::LANES;
        // SAFETY: places below `len`.
        unsafe {
            for i in (0..whole).step_by(S::LANES) {
                self.some::<S>(i);
            }
            for i in whole..len {
                self.some::<Single>(i);
            }
        }
    }
}

/// What a pass over `n` pictures keeps: rows of the pictures `(row, n, width)`, currents
/// from them `(row, n, hidden)`, later their gradients; potentials before each reset
/// `(step, n, hidden)`, later the gradients by currents; spikes likewise.
struct Memory<'a> {
    xs: &'a mut [f32],
    currents: &'a mut [f32],
    potentials: &'a mut [f32],
    spikes: &'a mut [f32],
}

impl RecurrentLif {
    /// For a picture of one channel, without padding; the neurons' steps must be a
    /// multiple of its rows.
    pub fn new(isa: Isa, input: Plane, hidden: usize, neurons: Neurons) -> Self {
        assert_eq!(input, Plane::new(input.h, input.w, 1), "one channel, no padding, no time");
        assert!(neurons.steps.is_multiple_of(input.h) && neurons.steps <= MOST_STEPS, "steps");
        let weights = neurons.weights();
        let mean = weights.iter().sum::<f32>() / neurons.steps as f32;
        let flat = vec![mean; weights.len()].into();
        Self { isa, input, hidden, neurons, weights: weights.into(), flat }
    }

    /// Units, and how they work.
    pub fn neurons(&self) -> (usize, Neurons) {
        (self.hidden, self.neurons)
    }

    /// Where recurrent weights and bias begin, and where they end.
    pub fn places(&self) -> [usize; 3] {
        let recurrent = self.input.w * self.hidden;
        let bias = recurrent + self.hidden * self.hidden;
        [recurrent, bias, bias + self.hidden]
    }

    /// The row that is shown at a step.
    fn row(&self, step: usize) -> usize {
        step * self.input.h / self.neurons.steps
    }

    fn memory<'a>(&self, n: usize, all: &'a mut [f32]) -> Memory<'a> {
        let (rows, h) = (self.input.h, self.hidden);
        let (xs, rest) = all.split_at_mut(rows * n * self.input.w);
        let (currents, rest) = rest.split_at_mut(rows * n * h);
        let (potentials, rest) = rest.split_at_mut(self.neurons.steps * n * h);
        Memory { xs, currents, potentials, spikes: &mut rest[..self.neurons.steps * n * h] }
    }

    /// What each row of one picture brings to each unit, with the bias, `(row, hidden)`.
    pub fn currents(&self, parameters: &[f32], x: &[f32]) -> Vec<f32> {
        let (h, w, rows) = (self.hidden, self.input.w, self.input.h);
        let [recurrent, bias, end] = self.places();
        let mut all = vec![0f32; rows * h];
        let x = Left::rows(&x[..rows * w], w);
        let kernel = &parameters[..recurrent];
        product(self.isa, (rows, w, h), x, kernel, h, &mut all, h, false);
        add_bias(&mut all, &parameters[bias..end], false);
        all
    }

    /// What one picture does: currents, potentials before the reset and spikes, each
    /// `(step, hidden)`.
    pub fn watch(&self, parameters: &[f32], x: &[f32]) -> [Vec<f32>; 3] {
        let (steps, h) = (self.neurons.steps, self.hidden);
        let mut keep = vec![0f32; self.keep_len()];
        let mut y = vec![0f32; self.output().len()];
        let mut scratch = vec![0f32; self.scratch_len(1, Mode::Answer)];
        self.forward(Forward {
            parameters,
            cache: &[],
            n: 1,
            x,
            y: &mut y,
            keep: &mut keep,
            scratch: &mut scratch,
            mode: Mode::Answer,
            tap: Tapped::default(),
        });
        let m = self.memory(1, &mut keep);
        let mut currents = vec![0f32; steps * h];
        let mut left = vec![0f32; h];
        let a = leak(self.neurons.tau);
        for t in 0..steps {
            for u in 0..h {
                let v = m.potentials[t * h + u];
                currents[t * h + u] = v - a * left[u];
                left[u] = v - m.spikes[t * h + u];
            }
        }
        [currents, m.potentials.to_vec(), m.spikes.to_vec()]
    }
}

impl Op for RecurrentLif {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane { steps: self.neurons.out_steps(), ..Plane::new(1, 1, self.hidden) }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let (w, h) = (self.input.w, self.hidden);
        // A row has few pixels: larger weights make it heard.
        let kernel = Initial::Glorot { fan_in: w, fan_out: w };
        vec![
            Parameter { name: "kernel", shape: vec![w, h], initial: kernel },
            Parameter { name: "recurrent", shape: vec![h, h], initial: Initial::Orthogonal },
            Parameter { name: "bias", shape: vec![h], initial: Initial::Zero },
        ]
    }

    fn keep_len(&self) -> usize {
        let (rows, h) = (self.input.h, self.hidden);
        rows * (self.input.w + h) + 2 * self.neurons.steps * h
    }

    /// The currents of a step or the gradient by its spikes; what comes back over the
    /// connections; what a rate costs. When answering, also what training keeps.
    fn scratch_len(&self, n: usize, mode: Mode) -> usize {
        let (h, w) = (self.hidden, self.input.w);
        let back = back_scratch((n * self.input.h, w, h)).max(back_scratch((n, h, h)));
        let kept = if mode == Mode::Answer { n * self.keep_len() } else { back };
        (2 * n + 1) * h + kept
    }

    /// The bias, then rows of the kernel, then rows of the recurrent weights.
    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        let [recurrent, bias, end] = self.places();
        let rows = |from: usize, to: usize| {
            let step = ROWS * self.hidden;
            (from..to).step_by(step).map(move |start| start..(start + step).min(to))
        };
        let all = rows(0, recurrent).chain(rows(recurrent, bias));
        std::iter::once(bias..end).chain(all).map(|range| vec![range]).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        let (n, h, w) = (pass.n, self.hidden, self.input.w);
        let out = self.output().len();
        assert!(holds(pass.x, n, self.input.len()) && holds(pass.y, n, out));
        let [recurrent, bias, end] = self.places();
        let (kernel, rest) = pass.parameters[..end].split_at(recurrent);
        let (recurrent, bias) = rest.split_at(bias - recurrent);
        let (current, rest) = pass.scratch.split_at_mut(n * h);
        let (left, rest) = rest.split_at_mut(n * h);
        let m = self.memory(n, if pass.keep.is_empty() { rest } else { pass.keep });
        for (i, picture) in pass.x.chunks_exact(self.input.len()).take(n).enumerate() {
            for (row, pixels) in picture.chunks_exact(w).enumerate() {
                m.xs[(row * n + i) * w..][..w].copy_from_slice(pixels);
            }
        }
        let rows = self.input.h * n;
        let xs = Left::rows(m.xs, w);
        product(self.isa, (rows, w, h), xs, kernel, h, m.currents, h, false);
        add_bias(m.currents, bias, false);
        left.fill(0.0);
        let a = leak(self.neurons.tau);
        pass.y[..n * out].fill(0.0);
        for t in 0..self.neurons.steps {
            current.copy_from_slice(&m.currents[self.row(t) * n * h..][..n * h]);
            let (before, spikes) = m.spikes.split_at_mut(t * n * h);
            if t > 0 {
                let before = Left::rows(&before[(t - 1) * n * h..], h);
                product(self.isa, (n, h, h), before, recurrent, h, current, h, true);
            }
            let spikes = &mut spikes[..n * h];
            let potentials = &mut m.potentials[t * n * h..][..n * h];
            let (left, current) = (&mut *left, &*current);
            vectorised(|| {
                let each = left.iter_mut().zip(current).zip(potentials).zip(spikes);
                for (((left, current), v), s) in each {
                    *v = a * *left + current;
                    *s = if *v > THRESHOLD { THRESHOLD } else { 0.0 };
                    *left = *v - *s;
                }
            });
            let spikes = &m.spikes[t * n * h..][..n * h];
            if self.neurons.out == Out::Spikes {
                for (y, s) in pass.y.chunks_exact_mut(out).zip(spikes.chunks_exact(h)) {
                    y[t * h..][..h].copy_from_slice(s);
                }
            } else {
                let (y, by) = (&mut pass.y[..n * h], self.weights[t]);
                vectorised(|| y.iter_mut().zip(spikes).for_each(|(y, s)| *y += by * s));
            }
        }
        // A NaN never spikes, but is not hidden: it stays in the membrane.
        for (y, left) in pass.y.chunks_exact_mut(out).zip(left.chunks_exact(h)) {
            y[out - h..].iter_mut().zip(left).for_each(|(y, v)| *y += v * 0.0);
        }
    }

    fn backward(&self, pass: Backward<'_>) {
        let (n, h, w, steps) = (pass.n, self.hidden, self.input.w, self.neurons.steps);
        let (out, teaching) = (self.output().len(), pass.teaching);
        assert!(holds(pass.dy, n, out));
        let [from, to, _] = self.places();
        let recurrent = &pass.parameters[from..to];
        let (ds, rest) = pass.scratch.split_at_mut(n * h);
        let (arriving, rest) = rest.split_at_mut(n * h);
        let (cost, scratch) = rest.split_at_mut(h);
        let m = self.memory(n, pass.keep);
        cost.fill(0.0);
        if teaching.rates.is_on() {
            for spikes in m.spikes.chunks_exact(h) {
                cost.iter_mut().zip(spikes).for_each(|(c, s)| *c += s);
            }
            let (each, by) = (1.0 / (n.max(1) * steps) as f32, teaching.share / steps as f32);
            cost.iter_mut().for_each(|c| *c = by * teaching.rates.slope(*c * each));
        }
        let weights = if teaching.unfiltered { &self.flat } else { &self.weights };
        arriving.fill(0.0);
        m.currents.fill(0.0);
        for t in (0..steps).rev() {
            let (potentials, later) = m.potentials[t * n * h..].split_at_mut(n * h);
            let next = if t + 1 < steps { &later[..n * h] } else { &*arriving };
            if t + 1 < steps && !teaching.local {
                back(self.isa, (n, h, h), recurrent, next, ds, scratch);
            } else {
                ds.fill(0.0);
            }
            for (i, ds) in ds.chunks_exact_mut(h).enumerate() {
                let (dy, by) = match self.neurons.out {
                    Out::Spikes => (&pass.dy[i * out + t * h..][..h], 1.0),
                    _ => (&pass.dy[i * h..][..h], weights[t]),
                };
                for ((ds, dy), cost) in ds.iter_mut().zip(dy).zip(&*cost) {
                    *ds += by * dy + cost;
                }
            }
            let (surrogate, leak) = (teaching.surrogate, leak(self.neurons.tau));
            // SAFETY: safe code needs nothing but the instruction set.
            unsafe { launch(self.isa, StepBack { surrogate, leak, ds, next, potentials }) }
            let of_row = &mut m.currents[self.row(t) * n * h..][..n * h];
            of_row.iter_mut().zip(&*potentials).for_each(|(sum, d)| *sum += d);
        }
        let Some(dx) = pass.dx else { return };
        let kernel = &pass.parameters[..w * h];
        let mut rows = vec![0f32; self.input.h * n * w];
        back(self.isa, (self.input.h * n, w, h), kernel, m.currents, &mut rows, scratch);
        for (i, picture) in dx.chunks_exact_mut(self.input.len()).take(n).enumerate() {
            for (row, pixels) in picture.chunks_exact_mut(w).enumerate() {
                pixels.copy_from_slice(&rows[(row * n + i) * w..][..w]);
            }
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (w, h, steps, rows) = (self.input.w, self.hidden, self.neurons.steps, self.input.h);
        let kernel_blocks = w.div_ceil(ROWS);
        out.fill(0.0);
        for part in parts {
            let n = part.n;
            let (xs, rest) = part.keep.split_at(rows * n * w);
            let (by_currents, rest) = rest.split_at(rows * n * h);
            let (deltas, spikes) = rest.split_at(steps * n * h);
            match block.checked_sub(1) {
                None => by_currents.chunks_exact(h).for_each(|row| {
                    out.iter_mut().zip(row).for_each(|(o, d)| *o += d);
                }),
                Some(block) if block < kernel_blocks => {
                    let from = (block * ROWS, ROWS.min(w - block * ROWS));
                    outer(self.isa, (rows * n, w, h), from, xs, by_currents, out, true);
                }
                Some(block) => {
                    let row = (block - kernel_blocks) * ROWS;
                    let from = (row, ROWS.min(h - row));
                    // A spike at a step acts at the next.
                    let later = &deltas[(n * h).min(deltas.len())..];
                    let shape = ((steps - 1) * n, h, h);
                    outer(self.isa, shape, from, spikes, later, out, true);
                }
            }
        }
    }
}

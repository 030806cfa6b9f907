//! Recurrent layers over a whole sequence: the picture's rows or columns are the
//! time steps, and the last state comes out. One file for each cell.
//!
//! * [`simple`]: one tanh and no gates (Elman 1990)
//! * [`gru`]: gated recurrent unit (Cho et al. 2014), with the reset gate after
//!   the product, as cuDNN, Keras and PyTorch have it
//! * [`lstm`]: long short-term memory (Hochreiter and Schmidhuber 1997; Gers et
//!   al. 2000)
//! * [`cell`]: which one, and what each of its units takes
//! * [`trace`]: all states and gates of one sequence, to be looked at
//!
//! * [`panels`]: matrices in the order in which products read them
//!
//! All sums of a step are one product; the gradients by the weights are one
//! product over all steps at the end (backpropagation through time).

mod cell;
mod gru;
mod lstm;
mod panels;
mod simple;
mod trace;

use std::ops::Range;

use panels::{Panels, WIDTH};

use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane, Shared, holds};
use super::product::{Left, product};
use crate::core::isa::Isa;
pub use cell::{Cell, LastStep, Order};
pub use trace::Trace;

/// Rows of the weights that are updated together; small, so that threads finish
/// at nearly the same time.
const ROWS: usize = WIDTH / 2;

/// The place of a gate in panels that are `jump` apart.
#[inline(always)]
fn place(jump: usize, row: usize, column: usize) -> usize {
    column / WIDTH * jump + row * WIDTH + column % WIDTH
}

/// Whether `gates` holds those of `n` rows in panels that are `jump` apart, `kept` for
/// each of so many units; false where that overflows.
fn holds_gates(gates: &[f32], jump: usize, (n, hidden): (usize, usize), kept: usize) -> bool {
    let last = || {
        let panels = hidden.checked_mul(kept)?.div_ceil(WIDTH);
        panels.saturating_sub(1).checked_mul(jump)?.checked_add(n.checked_mul(WIDTH)?)
    };
    last().is_some_and(|len| len <= gates.len())
}

/// The operation: `(steps, values)` → last state `(hidden)`.
#[derive(Clone, Copy, Debug)]
pub struct Recurrent {
    isa: Isa,
    cell: Cell,
    order: Order,
    input: Plane,
    hidden: usize,
}

/// Sizes and places in the memory of one pass over `n` sequences: all values of
/// the inputs `(step, n, values)`, gates `(step, n, kept · hidden)` in whole panels,
/// states `(step + 1, n, hidden)`, and for the LSTM cells likewise.
struct Memory<'a> {
    xs: &'a mut [f32],
    gates: &'a mut [f32],
    hs: &'a mut [f32],
    cs: &'a mut [f32],
}

impl Recurrent {
    /// For a picture of one channel, without padding. `hidden` must be a multiple
    /// of 16.
    pub fn new(isa: Isa, cell: Cell, order: Order, input: Plane, hidden: usize) -> Self {
        assert_eq!((input.c, input.len()), (1, input.h * input.w), "one channel, no padding");
        assert_eq!(hidden % 16, 0, "whole vectors");
        Self { isa, cell, order, input, hidden }
    }

    /// Which way it reads.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Time steps, and values at each.
    fn steps(&self) -> (usize, usize) {
        match self.order {
            Order::Rows => (self.input.h, self.input.w),
            Order::Columns => (self.input.w, self.input.h),
        }
    }

    /// Columns of the weights.
    fn columns(&self) -> usize {
        self.hidden * self.cell.columns()
    }

    /// Numbers kept of the gates of a step: whole panels.
    fn gates_len(&self) -> usize {
        (self.cell.kept() * self.hidden).next_multiple_of(WIDTH)
    }

    /// Where kernel, recurrent weights and bias begin, and where they end.
    fn places(&self) -> [usize; 4] {
        let (columns, values) = (self.columns(), self.steps().1);
        let recurrent = (values + self.hidden) * columns;
        [0, values * columns, recurrent, recurrent + self.hidden * self.cell.biases()]
    }

    /// The recurrent weights, and the transposed ones.
    fn panels(&self) -> (Panels, Panels) {
        let (h, columns) = (self.hidden, self.columns());
        (Panels { rows: h, columns }, Panels { rows: columns, columns: h })
    }

    fn cells(&self, n: usize) -> usize {
        if self.cell == Cell::Lstm { (self.steps().0 + 1) * n * self.hidden } else { 0 }
    }

    fn memory<'a>(&self, n: usize, all: &'a mut [f32]) -> Memory<'a> {
        let ((steps, values), h) = (self.steps(), self.hidden);
        let (xs, rest) = all.split_at_mut(steps * n * values);
        let (gates, rest) = rest.split_at_mut(steps * n * self.gates_len());
        let (hs, rest) = rest.split_at_mut((steps + 1) * n * h);
        Memory { xs, gates, hs, cs: &mut rest[..self.cells(n)] }
    }

    /// The last step of one unit, from what a pass over one picture has kept.
    pub fn last_step(&self, keep: &[f32], unit: usize) -> Option<LastStep> {
        let ((steps, values), h) = (self.steps(), self.hidden);
        let last = steps.checked_sub(1)?;
        let gates = steps * values;
        let states = gates + steps * self.gates_len();
        let cells = states + (steps + 1) * h;
        let at = |from: usize, step: usize| keep.get(from + step * h + unit).copied();
        let gate = |k: usize| match k < self.cell.kept() {
            true => keep.get(gates + place(steps * WIDTH, last, k * h + unit)).copied(),
            false => Some(0.0),
        };
        let both = |from: usize| Some([at(from, last)?, at(from, steps)?]);
        Some(LastStep {
            cell: self.cell,
            gates: [gate(0)?, gate(1)?, gate(2)?, gate(3)?],
            state: both(states)?,
            memory: if self.cell == Cell::Lstm { both(cells)? } else { [0.0; 2] },
        })
    }

    /// The offset in a picture of value `v` at step `t`.
    fn pixel(&self, t: usize, v: usize) -> usize {
        match self.order {
            Order::Rows => t * self.input.w + v,
            Order::Columns => v * self.input.w + t,
        }
    }
}

impl Op for Recurrent {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, self.hidden)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let (columns, values, h) = (self.columns(), self.steps().1, self.hidden);
        let initial = Initial::Glorot { fan_in: values, fan_out: columns };
        let recurrent = vec![h, columns];
        let bias = match self.cell {
            Cell::Gru => (vec![2, columns], Initial::Zero),
            Cell::Lstm => (vec![columns], Initial::Ones { from: h, to: 2 * h }),
            Cell::Simple => (vec![columns], Initial::Zero),
        };
        vec![
            Parameter { name: "kernel", shape: vec![values, columns], initial },
            Parameter { name: "recurrent", shape: recurrent, initial: Initial::Orthogonal },
            Parameter { name: "bias", shape: bias.0, initial: bias.1 },
        ]
    }

    /// The recurrent weights in panels, and the transposed ones.
    fn cache_len(&self) -> usize {
        2 * self.hidden * self.columns()
    }

    fn keep_len(&self) -> usize {
        let ((steps, values), h) = (self.steps(), self.hidden);
        steps * (values + self.gates_len()) + (steps + 1) * h + self.cells(1)
    }

    /// The gates of a step, and the gradients by state and cell; when answering,
    /// also what training keeps.
    fn scratch_len(&self, n: usize, mode: Mode) -> usize {
        let kept = if mode == Mode::Answer { n * self.keep_len() } else { 0 };
        n * (self.columns() + 2 * self.hidden) + kept
    }

    /// The bias, then rows of the kernel, then rows of the recurrent weights.
    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        let ([kernel, recurrent, bias, end], columns) = (self.places(), self.columns());
        let rows = |from: usize, to: usize| {
            let starts = (from..to).step_by(ROWS * columns);
            starts.map(move |start| start..(start + ROWS * columns).min(to))
        };
        let all = rows(kernel, recurrent).chain(rows(recurrent, bias));
        std::iter::once(bias..end).chain(all).map(|range| vec![range]).collect()
    }

    #[allow(unsafe_code, reason = "writes to a shared slice")]
    unsafe fn prepare(&self, block: usize, parameters: &[f32], cache: Shared<'_>) {
        let (columns, h) = (self.columns(), self.hidden);
        let Some(block) = block.checked_sub(1 + self.kernel_blocks()) else { return };
        let rows = block * ROWS..((block + 1) * ROWS).min(h);
        let weights = &parameters[self.places()[1]..];
        let (forward, back) = self.panels();
        for (first, width, place) in forward.each() {
            let (from, to) = (place + rows.start * width, place + rows.end * width);
            // SAFETY: each block writes the places of its own rows.
            let panel = unsafe { cache.at(from..to) };
            for (to, row) in panel.chunks_exact_mut(width).zip(rows.clone()) {
                to.copy_from_slice(&weights[row * columns + first..][..width]);
            }
        }
        for column in 0..columns {
            // The rows lie side by side within one panel: they divide its width.
            let from = h * columns + back.at(column, rows.start);
            // SAFETY: as above.
            let turned = unsafe { cache.at(from..from + rows.len()) };
            for (to, row) in turned.iter_mut().zip(rows.clone()) {
                *to = weights[row * columns + column];
            }
        }
    }

    fn forward(&self, pass: Forward<'_>) {
        assert!(holds(pass.x, pass.n, self.input.len()) && holds(pass.y, pass.n, self.hidden));
        let ((steps, values), h, n) = (self.steps(), self.hidden, pass.n);
        let (columns, [_, recurrent, bias, end]) = (self.columns(), self.places());
        let (step, rest) = pass.scratch.split_at_mut(n * columns);
        let all = if pass.keep.is_empty() { rest } else { pass.keep };
        let m = self.memory(n, all);
        for t in 0..steps {
            for i in 0..n {
                let picture = &pass.x[i * self.input.len()..];
                for v in 0..values {
                    m.xs[(t * n + i) * values + v] = picture[self.pixel(t, v)];
                }
            }
        }
        let left = Left::rows(m.xs, values);
        for (first, width, place) in (Panels { rows: steps * n, columns }).each() {
            let shape = (steps * n, values, width);
            let (kernel, gates) = (&pass.parameters[first..], &mut m.gates[place..]);
            product(self.isa, shape, left, kernel, columns, gates, WIDTH, false);
        }
        m.hs[..n * h].fill(0.0);
        m.cs[..self.cells(n).min(n * h)].fill(0.0);
        let bias = &pass.parameters[bias..end];
        for t in 0..steps {
            let (before, after) = m.hs[t * n * h..].split_at_mut(n * h);
            let left = Left::rows(before, h);
            let (gates, jump) = (&mut m.gates[t * n * WIDTH..], steps * n * WIDTH);
            // The first state is zero. One row is faster with all columns at once.
            let by_row = t > 0 && (n == 1 || self.cell == Cell::Gru);
            if t == 0 {
                step.fill(0.0);
            } else if n == 1 {
                let weights = &pass.parameters[recurrent..];
                product(self.isa, (n, h, columns), left, weights, columns, step, columns, false);
            } else if by_row {
                let target = (&mut *step, columns);
                self.panels().0.product(self.isa, (n, left), pass.cache, target, false);
            }
            if self.cell != Cell::Gru && t > 0 {
                if by_row {
                    for (c, v) in step.iter().enumerate() {
                        gates[place(jump, 0, c)] += v;
                    }
                } else {
                    for (first, width, from) in self.panels().0.each() {
                        let (gates, shape) = (&mut gates[first * steps * n..], (n, h, width));
                        let weights = &pass.cache[from..];
                        product(self.isa, shape, left, weights, width, gates, WIDTH, true);
                    }
                }
            }
            match self.cell {
                Cell::Gru => {
                    gru::forward(self.isa, (n, h), (gates, jump), step, bias, before, after);
                }
                Cell::Simple => {
                    simple::forward(self.isa, (n, h), (gates, jump), bias, after);
                }
                Cell::Lstm => {
                    let (c, c_after) = m.cs[t * n * h..].split_at_mut(n * h);
                    lstm::forward(self.isa, (n, h), (gates, jump), bias, c, c_after, after);
                }
            }
        }
        pass.y[..n * h].copy_from_slice(&m.hs[steps * n * h..][..n * h]);
    }

    fn backward(&self, pass: Backward<'_>) {
        assert!(holds(pass.dy, pass.n, self.hidden));
        let ((steps, values), h, n) = (self.steps(), self.hidden, pass.n);
        let columns = self.columns();
        let m = self.memory(n, pass.keep);
        let (step, rest) = pass.scratch.split_at_mut(n * columns);
        let (dh, dc) = rest[..2 * n * h].split_at_mut(n * h);
        dh.copy_from_slice(&pass.dy[..n * h]);
        dc.fill(0.0);
        for t in (0..steps).rev() {
            let (before, after) = m.hs[t * n * h..].split_at(n * h);
            let (gates, jump) = (&mut m.gates[t * n * WIDTH..], steps * n * WIDTH);
            let turned = &pass.cache[h * columns..];
            // Nobody asks for the gradient by the first state.
            match self.cell {
                Cell::Gru => {
                    gru::backward(self.isa, (n, h), (gates, jump), step, before, dh);
                    if t > 0 {
                        // The state also goes on directly; the kernel left that in dh.
                        let left = Left::rows(step, columns);
                        self.panels().1.product(self.isa, (n, left), turned, (dh, h), true);
                    }
                }
                Cell::Simple => {
                    simple::backward(self.isa, (n, h), (gates, jump), step, after, dh);
                    if t > 0 {
                        let left = Left::rows(step, columns);
                        self.panels().1.product(self.isa, (n, left), turned, (dh, h), false);
                    }
                }
                Cell::Lstm => {
                    let (c, c_after) = m.cs[t * n * h..].split_at(n * h);
                    lstm::backward(self.isa, (n, h), (gates, jump), c, c_after, dh, dc);
                    if t > 0 {
                        let left = Left::panels(gates, jump);
                        self.panels().1.product(self.isa, (n, left), turned, (dh, h), false);
                    }
                }
            }
        }
        let Some(dx) = pass.dx else { return };
        let kernel = &pass.parameters[..values * columns];
        for t in 0..steps {
            for i in 0..n {
                let gate = |c: usize| m.gates[place(steps * n * WIDTH, t * n + i, c)];
                for (v, w) in kernel.chunks_exact(columns).enumerate() {
                    dx[i * self.input.len() + self.pixel(t, v)] =
                        w.iter().enumerate().map(|(c, w)| gate(c) * w).sum();
                }
            }
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let ((steps, values), h, columns) = (self.steps(), self.hidden, self.columns());
        let gru = self.cell == Cell::Gru;
        for (i, part) in parts.iter().enumerate() {
            let count = steps * part.n;
            let (xs, rest) = part.keep.split_at(count * values);
            let (gates, hs) = rest.split_at(count * self.gates_len());
            // The GRU's candidate is reached by the state through another gate.
            let by_state = |c: usize| if gru && c >= 2 * h { c + h } else { c };
            match block.checked_sub(1) {
                Some(block) if block < self.kernel_blocks() => {
                    let from = block * ROWS;
                    let left = Left::transposed(xs.get(from..).unwrap_or_default(), values);
                    let rows = ROWS.min(values - from);
                    self.by_gates((rows, left), (gates, count), |c| c, out, i > 0);
                }
                None => {
                    if i == 0 {
                        out.fill(0.0);
                    }
                    for first in (0..self.gates_len()).step_by(WIDTH) {
                        let mut sums = [0f32; WIDTH];
                        for row in gates[first * count..].as_chunks::<WIDTH>().0.iter().take(count)
                        {
                            sums.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
                        }
                        for (c, sum) in (first..).zip(sums) {
                            if c < columns {
                                out[c] += sum;
                            }
                            // The GRU's second bias: after the product with the state.
                            if gru && !(2 * h..3 * h).contains(&c) {
                                out[columns + if c < 2 * h { c } else { c - h }] += sum;
                            }
                        }
                    }
                }
                Some(block) => {
                    let from = (block - self.kernel_blocks()) * ROWS;
                    let rows = ROWS.min(h - from);
                    let left = Left::transposed(&hs[from..], h);
                    self.by_gates((rows, left), (gates, count), by_state, out, i > 0);
                }
            }
        }
    }
}

impl Recurrent {
    /// Blocks of the kernel; see [`Op::blocks`].
    fn kernel_blocks(&self) -> usize {
        self.steps().1.div_ceil(ROWS)
    }

    /// `out = left·gates`, half a panel at a time (the smallest hidden layer has
    /// 16 units): column c of the result is by the gate `gate(c)`.
    fn by_gates(
        &self,
        (rows, left): (usize, Left<'_>),
        (gates, count): (&[f32], usize),
        gate: impl Fn(usize) -> usize,
        out: &mut [f32],
        accumulate: bool,
    ) {
        let columns = self.columns();
        let step = if self.hidden.is_multiple_of(WIDTH) { WIDTH } else { WIDTH / 2 };
        for c in (0..columns).step_by(step) {
            let (from, shape) = (place(count * WIDTH, 0, gate(c)), (rows, count, step));
            // Without a step there are no gates.
            let gates = gates.get(from..).unwrap_or_default();
            product(self.isa, shape, left, gates, WIDTH, &mut out[c..], columns, accumulate);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! Recurrent layers over a whole sequence: the picture's rows or columns are the
//! time steps, and the last state comes out. One file for each cell.
//!
//! * [`gru`]: gated recurrent unit (Cho et al. 2014), with the reset gate after
//!   the product, as cuDNN, Keras and PyTorch have it
//! * [`lstm`]: long short-term memory (Hochreiter and Schmidhuber 1997; Gers et
//!   al. 2000)
//!
//! All gates of a step are one product; the gradients by the weights are one
//! product over all steps at the end (backpropagation through time).

mod gru;
mod lstm;

use std::ops::Range;

use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane, Shared};
use super::product::{Left, product};
use super::simd::Engine;

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Three gates: update z, reset r, candidate n.
    Gru,
    /// Four: input i, forget f, cell g, output o.
    Lstm,
}

/// Which way the picture is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the top, a row at a time.
    Rows,
    /// From the left, a column at a time.
    Columns,
}

/// What made one unit's last state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastStep {
    /// Which cell.
    pub cell: Cell,
    /// z, r, n and h·Un + cn for the GRU; i, f, g, o for the LSTM.
    pub gates: [f32; 4],
    /// The state before and after.
    pub state: [f32; 2],
    /// The LSTM's cell before and after.
    pub memory: [f32; 2],
}

/// Rows of the recurrent weights that are updated together.
const ROWS: usize = 32;

/// The operation: `(steps, values)` → last state `(hidden)`.
#[derive(Clone, Copy, Debug)]
pub struct Recurrent {
    engine: Engine,
    cell: Cell,
    order: Order,
    input: Plane,
    hidden: usize,
}

/// Sizes and places in the memory of one pass over `n` sequences: all values of
/// the inputs `(step, n, values)`, gates `(step, n, 4 hidden)`, states
/// `(step + 1, n, hidden)`, and for the LSTM cells likewise.
struct Memory<'a> {
    xs: &'a mut [f32],
    gates: &'a mut [f32],
    hs: &'a mut [f32],
    cs: &'a mut [f32],
}

impl Recurrent {
    /// For a picture of one channel, without padding. `hidden` must be a multiple
    /// of 16.
    pub fn new(engine: Engine, cell: Cell, order: Order, input: Plane, hidden: usize) -> Self {
        assert_eq!((input.c, input.len()), (1, input.h * input.w), "one channel, no padding");
        assert_eq!(hidden % 16, 0, "whole vectors");
        Self { engine, cell, order, input, hidden }
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
        self.hidden * if self.cell == Cell::Gru { 3 } else { 4 }
    }

    /// Where kernel, recurrent weights and bias begin, and where they end.
    fn places(&self) -> [usize; 4] {
        let (columns, values) = (self.columns(), self.steps().1);
        let bias = if self.cell == Cell::Gru { 2 * columns } else { columns };
        let recurrent = (values + self.hidden) * columns;
        [0, values * columns, recurrent, recurrent + bias]
    }

    fn cells(&self, n: usize) -> usize {
        if self.cell == Cell::Lstm { (self.steps().0 + 1) * n * self.hidden } else { 0 }
    }

    fn memory<'a>(&self, n: usize, all: &'a mut [f32]) -> Memory<'a> {
        let ((steps, values), h) = (self.steps(), self.hidden);
        let (xs, rest) = all.split_at_mut(steps * n * values);
        let (gates, rest) = rest.split_at_mut(steps * n * 4 * h);
        let (hs, rest) = rest.split_at_mut((steps + 1) * n * h);
        Memory { xs, gates, hs, cs: &mut rest[..self.cells(n)] }
    }

    /// The last step of one unit, from what a pass over one picture has kept.
    pub fn last_step(&self, keep: &[f32], unit: usize) -> Option<LastStep> {
        let ((steps, values), h) = (self.steps(), self.hidden);
        let last = steps.checked_sub(1)?;
        let gates = steps * values;
        let states = gates + steps * 4 * h;
        let cells = states + (steps + 1) * h;
        let at = |from: usize, step: usize| keep.get(from + step * h + unit).copied();
        let gate = |k: usize| at(gates, 4 * last + k);
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
        };
        vec![
            Parameter { name: "kernel", shape: vec![values, columns], initial },
            Parameter { name: "recurrent", shape: recurrent, initial: Initial::Orthogonal },
            Parameter { name: "bias", shape: bias.0, initial: bias.1 },
        ]
    }

    /// The transposed recurrent weights.
    fn cache_len(&self) -> usize {
        self.hidden * self.columns()
    }

    fn keep_len(&self) -> usize {
        let ((steps, values), h) = (self.steps(), self.hidden);
        steps * (values + 4 * h) + (steps + 1) * h + self.cells(1)
    }

    /// The gates of a step, and the gradients by state and cell; when answering,
    /// also what training keeps.
    fn scratch_len(&self, n: usize, mode: Mode) -> usize {
        let kept = if mode == Mode::Answer { n * self.keep_len() } else { 0 };
        n * (self.columns() + 2 * self.hidden) + kept
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        let ([_, recurrent, bias, end], columns) = (self.places(), self.columns());
        let rows = (0..self.hidden)
            .step_by(ROWS)
            .map(|r| recurrent + r * columns..recurrent + (r + ROWS).min(self.hidden) * columns);
        [0..recurrent, bias..end].into_iter().chain(rows).map(|range| vec![range]).collect()
    }

    #[allow(unsafe_code, reason = "writes to a shared slice")]
    fn prepare(&self, block: usize, parameters: &[f32], cache: Shared<'_>) {
        let (columns, h) = (self.columns(), self.hidden);
        let Some(block) = block.checked_sub(2) else { return };
        let rows = block * ROWS..((block + 1) * ROWS).min(h);
        for column in 0..columns {
            // SAFETY: each block writes the places of its own rows.
            let turned = unsafe { cache.at(column * h + rows.start..column * h + rows.end) };
            for (to, row) in turned.iter_mut().zip(rows.clone()) {
                *to = parameters[self.places()[1] + row * columns + column];
            }
        }
    }

    fn forward(&self, pass: Forward<'_>) {
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
        let shape = (steps * n, values, columns);
        let left = Left::rows(m.xs, values);
        product(self.engine, shape, left, pass.parameters, columns, m.gates, 4 * h, false);
        m.hs[..n * h].fill(0.0);
        m.cs[..self.cells(n).min(n * h)].fill(0.0);
        let bias = &pass.parameters[bias..end];
        for t in 0..steps {
            let (before, after) = m.hs[t * n * h..].split_at_mut(n * h);
            let left = Left::rows(before, h);
            let weights = &pass.parameters[recurrent..];
            product(self.engine, (n, h, columns), left, weights, columns, step, columns, false);
            let gates = &mut m.gates[t * n * 4 * h..][..n * 4 * h];
            match self.cell {
                Cell::Gru => gru::forward(self.engine, (n, h), gates, step, bias, before, after),
                Cell::Lstm => {
                    let (c, c_after) = m.cs[t * n * h..].split_at_mut(n * h);
                    lstm::forward(self.engine, (n, h), gates, step, bias, c, c_after, after);
                }
            }
        }
        pass.y[..n * h].copy_from_slice(&m.hs[steps * n * h..][..n * h]);
    }

    fn backward(&self, pass: Backward<'_>) {
        let ((steps, values), h, n) = (self.steps(), self.hidden, pass.n);
        let columns = self.columns();
        let m = self.memory(n, pass.keep);
        let (step, rest) = pass.scratch.split_at_mut(n * columns);
        let (dh, dc) = rest[..2 * n * h].split_at_mut(n * h);
        dh.copy_from_slice(&pass.dy[..n * h]);
        dc.fill(0.0);
        for t in (0..steps).rev() {
            let (before, _) = m.hs[t * n * h..].split_at(n * h);
            let gates = &mut m.gates[t * n * 4 * h..][..n * 4 * h];
            match self.cell {
                Cell::Gru => gru::backward(self.engine, (n, h), gates, step, before, dh),
                Cell::Lstm => {
                    let (c, c_after) = m.cs[t * n * h..].split_at(n * h);
                    lstm::backward(self.engine, (n, h), gates, step, c, c_after, dh, dc);
                }
            }
            // The GRU's state also goes on directly; its kernel left that in dh.
            let left = Left::rows(step, columns);
            let adds = self.cell == Cell::Gru;
            product(self.engine, (n, columns, h), left, pass.cache, h, dh, h, adds);
        }
        let Some(dx) = pass.dx else { return };
        let kernel = &pass.parameters[..values * columns];
        for t in 0..steps {
            for i in 0..n {
                let gates = &m.gates[(t * n + i) * 4 * h..][..columns];
                for (v, w) in kernel.chunks_exact(columns).enumerate() {
                    dx[i * self.input.len() + self.pixel(t, v)] =
                        gates.iter().zip(w).map(|(g, w)| g * w).sum();
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
            let (gates, hs) = rest.split_at(count * 4 * h);
            match block {
                0 => {
                    let left = Left::transposed(xs, values);
                    let shape = (values, count, columns);
                    product(self.engine, shape, left, gates, 4 * h, out, columns, i > 0);
                }
                1 => {
                    if i == 0 {
                        out.fill(0.0);
                    }
                    for gates in gates.chunks_exact(4 * h) {
                        for (sum, g) in out.iter_mut().zip(&gates[..columns]) {
                            *sum += g;
                        }
                        // The GRU's second bias: after the product with the state.
                        let second = gates[..2 * h].iter().chain(&gates[3 * h..]);
                        for (sum, g) in out[columns..].iter_mut().zip(second) {
                            *sum += g;
                        }
                    }
                }
                _ => {
                    let from = (block - 2) * ROWS;
                    let rows = ROWS.min(h - from);
                    let left = Left::transposed(&hs[from..], h);
                    let first = if gru { 2 * h } else { columns };
                    let shape = (rows, count, first);
                    product(self.engine, shape, left, gates, 4 * h, out, columns, i > 0);
                    if gru {
                        let shape = (rows, count, h);
                        let gates = gates.get(3 * h..).unwrap_or_default();
                        let out = &mut out[2 * h..];
                        product(self.engine, shape, left, gates, 4 * h, out, columns, i > 0);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::candle::tests::{agrees_with_stock, gradients_are_right, run};
    use super::*;
    use candle_core::{D, Result, Tensor};

    fn op(engine: Engine, cell: Cell, order: Order) -> Recurrent {
        Recurrent::new(engine, cell, order, Plane::new(4, 5, 1), 16)
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for engine in Engine::available() {
            for cell in [Cell::Gru, Cell::Lstm] {
                gradients_are_right(&op(engine, cell, Order::Rows), 3);
                gradients_are_right(&op(engine, cell, Order::Columns), 2);
            }
        }
    }

    /// The equations, step by step, in candle's own operations.
    pub fn stock(x: &Tensor, p: &Tensor, op: &Recurrent) -> Result<Tensor> {
        let (batch, ..) = x.dims4()?;
        let (h, columns, [_, recurrent, bias, end]) = (op.hidden, op.columns(), op.places());
        let (steps, values) = op.steps();
        let x = x.reshape((batch, op.input.h, op.input.w))?;
        let x = if op.order == Order::Rows { x } else { x.transpose(1, 2)?.contiguous()? };
        let w = p.narrow(0, 0, recurrent)?.reshape((values, columns))?;
        let u = p.narrow(0, recurrent, bias - recurrent)?.reshape((h, columns))?;
        let b = p.narrow(0, bias, end - bias)?.reshape(((), columns))?;
        let mut state = Tensor::zeros((batch, h), x.dtype(), x.device())?;
        let mut cell = state.clone();
        let sigmoid = |t: Tensor| candle_nn::ops::sigmoid(&t);
        for t in 0..steps {
            let ax = x.narrow(1, t, 1)?.squeeze(1)?.matmul(&w)?.broadcast_add(&b.get(0)?)?;
            let ah = state.matmul(&u)?;
            let gate = |a: &Tensor, i: usize| a.narrow(D::Minus1, i * h, h)?.contiguous();
            if op.cell == Cell::Gru {
                let ah = ah.broadcast_add(&b.get(1)?)?;
                let z = sigmoid((gate(&ax, 0)? + gate(&ah, 0)?)?)?;
                let r = sigmoid((gate(&ax, 1)? + gate(&ah, 1)?)?)?;
                let n = (gate(&ax, 2)? + (r * gate(&ah, 2)?)?)?.tanh()?;
                state = ((&z * &state)? + (z.affine(-1.0, 1.0)? * n)?)?;
            } else {
                let a = (ax + ah)?;
                let (i, f) = (sigmoid(gate(&a, 0)?)?, sigmoid(gate(&a, 1)?)?);
                let (g, o) = (gate(&a, 2)?.tanh()?, sigmoid(gate(&a, 3)?)?);
                cell = ((f * &cell)? + (i * g)?)?;
                state = (o * cell.tanh()?)?;
            }
        }
        Ok(state)
    }

    #[test]
    fn forward_and_backward_agree_with_the_equations_in_stock_candle() {
        for engine in Engine::available() {
            for cell in [Cell::Gru, Cell::Lstm] {
                for (order, batch) in [(Order::Rows, 1), (Order::Columns, 9)] {
                    let op = op(engine, cell, order);
                    agrees_with_stock(&op, batch, 2e-5, |x, p| stock(x, p, &op));
                }
            }
        }
    }

    #[test]
    fn a_sequence_of_no_steps_ends_in_the_first_state() {
        let op = Recurrent::new(Engine::best(), Cell::Gru, Order::Rows, Plane::new(0, 5, 1), 16);
        let weights = vec![0.3; op.places()[3]];
        assert_eq!(run(&op, &[], &weights).0, [0.0; 16]);
    }
}

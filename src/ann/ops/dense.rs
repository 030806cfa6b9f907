//! Dense layer: `(batch, inputs)` → `(batch, units)`, `f(x·w + b)`; `w` is `(inputs,
//! units)`. No transposed copy of the weights is made.

use std::ops::Range;

use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};
use super::product::{Left, product, sparse_row};
use super::sparse;
use crate::ann::zoo::Activation;
use crate::core::isa::Isa;

/// Rows of the weights that are updated together.
const ROWS: usize = 64;

/// The operation.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    isa: Isa,
    input: Plane,
    units: usize,
    activation: Activation,
}

impl Dense {
    /// For inputs of this plane, which must have no padding.
    pub fn new(isa: Isa, input: Plane, units: usize, activation: Activation) -> Self {
        assert_eq!(input.len(), input.h * input.w * input.c, "a padded plane is no vector");
        Self { isa, input, units, activation }
    }

    fn inputs(&self) -> usize {
        self.input.len()
    }
}

/// `n` rounded up to whole vectors of any instruction set.
pub(super) fn whole(n: usize) -> usize {
    n.next_multiple_of(16)
}

/// Adds `bias` to each row; with a ReLU, what is below zero becomes zero (a NaN
/// is not below zero, so it is not hidden).
pub(in crate::ann) fn add_bias(rows: &mut [f32], bias: &[f32], relu: bool) {
    for row in rows.chunks_exact_mut(bias.len()) {
        for (v, b) in row.iter_mut().zip(bias) {
            let sum = *v + b;
            *v = if relu && sum < 0.0 { 0.0 } else { sum };
        }
    }
}

/// `out[i] = Σ over rows`, part after part.
pub(super) fn sum_rows<'a>(rows: impl Iterator<Item = &'a [f32]>, out: &mut [f32]) {
    out.fill(0.0);
    for row in rows {
        for (sum, v) in out.iter_mut().zip(row) {
            *sum += v;
        }
    }
}

/// Numbers of scratch memory that [`back`] needs.
pub(in crate::ann) fn back_scratch((n, inputs, units): (usize, usize, usize)) -> usize {
    (units + inputs) * whole(n)
}

/// `dx = dy·wᵀ`, with `w` as `(inputs, units)`, `dy` `(n, units)`: computed as its
/// transposed, so that no transposed copy of the weights is needed.
pub(in crate::ann) fn back(
    isa: Isa,
    (n, inputs, units): (usize, usize, usize),
    w: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    let width = whole(n);
    let (turned, result) = scratch.split_at_mut(units * width);
    let result = &mut result[..inputs * width];
    turned.fill(0.0);
    turn(&dy[..n * units], (n, units, units), turned, width);
    product(isa, (inputs, units, width), Left::rows(w, units), turned, width, result, width, false);
    turn(result, (inputs, n, width), dx, inputs);
}

/// Writes the transposed of `rows` × `columns` numbers, whose rows are `apart` from each
/// other, into rows that are `to_apart` from each other: piece by piece, so that what is
/// written lies together.
pub(super) fn turn(
    from: &[f32],
    (rows, columns, apart): (usize, usize, usize),
    to: &mut [f32],
    to_apart: usize,
) {
    for first in (0..rows).step_by(16) {
        let last = (first + 16).min(rows);
        for column in 0..columns {
            let to = &mut to[column * to_apart + first..column * to_apart + last];
            for (v, row) in to.iter_mut().zip(first..) {
                *v = from[row * apart + column];
            }
        }
    }
}

/// `y = x·w`, with `x` `(n, inputs)` and `w` `(inputs, units)`.
pub(in crate::ann) fn times(
    isa: Isa,
    (n, inputs, units): (usize, usize, usize),
    x: &[f32],
    w: &[f32],
    y: &mut [f32],
) {
    product(isa, (n, inputs, units), Left::rows(x, inputs), w, units, y, units, false);
}

/// `out = xᵀ·y` (or is added to), rows `from` to `from + rows` of it: `x` is `(n,
/// inputs)`, `y` `(n, units)`.
pub(in crate::ann) fn outer(
    isa: Isa,
    (n, inputs, units): (usize, usize, usize),
    (from, rows): (usize, usize),
    x: &[f32],
    y: &[f32],
    out: &mut [f32],
    accumulate: bool,
) {
    let left = Left::transposed(&x[from.min(x.len())..], inputs);
    product(isa, (rows, n, units), left, y, units, out, units, accumulate);
}

/// Where weights and bias of layer `l` (from 0) are among the parameters of dense layers
/// one after another.
pub(in crate::ann) fn layer_place(widths: &[usize], l: usize) -> (Range<usize>, Range<usize>) {
    let at: usize = widths.windows(2).take(l).map(|w| (w[0] + 1) * w[1]).sum();
    let end = at + widths[l] * widths[l + 1];
    (at..end, end..end + widths[l + 1])
}

/// The blocks of the weights and biases of dense layers one after another: rows of a
/// matrix, or a bias. For each its layer and first row; the bias has none.
pub(in crate::ann) fn layer_blocks(widths: &[usize]) -> Vec<(usize, Option<usize>, Range<usize>)> {
    let (mut all, mut at) = (Vec::new(), 0);
    for (layer, pair) in widths.windows(2).enumerate() {
        let (inputs, units) = (pair[0], pair[1]);
        for row in (0..inputs).step_by(ROWS) {
            let end = (row + ROWS).min(inputs);
            all.push((layer, Some(row), at + row * units..at + end * units));
        }
        at += inputs * units;
        all.push((layer, None, at..at + units));
        at += units;
    }
    all
}

/// The declared parameters of dense layers one after another, named as those of a
/// network of plain dense layers are.
pub(in crate::ann) fn layer_parameters(widths: &[usize]) -> Vec<Parameter> {
    const NAMES: [[&str; 2]; 9] = [
        ["dense1.weight", "dense1.bias"],
        ["dense2.weight", "dense2.bias"],
        ["dense3.weight", "dense3.bias"],
        ["dense4.weight", "dense4.bias"],
        ["dense5.weight", "dense5.bias"],
        ["dense6.weight", "dense6.bias"],
        ["dense7.weight", "dense7.bias"],
        ["dense8.weight", "dense8.bias"],
        ["dense9.weight", "dense9.bias"],
    ];
    let layers = widths.windows(2).zip(NAMES);
    layers
        .flat_map(|(pair, [weight, bias])| {
            let (fan_in, fan_out) = (pair[0], pair[1]);
            [
                Parameter {
                    name: weight,
                    shape: vec![fan_in, fan_out],
                    initial: Initial::Glorot { fan_in, fan_out },
                },
                Parameter { name: bias, shape: vec![fan_out], initial: Initial::Zero },
            ]
        })
        .collect()
}

impl Op for Dense {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, self.units)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let (fan_in, fan_out) = (self.inputs(), self.units);
        vec![
            Parameter {
                name: "weight",
                shape: vec![fan_in, fan_out],
                initial: Initial::Glorot { fan_in, fan_out },
            },
            Parameter { name: "bias", shape: vec![fan_out], initial: Initial::Zero },
        ]
    }

    /// For the gradient by x: the transposed gradient by y, and the transposed
    /// result.
    fn scratch_len(&self, n: usize, mode: Mode) -> usize {
        if mode == Mode::Answer { 0 } else { back_scratch((n, self.inputs(), self.units)) }
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        let (inputs, units) = (self.inputs(), self.units);
        let rows = (0..inputs).step_by(ROWS).map(|r| r * units..(r + ROWS).min(inputs) * units);
        let bias = inputs * units..(inputs + 1) * units;
        rows.chain([bias]).map(|range| vec![range]).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        let (inputs, units) = (self.inputs(), self.units);
        let (w, b) = pass.parameters.split_at(inputs * units);
        let y = &mut pass.y[..pass.n * units];
        if pass.n == 1 && pass.mode == Mode::Answer {
            sparse_row(self.isa, &pass.x[..inputs], w, y);
        } else {
            sparse::times(self.isa, (pass.n, inputs, units), pass.x, w, y);
        }
        add_bias(y, &b[..units], self.activation == Activation::Relu);
        if self.activation != Activation::Relu {
            self.activation.apply(y);
        }
    }

    fn backward(&self, pass: Backward<'_>) {
        let (inputs, units, n) = (self.inputs(), self.units, pass.n);
        let dy = &mut pass.dy[..n * units];
        self.activation.back(dy, pass.y);
        if let Some(dx) = pass.dx {
            back(self.isa, (n, inputs, units), pass.parameters, dy, dx, pass.scratch);
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (inputs, units) = (self.inputs(), self.units);
        let from = block * ROWS;
        if from >= inputs {
            let rows = parts.iter().flat_map(|p| p.dy.chunks_exact(units).take(p.n));
            return sum_rows(rows, out);
        }
        let rows = (from, ROWS.min(inputs - from));
        for (i, part) in parts.iter().enumerate() {
            let shape = (part.n, inputs, units);
            sparse::outer(self.isa, shape, rows, part.x, part.dy, out, i > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::{agrees_with_stock, gradients_are_right};
    use super::*;

    #[test]
    fn gradients_agree_with_finite_differences() {
        for isa in Isa::available() {
            for activation in
                [Activation::Linear, Activation::Tanh, Activation::Sigmoid, Activation::LeakyRelu]
            {
                gradients_are_right(&Dense::new(isa, Plane::new(7, 5, 2), 5, activation), 11);
            }
        }
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle() {
        for isa in Isa::available() {
            for (batch, inputs, units) in [(1, 130, 7), (9, 65, 64), (32, 130, 48)] {
                let op = Dense::new(isa, Plane::new(1, 1, inputs), units, Activation::Relu);
                agrees_with_stock(&op, batch, 1e-5, |x, p| {
                    let w = p.narrow(0, 0, inputs * units)?.reshape((inputs, units))?;
                    let b = p.narrow(0, inputs * units, units)?;
                    x.matmul(&w)?.broadcast_add(&b)?.relu()
                });
            }
        }
    }
}

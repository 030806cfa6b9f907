//! Dense layer: `(batch, inputs)` → `(batch, units)`, `x·w + b`, with or without
//! ReLU; `w` is `(inputs, units)`. No transposed copy of the weights is made.

use std::ops::Range;

use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};
use super::product::{Left, product, sparse_row};
use crate::core::isa::Isa;

/// Rows of the weights that are updated together.
const ROWS: usize = 64;

/// The operation.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    isa: Isa,
    input: Plane,
    units: usize,
    relu: bool,
}

impl Dense {
    /// For inputs of this plane, which must have no padding.
    pub fn new(isa: Isa, input: Plane, units: usize, relu: bool) -> Self {
        assert_eq!(input.len(), input.h * input.w * input.c, "a padded plane is no vector");
        Self { isa, input, units, relu }
    }

    fn inputs(&self) -> usize {
        self.input.len()
    }
}

/// `n` rounded up to whole vectors of any instruction set.
fn whole(n: usize) -> usize {
    n.next_multiple_of(16)
}

/// Adds `bias` to each row; with a ReLU, what is below zero becomes zero (a NaN
/// is not below zero, so it is not hidden).
pub(super) fn add_bias(rows: &mut [f32], bias: &[f32], relu: bool) {
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
        if mode == Mode::Answer { 0 } else { (self.units + self.inputs()) * whole(n) }
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
            let left = Left::rows(pass.x, inputs);
            product(self.isa, (pass.n, inputs, units), left, w, units, y, units, false);
        }
        add_bias(y, &b[..units], self.relu);
    }

    fn backward(&self, pass: Backward<'_>) {
        let (inputs, units, n) = (self.inputs(), self.units, pass.n);
        let dy = &mut pass.dy[..n * units];
        if self.relu {
            for (g, y) in dy.iter_mut().zip(pass.y) {
                *g = if *y > 0.0 { *g } else { 0.0 };
            }
        }
        let Some(dx) = pass.dx else { return };
        let width = whole(n);
        let (turned, result) = pass.scratch.split_at_mut(units * width);
        let result = &mut result[..inputs * width];
        turned.fill(0.0);
        for (i, row) in dy.chunks_exact(units).enumerate() {
            for (u, g) in row.iter().enumerate() {
                turned[u * width + i] = *g;
            }
        }
        let left = Left::rows(pass.parameters, units);
        product(self.isa, (inputs, units, width), left, turned, width, result, width, false);
        for (f, column) in result.chunks_exact(width).enumerate() {
            for (i, v) in column[..n].iter().enumerate() {
                dx[i * inputs + f] = *v;
            }
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (inputs, units) = (self.inputs(), self.units);
        let from = block * ROWS;
        if from >= inputs {
            let rows = parts.iter().flat_map(|p| p.dy.chunks_exact(units).take(p.n));
            return sum_rows(rows, out);
        }
        let rows = ROWS.min(inputs - from);
        for (i, part) in parts.iter().enumerate() {
            let shape = (rows, part.n, units);
            let left = Left::transposed(&part.x[from.min(part.x.len())..], inputs);
            product(self.isa, shape, left, part.dy, units, out, units, i > 0);
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
            gradients_are_right(&Dense::new(isa, Plane::new(7, 5, 2), 5, false), 11);
        }
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle() {
        for isa in Isa::available() {
            for (batch, inputs, units) in [(1, 130, 7), (9, 65, 64), (32, 130, 48)] {
                let op = Dense::new(isa, Plane::new(1, 1, inputs), units, true);
                agrees_with_stock(&op, batch, 1e-5, |x, p| {
                    let w = p.narrow(0, 0, inputs * units)?.reshape((inputs, units))?;
                    let b = p.narrow(0, inputs * units, units)?;
                    x.matmul(&w)?.broadcast_add(&b)?.relu()
                });
            }
        }
    }
}

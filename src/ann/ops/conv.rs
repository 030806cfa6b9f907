//! Convolution + bias + ReLU of any shape, stride 1, no padding, by unrolling
//! (im2col): a few rows of the picture at a time become a tile that stays in the
//! second-level cache, and is multiplied with the kernel. For what neither
//! [`super::direct`] nor [`super::winograd`] fits; both are faster where they do.

use std::ops::Range;

use super::dense::{add_bias, sum_rows};
use super::matrix::{View, multiply};
use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};

/// Unrolled values in a tile: 384 KiB, well within a core's second-level cache.
const TILE: usize = 96 * 1024;

/// The operation `relu(x ∗ w + b)`; the kernel is `(k·k·c, o)`, rows by y, x,
/// channel.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    kernel: usize,
    relu: bool,
    input: Plane,
    /// Without padding.
    inner: Plane,
    output: Plane,
}

impl Conv {
    /// For pictures of `h`×`w` pixels; `None` when the kernel is larger.
    pub fn new((h, w, c): (usize, usize, usize), kernel: usize, o: usize) -> Option<Self> {
        if h < kernel || w < kernel || kernel * c * o == 0 {
            return None;
        }
        let inner = Plane::new(h + 1 - kernel, w + 1 - kernel, o);
        Some(Self { kernel, relu: true, input: Plane::new(h, w, c), inner, output: inner })
    }

    /// The same without the ReLU.
    pub fn linear(self) -> Self {
        Self { relu: false, ..self }
    }

    fn unrolled(&self) -> usize {
        self.kernel * self.kernel * self.input.c
    }

    fn weight_len(&self) -> usize {
        self.unrolled() * self.output.c
    }

    fn rows_per_tile(&self) -> usize {
        (TILE / (self.unrolled() * self.inner.w)).clamp(1, self.inner.h)
    }

    /// First output row and number of rows of each tile.
    fn tiles(self) -> impl Iterator<Item = (usize, usize)> {
        let (step, h) = (self.rows_per_tile(), self.inner.h);
        (0..h).step_by(step).map(move |y| (y, step.min(h - y)))
    }

    /// For each unrolled pixel of a tile, the offset of its first value.
    fn corners(self, y0: usize, rows: usize) -> impl Iterator<Item = usize> {
        let (w, i) = (self.inner.w, self.input);
        (0..rows * w).map(move |p| ((y0 + p / w) * i.pitch + p % w) * i.c)
    }

    fn unroll(&self, x: &[f32], tile: &mut [f32], y0: usize, rows: usize) {
        let (line, row) = (self.kernel * self.input.c, self.input.pitch * self.input.c);
        for (corner, out) in self.corners(y0, rows).zip(tile.chunks_exact_mut(self.unrolled())) {
            for (ky, part) in out.chunks_exact_mut(line).enumerate() {
                part.copy_from_slice(&x[corner + ky * row..][..line]);
            }
        }
    }

    /// Adds the gradient of an unrolled tile to the picture it came from.
    fn roll_up(&self, tile: &[f32], dx: &mut [f32], y0: usize, rows: usize) {
        let (line, row) = (self.kernel * self.input.c, self.input.pitch * self.input.c);
        for (corner, from) in self.corners(y0, rows).zip(tile.chunks_exact(self.unrolled())) {
            for (ky, part) in from.chunks_exact(line).enumerate() {
                for (d, g) in dx[corner + ky * row..].iter_mut().zip(part) {
                    *d += g;
                }
            }
        }
    }

    /// The rows of a tile in a padded plane.
    fn rows(self, y0: usize, rows: usize) -> impl Iterator<Item = Range<usize>> {
        let (o, width) = (self.output, self.inner.w * self.inner.c);
        (y0..y0 + rows).map(move |y| y * o.pitch * o.c..y * o.pitch * o.c + width)
    }
}

impl Op for Conv {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        self.output
    }

    fn output_mut(&mut self) -> Option<&mut Plane> {
        Some(&mut self.output)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let (area, o) = (self.kernel * self.kernel, self.output.c);
        let initial = Initial::Glorot { fan_in: self.unrolled(), fan_out: area * o };
        vec![
            Parameter { name: "weight", shape: vec![self.unrolled(), o], initial },
            Parameter { name: "bias", shape: vec![o], initial: Initial::Zero },
        ]
    }

    /// A tile, its result, and the gradient by the tile.
    fn scratch_len(&self, _n: usize, mode: Mode) -> usize {
        let pixels = self.rows_per_tile() * self.inner.w;
        let tile = pixels * self.unrolled();
        pixels * self.output.c + if mode == Mode::Answer { tile } else { 2 * tile }
    }

    fn partial_len(&self) -> usize {
        self.weight_len() + self.output.c
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        vec![vec![0..self.partial_len()]]
    }

    fn forward(&self, pass: Forward<'_>) {
        let (k, o) = (self.unrolled(), self.output.c);
        let (w, b) = pass.parameters.split_at(self.weight_len());
        let pictures = pass.x.chunks_exact(self.input.len());
        for (x, y) in pictures.zip(pass.y.chunks_exact_mut(self.output.len())).take(pass.n) {
            for (y0, rows) in self.tiles() {
                let pixels = rows * self.inner.w;
                let (result, tile) = pass.scratch.split_at_mut(pixels * o);
                self.unroll(x, tile, y0, rows);
                multiply(result, View::new(tile, pixels, k), View::new(w, k, o), false);
                add_bias(result, &b[..o], self.relu);
                for (row, to) in result.chunks_exact(self.inner.w * o).zip(self.rows(y0, rows)) {
                    y[to].copy_from_slice(row);
                }
            }
            self.output.clear_padding(y);
        }
    }

    fn backward(&self, mut pass: Backward<'_>) {
        let (k, o) = (self.unrolled(), self.output.c);
        let (dw, db) = pass.partial.split_at_mut(self.weight_len());
        dw.fill(0.0);
        db.fill(0.0);
        let w = &pass.parameters[..self.weight_len()];
        for image in 0..pass.n {
            let x = &pass.x[image * self.input.len()..][..self.input.len()];
            let of = image * self.output.len()..(image + 1) * self.output.len();
            let (y, dy) = (&pass.y[of.clone()], &pass.dy[of]);
            let mut dx = pass.dx.as_deref_mut().map(|dx| {
                let dx = &mut dx[image * self.input.len()..][..self.input.len()];
                dx.fill(0.0);
                dx
            });
            for (y0, rows) in self.tiles() {
                let pixels = rows * self.inner.w;
                let (g, rest) = pass.scratch.split_at_mut(pixels * o);
                let (tile, dtile) = rest.split_at_mut(pixels * k);
                for (row, at) in g.chunks_exact_mut(self.inner.w * o).zip(self.rows(y0, rows)) {
                    for ((g, dy), y) in row.iter_mut().zip(&dy[at.clone()]).zip(&y[at]) {
                        *g = if *y > 0.0 || !self.relu { *dy } else { 0.0 };
                    }
                }
                for pixel in g.chunks_exact(o) {
                    for (sum, g) in db.iter_mut().zip(pixel) {
                        *sum += g;
                    }
                }
                self.unroll(x, tile, y0, rows);
                let g = View::new(g, pixels, o);
                multiply(dw, View::new(tile, pixels, k).t(), g, true);
                if let Some(dx) = dx.as_deref_mut() {
                    multiply(dtile, g, View::new(w, k, o).t(), false);
                    self.roll_up(&dtile[..pixels * k], dx, y0, rows);
                }
            }
        }
    }

    fn gradient(&self, _block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        sum_rows(parts.iter().map(|p| p.partial), out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::{agrees_with_stock, gradients_are_right, run, stock_conv};
    use super::super::op::tests::takes_only_padding;
    use super::*;

    #[test]
    fn wrong_sizes_are_refused() {
        takes_only_padding(&mut Conv::new((6, 5, 2), 3, 3).unwrap());
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradients_are_right(&Conv::new((6, 5, 2), 3, 3).unwrap(), 3);
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle() {
        for (kernel, batch) in [(3, 1), (5, 9)] {
            let op = Conv::new((11, 12, 4), kernel, 7).unwrap();
            agrees_with_stock(&op, batch, 1e-5, |x, p| stock_conv(x, p, kernel, 7));
        }
    }

    #[test]
    fn a_nan_in_the_input_is_not_hidden() {
        let op = Conv::new((4, 4, 1), 3, 2).unwrap();
        assert!(run(&op, &[f32::NAN; 16], &[0.1; 20]).0[0].is_nan());
    }

    #[test]
    fn a_kernel_that_does_not_fit_is_refused() {
        assert!(Conv::new((2, 2, 1), 3, 2).is_none());
    }
}

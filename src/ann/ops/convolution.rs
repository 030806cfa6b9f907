//! Convolution + bias + function, with any window: stride, padding with zeros, and
//! kernels that are no squares. By unrolling (im2col), as [`super::conv`] does it; the
//! windows that the report's networks have are faster there, in [`super::direct`] and in
//! [`super::winograd`].

use std::ops::Range;

use super::dense::{add_bias, sum_rows};
use super::matrix::{View, multiply};
use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};
use crate::ann::zoo::{Activation, Window};

/// Unrolled values in a tile: 384 KiB, well within a core's second-level cache.
const TILE: usize = 96 * 1024;

/// The operation `f(x ∗ w + b)`; the kernel is `(kh·kw·c, o)`, rows by y, x, channel.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    window: Window,
    activation: Activation,
    input: Plane,
    output: Plane,
}

impl Convolution {
    /// For pictures of `h`×`w` pixels; `None` when the window does not fit.
    pub fn new(
        (h, w, c): (usize, usize, usize),
        window: Window,
        o: usize,
        activation: Activation,
    ) -> Option<Self> {
        let [out_h, out_w] = window.output([h, w])?;
        let (input, output) = (Plane::new(h, w, c), Plane::new(out_h, out_w, o));
        (c * o > 0).then_some(Self { window, activation, input, output })
    }

    fn unrolled(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1] * self.input.c
    }

    fn weight_len(&self) -> usize {
        self.unrolled() * self.output.c
    }

    fn rows_per_tile(&self) -> usize {
        (TILE / (self.unrolled() * self.output.w)).clamp(1, self.output.h)
    }

    /// First output row and number of rows of each tile.
    fn tiles(self) -> impl Iterator<Item = (usize, usize)> {
        let (step, h) = (self.rows_per_tile(), self.output.h);
        (0..h).step_by(step).map(move |y| (y, step.min(h - y)))
    }

    /// The lines of all windows of a tile, in their order: where each begins among the
    /// unrolled values, its length there, and where its values lie in the picture. What is
    /// in no line lies in the padding.
    fn lines(self, y0: usize, rows: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
        let (i, c) = (self.input, self.input.c);
        let ([kh, kw], [down, across]) = (self.window.kernel, self.window.stride);
        let [top, left, ..] = self.window.padding;
        let (w, unrolled) = (self.output.w, self.unrolled());
        (0..rows * w).flat_map(move |p| {
            let (y, x) = ((y0 + p / w) * down, p % w * across);
            // Columns of the window that lie in the picture.
            let first = left.saturating_sub(x).min(kw);
            let last = (i.w + left).saturating_sub(x).min(kw);
            let (from, to) = ((x + first).saturating_sub(left), (x + last).saturating_sub(left));
            (0..kh).filter_map(move |ky| {
                let row = (y + ky).checked_sub(top).filter(|row| *row < i.h)?;
                let at = p * unrolled + (ky * kw + first) * c;
                let row = row * i.pitch;
                (to > from).then_some((at, (row + from) * c..(row + to) * c))
            })
        })
    }

    fn unroll(&self, x: &[f32], tile: &mut [f32], y0: usize, rows: usize) {
        if !self.window.is_inside() {
            tile[..rows * self.output.w * self.unrolled()].fill(0.0);
        }
        for (at, of) in self.lines(y0, rows) {
            tile[at..at + of.len()].copy_from_slice(&x[of]);
        }
    }

    /// Adds the gradient of an unrolled tile to the picture it came from.
    fn roll_up(&self, tile: &[f32], dx: &mut [f32], y0: usize, rows: usize) {
        for (at, of) in self.lines(y0, rows) {
            let len = of.len();
            for (d, g) in dx[of].iter_mut().zip(&tile[at..at + len]) {
                *d += g;
            }
        }
    }

    /// Where a tile's results are in what comes out.
    fn part(&self, y0: usize, rows: usize) -> Range<usize> {
        let row = self.output.w * self.output.c;
        y0 * row..(y0 + rows) * row
    }
}

impl Op for Convolution {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        self.output
    }

    fn parameters(&self) -> Vec<Parameter> {
        let (area, o) = (self.window.kernel[0] * self.window.kernel[1], self.output.c);
        let initial = Initial::Glorot { fan_in: self.unrolled(), fan_out: area * o };
        vec![
            Parameter { name: "weight", shape: vec![self.unrolled(), o], initial },
            Parameter { name: "bias", shape: vec![o], initial: Initial::Zero },
        ]
    }

    /// A tile, and the gradients by it and by its sums.
    fn scratch_len(&self, _n: usize, mode: Mode) -> usize {
        let pixels = self.rows_per_tile() * self.output.w;
        let tile = pixels * self.unrolled();
        if mode == Mode::Answer { tile } else { 2 * tile + pixels * self.output.c }
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
                self.unroll(x, pass.scratch, y0, rows);
                let (tile, result) = (&*pass.scratch, &mut y[self.part(y0, rows)]);
                let pixels = rows * self.output.w;
                multiply(result, View::new(tile, pixels, k), View::new(w, k, o), false);
                add_bias(result, &b[..o], self.activation == Activation::Relu);
                if self.activation != Activation::Relu {
                    self.activation.apply(result);
                }
            }
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
                let (pixels, part) = (rows * self.output.w, self.part(y0, rows));
                let (g, rest) = pass.scratch.split_at_mut(pixels * o);
                let (tile, dtile) = rest.split_at_mut(pixels * k);
                g.copy_from_slice(&dy[part.clone()]);
                self.activation.back(g, &y[part]);
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
                    self.roll_up(dtile, dx, y0, rows);
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
    use super::super::candle::tests::{agrees_with_stock, gradients_are_right, run};
    use super::super::conv::Conv;
    use super::*;

    fn window(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 4]) -> Window {
        Window { kernel, stride, padding }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (kernel, stride, padding, activation) in [
            ([3, 3], [1, 1], [0; 4], Activation::Relu),
            ([3, 2], [2, 1], [1, 0, 2, 1], Activation::Tanh),
            ([5, 5], [2, 3], [2; 4], Activation::Sigmoid),
            ([1, 4], [3, 2], [0, 3, 0, 3], Activation::LeakyRelu),
        ] {
            let window = window(kernel, stride, padding);
            gradients_are_right(&Convolution::new((6, 7, 2), window, 3, activation).unwrap(), 3);
        }
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle() {
        // On squares: the stock gradient of a stride knows one side's length only.
        for (kernel, stride, padding) in [(3, 1, 1), (5, 2, 2), (2, 2, 0)] {
            let window = window([kernel; 2], [stride; 2], [padding; 4]);
            let op = Convolution::new((12, 12, 4), window, 7, Activation::Relu).unwrap();
            agrees_with_stock(&op, 5, 1e-5, |x, p| {
                let w = p.narrow(0, 0, kernel * kernel * 28)?;
                let w = w.reshape((kernel, kernel, 4, 7))?.permute((3, 2, 0, 1))?.contiguous()?;
                let b = p.narrow(0, kernel * kernel * 28, 7)?.reshape((1, 7, 1, 1))?;
                let x = x.reshape(((), 12, 12, 4))?.permute((0, 3, 1, 2))?.contiguous()?;
                let y = x.conv2d(&w, padding, stride, 1, 1)?.broadcast_add(&b)?.relu()?;
                y.permute((0, 2, 3, 1))?.contiguous()
            });
        }
    }

    #[test]
    fn without_padding_and_stride_it_is_the_plain_one() {
        let (x, p): (Vec<f32>, Vec<f32>) = (
            (0..9 * 8 * 2).map(|i| ((i * 7 % 11) as f32 - 5.0) / 5.0).collect(),
            (0..3 * 3 * 2 * 4 + 4).map(|i| ((i * 5 % 13) as f32 - 6.0) / 9.0).collect(),
        );
        let plain = Conv::new((9, 8, 2), 3, 4).unwrap();
        let square = Window::square(3, 1);
        let general = Convolution::new((9, 8, 2), square, 4, Activation::Relu).unwrap();
        assert_eq!(run(&plain, &x, &p), run(&general, &x, &p));
    }

    #[test]
    fn a_nan_in_the_input_is_not_hidden() {
        let window = window([3, 3], [1, 1], [1; 4]);
        let op = Convolution::new((4, 4, 1), window, 2, Activation::Relu).unwrap();
        assert!(run(&op, &[f32::NAN; 16], &[0.1; 20]).0[0].is_nan());
    }

    #[test]
    fn a_window_that_does_not_fit_is_refused() {
        for (kernel, stride, padding) in [
            ([5, 3], [1, 1], [0; 4]),
            ([0, 3], [1, 1], [0; 4]),
            ([3, 3], [0, 1], [0; 4]),
            ([3, 3], [1, 1], [3, 0, 0, 0]),
            ([usize::MAX, 1], [1, 1], [usize::MAX - 1, 0, 9, 0]),
        ] {
            let window = window(kernel, stride, padding);
            assert!(Convolution::new((4, 4, 1), window, 2, Activation::Relu).is_none());
        }
    }
}

//! Convolution + bias + ReLU of a picture with one channel, the first layer of
//! the convolutional networks: each tap is one product with all filters, and
//! nothing is unrolled.
#![allow(unsafe_code, reason = "kernels on raw pointers")]

use std::ops::Range;

use super::op::{Backward, Forward, Initial, Op, Parameter, Part, Plane, holds};
use super::simd::{Kernel, Simd, launch};
use crate::core::isa::Isa;

/// The operation `relu(x ∗ w + b)`; the kernel is `(k·k, o)`.
#[derive(Clone, Copy, Debug)]
pub struct Direct {
    isa: Isa,
    relu: bool,
    kernel: usize,
    input: Plane,
    output: Plane,
}

impl Direct {
    /// For pictures of `h`×`w` pixels; `None` unless the kernel is 3×3 or 5×5 and
    /// the filters are a multiple of 16.
    pub fn new(isa: Isa, (h, w, c): (usize, usize, usize), k: usize, o: usize) -> Option<Self> {
        if !(matches!(k, 3 | 5) && c == 1 && h >= k && w >= k && o.is_multiple_of(16)) {
            return None;
        }
        let (input, output) = (Plane::new(h, w, 1), Plane::new(h - k + 1, w - k + 1, o));
        let fits = input.pads(input) && output.pads(output) && o.checked_mul(k * k + 1).is_some();
        fits.then_some(Self { isa, relu: true, kernel: k, input, output })
    }

    /// The same without the ReLU.
    pub fn linear(self) -> Self {
        Self { relu: false, ..self }
    }

    fn len(&self) -> usize {
        (self.kernel * self.kernel + 1) * self.output.c
    }
}

struct Pass<const K: usize> {
    relu: bool,
    n: usize,
    input: Plane,
    output: Plane,
    x: *const f32,
    w: *const f32,
    y: *mut f32,
}

impl<const K: usize> Kernel for Pass<K> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (i, o) = (self.input, self.output);
        // SAFETY: `forward` checked the sizes.
        unsafe {
            let zero = S::splat(0.0);
            for image in 0..self.n {
                for y in 0..o.h {
                    for x in 0..o.w {
                        let from = self.x.add(image * i.len() + y * i.pitch + x);
                        let to = self.y.add(image * o.len() + (y * o.pitch + x) * o.c);
                        for c in (0..o.c).step_by(S::LANES) {
                            let mut sum = S::load(self.w.add(K * K * o.c + c));
                            for tap in 0..K * K {
                                let v = S::splat(*from.add(tap / K * i.pitch + tap % K));
                                sum = S::fma(v, S::load(self.w.add(tap * o.c + c)), sum);
                            }
                            let out =
                                if self.relu { S::where_gt(zero, sum, zero, sum) } else { sum };
                            S::store(to.add(c), out);
                        }
                    }
                }
            }
        }
    }
}

/// Gradients by weights and bias; `dy` loses what the ReLU did not pass.
struct Gradient<const K: usize> {
    relu: bool,
    n: usize,
    input: Plane,
    output: Plane,
    x: *const f32,
    y: *const f32,
    dy: *mut f32,
    dw: *mut f32,
}

impl<const K: usize> Kernel for Gradient<K> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (i, o) = (self.input, self.output);
        // SAFETY: `backward` checked the sizes.
        unsafe {
            let zero = S::splat(0.0);
            for c in (0..o.c).step_by(S::LANES) {
                let mut sums = [[zero; K]; K];
                let mut bias = zero;
                for image in 0..self.n {
                    for y in 0..o.h {
                        for x in 0..o.w {
                            let at = image * o.len() + (y * o.pitch + x) * o.c + c;
                            let mut g = S::load(self.dy.add(at));
                            if self.relu {
                                g = S::where_gt(S::load(self.y.add(at)), zero, g, zero);
                                S::store(self.dy.add(at), g);
                            }
                            let from = self.x.add(image * i.len() + y * i.pitch + x);
                            for (ky, row) in sums.iter_mut().enumerate() {
                                for (kx, sum) in row.iter_mut().enumerate() {
                                    let v = S::splat(*from.add(ky * i.pitch + kx));
                                    *sum = S::fma(v, g, *sum);
                                }
                            }
                            bias = S::add(bias, g);
                        }
                    }
                }
                for (tap, sum) in sums.as_flattened().iter().enumerate() {
                    S::store(self.dw.add(tap * o.c + c), *sum);
                }
                S::store(self.dw.add(K * K * o.c + c), bias);
            }
        }
    }
}

impl Op for Direct {
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
        let initial = Initial::Glorot { fan_in: area, fan_out: area * o };
        vec![
            Parameter { name: "weight", shape: vec![area, o], initial },
            Parameter { name: "bias", shape: vec![o], initial: Initial::Zero },
        ]
    }

    fn partial_len(&self) -> usize {
        self.len()
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        vec![vec![0..self.len()]]
    }

    fn forward(&self, pass: Forward<'_>) {
        let (n, input, output, relu) = (pass.n, self.input, self.output, self.relu);
        assert!(holds(pass.x, n, input.len()) && holds(pass.y, n, output.len()));
        assert!(pass.parameters.len() >= self.len());
        let (x, w, y) = (pass.x.as_ptr(), pass.parameters.as_ptr(), pass.y.as_mut_ptr());
        // SAFETY: sizes were just checked.
        unsafe {
            if self.kernel == 3 {
                launch(self.isa, Pass::<3> { relu, n, input, output, x, w, y });
            } else {
                launch(self.isa, Pass::<5> { relu, n, input, output, x, w, y });
            }
        }
        for picture in pass.y.chunks_exact_mut(output.len()).take(n) {
            output.clear_padding(picture);
        }
    }

    fn backward(&self, pass: Backward<'_>) {
        let (n, input, output, k) = (pass.n, self.input, self.output, self.kernel);
        assert!(holds(pass.x, n, input.len()) && holds(pass.y, n, output.len()));
        assert!(holds(pass.dy, n, output.len()) && pass.partial.len() >= self.len());
        let (x, y) = (pass.x.as_ptr(), pass.y.as_ptr());
        let relu = self.relu;
        let (dy, dw) = (pass.dy.as_mut_ptr(), pass.partial.as_mut_ptr());
        // SAFETY: sizes were just checked.
        unsafe {
            if k == 3 {
                launch(self.isa, Gradient::<3> { relu, n, input, output, x, y, dy, dw });
            } else {
                launch(self.isa, Gradient::<5> { relu, n, input, output, x, y, dy, dw });
            }
        }
        // Wanted only by who looks at what a network sees, so it may take longer.
        let Some(dx) = pass.dx else { return };
        dx[..n * input.len()].fill(0.0);
        for (image, dx) in dx.chunks_exact_mut(input.len()).take(n).enumerate() {
            for y in 0..output.h {
                for x in 0..output.w {
                    let at = image * output.len() + (y * output.pitch + x) * output.c;
                    let g = &pass.dy[at..][..output.c];
                    for (tap, w) in pass.parameters.chunks_exact(output.c).take(k * k).enumerate() {
                        dx[(y + tap / k) * input.pitch + x + tap % k] +=
                            g.iter().zip(w).map(|(g, w)| g * w).sum::<f32>();
                    }
                }
            }
        }
    }

    fn gradient(&self, _block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        super::dense::sum_rows(parts.iter().map(|p| p.partial), out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::{agrees_with_stock, gradients_are_right, stock_conv};
    use super::super::op::tests::{refuses_short_slices, takes_only_padding};
    use super::*;

    #[test]
    fn wrong_sizes_are_refused() {
        let mut op = Direct::new(Isa::best(), (6, 5, 1), 3, 16).unwrap();
        takes_only_padding(&mut op);
        refuses_short_slices(&op);
        for (plane, o) in
            [((usize::MAX, 5, 1), 16), ((1 << 40, 1 << 40, 1), 16), ((6, 6, 1), 1 << 63)]
        {
            assert!(Direct::new(Isa::best(), plane, 3, o).is_none());
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for isa in Isa::available() {
            gradients_are_right(&Direct::new(isa, (6, 5, 1), 3, 16).unwrap(), 3);
        }
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle() {
        for isa in Isa::available() {
            for (kernel, batch) in [(3, 1), (5, 9)] {
                let op = Direct::new(isa, (11, 12, 1), kernel, 32).unwrap();
                agrees_with_stock(&op, batch, 1e-5, |x, p| stock_conv(x, p, kernel, 32));
            }
        }
    }
}

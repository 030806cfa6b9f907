//! Convolution + bias + ReLU + 2×2 max-pooling in one, by Winograd's minimal
//! filtering: a quarter to a seventh of the multiplications of the plain way.
//!
//! * [`tile`]: the transforms in one dimension
//! * [`transform`]: whole pictures, weights and gradients into the space of
//!   points and back
//!
//! Between them are products of matrices, one for each of the T² points. The
//! backward pass is the same, transposed. Errors are some 4e-6 of the largest
//! value, against 5e-7 of the plain way.

mod tile;
mod transform;

use std::marker::PhantomData;
use std::ops::Range;

use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane, Shared, holds};
use super::product::{Left, product};
use super::simd::launch;
use crate::core::isa::Isa;
use tile::{F23, F25, F43, F45};
use transform::{Input, InputGradient, Output, OutputGradient, Sizes, WeightGradient, Weights};

/// Channels in whose weights are updated together.
const BLOCK: usize = 16;
/// Numbers of V that are held at once: 600 KiB of the second-level cache.
const HELD: usize = 150 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    F23,
    F43,
    F25,
    F45,
}

/// The operation `maxpool(relu(x ∗ w + b))`; the kernel is `(k·k·c, o)`, rows by y,
/// x, channel.
#[derive(Clone, Copy, Debug)]
pub struct ConvPool {
    isa: Isa,
    relu: bool,
    size: Size,
    s: Sizes,
}

/// Calls `$body` with `$tile` being the size's type.
macro_rules! with_tile {
    ($size:expr, $tile:ident => $body:expr) => {
        match $size {
            Size::F23 => {
                let $tile = PhantomData::<F23>;
                $body
            }
            Size::F43 => {
                let $tile = PhantomData::<F43>;
                $body
            }
            Size::F25 => {
                let $tile = PhantomData::<F25>;
                $body
            }
            Size::F45 => {
                let $tile = PhantomData::<F45>;
                $body
            }
        }
    };
}

impl ConvPool {
    /// For pictures of `h`×`w` pixels; `None` where this way does not fit: kernels
    /// other than 3×3 and 5×5, channels that are no multiples of 32, nothing to
    /// pool.
    pub fn new(
        isa: Isa,
        (h, w, c): (usize, usize, usize),
        kernel: usize,
        o: usize,
    ) -> Option<Self> {
        let sizes = match kernel {
            3 => [(Size::F43, 4, 6), (Size::F23, 2, 4)],
            5 => [(Size::F45, 4, 8), (Size::F25, 2, 6)],
            _ => return None,
        };
        // Far from overflow below: tiles hang over the edge by less than a kernel.
        let len = h.checked_mul(w).and_then(|n| n.checked_mul(c));
        let small = |n: Option<usize>| n.is_some_and(|n| n <= isize::MAX as usize >> 16);
        if !(small(len)
            && small(c.checked_mul(o))
            && small(h.checked_mul(w).and_then(|n| n.checked_mul(o))))
        {
            return None;
        }
        let (oh, ow) = ((h + 1).saturating_sub(kernel) / 2, (w + 1).saturating_sub(kernel) / 2);
        if oh == 0 || ow == 0 || !c.is_multiple_of(32) || !o.is_multiple_of(32) {
            return None;
        }
        let tiles = |m: usize| ((2 * oh).div_ceil(m), (2 * ow).div_ceil(m));
        let cost = |m: usize, t: usize| tiles(m).0 * tiles(m).1 * t * t;
        let (size, m, _) = sizes.into_iter().min_by_key(|(_, m, t)| cost(*m, *t))?;
        let tiles = tiles(m);
        let mut input = Plane::new(h, w, c);
        input.rows = h.max(tiles.0 * m + kernel - 1);
        input.pitch = w.max(tiles.1 * m + kernel - 1);
        let output = Plane::new(oh, ow, o);
        if !(input.pads(Plane::new(h, w, c)) && output.pads(output)) {
            return None;
        }
        let s = Sizes { c, o, input, output, tiles };
        Some(Self { isa, relu: true, size, s })
    }

    /// The same without the ReLU.
    pub fn linear(self) -> Self {
        Self { relu: false, ..self }
    }

    fn kernel(&self) -> usize {
        if matches!(self.size, Size::F23 | Size::F43) { 3 } else { 5 }
    }

    fn points(&self) -> usize {
        let t = match self.size {
            Size::F23 => 4,
            Size::F43 | Size::F25 => 6,
            Size::F45 => 8,
        };
        t * t
    }

    fn weight_len(&self) -> usize {
        self.kernel() * self.kernel() * self.s.c * self.s.o
    }

    /// Pictures that are transformed together.
    fn together(&self) -> usize {
        (HELD / (self.points() * self.s.tiles_of(1) * self.s.c)).clamp(1, 8)
    }

    /// Sizes of the buffers V and M for that many.
    fn buffers(&self, n: usize) -> (usize, usize) {
        (self.points() * self.s.all(n), self.points() * self.s.panel(n))
    }

    #[allow(unsafe_code, reason = "starts a kernel")]
    fn input(&self, n: usize, x: &[f32], v: &mut [f32]) {
        let s = self.s;
        // With so many pictures in `x`, the other products cannot overflow.
        assert!(holds(x, n, s.input.len()) && v.len() >= self.points() * s.all(n));
        // SAFETY: the last tile ends within the padded plane (see `new`), and the
        // sizes of both slices were just checked.
        with_tile!(self.size, tile => unsafe {
            launch(self.isa, Input { s, n, x: x.as_ptr(), v: v.as_mut_ptr(), tile });
        });
    }
}

impl Op for ConvPool {
    fn input(&self) -> Plane {
        self.s.input
    }

    fn output(&self) -> Plane {
        self.s.output
    }

    fn output_mut(&mut self) -> Option<&mut Plane> {
        Some(&mut self.s.output)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let area = self.kernel() * self.kernel();
        let initial = Initial::Glorot { fan_in: area * self.s.c, fan_out: area * self.s.o };
        vec![
            Parameter { name: "weight", shape: vec![area * self.s.c, self.s.o], initial },
            Parameter { name: "bias", shape: vec![self.s.o], initial: Initial::Zero },
        ]
    }

    /// U, then U with channels in and out exchanged, for the gradient by x.
    fn cache_len(&self) -> usize {
        2 * self.points() * self.s.weights()
    }

    /// Places of the maxima.
    fn keep_len(&self) -> usize {
        self.s.output.len()
    }

    /// V, M, and the gradient by V.
    fn scratch_len(&self, n: usize, mode: Mode) -> usize {
        let (v, m) = self.buffers(n.min(self.together()));
        if mode == Mode::Answer { v + m } else { 2 * v + m }
    }

    /// The gradient by U, then by the bias.
    fn partial_len(&self) -> usize {
        self.points() * self.s.weights() + self.s.o
    }

    /// The weights of each 16 channels in, then the bias.
    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        let (c, o, area) = (self.s.c, self.s.o, self.kernel() * self.kernel());
        let of =
            |from: usize| (0..area).map(move |a| (a * c + from) * o..(a * c + from + BLOCK) * o);
        let mut blocks: Vec<Vec<_>> = (0..c).step_by(BLOCK).map(|c| of(c).collect()).collect();
        blocks.push(std::iter::once(self.weight_len()..self.weight_len() + o).collect());
        blocks
    }

    #[allow(unsafe_code, reason = "starts a kernel")]
    unsafe fn prepare(&self, block: usize, parameters: &[f32], cache: Shared<'_>) {
        let s = self.s;
        if block >= s.c / BLOCK {
            return;
        }
        let channels = (block * BLOCK, (block + 1) * BLOCK);
        let half = self.points() * s.weights();
        assert!(parameters.len() >= self.weight_len());
        let (u, turned) = (cache.pointer(0..half), cache.pointer(half..2 * half));
        // SAFETY: blocks write to the rows of their own channels only, in both
        // halves, and nobody has the same block, as the caller promises; the sizes
        // of weights and cache were just checked.
        unsafe {
            with_tile!(self.size, tile => launch(
                self.isa,
                Weights { s, channels, w: parameters.as_ptr(), u, tile },
            ));
            for point in 0..self.points() {
                let (u, turned) = (u.add(point * s.weights()), turned.add(point * s.weights()));
                for panel in 0..s.o / 32 {
                    for c in channels.0..channels.1 {
                        let row = u.add((panel * s.c + c) * 32);
                        let column = turned.add((c / 32 * s.o + panel * 32) * 32 + c % 32);
                        for i in 0..32 {
                            *column.add(i * 32) = *row.add(i);
                        }
                    }
                }
            }
        }
    }

    #[allow(unsafe_code, reason = "starts a kernel")]
    fn forward(&self, pass: Forward<'_>) {
        let (s, points, isa) = (self.s, self.points(), self.isa);
        let (size_in, size_out) = (s.input.len(), s.output.len());
        let Forward { parameters, cache, n, x, y, keep, scratch, .. } = pass;
        let bias = &parameters[self.weight_len()..][..s.o];
        assert!(holds(x, n, size_in) && holds(y, n, size_out));
        assert!(keep.is_empty() || holds(keep, n, size_out));
        let step = self.together().min(n.max(1));
        let (v, m) = scratch.split_at_mut(self.buffers(step).0);
        for from in (0..n).step_by(step) {
            let n = step.min(n - from);
            self.input(n, &x[from * size_in..], v);
            let tiles = s.tiles_of(n);
            for panel in 0..s.o / 32 {
                for point in 0..points {
                    product(
                        isa,
                        (tiles, s.c, 32),
                        Left::panels(&v[point * s.all(n)..], tiles * 32),
                        &cache[point * s.weights() + panel * s.c * 32..],
                        32,
                        &mut m[point * s.panel(n)..],
                        32,
                        false,
                    );
                }
                let place = if keep.is_empty() {
                    std::ptr::null_mut()
                } else {
                    keep[from * size_out..].as_mut_ptr()
                };
                let y = y[from * size_out..].as_mut_ptr();
                assert!(m.len() >= points * s.panel(n));
                // SAFETY: sizes were checked above; tiles beyond the output are
                // left out by the kernel.
                with_tile!(self.size, tile => unsafe {
                    let (m, bias) = (m.as_ptr(), bias.as_ptr());
                    launch(isa, Output { s, relu: self.relu, n, panel, m, bias, y, place, tile });
                });
            }
        }
        for picture in y.chunks_exact_mut(size_out).take(n) {
            s.output.clear_padding(picture);
        }
    }

    #[allow(unsafe_code, reason = "starts a kernel")]
    fn backward(&self, pass: Backward<'_>) {
        let (s, points, isa) = (self.s, self.points(), self.isa);
        let (size_in, size_out) = (s.input.len(), s.output.len());
        let Backward { cache, n, x, dy, keep, scratch, partial, mut dx, .. } = pass;
        let turned = &cache[points * s.weights()..];
        assert!(holds(x, n, size_in) && holds(dy, n, size_out) && holds(keep, n, size_out));
        assert!(partial.len() >= points * s.weights() + s.o);
        let (du, db) = partial.split_at_mut(points * s.weights());
        db.fill(0.0);
        if n == 0 {
            du.fill(0.0);
        }
        let step = self.together().min(n.max(1));
        let (v_len, m_len) = self.buffers(step);
        let (v, rest) = scratch.split_at_mut(v_len);
        let (m, dv) = rest.split_at_mut(m_len);
        for from in (0..n).step_by(step) {
            let n = step.min(n - from);
            self.input(n, &x[from * size_in..], v);
            let tiles = s.tiles_of(n);
            assert!(m.len() >= points * s.panel(n));
            for panel in 0..s.o / 32 {
                let (dy, place) =
                    (dy[from * size_out..].as_ptr(), keep[from * size_out..].as_ptr());
                // SAFETY: sizes were checked above.
                with_tile!(self.size, tile => unsafe {
                    let (m, bias) = (m.as_mut_ptr(), db.as_mut_ptr());
                    launch(isa, OutputGradient { s, n, panel, dy, place, m, bias, tile });
                });
                for point in 0..points {
                    let m = &m[point * s.panel(n)..];
                    let v = &v[point * s.all(n)..];
                    for c in 0..s.c / 32 {
                        let at = point * s.weights() + (panel * s.c + c * 32) * 32;
                        let left = Left::transposed(&v[c * tiles * 32..], 32);
                        product(isa, (32, tiles, 32), left, m, 32, &mut du[at..], 32, from > 0);
                    }
                    if dx.is_some() {
                        for c in 0..s.c / 32 {
                            let right =
                                &turned[point * s.weights() + (c * s.o + panel * 32) * 32..];
                            let dv = &mut dv[point * s.all(n) + c * tiles * 32..];
                            let left = Left::rows(m, 32);
                            product(isa, (tiles, 32, 32), left, right, 32, dv, 32, panel > 0);
                        }
                    }
                }
            }
            if let Some(dx) = dx.as_deref_mut() {
                let dx = &mut dx[from * size_in..][..n * size_in];
                dx.fill(0.0);
                assert!(dv.len() >= points * s.all(n));
                // SAFETY: as in `input`, in the other direction.
                with_tile!(self.size, tile => unsafe {
                    let (v, dx) = (dv.as_ptr(), dx.as_mut_ptr());
                    launch(isa, InputGradient { s, n, v, dx, tile });
                });
            }
        }
    }

    #[allow(unsafe_code, reason = "starts a kernel")]
    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let s = self.s;
        let weights = self.points() * s.weights();
        if block >= s.c / BLOCK {
            out.fill(0.0);
            for part in parts {
                for (sum, v) in out.iter_mut().zip(&part.partial[weights..]) {
                    *sum += v;
                }
            }
            return;
        }
        let channels = (block * BLOCK, (block + 1) * BLOCK);
        assert!(parts.iter().all(|p| p.partial.len() >= weights));
        assert!(out.len() >= self.kernel() * self.kernel() * BLOCK * s.o);
        let parts: Vec<*const f32> = parts.iter().map(|p| p.partial.as_ptr()).collect();
        // SAFETY: sizes were just checked.
        with_tile!(self.size, tile => unsafe {
            let (parts, w) = (&parts[..], out.as_mut_ptr());
            launch(self.isa, WeightGradient { s, channels, parts, w, tile });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::{
        agrees_with_stock, gradients_are_right, run, stock_conv, stock_pool,
    };
    use super::super::op::tests::{refuses_short_slices, takes_only_padding};
    use super::*;

    #[test]
    fn wrong_sizes_are_refused() {
        for (side, kernel) in [(6, 3), (8, 5)] {
            let mut op = ConvPool::new(Isa::best(), (side, side, 32), kernel, 32).unwrap();
            takes_only_padding(&mut op);
            refuses_short_slices(&op);
        }
        for (plane, o) in
            [((1 << 62, 6, 32), 32), ((1 << 31, 1 << 31, 32), 32), ((6, 6, 32), 1 << 60)]
        {
            assert!(ConvPool::new(Isa::best(), plane, 3, o).is_none());
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        for isa in Isa::available() {
            for (side, kernel) in [(6, 3), (4, 3), (8, 5), (6, 5)] {
                gradients_are_right(&ConvPool::new(isa, (side, side, 32), kernel, 32).unwrap(), 1);
            }
        }
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle_for_every_tile_and_odd_sizes() {
        for isa in Isa::available() {
            for (h, w, c, kernel, o, batch) in [
                (11, 11, 64, 3, 32, 3),
                (4, 4, 32, 3, 64, 9),
                (5, 4, 32, 3, 32, 2),
                (12, 12, 32, 5, 64, 2),
                (7, 6, 32, 5, 32, 3),
                (13, 26, 32, 5, 32, 1),
            ] {
                let op = ConvPool::new(isa, (h, w, c), kernel, o).unwrap();
                // Winograd's larger rounding, over some hundred terms.
                agrees_with_stock(&op, batch, 1e-4, |x, p| {
                    let y = stock_pool(&stock_conv(x, p, kernel, o)?)?;
                    let (n, h, w, c) = y.dims4()?;
                    if h * w == 1 { y.reshape((n, c)) } else { Ok(y) }
                });
            }
        }
    }

    #[test]
    fn a_nan_or_an_infinity_in_the_input_is_not_hidden() {
        let op = ConvPool::new(Isa::best(), (6, 6, 32), 3, 32).unwrap();
        let weights = vec![0.1; op.weight_len() + 32];
        for bad in [f32::NAN, f32::INFINITY] {
            let mut x = vec![0.5; 6 * 6 * 32];
            x[500] = bad;
            assert!(run(&op, &x, &weights).0.iter().any(|v| !v.is_finite()));
        }
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_plain_way() {
        for (plane, kernel, o) in [((8, 8, 32), 7, 32), ((8, 8, 1), 3, 32), ((3, 3, 32), 3, 32)] {
            assert!(ConvPool::new(Isa::best(), plane, kernel, o).is_none());
        }
    }
}

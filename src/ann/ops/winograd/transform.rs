//! The kernels around the products of matrices: pictures, weights and gradients
//! into the space of points, and back. All pointers are into slices whose sizes
//! [`super::ConvPool`] has checked; channels go by vectors.
#![allow(unsafe_code, reason = "kernels on raw pointers")]
#![allow(clippy::needless_range_loop, reason = "rows and columns of small matrices, by index")]

use std::marker::PhantomData;

use super::tile::{Line, Tile, g};
use crate::ann::ops::op::Plane;
use crate::ann::ops::simd::{Kernel, Simd};

/// Sizes that all kernels share.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Channels in and out, multiples of 32.
    pub c: usize,
    pub o: usize,
    pub input: Plane,
    /// After pooling.
    pub output: Plane,
    /// Tiles down and across.
    pub tiles: (usize, usize),
}

impl Sizes {
    /// Tiles of `n` pictures.
    pub fn tiles_of(&self, n: usize) -> usize {
        n * self.tiles.0 * self.tiles.1
    }

    /// Distance between the points in a buffer of all channels, `(tiles, c)`. The
    /// extra line keeps points from falling on the same cache sets.
    pub fn all(&self, n: usize) -> usize {
        self.tiles_of(n) * self.c + 16
    }

    /// Likewise in a buffer of one panel of 32 channels.
    pub fn panel(&self, n: usize) -> usize {
        self.tiles_of(n) * 32 + 16
    }

    /// Likewise in the transformed weights.
    pub fn weights(&self) -> usize {
        self.c * self.o + 16
    }

    /// Number, picture, row and column of each tile.
    fn each(self, n: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let (th, tw) = self.tiles;
        (0..n * th * tw).map(move |i| (i, i / (th * tw), i / tw % th, i % tw))
    }
}

/// Pictures → V = Bᵀ x B, `(point, panel of c, tile, 32)`.
pub struct Input<A> {
    pub s: Sizes,
    pub n: usize,
    pub x: *const f32,
    pub v: *mut f32,
    pub tile: PhantomData<A>,
}

impl<A: Tile> Kernel for Input<A> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (s, step, count) = (self.s, self.s.all(self.n), self.s.tiles_of(self.n));
        // SAFETY: see the module.
        unsafe {
            let mut columns = [[S::splat(0.0); 8]; 8];
            for (i, image, ty, tx) in s.each(self.n) {
                let corner = (ty * A::M * s.input.pitch + tx * A::M) * s.c;
                let x = self.x.add(image * s.input.len() + corner);
                for channel in (0..s.c).step_by(S::LANES) {
                    let x = x.add(channel);
                    for j in 0..A::T {
                        let mut line = [S::splat(0.0); 8];
                        for (k, v) in line.iter_mut().take(A::T).enumerate() {
                            *v = S::load(x.add((k * s.input.pitch + j) * s.c));
                        }
                        let line = A::bt::<S>(line);
                        for k in 0..A::T {
                            columns[k][j] = line[k];
                        }
                    }
                    let v = self.v.add((channel / 32 * count + i) * 32 + channel % 32);
                    for (k, row) in columns.iter().take(A::T).enumerate() {
                        let line: Line<S> = A::bt::<S>(*row);
                        for (j, value) in line.iter().take(A::T).enumerate() {
                            S::store(v.add((k * A::T + j) * step), *value);
                        }
                    }
                }
            }
        }
    }
}

/// Gradient by V → added to the gradient by the pictures.
pub struct InputGradient<A> {
    pub s: Sizes,
    pub n: usize,
    pub v: *const f32,
    pub dx: *mut f32,
    pub tile: PhantomData<A>,
}

impl<A: Tile> Kernel for InputGradient<A> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (s, step, count) = (self.s, self.s.all(self.n), self.s.tiles_of(self.n));
        // SAFETY: see the module.
        unsafe {
            let mut columns = [[S::splat(0.0); 8]; 8];
            for (i, image, ty, tx) in s.each(self.n) {
                let corner = (ty * A::M * s.input.pitch + tx * A::M) * s.c;
                let dx = self.dx.add(image * s.input.len() + corner);
                for channel in (0..s.c).step_by(S::LANES) {
                    let dx = dx.add(channel);
                    let v = self.v.add((channel / 32 * count + i) * 32 + channel % 32);
                    for k in 0..A::T {
                        let mut line = [S::splat(0.0); 8];
                        for (j, value) in line.iter_mut().take(A::T).enumerate() {
                            *value = S::load(v.add((k * A::T + j) * step));
                        }
                        let line = A::b::<S>(line);
                        for j in 0..A::T {
                            columns[j][k] = line[j];
                        }
                    }
                    for (j, row) in columns.iter().take(A::T).enumerate() {
                        let line: Line<S> = A::b::<S>(*row);
                        for (k, value) in line.iter().take(A::T).enumerate() {
                            let p = dx.add((k * s.input.pitch + j) * s.c);
                            S::store(p, S::add(S::load(p), *value));
                        }
                    }
                }
            }
        }
    }
}

/// M → y = maxpool(relu(Aᵀ M A + b)) for one panel of 32 channels out. `place`
/// (null when answering) gets which of the four pixels was the largest, 4 where
/// the ReLU is off.
pub struct Output<A> {
    pub s: Sizes,
    /// Whether there is a ReLU.
    pub relu: bool,
    pub n: usize,
    pub panel: usize,
    pub m: *const f32,
    pub bias: *const f32,
    pub y: *mut f32,
    pub place: *mut f32,
    pub tile: PhantomData<A>,
}

impl<A: Tile> Kernel for Output<A> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (s, step) = (self.s, self.s.panel(self.n));
        let half = A::M / 2;
        // SAFETY: see the module.
        unsafe {
            let zero = S::splat(0.0);
            let mut rows = [[zero; 8]; 8];
            let mut out = [[zero; 4]; 4];
            for (i, image, ty, tx) in s.each(self.n) {
                for channel in (0..32).step_by(S::LANES) {
                    let m = self.m.add(i * 32 + channel);
                    let channel = self.panel * 32 + channel;
                    let bias = S::load(self.bias.add(channel));
                    for (k, row) in rows.iter_mut().take(A::T).enumerate() {
                        let mut line = [zero; 8];
                        for (j, v) in line.iter_mut().take(A::T).enumerate() {
                            *v = S::load(m.add((k * A::T + j) * step));
                        }
                        *row = A::at::<S>(line);
                    }
                    for j in 0..A::M {
                        let mut line = [zero; 8];
                        for k in 0..A::T {
                            line[k] = rows[k][j];
                        }
                        let line = A::at::<S>(line);
                        for k in 0..A::M {
                            out[k][j] = line[k];
                        }
                    }
                    for py in 0..half {
                        for px in 0..half {
                            let (y, x) = (ty * half + py, tx * half + px);
                            if y >= s.output.h || x >= s.output.w {
                                continue;
                            }
                            let (mut best, mut place) = (out[2 * py][2 * px], zero);
                            let others = [(0, 1), (1, 0), (1, 1)];
                            for (number, (dy, dx)) in others.into_iter().enumerate() {
                                let v = out[2 * py + dy][2 * px + dx];
                                let number = S::splat(number as f32 + 1.0);
                                place = S::where_gt(v, best, number, place);
                                best = S::where_gt(v, best, v, best);
                            }
                            let sum = S::add(best, bias);
                            let at = (y * s.output.pitch + x) * s.o + channel;
                            // A NaN is not below zero, so it is not hidden.
                            let out =
                                if self.relu { S::where_gt(zero, sum, zero, sum) } else { sum };
                            S::store(self.y.add(image * s.output.len() + at), out);
                            if !self.place.is_null() {
                                let off = S::splat(4.0);
                                let place = if self.relu {
                                    S::where_gt(sum, zero, place, off)
                                } else {
                                    place
                                };
                                S::store(self.place.add(image * s.output.len() + at), place);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Gradient by y → gradient by M for one panel, and by the bias (added).
pub struct OutputGradient<A> {
    pub s: Sizes,
    pub n: usize,
    pub panel: usize,
    pub dy: *const f32,
    pub place: *const f32,
    pub m: *mut f32,
    pub bias: *mut f32,
    pub tile: PhantomData<A>,
}

impl<A: Tile> Kernel for OutputGradient<A> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (s, step) = (self.s, self.s.panel(self.n));
        let half = A::M / 2;
        // SAFETY: see the module.
        unsafe {
            let zero = S::splat(0.0);
            let mut columns = [[zero; 8]; 8];
            for (i, image, ty, tx) in s.each(self.n) {
                for channel in (0..32).step_by(S::LANES) {
                    let m = self.m.add(i * 32 + channel);
                    let channel = self.panel * 32 + channel;
                    let mut bias = S::load(self.bias.add(channel));
                    let mut pixels = [[zero; 8]; 4];
                    for py in 0..half {
                        for px in 0..half {
                            let (y, x) = (ty * half + py, tx * half + px);
                            if y >= s.output.h || x >= s.output.w {
                                continue;
                            }
                            let at =
                                image * s.output.len() + (y * s.output.pitch + x) * s.o + channel;
                            let (g, place) =
                                (S::load(self.dy.add(at)), S::load(self.place.add(at)));
                            for (number, (dy, dx)) in
                                [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate()
                            {
                                let mark = S::splat(number as f32);
                                pixels[2 * py + dy][2 * px + dx] =
                                    S::where_eq(place, mark, g, zero);
                            }
                            bias = S::add(bias, S::where_eq(place, S::splat(4.0), zero, g));
                        }
                    }
                    S::store(self.bias.add(channel), bias);
                    for j in 0..A::M {
                        let mut line = [zero; 8];
                        for k in 0..A::M {
                            line[k] = pixels[k][j];
                        }
                        let line = A::a::<S>(line);
                        for k in 0..A::T {
                            columns[k][j] = line[k];
                        }
                    }
                    for (k, row) in columns.iter().take(A::T).enumerate() {
                        let line: Line<S> = A::a::<S>(*row);
                        for (j, value) in line.iter().take(A::T).enumerate() {
                            S::store(m.add((k * A::T + j) * step), *value);
                        }
                    }
                }
            }
        }
    }
}

/// Kernel → U = G w Gᵀ, `(point, panel of o, c, 32)`, for some channels in.
pub struct Weights<A> {
    pub s: Sizes,
    pub channels: (usize, usize),
    pub w: *const f32,
    pub u: *mut f32,
    pub tile: PhantomData<A>,
}

impl<A: Tile> Kernel for Weights<A> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let s = self.s;
        let g = g(A::T, A::R);
        // SAFETY: see the module.
        unsafe {
            let mut half = [[S::splat(0.0); 8]; 8];
            for c in self.channels.0..self.channels.1 {
                for o in (0..s.o).step_by(S::LANES) {
                    for j in 0..A::R {
                        let mut w = [S::splat(0.0); 5];
                        for (i, v) in w.iter_mut().take(A::R).enumerate() {
                            *v = S::load(self.w.add(((i * A::R + j) * s.c + c) * s.o + o));
                        }
                        for (q, row) in g.iter().enumerate() {
                            let mut sum = S::splat(0.0);
                            for i in 0..A::R {
                                sum = S::fma(w[i], S::splat(row[i]), sum);
                            }
                            half[q][j] = sum;
                        }
                    }
                    let u = self.u.add((o / 32 * s.c + c) * 32 + o % 32);
                    for q in 0..A::T {
                        for (p, row) in g.iter().enumerate() {
                            let mut sum = S::splat(0.0);
                            for j in 0..A::R {
                                sum = S::fma(half[q][j], S::splat(row[j]), sum);
                            }
                            S::store(u.add((q * A::T + p) * s.weights()), sum);
                        }
                    }
                }
            }
        }
    }
}

/// Gradients by U of all parts → gradient by the kernel, for some channels in:
/// `(k, k, channel, o)`.
pub struct WeightGradient<'a, A> {
    pub s: Sizes,
    pub channels: (usize, usize),
    pub parts: &'a [*const f32],
    pub w: *mut f32,
    pub tile: PhantomData<A>,
}

impl<A: Tile> Kernel for WeightGradient<'_, A> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let s = self.s;
        let g = g(A::T, A::R);
        let width = self.channels.1 - self.channels.0;
        // SAFETY: see the module.
        unsafe {
            let mut half = [[S::splat(0.0); 8]; 8];
            for c in self.channels.0..self.channels.1 {
                for o in (0..s.o).step_by(S::LANES) {
                    let at = (o / 32 * s.c + c) * 32 + o % 32;
                    for p in 0..A::T {
                        let mut line = [S::splat(0.0); 8];
                        for (q, v) in line.iter_mut().take(A::T).enumerate() {
                            let at = at + (q * A::T + p) * s.weights();
                            for part in self.parts {
                                *v = S::add(*v, S::load(part.add(at)));
                            }
                        }
                        for i in 0..A::R {
                            let mut sum = S::splat(0.0);
                            for (q, row) in g.iter().enumerate() {
                                sum = S::fma(line[q], S::splat(row[i]), sum);
                            }
                            half[i][p] = sum;
                        }
                    }
                    for i in 0..A::R {
                        for j in 0..A::R {
                            let mut sum = S::splat(0.0);
                            for (p, row) in g.iter().enumerate() {
                                sum = S::fma(half[i][p], S::splat(row[j]), sum);
                            }
                            let c = c - self.channels.0;
                            S::store(self.w.add(((i * A::R + j) * width + c) * s.o + o), sum);
                        }
                    }
                }
            }
        }
    }
}

//! A generative network with two layers of latent variables (Bengio et al. 2015):
//! `(batch, 784)` → `(batch, 10)`.
//!
//! Between picture and first layer, and between first and second, there are an encoder and
//! a decoder, each a dense map with weights of its own:
//!
//! ```text
//! h1 = softplus(x·F1 + f1)       x  = sigmoid(h1·G1 + g1)
//! h2 = sigmoid(h1·F2 + f2)       h1 = softplus(h2·G2 + g2)
//! ```
//!
//! What comes out is what a linear read-out makes of `h1` as encoded, each unit less its
//! mean and in units of its deviation; it is no part of the generative network, and nothing
//! goes back from it. Beside the maps lies the prior, a
//! mixture of Gaussians over the sums that go into `h2` (see [`crate::ann::energy::prior`]).
//! [`crate::ann::energy`] has the network's dynamics, `ann/rules/energy` how it learns.
#![allow(unsafe_code, reason = "a kernel over whole slices, whose sizes are checked before")]

use std::ops::Range;

use super::dense::{outer, times};
use super::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};
use super::simd::{Kernel, Simd, exp, launch, vectorised};
use super::sparse;
use crate::core::isa::Isa;
use crate::data::CLASSES;

/// Components of the prior that know no labels.
pub const FREE: usize = 10;
/// All components: one for each class, then the free ones.
pub const COMPONENTS: usize = CLASSES + FREE;
/// What the read-out's sums are multiplied by, so that with the same optimiser it learns as
/// many times as fast as the maps, which it has to follow.
const READ: f32 = 2.0;
/// Rows of the weights that are updated together.
const ROWS: usize = 64;

/// A dense map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Map {
    /// From the picture to h1.
    Encode1,
    /// From h1 to h2.
    Encode2,
    /// From h2 to h1.
    Decode2,
    /// From h1 to the picture.
    Decode1,
    /// From h1 to the classes.
    ReadOut,
}

/// What a map makes of its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Squash {
    /// Nothing.
    Linear,
    /// `ln(1 + eˣ)`.
    Softplus,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
}

impl Map {
    /// All of them, in the order of the parameters.
    pub const ALL: [Self; 5] =
        [Self::Encode1, Self::Encode2, Self::Decode2, Self::Decode1, Self::ReadOut];
    /// Those of the generative network.
    pub const LATENT: [Self; 4] = [Self::Encode1, Self::Encode2, Self::Decode2, Self::Decode1];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encode1 => "encoder of h1",
            Self::Encode2 => "encoder of h2",
            Self::Decode2 => "decoder of h1",
            Self::Decode1 => "decoder of the picture",
            Self::ReadOut => "read-out",
        }
    }

    /// What it makes of its sums.
    pub fn squash(self) -> Squash {
        match self {
            Self::Encode1 | Self::Decode2 => Squash::Softplus,
            Self::Encode2 | Self::Decode1 => Squash::Sigmoid,
            Self::ReadOut => Squash::Linear,
        }
    }

    fn names(self) -> [&'static str; 2] {
        match self {
            Self::Encode1 => ["encode1.weight", "encode1.bias"],
            Self::Encode2 => ["encode2.weight", "encode2.bias"],
            Self::Decode2 => ["decode2.weight", "decode2.bias"],
            Self::Decode1 => ["decode1.weight", "decode1.bias"],
            Self::ReadOut => ["read_out.weight", "read_out.bias"],
        }
    }
}

/// The operation.
#[derive(Clone, Debug)]
pub struct Energy {
    isa: Isa,
    input: Plane,
    /// Pixels, units of h1, units of h2.
    widths: [usize; 3],
}

/// Numbers of a lower triangle, diagonal included.
pub fn triangle(side: usize) -> usize {
    side * (side + 1) / 2
}

impl Energy {
    /// For inputs of this plane, which must have no padding; two layers, of which missing
    /// ones have one unit.
    pub fn new(isa: Isa, input: Plane, hidden: &[usize]) -> Self {
        let unit = |i: usize| hidden.get(i).copied().unwrap_or(1).max(1);
        Self { isa, input, widths: [input.h * input.w * input.c, unit(0), unit(1)] }
    }

    /// Pixels, units of h1, units of h2.
    pub fn widths(&self) -> [usize; 3] {
        self.widths
    }

    /// Inputs and units of a map.
    pub fn shape(&self, map: Map) -> (usize, usize) {
        let [x, h1, h2] = self.widths;
        match map {
            Map::Encode1 => (x, h1),
            Map::Encode2 => (h1, h2),
            Map::Decode2 => (h2, h1),
            Map::Decode1 => (h1, x),
            Map::ReadOut => (h1, CLASSES),
        }
    }

    /// Where a map's weights, `(inputs, units)`, and its biases are among the parameters.
    pub fn place(&self, map: Map) -> (Range<usize>, Range<usize>) {
        let mut at = 0;
        for other in Map::ALL {
            let (inputs, units) = self.shape(other);
            let end = at + inputs * units;
            if other == map {
                return (at..end, end..end + units);
            }
            at = end + units;
        }
        (at..at, at..at)
    }

    /// Where the means of h1's units, and the logarithms of what their distances from it
    /// are multiplied by, are: for the read-out alone.
    pub fn scale(&self) -> (Range<usize>, Range<usize>) {
        let (from, h1) = (self.place(Map::ReadOut).1.end, self.widths[1]);
        (from..from + h1, from + h1..from + 2 * h1)
    }

    /// Takes codes, `(n, h1)`, to what the read-out sees.
    pub fn scaled(&self, parameters: &[f32], codes: &mut [f32]) {
        let (mean, log) = self.scale();
        let by: Vec<f32> = parameters[log].iter().map(|l| l.clamp(-10.0, 10.0).exp()).collect();
        let mean = &parameters[mean];
        for row in codes.chunks_exact_mut(self.widths[1]) {
            vectorised(|| {
                row.iter_mut().zip(mean).zip(&by).for_each(|((h, m), by)| *h = (*h - m) * by);
            });
        }
    }

    /// Where the prior's means, factors and shares are: see
    /// [`crate::ann::energy::prior`].
    pub fn prior(&self) -> [Range<usize>; 3] {
        let h2 = self.widths[2];
        let from = self.scale().1.end;
        let factors = from + COMPONENTS * h2;
        let shares = factors + COMPONENTS * triangle(h2);
        [from..factors, factors..shares, shares..shares + COMPONENTS]
    }

    /// Trained numbers.
    pub fn parameters_len(&self) -> usize {
        self.prior()[2].end
    }

    /// Multiplications with addition for an answer.
    pub fn multiply_adds(&self) -> usize {
        self.widths[1] * (self.widths[0] + CLASSES)
    }

    /// A map's sums, `(n, units)`, before it squashes them.
    pub fn sums(&self, parameters: &[f32], map: Map, n: usize, input: &[f32], out: &mut [f32]) {
        let (inputs, units) = self.shape(map);
        let (weight, bias) = self.place(map);
        let out = &mut out[..n * units];
        let (shape, weight) = ((n, inputs, units), &parameters[weight]);
        if map == Map::Encode1 {
            sparse::times(self.isa, shape, &input[..n * inputs], weight, out);
        } else {
            times(self.isa, shape, &input[..n * inputs], weight, out);
        }
        super::dense::add_bias(out, &parameters[bias], false);
        if map == Map::ReadOut {
            out.iter_mut().for_each(|v| *v *= READ);
        }
    }

    /// What a map makes of its inputs, `(n, inputs)`: `(n, units)`.
    pub fn apply(&self, parameters: &[f32], map: Map, n: usize, input: &[f32], out: &mut [f32]) {
        self.sums(parameters, map, n, input, out);
        let units = self.shape(map).1;
        self.squash(map, &mut out[..n * units]);
    }

    /// Squashes a map's sums in place.
    pub fn squash(&self, map: Map, sums: &mut [f32]) {
        squash(self.isa, map.squash(), sums);
    }

    /// Numbers that learning keeps for each picture: what comes into each latent map, and
    /// prediction less target of each of its units; then h1 as the read-out sees it; then h1
    /// and the sums of h2, as encoded.
    pub fn kept(&self) -> usize {
        let maps: usize = Map::LATENT.into_iter().map(|m| self.shape(m)).map(|(i, u)| i + u).sum();
        maps + 2 * self.widths[1] + self.widths[2]
    }

    /// Where, for `n` pictures, h1 and the sums of h2, as encoded, are kept.
    pub fn codes(&self, n: usize) -> (Range<usize>, Range<usize>) {
        let from = self.keeps(n, Map::ReadOut).0.end;
        let end = from + n * self.widths[1];
        (from..end, end..end + n * self.widths[2])
    }

    /// Where, for `n` pictures, what comes into a map and its errors are kept; those of the
    /// read-out are elsewhere.
    pub fn keeps(&self, n: usize, map: Map) -> (Range<usize>, Range<usize>) {
        let mut at = 0;
        for other in Map::LATENT {
            let (inputs, units) = self.shape(other);
            let (middle, end) = (at + n * inputs, at + n * (inputs + units));
            if other == map {
                return (at..middle, middle..end);
            }
            at = end;
        }
        let end = at + n * self.widths[1];
        (at..end, end..end)
    }

    /// The blocks that are updated apart: map, first row (`None`: the bias), place.
    fn parts(&self) -> Vec<(Map, Option<usize>, Range<usize>)> {
        let mut all = Vec::new();
        for map in Map::ALL {
            let (inputs, units) = self.shape(map);
            let (weight, bias) = self.place(map);
            for row in (0..inputs).step_by(ROWS) {
                let end = (row + ROWS).min(inputs);
                all.push((map, Some(row), weight.start + row * units..weight.start + end * units));
            }
            all.push((map, None, bias));
        }
        all
    }
}

/// Squashes sums in place; a NaN stays one.
pub fn squash(isa: Isa, by: Squash, values: &mut [f32]) {
    match by {
        Squash::Linear => {}
        // SAFETY: the kernel stays within the slice.
        Squash::Softplus => unsafe { launch(isa, Squashes { values, softplus: true }) },
        // SAFETY: as above.
        Squash::Sigmoid => unsafe { launch(isa, Squashes { values, softplus: false }) },
    }
}

struct Squashes<'a> {
    values: &'a mut [f32],
    softplus: bool,
}

impl Kernel for Squashes<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let mut chunks = self.values.chunks_exact_mut(S::LANES);
        // SAFETY: whole vectors of a chunk; then the numbers that are left.
        unsafe {
            for chunk in &mut chunks {
                let v = S::load(chunk.as_ptr());
                S::store(chunk.as_mut_ptr(), squashed::<S>(v, self.softplus));
            }
            let rest = chunks.into_remainder();
            if !rest.is_empty() {
                let v = S::load_first(rest.as_ptr(), rest.len());
                S::store_first(rest.as_mut_ptr(), rest.len(), squashed::<S>(v, self.softplus));
            }
        }
    }
}

#[inline(always)]
unsafe fn squashed<S: Simd>(x: S::V, softplus: bool) -> S::V {
    // SAFETY: the caller's.
    unsafe {
        let (zero, one) = (S::splat(0.0), S::splat(1.0));
        if !softplus {
            return S::reciprocal(S::add(one, exp::<S>(S::sub(zero, x))));
        }
        // max(x, 0) + ln(1 + t) with t = e^−|x|; ln(1 + t) = 2 artanh(t / (2 + t)), whose
        // series converges fast up to 1/3.
        let negative = S::sub(zero, x);
        let t = exp::<S>(S::where_gt(x, zero, negative, x));
        let s = S::div(t, S::add(S::splat(2.0), t));
        let square = S::mul(s, s);
        let mut series = S::splat(2.0 / 13.0);
        for c in [2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0] {
            series = S::fma(series, square, S::splat(c));
        }
        S::fma(series, s, S::where_gt(zero, x, zero, x))
    }
}

impl Op for Energy {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, CLASSES)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let h2 = self.widths[2];
        let maps = Map::ALL.into_iter().flat_map(|map| {
            let ((inputs, units), [weight, bias]) = (self.shape(map), map.names());
            // An untrained read-out answers nothing.
            let initial = match map {
                Map::ReadOut => Initial::Zero,
                _ => Initial::Normal { mean: 0.0, deviation: 1.0 / (inputs as f32).sqrt() },
            };
            [
                Parameter { name: weight, shape: vec![inputs, units], initial },
                Parameter { name: bias, shape: vec![units], initial: Initial::Zero },
            ]
        });
        let rest = [
            ("read_out.mean", vec![self.widths[1]]),
            ("read_out.scale", vec![self.widths[1]]),
            ("prior.mean", vec![COMPONENTS, h2]),
            ("prior.factor", vec![COMPONENTS, triangle(h2)]),
            ("prior.share", vec![COMPONENTS]),
        ];
        let rest = rest.map(|(name, shape)| Parameter { name, shape, initial: Initial::Zero });
        maps.chain(rest).collect()
    }

    fn keep_len(&self) -> usize {
        self.kept()
    }

    fn scratch_len(&self, n: usize, _mode: Mode) -> usize {
        n * self.widths[1]
    }

    /// Those of the maps; the prior has no gradient.
    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        self.parts().into_iter().map(|(.., range)| vec![range]).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        let h1 = &mut pass.scratch[..pass.n * self.widths[1]];
        self.apply(pass.parameters, Map::Encode1, pass.n, pass.x, h1);
        self.scaled(pass.parameters, h1);
        self.apply(pass.parameters, Map::ReadOut, pass.n, h1, pass.y);
    }

    /// No gradient crosses a layer: the rule that trains this network is local.
    fn backward(&self, pass: Backward<'_>) {
        if let Some(dx) = pass.dx {
            dx.fill(0.0);
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (map, row, range) = self.parts().swap_remove(block);
        let (inputs, units) = self.shape(map);
        if row.is_none() {
            out.fill(0.0);
        }
        for (i, part) in parts.iter().enumerate() {
            let (input, errors) = self.keeps(part.n, map);
            let errors = match map {
                Map::ReadOut => &part.dy[..part.n * units],
                _ => &part.keep[errors],
            };
            match row {
                Some(row) => {
                    let (rows, shape) = ((row, range.len() / units), (part.n, inputs, units));
                    outer(self.isa, shape, rows, &part.keep[input], errors, out, i > 0);
                }
                None => errors.chunks_exact(units).for_each(|row| {
                    out.iter_mut().zip(row).for_each(|(o, e)| *o += e);
                }),
            }
        }
        if map == Map::ReadOut {
            out.iter_mut().for_each(|g| *g *= READ);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softplus_and_sigmoid_are_right_on_every_engine_and_keep_a_nan() {
        let all: Vec<f32> = (-2000..2000).map(|i| i as f32 / 41.0).collect();
        for isa in Isa::available() {
            for (by, exact) in [
                (
                    Squash::Softplus,
                    (|x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p()) as fn(f64) -> f64,
                ),
                (Squash::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
            ] {
                let mut values = all.clone();
                squash(isa, by, &mut values);
                for (x, y) in all.iter().zip(&values) {
                    let wanted = exact(f64::from(*x));
                    let off = (f64::from(*y) - wanted).abs();
                    assert!(off < 1e-6 * wanted.max(1.0), "{isa:?} {by:?} {x}: {y} {wanted}");
                }
                let mut odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
                squash(isa, by, &mut odd);
                assert!(odd[0].is_nan() && odd[1] > 0.99 && odd[2] < 0.01);
            }
        }
    }

    #[test]
    fn places_lie_one_after_another() {
        let op = Energy::new(Isa::best(), Plane::new(4, 4, 1), &[7, 5]);
        let len: usize = op.parameters().iter().map(Parameter::len).sum();
        assert_eq!(len, op.parameters_len());
        let mut at = 0;
        for map in Map::ALL {
            let (weight, bias) = op.place(map);
            assert_eq!((weight.start, weight.end), (at, bias.start));
            at = bias.end;
        }
        assert_eq!((op.scale().0.start, op.scale().1.end), (at, op.prior()[0].start));
        assert_eq!(op.codes(3).1.end, 3 * op.kept());
    }
}

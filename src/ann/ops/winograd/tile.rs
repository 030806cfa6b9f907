//! The four transforms of Winograd's minimal filtering (Winograd 1980; Lavin and
//! Gray 2016), for tiles of M×M outputs of an R×R kernel, T = M + R − 1:
//!
//! ```text
//! y = Aᵀ [ (G w Gᵀ) ∘ (Bᵀ x B) ] A
//! ```
//!
//! The interpolation points are 0, ±1, ±2, ±½ and ∞, as many as T needs. Each
//! function does one dimension; numbers beyond those it needs are not looked at.
#![allow(unsafe_code, reason = "vector arithmetic")]
#![allow(clippy::missing_safety_doc, reason = "the contract is that of Simd")]

use crate::ann::ops::simd::Simd;

/// Up to eight vectors, a row or column of a tile.
pub type Line<S> = [<S as Simd>::V; 8];

/// A size of tile. `bt` is Bᵀ·, `at` is Aᵀ·, and `b` and `a` are their
/// transposed, which the backward pass needs.
pub trait Tile {
    const T: usize;
    const M: usize;
    const R: usize;
    unsafe fn bt<S: Simd>(x: Line<S>) -> Line<S>;
    unsafe fn b<S: Simd>(x: Line<S>) -> Line<S>;
    unsafe fn at<S: Simd>(x: Line<S>) -> Line<S>;
    unsafe fn a<S: Simd>(x: Line<S>) -> Line<S>;
}

/// `x·c + y` with a constant.
#[inline(always)]
unsafe fn by<S: Simd>(x: S::V, c: f32, y: S::V) -> S::V {
    // SAFETY: the caller's.
    unsafe { S::fma(x, S::splat(c), y) }
}

#[inline(always)]
unsafe fn times<S: Simd>(x: S::V, c: f32) -> S::V {
    // SAFETY: the caller's.
    unsafe { S::mul(x, S::splat(c)) }
}

/// Sum and difference.
#[inline(always)]
unsafe fn pair<S: Simd>(x: S::V, y: S::V) -> (S::V, S::V) {
    // SAFETY: the caller's.
    unsafe { (S::add(x, y), S::sub(x, y)) }
}

/// Bᵀ· for four points.
#[inline(always)]
unsafe fn bt4<S: Simd>(x: Line<S>) -> Line<S> {
    // SAFETY: the caller's.
    unsafe {
        let z = S::splat(0.0);
        let (s, d) = pair::<S>(x[2], x[1]);
        [S::sub(x[0], x[2]), s, d, S::sub(x[3], x[1]), z, z, z, z]
    }
}

#[inline(always)]
unsafe fn b4<S: Simd>(x: Line<S>) -> Line<S> {
    // SAFETY: the caller's.
    unsafe {
        let z = S::splat(0.0);
        let (s, d) = pair::<S>(x[1], x[2]);
        [x[0], S::sub(d, x[3]), S::sub(s, x[0]), x[3], z, z, z, z]
    }
}

/// Bᵀ· for six points.
#[inline(always)]
unsafe fn bt6<S: Simd>(x: Line<S>) -> Line<S> {
    // SAFETY: the caller's.
    unsafe {
        let z = S::splat(0.0);
        let (s1, d1) = pair::<S>(by::<S>(x[2], -4.0, x[4]), by::<S>(x[1], -4.0, x[3]));
        let (even, odd) = (S::sub(x[4], x[2]), S::sub(x[3], x[1]));
        [
            by::<S>(x[0], 4.0, by::<S>(x[2], -5.0, x[4])),
            s1,
            d1,
            by::<S>(odd, 2.0, even),
            by::<S>(odd, -2.0, even),
            by::<S>(x[1], 4.0, by::<S>(x[3], -5.0, x[5])),
            z,
            z,
        ]
    }
}

#[inline(always)]
unsafe fn b6<S: Simd>(x: Line<S>) -> Line<S> {
    // SAFETY: the caller's.
    unsafe {
        let z = S::splat(0.0);
        let ((s1, d1), (s2, d2)) = (pair::<S>(x[1], x[2]), pair::<S>(x[3], x[4]));
        [
            times::<S>(x[0], 4.0),
            by::<S>(d1, -4.0, by::<S>(d2, -2.0, times::<S>(x[5], 4.0))),
            S::sub(by::<S>(x[0], -5.0, times::<S>(s1, -4.0)), s2),
            by::<S>(d2, 2.0, by::<S>(x[5], -5.0, d1)),
            S::add(x[0], S::add(s1, s2)),
            x[5],
            z,
            z,
        ]
    }
}

/// Bᵀ· for eight points.
#[inline(always)]
unsafe fn bt8<S: Simd>(x: Line<S>) -> Line<S> {
    // SAFETY: the caller's.
    unsafe {
        let (s1, d1) = pair::<S>(
            by::<S>(x[4], -4.25, S::add(x[2], x[6])),
            by::<S>(x[3], -4.25, S::add(x[1], x[5])),
        );
        let (s2, d2) = pair::<S>(
            by::<S>(x[2], 0.25, by::<S>(x[4], -1.25, x[6])),
            by::<S>(x[1], 0.5, by::<S>(x[3], -2.5, times::<S>(x[5], 2.0))),
        );
        let (s3, d3) = pair::<S>(
            by::<S>(x[2], 4.0, by::<S>(x[4], -5.0, x[6])),
            by::<S>(x[1], 2.0, by::<S>(x[3], -2.5, times::<S>(x[5], 0.5))),
        );
        let first = by::<S>(S::sub(x[4], x[2]), 5.25, S::sub(x[0], x[6]));
        let last = by::<S>(S::sub(x[3], x[5]), 5.25, S::sub(x[7], x[1]));
        [first, s1, d1, s2, d2, s3, d3, last]
    }
}

#[inline(always)]
unsafe fn b8<S: Simd>(x: Line<S>) -> Line<S> {
    // SAFETY: the caller's.
    unsafe {
        let ((s1, d1), (s2, d2)) = (pair::<S>(x[1], x[2]), pair::<S>(x[3], x[4]));
        let (s3, d3) = pair::<S>(x[5], x[6]);
        [
            x[0],
            by::<S>(d2, 0.5, by::<S>(d3, 2.0, S::sub(d1, x[7]))),
            by::<S>(x[0], -5.25, by::<S>(s2, 0.25, by::<S>(s3, 4.0, s1))),
            by::<S>(d1, -4.25, by::<S>(S::add(d2, d3), -2.5, times::<S>(x[7], 5.25))),
            by::<S>(x[0], 5.25, by::<S>(s1, -4.25, by::<S>(s2, -1.25, times::<S>(s3, -5.0)))),
            by::<S>(x[7], -5.25, by::<S>(d2, 2.0, by::<S>(d3, 0.5, d1))),
            S::sub(S::add(s1, S::add(s2, s3)), x[0]),
            x[7],
        ]
    }
}

/// F(2×2, 3×3).
#[derive(Debug)]
pub struct F23;
/// F(4×4, 3×3).
#[derive(Debug)]
pub struct F43;
/// F(2×2, 5×5).
#[derive(Debug)]
pub struct F25;
/// F(4×4, 5×5).
#[derive(Debug)]
pub struct F45;

impl Tile for F23 {
    const T: usize = 4;
    const M: usize = 2;
    const R: usize = 3;
    #[inline(always)]
    unsafe fn bt<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { bt4::<S>(x) }
    }
    #[inline(always)]
    unsafe fn b<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { b4::<S>(x) }
    }
    #[inline(always)]
    unsafe fn at<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let z = S::splat(0.0);
            let (s, d) = pair::<S>(x[1], x[2]);
            [S::add(x[0], s), S::add(d, x[3]), z, z, z, z, z, z]
        }
    }
    #[inline(always)]
    unsafe fn a<S: Simd>(g: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let z = S::splat(0.0);
            let (s, d) = pair::<S>(g[0], g[1]);
            [g[0], s, d, g[1], z, z, z, z]
        }
    }
}

impl Tile for F43 {
    const T: usize = 6;
    const M: usize = 4;
    const R: usize = 3;
    #[inline(always)]
    unsafe fn bt<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { bt6::<S>(x) }
    }
    #[inline(always)]
    unsafe fn b<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { b6::<S>(x) }
    }
    #[inline(always)]
    unsafe fn at<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let z = S::splat(0.0);
            let ((s1, d1), (s2, d2)) = (pair::<S>(x[1], x[2]), pair::<S>(x[3], x[4]));
            [
                S::add(x[0], S::add(s1, s2)),
                by::<S>(d2, 2.0, d1),
                by::<S>(s2, 4.0, s1),
                S::add(by::<S>(d2, 8.0, d1), x[5]),
                z,
                z,
                z,
                z,
            ]
        }
    }
    #[inline(always)]
    unsafe fn a<S: Simd>(g: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let z = S::splat(0.0);
            let (s1, d1) = pair::<S>(S::add(g[0], g[2]), S::add(g[1], g[3]));
            let (s2, d2) =
                pair::<S>(by::<S>(g[2], 4.0, g[0]), by::<S>(g[3], 8.0, times::<S>(g[1], 2.0)));
            [g[0], s1, d1, s2, d2, g[3], z, z]
        }
    }
}

impl Tile for F25 {
    const T: usize = 6;
    const M: usize = 2;
    const R: usize = 5;
    #[inline(always)]
    unsafe fn bt<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { bt6::<S>(x) }
    }
    #[inline(always)]
    unsafe fn b<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { b6::<S>(x) }
    }
    #[inline(always)]
    unsafe fn at<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let z = S::splat(0.0);
            let ((s1, d1), (s2, d2)) = (pair::<S>(x[1], x[2]), pair::<S>(x[3], x[4]));
            let second = S::add(by::<S>(d2, 2.0, d1), x[5]);
            [S::add(x[0], S::add(s1, s2)), second, z, z, z, z, z, z]
        }
    }
    #[inline(always)]
    unsafe fn a<S: Simd>(g: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let z = S::splat(0.0);
            let (s1, d1) = pair::<S>(g[0], g[1]);
            [g[0], s1, d1, by::<S>(g[1], 2.0, g[0]), by::<S>(g[1], -2.0, g[0]), g[1], z, z]
        }
    }
}

impl Tile for F45 {
    const T: usize = 8;
    const M: usize = 4;
    const R: usize = 5;
    #[inline(always)]
    unsafe fn bt<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { bt8::<S>(x) }
    }
    #[inline(always)]
    unsafe fn b<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe { b8::<S>(x) }
    }
    #[inline(always)]
    unsafe fn at<S: Simd>(x: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let z = S::splat(0.0);
            let ((s1, d1), (s2, d2)) = (pair::<S>(x[1], x[2]), pair::<S>(x[3], x[4]));
            let (s3, d3) = pair::<S>(x[5], x[6]);
            [
                S::add(S::add(x[0], s1), S::add(s2, s3)),
                by::<S>(d2, 2.0, by::<S>(d3, 0.5, d1)),
                by::<S>(s2, 4.0, by::<S>(s3, 0.25, s1)),
                by::<S>(d2, 8.0, by::<S>(d3, 0.125, S::add(d1, x[7]))),
                z,
                z,
                z,
                z,
            ]
        }
    }
    #[inline(always)]
    unsafe fn a<S: Simd>(g: Line<S>) -> Line<S> {
        // SAFETY: the caller's.
        unsafe {
            let (s1, d1) = pair::<S>(S::add(g[0], g[2]), S::add(g[1], g[3]));
            let (s2, d2) =
                pair::<S>(by::<S>(g[2], 4.0, g[0]), by::<S>(g[3], 8.0, times::<S>(g[1], 2.0)));
            let (s3, d3) =
                pair::<S>(by::<S>(g[2], 0.25, g[0]), by::<S>(g[3], 0.125, times::<S>(g[1], 0.5)));
            [g[0], s1, d1, s2, d2, s3, d3, g[3]]
        }
    }
}

/// G, row by row: the points' powers, scaled so that Bᵀ has simple numbers.
pub fn g(t: usize, r: usize) -> Vec<[f32; 5]> {
    let points: &[(f64, f64)] = match t {
        4 => &[(0.0, 1.0), (1.0, 0.5), (-1.0, 0.5)],
        6 => &[
            (0.0, 0.25),
            (1.0, -1.0 / 6.0),
            (-1.0, -1.0 / 6.0),
            (2.0, 1.0 / 24.0),
            (-2.0, 1.0 / 24.0),
        ],
        _ => &[
            (0.0, 1.0),
            (1.0, -2.0 / 9.0),
            (-1.0, -2.0 / 9.0),
            (2.0, 1.0 / 90.0),
            (-2.0, 1.0 / 90.0),
            (0.5, 32.0 / 45.0),
            (-0.5, 32.0 / 45.0),
        ],
    };
    let mut rows: Vec<[f32; 5]> = points
        .iter()
        .map(|(point, scale)| {
            std::array::from_fn(|j| if j < r { (scale * point.powi(j as i32)) as f32 } else { 0.0 })
        })
        .collect();
    rows.push(std::array::from_fn(|j| f32::from(u8::from(j == r - 1))));
    rows
}

//! Products of small matrices on one thread: `C = A·B` or `C += A·B`.
//!
//! Nothing is packed: the callers keep their matrices in an order in which rows
//! of `B` and `C` are contiguous, and the elements of `A` are broadcast, so `A`
//! may be stored either way round.
#![allow(unsafe_code, reason = "the inner loop of everything: pointers checked once, at the call")]

use super::simd::{Kernel, Simd, launch};
use crate::core::isa::Isa;

/// A matrix that is read by element: its element (i, k) is at
/// `i·row + (k mod panel)·column + (k div panel)·jump`.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    values: &'a [f32],
    row: usize,
    column: usize,
    panel: usize,
    jump: usize,
}

impl<'a> Left<'a> {
    /// Rows of `width` numbers.
    pub fn rows(values: &'a [f32], width: usize) -> Self {
        Self { values, row: width, column: 1, panel: usize::MAX, jump: 0 }
    }

    /// The transposed of rows of `width` numbers.
    pub fn transposed(values: &'a [f32], width: usize) -> Self {
        Self { values, row: 1, column: width, panel: usize::MAX, jump: 0 }
    }

    /// Rows of 32 numbers in panels that are `jump` apart; the columns run
    /// through the panels.
    pub fn panels(values: &'a [f32], jump: usize) -> Self {
        Self { values, row: 32, column: 1, panel: 32, jump }
    }
}

/// Computes `c[m×n] = a·b` (or adds to it); `b` has `k` rows that are `b_row`
/// apart, `c` has rows that are `c_row` apart.
#[allow(clippy::too_many_arguments, reason = "the usual arguments of a matrix product")]
pub fn product(
    isa: Isa,
    (m, k, n): (usize, usize, usize),
    a: Left<'_>,
    b: &[f32],
    b_row: usize,
    c: &mut [f32],
    c_row: usize,
    accumulate: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    // Sizes and distances may be any numbers: none of the sums may overflow. A
    // slice that is long enough for the largest holds every smaller offset.
    let end = |rows: usize, row: usize| (rows - 1).checked_mul(row)?.checked_add(n);
    assert!(end(m, c_row).is_some_and(|end| end <= c.len()), "C is too small");
    let (panel, panels) = if a.panel == usize::MAX { (k, 1) } else { (a.panel, k / a.panel) };
    assert_eq!(panel * panels, k, "whole panels");
    if k > 0 {
        assert!(end(k, b_row).is_some_and(|end| end <= b.len()), "B is too small");
        let last = [(m, a.row), (panel, a.column), (panels, a.jump)]
            .into_iter()
            .try_fold(0usize, |sum, (n, by)| sum.checked_add((n - 1).checked_mul(by)?));
        assert!(last.is_some_and(|last| last < a.values.len()), "A is too small");
    }
    let kernel = Multiply {
        m,
        n,
        panels,
        panel,
        a: a.values.as_ptr(),
        a_row: a.row,
        a_column: a.column,
        a_jump: a.jump,
        b: b.as_ptr(),
        b_row,
        c: c.as_mut_ptr(),
        c_row,
        accumulate,
    };
    // SAFETY: the largest offset into each matrix was checked above.
    unsafe { launch(isa, kernel) }
}

/// A loop over less than 13 numbers, written out: sums stay in registers in builds
/// that do not unroll loops, too, which makes tests several times as fast.
macro_rules! each {
    ($i:ident of $n:ident, $do:expr) => {
        each!(@ $i of $n, $do, 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    (@ $i:ident of $n:ident, $do:expr, $($k:literal)*) => {
        $(if $k < $n {
            let $i: usize = $k;
            $do;
        })*
    };
}

struct Multiply {
    m: usize,
    n: usize,
    panels: usize,
    panel: usize,
    a: *const f32,
    a_row: usize,
    a_column: usize,
    a_jump: usize,
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    accumulate: bool,
}

impl Kernel for Multiply {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: `product` checked the bounds.
        unsafe {
            let mut column = 0;
            // One row leaves registers free: more columns hide the latency.
            while self.m == 1 && column + 8 * S::LANES <= self.n {
                self.block::<S, 1, 8>(0, column);
                column += 8 * S::LANES;
            }
            while column + 2 * S::LANES <= self.n {
                self.columns::<S, 2>(column);
                column += 2 * S::LANES;
            }
            while column + S::LANES <= self.n {
                self.columns::<S, 1>(column);
                column += S::LANES;
            }
            self.rest::<S>(column);
        }
    }
}

impl Multiply {
    /// `W` vectors of columns, in blocks of rows of nearly equal size.
    #[inline(always)]
    unsafe fn columns<S: Simd, const W: usize>(&self, column: usize) {
        const { assert!(S::ROWS <= 12, "the largest block below") };
        let blocks = self.m.div_ceil(S::ROWS);
        let mut row = 0;
        for block in 0..blocks {
            let rows = (self.m - row).div_ceil(blocks - block);
            // SAFETY: `product` checked the bounds; rows ≤ S::ROWS ≤ 12.
            unsafe {
                match rows {
                    12 => self.block::<S, 12, W>(row, column),
                    11 => self.block::<S, 11, W>(row, column),
                    10 => self.block::<S, 10, W>(row, column),
                    9 => self.block::<S, 9, W>(row, column),
                    8 => self.block::<S, 8, W>(row, column),
                    7 => self.block::<S, 7, W>(row, column),
                    6 => self.block::<S, 6, W>(row, column),
                    5 => self.block::<S, 5, W>(row, column),
                    4 => self.block::<S, 4, W>(row, column),
                    3 => self.block::<S, 3, W>(row, column),
                    2 => self.block::<S, 2, W>(row, column),
                    _ => self.block::<S, 1, W>(row, column),
                }
            }
            row += rows;
        }
    }

    /// `R` rows of `W` vectors, held in registers.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const W: usize>(&self, row: usize, column: usize) {
        const { assert!(R <= 12 && W <= 12, "`each!` goes no further") };
        // SAFETY: `product` checked the bounds.
        unsafe {
            let mut sums = [[S::splat(0.0); W]; R];
            let mut b = self.b.add(column);
            for panel in 0..self.panels {
                let mut a = self.a.add(panel * self.a_jump + row * self.a_row);
                for _ in 0..self.panel {
                    let mut right = [S::splat(0.0); W];
                    each!(j of W, right[j] = S::load(b.add(j * S::LANES)));
                    each!(i of R, {
                        let left = S::splat(*a.add(i * self.a_row));
                        each!(j of W, sums[i][j] = S::fma(left, right[j], sums[i][j]));
                    });
                    a = a.add(self.a_column);
                    b = b.add(self.b_row);
                }
            }
            for (i, sums) in sums.iter().enumerate() {
                for (j, s) in sums.iter().enumerate() {
                    let c = self.c.add((row + i) * self.c_row + column + j * S::LANES);
                    S::store(c, if self.accumulate { S::add(S::load(c), *s) } else { *s });
                }
            }
        }
    }

    /// The columns that fill no vector: those of the ten classes, for one. In blocks of
    /// rows, with products and sums rounded apart.
    #[inline(always)]
    unsafe fn rest<S: Simd>(&self, column: usize) {
        let n = self.n - column;
        if n == 0 {
            return;
        }
        let mut row = 0;
        // SAFETY: `product` checked the bounds; no more than the last n columns are touched.
        unsafe {
            while row + 8 <= self.m {
                self.narrow::<S, 8>(row, column, n);
                row += 8;
            }
            while row + 4 <= self.m {
                self.narrow::<S, 4>(row, column, n);
                row += 4;
            }
            while row < self.m {
                self.narrow::<S, 1>(row, column, n);
                row += 1;
            }
        }
    }

    /// `R` rows of the first `n` columns of a vector.
    #[inline(always)]
    unsafe fn narrow<S: Simd, const R: usize>(&self, row: usize, column: usize, n: usize) {
        // SAFETY: `product` checked the bounds.
        unsafe {
            let mut sums = [S::splat(0.0); R];
            let mut b = self.b.add(column);
            for panel in 0..self.panels {
                let mut a = self.a.add(panel * self.a_jump + row * self.a_row);
                for _ in 0..self.panel {
                    let right = S::load_first(b, n);
                    each!(i of R, {
                        let left = S::splat(*a.add(i * self.a_row));
                        sums[i] = S::add(sums[i], S::mul(left, right));
                    });
                    a = a.add(self.a_column);
                    b = b.add(self.b_row);
                }
            }
            for (i, s) in sums.iter().enumerate() {
                let c = self.c.add((row + i) * self.c_row + column);
                let sum = if self.accumulate { S::add(S::load_first(c, n), *s) } else { *s };
                S::store_first(c, n, sum);
            }
        }
    }
}

/// `c[n] = a·b` for one row `a`, whose zeros cost nothing: most pixels are
/// background and about half of all ReLUs are silent, and the rows of `b` that
/// they would have read are what takes the time. The sum is taken in the same
/// order as by [`product`], so the result is the same to the last bit, if `b` is
/// finite.
pub fn sparse_row(isa: Isa, a: &[f32], b: &[f32], c: &mut [f32]) {
    let n = c.len();
    assert!(a.len().checked_mul(n).is_some_and(|len| len <= b.len()), "B is too small");
    assert!(u32::try_from(a.len()).is_ok(), "A is too long");
    let active = a.iter().enumerate().filter(|(_, v)| **v != 0.0);
    let active: Vec<(u32, f32)> = active.map(|(k, v)| (k as u32, *v)).collect();
    // SAFETY: rows are below a.len(), and b holds a.len() rows of n.
    unsafe { launch(isa, SparseRow { active: &active, b: b.as_ptr(), c }) }
}

struct SparseRow<'a> {
    active: &'a [(u32, f32)],
    b: *const f32,
    c: &'a mut [f32],
}

impl Kernel for SparseRow<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let mut column = 0;
        // SAFETY: `sparse_row` checked the bounds.
        unsafe {
            while column + 8 * S::LANES <= self.c.len() {
                self.block::<S, 8>(column);
                column += 8 * S::LANES;
            }
            while column + S::LANES <= self.c.len() {
                self.block::<S, 1>(column);
                column += S::LANES;
            }
        }
        let (n, left) = (self.c.len(), self.c.len() - column);
        if left == 0 {
            return;
        }
        // SAFETY: `sparse_row` checked the bounds; only the last columns are touched.
        unsafe {
            let mut sum = S::splat(0.0);
            for (k, a) in self.active {
                let b = S::load_first(self.b.add(*k as usize * n + column), left);
                sum = S::add(sum, S::mul(S::splat(*a), b));
            }
            S::store_first(self.c.as_mut_ptr().add(column), left, sum);
        }
    }
}

impl SparseRow<'_> {
    /// `W` vectors of columns, held in registers.
    #[inline(always)]
    unsafe fn block<S: Simd, const W: usize>(&mut self, column: usize) {
        let n = self.c.len();
        // SAFETY: `sparse_row` checked the bounds.
        unsafe {
            let mut sums = [S::splat(0.0); W];
            for (k, a) in self.active {
                let (left, b) = (S::splat(*a), self.b.add(*k as usize * n + column));
                for (j, s) in sums.iter_mut().enumerate() {
                    *s = S::fma(left, S::load(b.add(j * S::LANES)), *s);
                }
            }
            for (j, s) in sums.iter().enumerate() {
                S::store(self.c.as_mut_ptr().add(column + j * S::LANES), *s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rng::Rng;

    #[test]
    fn sizes_that_do_not_fit_the_slices_are_refused_also_where_they_overflow() {
        let (numbers, big) = ([1f32; 64], usize::MAX);
        let half = 1 << 63;
        for (shape, width, b_row, c_row) in [
            ((8, 8, 9), 8, 8, 8),
            ((9, 8, 8), 8, 8, 8),
            ((8, 9, 8), 8, 8, 8),
            ((8, 8, 8), 9, 8, 8),
            ((8, 8, 8), 8, 9, 8),
            ((8, 8, 8), 8, 8, 9),
            ((1, 1, big), 1, 1, 1),
            ((3, 1, 1), 1, 1, half),
            ((3, 1, 1), half, 1, 1),
            ((1, 3, 1), 1, half, 1),
            ((2, 1, 2), 1, 1, big),
            ((half, 1, 1), 2, 1, 2),
            ((1, half, 1), 1, 2, 1),
        ] {
            let refused = std::panic::catch_unwind(|| {
                let (left, mut c) = (Left::rows(&numbers, width), [0f32; 64]);
                product(Isa::best(), shape, left, &numbers, b_row, &mut c, c_row, false);
            });
            assert!(refused.is_err(), "{shape:?} {width} {b_row} {c_row}");
        }
        let refused = std::panic::catch_unwind(|| {
            let (left, mut c) = (Left::panels(&numbers, half), [0f32; 2]);
            product(Isa::best(), (1, 96, 1), left, &[0.0; 96], 1, &mut c, 1, false);
        });
        assert!(refused.is_err());
    }

    #[test]
    fn a_sparse_row_gives_the_same_bits_as_the_whole_product() {
        let mut rng = Rng::stream(2, "sparse", 0);
        for isa in Isa::available() {
            for (k, n) in [(0, 9), (784, 512), (37, 10), (5, 150)] {
                let a: Vec<f32> = (0..k).map(|_| (rng.normal() - 0.8).max(0.0)).collect();
                let b: Vec<f32> = (0..k * n).map(|_| rng.normal()).collect();
                let (mut whole, mut sparse) = (vec![7.0; n], vec![7.0; n]);
                product(isa, (1, k, n), Left::rows(&a, k), &b, n, &mut whole, n, false);
                sparse_row(isa, &a, &b, &mut sparse);
                assert_eq!(whole, sparse, "{isa:?} {k} {n}");
            }
        }
    }

    #[test]
    fn every_shape_and_order_agrees_with_the_schoolbook_on_every_engine() {
        let mut rng = Rng::stream(1, "product", 0);
        for isa in Isa::available() {
            for (m, k, n) in
                [(1, 1, 1), (5, 32, 32), (13, 7, 50), (36, 64, 64), (16, 3, 10), (2, 0, 9)]
            {
                let a: Vec<f32> = (0..m * k).map(|_| rng.normal()).collect();
                let b: Vec<f32> = (0..k * n).map(|_| rng.normal()).collect();
                let turned: Vec<f32> =
                    (0..m * k).map(|i| a[i % m.max(1) * k + i / m.max(1)]).collect();
                let wanted = |i: usize, j: usize| -> f64 {
                    (0..k).map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j])).sum()
                };
                let mut orders = vec![Left::rows(&a, k), Left::transposed(&turned, m)];
                let panels: Vec<f32> =
                    (0..m * k).map(|i| a[(i / 32 % m) * k + i / (32 * m) * 32 + i % 32]).collect();
                if k > 0 && k % 32 == 0 {
                    orders.push(Left::panels(&panels, 32 * m));
                }
                for left in orders {
                    let mut c = vec![1f32; m * n];
                    product(isa, (m, k, n), left, &b, n, &mut c, n, true);
                    product(isa, (m, k, n), left, &b, n, &mut c, n, true);
                    for i in 0..m {
                        for j in 0..n {
                            let error = f64::from(c[i * n + j]) - (1.0 + 2.0 * wanted(i, j));
                            // Sums up to some tens, of 64 terms, rounded to 2⁻²⁴ each.
                            assert!(error.abs() < 6e-5, "{isa:?} {m} {k} {n}: {error}");
                        }
                    }
                }
            }
        }
    }
}

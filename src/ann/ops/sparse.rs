//! Products with a matrix most of whose numbers are zero, on one thread: pixels are
//! mostly background, and rectified units mostly silent.
//!
//! What is not zero is listed first ([`Active`]); then only these terms are added, in
//! the order in which [`super::product::product`] adds them. So both give the same
//! bits, as long as the other matrix is finite.
#![allow(unsafe_code, reason = "an inner loop: every place checked once, at the call")]

use std::cell::RefCell;

use super::product::{Left, product};
use super::simd::{Kernel, Simd, launch};
use crate::core::isa::Isa;

/// Above this share of numbers that are not zero the plain product is faster.
const WORTH: f64 = 0.4;
/// Rows of the other matrix that are gone through together: with eight vectors of
/// columns they stay in the first cache.
const TOGETHER: usize = 48;

/// What is not zero in each row of a matrix: the place in its row, and the number.
#[derive(Debug, Default)]
struct Active {
    /// Where each row's entries begin and end.
    rows: Vec<(u32, u32)>,
    /// As many as there ever were.
    entries: Vec<(u32, f32)>,
    /// Length of a row.
    width: usize,
    /// How far each row's entries have been gone through.
    cursors: Vec<(u32, u32)>,
}

impl Active {
    /// Lists the rows of `x`, `(n, inputs)`; tells whether there are few enough entries.
    fn list(&mut self, isa: Isa, x: &[f32], (n, inputs): (usize, usize)) -> bool {
        let most = (WORTH * (n * inputs) as f64) as usize;
        self.width = inputs;
        self.rows.clear();
        // How many there are is asked once a row.
        self.make_room(most + inputs);
        let mut len = 0u32;
        for row in x.chunks_exact(inputs) {
            let begin = len;
            let entries = &mut self.entries;
            // SAFETY: the instruction set is there, and the row is whole.
            unsafe {
                let found = |place, v| {
                    entries[len as usize] = (place, v);
                    len += 1;
                };
                launch(isa, Nonzero { row, found });
            }
            self.rows.push((begin, len));
            if len as usize > most {
                return false;
            }
        }
        true
    }

    /// The same with columns `from` to `from + columns` of `x` as the rows.
    fn list_columns(
        &mut self,
        isa: Isa,
        x: &[f32],
        (n, inputs): (usize, usize),
        (from, columns): (usize, usize),
    ) -> bool {
        let most = (WORTH * (n * columns) as f64) as usize;
        self.width = n;
        self.make_room(n * columns);
        self.rows.clear();
        self.rows.extend((0..columns).map(|c| ((c * n) as u32, (c * n) as u32)));
        let mut len = 0;
        for (i, row) in x.chunks_exact(inputs).enumerate() {
            let (entries, rows) = (&mut self.entries, &mut self.rows);
            // SAFETY: as above.
            unsafe {
                let found = |place: u32, v| {
                    let end = &mut rows[place as usize].1;
                    entries[*end as usize] = (i as u32, v);
                    *end += 1;
                    len += 1;
                };
                launch(isa, Nonzero { row: &row[from..from + columns], found });
            }
            if len > most {
                return false;
            }
        }
        true
    }

    fn make_room(&mut self, entries: usize) {
        if self.entries.len() < entries {
            self.entries.resize(entries, (0, 0.0));
        }
    }
}

/// Calls `found` with the place and value of each number that is not zero.
struct Nonzero<'a, F> {
    row: &'a [f32],
    found: F,
}

impl<F: FnMut(u32, f32)> Kernel for Nonzero<'_, F> {
    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        for (chunk, numbers) in self.row.chunks(S::LANES).enumerate() {
            // SAFETY: the vector is read only as far as the chunk goes.
            let mut bits = unsafe {
                let whole = numbers.len() == S::LANES;
                let p = numbers.as_ptr();
                S::nonzero(if whole { S::load(p) } else { S::load_first(p, numbers.len()) })
            };
            while bits != 0 {
                let lane = bits.trailing_zeros();
                (self.found)((chunk * S::LANES) as u32 + lane, numbers[lane as usize]);
                bits &= bits - 1;
            }
        }
    }
}

thread_local! {
    /// Lists are made anew for each product, in the same memory.
    static ACTIVE: RefCell<Active> = RefCell::default();
}

/// `y = x·w`, with `x` `(n, inputs)`, of which much may be zero, and `w` `(inputs, units)`.
pub(in crate::ann) fn times(
    isa: Isa,
    (n, inputs, units): (usize, usize, usize),
    x: &[f32],
    w: &[f32],
    y: &mut [f32],
) {
    let x = &x[..n * inputs];
    ACTIVE.with_borrow_mut(|active| {
        if active.list(isa, x, (n, inputs)) {
            add(isa, active, w, &mut y[..n * units], units, false);
        } else {
            product(isa, (n, inputs, units), Left::rows(x, inputs), w, units, y, units, false);
        }
    });
}

/// `out = xᵀ·y` (or is added to), rows `from` to `from + rows` of it: `x` is `(n,
/// inputs)`, of which much may be zero, `y` `(n, units)`.
pub(in crate::ann) fn outer(
    isa: Isa,
    (n, inputs, units): (usize, usize, usize),
    (from, rows): (usize, usize),
    x: &[f32],
    y: &[f32],
    out: &mut [f32],
    accumulate: bool,
) {
    let x = &x[..n * inputs];
    assert!(from + rows <= inputs, "no such rows");
    ACTIVE.with_borrow_mut(|active| {
        if active.list_columns(isa, x, (n, inputs), (from, rows)) {
            add(isa, active, y, &mut out[..rows * units], units, accumulate);
        } else {
            super::dense::outer(isa, (n, inputs, units), (from, rows), x, y, out, accumulate);
        }
    });
}

/// `c = a·b` (or is added to) with what is not zero of `a`; `b` has rows of `n` numbers.
fn add(isa: Isa, a: &mut Active, b: &[f32], c: &mut [f32], n: usize, accumulate: bool) {
    let rows = a.rows.len();
    assert!(a.width.checked_mul(n).is_some_and(|len| len <= b.len()), "B is too small");
    assert!(rows.checked_mul(n).is_some_and(|len| len <= c.len()), "C is too small");
    // Only whole sums are added to what is there.
    let together = if accumulate { a.width } else { TOGETHER };
    let mut cursors = std::mem::take(&mut a.cursors);
    let (b, c) = (b.as_ptr(), c.as_mut_ptr());
    // SAFETY: entries are below a.width, and b has as many rows; c has a row for each
    // list.
    unsafe { launch(isa, Add { a, b, c, n, accumulate, together, cursors: &mut cursors }) }
    a.cursors = cursors;
}

struct Add<'a> {
    a: &'a Active,
    b: *const f32,
    c: *mut f32,
    n: usize,
    accumulate: bool,
    together: usize,
    /// How far each row's list has been gone through.
    cursors: &'a mut Vec<(u32, u32)>,
}

impl Kernel for Add<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(mut self) {
        let mut column = 0;
        // SAFETY: `add` checked the bounds.
        unsafe {
            while column + 8 * S::LANES <= self.n {
                self.columns::<S, 8>(column);
                column += 8 * S::LANES;
            }
            while column + 4 * S::LANES <= self.n {
                self.columns::<S, 4>(column);
                column += 4 * S::LANES;
            }
            while column + S::LANES <= self.n {
                self.columns::<S, 1>(column);
                column += S::LANES;
            }
            if column < self.n {
                self.rest::<S>(column);
            }
        }
    }
}

impl Add<'_> {
    /// `W` vectors of columns of all rows.
    #[inline(always)]
    unsafe fn columns<S: Simd, const W: usize>(&mut self, column: usize) {
        self.cursors.clone_from(&self.a.rows);
        let mut from = 0;
        while from < self.a.width || from == 0 {
            let first = from == 0;
            from += self.together.max(1);
            for (row, (begin, end)) in self.cursors.iter_mut().enumerate() {
                let entries = &self.a.entries[*begin as usize..*end as usize];
                // SAFETY: `add` checked the bounds.
                unsafe {
                    let c = self.c.add(row * self.n + column);
                    let mut sums = [S::splat(0.0); W];
                    if !first {
                        for (j, s) in sums.iter_mut().enumerate() {
                            *s = S::load(c.add(j * S::LANES));
                        }
                    }
                    let mut done = 0;
                    for (k, a) in entries {
                        let k = *k as usize;
                        if k >= from {
                            break;
                        }
                        let (left, b) = (S::splat(*a), self.b.add(k * self.n + column));
                        for (j, s) in sums.iter_mut().enumerate() {
                            *s = S::fma(left, S::load(b.add(j * S::LANES)), *s);
                        }
                        done += 1;
                    }
                    if done == 0 && !first {
                        continue;
                    }
                    *begin += done;
                    for (j, s) in sums.iter().enumerate() {
                        let c = c.add(j * S::LANES);
                        S::store(c, if self.accumulate { S::add(S::load(c), *s) } else { *s });
                    }
                }
            }
        }
    }

    /// The columns that fill no vector, with products and sums rounded apart as
    /// [`product`] does.
    #[inline(always)]
    unsafe fn rest<S: Simd>(&mut self, column: usize) {
        let n = self.n - column;
        for (row, (begin, end)) in self.a.rows.iter().enumerate() {
            // SAFETY: `add` checked the bounds.
            unsafe {
                let mut sum = S::splat(0.0);
                for (k, a) in &self.a.entries[*begin as usize..*end as usize] {
                    let b = S::load_first(self.b.add(*k as usize * self.n + column), n);
                    sum = S::add(sum, S::mul(S::splat(*a), b));
                }
                let c = self.c.add(row * self.n + column);
                let sum = if self.accumulate { S::add(S::load_first(c, n), sum) } else { sum };
                S::store_first(c, n, sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rng::Rng;

    #[test]
    fn what_is_left_out_changes_no_bit() {
        let mut rng = Rng::stream(4, "sparse", 0);
        for isa in Isa::available() {
            for share in [0.0, 0.2, 0.9] {
                for (n, inputs, units) in [(5, 130, 150), (64, 784, 20), (1, 3, 7), (9, 50, 10)] {
                    let mut x: Vec<f32> = (0..n * inputs).map(|_| rng.normal()).collect();
                    x.iter_mut().for_each(|v| *v *= f32::from(u8::from(rng.uniform() < share)));
                    let w: Vec<f32> = (0..inputs * units).map(|_| rng.normal()).collect();
                    let (mut whole, mut sparse) = (vec![7.0; n * units], vec![7.0; n * units]);
                    let left = Left::rows(&x, inputs);
                    product(isa, (n, inputs, units), left, &w, units, &mut whole, units, false);
                    times(isa, (n, inputs, units), &x, &w, &mut sparse);
                    assert_eq!(whole, sparse, "{isa:?} {share} {n} {inputs} {units}");
                    let y: Vec<f32> = (0..n * units).map(|_| rng.normal()).collect();
                    for accumulate in [false, true] {
                        let (from, rows) = (inputs / 3, inputs / 2);
                        let mut whole = vec![7.0; rows * units];
                        let mut sparse = whole.clone();
                        let shape = (n, inputs, units);
                        let at = (from, rows);
                        super::super::dense::outer(isa, shape, at, &x, &y, &mut whole, accumulate);
                        outer(isa, shape, at, &x, &y, &mut sparse, accumulate);
                        assert_eq!(whole, sparse, "{isa:?} {share} {n} {inputs} {units}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_nan_is_not_left_out() {
        let (x, w, mut y) = ([0.0, f32::NAN, 0.0, 0.0], [1.0; 4], [0.0]);
        times(Isa::best(), (1, 4, 1), &x, &w, &mut y);
        assert!(y[0].is_nan());
    }
}

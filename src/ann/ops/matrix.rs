//! Products of matrices on one thread, with bounds checked.

use gemm::{Parallelism, gemm};

/// A matrix within a slice.
#[derive(Clone, Copy)]
pub struct View<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    /// Distance between rows and between columns.
    strides: (usize, usize),
}

impl<'a> View<'a> {
    /// Row after row.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(rows.checked_mul(columns).is_some_and(|n| n <= values.len()));
        Self { values, rows, columns, strides: (columns, 1) }
    }

    /// The transposed matrix; nothing is moved.
    pub fn t(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            strides: (self.strides.1, self.strides.0),
            ..self
        }
    }
}

/// `out = a · b`, or `out += a · b` when accumulating; `out` is row after row.
pub fn multiply(out: &mut [f32], a: View<'_>, b: View<'_>, accumulate: bool) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert_eq!(k, b.rows);
    assert!(m.checked_mul(n).is_some_and(|len| len <= out.len()));
    #[allow(unsafe_code, reason = "the product of matrices is a kernel behind a C-like interface")]
    // SAFETY: View::new checked that each matrix lies within its slice for these
    // dimensions and strides, and `out` was checked above; `out` is borrowed
    // mutably, so it overlaps neither input.
    unsafe {
        gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            a.values.as_ptr(),
            a.strides.1 as isize,
            a.strides.0 as isize,
            b.values.as_ptr(),
            b.strides.1 as isize,
            b.strides.0 as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_with_and_without_transposition() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [1.0, 0.0, 2.0, 1.0, 0.0, 3.0];
        let mut out = [0.0; 4];
        multiply(&mut out, View::new(&a, 2, 3), View::new(&b, 3, 2), false);
        assert_eq!(out, [5.0, 11.0, 14.0, 23.0]);
        let mut square = [1.0; 9];
        multiply(&mut square, View::new(&a, 2, 3).t(), View::new(&a, 2, 3), true);
        assert_eq!(square, [18.0, 23.0, 28.0, 23.0, 30.0, 37.0, 28.0, 37.0, 46.0]);
    }
}

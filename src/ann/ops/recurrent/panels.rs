//! Matrices cut into panels of 32 columns, one panel after another, so that a
//! product that goes down the rows of one panel reads memory in one stream. Whole
//! rows of four gates are 2 KB long: every row of a panel would be in a page of
//! its own.

use crate::ann::ops::product::{Left, product};
use crate::core::isa::Isa;

/// Columns of a panel: two vectors of the widest instruction set.
pub const WIDTH: usize = 32;

/// A matrix of `rows` rows in panels; the last may be narrower.
#[derive(Clone, Copy)]
pub struct Panels {
    pub rows: usize,
    pub columns: usize,
}

impl Panels {
    /// The first column, width and place of each panel.
    pub fn each(self) -> impl Iterator<Item = (usize, usize, usize)> {
        (0..self.columns)
            .step_by(WIDTH)
            .map(move |c| (c, WIDTH.min(self.columns - c), c * self.rows))
    }

    /// The place of an element.
    pub fn at(self, row: usize, column: usize) -> usize {
        let first = column / WIDTH * WIDTH;
        first * self.rows + row * WIDTH.min(self.columns - first) + column - first
    }

    /// `c = a·b`, or adds to it; `b` is this matrix, `c` has rows of `c_row`.
    pub fn product(
        self,
        isa: Isa,
        (m, a): (usize, Left<'_>),
        b: &[f32],
        (c, c_row): (&mut [f32], usize),
        accumulate: bool,
    ) {
        for (first, width, place) in self.each() {
            let (b, shape) = (&b[place..], (m, self.rows, width));
            product(isa, shape, a, b, width, &mut c[first..], c_row, accumulate);
        }
    }
}

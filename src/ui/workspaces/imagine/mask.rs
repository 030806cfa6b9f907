//! What is covered of a picture, pixel by pixel.

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds};
use crate::data::{PIXELS, SIDE};

/// The pixels of a row, the leftmost in the lowest bit.
const ROW: u32 = (1 << SIDE) - 1;
/// Half of a row.
const HALF: u32 = (1 << (SIDE / 2)) - 1;

/// Pixels that are covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mask([u32; SIDE]);

impl Mask {
    /// Nothing.
    pub const NONE: Self = Self([0; SIDE]);
    /// The right half.
    pub const RIGHT: Self = Self([ROW & !HALF; SIDE]);
    /// The left half.
    pub const LEFT: Self = Self([HALF; SIDE]);
    /// The upper half.
    pub const TOP: Self = Self::rows(0, SIDE / 2);
    /// The lower half.
    pub const BOTTOM: Self = Self::rows(SIDE / 2, SIDE);
    /// A square in the middle, of half the picture's side.
    pub const MIDDLE: Self = {
        let mut mask = Self::rows(SIDE / 4, SIDE - SIDE / 4);
        let mut y = 0;
        while y < SIDE {
            mask.0[y] &= HALF << (SIDE / 4);
            y += 1;
        }
        mask
    };
    /// All of it.
    pub const ALL: Self = Self([ROW; SIDE]);

    /// Those that have a name.
    pub const NAMED: [(&'static str, Self); 7] = [
        ("Right", Self::RIGHT),
        ("Left", Self::LEFT),
        ("Top", Self::TOP),
        ("Bottom", Self::BOTTOM),
        ("Middle", Self::MIDDLE),
        ("All", Self::ALL),
        ("None", Self::NONE),
    ];

    const fn rows(from: usize, to: usize) -> Self {
        let mut rows = [0; SIDE];
        let mut y = from;
        while y < to {
            rows[y] = ROW;
            y += 1;
        }
        Self(rows)
    }

    /// Whether the pixel of this number is covered.
    pub fn covers(&self, pixel: usize) -> bool {
        let row = self.0.get(pixel / SIDE).copied().unwrap_or(0);
        row >> (pixel % SIDE) & 1 == 1
    }

    /// Which pixels are not.
    pub fn known(&self) -> [bool; PIXELS] {
        std::array::from_fn(|i| !self.covers(i))
    }

    /// How many are.
    pub fn count(&self) -> usize {
        self.0.iter().map(|row| row.count_ones() as usize).sum()
    }

    /// Covers what is nearer than `radius` pixels to the line between two places (pixels
    /// from the left and from the top), or uncovers it.
    pub fn brush(&mut self, from: [f32; 2], to: [f32; 2], radius: f32, cover: bool) {
        if ![from, to].as_flattened().iter().all(|v| v.is_finite()) {
            return;
        }
        let along = [to[0] - from[0], to[1] - from[1]];
        let length = along[0] * along[0] + along[1] * along[1];
        for pixel in 0..PIXELS {
            let (x, y) = (pixel % SIDE, pixel / SIDE);
            let at = [x as f32 + 0.5 - from[0], y as f32 + 0.5 - from[1]];
            let share = if length > 0.0 {
                ((at[0] * along[0] + at[1] * along[1]) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let off = [at[0] - share * along[0], at[1] - share * along[1]];
            if off[0] * off[0] + off[1] * off[1] <= radius * radius {
                let bit = 1 << x;
                self.0[y] = if cover { self.0[y] | bit } else { self.0[y] & !bit };
            }
        }
    }
}

impl Bounded for Mask {
    fn bound(&mut self, to: &mut Bounds) {
        for (y, row) in self.0.iter_mut().enumerate() {
            to.number(y, row, (0.0, f64::from(ROW)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_parts_are_where_they_say_and_a_brush_takes_back_what_it_covered() {
        let half = PIXELS / 2;
        for (name, mask) in Mask::NAMED {
            let count = match name {
                "None" => 0,
                "All" => PIXELS,
                "Middle" => PIXELS / 4,
                _ => half,
            };
            assert_eq!(mask.count(), count, "{name}");
            assert_eq!(mask.known().iter().filter(|k| **k).count(), PIXELS - count, "{name}");
        }
        assert!(Mask::RIGHT.covers(SIDE - 1) && !Mask::RIGHT.covers(0));
        assert!(Mask::TOP.covers(0) && !Mask::TOP.covers(PIXELS - 1));
        assert!(Mask::LEFT.covers(0) && Mask::BOTTOM.covers(PIXELS - 1));

        let mut mask = Mask::NONE;
        mask.brush([2.0, 14.0], [26.0, 14.0], 2.0, true);
        assert!(mask.covers(14 * SIDE + 10) && !mask.covers(20 * SIDE + 10));
        mask.brush([-5.0, 14.0], [40.0, 14.0], 3.0, false);
        assert_eq!(mask, Mask::NONE);
        mask.brush([f32::NAN, 0.0], [1.0, 1.0], 3.0, true);
        assert_eq!(mask, Mask::NONE);
    }
}

//! Digits turned, mirrored and inverted. Some IDX files store images column by column
//! (EMNIST does), or dark ink on light paper.

use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use super::{PIXELS, SIDE};

/// How pictures are changed, in this order; the default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Orientation {
    /// Rows become columns.
    pub transpose: bool,
    /// Left becomes right.
    pub mirror: bool,
    /// Top becomes bottom.
    pub flip: bool,
    /// Dark becomes light.
    pub invert: bool,
}

impl Orientation {
    /// All sixteen, the simplest first.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = (0u8..16)
            .map(|bits| Self {
                transpose: bits & 1 > 0,
                mirror: bits & 2 > 0,
                flip: bits & 4 > 0,
                invert: bits & 8 > 0,
            })
            .collect();
        all.sort_by_key(Self::changes);
        all
    }

    fn changes(&self) -> usize {
        [self.transpose, self.mirror, self.flip, self.invert].iter().filter(|c| **c).count()
    }

    /// Whether nothing is changed.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// This one, and then the other.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        // Transposing exchanges what was mirrored before with what was flipped.
        let (mirror, flip) =
            if next.transpose { (self.flip, self.mirror) } else { (self.mirror, self.flip) };
        Self {
            transpose: self.transpose ^ next.transpose,
            mirror: mirror ^ next.mirror,
            flip: flip ^ next.flip,
            invert: self.invert ^ next.invert,
        }
    }

    /// One picture of 784 bytes.
    pub fn picture(self, image: &[u8]) -> [u8; PIXELS] {
        std::array::from_fn(|i| {
            let (mut row, mut column) = (i / SIDE, i % SIDE);
            if self.flip {
                row = SIDE - 1 - row;
            }
            if self.mirror {
                column = SIDE - 1 - column;
            }
            if self.transpose {
                (row, column) = (column, row);
            }
            let value = image.get(row * SIDE + column).copied().unwrap_or(0);
            if self.invert { 255 - value } else { value }
        })
    }

    /// The digits of these places, changed.
    pub fn digits(self, data: &Dataset, places: impl IntoIterator<Item = usize>) -> Dataset {
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        for place in places {
            images.extend_from_slice(&self.picture(data.image(place)));
            labels.push(data.label(place));
        }
        data.with(images, labels)
    }

    /// What pictures look like that become upright by this.
    pub fn cures(self) -> String {
        let turned = match (self.transpose, self.mirror, self.flip) {
            (false, false, false) => "",
            (true, false, false) => "transposed (rows and columns exchanged)",
            (false, true, false) => "mirrored",
            (false, false, true) => "upside down and mirrored",
            (false, true, true) => "turned by 180°",
            (true, true, false) => "turned by 90° anticlockwise",
            (true, false, true) => "turned by 90° clockwise",
            (true, true, true) => "transposed along the other diagonal",
        };
        match (turned, self.invert) {
            ("", false) => "as they should be".into(),
            ("", true) => "inverted (dark ink on light paper)".into(),
            (turned, false) => turned.into(),
            (turned, true) => format!("{turned} and inverted (dark ink on light paper)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_orientation_moves_each_pixel_to_its_own_place() {
        // 784 pixels do not fit into bytes: two pictures tell them apart.
        let high: Vec<u8> = (0..PIXELS).map(|i| (i / 256) as u8).collect();
        let low: Vec<u8> = (0..PIXELS).map(|i| (i % 256) as u8).collect();
        let mut seen = std::collections::BTreeSet::new();
        for o in Orientation::all().into_iter().filter(|o| !o.invert) {
            let (high, low) = (o.picture(&high), o.picture(&low));
            let mut places: Vec<u32> =
                (0..PIXELS).map(|i| u32::from(high[i]) * 256 + u32::from(low[i])).collect();
            assert!(seen.insert(places.clone()), "{o:?} is another again");
            places.sort_unstable();
            assert!(places.into_iter().eq(0..PIXELS as u32), "{o:?}");
        }
        assert_eq!(seen.len(), 8);
        assert!(Orientation::all()[0].is_none());
    }

    #[test]
    fn one_after_another_is_again_one_of_them() {
        let image: Vec<u8> = (0..PIXELS).map(|i| (i * 7 % 251) as u8).collect();
        for first in Orientation::all() {
            for next in Orientation::all() {
                let twice = next.picture(&first.picture(&image));
                assert_eq!(first.then(next).picture(&image), twice, "{first:?}, {next:?}");
            }
        }
    }

    #[test]
    fn the_options_do_what_they_say() {
        // One pixel at row 2, column 5.
        let mut image = [0u8; PIXELS];
        image[2 * SIDE + 5] = 255;
        let at = |o: Orientation| {
            let i = o.picture(&image).iter().position(|v| *v == 255).unwrap();
            (i / SIDE, i % SIDE)
        };
        let none = Orientation::default();
        assert_eq!(at(none), (2, 5));
        assert_eq!(at(Orientation { transpose: true, ..none }), (5, 2));
        assert_eq!(at(Orientation { mirror: true, ..none }), (2, 22));
        assert_eq!(at(Orientation { flip: true, ..none }), (25, 5));
        // Transposed, then mirrored: a quarter clockwise.
        assert_eq!(at(Orientation { transpose: true, mirror: true, ..none }), (5, 25));
        let inverted = Orientation { invert: true, ..none }.picture(&image);
        assert_eq!((inverted[0], inverted[2 * SIDE + 5]), (255, 0));
    }
}

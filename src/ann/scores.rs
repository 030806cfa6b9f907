//! A number for each class, and counts by true and by answered class.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

use crate::data::{CLASSES, MOST_CLASSES};

/// Logits or probabilities of one answer: 2 to [`MOST_CLASSES`] numbers, in place. It reads as
/// a slice of them.
#[derive(Clone, Copy)]
pub struct Scores {
    values: [f32; MOST_CLASSES],
    len: u8,
}

impl Scores {
    /// These numbers; what is beyond [`MOST_CLASSES`] is left out.
    pub fn new(row: &[f32]) -> Self {
        let len = row.len().min(MOST_CLASSES);
        let mut values = [0.0; MOST_CLASSES];
        values[..len].copy_from_slice(&row[..len]);
        Self { values, len: len as u8 }
    }

    /// The same number for each of so many classes; they sum to 1.
    pub fn even(classes: usize) -> Self {
        let len = classes.clamp(1, MOST_CLASSES);
        Self::new(&[1.0 / len as f32; MOST_CLASSES][..len])
    }

    /// Of a class; 0 where there is none of this number.
    pub fn of(&self, class: usize) -> f32 {
        self.get(class).copied().unwrap_or(0.0)
    }

    /// Those of the digits 0 to 9, for whatever works with ten classes only; classes that a
    /// network does not have are 0.
    pub fn ten(&self) -> [f32; CLASSES] {
        std::array::from_fn(|class| self.of(class))
    }
}

impl Default for Scores {
    /// Zeros of ten classes.
    fn default() -> Self {
        Self::from([0.0; CLASSES])
    }
}

impl From<[f32; CLASSES]> for Scores {
    fn from(row: [f32; CLASSES]) -> Self {
        Self::new(&row)
    }
}

impl Deref for Scores {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[..usize::from(self.len)]
    }
}

impl DerefMut for Scores {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[..usize::from(self.len)]
    }
}

impl IntoIterator for Scores {
    type Item = f32;
    type IntoIter = std::iter::Take<std::array::IntoIter<f32, MOST_CLASSES>>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter().take(usize::from(self.len))
    }
}

impl<'a> IntoIterator for &'a Scores {
    type Item = &'a f32;
    type IntoIter = std::slice::Iter<'a, f32>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl AsRef<[f32]> for Scores {
    fn as_ref(&self) -> &[f32] {
        self
    }
}

impl PartialEq for Scores {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<[f32; CLASSES]> for Scores {
    fn eq(&self, other: &[f32; CLASSES]) -> bool {
        **self == *other
    }
}

impl PartialEq<Scores> for [f32; CLASSES] {
    fn eq(&self, other: &Scores) -> bool {
        *self == **other
    }
}

impl fmt::Debug for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// Counts by true and by answered class: a square table. It grows with what is counted.
#[derive(Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// True class after true class.
    counts: Vec<u32>,
}

impl Default for Confusion {
    /// Nothing counted, of ten classes.
    fn default() -> Self {
        Self::new(CLASSES)
    }
}

impl Confusion {
    /// Nothing counted yet.
    pub fn new(classes: usize) -> Self {
        let classes = classes.min(MOST_CLASSES);
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Rows, and columns.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How often a class was answered where another one was true; 0 beyond the table.
    pub fn at(&self, label: usize, answer: usize) -> u32 {
        if label.max(answer) < self.classes {
            self.counts[label * self.classes + answer]
        } else {
            0
        }
    }

    /// Counts one answer; a class beyond [`MOST_CLASSES`] is not counted.
    pub fn add(&mut self, label: usize, answer: usize) {
        self.hold(label.max(answer) + 1);
        if label.max(answer) < self.classes {
            self.counts[label * self.classes + answer] += 1;
        }
    }

    /// Makes room for so many classes.
    pub fn hold(&mut self, classes: usize) {
        let classes = classes.min(MOST_CLASSES);
        if classes <= self.classes {
            return;
        }
        let mut larger = Self::new(classes);
        for (to, from) in larger.counts.chunks_exact_mut(classes).zip(self.rows()) {
            to[..from.len()].copy_from_slice(from);
        }
        *self = larger;
    }

    /// The counts of each true class.
    pub fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.counts.chunks_exact(self.classes.max(1))
    }

    /// Answers that were right.
    pub fn right(&self) -> u32 {
        (0..self.classes).map(|class| self.at(class, class)).sum()
    }
}

impl From<[[u32; CLASSES]; CLASSES]> for Confusion {
    fn from(counts: [[u32; CLASSES]; CLASSES]) -> Self {
        Self { classes: CLASSES, counts: counts.as_flattened().to_vec() }
    }
}

impl fmt::Debug for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rows()).finish()
    }
}

impl Serialize for Confusion {
    /// As a list of rows.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.classes))?;
        self.rows().try_for_each(|row| rows.serialize_element(row))?;
        rows.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_read_as_a_slice_and_are_written_as_a_list() {
        let three = Scores::new(&[0.5, 0.25, 0.25]);
        assert_eq!((three.len(), three.of(1), three.of(3)), (3, 0.25, 0.0));
        assert_eq!(three.ten()[..4], [0.5, 0.25, 0.25, 0.0]);
        assert_eq!(serde_json::to_string(&three).unwrap(), "[0.5,0.25,0.25]");
        assert_eq!(Scores::new(&[1.0; 60]).len(), MOST_CLASSES);
        assert!((Scores::even(47).iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(Scores::from([0.5; CLASSES]), [0.5; CLASSES]);
    }

    #[test]
    fn a_confusion_matrix_grows_with_what_is_counted() {
        let mut all = Confusion::new(2);
        all.add(1, 0);
        all.add(2, 2);
        all.add(60, 0);
        assert_eq!((all.at(1, 0), all.at(2, 2), all.at(9, 9)), (1, 1, 0));
        assert_eq!((all.classes(), all.right()), (MOST_CLASSES, 1));
        let mut few = Confusion::new(2);
        few.add(1, 0);
        few.hold(3);
        assert_eq!(serde_json::to_string(&few).unwrap(), "[[0,0,0],[1,0,0],[0,0,0]]");
        assert_eq!(Confusion::default().rows().count(), CLASSES);
    }
}

//! Ranges of settings, declared once: sliders and forms show them, and one pass over
//! all settings brings what was read from a file within them.
//!
//! A settings struct declares its ranges as constants and hands each of its fields
//! to [`Bounds`] by name. It destructures itself without `..`, so that a new field
//! cannot be forgotten:
//!
//! ```
//! use spikescope::core::bounds::{Bounded, Bounds, Span};
//!
//! struct Neuron { threshold: f64, synapses: Vec<f64> }
//!
//! impl Neuron {
//!     const THRESHOLD: Span = (0.2, 3.0);
//!     const WEIGHT: Span = (-1.5, 1.5);
//! }
//!
//! impl Bounded for Neuron {
//!     fn bound(&mut self, to: &mut Bounds) {
//!         let Self { threshold, synapses } = self;
//!         to.number("threshold", threshold, Self::THRESHOLD);
//!         to.list("synapses", synapses, 3, |to, i, weight| to.number(i, weight, Self::WEIGHT));
//!     }
//! }
//!
//! let mut read = Neuron { threshold: 1e300, synapses: vec![0.5; 10] };
//! let mut bounds = Bounds::default();
//! read.bound(&mut bounds);
//! assert_eq!((read.threshold, read.synapses.len()), (3.0, 3));
//! assert_eq!(bounds.mended(), ["threshold", "synapses"]);
//! ```

mod read;

use std::fmt::Display;

pub use read::{Read, from_json};

/// Smallest and largest value that may be set.
pub type Span = (f64, f64);

/// Any seed, any counter.
pub const ANY: Span = (0.0, u64::MAX as f64);
/// A share.
pub const SHARE: Span = (0.0, 1.0);

/// Settings that know their ranges.
pub trait Bounded {
    /// Hands every value to `to`, which brings it within its range.
    fn bound(&mut self, to: &mut Bounds);
}

/// A number that a setting can be.
pub trait Number: Copy + PartialEq {
    /// The nearest value within the range; the smallest for what is no number.
    #[must_use]
    fn within(self, span: Span) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Number for $number {
            fn within(self, (low, high): Span) -> Self {
                // In the type's own precision: 0.1 is within 0 … 0.1 as f32, too.
                let (low, high) = (low as $number, high as $number);
                if self >= low && self <= high { self } else if self > high { high } else { low }
            }
        }
    )* };
}

numbers!(f32, f64, u8, u32, u64, usize);

/// Brings settings within their ranges and keeps the names of those that were not.
#[derive(Debug, Default)]
pub struct Bounds {
    path: Vec<String>,
    mended: Vec<String>,
    /// Names of all numbers that have a range.
    declared: Vec<String>,
}

impl Bounds {
    /// Names of the values that were out of their ranges: `conversion.how.steps`.
    pub fn mended(&self) -> &[String] {
        &self.mended
    }

    /// Names of all numbers that have a range.
    pub fn declared(&self) -> &[String] {
        &self.declared
    }

    fn name(&self, last: &dyn Display) -> String {
        self.path.iter().map(|part| format!("{part}.")).collect::<String>() + &last.to_string()
    }

    /// Notes that a value was put right.
    pub fn mend(&mut self, name: impl Display) {
        let name = self.name(&name);
        self.mended.push(name);
    }

    /// Settings within the settings.
    pub fn part(&mut self, name: impl Display, part: &mut impl Bounded) {
        self.inside(name, |to| part.bound(to));
    }

    /// The same, by a function.
    pub fn inside(&mut self, name: impl Display, bound: impl FnOnce(&mut Self)) {
        self.path.push(name.to_string());
        bound(self);
        self.path.pop();
    }

    /// A number.
    pub fn number<N: Number>(&mut self, name: impl Display, value: &mut N, span: Span) {
        let within = value.within(span);
        // Also what is no number differs from what it becomes.
        if within != *value {
            *value = within;
            self.mend(&name);
        }
        let name = self.name(&name);
        self.declared.push(name);
    }

    /// A number that may be missing.
    pub fn optional<N: Number>(&mut self, name: impl Display, value: &mut Option<N>, span: Span) {
        if let Some(value) = value {
            self.number(name, value, span);
        }
    }

    /// One of a few numbers: the nearest of them.
    pub fn one_of(&mut self, name: impl Display, value: &mut usize, all: &[usize]) {
        if let Some(nearest) = all.iter().min_by_key(|n| n.abs_diff(*value))
            && nearest != value
        {
            *value = *nearest;
            self.mend(&name);
        }
        let name = self.name(&name);
        self.declared.push(name);
    }

    /// A list of at most `most`; of what is more, the first ones stay.
    pub fn list<T>(
        &mut self,
        name: impl Display,
        list: &mut Vec<T>,
        most: usize,
        mut each: impl FnMut(&mut Self, usize, &mut T),
    ) {
        if list.len() > most {
            list.truncate(most);
            self.mend(&name);
        }
        self.inside(name, |to| {
            list.iter_mut().enumerate().for_each(|(i, item)| each(to, i, item));
        });
    }

    /// The id of something: `usual` where there is none of this id.
    pub fn id(
        &mut self,
        name: impl Display,
        id: &mut String,
        known: impl FnOnce(&str) -> bool,
        usual: &str,
    ) {
        if !known(id) {
            usual.clone_into(id);
            self.mend(name);
        }
    }

    /// Ids of things that may be gone: those stay that are `sound`, at most `most`.
    pub fn ids(
        &mut self,
        name: impl Display,
        ids: &mut Vec<String>,
        most: usize,
        sound: impl Fn(&str) -> bool,
    ) {
        let before = ids.len();
        ids.retain(|id| sound(id));
        ids.truncate(most);
        if ids.len() != before {
            self.mend(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_becomes_the_nearest_value_that_is_not() {
        for (value, within) in
            [(-1e300, 0.0), (0.25, 0.25), (1e300, 1.0), (f64::NAN, 0.0), (f64::INFINITY, 1.0)]
        {
            assert_eq!(value.within(SHARE), within, "{value}");
        }
        assert_eq!(0.1f32.within((0.0, 0.1)), 0.1);
        assert_eq!((u64::MAX.within(ANY), usize::MAX.within((5.0, 500.0))), (u64::MAX, 500));
        assert_eq!((0u32.within((5.0, 500.0)), 7u32.within((5.0, 500.0))), (5, 7));
        let (mut bounds, mut size) = (Bounds::default(), 1000);
        bounds.one_of("size", &mut size, &[25, 400, 1600]);
        assert_eq!((size, bounds.mended().len()), (400, 1));
    }
}

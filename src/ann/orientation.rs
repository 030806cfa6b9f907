//! Whether digits look turned or inverted: a bundled network is asked about a
//! sample as it is and as it would be in every other orientation. It has seen
//! MNIST's digits upright, light on dark, so where its accuracy is low
//! and another orientation makes it high, the digits are turned that way.

use std::sync::atomic::AtomicBool;

use super::AnnError;
use super::bundled::REPORT;
use super::evaluate::evaluate;
use crate::data::Dataset;
use crate::data::orient::Orientation;

/// Digits looked at, spread over all of them.
const SAMPLE: usize = 400;
/// Fewer than these say nothing.
const LEAST_DIGITS: usize = 30;
/// Below this accuracy another orientation is tried. Digits of other hands,
/// upright, are well above; transposed ones at 13 %, inverted ones at 11 %.
pub const BAD: f64 = 0.5;
/// Another orientation has to be as good as this, and so much better.
const GOOD: f64 = 0.6;
const BETTER_BY: f64 = 0.3;

/// What digits look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hint {
    /// What makes them upright, light on dark.
    pub cure: Orientation,
    /// Digits looked at.
    pub digits: usize,
    /// Accuracy of the network on them as they are, 0 to 1.
    pub as_is: f64,
    /// Its accuracy on the same digits, turned.
    pub turned: f64,
}

impl Hint {
    /// One sentence for people, without the remedy.
    pub fn text(&self) -> String {
        format!(
            "the pictures look {}: of a sample of {}, the bundled MLP answers {:.0} % rightly as they are and {:.0} % once they are turned",
            self.cure.cures(),
            self.digits,
            self.as_is * 100.0,
            self.turned * 100.0
        )
    }
}

/// Accuracy of the bundled MLP, 0 to 1, on a sample of digits as they are; `None` if there are
/// too few.
///
/// # Errors
/// When the bundled network cannot be asked.
pub fn recognised(data: &Dataset, threads: usize) -> Result<Option<f64>, AnnError> {
    if data.len() < LEAST_DIGITS {
        return Ok(None);
    }
    let Some((network, _)) = REPORT.network("mlp").transpose()? else { return Ok(None) };
    let sample = Orientation::default().digits(data, sample(data));
    let never = AtomicBool::new(false);
    let answered = evaluate(&network, &sample, threads, &never, &mut |_, _| {})?;
    Ok(answered.map(|e| e.accuracy))
}

/// Places spread over all digits.
fn sample(data: &Dataset) -> Vec<usize> {
    let digits = data.len().min(SAMPLE);
    (0..digits).map(|i| i * data.len() / digits).collect()
}

/// Looks at a sample of `data`, of which `now` says how it is used; the cure is
/// for the data before that. `None` if it looks as it should, or if it looks bad
/// in every orientation. Takes some tenths of a second.
///
/// # Errors
/// When the bundled network cannot be asked.
pub fn look(data: &Dataset, now: Orientation, threads: usize) -> Result<Option<Hint>, AnnError> {
    if data.len() < LEAST_DIGITS {
        return Ok(None);
    }
    let Some((network, _)) = REPORT.network("mlp").transpose()? else { return Ok(None) };
    let places = sample(data);
    let digits = places.len();
    let accuracy = |orientation: Orientation| -> Result<f64, AnnError> {
        let turned = orientation.digits(data, places.iter().copied());
        let never = AtomicBool::new(false);
        let answered = evaluate(&network, &turned, threads, &never, &mut |_, _| {})?;
        Ok(answered.map_or(0.0, |e| e.accuracy))
    };
    let as_is = accuracy(now)?;
    if as_is >= BAD {
        return Ok(None);
    }
    let mut best: Option<(Orientation, f64)> = None;
    for orientation in Orientation::all().into_iter().filter(|o| *o != now) {
        let found = accuracy(orientation)?;
        if best.is_none_or(|b| found > b.1) {
            best = Some((orientation, found));
        }
    }
    Ok(best
        .filter(|(_, turned)| *turned >= GOOD && turned - as_is >= BETTER_BY)
        .map(|(cure, turned)| Hint { cure, digits, as_is, turned }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;

    #[test]
    fn every_wrong_orientation_is_found_and_the_right_one_is_left_alone() {
        let upright = synthetic::generate(3, 100);
        let all = 0..upright.len();
        for wrong in Orientation::all() {
            let data = wrong.digits(&upright, all.clone());
            let hint = look(&data, Orientation::default(), 1).unwrap();
            if wrong.is_none() {
                assert_eq!(hint, None);
                continue;
            }
            let hint = hint.unwrap_or_else(|| panic!("{wrong:?} is not seen"));
            let cured = hint.cure.digits(&data, all.clone());
            assert_eq!(cured, upright, "{wrong:?} is taken for {:?}", hint.cure);
            assert!(hint.turned > 0.9 && hint.digits == 100);
            // With the cure at work nothing is said.
            assert_eq!(look(&data, hint.cure, 1).unwrap(), None);
        }
    }

    #[test]
    fn digits_that_are_bad_in_every_orientation_get_no_hint() {
        let upright = synthetic::generate(3, 100);
        // The labels are of other digits.
        let labels = upright.labels().iter().map(|l| (l + 3) % 10).collect();
        let images = (0..100).flat_map(|i| upright.image(i).to_vec()).collect();
        let data = Dataset::new("other labels", images, labels).unwrap();
        assert_eq!(look(&data, Orientation::default(), 1).unwrap(), None);
        let few = Orientation { invert: true, ..Orientation::default() }.digits(&upright, 0..10);
        assert_eq!(look(&few, Orientation::default(), 1).unwrap(), None);
    }
}

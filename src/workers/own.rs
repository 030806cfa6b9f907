//! A data set that somebody brings, looked at before it is kept: whether its pictures lie
//! turned, and whether they are digits at all.

use std::path::Path;

use crate::ann::orientation::{self, BAD, Hint};
use crate::core::text::percent;
use crate::data::orient::Orientation;
use crate::data::own::{self, Found, Options};
use crate::data::{CLASSES, ClassNames, Dataset};

/// A set that was read, and what it looks like.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// As it was read.
    pub found: Found,
    /// How its digits seem to be turned, if they do.
    pub hint: Option<Hint>,
    /// Whether its pictures lie on a light ground, where all others lie on a dark one.
    pub inverted: bool,
    /// Whether they are EMNIST's by their name, and of other classes than digits: those lie
    /// transposed, and no network in the box can tell.
    pub emnist: bool,
    /// Places in the training part of a few pictures of each class, to be looked at.
    pub samples: Vec<Vec<usize>>,
}

/// Pictures of each class that are shown before a set is kept, and where there are more than ten
/// classes.
const SHOWN: usize = 8;
const SHOWN_OF_MANY: usize = 3;

impl Proposal {
    /// What would put its pictures right, if something is wrong with them.
    pub fn cure(&self) -> Option<Orientation> {
        let turn =
            Orientation { transpose: self.emnist, invert: self.inverted, ..Orientation::default() };
        self.hint.as_ref().map(|hint| hint.cure).or((!turn.is_none()).then_some(turn))
    }
}

/// Reads a set and looks at it. Classes that nobody has named are the digits, if the bundled MLP
/// recognises them; else they get numbers, so that nobody takes them for digits.
///
/// # Errors
/// One sentence: what is wrong and what to do.
pub fn propose(
    path: &Path,
    options: &Options,
    threads: usize,
    go: own::Go<'_>,
) -> Result<Proposal, String> {
    let mut found = own::read(path, options, go).map_err(|e| e.to_string())?;
    let mut hint = None;
    if found.classes().is_digits() {
        let as_is = Orientation::default();
        hint = orientation::look(&found.train, as_is, threads).map_err(|e| e.to_string())?;
        let right = orientation::recognised(&found.train, threads).map_err(|e| e.to_string())?;
        if let (false, None, Some(right)) = (found.named, &hint, right.filter(|r| *r < BAD)) {
            let highest = found.train.labels().iter().chain(found.test.labels()).max();
            let count = highest.map_or(0, |label| usize::from(*label) + 1);
            found = found.called(&ClassNames::numbered(count)).map_err(|e| e.to_string())?;
            found.named = false;
            found.notes.push(format!(
                "The bundled MLP recognises {} of a sample as digits, so these are not taken for digits: their classes are called by numbers until they have names.",
                percent(right)
            ));
        }
    }
    let inverted = hint.is_none() && found.looks_inverted();
    let emnist = !found.classes().is_digits() && found.name.to_lowercase().contains("emnist");
    let samples = samples(&found.train);
    Ok(Proposal { found, hint, inverted, emnist, samples })
}

/// The first pictures of each class.
fn samples(data: &Dataset) -> Vec<Vec<usize>> {
    let classes = data.classes().count();
    let shown = if classes > CLASSES { SHOWN_OF_MANY } else { SHOWN };
    let mut samples = vec![Vec::new(); classes];
    for (place, label) in data.labels().iter().enumerate() {
        if let Some(of) = samples.get_mut(usize::from(*label)).filter(|of| of.len() < shown) {
            of.push(place);
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{idx, synthetic};

    fn proposal(data: &Dataset) -> Proposal {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        idx::write_pair(data, &at("images"), &at("labels")).unwrap();
        propose(dir.path(), &Options::default(), 1, &mut |_, _| true).unwrap()
    }

    #[test]
    fn turned_digits_are_seen_and_what_is_no_digit_is_not_called_one() {
        let digits = synthetic::generate(3, 200);
        let upright = proposal(&digits);
        assert!(upright.cure().is_none() && upright.found.classes().is_digits());
        let how = Orientation { transpose: true, ..Orientation::default() };
        let turned = proposal(&how.digits(&digits, 0..200));
        assert_eq!(turned.cure(), Some(how));
        // No network can tell of letters, but EMNIST's name can.
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(format!("emnist-letters-train-{name}-ubyte"));
        idx::write_pair(&digits, &at("images-idx3"), &at("labels-idx1")).unwrap();
        let names = Options {
            classes: Some(
                ClassNames::new(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]).unwrap(),
            ),
            ..Options::default()
        };
        let letters = propose(dir.path(), &names, 1, &mut |_, _| true).unwrap();
        assert_eq!(letters.cure(), Some(how));
        // Every picture has the label of another.
        let labels = digits.labels().iter().map(|l| (l + 3) % 10).collect();
        let images = (0..200).flat_map(|i| digits.image(i).to_vec()).collect();
        let other = proposal(&Dataset::new("x", images, labels).unwrap());
        assert_eq!(other.found.classes().name(4u8), "class 4");
        assert!(other.found.notes.iter().any(|n| n.contains("not taken for digits")));
    }
}

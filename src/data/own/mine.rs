//! *My digits*: what the user has drawn and labelled, one after another.
//!
//! `data/my-digits/digits.csv` has a line for each, as Kaggle's digit recogniser has them
//! (`label,pixel0,…,pixel783`), in the order in which they were kept. Every fifth of each class
//! is for testing, so that what is tested on stays so when more are kept.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::parts::Part;
use super::store::{self, About};
use super::{OwnError, by_class, csv};
use crate::core::files::write_bytes;
use crate::data::classes::ClassNames;
use crate::data::orient::Orientation;
use crate::data::registry::Split;
use crate::data::{CLASSES, Dataset, PIXELS};

/// The id of the set.
pub const ID: &str = "my-digits";
/// What it is called.
pub const NAME: &str = "My digits";
/// Most digits that are kept.
pub const MOST: usize = 10_000;
/// Fewer are not trained on.
pub const FEWEST: usize = 20;
/// Every so many of a class are for testing.
const TEST_EVERY: usize = 5;

/// Where they are.
pub(super) fn file(root: &Path) -> PathBuf {
    root.join(ID).join("digits.csv")
}

/// All of them, in the order in which they were kept; none if there are none.
///
/// # Errors
/// [`OwnError::Broken`].
pub fn read(root: &Path) -> Result<Dataset, OwnError> {
    let path = file(root);
    let Part { images, labels } = if path.exists() {
        let most = &mut |done, _| done <= MOST;
        csv::table(&path, most).map_err(|e| broken(&e))?
    } else {
        Part::default()
    };
    Dataset::new(ID, images, labels).map_err(|e| broken(&e))
}

fn broken(error: &dyn std::fmt::Display) -> OwnError {
    let reason = error.to_string().trim_end_matches('.').to_owned();
    OwnError::Broken { id: ID.into(), reason }
}

/// Keeps one more, 784 bytes, and gives how many there are then.
///
/// # Errors
/// [`OwnError`]; those kept before stay.
pub fn add(root: &Path, image: &[u8; PIXELS], label: u8) -> Result<usize, OwnError> {
    let kept = read(root)?;
    if kept.len() >= MOST {
        let path = file(root);
        return Err(OwnError::TooMuch { path, what: "digits", most: MOST as u64 - 1 });
    }
    let places = 0..kept.len();
    let mut text = table(places.map(|i| (kept.image(i), kept.label(i))));
    line(&mut text, image, label.min(CLASSES as u8 - 1));
    write_bytes(&file(root), text.as_bytes())?;
    Ok(kept.len() + 1)
}

/// Takes the last one away and gives it, with how many are left.
///
/// # Errors
/// [`OwnError`]; all stay then.
pub fn take_back(root: &Path) -> Result<Option<(u8, usize)>, OwnError> {
    let kept = read(root)?;
    let Some(last) = kept.len().checked_sub(1) else { return Ok(None) };
    let label = kept.label(last);
    if last == 0 {
        store::remove(root, ID)?;
    } else {
        let text = table((0..last).map(|i| (kept.image(i), kept.label(i))));
        write_bytes(&file(root), text.as_bytes())?;
    }
    Ok(Some((label, last)))
}

fn table<'a>(digits: impl Iterator<Item = (&'a [u8], u8)>) -> String {
    let mut text = String::from("label");
    for i in 0..PIXELS {
        let _ = write!(text, ",pixel{i}");
    }
    text.push('\n');
    digits.for_each(|(image, label)| line(&mut text, image, label));
    text
}

fn line(text: &mut String, image: &[u8], label: u8) {
    let _ = write!(text, "{label}");
    for value in image {
        let _ = write!(text, ",{value}");
    }
    text.push('\n');
}

/// To learn from and to be tested on; both have the same digits where there are too few.
///
/// # Errors
/// [`OwnError::Unknown`] when there are none.
pub(super) fn load(root: &Path) -> Result<Split, OwnError> {
    let all = read(root)?;
    if all.is_empty() {
        return Err(OwnError::Unknown(ID.into()));
    }
    let (mut seen, mut parts) = ([0; CLASSES], [Part::default(), Part::default()]);
    for i in 0..all.len() {
        let class = usize::from(all.label(i));
        seen[class] += 1;
        // Classes take turns, so that some are tested before there are five of each.
        let tests = (seen[class] + class) % TEST_EVERY == 0;
        let part = &mut parts[usize::from(tests)];
        part.images.extend_from_slice(all.image(i));
        part.labels.push(all.label(i));
    }
    let [train, test] = parts;
    let make = |part: Part, which| {
        Dataset::new(format!("{ID}-{which}"), part.images, part.labels).map_err(|e| broken(&e))
    };
    // With so few there is nothing to test on but what is learned.
    let [train, test] = if train.labels.is_empty() || test.labels.is_empty() {
        ["train", "test"].map(|which| all.clone().under(format!("{ID}-{which}")))
    } else {
        [make(train, "train")?, make(test, "test")?]
    };
    Ok(Split { train: Arc::new(train), test: Arc::new(test) })
}

/// What is known of it, as of other sets.
///
/// # Errors
/// [`OwnError::Unknown`] when there are none.
pub(super) fn about(root: &Path) -> Result<About, OwnError> {
    let Split { train, test } = load(root)?;
    let part = |data: &Dataset| store::Part {
        by_class: by_class(data)[..CLASSES].to_vec(),
        fingerprint: data.fingerprint(data.len()),
    };
    Ok(About {
        id: ID.into(),
        name: NAME.into(),
        classes: ClassNames::default(),
        source: "what was drawn and labelled in Draw".into(),
        orientation: Orientation::default(),
        held_out: true,
        notes: Vec::new(),
        added_unix: 0,
        train: part(&train),
        test: part(&test),
    })
}

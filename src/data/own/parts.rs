//! From what was read to a training and a test part: labels renumbered where they have to be,
//! digits held out where there is no test part, an order in which classes are mixed.

use std::path::{Path, PathBuf};

use super::names;
use super::{FEWEST_PICTURES, Found, Options, OwnError};
use crate::core::rng::Rng;
use crate::core::text::grouped;
use crate::data::classes::ClassNames;
use crate::data::orient::Orientation;
use crate::data::{CLASSES, Dataset, MOST_CLASSES, PIXELS};

/// Draws what is held out, and the order.
const SEED: u64 = 1;

/// Pictures and labels as they were read; labels are any bytes.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub images: Vec<u8>,
    pub labels: Vec<u8>,
}

/// What a reader found.
#[derive(Debug)]
pub(super) struct Raw {
    pub train: Part,
    pub test: Option<Part>,
    /// Where names of classes may lie.
    pub beside: PathBuf,
    /// The common beginning of the files' names, as in `emnist-digits`.
    pub prefix: String,
    /// Names that come with the pictures (folders').
    pub names: Option<Vec<String>>,
    /// What kind of source it is, for people.
    pub kind: &'static str,
    pub notes: Vec<String>,
}

/// Makes a data set of it.
pub(super) fn finish(path: &Path, raw: Raw, options: &Options) -> Result<Found, OwnError> {
    let Raw { mut train, test, beside, prefix, names, kind, mut notes } = raw;
    let mut test = test.unwrap_or_default();
    let kept = renumber(path, &mut train, &mut test)?;
    // A list beside the pictures counts only where nothing else names them.
    let given = options.classes.is_some() || names.is_some();
    let found = if given { None } else { names::find(&beside, &prefix, kept.as_deref())? };
    let held_out = test.labels.is_empty();
    if held_out {
        (train, test) = hold_out(train);
        notes.push(format!(
            "There is no test part: {} of {} pictures were held out, a tenth of each class.",
            grouped(test.labels.len() as u64),
            grouped((train.labels.len() + test.labels.len()) as u64)
        ));
    }
    if is_sorted(&train.labels) {
        train = shuffled(train);
        notes.push("The pictures lay class by class; they were put into a random order.".into());
    }
    let mut found_names = None;
    if let Some((names, from)) = found {
        notes.push(format!("The names of the classes are from {from}."));
        found_names = Some(names);
    }
    // Names of a whole set, of which these are some classes: each has that of its label.
    let picked = |classes: ClassNames| match &kept {
        Some(labels)
            if classes.count() != labels.len()
                && labels.iter().all(|label| *label < classes.count()) =>
        {
            let names: Vec<String> = labels.iter().map(|label| classes.name(*label)).collect();
            ClassNames::new(&names)
        }
        _ => Ok(classes),
    };
    let given = options.classes.clone().map(picked).transpose()?;
    let named = given.map_or_else(
        || match (names, found_names, kept) {
            // A folder's name may be longer than what can be shown.
            (Some(names), ..) => ClassNames::new(&names).map(Some),
            (None, Some(names), _) => Ok(Some(names)),
            (None, None, Some(labels)) => ClassNames::new(&as_text(&labels)).map(Some),
            (None, None, None) => Ok(None),
        },
        |classes| Ok(Some(classes)),
    )?;
    let name = proposal(path, &prefix);
    let dataset = |part: Part, which: &str| {
        Dataset::new(format!("new-{which}"), part.images, part.labels)
            .map_err(|source| OwnError::Pair { path: path.into(), source })
    };
    let (train, test) = (dataset(train, "train")?, dataset(test, "test")?);
    if train.len() + test.len() < FEWEST_PICTURES || train.is_empty() || test.is_empty() {
        return Err(OwnError::TooFew { path: path.into(), found: train.len() + test.len() });
    }
    let found = Found {
        name,
        source: format!("{} ({kind})", path.display()),
        train,
        test,
        named: false,
        held_out,
        notes,
        orientation: Orientation::default(),
    };
    match named {
        Some(classes) => found.called(&classes),
        None => Ok(found),
    }
}

fn as_text(labels: &[usize]) -> Vec<String> {
    labels.iter().map(usize::to_string).collect()
}

/// Checks how many classes there are. Where there are labels of 10 and more, all get numbers
/// from 0 on, in their order, and the labels that were are returned.
fn renumber(
    path: &Path,
    train: &mut Part,
    test: &mut Part,
) -> Result<Option<Vec<usize>>, OwnError> {
    let mut seen = [false; 256];
    for label in train.labels.iter().chain(&test.labels) {
        seen[usize::from(*label)] = true;
    }
    let classes: Vec<usize> = (0..256).filter(|l| seen[*l]).collect();
    match classes[..] {
        [] => return Err(OwnError::Nothing { path: path.into() }),
        [only] => return Err(OwnError::OneClass { path: path.into(), name: only.to_string() }),
        _ if classes.len() > MOST_CLASSES => {
            return Err(OwnError::TooManyClasses { path: path.into(), found: classes.len() });
        }
        _ => {}
    }
    if classes.last().is_none_or(|highest| *highest < CLASSES) {
        return Ok(None);
    }
    let mut place = [0u8; 256];
    for (n, label) in classes.iter().enumerate() {
        place[*label] = n as u8;
    }
    for label in train.labels.iter_mut().chain(&mut test.labels) {
        *label = place[usize::from(*label)];
    }
    Ok(Some(classes))
}

/// Holds a tenth of each class out, at least one where there are two; the same ones whenever
/// the same pictures are read.
fn hold_out(all: Part) -> (Part, Part) {
    let mut held = vec![false; all.labels.len()];
    for class in 0..=u8::MAX {
        let mut places: Vec<usize> =
            (0..all.labels.len()).filter(|i| all.labels[*i] == class).collect();
        if places.is_empty() {
            continue;
        }
        let count = (places.len() / 10).max(usize::from(places.len() > 1));
        Rng::stream(SEED, "held out", u64::from(class)).shuffle(&mut places);
        places[..count].iter().for_each(|i| held[*i] = true);
    }
    let pick = |wanted: bool| select(&all, (0..held.len()).filter(|i| held[*i] == wanted));
    (pick(false), pick(true))
}

fn select(all: &Part, places: impl Iterator<Item = usize>) -> Part {
    let mut part = Part::default();
    for i in places {
        part.images.extend_from_slice(&all.images[i * PIXELS..][..PIXELS]);
        part.labels.push(all.labels[i]);
    }
    part
}

/// Whether classes lie one after another, more or less: then the first thousand pictures
/// would be of one class.
fn is_sorted(labels: &[u8]) -> bool {
    let changes = labels.windows(2).filter(|pair| pair[0] != pair[1]).count();
    labels.len() > 2 && changes * 4 < labels.len()
}

fn shuffled(all: Part) -> Part {
    let mut places: Vec<usize> = (0..all.labels.len()).collect();
    Rng::stream(SEED, "order", 0).shuffle(&mut places);
    select(&all, places.into_iter())
}

/// A name for the set: that of its files where they share one, else its folder's or file's.
fn proposal(path: &Path, prefix: &str) -> String {
    let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = match prefix {
        "" if path.is_dir() => folder(),
        "" => stem(),
        prefix => prefix.to_owned(),
    };
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    if super::id_of(&name).is_ok() { name } else { "My data".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(labels: &[u8]) -> Part {
        let images = labels.iter().enumerate().flat_map(|(i, _)| vec![i as u8; PIXELS]).collect();
        Part { images, labels: labels.to_vec() }
    }

    #[test]
    fn a_tenth_of_each_class_is_held_out_and_none_is_in_both() {
        let labels: Vec<u8> = (0..100).map(|i| i % 3).collect();
        let (train, test) = hold_out(part(&labels));
        let count = |p: &Part, class| p.labels.iter().filter(|l| **l == class).count();
        assert_eq!([0, 1, 2].map(|c| count(&test, c)), [3, 3, 3]);
        let mut all: Vec<u8> =
            [&train, &test].iter().flat_map(|p| p.images.iter().step_by(PIXELS).copied()).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
        // Labels go with their pictures.
        for p in [&train, &test] {
            for (i, label) in p.labels.iter().enumerate() {
                assert_eq!(p.images[i * PIXELS] % 3, *label);
            }
        }
        assert_eq!(hold_out(part(&labels)).1.images, test.images);
    }

    #[test]
    fn labels_beyond_nine_get_numbers_in_their_order() {
        let path = Path::new("x");
        let (mut a, mut b) = (part(&[40, 7, 40]), part(&[12]));
        let names = renumber(path, &mut a, &mut b).unwrap().unwrap();
        assert_eq!((a.labels, b.labels), (vec![2, 0, 2], vec![1]));
        assert_eq!(names, [7, 12, 40]);
        let mut letters = part(&(1..=26).collect::<Vec<u8>>());
        let names = renumber(path, &mut letters, &mut Part::default()).unwrap().unwrap();
        assert_eq!((names[0], names[25], letters.labels[25]), (1, 26, 25));
        let mut most = part(&(0..47).collect::<Vec<u8>>());
        renumber(path, &mut most, &mut Part::default()).unwrap();
        assert_eq!(most.labels[46], 46);
        let mut many = part(&(0..48).collect::<Vec<u8>>());
        let error = renumber(path, &mut many, &mut Part::default()).unwrap_err().to_string();
        assert!(error.contains("48 classes, and 47 is the most"), "{error}");
        let mut nines = part(&[9, 3, 9]);
        assert_eq!(renumber(path, &mut nines, &mut Part::default()).unwrap(), None);
        assert_eq!(nines.labels, [9, 3, 9]);
        assert!(renumber(path, &mut part(&[5, 5]), &mut Part::default()).is_err());
    }

    #[test]
    fn sorted_labels_are_seen() {
        assert!(is_sorted(&[0; 20].iter().chain(&[1; 20]).copied().collect::<Vec<u8>>()));
        assert!(!is_sorted(&(0..40).map(|i| i % 7).collect::<Vec<u8>>()));
    }
}

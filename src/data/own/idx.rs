//! IDX files of other sets than MNIST: which of the files in a folder belong together.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::folders::Listing;
use super::parts::{Part, Raw};
use super::{Go, OwnError};
use crate::core::files::open_regular;
use crate::data::PIXELS;
use crate::data::dataset::Mismatch;
use crate::data::gzip::{self, Gunzip};
use crate::data::idx::{read_any_labels, read_images};

/// What a file's name says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    /// What comes first: `emnist-digits`.
    prefix: String,
    part: Which,
    images: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Train,
    Test,
    /// The only part.
    All,
}

/// Pictures and their labels.
#[derive(Clone, Debug, Default)]
struct Pair {
    images: Option<PathBuf>,
    labels: Option<PathBuf>,
}

/// The files of one data set.
#[derive(Debug)]
pub(super) struct Set {
    folder: PathBuf,
    prefix: String,
    parts: BTreeMap<Which, Pair>,
}

/// `emnist-digits-train-images-idx3-ubyte.gz` and the like.
fn understand(path: &Path) -> Option<Name> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name).replace(['.', '_'], "-");
    let (at, images) = match (name.find("images"), name.find("labels")) {
        (Some(at), None) => (at, true),
        (None, Some(at)) => (at, false),
        _ => return None,
    };
    let rest = &name[at + "images".len()..];
    if !(rest.is_empty() || rest.contains("idx") || rest.contains("ubyte")) {
        return None;
    }
    let before = name[..at].trim_end_matches('-');
    let ends = [("train", Which::Train), ("t10k", Which::Test), ("test", Which::Test)];
    let found = ends.iter().find_map(|(end, part)| Some((before.strip_suffix(end)?, *part)));
    let (prefix, part) = found.unwrap_or((before, Which::All));
    Some(Name { prefix: prefix.trim_end_matches('-').to_owned(), part, images })
}

/// Whether a name says that a file holds pictures or labels.
pub(super) fn is_name(path: &Path) -> bool {
    understand(path).is_some()
}

/// All sets in a folder, by the beginning of their names.
fn sets(folder: &Path, files: &[PathBuf]) -> BTreeMap<String, Set> {
    let mut sets = BTreeMap::<String, Set>::new();
    for path in files {
        let Some(name) = understand(path) else { continue };
        let set = sets.entry(name.prefix.clone()).or_insert_with(|| Set {
            folder: folder.into(),
            prefix: name.prefix.clone(),
            parts: BTreeMap::new(),
        });
        let pair = set.parts.entry(name.part).or_default();
        let place = if name.images { &mut pair.images } else { &mut pair.labels };
        // Of a file and its packed twin, the first.
        place.get_or_insert_with(|| path.clone());
    }
    sets
}

/// The one set in a folder, if there are IDX files in it.
///
/// # Errors
/// [`OwnError::Several`].
pub(super) fn in_folder(folder: &Path, listing: &Listing) -> Result<Option<Set>, OwnError> {
    let mut sets = sets(folder, &listing.files);
    match sets.len() {
        0 | 1 => Ok(sets.pop_first().map(|(_, set)| set)),
        _ => {
            let mut names: Vec<String> = sets.into_keys().collect();
            names.truncate(12);
            Err(OwnError::Several { path: folder.into(), sets: names })
        }
    }
}

/// The set that a file belongs to.
///
/// # Errors
/// [`OwnError::Alone`] when its name does not say what it is.
pub(super) fn beside(path: &Path) -> Result<Set, OwnError> {
    let alone = || OwnError::Alone { path: path.into(), wanted: "labels (or pictures)" };
    let name = understand(path).ok_or_else(alone)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let listing = super::folders::list(folder)?;
    let mut set = sets(folder, &listing.files).remove(&name.prefix).ok_or_else(alone)?;
    // Who names a file means it, not its packed twin.
    if let Some(pair) = set.parts.get_mut(&name.part) {
        let place = if name.images { &mut pair.images } else { &mut pair.labels };
        *place = Some(path.into());
    }
    Ok(set)
}

/// Whether a file begins as IDX files do, packed or not.
///
/// # Errors
/// When it cannot be read.
pub(super) fn is_idx(path: &Path) -> Result<bool, OwnError> {
    let read = || -> std::io::Result<bool> {
        let mut file = std::io::BufReader::new(open_regular(path)?);
        let mut start = Vec::new();
        (&mut file).take(4).read_to_end(&mut start)?;
        if start.starts_with(&gzip::MAGIC) {
            let all = std::io::BufReader::new((&start[..]).chain(file));
            let mut inside = Vec::new();
            Gunzip::new(all).take(4).read_to_end(&mut inside)?;
            start = inside;
        }
        Ok(start.len() == 4 && start.starts_with(&[0, 0]))
    };
    read().map_err(|e| OwnError::read(path, e))
}

/// Reads the files of a set.
///
/// # Errors
/// [`OwnError`]: what is missing, broken or does not fit.
pub(super) fn load(set: &Set, go: Go<'_>) -> Result<Raw, OwnError> {
    let mut notes = Vec::new();
    let (train, test) = (set.parts.get(&Which::Train), set.parts.get(&Which::Test));
    let (train, test) = match (train, test, set.parts.get(&Which::All)) {
        (Some(train), test, _) => (train, test),
        (None, _, Some(all)) => (all, None),
        (None, Some(test), None) => {
            notes.push("There are only test files; they are used to learn from, too.".to_owned());
            (test, None)
        }
        (None, None, None) => return Err(OwnError::Nothing { path: set.folder.clone() }),
    };
    let all = 1 + usize::from(test.is_some());
    let mut read = |pair: &Pair, n| {
        if go(n, all) { part(pair, &set.folder) } else { Err(OwnError::Stopped) }
    };
    // The small part first: most mistakes show there at once.
    let test = test.map(|pair| read(pair, 0)).transpose()?;
    let train = read(train, all - 1)?;
    Ok(Raw {
        train,
        test,
        beside: set.folder.clone(),
        prefix: set.prefix.clone(),
        names: None,
        kind: "IDX files",
        notes,
    })
}

fn part(pair: &Pair, folder: &Path) -> Result<Part, OwnError> {
    let alone = |there: &Option<PathBuf>, wanted| OwnError::Alone {
        path: there.clone().unwrap_or_else(|| folder.into()),
        wanted,
    };
    let images_at = pair.images.as_ref().ok_or_else(|| alone(&pair.labels, "pictures"))?;
    let labels_at = pair.labels.as_ref().ok_or_else(|| alone(&pair.images, "labels"))?;
    let labels = read_any_labels(labels_at)?;
    let images = read_images(images_at)?;
    if images.len() / PIXELS != labels.len() {
        let source = Mismatch::Count { images: images.len() / PIXELS, labels: labels.len() };
        return Err(OwnError::Pair { path: images_at.clone(), source });
    }
    Ok(Part { images, labels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_what_they_hold() {
        let name = |text: &str| understand(Path::new(text));
        let some = |prefix: &str, part, images| Some(Name { prefix: prefix.into(), part, images });
        assert_eq!(name("/x/train-images-idx3-ubyte.gz"), some("", Which::Train, true));
        assert_eq!(name("t10k-labels.idx1-ubyte"), some("", Which::Test, false));
        let emnist = name("emnist-digits-test-labels-idx1-ubyte.gz");
        assert_eq!(emnist, some("emnist-digits", Which::Test, false));
        assert_eq!(name("shapes_images.idx3"), some("shapes", Which::All, true));
        assert_eq!(name("images"), some("", Which::All, true));
        for other in ["labels.txt", "images.zip", "train.csv", "a", ""] {
            assert_eq!(name(other), None, "{other}");
        }
    }
}

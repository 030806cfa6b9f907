//! Pictures in a folder for each class, whose name is the class's.

use std::path::{Path, PathBuf};

use super::parts::{Part, Raw};
use super::{Go, MOST_BYTES, MOST_FILES, OwnError};
use crate::core::text::grouped;
use crate::data::MOST_CLASSES;
use crate::data::classes::LONGEST;
use crate::data::idx::MOST_ITEMS;
use crate::data::picture::load_sample;

/// Files that are named where they could not be read; the others are counted.
const NAMED: usize = 3;
/// What folders of parts are called.
const TRAIN: [&str; 2] = ["train", "training"];
const TEST: [&str; 3] = ["test", "testing", "valid"];

/// What is in a folder, sorted by name; hidden files are left out.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub files: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
}

/// Lists a folder.
///
/// # Errors
/// When it cannot be read, or has more than [`MOST_FILES`] entries.
pub(super) fn list(folder: &Path) -> Result<Listing, OwnError> {
    let cannot = |e| OwnError::read(folder, e);
    let mut listing = Listing::default();
    for (n, entry) in std::fs::read_dir(folder).map_err(cannot)?.enumerate() {
        if n >= MOST_FILES {
            return Err(OwnError::files(folder));
        }
        let path = entry.map_err(cannot)?.path();
        if name_of(&path).starts_with('.') {
            continue;
        }
        let place = if path.is_dir() { &mut listing.folders } else { &mut listing.files };
        place.push(path);
    }
    listing.files.sort();
    listing.folders.sort_by_key(|f| order(&name_of(f)));
    Ok(listing)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Numbers in their order, then words in theirs: 2 before 10.
fn order(name: &str) -> (u64, String) {
    (name.parse().unwrap_or(u64::MAX), name.to_owned())
}

/// Counts what was looked at and what could not be read.
#[derive(Default)]
struct Tally {
    files: usize,
    read: usize,
    bytes: u64,
    failed: usize,
    first: Vec<String>,
}

/// Reads the pictures below `folder`: one folder for each class, or these within `train` and
/// `test`. What is no picture is counted and named.
///
/// # Errors
/// [`OwnError`]: too many classes or files; none that could be read.
pub(super) fn load(
    folder: &Path,
    listing: &Listing,
    scale: bool,
    go: Go<'_>,
) -> Result<Raw, OwnError> {
    let part = |names: &[&str]| {
        let is = |f: &&PathBuf| names.contains(&name_of(f).to_lowercase().as_str());
        listing.folders.iter().find(is)
    };
    let (train_at, test_at) = match (part(&TRAIN), part(&TEST)) {
        (Some(train), test) => (list(train)?.folders, test.map(|t| list(t)).transpose()?),
        (None, _) => (listing.folders.clone(), None),
    };
    let test_at = test_at.map(|t| t.folders);
    if train_at.is_empty() {
        return Err(OwnError::Nothing { path: folder.into() });
    }
    if train_at.len() > MOST_CLASSES {
        return Err(OwnError::TooManyClasses { path: folder.into(), found: train_at.len() });
    }
    let names: Vec<String> = train_at.iter().map(|f| name_of(f)).collect();
    let strangers = test_at.as_ref().and_then(|at| strangers(at, &names));
    let mut tally = Tally::default();
    let train = read_part(&train_at, &names, scale, &mut tally, go)?;
    let test = test_at.map(|at| read_part(&at, &names, scale, &mut tally, go)).transpose()?;
    if tally.read == 0 {
        return Err(if tally.files == 0 {
            OwnError::Nothing { path: folder.into() }
        } else {
            let first = tally.first.into_iter().next().unwrap_or_default();
            OwnError::NoPictures { path: folder.into(), files: tally.files, first }
        });
    }
    let mut notes = Vec::new();
    notes.extend(strangers);
    if tally.failed > 0 {
        notes.push(format!(
            "{} of {} files could not be read and were left out: {}{}",
            grouped(tally.failed as u64),
            grouped(tally.files as u64),
            tally.first.join("; "),
            if tally.failed > tally.first.len() { "; and others." } else { "." }
        ));
    }
    let short = |name: &String| name.chars().take(LONGEST).collect::<String>();
    let names = Some(names.iter().map(short).collect());
    let (beside, prefix) = (folder.to_path_buf(), String::new());
    Ok(Raw { train, test, beside, prefix, names, kind: "pictures in folders", notes })
}

/// Says which folders of the test part are no class of the training part.
fn strangers(test: &[PathBuf], names: &[String]) -> Option<String> {
    let left: Vec<String> =
        test.iter().map(|f| name_of(f)).filter(|name| !names.contains(name)).collect();
    let said: Vec<String> =
        left.iter().take(NAMED).map(|name| name.chars().take(LONGEST).collect()).collect();
    let more = if left.len() > NAMED { " and others" } else { "" };
    let text = format!(
        "Folders of the test part that are no class of the training part were left out: {}{more}.",
        said.join(", ")
    );
    (!left.is_empty()).then_some(text)
}

/// Reads the folders of one part; those that are no class of `names` are left out.
fn read_part(
    folders: &[PathBuf],
    names: &[String],
    scale: bool,
    tally: &mut Tally,
    go: Go<'_>,
) -> Result<Part, OwnError> {
    let mut part = Part::default();
    for folder in folders {
        let Some(label) = names.iter().position(|name| *name == name_of(folder)) else { continue };
        let files = list(folder)?.files;
        for file in &files {
            if tally.files >= MOST_FILES {
                return Err(OwnError::files(folder));
            }
            if part.labels.len() >= MOST_ITEMS as usize {
                return Err(OwnError::items(folder));
            }
            if !go(tally.files, 0) {
                return Err(OwnError::Stopped);
            }
            tally.files += 1;
            match picture(file, scale, tally, folder)? {
                Ok(image) => {
                    part.images.extend_from_slice(&image[..]);
                    part.labels.push(label as u8);
                    tally.read += 1;
                }
                Err(why) => {
                    tally.failed += 1;
                    if tally.first.len() < NAMED {
                        tally.first.push(why);
                    }
                }
            }
        }
    }
    Ok(part)
}

/// One picture, or why it could not be read.
fn picture(
    file: &Path,
    scale: bool,
    tally: &mut Tally,
    folder: &Path,
) -> Result<Result<Box<[u8; crate::data::PIXELS]>, String>, OwnError> {
    let size = std::fs::metadata(file).map_or(0, |m| m.len());
    if size == 0 {
        return Ok(Err(format!("{} is empty", file.display())));
    }
    tally.bytes += size;
    if tally.bytes > MOST_BYTES {
        return Err(OwnError::TooMuch { path: folder.into(), what: "bytes", most: MOST_BYTES });
    }
    Ok(load_sample(file, scale).map_err(|e| e.to_string().trim_end_matches('.').to_owned()))
}

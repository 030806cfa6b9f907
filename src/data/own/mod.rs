//! Data sets of the user's own: 28×28 grey pictures of 2 to 47 classes.
//!
//! [`read()`] takes what people have:
//! * `idx`: a folder with the four IDX files that MNIST, Fashion-MNIST, KMNIST and EMNIST
//!   come as, or one pair of pictures and labels
//! * `csv`: tables as Kaggle's digit recogniser has them
//! * `folders`: a folder of pictures for each class
//!
//! `names` finds what the classes are called, `parts` renumbers labels and holds digits out
//! where there is no test part. [`store`] keeps what was read in the user's data folder, and
//! [`mine`] the digits that the user has drawn and labelled.

mod csv;
mod error;
mod folders;
mod idx;
pub mod mine;
mod names;
mod parts;
pub mod store;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use error::OwnError;
pub use store::{About, MOST_SETS};

use super::Dataset;
use super::MOST_CLASSES;
use super::classes::ClassNames;
use super::orient::Orientation;

/// Most files that are looked at in a folder of pictures.
pub const MOST_FILES: usize = 200_000;
/// Most bytes that pictures in folders may have in all.
pub const MOST_BYTES: u64 = 4 << 30;
/// Fewer pictures than these are no data set.
pub const FEWEST_PICTURES: usize = 4;

/// What the reader cannot know.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the classes are called, where somebody has said so.
    pub classes: Option<ClassNames>,
    /// Scale pictures in folders to 28×28 as they are, instead of looking for a drawn
    /// sign on each and framing it as MNIST does.
    pub scale: bool,
}

/// A data set that was read and is not kept yet.
#[derive(Clone, Debug)]
pub struct Found {
    /// A name for it, from the file's or folder's.
    pub name: String,
    /// What was read, for people: path and kind.
    pub source: String,
    /// To learn from. Its class names are the set's.
    pub train: Dataset,
    /// To be tested on.
    pub test: Dataset,
    /// Whether somebody or something says what the classes are called.
    pub named: bool,
    /// Whether the test part was held out here, since the source has none.
    pub held_out: bool,
    /// What the user should know: what was left out, and what was assumed.
    pub notes: Vec<String>,
    /// How its pictures have been changed.
    pub orientation: Orientation,
}

impl Found {
    /// What its classes are called.
    pub fn classes(&self) -> &ClassNames {
        self.train.classes()
    }

    /// The same set with other names.
    ///
    /// # Errors
    /// [`OwnError::TooFewNames`].
    pub fn called(self, classes: &ClassNames) -> Result<Self, OwnError> {
        let highest = self.train.labels().iter().chain(self.test.labels()).max();
        if let Some(label) = highest.copied().filter(|l| usize::from(*l) >= classes.count()) {
            return Err(OwnError::TooFewNames { names: classes.count(), label });
        }
        let train = self.train.called(classes.clone());
        let test = self.test.called(classes.clone());
        Ok(Self { train, test, named: true, ..self })
    }

    /// The same set with every picture turned, in addition to what was done before.
    pub fn turned(self, how: Orientation) -> Self {
        let all = |data: &Dataset| how.digits(data, 0..data.len());
        let (train, test) = (all(&self.train), all(&self.test));
        Self { train, test, orientation: self.orientation.then(how), ..self }
    }

    /// Whether the pictures lie on a light ground, where MNIST's is dark: the mean of the
    /// pixels along the edges, over a sample.
    pub fn looks_inverted(&self) -> bool {
        const SAMPLE: usize = 500;
        let (mut sum, mut count) = (0u64, 0u64);
        let step = self.train.len().div_ceil(SAMPLE).max(1);
        for place in (0..self.train.len()).step_by(step) {
            let image = self.train.image(place);
            let side = super::SIDE;
            for i in 0..side {
                for at in [i, (side - 1) * side + i, i * side, i * side + side - 1] {
                    sum += u64::from(image[at]);
                    count += 1;
                }
            }
        }
        count > 0 && sum > 127 * count
    }
}

/// How far reading is: items done, and in all where that is known. The answer `false` stops it.
pub type Go<'a> = &'a mut dyn FnMut(usize, usize) -> bool;

/// Reads a data set from a file or folder; nothing is written.
///
/// # Errors
/// [`OwnError`], with a sentence about what is wrong.
pub fn read(path: &Path, options: &Options, go: Go<'_>) -> Result<Found, OwnError> {
    let about = std::fs::metadata(path).map_err(|e| OwnError::read(path, e))?;
    let raw = if about.is_dir() { folder(path, options, go)? } else { file(path, go)? };
    parts::finish(path, raw, options)
}

fn folder(path: &Path, options: &Options, go: Go<'_>) -> Result<parts::Raw, OwnError> {
    let listing = folders::list(path)?;
    if let Some(set) = idx::in_folder(path, &listing)? {
        return idx::load(&set, go);
    }
    if let Some(tables) = csv::in_folder(path, &listing) {
        return csv::load(&tables, go);
    }
    folders::load(path, &listing, options.scale, go)
}

fn file(path: &Path, go: Go<'_>) -> Result<parts::Raw, OwnError> {
    if idx::is_idx(path)? {
        return idx::load(&idx::beside(path)?, go);
    }
    csv::load(&csv::Tables { train: path.into(), test: None }, go)
}

/// Whether a file is called as IDX files of pictures or labels are.
pub fn is_idx_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    (name.contains("idx") || name.contains("ubyte")) && idx::is_name(path)
}

/// Whether a set of the user's own could have this id; nothing is looked up.
pub fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LONGEST_ID).contains(&id.len())
        && id.chars().all(plain)
        && !(id.starts_with('-') || id.ends_with('-'))
        && !RESERVED.contains(&id)
}

/// Longest id, bytes.
pub const LONGEST_ID: usize = 40;

/// Ids that mean something else: the built-in sets, files named on the command line, and
/// what some systems take for a device.
const RESERVED: [&str; 9] =
    ["mnist", "synthetic", "files", "all", "con", "nul", "prn", "aux", "new"];

/// The id for a set of this name, safe as the name of a folder.
///
/// # Errors
/// [`OwnError::BadName`] when nothing is left of it.
pub fn id_of(name: &str) -> Result<String, OwnError> {
    let mut id = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
        if id.len() >= LONGEST_ID {
            break;
        }
    }
    let id = id.trim_matches('-').to_owned();
    if is_id(&id) { Ok(id) } else { Err(OwnError::BadName(name.chars().take(80).collect())) }
}

/// Counts pictures by class.
pub fn by_class(data: &Dataset) -> [usize; MOST_CLASSES] {
    let mut counts = [0; MOST_CLASSES];
    for label in data.labels() {
        counts[usize::from(*label)] += 1;
    }
    counts
}

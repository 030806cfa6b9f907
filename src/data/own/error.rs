//! Why a data set cannot be added, read or kept.

use std::path::{Path, PathBuf};

use super::{FEWEST_PICTURES, MOST_FILES};
use crate::core::files::WriteError;
use crate::core::text::grouped;
use crate::data::MOST_CLASSES;
use crate::data::classes::NamesError;
use crate::data::dataset::Mismatch;
use crate::data::error::FileError;
use crate::data::idx::{IdxProblem, MOST_ITEMS};

/// A data set of the user's own could not be used. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// A file or folder could not be read.
    #[error("could not read {}: {source}. Check that it is there and may be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// An IDX file.
    #[error(transparent)]
    Idx(#[from] FileError<IdxProblem>),
    /// There is nothing to read.
    #[error(
        "{} holds no data set: no IDX files of pictures and labels, no CSV, and no folder of pictures for each class. Choose another file or folder", path.display()
    )]
    Nothing { path: PathBuf },
    /// Several sets in one folder.
    #[error(
        "{} holds several data sets ({}): name one of its image files instead of the folder", path.display(), sets.join(", ")
    )]
    Several { path: PathBuf, sets: Vec<String> },
    /// Pictures without labels, or labels without pictures.
    #[error("{} has no partner: the {wanted} that belong to it have to lie beside it", path.display())]
    Alone { path: PathBuf, wanted: &'static str },
    /// Two files that do not belong together.
    #[error("{} and its labels do not belong together: {source}. Use the files of one data set", path.display())]
    Pair { path: PathBuf, source: Mismatch },
    /// A table that cannot be read.
    #[error("{}, line {line}: {problem}", path.display())]
    Csv { path: PathBuf, line: usize, problem: String },
    /// A table without labels.
    #[error(
        "{} has 784 columns, the pixels, but no label, so nothing can be learned from it or tested on it: choose the file with labels (train.csv)", path.display()
    )]
    NoLabels { path: PathBuf },
    /// More classes than networks may have outputs.
    #[error(
        "{} has {found} classes, and {MOST_CLASSES} is the most. Keep {MOST_CLASSES} of them or fewer, then add it again", path.display()
    )]
    TooManyClasses { path: PathBuf, found: usize },
    /// Nothing to tell apart.
    #[error("{} has only one class ({name}); there have to be at least two to be told apart", path.display())]
    OneClass { path: PathBuf, name: String },
    /// A class that is too small.
    #[error(
        "{} has too few pictures ({found}; {FEWEST_PICTURES} are needed, two of each class)", path.display()
    )]
    TooFew { path: PathBuf, found: usize },
    /// A limit.
    #[error("{} has more than {} {what}, which is the most that this app takes. Take a part of it", path.display(), grouped(*most))]
    TooMuch { path: PathBuf, what: &'static str, most: u64 },
    /// None of the pictures could be read.
    #[error("none of the {} files in the folders of {} could be read as a picture; the first: {first}", grouped(*files as u64), path.display())]
    NoPictures { path: PathBuf, files: usize, first: String },
    /// Names of classes.
    #[error("{0}")]
    Names(#[from] NamesError),
    /// Fewer names than classes.
    #[error(
        "there are {names} names, but label {label} occurs: {label} needs a name, too. Names stand in the order of the labels 0, 1, 2 …"
    )]
    TooFewNames { names: usize, label: u8 },
    /// A name that is taken.
    #[error(
        "there is a data set \"{id}\" already; give this one another name, or remove that one first (`spikescope data remove {id}`)"
    )]
    Taken { id: String },
    /// A name that gives no id.
    #[error(
        "{0:?} cannot be the name of a data set: use letters and figures, and none of the names that Spikescope's own sets have"
    )]
    BadName(String),
    /// No such set.
    #[error("there is no data set \"{0}\" of your own; `spikescope data list` shows them")]
    Unknown(String),
    /// Too many sets.
    #[error("{0} data sets are the most that are kept; remove one first")]
    Full(usize),
    /// What was kept is broken.
    #[error("the data set \"{id}\" cannot be used: {reason}. Remove it and add it again")]
    Broken { id: String, reason: String },
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A folder could not be made, moved or removed.
    #[error("{} could not be {done}: {source}. Everything else stays as it was", path.display())]
    Folder { path: PathBuf, done: &'static str, source: std::io::Error },
    /// Somebody asked to stop.
    #[error("it was stopped; nothing was added")]
    Stopped,
}

impl OwnError {
    pub(super) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read { path: path.into(), source }
    }

    pub(super) fn items(path: &Path) -> Self {
        Self::TooMuch { path: path.into(), what: "pictures", most: u64::from(MOST_ITEMS) }
    }

    pub(super) fn files(path: &Path) -> Self {
        Self::TooMuch { path: path.into(), what: "files", most: MOST_FILES as u64 }
    }
}

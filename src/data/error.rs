//! What can go wrong with data, in words for the person at the screen.

use std::path::PathBuf;

use super::dataset::Mismatch;
use super::download::DownloadError;
use super::idx::IdxProblem;
use super::picture::PictureProblem;
use super::strokes::StrokesError;

/// A data set, picture or stroke file could not be used. Every message names
/// the file, says what is wrong with it and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file could not be opened or read.
    #[error("could not read {}: {source}. Check that the file is there and may be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },

    /// Not the IDX file it should be.
    #[error("{}: {problem}", path.display())]
    Idx { path: PathBuf, problem: IdxProblem },

    /// Two good files that do not belong together.
    #[error("{} and {} do not belong together: {source}. Use the two files of one data set",
            images.display(), labels.display())]
    Pair { images: PathBuf, labels: PathBuf, source: Mismatch },

    /// Some of the four MNIST files are not in the folder.
    #[error("{} lacks {}: put the four MNIST files there (gzipped or not), choose another folder, or download them with `spikescope data download`",
            dir.display(), missing.join(", "))]
    Incomplete { dir: PathBuf, missing: Vec<&'static str> },

    /// No folder with MNIST was named, and none was found.
    #[error(
        "MNIST was not found: name its folder with --mnist or SPIKESCOPE_MNIST, or download it with `spikescope data download`"
    )]
    NoMnist,

    /// A data set id that the registry does not know.
    #[error("there is no data set \"{id}\"; choose one of: {known}")]
    UnknownSource { id: String, known: String },

    /// A stroke file that cannot be used.
    #[error("{}: {problem}", path.display())]
    Strokes { path: PathBuf, problem: StrokesError },

    /// A picture file that cannot be used.
    #[error("{}: {problem}", path.display())]
    Picture { path: PathBuf, problem: PictureProblem },

    /// MNIST could not be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
}

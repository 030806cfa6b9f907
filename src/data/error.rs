//! What can go wrong with a file, in words for the person at the screen.

use std::path::{Path, PathBuf};

/// A file could not be used; `P` is what may be wrong with its content. Every message
/// names the file, says what is wrong with it and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FileError<P> {
    /// It could not be opened or read.
    #[error("could not read {}: {source}. Check that the file is there and may be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// It is not what it should be.
    #[error("{}: {problem}", path.display())]
    Content { path: PathBuf, problem: P },
}

impl<P> FileError<P> {
    /// The file could not be read.
    pub fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read { path: path.into(), source }
    }

    /// Its content is wrong.
    pub fn content(path: &Path, problem: P) -> Self {
        Self::Content { path: path.into(), problem }
    }
}

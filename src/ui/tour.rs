//! Every workspace as a picture, without a display.

use std::path::{Path, PathBuf};

/// What the tour shows.
#[derive(Clone, Debug, Default)]
pub struct TourOptions {
    /// Folder with MNIST, if named.
    pub mnist: Option<PathBuf>,
}

/// Renders every workspace into `out`, and gives the files.
///
/// # Errors
/// Always, for now: the pictures are still to be made.
pub fn render(_out: &Path, _options: &TourOptions) -> anyhow::Result<Vec<PathBuf>> {
    anyhow::bail!("the tour is not in this version yet")
}

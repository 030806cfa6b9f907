//! Where the user's files are kept.

use std::path::PathBuf;

/// The environment variable that moves everything elsewhere (used by tests and
/// by people who carry the app on a stick).
pub const HOME_VARIABLE: &str = "SPIKESCOPE_HOME";

/// The user's data folder for this app, for example
/// `~/.local/share/spikescope` on Linux. It may not exist yet.
pub fn home() -> PathBuf {
    if let Some(path) = std::env::var_os(HOME_VARIABLE).filter(|p| !p.is_empty()) {
        return path.into();
    }
    directories::ProjectDirs::from("", "", "spikescope").map_or_else(
        || std::env::temp_dir().join("spikescope"),
        |dirs| dirs.data_dir().to_path_buf(),
    )
}

/// Where MNIST is downloaded to.
pub fn mnist() -> PathBuf {
    home().join("mnist")
}

/// One folder per training run.
pub fn runs() -> PathBuf {
    home().join("runs")
}

/// One folder per data set of the user's own.
pub fn data() -> PathBuf {
    home().join("data")
}

//! Temporary files, and those left behind by a killed process.
//!
//! Whoever writes a temporary file holds a lock on it. The system releases the lock
//! when the process ends, for whatever reason; so a temporary file that can be
//! locked has no owner any more.

use std::fs::{File, Permissions};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

/// What the names of temporary files begin with.
const PREFIX: &str = ".writing-";
/// On a file system without locks, a temporary file this old has no owner: no
/// file takes a day to write.
const OLD: Duration = Duration::from_secs(24 * 3600);
/// Temporary files of one name that may be swept away before they are locked.
const MOST_TRIES: usize = 20;

/// A new temporary file in `folder`, locked as long as it is open.
pub(super) fn begin(folder: &Path, permissions: Option<Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    for _ in 0..MOST_TRIES {
        let temporary = builder.tempfile_in(folder)?;
        match temporary.as_file().try_lock() {
            // Between making and locking it, somebody may have swept it away.
            Ok(()) if !temporary.path().exists() => {}
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => return Ok(temporary),
            Err(std::fs::TryLockError::WouldBlock) => {}
        }
    }
    Err(io::Error::other("temporary files vanish from its folder"))
}

/// Removes the temporary files in `folder` that nobody is writing any more.
/// Returns how many there were.
pub fn sweep(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let litter = entries.filter(|entry| {
        entry.file_name().to_string_lossy().starts_with(PREFIX)
            // Not of what a link leads to.
            && entry.file_type().is_ok_and(|kind| kind.is_file())
    });
    litter.filter(|entry| remove(&entry.path())).count()
}

fn remove(path: &Path) -> bool {
    // Opened for writing: some network file systems lock no others.
    let Ok(file) = File::options().write(true).open(path) else { return false };
    let abandoned = match file.try_lock() {
        Ok(()) => true,
        Err(std::fs::TryLockError::WouldBlock) => false,
        Err(std::fs::TryLockError::Error(_)) => file
            .metadata()
            .and_then(|m| m.modified())
            .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > OLD)),
    };
    // Still locked: who has just made it and waits for the lock sees it gone.
    abandoned && std::fs::remove_file(path).is_ok()
}

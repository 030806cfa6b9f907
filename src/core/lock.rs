//! A folder that one process at a time works in. The lock is the operating system's: it
//! is released when the process ends, for whatever reason.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::files::open_own;

/// Name of the file that is locked.
const NAME: &str = "lock";

/// A folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it; its number, where it is known.
    #[error("another process{} works in it", .0.map(|p| format!(" ({p})")).unwrap_or_default())]
    Held(Option<u32>),
    /// The file could not be made or locked.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A locked folder, as long as the value lives.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Locks a folder that exists, and leaves this process's number in its lock file.
    ///
    /// # Errors
    /// [`LockError::Held`] when another process has it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        // Whoever lists runs looks at their locks for a moment.
        Self::take_within(folder, NAME, Duration::from_millis(30))
    }

    /// The same with a lock file of this name, for which another process has so long
    /// to let go of it.
    ///
    /// # Errors
    /// As [`FolderLock::take`].
    pub fn take_within(folder: &Path, name: &str, patience: Duration) -> Result<Self, LockError> {
        let begun = Instant::now();
        loop {
            match Self::try_take(folder, name) {
                Err(LockError::Held(_)) if begun.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                done => return done,
            }
        }
    }

    fn try_take(folder: &Path, name: &str) -> Result<Self, LockError> {
        let path = folder.join(name);
        let mut file = open_own(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Where the file cannot be read now, its holder stays unnamed.
                let _ = File::open(&path).and_then(|f| f.take(20).read_to_string(&mut text));
                return Err(LockError::Held(text.trim().parse().ok()));
            }
            Err(TryLockError::Error(e)) => return Err(e.into()),
        }
        // The number is for messages alone: a full disk is no reason not to go on.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_who_is_named_and_free_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let error = FolderLock::take(folder.path()).unwrap_err();
        let LockError::Held(by) = &error else { panic!("{error}") };
        assert_eq!(*by, Some(std::process::id()));
        drop(first);
        drop(FolderLock::take(folder.path()).unwrap());
        assert!(matches!(FolderLock::take(&folder.path().join("none")), Err(LockError::Io(_))));
    }
}

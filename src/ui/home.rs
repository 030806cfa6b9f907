//! The user's data folder, from the window's side: one window writes the session.

use std::path::Path;
use std::time::Duration;

use crate::core::lock::{FolderLock, LockError};

/// A window that is just being closed gives the folder back within this time.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Whose the folder is.
#[derive(Debug)]
pub enum Home {
    /// This window's: the file is locked as long as it is open. `None` where the
    /// folder gives no locks; then saving will tell what is wrong with it.
    Ours { _lock: Option<FolderLock> },
    /// Another window's. This one reads, and keeps what is changed to itself.
    Theirs,
}

impl Home {
    /// Asks for the folder.
    pub fn take(home: &Path) -> Self {
        let taken = std::fs::create_dir_all(home)
            .map_err(LockError::from)
            .and_then(|()| FolderLock::take_within(home, "window.lock", PATIENCE));
        match taken {
            Ok(lock) => Self::Ours { _lock: Some(lock) },
            Err(LockError::Held(_)) => Self::Theirs,
            Err(LockError::Io(_)) => Self::Ours { _lock: None },
        }
    }

    /// Whether this window may write the session.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Ours { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_window_does_not_get_the_folder_until_the_first_goes() {
        let home = tempfile::tempdir().unwrap();
        let first = Home::take(home.path());
        assert!(first.is_ours() && !Home::take(home.path()).is_ours());
        drop(first);
        assert!(Home::take(home.path()).is_ours());
    }
}

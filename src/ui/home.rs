//! The user's data folder, from the window's side: one window writes the session, and
//! files set aside never overwrite each other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::core::lock::{FolderLock, LockError};

/// Files that are kept of one kind; then the oldest goes.
const MOST_ASIDE: usize = 9;
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

/// Renames `session.json` to `session.WHY.json`, or `session.WHY-2.json` if there is
/// one already, and so on up to 9; then the oldest of them is replaced.
///
/// # Errors
/// As the system's.
pub fn set_aside(path: &Path, why: &str) -> std::io::Result<PathBuf> {
    let aside = name_aside(path, why);
    std::fs::rename(path, &aside)?;
    Ok(aside)
}

/// The same, but the file stays where it is, too.
///
/// # Errors
/// As the system's.
pub fn copy_aside(path: &Path, why: &str) -> std::io::Result<PathBuf> {
    let aside = name_aside(path, why);
    std::fs::copy(path, &aside)?;
    Ok(aside)
}

fn name_aside(path: &Path, why: &str) -> PathBuf {
    let name = |n: usize| {
        let number = if n > 1 { format!("-{n}") } else { String::new() };
        path.with_extension(format!("{why}{number}.json"))
    };
    let changed = |path: &PathBuf| path.metadata().and_then(|m| m.modified()).ok();
    let all: Vec<PathBuf> = (1..=MOST_ASIDE).map(name).collect();
    let free = all.iter().find(|p| !p.exists()).cloned();
    let aside = free.or_else(|| all.into_iter().min_by_key(changed));
    aside.unwrap_or_else(|| name(1))
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

    #[test]
    fn a_bounded_number_is_set_aside_and_the_oldest_goes() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("session.json");
        for n in 0..12 {
            std::fs::write(&path, n.to_string()).unwrap();
            let aside = set_aside(&path, "broken").unwrap();
            assert_eq!(std::fs::read_to_string(aside).unwrap(), n.to_string());
            std::thread::sleep(Duration::from_millis(20));
        }
        let read = |e: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(e.unwrap().path()).unwrap().parse::<u32>().unwrap()
        };
        let mut kept: Vec<u32> = std::fs::read_dir(home.path()).unwrap().map(read).collect();
        kept.sort_unstable();
        assert_eq!(kept, (3..12).collect::<Vec<_>>());
    }
}

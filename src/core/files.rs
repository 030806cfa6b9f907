//! Files are written whole or not at all: a temporary file beside the target,
//! flushed to the disk, then renamed over it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file could not be written; the previous one, if any, is untouched.
#[derive(Debug, thiserror::Error)]
#[error("could not write {path}: {source}. {kept}; free some space or choose another folder, then save again",
        path = path.display(), kept = if *had_old { "The earlier version was kept" } else { "Nothing was written" })]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// Whether an earlier version exists (and was kept).
    pub had_old: bool,
    /// What the operating system said.
    #[source]
    pub source: std::io::Error,
}

/// Writes `path` whole: whoever reads it, even after a crash in the middle,
/// finds either the old content or the new.
pub fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> Result<(), WriteError> {
    let attempt = || -> std::io::Result<()> {
        let folder = match path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder)?;
        let temporary = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)?;
        let mut writer = BufWriter::new(temporary.as_file());
        fill(&mut writer)?;
        writer.flush()?;
        drop(writer);
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|e| e.error)?;
        // The rename itself lives in the folder; without this it may be lost
        // on a power cut. Not every file system lets a folder be synced.
        if let Ok(dir) = File::open(folder) {
            let _ = dir.sync_all();
        }
        Ok(())
    };
    attempt().map_err(|source| WriteError { path: path.into(), had_old: path.exists(), source })
}

/// [`write_whole`] for bytes that are at hand.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_whole(path, |w| w.write_all(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_keeps_the_old_file_and_leaves_no_litter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept.txt");
        write_bytes(&path, b"old").unwrap();
        let error = write_whole(&path, |w| {
            w.write_all(b"half of the new")?;
            Err(std::io::Error::other("disk full"))
        })
        .unwrap_err();
        assert!(error.to_string().contains("kept.txt") && error.to_string().contains("disk full"));
        assert!(error.had_old);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn missing_folders_are_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.bin");
        write_bytes(&path, b"x").unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"x");
    }
}

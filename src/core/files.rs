//! Files are written whole or not at all: a temporary file beside the target,
//! flushed to the disk, then renamed over it. They are read up to a stated
//! limit, and only if they are regular files: a pipe would keep the reader
//! waiting, and a device may never end.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
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

/// Opens a regular file for reading.
///
/// # Errors
/// Besides what the system says: what `path` is, if it is a folder, a pipe or
/// a device.
pub fn open_regular(path: &Path) -> std::io::Result<File> {
    // Asked before opening, since opening a pipe already waits for a writer.
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a folder" } else { "a pipe or a device" };
        return Err(std::io::Error::other(format!("this is {what}, not a file")));
    }
    File::open(path)
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open_regular`], and with both sizes where the file is larger.
pub fn read_limited(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    if size <= most {
        bytes.reserve_exact(size as usize);
        file.take(most + 1).read_to_end(&mut bytes)?;
    }
    let size = size.max(bytes.len() as u64);
    if size > most {
        let (size, most) = (super::text::grouped(size), super::text::grouped(most));
        return Err(std::io::Error::other(format!("it has {size} bytes, and {most} is the most")));
    }
    Ok(bytes)
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
    fn only_regular_files_within_the_limit_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ten.bin");
        write_bytes(&path, &[7; 10]).unwrap();
        assert_eq!(read_limited(&path, 10).unwrap(), [7; 10]);
        let error = read_limited(&path, 9).unwrap_err().to_string();
        assert!(error.contains("10 bytes") && error.contains("9 is the most"), "{error}");
        let error = read_limited(dir.path(), 9).unwrap_err().to_string();
        assert!(error.contains("a folder"), "{error}");
        #[cfg(unix)]
        {
            let error = read_limited(Path::new("/dev/zero"), 9).unwrap_err().to_string();
            assert!(error.contains("a device"), "{error}");
        }
    }

    #[test]
    fn missing_folders_are_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.bin");
        write_bytes(&path, b"x").unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"x");
    }
}

//! Files are written whole or not at all: a temporary file beside the target,
//! flushed to disk, then renamed over it. Files are read up to a stated limit, and
//! only if they are regular files: a pipe would keep the reader waiting, and a
//! device may never end.
//!
//! * `target`: what a path leads to: links are followed; devices and pipes are
//!   written to instead of being replaced
//! * `litter`: temporary files left behind by a killed process

mod litter;
mod target;

use std::fs::{File, Permissions};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

pub use litter::sweep;
use target::Target;

/// What there is after a failed write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// No file is there, as before.
    Nothing,
    /// The earlier file, untouched.
    Earlier,
    /// A pipe or a device may have got a part.
    Part,
}

impl Kept {
    fn advice(self, error: &std::io::Error) -> &'static str {
        match self {
            // An error of our own says what is wrong with the path.
            Self::Nothing if error.raw_os_error().is_none() => {
                "Nothing was written; choose another file, then save again"
            }
            Self::Nothing => {
                "Nothing was written; free some space or choose another folder, then save again"
            }
            Self::Earlier => {
                "The earlier version was kept; free some space or choose another folder, then save again"
            }
            Self::Part => "It is no regular file, so a part may have arrived; choose a file",
        }
    }
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write {path}: {source}. {advice}", path = path.display(), advice = kept.advice(source))]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What is there now.
    pub kept: Kept,
    /// What the operating system said.
    #[source]
    pub source: std::io::Error,
}

/// Writes `path` whole: whoever reads it, even after a crash in the middle,
/// finds either the old content or the new.
///
/// Links are followed, and stay. A file that is replaced hands its permissions
/// on, and its owner where the system allows it; a new one gets what the umask
/// leaves of read and write for all. What is no regular file (a pipe, a
/// terminal, `/dev/null`) is written to as it is, and is not replaced.
///
/// # Errors
/// [`WriteError`]: what the system says; that `path` is a folder or a disk; that
/// links lead in a circle or to a missing folder; that nobody reads the pipe.
pub fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> Result<(), WriteError> {
    let failed = |kept, source| WriteError { path: path.into(), kept, source };
    let target = target::resolve(path).map_err(|e| failed(kept_at(path), e))?;
    match target {
        Target::Through(file) => through(&file, fill).map_err(|e| failed(Kept::Part, e)),
        Target::Replace { path: real, linked } => {
            replace(&real, linked, fill).map_err(|e| failed(kept_at(&real), e))
        }
    }
}

fn kept_at(path: &Path) -> Kept {
    if path.is_file() { Kept::Earlier } else { Kept::Nothing }
}

fn through(
    file: &File,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut writer = BufWriter::new(file);
    let filled = fill(&mut writer).and_then(|()| writer.flush());
    if filled.is_err() {
        // Or dropping it would try, and wait, once more.
        let _ = writer.into_parts();
    }
    filled
}

/// Puts a new file in the place of `path`, which is no link.
fn replace(
    path: &Path,
    linked: bool,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    // A link into a folder that is missing may lead to a disk that is not
    // mounted now: nothing is made there.
    if folder.exists() && !folder.is_dir() {
        let text = format!("{} is not a folder", folder.display());
        return Err(std::io::Error::new(std::io::ErrorKind::NotADirectory, text));
    }
    if !linked {
        std::fs::create_dir_all(folder)?;
    }
    let old = std::fs::metadata(path).ok();
    let temporary = litter::begin(folder, permissions(old.as_ref()))?;
    if let Some(old) = &old {
        target::hand_on(old, temporary.as_file())?;
    }
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
}

/// What a temporary file begins with: those of the file that it replaces, or
/// read and write for all; in both cases less the umask.
#[cfg(unix)]
fn permissions(old: Option<&std::fs::Metadata>) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    let mode = old.map_or(0o666, |m| m.permissions().mode() & 0o777);
    Some(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn permissions(_old: Option<&std::fs::Metadata>) -> Option<Permissions> {
    None
}

/// [`write_whole`] for bytes that are at hand.
///
/// # Errors
/// [`WriteError`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_whole(path, |w| w.write_all(bytes))
}

/// Opens a regular file for reading.
///
/// # Errors
/// Besides what the system says: what `path` is, if it is a folder, a pipe or
/// a device.
pub fn open_regular(path: &Path) -> std::io::Result<File> {
    // Asked before opening, since opening a device may already do something;
    // and of what was opened, since it may have been exchanged meanwhile.
    regular(&std::fs::metadata(path)?)?;
    let file = target::reader(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(found: &std::fs::Metadata) -> std::io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    let what = if found.is_dir() { "a folder" } else { "a pipe or a device" };
    Err(std::io::Error::other(format!("this is {what}, not a file")))
}

/// Opens a file of the program's own for reading and appending; makes it if
/// there is none. It is not looked for behind a link: whoever can put one there
/// could have any file of the user's written to.
///
/// # Errors
/// Besides what the system says: that `path` is a link, or no regular file.
pub fn open_own(path: &Path) -> std::io::Result<File> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(std::io::Error::other("it is a link, which is not followed here; remove it"));
    }
    let file = target::appender(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
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
        bytes
            .try_reserve_exact(size as usize)
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::OutOfMemory))?;
        file.take(most + 1).read_to_end(&mut bytes)?;
    }
    let size = size.max(bytes.len() as u64);
    if size > most {
        let (size, most) = (super::text::grouped(size), super::text::grouped(most));
        return Err(std::io::Error::other(format!("it has {size} bytes, and {most} is the most")));
    }
    Ok(bytes)
}

/// Reads a regular text file of at most `most` bytes.
///
/// # Errors
/// As [`read_limited`], and when it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> std::io::Result<String> {
    String::from_utf8(read_limited(path, most)?)
        .map_err(|_| std::io::Error::other("it is not text"))
}

/// Reads what the Linux kernel tells of this process (`/proc/self/…`).
pub fn read_kernel(path: &str) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(1 << 20).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests;

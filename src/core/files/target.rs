//! What a path leads to when a file is written there.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Where the content goes.
pub(super) enum Target {
    /// To a pipe, a terminal or the like, as it is.
    Through(File),
    /// To a new file of this name, in the place of the old one, if any.
    Replace {
        /// No link, but its folders may be.
        path: PathBuf,
        /// Whether links led here.
        linked: bool,
    },
}

/// Links that are followed one after another, as Linux does.
const MOST_LINKS: usize = 40;

/// Follows links, and looks at what is at their end.
pub(super) fn resolve(path: &Path) -> io::Result<Target> {
    let mut real = path.to_owned();
    let mut links = 0;
    while let Ok(found) = std::fs::symlink_metadata(&real) {
        if !found.is_symlink() {
            return kind(real, &found, links > 0);
        }
        // The process's own outputs: whoever prints to them goes on behind us.
        if let Some(file) = standard_stream(&real) {
            return Ok(Target::Through(file));
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::other("its links lead in a circle"));
        }
        let to = real.parent().unwrap_or(Path::new("")).join(std::fs::read_link(&real)?);
        // What Linux shows of an open file (`/proc/self/fd`) is a link that leads
        // there, but does not say where.
        if let Ok(end) = std::fs::metadata(&real)
            && !std::fs::metadata(&to).is_ok_and(|named| same(&named, &end))
        {
            return if end.is_file() { shown_file(&real) } else { kind(real, &end, true) };
        }
        real = to;
    }
    let folder = real.parent().filter(|f| !f.as_os_str().is_empty());
    if links > 0 && folder.is_some_and(|f| !f.is_dir()) {
        let text = format!("it is a link to {}, whose folder is missing", real.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    Ok(Target::Replace { path: real, linked: links > 0 })
}

/// An open file that has no name any more: it is written to as it is.
fn shown_file(link: &Path) -> io::Result<Target> {
    File::options().write(true).truncate(true).open(link).map(Target::Through)
}

fn kind(path: PathBuf, found: &Metadata, linked: bool) -> io::Result<Target> {
    if found.is_file() {
        return Ok(Target::Replace { path, linked });
    }
    if found.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    open_through(&path, found).map(Target::Through)
}

#[cfg(unix)]
fn same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same(_a: &Metadata, _b: &Metadata) -> bool {
    true
}

/// The output that a link of Linux such as `/proc/self/fd/1` stands for. It is
/// shared, so that both writers go on from the same place.
#[cfg(unix)]
fn standard_stream(link: &Path) -> Option<File> {
    use std::os::fd::AsFd;
    let folder = link.parent()?;
    if folder != Path::new("/proc/self/fd") && folder != Path::new("/dev/fd") {
        return None;
    }
    let shared = match link.file_name()?.to_str()? {
        "1" => io::stdout().as_fd().try_clone_to_owned(),
        "2" => io::stderr().as_fd().try_clone_to_owned(),
        _ => return None,
    };
    shared.ok().map(File::from)
}

#[cfg(not(unix))]
fn standard_stream(_link: &Path) -> Option<File> {
    None
}

/// Opens what is no regular file for writing. A pipe that nobody reads is
/// refused, since opening it would wait for a reader.
#[cfg(unix)]
fn open_through(path: &Path, found: &Metadata) -> io::Result<File> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    let kind = found.file_type();
    if kind.is_block_device() || kind.is_socket() {
        let what = if kind.is_socket() { "a socket" } else { "a disk" };
        return Err(io::Error::other(format!("it is {what}, not a file")));
    }
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = File::options().write(true).custom_flags(flags.bits() as i32).open(path);
    let file = opened.map_err(|e| match e.raw_os_error() {
        Some(code) if kind.is_fifo() && code == rustix::io::Errno::NXIO.raw_os_error() => {
            io::Error::other("nobody reads this pipe; start its reader first")
        }
        _ => e,
    })?;
    // From now on it may wait for the reader.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

#[cfg(not(unix))]
fn open_through(path: &Path, _found: &Metadata) -> io::Result<File> {
    File::options().write(true).open(path)
}

/// Opens for reading, without waiting for a pipe's writer.
#[cfg(unix)]
pub(super) fn reader(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    File::options().read(true).custom_flags(flags.bits() as i32).open(path)
}

#[cfg(not(unix))]
pub(super) fn reader(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens for reading and appending, neither through a link nor waiting for a
/// pipe's reader.
#[cfg(unix)]
pub(super) fn appender(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = File::options();
    options.create(true).read(true).append(true).custom_flags(flags.bits() as i32);
    options.open(path)
}

#[cfg(not(unix))]
pub(super) fn appender(path: &Path) -> io::Result<File> {
    File::options().create(true).read(true).append(true).open(path)
}

/// Gives `new` the permissions of `old`, and its owner where that is allowed.
#[cfg(unix)]
pub(super) fn hand_on(old: &Metadata, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        // Only root may give files away; members may give them to a group.
        let _ = fchown(new, Some(old.uid()), Some(old.gid()))
            .or_else(|_| fchown(new, None, Some(old.gid())));
    }
    let mode = old.permissions().mode() & 0o777;
    if now.permissions().mode() & 0o777 != mode {
        // Some file systems (FAT) have no modes.
        let _ = new.set_permissions(std::fs::Permissions::from_mode(mode));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn hand_on(_old: &Metadata, _new: &File) -> io::Result<()> {
    Ok(())
}

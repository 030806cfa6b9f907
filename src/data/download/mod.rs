//! MNIST from its public mirrors.
//!
//! Each file is fetched into `NAME.gz.part`, checked by the SHA-256 of its content,
//! flushed to disk and only then renamed: a file under its final name is complete
//! and correct. When something goes wrong, the part that has arrived is kept, and
//! the next attempt, even after a restart, asks only for the rest.
//!
//! * `transfer`: one request, its answer, and the `.part` file
//! * this file: which file from which mirror, and when to give up

mod transfer;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::mnist::{self, FILES};
use crate::core::clock::duration_text;
use crate::core::files::WriteError;
use transfer::{Failure, Transfer};

/// The public mirrors, asked in this order.
pub const MIRRORS: &[&str] = &[
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
];

/// [`MIRRORS`], as [`download`] takes them.
pub fn mirrors() -> Vec<String> {
    MIRRORS.iter().map(|m| (*m).to_owned()).collect()
}

/// How patient a download is.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest wait for a connection, name look-up and TLS included.
    pub connect_timeout: Duration,
    /// Longest wait for the answer to begin, and then for its next bytes.
    pub stall_timeout: Duration,
    /// How often one mirror is asked again for the rest after it has sent
    /// something and then broken off.
    pub resumes_per_mirror: u32,
    /// Whether `HTTPS_PROXY` and its like are obeyed.
    pub use_proxy: bool,
    /// Whether mirrors, and what they redirect to, may be asked over https alone.
    pub https_only: bool,
    /// Longest time for all files together: a server that sends a byte now and
    /// then never stalls.
    pub most_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(20),
            resumes_per_mirror: 3,
            use_proxy: true,
            https_only: true,
            // 12 MB at 3.4 kB/s.
            most_time: Duration::from_secs(3600),
        }
    }
}

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The file being fetched, as it will be called.
    pub file: &'static str,
    /// Which one it is, from 0.
    pub file_index: usize,
    /// How many there are.
    pub files: usize,
    /// Bytes of this file that are on the disk.
    pub bytes: u64,
    /// Its size, bytes, as the server says (before that, the usual size).
    pub total_bytes: u64,
    /// Bytes that were already there when this request began.
    pub resumed_from: u64,
    /// The mirror it comes from; empty for a file that was already there.
    pub mirror: String,
}

/// A download did not succeed. Files that were complete are kept, and so are
/// beginnings that can be continued.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The caller asked to stop.
    #[error("the download was stopped. What has arrived is kept; start it again to go on")]
    Cancelled,
    /// It took longer than [`Options::most_time`].
    #[error("the download took longer than {}, so it was stopped. What has arrived is kept; start it again to go on", duration_text(limit.as_secs_f64()))]
    TooSlow { limit: Duration },
    /// The folder or a file in it cannot be written.
    #[error("could not write {}: {source}. {}", path.display(), remedy(source))]
    Write { path: PathBuf, source: std::io::Error },
    /// Somebody else is writing the same file.
    #[error("{} is being written by another download. Wait for it to finish, then try again", path.display())]
    Busy { path: PathBuf },
    /// No mirror gave the file.
    #[error("could not download {file}: {}. Check the network and try again (what has arrived is kept), or put the MNIST files into {} yourself", attempts.join("; "), dir.display())]
    AllMirrorsFailed { file: &'static str, dir: PathBuf, attempts: Vec<String> },
}

impl From<WriteError> for DownloadError {
    fn from(error: WriteError) -> Self {
        Self::Write { path: error.path, source: error.source }
    }
}

fn remedy(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => {
            "The disk is full: free about 12 MB, then start again (what has arrived is kept)"
        }
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
            "The folder is read-only: choose another one, or change its permissions"
        }
        _ => "Choose another folder, then start again",
    }
}

/// A file to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Its name on the mirrors and in the folder, `.gz` included.
    pub name: &'static str,
    /// SHA-256 of its unpacked content, hexadecimal.
    pub sha256: &'static str,
    /// Its usual size, bytes: shown until the server tells.
    pub bytes: u64,
}

/// The four files of MNIST as they are called on the mirrors, small ones last
/// but each beside its partner.
pub const WANTED: [Wanted; 4] = {
    const NAMES: [&str; 4] = [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ];
    let mut wanted = [Wanted { name: "", sha256: "", bytes: 0 }; 4];
    let mut i = 0;
    while i < 4 {
        wanted[i] =
            Wanted { name: NAMES[i], sha256: FILES[i].sha256, bytes: FILES[i].packed_bytes };
        i += 1;
    }
    wanted
};

/// Downloads the four files of MNIST into `dir` (made if need be), about
/// 11.6 MB. Files that are there and right are not fetched again. `progress`
/// is called about ten times a second from this thread; setting `cancel` stops
/// within a fraction of a second.
///
/// # Errors
/// [`DownloadError`]; its message says what to do.
pub fn download(
    dir: &Path,
    mirrors: &[String],
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(), DownloadError> {
    fetch(&WANTED, dir, mirrors, options, cancel, progress)
}

/// [`download`] for any files.
///
/// # Errors
/// As [`download`].
pub fn fetch(
    wanted: &[Wanted],
    dir: &Path,
    mirrors: &[String],
    options: &Options,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(), DownloadError> {
    let begun = Instant::now();
    std::fs::create_dir_all(dir)
        .map_err(|source| DownloadError::Write { path: dir.into(), source })?;
    for (file_index, file) in wanted.iter().enumerate() {
        let mut now = Progress {
            file: file.name,
            file_index,
            files: wanted.len(),
            bytes: 0,
            total_bytes: file.bytes,
            resumed_from: 0,
            mirror: String::new(),
        };
        let target = dir.join(file.name);
        if is_right(&target, file) {
            now.total_bytes = target.metadata().map_or(file.bytes, |m| m.len());
            now.bytes = now.total_bytes;
            progress(&now);
            continue;
        }
        let mut transfer = Transfer::new(file, &target, options, cancel, begun)?;
        fetch_one(&mut transfer, mirrors, dir, &mut now, progress)?;
    }
    Ok(())
}

fn is_right(path: &Path, file: &Wanted) -> bool {
    path.is_file() && mnist::content_sha256(path).is_ok_and(|found| found == file.sha256)
}

/// Tries every mirror until one has given the file.
fn fetch_one(
    transfer: &mut Transfer<'_>,
    mirrors: &[String],
    dir: &Path,
    now: &mut Progress,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(), DownloadError> {
    let mut attempts = Vec::new();
    for mirror in mirrors {
        now.mirror.clone_from(mirror);
        let mut resumes = transfer.options.resumes_per_mirror;
        loop {
            transfer.may_go_on()?;
            let before = transfer.length()?;
            let failure = match transfer.run(mirror, now, progress) {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            match failure {
                Failure::Fatal(error) => return Err(error),
                // A wrong end may come from a wrong beginning, of another day
                // or mirror; from the start, this mirror gets another chance.
                Failure::Corrupt(_) if before > 0 => {
                    transfer.discard()?;
                }
                Failure::Corrupt(reason) => {
                    transfer.discard()?;
                    attempts.push(format!("{mirror}: {reason}"));
                    break;
                }
                // Broken off after some progress: ask for the rest.
                Failure::Broken(_) if resumes > 0 && transfer.length()? > before => {
                    resumes -= 1;
                }
                Failure::Broken(reason) | Failure::Refused(reason) => {
                    attempts.push(format!("{mirror}: {reason}"));
                    break;
                }
            }
        }
    }
    if attempts.is_empty() {
        attempts.push("no mirror was given".into());
    }
    Err(DownloadError::AllMirrorsFailed { file: now.file, dir: dir.into(), attempts })
}

//! The four files of MNIST: finding, checking and loading them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::dataset::Dataset;
use super::gzip::{self, Gunzip};
use super::idx::{self, IdxError, Kind};
use crate::core::files::open_regular;

/// The environment variable that names the folder with MNIST.
pub const FOLDER_VARIABLE: &str = "SPIKESCOPE_MNIST";

/// One of the four files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MnistFile {
    /// Its name without `.gz`, as its authors gave it.
    pub name: &'static str,
    /// The name that some tools give it when they unpack it.
    pub dotted: &'static str,
    /// Whether it holds pictures or labels.
    pub kind: Kind,
    /// SHA-256 of the uncompressed content, hexadecimal. The content counts,
    /// because files that were packed again have the same content in other
    /// bytes.
    pub sha256: &'static str,
    /// Size of the gzipped file on the public mirrors, bytes.
    pub packed_bytes: u64,
}

/// The four files of MNIST, pictures before their labels.
pub const FILES: [MnistFile; 4] = [
    MnistFile {
        name: "train-images-idx3-ubyte",
        dotted: "train-images.idx3-ubyte",
        kind: Kind::Images,
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        packed_bytes: 9_912_422,
    },
    MnistFile {
        name: "train-labels-idx1-ubyte",
        dotted: "train-labels.idx1-ubyte",
        kind: Kind::Labels,
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        packed_bytes: 28_881,
    },
    MnistFile {
        name: "t10k-images-idx3-ubyte",
        dotted: "t10k-images.idx3-ubyte",
        kind: Kind::Images,
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        packed_bytes: 1_648_877,
    },
    MnistFile {
        name: "t10k-labels-idx1-ubyte",
        dotted: "t10k-labels.idx1-ubyte",
        kind: Kind::Labels,
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        packed_bytes: 4_542,
    },
];

impl MnistFile {
    /// This file in `dir`, gzipped or not, under either of its names.
    pub fn locate(&self, dir: &Path) -> Option<PathBuf> {
        // Some archives unpack to a folder of the same name: only files count.
        [self.name, self.dotted]
            .into_iter()
            .flat_map(|name| [format!("{name}.gz"), name.to_owned()])
            .map(|name| dir.join(name))
            .find(|path| path.is_file())
    }
}

/// MNIST, whole: 60,000 training digits and 10,000 test digits.
#[derive(Clone, Debug)]
pub struct Mnist {
    /// `mnist-train`
    pub train: Arc<Dataset>,
    /// `mnist-test`
    pub test: Arc<Dataset>,
}

/// MNIST cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MnistError {
    /// Some of the four files are not in the folder.
    #[error("{} lacks {}: put the four MNIST files there (gzipped or not), choose another folder, or download them with `spikescope data download`",
            dir.display(), missing.join(", "))]
    Incomplete { dir: PathBuf, missing: Vec<&'static str> },
    /// No folder was named, and none was found.
    #[error(
        "MNIST was not found: name its folder with --mnist or SPIKESCOPE_MNIST, or download it with `spikescope data download`"
    )]
    NotFound,
    /// One of the files, or two that do not belong together.
    #[error(transparent)]
    Idx(#[from] IdxError),
}

/// Loads the four files of MNIST from `dir`, gzipped or not.
///
/// # Errors
/// [`MnistError::Incomplete`] names the files that are missing; otherwise as
/// [`idx::load_pair`].
pub fn load(dir: &Path) -> Result<Mnist, MnistError> {
    let located = FILES.map(|file| file.locate(dir).ok_or(file.name));
    let [Ok(a), Ok(b), Ok(c), Ok(d)] = &located else {
        let missing = located.into_iter().filter_map(Result::err).collect();
        return Err(MnistError::Incomplete { dir: dir.into(), missing });
    };
    // The small test set first: most mistakes show there at once.
    let test = idx::load_pair(c, d, "mnist-test")?;
    let train = idx::load_pair(a, b, "mnist-train")?;
    Ok(Mnist { train: Arc::new(train), test: Arc::new(test) })
}

/// The folder with MNIST: the one named by `explicit`, else by the environment
/// variable `SPIKESCOPE_MNIST`, else the app's own when all four files are
/// there. A folder that somebody named is returned even if it is incomplete,
/// so that [`load`] can say what it lacks.
pub fn find(explicit: Option<&Path>) -> Option<PathBuf> {
    find_or(named(explicit), crate::core::folders::mnist())
}

/// The folder that somebody named: on the command line or in the environment.
pub fn named(explicit: Option<&Path>) -> Option<PathBuf> {
    let variable = || std::env::var_os(FOLDER_VARIABLE).filter(|p| !p.is_empty());
    explicit.map(Path::to_path_buf).or_else(|| variable().map(PathBuf::from))
}

/// The named folder, else `own` if all four files are there.
pub fn find_or(named: Option<PathBuf>, own: PathBuf) -> Option<PathBuf> {
    named.or_else(|| FILES.iter().all(|file| file.locate(&own).is_some()).then_some(own))
}

/// What [`check`] found out about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// The file's usual name, without `.gz`.
    pub name: &'static str,
    /// Where it is; for a missing file, where it was expected.
    pub path: PathBuf,
    /// Whether it can be used.
    pub state: FileState,
    /// Its size on the disk, 0 if it is missing.
    pub bytes: u64,
}

/// Whether one file of MNIST can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Not in the folder.
    Missing,
    /// A good IDX file; `verified` tells whether its content is MNIST's, by
    /// its SHA-256 (it may also be another data set in the same format).
    Ok { verified: bool },
    /// Cannot be used, for this reason.
    Broken(String),
}

/// Looks at each of the four files in `dir`, reading them whole (about half a
/// second for MNIST).
pub fn check(dir: &Path) -> Vec<FileReport> {
    FILES.iter().map(|file| check_file(file, dir)).collect()
}

fn check_file(file: &MnistFile, dir: &Path) -> FileReport {
    let Some(path) = file.locate(dir) else {
        let path = dir.join(format!("{}.gz", file.name));
        return FileReport { name: file.name, path, state: FileState::Missing, bytes: 0 };
    };
    let read = match file.kind {
        Kind::Images => idx::read_images(&path),
        Kind::Labels => idx::read_labels(&path),
    };
    let state = match read {
        Err(error) => FileState::Broken(error.to_string()),
        Ok(_) => FileState::Ok {
            verified: content_sha256(&path).is_ok_and(|found| found == file.sha256),
        },
    };
    let bytes = path.metadata().map_or(0, |m| m.len());
    FileReport { name: file.name, path, state, bytes }
}

/// More than any MNIST file unpacks to: where unpacking stops, so that a few
/// kilobytes of hostile gzip cannot keep it busy for hours.
const MOST_UNPACKED_BYTES: u64 = 1 << 28;

/// SHA-256 of a file's content, hexadecimal; of the unpacked content if it is
/// gzipped.
///
/// # Errors
/// What reading or unpacking says; a gzip file that is cut short is an
/// [`std::io::ErrorKind::UnexpectedEof`].
pub fn content_sha256(path: &Path) -> std::io::Result<String> {
    let mut file = BufReader::with_capacity(1 << 16, open_regular(path)?);
    let is_gzip = file.fill_buf()?.starts_with(&gzip::MAGIC);
    let mut reader: Box<dyn Read> =
        if is_gzip { Box::new(Gunzip::new(file)) } else { Box::new(file) };
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        let n = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        total += n as u64;
        if total > MOST_UNPACKED_BYTES {
            return Err(std::io::Error::other("it unpacks to far more than MNIST"));
        }
        hasher.update(&buffer[..n]);
    }
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_folder_is_told_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t10k-labels.idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 1, 7])
            .unwrap();
        // A folder of the file's name is not the file.
        std::fs::create_dir(dir.path().join("t10k-images-idx3-ubyte")).unwrap();
        let message = load(dir.path()).unwrap_err().to_string();
        for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"]
        {
            assert!(message.contains(name), "{message}");
        }
        assert!(!message.contains("t10k-labels"), "{message}");

        let reports = check(dir.path());
        assert_eq!(reports[0].state, FileState::Missing);
        assert_eq!(reports[3].state, FileState::Ok { verified: false });
        assert_eq!(reports[3].bytes, 9);
    }

    #[test]
    fn a_named_folder_is_kept_even_if_it_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find(Some(dir.path())).as_deref(), Some(dir.path()));
    }

    #[test]
    fn the_hash_is_that_of_the_content_packed_or_not() {
        use std::io::Write;
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        std::fs::write(&plain, b"abc").unwrap();
        let packed = dir.path().join("packed");
        let mut gz = flate2::write::GzEncoder::new(
            std::fs::File::create(&packed).unwrap(),
            flate2::Compression::best(),
        );
        gz.write_all(b"abc").unwrap();
        gz.finish().unwrap();
        // FIPS 180-2, appendix B.1.
        let wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(content_sha256(&plain).unwrap(), wanted);
        assert_eq!(content_sha256(&packed).unwrap(), wanted);
    }
}

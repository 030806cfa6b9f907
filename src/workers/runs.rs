//! Training runs on disk: one folder each, with the record behind lists and plots,
//! the checkpoint to resume from, and the trained weights.
//!
//! ```text
//! runs/20260131-235959-mlp-seed1/
//!   run.json                 RunRecord
//!   checkpoint.safetensors   weights, optimiser state, counters
//!   weights.safetensors      once finished or stopped
//!   snapshots/               its history: see ann::snapshots
//!   lock                     locked by the process that trains it
//! ```

use std::fs::TryLockError;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::curve::Curve;
use crate::ann::trainer::config::MOST_EPOCHS;
use crate::ann::trainer::{EpochPoint, TrainConfig};
use crate::core::clock::{stamp, unix_seconds};
use crate::core::files::{self, WriteError, read_limited, write_whole};
use crate::core::lock::{FolderLock, LockError};
use crate::data::{ClassNames, registry};

/// The largest record that is read: its curves are of bounded size, and ten
/// thousand epochs have 2 MB.
const MOST_BYTES: u64 = 64 << 20;
/// More than any counter reaches, and still whole numbers when drawn.
const MOST_COUNT: u64 = 1 << 40;
/// The end of the year 9999, up to which dates can be written.
const LAST_UNIX: u64 = 253_402_300_799;
/// An empty folder younger than this may belong to a run that is just beginning.
const BEGINNING: Duration = Duration::from_secs(5);

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Being trained (or interrupted, if no process holds its lock).
    Running,
    /// All epochs done and the test set evaluated.
    Finished,
    /// Ended by the user; can be gone on with.
    Stopped,
    /// Ended by an error.
    Failed,
}

/// What is known of a run; everything that lists, tables and plots show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Name of its folder.
    pub id: String,
    /// What was asked for.
    pub config: TrainConfig,
    /// When it began, seconds since 1970.
    pub started_unix: u64,
    /// Training time so far, seconds.
    pub seconds: f64,
    /// How far it has come.
    pub state: RunState,
    /// Mini-batches trained.
    pub steps: u64,
    /// Mini-batches in all.
    pub total_steps: u64,
    /// Loss of the mini-batches.
    pub loss: Curve,
    /// Accuracy of the mini-batches, 0 to 1.
    pub accuracy: Curve,
    /// One point per finished epoch.
    pub epochs: Vec<EpochPoint>,
    /// Accuracy on the test set, once finished.
    pub test_accuracy: Option<f64>,
    /// Likewise, of the last weights where the result has averaged ones.
    #[serde(default)]
    pub last_test_accuracy: Option<f64>,
    /// Accuracy of the averaged weights on the held-out digits.
    #[serde(default)]
    pub averaged_validation_accuracy: Option<f64>,
    /// Whether errors were disturbed on their way back while it learned.
    #[serde(default)]
    pub disturbed: bool,
    /// Whether connections were set or held by hand while it learned.
    #[serde(default)]
    pub by_hand: bool,
    /// What the classes of its digits are called, so that they can be shown even when the data
    /// set is gone.
    #[serde(default, skip_serializing_if = "ClassNames::is_digits")]
    pub classes: ClassNames,
    /// Why it failed, if it did.
    pub message: Option<String>,
    /// The file that it was imported from, and the program that wrote it: then it was not
    /// trained here, and the rest says nothing about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// Whether it was left in the middle by a crash: found out when listed.
    #[serde(skip)]
    pub interrupted: bool,
}

/// What stands for a network in the name of a run's folder: its id, where that is short; a
/// structure of one's own may take a long one.
fn folder_name(model: &str) -> &str {
    const MOST: usize = 80;
    if model.len() > MOST { "net" } else { model }
}

impl RunRecord {
    /// A run that has not begun.
    pub fn new(config: TrainConfig, total_steps: u64) -> Self {
        let started_unix = unix_seconds();
        Self {
            id: format!(
                "{}-{}-seed{}",
                stamp(started_unix),
                folder_name(&config.model),
                config.seed
            ),
            config,
            started_unix,
            seconds: 0.0,
            state: RunState::Running,
            steps: 0,
            total_steps,
            loss: Curve::default(),
            accuracy: Curve::default(),
            epochs: Vec::new(),
            test_accuracy: None,
            last_test_accuracy: None,
            averaged_validation_accuracy: None,
            disturbed: false,
            by_hand: false,
            classes: ClassNames::default(),
            message: None,
            imported: None,
            interrupted: false,
        }
    }

    /// What no run of ours has written, if anything.
    fn check(&self) -> Result<(), String> {
        self.config.validate().map_err(|e| e.to_string())?;
        let data = &self.config.data;
        if !registry::is_possible(data) {
            return Err(format!("there are no digits called {data:?}"));
        }
        let share = |share: &Option<f64>| share.is_none_or(|s| (0.0..=1.0).contains(&s));
        let shares =
            [self.test_accuracy, self.last_test_accuracy, self.averaged_validation_accuracy];
        if !(self.seconds >= 0.0 && self.seconds < 1e12 && shares.iter().all(share)) {
            return Err("a time or an accuracy in it is out of range".into());
        }
        let counts = self.steps <= MOST_COUNT
            && self.total_steps <= MOST_COUNT
            && self.started_unix <= LAST_UNIX
            && self.epochs.len() <= MOST_EPOCHS;
        if !(counts && self.loss.is_sound() && self.accuracy.is_sound()) {
            return Err("a counter or a curve in it is out of range".into());
        }
        if !self.epochs.iter().all(EpochPoint::is_sound) {
            return Err("the figures of an epoch in it are out of range".into());
        }
        Ok(())
    }
}

/// A run's folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another process trains this run.
    #[error("run {0} is being trained by another Spikescope; close that one first")]
    Busy(String),
    /// Reading or locking failed.
    #[error("could not use the run folder {path}: {reason}")]
    Unusable { path: PathBuf, reason: String },
    /// There is no record in it.
    #[error("the run folder {path} has no run.json, so the run can be neither listed nor gone on with. {advice}", path = path.display())]
    NoRecord { path: PathBuf, advice: &'static str },
    /// A name that no run has.
    #[error("{0:?} is not the name of a run: a run is a folder directly in the folder of runs")]
    Name(String),
}

impl RunError {
    /// Whether it is about the run of this name.
    pub fn is_of(&self, id: &str) -> bool {
        match self {
            Self::Write(error) => error.path.parent().is_some_and(|folder| name_of(folder) == id),
            Self::Busy(name) | Self::Name(name) => name == id,
            Self::NoRecord { path, .. } => name_of(path) == id,
            Self::Unusable { path, .. } => {
                name_of(path) == id || path.parent().is_some_and(|folder| name_of(folder) == id)
            }
        }
    }
}

/// The folder of the run `id` below `root`. Names come from files and arguments:
/// one that leads anywhere else is refused.
///
/// # Errors
/// [`RunError::Name`].
pub fn folder_of(root: &Path, id: &str) -> Result<PathBuf, RunError> {
    let mut parts = Path::new(id).components();
    let plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None)
        // A slash at the end is no part of its own.
        if name == id && id.len() <= 255);
    // As other systems separate folders and drives.
    if plain && !id.contains(['/', '\\', ':', '\0']) {
        return Ok(root.join(id));
    }
    Err(RunError::Name(id.chars().take(255).collect()))
}

/// A run's folder, locked for this process as long as the value lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: FolderLock,
}

impl RunFolder {
    /// Makes the folder of a new run and locks it. Should the name be taken (two
    /// runs within a second), `record.id` gets a number.
    ///
    /// # Errors
    /// [`RunError`] when the folder cannot be made.
    pub fn create(root: &Path, record: &mut RunRecord) -> Result<Self, RunError> {
        let base = record.id.clone();
        for n in 2.. {
            let path = root.join(&record.id);
            std::fs::create_dir_all(root).map_err(|e| unusable(root, &e))?;
            match std::fs::create_dir(&path) {
                Ok(()) => return Self::lock(path),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                    record.id = format!("{base}-{n}");
                }
                Err(e) => return Err(unusable(&path, &e)),
            }
        }
        unreachable!("the numbers do not end")
    }

    /// Opens and locks the folder of an earlier run.
    ///
    /// # Errors
    /// [`RunError::Busy`] when another process holds it.
    pub fn open(root: &Path, id: &str) -> Result<Self, RunError> {
        Self::lock(folder_of(root, id)?)
    }

    fn lock(path: PathBuf) -> Result<Self, RunError> {
        match FolderLock::take(&path) {
            Ok(lock) => {
                // Only whoever holds the lock writes here.
                files::sweep(&path);
                files::sweep(&crate::ann::snapshots::folder(&path));
                Ok(Self { path, _lock: lock })
            }
            Err(LockError::Held(_)) => Err(RunError::Busy(name_of(&path))),
            Err(LockError::Io(e)) => Err(unusable(&path, &e)),
        }
    }

    /// The checkpoint to go on from.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    /// The trained weights.
    pub fn weights(&self) -> PathBuf {
        self.path.join(WEIGHTS)
    }

    /// Where its history is.
    pub fn snapshots(&self) -> PathBuf {
        crate::ann::snapshots::folder(&self.path)
    }

    /// The record as it was last written.
    ///
    /// # Errors
    /// [`RunError::Unusable`] when it is missing or broken.
    pub fn read_record(&self) -> Result<RunRecord, RunError> {
        read_record(&self.path)
    }

    /// Writes the record.
    ///
    /// # Errors
    /// [`RunError::Write`]; the earlier record is kept.
    pub fn write_record(&self, record: &RunRecord) -> Result<(), RunError> {
        write_whole(&self.path.join("run.json"), |w| {
            serde_json::to_writer(w, record).map_err(std::io::Error::from)
        })?;
        Ok(())
    }
}

const WEIGHTS: &str = "weights.safetensors";

/// Makes a run of a record and weights that came from elsewhere; gives its id, which has a
/// number if the name was taken.
///
/// # Errors
/// [`RunError`] when no run has such a record, or when it cannot be written: then there is no
/// folder either.
pub fn adopt(root: &Path, mut record: RunRecord, weights: &[u8]) -> Result<String, RunError> {
    record.check().map_err(|reason| unusable(root, &reason))?;
    folder_of(root, &record.id)?;
    // It can be used, and not gone on with: its checkpoint did not come.
    record.state = RunState::Finished;
    let folder = RunFolder::create(root, &mut record)?;
    let written = folder
        .write_record(&record)
        .and_then(|()| Ok(files::write_bytes(&folder.weights(), weights)?));
    if written.is_err() {
        let _ = std::fs::remove_dir_all(&folder.path);
    }
    written.map(|()| record.id)
}

/// Where a run's trained weights are.
///
/// # Errors
/// [`RunError::Name`].
pub fn weights_path(root: &Path, id: &str) -> Result<PathBuf, RunError> {
    Ok(folder_of(root, id)?.join(WEIGHTS))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> RunError {
    RunError::Unusable { path: path.into(), reason: error.to_string() }
}

fn read_record(folder: &Path) -> Result<RunRecord, RunError> {
    let path = folder.join("run.json");
    let bytes = match read_limited(&path, MOST_BYTES) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(no_record(folder)),
        read => read.map_err(|e| unusable(&path, &e))?,
    };
    let record: RunRecord = serde_json::from_slice(&bytes).map_err(|e| unusable(&path, &e))?;
    record.check().map_err(|reason| unusable(&path, &reason))?;
    Ok(RunRecord { id: name_of(folder), ..record })
}

fn no_record(folder: &Path) -> RunError {
    let advice = if folder.join(WEIGHTS).is_file() {
        "Its weights.safetensors can be used (`spikescope evaluate --weights`, `classify --weights`)"
    } else {
        "Nothing in it can be gone on with; delete the folder"
    };
    RunError::NoRecord { path: folder.into(), advice }
}

/// Whether a folder without a record belongs to a run that is about to write it.
fn is_beginning(folder: &Path) -> bool {
    let lock = folder.join("lock");
    match files::open_regular(&lock) {
        Ok(lock) => matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(_) => {
            let made = folder.metadata().and_then(|m| m.modified()).ok();
            let young = made.and_then(|at| at.elapsed().ok()).is_some_and(|age| age < BEGINNING);
            young && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
        }
    }
}

/// Every run below `root`, newest first, and what could not be read. A run that
/// says it is running but is locked by nobody was interrupted.
pub fn list(root: &Path) -> (Vec<RunRecord>, Vec<RunError>) {
    let Ok(entries) = std::fs::read_dir(root) else { return Default::default() };
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    let hidden = |path: &Path| name_of(path).starts_with('.');
    for path in entries.flatten().map(|e| e.path()).filter(|p| p.is_dir() && !hidden(p)) {
        match read_record(&path) {
            Ok(mut record) => {
                if record.state == RunState::Running
                    && let Ok(_held) = RunFolder::lock(path.clone())
                {
                    // It may have ended since it was read; while it is locked it cannot.
                    record = read_record(&path).unwrap_or(record);
                    record.interrupted = record.state == RunState::Running;
                }
                records.push(record);
            }
            Err(RunError::NoRecord { .. }) if is_beginning(&path) => {}
            Err(error) => errors.push(error),
        }
    }
    records.sort_by(|a, b| (b.started_unix, &b.id).cmp(&(a.started_unix, &a.id)));
    (records, errors)
}

/// Deletes a run's folder, unless a process is training it.
///
/// # Errors
/// [`RunError`] when it is busy or cannot be removed.
pub fn delete(root: &Path, id: &str) -> Result<(), RunError> {
    let folder = RunFolder::open(root, id)?;
    std::fs::remove_dir_all(&folder.path).map_err(|e| unusable(&folder.path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_left_in_the_middle_is_told_from_one_that_is_going_on() {
        let root = tempfile::tempdir().unwrap();
        let mut record = RunRecord::new(TrainConfig::default(), 10);
        let folder = RunFolder::create(root.path(), &mut record).unwrap();
        folder.write_record(&record).unwrap();
        let (listed, errors) = list(root.path());
        assert!(errors.is_empty() && !listed[0].interrupted);
        assert!(matches!(RunFolder::open(root.path(), &record.id), Err(RunError::Busy(_))));
        drop(folder);
        assert!(list(root.path()).0[0].interrupted);
    }

    #[test]
    fn two_runs_within_a_second_get_two_folders() {
        let root = tempfile::tempdir().unwrap();
        let mut a = RunRecord::new(TrainConfig::default(), 1);
        let mut b = a.clone();
        let (_a, _b) = (
            RunFolder::create(root.path(), &mut a).unwrap(),
            RunFolder::create(root.path(), &mut b).unwrap(),
        );
        assert_ne!(a.id, b.id);
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_no_run() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("runs")).unwrap();
        let runs = root.path().join("runs");
        let long = "x".repeat(300);
        for name in [
            "", ".", "..", "../..", "../other", "/", "/etc", "a/b", "a/", "./a", "a/..", "a\\b",
            "..\\x", "C:x", "a\0b", &long,
        ] {
            assert!(matches!(folder_of(&runs, name), Err(RunError::Name(_))), "{name:?}");
            assert!(weights_path(&runs, name).is_err() && delete(&runs, name).is_err());
            assert!(RunFolder::open(&runs, name).is_err());
        }
        assert!(runs.is_dir() && root.path().read_dir().unwrap().count() == 1);
        let name = "20260131-235959-mlp-seed1";
        assert_eq!(folder_of(&runs, name).unwrap(), runs.join(name));
    }

    #[test]
    fn a_folder_without_a_record_is_said_and_blocks_nothing() {
        let root = tempfile::tempdir().unwrap();
        let mut record = RunRecord::new(TrainConfig::default(), 10);
        RunFolder::create(root.path(), &mut record).unwrap().write_record(&record).unwrap();
        for name in ["lost", "weights-left", ".hidden"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
            std::fs::write(root.path().join(name).join("checkpoint.safetensors"), b"").unwrap();
        }
        std::fs::write(root.path().join("weights-left").join(WEIGHTS), b"").unwrap();
        std::fs::write(root.path().join("a file"), b"").unwrap();
        // These two are just beginning.
        std::fs::create_dir(root.path().join("new")).unwrap();
        let mut other = RunRecord::new(TrainConfig { seed: 2, ..TrainConfig::default() }, 10);
        let beginning = RunFolder::create(root.path(), &mut other).unwrap();
        let (listed, mut errors) = list(root.path());
        assert_eq!((listed.len(), errors.len()), (1, 2), "{errors:?}");
        errors.sort_by_key(ToString::to_string);
        assert!(errors[0].is_of("lost") && errors[0].to_string().contains("delete the folder"));
        assert!(errors[1].to_string().contains("--weights"), "{}", errors[1]);
        assert!(RunFolder::open(root.path(), "lost").unwrap().read_record().is_err());
        drop(beginning);
        assert_eq!(list(root.path()).1.len(), 3);
    }

    #[test]
    fn litter_of_a_killed_process_is_swept_when_the_folder_is_locked() {
        let root = tempfile::tempdir().unwrap();
        let mut record = RunRecord::new(TrainConfig::default(), 10);
        let folder = RunFolder::create(root.path(), &mut record).unwrap();
        folder.write_record(&record).unwrap();
        std::fs::create_dir(folder.snapshots()).unwrap();
        let litter = [folder.path.join(".writing-a"), folder.snapshots().join(".writing-b")];
        litter.iter().for_each(|file| std::fs::write(file, b"half").unwrap());
        // Another process only looks.
        list(root.path());
        assert!(litter[0].exists());
        drop(folder);
        let _folder = RunFolder::open(root.path(), &record.id).unwrap();
        assert!(litter.iter().all(|file| !file.exists()));
    }

    #[test]
    fn numbers_in_a_record_that_no_run_has_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let mut record = RunRecord::new(TrainConfig::default(), 10);
        let folder = RunFolder::create(root.path(), &mut record).unwrap();
        let good = serde_json::to_value(&record).unwrap();
        for (place, value) in [
            ("/config/batch_size", serde_json::json!(0)),
            ("/config/epochs", serde_json::json!(u64::MAX)),
            ("/config/data", serde_json::json!("../x")),
            ("/steps", serde_json::json!(u64::MAX)),
            ("/total_steps", serde_json::json!(u64::MAX)),
            ("/started_unix", serde_json::json!(u64::MAX)),
            ("/seconds", serde_json::json!(-1e300)),
            ("/test_accuracy", serde_json::json!(7)),
            ("/loss/stride", serde_json::json!(u32::MAX)),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(place).unwrap() = value;
            std::fs::write(folder.path.join("run.json"), bad.to_string()).unwrap();
            let error = folder.read_record().unwrap_err();
            assert!(error.is_of(&record.id), "{place}: {error}");
        }
        folder.write_record(&record).unwrap();
        assert_eq!(folder.read_record().unwrap(), record);
    }

    #[test]
    fn a_broken_record_is_reported_and_the_others_are_listed() {
        let root = tempfile::tempdir().unwrap();
        let mut record = RunRecord::new(TrainConfig::default(), 10);
        RunFolder::create(root.path(), &mut record).unwrap().write_record(&record).unwrap();
        std::fs::create_dir(root.path().join("broken")).unwrap();
        files::write_bytes(&root.path().join("broken/run.json"), b"{\"id\":").unwrap();
        let (listed, errors) = list(root.path());
        assert_eq!((listed.len(), errors.len()), (1, 1));
        assert!(errors[0].to_string().contains("broken"));
    }
}

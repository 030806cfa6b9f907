//! Training runs on disk: one folder each, with the record that lists and plots
//! are made from, the checkpoint to go on from, and the trained weights.
//!
//! ```text
//! runs/20260131-235959-mlp-seed1/
//!   run.json                 RunRecord
//!   checkpoint.safetensors   weights, optimiser state, counters
//!   weights.safetensors      once finished or stopped
//!   snapshots/               its history: see ann::snapshots
//!   lock                     locked by the process that trains it
//! ```

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::curve::Curve;
use crate::ann::trainer::{EpochPoint, TrainConfig};
use crate::core::bounds::{Bounded, Bounds, SHARE, Span};
use crate::core::clock::{stamp, unix_seconds};
use crate::core::files::{WriteError, read_limited, write_whole};

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
    /// Why it failed, if it did.
    pub message: Option<String>,
    /// Whether it was left in the middle by a crash: found out when listed.
    #[serde(skip)]
    pub interrupted: bool,
}

/// A run.json of ours has a few hundred kilobytes; larger ones are not read.
const MOST_BYTES: u64 = 16 << 20;
/// More epochs than any run has.
const MOST_EPOCHS: usize = TrainConfig::EPOCHS.1 as usize;
/// Counters and seconds.
const COUNT: Span = (0.0, 1e15);

impl Bounded for RunRecord {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            id: _,
            config,
            started_unix,
            seconds,
            state: _,
            steps,
            total_steps,
            loss,
            accuracy,
            epochs,
            test_accuracy,
            last_test_accuracy,
            averaged_validation_accuracy,
            message: _,
            interrupted: _,
        } = self;
        to.part("config", config);
        // Until the year 9999, which dates can be written of.
        to.number("started_unix", started_unix, (0.0, 253_402_300_799.0));
        to.number("seconds", seconds, COUNT);
        to.number("steps", steps, COUNT);
        to.number("total_steps", total_steps, COUNT);
        to.part("loss", loss);
        to.part("accuracy", accuracy);
        to.list("epochs", epochs, MOST_EPOCHS, Bounds::part);
        to.optional("test_accuracy", test_accuracy, SHARE);
        to.optional("last_test_accuracy", last_test_accuracy, SHARE);
        to.optional("averaged_validation_accuracy", averaged_validation_accuracy, SHARE);
    }
}

impl RunRecord {
    /// A run that has not begun.
    pub fn new(config: TrainConfig, total_steps: u64) -> Self {
        let started_unix = unix_seconds();
        Self {
            id: format!("{}-{}-seed{}", stamp(started_unix), config.model, config.seed),
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
            message: None,
            interrupted: false,
        }
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
}

/// A run's folder, locked for this process as long as the value lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
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
        Self::lock(root.join(id))
    }

    fn lock(path: PathBuf) -> Result<Self, RunError> {
        let file = path.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&file)
            .map_err(|e| unusable(&path, &e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(RunError::Busy(name_of(&path))),
            Err(TryLockError::Error(e)) => Err(unusable(&path, &e)),
        }
    }

    /// The checkpoint to go on from.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    /// The trained weights.
    pub fn weights(&self) -> PathBuf {
        weights_path(self.path.parent().unwrap_or(Path::new("")), &name_of(&self.path))
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

/// Where a run's trained weights are.
pub fn weights_path(root: &Path, id: &str) -> PathBuf {
    root.join(id).join("weights.safetensors")
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> RunError {
    RunError::Unusable { path: path.into(), reason: error.to_string() }
}

fn read_record(folder: &Path) -> Result<RunRecord, RunError> {
    let path = folder.join("run.json");
    let bytes = read_limited(&path, MOST_BYTES).map_err(|e| unusable(&path, &e))?;
    let mut record: RunRecord = serde_json::from_slice(&bytes).map_err(|e| unusable(&path, &e))?;
    // What was trained stays named as it was, also by another version of the program.
    record.bound(&mut Bounds::of_numbers());
    Ok(RunRecord { id: name_of(folder), ..record })
}

/// Every run below `root`, newest first, and what could not be read. A run that
/// says it is running but is locked by nobody was interrupted.
pub fn list(root: &Path) -> (Vec<RunRecord>, Vec<RunError>) {
    let Ok(entries) = std::fs::read_dir(root) else { return Default::default() };
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    for path in entries.flatten().map(|e| e.path()).filter(|p| p.join("run.json").is_file()) {
        match read_record(&path) {
            Ok(mut record) => {
                record.interrupted =
                    record.state == RunState::Running && RunFolder::lock(path).is_ok();
                records.push(record);
            }
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
    fn numbers_of_a_record_keep_to_their_ranges_and_names_stay() {
        let root = tempfile::tempdir().unwrap();
        let mut record = RunRecord::new(TrainConfig::default(), 10);
        record.loss.push(1.0, 2.0);
        let run = RunFolder::create(root.path(), &mut record).unwrap();
        run.write_record(&record).unwrap();
        let file = root.path().join(&record.id).join("run.json");
        let whole: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for (path, value, within) in [
            ("/config/epochs", 1e15 as u64, 10_000u64),
            ("/config/threads", 0, 1),
            ("/config/subset", u64::MAX, 60_000),
            ("/steps", u64::MAX, 1_000_000_000_000_000),
            ("/started_unix", u64::MAX, 253_402_300_799),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(path).unwrap() = value.into();
            changed["config"]["model"] = "unheard_of".into();
            crate::core::files::write_bytes(&file, changed.to_string().as_bytes()).unwrap();
            let read = serde_json::to_value(run.read_record().unwrap()).unwrap();
            assert_eq!(read.pointer(path).unwrap(), &serde_json::Value::from(within), "{path}");
            assert_eq!(read["config"]["model"], "unheard_of");
        }
        let far = serde_json::json!([[1e300, -1e300]]);
        let mut changed = whole;
        changed["loss"]["points"] = far;
        crate::core::files::write_bytes(&file, changed.to_string().as_bytes()).unwrap();
        assert_eq!(run.read_record().unwrap().loss.points(), [[1e12, -1e12]]);
    }

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
    fn a_broken_record_is_reported_and_the_others_are_listed() {
        let root = tempfile::tempdir().unwrap();
        let mut record = RunRecord::new(TrainConfig::default(), 10);
        RunFolder::create(root.path(), &mut record).unwrap().write_record(&record).unwrap();
        std::fs::create_dir(root.path().join("broken")).unwrap();
        crate::core::files::write_bytes(&root.path().join("broken/run.json"), b"{\"id\":").unwrap();
        let (listed, errors) = list(root.path());
        assert_eq!((listed.len(), errors.len()), (1, 1));
        assert!(errors[0].to_string().contains("broken"));
    }
}

//! The folder of a simulation: its checkpoint, the time it took, and the trained network.
//! A process that works in it holds its lock.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::super::failure::UsageError;
use crate::core::clock::{stamp, unix_seconds};
use crate::core::files::{read_limited, sweep, write_bytes};
use crate::core::folders;
use crate::core::lock::{FolderLock, LockError};
use crate::snn::state_file::MOST_BYTES;

/// A folder under `simulations`.
pub struct SimulationRun {
    /// Name of the folder.
    pub id: String,
    folder: PathBuf,
    _lock: FolderLock,
}

fn root() -> PathBuf {
    folders::home().join("simulations")
}

fn lock(id: &str, folder: &Path) -> anyhow::Result<FolderLock> {
    match FolderLock::take(folder) {
        Ok(lock) => Ok(lock),
        Err(LockError::Held(by)) => {
            let by = by.map_or_else(String::new, |pid| format!(" (process {pid})"));
            bail!(
                "simulation {id} is being run by another Spikescope{by}; wait until it has ended, or stop it and resume then"
            )
        }
        Err(LockError::Io(e)) => {
            Err(e).with_context(|| format!("could not lock {}", folder.display()))
        }
    }
}

impl SimulationRun {
    /// A new folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(neurons: usize, seed: u64, data: &str) -> anyhow::Result<Self> {
        let first = format!("{}-diehl-cook-{neurons}-{data}-seed{seed}", stamp(unix_seconds()));
        let mut number = 1;
        loop {
            let id = if number == 1 { first.clone() } else { format!("{first}-{number}") };
            let folder = root().join(&id);
            std::fs::create_dir_all(root())
                .with_context(|| format!("could not make {}", root().display()))?;
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self { _lock: lock(&id, &folder)?, id, folder }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(e) => {
                    return Err(e).with_context(|| format!("could not make {}", folder.display()));
                }
            }
        }
    }

    /// An earlier one of this name (or the newest, for `last`) with its checkpoint.
    ///
    /// # Errors
    /// When there is none, another process works in it, or it cannot be read.
    pub fn open(name: &str) -> anyhow::Result<(Self, Vec<u8>)> {
        let names = std::fs::read_dir(root()).into_iter().flatten().flatten();
        let mut known: Vec<String> = names
            .filter(|e| e.path().join("checkpoint.safetensors").is_file())
            .filter_map(|e| e.file_name().into_string().ok())
            .collect();
        known.sort();
        let found = if name == "last" { known.last() } else { known.iter().find(|n| *n == name) };
        let Some(id) = found else {
            let known = if known.is_empty() { "none yet".into() } else { known.join(", ") };
            let root = root();
            bail!(UsageError(format!(
                "there is no simulation {name:?} in {}; known are {known}",
                root.display()
            )));
        };
        let folder = root().join(id);
        let run = Self { id: id.clone(), _lock: lock(id, &folder)?, folder };
        sweep(&run.folder);
        let file = run.checkpoint();
        let bytes = read_limited(&file, MOST_BYTES)
            .with_context(|| format!("could not read {}", file.display()))?;
        Ok((run, bytes))
    }

    /// Where its checkpoint is.
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint.safetensors")
    }

    /// Where its network goes.
    pub fn network(&self) -> PathBuf {
        self.folder.join("network.safetensors")
    }

    fn time(&self) -> PathBuf {
        self.folder.join("time.json")
    }

    /// Keeps a checkpoint, and beside it the time it took: that differs from run to
    /// run, and equal runs have equal checkpoints.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, checkpoint: &[u8], seconds: f64) -> anyhow::Result<()> {
        write_bytes(&self.checkpoint(), checkpoint)?;
        let text = serde_json::json!({ "seconds": seconds }).to_string();
        write_bytes(&self.time(), text.as_bytes())?;
        Ok(())
    }

    /// The time it took so far, where that was kept.
    pub fn seconds(&self) -> Option<f64> {
        let bytes = read_limited(&self.time(), 4096).ok()?;
        let kept: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        kept.get("seconds")?.as_f64().filter(|s| (0.0..=1e12).contains(s))
    }
}

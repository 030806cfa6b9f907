//! The folder of a simulation: its checkpoint, and the network when it has learnt.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::super::failure::UsageError;
use crate::core::clock::{stamp, unix_seconds};
use crate::core::{files, folders};

/// The largest checkpoint that is read: many times that of the largest network.
const MOST_BYTES: u64 = 1 << 30;

/// A folder under `simulations`.
pub struct SimulationRun {
    /// Name of the folder.
    pub id: String,
    folder: PathBuf,
}

fn root() -> PathBuf {
    folders::home().join("simulations")
}

impl SimulationRun {
    /// A new folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(neurons: usize, seed: u64, data: &str) -> anyhow::Result<Self> {
        let id = format!("{}-diehl-cook-{neurons}-{data}-seed{seed}", stamp(unix_seconds()));
        let mut number = 1;
        loop {
            let id = if number == 1 { id.clone() } else { format!("{id}-{number}") };
            let folder = root().join(&id);
            std::fs::create_dir_all(root())
                .with_context(|| format!("could not make {}", root().display()))?;
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self { id, folder }),
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
    /// When there is none, or it cannot be read.
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
        let run = Self { id: id.clone(), folder: root().join(id) };
        files::sweep(&run.folder);
        let file = run.checkpoint();
        let bytes = files::read_limited(&file, MOST_BYTES)
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
}

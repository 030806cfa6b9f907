//! What can go wrong with networks and their weights.

use std::path::PathBuf;

use crate::core::files::WriteError;

/// An error of this module; every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AnnError {
    /// No architecture of this id.
    #[error("there is no network called {id:?}; known are {known}")]
    UnknownModel { id: String, known: String },
    /// A layer that does not fit what comes before it.
    #[error("{layer} does not fit a picture of {shape}; a smaller kernel or less pooling would")]
    Structure { layer: String, shape: String },
    /// A structure of one's own that does not work.
    #[error("the structure does not work; {0}")]
    Notation(super::zoo::notation::Misfit),
    /// A network with other outputs than the data set has classes.
    #[error("{network} has {outputs} outputs, and the data set has {classes} classes; {remedy}")]
    Classes { network: String, outputs: usize, classes: usize, remedy: String },
    /// A setting out of its range.
    #[error("{what} is {value}, but must be {range}")]
    Setting { what: String, value: String, range: String },
    /// A learning rule that cannot train what it was asked to.
    #[error("{rule} cannot be used: {reason}")]
    Rule { rule: &'static str, reason: String },
    /// A file of weights or a checkpoint that cannot be used.
    #[error("{file} cannot be used: {reason}. Choose another file, or train the network again")]
    Weights { file: String, reason: String },
    /// A run was to go on with other digits than those it was begun with.
    #[error(
        "{file} goes on only with the digits that it was begun with, and those at hand are not these: {how}. Nothing was changed; name the folder with the digits of before, or begin a new run"
    )]
    OtherDigits { file: String, how: String },
    /// A file that cannot be read.
    #[error("could not read {path}: {source}", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The loss or a gradient became NaN or infinite.
    #[error(
        "the {what} became {value} at batch {step}; a smaller learning rate usually helps. The network is back at its last good weights"
    )]
    Diverged { what: &'static str, value: f32, step: u64 },
    /// A device that cannot be used; nothing was changed.
    #[error("{device} cannot be used: {reason}. Nothing was changed; {remedy}")]
    NoDevice { device: &'static str, reason: String, remedy: String },
    /// A device failed during a run.
    #[error(
        "{device} failed at batch {step} ({reason}). The run is back at its state after batch {kept}; {remedy}"
    )]
    Device { device: &'static str, step: u64, kept: u64, reason: String, remedy: &'static str },
    /// The system gave no threads.
    #[error("could not start computing threads: {0}; close other programs and try again")]
    Threads(String),
    /// An error of the tensor library: a bug of ours.
    #[error("computation failed: {0}")]
    Tensor(#[from] candle_core::Error),
}

//! The history of a run: its weights at many moments, small enough to keep,
//! and quick enough to jump to any of them.
//!
//! * [`cadence`]: when a snapshot is taken
//! * [`codec`]: weights and updates as bytes
//! * [`record`]: one snapshot in a file, with the figures that curves are drawn of
//! * [`store`]: writing; the limit on disk and what goes when it is reached
//! * [`reader`]: the moments there are, and the weights at any of them
//! * [`measure`]: how far and in which direction each array has moved
//!
//! # The format
//!
//! ```text
//! runs/<id>/snapshots/
//!   0000000000.seg   a keyframe, then up to 15 snapshots that lean on it
//!   0000000016.seg   …; a segment is named after the batches trained at its keyframe
//! ```
//!
//! A segment is records one after another, nothing before or between them:
//!
//! | bytes | what (little endian) |
//! |---|---|
//! | 4 | `SPKH` |
//! | 1 | version of the format: 1 |
//! | 1 | 0 keyframe, 1 leaning on the segment's keyframe |
//! | 2 | number of arrays, `a` |
//! | 8 | mini-batches trained |
//! | 8 | mini-batches trained at the snapshot before it, when it was taken |
//! | 4, 4 | loss (nats) and accuracy (0 … 1) of the batch before; NaN at the beginning |
//! | 4 | numbers in all arrays together |
//! | 4, 4 | bytes and CRC-32 of the weights |
//! | 4, 4 | bytes and CRC-32 of the last update; 0 bytes when there was none |
//! | 20·a | of each array: see [`Moved`], five `f32` |
//! | 4 | CRC-32 of all of the above |
//! | … | weights, then update: see [`codec`] |
//!
//! Weights are kept in half precision, by their difference from the keyframe:
//! any snapshot is two reads and two decodings away, and any that is not a
//! keyframe can be dropped without touching the others. Files are only appended
//! to, or replaced whole. A record that was cut off in the middle of writing is
//! recognised by its length and left out; what comes before it is not affected.
//! Which array is which follows from the run's architecture:
//! [`crate::ann::network::Network::parameters`], in that order.

pub mod cadence;
pub mod codec;
pub mod measure;
pub mod reader;
pub mod record;
pub mod store;

use std::path::{Path, PathBuf};

pub use measure::Moved;
pub use reader::{Moment, Reader};
pub use store::{Taken, Writer};

/// Snapshots in a segment, its keyframe included.
pub const SEGMENT: usize = 16;

/// A history could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Writing failed; the disk is full, perhaps.
    #[error(
        "{path} could not be written ({source}). What was kept so far stays; training goes on without it"
    )]
    Write { path: PathBuf, source: std::io::Error },
    /// Reading failed.
    #[error("{path} could not be read ({source})")]
    Read { path: PathBuf, source: std::io::Error },
    /// What was read is not what was written.
    #[error("a snapshot in {path} is damaged: {reason}. The others can be looked at")]
    Damaged { path: PathBuf, reason: String },
}

/// The folder of a run's history.
pub fn folder(run: &Path) -> PathBuf {
    run.join("snapshots")
}

#[cfg(test)]
mod tests;

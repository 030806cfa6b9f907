//! The artificial networks: their structures, operations, optimisers, trainer
//! and weights.
//!
//! Results depend on the seed, the number of threads and the instruction set (see
//! [`ops::simd`]), and on nothing else: watching a run changes nothing.
//!
//! * [`zoo`]: the declarations; [`plan`] turns them into [`ops`]
//! * [`reading`]: hidden states and answers of recurrent networks, step by step
//! * [`network`]: weights, and answers; [`scores`]: a number for each class;
//!   [`ensemble`]: several networks' answers
//! * [`weights`]: files of weights; [`bundled`]: the bundled ones
//! * [`rules`]: how errors are made; [`learner`]: one training step; [`trainer`]: a run of many;
//!   [`snapshots`]: what a run leaves to look back at
//! * [`orientation`]: whether digits look turned or inverted
//! * [`device`]: the same step by candle, on its CPU or on a graphics card
//! * [`onnx`]: networks of other programs, and ours for them
//! * [`spiking`]: looking into networks of spiking neurons
//! * [`inspect`]: what units sense, and why a network answers as it does

mod buffer;
pub mod bundled;
pub mod device;
pub mod energy;
pub mod ensemble;
pub mod error;
pub mod evaluate;
mod initial;
pub mod inspect;
pub mod learner;
pub mod maps;
pub mod network;
pub mod onnx;
pub mod ops;
pub mod optimiser;
pub mod orientation;
pub mod plan;
pub mod reading;
pub mod rules;
pub mod scores;
pub mod snapshots;
pub mod spiking;
pub mod tap;
pub mod trainer;
pub mod weights;
pub mod zoo;

pub use error::AnnError;
pub use scores::{Confusion, Scores};

/// Tells candle to start no threads of its own: it would otherwise take every
/// core with a spinning pool, and read `/proc/cpuinfo` at every product of
/// matrices. Call it first thing in `main`, before any other thread exists.
pub fn prepare() {
    crate::core::environment::set_defaults(&[
        ("RAYON_NUM_THREADS", "1"),
        ("CANDLE_NUM_THREADS", "1"),
    ]);
}

/// Cores to compute on while a window is open: all but one, at least one.
pub fn spare_threads() -> usize {
    // Asking the system reads files.
    static SPARE: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *SPARE.get_or_init(|| {
        std::thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1).max(1))
    })
}

/// A pool of named threads; operations run on the pool they are called in.
///
/// # Errors
/// [`AnnError::Threads`] when the system gives none.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool, AnnError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .thread_name(|i| format!("compute {i}"))
        .build()
        .map_err(|e| AnnError::Threads(e.to_string()))
}

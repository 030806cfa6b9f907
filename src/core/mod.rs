//! Plain vocabulary that every other module shares. It knows nothing of
//! windows, graphics cards or tensors.

pub mod aside;
pub mod bounds;
pub mod clock;
pub mod csv;
pub mod decision;
pub mod environment;
pub mod files;
pub mod folders;
pub mod hdf5;
pub mod isa;
pub mod lock;
pub mod npz;
pub mod panics;
pub mod param;
pub mod playback;
pub mod rng;
pub mod text;

//! Digits: where they come from and how they become 28×28 images.
//!
//! * [`registry`]: the data sets that can be chosen by id
//! * [`mnist`]: the four files of MNIST, built on [`idx`], its file format, and
//!   [`gzip`]; [`mod@download`] fetches them
//! * [`own`]: data sets that the user brings, and [`classes`], what their classes are called
//! * [`orient`]: digits turned, mirrored and inverted
//! * [`synthetic`]: digits from a seeded generator, always available
//! * [`strokes`]: drawings, and MNIST's framing
//! * [`picture`]: photos and scans of digits
//! * [`perturb`]: shift and noise
//! * [`augment`]: random changes of training digits
//!
//! Everything that comes from outside (files, servers, strokes) is checked here,
//! and every error says which file is wrong, how, and what to do.

pub mod augment;
pub mod classes;
pub mod dataset;
pub mod download;
pub mod error;
pub mod gzip;
pub mod idx;
pub mod mnist;
pub mod orient;
pub mod own;
pub mod perturb;
pub mod picture;
pub mod registry;
#[cfg(test)]
pub mod squares;
pub mod strokes;
pub mod synthetic;

pub use classes::ClassNames;
pub use dataset::Dataset;
pub use strokes::{Drawing, Framing, Stroke};

/// Side of a digit picture, pixels.
pub const SIDE: usize = 28;
/// Pixels of a digit picture.
pub const PIXELS: usize = SIDE * SIDE;
/// Number of classes, the digits 0 … 9.
pub const CLASSES: usize = 10;
/// Most classes of a data set, and most outputs of a network: as many as EMNIST balanced has.
pub const MOST_CLASSES: usize = 47;

/// One picture, row by row from the top, each pixel in [0, 1]
/// (0 background, 1 ink), as every network takes it.
pub type Pixels = [f32; PIXELS];

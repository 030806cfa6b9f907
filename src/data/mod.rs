//! Digits: where they come from and how they become 28×28 pictures.

pub mod dataset;

pub use dataset::Dataset;

/// Side of a digit picture, pixels.
pub const SIDE: usize = 28;
/// Pixels of a digit picture.
pub const PIXELS: usize = SIDE * SIDE;
/// Number of classes, the digits 0 … 9.
pub const CLASSES: usize = 10;

/// One picture, row by row from the top, each pixel in [0, 1]
/// (0 background, 1 ink), as every network takes it.
pub type Pixels = [f32; PIXELS];

//! Photos and scans of one digit.
//!
//! A picture passes four stages: `read` makes it grey at a workable size,
//! `ink` tells the ink from paper that may be unevenly lit, `parts` drops
//! specks, and `thicken` gives strokes that are thin for their size the
//! width they have in MNIST. MNIST's own framing ([`normalise_grey`]) follows.

mod ink;
mod parts;
mod read;
mod thicken;

use std::path::Path;

use super::error::DataError;
use super::strokes::normalise_grey;
use super::{PIXELS, Pixels};

/// More pixels than this are refused.
pub const MOST_PIXELS: u64 = 100_000_000;

/// Why a picture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PictureProblem {
    #[error("this is not a PNG or JPEG picture. Save the picture as PNG, then try again")]
    NotAPicture,
    #[error("the picture is damaged ({0}). Save it again as PNG, then try again")]
    Damaged(String),
    #[error(
        "its {width}×{height} pixels are more than this app takes (100 megapixels). Scale it down"
    )]
    TooLarge { width: u32, height: u32 },
    #[error("it needs too much memory to unpack. Scale it down, or save it with 8 bits per colour")]
    TooMuchMemory,
    #[error(
        "no digit was found: the picture is blank, or too pale. Write darker, or crop closer to the digit"
    )]
    Blank,
}

/// Reads a PNG or JPEG of any size with one digit on it, dark on light or
/// light on dark, and frames it as MNIST does. The content tells the format,
/// not the name; the camera's orientation is obeyed.
///
/// # Errors
/// [`DataError::Read`] or [`DataError::Picture`], which name the file; also
/// when nothing is found on it.
pub fn load(path: &Path) -> Result<Pixels, DataError> {
    let grey = read::read(path)?;
    digit_on(&grey)
        .ok_or_else(|| DataError::Picture { path: path.into(), problem: PictureProblem::Blank })
}

/// Brightness by rows from the top.
#[derive(Clone, Debug)]
struct Grey {
    width: usize,
    height: usize,
    /// `width` × `height` values in [0, 1].
    values: Vec<f32>,
}

impl Grey {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0.0; width * height] }
    }

    /// Every value with its column and row.
    fn cells(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        let width = self.width.max(1);
        self.values.iter().enumerate().map(move |(i, v)| (i % width, i / width, *v))
    }
}

/// The digit on a picture, or `None` if there is none.
fn digit_on(grey: &Grey) -> Option<Pixels> {
    let ink = ink::separate(grey)?;
    let digit = parts::keep_digit(&ink)?;
    let digit = thicken::to_mnist_width(digit);
    let pixels = normalise_grey(&digit.values, digit.width, digit.height);
    (pixels != [0.0; PIXELS]).then_some(pixels)
}

#[cfg(test)]
mod tests;

//! A picture as one of a labelled set: with one sign on it.

use std::path::Path;

use super::read::{on_paper, small};
use super::{Colours, PictureError, PictureProblem, picture, plain};
use crate::core::panics;
use crate::data::{PIXELS, Pixels, SIDE};

/// Reads a PNG, JPEG or GIF (its first picture). What has 28×28 pixels stays as it is, neither
/// framed nor inverted; what is larger is framed as MNIST frames digits, or, with `scale`,
/// scaled as it is, light on dark.
///
/// # Errors
/// [`PictureError`], as [`super::load`]; also when there are several signs to be framed.
pub fn load_sample(path: &Path, scale: bool) -> Result<Box<[u8; PIXELS]>, PictureError> {
    let wrong = |problem| PictureError::content(path, problem);
    let work = || {
        let (decoded, block, size) = small(path)?;
        if size == [SIDE as u32; 2] {
            return Ok(bytes(&plain::as_it_is(&decoded)));
        }
        if scale {
            return Ok(bytes(&plain::plain(&decoded).pixels));
        }
        let colours = Colours { block, size, ..on_paper(&decoded.into_rgba32f()) };
        let found = picture(&colours).map_err(wrong)?;
        match &found.digits[..] {
            [one] => Ok(bytes(&one.pixels)),
            several => Err(wrong(PictureProblem::SeveralSigns { found: several.len() })),
        }
    };
    panics::caught(work).unwrap_or_else(|what| {
        Err(wrong(PictureProblem::Damaged(format!("the decoder gave up: {what}"))))
    })
}

fn bytes(pixels: &Pixels) -> Box<[u8; PIXELS]> {
    Box::new(pixels.map(|p| (p.clamp(0.0, 1.0) * 255.0).round() as u8))
}

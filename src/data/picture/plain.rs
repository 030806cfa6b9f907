//! A picture as it is: neither cropped nor centred, for who wants to complete it.

use std::path::Path;

use image::DynamicImage;
use image::imageops::FilterType;

use super::read::small;
use super::{PictureError, PictureProblem};
use crate::core::panics;
use crate::data::{PIXELS, Pixels, SIDE};

/// Less opaque pixels are not there.
const LEAST_OPACITY: f32 = 0.5;

/// A picture of 28×28 pixels, light on dark.
#[derive(Clone, Debug, PartialEq)]
pub struct Plain {
    /// From 0 to 1.
    pub pixels: Box<Pixels>,
    /// Where it is not transparent.
    pub opaque: Box<[bool; PIXELS]>,
}

/// Reads a PNG or JPEG and scales it to 28×28 as it is. Dark on light is turned into light
/// on dark, by what lies along its edges.
///
/// # Errors
/// [`PictureError`], as [`super::load`].
pub fn load_plain(path: &Path) -> Result<Plain, PictureError> {
    let work = || small(path).map(|(picture, ..)| plain(&picture));
    panics::caught(work).unwrap_or_else(|what| {
        let what = format!("the decoder gave up: {what}");
        Err(PictureError::content(path, PictureProblem::Damaged(what)))
    })
}

/// Reads a square picture that is light where something is true, as it is.
///
/// # Errors
/// [`PictureError`].
pub fn load_mask(path: &Path) -> Result<[bool; PIXELS], PictureError> {
    let work = || {
        let (picture, ..) = small(path)?;
        let (width, height) = (picture.width(), picture.height());
        if width != height {
            let problem = PictureProblem::NotSquare { width, height };
            return Err(PictureError::content(path, problem));
        }
        Ok(mask(&picture))
    };
    panics::caught(work).unwrap_or_else(|what| {
        let what = format!("the decoder gave up: {what}");
        Err(PictureError::content(path, PictureProblem::Damaged(what)))
    })
}

fn mask(picture: &DynamicImage) -> [bool; PIXELS] {
    let (greys, opaque) = greys(picture);
    std::array::from_fn(|i| opaque[i] && greys[i] > 0.5)
}

/// Grey values and where a picture is opaque, at 28×28 pixels.
fn greys(picture: &DynamicImage) -> (Pixels, [bool; PIXELS]) {
    let mut colours = picture.to_rgba32f();
    let side = SIDE as u32;
    if colours.dimensions() != (side, side) {
        colours = image::imageops::resize(&colours, side, side, FilterType::Triangle);
    }
    let (mut greys, mut opaque) = ([0.0; PIXELS], [true; PIXELS]);
    for (i, colour) in colours.pixels().enumerate().take(PIXELS) {
        let [r, g, b, opacity] = colour.0;
        let grey = 0.299 * r + 0.587 * g + 0.114 * b;
        opaque[i] = opacity >= LEAST_OPACITY;
        greys[i] = if grey.is_finite() { grey.clamp(0.0, 1.0) } else { 0.0 };
    }
    (greys, opaque)
}

/// A picture of 28×28 pixels as it is; what is transparent is dark.
pub(super) fn as_it_is(picture: &DynamicImage) -> Pixels {
    let (greys, opaque) = greys(picture);
    std::array::from_fn(|i| if opaque[i] { greys[i] } else { 0.0 })
}

pub(super) fn plain(picture: &DynamicImage) -> Plain {
    let (pixels, opaque) = greys(picture);
    let mut plain = Plain { pixels: Box::new(pixels), opaque: Box::new(opaque) };
    let edge = |i: &usize| {
        let (y, x) = (i / SIDE, i % SIDE);
        y == 0 || x == 0 || y == SIDE - 1 || x == SIDE - 1
    };
    let edges: Vec<f32> =
        (0..PIXELS).filter(edge).filter(|i| plain.opaque[*i]).map(|i| plain.pixels[i]).collect();
    if edges.iter().sum::<f32>() > 0.5 * edges.len() as f32 {
        plain.pixels.iter_mut().for_each(|v| *v = 1.0 - *v);
    }
    for (v, opaque) in plain.pixels.iter_mut().zip(&*plain.opaque) {
        *v = if *opaque { *v } else { 0.0 };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayAlphaImage, LumaA};

    #[test]
    fn what_is_transparent_is_not_there_and_dark_ink_becomes_light() {
        let picture = GrayAlphaImage::from_fn(56, 56, |x, y| {
            let ink = (20..30).contains(&x) && (10..40).contains(&y);
            LumaA([if ink { 0 } else { 255 }, if x < 28 { 255 } else { 0 }])
        });
        let plain = plain(&DynamicImage::ImageLumaA8(picture));
        let at = |y: usize, x: usize| (plain.pixels[y * SIDE + x], plain.opaque[y * SIDE + x]);
        assert_eq!(at(10, 12), (1.0, true));
        assert_eq!(at(10, 4), (0.0, true));
        assert_eq!(at(10, 20), (0.0, false));
    }
}

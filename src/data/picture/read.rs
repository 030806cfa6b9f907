//! From a file to grey values of a workable size.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, GenericImageView, ImageDecoder, ImageReader};

use super::{DataError, Grey, MOST_PIXELS, PictureProblem};

/// Larger pictures are averaged down until their longer side is at most this:
/// it leaves a stroke of a fine pen on a page a pixel wide.
const WORKING_SIDE: u32 = 1024;

pub(super) fn read(path: &Path) -> Result<Grey, DataError> {
    let cannot_read = |source| DataError::Read { path: path.into(), source };
    let wrong = |problem| DataError::Picture { path: path.into(), problem };
    let file = File::open(path).map_err(cannot_read)?;
    let reader =
        ImageReader::new(BufReader::new(file)).with_guessed_format().map_err(cannot_read)?;
    if reader.format().is_none() {
        return Err(wrong(PictureProblem::NotAPicture));
    }
    // The decoder's own limit on memory (512 MiB) stands.
    let mut decoder = reader.into_decoder().map_err(|e| wrong(in_words(e)))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(wrong(PictureProblem::TooLarge { width, height }));
    }
    let orientation = decoder.orientation().ok();
    let decoded = DynamicImage::from_decoder(decoder).map_err(|e| wrong(in_words(e)))?;
    let mut small = reduce(&decoded);
    drop(decoded);
    if let Some(orientation) = orientation {
        small.apply_orientation(orientation);
    }
    Ok(to_grey(&small))
}

fn in_words(error: ImageError) -> PictureProblem {
    match error {
        ImageError::Unsupported(_) => PictureProblem::NotAPicture,
        ImageError::Limits(e) if matches!(e.kind(), LimitErrorKind::InsufficientMemory) => {
            PictureProblem::TooMuchMemory
        }
        other => PictureProblem::Damaged(other.to_string()),
    }
}

/// Averages blocks of pixels, colours weighted by their opacity.
fn reduce(picture: &DynamicImage) -> DynamicImage {
    let (width, height) = picture.dimensions();
    let block = width.max(height).div_ceil(WORKING_SIDE).max(1);
    let small = image::RgbaImage::from_fn(width.div_ceil(block), height.div_ceil(block), |x, y| {
        let (mut colour, mut opacity, mut count) = ([0u32; 3], 0u32, 0u32);
        for y in y * block..((y + 1) * block).min(height) {
            for x in x * block..((x + 1) * block).min(width) {
                let [r, g, b, a] = picture.get_pixel(x, y).0.map(u32::from);
                colour = [colour[0] + r * a, colour[1] + g * a, colour[2] + b * a];
                opacity += a;
                count += 1;
            }
        }
        let mean = colour.map(|c| (c + opacity / 2).checked_div(opacity).unwrap_or(0) as u8);
        image::Rgba([mean[0], mean[1], mean[2], ((opacity + count / 2) / count.max(1)) as u8])
    });
    DynamicImage::ImageRgba8(small)
}

/// Brightness in [0, 1], with something sensible behind transparent parts.
fn to_grey(picture: &DynamicImage) -> Grey {
    let (width, height) = picture.dimensions();
    let luma = |[r, g, b, _]: [u8; 4]| {
        // Rec. 601, as grey scans and JPEG have it.
        (0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)) / 255.0
    };
    let pixels: Vec<(f32, f32)> =
        picture.pixels().map(|(_, _, p)| (luma(p.0), f32::from(p.0[3]) / 255.0)).collect();
    let behind = colour_behind(&pixels);
    let values = pixels.iter().map(|(value, alpha)| value * alpha + behind * (1.0 - alpha));
    Grey { width: width as usize, height: height as usize, values: values.collect() }
}

/// What lies behind transparent parts. If most of the picture is transparent,
/// the opaque part is the ink, and paper of the opposite brightness makes it
/// visible; otherwise the opaque part holds the paper.
fn colour_behind(pixels: &[(f32, f32)]) -> f32 {
    let opaque: f32 = pixels.iter().map(|(_, a)| a).sum();
    if opaque <= 0.0 {
        return 1.0;
    }
    if opaque < 0.5 * pixels.len() as f32 {
        let mean = pixels.iter().map(|(v, a)| v * a).sum::<f32>() / opaque;
        return if mean < 0.5 { 1.0 } else { 0.0 };
    }
    let mut solid: Vec<f32> = pixels.iter().filter(|(_, a)| *a > 0.5).map(|(v, _)| *v).collect();
    super::ink::median(&mut solid).unwrap_or(1.0)
}

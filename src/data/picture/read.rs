//! From a file to colours at a workable size.

use std::io::BufReader;
use std::path::Path;

use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use super::limits::{
    MOST_BYTES, MOST_EXTRAS, MOST_MEMORY, MOST_PIXELS, coefficients, is_cut_short,
};
use super::{Colours, Grey, PictureError, PictureProblem};
use crate::core::files::open_regular;

/// Larger pictures are averaged down until their longer side is at most this:
/// it leaves a stroke of a fine pen on a page a pixel wide.
const WORKING_SIDE: u32 = 1024;

/// The picture at a workable size.
pub(super) fn read(path: &Path) -> Result<Colours, PictureError> {
    let (small, block, size) = small(path)?;
    Ok(Colours { block, size, ..on_paper(&small.into_rgba32f()) })
}

/// The picture reduced, upright and with its transparency; how many of its pixels one of
/// these is wide; its size.
pub(super) fn small(path: &Path) -> Result<(DynamicImage, u32, [u32; 2]), PictureError> {
    let cannot_read = |source| PictureError::read(path, source);
    let wrong = |problem| PictureError::content(path, problem);
    let file = open_regular(path).map_err(cannot_read)?;
    let bytes = file.metadata().map_err(cannot_read)?.len();
    if bytes > MOST_BYTES {
        return Err(wrong(PictureProblem::TooManyBytes { bytes }));
    }
    let mut file = BufReader::new(file);
    let coefficients = coefficients(&mut file).map_err(cannot_read)?;
    if is_cut_short(&mut file).map_err(cannot_read)? {
        let what = "the file ends in the middle of the picture".to_owned();
        return Err(wrong(PictureProblem::Damaged(what)));
    }
    let mut reader = ImageReader::new(file).with_guessed_format().map_err(cannot_read)?;
    if reader.format().is_none() {
        return Err(wrong(PictureProblem::NotAPicture));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_EXTRAS);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| wrong(in_words(e)))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(wrong(PictureProblem::TooLarge { width, height }));
    }
    let needed = decoder.total_bytes().saturating_add(coefficients);
    if needed > MOST_MEMORY {
        return Err(wrong(PictureProblem::TooMuchMemory { width, height, needed }));
    }
    let orientation = decoder.orientation().ok();
    let decoded = DynamicImage::from_decoder(decoder).map_err(|e| wrong(in_words(e)))?;
    let (mut small, block) = reduce(&decoded);
    drop(decoded);
    let mut size = [width, height];
    if let Some(orientation) = orientation {
        small.apply_orientation(orientation);
        // What is turned on its side.
        let sideways = !matches!(
            orientation,
            Orientation::NoTransforms
                | Orientation::Rotate180
                | Orientation::FlipHorizontal
                | Orientation::FlipVertical
        );
        if sideways {
            size.swap(0, 1);
        }
    }
    Ok((small, block, size))
}

fn in_words(error: ImageError) -> PictureProblem {
    match error {
        ImageError::Unsupported(_) => PictureProblem::NotAPicture,
        ImageError::Limits(e) if matches!(e.kind(), LimitErrorKind::InsufficientMemory) => {
            PictureProblem::TooMuchToUnpack
        }
        other => PictureProblem::Damaged(other.to_string()),
    }
}

/// One decoded picture, whatever its kind.
struct Samples<'a, T> {
    values: &'a [T],
    channels: usize,
    width: u32,
    height: u32,
}

/// Averages blocks of pixels, colours weighted by their opacity. Values go from
/// 0 to 1 over the depth that the picture uses.
fn reduce(picture: &DynamicImage) -> (DynamicImage, u32) {
    let (width, height) = (picture.width(), picture.height());
    let channels = usize::from(picture.color().channel_count());
    match picture {
        DynamicImage::ImageLuma16(p) => deep(p.as_raw(), channels, width, height),
        DynamicImage::ImageLumaA16(p) => deep(p.as_raw(), channels, width, height),
        DynamicImage::ImageRgb16(p) => deep(p.as_raw(), channels, width, height),
        DynamicImage::ImageRgba16(p) => deep(p.as_raw(), channels, width, height),
        _ => average(
            &Samples { values: picture.as_bytes(), channels, width, height },
            [0.0, 255.0],
            255.0,
        ),
    }
}

fn deep(values: &[u16], channels: usize, width: u32, height: u32) -> (DynamicImage, u32) {
    let samples = Samples { values, channels, width, height };
    average(&samples, depth(&samples), 65535.0)
}

/// The darkest and the brightest value that 16 bits stand for. Cameras and
/// microscopes store 10 or 12 bits in 16, and then it would be all dark.
fn depth(samples: &Samples<'_, u16>) -> [f32; 2] {
    let colours = samples.channels - usize::from(samples.channels.is_multiple_of(2));
    let (mut low, mut high, mut doubled) = (u16::MAX, 0, true);
    for pixel in samples.values.chunks_exact(samples.channels) {
        // What is transparent has no colour.
        if pixel.len() > colours && pixel[colours] == 0 {
            continue;
        }
        for value in &pixel[..colours] {
            low = low.min(*value);
            high = high.max(*value);
            doubled &= value.is_multiple_of(257);
        }
    }
    // 8 bits, each byte stored twice.
    if doubled || low > high {
        return [0.0, 65535.0];
    }
    // Fewer steps than this are no picture, only grain.
    const LEAST_STEPS: u16 = 32;
    let full = u16::MAX >> high.leading_zeros();
    if high - low >= LEAST_STEPS && high - low < full / 4 {
        [f32::from(low), f32::from(high)]
    } else {
        [0.0, f32::from(full)]
    }
}

fn average<T: Copy + Into<f32>>(
    samples: &Samples<'_, T>,
    [low, high]: [f32; 2],
    opaque: f32,
) -> (DynamicImage, u32) {
    let (width, height) = (samples.width, samples.height);
    let block = width.max(height).div_ceil(WORKING_SIDE).max(1);
    let has_alpha = samples.channels.is_multiple_of(2);
    let colours = samples.channels - usize::from(has_alpha);
    let small =
        image::Rgba32FImage::from_fn(width.div_ceil(block), height.div_ceil(block), |x, y| {
            let (mut colour, mut opacity, mut count) = ([0.0f32; 3], 0.0f32, 0.0f32);
            for y in y * block..((y + 1) * block).min(height) {
                let row = y as usize * width as usize;
                for x in x * block..((x + 1) * block).min(width) {
                    let at = (row + x as usize) * samples.channels;
                    let alpha =
                        if has_alpha { samples.values[at + colours].into() / opaque } else { 1.0 };
                    for (k, sum) in colour.iter_mut().enumerate() {
                        let value: f32 = samples.values[at + k.min(colours - 1)].into();
                        *sum += ((value - low) / (high - low)).clamp(0.0, 1.0) * alpha;
                    }
                    opacity += alpha;
                    count += 1.0;
                }
            }
            let [r, g, b] = colour.map(|c| if opacity > 0.0 { c / opacity } else { 0.0 });
            image::Rgba([r, g, b, opacity / count.max(1.0)])
        });
    (DynamicImage::ImageRgba32F(small), block)
}

/// The colours with something sensible behind transparent parts.
pub(super) fn on_paper(picture: &image::Rgba32FImage) -> Colours {
    let behind = colour_behind(picture);
    let values = picture.pixels().map(|p| {
        let [r, g, b, a] = p.0;
        let mix = |v: f32, paper: f32| v * a + paper * (1.0 - a);
        [mix(r, behind[0]), mix(g, behind[1]), mix(b, behind[2])]
    });
    Colours {
        block: 1,
        size: [picture.width(), picture.height()],
        width: picture.width() as usize,
        height: picture.height() as usize,
        values: values.collect(),
    }
}

/// What lies behind transparent parts. If most of the picture is transparent,
/// the opaque part is the ink, and paper of the opposite brightness makes it
/// visible; otherwise the opaque part holds the paper.
fn colour_behind(picture: &image::Rgba32FImage) -> [f32; 3] {
    let opaque: f32 = picture.pixels().map(|p| p.0[3]).sum();
    if opaque <= 0.0 {
        return [1.0; 3];
    }
    if opaque < 0.5 * picture.pixels().len() as f32 {
        let bright: f32 =
            picture.pixels().map(|p| Grey::luma([p.0[0], p.0[1], p.0[2]]) * p.0[3]).sum();
        return if bright < 0.5 * opaque { [1.0; 3] } else { [0.0; 3] };
    }
    std::array::from_fn(|k| {
        let mut solid: Vec<f32> =
            picture.pixels().filter(|p| p.0[3] > 0.5).map(|p| p.0[k]).collect();
        super::ink::median(&mut solid).unwrap_or(1.0)
    })
}

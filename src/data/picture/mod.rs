//! Photos and scans of digits.
//!
//! An image passes these stages: `read` unpacks it at a workable size, within
//! `limits`; `colour` makes it grey so that ink and paper differ most; `sheet`
//! removes the desk around a sheet of paper; `ink` separates ink from paper that
//! may be unevenly lit; `rules` removes ruled lines, frames and underlines (found
//! by `lines`); `parts` drops specks; `group` joins the rest into digits; and
//! `thicken` gives strokes that are thin for their size the width they have in
//! MNIST. MNIST's own framing ([`normalise_grey`]) follows.
//!
//! Beside them, `plain` takes a picture as it is, and [`gif`] writes films.

mod colour;
pub mod gif;
mod group;
mod ink;
mod limits;
mod lines;
mod parts;
mod plain;
mod read;
mod rules;
mod sample;
mod sheet;
mod thicken;

use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

use super::error::FileError;
use super::strokes::normalise_grey;
use super::{PIXELS, Pixels};
use crate::core::files::{WriteError, write_whole};
use crate::core::panics;
use crate::core::text::grouped;

pub use group::MOST_DIGITS;
pub use limits::{MOST_BYTES, MOST_MEMORY, MOST_PIXELS};
pub use plain::{Plain, load_mask, load_plain};
pub use sample::load_sample;

/// Why a picture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PictureProblem {
    #[error("this is not a PNG or JPEG picture. Save the picture as PNG, then try again")]
    NotAPicture,
    #[error("the picture is damaged ({0}). Save it again as PNG, then try again")]
    Damaged(String),
    #[error("the file has {} bytes, and {} is the most. Scale the picture down",
            grouped(*bytes), grouped(MOST_BYTES))]
    TooManyBytes { bytes: u64 },
    #[error(
        "its {width}×{height} pixels are more than this app takes (100 megapixels). Scale it down"
    )]
    TooLarge { width: u32, height: u32 },
    #[error("unpacking its {width}×{height} pixels needs {} MB of memory, and {} MB is the most. Scale it down, or save it with 8 bits per colour and not progressively",
            needed.div_ceil(1 << 20), MOST_MEMORY >> 20)]
    TooMuchMemory { width: u32, height: u32, needed: u64 },
    #[error("one of its rows, or what is stored beside the picture, needs more than {} MB of memory. Save it again without extras such as colour profiles, or scale it down", limits::MOST_EXTRAS >> 20)]
    TooMuchToUnpack,
    #[error("it has {width}×{height} pixels, and a mask is square, such as 28×28")]
    NotSquare { width: u32, height: u32 },
    #[error(
        "no digit was found: the picture is blank, too pale, or shows nothing like a stroke. Write darker, or crop closer to the digit"
    )]
    Blank,
    #[error(
        "it shows {found} separate marks, and {MOST_DIGITS} is the most. Crop closer to the digits"
    )]
    TooManyDigits { found: usize },
    #[error(
        "it shows {found} separate marks, and one picture is to show one sign. Crop it, or scale pictures as they are"
    )]
    SeveralSigns { found: usize },
}

/// A picture file could not be used.
pub type PictureError = FileError<PictureProblem>;

/// What may make an answer about a digit worth less than it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is wider than digits are.
    Wide,
    /// It is put together from pieces that could each be a digit.
    InPieces,
}

impl Note {
    /// A sentence for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Wide => {
                "This is wider than a digit: it may be several that touch. Leave room between them."
            }
            Self::InPieces => {
                "This is in pieces that may be several digits. Leave more room between digits."
            }
        }
    }
}

/// A digit on a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundDigit {
    /// As the networks see it.
    pub pixels: Box<Pixels>,
    /// Where it is: left, top, width, height in the picture's pixels, after the
    /// camera's orientation.
    pub bounds: [u32; 4],
    /// What to say beside the answer.
    pub note: Option<Note>,
}

/// A picture that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// At least one; in lines from the top, each from the left.
    pub digits: Vec<FoundDigit>,
    /// Width and height in pixels, after the camera's orientation.
    pub size: [u32; 2],
    /// The picture small, to be shown.
    pub preview: Preview,
    /// Rules, frames and underlines that were left out.
    pub lines_left_out: usize,
}

/// A picture small enough to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Width and height, at most 256 pixels each.
    pub size: [usize; 2],
    /// Red, green and blue of each pixel.
    pub rgb: Vec<u8>,
}

/// Reads a PNG or JPEG of any size with digits on it, dark on light or light on
/// dark or of another colour than the paper, and frames each as MNIST does. The
/// content tells the format, not the name; the camera's orientation is obeyed.
///
/// # Errors
/// [`PictureError`], which names the file; also when nothing is found on it, and when
/// the decoder fails by a panic.
pub fn load(path: &Path) -> Result<Picture, PictureError> {
    let problem = |problem| FileError::content(path, problem);
    let work = || {
        let colours = read::read(path)?;
        picture(&colours).map_err(problem)
    };
    panics::caught(work).unwrap_or_else(|what| {
        Err(problem(PictureProblem::Damaged(format!("the decoder gave up: {what}"))))
    })
}

/// Writes pixels, row by row from the top, as PNG, whole or not at all.
///
/// # Errors
/// [`WriteError`].
pub fn write_png(
    path: &Path,
    [width, height]: [usize; 2],
    kind: ExtendedColorType,
    pixels: &[u8],
) -> Result<(), WriteError> {
    write_whole(path, |file| {
        PngEncoder::new(file)
            .write_image(pixels, width as u32, height as u32, kind)
            .map_err(std::io::Error::other)
    })
}

/// Red, green and blue by rows from the top.
struct Colours {
    /// How many pixels of the file one of these is wide.
    block: u32,
    /// Width and height of the file's picture.
    size: [u32; 2],
    width: usize,
    height: usize,
    /// `width` × `height` values in [0, 1].
    values: Vec<[f32; 3]>,
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

    /// Brightness by Rec. 601, as grey scans and JPEG have it.
    fn luma([r, g, b]: [f32; 3]) -> f32 {
        0.299 * r + 0.587 * g + 0.114 * b
    }
}

/// The digits on a picture.
fn picture(colours: &Colours) -> Result<Picture, PictureProblem> {
    let grey = colour::to_grey(colours);
    // Should nothing be found on the sheet, it was none.
    let sheet = sheet::on_desk(&grey);
    let (mut found, mut lines_left_out) = (Vec::new(), 0);
    for grey in sheet.iter().chain([&grey]) {
        (found, lines_left_out) = find(grey)?;
        if !found.is_empty() {
            break;
        }
    }
    let digits: Vec<FoundDigit> =
        found.into_iter().filter_map(|digit| frame(digit, colours)).collect();
    if digits.is_empty() {
        return Err(PictureProblem::Blank);
    }
    Ok(Picture { digits, size: colours.size, preview: preview(colours), lines_left_out })
}

/// What may be digits, and how many rules and frames were left out.
fn find(grey: &Grey) -> Result<(Vec<group::Found>, usize), PictureProblem> {
    // Pale ink only where there is no other: on most pictures it is dirt.
    let (mut found, mut lines_left_out) = (Vec::new(), 0);
    for least in [ink::LEAST_CONTRAST, ink::PALE_CONTRAST] {
        let Some(mut ink) = ink::separate(grey, least) else { continue };
        lines_left_out = rules::remove(&mut ink);
        let (parts, framed) = parts::find(&ink);
        lines_left_out += usize::from(framed);
        found = group::digits(&parts, &ink)?;
        if !found.is_empty() {
            break;
        }
    }
    Ok((found, lines_left_out))
}

/// A digit as MNIST frames it, or `None` if it has no ink.
fn frame(digit: group::Found, colours: &Colours) -> Option<FoundDigit> {
    let [x0, y0, x1, y1]: [u32; 4] =
        std::array::from_fn(|k| (digit.bounds[k] as u32 * colours.block).min(colours.size[k % 2]));
    let thick = thicken::to_mnist_width(digit.ink);
    let pixels = normalise_grey(&thick.values, thick.width, thick.height);
    (pixels != [0.0; PIXELS]).then(|| FoundDigit {
        pixels: Box::new(pixels),
        bounds: [x0, y0, x1 - x0, y1 - y0],
        note: digit.note,
    })
}

fn preview(colours: &Colours) -> Preview {
    const MOST_SIDE: usize = 256;
    let block = colours.width.max(colours.height).div_ceil(MOST_SIDE).max(1);
    let size = [colours.width.div_ceil(block), colours.height.div_ceil(block)];
    let mut rgb = Vec::with_capacity(3 * size[0] * size[1]);
    for y in 0..size[1] {
        for x in 0..size[0] {
            let (mut sum, mut count) = ([0.0; 3], 0.0);
            for v in y * block..((y + 1) * block).min(colours.height) {
                for u in x * block..((x + 1) * block).min(colours.width) {
                    let colour = colours.values[v * colours.width + u];
                    sum.iter_mut().zip(colour).for_each(|(s, c)| *s += c);
                    count += 1.0;
                }
            }
            rgb.extend(sum.map(|s| (s / count * 255.0) as u8));
        }
    }
    Preview { size, rgb }
}

#[cfg(test)]
mod scene_tests;
#[cfg(test)]
mod tests;

//! The formats: each takes one frame at a time and keeps none of them, but for the last one
//! where only what has changed is written.

use std::io::Write;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, ImageError, RgbaImage};

use super::order::FilmError;

/// Makes a file of frames.
pub trait Encoder {
    /// Takes the next frame; all are equally large.
    ///
    /// # Errors
    /// [`FilmError`].
    fn frame(&mut self, picture: &RgbaImage) -> Result<(), FilmError>;

    /// Writes what is left to be written.
    ///
    /// # Errors
    /// [`FilmError`].
    fn finish(self: Box<Self>) -> Result<(), FilmError>;
}

/// How hard colours are looked for where a frame has more than 256 of them: 1 (slow and
/// good) to 30.
const GIF_SPEED: i32 = 10;

/// A GIF, for ever repeated.
pub struct Gif<W: Write> {
    encoder: GifEncoder<W>,
    fps: u32,
    /// Frames so far.
    done: u32,
}

impl<W: Write> Gif<W> {
    /// Begins one.
    ///
    /// # Errors
    /// [`FilmError::Write`].
    pub fn new(out: W, fps: u32) -> Result<Self, FilmError> {
        let mut encoder = GifEncoder::new_with_speed(out, GIF_SPEED);
        encoder.set_repeat(Repeat::Infinite).map_err(image_error)?;
        Ok(Self { encoder, fps, done: 0 })
    }
}

/// The frame `k` of a GIF is shown so long, ms: times there are in hundredths of a second,
/// and the frames together take as long as they should.
pub fn gif_delay_ms(k: u32, fps: u32) -> u32 {
    let end = |k: u64| (k * 100 + u64::from(fps) / 2) / u64::from(fps);
    (10 * (end(u64::from(k) + 1) - end(u64::from(k)))) as u32
}

impl<W: Write> Encoder for Gif<W> {
    fn frame(&mut self, picture: &RgbaImage) -> Result<(), FilmError> {
        let delay = Delay::from_numer_denom_ms(gif_delay_ms(self.done, self.fps), 1);
        let frame = Frame::from_parts(picture.clone(), 0, 0, delay);
        self.encoder.encode_frame(frame).map_err(image_error)?;
        self.done += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), FilmError> {
        // The end is written as it is dropped.
        Ok(())
    }
}

fn image_error(error: ImageError) -> FilmError {
    match error {
        ImageError::IoError(error) => FilmError::Write(error),
        other => FilmError::failed(format!("a frame could not be encoded: {other}")),
    }
}

/// An animated PNG, for ever repeated. Of each frame after the first, only the rectangle is
/// written in which it differs from the one before.
pub struct Apng<W: Write> {
    writer: png::Writer<W>,
    last: Option<RgbaImage>,
}

impl<W: Write> Apng<W> {
    /// Begins one of so many frames.
    ///
    /// # Errors
    /// [`FilmError`].
    pub fn new(out: W, size: [u32; 2], fps: u32, frames: u32) -> Result<Self, FilmError> {
        let mut encoder = png::Encoder::new(out, size[0], size[1]);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_animated(frames, 0).map_err(png_error)?;
        encoder.set_frame_delay(1, fps as u16).map_err(png_error)?;
        encoder.set_blend_op(png::BlendOp::Source).map_err(png_error)?;
        encoder.set_dispose_op(png::DisposeOp::None).map_err(png_error)?;
        Ok(Self { writer: encoder.write_header().map_err(png_error)?, last: None })
    }
}

impl<W: Write> Encoder for Apng<W> {
    fn frame(&mut self, picture: &RgbaImage) -> Result<(), FilmError> {
        let [x, y, width, height] = match &self.last {
            None => [0, 0, picture.width(), picture.height()],
            Some(last) => changed(last, picture),
        };
        if self.last.is_some() {
            // The old rectangle must not reach out of the picture with the new corner.
            self.writer.reset_frame_position().map_err(png_error)?;
            self.writer.set_frame_dimension(width, height).map_err(png_error)?;
            self.writer.set_frame_position(x, y).map_err(png_error)?;
        }
        let mut rgb = Vec::with_capacity(3 * width as usize * height as usize);
        for row in picture.rows().skip(y as usize).take(height as usize) {
            for pixel in row.skip(x as usize).take(width as usize) {
                rgb.extend_from_slice(&pixel.0[..3]);
            }
        }
        self.writer.write_image_data(&rgb).map_err(png_error)?;
        self.last = Some(picture.clone());
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), FilmError> {
        self.writer.finish().map_err(png_error)
    }
}

fn png_error(error: png::EncodingError) -> FilmError {
    match error {
        png::EncodingError::IoError(error) => FilmError::Write(error),
        other => FilmError::failed(format!("a frame could not be encoded: {other}")),
    }
}

/// The smallest rectangle (x, y, width, height) with all pixels that differ; one pixel where
/// none does.
fn changed(before: &RgbaImage, now: &RgbaImage) -> [u32; 4] {
    let row = |image: &RgbaImage, y: u32| {
        let width = 4 * image.width() as usize;
        let from = y as usize * width;
        from..from + width
    };
    let (mut x, mut y) = ((u32::MAX, 0), (u32::MAX, 0));
    for line in 0..now.height() {
        let (a, b) = (&before.as_raw()[row(before, line)], &now.as_raw()[row(now, line)]);
        let Some(first) = a.iter().zip(b).position(|(a, b)| a != b) else { continue };
        let last = a.iter().zip(b).rposition(|(a, b)| a != b).unwrap_or(first);
        x = (x.0.min(first as u32 / 4), x.1.max(last as u32 / 4));
        y = (y.0.min(line), line);
    }
    match x.0 {
        u32::MAX => [0, 0, 1, 1],
        _ => [x.0, y.0, x.1 - x.0 + 1, y.1 - y.0 + 1],
    }
}

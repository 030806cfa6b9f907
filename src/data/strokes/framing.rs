//! The frame that MNIST puts around a digit.
//!
//! MNIST's authors fitted each scanned digit into a box of 20×20 pixels,
//! keeping its aspect ratio, and moved it by whole pixels inside a field of
//! 28×28 until its centre of mass lay in the middle. Networks trained on MNIST
//! expect exactly that.

use super::Stroke;
use super::render::{Segment, render};
use crate::data::{PIXELS, Pixels, SIDE};

/// Side of the box into which MNIST fits a digit, px.
const BOX: f64 = 20.0;
/// Width of the stroke when no pen is given, px of the 28×28 picture: the
/// middle of what is seen in MNIST.
const PEN: f64 = 2.4;
/// Points closer to their predecessor than this are left out, px. A slow hand
/// sends hundreds of points per pixel, which cannot be told apart.
const LEAST_STEP: f32 = 0.02;

/// How a drawing is placed in the 28×28 picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Framing {
    /// As MNIST does: cropped, fitted into 20×20, centred by centre of mass.
    Mnist,
    /// The whole canvas of this size (in the strokes' units, its corner at
    /// 0, 0) squeezed into 28×28 with its aspect ratio kept: what a network
    /// gets when nothing centres the digit.
    AsDrawn { width: f32, height: f32 },
}

/// Renders strokes at any scale into the picture that networks take, values in
/// [0, 1]. No strokes give an empty picture; points that are not finite are
/// ignored.
///
/// `pen` is the width of the line in the strokes' own units, and is kept in
/// proportion: a thin pen in a big drawing gives thin, pale strokes, which
/// networks trained on MNIST read badly. `None` (also for a width that is not
/// positive and finite) gives strokes of 2.4 px in MNIST's frame, as MNIST has
/// them, however large the drawing is.
pub fn to_pixels(strokes: &[Stroke], pen: Option<f32>, framing: Framing) -> Pixels {
    let Some(bounds) = Bounds::of(strokes) else { return [0.0; PIXELS] };
    let pen = pen.filter(|p| p.is_finite() && *p > 0.0).map(f64::from);
    match framing {
        Framing::Mnist => {
            let fit = Fit::into_box(&bounds, pen);
            frame_segments(&fit.segments(strokes))
        }
        Framing::AsDrawn { width, height } => {
            let side = f64::from(width.max(height));
            if !side.is_finite() || side <= 0.0 || !width.is_finite() || !height.is_finite() {
                return [0.0; PIXELS];
            }
            render(&Fit::whole_canvas(&bounds, pen, width, height).segments(strokes))
        }
    }
}

/// Centres segments that already fit a box of 20×20 (in pixels, its upper left
/// corner at 0, 0) in the picture by their centre of mass, moving them by
/// whole pixels as MNIST does.
pub(crate) fn frame_segments(segments: &[Segment]) -> Pixels {
    // Rendered 4 px in, so that nothing is cut; what is short of the middle
    // then is the shift that is left.
    const MARGIN: i32 = (SIDE as i32 - BOX as i32) / 2;
    let margin = MARGIN as f32;
    let placed: Vec<Segment> = segments
        .iter()
        .map(|s| Segment {
            from: s.from.map(|c| c + margin),
            to: s.to.map(|c| c + margin),
            radius: s.radius,
        })
        .collect();
    centre_by_mass(&render(&placed))
}

/// Moves a picture by whole pixels until its centre of mass is as near to the
/// middle as it gets without pushing ink over the edge.
fn centre_by_mass(picture: &Pixels) -> Pixels {
    let (mut mass, mut sum_x, mut sum_y) = (0.0f64, 0.0, 0.0);
    let (mut low, mut high) = ([SIDE; 2], [0; 2]);
    for (i, ink) in picture.iter().enumerate().filter(|(_, ink)| **ink > 0.0) {
        let (x, y) = (i % SIDE, i / SIDE);
        mass += f64::from(*ink);
        sum_x += f64::from(*ink) * x as f64;
        sum_y += f64::from(*ink) * y as f64;
        low = [low[0].min(x), low[1].min(y)];
        high = [high[0].max(x), high[1].max(y)];
    }
    if mass <= 0.0 {
        return *picture;
    }
    let shift = |centre: f64, low: usize, high: usize| {
        // A digit that is its own mirror image and fills the box lies exactly
        // half a pixel off: the last bit of a sum must not decide its place.
        let wanted = (MIDDLE - centre - 1e-3).round() as i64;
        wanted.clamp(-(low as i64), (SIDE - 1 - high) as i64)
    };
    let dx = shift(sum_x / mass, low[0], high[0]);
    let dy = shift(sum_y / mass, low[1], high[1]);
    let mut moved = [0.0; PIXELS];
    for y in low[1]..=high[1] {
        for x in low[0]..=high[0] {
            let target = (y as i64 + dy) * SIDE as i64 + x as i64 + dx;
            moved[target as usize] = picture[y * SIDE + x];
        }
    }
    moved
}

/// Where MNIST's centres of mass lie, counting pixel centres from 0.
const MIDDLE: f64 = 14.0;

/// The smallest box around all finite points, in the strokes' units.
struct Bounds {
    low: [f64; 2],
    high: [f64; 2],
}

impl Bounds {
    fn of(strokes: &[Stroke]) -> Option<Self> {
        let mut points = strokes.iter().flatten().filter(|p| is_finite(p)).peekable();
        points.peek()?;
        let empty = Self { low: [f64::INFINITY; 2], high: [f64::NEG_INFINITY; 2] };
        Some(points.fold(empty, |b, p| {
            let p = p.map(f64::from);
            Self {
                low: [b.low[0].min(p[0]), b.low[1].min(p[1])],
                high: [b.high[0].max(p[0]), b.high[1].max(p[1])],
            }
        }))
    }

    fn longer_side(&self) -> f64 {
        (self.high[0] - self.low[0]).max(self.high[1] - self.low[1])
    }
}

fn is_finite(point: &[f32; 2]) -> bool {
    point[0].is_finite() && point[1].is_finite()
}

/// Maps the strokes' units to pixels: `pixel = (point - origin) * scale + offset`.
struct Fit {
    origin: [f64; 2],
    scale: f64,
    offset: [f64; 2],
    /// Width of the pen, px.
    pen: f64,
}

impl Fit {
    /// The ink, including the width of the pen, touches the sides of the
    /// 20×20 box.
    fn into_box(bounds: &Bounds, pen: Option<f64>) -> Self {
        let side = bounds.longer_side();
        let (scale, pen) = match pen {
            Some(pen) => {
                let scale = BOX / (side + pen);
                (scale, pen * scale)
            }
            // A dot has no size: any scale will do.
            None if side > 0.0 => ((BOX - PEN) / side, PEN),
            None => (1.0, PEN),
        };
        Self { origin: bounds.low, scale, offset: [pen / 2.0; 2], pen }
    }

    /// The canvas, letterboxed, fills the picture.
    fn whole_canvas(bounds: &Bounds, pen: Option<f64>, width: f32, height: f32) -> Self {
        let (width, height) = (f64::from(width), f64::from(height));
        let scale = SIDE as f64 / width.max(height);
        let pen = match pen {
            Some(pen) => pen * scale,
            // In proportion to the digit, as in MNIST's frame.
            None if bounds.longer_side() > 0.0 => bounds.longer_side() * scale * PEN / (BOX - PEN),
            None => PEN,
        };
        let offset = [width, height].map(|side| (SIDE as f64 - side * scale) / 2.0);
        Self { origin: [0.0; 2], scale, offset, pen }
    }

    fn point(&self, point: &[f32; 2]) -> [f32; 2] {
        std::array::from_fn(|i| {
            ((f64::from(point[i]) - self.origin[i]) * self.scale + self.offset[i]) as f32
        })
    }

    fn segments(&self, strokes: &[Stroke]) -> Vec<Segment> {
        let radius = [(self.pen / 2.0) as f32; 2];
        let mut segments = Vec::with_capacity(strokes.iter().map(Vec::len).sum());
        for stroke in strokes {
            let mut points = stroke.iter().filter(|p| is_finite(p)).map(|p| self.point(p));
            let Some(mut last) = points.next() else { continue };
            let before = segments.len();
            for point in points {
                let step = [point[0] - last[0], point[1] - last[1]];
                if step[0] * step[0] + step[1] * step[1] >= LEAST_STEP * LEAST_STEP {
                    segments.push(Segment { from: last, to: point, radius });
                    last = point;
                }
            }
            if segments.len() == before {
                segments.push(Segment { from: last, to: last, radius });
            }
        }
        segments
    }
}

/// Ink fainter than this does not count as part of the digit when a grey
/// picture is cropped.
const FAINT: f32 = 0.02;

/// Frames a grey picture of any size (`width` × `height` values, row by row,
/// 0 background … 1 ink) as MNIST does: cropped to its ink, scaled into 20×20
/// by area averaging, centred by centre of mass. A picture without ink, or one
/// whose length is not `width` × `height`, gives an empty picture; values that
/// are not finite count as background.
pub fn normalise_grey(grey: &[f32], width: usize, height: usize) -> Pixels {
    let mut boxed = [0.0; PIXELS];
    if width.checked_mul(height) != Some(grey.len()) {
        return boxed;
    }
    let ink = |x: usize, y: usize| {
        let value = grey[y * width + x];
        if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
    };
    let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
    for y in 0..height {
        for x in (0..width).filter(|x| ink(*x, y) > FAINT) {
            low = [low[0].min(x), low[1].min(y)];
            high = [high[0].max(x + 1), high[1].max(y + 1)];
        }
    }
    if low[0] == usize::MAX {
        return boxed;
    }
    let size = [high[0] - low[0], high[1] - low[1]];
    let step = size[0].max(size[1]) as f64 / BOX;
    let margin = (SIDE - BOX as usize) / 2;
    let columns = shares(size[0], step);
    for (row, in_row) in shares(size[1], step).iter().enumerate() {
        for (column, in_column) in columns.iter().enumerate() {
            let mut sum = 0.0;
            for (y, share_y) in in_row {
                for (x, share_x) in in_column {
                    sum += f64::from(ink(low[0] + x, low[1] + y)) * share_x * share_y;
                }
            }
            boxed[(row + margin) * SIDE + column + margin] = sum.min(1.0) as f32;
        }
    }
    centre_by_mass(&boxed)
}

/// For each target pixel, `step` source pixels wide, the source pixels under
/// it and how much of the target each of them covers.
fn shares(length: usize, step: f64) -> Vec<Vec<(usize, f64)>> {
    let targets = ((length as f64 / step).ceil() as usize).min(BOX as usize);
    (0..targets)
        .map(|target| {
            let (start, end) = (target as f64 * step, (target + 1) as f64 * step);
            (start as usize..(end.ceil() as usize).min(length))
                .map(|i| (i, ((i + 1) as f64).min(end) - (i as f64).max(start)))
                .filter(|(_, covered)| *covered > 0.0)
                .map(|(i, covered)| (i, covered / step))
                .collect()
        })
        .collect()
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;

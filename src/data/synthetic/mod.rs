//! Handwritten-looking digits from a seeded generator.
//!
//! A digit is drawn the way a person would write it: one of several ways to write
//! it (`shapes`), bent by a smooth random field, slanted, turned and stretched,
//! drawn with a pen whose width varies, and framed as MNIST frames its digits. No
//! file is needed.
//!
//! A digit depends on (seed, class, index) alone. The generator uses only
//! additions, multiplications, divisions and square roots, which IEEE 754 rounds
//! alike everywhere, so the pixels are the same on every machine.

// One point per line would make its pictures hard to see.
#[rustfmt::skip]
mod shapes;

use shapes::{Allograph, Pen, SHAPES};

use super::dataset::Dataset;
use super::strokes::{Segment, Stroke, frame_segments};
use super::{CLASSES, PIXELS, Pixels};
use crate::core::rng::Rng;

/// The synthetic digit number `index` of a class (0 … 9; larger classes wrap),
/// in whole 1/255, as if it had been stored.
pub fn digit(seed: u64, class: u8, index: u64) -> Pixels {
    bytes(seed, class, index).map(|b| f32::from(b) / 255.0)
}

/// The strokes behind [`digit`], in writing order, in canvas units of 0 … 1.
/// Points are dense in bends, where a pen is slow: played at an even rate, they
/// look like writing.
pub fn strokes(seed: u64, class: u8, index: u64) -> Vec<Stroke> {
    let written = write(&mut open(seed, class, index), class);
    let inside = |p: [f32; 2]| p.map(|c| 0.15 + 0.7 * c);
    fitted(&written, 1.0).into_iter().map(|line| line.into_iter().map(inside).collect()).collect()
}

/// `count` digits, classes balanced and shuffled: picture i is that of
/// `digit(seed, label(i), i)`. Its id is `synthetic`. One core draws more than
/// 10,000 a second.
pub fn generate(seed: u64, count: usize) -> Dataset {
    let mut labels: Vec<u8> = (0..count).map(|i| (i % CLASSES) as u8).collect();
    Rng::stream(seed, "synthetic order", 0).shuffle(&mut labels);
    let mut images = Vec::with_capacity(count * PIXELS);
    for (class, index) in labels.iter().zip(0..) {
        images.extend_from_slice(&bytes(seed, *class, index));
    }
    Dataset::new("synthetic", images, labels).expect("as many labels as pictures, all digits")
}

fn open(seed: u64, class: u8, index: u64) -> Rng {
    let class = u64::from(class) % CLASSES as u64;
    Rng::stream(seed, "synthetic digit", index.wrapping_mul(CLASSES as u64).wrapping_add(class))
}

fn bytes(seed: u64, class: u8, index: u64) -> [u8; PIXELS] {
    let mut rng = open(seed, class, index);
    let written = write(&mut rng, class);
    let pen = pen_width(&mut rng);
    let lines = fitted(&written, 20.0 - pen);
    let mut segments = Vec::new();
    for line in &lines {
        ink(line, pen, &mut rng, &mut segments);
    }
    fill_box(&mut segments);
    frame_segments(&segments).map(|p| (p * 255.0 + 0.5) as u8)
}

/// Roughly standard normal, within ±3.5: a sum of uniform numbers, because
/// logarithms and cosines differ between platforms.
fn bell(rng: &mut Rng) -> f32 {
    let sum: f32 = (0..4).map(|_| rng.uniform()).sum();
    (sum - 2.0) * 1.732
}

/// Width of the pen, px in the 20×20 box; its spread is that of MNIST.
fn pen_width(rng: &mut Rng) -> f32 {
    let b = bell(rng);
    (2.45 + 0.62 * b + 0.12 * b * b).clamp(1.4, 4.8)
}

/// Straight pieces between two points of a skeleton.
const POINTS_PER_PIECE: usize = 6;

/// The middle line of a digit, before it is fitted into any box.
fn write(rng: &mut Rng, class: u8) -> Vec<Stroke> {
    let allograph = choose(rng, SHAPES[usize::from(class) % CLASSES]);
    let hand = Hand::new(rng);
    allograph.strokes.iter().map(|pen| hand.trace(pen, rng)).collect()
}

fn choose(rng: &mut Rng, ways: &'static [Allograph]) -> &'static Allograph {
    let total: f32 = ways.iter().map(|a| a.weight).sum();
    let mut left = rng.uniform() * total;
    for way in ways {
        left -= way.weight;
        if left < 0.0 {
            return way;
        }
    }
    &ways[0]
}

/// Terms of the bending field: those of second and third order in x and y.
const BENDS: usize = 7;

/// What one writer does to every point of one digit.
struct Hand {
    /// Rows of the matrix that slants, turns and stretches.
    matrix: [[f32; 2]; 2],
    /// How much of each term of the bending field is in x and in y. A
    /// polynomial bends smoothly: a grid would give the bows corners.
    bends: [[f32; BENDS]; 2],
    /// Standard deviation of what single points are off by.
    unrest: f32,
}

impl Hand {
    fn new(rng: &mut Rng) -> Self {
        let slant = 0.12 + 0.22 * bell(rng);
        let turn = 0.07 * bell(rng);
        let width = (1.0 + 0.16 * bell(rng)).max(0.7);
        // Of sine and cosine two terms are enough for so small an angle.
        let (sin, cos) = (turn - turn * turn * turn / 6.0, 1.0 - turn * turn / 2.0);
        // Turned after slanting after stretching; y points down, so leaning
        // to the right means x falls as y grows.
        let matrix = [[cos * width, -cos * slant - sin], [sin * width, -sin * slant + cos]];
        let most = rng.range(0.015, 0.07);
        let bends = [0, 1].map(|_| std::array::from_fn(|_| most * bell(rng)));
        Self { matrix, bends, unrest: rng.range(0.002, 0.014) }
    }

    /// The pen's way through the jittered points of one stroke.
    fn trace(&self, pen: Pen, rng: &mut Rng) -> Stroke {
        let mut line: Stroke = Vec::new();
        for piece in pen {
            let mut points: Vec<[f32; 2]> =
                piece.iter().map(|p| p.map(|c| c + self.unrest * bell(rng))).collect();
            // A corner is one point: the end of the last piece.
            if let (Some(corner), Some(first)) = (line.last(), points.first_mut()) {
                *first = *corner;
                line.pop();
            }
            smooth(&points, &mut line);
        }
        line.iter().map(|p| self.place(*p)).collect()
    }

    fn place(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (u, v) = (2.0 * x - 1.0, 2.0 * y - 1.0);
        let terms = [u * u, u * v, v * v, u * u * u, u * u * v, u * v * v, v * v * v];
        let bend = |k: usize| self.bends[k].iter().zip(terms).map(|(b, t)| b * t).sum::<f32>();
        let (x, y) = (x - 0.5 + bend(0), y - 0.5 + bend(1));
        self.matrix.map(|[a, b]| a * x + b * y)
    }
}

/// A Catmull–Rom spline through the points (Catmull and Rom, 1974), appended
/// to `line` with both ends.
fn smooth(points: &[[f32; 2]], line: &mut Stroke) {
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    for i in 0..points.len() as isize - 1 {
        let (p0, p1, p2, p3) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        for step in 0..POINTS_PER_PIECE {
            let t = step as f32 / POINTS_PER_PIECE as f32;
            line.push(std::array::from_fn(|k| {
                let slope = p2[k] - p0[k];
                let square = 2.0 * p0[k] - 5.0 * p1[k] + 4.0 * p2[k] - p3[k];
                let cube = 3.0 * (p1[k] - p2[k]) + p3[k] - p0[k];
                p1[k] + 0.5 * t * (slope + t * (square + t * cube))
            }));
        }
    }
    line.push(at(points.len() as isize - 1));
}

/// Scales lines evenly until the longer side of their box is `side`, its upper
/// left corner at 0, 0.
fn fitted(lines: &[Stroke], side: f32) -> Vec<Stroke> {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for point in lines.iter().flatten() {
        low = [low[0].min(point[0]), low[1].min(point[1])];
        high = [high[0].max(point[0]), high[1].max(point[1])];
    }
    let scale = side / (high[0] - low[0]).max(high[1] - low[1]);
    let place = |p: &[f32; 2]| [0, 1].map(|k| (p[k] - low[k]) * scale);
    lines.iter().map(|line| line.iter().map(place).collect()).collect()
}

/// Lays ink along a line in the 20×20 box with a pen whose pressure wanders
/// slowly and eases off at the ends.
fn ink(line: &[[f32; 2]], pen: f32, rng: &mut Rng, segments: &mut Vec<Segment>) {
    let mut pressure: [f32; 4] = std::array::from_fn(|_| 1.0 + 0.09 * bell(rng));
    pressure[3] -= 0.08;
    let last = line.len().saturating_sub(1).max(1) as f32;
    let radius = |i: usize| {
        let along = i as f32 / last * 3.0;
        let k = (along as usize).min(2);
        let t = along - k as f32;
        0.5 * pen * ((1.0 - t) * pressure[k] + t * pressure[k + 1]).max(0.6)
    };
    for (i, pair) in line.windows(2).enumerate() {
        segments.push(Segment { from: pair[0], to: pair[1], radius: [radius(i), radius(i + 1)] });
    }
}

/// Scales the inked strokes so that they just fill the 20×20 box, as MNIST's
/// digits do.
fn fill_box(segments: &mut [Segment]) {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for Segment { from, to, radius } in segments.iter() {
        for k in 0..2 {
            low[k] = low[k].min(from[k] - radius[0]).min(to[k] - radius[1]);
            high[k] = high[k].max(from[k] + radius[0]).max(to[k] + radius[1]);
        }
    }
    let scale = 20.0 / (high[0] - low[0]).max(high[1] - low[1]);
    let place = |p: [f32; 2]| [0, 1].map(|k| (p[k] - low[k]) * scale);
    for segment in segments {
        *segment = Segment {
            from: place(segment.from),
            to: place(segment.to),
            radius: segment.radius.map(|r| r * scale),
        };
    }
}

#[cfg(test)]
mod tests;

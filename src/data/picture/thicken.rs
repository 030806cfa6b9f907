//! Makes strokes as thick as MNIST's. A fine pen on a large sheet would fade to
//! almost nothing in 20×20 pixels, which networks trained on MNIST have never seen.
//! Thin strokes are widened evenly on all sides, before scaling.

use super::Grey;

/// Strokes thinner than this in the 20×20 box are widened; few of MNIST's are.
const THIN: f32 = 1.4;
/// … to this, which is usual in MNIST.
const USUAL: f32 = 2.0;
/// Side of the box into which the digit is fitted later.
const BOX: f32 = 20.0;
/// Ink above this belongs to the stroke that is widened.
const SOLID: f32 = 0.4;
/// Fewer pixels than this across are too coarse for widening by fractions.
const LEAST_SIDE: usize = 100;

/// Widens the strokes of a cropped digit if they are thin for its size.
pub(super) fn to_mnist_width(digit: Grey) -> Grey {
    let large = enlarge(&digit);
    let (side, width) = (large.width.max(large.height) as f32, stroke_width(&large));
    if width * BOX / side >= THIN {
        return digit;
    }
    // Widening by r on each side also makes the digit larger by 2r:
    // (width + 2r) / (side + 2r) shall be USUAL / BOX.
    let wanted = USUAL / BOX;
    widen(&large, (wanted * side - width) / (2.0 * (1.0 - wanted)))
}

/// Mean width of the strokes, px: twice the area over the length of the edge.
pub(super) fn stroke_width(ink: &Grey) -> f32 {
    // Grain in the paper and in the ink would count as edges.
    let plain = |v: f32| (2.0 * v - 0.5).clamp(0.0, 1.0);
    let at = |x: usize, y: usize| match (x.checked_sub(1), y.checked_sub(1)) {
        (Some(x), Some(y)) if x < ink.width && y < ink.height => {
            plain(ink.values[y * ink.width + x])
        }
        _ => 0.0,
    };
    let area: f32 = ink.values.iter().copied().map(plain).sum();
    let mut edge = 0.0;
    for y in 0..=ink.height {
        for x in 0..=ink.width {
            let (dx, dy) = (at(x + 1, y) - at(x, y), at(x, y + 1) - at(x, y));
            edge += (dx * dx + dy * dy).sqrt();
        }
    }
    if edge > 0.0 { 2.0 * area / edge } else { 0.0 }
}

/// Enlarges a small picture, linearly between its pixels, until it is fine
/// enough to widen strokes by fractions of its pixels.
fn enlarge(ink: &Grey) -> Grey {
    let side = ink.width.max(ink.height);
    let factor = LEAST_SIDE.div_ceil(side);
    if factor == 1 {
        return ink.clone();
    }
    let mut large = Grey::new(ink.width * factor, ink.height * factor);
    let place = |i: usize, n: usize| {
        let p = ((i as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, (n - 1) as f32);
        let low = p as usize;
        (low, (low + 1).min(n - 1), p - low as f32)
    };
    for y in 0..large.height {
        let (y0, y1, t) = place(y, ink.height);
        for x in 0..large.width {
            let (x0, x1, s) = place(x, ink.width);
            let row = |y: usize| {
                let row = &ink.values[y * ink.width..][..ink.width];
                row[x0] * (1.0 - s) + row[x1] * s
            };
            large.values[y * large.width + x] = row(y0) * (1.0 - t) + row(y1) * t;
        }
    }
    large
}

/// Everything within `r` pixels of solid ink becomes ink.
fn widen(ink: &Grey, r: f32) -> Grey {
    let margin = r.ceil() as usize + 1;
    let mut wide = Grey::new(ink.width + 2 * margin, ink.height + 2 * margin);
    let mut squares = vec![FAR; wide.values.len()];
    for (x, y, v) in ink.cells() {
        if v > SOLID {
            squares[(y + margin) * wide.width + x + margin] = 0.0;
        }
    }
    squared_distances(&mut squares, wide.width);
    for (value, square) in wide.values.iter_mut().zip(squares) {
        // Distances are between pixel centres: solid ink itself ends half a
        // pixel beyond, and the edge is one pixel soft.
        *value = (r + 1.0 - square.sqrt()).clamp(0.0, 1.0);
    }
    wide
}

const FAR: f32 = 1e12;

/// Turns 0 (ink) and [`FAR`] into the squared Euclidean distance to the
/// nearest ink, exactly: columns first, then rows (Felzenszwalb and
/// Huttenlocher, "Distance Transforms of Sampled Functions", 2012).
fn squared_distances(cells: &mut [f32], width: usize) {
    let height = cells.len() / width;
    let mut line = vec![0.0; height.max(width)];
    for x in 0..width {
        for y in 0..height {
            line[y] = cells[y * width + x];
        }
        let nearest = lower_envelope(&line[..height]);
        for (y, value) in nearest.enumerate() {
            cells[y * width + x] = value;
        }
    }
    for row in cells.chunks_mut(width) {
        line[..width].copy_from_slice(row);
        for (cell, value) in row.iter_mut().zip(lower_envelope(&line[..width])) {
            *cell = value;
        }
    }
}

/// For each position q the least of (q - p)² + f(p) over all p.
fn lower_envelope(f: &[f32]) -> impl Iterator<Item = f32> {
    // Parabolas that are lowest somewhere, and from where on each is.
    let mut lowest: Vec<(usize, f64)> = Vec::with_capacity(f.len());
    for q in 0..f.len() {
        let height = |p: usize| f64::from(f[p]) + (p * p) as f64;
        let from = loop {
            let Some((p, start)) = lowest.last().copied() else { break f64::NEG_INFINITY };
            let crossing = (height(q) - height(p)) / (2 * (q - p)) as f64;
            if crossing > start {
                break crossing;
            }
            lowest.pop();
        };
        lowest.push((q, from));
    }
    let mut k = 0;
    (0..f.len()).map(move |q| {
        while lowest.get(k + 1).is_some_and(|(_, start)| *start < q as f64) {
            k += 1;
        }
        let p = lowest[k].0;
        let d = q.abs_diff(p) as f32;
        (d * d + f[p]).min(FAR)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_brute_force() {
        let (width, height) = (17, 11);
        let mut rng = crate::core::rng::Rng::stream(3, "ink", 0);
        let ink: Vec<bool> = (0..width * height).map(|_| rng.below(12) == 0).collect();
        let mut cells: Vec<f32> = ink.iter().map(|i| if *i { 0.0 } else { FAR }).collect();
        squared_distances(&mut cells, width);
        for (i, found) in cells.iter().enumerate() {
            let to = |k: usize| {
                let dx = (i % width).abs_diff(k % width);
                let dy = (i / width).abs_diff(k / width);
                (dx * dx + dy * dy) as f32
            };
            let wanted = (0..ink.len()).filter(|k| ink[*k]).map(to).fold(FAR, f32::min);
            assert_eq!(*found, wanted, "cell {i}");
        }
    }

    #[test]
    fn a_hairline_becomes_as_wide_as_usual() {
        for side in [28, 90, 600] {
            let mut ink = Grey::new(side, side);
            for y in 0..side {
                ink.values[y * side + side / 2] = 1.0;
            }
            let wide = to_mnist_width(ink);
            let across =
                wide.values[wide.height / 2 * wide.width..][..wide.width].iter().sum::<f32>();
            let in_box = across * BOX / wide.height as f32;
            assert!((in_box - USUAL).abs() < 0.35, "{side}: {in_box}");
        }
    }
}

//! A sheet of paper on a darker or lighter desk. Everything beyond the sheet becomes
//! paper, so that its outline is not taken for a digit.
//!
//! A sheet is a large piece of uniform brightness, different from most of the image's
//! border, nearly a rectangle at some angle, with thin strokes in it. A digit drawn light
//! on dark is one piece too, but its holes are as wide as its strokes, or it is not a
//! rectangle.

use super::Grey;

/// Smaller pictures show no desk.
const LEAST_SIDE: usize = 48;
/// Desk and sheet differ by at least so much of the brightness range.
const LEAST_CONTRAST: f32 = 0.15;
/// A sheet covers at least this share of the picture.
const LEAST_COVER: f32 = 0.1;
/// … and this share of the smallest rectangle around it: a circle has 0.79, a sheet
/// in perspective still more than this.
const LEAST_RECTANGLE: f32 = 0.82;
/// The strokes on a sheet cover at most this share of it …
const MOST_INK: f32 = 0.3;
/// … and are at most this wide, for the width of the empty paper.
const MOST_STROKE: f32 = 0.5;
/// The edge of a sheet is soft, and may be bent: so much of its shorter side is left out.
const EDGE: f32 = 0.02;

/// The picture with nothing but the sheet, if it shows one on a desk.
pub(super) fn on_desk(grey: &Grey) -> Option<Grey> {
    let (width, height) = (grey.width, grey.height);
    if width.min(height) < LEAST_SIDE {
        return None;
    }
    let level = level_between(grey)?;
    let bright = |cell: usize| grey.values[cell] > level;
    let border: Vec<usize> =
        (0..width * height).filter(|i| at_border(*i % width, *i / width, grey)).collect();
    let bright_border = border.iter().filter(|i| bright(**i)).count();
    let sheet_is_bright = 2 * bright_border < border.len();
    let paper = largest(grey, |cell| bright(cell) == sheet_is_bright);
    let inside = spanned(&paper, width, height);
    let cover = inside.iter().filter(|i| **i).count() as f32;
    let strokes: Vec<bool> = inside.iter().zip(&paper).map(|(i, p)| *i && !p).collect();
    let ink = strokes.iter().filter(|i| **i).count() as f32;
    let is_sheet = cover >= LEAST_COVER * (width * height) as f32
        && (1.0..=MOST_INK * cover).contains(&ink)
        && cover >= LEAST_RECTANGLE * rectangle_around(&inside, width)
        && deepest(&strokes, width) <= MOST_STROKE * deepest(&paper, width);
    is_sheet.then(|| {
        let edge = (EDGE * cover.sqrt()).max(2.0) as u32;
        let depth = depths(&inside, width);
        let kept: Vec<bool> = depth.iter().map(|d| *d > edge).collect();
        extended(grey, &kept, &paper)
    })
}

fn at_border(x: usize, y: usize, grey: &Grey) -> bool {
    x == 0 || y == 0 || x + 1 == grey.width || y + 1 == grey.height
}

/// The brightness that parts the picture into two classes best (Otsu, IEEE Trans.
/// SMC 9:62, 1979); `None` if they hardly differ.
fn level_between(grey: &Grey) -> Option<f32> {
    const BINS: usize = 256;
    let mut counts = [0u64; BINS];
    for value in &grey.values {
        counts[(value.clamp(0.0, 1.0) * (BINS - 1) as f32) as usize] += 1;
    }
    let moment = |bins: std::ops::Range<usize>| -> (f64, f64) {
        let n = counts[bins.clone()].iter().sum::<u64>() as f64;
        (n, bins.map(|b| b as f64 * counts[b] as f64).sum())
    };
    let apart = |at: usize| {
        let ((n0, s0), (n1, s1)) = (moment(0..at), moment(at..BINS));
        if n0 == 0.0 || n1 == 0.0 { (0.0, 0.0) } else { (n0 * n1, s1 / n1 - s0 / n0) }
    };
    let between = |at: &usize| {
        let (weight, distance) = apart(*at);
        weight * distance * distance
    };
    let best = (1..BINS).max_by(|a, b| between(a).total_cmp(&between(b)))?;
    let far = apart(best).1 >= f64::from(LEAST_CONTRAST) * (BINS - 1) as f64;
    far.then_some((best as f32 - 0.5) / (BINS - 1) as f32)
}

/// The cells of the largest connected piece (by sides) of those that are `in_class`.
fn largest(grey: &Grey, in_class: impl Fn(usize) -> bool) -> Vec<bool> {
    let (width, height) = (grey.width, grey.height);
    let mut open: Vec<bool> = (0..width * height).map(in_class).collect();
    let mut best: Vec<usize> = Vec::new();
    for start in 0..open.len() {
        if !std::mem::take(&mut open[start]) {
            continue;
        }
        let mut piece = vec![start];
        let mut next = 0;
        while let Some(cell) = piece.get(next).copied() {
            next += 1;
            let (x, y) = (cell % width, cell / width);
            let around = [
                (x > 0).then(|| cell - 1),
                (x + 1 < width).then_some(cell + 1),
                (y > 0).then(|| cell - width),
                (y + 1 < height).then_some(cell + width),
            ];
            piece.extend(around.into_iter().flatten().filter(|i| std::mem::take(&mut open[*i])));
        }
        if piece.len() > best.len() {
            best = piece;
        }
    }
    let mut cells = vec![false; width * height];
    best.into_iter().for_each(|i| cells[i] = true);
    cells
}

/// What lies between cells of the piece both in its row and in its column: the sheet
/// with what is on it, also where that reaches the sheet's edge.
fn spanned(piece: &[bool], width: usize, height: usize) -> Vec<bool> {
    let span = |cells: &mut dyn Iterator<Item = usize>| -> Option<(usize, usize)> {
        let hits: Vec<usize> = cells.enumerate().filter(|(_, i)| piece[*i]).map(|c| c.0).collect();
        Some((*hits.first()?, *hits.last()?))
    };
    let rows: Vec<_> = (0..height).map(|y| span(&mut (0..width).map(|x| y * width + x))).collect();
    let columns: Vec<_> =
        (0..width).map(|x| span(&mut (0..height).map(|y| y * width + x))).collect();
    let within = |span: Option<(usize, usize)>, at: usize| {
        span.is_some_and(|(first, last)| (first..=last).contains(&at))
    };
    (0..width * height)
        .map(|i| within(rows[i / width], i % width) && within(columns[i % width], i / width))
        .collect()
}

/// The area of the smallest rectangle, at any whole degree, around the cells.
fn rectangle_around(cells: &[bool], width: usize) -> f32 {
    // The ends of each row are enough.
    let points: Vec<[f32; 2]> = cells
        .chunks(width)
        .enumerate()
        .filter_map(|(y, row)| {
            let (first, last) = (row.iter().position(|c| *c)?, row.iter().rposition(|c| *c)?);
            Some([[first as f32, y as f32], [last as f32, y as f32]])
        })
        .flatten()
        .collect();
    let area = |degrees: i32| {
        let (sin, cos) = (degrees as f32).to_radians().sin_cos();
        let extent = |along: [f32; 2]| {
            let at = points.iter().map(|p| p[0] * along[0] + p[1] * along[1]);
            let (low, high) =
                at.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)));
            (high - low + 1.0).max(0.0)
        };
        extent([cos, sin]) * extent([-sin, cos])
    };
    (0..90).map(area).fold(f32::MAX, f32::min)
}

/// How far each cell is from what is not among them, in steps to any of eight sides; 0
/// for what is not. What lies beyond the picture is not counted.
fn depths(cells: &[bool], width: usize) -> Vec<u32> {
    let height = cells.len() / width;
    let mut depth: Vec<u32> = cells.iter().map(|c| if *c { u32::MAX / 2 } else { 0 }).collect();
    let mut visit = |x: usize, y: usize, from: [(isize, isize); 4]| {
        for (dx, dy) in from {
            let (u, v) = (x.wrapping_add_signed(dx), y.wrapping_add_signed(dy));
            if u < width && v < height {
                depth[y * width + x] = depth[y * width + x].min(depth[v * width + u] + 1);
            }
        }
    };
    for y in 0..height {
        (0..width).for_each(|x| visit(x, y, [(-1, 0), (-1, -1), (0, -1), (1, -1)]));
    }
    for y in (0..height).rev() {
        (0..width).rev().for_each(|x| visit(x, y, [(1, 0), (1, 1), (0, 1), (-1, 1)]));
    }
    depth
}

fn deepest(cells: &[bool], width: usize) -> f32 {
    depths(cells, width).into_iter().max().unwrap_or(0) as f32
}

/// The kept part, and around it the brightness of the paper that is next to it.
fn extended(grey: &Grey, kept: &[bool], paper: &[bool]) -> Grey {
    let width = grey.width;
    let mut out = grey.clone();
    let is_paper = |i: usize| kept[i] && paper[i];
    let mut full = Vec::new();
    for y in 0..grey.height {
        let row = y * width;
        let hits: Vec<usize> = (0..width).filter(|x| is_paper(row + x)).collect();
        if hits.is_empty() {
            continue;
        }
        full.push(y);
        for x in (0..width).filter(|x| !kept[row + x]) {
            let after = hits.partition_point(|h| *h < x);
            let near = [after.checked_sub(1).map(|k| hits[k]), hits.get(after).copied()];
            let near = near.into_iter().flatten().min_by_key(|h| h.abs_diff(x));
            out.values[row + x] = near.map_or(out.values[row + x], |h| grey.values[row + h]);
        }
    }
    for y in (0..grey.height).filter(|y| full.binary_search(y).is_err()) {
        if let Some(near) = full.iter().copied().min_by_key(|f| f.abs_diff(y)) {
            out.values.copy_within(near * width..(near + 1) * width, y * width);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture by a function of columns and rows, softened over a pixel.
    fn scene(width: usize, height: usize, at: impl Fn(f32, f32) -> f32) -> Grey {
        let mut grey = Grey::new(width, height);
        for (i, value) in grey.values.iter_mut().enumerate() {
            let (x, y) = ((i % width) as f32, (i / width) as f32);
            let parts = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]];
            *value = parts.iter().map(|p| at(x + p[0], y + p[1])).sum::<f32>() / 4.0;
        }
        grey
    }

    /// A 1 on a sheet that is turned on a desk of this brightness.
    fn on_a_sheet(desk: f32, degrees: f32) -> Grey {
        let (sin, cos) = degrees.to_radians().sin_cos();
        scene(400, 320, move |x, y| {
            let (dx, dy) = (x - 200.0, y - 160.0);
            let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
            let on_sheet = u.abs() < 120.0 && v.abs() < 100.0;
            let on_stroke = u.abs() < 6.0 && v.abs() < 50.0;
            // A lamp at one side.
            let paper = 0.85 - 0.0004 * u;
            if on_stroke {
                0.1
            } else if on_sheet {
                paper
            } else {
                desk
            }
        })
    }

    #[test]
    fn a_sheet_on_a_desk_is_no_digit() {
        for (desk, degrees) in [(0.0, 0.0), (0.1, 3.0), (0.35, -7.0), (0.2, 20.0), (0.3, 44.0)] {
            let grey = on_a_sheet(desk, degrees);
            let flat = on_desk(&grey).unwrap_or_else(|| panic!("no sheet at {degrees}°"));
            // The stroke is there, and the desk is not.
            assert!(flat.values[160 * 400 + 200] < 0.15);
            for cell in [0, 399, 319 * 400, 319 * 400 + 399, 160 * 400] {
                assert!(flat.values[cell] > 0.7, "{desk} {degrees}: {}", flat.values[cell]);
            }
        }
    }

    #[test]
    fn digits_that_are_light_on_dark_are_no_sheets() {
        let light = |on: bool| if on { 0.95 } else { 0.05 };
        let zero = |x: f32, y: f32| {
            let r = ((x - 100.0) / 60.0).powi(2) + ((y - 100.0) / 80.0).powi(2);
            light((0.45..1.0).contains(&r))
        };
        assert!(on_desk(&scene(200, 200, zero)).is_none());
        let one = |x: f32, y: f32| light((80.0..120.0).contains(&x) && (20.0..180.0).contains(&y));
        assert!(on_desk(&scene(200, 200, one)).is_none());
        // As on a display of seven segments.
        let eight = |x: f32, y: f32| {
            let outer = (40.0..160.0).contains(&x) && (10.0..190.0).contains(&y);
            let hole = (80.0..120.0).contains(&x)
                && ((45.0..85.0).contains(&y) || (115.0..155.0).contains(&y));
            light(outer && !hole)
        };
        assert!(on_desk(&scene(200, 200, eight)).is_none());
    }

    #[test]
    fn paper_that_fills_the_picture_has_no_desk() {
        let plain = scene(200, 200, |x, y| {
            if (x - 100.0).abs() < 6.0 && (y - 100.0).abs() < 60.0 { 0.1 } else { 0.9 }
        });
        assert!(on_desk(&plain).is_none());
        assert!(on_desk(&scene(100, 100, |_, _| 0.5)).is_none());
        assert!(on_desk(&scene(10, 10, |x, _| x / 10.0)).is_none());
    }
}

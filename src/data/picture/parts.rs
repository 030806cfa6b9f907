//! Connected pieces of ink. Specks, crumbs, the edge of the table and whatever
//! surrounds other ink are dropped; `group` joins the rest into digits.

use super::Grey;

/// Ink above this is part of something; below, the soft edge of something.
const SOLID: f32 = 0.3;
/// Parts with less ink than this share of the largest are specks.
pub(super) const LEAST_SHARE: f32 = 0.05;
/// What lies inside a frame or circle is at least this high, as a share of it.
const LEAST_INSIDE: f32 = 0.25;
/// More parts are not told apart; the smallest are dirt.
pub(super) const MOST_PARTS: usize = 300;
/// Points of a part's outline that distances are taken from.
const MOST_OUTLINE: usize = 400;

/// A connected piece of ink.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub cells: Vec<usize>,
    pub ink: f32,
    /// Left, top, right, bottom; the last two are just outside.
    pub bounds: [usize; 4],
    /// Some points of its outline.
    pub outline: Vec<[f32; 2]>,
    /// How much of the top, bottom, left and right border it lies on, px.
    contact: [usize; 4],
}

impl Part {
    pub fn width(&self) -> f32 {
        (self.bounds[2] - self.bounds[0]) as f32
    }

    pub fn height(&self) -> f32 {
        (self.bounds[3] - self.bounds[1]) as f32
    }

    /// Between the outlines, px.
    pub fn distance(&self, other: &Self) -> f32 {
        let squares = self.outline.iter().flat_map(|a| {
            other.outline.iter().map(move |b| {
                let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
                dx * dx + dy * dy
            })
        });
        (squares.fold(f32::MAX, f32::min).sqrt() - 1.0).max(0.0)
    }
}

/// The parts that may belong to digits, the one with the most ink first, and
/// whether something that surrounded them was left out.
pub(super) fn find(ink: &Grey) -> (Vec<Part>, bool) {
    let mut parts = connected(ink);
    drop_edges(&mut parts, ink);
    parts.sort_by(|a, b| b.ink.total_cmp(&a.ink));
    parts.truncate(MOST_PARTS);
    let before = parts.len();
    drop_frames(&mut parts, ink);
    let framed = parts.len() < before;
    let most = parts.first().map_or(0.0, |p| p.ink);
    parts.retain(|p| p.ink >= LEAST_SHARE * most);
    for part in &mut parts {
        part.outline = outline(part, ink);
    }
    (parts, framed)
}

/// The up to eight cells around one.
pub(super) fn neighbours(cell: usize, grid: &Grey) -> impl Iterator<Item = usize> + use<> {
    let (width, height) = (grid.width, grid.height);
    let (x, y) = (cell % width, cell / width);
    let rows = y.saturating_sub(1)..(y + 2).min(height);
    rows.flat_map(move |v| (x.saturating_sub(1)..(x + 2).min(width)).map(move |u| v * width + u))
        .filter(move |other| *other != cell)
}

/// All connected pieces of ink.
pub(super) fn connected(ink: &Grey) -> Vec<Part> {
    let mut open: Vec<bool> = ink.values.iter().map(|v| *v > SOLID).collect();
    let mut parts = Vec::new();
    for start in 0..open.len() {
        if !std::mem::take(&mut open[start]) {
            continue;
        }
        let mut part = Part {
            cells: vec![start],
            ink: 0.0,
            bounds: [usize::MAX, usize::MAX, 0, 0],
            outline: Vec::new(),
            contact: [0; 4],
        };
        let mut next = 0;
        while let Some(cell) = part.cells.get(next).copied() {
            next += 1;
            part.ink += ink.values[cell];
            let (x, y) = (cell % ink.width, cell / ink.width);
            let [x0, y0, x1, y1] = part.bounds;
            part.bounds = [x0.min(x), y0.min(y), x1.max(x + 1), y1.max(y + 1)];
            let at = [y == 0, y + 1 == ink.height, x == 0, x + 1 == ink.width];
            for (count, touches) in part.contact.iter_mut().zip(at) {
                *count += usize::from(touches);
            }
            let around = neighbours(cell, ink).filter(|i| std::mem::take(&mut open[*i]));
            part.cells.extend(around);
        }
        parts.push(part);
    }
    parts
}

fn outline(part: &Part, ink: &Grey) -> Vec<[f32; 2]> {
    let at_edge = |cell: &&usize| neighbours(**cell, ink).any(|n| ink.values[n] <= SOLID);
    let edge: Vec<usize> = part.cells.iter().filter(at_edge).copied().collect();
    // All of a part may be at the picture's edge.
    let cells = if edge.is_empty() { &part.cells } else { &edge };
    let step = cells.len().div_ceil(MOST_OUTLINE).max(1);
    let point = |cell: &usize| [(cell % ink.width) as f32, (cell / ink.width) as f32];
    cells.iter().step_by(step).map(point).collect()
}

/// Drops what lies along a side of the picture, like the edge of a page or a
/// table, unless there is little else: a digit may fill its picture.
fn drop_edges(parts: &mut Vec<Part>, ink: &Grey) {
    let sides = [ink.width, ink.width, ink.height, ink.height];
    let is_edge = |part: &Part| part.contact.iter().zip(sides).any(|(c, side)| 2 * c >= side);
    let most =
        |edge: bool| parts.iter().filter(|p| is_edge(p) == edge).map(|p| p.ink).fold(0.0, f32::max);
    // An edge may hold far more ink than a digit; a speck is no digit.
    if most(false) > (0.02 * most(true)).max(20.0) && most(true) > 0.0 {
        parts.retain(|p| !is_edge(p));
    }
}

/// Drops what surrounds other ink of some size: frames and circles, whatever
/// their form. Nothing that belongs to a digit lies inside another part of it.
fn drop_frames(parts: &mut Vec<Part>, ink: &Grey) {
    let most = parts.iter().map(|p| p.ink).fold(0.0, f32::max);
    let surrounds: Vec<bool> = parts
        .iter()
        .map(|frame| {
            let inside = |p: &Part| {
                p.height() >= LEAST_INSIDE * frame.height()
                    && p.ink >= 0.02 * most
                    && p.width() < frame.width()
                    && p.height() < frame.height()
            };
            parts.iter().any(|p| inside(p) && is_enclosed(p, frame, ink))
        })
        .collect();
    let mut surrounds = surrounds.into_iter();
    parts.retain(|_| !surrounds.next().unwrap_or(false));
}

/// Whether the frame has ink above, below, left and right of a part's middle;
/// or on two of these sides, while it goes beyond the picture's edge on the
/// others.
fn is_enclosed(part: &Part, frame: &Part, ink: &Grey) -> bool {
    let [x0, y0, x1, y1] = part.bounds;
    let (mx, my) = ((x0 + x1) / 2, (y0 + y1) / 2);
    let mut found = [false; 4];
    for cell in &frame.cells {
        let (x, y) = (cell % ink.width, cell / ink.width);
        if (x0..x1).contains(&x) && x.abs_diff(mx) <= 1 {
            found[0] |= y < y0;
            found[1] |= y >= y1;
        }
        if (y0..y1).contains(&y) && y.abs_diff(my) <= 1 {
            found[2] |= x < x0;
            found[3] |= x >= x1;
        }
    }
    let seen = found.iter().filter(|f| **f).count();
    seen >= 2 && found.iter().zip(frame.contact).all(|(found, contact)| *found || contact > 0)
}

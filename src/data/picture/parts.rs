//! Which ink is the digit: its largest part and what is not tiny beside it.
//! Specks, crumbs and the edge of the table go.

use super::Grey;

/// Ink above this is part of something; below, the soft edge of something.
const SOLID: f32 = 0.3;
/// Parts with less ink than this share of the largest are specks.
const LEAST_SHARE: f32 = 0.05;

/// A connected piece of ink.
#[derive(Default)]
struct Part {
    cells: Vec<usize>,
    ink: f32,
    /// How much of the top, bottom, left and right border it lies on, px.
    contact: [usize; 4],
}

/// The digit alone, cropped.
pub(super) fn keep_digit(ink: &Grey) -> Option<Grey> {
    let mut parts = find_parts(ink);
    drop_edges(&mut parts, ink);
    let most = parts.iter().map(|p| p.ink).fold(0.0, f32::max);
    let mut kept = Grey::new(ink.width, ink.height);
    for part in parts.iter().filter(|p| p.ink >= LEAST_SHARE * most) {
        for cell in &part.cells {
            // With its soft edge, which is one pixel wide.
            for near in neighbours(*cell, ink) {
                kept.values[near] = ink.values[near];
            }
            kept.values[*cell] = ink.values[*cell];
        }
    }
    crop(&kept)
}

/// The up to eight cells around one.
fn neighbours(cell: usize, grid: &Grey) -> impl Iterator<Item = usize> + use<> {
    let (width, height) = (grid.width, grid.height);
    let (x, y) = (cell % width, cell / width);
    let rows = y.saturating_sub(1)..(y + 2).min(height);
    rows.flat_map(move |v| (x.saturating_sub(1)..(x + 2).min(width)).map(move |u| v * width + u))
        .filter(move |other| *other != cell)
}

fn find_parts(ink: &Grey) -> Vec<Part> {
    let mut open: Vec<bool> = ink.values.iter().map(|v| *v > SOLID).collect();
    let mut parts = Vec::new();
    for start in 0..open.len() {
        if !std::mem::take(&mut open[start]) {
            continue;
        }
        let mut part = Part { cells: vec![start], ..Part::default() };
        let mut next = 0;
        while let Some(cell) = part.cells.get(next).copied() {
            next += 1;
            part.ink += ink.values[cell];
            let (x, y) = (cell % ink.width, cell / ink.width);
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

/// The smallest picture that holds all ink.
fn crop(ink: &Grey) -> Option<Grey> {
    let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
    for (x, y, _) in ink.cells().filter(|(_, _, v)| *v > 0.0) {
        low = [low[0].min(x), low[1].min(y)];
        high = [high[0].max(x + 1), high[1].max(y + 1)];
    }
    if low[0] == usize::MAX {
        return None;
    }
    let rows = (low[1]..high[1]).map(|y| &ink.values[y * ink.width..][low[0]..high[0]]);
    Some(Grey {
        width: high[0] - low[0],
        height: high[1] - low[1],
        values: rows.flatten().copied().collect(),
    })
}

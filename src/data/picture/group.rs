//! Which parts make up one digit, and in which order the digits are read.
//!
//! The top stroke of a 5 may be detached, a 4 may be in two pieces; two digits
//! beside each other are separate too. A piece that is small compared with the
//! others and close to one of them belongs to it; pieces as tall as a digit are
//! digits, unless they almost touch or overlap.

use std::collections::HashMap;

use super::parts::{self, Part};
use super::{Grey, Note, PictureProblem, thicken};

/// Parts less high (and wide) than this share of the highest are pieces of a
/// digit, not digits.
const LEAST_HEIGHT: f32 = 0.5;
/// A piece belongs to a digit if it is as near as this share of its height.
const NEAR: f32 = 0.25;
/// A piece that is farther off is dirt if it has less ink than this share.
const LEAST_ALONE: f32 = 0.15;
/// Two high pieces belong together if they are nearer than this share of their
/// height and one is in the other's way.
const TOUCHING: f32 = 0.12;
/// Wider digits than this, for their height, may be several that touch.
const WIDE: f32 = 1.45;
/// Strokes this wide for the digit's size are no strokes but a blot: a disc and
/// a square have 0.5.
const BLOT: f32 = 0.42;
/// A digit is at least so many pixels high or wide …
const LEAST_PIXELS: f32 = 6.0;
/// … and this share of the picture's longer side.
const LEAST_SIDE: f32 = 0.02;
/// More digits than this are refused.
pub const MOST_DIGITS: usize = 50;

/// The ink of one digit.
pub(super) struct Found {
    pub ink: Grey,
    /// Left, top, right, bottom in the picture.
    pub bounds: [usize; 4],
    pub note: Option<Note>,
}

/// Some parts that make a digit.
#[derive(Clone)]
struct Group {
    parts: Vec<usize>,
    bounds: [usize; 4],
    ink: f32,
    /// How many of the parts are as high as a digit.
    high: usize,
}

impl Group {
    fn width(&self) -> f32 {
        (self.bounds[2] - self.bounds[0]) as f32
    }

    fn height(&self) -> f32 {
        (self.bounds[3] - self.bounds[1]) as f32
    }

    fn join(&mut self, other: &Self) {
        self.parts.extend(&other.parts);
        self.bounds = around(self.bounds, other.bounds);
        self.ink += other.ink;
        self.high += other.high;
    }
}

fn around(a: [usize; 4], b: [usize; 4]) -> [usize; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// The digits of a picture from left to right, from top to bottom.
pub(super) fn digits(parts: &[Part], ink: &Grey) -> Result<Vec<Found>, PictureProblem> {
    let groups = group(parts);
    let least = LEAST_PIXELS.max(LEAST_SIDE * ink.width.max(ink.height) as f32);
    let mut found = Vec::new();
    for group in in_reading_order(groups) {
        if group.height().max(group.width()) < least {
            continue;
        }
        let cut = cut_out(&group, parts, ink);
        let side = cut.width.max(cut.height) as f32;
        if thicken::stroke_width(&cut) > BLOT * side {
            continue;
        }
        let note = if group.width() > WIDE * group.height() {
            Some(Note::Wide)
        } else if group.high > 1 {
            Some(Note::InPieces)
        } else {
            None
        };
        found.push(Found { ink: cut, bounds: group.bounds, note });
    }
    // A dash between digits is none.
    if found.iter().any(|f| f.note != Some(Note::Wide)) {
        let highest = found.iter().map(|f| f.ink.height).max().unwrap_or(0);
        found.retain(|f| f.ink.width < 3 * f.ink.height || 2 * f.ink.height > highest);
    }
    if found.len() > MOST_DIGITS {
        return Err(PictureProblem::TooManyDigits { found: found.len() });
    }
    Ok(found)
}

fn group(parts: &[Part]) -> Vec<Group> {
    let size = |p: &Part| p.height().max(0.6 * p.width());
    let highest = parts.iter().map(size).fold(0.0, f32::max);
    let is_high = |p: &Part| size(p) >= LEAST_HEIGHT * highest;
    let single = |i: usize| Group {
        parts: vec![i],
        bounds: parts[i].bounds,
        ink: parts[i].ink,
        high: usize::from(is_high(&parts[i])),
    };
    let (high, pieces): (Vec<usize>, Vec<usize>) =
        (0..parts.len()).partition(|i| is_high(&parts[*i]));
    let mut groups: Vec<Group> = high.into_iter().map(single).collect();
    let mut distances = Distances { parts, known: HashMap::new() };
    // Each joining leaves one fewer, so this ends.
    while let Some((i, k)) = belonging(&groups, &mut distances) {
        let other = groups.remove(k);
        groups[i].join(&other);
    }
    let most = parts.first().map_or(0.0, |p| p.ink);
    for i in pieces {
        let piece = single(i);
        let nearest = groups
            .iter_mut()
            .filter(|g| g.high > 0)
            .map(|g| {
                let far = g.parts.iter().map(|p| parts[*p].distance(&parts[i]));
                (far.fold(f32::MAX, f32::min), g)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        match nearest {
            Some((far, group)) if far <= NEAR * highest => group.join(&piece),
            _ if piece.ink >= LEAST_ALONE * most => groups.push(piece),
            _ => {}
        }
    }
    groups
}

/// Two groups that are one digit; the first of the pair is the earlier one.
fn belonging(groups: &[Group], distances: &mut Distances<'_>) -> Option<(usize, usize)> {
    for i in 0..groups.len() {
        for k in i + 1..groups.len() {
            if belong(&groups[i], &groups[k], distances) {
                return Some((i, k));
            }
        }
    }
    None
}

/// Between parts; each is measured once.
struct Distances<'a> {
    parts: &'a [Part],
    known: HashMap<(usize, usize), f32>,
}

impl Distances<'_> {
    fn between(&mut self, a: &Group, b: &Group) -> f32 {
        let mut least = f32::MAX;
        for i in &a.parts {
            for k in &b.parts {
                let pair = (*i.min(k), *i.max(k));
                let parts = self.parts;
                let measured = self
                    .known
                    .entry(pair)
                    .or_insert_with(|| parts[pair.0].distance(&parts[pair.1]));
                least = least.min(*measured);
            }
        }
        least
    }
}

fn belong(a: &Group, b: &Group, distances: &mut Distances<'_>) -> bool {
    let high = a.height().max(b.height());
    // What the bounds tell already need not be measured.
    let gap = |k: usize| {
        (a.bounds[k].max(b.bounds[k])) as f32 - a.bounds[k + 2].min(b.bounds[k + 2]) as f32
    };
    if gap(0).max(gap(1)) > TOUCHING * high {
        return false;
    }
    let share = |k: usize, of: fn(&Group) -> f32| -gap(k) / of(a).min(of(b)).max(1.0);
    let (beside, above) = (share(1, Group::height), share(0, Group::width));
    let far = distances.between(a, b);
    let unlike = a.height().min(b.height()) < 0.8 * high;
    // Broken by a scratch, or by thin ink.
    far <= (0.02 * high).max(1.5)
        // One in the other's way: no digit stands in another one's place.
        || (far <= TOUCHING * high && above > 0.35)
        // A 4 whose stem is apart.
        || (far <= 0.6 * TOUCHING * high && beside > 0.5 && unlike)
}

/// Lines of digits from the top, each from the left.
fn in_reading_order(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by_key(|g| g.bounds[1] + g.bounds[3]);
    let mut rows: Vec<(usize, usize, Vec<Group>)> = Vec::new();
    for group in groups {
        let middle = usize::midpoint(group.bounds[1], group.bounds[3]);
        match rows.last_mut() {
            Some((top, bottom, row)) if (*top..*bottom).contains(&middle) => {
                (*top, *bottom) = ((*top).min(group.bounds[1]), (*bottom).max(group.bounds[3]));
                row.push(group);
            }
            _ => rows.push((group.bounds[1], group.bounds[3], vec![group])),
        }
    }
    rows.into_iter()
        .flat_map(|(_, _, mut row)| {
            row.sort_by_key(|g| g.bounds[0] + g.bounds[2]);
            row
        })
        .collect()
}

/// A digit's ink with its soft edge, which is one pixel wide.
fn cut_out(group: &Group, parts: &[Part], ink: &Grey) -> Grey {
    let [x0, y0, x1, y1] = group.bounds;
    let (x0, y0) = (x0.saturating_sub(1), y0.saturating_sub(1));
    let (x1, y1) = ((x1 + 1).min(ink.width), (y1 + 1).min(ink.height));
    let mut cut = Grey::new(x1 - x0, y1 - y0);
    let mut copy = |cell: usize| {
        let (x, y) = (cell % ink.width - x0, cell / ink.width - y0);
        cut.values[y * cut.width + x] = ink.values[cell];
    };
    for cell in group.parts.iter().flat_map(|p| &parts[*p].cells) {
        parts::neighbours(*cell, ink).for_each(&mut copy);
        copy(*cell);
    }
    crop(&cut)
}

/// The smallest picture that holds all ink.
fn crop(ink: &Grey) -> Grey {
    let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
    for (x, y, _) in ink.cells().filter(|(_, _, v)| *v > 0.0) {
        low = [low[0].min(x), low[1].min(y)];
        high = [high[0].max(x + 1), high[1].max(y + 1)];
    }
    if low[0] == usize::MAX {
        return Grey::new(0, 0);
    }
    let rows = (low[1]..high[1]).map(|y| &ink.values[y * ink.width..][low[0]..high[0]]);
    Grey {
        width: high[0] - low[0],
        height: high[1] - low[1],
        values: rows.flatten().copied().collect(),
    }
}

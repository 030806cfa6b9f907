//! Which lines are not part of a digit: ruled and squared paper, frames, underlines.
//!
//! A digit's own strokes can be straight lines too. What tells them apart is their
//! position relative to the rest of the ink: ruled lines run from one side of the
//! image to the other, or are many and evenly spaced; the sides of a frame meet,
//! with ink inside; a line under, over or through a digit sticks out on both sides.

use super::lines::{self, Line, Run, SOLID};
use super::{Grey, parts};

/// Smaller pictures have no room for lines beside a digit.
const LEAST_SIDE: usize = 48;
/// A line that ends this near to the picture's side reaches it, share of the side.
const AT_SIDE: f32 = 0.025;
/// Of each direction, the longest so many lines may be sides of a frame.
const MOST_SIDES: usize = 12;
/// Frames are looked for so often: one may lie in another, or beside it.
const MOST_FRAMES: usize = 12;

/// So many rectangles of lines are tried as a frame, each time.
const MOST_TRIES: usize = 100;

/// The rectangle around ink: left, top, right, bottom, px.
type Bounds = [f32; 4];

/// Takes the lines off that are no digit, and tells how many they were.
pub(super) fn remove(ink: &mut Grey) -> usize {
    if ink.width.min(ink.height) < LEAST_SIDE {
        return 0;
    }
    let turned = lines::turned(ink);
    let mut page = Page {
        size: [ink.width as f32, ink.height as f32],
        level: lines::level(ink),
        upright: lines::level(&turned),
        ink,
        removed: 0,
    };
    page.side_to_side();
    for _ in 0..MOST_FRAMES {
        if !page.frame() {
            break;
        }
    }
    page.evenly_spaced();
    for level in [true, false] {
        page.lone(level);
    }
    page.removed
}

struct Page<'a> {
    ink: &'a mut Grey,
    /// Width and height.
    size: [f32; 2],
    level: Vec<Line>,
    /// In the picture turned: their columns are rows.
    upright: Vec<Line>,
    removed: usize,
}

impl Page<'_> {
    fn lines(&mut self, level: bool) -> &mut Vec<Line> {
        if level { &mut self.level } else { &mut self.upright }
    }

    /// Removes the lines at these places of a list.
    fn erase(&mut self, level: bool, which: &[usize]) {
        let mut which = which.to_vec();
        which.sort_unstable();
        which.dedup();
        for i in which.iter().rev() {
            let line = self.lines(level).remove(*i);
            erase(self.ink, &line.runs, level);
            self.removed += 1;
        }
    }

    /// The ink without the lines at these places of the two lists.
    fn without(&self, level: &[usize], upright: &[usize]) -> Grey {
        let mut rest = self.ink.clone();
        level.iter().for_each(|i| erase(&mut rest, &self.level[*i].runs, true));
        upright.iter().for_each(|i| erase(&mut rest, &self.upright[*i].runs, false));
        rest
    }

    /// Rules that go from one side of the picture to another.
    fn side_to_side(&mut self) {
        let [width, height] = self.size;
        let reaching = |lines: &[Line], w: f32, h: f32| -> Vec<usize> {
            let at_side = |line: &Line, x: f32| {
                let y = line.at(x);
                x <= AT_SIDE * w
                    || x >= (1.0 - AT_SIDE) * w
                    || y <= AT_SIDE * h
                    || y >= (1.0 - AT_SIDE) * h
            };
            let across = |line: &Line| {
                at_side(line, line.from) && at_side(line, line.to) && line.span() > 0.35 * w
            };
            (0..lines.len()).filter(|i| across(&lines[*i])).collect()
        };
        let level = reaching(&self.level, width, height);
        let upright = reaching(&self.upright, height, width);
        let count = level.len() + upright.len();
        let Some(rest) = bounds(&self.without(&level, &upright)) else { return };
        // A digit may fill its picture, and so may its strokes; but three of
        // them do not go from side to side.
        let room =
            [rest[0] / width, 1.0 - rest[2] / width, rest[1] / height, 1.0 - rest[3] / height];
        let free = room.iter().filter(|r| **r > 0.06).count();
        if count >= 3 || (count > 0 && free >= 3) {
            self.erase(true, &level);
            self.erase(false, &upright);
        }
    }

    /// Rules of a piece of paper: four or more, evenly spaced, equally long and
    /// longer than what is written; 1111 is not.
    fn evenly_spaced(&mut self) {
        for level in [true, false] {
            let family = family(self.lines(level));
            let rest = if level { self.without(&family, &[]) } else { self.without(&[], &family) };
            let Some(rest) = bounds(&rest) else { continue };
            let [from, _, to, _] = turn(rest, level);
            let lines = self.lines(level);
            let shortest = family.iter().map(|i| lines[*i].span()).fold(f32::MAX, f32::min);
            if family.len() >= 4 && shortest > 1.25 * (to - from) {
                self.erase(level, &family);
            }
        }
    }

    /// One frame: two level and two upright lines whose ends meet, with ink
    /// inside, the largest there is; also what divides it into boxes. One side
    /// may be missing.
    fn frame(&mut self) -> bool {
        let mut frames = self.rectangles();
        let sides = |f: &Frame| f.level.len() + f.upright.len();
        frames.sort_by(|a, b| {
            sides(b).cmp(&sides(a)).then(area(b.inside).total_cmp(&area(a.inside)))
        });
        for Frame { level, upright, inside } in frames.into_iter().take(MOST_TRIES) {
            let rest = self.without(&level, &upright);
            if !holds_digit(&rest, inside) {
                continue;
            }
            if level.len() + upright.len() < 4 && !lies_apart(&rest, inside) {
                continue;
            }
            let mut sides = [level, upright];
            let dividing = self.dividing(inside);
            let more = [0, 1].map(|k| [&sides[k][..], &dividing[k][..]].concat());
            // What divides must leave most of what it divides.
            let left_over = self.without(&more[0], &more[1]);
            let solid = |ink: &Grey| ink.values.iter().filter(|v| **v > SOLID).count();
            if holds_digit(&left_over, inside) && 4 * solid(&left_over) > solid(&rest) {
                sides = more;
            }
            self.erase(true, &sides[0]);
            self.erase(false, &sides[1]);
            return true;
        }
        false
    }

    /// Lines whose ends meet so that they enclose something: four, or three.
    fn rectangles(&self) -> Vec<Frame> {
        let choices = |lines: &[Line]| -> Vec<(Option<usize>, Option<usize>)> {
            let n = lines.len().min(MOST_SIDES);
            let some = || (0..n).map(Some).chain([None]);
            let pairs = some().flat_map(|i| some().map(move |k| (i, k)));
            pairs.filter(|(i, k)| i != k).collect()
        };
        let (level, upright) = (choices(&self.level), choices(&self.upright));
        let mut found = Vec::new();
        for (top, bottom) in &level {
            for (left, right) in &upright {
                let chosen = [top, bottom, left, right];
                if chosen.iter().filter(|c| c.is_none()).count() > 1 {
                    continue;
                }
                let sides = Sides {
                    top: top.map(|i| &self.level[i]),
                    bottom: bottom.map(|i| &self.level[i]),
                    left: left.map(|i| &self.upright[i]),
                    right: right.map(|i| &self.upright[i]),
                };
                if let Some(inside) = sides.inside() {
                    found.push(Frame {
                        level: [*top, *bottom].into_iter().flatten().collect(),
                        upright: [*left, *right].into_iter().flatten().collect(),
                        inside,
                    });
                }
            }
        }
        found
    }

    /// The lines that go through a frame from side to side.
    fn dividing(&self, [x0, y0, x1, y1]: Bounds) -> [Vec<usize>; 2] {
        let through = |lines: &[Line], from: f32, to: f32, low: f32, high: f32| {
            let slack = 0.04 * (to - from);
            let divides = |l: &Line| {
                l.from < from + slack && l.to > to - slack && (low..high).contains(&l.middle())
            };
            (0..lines.len()).filter(|i| divides(&lines[*i])).collect::<Vec<_>>()
        };
        [through(&self.level, x0, x1, y0, y1), through(&self.upright, y0, y1, x0, x1)]
    }

    /// A line under, over or through what is written.
    fn lone(&mut self, level: bool) {
        for i in (0..self.lines(level).len()).rev() {
            let line = self.lines(level)[i].clone();
            let rest = if level { self.without(&[i], &[]) } else { self.without(&[], &[i]) };
            let Some(rest) = bounds(&rest) else { continue };
            if is_beside(&line, turn(rest, level), level) {
                self.erase(level, &[i]);
            }
        }
    }
}

/// For upright lines, rows are columns.
fn turn(bounds: Bounds, level: bool) -> Bounds {
    let [x0, y0, x1, y1] = bounds;
    if level { bounds } else { [y0, x0, y1, x1] }
}

/// Whether a line is no stroke of a digit that fills these bounds.
fn is_beside(line: &Line, [x0, y0, x1, y1]: Bounds, level: bool) -> bool {
    let (width, height) = (x1 - x0, y1 - y0);
    let (before, after) = (x0 - line.from, line.to - x1);
    let row = line.middle();
    let out = before.min(after) / width.max(1.0);
    if !level {
        // An upright stroke through a digit is more likely its own.
        return out > 0.35 && height > 0.15 * line.span();
    }
    // Digits are not flat: the line must leave something that is upright.
    if height < 0.35 * width {
        return false;
    }
    let gap = (row - line.thickness / 2.0 - y1).max(y0 - row - line.thickness / 2.0);
    let under = row > y1 - 0.12 * height;
    let over = row < y0 + 0.12 * height;
    // 2 has such a base, but joined to it.
    let apart = under && gap > (0.04 * height).max(1.5) && line.span() > 0.6 * width;
    apart || ((under || over) && out > 0.08) || out > 0.25
}

/// Lines that may be a frame: their places in the two lists, and what is inside.
struct Frame {
    level: Vec<usize>,
    upright: Vec<usize>,
    inside: Bounds,
}

fn area([x0, y0, x1, y1]: Bounds) -> f32 {
    (x1 - x0) * (y1 - y0)
}

/// The sides of what may be a frame; one may be missing. Upright lines are
/// turned: their columns are rows.
struct Sides<'a> {
    top: Option<&'a Line>,
    bottom: Option<&'a Line>,
    left: Option<&'a Line>,
    right: Option<&'a Line>,
}

impl Sides<'_> {
    /// What lies inside, if the sides meet.
    fn inside(&self) -> Option<Bounds> {
        // Where a side is missing, those beside it end together.
        let row = |side: Option<&Line>, end: fn(&Line) -> f32, beside: [Option<&Line>; 2]| {
            if let Some(line) = side {
                return Some(line.middle());
            }
            let (a, b) = (end(beside[0]?), end(beside[1]?));
            let span = beside[0]?.span().max(beside[1]?.span());
            ((a - b).abs() < 0.1 * span).then_some((a + b) / 2.0)
        };
        let (level, upright) = ([self.top, self.bottom], [self.left, self.right]);
        let (x0, x1) = (row(self.left, |l| l.from, level)?, row(self.right, |l| l.to, level)?);
        let (y0, y1) = (row(self.top, |l| l.from, upright)?, row(self.bottom, |l| l.to, upright)?);
        let (width, height) = (x1 - x0, y1 - y0);
        if width < 12.0 || height < 12.0 {
            return None;
        }
        // Corners may be open, or the lines cross; they may belong to a longer
        // row of boxes.
        let covers = |l: &Line, from: f32, to: f32| {
            let slack = 0.15 * (to - from) + 2.0;
            l.from < from + slack && l.to > to - slack
        };
        let meet = level.iter().flatten().all(|l| covers(l, x0, x1))
            && upright.iter().flatten().all(|l| covers(l, y0, y1));
        let thickest = level.iter().chain(&upright).flatten().map(|l| l.thickness);
        let margin = 1.0 + thickest.fold(0.0, f32::max);
        meet.then_some([x0 + margin, y0 + margin, x1 - margin, y1 - margin])
    }
}

/// Whether all ink inside keeps away from the sides.
fn lies_apart(rest: &Grey, [x0, y0, x1, y1]: Bounds) -> bool {
    let gap = (0.03 * (x1 - x0).max(y1 - y0)).max(2.0);
    let near =
        |v: f32, low: f32, high: f32| (v > low && v < low + gap) || (v > high - gap && v < high);
    let (mut in_ring, mut inside) = (0, 0);
    for (x, y, _) in rest.cells().filter(|(_, _, v)| *v > SOLID) {
        let (x, y) = (x as f32, y as f32);
        if x > x0 && x < x1 && y > y0 && y < y1 {
            inside += 1;
            in_ring += usize::from(near(x, x0, x1) || near(y, y0, y1));
        }
    }
    50 * in_ring < inside
}

/// Whether there is ink of a digit's size inside.
fn holds_digit(rest: &Grey, [x0, y0, x1, y1]: Bounds) -> bool {
    let (x0, y0) = (x0.max(0.0) as usize, y0.max(0.0) as usize);
    let (x1, y1) = ((x1 as usize).min(rest.width), (y1 as usize).min(rest.height));
    if x1 <= x0 || y1 <= y0 {
        return false;
    }
    let solid = |x: usize, y: usize| rest.values[y * rest.width + x] > SOLID;
    let rows = (y0..y1).filter(|y| (x0..x1).any(|x| solid(x, *y))).count();
    let columns = (x0..x1).filter(|x| (y0..y1).any(|y| solid(*x, y))).count();
    let share = (rows as f32 / (y1 - y0) as f32, columns as f32 / (x1 - x0) as f32);
    // A bar alone is no digit.
    share.0 > 0.2 && columns >= 2 && share.1 > 0.02
}

/// Lines that are evenly spaced, about equally long and beside each other.
fn family(lines: &[Line]) -> Vec<usize> {
    let mut best = Vec::new();
    for first in lines.iter().take(3) {
        let like = |l: &Line| {
            let overlap = l.to.min(first.to) - l.from.max(first.from);
            let parallel = (l.slope() - first.slope()).abs() < 0.03;
            parallel && overlap > 0.7 * first.span().max(l.span())
        };
        let mut rows: Vec<(f32, usize)> = (0..lines.len())
            .filter(|i| like(&lines[*i]))
            .map(|i| (lines[i].at((first.from + first.to) / 2.0), i))
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut steps: Vec<f32> = rows.windows(2).map(|p| p[1].0 - p[0].0).collect();
        let Some(usual) = super::ink::median(&mut steps) else { continue };
        let even = rows.windows(2).filter(|p| {
            let steps = (p[1].0 - p[0].0) / usual.max(1.0);
            steps > 0.5 && (steps - steps.round()).abs() < 0.15
        });
        if even.count() + 1 >= rows.len() * 3 / 4 && rows.len() > best.len() {
            best = rows.into_iter().map(|(_, i)| i).collect();
        }
    }
    best
}

/// The rectangle around all ink but dirt.
fn bounds(ink: &Grey) -> Option<Bounds> {
    let parts = parts::connected(ink);
    let most = parts.iter().map(|p| p.ink).fold(0.0, f32::max);
    let kept = parts.iter().filter(|p| p.ink >= parts::LEAST_SHARE * most);
    let around = kept
        .map(|p| p.bounds)
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
    around.map(|bounds| bounds.map(|b| b as f32))
}

/// Clears the runs of a line with their soft edges. Where ink crosses the line
/// there is no short run, so it stays.
fn erase(ink: &mut Grey, runs: &[Run], level: bool) {
    let along = if level { ink.width } else { ink.height };
    let across = if level { ink.height } else { ink.width };
    for run in runs.iter().filter(|r| r.x < along) {
        for y in run.top.saturating_sub(1)..(run.bottom + 2).min(across) {
            let at = if level { y * ink.width + run.x } else { run.x * ink.width + y };
            ink.values[at] = 0.0;
        }
    }
}

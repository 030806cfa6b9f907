//! Straight thin lines in the ink, within a few degrees of horizontal or vertical:
//! ruled lines, sides of frames, underlines; and a digit's own straight strokes.
//! `rules` decides which is which.
//!
//! Across a thin line the ink is a short run. The middles of all short runs vote
//! for straight lines (Hough's transform). The best line is fitted to its runs,
//! bent a little if need be, and claims them; then the next.

use super::Grey;

/// Ink above this may be part of a line.
pub(super) const SOLID: f32 = 0.3;
/// Steepest line, as a slope: 8°.
const STEEPEST: f32 = 0.14;
/// Thickest line, as a share of the picture's shorter side.
const THICKEST: f32 = 0.045;
/// Shortest line, as a share of the picture's side.
const SHORTEST: f32 = 0.1;
/// More lines are not looked for.
const MOST_LINES: usize = 150;
/// Drift from one slope to the next over the whole picture, and width of the
/// places that are voted for, px.
const BIN: f32 = 2.0;
/// About so many runs vote.
const VOTERS: usize = 40_000;

/// Ink across a line: column, first and last row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub x: usize,
    pub top: usize,
    pub bottom: usize,
}

impl Run {
    fn middle(&self) -> f32 {
        (self.top + self.bottom) as f32 / 2.0
    }

    fn height(&self) -> usize {
        self.bottom + 1 - self.top
    }
}

/// A line, in a picture that is turned so that it is level.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Columns from and to.
    pub from: f32,
    pub to: f32,
    /// Row at column x: `c[0] + c[1] t + c[2] t²` with `t = x / width`.
    curve: [f32; 3],
    width: f32,
    /// px.
    pub thickness: f32,
    /// The ink across it, where nothing crosses it.
    pub runs: Vec<Run>,
}

impl Line {
    pub fn span(&self) -> f32 {
        self.to - self.from
    }

    pub fn at(&self, x: f32) -> f32 {
        let t = x / self.width;
        self.curve[0] + self.curve[1] * t + self.curve[2] * t * t
    }

    /// From end to end.
    pub fn slope(&self) -> f32 {
        (self.at(self.to) - self.at(self.from)) / self.span().max(1.0)
    }

    /// The row in the middle.
    pub fn middle(&self) -> f32 {
        self.at((self.from + self.to) / 2.0)
    }
}

/// The level lines, the longest first.
pub(super) fn level(ink: &Grey) -> Vec<Line> {
    let runs = short_runs(ink);
    let mut votes = Votes::new(ink, runs);
    let mut lines = Vec::new();
    for _ in 0..MOST_LINES {
        let Some((slope, row)) = votes.best() else { break };
        let fitted = votes.fit(slope, row).and_then(|line| votes.longest_piece(ink, line));
        match fitted {
            Some(line) => {
                votes.take(&line.runs);
                lines.push(line);
            }
            // Scattered ink that happens to lie in line.
            None => votes.silence(slope, row),
        }
    }
    lines.sort_by(|a, b| b.span().total_cmp(&a.span()));
    lines
}

/// The picture with columns as rows, for upright lines.
pub(super) fn turned(ink: &Grey) -> Grey {
    let mut turned = Grey::new(ink.height, ink.width);
    for (x, y, v) in ink.cells() {
        turned.values[x * ink.height + y] = v;
    }
    turned
}

fn short_runs(ink: &Grey) -> Vec<Run> {
    let most = thickest(ink);
    let mut runs = Vec::new();
    for x in 0..ink.width {
        let mut top = None;
        for y in 0..=ink.height {
            let solid = y < ink.height && ink.values[y * ink.width + x] > SOLID;
            match (solid, top) {
                (true, None) => top = Some(y),
                (false, Some(from)) => {
                    if y - from <= most {
                        runs.push(Run { x, top: from, bottom: y - 1 });
                    }
                    top = None;
                }
                _ => {}
            }
        }
    }
    runs
}

fn thickest(ink: &Grey) -> usize {
    ((THICKEST * ink.width.min(ink.height) as f32) as usize).max(3)
}

/// Which line how many runs lie on.
struct Votes {
    width: f32,
    runs: Vec<Run>,
    taken: Vec<bool>,
    /// Every so many columns votes.
    stride: usize,
    slopes: Vec<f32>,
    /// Rows that a line may begin at, before and after the picture too.
    rows: usize,
    lowest: f32,
    /// `[slope][row]`
    counts: Vec<i32>,
}

impl Votes {
    fn new(ink: &Grey, runs: Vec<Run>) -> Self {
        let width = ink.width as f32;
        let steps = (STEEPEST * width / BIN) as i32;
        let slopes: Vec<f32> = (-steps..=steps).map(|k| k as f32 * BIN / width).collect();
        let lowest = -STEEPEST * width - BIN;
        let rows = ((ink.height as f32 - 2.0 * lowest) / BIN) as usize + 2;
        let counts = vec![0; slopes.len() * rows];
        let stride = runs.len().div_ceil(VOTERS).max(1);
        let taken = vec![false; runs.len()];
        let mut votes = Self { width, runs, taken, stride, slopes, rows, lowest, counts };
        for i in 0..votes.runs.len() {
            votes.vote(votes.runs[i], 1);
        }
        votes
    }

    fn row(&self, run: Run, slope: f32) -> usize {
        let at = (run.middle() - slope * run.x as f32 - self.lowest) / BIN;
        (at.max(0.0) as usize).min(self.rows - 1)
    }

    fn vote(&mut self, run: Run, count: i32) {
        if run.x.is_multiple_of(self.stride) {
            for (k, slope) in self.slopes.clone().into_iter().enumerate() {
                let row = self.row(run, slope);
                self.counts[k * self.rows + row] += count;
            }
        }
    }

    /// The slope and row that most runs are in line with, two neighbouring rows
    /// together.
    fn best(&self) -> Option<(usize, usize)> {
        let least = (0.5 * SHORTEST * self.width / self.stride as f32) as i32;
        let mut best = (least.max(3), None);
        for k in 0..self.slopes.len() {
            let row = &self.counts[k * self.rows..][..self.rows];
            for (i, pair) in row.windows(2).enumerate() {
                if pair[0] + pair[1] > best.0 {
                    best = (pair[0] + pair[1], Some((k, i)));
                }
            }
        }
        best.1
    }

    fn silence(&mut self, slope: usize, row: usize) {
        let at = slope * self.rows + row;
        // Never again: more than all runs together.
        self.counts[at] = i32::MIN / 4;
    }

    /// The line along the runs near a slope and row.
    fn fit(&self, slope: usize, row: usize) -> Option<Line> {
        let slope = self.slopes[slope];
        let start = self.lowest + (row as f32 + 1.0) * BIN;
        let mut curve = [start, slope * self.width, 0.0];
        let mut reach = 2.0 * BIN;
        let mut line = None;
        for bent in [false, false, true] {
            let runs = self.along(&curve, reach);
            curve = least_squares(&runs, self.width, bent)?;
            let thickness = usual_height(&runs);
            reach = (0.3 * thickness).max(1.5);
            line = Some(Line { from: 0.0, to: 0.0, curve, width: self.width, thickness, runs });
        }
        let mut line = line?;
        let most = 1.6 * line.thickness + 1.5;
        line.runs = self.along(&line.curve, reach);
        line.runs.retain(|r| r.height() as f32 <= most);
        Some(line)
    }

    fn along(&self, curve: &[f32; 3], reach: f32) -> Vec<Run> {
        let near = |run: &Run| {
            let t = run.x as f32 / self.width;
            let row = curve[0] + curve[1] * t + curve[2] * t * t;
            (run.middle() - row).abs() <= reach + 0.3 * (run.height() as f32 - 1.0).min(3.0)
        };
        let open = self.runs.iter().zip(&self.taken).filter(|(_, taken)| !**taken);
        open.map(|(run, _)| *run).filter(near).collect()
    }

    /// The longest piece of a line without a gap. Ink that crosses is no gap.
    fn longest_piece(&self, ink: &Grey, line: Line) -> Option<Line> {
        let mut own = vec![false; ink.width];
        line.runs.iter().for_each(|r| own[r.x] = true);
        let inked = |x: usize| {
            own[x] || {
                let row = line.at(x as f32).round();
                row >= 0.0
                    && (row as usize) < ink.height
                    && ink.values[row as usize * ink.width + x] > SOLID
            }
        };
        let gap = (0.02 * self.width).max(4.0) as usize;
        let (mut best, mut from, mut last) = ((0, 0), 0, None::<usize>);
        for x in (0..ink.width).filter(|x| inked(*x)) {
            if last.is_none_or(|l| x - l > gap) {
                from = x;
            }
            if x - from > best.1 - best.0 {
                best = (from, x);
            }
            last = Some(x);
        }
        // The ends are the line's own: no crossing ink.
        let inside = |r: &&Run| (best.0..=best.1).contains(&r.x);
        let runs: Vec<Run> = line.runs.iter().filter(inside).copied().collect();
        let from = runs.iter().map(|r| r.x).min()?;
        let to = runs.iter().map(|r| r.x).max()?;
        let columns = own[from..=to].iter().filter(|o| **o).count();
        let span = (to - from) as f32;
        let thin = line.thickness * 5.0 <= span;
        (span >= SHORTEST * self.width && thin && columns as f32 >= 0.4 * span).then_some(Line {
            from: from as f32,
            to: to as f32,
            runs,
            ..line
        })
    }

    fn take(&mut self, runs: &[Run]) {
        let key = |r: &Run| (r.x, r.top);
        let gone: std::collections::HashSet<_> = runs.iter().map(key).collect();
        for i in 0..self.runs.len() {
            if !self.taken[i] && gone.contains(&key(&self.runs[i])) {
                self.taken[i] = true;
                self.vote(self.runs[i], -1);
            }
        }
    }
}

fn usual_height(runs: &[Run]) -> f32 {
    let mut heights: Vec<f32> = runs.iter().map(|r| r.height() as f32).collect();
    super::ink::median(&mut heights).unwrap_or(1.0)
}

/// The straight or bent line nearest to the middles of the runs.
fn least_squares(runs: &[Run], width: f32, bent: bool) -> Option<[f32; 3]> {
    let (low, high) = runs.iter().fold((usize::MAX, 0), |b, r| (b.0.min(r.x), b.1.max(r.x)));
    if runs.len() < 4 || high <= low {
        return None;
    }
    // A short line does not tell how it is bent.
    let terms = if bent && (high - low) as f32 > 0.4 * width { 3 } else { 2 };
    let mut m = [[0.0f64; 4]; 3];
    for run in runs {
        let t = run.x as f64 / f64::from(width);
        let b = [1.0, t, t * t];
        for i in 0..terms {
            for k in 0..terms {
                m[i][k] += b[i] * b[k];
            }
            m[i][3] += b[i] * f64::from(run.middle());
        }
    }
    for k in 0..terms {
        if m[k][k].abs() < 1e-9 {
            return None;
        }
        for i in (0..terms).filter(|i| *i != k) {
            let factor = m[i][k] / m[k][k];
            let above = m[k];
            for (cell, a) in m[i].iter_mut().zip(above) {
                *cell -= factor * a;
            }
        }
    }
    let mut curve = [0.0; 3];
    for (k, c) in curve.iter_mut().enumerate().take(terms) {
        *c = (m[k][3] / m[k][k]) as f32;
    }
    Some(curve)
}

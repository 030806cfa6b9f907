//! The eraser: cuts away the parts of strokes that it passes over.

use super::Stroke;

/// Removes what lies within `radius` of the eraser's `path` (all in the
/// strokes' units), cutting strokes where it enters and leaves. The middle of
/// the line counts, not the width of the pen. Points that are not finite are
/// ignored; a path of one point is a dab. Order and direction are kept.
pub fn erase(strokes: &[Stroke], path: &[[f32; 2]], radius: f32) -> Vec<Stroke> {
    let path: Vec<Point> = path.iter().filter_map(finite).collect();
    if path.is_empty() || !radius.is_finite() || radius <= 0.0 {
        return strokes.to_vec();
    }
    let eraser = Eraser { path, radius: f64::from(radius) };
    strokes.iter().flat_map(|stroke| eraser.cut(stroke)).collect()
}

type Point = [f64; 2];

fn finite(point: &[f32; 2]) -> Option<Point> {
    (point[0].is_finite() && point[1].is_finite()).then(|| point.map(f64::from))
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

struct Eraser {
    path: Vec<Point>,
    radius: f64,
}

impl Eraser {
    /// The pieces of one stroke that are left.
    fn cut(&self, stroke: &[[f32; 2]]) -> Vec<Stroke> {
        let points: Vec<Point> = stroke.iter().filter_map(finite).collect();
        if let [dot] = points[..] {
            let gone = !self.covered(dot, dot).is_empty();
            return if gone { vec![] } else { vec![stroke.to_vec()] };
        }
        let mut pieces = Vec::new();
        let mut piece: Stroke = Vec::new();
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let at = |t: f64| [0, 1].map(|i| (a[i] + t * (b[i] - a[i])) as f32);
            let mut kept_from = 0.0;
            for [start, end] in self.covered(a, b) {
                if start > kept_from {
                    begin_at(&mut piece, at(kept_from));
                    piece.push(at(start));
                }
                finish(&mut piece, &mut pieces);
                kept_from = end;
            }
            if kept_from < 1.0 {
                begin_at(&mut piece, at(kept_from));
                piece.push(at(1.0));
            }
        }
        finish(&mut piece, &mut pieces);
        pieces
    }

    /// The parts of the line from `a` to `b` (as shares of it, in order and
    /// apart) under the eraser.
    fn covered(&self, a: Point, b: Point) -> Vec<[f64; 2]> {
        let ends = self.path.iter().zip(self.path.iter().skip(1));
        let mut parts: Vec<[f64; 2]> = match self.path[..] {
            [dab] => self.under(a, b, dab, dab).into_iter().collect(),
            _ => ends.filter_map(|(c, d)| self.under(a, b, *c, *d)).collect(),
        };
        parts.sort_by(|x, y| x[0].total_cmp(&y[0]));
        let mut joined: Vec<[f64; 2]> = Vec::new();
        for part in parts {
            match joined.last_mut() {
                Some(last) if part[0] <= last[1] => last[1] = last[1].max(part[1]),
                _ => joined.push(part),
            }
        }
        joined
    }

    /// The part of `a`–`b` within the radius of `c`–`d`. That neighbourhood is
    /// convex (two discs and the rectangle between them), so it is one part.
    fn under(&self, a: Point, b: Point, c: Point, d: Point) -> Option<[f64; 2]> {
        let parts = [self.in_disc(a, b, c), self.in_disc(a, b, d), self.in_band(a, b, c, d)];
        let [start, end] =
            parts.into_iter().flatten().reduce(|x, y| [x[0].min(y[0]), x[1].max(y[1])])?;
        let clipped = [start.max(0.0), end.min(1.0)];
        (clipped[0] <= clipped[1]).then_some(clipped)
    }

    /// Where the endless line through `a` and `b` is inside a disc.
    fn in_disc(&self, a: Point, b: Point, centre: Point) -> Option<[f64; 2]> {
        let (along, from) = (minus(b, a), minus(a, centre));
        let (qa, qb) = (dot(along, along), dot(along, from));
        let qc = dot(from, from) - self.radius * self.radius;
        if qa == 0.0 {
            return (qc <= 0.0).then_some([0.0, 1.0]);
        }
        let root = (qb * qb - qa * qc).sqrt();
        let interval = [(-qb - root) / qa, (-qb + root) / qa];
        // A miss makes the root NaN; a disc beyond an end is clipped away.
        (interval[0] <= 1.0 && interval[1] >= 0.0).then_some(interval)
    }

    /// Where `a`–`b` is inside the rectangle of which `c`–`d` is the middle.
    fn in_band(&self, a: Point, b: Point, c: Point, d: Point) -> Option<[f64; 2]> {
        let axis = minus(d, c);
        let length = dot(axis, axis).sqrt();
        if length == 0.0 {
            return None;
        }
        let across = [-axis[1], axis[0]];
        let (from, along) = (minus(a, c), minus(b, a));
        let [s0, s1] = slab(dot(from, axis), dot(along, axis), 0.0, length * length)?;
        let limit = self.radius * length;
        let [w0, w1] = slab(dot(from, across), dot(along, across), -limit, limit)?;
        let (start, end) = (s0.max(w0).max(0.0), s1.min(w1).min(1.0));
        (start <= end).then_some([start, end])
    }
}

/// For which t `low ≤ from + t·step ≤ high`.
fn slab(from: f64, step: f64, low: f64, high: f64) -> Option<[f64; 2]> {
    if step == 0.0 {
        return (low <= from && from <= high).then_some([f64::NEG_INFINITY, f64::INFINITY]);
    }
    let (t0, t1) = ((low - from) / step, (high - from) / step);
    Some([t0.min(t1), t0.max(t1)])
}

fn begin_at(piece: &mut Stroke, point: [f32; 2]) {
    if piece.is_empty() {
        piece.push(point);
    }
}

fn finish(piece: &mut Stroke, pieces: &mut Vec<Stroke>) {
    // A crumb whose ends round to one point would stay behind as a dot.
    if piece.iter().any(|p| *p != piece[0]) {
        pieces.push(std::mem::take(piece));
    } else {
        piece.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[Stroke], b: &[Stroke]) -> bool {
        a.len() == b.len()
            && a.iter().zip(b).all(|(s, t)| {
                s.len() == t.len()
                    && s.iter().flatten().zip(t.iter().flatten()).all(|(x, y)| (x - y).abs() < 1e-5)
            })
    }

    #[test]
    fn a_dab_in_the_middle_cuts_a_line_in_two() {
        let line = vec![vec![[0.0, 0.0], [10.0, 0.0]]];
        let left = erase(&line, &[[5.0, 0.0]], 1.0);
        assert!(close(&left, &[vec![[0.0, 0.0], [4.0, 0.0]], vec![[6.0, 0.0], [10.0, 0.0]]]));
    }

    #[test]
    fn a_swipe_across_removes_what_lies_under_it() {
        let lines = vec![
            vec![[0.0, 0.0], [4.0, 0.0], [10.0, 0.0], [10.0, 8.0]],
            vec![[0.0, 20.0], [10.0, 20.0]],
        ];
        // A swipe parallel to y at x = 5, far longer than its radius.
        let left = erase(&lines, &[[5.0, -10.0], [5.0, 10.0]], 2.0);
        let wanted = [
            vec![[0.0, 0.0], [3.0, 0.0]],
            vec![[7.0, 0.0], [10.0, 0.0], [10.0, 8.0]],
            vec![[0.0, 20.0], [10.0, 20.0]],
        ];
        assert!(close(&left, &wanted), "{left:?}");
    }

    #[test]
    fn ends_and_whole_strokes_and_dots_go() {
        let strokes = vec![vec![[0.0, 0.0], [1.0, 0.0]], vec![[0.5, 0.5]], vec![[9.0, 9.0]]];
        assert_eq!(erase(&strokes, &[[0.5, 0.0]], 3.0), [vec![[9.0, 9.0]]]);
        let end = erase(&[vec![[0.0, 0.0], [10.0, 0.0]]], &[[11.0, 0.0]], 2.0);
        assert!(close(&end, &[vec![[0.0, 0.0], [9.0, 0.0]]]), "{end:?}");
    }

    #[test]
    fn a_miss_or_no_eraser_changes_nothing() {
        let strokes = vec![vec![[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]], vec![[5.0, 5.0]]];
        assert_eq!(erase(&strokes, &[[50.0, 50.0], [60.0, 50.0]], 3.0), strokes);
        assert_eq!(erase(&strokes, &[], 3.0), strokes);
        for radius in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(erase(&strokes, &[[1.0, 1.0]], radius), strokes);
        }
        assert_eq!(erase(&strokes, &[[f32::NAN, 1.0]], 1.0), strokes);
    }

    #[test]
    fn nothing_within_the_radius_is_left_and_nothing_beyond_is_taken() {
        let mut rng = crate::core::rng::Rng::stream(5, "eraser", 0);
        for _ in 0..200 {
            let mut points = |n: usize| -> Stroke {
                (0..n).map(|_| [rng.range(0.0, 10.0), rng.range(0.0, 10.0)]).collect()
            };
            let (stroke, path, radius) = (points(6), points(4), 0.8);
            let left = erase(std::slice::from_ref(&stroke), &path, radius);
            let near = |p: [f32; 2], line: &[[f32; 2]]| {
                line.windows(2).map(|s| distance(p, s[0], s[1])).fold(f32::MAX, f32::min)
            };
            for pair in stroke.windows(2) {
                for k in 0..=50 {
                    let t = k as f32 / 50.0;
                    let p = [0, 1].map(|i| pair[0][i] + t * (pair[1][i] - pair[0][i]));
                    let kept = left.iter().any(|piece| near(p, piece) < 1e-4);
                    let away = near(p, &path);
                    if away > radius + 1e-3 {
                        assert!(kept, "{p:?} was taken from {away}");
                    }
                }
            }
            for piece in &left {
                for pair in piece.windows(2) {
                    let middle = [0, 1].map(|i| (pair[0][i] + pair[1][i]) / 2.0);
                    assert!(near(middle, &path) > radius - 1e-3);
                }
            }
        }
    }

    fn distance(p: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let t = (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        (p[0] - a[0] - t * dx).hypot(p[1] - a[1] - t * dy)
    }
}

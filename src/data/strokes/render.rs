//! Anti-aliased strokes, rendered straight into the 28×28 image.

use crate::data::{PIXELS, Pixels, SIDE};

/// A piece of a stroke in pixels of the picture: a straight line whose width
/// changes evenly from one round end to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Segment {
    pub from: [f32; 2],
    pub to: [f32; 2],
    /// Half the width of the pen at the two ends, px.
    pub radius: [f32; 2],
}

/// Draws the segments. Each pixel is the share of it that lies under the
/// nearest stroke, in [0, 1]; crossing strokes do not add up.
pub(crate) fn render(segments: &[Segment]) -> Pixels {
    let mut picture = [0.0; PIXELS];
    for segment in segments {
        draw(segment, &mut picture);
    }
    picture
}

fn draw(segment: &Segment, picture: &mut Pixels) {
    let Segment { from: [ax, ay], to: [bx, by], radius: [ra, rb] } = *segment;
    let reach = ra.max(rb) + 0.5;
    let (dx, dy) = (bx - ax, by - ay);
    let length_squared = dx * dx + dy * dy;
    let per_length = if length_squared > 0.0 { 1.0 / length_squared } else { 0.0 };
    for row in pixel_range(ay.min(by) - reach, ay.max(by) + reach) {
        let py = row as f32 + 0.5 - ay;
        for column in pixel_range(ax.min(bx) - reach, ax.max(bx) + reach) {
            let px = column as f32 + 0.5 - ax;
            let along = ((px * dx + py * dy) * per_length).clamp(0.0, 1.0);
            let (ex, ey) = (px - along * dx, py - along * dy);
            let distance = (ex * ex + ey * ey).sqrt();
            let share = covered(distance, ra + along * (rb - ra));
            let pixel = &mut picture[row * SIDE + column];
            *pixel = pixel.max(share);
        }
    }
}

/// The rows (or columns) whose centres lie between two coordinates.
fn pixel_range(low: f32, high: f32) -> std::ops::Range<usize> {
    // `as` saturates: what lies outside the picture becomes its border.
    let first = (low - 0.5).ceil().max(0.0) as usize;
    let end = ((high - 0.5).floor() + 1.0).clamp(0.0, SIDE as f32) as usize;
    first..end
}

/// The share of a pixel at this distance from the middle of a stroke that lies
/// under it: exact for an upright or level edge, near enough for a slanted
/// one. It is right for hairlines too: they fade instead of vanishing.
fn covered(distance: f32, radius: f32) -> f32 {
    let inside = (distance + 0.5).min(radius) - (distance - 0.5).max(-radius);
    inside.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: [f32; 2], to: [f32; 2], width: f32) -> Segment {
        Segment { from, to, radius: [width / 2.0; 2] }
    }

    #[test]
    fn a_straight_line_holds_as_much_ink_as_its_area() {
        for (width, y) in [(0.3, 14.0), (1.0, 14.2), (2.5, 13.9), (4.0, 14.5)] {
            let picture = render(&[line([6.0, y], [20.0, y], width)]);
            // Between the round ends each column holds exactly the width.
            let column: f32 = (0..SIDE).map(|row| picture[row * SIDE + 13]).sum();
            assert!((column - width).abs() < 0.01 * width, "{width}: {column}");
        }
    }

    #[test]
    fn what_lies_outside_is_not_drawn_and_does_not_wrap() {
        let far = [line([-50.0, 5.0], [-20.0, 5.0], 3.0), line([1e9, 1e9], [2e9, 2e9], 3.0)];
        assert!(render(&far).iter().all(|p| *p == 0.0));
        let through = render(&[line([-50.0, 5.5], [80.0, 5.5], 3.0)]);
        assert!((0..SIDE).all(|x| through[5 * SIDE + x] == 1.0 && through[8 * SIDE + x] == 0.0));
    }

    #[test]
    fn width_changes_evenly_along_a_segment() {
        let wedge = Segment { from: [4.0, 14.0], to: [24.0, 14.0], radius: [0.5, 3.0] };
        let picture = render(&[wedge]);
        let column = |x: usize| (0..SIDE).map(|row| picture[row * SIDE + x]).sum::<f32>();
        assert!(column(6) < column(12) && column(12) < column(18) && column(18) < column(23));
    }
}

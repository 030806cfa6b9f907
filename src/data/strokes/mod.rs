//! Drawn strokes, and how they become the 28×28 image that a network sees.
//!
//! The canvas, stroke files and the synthetic digits all go through
//! [`to_pixels`]. It works on the vectors themselves: the inked bounding box
//! is mapped onto MNIST's 20×20 box first and rendered once at that size, so
//! the scale of a drawing does not matter.
//!
//! * `render`: anti-aliased strokes with round ends
//! * `framing`: MNIST's box and centre of mass, for strokes and for images
//! * [`erase()`]: the eraser, which cuts strokes
//! * [`read_json`], [`load`]: stroke files

mod erase;
mod framing;
mod json;
mod render;

pub use erase::erase;
pub use framing::{Framing, normalise_grey, to_pixels};
pub use json::{MOST_POINTS, MOST_STROKES, StrokesError, load, read_json, to_json};

pub(crate) use framing::frame_segments;
pub(crate) use render::Segment;

/// One stroke: points (x to the right, y down) in the order they were drawn,
/// at any scale. One point alone is a dot.
pub type Stroke = Vec<[f32; 2]>;

/// What to say beside the answers about a drawing that is no more than a dot of the
/// pen (of this width, in the strokes' own units): framed like a digit, it fills the
/// picture, and looks like a 0.
pub fn warning(strokes: &[Stroke], pen: f32) -> Option<&'static str> {
    let points = || strokes.iter().flatten();
    let side = |k: usize| {
        let low = points().map(|p| p[k]).fold(f32::INFINITY, f32::min);
        points().map(|p| p[k]).fold(f32::NEG_INFINITY, f32::max) - low
    };
    let dot = points().next().is_some() && side(0).max(side(1)) <= pen;
    dot.then_some("This is a dot, not a digit. Draw a stroke.")
}

/// What is on a canvas.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Drawing {
    /// In drawing order.
    pub strokes: Vec<Stroke>,
    /// Width of the pen in the strokes' own units; `None` picks a width like
    /// that in MNIST, whatever the size of the drawing (see [`to_pixels`]).
    pub pen: Option<f32>,
}

impl Drawing {
    /// The picture that a network sees.
    pub fn to_pixels(&self, framing: Framing) -> super::Pixels {
        to_pixels(&self.strokes, self.pen, framing)
    }

    /// Whether nothing is drawn.
    pub fn is_empty(&self) -> bool {
        self.strokes.iter().all(Vec::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_is_told_from_a_digit() {
        assert!(warning(&[vec![[5.0, 5.0]]], 0.0).is_some());
        assert!(warning(&[vec![[0.5, 0.5], [0.52, 0.5]]], 0.08).is_some());
        assert!(warning(&[vec![[0.5, 0.2], [0.5, 0.8]]], 0.08).is_none());
        assert!(warning(&[], 0.08).is_none() && warning(&[Vec::new()], 0.0).is_none());
    }
}

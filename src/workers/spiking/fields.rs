//! All receptive fields in one image, painted where the weights are: the window only
//! hands it to the graphics card.

use std::sync::Arc;

use crate::data::{PIXELS, SIDE};

/// Neurons above which a field is painted with half as many pixels each way.
const HALF_ABOVE: usize = 1600;
/// The weight that gets the full colour.
const FULL: f32 = 0.75;

/// Colours of weights from none to [`FULL`], RGBA, for the neurons of each digit and,
/// last, for those of none.
pub type Ramps = [[[u8; 4]; 256]; 11];

/// How the fields are to be painted.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldColours {
    /// Changes when anything of it does.
    pub stamp: u64,
    /// Fields in a row.
    pub columns: usize,
    /// The colours.
    pub ramps: Arc<Ramps>,
}

impl Default for FieldColours {
    fn default() -> Self {
        let grey: [[u8; 4]; 256] = std::array::from_fn(|i| {
            let v = i as u8;
            [v, v, v, 255]
        });
        Self { stamp: 0, columns: 20, ramps: Arc::new([grey; 11]) }
    }
}

/// The picture: `columns` fields in a row, each `side` pixels wide and high.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// [`FieldColours::stamp`] of how it was painted.
    pub look: u64,
    pub columns: usize,
    /// Pixels of a field, each way.
    pub side: usize,
    /// Width and height of the whole, pixels.
    pub size: [usize; 2],
    /// RGBA, row by row.
    pub rgba: Vec<u8>,
}

/// Paints the fields of weights `[pixel][neuron]`.
pub fn paint(weights: &[f32], labels: &[Option<u8>], look: &FieldColours) -> Picture {
    let neurons = labels.len().max(1);
    let columns = look.columns.clamp(1, neurons);
    let rows = neurons.div_ceil(columns);
    let by = if neurons > HALF_ABOVE { 2 } else { 1 };
    let side = SIDE / by;
    let size = [columns * side, rows * side];
    let mut rgba = vec![0u8; size[0] * size[1] * 4];
    let ramps: Vec<&[[u8; 4]; 256]> =
        labels.iter().map(|l| &look.ramps[l.map_or(10, |l| usize::from(l.min(9)))]).collect();
    let scale = 255.0 / FULL / (by * by) as f32;
    let mut sums = vec![0.0f32; neurons];
    for y in 0..side {
        for x in 0..side {
            sums.fill(0.0);
            for dy in 0..by {
                for dx in 0..by {
                    let pixel = (y * by + dy) * SIDE + x * by + dx;
                    let row = &weights[pixel * neurons..][..neurons];
                    sums.iter_mut().zip(row).for_each(|(s, w)| *s += w);
                }
            }
            for (neuron, (sum, ramp)) in sums.iter().zip(&ramps).enumerate() {
                let at_x = (neuron % columns) * side + x;
                let at_y = (neuron / columns) * side + y;
                let colour = ramp[(sum * scale).min(255.0) as usize];
                rgba[(at_y * size[0] + at_x) * 4..][..4].copy_from_slice(&colour);
            }
        }
    }
    Picture { look: look.stamp, columns, side, size, rgba }
}

/// The weights onto one neuron, as a picture of 28×28.
pub fn of_neuron(weights: &[f32], neurons: usize, neuron: usize) -> Vec<f32> {
    (0..PIXELS).map(|p| weights.get(p * neurons + neuron).copied().unwrap_or(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_in_its_place() {
        for neurons in [6, HALF_ABOVE + 4] {
            let mut weights = vec![0.0; PIXELS * neurons];
            // The lower right corner of neuron 5.
            for (y, x) in [(26, 26), (26, 27), (27, 26), (27, 27)] {
                weights[(y * SIDE + x) * neurons + 5] = 1.0;
            }
            let look = FieldColours { columns: 4, ..FieldColours::default() };
            let picture = paint(&weights, &vec![None; neurons], &look);
            let (side, width) = (picture.side, picture.size[0]);
            let at = |x: usize, y: usize| picture.rgba[(y * width + x) * 4];
            assert_eq!(at(2 * side - 1, 2 * side - 1), 255);
            let lit = picture.rgba.chunks(4).filter(|p| p[0] > 0).count();
            assert_eq!(lit, if side == SIDE { 4 } else { 1 });
            assert_eq!(of_neuron(&weights, neurons, 5)[PIXELS - 1], 1.0);
        }
    }
}

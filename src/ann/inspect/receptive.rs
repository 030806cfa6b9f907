//! Theoretical receptive fields: which pixels can change a unit at all. They
//! follow from the declaration alone. With kernel k and stride s of each layer,
//!
//! ```text
//! size ← size + (k − 1) · stride        stride ← stride · s
//! ```
//!
//! starting from size 1 and stride 1 (Araujo, Norris and Sim 2019, "Computing
//! receptive fields of convolutional neural networks", eq. 2–3). Nothing is padded
//! here, so the first unit's field begins at the first pixel.

use crate::ann::zoo::{Layer, Spiking};
use crate::data::SIDE;

/// The fields of a layer's units, pixels; vertical first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Height and width.
    pub size: [usize; 2],
    /// Distance between the fields of neighbours; 0 where every unit has the same.
    pub stride: [usize; 2],
    /// Where the first unit's field begins.
    pub offset: [usize; 2],
    /// Units in the map, down and across.
    pub units: [usize; 2],
    /// Whether every unit has the same field: all that the layer before sees.
    pub whole: bool,
}

/// A part of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub y: usize,
    pub x: usize,
    pub h: usize,
    pub w: usize,
}

impl Region {
    /// Whether it has this pixel.
    pub fn contains(self, y: usize, x: usize) -> bool {
        (self.y..self.y + self.h).contains(&y) && (self.x..self.x + self.w).contains(&x)
    }

    /// Its pixels of a 28×28 picture, row by row.
    pub fn cut(self, picture: &[f32]) -> Vec<f32> {
        let rows = (self.y..self.y + self.h).map(|y| &picture[y * SIDE + self.x..][..self.w]);
        rows.flatten().copied().collect()
    }
}

impl Field {
    /// The field of the unit at this place of the map.
    pub fn at(&self, y: usize, x: usize) -> Region {
        Region {
            y: self.offset[0] + y * self.stride[0],
            x: self.offset[1] + x * self.stride[1],
            h: self.size[0],
            w: self.size[1],
        }
    }

    /// Everything that the layer sees. It can be less than the picture: pooling
    /// leaves an odd last row and column out.
    pub fn covered(&self) -> Region {
        let reach = |i: usize| self.units[i].saturating_sub(1) * self.stride[i] + self.size[i];
        Region { y: self.offset[0], x: self.offset[1], h: reach(0), w: reach(1) }
    }
}

/// The field of each layer's units, in the order of the declaration.
pub fn fields(layers: &[Layer]) -> Vec<Field> {
    let mut field =
        Field { size: [1, 1], stride: [1, 1], offset: [0, 0], units: [SIDE, SIDE], whole: false };
    let mut all = Vec::with_capacity(layers.len());
    for layer in layers {
        match *layer {
            Layer::Conv { kernel, .. } => {
                for i in 0..2 {
                    field.size[i] += (kernel - 1) * field.stride[i];
                    field.units[i] = (field.units[i] + 1).saturating_sub(kernel);
                }
            }
            Layer::MaxPool => {
                for i in 0..2 {
                    field.size[i] += field.stride[i];
                    field.stride[i] *= 2;
                    field.units[i] /= 2;
                }
            }
            Layer::Convolution { window, .. } | Layer::Pool { window, .. }
                if window.is_inside() =>
            {
                let units = window.output(field.units).unwrap_or_default();
                for i in 0..2 {
                    field.size[i] += (window.kernel[i] - 1) * field.stride[i];
                    field.stride[i] *= window.stride[i];
                }
                field.units = units;
            }
            Layer::Dropout(_)
            | Layer::Affine
            | Layer::Activate(_)
            | Layer::Spiking(Spiking::Lif(_)) => {}
            // With padding, units near the border see less than others.
            Layer::Convolution { .. }
            | Layer::Pool { .. }
            | Layer::Recurrent { .. }
            | Layer::Dense { .. }
            | Layer::Settling { .. }
            | Layer::Goodness { .. }
            | Layer::Energy { .. }
            | Layer::Spiking(_)
            | Layer::ConvStdp(_) => {
                let all = field.covered();
                field = Field {
                    size: [all.h, all.w],
                    stride: [0, 0],
                    offset: [all.y, all.x],
                    units: [1, 1],
                    whole: true,
                };
            }
        }
        all.push(field);
    }
    all
}

/// How many pixels down and across a unit of each layer sees, in the middle of the picture,
/// where it sees no padding.
pub fn sizes(layers: &[Layer]) -> Vec<[usize; 2]> {
    let (mut size, mut stride) = ([1usize; 2], [1usize; 2]);
    let mut grow = |kernel: [usize; 2], by: [usize; 2]| {
        for i in 0..2 {
            size[i] = (size[i] + (kernel[i] - 1) * stride[i]).min(SIDE);
            stride[i] *= by[i];
        }
        size
    };
    let each = layers.iter().map(|layer| match *layer {
        Layer::Conv { kernel, .. } => grow([kernel; 2], [1, 1]),
        Layer::MaxPool => grow([2, 2], [2, 2]),
        Layer::Convolution { window, .. } | Layer::Pool { window, .. } => {
            grow(window.kernel, window.stride)
        }
        Layer::Dropout(_)
        | Layer::Affine
        | Layer::Activate(_)
        | Layer::Spiking(Spiking::Lif(_)) => grow([1, 1], [1, 1]),
        // All of them, whatever comes before.
        _ => grow([SIDE, SIDE], [1, 1]),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::super::dissection::{Dissection, Of};
    use super::*;
    use crate::ann::network::Network;
    use crate::ann::zoo::{Family, ZOO};
    use crate::core::rng::Rng;

    /// A network whose every weight counts: all positive, so that on pictures
    /// that are positive, too, no ReLU closes.
    fn open(architecture: &'static crate::ann::zoo::Architecture) -> Network {
        let mut network = Network::new(architecture, 2).unwrap();
        // Gates would close for good on such weights.
        if architecture.family() == Family::Recurrent {
            return network;
        }
        let values: Vec<Vec<f32>> =
            network.values().iter().map(|v| v.iter().map(|w| 1e-3 + w.abs()).collect()).collect();
        network.set_values(&values);
        network
    }

    /// Pixels on a region's rim and in its middle.
    fn telling(r: Region) -> Vec<(usize, usize)> {
        let rows = [r.y, r.y + r.h / 2, r.y + r.h - 1];
        let columns = [r.x, r.x + r.w / 2, r.x + r.w - 1];
        rows.iter().flat_map(|y| columns.map(|x| (*y, x))).collect()
    }

    /// Almost blank pictures with one bright pixel each: its way through every
    /// maximum is open.
    fn spots(places: &[(usize, usize)]) -> Vec<f32> {
        let mut rng = Rng::stream(1, "dim pictures", 0);
        let mut pictures: Vec<f32> =
            (0..places.len() * SIDE * SIDE).map(|_| 1e-4 * (0.5 + rng.uniform())).collect();
        for ((y, x), picture) in places.iter().zip(pictures.chunks_exact_mut(SIDE * SIDE)) {
            picture[y * SIDE + x] = 1.0;
        }
        pictures
    }

    /// Every kind of unit, in the corners and in the middle of its map: gradients
    /// reach the rim and the middle of its field, and nothing beyond the rim.
    #[test]
    fn fields_are_those_that_gradients_find() {
        for architecture in ZOO {
            let network = open(architecture);
            let fields = fields(&(architecture.layers)());
            for (layer, field) in fields.iter().enumerate() {
                let taken = Dissection::up_to(&network, layer);
                let plane = taken.plane(layer);
                if !field.whole {
                    assert_eq!(field.units, [plane.h, plane.w]);
                }
                let (h, w) = (plane.h, plane.w);
                let places = [(0, 0), (h / 2, w / 3), (h - 1, 0), (h - 1, w - 1)];
                for (y, x) in if field.whole { &places[..1] } else { &places[..] } {
                    let region = if field.whole { field.covered() } else { field.at(*y, *x) };
                    let telling = telling(region);
                    let trace = taken.forward(&spots(&telling), telling.len());
                    let mut weights = vec![0f32; telling.len() * plane.len()];
                    for picture in weights.chunks_exact_mut(plane.len()) {
                        picture[(y * w + x) * plane.c..][..plane.c].fill(1.0);
                    }
                    let gradient = taken.backward(&trace, layer, weights, Of::Sum);
                    let what = format!("{} layer {layer} unit ({y}, {x})", architecture.id);
                    for (picture, (py, px)) in gradient.chunks_exact(SIDE * SIDE).zip(telling) {
                        assert!(picture[py * SIDE + px] != 0.0, "{what} misses ({py}, {px})");
                        for (i, g) in picture.iter().enumerate() {
                            let (py, px) = (i / SIDE, i % SIDE);
                            let inside = region.contains(py, px);
                            assert!(inside || *g == 0.0, "{what} reaches ({py}, {px})");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn sizes_are_those_of_the_fields_and_padding_changes_none() {
        for architecture in ZOO.iter().filter(|a| a.family() != Family::Recurrent) {
            let layers = (architecture.layers)();
            for (field, size) in fields(&layers).iter().zip(sizes(&layers)) {
                assert!(field.whole || field.size == size, "{}", architecture.id);
            }
        }
        let text = "Conv[5x3, stride 2, padding 2/1/2/1](4) - AvgPool[3x3, padding 1] - Dense(10)";
        let layers = crate::ann::zoo::notation::parse(text).unwrap();
        assert_eq!(sizes(&layers), [[5, 3], [9, 7], [28, 28]]);
    }

    #[test]
    fn cnn_3_by_hand() {
        let layers = (crate::ann::zoo::find("cnn3").unwrap().layers)();
        let sizes: Vec<usize> = fields(&layers).iter().map(|f| f.size[0]).collect();
        // 3, +2, +1 (stride 2), +4·2, +2 (stride 4), and what four of those cover.
        assert_eq!(sizes[..5], [3, 5, 6, 14, 16]);
        assert_eq!(sizes[6], 3 * 4 + 16);
    }

    /// An odd row and column are left out by CNN 1's second pooling.
    #[test]
    fn cnn_1_never_sees_the_last_rows() {
        let layers = (crate::ann::zoo::find("cnn1").unwrap().layers)();
        let last = fields(&layers)[8];
        assert!(last.whole && last.size == [26, 26], "{last:?}");
    }
}

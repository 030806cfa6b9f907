//! What a layer has learned, as pictures: the kernels of a convolution over its
//! input channels, the weights of a dense unit over the map before it.

use crate::ann::zoo::Layer;

use super::dissection::Dissection;

/// All kernels of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filters {
    /// Size of each picture.
    pub h: usize,
    pub w: usize,
    /// Pictures of each unit: one for each input channel.
    pub inputs: usize,
    /// Units.
    pub units: usize,
    /// `(unit, input, y, x)`.
    pub values: Vec<f32>,
}

impl Filters {
    /// Of a layer; `None` where nothing is learned that is a picture.
    pub fn of(taken: &Dissection<'_>, layer: usize) -> Option<Self> {
        let before = if layer == 0 { taken.input() } else { taken.plane(layer - 1) };
        let (h, w) = match *taken.layers().get(layer)? {
            Layer::Conv { kernel, .. } => (kernel, kernel),
            Layer::Convolution { window, .. } => (window.kernel[0], window.kernel[1]),
            Layer::Dense { .. } => (before.h, before.w),
            _ => return None,
        };
        let (inputs, units) = (before.c, taken.plane(layer).c);
        let weights = taken.parameters(layer);
        let mut values = Vec::with_capacity(units * inputs * h * w);
        for unit in 0..units {
            for input in 0..inputs {
                values.extend((0..h * w).map(|p| weights[(p * inputs + input) * units + unit]));
            }
        }
        Some(Self { h, w, inputs, units, values })
    }

    /// The kernel of a unit over one input channel.
    pub fn kernel(&self, unit: usize, input: usize) -> &[f32] {
        let size = self.h * self.w;
        &self.values[(unit * self.inputs + input) * size..][..size]
    }

    /// The largest weight's size among a unit's.
    pub fn largest_of(&self, unit: usize) -> f32 {
        let size = self.h * self.w * self.inputs;
        largest(&self.values[unit * size..][..size])
    }

    /// The largest weight's size.
    pub fn largest(&self) -> f32 {
        largest(&self.values)
    }
}

/// The largest absolute value.
pub fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0f32, |m, v| m.max(v.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::network::Network;
    use crate::ann::zoo::ZOO;

    #[test]
    fn kernels_stand_where_the_weights_say() {
        let network = Network::new(ZOO[3], 2).unwrap();
        let taken = Dissection::new(&network);
        let filters = Filters::of(&taken, 1).unwrap();
        assert_eq!((filters.h, filters.w, filters.inputs, filters.units), (3, 3, 32, 64));
        // (y, x, input, unit) in the file.
        let weights = network.parameters()[2].values;
        let at = |y: usize, x: usize, i: usize, u: usize| weights[((y * 3 + x) * 32 + i) * 64 + u];
        assert_eq!(filters.kernel(5, 7)[2 * 3 + 1], at(2, 1, 7, 5));
        assert!(Filters::of(&taken, 2).is_none());
        let rnn = Network::new(ZOO[6], 2).unwrap();
        assert!(Filters::of(&Dissection::new(&rnn), 0).is_none());
    }
}

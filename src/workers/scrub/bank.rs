//! An array of weights as images: one tile per unit, in the shape of the unit's
//! input.

use crate::ann::AnnError;
use crate::ann::network::Network;
use crate::ann::ops::recurrent::Cell;
use crate::ann::zoo::{Architecture, Layer, Spiking, summary};
use crate::data::SIDE;

/// An array of weights, and how it is laid out as pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    /// `conv1.weight`, as in files.
    pub name: String,
    /// For people: `Conv 1 3×3`.
    pub title: String,
    /// Where it begins among all the network's numbers, and how many it has.
    pub from: usize,
    pub len: usize,
    /// Kernels, units, gates, or a whole layer: a tile each.
    pub units: usize,
    /// What a unit is called: `filter`, `unit`, `gate`, `layer`.
    pub unit: &'static str,
    /// Channels of what comes before, of which one is shown.
    pub channels: usize,
    /// Rows and columns of a tile.
    pub tile: [usize; 2],
    /// Whether the columns belong to the gates one after another.
    gates: bool,
}

impl Bank {
    /// Place in the array of pixel (`y`, `x`) of a unit's tile for one channel.
    pub fn index(&self, unit: usize, channel: usize, y: usize, x: usize) -> usize {
        let [_, w] = self.tile;
        if self.gates {
            (y * self.units + unit) * w + x
        } else {
            ((y * w + x) * self.channels + channel) * self.units + unit
        }
    }

    /// The reverse: unit, channel, row and column of a place.
    pub fn place(&self, index: usize) -> [usize; 4] {
        let [_, w] = self.tile;
        if self.gates {
            let row = index / w;
            return [row % self.units, 0, row / self.units, index % w];
        }
        let (unit, rest) = (index % self.units, index / self.units);
        let (channel, pixel) = (rest % self.channels, rest / self.channels);
        [unit, channel, pixel / w, pixel % w]
    }

    /// One weight, for people, counted from 1: `filter 3, channel 2, row 1,
    /// column 4`.
    pub fn weight_name(&self, index: usize) -> String {
        let [unit, channel, y, x] = self.place(index).map(|i| i + 1);
        let channel =
            if self.channels > 1 { format!("channel {channel}, ") } else { String::new() };
        format!("{} {unit}, {channel}row {y}, column {x}", self.unit)
    }
}

/// Every array of an architecture's weights (not its biases), from the picture to
/// the classes, and the lengths of all its arrays.
///
/// # Errors
/// [`AnnError::Structure`] when the layers do not fit together.
pub fn banks(architecture: &'static Architecture) -> Result<(Vec<Bank>, Vec<usize>), AnnError> {
    let network = Network::new(architecture, architecture.seed)?;
    let layers = (architecture.layers)();
    let lines = summary(&layers);
    let (mut banks, mut lengths, mut from) = (Vec::new(), Vec::new(), 0);
    for parameter in network.parameters() {
        let len = parameter.values.len();
        lengths.push(len);
        let (step, array) = parameter.name.split_once('.').unwrap_or((&parameter.name, ""));
        let of_step = network.plan().steps.iter().find(|s| s.name == step);
        if let (Some(of_step), [rows, columns], false) =
            (of_step, &parameter.shape[..], array == "bias")
        {
            let at = of_step.layers.0;
            let before = at.checked_sub(1).map_or(vec![SIDE, SIDE, 1], |i| lines[i].output.clone());
            let mut bank = Bank {
                name: parameter.name.clone(),
                title: lines[at].name.clone(),
                from,
                len,
                units: *columns,
                unit: "unit",
                channels: 1,
                tile: [1, *rows],
                gates: false,
            };
            // Several layers in one: `settling.dense2.weight`.
            if let Some((layer, _)) = array.split_once('.') {
                bank.title += &layer.replace("dense", " ");
            }
            match (layers[at], &before[..]) {
                (Layer::Conv { kernel, .. }, [.., c]) => {
                    (bank.unit, bank.channels, bank.tile) = ("filter", *c, [kernel, kernel]);
                }
                (Layer::Convolution { window, .. }, [.., c]) => {
                    (bank.unit, bank.channels, bank.tile) = ("filter", *c, window.kernel);
                }
                (Layer::Recurrent { cell, hidden, .. }, _) => {
                    bank.title += if array == "recurrent" { ", recurrent" } else { ", input" };
                    bank.unit = if cell == Cell::Simple { "layer" } else { "gate" };
                    bank.units = columns / hidden;
                    (bank.tile, bank.gates) = ([*rows, hidden], true);
                }
                (Layer::Spiking(Spiking::Recurrent { .. }), _) => {
                    bank.title += if array == "recurrent" { ", recurrent" } else { ", input" };
                }
                (_, [h, w, c]) if h * w * c == *rows => (bank.channels, bank.tile) = (*c, [*h, *w]),
                _ => bank.tile = near_square(*rows),
            }
            banks.push(bank);
        }
        from += len;
    }
    Ok((banks, lengths))
}

/// Rows and columns of a rectangle of `n` pixels that is as square as can be.
pub fn near_square(n: usize) -> [usize; 2] {
    let rows = (1..=n.isqrt()).rev().find(|r| n.is_multiple_of(*r)).unwrap_or(1);
    [rows, n / rows]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo::{self, ZOO};

    #[test]
    fn every_weight_of_the_zoo_is_in_exactly_one_tile() {
        let others = ["settling-30-20", "goodness-900-20"].map(|id| zoo::find(id).unwrap());
        for architecture in ZOO.iter().copied().chain(others) {
            let (banks, lengths) = banks(architecture).unwrap();
            let parameters = Network::new(architecture, 1).unwrap().values();
            assert_eq!(lengths, parameters.iter().map(Vec::len).collect::<Vec<_>>());
            for bank in &banks {
                let [h, w] = bank.tile;
                assert_eq!(bank.units * bank.channels * h * w, bank.len, "{}", bank.name);
                for index in (0..bank.len).step_by(61) {
                    let [u, c, y, x] = bank.place(index);
                    assert!(u < bank.units && c < bank.channels && y < h && x < w);
                    assert_eq!(bank.index(u, c, y, x), index, "{}", bank.name);
                }
            }
            assert_eq!(banks[0].from, 0);
        }
    }

    #[test]
    fn tiles_have_the_shape_that_a_unit_sees() {
        let find = |id: &str| banks(zoo::find(id).unwrap()).unwrap().0;
        let cnn = find("cnn1");
        assert_eq!((cnn[0].units, cnn[0].channels, cnn[0].tile), (32, 1, [3, 3]));
        assert_eq!((cnn[1].units, cnn[1].channels, cnn[1].tile), (128, 32, [5, 5]));
        assert_eq!((cnn[3].units, cnn[3].channels, cnn[3].tile), (128, 128, [4, 4]));
        assert_eq!(cnn[4].tile, [8, 16]);
        assert_eq!(find("mlp")[0].tile, [28, 28]);
        let settling = find("settling-30-20");
        assert_eq!((settling[0].tile, &settling[0].title[..]), ([28, 28], "Settling 1"));
        assert_eq!((settling[1].tile, &settling[1].title[..]), ([5, 6], "Settling 2"));
        let rnn = find("rnn3");
        assert_eq!((rnn[0].units, rnn[0].tile, rnn[0].unit), (3, [28, 128], "gate"));
        assert_eq!((rnn[1].units, rnn[1].tile), (3, [128, 128]));
        let simple = find("net-rnn32r-f10l");
        assert_eq!((simple[0].units, simple[0].tile, simple[0].unit), (1, [28, 32], "layer"));
    }
}

//! Networks of ours, written and read again.

use super::*;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::zoo::{Activation, PoolKind, Window};
use crate::data::SIDE;

const ACTIVATIONS: [Activation; 5] = [
    Activation::Linear,
    Activation::Relu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::LeakyRelu,
];

/// Layers with weights that look random, and what comes out of them.
struct Built<'a> {
    dice: &'a mut Dice,
    layers: Vec<Layer>,
    values: Vec<Vec<f32>>,
    size: [usize; 3],
}

impl Built<'_> {
    fn weights(&mut self, sizes: &[usize]) {
        for n in sizes {
            let values = self.dice.weights(*n);
            self.values.push(values);
        }
    }

    fn dense(&mut self, units: usize, activation: Activation) {
        let inputs: usize = self.size.iter().product();
        self.weights(&[inputs * units, units]);
        self.layers.push(Layer::Dense { units, activation });
        self.size = [1, 1, units];
    }

    fn window(&mut self) -> Option<(Window, [usize; 2])> {
        let [kernel, stride] = [5, 3].map(|n| [1 + self.dice.roll(n), 1 + self.dice.roll(n)]);
        let padding = if self.dice.roll(2) == 0 {
            [0; 4]
        } else {
            std::array::from_fn(|i| self.dice.roll(kernel[i % 2]))
        };
        let window = Window { kernel, stride, padding };
        Some((window, window.output([self.size[0], self.size[1]])?))
    }

    fn picture_layer(&mut self) {
        let c = self.size[2];
        let activation = ACTIVATIONS[self.dice.roll(5)];
        match self.dice.roll(6) {
            0 if self.size[0].min(self.size[1]) > 4 => {
                let filters = 1 + self.dice.roll(4);
                self.weights(&[9 * c * filters, filters]);
                self.layers.push(Layer::Conv { kernel: 3, filters });
                self.size = [self.size[0] - 2, self.size[1] - 2, filters];
            }
            1 => {
                let Some((window, [h, w])) = self.window() else { return };
                let filters = 1 + self.dice.roll(4);
                self.weights(&[window.kernel[0] * window.kernel[1] * c * filters, filters]);
                self.layers.push(Layer::Convolution { window, filters, activation });
                self.size = [h, w, filters];
            }
            2 => {
                let Some((window, [h, w])) = self.window() else { return };
                let kinds = [PoolKind::Max, PoolKind::Average, PoolKind::AverageCounted];
                let kind = kinds[self.dice.roll(3)];
                if kind == PoolKind::AverageCounted && window.is_inside() {
                    return;
                }
                self.layers.push(Layer::Pool { kind, window });
                self.size = [h, w, c];
            }
            3 if self.size[0].min(self.size[1]) > 3 => {
                self.layers.push(Layer::MaxPool);
                self.size = [self.size[0] / 2, self.size[1] / 2, c];
            }
            4 => {
                self.weights(&[c, c]);
                self.layers.push(Layer::Affine);
            }
            _ => self.layers.push(Layer::Activate(activation)),
        }
    }
}

/// Some structure.
fn build(dice: &mut Dice) -> (Vec<Layer>, Vec<Vec<f32>>) {
    let recurrent = dice.roll(4) == 0;
    let (layers, values) = (Vec::new(), Vec::new());
    let mut built = Built { dice, layers, values, size: [SIDE, SIDE, 1] };
    if recurrent {
        let cell = Cell::ALL[built.dice.roll(3)];
        let order = [Order::Rows, Order::Columns][built.dice.roll(2)];
        let hidden = 16 * (1 + built.dice.roll(2));
        let columns = cell.columns() * hidden;
        built.weights(&[SIDE * columns, hidden * columns, cell.biases() * hidden]);
        built.layers.push(Layer::Recurrent { cell, order, hidden });
        built.size = [1, 1, hidden];
    } else {
        for _ in 0..built.dice.roll(5) {
            built.picture_layer();
        }
    }
    for _ in 0..built.dice.roll(3) {
        let activation = ACTIVATIONS[built.dice.roll(5)];
        let units = 1 + built.dice.roll(9);
        built.dense(units, activation);
    }
    built.dense(10, Activation::Linear);
    (built.layers, built.values)
}

#[test]
fn what_is_written_answers_the_same_when_read() {
    let mut dice = Dice(3);
    let digits = digits();
    let mut equal = 0;
    for _ in 0..150 {
        let (layers, values) = build(&mut dice);
        let bytes = export_layers(&layers, &values, "own", "Own").unwrap();
        let back = import(&bytes).unwrap_or_else(|e| panic!("{layers:?}: {e}"));
        assert!(back.input == "n×1×28×28" && back.producer.starts_with("Spikescope"));
        for digit in &digits[..2] {
            let [a, b] = [(&layers, &values), (&back.layers, &back.values)]
                .map(|(layers, values)| plain::logits(layers, values, digit));
            let most = a.iter().fold(1f64, |m, v| m.max(v.abs()));
            let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(apart < 1e-5 * most, "{layers:?} became {:?}: {apart}", back.layers);
        }
        equal += usize::from(back.layers == layers && back.values == values);
    }
    // The others scaled or bent a sum, which the sum or its layer has taken in.
    assert!(equal > 60, "{equal}");
}

#[test]
fn layers_of_the_report_come_back_bit_for_bit() {
    let mut dice = Dice(4);
    let relu = Activation::Relu;
    let (conv, dense) = (
        |kernel, filters| Layer::Conv { kernel, filters },
        |units, activation| Layer::Dense { units, activation },
    );
    let cnn = vec![
        conv(3, 4),
        conv(5, 6),
        Layer::MaxPool,
        Layer::Dropout(0.2),
        dense(12, relu),
        Layer::Dropout(0.3),
        dense(10, Activation::Linear),
    ];
    let sizes = [9 * 4, 4, 25 * 4 * 6, 6, 11 * 11 * 6 * 12, 12, 120, 10];
    let values: Vec<Vec<f32>> = sizes.iter().map(|n| dice.weights(*n)).collect();
    let back = import(&export_layers(&cnn, &values, "cnn", "CNN").unwrap()).unwrap();
    assert_eq!(back.values, values);
    let answering: Vec<Layer> =
        cnn.into_iter().filter(|l| !matches!(l, Layer::Dropout(_))).collect();
    assert_eq!(back.layers, answering);
}

#[test]
fn networks_that_are_no_chain_are_refused_in_a_sentence() {
    let settling = [Layer::Settling { hidden: &[5] }];
    let said = export_layers(&settling, &[], "settling-5", "Settling 5").unwrap_err().to_string();
    assert!(said.contains("Settling 5 cannot be written as ONNX") && said.contains("settles"));
    let dense = [Layer::Dense { units: 10, activation: Activation::Linear }];
    assert!(export_layers(&dense, &[], "x", "X").is_err());
    assert!(export_layers(&dense, &[vec![0.0; 3], vec![0.0; 10]], "x", "X").is_err());
    assert!(export_layers(&[], &[], "x", "X").is_err());
}

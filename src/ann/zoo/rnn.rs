//! RNN 1–4 of the report (§2.2): GRU and LSTM, the digit's columns or rows as
//! time. 98.88, 98.77, 98.99 and 98.97 %.

use super::Activation::{Linear, Relu};
use super::{Architecture, Layer};
use crate::ann::ops::recurrent::{Cell, Order};

/// Columns as time, GRU (128), dense 64, dense 10.
pub static RNN1: Architecture = Architecture {
    id: "rnn1",
    name: "RNN 1",
    doc: "A recurrent network: reads the digit from the left, a column at a time, with 128 gated recurrent units (GRU).",
    layers: &|| layers(Cell::Gru, Order::Columns),
    epochs: 15,
    average_epochs: 5,
    report: Some(98.88),
    seed: 7,
};

/// Columns as time, LSTM (128), dense 64, dense 10.
pub static RNN2: Architecture = Architecture {
    id: "rnn2",
    name: "RNN 2",
    doc: "Reads the digit from the left, a column at a time, with 128 cells of long short-term memory (LSTM).",
    layers: &|| layers(Cell::Lstm, Order::Columns),
    epochs: 15,
    average_epochs: 5,
    report: Some(98.77),
    seed: 8,
};

/// Rows as time, GRU (128), dense 64, dense 10.
pub static RNN3: Architecture = Architecture {
    id: "rnn3",
    name: "RNN 3",
    doc: "Reads the digit from the top, a row at a time, with 128 gated recurrent units (GRU).",
    layers: &|| layers(Cell::Gru, Order::Rows),
    epochs: 15,
    average_epochs: 5,
    report: Some(98.99),
    seed: 3,
};

/// Rows as time, LSTM (128), dense 64, dense 10.
pub static RNN4: Architecture = Architecture {
    id: "rnn4",
    name: "RNN 4",
    doc: "Reads the digit from the top, a row at a time, with 128 cells of long short-term memory (LSTM).",
    layers: &|| layers(Cell::Lstm, Order::Rows),
    epochs: 15,
    average_epochs: 5,
    report: Some(98.97),
    seed: 6,
};

fn layers(cell: Cell, order: Order) -> Vec<Layer> {
    vec![
        Layer::Recurrent { cell, order, hidden: 128 },
        Layer::Dense { units: 64, activation: Relu },
        Layer::Dense { units: 10, activation: Linear },
    ]
}

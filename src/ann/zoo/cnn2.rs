//! CNN 2 and CNN 4 of the report (§2.1), with and without the last dropout:
//! 99.31 % and 99.45 %.

use super::Activation::{Linear, Relu};
use super::{Architecture, Layer};

/// Conv 3×3 (32), Conv 3×3 (64), max-pool, Conv 5×5 (128), max-pool, Conv 3×3
/// (64), max-pool, dropout 0.2, dense 128, dropout 0.5, dense 10.
pub static CNN2: Architecture = Architecture {
    id: "cnn2",
    name: "CNN 2",
    doc: "The deepest of the convolutional networks: four layers of receptive fields, pooled down to a single point.",
    layers: &|| {
        let mut layers = body();
        layers.push(Layer::Dropout(0.5));
        layers.push(Layer::Dense { units: 10, activation: Linear });
        layers
    },
    epochs: 12,
    average_epochs: 5,
    report: Some(99.31),
    seed: 2,
};

/// As CNN 2, without the last dropout.
pub static CNN4: Architecture = Architecture {
    id: "cnn4",
    name: "CNN 4",
    doc: "CNN 2 without its last dropout: what does dropout bring?",
    layers: &|| {
        let mut layers = body();
        layers.push(Layer::Dense { units: 10, activation: Linear });
        layers
    },
    epochs: 12,
    average_epochs: 5,
    report: Some(99.45),
    seed: 4,
};

fn body() -> Vec<Layer> {
    vec![
        Layer::Conv { kernel: 3, filters: 32 },
        Layer::Conv { kernel: 3, filters: 64 },
        Layer::MaxPool,
        Layer::Conv { kernel: 5, filters: 128 },
        Layer::MaxPool,
        Layer::Conv { kernel: 3, filters: 64 },
        Layer::MaxPool,
        Layer::Dropout(0.2),
        Layer::Dense { units: 128, activation: Relu },
    ]
}

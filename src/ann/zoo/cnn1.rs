//! CNN 1 and CNN 5 of the report (§2.1), the same structure with another seed:
//! 99.50 % both.

use super::Activation::{Linear, Relu};
use super::{Architecture, Layer};

/// Conv 3×3 (32), Conv 5×5 (128), max-pool, Conv 3×3 (128), max-pool, dropout
/// 0.2, dense 128, dropout 0.3, dense 10.
pub static CNN1: Architecture = Architecture {
    id: "cnn1",
    name: "CNN 1",
    doc: "A convolutional network with few, wide layers: 128 kernels of 5×5 on the full picture.",
    layers: &layers,
    epochs: 12,
    average_epochs: 5,
    report: Some(99.50),
    seed: 1,
};

/// As CNN 1, from another seed.
pub static CNN5: Architecture = Architecture {
    id: "cnn5",
    name: "CNN 5",
    doc: "CNN 1 once more from another seed: how much is chance?",
    layers: &layers,
    epochs: 12,
    average_epochs: 5,
    report: Some(99.50),
    seed: 5,
};

fn layers() -> Vec<Layer> {
    vec![
        Layer::Conv { kernel: 3, filters: 32 },
        Layer::Conv { kernel: 5, filters: 128 },
        Layer::MaxPool,
        Layer::Conv { kernel: 3, filters: 128 },
        Layer::MaxPool,
        Layer::Dropout(0.2),
        Layer::Dense { units: 128, activation: Relu },
        Layer::Dropout(0.3),
        Layer::Dense { units: 10, activation: Linear },
    ]
}

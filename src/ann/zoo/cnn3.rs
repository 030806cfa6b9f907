//! CNN 3 of the report (§2.1): 99.38 % there.

use super::Activation::{Linear, Relu};
use super::{Architecture, Layer};

/// Conv 3×3 (32), Conv 3×3 (64), max-pool, Conv 5×5 (128), max-pool, dropout
/// 0.2, dense 128, dropout 0.5, dense 10.
pub static CNN3: Architecture = Architecture {
    id: "cnn3",
    name: "CNN 3",
    doc: "A convolutional network: small kernels slide over the digit, as receptive fields do over the retina; three layers of them before the decision.",
    layers: &|| {
        vec![
            Layer::Conv { kernel: 3, filters: 32 },
            Layer::Conv { kernel: 3, filters: 64 },
            Layer::MaxPool,
            Layer::Conv { kernel: 5, filters: 128 },
            Layer::MaxPool,
            Layer::Dropout(0.2),
            Layer::Dense { units: 128, activation: Relu },
            Layer::Dropout(0.5),
            Layer::Dense { units: 10, activation: Linear },
        ]
    },
    epochs: 12,
    average_epochs: 5,
    report: Some(99.38),
    seed: 3,
};

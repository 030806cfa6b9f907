//! A multilayer perceptron: the conventional network of the report's §2.

use super::Activation::{Linear, Relu};
use super::{Architecture, Layer};

/// 784–512–256–10.
pub static MLP: Architecture = Architecture {
    id: "mlp",
    name: "MLP",
    doc: "A multilayer perceptron, 784–512–256–10: every pixel to every unit. It knows nothing of where pixels are.",
    layers: &|| {
        vec![
            Layer::Dense { units: 512, activation: Relu },
            Layer::Dense { units: 256, activation: Relu },
            Layer::Dense { units: 10, activation: Linear },
        ]
    },
    epochs: 15,
    average_epochs: 0,
    report: None,
    seed: 1,
};

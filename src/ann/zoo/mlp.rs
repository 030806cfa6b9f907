//! A multilayer perceptron: the conventional network of the report's §2.

use super::{Architecture, Layer};

/// 784–512–256–10.
pub static MLP: Architecture = Architecture {
    id: "mlp",
    name: "MLP",
    doc: "A multilayer perceptron, 784–512–256–10: every pixel to every unit. It knows nothing of where pixels are.",
    layers: || {
        vec![
            Layer::Dense { units: 512, relu: true },
            Layer::Dense { units: 256, relu: true },
            Layer::Dense { units: 10, relu: false },
        ]
    },
    epochs: 15,
    average_epochs: 0,
    report: None,
    seed: 1,
};

//! A network that imagines digits.

use super::{Architecture, Layer};

/// Bengio et al. (2015): 784–500–100.
pub static BENGIO2015: Architecture = Architecture {
    id: "bengio2015",
    name: "Bengio 2015",
    doc: "Two layers of latent variables with encoders and decoders, all trained by local delta rules and without labels: it reconstructs, completes and imagines digits (Bengio et al. 2015). A linear read-out of its first layer names them.",
    layers: &|| vec![Layer::Energy { hidden: &[500, 100] }],
    epochs: 9,
    average_epochs: 3,
    report: None,
    seed: 1,
};

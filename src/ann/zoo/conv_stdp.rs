//! Deep convolutional networks of spikes that learn by STDP.

use super::{Architecture, Layer};
use crate::ann::ops::conv_stdp::layer::Pool;
use crate::ann::ops::conv_stdp::{Answer, Conv, Design};

/// Kheradpisheh et al. (2018), with more maps: features by STDP, a linear read-out.
pub static CONV_STDP: Architecture = Architecture {
    id: "conv-stdp",
    name: "Conv-STDP",
    doc: "Two convolutions of spiking neurons that learn by STDP, without labels; a linear classifier reads the times of their spikes (Kheradpisheh et al. 2018).",
    layers: &|| {
        static DESIGN: Design = linear(32, 512);
        vec![Layer::ConvStdp(&DESIGN)]
    },
    epochs: 30,
    average_epochs: 10,
    report: None,
    seed: 1,
};

/// Mozafari et al. (2019): the same, but the answer is learned from reward alone.
pub static CONV_STDP_REWARD: Architecture = Architecture {
    id: "conv-stdp-reward",
    name: "Conv-STDP, reward",
    doc: "Convolutions of spiking neurons; the last layer's maps belong to classes and learn from being told only right or wrong, by STDP with its sign reversed after errors (Mozafari et al. 2019).",
    layers: &|| {
        static DESIGN: Design = reward(32, 96, 15);
        vec![Layer::ConvStdp(&DESIGN)]
    },
    epochs: 100,
    average_epochs: 0,
    report: None,
    seed: 1,
};

/// With a linear read-out and so many maps.
pub const fn linear(first: usize, second: usize) -> Design {
    with(first, second, Answer::Linear)
}

/// With so many maps, the last number for each class.
pub const fn reward(first: usize, second: usize, per_class: usize) -> Design {
    with(first, second, Answer::Reward { per_class })
}

/// The first layer is Kheradpisheh's. The second has wider kernels and squares of the
/// pooling that overlap, which was better on held-out digits than theirs.
const fn with(first: usize, second: usize, answer: Answer) -> Design {
    let pool = Pool { size: 2, stride: 2, padding: 1 };
    let wide = Pool { size: 3, stride: 2, padding: 1 };
    Design {
        first: Conv { maps: first, kernel: 5, padding: 2, threshold: 10.0, pool },
        second: Conv { maps: second, kernel: 3, padding: 1, threshold: 4.0, pool: wide },
        answer,
    }
}

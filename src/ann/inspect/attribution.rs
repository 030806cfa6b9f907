//! Gradient × input (Shrikumar et al. 2016): how much each pixel's ink adds to a
//! class's logit if the network were linear, with its gradient at this picture.
//! For a linear network it is w·x, product by product.

use crate::ann::network::Network;
use crate::data::{PIXELS, Pixels};

use super::dissection::{Dissection, Of, Trace, Unit};

/// The map of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The class.
    pub class: usize,
    /// Its logit.
    pub logit: f32,
    /// By pixel, in units of the logit.
    pub map: Box<Pixels>,
}

/// Of the first picture of a trace through all layers; of the last class where there is none
/// of this number.
pub fn of(taken: &Dissection<'_>, trace: &Trace, class: usize) -> Attribution {
    let layer = taken.layers().len() - 1;
    let class = class.min(trace.logits().len().saturating_sub(1));
    let unit = Unit { layer, y: 0, x: 0, channel: class };
    let gradient = taken.gradient(trace, unit, Of::Sum);
    let picture = &trace.planes[0];
    let mut map = Box::new([0f32; PIXELS]);
    for (i, v) in map.iter_mut().enumerate() {
        *v = gradient[i] * picture[i];
    }
    Attribution { class, logit: trace.logits()[class], map }
}

/// Of a picture.
pub fn gradient_times_input(network: &Network, picture: &Pixels, class: usize) -> Attribution {
    let taken = Dissection::new(network);
    of(&taken, &taken.forward(picture, 1), class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo::{Activation, Architecture, Layer, ZOO};
    use crate::data::{CLASSES, synthetic};

    static LINEAR: Architecture = Architecture {
        id: "linear",
        name: "Linear",
        doc: "784–10, for a test.",
        layers: &|| vec![Layer::Dense { units: CLASSES, activation: Activation::Linear }],
        epochs: 1,
        average_epochs: 0,
        report: None,
        seed: 1,
    };

    #[test]
    fn of_a_linear_network_it_is_weight_times_pixel() {
        let network = Network::new(&LINEAR, 3).unwrap();
        let picture = synthetic::digit(2, 5, 1);
        let weights = &network.values()[0];
        for class in 0..CLASSES {
            let found = gradient_times_input(&network, &picture, class);
            let mut sum = network.values()[1][class];
            for (i, v) in found.map.iter().enumerate() {
                let product = weights[i * CLASSES + class] * picture[i];
                assert!((v - product).abs() < 1e-6, "pixel {i}: {v} against {product}");
                sum += product;
            }
            assert!((sum - found.logit).abs() < 1e-4);
        }
    }

    /// Without biases a network of ReLUs and maxima is linear along the ray from
    /// the blank picture, so the map's sum is the logit (Euler's theorem).
    #[test]
    fn without_biases_the_parts_sum_to_the_logit() {
        for architecture in ZOO.iter().filter(|a| !a.id.starts_with("rnn")) {
            // Fresh biases are zero.
            let network = Network::new(architecture, 4).unwrap();
            let picture = synthetic::digit(2, 3, 7);
            let found = gradient_times_input(&network, &picture, 3);
            let sum: f32 = found.map.iter().sum();
            assert!(
                (sum - found.logit).abs() < 1e-3 * found.logit.abs().max(0.1),
                "{}: {sum} against {}",
                architecture.id,
                found.logit
            );
        }
    }
}

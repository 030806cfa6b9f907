//! Whether layers go together.

use super::{Activation, Plan, Window, spiking};
use super::{
    CLASSES, FEWEST, Isa, Layer, MOST_CLASSES, MOST_LAYERS, MOST_PARAMETERS, MOST_WORK, Misfit,
};
use crate::ann::zoo::{Spiking, cost, summary};

/// Whether layers fit together, can be trained here, and end in the classes, 2 to 47 of them.
///
/// # Errors
/// [`Misfit`] at the first layer that does not fit what comes before it.
pub fn check(layers: &[Layer]) -> Result<(), Misfit> {
    let at = |layer: usize, why: &str| Err(Misfit { layer, why: why.to_owned() });
    if layers.is_empty() {
        return at(0, "a network needs a layer, such as Dense(10)");
    }
    if layers.len() > MOST_LAYERS {
        return at(MOST_LAYERS, &format!("more than {MOST_LAYERS} layers are not trained here"));
    }
    let lines = summary(layers);
    let mut before = vec![28, 28, 1];
    for (number, (layer, line)) in layers.iter().zip(&lines).enumerate() {
        if let Some(why) = misfit(layer, &before).or_else(|| spiking::misfit(layers, number)) {
            return at(number, &why);
        }
        before.clone_from(&line.output);
    }
    let last = layers.len() - 1;
    match layers[last] {
        Layer::Dense { units, activation: Activation::Linear }
            if units != CLASSES && layers.iter().any(|l| matches!(l, Layer::Spiking(_))) =>
        {
            return at(last, "networks of neurons that spike tell ten classes apart: Dense(10)");
        }
        Layer::Dense { units: FEWEST..=MOST_CLASSES, activation: Activation::Linear } => {}
        Layer::Dense { activation: Activation::Linear, .. } => {
            return at(
                last,
                "the last layer has a unit for each class: Dense(10) for digits, at most Dense(47)",
            );
        }
        Layer::Dense { units: FEWEST..=MOST_CLASSES, .. } => {
            return at(
                last,
                "the last layer's sums become probabilities: it has no function of its own, as in Dense(10) or Dense(10, linear)",
            );
        }
        Layer::Spiking(_) => {
            if let Some(why) = spiking::end(layers) {
                return at(last, why);
            }
        }
        _ => return at(layers.len(), "a network ends in Dense(10), a unit for each class"),
    }
    if let Some(misfit) = spiking::too_large(layers, &lines) {
        return Err(misfit);
    }
    let cost = cost(layers);
    if cost.parameters > MOST_PARAMETERS {
        return at(
            last,
            &format!(
                "more than {} million weights are not trained here",
                MOST_PARAMETERS / 1_000_000
            ),
        );
    }
    if cost.multiply_adds > MOST_WORK {
        return at(
            last,
            "more than two thousand million multiply–adds for a digit are not computed here",
        );
    }
    // What the list above has overlooked, the plan finds.
    match Plan::new(layers, Isa::best()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Misfit { layer: last, why: error.to_string() }),
    }
}

/// Why a layer does not fit what comes before it.
fn misfit(layer: &Layer, before: &[usize]) -> Option<String> {
    let is_map = before.len() == 3;
    let vector = || Some("needs a picture or maps, and a vector comes before it".to_owned());
    let sized = |window: &Window| {
        let size = [before[0], before[1]];
        let [h, w] = size;
        window.output(size).is_none().then(|| {
            let [kh, kw] = window.kernel;
            if window.padding.iter().zip([kh, kw, kh, kw]).any(|(p, k)| *p >= k) {
                format!("padding is smaller than the window, here {kh}×{kw}")
            } else {
                format!("a window of {kh}×{kw} does not fit into {h}×{w} pixels")
            }
        })
    };
    match layer {
        Layer::Conv { .. } | Layer::MaxPool | Layer::Convolution { .. } | Layer::Pool { .. }
            if !is_map =>
        {
            vector()
        }
        Layer::Conv { kernel, .. } => sized(&Window::square(*kernel, 1)),
        Layer::MaxPool => sized(&Window::square(2, 2)),
        Layer::Convolution { window, .. } | Layer::Pool { window, .. } => sized(window),
        Layer::Recurrent { .. } if before != [28, 28, 1] => {
            Some("reads the picture itself line by line, so it comes first".into())
        }
        Layer::Dropout(_) | Layer::Dense { .. } | Layer::Recurrent { .. } => None,
        Layer::Affine | Layer::Activate(_) => None,
        Layer::Settling { .. }
        | Layer::Goodness { .. }
        | Layer::Energy { .. }
        | Layer::Spiking(Spiking::Energy { .. })
        | Layer::ConvStdp(_) => Some("is no layer of a structure of one's own".into()),
        Layer::Spiking(_) => None,
    }
}

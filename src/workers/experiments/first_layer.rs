//! The MLP's first layer, from which Fig. 3 takes the weights of a unit.

use crate::core::decision::first_max;
use crate::data::{PIXELS, Pixels};
use crate::workers::models::Models;

/// Its weights, `[pixel][unit]`, and biases.
fn parameters(models: &Models) -> Option<(&[f32], &[f32])> {
    let model = models.iter().find(|m| m.network.architecture().id == "mlp")?;
    let parameters = model.network.parameters();
    let matrix = parameters.iter().find(|p| p.shape.len() == 2 && p.shape[0] == PIXELS)?;
    let bias = parameters.iter().find(|p| p.values.len() == matrix.shape[1])?;
    Some((matrix.values, bias.values))
}

/// Weights and bias of a unit; beyond the last one they are counted from the first.
pub fn first_layer(models: &Models, unit: usize) -> Option<(Vec<f32>, f32)> {
    let (weights, bias) = parameters(models)?;
    let unit = unit % bias.len();
    Some((weights.iter().skip(unit).step_by(bias.len()).copied().collect(), bias[unit]))
}

/// The unit with the largest Σ W x for these pixels.
pub fn strongest_unit(models: &Models, pixels: &Pixels) -> Option<usize> {
    let (weights, bias) = parameters(models)?;
    let mut sums = bias.to_vec();
    for (x, row) in pixels.iter().zip(weights.chunks(bias.len())).filter(|(x, _)| **x > 0.0) {
        sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
    }
    first_max(sums)
}

/// How many units there are.
pub fn first_layer_units(models: &Models) -> usize {
    parameters(models).map_or(0, |(_, bias)| bias.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::workers::models::{Model, Origin};

    #[test]
    fn the_strongest_unit_has_the_largest_sum() {
        let mut all = REPORT.networks().into_iter().map(|loaded| loaded.unwrap());
        let (network, metadata) = all.find(|(n, _)| n.architecture().id == "mlp").unwrap();
        let models: Models = vec![Arc::new(Model::new(network, metadata, Origin::Bundled))];
        let pixels: Pixels = std::array::from_fn(|i| (i % 28) as f32 / 27.0);
        let units = first_layer_units(&models);
        assert_eq!(units, 512);
        let sum = |unit| {
            let (weights, bias) = first_layer(&models, unit).unwrap();
            weights.iter().zip(&pixels).map(|(w, x)| f64::from(w * x)).sum::<f64>()
                + f64::from(bias)
        };
        let best = sum(strongest_unit(&models, &pixels).unwrap());
        // Sums of 784 products in single precision.
        assert!((0..units).all(|unit| sum(unit) < best + 1e-3));
        assert_eq!(first_layer(&models, units + 3), first_layer(&models, 3));
        assert_eq!((first_layer_units(&Vec::new()), first_layer(&Vec::new(), 0)), (0, None));
    }
}

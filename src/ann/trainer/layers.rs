//! How much a layer changes: sizes and histograms of its weights and of their
//! last update.

use crate::ann::network::Network;

/// Bins of a histogram.
const BINS: usize = 40;

/// Counts of values in equal bins from `low` to `high`.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Smallest value.
    pub low: f32,
    /// Largest value.
    pub high: f32,
    /// Values per bin.
    pub counts: Vec<u32>,
}

impl Histogram {
    /// Counts the finite values.
    pub fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        let finite = values.filter(|v| v.is_finite());
        let (low, high) =
            finite.clone().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Self { low: 0.0, high: 0.0, counts: vec![0; BINS] };
        }
        let mut counts = vec![0; BINS];
        let scale = if high > low { BINS as f32 / (high - low) } else { 0.0 };
        for v in finite {
            counts[(((v - low) * scale) as usize).min(BINS - 1)] += 1;
        }
        Self { low, high, counts }
    }
}

/// A weight matrix or kernel and its last update.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerStats {
    /// `conv1`, `dense2`.
    pub name: String,
    /// Euclidean norm of the weights, ‖W‖.
    pub weight_norm: f64,
    /// Euclidean norm of the last update, ‖ΔW‖.
    pub update_norm: f64,
    /// ‖ΔW‖ / ‖W‖.
    pub ratio: f64,
    /// Of the weights.
    pub weight_histogram: Histogram,
    /// Of the update.
    pub update_histogram: Histogram,
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt()
}

/// Compares a network's weights (not its biases) with those before the update.
pub fn measure(network: &Network, before: &[Vec<f32>]) -> Vec<LayerStats> {
    let stats = network.parameters().into_iter().zip(before).filter_map(|(parameter, before)| {
        // `gru1.kernel` and `gru1.recurrent` are two matrices of one layer.
        let name = parameter.name.strip_suffix(".weight").unwrap_or(&parameter.name).to_owned();
        if name.ends_with(".bias") {
            return None;
        }
        let now = parameter.values;
        let update = now.iter().zip(before).map(|(a, b)| a - b);
        let (weight_norm, update_norm) = (norm(now.iter().copied()), norm(update.clone()));
        Some(LayerStats {
            name,
            weight_norm,
            update_norm,
            ratio: if weight_norm > 0.0 { update_norm / weight_norm } else { 0.0 },
            weight_histogram: Histogram::of(now.iter().copied()),
            update_histogram: Histogram::of(update),
        })
    });
    stats.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_every_finite_value_once() {
        let values = [0.0, 1.0, 0.5, f32::NAN, 1.0];
        let h = Histogram::of(values.into_iter());
        assert_eq!((h.low, h.high, h.counts.iter().sum::<u32>()), (0.0, 1.0, 4));
        assert_eq!((h.counts[0], h.counts[BINS / 2], h.counts[BINS - 1]), (1, 1, 2));
        assert_eq!(Histogram::of([3.0; 5].into_iter()).counts[0], 5);
        assert_eq!(Histogram::of(std::iter::empty()).counts.iter().sum::<u32>(), 0);
    }
}

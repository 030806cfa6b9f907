//! Damage to networks: neurons or synapses are cut, or the input is noisy.
//!
//! * A cut **neuron** is silent: a hidden unit with all its synapses.
//! * A cut **synapse** has weight zero; the others are not scaled up to compensate.
//! * **Noise** is Gaussian, added to every pixel.
//!
//! A seed decides what is cut; a larger share includes a smaller one.

use super::network::Learnt;
use crate::ann::network::Network;
use crate::core::rng::Rng;
use crate::data::dataset::Dataset;
use crate::data::{Pixels, perturb};

/// Shares that are cut.
pub const SHARES: [f64; 9] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9];
/// Standard deviations of the noise, 1 is full ink.
pub const NOISES: [f64; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8];

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Damage {
    Neurons,
    Synapses,
    Noise,
}

impl Damage {
    /// All.
    pub const ALL: [Self; 3] = [Self::Neurons, Self::Synapses, Self::Noise];

    /// How much of it.
    pub fn amounts(self) -> &'static [f64] {
        if self == Self::Noise { &NOISES } else { &SHARES }
    }
}

/// The picture, noisy if that is the damage.
pub fn noisy(test: &Dataset, i: usize, damage: Damage, amount: f64, seed: u64) -> Pixels {
    let pixels = test.pixels(i);
    if damage == Damage::Noise && amount > 0.0 {
        return perturb::noise(&pixels, amount as f32, seed.wrapping_add(i as u64));
    }
    pixels
}

/// Whether each of `n` things is cut: a larger share includes a smaller one.
fn chance(seed: u64, name: &str, n: usize, share: f64) -> Vec<bool> {
    let mut rng = Rng::stream(seed, name, 0);
    (0..n).map(|_| f64::from(rng.uniform()) < share).collect()
}

/// Of the spiking network.
pub fn cut_spiking(network: &Learnt, damage: Damage, share: f64, seed: u64) -> Learnt {
    let mut cut = network.clone();
    let neurons = cut.theta.len();
    match damage {
        Damage::Noise => {}
        Damage::Neurons => {
            let gone = chance(seed, "cut neurons", neurons, share);
            for row in cut.weights.chunks_exact_mut(neurons.max(1)) {
                row.iter_mut().zip(&gone).filter(|(_, g)| **g).for_each(|(w, _)| *w = 0.0);
            }
            // Who is gone has no vote, and does not lower its digit's mean.
            cut.labels.iter_mut().zip(&gone).filter(|(_, g)| **g).for_each(|(l, _)| *l = None);
        }
        Damage::Synapses => {
            let gone = chance(seed, "cut synapses", cut.weights.len(), share);
            cut.weights.iter_mut().zip(&gone).filter(|(_, g)| **g).for_each(|(w, _)| *w = 0.0);
        }
    }
    cut
}

/// Of a conventional network.
pub fn cut_network(network: &Network, damage: Damage, share: f64, seed: u64) -> Network {
    let mut cut = network.clone();
    if damage == Damage::Noise || share == 0.0 {
        return cut;
    }
    let shapes: Vec<Vec<usize>> = network.parameters().iter().map(|p| p.shape.clone()).collect();
    let mut values = network.values();
    // Weights are `[inputs, units]`, each followed by the units' biases; the last
    // layer's units are the answers and stay.
    let last = shapes.iter().rposition(|s| s.len() > 1).unwrap_or(0);
    let mut gone = Vec::new();
    for (i, (shape, values)) in shapes.iter().zip(&mut values).enumerate() {
        let units = shape.last().copied().unwrap_or(1).max(1);
        let name = format!("cut {i}");
        match damage {
            Damage::Synapses if shape.len() > 1 => {
                let cut = chance(seed, &name, values.len(), share);
                values.iter_mut().zip(&cut).filter(|(_, g)| **g).for_each(|(w, _)| *w = 0.0);
            }
            Damage::Neurons if i < last => {
                if shape.len() > 1 {
                    gone = chance(seed, &name, units, share);
                }
                for row in values.chunks_exact_mut(units) {
                    row.iter_mut().zip(&gone).filter(|(_, g)| **g).for_each(|(w, _)| *w = 0.0);
                }
            }
            _ => {}
        }
    }
    cut.set_values(&values);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_cut_includes_a_smaller_one_and_cuts_its_share() {
        let (few, many) = (chance(1, "x", 10_000, 0.2), chance(1, "x", 10_000, 0.6));
        assert!(few.iter().zip(&many).all(|(a, b)| !*a || *b));
        let share = many.iter().filter(|g| **g).count() as f64 / 10_000.0;
        assert!((share - 0.6).abs() < 0.02, "{share}");
    }

    #[test]
    fn a_network_loses_its_hidden_units_but_not_its_answers() {
        let mlp = crate::ann::zoo::find("mlp").unwrap();
        let whole = Network::new(mlp, 1).unwrap();
        let cut = cut_network(&whole, Damage::Neurons, 1.0, 1);
        let shapes: Vec<usize> = whole.parameters().iter().map(|p| p.shape.len()).collect();
        let (values, last) = (cut.values(), shapes.iter().rposition(|n| *n > 1).unwrap());
        assert!(values[..last].iter().flatten().all(|w| *w == 0.0));
        assert_eq!(values[last], whole.values()[last]);
        assert_eq!(cut_network(&whole, Damage::Synapses, 0.0, 1).values(), whole.values());
    }
}

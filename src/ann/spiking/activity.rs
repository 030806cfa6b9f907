//! What a network of spiking neurons does at many pictures: rates, neurons that are of no
//! use, and what a decision takes.

use rayon::prelude::*;

use super::look::{LayerWatch, watch};
use super::places;
use crate::ann::network::Network;
use crate::ann::zoo::{Layer, summary};
use crate::data::Pixels;

/// A neuron that spikes at more of its steps than this, on average, says little.
pub const SATURATED: f32 = 0.9;

/// One layer over many pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerActivity {
    /// For people: `LIF 1`.
    pub name: String,
    /// Neurons.
    pub units: usize,
    /// Share of steps with a spike, 0 to 1, of each neuron.
    pub rates: Vec<f32>,
    /// Spikes of the layer per picture.
    pub spikes: f64,
}

impl LayerActivity {
    /// Mean rate, 0 to 1.
    pub fn mean_rate(&self) -> f32 {
        self.rates.iter().sum::<f32>() / self.rates.len().max(1) as f32
    }

    /// Share of neurons that never spike: they have learned nothing and, without a spike,
    /// hardly will.
    pub fn silent(&self) -> f32 {
        self.share(|rate| rate == 0.0)
    }

    /// Share of neurons that spike at nearly all steps of all pictures (see [`SATURATED`]).
    pub fn saturated(&self) -> f32 {
        self.share(|rate| rate > SATURATED)
    }

    fn share(&self, of: impl Fn(f32) -> bool) -> f32 {
        let count = self.rates.iter().filter(|r| of(**r)).count();
        count as f32 / self.rates.len().max(1) as f32
    }
}

/// A network over many pictures; counts are means per picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Layers of spiking neurons, from the picture on.
    pub layers: Vec<LayerActivity>,
    /// Spikes of all layers.
    pub spikes: f64,
    /// Multiplications with addition: of the picture with the first weights (once, where
    /// currents are constant), and of what is read out with the last ones.
    pub multiply_adds: f64,
    /// Additions of a weight that a spike causes.
    pub additions: f64,
    /// Updates of a membrane.
    pub updates: f64,
}

/// What each spike of a unit adds to: the weights that lead on from it, before any other
/// neuron; 0 where spikes are summed over time first.
fn fan_out(layers: &[Layer], watch: &LayerWatch) -> Vec<usize> {
    let [h, w, c] = watch.shape;
    let own = if watch.place.recurrent { watch.units() } else { 0 };
    let flat = |each: usize| vec![own + each; watch.units()];
    if watch.place.neurons.out_steps() == 1 {
        return flat(0);
    }
    match layers.get(watch.place.layer + 1) {
        Some(Layer::Dense { units, .. }) => flat(*units),
        Some(Layer::Conv { kernel, filters }) => {
            // Kernels that cover a place: fewer at the edges.
            let covered = |at: usize, side: usize| {
                let outputs = (side + 1).saturating_sub(*kernel);
                (at + 1).min(outputs).saturating_sub((at + 1).saturating_sub(*kernel))
            };
            let places = (0..h).flat_map(|y| (0..w).map(move |x| (y, x)));
            places
                .flat_map(|(y, x)| vec![own + covered(y, h) * covered(x, w) * filters; c])
                .collect()
        }
        _ => flat(0),
    }
}

/// What the network does at these pictures, on the threads of the current pool; `None` if
/// it has no spiking neurons that run over steps.
pub fn activity(network: &Network, pictures: &[Pixels]) -> Option<Activity> {
    let declared = (network.architecture().layers)();
    let lines = summary(&declared);
    let found = places(network);
    let first = found.first()?;
    // Counts are whole numbers, so the order in which they are added changes nothing.
    let counts = pictures.par_iter().map(|picture| {
        let watched = watch(network, picture);
        let layers = watched.map(|w| w.layers).unwrap_or_default();
        let each = layers.iter().map(|layer| {
            let units = layer.units();
            let mut counts = vec![0u32; units];
            for step in layer.spikes.chunks_exact(units) {
                counts.iter_mut().zip(step).for_each(|(c, s)| *c += u32::from(*s > 0.0));
            }
            counts
        });
        each.collect::<Vec<_>>()
    });
    let sums: Vec<Vec<u64>> = counts
        .fold(Vec::new, |mut sums: Vec<Vec<u64>>, counts| {
            add(&mut sums, counts.iter().map(|c| c.iter().map(|v| u64::from(*v))));
            sums
        })
        .reduce(Vec::new, |mut sums, others| {
            add(&mut sums, others.iter().map(|c| c.iter().copied()));
            sums
        });
    let n = pictures.len().max(1) as f64;
    let shown = pictures.first().copied().unwrap_or([0.0; crate::data::PIXELS]);
    let watched = watch(network, &shown)?;
    let mut all = Activity::default();
    for (layer, sums) in watched.layers.iter().zip(&sums) {
        let steps = layer.steps() as f64;
        let spikes = sums.iter().sum::<u64>() as f64 / n;
        let fans = fan_out(&declared, layer);
        all.spikes += spikes;
        all.additions +=
            sums.iter().zip(&fans).map(|(s, f)| *s as f64 * *f as f64).sum::<f64>() / n;
        all.updates += steps * layer.units() as f64;
        all.layers.push(LayerActivity {
            name: layer.name.clone(),
            units: layer.units(),
            rates: sums.iter().map(|s| (*s as f64 / n / steps) as f32).collect(),
            spikes,
        });
    }
    // Before the first neurons nothing spikes; after the last read-out neither.
    let read = found.iter().find(|p| p.neurons.out_steps() == 1).map_or(usize::MAX, |p| p.layer);
    for (i, line) in lines.iter().enumerate() {
        if i < first.layer || i > read {
            all.multiply_adds += line.multiply_adds as f64;
        } else if i == first.layer && first.recurrent {
            let inputs = crate::data::PIXELS as f64;
            all.multiply_adds += inputs * watched.layers[0].units() as f64;
        }
    }
    Some(all)
}

/// Adds by layer and unit.
fn add<'a, U: Iterator<Item = u64> + 'a>(
    sums: &mut Vec<Vec<u64>>,
    others: impl Iterator<Item = U>,
) {
    for (i, other) in others.enumerate() {
        if sums.len() <= i {
            sums.push(other.collect());
        } else {
            sums[i].iter_mut().zip(other).for_each(|(s, v)| *s += v);
        }
    }
}

//! What a network of spiking neurons does at many pictures: rates, neurons that are of no
//! use, and what a decision takes.

use rayon::prelude::*;

use super::look::{LayerWatch, watch};
use super::places;
use crate::ann::network::Network;
use crate::ann::zoo::{Layer, Window, summary};
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
    let onward = onward(layers.get(watch.place.layer + 1..).unwrap_or_default(), [h, w]);
    onward.into_iter().flat_map(|each| vec![own + each; c]).collect()
}

/// Weights that lead on from each place of maps of this height and width, through pooling,
/// to the next sums, `(y, x)`. Of several spikes in a window of max-pooling only one goes
/// on, and each is counted as if it did.
fn onward(layers: &[Layer], [h, w]: [usize; 2]) -> Vec<usize> {
    let through = |window: Window, by: &dyn Fn([usize; 2]) -> Vec<usize>| {
        let outputs = window.output([h, w]).unwrap_or_default();
        let each = by(outputs);
        let sum = |y: usize, x: usize| -> usize {
            let [rows, columns] =
                [(0, y), (1, x)].map(|(axis, at)| window.over(axis, at, outputs[axis]));
            rows.flat_map(|row| columns.clone().map(move |column| (row, column)))
                .filter_map(|(row, column)| each.get(row * outputs[1] + column))
                .sum()
        };
        (0..h * w).map(|at| sum(at / w.max(1), at % w.max(1))).collect()
    };
    let summed = |window, filters: usize| through(window, &|[h, w]| vec![filters; h * w]);
    match layers.first() {
        Some(Layer::Dense { units, .. }) => vec![*units; h * w],
        Some(Layer::Conv { kernel, filters }) => summed(Window::square(*kernel, 1), *filters),
        Some(Layer::Convolution { window, filters, .. }) => summed(*window, *filters),
        Some(Layer::MaxPool) => through(Window::square(2, 2), &|size| onward(&layers[1..], size)),
        Some(Layer::Pool { window, .. }) => through(*window, &|size| onward(&layers[1..], size)),
        _ => vec![0; h * w],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo::notation::parse;

    /// Counted from the other end: each window, and the places that it sees.
    #[test]
    fn what_a_spike_adds_to_is_what_sees_it() {
        let (h, w) = (9, 7);
        let window = Window { kernel: [3, 2], stride: [2, 1], padding: [1, 1, 0, 1] };
        let text = "Conv[3x2, stride 2x1, padding 1/1/0/1](5) - LIF - Dense(10)";
        let mut counted = vec![0; h * w];
        let [rows, columns] = window.output([h, w]).unwrap();
        for (row, column) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
            for y in window.pixels(0, row, h) {
                window.pixels(1, column, w).for_each(|x| counted[y * w + x] += 5);
            }
        }
        assert_eq!(onward(&parse(text).unwrap(), [h, w]), counted);
        // The ninth row and the seventh column are not pooled.
        let pooled = onward(&parse("MaxPool[2x2] - Dense(30) - Dense(10)").unwrap(), [h, w]);
        for (at, each) in pooled.iter().enumerate() {
            assert_eq!(*each, if at / w < 8 && at % w < 6 { 30 } else { 0 });
        }
        let both = parse("AvgPool[2x2] - Conv[2x2](3) - LIF - Dense(10)").unwrap();
        let both = onward(&both, [h, w]);
        // 4×3 means: a kernel at the corner, four in the middle.
        assert_eq!((both[0], both[2 * w + 2], both[8 * w + 6]), (3, 12, 0));
        assert_eq!(onward(&[], [2, 2]), [0; 4]);
    }
}

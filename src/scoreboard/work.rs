//! What one decision takes: operations, spikes, an estimate of energy.

use rayon::prelude::*;

use super::circuit::{Synapses, synapses};
use super::member::{CONVERTED_STEPS, Member, in_parallel, multiply_adds, spikes, traced};
use super::subject::{Context, Halt};
use crate::ann::network::Network;
use crate::ann::spiking::cost::cost;
use crate::ann::zoo::{Layer, Window, summary};
use crate::convert::energy::{ADD_PJ, MULTIPLY_ADD_PJ, PER_NEURON};
use crate::convert::recipe::Disturbance;
use crate::convert::run::Run;
use crate::data::{PIXELS, Pixels, SIDE};
use crate::snn::diehl_cook::protocol::ProtocolSettings;
use crate::snn::diehl_cook::trained::Trained;

/// Means per decision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Multiplications with addition, zeros included.
    pub multiply_adds: f64,
    /// Those whose input is not zero.
    pub without_zeros: f64,
    /// Additions of a weight that a spike causes.
    pub additions: f64,
    /// Updates of a membrane.
    pub updates: f64,
    /// Of an update, pJ: a leak is multiplied with, what does not leak is added to.
    pub update_pj: f64,
    /// Spikes, of all neurons and, where they spike, of pixels; `None` where numbers are
    /// sent.
    pub spikes: Option<f64>,
}

impl Work {
    /// Operations, zeros left out.
    pub fn operations(&self) -> f64 {
        self.without_zeros + self.additions + self.updates
    }

    /// An estimate of energy, µJ, from this many multiply–adds.
    pub fn energy_uj(&self, multiply_adds: f64) -> f64 {
        let arithmetic = multiply_adds * MULTIPLY_ADD_PJ + self.additions * ADD_PJ;
        (arithmetic + self.updates * self.update_pj) * 1e-6
    }
}

/// What decisions about these pictures take.
///
/// # Errors
/// [`Halt`].
pub fn measure(member: &Member, pictures: &[Pixels], context: &Context<'_>) -> Result<Work, Halt> {
    let work = match member {
        Member::Network(network) => of_network(network, pictures, context)?,
        Member::DiehlCook(trained) => of_diehl_cook(trained, pictures, context)?,
        Member::Converted(all) => {
            let one = |i: usize| -> Result<Work, Halt> {
                context.go_on()?;
                let mut run = Run::new(&all.2, &pictures[i], Disturbance::default(), 0);
                (0..CONVERTED_STEPS).for_each(|_| run.advance());
                let work = run.work();
                Ok(Work {
                    multiply_adds: work.first_layer as f64,
                    without_zeros: 0.0,
                    additions: (work.synapses + work.gates) as f64,
                    updates: (work.neurons / PER_NEURON) as f64,
                    update_pj: PER_NEURON as f64 * ADD_PJ,
                    spikes: Some(run.spikes() as f64),
                })
            };
            let each = in_parallel(pictures.len(), context.threads, one);
            let mut sum = Work::default();
            for one in each {
                let one = one?;
                sum.multiply_adds += one.multiply_adds;
                sum.additions += one.additions;
                sum.updates += one.updates;
                sum.update_pj = one.update_pj;
                sum.spikes = Some(sum.spikes.unwrap_or(0.0) + one.spikes.unwrap_or(0.0));
            }
            let n = pictures.len().max(1) as f64;
            let multiply_adds = sum.multiply_adds / n;
            Work {
                multiply_adds,
                without_zeros: multiply_adds - saved(&all.0, pictures),
                additions: sum.additions / n,
                updates: sum.updates / n,
                spikes: sum.spikes.map(|s| s / n),
                ..sum
            }
        }
    };
    Ok(work)
}

fn of_network(network: &Network, pictures: &[Pixels], context: &Context<'_>) -> Result<Work, Halt> {
    let pool = crate::ann::pool(context.threads)?;
    if let Some(cost) = pool.install(|| cost(network, pictures)) {
        return Ok(Work {
            multiply_adds: cost.multiply_adds,
            without_zeros: (cost.multiply_adds - saved(network, pictures)).max(0.0),
            additions: cost.additions,
            updates: cost.updates,
            update_pj: MULTIPLY_ADD_PJ,
            spikes: Some(cost.spikes),
        });
    }
    let layers = (network.architecture().layers)();
    if is_closed(network) {
        let multiply_adds = if layers.iter().any(|l| matches!(l, Layer::Energy { .. })) {
            answering(network)
        } else {
            multiply_adds(network) as f64
        };
        let without_zeros = multiply_adds - saved(network, pictures);
        return Ok(Work { multiply_adds, without_zeros, ..Work::default() });
    }
    let dense = multiply_adds(network) as f64;
    let mut sum = 0f64;
    let columns = |name: &str| {
        let of = |s: &&Synapses| s.name.ends_with(name);
        synapses(network).iter().find(of).map_or(0, |s| s.columns)
    };
    let gates = columns(".recurrent");
    traced(network, pictures, context, |taken, trace| {
        for (number, layer) in taken.layers().iter().enumerate() {
            let input = &trace.planes[number];
            let size = (input.len() / trace.n.max(1)).max(1);
            let shown = |fan: &dyn Fn(usize) -> usize| -> usize {
                let each = input.iter().enumerate().filter(|(_, v)| **v != 0.0);
                each.map(|(i, _)| fan(i % size)).sum()
            };
            let count = match *layer {
                Layer::Conv { filters, .. } | Layer::Convolution { filters, .. } => {
                    let plane = if number == 0 { taken.input() } else { taken.plane(number - 1) };
                    let fan = seen_by(layer, [plane.h, plane.w]);
                    shown(&|i| fan(i / plane.c / plane.w, i / plane.c % plane.w) * filters)
                }
                Layer::Dense { units, .. } => shown(&|_| units),
                // States begin at zero, and are then hardly ever.
                Layer::Recurrent { hidden, .. } => {
                    shown(&|_| gates) + trace.n * (SIDE - 1) * hidden * gates
                }
                _ => 0,
            };
            sum += count as f64;
        }
    })?;
    let without_zeros = sum / pictures.len().max(1) as f64;
    Ok(Work { multiply_adds: dense, without_zeros, ..Work::default() })
}

/// Whether a network without spikes is one operation, of which only the picture's zeros are
/// seen.
pub fn is_closed(network: &Network) -> bool {
    (network.architecture().layers)().iter().any(|l| {
        matches!(l, Layer::Settling { .. } | Layer::Goodness { .. } | Layer::Energy { .. })
    })
}

/// How many places of a convolution see the pixel in a row and a column of what comes in.
fn seen_by(layer: &Layer, size: [usize; 2]) -> impl Fn(usize, usize) -> usize + Sync {
    let window = match *layer {
        Layer::Conv { kernel, .. } => Window::square(kernel, 1),
        Layer::Convolution { window, .. } => window,
        _ => Window::square(1, 1),
    };
    let [h, w] = window.output(size).unwrap_or_default();
    move |y, x| window.seen_by(0, y, h) * window.seen_by(1, x, w)
}

/// Of a network that imagines, what it takes to answer: its first layer and the read-out.
fn answering(network: &Network) -> f64 {
    let all = synapses(network);
    let read = |s: &&Synapses| s.from.is_none() || s.name.ends_with("read_out.weight");
    all.iter().filter(read).map(|s| (s.rows * s.columns) as f64).sum()
}

/// Multiply–adds of the first layer whose pixel is black, per picture.
fn saved(network: &Network, pictures: &[Pixels]) -> f64 {
    let layers = (network.architecture().layers)();
    let all = synapses(network);
    let Some(first) = all.first() else { return 0.0 };
    let seen = layers.first().map(|layer| seen_by(layer, [SIDE; 2]));
    let fan = |i: usize| match (layers.first(), &seen) {
        (Some(Layer::Conv { filters, .. } | Layer::Convolution { filters, .. }), Some(seen)) => {
            seen(i / SIDE, i % SIDE) * filters
        }
        // Black is no longer zero.
        (Some(Layer::Affine), _) => 0,
        // Neurons of the retina filter the whole picture; first spikes have no products.
        _ if first.rows != PIXELS && first.rows != SIDE => 0,
        _ => first.columns,
    };
    let lines = summary(&layers);
    if lines.iter().all(|l| l.multiply_adds == 0) {
        return 0.0;
    }
    let black = |p: &Pixels| -> usize { (0..PIXELS).filter(|i| p[*i] == 0.0).map(fan).sum() };
    let all: usize = pictures.par_iter().map(black).sum();
    all as f64 / pictures.len().max(1) as f64
}

fn of_diehl_cook(
    trained: &Trained,
    pictures: &[Pixels],
    context: &Context<'_>,
) -> Result<Work, Halt> {
    let settings = ProtocolSettings::default();
    let neurons = trained.about.config.neurons as f64;
    let counts = spikes(trained, pictures.len(), &|i| pictures[i], false, context)?;
    let n = pictures.len().max(1) as f64;
    let fired: u64 = counts.iter().flatten().flatten().map(|(_, c)| u64::from(*c)).sum();
    let fired = fired as f64 / n;
    // Poisson spikes of the pixels, as many as are expected.
    let ink: f64 = pictures.iter().flatten().map(|p| f64::from(*p)).sum::<f64>() / n;
    let rate = f64::from(settings.white_hz * settings.intensity) * settings.show_ms / 1e3;
    let input = ink * rate;
    Ok(Work {
        multiply_adds: 0.0,
        without_zeros: 0.0,
        // An excitatory spike reaches its partner, whose spike reaches all others.
        additions: input * neurons + fired * neurons,
        updates: settings.show_ms / trained.about.config.dt_ms * 2.0 * neurons,
        update_pj: MULTIPLY_ADD_PJ,
        spikes: Some(input + 2.0 * fired),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo::find;
    use crate::data::synthetic;
    use crate::scoreboard::tests::with_context;

    #[test]
    fn white_pictures_save_nothing_and_black_ones_the_first_layer() {
        let network = Network::new(find("mlp").unwrap(), 1).unwrap();
        assert_eq!(saved(&network, &[[1.0; PIXELS]]), 0.0);
        assert_eq!(saved(&network, &[[0.0; PIXELS]]), (PIXELS * 512) as f64);
        let conv = Network::new(find("cnn3").unwrap(), 1).unwrap();
        assert_eq!(saved(&conv, &[[0.0; PIXELS]]), (26 * 26 * 9 * 32) as f64);
        // The retina's filters are no products with a first layer of weights.
        let stdp = Network::new(find("conv-stdp").unwrap(), 1).unwrap();
        assert_eq!(saved(&stdp, &[[0.0; PIXELS]]), 0.0);
    }

    #[test]
    fn zeros_are_left_out_of_every_layer() {
        let digits = synthetic::generate(3, 4);
        with_context(&digits, &digits, |context| {
            for id in ["mlp", "cnn3", "rnn3", "settling-30", "lif-dense", "first-spike", "lif-chl"]
            {
                let network = Network::new(find(id).unwrap(), 1).unwrap();
                let pictures = super::super::member::pictures(&digits, 4);
                let work = of_network(&network, &pictures, context).unwrap();
                let fewer = work.without_zeros < work.multiply_adds || id == "first-spike";
                assert!(fewer && work.operations() > 0.0, "{id}: {work:?}");
                let white = [[1.0; PIXELS]];
                let work = of_network(&network, &white, context).unwrap();
                assert!(work.without_zeros <= work.multiply_adds, "{id}: {work:?}");
            }
        });
    }
}

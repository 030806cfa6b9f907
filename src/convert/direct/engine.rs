//! A network trained in spikes on the general spiking engines, CPU and GPU: populations of
//! the models `lif_soft` and, behind a max-pooling, `lif_soft_max`.
//!
//! A step is a millisecond. A spike there reaches the next layer a step later, so each layer
//! lags a step behind the one before, and biases begin to flow when the picture can have
//! arrived. Apart from that, every neuron spikes at the same step as in the network itself.
//! Dense and recurrent layers add up the same numbers in the same order, so the spikes are
//! the same to the last one; a convolution is computed there by its definition and here by
//! minimal filtering, and the layer after it adds up its spikes in another order, so a
//! potential within rounding of the threshold may reach it in one and not in the other.
//!
//! Each of the four currents that a max-pooling compares is a sum of its own: a convolution
//! with stride 2, whose kernel is larger by one and begins in one of four corners.

use std::time::Instant;

use super::{Direct, Kind, Population, Read, Synapses};
use crate::ann::network::Network;
use crate::ann::spiking::look::{Watched, arriving, watch};
use crate::convert::ConvertError;
use crate::convert::on_engine::Beside;
use crate::data::{CLASSES, Pixels};
use crate::snn::SnnError;
use crate::snn::choose::{self, Preference};
use crate::snn::engine::{Engine, EngineState};
use crate::snn::network::{
    Connect, ConvolutionShape, CurrentSpec, NetworkSpec, ProbeSpec, ProbeWhat, ProjectionSpec,
    Values, Waveform,
};
use crate::snn::params::Config;

/// The step, ms; a current of 1/ms then adds 1 in a step.
const DT_MS: f64 = 1.0;
/// A threshold that is never reached, for the read-out.
const NEVER: f64 = 1e6;
/// The state variable that synapses add to, and those in front of a max-pooling.
const ONTO: &str = "i";
const CORNERS: [(&str, [usize; 2]); 4] =
    [("i1", [0, 0]), ("i2", [0, 1]), ("i3", [1, 0]), ("i4", [1, 1])];

/// What a picture did there.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// By layer: 1 where it spiked, else 0, `(step, y, x, channel)`, each layer's steps
    /// counted from when the picture can have reached it.
    pub spikes: Vec<Vec<f32>>,
    /// What the read-out gives after the last step.
    pub logits: [f32; CLASSES],
}

/// A network on an engine, for one picture after another.
pub struct OnEngine<'a> {
    network: &'a Network,
    direct: Direct,
    engine: Box<dyn Engine>,
    /// Which engine it is, and why.
    pub engine_is: String,
    start: EngineState,
}

/// Describes the network without a picture: its first current, `picture`, is zero. Neurons
/// are in the order channel, y, x; populations are the layers, then the read-out, if it has
/// membranes. Probes record every spike and the read-out's potentials.
pub fn describe(direct: &Direct) -> NetworkSpec {
    let mut spec = NetworkSpec::new(direct.name, DT_MS, 0);
    let mut before: Option<&Population> = None;
    for (late, layer) in direct.layers.iter().enumerate() {
        let pooled = matches!(layer.synapses.kind, Kind::Conv { pooled: true, .. });
        // The picture's currents are pooled already.
        let model = if pooled && before.is_some() { "lif_soft_max" } else { "lif_soft" };
        let model = Config::new(model).with("tau_ms", f64::from(layer.tau) * DT_MS);
        spec = spec.population(&layer.name, layer.units(), model);
        let current = match before {
            None => vec![0.0; layer.units()],
            Some(_) => spread(&layer.synapses.bias, layer.shape),
        };
        let from = before.map(|b| (b.name.as_str(), b.shape));
        spec = joined(spec, from, (&layer.name, late), &layer.synapses, current);
        if !layer.recurrent.is_empty() {
            spec = spec.projection(ProjectionSpec::new(
                &format!("{} among themselves", layer.name),
                &layer.name,
                &layer.name,
                ONTO,
                Connect::Dense,
                Values::Each(layer.recurrent.clone()),
            ));
        }
        let of = layer.name.clone();
        spec = spec.probe(&format!("spikes of {of}"), ProbeWhat::Spikes { of });
        before = Some(layer);
    }
    if let Read::Membrane { synapses, tau, .. } = &direct.read {
        let of = synapses.name.clone();
        let model = Config::new("lif_soft").with("tau_ms", f64::from(*tau) * DT_MS);
        spec = spec.population(&of, CLASSES, model.with("v_th", NEVER));
        let from = before.map(|b| (b.name.as_str(), b.shape));
        // The bias is added to what is read.
        spec = joined(spec, from, (&of, 0), synapses, Vec::new());
        spec.probes.push(ProbeSpec {
            name: format!("potentials of {of}"),
            what: ProbeWhat::State {
                of,
                variable: "v".into(),
                neurons: Vec::new(),
                replica: 0,
                every_ms: DT_MS,
            },
        });
    }
    spec
}

/// The network with the synapses into one population, from neurons of some shape, and with
/// its current, which begins so many steps late.
fn joined(
    mut spec: NetworkSpec,
    from: Option<(&str, [usize; 3])>,
    (to, late): (&str, usize),
    synapses: &Synapses,
    current: Vec<f32>,
) -> NetworkSpec {
    if !current.is_empty() {
        let current = Values::Each(current);
        let waveform = match late {
            0 => Waveform::Constant(current),
            late => Waveform::From(late as f64 * DT_MS, current),
        };
        let name = if from.is_none() { "picture".into() } else { format!("bias of {to}") };
        spec.currents.push(CurrentSpec { name, to: to.to_owned(), waveform });
    }
    let Some((from, shape)) = from else { return spec };
    let mut add = |onto: &str, connect, weights| {
        let name = format!("{from} to {to}, {onto}");
        let weights = Values::Each(weights);
        spec.projections.push(ProjectionSpec::new(&name, from, to, onto, connect, weights));
    };
    match synapses.kind {
        Kind::Dense | Kind::Rows => {
            let units = synapses.bias.len();
            let order = channels_first(shape);
            let rows = order.flat_map(|at| synapses.weights[at * units..][..units].iter());
            add(ONTO, Connect::Dense, rows.copied().collect());
        }
        Kind::Conv { kernel, input, pooled: false } => {
            let (shape, weights) = convolution(synapses, (kernel, [0, 0]), (kernel, 1), input);
            add(ONTO, Connect::Convolution(shape), weights);
        }
        Kind::Conv { kernel, input, pooled: true } => {
            for (onto, corner) in CORNERS {
                let side = (kernel + 1, 2);
                let (shape, weights) = convolution(synapses, (kernel, corner), side, input);
                add(onto, Connect::Convolution(shape), weights);
            }
        }
    }
    spec
}

/// A kernel that begins at `corner` of a larger one, with its stride; the rest is zero.
fn convolution(
    synapses: &Synapses,
    (kernel, [dy, dx]): (usize, [usize; 2]),
    (side, stride): (usize, usize),
    [h, w, c]: [usize; 3],
) -> (ConvolutionShape, Vec<f32>) {
    let f = synapses.bias.len();
    let shape = ConvolutionShape {
        input: [c, h, w],
        channels: f,
        kernel: [side, side],
        stride,
        padding: 0,
    };
    let mut weights = vec![0.0; shape.weights()];
    for (out, inner) in (0..f).flat_map(|o| (0..c).map(move |i| (o, i))) {
        for (y, x) in (0..kernel * kernel).map(|p| (p / kernel, p % kernel)) {
            let to = ((out * c + inner) * side + y + dy) * side + x + dx;
            weights[to] = synapses.weights[((y * kernel + x) * c + inner) * f + out];
        }
    }
    (shape, weights)
}

/// For each neuron in the order channel, y, x: its place in the order y, x, channel.
fn channels_first([h, w, c]: [usize; 3]) -> impl Iterator<Item = usize> {
    (0..c).flat_map(move |k| (0..h * w).map(move |p| p * c + k))
}

/// One number per channel, for each neuron in the order channel, y, x.
fn spread(bias: &[f32], [h, w, _]: [usize; 3]) -> Vec<f32> {
    bias.iter().flat_map(|b| std::iter::repeat_n(*b, h * w)).collect()
}

fn failed(e: SnnError) -> ConvertError {
    ConvertError::Engine(e.to_string())
}

impl<'a> OnEngine<'a> {
    /// Starts a network on an engine.
    ///
    /// # Errors
    /// As [`Direct::new`], and the engine's.
    pub fn new(
        network: &'a Network,
        (preference, threads): (Preference, usize),
    ) -> Result<Self, ConvertError> {
        let direct = Direct::new(network)?;
        let built = describe(&direct).build().map_err(failed)?;
        let started = choose::start(&built, preference, threads).map_err(failed)?;
        let engine_is = format!("{}; {}", started.engine.info().detail, started.reason);
        Self::of(network, direct, started.engine, engine_is)
    }

    /// On an engine that runs what [`describe`] says.
    pub(super) fn of(
        network: &'a Network,
        direct: Direct,
        mut engine: Box<dyn Engine>,
        engine_is: String,
    ) -> Result<Self, ConvertError> {
        let start = engine.snapshot().map_err(failed)?;
        Ok(Self { network, direct, engine, engine_is, start })
    }

    /// Shows a picture from the start.
    ///
    /// # Errors
    /// The engine's.
    pub fn show(&mut self, picture: &Pixels) -> Result<Shown, ConvertError> {
        self.run(picture).map_err(failed)
    }

    fn run(&mut self, picture: &Pixels) -> Result<Shown, SnnError> {
        let Self { network, direct, engine, start, .. } = self;
        engine.restore(start)?;
        let arriving = arriving(network, picture).unwrap_or_default();
        let (steps, first) = (direct.steps, &direct.layers[0]);
        let rows = arriving.len() / first.units();
        // What the last layer, and the read-out, does with the last spikes; potentials are
        // recorded before each step.
        let end = (steps + direct.layers.len() + 1) as u64;
        for (number, row) in arriving.chunks_exact(first.units()).enumerate() {
            let current = channels_first(first.shape).map(|at| row[at]).collect();
            engine.set_current(0, Waveform::Constant(Values::Each(current)))?;
            let until = ((number + 1) * steps / rows) as u64;
            engine.run(if number + 1 == rows { end } else { until } - engine.step())?;
        }
        let mut spikes: Vec<Vec<f32>> =
            direct.layers.iter().map(|l| vec![0.0; steps * l.units()]).collect();
        let orders: Vec<Vec<usize>> =
            direct.layers.iter().map(|l| channels_first(l.shape).collect()).collect();
        for spike in engine.take_spikes()? {
            let layer = usize::from(spike.source);
            let (Some(all), Some(order)) = (spikes.get_mut(layer), orders.get(layer)) else {
                continue;
            };
            let step = (spike.step as usize).checked_sub(layer);
            if let Some(step) = step.filter(|t| *t < steps) {
                all[step * order.len() + order[spike.neuron as usize]] = 1.0;
            }
        }
        let mut logits = [0.0; CLASSES];
        match &direct.read {
            Read::Count { gain } => {
                for step in spikes.last().map_or(&[][..], Vec::as_slice).chunks_exact(CLASSES) {
                    logits.iter_mut().zip(step).for_each(|(l, s)| *l += s);
                }
                logits.iter_mut().for_each(|l| *l *= gain / steps as f32);
            }
            Read::Membrane { synapses, last, .. } => {
                let samples = engine.take_samples()?;
                let potentials = samples.first().map_or(&[][..], |s| &s.values);
                // Row k is from before step k; the first spikes count in step `layers`.
                let rows = potentials.as_chunks::<CLASSES>().0;
                let rows = rows.iter().skip(direct.layers.len() + 1).take(steps);
                let (first, by) = if *last { (steps - 1, 1.0) } else { (0, 1.0 / steps as f32) };
                for row in rows.skip(first) {
                    logits.iter_mut().zip(row).for_each(|(l, v)| *l += by * v);
                }
                logits.iter_mut().zip(&synapses.bias).for_each(|(l, b)| *l += b);
            }
        }
        Ok(Shown { spikes, logits })
    }
}

/// Shows pictures to the network and to the engine: how many neurons differ in any spike.
///
/// # Errors
/// As [`OnEngine::new`] and [`OnEngine::show`].
pub fn beside(
    network: &Network,
    pictures: &[Pixels],
    engine: (Preference, usize),
) -> Result<Beside, ConvertError> {
    let mut there = OnEngine::new(network, engine)?;
    let engine = there.engine_is.clone();
    let mut found = Beside { engine, pictures: pictures.len(), ..Beside::default() };
    for picture in pictures {
        let begun = Instant::now();
        let shown = there.show(picture)?;
        found.ms += begun.elapsed().as_secs_f64() * 1e3 / pictures.len() as f64;
        let Some(Watched { layers, .. }) = watch(network, picture) else { continue };
        for (own, shown) in layers.iter().zip(&shown.spikes) {
            let units = own.units();
            let differs =
                |unit: &usize| !own.of_unit(&own.spikes, *unit).eq(own.of_unit(shown, *unit));
            found.neurons += units;
            found.differ += (0..units).filter(differs).count();
            found.spikes += shown.iter().filter(|s| **s > 0.0).count() as u64;
        }
    }
    Ok(found)
}

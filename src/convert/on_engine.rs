//! A converted network as a description for the general spiking engines, CPU and
//! GPU: populations of the `if` model, projections, constant currents.
//!
//! There a spike reaches the next layer one step later than in [`super::run`].
//! Each layer's biases begin to flow when the picture can have reached it, so that
//! every layer spikes as it does there, a fixed number of steps later ([`populations`]).
//!
//! Pooling by average is merged into the weights after it, a kernel of k×k over
//! pooled maps being one of 2k×2k at stride 2 with a quarter of each weight. A
//! maximum of rates is no sum: for it there is a population of gates (the model
//! `max_gate`), each with four synapses that count.

use std::time::Instant;

use crate::data::{PIXELS, Pixels};
use crate::snn::SnnError;
use crate::snn::choose::{self, Preference};
use crate::snn::network::{
    Connect, ConvolutionShape, CurrentSpec, Drive, NetworkSpec, PopulationSpec, ProjectionSpec,
    Values, Waveform,
};
use crate::snn::params::Config;

use super::ConvertError;
use super::network::{Cells, Kind, Spiking, Stage, THRESHOLD};
use super::recipe::{Disturbance, Input, Pooling, Reset};
use super::run::Run;

/// The step, ms; a current of 1/ms then adds 1 in a step.
const DT_MS: f64 = 1.0;
/// A threshold that is never reached, for units that are read by potential.
const NEVER: f64 = 1e6;

/// Pictures on the general engine, beside [`super::run`].
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Beside {
    /// The engine, and why it is this one.
    pub engine: String,
    pub pictures: usize,
    /// Neurons that were compared, all pictures.
    pub neurons: usize,
    /// Those of them that fired another number of times (of a network that was trained in
    /// spikes: at other steps). Sums are added up in another
    /// order there, so that a potential that comes within rounding of the threshold
    /// may reach it in one and not in the other.
    pub differ: usize,
    /// Spikes there.
    pub spikes: u64,
    /// Wall time of the steps there, for a picture, ms.
    pub ms: f64,
}

/// Shows pictures to both for so many steps.
///
/// # Errors
/// As [`describe`], and the engine's.
pub fn beside(
    spiking: &Spiking,
    pictures: &[Pixels],
    steps: u64,
    (preference, threads): (Preference, usize),
) -> Result<Beside, ConvertError> {
    let failed = |e: SnnError| ConvertError::Engine(e.to_string());
    let mut found = Beside { pictures: pictures.len(), ..Beside::default() };
    for picture in pictures {
        let mut run = Run::new(spiking, picture, Disturbance::default(), 0);
        (0..steps).for_each(|_| run.advance());
        let network = describe(spiking, picture, 0)?.build().map_err(failed)?;
        let mut started = choose::start(&network, preference, threads).map_err(failed)?;
        found.engine = format!("{}; {}", started.engine.info().detail, started.reason);
        let begun = Instant::now();
        for (population, (stage, late)) in populations(spiking).iter().enumerate() {
            let engine = &mut started.engine;
            engine.run(steps + late - engine.step()).map_err(failed)?;
            let there = engine.counts(population, 0).map_err(failed)?;
            let here = channels_first(run.counts(*stage), spiking.stages[*stage].output);
            found.neurons += here.len();
            found.differ += there.iter().zip(&here).filter(|(a, b)| a != b).count();
            found.spikes += there.iter().map(|n| u64::from(*n)).sum::<u64>();
        }
        found.ms += begun.elapsed().as_secs_f64() * 1e3 / pictures.len() as f64;
    }
    Ok(found)
}

/// Counts of a stage in the engine's order: channel, y, x.
fn channels_first(counts: &[u32], [h, w, c]: [usize; 3]) -> Vec<u32> {
    (0..c).flat_map(|k| (0..h * w).map(move |p| counts[p * c + k])).collect()
}

/// The stages that become populations, in their order, each with the steps by which
/// it lags behind [`super::run`].
pub fn populations(spiking: &Spiking) -> Vec<(usize, u64)> {
    let mut late = u64::from(spiking.recipe.input == Input::Poisson);
    let mut all = Vec::new();
    for (number, stage) in spiking.stages.iter().enumerate() {
        if stage.cells().is_some() || spiking.recipe.pooling != Pooling::Average {
            all.push((number, late));
            late += 1;
        }
    }
    all
}

/// Describes the network with a picture. Neurons are in the order channel, y, x.
///
/// # Errors
/// [`ConvertError::Engine`] where the first stage or the one before it is pooling,
/// which no network of the zoo has.
pub fn describe(
    spiking: &Spiking,
    picture: &Pixels,
    seed: u64,
) -> Result<NetworkSpec, ConvertError> {
    let mut spec = NetworkSpec::new(spiking.name, DT_MS, seed);
    let rates: Vec<f32> = picture.iter().map(|p| p * (1000.0 / DT_MS) as f32).collect();
    let poisson = spiking.recipe.input == Input::Poisson;
    let mut from = String::from("picture");
    if poisson {
        spec = spec.input(&from, PIXELS, Drive::Poisson(rates));
    }
    let mut before: Option<usize> = None;
    for (number, late) in populations(spiking) {
        let stage = &spiking.stages[number];
        // Layers with weights are numbered, pooling is not.
        let name = match stage.cells() {
            Some(_) => stage.name.clone(),
            None => format!("{} of {from}", stage.name),
        };
        match stage.cells() {
            Some(cells) => {
                spec.populations.push(population(stage, cells, spiking));
                let mut current = spread(&cells.bias, stage.output);
                if number == 0 && !poisson {
                    let from_picture = currents(stage, picture);
                    current.iter_mut().zip(from_picture).for_each(|(c, p)| *c += p);
                }
                let current = Values::Each(current);
                spec.currents.push(CurrentSpec {
                    name: format!("into {}", stage.name),
                    to: stage.name.clone(),
                    waveform: match late {
                        0 => Waveform::Constant(current),
                        late => Waveform::From(late as f64 * DT_MS, current),
                    },
                });
                if number > 0 || poisson {
                    // Pooling by average lies between, and is no population.
                    let merged = number.checked_sub(1).filter(|b| before.is_some_and(|a| a < *b));
                    let shape = merged.map(|pool| spiking.stages[pool].input);
                    let (connect, weights) = synapses(stage, cells, shape);
                    spec = spec.projection(ProjectionSpec::new(
                        &format!("{from} to {}", stage.name),
                        &from,
                        &stage.name,
                        "v",
                        connect,
                        Values::Each(weights),
                    ));
                }
            }
            None if before.is_none_or(|b| b + 1 != number) => {
                return Err(ConvertError::Engine(format!(
                    "{} pools something else than the neurons of a layer",
                    spiking.name
                )));
            }
            None => {
                let gate = f64::from(u8::from(spiking.recipe.pooling == Pooling::Largest));
                let model = Config::new("max_gate").with("gate", gate);
                spec = spec.population(&name, stage.len(), model);
                for (k, corner) in CORNERS.into_iter().enumerate() {
                    spec = spec.projection(ProjectionSpec::new(
                        &format!("{from} to {name}, {}", k + 1),
                        &from,
                        &name,
                        &format!("n{}", k + 1),
                        Connect::Pairs(pairs(stage, corner)),
                        Values::Same(1.0),
                    ));
                }
            }
        }
        from = name;
        before = Some(number);
    }
    Ok(spec)
}

/// The four neurons that a gate counts, as rows and columns from the first.
const CORNERS: [[usize; 2]; 4] = [[0, 0], [0, 1], [1, 0], [1, 1]];

/// Which neuron of the layer before each gate counts in one corner.
fn pairs(stage: &Stage, [dy, dx]: [usize; 2]) -> Vec<(u32, u32)> {
    let [h, w, _] = stage.input;
    let [oh, ow, c] = stage.output;
    let gates = (0..c * oh * ow).map(|gate| (gate / (oh * ow), gate / ow % oh, gate % ow));
    let from = gates.map(|(channel, y, x)| (channel * h + 2 * y + dy) * w + 2 * x + dx);
    from.zip(0..).map(|(from, gate)| (from as u32, gate)).collect()
}

fn population(stage: &Stage, cells: &Cells, spiking: &Spiking) -> PopulationSpec {
    let threshold = if cells.spikes { f64::from(THRESHOLD) } else { NEVER };
    let zero = f64::from(u8::from(spiking.recipe.reset == Reset::Zero));
    let model = Config::new("if").with("v_th", threshold).with("reset", zero);
    let start = if cells.spikes { spiking.recipe.initial * THRESHOLD } else { 0.0 };
    PopulationSpec {
        name: stage.name.clone(),
        size: stage.len(),
        model,
        initial: vec![("v".into(), Values::Same(f64::from(start)))],
    }
}

/// One number per channel, for each neuron in the order channel, y, x.
fn spread(bias: &[f32], [h, w, _]: [usize; 3]) -> Vec<f32> {
    bias.iter().flat_map(|b| std::iter::repeat_n(*b, h * w)).collect()
}

/// What a constant picture adds to each neuron of the first stage in a step.
fn currents(stage: &Stage, picture: &Pixels) -> Vec<f32> {
    let [oh, ow, f] = stage.output;
    let mut all = vec![0.0f32; stage.len()];
    match &stage.kind {
        Kind::Dense { cells } => {
            for (pixel, row) in picture.iter().zip(cells.weights.chunks_exact(f)) {
                all.iter_mut().zip(row).for_each(|(c, w)| *c += pixel * w);
            }
        }
        Kind::Conv { kernel, cells } => {
            let w = stage.input[1];
            for (channel, map) in all.chunks_exact_mut(oh * ow).enumerate() {
                for (place, current) in map.iter_mut().enumerate() {
                    let (y, x) = (place / ow, place % ow);
                    for k in 0..kernel * kernel {
                        let pixel = picture[(y + k / kernel) * w + x + k % kernel];
                        *current += pixel * cells.weights[k * f + channel];
                    }
                }
            }
        }
        Kind::Pool => {}
    }
    all
}

/// The synapses into a stage; `before` is the shape in front of the pooling between.
fn synapses(stage: &Stage, cells: &Cells, before: Option<[usize; 3]>) -> (Connect, Vec<f32>) {
    let [h, w, c] = stage.input;
    let units = stage.output[2];
    match &stage.kind {
        Kind::Conv { kernel, .. } => {
            let (times, share) = if before.is_some() { (2, 0.25) } else { (1, 1.0) };
            let side = kernel * times;
            let [ih, iw, _] = before.unwrap_or(stage.input);
            let shape = ConvolutionShape {
                input: [c, ih, iw],
                channels: units,
                kernel: [side, side],
                stride: times,
                padding: 0,
            };
            let mut weights = Vec::with_capacity(shape.weights());
            for (out, inner) in (0..units).flat_map(|o| (0..c).map(move |i| (o, i))) {
                for place in 0..side * side {
                    let (ky, kx) = (place / side / times, place % side / times);
                    weights.push(
                        share * cells.weights[((ky * kernel + kx) * c + inner) * units + out],
                    );
                }
            }
            (Connect::Convolution(shape), weights)
        }
        Kind::Dense { .. } | Kind::Pool => {
            // Rows in the order channel, y, x of what spikes.
            let [bh, bw, _] = before.unwrap_or([h, w, c]);
            let (times, share) = if before.is_some() { (2, 0.25) } else { (1, 1.0) };
            let mut weights = Vec::with_capacity(c * bh * bw * units);
            for (channel, y, x) in
                (0..c).flat_map(|channel| (0..bh * bw).map(move |p| (channel, p / bw, p % bw)))
            {
                let (py, px) = (y / times, x / times);
                if py < h && px < w {
                    let row = ((py * w + px) * c + channel) * units;
                    weights.extend(cells.weights[row..][..units].iter().map(|w| share * w));
                } else {
                    weights.extend(std::iter::repeat_n(0.0, units));
                }
            }
            (Connect::Dense, weights)
        }
    }
}

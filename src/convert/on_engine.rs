//! A converted network as a description for the general spiking engines, CPU and
//! GPU: populations of the `if` model, projections, constant currents.
//!
//! There a spike reaches the next layer one step later than in [`super::run`].
//! Each layer's biases begin to flow when the picture can have reached it, so that
//! every layer spikes as it does there, a fixed number of steps later ([`populations`]).
//!
//! Pooling by average is merged into the weights after it: a kernel of k×k over maps
//! pooled by 2×2 is one of 2k×2k at stride 2 with a quarter of each weight; where windows
//! overlap, their weights add up. A maximum of rates is no sum: for it there is a
//! population of gates (the model `max_gate`), each with four synapses that count.
//!
//! Convolutions there have one stride and one padding for all sides, and gates have four
//! inputs. What does not fit is an error that names the layer ([`describe`]).

use std::time::Instant;

use crate::ann::zoo::Window;
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
use super::recipe::{Disturbance, Input, Pooling, Recipe, Reset};
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
        let network = describe(spiking, picture, 0)?.build().map_err(failed)?;
        let mut run = Run::new(spiking, picture, Disturbance::default(), 0);
        (0..steps).for_each(|_| run.advance());
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
        if stage.cells().is_some() || stage.has_gates(spiking.recipe.pooling) {
            all.push((number, late));
            late += 1;
        }
    }
    all
}

/// Describes the network with a picture. Neurons are in the order channel, y, x.
///
/// # Errors
/// [`ConvertError::Engine`] where the general engines have nothing that stands for a
/// stage: a convolution whose strides or paddings differ, a maximum of other windows than
/// 2×2 side by side, and means that no single kernel takes in.
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
        let fails = |why: &str| {
            let text = format!(
                "{} of {} has no counterpart on the general engines: {why}",
                stage.name, spiking.name
            );
            ConvertError::Engine(text)
        };
        // What lies between the neurons before and these: a mean, or nothing.
        let between = match &spiking.stages[before.map_or(0, |b| b + 1)..number] {
            [] => None,
            [pool] if before.is_some() && stage.cells().is_some() => Some(pool),
            _ => return Err(fails("it lies neither behind neurons nor behind one mean of theirs")),
        };
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
                    let (connect, weights) = synapses(stage, cells, between).map_err(fails)?;
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
            None if before.is_none() => {
                return Err(fails("it pools the picture, which has no neurons"));
            }
            None if !is_gate(stage) => {
                return Err(fails(
                    "gates there have four inputs, so they are for windows of 2×2 that lie side by side, without padding; choose average pooling",
                ));
            }
            None => {
                spec = spec.population(&name, stage.len(), gate(&spiking.recipe));
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

/// Whether a gate of four inputs stands for this maximum.
fn is_gate(stage: &Stage) -> bool {
    matches!(stage.kind, Kind::Pool { window, .. } if window == Window::square(2, 2))
}

fn gate(recipe: &Recipe) -> Config {
    let gate = f64::from(u8::from(recipe.pooling == Pooling::Largest));
    Config::new("max_gate").with("gate", gate)
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
        Kind::Conv { window, cells } => {
            let [h, w, _] = stage.input;
            let ([down, across], [top, left, ..]) = (window.stride, window.padding);
            for (channel, map) in all.chunks_exact_mut(oh * ow).enumerate() {
                for (place, current) in map.iter_mut().enumerate() {
                    let (oy, ox) = (place / ow, place % ow);
                    for y in window.pixels(0, oy, h) {
                        for x in window.pixels(1, ox, w) {
                            let (ky, kx) = (y + top - oy * down, x + left - ox * across);
                            let weight = (ky * window.kernel[1] + kx) * f + channel;
                            *current += picture[y * w + x] * cells.weights[weight];
                        }
                    }
                }
            }
        }
        Kind::Pool { .. } => {}
    }
    all
}

/// The synapses into a stage, from the neurons before; `pool` is a mean that lies between.
/// An error says why there are none.
fn synapses(
    stage: &Stage,
    cells: &Cells,
    pool: Option<&Stage>,
) -> Result<(Connect, Vec<f32>), &'static str> {
    match &stage.kind {
        Kind::Conv { window, .. } => convolution(stage, *window, cells, pool),
        Kind::Dense { .. } | Kind::Pool { .. } => Ok((Connect::Dense, dense(stage, cells, pool))),
    }
}

/// A convolution; a mean before it is merged into its kernel.
fn convolution(
    stage: &Stage,
    window: Window,
    cells: &Cells,
    pool: Option<&Stage>,
) -> Result<(Connect, Vec<f32>), &'static str> {
    let ([_, _, c], units) = (stage.input, stage.output[2]);
    let [ih, iw, _] = pool.map_or(stage.input, |pool| pool.input);
    // Without pooling, each neuron is its own mean.
    let (mean, share) = match pool {
        Some(pool) => merged(stage, window, pool)?,
        None => (Window::square(1, 1), 1.0),
    };
    let along = |axis: usize| {
        let kernel = (window.kernel[axis] - 1) * mean.stride[axis] + mean.kernel[axis];
        (kernel, window.stride[axis] * mean.stride[axis])
    };
    let ((kh, down), (kw, across)) = (along(0), along(1));
    if down != across {
        return Err(
            "convolutions there have one stride, the same down and across, that of a mean before them included",
        );
    }
    let side = |i: usize| window.padding[i] * mean.stride[i % 2] + mean.padding[i];
    let padding = side(0);
    if (1..4).any(|i| side(i) != padding) {
        return Err("convolutions there have the same padding on all four sides");
    }
    let shape = ConvolutionShape {
        input: [c, ih, iw],
        channels: units,
        kernel: [kh, kw],
        stride: down,
        padding,
    };
    // For each row (column) of the whole kernel, which of the convolution's own take in
    // means of it: several where the means overlap, none in their gaps.
    let taps = |axis: usize, whole: usize| -> Vec<Vec<usize>> {
        let takes = |k: &usize, at: usize| {
            let from = k * mean.stride[axis];
            (from..from + mean.kernel[axis]).contains(&at)
        };
        let own = |at: usize| -> Vec<usize> {
            (0..window.kernel[axis]).filter(|k| takes(k, at)).collect()
        };
        (0..whole).map(own).collect()
    };
    let (rows, columns) = (taps(0, kh), taps(1, kw));
    let mut weights = Vec::with_capacity(shape.weights());
    for (out, inner) in (0..units).flat_map(|o| (0..c).map(move |i| (o, i))) {
        for (ys, xs) in rows.iter().flat_map(|ys| columns.iter().map(move |xs| (ys, xs))) {
            let all = ys.iter().flat_map(|y| xs.iter().map(move |x| (y, x)));
            let own = all.map(|(y, x)| {
                cells.weights[((y * window.kernel[1] + x) * c + inner) * units + out]
            });
            weights.push(share * own.sum::<f32>());
        }
    }
    Ok((Connect::Convolution(shape), weights))
}

/// The window of a mean that can be merged into the convolution after it, and what each
/// neuron counts in it.
fn merged(stage: &Stage, window: Window, pool: &Stage) -> Result<(Window, f32), &'static str> {
    let (Kind::Pool { window: mean, .. }, Some(share)) = (&pool.kind, pool.even_share()) else {
        return Err(
            "at the border the mean before it is of fewer neurons, and a kernel is the same everywhere",
        );
    };
    // Padded means are zero. A merged kernel sees what windows there would see, which may
    // be neurons: the last ones that no mean takes in, or those of windows that overlap.
    let padded_mean_sees = |axis: usize| {
        let (before, means, neurons) =
            (window.padding[axis], stage.input[axis], pool.input[axis] as isize);
        let own = (0..window.kernel[axis])
            .flat_map(|k| (0..stage.output[axis]).map(move |o| (o, k)))
            .map(|(o, k)| o * window.stride[axis] + k);
        own.filter(|at| !(before..before + means).contains(at)).any(|at| {
            let number = at as isize - before as isize;
            let from = number * mean.stride[axis] as isize - mean.padding[axis] as isize;
            from < neurons && from + mean.kernel[axis] as isize > 0
        })
    };
    if (0..2).any(padded_mean_sees) {
        return Err("its padding lies where further means would still see neurons");
    }
    Ok((*mean, share))
}

/// All with all, rows in the order channel, y, x of what spikes.
fn dense(stage: &Stage, cells: &Cells, pool: Option<&Stage>) -> Vec<f32> {
    let ([h, w, c], units) = (stage.input, stage.output[2]);
    let [bh, bw, _] = pool.map_or(stage.input, |pool| pool.input);
    let mut weights = vec![0.0; c * bh * bw * units];
    for (number, row) in weights.chunks_exact_mut(units.max(1)).enumerate() {
        let (channel, y, x) = (number / (bh * bw), number / bw % bh, number % bw);
        // Where the spike comes in: itself, or in the means that see it.
        let (rows, columns) = match pool.map(|pool| &pool.kind) {
            Some(Kind::Pool { window, .. }) => (window.over(0, y, h), window.over(1, x, w)),
            _ => (y..y + 1, x..x + 1),
        };
        for (y, x) in rows.flat_map(|y| columns.clone().map(move |x| (y, x))) {
            let share = pool.map_or(1.0, |pool| pool.share(y, x));
            let from = ((y * w + x) * c + channel) * units;
            let own = &cells.weights[from..][..units];
            row.iter_mut().zip(own).for_each(|(sum, w)| *sum += share * w);
        }
    }
    weights
}

//! One picture in a network of spiking neurons, step by step.
//!
//! Potentials are in units of the threshold, time is in steps.

use super::{Place, places};
use crate::ann::network::Network;
use crate::ann::ops::op::{Backward, Forward, Mode};
use crate::ann::ops::spiking::first_spike::{FirstSpike, NEVER};
use crate::ann::ops::spiking::recurrent::RecurrentLif;
use crate::ann::ops::spiking::surrogate::{Surrogate, Teaching};
use crate::ann::ops::spiking::{Neurons, Out, THRESHOLD, leak};
use crate::ann::tap::Tapped;
use crate::ann::zoo::{Layer, Spiking, summary};
use crate::data::{CLASSES, PIXELS, Pixels};

/// What one layer did at one picture. Arrays are `(step, y, x, channel)`.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerWatch {
    /// For people: `LIF 1`.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Rows, columns and channels of its units; 1, 1 and units of a vector.
    pub shape: [usize; 3],
    /// What arrives at each step, in potentials: of recurrent neurons also from each other.
    pub currents: Vec<f32>,
    /// Membrane potentials before the reset.
    pub potentials: Vec<f32>,
    /// 1 where it spiked, else 0.
    pub spikes: Vec<f32>,
}

impl LayerWatch {
    /// Units of the layer.
    pub fn units(&self) -> usize {
        self.shape.iter().product()
    }

    /// Steps.
    pub fn steps(&self) -> usize {
        self.place.neurons.steps
    }

    /// Its neurons that spike, in the order in which they first do; of those that begin
    /// together, those that spike more first. All of them where none does.
    pub fn by_first_spike(&self) -> Vec<usize> {
        let units = self.units().max(1);
        let (mut first, mut count) = (vec![usize::MAX; units], vec![0usize; units]);
        for (step, spikes) in self.spikes.chunks_exact(units).enumerate() {
            for (unit, _) in spikes.iter().enumerate().filter(|(_, s)| **s > 0.0) {
                first[unit] = first[unit].min(step);
                count[unit] += 1;
            }
        }
        let silent = count.iter().all(|n| *n == 0);
        let mut order: Vec<usize> =
            (0..self.units()).filter(|unit| silent || count[*unit] > 0).collect();
        order.sort_by_key(|unit| (first[*unit], std::cmp::Reverse(count[*unit]), *unit));
        order
    }

    /// One unit's numbers in `(step, unit)`, over time.
    pub fn of_unit<'a>(&self, all: &'a [f32], unit: usize) -> impl Iterator<Item = f32> + 'a {
        all.iter().skip(unit).step_by(self.units().max(1)).copied()
    }

    /// The surrogate at each membrane, 0 to 1: how much a little more current would have
    /// been counted, `(step, unit)`.
    pub fn slopes(&self, surrogate: Surrogate) -> Vec<f32> {
        self.potentials.iter().map(|v| surrogate.at(v - THRESHOLD)).collect()
    }

    /// Spikes of the layer after each step, `(steps)`.
    pub fn spikes_until(&self) -> Vec<u32> {
        let mut sum = 0;
        let each = self.spikes.chunks_exact(self.units().max(1));
        each.map(|step| {
            sum += step.iter().filter(|s| **s > 0.0).count() as u32;
            sum
        })
        .collect()
    }
}

/// What a network did at one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Layers of spiking neurons, from the picture on.
    pub layers: Vec<LayerWatch>,
    /// The ten logits, were it stopped after each step.
    pub forming: Vec<[f32; CLASSES]>,
}

/// Runs steps of the plan, from `first` to before `end`, on `n` inputs.
fn run(network: &Network, (first, end): (usize, usize), x: &[f32], n: usize) -> Vec<f32> {
    let mut x = x.to_vec();
    for i in first..end {
        let op = &network.plan().steps[i].op;
        let (parameters, cache) = network.of_step(i);
        let mut y = vec![0f32; n * op.output().len()];
        let mut scratch = vec![0f32; op.scratch_len(n, Mode::Answer)];
        op.forward(Forward {
            parameters,
            cache,
            n,
            x: &x,
            y: &mut y,
            keep: &mut [],
            scratch: &mut scratch,
            mode: Mode::Answer,
            tap: Tapped::default(),
        });
        x = y;
    }
    x
}

/// The layer's own operation, if it is a recurrent one.
fn recurrent(network: &Network, place: Place) -> Option<RecurrentLif> {
    let layers = (network.architecture().layers)();
    let Layer::Spiking(Spiking::Recurrent { hidden, neurons }) = *layers.get(place.layer)? else {
        return None;
    };
    let input = network.plan().steps[place.step].op.input();
    Some(RecurrentLif::new(network.plan().isa, input, hidden, neurons))
}

/// What a picture brings to the first layer of spiking neurons, `(1 or rows, unit)`: at each
/// step the same, or, of recurrent neurons, a row of the picture after the other, each for as
/// many steps. The same numbers that the network computes with. `None` if it has no spiking
/// neurons that run over steps.
pub fn arriving(network: &Network, picture: &Pixels) -> Option<Vec<f32>> {
    let place = *places(network).first()?;
    let x = run(network, (0, place.step), picture, 1);
    Some(match recurrent(network, place) {
        Some(op) => op.currents(network.step_parameters(place.step), &x),
        None => x,
    })
}

/// Potentials before the reset, and spikes, from the currents of all steps.
fn membranes(neurons: Neurons, currents: &[f32]) -> [Vec<f32>; 2] {
    let (a, units) = (leak(neurons.tau), currents.len() / neurons.steps);
    let (mut potentials, mut spikes) = (currents.to_vec(), vec![0f32; currents.len()]);
    for unit in 0..units {
        let mut left = 0f32;
        for i in (unit..currents.len()).step_by(units) {
            // As the kernels do: nothing is fused.
            let v = a * left + currents[i];
            let spike = if v > THRESHOLD { THRESHOLD } else { 0.0 };
            (potentials[i], spikes[i], left) = (v, spike, v - spike);
        }
    }
    [potentials, spikes]
}

/// What a read-out of so many steps makes of the first spikes, by unit.
fn read(neurons: Neurons, steps: usize, spikes: &[f32], units: usize) -> Vec<f32> {
    let weights = Neurons { steps, ..neurons }.weights();
    let mut out = vec![0f32; units];
    for (step, weight) in spikes.chunks_exact(units).zip(weights) {
        out.iter_mut().zip(step).for_each(|(o, s)| *o += weight * s);
    }
    out
}

/// What the network does at this picture; `None` if it has no spiking neurons that run over
/// steps.
pub fn watch(network: &Network, picture: &Pixels) -> Option<Watched> {
    let places = places(network);
    let lines = summary(&(network.architecture().layers)());
    let (mut layers, mut x, mut done) = (Vec::with_capacity(places.len()), picture.to_vec(), 0);
    for place in &places {
        let own = &network.plan().steps[place.step];
        x = run(network, (done, place.step), &x, 1);
        let plane = own.op.output();
        let [currents, potentials, spikes] = if let Some(op) = recurrent(network, *place) {
            op.watch(network.step_parameters(place.step), &x)
        } else {
            let constant = own.op.input().steps == 1;
            let currents = if constant { x.repeat(place.neurons.steps) } else { x.clone() };
            let [potentials, spikes] = membranes(place.neurons, &currents);
            [currents, potentials, spikes]
        };
        x = run(network, (place.step, place.step + 1), &x, 1);
        done = place.step + 1;
        layers.push(LayerWatch {
            name: lines.get(place.layer).map(|l| l.name.clone()).unwrap_or_default(),
            place: *place,
            shape: [plane.h, plane.w, plane.c],
            currents,
            potentials,
            spikes,
        });
    }
    let last = layers.last()?;
    let (neurons, units) = (last.place.neurons, last.units());
    let ends = (1..=neurons.steps).map(|k| read(neurons, k, &last.spikes, units));
    let ends: Vec<f32> = ends.flatten().collect();
    let logits = run(network, (done, network.plan().steps.len()), &ends, neurons.steps);
    let forming = logits.as_chunks::<CLASSES>().0.to_vec();
    Some(Watched { layers, forming })
}

/// Whose credit is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// A class: its logit.
    Class(usize),
    /// A neuron: its spikes, all together. `layer` counts those of [`Watched::layers`].
    Neuron { layer: usize, unit: usize },
}

/// The gradient of what is aimed at by the currents, `(step, unit)` for each layer of
/// [`Watched::layers`], back through time and with the surrogate; empty for layers after a
/// neuron aimed at, and for all where there is no such class or neuron.
pub fn credit(
    network: &Network,
    picture: &Pixels,
    watched: &Watched,
    aim: Aim,
    surrogate: Surrogate,
) -> Vec<Vec<f32>> {
    let plan = network.plan();
    let n = plan.steps.len();
    let mut out = vec![Vec::new(); watched.layers.len()];
    // What goes into each step, and what training keeps.
    let (mut planes, mut kept) = (vec![picture.to_vec()], Vec::with_capacity(n));
    let mode = Mode::Train { seed: 0, step: 0, image: 0 };
    for (i, step) in plan.steps.iter().enumerate() {
        let (parameters, cache) = network.of_step(i);
        let mut y = vec![0f32; step.op.output().len()];
        // Dropout is off where it is looked at: what it keeps are factors of one.
        let off = step.op.keep_len() > 0 && step.name.is_empty();
        let mut keep = vec![if off { 1f32 } else { 0.0 }; step.op.keep_len()];
        let mut scratch = vec![0f32; step.op.scratch_len(1, mode)];
        step.op.forward(Forward {
            parameters,
            cache,
            n: 1,
            x: &planes[i],
            y: &mut y,
            keep: &mut keep,
            scratch: &mut scratch,
            mode: if off { Mode::Answer } else { mode },
            tap: Tapped::default(),
        });
        planes.push(y);
        kept.push(keep);
    }
    // From where on, and what each spike of that layer counts.
    let (from, mut dy, mut by_spike) = match aim {
        Aim::Class(class) if class < CLASSES => {
            let mut dy = vec![0f32; CLASSES];
            dy[class] = 1.0;
            (n, dy, None)
        }
        Aim::Neuron { layer, unit } => match watched.layers.get(layer) {
            Some(l) if unit < l.units() => {
                let mut each = vec![0f32; l.spikes.len()];
                each.iter_mut().skip(unit).step_by(l.units()).for_each(|g| *g = 1.0);
                (l.place.step + 1, Vec::new(), Some(each))
            }
            _ => return out,
        },
        Aim::Class(_) => return out,
    };
    for i in (0..from).rev() {
        let (step, (parameters, cache)) = (&plan.steps[i], network.of_step(i));
        let found = watched.layers.iter().position(|l| l.place.step == i);
        if let Some(found) = found {
            let layer = &watched.layers[found];
            let of_spikes = by_spike.take().unwrap_or_else(|| each_spike(layer, &dy));
            let own = recurrent_weights(network, layer);
            let deltas = back_through_time(layer, &of_spikes, surrogate, own);
            // By what comes in: of recurrent neurons nothing is asked further down.
            dy = if layer.place.recurrent {
                vec![0.0; step.op.input().len()]
            } else if step.op.input().steps == 1 {
                let mut sum = vec![0f32; layer.units()];
                for deltas in deltas.chunks_exact(layer.units()) {
                    sum.iter_mut().zip(deltas).for_each(|(s, d)| *s += d);
                }
                sum
            } else {
                deltas.clone()
            };
            out[found] = deltas;
            continue;
        }
        let mut dx = vec![0f32; step.op.input().len()];
        let mut scratch = vec![0f32; step.op.scratch_len(1, mode)];
        let mut partial = vec![0f32; step.op.partial_len()];
        step.op.backward(Backward {
            parameters,
            cache,
            n: 1,
            x: &planes[i],
            y: &planes[i + 1],
            dy: &mut dy,
            keep: &mut kept[i],
            scratch: &mut scratch,
            partial: &mut partial,
            dx: Some(&mut dx),
            mode,
            teaching: Teaching::default(),
            tap: Tapped::default(),
        });
        dy = dx;
    }
    out
}

/// The gradient by each spike, from that by what is read out of them.
fn each_spike(layer: &LayerWatch, dy: &[f32]) -> Vec<f32> {
    if layer.place.neurons.out == Out::Spikes {
        return dy.to_vec();
    }
    let weights = layer.place.neurons.weights();
    weights.iter().flat_map(|w| dy.iter().map(move |d| w * d)).collect()
}

/// The weights between a layer's own neurons, `(units, units)`; empty if there are none.
fn recurrent_weights<'a>(network: &'a Network, layer: &LayerWatch) -> &'a [f32] {
    let Some(op) = recurrent(network, layer.place) else { return &[] };
    let [from, to, _] = op.places();
    &network.step_parameters(layer.place.step)[from..to]
}

/// `δ(t) = ψ(v(t) − 1)·∂/∂s(t) + a·δ(t+1)`, and over connections among the neurons.
fn back_through_time(
    layer: &LayerWatch,
    of_spikes: &[f32],
    surrogate: Surrogate,
    own: &[f32],
) -> Vec<f32> {
    let (units, a) = (layer.units(), leak(layer.place.neurons.tau));
    let mut deltas = layer.slopes(surrogate);
    let mut next = vec![0f32; units];
    for t in (0..layer.steps()).rev() {
        for unit in 0..units {
            let i = t * units + unit;
            let mut by = of_spikes[i];
            if !own.is_empty() {
                let row = &own[unit * units..(unit + 1) * units];
                by += row.iter().zip(&next).map(|(w, d)| w * d).sum::<f32>();
            }
            deltas[i] *= by;
        }
        let now = &mut deltas[t * units..(t + 1) * units];
        now.iter_mut().zip(&next).for_each(|(d, later)| *d += a * later);
        next.copy_from_slice(now);
    }
    deltas
}

/// The traces of all synapses onto one neuron, as e-prop has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Eligibility {
    /// Synapses onto it; of a recurrent neuron first those from the picture's row, then
    /// those from the other neurons.
    pub inputs: usize,
    /// How much each input has arrived, low-pass filtered as the membrane does,
    /// `(step, input)`.
    pub arrived: Vec<f32>,
    /// The surrogate at the neuron's membrane, `(step)`.
    pub slopes: Vec<f32>,
    /// The traces, filtered as the read-out filters spikes (or not), `(step, input)`.
    pub traces: Vec<f32>,
    /// How much the trace at each step counts, `(step)`: the sum of both, times the learning
    /// signal, is the change of the weight.
    pub counts: Vec<f32>,
}

/// The traces at a neuron of a layer of [`Watched::layers`]; `filtered` as the read-out
/// filters spikes. `None` where synapses are shared (convolutions), or there is no such
/// neuron.
pub fn eligibility(
    network: &Network,
    picture: &Pixels,
    watched: &Watched,
    (layer, unit): (usize, usize),
    surrogate: Surrogate,
    filtered: bool,
) -> Option<Eligibility> {
    let watch = watched.layers.get(layer).filter(|l| unit < l.units())?;
    let (steps, units) = (watch.steps(), watch.units());
    let declared = (network.architecture().layers)();
    // What arrives over each synapse at a step.
    let inputs: Vec<f32> = if watch.place.recurrent {
        let rows = crate::data::SIDE;
        let before = vec![0f32; units];
        let each = (0..steps).flat_map(|t| {
            let row = t * rows / steps;
            let spikes = match t.checked_sub(1) {
                Some(t) => &watch.spikes[t * units..(t + 1) * units],
                None => &before[..],
            };
            picture[row * rows..(row + 1) * rows].iter().chain(spikes).copied().collect::<Vec<_>>()
        });
        each.collect()
    } else {
        let before = watch.place.layer.checked_sub(1).and_then(|l| declared.get(l));
        if !matches!(before, Some(Layer::Dense { .. })) {
            return None;
        }
        let x = run(network, (0, watch.place.step - 1), picture, 1);
        if network.plan().steps[watch.place.step - 1].op.input().steps == 1 {
            x.repeat(steps)
        } else {
            x
        }
    };
    let count = inputs.len() / steps;
    let low_pass = |values: &mut [f32], by: f32| {
        for t in 1..steps {
            let (before, now) = values.split_at_mut(t * count);
            let before = &before[(t - 1) * count..];
            now[..count].iter_mut().zip(before).for_each(|(n, b)| *n += by * b);
        }
    };
    let mut arrived = inputs;
    low_pass(&mut arrived, leak(watch.place.neurons.tau));
    let of_unit = watch.of_unit(&watch.potentials, unit);
    let slopes: Vec<f32> = of_unit.map(|v| surrogate.at(v - THRESHOLD)).collect();
    let mut traces = arrived.clone();
    for (row, slope) in traces.chunks_exact_mut(count).zip(&slopes) {
        row.iter_mut().for_each(|e| *e *= slope);
    }
    let read = watched.layers.iter().rev().find(|l| l.place.neurons.out != Out::Spikes);
    let read = read.unwrap_or(watch).place.neurons;
    let counts = match read.out {
        Out::Membrane { tau } if filtered => {
            low_pass(&mut traces, leak(tau));
            vec![1.0 / steps as f32; steps]
        }
        Out::Last { tau } if filtered => {
            low_pass(&mut traces, leak(tau));
            (0..steps).map(|t| f32::from(u8::from(t + 1 == steps))).collect()
        }
        _ => {
            let mean = read.weights().iter().sum::<f32>() / steps as f32;
            vec![mean; steps]
        }
    };
    Some(Eligibility { inputs: count, arrived, slopes, traces, counts })
}

/// When the neurons of each layer of a first-spike network fire at this picture: times in
/// units of the synapses' time constant, from when the ink fires; `None` for who does not.
/// The last layer is the ten classes. `None` for other networks.
pub fn first_spikes(network: &Network, picture: &Pixels) -> Option<Vec<Vec<Option<f32>>>> {
    let layers = (network.architecture().layers)();
    let [Layer::Spiking(Spiking::FirstSpike { hidden })] = layers[..] else { return None };
    let plan = network.plan();
    let op = FirstSpike::new(plan.isa, plan.steps.first()?.op.input(), hidden);
    debug_assert_eq!(picture.len(), PIXELS);
    let of_layer = |z: Vec<f32>| -> Vec<Option<f32>> {
        z.into_iter().map(|z| (z < NEVER).then(|| z.ln())).collect()
    };
    Some(op.times(network.step_parameters(0), picture).into_iter().map(of_layer).collect())
}

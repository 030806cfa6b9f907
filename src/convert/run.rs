//! One picture through a converted network, step by step. Within a step spikes go
//! through all layers, from the picture to the classes.

use crate::core::decision::unique_max;
use crate::core::rng::Rng;
use crate::data::{CLASSES, PIXELS, Pixels};

use super::energy::{PER_NEURON, Work};
use super::network::{Kind, Spiking, Stage, THRESHOLD};
use super::recipe::{Disturbance, Input, Pooling, Read, Reset};

/// A spike on its way into a stage: where it comes in, and how much it counts.
pub type Event = (u32, f32);

/// The state of a run.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    spiking: &'a Spiking,
    picture: Pixels,
    disturbance: Disturbance,
    seed: u64,
    step: u64,
    /// By stage: the potentials of its neurons, in thresholds (none for pooling).
    potentials: Vec<Vec<f32>>,
    /// By stage: spikes so far of its neurons, or through its places.
    counts: Vec<Vec<u32>>,
    /// By stage: who spiked (or let a spike through) in the last step.
    spiked: Vec<Vec<Event>>,
    /// Constant current into the first stage's neurons, from an analog picture.
    current: Vec<f32>,
    /// By stage: spikes that come later, by step from now.
    late: Vec<Vec<Vec<Event>>>,
    spikes: u64,
    work: Work,
}

impl<'a> Run<'a> {
    /// Before the first step. `seed` decides Poisson spikes and disturbances.
    pub fn new(
        spiking: &'a Spiking,
        picture: &Pixels,
        disturbance: Disturbance,
        seed: u64,
    ) -> Self {
        let initial = spiking.recipe.initial;
        let start = |stage: &Stage| match stage.cells() {
            Some(cells) if cells.spikes => vec![initial * THRESHOLD; stage.len()],
            Some(_) => vec![0.0; stage.len()],
            None => Vec::new(),
        };
        let mut run = Self {
            spiking,
            picture: *picture,
            disturbance,
            seed,
            step: 0,
            potentials: spiking.stages.iter().map(start).collect(),
            counts: spiking.stages.iter().map(|s| vec![0; s.len()]).collect(),
            spiked: vec![Vec::new(); spiking.stages.len()],
            current: Vec::new(),
            late: vec![vec![Vec::new(); disturbance.jitter as usize + 1]; spiking.stages.len()],
            spikes: 0,
            work: Work::default(),
        };
        if spiking.recipe.input == Input::Analog
            && let Some(first) = spiking.stages.first()
        {
            let lit = (0..PIXELS).filter(|i| picture[*i] != 0.0);
            let events: Vec<Event> = lit.map(|i| (i as u32, picture[i])).collect();
            run.current = vec![0.0; first.len()];
            deliver(first, &events, &mut run.current);
            run.work.first_layer = spiking.first_multiply_adds() as u64;
        }
        run
    }

    /// One step.
    pub fn advance(&mut self) {
        let spiking = self.spiking;
        let mut chance =
            self.needs_chance().then(|| Rng::stream(self.seed, "converted network", self.step));
        let mut events = self.poisson_spikes(chance.as_mut());
        for (number, stage) in spiking.stages.iter().enumerate() {
            if number > 0 {
                events = self.disturb(number, events, chance.as_mut());
            }
            let reached = events.iter().map(|(place, _)| stage.fan_out(*place as usize) as u64);
            self.work.synapses += reached.sum::<u64>();
            let out = match stage.cells() {
                Some(cells) => {
                    let potentials = &mut self.potentials[number];
                    deliver(stage, &events, potentials);
                    if number == 0 {
                        potentials.iter_mut().zip(&self.current).for_each(|(v, i)| *v += i);
                    }
                    add_bias(potentials, &cells.bias);
                    self.work.neurons += PER_NEURON * potentials.len() as u64;
                    if let Some(chance) = chance.as_mut().filter(|_| self.disturbance.noise > 0.0) {
                        let size = self.disturbance.noise * THRESHOLD;
                        potentials.iter_mut().for_each(|v| *v += size * chance.normal());
                    }
                    if cells.spikes {
                        fire(spiking.recipe.reset, potentials, &mut self.counts[number])
                    } else {
                        Vec::new()
                    }
                }
                None => self.pool(number, stage, &events),
            };
            if stage.cells().is_some() {
                self.spikes += out.len() as u64;
            }
            self.spiked[number].clear();
            self.spiked[number].extend_from_slice(&out);
            events = out;
        }
        self.step += 1;
    }

    fn needs_chance(&self) -> bool {
        self.spiking.recipe.input == Input::Poisson || self.disturbance.any()
    }

    /// Poisson spikes of the pixels.
    fn poisson_spikes(&self, chance: Option<&mut Rng>) -> Vec<Event> {
        match chance {
            Some(chance) if self.spiking.recipe.input == Input::Poisson => {
                let spikes = self.picture.iter().map(|p| chance.uniform() < *p);
                let all = spikes.enumerate().filter(|(_, s)| *s);
                all.map(|(i, _)| (i as u32, 1.0)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Loses some spikes and lets others come late.
    fn disturb(
        &mut self,
        number: usize,
        events: Vec<Event>,
        chance: Option<&mut Rng>,
    ) -> Vec<Event> {
        let Some(chance) = chance.filter(|_| self.disturbance.any()) else { return events };
        let late = &mut self.late[number];
        for event in events {
            let lost =
                self.disturbance.dropped > 0.0 && chance.uniform() < self.disturbance.dropped;
            if !lost {
                let by = chance.below(self.disturbance.jitter as usize + 1);
                late[by].push(event);
            }
        }
        late.rotate_left(1);
        late.last_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Which spikes pass.
    fn pool(&mut self, number: usize, stage: &Stage, events: &[Event]) -> Vec<Event> {
        let Kind::Pool { window, .. } = &stage.kind else { return Vec::new() };
        let ([h, w, c], [oh, ow, _]) = (stage.input, stage.output);
        let pooling = self.spiking.recipe.pooling;
        let gates = stage.has_gates(pooling);
        // Spikes so far of the neurons before, this step's included. Where there are none
        // (a conversion refuses that), there is nothing to compare.
        let (before, after) = self.counts.split_at_mut(number);
        let (Some(fired), [passed, ..]) = (before.last(), after) else { return Vec::new() };
        let mut through = Vec::new();
        for (place, strength) in events {
            let place = *place as usize;
            let (y, x, channel) = (place / c / w, place / c % w, place % c);
            let columns = window.over(1, x, ow);
            for (oy, ox) in
                window.over(0, y, oh).flat_map(|oy| columns.clone().map(move |ox| (oy, ox)))
            {
                let out = (oy * ow + ox) * c + channel;
                if !gates {
                    through.push((out as u32, stage.share(oy, ox) * strength));
                    passed[out] += 1;
                    continue;
                }
                let (rows, columns) = (window.pixels(0, oy, h), window.pixels(1, ox, w));
                self.work.gates += (rows.len() * columns.len()) as u64;
                // Who has fired most, of equals the first.
                let mut busiest = (0, None);
                for neuron in
                    rows.flat_map(|y| columns.clone().map(move |x| (y * w + x) * c + channel))
                {
                    if fired[neuron] > busiest.0 {
                        busiest = (fired[neuron], Some(neuron));
                    }
                }
                let passes = match pooling {
                    Pooling::Largest => busiest.0 > passed[out],
                    Pooling::Gated | Pooling::Average => busiest.1 == Some(place),
                };
                if passes {
                    through.push((out as u32, *strength));
                    passed[out] += 1;
                }
            }
        }
        through
    }

    /// Steps done.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The network.
    pub fn spiking(&self) -> &'a Spiking {
        self.spiking
    }

    /// Spikes so far of each neuron of a stage, or through each of its places.
    pub fn counts(&self, stage: usize) -> &[u32] {
        &self.counts[stage]
    }

    /// Potentials of a stage's neurons, in thresholds; none for pooling.
    pub fn potentials(&self, stage: usize) -> &[f32] {
        &self.potentials[stage]
    }

    /// Who spiked in the last step.
    pub fn spiked(&self, stage: usize) -> &[Event] {
        &self.spiked[stage]
    }

    /// Spikes of all neurons so far; Poisson spikes of pixels are not counted.
    pub fn spikes(&self) -> u64 {
        self.spikes
    }

    /// Operations so far.
    pub fn work(&self) -> Work {
        self.work
    }

    /// How much speaks for each digit: per step, so that it nears the original's
    /// logits, or spikes with the potential as a tie-break.
    pub fn logits(&self) -> [f32; CLASSES] {
        let last = self.spiking.stages.len() - 1;
        let steps = self.step.max(1) as f32;
        let scale = |k| self.spiking.stages[last].cells().map_or(1.0, |c| c.scale(k));
        std::array::from_fn(|k| match self.spiking.recipe.read {
            Read::Potential => {
                scale(k) * self.potentials[last].get(k).copied().unwrap_or(0.0) / steps
            }
            Read::Spikes => {
                let count = self.counts[last].get(k).copied().unwrap_or(0) as f32;
                let rest = self.potentials[last].get(k).copied().unwrap_or(0.0);
                scale(k) * (count + 1e-3 * rest.clamp(-100.0, 100.0)) / steps
            }
        })
    }

    /// The digit that most speaks for, and by how much more than for the next,
    /// added up over the steps. `None` and nothing where two are equal.
    pub fn answer(&self) -> (Option<u8>, f32) {
        let logits = self.logits();
        let Some(best) = unique_max(&logits) else { return (None, 0.0) };
        let others = (0..CLASSES).filter(|k| *k != best).map(|k| logits[k]);
        let second = others.fold(f32::NEG_INFINITY, f32::max);
        (Some(best as u8), (logits[best] - second) * self.step as f32)
    }
}

fn add_bias(potentials: &mut [f32], bias: &[f32]) {
    for row in potentials.chunks_exact_mut(bias.len().max(1)) {
        row.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
    }
}

/// Adds what spikes bring to the potentials of a stage.
fn deliver(stage: &Stage, events: &[Event], potentials: &mut [f32]) {
    match &stage.kind {
        Kind::Pool { .. } => {}
        Kind::Dense { cells } => {
            let n = potentials.len();
            for (place, strength) in events {
                add(potentials, &cells.weights[*place as usize * n..][..n], *strength);
            }
        }
        Kind::Conv { window, cells } => {
            let [_, w, c] = stage.input;
            let [oh, ow, f] = stage.output;
            let ([_, kw], [down, across]) = (window.kernel, window.stride);
            let [top, left, ..] = window.padding;
            for (place, strength) in events {
                let place = *place as usize;
                let (y, x, channel) = (place / c / w, place / c % w, place % c);
                let columns = window.over(1, x, ow);
                for oy in window.over(0, y, oh) {
                    let ky = y + top - oy * down;
                    for ox in columns.clone() {
                        let kx = x + left - ox * across;
                        let target = (oy * ow + ox) * f;
                        let weights = ((ky * kw + kx) * c + channel) * f;
                        let row = &cells.weights[weights..][..f];
                        add(&mut potentials[target..target + f], row, *strength);
                    }
                }
            }
        }
    }
}

#[inline]
fn add(potentials: &mut [f32], weights: &[f32], strength: f32) {
    potentials.iter_mut().zip(weights).for_each(|(v, w)| *v += strength * w);
}

/// Who is at the threshold or above spikes.
fn fire(reset: Reset, potentials: &mut [f32], counts: &mut [u32]) -> Vec<Event> {
    let mut spiked = Vec::new();
    for (block, values) in potentials.chunks_mut(64).enumerate() {
        // Most blocks are silent; this look at all of one at once is cheap.
        if values.iter().fold(f32::MIN, |a, v| a.max(*v)) < THRESHOLD {
            continue;
        }
        for (k, v) in values.iter_mut().enumerate().filter(|(_, v)| **v >= THRESHOLD) {
            let place = block * 64 + k;
            *v = if reset == Reset::Subtract { *v - THRESHOLD } else { 0.0 };
            counts[place] += 1;
            spiked.push((place as u32, 1.0));
        }
    }
    spiked
}

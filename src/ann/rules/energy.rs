//! Variational EM by neural dynamics and local delta rules (Bengio et al. 2015): see
//! [`crate::ann::energy`].
//!
//! The encoder sees a picture badly, with noise or partly covered, and proposes causes; in
//! a few steps they move until they explain all of it (E step). Then each of the four maps
//! learns by itself to predict, from the rate before it, what the rate behind it has become
//! (M step): `dW = before · (target − prediction)`; for the encoder of h1 that is the rate
//! before times how far the rate behind has moved. No error goes from one map to another,
//! and no label into any of them. Labels teach a linear read-out of h1, and
//! count for the prior which class a code belongs to; nothing goes back from either.
//!
//! In the last epochs the maps rest at the mean of what they were in the epochs before
//! (Polyak and Juditsky 1992), while read-out and prior learn what has become of the codes.

use super::disturbance::Disturbance;
use super::probe::Digits;
use super::{Kind, Method, Recipe, Rule, adam};
use crate::ann::AnnError;
use crate::ann::buffer::Buffer;
use crate::ann::energy::prior::{EVERY, Fit, Prior, fit_len};
use crate::ann::energy::{Dynamics, Scratch, op_of, relax};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::network::Network;
use crate::ann::ops::energy::{Energy, Map};
use crate::ann::ops::simd::vectorised;
use crate::ann::plan::Plan;
use crate::ann::tap::Signal;
use crate::core::param::{Param, params};
use crate::core::rng::Rng;
use crate::data::{PIXELS, SIDE};

params! {
    struct Params: f32 {
        passes: Param::number(
            "Epochs for the maps", "", 6.0, (0.0, 1000.0),
            "Epochs in which encoders and decoders learn; later only read-out and prior do",
        ),
        averaged: Param::number(
            "Averaged epochs", "", 3.0, (0.0, 100.0),
            "Epochs over which encoders and decoders are averaged before they rest",
        ),
        steps: Param::number(
            "Steps of inference", "", 4.0, (0.0, 100.0),
            "How often causes move before synapses learn",
        ),
        rate: Param::number(
            "Rate a", "", 0.3, (0.0, 0.5),
            "How far causes move in a step",
        ),
        top_down: Param::number(
            "From above b", "", 0.1, (0.0, 1.0),
            "How strongly h1 is drawn to what h2 expects, against what it misses of the picture",
        ),
        noise_x: Param::number(
            "Noise on pixels", "", 0.4, (0.0, 2.0),
            "Standard deviation of the noise on the pixels that the encoder sees",
        ),
        noise_h: Param::number(
            "Noise on h1", "", 0.3, (0.0, 2.0),
            "Standard deviation of the noise on h1 that encoder and decoder see",
        ),
        covered: Param::number(
            "Covered", "", 0.6, (0.0, 1.0),
            "Share of the pictures of which the encoder sees one side of a line only",
        ),
    }
}

/// EM.
pub static RULE: Rule = Rule {
    id: "energy",
    name: "Variational EM",
    doc: "Latent variables move until they explain the picture better; then each encoder and decoder learns by a local delta rule to predict where they moved (Bengio et al. 2015). It learns without labels what digits look like; a linear read-out tells which one it is.",
    way_back: "nothing: activity of the decoders comes down, no error",
    parameters: Params::DECLARED,
    kind: Kind::Energy,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe { average: 3, ..Recipe::new(&[500, 100], 100, 9) },
    sends_errors: false,
    relaxes: false,
    begin: |start| {
        let Params { passes, averaged, steps, rate, top_down, noise_x, noise_h, covered } =
            Params::of(start.values);
        let op = op_of(start.network);
        let codes = op.as_ref().map_or(0, |op| fit_len(op.widths()[2]));
        let maps = op.as_ref().map_or(0, maps_len);
        Box::new(Expectation {
            op,
            passes: passes as usize,
            steps: steps as usize,
            dynamics: Dynamics { rate, top_down, ..Dynamics::default() },
            noise: (noise_x, noise_h),
            covered,
            epoch: 0,
            averaged: averaged as usize,
            state: vec![Buffer::zeros(codes), Buffer::zeros(1 + maps)],
        })
    },
};

#[derive(Clone)]
struct Expectation {
    /// `None` of a network of another kind, which is refused before a run begins.
    op: Option<Energy>,
    passes: usize,
    steps: usize,
    dynamics: Dynamics,
    /// On pixels and on h1.
    noise: (f32, f32),
    covered: f32,
    epoch: usize,
    /// Epochs before the maps rest, over which they are averaged.
    averaged: usize,
    /// What the prior is fitted to; how often maps were taken into their mean, and the mean.
    state: Vec<Buffer>,
}

/// Mini-batches from one sample of the maps to the next: neighbours hardly differ.
const SAMPLED: u64 = 8;

/// Numbers of the four maps, which come first among the parameters.
fn maps_len(op: &Energy) -> usize {
    op.place(Map::Decode1).1.end
}

/// How much of a mini-batch's mean and deviation of h1 is taken over.
const FOLLOWED: f32 = 0.02;
/// Deviations of h1 are taken for larger by this, so that units that hardly vary stay small.
const SPREAD: f32 = 0.05;

/// Lets the means and deviations of h1, which the read-out works with, follow its codes;
/// the first mini-batch sets them.
fn follow(op: &Energy, parts: &[PartMemory], parameters: &mut [f32], step: u64) {
    let width = op.widths()[1];
    let (mut sums, mut squares, mut n) = (vec![0f32; width], vec![0f32; width], 0);
    for part in parts {
        n += part.n;
        for row in part.keep[0][op.codes(part.n).0].chunks_exact(width) {
            sums.iter_mut().zip(row).for_each(|(s, h)| *s += h);
            squares.iter_mut().zip(row).for_each(|(s, h)| *s += h * h);
        }
    }
    let share = if step == 0 { 1.0 } else { FOLLOWED };
    let (by, (mean, log)) = (1.0 / n.max(1) as f32, op.scale());
    for (i, (sum, square)) in sums.iter().zip(&squares).enumerate() {
        let now = by * sum;
        let deviation = (by * square - now * now).max(0.0).sqrt();
        let (mean, log) = (mean.start + i, log.start + i);
        parameters[mean] += share * (now - parameters[mean]);
        parameters[log] += share * (-(deviation + SPREAD).ln() - parameters[log]);
    }
}

/// Adds noise that is nearly normal, the sum of four uniform numbers.
fn add_noise(values: &mut [f32], deviation: f32, rng: &mut Rng) {
    // Each of the four has a variance of 65536² / 12.
    let scale = deviation * (12f32 / 4.0).sqrt() / 65536.0;
    for v in values {
        let bits = rng.next_u64();
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
        *v += scale * (sum as f32 - 131_070.0);
    }
}

/// Covers what lies on one side of a line somewhere through the middle of a picture.
fn cover(picture: &mut [f32], rng: &mut Rng) {
    let (angle, offset) = (rng.range(0.0, std::f32::consts::TAU), rng.range(-8.0, 8.0));
    let (sin, cos) = angle.sin_cos();
    let middle = 0.5 * (SIDE - 1) as f32;
    for (i, v) in picture.iter_mut().enumerate() {
        let (y, x) = ((i / SIDE) as f32 - middle, (i % SIDE) as f32 - middle);
        if x * cos + y * sin > offset {
            *v = 0.0;
        }
    }
}

impl Expectation {
    /// Infers causes, and keeps for each map what comes into it and how far its
    /// predictions are from its targets.
    fn teach(&self, op: &Energy, part: &mut PartMemory, job: &Job<'_>) {
        let parameters: &[f32] = &job.parts.parameters[0];
        let [_, width1, width2] = op.widths();
        let PartMemory { n, first, planes, keep, own, .. } = part;
        let (n, x, keep) = (*n, &planes[0], &mut keep[0]);
        let (seed, step) = job.address;
        let random = |map: Map, i: usize| {
            // By the picture's number in the batch: threads change nothing.
            Rng::stream(seed ^ ((*first + i) as u64) << 32, map.name(), step)
        };
        let (memory, rest) = own.split_at_mut(Scratch::len(op, n));
        let (h1, rest) = rest.split_at_mut(n * width1);
        let h2 = &mut rest[..n * width2];
        let mut scratch = Scratch::new(op, n, memory);
        // What the encoder proposes of a picture that it sees badly is where causes begin,
        // and how far they move is what it learns.
        let (seen, moved) = op.keeps(n, Map::Encode1);
        let (codes, _) = op.codes(n);
        let (kept, proposed) = keep.split_at_mut(codes.start);
        let proposed = &proposed[..codes.len()];
        let (seen, moved) = kept[..moved.end].split_at_mut(seen.end);
        seen.copy_from_slice(&x[..n * PIXELS]);
        let tap = job.tap;
        for (i, row) in seen.chunks_exact_mut(PIXELS).enumerate() {
            let mut rng = random(Map::Encode1, i);
            if rng.uniform() < self.covered {
                cover(row, &mut rng);
            }
            add_noise(row, self.noise.0, &mut rng);
        }
        tap.sent(Signal::Activity(0), seen);
        op.apply(parameters, Map::Encode1, n, seen, moved);
        tap.sent(Signal::Activity(1), moved);
        h1.copy_from_slice(moved);
        op.apply(parameters, Map::Encode2, n, h1, h2);
        tap.sent(Signal::Activity(2), h2);
        for _ in 0..self.steps {
            op.apply(parameters, Map::Decode1, n, h1, scratch.drawn);
            tap.sent(Signal::Activity(0), scratch.drawn);
            let (moving, how) = ((&mut *h1, &mut *h2), &self.dynamics);
            relax(op, parameters, n, moving, proposed, None, &mut scratch, how, tap);
            tap.sent(Signal::Activity(1), h1);
        }
        let by = 1.0 / job.batch as f32;
        vectorised(|| moved.iter_mut().zip(&*h1).for_each(|(m, h)| *m = by * (*m - h)));
        for map in [Map::Encode2, Map::Decode2, Map::Decode1] {
            let (inputs, _) = op.shape(map);
            let (before, errors) = op.keeps(n, map);
            let (source, target): (&[f32], &[f32]) = match map {
                Map::Encode2 => (h1, h2),
                Map::Decode2 => (h2, h1),
                _ => (h1, &x[..n * PIXELS]),
            };
            let (pre, rest) = kept[before.start..].split_at_mut(before.len());
            pre.copy_from_slice(source);
            for (i, row) in pre.chunks_exact_mut(inputs).enumerate() {
                let mut rng = random(map, i);
                match map {
                    // All or nothing, at random.
                    Map::Decode2 => {
                        row.iter_mut().for_each(|h| *h = f32::from(u8::from(rng.uniform() < *h)));
                    }
                    _ => add_noise(row, self.noise.1, &mut rng),
                }
            }
            let prediction = &mut rest[..errors.len()];
            op.apply(parameters, map, n, pre, prediction);
            vectorised(|| {
                prediction.iter_mut().zip(target).for_each(|(p, t)| *p = by * (*p - t));
            });
        }
    }
}

impl Method for Expectation {
    fn memory(&self, _: &Plan, n: usize) -> usize {
        let of = |op: &Energy| Scratch::len(op, n) + n * (op.widths()[1] + op.widths()[2]);
        self.op.as_ref().map_or(0, of)
    }

    fn begin_epoch(&mut self, epoch: usize) {
        self.epoch = epoch;
    }

    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        let Some(op) = &self.op else { return };
        let parameters: &[f32] = &job.parts.parameters[0];
        let n = part.n;
        {
            let PartMemory { planes, keep, .. } = part;
            let (before, after) = planes.split_at_mut(1);
            let (scaled, (codes, sums)) = (op.keeps(n, Map::ReadOut).0, op.codes(n));
            let (before_codes, rest) = keep[0].split_at_mut(codes.start);
            let (h1, rest) = rest.split_at_mut(codes.len());
            op.apply(parameters, Map::Encode1, n, &before[0], h1);
            op.sums(parameters, Map::Encode2, n, h1, &mut rest[..sums.len()]);
            let scaled = &mut before_codes[scaled];
            scaled.copy_from_slice(h1);
            op.scaled(parameters, scaled);
            op.apply(parameters, Map::ReadOut, n, scaled, &mut after[0]);
        }
        part.judge(job.batch);
        if self.epoch < self.passes {
            self.teach(op, part, job);
        } else {
            part.keep[0][..op.keeps(n, Map::ReadOut).0.start].fill(0.0);
        }
    }

    /// The prior: from the codes as they were before the update.
    fn after(
        &mut self,
        network: &mut Network,
        parts: &mut [PartMemory],
        _: usize,
        (_, step): (u64, u64),
    ) -> Result<(), AnnError> {
        let Some(op) = &self.op else { return Ok(()) };
        let (mut codes, mut labels) = (Vec::new(), Vec::new());
        for part in &*parts {
            codes.extend_from_slice(&part.keep[0][op.codes(part.n).1]);
            labels.extend_from_slice(&part.labels);
        }
        let parameters = &mut network.parts().parameters[0];
        let [codes_so_far, mean] = &mut self.state[..] else { return Ok(()) };
        let mut fit = Fit::new(op.widths()[2], codes_so_far);
        // Free components begin anew as long as codes change much.
        let seeds = self.epoch.min(self.passes);
        fit.take(Prior::of(op, parameters), &codes, &labels, seeds);
        if (step + 1).is_multiple_of(EVERY) {
            fit.write(op, parameters);
        }
        follow(op, parts, parameters, step);
        let maps = &mut parameters[..maps_len(op)];
        let [count, mean @ ..] = &mut mean[..] else { return Ok(()) };
        if self.epoch >= self.passes {
            if *count > 0.0 {
                maps.copy_from_slice(mean);
            }
        } else if self.epoch + self.averaged >= self.passes && (step + 1).is_multiple_of(SAMPLED) {
            *count += 1.0;
            let share = 1.0 / *count;
            vectorised(|| mean.iter_mut().zip(&*maps).for_each(|(m, w)| *m += share * (w - *m)));
        }
        Ok(())
    }

    fn matrices(&self) -> &[Buffer] {
        &self.state
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.state
    }

    /// It goes down no single slope: each map has an aim of its own.
    fn angles(&self, _: &Digits<'_>, _: &Disturbance) -> Vec<Option<f64>> {
        vec![None; Map::LATENT.len()]
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}

//! Inference and imagination step by step, for whoever wants to watch.

use serde::{Deserialize, Serialize};

use super::prior::Wish;
use super::{Dynamics, Given, Model, Objective, State, logit, sigmoid};
use crate::core::rng::Rng;
use crate::data::Pixels;

/// Most pictures that are imagined side by side.
pub const MOST_CHAINS: usize = 256;
/// Most frames of a walk.
pub const MOST_FRAMES: usize = 1000;

/// What happens in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Motion {
    /// Causes move a little towards larger J ([`Model::settle`]).
    #[default]
    Settle,
    /// The picture is taken for given, inferred, and drawn anew by h1 ([`Model::refine`]).
    Refine,
    /// Up to the top and back down to a new picture ([`Model::sweep`]).
    Sweep,
}

/// A state and how it goes on. The same seed gives the same film.
#[derive(Clone, Debug, PartialEq)]
pub struct Imagining {
    /// What is known of the picture.
    pub given: Given,
    /// How causes move.
    pub dynamics: Dynamics,
    /// What happens in a step.
    pub motion: Motion,
    /// Pictures with their causes.
    pub state: State,
    seed: u64,
    step: u64,
}

/// A moment of a film.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Steps before it.
    pub step: u64,
    /// The mean picture; known pixels as they are.
    pub picture: Pixels,
    /// Causes of the first of the pictures.
    pub h1: Vec<f32>,
    /// The same.
    pub h2: Vec<f32>,
    /// J, the mean over the pictures.
    pub objective: Objective,
}

impl Imagining {
    /// Begins with what is known, in `chains` copies, which only noise tells apart.
    pub fn of(model: &Model<'_>, given: Given, chains: usize, seed: u64) -> Self {
        let state = model.begin(&given, chains.clamp(1, MOST_CHAINS));
        let (dynamics, motion) = (Dynamics::default(), Motion::Settle);
        Self { given, dynamics, motion, state, seed, step: 0 }
    }

    /// Begins with `n` dreams from the prior; `temperature` as in
    /// [`super::prior::Prior::sample`], from 0 to 3.
    pub fn dream(model: &Model<'_>, wish: Wish, n: usize, temperature: f32, seed: u64) -> Self {
        let temperature = if temperature.is_nan() { 1.0 } else { temperature.clamp(0.0, 3.0) };
        let n = n.clamp(1, MOST_CHAINS);
        let mut h2 = Vec::with_capacity(n * model.widths()[2]);
        for number in 0..n {
            let mut rng = Rng::stream(seed, "dream", number as u64);
            let (_, z) = model.prior().sample(wish, temperature, &mut rng);
            h2.extend(z.iter().map(|z| sigmoid(*z)));
        }
        let state = model.decode(n, h2);
        let dynamics = Dynamics { wish, ..Dynamics::default() };
        Self { given: Given::nothing(), dynamics, motion: Motion::Refine, state, seed, step: 0 }
    }

    /// Steps so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// One step.
    pub fn advance(&mut self, model: &Model<'_>) {
        let address = (self.seed, self.step);
        match self.motion {
            Motion::Settle => model.settle(&mut self.state, &self.given, &self.dynamics, address),
            Motion::Refine => model.refine(&mut self.state, &self.given, &self.dynamics, address),
            Motion::Sweep => model.sweep(&mut self.state, &self.given, &self.dynamics, address),
        }
        self.step += 1;
    }

    /// J as it is.
    pub fn objective(&self, model: &Model<'_>) -> Objective {
        model.objective(&self.state, &self.given, &self.dynamics)
    }

    /// The moment as it is.
    pub fn frame(&self, model: &Model<'_>) -> Frame {
        let [_, h1, h2] = model.widths();
        Frame {
            step: self.step,
            picture: self.state.mean(),
            h1: self.state.h1[..h1].to_vec(),
            h2: self.state.h2[..h2].to_vec(),
            objective: self.objective(model),
        }
    }
}

/// How a picture is completed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Completion {
    /// Pictures imagined side by side, whose mean is the completion.
    pub chains: usize,
    /// What happens in a step.
    pub motion: Motion,
    /// Steps before the mean is taken.
    pub before: usize,
    /// Steps over which it is taken.
    pub over: usize,
    /// How causes move.
    pub dynamics: Dynamics,
}

impl Default for Completion {
    fn default() -> Self {
        let dynamics = Dynamics { noise: 0.3, ..Dynamics::default() };
        Self { chains: 8, motion: Motion::Sweep, before: 10, over: 10, dynamics }
    }
}

/// Completes a picture: the mean of what is imagined where nothing is known, and each
/// moment up to it. Known pixels stay as they are.
pub fn complete(
    model: &Model<'_>,
    given: &Given,
    how: &Completion,
    seed: u64,
    mut watch: impl FnMut(&Imagining, &Pixels),
) -> Pixels {
    let mut film = Imagining::of(model, given.clone(), how.chains, seed);
    (film.dynamics, film.motion) = (how.dynamics, how.motion);
    let mut mean = film.state.mean();
    watch(&film, &mean);
    for step in 0..how.before + how.over {
        film.advance(model);
        let now = film.state.mean();
        let taken = (step + 1).saturating_sub(how.before).max(1) as f32;
        mean.iter_mut().zip(&now).for_each(|(m, v)| *m += (v - *m) / taken);
        watch(&film, &mean);
    }
    mean
}

/// At which layer a walk goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// From pixel to pixel: a cross-fade, to compare with.
    Pixels,
    /// Straight through h1.
    First,
    /// Straight through the sums of h2.
    #[default]
    Second,
}

/// A walk between two pictures, `frames` in all, both ends included: each with its
/// causes.
pub fn walk(model: &Model<'_>, from: &Pixels, to: &Pixels, frames: usize, depth: Depth) -> State {
    let frames = frames.clamp(2, MOST_FRAMES);
    let ends = model.encode(&[*from, *to]);
    let [_, h1, h2] = model.widths();
    let shares = (0..frames).map(|i| i as f32 / (frames - 1) as f32);
    let between = |all: &[f32], width: usize| -> Vec<f32> {
        let (a, b) = all.split_at(width);
        let row = |t: f32| a.iter().zip(b).map(move |(a, b)| a + t * (b - a)).collect::<Vec<_>>();
        shares.clone().flat_map(row).collect()
    };
    match depth {
        Depth::Pixels => {
            let x = between(&ends.x, crate::data::PIXELS);
            let h1 = model.apply(super::Map::Encode1, frames, &x);
            let h2 = model.apply(super::Map::Encode2, frames, &h1);
            State { n: frames, x, h1, h2 }
        }
        Depth::First => {
            let h1 = between(&ends.h1, h1);
            let x = model.apply(super::Map::Decode1, frames, &h1);
            let h2 = model.apply(super::Map::Encode2, frames, &h1);
            State { n: frames, x, h1, h2 }
        }
        Depth::Second => {
            let z: Vec<f32> = ends.h2.iter().map(|p| logit(*p)).collect();
            let z = between(&z, h2);
            model.decode(frames, z.iter().map(|z| sigmoid(*z)).collect())
        }
    }
}

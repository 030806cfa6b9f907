//! How good a generative network is, by numbers: each beside what it has to beat.

use rayon::prelude::*;
use serde::Serialize;

use super::film::{Completion, Imagining, complete};
use super::measure::{error_outside, nearest, parzen};
use super::prior::Wish;
use super::{Dynamics, Given, Model, Objective};
use crate::ann::ops::energy::Map;
use crate::data::{CLASSES, PIXELS, Pixels, SIDE};

/// Steps over which J is followed.
pub const STEPS: usize = 15;
/// Samples from the prior for Parzen's estimate.
pub const SAMPLES: usize = 5000;
/// Deviation of Parzen's Gaussians.
pub const SIGMA: f64 = 0.2;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// Pictures that were asked about.
    pub pictures: usize,
    /// J as proposed by the encoders, and after [`STEPS`] steps of inference.
    pub before: Objective,
    /// The same.
    pub after: Objective,
    /// The largest fall of J in a single step, of any picture, nats.
    pub largest_fall: f64,
    /// Mean squared error of the picture as h1 draws it.
    pub error_h1: f32,
    /// As h2 draws it.
    pub error_h2: f32,
    /// Of the mean picture.
    pub error_mean: f32,
    /// The right half, from the left one: mean squared error of the completion there.
    pub completed: f32,
    /// Of one pass up to h1 and down, without noise.
    pub completed_at_once: f32,
    /// Of the mean picture.
    pub completed_mean: f32,
    /// Of the right half of whichever training picture has the nearest left half.
    pub completed_nearest: f32,
    /// Parzen's mean log-likelihood of the pictures under samples, nats, with [`SIGMA`]: as
    /// they come from the prior.
    pub parzen: f64,
    /// Of the same refined by a sweep, and by ten.
    pub parzen_refined: [f64; 2],
    /// Under as many training pictures.
    pub parzen_training: f64,
    /// Mean squared difference between a sample and the nearest training picture.
    pub sample_nearest: f32,
    /// Between a picture and the nearest training picture.
    pub picture_nearest: f32,
}

/// The right half of a picture is unknown.
pub fn left_half() -> [bool; PIXELS] {
    std::array::from_fn(|i| i % SIDE < SIDE / 2)
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Samples of all classes' priors in turn, or of the free one, refined by so many sweeps.
pub fn samples(
    model: &Model<'_>,
    n: usize,
    by_class: bool,
    sweeps: usize,
    seed: u64,
) -> Vec<Pixels> {
    let one = |i: usize| {
        let wish = if by_class { Wish::Class((i % CLASSES) as u8) } else { Wish::Free };
        let mut dream = Imagining::dream(model, wish, 1, 1.0, seed ^ (i as u64) << 20);
        for _ in 0..sweeps {
            dream.advance(model);
        }
        dream.state.picture(0)
    };
    (0..n).into_par_iter().map(one).collect()
}

/// Judges a network by `pictures` that it has not learned from, and by those that it has.
/// Runs on the threads of the current pool.
pub fn judge(model: &Model<'_>, training: &[Pixels], pictures: &[Pixels], seed: u64) -> Judged {
    let mut average = [0f32; PIXELS];
    for picture in training {
        average.iter_mut().zip(picture).for_each(|(m, v)| *m += v / training.len().max(1) as f32);
    }
    let none = [false; PIXELS];
    let known = left_half();
    let dynamics = Dynamics::default();
    let climbs: Vec<(Objective, Objective, f64)> = pictures
        .par_iter()
        .map(|picture| {
            let mut film = Imagining::of(model, Given::all(picture), 1, seed);
            film.dynamics = dynamics;
            let before = film.objective(model);
            let (mut last, mut fall) = (before, 0f64);
            for _ in 0..STEPS {
                film.advance(model);
                let now = film.objective(model);
                fall = fall.max(last.total() - now.total());
                last = now;
            }
            (before, last, fall)
        })
        .collect();
    let part = |of: fn(&(Objective, Objective, f64)) -> Objective| {
        let by = 1.0 / climbs.len().max(1) as f64;
        climbs.iter().map(of).fold(Objective::default(), |sum, o| Objective {
            pixels: sum.pixels + by * o.pixels,
            hidden: sum.hidden + by * o.hidden,
            prior: sum.prior + by * o.prior,
            regulariser: sum.regulariser + by * o.regulariser,
        })
    };
    let drawn = |picture: &Pixels, deep: bool| -> Pixels {
        let state = model.encode(&[*picture]);
        let state = if deep { model.decode(1, state.h2) } else { state };
        let drawn = model.apply(Map::Decode1, 1, &state.h1);
        drawn.try_into().unwrap_or(average)
    };
    let how = Completion::default();
    let each = |error: &(dyn Fn(&Pixels) -> f32 + Sync)| -> f32 {
        mean(&pictures.par_iter().map(error).collect::<Vec<_>>())
    };
    let at_once = |p: &Pixels| {
        let state = model.begin(&Given::part(p, &known), 1);
        let drawn: Pixels = model.drawn(&state).try_into().unwrap_or(average);
        error_outside(p, &drawn, &known)
    };
    let near = |p: &Pixels, known: &[bool; PIXELS]| nearest(p, training, known);
    let nearest_half =
        |p: &Pixels| near(p, &known).map_or(0.0, |(i, _)| error_outside(p, &training[i], &known));
    let all = [true; PIXELS];
    let raw = samples(model, SAMPLES, false, 0, seed);
    let refined =
        [1, 10].map(|n| parzen(&samples(model, SAMPLES, false, n, seed), pictures, SIGMA));
    let shown: Vec<f32> =
        raw.iter().take(200).map(|p| near(p, &all).map_or(0.0, |(_, d)| d)).collect();
    let seen: Vec<f32> =
        pictures.iter().take(200).map(|p| near(p, &all).map_or(0.0, |(_, d)| d)).collect();
    Judged {
        pictures: pictures.len(),
        before: part(|c| c.0),
        after: part(|c| c.1),
        largest_fall: climbs.iter().fold(0.0, |m, c| m.max(c.2)),
        error_h1: each(&|p| error_outside(p, &drawn(p, false), &none)),
        error_h2: each(&|p| error_outside(p, &drawn(p, true), &none)),
        error_mean: each(&|p| error_outside(p, &average, &none)),
        completed: each(&|p| {
            let done = complete(model, &Given::part(p, &known), &how, seed, |_, _| {});
            error_outside(p, &done, &known)
        }),
        completed_at_once: each(&at_once),
        completed_mean: each(&|p| error_outside(p, &average, &known)),
        completed_nearest: each(&nearest_half),
        parzen: parzen(&raw, pictures, SIGMA),
        parzen_refined: refined,
        parzen_training: parzen(&training[..SAMPLES.min(training.len())], pictures, SIGMA),
        sample_nearest: mean(&shown),
        picture_nearest: mean(&seen),
    }
}

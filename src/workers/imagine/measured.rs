//! What a generative network is worth, in numbers: on test digits, in the background.

use std::sync::Arc;

use crate::ann::energy::film::{Completion, Imagining, complete};
use crate::ann::energy::judge::{SIGMA, left_half};
use crate::ann::energy::measure::{error_outside, nearest, parzen};
use crate::ann::energy::prior::Wish;
use crate::ann::energy::{Given, Model as Generative};
use crate::ann::spare_threads;
use crate::core::decision::unique_max;
use crate::data::registry::Split;
use crate::data::{Dataset, PIXELS, Pixels};
use crate::workers::events::Events;
use crate::workers::models::Model;
use crate::workers::thread::answering::{Answer, Answering, Reply};

/// Test digits that are explained and drawn again.
const EXPLAINED: usize = 2000;
/// Of a chunk.
const CHUNK: usize = 100;
/// Test digits whose right half is completed.
const COMPLETED: usize = 100;
/// Samples, and test digits, of Parzen's estimate.
const PARZEN: (usize, usize) = (2000, 500);
/// Steps of refinement at which samples are judged.
pub const REFINED: [usize; 3] = [0, 1, 10];
/// Training digits that a half is compared with at a time.
const NEAR: usize = 2000;

/// What is to be measured.
#[derive(Clone)]
pub struct MeasureQuestion {
    /// Counts the questions.
    pub number: u64,
    /// The network.
    pub model: Arc<Model>,
    /// The digits; `None` ends what is going on and keeps what it found.
    pub digits: Option<Split>,
}

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// [`MeasureQuestion::number`]; 0 before the first.
    pub number: u64,
    /// Key of the network.
    pub key: String,
    /// How much is done, from 0 to 1, and whether it is going on.
    pub done: f32,
    pub running: bool,
    /// Digits explained, and read right from h1.
    pub explained: usize,
    pub right: usize,
    /// Sums over them of the mean squared error of what h1 draws, of what h2 draws, of the
    /// mean training digit.
    pub drawn: [f64; 3],
    /// Digits whose right half was completed, and sums of the mean squared error there: the
    /// network's, the mean training digit's, that of the training digit with the nearest
    /// left half.
    pub completed: usize,
    pub halves: [f64; 3],
    /// Parzen's estimate by samples after so many steps ([`REFINED`]), and by training
    /// digits; nats.
    pub parzen: [Option<f64>; 4],
}

impl Answer<MeasureQuestion> for Measured {
    fn failure(why: &str) -> String {
        format!("The network could not be measured: {why}. What was found so far stays.")
    }
}

/// The mean of a data set's pictures.
fn mean_picture(data: &Dataset) -> Pixels {
    let mut sums = [0u64; PIXELS];
    for i in 0..data.len() {
        sums.iter_mut().zip(data.image(i)).for_each(|(s, v)| *s += u64::from(*v));
    }
    sums.map(|s| s as f32 / 255.0 / data.len().max(1) as f32)
}

fn explain(found: &mut Measured, model: &Model, test: &Dataset, from: usize, mean: &Pixels) {
    let Some(network) = Generative::of(&model.network) else { return };
    let to = (from + CHUNK).min(test.len());
    let pictures: Vec<Pixels> = (from..to).map(|i| test.pixels(i)).collect();
    let state = network.encode(&pictures);
    let by_h1 = network.drawn(&state);
    let by_h2 = network.decode(state.n, state.h2.clone()).x;
    let nothing = [false; PIXELS];
    let answers = model.network.probabilities(&pictures);
    let drawn = by_h1.as_chunks::<PIXELS>().0.iter().zip(by_h2.as_chunks::<PIXELS>().0);
    for ((i, picture), (h1, h2)) in pictures.iter().enumerate().zip(drawn) {
        for (sum, other) in found.drawn.iter_mut().zip([h1, h2, mean]) {
            *sum += f64::from(error_outside(other, picture, &nothing));
        }
        let answer = unique_max(&answers[i]);
        found.right += usize::from(answer == Some(usize::from(test.label(from + i))));
        found.explained += 1;
    }
}

fn half(found: &mut Measured, model: &Model, digits: &Split, number: usize, mean: &Pixels) {
    let Some(network) = Generative::of(&model.network) else { return };
    let (picture, known) = (digits.test.pixels(number), left_half());
    let given = Given::part(&picture, &known);
    let own = complete(&network, &given, &Completion::default(), number as u64, |_, _| {});
    let mut best: Option<(f32, Pixels)> = None;
    for from in (0..digits.train.len()).step_by(NEAR) {
        let to = (from + NEAR).min(digits.train.len());
        let some: Vec<Pixels> = (from..to).map(|i| digits.train.pixels(i)).collect();
        if let Some((i, far)) = nearest(&picture, &some, &known)
            && best.as_ref().is_none_or(|(least, _)| far < *least)
        {
            best = Some((far, some[i]));
        }
    }
    let near = best.map_or(*mean, |(_, near)| near);
    for (sum, other) in found.halves.iter_mut().zip([&own, mean, &near]) {
        *sum += f64::from(error_outside(other, &picture, &known));
    }
    found.completed += 1;
}

/// Samples after each of [`REFINED`] steps.
fn samples(model: &Generative<'_>, goes_on: impl Fn() -> bool) -> Option<[Vec<Pixels>; 3]> {
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    let mut seed = 0;
    while all[0].len() < PARZEN.0 {
        if !goes_on() {
            return None;
        }
        let mut film = Imagining::dream(model, Wish::Free, CHUNK, 1.0, seed);
        for (steps, pictures) in REFINED.iter().zip(&mut all) {
            while film.step() < *steps as u64 {
                film.advance(model);
            }
            pictures.extend((0..film.state.n).map(|i| film.state.picture(i)));
        }
        seed += 1;
    }
    Some(all)
}

fn measure(question: &MeasureQuestion, reply: &Reply<MeasureQuestion, Measured>) -> Option<()> {
    let MeasureQuestion { number, model, digits } = question;
    let digits = digits.as_ref()?;
    let network = Generative::of(&model.network)?;
    let mut found =
        Measured { number: *number, key: model.key.clone(), running: true, ..Measured::default() };
    let mean = mean_picture(&digits.train);
    let explained = EXPLAINED.min(digits.test.len());
    for from in (0..explained).step_by(CHUNK) {
        explain(&mut found, model, &digits.test, from, &mean);
        found.done = 0.15 * found.explained as f32 / explained.max(1) as f32;
        reply.publish(found.clone());
        if !reply.is_newest() {
            return None;
        }
    }
    let test: Vec<Pixels> =
        (0..PARZEN.1.min(digits.test.len())).map(|i| digits.test.pixels(i)).collect();
    let train: Vec<Pixels> =
        (0..PARZEN.0.min(digits.train.len())).map(|i| digits.train.pixels(i)).collect();
    let all = samples(&network, || reply.is_newest())?;
    for (place, pictures) in all.iter().chain([&train]).enumerate() {
        found.parzen[place] = Some(parzen(pictures, &test, SIGMA));
        found.done = 0.15 + 0.05 * (place + 1) as f32;
        reply.publish(found.clone());
        if !reply.is_newest() {
            return None;
        }
    }
    let completed = COMPLETED.min(digits.test.len());
    for number in 0..completed {
        half(&mut found, model, digits, number, &mean);
        found.done = 0.35 + 0.65 * found.completed as f32 / completed.max(1) as f32;
        reply.publish(found.clone());
        if !reply.is_newest() {
            return None;
        }
    }
    found.running = false;
    reply.publish(found);
    Some(())
}

pub(super) fn start(events: Events) -> std::io::Result<Answering<MeasureQuestion, Measured>> {
    Answering::spawn("measuring", events, || {
        |question: &MeasureQuestion, reply: &Reply<MeasureQuestion, Measured>| {
            let pool = crate::ann::pool(spare_threads()).map_err(|e| e.to_string())?;
            if pool.install(|| measure(question, reply)).is_none() {
                reply.change(|found| found.running = false);
            }
            Ok(None)
        }
    })
}

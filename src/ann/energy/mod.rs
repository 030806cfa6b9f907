//! What a generative network (Bengio et al. 2015) does when it is not asked for a class:
//! infer what lies behind a picture, complete it, imagine others.
//!
//! A picture x has causes h1 and h2 (see [`crate::ann::ops::energy`] for the four maps
//! f1, f2, g2, g1 between them). Inference, the E step of variational EM, lets the neurons'
//! own dynamics raise
//!
//! ```text
//! J = log p(x|h1) + log p(h1|h2) + log p(h2) + regulariser
//! ```
//!
//! by activity that only goes forward and back over the maps ([`Model::settle`]):
//!
//! ```text
//! h2 += a (f2(h1) − f2(g2(h2)))  + a c (what the prior expects − h2)      thrice
//! h1 += a (f1(x)  − f1(g1(h1)))  + a b (g2(h2) − h1)
//! ```
//!
//! Pixels that are not known are causes, too: they take the value that is expected of them,
//! and J counts the known ones only. Learning, the M step, changes a weight by the rate
//! before the synapse times how far the rate behind it is from what its map predicts
//! ([`Synapse`]).
//!
//! * [`prior`]: what is expected of h2
//! * [`film`]: inference, completion, dreams and walks, step by step
//! * [`judge`]: all numbers of a network, beside what they have to beat
//! * [`measure`]: distances and likelihoods of pictures
//!
//! All functions are deterministic: what is random is addressed by seed and step. Pixels
//! are between 0 and 1, h1 is not negative, h2 between 0 and 1; J and its parts are in
//! nats, up to constants.

pub mod film;
pub mod judge;
pub mod measure;
pub mod prior;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::network::Network;
use super::ops::dense::{back, back_scratch};
use super::ops::energy::{Energy, Map};
use super::ops::simd::vectorised;
use super::zoo::Layer;
use crate::ann::tap::{Signal, Tapped};
use crate::core::rng::Rng;
use crate::data::{PIXELS, Pixels};
use prior::{Prior, Wish};

/// How far the difference of two encodings goes for a unit of the gradient of log p(x|h1):
/// with it, the two terms that move h1 climb the same J.
pub const GAIN: f32 = 0.1;
/// How often h2 moves while h1 moves once: it is the smaller layer, and has to follow.
const QUICK: usize = 3;
/// Pixels as drawn are this far from 0 and 1 at least, where their logarithm is taken.
const EDGE: f32 = 1e-6;
/// The same for h2.
const EDGE_2: f32 = 1e-4;
/// Larger rates of h1 are cut off.
const MOST: f32 = 1e3;

/// J may fall by so much in a step, nats, since its slope is only estimated; a test holds
/// the bundled network to it over all of [`ranges`].
pub const MOST_FALL: f64 = 1.0;

/// The ranges of [`Dynamics`].
pub mod ranges {
    /// Of the rate a.
    pub const RATE: (f32, f32) = (0.0, 0.5);
    /// Of b.
    pub const TOP_DOWN: (f32, f32) = (0.0, 1.0);
    /// Of the regulariser.
    pub const HOLD: (f32, f32) = (0.0, 1.0);
    /// Of c.
    pub const PULL: (f32, f32) = (0.0, 1.0);
    /// Of the noise.
    pub const NOISE: (f32, f32) = (0.0, 2.0);
}

/// How causes move.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dynamics {
    /// a: how far they go in a step.
    pub rate: f32,
    /// b: how strongly h1 is drawn to what h2 expects; in J, the precision of `p(h1|h2)`
    /// times [`GAIN`].
    pub top_down: f32,
    /// How strongly causes are held to what the encoders propose: J's regulariser.
    pub hold: f32,
    /// c: how strongly h2 is drawn to what the prior expects.
    pub pull: f32,
    /// Deviation of the noise that h1 gets in each step, as a share of its own; with any, h2
    /// is drawn at random in each sweep.
    pub noise: f32,
    /// Which component of the prior.
    pub wish: Wish,
}

impl Default for Dynamics {
    fn default() -> Self {
        Self { rate: 0.1, top_down: 0.3, hold: 0.0, pull: 0.0, noise: 0.0, wish: Wish::Free }
    }
}

impl Dynamics {
    /// With each number in its range; what is no number becomes the usual one.
    pub fn bounded(self) -> Self {
        let usual = Self::default();
        let within = |value: f32, usual: f32, (least, most): (f32, f32)| {
            if value.is_nan() { usual } else { value.clamp(least, most) }
        };
        Self {
            rate: within(self.rate, usual.rate, ranges::RATE),
            top_down: within(self.top_down, usual.top_down, ranges::TOP_DOWN),
            hold: within(self.hold, usual.hold, ranges::HOLD),
            pull: within(self.pull, usual.pull, ranges::PULL),
            noise: within(self.noise, usual.noise, ranges::NOISE),
            wish: self.wish,
        }
    }
}

/// What is known of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    picture: Pixels,
    known: [bool; PIXELS],
}

impl Given {
    /// These pixels, where `known`. Those that are no numbers are unknown.
    pub fn part(picture: &Pixels, known: &[bool; PIXELS]) -> Self {
        let known = std::array::from_fn(|i| known[i] && picture[i].is_finite());
        let picture =
            std::array::from_fn(|i| if known[i] { picture[i].clamp(0.0, 1.0) } else { 0.0 });
        Self { picture, known }
    }

    /// All of a picture.
    pub fn all(picture: &Pixels) -> Self {
        Self::part(picture, &[true; PIXELS])
    }

    /// Nothing: all pixels are imagined.
    pub fn nothing() -> Self {
        Self { picture: [0.0; PIXELS], known: [false; PIXELS] }
    }

    /// The pixels; 0 where unknown.
    pub fn picture(&self) -> &Pixels {
        &self.picture
    }

    /// Which pixels are known.
    pub fn known(&self) -> &[bool; PIXELS] {
        &self.known
    }

    /// How many pixels are known.
    pub fn count(&self) -> usize {
        self.known.iter().filter(|k| **k).count()
    }
}

/// Pictures with their causes, one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// How many.
    pub n: usize,
    /// Pixels, `(n, 784)`.
    pub x: Vec<f32>,
    /// First layer, `(n, units)`.
    pub h1: Vec<f32>,
    /// Second layer, `(n, units)`.
    pub h2: Vec<f32>,
}

impl State {
    /// One of the pictures; blank if there is none of this number.
    pub fn picture(&self, number: usize) -> Pixels {
        let row = self.x.as_chunks::<PIXELS>().0.get(number);
        row.copied().unwrap_or([0.0; PIXELS])
    }

    /// The mean of all pictures.
    pub fn mean(&self) -> Pixels {
        let mut mean = [0f32; PIXELS];
        for row in self.x.as_chunks::<PIXELS>().0 {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / self.n.max(1) as f32);
        }
        mean
    }
}

/// J and its parts, nats for one picture, up to constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Objective {
    /// log p(x|h1): the known pixels, as drawn by h1.
    pub pixels: f64,
    /// log p(h1|h2): h1, as expected by h2.
    pub hidden: f64,
    /// log p(h2): h2, as expected by the prior.
    pub prior: f64,
    /// Minus how far causes are from what the encoders propose.
    pub regulariser: f64,
}

impl Objective {
    /// J.
    pub fn total(&self) -> f64 {
        self.pixels + self.hidden + self.prior + self.regulariser
    }
}

/// A synapse and the two numbers that it learns from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synapse {
    /// Between which layers.
    pub map: Map,
    /// The cell before it.
    pub input: usize,
    /// The cell behind it.
    pub unit: usize,
    /// Its weight.
    pub weight: f32,
    /// The rate before it.
    pub before: f32,
    /// The rate behind it, after inference or as in the picture.
    pub target: f32,
    /// What its map predicts of that rate.
    pub prediction: f32,
}

impl Synapse {
    /// How far it changes at this learning rate.
    pub fn change(&self, rate: f32) -> f32 {
        rate * self.before * (self.target - self.prediction)
    }
}

/// A generative network, to look at and to run.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    op: Energy,
    parameters: &'a [f32],
}

/// The operation of these layers, if they are a generative network.
pub fn op_of(network: &Network) -> Option<Energy> {
    use super::ops::op::Plane;
    use crate::data::SIDE;
    match (network.architecture().layers)()[..] {
        [Layer::Energy { hidden }] => {
            Some(Energy::new(network.plan().isa, Plane::new(SIDE, SIDE, 1), hidden))
        }
        _ => None,
    }
}

/// ln(p / (1 − p)).
fn logit(p: f32) -> f32 {
    let p = if p.is_nan() { 0.5 } else { p.clamp(EDGE_2, 1.0 - EDGE_2) };
    (p / (1.0 - p)).ln()
}

/// 1 / (1 + e⁻ˣ).
fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

/// Memory of a step of inference.
pub(in crate::ann) struct Scratch<'m> {
    /// The picture as h1 draws it.
    pub drawn: &'m mut [f32],
    again: &'m mut [f32],
    up: &'m mut [f32],
    down: &'m mut [f32],
    up_again: &'m mut [f32],
}

impl<'m> Scratch<'m> {
    /// Numbers for `n` pictures.
    pub fn len(op: &Energy, n: usize) -> usize {
        let [x, h1, h2] = op.widths();
        n * (x + 2 * h1 + 2 * h2)
    }

    /// In memory of so many numbers.
    pub fn new(op: &Energy, n: usize, memory: &'m mut [f32]) -> Self {
        let [x, h1, h2] = op.widths().map(|width| n * width);
        let (drawn, rest) = memory.split_at_mut(x);
        let (again, rest) = rest.split_at_mut(h1);
        let (down, rest) = rest.split_at_mut(h1);
        let (up, rest) = rest.split_at_mut(h2);
        Self { drawn, again, up, down, up_again: &mut rest[..h2] }
    }
}

/// Moves causes by a step, without noise. `proposed` is what the encoder makes of the
/// picture, `scratch.drawn` what h1 draws, `expected` the sums of h2 that the prior
/// expects.
#[allow(clippy::too_many_arguments, reason = "a kernel on slices, whose memory is the caller's")]
pub(in crate::ann) fn relax(
    op: &Energy,
    parameters: &[f32],
    n: usize,
    (h1, h2): (&mut [f32], &mut [f32]),
    proposed: &[f32],
    expected: Option<&[f32]>,
    scratch: &mut Scratch<'_>,
    dynamics: &Dynamics,
    tap: Tapped<'_>,
) {
    let Dynamics { rate, top_down, hold, pull, .. } = *dynamics;
    let Scratch { drawn, again, up, down, up_again } = scratch;
    op.apply(parameters, Map::Encode1, n, drawn, again);
    op.apply(parameters, Map::Encode2, n, h1, up);
    for _ in 0..QUICK {
        op.apply(parameters, Map::Decode2, n, h2, down);
        op.apply(parameters, Map::Encode2, n, down, up_again);
        vectorised(|| {
            for ((h, up), again) in h2.iter_mut().zip(&**up).zip(&**up_again) {
                *h = bounded(*h + rate * ((up - again) + hold * (up - *h)), 1.0);
            }
        });
        for (h, z) in h2.iter_mut().zip(expected.unwrap_or_default()) {
            *h = bounded(*h + rate * pull * (sigmoid(*z) - *h), 1.0);
        }
    }
    tap.sent(Signal::Activity(2), h2);
    op.apply(parameters, Map::Decode2, n, h2, down);
    vectorised(|| {
        let moves = proposed.iter().zip(&**again).zip(&**down);
        for (h, ((proposed, again), down)) in h1.iter_mut().zip(moves) {
            let by = (proposed - again) + top_down * (down - *h) + hold * (proposed - *h);
            *h = bounded(*h + rate * by, MOST);
        }
    });
}

impl<'a> Model<'a> {
    /// Of a network; `None` where it is no generative one.
    pub fn of(network: &'a Network) -> Option<Self> {
        Some(Self { op: op_of(network)?, parameters: network.step_parameters(0) })
    }

    /// With these parameters, laid out as the operation says.
    pub(in crate::ann) fn new(op: Energy, parameters: &'a [f32]) -> Self {
        Self { op, parameters }
    }

    /// The operation: sizes, and where parameters are.
    pub fn op(&self) -> &Energy {
        &self.op
    }

    /// Pixels, units of h1, units of h2.
    pub fn widths(&self) -> [usize; 3] {
        self.op.widths()
    }

    /// What is expected of h2.
    pub fn prior(&self) -> Prior<'a> {
        Prior::of(&self.op, self.parameters)
    }

    /// What a map makes of `n` inputs.
    pub fn apply(&self, map: Map, n: usize, input: &[f32]) -> Vec<f32> {
        let mut out = vec![0f32; n * self.op.shape(map).1];
        self.op.apply(self.parameters, map, n, input, &mut out);
        out
    }

    /// Pictures with what the encoders propose as their causes.
    pub fn encode(&self, pictures: &[Pixels]) -> State {
        let n = pictures.len();
        let clean = |v: &f32| if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.0 };
        let x: Vec<f32> = pictures.as_flattened().iter().map(clean).collect();
        let h1 = self.apply(Map::Encode1, n, &x);
        let h2 = self.apply(Map::Encode2, n, &h1);
        State { n, x, h1, h2 }
    }

    /// What h2 makes of h1, and that of the picture: from the top down.
    pub fn decode(&self, n: usize, h2: Vec<f32>) -> State {
        let h1 = self.apply(Map::Decode2, n, &h2);
        let x = self.apply(Map::Decode1, n, &h1);
        State { n, x, h1, h2 }
    }

    /// The picture as h1 draws it.
    pub fn drawn(&self, state: &State) -> Vec<f32> {
        self.apply(Map::Decode1, state.n, &state.h1)
    }

    /// Begins inference with `n` copies: unknown pixels are blank, causes as proposed.
    pub fn begin(&self, given: &Given, n: usize) -> State {
        self.encode(&vec![given.picture; n.max(1)])
    }

    /// One step of inference; see the module. Noise is addressed by seed and step.
    pub fn settle(
        &self,
        state: &mut State,
        given: &Given,
        dynamics: &Dynamics,
        address: (u64, u64),
    ) {
        let dynamics = dynamics.bounded();
        let n = state.n;
        let mut memory = vec![0f32; Scratch::len(&self.op, n)];
        let mut scratch = Scratch::new(&self.op, n, &mut memory);
        self.op.apply(self.parameters, Map::Decode1, n, &state.h1, scratch.drawn);
        fill(&mut state.x, given, scratch.drawn);
        let proposed = self.apply(Map::Encode1, n, &state.x);
        let expected = (dynamics.pull > 0.0).then(|| self.expected(state, dynamics.wish));
        let causes = (&mut state.h1[..], &mut state.h2[..]);
        let expected = expected.as_deref();
        let tap = Tapped::default();
        relax(
            &self.op,
            self.parameters,
            n,
            causes,
            &proposed,
            expected,
            &mut scratch,
            &dynamics,
            tap,
        );
        let Dynamics { rate, noise, .. } = dynamics;
        if noise > 0.0 {
            let scale = noise * rate.sqrt();
            self.shake(state, scale, address);
        }
    }

    /// What the prior expects of the sums of h2, given what they are, `(n, units)`.
    fn expected(&self, state: &State, wish: Wish) -> Vec<f32> {
        let width = self.widths()[2];
        let mut expected = vec![0f32; state.h2.len()];
        let rows = state.h2.chunks_exact(width).zip(expected.chunks_exact_mut(width));
        for (h2, expected) in rows {
            let z: Vec<f32> = h2.iter().map(|p| logit(*p)).collect();
            self.prior().expected(wish, &z, expected);
        }
        expected
    }

    /// Adds noise to h1, `scale` times its own.
    fn shake(&self, state: &mut State, scale: f32, (seed, step): (u64, u64)) {
        let mut rng = Rng::stream(seed, "imagined h1", step);
        for h in &mut state.h1 {
            *h = bounded(*h + scale * (0.1 + *h) * rng.normal(), MOST);
        }
    }

    /// Takes the picture for given, infers what lies behind it in a step, and draws it anew:
    /// unknown pixels become what h1 draws.
    pub fn refine(
        &self,
        state: &mut State,
        given: &Given,
        dynamics: &Dynamics,
        address: (u64, u64),
    ) {
        let dynamics = dynamics.bounded();
        let n = state.n;
        let proposed = self.apply(Map::Encode1, n, &state.x);
        state.h1.clone_from(&proposed);
        if dynamics.noise > 0.0 {
            self.shake(state, dynamics.noise, address);
        }
        state.h2 = self.apply(Map::Encode2, n, &state.h1);
        let expected = (dynamics.pull > 0.0).then(|| self.expected(state, dynamics.wish));
        let mut memory = vec![0f32; Scratch::len(&self.op, n)];
        let mut scratch = Scratch::new(&self.op, n, &mut memory);
        self.op.apply(self.parameters, Map::Decode1, n, &state.h1, scratch.drawn);
        let causes = (&mut state.h1[..], &mut state.h2[..]);
        let expected = expected.as_deref();
        let tap = Tapped::default();
        relax(
            &self.op,
            self.parameters,
            n,
            causes,
            &proposed,
            expected,
            &mut scratch,
            &dynamics,
            tap,
        );
        let drawn = self.drawn(state);
        fill(&mut state.x, given, &drawn);
    }

    /// One sweep: up over the encoders, and down again, to a new picture; unknown pixels
    /// take what is drawn. With noise, h1 is disturbed, and h2 all or nothing, at random.
    pub fn sweep(
        &self,
        state: &mut State,
        given: &Given,
        dynamics: &Dynamics,
        (seed, step): (u64, u64),
    ) {
        let Dynamics { pull, noise, wish, .. } = dynamics.bounded();
        let n = state.n;
        state.h1 = self.apply(Map::Encode1, n, &state.x);
        if noise > 0.0 {
            self.shake(state, noise, (seed, step));
        }
        state.h2 = self.apply(Map::Encode2, n, &state.h1);
        if pull > 0.0 {
            let expected = self.expected(state, wish);
            for (h, to) in state.h2.iter_mut().zip(expected) {
                let z = logit(*h);
                *h = sigmoid(z + pull * (to - z));
            }
        }
        if noise > 0.0 {
            let mut rng = Rng::stream(seed, "imagined h2", step);
            state.h2.iter_mut().for_each(|h| *h = f32::from(u8::from(rng.uniform() < *h)));
        }
        state.h1 = self.apply(Map::Decode2, n, &state.h2);
        let drawn = self.drawn(state);
        fill(&mut state.x, given, &drawn);
    }

    /// J and its parts, the mean over the pictures of a state.
    pub fn objective(&self, state: &State, given: &Given, dynamics: &Dynamics) -> Objective {
        let dynamics = dynamics.bounded();
        let n = state.n;
        if n == 0 {
            return Objective::default();
        }
        let drawn = self.drawn(state);
        let down = self.apply(Map::Decode2, n, &state.h2);
        let mut sums = Objective::default();
        for row in drawn.as_chunks::<PIXELS>().0 {
            sums.pixels += log_likelihood(&given.picture, &given.known, row);
        }
        let square = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
        };
        sums.hidden = -0.5 * f64::from(dynamics.top_down / GAIN) * square(&state.h1, &down);
        let prior = self.prior();
        for h2 in state.h2.chunks_exact(self.widths()[2]) {
            let z: Vec<f32> = h2.iter().map(|p| logit(*p)).collect();
            sums.prior += f64::from(dynamics.pull) * prior.log_density(dynamics.wish, &z).0;
        }
        if dynamics.hold > 0.0 {
            let first = self.apply(Map::Encode1, n, &state.x);
            let second = self.apply(Map::Encode2, n, &state.h1);
            let far = square(&state.h1, &first) + square(&state.h2, &second);
            sums.regulariser = -0.5 * f64::from(dynamics.hold / GAIN) * far;
        }
        let by = 1.0 / n as f64;
        Objective {
            pixels: by * sums.pixels,
            hidden: by * sums.hidden,
            prior: by * sums.prior,
            regulariser: by * sums.regulariser,
        }
    }

    /// The true gradient of log p(x|h1) + log p(h1|h2) by h1, `(n, units)`: what the
    /// dynamics approximate without derivatives and without transposed weights.
    pub fn gradient(&self, state: &State, given: &Given, dynamics: &Dynamics) -> Vec<f32> {
        let (n, precision) = (state.n, dynamics.bounded().top_down / GAIN);
        let mut errors = self.drawn(state);
        for row in errors.as_chunks_mut::<PIXELS>().0 {
            for (i, e) in row.iter_mut().enumerate() {
                *e = if given.known[i] { given.picture[i] - *e } else { 0.0 };
            }
        }
        let (inputs, units) = self.op.shape(Map::Decode1);
        let (weight, _) = self.op.place(Map::Decode1);
        let shape = (n, inputs, units);
        let mut scratch = vec![0f32; back_scratch(shape)];
        let mut gradient = vec![0f32; n * inputs];
        let isa = crate::core::isa::Isa::best();
        back(isa, shape, &self.parameters[weight], &errors, &mut gradient, &mut scratch);
        let down = self.apply(Map::Decode2, n, &state.h2);
        for ((g, down), h) in gradient.iter_mut().zip(&down).zip(&state.h1) {
            *g += precision * (down - h);
        }
        gradient
    }

    /// What a map learns from: rates before it, targets and predictions behind it, of one
    /// of the pictures.
    fn lesson(&self, state: &State, map: Map, number: usize) -> [Vec<f32>; 3] {
        let [_, h1, h2] = self.widths();
        let row = |all: &[f32], width: usize| -> Vec<f32> {
            all.chunks_exact(width).nth(number).map_or(vec![0.0; width], <[f32]>::to_vec)
        };
        let (x, h1, h2) = (row(&state.x, PIXELS), row(&state.h1, h1), row(&state.h2, h2));
        let (before, target) = match map {
            Map::Encode1 => (x, h1),
            Map::Encode2 => (h1, h2),
            Map::Decode2 => (h2, h1),
            Map::Decode1 => (h1, x),
            Map::ReadOut => (h1, vec![0.0; crate::data::CLASSES]),
        };
        let prediction = self.apply(map, 1, &before);
        [before, target, prediction]
    }

    /// A synapse of one of the latent maps, and what it would learn from a picture.
    pub fn synapse(
        &self,
        state: &State,
        number: usize,
        (map, input, unit): (Map, usize, usize),
    ) -> Option<Synapse> {
        let (inputs, units) = self.op.shape(map);
        if number >= state.n || input >= inputs || unit >= units || map == Map::ReadOut {
            return None;
        }
        let [before, target, prediction] = self.lesson(state, map, number);
        Some(Synapse {
            map,
            input,
            unit,
            weight: self.parameters[self.op.place(map).0.start + input * units + unit],
            before: before[input],
            target: target[unit],
            prediction: prediction[unit],
        })
    }

    /// The synapses of a map that a picture changes most, by how far; at most `count`.
    pub fn changes(&self, state: &State, number: usize, map: Map, count: usize) -> Vec<Synapse> {
        if number >= state.n || map == Map::ReadOut {
            return Vec::new();
        }
        let [before, target, prediction] = self.lesson(state, map, number);
        let largest = |sizes: &mut dyn Iterator<Item = f32>| -> Vec<usize> {
            let mut all: Vec<(usize, f32)> = sizes.map(f32::abs).enumerate().collect();
            all.sort_by(|a, b| b.1.total_cmp(&a.1));
            all.into_iter().take(count).map(|(i, _)| i).collect()
        };
        // The largest products are among those of the largest factors.
        let inputs = largest(&mut before.iter().copied());
        let units = largest(&mut target.iter().zip(&prediction).map(|(t, p)| t - p));
        let pairs = inputs.iter().flat_map(|i| units.iter().map(move |u| (*i, *u)));
        let mut all: Vec<Synapse> = pairs
            .filter_map(|(i, u)| self.of_lesson(map, (i, u), [&before, &target, &prediction]))
            .collect();
        all.sort_by(|a, b| b.change(1.0).abs().total_cmp(&a.change(1.0).abs()));
        all.truncate(count);
        all
    }

    fn of_lesson(
        &self,
        map: Map,
        (input, unit): (usize, usize),
        [before, target, prediction]: [&[f32]; 3],
    ) -> Option<Synapse> {
        let at = self.op.place(map).0.start + input * self.op.shape(map).1 + unit;
        Some(Synapse {
            map,
            input,
            unit,
            weight: *self.parameters.get(at)?,
            before: *before.get(input)?,
            target: *target.get(unit)?,
            prediction: *prediction.get(unit)?,
        })
    }

    /// The weights between a unit of h1 and the pixels: of its encoder
    /// ([`Map::Encode1`]), or of its decoder. `None` for other maps and units.
    pub fn field(&self, map: Map, unit: usize) -> Option<Pixels> {
        let width = self.widths()[1];
        if unit >= width {
            return None;
        }
        let weights = &self.parameters[self.op.place(map).0];
        match map {
            Map::Encode1 => Some(std::array::from_fn(|i| weights[i * width + unit])),
            Map::Decode1 => weights[unit * PIXELS..][..PIXELS].try_into().ok(),
            Map::Encode2 | Map::Decode2 | Map::ReadOut => None,
        }
    }

    /// What a unit of h2 draws: the picture with it at 1 less that with it at 0, all
    /// others as the prior expects them; between −1 and 1. `None` for no such unit.
    pub fn draws(&self, unit: usize) -> Option<Pixels> {
        let width = self.widths()[2];
        if unit >= width {
            return None;
        }
        let prior = self.prior();
        let components = Wish::Free.components();
        let mut z = vec![0f32; width];
        for (component, share) in components.clone().zip(prior.shares(components)) {
            let share = share.exp() as f32;
            z.iter_mut().zip(prior.mean(component)).for_each(|(z, m)| *z += share * m);
        }
        let usual: Vec<f32> = z.iter().map(|z| sigmoid(*z)).collect();
        let mut both = [usual.clone(), usual].concat();
        (both[unit], both[width + unit]) = (1.0, 0.0);
        let state = self.decode(2, both);
        let (on, off) = (state.picture(0), state.picture(1));
        Some(std::array::from_fn(|i| on[i] - off[i]))
    }
}

/// The M step by hand: changes all four latent maps of a network by what a picture with
/// its causes teaches them, `weight += rate · before · (target − prediction)`; biases see a
/// constant rate of one. Nothing where the network is no generative one.
pub fn learn(network: &mut Network, state: &State, rate: f32) {
    let Some(op) = op_of(network) else { return };
    if !rate.is_finite() {
        return;
    }
    let lessons: Vec<_> = {
        let model = Model::new(op.clone(), network.step_parameters(0));
        let of = |map| (0..state.n).map(move |number| (map, number));
        Map::LATENT
            .into_iter()
            .flat_map(of)
            .map(|(map, number)| (map, model.lesson(state, map, number)))
            .collect()
    };
    let rate = rate / state.n.max(1) as f32;
    let parameters = &mut network.parts().parameters[0];
    for (map, [before, target, prediction]) in lessons {
        let (weight, bias) = op.place(map);
        let change: Vec<f32> =
            target.iter().zip(&prediction).map(|(t, p)| rate * (t - p)).collect();
        if !change.iter().chain(&before).all(|v| v.is_finite()) {
            continue;
        }
        let rows = parameters[weight].chunks_exact_mut(change.len());
        for (row, before) in rows.zip(&before).filter(|(_, before)| **before != 0.0) {
            vectorised(|| row.iter_mut().zip(&change).for_each(|(w, c)| *w += before * c));
        }
        parameters[bias].iter_mut().zip(&change).for_each(|(b, c)| *b += c);
    }
}

/// `v` between 0 and `most`; 0 where it is no number.
fn bounded(v: f32, most: f32) -> f32 {
    if v > 0.0 { v.min(most) } else { 0.0 }
}

/// Known pixels as they are, all others as drawn.
fn fill(x: &mut [f32], given: &Given, drawn: &[f32]) {
    for (x, drawn) in x.as_chunks_mut::<PIXELS>().0.iter_mut().zip(drawn.as_chunks::<PIXELS>().0) {
        for (i, x) in x.iter_mut().enumerate() {
            *x = if given.known[i] { given.picture[i] } else { drawn[i] };
        }
    }
}

/// log p(x|h1) over the known pixels, with these probabilities: nats.
fn log_likelihood(picture: &Pixels, known: &[bool; PIXELS], drawn: &Pixels) -> f64 {
    let mut sum = 0f64;
    for ((x, _), p) in picture.iter().zip(known).zip(drawn).filter(|((_, known), _)| **known) {
        let p = p.clamp(EDGE, 1.0 - EDGE);
        sum += f64::from(x * p.ln() + (1.0 - x) * (1.0 - p).ln());
    }
    sum
}

//! An energy-based network of leaky integrate-and-fire neurons, connected both ways by the
//! same weights (in the manner of Mesnard, Gerstner and Brea 2016): `(batch, inputs)` →
//! `(batch, 10)`.
//!
//! Each pixel is a constant current. Spikes of the hidden neurons reach the ten classes over
//! `W₂`, those of the classes come back over `W₂ᵀ`. In each step, with `a = e^(−1/τ)`,
//!
//! ```text
//! i ← a·i + g·Σ w,        over the spikes of the step before
//! v ← a·v + (1 − a)·(i + b + x·W₁ ± σ),  held at 0 while refractory
//! v > 1: spike, v ← 0
//! s ← a·s,  + 1 at a spike,  r = g·s
//! ```
//!
//! with `g = (1 − a)·`[`REST`], so that the trace r is 1 at the highest rate; the ± is a fair
//! coin per neuron and step. A nudged phase adds `β·(target − r)` to the current of each
//! class. The energy whose downhill direction this follows is that of equilibrium propagation
//! ([`crate::ann::ops::settling`]) with rates in place of states, but for what spikes add:
//! delays, noise, a threshold.
//!
//! A synapse between two neurons that spike learns from pairs of spikes: whenever one of its
//! neurons spikes it adds the other one's trace, `Σ s`, times the sign of the phase. Over a
//! phase that is the correlation of the two traces, `Σ_t s_i·s_j = Σ_pairs a^|Δt| / (1 − a²)`.
//! Pixels do not spike; their synapses add pixel times trace.
//!
//! Nothing is fused or reordered, so that spikes do not depend on the instruction set.

use std::cell::RefCell;
use std::ops::Range;

use super::leak;
use crate::ann::ops::dense::{add_bias, layer_blocks, layer_parameters, layer_place, whole};
use crate::ann::ops::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};
use crate::ann::ops::simd::vectorised;
use crate::ann::ops::sparse;
use crate::ann::tap::{Signal, Tapped};
use crate::core::isa::Isa;
use crate::core::rng::Rng;
use crate::data::CLASSES;

/// Time constant of membranes, synapses and traces, steps.
pub const TAU: f32 = 10.0;
/// Steps from a spike to the first at which the neuron can spike again.
pub const REST: u32 = 5;
/// σ, the size of the noise: a current of ±σ in each step.
pub const NOISE: f32 = 1.0;
/// Steps of an answer.
pub const ANSWER_STEPS: usize = 60;
/// From which of them on the classes' traces are averaged.
pub const READ_FROM: usize = 20;
/// What biases begin with: neurons below their threshold learn nothing.
const BIAS: f32 = 0.8;
/// What weights begin with, in units of what Glorot and Bengio draw.
const GAIN: f32 = 1.5;
/// Potentials that random ones begin below.
const BEGIN: f32 = 0.9;
/// Added to the average of a class's trace before its logarithm.
const FLOOR: f32 = 1e-3;
/// Numbers of all classes, and of what fills their vector.
const ROW: usize = 16;
/// The current into what fills a vector: it never spikes.
const NOBODY: f32 = -1e3;
/// Steps that a word of noise serves.
const BITS: usize = 32;

/// The operation. Its parameters are those of two dense layers.
#[derive(Clone, Debug)]
pub struct Energy {
    isa: Isa,
    input: Plane,
    /// Units from the picture to the classes.
    widths: [usize; 3],
}

/// How the network learns from a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phases {
    /// Steps without a target.
    pub free: usize,
    /// Steps of each of the two branches that follow it.
    pub nudged: usize,
    /// The last of them, which count.
    pub window: usize,
    /// Strength of the target.
    pub beta: f32,
    /// Whether the second branch is pushed by −β, or left alone.
    pub centred: bool,
    /// The trace r that the class is taught; the others are taught 0.
    pub target: f32,
}

impl Phases {
    /// How far apart the two branches are, in β.
    pub fn distance(&self) -> f32 {
        if self.centred { 2.0 * self.beta } else { self.beta }
    }

    /// What a pair of spikes, or a step of a trace, counts for in the average over the
    /// window: `(pair, step)`.
    pub fn scales(&self) -> (f32, f32) {
        let (a, steps) = (leak(TAU), self.window.max(1) as f32);
        (gain() * gain() / (1.0 - a * a) / steps, gain() / steps)
    }
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// Without a target.
    Free,
    /// Pulled towards it.
    Plus,
    /// Pushed away from it, or left alone.
    Minus,
}

/// The factor from a trace of spikes to r, and from a weight to a current.
pub fn gain() -> f32 {
    (1.0 - leak(TAU)) * REST as f32
}

/// What is as good as gone becomes zero: processors are slow with the tiniest numbers.
#[inline(always)]
fn fade(x: f32, factor: f32) -> f32 {
    let y = x * factor;
    if y.abs() < 1e-15 { 0.0 } else { y }
}

/// All neurons between two steps: the hidden ones, filled up to whole vectors, and the
/// classes, likewise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Membrane potentials.
    pub v: Vec<f32>,
    /// Steps until the neuron can spike.
    rest: Vec<f32>,
    /// Synaptic currents.
    pub i: Vec<f32>,
    /// What arrives in the next step.
    arriving: Vec<f32>,
    /// Traces s.
    pub s: Vec<f32>,
    /// 1 where it has just spiked.
    spikes: Vec<f32>,
    /// Sums of traces over the steps that count.
    sum: Vec<f32>,
    /// Spikes so far.
    count: usize,
}

impl State {
    fn begin(&mut self, key: u64, words: &mut [u32]) {
        let Self { v, rest, i, arriving, s, spikes, sum, count } = self;
        for all in [rest, i, arriving, s, spikes, sum] {
            all.clear();
            all.resize(words.len(), 0.0);
        }
        v.clear();
        // The words after those of any step.
        draw(key, u32::MAX, words);
        v.extend(words.iter().map(|w| BEGIN * (w >> 8) as f32 / (1 << 24) as f32));
        *count = 0;
    }

    /// One step of all neurons: `drive` is the constant current into each, `pull` is what is
    /// taken from each class per unit of its trace. Lists those that spike.
    #[inline(always)]
    fn advance(
        &mut self,
        drive: &[f32],
        (noise, bit): (&[u32], usize),
        pull: f32,
        fired: &mut Vec<u32>,
    ) {
        let hidden = self.v.len() - ROW;
        let all = [
            &mut self.v,
            &mut self.rest,
            &mut self.i,
            &mut self.arriving,
            &mut self.s,
            &mut self.spikes,
        ];
        let mut parts = all.map(|of| of.split_at_mut(hidden));
        let (drive, of_classes) = drive.split_at(hidden);
        let (noise, their_noise) = noise.split_at(hidden);
        move_on(parts.each_mut().map(|p| &mut *p.0), drive, (noise, bit), 0.0);
        move_on(parts.each_mut().map(|p| &mut *p.1), of_classes, (their_noise, bit), pull);
        fired.clear();
        for (chunk, spikes) in self.spikes.as_chunks::<ROW>().0.iter().enumerate() {
            let mut bits = 0u32;
            for (lane, spike) in spikes.iter().enumerate() {
                bits |= u32::from(*spike > 0.0) << lane;
            }
            while bits != 0 {
                fired.push((chunk * ROW) as u32 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        self.count += fired.len();
    }

    /// Tells of the spikes of so many hidden neurons and of the classes.
    #[inline]
    fn tell(&self, tap: Tapped<'_>, hidden: usize, fired: &mut Vec<u32>) {
        if tap.0.is_none() {
            return;
        }
        let (filled, mut spikes) = (self.hidden(), vec![0f32; self.v.len()]);
        fired.iter().for_each(|j| spikes[*j as usize] = 1.0);
        let (of_hidden, of_classes) = spikes.split_at_mut(filled);
        tap.sent(Signal::Activity(1), &mut of_hidden[..hidden]);
        tap.sent(Signal::Activity(2), &mut of_classes[..CLASSES]);
        fired.clear();
        fired.extend((0u32..).zip(&spikes).filter(|(_, s)| **s > 0.5).map(|(j, _)| j));
    }

    /// Sends the spikes over the weights, there and back.
    #[inline(always)]
    fn deliver(&mut self, synapses: &Synapses, fired: &[u32]) {
        let hidden = self.v.len() - ROW;
        let (of_hidden, of_classes) = self.arriving.split_at_mut(hidden);
        for from in fired.iter().map(|j| *j as usize) {
            if from < hidden {
                let row = &synapses.up[from * ROW..][..ROW];
                of_classes.iter_mut().zip(row).for_each(|(a, w)| *a += w);
            } else {
                let row = &synapses.down[(from - hidden) * hidden..][..hidden];
                of_hidden.iter_mut().zip(row).for_each(|(a, w)| *a += w);
            }
        }
    }

    /// Raises the traces of those that spiked. Where pairs are counted, with a sign: a
    /// spike adds what is left of the other side's earlier ones; of two in one step the
    /// hidden neuron's comes first.
    #[inline(always)]
    fn trace(&mut self, fired: &[u32], pairs: Option<(&mut Pairs, f32)>) {
        let hidden = self.v.len() - ROW;
        let of_hidden = fired.partition_point(|j| (*j as usize) < hidden);
        let raise = |s: &mut [f32], fired: &[u32]| {
            fired.iter().for_each(|j| s[*j as usize] += 1.0);
        };
        let Some((pairs, sign)) = pairs else {
            raise(&mut self.s, fired);
            return;
        };
        let classes = &self.s[hidden..];
        for j in &fired[..of_hidden] {
            let row = &mut pairs.up[*j as usize * ROW..][..ROW];
            row.iter_mut().zip(classes).for_each(|(p, s)| *p += sign * s);
        }
        raise(&mut self.s, &fired[..of_hidden]);
        for j in &fired[of_hidden..] {
            let row = &mut pairs.down[(*j as usize - hidden) * hidden..][..hidden];
            row.iter_mut().zip(&self.s).for_each(|(p, s)| *p += sign * s);
        }
        raise(&mut self.s, &fired[of_hidden..]);
    }

    #[inline(always)]
    fn add_traces(&mut self) {
        self.sum.iter_mut().zip(&self.s).for_each(|(sum, s)| *sum += s);
    }

    /// Number of the first class: that of the hidden neurons, filled up.
    pub fn hidden(&self) -> usize {
        self.v.len() - ROW
    }

    /// What belongs to the classes of a list of all neurons.
    pub fn classes_of<'a>(&self, values: &'a [f32]) -> &'a [f32] {
        &values[self.hidden()..][..CLASSES]
    }
}

/// One step of some neurons, whole vectors of them: potentials, rests, currents, what
/// arrives, traces, spikes.
#[inline(always)]
fn move_on(
    [v, rest, i, arriving, s, spikes]: [&mut [f32]; 6],
    drive: &[f32],
    (noise, bit): (&[u32], usize),
    pull: f32,
) {
    let (keep, gain, moves) = (leak(TAU), gain(), 1.0 - leak(TAU));
    let own = v.as_chunks_mut::<ROW>().0.iter_mut().zip(rest.as_chunks_mut::<ROW>().0);
    let sums = i.as_chunks_mut::<ROW>().0.iter_mut().zip(arriving.as_chunks_mut::<ROW>().0);
    let seen = s.as_chunks_mut::<ROW>().0.iter_mut().zip(spikes.as_chunks_mut::<ROW>().0);
    let given = drive.as_chunks::<ROW>().0.iter().zip(noise.as_chunks::<ROW>().0);
    for (((own, sums), seen), (drive, noise)) in own.zip(sums).zip(seen).zip(given) {
        // Copies, so that the compiler sees that they do not overlap.
        let (mut v, mut rest, mut i, mut s) = (*own.0, *own.1, *sums.0, *seen.0);
        let (arriving, mut spikes) = (*sums.1, [0.0; ROW]);
        for l in 0..ROW {
            let synaptic = fade(i[l], keep) + gain * arriving[l];
            i[l] = synaptic;
            let push = if (noise[l] >> bit) & 1 == 1 { NOISE } else { -NOISE };
            let current = ((synaptic + drive[l]) + push) - pull * s[l];
            let left = (rest[l] - 1.0).max(0.0);
            let moved = fade(v[l], keep) + moves * current;
            let potential = if left == 0.0 { moved } else { v[l] };
            let spike = potential > 1.0;
            spikes[l] = if spike { 1.0 } else { 0.0 };
            v[l] = if spike { 0.0 } else { potential };
            rest[l] = if spike { REST as f32 } else { left };
            s[l] = fade(s[l], keep);
        }
        (*own.0, *own.1, *sums.0, *seen.0) = (v, rest, i, s);
        (*sums.1, *seen.1) = ([0.0; ROW], spikes);
    }
}

/// A word of noise for each neuron, a bit for each of 32 steps (lowbias32 of C. Wellons, in
/// chains).
fn draw(key: u64, block: u32, words: &mut [u32]) {
    let hash = |mut x: u32| {
        x ^= x >> 16;
        x = x.wrapping_mul(0x7feb_352d);
        x ^= x >> 15;
        x = x.wrapping_mul(0x846c_a68b);
        x ^ (x >> 16)
    };
    let first = hash(key as u32 ^ hash((key >> 32) as u32 ^ hash(block)));
    for (word, j) in words.iter_mut().zip(0u32..) {
        *word = hash(first.wrapping_add(j.wrapping_mul(0x9e37_79b9)));
    }
}

/// Whether the noise pushes up, for each neuron of a network with so many hidden ones (the
/// ten classes last), in each step.
pub fn noise(key: u64, hidden: usize, steps: usize) -> Vec<Vec<bool>> {
    let mut words = vec![0; whole(hidden) + ROW];
    let neurons = || (0..hidden).chain(whole(hidden)..whole(hidden) + CLASSES);
    (0..steps)
        .map(|t| {
            if t % BITS == 0 {
                draw(key, (t / BITS) as u32, &mut words);
            }
            neurons().map(|j| (words[j] >> (t % BITS)) & 1 == 1).collect()
        })
        .collect()
}

/// The potentials that they begin with.
pub fn begin(key: u64, hidden: usize) -> Vec<f32> {
    let (mut state, filled) = (State::default(), whole(hidden));
    state.begin(key, &mut vec![0; filled + ROW]);
    [&state.v[..hidden], state.classes_of(&state.v)].concat()
}

/// The weights between hidden neurons and classes, in both directions, filled up.
#[derive(Clone, Debug, Default)]
pub struct Synapses {
    /// `[hidden][class]`.
    up: Vec<f32>,
    /// `[class][hidden]`.
    down: Vec<f32>,
    /// The biases of the classes.
    bias: Vec<f32>,
}

/// Sums of traces over pairs of spikes: those that end with a hidden neuron's spike,
/// `[hidden][class]`, and those that end with a class's, `[class][hidden]`.
struct Pairs<'a> {
    up: &'a mut [f32],
    down: &'a mut [f32],
}

/// Memory of one thread.
#[derive(Default)]
struct Memory {
    synapses: Synapses,
    states: [State; 2],
    drive: Vec<f32>,
    words: Vec<u32>,
    fired: Vec<u32>,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The key of the noise of answers.
pub const ANSWERS: u64 = 0x5eed;

/// The key of the noise of a picture of a mini-batch.
pub fn key((seed, step): (u64, u64), picture: usize) -> u64 {
    Rng::stream(seed, "spike noise", step << 16 | picture as u64).next_u64()
}

impl Energy {
    /// For inputs of this plane, which must have no padding.
    pub fn new(isa: Isa, input: Plane, hidden: usize) -> Self {
        Self { isa, input, widths: [input.h * input.w * input.c, hidden, CLASSES] }
    }

    /// Hidden neurons.
    pub fn hidden(&self) -> usize {
        self.widths[1]
    }

    /// Where the weights and the bias of layer 0 or 1 are.
    pub fn layer(&self, l: usize) -> (Range<usize>, Range<usize>) {
        layer_place(&self.widths, l)
    }

    fn units(&self) -> usize {
        whole(self.widths[1]) + ROW
    }

    /// What the picture sends to the hidden neurons, bias included.
    pub fn drive(&self, parameters: &[f32], n: usize, x: &[f32], drive: &mut [f32]) {
        let (inputs, units) = (self.widths[0], self.widths[1]);
        let (weight, bias) = self.layer(0);
        let drive = &mut drive[..n * units];
        sparse::times(self.isa, (n, inputs, units), x, &parameters[weight], drive);
        add_bias(drive, &parameters[bias], false);
    }

    /// Fills the weights between hidden neurons and classes up to whole vectors.
    fn fill(&self, parameters: &[f32], synapses: &mut Synapses) {
        let hidden = whole(self.widths[1]);
        let (weight, bias) = self.layer(1);
        let Synapses { up, down, bias: classes } = synapses;
        for (all, len) in [(&mut *up, hidden * ROW), (&mut *down, CLASSES * hidden)] {
            all.clear();
            all.resize(len, 0.0);
        }
        for (j, row) in parameters[weight].as_chunks::<CLASSES>().0.iter().enumerate() {
            up[j * ROW..][..CLASSES].copy_from_slice(row);
            row.iter().enumerate().for_each(|(k, w)| down[k * hidden + j] = *w);
        }
        classes.clear();
        classes.extend_from_slice(&parameters[bias]);
        classes.resize(ROW, NOBODY);
    }

    /// The constant current into each neuron, filled up.
    fn currents(&self, synapses: &Synapses, of_hidden: &[f32], drive: &mut Vec<f32>) {
        drive.clear();
        drive.extend_from_slice(of_hidden);
        drive.resize(whole(self.widths[1]), NOBODY);
        drive.extend_from_slice(&synapses.bias);
    }

    /// Runs the free phase of one picture, whose currents are in the memory: `steps`, of
    /// which those from `from` on are averaged.
    #[inline(always)]
    fn settle(
        &self,
        memory: &mut Memory,
        key: u64,
        (steps, from): (usize, usize),
        tap: Tapped<'_>,
        seen: &mut impl FnMut(Branch, &State, &[u32]),
    ) {
        let Memory { synapses, states: [state, _], drive, words, fired } = memory;
        words.resize(self.units(), 0);
        state.begin(key, words);
        for t in 0..steps {
            if t % BITS == 0 {
                draw(key, (t / BITS) as u32, words);
            }
            state.advance(drive, (words, t % BITS), 0.0, fired);
            state.tell(tap, self.widths[1], fired);
            state.deliver(synapses, fired);
            state.trace(fired, None);
            if t >= from {
                state.add_traces();
            }
            seen(Branch::Free, state, fired);
        }
    }

    /// Runs the two branches that follow the free phase, from the same state and with the
    /// same noise; pairs of spikes, and in the states the traces, are added up.
    #[inline(always)]
    fn contrast(
        &self,
        memory: &mut Memory,
        (key, label): (u64, u8),
        phases: &Phases,
        pairs: &mut Pairs<'_>,
        tap: Tapped<'_>,
        seen: &mut impl FnMut(Branch, &State, &[u32]),
    ) {
        let Memory { synapses, states: [plus, minus], drive, words, fired } = memory;
        plus.sum.fill(0.0);
        minus.clone_from(plus);
        let hidden = whole(self.widths[1]);
        let betas = [phases.beta, if phases.centred { -phases.beta } else { 0.0 }];
        let currents = |beta: f32| -> [f32; ROW] {
            std::array::from_fn(|k| {
                let target = if k == usize::from(label) { phases.target } else { 0.0 };
                synapses.bias[k] + beta * target
            })
        };
        let currents = betas.map(currents);
        draw(key, (phases.free / BITS) as u32, words);
        for t in 0..phases.nudged {
            let at = phases.free + t;
            if at.is_multiple_of(BITS) {
                draw(key, (at / BITS) as u32, words);
            }
            let counts = t + phases.window >= phases.nudged;
            let each = [(Branch::Plus, &mut *plus, 1.0), (Branch::Minus, &mut *minus, -1.0)];
            for (((branch, state, sign), beta), currents) in
                each.into_iter().zip(betas).zip(&currents)
            {
                drive[hidden..].copy_from_slice(currents);
                state.advance(drive, (words, at % BITS), beta * gain(), fired);
                state.tell(tap, self.widths[1], fired);
                state.deliver(synapses, fired);
                state.trace(fired, counts.then_some((&mut *pairs, sign)));
                if counts {
                    state.add_traces();
                }
                seen(branch, state, fired);
            }
        }
    }

    /// The averages of the classes' traces as logits: softmax gives each class its share. A
    /// NaN in any potential is not hidden.
    fn logits(state: &State, steps: usize, logits: &mut [f32]) {
        let unsound = state.v.iter().map(|v| v * 0.0).sum::<f32>();
        let by = gain() / steps.max(1) as f32;
        let sums = state.classes_of(&state.sum);
        logits.iter_mut().zip(sums).for_each(|(l, s)| *l = (by * s + FLOOR).ln() + unsound);
    }

    /// Lets a part of a mini-batch learn: all that the gradient needs is then in `keep` and
    /// `partial`, and the free phase's logits are in `logits`. `shares` are the weights of
    /// the layers' gradients.
    pub fn learn(
        &self,
        parameters: &[f32],
        (x, labels, keys): (&[f32], &[u8], &dyn Fn(usize) -> u64),
        (phases, shares): (&Phases, [f32; 2]),
        (keep, partial): (&mut [f32], &mut [f32]),
        logits: &mut [f32],
        tap: Tapped<'_>,
    ) {
        let (n, hidden) = (labels.len(), self.widths[1]);
        let filled = whole(hidden);
        let (of_hidden, rest) = keep.split_at_mut(n * hidden);
        let (of_classes, drives) = rest.split_at_mut(n * CLASSES);
        self.drive(parameters, n, x, drives);
        partial.fill(0.0);
        let (up, down) = partial.split_at_mut(filled * ROW);
        let (pair, step) = phases.scales();
        MEMORY.with_borrow_mut(|memory| {
            self.fill(parameters, &mut memory.synapses);
            for (p, label) in labels.iter().enumerate() {
                let Memory { synapses, drive, .. } = &mut *memory;
                self.currents(synapses, &drives[p * hidden..][..hidden], drive);
                let key = keys(p);
                let mut pairs = Pairs { up: &mut *up, down: &mut *down };
                vectorised(|| {
                    let seen = &mut |_: Branch, _: &State, _: &[u32]| {};
                    let from = phases.free / 3;
                    self.settle(memory, key, (phases.free, from), tap, seen);
                    let row = &mut logits[p * CLASSES..][..CLASSES];
                    Self::logits(&memory.states[0], phases.free - from, row);
                    self.contrast(memory, (key, *label), phases, &mut pairs, tap, seen);
                });
                let [plus, minus] = &memory.states;
                let difference = |out: &mut [f32], from: usize, share: f32| {
                    let by = -share * step / phases.distance();
                    let sums = plus.sum[from..].iter().zip(&minus.sum[from..]);
                    out.iter_mut().zip(sums).for_each(|(d, (p, m))| *d = by * (p - m));
                };
                difference(&mut of_hidden[p * hidden..][..hidden], 0, shares[0]);
                difference(&mut of_classes[p * CLASSES..][..CLASSES], filled, shares[1]);
            }
        });
        let by = -shares[1] * pair / phases.distance();
        partial.iter_mut().for_each(|p| *p *= by);
    }

    /// Runs all phases of one picture, calling `seen` after each step with the branch, the
    /// state and the neurons that spiked (the classes' numbers begin at the number of hidden
    /// neurons, filled up to whole vectors).
    pub fn watch(
        &self,
        parameters: &[f32],
        picture: &[f32],
        (key, label): (u64, Option<u8>),
        phases: &Phases,
        mut seen: impl FnMut(Branch, &State, &[u32]),
    ) {
        let mut memory = Memory::default();
        let mut drive = vec![0.0; self.widths[1]];
        self.drive(parameters, 1, picture, &mut drive);
        self.fill(parameters, &mut memory.synapses);
        let Memory { synapses, drive: currents, .. } = &mut memory;
        self.currents(synapses, &drive, currents);
        let tap = Tapped::default();
        self.settle(&mut memory, key, (phases.free, phases.free / 3), tap, &mut seen);
        let Some(label) = label else { return };
        let mut partial = vec![0.0; self.partial_len()];
        let (up, down) = partial.split_at_mut(whole(self.widths[1]) * ROW);
        self.contrast(&mut memory, (key, label), phases, &mut Pairs { up, down }, tap, &mut seen);
    }

    /// Spikes of an answer.
    pub fn spikes(&self, parameters: &[f32], picture: &[f32]) -> usize {
        let free = Phases {
            free: ANSWER_STEPS,
            nudged: 0,
            window: 0,
            beta: 0.0,
            centred: true,
            target: 0.0,
        };
        let mut count = 0;
        self.watch(parameters, picture, (ANSWERS, None), &free, |_, state, _| count = state.count);
        count
    }
}

impl Op for Energy {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, CLASSES)
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut all = layer_parameters(&self.widths);
        for parameter in &mut all {
            match &mut parameter.initial {
                Initial::Glorot { fan_in, fan_out } => {
                    // Uniform in ±GAIN·√(6 / (fan in + fan out)).
                    let by = |fan: &mut usize| *fan = (*fan as f32 / (GAIN * GAIN)) as usize;
                    by(fan_in);
                    by(fan_out);
                }
                other => *other = Initial::Normal { mean: BIAS, deviation: 0.0 },
            }
        }
        all
    }

    /// Differences of traces of hidden neurons, then those of classes; the picture's
    /// currents.
    fn keep_len(&self) -> usize {
        2 * self.widths[1] + CLASSES
    }

    fn scratch_len(&self, n: usize, _mode: Mode) -> usize {
        n * self.widths[1]
    }

    /// See [`Pairs`].
    fn partial_len(&self) -> usize {
        whole(self.widths[1]) * (ROW + CLASSES)
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        layer_blocks(&self.widths).into_iter().map(|(.., range)| vec![range]).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        let (n, hidden) = (pass.n, self.widths[1]);
        self.drive(pass.parameters, n, pass.x, pass.scratch);
        let rows = pass.y[..n * CLASSES].as_chunks_mut::<CLASSES>().0;
        MEMORY.with_borrow_mut(|memory| {
            self.fill(pass.parameters, &mut memory.synapses);
            for (row, currents) in rows.iter_mut().zip(pass.scratch.chunks_exact(hidden)) {
                let Memory { synapses, drive, .. } = &mut *memory;
                self.currents(synapses, currents, drive);
                vectorised(|| {
                    let steps = (ANSWER_STEPS, READ_FROM);
                    self.settle(memory, ANSWERS, steps, Tapped::default(), &mut |_, _, _| {});
                });
                Self::logits(&memory.states[0], ANSWER_STEPS - READ_FROM, row);
            }
        });
    }

    /// No gradient goes back to the picture: the rule that trains this network
    /// compares two phases (`ann/rules/contrastive`).
    fn backward(&self, pass: Backward<'_>) {
        if let Some(dx) = pass.dx {
            dx.fill(0.0);
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (layer, row, range) = layer_blocks(&self.widths).swap_remove(block);
        let (inputs, hidden) = (self.widths[0], self.widths[1]);
        let filled = whole(hidden);
        out.fill(0.0);
        for part in parts {
            let (of_hidden, rest) = part.keep.split_at(part.n * hidden);
            match (layer, row) {
                (0, Some(row)) => {
                    let rows = (row, range.len() / hidden);
                    let shape = (part.n, inputs, hidden);
                    sparse::outer(self.isa, shape, rows, part.x, of_hidden, out, true);
                }
                (_, Some(row)) => {
                    let (up, down) = part.partial.split_at(filled * ROW);
                    for (j, out) in (row..).zip(out.as_chunks_mut::<CLASSES>().0) {
                        for (k, o) in out.iter_mut().enumerate() {
                            *o += up[j * ROW + k] + down[k * filled + j];
                        }
                    }
                }
                (layer, None) => {
                    let all = if layer == 0 { of_hidden } else { &rest[..part.n * CLASSES] };
                    for d in all.chunks_exact(out.len()) {
                        out.iter_mut().zip(d).for_each(|(o, d)| *o += d);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::network::Network;
    use crate::ann::zoo;
    use crate::data::synthetic;

    fn network(id: &str) -> (Network, Energy) {
        let network = Network::new(zoo::get(id).unwrap(), 1).unwrap();
        let hidden = network.plan().planes().len();
        assert_eq!(hidden, 2);
        let Some(op) = crate::ann::spiking::phases::operation(&network) else { panic!("{id}") };
        (network, op)
    }

    /// A neuron at the highest rate: r becomes 1, and no interval is shorter.
    #[test]
    fn a_neuron_that_is_driven_hard_fires_at_the_highest_rate_and_its_trace_is_one() {
        let (network, op) = network("lif-chl-20");
        let mut values = network.values();
        values[1].fill(1e3);
        let mut driven = network.clone();
        driven.set_values(&values);
        let phases =
            Phases { free: 200, nudged: 0, window: 0, beta: 0.0, centred: true, target: 0.0 };
        let (mut spikes, mut last, mut r) = (Vec::new(), 0, 0.0);
        let picture = [0.0; 784];
        op.watch(driven.step_parameters(0), &picture, (3, None), &phases, |_, state, fired| {
            if fired.contains(&7) {
                spikes.push(last);
                r = gain() * state.s[7];
            }
            last += 1;
        });
        assert!(spikes.windows(2).all(|w| w[1] - w[0] == REST as usize), "{spikes:?}");
        // After a spike; between spikes it fades by e^(−1/2).
        assert!((r - 1.0).abs() < 0.25, "{r}");
    }

    #[test]
    fn answers_do_not_depend_on_what_was_answered_before_and_noise_is_fair() {
        let (network, op) = network("lif-chl-33");
        let data = synthetic::generate(5, 4);
        let pictures: Vec<_> = (0..4).map(|i| data.pixels(i)).collect();
        let first = network.logits(&pictures[2..3]);
        assert_eq!(network.logits(&pictures)[2], first[0]);
        assert!(op.spikes(network.step_parameters(0), &pictures[0]) > 50);
        let up = noise(9, 33, 1000);
        let share = up.iter().flatten().filter(|b| **b).count() as f64 / 43_000.0;
        // Five standard deviations.
        assert!((share - 0.5).abs() < 0.012, "{share}");
        assert_ne!(noise(10, 33, 1), noise(9, 33, 1));
    }

    /// Blank pictures and a single one in a batch of many threads are no trouble.
    #[test]
    fn a_blank_picture_learns_without_trouble() {
        let (network, op) = network("lif-chl-20");
        let phases =
            Phases { free: 30, nudged: 20, window: 10, beta: 2.0, centred: true, target: 0.6 };
        let (mut keep, mut partial) = (vec![0.0; op.keep_len()], vec![0.0; op.partial_len()]);
        let mut logits = [0.0; CLASSES];
        op.learn(
            network.step_parameters(0),
            (&[0.0; 784], &[3], &|_| 1),
            (&phases, [1.0, 1.0]),
            (&mut keep, &mut partial),
            &mut logits,
            Tapped::default(),
        );
        assert!(keep.iter().chain(&partial).chain(&logits).all(|v| v.is_finite()));
        // Nobody, and no parts.
        op.learn(
            network.step_parameters(0),
            (&[], &[], &|_| 1),
            (&phases, [1.0, 1.0]),
            (&mut [], &mut partial),
            &mut [],
            Tapped::default(),
        );
        assert!(partial.iter().all(|v| *v == 0.0));
    }
}

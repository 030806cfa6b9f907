//! A curve is learned by contrastive Hebbian learning (the task of Mesnard, Gerstner and
//! Brea, arXiv:1612.03214; the network and its constants are our own).
//!
//! One number goes in, one comes out. The input is carried by two groups of neurons, one
//! that fires more for larger values and one that fires less, with thresholds that rise from
//! neuron to neuron; the output is the rate of one neuron. Between them are hidden neurons,
//! connected with the output both ways. All are leaky integrate-and-fire neurons
//! (`lif_energy`), all synapses between them learn (`contrastive`).
//!
//! A presentation is a free phase and two branches that begin in its last state, with the
//! same noise: in one a current pulls the output towards the target, in the other as large a
//! current pushes it away. In the last part of a branch pairs of spikes strengthen and weaken
//! synapses. The current is β times the error of the mean rate at the end of the free phase,
//! and constant: one that followed the output's own trace would also calm what the hidden
//! neurons' spikes do to it, and so take away correlations that have nothing to do with the
//! error; rates then sink until neurons fall silent. With several output neurons the way
//! there and back is as many times as strong, and the network jumps between two states.
//!
//! The presets of failures leave out what it takes; without them a task is the cure.

use super::Tell;
use crate::core::rng::Rng;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::{Engine, Spike};
use crate::snn::error::SnnError;
use crate::snn::network::{
    Connect, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values, Waveform,
};
use crate::snn::params::Config;
use crate::snn::plasticity::{BoundKind, Bounds};

/// The step, ms.
pub const DT_MS: f64 = 1.0;
/// Time constant of membranes, currents and traces, ms.
pub const TAU_MS: f64 = 10.0;
/// Refractory period, ms.
pub const REST_MS: f64 = 5.0;
/// Neurons of each of the two groups that carry the input.
pub const GROUP: usize = 8;
/// Neurons of the output.
pub const OUTPUTS: usize = 1;
/// Rates r that stand for the smallest and the largest value of the curve.
const RATES: (f64, f64) = (0.15, 0.55);
/// Currents into an input neuron for the smallest and the largest value.
const CURRENTS: (f64, f64) = (0.9, 5.0);
/// Learning rate of the synapses onto hidden neurons from the input, as a share of the others.
const SHARE: f64 = 0.3;
/// Half the width of the range of biases of hidden neurons.
const SPREAD: f32 = 0.5;
/// Places at which the curve is judged.
pub const PLACES: usize = 21;
/// At each of them, ms: to settle, and to be measured.
const JUDGED: (u64, u64) = (60, 960);
/// Presentations between two judgements.
const EVERY: usize = 200;
/// Largest lag of the pairs that are counted, steps: what is left of a trace after it is
/// e^(−10).
pub const REACH: usize = 100;
/// Most presentations.
pub const MOST: usize = 1_000_000;

const INPUT: usize = 0;
const HIDDEN: usize = 1;
const OUTPUT: usize = 2;
/// The synapses that learn: to the hidden neurons, to the output, and back.
const LEARNS: [usize; 3] = [FIRST, 1, 2];
const FIRST: usize = 0;

/// A function of a number from 0 to 1, with values from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Curve {
    /// A period of a sine.
    #[default]
    Sine,
    /// A bump in the middle.
    Bump,
    /// Low, high, low, high: exclusive or of two halves.
    Steps,
    /// Its square.
    Square,
}

impl Curve {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Sine, "sine"),
        (Self::Bump, "bump"),
        (Self::Steps, "steps"),
        (Self::Square, "square"),
    ];

    /// Its value.
    pub fn at(self, x: f64) -> f64 {
        let tau = std::f64::consts::TAU;
        match self {
            Self::Sine => 0.5 + 0.5 * (tau * x).sin(),
            Self::Bump => (-((x - 0.5) / 0.15).powi(2)).exp(),
            // Not steeper than spikes can tell inputs apart.
            Self::Steps => 0.5 - 0.5 * (3.0 * (tau * x).sin()).tanh() / 3f64.tanh(),
            Self::Square => x * x,
        }
    }
}

/// What the nudged branch is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    /// A branch from the same state, with the same noise and as long, pushed the other way.
    #[default]
    Branches,
    /// The end of the free phase itself, over a longer window.
    FreePhase,
}

/// What is to be learned, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegressionTask {
    /// All chance follows from it.
    pub seed: u64,
    /// The curve.
    pub curve: Curve,
    /// Hidden neurons.
    pub hidden: usize,
    /// Length of the free phase, of a branch, and of the part of a branch that counts, ms.
    pub free_ms: f64,
    pub nudged_ms: f64,
    pub window_ms: f64,
    /// Strength of the target.
    pub beta: f64,
    /// Learning rate at the beginning; it falls evenly to zero at the last presentation.
    pub eta: f64,
    /// Noise σ.
    pub noise: f64,
    /// Mean constant current into hidden and output neurons; the threshold is 1.
    pub bias: f64,
    /// Initial weights, in units of Glorot and Bengio's.
    pub gain: f64,
    /// Factor of all synaptic currents.
    pub scale: f64,
    /// What the nudged branch is compared with.
    pub compare: Compare,
    /// Presentations in all.
    pub presentations: usize,
}

impl Default for RegressionTask {
    fn default() -> Self {
        Self {
            seed: 1,
            curve: Curve::Sine,
            hidden: 80,
            free_ms: 300.0,
            nudged_ms: 60.0,
            window_ms: 40.0,
            beta: 3.0,
            eta: 0.003,
            noise: 0.5,
            bias: 1.0,
            gain: 1.5,
            scale: 1.0,
            compare: Compare::Branches,
            presentations: 12_000,
        }
    }
}

/// A way to fail.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// Stable id.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What goes wrong, and why.
    pub why: &'static str,
    /// What helps.
    pub cure: &'static str,
    /// Makes a task fail.
    pub spoil: fn(RegressionTask) -> RegressionTask,
}

/// The ways to fail; the task without being spoiled is the cure of each.
pub static FAILURES: &[Failure] = &[
    Failure {
        id: "unequal-windows",
        name: "Unequal windows",
        why: "What the nudged branch learns is compared with the end of the free phase, over a longer window: pairs of spikes are taken away that the other window has not had time to add, and weights sink whatever the target.",
        cure: "Two branches from one state, equally long, with the same noise",
        spoil: |task| RegressionTask { compare: Compare::FreePhase, ..task },
    },
    Failure {
        id: "silent-neurons",
        name: "Silent neurons",
        why: "Without noise and with a bias far below the threshold hidden neurons fall silent. A silent neuron is in no pair of spikes: its synapses learn nothing, and it stays silent.",
        cure: "Noise, and a bias near the threshold",
        spoil: |task| RegressionTask { noise: 0.0, bias: -0.5, ..task },
    },
    Failure {
        id: "small-gain",
        name: "Too small a gain",
        why: "A spike makes a tenth of the current: one neuron's spikes hardly change another's rate, so the input does not reach the output, and the nudge of the output does not reach the hidden neurons.",
        cure: "Ten times the current: a weight of 1 is the threshold's current at the highest rate",
        spoil: |task| RegressionTask { scale: 0.1, ..task },
    },
];

/// How well the curve is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fit {
    /// Presentations so far.
    pub presentations: usize,
    /// Input, target and output at each place, all from 0 to 1.
    pub places: Vec<[f64; 3]>,
    /// Mean squared error as a share of the target's variance.
    pub error: f64,
    /// Mean rates r of hidden and output neurons.
    pub rates: [f64; 2],
    /// Share of hidden neurons that never spiked.
    pub silent: f64,
}

/// Pairs of spikes of one synapse, or of all from the hidden neurons to the output, by
/// their lag, in both branches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lags {
    /// Pairs in the branch that strengthens, by lag from −[`REACH`] to [`REACH`].
    pub plus: Vec<u64>,
    /// The same in the branch that weakens.
    pub minus: Vec<u64>,
    /// Sum over pairs of η, by lag, with the sign of the branch.
    pub weighted: Vec<f64>,
}

impl Lags {
    fn new() -> Self {
        let bins = 2 * REACH + 1;
        Self { plus: vec![0; bins], minus: vec![0; bins], weighted: vec![0.0; bins] }
    }

    /// Lag t_post − t_pre in ms and change of the weight by the pairs with that lag; the
    /// changes sum to all that the synapse has learned, but for pairs further apart.
    pub fn changes(&self) -> Vec<[f64; 2]> {
        let reach = REACH as f64 * DT_MS;
        let lags = (0..self.weighted.len()).map(|k| k as f64 * DT_MS - reach);
        lags.zip(&self.weighted).map(|(lag, w)| [lag, w * (-lag.abs() / TAU_MS).exp()]).collect()
    }

    fn count(&mut self, lag: i64, sign: f64, eta: f64) {
        let Ok(bin) = usize::try_from(lag + REACH as i64) else { return };
        let Some(weighted) = self.weighted.get_mut(bin) else { return };
        *weighted += sign * eta;
        let counts = if sign > 0.0 { &mut self.plus } else { &mut self.minus };
        counts[bin] += 1;
    }
}

/// The spikes of one presentation, for a raster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presented {
    /// Input and target, 0 to 1.
    pub x: f64,
    pub target: f64,
    /// Of the free phase, the branch pulled and the one pushed: `(step within the
    /// presentation, population, neuron)`; populations are input, hidden, output.
    pub spikes: [Vec<(u32, u16, u32)>; 3],
    /// Steps of the free phase, and of a branch.
    pub steps: [u32; 2],
}

/// A run, to be advanced presentation by presentation.
pub struct Regression {
    task: RegressionTask,
    engine: CpuEngine,
    done: usize,
    fits: Vec<Fit>,
    synapse: (u32, u32),
    of_one: Lags,
    of_all: Lags,
    last: Presented,
}

fn group(value: f64) -> Waveform {
    let (low, high) = CURRENTS;
    // Neuron k begins to fire where the value passes about k / GROUP.
    let current = |v: f64, k: usize| low + (high - low) * (v - k as f64 / GROUP as f64);
    let on = (0..GROUP).map(|k| current(value, k) as f32);
    let off = (0..GROUP).map(|k| current(1.0 - value, k) as f32);
    Waveform::Constant(Values::Each(on.chain(off).collect()))
}

/// The rate r that stands for a value.
fn rate(value: f64) -> f64 {
    RATES.0 + (RATES.1 - RATES.0) * value
}

/// Describes the network.
pub fn network(task: &RegressionTask) -> NetworkSpec {
    let neuron = |noise: f64| {
        Config::new("lif_energy")
            .with("tau_ms", TAU_MS)
            .with("t_ref_ms", REST_MS)
            .with("sigma", noise)
            .with("scale", task.scale)
    };
    let hidden = task.hidden;
    let rule = || {
        let rule = Config::new("contrastive").with("eta", task.eta).with("tau_ms", TAU_MS);
        rule.with("phase", 0.0)
    };
    let free = Bounds { kind: BoundKind::None, min: -10.0, max: 10.0 };
    let weights = |name: &str, from: usize, to: usize| -> Vec<f32> {
        let mut rng = Rng::stream(task.seed, name, 0);
        let limit = (task.gain * (6.0 / (from + to) as f64).sqrt()) as f32;
        (0..from * to).map(|_| rng.range(-limit, limit)).collect()
    };
    let up = weights("weights of the output", hidden, OUTPUTS);
    let down = (0..OUTPUTS).flat_map(|k| up.iter().skip(k).step_by(OUTPUTS).copied()).collect();
    let first = weights("weights of the hidden neurons", 2 * GROUP, hidden);
    let projection = |name: &str, from: &str, to: &str, weights: Vec<f32>| {
        ProjectionSpec::new(name, from, to, "a", Connect::Dense, Values::Each(weights))
            .learning(rule(), free)
    };
    let mut rng = Rng::stream(task.seed, "biases", 0);
    let bias = (0..hidden).map(|_| task.bias as f32 + rng.range(-SPREAD, SPREAD)).collect();
    let spread = || Values::Uniform { low: 0.0, high: 0.9 };
    let mut spec = NetworkSpec::new("regression", DT_MS, task.seed)
        .population("input", 2 * GROUP, neuron(task.noise))
        .starting("v", spread())
        .population("hidden", hidden, neuron(task.noise))
        .starting("v", spread())
        .population("output", OUTPUTS, neuron(task.noise))
        .starting("v", spread())
        .current("value", "input", group(0.5))
        .current("bias", "hidden", Waveform::Constant(Values::Each(bias)))
        .current("target", "output", Waveform::Constant(Values::Same(task.bias)))
        .projection(projection("to hidden", "input", "hidden", first))
        .projection(projection("to output", "hidden", "output", up))
        .projection(projection("back", "output", "hidden", down));
    for (population, size) in [("input", 2 * GROUP), ("hidden", hidden), ("output", OUTPUTS)] {
        let noise = format!("noise of {population}");
        // One in two steps.
        let rates = vec![(500.0 / DT_MS) as f32; size];
        let onto = ProjectionSpec::new(
            &noise,
            &noise,
            population,
            "n",
            Connect::OneToOne,
            Values::Same(1.0),
        );
        spec = spec
            .input(&noise, size, Drive::Poisson(rates))
            .projection(onto)
            .probe(population, ProbeWhat::Spikes { of: population.into() });
    }
    spec
}

impl Regression {
    /// Begins a run.
    ///
    /// # Errors
    /// What is wrong with the task.
    pub fn new(task: &RegressionTask) -> Result<Self, SnnError> {
        let mut task = *task;
        task.hidden = task.hidden.clamp(1, 1000);
        task.presentations = task.presentations.min(MOST);
        for ms in [&mut task.free_ms, &mut task.nudged_ms, &mut task.window_ms] {
            *ms = if ms.is_finite() { ms.clamp(1.0, 1000.0) } else { 1.0 };
        }
        task.window_ms = task.window_ms.min(task.nudged_ms);
        let engine = CpuEngine::new(&network(&task).build()?, 1);
        let mut run = Self {
            task,
            engine,
            done: 0,
            fits: Vec::new(),
            synapse: (0, 0),
            of_one: Lags::new(),
            of_all: Lags::new(),
            last: Presented::default(),
        };
        let fit = run.judge()?;
        run.fits.push(fit);
        Ok(run)
    }

    /// The task.
    pub fn task(&self) -> &RegressionTask {
        &self.task
    }

    /// Presentations so far.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Whether all are done.
    pub fn is_over(&self) -> bool {
        self.done >= self.task.presentations
    }

    /// How well the curve was known, from before the first presentation on.
    pub fn fits(&self) -> &[Fit] {
        &self.fits
    }

    /// The last presentation.
    pub fn last(&self) -> &Presented {
        &self.last
    }

    /// Chooses the hidden neuron whose pairs of spikes with the output are counted, and
    /// counts anew.
    pub fn choose(&mut self, hidden: usize) {
        self.synapse = (hidden.min(self.task.hidden - 1) as u32, 0);
        self.of_one = Lags::new();
    }

    /// Pairs of spikes of the chosen synapse, and of all from hidden neurons to the output.
    pub fn lags(&self) -> (&Lags, &Lags) {
        (&self.of_one, &self.of_all)
    }

    /// The learning rate now.
    pub fn eta(&self) -> f64 {
        let left = self.task.presentations.saturating_sub(self.done);
        self.task.eta * left as f64 / self.task.presentations.max(1) as f64
    }

    /// Weights to the hidden neurons, to the output and back.
    ///
    /// # Errors
    /// The engine's.
    pub fn weights(&mut self) -> Result<[Vec<f32>; 3], SnnError> {
        let [a, b, c] = LEARNS.map(|p| self.engine.weights(p));
        Ok([a?, b?, c?])
    }

    /// Makes up to `most` presentations, and judges the curve now and then; whether there
    /// is more to do.
    ///
    /// # Errors
    /// The engine's.
    pub fn advance(&mut self, most: usize) -> Result<bool, SnnError> {
        for _ in 0..most {
            if self.is_over() {
                break;
            }
            self.present()?;
            self.done += 1;
            if self.done.is_multiple_of(EVERY) || self.is_over() {
                let fit = self.judge()?;
                self.fits.push(fit);
            }
        }
        Ok(!self.is_over())
    }

    fn phase(&mut self, sign: f64) -> Result<(), SnnError> {
        LEARNS.into_iter().try_for_each(|p| self.engine.set_rule_parameter(p, "phase", sign))
    }

    /// The output gets this current on top of its bias.
    fn pull(&mut self, current: f64) -> Result<(), SnnError> {
        let all = Values::Same(self.task.bias + current);
        self.engine.set_current(OUTPUT, Waveform::Constant(all))
    }

    /// The mean rate r of a population since the counts were cleared, over so many steps.
    fn rate(&mut self, population: usize, steps: u64) -> Result<f64, SnnError> {
        let counts = self.engine.counts(population, 0)?;
        let spikes = f64::from(counts.iter().sum::<u32>()) / counts.len().max(1) as f64;
        Ok(spikes * REST_MS / (steps.max(1) as f64 * DT_MS))
    }

    fn present(&mut self) -> Result<(), SnnError> {
        let steps = |ms: f64| (ms / DT_MS).round().max(1.0) as u64;
        let task = self.task;
        let x = f64::from(Rng::stream(task.seed, "values", self.done as u64).uniform());
        let target = task.curve.at(x);
        let eta = self.eta();
        for projection in LEARNS {
            let share = if projection == FIRST { SHARE } else { 1.0 };
            self.engine.set_rule_parameter(projection, "eta", share * eta)?;
        }
        self.engine.set_current(INPUT, group(x))?;
        self.pull(0.0)?;
        let (free, nudged, window) =
            (steps(task.free_ms), steps(task.nudged_ms), steps(task.window_ms));
        let first = self.engine.step();
        let mut spikes: [Vec<Spike>; 3] = [Vec::new(), Vec::new(), Vec::new()];
        // The end of the free phase tells the error.
        let end = free.div_ceil(2);
        self.engine.run(free - end)?;
        self.engine.clear_counts()?;
        if task.compare == Compare::FreePhase {
            self.phase(-1.0)?;
        }
        self.engine.run(end)?;
        self.phase(0.0)?;
        let error = rate(target) - self.rate(OUTPUT, end)?;
        spikes[0] = self.engine.take_spikes()?;
        if task.compare == Compare::FreePhase {
            self.count(&[], &spikes[0], first + free - end, (-1.0, eta));
        }
        let state = self.engine.snapshot()?;
        let signs: &[f64] = if task.compare == Compare::Branches { &[1.0, -1.0] } else { &[1.0] };
        for (branch, sign) in signs.iter().enumerate() {
            if branch > 0 {
                // Back to the same state, but with what was learned meanwhile.
                let learned = self.weights()?;
                self.engine.restore(&state)?;
                for (projection, weights) in LEARNS.into_iter().zip(&learned) {
                    self.engine.set_weights(projection, weights)?;
                }
            }
            self.pull(sign * task.beta * error)?;
            self.engine.run(nudged - window.min(nudged))?;
            self.phase(*sign)?;
            self.engine.run(window)?;
            self.phase(0.0)?;
            spikes[branch + 1] = self.engine.take_spikes()?;
            let counted = first + free + nudged - window;
            self.count(&spikes[0], &spikes[branch + 1], counted, (*sign, eta));
        }
        let cut = |all: &Vec<Spike>| {
            let brief = |s: &Spike| ((s.step - first) as u32, s.source, s.neuron);
            all.iter().map(brief).collect()
        };
        let steps = [free as u32, nudged as u32];
        self.last = Presented { x, target, spikes: spikes.each_ref().map(cut), steps };
        Ok(())
    }

    /// Counts the pairs of a branch whose second spike lies in the part that counts.
    fn count(&mut self, before: &[Spike], branch: &[Spike], from: u64, (sign, eta): (f64, f64)) {
        let all = || before.iter().chain(branch);
        let of = |population: usize| all().filter(move |s| usize::from(s.source) == population);
        let hidden: Vec<(u64, u32)> = of(HIDDEN).map(|s| (s.step, s.neuron)).collect();
        for post in of(OUTPUT) {
            let begin = hidden.partition_point(|(step, _)| step + (REACH as u64) < post.step);
            let near =
                hidden[begin..].iter().take_while(|(step, _)| *step <= post.step + REACH as u64);
            for (step, neuron) in near.filter(|(step, _)| post.step.max(*step) >= from) {
                let lag = post.step as i64 - *step as i64;
                self.of_all.count(lag, sign, eta);
                if (*neuron, post.neuron) == self.synapse {
                    self.of_one.count(lag, sign, eta);
                }
            }
        }
    }

    /// Shows each place, without learning; the run goes on as if nothing had happened.
    fn judge(&mut self) -> Result<Fit, SnnError> {
        let state = self.engine.snapshot()?;
        let mut places = Vec::with_capacity(PLACES);
        let (mut rates, mut counts) = ([0.0; 2], vec![0u32; self.task.hidden]);
        self.pull(0.0)?;
        for k in 0..PLACES {
            let x = k as f64 / (PLACES - 1) as f64;
            self.engine.set_current(INPUT, group(x))?;
            self.engine.run(JUDGED.0)?;
            self.engine.clear_counts()?;
            self.engine.run(JUDGED.1)?;
            let hidden = self.engine.counts(HIDDEN, 0)?;
            counts.iter_mut().zip(&hidden).for_each(|(c, h)| *c += h);
            let output = self.rate(OUTPUT, JUDGED.1)?;
            rates[0] += self.rate(HIDDEN, JUDGED.1)? / PLACES as f64;
            rates[1] += output / PLACES as f64;
            let value = (output - RATES.0) / (RATES.1 - RATES.0);
            places.push([x, self.task.curve.at(x), value]);
        }
        self.engine.take_spikes()?;
        self.engine.restore(&state)?;
        let n = PLACES as f64;
        let mean = places.iter().map(|p| p[1]).sum::<f64>() / n;
        let variance = places.iter().map(|p| (p[1] - mean).powi(2)).sum::<f64>() / n;
        let error = places.iter().map(|p| (p[1] - p[2]).powi(2)).sum::<f64>() / n / variance;
        let silent = counts.iter().filter(|c| **c == 0).count() as f64 / counts.len() as f64;
        Ok(Fit { presentations: self.done, places, error, rates, silent })
    }
}

/// Runs a task to its end, telling how well the curve is known; the last fit.
///
/// # Errors
/// As [`Regression::new`].
pub fn run(task: &RegressionTask, tell: Tell<'_, Fit>) -> Result<Regression, SnnError> {
    let mut run = Regression::new(task)?;
    loop {
        let fit = run.fits.last().cloned().unwrap_or_default();
        if !tell(fit) || run.is_over() {
            return Ok(run);
        }
        run.advance(EVERY)?;
    }
}

#[cfg(test)]
mod tests;

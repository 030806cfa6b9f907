//! Bengio's rule gives the STDP window without comparing spike times (Bengio, Mesnard,
//! Fischer, Zhang and Wu, arXiv:1509.05936; after Xie and Seung 2000 and Hinton 2007).
//!
//! Many synapses at once. Each has a Poisson presynaptic input, and a
//! postsynaptic membrane that rises and falls at random: its current takes a new
//! random level now and then. The membrane gives the rate at which postsynaptic
//! spikes are drawn; the rule sees the membrane alone, dw = η x dV, with the
//! trace x (the postsynaptic potential) of the presynaptic spikes.
//!
//! The change that followed a presynaptic spike is then averaged over all pairs
//! of spikes with the same Δt = t_post − t_pre. Where the membrane rises, more
//! postsynaptic spikes come after the presynaptic one than before, and the weight
//! grows; where it falls, the other way round. That is the window.
//!
//! It follows the classical window only while the trace and the membrane are short
//! against the rises and falls (correlation 0.89 with τ_x = 2 ms and τₘ = 1 ms). A
//! trace of 20 ms, the usual time constant of pair STDP, sees the rise that comes
//! long after the presynaptic spike as well: the change of sign moves to the right,
//! and the correlation falls to about 0.4.

use std::sync::Arc;

use super::Tell;
use crate::core::rng::Rng;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;
use crate::snn::network::{
    Connect, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values, Waveform,
};
use crate::snn::params::Config;
use crate::snn::recording::Recording;
use crate::snn::rng::{Key, threshold};
use crate::snn::traces::{CAP_BYTES, Channel, Traces};

/// The step, ms.
pub const DT_MS: f64 = 0.5;
/// Synapses side by side.
const SYNAPSES: usize = 128;
/// Rate of the presynaptic spikes, Hz.
pub const PRE_HZ: f64 = 8.0;
/// Postsynaptic rate per unit of the membrane, Hz.
pub const POST_HZ: f64 = 80.0;
/// The current may take a new level so often, ms.
const LEVEL_EVERY_MS: f64 = 1.0;
/// Largest |Δt| and width of its bins, ms.
pub const REACH_MS: f64 = 60.0;
const BIN_MS: f64 = 4.0;
/// Simulated at once, ms; what lies too near its ends for a whole window is left out.
const CHUNK_MS: f64 = 1000.0;
/// The change after a presynaptic spike is read so many time constants later.
const FELT: f64 = 4.0;
/// Length of the example that is shown, ms.
pub const EXAMPLE_MS: f64 = 500.0;
/// Correlation from which on the window counts as the classical one.
const AGREES: f64 = 0.8;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct SlopeTask {
    /// All chance follows from it.
    pub seed: u64,
    /// Learning rate η.
    pub eta: f64,
    /// Time constant of the presynaptic trace, ms.
    pub tau_x_ms: f64,
    /// Time constant of the postsynaptic membrane, ms.
    pub tau_m_ms: f64,
    /// Mean time from one level of the current to the next, ms.
    pub hold_ms: f64,
    /// Time constant of the classical window that it is compared with, ms.
    pub classical_tau_ms: f64,
    /// Simulated time, s (of each synapse).
    pub seconds: f64,
}

impl Default for SlopeTask {
    fn default() -> Self {
        Self {
            seed: 1,
            eta: 0.01,
            tau_x_ms: 2.0,
            tau_m_ms: 1.0,
            hold_ms: 15.0,
            classical_tau_ms: 20.0,
            seconds: 60.0,
        }
    }
}

/// What belongs to one bin of Δt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// The middle of the bin, ms.
    pub delta_ms: f64,
    /// Mean change of the weight that followed the presynaptic spike.
    pub mean: f64,
    /// Standard error of the mean.
    pub error: f64,
    /// Pairs of spikes.
    pub pairs: u64,
}

/// What came out so far.
#[derive(Clone, Debug)]
pub struct SlopeResult {
    /// By Δt.
    pub bins: Vec<Bin>,
    /// Size of the classical window that fits best (least squares).
    pub classical: f64,
    /// Its time constant, ms.
    pub classical_tau_ms: f64,
    /// Correlation of the means with the classical window.
    pub correlation: f64,
    /// Where the window changes its sign, ms; `None` where it does not, or not yet
    /// clearly.
    pub crossing_ms: Option<f64>,
    /// Time constants of the trace and of the membrane, ms.
    pub tau_ms: [f64; 2],
    /// Simulated time so far and in all, s.
    pub seconds: [f64; 2],
    /// The beginning of one synapse's run.
    pub example: Arc<Example>,
}

impl SlopeResult {
    /// Whether the window is by and large the classical one.
    pub fn agrees(&self) -> bool {
        self.correlation >= AGREES
    }
}

/// A stretch of one synapse.
#[derive(Clone, Debug)]
pub struct Example {
    /// Postsynaptic rate (Hz), presynaptic trace, change of the weight.
    pub traces: Traces,
    /// Row 0: presynaptic spikes, row 1: postsynaptic ones.
    pub spikes: Arc<Recording>,
}

/// The window of pair STDP with equal time constants and areas, of size 1.
pub fn classical(delta_ms: f64, tau_ms: f64) -> f64 {
    delta_ms.signum() * (-delta_ms.abs() / tau_ms).exp()
}

/// Runs the experiment, and tells what there is after each simulated second.
///
/// # Errors
/// What is wrong with the parameters.
pub fn run(task: &SlopeTask, tell: Tell<'_, SlopeResult>) -> Result<(), SnnError> {
    let mut engine = CpuEngine::new(&network(task).build()?, 1);
    let mut levels = Levels::new(task);
    let mut sums = vec![[0.0f64; 3]; (2.0 * REACH_MS / BIN_MS).round() as usize];
    let mut example = None;
    let chunks = (task.seconds * 1000.0 / CHUNK_MS).ceil().max(1.0) as u64;
    for chunk in 0..chunks {
        let part = simulate(&mut engine, &mut levels, task.seed)?;
        part.gather(task, &mut sums);
        let example = example.get_or_insert_with(|| Arc::new(part.example(task)));
        let done = (chunk + 1) as f64 * CHUNK_MS / 1000.0;
        let seconds = [done, chunks as f64 * CHUNK_MS / 1000.0];
        if !tell(summary(task, &sums, seconds, Arc::clone(example))) {
            break;
        }
    }
    Ok(())
}

fn network(task: &SlopeTask) -> NetworkSpec {
    // The threshold is out of reach: spikes are drawn from the membrane.
    let membrane = Config::new("lif")
        .with("tau_m_ms", task.tau_m_ms)
        .with("v_rest_mv", 0.0)
        .with("v_reset_mv", 0.0)
        .with("v_th_mv", 200.0)
        .with("r_mohm", 1.0);
    let rule = Config::new("slope")
        .with("eta", task.eta)
        .with("tau_x_ms", task.tau_x_ms)
        .with("signal", 0.0);
    let synapses = ProjectionSpec::new(
        "synapses",
        "pre",
        "post",
        "i_syn",
        Connect::OneToOne,
        Values::Same(0.0),
    );
    NetworkSpec::new("rises and falls", DT_MS, task.seed)
        .input("pre", SYNAPSES, Drive::Poisson(vec![PRE_HZ as f32; SYNAPSES]))
        .population("post", SYNAPSES, membrane)
        .current("level", "post", Waveform::Constant(Values::Same(0.5)))
        .projection(synapses.learning(rule, super::pairing::FREE))
        .probe("pre", ProbeWhat::Spikes { of: "pre".into() })
        .probe(
            "v",
            ProbeWhat::State {
                of: "post".into(),
                variable: "v".into(),
                neurons: Vec::new(),
                replica: 0,
                every_ms: DT_MS,
            },
        )
        .probe("w", ProbeWhat::Weights { of: "synapses".into(), every_ms: DT_MS })
}

/// The currents: each takes a new level, even between 0 and 1, at random times.
struct Levels {
    rng: Rng,
    now: Vec<f32>,
    change: f32,
}

impl Levels {
    fn new(task: &SlopeTask) -> Self {
        let mut rng = Rng::stream(task.seed, "levels", 0);
        let now = (0..SYNAPSES).map(|_| rng.uniform()).collect();
        let change = 1.0 - (-LEVEL_EVERY_MS / task.hold_ms).exp();
        Self { rng, now, change: change as f32 }
    }

    fn next(&mut self) -> Waveform {
        for level in &mut self.now {
            if self.rng.uniform() < self.change {
                *level = self.rng.uniform();
            }
        }
        Waveform::Constant(Values::Each(self.now.clone()))
    }
}

/// A stretch of all synapses: `[step][synapse]`.
struct Part {
    membrane: Vec<f32>,
    weights: Vec<f32>,
    /// By synapse: steps within the stretch.
    pre: Vec<Vec<usize>>,
    post: Vec<Vec<usize>>,
}

fn simulate(engine: &mut CpuEngine, levels: &mut Levels, seed: u64) -> Result<Part, SnnError> {
    let first = engine.step();
    let per_level = (LEVEL_EVERY_MS / DT_MS) as u64;
    for _ in 0..(CHUNK_MS / LEVEL_EVERY_MS) as u64 {
        engine.set_current(0, levels.next())?;
        engine.run(per_level)?;
    }
    let mut pre = vec![Vec::new(); SYNAPSES];
    for spike in engine.take_spikes()? {
        pre[spike.neuron as usize].push((spike.step - first) as usize);
    }
    let (mut membrane, mut weights) = (Vec::new(), Vec::new());
    for samples in engine.take_samples()? {
        // Probe 1 is the membrane, probe 2 the weights.
        if samples.probe == 1 { membrane = samples.values } else { weights = samples.values }
    }
    let key = Key::new(seed, "postsynaptic spikes", 0);
    let mut post = vec![Vec::new(); SYNAPSES];
    for (k, row) in membrane.chunks_exact(SYNAPSES).enumerate() {
        for (i, v) in row.iter().enumerate() {
            let probability = f64::from(*v) * POST_HZ * DT_MS / 1000.0;
            if key.draw(i as u32, first + k as u64) < threshold(probability) {
                post[i].push(k);
            }
        }
    }
    Ok(Part { membrane, weights, pre, post })
}

impl Part {
    fn steps(&self) -> usize {
        self.membrane.len() / SYNAPSES
    }

    /// Adds number, sum and sum of squares of the changes to each bin.
    fn gather(&self, task: &SlopeTask, sums: &mut [[f64; 3]]) {
        let reach = (REACH_MS / DT_MS) as usize;
        let felt = (FELT * task.tau_x_ms / DT_MS).ceil() as usize;
        let bin = (BIN_MS / DT_MS) as usize;
        for i in 0..SYNAPSES {
            let weight = |step: usize| f64::from(self.weights[step * SYNAPSES + i]);
            for a in self.pre[i].iter().copied() {
                if a < reach || a + reach.max(felt) >= self.steps() {
                    continue;
                }
                let change = weight(a + felt) - weight(a);
                let from = self.post[i].partition_point(|p| *p < a - reach);
                for p in self.post[i][from..].iter().take_while(|p| **p < a + reach) {
                    let sum = &mut sums[(p + reach - a) / bin];
                    *sum = [sum[0] + 1.0, sum[1] + change, sum[2] + change * change];
                }
            }
        }
    }

    fn example(&self, task: &SlopeTask) -> Example {
        let channel = |name: &str, unit: &str| Channel { name: name.into(), unit: unit.into() };
        let channels = vec![
            channel("Postsynaptic rate", "Hz"),
            channel("Presynaptic trace x", ""),
            channel("Change of the weight", ""),
        ];
        let steps = self.steps().min((EXAMPLE_MS / DT_MS) as usize);
        let mut traces = Traces::new(channels, DT_MS, CAP_BYTES);
        let mut spikes = Recording::new(2, DT_MS, CAP_BYTES);
        let keep = (-DT_MS / task.tau_x_ms).exp() as f32;
        let mut x = 0.0;
        for k in 0..steps {
            x *= keep;
            if self.pre[0].contains(&k) {
                x += 1.0;
                spikes.push(k as u64, &[0]);
            }
            if self.post[0].contains(&k) {
                spikes.push(k as u64, &[1]);
            }
            let rate_hz = self.membrane[k * SYNAPSES] * POST_HZ as f32;
            traces.push(&[rate_hz, x, self.weights[k * SYNAPSES] - self.weights[0]]);
        }
        spikes.advance(steps as u64);
        Example { traces, spikes: Arc::new(spikes) }
    }
}

fn summary(
    task: &SlopeTask,
    sums: &[[f64; 3]],
    seconds: [f64; 2],
    example: Arc<Example>,
) -> SlopeResult {
    let bins: Vec<Bin> = sums
        .iter()
        .enumerate()
        .map(|(i, [n, sum, squares])| {
            let mean = sum / n.max(1.0);
            let variance = (squares / n.max(1.0) - mean * mean).max(0.0);
            Bin {
                delta_ms: -REACH_MS + (i as f64 + 0.5) * BIN_MS,
                mean,
                error: (variance / n.max(1.0)).sqrt(),
                pairs: *n as u64,
            }
        })
        .collect();
    let shape: Vec<f64> =
        bins.iter().map(|b| classical(b.delta_ms, task.classical_tau_ms)).collect();
    let means: Vec<f64> = bins.iter().map(|b| b.mean).collect();
    let product: f64 = shape.iter().zip(&means).map(|(a, b)| a * b).sum();
    let square: f64 = shape.iter().map(|a| a * a).sum();
    SlopeResult {
        classical: product / square.max(1e-30),
        classical_tau_ms: task.classical_tau_ms,
        correlation: correlation(&shape, &means),
        crossing_ms: crossing_ms(&bins),
        tau_ms: [task.tau_x_ms, task.tau_m_ms],
        bins,
        seconds,
        example,
    }
}

/// Where the means turn from below zero to above it, between the two bins of which
/// one is the lowest and the other the highest; by a straight line.
fn crossing_ms(bins: &[Bin]) -> Option<f64> {
    let by_mean = |a: &&Bin, b: &&Bin| a.mean.total_cmp(&b.mean);
    let (low, high) = (bins.iter().min_by(by_mean)?, bins.iter().max_by(by_mean)?);
    let clear = low.mean < -3.0 * low.error && high.mean > 3.0 * high.error;
    let between = |b: &&Bin| (low.delta_ms..=high.delta_ms).contains(&b.delta_ms);
    let between: Vec<&Bin> = bins.iter().filter(between).collect();
    let turn = between.windows(2).find(|w| w[0].mean < 0.0 && w[1].mean >= 0.0)?;
    let [a, b] = turn else { return None };
    clear.then(|| a.delta_ms - a.mean / (b.mean - a.mean) * (b.delta_ms - a.delta_ms))
}

/// Pearson's coefficient; 0 where one side does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().max(1) as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        ab += (x - ma) * (y - mb);
        aa += (x - ma).powi(2);
        bb += (y - mb).powi(2);
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(task: &SlopeTask) -> SlopeResult {
        let mut newest = None;
        run(task, &mut |r| {
            newest = Some(r);
            true
        })
        .unwrap();
        newest.unwrap()
    }

    #[test]
    fn the_classical_window_comes_out_without_comparing_spike_times() {
        let result = last(&SlopeTask { seconds: 20.0, ..SlopeTask::default() });
        assert_eq!(result.bins.len(), 30);
        // The trace looks a few milliseconds ahead, so that the change of sign
        // comes late: 0.9 at best, less what noise is left.
        assert!(result.correlation > 0.8, "correlation {}", result.correlation);
        assert!(result.classical > 0.0);
        let bin = |ms: f64| result.bins.iter().find(|b| b.delta_ms == ms).unwrap();
        for (ms, sign) in [(6.0, 1.0), (14.0, 1.0), (-6.0, -1.0), (-14.0, -1.0)] {
            let b = bin(ms);
            assert!(sign * b.mean > 4.0 * b.error, "{ms} ms: {} ± {}", b.mean, b.error);
        }
    }

    /// It was said without the time constants that it takes.
    #[test]
    fn with_a_long_trace_the_window_is_no_longer_the_classical_one() {
        let of = |tau_x_ms, tau_m_ms| {
            last(&SlopeTask { tau_x_ms, tau_m_ms, seconds: 40.0, ..SlopeTask::default() })
        };
        let (short, long) = (of(2.0, 1.0), of(20.0, 1.0));
        assert!(short.correlation > 0.8, "{}", short.correlation);
        assert!((0.2..0.65).contains(&long.correlation), "{}", long.correlation);
        let [early, late] = [short, long].map(|r| r.crossing_ms.unwrap());
        assert!((0.0..8.0).contains(&early) && late > early + 3.0, "{early} and {late}");
    }

    #[test]
    fn a_window_sharpens_as_more_pairs_come() {
        let mut told = Vec::new();
        run(&SlopeTask { seconds: 8.0, ..SlopeTask::default() }, &mut |r| {
            told.push((r.bins[20].error, r.bins[20].pairs));
            true
        })
        .unwrap();
        assert_eq!(told.len(), 8);
        assert!(told[7].0 < 0.6 * told[0].0 && told[7].1 > 5 * told[0].1, "{told:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_window_and_another_does_not() {
        let task = |seed| SlopeTask { seed, seconds: 2.0, ..SlopeTask::default() };
        assert_eq!(last(&task(3)).bins, last(&task(3)).bins);
        assert_ne!(last(&task(3)).bins, last(&task(4)).bins);
    }

    #[test]
    fn the_example_is_that_of_the_rule() {
        let result = last(&SlopeTask { seconds: 1.0, ..SlopeTask::default() });
        let (traces, spikes) = (&result.example.traces, &result.example.spikes);
        assert_eq!(traces.steps(), (EXAMPLE_MS / DT_MS) as u64);
        assert!(spikes.total() > 5);
        // dw = η x dV, step by step, from what is drawn: the rate is V times a
        // constant. The weight before step k + 1 has the change of step k in it.
        let value = |c, k| f64::from(traces.value(c, k).unwrap());
        let mut sum = 0.0;
        for k in 0..traces.steps() - 1 {
            sum += 0.01 * value(1, k) * (value(0, k + 1) - value(0, k)) / POST_HZ;
            assert!((value(2, k + 1) - sum).abs() < 1e-5, "step {k}: {} {sum}", value(2, k + 1));
        }
    }
}

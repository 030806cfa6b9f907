//! What keeps weights in check: the same Poisson spikes reach four neurons whose
//! synapses learn by pair STDP, without bounds, with hard ones (clipped), with
//! soft ones (changes shrink near a bound; van Rossum, Bi and Turrigiano 2000),
//! and with hard bounds and normalisation (the weights onto the neuron are scaled to
//! the same sum, as in Diehl and Cook's network, and clipped after it; where that takes
//! something away, the sum is short by as much until the next time).

use super::Tell;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;
use crate::snn::network::{Connect, Drive, NetworkSpec, ProjectionSpec, Values};
use crate::snn::params::Config;
use crate::snn::plasticity::{BoundKind, Bounds};

/// The step, ms.
const DT_MS: f64 = 1.0;
/// Synapses onto each neuron.
pub const SYNAPSES: usize = 200;
/// Rate of each input, Hz.
pub const RATE_HZ: f64 = 12.0;
/// Weights are normalised so often, ms.
const NORMALISE_EVERY_MS: f64 = 500.0;
/// Told so often, ms.
const TELL_EVERY_MS: f64 = 1000.0;

/// The four ways.
pub const WAYS: [(&str, &str); 4] = [
    ("No bounds", "Nothing holds the weights: they drift below 0 and above 1"),
    ("Hard bounds", "Clipped to 0 … 1: they gather at both ends, a winner or a loser each"),
    ("Soft bounds", "Changes shrink near the bounds: most weights stay in between"),
    (
        "Hard and normalised",
        "Scaled to the same sum twice a second, and clipped after it: what one gains, others lose",
    ),
];

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundsTask {
    /// All chance follows from it.
    pub seed: u64,
    /// The rule with its parameters.
    pub rule: Config,
    /// Simulated time, s.
    pub seconds: f64,
}

impl Default for BoundsTask {
    fn default() -> Self {
        let rule = Config::new("pair").with("a_plus", 0.05).with("a_minus", -0.0575);
        Self { seed: 1, rule, seconds: 60.0 }
    }
}

/// What became of one neuron's weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundsRun {
    /// The weights now.
    pub weights: Vec<f32>,
    /// Time in s and mean weight.
    pub mean: Vec<[f64; 2]>,
    /// Spikes of the neuron in the last second, Hz.
    pub rate_hz: f64,
}

/// What came out so far, in the order of [`WAYS`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundsResult {
    /// One per way.
    pub runs: Vec<BoundsRun>,
    /// Simulated time so far and in all, s.
    pub seconds: [f64; 2],
}

fn network(task: &BoundsTask) -> NetworkSpec {
    // The mean drive at weights of one half, n rate w τ_syn R = 18 mV, ends just
    // below the threshold of 20 mV: chance makes the neuron fire.
    let neuron = Config::new("lif").with("r_mohm", 3.0);
    let kinds = [BoundKind::None, BoundKind::Hard, BoundKind::Soft, BoundKind::Hard];
    let mut spec = NetworkSpec::new("bounds", DT_MS, task.seed).input(
        "inputs",
        SYNAPSES,
        Drive::Poisson(vec![RATE_HZ as f32; SYNAPSES]),
    );
    let begin: Vec<f32> = {
        // The same weights to begin with, around one half.
        let mut rng = crate::core::rng::Rng::stream(task.seed, "bounds/weights", 0);
        (0..SYNAPSES).map(|_| rng.range(0.3, 0.7)).collect()
    };
    let sum: f64 = begin.iter().map(|w| f64::from(*w)).sum();
    for (kind, (name, _)) in kinds.into_iter().zip(WAYS) {
        let bounds = Bounds { kind, ..Bounds::UNIT };
        let (from, weights) = ("inputs", Values::Each(begin.clone()));
        let mut synapses = ProjectionSpec::new(name, from, name, "i_syn", Connect::Dense, weights)
            .learning(task.rule.clone(), bounds);
        if name == WAYS[3].0 {
            synapses = synapses.normalised(sum);
        }
        spec = spec.population(name, 1, neuron.clone()).projection(synapses);
    }
    spec
}

/// Runs the experiment, and tells what there is after each simulated second.
///
/// # Errors
/// What is wrong with the rule's parameters.
pub fn run(task: &BoundsTask, tell: Tell<'_, BoundsResult>) -> Result<(), SnnError> {
    let mut engine = CpuEngine::new(&network(task).build()?, 1);
    let mut runs = vec![BoundsRun::default(); WAYS.len()];
    let whole_ms = (task.seconds * 1000.0).max(TELL_EVERY_MS);
    loop {
        let now_ms = engine.step() as f64 * DT_MS;
        for (i, run) in runs.iter_mut().enumerate() {
            run.weights = engine.weights(i)?;
            let sum: f64 = run.weights.iter().map(|w| f64::from(*w)).sum();
            run.mean.push([now_ms / 1000.0, sum / SYNAPSES as f64]);
            run.rate_hz = f64::from(engine.counts(i, 0)?[0]) * 1000.0 / TELL_EVERY_MS;
        }
        let seconds = [now_ms / 1000.0, whole_ms / 1000.0];
        if !tell(BoundsResult { runs: runs.clone(), seconds }) || now_ms >= whole_ms {
            return Ok(());
        }
        engine.clear_counts()?;
        for _ in 0..(TELL_EVERY_MS / NORMALISE_EVERY_MS) as u32 {
            engine.run((NORMALISE_EVERY_MS / DT_MS) as u64)?;
            engine.normalise(3)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(task: &BoundsTask) -> BoundsResult {
        let mut newest = BoundsResult::default();
        run(task, &mut |r| {
            newest = r;
            true
        })
        .unwrap();
        newest
    }

    #[test]
    fn bounds_and_normalisation_do_what_they_say() {
        let result = last(&BoundsTask::default());
        assert_eq!(result.seconds, [60.0, 60.0]);
        let share = |i: usize, is: fn(f32) -> bool| {
            let n = result.runs[i].weights.iter().filter(|w| is(**w)).count();
            n as f64 / SYNAPSES as f64
        };
        let outside: fn(f32) -> bool = |w| !(0.0..=1.0).contains(&w);
        let at_the_ends: fn(f32) -> bool = |w| !(0.1..=0.9).contains(&w);
        let in_the_middle: fn(f32) -> bool = |w| (0.3..=0.7).contains(&w);
        assert!(share(0, outside) > 0.3, "without bounds: {}", share(0, outside));
        for (bounded, way) in WAYS.iter().enumerate().take(4).skip(1) {
            assert_eq!(share(bounded, outside), 0.0, "{}", way.0);
        }
        assert!(share(1, at_the_ends) > 0.3, "hard: {}", share(1, at_the_ends));
        assert!(share(2, in_the_middle) > 0.8, "soft: {}", share(2, in_the_middle));
        assert!(share(1, in_the_middle) < 0.5, "hard: {}", share(1, in_the_middle));
        let mean = &result.runs[3].mean;
        assert!((mean[60][1] - mean[0][1]).abs() < 0.01, "the sum is kept: {mean:?}");
    }

    #[test]
    fn no_weight_leaves_its_bounds_however_strongly_it_learns() {
        for (a_plus, ratio) in [(0.05, 1.4), (0.05, 1.05), (0.2, 0.6), (1.0, 2.0)] {
            let rule = Config::new("pair").with("a_plus", a_plus).with("a_minus", -ratio * a_plus);
            let task = BoundsTask { rule, seconds: 30.0, ..BoundsTask::default() };
            run(&task, &mut |result| {
                for (run, way) in result.runs.iter().zip(WAYS).skip(1) {
                    let outside = run.weights.iter().filter(|w| !(0.0..=1.0).contains(*w)).count();
                    assert_eq!(outside, 0, "{}: {a_plus}, {ratio}", way.0);
                }
                true
            })
            .unwrap();
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_weights_and_another_does_not() {
        let task = |seed| BoundsTask { seed, seconds: 3.0, ..BoundsTask::default() };
        assert_eq!(last(&task(5)), last(&task(5)));
        assert_ne!(last(&task(5)).runs, last(&task(6)).runs);
    }
}

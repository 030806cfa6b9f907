//! One synapse, step by step: a few presynaptic and postsynaptic spikes at
//! chosen times, the rule's traces, the weight, and what each spike changed.

use std::sync::Arc;

use super::pairing::{Learner, network, resolve};
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::{Engine, ProjectionState};
use crate::snn::error::SnnError;
use crate::snn::plasticity::Trace;
use crate::snn::traces::{CAP_BYTES, Channel, Traces};

/// The step, ms.
pub const DT_MS: f64 = 0.5;

/// What is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryTask {
    /// What the synapse learns by.
    pub learner: Learner,
    /// Presynaptic spikes, ms.
    pub pre_ms: Vec<f64>,
    /// Postsynaptic spikes, ms.
    pub post_ms: Vec<f64>,
    /// Until when, ms.
    pub duration_ms: f64,
}

/// A step in which a spike came.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// The step.
    pub step: u64,
    /// Whether the presynaptic neuron spiked.
    pub pre: bool,
    /// Whether the postsynaptic neuron spiked.
    pub post: bool,
    /// The traces just before, those of the presynaptic side first.
    pub before: Vec<f64>,
    /// The weight before and after.
    pub weights: [f64; 2],
}

/// What came out.
#[derive(Clone, Debug)]
pub struct StoryResult {
    /// The task.
    pub task: StoryTask,
    /// Presynaptic traces, postsynaptic ones, then the weight; at the end of
    /// each step.
    pub traces: Arc<Traces>,
    /// The spikes in their order.
    pub happenings: Vec<Happening>,
}

/// Runs it.
///
/// # Errors
/// What is wrong with the rule's parameters or the spikes.
pub fn run(task: &StoryTask) -> Result<StoryResult, SnnError> {
    let (rule, values) = resolve(&task.learner.rule)?;
    let times = |all: &[f64]| all.iter().map(|t| (0, *t)).collect::<Vec<(u32, f64)>>();
    let (pre, post) = (times(&task.pre_ms), times(&task.post_ms));
    let spec = network(std::slice::from_ref(&task.learner), 1, DT_MS, &pre, &post);
    let mut engine = CpuEngine::new(&spec.build()?, 1);
    let names = rule.pre.iter().chain(rule.post).map(|t| t.label).chain(["Weight"]);
    let channels = names.map(|n| Channel { name: n.into(), unit: String::new() }).collect();
    let mut traces = Traces::new(channels, DT_MS, CAP_BYTES);
    let mut happenings = Vec::new();
    let mut weight = task.learner.weight;
    for step in 0..=(task.duration_ms / DT_MS).round() as u64 {
        let before = engine.snapshot()?.projections.swap_remove(0);
        engine.run(1)?;
        let after = engine.snapshot()?.projections.swap_remove(0);
        let tau = |t: &Trace| rule.value(&values, t.tau);
        let read = |state: &ProjectionState| {
            let pre = rule
                .pre
                .iter()
                .enumerate()
                .map(|(i, t)| value_at(state.pre[i], state.pre_since[0], step, tau(t)));
            let post = rule
                .post
                .iter()
                .enumerate()
                .map(|(i, t)| value_at(state.post[i], state.post_since[0], step, tau(t)));
            pre.chain(post).collect::<Vec<f64>>()
        };
        let now = f64::from(after.weights[0]);
        let came = |since: &[u32]| since[0] == step as u32 + 1;
        let (pre, post) = (came(&after.pre_since), came(&after.post_since));
        if pre || post {
            let before = read(&before);
            happenings.push(Happening { step, pre, post, before, weights: [weight, now] });
        }
        weight = now;
        let row: Vec<f32> = read(&after).into_iter().chain([now]).map(|x| x as f32).collect();
        traces.push(&row);
    }
    Ok(StoryResult { task: task.clone(), traces: Arc::new(traces), happenings })
}

/// A trace in this step from its value at the last spike, of which `since` is
/// the step after it (0: none yet).
fn value_at(value: f32, since: u32, step: u64, tau_ms: f64) -> f64 {
    if since == 0 {
        return 0.0;
    }
    let age_ms = (step + 1 - u64::from(since)) as f64 * DT_MS;
    f64::from(value) * (-age_ms / tau_ms).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::params::Config;
    use crate::snn::plasticity::{Bounds, RULES};

    fn task(rule: &str, pre_ms: &[f64], post_ms: &[f64]) -> StoryTask {
        let learner = Learner { rule: Config::new(rule), bounds: Bounds::UNIT, weight: 0.5 };
        let (pre_ms, post_ms) = (pre_ms.to_vec(), post_ms.to_vec());
        StoryTask { learner, pre_ms, post_ms, duration_ms: 120.0 }
    }

    #[test]
    fn a_change_is_the_amplitude_times_the_trace_that_the_spike_met() {
        let told = run(&task("pair", &[40.0], &[50.0])).unwrap();
        assert_eq!(told.happenings.len(), 2);
        let [pre, post] = &told.happenings[..] else { panic!() };
        assert!(pre.pre && !pre.post && pre.step == 80 && pre.weights == [0.5, 0.5]);
        assert!(post.post && !post.pre && post.step == 100);
        let x = (-0.5f64).exp();
        assert!((post.before[0] - x).abs() < 1e-6, "{}", post.before[0]);
        assert!((post.weights[1] - post.weights[0] - 0.01 * x).abs() < 1e-7);
        // The plot shows what the spikes left: the trace at its spike is 1.
        assert_eq!(told.traces.value(0, 80), Some(1.0));
        assert_eq!(told.traces.value(0, 79), Some(0.0));
        assert_eq!(told.traces.value(2, 240).map(f64::from), Some(post.weights[1]));
    }

    #[test]
    fn a_triplet_strengthens_where_a_pair_does_not() {
        let change = |post: &[f64]| {
            let told = run(&task("triplet", &[40.0], post)).unwrap();
            told.happenings.last().unwrap().weights[1] - 0.5
        };
        assert!(change(&[45.0]).abs() < 1e-7);
        let r1 = (-20.0f64 / 16.8).exp();
        let o2 = (-15.0f64 / 125.0).exp();
        assert!((change(&[45.0, 60.0]) - 6.2e-3 * r1 * o2).abs() < 1e-6);
    }

    #[test]
    fn every_rule_has_a_story_in_which_something_changes() {
        for rule in RULES {
            let told = run(&task(rule.id, &[40.0, 60.0], &[20.0, 50.0])).unwrap();
            assert_eq!(told.traces.channels().len(), rule.pre.len() + rule.post.len() + 1);
            assert_eq!(told.happenings.len(), 4, "{}", rule.id);
            let end = told.traces.value(rule.pre.len() + rule.post.len(), 240).unwrap();
            assert!((end - 0.5).abs() > 1e-6, "{}: {end}", rule.id);
        }
    }
}

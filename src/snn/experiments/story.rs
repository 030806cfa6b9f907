//! One synapse, step by step: a few presynaptic and postsynaptic spikes at
//! chosen times, the rule's traces, the weight, and what each spike changed.
//!
//! Where both neurons spike in the same step there are two entries, as there
//! are two spikes for the rule: the presynaptic one first, which meets the
//! postsynaptic traces, and then the postsynaptic one, which meets the trace that
//! the first has just raised. A rule that follows the postsynaptic side from step
//! to step (Bengio's) changes nothing at a spike; of it the whole step is told.

use std::sync::Arc;

use super::pairing::{FREE, Learner, network, resolve};
use super::window::formula;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::{Engine, ProjectionState};
use crate::snn::error::SnnError;
use crate::snn::plasticity::rule::Touched;
use crate::snn::plasticity::{Bounds, Follows, PlasticityRule, Trace};
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

/// A spike and what it changed; for a rule that follows the postsynaptic side, the
/// step with its spikes.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// The step.
    pub step: u64,
    /// Whether the presynaptic neuron spiked.
    pub pre: bool,
    /// Whether the postsynaptic neuron spiked.
    pub post: bool,
    /// What the change is computed from: traces as the spike meets them, or the
    /// trace and the change of S in this step; name and value.
    pub met: Vec<(&'static str, f64)>,
    /// What the rule changes by these, before bounds.
    pub change: f64,
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

/// Δt between two points of a window, ms.
const WINDOW_EVERY_MS: f64 = 0.5;

impl StoryResult {
    /// Δt of every presynaptic with every postsynaptic spike, ms, and the change of the
    /// weight: of a single pair as it was simulated, of several what the formula says of
    /// each alone.
    pub fn pairs(&self) -> Vec<[f64; 2]> {
        let StoryTask { pre_ms, post_ms, .. } = &self.task;
        if let ([pre], [post]) = (&pre_ms[..], &post_ms[..]) {
            let (weight, last) = (self.traces.channels().len() - 1, self.traces.steps() - 1);
            let end = self.traces.value(weight, last).map_or(0.0, f64::from);
            return vec![[post - pre, end - self.task.learner.weight]];
        }
        let deltas: Vec<f64> =
            pre_ms.iter().flat_map(|pre| post_ms.iter().map(move |post| post - pre)).collect();
        self.formula(&deltas)
    }

    /// The STDP window of the rule up to this |Δt|, ms; empty without a formula. The
    /// sides apart, for there is nothing between just before and just after.
    pub fn window(&self, reach_ms: f64) -> [Vec<[f64; 2]>; 2] {
        let points = (reach_ms / WINDOW_EVERY_MS).round() as i64;
        let side = |from, to| (from..=to).map(|k| k as f64 * WINDOW_EVERY_MS).collect::<Vec<_>>();
        let mut before = side(-points, -1);
        // Up to the jump at zero.
        before.push(-1e-6);
        [self.formula(&before), self.formula(&side(0, points))]
    }

    fn formula(&self, deltas: &[f64]) -> Vec<[f64; 2]> {
        let resolved = resolve(&self.task.learner.rule);
        resolved.map_or_else(|_| Vec::new(), |(rule, values)| formula(rule, &values, deltas))
    }
}

/// Learning rate of a synapse that is there to measure x ΔS: so small that what it
/// adds to a current is lost.
const MEASURING: f64 = 1e-20;

/// Runs it.
///
/// # Errors
/// What is wrong with the rule's parameters or the spikes.
pub fn run(task: &StoryTask) -> Result<StoryResult, SnnError> {
    let (rule, values) = resolve(&task.learner.rule)?;
    let teller = Teller::new(rule, &values, task.learner.bounds);
    let times = |all: &[f64]| all.iter().map(|t| (0, *t)).collect::<Vec<(u32, f64)>>();
    let (pre, post) = (times(&task.pre_ms), times(&task.post_ms));
    let mut learners = vec![task.learner.clone()];
    if teller.follows {
        let rule = task.learner.rule.clone().with("eta", MEASURING);
        learners.push(Learner { rule, bounds: FREE, weight: 0.0 });
    }
    let spec = network(&learners, 1, DT_MS, &pre, &post);
    let mut engine = CpuEngine::new(&spec.build()?, 1);
    let names = rule.pre.iter().chain(rule.post).map(|t| t.label).chain(["Weight"]);
    let channels = names.map(|n| Channel { name: n.into(), unit: String::new() }).collect();
    let mut traces = Traces::new(channels, DT_MS, CAP_BYTES);
    let mut happenings = Vec::new();
    let mut weight = task.learner.weight;
    for step in 0..=(task.duration_ms / DT_MS).round() as u64 {
        let before = engine.snapshot()?.projections;
        engine.run(1)?;
        let after = engine.snapshot()?.projections;
        let now = f64::from(after[0].weights[0]);
        let moment = Moment {
            step,
            before: teller.read(&before[0], step),
            after: teller.read(&after[0], step),
            spikes: [&after[0].pre_since, &after[0].post_since].map(|s| s[0] == step as u32 + 1),
            weights: [weight, now],
        };
        if teller.follows && moment.spikes != [false; 2] {
            let moved = f64::from(after[1].weights[0]) - f64::from(before[1].weights[0]);
            happenings.push(teller.step(&moment, moved / MEASURING));
        } else {
            happenings.extend(teller.spikes(&moment));
        }
        weight = now;
        let [pre, post] = moment.after;
        let row: Vec<f32> = pre.into_iter().chain(post).map(|x| x as f32).collect();
        traces.push(&[row, vec![now as f32]].concat());
    }
    Ok(StoryResult { task: task.clone(), traces: Arc::new(traces), happenings })
}

/// A step, as the synapse sees it: presynaptic and postsynaptic traces without
/// and with this step's spikes, who spiked, and the weight before and after.
struct Moment {
    step: u64,
    before: [Vec<f64>; 2],
    after: [Vec<f64>; 2],
    spikes: [bool; 2],
    weights: [f64; 2],
}

/// Tells what a rule does, by the rule's own functions.
struct Teller<'a> {
    rule: &'static PlasticityRule,
    values: &'a [f64],
    constants: Vec<f32>,
    bounds: Bounds,
    /// Whether the rule follows the postsynaptic side from step to step.
    follows: bool,
}

impl<'a> Teller<'a> {
    fn new(rule: &'static PlasticityRule, values: &'a [f64], bounds: Bounds) -> Self {
        let constants = (rule.kernel.derive)(values, DT_MS);
        let follows = (rule.follows)(values) != Follows::Spikes;
        Self { rule, values, constants, bounds, follows }
    }

    /// The traces of both sides in this step.
    fn read(&self, state: &ProjectionState, step: u64) -> [Vec<f64>; 2] {
        let tau = |t: &Trace| self.rule.value(self.values, t.tau);
        let side = |traces: &[Trace], values: &[f32], since: u32| {
            let each = traces.iter().zip(values);
            each.map(|(t, value)| value_at(*value, since, step, tau(t))).collect()
        };
        [
            side(self.rule.pre, &state.pre, state.pre_since[0]),
            side(self.rule.post, &state.post, state.post_since[0]),
        ]
    }

    /// The spikes of a step in their order.
    fn spikes(&self, moment: &Moment) -> Vec<Happening> {
        let Moment { before: [pre_before, post], after: [pre_after, _], .. } = moment;
        let ([pre_spikes, post_spikes], [mut weight, end]) = (moment.spikes, moment.weights);
        let mut told = Vec::new();
        if pre_spikes {
            let (change, after) = self.apply(true, pre_before, post, weight);
            // The postsynaptic spike of the same step goes on from there.
            let after = if post_spikes { after } else { end };
            let met = self.met(true, pre_before, post);
            let (step, weights) = (moment.step, [weight, after]);
            told.push(Happening { step, pre: true, post: false, met, change, weights });
            weight = after;
        }
        if post_spikes {
            let (change, _) = self.apply(false, pre_after, post, weight);
            let met = self.met(false, pre_after, post);
            let (step, weights) = (moment.step, [weight, end]);
            told.push(Happening { step, pre: false, post: true, met, change, weights });
        }
        told
    }

    /// A step of a rule that follows the postsynaptic side: `product` is x ΔS.
    fn step(&self, moment: &Moment, product: f64) -> Happening {
        let x = moment.after[0][0];
        let change_of_s = if x > 0.0 { product / x } else { 0.0 };
        let met = vec![(self.rule.pre[0].name, x), ("ΔS", change_of_s)];
        let change = self.rule.value(self.values, "eta") * product;
        let [pre, post] = moment.spikes;
        Happening { step: moment.step, pre, post, met, change, weights: moment.weights }
    }

    /// What a spike changes, and the weight after it.
    fn apply(&self, by_pre: bool, pre: &[f64], post: &[f64], weight: f64) -> (f64, f64) {
        let narrow = |traces: &[f64]| traces.iter().map(|x| *x as f32).collect::<Vec<f32>>();
        let (pre, post) = (narrow(pre), narrow(post));
        let update = if by_pre { self.rule.kernel.pre } else { self.rule.kernel.post };
        let (mine, others) = if by_pre { (&pre, &post) } else { (&post, &pre) };
        let touched = Touched { base: 0, targets: &[0], others };
        let mut change = [0.0];
        update(&self.constants, FREE, mine, &touched, &mut change);
        let mut weight = [weight as f32];
        update(&self.constants, self.bounds, mine, &touched, &mut weight);
        (f64::from(change[0]), f64::from(weight[0]))
    }

    /// The traces that decide what a spike changes: those of the other side that
    /// the rule needs, and the slow ones of its own.
    fn met(&self, by_pre: bool, pre: &[f64], post: &[f64]) -> Vec<(&'static str, f64)> {
        let kernel = &self.rule.kernel;
        let side = |traces: &[Trace], needs: &[bool], values: &[f64], own: bool| {
            let each = traces.iter().zip(needs).zip(values).enumerate();
            let read = each.filter(|(i, ((_, needed), _))| if own { *i > 0 } else { **needed });
            read.map(|(_, ((t, _), value))| (t.name, *value)).collect::<Vec<_>>()
        };
        let mut met = side(self.rule.pre, kernel.post_needs, pre, by_pre);
        met.extend(side(self.rule.post, kernel.pre_needs, post, !by_pre));
        met
    }
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
    use crate::snn::plasticity::{BoundKind, Bounds, RULES};

    fn task(rule: &str, pre_ms: &[f64], post_ms: &[f64]) -> StoryTask {
        let learner = Learner { rule: Config::new(rule), bounds: Bounds::UNIT, weight: 0.5 };
        let (pre_ms, post_ms) = (pre_ms.to_vec(), post_ms.to_vec());
        StoryTask { learner, pre_ms, post_ms, duration_ms: 120.0 }
    }

    #[test]
    fn a_pair_lies_on_the_window_and_several_have_a_point_each() {
        for (post_ms, change) in [(50.0, 0.01), (30.0, -0.0105)] {
            let told = run(&task("pair", &[40.0], &[post_ms])).unwrap();
            let [[delta_ms, dot]] = told.pairs()[..] else { panic!() };
            assert_eq!(delta_ms, post_ms - 40.0);
            assert!((dot - change * (-0.5f64).exp()).abs() < 1e-7, "{dot}");
            let near = |p: &&[f64; 2]| p[0] == delta_ms;
            let on_line = told.window(60.0).concat().iter().find(near).unwrap()[1];
            assert!((dot - on_line).abs() < 1e-7, "{on_line}");
        }
        let told = run(&task("pair", &[40.0, 60.0], &[50.0])).unwrap();
        assert_eq!(told.pairs().iter().map(|p| p[0]).collect::<Vec<_>>(), [10.0, -10.0]);
        let potential = Config::new("slope").with("signal", 0.0);
        let mut task = task("slope", &[40.0], &[50.0]);
        task.learner.rule = potential;
        let told = run(&task).unwrap();
        assert!(told.window(60.0).concat().is_empty() && told.pairs().len() == 1);
    }

    #[test]
    fn a_change_is_the_amplitude_times_the_trace_that_the_spike_met() {
        let told = run(&task("pair", &[40.0], &[50.0])).unwrap();
        assert_eq!(told.happenings.len(), 2);
        let [pre, post] = &told.happenings[..] else { panic!() };
        assert!(pre.pre && !pre.post && pre.step == 80 && pre.weights == [0.5, 0.5]);
        assert!(post.post && !post.pre && post.step == 100);
        let x = (-0.5f64).exp();
        assert!(post.met.len() == 1 && post.met[0].0 == "x", "{:?}", post.met);
        assert!((post.met[0].1 - x).abs() < 1e-6, "{:?}", post.met);
        assert!((post.weights[1] - post.weights[0] - 0.01 * x).abs() < 1e-7);
        // The plot shows what the spikes left: the trace at its spike is 1.
        assert_eq!(told.traces.value(0, 80), Some(1.0));
        assert_eq!(told.traces.value(0, 79), Some(0.0));
        assert_eq!(told.traces.value(2, 240).map(f64::from), Some(post.weights[1]));
    }

    /// It said that the postsynaptic spike meets x = 0.000 and changes w by 0.0100.
    #[test]
    fn of_two_spikes_in_one_step_the_second_meets_what_the_first_has_raised() {
        let told = run(&task("pair", &[40.0], &[20.0, 40.0])).unwrap();
        let [_, pre, post] = &told.happenings[..] else { panic!("{:?}", told.happenings) };
        assert!(pre.pre && !pre.post && post.post && !post.pre && pre.step == post.step);
        let y = (-1.0f64).exp();
        assert!(pre.met[0].0 == "y" && (pre.met[0].1 - y).abs() < 1e-6, "{pre:?}");
        assert_eq!(post.met, [("x", 1.0)]);
        assert!((post.change - 0.01).abs() < 1e-8 && (pre.change + 0.0105 * y).abs() < 1e-7);
        assert_eq!(pre.weights[1], post.weights[0]);
    }

    /// Each happening's formula, written out once more.
    fn formula(rule: &PlasticityRule, values: &[f64], h: &Happening) -> f64 {
        let p = |name: &str| rule.value(values, name);
        let met = |name: &str| h.met.iter().find(|m| m.0 == name).expect(name).1;
        match (rule.id, h.pre) {
            ("pair", true) => p("a_minus") * met("y"),
            ("pair", false) => p("a_plus") * met("x"),
            ("triplet", true) => -met("o1") * (p("a2_minus") + p("a3_minus") * met("r2")),
            ("triplet", false) => met("r1") * (p("a2_plus") + p("a3_plus") * met("o2")),
            ("diehl_cook", true) => -p("nu_pre") * met("post1"),
            ("diehl_cook", false) => p("nu_post") * met("pre") * met("post2"),
            ("contrastive", true) => p("phase") * p("eta") * met("y"),
            ("contrastive", false) => p("phase") * p("eta") * met("x"),
            ("slope", _) => p("eta") * met("x") * met("ΔS"),
            (other, _) => panic!("{other} has no formula here"),
        }
    }

    /// Over all rules with their choices, kinds of bounds and spike times, among
    /// them many in the same step.
    #[test]
    fn what_is_met_by_the_formula_is_the_change_for_every_rule() {
        let mut rng = crate::core::rng::Rng::stream(1, "stories", 0);
        let kinds = [BoundKind::None, BoundKind::Hard, BoundKind::Soft];
        for rule in RULES {
            for k in 0..24 {
                let mut draw = |n: usize| -> Vec<f64> {
                    (0..n)
                        .map(|_| (4.0 + f64::from(rng.range(0.0, 40.0)).floor()) * DT_MS)
                        .collect()
                };
                let (pre, post) = (draw(5), draw(5));
                let mut task = task(rule.id, &pre, &post);
                task.learner.bounds.kind = kinds[k % 3];
                task.learner.weight = [0.5, 0.02, 0.98][k % 5 % 3];
                for p in rule.params.iter().filter(|p| !p.choices.is_empty()) {
                    let choice = (k / 3 % p.choices.len()) as f64;
                    task.learner.rule = task.learner.rule.clone().with(p.name, choice);
                }
                let (_, values) = resolve(&task.learner.rule).unwrap();
                let told = run(&task).unwrap();
                let mut before = task.learner.weight;
                for h in &told.happenings {
                    let what = format!("{} {:?} {h:?}", rule.id, task.learner);
                    let want = formula(rule, &values, h);
                    assert!((h.change - want).abs() < 1e-6 + 1e-4 * want.abs(), "{what}: {want}");
                    let bounds = task.learner.bounds;
                    let bounded = f64::from(bounds.apply(h.weights[0] as f32, h.change as f32));
                    assert!((h.weights[1] - bounded).abs() < 2e-6, "{what}: {bounded}");
                    // Rules of spikes change nothing in between.
                    let follows = (rule.follows)(&values) != Follows::Spikes;
                    assert!(follows || (h.weights[0] - before).abs() < 1e-6, "{what}");
                    before = h.weights[1];
                }
            }
        }
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

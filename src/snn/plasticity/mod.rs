//! The plasticity rules: one file and one line in [`RULES`] each.
//!
//! A rule is a declaration like a neuron model: parameters, traces, and what a
//! presynaptic and a postsynaptic spike change, for one synapse.
//!
//! What holds for every rule:
//! * A trace belongs to a neuron, not to a synapse (unless a projection has
//!   delays of its own per synapse). It is raised by the neuron's spikes and
//!   decays exactly: engines keep its value at the last spike and multiply by
//!   e^(−Δ/τ) from a table. Under one millionth it counts as gone.
//! * In one step, presynaptic events come before postsynaptic ones. What a rule
//!   sees of the neuron that spikes is the trace before that spike raised it.
//! * A synapse is clipped to its bounds when an event changes it, and when it is
//!   normalised: after every step it lies within them.

pub mod bounds;
mod contrastive;
mod diehl_cook;
mod pair;
pub mod rule;
mod slope;
mod triplet;

use super::error::SnnError;
use super::params::Param;

pub use bounds::{BoundKind, Bounds};
use rule::RuleKernel;

/// Below this a trace counts as gone.
pub const TRACE_END: f64 = 1e-6;

/// A plasticity rule's declaration.
pub struct PlasticityRule {
    /// Stable id; also what its WGSL functions and structures are named after.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub doc: &'static str,
    /// Who described it.
    pub source: &'static str,
    /// The rule, one event a line, as people write it.
    pub equations: &'static [&'static str],
    /// The parameters.
    pub params: &'static [Param],
    /// Traces of the presynaptic neuron.
    pub pre: &'static [Trace],
    /// Traces of the postsynaptic neuron.
    pub post: &'static [Trace],
    /// Whether a spike adds 1 to its traces (all pairs of spikes count) or sets
    /// them to 1 (the nearest counts).
    pub adds: fn(&[f64]) -> bool,
    /// What the rule follows of the postsynaptic neuron in every step.
    pub follows: fn(&[f64]) -> Follows,
    /// Bounds that suit the rule.
    pub bounds: Bounds,
    /// The change of a weight of 0.5 (far from its bounds) by one pair of spikes
    /// after a long silence, for Δt = t_post − t_pre in ms; `None` where there
    /// is no formula.
    pub window: Option<fn(&[f64], f64) -> f64>,
    /// Names of the derived constants, in their order.
    pub constants: &'static [&'static str],
    /// The functions that compute.
    pub kernel: RuleKernel,
    /// The same functions for the GPU.
    pub wgsl: &'static str,
}

/// A trace: a number that a neuron's spikes raise and that decays.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    /// Stable name.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// The parameter that holds its time constant.
    pub tau: &'static str,
}

/// What a rule follows from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Nothing: weights change at spikes alone.
    Spikes,
    /// How far the membrane moved in this step, without the reset.
    Membrane,
    /// How much the first postsynaptic trace changed in this step.
    Rate,
}

/// All rules.
pub static RULES: &[&PlasticityRule] = &[
    &pair::PAIR,
    &triplet::TRIPLET,
    &diehl_cook::DIEHL_COOK,
    &slope::SLOPE,
    &contrastive::CONTRASTIVE,
];

/// The rule of this id. `owner` begins the message.
///
/// # Errors
/// [`SnnError::UnknownName`].
pub fn get(owner: &str, id: &str) -> Result<&'static PlasticityRule, SnnError> {
    RULES.iter().copied().find(|r| r.id == id).ok_or_else(|| SnnError::UnknownName {
        owner: owner.to_owned(),
        what: "plasticity rule",
        name: id.to_owned(),
        known: RULES.iter().map(|r| r.id).collect::<Vec<_>>().join(", "),
    })
}

impl PlasticityRule {
    /// The value of a parameter that the rule is known to have.
    pub fn value(&self, values: &[f64], name: &str) -> f64 {
        self.params.iter().position(|p| p.name == name).map_or(0.0, |i| values[i])
    }

    /// What is left of a trace after 0, 1, 2, … steps, down to [`TRACE_END`].
    pub fn decay(&self, values: &[f64], trace: &Trace, dt_ms: f64) -> Vec<f32> {
        let rate = dt_ms / self.value(values, trace.tau);
        let steps = (-TRACE_END.ln() / rate).ceil() as usize;
        (0..steps.max(1)).map(|k| (-rate * k as f64).exp() as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn declarations_are_complete_and_consistent() {
        let mut ids = HashSet::new();
        for r in RULES {
            assert!(ids.insert(r.id), "{} twice", r.id);
            assert!(!r.name.is_empty() && !r.doc.is_empty() && !r.source.is_empty());
            assert!(!r.equations.is_empty());
            let mut names = HashSet::new();
            for p in r.params {
                assert!(names.insert(p.name) && p.allows(p.default), "{}: {}", r.id, p.name);
                assert!(!p.label.is_empty() && !p.doc.is_empty());
            }
            for t in r.pre.iter().chain(r.post) {
                assert!(names.contains(t.tau), "{}: {}", r.id, t.tau);
            }
            let values: Vec<f64> = r.params.iter().map(|p| p.default).collect();
            let constants = (r.kernel.derive)(&values, 0.5);
            assert_eq!(constants.len(), r.constants.len(), "{}", r.id);
            assert!(constants.iter().all(|c| c.is_finite()));
            if (r.follows)(&values) == Follows::Rate {
                assert!(!r.post.is_empty(), "{}", r.id);
            }
        }
    }

    #[test]
    fn a_trace_decays_as_its_time_constant_says_and_ends() {
        let values: Vec<f64> = pair::PAIR.params.iter().map(|p| p.default).collect();
        let table = pair::PAIR.decay(&values, &pair::PAIR.pre[0], 0.5);
        assert_eq!(table[0], 1.0);
        assert!((table[40] - (-1f32).exp()).abs() < 1e-7);
        assert!(f64::from(table[table.len() - 1]) >= TRACE_END * 0.999);
        assert_eq!(table.len(), 553);
    }
}

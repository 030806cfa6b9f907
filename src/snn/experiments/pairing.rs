//! The network that pairs spikes: each synapse has a presynaptic input and a
//! postsynaptic neuron of its own, which a driver makes spike at wanted times.
//!
//! The driver pushes the membrane over the threshold at the end of a step, and
//! the neuron fires in the next one. So postsynaptic spikes are real spikes of a
//! leaky integrate-and-fire neuron, and a rule that follows the membrane has one
//! to follow.

use crate::snn::error::SnnError;
use crate::snn::network::{Connect, Drive, NetworkSpec, ProjectionSpec, Values};
use crate::snn::params::Config;
use crate::snn::plasticity::{Bounds, PlasticityRule, get};

/// A driver's push, mV: a quarter more than from rest to threshold.
const PUSH_MV: f64 = 25.0;

/// What a synapse learns by.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    /// The rule with its parameters.
    pub rule: Config,
    /// Bounds of the weight.
    pub bounds: Bounds,
    /// The weight to begin with.
    pub weight: f64,
}

/// Bounds that leave a weight alone.
pub const FREE: Bounds =
    Bounds { kind: crate::snn::plasticity::BoundKind::None, min: -1.0, max: 1.0 };

/// A network of `synapses` pairs of neurons, each of which learns by every
/// learner (projections 0, 1, …). Spikes are (synapse, ms); postsynaptic ones
/// before the second step come then.
pub fn network(
    learners: &[Learner],
    synapses: usize,
    dt_ms: f64,
    pre: &[(u32, f64)],
    post: &[(u32, f64)],
) -> NetworkSpec {
    let driven = post.iter().map(|(i, t_ms)| (*i, (t_ms - dt_ms).max(0.0))).collect();
    let neuron = Config::new("lif").with("t_ref_ms", 0.0);
    let synapse = |name: &str, from: &str, onto: &str, weight| {
        ProjectionSpec::new(name, from, "post", onto, Connect::OneToOne, Values::Same(weight))
    };
    let mut spec = NetworkSpec::new("pairing", dt_ms, 1)
        .input("pre", synapses, Drive::Listed(pre.to_vec()))
        .input("driver", synapses, Drive::Listed(driven))
        .population("post", synapses, neuron);
    for (i, learner) in learners.iter().enumerate() {
        let name = format!("plastic {i}");
        let plastic = synapse(&name, "pre", "i_syn", learner.weight);
        spec = spec.projection(plastic.learning(learner.rule.clone(), learner.bounds));
    }
    spec.projection(synapse("drive", "driver", "v", PUSH_MV))
}

/// A configured rule: its declaration and all values.
///
/// # Errors
/// An unknown rule, an unknown parameter, or a value out of its range.
pub fn resolve(rule: &Config) -> Result<(&'static PlasticityRule, Vec<f64>), SnnError> {
    let owner = format!("rule {:?}", rule.id);
    let found = get(&owner, &rule.id)?;
    let values = rule.resolve(&owner, found.params)?;
    Ok((found, values))
}

/// The longest time constant of a rule, ms.
pub fn longest_tau_ms(rule: &PlasticityRule, values: &[f64]) -> f64 {
    let traces = rule.pre.iter().chain(rule.post);
    traces.map(|t| rule.value(values, t.tau)).fold(0.0, f64::max)
}

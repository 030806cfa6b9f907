//! The neuron models: one file and one line in [`MODELS`] each.
//!
//! A model is a declaration: parameters with units, state variables with their
//! initial values, three small functions (the step, the threshold test and the
//! reset), the same three in WGSL, and the f–I curve. Forms, help, files, the
//! uniform buffer of the GPU and the range checks come from the declaration; the
//! loops over neurons are in [`kernel`].
//!
//! What holds for every model:
//! * A synapse adds its weight to a state variable that is marked as an
//!   `input`; which one, the projection says.
//! * `current` is what is injected from outside, in the unit the model names.
//! * After a spike in step *k* a neuron cannot spike before step *k + n*, with
//!   *n* = `t_ref_ms` / dt rounded up, so no interval is shorter than t_ref, and
//!   the shortest is n dt. What rests meanwhile, the model says. A membrane that
//!   is held rests in steps *k + 1* to *k + n − 1*; step *k + n* moves it again
//!   and may end in a spike. A spike is stamped with the time at which its step
//!   begins, though the membrane passes the threshold as the step ends: counted
//!   from there the membrane has been held for (n − 1) dt, and an interval is
//!   (n − 1) dt plus the whole steps of charging. That is Brian2's convention
//!   (the golden traces hold all models to it), but for t_ref that is no whole
//!   number of steps, which Brian2 rounds down. The methods of
//!   [`second_order`] find the spike's time within the step and hold the membrane
//!   for n dt from there.
//! * Everything that can be computed beforehand is: `derive` turns parameters
//!   and dt into the constants that the step uses, on the CPU as on the GPU.

mod adex;
mod diehl_cook;
mod integrate_fire;
mod izhikevich;
pub mod kernel;
mod lif;
mod lif_energy;
mod lif_soft;
pub mod math;
mod max_gate;
pub mod rate_curve;
pub mod second_order;

use super::error::SnnError;
use super::params::Param;

pub use diehl_cook::{BACKWARD_EULER, EXPONENTIAL_EULER, FORWARD_EULER};
use kernel::Kernel;
use rate_curve::RateCurve;

/// A neuron model's declaration.
pub struct NeuronModel {
    /// Stable id; also what its WGSL functions and structures are named after.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub doc: &'static str,
    /// Who described it, with the equations' numbers.
    pub source: &'static str,
    /// The equations, one a line, as people write them.
    pub equations: &'static [&'static str],
    /// How they are integrated, and whether that is exact.
    pub integration: &'static str,
    /// Unit of the injected current.
    pub current_unit: &'static str,
    /// The parameters; each model has `t_ref_ms`.
    pub params: &'static [Param],
    /// What a neuron has: its own variables first, then those that all
    /// replicas of it share. The first one is the membrane potential.
    pub state: &'static [StateVar],
    /// Names of the derived constants, in their order.
    pub constants: &'static [&'static str],
    /// Where a neuron spikes, given the parameters and its state: for plots.
    pub threshold: fn(&[f64], &[f32]) -> f64,
    /// Whether the shared variables change, given the parameters.
    pub adapts: fn(&[f64]) -> bool,
    /// The functions that compute, for these parameters.
    pub kernel: fn(&[f64]) -> Kernel,
    /// The same functions for the GPU.
    pub wgsl: &'static str,
    /// How fast it fires at a constant current; `None` for what is no neuron.
    pub rate_curve: Option<RateCurve>,
}

/// A state variable of a neuron.
#[derive(Clone, Copy, Debug)]
pub struct StateVar {
    /// Stable name: `v`, `ge`.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// Its unit; empty for a plain number.
    pub unit: &'static str,
    /// Its value before the first step.
    pub initial: Initial,
    /// Whether synapses may add to it.
    pub input: bool,
    /// Whether all replicas share it (it is learnt, like a weight).
    pub shared: bool,
    /// What it is.
    pub doc: &'static str,
}

/// Where a variable begins.
#[derive(Clone, Copy, Debug)]
pub enum Initial {
    /// At a number.
    Value(f64),
    /// At the value of a parameter.
    Param(&'static str),
}

impl StateVar {
    const fn new(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        initial: Initial,
        doc: &'static str,
    ) -> Self {
        Self { name, label, unit, initial, input: false, shared: false, doc }
    }

    /// One that synapses may add to.
    const fn input(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        initial: Initial,
        doc: &'static str,
    ) -> Self {
        Self { name, label, unit, initial, input: true, shared: false, doc }
    }
}

/// All models.
pub static MODELS: &[&NeuronModel] = &[
    &lif::LIF,
    &integrate_fire::INTEGRATE_FIRE,
    &diehl_cook::EXCITATORY,
    &diehl_cook::INHIBITORY,
    &izhikevich::IZHIKEVICH,
    &adex::ADEX,
    &max_gate::MAX_GATE,
    &lif_soft::LIF_SOFT,
    &lif_soft::LIF_SOFT_MAX,
    &lif_energy::LIF_ENERGY,
];

/// The model of this id. `owner` begins the message.
///
/// # Errors
/// [`SnnError::UnknownName`].
pub fn get(owner: &str, id: &str) -> Result<&'static NeuronModel, SnnError> {
    MODELS.iter().copied().find(|m| m.id == id).ok_or_else(|| SnnError::UnknownName {
        owner: owner.to_owned(),
        what: "neuron model",
        name: id.to_owned(),
        known: MODELS.iter().map(|m| m.id).collect::<Vec<_>>().join(", "),
    })
}

impl NeuronModel {
    /// The index of a state variable.
    ///
    /// # Errors
    /// [`SnnError::UnknownName`].
    pub fn variable(&self, owner: &str, name: &str) -> Result<usize, SnnError> {
        self.state.iter().position(|s| s.name == name).ok_or_else(|| SnnError::UnknownName {
            owner: owner.to_owned(),
            what: "state variable",
            name: name.to_owned(),
            known: self.state.iter().map(|s| s.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// How many variables are a neuron's own; the others are shared.
    pub fn own(&self) -> usize {
        self.state.iter().filter(|s| !s.shared).count()
    }

    /// The value that a variable begins with.
    pub fn initial(&self, values: &[f64], variable: usize) -> f32 {
        match self.state[variable].initial {
            Initial::Value(v) => v as f32,
            Initial::Param(name) => self.value(values, name) as f32,
        }
    }

    /// The value of a parameter that the model is known to have.
    pub fn value(&self, values: &[f64], name: &str) -> f64 {
        self.params.iter().position(|p| p.name == name).map_or(0.0, |i| values[i])
    }

    /// Steps from one spike to the first step in which the next is possible.
    pub fn refractory_steps(&self, values: &[f64], dt_ms: f64) -> u32 {
        refractory_steps(self.value(values, "t_ref_ms"), dt_ms)
    }

    /// The choices of how a step is computed; empty where there is one way only.
    pub fn methods(&self) -> &'static [&'static str] {
        self.params.iter().find(|p| p.name == "integration").map_or(&[], |p| p.choices)
    }
}

/// Steps that a refractory period takes, rounded up.
pub fn refractory_steps(t_ref_ms: f64, dt_ms: f64) -> u32 {
    // A duration that is a whole number of steps up to rounding is one.
    (t_ref_ms / dt_ms - 1e-6).ceil().max(0.0) as u32
}

#[cfg(test)]
mod tests;

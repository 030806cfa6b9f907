//! The network of Diehl and Cook (2015) that learns digits by spikes alone, on
//! the general engine.
//!
//! 784 Poisson inputs lead to N excitatory neurons, all to all, and learn by
//! STDP. Each excitatory neuron drives one inhibitory neuron, which silences
//! all other excitatory ones: one neuron wins and learns the image. θ makes
//! winning harder for those that win often.
//!
//! * this file: the network
//! * [`protocol`]: how images are shown
//! * [`order`]: in which order
//! * [`learning`]: a run over many images, with checkpoints
//! * [`assess`]: what a network that has learnt answers
//! * [`read_out`], [`logistic`]: which digit its spikes say
//! * [`trained`]: a network that has learnt, in a file
//! * [`bundled`]: the bundled ones

pub mod assess;
pub mod bundled;
pub mod learning;
pub mod logistic;
pub mod order;
pub mod protocol;
pub mod read_out;
pub mod trained;

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::error::SnnError;
use super::models::{BACKWARD_EULER, FORWARD_EULER};
use super::network::{Connect, DelaySpec, Drive, NetworkSpec, ProjectionSpec, Values};
use super::params::Config;
use super::plasticity::Bounds;
use crate::data::PIXELS;

/// Names in the network, in the order of its lists.
pub const INPUT: &str = "input";
/// The neurons that learn; population 0.
pub const EXCITATORY: &str = "excitatory";
/// Their partners; population 1.
pub const INHIBITORY: &str = "inhibitory";
/// The plastic projection; projection 0, weights `[pixel][neuron]`.
pub const PLASTIC: usize = 0;
/// The index of θ among the excitatory neuron's variables.
pub const THETA: usize = 3;

/// Excitatory neurons that a network may have.
pub const MOST_NEURONS: usize = 20_000;
/// Images side by side.
pub const MOST_REPLICAS: usize = 256;

/// θ of a fresh network, mV: where the threshold is the paper's v_th.
pub const THETA_INITIAL_MV: f64 = 20.0;

/// An excitatory neuron's threshold is this plus θ, mV: the model's v_th − offset.
pub const THRESHOLD_BASE_MV: f32 = -72.0;

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiehlCook {
    /// Excitatory neurons; there are as many inhibitory ones.
    pub neurons: usize,
    pub seed: u64,
    /// Images that are shown side by side (1: as published).
    pub replicas: usize,
    /// ms.
    pub dt_ms: f64,
    /// Forward Euler and input delays of 0 to 10 ms, as published, instead of
    /// backward Euler and none. It can run away where some 25 neurons fire
    /// together.
    pub as_published: bool,
    /// How slowly θ decays, ms of simulated time.
    pub tau_theta_ms: f64,
    /// What θ falls back to where its neuron does not spike, mV: 0 as in the authors'
    /// program, [`THETA_INITIAL_MV`] as in their paper.
    pub theta_rest_mv: f64,
    /// What each spike adds to θ, mV.
    pub theta_plus_mv: f64,
    /// What the weights onto a neuron sum to.
    pub weight_sum: f64,
    /// The rule, with its rates.
    pub rule: Config,
    /// What an excitatory spike adds to its partner's conductance.
    pub exc_to_inh: f64,
    /// What an inhibitory spike adds to the conductance of all but its partner.
    pub inh_to_exc: f64,
}

impl Default for DiehlCook {
    fn default() -> Self {
        Self::of(400)
    }
}

/// θ's time constant for a number of neurons. It decides how often each neuron
/// wins, and the best one grows with N; measured on MNIST (one to two passes):
/// 2.5e6 ms for 100 neurons, 5e6 for 400, 1e7 for 1600.
pub fn usual_tau_theta_ms(neurons: usize) -> f64 {
    2.5e6 * (neurons as f64 / 100.0).sqrt()
}

impl DiehlCook {
    /// The usual choices for a number of neurons.
    pub fn of(neurons: usize) -> Self {
        Self {
            neurons,
            seed: 1,
            replicas: 1,
            dt_ms: 0.5,
            as_published: false,
            tau_theta_ms: usual_tau_theta_ms(neurons),
            theta_rest_mv: 0.0,
            theta_plus_mv: 0.05,
            weight_sum: 78.0,
            rule: Config::new("diehl_cook"),
            exc_to_inh: 10.4,
            inh_to_exc: 17.0,
        }
    }

    /// Checks every number before anything is made of it; `owner` begins the message.
    /// The ranges of the model's and the rule's parameters are their declarations'.
    ///
    /// # Errors
    /// Says which number is out of its range.
    pub fn check(&self, owner: &str) -> Result<(), SnnError> {
        let within = [
            ("the number of neurons", self.neurons as f64, 1.0, MOST_NEURONS as f64),
            ("the number of images side by side", self.replicas as f64, 1.0, MOST_REPLICAS as f64),
            ("dt_ms", self.dt_ms, 0.05, 10.0),
            ("weight_sum", self.weight_sum, 1e-3, 1e6),
            ("exc_to_inh", self.exc_to_inh, 0.0, 1e6),
            ("inh_to_exc", self.inh_to_exc, 0.0, 1e6),
        ];
        for (name, value, least, most) in within {
            if !(least..=most).contains(&value) {
                let reason = format!("{name} is {value}; it has to lie from {least} to {most}");
                return Err(SnnError::Description { owner: owner.to_owned(), reason });
            }
        }
        let spec = self.spec();
        for population in &spec.populations {
            let model = crate::snn::models::get(owner, &population.model.id)?;
            population.model.resolve(owner, model.params)?;
        }
        let rule = crate::snn::plasticity::get(owner, &self.rule.id)?;
        self.rule.resolve(owner, rule.params).map(|_| ())
    }

    /// The description of the network.
    pub fn spec(&self) -> NetworkSpec {
        let (method, delay) = if self.as_published {
            (FORWARD_EULER, DelaySpec::Each(Values::Uniform { low: 0.0, high: 10.0 }))
        } else {
            (BACKWARD_EULER, DelaySpec::None)
        };
        let excitatory = Config::new("dc_exc")
            .with("integration", f64::from(method))
            .with("tau_theta_ms", self.tau_theta_ms)
            .with("theta_rest_mv", self.theta_rest_mv)
            .with("theta_plus_mv", self.theta_plus_mv);
        let mut spec = NetworkSpec::new("Diehl & Cook", self.dt_ms, self.seed)
            .input(INPUT, PIXELS, Drive::Silent)
            .population(EXCITATORY, self.neurons, excitatory)
            .population(INHIBITORY, self.neurons, Config::new("dc_inh"))
            .projection(
                ProjectionSpec::new(
                    "input to excitatory",
                    INPUT,
                    EXCITATORY,
                    "ge",
                    Connect::Dense,
                    Values::Uniform { low: 0.003, high: 0.303 },
                )
                .delayed(delay)
                .learning(self.rule.clone(), Bounds::UNIT)
                .normalised(self.weight_sum),
            )
            .projection(ProjectionSpec::new(
                "excitatory to inhibitory",
                EXCITATORY,
                INHIBITORY,
                "ge",
                Connect::OneToOne,
                Values::Same(self.exc_to_inh),
            ))
            .projection(ProjectionSpec::new(
                "inhibitory to excitatory",
                INHIBITORY,
                EXCITATORY,
                "gi",
                Connect::AllButSelf,
                Values::Same(self.inh_to_exc),
            ));
        spec.replicas = self.replicas;
        spec
    }
}

/// To learn: synapses and θ change. To test: both stand still.
///
/// # Errors
/// [`SnnError::Engine`] where the engine is lost.
pub fn set_training(engine: &mut dyn Engine, on: bool) -> Result<(), SnnError> {
    engine.set_learning(PLASTIC, on)?;
    engine.set_parameter(0, "adapt", if on { 1.0 } else { 0.0 })
}

#[cfg(test)]
mod tests;

//! A network that has been checked: indices, steps and numbers.

use super::connection::Connection;
use super::spec::Waveform;
use crate::snn::error::SnnError;
use crate::snn::models::NeuronModel;
use crate::snn::plasticity::{Bounds, PlasticityRule};

/// A network that engines can run.
#[derive(Clone)]
pub struct Network {
    pub name: String,
    pub dt_ms: f64,
    pub seed: u64,
    pub replicas: usize,
    pub populations: Vec<Population>,
    pub inputs: Vec<Input>,
    pub currents: Vec<Current>,
    pub projections: Vec<Projection>,
    pub probes: Vec<Probe>,
}

/// Neurons of one kind.
#[derive(Clone)]
pub struct Population {
    pub name: String,
    pub size: usize,
    pub model: &'static NeuronModel,
    /// Parameters in the order the model declares.
    pub values: Vec<f64>,
    /// `[variable][neuron]`.
    pub initial: Vec<Vec<f32>>,
}

/// Something that spikes without being a neuron.
#[derive(Clone, Debug)]
pub struct Input {
    pub name: String,
    pub size: usize,
    pub kind: InputKind,
}

/// What makes an input spike.
#[derive(Clone, Debug, PartialEq)]
pub enum InputKind {
    Silent,
    /// Rate of each, Hz.
    Poisson(Vec<f32>),
    /// (step, neuron), sorted.
    Listed(Vec<(u64, u32)>),
}

/// A current into a population.
#[derive(Clone, Debug)]
pub struct Current {
    pub name: String,
    pub to: usize,
    pub waveform: Waveform,
}

/// Where spikes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Population(usize),
    Input(usize),
}

/// Synapses.
#[derive(Clone)]
pub struct Projection {
    pub name: String,
    pub from: Source,
    pub to: usize,
    /// The target's state variable.
    pub onto: usize,
    pub connection: Connection,
    pub weights: Vec<f32>,
    pub delay: Delay,
    pub plasticity: Option<Plasticity>,
    pub normalise_to: Option<f32>,
}

/// How long spikes travel, in steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Delay {
    /// All synapses alike.
    Steps(u32),
    /// One for each synapse, in the order of the weights.
    Each(Vec<u32>),
}

impl Delay {
    /// The longest.
    pub fn most(&self) -> u32 {
        match self {
            Self::Steps(d) => *d,
            Self::Each(all) => all.iter().copied().max().unwrap_or(0),
        }
    }
}

/// How synapses learn.
#[derive(Clone)]
pub struct Plasticity {
    pub rule: &'static PlasticityRule,
    /// Parameters in the order the rule declares.
    pub values: Vec<f64>,
    pub bounds: Bounds,
}

/// Something to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    pub name: String,
    pub kind: ProbeKind,
}

/// What a probe records.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbeKind {
    Spikes { of: Source },
    State { population: usize, variable: usize, neurons: Vec<u32>, replica: usize, every: u64 },
    Rate { of: Source, bin: u64 },
    Weights { projection: usize, every: u64 },
}

impl Network {
    /// The index of a population.
    ///
    /// # Errors
    /// [`SnnError::UnknownName`], as for the other look-ups.
    pub fn population(&self, name: &str) -> Result<usize, SnnError> {
        let names = self.populations.iter().map(|p| p.name.as_str());
        self.find("population", name, names)
    }

    /// The index of an input.
    ///
    /// # Errors
    /// [`SnnError::UnknownName`].
    pub fn input(&self, name: &str) -> Result<usize, SnnError> {
        self.find("input", name, self.inputs.iter().map(|p| p.name.as_str()))
    }

    /// The index of a projection.
    ///
    /// # Errors
    /// [`SnnError::UnknownName`].
    pub fn projection(&self, name: &str) -> Result<usize, SnnError> {
        let names = self.projections.iter().map(|p| p.name.as_str());
        self.find("projection", name, names)
    }

    /// The index of a current.
    ///
    /// # Errors
    /// [`SnnError::UnknownName`].
    pub fn current(&self, name: &str) -> Result<usize, SnnError> {
        self.find("current", name, self.currents.iter().map(|p| p.name.as_str()))
    }

    /// A population or an input by its name.
    ///
    /// # Errors
    /// [`SnnError::UnknownName`].
    pub fn source(&self, name: &str) -> Result<Source, SnnError> {
        let populations = self.populations.iter().map(|p| p.name.as_str());
        let inputs = self.inputs.iter().map(|p| p.name.as_str());
        let index = self.find("population or input", name, populations.chain(inputs))?;
        Ok(match index.checked_sub(self.populations.len()) {
            Some(input) => Source::Input(input),
            None => Source::Population(index),
        })
    }

    /// What a source is called, and how many it has.
    pub fn describe(&self, source: Source) -> (&str, usize) {
        match source {
            Source::Population(p) => (&self.populations[p].name, self.populations[p].size),
            Source::Input(i) => (&self.inputs[i].name, self.inputs[i].size),
        }
    }

    /// Steps in a time, rounded.
    pub fn steps(&self, ms: f64) -> u64 {
        (ms / self.dt_ms).round().max(0.0) as u64
    }

    fn find<'a>(
        &self,
        what: &'static str,
        name: &str,
        mut names: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<usize, SnnError> {
        let known = names.clone();
        names.position(|n| n == name).ok_or_else(|| SnnError::UnknownName {
            owner: format!("network {:?}", self.name),
            what,
            name: name.to_owned(),
            known: known.collect::<Vec<_>>().join(", "),
        })
    }
}

impl Waveform {
    /// The current into every neuron at a time. Where each neuron has a current of
    /// its own, what that is multiplied by: 0 before it begins, then 1 (for a
    /// constant one, 0 always: it is added without being asked for).
    pub fn at(&self, t_ms: f64) -> f64 {
        // Half a millionth of a millisecond: times that are whole steps up to
        // rounding.
        let now = t_ms + 5e-7;
        match self {
            Self::Constant(_) => 0.0,
            Self::From(from, _) => f64::from(u8::from(*from <= now)),
            Self::Steps(steps) => {
                let after = steps.iter().take_while(|(from, _)| *from <= now);
                after.last().map_or(0.0, |(_, value)| *value)
            }
            Self::Sine { mean, amplitude, frequency_hz } => {
                mean + amplitude * (std::f64::consts::TAU * frequency_hz * t_ms / 1000.0).sin()
            }
        }
    }
}

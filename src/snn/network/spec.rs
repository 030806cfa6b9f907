//! The description of a network: plain data with names.

use serde::{Deserialize, Serialize};

use crate::snn::params::Config;
use crate::snn::plasticity::Bounds;

/// A network.
///
/// Parts refer to each other by name; [`NetworkSpec::build`] checks that they exist.
///
/// ```
/// use spikescope::snn::network::{
///     Connect, DelaySpec, Drive, NetworkSpec, ProjectionSpec, Values,
/// };
/// use spikescope::snn::params::Config;
///
/// // Ten Poisson inputs of 20 Hz onto one neuron; each spike lifts its potential by
/// // 3 mV, 1.5 ms later.
/// let synapses = |onto| {
///     ProjectionSpec::new("synapses", "input", "neuron", onto, Connect::Dense, Values::Same(3.0))
///         .delayed(DelaySpec::Ms(1.5))
/// };
/// let spec = NetworkSpec::new("poisson", 0.1, 1)
///     .input("input", 10, Drive::Poisson(vec![20.0; 10]))
///     .population("neuron", 1, Config::new("lif").with("t_ref_ms", 5.0));
/// let network = spec.clone().projection(synapses("v")).build()?;
/// assert_eq!(network.populations[0].size, 1);
///
/// // A state variable that the model does not have is an error that names it.
/// let error = spec.projection(synapses("calcium")).build().err().expect("no such variable");
/// assert!(error.to_string().contains("calcium"));
/// # Ok::<(), spikescope::snn::SnnError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// For people.
    pub name: String,
    /// The step, ms.
    pub dt_ms: f64,
    /// All random numbers follow from it.
    #[serde(default = "one")]
    pub seed: u64,
    /// Copies that run side by side: each has a state and inputs of its own,
    /// all share weights and adaptive thresholds.
    #[serde(default = "one_replica")]
    pub replicas: usize,
    pub populations: Vec<PopulationSpec>,
    #[serde(default)]
    pub inputs: Vec<InputSpec>,
    #[serde(default)]
    pub currents: Vec<CurrentSpec>,
    #[serde(default)]
    pub projections: Vec<ProjectionSpec>,
    #[serde(default)]
    pub probes: Vec<ProbeSpec>,
}

/// Numbers for a list of things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// The same for all.
    Same(f64),
    /// One for each.
    Each(Vec<f32>),
    /// Drawn evenly between two, from the network's seed.
    Uniform { low: f64, high: f64 },
}

/// Neurons of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationSpec {
    pub name: String,
    pub size: usize,
    /// A neuron model of the registry, with its parameters.
    pub model: Config,
    /// State variables that do not begin where the model says.
    #[serde(default)]
    pub initial: Vec<(String, Values)>,
}

/// Something that spikes without being a neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputSpec {
    pub name: String,
    pub size: usize,
    pub drive: Drive,
}

/// What makes an input spike. It may be changed while the network runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Drive {
    /// Nothing.
    Silent,
    /// In each step with the probability rate × dt (a Bernoulli process, as in
    /// the literature on which the networks here build), Hz.
    Poisson(Vec<f32>),
    /// At these times: (neuron, ms since the start).
    Listed(Vec<(u32, f64)>),
}

/// A current into a population, in the unit its model names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurrentSpec {
    pub name: String,
    /// The population.
    pub to: String,
    pub waveform: Waveform,
}

/// A current over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Waveform {
    /// Always the same, for each neuron.
    Constant(Values),
    /// The same, but nothing before this time, ms.
    From(f64, Values),
    /// From each time (ms) on the value after it, the same for all neurons;
    /// zero before the first.
    Steps(Vec<(f64, f64)>),
    /// mean + amplitude · sin(2π · frequency · t), the same for all neurons.
    Sine { mean: f64, amplitude: f64, frequency_hz: f64 },
}

/// Synapses from a population or an input to a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectionSpec {
    pub name: String,
    /// A population or an input.
    pub from: String,
    /// A population.
    pub to: String,
    /// The state variable of the target that spikes add to.
    pub onto: String,
    pub connect: Connect,
    pub weights: Values,
    #[serde(default)]
    pub delay: DelaySpec,
    #[serde(default)]
    pub plasticity: Option<PlasticitySpec>,
    /// What the weights onto each neuron sum to after each normalisation.
    #[serde(default)]
    pub normalise_to: Option<f64>,
}

/// Who is connected with whom. The order of weights is given for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Connect {
    /// All with all; `[pre][post]`.
    Dense,
    /// Each with its namesake; `[neuron]`.
    OneToOne,
    /// Each with all but its namesake, all with the same weight.
    AllButSelf,
    /// These pairs (pre, post), sorted by engines; weights in the order given.
    Pairs(Vec<(u32, u32)>),
    /// Each pair with this probability; weights in the order of pre, then post.
    Random { probability: f64 },
    /// A convolution; `[channel out][channel in][row][column]`.
    Convolution(super::ConvolutionShape),
}

/// How long spikes travel. Without a delay a spike of step k changes its target
/// at the end of step k, so that it counts from step k + 1 on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum DelaySpec {
    #[default]
    None,
    /// The same for all synapses, rounded to whole steps.
    Ms(f64),
    /// For each synapse, truncated to whole steps.
    Each(Values),
}

/// How a projection learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlasticitySpec {
    /// A rule of the registry, with its parameters.
    pub rule: Config,
    pub bounds: Bounds,
}

/// Something to be recorded. Probes may be changed while the network runs;
/// they never change what it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeSpec {
    pub name: String,
    pub what: ProbeWhat,
}

/// What a probe records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProbeWhat {
    /// Every spike of a population or an input.
    Spikes { of: String },
    /// A state variable of some neurons (none named: of all), before each
    /// step whose time is a multiple of `every_ms`.
    State {
        of: String,
        variable: String,
        #[serde(default)]
        neurons: Vec<u32>,
        #[serde(default)]
        replica: usize,
        #[serde(default)]
        every_ms: f64,
    },
    /// Spikes per neuron and second of a population or an input, over bins.
    Rate { of: String, bin_ms: f64 },
    /// All weights of a projection.
    Weights { of: String, every_ms: f64 },
}

fn one() -> u64 {
    1
}

fn one_replica() -> usize {
    1
}

impl NetworkSpec {
    /// An empty network of one replica.
    pub fn new(name: &str, dt_ms: f64, seed: u64) -> Self {
        Self {
            name: name.to_owned(),
            dt_ms,
            seed,
            replicas: 1,
            populations: Vec::new(),
            inputs: Vec::new(),
            currents: Vec::new(),
            projections: Vec::new(),
            probes: Vec::new(),
        }
    }

    /// Adds a population.
    #[must_use]
    pub fn population(mut self, name: &str, size: usize, model: Config) -> Self {
        let initial = Vec::new();
        self.populations.push(PopulationSpec { name: name.to_owned(), size, model, initial });
        self
    }

    /// Lets a variable of the population added last begin elsewhere.
    #[must_use]
    pub fn starting(mut self, variable: &str, values: Values) -> Self {
        if let Some(population) = self.populations.last_mut() {
            population.initial.push((variable.to_owned(), values));
        }
        self
    }

    /// Adds an input.
    #[must_use]
    pub fn input(mut self, name: &str, size: usize, drive: Drive) -> Self {
        self.inputs.push(InputSpec { name: name.to_owned(), size, drive });
        self
    }

    /// Adds a current.
    #[must_use]
    pub fn current(mut self, name: &str, to: &str, waveform: Waveform) -> Self {
        self.currents.push(CurrentSpec { name: name.to_owned(), to: to.to_owned(), waveform });
        self
    }

    /// Adds a projection.
    #[must_use]
    pub fn projection(mut self, projection: ProjectionSpec) -> Self {
        self.projections.push(projection);
        self
    }

    /// Adds a probe.
    #[must_use]
    pub fn probe(mut self, name: &str, what: ProbeWhat) -> Self {
        self.probes.push(ProbeSpec { name: name.to_owned(), what });
        self
    }
}

impl ProjectionSpec {
    /// Synapses without delay that do not learn.
    pub fn new(
        name: &str,
        from: &str,
        to: &str,
        onto: &str,
        connect: Connect,
        weights: Values,
    ) -> Self {
        Self {
            name: name.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            onto: onto.to_owned(),
            connect,
            weights,
            delay: DelaySpec::None,
            plasticity: None,
            normalise_to: None,
        }
    }

    /// The same with a delay.
    #[must_use]
    pub fn delayed(mut self, delay: DelaySpec) -> Self {
        self.delay = delay;
        self
    }

    /// The same with a rule by which it learns.
    #[must_use]
    pub fn learning(mut self, rule: Config, bounds: Bounds) -> Self {
        self.plasticity = Some(PlasticitySpec { rule, bounds });
        self
    }

    /// The same with a sum that the weights onto a neuron are scaled to.
    #[must_use]
    pub fn normalised(mut self, sum: f64) -> Self {
        self.normalise_to = Some(sum);
        self
    }
}

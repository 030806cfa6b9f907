//! What an engine can do. There are two: [`super::cpu`], and the graphics card's.
//!
//! An engine owns the state of a [`Network`] and lives on a worker thread.
//! Both engines do the same in a step *k* (t = k dt), in this order:
//!
//! 1. Probes record the state at t.
//! 2. Shared variables (θ) decay, once every 100 ms of simulated time.
//! 3. Every neuron is advanced by dt; those past their threshold spike.
//!    Inputs spike.
//! 4. Each projection, in the order declared, delivers the spikes that arrive
//!    in this step: weights are added to state variables, to count from step
//!    k + 1 on. The weights are those from before step 5.
//! 5. Synapses learn: presynaptic events, then postsynaptic ones, then rules
//!    that follow something in every step; replica after replica.
//! 6. Neurons that spiked are reset.
//!
//! Within one engine and between the two, a run depends on the network, its
//! seed and what was set when, and on nothing else: not on probes, on how many
//! steps are asked for at once, or on the number of threads.

use super::error::SnnError;
use super::network::{Network, ProbeSpec, Source, Waveform};

/// One spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spike {
    /// The step k; its time is k dt.
    pub step: u64,
    pub replica: u16,
    /// Which of the network's sources: populations first, then inputs.
    pub source: u16,
    pub neuron: u32,
}

/// What a probe has recorded since it was read last: rows of `width` numbers,
/// `every` steps apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// The probe's index.
    pub probe: usize,
    /// Step of the first row (for a rate, the first step of its bin).
    pub first_step: u64,
    pub every: u64,
    pub width: usize,
    /// `[row][number]`.
    pub values: Vec<f32>,
}

/// What has been done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub steps: u64,
    /// Spikes of neurons, all replicas.
    pub spikes: u64,
    /// Spikes of inputs.
    pub input_spikes: u64,
    /// Times that a spike reached a synapse.
    pub synaptic_events: u64,
}

/// Which engine it is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInfo {
    /// `CPU` or `GPU`.
    pub kind: &'static str,
    /// `AVX-512, 1 thread`, or the adapter's name.
    pub detail: String,
    /// Memory of the network's state and weights, bytes.
    pub bytes: u64,
}

/// The state of a network between two steps: enough to go on from there, on
/// either engine.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EngineState {
    pub step: u64,
    pub populations: Vec<PopulationState>,
    pub projections: Vec<ProjectionState>,
    /// Spikes that are still under way: by source (populations first), one list
    /// per past step, the newest last, as (replica, neuron).
    pub under_way: Vec<Vec<Vec<(u16, u32)>>>,
}

impl EngineState {
    /// The same at a later step: what lay some steps back still does.
    pub fn move_to(&mut self, step: u64) {
        let by = (step as u32).wrapping_sub(self.step as u32);
        for p in &mut self.projections {
            let since = p.pre_since.iter_mut().chain(&mut p.post_since);
            since.filter(|s| **s != 0).for_each(|s| *s = s.wrapping_add(by).max(1));
        }
        self.step = step;
    }
}

/// The state of a population.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PopulationState {
    /// `[replica][variable][neuron]`, the variables that are not shared.
    pub own: Vec<f32>,
    /// `[variable][neuron]`.
    pub shared: Vec<f32>,
    /// `[replica][neuron]`: steps until it can spike again.
    pub refractory: Vec<u32>,
    /// `[replica][neuron]`: spikes since the counts were cleared.
    pub counts: Vec<u32>,
}

/// The state of a projection.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ProjectionState {
    pub weights: Vec<f32>,
    /// `[replica][trace][neuron]` (per synapse where delays are): value at the
    /// neuron's last spike. Empty without plasticity.
    pub pre: Vec<f32>,
    /// The step after the one of that spike, `[replica][neuron]`; 0: none yet.
    pub pre_since: Vec<u32>,
    pub post: Vec<f32>,
    pub post_since: Vec<u32>,
    /// Whether weights onto the neuron changed since the last normalisation.
    pub changed: Vec<bool>,
}

/// A spiking network that runs. Indices are those of [`Network`]'s lists.
pub trait Engine: Send {
    /// Which engine it is.
    fn info(&self) -> EngineInfo;

    /// The network, with the parameters as they are now; its weights are those
    /// of the beginning.
    fn network(&self) -> &Network;

    /// The number of steps done: the next step is this one.
    fn step(&self) -> u64;

    /// Does so many steps.
    ///
    /// # Errors
    /// [`SnnError::Engine`] where the engine is lost; the state is then that
    /// after the last complete step. So for all other functions.
    fn run(&mut self, steps: u64) -> Result<(), SnnError>;

    /// Takes the spikes recorded by spike probes since the last call, in the
    /// order of steps, then replicas, then sources, then neurons.
    fn take_spikes(&mut self) -> Result<Vec<Spike>, SnnError>;

    /// Takes what the other probes recorded since the last call.
    fn take_samples(&mut self) -> Result<Vec<Samples>, SnnError>;

    /// Gives back what was taken: its memory is used for what comes next.
    fn recycle(&mut self, _spikes: Vec<Spike>, _samples: Vec<Samples>) {}

    /// Replaces the probes.
    ///
    /// # Errors
    /// A probe that does not fit the network; the old ones stay.
    fn set_probes(&mut self, probes: &[ProbeSpec]) -> Result<(), SnnError>;

    /// Spikes of each neuron since the counts were cleared.
    fn counts(&mut self, population: usize, replica: usize) -> Result<Vec<u32>, SnnError>;

    /// Begins to count anew, in all populations and replicas.
    fn clear_counts(&mut self) -> Result<(), SnnError>;

    /// A state variable of all neurons.
    fn state(
        &mut self,
        population: usize,
        variable: usize,
        replica: usize,
    ) -> Result<Vec<f32>, SnnError>;

    /// Sets a state variable of all neurons.
    fn set_state(
        &mut self,
        population: usize,
        variable: usize,
        replica: usize,
        values: &[f32],
    ) -> Result<(), SnnError>;

    /// The weights of a projection, in the order its connection gives.
    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, SnnError>;

    /// The same where they are, from engines that have them in memory: a look at them
    /// costs no copy.
    fn weights_here(&self, _projection: usize) -> Option<&[f32]> {
        None
    }

    /// Sets the weights of a projection.
    fn set_weights(&mut self, projection: usize, weights: &[f32]) -> Result<(), SnnError>;

    /// Sets a parameter of a population's model, from the next step on.
    fn set_parameter(&mut self, population: usize, name: &str, value: f64) -> Result<(), SnnError>;

    /// Sets a parameter of a projection's rule, from the next step on.
    fn set_rule_parameter(
        &mut self,
        projection: usize,
        name: &str,
        value: f64,
    ) -> Result<(), SnnError>;

    /// Whether a projection learns. While it does not, its traces stand still.
    fn set_learning(&mut self, projection: usize, on: bool) -> Result<(), SnnError>;

    /// Scales the weights onto each neuron whose weights changed since the last
    /// time so that they sum to what the projection's description says, and clips them
    /// to the bounds of what they learn by. Where weights were clipped the sum is short
    /// by as much; the next normalisation hands it to the others.
    fn normalise(&mut self, projection: usize) -> Result<(), SnnError>;

    /// Lets an input spike at these rates, Hz.
    fn set_rates(&mut self, input: usize, replica: usize, rates_hz: &[f32])
    -> Result<(), SnnError>;

    /// Lets an input spike at these times, in all replicas: (neuron, ms since
    /// the start of the run). Those in the past are ignored.
    fn set_spikes(&mut self, input: usize, spikes: &[(u32, f64)]) -> Result<(), SnnError>;

    /// Changes a current.
    fn set_current(&mut self, current: usize, waveform: Waveform) -> Result<(), SnnError>;

    /// The whole state.
    fn snapshot(&mut self) -> Result<EngineState, SnnError>;

    /// Goes back (or forward) to a state. Parameters, inputs, currents and
    /// probes stay as they are; what was recorded and not taken is dropped.
    ///
    /// # Errors
    /// [`SnnError::Snapshot`] for one of another network.
    fn restore(&mut self, state: &EngineState) -> Result<(), SnnError>;

    /// Remembers the state for [`Engine::undo`], in place of what was remembered
    /// before. It is cheap enough to be done for every image that is learnt.
    fn mark(&mut self) -> Result<(), SnnError>;

    /// Goes back to the state that [`Engine::mark`] remembered, but not in time: the
    /// count of steps, the random numbers and what was recorded go on, and what lay some
    /// steps back then lies as many steps back now. Weights that do not learn,
    /// parameters, inputs and currents stay as they are.
    ///
    /// # Errors
    /// [`SnnError::Snapshot`] where nothing is remembered: a state is given up by
    /// [`Engine::undo`] and [`Engine::restore`].
    fn undo(&mut self) -> Result<(), SnnError>;

    /// What has been done so far.
    fn counters(&self) -> Counters;

    /// Something that people should know, once: that another engine took over.
    fn take_notice(&mut self) -> Option<String> {
        None
    }
}

/// The number of a source in [`Spike::source`].
pub fn source_number(network: &Network, source: Source) -> u16 {
    match source {
        Source::Population(p) => p as u16,
        Source::Input(i) => (network.populations.len() + i) as u16,
    }
}

//! The engine in plain Rust: event-driven, and the reference that the GPU
//! engine is tested against.
//!
//! Neurons are advanced in vectors (`models::kernel`); spikes touch only the
//! rows of those that spiked (`deliver`); learning touches only synapses with a
//! trace at the other end (`learn`). Replicas without learning run on several
//! threads, each for all steps; with learning they go in lockstep, because they
//! share what they learn.

mod deliver;
mod engine;
mod learn;
mod record;
mod replica;
mod source;
mod state;
mod traces;

use super::error::SnnError;
use super::models::kernel::SLOW_MS;
use super::network::{Delay, Network, Values, Waveform};
use crate::core::isa::Isa;
use learn::{Events, Learning};
use record::{Recorder, StateView};
use replica::{Common, Derived, Replica};

/// A network on the CPU.
///
/// ```
/// use spikescope::snn::cpu::CpuEngine;
/// use spikescope::snn::engine::Engine;
/// use spikescope::snn::network::{NetworkSpec, ProbeWhat, Values, Waveform};
/// use spikescope::snn::params::Config;
///
/// let dt_ms = 0.1;
/// let network = NetworkSpec::new("charging", dt_ms, 1)
///     .population("neuron", 1, Config::new("lif"))
///     .current("drive", "neuron", Waveform::Constant(Values::Same(2.5)))
///     .probe("spikes", ProbeWhat::Spikes { of: "neuron".into() })
///     .build()?;
/// let mut engine = CpuEngine::new(&network, 1);
/// engine.run(500)?;
/// let first_ms = engine.take_spikes()?[0].step as f64 * dt_ms;
/// // From rest at −70 mV towards −45 mV past −50 mV, τₘ 20 ms: after τₘ ln(25 / 5).
/// assert!((first_ms - 20.0 * 5.0_f64.ln()).abs() <= dt_ms);
/// # Ok::<(), spikescope::snn::SnnError>(())
/// ```
pub struct CpuEngine {
    common: Common,
    replicas: Vec<Replica>,
    /// By population: `[variable][neuron]` of what replicas share.
    shared: Vec<Vec<f32>>,
    /// By projection.
    weights: Vec<Vec<f32>>,
    learning: Vec<Option<Learning>>,
    /// By projection and target: whether weights changed since normalisation.
    changed: Vec<Vec<bool>>,
    /// Likewise, whether they had changed when they were normalised after the mark.
    dirty: Vec<Vec<bool>>,
    mark: Option<state::Mark>,
    recorder: Recorder,
    step: u64,
    /// Steps between the decays of what is shared.
    slow_every: u64,
    /// The next of them.
    next_slow: u64,
    /// The time-varying part of each current as it was set last.
    varying: Vec<f32>,
    threads: usize,
}

impl CpuEngine {
    /// At the beginning of a run, on this many threads (which changes the
    /// speed alone).
    pub fn new(network: &Network, threads: usize) -> Self {
        Self::with_isa(network, threads, Isa::best())
    }

    /// The same with a given instruction set.
    pub fn with_isa(network: &Network, threads: usize, isa: Isa) -> Self {
        let network = network.clone();
        let sizes = |p: &super::network::Projection| {
            (network.describe(p.from).1, network.populations[p.to].size)
        };
        let by_delay: Vec<_> = network
            .projections
            .iter()
            .map(|p| deliver::ByDelay::new(p, sizes(p).0, sizes(p).1))
            .collect();
        let learning = network.projections.iter().zip(&by_delay).map(|(p, d)| {
            let plasticity = p.plasticity.as_ref()?;
            let (n, dt) = (network.replicas, network.dt_ms);
            Some(Learning::new(p, plasticity, sizes(p), n, dt, d.is_some()))
        });
        let learning = learning.collect();
        let changed: Vec<Vec<bool>> =
            network.projections.iter().map(|p| vec![true; sizes(p).1]).collect();
        let populations = network.populations.iter().map(|p| derive(p, network.dt_ms)).collect();
        let shared = network.populations.iter().map(|p| p.initial[p.model.own()..].concat());
        let current = network.populations.iter().map(|p| vec![0.0; p.size]).collect();
        let keep_membrane = vec![false; network.populations.len()];
        let mut engine = Self {
            replicas: (0..network.replicas).map(|r| Replica::new(&network, r)).collect(),
            shared: shared.collect(),
            weights: network.projections.iter().map(|p| p.weights.clone()).collect(),
            learning,
            dirty: changed.clone(),
            changed,
            mark: None,
            recorder: Recorder::new(&network),
            step: 0,
            slow_every: (SLOW_MS / network.dt_ms).round().max(1.0) as u64,
            varying: vec![0.0; network.currents.len()],
            next_slow: 0,
            threads: threads.max(1),
            common: Common { network, isa, populations, by_delay, current, keep_membrane },
        };
        engine.renew_slow();
        engine.renew_currents(true);
        engine.renew_membranes();
        engine
    }

    /// Finds the step in which what is shared decays next.
    fn renew_slow(&mut self) {
        let step = self.step.max(1);
        self.next_slow = step.next_multiple_of(self.slow_every);
    }

    /// One step of all replicas, in the order that [`super::engine`] gives.
    fn one_step(&mut self) {
        let step = self.step;
        let Self { common, replicas, shared, weights, learning, changed, recorder, .. } = self;
        recorder.before(step, &Now { replicas, shared, weights });
        if step == self.next_slow {
            self.next_slow += self.slow_every;
            for (derived, shared) in common.populations.iter().zip(shared.iter_mut()) {
                for _ in 0..replicas.len() {
                    (derived.kernel.slow)(&derived.constants, shared);
                }
            }
            // A threshold may have come down to a membrane at rest.
            let states = replicas.iter_mut().flat_map(|r| &mut r.populations);
            states.for_each(|s| s.awake.fill(true));
        }
        for replica in replicas.iter_mut() {
            replica.advance(common, shared, weights, |s| recorder.watches(s), step);
        }
        for (p, projection) in common.network.projections.iter().enumerate() {
            let Some(learning) = learning[p].as_mut().filter(|l| l.on) else { continue };
            for (r, replica) in replicas.iter().enumerate() {
                let target = &replica.populations[projection.to];
                let n = target.refractory.len();
                let follows = !target.before.is_empty();
                let events = Events {
                    step,
                    source: replica.ring(&common.network, projection.from),
                    // Of synapses with delays of their own nobody asks; the longest of
                    // them takes longer to find than the step.
                    delay: match projection.delay {
                        Delay::Steps(steps) => steps,
                        Delay::Each(_) => 0,
                    },
                    by_delay: common.by_delay[p].as_ref(),
                    fired: replica.fired(projection.to, step),
                    membrane: follows.then(|| (&target.before[..n], &target.own[..n])),
                };
                let connection = &projection.connection;
                learning.step(connection, r, &events, &mut weights[p], &mut changed[p]);
            }
        }
        for replica in replicas.iter_mut() {
            replica.reset(common, shared, step);
        }
        recorder.after(&common.network, step, |s| {
            replicas.iter().map(|r| r.fired(s, step).len()).sum()
        });
        self.step += 1;
    }

    /// Whether replicas influence one another, or are looked at together.
    fn lockstep(&self) -> bool {
        self.replicas.len() == 1
            || self.recorder.needs_lockstep()
            || self.learning.iter().flatten().any(|l| l.on)
            || self.common.populations.iter().any(|p| p.adapts)
            || self
                .common
                .network
                .currents
                .iter()
                .any(|c| !matches!(c.waveform, Waveform::Constant(_)))
    }

    /// Steps in which no replica learns: each goes through all of them alone.
    fn run_apart(&mut self, steps: u64) -> Result<(), SnnError> {
        let threads = self.threads.min(self.replicas.len());
        let each = self.replicas.len().div_ceil(threads);
        let (begin, end) = (self.step, self.step + steps);
        let (common, weights, recorder, shared) =
            (&self.common, &self.weights, &self.recorder, &self.shared);
        let work = |replicas: &mut [Replica]| {
            let mut shared = shared.clone();
            for replica in replicas {
                for step in begin..end {
                    replica.advance(common, &mut shared, weights, |s| recorder.watches(s), step);
                    replica.reset(common, &mut shared, step);
                }
            }
        };
        std::thread::scope(|scope| {
            let mut parts = self.replicas.chunks_mut(each);
            let mine = parts.next();
            let mut others = Vec::new();
            for (i, part) in parts.enumerate() {
                let builder = std::thread::Builder::new().name(format!("spikes {}", i + 2));
                let work = &work;
                match builder.spawn_scoped(scope, move || work(part)) {
                    Ok(thread) => others.push(thread),
                    Err(e) => {
                        return Err(SnnError::Engine(format!(
                            "could not start a computing thread: {e}; close other programs and try again"
                        )));
                    }
                }
            }
            if let Some(part) = mine {
                work(part);
            }
            let finished = others.into_iter().all(|t| t.join().is_ok());
            let panicked = || SnnError::Engine("a computing thread broke down".to_owned());
            finished.then_some(()).ok_or_else(panicked)
        })?;
        self.step = end;
        self.renew_slow();
        Ok(())
    }

    /// Sets the currents of this step; `all` also those that do not vary.
    fn renew_currents(&mut self, all: bool) {
        let network = &self.common.network;
        if network.currents.is_empty() {
            return;
        }
        let t_ms = self.step as f64 * network.dt_ms;
        let now: Vec<f32> = network.currents.iter().map(|c| c.waveform.at(t_ms) as f32).collect();
        if !all && now == self.varying {
            return;
        }
        self.common.current.iter_mut().for_each(|c| c.fill(0.0));
        for (current, now) in network.currents.iter().zip(&now) {
            let into = &mut self.common.current[current.to];
            match &current.waveform {
                Waveform::Constant(Values::Each(each)) => {
                    into.iter_mut().zip(each).for_each(|(c, x)| *c += x);
                }
                Waveform::From(_, Values::Each(each)) => {
                    into.iter_mut().zip(each).for_each(|(c, x)| *c += x * now);
                }
                _ => into.iter_mut().for_each(|c| *c += now),
            }
        }
        self.varying = now;
        self.wake();
    }

    /// Notes whose membranes are followed.
    fn renew_membranes(&mut self) {
        self.common.keep_membrane.fill(false);
        let projections = self.common.network.projections.iter();
        for (projection, learning) in projections.zip(&self.learning) {
            if learning.as_ref().is_some_and(Learning::follows_membrane) {
                self.common.keep_membrane[projection.to] = true;
            }
        }
        for replica in &mut self.replicas {
            for (state, kept) in replica.populations.iter_mut().zip(&self.common.keep_membrane) {
                if !kept {
                    state.before.clear();
                }
            }
        }
    }

    /// Something was changed from outside: every neuron is to be computed again.
    fn wake(&mut self) {
        let states = self.replicas.iter_mut().flat_map(|r| &mut r.populations);
        states.for_each(|s| s.awake.fill(true));
    }

    /// Appends what replicas recorded, in the order promised.
    fn gather_spikes(&mut self) -> Vec<super::engine::Spike> {
        if let [one] = self.replicas.as_mut_slice() {
            return std::mem::take(&mut one.recorded);
        }
        let mut all: Vec<_> = self.replicas.iter_mut().flat_map(|r| r.recorded.drain(..)).collect();
        all.sort_unstable();
        all
    }
}

fn derive(population: &super::network::Population, dt_ms: f64) -> Derived {
    let (model, values) = (population.model, &population.values);
    let kernel = (model.kernel)(values);
    Derived {
        kernel,
        constants: (kernel.derive)(values, dt_ms),
        rest: model.refractory_steps(values, dt_ms),
        adapts: (model.adapts)(values),
    }
}

/// The state between two steps, for probes.
struct Now<'a> {
    replicas: &'a [Replica],
    shared: &'a [Vec<f32>],
    weights: &'a [Vec<f32>],
}

impl StateView for Now<'_> {
    #[inline]
    fn own(&self, population: usize, replica: usize) -> &[f32] {
        &self.replicas[replica].populations[population].own
    }

    #[inline]
    fn shared(&self, population: usize) -> &[f32] {
        &self.shared[population]
    }

    fn weights(&self, projection: usize) -> &[f32] {
        &self.weights[projection]
    }
}

#[cfg(test)]
mod nonlinear_tests;
#[cfg(test)]
mod tests;

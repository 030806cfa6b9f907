//! One replica: what it has for itself, and the part of a step that needs
//! nothing of the others.

use super::deliver::{ByDelay, Target, deliver};
use super::record::place;
use super::source::{Emitter, Ring};
use crate::core::isa::Isa;
use crate::snn::engine::Spike;
use crate::snn::models::kernel::{Cells, Kernel, LANES};
use crate::snn::network::{Delay, Network, Source};
use crate::snn::rng::Key;

/// What all replicas read: the network with its derived constants.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) network: Network,
    pub(super) isa: Isa,
    pub(super) populations: Vec<Derived>,
    /// Where synapses have delays of their own.
    pub(super) by_delay: Vec<Option<ByDelay>>,
    /// By population: the injected current of each neuron.
    pub(super) current: Vec<Vec<f32>>,
    /// By population: whether the membrane before a step is to be kept.
    pub(super) keep_membrane: Vec<bool>,
}

/// What follows from a population's parameters.
#[derive(Clone)]
pub(super) struct Derived {
    pub(super) kernel: Kernel,
    pub(super) constants: Vec<f32>,
    /// Steps that a neuron rests after a spike.
    pub(super) rest: u32,
    /// Whether spikes change what the replicas share.
    pub(super) adapts: bool,
}

/// The state of one replica.
#[derive(Clone)]
pub(super) struct Replica {
    number: u16,
    pub(super) populations: Vec<State>,
    /// By source: populations first, then inputs.
    pub(super) rings: Vec<Ring>,
    pub(super) emitters: Vec<Emitter>,
    pub(super) recorded: Vec<Spike>,
    pub(super) spikes: u64,
    pub(super) input_spikes: u64,
    pub(super) synaptic_events: u64,
}

/// The state of a population in one replica.
#[derive(Clone)]
pub(super) struct State {
    /// `[variable][neuron]`.
    pub(super) own: Vec<f32>,
    pub(super) refractory: Vec<u32>,
    pub(super) counts: Vec<u32>,
    /// The membrane before this step, where something follows it.
    pub(super) before: Vec<f32>,
    /// See [`Cells::awake`].
    pub(super) awake: Vec<bool>,
}

impl Replica {
    pub(super) fn new(network: &Network, number: usize) -> Self {
        let populations = network.populations.iter().map(|p| State {
            own: p.initial[..p.model.own()].concat(),
            refractory: vec![0; p.size],
            counts: vec![0; p.size],
            before: Vec::new(),
            awake: vec![true; p.size.div_ceil(LANES)],
        });
        let sources = network.populations.len() + network.inputs.len();
        let mut longest = vec![0; sources];
        for p in &network.projections {
            let most = &mut longest[place(network, p.from)];
            *most = p.delay.most().max(*most);
        }
        let emitters = network.inputs.iter().map(|input| {
            let stream = format!("poisson/{}", input.name);
            let mut emitter = Emitter::new(Key::new(network.seed, &stream, number));
            emitter.set(&input.kind, network.dt_ms, 0);
            emitter
        });
        Self {
            number: number as u16,
            populations: populations.collect(),
            rings: longest.into_iter().map(Ring::new).collect(),
            emitters: emitters.collect(),
            recorded: Vec::new(),
            spikes: 0,
            input_spikes: 0,
            synaptic_events: 0,
        }
    }

    /// Neurons are advanced, inputs spike, spikes arrive (3. and 4. of a step).
    pub(super) fn advance(
        &mut self,
        common: &Common,
        shared: &mut [Vec<f32>],
        weights: &[Vec<f32>],
        watches: impl Fn(usize) -> bool,
        step: u64,
    ) {
        let network = &common.network;
        for (p, (state, derived)) in
            self.populations.iter_mut().zip(&common.populations).enumerate()
        {
            if common.keep_membrane[p] {
                state.before.clear();
                state.before.extend_from_slice(&state.own[..state.refractory.len()]);
            }
            let mut cells = Cells {
                own: &mut state.own,
                shared: &mut shared[p],
                refractory: &mut state.refractory,
                current: &common.current[p],
                awake: &mut state.awake,
            };
            let fired = self.rings[p].begin(step);
            (derived.kernel.advance)(common.isa, &derived.constants, &mut cells, fired);
            self.spikes += fired.len() as u64;
        }
        let populations = network.populations.len();
        for (i, emitter) in self.emitters.iter_mut().enumerate() {
            let spikes = self.rings[populations + i].begin(step);
            emitter.emit(common.isa, step, spikes);
            self.input_spikes += spikes.len() as u64;
        }
        for (s, ring) in self.rings.iter().enumerate() {
            // Mostly nothing spikes, or so little that room for each is soon found.
            let fired = ring.now(step);
            if fired.is_empty() || !watches(s) {
                continue;
            }
            for j in fired {
                let (replica, source) = (self.number, s as u16);
                self.recorded.push(Spike { step, replica, source, neuron: *j });
            }
        }
        for (p, projection) in network.projections.iter().enumerate() {
            let ring = &self.rings[place(network, projection.from)];
            let state = &mut self.populations[projection.to];
            let n = state.refractory.len();
            let target = Target {
                values: &mut state.own[projection.onto * n..][..n],
                awake: &mut state.awake,
            };
            let w = &weights[p];
            self.synaptic_events += match (&projection.delay, &common.by_delay[p]) {
                (_, Some(by_delay)) => {
                    let mut events = 0;
                    by_delay.for_each(ring, step, |synapse, _, j| {
                        target.values[j] += w[synapse];
                        target.awake[j / LANES] = true;
                        events += 1;
                    });
                    events
                }
                (Delay::Steps(d), None) => match ring.ago(step, *d) {
                    [] => 0,
                    arrivals => deliver(common.isa, &projection.connection, w, arrivals, target),
                },
                (Delay::Each(_), None) => 0,
            };
        }
    }

    /// Neurons that spiked are reset (6. of a step).
    pub(super) fn reset(&mut self, common: &Common, shared: &mut [Vec<f32>], step: u64) {
        for (p, (state, derived)) in
            self.populations.iter_mut().zip(&common.populations).enumerate()
        {
            let fired = self.rings[p].now(step);
            if fired.is_empty() {
                continue;
            }
            let mut cells = Cells {
                own: &mut state.own,
                shared: &mut shared[p],
                refractory: &mut state.refractory,
                current: &common.current[p],
                awake: &mut state.awake,
            };
            (derived.kernel.reset)(&derived.constants, &mut cells, fired, derived.rest);
            for j in fired {
                state.counts[*j as usize] += 1;
            }
        }
    }

    /// What spiked in this step.
    pub(super) fn fired(&self, source: usize, step: u64) -> &[u32] {
        self.rings[source].now(step)
    }

    /// The spikes of a source.
    pub(super) fn ring(&self, network: &Network, source: Source) -> &Ring {
        &self.rings[place(network, source)]
    }
}

//! Probes: what is recorded, and nothing that could change a run.

use crate::snn::engine::Samples;
use crate::snn::network::{Network, Probe, ProbeKind, Source};

/// The recorder of an engine.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder {
    probes: Vec<Probe>,
    samples: Vec<Samples>,
    /// Spikes in the current bin of each rate probe, and whether the bin was
    /// seen from its start.
    bins: Vec<(u64, bool)>,
    /// By source: whether spikes are recorded, or counted for a rate.
    watched: Vec<bool>,
    rated: bool,
    /// Which probes are sampled before a step.
    sampled: Vec<usize>,
}

/// What a probe may look at before a step.
pub(super) trait Look {
    /// A state variable of all neurons of a replica.
    fn state(&self, population: usize, variable: usize, replica: usize) -> &[f32];
    /// The weights of a projection.
    fn weights(&self, projection: usize) -> &[f32];
}

/// The place of a source among all: populations first, then inputs.
pub(super) fn place(network: &Network, source: Source) -> usize {
    match source {
        Source::Population(p) => p,
        Source::Input(i) => network.populations.len() + i,
    }
}

impl Recorder {
    pub(super) fn new(network: &Network) -> Self {
        let probes = network.probes.clone();
        let sources = network.populations.len() + network.inputs.len();
        let mut watched = vec![false; sources];
        for probe in &probes {
            if let ProbeKind::Spikes { of } = &probe.kind {
                watched[place(network, *of)] = true;
            }
        }
        let rated = probes.iter().any(|p| matches!(p.kind, ProbeKind::Rate { .. }));
        let samples =
            |p: &Probe| matches!(p.kind, ProbeKind::State { .. } | ProbeKind::Weights { .. });
        let sampled = (0..probes.len()).filter(|i| samples(&probes[*i])).collect();
        let samples = vec![Samples::default(); probes.len()];
        let bins = vec![(0, false); probes.len()];
        Self { probes, samples, bins, watched, rated, sampled }
    }

    /// Whether spikes of a source are recorded one by one.
    pub(super) fn watches(&self, place: usize) -> bool {
        self.watched[place]
    }

    /// Whether there are probes that need every step of all replicas together.
    pub(super) fn needs_lockstep(&self) -> bool {
        self.rated || !self.sampled.is_empty()
    }

    /// Before a step.
    pub(super) fn before(&mut self, step: u64, look: &impl Look) {
        for &index in &self.sampled {
            let probe = &self.probes[index];
            let samples = &mut self.samples[index];
            match &probe.kind {
                ProbeKind::State { population, variable, neurons, replica, every }
                    if *every == 1 || step.is_multiple_of(*every) =>
                {
                    let state = look.state(*population, *variable, *replica);
                    let row = neurons.iter().map(|j| state[*j as usize]);
                    push(samples, index, step, *every, neurons.len(), row);
                }
                ProbeKind::Weights { projection, every } if step.is_multiple_of(*every) => {
                    let weights = look.weights(*projection);
                    push(samples, index, step, *every, weights.len(), weights.iter().copied());
                }
                _ => {}
            }
        }
    }

    /// After a step: how many spikes each source had, over all replicas.
    pub(super) fn after(&mut self, network: &Network, step: u64, spikes: impl Fn(usize) -> usize) {
        if !self.rated {
            return;
        }
        for (index, probe) in self.probes.iter().enumerate() {
            let ProbeKind::Rate { of, bin } = probe.kind else { continue };
            let (count, whole) = &mut self.bins[index];
            if step.is_multiple_of(bin) {
                (*count, *whole) = (0, true);
            }
            *count += spikes(place(network, of)) as u64;
            if (step + 1).is_multiple_of(bin) && *whole {
                let neurons = network.describe(of).1 * network.replicas;
                let seconds = bin as f64 * network.dt_ms / 1000.0;
                let rate = (*count as f64 / (neurons as f64 * seconds)) as f32;
                push(
                    &mut self.samples[index],
                    index,
                    step + 1 - bin,
                    bin,
                    1,
                    std::iter::once(rate),
                );
            }
        }
    }

    pub(super) fn take(&mut self) -> Vec<Samples> {
        let full = self.samples.iter_mut().filter(|s| !s.values.is_empty());
        full.map(std::mem::take).collect()
    }

    /// Uses the memory of samples that were taken for the next ones.
    pub(super) fn recycle(&mut self, samples: Vec<Samples>) {
        for mut taken in samples {
            if let Some(s) = self.samples.get_mut(taken.probe).filter(|s| s.values.is_empty()) {
                taken.values.clear();
                s.values = taken.values;
            }
        }
    }

    /// Forgets what was recorded.
    pub(super) fn forget(&mut self) {
        self.samples.iter_mut().for_each(|s| *s = Samples::default());
        self.bins.iter_mut().for_each(|b| *b = (0, false));
    }
}

fn push(
    samples: &mut Samples,
    probe: usize,
    step: u64,
    every: u64,
    width: usize,
    row: impl Iterator<Item = f32>,
) {
    if samples.values.is_empty() {
        samples.probe = probe;
        samples.first_step = step;
        samples.every = every;
        samples.width = width;
    }
    samples.values.extend(row);
}

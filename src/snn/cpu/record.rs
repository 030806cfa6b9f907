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
    /// What is sampled before a step.
    sampled: Vec<Sampled>,
}

/// A probe that is sampled, with its places found: looking takes no longer than a
/// copy, in every step.
#[derive(Clone, Debug)]
struct Sampled {
    probe: usize,
    every: u64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// Of one replica's own state, `[variable][neuron]`, these places.
    Own {
        population: usize,
        replica: usize,
        places: Vec<usize>,
    },
    /// Of the shared state.
    Shared {
        population: usize,
        places: Vec<usize>,
    },
    Weights {
        projection: usize,
    },
}

/// What a probe may look at before a step.
pub(super) trait StateView {
    /// What a replica has of a population's state for itself, `[variable][neuron]`.
    fn own(&self, population: usize, replica: usize) -> &[f32];
    /// What all replicas share of it.
    fn shared(&self, population: usize) -> &[f32];
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
        let sampled = probes.iter().enumerate().filter_map(|(i, p)| sampled(network, i, p));
        let sampled = sampled.collect();
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
    #[inline]
    pub(super) fn before(&mut self, step: u64, look: &impl StateView) {
        for Sampled { probe, every, what } in &self.sampled {
            if *every != 1 && !step.is_multiple_of(*every) {
                continue;
            }
            let samples = &mut self.samples[*probe];
            let (list, places) = match what {
                What::Own { population, replica, places } => {
                    (look.own(*population, *replica), places)
                }
                What::Shared { population, places } => (look.shared(*population), places),
                What::Weights { projection } => {
                    let weights = look.weights(*projection).iter().copied();
                    push(samples, *probe, step, *every, weights.len(), weights);
                    continue;
                }
            };
            let row = places.iter().map(|i| list[*i]);
            push(samples, *probe, step, *every, places.len(), row);
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

fn sampled(network: &Network, probe: usize, what: &Probe) -> Option<Sampled> {
    match &what.kind {
        ProbeKind::State { population, variable, neurons, replica, every } => {
            let p = &network.populations[*population];
            let shared = variable.checked_sub(p.model.own());
            let first = shared.unwrap_or(*variable) * p.size;
            let places = neurons.iter().map(|j| first + *j as usize).collect();
            let (population, replica) = (*population, *replica);
            let what = match shared {
                Some(_) => What::Shared { population, places },
                None => What::Own { population, replica, places },
            };
            Some(Sampled { probe, every: *every, what })
        }
        ProbeKind::Weights { projection, every } => {
            let what = What::Weights { projection: *projection };
            Some(Sampled { probe, every: *every, what })
        }
        _ => None,
    }
}

#[inline]
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

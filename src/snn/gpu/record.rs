//! Probes of the GPU engine: what the device is asked to note, and what becomes
//! of it. The device notes bits and rows; here they turn into what
//! [`crate::snn::engine::Engine`] promises.

use super::layout::Layout;
use crate::snn::engine::{Samples, Spike, source_number};
use crate::snn::network::{Network, Probe, ProbeKind};

/// Words of `drive` for each probe.
const ENTRY: usize = 6;
/// Samples that are noted on the device in one portion of steps, unless a
/// single row has more: 16 MB.
const USUAL_SAMPLES: u64 = 1 << 22;

/// The recorder of an engine.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    probes: Vec<Probe>,
    samples: Vec<Samples>,
    spikes: Vec<Spike>,
    /// Spikes in the current bin of each rate probe, and whether the bin was
    /// seen from its start.
    bins: Vec<(u64, bool)>,
    /// By source: whether its spikes are recorded, and whether its bits are
    /// needed (for that or for a rate).
    watched: Vec<bool>,
    wanted: Vec<bool>,
}

/// A probe of numbers, in a portion of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) probe: usize,
    pub(super) first_step: u64,
    pub(super) every: u64,
    pub(super) width: usize,
    pub(super) count: usize,
    /// Where they begin in `samples`.
    pub(super) at: usize,
}

/// What a portion of steps gave: rows of samples, and for each wanted source
/// its bits, `[step][replica][word]`.
#[derive(Clone, Copy)]
pub(super) struct Portion<'a> {
    pub(super) first: u64,
    pub(super) steps: u32,
    pub(super) rows: &'a [Rows],
    pub(super) values: &'a [f32],
    pub(super) bits: &'a [&'a [u32]],
}

impl Recorder {
    pub(super) fn new(network: &Network) -> Self {
        let sources = network.populations.len() + network.inputs.len();
        let (mut watched, mut wanted) = (vec![false; sources], vec![false; sources]);
        for probe in &network.probes {
            match probe.kind {
                ProbeKind::Spikes { of } => {
                    let source = usize::from(source_number(network, of));
                    (watched[source], wanted[source]) = (true, true);
                }
                ProbeKind::Rate { of, .. } => {
                    wanted[usize::from(source_number(network, of))] = true;
                }
                ProbeKind::State { .. } | ProbeKind::Weights { .. } => {}
            }
        }
        Self {
            probes: network.probes.clone(),
            samples: vec![Samples::default(); network.probes.len()],
            spikes: Vec::new(),
            bins: vec![(0, false); network.probes.len()],
            watched,
            wanted,
        }
    }

    /// The same with spikes that were recorded before.
    pub(super) fn with_spikes(mut self, spikes: Vec<Spike>) -> Self {
        self.spikes = spikes;
        self
    }

    /// Sources whose bits must come back.
    pub(super) fn wanted(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.wanted.len()).filter(|s| self.wanted[*s])
    }

    /// Whether there are probes of numbers.
    pub(super) fn samples(&self) -> bool {
        self.sampled().next().is_some()
    }

    /// Probes of numbers: index, interval, width.
    fn sampled(&self) -> impl Iterator<Item = (usize, u64, usize)> + '_ {
        self.probes.iter().enumerate().filter_map(|(index, probe)| match &probe.kind {
            ProbeKind::State { neurons, every, .. } => Some((index, *every, neurons.len())),
            ProbeKind::Weights { every, .. } => Some((index, *every, 0)),
            _ => None,
        })
    }

    fn width(&self, network: &Network, probe: usize) -> usize {
        match &self.probes[probe].kind {
            ProbeKind::State { neurons, .. } => neurons.len(),
            ProbeKind::Weights { projection, .. } => network.projections[*projection].weights.len(),
            _ => 0,
        }
    }

    /// Rounds of loops of an invocation of `sample` at most, in `whole`.
    pub(super) fn rounds(&self, network: &Network) -> u64 {
        let widths = self.sampled().map(|(p, ..)| self.width(network, p) as u64);
        widths.map(|w| 2 + w / u64::from(super::BLOCK)).sum()
    }

    /// Words that `samples` must have.
    pub(super) fn room(&self, network: &Network) -> u64 {
        let row: u64 = self.sampled().map(|(p, ..)| self.width(network, p) as u64).sum();
        let all: u64 = row * u64::from(super::layout::MOST_PORTION);
        all.min(USUAL_SAMPLES).max(row)
    }

    /// The longest portion whose samples fit, from a step on.
    pub(super) fn most_steps(&self, network: &Network, first: u64, preference: u32) -> u32 {
        let room = self.room(network);
        let mut steps = preference.max(1);
        while steps > 1 {
            let rows = self.rows(network, first, steps);
            if rows.iter().map(|r| (r.count * r.width) as u64).sum::<u64>() <= room {
                break;
            }
            steps /= 2;
        }
        steps
    }

    /// The rows that a portion of steps gives.
    pub(super) fn rows(&self, network: &Network, first: u64, steps: u32) -> Vec<Rows> {
        let mut at = 0;
        let rows = self.sampled().map(|(probe, every, _)| {
            let width = self.width(network, probe);
            let first_row = first.div_ceil(every);
            let count = ((first + u64::from(steps)).div_ceil(every) - first_row) as usize;
            let rows = Rows { probe, first_step: first_row * every, every, width, count, at };
            at += count * width;
            rows
        });
        rows.collect()
    }

    /// The beginning of `drive` for a portion: the probes, and where each finds
    /// what it looks at.
    pub(super) fn table(&self, layout: &Layout, network: &Network, rows: &[Rows]) -> Vec<u32> {
        let mut words = vec![rows.len() as u32];
        let mut lists = Vec::new();
        let lists_at = 1 + ENTRY * rows.len();
        for row in rows {
            let first_row = (row.first_step / row.every) as u32;
            let (kind, place) = match &self.probes[row.probe].kind {
                ProbeKind::Weights { projection, .. } => {
                    (1, layout.projections[*projection].weights)
                }
                ProbeKind::State { population, variable, neurons, replica, .. } => {
                    let at = (lists_at + lists.len()) as u32;
                    let first = place_of(layout, network, *population, *variable, *replica);
                    lists.extend(neurons.iter().map(|j| first + j));
                    (0, at)
                }
                _ => continue,
            };
            let (every, width) = (row.every.min(u64::from(u32::MAX)) as u32, row.width as u32);
            words.extend([kind, every, width, place, row.at as u32, first_row]);
        }
        words.extend(lists);
        words
    }

    /// Takes in what a portion of steps gave.
    pub(super) fn take_in(&mut self, network: &Network, layout: &Layout, portion: &Portion) {
        let Portion { first, steps, rows, values, bits } = *portion;
        for row in rows.iter().filter(|r| r.count > 0) {
            let samples = &mut self.samples[row.probe];
            if samples.values.is_empty() {
                let Rows { probe, first_step, every, width, .. } = *row;
                *samples = Samples { probe, first_step, every, width, values: Vec::new() };
            }
            samples.values.extend_from_slice(&values[row.at..][..row.count * row.width]);
        }
        let wanted: Vec<usize> = self.wanted().collect();
        for k in 0..steps as usize {
            let step = first + k as u64;
            for replica in 0..layout.replicas as usize {
                for (source, bits) in wanted.iter().zip(bits).filter(|(s, _)| self.watched[**s]) {
                    let words = layout.sources[*source].words as usize;
                    let at = (k * layout.replicas as usize + replica) * words;
                    let source = *source as u16;
                    for neuron in neurons(&bits[at..at + words]) {
                        let replica = replica as u16;
                        self.spikes.push(Spike { step, replica, source, neuron });
                    }
                }
            }
            self.rate(network, layout, step, |source| {
                let index = wanted.iter().position(|s| *s == source);
                let words = (layout.sources[source].words * layout.replicas) as usize;
                let of = index.map_or(&[][..], |i| &bits[i][k * words..][..words]);
                of.iter().map(|w| u64::from(w.count_ones())).sum()
            });
        }
    }

    fn rate(
        &mut self,
        network: &Network,
        layout: &Layout,
        step: u64,
        spikes: impl Fn(usize) -> u64,
    ) {
        for (index, probe) in self.probes.iter().enumerate() {
            let ProbeKind::Rate { of, bin } = probe.kind else { continue };
            let (count, seen) = &mut self.bins[index];
            if step.is_multiple_of(bin) {
                (*count, *seen) = (0, true);
            }
            *count += spikes(usize::from(source_number(network, of)));
            if (step + 1).is_multiple_of(bin) && *seen {
                let neurons = network.describe(of).1 * layout.replicas as usize;
                let seconds = bin as f64 * network.dt_ms / 1000.0;
                let rate = (*count as f64 / (neurons as f64 * seconds)) as f32;
                let samples = &mut self.samples[index];
                if samples.values.is_empty() {
                    let first_step = step + 1 - bin;
                    let width = 1;
                    let values = Vec::new();
                    *samples = Samples { probe: index, first_step, every: bin, width, values };
                }
                samples.values.push(rate);
            }
        }
    }

    pub(super) fn take_spikes(&mut self) -> Vec<Spike> {
        std::mem::take(&mut self.spikes)
    }

    pub(super) fn take_samples(&mut self) -> Vec<Samples> {
        let full = self.samples.iter_mut().filter(|s| !s.values.is_empty());
        full.map(std::mem::take).collect()
    }

    /// Forgets what was recorded.
    pub(super) fn forget(&mut self) {
        self.spikes.clear();
        self.samples.iter_mut().for_each(|s| *s = Samples::default());
        self.bins.iter_mut().for_each(|b| *b = (0, false));
    }
}

/// The neurons whose bits are set, rising.
pub(super) fn neurons(bits: &[u32]) -> impl Iterator<Item = u32> + '_ {
    bits.iter().enumerate().flat_map(|(w, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (bit < 32).then_some(w as u32 * 32 + bit)
        })
    })
}

/// Where a variable of a population begins in `state`.
pub(super) fn place_of(
    layout: &Layout,
    network: &Network,
    population: usize,
    variable: usize,
    replica: usize,
) -> u32 {
    let (p, places) = (&network.populations[population], &layout.populations[population]);
    let own = p.model.own();
    match variable.checked_sub(own) {
        Some(shared) => places.shared + (shared * p.size) as u32,
        None => places.own + ((replica * own + variable) * p.size) as u32,
    }
}

//! A few ten thousand spikes in two columns: the step, as its distance from the
//! chunk's first, and the neuron.

use std::ops::Range;

/// Spikes in a full chunk.
const MOST: usize = 32_768;

/// Spikes in order of time.
#[derive(Clone, Debug)]
pub struct Chunk {
    first_step: u64,
    offsets: Vec<u16>,
    neurons: Vec<u32>,
}

impl Chunk {
    /// An empty one for spikes from `first_step` on.
    pub fn new(first_step: u64) -> Self {
        Self { first_step, offsets: Vec::new(), neurons: Vec::new() }
    }

    /// Whether a spike in `step` fits in.
    pub fn takes(&self, step: u64) -> bool {
        self.neurons.len() < MOST && step - self.first_step <= u64::from(u16::MAX)
    }

    /// Adds a spike; the caller has asked [`Chunk::takes`], and steps do not go
    /// back.
    pub fn push(&mut self, step: u64, neuron: u32) {
        self.offsets.push((step - self.first_step) as u16);
        self.neurons.push(neuron);
    }

    /// Number of spikes.
    pub fn len(&self) -> usize {
        self.neurons.len()
    }

    /// Memory in use, about.
    pub fn bytes(&self) -> usize {
        self.neurons.len() * 6 + size_of::<Self>()
    }

    /// The step that it begins at.
    pub fn first_step(&self) -> u64 {
        self.first_step
    }

    /// The step of its last spike.
    pub fn last_step(&self) -> u64 {
        self.first_step + self.offsets.last().copied().map_or(0, u64::from)
    }

    /// How many of its spikes lie before `step`.
    pub fn rank(&self, step: u64) -> usize {
        let Some(offset) = step.checked_sub(self.first_step) else { return 0 };
        self.offsets.partition_point(|o| u64::from(*o) < offset)
    }

    /// Its spikes in the steps of `range`.
    pub fn spikes(&self, range: Range<u64>) -> impl Iterator<Item = (u64, u32)> + '_ {
        let part = self.rank(range.start)..self.rank(range.end).max(self.rank(range.start));
        let steps = self.offsets[part.clone()].iter().map(|o| self.first_step + u64::from(*o));
        steps.zip(self.neurons[part].iter().copied())
    }

    /// The last step before `step` in which one of `neurons` spiked.
    pub fn last_before(&self, step: u64, neurons: &Range<u32>) -> Option<u64> {
        let end = self.rank(step);
        let i = self.neurons[..end].iter().rposition(|n| neurons.contains(n))?;
        Some(self.first_step + u64::from(self.offsets[i]))
    }
}

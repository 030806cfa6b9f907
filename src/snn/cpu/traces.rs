//! The traces of plasticity rules, kept as values at each neuron's last spike.

/// The traces of the neurons (or synapses) on one side of a projection, of one
/// replica.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    /// Number of traces of each neuron.
    pub(super) count: usize,
    /// `[trace][neuron]`: the value at the last spike.
    values: Vec<f32>,
    /// The step after that of the last spike; 0: none.
    since: Vec<u32>,
    /// Neurons that may have a trace that matters, in no particular order.
    active: Vec<u32>,
    listed: Vec<bool>,
    /// Steps after a spike until its traces that matter are gone.
    matters_for: usize,
    /// Whether the list is kept: of a few hundred thousand synapses it costs more
    /// than it spares.
    listing: bool,
}

/// What is left after 0, 1, 2, … steps, for each trace of a side.
pub(super) type Decay = Vec<Vec<f32>>;

impl Traces {
    pub(super) fn new(count: usize, neurons: usize) -> Self {
        let (values, since) = (vec![0.0; count * neurons], vec![0; neurons]);
        let listed = vec![false; neurons];
        let (active, matters_for) = (Vec::new(), usize::MAX);
        Self { count, values, since, active, listed, matters_for, listing: true }
    }

    /// Says which traces must be there for a spike on the other side to change
    /// anything, and whether anybody will ask for [`Traces::active`].
    pub(super) fn set_needs(&mut self, decay: &Decay, needs: &[bool], listing: bool) {
        let needed = decay.iter().zip(needs).filter(|(_, n)| **n).map(|(d, _)| d.len());
        self.matters_for = needed.max().unwrap_or(0);
        self.listing = listing;
        self.list_all();
    }

    fn list_all(&mut self) {
        if !self.listing {
            self.active = Vec::new();
            return self.listed.fill(false);
        }
        let spiked = self.since.iter().enumerate().filter(|(_, s)| **s != 0);
        self.active = spiked.map(|(j, _)| j as u32).collect();
        self.listed.iter_mut().zip(&self.since).for_each(|(l, s)| *l = *s != 0);
    }

    #[inline]
    fn age(&self, neuron: usize, step: u64) -> usize {
        (step as u32).wrapping_add(1).wrapping_sub(self.since[neuron]) as usize
    }

    /// The traces of a neuron in this step, before its spike of this step.
    #[inline]
    pub(super) fn now(&self, decay: &Decay, neuron: usize, step: u64, out: &mut [f32]) {
        if self.since[neuron] == 0 {
            out.fill(0.0);
            return;
        }
        let age = self.age(neuron, step);
        let n = self.since.len();
        for (t, o) in out.iter_mut().enumerate() {
            let left = decay[t].get(age).copied().unwrap_or(0.0);
            *o = self.values[t * n + neuron] * left;
        }
    }

    /// The first trace as it was at the end of the step before this one.
    pub(super) fn first_before(&self, decay: &Decay, neuron: usize, step: u64) -> f32 {
        match self.since[neuron] {
            0 => 0.0,
            _ => {
                let age = self.age(neuron, step).wrapping_sub(1);
                self.values[neuron] * decay[0].get(age).copied().unwrap_or(0.0)
            }
        }
    }

    /// The neuron spikes: its traces grow by 1, or become 1.
    pub(super) fn raise(&mut self, decay: &Decay, adds: bool, neuron: usize, step: u64) {
        let n = self.since.len();
        let age = self.age(neuron, step);
        let spiked = self.since[neuron] != 0;
        for (t, decay) in decay.iter().enumerate() {
            let old = if adds && spiked {
                self.values[t * n + neuron] * decay.get(age).copied().unwrap_or(0.0)
            } else {
                0.0
            };
            self.values[t * n + neuron] = old + 1.0;
        }
        if self.listing && !self.listed[neuron] {
            self.listed[neuron] = true;
            self.active.push(neuron as u32);
        }
        self.since[neuron] = (step as u32).wrapping_add(1).max(1);
    }

    /// Neurons that may have a trace that matters.
    pub(super) fn active(&self) -> &[u32] {
        &self.active
    }

    /// Leaves out those whose traces no longer matter.
    pub(super) fn prune(&mut self, step: u64) {
        let (since, listed, matters_for) = (&self.since, &mut self.listed, self.matters_for);
        self.active.retain(|j| {
            let age = (step as u32).wrapping_add(1).wrapping_sub(since[*j as usize]) as usize;
            listed[*j as usize] = age < matters_for;
            age < matters_for
        });
    }

    /// Forgets spikes so old that the count of steps could come round to them.
    pub(super) fn forget(&mut self, decay: &Decay, step: u64) {
        let longest = decay.iter().map(Vec::len).max().unwrap_or(0);
        for j in 0..self.since.len() {
            if self.since[j] != 0 && self.age(j, step) >= longest {
                self.since[j] = 0;
            }
        }
    }

    /// For a snapshot.
    pub(super) fn parts(&self) -> (&[f32], &[u32]) {
        (&self.values, &self.since)
    }

    /// From a snapshot.
    pub(super) fn set_parts(&mut self, values: &[f32], since: &[u32]) {
        self.values.copy_from_slice(values);
        self.since.copy_from_slice(since);
        self.list_all();
    }
}

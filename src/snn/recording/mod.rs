//! Spikes, kept so that any part of a long run can be drawn at once.
//!
//! * [`chunk`]: the spikes themselves in columns, six bytes each
//! * [`pyramid`]: how many spikes each block of neurons fired in each bin of
//!   time, over the whole run, at several resolutions
//! * [`statistics`]: interspike intervals, CV and rates of chosen neurons
//! * [`spike_times`]: spikes to and from npz and CSV files
//!
//! A [`Recording`] has a memory cap. When it is reached, the oldest spikes are
//! given up and live on in the pyramid as densities; [`Recording::kept_from`]
//! says from which step on single spikes are known. Nothing is dropped without
//! trace: the counts of the pyramid always add up to every spike ever recorded.
//!
//! Cloning one is cheap (its chunks are shared), so a thread that simulates can
//! hand a complete copy up thirty times a second.

mod chunk;
mod pyramid;
pub mod spike_times;
pub mod statistics;

use std::ops::Range;
use std::sync::Arc;

use chunk::Chunk;
use pyramid::Pyramid;

/// Memory for single spikes unless told otherwise, bytes.
pub const CAP_BYTES: usize = 256 << 20;
/// More spikes than these in a picture are drawn from the pyramid, where it is
/// fine enough.
const MOST_SINGLE: u64 = 2_000_000;

/// The spikes of a run so far.
#[derive(Clone, Debug)]
pub struct Recording {
    dt_ms: f64,
    neurons: u32,
    /// The numbers under which neurons are shown, if not their places.
    ids: Option<Arc<[u64]>>,
    cap_bytes: usize,
    /// Full chunks that are still kept, oldest first.
    chunks: Vec<Arc<Chunk>>,
    /// Spikes before each kept chunk (those given up included).
    before: Vec<u64>,
    /// Bytes of the kept chunks.
    bytes: usize,
    open: Chunk,
    /// Everything before the open chunk.
    pyramid: Pyramid,
    /// Spikes in all chunks but the open one, kept or given up.
    sealed: u64,
    /// First step whose spikes are known one by one.
    kept_from: u64,
    /// Steps recorded: the run goes from step 0 to just before this one.
    steps: u64,
}

/// What part of a run a picture shows: time runs along its columns, neurons
/// along its rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// First step shown, with fraction.
    pub from_step: f64,
    /// End of the part shown, steps.
    pub to_step: f64,
    /// First neuron shown.
    pub first: u32,
    /// Number of neurons shown.
    pub count: u32,
    /// Columns of the picture.
    pub columns: usize,
    /// Rows of the picture; one neuron may have several, or several neurons one.
    pub rows: usize,
}

impl Recording {
    /// An empty recording of `neurons` neurons at steps of `dt_ms`, which may
    /// take `cap_bytes` for single spikes.
    pub fn new(neurons: u32, dt_ms: f64, cap_bytes: usize) -> Self {
        Self {
            dt_ms,
            neurons,
            ids: None,
            cap_bytes,
            chunks: Vec::new(),
            before: Vec::new(),
            bytes: 0,
            open: Chunk::new(0),
            pyramid: Pyramid::new(neurons),
            sealed: 0,
            kept_from: 0,
            steps: 0,
        }
    }

    /// Has its neurons shown under these numbers, ascending and one for each,
    /// instead of 0, 1, 2 …
    pub fn with_ids(self, ids: Arc<[u64]>) -> Self {
        debug_assert_eq!(ids.len(), self.neurons as usize);
        Self { ids: Some(ids), ..self }
    }

    /// Records that `neurons` spiked in `step`. Steps must not go back; a step
    /// that does is counted as the last one.
    pub fn push(&mut self, step: u64, neurons: &[u32]) {
        let step = step.max(self.steps.saturating_sub(1));
        let known = self.neurons;
        for &neuron in neurons.iter().filter(|n| **n < known) {
            if !self.open.takes(step) {
                self.seal(step);
            }
            self.open.push(step, neuron);
        }
        self.advance(step + 1);
    }

    /// Records (step, neuron) one after another, as [`Recording::push`] does.
    pub fn extend(&mut self, spikes: impl IntoIterator<Item = (u64, u32)>) {
        let mut steps = self.steps;
        for (step, neuron) in spikes {
            let step = step.max(steps.saturating_sub(1));
            steps = step + 1;
            if neuron < self.neurons {
                if !self.open.takes(step) {
                    self.seal(step);
                }
                self.open.push(step, neuron);
            }
        }
        self.advance(steps);
    }

    /// Tells that the run has come to `steps` steps, with or without spikes.
    pub fn advance(&mut self, steps: u64) {
        self.steps = self.steps.max(steps);
    }

    /// Closes the open chunk, begins one at `step`, and keeps to the cap.
    fn seal(&mut self, step: u64) {
        let full = std::mem::replace(&mut self.open, Chunk::new(step));
        if full.len() == 0 {
            return;
        }
        self.pyramid.add(&full);
        self.before.push(self.sealed);
        self.sealed += full.len() as u64;
        self.bytes += full.bytes();
        self.chunks.push(Arc::new(full));
        let mut gone = 0;
        while self.bytes > self.cap_bytes && gone < self.chunks.len() {
            self.bytes -= self.chunks[gone].bytes();
            self.kept_from = self.chunks[gone].last_step() + 1;
            gone += 1;
        }
        self.chunks.drain(..gone);
        self.before.drain(..gone);
    }

    /// Length of a step, ms.
    pub fn dt_ms(&self) -> f64 {
        self.dt_ms
    }

    /// Number of neurons.
    pub fn neurons(&self) -> u32 {
        self.neurons
    }

    /// The number under which a neuron is shown: its place, unless it came with
    /// another from a file.
    pub fn id(&self, neuron: u32) -> u64 {
        let of_file = self.ids.as_ref().and_then(|ids| ids.get(neuron as usize));
        of_file.copied().unwrap_or(u64::from(neuron))
    }

    /// The neuron that is shown under this number, or the next one after it.
    pub fn neuron_of_id(&self, id: u64) -> u32 {
        let Some(ids) = &self.ids else { return u32::try_from(id).unwrap_or(u32::MAX) };
        ids.partition_point(|i| *i < id) as u32
    }

    /// Steps recorded.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Length of the run so far, ms.
    pub fn duration_ms(&self) -> f64 {
        self.steps as f64 * self.dt_ms
    }

    /// All spikes ever recorded.
    pub fn total(&self) -> u64 {
        self.sealed + self.open.len() as u64
    }

    /// The first step from which on single spikes are known; what was before is
    /// known as densities.
    pub fn kept_from(&self) -> u64 {
        self.kept_from
    }

    /// Memory in use for single spikes, bytes.
    pub fn bytes(&self) -> usize {
        self.bytes + self.open.bytes()
    }

    /// The known single spikes of the steps in `range`, as (step, neuron), in
    /// order of time. Finding the first takes O(log n).
    pub fn spikes(&self, range: Range<u64>) -> impl Iterator<Item = (u64, u32)> + '_ {
        let range = range.start.max(self.kept_from)..range.end;
        self.sealed_spikes(range.clone()).chain(self.open.spikes(range))
    }

    /// Known spikes before `step`, those given up included where `step` lies
    /// after them. O(log n).
    fn rank(&self, step: u64) -> u64 {
        let i = self.chunks.partition_point(|c| c.last_step() < step);
        match self.chunks.get(i) {
            Some(chunk) => self.before[i] + chunk.rank(step) as u64,
            None => self.sealed + self.open.rank(step) as u64,
        }
    }

    /// How many single spikes are known in the steps of `range`. O(log n).
    pub fn count(&self, range: Range<u64>) -> u64 {
        let start = range.start.max(self.kept_from);
        if range.end <= start { 0 } else { self.rank(range.end) - self.rank(start) }
    }

    /// The first step after `step` in which one of `neurons` spiked.
    pub fn next_spike(&self, step: u64, neurons: Range<u32>) -> Option<u64> {
        self.spikes(step.saturating_add(1)..u64::MAX)
            .find(|(_, n)| neurons.contains(n))
            .map(|s| s.0)
    }

    /// The last step before `step` in which one of `neurons` spiked.
    pub fn previous_spike(&self, step: u64, neurons: Range<u32>) -> Option<u64> {
        let sealed = self.chunks[..self.chunks.partition_point(|c| c.first_step() < step)].iter();
        std::iter::once(&self.open)
            .chain(sealed.rev().map(AsRef::as_ref))
            .find_map(|c| c.last_before(step, &neurons))
    }

    /// Counts the spikes in each cell of a picture: `cells` has
    /// `view.rows × view.columns` numbers, row by row, the first neuron's row
    /// first. Where single spikes have been given up, or are too many to go
    /// through for one frame, the pyramid's bins are spread over the cells that
    /// they cover. The sum over the cells is the number of spikes shown, apart
    /// from bins that stick out at the edges.
    pub fn count_cells(&self, view: &View, cells: &mut [f32]) {
        cells.fill(0.0);
        let span = view.to_step - view.from_step;
        let sized = cells.len() == view.columns * view.rows && view.columns * view.rows > 0;
        if !sized || view.count == 0 || span.is_nan() || span <= 0.0 {
            return;
        }
        let (from, to) =
            (view.from_step.max(0.0).floor() as u64, view.to_step.max(0.0).ceil() as u64);
        // The pyramid knows all that is sealed: it serves what is no longer known
        // singly, and what is too much to go through. Its bins may be two columns
        // wide then, its blocks of neurons several rows high if there are very many.
        let spikes = self.count(from..to);
        let most = MOST_SINGLE * if self.pyramid.blocks_fit(view) { 1 } else { 3 };
        let coarse = spikes > most && self.pyramid.is_fine_enough(2.0 * span / view.columns as f64);
        let mut single_from = if coarse { u64::MAX } else { self.kept_from };
        if from < single_from {
            single_from = self.pyramid.count_cells(view, single_from.min(to), cells);
        }
        let scale = view.columns as f64 / span;
        let rows = RowOf::new(view, spikes);
        let mut last = (u64::MAX, 0.0);
        let mut mark = |(step, neuron): (u64, u32)| {
            let Some(row) = rows.row(neuron) else { return };
            if step != last.0 {
                last = (step, (step as f64 - view.from_step) * scale);
            }
            if last.1 >= 0.0 {
                let column = (last.1 as usize).min(view.columns - 1);
                cells[row * view.columns + column] += 1.0;
            }
        };
        // The open chunk is not in the pyramid.
        self.sealed_spikes(from.max(single_from)..to).for_each(&mut mark);
        self.open.spikes(from..to).for_each(&mut mark);
    }

    /// The sealed part of [`Recording::spikes`].
    fn sealed_spikes(&self, range: Range<u64>) -> impl Iterator<Item = (u64, u32)> + '_ {
        let first = self.chunks.partition_point(|c| c.last_step() < range.start);
        let end = range.end;
        self.chunks[first..]
            .iter()
            .take_while(move |c| c.first_step() < end)
            .flat_map(move |c| c.spikes(range.clone()))
    }

    /// Spikes of all neurons in each of `bins` equal parts of the run so far. It
    /// takes O(bins log n), so it may be asked every frame.
    pub fn activity(&self, bins: usize) -> Vec<f32> {
        let edge = |i: usize| (self.steps as u128 * i as u128 / bins.max(1) as u128) as u64;
        self.all_spikes(bins, (0.0, self.steps as f64), edge)
    }

    /// Spikes of all neurons in each of `bins` bins within `span`, of which bin i
    /// begins at step `edge(i)`.
    fn all_spikes(&self, bins: usize, span: (f64, f64), edge: impl Fn(usize) -> u64) -> Vec<f32> {
        let mut counts = vec![0.0; bins];
        let mut known_from = 0;
        if bins > 0 && (span.0 as u64) < self.kept_from {
            // Of what was given up, the pyramid's coarsest bins tell enough.
            let view = View {
                from_step: span.0,
                to_step: span.1,
                first: 0,
                count: self.neurons,
                columns: bins,
                rows: 1,
            };
            let until = self.kept_from.min(span.1.ceil() as u64);
            known_from = self.pyramid.count_cells(&view, until, &mut counts);
        }
        for (i, count) in counts.iter_mut().enumerate() {
            *count += self.count(edge(i).max(known_from)..edge(i + 1)) as f32;
        }
        counts
    }

    /// Spikes of `neurons` per bin of `bin_steps`, from step `from` on for
    /// `bins` bins. Where single spikes were given up, the pyramid's coarser
    /// bins are spread evenly.
    pub fn population(
        &self,
        from: u64,
        bins: usize,
        bin_steps: u64,
        neurons: Range<u32>,
    ) -> Vec<f32> {
        let bin_steps = bin_steps.max(1);
        if neurons.start == 0 && neurons.end >= self.neurons {
            let end = from + bins as u64 * bin_steps;
            let edge = |i: usize| from + i as u64 * bin_steps;
            return self.all_spikes(bins, (from as f64, end as f64), edge);
        }
        let view = View {
            from_step: from as f64,
            to_step: (from + bins as u64 * bin_steps) as f64,
            first: neurons.start,
            count: neurons.end.saturating_sub(neurons.start),
            columns: bins,
            rows: 1,
        };
        let mut counts = vec![0.0; bins];
        self.count_cells(&view, &mut counts);
        counts
    }
}

/// Which row of a picture a neuron is drawn in.
struct RowOf {
    first: u32,
    count: u32,
    rows: u64,
    /// The row of each neuron in view, where there are so many spikes that looking
    /// it up is worth the list.
    listed: Vec<u32>,
}

impl RowOf {
    fn new(view: &View, spikes: u64) -> Self {
        let mut rows = Self {
            first: view.first,
            count: view.count,
            rows: view.rows as u64,
            listed: Vec::new(),
        };
        if spikes > u64::from(view.count) {
            rows.listed = (0..view.count).map(|i| rows.reckoned(i) as u32).collect();
        }
        rows
    }

    /// The first row of the neuron; `None` if it is not in view.
    fn row(&self, neuron: u32) -> Option<usize> {
        let i = neuron.checked_sub(self.first).filter(|i| *i < self.count)?;
        Some(self.listed.get(i as usize).map_or_else(|| self.reckoned(i), |row| *row as usize))
    }

    fn reckoned(&self, i: u32) -> usize {
        (u64::from(i) * self.rows / u64::from(self.count)) as usize
    }
}

#[cfg(test)]
mod tests;

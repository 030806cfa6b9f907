//! What is on the device: reading and writing it, and the engine's state as a whole.

use std::sync::{Arc, OnceLock};

use super::buffers::{Buffers, await_map, buffer, staging};
use super::layout::SidePlaces;
use super::record::neurons;
use super::{BLOCK, GpuEngine};
use crate::snn::engine::{EngineState, PopulationState, ProjectionState};
use crate::snn::error::SnnError;
use crate::snn::network::{InputKind, Source, Values, Waveform};
use crate::snn::plasticity::Follows;
use crate::snn::rng::{Key, threshold};

/// What [`GpuEngine::remember`] keeps.
pub(super) struct Mark {
    step: u64,
    /// As in a snapshot.
    under_way: Vec<Vec<Vec<(u16, u32)>>>,
    /// Of [`Buffers::kept`].
    copies: Vec<wgpu::Buffer>,
}

impl Mark {
    pub(super) fn bytes(&self) -> u64 {
        self.copies.iter().map(wgpu::Buffer::size).sum()
    }
}

impl Buffers {
    /// Those that a step changes, and later steps need.
    fn kept(&self) -> [&wgpu::Buffer; 4] {
        [&self.state, &self.weights, &self.cells, &self.marks]
    }
}

/// The parts of the two sides' traces in a snapshot.
fn side_words(places: &SidePlaces, replicas: u32) -> (usize, usize) {
    let each = (replicas * places.neurons) as usize;
    (each * places.count as usize, each)
}

impl GpuEngine {
    /// Brings everything to where a run begins.
    pub(super) fn begin(&mut self) -> Result<(), SnnError> {
        for (p, places) in self.network.populations.iter().zip(&self.layout.populations) {
            let own = p.initial[..p.model.own()].concat();
            let all = own.repeat(self.layout.replicas as usize);
            self.put(&self.buffers.state, places.own, bytemuck::cast_slice(&all));
            let shared = p.initial[p.model.own()..].concat();
            self.put(&self.buffers.state, places.shared, bytemuck::cast_slice(&shared));
        }
        for (p, places) in self.network.projections.iter().zip(&self.layout.projections) {
            self.put(&self.buffers.weights, places.weights, bytemuck::cast_slice(&p.weights));
            let to = self.network.populations[p.to].size;
            self.put(&self.buffers.marks, places.changed, &vec![1; to]);
        }
        for input in 0..self.inputs.len() {
            for replica in 0..self.network.replicas {
                self.place_input(input, replica);
            }
            for replica in 0..self.network.replicas {
                let stream = format!("poisson/{}", self.network.inputs[input].name);
                let Key(a, b) = Key::new(self.network.seed, &stream, replica);
                let at = self.layout.inputs[input].keys as usize + 2 * replica;
                (self.layout.given[at], self.layout.given[at + 1]) = (a, b);
            }
        }
        for current in 0..self.network.currents.len() {
            self.place_current(current);
        }
        self.renew_rules()?;
        self.gpu.check()
    }

    /// Puts an input's kind and probabilities into the image of `given`.
    pub(super) fn place_input(&mut self, input: usize, replica: usize) {
        let places = &self.layout.inputs[input];
        let kind = &self.inputs[input][replica];
        let n = self.network.inputs[input].size;
        let listed = matches!(kind, InputKind::Listed(_));
        self.layout.given[places.listed as usize + replica] = u32::from(listed);
        let at = places.thresholds as usize + replica * n;
        let thresholds = &mut self.layout.given[at..at + n];
        match kind {
            InputKind::Poisson(rates) => {
                for (t, rate) in thresholds.iter_mut().zip(rates) {
                    *t = threshold(f64::from(*rate) * self.network.dt_ms / 1000.0);
                }
            }
            _ => thresholds.fill(0),
        }
    }

    /// Writes an input's part of `given`.
    pub(super) fn write_input(&self, input: usize, replica: usize) {
        let places = &self.layout.inputs[input];
        let n = self.network.inputs[input].size as u32;
        self.write_given(places.listed + replica as u32, 1);
        self.write_given(places.thresholds + replica as u32 * n, n);
    }

    /// Writes a current's constant part and its kind.
    pub(super) fn place_current(&mut self, current: usize) {
        let places = self.layout.currents[current].clone();
        let (kind, each) = match &self.network.currents[current].waveform {
            Waveform::Constant(Values::Each(each)) => (0, Some(each)),
            Waveform::From(_, Values::Each(each)) => (2, Some(each)),
            _ => (1, None),
        };
        if let Some(each) = each {
            self.put(&self.buffers.state, places.each, bytemuck::cast_slice(each));
        }
        self.layout.given[places.varies as usize] = kind;
        self.write_given(places.varies, 1);
    }

    /// Everything that follows from the rules' parameters: constants, how
    /// spikes raise traces, tables of decay. The tables may change their size.
    pub(super) fn renew_rules(&mut self) -> Result<(), SnnError> {
        let dt_ms = self.network.dt_ms;
        let given = &mut self.layout.given;
        given.truncate(self.layout.tables_from);
        for ((p, places), on) in
            self.network.projections.iter().zip(&self.layout.projections).zip(&self.learning)
        {
            let (Some(q), Some(l)) = (&p.plasticity, &places.learning) else { continue };
            let (rule, values) = (q.rule, &q.values);
            given[l.on as usize] = u32::from(*on);
            given[l.adds as usize] = u32::from((rule.adds)(values));
            given[l.membrane as usize] = u32::from((rule.follows)(values) == Follows::Membrane);
            for (k, c) in (rule.kernel.derive)(values, dt_ms).into_iter().enumerate() {
                given[l.constants as usize + k] = c.to_bits();
            }
            for (traces, side) in [(rule.pre, &l.pre), (rule.post, &l.post)] {
                let mut longest = 0;
                for (t, trace) in traces.iter().enumerate() {
                    let table = rule.decay(values, trace, dt_ms);
                    let at = side.tables as usize + 2 * t;
                    (given[at], given[at + 1]) = (given.len() as u32, table.len() as u32);
                    longest = longest.max(table.len() as u32);
                    given.extend(table.into_iter().map(f32::to_bits));
                }
                given[side.tables as usize + 2 * traces.len()] = longest;
            }
        }
        let bytes = given.len() as u64 * 4;
        if self.buffers.given.size() < bytes {
            self.finish()?;
            self.gpu.check_sizes(&[("connections and tables", bytes)])?;
            self.buffers.given = buffer(&self.gpu, "connections", bytes.next_power_of_two())?;
            self.rebind()?;
        }
        self.gpu.queue.write_buffer(
            &self.buffers.given,
            0,
            bytemuck::cast_slice(&self.layout.given),
        );
        Ok(())
    }

    /// Writes part of `given` from its image.
    pub(super) fn write_given(&self, at: u32, words: u32) {
        let words = &self.layout.given[at as usize..(at + words) as usize];
        self.put(&self.buffers.given, at, words);
    }

    /// Writes words to a buffer, before the next submission.
    pub(super) fn put(&self, buffer: &wgpu::Buffer, at: u32, words: &[u32]) {
        if !words.is_empty() {
            let bytes = bytemuck::cast_slice(words);
            self.gpu.queue.write_buffer(buffer, u64::from(at) * 4, bytes);
        }
    }

    /// Reads words of a buffer, once everything submitted is done.
    pub(super) fn read(
        &mut self,
        which: fn(&Buffers) -> &wgpu::Buffer,
        at: u32,
        words: usize,
    ) -> Result<Vec<u32>, SnnError> {
        self.finish()?;
        if words == 0 {
            return Ok(Vec::new());
        }
        let bytes = words as u64 * 4;
        let staging = staging(&self.gpu, bytes)?;
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let from = which(&self.buffers);
        encoder.copy_buffer_to_buffer(from, u64::from(at) * 4, &staging, 0, bytes);
        let mapped = Arc::new(OnceLock::new());
        let seen = mapped.clone();
        let submission = self.gpu.queue.submit([encoder.finish()]);
        staging.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
            let _ = seen.set(result);
        });
        await_map(&self.gpu, &submission, &mapped)?;
        let view = staging
            .get_mapped_range(0..bytes)
            .map_err(|e| SnnError::Engine(format!("reading from the GPU failed: {e}")))?;
        Ok(bytemuck::cast_slice(&view).to_vec())
    }

    /// The same for numbers.
    pub(super) fn read_numbers(
        &mut self,
        which: fn(&Buffers) -> &wgpu::Buffer,
        at: u32,
        words: usize,
    ) -> Result<Vec<f32>, SnnError> {
        Ok(self.read(which, at, words)?.into_iter().map(f32::from_bits).collect())
    }

    pub(super) fn save(&mut self) -> Result<EngineState, SnnError> {
        let replicas = self.network.replicas;
        let mut populations = Vec::new();
        for p in 0..self.network.populations.len() {
            let population = &self.network.populations[p];
            let (n, own) = (population.size, population.model.own());
            let shared = population.model.state.len() - own;
            let places = self.layout.populations[p].clone();
            populations.push(PopulationState {
                own: self.read_numbers(|b| &b.state, places.own, replicas * own * n)?,
                shared: self.read_numbers(|b| &b.state, places.shared, shared * n)?,
                refractory: self.read(|b| &b.cells, places.refractory, replicas * n)?,
                counts: self.read(|b| &b.cells, places.counts, replicas * n)?,
            });
        }
        let mut projections = Vec::new();
        for p in 0..self.network.projections.len() {
            projections.push(self.save_projection(p)?);
        }
        let under_way = (0..self.layout.sources.len()).map(|s| self.under_way(s));
        let under_way = under_way.collect::<Result<_, _>>()?;
        Ok(EngineState { step: self.step, populations, projections, under_way })
    }

    fn save_projection(&mut self, p: usize) -> Result<ProjectionState, SnnError> {
        let places = self.layout.projections[p].clone();
        let projection = &self.network.projections[p];
        let (count, to) = (projection.weights.len(), self.network.populations[projection.to].size);
        let all = self.read(|b| &b.marks, places.all_changed, 1)?[0] != 0;
        let changed = self.read(|b| &b.marks, places.changed, to)?;
        let mut state = ProjectionState {
            weights: self.read_numbers(|b| &b.weights, places.weights, count)?,
            changed: changed.into_iter().map(|c| c != 0 || all).collect(),
            ..ProjectionState::default()
        };
        if let Some(l) = places.learning {
            let (values, since) = side_words(&l.pre, self.layout.replicas);
            state.pre = self.read_numbers(|b| &b.state, l.pre.values, values)?;
            state.pre_since = self.read(|b| &b.cells, l.pre.since, since)?;
            let (values, since) = side_words(&l.post, self.layout.replicas);
            state.post = self.read_numbers(|b| &b.state, l.post.values, values)?;
            state.post_since = self.read(|b| &b.cells, l.post.since, since)?;
        }
        Ok(state)
    }

    /// Takes all that ever spiked for active again, as the CPU does when a rule's
    /// parameters change.
    pub(super) fn list_all(&mut self, p: usize) -> Result<(), SnnError> {
        let Some(l) = &self.layout.projections[p].learning else { return Ok(()) };
        let Some(active) = l.active else { return Ok(()) };
        let (at, count) = (l.pre.since, side_words(&l.pre, self.layout.replicas).1);
        let since = self.read(|b| &b.cells, at, count)?;
        let spiked: Vec<u32> = since.into_iter().map(|s| u32::from(s != 0)).collect();
        self.put(&self.buffers.cells, active, &spiked);
        Ok(())
    }

    /// Spikes of a source that are still under way, the oldest step first.
    fn under_way(&mut self, s: usize) -> Result<Vec<Vec<(u16, u32)>>, SnnError> {
        let source = self.layout.sources[s].clone();
        let words = source.words as usize;
        let slot = words * self.network.replicas;
        let begin = self.step.saturating_sub(u64::from(source.longest));
        let mut steps = Vec::new();
        for step in begin..self.step {
            let at = (step & u64::from(self.layout.ring_mask)) as usize * slot;
            let bits = self.read(|b| &b.spikes, source.bits + at as u32, slot)?;
            let of = bits.chunks(words).enumerate();
            let of = of.flat_map(|(r, bits)| neurons(bits).map(move |j| (r as u16, j)));
            steps.push(of.collect());
        }
        Ok(steps)
    }

    /// Remembers the state, on the device.
    pub(super) fn remember(&mut self) -> Result<(), SnnError> {
        let under_way = (0..self.layout.sources.len()).map(|s| self.under_way(s));
        let under_way = under_way.collect::<Result<_, _>>()?;
        let sizes = self.buffers.kept().map(wgpu::Buffer::size);
        let copies = match self.mark.take() {
            Some(mark) => mark.copies,
            None => {
                let names = ["neurons' states", "weights", "spike counts", "marks"];
                let mut copies = Vec::new();
                for (name, size) in names.into_iter().zip(sizes) {
                    copies.push(buffer(&self.gpu, &format!("copy of the {name}"), size)?);
                }
                copies
            }
        };
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        for (from, to) in self.buffers.kept().into_iter().zip(&copies) {
            encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size());
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.mark = Some(Mark { step: self.step, under_way, copies });
        self.gpu.check()
    }

    /// Goes back to what was remembered, at the present step.
    pub(super) fn go_back(&mut self) -> Result<(), SnnError> {
        let nothing = || SnnError::Snapshot("nothing was remembered".to_owned());
        let Mark { step, under_way, copies } = self.mark.take().ok_or_else(nothing)?;
        self.finish()?;
        let fixed = self.fixed_weights()?;
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        // The tallies at the beginning of the marks go on, as time does.
        let begins = [0, 0, 0, self.tallies.len() as u64 * 4];
        for ((from, to), at) in copies.iter().zip(self.buffers.kept()).zip(begins) {
            encoder.copy_buffer_to_buffer(from, at, to, at, to.size() - at);
        }
        self.gpu.queue.submit([encoder.finish()]);
        // Rare enough to go through the host, which moves everything in time.
        let now = self.step;
        let mut state = self.save()?;
        (state.step, state.under_way) = (step, under_way);
        for (p, weights) in fixed {
            state.projections[p].weights = weights;
        }
        state.move_to(now);
        self.place(&state);
        self.gpu.check()
    }

    /// Weights of the projections that do not learn.
    fn fixed_weights(&mut self) -> Result<Vec<(usize, Vec<f32>)>, SnnError> {
        let mut found = Vec::new();
        for p in 0..self.network.projections.len() {
            if self.network.projections[p].plasticity.is_none() {
                let (n, at) =
                    (self.network.projections[p].weights.len(), self.layout.projections[p].weights);
                found.push((p, self.read_numbers(|b| &b.weights, at, n)?));
            }
        }
        Ok(found)
    }

    pub(super) fn load(&mut self, state: &EngineState) -> Result<(), SnnError> {
        self.finish()?;
        self.check_fit(state).map_err(|what| SnnError::Snapshot(format!("{what} does not fit")))?;
        self.step = state.step;
        self.steps_done = state.step;
        self.place(state);
        self.recorder.forget();
        self.gpu.check()
    }

    /// Everything in a state but the time.
    fn place(&mut self, state: &EngineState) {
        for (saved, places) in state.populations.iter().zip(&self.layout.populations) {
            self.put(&self.buffers.state, places.own, bytemuck::cast_slice(&saved.own));
            self.put(&self.buffers.state, places.shared, bytemuck::cast_slice(&saved.shared));
            self.put(&self.buffers.cells, places.refractory, &saved.refractory);
            self.put(&self.buffers.cells, places.counts, &saved.counts);
        }
        for (saved, places) in state.projections.iter().zip(&self.layout.projections) {
            self.put(&self.buffers.weights, places.weights, bytemuck::cast_slice(&saved.weights));
            let changed: Vec<u32> = saved.changed.iter().map(|c| u32::from(*c)).collect();
            self.put(&self.buffers.marks, places.changed, &changed);
            self.put(&self.buffers.marks, places.all_changed, &[0]);
            if let Some(l) = &places.learning {
                self.put(&self.buffers.state, l.pre.values, bytemuck::cast_slice(&saved.pre));
                self.put(&self.buffers.cells, l.pre.since, &saved.pre_since);
                if let Some(active) = l.active {
                    let spiked = saved.pre_since.iter().map(|s| u32::from(*s != 0));
                    self.put(&self.buffers.cells, active, &spiked.collect::<Vec<u32>>());
                }
                self.put(&self.buffers.state, l.post.values, bytemuck::cast_slice(&saved.post));
                self.put(&self.buffers.cells, l.post.since, &saved.post_since);
            }
        }
        let spikes = self.ring_of(state);
        self.put(&self.buffers.spikes, 0, &spikes);
    }

    /// The buffer `spikes` with what is under way in a state.
    fn ring_of(&self, state: &EngineState) -> Vec<u32> {
        let mut words = vec![0u32; self.layout.spikes.words() as usize];
        let replicas = self.network.replicas;
        for (source, steps) in self.layout.sources.iter().zip(&state.under_way) {
            let begin = state.step - (steps.len() as u64).min(state.step);
            for (step, list) in (begin..).zip(steps) {
                let slot = |mask: u32| (step & u64::from(mask)) as usize * replicas;
                for (replica, j) in list {
                    let (replica, j) = (usize::from(*replica), *j as usize);
                    let row = slot(self.layout.ring_mask) + replica;
                    let word = source.bits as usize + row * source.words as usize + j / 32;
                    words[word] |= 1 << (j % 32);
                    if let Some((lists, counts)) = source.list {
                        let block = j / BLOCK as usize;
                        let row = slot(self.layout.list_mask) + replica;
                        let place = row * source.blocks as usize + block;
                        let count = counts as usize + place;
                        let at = lists as usize + place * BLOCK as usize + words[count] as usize;
                        words[at] = j as u32;
                        words[count] += 1;
                    }
                }
            }
        }
        words
    }

    /// The name of the first part that does not fit.
    fn check_fit(&self, state: &EngineState) -> Result<(), String> {
        let fits = |good: bool, what: &str| if good { Ok(()) } else { Err(what.to_owned()) };
        let (network, replicas) = (&self.network, self.network.replicas);
        fits(state.populations.len() == network.populations.len(), "the number of populations")?;
        fits(state.projections.len() == network.projections.len(), "the number of projections")?;
        fits(state.under_way.len() == self.layout.sources.len(), "the number of sources")?;
        for (saved, p) in state.populations.iter().zip(&network.populations) {
            let own = p.model.own();
            let good = saved.own.len() == replicas * own * p.size
                && saved.shared.len() == (p.model.state.len() - own) * p.size
                && saved.refractory.len() == replicas * p.size
                && saved.counts.len() == replicas * p.size;
            fits(good, &format!("population {:?}", p.name))?;
        }
        for (k, (saved, p)) in state.projections.iter().zip(&network.projections).enumerate() {
            let to = network.populations[p.to].size;
            let traces = self.layout.projections[k].learning.as_ref().is_none_or(|l| {
                (saved.pre.len(), saved.pre_since.len()) == side_words(&l.pre, replicas as u32)
                    && (saved.post.len(), saved.post_since.len())
                        == side_words(&l.post, replicas as u32)
            });
            let good = saved.weights.len() == p.weights.len() && saved.changed.len() == to;
            fits(good && traces, &format!("projection {:?}", p.name))?;
        }
        for (s, (steps, source)) in state.under_way.iter().zip(&self.layout.sources).enumerate() {
            let place = match s.checked_sub(network.populations.len()) {
                Some(i) => Source::Input(i),
                None => Source::Population(s),
            };
            let known = |(r, j): &(u16, u32)| usize::from(*r) < replicas && *j < source.neurons;
            let good = steps.len() <= source.longest as usize && steps.iter().flatten().all(known);
            fits(good, &format!("what is under way from {:?}", network.describe(place).0))?;
        }
        Ok(())
    }
}

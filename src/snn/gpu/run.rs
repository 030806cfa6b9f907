//! Steps are submitted in portions; what they recorded comes back behind them.
//!
//! While the device works on one portion, the host reads what the one before
//! gave: two are under way at most. A portion is as long as takes about
//! [`BUDGET`], so that a desktop that shares the card stays responsive and no
//! driver takes the device for hung; nothing here waits for anything but the
//! portion before the last.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::buffers::{STRIDE, await_map, buffer, staging};
use super::layout::MOST_PORTION;
use super::record::{Portion, Rows};
use super::{GpuEngine, MOST_ROUNDS};
use crate::snn::error::SnnError;
use crate::snn::network::{InputKind, Waveform};

/// What a portion may take.
const BUDGET: Duration = Duration::from_millis(10);
/// Twin of `Run` in shaders/lib/frame.wgsl, where the members are explained.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) zero: u32,
    pub(super) first: u32,
    pub(super) steps: u32,
    pub(super) begin: u32,
    pub(super) apart: u32,
    pub(super) projection: u32,
    pub(super) currents: u32,
    pub(super) listed: u32,
}

impl Run {
    /// As it is on the device.
    pub(super) fn words(&self) -> [u32; 8] {
        let Self { zero, first, steps, begin, apart, projection, currents, listed } = *self;
        [zero, first, steps, begin, apart, projection, currents, listed]
    }
}

/// How long portions are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    portion: u32,
    last: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { portion: 16, last: None }
    }
}

impl Pace {
    /// A portion that we waited for has come back. The next is as long as the
    /// budget allows, but at most twice as long.
    fn measured(&mut self, steps: u32, submitted: Instant) {
        let begun = self.last.map_or(submitted, |last| last.max(submitted));
        let step_s = begun.elapsed().as_secs_f64() / f64::from(steps.max(1));
        let most = f64::from((2 * self.portion).min(MOST_PORTION));
        self.portion = (BUDGET.as_secs_f64() / step_s.max(1e-9)).clamp(1.0, most) as u32;
        self.last = Some(Instant::now());
    }
}

/// A portion that is under way.
pub(super) struct Flight {
    first: u64,
    steps: u32,
    rows: Vec<Rows>,
    /// Words of samples, and of the bits of each wanted source.
    samples: usize,
    bits: Vec<usize>,
    staging: wgpu::Buffer,
    mapped: Arc<OnceLock<Result<(), wgpu::BufferAsyncError>>>,
    submission: wgpu::SubmissionIndex,
    submitted: Instant,
}

impl GpuEngine {
    /// Submits so many steps.
    pub(super) fn run_steps(&mut self, steps: u64) -> Result<(), SnnError> {
        if self.step.saturating_add(steps) > u64::from(u32::MAX) {
            return Err(SnnError::Engine(
                "the GPU engine counts 4,294,967,295 steps; go on with the CPU engine".to_owned(),
            ));
        }
        let mut left = steps;
        while left > 0 {
            let room = self.layout.ring_mask - self.layout.longest;
            let preference = u64::from(self.pace.portion.min(room)).min(left) as u32;
            let portion = self.recorder.most_steps(&self.network, self.step, preference);
            self.submit(portion)?;
            left -= u64::from(portion);
            while self.flights.len() > 1 {
                let (steps, submitted) =
                    self.flights.front().map_or((1, Instant::now()), |f| (f.steps, f.submitted));
                self.collect()?;
                self.pace.measured(steps, submitted);
            }
        }
        Ok(())
    }

    /// Takes in everything that is under way.
    pub(super) fn finish(&mut self) -> Result<(), SnnError> {
        while !self.flights.is_empty() {
            self.collect()?;
        }
        self.gpu.check()
    }

    fn submit(&mut self, steps: u32) -> Result<(), SnnError> {
        self.gpu.check()?;
        let rows = self.recorder.rows(&self.network, self.step, steps);
        let base = self.write_drive(&rows, steps)?;
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        if self.is_whole() {
            self.encode_whole(&mut encoder, base, steps);
        } else {
            self.encode_phases(&mut encoder, base, &rows, steps);
        }
        let samples: usize = rows.iter().map(|r| r.count * r.width).sum();
        let bits: Vec<usize> =
            self.recorder.wanted().map(|s| self.slot(s) * steps as usize).collect();
        let words = self.tallies.len() + samples + bits.iter().sum::<usize>();
        let staging = self.staging_of(words as u64 * 4)?;
        self.encode_copies(&mut encoder, &staging, samples, steps);
        let mapped = Arc::new(OnceLock::new());
        let seen = mapped.clone();
        let submission = self.gpu.queue.submit([encoder.finish()]);
        staging.map_async(wgpu::MapMode::Read, 0..words as u64 * 4, move |result| {
            let _ = seen.set(result);
        });
        let (first, submitted) = (self.step, Instant::now());
        self.step += u64::from(steps);
        self.flights.push_back(Flight {
            first,
            steps,
            rows,
            samples,
            bits,
            staging,
            mapped,
            submission,
            submitted,
        });
        Ok(())
    }

    /// Words of the bits of a source in one step.
    fn slot(&self, source: usize) -> usize {
        (self.layout.sources[source].words * self.layout.replicas) as usize
    }

    /// Writes `drive` for a portion; the uniform that all its dispatches share.
    fn write_drive(&mut self, rows: &[Rows], steps: u32) -> Result<Run, SnnError> {
        let mut words = self.recorder.table(&self.layout, &self.network, rows);
        let currents = words.len() as u32;
        let (network, dt_ms) = (&self.network, self.network.dt_ms);
        if network.currents.iter().any(|c| !matches!(c.waveform, Waveform::Constant(_))) {
            for step in self.step..self.step + u64::from(steps) {
                let t_ms = step as f64 * dt_ms;
                words.extend(
                    network.currents.iter().map(|c| (c.waveform.at(t_ms) as f32).to_bits()),
                );
            }
        }
        let mut listed = 0;
        if self.inputs.iter().flatten().any(|k| matches!(k, InputKind::Listed(_))) {
            listed = words.len() as u32;
            self.list_spikes(&mut words, steps);
        }
        let bytes = words.len() as u64 * 4;
        if self.buffers.drive.size() < bytes {
            self.finish()?;
            self.buffers.drive = buffer(&self.gpu, "drive", bytes.next_power_of_two())?;
            self.rebind()?;
        }
        self.gpu.queue.write_buffer(&self.buffers.drive, 0, bytemuck::cast_slice(&words));
        let (begin, apart) = (self.step as u32, u32::from(self.groups() > 1));
        Ok(Run { begin, apart, currents, listed, ..Run::default() })
    }

    /// Appends the bits of listed spikes, `[step][word of all inputs]`.
    fn list_spikes(&self, words: &mut Vec<u32>, steps: u32) {
        let sources = &self.layout.sources[self.network.populations.len()..];
        let row: usize = sources.iter().map(|s| s.words as usize).sum();
        let at = words.len();
        words.resize(at + row * steps as usize, 0);
        let mut before = 0;
        for (kinds, source) in self.inputs.iter().zip(sources) {
            let list = kinds.iter().find_map(|k| match k {
                InputKind::Listed(list) => Some(list),
                _ => None,
            });
            let list = list.map_or(&[][..], Vec::as_slice);
            let from = list.partition_point(|(s, _)| *s < self.step);
            let end = self.step + u64::from(steps);
            for (step, neuron) in list[from..].iter().take_while(|(s, _)| *s < end) {
                let word = (step - self.step) as usize * row + before + *neuron as usize / 32;
                words[at + word] |= 1 << (neuron % 32);
            }
            before += source.words as usize;
        }
    }

    /// Writes the uniforms of successive dispatches.
    fn write_runs(&self, runs: &[Run]) {
        let mut words = vec![0u32; runs.len() * (STRIDE / 4) as usize];
        for (run, place) in runs.iter().zip(words.chunks_mut((STRIDE / 4) as usize)) {
            place[..8].copy_from_slice(&run.words());
        }
        self.gpu.queue.write_buffer(&self.buffers.run, 0, bytemuck::cast_slice(&words));
    }

    fn encode_whole(&self, encoder: &mut wgpu::CommandEncoder, base: Run, steps: u32) {
        let rounds = self.program.rounds_of_step + self.recorder.rounds(&self.network);
        let most = (MOST_ROUNDS / rounds.max(1)).max(1) as u32;
        let mut runs = Vec::new();
        let mut done = 0;
        while done < steps {
            let steps = most.min(steps - done);
            runs.push(Run { first: base.begin + done, steps, ..base });
            done += steps;
        }
        self.write_runs(&runs);
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.pipelines.whole);
        for k in 0..runs.len() as u32 {
            pass.set_bind_group(0, &self.group, &[k * STRIDE]);
            pass.dispatch_workgroups(self.groups(), 1, 1);
        }
    }

    fn encode_phases(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        base: Run,
        rows: &[Rows],
        steps: u32,
    ) {
        let runs: Vec<Run> =
            (0..steps).map(|k| Run { first: base.begin + k, steps: 1, ..base }).collect();
        self.write_runs(&runs);
        let learns = self.learning.iter().any(|on| *on);
        let mut pass = encoder.begin_compute_pass(&Default::default());
        let grid = |pass: &mut wgpu::ComputePass, blocks: u32| {
            let across = blocks.clamp(1, 65_535);
            pass.dispatch_workgroups(across, blocks.div_ceil(across), 1);
        };
        for k in 0..steps {
            pass.set_bind_group(0, &self.group, &[k * STRIDE]);
            let step = self.step + u64::from(k);
            let due = rows.iter().filter(|r| step.is_multiple_of(r.every)).map(|r| r.width);
            if let Some(widest) = due.max() {
                pass.set_pipeline(&self.pipelines.look);
                // Each invocation goes through a few thousand numbers at most.
                grid(&mut pass, widest.div_ceil(super::BLOCK as usize).min(1024) as u32);
            }
            pass.set_pipeline(&self.pipelines.advance);
            grid(&mut pass, self.program.advance);
            pass.set_pipeline(&self.pipelines.settle);
            grid(&mut pass, self.program.settle);
            if let Some(learn) = self.pipelines.learn.as_ref().filter(|_| learns) {
                pass.set_pipeline(learn);
                grid(&mut pass, self.program.learn);
            }
        }
    }

    /// Tallies, samples and the bits of wanted sources go to the staging buffer.
    fn encode_copies(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        staging: &wgpu::Buffer,
        samples: usize,
        steps: u32,
    ) {
        let buffers = &self.buffers;
        let mut at = 0u64;
        let mut copy = |from: &wgpu::Buffer, word: u64, words: u64| {
            if words > 0 {
                encoder.copy_buffer_to_buffer(from, word * 4, staging, at, words * 4);
                at += words * 4;
            }
        };
        copy(&buffers.marks, 0, self.tallies.len() as u64);
        copy(&buffers.samples, 0, samples as u64);
        let ring = u64::from(self.layout.ring_mask) + 1;
        for source in self.recorder.wanted() {
            let slot = self.slot(source) as u64;
            let begin = self.step & u64::from(self.layout.ring_mask);
            let before_end = u64::from(steps).min(ring - begin);
            let bits = u64::from(self.layout.sources[source].bits);
            copy(&buffers.spikes, bits + begin * slot, before_end * slot);
            copy(&buffers.spikes, bits, (u64::from(steps) - before_end) * slot);
        }
    }

    fn staging_of(&mut self, bytes: u64) -> Result<wgpu::Buffer, SnnError> {
        if let Some(i) = self.staging.iter().position(|b| b.size() >= bytes) {
            return Ok(self.staging.swap_remove(i));
        }
        // Those that are too small would stay so.
        self.staging.clear();
        staging(&self.gpu, bytes.next_power_of_two())
    }

    /// Waits for the oldest portion and takes in what it gave.
    fn collect(&mut self) -> Result<(), SnnError> {
        let Some(flight) = self.flights.pop_front() else { return Ok(()) };
        let taken = self.take_in(&flight);
        if taken.is_err() {
            self.step = self.steps_done;
            self.flights.clear();
        }
        taken
    }

    fn take_in(&mut self, flight: &Flight) -> Result<(), SnnError> {
        await_map(&self.gpu, &flight.submission, &flight.mapped)?;
        let words = self.tallies.len() + flight.samples + flight.bits.iter().sum::<usize>();
        {
            let view = flight
                .staging
                .get_mapped_range(0..words as u64 * 4)
                .map_err(|e| SnnError::Engine(format!("reading from the GPU failed: {e}")))?;
            let words: &[u32] = bytemuck::cast_slice(&view);
            let (tallies, rest) = words.split_at(self.tallies.len());
            for ((count, last), now) in self.counts.iter_mut().zip(&mut self.tallies).zip(tallies) {
                *count += u64::from(now.wrapping_sub(*last));
                *last = *now;
            }
            let (values, mut rest) = rest.split_at(flight.samples);
            let mut bits = Vec::new();
            for n in &flight.bits {
                let (mine, others) = rest.split_at(*n);
                bits.push(mine);
                rest = others;
            }
            let portion = Portion {
                first: flight.first,
                steps: flight.steps,
                rows: &flight.rows,
                values: bytemuck::cast_slice(values),
                bits: &bits,
            };
            self.recorder.take_in(&self.network, &self.layout, &portion);
        }
        flight.staging.unmap();
        self.staging.push(flight.staging.clone());
        self.steps_done = flight.first + u64::from(flight.steps);
        Ok(())
    }
}

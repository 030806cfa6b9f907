//! One training step: forward, backward, update, in memory that is allocated
//! once.
//!
//! The mini-batch is cut into as many parts as there are threads; each goes
//! forward and backward on its own. Then each block of parameters is updated:
//! its gradient is summed over the parts in their order, so a result depends on
//! the number of threads, but not on which thread did what or when.

use std::sync::Mutex;

use rayon::prelude::*;

use super::AnnError;
use super::buffer::Buffer;
use super::network::{Network, Parts};
use super::ops::op::{Backward, Forward, Mode, Part, Shared};
use super::ops::{loss, simd};
use super::optimiser::OptimiserState;
use super::plan::Plan;
use crate::data::{CLASSES, PIXELS};

/// The memory of a training step.
pub struct Backprop {
    parts: Vec<PartMemory>,
    blocks: Vec<Block>,
}

/// One part of the mini-batch, by step of the plan.
struct PartMemory {
    n: usize,
    first: usize,
    labels: Vec<u8>,
    /// What goes into the first step, and what comes out of each.
    planes: Vec<Buffer>,
    /// The loss's gradients by them; none by the picture.
    gradients: Vec<Buffer>,
    keep: Vec<Buffer>,
    partial: Vec<Buffer>,
    scratch: Buffer,
    loss: f64,
    right: usize,
}

/// Parameters that are updated together.
struct Block {
    step: usize,
    number: usize,
    ranges: Vec<std::ops::Range<usize>>,
    gradient: Buffer,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Mean cross-entropy before the update, nats.
    pub loss: f32,
    /// Pictures answered rightly before the update.
    pub right: usize,
}

impl PartMemory {
    fn new(plan: &Plan, n: usize) -> Self {
        let steps = &plan.steps;
        let mode = Mode::Train { seed: 0, step: 0, image: 0 };
        let planes = || plan.planes().into_iter().map(|len| Buffer::zeros(n * len)).collect();
        let scratch = steps.iter().map(|s| s.op.scratch_len(n, mode)).max().unwrap_or(0);
        let mut gradients: Vec<Buffer> = planes();
        gradients[0] = Buffer::default();
        Self {
            n,
            first: 0,
            labels: Vec::with_capacity(n),
            planes: planes(),
            gradients,
            keep: steps.iter().map(|s| Buffer::zeros(n * s.op.keep_len())).collect(),
            partial: steps.iter().map(|s| Buffer::zeros(s.op.partial_len())).collect(),
            scratch: Buffer::zeros(scratch),
            loss: 0.0,
            right: 0,
        }
    }

    /// Goes forward and backward; `batch` is the size of the whole mini-batch.
    fn run(&mut self, parts: &Parts<'_>, (seed, step): (u64, u64), batch: usize) {
        let mode = Mode::Train { seed, step, image: self.first };
        let (n, plan) = (self.n, parts.plan);
        for (i, step) in plan.steps.iter().enumerate() {
            let (before, after) = self.planes.split_at_mut(i + 1);
            step.op.forward(Forward {
                parameters: &parts.parameters[i],
                cache: &parts.caches[i],
                n,
                x: &before[i],
                y: &mut after[0],
                keep: &mut self.keep[i],
                scratch: &mut self.scratch,
                mode,
            });
        }
        self.judge(batch);
        for (i, step) in plan.steps.iter().enumerate().rev() {
            let (before, after) = self.gradients.split_at_mut(i + 1);
            step.op.backward(Backward {
                parameters: &parts.parameters[i],
                cache: &parts.caches[i],
                n,
                x: &self.planes[i],
                y: &self.planes[i + 1],
                dy: &mut after[0],
                keep: &mut self.keep[i],
                scratch: &mut self.scratch,
                partial: &mut self.partial[i],
                dx: (i > 0).then(|| &mut before[i][..]),
                mode,
            });
        }
    }

    /// Loss, right answers, and the gradient by the logits.
    fn judge(&mut self, batch: usize) {
        (self.loss, self.right) = (0.0, 0);
        let (Some(logits), Some(gradient)) = (self.planes.last(), self.gradients.last_mut()) else {
            return;
        };
        let rows = logits.as_chunks::<CLASSES>().0.iter().zip(gradient.as_chunks_mut().0);
        for ((row, gradient), label) in rows.zip(&self.labels) {
            let gradient: &mut [f32; CLASSES] = gradient;
            self.loss += f64::from(loss::cross_entropy(row, *label));
            self.right += right_answers(&[*row], &[*label]);
            loss::gradient(row, *label, 1.0 / batch as f32, gradient);
        }
    }
}

/// How many rows of logits have their largest, and no other as large, at their label.
pub fn right_answers(rows: &[[f32; CLASSES]], labels: &[u8]) -> usize {
    let is_right = |(row, label): &(&[f32; CLASSES], &u8)| {
        let label = usize::from(**label);
        row.iter().enumerate().all(|(d, v)| *v < row[label] || d == label)
    };
    rows.iter().zip(labels).filter(is_right).count()
}

impl Backprop {
    /// For mini-batches of up to `batch` pictures on `threads` threads.
    pub fn new(network: &Network, batch: usize, threads: usize) -> Self {
        let plan = network.plan();
        let threads = threads.clamp(1, batch.max(1));
        let share = |i: usize| batch * (i + 1) / threads - batch * i / threads;
        let blocks = plan.steps.iter().enumerate().flat_map(|(step, s)| {
            s.op.blocks().into_iter().enumerate().map(move |(number, ranges)| {
                let len = ranges.iter().map(ExactSizeIterator::len).sum();
                Block { step, number, ranges, gradient: Buffer::zeros(len) }
            })
        });
        Self {
            blocks: blocks.collect(),
            // The first shares are never larger than the last.
            parts: (0..threads).map(|_| PartMemory::new(plan, share(threads - 1))).collect(),
        }
    }

    /// Pictures that there is memory for.
    #[cfg(test)]
    pub fn pictures(&self) -> usize {
        self.parts.iter().map(|p| p.planes[0].len() / PIXELS).sum()
    }

    /// Trains one mini-batch on the threads of the current pool: `pictures` is
    /// `(labels.len(), 28, 28)`.
    ///
    /// # Errors
    /// [`AnnError::Diverged`] when the loss (nothing was changed) or a gradient
    /// (some parameters were) is not finite.
    pub fn step(
        &mut self,
        network: &mut Network,
        optimiser: &mut OptimiserState,
        (pictures, labels): (&[f32], &[u8]),
        (seed, step): (u64, u64),
    ) -> Result<Outcome, AnnError> {
        let (batch, threads) = (labels.len(), self.parts.len());
        let mut first = 0;
        for (i, part) in self.parts.iter_mut().enumerate() {
            let end = batch * (i + 1) / threads;
            part.first = first;
            part.n = end - first;
            part.labels.clear();
            part.labels.extend_from_slice(&labels[first..end]);
            part.planes[0][..part.n * PIXELS]
                .copy_from_slice(&pictures[first * PIXELS..end * PIXELS]);
            first = end;
        }
        let parts = network.parts();
        self.parts.par_iter_mut().for_each(|part| part.run(&parts, (seed, step), batch));
        let loss = self.parts.iter().map(|p| p.loss).sum::<f64>() / batch.max(1) as f64;
        finite("loss", loss as f32, step + 1)?;
        self.update(parts, optimiser, step + 1)?;
        Ok(Outcome { loss: loss as f32, right: self.parts.iter().map(|p| p.right).sum() })
    }

    #[allow(
        unsafe_code,
        reason = "several threads write to the parameters, each to its own blocks"
    )]
    fn update(
        &mut self,
        network: Parts<'_>,
        optimiser: &mut OptimiserState,
        step: u64,
    ) -> Result<(), AnnError> {
        let Parts { plan, parameters, caches } = network;
        let (parameters, caches) = (all(parameters), all(caches));
        let updater = optimiser.begin_update();
        let failed = Mutex::new(None);
        let memory = &self.parts;
        // One at a time: they take very different times.
        self.blocks.par_iter_mut().with_max_len(1).for_each(|block| {
            let (i, op) = (block.step, &plan.steps[block.step].op);
            let parts: Vec<Part<'_>> = memory
                .iter()
                .map(|p| Part {
                    n: p.n,
                    x: &p.planes[i],
                    dy: &p.gradients[i + 1],
                    keep: &p.keep[i],
                    partial: &p.partial[i],
                })
                .collect();
            op.gradient(block.number, &parts, &mut block.gradient);
            // A sum is finite only if every term is (or in a rare overflow,
            // which is worth stopping for, too).
            let sum = simd::sum(&block.gradient);
            if let (Err(error), Ok(mut failed)) = (finite("gradient", sum, step), failed.lock()) {
                *failed = Some(error);
            }
            let mut from = 0;
            for range in &block.ranges {
                let gradient = &block.gradient[from..from + range.len()];
                from += range.len();
                // SAFETY: no two blocks of a step share a place, and nobody else
                // has the parameters now.
                unsafe {
                    let weights = parameters[i].at(range.clone());
                    updater.update(i, range.clone(), weights, gradient);
                }
            }
        });
        self.blocks.par_iter().for_each(|block| {
            let i = block.step;
            // SAFETY: the updates are done, so everybody only reads the parameters;
            // each block is prepared once, and nobody reads the caches meanwhile.
            unsafe {
                let parameters = parameters[i].read();
                plan.steps[i].op.prepare(block.number, parameters, caches[i]);
            }
        });
        failed.into_inner().ok().flatten().map_or(Ok(()), Err)
    }
}

fn all(buffers: &mut [Buffer]) -> Vec<Shared<'_>> {
    buffers.iter_mut().map(|b| Shared::new(b)).collect()
}

fn finite(what: &'static str, value: f32, step: u64) -> Result<(), AnnError> {
    if value.is_finite() { Ok(()) } else { Err(AnnError::Diverged { what, value, step }) }
}

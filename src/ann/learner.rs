//! One training step: forward, errors, update, in memory that is allocated once.
//!
//! The mini-batch is cut into as many parts as there are threads; each goes
//! forward, and gets its errors, on its own. How the errors are made is the learning
//! rule's ([`super::rules`]); backpropagation is one of them. Then each block of parameters is updated:
//! its gradient is summed over the parts in their order, so a result depends on
//! the number of threads, but not on which thread did what or when.

use std::sync::Mutex;

use rayon::prelude::*;

use super::AnnError;
use super::buffer::Buffer;
use super::network::{Network, Parts};
use super::ops::dense::times;
use super::ops::op::{Backward, Forward, Mode, Part, Shared};
use super::ops::spiking::surrogate::Teaching;
use super::ops::{loss, simd};
use super::optimiser::OptimiserState;
use super::plan::Plan;
use super::rules::disturbance::{Disturbance, Late};
use super::rules::{Method, Way};
use super::tap::{Signal, Tapped};
use crate::data::{CLASSES, PIXELS};

/// What learns: a rule with its state, and the memory of a training step.
pub struct Learner {
    parts: Vec<PartMemory>,
    blocks: Vec<Block>,
    method: Box<dyn Method>,
    /// What is done to errors on their way back.
    pub disturbance: Disturbance,
}

/// One part of the mini-batch, by step of the plan.
pub struct PartMemory {
    /// Its pictures.
    pub n: usize,
    /// The number of its first picture within the mini-batch.
    pub first: usize,
    /// Their labels.
    pub labels: Vec<u8>,
    /// What goes into the first step, and what comes out of each.
    pub planes: Vec<Buffer>,
    /// The errors: the loss's gradients by what comes out, or what the rule has in
    /// their place; none by the picture.
    pub gradients: Vec<Buffer>,
    /// What each operation keeps.
    pub keep: Vec<Buffer>,
    /// Its share of the gradient, in each operation's own form.
    pub partial: Vec<Buffer>,
    /// For whatever needs it next.
    pub scratch: Buffer,
    /// The rule's own.
    pub own: Buffer,
    /// Errors that have not arrived yet.
    pub late: Late,
    /// How spiking neurons are taught.
    pub teaching: Teaching,
    /// Classes: logits of a picture.
    classes: usize,
    /// Sum of the pictures' cross-entropies, nats.
    pub loss: f64,
    /// Pictures answered rightly.
    pub right: usize,
}

/// What a part of the mini-batch is passed through with.
pub struct Job<'a> {
    /// The network.
    pub parts: &'a Parts<'a>,
    /// Seed of the run, number of the step.
    pub address: (u64, u64),
    /// Pictures of the whole mini-batch.
    pub batch: usize,
    /// What is done to errors on their way back.
    pub disturbance: &'a Disturbance,
    /// Who listens.
    pub tap: Tapped<'a>,
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
    /// For up to `n` pictures; `own` numbers are the rule's ([`Method::memory`]).
    pub fn new(plan: &Plan, own: usize, n: usize) -> Self {
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
            own: Buffer::zeros(own),
            late: Late::default(),
            teaching: Teaching::default(),
            classes: plan.planes().last().copied().unwrap_or(CLASSES),
            loss: 0.0,
            right: 0,
        }
    }

    /// Takes pictures, `(labels.len(), 28, 28)`, the first of which is number `first`
    /// in the mini-batch.
    pub fn take(&mut self, first: usize, pictures: &[f32], labels: &[u8]) {
        (self.first, self.n) = (first, labels.len());
        self.labels.clear();
        self.labels.extend_from_slice(labels);
        self.planes[0][..pictures.len()].copy_from_slice(pictures);
    }

    /// Goes forward; all activities are then in `planes`.
    pub fn forward(&mut self, job: &Job<'_>) {
        let (parts, (seed, step)) = (job.parts, job.address);
        let mode = Mode::Train { seed, step, image: self.first };
        let (n, plan) = (self.n, parts.plan);
        job.tap.sent(Signal::Activity(0), &mut self.planes[0]);
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
                tap: job.tap,
            });
            if job.tap.0.is_some() {
                let (layer, sends) = neurons(plan, i + 1);
                let of = if sends { Signal::Activity } else { Signal::State };
                job.tap.sent(of(layer), &mut after[0]);
                // An operation of several layers tells of them itself.
                if plan.steps.len() > 1 {
                    job.tap.sent(Signal::State(layer), &mut self.keep[i]);
                }
            }
        }
    }

    /// Sends the errors from the classes back to the first step, layer by layer, each
    /// on the `way` that the rule says.
    pub fn back<'w>(&mut self, job: &Job<'_>, way: impl Fn(usize) -> Way<'w>) {
        let (parts, (seed, step)) = (job.parts, job.address);
        let mode = Mode::Train { seed, step, image: self.first };
        let (n, plan) = (self.n, parts.plan);
        if let Some(classes) = self.gradients.last_mut() {
            let (layer, _) = neurons(plan, plan.steps.len());
            job.tap.sent(Signal::Error(layer), classes);
        }
        for (i, step) in plan.steps.iter().enumerate().rev() {
            let last = self.gradients.len() - 1;
            let (before, after) = self.gradients.split_at_mut(i + 1);
            let way = if step.op.parameters().is_empty() { Way::Transposed } else { way(i) };
            let (weights, through) = match way {
                Way::Transposed => (&parts.parameters[i][..], true),
                Way::Matrix(other) => (other, true),
                Way::FromOutput(_) | Way::Nothing => (&parts.parameters[i][..], false),
            };
            step.op.backward(Backward {
                parameters: weights,
                cache: &parts.caches[i],
                n,
                x: &self.planes[i],
                y: &self.planes[i + 1],
                dy: &mut after[0],
                keep: &mut self.keep[i],
                scratch: &mut self.scratch,
                partial: &mut self.partial[i],
                dx: (i > 0 && through).then(|| &mut before[i][..]),
                mode,
                teaching: self.teaching,
                tap: job.tap,
            });
            if i == 0 {
                continue;
            }
            let arriving = &mut before[i];
            match way {
                Way::FromOutput(matrix) => {
                    let shape = (n, CLASSES, step.op.input().len());
                    let error = &after[last - i - 1];
                    times(parts.isa(), shape, &error[..n * CLASSES], matrix, arriving);
                }
                Way::Nothing => arriving.fill(0.0),
                Way::Transposed | Way::Matrix(_) => {}
            }
            if job.disturbance.is_on() && !step.op.parameters().is_empty() {
                let width = step.op.input().len();
                let address = (job.address, self.first);
                job.disturbance.apply(
                    i,
                    &mut arriving[..n * width],
                    width,
                    address,
                    &mut self.late,
                );
            }
            let (layer, arrives) = neurons(plan, i);
            let of = if arrives { Signal::Error } else { Signal::Inner };
            job.tap.sent(of(layer), arriving);
        }
    }

    /// Loss, right answers, and the gradient by the logits.
    pub fn judge(&mut self, batch: usize) {
        (self.loss, self.right) = (0.0, 0);
        let (Some(logits), Some(gradient)) = (self.planes.last(), self.gradients.last_mut()) else {
            return;
        };
        if self.classes != CLASSES {
            let rows = logits.chunks_exact(self.classes);
            let rows = rows.zip(gradient.chunks_exact_mut(self.classes));
            for ((row, gradient), label) in rows.zip(&self.labels) {
                self.loss += f64::from(loss::cross_entropy(row, *label));
                self.right += usize::from(is_right(row, *label));
                loss::gradient(row, *label, 1.0 / batch as f32, gradient);
            }
            return;
        }
        // Of ten, the compiler knows how many they are.
        let rows = logits.as_chunks::<CLASSES>().0.iter().zip(gradient.as_chunks_mut().0);
        for ((row, gradient), label) in rows.zip(&self.labels) {
            let gradient: &mut [f32; CLASSES] = gradient;
            self.loss += f64::from(loss::cross_entropy(row, *label));
            self.right += right_answers(&[*row], &[*label]);
            loss::gradient(row, *label, 1.0 / batch as f32, gradient);
        }
    }
}

/// Which layer of neurons a plane belongs to, the picture first, and whether it is what
/// they send: operations without weights go on within the same neurons.
fn neurons(plan: &Plan, plane: usize) -> (usize, bool) {
    let learns = |i: usize| !plan.steps[i].op.parameters().is_empty();
    let layer = (0..plane).filter(|i| learns(*i)).count();
    (layer, plane == plan.steps.len() || learns(plane))
}

/// Whether a row of logits has its largest, and no other as large, at its label.
pub fn is_right(row: &[f32], label: u8) -> bool {
    let label = usize::from(label);
    row.get(label).is_some_and(|of| row.iter().enumerate().all(|(d, v)| v < of || d == label))
}

/// How many rows of ten logits do.
pub fn right_answers(rows: &[[f32; CLASSES]], labels: &[u8]) -> usize {
    rows.iter().zip(labels).filter(|(row, label)| is_right(*row, **label)).count()
}

impl Learner {
    /// For mini-batches of up to `batch` pictures on `threads` threads.
    pub fn new(network: &Network, method: Box<dyn Method>, batch: usize, threads: usize) -> Self {
        let plan = network.plan();
        let threads = threads.clamp(1, batch.max(1));
        let share = |i: usize| batch * (i + 1) / threads - batch * i / threads;
        let blocks = plan.steps.iter().enumerate().flat_map(|(step, s)| {
            s.op.blocks().into_iter().enumerate().map(move |(number, ranges)| {
                let len = ranges.iter().map(ExactSizeIterator::len).sum();
                Block { step, number, ranges, gradient: Buffer::zeros(len) }
            })
        });
        let most = share(threads - 1);
        let own = method.memory(plan, most);
        Self {
            blocks: blocks.collect(),
            // The first shares are never larger than the last.
            parts: (0..threads).map(|_| PartMemory::new(plan, own, most)).collect(),
            method,
            disturbance: Disturbance::default(),
        }
    }

    /// The rule, with its state.
    pub fn method(&self) -> &dyn Method {
        &*self.method
    }

    /// The same, to change its state.
    pub fn method_mut(&mut self) -> &mut dyn Method {
        &mut *self.method
    }

    /// Errors that have not arrived yet, by part.
    pub fn late(&self) -> Vec<&Late> {
        self.parts.iter().map(|p| &p.late).collect()
    }

    /// Brings them back.
    pub fn set_late(&mut self, late: Vec<Late>) {
        self.parts.iter_mut().zip(late).for_each(|(part, late)| part.late = late);
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
            part.take(first, &pictures[first * PIXELS..end * PIXELS], &labels[first..end]);
            first = end;
        }
        let parts = network.parts();
        let (method, disturbance) = (&*self.method, &self.disturbance);
        let tap = Tapped::default();
        let job = Job { parts: &parts, address: (seed, step), batch, disturbance, tap };
        self.parts.par_iter_mut().for_each(|part| method.pass(part, &job));
        let loss = self.parts.iter().map(|p| p.loss).sum::<f64>() / batch.max(1) as f64;
        finite("loss", loss as f32, step + 1)?;
        if self.method.has_gradient() {
            self.update(parts, optimiser, step + 1)?;
        }
        self.method.after(network, &mut self.parts, batch, (seed, step))?;
        self.method.renew(network, (seed, step), Tapped::default());
        // What learns picture by picture knows only now what it answered.
        let loss = self.parts.iter().map(|p| p.loss).sum::<f64>() / batch.max(1) as f64;
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
        let reverse = self.method.reverse().map(|reverse| {
            let updater = reverse.optimiser.begin_update();
            (all(reverse.matrices), updater, reverse.keeps)
        });
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
                    let Some((matrices, reverse, keeps)) = &reverse else {
                        updater.update(i, range.clone(), weights, gradient);
                        continue;
                    };
                    // Forward and feedback weights decay alike and take the same step.
                    if range.end <= matrices[i].len() {
                        weights.iter_mut().for_each(|w| *w *= keeps);
                        let back = matrices[i].at(range.clone());
                        back.iter_mut().for_each(|b| *b *= keeps);
                        reverse.update(i, range.clone(), back, gradient);
                    }
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

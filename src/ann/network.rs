//! A network: an architecture with its weights.

use std::cell::RefCell;
use std::sync::Arc;

use rayon::prelude::*;

use super::AnnError;
use super::buffer::Buffer;
use super::initial;
use super::ops::loss::softmax;
use super::ops::op::{Forward, Mode, Shared, parameter_len};
use super::plan::Plan;
use super::scores::Scores;
use super::zoo::Architecture;
use crate::ann::tap::Tapped;
use crate::core::isa::Isa;
use crate::data::{CLASSES, PIXELS, Pixels};

/// Pictures that a thread answers together, at least and at most: the more, the less often
/// weights are read; but what lies between two layers should stay in the core's cache.
const CHUNK: usize = 16;
const MOST_CHUNK: usize = 128;
/// Numbers between two layers that do.
const CACHED: usize = 1 << 16;

/// A network and its weights, on the CPU.
#[derive(Clone, Debug)]
pub struct Network {
    architecture: &'static Architecture,
    plan: Arc<Plan>,
    /// By step of the plan.
    parameters: Vec<Buffer>,
    /// What the operations derive from them; always up to date.
    caches: Vec<Buffer>,
}

/// A named array of weights or biases.
#[derive(Clone, Debug)]
pub struct Parameter<'a> {
    /// `conv1.weight`, `conv1.bias`, …
    pub name: String,
    /// Rows and columns, or the length of a vector.
    pub shape: Vec<usize>,
    /// Row after row.
    pub values: &'a [f32],
}

/// The plan, and what a training step changes.
pub struct Parts<'a> {
    /// The operations.
    pub plan: &'a Plan,
    /// By step; see [`Network`].
    pub parameters: &'a mut [Buffer],
    /// By step; to be prepared anew where parameters change.
    pub caches: &'a mut [Buffer],
}

impl Parts<'_> {
    /// The instruction set of its kernels.
    pub fn isa(&self) -> Isa {
        self.plan.isa
    }
}

thread_local! {
    /// Memory of a forward pass: what goes in, what comes out, scratch.
    static MEMORY: RefCell<[Buffer; 3]> = RefCell::default();
}

impl Network {
    /// Fresh weights: by Glorot and Bengio (2010), as in Keras; recurrent ones
    /// orthogonal; biases zero, of forget gates one.
    ///
    /// # Errors
    /// [`AnnError::Structure`] when the layers do not fit together.
    pub fn new(architecture: &'static Architecture, seed: u64) -> Result<Self, AnnError> {
        Self::on(architecture, seed, Isa::best())
    }

    /// [`Network::new`] with kernels for this instruction set.
    ///
    /// # Errors
    /// [`AnnError::Structure`].
    pub fn on(architecture: &'static Architecture, seed: u64, isa: Isa) -> Result<Self, AnnError> {
        let mut network = Self::blank_on(architecture, isa)?;
        for (step, from, name, declared) in network.plan.parameters() {
            let seed_name = name.strip_suffix(".weight").unwrap_or(&name);
            // Layers within one operation begin as plain dense layers do, so that
            // different rules begin with the same weights.
            let seed_name = seed_name
                .split_once(".dense")
                .map_or(seed_name, |(op, _)| &seed_name[op.len() + 1..]);
            let values = initial::draw(&declared, seed, seed_name);
            network.parameters[step][from..from + values.len()].copy_from_slice(&values);
        }
        network.prepare();
        Ok(network)
    }

    /// Without weights, for who sets all of them at once: to draw those of a large network
    /// takes longer than to read them.
    ///
    /// # Errors
    /// [`AnnError::Structure`].
    pub(super) fn blank(architecture: &'static Architecture) -> Result<Self, AnnError> {
        Self::blank_on(architecture, Isa::best())
    }

    fn blank_on(architecture: &'static Architecture, isa: Isa) -> Result<Self, AnnError> {
        let plan = Arc::new(Plan::new(&(architecture.layers)(), isa)?);
        let steps = || plan.steps.iter();
        let parameters = steps().map(|s| Buffer::zeros(parameter_len(&*s.op))).collect();
        let caches = steps().map(|s| Buffer::zeros(s.op.cache_len())).collect();
        Ok(Self { architecture, plan, parameters, caches })
    }

    /// Renews everything derived from the parameters.
    fn prepare(&mut self) {
        for i in 0..self.plan.steps.len() {
            self.prepare_step(i);
        }
    }

    /// Renews what is derived from the parameters of one step of the plan.
    fn prepare_step(&mut self, i: usize) {
        let op = &self.plan.steps[i].op;
        let cache = Shared::new(&mut self.caches[i]);
        for block in 0..op.blocks().len() {
            #[allow(unsafe_code, reason = "prepares the cache")]
            // SAFETY: this thread alone has the cache.
            unsafe {
                op.prepare(block, &self.parameters[i], cache);
            }
        }
    }

    /// Its architecture.
    pub fn architecture(&self) -> &'static Architecture {
        self.architecture
    }

    /// Classes that it tells apart.
    pub fn classes(&self) -> usize {
        self.plan.steps.last().map_or(CLASSES, |step| step.op.output().len())
    }

    /// Its operations.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The parameters of one step of the plan, and what is derived from them.
    pub(super) fn of_step(&self, step: usize) -> (&[f32], &[f32]) {
        (&self.parameters[step], &self.caches[step])
    }

    /// For a training step.
    pub fn parts(&mut self) -> Parts<'_> {
        Parts { plan: &self.plan, parameters: &mut self.parameters, caches: &mut self.caches }
    }

    /// All parameters, from the picture to the classes.
    pub fn parameters(&self) -> Vec<Parameter<'_>> {
        let all = self.plan.parameters().into_iter();
        all.map(|(step, from, name, declared)| Parameter {
            name,
            values: &self.parameters[step][from..from + declared.len()],
            shape: declared.shape,
        })
        .collect()
    }

    /// All parameters' values, in the order of [`Network::parameters`].
    pub fn values(&self) -> Vec<Vec<f32>> {
        self.parameters().into_iter().map(|p| p.values.to_vec()).collect()
    }

    /// Sets all parameters, in the order of [`Network::parameters`].
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn set_values(&mut self, values: &[Vec<f32>]) {
        for ((step, from, ..), values) in self.plan.parameters().into_iter().zip(values) {
            self.parameters[step][from..from + values.len()].copy_from_slice(values);
        }
        self.prepare();
    }

    /// Sets single parameters of one step of the plan: places among them, values. A place
    /// that the step does not have is passed over.
    pub fn set_in_step(&mut self, step: usize, values: impl IntoIterator<Item = (usize, f32)>) {
        let Some(parameters) = self.parameters.get_mut(step) else { return };
        for (at, value) in values {
            if let Some(parameter) = parameters.get_mut(at) {
                *parameter = value;
            }
        }
        self.prepare_step(step);
    }

    /// What goes into each step of the plan for one picture, and what comes out of the last:
    /// the logits.
    pub fn planes(&self, picture: &Pixels) -> Vec<Vec<f32>> {
        let widths = self.plan.planes();
        let mut planes = vec![picture.to_vec()];
        planes[0].resize(widths[0], 0.0);
        for i in 0..self.plan.steps.len() {
            planes.push(self.through(i, 1, &planes[i], widths[i + 1]));
        }
        planes
    }

    /// What comes out of one step of the plan for what goes in, `(n, …)`: `(n, width)`.
    fn through(&self, i: usize, n: usize, x: &[f32], width: usize) -> Vec<f32> {
        let op = &self.plan.steps[i].op;
        let mut y = vec![0f32; n * width];
        let mut scratch = vec![0f32; op.scratch_len(n, Mode::Answer)];
        op.forward(Forward {
            parameters: &self.parameters[i],
            cache: &self.caches[i],
            n,
            x,
            y: &mut y,
            keep: &mut [],
            scratch: &mut scratch,
            mode: Mode::Answer,
            tap: Tapped::default(),
        });
        y
    }

    /// Pictures that a thread answers together.
    fn chunk(&self) -> usize {
        let scratch = self.plan.steps.iter().map(|s| s.op.scratch_len(1, Mode::Answer));
        let widest = self.plan.planes().into_iter().chain(scratch).max().unwrap_or(1);
        (CACHED / widest).clamp(CHUNK, MOST_CHUNK) / CHUNK * CHUNK
    }

    /// Logits of some pictures, on this thread.
    fn write_logits(&self, pictures: &[f32], out: &mut [f32]) {
        let n = pictures.len() / PIXELS;
        let planes = self.plan.planes();
        let widest = planes.iter().max().copied().unwrap_or(0);
        let steps = &self.plan.steps;
        let scratch = steps.iter().map(|s| s.op.scratch_len(n, Mode::Answer)).max().unwrap_or(0);
        MEMORY.with_borrow_mut(|[x, y, s]| {
            let (mut x, mut y) = (x.at_least(n * widest), y.at_least(n * widest));
            let scratch = s.at_least(scratch);
            x[..pictures.len()].copy_from_slice(pictures);
            for (i, step) in steps.iter().enumerate() {
                step.op.forward(Forward {
                    parameters: &self.parameters[i],
                    cache: &self.caches[i],
                    n,
                    x: &x[..n * planes[i]],
                    y: &mut y[..n * planes[i + 1]],
                    keep: &mut [],
                    scratch,
                    mode: Mode::Answer,
                    tap: Tapped::default(),
                });
                std::mem::swap(&mut x, &mut y);
            }
            out.copy_from_slice(&x[..out.len()]);
        });
    }

    /// The parameters of a step of the plan, one array after another.
    pub fn step_parameters(&self, step: usize) -> &[f32] {
        &self.parameters[step]
    }

    /// What the plan's steps from `first` on make of what comes in there, `(n,
    /// width)`: the ten probabilities of each, on this thread. For networks of ten classes.
    pub fn answers_from(&self, first: usize, inputs: &[f32]) -> Vec<[f32; CLASSES]> {
        let planes = self.plan.planes();
        let n = inputs.len() / planes[first].max(1);
        let mut x = inputs[..n * planes[first]].to_vec();
        for i in first..self.plan.steps.len() {
            x = self.through(i, n, &x, planes[i + 1]);
        }
        let mut answers: Vec<[f32; CLASSES]> = x.as_chunks().0.to_vec();
        answers.iter_mut().for_each(|row| softmax(row));
        answers
    }

    /// The probabilities of each picture, on the threads of the current pool.
    pub fn probabilities(&self, pictures: &[Pixels]) -> Vec<Scores> {
        let mut answers = self.logits(pictures);
        answers.iter_mut().for_each(|row| softmax(row));
        answers
    }

    /// The logits of each picture: what softmax makes probabilities of.
    pub fn logits(&self, pictures: &[Pixels]) -> Vec<Scores> {
        let classes = self.classes();
        let mut answers = vec![0f32; classes * pictures.len()];
        let ask = |(answers, pictures): (&mut [f32], &[Pixels])| {
            self.write_logits(pictures.as_flattened(), answers);
        };
        // Every thread gets its part.
        let each = pictures.len().div_ceil(rayon::current_num_threads()).next_multiple_of(CHUNK);
        let chunk = self.chunk().min(each);
        if pictures.len() <= CHUNK {
            ask((&mut answers, pictures));
        } else {
            let answers = answers.par_chunks_mut(chunk * classes);
            answers.zip(pictures.par_chunks(chunk)).for_each(ask);
        }
        answers.chunks_exact(classes).map(Scores::new).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::zoo::{ZOO, all, find};
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_weights_within_glorots_bounds() {
        for architecture in ZOO {
            let draw = |seed| Network::new(architecture, seed).unwrap().values();
            assert_eq!(draw(1), draw(1));
            assert_ne!(draw(1), draw(2));
            let first = &draw(1)[0];
            let largest = first.iter().fold(0f32, |m, v| m.max(v.abs()));
            assert!(largest > 0.0 && largest < 0.3);
        }
    }

    #[test]
    fn answers_sum_to_one_and_do_not_depend_on_the_company() {
        let digit = |k: usize| -> Pixels { std::array::from_fn(|i| ((i * k) % 17) as f32 / 17.0) };
        for architecture in all() {
            let network = Network::new(architecture, 3).unwrap();
            let many: Vec<Pixels> = (1..40).map(digit).collect();
            let together = network.probabilities(&many);
            for i in [0, 5, 38] {
                let alone = network.probabilities(&many[i..=i])[0];
                assert_eq!(alone, together[i]);
                assert!((alone.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn every_engine_gives_the_same_answers_but_for_rounding() {
        let picture: Pixels = std::array::from_fn(|i| (i % 23) as f32 / 23.0);
        for architecture in all() {
            let ask = |isa| Network::on(architecture, 3, isa).unwrap().probabilities(&[picture])[0];
            let all: Vec<Scores> = Isa::available().into_iter().map(ask).collect();
            for other in &all[1..] {
                let apart = all[0].iter().zip(other.iter()).map(|(a, b)| (a - b).abs());
                assert!(apart.fold(0.0, f32::max) < 1e-4, "{}", architecture.id);
            }
        }
    }

    #[test]
    fn a_copy_does_not_follow_its_original() {
        let mut network = Network::new(ZOO[0], 1).unwrap();
        let copy = network.clone();
        let zeros: Vec<Vec<f32>> = network.values().iter().map(|v| vec![0.0; v.len()]).collect();
        let before = copy.values();
        network.set_values(&zeros);
        assert_eq!(copy.values(), before);
        assert_eq!(network.values(), zeros);
    }

    #[test]
    fn a_nan_in_the_picture_is_seen_in_the_answer() {
        let mut picture: Pixels = [0.5; PIXELS];
        picture[300] = f32::NAN;
        let more = ["lif-20-10-count", "lif-conv-3-4-5-count", "lif-recurrent-9-count"];
        for architecture in all().chain(more.into_iter().filter_map(find)) {
            let answer = Network::new(architecture, 1).unwrap().probabilities(&[picture])[0];
            assert!(answer.iter().any(|v| v.is_nan()), "{}", architecture.id);
        }
    }

    #[test]
    fn empty_and_full_pictures_have_finite_answers() {
        let more = ["lif-20-10-count", "lif-conv-3-4-5-count", "lif-recurrent-9-count"];
        for architecture in all().chain(more.into_iter().filter_map(find)) {
            let network = Network::new(architecture, 1).unwrap();
            let answers = network.probabilities(&[[0.0; PIXELS], [1.0; PIXELS]]);
            assert!(
                answers.iter().flat_map(|row| row.to_vec()).all(f32::is_finite),
                "{}",
                architecture.id
            );
        }
    }
}

//! The trainer: one mini-batch per [`Trainer::step`], so that whoever drives it
//! can pause, stop or look between any two.
//!
//! * [`config`]: the settings of a run
//! * [`history`]: what is recorded
//! * `looking`: how far the rule's updates are from the gradient, and what is done to
//!   errors on their way
//! * [`layers`]: sizes and histograms of weights and updates
//! * [`average`]: the mean of the last weights
//! * [`checkpoint`]: saving and going on, bit for bit as if never stopped
//! * `backend`: what computes a step
//! * `split`: which digits are held out
//! * [`wires`]: single connections set by hand and held
//! * `fallback`: what a run goes back to when a step fails

pub mod average;
mod backend;
pub mod checkpoint;
pub mod config;
mod fallback;
pub mod history;
pub mod layers;
mod looking;
mod split;
pub mod wires;

use std::sync::Arc;

use rayon::ThreadPool;
use rayon::prelude::*;

use average::Average;
use backend::Backend;
pub use config::TrainConfig;
use fallback::LastGood;
pub use history::{BatchPoint, EpochPoint, History, RatePoint};
pub use layers::{Histogram, LayerStats};
use split::sizes;
pub(crate) use split::split;

use super::evaluate::{Evaluation, Tally};
use super::learner::Outcome;
use super::network::Network;
use super::ops::op::parameter_len;
use super::optimiser::OptimiserState;
use super::spiking::places;
use super::weights::Metadata;
use super::zoo::classes;
use super::{AnnError, zoo};
use crate::core::rng::Rng;
use crate::data::dataset::Fingerprint;
use crate::data::{Dataset, PIXELS};

/// A run in progress.
///
/// ```
/// use std::sync::Arc;
///
/// use spikescope::ann::trainer::{TrainConfig, Trainer};
/// use spikescope::data::synthetic;
///
/// spikescope::ann::prepare();
/// let digits = Arc::new(synthetic::generate(1, 400));
/// let config = TrainConfig {
///     data: "synthetic".into(),
///     subset: digits.len(),
///     validation_share: 0.1,
///     epochs: 1,
///     threads: 1,
///     ..TrainConfig::default()
/// };
/// let mut trainer = Trainer::new(config, digits)?;
/// let mut losses = Vec::new();
/// loop {
///     let step = trainer.step()?;
///     losses.extend(step.batch.map(|batch| batch.loss));
///     if step.finished {
///         break;
///     }
/// }
/// // 360 digits in batches of 32; untrained, the loss is about ln 10.
/// assert_eq!(losses.len(), 12);
/// assert!(losses[11] < losses[0]);
/// # Ok::<(), spikescope::ann::AnnError>(())
/// ```
pub struct Trainer {
    config: TrainConfig,
    network: Network,
    backend: Backend,
    optimiser: OptimiserState,
    data: Arc<Dataset>,
    /// Of the digits that it learns and holds out.
    fingerprint: Fingerprint,
    /// Whether it goes on from a checkpoint that did not tell its digits.
    unchecked: bool,
    /// Indices into `data`, before the epoch's shuffle.
    training: Vec<u32>,
    validation: Arc<Dataset>,
    /// The training indices in this epoch's order.
    order: Vec<u32>,
    epoch: usize,
    /// Mini-batches done in this epoch.
    batch: usize,
    step: u64,
    sums: Sums,
    history: History,
    /// The validation in progress at the end of an epoch.
    validating: Option<Tally>,
    last_validation: Option<Evaluation>,
    /// The step at which it was last measured how far updates are from the gradient.
    probed: Option<u64>,
    /// Whether it has neurons whose firing rates can be measured.
    spikes: bool,
    layers: Vec<LayerStats>,
    measure: bool,
    last_good: LastGood,
    average: Average,
    /// Connections that keep their weight.
    held: wires::Held,
    /// Whether a connection was ever set or held by hand.
    by_hand: bool,
    /// Weights, what the optimiser keeps and the counters belong together: not after a
    /// step that diverged or was broken off.
    intact: bool,
    pool: ThreadPool,
}

/// Sums over the epoch so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Sums {
    loss: f64,
    right: u64,
    images: u64,
}

/// What one [`Trainer::step`] did.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The mini-batch that was trained; `None` while validating.
    pub batch: Option<Batch>,
    /// The epoch that has just ended.
    pub epoch_end: Option<EpochPoint>,
    /// All epochs are done; there is nothing left to step.
    pub finished: bool,
}

/// A trained mini-batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// Mini-batches trained since the beginning.
    pub step: u64,
    /// Digits in it.
    pub images: usize,
    /// Mean cross-entropy before the update, nats.
    pub loss: f32,
    /// Share answered rightly before the update (with dropout), 0 to 1.
    pub accuracy: f32,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Epochs finished.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Mini-batches done in the current epoch.
    pub batch_in_epoch: usize,
    /// Mini-batches of an epoch.
    pub batches_per_epoch: usize,
    /// Mini-batches since the beginning.
    pub step: u64,
}

impl Progress {
    /// Mini-batches of the whole run.
    pub fn total_steps(&self) -> u64 {
        (self.epochs * self.batches_per_epoch) as u64
    }

    /// Epochs done, with the fraction of the current one.
    pub fn epochs_done(&self) -> f64 {
        self.epoch as f64 + self.batch_in_epoch as f64 / self.batches_per_epoch.max(1) as f64
    }
}

impl Trainer {
    /// A new run on the first digits of `data`, as many as the settings say.
    ///
    /// # Errors
    /// [`AnnError::Setting`] when a setting is out of range.
    pub fn new(config: TrainConfig, data: Arc<Dataset>) -> Result<Self, AnnError> {
        let fingerprint = data.fingerprint(config.subset);
        Self::with(config, data, fingerprint)
    }

    /// [`Trainer::new`] where the fingerprint of the digits is known.
    fn with(
        config: TrainConfig,
        data: Arc<Dataset>,
        fingerprint: Fingerprint,
    ) -> Result<Self, AnnError> {
        config.validate()?;
        let architecture = zoo::get(&config.model)?;
        classes::check(architecture, data.classes().count())?;
        let network = Network::new(architecture, config.seed)?;
        let steps = network.plan().steps.iter();
        let sizes: Vec<usize> = steps.map(|s| parameter_len(&*s.op)).collect();
        let optimiser = OptimiserState::new(&config.optimiser, &sizes)?;
        let (training, validation) = split(&config, &data)?;
        let pool = super::pool(config.threads)?;
        let backend = Backend::new(&config, training.len(), &network, &optimiser)?;
        let last_good = LastGood {
            values: network.values(),
            average: Average::default(),
            matrices: backend.matrices(),
        };
        let spikes = !places(&network).is_empty();
        let mut trainer = Self {
            config,
            network,
            backend,
            optimiser,
            data,
            fingerprint,
            unchecked: false,
            order: Vec::new(),
            training,
            validation: Arc::new(validation),
            epoch: 0,
            batch: 0,
            step: 0,
            sums: Sums::default(),
            history: History::default(),
            validating: None,
            last_validation: None,
            probed: None,
            spikes,
            layers: Vec::new(),
            measure: false,
            last_good,
            average: Average::default(),
            held: wires::Held::new(),
            by_hand: false,
            intact: true,
            pool,
        };
        trainer.shuffle();
        Ok(trainer)
    }

    /// Trains one mini-batch, or, at the end of an epoch, asks the next piece of
    /// the validation split.
    ///
    /// # Errors
    /// [`AnnError::Diverged`] when loss or gradients are no longer finite; the
    /// network is then back at its last good weights.
    pub fn step(&mut self) -> Result<Step, AnnError> {
        if self.is_finished() {
            return Ok(Step { finished: true, ..Step::default() });
        }
        if self.batch == self.batches_per_epoch() {
            return self.validate_piece();
        }
        if self.config.probe && self.probe_is_due() {
            self.probe();
        }
        if self.rates_are_due() {
            self.measure_rates();
        }
        let batch = self.train_batch()?;
        Ok(Step { batch: Some(batch), ..Step::default() })
    }

    fn is_finished(&self) -> bool {
        self.epoch >= self.config.epochs
    }

    fn batches_per_epoch(&self) -> usize {
        self.training.len().div_ceil(self.config.batch_size)
    }

    /// This epoch's order: follows from seed and epoch alone.
    fn shuffle(&mut self) {
        self.order.clone_from(&self.training);
        Rng::stream(self.config.seed, "shuffle", self.epoch as u64).shuffle(&mut self.order);
    }

    fn train_batch(&mut self) -> Result<Batch, AnnError> {
        let size = self.config.batch_size;
        let from = self.batch * size;
        let chosen = &self.order[from..(from + size).min(self.order.len())];
        let images = chosen.len();
        let pixels = self.pictures(chosen);
        let labels: Vec<u8> = chosen.iter().map(|i| self.data.label(*i as usize)).collect();
        let copy = self.keep().inspect_err(|error| self.go_back(error))?;
        let Outcome { loss, right } = self.update(&pixels, &labels)?;
        // The loss shows that the weights before the step were good.
        if let Some(copy) = copy {
            self.last_good = copy;
        }
        self.batch += 1;
        self.step += 1;
        if self.epoch + self.config.average_epochs >= self.config.epochs {
            let network = match &self.backend {
                Backend::Own(_) => &self.network,
                Backend::Device(on) => on.session.network(),
            };
            self.average.sample(network, self.step);
        }
        self.sums.loss += f64::from(loss) * images as f64;
        self.sums.right += right as u64;
        self.sums.images += images as u64;
        let accuracy = right as f32 / images as f32;
        self.history.batches.push(BatchPoint { step: self.step, loss, accuracy });
        Ok(Batch { step: self.step, images, loss, accuracy })
    }

    /// The pictures of a mini-batch, changed by the augmentation.
    fn pictures(&self, chosen: &[u32]) -> Vec<f32> {
        let augmentation = self.config.augmentation;
        let mut pixels = vec![0.0; chosen.len() * PIXELS];
        let places = pixels.as_chunks_mut::<PIXELS>().0;
        if augmentation.is_off() {
            for (place, i) in places.iter_mut().zip(chosen) {
                *place = self.data.pixels(*i as usize);
            }
            return pixels;
        }
        self.pool.install(|| {
            places.par_iter_mut().zip(chosen).enumerate().for_each(|(number, (place, i))| {
                let name = format!("augment {number}");
                let mut rng = Rng::stream(self.config.seed, &name, self.step);
                *place = augmentation.apply(self.data.image(*i as usize), &mut rng);
            });
        });
        pixels
    }

    /// Forward, backward, update; a run that diverged goes back to its last good
    /// weights, one whose device failed to where it was when they were copied.
    fn update(&mut self, pictures: &[f32], labels: &[u8]) -> Result<Outcome, AnnError> {
        let before = std::mem::take(&mut self.measure).then(|| self.network().values());
        let (network, optimiser) = (&mut self.network, &mut self.optimiser);
        let address = (self.config.seed, self.step);
        let digits = (pictures, labels);
        self.intact = false;
        let done = match &mut self.backend {
            Backend::Own(learner) => {
                learner.method_mut().begin_epoch(self.epoch);
                self.pool.install(|| learner.step(network, optimiser, digits, address))
            }
            Backend::Device(on) => on.session.step(digits, address),
        };
        if done.is_ok() {
            wires::put_back(&mut self.network, &self.held);
        }
        match (&done, before) {
            (Err(error), _) => self.go_back(error),
            (Ok(_), Some(before)) => self.layers = layers::measure(self.network(), &before),
            (Ok(_), None) => {}
        }
        self.intact |= done.is_ok();
        done
    }

    /// Asks the next piece of the validation split.
    fn ask(&mut self, tally: &mut Tally) -> Result<(), AnnError> {
        let data = &self.validation;
        match &mut self.backend {
            Backend::Own(_) => {
                let network = &self.network;
                self.pool.install(|| tally.advance(network, data));
                Ok(())
            }
            Backend::Device(on) => {
                let answers = on.session.probabilities(&tally.next(data));
                answers.map(|answers| tally.take(answers, data))
            }
        }
    }

    /// One piece of the validation; with the last one the epoch ends.
    fn validate_piece(&mut self) -> Result<Step, AnnError> {
        let mut tally = self.validating.take().unwrap_or_default();
        if tally.done() < self.validation.len() {
            self.ask(&mut tally).inspect_err(|error| self.go_back(error))?;
            if tally.done() < self.validation.len() {
                self.validating = Some(tally);
                return Ok(Step::default());
            }
        }
        let seen = self.sums.images.max(1) as f64;
        let held_out = (!self.validation.is_empty()).then(|| tally.finish());
        let point = EpochPoint {
            epoch: self.epoch + 1,
            train_loss: (self.sums.loss / seen) as f32,
            train_accuracy: (self.sums.right as f64 / seen) as f32,
            validation_loss: held_out.as_ref().map(|e| e.loss as f32),
            validation_accuracy: held_out.as_ref().map(|e| e.accuracy as f32),
        };
        self.last_validation = held_out;
        self.history.epochs.push(point);
        self.epoch += 1;
        self.batch = 0;
        self.sums = Sums::default();
        self.shuffle();
        Ok(Step { batch: None, epoch_end: Some(point), finished: self.is_finished() })
    }

    /// Measures the layers at the next step; see [`Trainer::layer_stats`]. Looks
    /// only: the run stays the same.
    pub fn measure_next_step(&mut self) {
        self.measure = true;
    }

    /// The layers at the step last measured; empty before.
    pub fn layer_stats(&self) -> &[LayerStats] {
        &self.layers
    }

    /// The network being trained.
    pub fn network(&self) -> &Network {
        match &self.backend {
            Backend::Own(_) => &self.network,
            Backend::Device(on) => on.session.network(),
        }
    }

    /// The network that the run results in: that with the mean of the weights of
    /// the last epochs, if asked for, else the one being trained as it is.
    pub fn result(&self) -> Network {
        let network = self.network();
        let mut result = self.average.network(network).unwrap_or_else(|| network.clone());
        // A mean goes back to before they were held.
        wires::put_back(&mut result, &self.held);
        result
    }

    /// Whether [`Trainer::result`] differs from [`Trainer::network`].
    pub fn is_averaged(&self) -> bool {
        self.average.count > 0
    }

    /// The settings.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// What was recorded.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The held-out digits.
    pub fn validation_set(&self) -> Arc<Dataset> {
        Arc::clone(&self.validation)
    }

    /// The answers to them after the last epoch, if any were held out.
    pub fn last_validation(&self) -> Option<&Evaluation> {
        self.last_validation.as_ref()
    }

    /// Where the run stands.
    pub fn progress(&self) -> Progress {
        Progress {
            epoch: self.epoch,
            epochs: self.config.epochs,
            batch_in_epoch: self.batch,
            batches_per_epoch: self.batches_per_epoch(),
            step: self.step,
        }
    }

    /// Whether it goes on from a checkpoint of an earlier version, which did not
    /// keep which digits it was begun with: they could not be checked.
    pub fn has_unchecked_digits(&self) -> bool {
        self.unchecked
    }

    /// What to write into a file of its weights.
    pub fn metadata(&self) -> Metadata {
        let c = &self.config;
        let last = self.history.epochs.last();
        Metadata {
            architecture: c.model.clone(),
            seed: c.seed,
            dataset: self.data.id.clone(),
            subset: self.training.len() + self.validation.len(),
            epochs: self.epoch,
            optimiser: c.optimiser.describe(),
            rule: c.rule.id().to_owned(),
            batch_size: c.batch_size,
            validation_share: c.validation_share,
            augmentation: c.augmentation.to_string(),
            averaged_epochs: c.average_epochs,
            validation_accuracy: last.and_then(|e| e.validation_accuracy).map(f64::from),
            test_accuracy: None,
            last_test_accuracy: None,
            fingerprint: Some(self.fingerprint.clone()),
            imported: None,
            classes: self.data.classes().clone(),
            by_hand: self.by_hand,
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

#[cfg(test)]
mod many_tests;
#[cfg(test)]
mod tests;

//! The trainer: one mini-batch per [`Trainer::step`], so that whoever drives it
//! can pause, stop or look between any two.
//!
//! * [`config`]: the settings of a run
//! * [`history`]: what is recorded
//! * [`layers`]: sizes and histograms of weights and updates
//! * [`average`]: the mean of the last weights
//! * [`checkpoint`]: saving and going on, bit for bit as if never stopped
//! * `fallback`: what a run goes back to when a step fails

pub mod average;
pub mod checkpoint;
pub mod config;
mod fallback;
pub mod history;
pub mod layers;

use std::sync::Arc;

use rayon::ThreadPool;
use rayon::prelude::*;

use average::Average;
pub use config::TrainConfig;
use fallback::LastGood;
pub use history::{BatchPoint, EpochPoint, History};
pub use layers::{Histogram, LayerStats};

use super::device::session::Session;
use super::evaluate::{Evaluation, Tally};
use super::learner::{Learner, Outcome};
use super::network::Network;
use super::ops::op::parameter_len;
use super::optimiser::OptimiserState;
use super::rules::disturbance::Disturbance;
use super::rules::passage::Snapshot;
use super::rules::probe;
use super::weights::Metadata;
use super::{AnnError, device, zoo};
use crate::core::rng::Rng;
use crate::data::dataset::Fingerprint;
use crate::data::{Dataset, PIXELS};

/// Times in an epoch that it is measured how far updates are from the gradient.
const PROBES: usize = 8;
/// Training digits that this is measured on: always the same.
const PROBE_DIGITS: usize = 250;
/// Held-out digits that are asked then.
const PROBE_HELD_OUT: usize = 512;

/// Draws the digits that are held out.
const SPLIT_SEED: u64 = 1;

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
    layers: Vec<LayerStats>,
    measure: bool,
    last_good: LastGood,
    average: Average,
    /// Weights, what the optimiser keeps and the counters belong together: not after a
    /// step that diverged or was broken off.
    intact: bool,
    pool: ThreadPool,
}

/// How a step is computed.
enum Backend {
    /// By this program's own operations.
    Own(Box<Learner>),
    /// On a device of candle's, where the weights then live: `network` and
    /// `optimiser` are as old as the beginning.
    Device(Box<OnDevice>),
}

/// A run on a device, and where it stood at the last copy (see [`Session`]).
struct OnDevice {
    session: Session,
    epoch: usize,
    batch: usize,
    sums: Sums,
    average: Average,
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
            layers: Vec::new(),
            measure: false,
            last_good,
            average: Average::default(),
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
                self.pool.install(|| learner.step(network, optimiser, digits, address))
            }
            Backend::Device(on) => on.session.step(digits, address),
        };
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

    /// Whether it is the turn of this step: the first few, then [`PROBES`] times in an
    /// epoch.
    fn probe_is_due(&self) -> bool {
        let every = (self.batches_per_epoch() / PROBES).max(1) as u64;
        let early = self.step < 64 && (self.step == 0 || self.step.is_power_of_two());
        (early || self.step.is_multiple_of(every)) && self.probed != Some(self.step)
    }

    /// Measures how far the rule's update is from the true gradient, on digits that
    /// stay the same. Looks only: the run stays as it is.
    fn probe(&mut self) {
        self.probed = Some(self.step);
        let Backend::Own(learner) = &self.backend else { return };
        let chosen: &[u32] = &self.training[..PROBE_DIGITS.min(self.training.len())];
        let pictures: Vec<f32> =
            chosen.iter().flat_map(|i| self.data.pixels(*i as usize)).collect();
        let labels: Vec<u8> = chosen.iter().map(|i| self.data.label(*i as usize)).collect();
        let looked = probe::Digits {
            network: &self.network,
            pictures: &pictures,
            labels: &labels,
            address: (self.config.seed, self.step),
        };
        // What is late does not arrive at digits that are shown once.
        let disturbance = Disturbance { delay: 0, ..learner.disturbance };
        let method = learner.method();
        let shown = self.validation.len().min(PROBE_HELD_OUT);
        let point = self.pool.install(|| {
            let narrow = |angles: Vec<Option<f64>>| -> Vec<Option<f32>> {
                angles.into_iter().map(|a| a.map(|a| a as f32)).collect()
            };
            let mut tally = Tally::default();
            while tally.done() < shown {
                tally.advance(&self.network, &self.validation);
            }
            probe::ProbePoint {
                step: self.step,
                accuracy: (shown > 0).then(|| tally.finish().accuracy as f32),
                gradient_angles: narrow(method.angles(&looked, &disturbance)),
                feedback_angles: narrow(probe::feedback_angles(method, &self.network)),
            }
        });
        self.history.probes.push(point);
    }

    /// What is done to errors on their way back from now on; the run's history keeps
    /// when it was changed.
    pub fn disturb(&mut self, disturbance: Disturbance) {
        if let Backend::Own(learner) = &mut self.backend {
            if learner.disturbance == disturbance || !disturbance.is_sound() {
                return;
            }
            learner.disturbance = disturbance;
            self.history.disturbances.push((self.step, disturbance));
        }
    }

    /// What is done to errors now.
    pub fn disturbance(&self) -> Disturbance {
        match &self.backend {
            Backend::Own(learner) => learner.disturbance,
            Backend::Device(_) => Disturbance::default(),
        }
    }

    /// Network and rule as they are now, to look at; `None` on a device.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let Backend::Own(learner) = &self.backend else { return None };
        Some(Snapshot {
            network: self.network.clone(),
            method: learner.method().copy(),
            disturbance: learner.disturbance,
            rule: self.config.rule.id().to_owned(),
            step: self.step,
            seed: self.config.seed,
        })
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
        self.average.network(network).unwrap_or_else(|| network.clone())
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
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Backend {
    /// Copies of the matrices on the way back.
    fn matrices(&self) -> Vec<Vec<f32>> {
        match self {
            Self::Own(learner) => learner.method().matrices().iter().map(|m| m.to_vec()).collect(),
            Self::Device(_) => Vec::new(),
        }
    }

    /// As the settings say, for so many digits; a run on a device begins with this
    /// network and what its optimiser keeps.
    fn new(
        config: &TrainConfig,
        digits: usize,
        network: &Network,
        optimiser: &OptimiserState,
    ) -> Result<Self, AnnError> {
        let declared = device::get(&config.device)?;
        let Some(device) = declared.open()? else {
            // No batch is larger than all digits together.
            let batch = config.batch_size.min(digits);
            let method = config.rule.begin(network, &config.optimiser, config.seed)?;
            let learner = Learner::new(network, method, batch, config.threads);
            return Ok(Self::Own(Box::new(learner)));
        };
        let (updates, kept) = optimiser.parts();
        let optimiser = (&config.optimiser, (updates, kept.to_vec()));
        let session = Session::new(declared, device, network, optimiser, 0)?;
        let (sums, average) = (Sums::default(), Average::default());
        Ok(Self::Device(Box::new(OnDevice { session, epoch: 0, batch: 0, sums, average })))
    }
}

/// How many digits are used, and how many of these are held out.
fn sizes(config: &TrainConfig, data: &Dataset) -> (usize, usize) {
    let n = config.subset.min(data.len());
    (n, (n as f64 * config.validation_share).round() as usize)
}

/// The indices to train on and the held-out digits: of the first `subset`, a
/// share is held out, whatever the run's seed: networks that are combined must
/// have held out the same digits, or the combination could not be fitted on them.
pub(crate) fn split(config: &TrainConfig, data: &Dataset) -> Result<(Vec<u32>, Dataset), AnnError> {
    let (n, held_out) = sizes(config, data);
    if n == held_out {
        return Err(AnnError::Setting {
            what: "the number of training digits".into(),
            value: format!("{n} with {held_out} held out"),
            range: "larger".into(),
        });
    }
    let mut indices: Vec<u32> = (0..n as u32).collect();
    Rng::stream(SPLIT_SEED, "validation split", 0).shuffle(&mut indices);
    let mut training = indices.split_off(held_out);
    indices.sort_unstable();
    training.sort_unstable();
    let mut images = Vec::with_capacity(held_out * PIXELS);
    let mut labels = Vec::with_capacity(held_out);
    for i in indices {
        images.extend_from_slice(data.image(i as usize));
        labels.push(data.label(i as usize));
    }
    let validation = Dataset::new(format!("{}-validation", data.id), images, labels)
        .map_err(|e| candle_core::Error::Msg(e.to_string()))?;
    Ok((training, validation))
}

#[cfg(test)]
mod tests;

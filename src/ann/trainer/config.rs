//! The settings of a run.

use serde::{Deserialize, Serialize};

use crate::ann::optimiser::OptimiserConfig;
use crate::ann::rules::RuleConfig;
use crate::ann::snapshots::cadence::HistoryConfig;
use crate::ann::{AnnError, device, zoo};
use crate::core::bounds::{ANY, Bounded, Bounds, Span};
use crate::data::augment::{Augmentation, SETTINGS};
use crate::data::registry;

/// Most passes over the training digits.
pub const MOST_EPOCHS: usize = 10_000;
/// Most threads that are asked for.
pub const MOST_THREADS: usize = 256;
/// Most mini-batches of a run: each is recorded, in memory and in every
/// checkpoint, with 8 to 16 bytes.
pub const MOST_STEPS: usize = 50_000_000;

/// Everything that decides how a run goes. Together with the data it decides
/// the result. The number of threads does, too, by rounding: sums are taken part
/// by part.
///
/// ```
/// use spikescope::ann::optimiser::OptimiserConfig;
/// use spikescope::ann::trainer::TrainConfig;
///
/// // CNN 3 by the report's recipe, but on a tenth of the digits and with Adam.
/// let config = TrainConfig {
///     model: "cnn3".into(),
///     subset: 6_000,
///     optimiser: OptimiserConfig::default_of("adam").expect("it is in the registry"),
///     ..TrainConfig::default()
/// };
/// assert_eq!((config.batch_size, config.validation_share), (32, 0.02));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainConfig {
    /// [`zoo::Architecture::id`].
    pub model: String,
    /// Id of the source of digits: `mnist`, `synthetic` or a set of the user's own.
    pub data: String,
    /// Digits to train on, the held-out ones included.
    pub subset: usize,
    /// Share held out for validation, 0 to 0.5.
    pub validation_share: f64,
    /// Digits per update.
    pub batch_size: usize,
    /// Passes over the training digits.
    pub epochs: usize,
    /// How the errors of a layer are made.
    pub rule: RuleConfig,
    /// How gradients become steps.
    pub optimiser: OptimiserConfig,
    /// Random changes of each digit each time it is trained on; off in the report.
    pub augmentation: Augmentation,
    /// Epochs at the end over whose steps the weights are averaged for the result
    /// (Polyak and Juditsky 1992); 0 takes the last weights, as the report did.
    pub average_epochs: usize,
    /// Seed of weights, order, dropout and augmentation.
    pub seed: u64,
    /// Threads to compute on.
    pub threads: usize,
    /// [`device::ComputeDevice::id`] of where it is computed.
    pub device: String,
    /// What is kept to look back at; changes nothing in the result.
    pub history: HistoryConfig,
    /// Whether a run measures, now and then, how far its updates are from the true
    /// gradient; changes nothing in the result.
    pub probe: bool,
}

impl Default for TrainConfig {
    /// The MLP by the report's recipe (§2): Adadelta, batches of 32, 2 % held out.
    fn default() -> Self {
        Self {
            model: zoo::ZOO[0].id.into(),
            data: "mnist".into(),
            subset: 60_000,
            validation_share: 0.02,
            batch_size: 32,
            epochs: zoo::ZOO[0].epochs,
            rule: RuleConfig::default(),
            optimiser: OptimiserConfig::default(),
            augmentation: Augmentation::default(),
            average_epochs: 0,
            seed: 1,
            threads: crate::ann::spare_threads().min(MOST_THREADS),
            device: device::OWN.into(),
            history: HistoryConfig::default(),
            probe: false,
        }
    }
}

impl Bounded for TrainConfig {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            model,
            data,
            subset,
            validation_share,
            batch_size,
            epochs,
            rule,
            optimiser,
            augmentation,
            average_epochs,
            seed,
            threads,
            device,
            history,
            probe: _,
        } = self;
        let usual = Self::default();
        to.id("model", model, |id| zoo::find(id).is_some(), &usual.model);
        to.id("data", data, registry::is_possible, &usual.data);
        to.number("subset", subset, Self::SUBSET);
        to.number("validation_share", validation_share, Self::VALIDATION_SHARE);
        to.number("batch_size", batch_size, Self::BATCH_SIZE);
        to.number("epochs", epochs, Self::EPOCHS);
        to.part("rule", rule);
        to.part("optimiser", optimiser);
        to.part("augmentation", augmentation);
        to.number("average_epochs", average_epochs, (0.0, *epochs as f64));
        to.number("seed", seed, ANY);
        to.number("threads", threads, Self::THREADS);
        to.id("device", device, |id| device::get(id).is_ok(), &usual.device);
        to.part("history", history);
    }
}

impl TrainConfig {
    /// Digits to train on.
    pub const SUBSET: Span = (10.0, 1_000_000.0);
    /// Share held out.
    pub const VALIDATION_SHARE: Span = (0.0, 0.5);
    /// Digits per update.
    pub const BATCH_SIZE: Span = (1.0, 4096.0);
    /// Passes over the digits.
    pub const EPOCHS: Span = (1.0, 10_000.0);
    /// Threads to compute on.
    pub const THREADS: Span = (1.0, 256.0);

    /// Whether both learn the same, but for rounding: where and on how many threads it
    /// is computed, and what is kept to look back at, may differ.
    pub fn learns_as(&self, other: &Self) -> bool {
        let Self { threads, device, history, probe, .. } = self.clone();
        *self == Self { threads, device, history, probe, ..other.clone() }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`AnnError::Setting`] or [`AnnError::UnknownModel`], naming the setting,
    /// its value and its range.
    pub fn validate(&self) -> Result<(), AnnError> {
        zoo::get(&self.model)?;
        device::get(&self.device)?;
        let within = |what: &str, value: f64, (low, high): Span| {
            if value >= low && value <= high {
                return Ok(());
            }
            let range = format!("from {low} to {high}");
            Err(AnnError::Setting { what: what.into(), value: value.to_string(), range })
        };
        within("the number of training digits", self.subset as f64, Self::SUBSET)?;
        within("the validation share", self.validation_share, Self::VALIDATION_SHARE)?;
        within("the batch size", self.batch_size as f64, Self::BATCH_SIZE)?;
        within("the number of epochs", self.epochs as f64, Self::EPOCHS)?;
        within(
            "the number of averaged epochs",
            self.average_epochs as f64,
            (0.0, self.epochs as f64),
        )?;
        for setting in SETTINGS {
            let (what, value) = (setting.label, setting.value(self.augmentation));
            within(what, f64::from(value), (0.0, f64::from(setting.most)))?;
        }
        within("the number of threads", self.threads as f64, Self::THREADS)?;
        let steps = self.epochs.saturating_mul(self.subset.div_ceil(self.batch_size));
        within("the number of mini-batches in all", steps as f64, (1.0, MOST_STEPS as f64))?;
        self.history.validate()?;
        self.optimiser.resolve()?;
        self.rule.check(zoo::get(&self.model)?, &self.optimiser, &self.device)
    }
}

//! The run in hand: a trainer, its folder on disk, and what the window shows of it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::models::{Model, Origin};
use super::progress::{Control, Judged, Phase, TrainingView};
use super::recorder::Recorder;
use super::runs::{RunError, RunFolder, RunRecord, RunState};
use crate::ann::AnnError;
use crate::ann::evaluate::evaluate;
use crate::ann::rules::disturbance::Disturbance;
use crate::ann::rules::passage::Snapshot;
use crate::ann::rules::probe::ProbePoint;
use crate::ann::trainer::wires::Wire;
use crate::ann::trainer::{LayerStats, RatePoint, TrainConfig, Trainer};
use crate::ann::weights::{self, Metadata, Precision};
use crate::data::registry::Split;

/// Time between two views of a run that is going on.
const SHOW_EVERY: Duration = Duration::from_millis(66);
/// Time between two measurements of the layers.
const MEASURE_EVERY: Duration = Duration::from_millis(500);
/// Time between two copies of the network for the Draw workspace.
const COPY_EVERY: Duration = Duration::from_millis(1000);
/// Time between two copies of network and rule for who looks at what travels where.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(400);
/// Time between two checkpoints; one more follows each epoch.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);

/// What is told of a run whose digits could not be checked.
pub const UNCHECKED: &str = "This run is of an earlier version, which did not keep which digits it learns: whether these are the same could not be checked.";

/// A run could not be begun, gone on with or saved.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The network, the checkpoint or a setting.
    #[error(transparent)]
    Ann(#[from] AnnError),
    /// The run's folder.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl StartError {
    /// Whether a file could not be written, as on a full disk: whatever else is
    /// saved then fails as well, and need not be told again.
    pub fn could_not_write(&self) -> bool {
        matches!(self, Self::Ann(AnnError::Write(_)) | Self::Run(RunError::Write(_)))
    }
}

/// A trainer with its folder, record and meters.
pub struct ActiveRun {
    /// Ends before the folder is let go of.
    recorder: Option<Recorder>,
    trainer: Trainer,
    split: Split,
    folder: RunFolder,
    record: RunRecord,
    rate: RateMeter,
    layers: Arc<Vec<LayerStats>>,
    judged: Option<Arc<Judged>>,
    model: Option<Arc<Model>>,
    shown: Due,
    measured: Due,
    copied: Due,
    saved: Due,
    probes: Arc<Vec<ProbePoint>>,
    rates: Arc<Vec<RatePoint>>,
    snapshot: Option<Arc<Snapshot>>,
    snapped: Due,
}

/// What one turn brought.
#[derive(Default)]
pub struct Done {
    /// The view should be renewed.
    pub show: bool,
    /// An epoch has just ended.
    pub epoch_ended: bool,
    /// All epochs are done.
    pub finished: bool,
    /// Nothing more is kept of the run's history, and why; told once.
    pub history_failed: Option<String>,
}

impl ActiveRun {
    /// A new run in a folder of its own below `root`.
    pub fn start(root: &Path, config: TrainConfig, split: Split) -> Result<Self, StartError> {
        let trainer = Trainer::new(config.clone(), Arc::clone(&split.train))?;
        let mut record = RunRecord::new(config, trainer.progress().total_steps());
        record.classes = split.train.classes().clone();
        let folder = RunFolder::create(root, &mut record)?;
        let mut run = Self::assemble(trainer, split, folder, record);
        // From now on there is something to go on with, whatever happens.
        run.checkpoint()?;
        Ok(run)
    }

    /// An earlier run, from its checkpoint; on another device, if one is named.
    pub fn go_on(
        root: &Path,
        id: &str,
        split: Split,
        device: Option<&str>,
    ) -> Result<Self, StartError> {
        let folder = RunFolder::open(root, id)?;
        let mut record = folder.read_record()?;
        let data = Arc::clone(&split.train);
        let trainer = Trainer::resume_on(&folder.checkpoint(), data, device)?;
        record.config.device.clone_from(&trainer.config().device);
        // The record may be ahead of the checkpoint or behind it; the
        // checkpoint counts.
        let history = trainer.history();
        record.epochs.clone_from(&history.epochs);
        record.loss = super::curve::Curve::default();
        record.accuracy = super::curve::Curve::default();
        for point in &history.batches {
            record.loss.push(point.step as f64, f64::from(point.loss));
            record.accuracy.push(point.step as f64, f64::from(point.accuracy));
        }
        record.steps = trainer.progress().step;
        record.by_hand |= trainer.was_set_by_hand();
        record.state = RunState::Running;
        record.message = None;
        Ok(Self::assemble(trainer, split, folder, record))
    }

    fn assemble(trainer: Trainer, split: Split, folder: RunFolder, record: RunRecord) -> Self {
        let kept = &record.config.history;
        let recorder = kept.on.then(|| Recorder::start(folder.snapshots(), kept, &trainer));
        Self {
            trainer,
            split,
            folder,
            record,
            rate: RateMeter::default(),
            layers: Arc::default(),
            judged: None,
            model: None,
            recorder,
            shown: Due::every(SHOW_EVERY),
            measured: Due::every(MEASURE_EVERY),
            copied: Due::every(COPY_EVERY),
            saved: Due::every(CHECKPOINT_EVERY),
            probes: Arc::default(),
            rates: Arc::default(),
            snapshot: None,
            snapped: Due::every(SNAPSHOT_EVERY),
        }
    }

    /// Whether nobody knows if it goes on with the digits that it was begun with:
    /// a run of an earlier version, which did not keep that.
    pub fn has_unchecked_digits(&self) -> bool {
        self.trainer.has_unchecked_digits()
    }

    /// The settings and data it was begun with.
    pub fn origin(&self) -> (TrainConfig, Split) {
        (self.record.config.clone(), self.split.clone())
    }

    /// Whether it has learned nothing yet.
    pub fn is_untouched(&self) -> bool {
        self.trainer.progress().step == 0 && !self.trainer.was_set_by_hand()
    }

    /// What its folder is called.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// Trains one mini-batch (or one piece of the validation after an epoch).
    pub fn advance(&mut self, control: &Control) -> Result<Done, StartError> {
        // The last step is always measured, so that a finished run has something
        // to show to who comes late.
        let last = self.record.steps + 1 == self.record.total_steps;
        if control.watched.load(Relaxed) && self.measured.now() || last {
            self.trainer.measure_next_step();
        }
        let begun = Instant::now();
        if let Some(recorder) = &mut self.recorder {
            recorder.before(&self.trainer);
        }
        let step = self.trainer.step()?;
        let took = begun.elapsed();
        self.record.seconds += took.as_secs_f64();
        if let Some(batch) = &step.batch {
            self.rate.add(batch.images, took);
            self.record.steps = batch.step;
            self.record.loss.push(batch.step as f64, f64::from(batch.loss));
            self.record.accuracy.push(batch.step as f64, f64::from(batch.accuracy));
        }
        let mut done = Done { finished: step.finished, ..Done::default() };
        if let Some(recorder) = &mut self.recorder {
            if let Some(batch) = &step.batch {
                recorder.after(batch, &self.trainer);
            }
            done.history_failed = recorder.failure();
        }
        if let Some(point) = step.epoch_end {
            self.record.epochs.push(point);
            self.judge_validation();
            done.epoch_ended = true;
        }
        let layers = self.trainer.layer_stats();
        if *self.layers != layers {
            self.layers = Arc::new(layers.to_vec());
        }
        if control.live.load(Relaxed) && (self.copied.now() || done.epoch_ended) {
            self.model = Some(Arc::new(self.copy_model()?));
        } else if !control.live.load(Relaxed) {
            self.model = None;
        }
        if self.rates.len() != self.trainer.history().rates.len() {
            self.rates = Arc::new(self.trainer.history().rates.clone());
        }
        if self.probes.len() != self.trainer.history().probes.len() {
            self.probes = Arc::new(self.trainer.history().probes.clone());
        }
        let looked_at = control.passage.load(Relaxed);
        if looked_at && (self.snapshot.is_none() || self.snapped.now()) || last {
            self.snap();
        }
        if done.epoch_ended || self.saved.now() {
            self.checkpoint()?;
        }
        done.show = done.epoch_ended || self.shown.now();
        Ok(done)
    }

    /// Copies network and rule for who looks at them.
    pub fn snap(&mut self) {
        self.snapshot = self.trainer.snapshot().map(Arc::new);
    }

    /// What is done to errors on their way back from now on.
    pub fn disturb(&mut self, disturbance: Disturbance) {
        self.trainer.disturb(disturbance);
        self.record.disturbed |= self.trainer.disturbance().is_on();
    }

    /// Gives a connection this weight.
    pub fn set_wire(&mut self, wire: Wire, weight: f32) {
        self.trainer.set_wire(wire, weight);
        self.record.by_hand |= self.trainer.was_set_by_hand();
    }

    /// Holds a connection at its weight, or lets it learn again; whether that was possible.
    pub fn hold_wire(&mut self, wire: Wire, hold: bool) -> bool {
        let done = self.trainer.hold_wire(wire, hold);
        self.record.by_hand |= self.trainer.was_set_by_hand();
        done
    }

    /// Renews the copies that the window sees: those of network and rule, and the one that
    /// answers in the Draw workspace.
    pub fn show_changes(&mut self, passage: bool, live: bool) -> Result<(), AnnError> {
        if passage {
            self.snap();
        }
        if live {
            self.model = Some(Arc::new(self.copy_model()?));
        }
        Ok(())
    }

    fn copy_model(&self) -> Result<Model, AnnError> {
        let progress = self.trainer.progress();
        let epochs = format!("{:.1}", progress.epochs_done());
        let network = self.trainer.network().clone();
        Ok(Model::new(network, self.metadata(), Origin::Live { epochs }))
    }

    fn metadata(&self) -> Metadata {
        let mut metadata = self.trainer.metadata();
        metadata.test_accuracy = self.record.test_accuracy;
        metadata.last_test_accuracy = self.record.last_test_accuracy;
        if let Some(accuracy) = self.record.averaged_validation_accuracy {
            metadata.validation_accuracy = Some(accuracy);
        }
        metadata
    }

    /// Takes the answers to the validation split over, for the confusion matrix.
    fn judge_validation(&mut self) {
        if let Some(evaluation) = self.trainer.last_validation() {
            self.judged = Some(Arc::new(Judged {
                of: "validation split",
                epoch: self.record.epochs.len(),
                data: self.trainer.validation_set(),
                evaluation: evaluation.clone(),
            }));
        }
    }

    /// Evaluates the test set, and where the weights are averaged the held-out
    /// digits and the last weights, too; `false` if cancelled.
    pub fn test(
        &mut self,
        cancel: &AtomicBool,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<bool, StartError> {
        let data = Arc::clone(&self.split.test);
        let threads = self.record.config.threads;
        let result = self.trainer.result();
        let evaluation = evaluate(&result, &data, threads, cancel, progress)?;
        let Some(evaluation) = evaluation else { return Ok(false) };
        if self.trainer.is_averaged() {
            let held_out = self.trainer.validation_set();
            let mut quietly = |_, _| {};
            let known = evaluate(&result, &held_out, threads, cancel, &mut quietly)?;
            let last = evaluate(self.trainer.network(), &data, threads, cancel, &mut quietly)?;
            let (Some(known), Some(last)) = (known, last) else { return Ok(false) };
            self.record.averaged_validation_accuracy =
                (!held_out.is_empty()).then_some(known.accuracy);
            self.record.last_test_accuracy = Some(last.accuracy);
        }
        self.record.test_accuracy = Some(evaluation.accuracy);
        let epoch = self.record.epochs.len();
        self.judged = Some(Arc::new(Judged { of: "test set", epoch, data, evaluation }));
        Ok(true)
    }

    /// Writes checkpoint and record.
    pub fn checkpoint(&mut self) -> Result<(), StartError> {
        self.saved.restart();
        self.trainer.save_checkpoint(&self.folder.checkpoint())?;
        self.folder.write_record(&self.record)?;
        Ok(())
    }

    /// Writes everything for the last time.
    pub fn close(&mut self, state: RunState, message: Option<String>) -> Result<(), StartError> {
        self.record.state = state;
        self.record.message = message;
        if let Some(recorder) = &mut self.recorder {
            recorder.close(&self.trainer, state == RunState::Failed);
        }
        self.trainer.fall_back();
        let (network, metadata) = (self.trainer.result(), self.metadata());
        // Who looks at it afterwards sees what is saved.
        if let Some(mut last) = self.trainer.snapshot() {
            last.network = network.clone();
            self.snapshot = Some(Arc::new(last));
        }
        weights::save(&self.folder.weights(), &network, &metadata, Precision::Single)?;
        // After a step that diverged the last checkpoint is the one to go on from.
        if self.trainer.is_intact() {
            self.trainer.save_checkpoint(&self.folder.checkpoint())?;
        }
        self.folder.write_record(&self.record)?;
        self.model = Some(Arc::new(self.finished_model()?));
        Ok(())
    }

    fn finished_model(&self) -> Result<Model, AnnError> {
        let network = self.trainer.result();
        Ok(Model::new(network, self.metadata(), Origin::Run(self.record.id.clone())))
    }

    /// What the window shows.
    pub fn view(&self, phase: Phase) -> TrainingView {
        let progress = self.trainer.progress();
        let images_per_s = self.rate.per_second();
        let left = self.record.total_steps.saturating_sub(progress.step) as f64
            * self.record.config.batch_size as f64;
        TrainingView {
            phase,
            record: Some(Arc::new(self.record.clone())),
            epoch: progress.epoch,
            batch: progress.batch_in_epoch,
            batches: progress.batches_per_epoch,
            images_per_s,
            left_s: images_per_s.map(|rate| left / rate),
            layers: Arc::clone(&self.layers),
            judged: self.judged.clone(),
            history: self.recorder.as_ref().map(Recorder::status).unwrap_or_default(),
            model: self.model.clone(),
            probes: Arc::clone(&self.probes),
            rates: Arc::clone(&self.rates),
            disturbance: self.trainer.disturbance(),
            held: Arc::new(self.trainer.held().clone()),
            snapshot: self.snapshot.clone(),
        }
    }
}

/// Something that is due every so often.
struct Due {
    every: Duration,
    last: Instant,
}

impl Due {
    fn every(every: Duration) -> Self {
        Self { every, last: Instant::now() }
    }

    /// Whether the time has come; if so, it starts over.
    fn now(&mut self) -> bool {
        let due = self.last.elapsed() >= self.every;
        if due {
            self.restart();
        }
        due
    }

    fn restart(&mut self) {
        self.last = Instant::now();
    }
}

/// Images per second over the last two seconds of training (pauses, validation
/// and saving do not count).
#[derive(Default)]
struct RateMeter {
    window: VecDeque<(usize, Duration)>,
    images: usize,
    time: Duration,
}

impl RateMeter {
    fn add(&mut self, images: usize, took: Duration) {
        self.window.push_back((images, took));
        self.images += images;
        self.time += took;
        while self.time > Duration::from_secs(2) && self.window.len() > 1 {
            if let Some((images, took)) = self.window.pop_front() {
                self.images -= images;
                self.time -= took;
            }
        }
    }

    fn per_second(&self) -> Option<f64> {
        (!self.time.is_zero()).then(|| self.images as f64 / self.time.as_secs_f64())
    }
}

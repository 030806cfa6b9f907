//! The `recorder` thread: packs the snapshots of the run in hand and writes them
//! to its folder, so the trainer only copies numbers.
//!
//! Before each batch the trainer asks whether a snapshot is due after it
//! ([`Recorder::before`]), and afterwards hands the weights over
//! ([`Recorder::after`]). While the thread is behind, the snapshot is put off to a
//! later batch: training waits only for the last one. If a history cannot be
//! written, a message says so and the run goes on without.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::ann::network::Network;
use crate::ann::snapshots::cadence::{Cadence, HistoryConfig};
use crate::ann::snapshots::{SnapshotError, Taken, Writer};
use crate::ann::trainer::{Batch, Trainer};
use crate::core::panics::guarded;

/// Snapshots that wait to be packed; each takes eight bytes per weight.
const QUEUE: usize = 4;

/// What is known of a history that is being written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryStatus {
    /// Snapshots on disk.
    pub snapshots: usize,
    /// Snapshots that wait to be packed and written.
    pub waiting: usize,
    /// Bytes on disk.
    pub bytes: u64,
    /// How often every second one had to go.
    pub thinned: u32,
    /// Why nothing more is written, if so.
    pub failed: Option<String>,
}

/// The trainer's side.
pub struct Recorder {
    cadence: Cadence,
    last: u64,
    thinned: u32,
    before: Option<Vec<f32>>,
    /// A failure was handed on.
    failure_reported: bool,
    queue: Option<SyncSender<Taken>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: AtomicUsize,
    status: Mutex<HistoryStatus>,
}

impl Shared {
    fn status(&self) -> HistoryStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut HistoryStatus)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Recorder {
    /// Begins the history in `folder`, or goes on with it, and keeps the weights
    /// as they are now.
    pub fn start(folder: PathBuf, config: &HistoryConfig, trainer: &Trainer) -> Self {
        let progress = trainer.progress();
        let lengths = trainer.network().parameters().iter().map(|p| p.values.len()).collect();
        let shared = Arc::<Shared>::default();
        let mut recorder = Self {
            cadence: Cadence::new(config, progress.total_steps()),
            last: progress.step,
            thinned: 0,
            before: None,
            failure_reported: false,
            queue: None,
            shared: Arc::clone(&shared),
            thread: None,
        };
        let most = config.most_mb.saturating_mul(1_000_000);
        let opened = Writer::open(folder, lengths, most, progress.step);
        let begun = opened.map_err(|e| ends_here(&e)).and_then(|writer| {
            recorder.cadence.thin_to(progress.step, writer.spacing());
            let here = writer.last() == Some(progress.step);
            shared.change(|s| (s.snapshots, s.bytes) = (writer.snapshots(), writer.bytes()));
            let (queue, taken) = sync_channel(QUEUE);
            let thread = std::thread::Builder::new().name("recorder".into());
            let thread = thread.spawn(move || {
                if let Err(why) = guarded(|| work(writer, &taken, &shared)) {
                    let text =
                        format!("The history ended early: {why}. What was kept so far stays");
                    shared.change(|s| s.failed = Some(text));
                }
            });
            recorder.thread = Some(thread.map_err(|e| format!("The history has no thread: {e}"))?);
            recorder.queue = Some(queue);
            Ok(here)
        });
        match begun {
            Ok(true) => {}
            Ok(false) => recorder.hand_over(taken(trainer, None, None), true),
            Err(text) => recorder.shared.change(|s| s.failed = Some(text)),
        }
        recorder
    }

    /// To be called before each turn of the trainer.
    pub fn before(&mut self, trainer: &Trainer) {
        self.before = None;
        let progress = trainer.progress();
        let next = progress.step + 1;
        if progress.batch_in_epoch == progress.batches_per_epoch {
            return;
        }
        // The last one is waited for, so that every run ends with its last update.
        let last = next == progress.total_steps();
        let due = self.cadence.due(next, self.last) && self.shared.waiting.load(Relaxed) < QUEUE;
        if (last || due) && self.queue.is_some() {
            self.before = Some(flat(trainer.network()));
        }
    }

    /// To be called after it, if it trained a batch.
    pub fn after(&mut self, batch: &Batch, trainer: &Trainer) {
        let Some(before) = self.before.take() else { return };
        let last = batch.step == trainer.progress().total_steps();
        self.hand_over(taken(trainer, Some(batch), Some(before)), last);
        let thinned = self.shared.status().thinned;
        (self.thinned..thinned).for_each(|_| self.cadence.thin());
        self.thinned = thinned;
    }

    /// Sends a snapshot to the thread; `wait` for one that must not be left out.
    fn hand_over(&mut self, taken: Taken, wait: bool) {
        let Some(queue) = &self.queue else { return };
        let step = taken.step;
        self.shared.waiting.fetch_add(1, Relaxed);
        let sent = if wait { queue.send(taken).is_ok() } else { queue.try_send(taken).is_ok() };
        if sent {
            self.last = step;
        } else {
            self.shared.waiting.fetch_sub(1, Relaxed);
        }
    }

    /// What is on disk.
    pub fn status(&self) -> HistoryStatus {
        let waiting = self.shared.waiting.load(Relaxed);
        HistoryStatus { waiting, ..self.shared.status() }
    }

    /// A failure that was not told yet.
    pub fn failure(&mut self) -> Option<String> {
        if self.failure_reported {
            return None;
        }
        let failed = self.shared.status().failed?;
        self.failure_reported = true;
        self.queue = None;
        Some(failed)
    }

    /// Writes what is waiting, and the weights as they are unless the run failed:
    /// those of a run that diverged are none that it came by.
    pub fn close(&mut self, trainer: &Trainer, failed: bool) {
        if !failed && trainer.progress().step > self.last {
            self.hand_over(taken(trainer, None, None), true);
        }
        self.end();
    }

    fn end(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end();
    }
}

fn flat(network: &Network) -> Vec<f32> {
    let parameters = network.parameters();
    let mut all = Vec::with_capacity(parameters.iter().map(|p| p.values.len()).sum());
    parameters.iter().for_each(|p| all.extend_from_slice(p.values));
    all
}

fn taken(trainer: &Trainer, batch: Option<&Batch>, before: Option<Vec<f32>>) -> Taken {
    let last = trainer.history().batches.last();
    Taken {
        step: trainer.progress().step,
        loss: batch.map(|b| b.loss).or(last.map(|l| l.loss)).unwrap_or(f32::NAN),
        accuracy: batch.map(|b| b.accuracy).or(last.map(|l| l.accuracy)).unwrap_or(f32::NAN),
        now: flat(trainer.network()),
        before,
    }
}

fn ends_here(error: &SnapshotError) -> String {
    format!("The history of this run ends here: {error}.")
}

fn work(mut writer: Writer, queue: &Receiver<Taken>, shared: &Shared) {
    while let Ok(taken) = queue.recv() {
        let added: Result<bool, SnapshotError> = writer.append(&taken);
        shared.waiting.fetch_sub(1, Relaxed);
        match added {
            Ok(thinned) => shared.change(|s| {
                (s.snapshots, s.bytes) = (writer.snapshots(), writer.bytes());
                s.thinned += u32::from(thinned);
            }),
            Err(error) => {
                log::warn!("{error}");
                // Whoever sends the next one finds the queue closed.
                return shared.change(|s| s.failed = Some(ends_here(&error)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::active::ActiveRun;
    use super::super::progress::{Control, Phase};
    use super::super::runs::{RunState, weights_path};
    use super::*;
    use crate::ann::optimiser::OptimiserConfig;
    use crate::ann::snapshots::{Reader, folder};
    use crate::ann::trainer::TrainConfig;
    use crate::ann::weights;
    use crate::data::registry::Split;
    use crate::data::synthetic;

    fn split() -> Split {
        let digits = |seed, n| Arc::new(synthetic::generate(seed, n));
        Split { train: digits(1, 400), test: digits(2, 20) }
    }

    fn config(model: &str, on: bool) -> TrainConfig {
        TrainConfig {
            model: model.into(),
            data: "synthetic".into(),
            subset: 400,
            validation_share: 0.1,
            epochs: 3,
            threads: 1,
            history: HistoryConfig { on, every: 3, ..HistoryConfig::default() },
            ..TrainConfig::default()
        }
    }

    /// Trains so many batches (all of them: `u64::MAX`); `wait`: for the thread,
    /// so that no snapshot is put off.
    fn train(run: &mut ActiveRun, batches: u64, wait: bool) {
        let control = Control::default();
        loop {
            let view = run.view(Phase::Training);
            if view.record.unwrap().steps >= batches || run.advance(&control).unwrap().finished {
                return;
            }
            while wait && run.view(Phase::Training).history.waiting > 0 {
                std::thread::yield_now();
            }
        }
    }

    fn history(root: &std::path::Path, id: &str, model: &str) -> Reader {
        let architecture = crate::ann::zoo::get(model).unwrap();
        let values = Network::new(architecture, 1).unwrap().values();
        let lengths = values.iter().map(Vec::len).collect();
        let mut reader = Reader::new(folder(&root.join(id)), lengths);
        reader.refresh().unwrap();
        reader
    }

    fn id(run: &ActiveRun) -> String {
        run.view(Phase::Training).record.unwrap().id.clone()
    }

    #[test]
    fn a_run_ends_the_same_recorded_or_not_and_its_history_ends_with_it() {
        let root = tempfile::tempdir().unwrap();
        for model in ["mlp", "rnn1"] {
            let mut last = Vec::new();
            for on in [false, true] {
                let mut run = ActiveRun::start(root.path(), config(model, on), split()).unwrap();
                train(&mut run, u64::MAX, false);
                run.close(RunState::Finished, None).unwrap();
                let id = id(&run);
                let (network, _) = weights::load(&weights_path(root.path(), &id).unwrap()).unwrap();
                let mut history = history(root.path(), &id, model);
                assert_eq!(history.moments().is_empty(), !on);
                if on {
                    assert_eq!(history.left_out(), None);
                    let steps: Vec<u64> = history.moments().iter().map(|m| m.step).collect();
                    assert_eq!((steps[0], *steps.last().unwrap()), (0, 36), "{steps:?}");
                    assert!(history.update(36).unwrap().is_some());
                    let end = history.weights(36).unwrap();
                    for (a, b) in end.iter().zip(network.values().iter().flatten()) {
                        assert_eq!(*a, half::f16::from_f32(*b).to_f32());
                    }
                    let fresh = Network::new(network.architecture(), 1).unwrap().values();
                    let begin = history.weights(0).unwrap();
                    for (a, b) in begin.iter().zip(fresh.iter().flatten()) {
                        assert_eq!(*a, half::f16::from_f32(*b).to_f32());
                    }
                }
                last.push(network.values());
            }
            assert!(last[0] == last[1], "{model}");
        }
    }

    #[test]
    fn the_last_snapshot_is_taken_however_many_wait() {
        let root = tempfile::tempdir().unwrap();
        let config = config("mlp", true);
        let mut trainer = Trainer::new(config.clone(), split().train).unwrap();
        let mut recorder = Recorder::start(root.path().join("here"), &config.history, &trainer);
        // One of them is the first snapshot, which is written meanwhile.
        recorder.shared.waiting.store(QUEUE + 1, Relaxed);
        let total = trainer.progress().total_steps();
        let mut taken = Vec::new();
        while trainer.progress().step < total {
            recorder.before(&trainer);
            if recorder.before.is_some() {
                taken.push(trainer.progress().step + 1);
            }
            trainer.step().unwrap();
        }
        assert_eq!(taken, [total]);
    }

    #[test]
    fn a_run_that_goes_on_has_the_history_of_one_that_never_stopped() {
        let root = tempfile::tempdir().unwrap();
        let mut whole = ActiveRun::start(root.path(), config("rnn1", true), split()).unwrap();
        train(&mut whole, u64::MAX, true);
        whole.close(RunState::Finished, None).unwrap();
        let mut first = ActiveRun::start(root.path(), config("rnn1", true), split()).unwrap();
        train(&mut first, 14, true);
        first.checkpoint().unwrap();
        // Killed later than its last checkpoint: what follows is trained again.
        train(&mut first, 20, true);
        let id_of_parts = id(&first);
        drop(first);
        let mut second = ActiveRun::go_on(root.path(), &id_of_parts, split(), None).unwrap();
        train(&mut second, u64::MAX, true);
        second.close(RunState::Finished, None).unwrap();
        let mut whole = history(root.path(), &id(&whole), "rnn1");
        let mut parts = history(root.path(), &id_of_parts, "rnn1");
        let steps = |r: &Reader| r.moments().iter().map(|m| m.step).collect::<Vec<_>>();
        let (all, of_parts) = (steps(&whole), steps(&parts));
        assert_eq!(all, of_parts);
        for step in all {
            assert_eq!(whole.weights(step).unwrap(), parts.weights(step).unwrap(), "{step}");
        }
    }

    #[test]
    fn a_run_that_diverged_keeps_its_history() {
        let root = tempfile::tempdir().unwrap();
        let mut optimiser = OptimiserConfig::default_of("sgd").unwrap();
        optimiser.set("learning_rate", 1e6);
        let config = TrainConfig { optimiser, ..config("mlp", true) };
        let mut run = ActiveRun::start(root.path(), config, split()).unwrap();
        let control = Control::default();
        let error = loop {
            match run.advance(&control) {
                Ok(done) => assert!(!done.finished),
                Err(error) => break error,
            }
        };
        run.close(RunState::Failed, Some(error.to_string())).unwrap();
        let mut history = history(root.path(), &id(&run), "mlp");
        let steps: Vec<u64> = history.moments().iter().map(|m| m.step).collect();
        assert!(!steps.is_empty());
        for step in steps {
            assert!(history.weights(step).unwrap().iter().all(|w| w.is_finite()));
        }
    }

    #[test]
    fn a_history_that_cannot_be_written_is_told_once_and_the_run_goes_on() {
        let root = tempfile::tempdir().unwrap();
        let mut run = ActiveRun::start(root.path(), config("rnn1", true), split()).unwrap();
        train(&mut run, 5, true);
        run.checkpoint().unwrap();
        let id = id(&run);
        drop(run);
        // A file is where the folder should be.
        let place = folder(&root.path().join(&id));
        std::fs::remove_dir_all(&place).unwrap();
        crate::core::files::write_bytes(&place, b"").unwrap();
        let mut run = ActiveRun::go_on(root.path(), &id, split(), None).unwrap();
        let mut told = Vec::new();
        while let Ok(done) = run.advance(&Control::default()) {
            told.extend(done.history_failed);
            if done.finished {
                break;
            }
        }
        run.close(RunState::Finished, None).unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("training goes on without"), "{told:?}");
    }
}

//! The `combine` thread, started on demand: how well an ensemble of the user's own
//! runs does. Each member answers the digits that all of them held out, on which
//! the stacking learner is fitted, and the test digits.
//!
//! It takes seconds and ends with the window; nobody waits for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::events::{Event, Events};
use super::runs::weights_path;
use super::thread::latest::Slot;
use crate::ann::ensemble::{Ensemble, Stacking, Tested};
use crate::ann::evaluate::evaluate;
use crate::ann::trainer::{self, TrainConfig};
use crate::ann::weights::{self, Metadata};
use crate::core::panics::guarded;
use crate::data::Dataset;
use crate::data::registry::Split;

/// What to put together.
#[derive(Clone)]
pub struct CombineOf {
    /// The ensemble.
    pub ensemble: &'static Ensemble,
    /// A finished run of each member, in its order: id and settings. All held out
    /// the same digits.
    pub runs: Vec<(String, TrainConfig)>,
    /// The digits that they were trained and are tested on.
    pub split: Split,
}

/// An ensemble of the user's runs.
#[derive(Clone, Debug)]
pub struct Combined {
    /// Ids of the runs, by member.
    pub runs: Vec<String>,
    /// The digits that it was tested on.
    pub tested_on: Arc<Dataset>,
    /// The learner, with its accuracy and that of averaging.
    pub stacking: Stacking,
    /// Runs of earlier versions, which did not keep which digits they learnt.
    pub unchecked: Vec<String>,
}

/// All of them, and how far the one in hand is.
#[derive(Clone, Debug, Default)]
pub struct Combinations {
    /// The ensemble in hand: its id, members that have answered, of how many.
    pub in_hand: Option<(&'static str, usize, usize)>,
    /// By the ensemble's id.
    pub done: BTreeMap<&'static str, Combined>,
}

/// Puts ensembles together. Dropped, it ends the one in hand.
pub struct Combiner {
    runs_root: PathBuf,
    combinations: Arc<Slot<Combinations>>,
    cancel: Arc<AtomicBool>,
    events: Events,
}

impl Combiner {
    /// For runs below `runs_root`.
    pub fn new(runs_root: PathBuf, events: Events) -> Self {
        let combinations = Arc::new(Slot::new(Combinations::default()));
        Self { runs_root, combinations, cancel: Arc::default(), events }
    }

    /// Begins to put one together, unless one is in hand.
    pub fn start(&self, of: CombineOf) {
        if self.combinations.get().in_hand.is_some() {
            return;
        }
        let (cancel, view) = (Arc::clone(&self.cancel), Arc::clone(&self.combinations));
        let root = self.runs_root.clone();
        if let Err(error) = combine(of, root, cancel, view, self.events.clone()) {
            self.combinations
                .put(Combinations { in_hand: None, ..(*self.combinations.get()).clone() });
            self.events.send(Event::Failure(format!("The ensemble has no thread: {error}")));
        }
    }

    /// All that were put together, and how far the one in hand is.
    pub fn combinations(&self) -> Arc<Combinations> {
        self.combinations.get()
    }
}

impl Drop for Combiner {
    fn drop(&mut self) {
        self.cancel.store(true, Relaxed);
    }
}

/// Puts an ensemble together on a thread of its own, until `cancel` is set.
fn combine(
    of: CombineOf,
    root: PathBuf,
    cancel: Arc<AtomicBool>,
    view: Arc<Slot<Combinations>>,
    events: Events,
) -> std::io::Result<()> {
    let tell = {
        let (view, events) = (Arc::clone(&view), events.clone());
        move |change: &dyn Fn(&mut Combinations)| {
            let mut all = (*view.get()).clone();
            change(&mut all);
            view.put(all);
            events.wake();
        }
    };
    let (id, total) = (of.ensemble.id, of.runs.len());
    tell(&|all| all.in_hand = Some((id, 0, total)));
    std::thread::Builder::new()
        .name("combine".into())
        .spawn(move || {
            let done = guarded(|| {
                work(&of, &root, &cancel, &|n| tell(&|all| all.in_hand = Some((id, n, total))))
            });
            let failure = match done.flatten() {
                Ok(None) => None,
                Ok(Some(combined)) => {
                    tell(&|all| drop(all.done.insert(id, combined.clone())));
                    if !combined.unchecked.is_empty() {
                        events.send(Event::Notice(format!(
                            "{}: whether these runs learnt the same digits could not be checked, since earlier versions did not keep that: {}.",
                            of.ensemble.name,
                            combined.unchecked.join(", ")
                        )));
                    }
                    None
                }
                Err(why) => Some(why),
            };
            if let Some(why) = failure {
                let name = of.ensemble.name;
                events.send(Event::Failure(format!(
                    "{name}: your runs were not put together: {why}. They are as they were."
                )));
            }
            tell(&|all| all.in_hand = None);
        })
        .map(|_| ())
}

fn work(
    of: &CombineOf,
    root: &std::path::Path,
    cancel: &AtomicBool,
    progress: &dyn Fn(usize),
) -> Result<Option<Combined>, String> {
    let Some((_, first)) = of.runs.first() else { return Ok(None) };
    let held_out = trainer::split(first, &of.split.train).map_err(|e| e.to_string())?.1;
    let at_hand = of.split.train.fingerprint(first.subset);
    let mut unchecked = Vec::new();
    let mut tested = Vec::new();
    for ((id, _), member) in of.runs.iter().zip(of.ensemble.members) {
        let path = weights_path(root, id).map_err(|e| e.to_string())?;
        let loaded = weights::load(&path);
        let (network, metadata) = loaded.map_err(|e| e.to_string())?;
        if metadata.architecture != *member || !held_out_alike(&metadata, first, &of.split.train) {
            return Err(format!(
                "run {id} did not hold out the same digits as the others, or not of these files: the stacking learner would be fitted on digits that a member was trained on"
            ));
        }
        match &metadata.fingerprint {
            Some(learnt) => {
                if let Some(how) = learnt.differs(&at_hand) {
                    return Err(format!(
                        "run {id} learnt other digits than those at hand: {how}. Name the folder with the digits that it learnt"
                    ));
                }
            }
            None => unchecked.push(id.clone()),
        }
        let mut answers = Vec::new();
        for digits in [&held_out, &*of.split.test] {
            let asked = evaluate(&network, digits, 1, cancel, &mut |_, _| {});
            let Some(answer) = asked.map_err(|e| e.to_string())? else { return Ok(None) };
            answers.push(answer);
        }
        let (Some(test), Some(held_out)) = (answers.pop(), answers.pop()) else { return Ok(None) };
        tested.push(Tested { held_out, test });
        progress(tested.len());
        if cancel.load(Relaxed) {
            return Ok(None);
        }
    }
    let members: Vec<&Tested> = tested.iter().collect();
    let (known, test) = (held_out.labels(), of.split.test.labels());
    let stacking = Stacking::fit_and_test(of.ensemble, &members, known, test);
    let runs = of.runs.iter().map(|(id, _)| id.clone()).collect();
    let tested_on = Arc::clone(&of.split.test);
    Ok(Some(Combined { runs, tested_on, stacking, unchecked }))
}

/// Whether the digits that these settings hold out of `train` were held out.
fn held_out_alike(m: &Metadata, config: &TrainConfig, train: &Dataset) -> bool {
    (m.dataset == train.id && m.subset == config.subset.min(train.len()))
        && m.validation_share == config.validation_share
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::runs::{RunFolder, RunRecord};
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::ann::ensemble::{ENSEMBLES, find};
    use crate::ann::evaluate::judge;
    use crate::ann::weights::Precision;
    use crate::data::synthetic;

    fn part(digits: &Dataset, range: std::ops::Range<usize>) -> Arc<Dataset> {
        let images = range.clone().flat_map(|i| digits.image(i).to_vec()).collect();
        let labels = range.map(|i| digits.label(i)).collect();
        Arc::new(Dataset::new(&digits.id, images, labels).unwrap())
    }

    #[test]
    fn runs_are_put_together_as_the_networks_in_the_box_were() {
        let root = tempfile::tempdir().unwrap();
        let ensemble = find("rnns").unwrap();
        let digits = synthetic::generate(6, 1600);
        let mut runs = Vec::new();
        for loaded in REPORT.networks() {
            let (network, mut metadata) = loaded.unwrap();
            if !ensemble.members.contains(&network.architecture().id) {
                continue;
            }
            let config = TrainConfig {
                model: network.architecture().id.into(),
                subset: 1000,
                validation_share: 0.2,
                ..TrainConfig::default()
            };
            let mut record = RunRecord::new(config.clone(), 1);
            let run = RunFolder::create(root.path(), &mut record).unwrap();
            (metadata.dataset, metadata.subset) = (digits.id.clone(), 1000);
            metadata.validation_share = 0.2;
            weights::save(&run.weights(), &network, &metadata, Precision::Single).unwrap();
            runs.push((record.id, config));
        }
        let split = Split { train: part(&digits, 0..1000), test: part(&digits, 1000..1600) };
        let of = CombineOf { ensemble, runs, split };
        let (sender, arrived) = std::sync::mpsc::sync_channel(8);
        let events = Events::new(sender, Arc::new(|| {}));
        let combiner = Combiner::new(root.path().into(), events);
        let ask = |of: &CombineOf, cancelled: bool| {
            combiner.cancel.store(cancelled, Relaxed);
            combiner.start(of.clone());
            let begun = Instant::now();
            while combiner.combinations().in_hand.is_some() {
                assert!(begun.elapsed() < Duration::from_secs(120));
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        ask(&of, true);
        assert!(combiner.combinations().done.is_empty() && arrived.try_recv().is_err());
        // Trained on more digits, so that some of those held out now were among them.
        let more = Split { train: part(&digits, 0..900), test: Arc::clone(&of.split.test) };
        ask(&CombineOf { split: more, ..of.clone() }, false);
        let told = arrived.try_recv().unwrap();
        assert!(matches!(told, Event::Failure(text) if text.contains("hold out the same")));
        ask(&of, false);
        let view = combiner.combinations();
        let combined = &view.done["rnns"];
        assert_eq!(combined.runs.len(), 4);
        assert_eq!(combined.stacking.fitted_on, 200);
        // By hand.
        let answers: Vec<_> = of
            .runs
            .iter()
            .map(|(id, _)| weights::load(&weights_path(root.path(), id).unwrap()).unwrap().0)
            .map(|network| {
                let pixels: Vec<_> = (0..600).map(|i| of.split.test.pixels(i)).collect();
                network.probabilities(&pixels)
            })
            .collect();
        let all = (0..600).map(|i| {
            let of: Vec<_> = answers.iter().map(|a| a[i].ten()).collect();
            combined.stacking.combine(&of)
        });
        let right = judge(all, of.split.test.labels()).accuracy;
        assert_eq!(combined.stacking.test_accuracy, Some(right));
        assert!(right > 0.97, "{right}");
    }

    #[test]
    fn a_run_whose_weights_are_gone_is_told() {
        let root = tempfile::tempdir().unwrap();
        let config = TrainConfig { subset: 100, validation_share: 0.2, ..TrainConfig::default() };
        let digits = Arc::new(synthetic::generate(6, 100));
        for ensemble in ENSEMBLES {
            let of = CombineOf {
                ensemble,
                runs: vec![("nowhere".into(), config.clone())],
                split: Split { train: Arc::clone(&digits), test: Arc::clone(&digits) },
            };
            let (sender, arrived) = std::sync::mpsc::sync_channel(8);
            let events = Events::new(sender, Arc::new(|| {}));
            let combiner = Combiner::new(root.path().into(), events);
            combiner.start(of);
            let told = arrived.recv_timeout(Duration::from_secs(60)).unwrap();
            assert!(matches!(told, Event::Failure(text) if text.starts_with(ensemble.name)));
        }
    }
}

//! An open run, and what is computed from its history.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::bank::{Bank, banks};
use super::{Confusion, Judgement, MomentQuestion, MomentView, Tracks, View};
use crate::ann::evaluate::judge;
use crate::ann::inspect::filters::largest;
use crate::ann::maps::maps;
use crate::ann::network::Network;
use crate::ann::scores::Scores;
use crate::ann::snapshots::{Reader, SnapshotError, folder};
use crate::ann::{trainer, zoo};
use crate::data::{Dataset, Pixels};
use crate::workers::runs::folder_of;

/// Digits asked, and moments read, between two looks for a newer question.
const DIGITS: usize = 16;
const MOMENTS: usize = 2;
/// Time between two views of work in progress.
const SHOW_EVERY: Duration = Duration::from_millis(100);

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// See the module.
pub struct Session {
    question: MomentQuestion,
    lengths: Vec<usize>,
    reader: Reader,
    /// With the weights of the moment in `loaded`.
    network: Network,
    loaded: Option<u64>,
    /// The training data, and the digits held out of it.
    held_out: Option<(Arc<Dataset>, Arc<Dataset>)>,
    judged: BTreeMap<u64, Arc<Judgement>>,
    /// Answers so far, at this moment.
    asking: Option<(u64, Vec<Scores>)>,
    tracks: Tracks,
    /// Largest magnitude by (bank, newest moment).
    most: Option<((usize, u64), f32)>,
    view: View,
    published: Instant,
}

impl Session {
    /// Opens a run's history; errors are for people.
    pub fn open(root: &Path, question: &MomentQuestion) -> Result<Self, String> {
        let architecture = zoo::get(&question.config.model).map_err(|e| e.to_string())?;
        let (banks, lengths) = banks(architecture).map_err(|e| e.to_string())?;
        let mut starts = Vec::with_capacity(lengths.len());
        let mut from = 0;
        for len in &lengths {
            starts.push(from);
            from += len;
        }
        let array = |b: &Bank| starts.iter().position(|s| *s == b.from).unwrap_or(0);
        let arrays = Arc::new(banks.iter().map(array).collect());
        let network =
            Network::new(architecture, question.config.seed).map_err(|e| e.to_string())?;
        let run = folder_of(root, &question.run).map_err(|e| e.to_string())?;
        let view =
            View { run: question.run.clone(), banks: Arc::new(banks), arrays, ..View::default() };
        Ok(Self {
            question: question.clone(),
            reader: Reader::new(folder(&run), lengths.clone()),
            lengths,
            network,
            loaded: None,
            held_out: None,
            judged: BTreeMap::new(),
            asking: None,
            tracks: Tracks::default(),
            most: None,
            view,
            published: Instant::now(),
        })
    }

    /// Whether a question is about the run that is open.
    pub fn is_of(&self, question: &MomentQuestion) -> bool {
        self.question.run == question.run && self.question.config == question.config
    }

    /// What is known so far.
    pub fn view(&self) -> View {
        self.view.clone()
    }

    /// Jumps to the moment asked for.
    pub fn answer(&mut self, question: MomentQuestion) -> View {
        let begun = Instant::now();
        self.question = question;
        self.view.failed = None;
        if let Err(error) = self.jump(begun) {
            self.view.failed = Some(format!("This moment cannot be shown: {error}."));
        }
        self.prepare_work();
        self.published = Instant::now();
        self.view()
    }

    fn jump(&mut self, begun: Instant) -> Result<(), SnapshotError> {
        self.reader.refresh()?;
        self.view.moments = Arc::clone(self.reader.moments());
        self.view.bytes = self.reader.bytes();
        self.view.left_out = self.reader.left_out().map(ToOwned::to_owned);
        let Some(newest) = self.view.moments.last().map(|m| m.step) else {
            self.view.shown = None;
            return Ok(());
        };
        let step = self.at(self.question.step.unwrap_or(newest));
        let weights = self.reader.weights(step)?;
        if self.loaded != Some(step) {
            let mut rest = &weights[..];
            let mut arrays = Vec::with_capacity(self.lengths.len());
            for len in &self.lengths {
                let (array, after) = rest.split_at(*len);
                arrays.push(array.to_vec());
                rest = after;
            }
            self.network.set_values(&arrays);
            self.loaded = Some(step);
        }
        let number = self.question.bank.min(self.view.banks.len().saturating_sub(1));
        let Some(bank) = self.view.banks.get(number).cloned() else { return Ok(()) };
        let range = bank.from..bank.from + bank.len;
        let weights = weights[range.clone()].to_vec();
        let mark = self.at(self.question.mark);
        let before = self.reader.weights(mark)?;
        let since = weights.iter().zip(&before[range.clone()]).map(|(a, b)| a - b).collect();
        let update = self.reader.update(step)?.map(|u| u[range.clone()].to_vec());
        let most = match self.most {
            Some((of, most)) if of == (number, newest) => most,
            _ => largest(&self.reader.weights(newest)?[range]),
        };
        self.most = Some(((number, newest), most));
        let digit = self.question.digit.clone();
        let answer = digit.as_ref().map(|digit| self.ask(digit));
        self.view.shown = Some(Arc::new(MomentView {
            serial: SERIAL.fetch_add(1, Relaxed),
            step,
            bank: number,
            weights,
            update,
            since: (mark, since),
            most,
            digit,
            answer,
            took_ms: begun.elapsed().as_secs_f32() * 1e3,
        }));
        Ok(())
    }

    /// The newest moment at or before so many batches; the first if none is.
    fn at(&self, step: u64) -> u64 {
        let moments = &self.view.moments;
        let after = moments.partition_point(|m| m.step <= step);
        moments.get(after.saturating_sub(1)).map_or(0, |m| m.step)
    }

    fn ask(&mut self, digit: &Pixels) -> (Scores, Arc<Vec<crate::ann::maps::Maps>>) {
        let answers = self.network.probabilities(std::slice::from_ref(digit));
        let answer =
            answers.first().copied().unwrap_or_else(|| Scores::even(self.network.classes()));
        (answer, Arc::new(maps(&mut self.network, digit)))
    }

    /// Sets out what is to be done while no newer question waits.
    fn prepare_work(&mut self) {
        let shown = self.view.shown.as_ref().map(|s| s.step).filter(|_| self.view.failed.is_none());
        let held_out = self.question.confusion.clone().and_then(|data| self.held_out(&data));
        self.view.confusion = match (shown, held_out) {
            (Some(step), Some(digits)) => match self.judged.get(&step) {
                Some(of) => Confusion::Ready { step, of: Arc::clone(of) },
                None => {
                    if self.asking.as_ref().is_none_or(|(at, _)| *at != step) {
                        self.asking = Some((step, Vec::with_capacity(digits.len())));
                    }
                    let done = self.asking.as_ref().map_or(0, |(_, answers)| answers.len());
                    Confusion::Busy { step, done, total: digits.len() }
                }
            },
            _ => Confusion::None,
        };
        if !matches!(self.view.confusion, Confusion::Busy { .. }) {
            self.asking = None;
        }
        if self.tracks.places != self.question.followed {
            self.tracks = Tracks { places: self.question.followed.clone(), ..Tracks::default() };
        }
        self.tracks.of = self.view.moments.len();
        self.view.tracks = Arc::new(self.tracks.clone());
    }

    /// The digits that the run holds out of its data; `None` without any.
    fn held_out(&mut self, data: &Arc<Dataset>) -> Option<Arc<Dataset>> {
        let known = self.held_out.as_ref().filter(|(of, _)| Arc::ptr_eq(of, data));
        let digits = match known {
            Some((_, digits)) => Arc::clone(digits),
            None => {
                let (_, digits) = trainer::split(&self.question.config, data).ok()?;
                let digits = Arc::new(digits);
                self.held_out = Some((Arc::clone(data), Arc::clone(&digits)));
                self.judged.clear();
                digits
            }
        };
        (!digits.is_empty()).then_some(digits)
    }

    /// Whether there is something to do while no question waits.
    pub fn has_work(&self) -> bool {
        self.asking.is_some() || self.next_track().is_some()
    }

    /// Does a piece of it; `true` when the view should be shown.
    pub fn work(&mut self) -> bool {
        if self.asking.is_some() {
            self.ask_more();
        } else {
            self.track_more();
        }
        let show = !self.has_work() || self.published.elapsed() >= SHOW_EVERY;
        if show {
            self.published = Instant::now();
            self.view.tracks = Arc::new(self.tracks.clone());
        }
        show
    }

    fn ask_more(&mut self) {
        let (Some((step, mut answers)), Some((_, digits))) =
            (self.asking.take(), self.held_out.as_ref())
        else {
            return;
        };
        let range = answers.len()..(answers.len() + DIGITS).min(digits.len());
        let pictures: Vec<Pixels> = range.map(|i| digits.pixels(i)).collect();
        answers.extend(self.network.probabilities(&pictures));
        if answers.len() < digits.len() {
            self.view.confusion =
                Confusion::Busy { step, done: answers.len(), total: digits.len() };
            self.asking = Some((step, answers));
            return;
        }
        let labels: Vec<u8> = (0..digits.len()).map(|i| digits.label(i)).collect();
        let evaluation = judge(answers.into_iter(), &labels);
        let of = Arc::new(Judgement {
            digits: labels.len(),
            accuracy: evaluation.accuracy,
            loss: evaluation.loss,
            confusion: evaluation.confusion,
        });
        self.judged.insert(step, Arc::clone(&of));
        self.view.confusion = Confusion::Ready { step, of };
    }

    /// The oldest moment at which the followed weights are not known.
    fn next_track(&self) -> Option<u64> {
        if self.tracks.places.is_empty() || self.view.failed.is_some() {
            return None;
        }
        let known = self.tracks.points.last().map(|(step, _)| *step);
        let moments = &self.view.moments;
        let next = known.map_or(0, |k| moments.partition_point(|m| m.step <= k));
        moments.get(next).map(|m| m.step)
    }

    fn track_more(&mut self) {
        for _ in 0..MOMENTS {
            let Some(step) = self.next_track() else { return };
            let values = self.reader.some(step, &self.tracks.places);
            // A damaged moment leaves a gap in the curve.
            let values = values.unwrap_or_else(|_| vec![f32::NAN; self.tracks.places.len()]);
            self.tracks.points.push((step, values));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::evaluate::evaluate;
    use crate::ann::trainer::TrainConfig;
    use crate::data::registry::Split;
    use crate::data::{CLASSES, synthetic};
    use crate::workers::active::ActiveRun;
    use crate::workers::progress::{Control, Phase};
    use crate::workers::runs::RunState;

    /// A trained run, and a question about it.
    fn trained(root: &Path) -> (MomentQuestion, Split) {
        let digits = |seed, n| Arc::new(synthetic::generate(seed, n));
        let split = Split { train: digits(1, 300), test: digits(2, 20) };
        let config = TrainConfig {
            model: "rnn1".into(),
            data: "synthetic".into(),
            subset: 300,
            validation_share: 0.2,
            epochs: 4,
            threads: 1,
            ..TrainConfig::default()
        };
        let mut run = ActiveRun::start(root, config.clone(), split.clone()).unwrap();
        while !run.advance(&Control::default()).unwrap().finished {}
        run.close(RunState::Finished, None).unwrap();
        let question = MomentQuestion {
            run: run.view(Phase::Finished).record.unwrap().id.clone(),
            config: Arc::new(config),
            step: None,
            mark: 0,
            bank: 1,
            digit: Some(Box::new(split.test.pixels(3))),
            confusion: Some(Arc::clone(&split.train)),
            followed: vec![5, 700],
        };
        (question, split)
    }

    #[test]
    fn a_moment_is_shown_as_the_network_was_then() {
        let root = tempfile::tempdir().unwrap();
        let (question, split) = trained(root.path());
        let mut session = Session::open(root.path(), &question).unwrap();
        let first = session.answer(MomentQuestion { step: Some(0), ..question.clone() });
        assert_eq!(first.failed, None);
        let shown = first.shown.unwrap();
        let bank = &first.banks[1];
        assert_eq!((shown.step, shown.weights.len()), (0, bank.len));
        assert!(shown.update.is_none() && shown.since.1.iter().all(|d| *d == 0.0));
        // The initial weights answer as a fresh network does.
        let fresh = Network::new(zoo::get("rnn1").unwrap(), 1).unwrap();
        let fresh = fresh.probabilities(&[split.test.pixels(3)])[0];
        let (answer, maps) = shown.answer.as_ref().unwrap();
        assert!(answer.iter().zip(fresh).all(|(a, b)| (a - b).abs() < 2e-3));
        assert_eq!(maps.last().unwrap().values.len(), CLASSES);
        let newest = session.answer(question);
        let shown = newest.shown.unwrap();
        assert_eq!(shown.step, newest.moments.last().unwrap().step);
        let first = &first.moments[0];
        assert_eq!((first.step, shown.since.0), (0, 0));
        let moved = shown.since.1.iter().map(|d| d * d).sum::<f32>().sqrt();
        let distance = newest.moments.last().unwrap().moved[newest.arrays[1]].distance;
        assert!((moved - distance).abs() < 0.02 * distance, "{moved} {distance}");
        assert!(shown.update.is_some());
    }

    #[test]
    fn confusion_and_courses_are_computed_piece_by_piece_and_jumps_come_first() {
        let root = tempfile::tempdir().unwrap();
        let (question, _) = trained(root.path());
        let mut session = Session::open(root.path(), &question).unwrap();
        let view = session.answer(question.clone());
        let newest = view.moments.last().unwrap().step;
        assert!(matches!(view.confusion, Confusion::Busy { done: 0, total: 60, .. }));
        session.work();
        // A jump ends what was begun there; coming back begins it anew.
        let elsewhere = session.answer(MomentQuestion { step: Some(3), ..question.clone() });
        assert!(matches!(elsewhere.confusion, Confusion::Busy { step: 3, done: 0, .. }));
        session.answer(question.clone());
        while session.has_work() {
            session.work();
        }
        let view = session.view();
        let Confusion::Ready { step, of } = &view.confusion else { panic!("not computed") };
        let (_, digits) =
            trainer::split(&question.config, question.confusion.as_ref().unwrap()).unwrap();
        let judged = evaluate(
            &session.network,
            &digits,
            1,
            &std::sync::atomic::AtomicBool::new(false),
            &mut |_, _| {},
        );
        let judged = judged.unwrap().unwrap();
        assert_eq!((*step, &of.confusion), (newest, &judged.confusion));
        assert_eq!((of.digits, of.accuracy), (60, judged.accuracy));
        let tracks = &view.tracks;
        assert_eq!((tracks.points.len(), tracks.of), (view.moments.len(), view.moments.len()));
        let end = session.reader.weights(newest).unwrap();
        assert_eq!(tracks.points.last().unwrap().1, [end[5], end[700]]);
        // What was computed is there at once when one comes back.
        session.answer(MomentQuestion { step: Some(3), ..question.clone() });
        let back = session.answer(question);
        assert!(matches!(back.confusion, Confusion::Ready { .. }) && !session.has_work());
    }

    #[test]
    fn a_run_without_history_or_folder_is_shown_as_such() {
        let root = tempfile::tempdir().unwrap();
        let (question, _) = trained(root.path());
        std::fs::remove_dir_all(root.path().join(&question.run)).unwrap();
        let mut session = Session::open(root.path(), &question).unwrap();
        let view = session.answer(question.clone());
        assert!(view.moments.is_empty() && view.shown.is_none() && view.failed.is_none());
        assert!(!session.has_work());
        let unknown = TrainConfig { model: "mlpp".into(), ..(*question.config).clone() };
        let question = MomentQuestion { config: Arc::new(unknown), ..question };
        assert!(Session::open(root.path(), &question).err().unwrap().contains("mlpp"));
    }
}

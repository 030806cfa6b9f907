//! The `sweep` thread: reads the current digit step by step with every recurrent
//! network at hand. And the `survey` thread, started on demand: how early each of
//! them can tell, over a whole test set.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use super::events::{Event, Events};
use super::models::{Model, Models, Origin};
use super::thread::answering::{Answer, Answering, Reply};
use super::thread::latest::Slot;
use crate::ann::bundled::WeightSet;
use crate::ann::ensemble::{self, Stacking};
use crate::ann::reading::early::{Count, together};
use crate::ann::reading::{self, Hidden, Probabilities};
use crate::core::panics::guarded;
use crate::data::registry::Split;
use crate::data::{ClassNames, Pixels};

/// The ensemble that reads from both directions.
const ENSEMBLE: &str = "rnns";
/// Digits between two looks at the cancel flag, and two views of how far it is.
const CHUNK: usize = 50;

/// A digit to be read.
#[derive(Clone)]
pub struct ReadingQuestion {
    /// Counts the questions; what comes carries its question's number.
    pub serial: u64,
    /// The 28×28 picture.
    pub pixels: Box<Pixels>,
    /// Who is at hand; those that are not recurrent are left out.
    pub models: Arc<Models>,
    /// The set that the shipped ones are of.
    pub set: &'static WeightSet,
    /// What they do not get to see.
    pub hidden: Hidden,
    /// When it was asked, for the latency.
    pub asked: Instant,
}

/// One network's reading.
#[derive(Clone, Debug)]
pub struct Reading {
    /// [`Model::key`].
    pub key: String,
    /// For people.
    pub name: String,
    /// What its classes are called.
    pub classes: ClassNames,
    /// States, gates and answers step by step.
    pub sweep: reading::Reading,
    /// Time it took, ms.
    pub took_ms: f32,
}

/// The ensemble's answers over time.
#[derive(Clone, Debug)]
pub struct Together {
    /// For people.
    pub name: &'static str,
    /// After every step.
    pub probabilities: Vec<Probabilities>,
}

/// All readings of one digit.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// [`ReadingQuestion::serial`]; 0 before the first.
    pub serial: u64,
    /// In the order of the models.
    pub readings: Vec<Reading>,
    /// Of the ensemble in the box, where all its members are at hand.
    pub together: Option<Together>,
    /// From asking to the last reading, ms.
    pub latency_ms: f32,
}

/// A set's stacking learner of the recurrent networks.
fn stacking(set: &'static WeightSet) -> Option<(&'static Stacking, &'static ensemble::Ensemble)> {
    let stacking = set.stackings().iter().find(|s| s.ensemble == ENSEMBLE)?;
    Some((stacking, ensemble::find(ENSEMBLE)?))
}

/// Reads the digit with all of them, as long as `go_on` says so.
pub fn read(question: &ReadingQuestion, go_on: &dyn Fn() -> bool) -> Readings {
    let mut readings = Vec::new();
    for model in question.models.iter().take_while(|_| go_on()) {
        let begun = Instant::now();
        let Some(order) = reading::order(&model.network) else { continue };
        let picture = question.hidden.apply(order, &question.pixels);
        let Some(sweep) = reading::read(&model.network, &picture) else { continue };
        readings.push(Reading {
            key: model.key.clone(),
            name: model.name.clone(),
            classes: model.metadata.classes.clone(),
            sweep,
            took_ms: begun.elapsed().as_secs_f32() * 1e3,
        });
    }
    let together = stacking(question.set).and_then(|(stacking, ensemble)| {
        let find = |id: &&str| readings.iter().find(|r: &&Reading| r.key == **id);
        let members = ensemble.members.iter().map(|id| Some(&find(id)?.sweep.probabilities[..]));
        let members = members.collect::<Option<Vec<_>>>()?;
        Some(Together { name: ensemble.name, probabilities: together(stacking, &members) })
    });
    let latency_ms = question.asked.elapsed().as_secs_f32() * 1e3;
    Readings { serial: question.serial, readings, together, latency_ms }
}

impl Answer<ReadingQuestion> for Readings {
    fn failure(why: &str) -> String {
        format!("The digit could not be read step by step: {why}. Nothing was lost.")
    }

    fn failed(question: &ReadingQuestion, _failure: String) -> Option<Self> {
        Some(Self { serial: question.serial, ..Self::default() })
    }
}

/// Both threads, from the window's side. Dropped, they end.
pub struct Reader {
    reading: Answering<ReadingQuestion, Readings>,
    survey: Arc<Slot<Survey>>,
    cancel: Arc<AtomicBool>,
    events: Events,
}

impl Reader {
    /// Starts the thread that reads the current digit.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let reading = Answering::spawn("line by line", events.clone(), || {
            |question: &ReadingQuestion, reply: &Reply<ReadingQuestion, Readings>| {
                Ok(Some(read(question, &|| reply.is_awaited())))
            }
        })?;
        let survey = Arc::new(Slot::new(Survey::default()));
        Ok(Self { reading, survey, cancel: Arc::default(), events })
    }

    /// Has a digit read step by step; an earlier question that was not begun is
    /// forgotten.
    pub fn ask(&self, question: ReadingQuestion) {
        self.reading.ask(question);
    }

    /// The newest readings.
    pub fn readings(&self) -> Arc<Readings> {
        self.reading.answer()
    }

    /// Begins a survey, unless one is going on.
    pub fn start_survey(&self, of: SurveyOf) {
        if self.survey.get().running {
            return;
        }
        let (cancel, view) = (Arc::clone(&self.cancel), Arc::clone(&self.survey));
        if let Err(error) = survey(of, cancel, view, self.events.clone()) {
            self.survey.put(Survey::default());
            self.events.send(Event::Failure(format!("The survey could not start: {error}")));
        }
    }

    /// Ends the survey, keeping what it has counted.
    pub fn stop_survey(&self) {
        self.cancel.store(true, Relaxed);
    }

    /// How far the survey is, and what it counted.
    pub fn survey(&self) -> Arc<Survey> {
        self.survey.get()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop_survey();
    }
}

/// What a survey is about.
#[derive(Clone)]
pub struct SurveyOf {
    /// Id of the source; its test part is read.
    pub source: &'static str,
    /// The digits.
    pub split: Split,
    /// Who is asked: the recurrent networks among these that tell the classes of the digits
    /// apart, and learn no more.
    pub models: Arc<Models>,
    /// The set that they are of.
    pub set: &'static WeightSet,
    /// What they do not get to see.
    pub hidden: Hidden,
}

/// What is told where nobody can be asked.
pub const NOBODY: &str = "No network at hand tells the classes of these digits apart. Train one on them in Train, and use it in Draw.";

/// How early each network can tell.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Id of the source; empty before the first survey.
    pub source: &'static str,
    /// What its classes are called.
    pub classes: ClassNames,
    /// What was hidden.
    pub hidden: Hidden,
    /// Digits read, of how many.
    pub done: usize,
    pub total: usize,
    /// Whether it is going on.
    pub running: bool,
    /// By reader: name and what was counted; an ensemble comes last.
    pub counts: Vec<(String, Count)>,
    /// Whether the last of them is an ensemble of the first.
    pub ensemble: bool,
}

/// Reads the test digits on a thread of its own, until `cancel` is set. What was
/// counted until then is kept.
fn survey(
    of: SurveyOf,
    cancel: Arc<AtomicBool>,
    view: Arc<Slot<Survey>>,
    events: Events,
) -> std::io::Result<()> {
    cancel.store(false, Relaxed);
    let mut survey = Survey {
        source: of.source,
        classes: of.split.test.classes().clone(),
        hidden: of.hidden,
        total: of.split.test.len(),
        running: true,
        ..Survey::default()
    };
    let able = |m: &&Arc<Model>| {
        reading::order(&m.network).is_some() && m.metadata.classes == *of.split.test.classes()
    };
    let bundled = |m: &&Arc<Model>| m.origin == Origin::Bundled;
    let own = |m: &&Arc<Model>| matches!(m.origin, Origin::Run(_));
    let able = || of.models.iter().filter(able);
    let stacking =
        stacking(of.set).filter(|(_, e)| able().filter(bundled).map(|m| &m.key).eq(e.members));
    let models: Vec<Arc<Model>> =
        able().filter(bundled).chain(able().filter(own)).cloned().collect();
    if models.is_empty() {
        events.send(Event::Failure(NOBODY.into()));
        return Ok(());
    }
    survey.counts = models.iter().map(|m| (m.name.clone(), Count::default())).collect();
    if let Some((_, ensemble)) = stacking {
        survey.counts.push((ensemble.name.to_owned(), Count::default()));
        survey.ensemble = true;
    }
    view.put(survey.clone());
    std::thread::Builder::new()
        .name("survey".into())
        .spawn(move || {
            let stacking = stacking.map(|(of, ensemble)| (of, ensemble.members.len()));
            let counted = guarded(|| {
                while survey.done < survey.total && !cancel.load(Relaxed) {
                    chunk(&mut survey, &of, &models, stacking);
                    view.put(survey.clone());
                    events.wake();
                }
            });
            if let Err(why) = counted {
                events.send(Event::Failure(format!(
                    "Reading the test digits ended early: {why}. What was counted is kept."
                )));
            }
            view.put(Survey { running: false, ..(*view.get()).clone() });
            events.wake();
        })
        .map(|_| ())
}

/// Reads some more digits; an ensemble is of so many of the first models.
fn chunk(
    survey: &mut Survey,
    of: &SurveyOf,
    models: &[Arc<Model>],
    stacking: Option<(&Stacking, usize)>,
) {
    let to = (survey.done + CHUNK).min(survey.total);
    for i in survey.done..to {
        let (pixels, label) = (of.split.test.pixels(i), of.split.test.label(i));
        let readings: Vec<reading::Reading> = models
            .iter()
            .filter_map(|m| {
                let order = reading::order(&m.network)?;
                reading::read(&m.network, &of.hidden.apply(order, &pixels))
            })
            .collect();
        let answers: Vec<&[Probabilities]> =
            readings.iter().map(|s| &s.probabilities[..]).collect();
        let all = stacking.map(|(of, members)| together(of, &answers[..members]));
        let readers = answers.into_iter().chain(all.as_deref());
        for ((_, count), answers) in survey.counts.iter_mut().zip(readers) {
            count.add(answers, label);
        }
    }
    survey.done = to;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::data::synthetic;

    fn bundled() -> Arc<Models> {
        let models = REPORT.networks().into_iter().map(|loaded| {
            let (network, metadata) = loaded.unwrap();
            Arc::new(Model::new(network, metadata, Origin::Bundled))
        });
        Arc::new(models.collect())
    }

    #[test]
    fn all_four_read_and_answer_together() {
        let question = ReadingQuestion {
            serial: 7,
            pixels: Box::new(synthetic::generate(3, 1).pixels(0)),
            models: bundled(),
            set: &REPORT,
            hidden: Hidden { last: 4, ..Hidden::default() },
            asked: Instant::now(),
        };
        let readings = read(&question, &|| true);
        let names: Vec<&str> = readings.readings.iter().map(|r| &r.name[..]).collect();
        assert_eq!((readings.serial, &names[..]), (7, &["RNN 1", "RNN 2", "RNN 3", "RNN 4"][..]));
        assert_eq!(readings.together.unwrap().probabilities.len(), 29);
        // What is read last is hidden: a column from some, a row from others.
        let [rows, columns] = [2, 0].map(|i| &readings.readings[i].sweep.trace.gates);
        assert_ne!(rows, columns);
    }

    #[test]
    fn a_survey_counts_every_digit_once_and_can_be_stopped() {
        let (sender, _arrived) = std::sync::mpsc::sync_channel(8);
        let events = Events::new(sender, Arc::new(|| {}));
        let digits = Arc::new(synthetic::generate(3, 120));
        let of = SurveyOf {
            source: "synthetic",
            split: Split { train: Arc::clone(&digits), test: digits },
            models: bundled(),
            set: &REPORT,
            hidden: Hidden::default(),
        };
        let reader = Reader::start(events).unwrap();
        reader.start_survey(of.clone());
        let begun = Instant::now();
        while reader.survey().running {
            assert!(begun.elapsed().as_secs() < 120);
            std::thread::yield_now();
        }
        let done = reader.survey();
        assert_eq!((done.done, done.counts.len()), (120, 5));
        assert!(done.counts.iter().all(|(_, c)| c.digits() == 120));
        reader.start_survey(of);
        reader.stop_survey();
        while reader.survey().running {
            assert!(begun.elapsed().as_secs() < 120);
            std::thread::yield_now();
        }
        let stopped = reader.survey();
        assert!(stopped.counts.iter().all(|(_, c)| c.digits() as usize == stopped.done));
    }
}

//! The `answers` thread: asks every model at hand about the current digit.

use std::sync::Arc;
use std::time::Instant;

use super::events::Events;
use super::models::{Model, Models};
use super::thread::answering::{Answering, Reply};
use crate::ann::Scores;
use crate::ann::bundled::WeightSet;
use crate::ann::ensemble;
use crate::core::decision::best;
use crate::data::Pixels;

/// A digit to be answered.
#[derive(Clone)]
pub struct ModelsQuestion {
    /// Counts the questions; an answer carries its question's number.
    pub serial: u64,
    /// The 28×28 picture that the networks see.
    pub pixels: Box<Pixels>,
    /// Whom to ask.
    pub models: Arc<Models>,
    /// Where the shipped ones among them are from.
    pub set: &'static WeightSet,
    /// When it was asked, for the latency shown.
    pub asked: Instant,
}

/// One model's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// [`Model::key`].
    pub key: String,
    /// Softmax output, summing to 1.
    pub probabilities: Scores,
    /// Time the network took, ms.
    pub took_ms: f32,
    /// Of an ensemble: how much each member did for the answer, by its key; see
    /// [`crate::ann::ensemble::Stacking::trust`].
    pub trust: Vec<(String, f32)>,
}

impl Answer {
    /// The most probable digit, if it is one, and its probability.
    pub fn best(&self) -> (Option<usize>, f32) {
        best(&self.probabilities)
    }
}

/// All models' answers to one question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// [`ModelsQuestion::serial`]; 0 before the first.
    pub serial: u64,
    /// In the order of the question's models.
    pub answers: Vec<Answer>,
    /// Of the bundled ensembles, by [`crate::ann::ensemble::Ensemble::id`].
    pub ensembles: Vec<Answer>,
    /// From asking to the last answer, ms.
    pub latency_ms: f32,
}

/// Asks one model, timed.
pub fn ask(model: &Model, pixels: &Pixels) -> Answer {
    let begun = Instant::now();
    let probabilities = model
        .network
        .probabilities(std::slice::from_ref(pixels))
        .into_iter()
        .next()
        .unwrap_or_else(|| Scores::even(model.network.classes()));
    let took_ms = begun.elapsed().as_secs_f32() * 1e3;
    Answer { key: model.key.clone(), probabilities, took_ms, trust: Vec::new() }
}

/// The ensembles' answers, of the answers of the shipped members, which are of
/// this set.
pub fn combine(set: &WeightSet, answers: &[Answer]) -> Vec<Answer> {
    let mut combined = Vec::new();
    for stacking in set.stackings() {
        let begun = Instant::now();
        let Some(ensemble) = ensemble::find(&stacking.ensemble) else { continue };
        let member =
            |id: &&str| answers.iter().find(|a| a.key == *id).map(|a| a.probabilities.ten());
        let Some(members) = ensemble.members.iter().map(member).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let names = ensemble.members.iter().map(|m| (*m).to_owned());
        combined.push(Answer {
            key: ensemble.id.to_owned(),
            probabilities: stacking.combine(&members).into(),
            took_ms: begun.elapsed().as_secs_f32() * 1e3,
            trust: names.zip(stacking.trust(&members)).collect(),
        });
    }
    combined
}

impl super::thread::answering::Answer<ModelsQuestion> for Answers {
    fn failure(why: &str) -> String {
        format!("The networks could not be asked: {why}. The drawing was kept.")
    }

    fn failed(question: &ModelsQuestion, _failure: String) -> Option<Self> {
        let latency_ms = question.asked.elapsed().as_secs_f32() * 1e3;
        Some(Self { serial: question.serial, latency_ms, ..Self::default() })
    }
}

/// The thread, from the window's side.
pub type Answerer = Answering<ModelsQuestion, Answers>;

impl Answerer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        // A pool of its own: what others compute meanwhile does not hold it up.
        let pool = Arc::new(crate::ann::pool(1).map_err(std::io::Error::other)?);
        Self::spawn("answers", events, move || {
            let pool = Arc::clone(&pool);
            move |question: &ModelsQuestion, reply: &Reply<ModelsQuestion, Answers>| {
                let models = question.models.iter();
                // Nobody waits for the rest once the window closes.
                let models = models.take_while(|_| reply.is_awaited());
                let answers: Vec<Answer> =
                    pool.install(|| models.map(|m| ask(m, &question.pixels)).collect());
                let ensembles = combine(question.set, &answers);
                let latency_ms = question.asked.elapsed().as_secs_f32() * 1e3;
                Ok(Some(Answers { serial: question.serial, answers, ensembles, latency_ms }))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::data::synthetic;
    use crate::workers::models::Origin;

    #[test]
    fn all_are_asked_and_the_time_told_is_that_of_all() {
        let (queue, _events) = std::sync::mpsc::sync_channel(8);
        let answerer = Answerer::start(Events::new(queue, Arc::new(|| {}))).unwrap();
        let models = REPORT.networks().into_iter().map(|loaded| {
            let (network, metadata) = loaded.unwrap();
            Arc::new(Model::new(network, metadata, Origin::Bundled))
        });
        answerer.ask(ModelsQuestion {
            serial: 1,
            pixels: Box::new(synthetic::generate(3, 1).pixels(0)),
            models: Arc::new(models.collect()),
            set: &REPORT,
            asked: Instant::now(),
        });
        while answerer.answer().serial == 0 {
            std::thread::yield_now();
        }
        let answers = answerer.answer();
        assert_eq!((answers.answers.len(), answers.ensembles.len()), (10, 3));
        let together: f32 = answers.answers.iter().map(|a| a.took_ms).sum();
        assert!(together > 0.0 && answers.latency_ms >= together, "{answers:?}");
    }

    /// A network that settles or compares labels answers as any other.
    #[test]
    fn every_kind_of_network_answers_with_probabilities() {
        let pixels = synthetic::generate(3, 1).pixels(0);
        for id in ["dense-20-tanh", "settling-20-10", "goodness-20-10"] {
            let answer = ask(&Model::untrained(id), &pixels);
            let sum: f32 = answer.probabilities.iter().sum();
            assert!((sum - 1.0).abs() < 1e-5 && answer.best().1 > 0.1, "{id}: {answer:?}");
        }
    }
}

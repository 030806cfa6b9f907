//! The `answers` thread: asks every model at hand about the current digit.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use super::events::{Event, Events};
use super::latest::{Inbox, Slot};
use super::models::{Model, Models};
use crate::ann::ensemble;
use crate::ann::shipped::WeightSet;
use crate::core::decision::best;
use crate::data::{CLASSES, Pixels};

/// A digit to be answered.
#[derive(Clone)]
pub struct Question {
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
    pub probabilities: [f32; CLASSES],
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
    /// [`Question::serial`]; 0 before the first.
    pub serial: u64,
    /// In the order of the question's models.
    pub answers: Vec<Answer>,
    /// Of the ensembles in the box, by [`crate::ann::ensemble::Ensemble::id`].
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
        .unwrap_or([0.1; CLASSES]);
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
        let member = |id: &&str| answers.iter().find(|a| a.key == *id).map(|a| a.probabilities);
        let Some(members) = ensemble.members.iter().map(member).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let names = ensemble.members.iter().map(|m| (*m).to_owned());
        combined.push(Answer {
            key: ensemble.id.to_owned(),
            probabilities: stacking.combine(&members),
            took_ms: begun.elapsed().as_secs_f32() * 1e3,
            trust: names.zip(stacking.trust(&members)).collect(),
        });
    }
    combined
}

/// Starts the thread. It ends when `inbox` is closed.
pub fn spawn(
    inbox: Arc<Inbox<Question>>,
    out: Arc<Slot<Answers>>,
    events: Events,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("answers".into()).spawn(move || {
        // A pool of its own: what others compute meanwhile does not hold it up.
        let pool = match crate::ann::pool(1) {
            Ok(pool) => pool,
            Err(error) => return events.send(Event::Failure(error.to_string())),
        };
        while let Some(question) = inbox.wait() {
            let work = std::panic::AssertUnwindSafe(|| {
                let models = question.models.iter();
                // Nobody waits for the rest once the window closes.
                let models = models.take_while(|_| !inbox.is_closed());
                let answers: Vec<Answer> =
                    pool.install(|| models.map(|m| ask(m, &question.pixels)).collect());
                (combine(question.set, &answers), answers)
            });
            let (ensembles, answers) = std::panic::catch_unwind(work).unwrap_or_else(|panic| {
                let what = super::training::panic_text(&*panic);
                events.send(Event::Failure(format!("The networks could not be asked, through an error in the program ({what}). The drawing was kept; please report it.")));
                Default::default()
            });
            let latency_ms = question.asked.elapsed().as_secs_f32() * 1e3;
            out.put(Answers { serial: question.serial, answers, ensembles, latency_ms });
            events.wake();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::shipped::REPORT;
    use crate::data::synthetic;
    use crate::workers::models::Origin;

    #[test]
    fn all_are_asked_and_the_time_told_is_that_of_all() {
        let (inbox, out) =
            (Arc::<Inbox<Question>>::default(), Arc::new(Slot::new(Answers::default())));
        let (queue, _events) = std::sync::mpsc::sync_channel(8);
        let events = Events::new(queue, Arc::new(|| {}));
        let thread = spawn(Arc::clone(&inbox), Arc::clone(&out), events).unwrap();
        let models = REPORT.networks().into_iter().map(|loaded| {
            let (network, metadata) = loaded.unwrap();
            Arc::new(Model::new(network, metadata, Origin::Shipped))
        });
        inbox.put(Question {
            serial: 1,
            pixels: Box::new(synthetic::generate(3, 1).pixels(0)),
            models: Arc::new(models.collect()),
            set: &REPORT,
            asked: Instant::now(),
        });
        while out.get().serial == 0 {
            std::thread::yield_now();
        }
        inbox.close();
        thread.join().unwrap();
        let answers = out.get();
        assert_eq!((answers.answers.len(), answers.ensembles.len()), (10, 3));
        let together: f32 = answers.answers.iter().map(|a| a.took_ms).sum();
        assert!(together > 0.0 && answers.latency_ms >= together, "{answers:?}");
    }
}

//! How well a network does on a labelled set.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::AnnError;
use super::network::Network;
use super::scores::{Confusion, Scores};
use crate::core::decision::best;
use crate::data::{Dataset, Pixels};

/// Digits asked between two looks at the cancel flag.
pub const CHUNK: usize = 128;

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// The most probable class; `None` where two are equal, or the outputs are no
    /// numbers.
    pub digit: Option<u8>,
    /// Its probability.
    pub probability: f32,
}

/// A network's answers to a labelled set.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Counts by true and by answered digit; what was not answered is in none.
    pub confusion: Confusion,
    /// By picture.
    pub answers: Vec<Answer>,
    /// All probabilities, by picture.
    pub probabilities: Vec<Scores>,
}

impl Evaluation {
    /// Number of wrong answers.
    pub fn errors(&self) -> usize {
        self.answers.len() - self.confusion.right() as usize
    }

    /// Number of pictures that were not answered; they are among the errors.
    pub fn unanswered(&self) -> usize {
        self.answers.iter().filter(|a| a.digit.is_none()).count()
    }
}

/// An evaluation that is taken in pieces.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Of as many classes as have been met; none yet.
    confusion: Option<Confusion>,
    answers: Vec<Answer>,
    probabilities: Vec<Scores>,
    loss: f64,
}

impl Tally {
    /// Number of digits asked so far.
    pub fn done(&self) -> usize {
        self.answers.len()
    }

    /// Asks the next [`CHUNK`] digits.
    pub fn advance(&mut self, network: &Network, data: &Dataset) {
        let pictures = self.next(data);
        self.take(network.probabilities(&pictures), data);
    }

    /// The pictures to ask about next.
    pub fn next(&self, data: &Dataset) -> Vec<Pixels> {
        let range = self.done()..(self.done() + CHUNK).min(data.len());
        range.map(|i| data.pixels(i)).collect()
    }

    /// Takes the answers to them.
    pub fn take(&mut self, answers: Vec<Scores>, data: &Dataset) {
        for probabilities in answers {
            self.add(probabilities, data.label(self.done()));
        }
    }

    /// Counts one answer. A class that the network does not have has probability 0.
    fn add(&mut self, probabilities: Scores, label: u8) {
        let (digit, probability) = best(&probabilities);
        let label = usize::from(label);
        let classes = probabilities.len();
        let confusion = self.confusion.get_or_insert_with(|| Confusion::new(classes));
        confusion.hold(label + 1);
        if let Some(digit) = digit {
            confusion.add(label, digit);
        }
        // A certain wrong answer has probability 0 in f32; its loss is finite.
        self.loss -= f64::from(probabilities.of(label).max(f32::MIN_POSITIVE)).ln();
        self.answers.push(Answer { digit: digit.map(|d| d as u8), probability });
        self.probabilities.push(probabilities);
    }

    /// The evaluation, once all are asked.
    pub fn finish(self) -> Evaluation {
        let n = self.answers.len().max(1) as f64;
        let confusion = self.confusion.unwrap_or_default();
        Evaluation {
            accuracy: f64::from(confusion.right()) / n,
            loss: self.loss / n,
            confusion,
            answers: self.answers,
            probabilities: self.probabilities,
        }
    }
}

/// Judges answers that are there already, an ensemble's for example.
pub fn judge<S: Into<Scores>>(answers: impl Iterator<Item = S>, labels: &[u8]) -> Evaluation {
    let mut tally = Tally::default();
    answers.zip(labels).for_each(|(answer, label)| tally.add(answer.into(), *label));
    tally.finish()
}

/// Asks a network about every digit on `threads` threads; `None` if cancelled.
///
/// # Errors
/// When no threads can be had.
pub fn evaluate(
    network: &Network,
    data: &Dataset,
    threads: usize,
    cancel: &AtomicBool,
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<Option<Evaluation>, AnnError> {
    super::pool(threads)?.install(|| {
        let mut tally = Tally::default();
        while tally.done() < data.len() {
            if cancel.load(Relaxed) {
                return Ok(None);
            }
            tally.advance(network, data);
            progress(tally.done(), data.len());
        }
        Ok(Some(tally.finish()))
    })
}

//! The `search` thread: goes through a test set for digits of one kind, such as those
//! on which networks disagree. What it has found so far can be used at once.

use std::sync::Arc;

use super::events::Events;
use super::models::Models;
use super::thread::answering::{Answering, Reply};
use crate::ann::bundled::WeightSet;
use crate::ann::ensemble;
use crate::ann::scores::Scores;
use crate::core::decision::best;
use crate::data::Pixels;
use crate::data::registry::Split;

/// Digits asked between two looks at whether anybody still wants them.
const CHUNK: usize = 32;
/// A search ends after so many.
pub const MOST: usize = 500;
/// Members of an ensemble that have to be wrong for [`Filter::OnlyTogether`].
const WRONG_MEMBERS: usize = 2;

/// What makes a digit worth looking at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// The network of this key gets it wrong.
    WrongBy(String),
    /// The bundled networks do not all give the same answer.
    Disagree,
    /// All bundled networks together are right, though two or more of them are wrong.
    OnlyTogether,
}

/// What to look for, and where.
#[derive(Clone)]
pub struct SearchQuestion {
    /// Counts the searches; what is found carries its question's number.
    pub serial: u64,
    pub filter: Filter,
    pub split: Split,
    /// Whom to ask: one network, or all bundled ones.
    pub models: Models,
    /// Where the bundled ones are from.
    pub set: &'static WeightSet,
}

/// What has been found.
#[derive(Clone, Default)]
pub struct Found {
    /// [`SearchQuestion::serial`]; 0 before the first.
    pub serial: u64,
    /// Places among the test digits.
    pub indices: Arc<Vec<u32>>,
    /// Digits looked at.
    pub asked: usize,
    /// Digits there are.
    pub total: usize,
    /// Whether the search has ended: after all digits, or after [`MOST`] found.
    pub done: bool,
}

impl super::thread::answering::Answer<Option<SearchQuestion>> for Found {
    fn failure(why: &str) -> String {
        format!("The search for digits ended: {why}. Choose another kind, or any digit.")
    }
}

/// The thread, from the window's side. `None` ends the search in hand.
pub type Searcher = Answering<Option<SearchQuestion>, Found>;

impl Searcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let pool = Arc::new(crate::ann::pool(1).map_err(std::io::Error::other)?);
        Self::spawn("search", events, move || {
            let pool = Arc::clone(&pool);
            move |question: &Option<SearchQuestion>,
                  reply: &Reply<Option<SearchQuestion>, Found>| {
                if let Some(question) = question {
                    pool.install(|| search(question, reply));
                }
                Ok(None)
            }
        })
    }
}

/// Publishes what it finds as it goes; ends when something else is asked for.
fn search(question: &SearchQuestion, reply: &Reply<Option<SearchQuestion>, Found>) {
    let test = &question.split.test;
    let mut indices = Vec::new();
    for begin in (0..test.len()).step_by(CHUNK) {
        let range = begin..(begin + CHUNK).min(test.len());
        let pictures: Vec<Pixels> = range.clone().map(|i| test.pixels(i)).collect();
        let mut answers = Vec::new();
        for model in &question.models {
            if !reply.is_newest() {
                return;
            }
            answers.push(model.network.probabilities(&pictures));
        }
        for (n, index) in range.clone().enumerate() {
            let of_all: Vec<_> = answers.iter().map(|a| a[n]).collect();
            if fits(question, &of_all, test.label(index)) {
                indices.push(index as u32);
            }
        }
        let done = range.end == test.len() || indices.len() >= MOST;
        reply.publish(Found {
            serial: question.serial,
            indices: Arc::new(indices.clone()),
            asked: range.end,
            total: test.len(),
            done,
        });
        if done {
            return;
        }
    }
}

/// Whether a digit with these answers, by model, is one that is looked for.
fn fits(question: &SearchQuestion, answers: &[Scores], label: u8) -> bool {
    let wrong = |p: &[f32]| best(p).0 != Some(usize::from(label));
    match &question.filter {
        Filter::WrongBy(_) => answers.iter().any(|p| wrong(p)),
        Filter::Disagree => answers.windows(2).any(|pair| best(&pair[0]).0 != best(&pair[1]).0),
        Filter::OnlyTogether => {
            let member = |id: &&str| question.models.iter().position(|m| m.key == **id);
            let together = question.set.stackings().iter().find(|s| s.ensemble == "all");
            let members = ensemble::find("all").and_then(|all| {
                let of = |id| member(id).map(|at| answers[at].ten());
                all.members.iter().map(of).collect::<Option<Vec<_>>>()
            });
            together.zip(members).is_some_and(|(stacking, members)| {
                !wrong(&stacking.combine(&members))
                    && members.iter().filter(|p| wrong(&p[..])).count() >= WRONG_MEMBERS
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::data::registry;
    use crate::workers::models::{Model, Origin};

    #[test]
    fn digits_are_found_by_what_the_networks_answer() {
        let models: Models = REPORT
            .networks()
            .into_iter()
            .map(|loaded| {
                let (network, metadata) = loaded.unwrap();
                Arc::new(Model::new(network, metadata, Origin::Bundled))
            })
            .collect();
        let split = registry::load("synthetic", None).unwrap();
        let sure = |digit: usize| {
            Scores::from(std::array::from_fn(|d| if d == digit { 0.91 } else { 0.01 }))
        };
        let mut answers = vec![sure(3); models.len()];
        let with = |filter| SearchQuestion {
            serial: 1,
            filter,
            split: split.clone(),
            models: models.clone(),
            set: &REPORT,
        };
        let (disagree, together) = (with(Filter::Disagree), with(Filter::OnlyTogether));
        assert!(!fits(&disagree, &answers, 3) && !fits(&together, &answers, 3));
        (answers[1], answers[4]) = (sure(5), sure(5));
        assert!(fits(&disagree, &answers, 3) && fits(&together, &answers, 3));
        assert!(!fits(&together, &answers, 5), "together they say 3");
        let by = with(Filter::WrongBy("mlp".into()));
        assert!(fits(&by, &[sure(2)], 3) && !fits(&by, &[sure(3)], 3));
    }
}

//! Who answers, and what: the ensembles and networks that vote, those that do not, and
//! what most of them say. Networks that are learning stand apart: what they answer
//! changes no headline.

use egui::{RichText, Ui};

use super::World;
use crate::ann::ensemble;
use crate::core::csv::{self, optional, row as cells};
use crate::core::decision::said;
use crate::core::text::{certainty, grouped};
use crate::data::registry::{self, SYNTHETIC};
use crate::data::{CLASSES, ClassNames};
use crate::ui::desk::Guest;
use crate::ui::theme;
use crate::workers::answers::Answer;
use crate::workers::models::{Model, Origin};

/// Names in a headline; beyond it, networks are counted.
const NAMED: usize = 2;
/// Heading of those that do not vote.
pub const APART: &str = "Not in the vote: learning, spiking, or of other classes";

/// Who answers, and what.
pub struct Entry<'a> {
    /// [`Model::key`], or an ensemble's id.
    pub key: &'a str,
    /// For people.
    pub name: &'a str,
    /// Heading of its group.
    pub group: &'static str,
    /// Whether its answer counts: it is not being trained just now.
    pub votes: bool,
    /// Accuracy on the test set, 0 to 1.
    pub accuracy: Option<f64>,
    /// Digits of that test set.
    pub tested_on: &'a str,
    /// The accuracy in words, or how far a network in training is.
    pub note: String,
    /// What it answers, if it has.
    pub answer: Option<&'a Answer>,
    /// What its classes are called.
    pub classes: ClassNames,
    doc: &'a str,
    /// The network, unless it is an ensemble or a guest.
    pub model: Option<&'a Model>,
}

/// A data set, as in `test accuracy on …`.
fn data_name<'a>(world: &'a World<'_>, id: &'a str) -> &'a str {
    // The training part of a set is named after it.
    let set = id.strip_suffix("-train").unwrap_or(id);
    match registry::find(set) {
        Some(_) if id == SYNTHETIC => "synthetic digits",
        Some(source) => source.name,
        None => world.own_name(set).unwrap_or(set),
    }
}

fn note(accuracy: Option<f64>, on: &str) -> String {
    accuracy.map_or_else(
        || "not tested".into(),
        |a| format!("test accuracy {:.2} % on {on}", a * 100.0),
    )
}

/// The bundled ensembles, then all models at hand, then those that do not vote.
pub fn entries<'a>(world: &'a World<'_>) -> Vec<Entry<'a>> {
    let find = |answers: &'a [Answer], key: &str| {
        answers.iter().find(|a| a.key == key).filter(|_| !world.digit.is_blank())
    };
    let mnist = data_name(world, "mnist");
    let ensembles = world.set.stackings().iter().filter_map(|stacking| {
        let declared = ensemble::find(&stacking.ensemble)?;
        Some(Entry {
            key: declared.id,
            name: declared.name,
            group: "Ensembles",
            votes: true,
            accuracy: stacking.test_accuracy,
            tested_on: mnist,
            note: note(stacking.test_accuracy, mnist),
            answer: find(&world.answers.ensembles, declared.id),
            classes: ClassNames::default(),
            doc: declared.doc,
            model: None,
        })
    });
    let models = world.models.iter().map(|model| {
        let architecture = model.network.architecture();
        let accuracy = model.metadata.test_accuracy;
        let tested_on = data_name(world, &model.metadata.dataset);
        let classes = model.metadata.classes.clone();
        let votes = !matches!(model.origin, Origin::Live { .. }) && classes.is_digits();
        Entry {
            key: &model.key,
            name: &model.name,
            group: match model.origin {
                _ if !votes => APART,
                Origin::Bundled => architecture.family().name(),
                Origin::Run(_) | Origin::Live { .. } => "Trained here",
            },
            votes,
            accuracy: accuracy.filter(|_| !matches!(model.origin, Origin::Live { .. })),
            tested_on,
            note: match &model.origin {
                Origin::Live { epochs } => format!("learning, after {epochs} epochs"),
                _ => note(accuracy, tested_on),
            },
            answer: find(&world.answers.answers, &model.key),
            classes,
            doc: architecture.doc,
            model: Some(model),
        }
    });
    let guests = world.guests.iter().filter(|_| !world.digit.is_blank()).map(guest);
    let mut all: Vec<Entry<'a>> = ensembles.chain(models).chain(guests).collect();
    all.sort_by_key(|e| !e.votes);
    all
}

/// The answer of a workspace's own network.
fn guest(guest: &Guest) -> Entry<'_> {
    let tested_on = "its test digits";
    Entry {
        key: &guest.answer.key,
        name: &guest.name,
        group: APART,
        votes: false,
        accuracy: guest.accuracy,
        tested_on,
        note: match guest.accuracy {
            Some(_) => note(guest.accuracy, tested_on),
            None => guest.note.to_owned(),
        },
        answer: Some(&guest.answer),
        classes: ClassNames::default(),
        doc: guest.doc,
        model: None,
    }
}

impl Entry<'_> {
    /// As a screen reader says it.
    pub fn spoken(&self) -> String {
        match self.answer.map(Answer::best) {
            Some((Some(class), sure)) => {
                let class = self.classes.name(class);
                format!("{} answers {class}, {} sure", self.name, certainty(sure))
            }
            Some((None, _)) => {
                let what = if self.classes.is_digits() { "digit" } else { "class" };
                format!("{} answers none: no {what} is ahead of the others", self.name)
            }
            None => format!("{}: no answer yet", self.name),
        }
    }

    /// The right class, where it is known and is one of those that it tells apart.
    pub fn truth(&self, truth: Option<(u8, &ClassNames)>) -> Option<u8> {
        truth.filter(|(_, classes)| **classes == self.classes).map(|(label, _)| label)
    }

    /// What there is to know about it.
    pub fn details(&self, ui: &mut Ui, world: &World<'_>) {
        ui.label(RichText::new(self.name).font(theme::strong(14.0)));
        ui.label(self.doc);
        ui.label(&self.note);
        if let Some(m) = self.model.map(|m| &m.metadata) {
            ui.label(match &m.imported {
                Some(from) => format!("Imported from {from}; what it was trained on is not known."),
                None => format!(
                    "Trained on {} of {} for {} epochs, seed {}.",
                    grouped(m.subset as u64),
                    data_name(world, &m.dataset),
                    m.epochs,
                    m.seed
                ),
            });
        }
        let Some(answer) = self.answer else { return };
        ui.label(format!("This answer took {:.2} ms.", answer.took_ms));
        egui::Grid::new("probabilities").num_columns(2).spacing([14.0, 1.0]).show(ui, |ui| {
            let shown = answer.probabilities.iter().enumerate().take(self.classes.count());
            for (class, probability) in shown {
                ui.label(self.classes.name(class));
                ui.label(format!("{:.4} %", probability * 100.0));
                ui.end_row();
            }
        });
    }
}

/// What each of those that vote answers: the digit, or ten for none; and their names.
/// The most frequent first.
fn votes<'a>(entries: &'a [Entry<'_>]) -> Vec<(usize, Vec<&'a str>)> {
    let mut votes: Vec<(usize, Vec<&str>)> = (0..11).map(|digit| (digit, Vec::new())).collect();
    for entry in entries.iter().filter(|e| e.votes) {
        if let Some((digit, _)) = entry.answer.map(Answer::best) {
            votes[digit.unwrap_or(10)].1.push(entry.name);
        }
    }
    votes.retain(|(_, names)| !names.is_empty());
    votes.sort_by_key(|(digit, names)| (std::cmp::Reverse(names.len()), *digit));
    votes
}

/// What most answer, if that is one digit.
pub fn majority(entries: &[Entry<'_>]) -> Option<usize> {
    match &votes(entries)[..] {
        [(digit, _)] => Some(*digit),
        [(digit, first), (_, second), ..] if first.len() > second.len() => Some(*digit),
        _ => None,
    }
}

/// `All 13 say 3`, or who says what.
pub fn agreement(entries: &[Entry<'_>]) -> String {
    let votes = votes(entries);
    let digit = |digit: usize| said((digit < 10).then_some(digit));
    match &votes[..] {
        [] => "…".to_owned(),
        [(d, names)] if names.len() == 1 => format!("It says {}", digit(*d)),
        [(d, names)] => format!("All {} say {}", names.len(), digit(*d)),
        several => {
            let part = |(i, (d, names)): (usize, &(usize, Vec<&str>))| {
                let verb = if names.len() == 1 { "says" } else { "say" };
                let who = match names.len() {
                    // Whoever differs from most is named; a name stays on one line.
                    n if i > 0 && n <= NAMED => names
                        .iter()
                        .map(|n| n.replace(' ', "\u{a0}"))
                        .collect::<Vec<_>>()
                        .join(" and "),
                    n => n.to_string(),
                };
                format!("{who} {verb} {}", digit(*d))
            };
            let parts: Vec<String> = several.iter().enumerate().map(part).collect();
            format!("They disagree: {}", parts.join(", "))
        }
    }
}

/// All answers as a table.
pub fn csv(entries: &[Entry<'_>]) -> String {
    let classes = entries.iter().filter_map(|e| e.answer.map(|a| a.probabilities.len()));
    let classes = classes.max().unwrap_or(CLASSES).max(CLASSES);
    let shares = (0..classes).map(|class| format!("p{class}"));
    let first = ["network", "votes", "answer"].map(str::to_owned).into_iter();
    let last = ["took_ms", "test_accuracy", "tested_on"].map(str::to_owned);
    let headings = first.chain(shares).chain(last);
    let rows = entries.iter().filter_map(|e| {
        let answer = e.answer?;
        let mut row = cells![e.name, e.votes, e.classes.said(answer.best().0)].to_vec();
        let shares = answer.probabilities.iter().map(f32::to_string);
        row.extend(shares.chain(std::iter::repeat(String::new())).take(classes));
        let on = if e.accuracy.is_some() { e.tested_on } else { "" };
        row.extend(cells![answer.took_ms, optional(e.accuracy), on]);
        Some(row)
    });
    csv::text(headings, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::Scores;

    fn entry<'a>(answer: &'a Answer, name: &'a str, votes: bool) -> Entry<'a> {
        Entry {
            key: "",
            name,
            group: "",
            votes,
            accuracy: None,
            tested_on: "",
            note: String::new(),
            answer: Some(answer),
            classes: ClassNames::default(),
            doc: "",
            model: None,
        }
    }

    #[test]
    fn agreement_counts_the_votes() {
        let answer = |digit: usize| Answer {
            key: String::new(),
            // Ten: all alike.
            probabilities: Scores::from(std::array::from_fn(|d| match digit {
                10 => 0.1,
                _ if d == digit => 0.91,
                _ => 0.01,
            })),
            took_ms: 0.0,
            trust: Vec::new(),
        };
        let say = |digits: &[usize]| {
            let answers: Vec<Answer> = digits.iter().map(|d| answer(*d)).collect();
            let names = ["A", "B", "C", "D", "E", "F"];
            let mut all: Vec<_> =
                answers.iter().zip(names).map(|(a, name)| entry(a, name, true)).collect();
            // What is learning changes nothing.
            let learning = answer(7);
            all.push(entry(&learning, "G", false));
            agreement(&all)
        };
        assert_eq!(say(&[3, 3, 3]), "All 3 say 3");
        assert_eq!(say(&[5, 3, 3]), "They disagree: 2 say 3, A says 5");
        assert_eq!(say(&[5, 3, 3, 3, 5]), "They disagree: 3 say 3, A and E say 5");
        assert_eq!(say(&[5, 5, 5, 3, 3, 3]), "They disagree: 3 say 3, 3 say 5");
        assert_eq!(say(&[5]), "It says 5");
        assert_eq!(say(&[3, 10, 3]), "They disagree: 2 say 3, B says none");
        assert_eq!(say(&[10]), "It says none");
        assert_eq!(say(&[]), "…");
    }
}

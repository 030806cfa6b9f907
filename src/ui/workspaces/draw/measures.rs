//! What lessons can ask for: what the networks answer to the digit, alone and together.

use super::Draw;
use crate::ann::ensemble;
use crate::data::CLASSES;
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::answers::Answer;
use crate::workers::models::{Model, Origin};

/// The ensemble that lessons speak of.
const ALL: &str = "all";

/// Whether the answers are to the digit.
fn known(desk: &Desk) -> bool {
    desk.answers_current && !desk.digit.is_blank()
}

/// Networks with a vote: none that is learning just now, or tells other classes apart.
fn voters(desk: &Desk) -> impl Iterator<Item = &Model> {
    let settled =
        |m: &&Model| !matches!(m.origin, Origin::Live { .. }) && m.metadata.classes.is_digits();
    desk.models.iter().map(AsRef::as_ref).filter(settled)
}

/// What each of them answers.
fn answers(desk: &Desk) -> impl Iterator<Item = &Answer> {
    let all = &desk.answers.answers;
    voters(desk)
        .filter_map(move |m| all.iter().find(|a| a.key == m.key))
        .filter(move |_| known(desk))
}

/// How many networks answer each digit; `None` before any has.
fn votes(desk: &Desk) -> Option<[usize; CLASSES]> {
    let mut votes = [0; CLASSES];
    let mut any = false;
    for answer in answers(desk) {
        any = true;
        if let Some(votes) = answer.best().0.and_then(|digit| votes.get_mut(digit)) {
            *votes += 1;
        }
    }
    any.then_some(votes)
}

/// What the ensemble or network of this key answers.
fn answer<'a>(desk: &'a Desk, key: &str) -> Option<&'a Answer> {
    let mut all = desk.answers.ensembles.iter().chain(&desk.answers.answers);
    all.find(|a| a.key == key).filter(|_| known(desk))
}

fn number(count: usize) -> Reading {
    Reading::Number(count as f64)
}

fn percent(share: f32) -> Reading {
    Reading::Number(100.0 * f64::from(share))
}

/// Test accuracies of the bundled networks that vote in the ensemble.
fn members(desk: &Desk) -> impl Iterator<Item = f64> {
    let members = ensemble::find(ALL).map_or(&[][..], |e| e.members);
    let member =
        move |m: &&Model| m.origin == Origin::Bundled && members.iter().any(|id| *id == m.key);
    voters(desk).filter(member).filter_map(|m| m.metadata.test_accuracy)
}

/// What it measures.
pub(super) const MEASURES: &[Measure<Draw>] = &[
    Measure {
        name: "networks",
        unit: "networks",
        doc: "Networks that have answered, without ensembles and without any that is learning.",
        of: |_, desk| votes(desk).map(|_| number(answers(desk).count())),
    },
    Measure {
        name: "majority",
        unit: "",
        doc: "Digit that more networks answer than any other.",
        of: |_, desk| {
            let counts = votes(desk)?.map(|n| n as f64);
            crate::core::decision::unique_max(&counts).map(number)
        },
    },
    Measure {
        name: "agreeing",
        unit: "networks",
        doc: "Networks that give the most frequent answer.",
        of: |_, desk| votes(desk)?.into_iter().max().map(number),
    },
    Measure {
        name: "different",
        unit: "digits",
        doc: "Different digits that networks answer.",
        of: |_, desk| Some(number(votes(desk)?.iter().filter(|n| **n > 0).count())),
    },
    Measure {
        name: "right",
        unit: "networks",
        doc: "Networks that answer rightly, where the digit's class is known.",
        of: |_, desk| {
            let label = usize::from(desk.digit.label()?);
            votes(desk)?.get(label).copied().map(number)
        },
    },
    Measure {
        name: "ensemble",
        unit: "",
        doc: "Digit that all ten networks together answer.",
        of: |_, desk| answer(desk, ALL)?.best().0.map(number),
    },
    Measure {
        name: "ensemble_certainty",
        unit: "%",
        doc: "Probability that all ten networks together give their answer.",
        of: |_, desk| Some(percent(answer(desk, ALL)?.best().1)),
    },
    Measure {
        name: "ensemble_right",
        unit: "",
        doc: "1 if all ten networks together answer rightly, else 0, where the digit's class is known.",
        of: |_, desk| {
            let label = usize::from(desk.digit.label()?);
            let right = answer(desk, ALL)?.best().0 == Some(label);
            Some(number(usize::from(right)))
        },
    },
    Measure {
        name: "least_certainty",
        unit: "%",
        doc: "Probability that the least certain network gives its answer.",
        of: |_, desk| answers(desk).map(|a| a.best().1).reduce(f32::min).map(percent),
    },
    Measure {
        name: "large",
        unit: "",
        doc: "Digit that the network or ensemble shown large answers.",
        of: |room, desk| answer(desk, &room.kept.large)?.best().0.map(number),
    },
    Measure {
        name: "large_certainty",
        unit: "%",
        doc: "Probability that the network or ensemble shown large gives its answer.",
        of: |room, desk| Some(percent(answer(desk, &room.kept.large)?.best().1)),
    },
    Measure {
        name: "ensemble_accuracy",
        unit: "%",
        doc: "Test accuracy of all ten networks together.",
        of: |_, desk| {
            let stacking = desk.set.stackings().iter().find(|s| s.ensemble == ALL)?;
            Some(Reading::Number(100.0 * stacking.test_accuracy?))
        },
    },
    Measure {
        name: "best_accuracy",
        unit: "%",
        doc: "Test accuracy of the best of the ten networks.",
        of: |_, desk| Some(Reading::Number(100.0 * members(desk).reduce(f64::max)?)),
    },
    Measure {
        name: "worst_accuracy",
        unit: "%",
        doc: "Test accuracy of the worst of the ten networks.",
        of: |_, desk| Some(Reading::Number(100.0 * members(desk).reduce(f64::min)?)),
    },
    Measure {
        name: "noise",
        unit: "",
        doc: "Standard deviation of the noise on the digit, 1 for full ink, as set.",
        of: |_, desk| Some(Reading::Number(desk.digit.treatment.noise.into())),
    },
    Measure {
        name: "shift",
        unit: "pixels",
        doc: "How far the digit is shifted, as set.",
        of: |_, desk| {
            let [right, down] = desk.digit.treatment.shift.map(f64::from);
            Some(Reading::Number(right.hypot(down)))
        },
    },
];

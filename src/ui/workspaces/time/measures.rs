//! What lessons can ask for: what the chosen network and the others make of the lines
//! read, and how early they can tell over many digits.

use super::Time;
use crate::ann::reading::early::Count;
use crate::ann::reading::{Probabilities, decided_after};
use crate::ann::zoo;
use crate::core::decision::{best, unique_max};
use crate::data::SIDE;
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;

impl Time {
    /// Lines read at the position.
    fn lines(&self) -> usize {
        (self.playback.at() as usize).min(SIDE)
    }

    /// What the network of this key answers after every step.
    fn answers(&self, key: &str, desk: &Desk) -> Option<&[Probabilities]> {
        let there = self.reads(desk) && !desk.digit.is_blank();
        let reading = self.readings.readings.iter().find(|r| there && r.key == key)?;
        Some(&reading.sweep.probabilities)
    }

    /// What the chosen network answers after every step.
    fn chosen(&self, desk: &Desk) -> Option<&[Probabilities]> {
        self.answers(&self.kept.network, desk)
    }

    /// After how many lines the network of this key has made up its mind.
    fn decided(&self, key: &str, desk: &Desk) -> Option<Reading> {
        self.answers(key, desk).map(|answers| number(decided_after(answers)))
    }

    /// What the survey counted of the chosen network.
    fn count(&self, desk: &Desk) -> Option<&Count> {
        let name = zoo::find(&self.kept.network)?.name;
        let counts = &self.survey.counts;
        let (_, count) = counts.iter().find(|(n, _)| n == name)?;
        self.has_surveyed(desk).then_some(count)
    }
}

fn number(count: usize) -> Reading {
    Reading::Number(count as f64)
}

fn percent(share: f32) -> f64 {
    100.0 * f64::from(share)
}

/// What it measures.
pub(super) const MEASURES: &[Measure<Time>] = &[
    Measure {
        name: "column",
        unit: "lines",
        doc: "Columns or rows read at the position of the time bar.",
        of: |room, _| Some(number(room.lines())),
    },
    Measure {
        name: "hidden",
        unit: "lines",
        doc: "Lines at the end that are hidden, as set.",
        of: |room, _| Some(number(usize::from(room.kept.hidden.last))),
    },
    Measure {
        name: "answer",
        unit: "",
        doc: "Digit that the chosen network would answer at the position.",
        of: |room, desk| unique_max(room.chosen(desk)?.get(room.lines())?).map(number),
    },
    Measure {
        name: "certainty",
        unit: "%",
        doc: "Probability that the chosen network gives its answer at the position.",
        of: |room, desk| {
            let (_, sure) = best(room.chosen(desk)?.get(room.lines())?);
            Some(Reading::Number(percent(sure)))
        },
    },
    Measure {
        name: "certainty_curve",
        unit: "%",
        doc: "Probability that the chosen network gives its last answer, against the lines read.",
        of: |room, desk| {
            let answers = room.chosen(desk)?;
            let last = unique_max(answers.last()?)?;
            let points = answers.iter().enumerate();
            Some(Reading::Curve(points.map(|(k, p)| [k as f64, percent(p[last])]).collect()))
        },
    },
    Measure {
        name: "decided_rnn1",
        unit: "lines",
        doc: "Columns after which the answer of RNN 1 (GRU) no longer changes.",
        of: |room, desk| room.decided("rnn1", desk),
    },
    Measure {
        name: "decided_rnn2",
        unit: "lines",
        doc: "Columns after which the answer of RNN 2 (LSTM) no longer changes.",
        of: |room, desk| room.decided("rnn2", desk),
    },
    Measure {
        name: "decided_rnn3",
        unit: "lines",
        doc: "Rows after which the answer of RNN 3 (GRU) no longer changes.",
        of: |room, desk| room.decided("rnn3", desk),
    },
    Measure {
        name: "decided_rnn4",
        unit: "lines",
        doc: "Rows after which the answer of RNN 4 (LSTM) no longer changes.",
        of: |room, desk| room.decided("rnn4", desk),
    },
    Measure {
        name: "decided_ensemble",
        unit: "lines",
        doc: "Columns and rows after which the answer of the ensemble of all four no longer changes.",
        of: |room, desk| {
            let together = room.readings.together.as_ref()?;
            let there = room.reads(desk) && !desk.digit.is_blank();
            there.then(|| number(decided_after(&together.probabilities)))
        },
    },
    Measure {
        name: "survey_digits",
        unit: "digits",
        doc: "Test digits read in the survey.",
        of: |room, desk| room.has_surveyed(desk).then(|| number(room.survey.done)),
    },
    Measure {
        name: "survey_curve",
        unit: "%",
        doc: "Accuracy of the chosen network in the survey, against the lines read.",
        of: |room, desk| {
            let count = room.count(desk)?;
            let point = |k| [k as f64, percent(count.accuracy(k))];
            Some(Reading::Curve((0..=SIDE).map(point).collect()))
        },
    },
    Measure {
        name: "survey_half",
        unit: "%",
        doc: "Accuracy of the chosen network in the survey after half of the lines.",
        of: |room, desk| Some(Reading::Number(percent(room.count(desk)?.accuracy(SIDE / 2)))),
    },
    Measure {
        name: "survey_all",
        unit: "%",
        doc: "Accuracy of the chosen network in the survey after all lines.",
        of: |room, desk| Some(Reading::Number(percent(room.count(desk)?.accuracy(SIDE)))),
    },
    Measure {
        name: "survey_decided",
        unit: "lines",
        doc: "Lines after which the chosen network has made up its mind, on average over the survey.",
        of: |room, desk| Some(Reading::Number(f64::from(room.count(desk)?.mean_decided()))),
    },
];

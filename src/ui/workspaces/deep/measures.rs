//! What the workspace measures, for lessons.

use super::Deep;
use super::settings::DeepTab;
use crate::ann::spiking::early::Course;
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::deep::{DeepLook, Surveyed, THRESHOLDS};

/// Digits of a survey after which its shares are known well enough.
const ENOUGH: usize = 1000;
/// The certainty at which stopping early is named.
const NAMED: f32 = 0.9;

/// All of them.
pub const MEASURES: &[Measure<Deep>] = &[
    Measure {
        name: "right",
        unit: "",
        doc: "Whether the network reads the current digit right at the step of the time bar: 1 or 0.",
        of: |room, desk| {
            let digit = *course(room, desk)?.digits.get(step(room, desk)?)?;
            number(f64::from(u8::from(digit == Some(desk.digit.label()?))))
        },
    },
    Measure {
        name: "answer_stands_from",
        unit: "steps",
        doc: "Step from which on the answer no longer changes.",
        of: |room, desk| {
            let digits = &course(room, desk)?.digits;
            let last = (*digits.last()?)?;
            let changes = digits.iter().rposition(|digit| *digit != Some(last));
            number(changes.map_or(1, |k| k + 2) as f64)
        },
    },
    Measure {
        name: "certainty",
        unit: "%",
        doc: "Probability of the answer at the step of the time bar.",
        of: |room, desk| {
            let sure = &course(room, desk)?.sure;
            number(100.0 * f64::from(*sure.get(step(room, desk)?)?))
        },
    },
    Measure {
        name: "certainties",
        unit: "%",
        doc: "Probability of the answer, by step.",
        of: |room, desk| Some(by_step(course(room, desk)?.sure.iter().map(|p| 100.0 * p))),
    },
    Measure {
        name: "spikes",
        unit: "",
        doc: "Spikes of all layers for the current digit, up to the step of the time bar.",
        of: |room, desk| {
            let spikes = &course(room, desk)?.spikes;
            number(f64::from(*spikes.get(step(room, desk)?)?))
        },
    },
    Measure {
        name: "volley_spikes",
        unit: "",
        doc: "Spikes of the retina and of both convolutions for the current digit, in a network that learned by STDP.",
        of: |room, desk| number(look(room, desk)?.volley.as_ref()?.look.spikes as f64),
    },
    Measure {
        name: "unit_spikes",
        unit: "",
        doc: "Spikes of the neuron looked at over all steps.",
        of: |room, desk| {
            let layers = &look(room, desk)?.watched.as_ref()?.layers;
            let layer = layers.get(room.kept.layer).filter(|l| room.kept.unit < l.units())?;
            let spikes = layer.of_unit(&layer.spikes, room.kept.unit);
            number(spikes.filter(|s| *s > 0.0).count() as f64)
        },
    },
    Measure {
        name: "starved",
        unit: "%",
        doc: "Share of the neurons in the first layer to which hardly any credit comes back through time.",
        of: |room, desk| number(f64::from(look(room, desk)?.credit.first()?.starved)),
    },
    Measure {
        name: "slope",
        unit: "",
        doc: "How narrow the surrogate is that stands for the derivative of a spike.",
        of: |room, _| number(f64::from(room.kept.slope)),
    },
    Measure {
        name: "first_spike",
        unit: "time constants",
        doc: "When the first class fires, in a network whose neurons fire once.",
        of: |room, desk| {
            let classes = look(room, desk)?.times.as_ref()?.last()?;
            let first = classes.iter().flatten().copied().fold(f32::INFINITY, f32::min);
            number(f64::from(first))
        },
    },
    Measure {
        name: "accuracy",
        unit: "%",
        doc: "Share of the digits of the survey that the network looked at reads right after all steps.",
        of: |room, desk| {
            let surveyed = surveyed(room, desk)?;
            number(100.0 * surveyed.accuracy(surveyed.steps()))
        },
    },
    Measure {
        name: "accuracies",
        unit: "%",
        doc: "The same share after fewer steps, by steps.",
        of: |room, desk| {
            let surveyed = surveyed(room, desk)?;
            Some(by_step((1..=surveyed.steps()).map(|t| 100.0 * surveyed.accuracy(t) as f32)))
        },
    },
    Measure {
        name: "sure_accuracy",
        unit: "%",
        doc: "Share of the digits of the survey read right where the network looked at stops once it is 90 % sure.",
        of: |room, desk| number(100.0 * stopped(room, desk)?[0]),
    },
    Measure {
        name: "sure_steps",
        unit: "steps",
        doc: "Steps that this takes on average.",
        of: |room, desk| number(stopped(room, desk)?[1]),
    },
    Measure {
        name: "sure_spikes",
        unit: "",
        doc: "Spikes that this takes on average.",
        of: |room, desk| number(stopped(room, desk)?[2]),
    },
    Measure {
        name: "surveyed",
        unit: "digits",
        doc: "Test digits of the survey so far.",
        of: |room, _| number(room.survey.done as f64),
    },
];

/// A number, if it is one.
fn number(value: f64) -> Option<Reading> {
    value.is_finite().then_some(Reading::Number(value))
}

/// Values by step, from 1.
fn by_step(values: impl Iterator<Item = f32>) -> Reading {
    Reading::Curve(values.zip(1..).map(|(v, k)| [f64::from(k), f64::from(v)]).collect())
}

/// What is known of the digit, if it is the answer to settings and digit.
fn look<'a>(room: &'a Deep, desk: &Desk) -> Option<&'a DeepLook> {
    let there = !desk.digit.is_blank() && room.kept.tab != DeepTab::Sure;
    (there && room.is_current(desk)).then_some(&*room.look)
}

/// The answer after each step, of a network that runs over steps.
fn course<'a>(room: &'a Deep, desk: &Desk) -> Option<&'a Course> {
    let look = look(room, desk)?;
    look.watched.is_some().then_some(&look.course)
}

/// The place in lists of the step that the bar is at; `None` before the first.
fn step(room: &Deep, desk: &Desk) -> Option<usize> {
    room.at(course(room, desk)?.digits.len()).checked_sub(1)
}

/// What the survey counted of the network looked at.
fn surveyed<'a>(room: &'a Deep, desk: &Desk) -> Option<&'a Surveyed> {
    let survey = &*room.survey;
    let enough = survey.done >= ENOUGH || (survey.done > 0 && !survey.running);
    let key = &room.network(desk)?.0.key;
    survey.networks.iter().find(|n| n.key == *key).filter(|_| enough)
}

/// Share of right answers, mean steps and spikes where it stops once it is sure.
fn stopped(room: &Deep, desk: &Desk) -> Option<[f64; 3]> {
    let at = THRESHOLDS.iter().position(|t| *t >= NAMED)?;
    Some(surveyed(room, desk)?.at(at))
}

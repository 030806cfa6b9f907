//! What the workspace measures, for lessons.

use super::Conversion;
use super::view::settled;
use crate::convert::energy::original_uj;
use crate::convert::likeness::Likeness;
use crate::core::decision::{best, unique_max};
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::conversion::sample::Sample;
use crate::workers::conversion::{ConversionView, Followed};

/// So many percentage points below the original count as being there.
const NEAR: f64 = 0.5;

/// All of them.
pub const MEASURES: &[Measure<Conversion>] = &[
    Measure {
        name: "agrees",
        unit: "",
        doc: "Whether the network in spikes answers as the original does, at the step of the time bar: 1 or 0.",
        of: |room, desk| {
            let (shown, k) = (shown(room, desk)?, step(room)?);
            let answer = unique_max(shown.probabilities.get(k)?);
            number(f64::from(u8::from(answer.is_some() && answer == unique_max(&shown.original))))
        },
    },
    Measure {
        name: "answer_stands_from",
        unit: "steps",
        doc: "Step from which on the answer in spikes no longer changes.",
        of: |room, desk| number(settled(shown(room, desk)?)? as f64),
    },
    Measure {
        name: "certainty",
        unit: "%",
        doc: "Certainty in spikes of the original’s answer, by step.",
        of: |room, desk| {
            let shown = shown(room, desk)?;
            let class = best(&shown.original).0?;
            let sure = shown.probabilities.iter().map(|p| p.get(class).map(|p| f64::from(*p)));
            let points = sure.enumerate().map(|(k, p)| Some([k as f64 + 1.0, 100.0 * p?]));
            Some(Reading::Curve(points.collect::<Option<_>>()?))
        },
    },
    Measure {
        name: "correlation",
        unit: "",
        doc: "Correlation of rates with activations in the layer looked at, at the step of the time bar.",
        of: |room, desk| number(likeness(room, desk)?.get(step(room)?)?.r?),
    },
    Measure {
        name: "correlations",
        unit: "",
        doc: "The same correlation by step.",
        of: |room, desk| {
            let all = likeness(room, desk)?.iter().enumerate();
            let points = all.filter_map(|(k, l)| Some([k as f64 + 1.0, l.r?]));
            Some(Reading::Curve(points.collect()))
        },
    },
    Measure {
        name: "saturated",
        unit: "%",
        doc: "Share of units in the layer looked at that should fire more than once a step, at the step of the time bar.",
        of: |room, desk| number(100.0 * likeness(room, desk)?.get(step(room)?)?.saturated),
    },
    Measure {
        name: "unit_activation",
        unit: "λ",
        doc: "Activation of the unit that is followed, in thresholds: the spikes per step that it asks for.",
        of: |room, desk| number(wanted(shown(room, desk)?)?),
    },
    Measure {
        name: "unit_rate",
        unit: "spikes/step",
        doc: "Spikes per step of the unit that is followed, up to the step of the time bar.",
        of: |room, desk| number(rate(followed(shown(room, desk)?)?, step(room)? + 1)),
    },
    Measure {
        name: "unit_rates",
        unit: "spikes/step",
        doc: "Spikes per step of the unit that is followed, from the beginning up to each step.",
        of: |room, desk| {
            let followed = followed(shown(room, desk)?)?;
            let mut count = 0.0;
            let points = followed.spiked.iter().zip(1..).map(|(spiked, k)| {
                count += f64::from(u8::from(*spiked));
                [f64::from(k), count / f64::from(k)]
            });
            Some(Reading::Curve(points.collect()))
        },
    },
    Measure {
        name: "spikes",
        unit: "",
        doc: "Spikes of the whole network for the digit, up to the step of the time bar.",
        of: |room, desk| number(*shown(room, desk)?.spikes.get(step(room)?)? as f64),
    },
    Measure {
        name: "operations",
        unit: "",
        doc: "Operations in spikes for the digit up to the step of the time bar, for each multiply–add of the original.",
        of: |room, desk| {
            let shown = shown(room, desk)?;
            let work = shown.work.get(step(room)?)?.total();
            number(work as f64 / shown.multiply_adds.max(1) as f64)
        },
    },
    Measure {
        name: "accuracy",
        unit: "%",
        doc: "Share of many digits that the network in spikes reads right after all steps.",
        of: |room, desk| {
            let sample = sample(room, desk)?;
            number(percent(sample.found.after.last()?.right, sample))
        },
    },
    Measure {
        name: "accuracy_by_steps",
        unit: "%",
        doc: "The same share after fewer steps, by steps.",
        of: |room, desk| Some(Reading::Curve(accuracies(sample(room, desk)?))),
    },
    Measure {
        name: "original_accuracy",
        unit: "%",
        doc: "Share of the same digits that the original reads right.",
        of: |room, desk| number(100.0 * sample(room, desk)?.original),
    },
    Measure {
        name: "steps_needed",
        unit: "steps",
        doc: "Fewest of the steps tried after which the network in spikes reads within half a percentage point as many digits right as the original.",
        of: |room, desk| {
            let sample = sample(room, desk)?;
            let enough = 100.0 * sample.original - NEAR;
            number(accuracies(sample).into_iter().find(|p| p[1] >= enough)?[0])
        },
    },
    Measure {
        name: "energy",
        unit: "",
        doc: "Estimated energy for a digit in spikes after all steps, as a multiple of the original’s.",
        of: |room, desk| {
            let sample = sample(room, desk)?;
            let each = sample.found.after.last()?.work.energy_uj() / sample.found.images as f64;
            number(each / original_uj(sample.multiply_adds))
        },
    },
];

/// A number, if it is one.
fn number(value: f64) -> Option<Reading> {
    value.is_finite().then_some(Reading::Number(value))
}

/// What is shown, if it is the answer to settings and digit.
fn shown<'a>(room: &'a Conversion, desk: &Desk) -> Option<&'a ConversionView> {
    let there = !desk.digit.is_blank() && room.is_current(desk) && room.shown.failure.is_none();
    there.then_some(&*room.shown)
}

/// The place in lists of the step that the bar is at; `None` before the first.
fn step(room: &Conversion) -> Option<usize> {
    (room.playback.at() as usize).min(room.shown.probabilities.len()).checked_sub(1)
}

/// How like rates and activations of the layer looked at are, by step.
fn likeness<'a>(room: &'a Conversion, desk: &Desk) -> Option<&'a [Likeness]> {
    let stages = &shown(room, desk)?.stages;
    let chosen = room.kept.stage.min(stages.len().checked_sub(1)?);
    Some(&stages[chosen].likeness[..]).filter(|l| !l.is_empty())
}

fn followed(shown: &ConversionView) -> Option<&Followed> {
    shown.followed.as_ref()
}

/// Spikes of each of the first steps.
fn rate(followed: &Followed, steps: usize) -> f64 {
    let spikes = followed.spiked.iter().take(steps).filter(|s| **s).count();
    spikes as f64 / steps.max(1) as f64
}

/// What the ReLU of the unit that is followed gives, in thresholds.
fn wanted(shown: &ConversionView) -> Option<f64> {
    let (stage, place) = followed(shown)?.unit;
    let stage = shown.stages.get(stage)?;
    let activation = stage.activations.as_ref()?.get(place)?.max(0.0);
    Some(f64::from(activation / stage.scale(place)?))
}

/// Many digits, if all were asked with the settings as they are.
fn sample<'a>(room: &'a Conversion, desk: &Desk) -> Option<&'a Sample> {
    let (sample, how) = (&*room.sample, &room.kept.how);
    let same = sample.recipe == how.recipe
        && sample.disturbance == how.disturbance
        && sample.model == room.network(desk)?.name
        && sample.found.after.last()?.steps == how.steps
        && room.sampled.as_ref()?.0 == room.kept.sample;
    let whole = sample.found.images > 0 && sample.found.images == sample.total;
    (same && whole && !room.is_sampling()).then_some(sample)
}

fn percent(right: usize, sample: &Sample) -> f64 {
    100.0 * right as f64 / sample.found.images.max(1) as f64
}

/// Steps, and the share of right answers after them.
fn accuracies(sample: &Sample) -> Vec<[f64; 2]> {
    let after = sample.found.after.iter();
    after.map(|a| [a.steps as f64, percent(a.right, sample)]).collect()
}

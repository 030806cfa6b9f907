//! What the workspace measures, for lessons.

use std::sync::Arc;

use super::Spiking;
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::spiking::damage::Damage;
use crate::workers::spiking::shown::Competition;
use crate::workers::spiking::tally::Tally;
use crate::workers::spiking::view::{Fields, SpikingView};

/// The share of neurons or synapses cut at which damage is named.
const HALF: f64 = 0.5;

/// All of them.
pub const MEASURES: &[Measure<Spiking>] = &[
    Measure {
        name: "images",
        unit: "images",
        doc: "Images that the network has learnt so far.",
        of: |room, _| number(run(room)?.images as f64),
    },
    Measure {
        name: "accuracy",
        unit: "%",
        doc: "Running accuracy: share of the newest answers, before each image was learnt, that were right.",
        of: |room, _| number(100.0 * run(room)?.accuracy?.0),
    },
    Measure {
        name: "accuracy_by_images",
        unit: "%",
        doc: "Running accuracy, by images learnt.",
        of: |room, _| {
            let curve = &tally(room)?.curve;
            let points = curve.iter().map(|p| [p.images as f64, 100.0 * p.accuracy]);
            Some(Reading::Curve(points.collect()))
        },
    },
    Measure {
        name: "test_accuracy",
        unit: "%",
        doc: "Share of the test digits that the network read right when it was tested, if it has not learnt on since.",
        of: |room, _| test_accuracy(room),
    },
    Measure {
        name: "neurons",
        unit: "",
        doc: "Excitatory neurons of the network that learns.",
        of: |room, _| number(fields(room)?.learnt.theta.len() as f64),
    },
    Measure {
        name: "neurons_labelled",
        unit: "",
        doc: "Neurons that stand for a digit.",
        of: |room, _| {
            let labels = &fields(room)?.learnt.labels;
            number(labels.iter().flatten().count() as f64)
        },
    },
    Measure {
        name: "neurons_won",
        unit: "%",
        doc: "Share of the neurons that have fired most at an image at least once.",
        of: |room, _| {
            let won = &tally(room)?.won;
            let some = won.iter().filter(|n| **n > 0).count();
            number(100.0 * some as f64 / won.len().max(1) as f64)
        },
    },
    Measure {
        name: "theta",
        unit: "mV",
        doc: "Mean of what homeostasis has added to the thresholds, θ.",
        of: |room, _| {
            let theta = &fields(room)?.learnt.theta;
            let sum: f64 = theta.iter().map(|t| f64::from(*t)).sum();
            number(sum / theta.len().max(1) as f64)
        },
    },
    Measure {
        name: "spikes_of_image",
        unit: "",
        doc: "Spikes of all excitatory neurons at the newest image.",
        of: |room, _| {
            let run = run(room).filter(|run| run.images > 0)?;
            number(f64::from(run.last.spikes[0]))
        },
    },
    Measure {
        name: "inhibition",
        unit: "",
        doc: "Inhibition between neurons as it is set, times the leak.",
        of: |room, _| number(room.kept.live_settings.inhibition),
    },
    Measure {
        name: "theta_plus",
        unit: "mV",
        doc: "What each spike adds to θ as it is set.",
        of: |room, _| number(room.kept.live_settings.theta_plus_mv),
    },
    Measure {
        name: "digit_vote",
        unit: "%",
        doc: "Share of the network’s vote that goes to the class of the current digit.",
        of: |room, desk| {
            let class = usize::from(desk.digit.label()?);
            number(100.0 * f64::from(*vote(room, desk)?.answer.probabilities.get(class)?))
        },
    },
    Measure {
        name: "digit_spikes",
        unit: "",
        doc: "Spikes of the excitatory neurons while the current digit is shown.",
        of: |room, desk| {
            let vote = vote(room, desk)?;
            let neurons = u32::try_from(vote.network.theta.len()).ok()?;
            let all = vote.recording.spikes(0..vote.recording.steps());
            number(all.filter(|spike| spike.1 < neurons).count() as f64)
        },
    },
    Measure {
        name: "damaged",
        unit: "%",
        doc: "Accuracy of the spiking network by the amount of the damage that is chosen: a share that is cut, or the deviation of the noise.",
        of: |room, _| Some(Reading::Curve(damaged(room)?)),
    },
    Measure {
        name: "damaged_half",
        unit: "%",
        doc: "Accuracy of the spiking network with half of its neurons, or synapses, cut.",
        of: |room, _| {
            let cut = room.kept.damage != Damage::Noise;
            let curve = damaged(room).filter(|_| cut)?;
            number(curve.into_iter().find(|p| (p[0] - HALF).abs() < 1e-9)?[1])
        },
    },
];

/// A number, if it is one.
fn number(value: f64) -> Option<Reading> {
    value.is_finite().then_some(Reading::Number(value))
}

/// The newest run, once it has begun.
fn run(room: &Spiking) -> Option<&SpikingView> {
    room.is_loaded().then_some(&*room.view)
}

/// The network as it is now.
fn fields(room: &Spiking) -> Option<&Fields> {
    run(room)?.fields.as_deref()
}

fn tally(room: &Spiking) -> Option<&Tally> {
    fields(room)?.tally.as_deref()
}

fn test_accuracy(room: &Spiking) -> Option<Reading> {
    let (generation, images, before) = room.tested.as_ref()?;
    let tested = room.measured.tested.as_ref()?;
    let new = before.as_ref().is_none_or(|before| !Arc::ptr_eq(before, tested));
    let view = run(room).filter(|v| v.generation == *generation && v.images == *images)?;
    (new && !view.goes).then(|| number(100.0 * tested.accuracy)).flatten()
}

/// The competition of the current digit.
fn vote<'a>(room: &'a Spiking, desk: &Desk) -> Option<&'a Competition> {
    let there = !desk.digit.is_blank() && room.is_voted(desk);
    room.shown.competition.as_deref().filter(|_| there)
}

/// Accuracy of the spiking network by the amount of damage, once all of it is measured.
fn damaged(room: &Spiking) -> Option<Vec<[f64; 2]>> {
    let place = Damage::ALL.iter().position(|d| *d == room.kept.damage)?;
    let curves = room.measured.curves.get(place)?.as_ref()?;
    let (amounts, (_, shares)) = (curves.damage.amounts(), curves.of.first()?);
    let points = amounts.iter().zip(shares).map(|(amount, share)| [*amount, 100.0 * share]);
    (shares.len() == amounts.len()).then(|| points.collect())
}

//! What the workspace measures, for lessons.

use super::Plasticity;
use super::settings::PlasticityTab as T;
use crate::lessons::Reading;
use crate::snn::experiments::bounds::BoundsResult;
use crate::snn::experiments::pairing_rate::{INTERVALS_MS, PairingRateCurve};
use crate::snn::experiments::pattern::{COUNTED, DT_MS};
use crate::snn::experiments::slope_window::SlopeResult;
use crate::snn::experiments::story::StoryResult;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;

/// Weights that are this near to a bound are at it.
const AT_BOUND: f32 = 0.05;

/// All of them.
pub const MEASURES: &[Measure<Plasticity>] = &[
    Measure {
        name: "window",
        unit: "",
        doc: "STDP window of the rule at hand: change of the weight after a pair of spikes, by Δt = t_post − t_pre in ms.",
        of: |room, _| window(room).map(Reading::Curve),
    },
    Measure {
        name: "gain",
        unit: "",
        doc: "Largest strengthening in the STDP window of the rule at hand.",
        of: |room, _| number(of_changes(&window(room)?, f64::max)),
    },
    Measure {
        name: "loss",
        unit: "",
        doc: "Largest weakening in the STDP window of the rule at hand, below zero.",
        of: |room, _| number(of_changes(&window(room)?, f64::min)),
    },
    Measure {
        name: "delta_t",
        unit: "ms",
        doc: "Δt = t_post − t_pre of the first spike of each neuron in A pair.",
        of: delta_t,
    },
    Measure {
        name: "weight",
        unit: "",
        doc: "Weight of the synapse in A pair at the moment of the time bar.",
        of: |room, _| weight_at(story(room)?, room.story.at()).and_then(number),
    },
    Measure {
        name: "weight_change",
        unit: "",
        doc: "Change of the weight in A pair, from before the first spike to the end.",
        of: |room, _| {
            let story = story(room)?;
            let last = story.traces.steps().checked_sub(1)?;
            number(weight_at(story, last)? - story.task.learner.weight)
        },
    },
    Measure {
        name: "pairing_curve",
        unit: "",
        doc: "Change of the weight by the triplet rule after all pairs with post after pre, by their rate in Hz.",
        of: |room, _| Some(Reading::Curve(triplet(room, true)?.measured.clone())),
    },
    Measure {
        name: "crossing_rate",
        unit: "Hz",
        doc: "Rate from which on pairs with post before pre strengthen by the triplet rule.",
        of: |room, _| triplet(room, false)?.crossing_hz().and_then(number),
    },
    Measure {
        name: "at_hard_bounds",
        unit: "%",
        doc: "Share of the weights within 0.05 of 0 or 1 at the end, with hard bounds.",
        of: |room, _| at_bounds(bounds(room)?, 1),
    },
    Measure {
        name: "at_soft_bounds",
        unit: "%",
        doc: "Share of the weights within 0.05 of 0 or 1 at the end, with soft bounds.",
        of: |room, _| at_bounds(bounds(room)?, 2),
    },
    Measure {
        name: "slope_window",
        unit: "",
        doc: "Window that emerges from Bengio’s rule: mean change of the weight, by Δt in ms.",
        of: |room, _| {
            let bins = slope(room)?.bins.iter().filter(|b| b.pairs > 0);
            Some(Reading::Curve(bins.map(|b| [b.delta_ms, b.mean]).collect()))
        },
    },
    Measure {
        name: "slope_correlation",
        unit: "",
        doc: "Correlation of the window of Bengio’s rule with the classical STDP window.",
        of: |room, _| number(slope(room)?.correlation),
    },
    Measure {
        name: "hits",
        unit: "%",
        doc: "Share of the last 40 presentations of the hidden pattern that the neuron answered.",
        of: |room, _| number(100.0 * room.run()?.score.hits),
    },
    Measure {
        name: "false_alarms",
        unit: "Hz",
        doc: "Spikes outside the hidden pattern over the last ten seconds.",
        of: |room, _| number(room.run()?.score.false_alarms_hz),
    },
    Measure {
        name: "latency",
        unit: "ms",
        doc: "Mean time from the beginning of the hidden pattern to the first spike, over the last 40 presentations answered.",
        of: |room, _| latency(room),
    },
    Measure {
        name: "learned_after",
        unit: "s",
        doc: "Simulated time after which the neuron had learned the hidden pattern.",
        of: |room, _| room.run()?.score.learned_ms.and_then(|ms| number(ms / 1000.0)),
    },
    Measure {
        name: "pattern_time",
        unit: "s",
        doc: "Simulated time of the run with the hidden pattern.",
        of: |room, _| number(room.run()?.step as f64 * DT_MS / 1000.0),
    },
];

/// A number, if it is one.
fn number(value: f64) -> Option<Reading> {
    value.is_finite().then_some(Reading::Number(value))
}

/// The window of the rule at hand.
fn window(room: &Plasticity) -> Option<Vec<[f64; 2]>> {
    let all = room.answered(T::Windows, room.results.windows.as_deref())?;
    let own = all.iter().find(|w| w.rule == room.kept.windows.rule)?;
    Some(own.measured.clone())
}

fn of_changes(window: &[[f64; 2]], most: fn(f64, f64) -> f64) -> f64 {
    window.iter().map(|p| p[1]).fold(0.0, most)
}

fn delta_t(room: &Plasticity, _desk: &Desk) -> Option<Reading> {
    let story = &room.kept.story;
    number(story.post_ms.first()? - story.pre_ms.first()?)
}

fn story(room: &Plasticity) -> Option<&StoryResult> {
    room.answered(T::Story, room.results.story.as_deref())
}

fn weight_at(story: &StoryResult, step: u64) -> Option<f64> {
    let weight = story.traces.channels().len().checked_sub(1)?;
    story.traces.value(weight, step).map(f64::from)
}

/// The triplet rule's curve, once all rates are measured.
fn triplet(room: &Plasticity, post_after_pre: bool) -> Option<&PairingRateCurve> {
    let curves = room.answered(T::PairingRate, room.results.pairing_rate.as_deref())?;
    let wanted =
        |c: &&PairingRateCurve| c.rule == "triplet" && (c.delta_ms > 0.0) == post_after_pre;
    curves.iter().find(wanted).filter(|c| c.measured.len() == INTERVALS_MS.len())
}

/// What became of the weights, at the end.
fn bounds(room: &Plasticity) -> Option<&BoundsResult> {
    let bounds = room.answered(T::Bounds, room.results.bounds.as_deref());
    bounds.filter(|b| b.seconds[0] >= b.seconds[1])
}

fn at_bounds(result: &BoundsResult, way: usize) -> Option<Reading> {
    let weights = &result.runs.get(way)?.weights;
    let near = weights.iter().filter(|w| **w <= AT_BOUND || **w >= 1.0 - AT_BOUND).count();
    number(100.0 * near as f64 / weights.len().max(1) as f64)
}

/// The window of Bengio's rule, at the end.
fn slope(room: &Plasticity) -> Option<&SlopeResult> {
    let slope = room.answered(T::Slope, room.results.slope.as_deref());
    slope.filter(|s| s.seconds[0] >= s.seconds[1])
}

fn latency(room: &Plasticity) -> Option<Reading> {
    let all = room.run()?.presentations.iter().rev();
    let last: Vec<f64> = all.filter_map(|p| p.latency_ms).take(COUNTED).collect();
    let n = last.len();
    (n > 0).then(|| last.iter().sum::<f64>() / n as f64).and_then(number)
}

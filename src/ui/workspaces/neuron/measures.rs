//! What a lesson asks of the workspace: the place of the time bar, whether the answer
//! stands, and what was measured.

use std::ops::Range;

use super::Neuron;
use super::settings::{DT_MS, NeuronTab};
use crate::core::playback::PlaybackEdit;
use crate::lessons::Reading;
use crate::snn::codes::CODES;
use crate::snn::experiments::curve::distance;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::experiments::{CodeResult, CurveResult, Experiment, UnitResult, UnitTask};
use crate::workers::simulation::SimCommand;

/// Rates are counted over a second at most, and over no less than a tenth of one, steps.
const MOST_COUNTED: u64 = (1000.0 / DT_MS) as u64;
const LEAST_COUNTED: u64 = (100.0 / DT_MS) as u64;
/// How far a scene may be into its run, steps: as much as is recorded singly.
const FARTHEST: u64 = 5_000_000;
/// Steps that the simulation is asked for at once, so that it can be ended between.
const AT_ONCE: u64 = 200_000;

impl Neuron {
    /// Whether the simulation has the network and all changes that it was told of.
    fn is_told(&self) -> bool {
        let view = &self.simulation;
        self.loads > 0 && (view.generation, view.changes) == (self.loads, self.changes)
    }

    /// Has the simulation reach a step, and the time bar stand there.
    pub(super) fn go_to(&mut self, step: u64, desk: &mut Desk) {
        if self.kept.tab != NeuronTab::Spikes || self.loads == 0 {
            return;
        }
        if self.changes > 0 {
            // What it did before a slider was moved does not follow from the settings.
            return self.load_figure(desk);
        }
        let view = &self.simulation;
        if !self.is_told() || view.failure.is_some() {
            return;
        }
        self.thread.set_running(false);
        let step = step.min(FARTHEST - 1);
        if step < view.step {
            return self.play(&PlaybackEdit::Go(step), desk);
        }
        if view.step < self.awaited {
            return;
        }
        let steps = (step + 1 - view.step).min(AT_ONCE);
        let sent = self.thread.send(SimCommand::Steps(steps));
        if sent.is_ok() {
            self.awaited = view.step + steps;
        }
        desk.sent(sent);
    }

    /// Whether the view in front shows what its settings and the digit ask for.
    pub(super) fn is_settled(&self, desk: &Desk) -> bool {
        let view = &self.simulation;
        match self.kept.tab {
            NeuronTab::Spikes => {
                self.is_told() && (view.step >= self.awaited || view.failure.is_some())
            }
            NeuronTab::RateCurve => self.curve(desk).is_some(),
            NeuronTab::Unit => self.unit(desk).is_some(),
            NeuronTab::Codes => self.codes(desk).is_some(),
            NeuronTab::Files => true,
        }
    }

    /// Lets the two neurons run; the other experiments run by themselves.
    pub(super) fn let_run(&mut self, desk: &mut Desk) {
        if self.kept.tab != NeuronTab::Spikes {
            return;
        }
        if self.loads == 0 {
            self.load_figure(desk);
        }
        if !self.thread.is_running() {
            self.playback.edit(&PlaybackEdit::End);
            self.plot.time.follow = true;
            self.thread.set_running(true);
        }
    }

    /// The steps over which the two neurons' rates are counted: since the last change,
    /// if that is long enough.
    fn counted(&self) -> Option<Range<u64>> {
        let view = &self.simulation;
        if !self.is_told() {
            return None;
        }
        let from = view.changed_at.max(view.step.saturating_sub(MOST_COUNTED));
        (view.step >= from + LEAST_COUNTED).then_some(from..view.step)
    }

    /// Steps of the spikes of one of the neurons among those counted.
    fn spikes(&self, neuron: u32) -> Option<impl Iterator<Item = u64> + '_> {
        let spikes = self.simulation.recording.spikes(self.counted()?);
        Some(spikes.filter(move |(_, n)| *n == neuron).map(|(step, _)| step))
    }

    /// Rate of one of the neurons, Hz.
    fn rate_hz(&self, neuron: u32) -> Option<f64> {
        let steps = self.counted()?;
        Some(rate_hz(self.spikes(neuron)?, steps.end - steps.start))
    }

    /// A trace at the moment looked at.
    fn trace(&self, channel: usize) -> Option<Reading> {
        let view = &self.simulation;
        let there = self.is_told() && self.playback.at() >= view.changed_at;
        let value = view.traces.value(channel, self.playback.at()).filter(|_| there)?;
        Some(Reading::Number(f64::from(value)))
    }

    /// Whether this is the number of the question that the view in front asks.
    fn is_asked(&self, serial: u64, desk: &Desk) -> bool {
        serial == self.asked.0 && self.asked.1.is_some() && self.asked.1 == self.task(desk)
    }

    /// The f–I curve, once it is measured.
    fn curve(&self, desk: &Desk) -> Option<&CurveResult> {
        let (serial, curve) = &**self.results.curve.as_ref()?;
        let whole = curve.done_ms >= curve.whole_ms - 1e-6;
        (whole && self.kept.tab == NeuronTab::RateCurve && self.is_asked(*serial, desk))
            .then_some(curve)
    }

    /// What the artificial and the biological neuron were given, and what they made of it.
    fn unit(&self, desk: &Desk) -> Option<(&UnitTask, &UnitResult)> {
        let (serial, result) = &**self.results.unit.as_ref()?;
        match &self.asked.1 {
            Some(Experiment::Unit(task)) if self.is_asked(*serial, desk) => Some((task, result)),
            _ => None,
        }
    }

    /// What each code made of the intensity and the digit.
    fn codes(&self, desk: &Desk) -> Option<&[CodeResult]> {
        let (serial, result) = &**self.results.codes.as_ref()?;
        (self.kept.tab == NeuronTab::Codes && self.is_asked(*serial, desk))
            .then_some(&result.codes[..])
    }

    /// Error of the digit as read from the code of this id.
    fn code_error(&self, id: &str, desk: &Desk) -> Option<Reading> {
        let place = CODES.iter().position(|c| c.id == id)?;
        let error = self.codes(desk)?.get(place)?.picture_error;
        Some(Reading::Number(f64::from(error)))
    }
}

/// The rate of spikes at these steps of so many, from the intervals between them; of fewer
/// than two, their number over the time.
fn rate_hz(mut spikes: impl Iterator<Item = u64>, steps: u64) -> f64 {
    let Some(first) = spikes.next() else { return 0.0 };
    let (intervals, last) = spikes.fold((0, first), |(n, _), step| (n + 1, step));
    let (count, steps) = if intervals > 0 { (intervals, last - first) } else { (1, steps) };
    f64::from(count) * 1000.0 / (steps.max(1) as f64 * DT_MS)
}

/// What it measures.
pub(super) const MEASURES: &[Measure<Neuron>] = &[
    Measure {
        name: "rate_1",
        unit: "Hz",
        doc: "Rate of neuron 1 since the settings were last changed, over the newest second at most.",
        of: |room, _| room.rate_hz(0).map(Reading::Number),
    },
    Measure {
        name: "rate_2",
        unit: "Hz",
        doc: "Rate of neuron 2 since the settings were last changed, over the newest second at most.",
        of: |room, _| room.rate_hz(1).map(Reading::Number),
    },
    Measure {
        name: "spikes_1",
        unit: "spikes",
        doc: "Spikes of neuron 1 since the settings were last changed, in the newest second at most.",
        of: |room, _| Some(Reading::Number(room.spikes(0)?.count() as f64)),
    },
    Measure {
        name: "spikes_2",
        unit: "spikes",
        doc: "Spikes of neuron 2 since the settings were last changed, in the newest second at most.",
        of: |room, _| Some(Reading::Number(room.spikes(1)?.count() as f64)),
    },
    Measure {
        name: "ratio",
        unit: "",
        doc: "Rate of neuron 1 over that of neuron 2, if that fires at all: how many spikes it takes.",
        of: |room, _| {
            let (first, second) = (room.rate_hz(0)?, room.rate_hz(1)?);
            (second > 0.0).then(|| Reading::Number(first / second))
        },
    },
    Measure {
        name: "time",
        unit: "ms",
        doc: "Simulated time of the two neurons so far.",
        of: |room, _| room.is_told().then(|| Reading::Number(room.simulation.step as f64 * DT_MS)),
    },
    Measure {
        name: "v_1",
        unit: "",
        doc: "Voltage of neuron 1 at the moment looked at; rest is 0.",
        of: |room, _| room.trace(1),
    },
    Measure {
        name: "v_2",
        unit: "",
        doc: "Voltage of neuron 2 at the moment looked at; rest is 0.",
        of: |room, _| room.trace(2),
    },
    Measure {
        name: "v_th",
        unit: "",
        doc: "Threshold of both neurons, as set.",
        of: |room, _| Some(Reading::Number(room.kept.figure.v_th)),
    },
    Measure {
        name: "weight",
        unit: "",
        doc: "Weights of all synapses from neuron 1 to neuron 2 together, as set.",
        of: |room, _| {
            let weights = room.kept.figure.synapses.iter().map(|s| s.weight);
            Some(Reading::Number(weights.sum()))
        },
    },
    Measure {
        name: "current",
        unit: "",
        doc: "Current into neuron 1, as set: of noise its mean, of a shape its top.",
        of: |room, _| Some(Reading::Number(room.kept.figure.stimulus.level)),
    },
    Measure {
        name: "tau_m",
        unit: "ms",
        doc: "Membrane time constant of both neurons, as set.",
        of: |room, _| Some(Reading::Number(room.kept.figure.tau_m_ms)),
    },
    Measure {
        name: "rate_curve",
        unit: "Hz",
        doc: "Measured f–I curve: rate against current, in the unit of the model.",
        of: |room, desk| room.curve(desk).map(|c| Reading::Curve(c.measured.clone())),
    },
    Measure {
        name: "rheobase",
        unit: "",
        doc: "Current at which firing begins, from the equations, in the unit of the model.",
        of: |room, desk| room.curve(desk).map(|c| Reading::Number(c.rheobase)),
    },
    Measure {
        name: "top_rate",
        unit: "Hz",
        doc: "Highest rate on the measured f–I curve.",
        of: |room, desk| {
            let rates = room.curve(desk)?.measured.iter().map(|point| point[1]);
            Some(Reading::Number(rates.fold(0.0, f64::max)))
        },
    },
    Measure {
        name: "curve_error",
        unit: "Hz",
        doc: "Largest distance of the measured f–I curve from the equations.",
        of: |room, desk| {
            let curve = room.curve(desk)?;
            Some(Reading::Number(distance(&curve.measured, &curve.expected)))
        },
    },
    Measure {
        name: "unit_sum",
        unit: "",
        doc: "Sum of the weighted inputs of the artificial neuron.",
        of: |room, desk| room.unit(desk).map(|(_, result)| Reading::Number(result.sum)),
    },
    Measure {
        name: "unit_relu",
        unit: "spikes",
        doc: "ReLU of the sum over the threshold: the spikes that the biological neuron should count in a pass.",
        of: |room, desk| {
            room.unit(desk).map(|(task, result)| Reading::Number(task.expected(result.sum)))
        },
    },
    Measure {
        name: "unit_spikes",
        unit: "spikes",
        doc: "Spikes that the biological neuron fires in a pass over its inputs, on average.",
        of: |room, desk| {
            let (task, result) = room.unit(desk)?;
            Some(Reading::Number(result.spikes as f64 / task.passes.max(1) as f64))
        },
    },
    Measure {
        name: "unit_curve",
        unit: "",
        doc: "Spikes per step of the biological neuron against a constant input per step, in thresholds.",
        of: |room, desk| {
            let (_, result) = room.unit(desk)?;
            Some(Reading::Curve(result.sweep.iter().map(|p| [p.input, p.rate]).collect()))
        },
    },
    Measure {
        name: "unit_v_th",
        unit: "",
        doc: "Threshold of the biological neuron beside the artificial one, as set.",
        of: |room, _| Some(Reading::Number(f64::from(room.kept.unit.v_th))),
    },
    Measure {
        name: "rate_error",
        unit: "",
        doc: "Error of the digit as read from the rate code, 1 for full ink.",
        of: |room, desk| room.code_error("rate", desk),
    },
    Measure {
        name: "first_spike_error",
        unit: "",
        doc: "Error of the digit as read from the times of first spikes, 1 for full ink.",
        of: |room, desk| room.code_error("first-spike", desk),
    },
    Measure {
        name: "burst_error",
        unit: "",
        doc: "Error of the digit as read from bursts, 1 for full ink.",
        of: |room, desk| room.code_error("burst", desk),
    },
    Measure {
        name: "jitter",
        unit: "ms",
        doc: "Standard deviation of the jitter of spikes, as set.",
        of: |room, _| Some(Reading::Number(f64::from(room.kept.codes.jitter_ms))),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 7 ms, over 200 ms: 142.9 Hz, wherever the spikes lie in it.
    #[test]
    fn a_rate_is_that_of_the_intervals() {
        for first in [0, 69] {
            let rate = rate_hz((first..2000).step_by(70), 2000);
            assert!((rate - 1000.0 / 7.0).abs() < 1e-9, "{rate}");
        }
        assert_eq!([0..0, 5..6].map(|spikes: Range<u64>| rate_hz(spikes, 2000)), [0.0, 5.0]);
    }
}

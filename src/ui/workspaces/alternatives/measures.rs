//! What lessons can ask for: how well each rule learns, and how far its updates and its
//! way back are from those of backpropagation.

use super::Alternatives;
use super::settings::SLOTS;
use crate::ann::rules::probe::ProbePoint;
use crate::ann::trainer::TrainConfig;
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::runs::RunRecord;
use crate::workers::training::Phase;

impl Alternatives {
    /// A slot's run, if it is the one that the settings ask for.
    fn asked_run(&self, slot: usize) -> Option<&RunRecord> {
        let wanted = self.kept.config(slot)?;
        // What changes nothing in the result, or only its last bits, does not count.
        let TrainConfig { device, history, threads, .. } = wanted.clone();
        let same = |run: &&RunRecord| {
            let run = run.config.clone();
            let device = device.clone();
            wanted == TrainConfig { device, history: history.clone(), threads, ..run }
        };
        self.run(slot).filter(same)
    }

    /// What was measured in its course.
    fn probes(&self, slot: usize) -> Option<&[ProbePoint]> {
        self.asked_run(slot).map(|_| &self.slots[slot].view.probes[..])
    }
}

/// Slots with a rule.
fn slots(room: &Alternatives) -> impl Iterator<Item = usize> + '_ {
    room.kept.slots().map(|(slot, _)| slot)
}

/// The newest of these values, degrees.
fn newest(
    room: &Alternatives,
    slot: usize,
    of: fn(&ProbePoint) -> &[Option<f32>],
) -> Option<Reading> {
    let first = |p: &ProbePoint| of(p).first().copied().flatten();
    let angle = room.probes(slot)?.iter().rev().find_map(first)?;
    Some(Reading::Number(angle.into()))
}

/// A value against the mini-batches.
fn curve(
    room: &Alternatives,
    slot: usize,
    value: impl Fn(&ProbePoint) -> Option<f64>,
) -> Option<Reading> {
    let probes = room.probes(slot)?.iter();
    let points: Vec<_> = probes.filter_map(|p| Some([p.step as f64, value(p)?])).collect();
    (!points.is_empty()).then_some(Reading::Curve(points))
}

/// By hidden layer; the last layer has its error at first hand.
fn updates(point: &ProbePoint) -> &[Option<f32>] {
    &point.gradient_angles[..point.gradient_angles.len().saturating_sub(1)]
}

/// By matrix on the way back.
fn feedback(point: &ProbePoint) -> &[Option<f32>] {
    &point.feedback_angles
}

fn accuracy_of<const SLOT: usize>(room: &Alternatives, _: &Desk) -> Option<Reading> {
    let run = room.asked_run(SLOT)?;
    let probed = || room.probes(SLOT)?.iter().rev().find_map(|p| p.accuracy).map(f64::from);
    Some(Reading::Number(100.0 * run.test_accuracy.or_else(probed)?))
}

fn accuracy_curve_of<const SLOT: usize>(room: &Alternatives, _: &Desk) -> Option<Reading> {
    curve(room, SLOT, |p| p.accuracy.map(|a| 100.0 * f64::from(a)))
}

fn angle_of<const SLOT: usize>(room: &Alternatives, _: &Desk) -> Option<Reading> {
    newest(room, SLOT, updates)
}

fn angle_curve_of<const SLOT: usize>(room: &Alternatives, _: &Desk) -> Option<Reading> {
    curve(room, SLOT, |p| updates(p).first().copied().flatten().map(f64::from))
}

fn feedback_of<const SLOT: usize>(room: &Alternatives, _: &Desk) -> Option<Reading> {
    newest(room, SLOT, feedback)
}

/// Of rules that have begun, those for which this holds.
fn count(room: &Alternatives, holds: impl Fn(usize) -> bool) -> Option<Reading> {
    let all: Vec<usize> = slots(room).filter(|slot| room.asked_run(*slot).is_some()).collect();
    let count = all.iter().filter(|slot| holds(**slot)).count();
    (!all.is_empty()).then_some(Reading::Number(count as f64))
}

/// A measure of the rule in a slot.
const fn of_slot(
    name: &'static str,
    unit: &'static str,
    doc: &'static str,
    of: fn(&Alternatives, &Desk) -> Option<Reading>,
) -> Measure<Alternatives> {
    Measure { name, unit, doc, of }
}

/// What it measures.
pub(super) const MEASURES: &[Measure<Alternatives>] = &[
    Measure {
        name: "batches",
        unit: "batches",
        doc: "Mini-batches that every rule is through.",
        of: |room, _| {
            let steps = slots(room).map(|slot| Some(room.asked_run(slot)?.steps));
            Some(Reading::Number(steps.collect::<Option<Vec<_>>>()?.into_iter().min()? as f64))
        },
    },
    Measure {
        name: "finished",
        unit: "rules",
        doc: "Rules that have finished learning and were tested.",
        of: |room, _| count(room, |slot| room.slots[slot].view.phase == Phase::Finished),
    },
    Measure {
        name: "disturbed",
        unit: "rules",
        doc: "Rules whose errors are disturbed on their way back.",
        of: |room, _| {
            let disturbed = (0..SLOTS).filter(|slot| room.slots[*slot].disturbance.is_on());
            Some(Reading::Number(disturbed.count() as f64))
        },
    },
    of_slot(
        "accuracy_1",
        "%",
        "Right answers of rule 1 among held-out digits, of the test set once it has finished.",
        accuracy_of::<0>,
    ),
    of_slot(
        "accuracy_2",
        "%",
        "Right answers of rule 2 among held-out digits, of the test set once it has finished.",
        accuracy_of::<1>,
    ),
    of_slot(
        "accuracy_3",
        "%",
        "Right answers of rule 3 among held-out digits, of the test set once it has finished.",
        accuracy_of::<2>,
    ),
    of_slot(
        "accuracy_4",
        "%",
        "Right answers of rule 4 among held-out digits, of the test set once it has finished.",
        accuracy_of::<3>,
    ),
    of_slot(
        "angle_1",
        "°",
        "Newest angle between the update of rule 1 and the true gradient in the first hidden layer.",
        angle_of::<0>,
    ),
    of_slot(
        "angle_2",
        "°",
        "Newest angle between the update of rule 2 and the true gradient in the first hidden layer.",
        angle_of::<1>,
    ),
    of_slot(
        "angle_3",
        "°",
        "Newest angle between the update of rule 3 and the true gradient in the first hidden layer.",
        angle_of::<2>,
    ),
    of_slot(
        "angle_4",
        "°",
        "Newest angle between the update of rule 4 and the true gradient in the first hidden layer.",
        angle_of::<3>,
    ),
    of_slot(
        "feedback_1",
        "°",
        "Newest angle between the weights of rule 1 and the first matrix on its way back.",
        feedback_of::<0>,
    ),
    of_slot(
        "feedback_2",
        "°",
        "Newest angle between the weights of rule 2 and the first matrix on its way back.",
        feedback_of::<1>,
    ),
    of_slot(
        "feedback_3",
        "°",
        "Newest angle between the weights of rule 3 and the first matrix on its way back.",
        feedback_of::<2>,
    ),
    of_slot(
        "feedback_4",
        "°",
        "Newest angle between the weights of rule 4 and the first matrix on its way back.",
        feedback_of::<3>,
    ),
    of_slot(
        "accuracy_curve_1",
        "%",
        "Right answers of rule 1 among held-out digits, against the mini-batches.",
        accuracy_curve_of::<0>,
    ),
    of_slot(
        "accuracy_curve_2",
        "%",
        "Right answers of rule 2 among held-out digits, against the mini-batches.",
        accuracy_curve_of::<1>,
    ),
    of_slot(
        "accuracy_curve_3",
        "%",
        "Right answers of rule 3 among held-out digits, against the mini-batches.",
        accuracy_curve_of::<2>,
    ),
    of_slot(
        "accuracy_curve_4",
        "%",
        "Right answers of rule 4 among held-out digits, against the mini-batches.",
        accuracy_curve_of::<3>,
    ),
    of_slot(
        "angle_curve_1",
        "°",
        "Angle between the update of rule 1 and the true gradient in the first hidden layer, against the mini-batches.",
        angle_curve_of::<0>,
    ),
    of_slot(
        "angle_curve_2",
        "°",
        "Angle between the update of rule 2 and the true gradient in the first hidden layer, against the mini-batches.",
        angle_curve_of::<1>,
    ),
    of_slot(
        "angle_curve_3",
        "°",
        "Angle between the update of rule 3 and the true gradient in the first hidden layer, against the mini-batches.",
        angle_curve_of::<2>,
    ),
    of_slot(
        "angle_curve_4",
        "°",
        "Angle between the update of rule 4 and the true gradient in the first hidden layer, against the mini-batches.",
        angle_curve_of::<3>,
    ),
];

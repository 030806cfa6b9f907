//! What the workspace measures, for lessons.

use super::Imagine;
use crate::ann::energy::Objective;
use crate::ann::energy::measure::error_outside;
use crate::data::{CLASSES, PIXELS};
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::imagine::dream::Verdict;
use crate::workers::imagine::film::{Film, Shot};
use crate::workers::imagine::lesson::Lesson;
use crate::workers::imagine::measured::Measured;

/// Certainty from which on the networks count as sure of a dream.
const SURE: f32 = 0.5;

/// All of them.
pub const MEASURES: &[Measure<Imagine>] = &[
    Measure {
        name: "j",
        unit: "nats",
        doc: "J of the digit and its causes in Finish a digit, at the step of the time bar.",
        of: |room, desk| number(shot(room, desk)?.objective.total()),
    },
    Measure {
        name: "j_rise",
        unit: "nats",
        doc: "How much J rises in Finish a digit from the first step to the last.",
        of: |room, desk| {
            let shots = &film(room, desk)?.shots;
            number(shots.last()?.objective.total() - shots.first()?.objective.total())
        },
    },
    Measure {
        name: "j_course",
        unit: "nats",
        doc: "J in Finish a digit, by step.",
        of: |room, desk| Some(course(film(room, desk)?.shots.iter().map(|shot| shot.objective))),
    },
    Measure {
        name: "error",
        unit: "",
        doc: "Mean squared error of the covered pixels in Finish a digit, at the step of the time bar; of the whole picture where nothing is covered.",
        of: error,
    },
    Measure {
        name: "covered",
        unit: "pixels",
        doc: "Pixels of the digit that are covered in Finish a digit.",
        of: |room, _| number(room.kept.mask.count() as f64),
    },
    Measure {
        name: "dreams_as_wished",
        unit: "%",
        doc: "Share of the dreams that ten networks read as the digit that was wished for.",
        of: |room, desk| {
            let class = room.kept.dream.class?;
            share(verdicts(room, desk)?, |v| v.class == class)
        },
    },
    Measure {
        name: "dreams_sure",
        unit: "%",
        doc: "Share of the dreams of which ten networks are more than half sure.",
        of: |room, desk| share(verdicts(room, desk)?, |v| v.certainty >= SURE),
    },
    Measure {
        name: "dreams_distance",
        unit: "",
        doc: "Mean squared distance of the dreams to the nearest training digit.",
        of: |room, desk| {
            let verdicts = verdicts(room, desk)?;
            let far = verdicts.iter().filter_map(|v| v.nearest.as_ref()).map(|n| f64::from(n.far));
            number(far.sum::<f64>() / verdicts.len() as f64)
        },
    },
    Measure {
        name: "learning_j",
        unit: "nats",
        doc: "J in E and M steps, at the moment of the time bar.",
        of: |room, desk| number(lesson(room, desk)?.course.last()?.total()),
    },
    Measure {
        name: "learning_course",
        unit: "nats",
        doc: "J in E and M steps up to the moment of the time bar, by moment.",
        of: |room, desk| Some(course(lesson(room, desk)?.course.iter().copied())),
    },
    Measure {
        name: "readout_accuracy",
        unit: "%",
        doc: "Share of the test digits that a linear read-out of the first layer of causes reads right.",
        of: |room, desk| {
            let found = measured(room, desk).filter(|m| m.explained > 0)?;
            number(100.0 * found.right as f64 / found.explained as f64)
        },
    },
    Measure {
        name: "half_error",
        unit: "",
        doc: "Mean squared error of the right halves of test digits, imagined from the left ones.",
        of: |room, desk| half(room, desk, 0),
    },
    Measure {
        name: "half_error_nearest",
        unit: "",
        doc: "The same error of the training digit whose left half is nearest.",
        of: |room, desk| half(room, desk, 2),
    },
    Measure {
        name: "phases_change",
        unit: "",
        doc: "How much more the two neurons of the synapse looked at go together when pulled than when pushed, over the difference of β.",
        of: phases_change,
    },
    Measure {
        name: "curve_error",
        unit: "%",
        doc: "Error of the curve that is learned at the presentation of the time bar, as a share of the target’s variance.",
        of: |room, _| {
            room.spikes.run(&room.kept.spiking)?;
            number(100.0 * room.spikes.fit()?.error)
        },
    },
    Measure {
        name: "curve_errors",
        unit: "%",
        doc: "The same error by presentations, from the beginning.",
        of: |room, _| {
            let fits = &room.spikes.run(&room.kept.spiking)?.fits;
            let points = fits.iter().map(|f| [f.presentations as f64, 100.0 * f.error]);
            Some(Reading::Curve(points.collect()))
        },
    },
    Measure {
        name: "presentations",
        unit: "",
        doc: "Presentations from which the curve was learned so far.",
        of: |room, _| number(room.spikes.run(&room.kept.spiking)?.done as f64),
    },
    Measure {
        name: "stdp_window",
        unit: "",
        doc: "Sum of the changes of all weights onto the output while the curve is learned, by the lag t_post − t_pre in ms.",
        of: |room, _| {
            let run = room.spikes.run(&room.kept.spiking).filter(|run| run.done > 0)?;
            Some(Reading::Curve(run.lags.1.changes()))
        },
    },
];

/// A number, if it is one.
fn number(value: f64) -> Option<Reading> {
    value.is_finite().then_some(Reading::Number(value))
}

/// J by step.
fn course(all: impl Iterator<Item = Objective>) -> Reading {
    Reading::Curve(all.enumerate().map(|(step, j)| [step as f64, j.total()]).collect())
}

/// The film of the digit, if it is what settings and digit ask for.
fn film<'a>(room: &'a Imagine, desk: &Desk) -> Option<&'a Film> {
    let current = !desk.digit.is_blank() && room.film_asked(desk) == Some(room.film.number);
    current.then_some(&*room.film)
}

fn shot<'a>(room: &'a Imagine, desk: &Desk) -> Option<&'a Shot> {
    let shots = &film(room, desk)?.shots;
    shots.get((room.bars[0].at() as usize).min(shots.len().saturating_sub(1)))
}

fn error(room: &Imagine, desk: &Desk) -> Option<Reading> {
    let (shot, digit) = (shot(room, desk)?, desk.digit.pixels());
    let error = if room.kept.mask.count() == 0 {
        error_outside(&shot.drawn, digit, &[false; PIXELS])
    } else {
        error_outside(&shot.seen, digit, &room.kept.mask.known())
    };
    number(f64::from(error))
}

/// What is said of the dreams of the step that the bar is at.
fn verdicts<'a>(room: &'a Imagine, desk: &Desk) -> Option<&'a [Verdict]> {
    let (step, _) = room.dreamed()?;
    let current = room.dream_asked(desk) == Some(room.dreams.number)
        && room.judged.of == (room.dreams.number, step);
    Some(&room.judged.verdicts[..]).filter(|v| current && !v.is_empty())
}

fn share(verdicts: &[Verdict], holds: impl Fn(&Verdict) -> bool) -> Option<Reading> {
    let n = verdicts.iter().filter(|v| holds(v)).count();
    number(100.0 * n as f64 / verdicts.len().max(1) as f64)
}

fn lesson<'a>(room: &'a Imagine, desk: &Desk) -> Option<&'a Lesson> {
    (room.lesson_asked(desk) == Some(room.lesson.number)).then_some(&*room.lesson)
}

/// What the network asked is worth, once all of it is measured.
fn measured<'a>(room: &'a Imagine, desk: &Desk) -> Option<&'a Measured> {
    let key = &room.network(desk)?.key;
    let found = &*room.measured;
    (found.number > 0 && found.key == *key && !room.is_measuring()).then_some(found)
}

fn half(room: &Imagine, desk: &Desk, whose: usize) -> Option<Reading> {
    let found = measured(room, desk).filter(|m| m.completed > 0)?;
    number(found.halves.get(whose)? / found.completed as f64)
}

fn phases_change(room: &Imagine, desk: &Desk) -> Option<Reading> {
    if desk.digit.is_blank() || !room.spikes.phases_current(&room.kept.spiking, desk) {
        return None;
    }
    let shown = &room.spikes.shown;
    let (hidden, class) = shown.pair;
    let change = shown.look.as_ref()?.change.get(hidden * CLASSES + class)?;
    number(f64::from(*change))
}

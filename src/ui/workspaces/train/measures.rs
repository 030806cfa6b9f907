//! What lessons can ask for: accuracies, losses and their gaps, of the newest run if it is
//! the one that the form asks for.

use super::Train;
use crate::ann::trainer::{EpochPoint, TrainConfig};
use crate::lessons::Reading;
use crate::ui::desk::Desk;
use crate::ui::workspace::Measure;
use crate::workers::runs::RunRecord;

impl Train {
    /// Whether a run with these settings is the one that the form asks for; what changes
    /// nothing in the result does not count.
    pub(super) fn asks_for(&self, run: &TrainConfig) -> bool {
        let wanted = &self.kept.training;
        let TrainConfig { device, history, probe, .. } = wanted.clone();
        *wanted == TrainConfig { device, history, probe, ..run.clone() }
    }

    /// The newest run, if it is the one that the form asks for.
    fn run<'a>(&self, desk: &'a Desk) -> Option<&'a RunRecord> {
        desk.training.record.as_deref().filter(|r| self.asks_for(&r.config))
    }

    /// Likewise, once it has ended.
    fn ended<'a>(&self, desk: &'a Desk) -> Option<&'a RunRecord> {
        self.run(desk).filter(|_| !desk.training.phase.in_hand())
    }

    /// The last epoch of a run that has ended, unless its rule has nothing to answer with.
    fn last<'a>(&self, desk: &'a Desk) -> Option<&'a EpochPoint> {
        let record = self.ended(desk)?;
        record.epochs.last().filter(|e| record.config.rule.stage(e.epoch.max(1) - 1).answers)
    }

    /// A value against the epochs, as far as the run is.
    fn curve(&self, desk: &Desk, value: fn(&EpochPoint) -> Option<f64>) -> Option<Reading> {
        let epochs = &self.run(desk)?.epochs;
        let points: Vec<_> =
            epochs.iter().filter_map(|e| Some([e.epoch as f64, value(e)?])).collect();
        (!points.is_empty()).then_some(Reading::Curve(points))
    }
}

fn percent(share: f32) -> f64 {
    100.0 * f64::from(share)
}

/// Accuracy on the training digits minus that on held-out ones, points.
fn gap(epoch: &EpochPoint) -> Option<f64> {
    Some(percent(epoch.train_accuracy) - percent(epoch.validation_accuracy?))
}

fn count(count: usize) -> Option<Reading> {
    Some(Reading::Number(count as f64))
}

/// What it measures.
pub(super) const MEASURES: &[Measure<Train>] = &[
    Measure {
        name: "epochs",
        unit: "epochs",
        doc: "Epochs that the run is through.",
        of: |room, desk| count(room.run(desk)?.epochs.len()),
    },
    Measure {
        name: "progress",
        unit: "%",
        doc: "Share of the run's mini-batches that are trained.",
        of: |room, desk| {
            let run = room.run(desk)?;
            Some(Reading::Number(100.0 * run.steps as f64 / run.total_steps.max(1) as f64))
        },
    },
    Measure {
        name: "seconds",
        unit: "s",
        doc: "Training time of the run, once it has ended.",
        of: |room, desk| Some(Reading::Number(room.ended(desk)?.seconds)),
    },
    Measure {
        name: "test_accuracy",
        unit: "%",
        doc: "Accuracy on the test digits, measured once at the end.",
        of: |room, desk| Some(Reading::Number(100.0 * room.ended(desk)?.test_accuracy?)),
    },
    Measure {
        name: "validation_accuracy",
        unit: "%",
        doc: "Accuracy on the held-out digits after the last epoch of a run that has ended.",
        of: |room, desk| Some(Reading::Number(percent(room.last(desk)?.validation_accuracy?))),
    },
    Measure {
        name: "train_accuracy",
        unit: "%",
        doc: "Accuracy on the training digits over the last epoch of a run that has ended, each before its update and with dropout.",
        of: |room, desk| Some(Reading::Number(percent(room.last(desk)?.train_accuracy))),
    },
    Measure {
        name: "gap",
        unit: "points",
        doc: "Training accuracy minus validation accuracy after the last epoch of a run that has ended.",
        of: |room, desk| Some(Reading::Number(gap(room.last(desk)?)?)),
    },
    Measure {
        name: "train_loss",
        unit: "",
        doc: "Loss on the training digits over the last epoch of a run that has ended, with dropout.",
        of: |room, desk| Some(Reading::Number(room.last(desk)?.train_loss.into())),
    },
    Measure {
        name: "validation_loss",
        unit: "",
        doc: "Loss on the held-out digits after the last epoch of a run that has ended.",
        of: |room, desk| Some(Reading::Number(room.last(desk)?.validation_loss?.into())),
    },
    Measure {
        name: "train_curve",
        unit: "%",
        doc: "Training accuracy against the epoch.",
        of: |room, desk| room.curve(desk, |e| Some(percent(e.train_accuracy))),
    },
    Measure {
        name: "validation_curve",
        unit: "%",
        doc: "Validation accuracy against the epoch.",
        of: |room, desk| room.curve(desk, |e| e.validation_accuracy.map(percent)),
    },
    Measure {
        name: "gap_curve",
        unit: "points",
        doc: "Training accuracy minus validation accuracy, against the epoch.",
        of: |room, desk| room.curve(desk, gap),
    },
    Measure {
        name: "loss_curve",
        unit: "",
        doc: "Training loss against the epoch.",
        of: |room, desk| room.curve(desk, |e| Some(e.train_loss.into())),
    },
    Measure {
        name: "validation_loss_curve",
        unit: "",
        doc: "Validation loss against the epoch.",
        of: |room, desk| room.curve(desk, |e| e.validation_loss.map(f64::from)),
    },
    Measure {
        name: "digits",
        unit: "digits",
        doc: "Digits to train on, the held-out ones included, as set.",
        of: |room, _| count(room.kept.training.subset),
    },
    Measure {
        name: "epochs_set",
        unit: "epochs",
        doc: "Epochs that a run takes, as set.",
        of: |room, _| count(room.kept.training.epochs),
    },
];

//! How many labels it takes: few of them, each seen once.

use super::{Better, Criterion, Group, cell};
use crate::scoreboard::board::{Cell, Curve, Detail, Value};
use crate::scoreboard::member::Member;
use crate::scoreboard::stats::{deviation, mean, standard_error};
use crate::scoreboard::subject::{Context, Halt, Subject};
use crate::scoreboard::training::{CURVE, Lesson, ONCE, Schooling, teach_all};

/// From few labels.
pub static LABELS: Criterion = Criterion {
    id: "labels",
    name: "From 1,000 labels",
    unit: "%",
    doc: "Trained anew, by its own rule and optimiser, from the first 100 (50 passes), 1,000 (20) and 10,000 (5) training digits, and asked 1,000 test digits. The number is the accuracy from 1,000. Rules: three seeds, alike but for the rule (one hidden layer of 500 units); networks: one. Spread: standard deviation over seeds, or standard error over digits.",
    group: Group::Learning,
    better: Some(Better::High),
    measure: |subject, context| cell(labels(subject, context)),
};

/// Each once.
pub static ONE_PASS: Criterion = Criterion {
    id: "one-pass",
    name: "One pass, one at a time",
    unit: "%",
    doc: "Trained anew from the first 5,000 training digits, each seen once and learned before the next, with an update for each; steps are smaller by the batch that is usual (SGD) or by its root (Adam). Asked 1,000 test digits. Seeds and spread as for labels.",
    group: Group::Learning,
    better: Some(Better::High),
    measure: |subject, context| cell(one_pass(subject, context)),
};

/// Test digits asked.
const ASKED: usize = 1000;

/// What came of each schooling.
struct Taught {
    /// Accuracies, %, by schooling and seed.
    all: Vec<Vec<f64>>,
    /// Their spread, by schooling.
    errors: Vec<f64>,
    /// Digits asked.
    n: usize,
}

/// Teaches, and asks.
fn taught(
    subject: &Subject,
    schoolings: &[Schooling],
    context: &Context<'_>,
) -> Result<Taught, Halt> {
    let lesson = Lesson::of(subject)?;
    let taught = teach_all(&lesson, schoolings, context)?;
    let test = context.test;
    let n = subject.pace().all.min(ASKED).min(test.len());
    let (mut all, mut errors) = (Vec::new(), Vec::new());
    for networks in taught {
        let mut shares = Vec::new();
        let mut error = 0.0;
        for network in networks {
            let answers =
                Member::Network(network).answers(n, &|i| test.pixels(i), false, context)?;
            let right = answers.iter().enumerate();
            let right: Vec<f64> =
                right.map(|(i, a)| f64::from(u8::from(*a == Some(test.label(i))))).collect();
            shares.push(100.0 * mean(&right));
            error = 100.0 * standard_error(&right);
        }
        errors.push(if shares.len() > 1 { deviation(&shares) } else { error });
        all.push(shares);
    }
    Ok(Taught { all, errors, n })
}

fn labels(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let Taught { all, errors, n } = taught(subject, &CURVE, context)?;
    let shown = 1;
    Ok(Cell {
        value: Some(Value::Number(mean(&all[shown]))),
        spread: Some(errors[shown]),
        by_seed: if all[shown].len() > 1 { all[shown].clone() } else { Vec::new() },
        digits: Some(n),
        remark: String::new(),
        detail: Some(Detail::Curve(Curve {
            x: "labels".into(),
            xs: CURVE.iter().map(|s| s.labels as f64).collect(),
            ys: all.iter().map(|shares| mean(shares)).collect(),
            spread: errors,
            broken: Vec::new(),
        })),
    })
}

fn one_pass(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let Taught { all, errors, n } = taught(subject, &[ONCE], context)?;
    Ok(Cell {
        value: Some(Value::Number(mean(&all[0]))),
        spread: Some(errors[0]),
        by_seed: if all[0].len() > 1 { all[0].clone() } else { Vec::new() },
        digits: Some(n),
        ..Cell::default()
    })
}

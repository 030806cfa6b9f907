//! How many test digits are answered rightly.

use super::{Criterion, Group, cell};
use crate::core::text::percent;
use crate::data::CLASSES;
use crate::scoreboard::board::{Cell, Detail, Value};
use crate::scoreboard::stats::{deviation, mean, standard_error};
use crate::scoreboard::subject::{Context, Halt, Subject};

/// The criterion.
pub static ACCURACY: Criterion = Criterion {
    id: "accuracy",
    name: "Accuracy",
    unit: "%",
    doc: "Share of the test digits that are answered rightly; two digits that are equal are no answer. 10,000 digits, of slow networks the first 1,000 or fewer; rules are trained on the first 10,000 training digits in five passes, by their usual optimiser, in networks that are alike: one hidden layer of 500 units, or two where layers are compared. Spread: standard error over digits, or standard deviation over three seeds.",
    group: Group::Learning,
    better: None,
    measure: |subject, context| cell(measure(subject, context)),
};

fn measure(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let members = subject.members(context)?;
    let test = context.test;
    let n = subject.pace().all.min(test.len());
    let mut shares = Vec::new();
    let mut classes = [[0usize; 2]; CLASSES];
    let mut spread = 0.0;
    let mut unanswered = 0;
    for (number, member) in members.iter().enumerate() {
        (context.progress)(number as f64 / members.len() as f64);
        let answers = member.answers(n, &|i| test.pixels(i), true, context)?;
        let mut right = Vec::with_capacity(n);
        for (i, answer) in answers.iter().enumerate() {
            let label = test.label(i);
            let is_right = *answer == Some(label);
            right.push(f64::from(u8::from(is_right)));
            let of_class = &mut classes[usize::from(label)];
            of_class[0] += usize::from(is_right);
            of_class[1] += 1;
            unanswered += usize::from(answer.is_none());
        }
        shares.push(100.0 * mean(&right));
        spread = 100.0 * standard_error(&right);
    }
    let several = shares.len() > 1;
    let of_classes = classes.iter().enumerate().filter(|(_, c)| c[1] > 0);
    let counts =
        of_classes.map(|(d, c)| (format!("digit {d}, %"), 100.0 * c[0] as f64 / c[1] as f64));
    let none = unanswered as f64 / (n * members.len()).max(1) as f64;
    Ok(Cell {
        value: Some(Value::Number(mean(&shares))),
        spread: Some(if several { deviation(&shares) } else { spread }),
        by_seed: if several { shares } else { Vec::new() },
        digits: Some(n),
        remark: if unanswered == 0 {
            String::new()
        } else {
            format!("no answer: {}", percent(none))
        },
        detail: Some(Detail::Counts(counts.collect())),
    })
}

//! Accuracy over the strength of a disturbance: what the criteria of robustness share.
//!
//! The number is the area under the curve by the trapezoidal rule, over the range of
//! strengths: the mean accuracy, 0 to 100 %. The first strength is none; its answers are
//! shared by all curves of a network.

use std::sync::Arc;

use crate::scoreboard::board::{Broken, Cell, Curve, Detail, Value};
use crate::scoreboard::circuit::Loss;
use crate::scoreboard::member::{Answers, Member};
use crate::scoreboard::stats::{area, deviation, mean, standard_error};
use crate::scoreboard::subject::{Context, Halt, Subject};

/// Digits kept of those that broke it, at each strength and in all.
const BROKEN_EACH: usize = 2;
const BROKEN: usize = 8;
/// Damaged networks at each strength; each answers to its share of the digits.
const LESIONS: usize = 3;

/// Asks a member, at a strength of this number, about so many digits.
pub type Ask<'a> = dyn Fn(&Member, f64, usize, usize) -> Result<Answers, Halt> + Sync + 'a;

/// A disturbance.
pub struct Sweep<'a> {
    /// Name and unit of its strength.
    pub x: &'a str,
    /// Strengths, rising from none.
    pub xs: &'a [f64],
    /// What it is asked at a strength: member, strength, its number, digits. Answers are
    /// digit by digit, as often for each as there are variants of it.
    pub ask: &'a Ask<'a>,
}

/// Answers to the first digits as they are, of each member.
pub fn clean(
    subject: &Subject,
    n: usize,
    context: &Context<'_>,
) -> Result<Arc<Vec<Answers>>, Halt> {
    let members = subject.members(context)?;
    context.cache.get(&format!("{}/clean {n}", subject.key()), || {
        let test = context.test;
        members.iter().map(|m| m.answers(n, &|i| test.pixels(i), false, context)).collect()
    })
}

/// The cell of a disturbance.
pub fn measure(subject: &Subject, sweep: &Sweep<'_>, context: &Context<'_>) -> Result<Cell, Halt> {
    let members = subject.members(context)?;
    let n = subject.pace().curve.min(context.test.len());
    let clean = clean(subject, n, context)?;
    let steps = (members.len() * sweep.xs.len()) as f64;
    // Share of right answers by member, strength, digit.
    let mut right: Vec<Vec<Vec<f64>>> = Vec::new();
    let mut broken: Vec<Broken> = Vec::new();
    for (number, member) in members.iter().enumerate() {
        let mut of_member = Vec::new();
        for (at, x) in sweep.xs.iter().enumerate() {
            context.go_on()?;
            (context.progress)((number * sweep.xs.len() + at) as f64 / steps);
            let answers =
                if at == 0 { clean[number].clone() } else { (sweep.ask)(member, *x, at, n)? };
            let each = (answers.len() / n.max(1)).max(1);
            let of_digits = answers.chunks_exact(each).enumerate().map(|(i, answers)| {
                let label = context.test.label(i);
                let share = |a: &Option<u8>| f64::from(u8::from(*a == Some(label)));
                mean(&answers.iter().map(share).collect::<Vec<_>>())
            });
            of_member.push(of_digits.collect::<Vec<f64>>());
            if number == 0 && at > 0 {
                let wrong = answers.chunks_exact(each).enumerate().filter(|(i, answers)| {
                    let label = Some(context.test.label(*i));
                    clean[0][*i] == label && answers[0] != label
                });
                broken.extend(wrong.take(BROKEN_EACH).map(|(digit, answers)| Broken {
                    digit,
                    label: context.test.label(digit),
                    answer: answers[0],
                    at,
                }));
            }
        }
        right.push(of_member);
    }
    broken.truncate(BROKEN);
    Ok(cell(sweep, &right, n, broken))
}

fn cell(sweep: &Sweep<'_>, right: &[Vec<Vec<f64>>], n: usize, broken: Vec<Broken>) -> Cell {
    let curve = |member: &Vec<Vec<f64>>| -> Vec<f64> { member.iter().map(|p| mean(p)).collect() };
    let curves: Vec<Vec<f64>> = right.iter().map(curve).collect();
    let areas: Vec<f64> = curves.iter().map(|c| 100.0 * area(sweep.xs, c)).collect();
    let points_at = |at: usize| curves.iter().map(|c| 100.0 * c[at]).collect::<Vec<f64>>();
    let points = 0..sweep.xs.len();
    let several = curves.len() > 1;
    let spread = |at: usize| match right {
        [only] => 100.0 * standard_error(&only[at]),
        _ => deviation(&points_at(at)),
    };
    // Strengths are seen on the same digits, so each digit has an area of its own.
    let of_digit = |i: usize| {
        let ys: Vec<f64> = right[0].iter().map(|point| point[i]).collect();
        100.0 * area(sweep.xs, &ys)
    };
    let of_digits: Vec<f64> = (0..n).map(of_digit).collect();
    Cell {
        value: Some(Value::Number(mean(&areas))),
        spread: Some(if several { deviation(&areas) } else { standard_error(&of_digits) }),
        by_seed: if several { areas } else { Vec::new() },
        digits: Some(n),
        remark: String::new(),
        detail: Some(Detail::Curve(Curve {
            x: sweep.x.to_owned(),
            xs: sweep.xs.to_vec(),
            ys: points.clone().map(|p| mean(&points_at(p))).collect(),
            spread: points.map(spread).collect(),
            broken,
        })),
    }
}

/// The cell of a loss.
pub fn measure_loss(
    subject: &Subject,
    loss: Loss,
    (x, xs): (&str, &[f64]),
    context: &Context<'_>,
) -> Result<Cell, Halt> {
    let test = context.test;
    // Shares are in per cent.
    let unit = if loss == Loss::Precision { 1.0 } else { 100.0 };
    let ask = |member: &Member, amount: f64, _at: usize, n: usize| -> Result<Answers, Halt> {
        let mut all = vec![None; n];
        for lesion in 0..LESIONS.min(n) {
            let damaged = loss.of(member, amount / unit, lesion as u64 + 1)?;
            let digits: Vec<usize> = (lesion..n).step_by(LESIONS).collect();
            let ask = |i: usize| test.pixels(digits[i]);
            let answers = damaged.answers(digits.len(), &ask, false, context)?;
            digits.iter().zip(answers).for_each(|(i, answer)| all[*i] = answer);
        }
        Ok(all)
    };
    measure(subject, &Sweep { x, xs, ask: &ask }, context)
}

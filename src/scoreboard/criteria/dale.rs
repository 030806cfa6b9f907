//! Dale's law: a neuron excites or inhibits, and does not do both.

use super::{Better, Criterion, Group, cell};
use crate::core::text::{grouped, percent};
use crate::scoreboard::board::{Cell, Detail, Value};
use crate::scoreboard::circuit::{Signs, both_ways, obey, signs};
use crate::scoreboard::member::{Answers, Member};
use crate::scoreboard::stats::{deviation, mean, standard_error};
use crate::scoreboard::subject::{Context, Halt, Subject, What};
use crate::scoreboard::training::{Lesson, teach_dale};

/// Neurons that obey.
pub static DALE: Criterion = Criterion {
    id: "dale",
    name: "Dale’s law",
    unit: "%",
    doc: "Share of the hidden neurons whose outgoing weights all have one sign; pixels are no neurons, and of convolutions a map is one. Behind the number: the share of synapses whose sign is that of the lighter side of their neuron, and what they weigh. Spread: standard deviation over seeds.",
    group: Group::Code,
    better: Some(Better::High),
    measure: |subject, context| cell(obeyed(subject, context)),
};

/// Accuracy when it is enforced afterwards.
pub static ENFORCED: Criterion = Criterion {
    id: "dale-enforced",
    name: "With Dale’s law, afterwards",
    unit: "%",
    doc: "Accuracy on 1,000 test digits (of slow networks fewer) when, of each hidden neuron's outgoing weights, those of the sign that weighs less are set to zero. Spread: standard error over digits, or standard deviation over seeds.",
    group: Group::Code,
    better: Some(Better::High),
    measure: |subject, context| cell(enforced(subject, context)),
};

/// Accuracy when it is enforced while learning.
pub static LEARNED: Criterion = Criterion {
    id: "dale-learned",
    name: "With Dale’s law, from the start",
    unit: "%",
    doc: "Accuracy on 1,000 test digits when each hidden neuron keeps the sign that weighs more at the beginning, where all of its outgoing weights get it: after each update, those of the other sign are set to zero (in the manner of Cornford et al. 2021, without their inhibitory neurons). Trained as all rules are, from 10,000 digits; three seeds, spread: their standard deviation.",
    group: Group::Code,
    better: Some(Better::High),
    measure: |subject, context| cell(learned(subject, context)),
};

fn of_network(member: &Member) -> Result<Signs, Halt> {
    let network = member.network().ok_or_else(|| Halt::reason("it has no such weights"))?;
    let (signs, _) = signs(network);
    if signs.neurons == 0 {
        return Err(Halt::reason("no hidden neuron leads to another"));
    }
    Ok(signs)
}

fn obeyed(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    if let What::DiehlCook(trained) = &subject.what {
        let config = &trained.about.config;
        let neurons = 2 * config.neurons;
        let wrong = config.exc_to_inh < 0.0 || config.inh_to_exc < 0.0;
        return Ok(Cell {
            value: Some(Value::Number(if wrong { 0.0 } else { 100.0 })),
            remark: "one population excites, the other inhibits".into(),
            detail: Some(Detail::Counts(vec![
                ("neurons".into(), neurons as f64),
                ("neurons that obey".into(), if wrong { 0.0 } else { neurons as f64 }),
            ])),
            ..Cell::default()
        });
    }
    let members = subject.members(context)?;
    let all = members.iter().map(of_network).collect::<Result<Vec<Signs>, Halt>>()?;
    let shares: Vec<f64> = all.iter().map(|s| 100.0 * s.pure as f64 / s.neurons as f64).collect();
    let first = all[0];
    let against = first.against as f64 / first.synapses.max(1) as f64;
    let weight = if first.weight > 0.0 { first.weight_against / first.weight } else { 0.0 };
    let mut remark = format!("{} of the synapses have the lighter sign", percent(against));
    if members.iter().filter_map(Member::network).any(both_ways) {
        remark += "; the same weights also lead back";
    }
    let several = shares.len() > 1;
    Ok(Cell {
        value: Some(Value::Number(mean(&shares))),
        spread: several.then(|| deviation(&shares)),
        by_seed: if several { shares } else { Vec::new() },
        digits: None,
        remark,
        detail: Some(Detail::Counts(vec![
            ("neurons".into(), first.neurons as f64),
            ("neurons that obey".into(), first.pure as f64),
            ("synapses".into(), first.synapses as f64),
            ("synapses of the lighter sign, %".into(), 100.0 * against),
            ("their share of all weight, %".into(), 100.0 * weight),
        ])),
    })
}

fn enforced(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    if matches!(subject.what, What::DiehlCook(_)) {
        return Err(Halt::reason("it obeys already"));
    }
    let members = subject.members(context)?;
    let n = subject.pace().curve.min(context.test.len());
    let test = context.test;
    let (mut all, mut free, mut unanswered) = (Vec::new(), Vec::new(), 0);
    for member in members.iter() {
        of_network(member)?;
        let Some(network) = member.network() else { continue };
        let mut values = network.values();
        obey(&mut values, &signs(network).1);
        let mut network = network.clone();
        network.set_values(&values);
        let obedient = member.with_network(network)?;
        let answers = obedient.answers(n, &|i| test.pixels(i), false, context)?;
        unanswered += answers.iter().filter(|a| a.is_none()).count();
        all.push(right(&answers, test.labels()));
    }
    for answers in super::curves::clean(subject, n, context)?.iter() {
        free.push(100.0 * mean(&right(answers, test.labels())));
    }
    let mut cell = of_accuracies(&all, n, mean(&free));
    if unanswered > 0 {
        let share = unanswered as f64 / (n * all.len()).max(1) as f64;
        cell.remark += &format!("; no answer: {}", percent(share));
    }
    Ok(cell)
}

fn learned(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let What::Rule(id) = subject.what else {
        return Err(Halt::reason("only the rules are taught anew with it"));
    };
    let lesson = Lesson::of_rule(id)?;
    let networks = teach_dale(&lesson, context)?;
    let test = context.test;
    let n = subject.pace().curve.min(test.len());
    let mut all = Vec::new();
    for network in networks {
        let answers = Member::Network(network).answers(n, &|i| test.pixels(i), false, context)?;
        all.push(right(&answers, test.labels()));
    }
    let free: Vec<f64> = super::curves::clean(subject, n, context)?
        .iter()
        .map(|answers| 100.0 * mean(&right(answers, test.labels())))
        .collect();
    Ok(of_accuracies(&all, n, mean(&free)))
}

/// 1 for a right answer, 0 for another.
fn right(answers: &Answers, labels: &[u8]) -> Vec<f64> {
    answers.iter().zip(labels).map(|(a, l)| f64::from(u8::from(*a == Some(*l)))).collect()
}

fn of_accuracies(all: &[Vec<f64>], n: usize, free: f64) -> Cell {
    let shares: Vec<f64> = all.iter().map(|right| 100.0 * mean(right)).collect();
    let several = shares.len() > 1;
    let error = all.first().map_or(0.0, |right| 100.0 * standard_error(right));
    let now = mean(&shares);
    Cell {
        value: Some(Value::Number(now)),
        spread: Some(if several { deviation(&shares) } else { error }),
        by_seed: if several { shares } else { Vec::new() },
        digits: Some(n),
        remark: format!("{free:.1} % without it, on the same {} digits", grouped(n as u64)),
        detail: Some(Detail::Counts(vec![
            ("accuracy without it, %".into(), free),
            ("accuracy with it, %".into(), now),
        ])),
    }
}

//! How many neurons it takes to represent a digit.

use std::sync::Arc;

use super::{Better, Criterion, Group, cell};
use crate::ann::network::Network;
use crate::ann::zoo;
use crate::scoreboard::board::{Cell, Detail, Histogram, Value};
use crate::scoreboard::code::{Population, populations};
use crate::scoreboard::member::{Member, pictures};
use crate::scoreboard::stats::{deviation, mean};
use crate::scoreboard::subject::{Context, Halt, Subject, What};
use crate::scoreboard::training::Lesson;

/// Active neurons.
pub static ACTIVE: Criterion = Criterion {
    id: "active",
    name: "Active neurons",
    unit: "%",
    doc: "Share of the hidden neurons that respond to a digit at all (a rate or a state above zero, at least one spike); mean over 500 test digits, of slow networks fewer. The histogram has, for each neuron, the share of digits at which it responds, beside the same network untrained.",
    group: Group::Code,
    better: Some(Better::Low),
    measure: |subject, context| cell(active(subject, context)),
};

/// Treves and Rolls.
pub static SPARSENESS: Criterion = Criterion {
    id: "sparseness",
    name: "Sparseness",
    unit: "",
    doc: "Treves and Rolls' measure ⟨r⟩²/⟨r²⟩ over the hidden neurons of a layer, where r is the size of the response: 1 where all respond alike, near 0 where few do. Mean over layers and over 500 test digits, of slow networks fewer; by layer behind the number.",
    group: Group::Code,
    better: Some(Better::Low),
    measure: |subject, context| cell(sparseness(subject, context)),
};

const BINS: usize = 20;

/// By member, then layer.
fn all(subject: &Subject, context: &Context<'_>) -> Result<Arc<Vec<Vec<Population>>>, Halt> {
    let members = subject.members(context)?;
    let shown = pictures(context.test, subject.pace().look);
    context.cache.get(&format!("{}/populations", subject.key()), || {
        members.iter().map(|m| populations(m, &shown, context)).collect()
    })
}

fn share(layers: &[Population]) -> f64 {
    mean(&layers.iter().flat_map(|l| l.active.iter().copied()).collect::<Vec<_>>())
}

fn active(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let all = all(subject, context)?;
    let shares: Vec<f64> = all.iter().map(|layers| 100.0 * share(layers)).collect();
    let bins = |layers: &[Population]| -> Vec<f64> {
        let mut counts = vec![0f64; BINS];
        for active in layers.iter().flat_map(|l| &l.active) {
            counts[((active * BINS as f64) as usize).min(BINS - 1)] += 1.0;
        }
        counts
    };
    let untrained = match untrained(subject)? {
        Some(network) => {
            let shown = pictures(context.test, subject.pace().look);
            bins(&populations(&Member::Network(network), &shown, context)?)
        }
        None => Vec::new(),
    };
    let histogram = Histogram {
        x: "digits at which a neuron responds, %".into(),
        range: (0.0, 100.0),
        counts: all.first().map(|layers| bins(layers)).unwrap_or_default(),
        untrained,
    };
    Ok(of_seeds(shares, subject, context, Some(Detail::Histogram(histogram))))
}

fn sparseness(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let all = all(subject, context)?;
    let of =
        |layers: &Vec<Population>| mean(&layers.iter().map(|l| l.sparseness).collect::<Vec<_>>());
    let numbers: Vec<f64> = all.iter().map(of).collect();
    let layers = all.first().into_iter().flatten();
    let counts = layers.map(|l| (l.name.clone(), l.sparseness)).collect();
    Ok(of_seeds(numbers, subject, context, Some(Detail::Counts(counts))))
}

fn of_seeds(
    numbers: Vec<f64>,
    subject: &Subject,
    context: &Context<'_>,
    detail: Option<Detail>,
) -> Cell {
    let several = numbers.len() > 1;
    Cell {
        value: Some(Value::Number(mean(&numbers))),
        spread: several.then(|| deviation(&numbers)),
        by_seed: if several { numbers } else { Vec::new() },
        digits: Some(subject.pace().look.min(context.test.len())),
        remark: String::new(),
        detail,
    }
}

/// The same network as it begins, where there is one and it is not the subject.
pub fn untrained(subject: &Subject) -> Result<Option<Network>, Halt> {
    let architecture = match &subject.what {
        What::Network(both) => Some(both.0.architecture()),
        What::Rule(id) => zoo::find(Lesson::of_rule(id)?.model()),
        What::Untrained(_) | What::Converted(_) | What::DiehlCook(_) => None,
    };
    Ok(architecture.map(|a| Network::new(a, 1)).transpose()?)
}

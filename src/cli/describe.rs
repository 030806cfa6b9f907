//! `spikescope models`: the networks' structures and what they cost.

use super::Outcome;
use super::args::ModelsArgs;
use super::output::{Output, OutputError};
use super::report::{Modelled, ModelledLayer, ModelledModel};
use super::table::{self, Align};
use crate::ann::zoo::{self, Architecture, ZOO};
use crate::core::text::{grouped, millions};

pub fn run(args: &ModelsArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let asked =
        |a: &&&Architecture| args.models.is_empty() || args.models.iter().any(|m| m == a.id);
    let chosen: Vec<&Architecture> = ZOO.iter().filter(asked).copied().collect();
    if args.models.is_empty() {
        overview(&chosen, out)?;
    } else {
        for (i, architecture) in chosen.iter().enumerate() {
            if i > 0 {
                out.line("")?;
            }
            layers(architecture, out)?;
        }
    }
    out.json(&Modelled { models: chosen.into_iter().map(report).collect() })?;
    Ok(Outcome::Done)
}

fn overview(chosen: &[&Architecture], out: &mut Output) -> Result<(), OutputError> {
    let columns = [
        ("model", Align::Left),
        ("name", Align::Left),
        ("parameters", Align::Right),
        ("multiply–adds", Align::Right),
        ("MFLOP per answer", Align::Right),
        ("MFLOP per training image", Align::Right),
    ];
    let row = |a: &&Architecture| {
        let cost = zoo::cost(&(a.layers)());
        vec![
            a.id.into(),
            a.name.into(),
            grouped(cost.parameters as u64),
            grouped(cost.multiply_adds as u64),
            millions(cost.answer_flop),
            millions(cost.training_flop),
        ]
    };
    let rows: Vec<Vec<String>> = chosen.iter().map(row).collect();
    table::lines(&columns, &rows).into_iter().try_for_each(|line| out.line(line))
}

fn layers(architecture: &Architecture, out: &mut Output) -> Result<(), OutputError> {
    let layers = (architecture.layers)();
    let cost = zoo::cost(&layers);
    out.line(format_args!("{}: {}", architecture.name, architecture.doc))?;
    let columns = [
        ("layer", Align::Left),
        ("output", Align::Left),
        ("parameters", Align::Right),
        ("multiply–adds", Align::Right),
    ];
    let count = |n: usize| grouped(n as u64);
    let mut rows = vec![vec!["Picture".into(), "28×28×1".into(), count(0), count(0)]];
    for line in zoo::summary(&layers) {
        let shape = line.shape();
        rows.push(vec![line.name, shape, count(line.parameters), count(line.multiply_adds)]);
    }
    rows.push(vec!["All".into(), "".into(), count(cost.parameters), count(cost.multiply_adds)]);
    table::lines(&columns, &rows).into_iter().try_for_each(|line| out.line(line))?;
    out.line(format_args!(
        "An answer takes {} MFLOP, a training image {} MFLOP (a multiply–add is two operations).",
        millions(cost.answer_flop),
        millions(cost.training_flop)
    ))
}

fn report(architecture: &Architecture) -> ModelledModel {
    let layers = (architecture.layers)();
    let cost = zoo::cost(&layers);
    let layer = |l: zoo::LayerSummary| ModelledLayer {
        name: l.name,
        output: l.output,
        parameters: l.parameters,
        multiply_adds: l.multiply_adds,
    };
    ModelledModel {
        id: architecture.id.into(),
        name: architecture.name.into(),
        about: architecture.doc.into(),
        layers: zoo::summary(&layers).into_iter().map(layer).collect(),
        parameters: cost.parameters,
        multiply_adds: cost.multiply_adds,
        answer_flop: cost.answer_flop,
        training_flop: cost.training_flop,
    }
}

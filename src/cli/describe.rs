//! `spikescope models`: the networks' structures and what they cost.

use super::Outcome;
use super::args::ModelsArgs;
use super::output::{Output, OutputError};
use super::report::{Modelled, ModelledModel};
use super::table;
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
        "model",
        "name",
        ">parameters",
        ">multiply–adds",
        ">MFLOP per answer",
        ">MFLOP per training image",
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
    table::print(out, "", &columns, chosen.iter().map(row))
}

fn layers(architecture: &Architecture, out: &mut Output) -> Result<(), OutputError> {
    let layers = (architecture.layers)();
    let cost = zoo::cost(&layers);
    out.line(format_args!("{}: {}", architecture.name, architecture.doc))?;
    let columns = ["layer", "output", ">parameters", ">multiply–adds"];
    let count = |n: usize| grouped(n as u64);
    let mut rows = vec![vec!["Picture".into(), "28×28×1".into(), count(0), count(0)]];
    for line in zoo::summary(&layers) {
        let shape = line.shape();
        rows.push(vec![line.name, shape, count(line.parameters), count(line.multiply_adds)]);
    }
    rows.push(vec!["All".into(), "".into(), count(cost.parameters), count(cost.multiply_adds)]);
    table::print(out, "", &columns, rows)?;
    out.line(format_args!(
        "An answer takes {} MFLOP, a training image {} MFLOP (a multiply–add is two operations).",
        millions(cost.answer_flop),
        millions(cost.training_flop)
    ))
}

fn report(architecture: &Architecture) -> ModelledModel {
    let layers = (architecture.layers)();
    ModelledModel {
        id: architecture.id.into(),
        name: architecture.name.into(),
        about: architecture.doc.into(),
        layers: zoo::summary(&layers),
        cost: zoo::cost(&layers),
    }
}

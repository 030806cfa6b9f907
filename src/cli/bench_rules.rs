//! `spikescope bench rules`: how fast each learning rule trains on this machine; beside
//! the same equations in PyTorch, measured in the same minutes, if a Python with it is
//! named.

use std::ffi::OsStr;
use std::sync::Arc;

use serde_json::json;

use super::args::BenchRulesArgs;
use super::bench::{ask_peers, print_versions, time};
use super::output::Output;
use super::report::{BenchmarkedRule, BenchmarkedRules};
use super::{Outcome, models, table};
use crate::ann::rules::{RULES, Rule, RuleConfig};
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo::{Activation, Kind, Widths};
use crate::core::isa::Isa;
use crate::data::{CLASSES, Dataset, PIXELS, synthetic};

/// The peers' side; also in benches/peers.
static SCRIPT: &str = include_str!("../../benches/peers/rules.py");

pub fn run(args: &BenchRulesArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let threads = models::threads(args.threads);
    let data = Arc::new(synthetic::generate(1, 4000));
    let isa = Isa::best().name();
    out.line(format_args!("{threads} threads, {isa}; each rule by its own recipe"))?;
    let asked = |rule: &&&Rule| args.rules.is_empty() || args.rules.iter().any(|id| id == rule.id);
    let mut measured = Vec::new();
    let mut versions = None;
    for rule in RULES.iter().filter(asked) {
        let config = config(rule, threads, data.len());
        let batch = config.batch_size as f64;
        let mut trainer = Trainer::new(config.clone(), Arc::<Dataset>::clone(&data))?;
        let seconds = time(args.seconds, || Ok(trainer.step().map(|_| ())?))?;
        let mut peers = Vec::new();
        // Networks of spikes have peers of their own: `bench spiking-training`.
        let spikes = matches!(rule.kind, Kind::Spiking | Kind::FirstSpike);
        if let Some(python) = args.peers.as_ref().filter(|_| !spikes) {
            let (count, seconds) = (threads.to_string(), args.seconds.to_string());
            let options = options(rule, &config).to_string();
            let arguments =
                ["--threads", &count, "--seconds", &seconds, "--options", &options].map(OsStr::new);
            let answer = ask_peers(python, SCRIPT, &arguments)?;
            peers = answer.results;
            versions = Some(answer.versions);
        }
        measured.push(BenchmarkedRule {
            rule: rule.id.into(),
            model: config.model,
            batch_size: config.batch_size,
            train_images_per_s: batch / seconds,
            peers,
        });
    }
    print(&measured, out)?;
    print_versions(versions.as_ref(), out)?;
    out.json(&BenchmarkedRules { threads, engine: isa.into(), rules: measured, versions })?;
    Ok(Outcome::Done)
}

/// A rule's run by its recipe; those of the family all with the layers of
/// backpropagation's, so that only the way back differs.
fn config(rule: &Rule, threads: usize, subset: usize) -> TrainConfig {
    let recipe = if rule.kind == Kind::Dense { RULES[0].recipe } else { rule.recipe };
    let Widths { kind, hidden, activation } =
        Widths { kind: rule.kind, hidden: recipe.hidden.to_vec(), activation: recipe.activation };
    TrainConfig {
        model: Widths { kind, hidden, activation }.id(),
        threads,
        subset,
        validation_share: 0.0,
        batch_size: recipe.batch,
        epochs: 10_000,
        rule: RuleConfig::of(rule),
        optimiser: (rule.usual)(),
        ..TrainConfig::default()
    }
}

/// The same run, for the peers' script.
fn options(rule: &Rule, config: &TrainConfig) -> serde_json::Value {
    let recipe = if rule.kind == Kind::Dense { RULES[0].recipe } else { rule.recipe };
    let mut sizes = vec![PIXELS];
    sizes.extend(recipe.hidden);
    if rule.kind != Kind::Goodness {
        sizes.push(CLASSES);
    }
    let activation = if recipe.activation == Activation::Tanh { "tanh" } else { "relu" };
    let mut options = json!({
        "rule": rule.id,
        "sizes": sizes,
        "activation": activation,
        "batch": config.batch_size,
        "optimiser": config.optimiser.id(),
    });
    for name in ["learning_rate", "momentum"] {
        options[name] = json!(config.optimiser.get(name).unwrap_or(0.0));
    }
    for p in rule.parameters {
        options[p.name] = json!(config.rule.get(p.name).unwrap_or(p.default));
    }
    options
}

fn print(rules: &[BenchmarkedRule], out: &mut Output) -> anyhow::Result<()> {
    let first = rules.iter().find(|r| r.rule == RULES[0].id).map(|r| r.train_images_per_s);
    let rows = rules.iter().map(|r| {
        let ratio = |of: Option<f64>| of.map_or_else(String::new, |r| format!("{r:.2}"));
        let best = r.peers.iter().map(|p| p.train_images_per_s).reduce(f64::max);
        vec![
            r.rule.clone(),
            r.model.clone(),
            r.batch_size.to_string(),
            format!("{:.0}", r.train_images_per_s),
            ratio(first.map(|f| f / r.train_images_per_s)),
            best.map_or_else(String::new, |b| format!("{b:.0}")),
            ratio(best.map(|b| r.train_images_per_s / b)),
        ]
    });
    let columns = [
        "rule",
        "network",
        ">batch",
        ">images/s",
        ">time, backpropagation 1",
        ">PyTorch, images/s",
        ">ratio",
    ];
    Ok(table::print(out, "", &columns, rows.collect::<Vec<_>>())?)
}

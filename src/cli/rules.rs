//! `spikescope rules`: the same digits, learned by several rules, from several seeds:
//! how accurate is each, and how much of that is chance?

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Args;
use rayon::prelude::*;

use super::failure::UsageError;
use super::output::{Format, Output, complain};
use super::report::{ComparedRule, ComparedRules, RuleRun};
use super::values::{count, sources, threads};
use super::{Outcome, digits, models, table};
use crate::ann::evaluate::evaluate;
use crate::ann::rules::{RULES, Rule, RuleConfig};
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo::{Activation, Widths};
use crate::core::text::percent;
use crate::data::registry::Split;

/// Compare learning rules: the same digits, several seeds, test accuracy with its spread
///
/// Without names it trains every rule by the recipe that worked best on held-out training digits:
/// its layers, optimiser, batches and epochs. Each run takes one thread; several go on at once.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  spikescope rules                                   all rules, three seeds each, some hours
  spikescope rules feedback_alignment --hidden 500,500 --epochs 5
  spikescope rules --list                            what there is")]
pub struct RulesArgs {
    /// The rules [default: all]
    #[arg(value_name = "RULE", value_parser = super::values::rules())]
    pub rules: Vec<String>,
    /// Only tell which rules there are
    #[arg(long)]
    pub list: bool,
    /// Runs of each rule, with the seeds 1, 2, …
    #[arg(long, value_name = "N", value_parser = count, default_value = "3")]
    pub seeds: NonZeroUsize,
    /// Units of the hidden layers, for example 500,500 [default: the rule's recipe]
    #[arg(long, value_name = "UNITS", value_delimiter = ',', value_parser = count)]
    pub hidden: Vec<NonZeroUsize>,
    /// Of the hidden units: relu or tanh [default: the rule's recipe]
    #[arg(long, value_name = "NAME", value_parser = super::values::choice(&[
        ("relu", "", Activation::Relu), ("tanh", "", Activation::Tanh)]))]
    pub activation: Option<Activation>,
    /// How often to go through the images [default: the rule's recipe]
    #[arg(long, value_name = "N", value_parser = count)]
    pub epochs: Option<NonZeroUsize>,
    /// Images per update [default: the rule's recipe]
    #[arg(long, value_name = "N", value_parser = count)]
    pub batch_size: Option<NonZeroUsize>,
    /// How weights are updated [default: the rule's recipe]
    #[arg(long, value_name = "NAME", value_parser = super::values::optimisers())]
    pub optimiser: Option<String>,
    /// A parameter of the optimiser or the rule, NAME=VALUE; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, f64)>,
    /// Learn from the first N images only [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    pub subset: Option<NonZeroUsize>,
    /// Judge on this share of the training images, in percent, which are then held out, instead of
    /// on the test images: for choosing constants
    #[arg(long, value_name = "PERCENT")]
    pub held_out: Option<f64>,
    /// Runs at the same time [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub jobs: Option<NonZeroUsize>,
    /// The digits to learn from
    #[arg(long, value_name = "SET", value_parser = sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

/// `name=value`.
pub fn assignment(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("it must be NAME=VALUE")?;
    let value = value.trim().parse().map_err(|_| format!("{value:?} is no number"))?;
    Ok((name.trim().to_owned(), value))
}

pub fn run(args: &RulesArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    if args.list {
        return list(out);
    }
    let chosen: Vec<&Rule> = RULES
        .iter()
        .copied()
        .filter(|r| args.rules.is_empty() || args.rules.iter().any(|id| id == r.id))
        .collect();
    let split =
        digits::load_ten(&args.data, args.mnist.as_deref(), "learning rules are not compared")?;
    let configs = chosen.iter().map(|rule| config(rule, args, &split));
    let configs: Vec<TrainConfig> = configs.collect::<Result<_, _>>()?;
    for config in &configs {
        config.validate()?;
    }
    let seeds = 1..=args.seeds.get() as u64;
    let jobs: Vec<(usize, u64)> =
        seeds.flat_map(|seed| (0..configs.len()).map(move |rule| (rule, seed))).collect();
    let pool = crate::ann::pool(models::threads(args.jobs))?;
    let done: Vec<anyhow::Result<RuleRun>> = pool.install(|| {
        // One at a time: they take very different times.
        let jobs = jobs.par_iter().with_max_len(1);
        jobs.map(|(rule, seed)| {
            let config = TrainConfig { seed: *seed, ..configs[*rule].clone() };
            let result = one(config, &split, args.held_out.is_some());
            match &result {
                Ok(run) => complain(format_args!(
                    "{}, seed {seed}: {} in {:.0} s",
                    chosen[*rule].name,
                    percent(run.accuracy),
                    run.seconds
                )),
                Err(error) => {
                    complain(format_args!("{}, seed {seed}: {error}", chosen[*rule].name));
                }
            }
            result
        })
        .collect()
    });
    report(&chosen, &configs, &jobs, done, args, out)
}

fn list(out: &mut Output) -> anyhow::Result<Outcome> {
    for rule in RULES {
        out.line(format_args!("{}\n  {}: {}", rule.id, rule.name, rule.doc))?;
        for p in rule.parameters {
            let usual = p.text(p.default);
            out.line(format_args!("    {} = {usual}  {}, {}", p.name, p.doc, p.range_text()))?;
        }
    }
    Ok(Outcome::Done)
}

fn config(rule: &Rule, args: &RulesArgs, split: &Split) -> Result<TrainConfig, UsageError> {
    let mut of_rule = RuleConfig::of(rule);
    let recipe = rule.recipe;
    let mut optimiser = match &args.optimiser {
        Some(id) => crate::ann::optimiser::OptimiserConfig::default_of(id)
            .ok_or_else(|| UsageError(format!("there is no optimiser {id}")))?,
        None => (rule.usual)(),
    };
    for (name, value) in &args.set {
        if of_rule.get(name).is_none() && optimiser.get(name).is_none() {
            return Err(UsageError(format!(
                "neither {} nor {} has a parameter {name}",
                rule.id,
                optimiser.id()
            )));
        }
        of_rule.set(name, *value);
        optimiser.set(name, *value);
    }
    let hidden = match &args.hidden[..] {
        [] => recipe.hidden.to_vec(),
        given => given.iter().map(|n| n.get()).collect(),
    };
    let activation = args.activation.unwrap_or(recipe.activation);
    let widths = Widths { kind: rule.kind, hidden, activation };
    let held_out = args.held_out.unwrap_or(0.0) / 100.0;
    let epochs = args.epochs.map_or(recipe.epochs, NonZeroUsize::get);
    Ok(TrainConfig {
        model: widths.id(),
        data: args.data.clone(),
        subset: args.subset.map_or(split.train.len(), NonZeroUsize::get),
        validation_share: held_out,
        batch_size: args.batch_size.map_or(recipe.batch, NonZeroUsize::get),
        epochs,
        rule: of_rule,
        optimiser,
        average_epochs: recipe.average.min(epochs / 2),
        threads: 1,
        ..TrainConfig::default()
    })
}

/// Trains one run to its end, and asks it.
fn one(config: TrainConfig, split: &Split, held_out: bool) -> anyhow::Result<RuleRun> {
    let began = Instant::now();
    let seed = config.seed;
    let mut trainer = Trainer::new(config, Arc::clone(&split.train))?;
    while !trainer.step()?.finished {}
    let seconds = began.elapsed().as_secs_f64();
    let digits = if held_out { trainer.validation_set() } else { Arc::clone(&split.test) };
    let never = AtomicBool::new(false);
    let found = evaluate(&trainer.result(), &digits, 1, &never, &mut |_, _| {})?;
    let accuracy = found.map_or(0.0, |e| e.accuracy);
    let epochs = &trainer.history().epochs;
    let by_epoch = epochs.iter().filter_map(|e| e.validation_accuracy).map(f64::from).collect();
    Ok(RuleRun { seed, accuracy, seconds, by_epoch })
}

fn report(
    chosen: &[&Rule],
    configs: &[TrainConfig],
    jobs: &[(usize, u64)],
    done: Vec<anyhow::Result<RuleRun>>,
    args: &RulesArgs,
    out: &mut Output,
) -> anyhow::Result<Outcome> {
    let mut failed = false;
    let mut all: Vec<ComparedRule> = chosen
        .iter()
        .zip(configs)
        .map(|(rule, config)| ComparedRule {
            rule: rule.id.into(),
            name: rule.name.into(),
            model: config.model.clone(),
            optimiser: config.optimiser.describe(),
            batch_size: config.batch_size,
            epochs: config.epochs,
            mean: 0.0,
            deviation: None,
            runs: Vec::new(),
        })
        .collect();
    for ((rule, _), run) in jobs.iter().zip(done) {
        match run {
            Ok(run) => all[*rule].runs.push(run),
            Err(_) => failed = true,
        }
    }
    for rule in &mut all {
        let n = rule.runs.len() as f64;
        rule.mean = rule.runs.iter().map(|r| r.accuracy).sum::<f64>() / n.max(1.0);
        let squares = rule.runs.iter().map(|r| (r.accuracy - rule.mean).powi(2)).sum::<f64>();
        rule.deviation = (n > 1.0).then(|| (squares / (n - 1.0)).sqrt());
    }
    let digits = if args.held_out.is_some() { "held out" } else { "test" };
    let rows = all.iter().map(|r| {
        let accuracies: Vec<String> = r.runs.iter().map(|r| percent(r.accuracy)).collect();
        let deviation = r.deviation.map_or_else(|| "–".into(), |d| format!("{:.2}", d * 100.0));
        let seconds: f64 =
            r.runs.iter().map(|r| r.seconds).sum::<f64>() / r.runs.len().max(1) as f64;
        vec![
            r.name.clone(),
            r.model.clone(),
            r.epochs.to_string(),
            if r.runs.is_empty() { "–".into() } else { percent(r.mean) },
            deviation,
            accuracies.join(" "),
            format!("{seconds:.0}"),
        ]
    });
    let mean = format!(">{digits}");
    let columns = ["rule", "network", ">epochs", &mean, ">±", "each seed", ">s"];
    table::print(out, "", &columns, rows.collect::<Vec<_>>())?;
    out.json(&ComparedRules { data: args.data.clone(), judged_on: digits.into(), rules: all })?;
    Ok(if failed { Outcome::PartlyFailed } else { Outcome::Done })
}

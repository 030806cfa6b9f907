//! `spikescope bench spiking-training`: how fast networks of spikes train on this machine;
//! beside snnTorch and plain PyTorch, measured in the same minutes, if a Python with them is
//! named.

use std::ffi::OsStr;
use std::sync::Arc;

use serde_json::json;

use super::args::BenchSpikingTrainingArgs;
use super::bench::{ask_peers, print_versions, time};
use super::output::Output;
use super::report::{BenchmarkedSpikingNet, BenchmarkedSpikingTraining, SpikingNetPeer};
use super::{Outcome, models, table};
use crate::ann::rules::{RuleConfig, usual_for};
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo::{self, SPIKING, spiking::Sizes};
use crate::core::isa::Isa;
use crate::data::{Dataset, synthetic};

/// The peers' side; also in benches/peers.
static SCRIPT: &str = include_str!("../../benches/peers/spiking_training.py");

pub fn run(args: &BenchSpikingTrainingArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let threads = models::threads(args.threads);
    let data = Arc::new(synthetic::generate(1, 4000));
    let isa = Isa::best().name();
    out.line(format_args!("{threads} threads, {isa}; each network with its usual rule"))?;
    let usual = SPIKING.iter().map(|a| a.id.to_owned()).collect();
    let models: &Vec<String> = if args.models.is_empty() { &usual } else { &args.models };
    let mut measured = Vec::new();
    let mut versions = None;
    for id in models {
        let architecture = zoo::get(id)?;
        let rule = usual_for(architecture);
        let batch = rule.recipe.batch;
        let config = TrainConfig {
            model: id.clone(),
            threads,
            subset: data.len(),
            validation_share: 0.0,
            batch_size: batch,
            epochs: 10_000,
            rule: RuleConfig::of(rule),
            optimiser: (rule.usual)(),
            ..TrainConfig::default()
        };
        let mut trainer = Trainer::new(config, Arc::<Dataset>::clone(&data))?;
        let seconds = time(args.seconds, || Ok(trainer.step().map(|_| ())?))?;
        let mut net = BenchmarkedSpikingNet {
            id: id.clone(),
            rule: rule.id.into(),
            batch_size: batch,
            train_images_per_s: batch as f64 / seconds,
            peers: Vec::new(),
        };
        if let (Some(python), Some(options)) = (&args.peers, options(id, batch)) {
            let (count, seconds) = (threads.to_string(), args.seconds.to_string());
            let options = options.to_string();
            let arguments =
                ["--threads", &count, "--seconds", &seconds, "--options", &options].map(OsStr::new);
            let answer = ask_peers(python, SCRIPT, &arguments)?;
            net.peers = answer.results;
            versions = Some(answer.versions);
        }
        measured.push(net);
    }
    print(&measured, out)?;
    print_versions(versions.as_ref(), out)?;
    let engine = isa.into();
    out.json(&BenchmarkedSpikingTraining { threads, engine, nets: measured, versions })?;
    Ok(Outcome::Done)
}

/// The same network for the peers' script; `None` where it has none such.
fn options(id: &str, batch: usize) -> Option<serde_json::Value> {
    let sizes = zoo::spiking::sizes(id).filter(|s| !s.count)?;
    let Sizes { kind, hidden, steps, tau, .. } = sizes;
    let kind = match kind {
        zoo::spiking::Wiring::Dense => "dense",
        zoo::spiking::Wiring::Conv => "conv",
        zoo::spiking::Wiring::Recurrent => "recurrent",
        zoo::spiking::Wiring::FirstSpike => return None,
    };
    Some(json!({ "kind": kind, "hidden": hidden, "steps": steps, "tau": tau, "batch": batch }))
}

fn print(nets: &[BenchmarkedSpikingNet], out: &mut Output) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for net in nets {
        let cells = |id: &str, by: &str, rate: f64, ratio: String, note: &str| {
            vec![id.to_owned(), by.to_owned(), format!("{rate:.0}"), ratio, note.to_owned()]
        };
        let rate = net.train_images_per_s;
        rows.push(cells(&net.id, "Spikescope", rate, String::new(), &net.rule));
        for SpikingNetPeer { framework, train_images_per_s, note } in &net.peers {
            let ratio = format!("{:.1}", rate / train_images_per_s);
            rows.push(cells("", framework, *train_images_per_s, ratio, note));
        }
    }
    let columns =
        ["network", "by", ">training, images/s", ">Spikescope is so many times as fast", "how"];
    Ok(table::print(out, "", &columns, rows)?)
}

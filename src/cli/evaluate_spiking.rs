//! The part of `spikescope evaluate` for spiking networks that learnt by STDP.

use std::time::Instant;

use super::args::EvaluateArgs;
use super::models::{Spiking, holds_spiking};
use super::output::Output;
use super::report::EvaluatedSpiking;
use super::simulate;
use super::table;
use crate::core::text::{or_dash, percent};
use crate::data::Dataset;
use crate::snn::diehl_cook::bundled::{BUNDLED, Bundled};

/// Those that the arguments name; all in the box if they name nothing at all.
pub fn select(args: &EvaluateArgs) -> anyhow::Result<Vec<Spiking>> {
    let everything = args.models.is_empty() && args.weights.is_empty() && args.set.is_none();
    let named = |s: &&Bundled| everything || args.models.iter().any(|m| m == s.id);
    let bundled = BUNDLED.iter().filter(named).map(Spiking::bundled);
    let files = args.weights.iter().filter(|f| holds_spiking(f)).map(|f| Spiking::load(f));
    bundled.chain(files).collect()
}

/// Shows all images to each.
pub fn ask(
    networks: &[Spiking],
    data: &Dataset,
    threads: usize,
) -> anyhow::Result<Vec<EvaluatedSpiking>> {
    let ask = |network: &Spiking| {
        let begun = Instant::now();
        let trained = &network.trained;
        let shown = simulate::show(trained, data, &simulate::all_of(data), threads, &network.name)?;
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        let right = trained.judge(&shown);
        let mut confusion = [[0u32; crate::data::CLASSES]; crate::data::CLASSES];
        let mut unanswered = 0;
        for (counts, class) in &shown {
            match trained.answers(counts.as_ref()).vote {
                Some(answer) => confusion[usize::from(*class)][usize::from(answer)] += 1,
                None => unanswered += 1,
            }
        }
        Ok(EvaluatedSpiking {
            id: network.id.clone(),
            weights: network.weights.clone(),
            neurons: trained.about.config.neurons,
            published: network.published.map(|p| p / 100.0),
            read_outs: simulate::read_outs(right),
            ms_per_image: ms / data.len().max(1) as f64,
            confusion: confusion.into(),
            unanswered,
        })
    };
    networks.iter().map(ask).collect()
}

/// A table of its own: the read-outs are its columns.
pub fn print(
    networks: &[Spiking],
    evaluated: &[EvaluatedSpiking],
    out: &mut Output,
) -> anyhow::Result<()> {
    if networks.is_empty() {
        return Ok(());
    }
    out.line("\nSpiking networks that learnt by STDP, without labels (Diehl and Cook 2015)")?;
    let columns =
        ["id", "network", ">published", ">vote", ">by confidence", ">logistic", ">ms/image"];
    let row = |(network, e): (&Spiking, &EvaluatedSpiking)| {
        vec![
            e.id.clone(),
            network.name.clone(),
            or_dash(e.published, |p| format!("{:.1} %", p * 100.0)),
            percent(e.read_outs.vote),
            percent(e.read_outs.confidence),
            percent(e.read_outs.logistic),
            format!("{:.3}", e.ms_per_image),
        ]
    };
    table::print(out, "", &columns, networks.iter().zip(evaluated).map(row))?;
    for e in evaluated.iter().filter(|e| e.unanswered > 0) {
        let (none, faint) = (e.unanswered, e.read_outs.unanswered);
        out.line(format_args!(
            "{}: {none} of {} images without an answer by the vote, counted wrong; {}",
            e.id,
            e.read_outs.images,
            simulate::too_faint(faint as u64)
        ))?;
    }
    Ok(())
}

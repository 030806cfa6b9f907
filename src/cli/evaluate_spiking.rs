//! `spikescope evaluate`, the part on spiking networks that learnt by STDP.

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

use super::args::EvaluateArgs;
use super::output::Output;
use super::report::EvaluatedSpiking;
use super::simulate;
use super::table::{self, Align};
use crate::core::files::read_limited;
use crate::data::Dataset;
use crate::snn::diehl_cook::shipped::{SHIPPED, Shipped};
use crate::snn::diehl_cook::trained::Trained;

/// The largest network that is read; the largest that can be trained has 25 MB.
const MOST_BYTES: u64 = 256 << 20;

/// A spiking network to be asked.
pub struct Spiking {
    id: String,
    name: String,
    weights: String,
    published: Option<f64>,
    trained: Trained,
}

/// Whether this file holds one.
pub fn holds_one(file: &Path) -> bool {
    let name = file.display().to_string();
    read_limited(file, MOST_BYTES).is_ok_and(|bytes| Trained::describe(&bytes, &name).is_ok())
}

/// Whether this is the id of one in the box.
pub fn is_one(id: &str) -> bool {
    SHIPPED.iter().any(|s| s.id == id)
}

/// Those that the arguments name; all in the box if they name nothing at all.
pub fn select(args: &EvaluateArgs) -> anyhow::Result<Vec<Spiking>> {
    let everything = args.models.is_empty() && args.weights.is_empty() && args.set.is_none();
    let named = |s: &&Shipped| everything || args.models.iter().any(|m| m == s.id);
    let mut found = Vec::new();
    for shipped in SHIPPED.iter().filter(named) {
        found.push(Spiking {
            id: shipped.id.into(),
            name: shipped.name.into(),
            weights: "shipped".into(),
            published: Some(shipped.published),
            trained: shipped.load()?,
        });
    }
    for file in args.weights.iter().filter(|f| holds_one(f)) {
        let name = file.display().to_string();
        let trained = Trained::from_bytes(
            &read_limited(file, MOST_BYTES).with_context(|| format!("could not read {name}"))?,
            &name,
        )?;
        let neurons = trained.about.config.neurons;
        found.push(Spiking {
            id: format!("diehl-cook-{neurons}"),
            name: format!("STDP {neurons} ({name})"),
            published: None,
            weights: name,
            trained,
        });
    }
    Ok(found)
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
        for (counts, class) in &shown {
            let answer = trained.answers(counts).vote;
            confusion[usize::from(*class)][usize::from(answer)] += 1;
        }
        Ok(EvaluatedSpiking {
            id: network.id.clone(),
            weights: network.weights.clone(),
            neurons: trained.about.config.neurons,
            published: network.published.map(|p| p / 100.0),
            read_outs: simulate::read_outs(right),
            ms_per_image: ms / data.len().max(1) as f64,
            confusion,
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
    let columns = [
        ("id", Align::Left),
        ("network", Align::Left),
        ("published", Align::Right),
        ("vote", Align::Right),
        ("by confidence", Align::Right),
        ("logistic", Align::Right),
        ("ms/image", Align::Right),
    ];
    let percent = |v: f64| format!("{:.2} %", v * 100.0);
    let row = |(network, e): (&Spiking, &EvaluatedSpiking)| {
        vec![
            e.id.clone(),
            network.name.clone(),
            e.published.map_or_else(|| "–".into(), |p| format!("{:.1} %", p * 100.0)),
            percent(e.read_outs.vote),
            percent(e.read_outs.confidence),
            percent(e.read_outs.logistic),
            format!("{:.3}", e.ms_per_image),
        ]
    };
    let rows: Vec<_> = networks.iter().zip(evaluated).map(row).collect();
    for line in table::lines(&columns, &rows) {
        out.line(line)?;
    }
    Ok(())
}

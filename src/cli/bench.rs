//! `spikescope bench train`: how fast the networks train and answer on this machine;
//! beside Keras and PyTorch, measured in the same minutes, if a Python with them is named.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::args::BenchTrainArgs;
use super::output::{Output, OutputError};
use super::report::{Benchmarked, BenchmarkedNet, Peer};
use super::table;
use super::{Outcome, models};
use crate::ann::network::Network;
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo;
use crate::core::isa::Isa;
use crate::data::{Dataset, Pixels, synthetic};

/// Digits per update, as in the report.
const BATCH: usize = 32;
/// The networks, and what the peers' script calls them.
const NETS: [(&str, &str); 10] = [
    ("mlp", "mlp"),
    ("cnn1", "cnn1"),
    ("cnn2", "cnn2"),
    ("cnn3", "cnn3"),
    ("cnn4", "cnn4"),
    ("cnn5", "cnn1"),
    ("rnn1", "gru"),
    ("rnn2", "lstm"),
    ("rnn3", "gru"),
    ("rnn4", "lstm"),
];
/// One of each structure.
const USUAL: [&str; 6] = ["mlp", "cnn1", "cnn2", "cnn3", "rnn3", "rnn4"];
/// The peers' side; also in benches/peers.
static SCRIPT: &str = include_str!("../../benches/peers/measure.py");

pub fn train(args: &BenchTrainArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let threads = models::threads(args.threads);
    let data = Arc::new(synthetic::generate(1, 4000));
    let isa = Isa::best().name();
    out.line(format_args!("{threads} threads, {isa}, batches of {BATCH}"))?;
    let mut nets = Vec::new();
    let mut versions = None;
    for (id, peer) in NETS {
        let asked = args.models.iter().any(|m| m == id);
        if !(asked || args.models.is_empty() && USUAL.contains(&id)) {
            continue;
        }
        let mut net = measure(id, &data, threads, args.seconds)?;
        if let Some(python) = &args.peers {
            let (threads, seconds) = (threads.to_string(), args.seconds.to_string());
            let arguments = ["--nets", peer, "--threads", &threads, "--seconds", &seconds];
            let answer = ask_peers(python, SCRIPT, &arguments.map(OsStr::new))?;
            net.peers = answer.results;
            versions = Some(answer.versions);
        }
        nets.push(net);
    }
    print(&nets, out)?;
    print_versions(versions.as_ref(), out)?;
    out.line(format_args!("Peak memory of all of it: {}", memory(peak_mb())))?;
    out.json(&Benchmarked { threads, engine: isa.into(), nets, peak_mb: peak_mb(), versions })?;
    Ok(Outcome::Done)
}

/// The middle of some times, seconds.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Times `f` for so long, after some warming up.
pub(super) fn time(seconds: f64, mut f: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    for _ in 0..3 {
        f()?;
    }
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < Duration::from_secs_f64(seconds) || times.len() < 5 {
        let one = Instant::now();
        f()?;
        times.push(one.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

fn measure(
    id: &str,
    data: &Arc<Dataset>,
    threads: usize,
    seconds: f64,
) -> anyhow::Result<BenchmarkedNet> {
    let architecture = zoo::get(id)?;
    let config = TrainConfig {
        model: id.into(),
        threads,
        batch_size: BATCH,
        subset: data.len(),
        validation_share: 0.0,
        epochs: 10_000,
        ..TrainConfig::default()
    };
    let mut trainer = Trainer::new(config, Arc::clone(data))?;
    let step = time(seconds, || Ok(trainer.step().map(|_| ())?))?;
    let network = Network::new(architecture, 1)?;
    let pictures: Vec<Pixels> = (0..256).map(|i| data.pixels(i)).collect();
    let single = time(seconds / 4.0, || {
        std::hint::black_box(network.probabilities(&pictures[..1]));
        Ok(())
    })?;
    let pool = crate::ann::pool(threads)?;
    let many = time(seconds / 2.0, || {
        std::hint::black_box(pool.install(|| network.probabilities(&pictures)));
        Ok(())
    })?;
    Ok(BenchmarkedNet {
        id: id.to_owned(),
        train_images_per_s: BATCH as f64 / step,
        single_ms: single * 1e3,
        batch256_images_per_s: pictures.len() as f64 / many,
        peers: Vec::new(),
    })
}

/// What the peers' script prints.
#[derive(Deserialize)]
pub(super) struct PeersAnswer<P> {
    pub versions: serde_json::Value,
    pub results: Vec<P>,
}

/// Runs a script of the peers' with these arguments.
pub(super) fn ask_peers<P: DeserializeOwned>(
    python: &Path,
    script: &str,
    arguments: &[&OsStr],
) -> anyhow::Result<PeersAnswer<P>> {
    let mut file = tempfile::Builder::new().suffix(".py").tempfile()?;
    file.write_all(script.as_bytes())?;
    let run = Command::new(python)
        .arg(file.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start {}", python.display()))?;
    if !run.status.success() {
        bail!("the peers' script failed ({}); its messages are above", run.status);
    }
    serde_json::from_slice(&run.stdout).context("the peers' script printed no result")
}

/// A line with the versions of Python and its packages.
pub(super) fn print_versions(
    versions: Option<&serde_json::Value>,
    out: &mut Output,
) -> Result<(), OutputError> {
    let Some(versions) = versions else { return Ok(()) };
    let plain = versions.to_string().replace(['{', '}', '"'], "").replace(':', " ");
    out.line(format_args!("Versions: {plain}"))
}

fn print(nets: &[BenchmarkedNet], out: &mut Output) -> anyhow::Result<()> {
    let columns = [
        "network",
        "by",
        ">training, images/s",
        ">ratio",
        ">one image, ms",
        ">ratio",
        ">256 images, images/s",
        ">memory",
    ];
    let mut rows = Vec::new();
    for net in nets {
        // Ours against the best of the peers; above 1 is faster.
        let best = |of: fn(&Peer) -> f64, least: bool| {
            let all = net.peers.iter().map(of);
            if least { all.reduce(f64::min) } else { all.reduce(f64::max) }
        };
        let ratio = |r: Option<f64>| r.map_or_else(String::new, |r| format!("{r:.2}"));
        let train = best(|p| p.train_images_per_s, false).map(|p| net.train_images_per_s / p);
        let single = best(|p| p.single_ms, true).map(|p| p / net.single_ms);
        rows.push(vec![
            net.id.clone(),
            "Spikescope".into(),
            format!("{:.0}", net.train_images_per_s),
            ratio(train),
            format!("{:.3}", net.single_ms),
            ratio(single),
            format!("{:.0}", net.batch256_images_per_s),
            String::new(),
        ]);
        for peer in &net.peers {
            rows.push(vec![
                String::new(),
                peer.framework.clone(),
                format!("{:.0}", peer.train_images_per_s),
                String::new(),
                format!("{:.3}", peer.single_ms),
                String::new(),
                format!("{:.0}", peer.batch256_images_per_s),
                memory(Some(peer.peak_mb)),
            ]);
        }
    }
    Ok(table::print(out, "", &columns, rows)?)
}

pub(super) fn memory(mb: Option<f64>) -> String {
    mb.map_or_else(|| "not known here".into(), |mb| format!("{mb:.0} MB"))
}

/// The largest resident memory of this process so far; Linux tells.
pub(super) fn peak_mb() -> Option<f64> {
    let status = crate::core::files::read_kernel("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}

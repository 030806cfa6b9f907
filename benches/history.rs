//! The history of a run: what it costs to pack a snapshot, and a jump to any
//! moment of a 12-epoch CNN 1 run. `SPIKESCOPE_HISTORY=<run folder>` measures a
//! real run of CNN 1 instead of one whose weights drift at random.

use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group};
use spikescope::ann::maps::maps;
use spikescope::ann::network::Network;
use spikescope::ann::snapshots::{Reader, Taken, Writer, folder};
use spikescope::ann::zoo;
use spikescope::core::rng::Rng;
use spikescope::data::{PIXELS, Pixels};

/// Snapshots of a 12-epoch run of CNN 1 on MNIST at the usual cadence.
const SNAPSHOTS: u64 = 183;

fn lengths(network: &Network) -> Vec<usize> {
    network.parameters().iter().map(|p| p.values.len()).collect()
}

/// Weights that move as trained ones do: each by a small part of its size.
fn drift(weights: &mut [f32], rng: &mut Rng) {
    weights.iter_mut().for_each(|w| *w += 0.01 * (*w + 0.01) * rng.normal());
}

fn taken(step: u64, before: Vec<f32>, now: Vec<f32>) -> Taken {
    Taken { step, loss: 0.1, accuracy: 0.9, now, before: Some(before) }
}

fn made(at: &Path, network: &Network) {
    let mut writer = Writer::open(at.to_path_buf(), lengths(network), 300_000_000, 0)
        .unwrap_or_else(|e| panic!("{e}"));
    let mut rng = Rng::stream(1, "drift", 0);
    let mut now: Vec<f32> = network.values().concat();
    for step in 0..SNAPSHOTS {
        let before = now.clone();
        drift(&mut now, &mut rng);
        writer.append(&taken(step, before, now.clone())).unwrap_or_else(|e| panic!("{e}"));
    }
}

fn history(c: &mut Criterion) {
    let architecture = zoo::get("cnn1").unwrap_or_else(|e| panic!("{e}"));
    let mut network = Network::new(architecture, 1).unwrap_or_else(|e| panic!("{e}"));
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let real = std::env::var_os("SPIKESCOPE_HISTORY").map(PathBuf::from);
    let at = match &real {
        Some(run) => folder(run),
        None => scratch.path().join("made"),
    };
    if real.is_none() {
        made(&at, &network);
    }
    let mut group = c.benchmark_group("history of CNN 1");
    group.sample_size(60).measurement_time(Duration::from_secs(8));
    let picture: Pixels = [0.3; PIXELS];
    let mut rng = Rng::stream(2, "jumps", 0);
    let mut reader = Reader::new(at.clone(), lengths(&network));
    reader.refresh().unwrap_or_else(|e| panic!("{e}"));
    let steps: Vec<u64> = reader.moments().iter().map(|m| m.step).collect();
    // Weights, last update, the network itself, its answer and feature maps.
    group.bench_function(format!("jump to any of {} snapshots", steps.len()), |b| {
        b.iter(|| {
            let step = steps[rng.below(steps.len())];
            let weights = reader.weights(step).unwrap_or_else(|e| panic!("{e}"));
            let update = reader.update(step).unwrap_or_else(|e| panic!("{e}"));
            let mut rest = &weights[..];
            let mut arrays = Vec::new();
            for len in lengths(&network) {
                let (array, after) = rest.split_at(len);
                arrays.push(array.to_vec());
                rest = after;
            }
            network.set_values(&arrays);
            (update, maps(&mut network, &picture))
        });
    });
    group.bench_function("list a run that was never looked at", |b| {
        b.iter(|| {
            let mut reader = Reader::new(at.clone(), lengths(&network));
            reader.refresh().unwrap_or_else(|e| panic!("{e}"));
            reader.moments().len()
        });
    });
    let mut writer = Writer::open(scratch.path().join("new"), lengths(&network), u64::MAX, 0)
        .unwrap_or_else(|e| panic!("{e}"));
    let mut now: Vec<f32> = network.values().concat();
    let mut step = 0;
    group.bench_function("pack and write a snapshot", |b| {
        b.iter_batched(
            || {
                let before = now.clone();
                drift(&mut now, &mut rng);
                step += 1;
                taken(step, before, now.clone())
            },
            |taken| writer.append(&taken).unwrap_or_else(|e| panic!("{e}")),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, history);

fn main() {
    spikescope::ann::prepare();
    benches();
    Criterion::default().configure_from_args().final_summary();
}

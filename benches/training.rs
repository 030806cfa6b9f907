//! Training: our operations against candle's own on the same thread, and what
//! it costs a run to be watched.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use candle_core::{D, Device, Tensor, Var};
use criterion::{Criterion, Throughput, criterion_group};
use spikescope::ann::snapshots::cadence::HistoryConfig;
use spikescope::ann::trainer::{TrainConfig, Trainer};
use spikescope::data::registry::Split;
use spikescope::data::synthetic;
use spikescope::workers::active::ActiveRun;
use spikescope::workers::training::Control;

const BATCH: usize = 32;

fn config(model: &str) -> TrainConfig {
    TrainConfig { model: model.into(), threads: 1, epochs: 10_000, ..TrainConfig::default() }
}

/// One mini-batch of 32: forward, backward, update.
fn steps(c: &mut Criterion) {
    let data = Arc::new(synthetic::generate(1, 4000));
    let mut group = c.benchmark_group("training step, batch 32, one thread");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(20);
    for model in ["mlp", "cnn3"] {
        let mut trainer = Trainer::new(config(model), Arc::clone(&data)).expect("a trainer");
        group.bench_function(model, |b| b.iter(|| trainer.step().expect("a step")));
    }
    let weights = stock_weights();
    let x = Tensor::rand(0f32, 1.0, (BATCH, 1, 28, 28), &Device::Cpu).expect("pictures");
    let y = Tensor::from_vec((0..BATCH as u32).map(|i| i % 10).collect(), BATCH, &Device::Cpu);
    let y = y.expect("labels");
    group.bench_function("cnn3 of candle's own operations, without the update", |b| {
        b.iter(|| stock_step(&weights, &x, &y).expect("a step"));
    });
    group.finish();
}

fn stock_weights() -> Vec<Var> {
    let shapes: [&[usize]; 5] =
        [&[32, 1, 3, 3], &[64, 32, 3, 3], &[128, 64, 5, 5], &[2048, 128], &[128, 10]];
    let weight = |shape: &&[usize]| Var::rand(-0.05f32, 0.05, *shape, &Device::Cpu);
    shapes.iter().map(|s| weight(s).expect("weights")).collect()
}

fn stock_step(w: &[Var], x: &Tensor, y: &Tensor) -> candle_core::Result<()> {
    let x = x.conv2d(&w[0], 0, 1, 1, 1)?.relu()?.conv2d(&w[1], 0, 1, 1, 1)?.relu()?;
    let x = x.max_pool2d(2)?.conv2d(&w[2], 0, 1, 1, 1)?.relu()?.max_pool2d(2)?;
    let x = x.flatten_from(1)?.matmul(&w[3])?.relu()?.matmul(&w[4])?;
    let loss = candle_nn::ops::log_softmax(&x, D::Minus1)?;
    candle_nn::loss::nll(&loss, y)?.backward()?;
    Ok(())
}

/// The same run with nobody looking, while its history is kept (as densely as a
/// run of 12 epochs of MNIST keeps it after the beginning), and with the Train
/// workspace open and the network answering in Draw besides.
fn watching(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (train, test) = (Arc::new(synthetic::generate(1, 6000)), synthetic::generate(2, 500));
    let split = Split { train, test: Arc::new(test) };
    let mut group = c.benchmark_group("a run's step");
    group.sample_size(60).measurement_time(std::time::Duration::from_secs(12));
    for model in ["mlp", "cnn3"] {
        for (name, on, kept) in
            [("alone", false, false), ("recorded", false, true), ("watched", true, true)]
        {
            let history = HistoryConfig { on: kept, every: 245, ..HistoryConfig::default() };
            let config = TrainConfig { history, ..config(model) };
            let mut run = ActiveRun::start(folder.path(), config, split.clone())
                .unwrap_or_else(|e| panic!("{e}"));
            let unseen = Control::default();
            // The beginning is denser than the rest.
            for _ in 0..400 {
                let _ = run.advance(&unseen);
            }
            let control = Control::default();
            control.watched.store(on, Relaxed);
            control.live.store(on, Relaxed);
            group.bench_function(format!("{model}, {name}"), |b| {
                b.iter(|| run.advance(&control).is_ok_and(|done| done.show));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default();
    targets = steps, watching
}

fn main() {
    spikescope::ann::prepare();
    benches();
    Criterion::default().configure_from_args().final_summary();
}

//! What the Receptive fields workspace computes while a digit is being drawn, for
//! each model: every layer's output, and gradient × input for one class; and, for
//! scale, what runs in the background.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use spikescope::ann::inspect::maximise::{Recipe, maximise};
use spikescope::ann::inspect::{Dissection, Unit, attribution, gabor, occlusion};
use spikescope::data::synthetic;

fn live(c: &mut Criterion) {
    let picture = synthetic::digit(7, 8, 3);
    let mut group = c.benchmark_group("inspect");
    for loaded in spikescope::ann::bundled::REPORT.networks() {
        let (network, _) = loaded.expect("bundled weights");
        let id = network.architecture().id;
        let taken = Dissection::new(&network);
        group.bench_function(format!("feature maps, {id}"), |b| {
            b.iter(|| black_box(taken.forward(&picture, 1)));
        });
        group.bench_function(format!("feature maps and gradient × input, {id}"), |b| {
            b.iter(|| {
                let trace = taken.forward(&picture, 1);
                black_box(attribution::of(&taken, &trace, 8))
            });
        });
    }
    group.finish();
}

fn background(c: &mut Criterion) {
    let picture = synthetic::digit(7, 8, 3);
    let mut group = c.benchmark_group("inspect, in the background");
    group.sample_size(10);
    let (network, _) =
        spikescope::ann::bundled::REPORT.networks().swap_remove(3).expect("bundled weights");
    group.bench_function("occlusion, cnn3", |b| {
        b.iter(|| black_box(occlusion::map(&network, &picture, 8, &mut |_, _| true)));
    });
    for (layer, name) in [(3, "a unit of the last convolution"), (8, "a class")] {
        let unit = Unit { layer, y: 0, x: 0, channel: 3 };
        group.bench_function(format!("activation maximisation of {name}, cnn3"), |b| {
            b.iter(|| black_box(maximise(&network, unit, Recipe::default(), &mut |_, _| true)));
        });
    }
    let kernel = &picture[..];
    group.bench_function("a Gabor function for 28×28 weights", |b| {
        b.iter(|| black_box(gabor::fit(kernel, 28, 28)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = live, background
}

fn main() {
    spikescope::ann::prepare();
    benches();
    Criterion::default().configure_from_args().final_summary();
}

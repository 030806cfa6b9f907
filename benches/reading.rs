//! One digit read step by step by each recurrent network: states, gates and the
//! answer after every step. The figures are quoted with the machine they were
//! taken on.

use criterion::{Criterion, criterion_group};
use spikescope::ann::reading::{order, read};
use spikescope::data::synthetic;

fn read_one_digit(c: &mut Criterion) {
    let picture = synthetic::generate(1, 1).pixels(0);
    let mut group = c.benchmark_group("one digit step by step");
    for loaded in spikescope::ann::bundled::REPORT.networks() {
        let (network, _) = loaded.expect("bundled weights");
        if order(&network).is_some() {
            let name = network.architecture().name;
            group.bench_function(name, |b| b.iter(|| read(&network, &picture)));
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(60);
    targets = read_one_digit
}

fn main() {
    spikescope::ann::prepare();
    benches();
    Criterion::default().configure_from_args().final_summary();
}

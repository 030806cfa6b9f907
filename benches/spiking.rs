//! The spiking engine: Diehl and Cook's network by size, and what it costs to
//! be watched.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spikescope::data::synthetic;
use spikescope::snn::cpu::CpuEngine;
use spikescope::snn::diehl_cook::protocol::{Protocol, ProtocolSettings};
use spikescope::snn::diehl_cook::{DiehlCook, EXCITATORY, INHIBITORY, INPUT};
use spikescope::snn::engine::Engine;
use spikescope::snn::network::{ProbeSpec, ProbeWhat};

fn probe(name: &str, what: ProbeWhat) -> ProbeSpec {
    ProbeSpec { name: name.into(), what }
}

/// What the workspace looks at: all spikes, the membranes of ten neurons, rates.
fn probes() -> Vec<ProbeSpec> {
    let spikes = |of: &str| probe(of, ProbeWhat::Spikes { of: of.into() });
    let state = ProbeWhat::State {
        of: EXCITATORY.into(),
        variable: "v".into(),
        neurons: (0..10).collect(),
        replica: 0,
        every_ms: 0.5,
    };
    let rate = ProbeWhat::Rate { of: EXCITATORY.into(), bin_ms: 10.0 };
    vec![
        spikes(INPUT),
        spikes(EXCITATORY),
        spikes(INHIBITORY),
        probe("v", state),
        probe("rate", rate),
    ]
}

/// One image, learning.
fn images(c: &mut Criterion) {
    let data = synthetic::generate(1, 200);
    let mut group = c.benchmark_group("Diehl & Cook, one image, learning, one thread");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    for (neurons, watched) in
        [(100, false), (400, false), (400, true), (1600, false), (6400, false)]
    {
        let network = DiehlCook::of(neurons).spec().build().expect("a network");
        let mut engine = CpuEngine::new(&network, 1);
        if watched {
            engine.set_probes(&probes()).expect("probes");
        }
        let mut protocol = Protocol::new(ProtocolSettings::default(), 1, 0);
        let mut image = |i: u64| Some(data.pixels((i % 200) as usize));
        let name = if watched { ", watched" } else { "" };
        group.bench_function(format!("N = {neurons}{name}"), |b| {
            b.iter(|| {
                protocol.show(&mut engine, &mut image, 1, &mut |_| {}).expect("an image");
                (engine.take_spikes(), engine.take_samples())
            });
        });
    }
    // With a delay, and so a trace, for each synapse.
    let config = DiehlCook { as_published: true, ..DiehlCook::of(400) };
    let mut engine = CpuEngine::new(&config.spec().build().expect("a network"), 1);
    let mut protocol = Protocol::new(ProtocolSettings::default(), 1, 0);
    let mut image = |i: u64| Some(data.pixels((i % 200) as usize));
    group.bench_function("N = 400, as published", |b| {
        b.iter(|| protocol.show(&mut engine, &mut image, 1, &mut |_| {}).expect("an image"));
    });
    group.finish();
}

criterion_group!(benches, images);
criterion_main!(benches);

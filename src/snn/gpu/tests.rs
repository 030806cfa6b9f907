//! The GPU engine against the CPU engine, which is the oracle: the same spikes,
//! states and weights, bit for bit.

use std::sync::{Arc, OnceLock};

use super::*;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::network::{Connect, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values};
use crate::snn::params::Config;

fn gpu() -> Arc<Gpu> {
    static GPU: OnceLock<Arc<Gpu>> = OnceLock::new();
    GPU.get_or_init(|| Gpu::open().expect("these tests need a graphics adapter")).clone()
}

fn spikes(of: &str) -> ProbeWhat {
    ProbeWhat::Spikes { of: of.into() }
}

#[test]
fn one_layer_spikes_as_on_the_cpu() {
    let spec = NetworkSpec::new("one layer", 0.5, 7)
        .input("in", 100, Drive::Poisson((0..100).map(|i| i as f32).collect()))
        .population("out", 300, Config::new("lif"))
        .projection(ProjectionSpec::new(
            "w",
            "in",
            "out",
            "i_syn",
            Connect::Dense,
            Values::Uniform { low: -0.1, high: 0.4 },
        ))
        .probe("in", spikes("in"))
        .probe("out", spikes("out"));
    let network = spec.build().unwrap();
    let mut cpu = CpuEngine::new(&network, 1);
    cpu.run(1000).unwrap();
    let want = cpu.take_spikes().unwrap();
    let out = want.iter().filter(|s| s.source == 0).count();
    assert!(out > 1000, "{out}");
    for dispatch in [Dispatch::Whole, Dispatch::Phases] {
        let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, dispatch).unwrap();
        gpu.run(1000).unwrap();
        let got = gpu.take_spikes().unwrap();
        let first = got.iter().zip(&want).position(|(a, b)| a != b);
        assert_eq!(first.map(|i| (got[i], want[i])), None, "{dispatch:?}");
        assert_eq!(got.len(), want.len());
        assert_eq!(gpu.snapshot().unwrap(), cpu.snapshot().unwrap());
        assert_eq!(gpu.counters(), cpu.counters());
    }
}

//! The models that are not integrated exactly, against their published
//! equations in f64, written out here once more.

use super::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::network::{NetworkSpec, ProbeWhat, Values, Waveform};
use crate::snn::params::Config;

/// Steps of the spikes under a constant current.
fn train(neuron: Config, dt_ms: f64, current: f64, steps: u64) -> Vec<u64> {
    let spec = NetworkSpec::new("one", dt_ms, 1)
        .population("n", 1, neuron)
        .current("i", "n", Waveform::Constant(Values::Same(current)))
        .probe("spikes", ProbeWhat::Spikes { of: "n".into() });
    let mut engine = CpuEngine::new(&spec.build().unwrap(), 1);
    engine.run(steps).unwrap();
    engine.take_spikes().unwrap().iter().map(|s| s.step).collect()
}

/// The same number of spikes, each within a step or two of its time.
fn agree(got: &[u64], want: &[u64]) {
    assert!(want.len() > 5, "{want:?}");
    assert_eq!(got.len(), want.len(), "{got:?}\n{want:?}");
    assert!(got.iter().zip(want).all(|(a, b)| a.abs_diff(*b) <= 2), "{got:?}\n{want:?}");
}

#[test]
fn izhikevich_follows_its_equations_in_regular_spiking_and_in_bursts() {
    let dt = 0.1;
    for (c, d) in [(-65.0, 8.0), (-50.0, 2.0)] {
        let (mut v, mut u, mut want) = (c, -13.0, Vec::new());
        for k in 0..5000 {
            for _ in 0..2 {
                if v < 30.0 {
                    v += 0.5 * dt * (0.04 * v * v + 5.0 * v + 140.0 - u + 10.0);
                }
            }
            u += 0.02 * dt * (0.2 * f64::min(v, 30.0) - u);
            if v >= 30.0 {
                want.push(k);
                (v, u) = (c, u + d);
            }
        }
        let neuron = Config::new("izhikevich").with("c_mv", c).with("d_mv_per_ms", d);
        agree(&train(neuron, dt, 10.0, 5000), &want);
    }
}

#[test]
fn adex_follows_its_equations_and_tires() {
    let dt = 0.05;
    let (mut v, mut w, mut want) = (-70.6, 0.0, Vec::new());
    for k in 0..10_000 {
        let upstroke = 2.0 * f64::exp(f64::min((v + 50.4) / 2.0, 20.0));
        let dv = dt / 281.0 * (30.0 * (upstroke - (v + 70.6)) - w + 1000.0);
        w += dt / 144.0 * (4.0 * (v + 70.6) - w);
        v += dv;
        if v > 20.0 {
            want.push(k);
            (v, w) = (-70.6, w + 80.5);
        }
    }
    let got = train(Config::new("adex"), dt, 1000.0, 10_000);
    agree(&got, &want);
    let intervals: Vec<u64> = got.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(intervals[0] < intervals[4], "{intervals:?}");
}

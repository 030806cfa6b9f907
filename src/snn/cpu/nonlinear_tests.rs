//! The models that are not integrated exactly, against their published
//! equations in f64, written out here once more.

use super::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::models::get;
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
        let neuron = neuron.with("integration", 1.0);
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
    let got = train(Config::new("adex").with("integration", 1.0), dt, 1000.0, 10_000);
    agree(&got, &want);
    let intervals: Vec<u64> = got.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(intervals[0] < intervals[4], "{intervals:?}");
}

/// Both models' equations in f64, for a constant current.
fn slopes(model: &str, current: f64) -> impl Fn([f64; 2]) -> [f64; 2] {
    let adex = model == "adex";
    move |[v, w]| {
        if adex {
            let upstroke = 2.0 * f64::exp((v + 50.4) / 2.0);
            let dv = (30.0 * (upstroke - (v + 70.6)) - w + current) / 281.0;
            [dv, (4.0 * (v + 70.6) - w) / 144.0]
        } else {
            [(0.04 * v + 5.0) * v + 140.0 - w + current, 0.02 * (0.2 * v - w)]
        }
    }
}

/// v after 20 ms by the classical method of Runge and Kutta in steps of 0.01 ms.
fn reference(slope: impl Fn([f64; 2]) -> [f64; 2], mut x: [f64; 2]) -> f64 {
    let h = 0.01;
    let along = |x: [f64; 2], k: [f64; 2], by: f64| [x[0] + by * k[0], x[1] + by * k[1]];
    for _ in 0..2000 {
        let k1 = slope(x);
        let k2 = slope(along(x, k1, 0.5 * h));
        let k3 = slope(along(x, k2, 0.5 * h));
        let k4 = slope(along(x, k3, h));
        x = [0, 1].map(|i| x[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
    }
    x[0]
}

/// v of a neuron after 20 ms.
fn potential(neuron: &Config, dt_ms: f64, current: f64) -> f64 {
    let spec = NetworkSpec::new("one", dt_ms, 1).population("n", 1, neuron.clone()).current(
        "i",
        "n",
        Waveform::Constant(Values::Same(current)),
    );
    let mut engine = CpuEngine::new(&spec.build().unwrap(), 1);
    engine.run((20.0 / dt_ms).round() as u64).unwrap();
    f64::from(engine.snapshot().unwrap().populations[0].own[0])
}

/// Halving dt divides the error by four, or by two with forward Euler.
#[test]
fn below_threshold_the_method_is_of_second_order_and_eulers_of_first() {
    let cases = [
        (Config::new("izhikevich").with("c_mv", -75.0), 3.0, [-75.0, -13.0]),
        (Config::new("adex"), 500.0, [-70.6, 0.0]),
    ];
    for (neuron, current, start) in cases {
        let exact = reference(slopes(&neuron.id, current), start);
        for (method, order) in [(0.0, 2.0), (1.0, 1.0)] {
            let neuron = neuron.clone().with("integration", method);
            let error = |dt_ms| (potential(&neuron, dt_ms, current) - exact).abs();
            for dt_ms in [1.0, 0.5] {
                let found = f64::log2(error(dt_ms) / error(0.5 * dt_ms));
                assert!(
                    (found - order).abs() < 0.25,
                    "{} {method}, dt {dt_ms}: order {found}, errors {} {}",
                    neuron.id,
                    error(dt_ms),
                    error(0.5 * dt_ms)
                );
            }
        }
    }
}

/// Spikes in half a second, by second order and by forward Euler.
fn counts(neuron: &Config, dt_ms: f64, current: f64) -> [usize; 2] {
    let steps = (500.0 / dt_ms).round() as u64;
    [0.0, 1.0].map(|m| train(neuron.clone().with("integration", m), dt_ms, current, steps).len())
}

/// Fast spiking at dt = 1 ms gave 45 spikes where fine steps give 69.
#[test]
fn second_order_counts_the_spikes_that_fine_steps_count() {
    let fast = Config::new("izhikevich").with("a", 0.1).with("d_mv_per_ms", 2.0);
    assert_eq!(counts(&fast, 0.002, 10.0)[0], 69);
    assert_eq!(counts(&fast, 1.0, 10.0)[1], 45);
    assert_eq!(counts(&fast, 0.1, 10.0)[1], 65);
    let chattering = Config::new("izhikevich").with("c_mv", -50.0).with("d_mv_per_ms", 2.0);
    let cases = [
        (fast.clone(), 10.0, [7, 3, 1]),
        (Config::new("izhikevich"), 10.0, [1, 1, 1]),
        (chattering, 10.0, [5, 2, 1]),
        (Config::new("adex"), 1000.0, [1, 1, 1]),
        (Config::new("adex"), 3000.0, [1, 1, 1]),
        (fast.with("t_ref_ms", 2.0), 10.0, [5, 2, 1]),
    ];
    for (neuron, current, allowed) in cases {
        let fine = counts(&neuron, 0.005, current)[0];
        for (dt_ms, allowed) in [1.0, 0.5, 0.1].into_iter().zip(allowed) {
            let [second, euler] = counts(&neuron, dt_ms, current);
            let what = format!("{neuron:?}, dt {dt_ms}: {second} and {euler}, fine {fine}");
            assert!(second.abs_diff(fine) <= allowed, "{what}");
            assert!(second.abs_diff(fine) <= euler.abs_diff(fine), "{what}");
        }
    }
}

/// Extreme values of every parameter, large currents, any dt: nothing is lost to
/// infinity, and nothing spikes within the refractory period.
#[test]
fn second_order_stays_finite_at_the_ends_of_every_parameters_range() {
    for id in ["izhikevich", "adex"] {
        let model = get("test", id).unwrap();
        for p in model.params.iter().filter(|p| p.choices.is_empty()) {
            for value in [p.range.0, p.range.1] {
                for (dt_ms, current) in [(0.1, 20.0), (1.0, -200.0), (1.0, 2000.0)] {
                    let neuron = Config::new(id).with(p.name, value);
                    let spec = NetworkSpec::new("one", dt_ms, 1)
                        .population("n", 1, neuron)
                        .current("i", "n", Waveform::Constant(Values::Same(current)));
                    let mut engine = CpuEngine::new(&spec.build().unwrap(), 1);
                    engine.run(2000).unwrap();
                    let own = &engine.snapshot().unwrap().populations[0].own;
                    let what = format!("{id}, {} = {value}, dt {dt_ms}, I {current}", p.name);
                    assert!(own.iter().all(|x| x.is_finite()), "{what}: {own:?}");
                }
            }
        }
    }
}

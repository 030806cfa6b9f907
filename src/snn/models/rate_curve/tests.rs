use super::*;
use crate::core::rng::Rng;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::models::{self, NeuronModel};
use crate::snn::network::{NetworkSpec, ProbeWhat, Waveform};
use crate::snn::params::Config;

fn defaults(model: &NeuronModel) -> Vec<f64> {
    model.params.iter().map(|p| p.default).collect()
}

#[test]
fn every_neuron_has_a_curve_that_begins_at_its_rheobase_and_rises() {
    for model in MODELS {
        let Some(curve) = find(model.id) else {
            assert!(["max_gate", "lif_soft_max"].contains(&model.id), "{} has no curve", model.id);
            continue;
        };
        let values = defaults(model);
        let rheobase = (curve.rheobase)(&values);
        let (from, to) = span(curve, &values);
        assert!(from < to && rheobase < to, "{}", model.id);
        let scale = (to - from).abs();
        let rate = |current| (curve.rate_hz)(&values, 0.1, current);
        assert_eq!(rate(rheobase - 0.02 * scale), 0.0, "{}", model.id);
        let steps: Vec<f64> =
            (1..=4).map(|k| rate(rheobase + (to - rheobase) * 0.25 * f64::from(k))).collect();
        assert!(steps[0] > 0.0, "{} {steps:?}", model.id);
        assert!(steps.windows(2).all(|p| p[1] >= p[0]), "{} {steps:?}", model.id);
    }
}

/// Brette and Gerstner (2005) give a rheobase of 0.5 nA and more for a step
/// of current; the bifurcation of the resting state lies somewhat higher.
#[test]
fn the_rheobase_of_adex_is_where_firing_begins() {
    let model = models::get("test", "adex").unwrap();
    let values = defaults(model);
    let curve = find("adex").unwrap();
    let at = (curve.rheobase)(&values);
    assert!((400.0..900.0).contains(&at), "{at}");
    assert_eq!((curve.rate_hz)(&values, 0.1, at * 0.9), 0.0);
    assert!((curve.rate_hz)(&values, 0.1, at * 1.05) > 0.0);
}

/// Izhikevich's equations in steps of 0.01 ms from (v, u): how many spikes come
/// within so many ms.
fn izhikevich_spikes([a, b, c, d]: [f64; 4], current: f64, start: [f64; 2], ms: f64) -> usize {
    const H: f64 = 0.01;
    let slope = |[v, u]: [f64; 2]| [(0.04 * v + 5.0) * v + 140.0 - u + current, a * (b * v - u)];
    let (mut x, mut spikes) = (start, 0);
    for _ in 0..(ms / H) as usize {
        let first = slope(x);
        let mid = slope([0, 1].map(|i| x[i] + 0.5 * H * first[i]));
        x = [0, 1].map(|i| x[i] + H * mid[i]);
        if x[0] >= 30.0 {
            x = [c, x[1] + d];
            spikes += 1;
        }
    }
    spikes
}

fn izhikevich_with([a, b, c, d]: [f64; 4]) -> (f64, Onset) {
    let model = models::get("test", "izhikevich").unwrap();
    let config = Config::new("izhikevich");
    let config = config.with("a", a).with("b", b).with("c_mv", c).with("d_mv_per_ms", d);
    let values = config.resolve("test", model.params).unwrap();
    let curve = find("izhikevich").unwrap();
    ((curve.rheobase)(&values), (curve.onset)(&values))
}

/// It was given as that of the saddle-node, 4.00 and 0.42.
#[test]
fn rest_of_izhikevichs_neuron_ends_at_the_hopf_bifurcation_where_that_comes_first() {
    for (a, b, current, onset) in [
        (0.02, 0.2, 3.7975, Onset::Hopf),
        (0.1, 0.26, 0.2625, Onset::Hopf),
        (0.02, 0.25, 0.685, Onset::Hopf),
        (0.3, 0.2, 4.0, Onset::SaddleNode),
        (0.02, -0.1, 22.5625, Onset::SaddleNode),
    ] {
        let (at, how) = izhikevich_with([a, b, -65.0, 8.0]);
        assert!((at - current).abs() < 1e-9 && how == onset, "a {a}, b {b}: {at}, {how:?}");
    }
}

/// From the resting point, disturbed by 0.01 mV: the disturbance dies out below
/// the rheobase and ends in spikes above. 0.02 on either side is near enough to
/// tell the two bifurcations apart, and far enough for a disturbance to grow or
/// fade within the time given.
#[test]
fn rest_is_stable_up_to_the_rheobase_and_no_further() {
    let mut rng = Rng::stream(1, "rheobase", 0);
    for k in 0..8 {
        let a = f64::from(rng.range(0.02, 0.12));
        let b = f64::from(rng.range(0.06, 0.3));
        let shape = [a, b, -65.0, 8.0];
        let (at, how) = izhikevich_with(shape);
        let spikes = |current: f64| {
            // The lower resting point, or where it was.
            let root = ((5.0 - b).powi(2) - 0.16 * (140.0 + current)).max(0.0).sqrt();
            let v = (b - 5.0 - root) / 0.08;
            izhikevich_spikes(shape, current, [v + 0.01, b * v], 4000.0)
        };
        let (below, above) = (spikes(at - 0.02), spikes(at + 0.02));
        assert!(below == 0 && above > 0, "{k}: a {a}, b {b}, {at} {how:?}: {below}, {above}");
    }
}

/// The Hopf bifurcation is subcritical: firing that has begun goes on a little
/// below 3.7975, which is where a neuron set going by its reset is found to fire.
#[test]
fn regular_spiking_goes_on_to_just_below_the_rheobase() {
    let spikes =
        |current| izhikevich_spikes([0.02, 0.2, -65.0, 8.0], current, [-65.0, -13.0], 5000.0);
    // One spike on the way to rest, from where it was set going.
    assert!(spikes(3.75) <= 1, "{}", spikes(3.75));
    assert!(spikes(3.79) > 10 && spikes(3.85) > 10);
}

/// The steps between the last two spikes of a neuron under a constant current.
fn interval(config: &Config, dt_ms: f64, current: f64) -> Option<u64> {
    let spec = NetworkSpec::new("one", dt_ms, 1)
        .population("n", 1, config.clone())
        .current("i", "n", Waveform::Constant(crate::snn::network::Values::Same(current)))
        .probe("spikes", ProbeWhat::Spikes { of: "n".into() });
    let mut engine = CpuEngine::new(&spec.build().unwrap(), 1);
    engine.run((400.0 / dt_ms) as u64).unwrap();
    let spikes = engine.take_spikes().unwrap();
    let [.., a, b] = &spikes[..] else { return None };
    Some(b.step - a.step)
}

/// What Brian2 measured, for both methods and all currents.
#[test]
fn intervals_in_whole_steps_are_those_of_the_golden_traces() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/2_lif_fI_curve.json");
    let golden: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let model = models::get("test", "lif").unwrap();
    let stepwise = find("lif").unwrap().stepwise_hz.unwrap();
    let mut compared = 0;
    for (method, run) in [(0.0, "exact"), (1.0, "euler")] {
        let values = Config::new("lif").with("integration", method);
        let values = values.resolve("test", model.params).unwrap();
        let isi = golden["runs"][run]["mean_isi_ms"].as_array().unwrap();
        for (current, isi) in golden["I_nA"].as_array().unwrap().iter().zip(isi) {
            let current = current.as_f64().unwrap();
            let rate = stepwise(&values, 0.1, current);
            match isi.as_f64() {
                Some(isi) => {
                    compared += 1;
                    assert!((1000.0 / rate - isi).abs() < 1e-4, "{run}, {current} nA: {rate}");
                }
                None => assert!(rate < 2.0, "{run}, {current} nA: {rate}"),
            }
        }
    }
    assert!(compared > 20);
}

/// Formula and simulation, to the step, over dt, t_ref (also such as are no whole
/// number of steps), methods and currents.
#[test]
fn intervals_in_whole_steps_are_those_of_the_simulation() {
    let mut rng = Rng::stream(2, "intervals", 0);
    for model in MODELS {
        let Some(curve) = &model.rate_curve else { continue };
        let Some(stepwise) = curve.stepwise_hz else { continue };
        for k in 0..60 {
            let dt_ms = [0.1, 0.25, 0.5, 1.0][k % 4];
            let mut config =
                Config::new(model.id).with("t_ref_ms", [0.0, 0.3, 1.0, 2.05, 7.3][k % 5]);
            if !model.methods().is_empty() {
                config = config.with("integration", (k % model.methods().len()) as f64);
            }
            if model.params.iter().any(|p| p.name == "adapt") {
                config = config.with("adapt", 0.0);
            }
            let values = config.resolve("test", model.params).unwrap();
            let current = (curve.rheobase)(&values) * f64::from(rng.range(1.02, 6.0));
            let steps = 1000.0 / (stepwise(&values, dt_ms, current) * dt_ms);
            let Some(found) = interval(&config, dt_ms, current) else { continue };
            // Within rounding of a whole number of steps, f32 decides.
            let near = |by: f64| {
                let moved = stepwise(&values, dt_ms, current * (1.0 + by));
                (1000.0 / (moved * dt_ms)).round() as u64
            };
            let allowed = near(1e-5).min(near(-1e-5))..=near(1e-5).max(near(-1e-5));
            let exact = steps.round() as u64 == found;
            assert!(
                exact || allowed.contains(&found),
                "{} {config:?} dt {dt_ms}: {found}, not {steps}",
                model.id
            );
        }
    }
}

/// t_ref is held: the curve's rate is that of the whole steps which the simulation
/// holds, whatever the model.
#[test]
fn the_shortest_interval_is_t_ref_in_whole_steps() {
    for model in MODELS {
        let Some(curve) = &model.rate_curve else { continue };
        for (dt_ms, t_ref, steps) in [
            (0.1, 2.0, 20),
            (0.1, 2.05, 21),
            (0.5, 2.0, 4),
            (0.5, 2.2, 5),
            (1.0, 0.3, 1),
            (1.0, 5.0, 5),
        ] {
            let strong = if model.id == "if" { 1e3 } else { 1e6 };
            for method in 0..model.methods().len().max(1) {
                let mut config = Config::new(model.id).with("t_ref_ms", t_ref);
                if !model.methods().is_empty() {
                    config = config.with("integration", method as f64);
                }
                let what = format!("{} {config:?}, dt {dt_ms}", model.id);
                assert_eq!(interval(&config, dt_ms, strong), Some(steps), "{what}");
                let values = config.resolve("test", model.params).unwrap();
                let limit = 1000.0 / (steps as f64 * dt_ms);
                if curve.closed {
                    let rate = (curve.rate_hz)(&values, dt_ms, strong);
                    assert!((rate / limit - 1.0).abs() < 0.01, "{what}: {rate}");
                }
                if let Some(stepwise) = curve.stepwise_hz {
                    assert!(
                        (stepwise(&values, dt_ms, strong) / limit - 1.0).abs() < 1e-9,
                        "{what}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_refractory_period_bounds_the_rate() {
    let model = models::get("test", "lif").unwrap();
    let mut values = defaults(model);
    let at = model.params.iter().position(|p| p.name == "t_ref_ms").unwrap();
    values[at] = 5.0;
    let rate = (find("lif").unwrap().rate_hz)(&values, 0.1, 1e6);
    assert!((rate - 200.0).abs() < 0.1, "{rate}");
}

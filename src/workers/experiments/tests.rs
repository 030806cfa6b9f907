use super::codes::CodesTask;
use super::*;
use crate::snn::codes::{CODES, Settings};
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::models::MODELS;
use crate::snn::network::Network;
use crate::snn::params::Config;

fn cpu(network: Network) -> Result<Box<dyn Engine>, SnnError> {
    Ok(Box::new(CpuEngine::new(&network, 1)))
}

/// The f–I curve of every model, measured, is that of its equations.
#[test]
fn every_model_fires_as_its_equations_say() {
    // The gate of max-pooling is no neuron and has no curve.
    for model in MODELS.iter().filter(|m| m.id != "max_gate") {
        let mut config = Config::new(model.id);
        if model.params.iter().any(|p| p.name == "adapt") {
            config = config.with("adapt", 0.0);
        }
        let values: Vec<f64> = config.resolve("test", model.params).unwrap();
        let curve = crate::snn::rate_curve::find(model.id).unwrap();
        let (from, to) = crate::snn::rate_curve::span(curve, &values);
        let currents: Vec<f64> = (0..9).map(|i| from + (to - from) * f64::from(i) / 8.0).collect();
        let task = CurveTask { model: config, dt_ms: 0.05, currents };
        let mut last = CurveResult::default();
        let mut told = 0;
        curve::measure(&task, cpu, &mut |result| {
            told += 1;
            last = result;
            true
        })
        .unwrap();
        assert!(told > 10, "it is to be seen while it is measured");
        assert!((last.done_ms - last.whole_ms).abs() < 1e-6);
        let margin = 0.06 * (to - from);
        for [current, rate] in &last.measured {
            if (current - last.rheobase).abs() < margin {
                continue;
            }
            let expected = (curve.rate_hz)(&values, task.dt_ms, *current);
            // An interval is a whole number of steps; the method errs besides.
            let step = expected * expected * task.dt_ms / 1000.0;
            let method = if curve.closed { 0.005 } else { 0.01 };
            let allowed = step + method * expected + 0.6;
            assert!(
                (rate - expected).abs() <= allowed,
                "{} at {current}: {rate} Hz, expected {expected}",
                model.id
            );
        }
    }
}

/// Izhikevich's fast spiking neuron at dt = 1 ms: forward Euler, the only method
/// there was, is far from the equations, and is shown beside the other.
#[test]
fn the_curve_shows_what_each_method_of_integration_costs() {
    let fast = Config::new("izhikevich").with("a", 0.1).with("d_mv_per_ms", 2.0);
    let currents = vec![6.0, 10.0, 14.0];
    let measured = |method: f64| {
        let model = fast.clone().with("integration", method);
        let task = CurveTask { model, dt_ms: 1.0, currents: currents.clone() };
        let mut last = CurveResult::default();
        curve::measure(&task, cpu, &mut |result| {
            last = result;
            true
        })
        .unwrap();
        last
    };
    let (second, euler) = (measured(0.0), measured(1.0));
    assert_eq!(second.others.len(), 1);
    assert_eq!(second.others[0].0, "forward Euler (as published)");
    assert_eq!(euler.others[0].0, "second order");
    // The same curves, whichever is in front.
    assert_eq!(second.others[0].1, euler.measured);
    assert_eq!(euler.others[0].1, second.measured);
    for i in 0..currents.len() {
        let [fine, near, far] =
            [&second.expected, &second.measured, &euler.measured].map(|c| c[i][1]);
        assert!((near - fine).abs() < 0.12 * fine, "{near} and {fine}");
        assert!((far - fine).abs() > 0.15 * fine, "{far} and {fine}");
    }
    assert_eq!(second.onset, Some(crate::snn::rate_curve::Onset::Hopf));
}

fn unit(products: &[(f32, f32)], v_th: f32, passes: usize) -> UnitResult {
    let task = UnitTask { products: products.to_vec(), v_th, reset_to_zero: false, passes };
    unit::run(&task, cpu).unwrap()
}

/// Subtraction loses nothing: what went in is what was fired and what is left.
#[test]
fn the_spikes_of_eq_1_count_the_sum() {
    let products = [(0.9, 0.8), (0.6, -0.5), (1.0, 0.7), (0.3, 0.9), (0.8, 0.4)];
    let result = unit(&products, 0.5, 20);
    let total = 20.0 * result.sum;
    let counted = result.spikes as f64 * 0.5 + f64::from(result.left);
    assert!((total - counted).abs() < 1e-4, "{total} {counted}");
    assert!((result.sum - 1.71).abs() < 1e-6);
    assert_eq!(result.steps.len(), 100);
    assert_eq!(result.steps.iter().filter(|s| s.spike).count() as u64, result.spikes);
    // The first steps, by hand: 0.72 fires; 0.22 − 0.3 = −0.08; 0.62 fires.
    let by_hand = [(0.0, 0.72, true), (0.22, -0.08, false), (-0.08, 0.62, true)];
    for (step, (before, charged, spike)) in result.steps.iter().zip(by_hand) {
        assert!((step.before - before).abs() < 1e-6 && (step.charged - charged).abs() < 1e-6);
        assert_eq!(step.spike, spike);
    }
}

/// The sweep is a ReLU up to one spike per step, and stands still above.
#[test]
fn the_rate_is_a_relu_that_saturates() {
    for v_th in [0.5, 1.0] {
        for point in unit(&[(1.0, 1.0)], v_th, 1).sweep {
            let expected = point.input.clamp(0.0, 1.0);
            assert!((point.rate - expected).abs() <= 1.0 / 200.0 + 1e-9, "{point:?}");
        }
    }
}

#[test]
fn a_negative_sum_gives_no_spike_for_long_and_no_inputs_give_nothing() {
    let result = unit(&[(1.0, -0.5), (1.0, 0.2)], 0.5, 20);
    assert_eq!(result.spikes, 0);
    assert!(result.left < -5.9);
    assert_eq!(unit(&[], 1.0, 3).steps, []);
}

#[test]
fn a_picture_goes_through_every_code() {
    let mut pixels = Box::new([0.0; crate::data::PIXELS]);
    pixels.iter_mut().enumerate().for_each(|(i, p)| *p = (i % 28) as f32 / 27.0);
    let task = |jitter_ms| CodesTask {
        intensity: 0.5,
        jitter_ms,
        settings: Settings::default(),
        pixels: pixels.clone(),
        seed: 3,
    };
    let run = |jitter_ms| codes::run(&task(jitter_ms), &|| true).unwrap();
    let (still, moved) = (run(0.0), run(4.0));
    assert!(codes::run(&task(0.0), &|| false).is_none());
    assert_eq!(still.codes.len(), CODES.len());
    // Jitter: nothing for the rate, something for the time, most for the burst.
    let worse = |i: usize| moved.codes[i].picture_error - still.codes[i].picture_error;
    assert_eq!(worse(0), 0.0);
    assert!(worse(1) > 0.01 && worse(2) > 2.0 * worse(1), "{} {}", worse(1), worse(2));
    for code in &moved.codes {
        assert_eq!(code.curve.len(), 17);
        assert!(code.trials.iter().all(|(sent, arrived, _)| sent.len() == arrived.len()));
    }
}

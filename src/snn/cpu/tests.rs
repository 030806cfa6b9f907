//! The engine against formulas, against itself in other circumstances, and
//! over all entries of the registries.

use proptest::prelude::*;

use super::*;
use crate::snn::engine::{Engine, Spike};
use crate::snn::models::MODELS;
use crate::snn::network::{
    Connect, ConvolutionShape, DelaySpec, Drive, NetworkSpec, ProbeWhat, ProjectionSpec,
};
use crate::snn::params::Config;
use crate::snn::plasticity::{BoundKind, Bounds, RULES};

fn spikes(of: &str) -> ProbeWhat {
    ProbeWhat::Spikes { of: of.into() }
}

fn state(of: &str, variable: &str) -> ProbeWhat {
    let (of, variable) = (of.into(), variable.into());
    ProbeWhat::State { of, variable, neurons: Vec::new(), replica: 0, every_ms: 0.0 }
}

fn start(spec: &NetworkSpec) -> CpuEngine {
    CpuEngine::new(&spec.build().unwrap(), 1)
}

fn lif() -> Config {
    Config::new("lif")
}

/// Steps of the spikes of neuron 0 under a constant current.
fn train(neuron: Config, dt_ms: f64, current: f64, steps: u64) -> Vec<u64> {
    let spec = NetworkSpec::new("one", dt_ms, 1)
        .population("n", 1, neuron)
        .current("i", "n", Waveform::Constant(Values::Same(current)))
        .probe("spikes", spikes("n"));
    let mut engine = start(&spec);
    engine.run(steps).unwrap();
    engine.take_spikes().unwrap().iter().map(|s| s.step).collect()
}

/// Every rule, every kind of bounds, with and without normalisation, weights that all
/// begin within: after every step they still lie within.
#[test]
fn weights_lie_within_their_bounds_after_every_step() {
    for rule in RULES {
        for kind in [BoundKind::Hard, BoundKind::Soft] {
            for (min, max, sum) in [
                (0.0, 1.0, None),
                (0.0, 1.0, Some(14.0)),
                (-0.5, 0.25, Some(6.0)),
                (0.2, 0.4, Some(1.0)),
            ] {
                let mut engine = strongly_learning(rule, Bounds { kind, min, max }, sum);
                for step in 0..400 {
                    engine.run(1).unwrap();
                    if step % 7 == 0 {
                        engine.normalise(0).unwrap();
                    }
                    let outside = |w: &&f32| !(min..=max).contains(*w);
                    let found = engine.weights_here(0).unwrap().iter().find(outside);
                    assert_eq!(found, None, "{} {kind:?} {min} {max} {sum:?} {step}", rule.id);
                }
                assert!(engine.counters().spikes > 10, "{}", rule.id);
            }
        }
    }
}

/// Twenty inputs onto four neurons that are driven to spike, at the largest rates that
/// the rule allows.
fn strongly_learning(
    rule: &crate::snn::plasticity::PlasticityRule,
    bounds: Bounds,
    sum: Option<f64>,
) -> CpuEngine {
    let strongest = rule.params.iter().fold(Config::new(rule.id), |config, p| {
        let rate = ["a_", "nu_", "eta"].iter().any(|begin| p.name.starts_with(begin));
        let value = if p.default < 0.0 { p.range.0 } else { p.range.1 };
        if rate { config.with(p.name, value) } else { config }
    });
    let (low, high) = (f64::from(bounds.min), f64::from(bounds.max));
    let mut synapses = ProjectionSpec::new(
        "w",
        "in",
        "out",
        "i_syn",
        Connect::Dense,
        Values::Uniform { low, high },
    )
    .learning(strongest, bounds);
    if let Some(sum) = sum {
        synapses = synapses.normalised(sum);
    }
    let spec = NetworkSpec::new("bounds", 0.5, 3)
        .input("in", 20, Drive::Poisson(vec![80.0; 20]))
        .input("drive", 4, Drive::Poisson(vec![60.0; 4]))
        .population("out", 4, Config::new("lif"))
        .projection(synapses)
        .projection(ProjectionSpec::new(
            "drive",
            "drive",
            "out",
            "i_syn",
            Connect::OneToOne,
            Values::Same(20.0),
        ));
    CpuEngine::new(&spec.build().unwrap(), 1)
}

#[test]
fn lif_fires_at_the_intervals_of_its_formula() {
    // ISI = t_ref + τ ln((v∞ − v_reset)/(v∞ − v_th)), rounded up to steps.
    for (dt_ms, current) in [(0.1, 2.3), (0.1, 4.0), (0.025, 3.1), (0.5, 2.5)] {
        let v_end = -70.0 + 10.0 * current;
        let after_rest = 20.0 * f64::ln((v_end + 65.0) / (v_end + 50.0));
        // The last step of rest integrates already: it may not spike before.
        let expected = 2.0 - dt_ms + (after_rest / dt_ms).ceil() * dt_ms;
        let spikes = train(lif(), dt_ms, current, 20_000);
        assert!(spikes.len() > 10);
        for pair in spikes.windows(2) {
            let isi = (pair[1] - pair[0]) as f64 * dt_ms;
            assert!((isi - expected).abs() < 1e-6, "{current} nA: {isi}, not {expected}");
        }
    }
}

#[test]
fn the_rate_follows_the_analytic_f_i_curve_and_stays_below_one_per_refractory_period() {
    let dt_ms = 0.05;
    for current in [1.9, 2.1, 2.5, 4.0, 8.0, 1000.0] {
        let v_end = -70.0 + 10.0 * current;
        let rate_hz = if v_end <= -50.0 {
            0.0
        } else {
            1000.0 / (2.0 + 20.0 * f64::ln((v_end + 65.0) / (v_end + 50.0)))
        };
        let spikes = train(lif(), dt_ms, current, 40_000).len() as f64 / 2.0;
        assert!(
            (spikes - rate_hz).abs() <= 0.5 + 0.015 * rate_hz,
            "{current} nA: {spikes} Hz, not {rate_hz}"
        );
        assert!(spikes <= 500.0);
    }
}

#[test]
fn a_postsynaptic_potential_has_the_shape_of_its_formula() {
    // v(t) = w R τ_s/(τ_s − τ_m) (e^(−t/τ_s) − e^(−t/τ_m)), exact at any dt.
    for (dt_ms, tau_syn) in [(0.1, 5.0), (1.0, 5.0), (0.5, 20.0), (0.5, 20.000_01)] {
        let spec = NetworkSpec::new("psp", dt_ms, 1)
            .input("in", 1, Drive::Listed(vec![(0, 3.0)]))
            .population("n", 1, lif().with("tau_syn_ms", tau_syn))
            .projection(ProjectionSpec::new(
                "w",
                "in",
                "n",
                "i_syn",
                Connect::Dense,
                Values::Same(0.7),
            ))
            .probe("v", state("n", "v"));
        let mut engine = start(&spec);
        engine.run((60.0 / dt_ms) as u64).unwrap();
        let v = &engine.take_samples().unwrap()[0].values;
        // The spike of step k acts from step k + 1 on.
        let arrival = (3.0 / dt_ms) as usize + 1;
        for (k, v) in v.iter().enumerate() {
            let t = (k as f64 - arrival as f64) * dt_ms;
            let shape = if t <= 0.0 {
                0.0
            } else if (tau_syn - 20.0).abs() < 1e-9 {
                t / 20.0 * (-t / 20.0).exp()
            } else {
                tau_syn / (tau_syn - 20.0) * ((-t / tau_syn).exp() - (-t / 20.0).exp())
            };
            let expected = -70.0 + 0.7 * 10.0 * shape;
            // Half a unit in the last place of 70 mV per step, forgotten with
            // τₘ: at most 200 of them are felt.
            assert!((f64::from(*v) - expected).abs() < 8e-4, "{t} ms: {v}, not {expected}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn integrate_and_fire_counts_are_the_floor_of_the_summed_input(
        // Sixteenths and a power of two add up without rounding.
        inputs in prop::collection::vec(0u32..=16, 1..20),
        threshold_log in 0i32..3,
    ) {
        let v_th = f64::from(threshold_log).exp2();
        let currents: Vec<f32> = inputs.iter().map(|x| *x as f32 / 16.0).collect();
        let spec = NetworkSpec::new("relu", 1.0, 1)
            .population("n", inputs.len(), Config::new("if").with("v_th", v_th))
            .current("i", "n", Waveform::Constant(Values::Each(currents)));
        let mut engine = start(&spec);
        engine.run(100).unwrap();
        for (count, x) in engine.counts(0, 0).unwrap().iter().zip(&inputs) {
            let sum = 100.0 * f64::from(*x) / 16.0;
            prop_assert_eq!(*count, (sum / v_th).floor() as u32);
        }
    }

    #[test]
    fn weighted_spikes_are_counted_as_the_floor_of_their_sum(
        weights in prop::collection::vec(-8i32..=8, 5),
        rates in prop::collection::vec(0f32..400.0, 5),
    ) {
        let w: Vec<f32> = weights.iter().map(|w| *w as f32 / 32.0).collect();
        let spec = NetworkSpec::new("eq1", 1.0, 7)
            .input("x", 5, Drive::Poisson(rates))
            .population("n", 1, Config::new("if").with("v_th", 1.0))
            .projection(ProjectionSpec::new("w", "x", "n", "v", Connect::Dense, Values::Each(w)))
            .probe("x", spikes("x"));
        let mut engine = start(&spec);
        engine.run(400).unwrap();
        // Long enough without input to spend what has been summed up.
        engine.set_rates(0, 0, &[0.0; 5]).unwrap();
        engine.run(600).unwrap();
        let (mut v, mut count) = (0, 0);
        let spikes = engine.take_spikes().unwrap();
        for k in 0..1000 {
            if v >= 32 {
                (v, count) = (v - 32, count + 1);
            }
            v += spikes.iter().filter(|s| s.step == k).map(|s| weights[s.neuron as usize]).sum::<i32>();
        }
        prop_assert_eq!(engine.counts(0, 0).unwrap(), vec![count]);
    }

    #[test]
    fn normalised_weights_sum_to_their_target(seed: u64, n in 1usize..40, target in 0.1f64..100.0) {
        let spec = NetworkSpec::new("norm", 0.5, seed)
            .input("x", 30, Drive::Silent)
            .population("n", n, lif())
            .projection(
                ProjectionSpec::new("w", "x", "n", "v", Connect::Dense, Values::Uniform { low: 0.0, high: 1.0 })
                    .normalised(target),
            );
        let mut engine = start(&spec);
        engine.normalise(0).unwrap();
        let w = engine.weights(0).unwrap();
        for j in 0..n {
            let sum: f64 = (0..30).map(|i| f64::from(w[i * n + j])).sum();
            prop_assert!((sum / target - 1.0).abs() < 1e-5, "{sum}");
        }
        // Nothing has changed since, so nothing is touched.
        engine.normalise(0).unwrap();
        prop_assert_eq!(engine.weights(0).unwrap(), w);
    }
}

/// A network with everything: every kind of connection, delays, plasticity.
fn everything(model: &str, rule: &str, replicas: usize) -> NetworkSpec {
    let m = MODELS.iter().find(|m| m.id == model).unwrap();
    let onto = m.state.iter().rev().find(|s| s.input && s.name != "gi").unwrap().name;
    // Strong enough for spikes, whatever the unit.
    let strong = match model {
        "adex" => 900.0,
        "if" => 0.3,
        _ => 2.0,
    };
    let rates = (0..40).map(|i| 5.0 * i as f32).collect();
    let uniform = |scale: f64| Values::Uniform { low: 0.0, high: scale * strong };
    let bounds = Bounds { kind: BoundKind::Hard, min: 0.0, max: 2.0 * strong as f32 };
    let scaled = RULES.iter().find(|r| r.id == rule).unwrap();
    let mut learn = Config::new(rule);
    if let Some(rate) = scaled.params.iter().find(|p| p.name == "a_plus" || p.name == "eta") {
        learn = learn.with(rate.name, 0.02);
    }
    let shape =
        ConvolutionShape { input: [1, 5, 8], channels: 2, kernel: [3, 3], stride: 2, padding: 1 };
    let projection = |name: &str, from: &str, to: &str, connect, weights| {
        ProjectionSpec::new(name, from, to, onto, connect, weights)
    };
    let mut spec = NetworkSpec::new("everything", 0.5, 11)
        .input("x", 40, Drive::Poisson(rates))
        .population("a", 24, Config::new(model))
        .population("b", 24, Config::new(model).with("t_ref_ms", 3.0))
        .current(
            "push",
            "a",
            Waveform::Sine { mean: 0.3 * strong, amplitude: 0.2 * strong, frequency_hz: 5.0 },
        )
        .projection(
            projection("dense", "x", "a", Connect::Dense, uniform(1.0))
                .learning(learn.clone(), bounds)
                .normalised(15.0 * strong),
        )
        .projection(
            projection("namesakes", "a", "b", Connect::OneToOne, uniform(4.0))
                .learning(learn.clone(), bounds),
        )
        .projection(projection(
            "others",
            "b",
            "a",
            Connect::AllButSelf,
            Values::Same(-0.02 * strong),
        ))
        .projection(
            projection("random", "a", "b", Connect::Random { probability: 0.2 }, uniform(0.5))
                .delayed(DelaySpec::Each(Values::Uniform { low: 0.0, high: 8.0 }))
                .learning(learn, bounds),
        )
        .projection(
            projection("picture", "x", "b", Connect::Convolution(shape), uniform(0.5))
                .delayed(DelaySpec::Ms(2.0)),
        );
    spec.replicas = replicas;
    spec
}

fn watched(spec: NetworkSpec) -> NetworkSpec {
    spec.probe("x", spikes("x")).probe("a", spikes("a")).probe("b", spikes("b"))
}

/// What a run leaves behind: spikes and state.
fn outcome(
    mut engine: CpuEngine,
    portions: &[u64],
) -> (Vec<Spike>, crate::snn::engine::EngineState) {
    for n in portions {
        engine.run(*n).unwrap();
    }
    (engine.take_spikes().unwrap(), engine.snapshot().unwrap())
}

fn all_pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODELS.iter().flat_map(|m| RULES.iter().map(|r| (m.id, r.id)))
}

#[test]
fn every_model_and_rule_gives_the_same_run_on_every_instruction_set_and_in_portions() {
    for (model, rule) in all_pairs() {
        let network = watched(everything(model, rule, 2)).build().unwrap();
        let expected = outcome(CpuEngine::with_isa(&network, 1, Isa::PORTABLE), &[600]);
        let fired = expected.0.iter().filter(|s| s.source < 2).count();
        assert!(fired > 20, "{model}, {rule}: {fired} spikes");
        let learnt = expected.1.projections.iter().zip(&network.projections);
        let changed = learnt.filter(|(a, b)| a.weights != b.weights).count();
        assert_eq!(changed, 3, "{model}, {rule}: projections that learnt");
        for isa in Isa::available() {
            let got = outcome(CpuEngine::with_isa(&network, 3, isa), &[1, 99, 500]);
            assert!(got == expected, "{model}, {rule}, {}", isa.name());
        }
    }
}

#[test]
fn looking_changes_nothing() {
    let blind = everything("dc_exc", "pair", 2);
    let seen = watched(blind.clone())
        .probe("v", state("a", "v"))
        .probe("theta", state("b", "theta"))
        .probe("rate", ProbeWhat::Rate { of: "a".into(), bin_ms: 5.0 })
        .probe("w", ProbeWhat::Weights { of: "random".into(), every_ms: 10.0 });
    let (none, blind) = outcome(start(&blind), &[500]);
    let (some, seen) = outcome(start(&seen), &[500]);
    assert!(none.is_empty() && !some.is_empty());
    assert!(blind == seen);
}

#[test]
fn a_run_taken_up_from_a_snapshot_goes_on_as_it_did() {
    for (model, rule) in all_pairs() {
        let network = watched(everything(model, rule, 2)).build().unwrap();
        let mut engine = CpuEngine::new(&network, 1);
        engine.run(250).unwrap();
        let saved = engine.snapshot().unwrap();
        engine.take_spikes().unwrap();
        engine.run(250).unwrap();
        let (first, end) = (engine.take_spikes().unwrap(), engine.snapshot().unwrap());
        // Back in the same engine, and in a fresh one by way of a file.
        engine.restore(&saved).unwrap();
        let mut other = CpuEngine::new(&network, 1);
        let text = serde_json::to_string(&saved).unwrap();
        other.restore(&serde_json::from_str(&text).unwrap()).unwrap();
        for engine in [&mut engine, &mut other] {
            assert_eq!(engine.step(), 250);
            engine.run(250).unwrap();
            assert!(engine.take_spikes().unwrap() == first, "{model}, {rule}");
            assert!(engine.snapshot().unwrap() == end, "{model}, {rule}");
        }
    }
}

#[test]
fn a_snapshot_of_another_network_is_refused() {
    let mut one = start(&everything("lif", "pair", 1));
    let before = one.snapshot().unwrap();
    for other in [
        everything("lif", "pair", 2),
        everything("dc_exc", "pair", 1),
        everything("lif", "triplet", 1),
    ] {
        let text = one.restore(&start(&other).snapshot().unwrap()).unwrap_err().to_string();
        assert!(text.contains("another network"), "{text}");
        assert!(one.snapshot().unwrap() == before);
    }
}

#[test]
fn replicas_that_do_not_learn_run_alike_on_any_number_of_threads_and_alone() {
    let mut spec = watched(everything("lif", "pair", 5));
    spec.currents.clear();
    for p in &mut spec.projections {
        p.plasticity = None;
    }
    let network = spec.build().unwrap();
    let expected = outcome(CpuEngine::new(&network, 1), &[300]);
    for threads in [2, 3, 8] {
        assert!(outcome(CpuEngine::new(&network, threads), &[100, 200]) == expected);
    }
    // A state probe makes them go in lockstep.
    let lockstep = outcome(start(&spec.clone().probe("v", state("a", "v"))), &[300]);
    assert!(lockstep == expected);
    let other: Vec<&Spike> = expected.0.iter().filter(|s| s.replica == 3).collect();
    let first: Vec<&Spike> = expected.0.iter().filter(|s| s.replica == 0).collect();
    assert!(other.len() > 100 && other.len() != first.len(), "replicas draw inputs of their own");
}

#[test]
fn the_weight_change_of_pairs_sums_to_the_integral_of_the_window() {
    // Postsynaptic spikes at every step around one presynaptic spike: the
    // changes add up to the window's sum, which tends to A₊ τ₊ + A₋ τ₋ per dt.
    let (dt, a_plus, a_minus) = (0.1, 0.002, -0.003);
    let post: Vec<(u32, f64)> = (0..4000u32).map(|k| (k, f64::from(k) * dt)).collect();
    let pre: Vec<(u32, f64)> = (0..4000).map(|k| (k, 200.0)).collect();
    let rule = Config::new("pair")
        .with("a_plus", a_plus)
        .with("a_minus", a_minus)
        .with("tau_minus_ms", 34.0);
    let free = Bounds { kind: BoundKind::None, min: -1.0, max: 1.0 };
    let one = |name: &str, from: &str, w| {
        ProjectionSpec::new(name, from, "n", "v", Connect::OneToOne, Values::Same(w))
    };
    let spec = NetworkSpec::new("window", dt, 1)
        .input("pre", 4000, Drive::Listed(pre))
        .input("driver", 4000, Drive::Listed(post))
        .population("n", 4000, Config::new("if").with("reset", 1.0))
        .projection(one("plastic", "pre", 0.0).learning(rule, free))
        .projection(one("drive", "driver", 2.0));
    let mut engine = start(&spec);
    engine.run(4001).unwrap();
    let sum: f64 = engine.weights(0).unwrap().iter().map(|w| f64::from(*w)).sum::<f64>() * dt;
    let integral = a_plus * 20.0 + a_minus * 34.0;
    assert!((sum - integral).abs() < 0.02 * integral.abs(), "{sum}, not {integral}");
}

#[test]
fn probes_record_what_they_say() {
    let spec = NetworkSpec::new("probes", 0.5, 3)
        .input("x", 100, Drive::Poisson(vec![50.0; 100]))
        .population("n", 2, lif())
        .projection(ProjectionSpec::new("w", "x", "n", "v", Connect::Dense, Values::Same(0.01)))
        .probe("rate", ProbeWhat::Rate { of: "x".into(), bin_ms: 100.0 })
        .probe("x", spikes("x"))
        .probe(
            "v",
            ProbeWhat::State {
                of: "n".into(),
                variable: "v".into(),
                neurons: vec![1],
                replica: 0,
                every_ms: 10.0,
            },
        );
    let mut engine = start(&spec);
    engine.run(1000).unwrap();
    let samples = engine.take_samples().unwrap();
    let spikes = engine.take_spikes().unwrap();
    let rate = &samples[0];
    assert_eq!((rate.probe, rate.first_step, rate.every, rate.values.len()), (0, 0, 200, 5));
    for (bin, hz) in rate.values.iter().enumerate() {
        let within = spikes.iter().filter(|s| s.step / 200 == bin as u64).count() as f32;
        assert!((hz - within / 100.0 / 0.1).abs() < 1e-3);
    }
    // 100 inputs for 0.5 s at 50 Hz: 2500 ± 50.
    assert!((2250..2750).contains(&spikes.len()), "{}", spikes.len());
    assert_eq!((samples[1].probe, samples[1].every, samples[1].values.len()), (2, 20, 50));
    assert!(engine.take_samples().unwrap().is_empty());
    engine.run(300).unwrap();
    let later = engine.take_samples().unwrap();
    assert_eq!((later[0].first_step, later[0].values.len()), (1000, 1));
    let counters = engine.counters();
    assert_eq!(counters.steps, 1300);
    assert_eq!(counters.synaptic_events, 2 * counters.input_spikes);
}

#[test]
fn what_cannot_be_set_is_refused_and_nothing_changes() {
    let mut engine = start(&everything("lif", "pair", 1));
    let before = engine.snapshot().unwrap();
    let errors = [
        engine.set_parameter(0, "tau_m_ms", f64::NAN),
        engine.set_parameter(0, "tau", 1.0),
        engine.set_parameter(7, "tau_m_ms", 1.0),
        engine.set_rule_parameter(0, "a_plus", f64::INFINITY),
        engine.set_rule_parameter(2, "a_plus", 0.0),
        engine.set_rates(0, 0, &[1.0]),
        engine.set_rates(0, 3, &[1.0; 40]),
        engine.set_rates(0, 0, &[f32::NAN; 40]),
        engine.set_spikes(0, &[(40, 1.0)]),
        engine.set_weights(0, &[0.0; 3]),
        engine.set_weights(0, &[f32::NAN; 960]),
        engine.set_state(0, 9, 0, &[0.0; 24]),
        engine.set_current(0, Waveform::Sine { mean: f64::NAN, amplitude: 0.0, frequency_hz: 0.0 }),
    ];
    for (i, error) in errors.into_iter().enumerate() {
        assert!(!error.expect_err(&format!("case {i}")).to_string().is_empty());
    }
    assert!(engine.snapshot().unwrap() == before);
}

#[test]
fn listed_spikes_set_in_the_middle_of_a_run_come_at_their_times() {
    let spec = NetworkSpec::new("listed", 0.5, 1)
        .input("x", 2, Drive::Silent)
        .population("n", 1, lif())
        .probe("x", spikes("x"));
    let mut engine = start(&spec);
    engine.run(100).unwrap();
    engine.set_spikes(0, &[(1, 70.0), (0, 60.0), (0, 10.0)]).unwrap();
    engine.run(100).unwrap();
    let found: Vec<_> = engine.take_spikes().unwrap().iter().map(|s| (s.step, s.neuron)).collect();
    assert_eq!(found, [(120, 0), (140, 1)]);
}

//! The GPU engine against the CPU engine, its reference: the same spikes,
//! states and weights, bit for bit.

mod faults;
mod networks;
mod shaders;

use std::sync::{Arc, OnceLock};

use super::*;
use crate::snn::cpu::CpuEngine;
use crate::snn::diehl_cook::DiehlCook;
use crate::snn::diehl_cook::protocol::{Protocol, ProtocolSettings};
use crate::snn::engine::{Engine, EngineState};
use crate::snn::models::MODELS;
use crate::snn::network::{
    Connect, Drive, Network, NetworkSpec, ProbeSpec, ProbeWhat, ProjectionSpec, Values, Waveform,
};
use crate::snn::params::Config;
use crate::snn::plasticity::{BoundKind, Bounds, RULES};
use networks::{LEARNS, random, random_of, spikes, strong};

/// One device for all tests of a process.
fn gpu() -> Arc<Gpu> {
    static GPU: OnceLock<Arc<Gpu>> = OnceLock::new();
    GPU.get_or_init(|| Gpu::open().expect("these tests run on a graphics adapter")).clone()
}

/// The place of the first two that differ, and the two.
fn first_apart<T: PartialEq + Copy>(a: &[T], b: &[T]) -> Option<(usize, T, T)> {
    assert_eq!(a.len(), b.len());
    (0..a.len()).find(|i| a[*i] != b[*i]).map(|i| (i, a[i], b[i]))
}

/// Names the first part in which two states differ.
fn assert_same(what: &str, got: &EngineState, want: &EngineState) {
    assert_eq!(got.step, want.step, "{what}: step");
    for (p, (a, b)) in got.populations.iter().zip(&want.populations).enumerate() {
        let own = first_apart(&a.own, &b.own);
        assert_eq!(own, None, "{what}: variables of population {p} of {}", a.own.len());
        assert!(a.shared == b.shared, "{what}: shared variables of population {p}");
        assert!(a.refractory == b.refractory, "{what}: refractory steps of population {p}");
        assert!(a.counts == b.counts, "{what}: counts of population {p}");
    }
    for (p, (a, b)) in got.projections.iter().zip(&want.projections).enumerate() {
        let since = first_apart(&a.pre_since, &b.pre_since);
        assert_eq!(since, None, "{what}: last spikes before {p} of {}", a.pre_since.len());
        let pre = first_apart(&a.pre, &b.pre);
        assert_eq!(pre, None, "{what}: traces before {p} of {}", a.pre.len());
        let since = first_apart(&a.post_since, &b.post_since);
        assert_eq!(since, None, "{what}: last spikes after {p} of {}", a.post_since.len());
        assert_eq!(first_apart(&a.post, &b.post), None, "{what}: traces after {p}");
        let first = a.weights.iter().zip(&b.weights).position(|(a, b)| a != b);
        let pair = first.map(|s| (s, a.weights[s], b.weights[s]));
        assert_eq!(pair, None, "{what}: weights of projection {p}");
        assert!(a.changed == b.changed, "{what}: changed columns of projection {p}");
    }
    assert!(got == want, "{what}: spikes under way");
}

/// Both engines do the same, and are asked for all that they have recorded.
fn compare(what: &str, engines: [&mut dyn Engine; 2], go: &dyn Fn(&mut dyn Engine)) {
    let [a, b] = engines.map(|engine| {
        go(engine);
        let (spikes, samples) = (engine.take_spikes().unwrap(), engine.take_samples().unwrap());
        (spikes, samples, engine.snapshot().unwrap(), engine.counters())
    });
    let first = a.0.iter().zip(&b.0).position(|(x, y)| x != y);
    assert_eq!(first.map(|i| (a.0[i], b.0[i])), None, "{what}: first spike that differs");
    assert_eq!(a.0.len(), b.0.len(), "{what}: number of spikes");
    assert!(a.1 == b.1, "{what}: samples");
    assert_same(what, &a.2, &b.2);
    assert_eq!(a.3, b.3, "{what}: counters");
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
    for dispatch in [Dispatch::Whole, Dispatch::Phases] {
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, dispatch).unwrap();
        compare(&format!("{dispatch:?}"), [&mut gpu, &mut cpu], &|e| e.run(1000).unwrap());
        assert!(cpu.counters().spikes > 1000);
    }
}

/// Each method of integration with each kind of refractory period, at currents from
/// silence to a spike in almost every step, on spikes of their own onto v.
#[test]
fn every_method_of_integration_is_the_cpus_whatever_the_refractory_period() {
    for (model, dt_ms) in [("izhikevich", 1.0), ("adex", 0.5)] {
        let declared = MODELS.iter().find(|m| m.id == model).unwrap();
        let scale = if model == "adex" { 60.0 } else { 1.0 };
        let currents: Vec<f32> = (0..60).map(|j| scale * (j as f32 - 8.0)).collect();
        let mut spec = NetworkSpec::new("methods", dt_ms, 5);
        for method in 0..declared.methods().len() {
            for t_ref in [0.0, dt_ms, 2.3 * dt_ms] {
                let name = format!("{method} {t_ref}");
                let neuron = Config::new(model).with("integration", method as f64);
                let jumps = Values::Uniform { low: -2.0, high: 4.0 };
                spec = spec
                    .population(&name, 60, neuron.with("t_ref_ms", t_ref))
                    .current(&name, &name, Waveform::Constant(Values::Each(currents.clone())))
                    .projection(ProjectionSpec::new(
                        &name,
                        &name,
                        &name,
                        "v",
                        Connect::AllButSelf,
                        Values::Same(0.05),
                    ))
                    .projection(ProjectionSpec::new(
                        &format!("{name} one"),
                        &name,
                        &name,
                        "i_syn",
                        Connect::OneToOne,
                        jumps,
                    ))
                    .probe(&name, spikes(&name));
            }
        }
        let network = spec.build().unwrap();
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, Dispatch::Whole).unwrap();
        compare(model, [&mut gpu, &mut cpu], &|e| e.run(700).unwrap());
        assert!(cpu.counters().spikes > 5000, "{model}: {}", cpu.counters().spikes);
    }
}

/// What a user may do to a running network, and so many steps for every 1,000 in between.
fn meddle(engine: &mut dyn Engine, model: &str, of_1000: u64) {
    let run = |engine: &mut dyn Engine, steps: u64| {
        engine.run((steps * of_1000).div_ceil(1000)).unwrap();
    };
    engine.run(1).unwrap();
    run(engine, 207);
    engine.normalise(0).unwrap();
    engine.normalise(3).unwrap();
    engine.set_rates(0, 0, &[90.0; 84]).unwrap();
    run(engine, 100);
    engine.set_learning(1, false).unwrap();
    engine.set_parameter(1, "t_ref_ms", 3.0).unwrap();
    engine.clear_counts().unwrap();
    run(engine, 192);
    engine.set_learning(1, true).unwrap();
    let until = engine.network().dt_ms * 0.7 * of_1000 as f64;
    engine.set_spikes(1, &[(3, until), (4, until + 2.0), (3, until + 2.0), (0, 0.5)]).unwrap();
    engine.set_current(1, Waveform::Constant(Values::Same(0.4 * strong(model)))).unwrap();
    run(engine, 300);
    engine.normalise(0).unwrap();
    run(engine, 200);
}

/// Rules of those of a network's projections that have learnt nothing.
fn unlearnt<'a>(cpu: &mut CpuEngine, network: &Network, rules: [&'a str; 4]) -> Vec<&'a str> {
    let all = LEARNS.into_iter().zip(rules);
    let same = |p: usize, cpu: &mut CpuEngine| {
        cpu.weights(p).unwrap() == network.projections[p].weights.as_slice()
    };
    all.filter(|(p, _)| same(*p, cpu)).map(|(_, rule)| rule).collect()
}

/// The first random network of these rules in which all of them learn, found on the CPU,
/// and for how long it has to run: in software a step of the shaders takes long, and many
/// networks are charged slowly.
fn that_learns(model: &str, rules: [&str; 4], seed: u64) -> (u64, Network, u64) {
    let tries = [200, 400, 800, 2000].into_iter().flat_map(|of| (0..40).map(move |k| (of, k)));
    for (of_1000, k) in tries {
        let seed = seed + 1000 * k;
        let network = random_of(model, rules, seed).build().unwrap();
        let mut cpu = CpuEngine::new(&network, 1);
        meddle(&mut cpu, model, of_1000);
        if cpu.counters().spikes > 50 && unlearnt(&mut cpu, &network, rules).is_empty() {
            return (seed, network, of_1000);
        }
    }
    panic!("{model}, {rules:?}: no network learns with all of them")
}

/// Every model with every rule, in two parts, so that cores share the work. The driver
/// compiles a shader of its own for each network: four rules learn in each, in turn on each
/// kind of projection.
fn pairs_spike_and_learn_as_on_the_cpu(part: usize) {
    let networks = RULES.len().div_ceil(LEARNS.len());
    let all = MODELS.iter().enumerate().flat_map(|m| (0..networks).map(move |n| (m, n)));
    for (first, ((m, model), n)) in (100..).zip(all).skip(part).step_by(2) {
        let rule = |at: usize| RULES[(n * LEARNS.len() + m + at) % RULES.len()].id;
        let (model, rules) = (model.id, [0, 1, 2, 3].map(rule));
        let (seed, network, of_1000) = that_learns(model, rules, first);
        let dispatch = if first % 4 < 2 { Dispatch::Whole } else { Dispatch::Phases };
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, dispatch).unwrap();
        let what = format!("{model}, {rules:?}, {dispatch:?}, seed {seed}, {of_1000} steps");
        // Every seventh runs on.
        let of_1000 = if first % 7 == 0 { of_1000.max(1000) } else { of_1000 };
        compare(&what, [&mut gpu, &mut cpu], &|e| meddle(e, model, of_1000));
        assert!(cpu.counters().spikes > 50, "{what}");
        assert_eq!(unlearnt(&mut cpu, &network, rules), [""; 0], "{what}");
    }
}

#[test]
fn every_model_with_every_rule_spikes_and_learns_as_on_the_cpu_1_of_2() {
    pairs_spike_and_learn_as_on_the_cpu(0);
}

#[test]
fn every_model_with_every_rule_spikes_and_learns_as_on_the_cpu_2_of_2() {
    pairs_spike_and_learn_as_on_the_cpu(1);
}

#[test]
fn probes_record_what_they_record_on_the_cpu() {
    let state = |of: &str, variable: &str, neurons: Vec<u32>, replica, every_ms| ProbeWhat::State {
        of: of.into(),
        variable: variable.into(),
        neurons,
        replica,
        every_ms,
    };
    let spec = random("dc_exc", "pair", 3)
        .probe("v", state("a", "v", Vec::new(), 0, 0.0))
        .probe("theta", state("b", "theta", vec![5, 1], 0, 7.0))
        .probe("rate", ProbeWhat::Rate { of: "a".into(), bin_ms: 5.0 })
        .probe("input", ProbeWhat::Rate { of: "pixels".into(), bin_ms: 20.0 })
        .probe("w", ProbeWhat::Weights { of: "dense".into(), every_ms: 10.0 });
    let network = spec.build().unwrap();
    for dispatch in [Dispatch::Whole, Dispatch::Phases] {
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, dispatch).unwrap();
        for steps in [3, 61, 240] {
            compare(&format!("{dispatch:?}"), [&mut gpu, &mut cpu], &|e| e.run(steps).unwrap());
        }
        let others: Vec<ProbeSpec> =
            vec![ProbeSpec { name: "c".into(), what: state("c", "gi", Vec::new(), 0, 1.0) }];
        compare("other probes", [&mut gpu, &mut cpu], &|e| {
            e.set_probes(&others).unwrap();
            e.run(100).unwrap();
        });
    }
}

#[test]
fn a_state_goes_from_engine_to_engine_and_the_run_goes_on() {
    for (model, rule, dispatch) in
        [("dc_exc", "diehl_cook", Dispatch::Phases), ("adex", "slope", Dispatch::Whole)]
    {
        let network = random(model, rule, 12).build().unwrap();
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, dispatch).unwrap();
        cpu.run(300).unwrap();
        cpu.take_spikes().unwrap();
        gpu.run(40).unwrap();
        gpu.restore(&cpu.snapshot().unwrap()).unwrap();
        for engine in [&mut gpu as &mut dyn Engine, &mut cpu] {
            engine.run(150).unwrap();
        }
        assert_eq!(gpu.take_spikes().unwrap(), cpu.take_spikes().unwrap(), "{model}");
        let state = gpu.snapshot().unwrap();
        assert_same(model, &state, &cpu.snapshot().unwrap());
        let mut other = CpuEngine::new(&network, 1);
        other.restore(&state).unwrap();
        other.run(50).unwrap();
        cpu.run(50).unwrap();
        assert_same(model, &other.snapshot().unwrap(), &cpu.snapshot().unwrap());
    }
}

#[test]
fn replicas_that_go_apart_do_as_in_lockstep() {
    let mut spec = random("lif", "pair", 8);
    spec.replicas = 5;
    for p in &mut spec.projections {
        p.plasticity = None;
    }
    let network = spec.build().unwrap();
    let mut cpu = CpuEngine::new(&network, 1);
    let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, Dispatch::Whole).unwrap();
    assert_eq!(gpu.groups(), 5);
    compare("apart", [&mut gpu, &mut cpu], &|e| e.run(400).unwrap());
}

#[test]
fn diehl_and_cooks_network_learns_the_same_weights() {
    let data = crate::data::synthetic::generate(1, 20);
    for (replicas, as_published) in [(1, false), (3, false), (2, true)] {
        let config = DiehlCook { replicas, as_published, ..DiehlCook::of(30) };
        let network = config.spec().build().unwrap();
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::new(&gpu(), &network).unwrap();
        let settings = ProtocolSettings {
            show_ms: 60.0,
            rest_ms: 20.0,
            least_spikes: 0,
            intensity: 6.0,
            ..ProtocolSettings::default()
        };
        compare(&format!("{replicas} replicas"), [&mut gpu, &mut cpu], &|e| {
            let mut protocol = Protocol::new(settings.clone(), replicas, 0);
            let mut image = |i: u64| Some(data.pixels((i % 20) as usize));
            protocol.show(e, &mut image, 2 * replicas, &mut |_| {}).unwrap();
        });
        assert!(cpu.counters().spikes > 20);
    }
}

#[test]
fn what_is_given_up_is_undone_as_on_the_cpu() {
    let data = crate::data::synthetic::generate(5, 20);
    for (replicas, as_published) in [(1, false), (3, false), (1, true)] {
        let config = DiehlCook { replicas, as_published, ..DiehlCook::of(30) };
        let network = config.spec().build().unwrap();
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::new(&gpu(), &network).unwrap();
        let first = ProtocolSettings {
            show_ms: 60.0,
            rest_ms: 20.0,
            least_spikes: 0,
            intensity: 6.0,
            ..ProtocolSettings::default()
        };
        let never = ProtocolSettings { least_spikes: 1_000_000, most_times: 2, ..first.clone() };
        compare(&format!("{replicas} replicas"), [&mut gpu, &mut cpu], &|e| {
            let mut protocol = Protocol::new(first.clone(), replicas, 0);
            let mut image = |i: u64| Some(data.pixels((i % 20) as usize));
            protocol.show(e, &mut image, replicas, &mut |_| {}).unwrap();
            protocol.settings = never.clone();
            let mut before = e.snapshot().unwrap();
            protocol.show(e, &mut image, replicas, &mut |_| panic!("answered")).unwrap();
            before.move_to(e.step());
            assert_same("undone", &e.snapshot().unwrap(), &before);
            protocol.settings = first.clone();
            protocol.show(e, &mut image, replicas, &mut |_| {}).unwrap();
        });
        assert!(cpu.counters().spikes > 20);
    }
}

#[test]
fn weights_are_clipped_after_normalisation_as_on_the_cpu() {
    for kind in [BoundKind::Hard, BoundKind::Soft, BoundKind::None] {
        let bounds = Bounds { kind, ..Bounds::UNIT };
        let synapses = ProjectionSpec::new(
            "w",
            "in",
            "out",
            "i_syn",
            Connect::Dense,
            Values::Uniform { low: 0.0, high: 1.0 },
        )
        .learning(Config::new("pair"), bounds)
        .normalised(16.0);
        let spec = NetworkSpec::new("normalised", 0.5, 3)
            .input("in", 20, Drive::Poisson(vec![80.0; 20]))
            .population("out", 40, Config::new("lif"))
            .projection(synapses);
        let network = spec.build().unwrap();
        let mut cpu = CpuEngine::new(&network, 1);
        let mut gpu = GpuEngine::new(&gpu(), &network).unwrap();
        compare(&format!("{kind:?}"), [&mut gpu, &mut cpu], &|e| {
            e.run(50).unwrap();
            e.normalise(0).unwrap();
            let all = e.weights(0).unwrap();
            let within = all.iter().all(|w| (0.0..=1.0).contains(w));
            assert_eq!(within, kind != BoundKind::None);
            e.run(50).unwrap();
            e.normalise(0).unwrap();
        });
    }
}

#[test]
fn loops_that_the_software_adapter_would_cut_short_are_done_in_parts() {
    // Every input spikes in every step: 300 rounds a step are 300,000 in all,
    // of which one dispatch would do 65,535.
    let spec = NetworkSpec::new("busy", 1.0, 1)
        .input("in", 300, Drive::Poisson(vec![1000.0; 300]))
        .population("n", 2, Config::new("if").with("v_th", 100.0))
        .projection(ProjectionSpec::new("w", "in", "n", "v", Connect::Dense, Values::Same(1.0)));
    let network = spec.build().unwrap();
    let mut gpu = GpuEngine::with_dispatch(&gpu(), &network, Dispatch::Whole).unwrap();
    assert!(gpu.program.rounds_of_step * 1000 > MOST_ROUNDS, "the test tests nothing");
    gpu.run(1000).unwrap();
    // From step 1 on at most one spike per step; 300 spikes each add 3 thresholds.
    assert_eq!(gpu.counts(0, 0).unwrap(), [999, 999]);
    let mut cpu = CpuEngine::new(&network, 1);
    cpu.run(1000).unwrap();
    assert_same("busy", &gpu.snapshot().unwrap(), &cpu.snapshot().unwrap());
}

//! What can go wrong: each is a message, and the program goes on.

use super::*;
use crate::snn::error::SnnError;
use crate::snn::gpu::fallback::GuardedEngine;

fn refused(result: Result<GpuEngine, SnnError>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn a_lost_device_is_replaced_by_the_cpu_and_nothing_is_lost() {
    // A device of its own, to be given up.
    let lost = Gpu::open().unwrap();
    let spec = random("dc_exc", "diehl_cook", 5)
        .probe("rate", ProbeWhat::Rate { of: "a".into(), bin_ms: 10.0 });
    let network = spec.build().unwrap();
    let engine = GpuEngine::new(&lost, &network).unwrap();
    let mut guarded = GuardedEngine::new(engine, 1).unwrap();
    let mut cpu = CpuEngine::new(&network, 1);
    let mut first = Vec::new();
    for engine in [&mut guarded as &mut dyn Engine, &mut cpu] {
        engine.set_rates(0, 0, &[70.0; 84]).unwrap();
        engine.run(150).unwrap();
        first.push(engine.take_spikes().unwrap());
        engine.normalise(0).unwrap();
        engine.set_parameter(0, "theta_plus_mv", 0.2).unwrap();
        engine.run(77).unwrap();
    }
    assert_eq!(first[0], first[1]);
    assert_eq!(guarded.info().kind, "GPU");
    assert_eq!(guarded.take_notice(), None);
    lost.destroy();
    for engine in [&mut guarded as &mut dyn Engine, &mut cpu] {
        engine.run(123).unwrap();
    }
    assert_eq!(guarded.take_spikes().unwrap(), cpu.take_spikes().unwrap());
    assert_eq!(guarded.take_samples().unwrap(), cpu.take_samples().unwrap());
    assert_same("after the loss", &guarded.snapshot().unwrap(), &cpu.snapshot().unwrap());
    assert_eq!(guarded.counters(), cpu.counters());
    assert_eq!(guarded.info().kind, "CPU");
    let notice = guarded.take_notice().expect("a notice");
    assert!(notice.contains("CPU engine took over at step"), "{notice}");
    assert_eq!(guarded.take_notice(), None);
}

#[test]
fn what_was_remembered_is_gone_back_to_after_the_device_was_lost() {
    let lost = Gpu::open().unwrap();
    let network = random("dc_exc", "diehl_cook", 5).build().unwrap();
    let engine = GpuEngine::new(&lost, &network).unwrap();
    let mut guarded = GuardedEngine::new(engine, 1).unwrap();
    let mut cpu = CpuEngine::new(&network, 1);
    for engine in [&mut guarded as &mut dyn Engine, &mut cpu] {
        engine.set_rates(0, 0, &[70.0; 84]).unwrap();
        engine.run(150).unwrap();
        engine.mark().unwrap();
        engine.normalise(0).unwrap();
        engine.run(77).unwrap();
    }
    lost.destroy();
    for engine in [&mut guarded as &mut dyn Engine, &mut cpu] {
        engine.undo().unwrap();
        engine.run(50).unwrap();
        assert!(engine.undo().is_err(), "there is nothing left to go back to");
    }
    assert_eq!(guarded.info().kind, "CPU");
    assert_same("after the loss", &guarded.snapshot().unwrap(), &cpu.snapshot().unwrap());
}

#[test]
fn a_lost_device_says_so_to_those_who_asked_for_it() {
    let lost = Gpu::open().unwrap();
    let network = random("lif", "pair", 5).build().unwrap();
    let mut engine = GpuEngine::new(&lost, &network).unwrap();
    engine.run(10).unwrap();
    lost.destroy();
    let error = engine.run(500).and_then(|()| engine.take_spikes().map(drop)).unwrap_err();
    assert!(matches!(error, SnnError::Engine(_)), "{error}");
    assert!(engine.snapshot().is_err() && engine.weights(0).is_err());
    assert!(GpuEngine::new(&lost, &network).is_err());
}

#[test]
fn a_program_that_does_not_compile_is_refused_and_the_device_goes_on() {
    let network = random("lif", "pair", 5).build().unwrap();
    let layout = Layout::new(&network).unwrap();
    let good = program::write(&network, &layout);
    for broken in ["fn", "@compute @workgroup_size(1) fn advance() { }"] {
        let program = Program { wgsl: broken.to_owned(), ..program::write(&network, &layout) };
        let text = compile(&gpu(), &program).err().expect("an error").to_string();
        assert!(text.contains("compiling the network's program failed"), "{text}");
    }
    assert!(compile(&gpu(), &good).is_ok());
    assert!(GpuEngine::new(&gpu(), &network).unwrap().run(10).is_ok());
}

#[test]
fn a_network_that_does_not_fit_the_adapter_is_refused_with_its_size() {
    let limits = gpu().device.limits();
    let most = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
    // Two variables of four bytes each.
    let replicas = (most / 8_000_000 + 1) as usize;
    let mut spec =
        NetworkSpec::new("a million", 1.0, 1).population("n", 1_000_000, Config::new("lif"));
    spec.replicas = replicas;
    let network = spec.build_within(1e9).unwrap();
    let text = refused(GpuEngine::new(&gpu(), &network));
    assert!(text.contains("MB") && text.contains("CPU engine"), "{text}");
}

#[test]
fn delays_and_fan_ins_beyond_the_engine_are_refused() {
    let long =
        NetworkSpec::new("long", 0.1, 1).population("n", 100_000, Config::new("lif")).projection(
            ProjectionSpec::new("w", "n", "n", "v", Connect::OneToOne, Values::Same(1.0))
                .delayed(crate::snn::network::DelaySpec::Ms(9000.0)),
        );
    let text = refused(GpuEngine::new(&gpu(), &long.build().unwrap()));
    assert!(text.contains("9000 ms") && text.contains("CPU engine"), "{text}");
    let wide = NetworkSpec::new("wide", 0.1, 1)
        .input("x", 70_000, Drive::Silent)
        .population("n", 2, Config::new("lif"))
        .projection(ProjectionSpec::new("w", "x", "n", "v", Connect::Dense, Values::Same(1.0)));
    let engine = GpuEngine::new(&gpu(), &wide.build().unwrap());
    if gpu().software() {
        let text = refused(engine);
        assert!(text.contains("loses count"), "{text}");
    } else {
        assert!(engine.is_ok());
    }
}

#[test]
fn what_cannot_be_set_is_refused_and_nothing_changes() {
    let network = random("lif", "pair", 2).build().unwrap();
    let mut engine = GpuEngine::new(&gpu(), &network).unwrap();
    engine.run(20).unwrap();
    let before = engine.snapshot().unwrap();
    let other = random("lif", "triplet", 2).build().unwrap();
    let foreign = CpuEngine::new(&other, 1).snapshot().unwrap();
    let errors = [
        engine.set_parameter(0, "tau_m_ms", f64::NAN),
        engine.set_parameter(0, "tau", 1.0),
        engine.set_parameter(7, "tau_m_ms", 1.0),
        engine.set_rule_parameter(0, "a_plus", f64::INFINITY),
        engine.set_rule_parameter(2, "a_plus", 0.0),
        engine.set_rates(0, 0, &[1.0]),
        engine.set_rates(0, 9, &[1.0; 84]),
        engine.set_spikes(0, &[(84, 1.0)]),
        engine.set_weights(0, &[0.0; 3]),
        engine.set_state(0, 9, 0, &[0.0; 24]),
        engine.set_current(0, Waveform::Sine { mean: f64::NAN, amplitude: 0.0, frequency_hz: 0.0 }),
        engine.restore(&foreign),
    ];
    for (i, error) in errors.into_iter().enumerate() {
        assert!(!error.expect_err(&format!("case {i}")).to_string().is_empty());
    }
    assert_same("after refusals", &engine.snapshot().unwrap(), &before);
}

//! Files 1, 2 and 6: single neurons.

use crate::file::{File, steps};
use crate::{close, run};
use spikescope::snn::network::{Connect, NetworkSpec, ProbeWhat, ProjectionSpec, Values, Waveform};
use spikescope::snn::params::Config;

/// The value of the parameter `integration` of the LIF neuron.
fn method(name: &str) -> f64 {
    match name {
        "exact" => 0.0,
        "euler" => 1.0,
        other => panic!("unknown method {other}"),
    }
}

fn watch(spec: NetworkSpec, of: &str) -> NetworkSpec {
    let state = ProbeWhat::State {
        of: of.into(),
        variable: "v".into(),
        neurons: Vec::new(),
        replica: 0,
        every_ms: 0.0,
    };
    let spikes = ProbeWhat::Spikes { of: of.into() };
    spec.probe(&format!("v of {of}"), state).probe(&format!("spikes of {of}"), spikes)
}

pub fn two_neurons(f: &File) {
    let dt = f.number("dt_ms");
    let n = (f.number("T_ms") / dt).round() as u64;
    for (name, golden) in f.members("runs") {
        let lif = Config::new("lif")
            .with("tau_m_ms", f.number("tau_ms"))
            .with("v_rest_mv", 0.0)
            .with("v_reset_mv", f.number("v_reset"))
            .with("v_th_mv", f.number("v_threshold"))
            .with("r_mohm", 1.0)
            .with("t_ref_ms", 0.0)
            .with("integration", method(&name));
        let post = golden.members("post");
        let weights: Vec<f32> = post.iter().map(|(_, p)| p.number("w") as f32).collect();
        let spec = NetworkSpec::new("two neurons", dt, 1)
            .population("pre", 1, lif.clone())
            .population("post", post.len(), lif)
            .current("i", "pre", Waveform::Constant(Values::Same(f.number("I"))))
            .projection(ProjectionSpec::new(
                "synapses",
                "pre",
                "post",
                "v",
                Connect::Dense,
                Values::Each(weights),
            ));
        for run in run(&watch(watch(spec, "pre"), "post"), n) {
            let what = format!("{name} by {}", run.name);
            let want = steps(&golden.numbers("pre_spikes_ms"), dt);
            assert_eq!(run.steps_of("pre", 0), want, "{what}");
            close(&what, &run.column(0, 0), &golden.numbers("pre_v"), 1e-5);
            for (j, (_, post)) in post.iter().enumerate() {
                let what = format!("{what}, synapse {j}");
                let want = steps(&post.numbers("spikes_ms"), dt);
                assert_eq!(run.steps_of("post", j as u32), want, "{what}");
                close(&what, &run.column(2, j), &post.numbers("v"), 1e-5);
            }
        }
    }
}

pub fn rate_against_current(f: &File) {
    let dt = f.number("dt_ms");
    let n = (f.number("T_ms") / dt).round() as u64;
    let currents = f.singles("I_nA");
    for (name, golden) in f.members("runs") {
        let lif = Config::new("lif")
            .with("tau_m_ms", f.number("tau_ms"))
            .with("v_rest_mv", f.number("EL_mV"))
            .with("v_reset_mv", f.number("Vreset_mV"))
            .with("v_th_mv", f.number("Vth_mV"))
            .with("r_mohm", f.number("R_Mohm"))
            .with("t_ref_ms", f.number("refrac_ms"))
            .with("integration", method(&name));
        let spec = NetworkSpec::new("f-I", dt, 1).population("cells", currents.len(), lif).current(
            "i",
            "cells",
            Waveform::Constant(Values::Each(currents.clone())),
        );
        for run in run(&watch(spec, "cells"), n) {
            let first = golden.numbers("first_spike_ms");
            for (j, want) in golden.numbers("count").into_iter().enumerate() {
                let spikes = run.steps_of("cells", j as u32);
                let what = format!("{name} by {}, {} nA", run.name, currents[j]);
                assert!((spikes.len() as f64 - want).abs() <= 1.0, "{what}: {}", spikes.len());
                match spikes.first() {
                    Some(k) => assert!((*k as f64 - first[j] / dt).abs() < 1.5, "{what}: {k}"),
                    None => assert!(first[j].is_nan() || want <= 1.0, "{what}"),
                }
            }
        }
    }
}

pub fn integrate_and_fire(f: &File) {
    let dt = f.number("dt_steps");
    let n = f.number("T_steps") as u64;
    let currents = f.singles("I");
    for (name, golden) in f.members("runs") {
        let reset = match name.as_str() {
            "reset_subtract" => 0.0,
            "reset_zero" => 1.0,
            other => panic!("unknown reset {other}"),
        };
        let neuron = Config::new("if").with("v_th", f.number("v_threshold")).with("reset", reset);
        let spec = NetworkSpec::new("ReLU", dt, 1)
            .population("cells", currents.len(), neuron)
            .current("i", "cells", Waveform::Constant(Values::Each(currents.clone())));
        let counts = if golden.has("count_f32_loop") { "count_f32_loop" } else { "count" };
        for mut run in run(&watch(spec, "cells"), n) {
            let found: Vec<f64> =
                (0..currents.len()).map(|j| run.steps_of("cells", j as u32).len() as f64).collect();
            assert_eq!(found, golden.numbers(counts), "{name} by {}", run.name);
            let counted = run.engine.counts(0, 0).expect("counts");
            assert!(counted.iter().zip(&found).all(|(a, b)| f64::from(*a) == *b));
        }
    }
}

//! Files 4 and 5: Diehl and Cook's neuron and a small network of them, with the
//! published integration.

use crate::file::{File, steps};
use crate::{close, run};
use spikescope::snn::models::{EXPONENTIAL_EULER, FORWARD_EULER};
use spikescope::snn::network::{
    Connect, DelaySpec, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values,
};
use spikescope::snn::params::Config;
use spikescope::snn::plasticity::Bounds;

fn excitatory(p: &File, integration: u8) -> Config {
    Config::new("dc_exc")
        .with("tau_m_ms", p.number("tau_exc_ms"))
        .with("v_rest_mv", p.number("v_rest_exc_mV"))
        .with("v_reset_mv", p.number("v_reset_exc_mV"))
        // The file gives the threshold as `theta-72 mV`.
        .with("v_th_mv", p.number_in("v_thresh_exc", "theta"))
        .with("theta_offset_mv", 0.0)
        .with("e_exc_mv", p.number("E_exc_mV"))
        .with("e_inh_mv", p.number("E_inh_on_exc_mV"))
        .with("tau_ge_ms", p.number("tau_ge_ms"))
        .with("tau_gi_ms", p.number("tau_gi_ms"))
        .with("t_ref_ms", p.number("refrac_exc_ms"))
        .with("theta_plus_mv", p.number("theta_plus_mV"))
        .with("tau_theta_ms", p.number("tc_theta_ms"))
        .with("integration", f64::from(integration))
}

fn inhibitory(p: &File) -> Config {
    Config::new("dc_inh")
        .with("tau_m_ms", p.number("tau_inh_ms"))
        .with("v_rest_mv", p.number("v_rest_inh_mV"))
        .with("v_reset_mv", p.number("v_reset_inh_mV"))
        .with("v_th_mv", p.number("v_thresh_inh_mV"))
        .with("e_exc_mv", p.number("E_exc_mV"))
        .with("e_inh_mv", p.number("E_inh_on_inh_mV"))
        .with("tau_ge_ms", p.number("tau_ge_ms"))
        .with("tau_gi_ms", p.number("tau_gi_ms"))
        .with("t_ref_ms", p.number("refrac_inh_ms"))
        .with("integration", f64::from(FORWARD_EULER))
}

fn state(spec: NetworkSpec, variable: &str, neurons: &[u32]) -> NetworkSpec {
    let what = ProbeWhat::State {
        of: "exc".into(),
        variable: variable.into(),
        neurons: neurons.to_vec(),
        replica: 0,
        every_ms: 0.0,
    };
    spec.probe(variable, what)
}

pub fn one_neuron(f: &File) {
    let dt = f.number("dt_ms");
    let p = f.at("params");
    let n = (f.number("T_ms") / dt).round() as u64;
    let weights = f.singles("w");
    let inhibition: Vec<(u32, f64)> =
        f.numbers("inh_event_ms").into_iter().map(|t| (0, t)).collect();
    for (name, golden) in f.members("runs") {
        let integration = match name.as_str() {
            "euler" => FORWARD_EULER,
            "exponential_euler" => EXPONENTIAL_EULER,
            other => panic!("unknown method {other}"),
        };
        let v = golden.numbers("v_mV");
        let to = |name: &str, from: &str, onto: &str, weights| {
            ProjectionSpec::new(name, from, "exc", onto, Connect::Dense, weights)
        };
        let mut spec = NetworkSpec::new("one neuron", dt, 1)
            .population("exc", 1, excitatory(&p, integration))
            .starting("v", Values::Same(v[0]))
            .starting("theta", Values::Same(f.number("theta0_mV")))
            .input("x", weights.len(), Drive::Listed(f.events("input_spikes")))
            .input("y", 1, Drive::Listed(inhibition.clone()))
            .projection(to("x-exc", "x", "ge", Values::Each(weights.clone())))
            .projection(to("y-exc", "y", "gi", Values::Same(f.number("w_inh"))))
            .probe("spikes", ProbeWhat::Spikes { of: "exc".into() });
        for variable in ["v", "ge", "gi", "theta"] {
            spec = state(spec, variable, &[]);
        }
        for run in run(&spec, n) {
            let what = format!("{name} by {}", run.name);
            let want = steps(&golden.numbers("spikes_ms"), dt);
            assert_eq!(run.steps_of("exc", 0), want, "{what}");
            close(&format!("v, {what}"), &run.column(1, 0), &v, 1e-3);
            close(&format!("ge, {what}"), &run.column(2, 0), &golden.numbers("ge"), 1e-5);
            close(&format!("gi, {what}"), &run.column(3, 0), &golden.numbers("gi"), 1e-4);
            close(&format!("theta, {what}"), &run.column(4, 0), &golden.numbers("theta_mV"), 1e-3);
        }
    }
}

pub fn small_network(f: &File) {
    let dt = f.number("dt_ms");
    let p = f.at("params");
    let n = (f.number("T_ms") / dt).round() as u64;
    let (inputs, exc) = (f.number("n_in") as usize, f.number("n_exc") as usize);
    let rule = Config::new("diehl_cook")
        .with("nu_pre", f.number("nu_pre"))
        .with("nu_post", f.number("nu_post"))
        .with("tau_pre_ms", f.number_after("stdp", "(tau", "pre"))
        .with("tau_post1_ms", f.number_after("stdp", "(tau", "post1"))
        .with("tau_post2_ms", f.number_after("stdp", "(tau", "post2"));
    let bounds = Bounds { max: f.number("wmax") as f32, ..Bounds::UNIT };
    let delays_ms: Vec<f32> =
        f.numbers("delay_steps_rowmajor_in_by_exc").iter().map(|s| (s * dt) as f32).collect();
    for (name, golden) in f.members("runs") {
        let delay = match name.as_str() {
            "no_delay" => DelaySpec::None,
            "with_delay" => DelaySpec::Each(Values::Each(delays_ms.clone())),
            other => panic!("unknown run {other}"),
        };
        let weights = Values::Each(f.singles("w0_rowmajor_in_by_exc"));
        let spec = NetworkSpec::new("small network", dt, 1)
            .input("x", inputs, Drive::Listed(f.events("input_spikes")))
            .population("exc", exc, excitatory(&p, FORWARD_EULER))
            .starting("v", Values::Same(f.number_in("initial", "v_exc")))
            .starting("theta", Values::Same(f.number_in("initial", "theta")))
            .population("inh", exc, inhibitory(&p))
            .starting("v", Values::Same(f.number_in("initial", "v_inh")))
            .projection(
                ProjectionSpec::new("x-exc", "x", "exc", "ge", Connect::Dense, weights)
                    .delayed(delay)
                    .learning(rule.clone(), bounds)
                    .normalised(f.number("norm_target")),
            )
            .projection(ProjectionSpec::new(
                "exc-inh",
                "exc",
                "inh",
                "ge",
                Connect::OneToOne,
                Values::Same(f.number("w_ei")),
            ))
            .projection(ProjectionSpec::new(
                "inh-exc",
                "inh",
                "exc",
                "gi",
                Connect::AllButSelf,
                Values::Same(f.number("w_ie")),
            ))
            .probe("exc spikes", ProbeWhat::Spikes { of: "exc".into() })
            .probe("inh spikes", ProbeWhat::Spikes { of: "inh".into() });
        for mut run in run(&state(spec, "v", &[0, 3, 7]), n) {
            let what = format!("{name} by {}", run.name);
            for population in ["exc", "inh"] {
                let spikes = golden.events(&format!("{population}_spikes"));
                let mut want: Vec<(u64, u32)> =
                    spikes.iter().map(|(j, t)| ((t / dt).round() as u64, *j)).collect();
                want.sort_unstable();
                assert_eq!(run.all(population), want, "{population}, {what}");
            }
            for (column, v) in golden.members("v_mV_exc_0_3_7").iter().enumerate() {
                close(&format!("v, {what}"), &run.column(2, column), &v.1.list(), 1e-3);
            }
            let theta = run.engine.state(0, 3, 0).expect("theta");
            close(&format!("theta, {what}"), &theta, &golden.numbers("final_theta_mV"), 1e-3);
            let w = run.engine.weights(0).expect("weights");
            let want = golden.numbers("final_w_rowmajor_in_by_exc");
            close(&format!("w, {what}"), &w, &want, 1e-5);
            run.engine.normalise(0).expect("normalisation");
            let w = run.engine.weights(0).expect("weights");
            let want = golden.numbers("final_w_normalised");
            close(&format!("normalised w, {what}"), &w, &want, 1e-5);
        }
    }
}

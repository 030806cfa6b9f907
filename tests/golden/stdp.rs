//! File 3: the pair rule.

use crate::file::File;
use crate::{close, run};
use spikescope::snn::network::{Connect, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values};
use spikescope::snn::params::Config;
use spikescope::snn::plasticity::{BoundKind, Bounds};

pub fn pairs(f: &File) {
    let dt = f.number("dt_ms");
    let deltas = f.numbers("delta_t_ms");
    let train = deltas.len() as u32;
    // One synapse for each pair, and one for the train.
    let middle = deltas.iter().fold(0.0, |m: f64, d| m.max(d.abs())) + 10.0;
    let mut pre: Vec<(u32, f64)> = (0..train).map(|s| (s, middle)).collect();
    let mut post: Vec<(u32, f64)> = (0..train).zip(&deltas).map(|(s, d)| (s, middle + d)).collect();
    pre.extend(f.numbers("train_pre_ms").into_iter().map(|t| (train, t)));
    post.extend(f.numbers("train_post_ms").into_iter().map(|t| (train, t)));
    // A neuron spikes one step after the input that makes it spike.
    let post: Vec<(u32, f64)> = post.into_iter().map(|(s, t)| (s, t - dt)).collect();
    let n = train as usize + 1;
    let steps = (f.number("train_T_ms").max(2.0 * middle) / dt).round() as u64;
    for (name, golden) in f.members("runs") {
        let pairing = match name.as_str() {
            "all" => 0.0,
            "nearest" => 1.0,
            other => panic!("unknown pairing {other}"),
        };
        let rule = Config::new("pair")
            .with("a_plus", f.number("A_plus"))
            .with("a_minus", f.number("A_minus"))
            .with("tau_plus_ms", f.number("tau_plus_ms"))
            .with("tau_minus_ms", f.number("tau_minus_ms"))
            .with("pairing", pairing);
        let free = Bounds { kind: BoundKind::None, min: 0.0, max: 1.0 };
        let w0 = f.number("w0");
        let one = |name: &str, from: &str, onto: &str, w: f64| {
            ProjectionSpec::new(name, from, "post", onto, Connect::OneToOne, Values::Same(w))
        };
        // What the plastic synapses add must not make the neurons spike: they
        // take 1000 to fire, and are driven with twice that.
        let relay = Config::new("if").with("reset", 1.0).with("v_th", 1000.0);
        let spec = NetworkSpec::new("pairs", dt, 1)
            .input("pre", n, Drive::Listed(pre.clone()))
            .input("driver", n, Drive::Listed(post.clone()))
            .population("post", n, relay)
            .projection(one("plastic", "pre", "v", w0).learning(rule, free))
            .projection(one("drive", "driver", "v", 2000.0))
            .probe("w", ProbeWhat::Weights { of: "plastic".into(), every_ms: 1.0 });
        for mut run in run(&spec, steps) {
            let what = format!("{name} by {}", run.name);
            let weights = run.engine.weights(0).expect("weights");
            let dw: Vec<f32> = weights.iter().map(|w| w - w0 as f32).collect();
            close(&what, &dw[..train as usize], &golden.numbers("single_pair_dw"), 1e-7);
            close(&what, &dw[train as usize..], &[golden.number("train_final_dw")], 1e-7);
            let want = golden.numbers("train_w_every_ms");
            let got = run.column(0, train as usize);
            close(&what, &got[..want.len()], &want, 1e-7);
        }
    }
}

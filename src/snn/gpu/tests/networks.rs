//! Random networks in which everything occurs that an engine can be given.

use crate::core::rng::Rng;
use crate::snn::models::MODELS;
use crate::snn::network::{
    Connect, ConvolutionShape, DelaySpec, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values,
    Waveform,
};
use crate::snn::params::Config;
use crate::snn::plasticity::{BoundKind, Bounds, RULES};

/// Draws.
pub(super) struct Draw(Rng);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(Rng::stream(seed, "random network", 0))
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }

    pub(super) fn range(&mut self, low: f32, high: f32) -> f64 {
        f64::from(self.0.range(low, high))
    }
}

pub(super) fn spikes(of: &str) -> ProbeWhat {
    ProbeWhat::Spikes { of: of.into() }
}

/// A weight that moves the neuron, whatever the unit.
pub(super) fn strong(model: &str) -> f64 {
    match model {
        "adex" => 900.0,
        "if" | "lif_soft" | "lif_soft_max" => 0.3,
        _ => 2.0,
    }
}

/// The projections of these networks that learn, by number.
pub(super) const LEARNS: [usize; 4] = [0, 1, 3, 5];

/// A network of neurons of one model whose synapses learn by one rule.
pub(super) fn random(model: &str, rule: &str, seed: u64) -> NetworkSpec {
    random_of(model, [rule; 4], seed)
}

/// The same with a rule for each of [`LEARNS`].
pub(super) fn random_of(model: &str, rules: [&str; 4], seed: u64) -> NetworkSpec {
    let mut draw = Draw::new(seed);
    let d = &mut draw;
    let declared = MODELS.iter().find(|m| m.id == model).unwrap();
    let onto = declared.state.iter().rev().find(|s| s.input && s.name != "gi").unwrap().name;
    let strong = strong(model);
    let n = [23, 64, 257, 300][d.below(4)];
    let shape = ConvolutionShape {
        input: [2, 6, 7],
        channels: 1 + d.below(3),
        kernel: [1 + d.below(3), 1 + d.below(4)],
        stride: 1 + d.below(2),
        padding: d.below(3),
    };
    let picture = shape.output().unwrap().iter().product();
    let neuron = |d: &mut Draw| {
        let mut config = Config::new(model).with("t_ref_ms", [0.0, 1.7, 5.0][d.below(3)]);
        if declared.params.iter().any(|p| p.name == "integration") {
            let most = declared.params.iter().find(|p| p.name == "integration").unwrap().range.1;
            config = config.with("integration", d.below(most as usize + 1) as f64);
        }
        if declared.params.iter().any(|p| p.name == "reset") {
            config = config.with("reset", d.below(2) as f64);
        }
        config
    };
    let rates = (0..84).map(|i| (i % 7) as f32 * 20.0).collect();
    let listed = (0..200).map(|_| (d.below(50) as u32, d.range(0.0, 400.0))).collect();
    let mut spec = NetworkSpec::new("random", [0.1, 0.25, 0.5, 1.0][d.below(4)], seed)
        .input("pixels", 84, Drive::Poisson(rates))
        .input("times", 50, Drive::Listed(listed))
        .population("a", n, neuron(d))
        .population("b", n, neuron(d))
        .population("c", picture, neuron(d))
        .current("even", "a", Waveform::Constant(Values::Uniform { low: 0.0, high: 0.4 * strong }))
        .current(
            "wave",
            "a",
            Waveform::Sine { mean: 0.2 * strong, amplitude: 0.3 * strong, frequency_hz: 7.0 },
        )
        .current("step", "c", Waveform::Steps(vec![(20.0, 0.6 * strong), (160.0, 0.1 * strong)]));
    let uniform = |scale: f64| Values::Uniform { low: 0.0, high: scale * strong };
    let delay = |d: &mut Draw| match d.below(3) {
        0 => DelaySpec::None,
        _ => DelaySpec::Ms(d.range(0.0, 6.0)),
    };
    let each =
        |d: &mut Draw| DelaySpec::Each(Values::Uniform { low: 0.0, high: d.range(1.0, 9.0) });
    let mut rules = rules.into_iter();
    let mut learned = |d: &mut Draw, p: ProjectionSpec| {
        learning(d, p, (model, rules.next().expect("a rule for each")), strong)
    };
    let p = |name: &str, from: &str, to: &str, connect, weights| {
        ProjectionSpec::new(name, from, to, onto, connect, weights)
    };
    let dense = p("dense", "pixels", "a", Connect::Dense, uniform(0.3));
    let dense = if d.below(4) == 0 { dense.delayed(each(d)) } else { dense.delayed(delay(d)) };
    spec = spec.projection(learned(d, dense).normalised(5.0 * strong));
    let connect = match d.below(3) {
        0 => Connect::OneToOne,
        1 => Connect::Dense,
        _ => Connect::Random { probability: d.range(0.01, 0.3) },
    };
    let scale = if matches!(connect, Connect::OneToOne) { 4.0 } else { 0.6 };
    let forth = p("forth", "a", "b", connect, uniform(scale)).delayed(delay(d));
    spec = spec.projection(learned(d, forth));
    // Inhibition is a conductance of its own where there is one: a negative conductance
    // would drive a potential away from rest without end.
    let gi = declared.state.iter().any(|s| s.input && s.name == "gi");
    let (onto, sign) = if gi { ("gi", 1.0) } else { (onto, -1.0) };
    let weight = Values::Same(sign * 0.02 * strong);
    let others = ProjectionSpec::new("others", "b", "a", onto, Connect::AllButSelf, weight);
    spec = spec.projection(others.delayed(delay(d)));
    let random = Connect::Random { probability: d.range(0.01, 0.1) };
    let recurrent = p("recurrent", "a", "a", random, uniform(0.3)).delayed(each(d));
    spec = spec.projection(learned(d, recurrent).normalised(2.0 * strong));
    let seen = p("picture", "pixels", "c", Connect::Convolution(shape), uniform(0.5));
    spec = spec.projection(seen.delayed(delay(d)));
    let pairs: Vec<(u32, u32)> =
        (0..50u32).flat_map(|i| [(i, i % n as u32), (i, (i + 11) % n as u32)]).collect();
    let timed = p("timed", "times", "b", Connect::Pairs(pairs), uniform(2.0));
    let timed = timed.delayed(delay(d));
    spec = spec.projection(learned(d, timed));
    for of in ["a", "b", "c", "pixels", "times"] {
        spec = spec.probe(of, spikes(of));
    }
    spec.replicas = 1 + d.below(3);
    spec
}

fn learning(
    d: &mut Draw,
    p: ProjectionSpec,
    (model, rule): (&str, &str),
    strong: f64,
) -> ProjectionSpec {
    let mut kind = [BoundKind::None, BoundKind::Hard, BoundKind::Soft][d.below(3)];
    // A potential that a spike hardly lowers and weights that follow its rise would raise
    // each other without end.
    if model.starts_with("lif_soft") && rule == "slope" && kind == BoundKind::None {
        kind = BoundKind::Hard;
    }
    // Soft bounds of a wide range magnify changes: they need small ones.
    let scale = if kind == BoundKind::Soft { 0.3 / strong.max(1.0) } else { 1.0 };
    let bounds = Bounds { kind, min: 0.0, max: 2.0 * strong as f32 };
    let declared = RULES.iter().find(|r| r.id == rule).unwrap();
    let mut config = Config::new(rule);
    for q in declared.params {
        if !q.choices.is_empty() {
            config = config.with(q.name, d.below(q.choices.len()) as f64);
        } else if q.name == "eta" || q.name == "a_plus" {
            config = config.with(q.name, 0.02 * scale);
        } else if q.unit == "ms" {
            config = config.with(q.name, d.range(3.0, 40.0));
        }
    }
    p.learning(config, bounds)
}

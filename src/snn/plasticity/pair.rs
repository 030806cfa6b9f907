//! Spike-timing-dependent plasticity of pairs, with exponential traces.
//!
//! ```text
//! presynaptic spike:  w ← w + A₋ y,  then x ← x + 1 (or x ← 1)
//! postsynaptic spike: w ← w + A₊ x,  then y ← y + 1 (or y ← 1)
//! τ₊ dx/dt = −x     τ₋ dy/dt = −y
//! ```
//!
//! With traces that add up, every pair of spikes counts; with traces that are
//! set to 1, only the nearest (Morrison, Diesmann and Gerstner 2008).

use super::rule::{Rule, RuleKernel};
use super::{Bounds, Follows, PlasticityRule, Trace};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        a_plus: Param::number(
            "Potentiation A₊", "", 0.01, (-10.0, 10.0),
            "The change for a presynaptic spike right before the postsynaptic one",
        ),
        a_minus: Param::number(
            "Depression A₋", "", -0.0105, (-10.0, 10.0),
            "The change for a presynaptic spike right after the postsynaptic one",
        ),
        tau_plus_ms: Param::number(
            "Potentiation's time constant τ₊", "ms", 20.0, (0.1, 1000.0),
            "How far back a presynaptic spike still counts",
        ),
        tau_minus_ms: Param::number(
            "Depression's time constant τ₋", "ms", 20.0, (0.1, 1000.0),
            "How far back a postsynaptic spike still counts",
        ),
        pairing: Param::choice(
            "Pairing", &["all to all", "nearest neighbour"], 0,
            "Which pairs of spikes count",
        ),
    }
}

constants! {
    PairConstants { a_plus, a_minus }
}

/// The declaration.
pub static PAIR: PlasticityRule = PlasticityRule {
    id: "pair",
    name: "Pair STDP",
    doc: "A synapse grows if its spike came shortly before the neuron's own, and shrinks if it came shortly after.",
    source: "Bi and Poo, J. Neurosci. 18:10464 (1998); Song, Miller and Abbott, Nat. Neurosci. 3:919 (2000); traces after Morrison et al., Biol. Cybern. 98:459 (2008)",
    equations: &[
        "pre:  w = w + A₋ y, then x = x + 1 (nearest: x = 1)",
        "post: w = w + A₊ x, then y = y + 1 (nearest: y = 1)",
        "τ₊ dx/dt = −x,  τ₋ dy/dt = −y",
    ],
    params: Params::DECLARED,
    pre: &[Trace { name: "x", label: "Presynaptic trace x", tau: "tau_plus_ms" }],
    post: &[Trace { name: "y", label: "Postsynaptic trace y", tau: "tau_minus_ms" }],
    adds: |p| Params::of(p).pairing == 0.0,
    follows: |_| Follows::Spikes,
    bounds: Bounds::UNIT,
    window: Some(|p, delta_ms| {
        let p = Params::of(p);
        if delta_ms >= 0.0 {
            p.a_plus * (-delta_ms / p.tau_plus_ms).exp()
        } else {
            p.a_minus * (delta_ms / p.tau_minus_ms).exp()
        }
    }),
    constants: PairConstants::NAMES,
    kernel: RuleKernel::of::<Pair, 1, 1>(),
    wgsl: include_str!("../../../shaders/plasticity/pair.wgsl"),
};

struct Pair;

impl Rule<1, 1> for Pair {
    type Constants = PairConstants;

    const PRE_NEEDS: [bool; 1] = [true];
    const POST_NEEDS: [bool; 1] = [true];

    fn derive(p: &[f64], _dt_ms: f64) -> PairConstants {
        let p = Params::of(p);
        PairConstants { a_plus: p.a_plus as f32, a_minus: p.a_minus as f32 }
    }

    #[inline(always)]
    fn on_pre(c: &PairConstants, _: [f32; 1], [y]: [f32; 1]) -> f32 {
        c.a_minus * y
    }

    #[inline(always)]
    fn on_post(c: &PairConstants, [x]: [f32; 1], _: [f32; 1]) -> f32 {
        c.a_plus * x
    }
}

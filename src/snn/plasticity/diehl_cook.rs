//! The rule by which Diehl and Cook's network learns digits: the triplet form
//! that their program uses.
//!
//! ```text
//! presynaptic spike:  w ← w − ν₋ post₁,       then pre ← 1
//! postsynaptic spike: w ← w + ν₊ pre post₂,   then post₁, post₂ ← 1
//! ```
//!
//! post₂ is that before the spike: the first postsynaptic spike after a long
//! silence changes nothing, the second does.

use super::rule::{Rule, RuleKernel};
use super::{Bounds, Follows, PlasticityRule, Trace};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        nu_pre: Param::number(
            "Rate of depression ν₋", "", 1e-4, (0.0, 1.0),
            "What a presynaptic spike takes away",
        ),
        nu_post: Param::number(
            "Rate of potentiation ν₊", "", 1e-2, (0.0, 1.0),
            "What a postsynaptic spike adds",
        ),
        tau_pre_ms: Param::number(
            "Time constant of pre", "ms", 20.0, (0.1, 1000.0),
            "How far back a presynaptic spike counts",
        ),
        tau_post1_ms: Param::number(
            "Time constant of post₁", "ms", 20.0, (0.1, 1000.0),
            "How far back a postsynaptic spike counts for depression",
        ),
        tau_post2_ms: Param::number(
            "Time constant of post₂", "ms", 40.0, (0.1, 1000.0),
            "How far back the previous postsynaptic spike counts for potentiation",
        ),
    }
}

constants! {
    DiehlCookConstants { nu_pre, nu_post }
}

/// The declaration.
pub static DIEHL_COOK: PlasticityRule = PlasticityRule {
    id: "diehl_cook",
    name: "Diehl & Cook's STDP",
    doc: "Strengthens the synapses whose spikes came before the second of two postsynaptic spikes: a neuron learns the image that makes it fire more than once.",
    source: "Diehl and Cook, Front. Comput. Neurosci. 9:99 (2015), as in the authors' program (peter-u-diehl/stdp-mnist)",
    equations: &[
        "pre:  w = w − ν₋ post₁, then pre = 1",
        "post: w = w + ν₊ pre post₂, then post₁ = 1, post₂ = 1",
        "τ_pre dpre/dt = −pre,  τ₁ dpost₁/dt = −post₁,  τ₂ dpost₂/dt = −post₂",
    ],
    params: Params::DECLARED,
    pre: &[Trace { name: "pre", label: "Presynaptic trace", tau: "tau_pre_ms" }],
    post: &[
        Trace { name: "post1", label: "Fast postsynaptic trace", tau: "tau_post1_ms" },
        Trace { name: "post2", label: "Slow postsynaptic trace", tau: "tau_post2_ms" },
    ],
    adds: |_| false,
    follows: |_| Follows::Spikes,
    bounds: Bounds::UNIT,
    window: Some(|p, delta_ms| {
        // A lone postsynaptic spike meets no earlier one.
        let p = Params::of(p);
        if delta_ms >= 0.0 { 0.0 } else { -p.nu_pre * (delta_ms / p.tau_post1_ms).exp() }
    }),
    constants: DiehlCookConstants::NAMES,
    kernel: RuleKernel::of::<DiehlCook, 1, 2>(),
    wgsl: include_str!("../../../shaders/plasticity/diehl_cook.wgsl"),
};

struct DiehlCook;

impl Rule<1, 2> for DiehlCook {
    type Constants = DiehlCookConstants;

    const PRE_NEEDS: [bool; 2] = [true, false];
    const POST_NEEDS: [bool; 1] = [true];

    fn derive(p: &[f64], _dt_ms: f64) -> DiehlCookConstants {
        let p = Params::of(p);
        DiehlCookConstants { nu_pre: p.nu_pre as f32, nu_post: p.nu_post as f32 }
    }

    #[inline(always)]
    fn on_pre(c: &DiehlCookConstants, _: [f32; 1], [post1, _]: [f32; 2]) -> f32 {
        -c.nu_pre * post1
    }

    #[inline(always)]
    fn on_post(c: &DiehlCookConstants, [pre]: [f32; 1], [_, post2]: [f32; 2]) -> f32 {
        c.nu_post * pre * post2
    }
}

//! Contrastive Hebbian learning with spikes: pairs of spikes strengthen in one phase and
//! weaken in the other.
//!
//! ```text
//! presynaptic spike:  w ← w + p η y,  then x ← x + 1
//! postsynaptic spike: w ← w + p η x,  then y ← y + 1
//! τ dx/dt = −x     τ dy/dt = −y
//! ```
//!
//! p is one number for all synapses: +1 while the output is nudged towards its target, −1
//! while it is free (or nudged away), 0 while spikes settle. Over a phase each pair of
//! spikes adds p η e^(−|Δt|/τ), whatever their order, which is the product of the two traces
//! summed over all steps, times 1 − e^(−2dt/τ). The rule is the same seen from either side,
//! so a synapse and the one that leads back see the same pairs and stay equal, but for
//! rounding.

use super::rule::{Rule, RuleKernel};
use super::{BoundKind, Bounds, Follows, PlasticityRule, Trace};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        eta: Param::number(
            "Learning rate η", "", 0.01, (-10.0, 10.0),
            "The change for two spikes at the same time in the nudged phase",
        ),
        tau_ms: Param::number(
            "Time constant τ", "ms", 10.0, (0.1, 1000.0),
            "How far apart two spikes may be to count as a pair",
        ),
        phase: Param::number(
            "Phase p", "", 1.0, (-1.0, 1.0),
            "1 in the nudged phase, −1 in the free one, 0 in between: the same for all synapses",
        ),
    }
}

constants! {
    ContrastiveConstants { step }
}

/// The declaration.
pub static CONTRASTIVE: PlasticityRule = PlasticityRule {
    id: "contrastive",
    name: "Contrastive Hebbian",
    doc: "Spikes that go together strengthen a synapse while the output is nudged towards its target, and weaken it as much while the output is free: what is left is what the target changed.",
    source: "in the manner of Mesnard, Gerstner and Brea, arXiv:1612.03214 (2016); Movellan (1991), Xie and Seung, Neural Comput. 15:441 (2003)",
    equations: &[
        "pre:  w = w + p η y, then x = x + 1",
        "post: w = w + p η x, then y = y + 1",
        "τ dx/dt = −x,  τ dy/dt = −y;  p = 1 nudged, −1 free, 0 else",
    ],
    params: Params::DECLARED,
    pre: &[Trace { name: "x", label: "Presynaptic trace x", tau: "tau_ms" }],
    post: &[Trace { name: "y", label: "Postsynaptic trace y", tau: "tau_ms" }],
    adds: |_| true,
    follows: |_| Follows::Spikes,
    // Weights of either sign.
    bounds: Bounds { kind: BoundKind::None, min: -10.0, max: 10.0 },
    window: Some(|p, delta_ms| {
        let p = Params::of(p);
        p.phase * p.eta * (-delta_ms.abs() / p.tau_ms).exp()
    }),
    constants: ContrastiveConstants::NAMES,
    kernel: RuleKernel::of::<Contrastive, 1, 1>(),
    wgsl: include_str!("../../../shaders/plasticity/contrastive.wgsl"),
};

struct Contrastive;

impl Rule<1, 1> for Contrastive {
    type Constants = ContrastiveConstants;

    const PRE_NEEDS: [bool; 1] = [true];
    const POST_NEEDS: [bool; 1] = [true];

    fn derive(p: &[f64], _dt_ms: f64) -> ContrastiveConstants {
        let p = Params::of(p);
        ContrastiveConstants { step: (p.phase * p.eta) as f32 }
    }

    #[inline(always)]
    fn on_pre(c: &ContrastiveConstants, _: [f32; 1], [y]: [f32; 1]) -> f32 {
        c.step * y
    }

    #[inline(always)]
    fn on_post(c: &ContrastiveConstants, [x]: [f32; 1], _: [f32; 1]) -> f32 {
        c.step * x
    }
}

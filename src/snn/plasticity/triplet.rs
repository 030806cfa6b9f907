//! The triplet rule: what pairs cannot explain, the dependence on the
//! frequency of pairing, comes from a second, slower trace on either side.
//!
//! ```text
//! presynaptic spike:  w ← w − o₁ (A₂₋ + A₃₋ r₂),  then r₁, r₂ ← + 1
//! postsynaptic spike: w ← w + r₁ (A₂₊ + A₃₊ o₂),  then o₁, o₂ ← + 1
//! ```
//!
//! r₂ and o₂ are those before the spike that reads them.

use super::rule::{Rule, RuleKernel};
use super::{Bounds, Follows, PlasticityRule, Trace};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        a2_plus: Param::number(
            "Pair potentiation A₂₊", "", 5e-10, (0.0, 10.0),
            "Potentiation by a pre–post pair",
        ),
        a2_minus: Param::number(
            "Pair depression A₂₋", "", 7e-3, (0.0, 10.0),
            "Depression by a post–pre pair",
        ),
        a3_plus: Param::number(
            "Triplet potentiation A₃₊", "", 6.2e-3, (0.0, 10.0),
            "Potentiation by a post–pre–post triplet",
        ),
        a3_minus: Param::number(
            "Triplet depression A₃₋", "", 2.3e-4, (0.0, 10.0),
            "Depression by a pre–post–pre triplet",
        ),
        tau_plus_ms: Param::number(
            "Time constant of r₁, τ₊", "ms", 16.8, (0.1, 1000.0),
            "How far back a presynaptic spike counts for a pair",
        ),
        tau_x_ms: Param::number(
            "Time constant of r₂, τₓ", "ms", 101.0, (0.1, 10_000.0),
            "How far back a presynaptic spike counts for a triplet",
        ),
        tau_minus_ms: Param::number(
            "Time constant of o₁, τ₋", "ms", 33.7, (0.1, 1000.0),
            "How far back a postsynaptic spike counts for a pair",
        ),
        tau_y_ms: Param::number(
            "Time constant of o₂, τ_y", "ms", 125.0, (0.1, 10_000.0),
            "How far back a postsynaptic spike counts for a triplet",
        ),
        pairing: Param::choice(
            "Pairing", &["all to all", "nearest neighbour"], 0,
            "Which spikes count",
        ),
    }
}

constants! {
    TripletConstants { a2_plus, a2_minus, a3_plus, a3_minus }
}

/// The declaration; defaults are the all-to-all fit to visual cortex (their
/// table 4, "Full"), in units of a weight of 1.
pub static TRIPLET: PlasticityRule = PlasticityRule {
    id: "triplet",
    name: "Triplet STDP",
    doc: "Pairs and triplets of spikes: at high rates even a post-before-pre pairing strengthens, as measured in cortex.",
    source: "Pfister and Gerstner, J. Neurosci. 26:9673 (2006), eq. (2) to (4)",
    equations: &[
        "pre:  w = w − o₁ (A₂₋ + A₃₋ r₂), then r₁ = r₁ + 1, r₂ = r₂ + 1",
        "post: w = w + r₁ (A₂₊ + A₃₊ o₂), then o₁ = o₁ + 1, o₂ = o₂ + 1",
        "τ₊ dr₁/dt = −r₁,  τₓ dr₂/dt = −r₂,  τ₋ do₁/dt = −o₁,  τ_y do₂/dt = −o₂",
    ],
    params: Params::DECLARED,
    pre: &[
        Trace { name: "r1", label: "Fast presynaptic trace r₁", tau: "tau_plus_ms" },
        Trace { name: "r2", label: "Slow presynaptic trace r₂", tau: "tau_x_ms" },
    ],
    post: &[
        Trace { name: "o1", label: "Fast postsynaptic trace o₁", tau: "tau_minus_ms" },
        Trace { name: "o2", label: "Slow postsynaptic trace o₂", tau: "tau_y_ms" },
    ],
    adds: |p| Params::of(p).pairing == 0.0,
    follows: |_| Follows::Spikes,
    bounds: Bounds::UNIT,
    window: Some(|p, delta_ms| {
        // A lone pair meets no second trace.
        let p = Params::of(p);
        if delta_ms >= 0.0 {
            p.a2_plus * (-delta_ms / p.tau_plus_ms).exp()
        } else {
            -p.a2_minus * (delta_ms / p.tau_minus_ms).exp()
        }
    }),
    constants: TripletConstants::NAMES,
    kernel: RuleKernel::of::<Triplet, 2, 2>(),
    wgsl: include_str!("../../../shaders/plasticity/triplet.wgsl"),
};

struct Triplet;

impl Rule<2, 2> for Triplet {
    type Constants = TripletConstants;

    const PRE_NEEDS: [bool; 2] = [true, false];
    const POST_NEEDS: [bool; 2] = [true, false];

    fn derive(p: &[f64], _dt_ms: f64) -> TripletConstants {
        let p = Params::of(p);
        TripletConstants {
            a2_plus: p.a2_plus as f32,
            a2_minus: p.a2_minus as f32,
            a3_plus: p.a3_plus as f32,
            a3_minus: p.a3_minus as f32,
        }
    }

    #[inline(always)]
    fn on_pre(c: &TripletConstants, [_, r2]: [f32; 2], [o1, _]: [f32; 2]) -> f32 {
        -o1 * (c.a2_minus + c.a3_minus * r2)
    }

    #[inline(always)]
    fn on_post(c: &TripletConstants, [r1, _]: [f32; 2], [_, o2]: [f32; 2]) -> f32 {
        r1 * (c.a2_plus + c.a3_plus * o2)
    }
}

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
use crate::snn::params::Param;

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
    params: &[
        Param::number(
            "a2_plus",
            "Pair potentiation A₂₊",
            "",
            5e-10,
            (0.0, 10.0),
            "Potentiation by a pre–post pair",
        ),
        Param::number(
            "a2_minus",
            "Pair depression A₂₋",
            "",
            7e-3,
            (0.0, 10.0),
            "Depression by a post–pre pair",
        ),
        Param::number(
            "a3_plus",
            "Triplet potentiation A₃₊",
            "",
            6.2e-3,
            (0.0, 10.0),
            "Potentiation by a post–pre–post triplet",
        ),
        Param::number(
            "a3_minus",
            "Triplet depression A₃₋",
            "",
            2.3e-4,
            (0.0, 10.0),
            "Depression by a pre–post–pre triplet",
        ),
        Param::number(
            "tau_plus_ms",
            "Time constant of r₁, τ₊",
            "ms",
            16.8,
            (0.1, 1000.0),
            "How far back a presynaptic spike counts for a pair",
        ),
        Param::number(
            "tau_x_ms",
            "Time constant of r₂, τₓ",
            "ms",
            101.0,
            (0.1, 10_000.0),
            "How far back a presynaptic spike counts for a triplet",
        ),
        Param::number(
            "tau_minus_ms",
            "Time constant of o₁, τ₋",
            "ms",
            33.7,
            (0.1, 1000.0),
            "How far back a postsynaptic spike counts for a pair",
        ),
        Param::number(
            "tau_y_ms",
            "Time constant of o₂, τ_y",
            "ms",
            125.0,
            (0.1, 10_000.0),
            "How far back a postsynaptic spike counts for a triplet",
        ),
        Param::choice(
            "pairing",
            "Pairing",
            &["all to all", "nearest neighbour"],
            0,
            "Which spikes count",
        ),
    ],
    pre: &[
        Trace { name: "r1", label: "Fast presynaptic trace r₁", tau: "tau_plus_ms" },
        Trace { name: "r2", label: "Slow presynaptic trace r₂", tau: "tau_x_ms" },
    ],
    post: &[
        Trace { name: "o1", label: "Fast postsynaptic trace o₁", tau: "tau_minus_ms" },
        Trace { name: "o2", label: "Slow postsynaptic trace o₂", tau: "tau_y_ms" },
    ],
    adds: |p| p[8] == 0.0,
    follows: |_| Follows::Spikes,
    bounds: Bounds::UNIT,
    window: Some(|p, delta_ms| {
        // A lone pair meets no second trace.
        if delta_ms >= 0.0 {
            p[0] * (-delta_ms / p[4]).exp()
        } else {
            -p[1] * (delta_ms / p[6]).exp()
        }
    }),
    constants: &["a2_plus", "a2_minus", "a3_plus", "a3_minus"],
    kernel: RuleKernel::of::<Triplet, 2, 2, 4>(),
};

struct Triplet;

impl Rule<2, 2, 4> for Triplet {
    const PRE_NEEDS: [bool; 2] = [true, false];
    const POST_NEEDS: [bool; 2] = [true, false];

    fn derive(p: &[f64], _dt_ms: f64) -> [f32; 4] {
        std::array::from_fn(|i| p[i] as f32)
    }

    #[inline(always)]
    fn on_pre(c: &[f32; 4], [_, r2]: [f32; 2], [o1, _]: [f32; 2]) -> f32 {
        -o1 * (c[1] + c[3] * r2)
    }

    #[inline(always)]
    fn on_post(c: &[f32; 4], [r1, _]: [f32; 2], [_, o2]: [f32; 2]) -> f32 {
        r1 * (c[0] + c[2] * o2)
    }
}

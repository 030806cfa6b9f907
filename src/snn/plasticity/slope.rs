//! Bengio's rule: a weight changes by the presynaptic spike's trace times the
//! rate of change of the postsynaptic side.
//!
//! ```text
//! every step: w ← w + η x ΔS,   x raised by presynaptic spikes, τ_x dx/dt = −x
//! ```
//!
//! S is the membrane potential, or the rate of the neuron's spikes (their
//! trace). It needs no difference of spike times, yet averaged over rises and
//! falls of the postsynaptic rate it yields the STDP window: a neuron whose
//! rate rises fires most after the presynaptic spike, one whose rate falls fires
//! most before it.

use super::rule::{Rule, RuleKernel};
use super::{Bounds, Follows, PlasticityRule, Trace};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        eta: Param::number(
            "Learning rate η", "", 0.01, (-10.0, 10.0),
            "The change of the weight per unit of trace and of S",
        ),
        tau_x_ms: Param::number(
            "Presynaptic time constant τ_x", "ms", 20.0, (0.1, 1000.0),
            "How long a presynaptic spike is felt (its postsynaptic potential)",
        ),
        tau_s_ms: Param::number(
            "Rate's time constant τ_s", "ms", 20.0, (0.1, 10_000.0),
            "Over how long spikes are counted for the rate",
        ),
        signal: Param::choice(
            "S is", &["the membrane potential", "the rate of spikes"], 0,
            "Whose rate of change counts",
        ),
    }
}

constants! {
    SlopeConstants { eta }
}

/// The declaration.
pub static SLOPE: PlasticityRule = PlasticityRule {
    id: "slope",
    name: "Bengio's rule",
    doc: "A synapse grows while its spikes meet a rising postsynaptic activity and shrinks while they meet a falling one: no spike times are compared, yet STDP comes out.",
    source: "Bengio et al., arXiv:1509.05936 (2015), eq. (1); Neural Comput. 29:555 (2017); after Xie and Seung (2000)",
    equations: &[
        "dw/dt = η x dS/dt",
        "pre: x = x + 1;  τ_x dx/dt = −x",
        "S is the membrane potential, or the rate: post: S = S + 1, τ_s dS/dt = −S",
    ],
    params: Params::DECLARED,
    pre: &[Trace { name: "x", label: "Presynaptic trace x", tau: "tau_x_ms" }],
    post: &[Trace { name: "s", label: "Rate S", tau: "tau_s_ms" }],
    adds: |_| true,
    follows: |p| if Params::of(p).signal == 0.0 { Follows::Membrane } else { Follows::Rate },
    bounds: Bounds::UNIT,
    window: Some(|p, delta_ms| {
        // For the rate: η ∫ x dS of one rise by 1 and the fading after it. The
        // membrane's window is that of the neuron.
        let Params { eta, tau_x_ms: tau_x, tau_s_ms: tau_s, .. } = Params::of(p);
        if delta_ms >= 0.0 {
            eta * tau_s / (tau_x + tau_s) * (-delta_ms / tau_x).exp()
        } else {
            -eta * tau_x / (tau_x + tau_s) * (delta_ms / tau_s).exp()
        }
    }),
    constants: SlopeConstants::NAMES,
    kernel: RuleKernel::of::<Slope, 1, 1>(),
    wgsl: include_str!("../../../shaders/plasticity/slope.wgsl"),
};

struct Slope;

impl Rule<1, 1> for Slope {
    type Constants = SlopeConstants;

    // Spikes alone change nothing, so nothing is to be touched at them.
    const PRE_NEEDS: [bool; 1] = [true];
    const POST_NEEDS: [bool; 1] = [true];

    fn derive(p: &[f64], _dt_ms: f64) -> SlopeConstants {
        SlopeConstants { eta: Params::of(p).eta as f32 }
    }

    #[inline(always)]
    fn on_pre(_: &SlopeConstants, _: [f32; 1], _: [f32; 1]) -> f32 {
        0.0
    }

    #[inline(always)]
    fn on_post(_: &SlopeConstants, _: [f32; 1], _: [f32; 1]) -> f32 {
        0.0
    }

    #[inline(always)]
    fn on_step(c: &SlopeConstants, [x]: [f32; 1], change: f32) -> f32 {
        c.eta * x * change
    }
}

//! Integrate-and-fire without a leak: the neuron that computes what a ReLU
//! computes, as a rate of spikes.
//!
//! ```text
//! dv/dt = I;   v ≥ v_th: spike, v ← v − v_th (or v ← 0)
//! ```
//!
//! With dt = 1 ms and a weight for a current this is eq. (1) of the report,
//! V_i = V_{i−1} + W_i x_i. Subtraction keeps what lies above the threshold, so
//! that T steps of input x give floor(T x / v_th) spikes; a reset to zero loses it.

use super::kernel::{Kernel, Model};
use super::rate_curve::{GOES_ON, Onset, RateCurve, hz, refractory_ms};
use super::{Initial, NeuronModel, StateVar};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        v_th: Param::number("Threshold", "", 1.0, (1e-6, 1e6), "A spike is fired at it or above"),
        reset: Param::choice(
            "Reset", &["by subtraction", "to zero"], 0,
            "What a spike leaves: what lies above the threshold, or nothing",
        ),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 0.0, (0.0, 1000.0),
            "No second spike before it is over; input is still added up",
        ),
    }
}

constants! {
    IfConstants { v_th, keep, dt }
}

/// The declaration.
pub static INTEGRATE_FIRE: NeuronModel = NeuronModel {
    id: "if",
    name: "Integrate-and-fire without leak",
    doc: "Adds up its input and fires when the sum reaches the threshold: its rate is the ReLU of its input, up to one spike per step.",
    source: "Rueckauer et al., Front. Neurosci. 11:682 (2017), eq. (1) to (4)",
    equations: &["dv/dt = I", "spike where v ≥ v_th; then v = v − v_th, or v = 0"],
    integration: "exact for any dt",
    current_unit: "1/ms",
    params: Params::DECLARED,
    state: &[StateVar::input(
        "v",
        "Membrane potential",
        "",
        Initial::Value(0.0),
        "The sum of the input since the last spike",
    )],
    constants: IfConstants::NAMES,
    threshold: |p, _| Params::of(p).v_th,
    adapts: |_| false,
    kernel: |_| Kernel::of::<IntegrateFire, 1, 0>(),
    wgsl: include_str!("../../../shaders/models/if.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "f = I / v_th, at most one spike per step and refractory period: a ReLU",
        closed: true,
        rate_hz,
        stepwise_hz: None,
        rheobase: |_| 0.0,
        onset: |_| Onset::NoLeak,
        refractory: GOES_ON,
        span: (-0.3, 1.5),
    }),
};

struct IntegrateFire;

impl Model<1, 0> for IntegrateFire {
    type Constants = IfConstants;

    fn derive(p: &[f64], dt_ms: f64) -> IfConstants {
        let p = Params::of(p);
        let keep = if p.reset == 0.0 { 1.0 } else { 0.0 };
        IfConstants { v_th: p.v_th as f32, keep, dt: dt_ms as f32 }
    }

    #[inline(always)]
    fn step(c: &IfConstants, [v]: [f32; 1], _: [f32; 0], current: f32, _free: bool) -> [f32; 1] {
        [v + current * c.dt]
    }

    #[inline(always)]
    fn fires(c: &IfConstants, [v]: &[f32; 1], _: &[f32; 0]) -> bool {
        *v >= c.v_th
    }

    fn reset(c: &IfConstants, [v]: &mut [f32; 1], _: &mut [f32; 0]) {
        *v = (*v - c.v_th) * c.keep;
    }
}

/// Input goes on being summed while the neuron is refractory. A reset to zero
/// loses what lies above the threshold, so intervals are whole steps.
fn rate_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    if current <= 0.0 {
        return 0.0;
    }
    let p = Params::of(p);
    let mut interval = p.v_th / current;
    if p.reset != 0.0 {
        interval = (interval / dt_ms - 1e-6).ceil() * dt_ms;
    }
    hz(interval.max(refractory_ms(p.t_ref_ms, dt_ms)), dt_ms)
}

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
use super::{Initial, NeuronModel, StateVar};
use crate::snn::params::Param;

/// The declaration.
pub static INTEGRATE_FIRE: NeuronModel = NeuronModel {
    id: "if",
    name: "Integrate-and-fire without leak",
    doc: "Adds up its input and fires when the sum reaches the threshold: its rate is the ReLU of its input, up to one spike per step.",
    source: "Rueckauer et al., Front. Neurosci. 11:682 (2017), eq. (1) to (4)",
    equations: &["dv/dt = I", "spike where v ≥ v_th; then v = v − v_th, or v = 0"],
    integration: "exact for any dt",
    current_unit: "1/ms",
    params: &[
        Param::number("v_th", "Threshold", "", 1.0, (1e-6, 1e6), "A spike is fired at it or above"),
        Param::choice(
            "reset",
            "Reset",
            &["by subtraction", "to zero"],
            0,
            "What a spike leaves: what lies above the threshold, or nothing",
        ),
        Param::number(
            "t_ref_ms",
            "Refractory period",
            "ms",
            0.0,
            (0.0, 1000.0),
            "No second spike before it is over; input is still added up",
        ),
    ],
    state: &[StateVar::input(
        "v",
        "Membrane potential",
        "",
        Initial::Value(0.0),
        "The sum of the input since the last spike",
    )],
    constants: &["v_th", "keep", "dt"],
    threshold: |p, _| p[0],
    adapts: |_| false,
    kernel: |_| Kernel::of::<IntegrateFire, 1, 0, 3>(),
};

struct IntegrateFire;

impl Model<1, 0, 3> for IntegrateFire {
    fn derive(p: &[f64], dt_ms: f64) -> [f32; 3] {
        let &[v_th, reset, _] = p else { return [0.0; 3] };
        [v_th as f32, if reset == 0.0 { 1.0 } else { 0.0 }, dt_ms as f32]
    }

    #[inline(always)]
    fn step(c: &[f32; 3], [v]: [f32; 1], _: [f32; 0], current: f32, _free: bool) -> [f32; 1] {
        [v + current * c[2]]
    }

    #[inline(always)]
    fn fires(c: &[f32; 3], [v]: &[f32; 1], _: &[f32; 0]) -> bool {
        *v >= c[0]
    }

    fn reset(c: &[f32; 3], [v]: &mut [f32; 1], _: &mut [f32; 0]) {
        *v = (*v - c[0]) * c[1];
    }
}

//! The gate that stands for max-pooling in a converted network: of four neurons it
//! lets the spikes of the busiest through.
//!
//! ```text
//! n_k: spikes so far of neuron k = 1 … 4
//! running rate:  a spike of neuron k passes where n_k is the largest (of equals the first)
//! largest count: a spike passes wherever max n_k grows
//! ```
//!
//! It is no neuron of any brain: a maximum of rates is no sum of currents, which is
//! why it has to be counted.

use super::kernel::{Kernel, Model};
use super::{Initial, NeuronModel, StateVar};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

const fn count(name: &'static str, label: &'static str) -> StateVar {
    StateVar::input(name, label, "", Initial::Value(0.0), "How often it has spiked so far")
}

const fn seen(name: &'static str, label: &'static str) -> StateVar {
    StateVar::new(name, label, "", Initial::Value(0.0), "The same, one step ago")
}

params! {
    struct Params: f64 {
        gate: Param::choice(
            "Passes", &["spikes of the busiest", "whenever the largest count grows"], 0,
            "Which spikes count",
        ),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 0.0, (0.0, 1000.0),
            "No second spike before it is over; what passes is still added up",
        ),
    }
}

constants! {
    MaxGateConstants { dt, largest }
}

/// The declaration.
pub static MAX_GATE: NeuronModel = NeuronModel {
    id: "max_gate",
    name: "Gate for max-pooling",
    doc: "Passes the spikes of the one of its four inputs that has fired most so far: the maximum of four rates.",
    source: "Rueckauer et al., Front. Neurosci. 11:682 (2017), section 2.2.6",
    equations: &[
        "v = v + 1 where the busiest of four inputs has just spiked; dv/dt = I besides",
        "spike where v ≥ 1; then v = v − 1",
    ],
    integration: "exact for any dt",
    current_unit: "1/ms",
    params: Params::DECLARED,
    state: &[
        StateVar::input("v", "Passed", "", Initial::Value(0.0), "Spikes to be handed on"),
        count("n1", "Input 1"),
        count("n2", "Input 2"),
        count("n3", "Input 3"),
        count("n4", "Input 4"),
        seen("seen1", "Input 1 before"),
        seen("seen2", "Input 2 before"),
        seen("seen3", "Input 3 before"),
        seen("seen4", "Input 4 before"),
    ],
    constants: MaxGateConstants::NAMES,
    threshold: |_, _| 1.0,
    adapts: |_| false,
    kernel: |_| Kernel::of::<MaxGate, 9, 0>(),
    wgsl: include_str!("../../../shaders/models/max_gate.wgsl"),
    rate_curve: None,
};

struct MaxGate;

impl Model<9, 0> for MaxGate {
    type Constants = MaxGateConstants;

    fn derive(p: &[f64], dt_ms: f64) -> MaxGateConstants {
        MaxGateConstants { dt: dt_ms as f32, largest: Params::of(p).gate as f32 }
    }

    #[inline(always)]
    fn step(k: &MaxGateConstants, x: [f32; 9], _: [f32; 0], current: f32, _free: bool) -> [f32; 9] {
        let [v, a, b, c, d, a0, b0, c0, d0] = x;
        let most = a.max(b).max(c.max(d));
        let before = a0.max(b0).max(c0.max(d0));
        // Of equals the first one; it passes if it has just spiked.
        let last = if c == most { c > c0 } else { d > d0 };
        let later = if b == most { b > b0 } else { last };
        let busiest = if a == most { a > a0 } else { later };
        let passes = if k.largest == 0.0 { busiest } else { most > before };
        let passed = if passes { 1.0 } else { 0.0 };
        [(v + current * k.dt) + passed, a, b, c, d, a, b, c, d]
    }

    #[inline(always)]
    fn fires(_: &MaxGateConstants, [v, ..]: &[f32; 9], _: &[f32; 0]) -> bool {
        *v >= 1.0
    }

    fn reset(_: &MaxGateConstants, [v, ..]: &mut [f32; 9], _: &mut [f32; 0]) {
        *v -= 1.0;
    }
}

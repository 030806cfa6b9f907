//! Izhikevich's simple model: two variables, and most firing patterns of
//! cortical neurons by choice of four numbers.
//!
//! ```text
//! dv/dt = 0.04 v² + 5 v + 140 − u + I      du/dt = a (b v − u)
//! v ≥ 30 mV: spike, v ← c, u ← u + d
//! ```
//!
//! Forward Euler, with v advanced in two halves of dt as in the published
//! program (which uses dt = 1 ms; 0.1 ms and less is better).

use super::kernel::{Kernel, Model};
use super::math::fade;
use super::{Initial, NeuronModel, StateVar};
use crate::snn::params::Param;

/// The declaration.
pub static IZHIKEVICH: NeuronModel = NeuronModel {
    id: "izhikevich",
    name: "Izhikevich",
    doc: "A quadratic membrane with a recovery variable: regular spiking, bursting, chattering and more by choice of a, b, c and d.",
    source: "Izhikevich, IEEE Trans. Neural Networks 14:1569 (2003), eq. (1) to (3)",
    equations: &[
        "dv/dt = 0.04 v² + 5 v + 140 − u + I + i_syn",
        "du/dt = a (b v − u)",
        "τ_syn di_syn/dt = −i_syn",
        "spike where v ≥ v_peak; then v = c, u = u + d",
    ],
    integration: "forward Euler, v in two halves of dt; not exact: a smaller dt is closer",
    current_unit: "mV/ms",
    params: &[
        Param::number("a", "Recovery rate a", "1/ms", 0.02, (1e-4, 1.0), "How fast u recovers"),
        Param::number(
            "b",
            "Recovery sensitivity b",
            "1/ms",
            0.2,
            (-1.0, 1.0),
            "How much u follows v",
        ),
        Param::number("c_mv", "Reset potential c", "mV", -65.0, (-100.0, 0.0), "v after a spike"),
        Param::number(
            "d_mv_per_ms",
            "Reset of u, d",
            "mV/ms",
            8.0,
            (-20.0, 20.0),
            "What a spike adds to u",
        ),
        Param::number(
            "v_peak_mv",
            "Peak",
            "mV",
            30.0,
            (0.0, 100.0),
            "A spike is fired at it or above",
        ),
        Param::number(
            "tau_syn_ms",
            "Synaptic time constant",
            "ms",
            5.0,
            (0.01, 1000.0),
            "How fast the synaptic current fades",
        ),
        Param::number(
            "t_ref_ms",
            "Refractory period",
            "ms",
            0.0,
            (0.0, 1000.0),
            "v is held at c for so long; the published model has none",
        ),
    ],
    state: &[
        StateVar::input(
            "v",
            "Membrane potential",
            "mV",
            Initial::Param("c_mv"),
            "The membrane; spikes at its peak",
        ),
        StateVar::new(
            "u",
            "Recovery",
            "mV/ms",
            Initial::Value(-13.0),
            "What pulls the membrane back",
        ),
        StateVar::input(
            "i_syn",
            "Synaptic current",
            "mV/ms",
            Initial::Value(0.0),
            "Jumps by the weight at each presynaptic spike and fades",
        ),
    ],
    constants: &["a_dt", "b", "c", "d", "v_peak", "keep_i", "half_dt"],
    threshold: |p, _| p[4],
    adapts: |_| false,
    kernel: |_| Kernel::of::<Izhikevich, 3, 0, 7>(),
};

struct Izhikevich;

impl Model<3, 0, 7> for Izhikevich {
    fn derive(p: &[f64], dt_ms: f64) -> [f32; 7] {
        let &[a, b, c, d, v_peak, tau_syn, _] = p else { return [0.0; 7] };
        [a * dt_ms, b, c, d, v_peak, (-dt_ms / tau_syn).exp(), 0.5 * dt_ms].map(|x| x as f32)
    }

    #[inline(always)]
    fn step(k: &[f32; 7], [v, u, i]: [f32; 3], _: [f32; 0], current: f32, free: bool) -> [f32; 3] {
        let &[a_dt, b, _, _, v_peak, keep_i, half_dt] = k;
        let half = |v: f32| v + half_dt * ((0.04 * v + 5.0) * v + 140.0 - u + current + i);
        // From above its peak the parabola would leap to infinity.
        let first = half(v);
        let moved = if first < v_peak { half(first) } else { first };
        let v_new = if free { moved } else { v };
        [v_new, u + a_dt * (b * v_new.min(v_peak) - u), fade(i, keep_i)]
    }

    #[inline(always)]
    fn fires(k: &[f32; 7], [v, ..]: &[f32; 3], _: &[f32; 0]) -> bool {
        *v >= k[4]
    }

    fn reset(k: &[f32; 7], [v, u, _]: &mut [f32; 3], _: &mut [f32; 0]) {
        *v = k[2];
        *u += k[3];
    }
}

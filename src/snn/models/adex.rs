//! The adaptive exponential integrate-and-fire neuron.
//!
//! ```text
//! C dv/dt = −g_L (v − E_L) + g_L Δ_T exp((v − V_T)/Δ_T) − w + I
//! τ_w dw/dt = a (v − E_L) − w
//! v > v_peak: spike, v ← v_reset, w ← w + b
//! ```
//!
//! Forward Euler; close to a spike the exponential is steep, so a dt of 0.1 ms
//! or less is advisable. Its argument is capped at 20: a spike is certain there.

use super::kernel::{Kernel, Model};
use super::math::{exp, fade};
use super::{Initial, NeuronModel, StateVar};
use crate::snn::params::Param;

/// The declaration.
pub static ADEX: NeuronModel = NeuronModel {
    id: "adex",
    name: "Adaptive exponential",
    doc: "A leaky neuron whose spike has an upstroke and whose adaptation current makes it tire: the standard compromise between realism and speed.",
    source: "Brette and Gerstner, J. Neurophysiol. 94:3637 (2005), eq. (2) to (4) and table 1",
    equations: &[
        "C dv/dt = −g_L (v − E_L) + g_L Δ_T exp((v − V_T)/Δ_T) − w + I + i_syn",
        "τ_w dw/dt = a (v − E_L) − w",
        "τ_syn di_syn/dt = −i_syn",
        "spike where v > v_peak; then v = v_reset, w = w + b",
    ],
    integration: "forward Euler; not exact: a smaller dt is closer",
    current_unit: "pA",
    params: &[
        Param::number(
            "c_pf",
            "Capacitance C",
            "pF",
            281.0,
            (1.0, 10_000.0),
            "How much charge a millivolt takes",
        ),
        Param::number(
            "g_l_ns",
            "Leak conductance g_L",
            "nS",
            30.0,
            (0.01, 1000.0),
            "How leaky the membrane is",
        ),
        Param::number(
            "e_l_mv",
            "Leak potential E_L",
            "mV",
            -70.6,
            (-200.0, 0.0),
            "Where the membrane goes without input",
        ),
        Param::number(
            "v_t_mv",
            "Threshold V_T",
            "mV",
            -50.4,
            (-200.0, 0.0),
            "Where the upstroke begins",
        ),
        Param::number(
            "delta_t_mv",
            "Slope factor Δ_T",
            "mV",
            2.0,
            (0.1, 20.0),
            "How sharp the upstroke is",
        ),
        Param::number(
            "tau_w_ms",
            "Adaptation time constant τ_w",
            "ms",
            144.0,
            (1.0, 10_000.0),
            "How fast adaptation fades",
        ),
        Param::number(
            "a_ns",
            "Subthreshold adaptation a",
            "nS",
            4.0,
            (-100.0, 1000.0),
            "How much adaptation follows the membrane",
        ),
        Param::number(
            "b_pa",
            "Spike-triggered adaptation b",
            "pA",
            80.5,
            (0.0, 10_000.0),
            "What each spike adds to adaptation",
        ),
        Param::number(
            "v_reset_mv",
            "Reset potential",
            "mV",
            -70.6,
            (-200.0, 0.0),
            "Where a spike leaves the membrane",
        ),
        Param::number("v_peak_mv", "Peak", "mV", 20.0, (-50.0, 100.0), "A spike is fired above it"),
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
            "The membrane is held at reset for so long; the published model has none",
        ),
    ],
    state: &[
        StateVar::input(
            "v",
            "Membrane potential",
            "mV",
            Initial::Param("e_l_mv"),
            "The membrane; spikes at its peak",
        ),
        StateVar::new(
            "w",
            "Adaptation current",
            "pA",
            Initial::Value(0.0),
            "What makes the neuron tire",
        ),
        StateVar::input(
            "i_syn",
            "Synaptic current",
            "pA",
            Initial::Value(0.0),
            "Jumps by the weight at each presynaptic spike and fades",
        ),
    ],
    constants: &[
        "dt_over_c",
        "g_l",
        "e_l",
        "v_t",
        "delta_t",
        "one_over_delta_t",
        "a",
        "b",
        "v_reset",
        "v_peak",
        "dt_over_tau_w",
        "keep_i",
    ],
    threshold: |p, _| p[9],
    adapts: |_| false,
    kernel: |_| Kernel::of::<AdEx, 3, 0, 12>(),
};

struct AdEx;

impl Model<3, 0, 12> for AdEx {
    fn derive(p: &[f64], dt_ms: f64) -> [f32; 12] {
        let &[c, g_l, e_l, v_t, delta_t, tau_w, a, b, v_reset, v_peak, tau_syn, _] = p else {
            return [0.0; 12];
        };
        let keep_i = (-dt_ms / tau_syn).exp();
        let h = dt_ms / c;
        [h, g_l, e_l, v_t, delta_t, 1.0 / delta_t, a, b, v_reset, v_peak, dt_ms / tau_w, keep_i]
            .map(|x| x as f32)
    }

    #[inline(always)]
    fn step(k: &[f32; 12], [v, w, i]: [f32; 3], _: [f32; 0], current: f32, free: bool) -> [f32; 3] {
        let &[h, g_l, e_l, v_t, delta_t, one_over_delta_t, a, _, _, _, h_w, keep_i] = k;
        let upstroke = delta_t * exp(((v - v_t) * one_over_delta_t).min(20.0));
        let moved = v + h * (g_l * (upstroke - (v - e_l)) - w + current + i);
        [if free { moved } else { v }, w + h_w * (a * (v - e_l) - w), fade(i, keep_i)]
    }

    #[inline(always)]
    fn fires(k: &[f32; 12], [v, ..]: &[f32; 3], _: &[f32; 0]) -> bool {
        *v > k[9]
    }

    fn reset(k: &[f32; 12], [v, w, _]: &mut [f32; 3], _: &mut [f32; 0]) {
        *v = k[8];
        *w += k[7];
    }
}

//! The adaptive exponential integrate-and-fire neuron.
//!
//! ```text
//! C dv/dt = −g_L (v − E_L) + g_L Δ_T exp((v − V_T)/Δ_T) − w + I
//! τ_w dw/dt = a (v − E_L) − w
//! v > v_peak: spike, v ← v_reset, w ← w + b
//! ```
//!
//! Integrated by the method of second order of [`super::second_order`] or, by
//! choice, by forward Euler, for which a dt of 0.1 ms or less is advisable: the
//! exponential is steep close to a spike. Its argument is capped at 20: a spike
//! is certain there.
//!
//! From V_T on, the time of the peak is that of y = exp(−(v − V_T)/Δ_T), which
//! falls almost in a straight line: C dy/dt = −g_L − y F/Δ_T, with F all currents
//! but the exponential one.

use super::kernel::{Kernel, Model};
use super::math::{exp, fade};
use super::second_order::{LATE, METHOD_DOC, gap, left, mean_of_fading, steps};
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
    integration: "second order, with the time of the peak found within the step; forward Euler by choice",
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
            "No second spike before it is over; the membrane is held at reset meanwhile. The published model has none",
        ),
        Param::choice(
            "integration",
            "Integration",
            &["second order", "forward Euler"],
            0,
            METHOD_DOC,
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
        LATE,
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
        "integration",
        "steps_per_h",
        "gap",
        "mean_i",
        "y_peak",
    ],
    threshold: |p, _| p[9],
    adapts: |_| false,
    kernel: |p| match p[12] {
        0.0 => Kernel::of::<AdEx<true>, 4, 0, 17>(),
        _ => Kernel::of::<AdEx<false>, 4, 0, 17>(),
    },
};

/// By the method of second order, or by forward Euler.
struct AdEx<const SECOND_ORDER: bool>;

#[inline(always)]
fn euler(k: &[f32; 17], [v, w, i, late]: [f32; 4], current: f32, free: bool) -> [f32; 4] {
    let &[h, g_l, e_l, v_t, delta_t, one_over_delta_t, a, _, _, _, h_w, keep_i, ..] = k;
    let upstroke = delta_t * exp(((v - v_t) * one_over_delta_t).min(20.0));
    let moved = v + h * (g_l * (upstroke - (v - e_l)) - w + current + i);
    [if free { moved } else { v }, w + h_w * (a * (v - e_l) - w), fade(i, keep_i), late]
}

/// The method of [`super::second_order`]; w by the midpoint rule. Times of the
/// membrane are dt/C.
#[inline(always)]
fn second_order(k: &[f32; 17], [v, w, i, late]: [f32; 4], current: f32, free: bool) -> [f32; 4] {
    let &[dt_over_c, g_l, e_l, v_t, delta_t, one_over_delta_t, a, _, _, v_peak, h_w, ..] = k;
    let &[.., keep_i, _, steps_per_h, gap, mean_i, y_peak] = k;
    let (steps_v, steps_w) = steps(late, gap, free);
    let h = steps_v * dt_over_c;
    let w_mid = w + (0.5 * (steps_w * h_w)) * (a * (v - e_l) - w);
    let distance = ((v - v_t) * one_over_delta_t).min(20.0);
    let rise = exp(distance);
    let push = ((current + i * mean_i) - w_mid) - g_l * (v - e_l);
    let slope = push + g_l * (delta_t * rise);
    let bend = g_l * (rise - 1.0);
    // From V_T on, along y.
    let y = exp(-distance);
    let steep = v >= v_t;
    let far = (if steep { y - y_peak } else { v_peak - v }).max(0.0);
    let along_y = g_l + 0.5 * (y + y_peak) * (push * one_over_delta_t);
    let pace = if steep { along_y } else { slope + 0.5 * bend * far };
    let peaks = slope > 0.0 && h * pace >= far;
    // The time to the peak, or how far v gets.
    let stiff = (1.0 - 0.5 * bend * h).max(0.1);
    let quotient =
        (if peaks { far } else { h * slope }) / (if peaks { pace.max(1e-6) } else { stiff });
    let moved = if peaks { v_peak + 1.0 } else { v + quotient };
    let left = if peaks { left(h - quotient, steps_per_h) } else { 0.0 };
    let v_new = if free { moved } else { v };
    let late_new = if free { left } else { late };
    let steps_w = if free { steps_w - left } else { steps_w };
    let v_mean = 0.5 * (v + v_new.min(v_peak));
    let w_new = w + (steps_w * h_w) * (a * (v_mean - e_l) - w_mid);
    [v_new, w_new, fade(i, keep_i), late_new]
}

impl<const SECOND_ORDER: bool> Model<4, 0, 17> for AdEx<SECOND_ORDER> {
    fn derive(p: &[f64], dt_ms: f64) -> [f32; 17] {
        let &[c, g_l, e_l, v_t, delta_t, tau_w, a, b, v_reset, v_peak, tau_syn, t_ref, method] = p
        else {
            return [0.0; 17];
        };
        [
            dt_ms / c,
            g_l,
            e_l,
            v_t,
            delta_t,
            1.0 / delta_t,
            a,
            b,
            v_reset,
            v_peak,
            dt_ms / tau_w,
            (-dt_ms / tau_syn).exp(),
            method,
            c / dt_ms,
            gap(t_ref, dt_ms),
            mean_of_fading(tau_syn, dt_ms),
            (-((v_peak - v_t) / delta_t).min(20.0)).exp(),
        ]
        .map(|x| x as f32)
    }

    #[inline(always)]
    fn step(k: &[f32; 17], x: [f32; 4], _: [f32; 0], current: f32, free: bool) -> [f32; 4] {
        if SECOND_ORDER { second_order(k, x, current, free) } else { euler(k, x, current, free) }
    }

    #[inline(always)]
    fn fires(k: &[f32; 17], [v, ..]: &[f32; 4], _: &[f32; 0]) -> bool {
        *v > k[9]
    }

    fn reset(k: &[f32; 17], [v, w, ..]: &mut [f32; 4], _: &mut [f32; 0]) {
        *v = k[8];
        *w += k[7];
    }
}

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
use super::rate_curve::{HELD_EXACTLY, Onset, RateCurve, refractory_ms, steady_hz};
use super::second_order::{LATE, METHOD_DOC, gap, left, mean_of_fading, steps};
use super::{Initial, NeuronModel, StateVar};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        c_pf: Param::number(
            "Capacitance C", "pF", 281.0, (1.0, 10_000.0),
            "How much charge a millivolt takes",
        ),
        g_l_ns: Param::number(
            "Leak conductance g_L", "nS", 30.0, (0.01, 1000.0),
            "How leaky the membrane is",
        ),
        e_l_mv: Param::number(
            "Leak potential E_L", "mV", -70.6, (-200.0, 0.0),
            "Where the membrane goes without input",
        ),
        v_t_mv: Param::number(
            "Threshold V_T", "mV", -50.4, (-200.0, 0.0),
            "Where the upstroke begins",
        ),
        delta_t_mv: Param::number(
            "Slope factor Δ_T", "mV", 2.0, (0.1, 20.0),
            "How sharp the upstroke is",
        ),
        tau_w_ms: Param::number(
            "Adaptation time constant τ_w", "ms", 144.0, (1.0, 10_000.0),
            "How fast adaptation fades",
        ),
        a_ns: Param::number(
            "Subthreshold adaptation a", "nS", 4.0, (-100.0, 1000.0),
            "How much adaptation follows the membrane",
        ),
        b_pa: Param::number(
            "Spike-triggered adaptation b", "pA", 80.5, (0.0, 10_000.0),
            "What each spike adds to adaptation",
        ),
        v_reset_mv: Param::number(
            "Reset potential", "mV", -70.6, (-200.0, 0.0),
            "Where a spike leaves the membrane",
        ),
        v_peak_mv: Param::number("Peak", "mV", 20.0, (-50.0, 100.0), "A spike is fired above it"),
        tau_syn_ms: Param::number(
            "Synaptic time constant", "ms", 5.0, (0.01, 1000.0),
            "How fast the synaptic current fades",
        ),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 0.0, (0.0, 1000.0),
            "No second spike before it is over; the membrane is held at reset meanwhile. The published model has none",
        ),
        integration: Param::choice(
            "Integration", &["second order", "forward Euler"], 0,
            METHOD_DOC,
        ),
    }
}

constants! {
    AdexConstants {
        dt_over_c, g_l, e_l, v_t, delta_t, one_over_delta_t, a, b, v_reset, v_peak,
        dt_over_tau_w, keep_i, integration, steps_per_h, gap, mean_i, y_peak,
    }
}

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
    params: Params::DECLARED,
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
    constants: AdexConstants::NAMES,
    threshold: |p, _| Params::of(p).v_peak_mv,
    adapts: |_| false,
    kernel: |p| {
        if Params::of(p).integration == 0.0 {
            Kernel::of::<AdEx<true>, 4, 0>()
        } else {
            Kernel::of::<AdEx<false>, 4, 0>()
        }
    },
    wgsl: include_str!("../../../shaders/models/adex.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "No closed formula: the equations integrated in steps of 0.005 ms until firing is steady. The rheobase is that of Touboul and Brette (2008).",
        closed: false,
        rate_hz,
        stepwise_hz: None,
        rheobase,
        onset,
        refractory: HELD_EXACTLY,
        span: (0.0, 3.0),
    }),
};

/// By the method of second order, or by forward Euler.
struct AdEx<const SECOND_ORDER: bool>;

#[inline(always)]
fn euler(k: &AdexConstants, [v, w, i, late]: [f32; 4], current: f32, free: bool) -> [f32; 4] {
    let &AdexConstants { dt_over_c: h, g_l, e_l, v_t, delta_t, one_over_delta_t, .. } = k;
    let &AdexConstants { a, dt_over_tau_w: h_w, keep_i, .. } = k;
    let upstroke = delta_t * exp(((v - v_t) * one_over_delta_t).min(20.0));
    let moved = v + h * (g_l * (upstroke - (v - e_l)) - w + current + i);
    [if free { moved } else { v }, w + h_w * (a * (v - e_l) - w), fade(i, keep_i), late]
}

/// The method of [`super::second_order`]; w by the midpoint rule. Times of the
/// membrane are dt/C.
#[inline(always)]
fn second_order(
    k: &AdexConstants,
    [v, w, i, late]: [f32; 4],
    current: f32,
    free: bool,
) -> [f32; 4] {
    let &AdexConstants { dt_over_c, g_l, e_l, v_t, delta_t, one_over_delta_t, a, .. } = k;
    let &AdexConstants { v_peak, dt_over_tau_w: h_w, keep_i, steps_per_h, .. } = k;
    let &AdexConstants { gap, mean_i, y_peak, .. } = k;
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

impl<const SECOND_ORDER: bool> Model<4, 0> for AdEx<SECOND_ORDER> {
    type Constants = AdexConstants;

    fn derive(p: &[f64], dt_ms: f64) -> AdexConstants {
        let p = Params::of(p);
        let upstroke = ((p.v_peak_mv - p.v_t_mv) / p.delta_t_mv).min(20.0);
        AdexConstants {
            dt_over_c: (dt_ms / p.c_pf) as f32,
            g_l: p.g_l_ns as f32,
            e_l: p.e_l_mv as f32,
            v_t: p.v_t_mv as f32,
            delta_t: p.delta_t_mv as f32,
            one_over_delta_t: (1.0 / p.delta_t_mv) as f32,
            a: p.a_ns as f32,
            b: p.b_pa as f32,
            v_reset: p.v_reset_mv as f32,
            v_peak: p.v_peak_mv as f32,
            dt_over_tau_w: (dt_ms / p.tau_w_ms) as f32,
            keep_i: (-dt_ms / p.tau_syn_ms).exp() as f32,
            integration: p.integration as f32,
            steps_per_h: (p.c_pf / dt_ms) as f32,
            gap: gap(p.t_ref_ms, dt_ms) as f32,
            mean_i: mean_of_fading(p.tau_syn_ms, dt_ms) as f32,
            y_peak: (-upstroke).exp() as f32,
        }
    }

    #[inline(always)]
    fn step(k: &AdexConstants, x: [f32; 4], _: [f32; 0], current: f32, free: bool) -> [f32; 4] {
        if SECOND_ORDER { second_order(k, x, current, free) } else { euler(k, x, current, free) }
    }

    #[inline(always)]
    fn fires(k: &AdexConstants, [v, ..]: &[f32; 4], _: &[f32; 0]) -> bool {
        *v > k.v_peak
    }

    fn reset(k: &AdexConstants, [v, w, ..]: &mut [f32; 4], _: &mut [f32; 0]) {
        *v = k.v_reset;
        *w += k.b;
    }
}

fn rate_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = Params::of(p);
    let Params { g_l_ns: g, e_l_mv: e_l, delta_t_mv: delta, v_peak_mv: peak, .. } = p;
    steady_hz(
        [e_l, 0.0],
        refractory_ms(p.t_ref_ms, dt_ms),
        |[x, w]| {
            let x = x.min(peak);
            let upstroke = g * delta * ((x - p.v_t_mv) / delta).min(20.0).exp();
            [
                (-g * (x - e_l) + upstroke - w + current) / p.c_pf,
                (p.a_ns * (x - e_l) - w) / p.tau_w_ms,
            ]
        },
        |[x, _]| x > peak,
        |[_, w]| [p.v_reset_mv, w + p.b_pa],
    )
}

/// Where the resting state ends: by a saddle-node if a/g_L < τₘ/τ_w, else by a
/// Hopf bifurcation (Touboul and Brette, Biol. Cybern. 99:319, 2008, section 2.2,
/// with units put back).
fn rheobase(values: &[f64]) -> f64 {
    let p = Params::of(values);
    let g = p.g_l_ns;
    let (b, x) = (p.a_ns / g, p.c_pf / g / p.tau_w_ms);
    let shape = if onset(values) == Onset::SaddleNode {
        (1.0 + b) * (1.0 + b).ln() - (1.0 + b)
    } else {
        (1.0 + b) * (1.0 + x).ln() - (1.0 + x)
    };
    g * p.delta_t_mv * shape + (g + p.a_ns) * (p.v_t_mv - p.e_l_mv)
}

fn onset(p: &[f64]) -> Onset {
    let p = Params::of(p);
    if p.a_ns < p.c_pf / p.tau_w_ms { Onset::SaddleNode } else { Onset::Hopf }
}

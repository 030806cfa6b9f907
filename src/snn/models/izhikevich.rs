//! Izhikevich's simple model: two variables, and most firing patterns of
//! cortical neurons by choice of four numbers.
//!
//! ```text
//! dv/dt = 0.04 v² + 5 v + 140 − u + I      du/dt = a (b v − u)
//! v ≥ 30 mV: spike, v ← c, u ← u + d
//! ```
//!
//! Integrated by the method of second order of [`super::second_order`] or, by
//! choice, by forward Euler with v advanced in two halves of dt as in the
//! published program (which uses dt = 1 ms). In 500 ms of fast spiking
//! (a = 0.1, d = 2, I = 10) the equations give 69 spikes; second order gives 63,
//! 67 and 69 with dt = 1, 0.5 and 0.1 ms, forward Euler 45, 53 and 65.
//!
//! For a parabola the step is the exact solution with a slightly changed time
//! (Kahan's method), so it follows the upstroke to the peak however coarse dt is.

use super::kernel::{Kernel, Model};
use super::math::fade;
use super::second_order::{LATE, METHOD_DOC, gap, left, mean_of_fading, steps};
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
    integration: "second order, with the time of the peak found within the step; forward Euler with v in two halves of dt, as published, by choice",
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
            "No second spike before it is over; v is held at c meanwhile. The published model has none",
        ),
        Param::choice(
            "integration",
            "Integration",
            &["second order", "forward Euler (as published)"],
            0,
            METHOD_DOC,
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
        LATE,
    ],
    constants: &[
        "a_dt",
        "b",
        "c",
        "d",
        "v_peak",
        "keep_i",
        "half_dt",
        "integration",
        "dt",
        "one_over_dt",
        "gap",
        "mean_i",
    ],
    threshold: |p, _| p[4],
    adapts: |_| false,
    kernel: |p| match p[7] {
        0.0 => Kernel::of::<Izhikevich<true>, 4, 0, 12>(),
        _ => Kernel::of::<Izhikevich<false>, 4, 0, 12>(),
    },
};

/// By the method of second order, or by forward Euler.
struct Izhikevich<const SECOND_ORDER: bool>;

/// Forward Euler, v in two halves. A spike goes to the peak: how far the parabola
/// leaps beyond it in a step means nothing, and a rule that learns from the
/// membrane's movements would grow without end by it.
#[inline(always)]
fn euler(k: &[f32; 12], [v, u, i, late]: [f32; 4], current: f32, free: bool) -> [f32; 4] {
    let &[a_dt, b, _, _, v_peak, keep_i, half_dt, ..] = k;
    let half = |v: f32| v + half_dt * ((0.04 * v + 5.0) * v + 140.0 - u + current + i);
    // From above its peak the parabola would leap to infinity.
    let first = half(v);
    let moved = if first < v_peak { half(first) } else { first };
    let v_new = if free { moved.min(v_peak) } else { v };
    [v_new, u + a_dt * (b * v_new.min(v_peak) - u), fade(i, keep_i), late]
}

/// The method of [`super::second_order`]; u by the midpoint rule.
#[inline(always)]
fn second_order(k: &[f32; 12], [v, u, i, late]: [f32; 4], current: f32, free: bool) -> [f32; 4] {
    let &[a_dt, b, _, _, v_peak, keep_i, _, _, dt, one_over_dt, gap, mean_i] = k;
    let (steps_v, steps_u) = steps(late, gap, free);
    let h = steps_v * dt;
    let u_mid = u + (0.5 * (steps_u * a_dt)) * (b * v - u);
    let slope = ((0.04 * v + 5.0) * v + 140.0 - u_mid) + (current + i * mean_i);
    let bend = 0.08 * v + 5.0;
    let far = (v_peak - v).max(0.0);
    let pace = slope + 0.5 * bend * far;
    let peaks = slope > 0.0 && h * pace >= far;
    // The time to the peak, or how far v gets.
    let stiff = (1.0 - 0.5 * bend * h).max(0.1);
    let quotient =
        (if peaks { far } else { h * slope }) / (if peaks { pace.max(1e-6) } else { stiff });
    let moved = if peaks { v_peak } else { v + quotient };
    let left = if peaks { left(h - quotient, one_over_dt) } else { 0.0 };
    let v_new = if free { moved } else { v };
    let late_new = if free { left } else { late };
    let steps_u = if free { steps_u - left } else { steps_u };
    let u_new = u + (steps_u * a_dt) * (b * (0.5 * (v + v_new)) - u_mid);
    [v_new, u_new, fade(i, keep_i), late_new]
}

impl<const SECOND_ORDER: bool> Model<4, 0, 12> for Izhikevich<SECOND_ORDER> {
    fn derive(p: &[f64], dt_ms: f64) -> [f32; 12] {
        let &[a, b, c, d, v_peak, tau_syn, t_ref, integration] = p else { return [0.0; 12] };
        let keep_i = (-dt_ms / tau_syn).exp();
        let (gap, mean_i) = (gap(t_ref, dt_ms), mean_of_fading(tau_syn, dt_ms));
        [
            a * dt_ms,
            b,
            c,
            d,
            v_peak,
            keep_i,
            0.5 * dt_ms,
            integration,
            dt_ms,
            1.0 / dt_ms,
            gap,
            mean_i,
        ]
        .map(|x| x as f32)
    }

    #[inline(always)]
    fn step(k: &[f32; 12], x: [f32; 4], _: [f32; 0], current: f32, free: bool) -> [f32; 4] {
        if SECOND_ORDER { second_order(k, x, current, free) } else { euler(k, x, current, free) }
    }

    #[inline(always)]
    fn fires(k: &[f32; 12], [v, ..]: &[f32; 4], _: &[f32; 0]) -> bool {
        *v >= k[4]
    }

    fn reset(k: &[f32; 12], [v, u, ..]: &mut [f32; 4], _: &mut [f32; 0]) {
        *v = k[2];
        *u += k[3];
    }
}

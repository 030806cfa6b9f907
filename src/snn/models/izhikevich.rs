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
use super::rate_curve::{HELD_EXACTLY, Onset, RateCurve, refractory_ms, steady_hz};
use super::second_order::{LATE, METHOD_DOC, gap, left, mean_of_fading, steps};
use super::{Initial, NeuronModel, StateVar};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        a: Param::number("Recovery rate a", "1/ms", 0.02, (1e-4, 1.0), "How fast u recovers"),
        b: Param::number(
            "Recovery sensitivity b", "1/ms", 0.2, (-1.0, 1.0),
            "How much u follows v",
        ),
        c_mv: Param::number("Reset potential c", "mV", -65.0, (-100.0, 0.0), "v after a spike"),
        d_mv_per_ms: Param::number(
            "Reset of u, d", "mV/ms", 8.0, (-20.0, 20.0),
            "What a spike adds to u",
        ),
        v_peak_mv: Param::number(
            "Peak", "mV", 30.0, (0.0, 100.0),
            "A spike is fired at it or above",
        ),
        tau_syn_ms: Param::number(
            "Synaptic time constant", "ms", 5.0, (0.01, 1000.0),
            "How fast the synaptic current fades",
        ),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 0.0, (0.0, 1000.0),
            "No second spike before it is over; v is held at c meanwhile. The published model has none",
        ),
        integration: Param::choice(
            "Integration", &["second order", "forward Euler (as published)"], 0,
            METHOD_DOC,
        ),
    }
}

constants! {
    IzhikevichConstants {
        a_dt, b, c, d, v_peak, keep_i, half_dt, integration, dt, one_over_dt, gap, mean_i,
    }
}

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
    params: Params::DECLARED,
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
    constants: IzhikevichConstants::NAMES,
    threshold: |p, _| Params::of(p).v_peak_mv,
    adapts: |_| false,
    kernel: |p| {
        if Params::of(p).integration == 0.0 {
            Kernel::of::<Izhikevich<true>, 4, 0>()
        } else {
            Kernel::of::<Izhikevich<false>, 4, 0>()
        }
    },
    wgsl: include_str!("../../../shaders/models/izhikevich.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "No closed formula: the equations integrated in steps of 0.005 ms until firing is steady. Rest ends where 0.08 v + 5 = a if a < b (Andronov–Hopf), else where it is b (saddle-node, I = (5 − b)² / 0.16 − 140).",
        closed: false,
        rate_hz,
        stepwise_hz: None,
        rheobase,
        onset: |p| {
            let p = Params::of(p);
            if p.a < p.b { Onset::Hopf } else { Onset::SaddleNode }
        },
        refractory: HELD_EXACTLY,
        span: (0.0, 5.0),
    }),
};

/// By the method of second order, or by forward Euler.
struct Izhikevich<const SECOND_ORDER: bool>;

/// Forward Euler, v in two halves. A spike goes to the peak: how far the parabola
/// leaps beyond it in a step means nothing, and a rule that learns from the
/// membrane's movements would grow without end by it.
#[inline(always)]
fn euler(k: &IzhikevichConstants, [v, u, i, late]: [f32; 4], current: f32, free: bool) -> [f32; 4] {
    let &IzhikevichConstants { a_dt, b, v_peak, keep_i, half_dt, .. } = k;
    let half = |v: f32| v + half_dt * ((0.04 * v + 5.0) * v + 140.0 - u + current + i);
    // From above its peak the parabola would leap to infinity.
    let first = half(v);
    let moved = if first < v_peak { half(first) } else { first };
    let v_new = if free { moved.min(v_peak) } else { v };
    [v_new, u + a_dt * (b * v_new.min(v_peak) - u), fade(i, keep_i), late]
}

/// The method of [`super::second_order`]; u by the midpoint rule.
#[inline(always)]
fn second_order(
    k: &IzhikevichConstants,
    [v, u, i, late]: [f32; 4],
    current: f32,
    free: bool,
) -> [f32; 4] {
    let &IzhikevichConstants { a_dt, b, v_peak, keep_i, dt, one_over_dt, gap, mean_i, .. } = k;
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

impl<const SECOND_ORDER: bool> Model<4, 0> for Izhikevich<SECOND_ORDER> {
    type Constants = IzhikevichConstants;

    fn derive(p: &[f64], dt_ms: f64) -> IzhikevichConstants {
        let p = Params::of(p);
        IzhikevichConstants {
            a_dt: (p.a * dt_ms) as f32,
            b: p.b as f32,
            c: p.c_mv as f32,
            d: p.d_mv_per_ms as f32,
            v_peak: p.v_peak_mv as f32,
            keep_i: (-dt_ms / p.tau_syn_ms).exp() as f32,
            half_dt: (0.5 * dt_ms) as f32,
            integration: p.integration as f32,
            dt: dt_ms as f32,
            one_over_dt: (1.0 / dt_ms) as f32,
            gap: gap(p.t_ref_ms, dt_ms) as f32,
            mean_i: mean_of_fading(p.tau_syn_ms, dt_ms) as f32,
        }
    }

    #[inline(always)]
    fn step(
        k: &IzhikevichConstants,
        x: [f32; 4],
        _: [f32; 0],
        current: f32,
        free: bool,
    ) -> [f32; 4] {
        if SECOND_ORDER { second_order(k, x, current, free) } else { euler(k, x, current, free) }
    }

    #[inline(always)]
    fn fires(k: &IzhikevichConstants, [v, ..]: &[f32; 4], _: &[f32; 0]) -> bool {
        *v >= k.v_peak
    }

    fn reset(k: &IzhikevichConstants, [v, u, ..]: &mut [f32; 4], _: &mut [f32; 0]) {
        *v = k.c;
        *u += k.d;
    }
}

fn rate_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let Params { a, b, c_mv: c, d_mv_per_ms: d, v_peak_mv: peak, t_ref_ms, .. } = Params::of(p);
    steady_hz(
        [c, b * c],
        refractory_ms(t_ref_ms, dt_ms),
        |[x, u]| {
            // Beyond its peak the parabola explodes; the spike is certain there.
            let x = x.min(peak);
            [0.04 * x * x + 5.0 * x + 140.0 - u + current, a * (b * x - u)]
        },
        |[x, _]| x >= peak,
        |[_, u]| [c, u + d],
    )
}

/// The current at which the resting point ends.
///
/// With the slope of the parabola, s = 0.08 v + 5, the Jacobian at a resting point
/// (u = b v) is (s, −1; a b, −a): its determinant is a (b − s) and its trace s − a.
/// A rising current raises s. At s = b the resting point meets the unstable one
/// (determinant zero, a saddle-node); but where a < b the trace is zero before, at
/// s = a, and rest loses its stability with the determinant still positive: an
/// Andronov–Hopf bifurcation. In this model it is subcritical (Touboul, SIAM J.
/// Appl. Math. 68:1045, 2008): what it sets free grows to a spike.
fn rheobase(p: &[f64]) -> f64 {
    let p = Params::of(p);
    let at = (p.a.min(p.b) - 5.0) / 0.08;
    p.b * at - (0.04 * at + 5.0) * at - 140.0
}

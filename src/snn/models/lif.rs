//! Leaky integrate-and-fire with an exponential synaptic current.
//!
//! ```text
//! τₘ dv/dt = v_rest − v + R (I + i_syn)      τ_syn di_syn/dt = −i_syn
//! v > v_th: spike, v ← v_reset, v held for t_ref
//! ```
//!
//! Both equations are linear, so a step is exact whatever its dt (Rotter and
//! Diesmann 1999): with a = e^(−dt/τₘ) and v∞ = v_rest + R I,
//! v ← v∞ + (v − v∞) a + b i_syn. Forward Euler has the same form with other
//! a and b, and is there to show what it costs.

use super::kernel::{Kernel, Model};
use super::math::fade;
use super::rate_curve::{
    HELD, Onset, RateCurve, charge_ms, charge_steps, euler_decay, held_steps, hz, refractory_ms,
};
use super::{Initial, NeuronModel, StateVar};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        tau_m_ms: Param::number(
            "Membrane time constant τₘ", "ms", 20.0, (0.1, 10_000.0),
            "How fast the membrane forgets",
        ),
        v_rest_mv: Param::number(
            "Resting potential", "mV", -70.0, (-200.0, 200.0),
            "Where the membrane goes without input",
        ),
        v_reset_mv: Param::number(
            "Reset potential", "mV", -65.0, (-200.0, 200.0),
            "Where a spike leaves the membrane",
        ),
        v_th_mv: Param::number(
            "Threshold", "mV", -50.0, (-200.0, 200.0),
            "A spike is fired above it",
        ),
        r_mohm: Param::number(
            "Membrane resistance R", "MΩ", 10.0, (1e-6, 10_000.0),
            "Millivolts per nanoampere of steady current",
        ),
        tau_syn_ms: Param::number(
            "Synaptic time constant", "ms", 5.0, (0.01, 1000.0),
            "How fast the synaptic current fades",
        ),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 2.0, (0.0, 1000.0),
            "No second spike before it is over; the membrane is held meanwhile",
        ),
        integration: Param::choice(
            "Integration", &["exact", "forward Euler"], 0,
            "How a step is computed",
        ),
    }
}

constants! {
    LifConstants { v_rest, v_reset, v_th, r, keep_v, syn_to_v, keep_i }
}

/// The declaration.
pub static LIF: NeuronModel = NeuronModel {
    id: "lif",
    name: "Leaky integrate-and-fire",
    doc: "A leaky capacitor that is charged by current and discharged by a spike. Synapses add to a current that fades exponentially, or straight to the voltage.",
    source: "Gerstner et al., Neuronal Dynamics (2014), eq. (1.5) to (1.9); exact integration after Rotter and Diesmann, Biol. Cybern. 81 (1999)",
    equations: &[
        "τₘ dv/dt = v_rest − v + R (I + i_syn)",
        "τ_syn di_syn/dt = −i_syn",
        "spike where v > v_th; then v = v_reset, held for t_ref",
    ],
    integration: "exact for any dt; forward Euler by choice",
    current_unit: "nA",
    params: Params::DECLARED,
    state: &[
        StateVar::input(
            "v",
            "Membrane potential",
            "mV",
            Initial::Param("v_rest_mv"),
            "What is compared with the threshold; synapses onto it make it jump by their weight",
        ),
        StateVar::input(
            "i_syn",
            "Synaptic current",
            "nA",
            Initial::Value(0.0),
            "Jumps by the weight at each presynaptic spike and fades",
        ),
    ],
    constants: LifConstants::NAMES,
    threshold: |p, _| Params::of(p).v_th_mv,
    adapts: |_| false,
    kernel: |_| Kernel::of::<Lif, 2, 0>(),
    wgsl: include_str!("../../../shaders/models/lif.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "f = 1 / (t_ref + τₘ ln((R I + v_rest − v_reset) / (R I + v_rest − v_th)))",
        closed: true,
        rate_hz,
        stepwise_hz: Some(stepwise_hz),
        rheobase: |p| {
            let p = Params::of(p);
            (p.v_th_mv - p.v_rest_mv) / p.r_mohm
        },
        onset: |_| Onset::Threshold,
        refractory: HELD,
        span: (0.0, 3.0),
    }),
};

struct Lif;

impl Model<2, 0> for Lif {
    type Constants = LifConstants;

    fn derive(p: &[f64], dt_ms: f64) -> LifConstants {
        let p = Params::of(p);
        let (tau_m, tau_syn, r) = (p.tau_m_ms, p.tau_syn_ms, p.r_mohm);
        let (keep_v, syn_to_v, keep_i) = if p.integration == 0.0 {
            let (a, d) = ((-dt_ms / tau_m).exp(), (-dt_ms / tau_syn).exp());
            let apart = tau_syn / tau_m - 1.0;
            // The quotient has a limit where the time constants are equal.
            let b = if apart.abs() < 1e-9 {
                dt_ms / tau_m * a
            } else {
                tau_syn / tau_m / apart * (d - a)
            };
            (a, r * b, d)
        } else {
            let h = dt_ms / tau_m;
            (1.0 - h, r * h, 1.0 - dt_ms / tau_syn)
        };
        LifConstants {
            v_rest: p.v_rest_mv as f32,
            v_reset: p.v_reset_mv as f32,
            v_th: p.v_th_mv as f32,
            r: r as f32,
            keep_v: keep_v as f32,
            syn_to_v: syn_to_v as f32,
            keep_i: keep_i as f32,
        }
    }

    #[inline(always)]
    fn step(
        c: &LifConstants,
        [v, i_syn]: [f32; 2],
        _: [f32; 0],
        current: f32,
        free: bool,
    ) -> [f32; 2] {
        let v_end = c.v_rest + c.r * current;
        let moved = v_end + (v - v_end) * c.keep_v + c.syn_to_v * i_syn;
        [if free { moved } else { v }, fade(i_syn, c.keep_i)]
    }

    #[inline(always)]
    fn fires(c: &LifConstants, [v, _]: &[f32; 2], _: &[f32; 0]) -> bool {
        *v > c.v_th
    }

    fn reset(c: &LifConstants, [v, _]: &mut [f32; 2], _: &mut [f32; 0]) {
        *v = c.v_reset;
    }
}

/// Gerstner et al. (2014), eq. (1.12) with a refractory period.
fn rate_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = Params::of(p);
    let end = p.v_rest_mv + p.r_mohm * current;
    let charging = charge_ms(p.tau_m_ms, end, p.v_reset_mv, p.v_th_mv);
    hz(refractory_ms(p.t_ref_ms, dt_ms) + charging, dt_ms)
}

fn stepwise_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = Params::of(p);
    let end = p.v_rest_mv + p.r_mohm * current;
    let h = dt_ms / p.tau_m_ms;
    // What is left of the distance to the end after a step: e^(−h), or 1 − h.
    let per_step = if p.integration == 0.0 { h } else { euler_decay(h) };
    let charging = charge_steps(per_step, end, p.v_reset_mv, p.v_th_mv);
    1000.0 / (dt_ms * (held_steps(p.t_ref_ms, dt_ms) + charging))
}

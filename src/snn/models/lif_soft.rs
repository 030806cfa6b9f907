//! The neuron of deep networks that are trained in spikes: a leaky membrane that forgets
//! by a fixed share in each step and loses its threshold at a spike.
//!
//! ```text
//! v ← a v + i + I dt,   a = e^(−dt/τ);   v > v_th: spike, v ← v − v_th
//! ```
//!
//! Synapses add to `i`, which counts in the next step and is then gone. So what arrives is
//! not leaked before it counts, as what is added to `v` would be. `lif_soft_max` has four
//! such sums and takes the largest: the neuron behind a max-pooling of currents.

use super::kernel::{Kernel, Model};
use super::math::fade;
use super::rate_curve::{GOES_ON, Onset, RateCurve, charge_ms, hz, refractory_ms};
use super::{Initial, NeuronModel, StateVar};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        tau_ms: Param::number(
            "Membrane time constant τ", "ms", 10.0, (0.1, 10_000.0),
            "How fast the membrane forgets",
        ),
        v_th: Param::number(
            "Threshold", "", 1.0, (1e-6, 1e6),
            "A spike is fired above it, and takes as much away",
        ),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 0.0, (0.0, 1000.0),
            "No second spike before it is over; the membrane moves on meanwhile",
        ),
    }
}

constants! {
    LifSoftConstants { keep, v_th, dt }
}

const V: StateVar = StateVar::input(
    "v",
    "Membrane potential",
    "",
    Initial::Value(0.0),
    "What is compared with the threshold",
);

const fn arriving(name: &'static str, label: &'static str) -> StateVar {
    StateVar::input(name, label, "", Initial::Value(0.0), "What arrives for the next step")
}

/// The declaration.
pub static LIF_SOFT: NeuronModel = NeuronModel {
    id: "lif_soft",
    name: "Leaky integrate-and-fire, soft reset",
    doc: "Keeps a fixed share of its potential in each step, adds what arrives, and loses the threshold at a spike: the neuron of deep networks trained by surrogate gradients.",
    source: "Neftci, Mostafa and Zenke, IEEE Signal Process. Mag. 36:51 (2019), eq. (3) and (4)",
    equations: &["v = e^(−dt/τ) v + i + I dt; i = 0", "spike where v > v_th; then v = v − v_th"],
    integration: "in steps, as it is trained; the leak is exact for any dt",
    current_unit: "1/ms",
    params: Params::DECLARED,
    state: &[V, arriving("i", "Arriving")],
    constants: LifSoftConstants::NAMES,
    threshold: |p, _| Params::of(p).v_th,
    adapts: |_| false,
    kernel: |_| Kernel::of::<LifSoft, 2, 0>(),
    wgsl: include_str!("../../../shaders/models/lif_soft.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "f = 1 / (τ ln(τ I / (τ I − v_th))), at most one spike per step and refractory period",
        closed: true,
        rate_hz,
        stepwise_hz: None,
        rheobase: |p| {
            let p = Params::of(p);
            p.v_th / p.tau_ms
        },
        onset: |_| Onset::Threshold,
        refractory: GOES_ON,
        span: (0.0, 3.0),
    }),
};

/// The same behind a max-pooling.
pub static LIF_SOFT_MAX: NeuronModel = NeuronModel {
    id: "lif_soft_max",
    name: "Leaky integrate-and-fire behind max-pooling",
    doc: "The same neuron, driven by the largest of four sums of what arrives.",
    source: LIF_SOFT.source,
    equations: &[
        "v = e^(−dt/τ) v + max(i1, i2, i3, i4) + I dt; i1 … i4 = 0",
        "spike where v > v_th; then v = v − v_th",
    ],
    integration: LIF_SOFT.integration,
    current_unit: "1/ms",
    params: Params::DECLARED,
    state: &[
        V,
        arriving("i1", "Arriving 1"),
        arriving("i2", "Arriving 2"),
        arriving("i3", "Arriving 3"),
        arriving("i4", "Arriving 4"),
    ],
    constants: LifSoftConstants::NAMES,
    threshold: |p, _| Params::of(p).v_th,
    adapts: |_| false,
    kernel: |_| Kernel::of::<LifSoftMax, 5, 0>(),
    wgsl: include_str!("../../../shaders/models/lif_soft_max.wgsl"),
    rate_curve: None,
};

fn derive(p: &[f64], dt_ms: f64) -> LifSoftConstants {
    let p = Params::of(p);
    // In single precision throughout: the very number with which such networks are trained.
    let keep = (-(dt_ms as f32) / p.tau_ms as f32).exp();
    LifSoftConstants { keep, v_th: p.v_th as f32, dt: dt_ms as f32 }
}

/// What arrives and what is injected are added to each other first, as in training.
#[inline(always)]
fn moved(c: &LifSoftConstants, v: f32, arriving: f32, current: f32) -> f32 {
    fade(v, c.keep) + (arriving + current * c.dt)
}

struct LifSoft;

impl Model<2, 0> for LifSoft {
    type Constants = LifSoftConstants;

    fn derive(p: &[f64], dt_ms: f64) -> LifSoftConstants {
        derive(p, dt_ms)
    }

    #[inline(always)]
    fn step(
        c: &LifSoftConstants,
        [v, i]: [f32; 2],
        _: [f32; 0],
        current: f32,
        _free: bool,
    ) -> [f32; 2] {
        [moved(c, v, i, current), 0.0]
    }

    #[inline(always)]
    fn fires(c: &LifSoftConstants, [v, _]: &[f32; 2], _: &[f32; 0]) -> bool {
        *v > c.v_th
    }

    fn reset(c: &LifSoftConstants, [v, _]: &mut [f32; 2], _: &mut [f32; 0]) {
        *v -= c.v_th;
    }
}

struct LifSoftMax;

impl Model<5, 0> for LifSoftMax {
    type Constants = LifSoftConstants;

    fn derive(p: &[f64], dt_ms: f64) -> LifSoftConstants {
        derive(p, dt_ms)
    }

    #[inline(always)]
    fn step(
        c: &LifSoftConstants,
        [v, i1, i2, i3, i4]: [f32; 5],
        _: [f32; 0],
        current: f32,
        _free: bool,
    ) -> [f32; 5] {
        let most = i1.max(i2).max(i3.max(i4));
        [moved(c, v, most, current), 0.0, 0.0, 0.0, 0.0]
    }

    #[inline(always)]
    fn fires(c: &LifSoftConstants, [v, ..]: &[f32; 5], _: &[f32; 0]) -> bool {
        *v > c.v_th
    }

    fn reset(c: &LifSoftConstants, [v, ..]: &mut [f32; 5], _: &mut [f32; 0]) {
        *v -= c.v_th;
    }
}

/// Charging from zero to the threshold. What a step overshoots is kept, so that whole steps
/// hardly change the rate.
fn rate_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = Params::of(p);
    let charging = charge_ms(p.tau_ms, current * p.tau_ms, 0.0, p.v_th);
    hz(charging.max(refractory_ms(p.t_ref_ms, dt_ms)), dt_ms)
}

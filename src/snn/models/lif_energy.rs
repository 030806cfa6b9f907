//! The neuron of energy-based networks of spikes: leaky integrate-and-fire, with a synaptic
//! current, a trace of its own spikes and a pull towards a target.
//!
//! ```text
//! i ← a i + g arrived,   a = e^(−dt/τ),  g = (1 − a) n,  n: steps of the refractory period
//! v ← a v + (1 − a)(i + I ± σ − β g s)      while free; else held at 0
//! v > 1: spike, v ← 0, s ← s + 1;   s ← a s in each step
//! ```
//!
//! r = g s is 1 at the highest rate. With a current I = b + β r* the pull makes β (r* − r):
//! the nudge of contrastive Hebbian learning. Noise comes as spikes of an input onto `n`, one
//! with probability ½ in each step: +σ where there is one, −σ where there is none. The fast
//! twin that learns MNIST is `ann/ops/spiking/energy`; both spike at the same steps.

use super::kernel::{Kernel, Model};
use super::math::fade;
use super::rate_curve::{
    HELD, Onset, RateCurve, charge_ms, charge_steps, held_steps, hz, refractory_ms,
};
use super::{Initial, NeuronModel, StateVar, refractory_steps};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

params! {
    struct Params: f64 {
        tau_ms: Param::number(
            "Time constant τ", "ms", 10.0, (0.1, 10_000.0),
            "How fast membrane, synaptic current and trace fade",
        ),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 5.0, (0.0, 1000.0),
            "No second spike before it is over; it sets the highest rate, at which r is 1",
        ),
        sigma: Param::number(
            "Noise σ", "", 0.0, (0.0, 100.0),
            "A current of +σ in steps with a spike onto n, of −σ in the others",
        ),
        beta: Param::number(
            "Nudging β", "", 0.0, (-100.0, 100.0),
            "How strongly the neuron's own trace is taken from its current; the target comes as current",
        ),
        scale: Param::number(
            "Gain of rates", "", 1.0, (0.0, 100.0),
            "Factor of what arrives over synapses; 1: a weight is a current at the highest rate",
        ),
    }
}

constants! {
    LifEnergyConstants { keep, moves, gain, sigma, pull }
}

const fn input(name: &'static str, label: &'static str, doc: &'static str) -> StateVar {
    StateVar::input(name, label, "", Initial::Value(0.0), doc)
}

/// The declaration.
pub static LIF_ENERGY: NeuronModel = NeuronModel {
    id: "lif_energy",
    name: "Leaky integrate-and-fire, nudged",
    doc: "A leaky membrane with a synaptic current and a trace of its own spikes, which a target can pull at: the neuron of energy-based networks that learn by comparing two phases.",
    source: "in the manner of Mesnard, Gerstner and Brea, arXiv:1612.03214 (2016); constants of our own",
    equations: &[
        "i = a i + g a_in; a_in = 0,  a = e^(−dt/τ)",
        "v = a v + (1 − a)(i + I ± σ − β g s), held at 0 for t_ref",
        "spike where v > 1; then v = 0, s = s + 1;  s = a s",
    ],
    integration: "in steps, as it is trained; the leak is exact for any dt",
    current_unit: "threshold",
    params: Params::DECLARED,
    state: &[
        input("v", "Membrane potential", "What is compared with the threshold, 1"),
        input("i", "Synaptic current", "Jumps by the weight times g at each spike and fades"),
        input("n", "Noise", "1 where a spike of the noise has arrived for the next step"),
        input("a", "Arriving", "What arrives for the next step"),
        StateVar::new(
            "s",
            "Trace",
            "",
            Initial::Value(0.0),
            "Jumps by 1 at each spike of the neuron and fades",
        ),
    ],
    constants: LifEnergyConstants::NAMES,
    threshold: |_, _| 1.0,
    adapts: |_| false,
    kernel: |_| Kernel::of::<LifEnergy, 5, 0>(),
    wgsl: include_str!("../../../shaders/models/lif_energy.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "f = 1 / (t_ref + τ ln(I / (I − 1))), without noise and nudging",
        closed: true,
        rate_hz,
        stepwise_hz: Some(stepwise_hz),
        rheobase: |p| 1.0 + Params::of(p).sigma,
        onset: |_| Onset::Threshold,
        refractory: HELD,
        span: (0.0, 4.0),
    }),
};

struct LifEnergy;

impl Model<5, 0> for LifEnergy {
    type Constants = LifEnergyConstants;

    /// In single precision throughout: the very numbers with which such networks are trained.
    fn derive(p: &[f64], dt_ms: f64) -> LifEnergyConstants {
        let p = Params::of(p);
        let keep = (-(dt_ms as f32) / p.tau_ms as f32).exp();
        let gain = (1.0 - keep) * refractory_steps(p.t_ref_ms, dt_ms).max(1) as f32;
        LifEnergyConstants {
            keep,
            moves: 1.0 - keep,
            gain: gain * p.scale as f32,
            sigma: p.sigma as f32,
            pull: p.beta as f32 * gain,
        }
    }

    #[inline(always)]
    fn step(
        c: &LifEnergyConstants,
        [v, i, n, a, s]: [f32; 5],
        _: [f32; 0],
        current: f32,
        free: bool,
    ) -> [f32; 5] {
        let synaptic = fade(i, c.keep) + c.gain * a;
        let push = n * (c.sigma + c.sigma) - c.sigma;
        let all = ((synaptic + current) + push) - c.pull * s;
        let moved = fade(v, c.keep) + c.moves * all;
        [if free { moved } else { v }, synaptic, 0.0, 0.0, fade(s, c.keep)]
    }

    #[inline(always)]
    fn fires(_: &LifEnergyConstants, [v, ..]: &[f32; 5], _: &[f32; 0]) -> bool {
        *v > 1.0
    }

    fn reset(_: &LifEnergyConstants, [v, _, _, _, s]: &mut [f32; 5], _: &mut [f32; 0]) {
        *v = 0.0;
        *s += 1.0;
    }
}

/// Where the potential goes: without spikes onto `n` the noise takes σ away.
fn end(p: &Params, current: f64) -> f64 {
    current - p.sigma
}

fn rate_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = Params::of(p);
    let charging = charge_ms(p.tau_ms, end(&p, current), 0.0, 1.0);
    hz(refractory_ms(p.t_ref_ms, dt_ms) + charging, dt_ms)
}

fn stepwise_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = Params::of(p);
    let charging = charge_steps(dt_ms / p.tau_ms, end(&p, current), 0.0, 1.0);
    1000.0 / (dt_ms * (held_steps(p.t_ref_ms, dt_ms) + charging))
}

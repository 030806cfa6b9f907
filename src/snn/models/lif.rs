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
use super::{Initial, NeuronModel, StateVar};
use crate::snn::params::Param;

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
    params: &[
        Param::number(
            "tau_m_ms",
            "Membrane time constant τₘ",
            "ms",
            20.0,
            (0.1, 10_000.0),
            "How fast the membrane forgets",
        ),
        Param::number(
            "v_rest_mv",
            "Resting potential",
            "mV",
            -70.0,
            (-200.0, 200.0),
            "Where the membrane goes without input",
        ),
        Param::number(
            "v_reset_mv",
            "Reset potential",
            "mV",
            -65.0,
            (-200.0, 200.0),
            "Where a spike leaves the membrane",
        ),
        Param::number(
            "v_th_mv",
            "Threshold",
            "mV",
            -50.0,
            (-200.0, 200.0),
            "A spike is fired above it",
        ),
        Param::number(
            "r_mohm",
            "Membrane resistance R",
            "MΩ",
            10.0,
            (1e-6, 10_000.0),
            "Millivolts per nanoampere of steady current",
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
            2.0,
            (0.0, 1000.0),
            "No second spike before it is over; the membrane is held meanwhile",
        ),
        Param::choice(
            "integration",
            "Integration",
            &["exact", "forward Euler"],
            0,
            "How a step is computed",
        ),
    ],
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
    constants: &["v_rest", "v_reset", "v_th", "r", "keep_v", "syn_to_v", "keep_i"],
    threshold: |p, _| p[3],
    adapts: |_| false,
    kernel: |_| Kernel::of::<Lif, 2, 0, 7>(),
};

struct Lif;

impl Model<2, 0, 7> for Lif {
    fn derive(p: &[f64], dt_ms: f64) -> [f32; 7] {
        let &[tau_m, v_rest, v_reset, v_th, r, tau_syn, _, integration] = p else {
            return [0.0; 7];
        };
        let (keep_v, syn_to_v, keep_i) = if integration == 0.0 {
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
        [v_rest, v_reset, v_th, r, keep_v, syn_to_v, keep_i].map(|x| x as f32)
    }

    #[inline(always)]
    fn step(c: &[f32; 7], [v, i_syn]: [f32; 2], _: [f32; 0], current: f32, free: bool) -> [f32; 2] {
        let &[v_rest, _, _, r, keep_v, syn_to_v, keep_i] = c;
        let v_end = v_rest + r * current;
        let moved = v_end + (v - v_end) * keep_v + syn_to_v * i_syn;
        [if free { moved } else { v }, fade(i_syn, keep_i)]
    }

    #[inline(always)]
    fn fires(c: &[f32; 7], [v, _]: &[f32; 2], _: &[f32; 0]) -> bool {
        *v > c[2]
    }

    fn reset(c: &[f32; 7], [v, _]: &mut [f32; 2], _: &mut [f32; 0]) {
        *v = c[1];
    }
}

//! The two neurons of Diehl and Cook (2015): leaky, with synapses that open
//! conductances, and, for the excitatory one, a threshold that rises by θ with
//! each spike of its own.
//!
//! ```text
//! τ dv/dt = (v_rest − v) + g_e (E_e − v) + g_i (E_i − v)
//! τ_ge dg_e/dt = −g_e        τ_gi dg_i/dt = −g_i        τ_θ dθ/dt = θ_rest − θ
//! excitatory: v > v_th − offset + θ: spike, v ← v_reset, θ ← θ + θ₊
//! inhibitory: v > v_th: spike, v ← v_reset, held for t_ref
//! ```
//!
//! The published program uses forward Euler, which overshoots once g_i exceeds
//! 2 τ/dt (some 25 neurons firing together) and then never comes to rest.
//! Backward Euler, v ← (v + h (v_rest + g_e E_e + g_i E_i)) / (1 + h (1 + g_e + g_i))
//! with h = dt/τ, cannot overshoot and costs one division. Conductances are
//! multiplied by 1 − dt/τ_g in both.
//!
//! The paper's threshold is v_th + θ with θ falling back to 0; its program's is
//! v_th − 20 mV + θ with θ beginning at 20 mV and falling towards 0, so that a
//! neuron that never wins ends 20 mV below v_th, under its own resting potential.
//! Both are had: θ_rest is 0 as in the program; set to the offset it is the paper's.
//!
//! θ belongs to the neuron, not to the replica: all replicas raise it, and it
//! decays for each of them.

use super::kernel::{Kernel, Model, SLOW_MS};
use super::math::{exp, fade_conductance};
use super::{Initial, NeuronModel, StateVar};
use crate::snn::params::Param;

/// Values of the parameter `integration`.
pub const BACKWARD_EULER: u8 = 0;
/// As published.
pub const FORWARD_EULER: u8 = 1;
/// Each variable exactly, with the others held.
pub const EXPONENTIAL_EULER: u8 = 2;

const SOURCE: &str = "Diehl and Cook, Front. Comput. Neurosci. 9:99 (2015), section 2.1; constants as in the authors' program (peter-u-diehl/stdp-mnist)";
const METHODS: &[&str] = &["backward Euler", "forward Euler (as published)", "exponential Euler"];
const INTEGRATION: &str = "backward Euler (stable for any dt); forward Euler, as published, and exponential Euler by choice";

const EXC_PARAMS: &[Param] = &[
    tau(100.0),
    rest(-65.0),
    reset_to(-65.0),
    threshold(-52.0),
    reversal_exc(),
    reversal_inh(-100.0),
    tau_ge(),
    tau_gi(),
    Param::number(
        "t_ref_ms",
        "Refractory period",
        "ms",
        5.0,
        (0.0, 1000.0),
        "No second spike before it is over; the membrane goes on meanwhile",
    ),
    method(BACKWARD_EULER),
    start(-105.0),
    Param::number(
        "theta_initial_mv",
        "θ at the start",
        "mV",
        20.0,
        (-100.0, 1000.0),
        "Where the adaptive threshold begins",
    ),
    Param::number(
        "theta_offset_mv",
        "θ offset",
        "mV",
        20.0,
        (-100.0, 1000.0),
        "Subtracted from θ: at θ = offset the threshold is at its base",
    ),
    Param::number(
        "theta_plus_mv",
        "θ per spike",
        "mV",
        0.05,
        (0.0, 100.0),
        "How much harder each spike makes the next (homeostasis)",
    ),
    Param::number(
        "tau_theta_ms",
        "θ time constant",
        "ms",
        1e7,
        (1000.0, 1e12),
        "How slowly θ decays, in simulated time",
    ),
    Param::choice(
        "adapt",
        "θ adaptation",
        &["off", "on"],
        1,
        "Whether θ changes: on to learn, off to test",
    ),
    Param::number(
        "theta_rest_mv",
        "θ at rest",
        "mV",
        0.0,
        (-100.0, 1000.0),
        "What θ decays towards: 0 as in the authors' program, the offset as in the paper",
    ),
];

const INH_PARAMS: &[Param] = &[
    tau(10.0),
    rest(-60.0),
    reset_to(-45.0),
    threshold(-40.0),
    reversal_exc(),
    reversal_inh(-85.0),
    tau_ge(),
    tau_gi(),
    Param::number(
        "t_ref_ms",
        "Refractory period",
        "ms",
        2.0,
        (0.0, 1000.0),
        "No second spike before it is over; the membrane is held at the reset potential meanwhile",
    ),
    method(FORWARD_EULER),
    start(-100.0),
];

const OWN: [StateVar; 3] = [
    StateVar::input(
        "v",
        "Membrane potential",
        "mV",
        Initial::Param("v_initial_mv"),
        "What is compared with the threshold",
    ),
    StateVar::input(
        "ge",
        "Excitatory conductance",
        "× leak",
        Initial::Value(0.0),
        "Pulls the membrane towards the excitatory reversal potential",
    ),
    StateVar::input(
        "gi",
        "Inhibitory conductance",
        "× leak",
        Initial::Value(0.0),
        "Pulls the membrane towards the inhibitory reversal potential",
    ),
];

/// The excitatory neuron.
pub static EXCITATORY: NeuronModel = NeuronModel {
    id: "dc_exc",
    name: "Diehl & Cook, excitatory",
    doc: "A leaky neuron with conductance synapses whose threshold rises with each spike of its own, so that no neuron wins every image.",
    source: SOURCE,
    equations: &[
        "τ dv/dt = (v_rest − v) + g_e (E_e − v) + g_i (E_i − v) + I",
        "τ_ge dg_e/dt = −g_e",
        "τ_gi dg_i/dt = −g_i",
        "τ_θ dθ/dt = θ_rest − θ",
        "spike where v > v_th − offset + θ; then v = v_reset, θ = θ + θ₊",
    ],
    integration: INTEGRATION,
    current_unit: "mV",
    params: EXC_PARAMS,
    state: &[
        OWN[0],
        OWN[1],
        OWN[2],
        StateVar {
            name: "theta",
            label: "Adaptive threshold θ",
            unit: "mV",
            initial: Initial::Param("theta_initial_mv"),
            input: false,
            shared: true,
            doc: "Rises with each spike of the neuron and decays over hours",
        },
    ],
    constants: EXC_CONSTANTS,
    threshold: |p, x| p[3] - p[12] + f64::from(x[3]),
    adapts: |p| p[15] != 0.0,
    kernel: |p| match p[9] as u8 {
        BACKWARD_EULER => Kernel::of::<Excitatory<BACKWARD_EULER>, 3, 1, 13>(),
        FORWARD_EULER => Kernel::of::<Excitatory<FORWARD_EULER>, 3, 1, 13>(),
        _ => Kernel::of::<Excitatory<EXPONENTIAL_EULER>, 3, 1, 13>(),
    },
};

/// The inhibitory neuron.
pub static INHIBITORY: NeuronModel = NeuronModel {
    id: "dc_inh",
    name: "Diehl & Cook, inhibitory",
    doc: "A fast leaky neuron with conductance synapses; each spike of its partner makes it fire and silence all others.",
    source: SOURCE,
    equations: &[
        "τ dv/dt = (v_rest − v) + g_e (E_e − v) + g_i (E_i − v) + I",
        "τ_ge dg_e/dt = −g_e",
        "τ_gi dg_i/dt = −g_i",
        "spike where v > v_th; then v = v_reset, held for t_ref",
    ],
    integration: INTEGRATION,
    current_unit: "mV",
    params: INH_PARAMS,
    state: &OWN,
    constants: INH_CONSTANTS,
    threshold: |p, _| p[3],
    adapts: |_| false,
    kernel: |p| match p[9] as u8 {
        BACKWARD_EULER => Kernel::of::<Inhibitory<BACKWARD_EULER>, 3, 0, 9>(),
        FORWARD_EULER => Kernel::of::<Inhibitory<FORWARD_EULER>, 3, 0, 9>(),
        _ => Kernel::of::<Inhibitory<EXPONENTIAL_EULER>, 3, 0, 9>(),
    },
};

const EXC_CONSTANTS: &[&str] = &[
    "h",
    "v_rest",
    "v_reset",
    "v_th",
    "e_exc",
    "e_inh",
    "keep_ge",
    "keep_gi",
    "integration",
    "theta_offset",
    "theta_plus",
    "keep_theta",
    "theta_rest",
];
const INH_CONSTANTS: &[&str] =
    &["h", "v_rest", "v_reset", "v_th", "e_exc", "e_inh", "keep_ge", "keep_gi", "integration"];

const fn tau(default: f64) -> Param {
    Param::number(
        "tau_m_ms",
        "Membrane time constant τ",
        "ms",
        default,
        (0.1, 10_000.0),
        "How fast the membrane forgets",
    )
}

const fn rest(default: f64) -> Param {
    Param::number(
        "v_rest_mv",
        "Resting potential",
        "mV",
        default,
        (-200.0, 200.0),
        "Where the membrane goes without input",
    )
}

const fn reset_to(default: f64) -> Param {
    Param::number(
        "v_reset_mv",
        "Reset potential",
        "mV",
        default,
        (-200.0, 200.0),
        "Where a spike leaves the membrane",
    )
}

const fn threshold(default: f64) -> Param {
    Param::number(
        "v_th_mv",
        "Base threshold",
        "mV",
        default,
        (-200.0, 200.0),
        "A spike is fired above it",
    )
}

const fn reversal_exc() -> Param {
    Param::number(
        "e_exc_mv",
        "Excitatory reversal potential",
        "mV",
        0.0,
        (-200.0, 200.0),
        "Where the excitatory conductance pulls the membrane",
    )
}

const fn reversal_inh(default: f64) -> Param {
    Param::number(
        "e_inh_mv",
        "Inhibitory reversal potential",
        "mV",
        default,
        (-200.0, 200.0),
        "Where the inhibitory conductance pulls the membrane",
    )
}

const fn tau_ge() -> Param {
    Param::number(
        "tau_ge_ms",
        "Excitatory conductance's time constant",
        "ms",
        1.0,
        (0.01, 1000.0),
        "How fast excitation fades",
    )
}

const fn tau_gi() -> Param {
    Param::number(
        "tau_gi_ms",
        "Inhibitory conductance's time constant",
        "ms",
        2.0,
        (0.01, 1000.0),
        "How fast inhibition fades",
    )
}

const fn method(default: u8) -> Param {
    Param::choice("integration", "Integration", METHODS, default as usize, "How a step is computed")
}

const fn start(default: f64) -> Param {
    Param::number(
        "v_initial_mv",
        "Potential at the start",
        "mV",
        default,
        (-200.0, 200.0),
        "Where the membrane begins",
    )
}

/// What both neurons have in common: the first nine constants.
fn common(p: &[f64], dt_ms: f64) -> [f32; 9] {
    let &[tau, rest, reset, th, e_exc, e_inh, tau_ge, tau_gi, _, integration, ..] = p else {
        return [0.0; 9];
    };
    let keep = |tau: f64| {
        if integration as u8 == EXPONENTIAL_EULER {
            (-dt_ms / tau).exp()
        } else {
            (1.0 - dt_ms / tau).max(0.0)
        }
    };
    [dt_ms / tau, rest, reset, th, e_exc, e_inh, keep(tau_ge), keep(tau_gi), integration]
        .map(|x| x as f32)
}

/// The membrane after a step.
#[inline(always)]
fn membrane<const METHOD: u8>(c: &[f32], [v, ge, gi]: [f32; 3], current: f32) -> f32 {
    let (h, v_rest, e_exc, e_inh) = (c[0], c[1], c[4], c[5]);
    match METHOD {
        FORWARD_EULER => v + h * ((v_rest - v) + ge * (e_exc - v) + gi * (e_inh - v) + current),
        EXPONENTIAL_EULER => {
            let g = 1.0 + ge + gi;
            let v_end = (v_rest + ge * e_exc + gi * e_inh + current) / g;
            v_end + (v - v_end) * exp(-h * g)
        }
        _ => {
            let pull = (v_rest + current) + (ge * e_exc + gi * e_inh);
            (v + h * pull) / ((1.0 + h) + h * (ge + gi))
        }
    }
}

struct Excitatory<const METHOD: u8>;

impl<const METHOD: u8> Model<3, 1, 13> for Excitatory<METHOD> {
    // With a time constant of 100 ms it hardly does between two images.
    const SETTLES: bool = false;

    fn derive(p: &[f64], dt_ms: f64) -> [f32; 13] {
        let mut c = [0.0; 13];
        c[..9].copy_from_slice(&common(p, dt_ms));
        let &[.., offset, plus, tau_theta, adapt, theta_rest] = p else { return c };
        c[9] = offset as f32;
        let (plus, keep) =
            if adapt == 0.0 { (0.0, 1.0) } else { (plus, (-SLOW_MS / tau_theta).exp()) };
        c[10] = plus as f32;
        c[11] = keep as f32;
        c[12] = theta_rest as f32;
        c
    }

    #[inline(always)]
    fn step(c: &[f32; 13], x: [f32; 3], _: [f32; 1], current: f32, _free: bool) -> [f32; 3] {
        [
            membrane::<METHOD>(c, x, current),
            fade_conductance(x[1], c[6]),
            fade_conductance(x[2], c[7]),
        ]
    }

    #[inline(always)]
    fn fires(c: &[f32; 13], [v, ..]: &[f32; 3], [theta]: &[f32; 1]) -> bool {
        *v > *theta + (c[3] - c[9])
    }

    fn reset(c: &[f32; 13], [v, ..]: &mut [f32; 3], [theta]: &mut [f32; 1]) {
        *v = c[2];
        *theta += c[10];
    }

    fn slow(c: &[f32; 13], [theta]: &mut [f32; 1]) {
        *theta = c[12] + (*theta - c[12]) * c[11];
    }
}

struct Inhibitory<const METHOD: u8>;

impl<const METHOD: u8> Model<3, 0, 9> for Inhibitory<METHOD> {
    fn derive(p: &[f64], dt_ms: f64) -> [f32; 9] {
        common(p, dt_ms)
    }

    #[inline(always)]
    fn step(c: &[f32; 9], x: [f32; 3], _: [f32; 0], current: f32, free: bool) -> [f32; 3] {
        let moved = membrane::<METHOD>(c, x, current);
        [
            if free { moved } else { x[0] },
            fade_conductance(x[1], c[6]),
            fade_conductance(x[2], c[7]),
        ]
    }

    #[inline(always)]
    fn fires(c: &[f32; 9], [v, ..]: &[f32; 3], _: &[f32; 0]) -> bool {
        *v > c[3]
    }

    fn reset(c: &[f32; 9], [v, ..]: &mut [f32; 3], _: &mut [f32; 0]) {
        *v = c[2];
    }
}

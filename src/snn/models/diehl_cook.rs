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
use super::rate_curve::{
    GOES_ON, HELD, Onset, RateCurve, charge_ms, charge_steps, euler_decay, held_steps, hz,
    refractory_ms,
};
use super::{Initial, NeuronModel, StateVar, refractory_steps};
use crate::core::param::{Param, params};
use crate::snn::constants::{Constants, constants};

/// Values of the parameter `integration`.
pub const BACKWARD_EULER: u8 = 0;
/// As published.
pub const FORWARD_EULER: u8 = 1;
/// Each variable exactly, with the others held.
pub const EXPONENTIAL_EULER: u8 = 2;

const SOURCE: &str = "Diehl and Cook, Front. Comput. Neurosci. 9:99 (2015), section 2.1; constants as in the authors' program (peter-u-diehl/stdp-mnist)";
const METHODS: &[&str] = &["backward Euler", "forward Euler (as published)", "exponential Euler"];
const INTEGRATION: &str = "backward Euler (stable for any dt); forward Euler, as published, and exponential Euler by choice";

params! {
    struct ExcParams: f64 {
        tau_m_ms: tau(100.0),
        v_rest_mv: rest(-65.0),
        v_reset_mv: reset_to(-65.0),
        v_th_mv: threshold(-52.0),
        e_exc_mv: reversal_exc(),
        e_inh_mv: reversal_inh(-100.0),
        tau_ge_ms: tau_ge(),
        tau_gi_ms: tau_gi(),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 5.0, (0.0, 1000.0),
            "No second spike before it is over; the membrane goes on meanwhile",
        ),
        integration: method(BACKWARD_EULER),
        v_initial_mv: start(-105.0),
        theta_initial_mv: Param::number(
            "θ at the start", "mV", 20.0, (-100.0, 1000.0),
            "Where the adaptive threshold begins",
        ),
        theta_offset_mv: Param::number(
            "θ offset", "mV", 20.0, (-100.0, 1000.0),
            "Subtracted from θ: at θ = offset the threshold is at its base",
        ),
        theta_plus_mv: Param::number(
            "θ per spike", "mV", 0.05, (0.0, 100.0),
            "How much harder each spike makes the next (homeostasis)",
        ),
        tau_theta_ms: Param::number(
            "θ time constant", "ms", 1e7, (1000.0, 1e12),
            "How slowly θ decays, in simulated time",
        ),
        adapt: Param::choice(
            "θ adaptation", &["off", "on"], 1,
            "Whether θ changes: on to learn, off to test",
        ),
        theta_rest_mv: Param::number(
            "θ at rest", "mV", 0.0, (-100.0, 1000.0),
            "What θ decays towards: 0 as in the authors' program, the offset as in the paper",
        ),
    }
}

params! {
    struct InhParams: f64 {
        tau_m_ms: tau(10.0),
        v_rest_mv: rest(-60.0),
        v_reset_mv: reset_to(-45.0),
        v_th_mv: threshold(-40.0),
        e_exc_mv: reversal_exc(),
        e_inh_mv: reversal_inh(-85.0),
        tau_ge_ms: tau_ge(),
        tau_gi_ms: tau_gi(),
        t_ref_ms: Param::number(
            "Refractory period", "ms", 2.0, (0.0, 1000.0),
            "No second spike before it is over; the membrane is held at the reset potential meanwhile",
        ),
        integration: method(FORWARD_EULER),
        v_initial_mv: start(-100.0),
    }
}

constants! {
    DcExcConstants {
        h, v_rest, v_reset, v_th, e_exc, e_inh, keep_ge, keep_gi, integration,
        theta_offset, theta_plus, keep_theta, theta_rest,
    }
}

constants! {
    DcInhConstants { h, v_rest, v_reset, v_th, e_exc, e_inh, keep_ge, keep_gi, integration }
}

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
    params: ExcParams::DECLARED,
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
    constants: DcExcConstants::NAMES,
    threshold: |p, x| {
        let (p, theta) = (ExcParams::of(p), x.last().copied().unwrap_or_default());
        p.v_th_mv - p.theta_offset_mv + f64::from(theta)
    },
    adapts: |p| ExcParams::of(p).adapt != 0.0,
    kernel: |p| match ExcParams::of(p).integration as u8 {
        BACKWARD_EULER => Kernel::of::<Excitatory<BACKWARD_EULER>, 3, 1>(),
        FORWARD_EULER => Kernel::of::<Excitatory<FORWARD_EULER>, 3, 1>(),
        _ => Kernel::of::<Excitatory<EXPONENTIAL_EULER>, 3, 1>(),
    },
    wgsl: include_str!("../../../shaders/models/dc_exc.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "f = 1 / max(t_ref, τ ln((I + v_rest − v_reset) / (I + v_rest − v_th′))), v_th′ the threshold with θ as it begins; θ held",
        closed: true,
        rate_hz: excitatory_hz,
        stepwise_hz: Some(excitatory_stepwise_hz),
        rheobase: |p| {
            let p = ExcParams::of(p);
            p.first_threshold() - p.v_rest_mv
        },
        onset: |_| Onset::Threshold,
        refractory: GOES_ON,
        span: (0.0, 3.0),
    }),
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
    params: InhParams::DECLARED,
    state: &OWN,
    constants: DcInhConstants::NAMES,
    threshold: |p, _| InhParams::of(p).v_th_mv,
    adapts: |_| false,
    kernel: |p| match InhParams::of(p).integration as u8 {
        BACKWARD_EULER => Kernel::of::<Inhibitory<BACKWARD_EULER>, 3, 0>(),
        FORWARD_EULER => Kernel::of::<Inhibitory<FORWARD_EULER>, 3, 0>(),
        _ => Kernel::of::<Inhibitory<EXPONENTIAL_EULER>, 3, 0>(),
    },
    wgsl: include_str!("../../../shaders/models/dc_inh.wgsl"),
    rate_curve: Some(RateCurve {
        doc: "f = 1 / (t_ref + τ ln((I + v_rest − v_reset) / (I + v_rest − v_th)))",
        closed: true,
        rate_hz: inhibitory_hz,
        stepwise_hz: Some(inhibitory_stepwise_hz),
        rheobase: |p| {
            let p = InhParams::of(p);
            p.v_th_mv - p.v_rest_mv
        },
        onset: |_| Onset::Threshold,
        refractory: HELD,
        span: (0.0, 3.0),
    }),
};

const fn tau(default: f64) -> Param {
    Param::number(
        "Membrane time constant τ",
        "ms",
        default,
        (0.1, 10_000.0),
        "How fast the membrane forgets",
    )
}

const fn rest(default: f64) -> Param {
    Param::number(
        "Resting potential",
        "mV",
        default,
        (-200.0, 200.0),
        "Where the membrane goes without input",
    )
}

const fn reset_to(default: f64) -> Param {
    Param::number(
        "Reset potential",
        "mV",
        default,
        (-200.0, 200.0),
        "Where a spike leaves the membrane",
    )
}

const fn threshold(default: f64) -> Param {
    Param::number("Base threshold", "mV", default, (-200.0, 200.0), "A spike is fired above it")
}

const fn reversal_exc() -> Param {
    Param::number(
        "Excitatory reversal potential",
        "mV",
        0.0,
        (-200.0, 200.0),
        "Where the excitatory conductance pulls the membrane",
    )
}

const fn reversal_inh(default: f64) -> Param {
    Param::number(
        "Inhibitory reversal potential",
        "mV",
        default,
        (-200.0, 200.0),
        "Where the inhibitory conductance pulls the membrane",
    )
}

const fn tau_ge() -> Param {
    Param::number(
        "Excitatory conductance's time constant",
        "ms",
        1.0,
        (0.01, 1000.0),
        "How fast excitation fades",
    )
}

const fn tau_gi() -> Param {
    Param::number(
        "Inhibitory conductance's time constant",
        "ms",
        2.0,
        (0.01, 1000.0),
        "How fast inhibition fades",
    )
}

const fn method(default: u8) -> Param {
    Param::choice("Integration", METHODS, default as usize, "How a step is computed")
}

const fn start(default: f64) -> Param {
    Param::number(
        "Potential at the start",
        "mV",
        default,
        (-200.0, 200.0),
        "Where the membrane begins",
    )
}

/// What is left of a conductance after a step.
fn keep(tau_ms: f64, dt_ms: f64, integration: f64) -> f32 {
    if integration as u8 == EXPONENTIAL_EULER {
        (-dt_ms / tau_ms).exp() as f32
    } else {
        (1.0 - dt_ms / tau_ms).max(0.0) as f32
    }
}

/// What a membrane's step depends on.
struct Membrane {
    h: f32,
    v_rest: f32,
    e_exc: f32,
    e_inh: f32,
}

impl Membrane {
    /// The potential after a step.
    #[inline(always)]
    fn step<const METHOD: u8>(self, [v, ge, gi]: [f32; 3], current: f32) -> f32 {
        let Self { h, v_rest, e_exc, e_inh } = self;
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
}

struct Excitatory<const METHOD: u8>;

impl<const METHOD: u8> Model<3, 1> for Excitatory<METHOD> {
    type Constants = DcExcConstants;

    // With a time constant of 100 ms it hardly does between two images.
    const SETTLES: bool = false;

    fn derive(p: &[f64], dt_ms: f64) -> DcExcConstants {
        let p = ExcParams::of(p);
        let adapts = p.adapt != 0.0;
        DcExcConstants {
            h: (dt_ms / p.tau_m_ms) as f32,
            v_rest: p.v_rest_mv as f32,
            v_reset: p.v_reset_mv as f32,
            v_th: p.v_th_mv as f32,
            e_exc: p.e_exc_mv as f32,
            e_inh: p.e_inh_mv as f32,
            keep_ge: keep(p.tau_ge_ms, dt_ms, p.integration),
            keep_gi: keep(p.tau_gi_ms, dt_ms, p.integration),
            integration: p.integration as f32,
            theta_offset: p.theta_offset_mv as f32,
            theta_plus: if adapts { p.theta_plus_mv as f32 } else { 0.0 },
            keep_theta: if adapts { (-SLOW_MS / p.tau_theta_ms).exp() as f32 } else { 1.0 },
            theta_rest: p.theta_rest_mv as f32,
        }
    }

    #[inline(always)]
    fn step(c: &DcExcConstants, x: [f32; 3], _: [f32; 1], current: f32, _free: bool) -> [f32; 3] {
        let &DcExcConstants { h, v_rest, e_exc, e_inh, .. } = c;
        let moved = Membrane { h, v_rest, e_exc, e_inh }.step::<METHOD>(x, current);
        let [_, ge, gi] = x;
        [moved, fade_conductance(ge, c.keep_ge), fade_conductance(gi, c.keep_gi)]
    }

    #[inline(always)]
    fn fires(c: &DcExcConstants, [v, ..]: &[f32; 3], [theta]: &[f32; 1]) -> bool {
        *v > *theta + (c.v_th - c.theta_offset)
    }

    fn reset(c: &DcExcConstants, [v, ..]: &mut [f32; 3], [theta]: &mut [f32; 1]) {
        *v = c.v_reset;
        *theta += c.theta_plus;
    }

    fn slow(c: &DcExcConstants, [theta]: &mut [f32; 1]) {
        *theta = c.theta_rest + (*theta - c.theta_rest) * c.keep_theta;
    }
}

struct Inhibitory<const METHOD: u8>;

impl<const METHOD: u8> Model<3, 0> for Inhibitory<METHOD> {
    type Constants = DcInhConstants;

    fn derive(p: &[f64], dt_ms: f64) -> DcInhConstants {
        let p = InhParams::of(p);
        DcInhConstants {
            h: (dt_ms / p.tau_m_ms) as f32,
            v_rest: p.v_rest_mv as f32,
            v_reset: p.v_reset_mv as f32,
            v_th: p.v_th_mv as f32,
            e_exc: p.e_exc_mv as f32,
            e_inh: p.e_inh_mv as f32,
            keep_ge: keep(p.tau_ge_ms, dt_ms, p.integration),
            keep_gi: keep(p.tau_gi_ms, dt_ms, p.integration),
            integration: p.integration as f32,
        }
    }

    #[inline(always)]
    fn step(c: &DcInhConstants, x: [f32; 3], _: [f32; 0], current: f32, free: bool) -> [f32; 3] {
        let &DcInhConstants { h, v_rest, e_exc, e_inh, .. } = c;
        let moved = Membrane { h, v_rest, e_exc, e_inh }.step::<METHOD>(x, current);
        let [v, ge, gi] = x;
        let v = if free { moved } else { v };
        [v, fade_conductance(ge, c.keep_ge), fade_conductance(gi, c.keep_gi)]
    }

    #[inline(always)]
    fn fires(c: &DcInhConstants, [v, ..]: &[f32; 3], _: &[f32; 0]) -> bool {
        *v > c.v_th
    }

    fn reset(c: &DcInhConstants, [v, ..]: &mut [f32; 3], _: &mut [f32; 0]) {
        *v = c.v_reset;
    }
}

impl ExcParams {
    /// The threshold with θ as it begins.
    fn first_threshold(&self) -> f64 {
        self.v_th_mv + self.theta_initial_mv - self.theta_offset_mv
    }
}

/// The membrane goes on being charged while the neuron is refractory.
fn excitatory_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = ExcParams::of(p);
    let end = p.v_rest_mv + current;
    let charging = charge_ms(p.tau_m_ms, end, p.v_reset_mv, p.first_threshold());
    hz(charging.max(refractory_ms(p.t_ref_ms, dt_ms)), dt_ms)
}

fn excitatory_stepwise_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = ExcParams::of(p);
    let per_step = per_step(dt_ms / p.tau_m_ms, p.integration);
    let end = p.v_rest_mv + current;
    let charging = charge_steps(per_step, end, p.v_reset_mv, p.first_threshold());
    1000.0 / (dt_ms * charging.max(f64::from(refractory_steps(p.t_ref_ms, dt_ms))))
}

fn inhibitory_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = InhParams::of(p);
    let charging = charge_ms(p.tau_m_ms, p.v_rest_mv + current, p.v_reset_mv, p.v_th_mv);
    hz(refractory_ms(p.t_ref_ms, dt_ms) + charging, dt_ms)
}

fn inhibitory_stepwise_hz(p: &[f64], dt_ms: f64, current: f64) -> f64 {
    let p = InhParams::of(p);
    let per_step = per_step(dt_ms / p.tau_m_ms, p.integration);
    let charging = charge_steps(per_step, p.v_rest_mv + current, p.v_reset_mv, p.v_th_mv);
    1000.0 / (dt_ms * (held_steps(p.t_ref_ms, dt_ms) + charging))
}

/// −ln of what a step of h time constants leaves of the distance to where the
/// membrane goes, without conductances.
fn per_step(h: f64, integration: f64) -> f64 {
    match integration as u8 {
        BACKWARD_EULER => h.ln_1p(),
        FORWARD_EULER => euler_decay(h),
        _ => h,
    }
}

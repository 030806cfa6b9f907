//! A method of second order for the models whose spikes have an upstroke, and
//! how they are reset within a step.
//!
//! **A step** is that of the linearly implicit midpoint rule (the Rosenbrock
//! method of one stage, γ = ½; Hairer and Wanner, Solving Ordinary Differential
//! Equations II, section IV.7): v ← v + h f(v) / (1 − ½ h f′(v)). It costs one
//! division more than Euler's, errs by dt² instead of dt, and does not leap over
//! the upstroke as explicit methods of second order do, because the denominator
//! knows that f steepens. The recovery or adaptation variable is linear and goes
//! by the midpoint rule. What is injected is constant within a step; a synaptic
//! current counts with its mean over the step.
//!
//! **The peak** is reached when the step's own curve through v reaches it:
//! after (v_peak − v) / (f + ½ f′ (v_peak − v)). The spike belongs to the step
//! in which that happens, as with every model. Were the membrane reset at the end
//! of that step, each interval would be half a step too long on average, and the
//! method of first order. So the state variable [`LATE`] keeps what was left of
//! the step, and the next step that moves the membrane moves it by so much more;
//! after a refractory period of n steps, by that alone, so that it has been held
//! for n dt exactly. (Hansel et al., Neural Comput. 10:467, 1998, do it by
//! interpolation.)

use super::{Initial, StateVar, refractory_steps};

/// What was left of the step when the last spike came, in steps.
pub const LATE: StateVar = StateVar::new(
    "late",
    "Left of the spike’s step",
    "dt",
    Initial::Value(0.0),
    "What was left of the step when the peak was reached: made up for by the next one (second order only)",
);

/// What the choice of method does.
pub const METHOD_DOC: &str = "How a step is computed: second order errs by dt² and finds the time of the peak within the step; forward Euler errs by dt";

/// 1 where the step after a spike moves the membrane, 0 where the first that
/// does ends a refractory period.
pub fn gap(t_ref_ms: f64, dt_ms: f64) -> f64 {
    if refractory_steps(t_ref_ms, dt_ms) == 0 { 1.0 } else { 0.0 }
}

/// The mean over a step of what is 1 at its beginning and fades with `tau_ms`.
pub fn mean_of_fading(tau_ms: f64, dt_ms: f64) -> f64 {
    -(-dt_ms / tau_ms).exp_m1() * tau_ms / dt_ms
}

/// How many steps the membrane and the other variable move in this one.
#[inline(always)]
pub fn steps(late: f32, gap: f32, free: bool) -> (f32, f32) {
    let membrane = if late > 0.0 { late + gap } else { 1.0 };
    (membrane, if free { 1.0 + late } else { 1.0 })
}

/// What is left of a step after the peak: a time, and steps per unit of it.
#[inline(always)]
pub fn left(time: f32, steps_per_unit: f32) -> f32 {
    (time * steps_per_unit).clamp(0.0, 1.0)
}

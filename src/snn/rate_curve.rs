//! f–I curves: how fast a neuron fires at a constant current, from its
//! equations. Where they have a closed solution, that is the curve; where they
//! have none, one interval after another is integrated finely until firing is
//! steady, and the current at which firing begins (the rheobase) is known in
//! closed form all the same.
//!
//! Time is continuous in these curves, but for the refractory period, which lasts
//! the whole steps that it lasts in simulation. Where charging can be counted in
//! steps too, [`RateCurve::stepwise_hz`] gives the rate that a simulation with
//! this dt and method must give.
//!
//! One entry of [`RATE_CURVES`] per neuron model.

use super::models::{
    BACKWARD_EULER, FORWARD_EULER, NeuronModel, refractory_steps as whole_refractory_steps,
};

/// The f–I curve of a neuron model.
pub struct RateCurve {
    /// Id of the model.
    pub model: &'static str,
    /// The formula, or how the curve is had without one.
    pub doc: &'static str,
    /// Whether `rate_hz` is a closed formula.
    pub closed: bool,
    /// Steady rate, Hz, for parameters in the model's order, dt in ms and a
    /// current in its unit.
    pub rate_hz: fn(&Values<'_>, f64, f64) -> f64,
    /// The same with charging in whole steps of dt by the model's own method, as
    /// it is simulated; `None` where no formula says it.
    pub stepwise_hz: Option<fn(&Values<'_>, f64, f64) -> f64>,
    /// The current at which rest ends, and firing begins.
    pub rheobase: fn(&Values<'_>) -> f64,
    /// How rest ends there.
    pub onset: fn(&Values<'_>) -> Onset,
    /// What a refractory period does with the membrane, in simulation.
    pub refractory: &'static str,
    /// Currents worth showing, as multiples of the rheobase.
    pub span: (f64, f64),
}

/// How rest ends as the current rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onset {
    /// The membrane would come to rest above its threshold.
    Threshold,
    /// There is no leak, so any current is enough.
    NoLeak,
    /// The resting point and the unstable one meet and vanish.
    SaddleNode,
    /// The resting point is still there but no longer stable.
    Hopf,
}

impl Onset {
    /// What it is called, for a legend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::NoLeak => "no leak",
            Self::SaddleNode => "saddle-node bifurcation",
            Self::Hopf => "Andronov–Hopf bifurcation",
        }
    }

    /// What happens there, in a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Threshold => "below it the membrane comes to rest under its threshold",
            Self::NoLeak => "without a leak any current above zero reaches the threshold in time",
            Self::SaddleNode => {
                "a saddle-node bifurcation: the resting point and the unstable point above it meet and vanish"
            }
            Self::Hopf => {
                "an Andronov–Hopf bifurcation: the resting point is still there, but disturbances no longer die out. A neuron that is already firing may go on a little below it"
            }
        }
    }
}

/// A model's parameters by name.
pub struct Values<'a> {
    model: &'static NeuronModel,
    values: &'a [f64],
}

impl<'a> Values<'a> {
    /// `values` in the order that the model declares.
    pub fn new(model: &'static NeuronModel, values: &'a [f64]) -> Self {
        Self { model, values }
    }

    fn get(&self, name: &str) -> f64 {
        debug_assert!(self.model.params.iter().any(|p| p.name == name), "{name}");
        self.model.value(self.values, name)
    }

    /// Steps from one spike to the first step in which the next is possible.
    fn refractory_steps(&self, dt_ms: f64) -> f64 {
        f64::from(whole_refractory_steps(self.get("t_ref_ms"), dt_ms))
    }

    /// The refractory period in whole steps, ms.
    fn refractory_ms(&self, dt_ms: f64) -> f64 {
        self.refractory_steps(dt_ms) * dt_ms
    }
}

/// Of models whose membrane is held, and whose spikes have no time within a step.
const HELD: &str =
    "The membrane is held until then, and charged in that step already: the two overlap by a step";
const GOES_ON: &str = "The membrane is charged meanwhile";
const HELD_EXACTLY: &str = "Second order holds the membrane for all of it, from the spike’s own time within its step; forward Euler charges it in the last step already";

/// The curves of all models.
pub static RATE_CURVES: &[RateCurve] = &[
    RateCurve {
        model: "lif",
        doc: "f = 1 / (t_ref + τₘ ln((R I + v_rest − v_reset) / (R I + v_rest − v_th)))",
        closed: true,
        rate_hz: lif,
        stepwise_hz: Some(lif_stepwise),
        onset: |_| Onset::Threshold,
        rheobase: |v| (v.get("v_th_mv") - v.get("v_rest_mv")) / v.get("r_mohm"),
        refractory: HELD,
        span: (0.0, 3.0),
    },
    RateCurve {
        model: "if",
        doc: "f = I / v_th, at most one spike per step and refractory period: a ReLU",
        closed: true,
        rate_hz: integrate_fire,
        stepwise_hz: None,
        onset: |_| Onset::NoLeak,
        rheobase: |_| 0.0,
        refractory: GOES_ON,
        span: (-0.3, 1.5),
    },
    RateCurve {
        model: "dc_exc",
        doc: "f = 1 / max(t_ref, τ ln((I + v_rest − v_reset) / (I + v_rest − v_th′))), v_th′ the threshold with θ as it begins; θ held",
        closed: true,
        rate_hz: excitatory,
        stepwise_hz: Some(excitatory_stepwise),
        onset: |_| Onset::Threshold,
        rheobase: |v| excitatory_threshold(v) - rest(v),
        refractory: GOES_ON,
        span: (0.0, 3.0),
    },
    RateCurve {
        model: "dc_inh",
        doc: "f = 1 / (t_ref + τ ln((I + v_rest − v_reset) / (I + v_rest − v_th)))",
        closed: true,
        rate_hz: inhibitory,
        stepwise_hz: Some(inhibitory_stepwise),
        onset: |_| Onset::Threshold,
        rheobase: |v| v.get("v_th_mv") - rest(v),
        refractory: HELD,
        span: (0.0, 3.0),
    },
    RateCurve {
        model: "izhikevich",
        doc: "No closed formula: the equations integrated in steps of 0.005 ms until firing is steady. Rest ends where 0.08 v + 5 = a if a < b (Andronov–Hopf), else where it is b (saddle-node, I = (5 − b)² / 0.16 − 140).",
        closed: false,
        rate_hz: izhikevich,
        stepwise_hz: None,
        onset: izhikevich_onset,
        rheobase: izhikevich_rheobase,
        refractory: HELD_EXACTLY,
        span: (0.0, 5.0),
    },
    RateCurve {
        model: "adex",
        doc: "No closed formula: the equations integrated in steps of 0.005 ms until firing is steady. The rheobase is that of Touboul and Brette (2008).",
        closed: false,
        rate_hz: adex,
        stepwise_hz: None,
        onset: adex_onset,
        rheobase: adex_rheobase,
        refractory: HELD_EXACTLY,
        span: (0.0, 3.0),
    },
];

/// The curve of a model.
pub fn find(model: &str) -> Option<&'static RateCurve> {
    RATE_CURVES.iter().find(|c| c.model == model)
}

/// Time to charge from `reset` to `threshold` towards `end`, ms; infinite below
/// the rheobase.
fn charge_ms(tau_ms: f64, end: f64, reset: f64, threshold: f64) -> f64 {
    if end <= threshold {
        return f64::INFINITY;
    }
    (tau_ms * ((end - reset) / (end - threshold)).ln()).max(0.0)
}

/// Hz for an interval in ms that cannot be shorter than a step.
fn hz(interval_ms: f64, dt_ms: f64) -> f64 {
    1000.0 / interval_ms.max(dt_ms)
}

/// Gerstner et al. (2014), eq. (1.12) with a refractory period.
fn lif(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let end = v.get("v_rest_mv") + v.get("r_mohm") * current;
    let charging = charge_ms(v.get("tau_m_ms"), end, v.get("v_reset_mv"), v.get("v_th_mv"));
    hz(v.refractory_ms(dt_ms) + charging, dt_ms)
}

fn lif_stepwise(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let end = v.get("v_rest_mv") + v.get("r_mohm") * current;
    let h = dt_ms / v.get("tau_m_ms");
    // What is left of the distance to the end after a step: e^(−h), or 1 − h.
    let per_step = if v.get("integration") == 0.0 { h } else { euler_decay(h) };
    let charging = charge_steps(per_step, end, v.get("v_reset_mv"), v.get("v_th_mv"));
    1000.0 / (dt_ms * (held_steps(v, dt_ms) + charging))
}

/// Steps in which a membrane that is held rests.
fn held_steps(v: &Values<'_>, dt_ms: f64) -> f64 {
    (v.refractory_steps(dt_ms) - 1.0).max(0.0)
}

/// −ln of what forward Euler leaves of a distance in a step of h time constants.
fn euler_decay(h: f64) -> f64 {
    if h < 1.0 { -(-h).ln_1p() } else { f64::INFINITY }
}

/// Whole steps from `reset` past `threshold` towards `end`, of which each leaves
/// e^(−`per_step`) of the distance; infinite below the rheobase.
fn charge_steps(per_step: f64, end: f64, reset: f64, threshold: f64) -> f64 {
    // The threshold has to be exceeded.
    (charge_ms(1.0, end, reset, threshold) / per_step).floor() + 1.0
}

/// Input goes on being summed while the neuron is refractory. A reset to zero
/// loses what lies above the threshold, so intervals are whole steps.
fn integrate_fire(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    if current <= 0.0 {
        return 0.0;
    }
    let mut interval = v.get("v_th") / current;
    if v.get("reset") != 0.0 {
        interval = (interval / dt_ms - 1e-6).ceil() * dt_ms;
    }
    hz(interval.max(v.refractory_ms(dt_ms)), dt_ms)
}

fn rest(v: &Values<'_>) -> f64 {
    v.get("v_rest_mv")
}

fn excitatory_threshold(v: &Values<'_>) -> f64 {
    v.get("v_th_mv") + v.get("theta_initial_mv") - v.get("theta_offset_mv")
}

/// The membrane goes on being charged while the neuron is refractory.
fn excitatory(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let end = rest(v) + current;
    let charging = charge_ms(v.get("tau_m_ms"), end, v.get("v_reset_mv"), excitatory_threshold(v));
    hz(charging.max(v.refractory_ms(dt_ms)), dt_ms)
}

fn excitatory_stepwise(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let charging = conductance_steps(v, dt_ms, current, excitatory_threshold(v));
    1000.0 / (dt_ms * charging.max(v.refractory_steps(dt_ms)))
}

/// [`charge_steps`] of Diehl and Cook's neurons without conductances.
fn conductance_steps(v: &Values<'_>, dt_ms: f64, current: f64, threshold: f64) -> f64 {
    let h = dt_ms / v.get("tau_m_ms");
    let per_step = match v.get("integration") as u8 {
        BACKWARD_EULER => h.ln_1p(),
        FORWARD_EULER => euler_decay(h),
        _ => h,
    };
    charge_steps(per_step, rest(v) + current, v.get("v_reset_mv"), threshold)
}

fn inhibitory(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let end = rest(v) + current;
    let charging = charge_ms(v.get("tau_m_ms"), end, v.get("v_reset_mv"), v.get("v_th_mv"));
    hz(v.refractory_ms(dt_ms) + charging, dt_ms)
}

fn inhibitory_stepwise(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let charging = conductance_steps(v, dt_ms, current, v.get("v_th_mv"));
    1000.0 / (dt_ms * (held_steps(v, dt_ms) + charging))
}

/// Step of the fine integration, ms.
const FINE_MS: f64 = 0.005;
/// How long firing may take to become steady, and to fire at all, ms.
const SETTLE_MS: f64 = 4000.0;

/// Integrates two equations by the midpoint method until three successive
/// intervals agree to 0.1 %, or gives the mean of the last two (a burst).
fn steady_hz(
    mut state: [f64; 2],
    t_ref_ms: f64,
    slope: impl Fn([f64; 2]) -> [f64; 2],
    fires: impl Fn([f64; 2]) -> bool,
    reset: impl Fn([f64; 2]) -> [f64; 2],
) -> f64 {
    let mut last = 0.0;
    let mut held_until = 0.0;
    let mut intervals: Vec<f64> = Vec::new();
    let steps = (SETTLE_MS / FINE_MS) as u64;
    for step in 1..=steps {
        let t = step as f64 * FINE_MS;
        let first = slope(state);
        let half = [0, 1].map(|i| state[i] + 0.5 * FINE_MS * first[i]);
        let mid = slope(half);
        let v_moves = t > held_until;
        state = [
            if v_moves { state[0] + FINE_MS * mid[0] } else { state[0] },
            state[1] + FINE_MS * mid[1],
        ];
        if !fires(state) {
            continue;
        }
        state = reset(state);
        held_until = t + t_ref_ms;
        intervals.push(t - last);
        last = t;
        if let [.., a, b, c] = intervals[..]
            && intervals.len() > 5
            && (a - b).abs() + (b - c).abs() < 0.002 * c
        {
            return 1000.0 / c;
        }
    }
    // Firing that never settles (bursts): the mean rate of the second half.
    let since = SETTLE_MS / 2.0;
    let mut at = 0.0;
    let late = intervals.iter().filter(|i| {
        at += **i;
        at >= since
    });
    late.count() as f64 / ((SETTLE_MS - since) / 1000.0)
}

fn izhikevich(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let [a, b, c, d, peak] = ["a", "b", "c_mv", "d_mv_per_ms", "v_peak_mv"].map(|name| v.get(name));
    steady_hz(
        [c, b * c],
        v.refractory_ms(dt_ms),
        |[x, u]| {
            // Beyond its peak the parabola explodes; the spike is certain there.
            let x = x.min(peak);
            [0.04 * x * x + 5.0 * x + 140.0 - u + current, a * (b * x - u)]
        },
        |[x, _]| x >= peak,
        |[_, u]| [c, u + d],
    )
}

fn adex(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let names = ["c_pf", "g_l_ns", "e_l_mv", "v_t_mv", "delta_t_mv", "tau_w_ms", "a_ns", "b_pa"];
    let [c, g, e_l, v_t, delta, tau_w, a, b] = names.map(|name| v.get(name));
    let (peak, reset) = (v.get("v_peak_mv"), v.get("v_reset_mv"));
    steady_hz(
        [e_l, 0.0],
        v.refractory_ms(dt_ms),
        |[x, w]| {
            let x = x.min(peak);
            let upstroke = g * delta * ((x - v_t) / delta).min(20.0).exp();
            [(-g * (x - e_l) + upstroke - w + current) / c, (a * (x - e_l) - w) / tau_w]
        },
        |[x, _]| x > peak,
        |[_, w]| [reset, w + b],
    )
}

/// The slope of the parabola, 0.08 v + 5, at which the resting point ends.
///
/// With it as s the Jacobian at a resting point (u = b v) is (s, −1; a b, −a): its
/// determinant is a (b − s) and its trace s − a. A rising current raises s. At
/// s = b the resting point meets the unstable one (determinant zero, a
/// saddle-node); but where a < b the trace is zero before, at s = a, and rest
/// loses its stability with the determinant still positive: an Andronov–Hopf
/// bifurcation. In this model it is subcritical (Touboul, SIAM J. Appl. Math.
/// 68:1045, 2008): what it sets free grows to a spike.
fn izhikevich_slope(v: &Values<'_>) -> f64 {
    v.get("a").min(v.get("b"))
}

/// The current of the resting point with that slope.
fn izhikevich_rheobase(v: &Values<'_>) -> f64 {
    let at = (izhikevich_slope(v) - 5.0) / 0.08;
    v.get("b") * at - (0.04 * at + 5.0) * at - 140.0
}

fn izhikevich_onset(v: &Values<'_>) -> Onset {
    if v.get("a") < v.get("b") { Onset::Hopf } else { Onset::SaddleNode }
}

/// Where the resting state ends: by a saddle-node if a/g_L < τₘ/τ_w, else by a
/// Hopf bifurcation (Touboul and Brette, Biol. Cybern. 99:319, 2008, section 2.2,
/// with units put back).
fn adex_rheobase(v: &Values<'_>) -> f64 {
    let names = ["c_pf", "g_l_ns", "e_l_mv", "v_t_mv", "delta_t_mv", "tau_w_ms", "a_ns"];
    let [c, g, e_l, v_t, delta, tau_w, a] = names.map(|name| v.get(name));
    let (b, x) = (a / g, c / g / tau_w);
    let shape = if adex_onset(v) == Onset::SaddleNode {
        (1.0 + b) * (1.0 + b).ln() - (1.0 + b)
    } else {
        (1.0 + b) * (1.0 + x).ln() - (1.0 + x)
    };
    g * delta * shape + (g + a) * (v_t - e_l)
}

fn adex_onset(v: &Values<'_>) -> Onset {
    let [c, tau_w, a] = ["c_pf", "tau_w_ms", "a_ns"].map(|name| v.get(name));
    if a < c / tau_w { Onset::SaddleNode } else { Onset::Hopf }
}

/// Currents worth showing for these parameters: from, to.
pub fn span(curve: &RateCurve, values: &Values<'_>) -> (f64, f64) {
    let rheobase = (curve.rheobase)(values);
    // A neuron that fires from zero current on has its threshold for a scale.
    let scale = if rheobase.abs() > 1e-9 { rheobase.abs() } else { 1.0 };
    (curve.span.0 * scale, curve.span.1 * scale)
}

#[cfg(test)]
mod tests;

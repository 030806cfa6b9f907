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
//! A model declares its curve with everything else of it; here is what the curves
//! have in common.

use super::{MODELS, refractory_steps};

/// A rate in Hz for parameters, dt in ms and a current in the model's unit.
pub type Rate = fn(&[f64], f64, f64) -> f64;

/// The f–I curve of a neuron model. Its functions take the parameters in the order
/// that the model declares.
pub struct RateCurve {
    /// The formula, or how the curve is had without one.
    pub doc: &'static str,
    /// Whether `rate_hz` is a closed formula.
    pub closed: bool,
    /// The steady rate.
    pub rate_hz: Rate,
    /// The same with charging in whole steps of dt by the model's own method, as
    /// it is simulated; `None` where no formula says it.
    pub stepwise_hz: Option<Rate>,
    /// The current at which rest ends, and firing begins.
    pub rheobase: fn(&[f64]) -> f64,
    /// How rest ends there.
    pub onset: fn(&[f64]) -> Onset,
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

/// Of models whose membrane is held, and whose spikes have no time within a step.
pub(super) const HELD: &str =
    "The membrane is held until then, and charged in that step already: the two overlap by a step";
pub(super) const GOES_ON: &str = "The membrane is charged meanwhile";
pub(super) const HELD_EXACTLY: &str = "Second order holds the membrane for all of it, from the spike’s own time within its step; forward Euler charges it in the last step already";

/// The curve of a model.
pub fn find(model: &str) -> Option<&'static RateCurve> {
    MODELS.iter().find(|m| m.id == model)?.rate_curve.as_ref()
}

/// The refractory period in whole steps, ms.
pub(super) fn refractory_ms(t_ref_ms: f64, dt_ms: f64) -> f64 {
    f64::from(refractory_steps(t_ref_ms, dt_ms)) * dt_ms
}

/// Time to charge from `reset` to `threshold` towards `end`, ms; infinite below
/// the rheobase.
pub(super) fn charge_ms(tau_ms: f64, end: f64, reset: f64, threshold: f64) -> f64 {
    if end <= threshold {
        return f64::INFINITY;
    }
    (tau_ms * ((end - reset) / (end - threshold)).ln()).max(0.0)
}

/// Hz for an interval in ms that cannot be shorter than a step.
pub(super) fn hz(interval_ms: f64, dt_ms: f64) -> f64 {
    1000.0 / interval_ms.max(dt_ms)
}

/// Steps in which a membrane that is held rests.
pub(super) fn held_steps(t_ref_ms: f64, dt_ms: f64) -> f64 {
    f64::from(refractory_steps(t_ref_ms, dt_ms).saturating_sub(1))
}

/// −ln of what forward Euler leaves of a distance in a step of h time constants.
pub(super) fn euler_decay(h: f64) -> f64 {
    if h < 1.0 { -(-h).ln_1p() } else { f64::INFINITY }
}

/// Whole steps from `reset` past `threshold` towards `end`, of which each leaves
/// e^(−`per_step`) of the distance; infinite below the rheobase.
pub(super) fn charge_steps(per_step: f64, end: f64, reset: f64, threshold: f64) -> f64 {
    // The threshold has to be exceeded.
    (charge_ms(1.0, end, reset, threshold) / per_step).floor() + 1.0
}

/// Step of the fine integration, ms.
const FINE_MS: f64 = 0.005;
/// How long firing may take to become steady, and to fire at all, ms.
const SETTLE_MS: f64 = 4000.0;

/// Integrates two equations by the midpoint method until three successive
/// intervals agree to 0.1 %, or gives the mean of the last two (a burst).
pub(super) fn steady_hz(
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

/// Currents worth showing for these parameters: from, to.
pub fn span(curve: &RateCurve, values: &[f64]) -> (f64, f64) {
    let rheobase = (curve.rheobase)(values);
    // A neuron that fires from zero current on has its threshold for a scale.
    let scale = if rheobase.abs() > 1e-9 { rheobase.abs() } else { 1.0 };
    (curve.span.0 * scale, curve.span.1 * scale)
}

#[cfg(test)]
mod tests;

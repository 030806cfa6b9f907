//! f–I curves: how fast a neuron fires at a constant current, from its
//! equations. Where they have a closed solution, that is the curve; where they
//! have none, one interval after another is integrated finely until firing is
//! steady, and the current at which firing begins (the rheobase) is known in
//! closed form all the same.
//!
//! One entry of [`RATE_CURVES`] per neuron model.

use super::models::NeuronModel;

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
    /// The current at which firing begins.
    pub rheobase: fn(&Values<'_>) -> f64,
    /// Currents worth showing, as multiples of the rheobase.
    pub span: (f64, f64),
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
}

/// The curves of all models.
pub static RATE_CURVES: &[RateCurve] = &[
    RateCurve {
        model: "lif",
        doc: "f = 1 / (t_ref + τₘ ln((R I + v_rest − v_reset) / (R I + v_rest − v_th)))",
        closed: true,
        rate_hz: lif,
        rheobase: |v| (v.get("v_th_mv") - v.get("v_rest_mv")) / v.get("r_mohm"),
        span: (0.0, 3.0),
    },
    RateCurve {
        model: "if",
        doc: "f = I / v_th, at most one spike per step and refractory period: a ReLU",
        closed: true,
        rate_hz: integrate_fire,
        rheobase: |_| 0.0,
        span: (-0.3, 1.5),
    },
    RateCurve {
        model: "dc_exc",
        doc: "f = 1 / max(t_ref, τ ln((I + v_rest − v_reset) / (I + v_rest − v_th′))), v_th′ the threshold with θ as it begins; θ held",
        closed: true,
        rate_hz: excitatory,
        rheobase: |v| excitatory_threshold(v) - rest(v),
        span: (0.0, 3.0),
    },
    RateCurve {
        model: "dc_inh",
        doc: "f = 1 / (t_ref + τ ln((I + v_rest − v_reset) / (I + v_rest − v_th)))",
        closed: true,
        rate_hz: inhibitory,
        rheobase: |v| v.get("v_th_mv") - rest(v),
        span: (0.0, 3.0),
    },
    RateCurve {
        model: "izhikevich",
        doc: "No closed formula: the equations integrated in steps of 0.005 ms until firing is steady. The rheobase is (5 − b)² / 0.16 − 140.",
        closed: false,
        rate_hz: izhikevich,
        rheobase: |v| (5.0 - v.get("b")).powi(2) / 0.16 - 140.0,
        span: (0.0, 5.0),
    },
    RateCurve {
        model: "adex",
        doc: "No closed formula: the equations integrated in steps of 0.005 ms until firing is steady. The rheobase is that of Touboul and Brette (2008).",
        closed: false,
        rate_hz: adex,
        rheobase: adex_rheobase,
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
    hz(v.get("t_ref_ms") + charging, dt_ms)
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
    hz(interval.max(v.get("t_ref_ms")), dt_ms)
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
    hz(charging.max(v.get("t_ref_ms")), dt_ms)
}

fn inhibitory(v: &Values<'_>, dt_ms: f64, current: f64) -> f64 {
    let end = rest(v) + current;
    let charging = charge_ms(v.get("tau_m_ms"), end, v.get("v_reset_mv"), v.get("v_th_mv"));
    hz(v.get("t_ref_ms") + charging, dt_ms)
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

fn izhikevich(v: &Values<'_>, _dt_ms: f64, current: f64) -> f64 {
    let [a, b, c, d, peak] = ["a", "b", "c_mv", "d_mv_per_ms", "v_peak_mv"].map(|name| v.get(name));
    steady_hz(
        [c, b * c],
        v.get("t_ref_ms"),
        |[x, u]| {
            // Beyond its peak the parabola explodes; the spike is certain there.
            let x = x.min(peak);
            [0.04 * x * x + 5.0 * x + 140.0 - u + current, a * (b * x - u)]
        },
        |[x, _]| x >= peak,
        |[_, u]| [c, u + d],
    )
}

fn adex(v: &Values<'_>, _dt_ms: f64, current: f64) -> f64 {
    let names = ["c_pf", "g_l_ns", "e_l_mv", "v_t_mv", "delta_t_mv", "tau_w_ms", "a_ns", "b_pa"];
    let [c, g, e_l, v_t, delta, tau_w, a, b] = names.map(|name| v.get(name));
    let (peak, reset) = (v.get("v_peak_mv"), v.get("v_reset_mv"));
    steady_hz(
        [e_l, 0.0],
        v.get("t_ref_ms"),
        |[x, w]| {
            let x = x.min(peak);
            let upstroke = g * delta * ((x - v_t) / delta).min(20.0).exp();
            [(-g * (x - e_l) + upstroke - w + current) / c, (a * (x - e_l) - w) / tau_w]
        },
        |[x, _]| x > peak,
        |[_, w]| [reset, w + b],
    )
}

/// Where the resting state ends: by a saddle-node if a/g_L < τₘ/τ_w, else by a
/// Hopf bifurcation (Touboul and Brette, Biol. Cybern. 99:319, 2008, section 2.2,
/// with units put back).
fn adex_rheobase(v: &Values<'_>) -> f64 {
    let names = ["c_pf", "g_l_ns", "e_l_mv", "v_t_mv", "delta_t_mv", "tau_w_ms", "a_ns"];
    let [c, g, e_l, v_t, delta, tau_w, a] = names.map(|name| v.get(name));
    let (b, x) = (a / g, c / g / tau_w);
    let shape = if b < x {
        (1.0 + b) * (1.0 + b).ln() - (1.0 + b)
    } else {
        (1.0 + b) * (1.0 + x).ln() - (1.0 + x)
    };
    g * delta * shape + (g + a) * (v_t - e_l)
}

/// Currents worth showing for these parameters: from, to.
pub fn span(curve: &RateCurve, values: &Values<'_>) -> (f64, f64) {
    let rheobase = (curve.rheobase)(values);
    // A neuron that fires from zero current on has its threshold for a scale.
    let scale = if rheobase.abs() > 1e-9 { rheobase.abs() } else { 1.0 };
    (curve.span.0 * scale, curve.span.1 * scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::models::{self, MODELS};

    fn defaults(model: &NeuronModel) -> Vec<f64> {
        model.params.iter().map(|p| p.default).collect()
    }

    #[test]
    fn every_neuron_has_a_curve_that_begins_at_its_rheobase_and_rises() {
        for model in MODELS {
            let Some(curve) = find(model.id) else {
                assert_eq!(model.id, "max_gate", "has no f–I curve");
                continue;
            };
            let values = defaults(model);
            let values = Values::new(model, &values);
            let rheobase = (curve.rheobase)(&values);
            let (from, to) = span(curve, &values);
            assert!(from < to && rheobase < to, "{}", model.id);
            let scale = (to - from).abs();
            let rate = |current| (curve.rate_hz)(&values, 0.1, current);
            assert_eq!(rate(rheobase - 0.02 * scale), 0.0, "{}", model.id);
            let steps: Vec<f64> =
                (1..=4).map(|k| rate(rheobase + (to - rheobase) * 0.25 * f64::from(k))).collect();
            assert!(steps[0] > 0.0, "{} {steps:?}", model.id);
            assert!(steps.windows(2).all(|p| p[1] >= p[0]), "{} {steps:?}", model.id);
        }
    }

    /// Brette and Gerstner (2005) give a rheobase of 0.5 nA and more for a step
    /// of current; the bifurcation of the resting state lies somewhat higher.
    #[test]
    fn the_rheobase_of_adex_is_where_firing_begins() {
        let model = models::get("test", "adex").unwrap();
        let values = defaults(model);
        let values = Values::new(model, &values);
        let at = adex_rheobase(&values);
        assert!((400.0..900.0).contains(&at), "{at}");
        assert_eq!(adex(&values, 0.1, at * 0.9), 0.0);
        assert!(adex(&values, 0.1, at * 1.05) > 0.0);
    }

    #[test]
    fn a_refractory_period_bounds_the_rate() {
        let model = models::get("test", "lif").unwrap();
        let mut values = defaults(model);
        let at = model.params.iter().position(|p| p.name == "t_ref_ms").unwrap();
        values[at] = 5.0;
        let rate = lif(&Values::new(model, &values), 0.1, 1e6);
        assert!((rate - 200.0).abs() < 0.1, "{rate}");
    }
}

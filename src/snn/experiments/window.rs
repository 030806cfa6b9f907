//! The STDP window, measured: for each Δt = t_post − t_pre one pair of spikes
//! through the engine, and the change of the weight when all traces have faded.
//! Beside it stands the formula that the rule declares.

use super::pairing::{FREE, Learner, longest_tau_ms, network, resolve};
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;
use crate::snn::params::Config;
use crate::snn::plasticity::{Follows, PlasticityRule};

/// The step, ms.
pub const DT_MS: f64 = 0.1;
/// Rules that follow something in every step learn until their traces have
/// faded; so many time constants leave e⁻¹⁰ of them.
const FADED: f64 = 10.0;
/// But no longer than this, ms.
const LONGEST_MS: f64 = 5_000.0;

/// Steps between two looks at whether to go on.
const STEPS_AT_ONCE: u64 = 2_000;

/// What is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowTask {
    /// The rule with its parameters.
    pub rule: Config,
    /// Largest |Δt|, ms.
    pub reach_ms: f64,
    /// From one Δt to the next, ms; a multiple of [`DT_MS`].
    pub every_ms: f64,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowResult {
    /// The rule's id.
    pub rule: String,
    /// Δt in ms and change of the weight, as simulated.
    pub measured: Vec<[f64; 2]>,
    /// The same from the formula, at the same Δt; empty where a rule follows
    /// the membrane, because then the neuron decides.
    pub formula: Vec<[f64; 2]>,
}

impl WindowResult {
    /// The largest change of either sign.
    pub fn largest(&self) -> f64 {
        let all = self.measured.iter().chain(&self.formula);
        all.map(|p| p[1].abs()).fold(0.0, f64::max)
    }

    /// Whether a lone pair of spikes only weakens, whatever their order.
    pub fn only_weakens(&self) -> bool {
        let changes = || self.measured.iter().map(|p| p[1]);
        changes().fold(0.0, f64::max) < -1e-3 * changes().fold(0.0, f64::min)
    }
}

/// The window of a rule by its formula, at these Δt in ms; empty where there is none.
pub fn formula(rule: &PlasticityRule, values: &[f64], deltas: &[f64]) -> Vec<[f64; 2]> {
    match rule.window.filter(|_| (rule.follows)(values) != Follows::Membrane) {
        Some(window) => deltas.iter().map(|d| [*d, window(values, *d)]).collect(),
        None => Vec::new(),
    }
}

/// Measures the window.
///
/// # Errors
/// What is wrong with the rule's parameters.
pub fn measure(task: &WindowTask) -> Result<WindowResult, SnnError> {
    measure_while(task, &mut || true).map(Option::unwrap_or_default)
}

/// The same, as long as `go_on` says so, which is asked every few thousand steps;
/// else `None`.
///
/// # Errors
/// What is wrong with the rule's parameters.
pub fn measure_while(
    task: &WindowTask,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<WindowResult>, SnnError> {
    let (rule, values) = resolve(&task.rule)?;
    let steps = (task.reach_ms / task.every_ms).round() as i64;
    let deltas: Vec<f64> = (-steps..=steps).map(|k| k as f64 * task.every_ms).collect();
    let centre_ms = task.reach_ms + 10.0 * DT_MS;
    let pre: Vec<_> = (0..deltas.len() as u32).map(|i| (i, centre_ms)).collect();
    let post: Vec<_> = (0u32..).zip(&deltas).map(|(i, d)| (i, centre_ms + d)).collect();
    // A weight of zero leaves the neuron alone and the change its full precision.
    let learner = Learner { rule: task.rule.clone(), bounds: FREE, weight: 0.0 };
    let spec = network(&[learner], deltas.len(), DT_MS, &pre, &post);
    let mut engine = CpuEngine::new(&spec.build()?, 1);
    let follows = (rule.follows)(&values);
    let tail_ms = match follows {
        Follows::Spikes => 1.0,
        _ => (FADED * longest_tau_ms(rule, &values).max(20.0)).min(LONGEST_MS),
    };
    let mut left = ((centre_ms + task.reach_ms + tail_ms) / DT_MS).ceil() as u64;
    while left > 0 {
        let now = left.min(STEPS_AT_ONCE);
        engine.run(now)?;
        left -= now;
        if !go_on() {
            return Ok(None);
        }
    }
    let weights = engine.weights(0)?;
    let measured = deltas.iter().zip(&weights).map(|(d, w)| [*d, f64::from(*w)]).collect();
    let formula = formula(rule, &values, &deltas);
    Ok(Some(WindowResult { rule: rule.id.to_owned(), measured, formula }))
}

/// Root mean square distance of the measured window from its formula, as a share
/// of the largest change; `None` without a formula.
pub fn distance(result: &WindowResult) -> Option<f64> {
    let largest = result.formula.iter().map(|p| p[1].abs()).fold(0.0, f64::max);
    if result.formula.is_empty() || largest == 0.0 {
        return None;
    }
    let squares: f64 =
        result.measured.iter().zip(&result.formula).map(|(a, b)| (a[1] - b[1]).powi(2)).sum();
    Some((squares / result.measured.len() as f64).sqrt() / largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::plasticity::RULES;

    fn task(rule: Config) -> WindowTask {
        WindowTask { rule, reach_ms: 80.0, every_ms: 2.0 }
    }

    #[test]
    fn every_rule_that_compares_spikes_has_the_window_of_its_formula() {
        for rule in RULES {
            let mut config = Config::new(rule.id);
            let mut values: Vec<f64> = rule.params.iter().map(|p| p.default).collect();
            // The rate of spikes has a formula, the membrane has none.
            if let Some(i) = rule.params.iter().position(|p| p.name == "signal") {
                config = config.with("signal", 1.0);
                values[i] = 1.0;
            }
            assert_ne!((rule.follows)(&values), Follows::Membrane, "{}", rule.id);
            let result = measure(&task(config)).unwrap();
            assert_eq!(result.formula.len(), 81, "{}: has a formula", rule.id);
            let largest = result.formula.iter().map(|p| p[1].abs()).fold(0.0, f64::max);
            assert!(largest > 1e-6, "{}", rule.id);
            // Rules at spikes are exact up to single precision and to traces
            // that end at a millionth. One that sums over steps counts a step
            // more or less of dt/τ = 0.5 % each.
            let tolerance = match (rule.follows)(&values) {
                Follows::Spikes => 3e-6,
                _ => 0.01,
            };
            for (a, b) in result.measured.iter().zip(&result.formula) {
                assert!(
                    (a[1] - b[1]).abs() <= tolerance * largest,
                    "{} at {} ms: {} instead of {}",
                    rule.id,
                    a[0],
                    a[1],
                    b[1]
                );
            }
        }
    }

    #[test]
    fn a_window_follows_its_parameters_on_each_side() {
        let rule = Config::new("pair").with("a_plus", 0.02).with("tau_minus_ms", 40.0);
        let result = measure(&task(rule)).unwrap();
        let at = |ms: f64| result.measured.iter().find(|p| p[0] == ms).unwrap()[1];
        assert!((at(20.0) / (0.02 * (-1f64).exp()) - 1.0).abs() < 1e-5);
        assert!((at(-40.0) / (-0.0105 * (-1f64).exp()) - 1.0).abs() < 1e-5);
        assert!((at(0.0) - 0.02).abs() < 1e-7, "a pair in one step counts as pre before post");
        assert!(distance(&result).unwrap() < 1e-5);
    }

    #[test]
    fn a_rule_that_follows_the_membrane_is_measured_without_a_formula() {
        let result = measure(&task(Config::new("slope"))).unwrap();
        assert!(result.formula.is_empty() && distance(&result).is_none());
        let at = |ms: f64| result.measured.iter().find(|p| p[0] == ms).unwrap()[1];
        assert!(at(10.0) > 0.0 && at(-10.0) < 0.0);
    }

    #[test]
    fn what_cannot_be_measured_is_said() {
        let error = measure(&task(Config::new("pair").with("tau_plus_ms", f64::NAN))).unwrap_err();
        assert!(error.to_string().contains("tau_plus_ms"), "{error}");
        assert!(measure(&task(Config::new("nothing"))).is_err());
    }
}

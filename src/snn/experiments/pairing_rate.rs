//! How the change of a weight depends on how often a pair is repeated: sixty
//! pairs of spikes at 0.1 to 50 Hz, post after pre and pre after post. In cortex
//! even post-before-pre strengthens at high rates (Sjöström, Turrigiano and
//! Nelson 2001); pairs alone cannot explain that, triplets can (Pfister and
//! Gerstner, J. Neurosci. 26:9673, 2006).

use super::Tell;
use super::pairing::{FREE, Learner, network, resolve};
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;
use crate::snn::params::Config;
use crate::snn::plasticity::PlasticityRule;

/// The step, ms.
pub const DT_MS: f64 = 0.5;
/// From pair to pair, ms, from 50 to 0.1 Hz: the quick ones first.
pub const INTERVALS_MS: [f64; 13] =
    [20.0, 22.0, 25.0, 28.5, 33.5, 40.0, 50.0, 66.5, 100.0, 200.0, 500.0, 1000.0, 10_000.0];
/// |Δt| that fits between two pairs at every rate, ms.
pub const DELTA_RANGE_MS: (f64, f64) = (1.0, 19.0);

/// What is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct PairingRateTask {
    /// The triplet rule with its parameters.
    pub triplet: Config,
    /// The pair rule, to compare.
    pub pair: Config,
    /// Pairs.
    pub pairs: u32,
    /// |Δt|, ms, within [`DELTA_RANGE_MS`].
    pub delta_ms: f64,
}

/// One of the four curves.
#[derive(Clone, Debug, PartialEq)]
pub struct PairingRateCurve {
    /// The rule's id.
    pub rule: &'static str,
    /// Δt = t_post − t_pre, ms.
    pub delta_ms: f64,
    /// Rate in Hz and change of the weight after all pairs, as simulated.
    pub measured: Vec<[f64; 2]>,
    /// The same in closed form, at more rates.
    pub formula: Vec<[f64; 2]>,
}

impl PairingRateCurve {
    /// The rate from which on pairs strengthen, Hz, where they weaken below it.
    pub fn crossing_hz(&self) -> Option<f64> {
        let crossing = self.formula.windows(2).find(|w| w[0][1] < 0.0 && w[1][1] >= 0.0);
        crossing.map(|w| w[1][0])
    }
}

/// Measures all four curves, rate after rate.
///
/// # Errors
/// What is wrong with the rules' parameters.
pub fn measure(
    task: &PairingRateTask,
    tell: Tell<'_, Vec<PairingRateCurve>>,
) -> Result<(), SnnError> {
    let delta_ms =
        (task.delta_ms.clamp(DELTA_RANGE_MS.0, DELTA_RANGE_MS.1) / DT_MS).round() * DT_MS;
    let rules = [resolve(&task.triplet)?, resolve(&task.pair)?];
    let mut curves = Vec::new();
    for (rule, values) in &rules {
        for delta_ms in [delta_ms, -delta_ms] {
            let formula = (0..=120).map(|k| {
                let rate_hz = 0.1 * 500f64.powf(f64::from(k) / 120.0);
                [rate_hz, closed_form(rule, values, task.pairs, 1000.0 / rate_hz, delta_ms)]
            });
            let formula = formula.collect();
            curves.push(PairingRateCurve {
                rule: rule.id,
                delta_ms,
                measured: Vec::new(),
                formula,
            });
        }
    }
    if !tell(curves.clone()) {
        return Ok(());
    }
    for interval_ms in INTERVALS_MS {
        let Some(changes) = at_interval(task, delta_ms, interval_ms, &mut || tell(curves.clone()))?
        else {
            return Ok(());
        };
        for (curve, change) in curves.iter_mut().zip(changes) {
            curve.measured.push([1000.0 / interval_ms, change]);
        }
        if !tell(curves.clone()) {
            return Ok(());
        }
    }
    Ok(())
}

/// The changes of triplet and pair rule, each at +Δt and −Δt; `None` if it was
/// told to stop.
fn at_interval(
    task: &PairingRateTask,
    delta_ms: f64,
    interval_ms: f64,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<[f64; 4]>, SnnError> {
    let begin_ms = 2.0 * DT_MS;
    let times = |synapse: u32, late_ms: f64| {
        (0..task.pairs).map(move |k| (synapse, begin_ms + f64::from(k) * interval_ms + late_ms))
    };
    let pre: Vec<_> = times(0, 0.0).chain(times(1, delta_ms)).collect();
    let post: Vec<_> = times(0, delta_ms).chain(times(1, 0.0)).collect();
    let learner = |rule: &Config| Learner { rule: rule.clone(), bounds: FREE, weight: 0.0 };
    let learners = [learner(&task.triplet), learner(&task.pair)];
    let mut engine = CpuEngine::new(&network(&learners, 2, DT_MS, &pre, &post).build()?, 1);
    let last_ms = begin_ms + f64::from(task.pairs.saturating_sub(1)) * interval_ms + delta_ms;
    let mut left = (last_ms / DT_MS).ceil() as u64 + 2;
    while left > 0 {
        let now = left.min(50_000);
        engine.run(now)?;
        left -= now;
        if left > 0 && !go_on() {
            return Ok(None);
        }
    }
    let (triplet, pair) = (engine.weights(0)?, engine.weights(1)?);
    Ok(Some([triplet[0], triplet[1], pair[0], pair[1]].map(f64::from)))
}

/// The change of a weight by `pairs` pairs, `interval_ms` from one to the next
/// and each `delta_ms` (shorter) apart, of the triplet rule or the pair rule: for
/// each spike the traces that it meets are geometric sums over all earlier ones.
pub fn closed_form(
    rule: &PlasticityRule,
    values: &[f64],
    pairs: u32,
    interval_ms: f64,
    delta_ms: f64,
) -> f64 {
    let value = |name: &str| rule.value(values, name);
    let is_pair = rule.id == "pair";
    // The pair rule is the triplet rule without triplets.
    let (a2_plus, a2_minus) = if is_pair {
        (value("a_plus"), -value("a_minus"))
    } else {
        (value("a2_plus"), value("a2_minus"))
    };
    let third = |name: &str| if is_pair { 0.0 } else { value(name) };
    let slow = |name: &str| if is_pair { 1.0 } else { value(name) };
    let train = |tau_ms: f64, youngest_ms: f64, spikes: u32| {
        trace(
            tau_ms,
            youngest_ms,
            interval_ms,
            if (rule.adds)(values) { spikes } else { spikes.min(1) },
        )
    };
    let late_ms = delta_ms.abs();
    let (tau_plus, tau_minus) = (value("tau_plus_ms"), value("tau_minus_ms"));
    (0..pairs)
        .map(|k| {
            // The second spike of pair k meets k + 1 of the other side, the
            // first one k of them.
            let (met_by_post, met_by_pre) = if delta_ms >= 0.0 {
                (train(tau_plus, late_ms, k + 1), train(tau_minus, interval_ms - late_ms, k))
            } else {
                (train(tau_plus, interval_ms - late_ms, k), train(tau_minus, late_ms, k + 1))
            };
            let (r2, o2) =
                (train(slow("tau_x_ms"), interval_ms, k), train(slow("tau_y_ms"), interval_ms, k));
            met_by_post * (a2_plus + third("a3_plus") * o2)
                - met_by_pre * (a2_minus + third("a3_minus") * r2)
        })
        .sum()
}

/// Σ e^(−(youngest + m·interval)/τ) over m = 0 … spikes − 1.
fn trace(tau_ms: f64, youngest_ms: f64, interval_ms: f64, spikes: u32) -> f64 {
    let ratio = (-interval_ms / tau_ms).exp();
    (-youngest_ms / tau_ms).exp() * (1.0 - ratio.powf(f64::from(spikes))) / (1.0 - ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> PairingRateTask {
        let (triplet, pair) = (Config::new("triplet"), Config::new("pair"));
        PairingRateTask { triplet, pair, pairs: 60, delta_ms: 10.0 }
    }

    fn last(task: &PairingRateTask) -> Vec<PairingRateCurve> {
        let mut newest = Vec::new();
        measure(task, &mut |curves| {
            newest = curves;
            true
        })
        .unwrap();
        newest
    }

    fn agrees_with_the_closed_form(task: &PairingRateTask) -> Vec<PairingRateCurve> {
        let curves = last(task);
        assert_eq!(curves.len(), 4);
        for curve in &curves {
            let config = if curve.rule == "pair" { &task.pair } else { &task.triplet };
            let (rule, values) = resolve(config).unwrap();
            assert_eq!(curve.measured.len(), INTERVALS_MS.len());
            for ([_, change], interval_ms) in curve.measured.iter().zip(INTERVALS_MS) {
                let expected = closed_form(rule, &values, task.pairs, interval_ms, curve.delta_ms);
                // 120 additions in single precision to a weight of about 1.
                assert!(
                    (change - expected).abs() < 1e-5,
                    "{} {} ms, every {interval_ms} ms: {change} instead of {expected}",
                    curve.rule,
                    curve.delta_ms
                );
            }
        }
        curves
    }

    #[test]
    fn the_frequency_curves_are_those_of_the_closed_form() {
        let curves = agrees_with_the_closed_form(&task());
        // What the triplet rule was made for: at low rates a post-before-pre
        // pairing weakens, at high ones it strengthens, and pairs alone fail.
        let at = |i: usize, k: usize| curves[i].measured[k][1];
        let slowest = INTERVALS_MS.len() - 1;
        assert!(at(1, slowest) < -0.1 && at(1, 0) > 0.1);
        assert!(at(0, slowest).abs() < 1e-3 && at(0, 0) > 0.3);
        assert!(at(3, 0) < 0.0, "the pair rule weakens at every rate");
    }

    #[test]
    fn so_they_are_with_nearest_neighbours_and_another_delta() {
        let mut task = task();
        task.triplet = task.triplet.with("pairing", 1.0);
        task.pair = task.pair.with("pairing", 1.0);
        task.delta_ms = 6.5;
        task.pairs = 7;
        agrees_with_the_closed_form(&task);
    }

    #[test]
    fn it_stops_when_told_to() {
        let mut told = 0;
        measure(&task(), &mut |_| {
            told += 1;
            told < 3
        })
        .unwrap();
        assert_eq!(told, 3);
    }
}

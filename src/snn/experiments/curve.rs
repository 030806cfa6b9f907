//! The f–I curve, measured: a neuron per current, all at once, for two seconds
//! of simulated time, beside the curve from the equations. Where a model can be
//! integrated in several ways, each is measured, on the same currents and steps.

use super::{MakeEngine, Tell};
use crate::snn::SnnError;
use crate::snn::models::rate_curve::{self, Onset, Rate};
use crate::snn::models::{self, NeuronModel};
use crate::snn::network::{NetworkSpec, ProbeWhat, Values, Waveform};
use crate::snn::params::Config;

/// Simulated time, ms.
const WHOLE_MS: f64 = 2000.0;
/// Told so often, ms of simulated time.
const PART_MS: f64 = 50.0;
/// Points of the curve from the equations per measured one, and of the one in
/// whole steps, which has jumps.
const FINER: usize = 4;
const FINEST: usize = 24;

/// What is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveTask {
    /// The neuron model with all its values.
    pub model: Config,
    /// Step, ms.
    pub dt_ms: f64,
    /// The currents, ascending, in the model's unit.
    pub currents: Vec<f64>,
}

impl CurveTask {
    /// So many currents over the range in which a neuron with these values (in the
    /// order that the model declares) begins to fire.
    pub fn new(model: &NeuronModel, values: &[f64], dt_ms: f64, points: usize) -> Self {
        let curve = model.rate_curve.as_ref();
        let (from, to) = curve.map_or((0.0, 1.0), |c| rate_curve::span(c, values));
        let current = |i: usize| from + (to - from) * i as f64 / (points - 1) as f64;
        let mut config = Config::new(model.id);
        for (p, value) in model.params.iter().zip(values) {
            // θ rises with every spike: held, so that the curve is that of one θ.
            config = config.with(p.name, if p.name == "adapt" { 0.0 } else { *value });
        }
        Self { model: config, dt_ms, currents: (0..points).map(current).collect() }
    }
}

/// What has been measured so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurveResult {
    /// Model measured.
    pub model: String,
    /// Current and measured rate, Hz.
    pub measured: Vec<[f64; 2]>,
    /// The same by the model's other methods of integration, with their names.
    pub others: Vec<(&'static str, Vec<[f64; 2]>)>,
    /// Current and rate from the equations, Hz.
    pub expected: Vec<[f64; 2]>,
    /// The same with charging in whole steps of dt; empty where no formula says it.
    pub stepwise: Vec<[f64; 2]>,
    /// Current at which firing begins.
    pub rheobase: f64,
    /// How rest ends there.
    pub onset: Option<Onset>,
    /// The refractory period in steps of dt.
    pub refractory_steps: u32,
    /// The step, ms.
    pub dt_ms: f64,
    /// Simulated time so far and in all, ms.
    pub done_ms: f64,
    /// In all, ms.
    pub whole_ms: f64,
}

/// Measures, and tells what there is after each part.
///
/// # Errors
/// What is wrong with the model's parameters or the step.
pub fn measure(
    task: &CurveTask,
    make: MakeEngine,
    tell: Tell<'_, CurveResult>,
) -> Result<(), SnnError> {
    let owner = "f–I curve";
    let model = models::get(owner, &task.model.id)?;
    let values = task.model.resolve(owner, model.params)?;
    let mut result = CurveResult {
        model: model.id.to_owned(),
        whole_ms: WHOLE_MS,
        refractory_steps: model.refractory_steps(&values, task.dt_ms),
        dt_ms: task.dt_ms,
        ..CurveResult::default()
    };
    if let Some(curve) = &model.rate_curve {
        result.rheobase = (curve.rheobase)(&values);
        result.onset = Some((curve.onset)(&values));
        let along = |finer, rate_hz: Rate| {
            let rate = |current| [current, rate_hz(&values, task.dt_ms, current)];
            between(&task.currents, finer).into_iter().map(rate).collect()
        };
        result.expected = along(if curve.closed { FINER } else { 1 }, curve.rate_hz);
        result.stepwise = curve.stepwise_hz.map_or_else(Vec::new, |rate| along(FINEST, rate));
    }
    let (spec, others) = network(task, model, &values);
    let mut engine = make(spec.build()?)?;
    let part = (PART_MS / task.dt_ms).round().max(1.0) as u64;
    let mut trains = vec![vec![Vec::new(); task.currents.len()]; 1 + others.len()];
    while result.done_ms < WHOLE_MS - 1e-6 {
        engine.run(part)?;
        for spike in engine.take_spikes()? {
            let train = &mut trains[usize::from(spike.source)][spike.neuron as usize];
            train.push(spike.step as f64 * task.dt_ms);
        }
        result.done_ms = engine.step() as f64 * task.dt_ms;
        let mut measured = trains.iter().map(|trains| -> Vec<[f64; 2]> {
            let points = task.currents.iter().zip(trains);
            points.map(|(current, train)| [*current, rate_hz(train, result.done_ms)]).collect()
        });
        result.measured = measured.next().unwrap_or_default();
        result.others = others.iter().copied().zip(measured).collect();
        if !tell(result.clone()) {
            return Ok(());
        }
    }
    Ok(())
}

/// Largest difference between the rates measured and those of a curve at the same
/// currents, Hz.
pub fn distance(measured: &[[f64; 2]], curve: &[[f64; 2]]) -> f64 {
    let rate_at = |current: f64| {
        let near = |p: &&[f64; 2]| (p[0] - current).abs() <= 1e-9 * (1.0 + current.abs());
        curve.iter().find(near).map(|p| p[1])
    };
    let distance = |p: &[f64; 2]| rate_at(p[0]).map(|rate| (rate - p[1]).abs());
    measured.iter().filter_map(distance).fold(0.0, f64::max)
}

/// A population with a neuron per current, then one for each of the model's other
/// methods of integration; and the names of these.
fn network(
    task: &CurveTask,
    model: &NeuronModel,
    values: &[f64],
) -> (NetworkSpec, Vec<&'static str>) {
    let chosen = model.value(values, "integration") as usize;
    let others = model.methods().iter().enumerate().filter(|(i, _)| *i != chosen);
    let others: Vec<(usize, &str)> = others.map(|(i, name)| (i, *name)).collect();
    let by = |method: usize| task.model.clone().with("integration", method as f64);
    let configs = others.iter().map(|(method, _)| by(*method));
    let currents: Vec<f32> = task.currents.iter().map(|c| *c as f32).collect();
    let mut spec = NetworkSpec::new("f–I curve", task.dt_ms, 1);
    for (i, config) in std::iter::once(task.model.clone()).chain(configs).enumerate() {
        let name = format!("neurons {i}");
        spec = spec
            .population(&name, currents.len(), config)
            .current(&name, &name, Waveform::Constant(Values::Each(currents.clone())))
            .probe(&name, ProbeWhat::Spikes { of: name.clone() });
    }
    (spec, others.into_iter().map(|(_, name)| name).collect())
}

/// The rate of a train so far: from its intervals in the second half, where
/// firing is steady; from all of them, or from the count, where there are few.
fn rate_hz(times_ms: &[f64], now_ms: f64) -> f64 {
    let from_intervals = |times: &[f64]| match times {
        [first, .., last] => Some(1000.0 * (times.len() - 1) as f64 / (last - first)),
        _ => None,
    };
    let late = times_ms.partition_point(|t| *t < now_ms / 2.0);
    // A neuron that fell silent does not fire at the rate of its beginning.
    let silent = times_ms.last().is_none_or(|last| {
        let longest = times_ms.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        now_ms - last > 3.0 * longest.max(now_ms / 8.0)
    });
    if silent {
        return 0.0;
    }
    from_intervals(&times_ms[late..])
        .or_else(|| from_intervals(times_ms))
        .unwrap_or(1000.0 * times_ms.len() as f64 / now_ms.max(1e-9))
}

/// The currents with `finer − 1` more between each two.
fn between(currents: &[f64], finer: usize) -> Vec<f64> {
    let mut all: Vec<f64> = currents
        .windows(2)
        .flat_map(|w| (0..finer).map(move |k| w[0] + (w[1] - w[0]) * k as f64 / finer as f64))
        .collect();
    all.extend(currents.last());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::experiments::cpu_engine;
    use crate::snn::models::MODELS;

    /// The f–I curve of every model, measured, is that of its equations.
    #[test]
    fn every_model_fires_as_its_equations_say() {
        // What pools has no curve: the gate is no neuron, the other one is `lif_soft`.
        for model in MODELS.iter().filter(|m| !["max_gate", "lif_soft_max"].contains(&m.id)) {
            let mut config = Config::new(model.id);
            if model.params.iter().any(|p| p.name == "adapt") {
                config = config.with("adapt", 0.0);
            }
            let values: Vec<f64> = config.resolve("test", model.params).unwrap();
            let curve = model.rate_curve.as_ref().unwrap();
            let (from, to) = rate_curve::span(curve, &values);
            let currents: Vec<f64> =
                (0..9).map(|i| from + (to - from) * f64::from(i) / 8.0).collect();
            let task = CurveTask { model: config, dt_ms: 0.05, currents };
            let mut last = CurveResult::default();
            let mut told = 0;
            measure(&task, cpu_engine, &mut |result| {
                told += 1;
                last = result;
                true
            })
            .unwrap();
            assert!(told > 10, "it is to be seen while it is measured");
            assert!((last.done_ms - last.whole_ms).abs() < 1e-6);
            let margin = 0.06 * (to - from);
            for [current, rate] in &last.measured {
                if (current - last.rheobase).abs() < margin {
                    continue;
                }
                let expected = (curve.rate_hz)(&values, task.dt_ms, *current);
                // An interval is a whole number of steps; the method errs besides.
                let step = expected * expected * task.dt_ms / 1000.0;
                let method = if curve.closed { 0.005 } else { 0.01 };
                let allowed = step + method * expected + 0.6;
                assert!(
                    (rate - expected).abs() <= allowed,
                    "{} at {current}: {rate} Hz, expected {expected}",
                    model.id
                );
            }
        }
    }

    /// Izhikevich's fast spiking neuron at dt = 1 ms: forward Euler, the only method
    /// there was, is far from the equations, and is shown beside the other.
    #[test]
    fn the_curve_shows_what_each_method_of_integration_costs() {
        let fast = Config::new("izhikevich").with("a", 0.1).with("d_mv_per_ms", 2.0);
        let currents = vec![6.0, 10.0, 14.0];
        let measured = |method: f64| {
            let model = fast.clone().with("integration", method);
            let task = CurveTask { model, dt_ms: 1.0, currents: currents.clone() };
            let mut last = CurveResult::default();
            measure(&task, cpu_engine, &mut |result| {
                last = result;
                true
            })
            .unwrap();
            last
        };
        let (second, euler) = (measured(0.0), measured(1.0));
        assert_eq!(second.others.len(), 1);
        assert_eq!(second.others[0].0, "forward Euler (as published)");
        assert_eq!(euler.others[0].0, "second order");
        // The same curves, whichever is in front.
        assert_eq!(second.others[0].1, euler.measured);
        assert_eq!(euler.others[0].1, second.measured);
        for i in 0..currents.len() {
            let [fine, near, far] =
                [&second.expected, &second.measured, &euler.measured].map(|c| c[i][1]);
            assert!((near - fine).abs() < 0.12 * fine, "{near} and {fine}");
            assert!((far - fine).abs() > 0.15 * fine, "{far} and {fine}");
        }
        assert_eq!(second.onset, Some(Onset::Hopf));
    }

    #[test]
    fn a_task_spans_the_rheobase_and_holds_what_adapts() {
        let model = models::get("test", "dc_exc").unwrap();
        let values: Vec<f64> = model.params.iter().map(|p| p.default).collect();
        let task = CurveTask::new(model, &values, 0.1, 5);
        // The rheobase is the distance from rest to the threshold, 13 mV.
        assert_eq!(task.currents, [0.0, 9.75, 19.5, 29.25, 39.0]);
        assert_eq!((task.model.values["adapt"], task.model.values["tau_m_ms"]), (0.0, 100.0));
    }
}

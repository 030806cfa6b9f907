//! What an answer takes: time, operations, spikes, an estimate of energy.

use super::{Better, Criterion, Group, cell};
use crate::ann::ops::conv_stdp::STEPS as STDP_STEPS;
use crate::ann::ops::settling::ANSWER_SWEEPS;
use crate::ann::ops::spiking::energy::ANSWER_STEPS;
use crate::ann::spiking::early::{accuracy_by_step, courses};
use crate::ann::spiking::look::first_spikes;
use crate::ann::zoo::{Layer, Spiking};
use crate::convert::recipe::Disturbance;
use crate::convert::run::Run;
use crate::core::text::grouped;
use crate::data::{CLASSES, SIDE};
use crate::scoreboard::board::{Cell, Curve, Detail, Value};
use crate::scoreboard::member::{CONVERTED_STEPS, Member, in_parallel, pictures};
use crate::scoreboard::stats::{deviation, mean};
use crate::scoreboard::subject::{Context, Halt, Subject};
use crate::scoreboard::work::{Work, is_closed, measure};
use crate::snn::diehl_cook::protocol::ProtocolSettings;

/// Steps one after another.
pub static TIME: Criterion = Criterion {
    id: "time",
    name: "Time to answer",
    unit: "steps",
    doc: "Steps that have to be taken one after another, each through one stage of synapses; counted, not timed, so that it says nothing of a machine. Networks that go on answering: steps until the accuracy is within one percentage point of the last, on up to 500 test digits.",
    group: Group::Cost,
    better: Some(Better::Low),
    measure: |subject, context| cell(time(subject, context)),
};

/// Operations.
pub static OPERATIONS: Criterion = Criterion {
    id: "operations",
    name: "Operations per decision",
    unit: "k",
    doc: "Thousands of operations for one decision, mean over 100 test digits: multiply–adds whose input is not zero, additions of a weight that a spike causes, updates of a membrane. The counts are behind the number, multiply–adds with zeros beside those without.",
    group: Group::Cost,
    better: Some(Better::Low),
    measure: |subject, context| {
        cell(of_work(subject, context, |work| Some(work.operations() / 1e3)))
    },
};

/// Spikes.
pub static SPIKES: Criterion = Criterion {
    id: "spikes",
    name: "Spikes per decision",
    unit: "",
    doc: "Spikes of all neurons, and of pixels where they spike, for one decision; mean over 100 test digits.",
    group: Group::Cost,
    better: Some(Better::Low),
    measure: |subject, context| cell(of_work(subject, context, |work| work.spikes)),
};

/// Energy.
pub static ENERGY: Criterion = Criterion {
    id: "energy",
    name: "Energy, an estimate",
    unit: "µJ",
    doc: "An estimate, in microjoules for one decision, of the arithmetic alone on a chip of 45 nm with 32-bit floating point: 4.6 pJ for a multiply–add and for the update of a membrane that leaks, 0.9 pJ for an addition (Horowitz, ISSCC 2014). Zeros are left out. It leaves out fetching weights from memory, which usually costs more than all of this, and whatever is not arithmetic; it is no measurement.",
    group: Group::Cost,
    better: Some(Better::Low),
    measure: |subject, context| {
        cell(of_work(subject, context, |work| Some(work.energy_uj(work.without_zeros))))
    },
};

/// Digits on which operations are counted, and on which it is seen when it is sure.
const COUNTED: usize = 100;
const TIMED: usize = 500;

/// Counts of all members, the same for several criteria.
fn of_work(
    subject: &Subject,
    context: &Context<'_>,
    number: impl Fn(&Work) -> Option<f64>,
) -> Result<Cell, Halt> {
    let members = subject.members(context)?;
    let shown = pictures(context.test, COUNTED.min(subject.pace().look));
    let all = context.cache.get(&format!("{}/work", subject.key()), || {
        let each = members.iter().map(|m| measure(m, &shown, context));
        each.collect::<Result<Vec<Work>, Halt>>()
    })?;
    let numbers: Option<Vec<f64>> = all.iter().map(number).collect();
    let Some(numbers) = numbers else {
        return Err(Halt::reason("its neurons send numbers, not spikes"));
    };
    let of = |what: fn(&Work) -> f64| mean(&all.iter().map(what).collect::<Vec<_>>());
    let mut counts = vec![
        ("multiply–adds".to_owned(), of(|w| w.multiply_adds)),
        ("multiply–adds without zeros".to_owned(), of(|w| w.without_zeros)),
        ("additions per spike".to_owned(), of(|w| w.additions)),
        ("neuron updates".to_owned(), of(|w| w.updates)),
        ("estimate, µJ".to_owned(), of(|w| w.energy_uj(w.without_zeros))),
        ("estimate with zeros, µJ".to_owned(), of(|w| w.energy_uj(w.multiply_adds))),
    ];
    if all.iter().all(|w| w.spikes.is_some()) {
        counts.push(("spikes".to_owned(), of(|w| w.spikes.unwrap_or(0.0))));
    }
    let several = numbers.len() > 1;
    let closed = members.iter().filter_map(Member::network).any(is_closed);
    let remark = if closed { "only the picture’s zeros are left out" } else { "" };
    Ok(Cell {
        value: Some(Value::Number(mean(&numbers))),
        spread: several.then(|| deviation(&numbers)),
        by_seed: if several { numbers } else { Vec::new() },
        digits: Some(shown.len()),
        remark: remark.into(),
        detail: Some(Detail::Counts(counts)),
    })
}

fn time(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let members = subject.members(context)?;
    let n = TIMED.min(subject.pace().look).min(context.test.len());
    let mut all = Vec::new();
    let mut first = None;
    for member in members.iter() {
        let (steps, remark, curve) = match member {
            Member::Network(network) => of_network(network, n, context)?,
            Member::Converted(all) => {
                let shown = pictures(context.test, n);
                let stages = all.2.stages.iter().filter(|s| s.cells().is_some()).count();
                let courses = in_parallel(n, context.threads, |i| {
                    let mut run = Run::new(&all.2, &shown[i], Disturbance::default(), 0);
                    let answers = (0..CONVERTED_STEPS).map(|_| {
                        run.advance();
                        run.answer().0
                    });
                    let right =
                        answers.map(|a| f64::from(u8::from(a == Some(context.test.label(i)))));
                    right.collect::<Vec<f64>>()
                });
                context.go_on()?;
                let by_step = (0..CONVERTED_STEPS as usize)
                    .map(|t| 100.0 * mean(&courses.iter().map(|c| c[t]).collect::<Vec<_>>()))
                    .collect();
                let remark = format!(
                    "of {CONVERTED_STEPS}; a spike passes its {stages} layers within a step"
                );
                settled(by_step, remark)
            }
            Member::DiehlCook(trained) => {
                let show = ProtocolSettings::default().show_ms;
                let steps = show / trained.about.config.dt_ms;
                (steps, format!("{show} ms of simulated time"), None)
            }
        };
        all.push(steps);
        first.get_or_insert((remark, curve));
    }
    let several = all.len() > 1 && deviation(&all) > 0.0;
    let (remark, curve) = first.unwrap_or_default();
    Ok(Cell {
        value: Some(Value::Number(mean(&all))),
        spread: several.then(|| deviation(&all)),
        by_seed: if several { all } else { Vec::new() },
        digits: curve.is_some().then_some(n),
        remark,
        detail: curve.map(Detail::Curve),
    })
}

type Timed = (f64, String, Option<Curve>);

/// Steps until the accuracy is near to the last.
fn settled(by_step: Vec<f64>, remark: String) -> Timed {
    let last = by_step.last().copied().unwrap_or(0.0);
    let near = by_step.iter().rposition(|a| (a - last).abs() > 1.0).map_or(0, |i| i + 1);
    let xs = (1..=by_step.len()).map(|t| t as f64).collect();
    let spread = vec![0.0; by_step.len()];
    let curve = Curve { x: "steps".into(), xs, ys: by_step, spread, broken: Vec::new() };
    ((near + 1) as f64, remark, Some(curve))
}

fn of_network(
    network: &crate::ann::network::Network,
    n: usize,
    context: &Context<'_>,
) -> Result<Timed, Halt> {
    let shown = pictures(context.test, n);
    let pool = crate::ann::pool(context.threads)?;
    let courses = pool.install(|| courses(network, &shown));
    if !courses.is_empty() {
        let by_step = accuracy_by_step(&courses, context.test.labels());
        let steps = by_step.len();
        let by_step = by_step.into_iter().map(|a| 100.0 * a).collect();
        return Ok(settled(
            by_step,
            format!("of {steps}; a spike passes all layers within a step"),
        ));
    }
    let layers = (network.architecture().layers)();
    let stages = |l: &Layer| match l {
        Layer::Conv { .. } | Layer::Convolution { .. } | Layer::Dense { .. } => 1,
        Layer::Recurrent { .. } => SIDE,
        Layer::MaxPool
        | Layer::Dropout(_)
        | Layer::Pool { .. }
        | Layer::Affine
        | Layer::Activate(_) => 0,
        Layer::Settling { .. } => ANSWER_SWEEPS,
        Layer::Goodness { hidden } => CLASSES * hidden.len(),
        Layer::Energy { .. } => 2,
        Layer::Spiking(Spiking::FirstSpike { hidden }) => hidden.len() + 1,
        Layer::Spiking(Spiking::Energy { .. }) => ANSWER_STEPS,
        Layer::ConvStdp(_) => STDP_STEPS,
        Layer::Spiking(_) => 0,
    };
    let remark = match layers.first() {
        Some(Layer::Recurrent { .. }) => "a line of the digit at each step".to_owned(),
        Some(Layer::Settling { .. }) => "sweeps until it has settled".to_owned(),
        Some(Layer::Goodness { hidden }) => {
            format!("ten labels, one after another, through {} layers", hidden.len())
        }
        Some(Layer::Energy { .. }) => {
            "from the picture to the first causes, and from these to an answer".to_owned()
        }
        Some(Layer::Spiking(Spiking::FirstSpike { .. })) => {
            let ends = shown.iter().filter_map(|p| {
                let times = first_spikes(network, p)?;
                times.last()?.iter().flatten().copied().reduce(f32::min)
            });
            let ends: Vec<f64> = ends.map(f64::from).collect();
            format!("layers; the first class fires after {:.2} time constants", mean(&ends))
        }
        Some(Layer::Spiking(_)) => "steps of the free phase".to_owned(),
        Some(Layer::ConvStdp(_)) => "steps, in each of which a neuron may fire, once".to_owned(),
        _ => "layers, one after another".to_owned(),
    };
    let steps: usize = layers.iter().map(stages).sum();
    debug_assert!(steps > 0, "{}", grouped(steps as u64));
    Ok((steps as f64, remark, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_settled_when_it_never_leaves_again() {
        let steps = |ys: &[f64]| settled(ys.to_vec(), String::new()).0;
        assert_eq!(steps(&[10.0, 97.5, 98.0, 98.0]), 2.0);
        assert_eq!(steps(&[98.0, 90.0, 98.0]), 3.0);
        assert_eq!(steps(&[98.0, 98.0]), 1.0);
    }
}

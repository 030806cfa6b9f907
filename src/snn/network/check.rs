//! What holds of the parts of a description, each with the message that says what is
//! wrong. Most of it is checked again when a running network is changed.

use super::plan::{InputKind, Network, Probe, ProbeKind};
use super::spec::{Drive, ProbeSpec, ProbeWhat, Values, Waveform};
use crate::core::rng::Rng;
use crate::snn::error::SnnError;

/// An error about a combination.
pub(super) fn wrong(owner: &str, reason: impl Into<String>) -> SnnError {
    SnnError::Description { owner: owner.to_owned(), reason: reason.into() }
}

/// A list of so many numbers, each checked.
pub(super) fn numbers(
    owner: &str,
    what: &'static str,
    values: &Values,
    n: usize,
    mut rng: Rng,
) -> Result<Vec<f32>, SnnError> {
    let finite = |index: usize, value: f64| {
        if (value as f32).is_finite() {
            return Ok(value as f32);
        }
        let range = "a finite number".to_owned();
        Err(SnnError::Value { owner: owner.to_owned(), what, index, value, range })
    };
    match values {
        Values::Same(v) => Ok(vec![finite(0, *v)?; n]),
        Values::Each(all) if all.len() == n => {
            all.iter().enumerate().map(|(i, v)| finite(i, f64::from(*v))).collect()
        }
        Values::Each(all) => Err(SnnError::Size {
            owner: owner.to_owned(),
            what,
            found: all.len(),
            expected: n.to_string(),
        }),
        Values::Uniform { low, high } => {
            let (low, high) = (finite(0, *low)?, finite(1, *high)?);
            Ok((0..n).map(|_| rng.range(low, high)).collect())
        }
    }
}

/// Checks what makes an input spike. Also used while a network runs.
pub(crate) fn drive(
    owner: &str,
    drive: &Drive,
    size: usize,
    dt_ms: f64,
) -> Result<InputKind, SnnError> {
    let fault = |what, index, value, range: String| {
        Err(SnnError::Value { owner: owner.to_owned(), what, index, value, range })
    };
    match drive {
        Drive::Silent => Ok(InputKind::Silent),
        Drive::Poisson(rates) => {
            if rates.len() != size {
                return Err(SnnError::Size {
                    owner: owner.to_owned(),
                    what: "the list of rates",
                    found: rates.len(),
                    expected: size.to_string(),
                });
            }
            let most = 1000.0 / dt_ms;
            match rates.iter().position(|r| !(*r >= 0.0 && f64::from(*r) <= most)) {
                Some(i) => {
                    let range = format!("from 0 to {most} Hz (one spike per step)");
                    fault("rate", i, f64::from(rates[i]), range)
                }
                None => Ok(InputKind::Poisson(rates.clone())),
            }
        }
        Drive::Listed(spikes) => {
            let mut listed = Vec::with_capacity(spikes.len());
            for (index, (neuron, t_ms)) in spikes.iter().enumerate() {
                if *neuron as usize >= size {
                    let range = format!("below the input's size, {size}");
                    return fault("the neuron of spike", index, f64::from(*neuron), range);
                }
                if !(t_ms.is_finite() && *t_ms >= 0.0) {
                    let range = "0 ms or later".to_owned();
                    return fault("the time of spike", index, *t_ms, range);
                }
                listed.push(((t_ms / dt_ms).round() as u64, *neuron));
            }
            listed.sort_unstable();
            listed.dedup();
            Ok(InputKind::Listed(listed))
        }
    }
}

/// Checks a current; a constant one comes back as one number for each neuron.
pub(crate) fn waveform(
    owner: &str,
    waveform: &Waveform,
    size: usize,
    seed: u64,
) -> Result<Waveform, SnnError> {
    let finite = |what, all: &[f64]| match all.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(SnnError::Value {
            owner: owner.to_owned(),
            what,
            index,
            value: all[index],
            range: "a finite number".to_owned(),
        }),
        None => Ok(()),
    };
    match waveform {
        Waveform::Constant(values) => {
            let rng = Rng::stream(seed, owner, 0);
            Ok(Waveform::Constant(Values::Each(numbers(owner, "the current", values, size, rng)?)))
        }
        Waveform::From(from, values) => {
            finite("the beginning", &[*from])?;
            let rng = Rng::stream(seed, owner, 0);
            let each = numbers(owner, "the current", values, size, rng)?;
            Ok(Waveform::From(*from, Values::Each(each)))
        }
        Waveform::Steps(steps) => {
            finite("the time of step", &steps.iter().map(|s| s.0).collect::<Vec<_>>())?;
            finite("the value of step", &steps.iter().map(|s| s.1).collect::<Vec<_>>())?;
            let mut steps = steps.clone();
            steps.sort_by(|a, b| a.0.total_cmp(&b.0));
            Ok(Waveform::Steps(steps))
        }
        Waveform::Sine { mean, amplitude, frequency_hz } => {
            finite("number", &[*mean, *amplitude, *frequency_hz])?;
            Ok(waveform.clone())
        }
    }
}

/// Checks probes. Also used while a network runs.
pub(crate) fn probes(network: &Network, specs: &[ProbeSpec]) -> Result<Vec<Probe>, SnnError> {
    specs.iter().map(|spec| probe(network, spec)).collect()
}

fn probe(network: &Network, spec: &ProbeSpec) -> Result<Probe, SnnError> {
    let owner = format!("probe {:?}", spec.name);
    let every = |ms: f64| {
        if ms.is_finite() && ms >= 0.0 {
            return Ok(network.steps(ms).max(1));
        }
        Err(wrong(&owner, format!("its interval is {ms} ms, but must be a time")))
    };
    let kind = match &spec.what {
        ProbeWhat::Spikes { of } => ProbeKind::Spikes { of: network.source(of)? },
        ProbeWhat::Rate { of, bin_ms } => {
            ProbeKind::Rate { of: network.source(of)?, bin: every(*bin_ms)? }
        }
        ProbeWhat::Weights { of, every_ms } => {
            ProbeKind::Weights { projection: network.projection(of)?, every: every(*every_ms)? }
        }
        ProbeWhat::State { of, variable, neurons, replica, every_ms } => {
            let population = network.population(of)?;
            let p = &network.populations[population];
            let variable = p.model.variable(&owner, variable)?;
            if *replica >= network.replicas {
                let n = network.replicas;
                return Err(wrong(&owner, format!("there is no replica {replica}; there are {n}")));
            }
            if let Some(neuron) = neurons.iter().find(|j| **j as usize >= p.size) {
                let (name, n) = (&p.name, p.size);
                return Err(wrong(
                    &owner,
                    format!("there is no neuron {neuron} in {name:?}; there are {n}"),
                ));
            }
            let neurons =
                if neurons.is_empty() { (0..p.size as u32).collect() } else { neurons.clone() };
            let (replica, every) = (*replica, every(*every_ms)?);
            ProbeKind::State { population, variable, neurons, replica, every }
        }
    };
    Ok(Probe { name: spec.name.clone(), kind })
}

//! From a description to a network: everything is checked here, and nowhere else.

use std::collections::HashSet;

use super::plan::{Current, Input, InputKind, Network, Population, Probe, ProbeKind, Source};
use super::spec::{
    Connect, DelaySpec, Drive, NetworkSpec, PopulationSpec, ProbeSpec, ProbeWhat, Values, Waveform,
};
use super::synapses;
use crate::core::rng::Rng;
use crate::snn::error::SnnError;
use crate::snn::models;

/// Steps from 0.1 µs to 100 ms.
const DT_RANGE_MS: (f64, f64) = (1e-4, 100.0);
/// Neurons of a population, or an input.
const MOST_NEURONS: usize = 50_000_000;
/// Replicas that a spike's record can name.
const MOST_REPLICAS: usize = 4096;

/// An error about a combination.
pub(super) fn wrong(owner: &str, reason: impl Into<String>) -> SnnError {
    SnnError::Description { owner: owner.to_owned(), reason: reason.into() }
}

impl NetworkSpec {
    /// Checks the description and draws what is random in it.
    ///
    /// # Errors
    /// Says which name, size, unit range or combination is wrong.
    pub fn build(&self) -> Result<Network, SnnError> {
        self.build_within(super::MOST_MB)
    }

    /// The same with another limit of memory.
    ///
    /// # Errors
    /// As [`NetworkSpec::build`].
    pub fn build_within(&self, most_mb: f64) -> Result<Network, SnnError> {
        let owner = format!("network {:?}", self.name);
        if !(self.dt_ms >= DT_RANGE_MS.0 && self.dt_ms <= DT_RANGE_MS.1) {
            let (low, high) = DT_RANGE_MS;
            let dt = self.dt_ms;
            return Err(wrong(
                &owner,
                format!("the time step dt is {dt} ms, but must be from {low} to {high} ms"),
            ));
        }
        if self.replicas == 0 || self.replicas > MOST_REPLICAS {
            let n = self.replicas;
            return Err(wrong(
                &owner,
                format!("there are {n} replicas, but must be from 1 to {MOST_REPLICAS}"),
            ));
        }
        if self.populations.is_empty() {
            return Err(wrong(&owner, "there is no population"));
        }
        self.check_names()?;
        self.check_memory(&owner, most_mb)?;
        let mut network = Network {
            name: self.name.clone(),
            dt_ms: self.dt_ms,
            seed: self.seed,
            replicas: self.replicas,
            populations: Vec::new(),
            inputs: Vec::new(),
            currents: Vec::new(),
            projections: Vec::new(),
            probes: Vec::new(),
        };
        for population in &self.populations {
            network.populations.push(build_population(population, self.seed)?);
        }
        for input in &self.inputs {
            let owner = format!("input {:?}", input.name);
            let kind = drive(&owner, &input.drive, input.size, self.dt_ms)?;
            network.inputs.push(Input { name: input.name.clone(), size: input.size, kind });
        }
        for current in &self.currents {
            let owner = format!("current {:?}", current.name);
            let to = network.population(&current.to)?;
            let size = network.populations[to].size;
            let waveform = waveform(&owner, &current.waveform, size, self.seed)?;
            network.currents.push(Current { name: current.name.clone(), to, waveform });
        }
        for projection in &self.projections {
            let built = synapses::build(projection, &network)?;
            network.projections.push(built);
        }
        network.probes = probes(&network, &self.probes)?;
        Ok(network)
    }

    fn check_names(&self) -> Result<(), SnnError> {
        let unique = |what: &'static str, names: Vec<&str>| {
            let mut seen = HashSet::new();
            match names.into_iter().find(|n| !seen.insert(*n)) {
                Some(name) => Err(SnnError::Twice { what, name: name.to_owned() }),
                None => Ok(()),
            }
        };
        let populations = self.populations.iter().map(|p| p.name.as_str());
        let inputs = self.inputs.iter().map(|p| p.name.as_str());
        unique("population or input", populations.chain(inputs).collect())?;
        unique("current", self.currents.iter().map(|p| p.name.as_str()).collect())?;
        unique("projection", self.projections.iter().map(|p| p.name.as_str()).collect())?;
        unique("probe", self.probes.iter().map(|p| p.name.as_str()).collect())
    }

    /// Sizes first, before anything of that size is allocated.
    fn check_memory(&self, owner: &str, most_mb: f64) -> Result<(), SnnError> {
        let mut bytes = 0.0;
        let sized = self.populations.iter().map(|p| ("population", &p.name, p.size));
        for (what, name, size) in
            sized.chain(self.inputs.iter().map(|p| ("input", &p.name, p.size)))
        {
            if size == 0 || size > MOST_NEURONS {
                return Err(wrong(
                    &format!("{what} {name:?}"),
                    format!("its size is {size}, but must be from 1 to {MOST_NEURONS}"),
                ));
            }
            bytes += size as f64 * 32.0 * self.replicas as f64;
        }
        for p in &self.projections {
            let size = |name: &str| {
                let populations = self.populations.iter().map(|q| (&q.name, q.size));
                let mut all = populations.chain(self.inputs.iter().map(|q| (&q.name, q.size)));
                all.find(|(n, _)| *n == name).map_or(0.0, |(_, size)| size as f64)
            };
            let (from, to) = (size(&p.from), size(&p.to));
            let synapses = match &p.connect {
                Connect::Dense => from * to,
                Connect::OneToOne => from,
                Connect::AllButSelf => 1.0,
                Connect::Pairs(pairs) => pairs.len() as f64,
                Connect::Random { probability } => from * to * probability.clamp(0.0, 1.0),
                Connect::Convolution(shape) => shape.weights() as f64,
            };
            let each = matches!(p.delay, DelaySpec::Each(_));
            bytes += synapses * if each { 20.0 } else { 8.0 };
        }
        let needed_mb = bytes / 1e6;
        if needed_mb > most_mb {
            return Err(SnnError::Memory { owner: owner.to_owned(), needed_mb, most_mb });
        }
        Ok(())
    }
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

fn build_population(spec: &PopulationSpec, seed: u64) -> Result<Population, SnnError> {
    let owner = format!("population {:?}", spec.name);
    let model = models::get(&owner, &spec.model.id)?;
    let values = spec.model.resolve(&owner, model.params)?;
    let n = spec.size;
    let mut initial: Vec<Vec<f32>> =
        (0..model.state.len()).map(|v| vec![model.initial(&values, v); n]).collect();
    for (name, start) in &spec.initial {
        let variable = model.variable(&owner, name)?;
        let rng = Rng::stream(seed, &format!("initial/{}/{name}", spec.name), 0);
        initial[variable] = numbers(&owner, "the initial state", start, n, rng)?;
    }
    Ok(Population { name: spec.name.clone(), size: n, model, values, initial })
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

/// Used by engines to name a source in messages.
impl Source {
    /// Whether it is a population.
    pub fn is_population(self) -> bool {
        matches!(self, Self::Population(_))
    }
}

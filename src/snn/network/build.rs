//! From a description to a network, with everything checked.

use std::collections::HashSet;

use super::check::{drive, numbers, probes, waveform, wrong};
use super::plan::{Current, Input, Network, Population};
use super::spec::{Connect, DelaySpec, NetworkSpec, PopulationSpec};
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

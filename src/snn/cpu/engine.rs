//! The CPU engine's implementation of [`Engine`].

use super::learn::normalise;
use super::record::Recorder;
use super::{CpuEngine, derive};
use crate::snn::engine::{Counters, Engine, EngineInfo, EngineState, Samples, Spike};
use crate::snn::error::SnnError;
use crate::snn::network::{self, Drive, InputKind, Network, ProbeSpec, Waveform};
use crate::snn::params;

fn size(owner: String, what: &'static str, found: usize, expected: usize) -> Result<(), SnnError> {
    if found == expected {
        return Ok(());
    }
    Err(SnnError::Size { owner, what, found, expected: expected.to_string() })
}

/// An index that nothing has is a fault of the caller; it gets a message, too.
fn index(what: &'static str, i: usize, n: usize) -> Result<usize, SnnError> {
    if i < n {
        return Ok(i);
    }
    let owner = "network".to_owned();
    Err(SnnError::Description { owner, reason: format!("there is no {what} {i}; there are {n}") })
}

impl CpuEngine {
    fn network_of(&self) -> &Network {
        &self.common.network
    }

    fn check_population(&self, population: usize, replica: usize) -> Result<(), SnnError> {
        index("population", population, self.network_of().populations.len())?;
        index("replica", replica, self.replicas.len()).map(|_| ())
    }

    fn check_projection(&self, projection: usize) -> Result<(), SnnError> {
        index("projection", projection, self.weights.len()).map(|_| ())
    }

    fn check_variable(&self, population: usize, variable: usize) -> Result<(), SnnError> {
        let n = self.network_of().populations[population].model.state.len();
        index("state variable", variable, n).map(|_| ())
    }
}

impl Engine for CpuEngine {
    fn info(&self) -> EngineInfo {
        let threads = if self.lockstep() { 1 } else { self.threads.min(self.replicas.len()) };
        let s = if threads == 1 { "" } else { "s" };
        let detail = format!("{}, {threads} thread{s}", self.common.isa.name());
        let numbers = |lists: &[Vec<f32>]| lists.iter().map(Vec::len).sum::<usize>() * 4;
        let states = self.replicas.iter().flat_map(|r| &r.populations);
        let states = states.map(|s| 4 * (s.own.len() + 2 * s.refractory.len())).sum::<usize>();
        let traces = self.learning.iter().flatten().map(super::Learning::bytes).sum::<usize>();
        // The weights of the beginning are kept as well.
        let marked = self.mark.as_ref().map_or(0, super::state::Mark::bytes);
        let weights = 2 * numbers(&self.weights) + marked;
        let bytes = (weights + numbers(&self.shared) + states + traces) as u64;
        EngineInfo { kind: "CPU", detail, bytes }
    }

    fn network(&self) -> &Network {
        self.network_of()
    }

    fn step(&self) -> u64 {
        self.step
    }

    fn run(&mut self, steps: u64) -> Result<(), SnnError> {
        if self.lockstep() {
            for _ in 0..steps {
                self.renew_currents(false);
                self.one_step();
            }
            return Ok(());
        }
        self.run_apart(steps)
    }

    fn take_spikes(&mut self) -> Result<Vec<Spike>, SnnError> {
        Ok(self.gather_spikes())
    }

    fn take_samples(&mut self) -> Result<Vec<Samples>, SnnError> {
        Ok(self.recorder.take())
    }

    fn recycle(&mut self, mut spikes: Vec<Spike>, samples: Vec<Samples>) {
        if let [one] = self.replicas.as_mut_slice()
            && one.recorded.is_empty()
        {
            spikes.clear();
            one.recorded = spikes;
        }
        self.recorder.recycle(samples);
    }

    fn set_probes(&mut self, probes: &[ProbeSpec]) -> Result<(), SnnError> {
        self.common.network.probes = network::check_probes(self.network_of(), probes)?;
        self.recorder = Recorder::new(self.network_of());
        Ok(())
    }

    fn counts(&mut self, population: usize, replica: usize) -> Result<Vec<u32>, SnnError> {
        self.check_population(population, replica)?;
        Ok(self.replicas[replica].populations[population].counts.clone())
    }

    fn clear_counts(&mut self) -> Result<(), SnnError> {
        let states = self.replicas.iter_mut().flat_map(|r| &mut r.populations);
        states.for_each(|s| s.counts.fill(0));
        Ok(())
    }

    fn state(
        &mut self,
        population: usize,
        variable: usize,
        replica: usize,
    ) -> Result<Vec<f32>, SnnError> {
        self.check_population(population, replica)?;
        self.check_variable(population, variable)?;
        let p = &self.network_of().populations[population];
        let (n, own) = (p.size, p.model.own());
        let list = match variable.checked_sub(own) {
            Some(shared) => &self.shared[population][shared * n..][..n],
            None => &self.replicas[replica].populations[population].own[variable * n..][..n],
        };
        Ok(list.to_vec())
    }

    fn set_state(
        &mut self,
        population: usize,
        variable: usize,
        replica: usize,
        values: &[f32],
    ) -> Result<(), SnnError> {
        self.check_population(population, replica)?;
        self.check_variable(population, variable)?;
        let p = &self.network_of().populations[population];
        let (n, own) = (p.size, p.model.own());
        size(format!("population {:?}", p.name), "the list of values", values.len(), n)?;
        finite(&p.name, values)?;
        match variable.checked_sub(own) {
            Some(shared) => &mut self.shared[population][shared * n..][..n],
            None => &mut self.replicas[replica].populations[population].own[variable * n..][..n],
        }
        .copy_from_slice(values);
        self.wake();
        Ok(())
    }

    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, SnnError> {
        self.check_projection(projection)?;
        Ok(self.weights[projection].clone())
    }

    fn weights_here(&self, projection: usize) -> Option<&[f32]> {
        self.weights.get(projection).map(Vec::as_slice)
    }

    fn set_weights(&mut self, projection: usize, weights: &[f32]) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        let name = &self.network_of().projections[projection].name;
        let owner = format!("projection {name:?}");
        let n = self.weights[projection].len();
        size(owner, "the list of weights", weights.len(), n)?;
        finite(name, weights)?;
        self.weights[projection].copy_from_slice(weights);
        self.changed[projection].fill(true);
        Ok(())
    }

    fn set_parameter(&mut self, population: usize, name: &str, value: f64) -> Result<(), SnnError> {
        self.check_population(population, 0)?;
        let p = &self.network_of().populations[population];
        let owner = format!("population {:?}", p.name);
        let i = params::find(&owner, p.model.params, name)?;
        let value = params::check(&owner, &p.model.params[i], value)?;
        let p = &mut self.common.network.populations[population];
        p.values[i] = value;
        self.common.populations[population] = derive(p, self.common.network.dt_ms);
        self.wake();
        Ok(())
    }

    fn set_rule_parameter(
        &mut self,
        projection: usize,
        name: &str,
        value: f64,
    ) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        let dt_ms = self.network_of().dt_ms;
        let p = &mut self.common.network.projections[projection];
        let owner = format!("projection {:?}", p.name);
        let (Some(plasticity), Some(learning)) =
            (&mut p.plasticity, &mut self.learning[projection])
        else {
            let reason = "it has no plasticity rule".to_owned();
            return Err(SnnError::Description { owner, reason });
        };
        let i = params::find(&owner, plasticity.rule.params, name)?;
        let value = params::check(&owner, &plasticity.rule.params[i], value)?;
        plasticity.values[i] = value;
        learning.set_value(i, value, dt_ms);
        self.renew_membranes();
        Ok(())
    }

    fn set_learning(&mut self, projection: usize, on: bool) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        if on && self.learning[projection].as_ref().is_some_and(|l| !l.on) {
            self.remember_weights(projection);
        }
        if let Some(learning) = &mut self.learning[projection] {
            learning.on = on;
        }
        self.renew_membranes();
        Ok(())
    }

    fn normalise(&mut self, projection: usize) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        let p = &self.common.network.projections[projection];
        let Some(sum) = p.normalise_to else { return Ok(()) };
        self.remember_weights(projection);
        let p = &self.common.network.projections[projection];
        let network = &self.common.network;
        let sizes = (network.describe(p.from).1, network.populations[p.to].size);
        let (weights, changed) = (&mut self.weights[projection], &mut self.changed[projection]);
        self.dirty[projection].iter_mut().zip(&*changed).for_each(|(d, c)| *d |= c);
        normalise(p, sizes, sum, weights, changed);
        Ok(())
    }

    fn set_rates(
        &mut self,
        input: usize,
        replica: usize,
        rates_hz: &[f32],
    ) -> Result<(), SnnError> {
        index("input", input, self.network_of().inputs.len())?;
        index("replica", replica, self.replicas.len())?;
        let (n, dt_ms) = (&self.network_of().inputs[input], self.network_of().dt_ms);
        let owner = format!("input {:?}", n.name);
        let drive = Drive::Poisson(rates_hz.to_vec());
        let kind = network::check_drive(&owner, &drive, n.size, dt_ms)?;
        self.replicas[replica].emitters[input].set(&kind, dt_ms, self.step);
        Ok(())
    }

    fn set_spikes(&mut self, input: usize, spikes: &[(u32, f64)]) -> Result<(), SnnError> {
        index("input", input, self.network_of().inputs.len())?;
        let (n, dt_ms) = (&self.network_of().inputs[input], self.network_of().dt_ms);
        let owner = format!("input {:?}", n.name);
        let drive = Drive::Listed(spikes.to_vec());
        let kind: InputKind = network::check_drive(&owner, &drive, n.size, dt_ms)?;
        for replica in &mut self.replicas {
            replica.emitters[input].set(&kind, dt_ms, self.step);
        }
        Ok(())
    }

    fn set_current(&mut self, current: usize, waveform: Waveform) -> Result<(), SnnError> {
        index("current", current, self.network_of().currents.len())?;
        let network = &mut self.common.network;
        let c = &network.currents[current];
        let owner = format!("current {:?}", c.name);
        let n = network.populations[c.to].size;
        let checked = network::check_waveform(&owner, &waveform, n, network.seed)?;
        network.currents[current].waveform = checked;
        self.renew_currents(true);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<EngineState, SnnError> {
        Ok(self.save())
    }

    fn restore(&mut self, state: &EngineState) -> Result<(), SnnError> {
        self.mark = None;
        self.load(state)
    }

    fn mark(&mut self) -> Result<(), SnnError> {
        self.remember();
        Ok(())
    }

    fn undo(&mut self) -> Result<(), SnnError> {
        self.go_back()
    }

    fn counters(&self) -> Counters {
        let sum = |of: fn(&super::Replica) -> u64| self.replicas.iter().map(of).sum();
        Counters {
            steps: self.step,
            spikes: sum(|r| r.spikes),
            input_spikes: sum(|r| r.input_spikes),
            synaptic_events: sum(|r| r.synaptic_events),
        }
    }
}

fn finite(name: &str, values: &[f32]) -> Result<(), SnnError> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(SnnError::Value {
            owner: format!("{name:?}"),
            what: "number",
            index,
            value: f64::from(values[index]),
            range: "a finite number".to_owned(),
        }),
        None => Ok(()),
    }
}

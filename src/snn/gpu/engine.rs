//! The GPU engine's implementation of [`Engine`].

use super::GpuEngine;
use super::record::{Recorder, place_of};
use super::run::Run;
use crate::snn::engine::{Counters, Engine, EngineInfo, EngineState, Samples, Spike};
use crate::snn::error::SnnError;
use crate::snn::network::{self, Drive, InputKind, Network, ProbeSpec, Waveform};
use crate::snn::params;
use crate::snn::plasticity::Follows;

fn size(owner: String, what: &'static str, found: usize, expected: usize) -> Result<(), SnnError> {
    if found == expected {
        return Ok(());
    }
    Err(SnnError::Size { owner, what, found, expected: expected.to_string() })
}

/// An index that nothing has is a fault of the caller; it gets a message, too.
fn index(what: &'static str, i: usize, n: usize) -> Result<(), SnnError> {
    if i < n {
        return Ok(());
    }
    let owner = "network".to_owned();
    Err(SnnError::Description { owner, reason: format!("there is no {what} {i}; there are {n}") })
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

impl GpuEngine {
    fn check_population(&self, population: usize, replica: usize) -> Result<(), SnnError> {
        index("population", population, self.network.populations.len())?;
        index("replica", replica, self.network.replicas)
    }

    fn check_variable(&self, population: usize, variable: usize) -> Result<(), SnnError> {
        let n = self.network.populations[population].model.state.len();
        index("state variable", variable, n)
    }

    fn check_projection(&self, projection: usize) -> Result<(), SnnError> {
        index("projection", projection, self.network.projections.len())
    }

    fn set_input(&mut self, input: usize, replica: usize, kind: InputKind) {
        self.inputs[input][replica] = kind;
        self.place_input(input, replica);
        self.write_input(input, replica);
    }
}

impl Engine for GpuEngine {
    fn info(&self) -> EngineInfo {
        let software = if self.gpu.software() { " (software)" } else { "" };
        let l = &self.layout;
        let rooms = [&l.state, &l.weights, &l.spikes, &l.cells, &l.marks];
        let words = rooms.iter().map(|r| r.words()).sum::<u64>() + l.given.len() as u64;
        EngineInfo {
            kind: "GPU",
            detail: format!("{}{software}", self.gpu.name()),
            bytes: 4 * words
                + self.buffers.samples.size()
                + self.mark.as_ref().map_or(0, super::state::Mark::bytes),
        }
    }

    fn network(&self) -> &Network {
        &self.network
    }

    fn step(&self) -> u64 {
        self.step
    }

    fn run(&mut self, steps: u64) -> Result<(), SnnError> {
        self.run_steps(steps)
    }

    fn take_spikes(&mut self) -> Result<Vec<Spike>, SnnError> {
        self.finish()?;
        Ok(self.recorder.take_spikes())
    }

    fn take_samples(&mut self) -> Result<Vec<Samples>, SnnError> {
        self.finish()?;
        Ok(self.recorder.take_samples())
    }

    fn set_probes(&mut self, probes: &[ProbeSpec]) -> Result<(), SnnError> {
        let probes = network::check_probes(&self.network, probes)?;
        self.finish()?;
        let old = std::mem::replace(&mut self.network.probes, probes);
        let recorder = Recorder::new(&self.network);
        // Spikes that nobody has taken yet stay.
        let spikes = self.recorder.take_spikes();
        let bytes = recorder.room(&self.network) * 4;
        if self.buffers.samples.size() < bytes {
            let made = self
                .gpu
                .check_sizes(&[("samples", bytes)])
                .and_then(|()| super::buffers::buffer(&self.gpu, "samples", bytes));
            match made {
                Ok(samples) => self.buffers.samples = samples,
                Err(e) => {
                    self.network.probes = old;
                    self.recorder = self.recorder.clone().with_spikes(spikes);
                    return Err(e);
                }
            }
            self.rebind()?;
        }
        self.recorder = recorder.with_spikes(spikes);
        Ok(())
    }

    fn counts(&mut self, population: usize, replica: usize) -> Result<Vec<u32>, SnnError> {
        self.check_population(population, replica)?;
        let n = self.network.populations[population].size;
        let at = self.layout.populations[population].counts + (replica * n) as u32;
        self.read(|b| &b.cells, at, n)
    }

    fn clear_counts(&mut self) -> Result<(), SnnError> {
        for (p, places) in self.network.populations.iter().zip(&self.layout.populations) {
            let zeros = vec![0; p.size * self.network.replicas];
            self.put(&self.buffers.cells, places.counts, &zeros);
        }
        self.gpu.check()
    }

    fn state(
        &mut self,
        population: usize,
        variable: usize,
        replica: usize,
    ) -> Result<Vec<f32>, SnnError> {
        self.check_population(population, replica)?;
        self.check_variable(population, variable)?;
        let at = place_of(&self.layout, &self.network, population, variable, replica);
        let n = self.network.populations[population].size;
        self.read_numbers(|b| &b.state, at, n)
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
        let p = &self.network.populations[population];
        size(format!("population {:?}", p.name), "the list of values", values.len(), p.size)?;
        finite(&p.name, values)?;
        let at = place_of(&self.layout, &self.network, population, variable, replica);
        self.put(&self.buffers.state, at, bytemuck::cast_slice(values));
        self.gpu.check()
    }

    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, SnnError> {
        self.check_projection(projection)?;
        let n = self.network.projections[projection].weights.len();
        self.read_numbers(|b| &b.weights, self.layout.projections[projection].weights, n)
    }

    fn set_weights(&mut self, projection: usize, weights: &[f32]) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        let p = &self.network.projections[projection];
        let owner = format!("projection {:?}", p.name);
        size(owner, "the list of weights", weights.len(), p.weights.len())?;
        finite(&p.name, weights)?;
        let places = &self.layout.projections[projection];
        self.put(&self.buffers.weights, places.weights, bytemuck::cast_slice(weights));
        let to = self.network.populations[p.to].size;
        self.put(&self.buffers.marks, places.changed, &vec![1; to]);
        self.gpu.check()
    }

    fn set_parameter(&mut self, population: usize, name: &str, value: f64) -> Result<(), SnnError> {
        self.check_population(population, 0)?;
        let p = &mut self.network.populations[population];
        let owner = format!("population {:?}", p.name);
        let i = params::find(&owner, p.model.params, name)?;
        p.values[i] = params::check(&owner, &p.model.params[i], value)?;
        let dt_ms = self.network.dt_ms;
        let constants = ((p.model.kernel)(&p.values).derive)(&p.values, dt_ms);
        let rest = p.model.refractory_steps(&p.values, dt_ms);
        let places = self.layout.populations[population].clone();
        for (k, c) in constants.iter().enumerate() {
            self.layout.given[places.constants as usize + k] = c.to_bits();
        }
        self.layout.given[places.rest as usize] = rest;
        self.write_given(places.constants, constants.len() as u32);
        self.write_given(places.rest, 1);
        self.gpu.check()
    }

    fn set_rule_parameter(
        &mut self,
        projection: usize,
        name: &str,
        value: f64,
    ) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        let p = &mut self.network.projections[projection];
        let owner = format!("projection {:?}", p.name);
        let Some(plasticity) = &mut p.plasticity else {
            let reason = "it has no plasticity rule".to_owned();
            return Err(SnnError::Description { owner, reason });
        };
        let rule = plasticity.rule;
        let i = params::find(&owner, rule.params, name)?;
        let value = params::check(&owner, &rule.params[i], value)?;
        let mut values = plasticity.values.clone();
        values[i] = value;
        // The program has a part for what happens in every step, or has not.
        let every = |values: &[f64]| (rule.follows)(values) != Follows::Spikes;
        if every(&values) != every(&plasticity.values) {
            return Err(SnnError::Engine(format!(
                "{owner}: the GPU engine cannot change {name} while it runs; use the CPU engine, or begin anew"
            )));
        }
        plasticity.values = values;
        self.renew_rules()?;
        self.list_all(projection)
    }

    fn set_learning(&mut self, projection: usize, on: bool) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        if let Some(l) = &self.layout.projections[projection].learning {
            let at = l.on;
            self.learning[projection] = on;
            self.layout.given[at as usize] = u32::from(on);
            self.write_given(at, 1);
        }
        self.gpu.check()
    }

    fn normalise(&mut self, projection: usize) -> Result<(), SnnError> {
        self.check_projection(projection)?;
        let p = &self.network.projections[projection];
        let (Some(_), Some(pipeline)) = (p.normalise_to, &self.pipelines.normalise) else {
            return Ok(());
        };
        let to = self.network.populations[p.to].size;
        let run = Run { projection: projection as u32, ..Run::default() };
        self.put(&self.buffers.run, 0, &run.words());
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &self.group, &[0]);
            let blocks = to.div_ceil(super::BLOCK as usize) as u32;
            let across = blocks.clamp(1, 65_535);
            pass.dispatch_workgroups(across, blocks.div_ceil(across), 1);
        }
        let all = u64::from(self.layout.projections[projection].all_changed) * 4;
        encoder.clear_buffer(&self.buffers.marks, all, Some(4));
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.check()
    }

    fn set_rates(
        &mut self,
        input: usize,
        replica: usize,
        rates_hz: &[f32],
    ) -> Result<(), SnnError> {
        index("input", input, self.network.inputs.len())?;
        index("replica", replica, self.network.replicas)?;
        let (n, dt_ms) = (&self.network.inputs[input], self.network.dt_ms);
        let owner = format!("input {:?}", n.name);
        let drive = Drive::Poisson(rates_hz.to_vec());
        let kind = network::check_drive(&owner, &drive, n.size, dt_ms)?;
        self.set_input(input, replica, kind);
        self.gpu.check()
    }

    fn set_spikes(&mut self, input: usize, spikes: &[(u32, f64)]) -> Result<(), SnnError> {
        index("input", input, self.network.inputs.len())?;
        let (n, dt_ms) = (&self.network.inputs[input], self.network.dt_ms);
        let owner = format!("input {:?}", n.name);
        let drive = Drive::Listed(spikes.to_vec());
        let kind = network::check_drive(&owner, &drive, n.size, dt_ms)?;
        for replica in 0..self.network.replicas {
            self.set_input(input, replica, kind.clone());
        }
        self.gpu.check()
    }

    fn set_current(&mut self, current: usize, waveform: Waveform) -> Result<(), SnnError> {
        index("current", current, self.network.currents.len())?;
        let c = &self.network.currents[current];
        let owner = format!("current {:?}", c.name);
        let n = self.network.populations[c.to].size;
        let checked = network::check_waveform(&owner, &waveform, n, self.network.seed)?;
        self.network.currents[current].waveform = checked;
        self.place_current(current);
        self.gpu.check()
    }

    fn snapshot(&mut self) -> Result<EngineState, SnnError> {
        self.save()
    }

    fn restore(&mut self, state: &EngineState) -> Result<(), SnnError> {
        self.mark = None;
        self.load(state)
    }

    fn mark(&mut self) -> Result<(), SnnError> {
        self.remember()
    }

    fn undo(&mut self) -> Result<(), SnnError> {
        self.go_back()
    }

    /// Spikes and events of the portions of steps that have come back.
    fn counters(&self) -> Counters {
        let populations = self.network.populations.len();
        let sources = self.layout.sources.len();
        let events = self.network.projections.iter().zip(&self.counts[sources..]).map(|(p, n)| {
            let to = self.network.populations[p.to].size as u64;
            let each = match p.connection {
                _ if !super::program::counts_arrivals(p) => 1,
                network::Connection::AllButSelf => to - 1,
                _ => to,
            };
            n * each
        });
        Counters {
            steps: self.step,
            spikes: self.counts[..populations].iter().sum(),
            input_spikes: self.counts[populations..sources].iter().sum(),
            synaptic_events: events.sum(),
        }
    }
}

//! One run: the engine, and what was recorded of it.

use super::{Setup, THREADS};
use crate::snn::SnnError;
use crate::snn::choose::{self, Started, Wish};
use crate::snn::engine::{Engine, Spike};
use crate::snn::network::{NetworkSpec, ProbeWhat};
use crate::snn::recording::Recording;
use crate::snn::stimulus::Stimulus;
use crate::snn::traces::{self, Channel, Traces};

/// Steps that an engine is asked for at once, at most: bounds the memory of what
/// it hands over, and how far ahead a current is told.
const MOST_AT_ONCE: u64 = 5_000;

/// A run.
pub struct Run {
    /// The engine, and why it is that one.
    pub started: Started,
    /// All spikes.
    pub recording: Recording,
    /// The stimulus and the traced variables.
    pub traces: Traces,
    stimulus: Option<(usize, Stimulus)>,
    /// First number of each source's neurons in the recording.
    first: Vec<u32>,
    /// Probes with traces: how many numbers each gives per step.
    widths: Vec<usize>,
}

impl Run {
    /// Builds the network and its engine. A message comes along where the GPU was
    /// wished for and cannot run it; the CPU does then.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn new(setup: Setup, wish: Wish) -> Result<(Self, Option<String>), SnnError> {
        let network = with_probes(&setup).build()?;
        let sizes = network.populations.iter().map(|p| p.size);
        let mut end = 0u32;
        let first: Vec<u32> = sizes
            .chain(network.inputs.iter().map(|i| i.size))
            .map(|size| {
                let first = end;
                end = end.saturating_add(size as u32);
                first
            })
            .collect();
        let channel = |name: &str, unit: &str| Channel {
            name: name.into(),
            unit: if setup.plain { String::new() } else { unit.into() },
        };
        let mut channels = Vec::new();
        if let Some((current, _)) = &setup.stimulus {
            let to = network.currents.get(*current).map_or(0, |c| c.to);
            channels.push(channel("current", network.populations[to].model.current_unit));
        }
        for traced in &setup.traced {
            let owner = format!("trace {:?}", traced.name);
            let model = network.populations[network.population(&traced.population)?].model;
            let variable = &model.state[model.variable(&owner, traced.variable)?];
            channels.push(channel(&traced.name, variable.unit));
        }
        let dt_ms = network.dt_ms;
        let (started, told) = choose::start_anyhow(&network, wish, THREADS);
        let run = Self {
            recording: Recording::new(end, dt_ms, setup.cap_bytes),
            traces: Traces::new(channels, dt_ms, traces::CAP_BYTES),
            started,
            stimulus: setup.stimulus,
            first,
            widths: vec![1; setup.traced.len()],
        };
        Ok((run, told))
    }

    /// The engine.
    pub fn engine(&mut self) -> &mut dyn Engine {
        self.started.engine.as_mut()
    }

    /// The next step.
    pub fn step(&self) -> u64 {
        self.started.engine.step()
    }

    /// Length of a step, ms.
    pub fn dt_ms(&self) -> f64 {
        self.recording.dt_ms()
    }

    /// Shapes the current anew, from the next step on.
    ///
    /// # Errors
    /// As the engine's.
    pub fn set_stimulus(&mut self, stimulus: Stimulus) -> Result<(), SnnError> {
        if let Some((_, shaped)) = &mut self.stimulus
            && stimulus.is_sound()
        {
            *shaped = stimulus;
        }
        Ok(())
    }

    /// Does so many steps and records them.
    ///
    /// # Errors
    /// As the engine's; what was done before is recorded.
    pub fn steps(&mut self, steps: u64) -> Result<(), SnnError> {
        let mut left = steps;
        while left > 0 {
            let now = left.min(MOST_AT_ONCE);
            self.at_once(now)?;
            left -= now;
        }
        Ok(())
    }

    fn at_once(&mut self, steps: u64) -> Result<(), SnnError> {
        let from = self.step();
        let dt_ms = self.dt_ms();
        if let Some((current, stimulus)) = &self.stimulus {
            self.started.engine.set_current(*current, stimulus.waveform(from, steps, dt_ms))?;
        }
        let done = self.started.engine.run(steps);
        // After an error, the steps before it are still to be had.
        self.take(from)?;
        done
    }

    /// Takes over what the engine recorded from step `from` on.
    fn take(&mut self, from: u64) -> Result<(), SnnError> {
        for Spike { step, source, neuron, .. } in self.started.engine.take_spikes()? {
            let first = self.first.get(usize::from(source)).copied().unwrap_or(0);
            self.recording.push(step, &[first + neuron]);
        }
        self.recording.advance(self.step());
        let samples = self.started.engine.take_samples()?;
        let steps = self.step() - from;
        let given = usize::from(self.stimulus.is_some());
        let mut row = vec![f32::NAN; given + self.widths.len()];
        // State probes follow the spike probes, which give no samples.
        let spike_probes = self.first.len();
        for k in 0..steps {
            if let Some((_, stimulus)) = &self.stimulus {
                row[0] = stimulus.at((from + k) as f64 * self.dt_ms()) as f32;
            }
            for s in &samples {
                let Some(i) = s.probe.checked_sub(spike_probes) else { continue };
                let at = (from + k).checked_sub(s.first_step).map(|i| i as usize * s.width);
                let value = at.and_then(|at| s.values.get(at)).copied();
                if let (Some(cell), Some(value)) = (row.get_mut(given + i), value) {
                    *cell = value;
                }
            }
            self.traces.push(&row);
        }
        Ok(())
    }
}

/// The description with probes: the spikes of every source, then a state probe
/// per trace.
fn with_probes(setup: &Setup) -> NetworkSpec {
    let mut spec = setup.spec.clone();
    spec.probes.clear();
    let populations = spec.populations.iter().map(|p| p.name.clone());
    let sources: Vec<String> =
        populations.chain(spec.inputs.iter().map(|i| i.name.clone())).collect();
    for of in sources {
        let name = format!("spikes of {of}");
        spec = spec.probe(&name, ProbeWhat::Spikes { of });
    }
    for (i, traced) in setup.traced.iter().enumerate() {
        let every_ms = spec.dt_ms;
        spec = spec.probe(
            &format!("trace {i}"),
            ProbeWhat::State {
                of: traced.population.clone(),
                variable: traced.variable.into(),
                neurons: vec![traced.neuron],
                replica: 0,
                every_ms,
            },
        );
    }
    spec
}

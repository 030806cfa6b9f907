//! One run: the engine and its recordings.

use super::{Setup, THREADS};
use crate::snn::SnnError;
use crate::snn::choose::{self, Preference, Started};
use crate::snn::engine::{Engine, Spike};
use crate::snn::network::{NetworkSpec, ProbeWhat};
use crate::snn::recording::Recording;
use crate::snn::stimulus::Stimulus;
use crate::snn::traces::{self, Channel, Traces};

/// Steps that an engine is asked for at once, at most: bounds the memory of what
/// it hands over, and how far ahead a current is told. A graphics card wants to be
/// asked rarely; on the processor, what is handed over should still be in its cache.
const MOST_AT_ONCE: u64 = 5_000;
const MOST_ON_CPU: u64 = 250;

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
    /// Where the sample of each trace is: which state probe, which of its numbers.
    places: Vec<(usize, usize)>,
}

impl Run {
    /// Builds the network and its engine. A message comes along where the GPU was
    /// wished for and cannot run it; the CPU does then.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn new(setup: Setup, preference: Preference) -> Result<(Self, Option<String>), SnnError> {
        let (probes, places) = state_probes(&setup);
        let network = with_probes(&setup, probes).build()?;
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
        let (started, notice) = choose::start_anyhow(&network, preference, THREADS);
        let run = Self {
            recording: Recording::new(end, dt_ms, setup.cap_bytes),
            traces: Traces::new(channels, dt_ms, traces::CAP_BYTES),
            started,
            stimulus: setup.stimulus,
            first,
            places,
        };
        Ok((run, notice))
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
        let on_gpu = self.started.engine.info().kind == "GPU";
        let most = if on_gpu { MOST_AT_ONCE } else { MOST_ON_CPU };
        while left > 0 {
            let now = left.min(most);
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
        self.record(|engine| engine.run(steps))
    }

    /// Lets something run the engine, and records what it does meanwhile.
    ///
    /// # Errors
    /// As `advance`; what was done before is recorded.
    pub fn record(
        &mut self,
        advance: impl FnOnce(&mut dyn Engine) -> Result<(), SnnError>,
    ) -> Result<(), SnnError> {
        let from = self.step();
        let done = advance(self.engine());
        // After an error, the steps before it are still to be had.
        self.take(from)?;
        done
    }

    /// Takes over what the engine recorded from step `from` on.
    fn take(&mut self, from: u64) -> Result<(), SnnError> {
        let first = |source: u16| self.first.get(usize::from(source)).copied().unwrap_or(0);
        let spikes = self.started.engine.take_spikes()?;
        self.recording.extend(spikes.iter().map(|s: &Spike| (s.step, first(s.source) + s.neuron)));
        self.recording.advance(self.step());
        let samples = self.started.engine.take_samples()?;
        let (steps, dt_ms) = ((self.step() - from) as usize, self.dt_ms());
        let given = usize::from(self.stimulus.is_some());
        // State probes follow the spike probes, which give no samples.
        let spike_probes = self.first.len();
        self.traces.extend(steps, |channel, range, column| {
            if let Some((_, stimulus)) = self.stimulus.as_ref().filter(|_| channel == 0) {
                let at = |k| stimulus.at((from + k as u64) as f64 * dt_ms) as f32;
                return column.extend(range.map(at));
            }
            let Some((probe, at)) = self.places.get(channel - given) else { return };
            let Some(s) = samples.iter().find(|s| s.probe == spike_probes + probe) else { return };
            let missing = s.first_step.saturating_sub(from) as usize;
            let (before, width) = (range.start.max(missing).min(range.end), s.width.max(at + 1));
            column.resize(column.len() + before - range.start, f32::NAN);
            let rows = s.values.chunks_exact(width).skip(before - missing.min(before));
            column.extend(rows.take(range.end - before).map(|row| row[*at]));
        });
        self.started.engine.recycle(spikes, samples);
        Ok(())
    }
}

/// A state probe for each state variable of a population that is traced, with all
/// the neurons that are; and which probe, and which of its numbers, each trace is.
fn state_probes(setup: &Setup) -> (Vec<ProbeWhat>, Vec<(usize, usize)>) {
    let mut probes: Vec<(&str, &'static str, Vec<u32>)> = Vec::new();
    let mut places = Vec::new();
    for traced in &setup.traced {
        let same =
            |p: &(&str, &'static str, Vec<u32>)| p.0 == traced.population && p.1 == traced.variable;
        let probe = probes.iter().position(same).unwrap_or_else(|| {
            probes.push((&traced.population, traced.variable, Vec::new()));
            probes.len() - 1
        });
        let neurons = &mut probes[probe].2;
        neurons.push(traced.neuron);
        places.push((probe, neurons.len() - 1));
    }
    let what = |(of, variable, neurons): (&str, &'static str, Vec<u32>)| ProbeWhat::State {
        of: of.into(),
        variable: variable.into(),
        neurons,
        replica: 0,
        every_ms: setup.spec.dt_ms,
    };
    (probes.into_iter().map(what).collect(), places)
}

/// The description with probes: the spikes of every source, then those of states.
fn with_probes(setup: &Setup, states: Vec<ProbeWhat>) -> NetworkSpec {
    let mut spec = setup.spec.clone();
    spec.probes.clear();
    let populations = spec.populations.iter().map(|p| p.name.clone());
    let sources: Vec<String> =
        populations.chain(spec.inputs.iter().map(|i| i.name.clone())).collect();
    for of in sources {
        let name = format!("spikes of {of}");
        spec = spec.probe(&name, ProbeWhat::Spikes { of });
    }
    for (i, what) in states.into_iter().enumerate() {
        spec = spec.probe(&format!("states {i}"), what);
    }
    spec
}

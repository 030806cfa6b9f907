//! When the graphics device is lost, the run is not: the CPU engine goes on from the
//! last complete step.
//!
//! What was on the device is gone with it. So the state is copied to memory
//! every few seconds, and every call since then is written down; when the
//! device fails, a CPU engine is brought to that state and does all of it again.
//! Both engines compute the same, so it arrives where the device was, and what
//! had been taken from the probes already is dropped on the way.

use std::time::{Duration, Instant};

use super::GpuEngine;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::{Counters, Engine, EngineInfo, EngineState, Samples, Spike};
use crate::snn::error::SnnError;
use crate::snn::network::{Network, ProbeKind, ProbeSpec, Waveform};

/// How often the state is copied.
const EVERY: Duration = Duration::from_secs(3);
/// Calls that are written down at most before it is copied.
const MOST_CALLS: usize = 20_000;

/// A network on the graphics card as long as that holds out, then on the CPU.
pub struct GuardedEngine {
    active: Active,
    threads: usize,
    base: Base,
    /// Calls since the base.
    journal: Vec<Call>,
    /// The last settings that a state does not contain.
    settings: Vec<Call>,
    /// Recorded before the base and not taken yet.
    spikes: Vec<Spike>,
    samples: Vec<Samples>,
    counters: Counters,
    notice: Option<String>,
    /// Whether states are remembered: the journal then begins before the last of them.
    marks: bool,
}

enum Active {
    Gpu(Box<GpuEngine>),
    Cpu(Box<CpuEngine>),
}

/// What a new engine begins with.
struct Base {
    network: Network,
    settings: Vec<Call>,
    state: EngineState,
    counters: Counters,
    when: Instant,
}

/// A call that changes what an engine does.
#[derive(Clone)]
enum Call {
    Run(u64),
    TakeSpikes,
    TakeSamples,
    Probes(Vec<ProbeSpec>),
    ClearCounts,
    State { population: usize, variable: usize, replica: usize, values: Vec<f32> },
    Weights(usize, Vec<f32>),
    Parameter(usize, String, f64),
    RuleParameter(usize, String, f64),
    Learning(usize, bool),
    Normalise(usize),
    Rates { input: usize, replica: usize, rates_hz: Vec<f32> },
    Spikes(usize, Vec<(u32, f64)>),
    Current(usize, Waveform),
    Mark,
    Undo,
}

impl Call {
    fn apply(&self, engine: &mut dyn Engine) -> Result<(), SnnError> {
        match self {
            Self::Run(steps) => engine.run(*steps),
            Self::TakeSpikes => engine.take_spikes().map(drop),
            Self::TakeSamples => engine.take_samples().map(drop),
            Self::Probes(probes) => engine.set_probes(probes),
            Self::ClearCounts => engine.clear_counts(),
            Self::State { population, variable, replica, values } => {
                engine.set_state(*population, *variable, *replica, values)
            }
            Self::Weights(p, weights) => engine.set_weights(*p, weights),
            Self::Parameter(p, name, value) => engine.set_parameter(*p, name, *value),
            Self::RuleParameter(p, name, value) => engine.set_rule_parameter(*p, name, *value),
            Self::Learning(p, on) => engine.set_learning(*p, *on),
            Self::Normalise(p) => engine.normalise(*p),
            Self::Rates { input, replica, rates_hz } => {
                engine.set_rates(*input, *replica, rates_hz)
            }
            Self::Spikes(input, spikes) => engine.set_spikes(*input, spikes),
            Self::Current(c, waveform) => engine.set_current(*c, waveform.clone()),
            Self::Mark => engine.mark(),
            Self::Undo => engine.undo(),
        }
    }

    /// Whether this one takes the place of an earlier setting.
    fn replaces(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Learning(a, _), Self::Learning(b, _))
            | (Self::Spikes(a, _), Self::Rates { input: b, .. } | Self::Spikes(b, _)) => a == b,
            (
                Self::Rates { input: a, replica: r, .. },
                Self::Rates { input: b, replica: s, .. },
            ) => (a, r) == (b, s),
            _ => false,
        }
    }

    /// Whether a network or a state does not contain it.
    fn is_setting(&self) -> bool {
        matches!(self, Self::Learning(..) | Self::Spikes(..) | Self::Rates { .. })
    }
}

impl GuardedEngine {
    /// Guards an engine; should it fail, the CPU goes on with so many threads.
    ///
    /// # Errors
    /// As [`Engine::snapshot`].
    pub fn new(mut gpu: GpuEngine, threads: usize) -> Result<Self, SnnError> {
        let base = Base {
            network: gpu.network().clone(),
            settings: Vec::new(),
            state: gpu.snapshot()?,
            counters: gpu.counters(),
            when: Instant::now(),
        };
        Ok(Self {
            active: Active::Gpu(Box::new(gpu)),
            threads,
            base,
            journal: Vec::new(),
            settings: Vec::new(),
            spikes: Vec::new(),
            samples: Vec::new(),
            counters: Counters::default(),
            notice: None,
            marks: false,
        })
    }

    fn engine(&mut self) -> &mut dyn Engine {
        match &mut self.active {
            Active::Gpu(gpu) => gpu.as_mut(),
            Active::Cpu(cpu) => cpu.as_mut(),
        }
    }

    fn on_gpu(&self) -> bool {
        matches!(self.active, Active::Gpu(_))
    }

    /// Asks the engine; where the device fails, asks the CPU engine instead.
    fn ask<T>(
        &mut self,
        question: impl Fn(&mut dyn Engine) -> Result<T, SnnError>,
    ) -> Result<T, SnnError> {
        match question(self.engine()) {
            Err(SnnError::Engine(fault)) if self.on_gpu() => {
                self.fall_back(&fault)?;
                question(self.engine())
            }
            answer => answer,
        }
    }

    /// Does something that changes the run, and writes it down.
    fn act(&mut self, call: Call) -> Result<(), SnnError> {
        self.ask(|engine| call.apply(engine))?;
        if call.is_setting() {
            self.settings.retain(|earlier| !call.replaces(earlier));
            self.settings.push(call.clone());
        }
        self.note(call);
        Ok(())
    }

    fn note(&mut self, call: Call) {
        if !self.on_gpu() {
            return;
        }
        match (self.journal.last_mut(), call) {
            (Some(Call::Run(steps)), Call::Run(more)) => *steps += more,
            (_, call) => self.journal.push(call),
        }
    }

    /// Copies the state, if it is time to and no rate is half counted.
    fn renew_base(&mut self) -> Result<(), SnnError> {
        let due = self.base.when.elapsed() >= EVERY || self.journal.len() > MOST_CALLS;
        if !self.on_gpu() || !due || !self.between_bins() {
            return Ok(());
        }
        let spikes = self.ask(|e| e.take_spikes())?;
        self.spikes.extend(spikes);
        self.note(Call::TakeSpikes);
        let samples = self.ask(|e| e.take_samples())?;
        merge(&mut self.samples, samples);
        self.note(Call::TakeSamples);
        let state = self.ask(|e| e.snapshot())?;
        self.set_base(state);
        Ok(())
    }

    fn set_base(&mut self, state: EngineState) {
        let counters = self.counters();
        let network = self.engine().network().clone();
        let (settings, when) = (self.settings.clone(), Instant::now());
        self.base = Base { network, settings, state, counters, when };
        self.journal.clear();
    }

    fn between_bins(&mut self) -> bool {
        let engine = self.engine();
        let step = engine.step();
        let mut bins = engine.network().probes.iter();
        bins.all(|p| match p.kind {
            ProbeKind::Rate { bin, .. } => step.is_multiple_of(bin),
            _ => true,
        })
    }

    /// Replaces the device by the CPU.
    fn fall_back(&mut self, fault: &str) -> Result<(), SnnError> {
        let mut cpu = CpuEngine::new(&self.base.network, self.threads);
        for setting in &self.base.settings {
            setting.apply(&mut cpu)?;
        }
        cpu.restore(&self.base.state)?;
        let before = cpu.counters();
        for call in self.journal.drain(..) {
            call.apply(&mut cpu)?;
        }
        let base = self.base.counters;
        self.counters = Counters {
            steps: 0,
            spikes: base.spikes - before.spikes,
            input_spikes: base.input_spikes - before.input_spikes,
            synaptic_events: base.synaptic_events - before.synaptic_events,
        };
        let t_ms = cpu.step() as f64 * cpu.network().dt_ms;
        self.notice = Some(format!(
            "The GPU cannot go on ({fault}). Nothing was lost: the CPU engine took over at step {}, {t_ms:.1} ms.",
            cpu.step()
        ));
        self.active = Active::Cpu(Box::new(cpu));
        Ok(())
    }
}

/// Appends what was recorded later to what was recorded earlier.
fn merge(earlier: &mut Vec<Samples>, later: Vec<Samples>) {
    for samples in later {
        match earlier.iter_mut().find(|s| s.probe == samples.probe) {
            Some(mine) => mine.values.extend(samples.values),
            None => earlier.push(samples),
        }
    }
    earlier.sort_by_key(|s| s.probe);
}

impl Engine for GuardedEngine {
    fn info(&self) -> EngineInfo {
        match &self.active {
            Active::Gpu(gpu) => gpu.info(),
            Active::Cpu(cpu) => cpu.info(),
        }
    }

    fn network(&self) -> &Network {
        match &self.active {
            Active::Gpu(gpu) => gpu.network(),
            Active::Cpu(cpu) => cpu.network(),
        }
    }

    fn step(&self) -> u64 {
        match &self.active {
            Active::Gpu(gpu) => gpu.step(),
            Active::Cpu(cpu) => cpu.step(),
        }
    }

    fn run(&mut self, steps: u64) -> Result<(), SnnError> {
        self.act(Call::Run(steps))?;
        if self.marks { Ok(()) } else { self.renew_base() }
    }

    fn take_spikes(&mut self) -> Result<Vec<Spike>, SnnError> {
        let new = self.ask(|e| e.take_spikes())?;
        self.note(Call::TakeSpikes);
        let mut all = std::mem::take(&mut self.spikes);
        all.extend(new);
        Ok(all)
    }

    fn take_samples(&mut self) -> Result<Vec<Samples>, SnnError> {
        let new = self.ask(|e| e.take_samples())?;
        self.note(Call::TakeSamples);
        let mut all = std::mem::take(&mut self.samples);
        merge(&mut all, new);
        Ok(all)
    }

    fn recycle(&mut self, spikes: Vec<Spike>, samples: Vec<Samples>) {
        self.engine().recycle(spikes, samples);
    }

    fn set_probes(&mut self, probes: &[ProbeSpec]) -> Result<(), SnnError> {
        self.act(Call::Probes(probes.to_vec()))?;
        self.spikes.clear();
        self.samples.clear();
        Ok(())
    }

    fn counts(&mut self, population: usize, replica: usize) -> Result<Vec<u32>, SnnError> {
        self.ask(|e| e.counts(population, replica))
    }

    fn clear_counts(&mut self) -> Result<(), SnnError> {
        self.act(Call::ClearCounts)
    }

    fn state(
        &mut self,
        population: usize,
        variable: usize,
        replica: usize,
    ) -> Result<Vec<f32>, SnnError> {
        self.ask(|e| e.state(population, variable, replica))
    }

    fn set_state(
        &mut self,
        population: usize,
        variable: usize,
        replica: usize,
        values: &[f32],
    ) -> Result<(), SnnError> {
        self.act(Call::State { population, variable, replica, values: values.to_vec() })
    }

    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, SnnError> {
        self.ask(|e| e.weights(projection))
    }

    fn set_weights(&mut self, projection: usize, weights: &[f32]) -> Result<(), SnnError> {
        self.act(Call::Weights(projection, weights.to_vec()))
    }

    fn set_parameter(&mut self, population: usize, name: &str, value: f64) -> Result<(), SnnError> {
        self.act(Call::Parameter(population, name.to_owned(), value))
    }

    fn set_rule_parameter(
        &mut self,
        projection: usize,
        name: &str,
        value: f64,
    ) -> Result<(), SnnError> {
        self.act(Call::RuleParameter(projection, name.to_owned(), value))
    }

    fn set_learning(&mut self, projection: usize, on: bool) -> Result<(), SnnError> {
        self.act(Call::Learning(projection, on))
    }

    fn normalise(&mut self, projection: usize) -> Result<(), SnnError> {
        self.act(Call::Normalise(projection))
    }

    fn set_rates(
        &mut self,
        input: usize,
        replica: usize,
        rates_hz: &[f32],
    ) -> Result<(), SnnError> {
        self.act(Call::Rates { input, replica, rates_hz: rates_hz.to_vec() })
    }

    fn set_spikes(&mut self, input: usize, spikes: &[(u32, f64)]) -> Result<(), SnnError> {
        self.act(Call::Spikes(input, spikes.to_vec()))
    }

    fn set_current(&mut self, current: usize, waveform: Waveform) -> Result<(), SnnError> {
        self.act(Call::Current(current, waveform))
    }

    fn snapshot(&mut self) -> Result<EngineState, SnnError> {
        self.ask(|e| e.snapshot())
    }

    fn restore(&mut self, state: &EngineState) -> Result<(), SnnError> {
        self.ask(|e| e.restore(state))?;
        self.marks = false;
        self.spikes.clear();
        self.samples.clear();
        if self.on_gpu() {
            self.set_base(state.clone());
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), SnnError> {
        self.marks = true;
        self.renew_base()?;
        self.act(Call::Mark)
    }

    fn undo(&mut self) -> Result<(), SnnError> {
        self.act(Call::Undo)
    }

    fn counters(&self) -> Counters {
        let now = match &self.active {
            Active::Gpu(gpu) => gpu.counters(),
            Active::Cpu(cpu) => cpu.counters(),
        };
        let earlier = self.counters;
        Counters {
            steps: now.steps,
            spikes: now.spikes + earlier.spikes,
            input_spikes: now.input_spikes + earlier.input_spikes,
            synaptic_events: now.synaptic_events + earlier.synaptic_events,
        }
    }

    fn take_notice(&mut self) -> Option<String> {
        self.notice.take()
    }
}

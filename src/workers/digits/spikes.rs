//! The stretch of a run that is recorded spike by spike, while somebody looks.
//!
//! Time counts from when the recording began. A gap (nobody looked, or the run was
//! too fast to be looked at) begins a new one.

use std::sync::Arc;

use crate::snn::SnnError;
use crate::snn::diehl_cook::{EXCITATORY, INHIBITORY, INPUT};
use crate::snn::engine::{Engine, Spike};
use crate::snn::network::{ProbeSpec, ProbeWhat};
use crate::snn::recording::Recording;
use crate::snn::traces::{Channel, Traces};

/// Memory for single spikes, bytes: some thousand images of 400 neurons.
const CAP_BYTES: usize = 24 << 20;
/// Memory for traces, bytes.
const TRACE_CAP_BYTES: usize = 16 << 20;
/// What is traced of each chosen neuron: state variable, unit.
pub const TRACED: [(&str, &str); 3] = [("v", "mV"), ("ge", ""), ("gi", "")];
/// Neurons that can be traced at once.
pub const MOST_TRACED: usize = 3;

/// What is recorded.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Step of the run at which the recording began.
    pub from_step: u64,
    /// Excitatory neurons, then inhibitory ones, then inputs.
    pub recording: Arc<Recording>,
    /// For each of `traced`, in their order: v, gₑ, gᵢ.
    pub traces: Arc<Traces>,
    /// The excitatory neurons whose state is traced.
    pub traced: Vec<u32>,
}

impl Default for Stretch {
    fn default() -> Self {
        Self {
            from_step: 0,
            recording: Arc::new(Recording::new(0, 0.5, 0)),
            traces: Arc::new(Traces::new(Vec::new(), 0.5, 0)),
            traced: Vec::new(),
        }
    }
}

/// The recording, while it goes on.
pub struct Recorder {
    from_step: u64,
    recording: Recording,
    traces: Traces,
    traced: Vec<u32>,
    /// First number of each source's neurons in the recording.
    first: Vec<u32>,
}

impl Recorder {
    /// Sets the engine's probes and begins.
    ///
    /// # Errors
    /// As the engine's.
    pub fn begin(engine: &mut dyn Engine, traced: &[u32]) -> Result<Self, SnnError> {
        let network = engine.network();
        let (dt_ms, neurons) = (network.dt_ms, network.populations[0].size as u32);
        let sizes = network.populations.iter().map(|p| p.size);
        let mut end = 0u32;
        let sizes = sizes.chain(network.inputs.iter().map(|i| i.size));
        let first = sizes
            .map(|size| {
                let first = end;
                end += size as u32;
                first
            })
            .collect();
        let mut traced: Vec<u32> = traced.iter().copied().filter(|n| *n < neurons).collect();
        traced.truncate(MOST_TRACED);
        engine.set_probes(&probes(dt_ms, &traced))?;
        let channels = traced.iter().flat_map(|neuron| {
            TRACED.map(|(name, unit)| Channel {
                name: format!("{name} of neuron {neuron}"),
                unit: unit.to_owned(),
            })
        });
        Ok(Self {
            from_step: engine.step(),
            recording: Recording::new(end, dt_ms, CAP_BYTES),
            traces: Traces::new(channels.collect(), dt_ms, TRACE_CAP_BYTES),
            traced,
            first,
        })
    }

    /// The neurons that are traced.
    pub fn traced(&self) -> &[u32] {
        &self.traced
    }

    /// Takes over what the engine has recorded.
    ///
    /// # Errors
    /// As the engine's.
    pub fn take(&mut self, engine: &mut dyn Engine) -> Result<(), SnnError> {
        for Spike { step, source, neuron, .. } in engine.take_spikes()? {
            let first = self.first.get(usize::from(source)).copied().unwrap_or(0);
            self.recording.push(step.saturating_sub(self.from_step), &[first + neuron]);
        }
        self.recording.advance(engine.step().saturating_sub(self.from_step));
        let samples = engine.take_samples()?;
        let width = self.traced.len();
        if width == 0 {
            return Ok(());
        }
        // All three state probes sample in every step.
        let rows = samples.iter().map(|s| s.values.len() / width).min().unwrap_or(0);
        if samples.len() < TRACED.len() {
            return Ok(());
        }
        let mut row = vec![f32::NAN; width * TRACED.len()];
        for k in 0..rows {
            for (v, s) in samples.iter().take(TRACED.len()).enumerate() {
                for n in 0..width {
                    row[n * TRACED.len() + v] = s.values[k * width + n];
                }
            }
            self.traces.push(&row);
        }
        Ok(())
    }

    /// As it is now. Cheap: what is full is shared.
    pub fn stretch(&self) -> Stretch {
        Stretch {
            from_step: self.from_step,
            recording: Arc::new(self.recording.clone()),
            traces: Arc::new(self.traces.clone()),
            traced: self.traced.clone(),
        }
    }
}

fn probes(dt_ms: f64, traced: &[u32]) -> Vec<ProbeSpec> {
    let probe = |name: String, what| ProbeSpec { name, what };
    let spikes = [EXCITATORY, INHIBITORY, INPUT]
        .map(|of| probe(format!("spikes of {of}"), ProbeWhat::Spikes { of: of.to_owned() }));
    let mut all: Vec<ProbeSpec> = spikes.into();
    if !traced.is_empty() {
        all.extend(TRACED.map(|(variable, _)| {
            let what = ProbeWhat::State {
                of: EXCITATORY.to_owned(),
                variable: variable.to_owned(),
                neurons: traced.to_vec(),
                replica: 0,
                every_ms: dt_ms,
            };
            probe(format!("{variable} of some neurons"), what)
        }));
    }
    all
}

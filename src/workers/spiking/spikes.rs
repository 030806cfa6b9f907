//! The stretch of a run that is recorded spike by spike, while somebody looks.
//!
//! Time counts from the start of the recording. After a gap in which nobody looked, a
//! new recording begins.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::snn::SnnError;
use crate::snn::diehl_cook::{EXCITATORY, INHIBITORY, INPUT};
use crate::snn::engine::{Engine, Samples, Spike};
use crate::snn::network::{ProbeSpec, ProbeWhat};
use crate::snn::recording::Recording;
use crate::snn::traces::{Channel, Traces};
use crate::workers::thread::latest::Slot;

/// Memory for single spikes, bytes: some thousand images.
const CAP_BYTES: usize = 16 << 20;
/// Memory for traces, bytes.
const TRACE_CAP_BYTES: usize = 8 << 20;
/// Steps whose recordings are handed over at once: few enough to stay in the
/// processor's cache, enough that a thread is seldom woken.
const BATCH_STEPS: u64 = 4096;
/// Batches that may wait to be sorted in.
const QUEUE: usize = 4;
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

/// The recording, from the side of the thread that simulates: it takes what the engine
/// has recorded, a few thousand steps at once, and hands it on as it is. Sorting it in
/// is the business of a thread of its own. Nothing is left out: where that thread is
/// behind, this one waits.
pub struct Recorder {
    traced: Vec<u32>,
    /// The step up to which the engine's recordings have been taken.
    taken: u64,
    keeper: Keeper,
}

/// Where recordings are kept.
enum Keeper {
    Thread {
        queue: Option<SyncSender<Message>>,
        /// Batches whose memory can be used again.
        back: Receiver<Batch>,
        newest: Arc<Slot<Stretch>>,
        thread: Option<JoinHandle<()>>,
    },
    /// On this thread, where the system gives no other.
    Here(Box<Kept>),
}

/// What the thread is told.
enum Message {
    Begin(Box<Kept>),
    Keep(Batch),
    /// Show what there is; and tell when that is done.
    Show(Option<SyncSender<()>>),
}

/// What the engine recorded up to a step.
#[derive(Default)]
struct Batch {
    /// Steps in which it did.
    steps: u64,
    spikes: Vec<Spike>,
    samples: Vec<Samples>,
}

impl Recorder {
    /// Sets the engine's probes and begins.
    ///
    /// # Errors
    /// As the engine's.
    pub fn begin(engine: &mut dyn Engine, traced: &[u32]) -> Result<Self, SnnError> {
        let neurons = engine.network().populations[0].size as u32;
        let mut traced: Vec<u32> = traced.iter().copied().filter(|n| *n < neurons).collect();
        traced.truncate(MOST_TRACED);
        engine.set_probes(&probes(engine.network().dt_ms, &traced))?;
        // What earlier probes left is not of this recording.
        engine.take_spikes()?;
        let kept = Kept::new(engine, &traced);
        Ok(Self { taken: engine.step(), traced, keeper: Keeper::start(kept) })
    }

    /// The neurons that are traced.
    pub fn traced(&self) -> &[u32] {
        &self.traced
    }

    /// Hands over what the engine has recorded, once there is enough of it.
    ///
    /// # Errors
    /// As the engine's.
    pub fn follow(&mut self, engine: &mut dyn Engine) -> Result<(), SnnError> {
        if engine.step() - self.taken < BATCH_STEPS { Ok(()) } else { self.take(engine) }
    }

    /// Hands over everything that the engine has recorded.
    ///
    /// # Errors
    /// As the engine's.
    pub fn take(&mut self, engine: &mut dyn Engine) -> Result<(), SnnError> {
        if engine.step() == self.taken {
            return Ok(());
        }
        let batch = Batch {
            steps: engine.step() - self.taken,
            spikes: engine.take_spikes()?,
            samples: engine.take_samples()?,
        };
        self.taken = engine.step();
        let spare = match &mut self.keeper {
            Keeper::Thread { queue, back, .. } => {
                let sent = queue.as_ref().is_some_and(|q| q.send(Message::Keep(batch)).is_ok());
                sent.then(|| back.try_recv().ok()).ok_or_else(broken)?
            }
            Keeper::Here(kept) => {
                kept.keep(&batch);
                Some(batch)
            }
        };
        if let Some(Batch { spikes, samples, .. }) = spare {
            engine.recycle(spikes, samples);
        }
        Ok(())
    }

    /// Everything up to the step at hand; waits for the thread.
    ///
    /// # Errors
    /// As the engine's.
    pub fn stretch(&mut self, engine: &mut dyn Engine) -> Result<Stretch, SnnError> {
        self.take(engine)?;
        let Keeper::Thread { queue: Some(queue), newest, .. } = &self.keeper else {
            return self.newest(engine);
        };
        let (done, shown) = sync_channel(1);
        queue.send(Message::Show(Some(done))).map_err(|_| broken())?;
        shown.recv().map_err(|_| broken())?;
        Ok((*newest.get()).clone())
    }

    /// What the thread has shown last, and asks it to show what there is by now.
    ///
    /// # Errors
    /// As the engine's.
    pub fn newest(&mut self, engine: &mut dyn Engine) -> Result<Stretch, SnnError> {
        self.take(engine)?;
        match &self.keeper {
            Keeper::Thread { queue, newest, .. } => {
                let sent = queue.as_ref().is_some_and(|q| q.send(Message::Show(None)).is_ok());
                sent.then(|| (*newest.get()).clone()).ok_or_else(broken)
            }
            Keeper::Here(kept) => Ok(kept.stretch()),
        }
    }
}

fn broken() -> SnnError {
    SnnError::Engine("the thread that records spikes broke down".to_owned())
}

impl Keeper {
    fn start(kept: Kept) -> Self {
        let newest = Arc::new(Slot::new(kept.stretch()));
        let (queue, messages) = sync_channel(QUEUE);
        let (give_back, back) = sync_channel(QUEUE);
        let out = Arc::clone(&newest);
        let work = move || work(&messages, &give_back, &out);
        match std::thread::Builder::new().name("spike recorder".into()).spawn(work) {
            Ok(thread) => {
                let kept = Message::Begin(Box::new(kept));
                // Should it be gone already, the first batch will say so.
                let _ = queue.send(kept);
                Self::Thread { queue: Some(queue), back, newest, thread: Some(thread) }
            }
            Err(error) => {
                log::warn!("no thread to record spikes on, so it is done in between: {error}");
                Self::Here(Box::new(kept))
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Self::Thread { queue, thread, .. } = self {
            *queue = None;
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}

fn work(messages: &Receiver<Message>, back: &SyncSender<Batch>, newest: &Slot<Stretch>) {
    let Ok(Message::Begin(mut kept)) = messages.recv() else { return };
    while let Ok(message) = messages.recv() {
        match message {
            Message::Begin(other) => kept = other,
            Message::Keep(batch) => {
                kept.keep(&batch);
                // Where nobody takes it back, its memory is freed.
                let _ = back.try_send(batch);
            }
            Message::Show(done) => {
                newest.put(kept.stretch());
                if let Some(done) = done {
                    let _ = done.send(());
                }
            }
        }
    }
}

/// What is recorded, as it grows.
struct Kept {
    from_step: u64,
    /// Steps recorded.
    steps: u64,
    recording: Recording,
    traces: Traces,
    traced: Vec<u32>,
    /// First number of each source's neurons in the recording.
    first: Vec<u32>,
}

impl Kept {
    fn new(engine: &dyn Engine, traced: &[u32]) -> Self {
        let (network, mut end) = (engine.network(), 0u32);
        let sizes = network.populations.iter().map(|p| p.size);
        let first = sizes
            .chain(network.inputs.iter().map(|i| i.size))
            .map(|size| {
                let first = end;
                end += size as u32;
                first
            })
            .collect();
        let channels = traced.iter().flat_map(|neuron| {
            TRACED.map(|(name, unit)| Channel {
                name: format!("{name} of neuron {neuron}"),
                unit: unit.to_owned(),
            })
        });
        Self {
            from_step: engine.step(),
            steps: 0,
            recording: Recording::new(end, network.dt_ms, CAP_BYTES),
            traces: Traces::new(channels.collect(), network.dt_ms, TRACE_CAP_BYTES),
            traced: traced.to_vec(),
            first,
        }
    }

    fn keep(&mut self, batch: &Batch) {
        let (from, first) = (self.from_step, &self.first);
        let number = |source: u16| first.get(usize::from(source)).copied().unwrap_or(0);
        let spikes = batch.spikes.iter();
        self.recording
            .extend(spikes.map(|s| (s.step.saturating_sub(from), number(s.source) + s.neuron)));
        self.steps += batch.steps;
        self.recording.advance(self.steps);
        let (width, samples) = (self.traced.len(), &batch.samples);
        if width == 0 {
            return;
        }
        // All three state probes sample in every step; spike probes give no samples.
        self.traces.extend(batch.steps as usize, |channel, steps, column| {
            let (neuron, variable) = (channel / TRACED.len(), channel % TRACED.len());
            let Some(sampled) = samples.get(variable) else { return };
            let rows = sampled.values.chunks_exact(width);
            column.extend(rows.skip(steps.start).take(steps.len()).map(|row| row[neuron]));
        });
    }

    /// As it is now. Cheap: what is full is shared.
    fn stretch(&self) -> Stretch {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::PIXELS;
    use crate::snn::cpu::CpuEngine;
    use crate::snn::diehl_cook::DiehlCook;

    fn recorded(here: bool) -> Stretch {
        let config = DiehlCook { seed: 3, ..DiehlCook::of(25) };
        let mut engine = CpuEngine::new(&config.spec().build().unwrap(), 1);
        engine.run(70).unwrap();
        let mut recorder = Recorder::begin(&mut engine, &[4, 9]).unwrap();
        if here {
            let kept = Kept::new(&engine, &[4, 9]);
            recorder.keeper = Keeper::Here(Box::new(kept));
        }
        engine.set_rates(0, 0, &[20.0; PIXELS]).unwrap();
        for steps in [1, 5000, 30, 9000, 1, 4096] {
            engine.run(steps).unwrap();
            recorder.follow(&mut engine).unwrap();
            recorder.newest(&mut engine).unwrap();
        }
        recorder.stretch(&mut engine).unwrap()
    }

    #[test]
    fn the_thread_keeps_what_would_be_kept_without_one() {
        let (here, there) = (recorded(true), recorded(false));
        assert_eq!((here.from_step, there.from_step), (70, 70));
        let steps = 1 + 5000 + 30 + 9000 + 1 + 4096;
        for stretch in [&here, &there] {
            assert_eq!((stretch.recording.steps(), stretch.traces.steps()), (steps, steps));
            assert!(stretch.recording.total() > 100_000);
        }
        let spikes = |s: &Stretch| s.recording.spikes(0..u64::MAX).collect::<Vec<_>>();
        assert_eq!(spikes(&here), spikes(&there));
        assert_eq!(here.traces.to_csv(0..u64::MAX), there.traces.to_csv(0..u64::MAX));
        // Each neuron's membrane at rest is where it was first seen.
        assert!(here.traces.value(0, 0).unwrap() < -50.0);
        assert!(here.traces.value(3, 0).unwrap() < -50.0);
    }
}

//! A neuron finds a pattern (Masquelier, Guyonneau and Thorpe, PLoS ONE 3:e1377,
//! 2008).
//!
//! A thousand afferents fire at random, all at the same mean rate. In a third of
//! the time, at random moments, half of them repeat the same 50 ms of spikes,
//! with a jitter of 1 ms and spontaneous spikes on top. Nothing but the times of
//! the spikes tells the pattern. One leaky integrate-and-fire neuron receives all
//! of them through synapses that learn by pair STDP (all pairs, hard bounds). At
//! first it fires at anything. By chance alone depression would outweigh
//! potentiation by a tenth (A₋τ₋ against A₊τ₊), so spikes that tell nothing
//! weaken; those that repeat before its own spikes grow, the neuron becomes
//! selective, and then fires earlier and earlier in the pattern.
//!
//! The paper has 2000 afferents at 64 Hz, pairs nearest spikes, and shows the
//! pattern a quarter of the time. Fewer and slower spikes need less computing.
//! A stronger rule learns faster and fails more often: where the neuron at first
//! answers too early in the pattern, what follows in it is weakened, and it
//! settles on noise. (In the paper, too, some runs fail.)

use std::sync::Arc;

use crate::core::rng::Rng;
use crate::snn::choose::{self, InUse, Preference, Started};
use crate::snn::engine::{Counters, Engine};
use crate::snn::error::SnnError;
use crate::snn::network::{Connect, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values};
use crate::snn::params::Config;
use crate::snn::plasticity::Bounds;
use crate::snn::recording::Recording;
use crate::snn::traces::{CAP_BYTES, Channel, Traces};

/// The step, ms.
pub const DT_MS: f64 = 0.5;
/// Length of the pattern, and of the segments that the input is made of, ms.
pub const PATTERN_MS: f64 = 50.0;
/// Afferents; the first half takes part in the pattern.
pub const AFFERENTS: usize = 1000;
/// Rate of what is drawn anew or repeated, and of the spontaneous spikes, Hz.
pub const RATE_HZ: f64 = 25.0;
pub const SPONTANEOUS_HZ: f64 = 5.0;
/// A spike so long after the pattern's end still answers it, ms: the membrane
/// takes its time.
const GRACE_MS: f64 = 10.0;
/// Afferents of each half that are shown.
pub const SHOWN: u32 = 40;
/// Presentations over which hits are counted, and time over which false alarms are.
pub const COUNTED: usize = 40;
pub const COUNTED_MS: f64 = 10_000.0;
/// Learned: so many hits of those counted, and at most so many false alarms a second.
pub const LEARNED: (f64, f64) = (0.95, 0.2);

/// What is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternTask {
    /// All chance follows from it.
    pub seed: u64,
    /// Share of the time in which the pattern is shown.
    pub share: f64,
    /// Standard deviation of the jitter of the pattern's spikes, ms.
    pub jitter_ms: f64,
    /// Potentiation A₊.
    pub a_plus: f64,
    /// Depression over potentiation, |A₋| / A₊.
    pub ratio: f64,
    /// Threshold, in postsynaptic potentials of weight 1 arriving at once.
    pub threshold: f64,
}

impl Default for PatternTask {
    fn default() -> Self {
        Self { seed: 2, share: 0.33, jitter_ms: 1.0, a_plus: 0.004, ratio: 0.557, threshold: 120.0 }
    }
}

/// One presentation of the pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Presentation {
    /// Its beginning, ms.
    pub begin_ms: f64,
    /// From its beginning to the neuron's first spike, if it answered.
    pub latency_ms: Option<f64>,
    /// Whether the time to answer is over.
    pub over: bool,
}

/// How well it does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Share of the last [`COUNTED`] presentations that it answered.
    pub hits: f64,
    /// Spikes outside presentations in the last [`COUNTED_MS`], Hz.
    pub false_alarms_hz: f64,
    /// When it had learned, ms.
    pub learned_ms: Option<f64>,
}

/// What the neuron does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stage {
    /// It fires at anything.
    Unselective,
    /// It hardly fires at all.
    Quiet,
    /// It answers the pattern more often than the rest.
    Selecting,
    /// It has learned, after so many ms.
    Learned(f64),
}

impl Score {
    /// How far the neuron has come.
    pub fn stage(&self) -> Stage {
        match self.learned_ms {
            Some(ms) => Stage::Learned(ms),
            None if self.false_alarms_hz > 5.0 => Stage::Unselective,
            None if self.hits < 0.5 => Stage::Quiet,
            None => Stage::Selecting,
        }
    }
}

/// A run, to be advanced step by step.
pub struct PatternRun {
    task: PatternTask,
    started: Started,
    /// The pattern's spikes: afferent and time after its beginning, ms.
    pattern: Vec<(u32, f64)>,
    segments: Rng,
    /// Spikes of the segment in hand, sorted by step, and how many are recorded.
    segment: Vec<(u64, u32)>,
    recorded: usize,
    presented: bool,
    /// Shown afferents of both halves, then the neuron.
    recording: Recording,
    traces: Traces,
    presentations: Vec<Presentation>,
    false_alarms_ms: Vec<f64>,
    learned_ms: Option<f64>,
}

/// A run as it is now, to be looked at.
#[derive(Clone, Debug)]
pub struct PatternView {
    /// The task.
    pub task: PatternTask,
    /// The engine that runs it, and why.
    pub engine: InUse,
    /// The next step.
    pub step: u64,
    /// [`SHOWN`] afferents that take part in the pattern, as many that do not, and
    /// the neuron.
    pub recording: Arc<Recording>,
    /// The neuron's membrane potential.
    pub traces: Arc<Traces>,
    /// All presentations so far, oldest first.
    pub presentations: Arc<Vec<Presentation>>,
    /// The weights now.
    pub weights: Arc<Vec<f32>>,
    /// How well it does.
    pub score: Score,
}

fn network(task: &PatternTask) -> NetworkSpec {
    // A weight of 1 makes a potential of height 1/10 mV: the peak of
    // τ_s/(τ_s − τ_m) (e^(−t/τ_s) − e^(−t/τ_m)) for 10 and 2.5 ms is 0.1575.
    let neuron = Config::new("lif")
        .with("tau_m_ms", 10.0)
        .with("tau_syn_ms", 2.5)
        .with("v_rest_mv", 0.0)
        .with("v_reset_mv", 0.0)
        .with("v_th_mv", 0.1 * task.threshold)
        .with("r_mohm", 0.1 / 0.1575)
        .with("t_ref_ms", 1.5);
    let rule = Config::new("pair")
        .with("a_plus", task.a_plus)
        .with("a_minus", -task.ratio * task.a_plus)
        .with("tau_plus_ms", 16.8)
        .with("tau_minus_ms", 33.7);
    let synapses = ProjectionSpec::new(
        "synapses",
        "afferents",
        "neuron",
        "i_syn",
        Connect::Dense,
        Values::Same(0.475),
    );
    NetworkSpec::new("pattern", DT_MS, task.seed)
        .input("afferents", AFFERENTS, Drive::Silent)
        .population("neuron", 1, neuron)
        .projection(synapses.learning(rule, Bounds::UNIT))
        .probe("spikes", ProbeWhat::Spikes { of: "neuron".into() })
        .probe(
            "v",
            ProbeWhat::State {
                of: "neuron".into(),
                variable: "v".into(),
                neurons: vec![0],
                replica: 0,
                every_ms: DT_MS,
            },
        )
}

impl PatternRun {
    /// At the beginning. A message comes along where the GPU was wished for and
    /// cannot run it; the CPU does then.
    ///
    /// # Errors
    /// What is wrong with the parameters.
    pub fn new(
        task: &PatternTask,
        preference: Preference,
    ) -> Result<(Self, Option<String>), SnnError> {
        let (started, told) = choose::start_anyhow(&network(task).build()?, preference, 1);
        let mut rng = Rng::stream(task.seed, "pattern", 0);
        let mut pattern = Vec::new();
        for afferent in 0..AFFERENTS as u32 / 2 {
            poisson(&mut rng, RATE_HZ, |t_ms| pattern.push((afferent, t_ms)));
        }
        let unit = Channel { name: "Membrane potential".into(), unit: String::new() };
        let run = Self {
            started,
            pattern,
            segments: Rng::stream(task.seed, "segments", 0),
            segment: Vec::new(),
            recorded: 0,
            presented: false,
            recording: Recording::new(2 * SHOWN + 1, DT_MS, CAP_BYTES),
            traces: Traces::new(vec![unit], DT_MS, CAP_BYTES),
            presentations: Vec::new(),
            false_alarms_ms: Vec::new(),
            learned_ms: None,
            task: task.clone(),
        };
        Ok((run, told))
    }

    fn engine(&mut self) -> &mut dyn Engine {
        self.started.engine.as_mut()
    }

    /// Goes on on the engine that suits this wish; the message is as in
    /// [`PatternRun::new`].
    ///
    /// # Errors
    /// As the engine's; the one in use stays then.
    pub fn change_engine(&mut self, preference: Preference) -> Result<Option<String>, SnnError> {
        let told = self.started.change(preference, 1)?;
        // The rest of the segment in hand; what has been is ignored.
        let rest: Vec<(u32, f64)> =
            self.segment.iter().map(|(step, n)| (*n, *step as f64 * DT_MS)).collect();
        self.engine().set_spikes(0, &rest)?;
        Ok(told)
    }

    /// The engine's notice that another took over, once.
    pub fn take_notice(&mut self) -> Option<String> {
        self.started.take_notice()
    }

    /// Does so many steps.
    ///
    /// # Errors
    /// As the engine's.
    pub fn advance(&mut self, steps: u64) -> Result<(), SnnError> {
        let per_segment = (PATTERN_MS / DT_MS) as u64;
        let end = self.step() + steps;
        while self.step() < end {
            let step = self.step();
            if step.is_multiple_of(per_segment) {
                self.next_segment(step / per_segment)?;
            }
            let rest = per_segment - step % per_segment;
            self.run(rest.min(end - step))?;
        }
        Ok(())
    }

    /// Draws the next 50 ms of input: the pattern or none of it, never twice in
    /// succession.
    fn next_segment(&mut self, number: u64) -> Result<(), SnnError> {
        // Of the segments that may hold it, so many must, for it to have its share.
        let share = self.task.share.clamp(0.0, 0.5);
        let chance = self.segments.uniform();
        self.presented = !self.presented && f64::from(chance) < share / (1.0 - share);
        let begin_ms = number as f64 * PATTERN_MS;
        if self.presented {
            self.presentations.push(Presentation { begin_ms, latency_ms: None, over: false });
        }
        let mut rng = Rng::stream(self.task.seed, "afferents", number);
        let mut spikes: Vec<(u32, f64)> = Vec::new();
        for afferent in 0..AFFERENTS as u32 {
            let repeats = self.presented && (afferent as usize) < AFFERENTS / 2;
            let rate_hz = if repeats { SPONTANEOUS_HZ } else { RATE_HZ + SPONTANEOUS_HZ };
            poisson(&mut rng, rate_hz, |t_ms| spikes.push((afferent, t_ms)));
        }
        if self.presented {
            let jitter_ms = self.task.jitter_ms;
            spikes.extend(self.pattern.iter().map(|(afferent, t_ms)| {
                let moved = t_ms + jitter_ms * f64::from(rng.normal());
                (*afferent, moved.clamp(0.0, PATTERN_MS - DT_MS))
            }));
        }
        // Whole steps, so that what is recorded is what the engine gets.
        let first = self.step();
        self.segment.clear();
        for (afferent, t_ms) in &mut spikes {
            let step = (*t_ms / DT_MS) as u64;
            self.segment.push((first + step, *afferent));
            *t_ms = begin_ms + step as f64 * DT_MS;
        }
        self.segment.sort_unstable();
        self.recorded = 0;
        self.engine().set_spikes(0, &spikes)
    }

    /// Steps within a segment.
    fn run(&mut self, steps: u64) -> Result<(), SnnError> {
        self.engine().run(steps)?;
        let mut fired: Vec<u64> = self.engine().take_spikes()?.iter().map(|s| s.step).collect();
        for samples in self.engine().take_samples()? {
            samples.values.iter().for_each(|v| self.traces.push(&[*v]));
        }
        let now = self.step();
        self.record(now, &fired);
        for step in fired.drain(..) {
            self.answer(step as f64 * DT_MS);
        }
        let now_ms = now as f64 * DT_MS;
        for p in self.presentations.iter_mut().rev().take(2) {
            p.over = now_ms >= p.begin_ms + PATTERN_MS + GRACE_MS;
        }
        let score = self.score();
        let enough = self.presentations.len() > COUNTED && now_ms >= COUNTED_MS;
        if self.learned_ms.is_none()
            && enough
            && score.hits >= LEARNED.0
            && score.false_alarms_hz <= LEARNED.1
        {
            self.learned_ms = Some(now_ms);
        }
        Ok(())
    }

    /// Records the shown afferents' spikes before step `until`, and the neuron's.
    fn record(&mut self, until: u64, fired: &[u64]) {
        let mut fired = fired.iter().peekable();
        let half = AFFERENTS as u32 / 2;
        while let Some((step, afferent)) =
            self.segment.get(self.recorded).filter(|s| s.0 < until).copied()
        {
            while let Some(own) = fired.next_if(|f| **f < step) {
                self.recording.push(*own, &[2 * SHOWN]);
            }
            let row = if afferent < half { afferent } else { afferent - half + SHOWN };
            let shown = if afferent < half { row < SHOWN } else { row < 2 * SHOWN };
            if shown {
                self.recording.push(step, &[row]);
            }
            self.recorded += 1;
        }
        for own in fired {
            self.recording.push(*own, &[2 * SHOWN]);
        }
        self.recording.advance(until);
    }

    /// The neuron spiked: an answer to the pattern, or a false alarm.
    fn answer(&mut self, t_ms: f64) {
        let within = |p: &&mut Presentation| {
            (p.begin_ms..p.begin_ms + PATTERN_MS + GRACE_MS).contains(&t_ms)
        };
        match self.presentations.last_mut().filter(within) {
            Some(p) => {
                p.latency_ms.get_or_insert(t_ms - p.begin_ms);
            }
            None => self.false_alarms_ms.push(t_ms),
        }
    }

    /// How well it does now.
    pub fn score(&self) -> Score {
        let over: Vec<&Presentation> =
            self.presentations.iter().rev().filter(|p| p.over).take(COUNTED).collect();
        let hits = over.iter().filter(|p| p.latency_ms.is_some()).count();
        let now_ms = self.step() as f64 * DT_MS;
        let from = self.false_alarms_ms.partition_point(|t| *t < now_ms - COUNTED_MS);
        let alarms = (self.false_alarms_ms.len() - from) as f64;
        Score {
            hits: hits as f64 / over.len().max(1) as f64,
            false_alarms_hz: alarms * 1000.0 / now_ms.clamp(1.0, COUNTED_MS),
            learned_ms: self.learned_ms,
        }
    }

    /// The next step.
    pub fn step(&self) -> u64 {
        self.started.engine.step()
    }

    /// What the engine has done so far.
    pub fn counters(&self) -> Counters {
        self.started.engine.counters()
    }

    /// The run as it is now.
    ///
    /// # Errors
    /// As the engine's.
    pub fn view(&mut self) -> Result<PatternView, SnnError> {
        Ok(PatternView {
            task: self.task.clone(),
            engine: self.started.in_use(),
            step: self.step(),
            recording: Arc::new(self.recording.clone()),
            traces: Arc::new(self.traces.clone()),
            presentations: Arc::new(self.presentations.clone()),
            weights: Arc::new(self.engine().weights(0)?),
            score: self.score(),
        })
    }
}

/// Spikes of a Poisson process over the length of the pattern.
fn poisson(rng: &mut Rng, rate_hz: f64, mut spike: impl FnMut(f64)) {
    let mut t_ms = 0.0;
    loop {
        t_ms -= f64::from(1.0 - rng.uniform()).ln() * 1000.0 / rate_hz;
        if t_ms >= PATTERN_MS {
            return;
        }
        spike(t_ms);
    }
}

#[cfg(test)]
mod tests;

//! What the window sees of a run.

use std::sync::Arc;

use super::fields::{FieldColours, Picture, paint};
use super::history::Moment;
use super::network::{Learnt, LiveSettings};
use super::run::{Change, Now, Outcome, Run};
use super::spikes::Stretch;
use super::tally::{Confusion, Tally};
use crate::data::dataset::{Dataset, Fingerprint};
use crate::snn::SnnError;
use crate::snn::choose::InUse;
use crate::workers::simulation::Speeds as EngineSpeeds;

/// Bins of the weights' histogram, from 0 to 1.
pub const BINS: usize = 50;

/// Measured speeds, over the last half second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Speeds {
    /// Steps, simulated time and synaptic events.
    pub engine: EngineSpeeds,
    /// Images learnt per second of wall time.
    pub images_per_s: f64,
}

/// Time that the thread has taken since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worked {
    /// By the clock.
    pub wall_s: f64,
    /// Processor time, where the system tells.
    pub cpu_s: Option<f64>,
}

/// A copy of all that [`Fields`] are made of, taken between two steps.
pub struct Sketch {
    version: u64,
    learnt: Learnt,
    tally: Tally,
}

impl Sketch {
    /// Of the network as it is now.
    ///
    /// # Errors
    /// As the engine's.
    pub fn take(run: &mut Run, version: u64) -> Result<Self, SnnError> {
        Ok(Self { version, learnt: run.learnt()?, tally: run.tally.clone() })
    }

    /// Paints and counts.
    pub fn finish(self, look: &FieldColours) -> Fields {
        let Self { version, learnt, tally } = self;
        let of = (tally.images, tally.accuracy(), tally.confusion());
        Fields { tally: Some(Arc::new(tally)), ..Fields::of(learnt, version, look, of) }
    }
}

/// The network at some image.
#[derive(Clone, Debug)]
pub struct Fields {
    /// Grows with each; another one for another picture.
    pub version: u64,
    /// Images learnt.
    pub images: u64,
    pub learnt: Arc<Learnt>,
    pub picture: Picture,
    /// The running accuracy, 0 to 1.
    pub accuracy: Option<f64>,
    /// `[truth][answer]` of the answers that it is taken over.
    pub confusion: Confusion,
    /// Weights in each of [`BINS`] bins from 0 to 1.
    pub histogram: [u32; BINS],
    /// Smallest, mean and largest sum of the weights onto a neuron.
    pub sums: [f32; 3],
    /// Everything counted; of the newest moment only.
    pub tally: Option<Arc<Tally>>,
}

impl Fields {
    /// The network as it is now.
    ///
    /// # Errors
    /// As the engine's.
    pub fn now(run: &mut Run, version: u64, look: &FieldColours) -> Result<Self, SnnError> {
        Ok(Sketch::take(run, version)?.finish(look))
    }

    /// As it was at a moment of the same run.
    pub fn past(run: &Run, moment: &Moment, version: u64, look: &FieldColours) -> Self {
        let learnt = Learnt {
            config: run.setup().config.clone(),
            weights: moment.weights(),
            theta: moment.theta.clone(),
            labels: moment.labels.clone(),
        };
        Self::of(learnt, version, look, (moment.images, moment.accuracy, moment.confusion))
    }

    fn of(
        learnt: Learnt,
        version: u64,
        look: &FieldColours,
        (images, accuracy, confusion): (u64, Option<f64>, Confusion),
    ) -> Self {
        let mut histogram = [0; BINS];
        let mut sum = vec![0.0f32; learnt.theta.len()];
        for row in learnt.weights.chunks_exact(learnt.theta.len().max(1)) {
            for (s, w) in sum.iter_mut().zip(row) {
                *s += w;
                histogram[((w * BINS as f32) as usize).min(BINS - 1)] += 1;
            }
        }
        let least = sum.iter().copied().fold(f32::INFINITY, f32::min);
        let most = sum.iter().copied().fold(0.0, f32::max);
        let mean = sum.iter().sum::<f32>() / sum.len().max(1) as f32;
        let picture = paint(&learnt.weights, &learnt.labels, look);
        let (sums, learnt) = ([least, mean, most], Arc::new(learnt));
        Self { version, images, learnt, picture, accuracy, confusion, histogram, sums, tally: None }
    }

    /// Neurons that stand for each digit, and for none.
    pub fn per_class(&self) -> [u32; 11] {
        let mut number = [0; 11];
        for label in &self.learnt.labels {
            number[label.map_or(10, |l| usize::from(l.min(9)))] += 1;
        }
        number
    }
}

/// The run as the window sees it.
#[derive(Clone, Default)]
pub struct SpikingView {
    /// Grows with every run begun.
    pub generation: u64,
    /// The engine in use, and why; `None` before the first run.
    pub engine: Option<InUse>,
    /// What it learns from, and what tells these digits from others.
    pub data: Option<Arc<Dataset>>,
    pub digits: Option<Arc<Fingerprint>>,
    /// Id of the bundled network that it began with.
    pub begin: Option<String>,
    /// Image from which it goes on, where an earlier run was kept.
    pub continued: Option<u64>,
    pub live_settings: LiveSettings,
    /// Steps done.
    pub step: u64,
    /// Images learnt.
    pub images: u64,
    /// Images given up: they raised too few spikes however bright they were shown.
    pub unanswered: u64,
    /// Wall time that the run has run, seconds.
    pub ran_s: f64,
    /// Images at which it last reached a goal.
    pub reached: Option<u64>,
    /// Presentations, repeated ones included.
    pub presentations: u64,
    /// Running accuracy, and answers that it is taken over.
    pub accuracy: Option<(f64, usize)>,
    pub now: Now,
    pub last: Outcome,
    pub change: Option<Change>,
    /// The newest fields.
    pub fields: Option<Arc<Fields>>,
    /// Those of the moment that was asked for, if one was.
    pub past: Option<Arc<Fields>>,
    /// Images at which moments are kept, and their memory in bytes.
    pub kept: (Arc<Vec<u64>>, usize),
    /// What is recorded spike by spike, or was last.
    pub stretch: Stretch,
    /// Whether it is being recorded at this moment.
    pub records: bool,
    /// Whether it runs at this moment.
    pub goes: bool,
    pub speeds: Option<Speeds>,
    /// When this view was made.
    pub worked: Worked,
    /// Why it cannot go on.
    pub failure: Option<String>,
}

//! Many pictures through a converted network: accuracy against steps, spikes and
//! operations, early decisions. Each picture is a run of its own, so that results do
//! not depend on the number of threads.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::data::{CLASSES, Dataset};

use super::energy::Work;
use super::network::Spiking;
use super::recipe::Disturbance;
use super::run::Run;

/// Margins at which an early decision is tried, in logits times steps.
pub const MARGINS: [f32; 7] = [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0];

/// What is swept.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepTask {
    /// The answer is read after each of these steps, in rising order.
    pub steps: Vec<u64>,
    /// The first picture and the number of pictures.
    pub first: usize,
    pub images: usize,
    pub disturbance: Disturbance,
    pub threads: usize,
    /// Whether what speaks for each digit is kept, of each picture.
    pub logits: bool,
}

/// What was found, so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    /// Pictures that count.
    pub images: usize,
    /// After each of the steps asked.
    pub after: Vec<After>,
    /// For each of [`MARGINS`].
    pub decisions: Vec<Decision>,
    /// Where it was asked for, by picture and steps.
    pub logits: Vec<Logits>,
}

/// What speaks for each digit, of one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logits {
    pub image: usize,
    pub label: u8,
    pub steps: u64,
    /// As [`Run::logits`].
    pub values: [f32; CLASSES],
}

/// After so many steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct After {
    pub steps: u64,
    /// Right answers.
    pub right: usize,
    /// No answers: two digits were equal. They are wrong.
    pub unanswered: usize,
    /// Spikes of all pictures together.
    pub spikes: u64,
    /// Operations of all pictures together.
    pub work: Work,
}

/// Deciding as soon as the first digit is so far ahead of the second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decision {
    /// In logits times steps: as in a race to a bound, weak evidence takes longer.
    pub margin: f32,
    /// Right answers; those not decided at the last step answer then.
    pub right: usize,
    /// Steps of all pictures together.
    pub steps: u64,
    /// Operations of all pictures together.
    pub work: Work,
}

impl Sweep {
    fn new(task: &SweepTask) -> Self {
        Self {
            images: 0,
            after: task.steps.iter().map(|s| After { steps: *s, ..After::default() }).collect(),
            decisions: MARGINS.map(|margin| Decision { margin, ..Decision::default() }).into(),
            logits: Vec::new(),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.images += other.images;
        for (a, b) in self.after.iter_mut().zip(&other.after) {
            a.right += b.right;
            a.unanswered += b.unanswered;
            a.spikes += b.spikes;
            a.work += b.work;
        }
        for (a, b) in self.decisions.iter_mut().zip(&other.decisions) {
            a.right += b.right;
            a.steps += b.steps;
            a.work += b.work;
        }
        self.logits.extend_from_slice(&other.logits);
    }
}

/// Runs it; `progress` is told now and then what there is so far. Returns what there
/// is when it was cancelled.
pub fn sweep(
    spiking: &Spiking,
    data: &Dataset,
    task: &SweepTask,
    cancel: &AtomicBool,
    progress: &(dyn Fn(&Sweep) + Sync),
) -> Sweep {
    let end = (task.first + task.images).min(data.len());
    let next = AtomicUsize::new(task.first);
    let all = Mutex::new(Sweep::new(task));
    let work = || {
        loop {
            let image = next.fetch_add(1, Relaxed);
            if image >= end || cancel.load(Relaxed) {
                return;
            }
            let Some(found) = one(spiking, data, image, task, cancel) else { return };
            // Sums of whole numbers: the order in which they come does not matter.
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.merge(&found);
            if all.images.is_multiple_of(16) {
                progress(&all);
            }
        }
    };
    std::thread::scope(|scope| {
        for i in 2..=task.threads.max(1) {
            let builder = std::thread::Builder::new().name(format!("convert {i}"));
            // With fewer threads it takes longer, and the result is the same.
            if let Err(error) = builder.spawn_scoped(scope, work) {
                log::warn!("only {} of {} threads could be started: {error}", i - 1, task.threads);
                break;
            }
        }
        work();
    });
    let mut found = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Sums do not depend on the order of the pictures, lists do.
    found.logits.sort_unstable_by_key(|e| (e.image, e.steps));
    found
}

/// One image; `None` where it was cancelled in the middle.
fn one(
    spiking: &Spiking,
    data: &Dataset,
    image: usize,
    task: &SweepTask,
    cancel: &AtomicBool,
) -> Option<Sweep> {
    let label = data.labels()[image];
    let mut run = Run::new(spiking, &data.pixels(image), task.disturbance, image as u64);
    let mut found = Sweep::new(task);
    found.images = 1;
    let mut open = [true; MARGINS.len()];
    let last = task.steps.last().copied().unwrap_or(0);
    for step in 1..=last {
        if cancel.load(Relaxed) {
            return None;
        }
        run.advance();
        let (answer, ahead) = run.answer();
        let right = usize::from(answer == Some(label));
        for (decision, open) in found.decisions.iter_mut().zip(&mut open) {
            if *open && (ahead >= decision.margin || step == last) {
                *open = false;
                (decision.right, decision.steps) = (right, step);
                decision.work = run.work();
            }
        }
        for after in found.after.iter_mut().filter(|a| a.steps == step) {
            (after.right, after.spikes) = (right, run.spikes());
            after.unanswered = usize::from(answer.is_none());
            after.work = run.work();
            if task.logits {
                let values = run.logits();
                found.logits.push(Logits { image, label, steps: step, values });
            }
        }
    }
    Some(found)
}

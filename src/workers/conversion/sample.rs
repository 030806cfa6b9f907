//! The `sample` thread: runs many test digits through a converted network.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use super::super::events::{Event, Events};
use super::super::models::Model;
use super::KnownActivations;
use crate::ann::evaluate::evaluate;
use crate::convert::network::Spiking;
use crate::convert::recipe::{Disturbance, Recipe};
use crate::convert::sweep::{Sweep, SweepTask, sweep};
use crate::core::panics::guarded;
use crate::data::Dataset;
use crate::data::registry::Split;
use crate::workers::deep::{Surveyed, survey_first};
use crate::workers::thread::latest::Slot;

/// What is asked.
#[derive(Clone)]
pub struct SampleOf {
    pub model: Arc<Model>,
    pub recipe: Recipe,
    pub disturbance: Disturbance,
    /// Thresholds are from its training part, the digits from its test part.
    pub split: Split,
    /// The first so many test digits.
    pub images: usize,
    /// The answer is read after each of these steps.
    pub steps: Vec<u64>,
    /// Networks of spikes that were trained as they are, to stand beside it.
    pub direct: Vec<Arc<Model>>,
}

/// What was found, so far.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Name of the network; empty before the first row.
    pub model: String,
    pub data: String,
    pub recipe: Recipe,
    pub disturbance: Disturbance,
    /// Digits to be asked.
    pub total: usize,
    pub running: bool,
    /// Share of right answers of the original on all of them.
    pub original: f64,
    /// Multiply–adds of the original for a digit.
    pub multiply_adds: usize,
    pub found: Sweep,
    /// What networks did, on the same digits, that were trained as networks of spikes.
    pub direct: Vec<Surveyed>,
    pub failure: Option<String>,
}

/// Starts the thread; it ends by itself, or when the flag is set.
pub(super) fn spawn(
    of: SampleOf,
    (out, cancel, events): (Arc<Slot<Sample>>, Arc<AtomicBool>, Events),
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("sample".into()).spawn(move || {
        if let Err(why) = guarded(|| work(&of, &out, &cancel, &events)) {
            let text = format!("The sample ended early: {why}. What was found is kept.");
            events.send(Event::Failure(text.clone()));
            let before = Sample::clone(&out.get());
            out.put(Sample { running: false, failure: Some(text), ..before });
        }
        events.wake();
    })
}

fn work(of: &SampleOf, out: &Slot<Sample>, cancel: &AtomicBool, events: &Events) {
    let data: &Dataset = &of.split.test;
    let total = of.images.min(data.len());
    let mut sample = Sample {
        model: of.model.name.clone(),
        data: data.id.clone(),
        recipe: of.recipe,
        disturbance: of.disturbance,
        total,
        running: true,
        ..Sample::default()
    };
    out.put(sample.clone());
    events.wake();
    let mut measured = KnownActivations::default();
    let converted = measured
        .get(&of.model, &of.split.train, &mut || !cancel.load(Relaxed))
        .and_then(|a| a.map(|a| Spiking::new(&of.model.network, a, of.recipe)).transpose());
    let spiking = match converted {
        Ok(Some(spiking)) => spiking,
        Ok(None) => {
            sample.running = false;
            return out.put(sample);
        }
        Err(error) => {
            (sample.running, sample.failure) = (false, Some(error.to_string()));
            return out.put(sample);
        }
    };
    // A core is left for the window.
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().max(2) - 1);
    let part = data.first(total, data.id.clone());
    let asked = evaluate(&of.model.network, &part, threads, cancel, &mut |_, _| {});
    sample.original = asked.ok().flatten().map_or(0.0, |a| a.accuracy);
    sample.multiply_adds = spiking.multiply_adds;
    let task = SweepTask {
        steps: of.steps.clone(),
        first: 0,
        images: total,
        disturbance: of.disturbance,
        threads,
        logits: false,
    };
    let found = sweep(&spiking, data, &task, cancel, &|found: &Sweep| {
        out.put(Sample { found: found.clone(), ..sample.clone() });
        events.wake();
    });
    sample.found = found;
    out.put(sample.clone());
    if let Ok(pool) = crate::ann::pool(threads) {
        for model in of.direct.iter().take_while(|_| !cancel.load(Relaxed)) {
            sample.direct.push(pool.install(|| survey_first(model, data, total)));
            out.put(sample.clone());
            events.wake();
        }
    }
    out.put(Sample { running: false, ..sample });
}

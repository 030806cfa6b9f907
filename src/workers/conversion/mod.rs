//! The threads of the Conversion workspace.
//!
//! * `conversion` takes the newest question (a digit, a network, a recipe) and
//!   answers with a whole run of the converted network, step by step
//! * `sample` ([`sample`]), started on demand: accuracy over many test digits

pub mod sample;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Instant;

use super::events::{Event, Events};
use super::models::Model;
use super::thread::answering::{Answer, Answering, Reply};
use super::thread::latest::Slot;
use crate::ann::Scores;
use crate::convert::ConvertError;
use crate::convert::energy::Work;
use crate::convert::likeness::{self, Likeness, Sums};
use crate::convert::network::Spiking;
use crate::convert::recipe::{Disturbance, Recipe};
use crate::convert::run::Run;
use crate::convert::scales::Activations;
use crate::core::decision::first_max;
use crate::data::{CLASSES, ClassNames, Dataset, Pixels};
use sample::Sample;

/// Training digits that thresholds are taken from.
pub const SCALED_ON: usize = 200;

/// A digit to be shown to a converted network.
#[derive(Clone)]
pub struct ConversionQuestion {
    /// Counts the questions.
    pub serial: u64,
    pub model: Arc<Model>,
    pub pixels: Box<Pixels>,
    pub recipe: Recipe,
    pub disturbance: Disturbance,
    pub steps: u64,
    /// A stage and a place in it whose potential is followed; else the unit of the
    /// first layer that is most active.
    pub unit: Option<(usize, usize)>,
    /// The stage whose most active unit is followed where none was chosen.
    pub stage: usize,
    /// Digits that thresholds are taken from: training digits.
    pub images: Arc<Dataset>,
}

/// A layer of the original and what it became.
#[derive(Clone, Debug)]
pub struct StageView {
    /// `Conv 2 5×5`.
    pub name: String,
    /// Height, width, channels.
    pub output: [usize; 3],
    /// λ of each channel; none for pooling.
    pub scales: Vec<f32>,
    /// Whether it spikes: output units that are read by potential do not.
    pub spikes: bool,
    /// Of the original, where the stage has neurons.
    pub activations: Option<Vec<f32>>,
    /// Who spiked (or let a spike through), by step.
    pub spiked: Vec<Vec<u32>>,
    /// Rates beside activations, after each step; empty for pooling.
    pub likeness: Vec<Likeness>,
}

impl StageView {
    /// λ of a unit; `None` for pooling.
    pub fn scale(&self, place: usize) -> Option<f32> {
        self.scales.get(place % self.scales.len().max(1)).copied()
    }

    /// Whether it has neurons; pooling has none.
    pub fn has_neurons(&self) -> bool {
        !self.scales.is_empty()
    }
}

/// One neuron over time.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Its stage, and its place in it.
    pub unit: (usize, usize),
    /// Potential after each step, in thresholds.
    pub potential: Vec<f32>,
    /// Whether it spiked, by step.
    pub spiked: Vec<bool>,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct ConversionView {
    /// [`ConversionQuestion::serial`]; 0 before the first.
    pub serial: u64,
    /// Name of the network, and of its classes.
    pub model: String,
    pub classes: ClassNames,
    pub stages: Vec<StageView>,
    /// The original's ten probabilities.
    pub original: [f32; CLASSES],
    /// Softmax of the logits after each step.
    pub probabilities: Vec<[f32; CLASSES]>,
    /// Spikes, and operations, after each step.
    pub spikes: Vec<u64>,
    pub work: Vec<Work>,
    /// Multiply–adds of the original.
    pub multiply_adds: usize,
    pub followed: Option<Followed>,
    /// The network that made it, for those who want to save it.
    pub network: Option<Arc<Spiking>>,
    /// Id of the digits that thresholds are from.
    pub scaled_on: String,
    /// Time it took, ms.
    pub took_ms: f32,
    /// Why it cannot be shown.
    pub failure: Option<String>,
}

/// Activations of the network asked about last: they cost more than a run.
#[derive(Default)]
pub(super) struct KnownActivations {
    of: Option<(Arc<Model>, Arc<Dataset>)>,
    activations: Option<Activations>,
}

impl KnownActivations {
    /// Those of this network on these digits.
    /// `None` where `go_on` said no before they were measured.
    pub(super) fn get(
        &mut self,
        model: &Arc<Model>,
        images: &Arc<Dataset>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<&Activations>, ConvertError> {
        let same =
            self.of.as_ref().is_some_and(|(m, i)| Arc::ptr_eq(m, model) && Arc::ptr_eq(i, images));
        if !same {
            self.activations = None;
            self.of = Some((Arc::clone(model), Arc::clone(images)));
        }
        if self.activations.is_none() {
            let pictures: Vec<Pixels> =
                (0..SCALED_ON.min(images.len())).map(|i| images.pixels(i)).collect();
            self.activations = Activations::measure_while(&model.network, &pictures, go_on)?;
        }
        Ok(self.activations.as_ref())
    }
}

impl Answer<ConversionQuestion> for ConversionView {
    fn failure(why: &str) -> String {
        format!("The digit could not be shown in spikes: {why}. Nothing was lost.")
    }

    fn failed(question: &ConversionQuestion, failure: String) -> Option<Self> {
        Some(failed(question, failure))
    }
}

/// The threads, from the window's side.
pub struct Conversion {
    answering: Answering<ConversionQuestion, ConversionView>,
    sample: Arc<Slot<Sample>>,
    cancel: Arc<AtomicBool>,
    events: Events,
    sampling: Option<JoinHandle<()>>,
}

impl Conversion {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let answering = Answering::spawn("conversion", events.clone(), || {
            let mut measured = KnownActivations::default();
            move |question: &ConversionQuestion,
                  reply: &Reply<ConversionQuestion, ConversionView>| {
                Ok(answer(question, &mut measured, &mut || reply.is_awaited()))
            }
        })?;
        let sample = Arc::new(Slot::new(Sample::default()));
        let cancel = Arc::<AtomicBool>::default();
        Ok(Self { answering, sample, cancel, events, sampling: None })
    }

    /// Asks; what was asked before and not answered is forgotten.
    pub fn ask(&self, question: ConversionQuestion) {
        self.answering.ask(question);
    }

    /// The newest answer.
    pub fn shown(&self) -> Arc<ConversionView> {
        self.answering.answer()
    }

    /// Begins to ask many digits; an earlier row is ended.
    pub fn start_sample(&mut self, of: sample::SampleOf) {
        self.stop_sample();
        let out = (Arc::clone(&self.sample), Arc::clone(&self.cancel), self.events.clone());
        self.cancel.store(false, Relaxed);
        match sample::spawn(of, out) {
            Ok(thread) => self.sampling = Some(thread),
            Err(error) => {
                let text = format!(
                    "The sample did not start: {error}. Close something else and try again."
                );
                self.events.send(Event::Failure(text));
            }
        }
    }

    /// Ends the row of digits; what was found stays.
    pub fn stop_sample(&mut self) {
        self.cancel.store(true, Relaxed);
        if let Some(thread) = self.sampling.take() {
            // It looks at the flag between two digits, some milliseconds apart.
            let _ = thread.join();
        }
    }

    /// Accuracy over many digits, so far.
    pub fn sample(&self) -> Arc<Sample> {
        self.sample.get()
    }
}

impl Drop for Conversion {
    fn drop(&mut self) {
        self.stop_sample();
    }
}

fn failed(question: &ConversionQuestion, failure: String) -> ConversionView {
    ConversionView {
        serial: question.serial,
        model: question.model.name.clone(),
        failure: Some(failure),
        ..ConversionView::default()
    }
}

/// Shows the digit to the converted network; `None` where `go_on` said no.
fn answer(
    question: &ConversionQuestion,
    measured: &mut KnownActivations,
    go_on: &mut dyn FnMut() -> bool,
) -> Option<ConversionView> {
    let network = &question.model.network;
    let converted = measured
        .get(&question.model, &question.images, go_on)
        .and_then(|a| a.map(|a| Spiking::new(network, a, question.recipe)).transpose());
    match converted {
        Ok(spiking) => {
            let spiking = spiking?;
            let shown = whole_run(question, &spiking, go_on)?;
            Some(ConversionView { network: Some(Arc::new(spiking)), ..shown })
        }
        Err(error) => Some(failed(question, error.to_string())),
    }
}

fn whole_run(
    question: &ConversionQuestion,
    spiking: &Spiking,
    go_on: &mut dyn FnMut() -> bool,
) -> Option<ConversionView> {
    let begun = Instant::now();
    let network = &question.model.network;
    let activations = likeness::activations(network, spiking, &question.pixels);
    let mut stages: Vec<StageView> = spiking
        .stages
        .iter()
        .zip(activations)
        .map(|(stage, activations)| StageView {
            name: stage.name.clone(),
            output: stage.output,
            scales: stage.cells().map(|c| c.scales.clone()).unwrap_or_default(),
            spikes: stage.cells().is_none_or(|c| c.spikes),
            activations,
            spiked: Vec::new(),
            likeness: Vec::new(),
        })
        .collect();
    let unit = question.unit.unwrap_or_else(|| strongest(&stages, question.stage));
    let (stage, place) = unit;
    let mut followed = stages
        .get(stage)
        .filter(|s| s.has_neurons() && place < spiking.stages[stage].len())
        .map(|_| Followed { unit, ..Followed::default() });
    let mut shown = ConversionView {
        serial: question.serial,
        model: question.model.name.clone(),
        classes: question.model.metadata.classes.clone(),
        original: network
            .probabilities(&[*question.pixels])
            .first()
            .map(Scores::ten)
            .unwrap_or_default(),
        multiply_adds: spiking.multiply_adds,
        scaled_on: question.images.id.clone(),
        ..ConversionView::default()
    };
    let mut run = Run::new(spiking, &question.pixels, question.disturbance, 1);
    for _ in 0..question.steps {
        if !go_on() {
            return None;
        }
        run.advance();
        for (number, view) in stages.iter_mut().enumerate() {
            view.spiked.push(run.spiked(number).iter().map(|(place, _)| *place).collect());
            if let Some(values) = view.activations.as_ref().filter(|_| view.spikes) {
                let mut sums = Sums::default();
                sums.add(&run, number, values);
                view.likeness.push(sums.likeness(number));
            }
        }
        if let Some(followed) = &mut followed {
            followed.potential.push(run.potentials(stage)[place]);
            let spiked = run.spiked(stage).iter().any(|(p, _)| *p as usize == place);
            followed.spiked.push(spiked);
        }
        shown.probabilities.push(softmax(run.logits()));
        shown.spikes.push(run.spikes());
        shown.work.push(run.work());
    }
    shown.followed = followed;
    shown.stages = stages;
    shown.took_ms = begun.elapsed().as_secs_f32() * 1e3;
    Some(shown)
}

/// Of the stage looked at, or the last before it that spikes: the most active unit
/// whose activation a rate can express, that is, up to one spike a step.
fn strongest(stages: &[StageView], looked_at: usize) -> (usize, usize) {
    let fires = |s: &StageView| s.has_neurons() && s.spikes && s.activations.is_some();
    let until = stages.get(..=looked_at).unwrap_or(stages);
    let number = until.iter().rposition(fires).unwrap_or(0);
    let Some(stage) = stages.get(number) else { return (0, 0) };
    let wanted = |place: usize| {
        let activation = stage.activations.as_ref().map_or(0.0, |a| a[place]);
        activation / stage.scale(place).unwrap_or(1.0)
    };
    let places = 0..stage.activations.as_ref().map_or(0, Vec::len);
    // What no rate can express does not count.
    let can = |place: usize| Some(wanted(place)).filter(|w| (0.0..=1.0).contains(w));
    let most = first_max(places.clone().map(can)).filter(|place| can(*place).is_some());
    (number, most.or(places.last()).unwrap_or(0))
}

fn softmax(values: [f32; CLASSES]) -> [f32; CLASSES] {
    let most = values.iter().fold(f32::MIN, |a, b| a.max(*b));
    let powers = values.map(|v| (v - most).exp());
    let total: f32 = powers.iter().sum();
    powers.map(|p| p / total)
}

#[cfg(test)]
mod tests;

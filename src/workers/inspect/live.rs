//! The `inspect` thread: what follows the digit while it is being drawn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::anatomy::Anatomy;
use crate::ann::inspect::attribution::{self, Attribution};
use crate::ann::inspect::effective::{Effective, Sampler};
use crate::ann::inspect::product::{self, Formula};
use crate::ann::inspect::{Dissection, Trace, Unit};
use crate::ann::ops::loss::softmax;
use crate::ann::scores::Scores;
use crate::ann::zoo::Layer;
use crate::core::decision::unique_max;
use crate::data::{Dataset, PIXELS, Pixels, synthetic};
use crate::workers::events::Events;
use crate::workers::models::Model;
use crate::workers::thread::answering::{Answer, Answering, Reply};

/// Pictures that an effective field is averaged over; fewer where each unit sees
/// the whole picture and so costs a whole pass.
pub const PATCHES: usize = 32;
pub const WHOLE_PICTURES: usize = 12;

/// What to look at.
#[derive(Clone)]
pub struct InspectionQuestion {
    /// Counts the looks; a sight carries its look's number.
    pub serial: u64,
    /// The 28×28 picture.
    pub pixels: Box<Pixels>,
    /// The network that is looked into.
    pub model: Arc<Model>,
    /// The unit whose sum is wanted with all its products.
    pub sum: Option<Unit>,
    /// The unit whose effective field is wanted.
    pub field: Option<Unit>,
    /// The networks that are asked why, and about which class (their own answer,
    /// if none is named).
    pub why: Vec<Arc<Model>>,
    pub class: Option<usize>,
    /// Digits to average over; some of our own, if none are at hand.
    pub data: Option<Arc<Dataset>>,
}

/// Why one model answers as it does.
#[derive(Clone)]
pub struct Reason {
    /// Whose.
    pub model: Arc<Model>,
    /// All its probabilities.
    pub probabilities: Scores,
    /// Gradient × input of the class asked about.
    pub attribution: Arc<Attribution>,
    /// Time it took, ms.
    pub took_ms: f32,
}

/// What was seen.
#[derive(Clone, Default)]
pub struct Inspection {
    /// [`InspectionQuestion::serial`]; 0 before the first.
    pub serial: u64,
    /// Counts the changes of what the layers say; textures go by it.
    pub revision: u64,
    /// The model's layers.
    pub anatomy: Option<Arc<Anatomy>>,
    /// The picture, then what comes out of each layer of the declaration.
    pub trace: Arc<Trace>,
    /// The model's answer.
    pub probabilities: Scores,
    /// A unit's sum.
    pub sum: Option<(Unit, Arc<Formula>)>,
    /// A unit's effective field; its place does not matter.
    pub field: Option<(Unit, Arc<Effective>)>,
    /// In the order asked.
    pub why: Vec<Reason>,
    /// Time that the layers took, ms.
    pub took_ms: f32,
}

impl Answer<InspectionQuestion> for Inspection {
    fn failure(why: &str) -> String {
        format!("Looking inside failed: {why}. Nothing was lost.")
    }
}

/// Starts the thread.
pub(super) fn start(events: Events) -> std::io::Result<Answering<InspectionQuestion, Inspection>> {
    Answering::spawn("inspect", events, || {
        let mut memory = Memory::default();
        move |look: &InspectionQuestion, _: &Reply<InspectionQuestion, Inspection>| {
            Ok(Some(memory.look(look)))
        }
    })
}

/// What is kept from look to look.
#[derive(Default)]
struct Memory {
    last: Inspection,
    pixels: Option<Box<Pixels>>,
    /// By layer and channel of the model in view.
    fields: BTreeMap<(usize, usize), Arc<Effective>>,
    /// Digits that the fields were averaged over.
    averaged: Option<Arc<Dataset>>,
    own: Option<Arc<Dataset>>,
}

impl Memory {
    fn look(&mut self, look: &InspectionQuestion) -> Inspection {
        let same_model =
            self.last.anatomy.as_ref().is_some_and(|a| Arc::ptr_eq(&a.model, &look.model));
        let taken = Dissection::new(&look.model.network);
        if !same_model {
            self.last.anatomy = Some(Arc::new(Anatomy::of(&look.model)));
            self.fields.clear();
        }
        if !same_model || self.pixels.as_deref() != Some(&*look.pixels) {
            let begun = Instant::now();
            let trace = taken.forward(&*look.pixels, 1);
            self.last.probabilities = shares(&trace);
            self.last.took_ms = begun.elapsed().as_secs_f32() * 1e3;
            self.last.trace = Arc::new(trace);
            self.last.revision += 1;
            self.pixels = Some(look.pixels.clone());
        }
        // A session may name a unit that is not there.
        self.last.sum = look.sum.filter(|unit| taken.has(*unit)).and_then(|unit| {
            let formula = product::of(&taken, &self.last.trace, unit)?;
            Some((unit, Arc::new(formula)))
        });
        let field = look.field.filter(|unit| taken.has(*unit));
        self.last.field = field.map(|unit| (unit, self.field(look, unit)));
        self.last.why = look.why.iter().map(|m| reason(m, &look.pixels, look.class)).collect();
        self.last.serial = look.serial;
        self.last.clone()
    }

    fn field(&mut self, look: &InspectionQuestion, unit: Unit) -> Arc<Effective> {
        let data = look.data.clone().unwrap_or_else(|| {
            let own = self.own.get_or_insert_with(|| Arc::new(synthetic::generate(1, PATCHES)));
            Arc::clone(own)
        });
        if self.averaged.as_ref().is_none_or(|d| !Arc::ptr_eq(d, &data)) {
            self.fields.clear();
            self.averaged = Some(Arc::clone(&data));
        }
        let key = (unit.layer, unit.channel);
        let found = self.fields.entry(key).or_insert_with(|| {
            Arc::new(sampler(&look.model, unit.layer, &data).field(unit.channel))
        });
        Arc::clone(found)
    }
}

/// For the effective fields of one layer.
pub fn sampler<'a>(model: &'a Model, layer: usize, data: &Dataset) -> Sampler<'a> {
    let layers = (model.network.architecture().layers)();
    let maps = layers[..=layer].iter().all(|l| matches!(l, Layer::Conv { .. } | Layer::MaxPool));
    Sampler::new(&model.network, layer, data, if maps { PATCHES } else { WHOLE_PICTURES })
}

/// The probabilities of the one picture of a trace.
fn shares(trace: &Trace) -> Scores {
    let mut shares = Scores::new(trace.logits());
    softmax(&mut shares);
    shares
}

/// Why a model answers as it does.
pub fn reason(model: &Arc<Model>, pixels: &[f32; PIXELS], class: Option<usize>) -> Reason {
    let begun = Instant::now();
    let taken = Dissection::new(&model.network);
    let trace = taken.forward(pixels, 1);
    let probabilities = shares(&trace);
    let class = class.or_else(|| unique_max(&probabilities)).unwrap_or(0);
    let attribution = Arc::new(attribution::of(&taken, &trace, class));
    let took_ms = begun.elapsed().as_secs_f32() * 1e3;
    Reason { model: Arc::clone(model), probabilities, attribution, took_ms }
}

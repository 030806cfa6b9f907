//! The `deep spikes` thread: one digit in a deep network of spikes, step by step; and the
//! survey of many, which ends each decision as soon as the network is sure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::events::{Event, Events};
use super::models::{Model, Models, Origin};
use super::thread::answering::{Answer, Answering, Reply};
use super::thread::latest::Slot;
use crate::ann::network::Network;
use crate::ann::ops::conv_stdp::ConvStdp;
use crate::ann::ops::conv_stdp::learn::Competition;
use crate::ann::ops::conv_stdp::look::{Look, Preferred};
use crate::ann::ops::spiking::surrogate::Surrogate;
use crate::ann::spare_threads;
use crate::ann::spiking::activity::{Activity, activity};
use crate::ann::spiking::early::{Course, courses};
use crate::ann::spiking::look::{
    Aim, Eligibility, LayerWatch, Watched, credit, eligibility, first_spikes, watch,
};
use crate::ann::spiking::places;
use crate::ann::zoo::{Layer, Spiking};
use crate::core::panics::guarded;
use crate::data::registry::Split;
use crate::data::{CLASSES, Dataset, Pixels};

/// Digits between two looks at a survey.
const CHUNK: usize = 100;
/// Digits that rates and operations are counted on.
const COUNTED: usize = 500;
/// Certainties at which a decision may be stopped, from any answer at all to never.
pub const THRESHOLDS: [f32; 14] =
    [0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.01];

/// What one can look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Leaky integrate-and-fire neurons over a number of steps.
    Steps,
    /// Neurons that fire once: the first class to fire is the answer.
    FirstSpike,
    /// Convolutions of neurons that fire once, which learned by STDP.
    ConvStdp,
}

/// The family of a network of ten classes; `None` where there are no spikes in it.
pub fn family(network: &Network) -> Option<Family> {
    if network.classes() != CLASSES {
        return None;
    }
    let layers = (network.architecture().layers)();
    if matches!(layers[..], [Layer::Spiking(Spiking::FirstSpike { .. })]) {
        return Some(Family::FirstSpike);
    }
    if conv_stdp(network).is_some() {
        return Some(Family::ConvStdp);
    }
    (!places(network).is_empty()).then_some(Family::Steps)
}

/// The operation of a network that learned by STDP.
fn conv_stdp(network: &Network) -> Option<ConvStdp> {
    match (network.architecture().layers)()[..] {
        [Layer::ConvStdp(design)] => Some(ConvStdp::new(network.plan().isa, *design)),
        _ => None,
    }
}

/// What the maps of a network in training prefer at some moment.
#[derive(Clone, Default)]
pub struct LiveFilters {
    /// How far the run was: `0.4` epochs.
    pub epochs: String,
    /// `None` before the first moment.
    pub filters: Option<Arc<Filters>>,
}

impl Answer<Arc<Model>> for LiveFilters {
    fn failure(why: &str) -> String {
        format!("The filters of the network in training could not be shown: {why}. It goes on.")
    }
}

/// What is asked.
#[derive(Clone)]
pub struct DeepQuestion {
    /// Counts the questions; the answer carries its question's number.
    pub number: u64,
    /// The network.
    pub model: Arc<Model>,
    /// The digit.
    pub picture: Pixels,
    /// The class whose credit is asked for; `None`: the one that it answers.
    pub class: Option<usize>,
    /// The neuron looked at: layer and unit. Its traces are given, and, if `of_unit`, its
    /// credit instead of the class's.
    pub unit: (usize, usize),
    pub of_unit: bool,
    /// What stands for the derivative of a spike.
    pub surrogate: Surrogate,
    /// Whether traces are filtered as the read-out filters spikes.
    pub filtered: bool,
}

/// What is known of a digit.
#[derive(Clone, Default)]
pub struct DeepLook {
    /// [`DeepQuestion::number`]; 0 before the first.
    pub number: u64,
    /// Key of the network.
    pub key: String,
    /// Spikes, membranes and currents of all layers; `None` for neurons that fire once.
    pub watched: Option<Watched>,
    /// The answer after each step.
    pub course: Course,
    /// The class whose credit it is.
    pub class: Option<usize>,
    /// Of each layer, the neurons that spike, the first ones first; all where none does.
    pub spiking: Vec<Vec<usize>>,
    /// Credit of each layer.
    pub credit: Vec<LayerCredit>,
    /// Traces at the neuron looked at.
    pub traces: Option<Eligibility>,
    /// When each neuron fires, in time constants, of a network that fires once.
    pub times: Option<Vec<Vec<Option<f32>>>>,
    /// The volley through convolutions that learned by STDP.
    pub volley: Option<Volley>,
}

/// Credit of a layer, and what of it is shown.
#[derive(Clone, Debug, Default)]
pub struct LayerCredit {
    /// `(step, unit)`; empty where none arrives.
    pub values: Vec<f32>,
    /// Neurons from the largest sum to the smallest.
    pub order: Vec<usize>,
    /// The largest size of a number.
    pub most: f32,
    /// Share of neurons whose credit is below a thousandth of the largest at all steps,
    /// percent.
    pub starved: f32,
}

impl LayerCredit {
    fn new(values: Vec<f32>, units: usize) -> Self {
        let units = units.max(1);
        let (mut sums, mut sizes) = (vec![0f32; units], vec![0f32; units]);
        for step in values.chunks_exact(units) {
            sums.iter_mut().zip(step).for_each(|(s, v)| *s += v);
            sizes.iter_mut().zip(step).for_each(|(m, v)| *m = m.max(v.abs()));
        }
        let mut order: Vec<usize> = (0..units).collect();
        order.sort_by(|a, b| sums[*b].total_cmp(&sums[*a]));
        let most = sizes.iter().copied().fold(0f32, f32::max);
        let few = sizes.iter().filter(|m| **m <= most / 1000.0).count();
        let starved = 100.0 * few as f32 / units as f32;
        Self { values, order, most, starved }
    }
}

/// A picture in convolutions that learned by STDP, and what these prefer.
#[derive(Clone)]
pub struct Volley {
    /// Spikes, winners, the answer.
    pub look: Arc<Look>,
    /// What their maps prefer.
    pub filters: Arc<Filters>,
}

/// What the maps of two convolutions prefer.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// A patch of pixels for each map, by layer.
    pub patches: [Vec<Preferred>; 2],
    /// The mean of w(1 − w) over each layer's weights, 0 to 0.25: near 0 it has settled.
    pub unsettled: [f32; 2],
}

/// Neurons that would learn from a picture, as the rule usually has it: five of the first
/// layer, eight of the second, apart from each other.
const COMPETITION: [Competition; 2] =
    [Competition { winners: 5, radius: 2 }, Competition { winners: 8, radius: 1 }];

fn filters(op: &ConvStdp, parameters: &[f32]) -> Filters {
    let unsettled = |layer: usize| {
        let weights = &parameters[op.weights(layer)];
        weights.iter().map(|w| w * (1.0 - w)).sum::<f32>() / weights.len().max(1) as f32
    };
    Filters {
        patches: [op.all_preferred(parameters, 0), op.all_preferred(parameters, 1)],
        unsettled: [unsettled(0), unsettled(1)],
    }
}

impl Answer<DeepQuestion> for DeepLook {
    fn failure(why: &str) -> String {
        format!(
            "What this network does at the digit could not be computed: {why}. Choose another network or digit."
        )
    }

    fn failed(question: &DeepQuestion, _failure: String) -> Option<Self> {
        Some(Self { number: question.number, key: question.model.key.clone(), ..Self::default() })
    }
}

/// What a model's maps prefer, as it was last worked out.
type Known = Option<(Arc<Model>, Arc<Filters>)>;

/// One digit in one network.
fn look(question: &DeepQuestion, known: &Known) -> DeepLook {
    let DeepQuestion { model, picture, class, unit, of_unit, surrogate, filtered, .. } = question;
    let network = &model.network;
    let mut look =
        DeepLook { number: question.number, key: model.key.clone(), ..DeepLook::default() };
    look.times = first_spikes(network, picture);
    if let Some(op) = conv_stdp(network) {
        let parameters = network.step_parameters(0);
        let known = known.as_ref().filter(|(of, _)| Arc::ptr_eq(of, model));
        let filters = match known {
            Some((_, filters)) => Arc::clone(filters),
            None => Arc::new(filters(&op, parameters)),
        };
        let seen = Arc::new(op.look(parameters, picture, COMPETITION));
        look.volley = Some(Volley { look: seen, filters });
    }
    let Some(watched) = watch(network, picture) else { return look };
    look.course = Course::of(&watched);
    let answered = look.course.digits.last().copied().flatten().map(usize::from);
    look.class = class.or(answered);
    let aim = match look.class {
        _ if *of_unit => Some(Aim::Neuron { layer: unit.0, unit: unit.1 }),
        class => class.map(Aim::Class),
    };
    if let Some(aim) = aim {
        let all = credit(network, picture, &watched, aim, *surrogate);
        let layers = all.into_iter().zip(&watched.layers);
        look.credit = layers.map(|(values, l)| LayerCredit::new(values, l.units())).collect();
    }
    look.traces = eligibility(network, picture, &watched, *unit, *surrogate, *filtered);
    look.spiking = watched.layers.iter().map(LayerWatch::by_first_spike).collect();
    look.watched = Some(watched);
    look
}

/// What one network did at the digits of a survey.
#[derive(Clone, Debug, Default)]
pub struct Surveyed {
    /// Key and name.
    pub key: String,
    pub name: String,
    /// Digits it was shown.
    pub digits: u64,
    /// Right answers after each step, for all alike.
    pub right: Vec<u64>,
    /// By threshold: right answers, steps and spikes until it stopped.
    pub stopped: Vec<[u64; 3]>,
    /// Rates and operations, on the first digits.
    pub activity: Option<Activity>,
}

impl Surveyed {
    fn new(model: &Model) -> Self {
        Self {
            key: model.key.clone(),
            name: model.name.clone(),
            stopped: vec![[0; 3]; THRESHOLDS.len()],
            ..Self::default()
        }
    }

    fn add(&mut self, courses: &[Course], labels: &[u8]) {
        for (course, label) in courses.iter().zip(labels) {
            self.right.resize(course.digits.len(), 0);
            for (right, digit) in self.right.iter_mut().zip(&course.digits) {
                *right += u64::from(*digit == Some(*label));
            }
            for (sums, threshold) in self.stopped.iter_mut().zip(THRESHOLDS) {
                let at = course.stop(threshold);
                sums[0] += u64::from(course.digits.get(at) == Some(&Some(*label)));
                sums[1] += at as u64 + 1;
                sums[2] += u64::from(course.spikes.get(at).copied().unwrap_or(0));
            }
            self.digits += 1;
        }
    }

    /// Share of right answers after so many steps, 0 to 1.
    pub fn accuracy(&self, steps: usize) -> f64 {
        let right = steps.checked_sub(1).and_then(|t| self.right.get(t)).copied().unwrap_or(0);
        right as f64 / self.digits.max(1) as f64
    }

    /// Steps of the network.
    pub fn steps(&self) -> usize {
        self.right.len()
    }

    /// Stopped at this certainty: share of right answers, mean steps, mean spikes.
    pub fn at(&self, threshold: usize) -> [f64; 3] {
        let sums = self.stopped.get(threshold).copied().unwrap_or_default();
        sums.map(|s| s as f64 / self.digits.max(1) as f64)
    }
}

/// What one network does at the first digits of a set, on the threads of the current pool.
pub fn survey_first(model: &Model, data: &Dataset, digits: usize) -> Surveyed {
    let mut surveyed = Surveyed::new(model);
    let n = digits.min(data.len());
    for from in (0..n).step_by(CHUNK) {
        let to = (from + CHUNK).min(n);
        let pictures: Vec<Pixels> = (from..to).map(|i| data.pixels(i)).collect();
        let labels: Vec<u8> = (from..to).map(|i| data.label(i)).collect();
        surveyed.add(&courses(&model.network, &pictures), &labels);
    }
    let first: Vec<Pixels> = (0..n.min(COUNTED)).map(|i| data.pixels(i)).collect();
    surveyed.activity = activity(&model.network, &first);
    surveyed
}

/// A survey.
#[derive(Clone, Debug, Default)]
pub struct DeepSurvey {
    /// Id of the source; empty before the first survey.
    pub source: &'static str,
    /// Digits done, of how many.
    pub done: usize,
    pub total: usize,
    /// Whether it is going on.
    pub running: bool,
    /// By network.
    pub networks: Vec<Surveyed>,
}

/// Both threads, from the window's side. Dropped, they end.
pub struct DeepSpikes {
    looking: Answering<DeepQuestion, DeepLook>,
    live: Answering<Arc<Model>, LiveFilters>,
    survey: Arc<Slot<DeepSurvey>>,
    cancel: Arc<AtomicBool>,
    events: Events,
}

impl DeepSpikes {
    /// Starts the thread that shows the current digit.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let looking = Answering::spawn("deep spikes", events.clone(), || {
            let mut known: Known = None;
            move |question: &DeepQuestion, _: &Reply<DeepQuestion, DeepLook>| {
                let look = look(question, &known);
                known = look
                    .volley
                    .as_ref()
                    .map(|v| (Arc::clone(&question.model), Arc::clone(&v.filters)));
                Ok(Some(look))
            }
        })?;
        let live = Answering::spawn("filters", events.clone(), || {
            |model: &Arc<Model>, _: &Reply<Arc<Model>, LiveFilters>| {
                let (Some(op), Origin::Live { epochs }) =
                    (conv_stdp(&model.network), &model.origin)
                else {
                    return Ok(None);
                };
                let filters = Some(Arc::new(filters(&op, model.network.step_parameters(0))));
                Ok(Some(LiveFilters { epochs: epochs.clone(), filters }))
            }
        })?;
        let survey = Arc::new(Slot::new(DeepSurvey::default()));
        Ok(Self { looking, live, survey, cancel: Arc::default(), events })
    }

    /// Has a digit shown; an earlier question that was not begun is forgotten.
    pub fn ask(&self, question: DeepQuestion) {
        self.looking.ask(question);
    }

    /// The newest answer.
    pub fn answer(&self) -> Arc<DeepLook> {
        self.looking.answer()
    }

    /// Has the filters of the network in training worked out.
    pub fn ask_live(&self, model: Arc<Model>) {
        self.live.ask(model);
    }

    /// The newest of these.
    pub fn live(&self) -> Arc<LiveFilters> {
        self.live.answer()
    }

    /// Begins a survey of the test digits, unless one is going on.
    pub fn start_survey(&self, source: &'static str, split: &Split, models: &Models) {
        if self.survey.get().running {
            return;
        }
        let test = Arc::clone(&split.test);
        let able = |m: &&Arc<Model>| {
            family(&m.network) == Some(Family::Steps) && m.metadata.classes == *test.classes()
        };
        let models: Vec<_> = models.iter().filter(able).cloned().collect();
        if models.is_empty() {
            return self.events.send(Event::Failure(super::reading::NOBODY.into()));
        }
        let (cancel, view) = (Arc::clone(&self.cancel), Arc::clone(&self.survey));
        if let Err(error) = survey((source, test), models, cancel, view, self.events.clone()) {
            self.survey.put(DeepSurvey::default());
            self.events.send(Event::Failure(format!("The survey could not start: {error}")));
        }
    }

    /// Ends the survey, keeping what it has counted.
    pub fn stop_survey(&self) {
        self.cancel.store(true, Relaxed);
    }

    /// How far the survey is, and what it counted.
    pub fn survey(&self) -> Arc<DeepSurvey> {
        self.survey.get()
    }
}

impl Drop for DeepSpikes {
    fn drop(&mut self) {
        self.stop_survey();
    }
}

/// Shows the test digits on a thread of its own, until `cancel` is set. What was counted
/// until then is kept.
fn survey(
    (source, test): (&'static str, Arc<Dataset>),
    models: Vec<Arc<Model>>,
    cancel: Arc<AtomicBool>,
    view: Arc<Slot<DeepSurvey>>,
    events: Events,
) -> std::io::Result<()> {
    cancel.store(false, Relaxed);
    let mut survey = DeepSurvey {
        source,
        total: test.len(),
        running: true,
        networks: models.iter().map(|m| Surveyed::new(m)).collect(),
        ..DeepSurvey::default()
    };
    view.put(survey.clone());
    let work = move || {
        let counted = guarded(|| {
            let pool = crate::ann::pool(spare_threads());
            let Ok(pool) = pool else { return };
            while survey.done < survey.total && !cancel.load(Relaxed) {
                pool.install(|| chunk(&mut survey, &test, &models));
                view.put(survey.clone());
                events.wake();
            }
        });
        if let Err(why) = counted {
            events.send(Event::Failure(format!(
                "Showing the test digits ended early: {why}. What was counted is kept."
            )));
        }
        view.put(DeepSurvey { running: false, ..(*view.get()).clone() });
        events.wake();
    };
    std::thread::Builder::new().name("deep survey".into()).spawn(work).map(|_| ())
}

fn chunk(survey: &mut DeepSurvey, test: &Dataset, models: &[Arc<Model>]) {
    let to = (survey.done + CHUNK).min(survey.total);
    let pictures: Vec<Pixels> = (survey.done..to).map(|i| test.pixels(i)).collect();
    let labels: Vec<u8> = (survey.done..to).map(|i| test.label(i)).collect();
    for (surveyed, model) in survey.networks.iter_mut().zip(models) {
        surveyed.add(&courses(&model.network, &pictures), &labels);
    }
    survey.done = to;
    // Once there are enough of them, or no more.
    if survey.networks.iter().all(|n| n.activity.is_none())
        && (survey.done >= COUNTED || survey.done == survey.total)
    {
        let first: Vec<Pixels> = (0..survey.done.min(COUNTED)).map(|i| test.pixels(i)).collect();
        for (surveyed, model) in survey.networks.iter_mut().zip(models) {
            surveyed.activity = activity(&model.network, &first);
        }
    }
}

#[cfg(test)]
mod tests;

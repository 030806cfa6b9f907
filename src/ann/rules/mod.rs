//! The learning rules: how a layer gets to know its error. One file and one line in
//! [`RULES`] each.
//!
//! Backpropagation sends the errors of a layer back over exactly the weights over which
//! activity went forward. The others do without:
//!
//! * *One family* differs only in the way back, [`Way`]: the transposed weights
//!   ([`backpropagation`]), a fixed random matrix ([`feedback_alignment`]), the output's
//!   error directly ([`direct`]), the weights' signs ([`sign_symmetry`]), a second matrix
//!   that learns ([`kolen_pollack`], [`weight_mirror`]), nothing ([`shallow`]).
//! * The others make no such pass: [`equilibrium`] compares two phases in which the
//!   network settles, [`predictive`] lets activities relax until predictions fit, and
//!   [`forward_forward`] compares two passes forward.
//! * Networks of spikes have theirs: [`surrogate_gradient`] goes back through time,
//!   [`eprop`] only forward, [`spike_times`] has one spike per neuron to differentiate.
//! * [`contrastive`] compares two phases of spikes, as [`equilibrium`] does of states.
//! * [`stdp`] and [`reward_stdp`] train networks of spikes, layer by layer.
//! * [`energy`] trains a generative network: neurons move, and synapses follow.
//!
//! All run in the trainer's loop on the same operations; [`super::learner`] has the
//! step. [`probe`] measures how far an update is from the true gradient, [`disturbance`]
//! what can be done to errors on their way, [`passage`] what one digit sends where.

pub mod backpropagation;
pub mod contrastive;
pub mod direct;
pub mod disturbance;
pub mod energy;
pub mod eprop;
pub mod equilibrium;
pub mod feedback_alignment;
pub mod forward_forward;
pub mod kolen_pollack;
pub mod passage;
pub mod predictive;
pub mod probe;
pub mod reward_stdp;
pub mod shallow;
pub mod sign_symmetry;
pub mod spike_times;
pub mod stdp;
pub mod surrogate_gradient;
#[cfg(test)]
mod tests;
pub mod weight_mirror;

use super::tap::Tapped;
use disturbance::Disturbance;
use serde::{Deserialize, Serialize};

use super::AnnError;
use super::buffer::Buffer;
use super::learner::{Job, PartMemory};
use super::network::Network;
use super::ops::conv_stdp::Answer;
use super::optimiser::{OptimiserConfig, OptimiserState};
use super::plan::Plan;
use super::zoo::{Activation, Architecture, Family, Kind, Layer};
use crate::core::bounds::{Bounded, Bounds};
use crate::core::param::{Param, Values};
use crate::core::rng::Rng;
use crate::data::CLASSES;

/// A rule's declaration.
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// How it works and who described it.
    pub doc: &'static str,
    /// What travels backwards, in some words: `the transposed weights`.
    pub way_back: &'static str,
    /// Its parameters.
    pub parameters: &'static [Param],
    /// The kind of network that it trains.
    pub kind: Kind,
    /// The optimisers that it works with, by their ids; empty: any.
    pub optimisers: &'static [&'static str],
    /// Why only these.
    pub why: &'static str,
    /// The optimiser and learning rate that worked best on held-out digits.
    pub usual: fn() -> OptimiserConfig,
    /// Layers, batches and epochs that worked best there.
    pub recipe: Recipe,
    /// Whether errors travel from layer to layer, so that they can be disturbed.
    pub sends_errors: bool,
    /// Whether activities take time to find their values before synapses learn.
    pub relaxes: bool,
    /// Begins a run.
    begin: fn(&Start<'_>) -> Box<dyn Method>,
}

/// How a rule is trained by itself, to see how far it comes.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Units of the hidden layers.
    pub hidden: &'static [usize],
    /// Of the hidden units.
    pub activation: Activation,
    /// Digits per update.
    pub batch: usize,
    /// Passes over the digits.
    pub epochs: usize,
    /// Epochs at the end whose weights are averaged.
    pub average: usize,
}

impl Recipe {
    const fn new(hidden: &'static [usize], batch: usize, epochs: usize) -> Self {
        Self { hidden, activation: Activation::Relu, batch, epochs, average: 5 }
    }

    const fn tanh(self) -> Self {
        Self { activation: Activation::Tanh, ..self }
    }
}

/// The rules for networks without spikes, in the order of the story.
pub static RULES: &[&Rule] = &[
    &backpropagation::RULE,
    &feedback_alignment::RULE,
    &direct::RULE,
    &sign_symmetry::RULE,
    &kolen_pollack::RULE,
    &weight_mirror::RULE,
    &shallow::RULE,
    &equilibrium::RULE,
    &predictive::RULE,
    &forward_forward::RULE,
    &surrogate_gradient::RULE,
    &eprop::RULE,
    &spike_times::RULE,
];

/// Those that train convolutions of spikes layer by layer, each for a kind of its own.
pub static LAYERED: &[&Rule] = &[&stdp::RULE, &reward_stdp::RULE];

/// Those that train networks which imagine.
pub static GENERATIVE: &[&Rule] = &[&energy::RULE];

/// Those for spikes with connections both ways, from one hidden layer.
pub static BOTH_WAYS: &[&Rule] = &[&contrastive::RULE];

/// All rules: [`RULES`], [`LAYERED`], [`BOTH_WAYS`] and [`GENERATIVE`].
pub fn all() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain(LAYERED).chain(BOTH_WAYS).chain(GENERATIVE).copied()
}

/// The rule that suits a network where none is asked for.
pub fn usual_for(architecture: &Architecture) -> &'static Rule {
    let is = |kind: Kind| kind.is_of(&(architecture.layers)());
    let kinds = [
        Kind::Spiking,
        Kind::FirstSpike,
        Kind::BothWays,
        Kind::Settling,
        Kind::Goodness,
        Kind::Energy,
        Kind::ConvStdp,
        Kind::ConvReward,
    ];
    let kind = kinds.into_iter().find(|kind| is(*kind)).unwrap_or(Kind::Dense);
    all().find(|rule| rule.kind == kind).unwrap_or(RULES[0])
}

/// The rule of this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|r| r.id == id)
}

/// What the epochs of a part of a run are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What learns.
    pub name: &'static str,
    /// What is recorded as the loss.
    pub measure: &'static str,
    /// Whether answers are counted; if not, the share of right ones is recorded as zero.
    pub answers: bool,
}

impl Stage {
    /// What learns, and what is recorded, where that is not simply all of the network.
    pub fn text(&self) -> Option<String> {
        (self.name != WHOLE.name).then(|| format!("{}: {}", self.name, self.measure))
    }
}

/// All of a network learns, and answers.
const WHOLE: Stage = Stage { name: "all layers", measure: "cross-entropy, nats", answers: true };

/// What a run begins with.
pub struct Start<'a> {
    /// The rule's parameters, in the order declared.
    pub values: &'a [f32],
    /// With its initial weights.
    pub network: &'a Network,
    /// How its weights are updated.
    pub optimiser: &'a OptimiserConfig,
    /// Of the run.
    pub seed: u64,
}

/// How the error of the layer below is made from that of a layer.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    /// Over the layer's own weights, transposed.
    Transposed,
    /// Over another matrix, which lies as the weights do: `(inputs, units)`.
    Matrix(&'a [f32]),
    /// From the error of the classes, over a matrix `(10, inputs)`.
    FromOutput(&'a [f32]),
    /// Not at all: the error below is zero.
    Nothing,
}

/// A matrix on the way back, by the step of the plan whose weights it stands beside.
pub struct Reverse<'a> {
    /// By step; empty where there is none.
    pub matrices: &'a mut [Buffer],
    /// Gives them the same steps as the weights.
    pub optimiser: &'a mut OptimiserState,
    /// What is left of both after a step's decay.
    pub keeps: f32,
}

/// A rule at work, with its state.
pub trait Method: Send + Sync {
    /// The way from a step of the plan to the one before it.
    fn way(&self, _step: usize) -> Way<'_> {
        Way::Transposed
    }

    /// Takes a part of a mini-batch through: afterwards `planes` has the activity
    /// before, `gradients` the error behind each step (or `keep` what the operation
    /// makes its gradient of), and loss and right answers are known.
    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        part.forward(job);
        part.judge(job.batch);
        part.back(job, |step| self.way(step));
    }

    /// Numbers of memory of its own that a part of up to `n` pictures needs.
    fn memory(&self, _plan: &Plan, _n: usize) -> usize {
        0
    }

    /// Before the first mini-batch of an epoch, or of what is left of one; epochs count
    /// from 0.
    fn begin_epoch(&mut self, _epoch: usize) {}

    /// Whether this mini-batch changes weights by a gradient, with the optimiser.
    fn has_gradient(&self) -> bool {
        true
    }

    /// After the weights were updated; `batch` is the size of the mini-batch. A rule that
    /// learns picture by picture does so here.
    ///
    /// # Errors
    /// [`AnnError::Diverged`] when its own state did.
    fn after(
        &mut self,
        _network: &mut Network,
        _parts: &mut [PartMemory],
        _batch: usize,
        _address: (u64, u64),
    ) -> Result<(), AnnError> {
        Ok(())
    }

    /// Brings its own matrices into line with the weights, where they follow from these
    /// otherwise than by what an update sends.
    fn renew(&mut self, _network: &Network, _address: (u64, u64), _tap: Tapped<'_>) {}

    /// The matrices that learn with the weights.
    fn reverse(&mut self) -> Option<Reverse<'_>> {
        None
    }

    /// The feedback matrices, by step of the plan; empty where there is none.
    fn matrices(&self) -> &[Buffer] {
        &[]
    }

    /// The same, to bring them back from a checkpoint.
    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut []
    }

    /// What else goes on with the run: what the optimiser of its own keeps.
    fn optimiser(&self) -> Option<&OptimiserState> {
        None
    }

    /// The same, to bring it back from a checkpoint.
    fn optimiser_mut(&mut self) -> Option<&mut OptimiserState> {
        None
    }

    /// The angle between what the rule does and the true gradient, by layer, degrees;
    /// `None` where there is no gradient to compare with.
    fn angles(&self, looked: &probe::Digits<'_>, disturbance: &Disturbance) -> Vec<Option<f64>> {
        probe::family_angles(self, looked, disturbance)
    }

    /// A copy that looks and does not learn.
    fn copy(&self) -> Box<dyn Method>;
}

/// Errors go back over matrices that never change.
struct Fixed {
    matrices: Vec<Buffer>,
    /// How a step's error gets over them.
    way: fn(&[Buffer], usize) -> Way<'_>,
}

impl Method for Fixed {
    fn way(&self, step: usize) -> Way<'_> {
        (self.way)(&self.matrices, step)
    }

    fn matrices(&self) -> &[Buffer] {
        &self.matrices
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.matrices
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(Self { matrices: self.matrices.clone(), way: self.way })
    }
}

/// A rule with its parameters' values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleConfig {
    id: String,
    values: Values,
}

impl Default for RuleConfig {
    /// Backpropagation.
    fn default() -> Self {
        Self::of(RULES[0])
    }
}

impl Bounded for RuleConfig {
    /// An unknown rule becomes backpropagation; each has the values that it declares, and
    /// no others.
    fn bound(&mut self, to: &mut Bounds) {
        let declared = find(&self.id);
        to.id("id", &mut self.id, |_| declared.is_some(), RULES[0].id);
        let Some(declared) = declared else {
            *self = Self::default();
            return;
        };
        self.values.bound(declared.parameters, to);
    }
}

impl RuleConfig {
    /// A rule with its usual values.
    pub fn of(rule: &Rule) -> Self {
        Self { id: rule.id.to_owned(), values: Values::usual(rule.parameters) }
    }

    /// The rule's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is backpropagation.
    pub fn is_backpropagation(&self) -> bool {
        self.id == RULES[0].id
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.get(name)
    }

    /// Sets a parameter, if there is one of this name.
    pub fn set(&mut self, name: &str, value: f64) {
        self.values.set(name, value);
    }

    /// The declaration, with the values in its order, each checked.
    ///
    /// # Errors
    /// [`AnnError::Setting`] for an unknown id or a value out of its range.
    pub fn resolve(&self) -> Result<(&'static Rule, Vec<f32>), AnnError> {
        let rule = find(&self.id).ok_or_else(|| AnnError::Setting {
            what: "the learning rule".into(),
            value: self.id.clone(),
            range: all().map(|r| r.id).collect::<Vec<_>>().join(", "),
        })?;
        let values = self.values.checked(rule.parameters).map_err(|(p, v)| AnnError::Setting {
            what: format!("{} of {}", p.label, rule.name),
            value: v.to_string(),
            range: p.range_text(),
        })?;
        Ok((rule, values))
    }

    /// Whether the rule can train this network, with this optimiser, on this device.
    ///
    /// # Errors
    /// [`AnnError::Rule`], saying why not and what to do.
    pub fn check(
        &self,
        architecture: &Architecture,
        optimiser: &OptimiserConfig,
        device: &str,
    ) -> Result<(), AnnError> {
        let (rule, _) = self.resolve()?;
        rule.fits(architecture, optimiser.id(), device)
            .map_err(|reason| AnnError::Rule { rule: rule.name, reason })
    }

    /// What an epoch, from 0, is for.
    pub fn stage(&self, epoch: usize) -> Stage {
        let Ok((rule, values)) = self.resolve() else { return WHOLE };
        match rule.kind {
            Kind::ConvStdp => stdp::stage(&values, epoch, Stage { name: "read-out", ..WHOLE }),
            Kind::ConvReward => {
                let measure = "share of wrong answers";
                stdp::stage(&values, epoch, Stage { name: "layer 3", measure, ..WHOLE })
            }
            _ => WHOLE,
        }
    }

    /// Begins a run.
    ///
    /// # Errors
    /// [`AnnError::Setting`].
    pub fn begin(
        &self,
        network: &Network,
        optimiser: &OptimiserConfig,
        seed: u64,
    ) -> Result<Box<dyn Method>, AnnError> {
        let (rule, values) = self.resolve()?;
        Ok((rule.begin)(&Start { values: &values, network, optimiser, seed }))
    }
}

impl Rule {
    /// Its name within a sentence: names of people keep their capitals.
    pub fn in_a_sentence(&self) -> String {
        if self.id == kolen_pollack::RULE.id {
            return self.name.to_owned();
        }
        let mut letters = self.name.chars();
        match (letters.next(), letters.clone().next()) {
            // An abbreviation keeps its capitals.
            (Some(_), Some(second)) if second.is_uppercase() => self.name.to_owned(),
            (Some(first), _) => first.to_lowercase().chain(letters).collect(),
            (None, _) => String::new(),
        }
    }

    /// Whether it can train this network, with this optimiser, on this device; if not,
    /// why, and what to do.
    ///
    /// # Errors
    /// The reason, as a sentence without its full stop.
    pub fn fits(
        &self,
        architecture: &Architecture,
        optimiser: &str,
        device: &str,
    ) -> Result<(), String> {
        let layers = (architecture.layers)();
        let is = |kind: Kind| kind.is_of(&layers);
        let (settles, compares) = (is(Kind::Settling), is(Kind::Goodness));
        let imagines = is(Kind::Energy);
        let (spikes, fires_once) = (is(Kind::Spiking), is(Kind::FirstSpike));
        let both_ways = is(Kind::BothWays);
        let answer = layers.iter().find_map(|l| match l {
            Layer::ConvStdp(design) => Some(design.answer),
            _ => None,
        });
        let dense = layers.iter().all(|l| matches!(l, Layer::Dense { .. } | Layer::Dropout(_)));
        let name = architecture.name;
        if architecture.classes() != CLASSES && architecture.family() == Family::Spiking {
            return Err(format!(
                "{name} spikes and has {} classes; networks of spikes are of ten here, so choose a dense, a convolutional or a recurrent network",
                architecture.classes()
            ));
        }
        if architecture.classes() != CLASSES && self.id != RULES[0].id {
            return Err(format!(
                "it trains networks of ten classes, and {name} has {}; choose {}",
                architecture.classes(),
                RULES[0].in_a_sentence()
            ));
        }
        match self.kind {
            Kind::Dense if settles => {
                return Err(format!(
                    "{name} relaxes with connections both ways, and so needs equilibrium propagation; choose that rule, or dense layers"
                ));
            }
            Kind::Dense if both_ways => {
                return Err(format!(
                    "{name} spikes with connections both ways, through which no gradient goes; choose {}, or dense layers",
                    contrastive::RULE.in_a_sentence()
                ));
            }
            Kind::Dense if compares => {
                return Err(format!(
                    "{name} compares labels layer by layer, and so needs forward–forward; choose that rule, or dense layers"
                ));
            }
            Kind::Dense if imagines => {
                return Err(format!(
                    "{name} learns latent variables without labels, and so needs variational EM; choose that rule, or dense layers"
                ));
            }
            Kind::Dense if answer.is_some() => {
                return Err(format!(
                    "{name} fires spikes, through which no gradient goes; choose the rule {}",
                    usual_for(architecture).name
                ));
            }
            Kind::Dense if (spikes || fires_once) && self.id != RULES[0].id => {
                let rule = usual_for(architecture);
                let others = if spikes { " or e-prop" } else { "" };
                return Err(format!(
                    "{name} spikes, and this rule knows nothing of time; choose {}{others}, or dense layers",
                    rule.in_a_sentence()
                ));
            }
            // Backpropagation trains whatever has a gradient, and spikes with the usual
            // surrogate in its place.
            Kind::Dense if !dense && self.id != RULES[0].id => {
                let what = match layers.first() {
                    Some(Layer::Recurrent { .. }) => {
                        "is recurrent: its errors would also have to travel back in time"
                    }
                    _ => {
                        "has convolutions, whose weights are shared between places, which no synapse can be"
                    }
                };
                return Err(format!(
                    "{name} {what}; this rule is there for dense layers. Choose the MLP or dense layers, or backpropagation"
                ));
            }
            Kind::Settling if !settles => {
                return Err(format!(
                    "{name} answers in one pass forward; this rule needs a network that settles, such as settling-500"
                ));
            }
            Kind::Goodness if !compares => {
                return Err(format!(
                    "{name} answers without looking at labels; this rule needs a network that compares them, such as goodness-500-500"
                ));
            }
            Kind::Energy if !imagines => {
                return Err(format!(
                    "{name} has no latent variables; this rule needs a network that has them, such as bengio2015 or energy-500-100"
                ));
            }
            Kind::Spiking if !spikes => {
                return Err(format!(
                    "{name} has no neurons that spike at many steps; this rule needs such a network, as lif-dense or lif-512"
                ));
            }
            Kind::Spiking
                if self.id == eprop::RULE.id
                    && layers
                        .iter()
                        .any(|l| matches!(l, Layer::Conv { .. } | Layer::Convolution { .. })) =>
            {
                return Err(format!(
                    "{name} has convolutions, whose weights are shared between places, which no synapse can be; choose lif-dense or lif-recurrent, or surrogate gradient"
                ));
            }
            Kind::FirstSpike if !fires_once => {
                return Err(format!(
                    "{name} has no neurons that fire only once; this rule needs such a network, as first-spike or first-spike-800"
                ));
            }
            Kind::BothWays if !both_ways => {
                return Err(format!(
                    "{name} has no neurons that spike with connections both ways; this rule needs such a network, as lif-chl or lif-chl-300"
                ));
            }
            Kind::ConvStdp if answer != Some(Answer::Linear) => {
                return Err(format!(
                    "{name} has no convolutions of spikes with a linear read-out; this rule needs them, as conv-stdp has"
                ));
            }
            Kind::ConvReward if !matches!(answer, Some(Answer::Reward { .. })) => {
                return Err(format!(
                    "{name} has no layer of spikes whose maps belong to classes; this rule needs one, as conv-stdp-reward has"
                ));
            }
            Kind::Dense
            | Kind::Settling
            | Kind::Goodness
            | Kind::Energy
            | Kind::Spiking
            | Kind::FirstSpike
            | Kind::BothWays
            | Kind::ConvStdp
            | Kind::ConvReward => {}
        }
        if !self.optimisers.is_empty() && !self.optimisers.contains(&optimiser) {
            let these = self.optimisers.join(" or ");
            return Err(format!("it works with {these} only: {}", self.why));
        }
        let general = layers.iter().any(|l| {
            matches!(
                l,
                Layer::Convolution { .. } | Layer::Pool { .. } | Layer::Affine | Layer::Activate(_)
            ) || matches!(
                l,
                Layer::Dense { activation: Activation::Sigmoid | Activation::LeakyRelu, .. }
            )
        });
        if (self.id != RULES[0].id || spikes || fires_once || general)
            && device != super::device::OWN
        {
            return Err(
                "it is computed by Spikescope's own operations; choose these as the device".into(),
            );
        }
        Ok(())
    }
}

/// Random matrices, one for each step of a plan but the first, as the weights lie
/// (`(inputs, units)`), with normal numbers of variance `scale² / inputs`.
fn random_feedback(start: &Start<'_>, scale: f32) -> Vec<Buffer> {
    by_step(start.network.plan(), |number, inputs, units| {
        let mut rng = Rng::stream(start.seed, "feedback", number as u64);
        let by = scale / (inputs as f32).sqrt();
        (0..inputs * units).map(|_| by * rng.normal()).collect()
    })
}

/// A buffer for each step: of what `make` gives for its number, inputs and units, where
/// it learns and is not the first.
fn by_step(plan: &Plan, make: impl Fn(usize, usize, usize) -> Vec<f32>) -> Vec<Buffer> {
    let steps = plan.steps.iter().enumerate();
    steps
        .map(|(number, step)| {
            if number == 0 || step.op.parameters().is_empty() {
                return Buffer::default();
            }
            Buffer::of(&make(number, step.op.input().len(), step.op.output().len()))
        })
        .collect()
}

/// The matrix of a step as a way, if there is one.
fn matrix(all: &[Buffer], step: usize) -> Way<'_> {
    all.get(step).filter(|m| !m.is_empty()).map_or(Way::Transposed, |m| Way::Matrix(m))
}

/// Stochastic gradient descent with this rate and momentum.
fn sgd(rate: f64, momentum: f64) -> OptimiserConfig {
    let mut sgd = OptimiserConfig::default_of("sgd").unwrap_or_default();
    sgd.set("learning_rate", rate);
    sgd.set("momentum", momentum);
    sgd
}

/// Adam with this rate.
fn adam(rate: f64) -> OptimiserConfig {
    let mut adam = OptimiserConfig::default_of("adam").unwrap_or_default();
    adam.set("learning_rate", rate);
    adam
}

//! What a run begins with, and what can be changed while it runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds, Span};
use crate::data::PIXELS;
use crate::data::dataset::Dataset;
use crate::snn::SnnError;
use crate::snn::choose::Preference;
use crate::snn::diehl_cook::order::{Order, Sequence};
use crate::snn::diehl_cook::protocol::Protocol;
use crate::snn::diehl_cook::{DiehlCook, PLASTIC, bundled};
use crate::snn::engine::Engine;

/// The projection from inhibitory to excitatory neurons.
const INHIBITION: usize = 2;

/// A network with what it has learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Learnt {
    pub config: DiehlCook,
    /// `[pixel][neuron]`.
    pub weights: Vec<f32>,
    /// mV.
    pub theta: Vec<f32>,
    /// The digit that each neuron stands for.
    pub labels: Vec<Option<u8>>,
}

impl Learnt {
    /// From its parts: weights `[pixel][neuron]`, θ in mV, and labels.
    ///
    /// # Errors
    /// [`SnnError::Size`] where they do not fit the description.
    pub fn new(
        config: DiehlCook,
        weights: Vec<f32>,
        theta: Vec<f32>,
        labels: Vec<Option<u8>>,
    ) -> Result<Self, SnnError> {
        let neurons = config.neurons;
        let sizes = [
            ("the list of weights", weights.len(), PIXELS * neurons),
            ("the list of θ", theta.len(), neurons),
            ("the list of labels", labels.len(), neurons),
        ];
        for (what, found, expected) in sizes {
            if found != expected {
                let owner = "a trained network".to_owned();
                return Err(SnnError::Size { owner, what, found, expected: expected.to_string() });
            }
        }
        Ok(Self { config, weights, theta, labels })
    }

    /// One of the bundled networks.
    ///
    /// # Errors
    /// [`SnnError::File`] where it cannot be read.
    pub fn bundled(id: &str) -> Result<Self, SnnError> {
        let missing = || SnnError::File {
            file: id.to_owned(),
            reason: "there is no such bundled network".to_owned(),
        };
        let trained = bundled::find(id).ok_or_else(missing)?.load()?;
        Self::new(trained.about.config, trained.weights, trained.theta, trained.labels)
    }

    /// Accuracy of the vote of a bundled network on the test digits, 0 to 1.
    pub fn tested(id: &str) -> Option<f64> {
        Some(bundled::find(id)?.about().ok()?.test?.vote)
    }

    /// Whether any neuron stands for a digit.
    pub fn can_answer(&self) -> bool {
        self.labels.iter().any(Option::is_some)
    }
}

/// What a run is.
#[derive(Clone)]
pub struct Setup {
    pub config: DiehlCook,
    /// What it learns from, again and again.
    pub images: Arc<Dataset>,
    /// Where it begins; fresh, if nowhere.
    pub begin: Option<Arc<Learnt>>,
    /// Id of the bundled network where it begins; goes before the others.
    pub bundled: Option<String>,
    pub live_settings: LiveSettings,
    pub preference: Preference,
}

impl Setup {
    /// Its images, in their order.
    pub fn sequence(&self) -> Sequence {
        Sequence::new(Order::of(&self.config), self.config.seed, self.images.len(), 0)
    }
}

/// What can be changed while the network learns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LiveSettings {
    /// Whether synapses and θ change at all.
    pub learns: bool,
    /// What an inhibitory spike adds to the conductance of all but its partner; 0
    /// lets all neurons learn the same.
    pub inhibition: f64,
    /// What each spike adds to θ, mV; 0 lets the first winners win for ever.
    pub theta_plus_mv: f64,
    /// Whether the weights onto each neuron are scaled to their sum before every
    /// image.
    pub normalise: bool,
    /// What a postsynaptic spike adds to a weight, at most.
    pub rate: f64,
}

impl LiveSettings {
    /// Inhibition, times the leak.
    pub const INHIBITION: Span = (0.0, 40.0);
    /// θ per spike, mV.
    pub const THETA_PLUS_MV: Span = (0.0, 0.5);
    /// Learning rate.
    pub const RATE: Span = (0.0, 0.1);
}

impl Bounded for LiveSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { learns: _, inhibition, theta_plus_mv, normalise: _, rate } = self;
        to.number("inhibition", inhibition, Self::INHIBITION);
        to.number("theta_plus_mv", theta_plus_mv, Self::THETA_PLUS_MV);
        to.number("rate", rate, Self::RATE);
    }
}

impl Default for LiveSettings {
    fn default() -> Self {
        let config = DiehlCook::default();
        Self {
            learns: true,
            inhibition: config.inh_to_exc,
            theta_plus_mv: config.theta_plus_mv,
            normalise: true,
            rate: 1e-2,
        }
    }
}

/// Depression goes along with potentiation, in the published proportion.
const DEPRESSION: f64 = 1e-2;

impl LiveSettings {
    /// Sets engine and protocol.
    ///
    /// # Errors
    /// As the engine's.
    pub fn set(&self, engine: &mut dyn Engine, protocol: &mut Protocol) -> Result<(), SnnError> {
        let n = engine.weights(INHIBITION)?.len();
        engine.set_weights(INHIBITION, &vec![self.inhibition as f32; n])?;
        engine.set_parameter(0, "theta_plus_mv", self.theta_plus_mv)?;
        engine.set_rule_parameter(PLASTIC, "nu_post", self.rate)?;
        engine.set_rule_parameter(PLASTIC, "nu_pre", self.rate * DEPRESSION)?;
        crate::snn::diehl_cook::set_training(engine, self.learns)?;
        protocol.settings.normalise = self.normalise && self.learns;
        Ok(())
    }
}

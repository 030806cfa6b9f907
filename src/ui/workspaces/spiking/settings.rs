//! What is set in the Spiking network workspace, kept over a restart.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::core::bounds::{ANY, Bounded, Bounds, Span};
use crate::core::playback::PlaybackSettings;
use crate::snn::diehl_cook::{DiehlCook, bundled};
use crate::ui::workspace::Settings;
use crate::workers::spiking::damage::Damage;
use crate::workers::spiking::network::LiveSettings;

/// Step of the simulation, ms.
pub const DT_MS: f64 = 0.5;
/// From this speed on, images pass as fast as the machine can show them.
pub const FASTEST_IMAGES_PER_S: f64 = 5000.0;
/// The goal that is offered first: about where 400 neurons have learnt the digits.
pub const USUAL_GOAL: u64 = 20_000;
/// Goals that can be set, images.
pub const GOAL: Span = (1e3, 1e7);
/// Numbers of neurons on offer.
pub const SIZES: [usize; 7] = [25, 49, 100, 225, 400, 1600, 6400];

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpikingTab {
    /// Receptive fields and accuracy, image by image.
    #[default]
    Learning,
    /// Spikes and potentials, millisecond by millisecond.
    Spikes,
    /// The current digit, shown to a network that has learnt.
    Digit,
    /// Accuracy of a damaged network.
    Damage,
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpikingSettings {
    pub tab: SpikingTab,
    /// Id of the trained network to begin with; fresh, if none.
    pub begin: Option<String>,
    /// Excitatory neurons of a fresh network.
    pub neurons: usize,
    pub seed: u64,
    /// Integration and delays as published.
    pub as_published: bool,
    #[serde(alias = "knobs")]
    pub live_settings: LiveSettings,
    /// Images after which the run holds and the network is tested.
    pub goal: Option<u64>,
    /// The time bar over images.
    pub images: PlaybackSettings,
    /// The time bar over the milliseconds of the run.
    pub spikes: PlaybackSettings,
    /// The time bar over the digit's 350 ms.
    pub digit: PlaybackSettings,
    pub damage: Damage,
}

impl Default for SpikingSettings {
    fn default() -> Self {
        let speed = |steps_per_s| PlaybackSettings { steps_per_s, ..PlaybackSettings::default() };
        Self {
            tab: SpikingTab::default(),
            begin: None,
            neurons: 400,
            seed: 1,
            as_published: false,
            live_settings: LiveSettings::default(),
            goal: None,
            images: speed(FASTEST_IMAGES_PER_S),
            spikes: speed(100.0),
            digit: speed(100.0),
            damage: Damage::Neurons,
        }
    }
}

impl Settings for SpikingSettings {
    fn former(session: &Map<String, Value>) -> Option<Value> {
        session.get("digits").cloned()
    }

    #[cfg(test)]
    fn full() -> Self {
        let begin = Some(bundled::BUNDLED[0].id.to_owned());
        Self { goal: Some(20_000), begin, ..Self::default() }
    }
}

impl Bounded for SpikingSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            tab: _,
            begin,
            neurons,
            seed,
            as_published: _,
            live_settings,
            goal,
            images,
            spikes,
            digit,
            damage: _,
        } = self;
        if begin.as_deref().is_some_and(|id| bundled::find(id).is_none()) {
            *begin = None;
            to.mend("begin");
        }
        to.one_of("neurons", neurons, &SIZES);
        to.number("seed", seed, ANY);
        to.part("live_settings", live_settings);
        to.optional("goal", goal, GOAL);
        to.part("images", images);
        to.part("spikes", spikes);
        to.part("digit", digit);
    }
}

impl SpikingSettings {
    /// The network that a fresh run begins with.
    pub fn config(&self) -> DiehlCook {
        DiehlCook {
            seed: self.seed,
            as_published: self.as_published,
            ..DiehlCook::of(self.neurons)
        }
    }
}

/// What an experiment is about, and how its knobs stand.
pub struct Preset {
    pub name: &'static str,
    /// What to see.
    pub see: &'static str,
    pub live_settings: fn() -> LiveSettings,
}

/// Experiments that change the network while it learns.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "Whole",
        see: "Competition, homeostasis and normalisation as published: each neuron comes to stand for one way of writing a digit.",
        live_settings: LiveSettings::default,
    },
    Preset {
        name: "No competition",
        see: "Without inhibition every neuron learns every image: all fields become the same mean of all digits, and nobody can tell them apart.",
        live_settings: || LiveSettings { inhibition: 0.0, ..LiveSettings::default() },
    },
    Preset {
        name: "No homeostasis",
        see: "Without θ the first neurons to win go on winning: they learn mixtures, the others nothing.",
        live_settings: || LiveSettings { theta_plus_mv: 0.0, ..LiveSettings::default() },
    },
    Preset {
        name: "No normalisation",
        see: "Potentiation alone: winners’ weights only grow, and who has the largest sum wins whatever is shown.",
        live_settings: || LiveSettings { normalise: false, ..LiveSettings::default() },
    },
    Preset {
        name: "Frozen",
        see: "Nothing changes any more: the neurons only answer.",
        live_settings: || LiveSettings { learns: false, ..LiveSettings::default() },
    },
];

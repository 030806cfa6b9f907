//! What the workspace keeps over a restart.

use serde::{Deserialize, Serialize};

use crate::ann::ops::spiking::surrogate::{Shape, Surrogate, USUAL_SLOPE};
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::playback::PlaybackSettings;
use crate::data::CLASSES;
use crate::ui::workspace::Settings;
use crate::workers::models::is_model_key;

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeepTab {
    /// Spikes of all layers, and the answer.
    #[default]
    Spikes,
    /// One neuron's membrane.
    Neuron,
    /// Credit back through time, and traces.
    Credit,
    /// Decisions that end as soon as the network is sure.
    Sure,
    /// A volley of spikes through convolutions that learned by STDP.
    Wave,
    /// What these prefer, now and earlier.
    Filters,
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeepSettings {
    /// The view chosen.
    pub tab: DeepTab,
    /// Key of the network looked at.
    pub network: String,
    /// The neuron looked at: its layer among the spiking ones, and its number there.
    pub layer: usize,
    pub unit: usize,
    /// The class whose credit is shown; the one answered, if none.
    pub class: Option<usize>,
    /// Whether credit is that of the neuron looked at.
    pub of_unit: bool,
    /// Shape of the surrogate, by its place in [`Shape::ALL`].
    pub shape: usize,
    /// How narrow it is.
    pub slope: f32,
    /// Whether traces are filtered as the read-out filters spikes.
    pub filtered: bool,
    /// Speed and loop.
    pub playback: PlaybackSettings,
}

impl DeepSettings {
    /// Layers of any network.
    const LAYER: Span = (0.0, 15.0);
    /// Units of any layer.
    const UNIT: Span = (0.0, 1e6);
    /// How narrow a surrogate may be.
    pub const SLOPE: Span = (0.5, 100.0);

    /// The surrogate chosen.
    pub fn surrogate(&self) -> Surrogate {
        let shape = Shape::ALL.get(self.shape).copied().unwrap_or_default();
        Surrogate { shape, slope: self.slope }
    }
}

impl Bounded for DeepSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            tab: _,
            network,
            layer,
            unit,
            class,
            of_unit: _,
            shape,
            slope,
            filtered: _,
            playback,
        } = self;
        to.id("network", network, is_model_key, &Self::default().network);
        to.number("layer", layer, Self::LAYER);
        to.number("unit", unit, Self::UNIT);
        if let Some(class) = class {
            to.number("class", class, (0.0, CLASSES as f64 - 1.0));
        }
        to.number("shape", shape, (0.0, Shape::ALL.len() as f64 - 1.0));
        to.number("slope", slope, Self::SLOPE);
        to.part("playback", playback);
    }
}

impl Default for DeepSettings {
    fn default() -> Self {
        Self {
            tab: DeepTab::default(),
            network: "lif-dense".into(),
            layer: 0,
            unit: 0,
            class: None,
            of_unit: false,
            shape: 0,
            slope: USUAL_SLOPE,
            filtered: true,
            playback: PlaybackSettings { steps_per_s: 5.0, ..PlaybackSettings::default() },
        }
    }
}

impl Settings for DeepSettings {
    #[cfg(test)]
    fn full() -> Self {
        Self { class: Some(3), ..Self::default() }
    }
}

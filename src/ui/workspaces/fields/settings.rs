//! What the workspace keeps over a restart.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ann::inspect::Unit;
use crate::ann::zoo::Layer;
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::data::{MOST_CLASSES, SIDE};
use crate::ui::workspace::Settings;
use crate::workers::models::{Model, is_model_key};

/// Kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldsSettings {
    /// Key of the model that is looked into.
    pub model: String,
    /// Which page.
    #[serde(alias = "page")]
    pub tab: FieldsTab,
    /// The layer gone into (its number in the declaration), the unit of it, and
    /// whether one of its products is chosen.
    pub layer: Option<usize>,
    pub channel: Option<usize>,
    pub term: Option<usize>,
    /// Where in the unit's feature map: row and column.
    pub place: [usize; 2],
    /// The input channel whose products are shown; the strongest, if none.
    pub input: Option<usize>,
    /// What a layer's units are shown as.
    pub show: Show,
    /// What the colours are relative to.
    pub scale: Scale,
    /// The class that is asked about; each network's own answer, if none.
    pub class: Option<usize>,
    /// Which maps tell why.
    pub reason: ReasonMap,
    /// Places per second at which the window slides.
    pub rate: f32,
}

/// Why a network cannot be taken apart layer by layer.
pub fn refusal(model: &Model) -> Option<&'static str> {
    (model.network.architecture().layers)().iter().find_map(|layer| match layer {
        Layer::Settling { .. } => Some(
            "It settles, with connections both ways: there is no single pass forward to take apart. Alternatives shows how it settles",
        ),
        Layer::Goodness { .. } => Some(
            "It tries each label in turn and compares: there is no single pass forward to take apart. Alternatives shows how each layer learns",
        ),
        Layer::Energy { .. } => Some(
            "Its latent variables settle between picture and prior: there is no single pass forward to take apart",
        ),
        Layer::Spiking(_) => Some(
            "Its neurons spike: what they answer to is spread over time, and there is no single pass forward to take apart. Deep spikes shows it step by step",
        ),
        Layer::ConvStdp(_) => Some(
            "It answers by the times of spikes: there are no graded activities to take apart. Deep spikes shows its filters",
        ),
        _ => None,
    })
}

impl FieldsSettings {
    /// Places per second.
    pub const RATE: Span = (1.0, 60.0);
    /// Layers, and channels and products in one, of any network.
    const LAYER: Span = (0.0, 63.0);
    const CHANNEL: Span = (0.0, 4095.0);

    /// The model chosen, or the nearest there is, of those that can be taken apart.
    pub fn chosen<'a>(&self, models: &'a [Arc<Model>]) -> Option<&'a Arc<Model>> {
        let mut able = models.iter().filter(|m| refusal(m).is_none());
        let keyed = |key: &str| models.iter().find(|m| m.key == key && refusal(m).is_none());
        keyed(&self.model).or_else(|| keyed("cnn3")).or_else(|| able.next())
    }

    /// The unit gone into.
    pub fn unit(&self) -> Option<Unit> {
        let [y, x] = self.place;
        Some(Unit { layer: self.layer?, y, x, channel: self.channel? })
    }
}

impl Settings for FieldsSettings {
    #[cfg(test)]
    fn full() -> Self {
        let (layer, channel, term) = (Some(0), Some(1), Some(0));
        Self { layer, channel, term, input: Some(0), class: Some(3), ..Self::default() }
    }
}

impl Bounded for FieldsSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            model,
            tab: _,
            layer,
            channel,
            term,
            place: [row, column],
            input,
            show: _,
            scale: _,
            class,
            reason: _,
            rate,
        } = self;
        to.id("model", model, is_model_key, &Self::default().model);
        to.optional("layer", layer, Self::LAYER);
        to.optional("channel", channel, Self::CHANNEL);
        to.optional("term", term, Self::CHANNEL);
        to.number("place.0", row, (0.0, (SIDE - 1) as f64));
        to.number("place.1", column, (0.0, (SIDE - 1) as f64));
        to.optional("input", input, Self::CHANNEL);
        to.optional("class", class, (0.0, (MOST_CLASSES - 1) as f64));
        to.number("rate", rate, Self::RATE);
    }
}

impl Default for FieldsSettings {
    fn default() -> Self {
        Self {
            model: "cnn3".into(),
            tab: FieldsTab::Network,
            layer: None,
            channel: None,
            term: None,
            place: [12, 12],
            input: None,
            show: Show::Maps,
            scale: Scale::Unit,
            class: None,
            reason: ReasonMap::Gradient,
            rate: 8.0,
        }
    }
}

/// The pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldsTab {
    #[default]
    Network,
    Why,
    Gabor,
}

/// What a layer's units are shown as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// What each makes of the current digit.
    #[default]
    Maps,
    /// What each has learned.
    Kernels,
    /// What each senses of the picture.
    Fields,
}

/// What the colours are relative to: the largest value of …
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    #[default]
    Unit,
    Layer,
    Global,
}

/// Which maps tell why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonMap {
    #[default]
    Gradient,
    Occlusion,
}

impl Scale {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "per unit",
            Self::Layer => "per layer",
            Self::Global => "whole network",
        }
    }
}

impl ReasonMap {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gradient => "Gradient × input",
            Self::Occlusion => "Occlusion",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_without_one_pass_forward_are_refused_and_never_chosen() {
        let ids = ["settling-20", "goodness-20", "dense-20-tanh", "rnn1"];
        let models = ids.map(|id| Arc::new(Model::untrained(id)));
        let why = models.each_ref().map(|m| refusal(m));
        for (why, remedy) in why.iter().zip(["how it settles", "how each layer learns"]) {
            assert!(why.unwrap().contains("no single pass forward"), "{why:?}");
            assert!(why.unwrap().contains(remedy), "{why:?}");
        }
        assert_eq!(why[2..], [None, None]);
        for wanted in &models {
            let kept = FieldsSettings { model: wanted.key.clone(), ..FieldsSettings::default() };
            let chosen = kept.chosen(&models).unwrap();
            let able = if refusal(wanted).is_none() { wanted } else { &models[2] };
            assert_eq!(chosen.key, able.key);
        }
        assert!(FieldsSettings::default().chosen(&models[..2]).is_none());
    }
}

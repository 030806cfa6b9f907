//! What the workspace keeps over a restart, and settings that show what goes wrong.

use serde::{Deserialize, Serialize};

use crate::convert::recipe::{Disturbance, Per, Recipe, Reset, Scaling};
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::playback::PlaybackSettings;
use crate::ui::workspace::Settings;
use crate::workers::models::is_model_key;

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionTab {
    /// Activations beside rates.
    #[default]
    Pictures,
    /// Who spikes when, in all layers.
    Spikes,
    /// One unit.
    Unit,
    /// Many digits.
    Sample,
}

/// How a network is converted and run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct How {
    pub recipe: Recipe,
    pub disturbance: Disturbance,
    pub steps: u64,
}

impl How {
    /// Steps of a run: more take memory and time that nobody sees.
    pub const STEPS: Span = (5.0, 500.0);
}

impl Bounded for How {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { recipe, disturbance, steps } = self;
        to.part("recipe", recipe);
        to.part("disturbance", disturbance);
        to.number("steps", steps, Self::STEPS);
    }
}

impl Default for How {
    fn default() -> Self {
        Self { recipe: Recipe::default(), disturbance: Disturbance::default(), steps: 100 }
    }
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversionSettings {
    pub tab: ConversionTab,
    /// Key of the network.
    pub model: String,
    pub how: How,
    /// The stage looked at.
    pub stage: usize,
    /// The unit followed: stage and place; before one is chosen, the most active one of
    /// the stage looked at.
    pub unit: Option<(usize, usize)>,
    /// Test digits of a sample.
    pub sample: usize,
    pub playback: PlaybackSettings,
}

impl Default for ConversionSettings {
    fn default() -> Self {
        Self {
            tab: ConversionTab::default(),
            model: "cnn3".into(),
            how: How::default(),
            stage: 0,
            unit: None,
            sample: 500,
            playback: PlaybackSettings { steps_per_s: 20.0, ..PlaybackSettings::default() },
        }
    }
}

impl ConversionSettings {
    /// How many test digits can be asked.
    pub const SIZES: [usize; 4] = [100, 500, 2000, 10_000];
    /// Stages, and places in one, of any network.
    const STAGE: Span = (0.0, 63.0);
    const PLACE: Span = (0.0, 1e6);
}

impl Bounded for ConversionSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, model, how, stage, unit, sample, playback } = self;
        let usual = Self::default();
        to.id("model", model, is_model_key, &usual.model);
        to.part("how", how);
        to.number("stage", stage, Self::STAGE);
        if let Some((stage, place)) = unit {
            to.number("unit.0", stage, Self::STAGE);
            to.number("unit.1", place, Self::PLACE);
        }
        to.one_of("sample", sample, &Self::SIZES);
        to.part("playback", playback);
    }
}

impl Settings for ConversionSettings {
    #[cfg(test)]
    fn full() -> Self {
        Self { unit: Some((1, 2)), ..Self::default() }
    }
}

/// What goes wrong, and what cures it: a setting that shows it, one that does not.
pub struct Preset {
    pub name: &'static str,
    /// What to see.
    pub doc: &'static str,
    /// The name of the cure.
    pub cure: &'static str,
    pub wrong: fn() -> How,
    pub cured: fn() -> How,
}

impl Preset {
    /// The one that is on.
    pub fn on(how: &How) -> Option<&'static Self> {
        PRESETS.iter().find(|p| (p.wrong)() == *how)
    }
}

fn with(steps: u64, change: impl FnOnce(&mut Recipe)) -> How {
    let mut how = How { steps, ..How::default() };
    change(&mut how.recipe);
    how
}

/// All of them.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "Saturation",
        doc: "Thresholds so low that many units should fire more than once a step: the upper right of the scatter bends flat.",
        cure: "a higher percentile",
        wrong: || with(100, |r| r.scaling = Scaling::Percentile(80.0)),
        cured: || with(100, |r| r.scaling = Scaling::Percentile(99.9)),
    },
    Preset {
        name: "Dead units",
        doc: "One threshold for a layer, at its maximum, and only ten steps: units that are a little active never get to fire.",
        cure: "a threshold for each channel, a lower percentile, more steps",
        wrong: || with(10, |r| (r.scaling, r.per, r.initial) = (Scaling::Maximum, Per::Layer, 0.0)),
        cured: || with(100, |r| r.initial = 0.0),
    },
    Preset {
        name: "Transient",
        doc: "Everything begins empty, so that deep layers hear nothing at first and lag behind.",
        cure: "beginning half full",
        wrong: || with(20, |r| r.initial = 0.0),
        cured: || with(20, |r| r.initial = 0.5),
    },
    Preset {
        name: "Quantisation",
        doc: "In eight steps a rate can be one of nine: the scatter shows stairs.",
        cure: "more steps",
        wrong: || with(8, |_| {}),
        cured: || with(200, |_| {}),
    },
    Preset {
        name: "Reset to zero",
        doc: "What lies above the threshold at a spike is lost: strong units fire too seldom, however long one waits.",
        cure: "reset by subtraction",
        wrong: || with(200, |r| r.reset = Reset::Zero),
        cured: || with(200, |_| {}),
    },
    Preset {
        name: "No biases",
        doc: "Without the constant currents that stand for biases, rates are those of another network.",
        cure: "bias currents",
        wrong: || with(100, |r| r.biases = false),
        cured: || with(100, |_| {}),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_differs_from_its_cure() {
        for preset in PRESETS {
            assert!((preset.wrong)() != (preset.cured)(), "{}", preset.name);
        }
    }
}

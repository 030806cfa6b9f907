//! What the workspace keeps over a restart.

use serde::{Deserialize, Serialize};

use super::mask::Mask;
use super::spiking::SpikingSettings;
use crate::ann::energy::film::Motion;
use crate::ann::energy::prior::Wish;
use crate::ann::energy::{Dynamics, ranges};
use crate::core::bounds::{ANY, Bounded, Bounds, Span};
use crate::core::playback::PlaybackSettings;
use crate::data::CLASSES;
use crate::ui::workspace::Settings;
use crate::workers::models::is_model_key;

/// Any digit.
const DIGIT: Span = (0.0, CLASSES as f64 - 1.0);

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImagineTab {
    /// A digit of which a part is covered.
    #[default]
    Complete,
    /// Digits out of nothing.
    Dream,
    /// From one digit to another.
    Walk,
    /// E and M steps, one after another.
    Learning,
    /// What the units see and draw.
    Units,
    /// What all of it is worth, in numbers.
    Measured,
    /// The phases of a network of spikes.
    Phases,
    /// A network of spikes learns a curve.
    Regression,
    /// What pairs of spikes do meanwhile.
    Window,
}

/// Which of a unit's weights are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Encoders of h1: what a unit looks for.
    Sees,
    /// Decoders of h1: what it draws.
    #[default]
    Draws,
    /// What a unit of h2 adds to the picture.
    Above,
}

/// How a dream goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DreamSettings {
    /// Of which digit; of any, if none.
    pub class: Option<u8>,
    /// Pictures.
    pub count: usize,
    /// Steps of refinement.
    pub steps: usize,
    /// How far samples are from the middle of the prior.
    pub temperature: f32,
    /// Noise in each step.
    pub noise: f32,
    /// How strongly the prior pulls in each step.
    pub pull: f32,
    /// The picture looked at.
    pub chosen: usize,
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImagineSettings {
    /// The view chosen.
    pub tab: ImagineTab,
    /// Key of the network.
    pub network: String,
    /// What is covered of the digit.
    pub mask: Mask,
    /// Deviation of the noise on the pixels that are left.
    pub grain: f32,
    /// Whether causes settle, or go up and down.
    pub motion: Motion,
    /// Steps.
    pub steps: usize,
    /// Pictures imagined side by side.
    pub chains: usize,
    /// How causes move.
    pub dynamics: Dynamics,
    /// What is drawn at random.
    pub seed: u64,
    /// Dreams.
    pub dream: DreamSettings,
    /// The digit that the walk leads to.
    pub goal: u8,
    /// Frames of the walk.
    pub frames: usize,
    /// E steps before each M step.
    pub e_steps: usize,
    /// Learning rate of the M step.
    pub rate: f32,
    /// Whether one digit after another is learned from, not the current one only.
    pub many: bool,
    /// The unit looked at: which of its weights, and its number.
    pub seen: Seen,
    pub unit: usize,
    /// The part with spikes.
    pub spiking: SpikingSettings,
    /// Speed and loop.
    pub playback: PlaybackSettings,
}

impl DreamSettings {
    /// Pictures of a dream.
    pub const COUNT: Span = (1.0, 100.0);
    /// Steps.
    pub const STEPS: Span = (0.0, 60.0);
    /// Temperatures.
    pub const TEMPERATURE: Span = (0.0, 2.0);
    /// Noise.
    pub const NOISE: Span = (0.0, 1.0);
    /// Pulls.
    pub const PULL: Span = (0.0, 1.0);

    /// What is wished for.
    pub fn wish(&self) -> Wish {
        self.class.map_or(Wish::Free, Wish::Class)
    }
}

impl ImagineSettings {
    /// Noise on pixels.
    pub const GRAIN: Span = (0.0, 1.0);
    /// Steps.
    pub const STEPS: Span = (5.0, 200.0);
    /// Pictures side by side.
    pub const CHAINS: Span = (1.0, 32.0);
    /// Frames of a walk.
    pub const FRAMES: Span = (5.0, 60.0);
    /// E steps before an M step.
    pub const E_STEPS: Span = (1.0, 30.0);
    /// Learning rates.
    pub const RATE: Span = (0.0, 0.2);
    /// Units of any layer.
    const UNIT: Span = (0.0, 1e5);
}

/// A range in the precision that the form has.
pub const fn span((low, high): (f32, f32)) -> Span {
    (low as f64, high as f64)
}

impl Bounded for DreamSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { class, count, steps, temperature, noise, pull, chosen } = self;
        to.optional("class", class, DIGIT);
        to.number("count", count, Self::COUNT);
        to.number("steps", steps, Self::STEPS);
        to.number("temperature", temperature, Self::TEMPERATURE);
        to.number("noise", noise, Self::NOISE);
        to.number("pull", pull, Self::PULL);
        to.number("chosen", chosen, (0.0, Self::COUNT.1 - 1.0));
    }
}

impl Bounded for ImagineSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            tab: _,
            network,
            mask,
            grain,
            motion: _,
            steps,
            chains,
            dynamics,
            seed,
            dream,
            goal,
            frames,
            e_steps,
            rate,
            many: _,
            seen: _,
            unit,
            spiking,
            playback,
        } = self;
        to.id("network", network, is_model_key, &Self::default().network);
        to.part("mask", mask);
        to.number("grain", grain, Self::GRAIN);
        to.number("steps", steps, Self::STEPS);
        to.number("chains", chains, Self::CHAINS);
        to.inside("dynamics", |to| {
            let Dynamics { rate, top_down, hold, pull, noise, wish } = dynamics;
            to.number("rate", rate, span(ranges::RATE));
            to.number("top_down", top_down, span(ranges::TOP_DOWN));
            to.number("hold", hold, span(ranges::HOLD));
            to.number("pull", pull, span(ranges::PULL));
            to.number("noise", noise, span(ranges::NOISE));
            *wish = Wish::Free;
        });
        to.number("seed", seed, ANY);
        to.part("dream", dream);
        to.number("goal", goal, DIGIT);
        to.number("frames", frames, Self::FRAMES);
        to.number("e_steps", e_steps, Self::E_STEPS);
        to.number("rate", rate, Self::RATE);
        to.number("unit", unit, Self::UNIT);
        to.part("spiking", spiking);
        to.part("playback", playback);
    }
}

impl Default for DreamSettings {
    fn default() -> Self {
        Self {
            class: None,
            count: 36,
            steps: 10,
            temperature: 1.0,
            noise: 0.0,
            pull: 0.0,
            chosen: 0,
        }
    }
}

impl Default for ImagineSettings {
    fn default() -> Self {
        Self {
            tab: ImagineTab::default(),
            network: "bengio2015".into(),
            mask: Mask::RIGHT,
            grain: 0.0,
            motion: Motion::default(),
            steps: 40,
            chains: 1,
            dynamics: Dynamics::default(),
            seed: 1,
            dream: DreamSettings::default(),
            goal: 8,
            frames: 13,
            e_steps: 10,
            rate: 0.01,
            many: false,
            seen: Seen::default(),
            unit: 0,
            spiking: SpikingSettings::default(),
            playback: PlaybackSettings { steps_per_s: 8.0, ..PlaybackSettings::default() },
        }
    }
}

impl Settings for ImagineSettings {
    #[cfg(test)]
    fn full() -> Self {
        Self {
            dream: DreamSettings { class: Some(3), ..DreamSettings::default() },
            spiking: SpikingSettings {
                target: Some(2),
                pair: Some((1, 2)),
                failure: Some(1),
                ..SpikingSettings::default()
            },
            ..Self::default()
        }
    }
}

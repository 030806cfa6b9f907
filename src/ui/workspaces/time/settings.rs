//! What the workspace keeps over a restart.

use serde::{Deserialize, Serialize};

use crate::ann::reading::Hidden;
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::playback::PlaybackSettings;
use crate::ui::workspace::Settings;
use crate::workers::models::is_model_key;

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeTab {
    /// The digit as it is read, from the left and from the top.
    #[default]
    Reading,
    /// What each network would answer after every step.
    Answers,
    /// Hidden units, cells and gates.
    Units,
    /// How early each network can tell, over many digits.
    Early,
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeSettings {
    /// The view chosen.
    pub tab: TimeTab,
    /// Key of the network whose unit is shown.
    pub network: String,
    /// The unit whose gates are shown.
    pub unit: usize,
    /// Speed and loop.
    pub playback: PlaybackSettings,
    /// What the networks do not get to see; undone, but not kept over a restart.
    #[serde(skip)]
    pub hidden: Hidden,
}

impl TimeSettings {
    /// Units of any network.
    const UNIT: Span = (0.0, 4095.0);
}

impl Bounded for TimeSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, network, unit, playback, hidden: _ } = self;
        to.id("network", network, is_model_key, &Self::default().network);
        to.number("unit", unit, Self::UNIT);
        to.part("playback", playback);
    }
}

impl Default for TimeSettings {
    fn default() -> Self {
        Self {
            tab: TimeTab::default(),
            network: "rnn1".into(),
            unit: 0,
            playback: PlaybackSettings::default(),
            hidden: Hidden::default(),
        }
    }
}

impl Settings for TimeSettings {}

//! What the workspace keeps over a restart.

use serde::{Deserialize, Serialize};

use crate::ann::reading::Hidden;
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::playback::PlaybackSettings;
use crate::data::SIDE;
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
    /// What the networks do not get to see. A scene has it; a restart shows all.
    pub hidden: Hidden,
}

impl TimeSettings {
    /// Units of any network.
    const UNIT: Span = (0.0, 4095.0);
    /// Lines at the end.
    const LAST: Span = (0.0, SIDE as f64);
    /// A bit for each line.
    const LINES: Span = (0.0, ((1_u32 << SIDE) - 1) as f64);
}

impl Bounded for TimeSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, network, unit, playback, hidden } = self;
        to.id("network", network, is_model_key, &Self::default().network);
        to.number("unit", unit, Self::UNIT);
        to.part("playback", playback);
        let Hidden { last, columns, rows } = hidden;
        to.inside("hidden", |to| {
            to.number("last", last, Self::LAST);
            to.number("columns", columns, Self::LINES);
            to.number("rows", rows, Self::LINES);
        });
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

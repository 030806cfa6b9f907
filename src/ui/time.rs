//! The state of the Time workspace, and how its command changes it.

use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::app::App;
use super::command::DataEdit;
use crate::ann::reading::Hidden;
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::playback::{Playback, PlaybackEdit, PlaybackSettings};
use crate::data::SIDE;
use crate::workers::library::Loading;
use crate::workers::models::{Models, is_model_key};
use crate::workers::sweep::{Question, SurveyOf};

/// What the user does in the Time workspace.
#[derive(Clone, Debug)]
pub enum TimeEdit {
    /// Play, step, scrub.
    Play(PlaybackEdit),
    /// Show another view.
    Tab(TimeTab),
    /// Hide columns or rows.
    Hide(Hidden),
    /// Show the gates of this unit of this network (its key).
    Unit(String, usize),
    /// Survey the test digits of this source.
    Survey(&'static str),
    /// End the survey, keeping what it counted.
    StopSurvey,
}

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeTab {
    /// What each network would answer after every step.
    #[default]
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
}

impl TimeSettings {
    /// Units of any network.
    const UNIT: Span = (0.0, 4095.0);
}

impl Bounded for TimeSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, network, unit, playback } = self;
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
        }
    }
}

/// The workspace's own state.
pub struct Time {
    /// Position: how many columns or rows have been read, 0 to 28.
    pub playback: Playback,
    /// What the networks do not get to see.
    pub hidden: Hidden,
    /// Number of the newest question, and what it was about.
    asked: (u64, u64, Hidden, Option<Arc<Models>>),
    /// The source whose digits a survey waits for.
    waits: Option<&'static str>,
}

impl Time {
    /// Everything read, as the last session had set speed and loop.
    pub fn new(settings: &TimeSettings) -> Self {
        let mut playback = Playback::new(0, SIDE as u64, settings.playback);
        playback.edit(&PlaybackEdit::End);
        Self {
            playback,
            hidden: Hidden::default(),
            asked: (0, 0, Hidden::default(), None),
            waits: None,
        }
    }

    /// Number of the newest question.
    pub fn asked(&self) -> u64 {
        self.asked.0
    }

    /// The source whose digits a survey waits for.
    pub fn waits(&self) -> Option<&'static str> {
        self.waits
    }
}

impl App {
    /// Carries an edit of the Time workspace out.
    pub(super) fn edit_time(&mut self, edit: TimeEdit) {
        let kept = &mut self.session.time;
        match edit {
            TimeEdit::Play(edit) => {
                self.time.playback.edit(&edit);
                kept.playback = self.time.playback.settings();
            }
            TimeEdit::Tab(tab) => kept.tab = tab,
            TimeEdit::Hide(hidden) => self.time.hidden = hidden,
            TimeEdit::Unit(network, unit) => (kept.network, kept.unit) = (network, unit),
            TimeEdit::Survey(source) => {
                if source == "synthetic" {
                    self.data(DataEdit::LoadSynthetic);
                }
                self.time.waits = Some(source);
            }
            TimeEdit::StopSurvey => {
                self.time.waits = None;
                self.hub.stop_survey();
            }
        }
    }

    /// Has the digit read anew when it, the networks or what is hidden changed,
    /// while somebody looks; and begins a survey whose digits have come.
    pub(super) fn read_in_time(&mut self) {
        if self.workspace.id != "time" {
            return;
        }
        let (serial, version, hidden, models) = &self.time.asked;
        let known = models.as_ref().is_some_and(|m| Arc::ptr_eq(m, &self.shown_models));
        if !known || *version != self.digit.version() || *hidden != self.time.hidden {
            let (serial, models) = (serial + 1, Arc::clone(&self.shown_models));
            let (version, hidden) = (self.digit.version(), self.time.hidden);
            self.hub.sweep(Question {
                serial,
                pixels: Box::new(*self.digit.pixels()),
                models: Arc::clone(&models),
                set: self.set,
                hidden,
                asked: Instant::now(),
            });
            self.time.asked = (serial, version, hidden, Some(models));
        }
        self.try_survey();
    }

    fn try_survey(&mut self) {
        let Some(source) = self.time.waits else { return };
        let problem = match self.hub.library().source(source) {
            Loading::Unknown | Loading::Busy => return,
            Loading::Ready(split) => {
                self.time.waits = None;
                return self.hub.start_survey(SurveyOf {
                    source,
                    split: split.clone(),
                    models: Arc::clone(&self.shown_models),
                    set: self.set,
                    hidden: self.time.hidden,
                });
            }
            Loading::Missing => "MNIST is not on this machine yet. Download it, choose its folder, or take the synthetic digits.".to_owned(),
            Loading::Failed(message) => message.clone(),
        };
        self.time.waits = None;
        self.toasts.failure(format!("The survey did not start: {problem}"));
    }
}

//! What the workspace holds while it is open, and how its edits change it.

use std::sync::Arc;
use std::time::Instant;

use egui::Ui;

use super::settings::{TimeSettings, TimeTab};
use super::{ABOUT, measures, scenes, view};
use crate::ann::bundled::WeightSet;
use crate::ann::reading::Hidden;
use crate::core::playback::{Playback, PlaybackEdit};
use crate::core::text::grouped;
use crate::data::SIDE;
use crate::data::registry::SYNTHETIC;
use crate::ui::command::Outbox;
use crate::ui::desk::{Desk, Wanted};
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, Measure, Position, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::library::Loading;
use crate::workers::models::Models;
use crate::workers::reading::{Reader, ReadingQuestion, Readings, Survey, SurveyOf};

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

impl Edit for TimeEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// The workspace.
pub struct Time {
    pub kept: TimeSettings,
    /// Position: how many columns or rows have been read, 0 to 28.
    pub playback: Playback,
    /// The newest readings of the digit.
    pub readings: Arc<Readings>,
    /// How far the survey is, and what it counted.
    pub survey: Arc<Survey>,
    reader: Reader,
    /// Number of the newest question, and what it was about.
    asked: (u64, u64, Hidden, Option<Arc<Models>>),
    /// The source whose digits a survey waits for.
    waits: Option<&'static str>,
    /// The set of weights of which the networks surveyed are.
    surveyed: Option<&'static WeightSet>,
}

impl Time {
    /// Whether the newest question has been answered.
    pub fn is_current(&self) -> bool {
        self.asked.0 > 0 && self.readings.serial == self.asked.0
    }

    /// Whether what is read is the digit as it is, by the networks that there are.
    pub fn reads(&self, desk: &Desk) -> bool {
        self.is_current() && self.is_asked(desk)
    }

    /// Whether the survey is of what is hidden now, and of the set of weights in use.
    pub fn has_surveyed(&self, desk: &Desk) -> bool {
        let survey = &self.survey;
        let same_set = self.surveyed.is_some_and(|set| std::ptr::eq(set, desk.set));
        survey.done > 0 && !survey.running && survey.hidden == self.kept.hidden && same_set
    }

    /// Whether a survey waits for its digits.
    pub fn waits(&self) -> bool {
        self.waits.is_some()
    }

    fn is_asked(&self, desk: &Desk) -> bool {
        let (_, version, hidden, models) = &self.asked;
        let known = models.as_ref().is_some_and(|m| Arc::ptr_eq(m, &desk.models));
        known && *version == desk.digit.version() && *hidden == self.kept.hidden
    }

    /// Has the digit read anew when it, the networks or what is hidden changed.
    fn read(&mut self, desk: &Desk) {
        if self.is_asked(desk) {
            return;
        }
        let (serial, models) = (self.asked.0 + 1, Arc::clone(&desk.models));
        let (version, hidden) = (desk.digit.version(), self.kept.hidden);
        self.reader.ask(ReadingQuestion {
            serial,
            pixels: Box::new(*desk.digit.pixels()),
            models: Arc::clone(&models),
            set: desk.set,
            hidden,
            asked: Instant::now(),
        });
        self.asked = (serial, version, hidden, Some(models));
    }

    /// Begins a survey whose digits have come.
    fn try_survey(&mut self, desk: &mut Desk) {
        let Some(source) = self.waits else { return };
        let problem = match desk.ten_digits(source, "they are not read line by line") {
            Wanted::Coming => return,
            Wanted::Ready(split) => {
                (self.waits, self.surveyed) = (None, Some(desk.set));
                return self.reader.start_survey(SurveyOf {
                    source,
                    split,
                    models: Arc::clone(&desk.models),
                    set: desk.set,
                    hidden: self.kept.hidden,
                });
            }
            Wanted::Missing(why) => why,
        };
        self.waits = None;
        desk.toasts
            .failure(format!("The survey did not start: {problem}. Choose another data set."));
    }
}

/// The time bar of a digit of which everything is read.
fn all_read(kept: &TimeSettings) -> Playback {
    let mut playback = Playback::new(0, SIDE as u64, kept.playback);
    playback.edit(&PlaybackEdit::End);
    playback
}

impl Workspace for Time {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["reading", "answers", "units", "early"];
    type Settings = TimeSettings;
    type Edit = TimeEdit;

    /// Everything is read, as the last session had set speed and loop.
    fn open(mut kept: TimeSettings, start: &Start) -> std::io::Result<Self> {
        kept.hidden = Hidden::default();
        Ok(Self {
            playback: all_read(&kept),
            kept,
            reader: Reader::start(start.events.clone())?,
            readings: Arc::default(),
            survey: Arc::default(),
            asked: (0, 0, Hidden::default(), None),
            waits: None,
            surveyed: None,
        })
    }

    fn kept(&self) -> &TimeSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: TimeEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            TimeEdit::Play(edit) => {
                self.playback.edit(&edit);
                kept.playback = self.playback.settings();
            }
            TimeEdit::Tab(tab) => kept.tab = tab,
            TimeEdit::Hide(hidden) => kept.hidden = hidden,
            TimeEdit::Unit(network, unit) => (kept.network, kept.unit) = (network, unit),
            TimeEdit::Survey(source) => {
                // Read them, if nobody has.
                desk.digits(source);
                self.waits = Some(source);
            }
            TimeEdit::StopSurvey => {
                self.waits = None;
                self.reader.stop_survey();
            }
        }
    }

    fn restore(&mut self, kept: TimeSettings, _desk: &mut Desk) {
        self.playback.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
        self.playback.edit(&PlaybackEdit::Loop(kept.playback.looping));
        self.kept = kept;
    }

    fn reopen(&mut self, kept: TimeSettings, _desk: &mut Desk) {
        self.playback = all_read(&kept);
        self.kept = kept;
    }

    fn time(&self) -> Option<Position> {
        Some(Position::of(&self.playback))
    }

    fn go(&mut self, step: u64, _desk: &mut Desk) {
        self.playback.edit(&PlaybackEdit::Go(step));
    }

    fn settled(&self, desk: &Desk) -> bool {
        let surveys = self.survey.running || self.waits();
        self.reads(desk) && !(surveys && self.kept.tab == TimeTab::Early)
    }

    /// Plays the reading, or surveys the best digits there are.
    fn begin(&mut self, desk: &mut Desk) {
        if self.kept.tab != TimeTab::Early {
            if !self.playback.is_playing() {
                let now_s = desk.ctx.input(|i| i.time);
                self.playback.edit(&PlaybackEdit::Play { now_s });
            }
        } else if !self.survey.running && !self.waits() {
            let missing = matches!(desk.library.mnist, Loading::Missing | Loading::Failed(_));
            let source = if missing { SYNTHETIC } else { "mnist" };
            self.apply(TimeEdit::Survey(source), desk);
        }
    }

    fn measures() -> &'static [Measure<Self>] {
        measures::MEASURES
    }

    fn undoes(edit: &TimeEdit) -> bool {
        matches!(edit, TimeEdit::Hide(_) | TimeEdit::Unit(..))
    }

    fn shows(&self) -> Shows {
        Shows { digit: true, answers: false }
    }

    /// Reads the digit, and begins a survey whose digits have come, while somebody
    /// looks.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        (self.readings, self.survey) = (self.reader.readings(), self.reader.survey());
        if shown {
            self.read(desk);
            self.try_survey(desk);
        }
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        let Survey { done, total, running, .. } = *self.survey;
        running.then(|| Work {
            text: format!("Time: {} of {} digits", grouped(done as u64), grouped(total as u64)),
            switch: Some(("Stop survey", TimeEdit::StopSurvey.into())),
        })
    }

    fn leave(&self, _desk: &mut Desk) {
        self.reader.stop_survey();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

//! What the workspace holds while it is open, and how its edits change it.

use std::sync::Arc;

use egui::Ui;

use super::measures::MEASURES;
use super::settings::{DeepSettings, DeepTab};
use super::{ABOUT, race, scenes, view};
use crate::ann::ops::conv_stdp::STEPS;
use crate::core::playback::{Playback, PlaybackEdit};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::desk::{Desk, Wanted};
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, Measure, Position, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::deep::{
    DeepLook, DeepQuestion, DeepSpikes, DeepSurvey, Family, Filters, family,
};
use crate::workers::models::{Model, Origin};

/// What the user does in the workspace.
#[derive(Clone, Debug)]
pub enum DeepEdit {
    /// Play, step, scrub.
    Play(PlaybackEdit),
    /// The same over the moments of a run.
    Scrub(PlaybackEdit),
    /// Show another view.
    Tab(DeepTab),
    /// Look into the network of this key.
    Network(String),
    /// Look at this neuron: layer and unit.
    Unit(usize, usize),
    /// Follow the credit of this class, or of the one answered.
    Class(Option<usize>),
    /// Follow that of the neuron looked at instead.
    OfUnit(bool),
    /// Another surrogate: its place in the list, its slope.
    Surrogate(usize, f32),
    /// Filter traces as the read-out filters spikes, or not.
    Filtered(bool),
    /// Survey the test digits of this source.
    Survey(&'static str),
    /// End the survey, keeping what it counted.
    StopSurvey,
}

impl Edit for DeepEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// Filters as they once were.
#[derive(Clone)]
pub struct Moment {
    /// How far the run was: `0.4` epochs.
    pub epochs: String,
    pub filters: Arc<Filters>,
}

/// Moments that are kept; when there are more, every other one is forgotten.
const MOST_MOMENTS: usize = 400;

/// What was asked last.
pub(super) struct Asked {
    version: u64,
    model: Arc<Model>,
    kept: DeepSettings,
}

/// The workspace.
pub struct Deep {
    pub kept: DeepSettings,
    /// Position: steps done.
    pub playback: Playback,
    /// What is known of the current digit.
    pub look: Arc<DeepLook>,
    /// How far the survey is, and what it counted.
    pub survey: Arc<DeepSurvey>,
    pub(super) worker: DeepSpikes,
    pub(super) asked: Option<Asked>,
    pub(super) number: u64,
    /// Steps that the bar was set for.
    pub(super) fitted: u64,
    /// Whether the neuron looked at was chosen: until then it is the first to spike.
    pub(super) chosen: bool,
    /// Position: the moment of [`Self::moments`] that is looked at.
    pub scrub: Playback,
    /// What filters were at each moment since the network in training was first seen.
    pub moments: Vec<Moment>,
    /// The network in training, as it was last asked about.
    learning: Option<Arc<Model>>,
    /// The source whose digits a survey waits for.
    pub(super) waits: Option<&'static str>,
}

impl Deep {
    /// The networks that one can look into, with their families.
    pub fn networks(desk: &Desk) -> impl Iterator<Item = (&Arc<Model>, Family)> + Clone {
        desk.models.iter().filter_map(|m| Some((m, family(&m.network)?)))
    }

    /// Those of which the view in front has something to show.
    pub fn fitting<'a>(
        &self,
        desk: &'a Desk,
    ) -> impl Iterator<Item = (&'a Arc<Model>, Family)> + Clone + use<'a> {
        let tab = self.kept.tab;
        Self::networks(desk).filter(move |(_, family)| match tab {
            DeepTab::Spikes | DeepTab::Sure => true,
            DeepTab::Neuron | DeepTab::Credit => *family == Family::Steps,
            DeepTab::Wave | DeepTab::Filters => *family == Family::ConvStdp,
        })
    }

    /// The one looked at: that chosen if the view in front has something to show of it, or
    /// the first of which it has.
    pub fn network<'a>(&self, desk: &'a Desk) -> Option<(&'a Arc<Model>, Family)> {
        let mut fitting = self.fitting(desk);
        let chosen = fitting.clone().find(|(m, _)| m.key == self.kept.network);
        chosen.or_else(|| fitting.next()).or_else(|| Self::networks(desk).next())
    }

    /// What is known, if it is of the network looked at.
    pub fn known(&self, desk: &Desk) -> Option<&DeepLook> {
        let (model, _) = self.network(desk)?;
        (self.look.number > 0 && self.look.key == model.key).then_some(&*self.look)
    }

    /// Whether a survey waits for its digits.
    pub fn waits(&self) -> bool {
        self.waits.is_some()
    }

    /// Steps done, at most `of`.
    pub fn at(&self, of: usize) -> usize {
        (self.playback.at() as usize).min(of)
    }

    /// What an answer depends on.
    fn about(&self) -> DeepSettings {
        DeepSettings { tab: DeepTab::default(), playback: Default::default(), ..self.kept.clone() }
    }

    /// Whether the newest question is what settings and digit ask for now.
    pub(super) fn is_asked(&self, desk: &Desk) -> bool {
        let Some((model, _)) = self.network(desk) else { return false };
        self.asked.as_ref().is_some_and(|a| {
            Arc::ptr_eq(&a.model, model)
                && a.version == desk.digit.version()
                && a.kept == self.about()
        })
    }

    /// Asks anew when the digit, the network or what is looked at has changed.
    fn ask(&mut self, desk: &Desk) {
        if self.is_asked(desk) || desk.digit.is_blank() {
            return;
        }
        let Some((model, _)) = self.network(desk) else { return };
        let (version, kept) = (desk.digit.version(), self.about());
        self.number += 1;
        self.worker.ask(DeepQuestion {
            number: self.number,
            model: Arc::clone(model),
            picture: *desk.digit.pixels(),
            class: kept.class,
            unit: (kept.layer, kept.unit),
            of_unit: kept.of_unit,
            surrogate: kept.surrogate(),
            filtered: kept.filtered,
        });
        self.asked = Some(Asked { version, model: Arc::clone(model), kept });
    }

    /// Lets the bar go over the steps of the newest answer; what follows the end goes on
    /// doing so.
    fn fit_bar(&mut self, desk: &Desk) {
        let Some(known) = self.known(desk) else { return };
        let first = known.spiking.first().and_then(|order| order.first()).copied();
        let steps = match (&known.watched, &known.times) {
            (Some(watched), _) => watched.forming.len() as u64,
            (None, Some(_)) => race::STEPS,
            (None, None) if known.volley.is_some() => STEPS as u64,
            (None, None) => return,
        };
        if let (false, Some(unit)) = (self.chosen, first) {
            // The first to spike: the neuron of number 0 may well be silent.
            (self.kept.layer, self.kept.unit, self.chosen) = (0, unit, true);
        }
        if steps != self.fitted {
            let at_end = self.playback.at() >= self.fitted;
            self.playback.set_range(0, steps, false);
            if at_end {
                self.playback.edit(&PlaybackEdit::End);
            }
            self.fitted = steps;
        }
    }

    /// Remembers what the filters of the network in training are, whether or not somebody
    /// looks.
    fn remember(&mut self, desk: &Desk) {
        let live = desk.models.iter().find(|m| matches!(m.origin, Origin::Live { .. }));
        if let Some(live) = live.filter(|m| family(&m.network) == Some(Family::ConvStdp))
            && self.learning.as_ref().is_none_or(|known| !Arc::ptr_eq(known, live))
        {
            self.learning = Some(Arc::clone(live));
            self.worker.ask_live(Arc::clone(live));
        }
        let answer = self.worker.live();
        let (epochs, Some(filters)) = (&answer.epochs, &answer.filters) else { return };
        let newest = self.moments.last();
        if newest.is_some_and(|m| Arc::ptr_eq(&m.filters, filters)) {
            return;
        }
        // Another run begins anew.
        let earlier = |m: &Moment| m.epochs.parse::<f32>().unwrap_or(0.0);
        if newest.is_some_and(|m| earlier(m) > epochs.parse().unwrap_or(0.0)) {
            self.moments.clear();
        }
        let filters = Arc::clone(filters);
        self.moments.push(Moment { epochs: epochs.clone(), filters });
        if self.moments.len() > MOST_MOMENTS {
            let mut number = 0usize;
            self.moments.retain(|_| {
                number += 1;
                number.is_multiple_of(2)
            });
        }
        let at_end = self.scrub.at() + 2 >= self.moments.len() as u64;
        self.scrub.set_range(0, self.moments.len() as u64 - 1, true);
        if at_end {
            self.scrub.edit(&PlaybackEdit::End);
        }
    }

    /// Surveys the test digits of this source, once they are there.
    pub(super) fn survey_of(&mut self, source: &'static str, desk: &mut Desk) {
        // Read them, if nobody has.
        desk.digits(source);
        self.waits = Some(source);
    }

    /// Begins a survey whose digits have come.
    fn try_survey(&mut self, desk: &mut Desk) {
        let Some(source) = self.waits else { return };
        let problem = match desk.ten_digits(source, "deep networks of spikes are not surveyed") {
            Wanted::Coming => return,
            Wanted::Ready(split) => {
                self.waits = None;
                self.worker.start_survey(source, &split, &desk.models);
                self.survey = self.worker.survey();
                return;
            }
            Wanted::Missing(why) => why,
        };
        self.waits = None;
        desk.toasts
            .failure(format!("The survey did not start: {problem}. Choose another data set."));
    }
}

impl Workspace for Deep {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] =
        &["spikes", "neuron", "credit", "sure", "wave", "filters"];
    type Settings = DeepSettings;
    type Edit = DeepEdit;

    fn open(kept: DeepSettings, start: &Start) -> std::io::Result<Self> {
        Ok(Self {
            playback: Playback::new(0, 0, kept.playback),
            worker: DeepSpikes::start(start.events.clone())?,
            look: Arc::default(),
            survey: Arc::default(),
            asked: None,
            number: 0,
            fitted: 0,
            chosen: (kept.layer, kept.unit) != (0, 0),
            scrub: Playback::new(0, 0, kept.playback),
            moments: Vec::new(),
            learning: None,
            waits: None,
            kept,
        })
    }

    fn kept(&self) -> &DeepSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: DeepEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            DeepEdit::Play(edit) => {
                self.playback.edit(&edit);
                kept.playback = self.playback.settings();
            }
            DeepEdit::Scrub(edit) => self.scrub.edit(&edit),
            DeepEdit::Tab(tab) => kept.tab = tab,
            DeepEdit::Network(key) => {
                // Numbers of layers and neurons mean nothing elsewhere.
                (kept.network, kept.layer, kept.unit) = (key, 0, 0);
                self.chosen = false;
            }
            DeepEdit::Unit(layer, unit) => {
                (kept.layer, kept.unit, self.chosen) = (layer, unit, true);
            }
            DeepEdit::Class(class) => (kept.class, kept.of_unit) = (class, false),
            DeepEdit::OfUnit(on) => kept.of_unit = on,
            DeepEdit::Surrogate(shape, slope) => (kept.shape, kept.slope) = (shape, slope),
            DeepEdit::Filtered(on) => kept.filtered = on,
            DeepEdit::Survey(source) => self.survey_of(source, desk),
            DeepEdit::StopSurvey => {
                self.waits = None;
                self.worker.stop_survey();
            }
        }
    }

    fn restore(&mut self, kept: DeepSettings, _desk: &mut Desk) {
        self.playback.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
        self.playback.edit(&PlaybackEdit::Loop(kept.playback.looping));
        self.kept = DeepSettings { tab: self.kept.tab, ..kept };
    }

    fn undoes(edit: &DeepEdit) -> bool {
        use DeepEdit as E;
        !matches!(edit, E::Play(_) | E::Scrub(_) | E::Tab(_) | E::Survey(_) | E::StopSurvey)
    }

    fn shows(&self) -> Shows {
        Shows { digit: self.kept.tab != DeepTab::Sure, answers: false }
    }

    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        self.survey = self.worker.survey();
        self.remember(desk);
        if shown {
            self.look = self.worker.answer();
            self.ask(desk);
            self.fit_bar(desk);
            self.try_survey(desk);
        }
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        let DeepSurvey { done, total, running, .. } = *self.survey;
        running.then(|| Work {
            text: format!(
                "Deep spikes: {} of {} digits",
                grouped(done as u64),
                grouped(total as u64)
            ),
            switch: Some(("Stop survey", DeepEdit::StopSurvey.into())),
        })
    }

    fn reopen(&mut self, kept: DeepSettings, _desk: &mut Desk) {
        self.take_over(kept);
    }

    fn time(&self) -> Option<Position> {
        self.position()
    }

    fn go(&mut self, step: u64, desk: &mut Desk) {
        self.bring_to(step, desk);
    }

    fn settled(&self, desk: &Desk) -> bool {
        match self.kept.tab {
            DeepTab::Sure => self.waits.is_none() && !self.survey.running,
            _ => desk.digit.is_blank() || self.network(desk).is_none() || self.is_current(desk),
        }
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.start(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        MEASURES
    }

    fn leave(&self, _desk: &mut Desk) {
        self.worker.stop_survey();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

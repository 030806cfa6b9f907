//! What the workspace holds while it is open, and how its edits change it.

use std::sync::Arc;

use egui::Ui;

use super::measures::MEASURES;
use super::settings::{ConversionSettings, ConversionTab, How, Preset};
use super::{ABOUT, scenes, view};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::data::Dataset;
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, Measure, Position, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::conversion::sample::{Sample, SampleOf};
use crate::workers::conversion::{self as worker, ConversionQuestion, ConversionView};
use crate::workers::deep::{Family, family};
use crate::workers::library::Job;
use crate::workers::models::Model;

/// Steps after which a sample's answers are read.
const READ_AFTER: [u64; 8] = [1, 2, 5, 10, 20, 50, 100, 200];

/// What the user does in the Conversion workspace.
#[derive(Clone, Debug)]
pub enum ConversionEdit {
    /// The time bar.
    Play(PlaybackEdit),
    /// Show another view.
    Tab(ConversionTab),
    /// Convert another network (its key).
    Model(String),
    /// How it is converted, what disturbs it, how many steps are made.
    How(How),
    /// Look at another stage.
    Stage(usize),
    /// Follow a unit: its stage and place.
    Unit(usize, usize),
    /// Ask so many test digits.
    Sample(usize),
    /// End the row of digits.
    StopSample,
    /// Write the converted network as NIR.
    SaveNetwork,
    /// As at the beginning.
    Reset,
}

impl Edit for ConversionEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// The workspace.
pub struct Conversion {
    pub kept: ConversionSettings,
    /// Position: steps done.
    pub playback: Playback,
    /// The newest answer.
    pub shown: Arc<ConversionView>,
    /// The newest row of digits.
    pub sample: Arc<Sample>,
    worker: worker::Conversion,
    pub(super) asked: Option<Asked>,
    pub(super) serial: u64,
    /// Steps of the answer that the bar was set for.
    pub(super) fitted: u64,
    /// A sample that waits for its digits.
    pub(super) waits: Option<usize>,
    /// Digits of the newest sample, and what was known before it: until that changes, the
    /// sample has not begun.
    pub(super) sampled: Option<(usize, Arc<Sample>)>,
}

/// What the newest question was about.
#[derive(Clone)]
pub(super) struct Asked {
    version: u64,
    model: Arc<Model>,
    how: How,
    unit: Option<(usize, usize)>,
    /// Whose unit is followed where none was chosen.
    stage: usize,
    images: Arc<Dataset>,
}

impl Conversion {
    /// The network that is converted: that chosen, or the first.
    pub fn network<'a>(&self, desk: &'a Desk) -> Option<&'a Arc<Model>> {
        let named = desk.models.iter().find(|m| m.key == self.kept.model);
        named.or_else(|| desk.models.first())
    }

    /// The stage whose unit is followed where none was chosen.
    fn stage(&self) -> usize {
        if self.kept.unit.is_some() { 0 } else { self.kept.stage }
    }

    /// Whether the newest question is what settings and digit ask for now.
    pub(super) fn is_asked(&self, desk: &Desk) -> bool {
        self.asked.as_ref().is_some_and(|a| {
            a.version == desk.digit.version()
                && self.network(desk).is_some_and(|model| Arc::ptr_eq(&a.model, model))
                && (a.how == self.kept.how && a.unit == self.kept.unit && a.stage == self.stage())
        })
    }

    /// Whether a sample waits for its digits.
    pub fn waits(&self) -> bool {
        self.waits.is_some()
    }

    /// Lets the bar go over the steps of the newest answer.
    fn fit_bar(&mut self) {
        let steps = self.shown.probabilities.len() as u64;
        if steps > 0 && steps != self.fitted {
            let at_end = self.playback.at() == self.fitted;
            self.playback.set_range(0, steps, false);
            if at_end {
                self.playback.edit(&PlaybackEdit::End);
            }
            self.fitted = steps;
        }
    }
}

impl Workspace for Conversion {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["pictures", "spikes", "unit", "sample"];
    type Settings = ConversionSettings;
    type Edit = ConversionEdit;

    /// A setting that shows what goes wrong does not outlive the lecture: the next one
    /// begins with the usual settings, or with the user's own.
    fn open(mut kept: ConversionSettings, start: &Start) -> std::io::Result<Self> {
        if Preset::on(&kept.how).is_some() {
            kept.how = How::default();
        }
        let worker = worker::Conversion::start(start.events.clone())?;
        Ok(Self {
            playback: Playback::new(0, 0, kept.playback),
            shown: worker.shown(),
            sample: worker.sample(),
            worker,
            asked: None,
            serial: 0,
            fitted: 0,
            waits: None,
            sampled: None,
            kept,
        })
    }

    fn kept(&self) -> &ConversionSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: ConversionEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            ConversionEdit::Play(edit) => {
                self.playback.edit(&edit);
                kept.playback = self.playback.settings();
            }
            ConversionEdit::Tab(tab) => kept.tab = tab,
            ConversionEdit::Model(key) => (kept.model, kept.stage, kept.unit) = (key, 0, None),
            ConversionEdit::How(how) => kept.how = how,
            ConversionEdit::Stage(stage) => kept.stage = stage,
            ConversionEdit::Unit(stage, place) => kept.unit = Some((stage, place)),
            ConversionEdit::Sample(images) => {
                kept.sample = images;
                self.waits = Some(images);
            }
            ConversionEdit::StopSample => {
                self.waits = None;
                self.worker.stop_sample();
            }
            ConversionEdit::SaveNetwork => {
                if let Some(network) = &self.shown.network {
                    let path = desk.export_path("spiking-network", "nir");
                    desk.job(Job::ExportNetwork { path, network: Arc::clone(network) });
                }
            }
            ConversionEdit::Reset => {
                let tab = kept.tab;
                self.restore(ConversionSettings { tab, ..ConversionSettings::default() }, desk);
            }
        }
    }

    fn restore(&mut self, kept: ConversionSettings, _desk: &mut Desk) {
        self.playback.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
        self.kept = kept;
    }

    fn undoes(edit: &ConversionEdit) -> bool {
        use ConversionEdit as E;
        matches!(edit, E::Model(_) | E::How(_) | E::Stage(_) | E::Unit(..) | E::Reset)
    }

    fn shows(&self) -> Shows {
        Shows { digit: self.kept.tab != ConversionTab::Sample, answers: false }
    }

    /// Asks anew when the digit, the network or the recipe has changed, while
    /// somebody looks; and begins a sample whose digits have come.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        (self.shown, self.sample) = (self.worker.shown(), self.worker.sample());
        if !shown {
            return;
        }
        let Some(split) = desk.best_digits() else { return };
        let Some(model) = self.network(desk).cloned() else { return };
        let (how, unit, stage) = (self.kept.how, self.kept.unit, self.stage());
        let version = desk.digit.version();
        let scaled = self.asked.as_ref().is_some_and(|a| Arc::ptr_eq(&a.images, &split.train));
        let same = scaled && self.is_asked(desk);
        if !same && !desk.digit.is_blank() {
            self.serial += 1;
            let images = Arc::clone(&split.train);
            self.worker.ask(ConversionQuestion {
                serial: self.serial,
                model: Arc::clone(&model),
                pixels: Box::new(*desk.digit.pixels()),
                recipe: how.recipe,
                disturbance: how.disturbance,
                steps: how.steps,
                unit,
                stage,
                images: Arc::clone(&images),
            });
            self.asked =
                Some(Asked { version, model: Arc::clone(&model), how, unit, stage, images });
        }
        self.fit_bar();
        if let Some(images) = self.waits.take() {
            let mut steps: Vec<u64> = READ_AFTER.into_iter().filter(|s| *s < how.steps).collect();
            steps.push(how.steps);
            let (recipe, disturbance) = (how.recipe, how.disturbance);
            let steps_too = |m: &&Arc<Model>| family(&m.network) == Some(Family::Steps);
            let direct = desk.models.iter().filter(steps_too).cloned().collect();
            self.sampled = Some((images, Arc::clone(&self.sample)));
            self.worker.start_sample(SampleOf {
                model,
                recipe,
                disturbance,
                split,
                images,
                steps,
                direct,
            });
        }
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        let sample = self.sample.as_ref();
        sample.running.then(|| Work {
            text: format!("Conversion: {} of {} digits", sample.found.images, sample.total),
            switch: Some(("Stop sample", ConversionEdit::StopSample.into())),
        })
    }

    fn reopen(&mut self, kept: ConversionSettings, _desk: &mut Desk) {
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
            ConversionTab::Sample => !self.is_sampling(),
            _ => desk.digit.is_blank() || self.is_current(desk),
        }
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.start(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        MEASURES
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

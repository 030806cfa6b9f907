//! What the workspace holds while it is open, and how its edits change it.

use std::sync::Arc;

use egui::Ui;

use super::ask::Asked;
use super::mask::Mask;
use super::measures::MEASURES;
use super::settings::{DreamSettings, ImagineSettings, ImagineTab, Seen};
use super::spiking::{Spikes, SpikingEdit};
use super::{ABOUT, scenes, view};
use crate::ann::energy::film::Motion;
use crate::ann::energy::{Dynamics, Given, op_of};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::core::rng::Rng;
use crate::data::{Pixels, synthetic};
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, Measure, Position, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::imagine::Imagination;
use crate::workers::imagine::dream::{Dreams, Judged};
use crate::workers::imagine::film::{Film, Walk};
use crate::workers::imagine::lesson::Lesson;
use crate::workers::imagine::measured::{MeasureQuestion, Measured};
use crate::workers::imagine::units::Units;
use crate::workers::models::Model;

/// What the user does in the workspace.
#[derive(Clone, Debug)]
pub enum ImagineEdit {
    /// Play, step, scrub the bar of the view in front.
    Play(PlaybackEdit),
    /// Show another view.
    Tab(ImagineTab),
    /// Ask the network of this key.
    Network(String),
    /// Cover this part.
    Cover(Mask),
    /// Cover what is near to the line between two places, or uncover it.
    Brush {
        from: [f32; 2],
        to: [f32; 2],
        cover: bool,
    },
    /// Noise on what is left.
    Grain(f32),
    /// What a step does.
    Motion(Motion),
    /// How many steps, and pictures side by side.
    Steps(usize),
    Chains(usize),
    /// How causes move.
    Dynamics(Dynamics),
    /// What is drawn at random.
    Seed(u64),
    /// What is dreamed.
    Dream(DreamSettings),
    /// Look at this dream.
    Choose(usize),
    /// Walk to this digit, in so many frames.
    Goal(u8),
    Frames(usize),
    /// E steps of a round, and the M step's rate.
    ESteps(usize),
    Rate(f32),
    /// Learn from one digit after another, or from the current one.
    Many(bool),
    /// Look at a unit: at which of its weights, and its number.
    Seen(Seen),
    Unit(usize),
    /// Measure the network, or stop.
    Measure,
    StopMeasuring,
    /// What concerns spikes.
    Spiking(SpikingEdit),
}

impl Edit for ImagineEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// The workspace.
pub struct Imagine {
    pub kept: ImagineSettings,
    /// Steps of the film, of dreams, of the walk; moments of learning; steps of the phases.
    pub bars: [Playback; 5],
    pub film: Arc<Film>,
    pub walk: Arc<Walk>,
    pub dreams: Arc<Dreams>,
    pub judged: Arc<Judged>,
    pub units: Arc<Units>,
    pub lesson: Arc<Lesson>,
    pub measured: Arc<Measured>,
    /// Whether digits are waited for, to measure on.
    pub(super) measures: bool,
    /// The part with spikes.
    pub spikes: Spikes,
    pub(super) worker: Imagination,
    pub(super) asked: Asked,
    pub(super) number: u64,
    /// Why no training digits are learned from or compared with, if so.
    pub without: Option<String>,
}

/// The seed and place of the digit that a walk leads to.
const GOAL: (u64, u64) = (7, 3);

impl Imagine {
    /// The networks that can imagine.
    pub fn networks(desk: &Desk) -> impl Iterator<Item = &Arc<Model>> + Clone {
        desk.models.iter().filter(|m| op_of(&m.network).is_some())
    }

    /// The one asked: that chosen, or the first.
    pub fn network<'a>(&self, desk: &'a Desk) -> Option<&'a Arc<Model>> {
        let mut all = Self::networks(desk);
        let chosen = all.clone().find(|m| m.key == self.kept.network);
        chosen.or_else(|| all.next())
    }

    /// The bar of the view in front: its own, or the regression's.
    pub fn bar(&self) -> &Playback {
        self.place().map_or(&self.spikes.bar, |place| &self.bars[place])
    }

    pub(super) fn place(&self) -> Option<usize> {
        match self.kept.tab {
            ImagineTab::Complete => Some(0),
            ImagineTab::Dream => Some(1),
            ImagineTab::Walk => Some(2),
            ImagineTab::Learning => Some(3),
            ImagineTab::Phases => Some(4),
            ImagineTab::Units
            | ImagineTab::Measured
            | ImagineTab::Regression
            | ImagineTab::Window => None,
        }
    }

    /// The digit with noise on it, and what is covered.
    pub fn given(&self, desk: &Desk) -> Given {
        let mut picture = *desk.digit.pixels();
        if self.kept.grain > 0.0 {
            let mut rng = Rng::stream(self.kept.seed, "grain", 0);
            for pixel in &mut picture {
                *pixel = (*pixel + self.kept.grain * rng.normal()).clamp(0.0, 1.0);
            }
        }
        Given::part(&picture, &self.kept.mask.known())
    }

    /// The digit that the walk leads to.
    pub fn goal(&self) -> Pixels {
        synthetic::digit(GOAL.0, self.kept.goal, GOAL.1)
    }

    /// The dreams of the step that the bar is at.
    pub fn dreamed(&self) -> Option<(usize, &Arc<Vec<Pixels>>)> {
        let last = self.dreams.steps.len().checked_sub(1)?;
        let step = (self.bars[1].at() as usize).min(last);
        Some((step, &self.dreams.steps[step]))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }
}

impl Workspace for Imagine {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &[
        "complete",
        "dream",
        "walk",
        "learning",
        "units",
        "measured",
        "phases",
        "regression",
        "window",
    ];
    type Settings = ImagineSettings;
    type Edit = ImagineEdit;

    fn open(kept: ImagineSettings, start: &Start) -> std::io::Result<Self> {
        Ok(Self {
            bars: [(); 5].map(|()| Playback::new(0, 0, kept.playback)),
            worker: Imagination::start(&start.events)?,
            film: Arc::default(),
            walk: Arc::default(),
            dreams: Arc::default(),
            judged: Arc::default(),
            units: Arc::default(),
            lesson: Arc::default(),
            measured: Arc::default(),
            measures: false,
            spikes: Spikes::open(&kept.spiking, &start.events)?,
            asked: Asked::default(),
            number: 0,
            without: None,
            kept,
        })
    }

    fn kept(&self) -> &ImagineSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: ImagineEdit, desk: &mut Desk) {
        use ImagineEdit as E;
        let place = self.place();
        let kept = &mut self.kept;
        match edit {
            E::Play(edit) => match place.and_then(|p| self.bars.get_mut(p)) {
                Some(bar) => {
                    bar.edit(&edit);
                    kept.playback = bar.settings();
                }
                None => self.spikes.play(&mut kept.spiking, &edit, desk),
            },
            E::Tab(tab) => kept.tab = tab,
            E::Network(key) => kept.network = key,
            E::Cover(mask) => kept.mask = mask,
            E::Brush { from, to, cover } => {
                kept.mask.brush(from, to, super::complete::RADIUS, cover);
            }
            E::Grain(grain) => kept.grain = grain,
            E::Motion(motion) => kept.motion = motion,
            E::Steps(steps) => kept.steps = steps,
            E::Chains(chains) => kept.chains = chains,
            E::Dynamics(dynamics) => kept.dynamics = dynamics,
            E::Seed(seed) => kept.seed = seed,
            E::Dream(dream) => kept.dream = dream,
            E::Choose(dream) => kept.dream.chosen = dream,
            E::Goal(goal) => kept.goal = goal,
            E::Frames(frames) => kept.frames = frames,
            E::ESteps(steps) => kept.e_steps = steps,
            E::Rate(rate) => kept.rate = rate,
            E::Many(many) => kept.many = many,
            E::Seen(seen) => {
                // Units of another layer.
                if (kept.seen == Seen::Above) != (seen == Seen::Above) {
                    kept.unit = 0;
                }
                kept.seen = seen;
            }
            E::Unit(unit) => kept.unit = unit,
            E::Measure => self.measures = true,
            E::StopMeasuring => {
                self.measures = false;
                self.measure(desk, None);
            }
            E::Spiking(edit) => self.spikes.apply(&mut kept.spiking, edit, desk),
        }
    }

    fn restore(&mut self, kept: ImagineSettings, _desk: &mut Desk) {
        for bar in &mut self.bars {
            bar.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
            bar.edit(&PlaybackEdit::Loop(kept.playback.looping));
        }
        self.kept = ImagineSettings { tab: self.kept.tab, ..kept };
        self.spikes.restore(&self.kept.spiking);
    }

    fn undoes(edit: &ImagineEdit) -> bool {
        use ImagineEdit as E;
        !matches!(edit, E::Play(_) | E::Tab(_) | E::Choose(_) | E::Spiking(SpikingEdit::Again))
    }

    fn shows(&self) -> Shows {
        let tab = self.kept.tab;
        let digit = matches!(tab, ImagineTab::Complete | ImagineTab::Walk | ImagineTab::Phases)
            || (tab == ImagineTab::Learning && !self.kept.many);
        Shows { digit, answers: false }
    }

    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        let curve = shown && matches!(self.kept.tab, ImagineTab::Regression | ImagineTab::Window);
        self.spikes.follow_regression(&self.kept.spiking, desk, curve);
        self.measured = self.worker.measured();
        if self.measures
            && let Some(digits) = desk.best_digits()
        {
            self.measures = false;
            self.measure(desk, Some(digits));
        }
        if shown {
            self.film = self.worker.film();
            self.walk = self.worker.walk();
            self.dreams = self.worker.dreams();
            self.judged = self.worker.judged();
            self.units = self.worker.units();
            self.lesson = self.worker.lesson();
            self.ask(desk);
        }
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        self.measured.running.then(|| Work {
            text: format!("Imagine: {:.0} % measured", 100.0 * self.measured.done),
            switch: Some(("Stop measuring", ImagineEdit::StopMeasuring.into())),
        })
    }

    fn reopen(&mut self, kept: ImagineSettings, desk: &mut Desk) {
        self.take_over(kept, desk);
    }

    fn time(&self) -> Option<Position> {
        self.position()
    }

    fn go(&mut self, step: u64, desk: &mut Desk) {
        self.bring_to(step, desk);
    }

    fn settled(&self, desk: &Desk) -> bool {
        self.is_current(desk)
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.start(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        MEASURES
    }

    fn leave(&self, desk: &mut Desk) {
        if let Some(model) = self.network(desk).filter(|_| self.measured.running).cloned() {
            self.worker.ask_measured(MeasureQuestion { number: 0, model, digits: None });
        }
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

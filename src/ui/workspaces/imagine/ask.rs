//! What the workspace asks its workers, once something has changed.

use std::sync::Arc;

use super::Imagine;
use super::settings::{DreamSettings, ImagineSettings, ImagineTab};
use crate::core::playback::PlaybackEdit;
use crate::data::Dataset;
use crate::data::registry::{SYNTHETIC, Split};
use crate::ui::desk::{Desk, Wanted};
use crate::workers::imagine::dream::{DreamQuestion, JudgeQuestion};
use crate::workers::imagine::film::{FilmQuestion, WalkQuestion};
use crate::workers::imagine::lesson::{Digits, LessonQuestion, MOST_ROUNDS, moments};
use crate::workers::imagine::measured::MeasureQuestion;
use crate::workers::models::Model;

/// The questions asked last, each with its number and what it was about.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) film: Option<(u64, Arc<Model>, u64, ImagineSettings)>,
    pub(super) walk: Option<(u64, Arc<Model>, u64, u8, usize)>,
    pub(super) dream: Option<(u64, Arc<Model>, DreamSettings, u64)>,
    pub(super) judge: Option<(u64, usize, Arc<Dataset>)>,
    pub(super) units: Option<Arc<Model>>,
    pub(super) lesson: Option<(u64, Arc<Model>, u64, ImagineSettings, u64)>,
    /// The number of the newest measurement that was begun.
    pub(super) measured: Option<u64>,
}

impl Imagine {
    pub(super) fn ask(&mut self, desk: &mut Desk) {
        if self.kept.tab == ImagineTab::Phases {
            let worker = (&self.worker, &mut self.number);
            return self.spikes.follow_phases(&self.kept.spiking, desk, worker, &mut self.bars[4]);
        }
        let Some(model) = self.network(desk).cloned() else { return };
        let version = desk.digit.version();
        let blank = desk.digit.is_blank();
        match self.kept.tab {
            ImagineTab::Complete if !blank => self.ask_film(desk, model, version),
            ImagineTab::Dream => self.ask_dream(desk, model),
            ImagineTab::Walk if !blank => self.ask_walk(desk, model, version),
            ImagineTab::Learning => self.ask_lesson(desk, model, version),
            ImagineTab::Complete
            | ImagineTab::Walk
            | ImagineTab::Measured
            | ImagineTab::Phases
            | ImagineTab::Regression
            | ImagineTab::Window => {}
            ImagineTab::Units => {
                if self.asked.units.as_ref().is_none_or(|m| !Arc::ptr_eq(m, &model)) {
                    self.worker.ask_units(Arc::clone(&model));
                    self.asked.units = Some(model);
                }
            }
        }
    }

    /// What the film depends on.
    fn of_film(&self) -> ImagineSettings {
        let ImagineSettings { mask, grain, motion, steps, chains, dynamics, seed, .. } = self.kept;
        ImagineSettings {
            mask,
            grain,
            motion,
            steps,
            chains,
            dynamics,
            seed,
            ..ImagineSettings::default()
        }
    }

    /// Number of the film asked for, if it is the one that settings and digit ask for now.
    pub(super) fn film_asked(&self, desk: &Desk) -> Option<u64> {
        let (number, model, version, about) = self.asked.film.as_ref()?;
        let same = self.network(desk).is_some_and(|m| Arc::ptr_eq(m, model))
            && *version == desk.digit.version()
            && *about == self.of_film();
        same.then_some(*number)
    }

    fn ask_film(&mut self, desk: &Desk, model: Arc<Model>, version: u64) {
        if self.film_asked(desk).is_some() {
            return;
        }
        let about = self.of_film();
        let number = self.next();
        self.worker.ask_film(FilmQuestion {
            number,
            model: Arc::clone(&model),
            given: self.given(desk),
            steps: about.steps,
            chains: about.chains,
            motion: about.motion,
            dynamics: about.dynamics,
            seed: about.seed,
        });
        let first = self.asked.film.is_none();
        self.bars[0].set_range(0, about.steps as u64, false);
        if first {
            self.bars[0].edit(&PlaybackEdit::End);
        }
        self.asked.film = Some((number, model, version, about));
    }

    /// The same of the walk.
    pub(super) fn walk_asked(&self, desk: &Desk) -> Option<u64> {
        let (number, model, version, goal, frames) = self.asked.walk.as_ref()?;
        let same = self.network(desk).is_some_and(|m| Arc::ptr_eq(m, model))
            && *version == desk.digit.version()
            && (*goal, *frames) == (self.kept.goal, self.kept.frames);
        same.then_some(*number)
    }

    fn ask_walk(&mut self, desk: &Desk, model: Arc<Model>, version: u64) {
        if self.walk_asked(desk).is_some() {
            return;
        }
        let ImagineSettings { goal, frames, .. } = self.kept;
        let number = self.next();
        self.worker.ask_walk(WalkQuestion {
            number,
            model: Arc::clone(&model),
            from: *desk.digit.pixels(),
            to: self.goal(),
            frames,
        });
        self.bars[2].set_range(0, frames as u64 - 1, false);
        self.asked.walk = Some((number, model, version, goal, frames));
    }

    /// The same of dreams.
    pub(super) fn dream_asked(&self, desk: &Desk) -> Option<u64> {
        let (number, model, dream, seed) = self.asked.dream.as_ref()?;
        let now = DreamSettings { chosen: 0, ..self.kept.dream.clone() };
        let same = self.network(desk).is_some_and(|m| Arc::ptr_eq(m, model))
            && *dream == now
            && *seed == self.kept.seed;
        same.then_some(*number)
    }

    fn ask_dream(&mut self, desk: &mut Desk, model: Arc<Model>) {
        if self.dream_asked(desk).is_none() {
            let dream = DreamSettings { chosen: 0, ..self.kept.dream.clone() };
            let seed = self.kept.seed;
            let first = self.asked.dream.is_none();
            let number = self.next();
            self.worker.ask_dream(DreamQuestion {
                number,
                model: Arc::clone(&model),
                wish: dream.wish(),
                count: dream.count,
                steps: dream.steps,
                temperature: dream.temperature,
                noise: dream.noise,
                pull: dream.pull,
                seed,
            });
            self.bars[1].set_range(0, dream.steps as u64, false);
            if first {
                // The first sweep clears dreams up; with many they drift to a few digits.
                self.bars[1].edit(&PlaybackEdit::Go(1));
            }
            self.asked.dream = Some((number, model, dream, seed));
        }
        // Judged once the bar rests.
        if self.bars[1].is_playing() {
            return;
        }
        let Some((step, pictures)) = self.dreamed() else { return };
        let of = (self.dreams.number, step);
        let pictures = Arc::clone(pictures);
        let Some(training) = self.training(desk) else { return };
        let same =
            self.asked.judge.as_ref().is_some_and(|(number, step, by)| {
                (*number, *step) == of && Arc::ptr_eq(by, &training)
            });
        if same {
            return;
        }
        let number = self.next();
        let by = Arc::clone(&training);
        self.worker.ask_judge(JudgeQuestion { number, of, pictures, training });
        self.asked.judge = Some((of.0, of.1, by));
    }

    /// Training digits: MNIST's, or generated ones; `None` while they are being read, or
    /// where there are none, and why.
    fn training(&mut self, desk: &mut Desk) -> Option<Arc<Dataset>> {
        self.without = None;
        if let Some(split) = desk.best_digits() {
            return Some(Arc::clone(&split.train));
        }
        if let Wanted::Missing(why) = desk.digits(SYNTHETIC) {
            self.without = Some(why);
        }
        None
    }

    /// Has the network measured on these digits, or what is going on ended.
    pub(super) fn measure(&mut self, desk: &Desk, digits: Option<Split>) {
        let Some(model) = self.network(desk).cloned() else { return };
        let number = self.next();
        self.asked.measured = digits.is_some().then_some(number);
        self.worker.ask_measured(MeasureQuestion { number, model, digits });
    }

    /// What a lesson depends on, but for its moment.
    fn of_lesson(&self) -> ImagineSettings {
        let kept = &self.kept;
        ImagineSettings {
            e_steps: kept.e_steps,
            rate: kept.rate,
            many: kept.many,
            dynamics: kept.dynamics,
            unit: kept.unit,
            ..ImagineSettings::default()
        }
    }

    /// Number of the lesson asked for, if it is the one that settings, digit and bar ask
    /// for now.
    pub(super) fn lesson_asked(&self, desk: &Desk) -> Option<u64> {
        let (number, model, version, about, moment) = self.asked.lesson.as_ref()?;
        let same = self.network(desk).is_some_and(|m| Arc::ptr_eq(m, model))
            && (about.many || *version == desk.digit.version())
            && *about == self.of_lesson()
            && *moment == self.bars[3].at();
        same.then_some(*number)
    }

    /// Lets the bar go over all moments that a lesson may have.
    pub(super) fn fit_lesson(&mut self) {
        let last = MOST_ROUNDS * moments(self.kept.e_steps);
        if self.bars[3].range() != (0, last) {
            self.bars[3].set_range(0, last, false);
        }
    }

    fn ask_lesson(&mut self, desk: &mut Desk, model: Arc<Model>, version: u64) {
        self.fit_lesson();
        if self.lesson_asked(desk).is_some() {
            return;
        }
        let (about, moment) = (self.of_lesson(), self.bars[3].at());
        let digits = if about.many {
            let Some(training) = self.training(desk) else { return };
            Digits::Many(training)
        } else if desk.digit.is_blank() {
            return;
        } else {
            Digits::One(Box::new(*desk.digit.pixels()))
        };
        let number = self.next();
        self.worker.ask_lesson(LessonQuestion {
            number,
            model: Arc::clone(&model),
            digits,
            e_steps: about.e_steps,
            rate: about.rate,
            dynamics: about.dynamics,
            moment,
            unit: about.unit,
        });
        self.asked.lesson = Some((number, model, version, about, moment));
    }
}

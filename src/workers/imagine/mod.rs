//! The `imagination` threads: inference on the current digit as a film, dreams and who
//! judges them, walks, what units see and draw, E and M steps one by one; the
//! phases of a network of spikes, and the curve that another one learns.

pub mod dream;
pub mod film;
pub mod lesson;
pub mod measured;
pub mod phases;
pub mod regression;
pub mod units;

use std::sync::Arc;

use self::dream::{DreamQuestion, Dreams, JudgeQuestion, Judged};
use self::film::{Film, FilmQuestion, Walk, WalkQuestion};
use self::lesson::{Lesson, LessonQuestion};
use self::measured::{MeasureQuestion, Measured};
use self::phases::{PhaseQuestion, ShownPhases};
use self::units::Units;
use super::events::Events;
use super::models::Model;
use super::thread::answering::Answering;

/// The threads, from the window's side. Dropped, they end.
pub struct Imagination {
    film: Answering<FilmQuestion, Film>,
    walk: Answering<WalkQuestion, Walk>,
    dream: Answering<DreamQuestion, Dreams>,
    judge: Answering<JudgeQuestion, Judged>,
    units: Answering<Arc<Model>, Units>,
    lesson: Answering<LessonQuestion, Lesson>,
    phases: Answering<PhaseQuestion, ShownPhases>,
    measured: Answering<MeasureQuestion, Measured>,
}

impl Imagination {
    /// Starts them.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(events: &Events) -> std::io::Result<Self> {
        Ok(Self {
            film: film::start(events.clone())?,
            walk: film::start_walks(events.clone())?,
            dream: dream::start(events.clone())?,
            judge: dream::start_judging(events.clone())?,
            units: units::start(events.clone())?,
            lesson: lesson::start(events.clone())?,
            phases: phases::start(events.clone())?,
            measured: measured::start(events.clone())?,
        })
    }

    /// Has a film made; of each kind of question, the newest counts.
    pub fn ask_film(&self, question: FilmQuestion) {
        self.film.ask(question);
    }

    /// The newest film.
    pub fn film(&self) -> Arc<Film> {
        self.film.answer()
    }

    /// Has a walk made.
    pub fn ask_walk(&self, question: WalkQuestion) {
        self.walk.ask(question);
    }

    /// The newest walk.
    pub fn walk(&self) -> Arc<Walk> {
        self.walk.answer()
    }

    /// Has digits dreamed.
    pub fn ask_dream(&self, question: DreamQuestion) {
        self.dream.ask(question);
    }

    /// The newest dreams.
    pub fn dreams(&self) -> Arc<Dreams> {
        self.dream.answer()
    }

    /// Has dreams judged.
    pub fn ask_judge(&self, question: JudgeQuestion) {
        self.judge.ask(question);
    }

    /// The newest judgement.
    pub fn judged(&self) -> Arc<Judged> {
        self.judge.answer()
    }

    /// Has units looked at.
    pub fn ask_units(&self, model: Arc<Model>) {
        self.units.ask(model);
    }

    /// What they are.
    pub fn units(&self) -> Arc<Units> {
        self.units.answer()
    }

    /// Has E and M steps taken.
    pub fn ask_lesson(&self, question: LessonQuestion) {
        self.lesson.ask(question);
    }

    /// Where they led.
    pub fn lesson(&self) -> Arc<Lesson> {
        self.lesson.answer()
    }

    /// Has the phases of a network of spikes shown.
    pub fn ask_phases(&self, question: PhaseQuestion) {
        self.phases.ask(question);
    }

    /// What happened in them.
    pub fn phases(&self) -> Arc<ShownPhases> {
        self.phases.answer()
    }

    /// Has a network measured, or ends that.
    pub fn ask_measured(&self, question: MeasureQuestion) {
        self.measured.ask(question);
    }

    /// What was found.
    pub fn measured(&self) -> Arc<Measured> {
        self.measured.answer()
    }
}

//! Pages of the tour: the list, and steps of a lesson.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::Lessons;
use crate::lessons::{Ask, Kind, Lesson};
use crate::ui::command::LessonEdit;
use crate::ui::house::House;
use crate::ui::lesson::ask::{COLUMNS, Prediction};
use crate::ui::scene::{Look, Scene};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene { name: "list", look: Look::Light, set_up: |_| {}, ready: read },
    Scene { name: "predict", look: Look::Light, set_up: choices, ready: there },
    Scene { name: "sketch", look: Look::Dark, set_up: sketch, ready: there },
    Scene { name: "compare", look: Look::Projector, set_up: compare, ready: measured },
    Scene { name: "mystery", look: Look::Projector, set_up: mystery, ready: there },
];

/// The lesson that the pages show.
const SHOWN: &str = "05";

fn read(house: &House) -> bool {
    house.room::<Lessons>().read
}

fn there(house: &House) -> bool {
    house.course.running().is_some()
        && !house.scenes.is_coming()
        && house.rooms.settled(&house.desk)
}

fn measured(house: &House) -> bool {
    there(house) && house.course.running().is_some_and(|r| r.outcome.is_some())
}

/// The lesson, which is read on another thread.
fn lesson(house: &mut House) -> Option<Arc<Lesson>> {
    let begun = Instant::now();
    while !read(house) && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
        house.follow();
        house.receive();
    }
    let found = house.room::<Lessons>().all.iter().find(|l| l.id.starts_with(SHOWN));
    found.and_then(|l| l.lesson.as_ref().ok()).map(Arc::clone)
}

/// Begins the lesson and goes to the first step of a kind.
fn begin(house: &mut House, is: fn(&Kind) -> bool) {
    let Some(lesson) = lesson(house) else { return };
    let step = lesson.steps.iter().position(|s| is(&s.kind)).unwrap_or(0);
    house.apply(LessonEdit::Start(lesson));
    house.apply(LessonEdit::Go(step));
}

fn choices(house: &mut House) {
    begin(house, |kind| matches!(kind, Kind::Predict(Ask::Choices(_))));
    house.apply(LessonEdit::Draft(Prediction::Choice(0)));
}

/// A straight line, as most people draw it.
fn line() -> Prediction {
    let mut heights = Box::new([None; COLUMNS]);
    for (i, height) in heights.iter_mut().enumerate() {
        *height = Some(0.9 * i as f32 / (COLUMNS - 1) as f32);
    }
    Prediction::Sketch(heights, 0)
}

fn sketch(house: &mut House) {
    begin(house, |kind| matches!(kind, Kind::Predict(Ask::Sketch { .. })));
    house.apply(LessonEdit::Draft(line()));
}

fn compare(house: &mut House) {
    sketch(house);
    house.apply(LessonEdit::Lock);
    house.apply(LessonEdit::Next);
    house.apply(LessonEdit::Run);
    house.apply(LessonEdit::Next);
}

fn mystery(house: &mut House) {
    begin(house, |kind| matches!(kind, Kind::Mystery(_)));
}

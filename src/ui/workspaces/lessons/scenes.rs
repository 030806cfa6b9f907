//! Pages of the tour: the list, and a step of each kind.

use std::sync::Arc;

use super::state::Lessons;
use crate::ui::command::LessonEdit;
use crate::ui::house::House;
use crate::ui::lesson::ask::Prediction;
use crate::ui::scene::{Look, Scene};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene { name: "list", look: Look::Light, set_up: |_| {}, ready: read },
];

fn read(house: &House) -> bool {
    house.room::<Lessons>().read
}

#[allow(dead_code, reason = "filled in with the bundled lessons")]
fn begin(house: &mut House, lesson: usize, step: usize, prediction: Option<Prediction>) {
    let found = house.room::<Lessons>().all.get(lesson).and_then(|l| l.lesson.as_ref().ok());
    let Some(lesson) = found.map(Arc::clone) else { return };
    house.apply(LessonEdit::Start(lesson));
    house.apply(LessonEdit::Go(step));
    if let Some(prediction) = prediction {
        house.apply(LessonEdit::Draft(prediction));
    }
}

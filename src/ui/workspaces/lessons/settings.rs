//! What is kept over a restart.

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds};
use crate::ui::workspace::Settings;

/// The longest id of a lesson.
const MOST: usize = 200;

/// The workspace's settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LessonsSettings {
    /// Id of the lesson that is looked at; empty for the first.
    pub lesson: String,
    /// Lessons that were gone through to their end.
    pub done: Vec<String>,
}

impl Bounded for LessonsSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { lesson, done } = self;
        to.id("lesson", lesson, |id| id.len() <= MOST, "");
        to.ids("done", done, MOST, |id| id.len() <= MOST);
    }
}

impl Settings for LessonsSettings {}

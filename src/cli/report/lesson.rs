//! `lesson …`

use serde::Serialize;

/// `lesson check`
#[derive(Debug, Serialize)]
pub struct CheckedLessons {
    pub lessons: Vec<CheckedLesson>,
}

#[derive(Debug, Serialize)]
pub struct CheckedLesson {
    pub file: String,
    /// Null where the file cannot be read as a lesson; so are the next two.
    pub title: Option<String>,
    pub steps: Option<usize>,
    /// As its head says.
    pub minutes: Option<u32>,
    pub problems: Vec<LessonProblem>,
}

#[derive(Debug, Serialize)]
pub struct LessonProblem {
    /// From 1; 0 for the file as a whole.
    pub line: usize,
    pub text: String,
}

/// `lesson list`
#[derive(Debug, Serialize)]
pub struct Lessons {
    pub lessons: Vec<LessonLine>,
}

#[derive(Debug, Serialize)]
pub struct LessonLine {
    /// The file's name without its extension.
    pub id: String,
    /// Null for a bundled one.
    pub file: Option<String>,
    /// Null where the file cannot be read as a lesson.
    pub title: Option<String>,
    /// The part of the report, or of a course; may be empty.
    pub section: String,
    pub minutes: Option<u32>,
    pub steps: Option<usize>,
    pub goal: Option<String>,
    /// How many; `lesson check` tells them.
    pub problems: usize,
}

/// `lesson measures`
#[derive(Debug, Serialize)]
pub struct LessonMeasures {
    pub measures: Vec<LessonMeasure>,
}

#[derive(Debug, Serialize)]
pub struct LessonMeasure {
    /// `neuron.rate_1`.
    pub name: String,
    /// Empty for a plain number.
    pub unit: String,
    pub about: String,
}

/// `lesson settings`
#[derive(Debug, Serialize)]
pub struct LessonSettings {
    /// Its id.
    pub workspace: String,
    pub settings: Vec<LessonSetting>,
}

#[derive(Debug, Serialize)]
pub struct LessonSetting {
    /// `figure.v_th`.
    pub name: String,
    /// Its usual value, as text: what stands behind `set: figure.v_th =`.
    pub usual: String,
}

//! Lessons: text files that lead through the workspaces, step by step. A lesson shows a
//! state, lets one play with it, asks for a prediction, runs the experiment and sets what
//! was measured beside what was expected.
//!
//! * [`read`]: from the text of a file; its format is described in docs/lessons.md
//! * [`condition`]: what has to have been measured before a step counts as seen
//! * [`settings`]: values in a workspace's settings, by their paths
//! * [`library`]: the bundled lessons
//!
//! What a lesson refers to (workspaces, their settings, what they measure) is known only
//! to the window: `ui::lesson::check` looks whether it is there.

pub mod condition;
pub mod library;
pub mod read;
pub mod settings;

use condition::Condition;
pub use read::Problem;

/// A value that a workspace has measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// A number, in the unit that the measure names.
    Number(f64),
    /// Points of a curve, by x.
    Curve(Vec<[f64; 2]>),
}

/// A lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The file's name without its extension: `05-threshold`.
    pub id: String,
    /// The heading of the file.
    pub title: String,
    /// The part of the report, or of a course, that it belongs to: `§2.1`. May be empty.
    pub section: String,
    /// How long it takes in class, minutes.
    pub minutes: u32,
    /// What one knows afterwards, in a sentence.
    pub goal: String,
    /// What one has to know before; may be empty.
    pub needs: String,
    /// Notes for the teacher on the whole, paragraphs.
    pub notes: Vec<String>,
    /// At least one.
    pub steps: Vec<Step>,
    /// What to read afterwards; may be empty.
    pub read_on: Vec<String>,
}

/// A step of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Line of its heading, from 1.
    pub line: usize,
    pub kind: Kind,
    /// Its heading, a question or a sentence.
    pub title: String,
    /// What is set up when it begins; without one, everything stays as it is.
    pub scene: Option<SceneText>,
    /// What the student reads: paragraphs; `**term**` is a term of the glossary or stressed.
    pub words: Vec<String>,
    /// What counts as seen; without it, whoever has read on has seen it.
    pub seen: Option<Condition>,
    /// Notes for the teacher, paragraphs.
    pub notes: Vec<String>,
    /// Planned minutes.
    pub minutes: Option<f64>,
    /// Where in the file its parts are.
    pub at: Lines,
}

/// Lines of a step's parts in its file, from 1; 0 where there is no such part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    pub scene: usize,
    pub seen: usize,
    /// Of each choice, or of what else is asked for or hidden.
    pub task: Vec<usize>,
}

/// What one does in a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Look at what is set up.
    Look,
    /// Change what one likes.
    Play,
    /// Say what will come out, before it does.
    Predict(Ask),
    /// Have it computed. `begin` presses what the workspace's view runs by.
    Run { begin: bool },
    /// Set the newest prediction beside what came out.
    Compare,
    /// Change one thing and see what follows.
    Vary,
    /// Find out a value that is hidden.
    Mystery(Mystery),
}

impl Kind {
    /// As it is written in a file and shown.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Play => "play",
            Self::Predict(_) => "predict",
            Self::Run { .. } => "run",
            Self::Compare => "compare",
            Self::Vary => "vary",
            Self::Mystery(_) => "mystery",
        }
    }
}

/// What is asked for in a prediction, and what it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// One of several.
    Choices(Vec<Choice>),
    /// A number between two, compared with the measure of this name.
    Number { low: f64, high: f64, unit: String, measure: String },
    /// A curve that is drawn, compared with a measured one.
    Sketch { x: Axis, y: Axis, measure: String },
}

/// One of several predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub text: String,
    /// What stands beside it.
    pub beside: Beside,
    /// When it has come true.
    pub holds: Condition,
}

/// What stands beside a choice.
#[derive(Clone, Debug, PartialEq)]
pub enum Beside {
    Nothing,
    /// A small curve; both coordinates from 0 to 1, y upwards.
    Curve(Vec<[f64; 2]>),
    /// A small picture: so many columns, and row after row numbers from −1 to 1.
    Picture(usize, Vec<f32>),
}

/// An axis of a sketch.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Name with unit: `current (pA)`.
    pub name: String,
    pub low: f64,
    pub high: f64,
}

/// A value of the workspace's settings that is drawn by chance and hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Mystery {
    /// Path of the setting, as in a scene's `set`: `figure.neuron.v_th`.
    pub setting: String,
    /// The label of its control, behind which the value is hidden.
    pub label: String,
    pub unit: String,
    pub low: f64,
    pub high: f64,
    /// Step from one possible value to the next.
    pub step: f64,
    /// How far off a guess may be to count as found.
    pub within: f64,
}

/// What is set up at the beginning of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum SceneText {
    /// The text of a saved scene.
    Saved(String),
    /// A workspace with some of its settings given, the others as at the very beginning, or,
    /// with `keep`, as they are.
    Settings {
        /// Line where it is named, from 1.
        line: usize,
        /// Id of the workspace.
        workspace: String,
        keep: bool,
        /// Path, value, line.
        set: Vec<(String, serde_json::Value, usize)>,
        digit: Option<Digit>,
    },
}

/// A digit that is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digit {
    /// None.
    Blank,
    /// Generated as if by pen: seed, class, number.
    Drawn { seed: u64, class: u8, number: u64 },
    /// Of a data set's test part: MNIST's, or, where it is missing, the synthetic one of
    /// the same class.
    Mnist { index: usize, class: u8 },
}

//! What one does in a lesson.

use std::sync::Arc;

use super::ask::Prediction;
use crate::lessons::Lesson;

/// What one does in a lesson.
#[derive(Clone, Debug)]
pub enum LessonEdit {
    /// Begin it.
    Start(Arc<Lesson>),
    /// What the step asks for next: lock the prediction, run, or go to the next step.
    Advance,
    /// The next step, whatever this one asks for.
    Next,
    /// The step before.
    Back,
    /// This step, from 0.
    Go(usize),
    /// The step's state as it was at its beginning.
    Again,
    /// Change the prediction.
    Draft(Prediction),
    /// Hold on to it.
    Lock,
    /// Start the experiment.
    Run,
    /// A guess at the hidden value.
    Guess(f64),
    /// Compare the guess.
    Compare,
    /// Hide another value.
    Another,
    /// End the lesson: stay with what it has set up, or go back to what was there before.
    Leave { stay: bool },
    /// The window with the notes.
    Presenter(bool),
    /// The lesson's sheet as a file.
    Sheet(Arc<Lesson>),
    /// Read the lessons anew.
    Read,
}

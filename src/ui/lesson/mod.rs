//! Lessons in the window: which one runs, at which step, and what was predicted.
//!
//! * [`course`]: the state; [`edit`]: what one does with it
//! * [`panel`]: the step above the workspace; [`ask`]: what is predicted, and beside what
//!   came out
//! * [`presenter`]: notes and time in a window of their own
//! * [`sheet`]: a lesson on paper
//! * [`check`]: whether what a lesson refers to is there

pub mod ask;
pub mod check;
pub mod course;
pub mod edit;
pub mod panel;
pub mod presenter;
pub mod sheet;

#[cfg(test)]
mod tests;

pub use course::Course;
pub use edit::LessonEdit;

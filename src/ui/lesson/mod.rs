//! Lessons in the window.
//!
//! * [`check`]: whether what a lesson refers to is there

pub mod check;

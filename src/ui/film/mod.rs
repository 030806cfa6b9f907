//! Films: a stretch of the time bar as a GIF, an animated PNG or an MP4.
//!
//! A film is drawn by a window of its own that nobody sees, on a thread of its own: it
//! opens the scene that the user's window shows, brings the time bar to one step after the
//! other and draws the workspace. So a film is what the time bar shows, step by step, and
//! the user's window neither waits nor moves.
//!
//! * [`order`]: what is asked for; [`form`]: the window that asks
//! * [`studio`]: the window that nobody sees, and how a film is made in it
//! * [`encode`]: the formats; [`mp4`]: the one that needs ffmpeg
//! * [`job`]: the thread, from the user's window's side

pub mod encode;
pub mod form;
pub mod job;
pub mod mp4;
pub mod order;
pub mod studio;

#[cfg(test)]
mod tests;

pub use job::{FilmEdit, Films};
pub use order::{FilmError, Filmed, Order, Watch};

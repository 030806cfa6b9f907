//! The window.
//!
//! * [`app`]: the window and one frame of it; [`house`]: a desk and the rooms around it
//! * [`workspace`]: what a room is; [`workspaces`]: one folder each, one line in the
//!   registry
//! * [`desk`]: what all rooms share; [`command`]: what may be asked for
//! * [`widgets`]: what rooms are made of
//! * [`lesson`]: lessons, and what they refer to
//! * [`add_data`]: data sets of the user's own
//! * [`film`]: a stretch of the time bar as a film
//! * [`start`]: the first seconds, and what to do after a start that failed; [`welcome`]:
//!   the first screen of the first start
//! * [`theme`]: colours, type, spacing
//! * [`tour`]: every workspace as an image, without a display

pub mod add_data;
pub mod app;
mod chrome;
pub mod command;
pub mod desk;
pub mod digit;
mod figures;
pub mod film;
mod home;
pub mod house;
mod keys;
pub mod lesson;
mod rail;
pub mod saved;
pub mod scene;
mod scene_menu;
pub mod session;
mod shortcuts;
pub mod start;
#[cfg(test)]
mod testing;
pub mod theme;
mod toasts;
pub mod tour;
mod undo;
pub mod welcome;
pub mod widgets;
pub mod window;
pub mod workspace;
pub mod workspaces;

pub use app::{App, Setup};
pub use window::{LaunchOptions, run};

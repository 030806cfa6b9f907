//! The window.
//!
//! * [`app`]: the state, and one frame of it
//! * [`snapshot`] / [`command`]: all that a workspace sees, and may ask for
//! * [`apply`](App): the one place where commands become actions
//! * [`workspaces`]: one file or folder each, and one line in the registry
//! * [`widgets`]: what workspaces are made of
//! * [`start`]: the first seconds, and what follows when they ended badly
//! * [`theme`]: colours, type, spacing
//! * `live`: the time bar of a run that goes on
//! * [`tour`]: every workspace as a picture, without a display

pub mod app;
mod apply;
mod chrome;
pub mod command;
pub mod conversion;
pub mod diehl_cook;
pub mod digit;
pub mod history;
mod home;
mod keys;
mod live;
pub mod neuron;
pub mod plasticity;
pub mod session;
pub mod snapshot;
pub mod start;
pub mod theme;
pub mod time;
mod toasts;
pub mod tour;
pub mod widgets;
pub mod window;
pub mod workspaces;

pub use app::{App, Setup};
pub use window::{LaunchOptions, run};

//! *How close?*: every network, rule and control measured on the same criteria. No total:
//! one profile each, and the measurement behind every number.
//!
//! * [`profiles`]: the table; [`grid`] draws it
//! * [`beside`]: two subjects on common axes
//! * [`measurement`]: what is behind a cell; [`synapse`]: what its update reads
//! * [`weigh`]: the reader's own weights
//! * [`you`]: a game of twenty digits; [`game`] is its rules
//! * [`board`]: rows, columns, and how cells are written
//! * [`curves`]: curves of several subjects on the same axes
//! * [`form`]: what stands beside the figures
//! * [`handout`]: one page to print

mod beside;
mod board;
mod curves;
mod form;
mod game;
mod grid;
mod handout;
mod lesson;
mod measurement;
mod measures;
mod profiles;
mod scenes;
pub mod settings;
mod state;
mod synapse;
mod view;
mod weigh;
mod you;

use egui::Key;

pub use state::{Close, CloseEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "close",
    name: "How close?",
    icon: Icon::Profiles,
    doc: "How close is each network to the brain? Every one measured on the same criteria, side by side",
    key: Key::H,
};

/// What the views see.
type World<'a> = View<'a, Close>;

//! *Time*: the digit read column by column and row by row. The recurrent networks
//! beside each other, what each has in mind after every step, and when it knows.
//!
//! * [`reading`]: the digit, how far it is read by whom, what is hidden, the small
//!   canvas
//! * [`answers`]: what each network would answer after every step
//! * [`units`]: hidden units and cells as heat maps, the gates of one unit
//! * [`early`]: how early each network can tell, over many digits
//! * [`chart`]: axes over the 28 steps, shared by all of them
//!
//! A position `k` of the time bar means: those that read from the left have read
//! `k` columns, those that read from the top `k` rows.

mod answers;
mod chart;
mod early;
mod measures;
mod reading;
mod scenes;
pub mod settings;
mod state;
mod units;
mod view;

use egui::Key;

pub use state::{Time, TimeEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "time",
    name: "Time",
    icon: Icon::Hourglass,
    doc: "The digit as time: read step by step, and when each network knows",
    key: Key::Num5,
};

/// What the views see.
type World<'a> = View<'a, Time>;

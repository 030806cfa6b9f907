//! *Conversion*: a trained network beside the same one in spikes, on
//! the current digit.
//!
//! * [`form`]: which network, how it is converted, what disturbs it
//! * [`pictures`]: activations beside rates ([`maps`]), the [`scatter`], both answers
//!   over time
//! * [`spikes`]: who spikes when, in all layers
//! * [`mod@unit`]: one unit: its sum, its potential, its spikes, its rate
//! * [`sample`]: many digits: accuracy against steps, operations, energy

mod form;
mod lesson;
mod maps;
mod measures;
mod pictures;
mod sample;
mod scatter;
mod scenes;
pub mod settings;
mod spikes;
mod state;
mod unit;
mod view;

use egui::Key;

pub use state::{Conversion, ConversionEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "conversion",
    name: "Conversion",
    icon: Icon::Stairs,
    doc: "A trained network beside the same one in spikes, layer by layer",
    key: Key::Num0,
};

/// What the views see.
type World<'a> = View<'a, Conversion>;

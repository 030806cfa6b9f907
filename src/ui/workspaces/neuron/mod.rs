//! *Neuron*: what a neuron does with its input, in four experiments.
//!
//! * [`spikes`]: two neurons, live (Fig. 1 of the report): spikes of one produce
//!   spikes in the other
//! * [`curve`]: how fast a neuron fires at which current, measured and expected
//! * [`mod@unit`]: the artificial neuron beside the biological one (Fig. 3, eq. (1))
//! * [`files`]: spikes from elsewhere, to be looked at in the same way; networks from elsewhere
//!   ([`network`]), which get the digit
//! * [`codes`]: the same intensity as a rate, a time and a burst

mod codes;
mod curve;
mod files;
mod measures;
mod network;
mod ranges;
mod scenes;
pub mod settings;
mod spikes;
mod state;
mod unit;
mod view;

use egui::Key;

pub use state::{Neuron, NeuronEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "neuron",
    name: "Neuron",
    icon: Icon::Spike,
    doc: "One neuron: its spikes, its rate, and the unit that imitates it",
    key: Key::Num6,
};

/// What the views see.
type World<'a> = View<'a, Neuron>;

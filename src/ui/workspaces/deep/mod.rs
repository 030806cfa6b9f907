//! *Deep spikes*: deep networks of spiking neurons that were trained as they are, on the
//! current digit.
//!
//! * [`rasters`]: spikes of all layers, and the answer as it forms; of neurons that fire
//!   once, who is first ([`race`])
//! * [`neuron`]: one membrane, and the surrogate that stood for its spike's derivative
//! * [`credit`]: credit that flows back through time, beside e-prop's traces
//! * [`sure`]: many digits, each decided as soon as the network is sure
//! * [`wave`]: one volley of spikes through convolutions that learned by STDP
//! * [`filters`]: what these prefer, while they learn and before
//! * [`form`]: which network, which neuron

mod credit;
mod filters;
mod form;
mod heat;
mod lesson;
mod measures;
mod neuron;
mod race;
mod rasters;
mod scenes;
pub mod settings;
mod state;
mod sure;
mod view;
mod wave;

use egui::Key;

pub use state::{Deep, DeepEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "deep",
    name: "Deep spikes",
    icon: Icon::Rasters,
    doc: "Deep networks of spiking neurons, trained through their spikes: step by step on the current digit",
    key: Key::Num9,
};

/// What the views see.
type World<'a> = View<'a, Deep>;

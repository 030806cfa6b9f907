//! *Plasticity*: how the times of spikes change a synapse, in six experiments.
//!
//! * [`windows`]: the STDP window of each rule (Fig. 2 of the report), measured and
//!   from its formula
//! * [`story`]: one synapse, step by step: spikes to drag, traces, the weight
//! * [`rates`]: how often a pair is repeated (triplets)
//! * [`bounds`]: no bounds, hard and soft ones, normalisation
//! * [`slope`]: the window that emerges from Bengio's rule
//! * [`pattern`]: a neuron finds a pattern hidden in noise

mod bounds;
mod lesson;
mod measures;
mod parts;
mod pattern;
mod rates;
mod scenes;
pub mod settings;
mod slope;
mod state;
mod story;
mod view;
mod windows;

use egui::Key;

pub use state::{Plasticity, PlasticityEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "plasticity",
    name: "Plasticity",
    icon: Icon::Window,
    doc: "How the times of spikes change a synapse: STDP, its variants, and what a neuron learns by it",
    key: Key::Num7,
};

/// What the views see.
type World<'a> = View<'a, Plasticity>;

//! *Spiking network*: digits learnt by spikes alone (Diehl and Cook 2015), live.
//!
//! * [`learning`]: the receptive fields while they form, and the running accuracy
//! * [`spikes`]: input, raster and potentials, millisecond by millisecond
//! * [`digit`]: the current digit before the network: competition and vote
//! * [`damage`]: accuracy with neurons or synapses cut, or noise
//! * [`form`]: what a run begins with, and its knobs
//! * [`at_hand`]: the network that is shown the digit, tested and damaged
//! * [`mosaic`], [`neuron`]: all fields, and one of them large

mod at_hand;
mod bars;
mod charts;
mod damage;
mod digit;
mod form;
mod learning;
mod lesson;
mod measures;
mod mosaic;
mod neuron;
mod scenes;
pub mod settings;
mod spikes;
mod state;
mod view;

use egui::Key;

pub use state::{Spiking, SpikingEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "spiking",
    name: "Spiking network",
    icon: Icon::Network,
    doc: "A network that learns digits by spikes alone, without labels",
    key: Key::Num8,
};

/// What the views see.
type World<'a> = View<'a, Spiking>;

/// A share as `87.3 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A digit, or none, by name.
fn named(label: Option<u8>) -> String {
    label.map_or_else(|| "no digit".to_owned(), |l| l.to_string())
}

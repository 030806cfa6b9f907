//! *Imagine*: a network that explains digits by causes (Bengio et al. 2015), and so can
//! finish them, dream others, and learn without labels; and the same by spikes.
//!
//! * [`complete`]: a digit of which a part is covered; [`mask`] is what is covered
//! * [`dream`]: digits out of nothing, and who judges them
//! * [`walk`]: from one digit to another
//! * [`learning`]: E and M steps, one after another
//! * [`units`]: what units look for and draw
//! * [`measured`]: what it is worth, in numbers
//! * [`phases`]: the two phases of a network of spikes (Mesnard, Gerstner and Brea 2016)
//! * [`regression`]: such a network learns a curve, or fails to
//! * [`bridge`]: what pairs of spikes do meanwhile, beside an STDP window
//! * [`form`]: which network, which constants

mod ask;
mod bridge;
mod complete;
mod dream;
mod form;
mod learning;
mod lesson;
mod mask;
mod measured;
mod measures;
mod objective;
mod phases;
mod regression;
mod scenes;
pub mod settings;
mod spiking;
mod state;
mod units;
mod view;
mod walk;

use egui::Key;

pub use mask::Mask;
pub use spiking::SpikingEdit;
pub use state::{Imagine, ImagineEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "imagine",
    name: "Imagine",
    icon: Icon::Cloud,
    doc: "A network that explains digits by causes: it finishes what is covered, dreams, and learns without labels",
    key: Key::I,
};

/// What the views see.
type World<'a> = View<'a, Imagine>;

//! *Alternatives*: networks that learn without backpropagation, beside one that learns
//! by it, from the same weights on the same digits.
//!
//! * [`slots`]: up to four rules at once, each with its card
//! * [`curves`]: accuracy, loss, and the angles between updates and the true gradient
//! * [`back`]: what one digit sends forward and back, matrix by matrix ([`matrix`],
//!   [`synapse`])
//! * [`damage`]: what is done to errors on their way while networks learn
//! * [`settling`]: how a digit settles by equilibrium propagation or predictive coding
//! * [`measures`]: what lessons can ask for
//! * [`form`]: the settings that all rules share, and questions to begin with

mod back;
mod curves;
mod damage;
mod form;
mod matrix;
mod measures;
mod scenes;
pub mod settings;
mod settling;
mod slots;
mod state;
mod synapse;
mod view;

use egui::Key;

pub use state::{Alternatives, AlternativesEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "alternatives",
    name: "Alternatives",
    icon: Icon::Ways,
    doc: "Learning without backpropagation: other rules from the same weights on the same digits",
    key: Key::Num3,
};

/// What the views see.
type World<'a> = View<'a, Alternatives>;

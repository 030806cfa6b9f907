//! *Receptive fields*: what each unit of a network senses, and why it answers as
//! it does.
//!
//! * [`digit`]: the digit with the receptive field of what is pointed at
//! * [`network`] → [`layer`] → [`mod@unit`] ([`sum`], [`likes`]): by click, back by Esc
//! * [`why`]: gradient × input and occlusion, all networks beside each other
//! * [`gabor`]: the first kernels beside simple cells
//! * [`mosaic`], [`tint`], [`progress`]: what these are made of; [`save`]: arrays
//! * [`measures`]: what lessons can ask for

mod digit;
mod gabor;
mod layer;
mod likes;
mod measures;
mod mosaic;
mod network;
mod progress;
mod save;
mod scenes;
pub mod settings;
mod state;
mod sum;
mod tint;
mod unit;
mod view;
mod why;

use egui::Key;

pub use state::{Fields, FieldsEdit, Seek};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "fields",
    name: "Receptive fields",
    icon: Icon::Fields,
    doc: "See what each unit of a network senses, and why it answers as it does",
    key: Key::Num4,
};

/// What the views see.
type World<'a> = View<'a, Fields>;

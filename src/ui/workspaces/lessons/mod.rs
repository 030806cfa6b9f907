//! *Lessons*: what there is to go through in class or alone, step by step.

mod scenes;
pub mod settings;
mod state;
mod view;

use egui::Key;

pub use state::{Lessons, LessonsEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "lessons",
    name: "Lessons",
    icon: Icon::Book,
    doc: "Lessons that ask what will happen, then show it: one for each part of the story",
    key: Key::L,
};

/// What the views see.
type World<'a> = View<'a, Lessons>;

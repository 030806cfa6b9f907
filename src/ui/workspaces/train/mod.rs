//! *Train*: settings, a run, and what it learns, live.
//!
//! * [`form`]: model, data and hyper-parameters; start, pause, step, stop
//! * [`curves`]: loss and accuracy over the epochs, one run or several
//! * [`history`]: the run as it was at any moment
//! * [`layers`]: how much each layer changes; histograms
//! * [`mistakes`]: the confusion matrix and the digits it gets wrong
//! * [`report`]: accuracies as reported, of the bundled networks and of the user's own
//!   runs, and the queue
//! * [`structure`]: the chosen network's layers, drawn and as a table; [`edit`]: others in
//!   their place
//! * [`device`]: where the next run is computed
//! * [`runs`]: every run, to compare, use, go on with or delete
//! * [`wires`]: the connections of a small network, set by hand

mod curves;
mod device;
mod edit;
mod form;
pub mod history;
mod layers;
mod measures;
mod mistakes;
mod rates;
mod report;
mod runs;
mod scenes;
pub mod settings;
mod spiking;
mod state;
mod structure;
mod view;
pub mod wires;

use egui::Key;

pub use state::{Train, TrainEdit};

use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, View};

const ABOUT: About = About {
    id: "train",
    name: "Train",
    icon: Icon::Curve,
    doc: "Train a network and watch it learn",
    key: Key::Num2,
};

/// What the views see.
type World<'a> = View<'a, Train>;

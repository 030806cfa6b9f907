//! The page: settings at the left, the chosen view, its time bar.

use egui::Ui;

use super::settings::SpikingTab;
use super::state::SpikingEdit;
use super::{Spiking, World, damage, digit, form, learning, spikes};
use crate::ui::command::Outbox;
use crate::ui::widgets::page::{self, Tab};

/// The views.
const TABS: [Tab<Spiking, SpikingTab>; 4] = [
    Tab {
        is: SpikingTab::Learning,
        name: "Learning",
        short: "Learning",
        see: "Each picture is the weights onto one neuron. Whoever fires first for an image silences the others and learns it. Nobody tells the network which digit it is; the labels are put on afterwards.",
        show: learning::show,
        side: form::show,
        bar: Some(learning::bar),
    },
    Tab {
        is: SpikingTab::Spikes,
        name: "Spikes",
        short: "Spikes",
        see: "An image is 350 ms of random spikes, as many as its pixels are bright, then 150 ms of nothing. A neuron that fires makes its partner silence all others.",
        show: spikes::show,
        side: form::show,
        bar: Some(spikes::bar),
    },
    Tab {
        is: SpikingTab::Digit,
        name: "Your digit",
        short: "Digit",
        see: "The current digit, shown to the frozen network: membranes charge, a few neurons win, and those that stand for the same digit vote together.",
        show: digit::show,
        side: form::show,
        bar: Some(digit::bar),
    },
    Tab {
        is: SpikingTab::Damage,
        name: "Damage",
        short: "Damage",
        see: "How much can be cut, or how noisy may it be, before the network no longer knows its digits? The same cuts in conventional networks stand beside it.",
        show: damage::show,
        side: form::show,
        bar: None,
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "spiking", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(SpikingEdit::Tab(tab));
    }
}

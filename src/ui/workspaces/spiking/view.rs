//! The page: settings at the left, the chosen view, its time bar.

use egui::{Id, Modal, RichText, Ui};

use super::settings::SpikingTab;
use super::state::SpikingEdit;
use super::{Spiking, World, damage, digit, form, learning, spikes};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme;
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

/// Asks before what took time to learn is given up.
fn ask(ui: &Ui, world: &World<'_>, out: &mut Outbox) {
    let modal = Modal::new(Id::unique("give up")).show(ui.ctx(), |ui| {
        ui.set_width(340.0);
        let images = grouped(world.room.view.images);
        let text = format!("The network has learnt {images} images. Begin anew?");
        ui.label(RichText::new(text).font(theme::strong(17.0)));
        ui.label("What it has learnt is then gone.");
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let keep = ui.button("Keep").on_hover_text("Go on with this network (Esc)");
            if ui.memory(|m| m.focused().is_none()) {
                keep.request_focus();
            }
            if keep.clicked() {
                out.push(SpikingEdit::GiveUp(false));
            }
            if ui.button("Begin anew").clicked() {
                out.push(SpikingEdit::GiveUp(true));
            }
        });
    });
    if modal.should_close() {
        out.push(SpikingEdit::GiveUp(false));
    }
}

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "spiking", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(SpikingEdit::Tab(tab));
    }
    if world.room.asking.is_some() {
        ask(ui, world, out);
    }
}

//! The page: settings at the left, the chosen view, its time bar.

use egui::Ui;

use super::settings::AlternativesTab;
use super::{Alternatives, AlternativesEdit, World, back, curves, damage, form, settling, slots};
use crate::ui::command::Outbox;
use crate::ui::widgets::page::{self, Tab};

/// The views.
const TABS: [Tab<Alternatives, AlternativesTab>; 4] = [
    Tab {
        is: AlternativesTab::Side,
        name: "Side by side",
        short: "Side by side",
        see: "Up to four rules, from the same weights, on the same digits. Which find a way?",
        show: |ui, world, out| {
            let from = ui.next_widget_position();
            slots::buttons(ui, world, out, |_, _| {});
            slots::cards(ui, world, out);
            curves::show(ui, world, out, from);
        },
        side: form::show,
        bar: None,
    },
    Tab {
        is: AlternativesTab::Back,
        name: "The way back",
        short: "Way back",
        see: "Activity enters from below, errors from above. What stands on their way back?",
        show: back::show,
        side: back::side,
        bar: None,
    },
    Tab {
        is: AlternativesTab::Break,
        name: "Break it",
        short: "Break it",
        see: "Disturb errors while networks learn. Must size, sign, place and time be right?",
        show: damage::show,
        side: damage::side,
        bar: None,
    },
    Tab {
        is: AlternativesTab::Settling,
        name: "Settling",
        short: "Settling",
        see: "No error travels: activity settles, and each synapse learns from what changes.",
        show: settling::show,
        side: settling::side,
        bar: Some(settling::bar),
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "alternatives", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(AlternativesEdit::Tab(tab));
    }
}

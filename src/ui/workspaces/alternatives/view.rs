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
        see: "Up to four rules learn from the same weights on the same digits in the same order. Which of them find a way, and how far from the true gradient do they go?",
        show: |ui, world, out| {
            let from = ui.next_widget_position();
            slots::buttons(ui, world, out);
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
        see: "Activity comes in from below each matrix, errors from above. Backpropagation needs the very same weights a second time, turned round; what stands there in the other rules?",
        show: back::show,
        side: back::side,
        bar: None,
    },
    Tab {
        is: AlternativesTab::Break,
        name: "Break it",
        short: "Break it",
        see: "Disturb the errors on their way while the networks learn. What has to arrive: sizes, signs, the right cell, on time?",
        show: damage::show,
        side: damage::side,
        bar: None,
    },
    Tab {
        is: AlternativesTab::Settling,
        name: "Settling",
        short: "Settling",
        see: "No error travels: the network settles, is nudged, and settles again; or cells of their own hold what was not predicted, and fall silent.",
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

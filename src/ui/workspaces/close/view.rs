//! The page: what stands beside it, and the chosen view.

use egui::{RichText, Ui};

use super::settings::CloseTab;
use super::{Close, CloseEdit, World, beside, form, measurement, profiles, weigh, you};
use crate::ui::command::Outbox;
use crate::ui::theme::palette;
use crate::ui::widgets::page::{self, Tab};

/// The views.
const TABS: [Tab<Close, CloseTab>; 5] = [
    Tab {
        is: CloseTab::Profiles,
        name: "Profiles",
        short: "Profiles",
        see: "Go along a row: no network is close in everything. Closer to a brain means: nothing read from afar, no waiting for other layers, spikes, few labels, little harm by losses. Click a cell to see how it was found.",
        show: profiles::show,
        side: profiles::side,
        bar: None,
    },
    Tab {
        is: CloseTab::Beside,
        name: "Side by side",
        short: "Two",
        see: "Two rows on common axes. Marks show what a network scores that has learned nothing.",
        show: beside::show,
        side: beside_side,
        bar: None,
    },
    Tab {
        is: CloseTab::Measurement,
        name: "Measurement",
        short: "Cell",
        see: "What is behind a number: how it was measured, what came out, and where to try it yourself.",
        show: measurement::show,
        side: plain_side,
        bar: None,
    },
    Tab {
        is: CloseTab::Weigh,
        name: "Weigh",
        short: "Weigh",
        see: "How close is a matter of what counts. All weights begin at zero: the app has no order of its own.",
        show: weigh::show,
        side: weigh::side,
        bar: None,
    },
    Tab {
        is: CloseTab::You,
        name: "You",
        short: "You",
        see: "Read noisy and covered digits yourself, on the same axes as the networks.",
        show: you::show,
        side: you::side,
        bar: None,
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "close", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(CloseEdit::Tab(tab));
    }
}

fn beside_side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let text = "Bars are drawn from zero; a thin line is the spread. Percentages go to 100, everything else to the largest of all rows. Hover over a row for how it was measured.";
    ui.label(RichText::new(text).color(palette(ui.visuals()).weak));
    ui.separator();
    profiles::groups(ui, &world.room.kept, out);
    form::printed(ui, out);
    form::provenance(ui, world);
}

fn plain_side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    form::own(ui, world, out);
    ui.separator();
    form::provenance(ui, world);
}

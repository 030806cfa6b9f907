//! *Spiking network*: digits learnt by spikes alone (Diehl and Cook 2015), live.
//!
//! * [`learning`]: the receptive fields while they form, and the running accuracy
//! * [`spikes`]: input, raster and potentials, millisecond by millisecond
//! * [`digit`]: the current digit before the network: competition and vote
//! * [`damage`]: accuracy with neurons or synapses cut, or noise
//! * [`form`]: what a run begins with, and its knobs
//! * [`mosaic`], [`neuron`]: all fields, and one of them large

mod charts;
mod damage;
mod digit;
mod form;
mod learning;
mod mosaic;
mod neuron;
mod spikes;

use egui::{Key, Ui};

use crate::ui::command::{Command, Outbox};
use DigitsEdit;
use settings::DigitsTab;
use crate::ui::widgets::icons::Icon;
use super::Workspace;
use crate::ui::widgets::lab::{self, Part, Sides};

/// The workspace.
pub static WORKSPACE: Workspace = Workspace {
    id: "spiking",
    name: "Spiking network",
    icon: Icon::Network,
    doc: "A network that learns digits by spikes alone, without labels",
    key: Key::Num7,
    show,
};

/// A view.
struct Tab {
    is: DigitsTab,
    name: &'static str,
    short: &'static str,
    /// What to see, in a sentence or two.
    see: &'static str,
    show: Part,
    bar: Option<Part>,
}

const TABS: [Tab; 4] = [
    Tab {
        is: DigitsTab::Learning,
        name: "Learning",
        short: "Learning",
        see: "Each picture is the weights onto one neuron. Whoever fires first for an image silences the others and learns it. Nobody tells the network which digit it is; the labels are put on afterwards.",
        show: learning::show,
        bar: Some(learning::bar),
    },
    Tab {
        is: DigitsTab::Spikes,
        name: "Spikes",
        short: "Spikes",
        see: "An image is 350 ms of random spikes, as many as its pixels are bright, then 150 ms of nothing. A neuron that fires makes its partner silence all others.",
        show: spikes::show,
        bar: Some(spikes::bar),
    },
    Tab {
        is: DigitsTab::Digit,
        name: "Your digit",
        short: "Digit",
        see: "The current digit, shown to the frozen network: membranes charge, a few neurons win, and those that stand for the same digit vote together.",
        show: digit::show,
        bar: Some(digit::bar),
    },
    Tab {
        is: DigitsTab::Damage,
        name: "Damage",
        short: "Damage",
        see: "How much can be cut, or how noisy may it be, before the network no longer knows its digits? The same cuts in conventional networks stand beside it.",
        show: damage::show,
        bar: None,
    },
];

fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let chosen = world.room.kept.tab;
    let Some(tab) = TABS.iter().find(|t| t.is == chosen) else { return };
    let sides = Sides { form: form::show, bar: tab.bar };
    lab::show(ui, ("spiking form", "spiking time"), &sides, (world, out), |ui, out, _| {
        let all = TABS.iter().map(|t| (t.is, t.name, t.short, t.see));
        if let Some(is) = lab::tabs(ui, all, tab.is) {
            out.push(DigitsEdit::Tab(is));
        }
        (tab.show)(ui, world, out);
    });
}

/// A share as `87.3 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A digit, or none, by name.
fn named(label: Option<u8>) -> String {
    label.map_or_else(|| "no digit".to_owned(), |l| l.to_string())
}

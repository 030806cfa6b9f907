//! The page: the chosen experiment's settings at the left, its plots, the time bar.

use egui::Ui;

use super::settings::NeuronTab;
use super::state::NeuronEdit;
use super::{Neuron, World, codes, curve, files, spikes, unit};
use crate::ui::command::Outbox;
use crate::ui::widgets::page::{self, Tab};

/// The views.
const TABS: [Tab<Neuron, NeuronTab>; 5] = [
    Tab {
        is: NeuronTab::Spikes,
        name: "Two neurons",
        short: "Two neurons",
        see: "The current charges neuron 1; at the threshold it spikes and falls back. Each spike lifts neuron 2 by the weight, and between spikes it forgets: at a weight of 0.6 it takes three of them. Which weight makes it answer each one?",
        side: spikes::form,
        show: spikes::show,
        bar: Some(spikes::bar),
    },
    Tab {
        is: NeuronTab::RateCurve,
        name: "f–I curve",
        short: "f–I curve",
        see: "Below a certain current a neuron is silent; above it, more current means more spikes. The dots are counted in simulation, the line is what the equations say.",
        side: curve::form,
        show: curve::show,
        bar: None,
    },
    Tab {
        is: NeuronTab::Unit,
        name: "Artificial and biological",
        short: "Artificial",
        see: "Both neurons get the same weighted inputs. The artificial one adds them up at once; the other one adds them one by one and fires when the sum reaches the threshold: its spikes count the same sum.",
        side: unit::form,
        show: unit::show,
        bar: None,
    },
    Tab {
        is: NeuronTab::Codes,
        name: "Codes",
        short: "Codes",
        see: "The same intensity, coded as a spike train in three ways. Raise the jitter: the rate code does not care, the timing code loses a little, the burst code a lot. Without jitter the rate code is the worst of the three.",
        side: codes::form,
        show: codes::show,
        bar: None,
    },
    Tab {
        is: NeuronTab::Files,
        name: "From a file",
        short: "File",
        see: "Spikes that were saved here or by another simulator: npz, HDF5, or text whose first line names the columns and the unit of time, such as time_ms,sender. Or a network of spikes that another program wrote as NIR: it gets your digit.",
        side: files::form,
        show: files::show,
        bar: None,
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "neuron", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(NeuronEdit::Tab(tab));
    }
}

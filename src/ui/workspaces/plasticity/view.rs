//! The page: the chosen experiment's settings at the left, its plots, the time bar.

use egui::Ui;

use super::settings::PlasticityTab;
use super::state::PlasticityEdit;
use super::{Plasticity, World, bounds, pattern, rates, slope, story, windows};
use crate::ui::command::Outbox;
use crate::ui::widgets::page::{self, Tab};

/// The views.
const TABS: [Tab<Plasticity, PlasticityTab>; 6] = [
    Tab {
        is: PlasticityTab::Windows,
        name: "STDP windows",
        short: "Windows",
        see: "Right of zero the presynaptic spike comes first and the weight grows; left of it the postsynaptic one does and the weight shrinks. Dots are simulated pairs of spikes, lines are the formulas. Other rules can be laid over the pair rule.",
        side: windows::form,
        show: windows::show,
        bar: None,
    },
    Tab {
        is: PlasticityTab::Story,
        name: "A pair, step by step",
        short: "A pair",
        see: "Drag the spikes: the pair is a dot on the STDP window. Each spike leaves a trace that fades; the next spike of the other side reads it, and the weight changes by what is left. Step through with ← and →.",
        side: story::form,
        show: story::show,
        bar: Some(story::bar),
    },
    Tab {
        is: PlasticityTab::PairingRate,
        name: "Pairing rate",
        short: "Rate",
        see: "Sixty pairs, ever faster. With triplets, post before pre weakens at low rates and strengthens at high ones, as measured in cortex; the pair rule cannot do that.",
        side: rates::form,
        show: rates::show,
        bar: None,
    },
    Tab {
        is: PlasticityTab::Bounds,
        name: "Bounds",
        short: "Bounds",
        see: "Four neurons get the same spikes and learn by the same rule. Without bounds the weights run away; hard bounds gather them at both ends, soft ones in the middle; normalisation keeps their sum.",
        side: bounds::form,
        show: bounds::show,
        bar: None,
    },
    Tab {
        is: PlasticityTab::Slope,
        name: "Bengio’s rule",
        short: "Bengio",
        see: "This rule compares no spike times: the weight follows the rise and fall of the neuron’s rate after a presynaptic spike. Averaged over many pairs, the STDP window emerges, sharper every second.",
        side: slope::form,
        show: slope::show,
        bar: None,
    },
    Tab {
        is: PlasticityTab::Pattern,
        name: "Hidden pattern",
        short: "Pattern",
        see: "The same 50 ms of spikes return again and again, marked above the raster; nothing but their timing tells them from noise. First the neuron fires at anything, then only at the pattern, then earlier and earlier in it.",
        side: pattern::form,
        show: pattern::show,
        bar: Some(pattern::bar),
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "plasticity", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(PlasticityEdit::Tab(tab));
    }
}

//! The page: settings at the left, the chosen view, its time bar.

use egui::Ui;

use super::settings::ImagineTab;
use super::{
    Imagine, ImagineEdit, World, bridge, complete, dream, form, learning, measured, phases,
    regression, units, walk,
};
use crate::ui::command::Outbox;
use crate::ui::widgets::page::{self, Tab};
use crate::ui::widgets::time_bar::{Axis, TimeBar};

/// The views.
const TABS: [Tab<Imagine, ImagineTab>; 9] = [
    Tab {
        is: ImagineTab::Complete,
        name: "Finish a digit",
        short: "Finish",
        see: "Drag over the digit to cover a part. The network asks which causes explain what is left, and draws what these imply for the rest.",
        show: complete::show,
        side: form::complete,
        bar: Some(|ui, world, out| bar(ui, world, "steps", out)),
    },
    Tab {
        is: ImagineTab::Dream,
        name: "Dream",
        short: "Dream",
        see: "Causes out of the prior, drawn from the top down. Each step looks at the picture again and draws it anew.",
        show: dream::show,
        side: form::dream,
        bar: Some(|ui, world, out| bar(ui, world, "steps", out)),
    },
    Tab {
        is: ImagineTab::Walk,
        name: "Walk",
        short: "Walk",
        see: "From one digit to another, straight through the pixels, through h1 and through h2. On which way is there a digit at every step?",
        show: walk::show,
        side: form::walk,
        bar: Some(|ui, world, out| bar(ui, world, "frames", out)),
    },
    Tab {
        is: ImagineTab::Learning,
        name: "E and M steps",
        short: "Learn",
        see: "E steps move causes towards larger J; one M step then changes each weight by two numbers at its own synapse. No labels, no error sent back.",
        show: learning::show,
        side: form::learning,
        bar: Some(learning::bar),
    },
    Tab {
        is: ImagineTab::Units,
        name: "Units",
        short: "Units",
        see: "What the units of h1 look for and draw, and what each unit of h2 adds to a picture.",
        show: units::show,
        side: form::units,
        bar: None,
    },
    Tab {
        is: ImagineTab::Measured,
        name: "In numbers",
        short: "Score",
        see: "What the network is worth: how well it draws, completes and dreams, and what a linear read-out makes of its causes.",
        show: measured::show,
        side: form::measured,
        bar: None,
    },
    Tab {
        is: ImagineTab::Phases,
        name: "Spikes, two phases",
        short: "Phases",
        see: "The same idea by spikes: the network runs freely, then pulled a little towards the target, and pushed away from it. A synapse learns how much more its two neurons go together.",
        show: phases::show,
        side: form::phases,
        bar: Some(|ui, world, out| bar(ui, world, "steps", out)),
    },
    Tab {
        is: ImagineTab::Regression,
        name: "A curve",
        short: "Curve",
        see: "Spiking neurons learn a curve, from one number to another, by comparing phases. Three things that are easily left out, and what happens then. Press Space.",
        show: regression::show,
        side: form::regression,
        bar: Some(regression::bar),
    },
    Tab {
        is: ImagineTab::Window,
        name: "STDP window",
        short: "STDP",
        see: "What each pair of spikes did to the synapses while the network learned its curve, by their lag; beside it the window of the Plasticity workspace.",
        show: bridge::show,
        side: form::window,
        bar: Some(regression::bar),
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "imagine", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(ImagineEdit::Tab(tab));
    }
}

/// Whether there is a network to ask; says so if not.
pub(super) fn has_network(ui: &mut Ui, world: &World<'_>) -> bool {
    let any = world.room.network(world.desk).is_some();
    if !any {
        ui.label("There is no network that imagines. Train one, such as “Bengio 2015”, and use it in Draw.");
    }
    any
}

/// A time bar in plain steps.
fn bar(ui: &mut Ui, world: &World<'_>, unit: &str, out: &mut Outbox) {
    let axis = Axis { unit, unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(world.room.bar(), axis).show(ui, &mut |edit| out.push(ImagineEdit::Play(edit)));
}

//! The page: network and neuron at the left, the chosen view, the time bar.

use egui::Ui;

use super::settings::DeepTab;
use super::{Deep, DeepEdit, World, credit, filters, form, neuron, race, rasters, sure, wave};
use crate::core::decision::said;
use crate::ui::command::Outbox;
use crate::ui::theme::palette;
use crate::ui::widgets::page::{self, Tab};
use crate::ui::widgets::sources;
use crate::ui::widgets::time_bar::{Axis, Mark, TimeBar};
use crate::workers::deep::{DeepLook, Family};

/// The views.
const TABS: [Tab<Deep, DeepTab>; 6] = [
    Tab {
        is: DeepTab::Spikes,
        name: "Spikes",
        short: "Spikes",
        see: "Each layer's spikes, step by step, and the answer that forms out of them. Press Space.",
        show: rasters::show,
        side: form::show,
        bar: Some(bar),
    },
    Tab {
        is: DeepTab::Neuron,
        name: "One neuron",
        short: "Neuron",
        see: "A spike has no slope. The bump that stood for it while the network learned is highest where the membrane is near its threshold.",
        show: neuron::show,
        side: form::neuron,
        bar: Some(bar),
    },
    Tab {
        is: DeepTab::Credit,
        name: "Credit",
        short: "Credit",
        see: "Backpropagation sends credit from the answer back through time. E-prop keeps a trace at each synapse instead, and needs nothing from the future.",
        show: credit::show,
        side: form::credit,
        bar: Some(bar),
    },
    Tab {
        is: DeepTab::Sure,
        name: "Stop when sure",
        short: "Sure",
        see: "A network of spikes can answer before it has seen everything: how much accuracy does haste cost?",
        show: sure::show,
        side: form::sure,
        bar: None,
    },
    Tab {
        is: DeepTab::Wave,
        name: "One volley",
        short: "Volley",
        see: "Convolutions that learned by spike timing alone. The retina sends one volley, strong contrasts first; each neuron fires once at most.",
        show: wave::show,
        side: form::conv,
        bar: Some(bar),
    },
    Tab {
        is: DeepTab::Filters,
        name: "Filters",
        short: "Filters",
        see: "What each map prefers. Train “Conv-STDP” and watch: edges come out by themselves, without labels.",
        show: filters::show,
        side: form::conv,
        bar: Some(filters::bar),
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "deep", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(DeepEdit::Tab(tab));
    }
}

/// Draws `add` with what is known of the current digit, or says why there is nothing.
pub(super) fn with_digit(
    ui: &mut Ui,
    world: &World<'_>,
    out: &mut Outbox,
    add: impl FnOnce(&mut Ui, &DeepLook, Family, &mut Outbox),
) {
    let Some((_, family)) = world.room.network(world.desk) else {
        ui.label("There is no deep network of spikes yet. Train one, such as “LIF dense”, and use it in Draw.");
        return;
    };
    if world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    match world.room.known(world.desk) {
        Some(known)
            if known.watched.is_some() || known.times.is_some() || known.volley.is_some() =>
        {
            add(ui, known, family, out);
        }
        _ => {
            ui.label("The digit is being shown …");
        }
    }
}

/// The time bar: spikes of all layers, and when the answer stands.
fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let known = world.room.known(world.desk).filter(|_| !world.digit.is_blank());
    let colour = palette(ui.visuals()).series[1];
    if let Some(times) = known.and_then(|k| k.times.as_ref()) {
        return race::bar(ui, world, times, out);
    }
    if let Some(volley) = known.and_then(|k| k.volley.as_ref()) {
        return wave::bar(ui, world, volley, out);
    }
    let course = known.map(|k| &k.course);
    let digits = course.map_or(&[][..], |c| &c.digits);
    let mut marks = Vec::new();
    if let Some(last) = digits.last() {
        // The first step from which on the answer stays.
        let stands = digits.iter().rposition(|d| d != last).map_or(0, |t| t + 1);
        let label = format!("From here on it answers {}", said(*last));
        marks.push(Mark { at: stands as u64 + 1, label, colour });
    }
    let until = course.map_or(&[][..], |c| &c.spikes);
    let mut before = 0;
    let mut density = vec![0.0];
    density.extend(until.iter().map(|sum| (sum - std::mem::replace(&mut before, *sum)) as f32));
    let axis = Axis { unit: "steps", unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(&world.room.playback, axis)
        .density(&density, "spikes at this step, in all layers")
        .marks(&marks)
        .show(ui, &mut |edit| out.push(DeepEdit::Play(edit)));
}

//! The page: settings at the left, the chosen view, the time bar.

use egui::{RichText, Ui};

use super::settings::{ConversionTab, How, Preset};
use super::state::ConversionEdit;
use super::{Conversion, World, form, pictures, sample, spikes, unit};
use crate::core::decision::unique_max;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::page::{self, Tab};
use crate::ui::widgets::sources;
use crate::ui::widgets::time_bar::{Axis, Mark, TimeBar};
use crate::workers::conversion::ConversionView;

/// The views.
const TABS: [Tab<Conversion, ConversionTab>; 4] = [
    Tab {
        is: ConversionTab::Pictures,
        name: "Side by side",
        short: "Side by side",
        see: "Left what the units of a layer compute, right how often the neurons with the same weights fire. Press Space: the right picture grows into the left one.",
        show: |ui, world, out| shown(ui, world, out, pictures::show),
        side: form::show,
        bar: Some(bar),
    },
    Tab {
        is: ConversionTab::Spikes,
        name: "Spikes",
        short: "Spikes",
        see: "Every dash is a spike, every row a unit. Let potentials begin empty (Beginning 0): then deep layers have to wait for those before them.",
        show: |ui, world, out| shown(ui, world, out, spikes::show),
        side: form::show,
        bar: Some(bar),
    },
    Tab {
        is: ConversionTab::Unit,
        name: "One unit",
        short: "One unit",
        see: "Each step adds the weighted sum of the inputs. At the threshold the neuron spikes and keeps what lies above. Its rate nears what the ReLU says; click a unit in Side by side to follow that one.",
        show: |ui, world, out| shown(ui, world, out, unit::show),
        side: form::show,
        bar: Some(bar),
    },
    Tab {
        is: ConversionTab::Sample,
        name: "Many digits",
        short: "Many digits",
        see: "How many steps does it need, and what do they cost? Lose spikes or let them come late: the timing hardly matters, because it is the count that speaks.",
        show: |ui, world, out| {
            preset(ui, world, out);
            sample::show(ui, world, out);
        },
        side: form::show,
        bar: Some(bar),
    },
];

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if let Some(tab) = page::show(ui, "conversion", (&TABS, world.room.kept.tab), (world, out)) {
        out.push(ConversionEdit::Tab(tab));
    }
}

/// A view of the current digit, or why there is nothing to see.
fn shown(
    ui: &mut Ui,
    world: &World<'_>,
    out: &mut Outbox,
    view: fn(&mut Ui, &World<'_>, &mut Outbox),
) {
    preset(ui, world, out);
    if world.digit.is_blank() {
        sources::no_digit(ui, world, out);
    } else if let Some(why) = nothing(world) {
        ui.add_space(12.0);
        ui.label(why);
    } else {
        view(ui, world, out);
    }
}

/// Names the setting that shows what goes wrong, while one is on.
fn preset(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(preset) = Preset::on(&world.room.kept.how) else { return };
    ui.horizontal_wrapped(|ui| {
        let text = format!("On purpose wrong: {}", preset.name.to_lowercase());
        let colour = palette(ui.visuals()).warning;
        let text = RichText::new(text).font(theme::strong(14.0)).color(colour);
        ui.label(text).on_hover_text(preset.doc);
        let tip = format!("{}. After a restart the usual settings are back", preset.cure);
        if ui.button("Usual settings").on_hover_text(tip).clicked() {
            out.push(ConversionEdit::How(How::default()));
        }
    });
}

/// Why there is nothing to see.
fn nothing(world: &World<'_>) -> Option<String> {
    let conversion = &world.room;
    if let Some(failure) = &conversion.shown.failure {
        return Some(failure.clone());
    }
    if conversion.shown.serial == 0 {
        return Some("The network is being converted …".into());
    }
    None
}

/// The step shown: how many have been made.
pub(super) fn at(world: &World<'_>) -> usize {
    (world.room.playback.at() as usize).min(world.room.shown.probabilities.len())
}

/// The step from which the answer no longer changes; `None` where there is none in the
/// end.
pub(super) fn settled(shown: &ConversionView) -> Option<usize> {
    let last = unique_max(shown.probabilities.last()?)?;
    let changes = shown.probabilities.iter().rposition(|p| unique_max(p) != Some(last));
    Some(changes.map_or(1, |k| k + 2))
}

/// Spikes of each step, and when the answer stands.
fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let shown = &world.room.shown;
    let p = palette(ui.visuals());
    let before = std::iter::once(0).chain(shown.spikes.iter().copied());
    let density: Vec<f32> =
        shown.spikes.iter().zip(before).map(|(now, before)| (now - before) as f32).collect();
    let marks: Vec<Mark> = settled(shown)
        .map(|at| Mark {
            at: at as u64,
            label: format!("From step {at} on the answer no longer changes"),
            colour: p.series[1],
        })
        .into_iter()
        .collect();
    let axis = Axis { unit: "steps", unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(&world.room.playback, axis)
        .density(&density, "spikes of this step")
        .marks(&marks)
        .show(ui, &mut |edit| out.push(ConversionEdit::Play(edit)));
}

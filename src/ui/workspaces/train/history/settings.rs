//! What the next run keeps of itself: a part of the form.

use egui::Ui;

use crate::ann::snapshots::cadence::HistoryConfig;
use crate::ui::widgets::number;
use crate::ui::workspaces::train::form::{heading, row};

/// What stands for 0 batches between snapshots.
const AS_NEEDED: &str = "as needed";

/// Draws the settings.
pub fn form(ui: &mut Ui, history: &mut HistoryConfig) {
    let title = heading(ui, "History");
    let tip = "Snapshots of the weights, to go back to any moment of the run under History. Changes nothing in the result.";
    ui.checkbox(&mut history.on, "Keep snapshots").labelled_by(title.id).on_hover_text(tip);
    if !history.on {
        return;
    }
    let (every, most) = (HistoryConfig::EVERY, HistoryConfig::MOST_MB);
    let tip = "Batches from one snapshot to the next, once the dense beginning is over. 0: about 90 over the run.";
    row(ui, "Every (batches)", tip, |ui| {
        let shown = |n: f64, _| if n == 0.0 { AS_NEEDED.into() } else { format!("{n}") };
        let typed = |text: &str| if text == AS_NEEDED { Some(0.0) } else { number::whole(text) };
        let field = number::drag(&mut history.every).range(every.0..=every.1);
        ui.add(field.custom_formatter(shown).custom_parser(typed))
    });
    let tip = "Space on disk. Near the limit every second snapshot goes, and fewer are taken.";
    row(ui, "At most (MB)", tip, |ui| {
        ui.add(number::drag(&mut history.most_mb).range(most.0..=most.1))
    });
}

//! The heading of each experiment's settings.

use egui::Ui;

use super::NeuronEdit;
use crate::ui::command::Outbox;
use crate::ui::widgets::field;

/// The heading, with the button that brings the beginning back.
pub fn heading(ui: &mut Ui, text: &str, out: &mut Outbox) {
    if field::heading(ui, text, "Everything in this experiment as at the very beginning") {
        out.push(NeuronEdit::Reset);
    }
}

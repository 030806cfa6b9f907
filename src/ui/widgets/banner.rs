//! A banner above the workspace: a text and its buttons.

use egui::{Margin, Ui};

use crate::ui::theme::{self, palette};

/// Room for the buttons beside a text, points.
const BUTTONS: f32 = 365.0;

/// A text and its buttons: in one row where both fit, else the buttons below.
pub fn show(ui: &mut Ui, text: &str, buttons: impl FnOnce(&mut Ui)) {
    let p = palette(ui.visuals());
    theme::card(ui.visuals())
        .inner_margin(Margin::symmetric(12, 8))
        .stroke(egui::Stroke::new(1.0, p.accent))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let font = egui::TextStyle::Body.resolve(ui.style());
            let text_width = ui.painter().layout_no_wrap(text.to_owned(), font, p.text).size().x;
            if text_width + BUTTONS < ui.available_width() {
                ui.horizontal(|ui| {
                    ui.label(text);
                    buttons(ui);
                });
            } else {
                ui.label(text);
                ui.horizontal_wrapped(buttons);
            }
        });
}

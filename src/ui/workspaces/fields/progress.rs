//! Searches that take longer: the button that begins one, and the bar with the
//! button that ends it.

use egui::{ProgressBar, RichText, Ui};

use super::World;
use super::state::{FieldsEdit, Seek};
use crate::ui::command::Outbox;
use crate::ui::widgets::figure;

/// Begins a search; while one is going on it waits its turn.
pub fn button(ui: &mut Ui, world: &World<'_>, text: &str, seek: Seek, out: &mut Outbox) {
    figure::controls(ui, |ui| {
        if world.room.findings.running.is_some() {
            bar(ui, world, out);
        } else if ui.button(text).clicked() {
            out.push(FieldsEdit::Seek(seek));
        }
    });
}

/// What is being searched, how far it is, and the button that stops it.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some((what, done, total)) = &world.room.findings.running else { return };
    ui.label(RichText::new(what).small());
    ui.horizontal(|ui| {
        let share = *done as f32 / (*total).max(1) as f32;
        let room = (ui.available_width() - 70.0).clamp(60.0, 220.0);
        ui.add(ProgressBar::new(share).desired_width(room).show_percentage());
        if ui.button("Stop").on_hover_text("What was found before is kept").clicked() {
            out.push(FieldsEdit::Stop);
        }
    });
}

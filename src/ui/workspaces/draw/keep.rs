//! *Keep as…*: the current digit becomes one of the user's own, with its label.

use egui::{RichText, Ui};

use crate::data::own::mine;
use crate::ui::command::{DataEdit, Outbox};
use crate::ui::desk::Desk;
use crate::ui::theme::palette;

/// The menu with the ten labels, how many digits there are, and a way back.
pub fn show(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    let blank = desk.digit.is_blank();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.add_enabled_ui(!blank, |ui| {
            ui.menu_button("Keep as…", |ui| labels(ui, desk, out)).response.on_hover_text(
                "Keep what the networks see among your own digits, with its label (Alt+0 … Alt+9). Train on them, test on them: they are the data set My digits.",
            );
        });
        let Some((label, count)) = desk.library.own.kept else { return };
        let tip = "Take the digit kept last out of My digits";
        if ui.small_button("Undo").on_hover_text(tip).clicked() {
            out.push(DataEdit::TakeBackDigit);
        }
        let weak = palette(ui.visuals()).weak;
        let text = match count {
            n if n < mine::FEWEST => {
                format!("kept as {label}: {n} of the {} to train on", mine::FEWEST)
            }
            n => format!("kept as {label}: {n} digits"),
        };
        ui.label(RichText::new(text).small().color(weak));
    });
}

fn labels(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    egui::Grid::new("labels").spacing([3.0, 3.0]).show(ui, |ui| {
        for label in 0..10u8 {
            let button = egui::Button::new(RichText::new(label.to_string()).strong());
            let response = ui.add_sized([30.0, 26.0], button);
            response.widget_info(|| {
                let text = format!("Keep as a {label}");
                egui::WidgetInfo::labeled(egui::Role::Button, true, text)
            });
            if response.clicked() {
                out.push(DataEdit::KeepDigit(label));
                ui.close();
            }
            if label == 4 {
                ui.end_row();
            }
        }
    });
    let count = desk.library.own.my_digits();
    ui.label(RichText::new(format!("My digits: {count}")).small());
    if count > 0 && ui.small_button("Take the last one back").clicked() {
        out.push(DataEdit::TakeBackDigit);
        ui.close();
    }
}

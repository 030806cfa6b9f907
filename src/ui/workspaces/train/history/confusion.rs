//! The confusion matrix on the held-out digits, of the network as it was.

use egui::Ui;

use super::{Scene, chooser};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::widgets::{confusion, figure};
use crate::ui::workspaces::train::World;
use crate::workers::library::Loading;
use crate::workers::runs::RunRecord;
use crate::workers::scrub::Confusion;

pub fn show(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    ui.horizontal(|ui| chooser(ui, scene, true, out));
    match &scene.view.confusion {
        Confusion::None => {
            ui.label(why_none(scene.world, scene.record));
        }
        Confusion::Busy { done, total, .. } => {
            let share = *done as f32 / (*total).max(1) as f32;
            let text = format!(
                "{} of {} held-out digits asked",
                grouped(*done as u64),
                grouped(*total as u64)
            );
            ui.add(egui::ProgressBar::new(share).text(text));
            ui.label("Going to another moment ends this at once; what was finished is kept.");
        }
        Confusion::Ready { of, .. } => {
            let text = format!(
                "{:.2} % of {} held-out digits right, loss {:.4}",
                of.accuracy * 100.0,
                grouped(of.digits as u64),
                of.loss
            );
            let classes = &scene.record.classes;
            let room = ui.available_size();
            // In a low pane, text and buttons stand beside the matrix.
            let low = room.y < 320.0 && room.x > 420.0;
            let side = if low { room.y - 4.0 } else { room.x.min(room.y - 70.0) };
            let side = side.clamp(140.0, 460.0);
            let save = |ui: &mut Ui, rect, out: &mut Outbox| {
                figure::save_row(ui, out, "confusion", rect, || {
                    confusion::csv(&of.confusion, classes)
                });
            };
            if low {
                ui.horizontal_top(|ui| {
                    let rect = confusion::named(ui, &of.confusion, classes, side, None);
                    ui.vertical(|ui| {
                        ui.label(text);
                        save(ui, rect, out);
                    });
                });
            } else {
                ui.label(text);
                let rect = confusion::named(ui, &of.confusion, classes, side, None);
                save(ui, rect, out);
            }
        }
    }
}

fn why_none(world: &World<'_>, record: &RunRecord) -> String {
    if record.config.validation_share == 0.0 {
        return "This run held no digits out, so there are none to ask about.".into();
    }
    match world.library.source(&record.config.data) {
        Loading::Missing => "The digits that this run was trained on are not on this machine yet: download MNIST, or choose its folder.".into(),
        Loading::Failed(text) => text.clone(),
        Loading::Unknown | Loading::Busy => "The digits are being loaded.".into(),
        Loading::Ready(_) => "A moment …".into(),
    }
}

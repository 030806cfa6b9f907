//! The confusion matrix on the held-out digits, of the network as it was.

use egui::Ui;

use super::{Scene, chooser};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::widgets::confusion;
use crate::ui::workspaces::train::World;
use crate::ui::workspaces::train::view::save;
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
            ui.label(format!(
                "{:.2} % of {} held-out digits right, loss {:.4}",
                of.accuracy * 100.0,
                grouped(of.digits as u64),
                of.loss
            ));
            let side = ui.available_width().min(ui.available_height() - 40.0).clamp(180.0, 460.0);
            let rect = confusion::show(ui, &of.confusion, side, None);
            save(ui, "confusion", rect, out, &|| confusion::csv(&of.confusion));
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

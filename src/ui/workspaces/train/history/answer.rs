//! What the network as it was answers to the current digit: a strip above the
//! pictures, always in view.

use egui::{Align2, RichText, Sense, Ui, Vec2, pos2};

use super::Scene;
use crate::core::decision::{best, leading, unique_max};
use crate::data::{CLASSES, ClassNames};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::digit_view;

/// Height of the strip, points.
const HEIGHT: f32 = 46.0;

pub fn strip(ui: &mut Ui, scene: &Scene<'_, '_>) {
    let weak = palette(ui.visuals()).weak;
    let shown = scene.view.shown.as_ref();
    let Some((probabilities, digit)) =
        shown.and_then(|s| Some((s.answer.as_ref()?.0, s.digit.as_ref()?)))
    else {
        ui.label(
            RichText::new("Draw a digit, or press N for one of the data set: its answer and feature maps at this moment appear here.")
                .small()
                .color(weak),
        );
        return;
    };
    ui.horizontal(|ui| {
        let id = egui::Id::unique("history digit");
        let label = "The digit that is asked about";
        digit_view::show(ui, id, HEIGHT, label, |i| digit[i], Sense::hover())
            .on_hover_text("The current digit. N, B and R pick others.");
        let (digit, probability) = best(&probabilities);
        let classes = &scene.record.classes;
        let said: String = classes.said(digit).chars().take(12).collect();
        let size = if said.chars().count() > 3 { 17.0 } else { 30.0 };
        ui.label(RichText::new(said).font(theme::strong(size)));
        let text = format!("answer then\n{:.1} %", probability * 100.0);
        ui.label(RichText::new(text).small().color(weak));
        bars(ui, &probabilities, classes);
    });
}

/// Of many classes the ten most probable ones.
fn bars(ui: &mut Ui, probabilities: &[f32], classes: &ClassNames) {
    let p = palette(ui.visuals());
    let shown = leading(probabilities, CLASSES);
    let count = shown.len().max(1) as f32;
    let width = (ui.available_width() / count).clamp(16.0, 42.0);
    let size = Vec2::new(width * count, HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let answer = unique_max(probabilities);
    let painter = ui.painter();
    for (place, digit) in shown.into_iter().enumerate() {
        let probability = probabilities[digit];
        let left = rect.left() + width * place as f32;
        let ground = egui::Rect::from_min_max(
            pos2(left + 2.0, rect.top()),
            pos2(left + width - 2.0, rect.bottom() - 16.0),
        );
        painter.rect_filled(ground, 3, p.well);
        let mut bar = ground;
        bar.min.y = ground.bottom() - ground.height() * probability;
        let (fill, ink) = if Some(digit) == answer { (p.accent, p.text) } else { (p.weak, p.weak) };
        painter.rect_filled(bar, 3, fill);
        let at = pos2(ground.center().x, rect.bottom());
        let font = theme::strong(13.0);
        let name: String = classes.name(digit).chars().take((width / 8.0) as usize).collect();
        painter.text(at, Align2::CENTER_BOTTOM, name, font, ink);
    }
    let spoken: Vec<String> = probabilities
        .iter()
        .enumerate()
        .map(|(d, p)| format!("{}: {:.1} %", classes.name(d), p * 100.0))
        .collect();
    let spoken = format!("Probabilities then: {}", spoken.join(", "));
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, spoken.clone())
    });
    response.on_hover_text(spoken);
}

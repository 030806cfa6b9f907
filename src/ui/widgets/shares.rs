//! The probabilities of the ten classes as bars with their digits below.

use egui::accesskit::Role;
use egui::{Align2, Rect, Sense, Ui, Vec2, WidgetInfo, pos2};

use crate::core::decision::{said, unique_max};
use crate::data::CLASSES;
use crate::ui::theme::{self, palette};

/// Height of the digits, points.
const DIGITS: f32 = 18.0;

/// Draws them in a room of this size; the largest, if it is alone, in the accent's colour.
pub fn bars(ui: &mut Ui, shares: &[f32; CLASSES], size: Vec2) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let p = palette(ui.visuals());
    let best = unique_max(shares);
    let each = rect.width() / CLASSES as f32;
    let font = theme::strong(12.0);
    for (digit, share) in shares.iter().enumerate() {
        let left = rect.left() + each * digit as f32;
        let tall = (rect.height() - DIGITS) * share.clamp(0.0, 1.0);
        let foot = rect.bottom() - DIGITS;
        let bar = Rect::from_min_max(pos2(left + 1.0, foot - tall), pos2(left + each - 1.0, foot));
        let ground = Rect::from_min_max(pos2(left + 1.0, rect.top()), bar.max);
        ui.painter().rect_filled(ground, 2, p.well);
        let fill = if best == Some(digit) { p.accent } else { p.weak };
        ui.painter().rect_filled(bar, 2, fill);
        let at = pos2(left + each / 2.0, rect.bottom());
        let text = digit.to_string();
        ui.painter().text(at, Align2::CENTER_BOTTOM, text, font.clone(), p.text);
    }
    response.widget_info(|| {
        let text = format!("Classes: {} with {:.2}", said(best), best.map_or(0.0, |b| shares[b]));
        WidgetInfo::labeled(Role::Image, true, text)
    });
    if let Some(at) = response.hover_pos() {
        let digit = (((at.x - rect.left()) / each) as usize).min(CLASSES - 1);
        response.on_hover_text_at_pointer(format!("{digit}: {:.4}", shares[digit]));
    }
}

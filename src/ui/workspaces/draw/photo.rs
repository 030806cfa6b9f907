//! A picture with the digits that were found on it; a click chooses one.

use egui::{
    Align2, Color32, ColorImage, Rect, Sense, Stroke, StrokeKind, TextureOptions, Ui, Vec2,
    WidgetInfo, vec2,
};

use crate::data::picture::Picture;
use crate::ui::command::{DigitEdit, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;

/// Highest picture, as a share of its width.
const HIGHEST: f32 = 0.8;
/// Smallest place to click on, points.
const LEAST_PLACE: f32 = 14.0;

/// Draws the picture `width` points wide or less, with a box around each digit.
pub fn show(ui: &mut Ui, shown: &Picture, chosen: usize, width: f32, out: &mut Outbox) {
    let [w, h] = shown.size.map(|s| s.max(1) as f32);
    let scale = (width / w).min(HIGHEST * width / h);
    let (rect, response) = ui.allocate_exact_size(vec2(w, h) * scale, Sense::hover());
    let count = shown.digits.len();
    response.widget_info(|| {
        let label = format!("The picture, with {count} found");
        WidgetInfo::labeled(egui::accesskit::Role::Image, true, label)
    });
    let preview = &shown.preview;
    let stamp = picture::stamp((preview.size, &preview.rgb));
    let texture = picture::texture(ui.ctx(), response.id, stamp, TextureOptions::LINEAR, || {
        ColorImage::from_rgb(preview.size, &preview.rgb)
    });
    picture::whole(ui, &texture, rect);
    ui.painter().rect_stroke(
        rect,
        2,
        Stroke::new(1.0, palette(ui.visuals()).line),
        StrokeKind::Outside,
    );
    for (i, digit) in shown.digits.iter().enumerate() {
        let [x, y, w, h] = digit.bounds.map(|b| b as f32 * scale);
        let place = Rect::from_min_size(rect.min + vec2(x, y), vec2(w, h)).expand(3.0);
        let place =
            place.expand2(Vec2::max(Vec2::splat(LEAST_PLACE) - place.size(), Vec2::ZERO) / 2.0);
        if one(ui, place, response.id.with(i), i == chosen, (i, count)) {
            out.push(DigitEdit::Choose(i));
        }
    }
}

/// One digit's box; whether it was clicked.
fn one(ui: &Ui, place: Rect, id: egui::Id, chosen: bool, (i, count): (usize, usize)) -> bool {
    let p = palette(ui.visuals());
    let response = ui.interact(place, id, Sense::click());
    let name = format!("Digit {} of {count} in the picture", i + 1);
    response.widget_info(|| {
        WidgetInfo::selected(egui::accesskit::Role::Button, true, chosen, name.as_str())
    });
    let (width, colour) =
        if chosen { (2.5, p.accent) } else { (1.5, p.accent.gamma_multiply(0.6)) };
    // On any paper: a light line around the coloured one.
    let painter = ui.painter();
    painter.rect_stroke(
        place,
        2,
        Stroke::new(width + 2.0, Color32::from_white_alpha(170)),
        StrokeKind::Middle,
    );
    painter.rect_stroke(place, 2, Stroke::new(width, colour), StrokeKind::Middle);
    if response.has_focus() {
        painter.rect_stroke(place.expand(3.0), 3, Stroke::new(1.5, p.text), StrokeKind::Middle);
    }
    if count > 1 {
        let at = place.left_top() + vec2(2.0, -1.0);
        let number = (i + 1).to_string();
        let fill = if chosen { p.accent } else { p.weak };
        let text = painter.layout_no_wrap(number, theme::strong(11.0), p.on_accent);
        let badge = Align2::LEFT_BOTTOM.anchor_size(at, text.size() + vec2(6.0, 0.0));
        painter.rect_filled(badge, 3, fill);
        painter.galley(badge.min + vec2(3.0, 0.0), text, p.on_accent);
    }
    response.on_hover_text(name).clicked()
}

//! A 28×28 digit, every pixel a square.

use egui::{Color32, ColorImage, CornerRadius, Image, Rect, Response, Sense, Ui, Vec2};

use crate::data::{PIXELS, SIDE};
use crate::ui::theme;

/// The texture of a picture of `PIXELS` intensities, for the theme in use.
fn texture(ui: &Ui, id: egui::Id, intensity: impl Fn(usize) -> f32) -> egui::TextureHandle {
    let pixels: Vec<Color32> =
        (0..PIXELS).map(|i| theme::ink(ui.visuals(), intensity(i))).collect();
    let image = ColorImage::new([SIDE, SIDE], pixels);
    ui.ctx().load_texture_cached("digit", id, image, egui::TextureOptions::NEAREST)
}

/// Draws a digit as a square of `side` points. `id` tells it from the others in
/// view; `label` is read out.
pub fn show(
    ui: &mut Ui,
    id: egui::Id,
    side: f32,
    label: &str,
    intensity: impl Fn(usize) -> f32,
    sense: Sense,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), sense);
    paint(ui, id, rect, intensity);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, label));
    response
}

/// Paints a digit into `rect`.
pub fn paint(ui: &Ui, id: egui::Id, rect: Rect, intensity: impl Fn(usize) -> f32) {
    let texture = texture(ui, id, intensity);
    Image::new((texture.id(), rect.size())).corner_radius(CornerRadius::same(3)).paint_at(ui, rect);
}

/// The grid between the pixels, where they are large enough to be counted.
pub fn grid(ui: &Ui, rect: Rect) {
    let p = theme::palette(ui.visuals());
    let cell = rect.width() / SIDE as f32;
    if cell < 6.0 {
        return;
    }
    let stroke = egui::Stroke::new(0.5, p.line.gamma_multiply(0.7));
    for i in 1..SIDE {
        let at = i as f32 * cell;
        ui.painter().vline(rect.left() + at, rect.y_range(), stroke);
        ui.painter().hline(rect.x_range(), rect.top() + at, stroke);
    }
}

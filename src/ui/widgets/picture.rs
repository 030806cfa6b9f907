//! Images of numbers: textures that are made and uploaded only when their content
//! has changed.

use std::hash::{Hash, Hasher};

use egui::cache::FramePublisher;
use egui::{Color32, ColorImage, Context, Id, Rect, TextureHandle, TextureOptions, Ui, pos2};

type Textures = FramePublisher<Id, (u64, TextureHandle)>;

/// A number that changes when any of these does.
pub fn stamp(of: impl Hash) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The texture of this id, made anew when `stamp` is another than the last time.
/// A texture that is not asked for in a frame is forgotten.
pub fn texture(
    ctx: &Context,
    id: Id,
    stamp: u64,
    options: TextureOptions,
    make: impl FnOnce() -> ColorImage,
) -> TextureHandle {
    let cached = ctx.memory_mut(|m| m.caches.cache::<Textures>().get(&id).cloned());
    let handle = match cached {
        Some((known, handle)) if known == stamp => handle,
        Some((_, mut handle)) => {
            handle.set(make(), options);
            handle
        }
        None => ctx.load_texture("numbers", make(), options),
    };
    ctx.memory_mut(|m| m.caches.cache::<Textures>().set(id, (stamp, handle.clone())));
    handle
}

/// Paints a picture of `w` numbers in each row into `rect`, every number a
/// rectangle.
pub fn paint(
    ui: &Ui,
    id: Id,
    stamp: u64,
    rect: Rect,
    (h, w): (usize, usize),
    colour: impl Fn(usize) -> Color32,
) {
    let texture = texture(ui.ctx(), id, stamp, TextureOptions::NEAREST, || {
        ColorImage::new([w, h], (0..h * w).map(colour).collect())
    });
    whole(ui, &texture, rect);
}

/// Paints all of a texture into `rect`.
pub fn whole(ui: &Ui, texture: &TextureHandle, rect: Rect) {
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
}

/// Where the number in this row and column is.
pub fn rect(rect: Rect, (h, w): (usize, usize), (y, x): (usize, usize)) -> Rect {
    let size = rect.size() / egui::vec2(w as f32, h as f32);
    Rect::from_min_size(rect.min + egui::vec2(x as f32, y as f32) * size, size)
}

/// Row and column under a point.
pub fn cell(rect: Rect, (h, w): (usize, usize), at: egui::Pos2) -> Option<(usize, usize)> {
    if !rect.contains(at) || h * w == 0 {
        return None;
    }
    let share = (at - rect.min) / rect.size();
    let place = |share: f32, n: usize| ((share * n as f32) as usize).min(n - 1);
    Some((place(share.y, h), place(share.x, w)))
}

//! Small pictures of one size beside each other: how many go into a row, where each
//! stands, which one a point is on, and all of them as one texture and one mesh.

use egui::{Color32, ColorImage, Mesh, Pos2, Rect, TextureHandle, Ui, Vec2, pos2, vec2};

use super::picture;
use crate::data::SIDE;

/// The number of columns, up to `count`, with which `size` is largest; the fewest of
/// several.
pub fn columns(count: usize, size: impl Fn(usize) -> f32) -> usize {
    let larger = |best: usize, n: usize| if size(n) > size(best) { n } else { best };
    (2..=count).fold(1, larger)
}

/// The same, and the most of several.
pub fn most_columns(count: usize, size: impl Fn(usize) -> f32) -> usize {
    let larger = |best: usize, n: usize| if size(n) > size(best) { n } else { best };
    (1..count).rev().fold(count.max(1), larger)
}

/// Pictures of a digit's size beside each other in the narrowest texture that a graphics card
/// offers, 8,192 pixels; a row of more would be refused.
pub const MOST_ACROSS: usize = 8192 / SIDE;

/// How many columns make tiles of this width by height largest in a room, and how large.
pub fn arrange(count: usize, aspect: f32, room: Vec2) -> (usize, Vec2) {
    arrange_up_to(MOST_ACROSS, count, aspect, room)
}

/// The same with at most so many columns: a texture has a largest width, and a room may be
/// very low.
pub fn arrange_up_to(most: usize, count: usize, aspect: f32, room: Vec2) -> (usize, Vec2) {
    let width = |columns: usize| {
        let rows = count.div_ceil(columns).max(1);
        (room.x / columns as f32).min(room.y / rows as f32 * aspect)
    };
    let columns = columns(count.min(most.max(1)), width);
    (columns, vec2(width(columns), width(columns) / aspect))
}

/// Where tiles stand.
#[derive(Clone, Copy, Debug)]
pub struct Tiles {
    /// What they take, with the space after each.
    pub area: Rect,
    /// From one to the next, points.
    pub step: Vec2,
    /// Of which space, points.
    pub gap: f32,
    pub columns: usize,
    pub count: usize,
}

impl Tiles {
    /// Row by row from `corner` on.
    pub fn new(corner: Pos2, step: Vec2, gap: f32, columns: usize, count: usize) -> Self {
        let rows = count.div_ceil(columns);
        let size = vec2(columns as f32, rows as f32) * step;
        Self { area: Rect::from_min_size(corner, size), step, gap, columns, count }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.count.div_ceil(self.columns)
    }

    /// Where the `i`th stands.
    pub fn of(&self, i: usize) -> Rect {
        let place = vec2((i % self.columns) as f32, (i / self.columns) as f32);
        let size = self.step - Vec2::splat(self.gap);
        Rect::from_min_size(self.area.min + place * self.step, size)
    }

    /// The tile there, and row and column in a tile of `[h, w]` cells.
    pub fn at(&self, point: Pos2, [h, w]: [usize; 2]) -> Option<(usize, usize, usize)> {
        let d = (point - self.area.min) / self.step;
        let i =
            d.y.max(0.0) as usize * self.columns + (d.x.max(0.0) as usize).min(self.columns - 1);
        if !self.area.contains(point) || i >= self.count {
            return None;
        }
        let tile = self.of(i);
        picture::cell(tile, (h, w), tile.clamp(point)).map(|(y, x)| (i, y, x))
    }

    /// Paints all of them; the texture is an [`image()`] of as many columns.
    pub fn paint(&self, ui: &Ui, texture: &TextureHandle) {
        let share = vec2(1.0 / self.columns as f32, 1.0 / self.rows() as f32);
        let mut mesh = Mesh::with_texture(texture.id());
        for i in 0..self.count {
            let from = vec2((i % self.columns) as f32, (i / self.columns) as f32) * share;
            let part = Rect::from_min_size(pos2(from.x, from.y), share);
            mesh.add_rect_with_uv(self.of(i), part, Color32::WHITE);
        }
        ui.painter().add(mesh);
    }
}

/// `count` tiles of `[h, w]` pixels as one image; `colour` of tile, row and column.
pub fn image(
    [h, w]: [usize; 2],
    columns: usize,
    count: usize,
    mut colour: impl FnMut(usize, usize, usize) -> Color32,
) -> ColorImage {
    let rows = count.div_ceil(columns).max(1);
    let mut image = ColorImage::filled([columns * w, rows * h], Color32::TRANSPARENT);
    for tile in 0..count {
        let corner = (tile / columns) * h * columns * w + (tile % columns) * w;
        for y in 0..h {
            let line = &mut image.pixels[corner + y * columns * w..][..w];
            line.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = colour(tile, y, x));
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fit_their_room_and_are_as_large_as_can_be() {
        for (count, aspect, room) in [
            (32, 1.0, vec2(110.0, 420.0)),
            (128, 1.0, vec2(800.0, 500.0)),
            (10, 4.0, vec2(90.0, 300.0)),
            (500, 1.0, vec2(300.0, 100.0)),
            (1, 1.0, vec2(50.0, 50.0)),
            (7, 1.0, vec2(9.0, 90.0)),
        ] {
            let (columns, tile) = arrange(count, aspect, room);
            let rows = count.div_ceil(columns);
            assert!(rows * columns >= count && (rows - 1) * columns < count);
            assert!(tile.x * columns as f32 <= room.x + 0.01);
            assert!(tile.y * rows as f32 <= room.y + 0.01);
            assert!(tile.x * tile.y * count as f32 > 0.4 * room.x * room.y, "{count} {tile}");
        }
    }

    #[test]
    fn every_cell_is_found_where_it_stands() {
        let tiles = Tiles::new(pos2(10.0, 20.0), vec2(30.0, 24.0), 4.0, 7, 25);
        for i in [0, 12, 24] {
            let tile = tiles.of(i);
            let first = tile.min + vec2(1.0, 1.0);
            assert_eq!(tiles.at(first, [4, 5]), Some((i, 0, 0)));
            assert_eq!(tiles.at(tile.max - vec2(1.0, 1.0), [4, 5]), Some((i, 3, 4)));
        }
        assert_eq!(tiles.at(pos2(0.0, 0.0), [4, 5]), None);
        assert_eq!(tiles.at(tiles.area.max, [4, 5]), None);
    }
}

//! A large matrix as a picture: each cell the mean of a block of it, or a single number
//! where there are few.

use egui::accesskit::Role;
use egui::{Id, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use crate::core::decision::first_max;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;

/// Points of the screen for a cell, at least.
const CELL: f32 = 2.0;
/// Most cells along a side.
const MOST: usize = 160;
/// Height of a row of units, points.
pub const STRIP: f32 = 12.0;

/// How `numbers` in a row are gathered into cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blocks {
    numbers: usize,
    pub cells: usize,
}

impl Blocks {
    /// As many cells as a side of this length has room for.
    pub fn within(numbers: usize, length: f32) -> Self {
        let room = ((length / CELL) as usize).clamp(1, MOST);
        Self { numbers, cells: numbers.min(room).max(1) }
    }

    /// The numbers that a cell stands for.
    pub fn of(&self, cell: usize) -> std::ops::Range<usize> {
        let at = |cell: usize| cell * self.numbers / self.cells;
        at(cell)..at(cell + 1)
    }

    /// The cell that a number is in.
    pub fn cell(&self, number: usize) -> usize {
        // The first cell that ends behind it.
        let guess = number * self.cells / self.numbers.max(1);
        (guess..self.cells).find(|c| self.of(*c).contains(&number)).unwrap_or(self.cells - 1)
    }
}

/// A matrix, to be drawn: rows go down, columns to the right.
pub struct Matrix<'a> {
    pub rows: usize,
    pub columns: usize,
    pub value: &'a dyn Fn(usize, usize) -> f32,
}

impl Matrix<'_> {
    /// Draws it that large, points; says `said` to who cannot see it. Gives
    /// the cells' rows and columns.
    pub fn show(
        &self,
        ui: &mut Ui,
        (id, stamp): (Id, u64),
        size: Vec2,
        said: &str,
    ) -> (Response, Blocks, Blocks) {
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, said));
        let (down, across) =
            (Blocks::within(self.rows, size.y), Blocks::within(self.columns, size.x));
        let visuals = ui.visuals().clone();
        let means = std::cell::OnceCell::new();
        let colour = |cell: usize| {
            let means: &Vec<f32> = means.get_or_init(|| self.means(down, across));
            theme::diverging(&visuals, means[cell])
        };
        let stamp = picture::stamp((stamp, down.cells, across.cells, visuals.dark_mode));
        picture::paint(ui, id, stamp, rect, (down.cells, across.cells), colour);
        (response, down, across)
    }

    /// The mean of each block, in shares of the largest.
    fn means(&self, down: Blocks, across: Blocks) -> Vec<f32> {
        let mut means = Vec::with_capacity(down.cells * across.cells);
        for row in 0..down.cells {
            for column in 0..across.cells {
                let (rows, columns) = (down.of(row), across.of(column));
                let count = (rows.len() * columns.len()).max(1) as f32;
                let each = rows.flat_map(|r| columns.clone().map(move |c| (r, c)));
                means.push(each.map(|(r, c)| (self.value)(r, c)).sum::<f32>() / count);
            }
        }
        scaled(&mut means);
        means
    }
}

/// Divides by the largest size.
fn scaled(values: &mut [f32]) {
    let most = values.iter().fold(0f32, |m, v| m.max(v.abs()));
    if most > 0.0 {
        values.iter_mut().for_each(|v| *v /= most);
    }
}

/// A row of units, `width` points wide: signed numbers, the strongest of each cell. Gives
/// its number on hover.
pub fn strip(
    ui: &mut Ui,
    (id, stamp): (Id, u64),
    width: f32,
    values: &[f32],
    (what, of): (&str, &str),
) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, STRIP), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{what} of {of}")));
    if values.is_empty() {
        ui.painter().rect_filled(rect, 2, palette(ui.visuals()).well);
        response.on_hover_text(format!("{of} has none"));
        return;
    }
    let blocks = Blocks::within(values.len(), width);
    let strongest = |cell: usize| {
        let numbers = blocks.of(cell);
        numbers.start + first_max(numbers.map(|i| values[i].abs())).unwrap_or(0)
    };
    let visuals = ui.visuals().clone();
    let shades = std::cell::OnceCell::new();
    let colour = |cell: usize| {
        let shades: &Vec<f32> = shades.get_or_init(|| {
            let mut all: Vec<f32> = (0..blocks.cells).map(|c| values[strongest(c)]).collect();
            scaled(&mut all);
            all
        });
        theme::diverging(&visuals, shades[cell])
    };
    let stamp = picture::stamp((stamp, blocks.cells, visuals.dark_mode));
    picture::paint(ui, id, stamp, rect, (1, blocks.cells), colour);
    let cell = response.hover_pos().and_then(|at| picture::cell(rect, (1, blocks.cells), at));
    if let Some((_, cell)) = cell {
        let unit = strongest(cell);
        let text = format!("{what} of {of}, unit {unit}: {:.4}", values[unit]);
        response.on_hover_text_at_pointer(text);
    }
}

/// Marks a cell of a matrix in `rect`.
pub fn mark(ui: &Ui, rect: Rect, (down, across): (Blocks, Blocks), row: usize, column: usize) {
    let size = rect.size() / vec2(across.cells as f32, down.cells as f32);
    let (row, column) = (down.cell(row), across.cell(column));
    let at = rect.min + vec2(column as f32 + 0.5, row as f32 + 0.5) * size;
    let mark = Rect::from_center_size(at, (size + Vec2::splat(3.0)).max(Vec2::splat(8.0)));
    let p = palette(ui.visuals());
    ui.painter().rect_stroke(mark, 2.0, Stroke::new(3.5, p.background), StrokeKind::Middle);
    ui.painter().rect_stroke(mark, 2.0, Stroke::new(1.5, p.accent), StrokeKind::Middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_cell() {
        for (numbers, length) in [(784, 90.0), (500, 320.0), (10, 200.0), (1, 50.0), (4096, 7.0)] {
            let blocks = Blocks::within(numbers, length);
            let all: Vec<usize> = (0..blocks.cells).flat_map(|c| blocks.of(c)).collect();
            assert!(all.iter().copied().eq(0..numbers), "{numbers}");
            for number in [0, numbers / 3, numbers - 1] {
                assert!(blocks.of(blocks.cell(number)).contains(&number));
            }
        }
    }

    #[test]
    fn a_picture_is_of_the_blocks_means() {
        let value = |r: usize, c: usize| if (r, c) == (3, 0) { -4.0 } else { (c % 2) as f32 };
        let matrix = Matrix { rows: 4, columns: 4, value: &value };
        let halves = Blocks::within(4, 4.0);
        assert_eq!(halves.cells, 2);
        // Means 0.5, 0.5, (−4 + 0 + 1 + 1) / 4 and 0.5.
        assert_eq!(matrix.means(halves, halves), [1.0, 1.0, -1.0, 1.0]);
    }
}

//! All units of a layer beside each other, each a small picture: one texture, one
//! mesh, one control. Arrows go from unit to unit, Enter goes into one.

use egui::{Color32, Id, Key, Rect, Sense, Stroke, Ui, Vec2, pos2, vec2};

use crate::ui::theme::{self, palette};
use crate::ui::widgets::tiles::{self, Tiles};
use crate::ui::widgets::{figure, picture};

/// What to show.
pub struct Mosaic {
    pub id: Id,
    /// Changes when the pictures do.
    pub stamp: u64,
    /// What it is, read out.
    pub label: String,
    /// Number of pictures, and rows and columns of numbers in each.
    pub count: usize,
    pub size: (usize, usize),
    /// The unit that is marked.
    pub selected: Option<usize>,
    /// Whether the units' numbers are written on them where there is room.
    pub numbers: bool,
    /// Pictures are at least so wide, points: where not all fit, they come in pages.
    pub least: f32,
}

/// A unit, and row and column within its picture.
pub type Spot = (usize, usize, usize);

/// What the hand does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Touched {
    pub hovered: Option<Spot>,
    pub chosen: Option<Spot>,
}

/// How many pictures fit that are at least so wide, if not all do.
pub fn page_of(count: usize, aspect: f32, room: Vec2, least: f32) -> usize {
    if tiles::arrange(count, aspect, room).1.x >= least {
        return count;
    }
    let fit = |room: f32, tile: f32| ((room / tile) as usize).max(1);
    (fit(room.x, least) * fit(room.y, least / aspect)).min(count)
}

impl Mosaic {
    /// Pictures that are shown at once in a room of this size.
    pub fn page(&self, room: Vec2) -> usize {
        page_of(self.count, self.size.1 as f32 / self.size.0 as f32, room, self.least)
    }

    /// [`Mosaic::show`] with the pages to choose from below, if there are several.
    pub fn show_pages<'a>(
        self,
        ui: &mut Ui,
        mut room: Rect,
        colours: impl FnOnce(&egui::Visuals) -> Box<dyn Fn(usize, usize) -> Color32 + 'a>,
    ) -> Touched {
        if self.page(room.size()) >= self.count {
            return self.show(ui, room, 0, colours);
        }
        let bar = room.split_top_bottom_at_y(room.bottom() - 32.0);
        room = bar.0;
        let page = self.page(room.size());
        let id = self.id.with("page");
        let chosen = self.selected.filter(|s| *s < self.count).map_or(0, |s| s / page * page);
        let mut first = ui.data(|d| d.get_temp(id)).unwrap_or(chosen) / page * page;
        let builder = egui::UiBuilder::new().max_rect(bar.1.shrink2(vec2(0.0, 2.0)));
        let count = self.count;
        ui.scope_builder(builder, |ui| {
            ui.horizontal(|ui| {
                figure::controls(ui, |ui| {
                    let back = ui.add_enabled(first > 0, egui::Button::new("◀"));
                    named(&back, "Units before these");
                    let on = ui.add_enabled(first + page < count, egui::Button::new("▶"));
                    named(&on, "Units after these");
                    if back.clicked() {
                        first = first.saturating_sub(page);
                    }
                    if on.clicked() {
                        first += page;
                    }
                });
                ui.label(format!("{} to {} of {count}", first, (first + page).min(count) - 1));
            });
        });
        ui.data_mut(|d| d.insert_temp(id, first));
        self.show(ui, room, first, colours)
    }

    /// Draws a page of it, from picture `first` on, into `room`; `colours` is asked for a function from picture and
    /// place within it only when something has changed.
    pub fn show<'a>(
        self,
        ui: &mut Ui,
        room: Rect,
        first: usize,
        colours: impl FnOnce(&egui::Visuals) -> Box<dyn Fn(usize, usize) -> Color32 + 'a>,
    ) -> Touched {
        let p = palette(ui.visuals());
        let (h, w) = self.size;
        if self.count * h * w == 0 {
            return Touched::default();
        }
        let first = first.min(self.count - 1);
        let count = self.page(room.size()).min(self.count - first);
        let (columns, tile) = tiles::arrange(count, w as f32 / h as f32, room.size());
        let gap = if tile.x > 24.0 { 3.0 } else { 1.0 };
        let left = room.center().x - tile.x * columns as f32 / 2.0;
        let corner = pos2(left, room.top()) + Vec2::splat(gap / 2.0);
        let tiles = Tiles::new(corner, tile, gap, columns, count);
        let response = ui.interact(tiles.area, self.id, Sense::click());
        let label = &self.label;
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ListBox, true, label));
        let texture = self.texture(ui, first, &tiles, colours);
        tiles.paint(ui, &texture);
        let painter = ui.painter();
        if self.numbers && tile.x >= 38.0 && tile.y >= 30.0 {
            for i in 0..count {
                number(ui, tiles.of(i), first + i);
            }
        }
        let spot = |at| tiles.at(at, [h, w]).map(|(i, y, x)| (first + i, y, x));
        let focused = keyboard(ui, &response, columns, count).map(|i| first + i);
        let hovered = response.hover_pos().and_then(spot);
        let mark = |i: usize, width: f32, colour: Color32| {
            let Some(i) = i.checked_sub(first).filter(|i| *i < count) else { return };
            let outline = tiles.of(i).expand(gap / 2.0);
            let stroke = Stroke::new(width, colour);
            painter.rect_stroke(outline, 2, stroke, egui::StrokeKind::Outside);
        };
        if let Some(i) = self.selected {
            mark(i, 2.5, p.accent);
        }
        if let Some(at) = hovered.map(|h| h.0).or(focused) {
            mark(at, 2.0, p.text);
        }
        let middle = focused.map(|i| (i, h / 2, w / 2));
        let enter = focused.is_some() && ui.input(|i| i.key_pressed(Key::Enter));
        let clicked = response.clicked().then(|| response.interact_pointer_pos().and_then(spot));
        Touched {
            hovered: hovered.or(middle),
            chosen: clicked.flatten().or(middle.filter(|_| enter)),
        }
    }

    fn texture<'a>(
        &self,
        ui: &Ui,
        first: usize,
        tiles: &Tiles,
        colours: impl FnOnce(&egui::Visuals) -> Box<dyn Fn(usize, usize) -> Color32 + 'a>,
    ) -> egui::TextureHandle {
        let (h, w) = self.size;
        let (columns, count) = (tiles.columns, tiles.count);
        let stamp =
            picture::stamp((self.stamp, ui.visuals().dark_mode, columns, self.size, first, count));
        let visuals = ui.visuals().clone();
        let options = egui::TextureOptions::NEAREST;
        picture::texture(ui.ctx(), self.id.with("texture"), stamp, options, || {
            let colour = colours(&visuals);
            tiles::image([h, w], columns, count, |tile, y, x| colour(first + tile, y * w + x))
        })
    }
}

fn named(button: &egui::Response, name: &str) {
    let on = button.enabled();
    button.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, on, name));
}

/// A unit's number in the corner of its picture.
fn number(ui: &Ui, rect: Rect, i: usize) {
    let p = palette(ui.visuals());
    let size = (rect.width() * 0.17).clamp(9.0, 12.0);
    let galley = ui.painter().layout_no_wrap(i.to_string(), theme::strong(size), p.text);
    let at = rect.left_top() + vec2(3.0, 1.0);
    let ground = Rect::from_min_size(at, galley.size()).expand2(vec2(2.0, 0.0));
    ui.painter().rect_filled(ground, 2, p.card.gamma_multiply(0.75));
    ui.painter().galley(at, galley, p.text);
}

/// The unit that the keyboard points at, while the mosaic has the focus.
fn keyboard(ui: &Ui, response: &egui::Response, columns: usize, count: usize) -> Option<usize> {
    if !response.has_focus() || ui.input(|i| i.pointer.any_down()) {
        return None;
    }
    let filter =
        egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    let id = response.id.with("keyboard");
    let mut at: usize = ui.data(|d| d.get_temp(id)).unwrap_or(0);
    for (key, back, by) in [
        (Key::ArrowLeft, true, 1),
        (Key::ArrowRight, false, 1),
        (Key::ArrowUp, true, columns),
        (Key::ArrowDown, false, columns),
    ] {
        for _ in 0..ui.input(|i| i.num_presses(key)) {
            at = if back { at.checked_sub(by).unwrap_or(at) } else { at + by };
            at = at.min(count - 1);
        }
    }
    ui.data_mut(|d| d.insert_temp(id, at));
    Some(at)
}

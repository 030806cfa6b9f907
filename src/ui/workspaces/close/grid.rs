//! The table: rows are subjects, columns criteria under the headings of their groups.
//! It scrolls both ways; names and headings stay in view.

use std::sync::Arc;

use egui::{
    Align, Color32, FontId, Galley, Id, Painter, Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo,
    accesskit::Role, pos2, text::LayoutJob, vec2,
};

use super::board;
use super::settings::CloseTab;
use super::{CloseEdit, World};
use crate::scoreboard::board::{Kind, Profile, Value};
use crate::scoreboard::criteria::{Criterion, Group};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, page, tip};

/// Height of a row, points; more where small text is large.
const ROW: f32 = 30.0;
/// Space within a cell, points.
const AIR: f32 = 6.0;
/// Headings of a column have at most so many lines; the longest of ours have three.
const LINES: usize = 4;

/// What is drawn.
pub struct Grid<'a> {
    pub rows: &'a [&'a Profile],
    pub columns: &'a [&'static Criterion],
}

/// Where everything is.
struct Places {
    /// All of it, scrolled.
    area: Rect,
    /// What is in view of headings, names and cells.
    heads: Rect,
    names: Rect,
    body: Rect,
    /// Width of the names and of a column, height of the headings, points.
    name: f32,
    column: f32,
    head: f32,
    /// Height of a row, points.
    row: f32,
}

impl Places {
    fn cell(&self, row: usize, column: usize) -> Rect {
        let corner = self.area.min
            + vec2(self.name + column as f32 * self.column, self.head + row as f32 * self.row);
        Rect::from_min_size(corner, vec2(self.column, self.row))
    }
}

impl Grid<'_> {
    /// Draws it, at most so high.
    pub fn show(&self, ui: &mut Ui, height: f32, world: &World<'_>, out: &mut Outbox) {
        let narrow = ui.available_width() < page::NARROW;
        let (name, least) = if narrow { (138.0, 88.0) } else { (190.0, 92.0) };
        // As many whole columns as there is room for.
        let room = ui.available_width() - name;
        let fit = ((room / least) as usize).clamp(1, self.columns.len().max(1));
        let column = (room / fit as f32).min(150.0);
        let heads: Vec<Arc<Galley>> =
            self.columns.iter().map(|c| heading(ui, c, column, world)).collect();
        let row = (2.6 * theme::regular(10.5).size).max(ROW);
        let group = 20.0;
        let head = heads.iter().map(|g| g.size().y).fold(20.0, f32::max) + group + 2.0 * AIR;
        let size =
            vec2(name + column * self.columns.len() as f32, head + row * self.rows.len() as f32);
        ScrollArea::both()
            .id_salt("scoreboard")
            .max_height(height)
            .auto_shrink([true, true])
            .show_viewport(ui, |ui, viewport| {
                let (area, _) = ui.allocate_exact_size(size, Sense::hover());
                let seen = Rect::from_min_size(area.min + viewport.min.to_vec2(), viewport.size());
                let seen = seen.intersect(area);
                let split = seen.min + vec2(name, head);
                let places = Places {
                    area,
                    heads: Rect::from_min_max(
                        pos2(split.x, seen.top()),
                        pos2(seen.right(), split.y),
                    ),
                    names: Rect::from_min_max(
                        pos2(seen.left(), split.y),
                        pos2(split.x, seen.bottom()),
                    ),
                    body: Rect::from_min_max(split, seen.max),
                    name,
                    column,
                    head,
                    row,
                };
                let p = palette(ui.visuals());
                ui.painter().rect_filled(seen, 6, p.card);
                self.cells(ui, &places, world, out);
                self.names(ui, &places, world, out);
                self.headings(ui, &places, &heads, group, world, out);
                let line = Stroke::new(1.0, p.line);
                ui.painter().hline(seen.x_range(), split.y, line);
                ui.painter().vline(split.x, seen.y_range(), line);
            });
    }

    fn cells(&self, ui: &mut Ui, at: &Places, world: &World<'_>, out: &mut Outbox) {
        let painter = ui.painter().with_clip_rect(at.body.intersect(ui.clip_rect()));
        let axes: Vec<(f64, f64)> =
            self.columns.iter().map(|c| board::axis(c, world.room.table.iter())).collect();
        for (i, profile) in self.rows.iter().enumerate() {
            for (j, criterion) in self.columns.iter().enumerate() {
                let rect = at.cell(i, j);
                let seen = rect.intersect(at.body);
                // A row at the rim is drawn, and pressed once a good part of it is in view.
                if !seen.is_positive() {
                    continue;
                }
                if seen.height() > 0.4 * at.row && seen.width() > 0.4 * at.column {
                    self.press(ui, seen, (profile, criterion), world, out);
                }
                cell(&painter, ui, rect, (profile, criterion), axes[j]);
            }
            self.rule(&painter, ui, at.cell(i, 0).top(), at.body, i, world);
        }
    }

    /// A line where another kind of subject begins.
    fn rule(
        &self,
        painter: &Painter,
        ui: &Ui,
        y: f32,
        within: Rect,
        row: usize,
        world: &World<'_>,
    ) {
        let other = row > 0 && self.rows[row - 1].kind != self.rows[row].kind;
        if other && world.room.kept.sort.is_empty() {
            let line = Stroke::new(1.0, palette(ui.visuals()).weak);
            painter.hline(within.x_range(), y, line);
        }
    }

    /// The mouse, the keyboard and the reader of a cell.
    fn press(
        &self,
        ui: &mut Ui,
        rect: Rect,
        (profile, criterion): (&Profile, &'static Criterion),
        world: &World<'_>,
        out: &mut Outbox,
    ) {
        if figure::saving(ui.ctx()) {
            return;
        }
        let id = Id::unique(("scoreboard", profile.id.as_str(), criterion.id));
        let response = ui.interact(rect, id, Sense::click());
        let cell = profile.cells.get(criterion.id);
        let said =
            format!("{}, {}: {}", profile.name, criterion.name, board::full(criterion, cell));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, said.as_str()));
        let p = palette(ui.visuals());
        let kept = &world.room.kept;
        let chosen = kept.subject == profile.id && kept.criterion == criterion.id;
        if response.hovered() || response.has_focus() || chosen {
            let stroke = Stroke::new(1.5, p.accent);
            ui.painter().rect_stroke(rect.shrink(1.0), 3, stroke, egui::StrokeKind::Inside);
        }
        if response.hovered() {
            let remark = board::remark(cell);
            tip::beside(&response, rect, format!("{said}. {remark}").trim().to_owned());
        }
        if response.clicked() {
            out.push(CloseEdit::Look(profile.id.clone(), criterion.id.to_owned()));
            out.push(CloseEdit::Tab(CloseTab::Measurement));
        }
    }

    fn names(&self, ui: &mut Ui, at: &Places, world: &World<'_>, out: &mut Outbox) {
        let clip = at.names.intersect(ui.clip_rect());
        let painter = ui.painter().with_clip_rect(clip);
        let p = palette(ui.visuals());
        for (i, profile) in self.rows.iter().enumerate() {
            let top = at.cell(i, 0).top();
            let rect = Rect::from_min_size(pos2(at.names.left(), top), vec2(at.name, at.row));
            let seen = rect.intersect(at.names);
            if !seen.is_positive() {
                continue;
            }
            let pin = world.room.kept.pins.iter().position(|pin| *pin == profile.id);
            if seen.height() > 0.4 * at.row && !figure::saving(ui.ctx()) {
                let response = ui.interact(
                    seen,
                    Id::unique(("scoreboard name", profile.id.as_str())),
                    Sense::click(),
                );
                let what = if pin.is_some() { "Unpin" } else { "Pin" };
                let said = format!("{what} {}", profile.name);
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, said.as_str()));
                if response.hovered() || response.has_focus() {
                    painter.rect_filled(seen, 3, theme::blend(p.card, p.accent, 0.2));
                }
                if response.hovered() {
                    tip::beside(
                        &response,
                        seen,
                        format!("{}. Click to put it side by side with another.", profile.about),
                    );
                }
                if response.clicked() {
                    out.push(CloseEdit::Pin(profile.id.clone()));
                }
            }
            let mark = pos2(rect.left() + 12.0, rect.center().y);
            match pin {
                Some(place) => {
                    painter.circle_filled(mark, 8.0, p.series[place]);
                    let letter = ["A", "B"][place];
                    let letter =
                        ui.painter().layout_no_wrap(letter.into(), theme::strong(11.0), p.card);
                    painter.galley(mark - letter.size() / 2.0, letter, p.card);
                }
                None => {
                    painter.circle_stroke(mark, 5.0, Stroke::new(1.0, p.line));
                }
            }
            let font = theme::regular(13.5);
            let colour = if profile.kind == Kind::Control { p.weak } else { p.text };
            let name = fitting(ui, &profile.name, font, colour, (at.name - 30.0, at.row));
            painter.galley(
                pos2(rect.left() + 26.0, rect.center().y - name.size().y / 2.0),
                name,
                p.text,
            );
            self.rule(&painter, ui, top, at.names, i, world);
        }
    }

    fn headings(
        &self,
        ui: &mut Ui,
        at: &Places,
        heads: &[Arc<Galley>],
        group: f32,
        world: &World<'_>,
        out: &mut Outbox,
    ) {
        let painter = ui.painter().with_clip_rect(at.heads.intersect(ui.clip_rect()));
        let p = palette(ui.visuals());
        for (j, criterion) in self.columns.iter().enumerate() {
            let left = at.cell(0, j).left();
            let rect = Rect::from_min_max(
                pos2(left, at.heads.top() + group),
                pos2(left + at.column, at.heads.bottom()),
            );
            let seen = rect.intersect(at.heads);
            if !seen.is_positive() {
                continue;
            }
            if seen.width() > 0.4 * at.column && !figure::saving(ui.ctx()) {
                let id = Id::unique(("scoreboard heading", criterion.id));
                let response = ui.interact(seen, id, Sense::click());
                let said = format!("Sort by {}", criterion.name);
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, said.as_str()));
                if response.hovered() || response.has_focus() {
                    painter.rect_filled(seen, 3, theme::blend(p.card, p.accent, 0.2));
                }
                if response.hovered() {
                    let unit = if criterion.unit.is_empty() {
                        String::new()
                    } else {
                        format!(" In {}.", criterion.unit)
                    };
                    tip::beside(&response, seen, format!("{}{unit} Click to sort.", criterion.doc));
                }
                if response.clicked() {
                    out.push(CloseEdit::Sort(criterion.id.to_owned()));
                }
            }
            let galley = &heads[j];
            let y = rect.bottom() - AIR - galley.size().y;
            painter.galley(pos2(rect.left() + AIR, y), Arc::clone(galley), p.text);
        }
        self.groups(&painter, ui, at, group);
        let corner = Rect::from_min_max(
            pos2(at.names.left(), at.heads.top()),
            pos2(at.names.right(), at.heads.bottom()),
        );
        let sorted = !world.room.kept.sort.is_empty();
        let text = if sorted { "Sorted ×" } else { "" };
        if sorted && !figure::saving(ui.ctx()) {
            let rect = Rect::from_min_max(pos2(corner.left(), corner.bottom() - 28.0), corner.max)
                .shrink(3.0);
            let response = ui.interact(rect, Id::unique("scoreboard unsorted"), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Order of the story"));
            let hot = response.hovered() || response.has_focus();
            ui.painter().rect_filled(
                rect,
                4,
                if hot { theme::blend(p.card, p.accent, 0.25) } else { p.well },
            );
            let galley = ui.painter().layout_no_wrap(text.into(), theme::strong(12.0), p.text);
            ui.painter().galley(
                pos2(rect.left() + AIR, rect.center().y - galley.size().y / 2.0),
                galley,
                p.text,
            );
            if response.hovered() {
                tip::beside(&response, rect, "Click for the order of the story again");
            }
            if response.clicked() {
                out.push(CloseEdit::Sort(String::new()));
            }
        }
    }

    /// The name of each group over its columns, where it fits into what is in view.
    fn groups(&self, painter: &Painter, ui: &Ui, at: &Places, height: f32) {
        let p = palette(ui.visuals());
        for (group, name) in Group::ALL {
            let mut of = (0..self.columns.len()).filter(|j| self.columns[*j].group == group);
            let Some(first) = of.next() else { continue };
            let last = of.next_back().unwrap_or(first);
            let x = (at.cell(0, first).left()..=at.cell(0, last).right()).into_inner();
            let rect = Rect::from_x_y_ranges(x.0..=x.1, at.heads.top()..=at.heads.top() + height);
            let seen = rect.intersect(at.heads);
            if seen.width() < 1.0 {
                continue;
            }
            painter.rect_filled(seen.shrink2(vec2(1.0, 1.0)), 3, p.well);
            for size in [12.5, 11.0] {
                let text = ui.painter().layout_no_wrap(name.into(), theme::strong(size), p.text);
                if text.size().x <= seen.width() - 2.0 * AIR {
                    let y = seen.center().y - text.size().y / 2.0;
                    painter.galley(pos2(seen.left() + AIR, y), text, p.text);
                    break;
                }
            }
        }
    }
}

/// One cell: its number over a bar from zero, or its word.
fn cell(
    painter: &Painter,
    ui: &Ui,
    rect: Rect,
    (profile, criterion): (&Profile, &Criterion),
    (low, high): (f64, f64),
) {
    let p = palette(ui.visuals());
    let cell = profile.cells.get(criterion.id);
    let Some(value) = cell.and_then(|c| c.value.as_ref()) else {
        painter.rect_filled(rect.shrink2(vec2(3.0, 4.0)), 3, p.well);
        return;
    };
    let inner = rect.shrink2(vec2(AIR, 0.0));
    let text = board::text(cell);
    match value {
        Value::Number(number) => {
            let text = painter.layout_no_wrap(text, theme::strong(13.0), p.text);
            let (width, height) = (text.size().x, text.size().y);
            let y = rect.center().y - height / 2.0 - 2.0;
            painter.galley(pos2(inner.left(), y), text, p.text);
            let spread = board::spread(cell);
            if !spread.is_empty() {
                let spread = painter.layout_no_wrap(spread, theme::regular(11.5), p.weak);
                // Where there is no room for it, it is told on hovering.
                if width + 4.0 + spread.size().x <= inner.width() {
                    let at = pos2(inner.left() + width + 4.0, y + height - spread.size().y - 1.0);
                    painter.galley(at, spread, p.weak);
                }
            }
            let place = |v: f64| {
                inner.left() + inner.width() * ((v - low) / (high - low)).clamp(0.0, 1.0) as f32
            };
            let (from, to) = (place(0.0f64.clamp(low, high)), place(*number));
            let bar = |a: f32, b: f32| {
                Rect::from_x_y_ranges(
                    a.min(b)..=a.max(b),
                    rect.bottom() - 6.0..=rect.bottom() - 3.0,
                )
            };
            painter.rect_filled(bar(inner.left(), inner.right()), 1, p.well);
            painter.rect_filled(bar(from, to), 1, p.accent);
        }
        Value::Word(word) => {
            let word = board::short(word);
            let room = (inner.width(), rect.height() - 2.0);
            let word = fitting(ui, &word, theme::regular(12.5), p.text, room);
            painter.galley(pos2(inner.left(), rect.center().y - word.size().y / 2.0), word, p.text);
        }
    }
}

/// A text in as many lines as fit into width and height; smaller if need be, and cut if
/// that does not help.
pub fn fitting(
    ui: &Ui,
    text: &str,
    font: FontId,
    colour: Color32,
    (width, height): (f32, f32),
) -> Arc<Galley> {
    let laid = |text: &str, size: f32| {
        let font = FontId::new(size, font.family.clone());
        ui.painter().layout(text.to_owned(), font, colour, width)
    };
    let least = theme::regular(10.5).size.min(font.size);
    let fits = |galley: &Galley| galley.size().y <= height + 1.0;
    let mut galley = laid(text, font.size);
    if !fits(&galley) {
        galley = laid(text, least);
    }
    let mut letters = text.chars().count();
    while !fits(&galley) && letters > 4 {
        letters = letters * 9 / 10;
        galley = laid(&board::cut(text, letters), least);
    }
    galley
}

/// Name and unit of a column, and which way it is sorted.
fn heading(ui: &Ui, criterion: &Criterion, width: f32, world: &World<'_>) -> Arc<Galley> {
    let p = palette(ui.visuals());
    let kept = &world.room.kept;
    let sorted = kept.sort == criterion.id;
    let mut job = LayoutJob::default();
    job.wrap.max_width = width - 2.0 * AIR;
    job.wrap.max_rows = LINES;
    job.halign = Align::LEFT;
    let format = |font: FontId, colour| egui::TextFormat {
        font_id: font,
        color: colour,
        ..Default::default()
    };
    job.append(criterion.name, 0.0, format(theme::strong(12.5), p.text));
    if !criterion.unit.is_empty() {
        job.append(&format!(" {}", criterion.unit), 0.0, format(theme::regular(11.5), p.weak));
    }
    if sorted {
        let arrow = if kept.rising { " ↑" } else { " ↓" };
        job.append(arrow, 0.0, format(theme::strong(12.5), p.accent));
    }
    ui.painter().layout_job(job)
}

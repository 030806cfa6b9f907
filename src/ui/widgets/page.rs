//! The layout of a page, in one place for all workspaces: a side (settings, or the
//! digit), the figure, and the time bar, which is always in view. The side folds away
//! where the figure would be too small.

use egui::{
    Color32, CornerRadius, Id, Key, Modifiers, Panel, RichText, ScrollArea, Sense, Ui, vec2,
};

use super::{field, figure, glossary};
use crate::ui::command::{Command, Outbox};
use crate::ui::keys;
use crate::ui::theme::{self, palette};
use crate::ui::workspace::View;

/// Below this width of the plots, points, names are short.
pub const NARROW: f32 = 600.0;

/// Below this height of the plots, points, they have all the room.
const LOW: f32 = 400.0;

/// The keys of the views, from left to right.
const KEYS: [Key; 9] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

/// A view of a page: which, its name, the same where there is little room, and what
/// to see in it, in a sentence or two.
pub type Heading<T> = (T, &'static str, &'static str, &'static str);

/// One view to choose, the `i`th of a row; whether it was clicked, or its key pressed.
pub fn tab(ui: &mut Ui, i: usize, on: bool, name: &str, see: &str) -> bool {
    let key = KEYS.get(i).filter(|_| !keys::typing(ui.ctx()));
    let pressed = key.is_some_and(|k| ui.input_mut(|i| i.consume_key(Modifiers::NONE, *k)));
    let text = RichText::new(name).font(theme::strong(14.0));
    let tip = format!("{see} ({})", i + 1);
    ui.selectable_label(on, text).on_hover_text(tip).clicked() || pressed
}

/// The views to choose from, and what to see in the chosen one. Gives the one that
/// was clicked.
pub fn tabs<T: Copy + PartialEq>(
    ui: &mut Ui,
    all: impl Iterator<Item = Heading<T>>,
    chosen: T,
) -> Option<T> {
    let narrow = ui.available_width() < NARROW;
    let all: Vec<Heading<T>> = all.collect();
    // One row of short names rather than two.
    let tight = narrow || !in_one_row(ui, all.iter().map(|(_, name, ..)| *name));
    let (mut clicked, mut seen) = (None, "");
    ui.horizontal_wrapped(|ui| {
        for (i, (is, name, short, see)) in all.into_iter().enumerate() {
            if tab(ui, i, is == chosen, if tight { short } else { name }, see) {
                clicked = Some(is);
            }
            if is == chosen {
                seen = see;
            }
        }
    });
    // The tab's tooltip says it as well.
    if ui.available_height() > LOW {
        let see = RichText::new(seen).color(palette(ui.visuals()).weak);
        glossary::prose(ui, if narrow { see.small() } else { see });
    }
    clicked
}

/// Whether there is room for the names of views beside each other.
fn in_one_row<'a>(ui: &Ui, names: impl Iterator<Item = &'a str>) -> bool {
    let spacing = ui.spacing();
    let around = 2.0 * spacing.button_padding.x + spacing.item_spacing.x;
    let wide = |name: &str| {
        let text = ui.painter().layout_no_wrap(name.into(), theme::strong(14.0), Color32::WHITE);
        text.size().x + around
    };
    names.map(wide).sum::<f32>() - spacing.item_spacing.x <= ui.available_width()
}

/// Draws a part of a page.
pub type Part<R> = fn(&mut Ui, &View<'_, R>, &mut Outbox);

/// One of a workspace's views.
pub struct Tab<R, T> {
    /// Which.
    pub is: T,
    pub name: &'static str,
    /// The name where there is little room.
    pub short: &'static str,
    /// What to see in it, in a sentence or two.
    pub see: &'static str,
    /// The figure.
    pub show: Part<R>,
    /// What stands beside it.
    pub side: Part<R>,
    /// Its time bar, if it has time.
    pub bar: Option<Part<R>>,
}

impl<R, T: Copy> Tab<R, T> {
    /// For [`tabs`].
    pub fn heading(&self) -> Heading<T> {
        (self.is, self.name, self.short, self.see)
    }
}

/// Draws a workspace that consists of tabs with settings beside them. Gives the tab
/// that was clicked.
pub fn show<R, T: Copy + PartialEq>(
    ui: &mut Ui,
    id: &'static str,
    (all, chosen): (&[Tab<R, T>], T),
    (world, out): (&View<'_, R>, &mut Outbox),
) -> Option<T> {
    let tab = all.iter().find(|t| t.is == chosen).or(all.first())?;
    let mut clicked = None;
    let page = Page { id, side: Side::settings(tab.side), bar: tab.bar };
    page.show(ui, world, out, |ui, out| {
        clicked = tabs(ui, all.iter().map(Tab::heading), tab.is);
        (tab.show)(ui, world, out);
    });
    clicked
}

/// What stands beside the figure.
pub struct Side<R> {
    /// What it is, as in `Show settings`.
    pub name: &'static str,
    /// Draws it.
    pub show: Part<R>,
    /// Its width in a narrow and in a wide window, points.
    pub width: [f32; 2],
    /// Whether it begins folded away in a narrow window.
    pub folds: bool,
}

impl<R> Side<R> {
    /// The settings, folded away where there is little room.
    pub fn settings(show: Part<R>) -> Self {
        Self { name: "settings", show, width: [230.0, 250.0], folds: true }
    }
}

/// A page: its side and its time bar; the figure is given to [`Page::show`].
pub struct Page<R> {
    /// Tells it from other pages.
    pub id: &'static str,
    pub side: Side<R>,
    /// In view at all times, below everything.
    pub bar: Option<Part<R>>,
}

/// Below this width of a page, points, its side folds away: a laptop's window keeps it,
/// a projector's does not.
const FOLDS: f32 = 800.0;
/// Below this width, points, the side is narrow.
const WIDE: f32 = 900.0;
/// Width of what is left of a folded side, points.
const FOLDED: f32 = 30.0;

impl<R> Page<R> {
    /// Draws side and bar, then the figure in what is left.
    pub fn show(
        &self,
        ui: &mut Ui,
        world: &View<'_, R>,
        out: &mut Outbox,
        figure: impl FnOnce(&mut Ui, &mut Outbox),
    ) {
        let plain = egui::Frame::new();
        if let Some(bar) = self.bar {
            let top = egui::Margin { top: 8, ..egui::Margin::ZERO };
            Panel::bottom(Id::unique((self.id, "bar")))
                .resizable(false)
                .show_separator_line(false)
                .frame(plain.inner_margin(top))
                .show(ui, |ui| bar(ui, world, out));
        }
        let (room, side) = (ui.available_width(), &self.side);
        // What somebody chose holds until the window is narrow or wide again.
        let narrow = room < FOLDS;
        let id = Id::unique((self.id, "folded", narrow, chosen_since(ui.ctx())));
        let folded = ui.data(|d| d.get_temp(id)).unwrap_or(narrow && side.folds);
        ui.data_mut(|d| d.insert_temp(folded_id(), folded));
        let width = match folded {
            true => FOLDED,
            false => side.width[usize::from(room >= WIDE)],
        };
        let frame = if folded { plain } else { theme::card(ui.visuals()) };
        Panel::left(Id::unique((self.id, "side")))
            .exact_size(width)
            .resizable(false)
            .show_separator_line(false)
            .frame(frame)
            .show(ui, |ui| {
                if side.folds && (folded || narrow) && fold_button(ui, side.name, folded) {
                    ui.data_mut(|d| d.insert_temp(id, !folded));
                }
                if !folded {
                    ScrollArea::vertical().show(ui, |ui| (side.show)(ui, world, out));
                }
            });
        let left = egui::Margin { left: 12, ..egui::Margin::ZERO };
        egui::CentralPanel::default().frame(plain.inner_margin(left)).show(ui, |ui| {
            // What does not fit into a small window is scrolled to.
            let room = ui.available_height();
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.set_max_height(room);
                figure(ui, out);
            });
        });
    }
}

/// Whether the side of the page in view is folded away, with whatever buttons it has.
pub fn side_is_folded(ctx: &egui::Context) -> bool {
    ctx.data(|d| d.get_temp(folded_id())).unwrap_or(false)
}

fn folded_id() -> Id {
    Id::unique("side is folded")
}

/// Forgets which sides were folded or not, so that all are as at the beginning.
pub fn fold_anew(ctx: &egui::Context) {
    let next = chosen_since(ctx) + 1;
    ctx.data_mut(|d| d.insert_temp(Id::unique("sides chosen since"), next));
}

/// How often the choices were forgotten.
fn chosen_since(ctx: &egui::Context) -> u64 {
    ctx.data(|d| d.get_temp(Id::unique("sides chosen since"))).unwrap_or(0)
}

/// The switch of a side that folds; whether it was clicked.
fn fold_button(ui: &mut Ui, name: &str, folded: bool) -> bool {
    let (text, size) = if folded {
        (format!("Show {name}"), vec2(FOLDED, ui.available_height()))
    } else {
        (format!("Fold {name} away"), vec2(ui.available_width(), 26.0))
    };
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let p = palette(ui.visuals());
    let hot = response.hovered() || response.has_focus();
    let fill = if hot { theme::blend(p.card, p.accent, 0.25) } else { p.card };
    ui.painter().rect_filled(rect, CornerRadius::same(8), fill);
    let galley = ui.painter().layout_no_wrap(text.clone(), theme::strong(13.0), p.text);
    let size = galley.size();
    if folded {
        // Read from below, as on the spine of a book.
        let middle = rect.center();
        let corner = egui::pos2(middle.x - size.y / 2.0, middle.y + size.x / 2.0);
        let shape = egui::epaint::TextShape::new(corner, galley, p.text)
            .with_angle(-std::f32::consts::FRAC_PI_2);
        ui.painter().add(shape);
    } else {
        let corner = egui::pos2(rect.left() + 8.0, rect.center().y - size.y / 2.0);
        ui.painter().galley(corner, galley, p.text);
    }
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, text.as_str())
    });
    response.clicked()
}

/// Notes where the room is.
pub fn note(ctx: &egui::Context, room: egui::Rect) {
    ctx.data_mut(|d| d.insert_temp(room_id(), room));
}

/// Where the room was in the window when it was drawn last, points.
pub fn room(ctx: &egui::Context) -> Option<egui::Rect> {
    ctx.data(|d| d.get_temp(room_id()))
}

fn room_id() -> Id {
    Id::unique("place of the room")
}

/// Whether there is room for one figure only, so that one chooses between them.
pub fn small(ui: &Ui) -> bool {
    ui.available_width() < NARROW || ui.available_height() < LOW
}

/// Which of several figures is shown, where there is no room for all of them: a row of
/// their names. The choice lasts until the window closes.
pub fn choose(ui: &mut Ui, id: &'static str, names: &[&str]) -> usize {
    let id = Id::unique((id, "chosen figure"));
    let mut chosen: usize = ui.data(|d| d.get_temp(id)).unwrap_or(0);
    figure::controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            for (i, name) in names.iter().enumerate() {
                ui.selectable_value(&mut chosen, i, *name);
            }
        });
    });
    ui.data_mut(|d| d.insert_temp(id, chosen));
    chosen
}

/// The heading of an experiment's settings, with the button that brings the beginning
/// back.
pub fn heading(ui: &mut Ui, text: &str, reset: impl Into<Command>, out: &mut Outbox) {
    if field::heading(ui, text, "Everything in this experiment as at the very beginning") {
        out.push(reset);
    }
}

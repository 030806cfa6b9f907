//! The rail of workspaces on the left: the chapters of the story, one line for each
//! workspace, and the buttons of the window below.
//!
//! It has three forms. In a wide window names stand beside the pictograms, under the names
//! of the chapters; in the usual one they stand below them; where there is no room for
//! either, there are pictograms and keys, and a pointer brings the names.

use egui::{
    Align, Align2, Color32, CornerRadius, Margin, Panel, Rect, ScrollArea, Sense, Stroke, Ui, Vec2,
    pos2, vec2,
};

use super::command::{Command, Outbox};
use super::house::House;
use super::scene_menu;
use super::theme::{self, palette};
use super::widgets::icons::Icon;
use super::workspace::{About, Chapter, Entry};
use super::workspaces::WORKSPACES;

/// Buttons at the bottom: see [`below`].
const BELOW: usize = 4;
/// Height of each, points.
const BUTTON: f32 = 30.0;
/// Space between buttons, points.
const GAP: f32 = 4.0;
/// Space around everything, points.
const MARGIN: Margin = Margin::symmetric(6, 10);
/// Entries lower than this have no room for a name below the pictogram, points.
const NAMED: f32 = 46.0;
/// Lowest entry that a finger or a shaky pointer still hits, points; where there are too
/// many of them, they are scrolled.
const LOWEST: f32 = 22.0;
/// Height of a chapter's name, points.
const HEADING: f32 = 20.0;
/// Height of the line between chapters, points.
const LINE: f32 = 5.0;
/// Windows at least so wide have names beside the pictograms, points.
const WIDE: f32 = 1340.0;
/// Windows at least so wide can have them there, points.
const SPARES: f32 = 1200.0;
/// Windows less wide than this have pictograms only, points.
const SLIM: f32 = 900.0;

/// Where the names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Nowhere.
    Slim,
    /// Below the pictograms, as far as they are high enough.
    Below,
    /// Beside them.
    Beside,
}

impl Form {
    /// In a window of this size, points. Where names have no room below, they stand beside
    /// if the window is wide enough to spare that.
    fn of(window: Vec2) -> Self {
        if window.x < SLIM {
            return Self::Slim;
        }
        let named = Plan::of(Self::Below, Self::Below.room(window.y)).each >= NAMED;
        match window.x {
            w if w >= WIDE || !named && w >= SPARES => Self::Beside,
            _ if named => Self::Below,
            _ => Self::Slim,
        }
    }

    /// Height that is left for the entries, points.
    fn room(self, window: f32) -> f32 {
        window - MARGIN.sum().y - self.below() - GAP
    }

    /// Height of the buttons at the bottom with the space above each, points.
    fn below(self) -> f32 {
        BELOW.div_ceil(self.columns()) as f32 * (BUTTON + GAP)
    }

    /// Width of the rail, points; large type takes more.
    fn width(self, large: bool) -> f32 {
        match (self, large) {
            (Self::Slim, _) => 58.0,
            (Self::Below, false) => 84.0,
            (Self::Below, true) => 106.0,
            (Self::Beside, false) => 172.0,
            (Self::Beside, true) => 204.0,
        }
    }

    /// Columns of the buttons at the bottom.
    fn columns(self) -> usize {
        if self == Self::Beside { 4 } else { 2 }
    }

    /// Height of an entry that has all the room it wants, points.
    fn highest(self) -> f32 {
        if self == Self::Beside { 34.0 } else { 58.0 }
    }
}

/// How the entries share the height there is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plan {
    /// Height of an entry, points.
    each: f32,
    /// Whether chapters have their names, not only lines between them.
    headings: bool,
    /// Whether all entries are in view at once.
    fits: bool,
}

impl Plan {
    /// For all workspaces, in a height of `room` points.
    fn of(form: Form, room: f32) -> Self {
        Self::with(form, WORKSPACES.len(), Chapter::ALL.len(), room)
    }

    /// For so many entries in so many chapters.
    fn with(form: Form, entries: usize, chapters: usize, room: f32) -> Self {
        let left = |headings: bool| {
            let chapters = if headings {
                chapters as f32 * (HEADING + GAP)
            } else {
                chapters.saturating_sub(1) as f32 * (LINE + GAP)
            };
            (room - chapters) / entries.max(1) as f32 - GAP
        };
        let headings = form == Form::Beside && left(true) >= LOWEST + 2.0;
        let each = left(headings).floor();
        Self { each: each.clamp(LOWEST, form.highest()), headings, fits: each >= LOWEST }
    }
}

/// The rail, and the switches for theme, projector and keys.
pub fn show(ui: &mut Ui, house: &House, out: &mut Outbox) {
    let form = Form::of(ui.ctx().content_rect().size());
    let width = form.width(house.desk.session.projector);
    let frame = egui::Frame::new().fill(palette(ui.visuals()).card).inner_margin(MARGIN);
    Panel::left("rail").exact_size(width).resizable(false).frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        let room = ui.available_rect_before_wrap();
        let split = room.bottom() - form.below();
        let above = Rect::from_min_max(room.min, pos2(room.right(), split - GAP));
        let plan = Plan::of(form, above.height());
        let ui_of = |ui: &mut Ui, rect| ui.new_child(egui::UiBuilder::new().max_rect(rect));
        let mut upper = ui_of(ui, above);
        if plan.fits {
            entries(&mut upper, house, form, plan, out);
        } else {
            // The bar lies over the entries, so that these stay as wide.
            upper.spacing_mut().scroll = egui::style::ScrollStyle::floating();
            ScrollArea::vertical()
                .auto_shrink(false)
                .show(&mut upper, |ui| entries(ui, house, form, plan, out));
        }
        let lower = Rect::from_min_max(pos2(room.left(), split + GAP), room.max);
        below(ui, house, form, lower, out);
        ui.advance_cursor_after_rect(room);
    });
}

/// All workspaces by chapters.
fn entries(ui: &mut Ui, house: &House, form: Form, plan: Plan, out: &mut Outbox) {
    let mut before: Option<Chapter> = None;
    for Entry { about, chapter, .. } in WORKSPACES {
        if before != Some(*chapter) {
            begin(ui, *chapter, plan.headings, before.is_none());
            before = Some(*chapter);
        }
        let chosen = house.rooms.shown().id == about.id;
        if entry(ui, about, *chapter, form, plan.each, chosen).clicked() {
            out.push(Command::Show(about.id));
        }
    }
}

/// Where a chapter begins: its name, or a line that tells it.
fn begin(ui: &mut Ui, chapter: Chapter, named: bool, first: bool) {
    let p = palette(ui.visuals());
    if !named && first {
        return;
    }
    let height = if named { HEADING } else { LINE };
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    if named {
        let galley =
            ui.painter().layout_no_wrap(chapter.name().to_owned(), theme::regular(12.0), p.weak);
        let corner = pos2(rect.left() + 4.0, rect.bottom() - galley.size().y);
        ui.painter().galley(corner, galley, p.weak);
    } else {
        let sides = rect.shrink2(vec2(6.0, 0.0)).x_range();
        ui.painter().hline(sides, rect.center().y, Stroke::new(1.5, p.line));
    }
    let tip = if named { chapter.doc().to_owned() } else { said(chapter) };
    response.on_hover_text(tip);
}

/// `Networks: what they are and how they learn`.
fn said(chapter: Chapter) -> String {
    let name = chapter.name();
    let colon = if name.ends_with('?') { "" } else { ":" };
    format!("{name}{colon} {}", chapter.doc())
}

/// The entry of a workspace.
fn entry(
    ui: &mut Ui,
    about: &About,
    chapter: Chapter,
    form: Form,
    height: f32,
    chosen: bool,
) -> egui::Response {
    let p = palette(ui.visuals());
    let size = Vec2::new(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let (fill, text) = if chosen {
        (p.accent, p.on_accent)
    } else if response.hovered() || response.has_focus() {
        (theme::blend(p.card, p.accent, 0.2), p.text)
    } else {
        (Color32::TRANSPARENT, p.weak)
    };
    if ui.is_rect_visible(rect) {
        ui.painter().rect_filled(rect, CornerRadius::same(8), fill);
        let painted = match form {
            Form::Beside => beside(ui, about, rect, text),
            Form::Below if height >= NAMED => name_below(ui, about, rect, text),
            _ => false,
        };
        if !painted {
            bare(ui, about, rect, text);
        }
    }
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, chosen, about.name)
    });
    let key = about.key.name();
    let name = format!("{} (Ctrl+{key}), in {}", about.name, chapter.name());
    response.on_hover_text(format!("{name}\n{}", about.doc))
}

fn square(centre: egui::Pos2, side: f32) -> Rect {
    Rect::from_center_size(centre, Vec2::splat(side))
}

/// The pictogram, then its key.
fn bare(ui: &Ui, about: &About, rect: Rect, text: Color32) {
    let side = (rect.height() - 6.0).clamp(10.0, 20.0);
    let key = key(ui, about, text);
    let both = side + 7.0 + key.size().x;
    let left = rect.center().x - both / 2.0;
    about.icon.paint(ui.painter(), square(pos2(left + side / 2.0, rect.center().y), side), text);
    let corner = pos2(left + side + 7.0, rect.center().y - key.size().y / 2.0);
    ui.painter().galley(corner, key, text);
}

/// Pictogram and name in columns, the key at the right edge; whether there is room.
fn beside(ui: &Ui, about: &About, rect: Rect, text: Color32) -> bool {
    let key = key(ui, about, text);
    let name = ui.painter().layout_no_wrap(about.name.to_owned(), theme::strong(13.0), text);
    let (middle, from) = (rect.center().y, rect.left() + 34.0);
    if from + name.size().x + key.size().x + 10.0 > rect.right() {
        return false;
    }
    let side = (rect.height() - 8.0).clamp(12.0, 18.0);
    about.icon.paint(ui.painter(), square(pos2(rect.left() + 17.0, middle), side), text);
    ui.painter().galley(pos2(from, middle - name.size().y / 2.0), name, text);
    let corner = pos2(rect.right() - 7.0 - key.size().x, middle - key.size().y / 2.0);
    ui.painter().galley(corner, key, text);
    true
}

/// The pictogram with its key, the name below them; whether there is room.
fn name_below(ui: &Ui, about: &About, rect: Rect, text: Color32) -> bool {
    // A name of two words takes two lines; its longest word fits the button.
    let painter = ui.painter();
    let font = theme::strong(if about.name.contains(' ') { 11.5 } else { 12.5 });
    let wide = |word: &str| painter.layout_no_wrap(word.to_owned(), font.clone(), text).size().x;
    let widest = about.name.split(' ').map(wide).fold(1.0, f32::max);
    let size = theme::strong(font.size * (rect.width() / (widest + 6.0)).min(1.0));
    if widest * size.size / font.size > rect.width() {
        return false;
    }
    let mut job = egui::text::LayoutJob::simple(about.name.to_owned(), size, text, rect.width());
    job.halign = Align::Center;
    let galley = painter.layout_job(job);
    let key = key(ui, about, text);
    let lowest = rect.bottom() - 2.0 - galley.size().y;
    let middle = rect.center();
    let top = (middle.y + 16.0 - galley.size().y / 2.0).min(lowest);
    let side = 21.0f32.min(top - rect.top() - 4.0);
    if side < 10.0 {
        return false;
    }
    let icon_y = (middle.y - 10.0).min(top - 1.0 - side / 2.0);
    about.icon.paint(painter, square(pos2(middle.x, icon_y), side), text);
    painter.galley(pos2(middle.x, top), galley, text);
    let corner = pos2(rect.right() - 5.0 - key.size().x, rect.top() + 1.0);
    if corner.y + key.size().y <= top {
        painter.galley(corner, key, text);
    }
    true
}

/// The key that shows a workspace with Ctrl, small.
fn key(ui: &Ui, about: &About, text: Color32) -> std::sync::Arc<egui::Galley> {
    ui.painter().layout_no_wrap(about.key.name().to_owned(), theme::regular(11.0), text)
}

/// A button at the bottom.
struct Below {
    /// Its pictogram; without one, its name.
    icon: Option<Icon>,
    name: &'static str,
    /// What it does, on hover.
    doc: &'static str,
    /// Whether what it switches is on.
    on: bool,
    command: Option<Command>,
}

/// The buttons of the window, in rows within `rect`.
fn below(ui: &mut Ui, house: &House, form: Form, rect: Rect, out: &mut Outbox) {
    let desk = &house.desk;
    let (icon, next) = if ui.visuals().dark_mode {
        (Icon::Sun, egui::ThemePreference::Light)
    } else {
        (Icon::Moon, egui::ThemePreference::Dark)
    };
    let projector = desk.session.projector;
    let all: [Below; BELOW] = [
        Below {
            icon: Some(Icon::Projector),
            name: "Projector mode",
            doc: "Projector mode: large type, thick strokes, keys shown (Ctrl+P)",
            on: projector,
            command: Some(Command::Projector(!projector)),
        },
        Below {
            icon: Some(icon),
            name: "Light or dark",
            doc: "Light or dark",
            on: false,
            command: Some(Command::Theme(next)),
        },
        Below {
            icon: Some(Icon::Scene),
            name: "Scene",
            doc: "Save what you see, share it, open it again",
            on: false,
            command: None,
        },
        Below {
            icon: None,
            name: "?",
            doc: "Show the keys (?)",
            on: false,
            command: Some(Command::Help(!desk.help)),
        },
    ];
    let columns = form.columns().min(BELOW);
    let width = (rect.width() + GAP) / columns as f32 - GAP;
    for (i, button) in all.into_iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        // One that is alone in its row has all of it.
        let alone = i + 1 == BELOW && column == 0;
        let size = vec2(if alone { rect.width() } else { width }, BUTTON);
        let corner = vec2(column as f32 * (width + GAP), row as f32 * (BUTTON + GAP));
        let place = Rect::from_min_size(rect.min + corner, size);
        let response = below_button(ui, place, &button).on_hover_text(button.doc);
        match button.command {
            Some(command) if response.clicked() => out.push(command),
            Some(_) => {}
            None => scene_menu::show(&response, house, out),
        }
    }
}

fn below_button(ui: &mut Ui, place: Rect, button: &Below) -> egui::Response {
    let p = palette(ui.visuals());
    let response = ui.put(place, egui::Button::new("").min_size(place.size()));
    match button.icon {
        Some(icon) => icon.paint(ui.painter(), square(place.center(), 17.0), p.text),
        None => {
            let font = theme::strong(16.0);
            ui.painter().text(place.center(), Align2::CENTER_CENTER, button.name, font, p.text);
        }
    }
    if button.on {
        let stroke = Stroke::new(2.0, p.accent);
        let corner = CornerRadius::same(6);
        ui.painter().rect_stroke(place, corner, stroke, egui::StrokeKind::Inside);
    }
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, button.name)
    });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With as many workspaces and buttons as there is to be room for.
    fn plan(form: Form, window: f32) -> Plan {
        let rows = 4usize.div_ceil(form.columns()) as f32;
        Plan::with(form, 13, 4, window - 20.0 - rows * (BUTTON + GAP) - GAP)
    }

    #[test]
    fn thirteen_workspaces_and_four_buttons_fit_a_projector() {
        let zoom = theme::PROJECTOR_ZOOM;
        let form = Form::of(vec2(1024.0, 768.0) / zoom);
        let plan = plan(form, 768.0 / zoom);
        assert_eq!(form, Form::Slim);
        // 36 pixels and more.
        assert!(plan.fits && plan.each * zoom > 36.0, "{plan:?}");
    }

    #[test]
    fn names_stand_below_in_the_window_at_first_and_beside_in_a_wide_one() {
        assert_eq!(Form::of(vec2(1280.0, 800.0)), Form::Below);
        assert!(plan(Form::Below, 800.0).each >= NAMED);
        for [width, height] in [[1280.0, 680.0], [1366.0, 768.0], [2560.0, 1440.0]] {
            let form = Form::of(vec2(width, height));
            let plan = plan(form, height);
            assert_eq!(form, Form::Beside);
            assert!(plan.headings && plan.fits && plan.each >= 30.0, "{plan:?}");
        }
        assert_eq!(Form::of(vec2(1024.0, 600.0)), Form::Slim);
    }

    #[test]
    fn the_smallest_window_fits_them_and_what_is_still_lower_scrolls() {
        assert_eq!(Form::of(vec2(640.0, 480.0)), Form::Slim);
        assert!(plan(Form::Slim, 480.0).fits);
        let plan = plan(Form::Slim, 480.0 / theme::PROJECTOR_ZOOM);
        assert_eq!((plan.fits, plan.each), (false, LOWEST));
        assert_eq!(Plan::with(Form::Slim, 0, 0, -1.0).each, LOWEST);
    }

    #[test]
    fn chapters_follow_one_another() {
        let mut seen = Vec::new();
        for entry in WORKSPACES {
            if seen.last() != Some(&entry.chapter) {
                assert!(!seen.contains(&entry.chapter), "{:?} is in two places", entry.chapter);
                seen.push(entry.chapter);
            }
        }
        assert_eq!(seen, Chapter::ALL);
    }
}

//! The first screen of the first start: what this is, in two sentences, and three ways in.
//! It is shown once, and again when somebody asks for it in the list of keys (`?`).

use egui::{
    Align2, Color32, Context, CornerRadius, Key, Margin, Painter, Pos2, Rect, Response, RichText,
    ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};

use super::command::{Command, Outbox};
use super::keys::{Keys, plain};
use super::theme::{self, palette};
use super::widgets::icons::Icon;
use super::workspace::{Chapter, Entry};
use super::workspaces::WORKSPACES;
use crate::core::rng::Rng;
use crate::data::synthetic;

/// What is in front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Welcome {
    /// A workspace, as usual.
    #[default]
    Away,
    /// The three ways in.
    Ways,
    /// All workspaces to choose from.
    Rooms,
}

const TITLE: &str = "How close are artificial networks to the brain?";
const WHAT: &str = "Draw one digit and watch it go through all of them at once: networks that learn by backpropagation, neurons that speak in spikes, and synapses that learn from the times of these spikes. Stop time, change what you like, and see for yourself how close each one comes.";

/// Widest that the screen's contents get, points.
const WIDEST: f32 = 860.0;
/// Narrower than this, points, the three ways stand one below the other.
const BESIDE: f32 = 560.0;
/// Lower than this, points, there is no room for the picture.
const PICTURE_FROM: f32 = 480.0;
/// Space between the ways, points.
const GAP: f32 = 14.0;

/// A way in.
struct Way {
    icon: Icon,
    name: &'static str,
    /// What one will do there.
    doc: &'static str,
    key: Key,
    /// Where it leads.
    go: fn(&mut Outbox),
}

static WAYS: [Way; 3] = [
    Way {
        icon: Icon::Pencil,
        name: "Draw a digit",
        doc: "Two dozen networks answer at every stroke.",
        key: Key::Num1,
        go: draw,
    },
    Way {
        icon: Icon::Book,
        name: "Follow a lesson",
        doc: "Ten minutes: predict what will happen, then run it.",
        key: Key::Num2,
        go: |out| {
            out.push(Command::Welcome(Welcome::Away));
            out.push(Command::Show("lessons"));
        },
    },
    Way {
        icon: Icon::Tiles,
        name: "Open a workspace",
        doc: "From training a network to a single synapse.",
        key: Key::Num3,
        go: |out| out.push(Command::Welcome(Welcome::Rooms)),
    },
];

fn draw(out: &mut Outbox) {
    out.push(Command::Welcome(Welcome::Away));
    out.push(Command::Home);
}

/// The screen's own keys. Enter presses what has the focus: the first way, unless somebody
/// has gone elsewhere.
pub fn keys(keys: &mut Keys<'_>, welcome: Welcome, out: &mut Outbox) {
    match welcome {
        Welcome::Away => {}
        Welcome::Ways => {
            for way in &WAYS {
                if keys.pressed(plain(way.key), way.name) {
                    (way.go)(out);
                }
            }
            if keys.pressed(plain(Key::Escape), "Close the first screen") {
                draw(out);
            }
        }
        Welcome::Rooms => {
            if keys.pressed(plain(Key::Escape), "Back") {
                out.push(Command::Welcome(Welcome::Ways));
            }
        }
    }
}

/// Draws the screen.
pub fn show(ui: &mut Ui, welcome: Welcome, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let frame = egui::Frame::new().fill(p.background).inner_margin(Margin::symmetric(24, 16));
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        let height = ui.available_height();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let (from, room) = (ui.next_widget_position(), ui.available_width());
            let width = room.min(WIDEST);
            let corner = from + vec2((room - width) / 2.0, 0.0);
            let place = Rect::from_min_size(corner, vec2(width, height));
            let mut page = ui.new_child(egui::UiBuilder::new().max_rect(place));
            match welcome {
                Welcome::Away => {}
                Welcome::Ways => ways(&mut page, out),
                Welcome::Rooms => rooms(&mut page, out),
            }
            ui.advance_cursor_after_rect(page.min_rect());
        });
    });
}

/// What this is, and the three ways.
fn ways(ui: &mut Ui, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let (width, height) = (ui.available_width(), ui.available_height());
    ui.spacing_mut().item_spacing.y = 0.0;
    if height > PICTURE_FROM {
        // What is left above and below the text is shared.
        ui.add_space(((height - 470.0) * 0.4).clamp(0.0, 200.0));
        let (rect, _) = ui.allocate_exact_size(vec2(width, 84.0), Sense::hover());
        picture(ui, rect);
        ui.add_space(14.0);
    }
    let name = RichText::new("Spikescope").font(theme::strong(16.0)).color(p.accent);
    ui.label(name);
    ui.add_space(4.0);
    let title = if width < BESIDE { 22.0 } else { 26.0 };
    ui.add(egui::Label::new(RichText::new(TITLE).font(theme::strong(title))).wrap());
    ui.add_space(8.0);
    let what = if width < BESIDE { 14.5 } else { 16.5 };
    ui.add(egui::Label::new(RichText::new(WHAT).font(theme::regular(what))).wrap());
    ui.add_space(18.0);
    cards(ui, out);
    ui.add_space(16.0);
    let keys = "Tab or arrows choose, Enter opens; or press 1, 2, 3. Esc leads to Draw.";
    ui.add(egui::Label::new(RichText::new(keys).font(theme::regular(13.0)).color(p.weak)).wrap());
}

fn cards(ui: &mut Ui, out: &mut Outbox) {
    let (room, many) = (ui.available_width(), WAYS.len());
    let beside = room >= BESIDE;
    let size =
        if beside { vec2((room + GAP) / many as f32 - GAP, 150.0) } else { vec2(room, 66.0) };
    let step = if beside { vec2(size.x + GAP, 0.0) } else { vec2(0.0, size.y + GAP) };
    let from = ui.next_widget_position();
    let whole = Rect::from_min_size(from, size + step * (many - 1) as f32);
    let nobody = ui.memory(|m| m.focused().is_none());
    for (i, way) in WAYS.iter().enumerate() {
        let rect = Rect::from_min_size(from + step * i as f32, size);
        let response = ui.interact(rect, ui.scope_id().with(way.name), Sense::click());
        card(ui, way, rect, &response, beside);
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, way.name)
        });
        if i == 0 && nobody {
            response.request_focus();
        }
        if response.clicked() {
            (way.go)(out);
        }
    }
    ui.advance_cursor_after_rect(whole);
}

/// Ground of what can be pressed; the one in focus stands out.
fn ground(ui: &Ui, rect: Rect, response: &Response) {
    let p = palette(ui.visuals());
    let lit = response.has_focus() || response.hovered();
    let fill = if lit { theme::blend(p.card, p.accent, 0.16) } else { p.card };
    let stroke = if lit { Stroke::new(2.5, p.accent) } else { Stroke::new(1.0, p.line) };
    ui.painter().rect(rect, CornerRadius::same(12), fill, stroke, StrokeKind::Inside);
}

fn card(ui: &Ui, way: &Way, rect: Rect, response: &Response, beside: bool) {
    let p = palette(ui.visuals());
    ground(ui, rect, response);
    let inner = rect.shrink(14.0);
    let painter = ui.painter();
    let (icon, text) = if beside {
        let icon = Rect::from_min_size(inner.min, Vec2::splat(32.0));
        (icon, pos2(inner.left(), icon.bottom() + 12.0))
    } else {
        let side = Vec2::splat(28.0);
        let icon = Rect::from_center_size(pos2(inner.left() + 14.0, inner.center().y), side);
        (icon, pos2(icon.right() + 16.0, inner.top() - 4.0))
    };
    way.icon.paint(painter, icon, p.accent);
    let key = way.key.name();
    let at = pos2(inner.right(), inner.top());
    painter.text(at, Align2::RIGHT_TOP, key, theme::strong(15.0), p.weak);
    let room = inner.right() - text.x - if beside { 0.0 } else { 18.0 };
    let name = painter.layout(way.name.to_owned(), theme::strong(18.0), p.text, room);
    let below = text + vec2(0.0, name.size().y + 4.0);
    painter.galley(text, name, p.text);
    let doc = painter.layout(way.doc.to_owned(), theme::regular(14.0), p.weak, room);
    painter.galley(below, doc, p.weak);
}

/// A digit, a network, spikes.
fn picture(ui: &Ui, rect: Rect) {
    let p = palette(ui.visuals());
    let painter = ui.painter();
    let side = rect.height();
    let third = |i: f32| rect.left() + (rect.width() - side) * i / 2.0;
    let digit = Rect::from_min_size(pos2(rect.left(), rect.top()), Vec2::splat(side));
    let pen = Stroke::new(side / 12.0, p.text);
    for stroke in synthetic::strokes(7, 3, 3) {
        let at = |[x, y]: [f32; 2]| digit.min + vec2(x, y) * side;
        painter.add(Shape::line(stroke.into_iter().map(at).collect(), pen));
    }
    let network = Rect::from_center_size(
        pos2(third(1.0) + side / 2.0, rect.center().y),
        vec2((rect.width() * 0.3).min(220.0), side * 0.94),
    );
    units(painter, network, p.accent, p.line);
    let spikes = Rect::from_min_max(
        pos2(network.right() + rect.width() * 0.08, rect.top() + side * 0.03),
        pos2(rect.right(), rect.bottom() - side * 0.03),
    );
    trains(painter, spikes, &p.series);
    for (from, to) in [(digit.right(), network.left()), (network.right(), spikes.left())] {
        arrow(painter, pos2(from, rect.center().y), pos2(to, rect.center().y), p.weak);
    }
}

/// Three layers of units, all connected.
fn units(painter: &Painter, rect: Rect, lit: Color32, line: Color32) {
    let layers = [4usize, 5, 3];
    let at = |layer: usize, unit: usize| {
        let x = rect.left() + rect.width() * (0.08 + 0.42 * layer as f32);
        let y = rect.top() + rect.height() * (unit as f32 + 0.5) / layers[layer] as f32;
        pos2(x, y)
    };
    for layer in 0..2 {
        for (a, b) in (0..layers[layer]).flat_map(|a| (0..layers[layer + 1]).map(move |b| (a, b))) {
            painter.line_segment([at(layer, a), at(layer + 1, b)], Stroke::new(1.0, line));
        }
    }
    for (layer, units) in layers.into_iter().enumerate() {
        for unit in 0..units {
            // Some are more active than others.
            let active = (unit * 7 + layer * 3) % 5;
            let colour = theme::blend(line, lit, 0.25 * active as f32);
            painter.circle_filled(at(layer, unit), rect.height() / 15.0, colour);
        }
    }
}

/// Trains of spikes, one below the other.
fn trains(painter: &Painter, rect: Rect, hues: &[Color32]) {
    const ROWS: usize = 6;
    const BINS: usize = 24;
    let height = rect.height() / ROWS as f32;
    for row in 0..ROWS {
        let middle = rect.top() + (row as f32 + 0.5) * height;
        let hue = hues.get(row % hues.len().max(1)).copied().unwrap_or_default();
        let mut random = Rng::stream(row as u64, "first screen", 0);
        for k in 0..BINS {
            // Irregular, some rows more than others, and the same each time.
            let (chance, within) = (random.uniform(), random.uniform());
            if chance < 0.2 + 0.08 * row as f32 {
                let x = rect.left() + rect.width() * (k as f32 + within) / BINS as f32;
                let sides = (middle - 0.36 * height)..=(middle + 0.36 * height);
                painter.vline(x, sides, Stroke::new(2.0, hue));
            }
        }
    }
}

fn arrow(painter: &Painter, from: Pos2, to: Pos2, colour: Color32) {
    let (from, to) = (from + vec2(10.0, 0.0), to - vec2(10.0, 0.0));
    if to.x - from.x > 12.0 {
        let stroke = Stroke::new(1.6, colour);
        painter.line_segment([from, to], stroke);
        for y in [-5.0, 5.0] {
            painter.line_segment([to, to + vec2(-6.0, y)], stroke);
        }
    }
}

/// All workspaces, by chapters; below them, what the one is for that has the focus.
fn rooms(ui: &mut Ui, out: &mut Outbox) {
    let p = palette(ui.visuals());
    ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
    ui.add_space(4.0);
    ui.label(RichText::new("Open a workspace").font(theme::strong(22.0)));
    let nobody = ui.memory(|m| m.focused().is_none());
    let mut about = None;
    for chapter in Chapter::ALL {
        ui.add_space(4.0);
        ui.label(RichText::new(chapter.name()).font(theme::regular(14.0)).color(p.weak));
        ui.horizontal_wrapped(|ui| {
            for entry in WORKSPACES.iter().filter(|w| w.chapter == chapter) {
                let response = room(ui, entry);
                if response.clicked() {
                    out.push(Command::Show(entry.about.id));
                }
                if nobody && entry.about.id == WORKSPACES[0].about.id {
                    response.request_focus();
                }
                if response.hovered() || about.is_none() && response.has_focus() {
                    about = Some(entry.about);
                }
            }
        });
    }
    ui.add_space(8.0);
    let doc = about.map_or(String::new(), |a| format!("{}: {}.", a.name, a.doc));
    ui.add(egui::Label::new(RichText::new(doc).font(theme::regular(15.0))).wrap());
    ui.add_space(4.0);
    if ui.button("Back").on_hover_text("To the three ways in (Esc)").clicked() {
        out.push(Command::Welcome(Welcome::Ways));
    }
}

fn room(ui: &mut Ui, entry: &Entry) -> Response {
    let p = palette(ui.visuals());
    let about = entry.about;
    let name = ui.painter().layout_no_wrap(about.name.to_owned(), theme::strong(14.5), p.text);
    let size = vec2(name.size().x + 54.0, 36.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    ground(ui, rect, &response);
    let square =
        Rect::from_center_size(pos2(rect.left() + 22.0, rect.center().y), Vec2::splat(18.0));
    about.icon.paint(ui.painter(), square, p.accent);
    let corner = pos2(rect.left() + 40.0, rect.center().y - name.size().y / 2.0);
    ui.painter().galley(corner, name, p.text);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, about.name));
    response
}

/// Gives up the focus that the screen had, so that the first key in a workspace is the
/// workspace's.
pub fn leave(ctx: &Context) {
    ctx.memory_mut(|m| {
        if let Some(id) = m.focused() {
            m.surrender_focus(id);
        }
    });
}

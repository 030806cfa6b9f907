//! The keyboard. Each workspace declares its keys once ([`Keys::pressed`]): the same
//! lines act on them and list them (`?`). In projector mode, taps are shown.

use std::time::{Duration, Instant};

use egui::{Align2, Context, Event, Key, KeyboardShortcut, Modifiers, RichText};

use super::command::{Command, DigitEdit, Outbox};
use super::desk::Desk;
use super::theme::{self, palette};
use super::widgets::{sources, time_bar};
use super::workspace::Rooms;
use super::workspaces::WORKSPACES;

/// A tapped key is shown so long.
const SHOWN_FOR: Duration = Duration::from_millis(1500);
/// Taps shown at once.
const MOST_SHOWN: usize = 4;

/// A key alone.
pub const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

/// A key with Ctrl.
pub const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const CTRL_SHIFT_Z: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);

/// Acts on keys, or lists them.
pub struct Keys<'a> {
    ctx: &'a Context,
    /// Whether the workspace asked is the one that is shown.
    pub here: bool,
    typing: bool,
    list: Option<Vec<(String, &'static str)>>,
}

impl Keys<'_> {
    /// Whether the key was pressed. While text is being typed, what belongs to the
    /// text is not taken.
    pub fn pressed(&mut self, key: KeyboardShortcut, what: &'static str) -> bool {
        if self.list.is_some() {
            let name = name(self.ctx, &key);
            self.row(name, what);
            return false;
        }
        let of_text = key.modifiers == Modifiers::NONE
            || matches!(key.logical_key, Key::Z | Key::Y | Key::Delete);
        !(self.typing && of_text) && self.ctx.input_mut(|i| i.consume_shortcut(&key))
    }

    /// Whether the keys are being listed.
    pub fn lists(&self) -> bool {
        self.list.is_some()
    }

    fn row(&mut self, key: String, what: &'static str) {
        let Some(rows) = &mut self.list else { return };
        match rows.iter_mut().find(|row| row.1 == what) {
            Some(row) => row.0 = format!("{}, {key}", row.0),
            None => rows.push((key, what)),
        }
    }
}

/// Keys that work in every workspace, then those of the workspaces.
fn all(keys: &mut Keys<'_>, rooms: &Rooms, desk: &Desk, out: &mut Outbox) {
    for entry in WORKSPACES {
        if keys.pressed(ctrl(entry.about.key), entry.about.doc) {
            out.push(Command::Show(entry.about.id));
        }
    }
    // Longer shortcuts stand before those they contain.
    for (key, command, what) in [
        (CTRL_SHIFT_Z, Command::Redo, "Redo"),
        (ctrl(Key::Z), Command::Undo, "Undo the last change in view"),
        (ctrl(Key::Y), Command::Redo, "Redo"),
        (ctrl(Key::P), Command::Projector(!desk.session.projector), "Projector mode"),
        (plain(Key::F11), Command::FullScreen, "Full screen"),
    ] {
        if keys.pressed(key, what) {
            out.push(command);
        }
    }
    if desk.shows.digit || keys.lists() {
        digit(keys, desk, out);
    }
    rooms.keys(keys, desk, out);
}

/// The keys of the current digit, where it is in view.
fn digit(keys: &mut Keys<'_>, desk: &Desk, out: &mut Outbox) {
    let digit = &desk.digit;
    let pen = digit.treatment.pen;
    for (key, edit, what) in [
        (Key::Delete, DigitEdit::Clear, "Clear the canvas"),
        (Key::E, DigitEdit::Eraser(!digit.eraser), "Eraser or pen"),
        (Key::OpenBracket, DigitEdit::PenWidth(pen - 0.01), "Thinner pen"),
        (Key::CloseBracket, DigitEdit::PenWidth(pen + 0.01), "Thicker pen"),
        (
            Key::C,
            DigitEdit::Centre(!digit.treatment.centre),
            "Centre the digit as MNIST does, or not",
        ),
    ] {
        if keys.pressed(plain(key), what) {
            out.push(edit);
        }
    }
    if keys.pressed(plain(Key::N), "Next digit of the data set") {
        sources::next(desk, out, 1);
    }
    if keys.pressed(plain(Key::B), "Previous digit") {
        sources::next(desk, out, -1);
    }
    if keys.pressed(plain(Key::R), "A random digit of the data set") {
        sources::random(desk, out);
    }
}

/// Turns pressed keys and dropped files into commands.
pub fn collect(ctx: &Context, rooms: &Rooms, desk: &Desk, help: bool, out: &mut Outbox) {
    for file in ctx.input(|i| i.raw.dropped_files.clone()) {
        let path = file.path().to_path_buf();
        out.push(rooms.takes(&path).unwrap_or(Command::OpenFile(path)));
    }
    let typing = ctx.text_edit_focused();
    let mut keys = Keys { ctx, here: false, typing, list: None };
    all(&mut keys, rooms, desk, out);
    let asked = |i: &egui::InputState| {
        i.events.iter().any(|e| matches!(e, Event::Text(t) if t == "?")) || i.key_pressed(Key::F1)
    };
    if !typing && ctx.input(asked) {
        out.push(Command::Help(!help));
    } else if help && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape)) {
        out.push(Command::Help(false));
    }
}

/// The list of keys.
pub fn help(ctx: &Context, rooms: &Rooms, desk: &Desk, out: &mut Outbox) {
    let mut open = true;
    let screen = ctx.content_rect();
    egui::Window::new("Keys")
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .max_width(screen.width() - 40.0)
        .show(ctx, |ui| {
            let most = screen.height() - 120.0;
            egui::ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(
                ui,
                |ui| {
                    list(ui, rooms, desk);
                },
            );
        });
    if !open {
        out.push(Command::Help(false));
    }
}

fn list(ui: &mut egui::Ui, rooms: &Rooms, desk: &Desk) {
    let ctx = ui.ctx().clone();
    let mut keys = Keys { ctx: &ctx, here: false, typing: false, list: Some(Vec::new()) };
    all(&mut keys, rooms, desk, &mut Outbox::default());
    let others = [
        ("1, 2, 3 …", "The views of a workspace, from left to right"),
        ("Tab, Shift+Tab", "Go from control to control; Space presses"),
        ("Esc", "One level back (Receptive fields)"),
        (
            "Arrows on units or a map",
            "Go from unit to unit, move the window; Enter goes into a unit",
        ),
        ("Arrows on the canvas", "Move the pen; Space puts it down and lifts it"),
        ("? or F1", "This list; Esc closes it"),
    ];
    for (key, what) in others.into_iter().chain(time_bar::KEYS) {
        keys.row(key.to_owned(), what);
    }
    let beside_scroll_bar = egui::Margin { right: 16, ..egui::Margin::ZERO };
    egui::Frame::new().inner_margin(beside_scroll_bar).show(ui, |ui| {
        egui::Grid::new("keys").num_columns(2).spacing([24.0, 7.0]).show(ui, |ui| {
            let widest = ui.available_width() - 180.0;
            for (key, what) in keys.list.unwrap_or_default() {
                ui.label(RichText::new(key).font(theme::strong(13.5)));
                ui.scope(|ui| {
                    ui.set_max_width(widest);
                    ui.label(what);
                });
                ui.end_row();
            }
        });
    });
}

/// `Ctrl+Z`, and `[` for what egui calls `OpenBracket`.
fn name(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    let key = shortcut.logical_key;
    let symbol = key.symbol_or_name();
    let name = ctx.format_shortcut(shortcut);
    if symbol.is_ascii() { name.replace(key.name(), symbol) } else { name }
}

/// The keys tapped last, for those who watch a projector.
#[derive(Default)]
pub struct Taps(Vec<(String, Instant)>);

impl Taps {
    /// Notes this frame's taps; of a key that is held, only the first counts.
    pub fn note(&mut self, ctx: &Context) {
        let now = Instant::now();
        self.0.retain(|(_, at)| now - *at < SHOWN_FOR);
        if ctx.text_edit_focused() {
            return;
        }
        // The names of keys are asked of the context, which must not be held meanwhile.
        let events = ctx.input(|i| i.events.clone());
        let tapped = tapped(ctx, &events);
        self.0.extend(tapped.into_iter().map(|name| (name, now)));
        let more = self.0.len().saturating_sub(MOST_SHOWN);
        self.0.drain(..more);
    }

    /// Shows them.
    pub fn show(&self, ctx: &Context) {
        let Some((_, oldest)) = self.0.first() else { return };
        ctx.request_repaint_after(SHOWN_FOR.saturating_sub(oldest.elapsed()));
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        egui::Area::new(egui::Id::unique("pressed keys"))
            .anchor(Align2::CENTER_BOTTOM, [0.0, -50.0])
            .order(egui::Order::Tooltip)
            .interactable(false)
            .show(ctx, |ui| {
                let p = palette(ui.visuals());
                egui::Frame::new()
                    .fill(p.text)
                    .corner_radius(8)
                    .inner_margin(egui::Margin::symmetric(16, 8))
                    .show(ui, |ui| {
                        let text = RichText::new(names.join("   ")).font(theme::strong(24.0));
                        ui.add(egui::Label::new(text.color(p.card)).extend());
                    });
            });
    }
}

/// What was tapped, as it is said: the text that a key gives (`?`), else its name.
fn tapped(ctx: &Context, events: &[Event]) -> Vec<String> {
    let mut names = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let Event::Key { key, pressed: true, repeat: false, modifiers, .. } = event else {
            continue;
        };
        let text = events[i + 1..].iter().find_map(|e| match e {
            Event::Text(text) if !text.trim().is_empty() => Some(text.to_uppercase()),
            _ => None,
        });
        let with = modifiers.command || modifiers.ctrl || modifiers.alt;
        names.push(match text.filter(|_| !with) {
            Some(text) => text,
            None => name(ctx, &KeyboardShortcut::new(*modifiers, *key)),
        });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: Key, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }
    }

    #[test]
    fn a_tap_is_said_as_it_is_read() {
        let ctx = Context::default();
        let question = [press(Key::Questionmark, Modifiers::SHIFT), Event::Text("?".into())];
        assert_eq!(tapped(&ctx, &question), ["?"]);
        assert_eq!(tapped(&ctx, &[press(Key::N, Modifiers::NONE), Event::Text("n".into())]), ["N"]);
        assert_eq!(tapped(&ctx, &[press(Key::Space, Modifiers::NONE)]), ["Space"]);
        let four = tapped(&ctx, &[press(Key::Num4, Modifiers::COMMAND)]);
        assert_eq!(four.len(), 1);
        assert!(four[0].ends_with("+4"), "{four:?}");
    }

    #[test]
    fn a_key_whose_release_is_missed_is_forgotten() {
        let ctx = Context::default();
        let mut taps = Taps::default();
        let events = vec![press(Key::Plus, Modifiers::NONE), Event::Text("+".into())];
        let _ = ctx.run_ui(egui::RawInput { events, ..Default::default() }, |_| {});
        taps.0.push(("+".into(), Instant::now() - SHOWN_FOR));
        taps.note(&ctx);
        assert!(taps.0.iter().all(|(_, at)| at.elapsed() < SHOWN_FOR));
    }
}

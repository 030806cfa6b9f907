//! Which keys there are: those of every workspace, those of the digit, those of the
//! workspaces; acted on, and listed (`?`).

use std::path::PathBuf;

use egui::{Align2, Context, Event, Key, KeyboardShortcut, Modifiers, RichText};

use super::add_data;
use super::command::{Command, DigitEdit, Outbox, SceneEdit};
use super::desk::Desk;
use super::house::House;
use super::keys::{self, Keys, ctrl, plain};
use super::lesson::panel;
use super::welcome::{self, Welcome};
use super::widgets::{sources, time_bar};
use super::workspace::Rooms;
use super::workspaces::WORKSPACES;
use super::{saved, scene_menu, theme};

const CTRL_SHIFT_Z: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);

/// Keys that work on the first screen, too: to the workspaces, and those of the window.
fn everywhere(keys: &mut Keys<'_>, desk: &Desk, out: &mut Outbox) {
    for entry in WORKSPACES {
        if keys.pressed(ctrl(entry.about.key), entry.about.doc) {
            out.push(Command::Show(entry.about.id));
        }
    }
    for (key, command, what) in [
        (ctrl(Key::P), Command::Projector(!desk.session.projector), "Projector mode"),
        (plain(Key::F11), Command::FullScreen, "Full screen"),
    ] {
        if keys.pressed(key, what) {
            out.push(command);
        }
    }
}

/// Keys that work in every workspace, then those of the workspaces.
fn all(keys: &mut Keys<'_>, house: &House, out: &mut Outbox) {
    let desk = &house.desk;
    everywhere(keys, desk, out);
    // Longer shortcuts stand before those they contain.
    for (key, command, what) in [
        (CTRL_SHIFT_Z, Command::Redo, "Redo"),
        (ctrl(Key::Z), Command::Undo, "Undo the last change in view"),
        (ctrl(Key::Y), Command::Redo, "Redo"),
    ] {
        if keys.pressed(key, what) {
            out.push(command);
        }
    }
    scene_menu::keys(keys, out);
    panel::keys(keys, &house.course, out);
    if desk.shows.digit || keys.lists() {
        digit(keys, desk, out);
    }
    house.rooms.keys(keys, desk, out);
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

/// What opens a file that was dropped on the window, or named at the start.
pub fn opens(path: PathBuf, rooms: &Rooms) -> Command {
    let taken = if add_data::is_data(&path) { None } else { rooms.takes(&path) };
    taken.unwrap_or(Command::OpenFile(path))
}

/// What opens a file that was named at the start: a scene, whatever it is called, unless its
/// name is that of something else that can be dropped on the window.
pub fn opens_first(path: PathBuf, rooms: &Rooms) -> Command {
    match opens(path, rooms) {
        Command::OpenFile(path)
            if !add_data::is_data(&path)
                && path.extension().is_none_or(|e| e != "onnx")
                && image::ImageFormat::from_path(&path).is_err() =>
        {
            SceneEdit::File(path).into()
        }
        other => other,
    }
}

/// Turns pressed keys and dropped files into commands.
pub fn collect(ctx: &Context, house: &House, out: &mut Outbox) {
    let (help, welcome) = (house.desk.help, house.desk.welcome);
    for file in ctx.input(|i| i.raw.dropped_files.clone()) {
        let path = file.path().to_path_buf();
        out.push(Command::Welcome(Welcome::Away));
        out.push(opens(path, &house.rooms));
    }
    keys::note_typing(ctx);
    let typing = keys::typing(ctx);
    if !typing {
        pasted(ctx, out);
    }
    let mut keys = Keys::new(ctx);
    if welcome == Welcome::Away {
        all(&mut keys, house, out);
    } else {
        everywhere(&mut keys, &house.desk, out);
        if !help {
            welcome::keys(&mut keys, welcome, out);
        }
    }
    let asked = |i: &egui::InputState| {
        i.events.iter().any(|e| matches!(e, Event::Text(t) if t == "?")) || i.key_pressed(Key::F1)
    };
    if !typing && ctx.input(asked) {
        out.push(Command::Help(!help));
    } else if help && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape)) {
        out.push(Command::Help(false));
    }
}

/// A scene's text that was pasted; any other text is told to be none.
fn pasted(ctx: &Context, out: &mut Outbox) {
    let paste = |e: &Event| match e {
        Event::Paste(text) => Some(text.clone()),
        _ => None,
    };
    if let Some(text) = ctx.input(|i| i.events.iter().find_map(paste)) {
        // What is no scene is read too, and said to be none.
        let text = if saved::is_scene(&text) { text } else { String::new() };
        out.push(SceneEdit::Text(text));
    }
}

/// The list of keys.
pub fn help(ctx: &Context, house: &House, out: &mut Outbox) {
    let mut open = true;
    let screen = ctx.content_rect();
    egui::Window::new("Keys")
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .max_width(screen.width() - 40.0)
        .show(ctx, |ui| {
            let most = screen.height() - 156.0;
            egui::ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(
                ui,
                |ui| {
                    list(ui, house, screen.width());
                },
            );
            if ui.button("Show the first screen again").clicked() {
                out.push(Command::Help(false));
                out.push(Command::Welcome(Welcome::Ways));
            }
        });
    if !open {
        out.push(Command::Help(false));
    }
}

fn list(ui: &mut egui::Ui, house: &House, screen: f32) {
    let ctx = ui.ctx().clone();
    let mut keys = Keys::to_list(&ctx);
    all(&mut keys, house, &mut Outbox::default());
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
        // The window is as wide as its text, up to the screen.
        let widths = [150.0, (screen - 290.0).clamp(200.0, 560.0)];
        for (key, what) in keys.listed() {
            ui.horizontal_top(|ui| {
                let key = RichText::new(key).font(theme::strong(13.5));
                for (text, width) in [key, RichText::new(what)].into_iter().zip(widths) {
                    ui.vertical(|ui| {
                        ui.set_width(width);
                        ui.add(egui::Label::new(text).wrap());
                    });
                }
            });
        }
    });
}

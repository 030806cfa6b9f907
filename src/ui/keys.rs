//! The keyboard: one table from which keys work, are listed (`?`) and, in
//! projector mode, are shown as they are pressed.

use egui::{Align2, Context, Key, KeyboardShortcut, Modifiers, RichText};

use super::app::App;
use super::command::{Command, DataEdit, DigitEdit, Outbox, TrainEdit};
use super::theme::{self, palette};
use super::widgets::{sources, time_bar};
use super::workspaces::WORKSPACES;
use crate::snn::recording::spike_times::EXTENSIONS;

/// One key and what it does.
struct Binding {
    shortcut: KeyboardShortcut,
    what: &'static str,
    act: fn(&App, &mut Outbox),
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

/// Longer shortcuts stand before those they contain.
const BINDINGS: &[Binding] = &[
    Binding {
        shortcut: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z),
        what: "Do the last change again",
        act: |_, out| out.push(Command::Digit(DigitEdit::Redo)),
    },
    Binding {
        shortcut: ctrl(Key::Z),
        what: "Take the last change of the digit back",
        act: |_, out| out.push(Command::Digit(DigitEdit::Undo)),
    },
    Binding {
        shortcut: ctrl(Key::Y),
        what: "Do the last change again",
        act: |_, out| out.push(Command::Digit(DigitEdit::Redo)),
    },
    Binding {
        shortcut: plain(Key::Delete),
        what: "Clear the canvas",
        act: |_, out| out.push(Command::Digit(DigitEdit::Clear)),
    },
    Binding {
        shortcut: plain(Key::E),
        what: "Eraser or pen",
        act: |app, out| out.push(Command::Digit(DigitEdit::Eraser(!app.digit.eraser))),
    },
    Binding {
        shortcut: plain(Key::OpenBracket),
        what: "Thinner pen",
        act: |app, out| pen_width(app, out, -0.01),
    },
    Binding {
        shortcut: plain(Key::CloseBracket),
        what: "Thicker pen",
        act: |app, out| pen_width(app, out, 0.01),
    },
    Binding {
        shortcut: plain(Key::N),
        what: "Next digit of the data set",
        act: |app, out| sources::next(&app.snapshot(), out, 1),
    },
    Binding {
        shortcut: plain(Key::B),
        what: "The digit before",
        act: |app, out| sources::next(&app.snapshot(), out, -1),
    },
    Binding {
        shortcut: plain(Key::R),
        what: "A random digit of the data set",
        act: |app, out| sources::random(&app.snapshot(), out),
    },
    Binding {
        shortcut: plain(Key::C),
        what: "Centre the digit as MNIST does, or not",
        act: |app, out| {
            out.push(Command::Digit(DigitEdit::Centre(!app.digit.treatment.centre)));
        },
    },
    Binding {
        shortcut: ctrl(Key::Enter),
        what: "Start training; pause it; let it go on",
        act: |app, out| {
            let edit = match (app.snapshot().training.phase.in_hand(), app.is_training()) {
                (false, _) => TrainEdit::Start,
                (true, true) => TrainEdit::Pause,
                (true, false) => TrainEdit::Resume,
            };
            out.push(Command::Train(edit));
        },
    },
    Binding {
        shortcut: ctrl(Key::Period),
        what: "Train one mini-batch",
        act: |_, out| out.push(Command::Train(TrainEdit::Step)),
    },
    Binding {
        shortcut: ctrl(Key::P),
        what: "Projector mode",
        act: |app, out| out.push(Command::Projector(!app.session.projector)),
    },
];

fn pen_width(app: &App, out: &mut Outbox, by: f32) {
    out.push(Command::Digit(DigitEdit::PenWidth(app.digit.treatment.pen + by)));
}

/// Turns pressed keys and dropped files into commands. While text is being
/// typed somewhere, plain letters belong to the text.
pub fn collect(ctx: &Context, app: &App, out: &mut Outbox) {
    for file in ctx.input(|i| i.raw.dropped_files.clone()) {
        let path = file.path().to_path_buf();
        let spikes = path
            .extension()
            .is_some_and(|e| EXTENSIONS.iter().any(|known| e.eq_ignore_ascii_case(known)));
        out.push(if spikes {
            Command::OpenSpikes(path)
        } else if path.is_dir() {
            Command::Data(DataEdit::Folder(path))
        } else {
            Command::OpenPicture(path)
        });
    }
    let typing = ctx.text_edit_focused();
    for workspace in WORKSPACES {
        if ctx.input_mut(|i| i.consume_shortcut(&ctrl(workspace.key))) {
            out.push(Command::Show(workspace.id));
        }
    }
    for binding in BINDINGS {
        let letter = binding.shortcut.modifiers == Modifiers::NONE;
        if !(letter && typing) && ctx.input_mut(|i| i.consume_shortcut(&binding.shortcut)) {
            (binding.act)(app, out);
        }
    }
    let asked = |i: &egui::InputState| {
        i.events.iter().any(|e| matches!(e, egui::Event::Text(t) if t == "?"))
            || i.key_pressed(Key::F1)
    };
    if !typing && ctx.input(asked) {
        out.push(Command::Help(!app.help));
    } else if app.help && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape)) {
        out.push(Command::Help(false));
    }
}

/// The list of keys, if it is open; in projector mode, the keys held down.
pub fn overlay(ctx: &Context, app: &App, out: &mut Outbox) {
    if app.help {
        let mut open = true;
        egui::Window::new("Keys")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
            .show(ctx, |ui| {
                let most = ctx.content_rect().height() - 120.0;
                egui::ScrollArea::vertical()
                    .max_height(most)
                    .min_scrolled_height(most)
                    .show(ui, list);
            });
        if !open {
            out.push(Command::Help(false));
        }
    }
    if app.session.projector {
        show_pressed(ctx);
    }
}

fn list(ui: &mut egui::Ui) {
    let mut rows: Vec<(String, &str)> = Vec::new();
    let workspaces = WORKSPACES.iter().map(|w| (ctrl(w.key), w.doc));
    let bindings = BINDINGS.iter().map(|b| (b.shortcut, b.what));
    for (shortcut, what) in workspaces.chain(bindings) {
        let name = name(ui.ctx(), &shortcut);
        match rows.iter_mut().find(|row| row.1 == what) {
            Some(row) => row.0 = format!("{}, {name}", row.0),
            None => rows.push((name, what)),
        }
    }
    let others = [
        ("Tab, Shift+Tab", "Go from control to control; Space presses"),
        ("Esc", "One level back (Receptive fields)"),
        (
            "Arrows on units or a map",
            "Go from unit to unit, move the window; Enter goes into a unit",
        ),
        ("Arrows on the canvas", "Move the pen; Space puts it down and lifts it"),
        ("? or F1", "This list; Esc closes it"),
    ];
    let others = others.into_iter().chain(time_bar::KEYS);
    rows.extend(others.map(|(key, what)| (key.to_owned(), what)));
    let beside_scroll_bar = egui::Margin { right: 16, ..egui::Margin::ZERO };
    egui::Frame::new().inner_margin(beside_scroll_bar).show(ui, |ui| {
        egui::Grid::new("keys").num_columns(2).spacing([24.0, 7.0]).show(ui, |ui| {
            for (key, what) in rows {
                ui.label(RichText::new(key).font(theme::strong(13.5)));
                ui.label(what);
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

fn show_pressed(ctx: &Context) {
    let text = ctx.input(|i| {
        let mut keys: Vec<&str> = Vec::new();
        let m = i.modifiers;
        for (held, name) in [(m.command, "Ctrl"), (m.shift, "Shift"), (m.alt, "Alt")] {
            if held {
                keys.push(name);
            }
        }
        let mut plain: Vec<&str> = i.keys_down.iter().map(|k| k.name()).collect();
        plain.sort_unstable();
        keys.extend(plain);
        keys.join(" + ")
    });
    if text.is_empty() {
        return;
    }
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
                    ui.label(RichText::new(text).font(theme::strong(24.0)).color(p.card));
                });
        });
}

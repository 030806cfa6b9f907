//! What can be done with scenes: a menu at the foot of the rail, and its keys.

use egui::{Key, KeyboardShortcut, Modifiers, Popup, Response, RichText, Ui};

use super::command::{Command, FilmEdit, Outbox, SceneEdit};
use super::house::House;
use super::keys::{Keys, ctrl};
use super::saved;

const COPY: KeyboardShortcut =
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::C);

/// Width of the menu, points.
const WIDTH: f32 = 290.0;

/// The menu of a button.
pub fn show(button: &Response, house: &House, out: &mut Outbox) {
    Popup::menu(button).width(WIDTH).show(|ui| entries(ui, house, out));
}

fn entries(ui: &mut Ui, house: &House, out: &mut Outbox) {
    let desk = &house.desk;
    let mut push = |ui: &mut Ui, enabled: bool, name: &str, tip: &str, command: Command| {
        let button = ui.add_enabled(enabled, egui::Button::new(name).wrap());
        if button.on_hover_text(tip).clicked() {
            out.push(command);
            ui.close();
        }
    };
    push(
        ui,
        house.films.offers(&house.rooms),
        "Save film…",
        "The time bar's selection, or all of it, as GIF, animated PNG or MP4",
        FilmEdit::Form(true).into(),
    );
    ui.separator();
    let mut entry = |ui: &mut Ui, enabled: bool, name: &str, tip: &str, edit: SceneEdit| {
        push(ui, enabled, name, tip, edit.into());
    };
    ui.label(RichText::new("A scene is what you see: workspace, settings, digit, time.").small());
    entry(
        ui,
        true,
        "Save scene (Ctrl+S)",
        "A small file that brings all this back, here or on another machine",
        SceneEdit::Save { weights: false },
    );
    let own = !saved::runs(desk).is_empty();
    if own {
        entry(
            ui,
            true,
            "Save scene with my networks",
            "With the weights of your own networks that answer, for machines that do not have them",
            SceneEdit::Save { weights: true },
        );
    }
    entry(ui, true, "Open scene… (Ctrl+O)", "A .spikescope file", SceneEdit::Open);
    entry(
        ui,
        true,
        "Copy scene as text (Ctrl+Shift+C)",
        "For a chat, or the notes of a slide",
        SceneEdit::Copy,
    );
    entry(ui, true, "Paste scene (Ctrl+V)", "From the clipboard", SceneEdit::Paste);
    ui.separator();
    let back = house.scenes.can_go_back();
    entry(
        ui,
        back,
        "Back to before the scene",
        "Workspace, settings and digit as they were before the last scene was opened",
        SceneEdit::Back,
    );
    let name = house.rooms.shown().name;
    entry(
        ui,
        true,
        &format!("Begin {name} anew"),
        "Everything in this workspace as at the very beginning; undo brings yours back",
        SceneEdit::Anew,
    );
    if desk.session.recent_scenes.is_empty() {
        return;
    }
    ui.separator();
    ui.label(RichText::new("Used last").small());
    for path in &desk.session.recent_scenes {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let tip = path.display().to_string();
        entry(ui, true, &name, &tip, SceneEdit::File(path.clone()));
    }
}

/// The keys of scenes.
pub fn keys(keys: &mut Keys<'_>, out: &mut Outbox) {
    for (key, edit, what) in [
        (COPY, SceneEdit::Copy, "Copy the scene as text (paste it with Ctrl+V)"),
        (ctrl(Key::S), SceneEdit::Save { weights: false }, "Save the scene"),
        (ctrl(Key::O), SceneEdit::Open, "Open a scene"),
    ] {
        if keys.pressed(key, what) {
            out.push(edit);
        }
    }
}

//! The window that asks what a film is to be.

use egui::{Align2, Context, RichText, TextEdit, Ui};

use super::job::FilmEdit;
use super::order::{Choices, FPS, Format, MOST_CAPTION, SECONDS, Size};
use crate::ui::command::Outbox;
use crate::ui::house::House;
use crate::ui::theme::palette;
use crate::ui::widgets::{names, number};

/// Width of the window, points.
const WIDTH: f32 = 380.0;

/// Shows it, if it is asked for.
pub fn show(ctx: &Context, house: &House, out: &mut Outbox) {
    if !house.films.open {
        return;
    }
    let mut open = true;
    egui::Window::new("Save film")
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .show(ctx, |ui| {
            ui.set_width(WIDTH.min(ctx.content_rect().width() - 40.0));
            controls(ui, house, out);
        });
    if !open || ctx.input(|i| i.key_pressed(egui::Key::Escape)) {
        out.push(FilmEdit::Form(false));
    }
}

fn controls(ui: &mut Ui, house: &House, out: &mut Outbox) {
    let mut choices = house.films.choices.clone();
    row(ui, &Format::ALL, &mut choices.format);
    row(ui, &Size::ALL, &mut choices.size);
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Frames per second");
        let field = number::drag(&mut choices.fps).range(FPS.0..=FPS.1);
        ui.add(field).labelled_by(label.id);
        let label = ui.label("Seconds");
        let field = number::drag(&mut choices.seconds).range(SECONDS.0..=SECONDS.1).speed(0.1);
        ui.add(field).labelled_by(label.id);
    });
    let label = ui.label("Caption, a line below the picture");
    let field = TextEdit::singleline(&mut choices.caption)
        .char_limit(MOST_CAPTION)
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    names::field(field, Some(label), "Caption", &choices.caption);
    ui.label(RichText::new(summary(house, &choices)).color(palette(ui.visuals()).weak));
    ui.horizontal(|ui| {
        let ready = house.films.offers(&house.rooms) && !house.films.is_busy();
        let save = ui.add_enabled(ready, egui::Button::new("Save film"));
        let why = "A view with a time bar can be filmed, one film at a time";
        if save.on_disabled_hover_text(why).clicked() {
            out.push(FilmEdit::Save);
        }
        if ui.button("Close").clicked() {
            out.push(FilmEdit::Form(false));
        }
    });
    if choices != house.films.choices {
        // Before it is saved, should both happen at once.
        let after = std::mem::take(out);
        out.push(FilmEdit::Choose(choices));
        out.extend(after);
    }
}

/// A row of things to choose from.
fn row<T: Copy + PartialEq>(ui: &mut Ui, all: &[(T, &str, &str)], chosen: &mut T) {
    ui.horizontal_wrapped(|ui| {
        for (is, name, doc) in all {
            ui.selectable_value(chosen, *is, *name).on_hover_text(*doc);
        }
    });
}

/// What will be in the film.
fn summary(house: &House, choices: &Choices) -> String {
    let Some(time) = house.rooms.time() else { return "This view has no time bar.".into() };
    let frames = choices.frames();
    let (from, to) = time.selection.unwrap_or(time.range);
    let what = if time.selection.is_some() {
        "the selection of the time bar"
    } else {
        "the whole time bar (drag on it with Shift to select a part)"
    };
    let own = if house.films.is_busy() { " Another film is being made." } else { "" };
    format!(
        "{frames} frames over {what}: steps {from} to {to}. You can go on working while it is made.{own}"
    )
}

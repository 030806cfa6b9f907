//! Figures that can be saved. A view says where its figure is ([`place`]) and offers to
//! save it; `ui/figures.rs` then draws the page once more for the file. In that drawing
//! ([`saving`]) controls are left out, and nothing answers to the mouse.

use egui::{Context, Id, Pos2, Rect, Ui, ViewportId, pos2};
use serde::{Deserialize, Serialize};

use crate::ui::command::{Command, Outbox};

/// The viewport, shown nowhere, in which a page is drawn for a file.
pub fn viewport() -> ViewportId {
    ViewportId::from_hash_of("figure for a file")
}

/// Whether the page is being drawn for a file.
pub fn saving(ctx: &Context) -> bool {
    ctx.viewport_id() == viewport()
}

/// Controls, which a saved figure does without.
pub fn controls(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    if !saving(ui.ctx()) {
        add(ui);
    }
}

/// What saved figures look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// As the window does.
    #[default]
    Screen,
    /// On white, in large type, whatever the window's theme: for print and slides.
    Paper,
}

impl Look {
    /// Each with its name and what it is.
    const ALL: [(Self, &'static str, &'static str); 2] = [
        (Self::Screen, "As on screen", "In the window's colours and sizes"),
        (Self::Paper, "Light, large type", "On white, for print and slides, whatever the theme"),
    ];
}

/// The formats of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Lines and text.
    Svg,
}

impl Format {
    /// Extension of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }
}

/// Tells the buttons on a page which look is chosen.
pub fn set_look(ctx: &Context, look: Look) {
    ctx.data_mut(|d| d.insert_temp(look_id(), look));
}

fn look_id() -> Id {
    Id::unique("look of saved figures")
}

/// Names and places of the figures of a page.
pub type Places = Vec<(&'static str, Rect)>;

/// Says where the figure of this name is.
pub fn place(ui: &Ui, name: &'static str, rect: Rect) {
    if saving(ui.ctx()) {
        ui.data_mut(|d| d.get_temp_mut_or_default::<Places>(places_id()).push((name, rect)));
    }
}

/// The figures that the page drawn for a file has.
pub fn places(ctx: &Context) -> Places {
    ctx.data(|d| d.get_temp(places_id())).unwrap_or_default()
}

fn places_id() -> Id {
    Id::unique("places of figures")
}

/// The button that saves the figure of this name as PNG, and beside it what else there is
/// to choose; whether one of them was clicked that saves.
pub fn button(ui: &mut Ui, out: &mut Outbox, text: &str, name: &'static str) -> bool {
    let clicked = ui.button(text).on_hover_text("The figure, without buttons").clicked();
    if clicked {
        out.push(Command::SaveFigure(name));
    }
    let others = |ui: &mut Ui| {
        let saved = ui.button("Save as SVG").on_hover_text(SVG).clicked();
        if saved {
            out.push(Command::SaveSvg(name));
            ui.close();
        }
        ui.separator();
        let chosen = ui.data(|d| d.get_temp(look_id())).unwrap_or_default();
        for (look, name, doc) in Look::ALL {
            if ui.radio(look == chosen, name).on_hover_text(doc).clicked() {
                out.push(Command::FigureLook(look));
            }
        }
        saved
    };
    let menu = ui.menu_button("SVG…", others);
    menu.response.on_hover_text("The figure as SVG; what saved figures look like");
    clicked || menu.inner.unwrap_or(false)
}

/// What SVG is good for.
const SVG: &str =
    "Lines and text that stay sharp at any size and can be edited, in Inkscape for example";

/// The figure is within `rect`; buttons save it, and its numbers as CSV.
pub fn save_row(
    ui: &mut Ui,
    out: &mut Outbox,
    name: &'static str,
    rect: Rect,
    csv: impl FnOnce() -> String,
) {
    place(ui, name, rect);
    controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            button(ui, out, "Save as PNG", name);
            if ui.button("Save as CSV").on_hover_text("All numbers shown").clicked() {
                out.push(Command::SaveText { name: name.into(), text: csv() });
            }
        });
    });
}

/// The same for a figure that reaches from `from` to the right edge, and down to here.
pub fn save_below(
    ui: &mut Ui,
    out: &mut Outbox,
    name: &'static str,
    from: Pos2,
    csv: impl FnOnce() -> String,
) {
    let to = pos2(ui.max_rect().right(), ui.next_widget_position().y);
    save_row(ui, out, name, Rect::from_min_max(from, to), csv);
}

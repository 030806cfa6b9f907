//! The table of everything that was measured.

use egui::{ComboBox, RichText, TextEdit, Ui};

use super::grid::Grid;
use super::settings::CloseSettings;
use super::{CloseEdit, World, board, form};
use crate::scoreboard::board::Kind;
use crate::scoreboard::criteria::Group;
use crate::ui::command::Outbox;
use crate::ui::theme::palette;
use crate::ui::widgets::{figure, names};

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !form::has_board(ui, world) {
        return;
    }
    figure::controls(ui, |ui| filters(ui, world, out));
    // Where the page has no room for what to see, the table still says it.
    if ui.available_height() < 360.0 {
        ui.label("Go along a row: no network is close in everything.");
    }
    let room = world.room;
    let rows = board::rows(&room.table, &room.kept);
    let columns: Vec<_> = board::columns(room.criteria, room.kept.group).collect();
    if rows.is_empty() {
        ui.label(
            "No row has this name and kind. Empty the field “Find a row”, or choose all kinds.",
        );
        return;
    }
    let from = ui.next_widget_position();
    let below = if figure::saving(ui.ctx()) { 8.0 } else { 42.0 };
    let height = (ui.available_height() - below).max(140.0);
    Grid { rows: &rows, columns: &columns }.show(ui, height, world, out);
    figure::save_below(ui, out, "how-close", from, || board::csv(&rows, &columns));
}

/// Which rows and columns are shown.
fn filters(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    ui.horizontal_wrapped(|ui| {
        groups(ui, kept, out);
        kinds(ui, kept, out);
        let mut find = kept.find.clone();
        let edit = TextEdit::singleline(&mut find)
            .hint_text("Find a row")
            .char_limit(CloseSettings::MOST_LETTERS)
            .desired_width(110.0);
        if names::field(ui.add(edit), None, "Find a row", &kept.find).changed() {
            out.push(CloseEdit::Find(find));
        }
    });
}

pub fn groups(ui: &mut Ui, kept: &CloseSettings, out: &mut Outbox) {
    let name = |group: usize| match group.checked_sub(1).and_then(|i| Group::ALL.get(i)) {
        Some((_, name)) => *name,
        None => "All criteria",
    };
    let chosen = name(kept.group);
    let list = ComboBox::from_id_salt("criteria shown").selected_text(chosen).width(190.0).show_ui(
        ui,
        |ui| {
            for group in 0..=Group::ALL.len() {
                if ui.selectable_label(kept.group == group, name(group)).clicked() {
                    out.push(CloseEdit::Group(group));
                }
            }
        },
    );
    names::list(list.response, None, "Criteria shown", chosen);
}

fn kinds(ui: &mut Ui, kept: &CloseSettings, out: &mut Outbox) {
    let name = |kind: Option<Kind>| {
        kind.and_then(|kind| board::KINDS.iter().find(|k| k.0 == kind)).map_or("all rows", |k| k.1)
    };
    let chosen = name(kept.kind);
    let list =
        ComboBox::from_id_salt("rows shown").selected_text(chosen).width(130.0).show_ui(ui, |ui| {
            for kind in std::iter::once(None).chain(board::KINDS.iter().map(|k| Some(k.0))) {
                if ui.selectable_label(kept.kind == kind, name(kind)).clicked() {
                    out.push(CloseEdit::Kind(kind));
                }
            }
        });
    names::list(list.response, None, "Rows shown", chosen);
}

/// What stands beside it.
pub fn side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    ui.label(RichText::new("Click a heading to sort, a name to pin it, a cell to see what is behind it. An empty cell says why on hovering.").color(palette(ui.visuals()).weak));
    ui.separator();
    form::own(ui, world, out);
    ui.separator();
    form::printed(ui, out);
    form::provenance(ui, world);
}

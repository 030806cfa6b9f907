//! What stands beside the figures: the user's own networks, the hand-out, where the
//! numbers come from.

use egui::{ComboBox, ProgressBar, RichText, Ui};

use super::{CloseEdit, World, board};
use crate::core::clock::day;
use crate::core::text::percent;
use crate::scoreboard::board::Profile;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::names;
use crate::workers::runs::{RunRecord, RunState};
use crate::{ann::zoo, core::text::or_dash};

/// Whether something was measured; says so if not.
pub fn has_board(ui: &mut Ui, world: &World<'_>) -> bool {
    let any = !world.room.table.is_empty() && !world.room.criteria.is_empty();
    if !any {
        ui.label("Nothing is measured yet. Results come with the program; networks that you have trained are measured here, under “Your networks”.");
    }
    any
}

/// The user's networks: what is measured of each, and the button that goes on.
pub fn own(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    ui.label(RichText::new("Your networks").font(theme::strong(15.0)));
    let weak = palette(ui.visuals()).weak;
    // All criteria are about digits.
    let ended = |r: &&RunRecord| {
        matches!(r.state, RunState::Finished | RunState::Stopped)
            && r.steps > 0
            && r.classes.is_digits()
    };
    let mut any = false;
    for run in world.runs.iter().filter(ended) {
        any = true;
        line(ui, world, run, out);
    }
    if !any {
        ui.label(
            RichText::new("Train one, and it can be measured here like the others.").color(weak),
        );
    }
    if let Some(why) = &world.room.waits {
        ui.label(RichText::new(why).color(palette(ui.visuals()).warning));
    }
}

fn line(ui: &mut Ui, world: &World<'_>, run: &RunRecord, out: &mut Outbox) {
    let id = format!("run-{}", run.id);
    let scores = &world.room.scores;
    let of = world.room.criteria.len();
    let done = scores.own.profiles.iter().find(|p| p.id == id).map_or(0, |p| p.cells.len().min(of));
    let name = zoo::find(&run.config.model).map_or(run.config.model.as_str(), |a| a.name);
    let accuracy = or_dash(run.test_accuracy, percent);
    let text = format!("{name}, {}, {accuracy}", day(run.started_unix));
    ui.label(RichText::new(&text).font(theme::strong(13.0))).on_hover_text(run.id.as_str());
    if let Some(now) = scores.running.as_ref().filter(|r| r.id == id) {
        let share = (now.done as f64 + now.within) / now.of.max(1) as f64;
        ui.add(ProgressBar::new(share as f32).text(format!("{} of {}", now.done, now.of)));
        ui.label(RichText::new(now.criterion).small());
        if ui.button("Stop").on_hover_text("What is measured so far is kept").clicked() {
            out.push(CloseEdit::StopMeasuring);
        }
        return;
    }
    let busy = scores.running.is_some() || world.room.wanted.is_some();
    ui.horizontal(|ui| {
        let (button, tip) = match done {
            0 => ("Measure", "Against all criteria, in the background"),
            _ if done < of => ("Go on", "Measures what is still missing"),
            _ => ("Measure again", "Forgets what was measured of it, and begins anew"),
        };
        if ui.add_enabled(!busy && of > 0, egui::Button::new(button)).on_hover_text(tip).clicked() {
            if done >= of {
                out.push(CloseEdit::Forget(id));
            }
            out.push(CloseEdit::Measure(run.id.clone()));
        }
        if done > 0 {
            ui.label(RichText::new(format!("{done} of {of} measured")).small());
        }
    });
}

/// The page to print.
pub fn printed(ui: &mut Ui, out: &mut Outbox) {
    let tip = "One page, A4 on its side, as SVG: the rows and columns chosen here, legible in black and white";
    if ui.button("Hand-out").on_hover_text(tip).clicked() {
        out.push(CloseEdit::HandOut);
    }
}

/// Where the numbers come from.
pub fn provenance(ui: &mut Ui, world: &World<'_>) {
    let board = &world.room.bundled;
    if board.profiles.is_empty() {
        return;
    }
    let text = format!(
        "Bundled results: Spikescope {}, {}, on {}. Made by spikescope scoreboard --all.",
        board.version, board.machine, board.data
    );
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
}

/// A list of subjects; gives the id of the one that was chosen.
pub fn subjects(
    ui: &mut Ui,
    (salt, name): (&str, &str),
    profiles: &[Profile],
    chosen: Option<&Profile>,
    width: f32,
) -> Option<String> {
    let text = chosen.map_or("choose", |p| p.name.as_str());
    let mut clicked = None;
    let list = ComboBox::from_id_salt(salt).selected_text(text).width(width).show_ui(ui, |ui| {
        for (kind, heading) in board::KINDS {
            let mut of = profiles.iter().filter(|p| p.kind == kind).peekable();
            if of.peek().is_some() {
                ui.label(RichText::new(heading).small().color(palette(ui.visuals()).weak));
            }
            for profile in of {
                let on = chosen.is_some_and(|c| c.id == profile.id);
                if ui.selectable_label(on, &profile.name).clicked() {
                    clicked = Some(profile.id.clone());
                }
            }
        }
    });
    names::list(list.response, None, name, text);
    clicked
}

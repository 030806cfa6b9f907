//! The player: a game of twenty noisy, covered digits, and the curve beside the
//! networks'.

use egui::{Align, Id, Key, Layout, RichText, Sense, Ui, vec2};

use super::game::{DIGITS, Game, Harm, YOU};
use super::state::has_played;
use super::{CloseEdit, World, board, curves, form};
use crate::core::csv::{self, row};
use crate::data::CLASSES;
use crate::scoreboard::board::{Detail, Profile};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{digit_view, figure, number, page};

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    match &world.room.game {
        Some(game) if game.trial().is_some() => play(ui, game, out),
        Some(game) => done(ui, world, game, out),
        None => begin(ui, world, out),
    }
}

/// The rules, and what was kept of an earlier game.
fn begin(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let room = world.room;
    let you = room.profile(YOU);
    let rules = format!(
        "{DIGITS} test digits come one by one: noisy, or covered in part. Answer with the keys 0 to 9 or the buttons, as soon as you are sure. Every answer counts, the time it takes too. Nothing is kept unless you say so."
    );
    // Who has played knows them.
    if you.is_none() || !page::small(ui) {
        ui.label(&rules);
    }
    figure::controls(ui, |ui| {
        ui.horizontal(|ui| {
            let start = egui::Button::new("Start");
            if ui.add_enabled(!room.begins, start).on_hover_text(&rules).clicked() {
                out.push(CloseEdit::Play);
            }
            if room.begins {
                ui.label("The digits are being read.");
            }
            let forget = "Removes your row from the table";
            if you.is_some() && ui.button("Forget it").on_hover_text(forget).clicked() {
                out.push(CloseEdit::Forget(YOU.into()));
            }
        });
    });
    let Some(you) = you else { return };
    let from = ui.next_widget_position();
    ui.label(RichText::new(format!("Kept: {}.", you.about)).font(theme::strong(14.0)));
    result(ui, world, you);
    figure::save_below(ui, out, "you", from, || text(you));
}

/// A digit, and the answers to choose from.
fn play(ui: &mut Ui, game: &Game, out: &mut Outbox) {
    let Some(trial) = game.trial() else { return };
    let number = game.answers.len() + 1;
    ui.horizontal(|ui| {
        let text = format!("Digit {number} of {DIGITS}");
        ui.label(RichText::new(text).font(theme::strong(16.0)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Give up").on_hover_text("Nothing is kept (Esc)").clicked() {
                out.push(CloseEdit::GiveUp);
            }
        });
    });
    let side = (ui.available_height() - 96.0).min(ui.available_width() - 20.0).clamp(120.0, 380.0);
    ui.vertical_centered(|ui| {
        let id = Id::unique(("game", game.seed, number));
        digit_view::show(ui, id, side, "Which digit is this?", |i| trial.pixels[i], Sense::hover());
    });
    ui.add_space(6.0);
    let gap = 6.0;
    let width = ((ui.available_width() - 9.0 * gap) / 10.0).clamp(26.0, 64.0);
    let row = 10.0 * width + 9.0 * gap;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        ui.spacing_mut().button_padding.x = 2.0;
        ui.add_space(((ui.available_width() - row) / 2.0).max(0.0));
        for digit in 0..CLASSES as u8 {
            let text = RichText::new(digit.to_string()).font(theme::strong(18.0));
            let button = egui::Button::new(text).min_size(vec2(width, 44.0));
            let response = ui.add(button);
            response.widget_info(|| {
                egui::WidgetInfo::labeled(
                    egui::accesskit::Role::Button,
                    true,
                    format!("It is a {digit}"),
                )
            });
            if response.clicked() {
                out.push(CloseEdit::Answer(digit));
            }
        }
    });
}

/// The result, and whether to keep it.
fn done(ui: &mut Ui, world: &World<'_>, game: &Game, out: &mut Outbox) {
    let you = game.profile();
    let from = ui.next_widget_position();
    let title =
        format!("{} of {DIGITS} right, {:.1} s each (median)", game.right(), game.median_s());
    ui.label(RichText::new(title).font(theme::strong(16.0)));
    figure::controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            if ui
                .button("Keep it")
                .on_hover_text("Your row joins the table; an earlier game’s goes")
                .clicked()
            {
                out.push(CloseEdit::Keep);
            }
            if ui.button("Drop it").on_hover_text("Nothing is kept").clicked() {
                out.push(CloseEdit::GiveUp);
            }
            if ui
                .button("Play again")
                .on_hover_text("With other digits; this result is dropped")
                .clicked()
            {
                out.push(CloseEdit::Seed(game.seed.wrapping_add(1) % 1_000_000));
                out.push(CloseEdit::Play);
            }
        });
    });
    result(ui, world, &you);
    figure::save_below(ui, out, "you", from, || text(&you));
}

/// The player's curves beside those of the two subjects that are pinned, and controls.
fn result(ui: &mut Ui, world: &World<'_>, you: &Profile) {
    let below = if figure::saving(ui.ctx()) { 8.0 } else { 42.0 };
    let height = (ui.available_height() - below).clamp(170.0, 420.0);
    let small = ui.available_width() < page::NARROW;
    let found = Harm::ALL.map(|(_, id, ..)| world.room.criteria.iter().find(|c| c.id == id));
    let all: Vec<_> = found.into_iter().flatten().collect();
    let one = |ui: &mut Ui, i: usize, height: f32| {
        let Some(criterion) = all.get(i) else { return };
        let title =
            format!("{}: {}", criterion.name, board::full(criterion, you.cells.get(criterion.id)));
        ui.label(RichText::new(title).font(theme::strong(13.5)));
        let subjects = world.room.pinned().into_iter().flatten().filter(|p| p.id != YOU);
        let mut shown = curves::all(ui, world, subjects, criterion.id);
        // The game in hand stands for the one kept.
        shown.retain(|s| s.name != you.name);
        shown.extend(curves::own(ui, you, criterion.id));
        let id = ["close you 0", "close you 1"][i];
        curves::chart(ui, world, (id, criterion), &shown, height - 24.0);
    };
    if small {
        let which = page::choose(ui, "close you", &["Noise", "Occlusion"]);
        one(ui, which, height - 34.0);
        return;
    }
    let width = (ui.available_width() - 12.0) / 2.0;
    ui.horizontal_top(|ui| {
        for i in 0..2 {
            let down = Layout::top_down(Align::LEFT);
            ui.allocate_ui_with_layout(vec2(width, height), down, |ui| one(ui, i, height));
        }
    });
}

/// Which digits the game shows.
pub fn side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let room = world.room;
    ui.label(RichText::new("The game").font(theme::strong(15.0)));
    let tip = "The same seed shows the same digits in the same order";
    let playing = room.playing().is_some();
    ui.horizontal(|ui| {
        let label = ui.label("Seed").on_hover_text(tip);
        let mut seed = room.kept.seed;
        let drag = number::drag(&mut seed).range(0..=999_999u64);
        let response = ui.add_enabled(!playing, drag).labelled_by(label.id).on_hover_text(tip);
        if response.changed() {
            out.push(CloseEdit::Seed(seed));
        }
        if ui.add_enabled(!playing, egui::Button::new("Other digits")).clicked() {
            out.push(CloseEdit::Seed((seed + 1) % 1_000_000));
        }
    });
    ui.separator();
    let text = "A game has one digit or two at each strength, so its error bars are wide: they are standard errors with one right and one wrong answer more (Agresti and Coull 1998). Play against the networks, not for a record.";
    ui.label(RichText::new(text).color(p.weak));
    if has_played(room) {
        ui.separator();
        form::printed(ui, out);
    }
}

fn text(you: &Profile) -> String {
    let rows = Harm::ALL.iter().flat_map(|(_, id, ..)| {
        let curve = board::curve_of(you, id);
        let points = curve.into_iter().flat_map(|c| {
            c.xs.iter().zip(&c.ys).zip(&c.spread).map(|((x, y), spread)| (*x, *y, *spread))
        });
        points.map(move |(x, y, spread)| row![id, x, y, spread])
    });
    let seconds = match you.cells.get(super::game::SECONDS).and_then(|c| c.detail.as_ref()) {
        Some(Detail::Counts(all)) => all.as_slice(),
        _ => &[],
    };
    let times = seconds.iter().map(|(what, s)| row![what, "", s, ""]);
    let all = rows.chain(times);
    csv::text(row!["what", "strength", "right answers in %, or seconds", "standard error"], all)
}

/// Keys that answer, by their digits.
pub const ANSWERS: [Key; 10] = [
    Key::Num0,
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

//! Picking digits from a data set: next, random, only those a model gets wrong.

use egui::{ComboBox, RichText, Ui};

use super::super::command::{Command, DataEdit, DigitEdit, Outbox};
use super::super::digit::Source;
use super::super::snapshot::Snapshot;
use super::super::theme::{self, palette};
use crate::core::rng::Rng;
use crate::data::registry::{SOURCES, SYNTHETIC};
use crate::workers::library::Loading;
use crate::workers::models::Origin;

/// The place in the data set of the nth digit there is to pick.
type Nth = Box<dyn Fn(usize) -> usize>;

/// How many digits there are to pick from, and the nth of them.
fn pool(world: &Snapshot<'_>) -> Option<(usize, Nth)> {
    let picking = world.picking;
    let split = world.library.source(picking.source).split()?;
    match &picking.only_wrong {
        None => Some((split.test.len(), Box::new(|n| n))),
        Some(key) => {
            let wrong = world.wrong.get(&(key.clone(), picking.source.to_owned()))?.clone()?;
            (!wrong.is_empty()).then(|| {
                let count = wrong.len();
                (count, Box::new(move |n: usize| wrong[n] as usize) as Nth)
            })
        }
    }
}

/// Index of the digit shown, if it is of the source picked from.
fn shown(world: &Snapshot<'_>) -> Option<usize> {
    match world.digit.source() {
        Source::Picked { source, index, .. } if *source == world.picking.source => Some(*index),
        _ => None,
    }
}

/// Whether there are digits to pick.
pub fn ready(world: &Snapshot<'_>) -> bool {
    pool(world).is_some()
}

/// Picks the digit `by` places on, in the order of the data set.
pub fn next(world: &Snapshot<'_>, out: &mut Outbox, by: isize) {
    let Some((count, nth)) = pool(world) else { return };
    let place = match shown(world) {
        None => 0,
        Some(index) => {
            // Where the shown digit stands, or would stand, in the pool.
            let at = (0..count).position(|n| nth(n) >= index).unwrap_or(0);
            let there = nth(at) == index;
            let by = if !there && by > 0 { by - 1 } else { by };
            (at as isize + by).rem_euclid(count as isize) as usize
        }
    };
    let source = world.picking.source;
    out.push(Command::Digit(DigitEdit::Pick { source, index: nth(place) }));
}

/// Picks any digit. The draw follows from the digit before, so that it needs no
/// state and the same walk comes after the same reset.
pub fn random(world: &Snapshot<'_>, out: &mut Outbox) {
    let Some((count, nth)) = pool(world) else { return };
    let from = shown(world).map_or(0, |i| i as u64 + 1);
    let place = Rng::stream(from, "random digit", 0).below(count);
    let source = world.picking.source;
    out.push(Command::Digit(DigitEdit::Pick { source, index: nth(place) }));
}

/// What stands where a digit would be looked at while there is none.
pub fn no_digit(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    ui.add_space(20.0);
    ui.label(RichText::new("There is no digit yet.").font(theme::strong(15.0)));
    ui.horizontal(|ui| {
        if ui.button("Draw one").on_hover_text("Ctrl+1, then come back").clicked() {
            out.push(Command::Show("draw"));
        }
        if ready(world) {
            if ui.button("Take any").on_hover_text("A test digit (R)").clicked() {
                random(world, out);
            }
        } else if world.picking.source != SYNTHETIC && ui.button("Use synthetic digits").clicked() {
            out.push(Command::Data(DataEdit::Source(SYNTHETIC)));
        }
    });
}

/// The controls, in one row or two.
pub fn show(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    if ui.available_width() < 520.0 {
        ui.horizontal(|ui| pick(ui, world, out));
        ui.horizontal(|ui| only_wrong(ui, world, out));
    } else {
        ui.horizontal(|ui| {
            pick(ui, world, out);
            only_wrong(ui, world, out);
        });
    }
}

fn pick(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    ui.spacing_mut().item_spacing.x = 5.0;
    let chosen = SOURCES.iter().find(|s| s.id == world.picking.source);
    ComboBox::from_id_salt("source")
        .selected_text(chosen.map_or("", |s| s.name))
        .width(92.0)
        .show_ui(ui, |ui| {
            for source in SOURCES {
                let on = source.id == world.picking.source;
                if ui.selectable_label(on, source.name).on_hover_text(source.doc).clicked() {
                    out.push(Command::Data(DataEdit::Source(source.id)));
                }
            }
        })
        .response
        .on_hover_text("Where digits are picked from (their test part)");
    ui.add_enabled_ui(ready(world), |ui| {
        if ui.button("Back").on_hover_text("The digit before (B)").clicked() {
            next(world, out, -1);
        }
        if ui.button("Next").on_hover_text("The next digit (N)").clicked() {
            next(world, out, 1);
        }
        if ui.button("Random").on_hover_text("Any digit (R)").clicked() {
            random(world, out);
        }
    });
}

fn only_wrong(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    let chosen = &world.picking.only_wrong;
    let name = |key: &str| {
        world.models.iter().find(|m| m.key == key).map_or("?", |m| m.name.as_str()).to_owned()
    };
    let text =
        chosen.as_deref().map_or("any digit".into(), |key| format!("wrong by {}", name(key)));
    ComboBox::from_id_salt("only wrong")
        .selected_text(text)
        .width(104.0)
        .show_ui(ui, |ui| {
            if ui.selectable_label(chosen.is_none(), "any digit").clicked() {
                out.push(Command::Data(DataEdit::OnlyWrong(None)));
            }
            for model in world.models.iter().filter(|m| !matches!(m.origin, Origin::Live { .. })) {
                let on = chosen.as_ref() == Some(&model.key);
                if ui.selectable_label(on, format!("wrong by {}", model.name)).clicked() {
                    out.push(Command::Data(DataEdit::OnlyWrong(Some(model.key.clone()))));
                }
            }
        })
        .response
        .on_hover_text("Pick only digits that a network gets wrong");
    let missing =
        matches!(world.library.source(world.picking.source), Loading::Missing | Loading::Failed(_));
    if missing && world.session.without_mnist {
        if ui.button("Get MNIST…").on_hover_text("Download it or choose its folder").clicked() {
            out.push(Command::Data(DataEdit::Offer(true)));
        }
    } else if let Some(text) = state(world) {
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
}

/// Why there is nothing to pick, or how many there are.
fn state(world: &Snapshot<'_>) -> Option<String> {
    let picking = world.picking;
    match world.library.source(picking.source) {
        Loading::Busy => return Some("loading…".into()),
        Loading::Missing => return Some("not on this machine yet".into()),
        Loading::Failed(_) => return Some("could not be read".into()),
        Loading::Unknown => return Some(String::new()),
        Loading::Ready(_) => {}
    }
    let key = picking.only_wrong.as_ref()?;
    Some(match world.wrong.get(&(key.clone(), picking.source.to_owned())) {
        Some(Some(wrong)) if wrong.is_empty() => "it gets none wrong".into(),
        Some(Some(wrong)) => format!("{} digits", wrong.len()),
        _ => "looking for them…".into(),
    })
}

//! Picking digits from a data set: next, random, only those a model gets wrong.

use egui::{ComboBox, RichText, Ui};

use crate::core::rng::Rng;
use crate::data::registry::{SOURCES, SYNTHETIC};
use crate::ui::command::{Command, DataEdit, DigitEdit, Outbox};
use crate::ui::desk::Desk;
use crate::ui::digit::Source;
use crate::ui::theme::{self, palette};
use crate::workers::library::Loading;
use crate::workers::models::Origin;

/// The place in the data set of the nth digit there is to pick.
type Nth = Box<dyn Fn(usize) -> usize>;

/// How many digits there are to pick from, and the nth of them.
fn pool(desk: &Desk) -> Option<(usize, Nth)> {
    let picking = &desk.picking;
    let split = desk.library.source(picking.source).split()?;
    match &picking.only_wrong {
        None => Some((split.test.len(), Box::new(|n| n))),
        Some(key) => {
            let wrong = desk.wrong.get(&(key.clone(), picking.source.to_owned()))?.clone()?;
            (!wrong.is_empty()).then(|| {
                let count = wrong.len();
                (count, Box::new(move |n: usize| wrong[n] as usize) as Nth)
            })
        }
    }
}

/// Index of the digit shown, if it is of the source picked from.
fn shown(desk: &Desk) -> Option<usize> {
    match desk.digit.source() {
        Source::Picked { source, index, .. } if *source == desk.picking.source => Some(*index),
        _ => None,
    }
}

/// Whether there are digits to pick.
pub fn ready(desk: &Desk) -> bool {
    pool(desk).is_some()
}

/// Picks the digit `by` places on, in the order of the data set.
pub fn next(desk: &Desk, out: &mut Outbox, by: isize) {
    let Some((count, nth)) = pool(desk) else { return };
    let place = match shown(desk) {
        None => 0,
        Some(index) => {
            // Where the shown digit stands, or would stand, in the pool.
            let at = (0..count).position(|n| nth(n) >= index).unwrap_or(0);
            let there = nth(at) == index;
            let by = if !there && by > 0 { by - 1 } else { by };
            (at as isize + by).rem_euclid(count as isize) as usize
        }
    };
    let source = desk.picking.source;
    out.push(DigitEdit::Pick { source, index: nth(place) });
}

/// Picks any digit. The draw follows from the digit before, so that it needs no
/// state and the same walk comes after the same reset.
pub fn random(desk: &Desk, out: &mut Outbox) {
    let Some((count, nth)) = pool(desk) else { return };
    let from = shown(desk).map_or(0, |i| i as u64 + 1);
    let place = Rng::stream(from, "random digit", 0).below(count);
    let source = desk.picking.source;
    out.push(DigitEdit::Pick { source, index: nth(place) });
}

/// What stands where a digit would be looked at while there is none.
pub fn no_digit(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    ui.add_space(20.0);
    ui.label(RichText::new("There is no digit yet.").font(theme::strong(15.0)));
    ui.horizontal(|ui| {
        if ui.button("Draw one").on_hover_text("Ctrl+1, then come back").clicked() {
            out.push(Command::Home);
        }
        if ready(desk) {
            if ui.button("Take any").on_hover_text("A test digit (R)").clicked() {
                random(desk, out);
            }
        } else if desk.picking.source != SYNTHETIC && ui.button("Use synthetic digits").clicked() {
            out.push(DataEdit::Source(SYNTHETIC));
        }
    });
}

/// The controls, in one row or two.
pub fn show(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    if ui.available_width() < 520.0 {
        ui.horizontal(|ui| pick(ui, desk, out));
        ui.horizontal(|ui| only_wrong(ui, desk, out));
    } else {
        ui.horizontal(|ui| {
            pick(ui, desk, out);
            only_wrong(ui, desk, out);
        });
    }
}

fn pick(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    ui.spacing_mut().item_spacing.x = 5.0;
    let chosen = SOURCES.iter().find(|s| s.id == desk.picking.source);
    ComboBox::from_id_salt("source")
        .selected_text(chosen.map_or("", |s| s.name))
        .width(92.0)
        .show_ui(ui, |ui| {
            for source in SOURCES {
                let on = source.id == desk.picking.source;
                if ui.selectable_label(on, source.name).on_hover_text(source.doc).clicked() {
                    out.push(DataEdit::Source(source.id));
                }
            }
        })
        .response
        .on_hover_text("Where digits are picked from (their test part)");
    ui.add_enabled_ui(ready(desk), |ui| {
        if ui.button("Back").on_hover_text("The digit before (B)").clicked() {
            next(desk, out, -1);
        }
        if ui.button("Next").on_hover_text("The next digit (N)").clicked() {
            next(desk, out, 1);
        }
        if ui.button("Random").on_hover_text("Any digit (R)").clicked() {
            random(desk, out);
        }
    });
}

fn only_wrong(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    let chosen = &desk.picking.only_wrong;
    let name = |key: &str| {
        desk.models.iter().find(|m| m.key == key).map_or("?", |m| m.name.as_str()).to_owned()
    };
    let text =
        chosen.as_deref().map_or("any digit".into(), |key| format!("wrong by {}", name(key)));
    ComboBox::from_id_salt("only wrong")
        .selected_text(text)
        .width(104.0)
        .show_ui(ui, |ui| {
            if ui.selectable_label(chosen.is_none(), "any digit").clicked() {
                out.push(DataEdit::OnlyWrong(None));
            }
            for model in desk.models.iter().filter(|m| !matches!(m.origin, Origin::Live { .. })) {
                let on = chosen.as_ref() == Some(&model.key);
                if ui.selectable_label(on, format!("wrong by {}", model.name)).clicked() {
                    out.push(DataEdit::OnlyWrong(Some(model.key.clone())));
                }
            }
        })
        .response
        .on_hover_text("Pick only digits that a network gets wrong");
    let missing =
        matches!(desk.library.source(desk.picking.source), Loading::Missing | Loading::Failed(_));
    if missing && desk.session.without_mnist {
        if ui.button("Get MNIST…").on_hover_text("Download it or choose its folder").clicked() {
            out.push(DataEdit::Offer(true));
        }
    } else if let Some(text) = state(desk) {
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
}

/// Why there is nothing to pick, or how many there are.
fn state(desk: &Desk) -> Option<String> {
    let picking = &desk.picking;
    match desk.library.source(picking.source) {
        Loading::Busy => return Some("loading…".into()),
        Loading::Missing => return Some("not on this machine yet".into()),
        Loading::Failed(_) => return Some("could not be read".into()),
        Loading::Unknown => return Some(String::new()),
        Loading::Ready(_) => {}
    }
    let key = picking.only_wrong.as_ref()?;
    Some(match desk.wrong.get(&(key.clone(), picking.source.to_owned())) {
        Some(Some(wrong)) if wrong.is_empty() => "it gets none wrong".into(),
        Some(Some(wrong)) => format!("{} digits", wrong.len()),
        _ => "looking for them…".into(),
    })
}

//! Picking digits from a data set: next, random, only those of one class, or on which
//! networks err or disagree.

use egui::{ComboBox, RichText, Ui};

use crate::core::rng::Rng;
use crate::data::ClassNames;
use crate::data::registry::{self, SOURCES, SYNTHETIC};
use crate::ui::command::{Command, DataEdit, DigitEdit, Outbox};
use crate::ui::desk::Desk;
use crate::ui::digit::Source;
use crate::ui::theme::{self, palette};
use crate::workers::library::Loading;
use crate::workers::models::Origin;
use crate::workers::search::Filter;

/// All data sets: id, name and what they are.
pub fn all(desk: &Desk) -> Vec<(String, String, String)> {
    let known = SOURCES.iter().map(|s| (s.id.into(), s.name.into(), s.doc.into()));
    let own = desk.library.own.sets.iter();
    known.chain(own.map(|about| (about.id.clone(), about.name.clone(), about.doc()))).collect()
}

/// The name of a data set, and what it is.
pub fn find(desk: &Desk, id: &str) -> Option<(String, String)> {
    all(desk).into_iter().find(|(of, ..)| of == id).map(|(_, name, doc)| (name, doc))
}

/// The entry of a list of data sets by which one adds another.
pub fn add_data(ui: &mut Ui, out: &mut Outbox) {
    let tip = "Fashion-MNIST, KMNIST, EMNIST, a CSV, a folder of pictures for each class";
    if ui.button("Add data…").on_hover_text(tip).clicked() {
        out.push(DataEdit::Add(true));
        ui.close();
    }
}

/// A list of the data sets whose test digits can be shown to every network, one after the
/// other: MNIST where it is; what is not there is not offered. Gives the one that is chosen.
pub fn to_survey(ui: &mut Ui, desk: &Desk) -> &'static str {
    let id = ui.scope_id().with("source to survey");
    let here = |id: &str| !matches!(desk.library.source(id), Loading::Missing | Loading::Failed(_));
    let there: Vec<_> = all(desk).into_iter().filter(|(id, ..)| here(id)).collect();
    let first = SOURCES.iter().find(|s| here(s.id)).map_or(SYNTHETIC, |s| s.id);
    let picked = ui.data(|d| d.get_temp::<&'static str>(id));
    let source = picked.filter(|p| there.iter().any(|(id, ..)| id == p)).unwrap_or(first);
    let label = ui.label("Test digits of");
    ComboBox::from_id_salt("source to survey")
        .selected_text(find(desk, source).map_or_else(String::new, |(name, _)| name))
        .show_ui(ui, |ui| {
            for (of, name, doc) in there {
                let on = of == source;
                if ui.selectable_label(on, name).on_hover_text(doc).clicked()
                    && let Some(of) = registry::interned(&of)
                {
                    ui.data_mut(|d| d.insert_temp(id, of));
                }
            }
        })
        .response
        .labelled_by(label.id);
    source
}

/// Places in the data set of the digits there are to pick from, in order.
fn pool(desk: &Desk) -> Option<Vec<u32>> {
    let picking = &desk.picking;
    let test = &desk.library.source(picking.source).split()?.test;
    let wanted = |i: &u32| {
        *i < test.len() as u32 && picking.class.is_none_or(|c| test.label(*i as usize) == c)
    };
    let pool: Vec<u32> = match &picking.filter {
        None => (0..test.len() as u32).filter(wanted).collect(),
        Some(_) => desk.found.indices.iter().copied().filter(wanted).collect(),
    };
    (!pool.is_empty()).then_some(pool)
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
    let Some(pool) = pool(desk) else { return };
    let place = match shown(desk) {
        None => 0,
        Some(index) => {
            // Where the shown digit stands, or would stand, in the pool.
            let at = pool.partition_point(|n| (*n as usize) < index);
            let there = pool.get(at).is_some_and(|n| *n as usize == index);
            let by = if !there && by > 0 { by - 1 } else { by };
            (at as isize + by).rem_euclid(pool.len() as isize) as usize
        }
    };
    let source = desk.picking.source;
    out.push(DigitEdit::Pick { source, index: pool[place] as usize });
}

/// Picks any digit. The draw follows from the digit before, so that it needs no
/// state and the same walk comes after the same reset.
pub fn random(desk: &Desk, out: &mut Outbox) {
    let Some(pool) = pool(desk) else { return };
    let from = shown(desk).map_or(0, |i| i as u64 + 1);
    let place = Rng::stream(from, "random digit", 0).below(pool.len());
    let source = desk.picking.source;
    out.push(DigitEdit::Pick { source, index: pool[place] as usize });
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

/// Below this width, points, names are short and buttons tight.
const NARROW: f32 = 330.0;

/// Makes buttons tight where there is little width; whether there is.
pub fn tighten(ui: &mut Ui) -> bool {
    let narrow = ui.available_width() < NARROW;
    if narrow {
        ui.spacing_mut().button_padding.x = 5.5;
        ui.spacing_mut().item_spacing.x = 3.0;
    }
    narrow
}

/// The controls, in as many rows as they need.
pub fn show(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    let missing = matches!(desk.library.mnist, Loading::Missing | Loading::Failed(_));
    let offer = missing && desk.session.without_mnist;
    let last = |ui: &mut Ui, out: &mut Outbox| {
        let tip = "Download it or choose its folder";
        if offer && ui.button("Get MNIST…").on_hover_text(tip).clicked() {
            out.push(DataEdit::Offer(true));
        }
        if let Some(text) = state(desk) {
            ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
        }
    };
    let wide = ui.available_width() > 620.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let narrow = tighten(ui);
        pick(ui, desk, narrow, out);
        if wide {
            kinds(ui, desk, narrow, out);
            classes(ui, desk, out);
        }
    });
    if !wide {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            let narrow = tighten(ui);
            kinds(ui, desk, narrow, out);
            classes(ui, desk, out);
            if !narrow {
                last(ui, out);
            }
        });
    }
    if (wide || ui.available_width() < NARROW) && (offer || state(desk).is_some()) {
        ui.horizontal(|ui| last(ui, out));
    }
}

fn pick(ui: &mut Ui, desk: &Desk, narrow: bool, out: &mut Outbox) {
    let chosen = find(desk, desk.picking.source);
    let name = chosen.as_ref().map_or(desk.picking.source, |(name, _)| name);
    ComboBox::from_id_salt("source")
        .selected_text(match name.split_once(' ') {
            Some((first, _)) if narrow => first,
            _ => name,
        })
        .width(if narrow { 70.0 } else { 92.0 })
        .show_ui(ui, |ui| {
            for (id, name, doc) in all(desk) {
                let on = id == desk.picking.source;
                if ui.selectable_label(on, name).on_hover_text(doc).clicked()
                    && let Some(id) = registry::interned(&id)
                {
                    out.push(DataEdit::Source(id));
                }
            }
            ui.separator();
            add_data(ui, out);
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

/// The name of a kind of digits, and what it is.
fn kind(desk: &Desk, filter: Option<&Filter>) -> (String, &'static str) {
    match filter {
        None => ("any digit".into(), "All test digits"),
        Some(Filter::Disagree) => {
            ("networks disagree".into(), "Not all bundled networks give the same answer")
        }
        Some(Filter::OnlyTogether) => (
            "ensemble right, members wrong".into(),
            "All ten together are right, though two or more of the ten are wrong",
        ),
        Some(Filter::WrongBy(key)) => {
            let name = desk.models.iter().find(|m| m.key == *key).map_or("?", |m| &m.name);
            (format!("wrong by {name}"), "This network gets them wrong")
        }
    }
}

/// Which kind of digits to pick.
fn kinds(ui: &mut Ui, desk: &Desk, narrow: bool, out: &mut Outbox) {
    let models = desk.models.iter().filter(|m| !matches!(m.origin, Origin::Live { .. }));
    let by = models.map(|m| Some(Filter::WrongBy(m.key.clone())));
    let all = [None, Some(Filter::Disagree), Some(Filter::OnlyTogether)].into_iter().chain(by);
    ComboBox::from_id_salt("kind of digits")
        .selected_text(match &desk.picking.filter {
            Some(Filter::OnlyTogether) if narrow => "ensemble right".into(),
            Some(Filter::Disagree) if narrow => "disagreement".into(),
            filter => {
                let name = kind(desk, filter.as_ref()).0;
                let short = name.split(", ").next().unwrap_or_default().to_owned();
                if narrow { short } else { name }
            }
        })
        .width(104.0)
        .height(420.0)
        .show_ui(ui, |ui| {
            for filter in all {
                let on = filter == desk.picking.filter;
                let (name, tip) = kind(desk, filter.as_ref());
                if ui.selectable_label(on, name).on_hover_text(tip).clicked() {
                    out.push(DataEdit::Filter(filter));
                }
            }
        })
        .response
        .on_hover_text("Which digits Next and Random pick");
}

/// Which class of digits to pick.
fn classes(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    let split = desk.library.source(desk.picking.source).split();
    let classes = split.map_or_else(ClassNames::default, |s| s.test.classes().clone());
    let name = |class: Option<u8>| match class {
        None if classes.is_digits() => "0 to 9".into(),
        None => "all classes".into(),
        Some(c) if classes.is_digits() => format!("only {c}s"),
        Some(c) => classes.name(c),
    };
    ComboBox::from_id_salt("class of digits")
        .selected_text(name(desk.picking.class))
        .width(64.0)
        .height(420.0)
        .show_ui(ui, |ui| {
            for class in std::iter::once(None).chain((0..classes.count() as u8).map(Some)) {
                let on = class == desk.picking.class;
                if ui.selectable_label(on, name(class)).clicked() {
                    out.push(DataEdit::Class(class));
                }
            }
        })
        .response
        .on_hover_text("Pick one class of digits only");
}

/// Why there is nothing to pick, or how many there are.
fn state(desk: &Desk) -> Option<String> {
    let picking = &desk.picking;
    match desk.library.source(picking.source) {
        Loading::Busy => return Some("loading…".into()),
        Loading::Missing => return Some("not on this machine yet".into()),
        Loading::Failed(_) => return Some("could not be read".into()),
        Loading::Unknown => return None,
        Loading::Ready(_) => {}
    }
    if picking.filter.is_none() && picking.class.is_none() {
        return None;
    }
    let count = pool(desk).map_or(0, |pool| pool.len());
    let found = &desk.found;
    let digits = if count == 1 { "digit" } else { "digits" };
    Some(match picking.filter {
        Some(_) if found.total == 0 => "looking for them…".into(),
        Some(_) if !found.done => {
            format!("{count} {digits} among {} of {} …", found.asked, found.total)
        }
        Some(_) if found.asked < found.total => {
            format!("{count} {digits} among the first {}", found.asked)
        }
        _ if count == 0 => "there are none".into(),
        _ => format!("{count} {digits}"),
    })
}

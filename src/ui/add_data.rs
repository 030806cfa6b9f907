//! The window for data sets of the user's own: a set is chosen, looked at, turned and named
//! before it is kept; those that are kept are listed.

use std::path::Path;
use std::sync::Arc;

use egui::{Align2, Button, Context, RichText, ScrollArea, Sense, TextEdit, Ui};

use super::command::{DataEdit, Outbox};
use super::desk::Desk;
use super::theme::{self, palette};
use super::widgets::{digit_view, names};
use crate::core::text::grouped;
use crate::data::CLASSES;
use crate::data::classes::{KNOWN, LONGEST};
use crate::data::orient::Orientation;
use crate::data::own::{self, About};
use crate::workers::library::Adding;
use crate::workers::own::Proposal;

/// Width and height of the window, points.
const SIZE: [f32; 2] = [640.0, 560.0];
/// Height of what stands below the list of classes, points.
const FOOT: f32 = 56.0;
/// Side of a picture, points.
const TILE: f32 = 44.0;
/// Longest name of a set, characters.
const LONGEST_NAME: usize = 40;

/// What is to be kept of a set that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddForm {
    /// Whether the window is open.
    pub open: bool,
    /// What the set is to be called.
    pub name: String,
    /// What its classes are to be called.
    pub classes: Vec<String>,
    /// How its pictures are to be turned.
    pub turn: Orientation,
    /// Id of the set that is to be removed, should that be meant.
    pub removing: Option<String>,
}

impl AddForm {
    /// What is proposed for a set that was read.
    pub fn of(proposal: &Proposal) -> Self {
        let found = &proposal.found;
        let (name, classes) = (found.name.clone(), found.classes().all());
        Self { open: true, name, classes, ..Self::default() }
    }
}

/// Whether a dropped file is a data set, by its name, or by its first line where it may be
/// another table.
pub fn is_data(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.ends_with(".csv.gz") || own::is_idx_name(path) || name.ends_with(".csv") && is_wide(path)
}

/// Whether a table has as many columns as a picture has pixels.
fn is_wide(path: &Path) -> bool {
    use std::io::Read;
    let mut start = Vec::new();
    let read = crate::core::files::open_regular(path)
        .and_then(|file| file.take(16 << 10).read_to_end(&mut start));
    let line = start.split(|b| *b == b'\n').next().unwrap_or_default();
    read.is_ok() && line.iter().filter(|b| b",;\t".contains(b)).count() >= crate::data::PIXELS - 1
}

/// Shows the window, if it is open.
pub fn show(ctx: &Context, desk: &Desk, out: &mut Outbox) {
    if !desk.form.open {
        return;
    }
    let mut open = true;
    // Beside title, margins and what else the window has around it.
    let room = ctx.content_rect().size() - egui::vec2(40.0, 140.0);
    egui::Window::new("Your data sets")
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .show(ctx, |ui| {
            ui.set_width(SIZE[0].min(room.x));
            let keeps = matches!(desk.library.own.adding, Adding::Ready(_));
            let below = if keeps { FOOT } else { 0.0 };
            ScrollArea::vertical().max_height(SIZE[1].min(room.y) - below).show(ui, |ui| {
                ui.set_width(ui.available_width());
                page(ui, desk, out);
            });
            if keeps {
                ui.separator();
                foot(ui, desk, out);
            }
        });
    if !open || ctx.input(|i| i.key_pressed(egui::Key::Escape)) {
        out.push(DataEdit::Add(false));
    }
}

fn page(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    match &desk.library.own.adding {
        Adding::Nothing => choose(ui, desk, None, out),
        Adding::Failed(text) => choose(ui, desk, Some(text), out),
        Adding::Reading { path, done } => reading(ui, path, *done, out),
        Adding::Ready(proposal) => look(ui, desk, proposal, out),
    }
}

/// Where to take a set from, and those that there are.
fn choose(ui: &mut Ui, desk: &Desk, failed: Option<&str>, out: &mut Outbox) {
    if let Some(text) = failed {
        let warning = palette(ui.visuals()).warning;
        ui.label(RichText::new(format!("{}.", text.trim_end_matches('.'))).color(warning));
        ui.add_space(6.0);
    }
    ui.label("28×28 grey pictures of 2 to 47 classes: the IDX files of Fashion-MNIST, KMNIST or EMNIST; a CSV as Kaggle's digit recogniser has it; or a folder of pictures for each class. They are copied; the originals stay as they are.");
    ui.horizontal(|ui| {
        if ui.button("Choose folder…").clicked() {
            out.push(DataEdit::Choose { folder: true });
        }
        if ui.button("Choose file…").clicked() {
            out.push(DataEdit::Choose { folder: false });
        }
        ui.label(RichText::new("or drop it on the window").small());
    });
    if desk.library.own.sets.is_empty() {
        return;
    }
    ui.separator();
    ui.label(RichText::new("Kept so far").font(theme::strong(14.0)));
    for about in desk.library.own.sets.iter() {
        kept(ui, desk, about, out);
    }
}

/// A set that is kept: what it is, and how to get rid of it.
fn kept(ui: &mut Ui, desk: &Desk, about: &About, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&about.name).strong()).on_hover_text(about.doc());
        let pictures = about.train.fingerprint.digits + about.test.fingerprint.digits;
        ui.label(RichText::new(format!("{} pictures", grouped(pictures as u64))).small());
        let sure = desk.form.removing.as_deref() == Some(&about.id);
        if sure {
            ui.label("Remove it? Runs that learned from it stay.");
            if ui.button(format!("Remove {}", about.name)).clicked() {
                out.push(DataEdit::Remove(about.id.clone()));
            }
            if ui.button("Keep it").clicked() {
                let form = AddForm { removing: None, ..desk.form.clone() };
                out.push(DataEdit::Form(Box::new(form)));
            }
            return;
        }
        let tip = "As MNIST's four IDX files, and a list of its classes";
        if ui.small_button("Export").on_hover_text(tip).clicked() {
            out.push(DataEdit::Export(about.id.clone()));
        }
        if ui.small_button("Remove…").clicked() {
            let form = AddForm { removing: Some(about.id.clone()), ..desk.form.clone() };
            out.push(DataEdit::Form(Box::new(form)));
        }
    });
}

fn reading(ui: &mut Ui, path: &Path, done: usize, out: &mut Outbox) {
    ui.horizontal(|ui| {
        ui.spinner();
        ui.label(format!("Reading {}: {} so far", path.display(), grouped(done as u64)));
    });
    if ui.button("Stop").clicked() {
        out.push(DataEdit::Forget);
    }
}

/// A set before it is kept: a few pictures of each class, how they lie, what it is called.
fn look(ui: &mut Ui, desk: &Desk, proposal: &Arc<Proposal>, out: &mut Outbox) {
    let found = &proposal.found;
    let mut form = desk.form.clone();
    ui.label(format!(
        "{} training and {} test pictures from {}.",
        grouped(found.train.len() as u64),
        grouped(found.test.len() as u64),
        found.source
    ));
    for note in &found.notes {
        ui.label(RichText::new(note).small());
    }
    suggestion(ui, proposal, &mut form);
    turns(ui, &mut form.turn);
    ui.separator();
    classes(ui, proposal, &mut form);
    if form != desk.form {
        out.push(DataEdit::Form(Box::new(form)));
    }
}

/// What a set is called, and whether it is kept: always in sight, however many classes it has.
fn foot(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    let mut form = desk.form.clone();
    let (mut keeps, mut forgets) = (false, false);
    ui.horizontal(|ui| {
        let label = ui.label("Name");
        let field = TextEdit::singleline(&mut form.name).char_limit(LONGEST_NAME);
        let field = ui.add(field.desired_width(220.0));
        names::field(field, Some(label), "Name of the data set", &form.name);
        let good = own::id_of(&form.name).is_ok();
        let keep = ui.add_enabled(good, Button::new("Keep this data set"));
        keeps = keep.on_disabled_hover_text("It needs a name of letters and figures").clicked();
        forgets = ui.button("Discard").on_hover_text("The originals stay as they are").clicked();
    });
    // The name first, should both happen at once.
    if form != desk.form {
        out.push(DataEdit::Form(Box::new(form)));
    }
    if keeps {
        out.push(DataEdit::Keep);
    }
    if forgets {
        out.push(DataEdit::Forget);
    }
}

/// What is likely to be wrong with the pictures, and a button that puts it right.
fn suggestion(ui: &mut Ui, proposal: &Proposal, form: &mut AddForm) {
    let Some(cure) = proposal.cure().filter(|cure| *cure != form.turn) else { return };
    let text = match &proposal.hint {
        Some(hint) => format!("Look: {}.", hint.text()),
        None if proposal.emnist => {
            "EMNIST's pictures lie transposed: rows and columns are exchanged.".to_owned()
        }
        None => "The pictures lie on a light ground, where those of other sets lie on a dark one."
            .to_owned(),
    };
    ui.label(RichText::new(text).color(palette(ui.visuals()).warning));
    if ui.button("Put them right").clicked() {
        form.turn = cure;
    }
}

/// How the pictures are turned.
fn turns(ui: &mut Ui, turn: &mut Orientation) {
    let quarter = Orientation { transpose: true, mirror: true, ..Orientation::default() };
    let mirror = Orientation { mirror: true, ..Orientation::default() };
    let transpose = Orientation { transpose: true, ..Orientation::default() };
    let invert = Orientation { invert: true, ..Orientation::default() };
    ui.horizontal_wrapped(|ui| {
        for (name, tip, how) in [
            ("Turn", "By a quarter, clockwise", quarter),
            ("Mirror", "Exchange left and right", mirror),
            ("Transpose", "Exchange rows and columns, as EMNIST needs", transpose),
            ("Invert", "Exchange dark and light", invert),
        ] {
            if ui.button(name).on_hover_text(tip).clicked() {
                *turn = turn.then(how);
            }
        }
        if ui.add_enabled(!turn.is_none(), Button::new("As they were")).clicked() {
            *turn = Orientation::default();
        }
    });
}

/// A row for each class: its name, and a few of its pictures.
fn classes(ui: &mut Ui, proposal: &Proposal, form: &mut AddForm) {
    let train = &proposal.found.train;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Classes").font(theme::strong(14.0)));
        for (id, known) in KNOWN {
            let fits = match known.len() {
                CLASSES => form.classes.len() <= CLASSES,
                many => form.classes.len() == many,
            };
            let tip = known.join(", ");
            let button = ui.add_enabled(fits, Button::new(format!("Call them {id}")).small());
            if button.on_hover_text(tip).clicked() {
                form.classes = known.iter().map(|name| (*name).to_owned()).collect();
            }
        }
    });
    let (counts, turn) = (own::by_class(train), form.turn);
    for (class, name) in form.classes.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(name).char_limit(LONGEST).desired_width(110.0);
            let field = ui.add(field);
            names::field(field, None, &format!("Name of class {class}"), name);
            ui.add_sized([56.0, TILE], egui::Label::new(grouped(counts[class] as u64)));
            for place in proposal.samples.get(class).into_iter().flatten() {
                let image = turn.picture(train.image(*place));
                let id = egui::Id::unique(("sample", &proposal.found.source, train.len(), place));
                let id = id.with(turn_bits(turn));
                let spoken = format!("Picture {place} of class {class}");
                let intensity = |i: usize| f32::from(image[i]) / 255.0;
                digit_view::show(ui, id, TILE, &spoken, intensity, Sense::hover());
            }
        });
    }
}

/// Tells textures of differently turned pictures apart.
fn turn_bits(turn: Orientation) -> [bool; 4] {
    [turn.transpose, turn.mirror, turn.flip, turn.invert]
}

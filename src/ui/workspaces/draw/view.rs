//! The page: paper, what the networks see of it, and what they answer.

use egui::{Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, pos2};

use super::answer_list;
use super::entries::{self, Entry};
use super::{World, answer_card, keep, photo};
use crate::core::bounds::Span;
use crate::data::{ClassNames, SIDE};
use crate::ui::command::{Command, DigitEdit, Outbox};
use crate::ui::digit::{Source, Treatment};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{canvas, digit_view, figure, number, picture, sources, tip};

/// Space between the columns, points.
const GAP: f32 = 12.0;
/// Below this width, points, what the networks see is under the paper.
const WIDE: f32 = 1000.0;
/// Below this height of all answers, points, what they can be sorted by is in a menu.
const LOW: f32 = 600.0;

/// Draws the workspace.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let area = ui.available_rect_before_wrap();
    let (w, h) = (area.width(), area.height());
    if w < 600.0 {
        ScrollArea::vertical().show(ui, |ui| {
            paper(ui, world, out, (w - 20.0).min(h * 0.7).max(180.0));
            seen(ui, world, out, 140.0);
            ui.set_max_height(ui.available_height().max(420.0));
            answers(ui, world, out);
        });
        return;
    }
    let mut x = area.left();
    let mut column = |ui: &mut Ui, width: f32, add: &mut dyn FnMut(&mut Ui)| {
        let rect = Rect::from_min_max(pos2(x, area.top()), pos2(x + width, area.bottom()));
        x += width + GAP;
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| add(ui));
    };
    let left = if w < WIDE {
        // Tools, sources and what the networks see take some 270 points.
        let side = (h - 270.0).min(w * 0.42).max(180.0);
        // The buttons below the paper need so much.
        let width = side.max(256.0);
        column(ui, width, &mut |ui| {
            ScrollArea::vertical().id_salt("paper").show(ui, |ui| {
                paper(ui, world, out, side);
                seen_beside(ui, world, out, width);
            });
        });
        width + GAP
    } else {
        // The tools above the paper and the sources below take some 100 points.
        let side = (h - 134.0).min(w * 0.48).min(w - 210.0 - 330.0 - 2.0 * GAP).max(160.0);
        column(ui, side, &mut |ui| paper(ui, world, out, side));
        column(ui, 210.0, &mut |ui| {
            ScrollArea::vertical().id_salt("seen").show(ui, |ui| seen(ui, world, out, 210.0));
        });
        side + 210.0 + 2.0 * GAP
    };
    column(ui, w - left, &mut |ui| answers(ui, world, out));
    ui.allocate_rect(area, Sense::hover());
}

/// Tools, canvas and where to pick digits from.
fn paper(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, side: f32) {
    tools(ui, world, out);
    canvas::show(ui, &world.digit, side, out);
    sources::show(ui, world, out);
}

fn tools(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let digit = &world.digit;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        sources::tighten(ui);
        if ui.selectable_label(!digit.eraser, "Pen").on_hover_text("Draw (E changes)").clicked() {
            out.push(DigitEdit::Eraser(false));
        }
        if ui.selectable_label(digit.eraser, "Eraser").on_hover_text("Erase (E changes)").clicked()
        {
            out.push(DigitEdit::Eraser(true));
        }
        let button = |ui: &mut Ui, on: bool, text: &str, tip: &str| {
            ui.add_enabled(on, egui::Button::new(text)).on_hover_text(tip).clicked()
        };
        if button(ui, digit.can_undo(), "Undo", "Take the last change back (Ctrl+Z)") {
            out.push(Command::Undo);
        }
        if button(ui, digit.can_redo(), "Redo", "Do it again (Ctrl+Y)") {
            out.push(Command::Redo);
        }
        if button(ui, !digit.is_blank(), "Clear", "An empty canvas (Del); Undo brings it back") {
            out.push(DigitEdit::Clear);
        }
    });
}

/// The 28×28 picture that the networks get, and what can be done to it.
fn seen(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, width: f32) {
    ui.label(RichText::new("What the networks see").font(theme::strong(14.0)));
    let side = (width - 2.0).min(ui.available_width());
    picture(ui, world, side);
    photo(ui, world, side, out);
    centre(ui, world, out);
    keep::show(ui, world, out);
    treatment(ui, world, out);
    if let Some(text) = about(world) {
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
}

/// The same below the paper: the picture small, the controls beside it.
fn seen_beside(ui: &mut Ui, world: &World<'_>, out: &mut Outbox, width: f32) {
    const SMALL: f32 = 84.0;
    ui.horizontal_top(|ui| {
        let seen = picture(ui, world, SMALL);
        if let Some(text) = about(world) {
            seen.on_hover_text(text);
        }
        ui.vertical(|ui| {
            if let Source::Photo { picture, chosen, .. } = world.digit.source() {
                photo::show(ui, picture, *chosen, width - SMALL - 12.0, out);
                return;
            }
            ui.horizontal_wrapped(|ui| {
                centre(ui, world, out);
                let tip = "Pen width, noise, and a shift of the picture that the networks see";
                ui.menu_button("Noise, shift …", |ui| {
                    ui.set_width(210.0);
                    treatment(ui, world, out);
                })
                .response
                .on_hover_text(tip);
            });
            keep::show(ui, world, out);
        });
    });
}

/// The 28×28 picture that the networks get.
fn picture(ui: &mut Ui, world: &World<'_>, side: f32) -> egui::Response {
    let p = palette(ui.visuals());
    let pixels = world.digit.pixels();
    let id = ui.scope_id().with("seen");
    let response = digit_view::show(
        ui,
        id,
        side,
        "The 28 by 28 picture that the networks see",
        |i| pixels[i],
        Sense::hover(),
    );
    digit_view::grid(ui, response.rect);
    let stroke = egui::Stroke::new(1.0, p.line);
    ui.painter().rect_stroke(response.rect, 4, stroke, egui::StrokeKind::Outside);
    value_under_pointer(response, pixels)
}

/// Whether the digit is centred.
fn centre(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let mut centre = world.digit.treatment.centre;
    let toggle = ui.checkbox(&mut centre, "Centre digit").on_hover_text(
        "As MNIST was made: cropped to its ink, scaled to fit 20×20 pixels, its centre of mass in the middle of 28×28. Switch it off and draw in a corner to see why this matters. (C)",
    );
    if toggle.changed() {
        out.push(DigitEdit::Centre(centre));
    }
}

/// The picture that the digit is from, with all digits on it.
fn photo(ui: &mut Ui, world: &World<'_>, width: f32, out: &mut Outbox) {
    let Source::Photo { picture, chosen, .. } = world.digit.source() else { return };
    if picture.digits.len() > 1 {
        let text = format!("{} digits; choose one:", picture.digits.len());
        ui.label(RichText::new(text).font(theme::strong(13.0)));
    }
    ui.add_space(6.0);
    photo::show(ui, picture, *chosen, width, out);
    ui.add_space(4.0);
}

fn value_under_pointer(response: egui::Response, pixels: &crate::data::Pixels) -> egui::Response {
    let (rect, size) = (response.rect, (SIDE, SIDE));
    if let Some((y, x)) = response.hover_pos().and_then(|at| picture::cell(rect, size, at)) {
        let text = format!("column {x}, row {y}: {:.2}", pixels[y * SIDE + x]);
        tip::beside(&response, picture::rect(rect, size, (y, x)), text);
    }
    response
}

fn treatment(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let t = &world.digit.treatment;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let pen = SliderRow {
            name: "Pen width",
            tip: "Share of the canvas ([ and ])",
            range: (Treatment::PEN.0 * 100.0, Treatment::PEN.1 * 100.0),
            unit: " %",
            decimals: 0,
        };
        if let Some(v) = pen.show(ui, t.pen * 100.0) {
            out.push(DigitEdit::PenWidth(v / 100.0));
        }
        let noise = SliderRow {
            name: "Noise σ",
            tip: "Gaussian noise added to each pixel; 1 is full ink",
            range: Treatment::NOISE,
            unit: "",
            decimals: 2,
        };
        if let Some(v) = noise.show(ui, t.noise) {
            out.push(DigitEdit::Noise(v));
        }
        let tip = "Moves the 28×28 picture; whoever learned only centred digits loses";
        for (axis, name) in ["Shift right", "Shift down"].into_iter().enumerate() {
            let row = SliderRow { name, tip, range: Treatment::SHIFT_PX, unit: " px", decimals: 0 };
            if let Some(v) = row.show(ui, t.shift[axis]) {
                let mut shift = t.shift;
                shift[axis] = v;
                out.push(DigitEdit::Shift(shift));
            }
        }
    });
    let changed = t.noise > 0.0 || t.shift != [0.0; 2];
    if ui.add_enabled(changed, egui::Button::new("No noise, no shift")).clicked() {
        out.push(DigitEdit::Noise(0.0));
        out.push(DigitEdit::Shift([0.0; 2]));
    }
}

/// A slider with its name above it.
struct SliderRow {
    name: &'static str,
    tip: &'static str,
    range: Span,
    unit: &'static str,
    decimals: usize,
}

impl SliderRow {
    /// The new value, if it was changed.
    fn show(self, ui: &mut Ui, value: f32) -> Option<f32> {
        let mut v = value;
        let label = ui.label(RichText::new(self.name).small()).on_hover_text(self.tip);
        ui.spacing_mut().slider_width = (ui.available_width() - 62.0).max(50.0);
        let range = self.range.0 as f32..=self.range.1 as f32;
        let slider = number::slider(&mut v, range).fixed_decimals(self.decimals).suffix(self.unit);
        let response = ui.add(slider).labelled_by(label.id).on_hover_text(self.tip);
        response.changed().then_some(v)
    }
}

/// Where the digit comes from, unless it was drawn.
fn about(world: &World<'_>) -> Option<String> {
    let from = match world.digit.source() {
        Source::Drawn => return None,
        Source::Picked { source, index, label, classes, .. } => {
            let label = classes.name(*label);
            match (*source, world.own_name(source)) {
                ("mnist", _) => format!("MNIST test digit {index}, labelled {label}."),
                (_, Some(name)) => format!("{name}, test picture {index}, labelled {label}."),
                (_, None) => format!("Synthetic digit {index}, labelled {label}."),
            }
        }
        Source::Picture { name, .. } => format!("From {name}."),
        Source::Photo { name, picture, .. } if picture.lines_left_out == 0 => {
            format!("From {name}.")
        }
        Source::Photo { name, .. } => {
            format!("From {name}. Ruled lines or a frame were left out.")
        }
    };
    Some(from + " Draw on the canvas to start your own.")
}

/// The headline, the chosen answer large, and all answers in a list.
fn answers(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let truth = world.digit.truth();
    let entries = entries::entries(world);
    let from = ui.next_widget_position();
    let low = ui.available_height() < LOW;
    headline(ui, world, &entries, truth);
    if let Some(warning) = world.digit.warning() {
        ui.label(RichText::new(warning).color(palette(ui.visuals()).warning));
    }
    let view = &world.room.kept;
    let large = entries.iter().find(|e| e.key == view.large).or(entries.first());
    let (table, rows) = (entries::csv(&entries), answer_list::height(&entries, view, 2));
    if let Some(entry) = large {
        let room = ui.available_height();
        let height = if low { room - rows - 44.0 } else { room * 0.24 };
        let right = entry.truth(truth);
        answer_card::show(ui, world, entry, right, height.clamp(96.0, 190.0));
        if !low {
            answer_list::trust(ui, entry, &entries);
        }
    }
    let rect = Rect::from_min_max(from, ui.max_rect().max);
    figure::place(ui, FIGURE, rect);
    figure::controls(ui, |ui| {
        if low {
            ui.horizontal(|ui| {
                ui.menu_button("Sort, weights, save …", |ui| {
                    answer_list::order(ui, view, out);
                    answer_list::sets(ui, world, out);
                    saves(ui, table, out);
                });
            });
        } else {
            answer_list::order(ui, view, out);
            answer_list::sets(ui, world, out);
            ui.horizontal(|ui| saves(ui, table, out));
        }
    });
    ScrollArea::vertical().id_salt("answers").show(ui, |ui| {
        let rows = answer_list::show(ui, world, entries, view, truth, out);
        for (key, response) in rows {
            response.context_menu(|ui| {
                if ui.button("Remove from this list").clicked() {
                    out.push(Command::RemoveModel(key.clone()));
                    ui.close();
                }
            });
        }
    });
}

/// Name of the answers as a file.
const FIGURE: &str = "answers";

/// Saves the answers: as they are seen, or the probabilities.
fn saves(ui: &mut Ui, table: String, out: &mut Outbox) {
    if figure::button(ui, out, "Save as PNG", FIGURE) {
        ui.close();
    }
    let tip = "All probabilities of every network";
    if ui.button("Save as CSV").on_hover_text(tip).clicked() {
        out.push(Command::SaveText { name: FIGURE.into(), text: table });
        ui.close();
    }
}

/// Whether all agree, in one line.
fn headline(
    ui: &mut Ui,
    world: &World<'_>,
    entries: &[Entry<'_>],
    truth: Option<(u8, &ClassNames)>,
) {
    let p = palette(ui.visuals());
    let text = if world.digit.is_blank() {
        "Draw, and they answer".to_owned()
    } else {
        entries::agreement(entries)
    };
    // Wrapped, so that a long headline does not widen the column beyond the window.
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(26.0);
        ui.label(RichText::new(text).font(theme::strong(19.0)));
        if let Some((label, classes)) = truth {
            let note = RichText::new(format!("label: {}", classes.name(label))).color(p.weak);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| ui.label(note));
        }
    });
}

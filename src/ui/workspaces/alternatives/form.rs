//! Questions to begin with, and what all rules have in common.

use egui::{ComboBox, RichText, TextEdit, Ui};

use super::settings::{Course, PRESETS, Preset};
use super::{AlternativesEdit, World};
use crate::core::text::grouped;
use crate::data::registry::SYNTHETIC;
use crate::ui::command::{DataEdit, Outbox};
use crate::ui::desk::Desk;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::row;
use crate::ui::widgets::{number, page, sources};

/// The settings.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Rules", AlternativesEdit::Reset, out);
    presets(ui, world, out);
    ui.separator();
    let kept = &world.room.kept;
    let mut course = kept.course.clone();
    let fixed = world.room.learns();
    ui.add_enabled_ui(!fixed, |ui| {
        network(ui, &mut course);
        digits(ui, world, &mut course, out);
        steps(ui, &mut course);
    });
    let weak = palette(ui.visuals()).weak;
    let note = if fixed {
        "Fixed while rules learn: pause them to change it. A rule can be put in at any time: it begins from the same weights."
    } else if world.room.any_in_hand() {
        "A change ends the runs that are held. They stay among the runs of Train, and can go on there."
    } else {
        "Every run stays among the runs of Train, where it can be used in Draw."
    };
    ui.label(RichText::new(note).small().color(weak));
    if course != kept.course {
        out.push(AlternativesEdit::Course(Box::new(course)));
    }
}

fn presets(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let now = Preset::on(&world.room.kept);
    let title = ui.label(RichText::new("Question").font(theme::strong(14.0)));
    ComboBox::from_id_salt("question about rules")
        .selected_text(now.map_or("your own", |p| p.short))
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for (i, preset) in PRESETS.iter().enumerate() {
                let on = now.is_some_and(|n| n.name == preset.name);
                if ui.selectable_label(on, preset.name).on_hover_text(preset.doc).clicked() {
                    out.push(AlternativesEdit::Preset(i));
                }
            }
        })
        .response
        .labelled_by(title.id);
    if let Some(preset) = now {
        ui.label(RichText::new(preset.name).small());
        let weak = palette(ui.visuals()).weak;
        ui.label(RichText::new(preset.doc).small().color(weak));
    }
}

fn network(ui: &mut Ui, course: &mut Course) {
    ui.label(RichText::new("Network").font(theme::strong(14.0)));
    hidden(ui, course);
    ui.horizontal(|ui| {
        ui.label("Units").on_hover_text(
            "Of the hidden layers. Networks that settle or compare labels have their own",
        );
        ui.selectable_value(&mut course.tanh, false, "ReLU");
        ui.selectable_value(&mut course.tanh, true, "tanh");
    });
}

/// The hidden layers, as text.
fn hidden(ui: &mut Ui, course: &mut Course) {
    let id = egui::Id::unique("hidden layers that are typed");
    let typed: Option<String> = ui.data(|d| d.get_temp(id));
    let mut text = typed.unwrap_or_else(|| course.hidden_text());
    let tip = "Units of each hidden layer, from the picture to the classes: 1 to 8 layers of 1 to 4,096 units, such as 500, 500";
    let response = ui
        .horizontal(|ui| {
            let label = ui.label("Hidden").on_hover_text(tip);
            let width = ui.available_width() - 8.0;
            let edit = TextEdit::singleline(&mut text).desired_width(width);
            ui.add(edit).labelled_by(label.id).on_hover_text(tip)
        })
        .inner;
    if response.changed() {
        ui.data_mut(|d| d.insert_temp(id, text.clone()));
    }
    match Course::read_hidden(&text) {
        Ok(hidden) if response.lost_focus() || !response.has_focus() => {
            course.hidden = hidden;
            ui.data_mut(|d| d.remove::<String>(id));
        }
        Ok(_) => {}
        // What counts is shown again once the field is left.
        Err(_) if response.lost_focus() || !response.has_focus() => {
            ui.data_mut(|d| d.remove::<String>(id));
        }
        Err(why) => {
            let warning = palette(ui.visuals()).warning;
            ui.label(RichText::new(why).small().color(warning));
        }
    }
}

fn digits(ui: &mut Ui, desk: &Desk, course: &mut Course, out: &mut Outbox) {
    ui.add_space(4.0);
    ui.label(RichText::new("Digits").font(theme::strong(14.0)));
    row(ui, "Data set", "Where the digits come from", |ui| {
        let chosen = sources::find(desk, &course.data);
        ComboBox::from_id_salt("digits for rules")
            .selected_text(chosen.map_or_else(|| "choose".to_owned(), |(name, _)| name))
            .show_ui(ui, |ui| {
                for (id, name, doc) in sources::all(desk) {
                    let on = course.data == id;
                    if ui.selectable_label(on, name).on_hover_text(doc).clicked() {
                        if id == SYNTHETIC {
                            out.push(DataEdit::LoadSynthetic);
                        }
                        course.data = id;
                    }
                }
                ui.separator();
                sources::add_data(ui, out);
            })
            .response
    });
    let tip = "How many of the data set to learn, the 2 % that are held out included";
    row(ui, "Training digits", tip, |ui| {
        let (low, high) = Course::SUBSET;
        let drag = number::drag(&mut course.subset).range(low..=high).speed(100);
        ui.add(drag.custom_formatter(|v, _| grouped(v as u64)))
    });
}

fn steps(ui: &mut Ui, course: &mut Course) {
    ui.add_space(4.0);
    ui.label(RichText::new("Course").font(theme::strong(14.0)));
    row(ui, "Epochs", "Passes over the digits", |ui| {
        let (low, high) = Course::EPOCHS;
        ui.add(number::drag(&mut course.epochs).range(low..=high).speed(0.1))
    });
    row(ui, "Batch size", "Digits per update of the weights", |ui| {
        let (low, high) = Course::BATCH;
        ui.add(number::drag(&mut course.batch_size).range(low..=high).speed(0.5))
    });
    let tip = "Initial weights and the order of the digits follow from it; all rules have the same";
    row(ui, "Seed", tip, |ui| ui.add(number::drag(&mut course.seed).speed(0.1)));
}

//! Pieces that the lab's experiments share: the heading, a rule's parameters from
//! its declaration, and the buttons that save.

use egui::{ComboBox, RichText, Ui};

use crate::ui::command::{Command, Outbox};
use super::PlasticityEdit;
use super::settings::rule;
use super::World;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::parameter;
use crate::snn::plasticity::{PlasticityRule, RULES};

/// A heading with the button that brings the beginning back.
pub fn heading(ui: &mut Ui, text: &str, out: &mut Outbox) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(text).font(theme::strong(15.0)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let tip = "Everything in this experiment as at the very beginning";
            if ui.button("Reset").on_hover_text(tip).clicked() {
                out.push(PlasticityEdit::Reset);
            }
        });
    });
    ui.add_space(2.0);
}

/// A list of the rules. Returns the one chosen.
pub fn choose_rule(ui: &mut Ui, chosen: &str) -> Option<&'static PlasticityRule> {
    let now = rule(chosen);
    let mut new = None;
    let label = ui.label("Rule");
    ComboBox::from_id_salt("plasticity rule")
        .selected_text(now.name)
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for declared in RULES {
                let on = declared.id == now.id;
                if ui.selectable_label(on, declared.name).on_hover_text(declared.doc).clicked() {
                    new = Some(*declared);
                }
            }
        })
        .response
        .labelled_by(label.id);
    new.filter(|r| r.id != now.id)
}

/// What a rule is, and its parameters to be changed.
pub fn rule_parameters(
    ui: &mut Ui,
    world: &World<'_>,
    rule: &'static PlasticityRule,
    out: &mut Outbox,
) {
    ui.label(RichText::new(rule.doc).small().color(palette(ui.visuals()).weak))
        .on_hover_text(rule.source);
    for equation in rule.equations {
        ui.label(RichText::new(*equation).small());
    }
    ui.add_space(2.0);
    let before = world.room.kept.rules.of(rule);
    let mut config = before.clone();
    for param in rule.params {
        let value = config.values.get(param.name).copied().unwrap_or(param.default);
        let mut new = value;
        if parameter(ui, param, &mut new) && new != value {
            config.values.insert(param.name.to_owned(), new);
        }
    }
    if config != before {
        out.push(PlasticityEdit::Rule(config));
    }
}

/// The seed, and buttons for another one and for the same once more.
pub fn seed_row(ui: &mut Ui, seed: u64, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("Seed {seed}"))
            .on_hover_text("All chance follows from it: the same seed, the same run");
        let tip = "The same once more, from its beginning";
        if ui.button("Again").on_hover_text(tip).clicked() {
            out.push(PlasticityEdit::Again);
        }
        if ui.button("New seed").on_hover_text("Other chance").clicked() {
            out.push(PlasticityEdit::NewSeed);
        }
    });
}

/// Buttons that save what is shown between `from` and here.
pub fn save_row(
    ui: &mut Ui,
    out: &mut Outbox,
    name: &'static str,
    from: egui::Pos2,
    csv: impl FnOnce() -> String,
) {
    let to = egui::pos2(ui.max_rect().right(), ui.next_widget_position().y);
    ui.horizontal_wrapped(|ui| {
        if ui.button("Save as PNG").clicked() {
            let rect = egui::Rect::from_min_max(from, to);
            out.push(Command::SavePicture { name, rect });
        }
        if ui.button("Save as CSV").clicked() {
            out.push(Command::SaveText { name: name.into(), text: csv() });
        }
    });
}

/// A change with its sign, as many digits as it needs.
pub fn signed(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if value.abs() < 1e-3 { format!("{value:+.1e}") } else { format!("{value:+.4}") }
}

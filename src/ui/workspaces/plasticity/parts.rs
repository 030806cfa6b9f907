//! Pieces that the lab's experiments share: a rule's parameters from its
//! declaration, the seed.

use egui::{ComboBox, RichText, Ui};

use super::settings::rule;
use super::{PlasticityEdit, World};
use crate::snn::plasticity::{PlasticityRule, RULES};
use crate::ui::command::Outbox;
use crate::ui::theme::palette;
use crate::ui::widgets::field::parameter;

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

/// A change with its sign, as many digits as it needs.
pub fn signed(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if value.abs() < 1e-3 { format!("{value:+.1e}") } else { format!("{value:+.4}") }
}

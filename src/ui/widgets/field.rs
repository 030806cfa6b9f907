//! Rows of a form: sliders and numbers whose names, units, ranges and help come from
//! declarations.

use egui::{ComboBox, RichText, Ui, vec2};

use crate::snn::params::Param;
use crate::ui::theme;
use crate::ui::widgets::{glossary, number, veil};

/// A heading with the button that brings the beginning back; whether it was clicked.
pub fn heading(ui: &mut Ui, text: &str, tip: &str) -> bool {
    let clicked = ui.horizontal(|ui| {
        ui.label(RichText::new(text).font(theme::strong(15.0)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.button("Reset").on_hover_text(tip).clicked()
        })
        .inner
    });
    ui.add_space(2.0);
    clicked.inner
}

/// What a slider is for.
pub struct Field<'a> {
    /// Name, as it is read.
    pub label: &'a str,
    /// Unit; empty for a plain number.
    pub unit: &'a str,
    /// Help.
    pub doc: &'a str,
    /// Smallest and largest.
    pub range: (f64, f64),
    /// Whether the slider is logarithmic.
    pub logarithmic: bool,
    /// Whether only whole numbers make sense.
    pub whole: bool,
}

impl<'a> Field<'a> {
    /// A plain slider.
    pub fn new(label: &'a str, unit: &'a str, range: (f64, f64), doc: &'a str) -> Self {
        Self { label, unit, doc, range, logarithmic: false, whole: false }
    }

    /// A declared parameter within a narrower range, in the experiment's own
    /// unit.
    pub fn of(param: &'a Param, unit: &'a str, range: (f64, f64)) -> Self {
        Self::new(param.label, unit, range, param.doc)
    }

    /// The same, logarithmic.
    pub fn log(self) -> Self {
        Self { logarithmic: true, ..self }
    }

    /// The same, in whole numbers.
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Draws it: the name above, the slider with its number below. Returns
    /// whether the value has changed.
    pub fn show(&self, ui: &mut Ui, value: &mut f64) -> bool {
        let width = ui.available_width() - 84.0;
        self.row(ui, width, value)
    }

    /// The same one after another, with a slider of this width, points.
    pub fn row(&self, ui: &mut Ui, width: f32, value: &mut f64) -> bool {
        let label = ui.label(self.label).on_hover_text(self.doc);
        let label = glossary::explained(ui, label, self.label);
        let space = if self.unit.is_empty() { "" } else { " " };
        if veil::covers(ui.ctx(), self.label) {
            veil::show(ui);
            return false;
        }
        ui.spacing_mut().slider_width = width.max(60.0);
        let (before, decimals) = (*value, if self.whole { 0 } else { 3 });
        let slider = number::slider(value, self.range.0..=self.range.1)
            .logarithmic(self.logarithmic)
            .max_decimals(decimals)
            .suffix(format!("{space}{}", self.unit));
        ui.add(slider).labelled_by(label.id).on_hover_text(self.doc);
        // A slider rounds what it is given, 0.01 as a 32-bit float too, each time it is
        // drawn: that nobody touched it must not count as a change.
        let within = (self.range.0..=self.range.1).contains(&before);
        if within && *value == egui::emath::round_to_decimals(before, decimals) {
            *value = before;
        }
        *value != before
    }

    /// [`Field::show`] for f32.
    pub fn show_f32(&self, ui: &mut Ui, value: &mut f32) -> bool {
        let (before, mut wide) = (*value, f64::from(*value));
        if self.show(ui, &mut wide) {
            *value = wide as f32;
        }
        // The largest that a range allows may be a little more as a wider number.
        *value != before
    }
}

/// A row: name with help on the left, control on the right.
pub fn row(ui: &mut Ui, name: &str, tip: &str, control: impl FnOnce(&mut Ui) -> egui::Response) {
    ui.horizontal(|ui| {
        let label = ui.label(name).on_hover_text(tip);
        let label = glossary::explained(ui, label, name);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            control(ui).labelled_by(label.id).on_hover_text(tip);
        });
    });
}

/// Room for the number of a parameter beside its name, points.
const NUMBER: f32 = 84.0;

/// A declared parameter over its whole range: a number to drag or type, or a
/// list for a choice. Returns whether it has changed.
pub fn parameter(ui: &mut Ui, param: &Param, value: &mut f64) -> bool {
    let tip = format!("{}: {}", param.label, param.doc);
    let before = *value;
    if veil::covers(ui.ctx(), param.label) {
        row(ui, param.label, &tip, veil::show);
        return false;
    }
    let (label, response) = if param.choices.is_empty() {
        // The name has as many lines as it needs beside the number.
        let (width, colour) = (ui.available_width(), ui.visuals().text_color());
        let font = egui::TextStyle::Body.resolve(ui.style());
        let name = ui.painter().layout(param.label.into(), font, colour, width - NUMBER);
        let size = vec2(width, ui.spacing().interact_size.y.max(name.size().y));
        let right = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(size, right, |ui| {
            let response = number_row(ui, param, value);
            let left = egui::Layout::left_to_right(egui::Align::Center);
            (ui.with_layout(left, |ui| ui.label(name)).inner, response)
        })
        .inner
    } else {
        (ui.label(param.label), choice(ui, param, value))
    };
    let label = glossary::explained(ui, label.on_hover_text(tip.as_str()), param.label);
    response.labelled_by(label.id).on_hover_text(tip.as_str());
    *value != before
}

fn number_row(ui: &mut Ui, param: &Param, value: &mut f64) -> egui::Response {
    let space = if param.unit.is_empty() { "" } else { " " };
    // A drag of a hundred points doubles a value, or leaves zero.
    let speed = (value.abs() / 100.0).max(param.default.abs() / 400.0).max(1e-3);
    let drag = number::drag(value)
        .range(param.range.0..=param.range.1)
        .speed(speed)
        .max_decimals(4)
        .suffix(format!("{space}{}", param.unit));
    ui.add(drag)
}

fn choice(ui: &mut Ui, param: &Param, value: &mut f64) -> egui::Response {
    let mut chosen = *value as usize;
    let response = ComboBox::from_id_salt(param.name)
        .selected_text(param.choices.get(chosen).copied().unwrap_or("choose"))
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for (i, name) in param.choices.iter().enumerate() {
                ui.selectable_value(&mut chosen, i, *name);
            }
        })
        .response;
    *value = chosen as f64;
    response
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;

    use super::*;

    #[test]
    fn looking_at_a_number_does_not_change_it() {
        for value in [0.01f32, 0.1, 0.000_4, 1.0 / 3.0, 0.0, 0.2] {
            let mut harness = Harness::new_ui_state(
                |ui, (value, changed): &mut (f32, bool)| {
                    *changed |= Field::new("Rate", "", (0.0, 0.2), "").log().show_f32(ui, value);
                },
                (value.min(0.2), false),
            );
            harness.run_steps(3);
            assert_eq!(*harness.state(), (value.min(0.2), false));
        }
    }
}

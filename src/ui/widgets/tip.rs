//! Explanations on hovering that cover nothing of what they explain.

use egui::{Rect, Response, Tooltip, WidgetText};

/// While the pointer is on a widget, shows a text beside the part of it that the pointer
/// is on: below, above or at a side, wherever there is room.
pub fn beside(response: &Response, part: Rect, text: impl Into<WidgetText>) {
    let mut tooltip = Tooltip::for_enabled(response);
    tooltip.popup = tooltip.popup.anchor(part);
    tooltip.show(|ui| {
        ui.set_max_width(ui.spacing().tooltip_width);
        ui.label(text)
    });
}

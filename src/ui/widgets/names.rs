//! Names for a screen reader, where there is no label beside a control.

use egui::Response;
use egui::accesskit::Role;

/// Of a drop-down list.
pub fn list(list: &Response, name: &str, chosen: &str) {
    list.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(Role::ComboBox, true, name);
        info.current_text_value = Some(chosen.to_owned());
        info
    });
}

/// Of a field to type in.
pub fn field(field: &Response, name: &str, text: &str) {
    field.widget_info(|| {
        let mut info = egui::WidgetInfo::text_edit(true, text, text, "");
        info.label = Some(name.to_owned());
        info
    });
}

//! Names for screen readers, for controls without a label beside them.

use egui::accesskit::Role;
use egui::{Response, WidgetInfo};

/// Of a drop-down list: its label, if it has one, else this name.
pub fn list(list: Response, label: Option<Response>, name: &str, chosen: &str) {
    match label {
        Some(label) => drop(list.labelled_by(label.id)),
        None => list.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::ComboBox, true, name);
            info.current_text_value = Some(chosen.to_owned());
            info
        }),
    }
}

/// Of a field to type in.
pub fn field(field: Response, label: Option<Response>, name: &str, text: &str) -> Response {
    let Some(label) = label else {
        field.widget_info(|| {
            let mut info = WidgetInfo::text_edit(true, text, text, "");
            info.label = Some(name.to_owned());
            info
        });
        return field;
    };
    field.labelled_by(label.id)
}

//! A control behind which a value is hidden: the mystery of a lesson. Its label is known by
//! the window; rows of forms ask whether theirs is the one.

use egui::{Context, Id, Response, RichText, Ui};

fn id() -> Id {
    Id::unique("veiled label")
}

/// Hides the value of the control of this label.
pub fn hide(ctx: &Context, label: &str) {
    ctx.data_mut(|d| d.insert_temp(id(), label.to_owned()));
}

/// Hides nothing any more.
pub fn lift(ctx: &Context) {
    ctx.data_mut(|d| d.remove::<String>(id()));
}

/// Whether the control of this label is hidden.
pub fn covers(ctx: &Context, label: &str) -> bool {
    ctx.data(|d| d.get_temp::<String>(id())).is_some_and(|hidden| hidden == label)
}

/// What stands in the control's place.
pub fn show(ui: &mut Ui) -> Response {
    ui.label(RichText::new("?  (find it out)").strong())
        .on_hover_text("Hidden by the lesson: find it out by experiments")
}

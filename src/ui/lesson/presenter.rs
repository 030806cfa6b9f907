//! What the teacher has beside the projector: notes, time and the list of steps, in a window
//! of its own.

use std::time::Duration;

use egui::{Context, Key, Modifiers, RichText, ScrollArea, Ui, ViewportBuilder, ViewportId};

use super::course::{Course, Running};
use super::edit::LessonEdit;
use super::panel::paragraph;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};

/// Size of the window, points.
const SIZE: [f32; 2] = [520.0, 640.0];

/// Shows the window, if it is asked for.
pub fn show(ctx: &Context, course: &Course, out: &mut Outbox) {
    let Some(running) = course.running().filter(|_| course.presenter) else { return };
    let id = ViewportId::from_hash_of("lesson notes");
    let builder = ViewportBuilder::default().with_title("Notes").with_inner_size(SIZE);
    ctx.show_viewport_immediate(id, builder, |ui, _| {
        let ctx = ui.ctx().clone();
        if ctx.input(|i| i.viewport().close_requested()) {
            out.push(LessonEdit::Presenter(false));
        }
        for (key, edit) in [(Key::PageDown, LessonEdit::Advance), (Key::PageUp, LessonEdit::Back)] {
            if ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key)) {
                out.push(edit);
            }
        }
        let frame = egui::Frame::new().inner_margin(14).fill(palette(ui.visuals()).background);
        egui::CentralPanel::default().frame(frame).show(ui, |ui| notes(ui, course, running, out));
        // The time goes on.
        ctx.request_repaint_after(Duration::from_secs(1));
    });
}

fn notes(ui: &mut Ui, course: &Course, running: &Running, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let lesson = &running.lesson;
    ui.label(RichText::new(&lesson.title).font(theme::strong(18.0)));
    let [all, step] = course.times().unwrap_or_default();
    let planned = running.current().minutes;
    let planned = planned.map_or_else(String::new, |m| format!(" of {m} min"));
    let text =
        format!("{} of {} min · this step {}{planned}", time(all), lesson.minutes, time(step));
    ui.label(RichText::new(text).font(theme::strong(15.0)).color(p.accent));
    ui.horizontal(|ui| {
        if ui.button("Back").clicked() {
            out.push(LessonEdit::Back);
        }
        if ui.button("Next").clicked() {
            out.push(LessonEdit::Advance);
        }
    });
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let current = running.current();
        ui.label(RichText::new(&current.title).font(theme::strong(16.0)));
        let whole: &[String] = if running.step == 0 { &lesson.notes } else { &[] };
        for text in whole.iter().chain(&current.notes) {
            paragraph(ui, text, 16.0);
        }
        if whole.is_empty() && current.notes.is_empty() {
            ui.label(RichText::new("No notes for this step.").color(p.weak));
        }
        ui.separator();
        for (i, step) in lesson.steps.iter().enumerate() {
            let mark = if running.seen[i] { "✓" } else { "·" };
            let text = format!("{mark} {}  {}: {}", i + 1, step.kind.name(), step.title);
            if ui.selectable_label(i == running.step, text).clicked() {
                out.push(LessonEdit::Go(i));
            }
        }
    });
}

/// Minutes and seconds.
fn time(span: Duration) -> String {
    let s = span.as_secs();
    format!("{}:{:02}", s / 60, s % 60)
}

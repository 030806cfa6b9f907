//! What surrounds every workspace besides the rail: the status line below, and banners
//! (such as the offer of MNIST) above.

use egui::{Align, Layout, Margin, Panel, RichText, Ui};

use super::command::{DataEdit, Outbox};
use super::desk::Desk;
use super::house::House;
use super::theme::palette;
use super::widgets::banner;
use crate::workers::library::Loading;

/// What a second window on the same folder says, and why.
pub(super) const NOT_SAVED: &str = "Another window of Spikescope is open.";
pub(super) const NOT_SAVED_WHY: &str = "This one began with the settings and the drawing saved last and keeps its changes of them to itself: they are gone when it is closed. What is trained or exported here stays.";

/// The status line: what goes on in the background, how fast the answers come, what
/// draws the window.
pub fn status(ui: &mut Ui, house: &House, adapter: &str, saves: bool, out: &mut Outbox) {
    let House { rooms, desk, .. } = house;
    let p = palette(ui.visuals());
    let frame = egui::Frame::new().fill(p.card).inner_margin(Margin::symmetric(12, 4));
    Panel::bottom("status").exact_size(32.0).resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            // A short note stands here, so that nothing above moves.
            if let Some(note) = desk.toasts.in_line() {
                return note.line(ui, out);
            }
            let work: Vec<_> = rooms.work(desk).into_iter().chain(house.films.work()).collect();
            if work.is_empty() {
                let found = &desk.found;
                let text = if found.serial > 0 && !found.done && desk.picking.filter.is_some() {
                    format!("Looking for digits: {} found", found.indices.len())
                } else {
                    "Nothing is running".to_owned()
                };
                ui.label(RichText::new(text).small().color(p.weak));
            }
            for (i, work) in work.into_iter().enumerate() {
                if i > 0 {
                    ui.separator();
                }
                if let Some((name, command)) = work.switch {
                    let shown = name.split(' ').next().unwrap_or(name);
                    let button = ui.small_button(shown);
                    button.widget_info(|| {
                        egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, name)
                    });
                    if button.on_hover_text(format!("{name}: {}", work.text)).clicked() {
                        out.push(command);
                    }
                }
                ui.add(egui::Label::new(RichText::new(work.text).small()).truncate());
            }
            if !saves {
                let text = format!("{NOT_SAVED} Settings are not saved here.");
                ui.label(RichText::new(text).small().color(p.warning)).on_hover_text(NOT_SAVED_WHY);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                // A class wants to know neither.
                if desk.session.projector {
                    return;
                }
                if ui.available_width() > 250.0 && !adapter.is_empty() {
                    ui.label(RichText::new(adapter).small().color(p.weak)).on_hover_text(
                        "What draws this window. The networks run on the processor.",
                    );
                }
                if desk.answers_current && desk.answers.serial > 0 && ui.available_width() > 150.0 {
                    let text = format!("answered in {:.1} ms", desk.answers.latency_ms);
                    ui.label(RichText::new(text).small().color(p.weak)).on_hover_text(
                        "From the change of the digit to the last network's answer.",
                    );
                }
            });
        });
    });
}

/// A banner above the workspace: get MNIST.
pub fn offers(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    if desk.download.running {
        let d = &desk.download;
        banner::show(ui, &format!("Fetching MNIST: {}", d.file), |ui| {
            let share = if d.total == 0 { 0.0 } else { d.done as f32 / d.total as f32 };
            ui.add(egui::ProgressBar::new(share).desired_width(160.0).show_percentage());
            if ui.button("Stop").on_hover_text("What has arrived is kept").clicked() {
                out.push(DataEdit::StopDownload);
            }
        });
        return;
    }
    let text = match &desk.library.mnist {
        _ if desk.session.without_mnist => return,
        // On one line, so that a small window has room for something else.
        Loading::Missing if ui.available_width() < 900.0 => {
            "MNIST is not on this machine yet; drawing and synthetic digits work without it."
                .to_owned()
        }
        Loading::Missing => "MNIST, the 70,000 handwritten digits, is not on this machine yet. Drawing and the synthetic digits work without it.".to_owned(),
        Loading::Failed(message) => message.clone(),
        _ => return,
    };
    banner::show(ui, &text, |ui| {
        if ui
            .button("Download (11 MB)")
            .on_hover_text(
                "From its public mirrors, checked by SHA-256; can be stopped and resumed",
            )
            .clicked()
        {
            out.push(DataEdit::Download);
        }
        if ui.button("Choose folder…").on_hover_text("If you have its four files").clicked() {
            out.push(DataEdit::ChooseFolder);
        }
        if ui.button("Not now").on_hover_text("Draw offers it again").clicked() {
            out.push(DataEdit::Offer(false));
        }
    });
}

/// What there is to say, above the status line: it takes room and covers nothing.
pub fn messages(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    if desk.toasts.is_empty() || desk.toasts.in_line().is_some() {
        return;
    }
    let background = palette(ui.visuals()).background;
    let margin = Margin { left: 10, right: 10, bottom: 8, top: 0 };
    let frame = egui::Frame::new().fill(background).inner_margin(margin);
    Panel::bottom("messages")
        .resizable(false)
        .show_separator_line(false)
        .frame(frame)
        .show(ui, |ui| desk.toasts.show(ui, out));
}

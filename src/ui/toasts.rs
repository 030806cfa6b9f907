//! Messages in the window: notices fade, failures stay until they are closed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Align2, Context, RichText};

use super::theme;

const NOTICE_FOR: Duration = Duration::from_secs(6);
/// More than this at once would cover the window; the oldest go first.
const MOST: usize = 4;

/// The messages in view.
#[derive(Default)]
pub struct Toasts(Vec<Toast>);

struct Toast {
    text: String,
    /// A file that was written.
    file: Option<PathBuf>,
    /// When it goes by itself; failures do not.
    until: Option<Instant>,
}

impl Toasts {
    /// Says that something went well.
    pub fn notice(&mut self, text: String) {
        self.push(Toast { text, file: None, until: Some(Instant::now() + NOTICE_FOR) });
    }

    /// Says that a file was written, and offers to show where.
    pub fn saved(&mut self, text: String, file: PathBuf) {
        self.push(Toast { text, file: Some(file), until: Some(Instant::now() + NOTICE_FOR) });
    }

    /// Says that something failed: what, what was kept and what to do.
    pub fn failure(&mut self, text: String) {
        log::warn!("{text}");
        self.push(Toast { text, file: None, until: None });
    }

    fn push(&mut self, toast: Toast) {
        self.0.retain(|t| t.text != toast.text);
        self.0.push(toast);
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }

    /// Draws them at the lower right, the newest last.
    pub fn show(&mut self, ctx: &Context) {
        let now = Instant::now();
        self.0.retain(|t| t.until.is_none_or(|until| until > now));
        if self.0.is_empty() {
            return;
        }
        if let Some(next) = self.0.iter().filter_map(|t| t.until).min() {
            ctx.request_repaint_after(next.saturating_duration_since(now));
        }
        let mut closed = None;
        egui::Area::new(egui::Id::unique("toasts"))
            .anchor(Align2::RIGHT_BOTTOM, [-14.0, -44.0])
            .order(egui::Order::Foreground)
            .show(ctx, |ui| {
                ui.set_max_width(420.0_f32.min(ctx.content_rect().width() - 40.0));
                for (i, toast) in self.0.iter().enumerate() {
                    if toast_card(ui, toast) {
                        closed = Some(i);
                    }
                }
            });
        if let Some(i) = closed {
            self.0.remove(i);
        }
    }
}

/// One message; `true` when its close button was clicked.
fn toast_card(ui: &mut egui::Ui, toast: &Toast) -> bool {
    let p = theme::palette(ui.visuals());
    let failed = toast.until.is_none();
    let edge = if failed { p.warning } else { p.accent };
    theme::card(ui.visuals())
        .stroke(egui::Stroke::new(1.5, edge))
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.label(RichText::new(if failed { "⚠" } else { "✓" }).color(edge));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
                    let clicked =
                        ui.small_button("×").on_hover_text("Close this message").clicked();
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::TOP), |ui| {
                        ui.vertical(|ui| {
                            ui.add(egui::Label::new(&toast.text).wrap());
                            if let Some(folder) = toast.file.as_ref().and_then(|f| f.parent())
                                && ui.button("Show in folder").clicked()
                            {
                                show_folder(folder);
                            }
                        });
                    });
                    clicked
                })
                .inner
            })
            .inner
        })
        .inner
}

/// Opens the system's file manager, which may be slow to come, on a thread of its own.
fn show_folder(folder: &Path) {
    let program = match std::env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    let mut command = std::process::Command::new(program);
    command.arg(folder).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let wait = move || match command.status() {
        Ok(_) => {}
        Err(error) => log::warn!("{program} could not be started: {error}"),
    };
    let _ = std::thread::Builder::new().name("file manager".into()).spawn(wait);
}

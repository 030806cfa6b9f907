//! Messages: notices go after some seconds, failures after a while, both when closed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Align, Label, Layout, RichText, Ui};

use super::theme;

const NOTICE_FOR: Duration = Duration::from_secs(6);
/// Long enough to be read by somebody who looks up after a minute.
const FAILURE_FOR: Duration = Duration::from_secs(90);
/// More than this at once would leave no room for the rest; the oldest go first.
const MOST: usize = 3;

/// The messages in view.
#[derive(Default)]
pub struct Toasts {
    all: Vec<Toast>,
    made: u64,
}

struct Toast {
    id: u64,
    text: String,
    failed: bool,
    /// A file that was written.
    file: Option<PathBuf>,
    until: Instant,
}

impl Toasts {
    /// Says that something went well.
    pub fn notice(&mut self, text: String) {
        self.push(text, false, None);
    }

    /// Says that a file was written, and offers to show where.
    pub fn saved(&mut self, text: String, file: PathBuf) {
        self.push(text, false, Some(file));
    }

    /// Says that something failed: what, what was kept and what to do.
    pub fn failure(&mut self, text: String) {
        log::warn!("{text}");
        self.push(text, true, None);
    }

    fn push(&mut self, text: String, failed: bool, file: Option<PathBuf>) {
        self.all.retain(|t| t.text != text);
        self.made += 1;
        let until = Instant::now() + if failed { FAILURE_FOR } else { NOTICE_FOR };
        self.all.push(Toast { id: self.made, text, failed, file, until });
        let more = self.all.len().saturating_sub(MOST);
        self.all.drain(..more);
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes a message away.
    pub fn close(&mut self, id: u64) {
        self.all.retain(|t| t.id != id);
    }

    /// Takes those away whose time is over; the time until the next one's is.
    pub fn tidy(&mut self) -> Option<Duration> {
        let now = Instant::now();
        self.all.retain(|t| t.until > now);
        self.all.iter().map(|t| t.until - now).min()
    }

    /// Draws them, the newest last; gives the ids of those to be closed.
    pub fn show(&self, ui: &mut Ui) -> Vec<u64> {
        let closed = |toast: &&Toast| card(ui, toast);
        self.all.iter().filter(closed).map(|t| t.id).collect()
    }
}

/// One message; `true` when its close button was clicked.
fn card(ui: &mut Ui, toast: &Toast) -> bool {
    let p = theme::palette(ui.visuals());
    let edge = if toast.failed { p.warning } else { p.accent };
    let mut closed = false;
    theme::card(ui.visuals())
        .stroke(egui::Stroke::new(1.5, edge))
        .inner_margin(egui::Margin::symmetric(12, 6))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                closed = ui.small_button("×").on_hover_text("Close this message").clicked();
                if let Some(folder) = toast.file.as_ref().and_then(|f| f.parent())
                    && ui.button("Show in folder").clicked()
                {
                    show_folder(folder);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.label(RichText::new(if toast.failed { "⚠" } else { "✓" }).color(edge));
                    ui.add(Label::new(&toast.text).wrap());
                });
            });
        });
    closed
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
    let wait = move || {
        if let Err(error) = command.status() {
            log::warn!("{program} could not be started: {error}");
        }
    };
    let _ = std::thread::Builder::new().name("file manager".into()).spawn(wait);
}

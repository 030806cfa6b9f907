//! Messages: notices go after some seconds, failures after a while, both when closed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Align, Label, Layout, RichText, Ui};

use super::command::{Command, Outbox, SceneEdit};
use super::theme;

const NOTICE_FOR: Duration = Duration::from_secs(6);
/// Long enough to be read by somebody who looks up after a minute.
const FAILURE_FOR: Duration = Duration::from_secs(90);
/// A message of so many characters fits into the status line.
const SHORT: usize = 60;
/// More than this at once would leave no room for the rest; the oldest go first.
const MOST: usize = 3;

/// The messages in view.
#[derive(Default)]
pub struct Toasts {
    all: Vec<Toast>,
    made: u64,
    /// Failures told so far.
    failures: u64,
}

/// A message.
pub struct Toast {
    id: u64,
    text: String,
    failed: bool,
    /// A file that was written.
    file: Option<PathBuf>,
    /// Whether it tells of a scene that replaced what was there.
    scene: bool,
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

    /// Says that a scene was opened, and offers the way back.
    pub fn scene(&mut self, text: String) {
        self.push(text, false, None);
        if let Some(newest) = self.all.last_mut() {
            newest.scene = true;
        }
    }

    /// Says that something failed: what, what was kept and what to do.
    pub fn failure(&mut self, text: String) {
        self.failures += 1;
        log::warn!("{text}");
        self.push(text, true, None);
    }

    fn push(&mut self, text: String, failed: bool, file: Option<PathBuf>) {
        self.all.retain(|t| t.text != text);
        self.made += 1;
        let until = Instant::now() + if failed { FAILURE_FOR } else { NOTICE_FOR };
        self.all.push(Toast { id: self.made, text, failed, file, scene: false, until });
        let more = self.all.len().saturating_sub(MOST);
        self.all.drain(..more);
    }

    /// How many failures have been told so far.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// The newest message.
    pub fn newest(&self) -> Option<&str> {
        self.all.last().map(|t| t.text.as_str())
    }

    /// The newest message that tells of a failure.
    pub fn newest_failure(&self) -> Option<&str> {
        self.all.iter().rfind(|t| t.failed).map(|t| t.text.as_str())
    }

    /// Takes away what only tells that something went well.
    pub fn clear_notices(&mut self) {
        self.all.retain(|t| t.failed);
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The only message, if it fits into the status line: nothing has to move for it.
    pub fn in_line(&self) -> Option<&Toast> {
        let [only] = &self.all[..] else { return None };
        let short = only.text.chars().count() <= SHORT || only.file.is_some();
        (short && !only.failed && !only.scene).then_some(only)
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

    /// Draws them, the newest last.
    pub fn show(&self, ui: &mut Ui, out: &mut Outbox) {
        self.all.iter().for_each(|toast| card(ui, toast, out));
    }
}

impl Toast {
    /// Draws it in a line of text.
    pub fn line(&self, ui: &mut Ui, out: &mut Outbox) {
        let p = theme::palette(ui.visuals());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.small_button("×").on_hover_text("Close this message").clicked() {
                out.push(Command::CloseMessage(self.id));
            }
            if let Some(folder) = self.file.as_ref().and_then(|f| f.parent())
                && ui.small_button("Show in folder").clicked()
            {
                show_folder(folder);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new("✓").color(p.accent));
                ui.add(Label::new(&self.text).truncate()).on_hover_text(&self.text);
            });
        });
    }
}

/// One message.
fn card(ui: &mut Ui, toast: &Toast, out: &mut Outbox) {
    let p = theme::palette(ui.visuals());
    let edge = if toast.failed { p.warning } else { p.accent };
    theme::card(ui.visuals())
        .stroke(egui::Stroke::new(1.5, edge))
        .inner_margin(egui::Margin::symmetric(12, 6))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.small_button("×").on_hover_text("Close this message").clicked() {
                    out.push(Command::CloseMessage(toast.id));
                }
                let tip = "What was here before the scene";
                if toast.scene && ui.button("Go back").on_hover_text(tip).clicked() {
                    out.push(SceneEdit::Back);
                    out.push(Command::CloseMessage(toast.id));
                }
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

//! The first seconds of a window. If they end badly, the next start asks before it
//! restores the last session, which may be the cause.
//!
//! A file says that a start is under way. It is removed once the window has been up and
//! responsive for some seconds, or is closed before that; if a start finds it, the
//! previous one did neither. Only the window that owns the folder reads and writes it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Context, RichText};

use super::app::{App, Setup};
use super::film::studio;
use super::home::Home;
use super::{session, theme};
use crate::core::aside::set_aside;
use crate::core::files::write_bytes;

/// A window that has answered for so long has started well.
const WELL_AFTER: Duration = Duration::from_secs(10);

/// The file that says that a start is under way.
pub fn mark(home: &Path) -> PathBuf {
    home.join("starting")
}

/// The window from its first frame on.
pub struct Start {
    phase: Phase,
    /// Where the file is and since when, as long as it is there.
    under_way: Option<(PathBuf, Instant)>,
    adapter: String,
}

enum Phase {
    /// The start before ended badly.
    Asking {
        waiting: Option<(Setup, Home)>,
        failed: Option<String>,
    },
    Up(Box<App>),
}

impl Start {
    /// Begins, or asks first.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(ctx: &Context, setup: Setup) -> std::io::Result<Self> {
        let home = Home::take(&setup.home);
        if home.is_ours() && mark(&setup.home).exists() && session::path(&setup.home).exists() {
            theme::install(ctx);
            let phase = Phase::Asking { waiting: Some((setup, home)), failed: None };
            return Ok(Self { phase, under_way: None, adapter: String::new() });
        }
        let (app, under_way) = begin(ctx, setup, home)?;
        Ok(Self { phase: Phase::Up(Box::new(app)), under_way, adapter: String::new() })
    }

    /// Names the graphics adapter in the status line.
    pub fn set_adapter(&mut self, adapter: String) {
        if let Phase::Up(app) = &mut self.phase {
            app.set_adapter(adapter.clone());
        }
        self.adapter = adapter;
    }

    fn go_on(&mut self, ctx: &Context, fresh: bool) {
        let Phase::Asking { waiting, failed } = &mut self.phase else { return };
        let Some((mut setup, home)) = waiting.take() else { return };
        // Whoever had a session is no newcomer.
        setup.welcome = false;
        if fresh && let Err(error) = set_aside(&session::path(&setup.home), "kept") {
            *failed =
                Some(format!("The last session cannot be set aside: {error}. It was not changed."));
            *waiting = Some((setup, home));
            return;
        }
        match begin(ctx, setup, home) {
            Ok((mut app, under_way)) => {
                app.set_adapter(self.adapter.clone());
                (self.phase, self.under_way) = (Phase::Up(Box::new(app)), under_way);
            }
            Err(error) => {
                *failed = Some(format!(
                    "The worker threads could not start: {error}. Close this window and try again."
                ));
            }
        }
    }
}

/// Writes the file, and starts the app.
fn begin(
    ctx: &Context,
    setup: Setup,
    home: Home,
) -> std::io::Result<(App, Option<(PathBuf, Instant)>)> {
    let mark = mark(&setup.home);
    // Without the file, the next start does not ask; nothing else is lost.
    let written = home.is_ours() && write_bytes(&mark, b"").is_ok();
    let mut app = App::in_home(ctx, setup, home)?;
    app.films_by(studio::make);
    Ok((app, written.then(|| (mark, Instant::now()))))
}

impl eframe::App for Start {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        let Phase::Up(app) = &mut self.phase else { return };
        app.logic(ctx, frame);
        let Some((mark, since)) = self.under_way.take() else { return };
        let left = WELL_AFTER.saturating_sub(since.elapsed());
        if left.is_zero() {
            // Nothing on this thread touches a file. Should the file stay, the next
            // start asks once too often.
            let remove = move || drop(std::fs::remove_file(mark));
            let _ = std::thread::Builder::new().name("started".into()).spawn(remove);
        } else {
            ctx.request_repaint_after(left);
            self.under_way = Some((mark, since));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        match &mut self.phase {
            Phase::Up(app) => app.ui(ui, frame),
            Phase::Asking { failed, .. } => {
                if let Some(fresh) = ask(ui, failed.as_deref()) {
                    let ctx = ui.ctx().clone();
                    self.go_on(&ctx, fresh);
                    ctx.request_repaint();
                }
            }
        }
    }

    fn on_exit(&mut self) {
        if let Phase::Up(app) = &mut self.phase {
            app.on_exit();
        }
        if let Some((mark, _)) = self.under_way.take() {
            let _ = std::fs::remove_file(mark);
        }
    }
}

/// The question; `Some(true)` for a fresh session.
fn ask(ui: &mut egui::Ui, failed: Option<&str>) -> Option<bool> {
    let p = theme::palette(ui.visuals());
    let frame = egui::Frame::new().fill(p.background).inner_margin(egui::Margin::same(24));
    let mut answer = None;
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        let width = 620.0_f32.min(ui.available_width());
        let top = (ui.available_height() * 0.25).min(160.0);
        let left = (ui.available_width() - width) / 2.0;
        let corner = ui.max_rect().min + egui::vec2(left, top);
        let place = egui::Rect::from_min_size(corner, egui::vec2(width, 300.0));
        let ui = &mut ui.new_child(egui::UiBuilder::new().max_rect(place));
        theme::card(ui.visuals()).inner_margin(egui::Margin::same(20)).show(ui, |ui| {
            let title = "Spikescope did not start well the last time";
            ui.label(RichText::new(title).font(theme::strong(18.0)));
            ui.add_space(6.0);
            let text = "It ended within seconds of being opened. If it does so again, something in the last session may be the cause. A fresh session begins with an empty canvas and usual settings; the last one is kept beside it as session.kept.json. Training runs and data are not touched either way.";
            ui.add(egui::Label::new(text).wrap());
            if let Some(failed) = failed {
                ui.label(RichText::new(failed).color(p.warning));
            }
            ui.add_space(10.0);
            ui.horizontal_wrapped(|ui| {
                if ui.button("Go on with the last session").clicked() {
                    answer = Some(false);
                }
                if ui.button("Begin a fresh session").clicked() {
                    answer = Some(true);
                }
            });
        });
    });
    answer
}

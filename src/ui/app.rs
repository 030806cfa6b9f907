//! The window: a desk and a list of rooms. Events come in, the room in view is drawn,
//! and what was asked for is carried out: here is the one place for commands that
//! concern more than one workspace.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, ViewportCommand};

use super::command::{Command, DataEdit, DigitEdit, Outbox};
use super::desk::Desk;
use super::digit::Source;
use super::home::Home;
use super::session::{self, Session, ThemeChoice};
use super::widgets::number;
use super::workspace::{Rooms, Workspace};
use super::workspaces::WORKSPACES;
use super::{chrome, keys, theme};
use crate::ann::shipped;
use crate::workers::Hub;
use crate::workers::events::Event;
use crate::workers::library::Job;

/// Time from a change to its being written to the session file.
const AUTOSAVE_AFTER: Duration = Duration::from_millis(700);

/// Where the app keeps its things and how it starts.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The user's data folder.
    pub home: PathBuf,
    /// MNIST's folder, if named.
    pub mnist: Option<PathBuf>,
    /// Projector mode, if asked for.
    pub projector: bool,
    /// Theme, if asked for.
    pub theme: Option<ThemeChoice>,
    /// Workspace to begin in.
    pub workspace: Option<String>,
}

/// The application. Fields are dropped in their order: the rooms' workers end before
/// the shared ones, which write what is left to be written; then the folder is given
/// back.
pub struct App {
    rooms: Rooms,
    pub(super) desk: Desk,
    taken: Home,
    help: bool,
    taps: keys::Taps,
    /// Name of the graphics adapter and whether it is software.
    adapter: String,
    saved: (Session, Instant),
    themed: Option<(ThemeChoice, bool)>,
}

impl App {
    /// Starts the workers and brings the last session back.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(ctx: &Context, setup: Setup) -> std::io::Result<Self> {
        let home = Home::take(&setup.home);
        Self::in_home(ctx, setup, home)
    }

    /// The same, in a folder that was asked for before.
    pub(super) fn in_home(ctx: &Context, setup: Setup, taken: Home) -> std::io::Result<Self> {
        theme::install(ctx);
        let (mut session, notice) = if taken.is_ours() {
            session::read(&setup.home)
        } else {
            (session::read_quietly(&setup.home), None)
        };
        // What had to be put right is written anew, not only when it changes.
        let on_disk = if notice.is_some() { Session::default() } else { session.clone() };
        if setup.projector {
            session.set_projector(true);
        }
        if let Some(choice) = setup.theme {
            session.theme = choice;
        }
        let waker = ctx.clone();
        let hub = Hub::start(setup.home.join("runs"), Arc::new(move || waker.request_repaint()))?;
        let start = hub.start_of_rooms(taken.is_ours());
        let mut rooms = Rooms::open(WORKSPACES, &session.rooms, &start)?;
        rooms.enter(setup.workspace.as_deref().unwrap_or(&session.workspace));
        let mut desk = Desk::new(ctx.clone(), hub, setup.home, session, setup.mnist);
        if let Some(text) = notice {
            desk.toasts.failure(text);
        }
        if !taken.is_ours() {
            desk.toasts.notice(format!("{} {}", chrome::NOT_SAVED, chrome::NOT_SAVED_WHY));
        }
        Ok(Self {
            rooms,
            desk,
            taken,
            help: false,
            taps: keys::Taps::default(),
            adapter: String::new(),
            saved: (on_disk, Instant::now()),
            themed: None,
        })
    }

    /// Names the graphics adapter in the status line.
    pub fn set_adapter(&mut self, adapter: String) {
        self.adapter = adapter;
    }

    /// The workspace of this type.
    pub(super) fn room<W: Workspace>(&self) -> &W {
        self.rooms.get()
    }

    /// Shows the workspace of this id.
    pub(super) fn show(&mut self, id: &'static str) {
        self.apply(Command::Show(id));
    }

    /// Carries one command out.
    pub(super) fn apply(&mut self, command: impl Into<Command>) {
        let desk = &mut self.desk;
        match command.into() {
            Command::Room(id, edit) => self.rooms.apply(id, edit.into_any(), desk),
            Command::Digit(edit) => {
                let before = desk.digit.undo_steps();
                match edit {
                    DigitEdit::Pick { source, index } => desk.pick(source, index),
                    edit => desk.digit.edit(&edit),
                }
                if desk.digit.undo_steps() != before {
                    self.rooms.digit_changed();
                }
            }
            Command::Undo => self.rooms.travel(true, desk),
            Command::Redo => self.rooms.travel(false, desk),
            Command::Show(id) => self.rooms.enter(id),
            Command::Theme(preference) => desk.session.theme = ThemeChoice::from(preference),
            Command::Projector(on) => desk.session.set_projector(on),
            Command::FullScreen => {
                let on = desk.ctx.input(|i| i.viewport().fullscreen.unwrap_or(false));
                desk.ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!on));
            }
            Command::Help(open) => self.help = open,
            Command::WeightSet(id) => {
                if let Some(set) = shipped::find(id) {
                    set.id.clone_into(&mut desk.session.weight_set);
                    desk.job(Job::LoadSet(set));
                }
            }
            Command::Live(on) => desk.session.live = on,
            Command::UseRun(id) => desk.job(Job::LoadRun(id)),
            Command::RemoveModel(key) => desk.remove_model(&key),
            Command::Data(edit) => desk.data(edit),
            Command::Engine(wish) => desk.session.engine = wish,
            Command::SavePicture { name, rect } => desk.save_picture(name, rect),
            Command::SaveText { name, text } => desk.export(&name, "csv", text.into_bytes()),
            Command::SaveSpikes { name, extension, recording } => {
                let path = desk.export_path(name, extension);
                desk.job(Job::ExportSpikes { path, recording });
            }
            Command::SaveTraces { name, traces } => {
                let path = desk.export_path(name, "csv");
                desk.job(Job::ExportTraces { path, traces });
            }
            Command::OpenFile(path) if path.is_dir() => desk.data(DataEdit::Folder(path)),
            Command::OpenFile(path) => desk.job(Job::ReadPicture(path)),
        }
    }

    fn receive(&mut self) {
        let desk = &mut self.desk;
        while let Some(event) = desk.hub.next_event() {
            self.rooms.receive(&event, desk);
            match event {
                Event::Notice(text) => desk.toasts.notice(text),
                Event::Failure(text) => desk.toasts.failure(text),
                Event::PictureLoaded { name, picture } => {
                    desk.digit.set_source(Source::Photo { name, picture, chosen: 0 });
                    self.rooms.digit_changed();
                }
                Event::Exported(path) => {
                    desk.toasts.saved(format!("Saved as {}", path.display()), path);
                }
                Event::Runs(runs) => desk.runs = runs,
                Event::FolderChosen(path) => desk.data(DataEdit::Folder(path)),
                // One workspace's own.
                Event::SpikesRead { .. } => {}
            }
        }
    }

    /// Lets every room follow, asks the networks, and carries out what rooms asked for.
    pub(super) fn follow(&mut self) {
        self.desk.ask();
        self.rooms.follow(&mut self.desk);
        for command in std::mem::take(&mut self.desk.out) {
            self.apply(command);
        }
    }

    /// Puts everything that is kept into the session.
    fn keep(&mut self) {
        let session = &mut self.desk.session;
        let digit = &self.desk.digit;
        if session.strokes != digit.strokes() {
            session.strokes = digit.strokes().to_vec();
        }
        session.treatment.clone_from(&digit.treatment);
        self.rooms.shown().id.clone_into(&mut session.workspace);
        self.rooms.keep(&mut session.rooms);
    }

    /// Writes the session a moment after it has changed.
    fn autosave(&mut self) {
        self.keep();
        if self.desk.session == self.saved.0 || !self.taken.is_ours() {
            return;
        }
        let waited = self.saved.1.elapsed();
        if waited < AUTOSAVE_AFTER {
            self.desk.ctx.request_repaint_after(AUTOSAVE_AFTER - waited);
            return;
        }
        self.saved = (self.desk.session.clone(), Instant::now());
        self.write_session();
    }

    fn write_session(&mut self) {
        match serde_json::to_vec(&self.desk.session) {
            Ok(bytes) => {
                let path = session::path(&self.desk.home);
                self.desk.job(Job::Save { path, bytes });
            }
            Err(error) => {
                self.desk.toasts.failure(format!("The session cannot be saved: {error}"));
            }
        }
    }

    fn apply_theme(&mut self) {
        let (ctx, session) = (&self.desk.ctx, &self.desk.session);
        let wanted = (session.theme, session.projector);
        if self.themed == Some(wanted) {
            return;
        }
        self.themed = Some(wanted);
        ctx.set_theme(egui::ThemePreference::from(session.theme));
        theme::set_projector(ctx, session.projector);
    }

    fn remember_window(&mut self) {
        let ctx = &self.desk.ctx;
        let zoom = ctx.zoom_factor();
        let size = ctx.input(|i| i.viewport().inner_rect.map(|r| r.size() * zoom));
        if let Some(size) = size.filter(|s| s.x > 0.0 && s.y > 0.0) {
            self.desk.session.window = Some([size.x.round(), size.y.round()]);
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &Context, _frame: &mut eframe::Frame) {
        self.receive();
        self.desk.refresh();
        self.apply_theme();
        self.follow();
        self.remember_window();
        self.autosave();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let mut outbox = Outbox::default();
        let ctx = ui.ctx().clone();
        let (rooms, desk) = (&self.rooms, &self.desk);
        self.taps.note(&ctx);
        keys::collect(&ctx, rooms, desk, self.help, &mut outbox);
        chrome::rail(ui, desk, rooms, self.help, &mut outbox);
        chrome::status(ui, desk, rooms, &self.adapter, self.taken.is_ours(), &mut outbox);
        let frame = egui::Frame::new()
            .fill(theme::palette(ui.visuals()).background)
            .inner_margin(egui::Margin::same(10));
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            rooms.offers(ui, desk, &mut outbox);
            chrome::offers(ui, desk, &mut outbox);
            rooms.show(ui, desk, &mut outbox);
        });
        if self.help {
            keys::help(&ctx, rooms, desk, &mut outbox);
        }
        if self.desk.session.projector {
            self.taps.show(&ctx);
        }
        if let Some(text) = number::not_understood(&ctx) {
            self.desk.toasts.failure(text);
        }
        self.desk.toasts.show(&ctx);
        if !outbox.is_empty() {
            for command in outbox {
                self.apply(command);
            }
            // What follows from a command is seen in the next frame; the
            // question about a new stroke goes out now.
            self.follow();
            ctx.request_repaint();
        }
    }

    fn on_exit(&mut self) {
        self.rooms.leave();
        // The hub's threads end when it is dropped; the last job they do is
        // writing the session.
        if self.taken.is_ours() {
            self.keep();
            self.write_session();
        }
    }
}

//! The window: a house, and what surrounds it. Events come in, the room in view is
//! drawn, what was asked for is carried out, and what is to be kept is written.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, ViewportCommand};

use super::add_data;
use super::command::FilmEdit;
use super::command::Outbox;
use super::desk::Desk;
use super::figures;
use super::film::{self, Films};
use super::home::Home;
use super::house::House;
use super::lesson::{Course, panel, presenter};
use super::saved::Scenes;
use super::session::{self, Session, ThemeChoice};
use super::welcome::{self, Welcome};
use super::widgets::figure::{self, Format};
use super::widgets::{number, page, time_bar};
use super::workspace::Rooms;
use super::workspaces::{self, WORKSPACES};
use super::{chrome, keys, rail, shortcuts, theme};
use crate::lessons::Lesson;
use crate::workers::Hub;
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
    /// A scene to open.
    pub scene: Option<PathBuf>,
    /// Whether a newcomer sees the first screen.
    pub welcome: bool,
}

/// The application.
pub struct App {
    pub(super) house: House,
    /// Given back after the workers have written what they have to: declared after them.
    taken: Home,
    taps: keys::Taps,
    /// Name of the graphics adapter and whether it is software.
    adapter: String,
    saved: (Session, Instant),
    themed: Option<(ThemeChoice, bool)>,
    /// Whether the window is known to be no larger than its screen.
    fits: bool,
    /// For a film: the room alone, with this line below it.
    room_only: Option<String>,
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
            session::read(&setup.home, workspaces::read)
        } else {
            (session::read_quietly(&setup.home, workspaces::read), None)
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
        let broken = notice.is_some();
        let newcomer = setup.welcome && taken.is_ours() && !broken && !session.welcomed;
        session.welcomed |= newcomer;
        let mut desk = Desk::new(ctx.clone(), hub, setup.home, session, setup.mnist);
        desk.out.extend(setup.scene.map(|path| shortcuts::opens_first(path, &rooms)));
        if newcomer {
            desk.welcome(Welcome::Ways);
        }
        if let Some(text) = notice {
            desk.toasts.failure(text);
        }
        if !taken.is_ours() {
            desk.toasts.notice(format!("{} {}", chrome::NOT_SAVED, chrome::NOT_SAVED_WHY));
        }
        Ok(Self {
            house: House {
                rooms,
                scenes: Scenes::default(),
                course: Course::default(),
                films: Films::default(),
                desk,
            },
            taken,
            taps: keys::Taps::default(),
            adapter: String::new(),
            saved: (on_disk, Instant::now()),
            themed: None,
            fits: false,
            room_only: None,
        })
    }

    /// Lets films be made of what is shown, and by whom.
    pub fn films_by(&mut self, make: film::job::Make) {
        self.house.films.made_by(make);
    }

    /// From now on draws the room in view alone, with a line below it unless it is empty.
    pub(super) fn show_room_only(&mut self, caption: String) {
        self.room_only = Some(caption);
    }

    /// Names the graphics adapter in the status line.
    pub fn set_adapter(&mut self, adapter: String) {
        self.adapter = adapter;
    }

    /// Puts everything that is kept into the session.
    fn keep(&mut self) {
        let House { rooms, desk, course, .. } = &mut self.house;
        // What a lesson sets up goes with it; a restart brings back what was there before.
        if let Some(kept) = course.kept() {
            let session = &mut desk.session;
            session.strokes.clone_from(&kept.content.strokes);
            session.treatment.clone_from(kept.treatment);
            kept.workspace.clone_into(&mut session.workspace);
            session.rooms.clone_from(kept.rooms);
            return;
        }
        let (session, digit) = (&mut desk.session, &desk.digit);
        if session.strokes != digit.strokes() {
            session.strokes = digit.strokes().to_vec();
        }
        session.treatment.clone_from(&digit.treatment);
        rooms.shown().id.clone_into(&mut session.workspace);
        rooms.keep(&mut session.rooms);
    }

    /// Writes the session a moment after it has changed.
    fn autosave(&mut self) {
        self.keep();
        if self.house.desk.session == self.saved.0 || !self.taken.is_ours() {
            return;
        }
        let waited = self.saved.1.elapsed();
        if waited < AUTOSAVE_AFTER {
            self.house.desk.ctx.request_repaint_after(AUTOSAVE_AFTER - waited);
            return;
        }
        let session = self.house.desk.session.clone();
        // What was not taken is tried again a moment later.
        let before = match self.write_session() {
            true => session,
            false => std::mem::take(&mut self.saved.0),
        };
        self.saved = (before, Instant::now());
    }

    /// Whether the session is on its way to its file.
    fn write_session(&mut self) -> bool {
        match serde_json::to_vec(&self.house.desk.session) {
            Ok(bytes) => {
                let path = session::path(&self.house.desk.home);
                let sent = self.house.desk.hub.librarian.send(Job::Save { path, bytes });
                let taken = sent.is_ok();
                self.house.desk.sent(sent);
                taken
            }
            Err(error) => {
                self.house.desk.toasts.failure(format!("The session cannot be saved: {error}"));
                true
            }
        }
    }

    fn apply_theme(&mut self) {
        let (ctx, session) = (&self.house.desk.ctx, &self.house.desk.session);
        let wanted = (session.theme, session.projector);
        if self.themed == Some(wanted) {
            return;
        }
        self.themed = Some(wanted);
        ctx.set_theme(egui::ThemePreference::from(session.theme));
        theme::set_projector(ctx, session.projector);
    }

    /// Brings a window that is larger than its screen onto it, once.
    fn fit_screen(&mut self) {
        let ctx = &self.house.desk.ctx;
        let (size, screen) = ctx.input(|i| {
            let viewport = i.viewport();
            (viewport.inner_rect.map(|r| r.size()), viewport.monitor_size)
        });
        let (Some(size), Some(screen)) = (size, screen) else { return };
        self.fits = true;
        // A title bar and a panel of the desktop take their share.
        let most = (screen - egui::vec2(0.0, 70.0)).max(egui::vec2(320.0, 240.0));
        if size.x > most.x || size.y > most.y {
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(size.min(most)));
        }
    }

    fn remember_window(&mut self) {
        let ctx = &self.house.desk.ctx;
        let zoom = ctx.zoom_factor();
        let size = ctx.input(|i| i.viewport().inner_rect.map(|r| r.size() * zoom));
        if let Some(size) = size.filter(|s| s.x > 0.0 && s.y > 0.0) {
            self.house.desk.session.window = Some([size.x.round(), size.y.round()]);
        }
    }
}

impl App {
    /// Rail, status line and the room in view.
    pub(super) fn page(&self, ui: &mut egui::Ui, out: &mut Outbox) {
        let House { rooms, desk, .. } = &self.house;
        rail::show(ui, &self.house, out);
        chrome::status(ui, &self.house, &self.adapter, self.taken.is_ours(), out);
        chrome::messages(ui, desk, out);
        panel::show(ui, &self.house, out);
        let room = egui::CentralPanel::default().frame(ground(ui)).show(ui, |ui| {
            // A lesson needs neither, and all the room.
            if self.house.course.running().is_none() {
                rooms.offers(ui, desk, out);
                chrome::offers(ui, desk, out);
            }
            rooms.show(ui, desk, out);
        });
        page::note(ui.ctx(), room.response.rect);
    }

    /// The room in view, and a line below it.
    fn room(&self, ui: &mut egui::Ui, caption: &str, out: &mut Outbox) {
        if !caption.is_empty() {
            let p = theme::palette(ui.visuals());
            let frame =
                egui::Frame::new().fill(p.card).inner_margin(egui::Margin::symmetric(12, 8));
            egui::Panel::bottom("caption").resizable(false).frame(frame).show(ui, |ui| {
                let text = egui::RichText::new(caption).font(theme::strong(15.0)).color(p.text);
                ui.add(egui::Label::new(text).wrap());
            });
        }
        egui::CentralPanel::default().frame(ground(ui)).show(ui, |ui| {
            self.house.rooms.show(ui, &self.house.desk, out);
        });
    }

    /// Draws a lesson's sheet, and has it written.
    fn save_sheet(&mut self, lesson: &Lesson, frame: &eframe::Frame) {
        let ctx = self.house.desk.ctx.clone();
        let state = frame.wgpu_render_state();
        let Some(read) = state.and_then(|s| figures::take_sheet(&ctx, s, lesson)) else {
            return self.house.desk.toasts.failure("The sheet could not be drawn.".into());
        };
        let path = self.house.desk.export_path(&format!("lesson-{}", lesson.id), "png");
        self.house.desk.job(Job::ExportPng { path, read });
    }

    /// Draws the page for a file, and has its figure of this name written.
    fn save_figure(&mut self, name: &'static str, format: Format, frame: &eframe::Frame) {
        let ctx = self.house.desk.ctx.clone();
        let what = (name, self.house.desk.session.figures);
        let page = |ui: &mut egui::Ui| self.page(ui, &mut Outbox::default());
        let path = self.house.desk.export_path(name, format.extension());
        let state = frame.wgpu_render_state();
        let job = state.and_then(|state| match format {
            Format::Png => {
                let read = figures::take(&ctx, state, what, page)?;
                Some(Job::ExportPng { path, read })
            }
            Format::Svg => {
                let make = figures::take_svg(&ctx, state, what, page)?;
                Some(Job::ExportMade { path, make })
            }
        });
        match job {
            Some(job) => self.house.desk.job(job),
            None => self.house.desk.toasts.failure("There is no figure to save yet.".into()),
        }
    }
}

/// What a room is drawn on.
fn ground(ui: &egui::Ui) -> egui::Frame {
    let background = theme::palette(ui.visuals()).background;
    egui::Frame::new().fill(background).inner_margin(egui::Margin::same(10))
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &Context, _frame: &mut eframe::Frame) {
        if let Some(next) = self.house.desk.toasts.tidy() {
            self.house.desk.ctx.request_repaint_after(next);
        }
        self.house.receive();
        self.house.desk.refresh();
        self.apply_theme();
        self.house.follow();
        if !self.fits {
            self.fit_screen();
        }
        self.remember_window();
        self.autosave();
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let mut outbox = Outbox::default();
        let ctx = ui.ctx().clone();
        if let Some(lesson) = self.house.desk.sheet.take() {
            self.save_sheet(&lesson, frame);
        }
        figure::set_look(&ctx, self.house.desk.session.figures);
        if let Some((name, format)) = self.house.desk.figure.take() {
            self.save_figure(name, format, frame);
        }
        self.taps.note(&ctx);
        shortcuts::collect(&ctx, &self.house, &mut outbox);
        time_bar::offer_film(&ctx, self.house.films.offers(&self.house.rooms));
        match (&self.room_only, self.house.desk.welcome) {
            (Some(caption), _) => self.room(ui, caption, &mut outbox),
            (None, Welcome::Away) => self.page(ui, &mut outbox),
            (None, screen) => welcome::show(ui, screen, &mut outbox),
        }
        if time_bar::film_asked(&ctx) {
            outbox.push(FilmEdit::Form(true));
        }
        film::form::show(&ctx, &self.house, &mut outbox);
        add_data::show(&ctx, &self.house.desk, &mut outbox);
        presenter::show(&ctx, &self.house.course, &mut outbox);
        if self.house.desk.help {
            shortcuts::help(&ctx, &self.house, &mut outbox);
        }
        if self.house.desk.session.projector {
            self.taps.show(&ctx);
        }
        if let Some(text) = number::not_understood(&ctx) {
            self.house.desk.toasts.failure(text);
        }
        if !outbox.is_empty() {
            let locked = self.house.course.locks();
            for command in outbox {
                // A prediction comes first.
                if !locked || panel::passes(&command) {
                    self.house.apply(command);
                }
            }
            // What follows from a command is seen in the next frame; the
            // question about a new stroke goes out now.
            self.house.follow();
            ctx.request_repaint();
        }
    }

    fn on_exit(&mut self) {
        self.house.rooms.leave(&mut self.house.desk);
        // The hub's threads end when it is dropped; the last job they do is
        // writing the session.
        if self.taken.is_ours() {
            self.keep();
            self.write_session();
        }
    }
}

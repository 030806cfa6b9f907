//! The house: a desk and the rooms around it. Here is the one place where commands that
//! concern more than one workspace are carried out.

use std::path::{Path, PathBuf};

use egui::ViewportCommand;

use super::add_data;
use super::command::{Command, DataEdit, DigitEdit, SceneEdit};
use super::desk::Desk;
use super::digit::Source;
use super::film::Films;
use super::lesson::{Course, LessonEdit};
use super::saved::{self, SavedScene, Scenes};
use super::session::ThemeChoice;
use super::welcome::Welcome;
use super::widgets::figure::Format;
use super::workspace::{Rooms, Workspace};
use crate::ann::bundled;
use crate::lessons::library;
use crate::workers::carried::EXTENSION;
use crate::workers::events::Event;
use crate::workers::library::{DataJob, Job};

/// A desk and the rooms around it. Fields are dropped in their order: the rooms' workers
/// end before the shared ones, which write what is left to be written.
pub struct House {
    pub rooms: Rooms,
    pub scenes: Scenes,
    pub course: Course,
    pub films: Films,
    pub desk: Desk,
}

impl House {
    /// The workspace of this type.
    pub fn room<W: Workspace>(&self) -> &W {
        self.rooms.get()
    }

    /// Shows the workspace of this id.
    pub fn show(&mut self, id: &'static str) {
        self.apply(Command::Show(id));
    }

    /// Carries one command out.
    pub fn apply(&mut self, command: impl Into<Command>) {
        let command = command.into();
        if matches!(command, Command::Digit(_) | Command::Undo | Command::Redo | Command::Show(_)) {
            self.scenes.let_go();
        }
        let desk = &mut self.desk;
        match command {
            Command::Scene(edit) => self.scene(edit),
            Command::Film(edit) => self.films.apply(edit, &self.rooms, desk),
            Command::Lesson(LessonEdit::Read) => {
                let own = library::own_folder(&desk.home);
                desk.job(Job::ReadLessons(own));
            }
            Command::Lesson(LessonEdit::Sheet(lesson)) => desk.sheet = Some(lesson),
            Command::Lesson(edit) => {
                self.course.apply(edit, &mut self.rooms, &mut self.scenes, desk);
            }
            Command::Room(id, edit) => {
                // The time bar's ticks are no change of mind.
                if self.rooms.apply(id, edit.into_any(), desk) {
                    self.scenes.let_go();
                }
            }
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
            Command::Show(id) => {
                desk.welcome(Welcome::Away);
                self.rooms.enter(id);
            }
            Command::Home => {
                desk.welcome(Welcome::Away);
                self.rooms.enter_first();
            }
            Command::Theme(preference) => desk.session.theme = ThemeChoice::from(preference),
            Command::Projector(on) => desk.session.set_projector(on),
            Command::FullScreen => {
                let on = desk.ctx.input(|i| i.viewport().fullscreen.unwrap_or(false));
                desk.ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!on));
            }
            Command::Help(open) => desk.help = open,
            Command::Welcome(welcome) => desk.welcome(welcome),
            Command::CloseMessage(id) => desk.toasts.close(id),
            Command::WeightSet(id) => {
                if let Some(set) = bundled::find(id) {
                    set.id.clone_into(&mut desk.session.weight_set);
                    desk.job(Job::LoadSet(set));
                }
            }
            Command::Live(on) => desk.session.live = on,
            Command::UseRun(id) => desk.job(Job::LoadRun(id)),
            Command::RunAsOnnx(run) => {
                let path = desk.export_path("network", "onnx");
                desk.job(Job::ExportOnnx { path, run });
            }
            Command::ChooseNetwork => desk.hub.choose_network(),
            Command::RemoveModel(key) => desk.remove_model(&key),
            Command::Data(edit) => desk.data(edit),
            Command::Engine(preference) => desk.session.engine = preference,
            Command::SaveFigure(name) => desk.figure = Some((name, Format::Png)),
            Command::SaveSvg(name) => desk.figure = Some((name, Format::Svg)),
            Command::FigureLook(look) => desk.session.figures = look,
            Command::SaveText { name, text } => desk.export(&name, "csv", text.into_bytes()),
            Command::SaveSpikes { name, extension, recording } => {
                let path = desk.export_path(name, extension);
                desk.job(Job::ExportSpikes { path, recording });
            }
            Command::SaveTraces { name, traces } => {
                let path = desk.export_path(name, "csv");
                desk.job(Job::ExportTraces { path, traces });
            }
            Command::OpenFile(path) if path.is_dir() => {
                desk.job(Job::Data(DataJob::Folder(path)));
                desk.form.open = true;
            }
            Command::OpenFile(path) if path.extension().is_some_and(|e| e == "onnx") => {
                desk.job(Job::ImportNetwork(path));
            }
            Command::OpenFile(path) if add_data::is_data(&path) => {
                desk.data(DataEdit::Read { path, scale: false });
            }
            Command::OpenFile(path) if saved::is_scene_file(&path) => {
                desk.job(Job::ReadScene(path));
            }
            Command::OpenFile(path) => desk.job(Job::ReadPicture(path)),
        }
    }

    /// The state of the window as a scene.
    pub fn capture(&self) -> SavedScene {
        SavedScene::capture(&self.rooms, &self.desk)
    }

    /// Says what a scene will not bring back.
    fn warn_of_changes(&mut self) {
        if self.rooms.strayed() {
            let text = "Settings were changed while this ran. The scene holds them as they are now, and runs from time 0 with them: it will differ from what is in view. Press Restart before you save to see what it will show.";
            self.desk.toasts.notice(text.into());
        }
    }

    /// Carries out what concerns scenes.
    fn scene(&mut self, edit: SceneEdit) {
        let Self { rooms, scenes, desk, .. } = self;
        match edit {
            SceneEdit::Save { weights } => {
                let path = desk.export_path(&format!("scene-{}", rooms.shown().id), EXTENSION);
                self.warn_of_changes();
                self.pack(Some(path), weights);
            }
            SceneEdit::Copy => {
                self.warn_of_changes();
                self.pack(None, false);
            }
            SceneEdit::Paste => desk.ctx.send_viewport_cmd(ViewportCommand::RequestPaste),
            SceneEdit::Text(text) => desk.job(Job::ReadSceneText(text)),
            SceneEdit::Open => desk.hub.choose_scene(),
            SceneEdit::File(path) => desk.job(Job::ReadScene(path)),
            SceneEdit::Back => scenes.back(rooms, desk),
            SceneEdit::Anew => rooms.anew(desk),
        }
    }

    /// Has the scene written, or its text told.
    fn pack(&mut self, path: Option<PathBuf>, weights: bool) {
        match serde_json::to_value(self.capture()) {
            Ok(scene) => {
                let runs = saved::runs(&self.desk);
                self.desk.job(Job::PackScene { path, scene, runs, weights });
            }
            Err(error) => {
                self.desk.toasts.failure(format!("The scene cannot be saved: {error}."));
            }
        }
    }

    /// Takes over what workers tell.
    pub fn receive(&mut self) {
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
                Event::SceneText(text) => {
                    desk.ctx.copy_text(text);
                    desk.toasts.notice("The scene is on the clipboard: paste it anywhere as text, or here with Ctrl+V.".into());
                }
                Event::SceneRead { path, unpacked } => {
                    let name = path.as_deref().and_then(Path::file_name);
                    let name = name.map_or("the scene that was pasted".into(), |n| {
                        n.to_string_lossy().into_owned()
                    });
                    if let Some(path) = path {
                        desk.session.recent_scene(path);
                    }
                    self.scenes.open_unpacked(*unpacked, &name, &mut self.rooms, desk);
                }
                Event::Exported(path) => {
                    if saved::is_scene_file(&path) {
                        desk.session.recent_scene(path.clone());
                    }
                    desk.toasts.saved(format!("Saved as {}", path.display()), path);
                }
                Event::Runs(runs) => desk.runs = runs,
                Event::FolderChosen(path) => {
                    // What was dropped is MNIST.
                    desk.form.open = false;
                    desk.data(DataEdit::Folder(path));
                }
                // One workspace's own.
                Event::SpikesRead { .. } | Event::SpikesChosen(_) | Event::Lessons(_) => {}
            }
        }
    }

    /// Lets every room follow, asks the networks, and carries out what rooms asked for.
    pub fn follow(&mut self) {
        self.desk.ask();
        self.rooms.follow(&mut self.desk);
        self.scenes.follow(&mut self.rooms, &mut self.desk);
        self.films.follow();
        self.course.follow(&mut self.rooms, &self.scenes, &mut self.desk);
        for command in std::mem::take(&mut self.desk.out) {
            self.apply(command);
        }
    }
}

//! What the workspace holds while it is open, and how its edits change it.

use std::sync::Arc;

use egui::{Key, Ui};

use super::settings::LessonsSettings;
use super::{ABOUT, scenes, view};
use crate::lessons::Lesson;
use crate::lessons::library::{Found, Origin};
use crate::ui::command::{Command, LessonEdit, Outbox};
use crate::ui::desk::Desk;
use crate::ui::keys::{Keys, plain};
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, View, Workspace};
use crate::workers::Start;
use crate::workers::events::Event;

/// What the user does in the workspace.
#[derive(Clone, Debug)]
pub enum LessonsEdit {
    /// Look at this one.
    Choose(String),
    /// Read the folders anew.
    Again,
}

impl Edit for LessonsEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// A lesson, or why there is none.
pub struct Listed {
    pub id: String,
    pub origin: Origin,
    /// The lesson, or what is wrong with its file, a line each.
    pub lesson: Result<Arc<Lesson>, Vec<String>>,
}

/// The workspace.
#[derive(Default)]
pub struct Lessons {
    pub kept: LessonsSettings,
    /// All lessons, once they have been read.
    pub all: Vec<Listed>,
    /// Whether they have been asked for.
    asked: bool,
    /// Whether they have been read.
    pub read: bool,
}

impl Lessons {
    /// The one that is looked at.
    pub fn chosen(&self) -> Option<&Listed> {
        self.all.iter().find(|l| l.id == self.kept.lesson).or(self.all.first())
    }

    /// Notes that a lesson was gone through; the next one is looked at then.
    fn note_end(&mut self, ended: &str) {
        let is = |l: &Listed| l.lesson.as_ref().is_ok_and(|lesson| lesson.id == ended);
        let Some(at) = self.all.iter().position(is) else { return };
        let id = self.all[at].id.clone();
        if let Some(next) = self.all.get(at + 1) {
            self.kept.lesson = next.id.clone();
        }
        if !self.kept.done.contains(&id) {
            self.kept.done.push(id);
        }
    }

    fn list(&mut self, found: &[(Origin, Found)]) {
        let listed = |(origin, found): &(Origin, Found)| Listed {
            id: origin.id(),
            origin: origin.clone(),
            lesson: match found {
                Ok(lesson) => Ok(Arc::new(lesson.clone())),
                Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
            },
        };
        self.all = found.iter().map(listed).collect();
        self.read = true;
    }
}

impl Workspace for Lessons {
    const ABOUT: About = ABOUT;
    type Settings = LessonsSettings;
    type Edit = LessonsEdit;

    fn open(kept: LessonsSettings, _start: &Start) -> std::io::Result<Self> {
        Ok(Self { kept, ..Self::default() })
    }

    fn kept(&self) -> &LessonsSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: LessonsEdit, _desk: &mut Desk) {
        match edit {
            LessonsEdit::Choose(id) => self.kept.lesson = id,
            LessonsEdit::Again => self.asked = false,
        }
    }

    fn restore(&mut self, kept: LessonsSettings, _desk: &mut Desk) {
        self.kept = kept;
    }

    fn undoes(_edit: &LessonsEdit) -> bool {
        false
    }

    /// Asks for the lessons when they are first looked at.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        if let Some(ended) = desk.lesson_ended.take() {
            self.note_end(&ended);
        }
        if shown && !self.asked {
            self.asked = true;
            desk.out.push(Command::Lesson(LessonEdit::Read));
        }
    }

    fn receive(&mut self, event: &Event, _desk: &mut Desk) {
        if let Event::Lessons(found) = event {
            self.list(found);
        }
    }

    fn keys(&self, keys: &mut Keys<'_>, _desk: &Desk, out: &mut Outbox) {
        if !(keys.lists() || keys.here && keys.free()) {
            return;
        }
        let at = self.chosen().and_then(|c| self.all.iter().position(|l| l.id == c.id));
        let go = |out: &mut Outbox, by: isize| {
            let next = at.and_then(|at| self.all.get(at.checked_add_signed(by)?));
            out.extend(next.map(|l| Command::from(LessonsEdit::Choose(l.id.clone()))));
        };
        if keys.pressed(plain(Key::ArrowDown), "The next lesson of the list") {
            go(out, 1);
        }
        if keys.pressed(plain(Key::ArrowUp), "The lesson before it") {
            go(out, -1);
        }
        let begins = "Begin the lesson that is looked at";
        if (keys.pressed(plain(Key::Enter), begins) || keys.pressed(plain(Key::PageDown), begins))
            && let Some(Listed { lesson: Ok(lesson), .. }) = self.chosen()
        {
            out.push(LessonEdit::Start(Arc::clone(lesson)));
        }
    }

    fn settled(&self, _desk: &Desk) -> bool {
        self.read
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

//! *Draw*: a digit is drawn or picked, and every network answers at once.
//!
//! * [`photo`]: the picture that a digit is from
//! * [`entries`]: who answers what; [`answer_list`]: all answers; [`answer_card`]: one of them large
//! * [`measures`]: what lessons can ask for

mod answer_card;
mod answer_list;
mod entries;
mod measures;
mod photo;
mod scenes;
pub mod settings;
mod view;

use egui::{Key, Ui};

use settings::AnswersView;

use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::scene::Scene;
use crate::ui::widgets::icons::Icon;
use crate::ui::workspace::{About, Edit, Measure, Shows, View, Workspace};
use crate::workers::Start;

const ABOUT: About = About {
    id: "draw",
    name: "Draw",
    icon: Icon::Pencil,
    doc: "Draw a digit and see what each network answers",
    key: Key::Num1,
};

/// What the views see.
type World<'a> = View<'a, Draw>;

/// The workspace. The digit itself is on the desk.
pub struct Draw {
    kept: AnswersView,
}

/// What the user does in it.
#[derive(Clone, Debug)]
pub enum DrawEdit {
    /// How the answers are listed.
    Answers(AnswersView),
}

impl Edit for DrawEdit {
    const ROOM: &'static str = ABOUT.id;
}

impl Workspace for Draw {
    const ABOUT: About = ABOUT;
    type Settings = AnswersView;
    type Edit = DrawEdit;

    fn open(kept: AnswersView, _start: &Start) -> std::io::Result<Self> {
        Ok(Self { kept })
    }

    fn kept(&self) -> &AnswersView {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, DrawEdit::Answers(view): DrawEdit, _desk: &mut Desk) {
        self.kept = view;
    }

    fn restore(&mut self, kept: AnswersView, _desk: &mut Desk) {
        self.kept = kept;
    }

    fn follow(&mut self, _desk: &mut Desk, _shown: bool) {}

    /// How one looks at the answers is no change of the digit.
    fn undoes(_edit: &DrawEdit) -> bool {
        false
    }

    fn shows(&self) -> Shows {
        Shows { digit: true, answers: true }
    }

    fn settled(&self, desk: &Desk) -> bool {
        desk.digit.is_blank() || desk.answers_current
    }

    fn measures() -> &'static [Measure<Self>] {
        measures::MEASURES
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

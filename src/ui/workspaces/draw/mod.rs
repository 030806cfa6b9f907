//! *Draw*: a digit is drawn or picked, and every network answers at once.
//!
//! * [`photo`]: the picture that a digit is from
//! * [`entries`]: who answers what; [`answer_list`]: all answers; [`answer_card`]: one of them large
//! * [`keep`]: the digit is kept among the user's own
//! * [`measures`]: what lessons can ask for

mod answer_card;
mod answer_list;
mod entries;
mod keep;
mod measures;
mod photo;
mod scenes;
pub mod settings;
mod view;

use egui::{Key, KeyboardShortcut, Modifiers, Ui};

use settings::AnswersView;

use crate::ui::command::{DataEdit, Outbox};
use crate::ui::desk::Desk;
use crate::ui::keys::Keys;
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

/// The keys of the ten digits.
const KEYS: [Key; 10] = [
    Key::Num0,
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

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

    /// Each digit has its key.
    fn keys(&self, keys: &mut Keys<'_>, desk: &Desk, out: &mut Outbox) {
        if keys.lists() {
            return keys.row("Alt+0 … Alt+9".into(), "Keep the digit among your own as a 0 … 9");
        }
        for (label, key) in KEYS.into_iter().enumerate() {
            let shortcut = KeyboardShortcut::new(Modifiers::ALT, key);
            if keys.pressed(shortcut, "") && !desk.digit.is_blank() {
                out.push(DataEdit::KeepDigit(label as u8));
            }
        }
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

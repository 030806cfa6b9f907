//! What workspaces and the window ask for. Whoever draws puts commands into an
//! [`Outbox`]; [`super::house`] is the one place that carries them out.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use super::add_data::AddForm;
pub use super::digit::{DigitEdit, Point};
pub use super::film::FilmEdit;
pub use super::lesson::LessonEdit;
pub use super::saved::SceneEdit;
use super::welcome::Welcome;
use super::widgets::figure::Look;
use crate::snn::choose::Preference;
use crate::snn::recording::Recording;
use crate::snn::traces::Traces;
use crate::workers::search::Filter;

/// The commands of one frame, in order.
#[derive(Debug, Default)]
pub struct Outbox(Vec<Command>);

impl Outbox {
    /// Asks for something.
    pub fn push(&mut self, command: impl Into<Command>) {
        self.0.push(command.into());
    }

    /// Asks for several things.
    pub fn extend(&mut self, commands: impl IntoIterator<Item = Command>) {
        self.0.extend(commands);
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Outbox {
    type Item = Command;
    type IntoIter = std::vec::IntoIter<Command>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Something to be done.
#[derive(Debug)]
pub enum Command {
    /// Change the current digit.
    Digit(DigitEdit),
    /// Take the last change in view back.
    Undo,
    /// Do it again.
    Redo,
    /// Show another workspace (its id).
    Show(&'static str),
    /// Show the first workspace, where digits are drawn.
    Home,
    /// Light, dark or as the system.
    Theme(egui::ThemePreference),
    /// Projector mode on or off.
    Projector(bool),
    /// The whole screen, or a window.
    FullScreen,
    /// The list of keys.
    Help(bool),
    /// The first screen, or no longer.
    Welcome(Welcome),
    /// Take a message away (its number).
    CloseMessage(u64),
    /// Let another set of the bundled weights answer (its id).
    WeightSet(&'static str),
    /// Let the network in training answer, or not.
    Live(bool),
    /// Let a run's network answer (its id).
    UseRun(String),
    /// No longer let this model answer (its key).
    RemoveModel(String),
    /// Everything that concerns where digits come from.
    Data(DataEdit),
    /// The engine that live simulations run on.
    Engine(Preference),
    /// Save the figure of this name as PNG.
    SaveFigure(&'static str),
    /// Save it as SVG.
    SaveSvg(&'static str),
    /// What saved figures look like.
    FigureLook(Look),
    /// Save text (CSV) under this name.
    SaveText { name: String, text: String },
    /// Save the spikes of a recording under this name, as `npz` or `csv`.
    SaveSpikes { name: &'static str, extension: &'static str, recording: Arc<Recording> },
    /// Save traces as CSV under this name.
    SaveTraces { name: &'static str, traces: Arc<Traces> },
    /// What one does in a lesson.
    Lesson(LessonEdit),
    /// What concerns scenes.
    Scene(SceneEdit),
    /// What concerns films.
    Film(FilmEdit),
    /// A file or folder was dropped on the window.
    OpenFile(PathBuf),
    /// Something to be done in the workspace of this id.
    Room(&'static str, Box<dyn AnyEdit>),
}

/// Something to be done in one workspace.
pub trait Edit: Any + std::fmt::Debug {
    /// Id of the workspace.
    const ROOM: &'static str;
}

/// An edit of any workspace.
pub trait AnyEdit: Any + std::fmt::Debug {
    /// As what it is.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<E: Edit> AnyEdit for E {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<E: Edit> From<E> for Command {
    fn from(edit: E) -> Self {
        Self::Room(E::ROOM, Box::new(edit))
    }
}

impl From<DigitEdit> for Command {
    fn from(edit: DigitEdit) -> Self {
        Self::Digit(edit)
    }
}

impl From<LessonEdit> for Command {
    fn from(edit: LessonEdit) -> Self {
        Self::Lesson(edit)
    }
}

impl From<SceneEdit> for Command {
    fn from(edit: SceneEdit) -> Self {
        Self::Scene(edit)
    }
}

impl From<FilmEdit> for Command {
    fn from(edit: FilmEdit) -> Self {
        Self::Film(edit)
    }
}

impl From<DataEdit> for Command {
    fn from(edit: DataEdit) -> Self {
        Self::Data(edit)
    }
}

/// Where digits come from.
#[derive(Clone, Debug)]
pub enum DataEdit {
    /// Fetch MNIST.
    Download,
    /// Offer MNIST above the workspace, or no longer.
    Offer(bool),
    /// Stop fetching.
    StopDownload,
    /// Point to a folder that has it.
    ChooseFolder,
    /// Use this folder.
    Folder(PathBuf),
    /// Make the synthetic digits, if they are not there.
    LoadSynthetic,
    /// Pick digits from this source.
    Source(&'static str),
    /// Pick only digits of this kind, or any.
    Filter(Option<Filter>),
    /// Pick only this digit, 0 to 9, or any.
    Class(Option<u8>),
    /// Open the window for data sets of the user's own, or close it.
    Add(bool),
    /// Choose a folder (or a file) with one.
    Choose { folder: bool },
    /// Read the one at this path.
    Read { path: PathBuf, scale: bool },
    /// Stop reading, or forget what was read.
    Forget,
    /// What is to be kept of what was read.
    Form(Box<AddForm>),
    /// Keep it.
    Keep,
    /// Remove a set (its id).
    Remove(String),
    /// Write a set as IDX files (its id).
    Export(String),
    /// Keep the current digit among the user's own, as this one.
    KeepDigit(u8),
    /// Take the one kept last away.
    TakeBackDigit,
}

//! What a workspace may ask for. Workspaces put commands into an [`Outbox`];
//! [`super::apply`] is the one place that carries them out.

use std::path::PathBuf;
use std::sync::Arc;

use super::conversion::ConversionEdit;
use super::diehl_cook::DigitsEdit;
use super::history::HistoryEdit;
use super::neuron::NeuronEdit;
use super::plasticity::PlasticityEdit;
use super::session::AnswersView;
use super::time::TimeEdit;
use super::workspaces::fields::view::FieldsEdit;
use crate::ann::ensemble::Ensemble;
use crate::ann::trainer::TrainConfig;
use crate::data::Pixels;
use crate::snn::choose::Wish;
use crate::snn::recording::Recording;
use crate::snn::traces::Traces;

/// The commands of one frame, in order.
pub type Outbox = Vec<Command>;

/// A point of the canvas, each coordinate in 0 … 1 (x right, y down).
pub type Point = [f32; 2];

/// Something to be done.
#[derive(Clone, Debug)]
pub enum Command {
    /// Change the current digit.
    Digit(DigitEdit),
    /// Show another workspace (its id).
    Show(&'static str),
    /// Light, dark or as the system.
    Theme(egui::ThemePreference),
    /// Projector mode on or off.
    Projector(bool),
    /// Show another view of the Train workspace (its name).
    TrainTab(&'static str),
    /// The list of keys.
    Help(bool),
    /// Let another set of the weights in the box answer (its id).
    WeightSet(&'static str),
    /// How the answers are listed.
    Answers(AnswersView),
    /// Everything that concerns training.
    Train(TrainEdit),
    /// Everything in the History view of the Train workspace.
    History(HistoryEdit),
    /// Everything that concerns where digits come from.
    Data(DataEdit),
    /// Everything in the Time workspace.
    Time(TimeEdit),
    /// Everything that concerns the Receptive fields workspace.
    Fields(FieldsEdit),
    /// Everything in the Neuron lab.
    Neuron(NeuronEdit),
    /// Everything in the Plasticity lab.
    Plasticity(PlasticityEdit),
    /// The engine that live simulations run on.
    Engine(Wish),
    /// Everything in the Conversion workspace.
    Conversion(ConversionEdit),
    /// Everything in the Spiking network workspace.
    Digits(DigitsEdit),
    /// Save a part of the window as PNG.
    SavePicture { name: &'static str, rect: egui::Rect },
    /// Save text (CSV) under this name.
    SaveText { name: String, text: String },
    /// Save the spikes of a recording under this name, as `npz` or `csv`.
    SaveSpikes { name: &'static str, extension: &'static str, recording: Arc<Recording> },
    /// Save traces as CSV under this name.
    SaveTraces { name: &'static str, traces: Arc<Traces> },
    /// A file of spikes was dropped on the window.
    OpenSpikes(PathBuf),
    /// A picture of a digit was dropped on the window.
    OpenPicture(PathBuf),
}

/// Changes of the current digit.
#[derive(Clone, Debug)]
pub enum DigitEdit {
    /// The pen touches the paper.
    PenDown(Point),
    /// The pen moves on the paper.
    PenMove(Point),
    /// The pen is lifted.
    PenUp,
    /// The eraser rubs along this path; `first` begins a new undo step.
    Erase { path: Vec<Point>, first: bool },
    /// Take the last change back.
    Undo,
    /// Do it again.
    Redo,
    /// An empty canvas.
    Clear,
    /// A digit of a data set's test part.
    Pick { source: &'static str, index: usize },
    /// A labelled digit from elsewhere (a mistake of a run).
    Show { name: String, label: u8, pixels: Box<Pixels> },
    /// Another digit of the picture that is shown.
    Choose(usize),
    /// Centre as MNIST does, or not.
    Centre(bool),
    /// Width of the pen, share of the canvas.
    PenWidth(f32),
    /// Standard deviation of the noise, in units of the full ink.
    Noise(f32),
    /// Shift in pixels of the 28×28 picture.
    Shift([f32; 2]),
    /// The tool in hand.
    Eraser(bool),
}

/// Training.
#[derive(Clone, Debug)]
pub enum TrainEdit {
    /// Change the settings for the next run.
    Configure(Box<TrainConfig>),
    /// Start a run with the settings.
    Start,
    /// Hold.
    Pause,
    /// Go on after a pause.
    Resume,
    /// One mini-batch.
    Step,
    /// End the run, keeping everything.
    Stop,
    /// Begin anew from the same initial weights.
    Reset,
    /// Other initial weights and another order of the digits.
    NewSeed,
    /// Put a run into the queue.
    Enqueue(Box<TrainConfig>),
    /// Take one out.
    Unqueue(usize),
    /// Begin the queued runs one after another, or no longer.
    RunQueue(bool),
    /// Go on with an interrupted or stopped run.
    GoOn(String),
    /// Let a finished run's network answer in the Draw workspace.
    Use(String),
    /// No longer let this model answer.
    Remove(String),
    /// Delete a run from disk.
    Delete(String),
    /// Show or hide a run in the comparison.
    Compare(String, bool),
    /// Let the network in training answer in the Draw workspace.
    Live(bool),
    /// Put an ensemble together of these runs, one of each member in its order:
    /// ids and settings.
    Combine(&'static Ensemble, Vec<(String, TrainConfig)>),
    /// No more offers to go on with this interrupted run.
    Dismiss,
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
    /// Pick only digits that this model gets wrong (its key), or any digit.
    OnlyWrong(Option<String>),
}

//! What a workspace sees of the world: everything, but only to read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::conversion::ConversionWorld;
use super::diehl_cook::DigitsWorld;
use super::digit::Digit;
use super::history::History;
use super::neuron::NeuronWorld;
use super::plasticity::PlasticityWorld;
use super::session::Session;
use super::time::Time;
use super::workspaces::fields::view::FieldsState;
use crate::ann::shipped::WeightSet;
use crate::workers::answers::Answers;
use crate::workers::combine::Combinations;
use crate::workers::download::DownloadView;
use crate::workers::inspect::{Findings, Sight};
use crate::workers::library::Library;
use crate::workers::models::Models;
use crate::workers::plotter::Plotter;
use crate::workers::runs::RunRecord;
use crate::workers::scrub;
use crate::workers::sweep::{Survey, Sweeps};
use crate::workers::training::TrainingView;

/// Digits that a model gets wrong, by the model's key and the source's id;
/// `None` while they are being looked for.
pub type WrongLists = BTreeMap<(String, String), Option<Arc<Vec<u32>>>>;

/// Which digits *next* and *random* pick from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picking {
    /// Id of the source.
    pub source: &'static str,
    /// Key of the model whose wrong answers are wanted, or any digit.
    pub only_wrong: Option<String>,
}

/// One frame's view of the world.
pub struct Snapshot<'a> {
    /// The current digit.
    pub digit: &'a Digit,
    /// Who answers.
    pub models: &'a Models,
    /// The set of weights that the shipped ones among them are of.
    pub set: &'static WeightSet,
    /// What they answer.
    pub answers: Arc<Answers>,
    /// Whether the answers are to the current digit.
    pub answers_current: bool,
    /// The training.
    pub training: Arc<TrainingView>,
    /// The data sets.
    pub library: Arc<Library>,
    /// The download.
    pub download: Arc<DownloadView>,
    /// Who draws long recordings.
    pub plotter: &'a Plotter,
    /// The Neuron lab.
    pub neuron: NeuronWorld<'a>,
    /// The Plasticity lab.
    pub plasticity: PlasticityWorld<'a>,
    /// The Conversion workspace.
    pub conversion: ConversionWorld<'a>,
    /// The Spiking network workspace.
    pub digits: DigitsWorld<'a>,
    /// What *next* and *random* pick from.
    pub picking: &'a Picking,
    /// Digits that models get wrong.
    pub wrong: &'a WrongLists,
    /// All training runs, newest first.
    pub runs: &'a [RunRecord],
    /// Ensembles of them.
    pub combinations: Arc<Combinations>,
    /// Ids of the runs in the comparison.
    pub compared: &'a BTreeSet<String>,
    /// Name of the view chosen in the Train workspace.
    pub train_tab: &'static str,
    /// The Time workspace's own state.
    pub time: &'a Time,
    /// The digit read step by step.
    pub sweeps: Arc<Sweeps>,
    /// How early the networks can tell, over many digits.
    pub survey: Arc<Survey>,
    /// The state of its History view.
    pub history: &'a History,
    /// What is shown there of a run.
    pub scrubbed: Arc<scrub::View>,
    /// What the Receptive fields workspace sees, what it has found, and what the
    /// hand does there.
    pub sight: Arc<Sight>,
    pub findings: Arc<Findings>,
    pub fields_state: &'a FieldsState,
    /// What is kept over a restart, the training form included.
    pub session: &'a Session,
}

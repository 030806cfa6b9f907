//! What is asked of every subject: one file, or a few that share a measurement, and a line
//! in [`CRITERIA`] each.

pub mod accuracy;
pub mod costs;
pub mod curves;
pub mod dale;
pub mod fields;
pub mod learning;
pub mod losses;
pub mod pictures;
pub mod sparse;
pub mod structure;

use super::board::Cell;
use super::subject::{Context, Halt, Subject};

/// A column of the board.
pub struct Criterion {
    /// Stable id: `accuracy`, `noise`, `weight-transport`.
    pub id: &'static str,
    /// For people, as a column's heading.
    pub name: &'static str,
    /// What it is in, in a few letters: `%`; empty for words and plain numbers.
    pub unit: &'static str,
    /// What is asked, how it is measured, what the spread is, who asks it.
    pub doc: &'static str,
    /// Its heading on the board.
    pub group: Group,
    /// Which way is closer to the brain, where that can be said: for the reader's own
    /// weights.
    pub better: Option<Better>,
    /// Measures a subject; an empty cell says why it is empty. `None`: it was stopped.
    pub measure: fn(&Subject, &Context<'_>) -> Option<Cell>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More.
    High,
    /// Less.
    Low,
}

/// Columns that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// What the update of a synapse reads.
    Structure,
    /// Right answers, and how many digits they take.
    Learning,
    /// What disturbs it.
    Robustness,
    /// What an answer takes.
    Cost,
    /// How neurons represent a digit.
    Code,
}

impl Group {
    /// All, in the order of the board.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Structure, "What a synapse reads"),
        (Self::Learning, "What is learned, and how fast"),
        (Self::Robustness, "What disturbs it"),
        (Self::Cost, "What an answer takes"),
        (Self::Code, "What neurons do"),
    ];
}

/// All criteria, in the order of the board.
pub static CRITERIA: &[&Criterion] = &[
    &structure::READS,
    &structure::TRANSPORT,
    &structure::ANGLE,
    &structure::LOCKING,
    &structure::SIGNALS,
    &structure::ERRORS,
    &structure::CARRIER,
    &structure::IN_TIME,
    &structure::ONE_BY_ONE,
    &accuracy::ACCURACY,
    &learning::LABELS,
    &learning::ONE_PASS,
    &pictures::NOISE,
    &pictures::GRAINS,
    &pictures::OCCLUSION,
    &pictures::SHIFT,
    &losses::NEURONS,
    &losses::SYNAPSES,
    &losses::WEIGHTS,
    &costs::TIME,
    &costs::OPERATIONS,
    &costs::SPIKES,
    &costs::ENERGY,
    &sparse::ACTIVE,
    &sparse::SPARSENESS,
    &dale::DALE,
    &dale::ENFORCED,
    &dale::LEARNED,
    &fields::FIELDS,
];

/// What a measurement gave as a cell: one that could not be taken is empty and says why.
/// `None`: it was stopped.
fn cell(measured: Result<Cell, Halt>) -> Option<Cell> {
    match measured {
        Ok(cell) => Some(cell),
        Err(Halt::Stopped) => None,
        Err(Halt::Reason(remark)) => Some(Cell { remark, ..Cell::default() }),
    }
}

/// The criterion of this id.
pub fn find(id: &str) -> Option<&'static Criterion> {
    CRITERIA.iter().find(|c| c.id == id).copied()
}

//! What was measured: cells, profiles, the board, and its file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything that was measured, and with what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Board {
    /// Spikescope's version.
    pub version: String,
    /// The machine: processor, threads.
    pub machine: String,
    /// The test digits' data set.
    pub data: String,
    /// One for each subject, in the order of the story.
    pub profiles: Vec<Profile>,
}

/// What was measured of one subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The subject's id: of a network, a rule, a control, a run, or `you`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What kind of subject.
    pub kind: Kind,
    /// What it is, in a sentence.
    pub about: String,
    /// SHA-256 of its weights, so that another network's results are not taken for its
    /// own; empty where weights are made on the spot.
    pub fingerprint: String,
    /// By criterion's id.
    pub cells: BTreeMap<String, Cell>,
}

/// What kind of subject a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A trained network: bundled, or a run of the user's.
    #[default]
    Network,
    /// A learning rule, with networks trained on the spot, alike but for the rule.
    Rule,
    /// A trained network in spikes.
    Converted,
    /// Untrained, or shallow.
    Control,
    /// Whoever plays.
    You,
}

/// One measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cell {
    /// What came out; `None` where nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Standard deviation over seeds, or standard error over digits; which, says the
    /// criterion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    /// By seed, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_seed: Vec<f64>,
    /// Digits that it was measured on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<usize>,
    /// Why it is empty, or what one should know about the number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The measurement behind the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// In the criterion's unit.
    Number(f64),
    /// `read`, `not read`, `spikes`.
    Word(String),
}

/// The measurement behind a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// A number over the strength of something.
    Curve(Curve),
    /// How often a number came out.
    Histogram(Histogram),
    /// Which quantities the update of a synapse reads.
    Reads(Vec<Read>),
    /// Names and numbers, as counts of operations.
    Counts(Vec<(String, f64)>),
}

/// A number over the strength of something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Curve {
    /// Name and unit of the strength: `Noise σ`, `pixels moved`.
    pub x: String,
    /// Strengths, rising.
    pub xs: Vec<f64>,
    /// The number at each.
    pub ys: Vec<f64>,
    /// Its standard error at each.
    pub spread: Vec<f64>,
    /// Digits answered rightly as they are and wrongly here; some.
    pub broken: Vec<Broken>,
}

/// A digit that was answered wrongly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Broken {
    /// Number of the test digit.
    pub digit: usize,
    /// Its class.
    pub label: u8,
    /// What was answered; `None`: undecided.
    pub answer: Option<u8>,
    /// Number of the curve's point.
    pub at: usize,
}

/// How often a number came out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Histogram {
    /// Name and unit of the number.
    pub x: String,
    /// Where the first bin begins, and where the last ends.
    pub range: (f64, f64),
    /// In each bin, of equal widths.
    pub counts: Vec<f64>,
    /// The same of the untrained network, where there is one.
    pub untrained: Vec<f64>,
}

/// Whether the update of a synapse reads a quantity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Read {
    /// The quantity: `weights of the synapses behind it`.
    pub quantity: String,
    /// Whether it is at the synapse's own place: its two neurons, its own weight, or a
    /// number that is the same for all.
    pub local: bool,
    /// Whether the update changed when the quantity was replaced.
    pub read: bool,
    /// How far it changed, over its own size.
    pub change: f64,
}

//! What is measured, and with what.

use std::sync::atomic::AtomicBool;

use super::board::Kind;
use crate::ann::network::Network;
use crate::ann::weights::Metadata;
use crate::data::Dataset;

/// What is measured.
pub struct Subject {
    /// Stable id: `cnn1`, `rule:feedback_alignment`, `converted:mlp`, `untrained`, `run-…`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What kind of subject.
    pub kind: Kind,
    /// What it is, in a sentence.
    pub about: String,
    /// What answers.
    pub what: What,
}

/// What answers.
pub enum What {
    /// A network with its weights.
    Network(Box<(Network, Metadata)>),
    /// The rule of this id, with networks trained on the spot.
    Rule(&'static str),
}

/// What subjects are measured with.
pub struct Context<'a> {
    /// Training digits.
    pub train: &'a Dataset,
    /// Test digits.
    pub test: &'a Dataset,
    /// Threads to measure on; they change no number.
    pub threads: usize,
    /// Set when it is to end.
    pub stop: &'a AtomicBool,
    /// Told how far a measurement is, from 0 to 1.
    pub progress: &'a (dyn Fn(f64) + Sync),
}

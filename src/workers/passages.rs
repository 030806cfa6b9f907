//! The `passage` thread: what the current digit sends forward and back in a network that
//! learns by some rule, and how it settles.

use std::sync::Arc;

use super::events::Events;
use super::thread::answering::{Answer, Answering};
use crate::ann::rules::RuleConfig;
use crate::ann::rules::equilibrium::{Equilibrium, Settled};
use crate::ann::rules::passage::{Passage, Snapshot};
use crate::ann::rules::predictive::{Predictive, Relaxed};
use crate::ann::zoo::Kind;
use crate::data::Pixels;

/// Most sweeps or steps that are kept of one digit: a state of 4,096 units takes 16 kB.
pub const MOST_SWEEPS: usize = 400;

/// What is asked.
#[derive(Clone)]
pub struct DigitPassage {
    /// Counts the questions; the answer carries its question's number.
    pub number: u64,
    /// The network and its rule, as they were at some moment.
    pub snapshot: Arc<Snapshot>,
    /// The rule with its parameters.
    pub rule: RuleConfig,
    /// The digit, and which one it is said to be.
    pub picture: Pixels,
    pub label: u8,
    /// How it is to settle, where the rule does.
    pub settling: Settling,
}

/// How a digit is to settle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settling {
    /// Sweeps, or relaxation steps, without the target.
    pub free: usize,
    /// Sweeps with it.
    pub nudged: usize,
    /// How strongly it pulls; below 0 it pushes away.
    pub beta: f32,
}

/// What is known of a digit.
#[derive(Clone, Default)]
pub struct DigitPassages {
    /// [`DigitPassage::number`]; 0 before the first.
    pub number: u64,
    /// The rule's id.
    pub rule: String,
    /// What travels where; `None` for a network that settles or compares labels.
    pub passage: Option<Arc<Passage>>,
    /// How it settles by equilibrium propagation.
    pub settled: Option<Arc<Settled>>,
    /// How it relaxes by predictive coding.
    pub relaxed: Option<Arc<Relaxed>>,
}

impl Answer<DigitPassage> for DigitPassages {
    fn failure(why: &str) -> String {
        format!(
            "What this digit sends back could not be computed: {why}. Choose another digit, or go on with the others."
        )
    }
}

/// The thread, from the window's side.
pub type Passages = Answering<DigitPassage, DigitPassages>;

/// Starts the thread.
///
/// # Errors
/// When the system gives none.
pub fn start(events: Events) -> std::io::Result<Passages> {
    Answering::spawn("passage", events, || {
        |question: &DigitPassage, _: &_| answer(question).map(Some).map_err(|e| e.to_string())
    })
}

fn answer(question: &DigitPassage) -> Result<DigitPassages, crate::ann::AnnError> {
    let DigitPassage { snapshot, picture, label, settling, .. } = question;
    let (rule, values) = question.rule.resolve()?;
    let network = &snapshot.network;
    let layers = network.architecture().layers;
    let mut known = DigitPassages {
        number: question.number,
        rule: snapshot.rule.clone(),
        ..DigitPassages::default()
    };
    let free = settling.free.min(MOST_SWEEPS);
    match rule.kind {
        Kind::Settling => {
            let rule = Equilibrium::of(layers, &values);
            let target = (Some(*label), settling.beta.clamp(-0.9, 10.0));
            let sweeps = (free, settling.nudged.min(MOST_SWEEPS));
            known.settled =
                Some(Arc::new(rule.settle(network.step_parameters(0), picture, target, sweeps)));
        }
        Kind::Goodness
        | Kind::Energy
        | Kind::Spiking
        | Kind::FirstSpike
        | Kind::BothWays
        | Kind::ConvStdp
        | Kind::ConvReward => {}
        Kind::Dense => {
            known.passage = Some(Arc::new(snapshot.passage(picture, *label)));
            if rule.relaxes {
                let rule = Predictive::of(layers, &values);
                known.relaxed = Some(Arc::new(rule.watch(network, picture, *label, free)));
            }
        }
    }
    Ok(known)
}

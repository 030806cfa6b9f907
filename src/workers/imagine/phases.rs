//! The free phase of a network of spikes with connections both ways, and the two branches
//! that its rule compares, on one digit.

use std::sync::Arc;

use crate::ann::ops::spiking::energy::{Phases, key};
use crate::ann::spiking::phases::{PairLook, PhaseLook, look};
use crate::data::Pixels;
use crate::workers::events::Events;
use crate::workers::models::Model;
use crate::workers::thread::answering::{Answer, Answering, Reply};

/// What is to be shown.
#[derive(Clone)]
pub struct PhaseQuestion {
    /// Counts the questions; the answer carries its question's number.
    pub number: u64,
    /// The network.
    pub model: Arc<Model>,
    /// The digit, and the class that is taught; the one answered, if none.
    pub picture: Pixels,
    pub target: Option<u8>,
    /// Lengths and strength.
    pub phases: Phases,
    /// What noise follows from.
    pub seed: u64,
    /// A hidden neuron and a class, whose synapse is looked at; the one that changes most,
    /// if none.
    pub pair: Option<(usize, usize)>,
}

/// What happens in the phases.
#[derive(Clone, Default)]
pub struct ShownPhases {
    /// [`PhaseQuestion::number`]; 0 before the first.
    pub number: u64,
    /// Key of the network.
    pub key: String,
    /// `None` before the first.
    pub look: Option<Arc<PhaseLook>>,
    /// The synapse looked at.
    pub pair: (usize, usize),
    pub traces: PairLook,
}

impl Answer<PhaseQuestion> for ShownPhases {
    fn failure(why: &str) -> String {
        format!("The phases could not be shown: {why}. Choose another digit or network.")
    }
}

/// The synapse that changes most.
fn strongest(look: &PhaseLook) -> (usize, usize) {
    use crate::data::CLASSES;
    let larger = |best: usize, i: usize| {
        if look.change[i].abs() > look.change[best].abs() { i } else { best }
    };
    let at = (1..look.change.len()).fold(0, larger);
    (at / CLASSES, at % CLASSES)
}

fn show(question: &PhaseQuestion) -> Option<ShownPhases> {
    let PhaseQuestion { number, model, picture, target, phases, seed, pair } = question;
    let key = key((*seed, 0), 0);
    let show = |label: u8| look(&model.network, picture, label, phases, key);
    let mut shown = show(target.unwrap_or(0))?;
    if target.is_none()
        && let Some(answer) = shown.answer.filter(|a| *a > 0)
    {
        shown = show(answer as u8)?;
    }
    let inside = |(hidden, class): (usize, usize)| hidden < shown.hidden && class < 10;
    let pair = pair.filter(|p| inside(*p)).unwrap_or_else(|| strongest(&shown));
    Some(ShownPhases {
        number: *number,
        key: model.key.clone(),
        traces: shown.pair(pair.0, pair.1),
        pair,
        look: Some(Arc::new(shown)),
    })
}

pub(super) fn start(events: Events) -> std::io::Result<Answering<PhaseQuestion, ShownPhases>> {
    Answering::spawn("phases", events, || {
        |question: &PhaseQuestion, _: &Reply<PhaseQuestion, ShownPhases>| Ok(show(question))
    })
}

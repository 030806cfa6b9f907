//! What the view keeps over a restart.

use serde::{Deserialize, Serialize};

use super::Part;
use crate::ann::trainer::wires::{MOST_WEIGHT, Wire};
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::workers::models::is_model_key;

/// Weights of one network that are changed by hand.
pub(super) const MOST_CHANGES: usize = 4096;

/// A connection as one sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// Which layer's, counted from 0 at the picture.
    pub layer: usize,
    /// From which pixel or unit; one more than there are: the bias.
    pub from: usize,
    /// To which unit.
    pub to: usize,
}

impl Chosen {
    /// The nearest that a network with these layers has.
    pub(super) fn within(self, parts: &[Part]) -> Self {
        let layer = self.layer.min(parts.len().saturating_sub(1));
        let part = parts[layer];
        Self { layer, from: self.from.min(part.inputs), to: self.to.min(part.units - 1) }
    }
}

/// A weight set by hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub wire: Wire,
    pub weight: f32,
}

/// Kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WiresSettings {
    /// Key of the model whose connections are shown; empty: those of the run in hand, or of
    /// the last one.
    pub of: String,
    /// The connection that is looked at.
    pub chosen: Option<Chosen>,
    /// Whether connections show what they carry for the digit instead of their weights.
    pub carried: bool,
    /// Weights set by hand of a network that learns no more, and the key of that network:
    /// of the last run `run-`, followed by its id.
    pub changes: Vec<Change>,
    pub changed: String,
    /// Weights set by hand of the run in hand, as they were set, and that run's id: what
    /// undo goes back along. Nothing of it outlives the window.
    #[serde(skip)]
    pub in_run: Vec<Change>,
    #[serde(skip)]
    pub run: String,
}

impl WiresSettings {
    const LAYER: Span = (0.0, 3.0);
    const UNIT: Span = (0.0, 784.0);
    const STEP: Span = (0.0, 63.0);
    const PLACE: Span = (0.0, 1e6);
    const WEIGHT: Span = (-MOST_WEIGHT as f64, MOST_WEIGHT as f64);

    /// With something in every list.
    #[cfg(test)]
    pub fn full() -> Self {
        let wire = Wire { step: 1, at: 7 };
        Self {
            chosen: Some(Chosen { layer: 1, from: 2, to: 3 }),
            changes: vec![Change { wire, weight: 0.5 }],
            ..Self::default()
        }
    }

    /// Notes that a connection of this network has another weight from now on, or its own
    /// one again; whether there was room for it.
    pub(super) fn change(&mut self, of: &str, wire: Wire, weight: Option<f32>) -> bool {
        note((&mut self.changes, &mut self.changed), of, wire, weight)
    }

    /// Likewise in the run in hand.
    pub(super) fn change_in_run(&mut self, run: &str, wire: Wire, weight: Option<f32>) -> bool {
        note((&mut self.in_run, &mut self.run), run, wire, weight)
    }
}

/// Notes a weight among the changes of a network, or strikes it out.
fn note(
    (changes, changed): (&mut Vec<Change>, &mut String),
    of: &str,
    wire: Wire,
    weight: Option<f32>,
) -> bool {
    if changed != of {
        of.clone_into(changed);
        changes.clear();
    }
    changes.retain(|c| c.wire != wire);
    let Some(weight) = weight else { return true };
    let room = changes.len() < MOST_CHANGES;
    if room {
        changes.push(Change { wire, weight });
    }
    room
}

impl Bounded for WiresSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { of, chosen, carried: _, changes, changed, in_run: _, run: _ } = self;
        if !changed.is_empty() {
            to.id("changed", changed, is_model_key, "");
        }
        if !of.is_empty() {
            to.id("of", of, is_model_key, "");
        }
        if let Some(chosen) = chosen {
            to.inside("chosen", |to| {
                to.number("layer", &mut chosen.layer, Self::LAYER);
                to.number("from", &mut chosen.from, Self::UNIT);
                to.number("to", &mut chosen.to, Self::UNIT);
            });
        }
        to.list("changes", changes, MOST_CHANGES, |to, i, change| {
            to.inside(i, |to| {
                to.number("wire.step", &mut change.wire.step, Self::STEP);
                to.number("wire.at", &mut change.wire.at, Self::PLACE);
                to.number("weight", &mut change.weight, Self::WEIGHT);
            });
        });
    }
}

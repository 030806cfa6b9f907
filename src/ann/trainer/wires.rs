//! Single connections of the network in training, set by hand and held.
//!
//! A connection that is held keeps its weight whatever the learning rule says: after each
//! update it is put back. The optimiser goes on with its own averages, as if the connection
//! had moved, so that letting go of it does not begin from nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Backend, Trainer};
use crate::ann::network::Network;
use crate::ann::ops::op::parameter_len;

/// Connections that are held at the same time, at most.
pub const MOST_HELD: usize = 4096;
/// The largest weight that is set by hand.
pub const MOST_WEIGHT: f32 = 100.0;

/// A weight or a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wire {
    /// Step of the network's plan.
    pub step: usize,
    /// Its place among the step's parameters.
    pub at: usize,
}

impl Wire {
    /// Whether the network has it.
    pub fn is_in(&self, network: &Network) -> bool {
        let step = network.plan().steps.get(self.step);
        step.is_some_and(|step| self.at < parameter_len(&*step.op))
    }

    /// Its weight, if the network has it.
    pub fn weight(&self, network: &Network) -> Option<f32> {
        self.is_in(network).then(|| network.step_parameters(self.step)[self.at])
    }
}

/// The connections that are held, with their weights.
pub type Held = BTreeMap<Wire, f32>;

/// Gives connections of a network these weights.
pub fn put_back(network: &mut Network, held: &Held) {
    if held.is_empty() {
        return;
    }
    for step in 0..network.plan().steps.len() {
        let (first, end) = (Wire { step, at: 0 }, Wire { step: step + 1, at: 0 });
        let of_step: Vec<_> = held.range(first..end).map(|(wire, w)| (wire.at, *w)).collect();
        if !of_step.is_empty() {
            network.set_in_step(step, of_step);
        }
    }
}

impl Trainer {
    /// Gives a connection another weight; whether that was possible. It goes on learning
    /// from there, unless it is held.
    pub fn set_wire(&mut self, wire: Wire, weight: f32) -> bool {
        let possible = wire.is_in(&self.network) && weight.abs() <= MOST_WEIGHT;
        if !possible || !matches!(self.backend, Backend::Own(_)) {
            return false;
        }
        self.network.set_in_step(wire.step, [(wire.at, weight)]);
        if let Some(held) = self.held.get_mut(&wire) {
            *held = weight;
        }
        self.by_hand = true;
        true
    }

    /// Holds a connection at its weight, or lets it learn again; whether that was possible.
    pub fn hold_wire(&mut self, wire: Wire, hold: bool) -> bool {
        if !matches!(self.backend, Backend::Own(_)) {
            return false;
        }
        if !hold {
            return self.held.remove(&wire).is_some();
        }
        let Some(weight) = wire.weight(&self.network) else { return false };
        let room = self.held.len() < MOST_HELD || self.held.contains_key(&wire);
        if room {
            self.held.insert(wire, weight);
            self.by_hand = true;
        }
        room
    }

    /// The connections that are held.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Whether a connection was ever set or held by hand in this run.
    pub fn was_set_by_hand(&self) -> bool {
        self.by_hand
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bars, config};
    use super::*;

    fn trainer(n: usize) -> Trainer {
        Trainer::new(config("dense-20-16", n), bars(n)).unwrap()
    }

    /// Held connections keep their weights to the bit, the others learn, and a run that goes
    /// on from a checkpoint learns the same.
    #[test]
    fn what_is_held_stays_and_what_is_set_goes_on_from_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("checkpoint.safetensors");
        let mut whole = trainer(320);
        whole.step().unwrap();
        assert!(!whole.was_set_by_hand());
        // From pixel 300 to unit 4, a bias, and one between the hidden layers.
        let held = [(0, 300 * 20 + 4), (0, 784 * 20 + 1), (1, 7 * 16 + 3)];
        let held = held.map(|(step, at)| Wire { step, at });
        let free = Wire { step: 1, at: 5 };
        for (wire, weight) in held.into_iter().zip([0.25, -0.5, 0.0]) {
            assert!(whole.set_wire(wire, weight) && whole.hold_wire(wire, true));
        }
        assert!(whole.set_wire(free, 1.0));
        assert_eq!(free.weight(whole.network()), Some(1.0));
        whole.save_checkpoint(&path).unwrap();
        let mut second = Trainer::resume(&path, bars(320)).unwrap();
        assert!(second.held() == whole.held() && second.was_set_by_hand());
        for trainer in [&mut whole, &mut second] {
            while !trainer.step().unwrap().finished {}
            let now = held.map(|wire| wire.weight(trainer.network()).unwrap());
            assert_eq!(now, [0.25, -0.5, 0.0]);
            assert_ne!(free.weight(trainer.network()), Some(1.0));
        }
        assert!(whole.network().values() == second.network().values());
        assert!(whole.hold_wire(held[0], false) && !whole.hold_wire(held[0], false));
        assert_eq!(whole.held().len(), 2);
    }

    #[test]
    fn a_held_connection_changes_nothing_for_the_first_step_of_the_others() {
        let (mut plain, mut holding) = (trainer(64), trainer(64));
        let wire = Wire { step: 1, at: 9 };
        assert!(holding.hold_wire(wire, true));
        let before = wire.weight(plain.network()).unwrap();
        plain.step().unwrap();
        holding.step().unwrap();
        assert_ne!(wire.weight(plain.network()), Some(before));
        assert_eq!(wire.weight(holding.network()), Some(before));
        let mut values = plain.network().clone();
        values.set_in_step(wire.step, [(wire.at, before)]);
        assert!(values.values() == holding.network().values());
    }

    #[test]
    fn what_is_not_there_or_no_weight_is_refused() {
        let mut trainer = trainer(64);
        let before = trainer.network().values();
        let end = 784 * 20 + 20;
        for wire in [(0, end), (3, 0), (usize::MAX, usize::MAX)] {
            let wire = Wire { step: wire.0, at: wire.1 };
            assert!(!trainer.set_wire(wire, 1.0) && !trainer.hold_wire(wire, true));
        }
        for weight in [f32::NAN, f32::INFINITY, -1e9] {
            assert!(!trainer.set_wire(Wire { step: 0, at: end - 1 }, weight));
        }
        assert!(trainer.network().values() == before && !trainer.was_set_by_hand());
        for at in 0..MOST_HELD {
            assert!(trainer.hold_wire(Wire { step: 0, at }, true));
        }
        assert!(!trainer.hold_wire(Wire { step: 0, at: MOST_HELD }, true));
    }
}

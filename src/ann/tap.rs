//! What neurons send to each other while a rule works, for whoever listens or intervenes.
//!
//! A rule tells a [`Tap`] of every signal as soon as it is computed, and goes on with
//! what the tap has left there. That is enough to find out what an update reads
//! (`scoreboard/structure`): all signals but those of one neuron are held as they were,
//! something is replaced, and the update of one of its synapses is compared.

/// Which signals. Layer 0 is the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Activity of a layer: `(n, units)`, over time `(n, steps, units)`; spikes are 1.
    Activity(usize),
    /// Of neurons that spike once: when.
    Times(usize),
    /// What goes on within the neurons of a layer: currents, and what they keep for the
    /// way back, in the form of its operation.
    State(usize),
    /// Errors that arrive at the neurons of a layer, as [`Self::Activity`].
    Error(usize),
    /// What the neurons of a layer make of these: errors of their currents.
    Inner(usize),
    /// A number that is the same for all neurons of a layer (0: of the network), one for
    /// each picture or for all.
    Shared(usize),
}

/// Who listens.
pub trait Tap: Sync {
    /// These signals are sent now; what is left in `values` is what arrives.
    fn sent(&self, signal: Signal, values: &mut [f32]);
}

/// Nobody, or somebody.
#[derive(Clone, Copy, Default)]
pub struct Tapped<'a>(pub Option<&'a dyn Tap>);

impl Tapped<'_> {
    /// Tells of signals.
    #[inline]
    pub fn sent(self, signal: Signal, values: &mut [f32]) {
        if let Some(tap) = self.0 {
            tap.sent(signal, values);
        }
    }

    /// Likewise, of one number.
    #[inline]
    pub fn number(self, signal: Signal, value: f32) -> f32 {
        let mut values = [value];
        self.sent(signal, &mut values);
        values[0]
    }
}

//! What a picture costs: operations, and those in joules: an estimate of the
//! arithmetic alone, for a chip of 45 nm with 32-bit floating point (Horowitz, ISSCC
//! 2014). Fetching weights from memory, which costs more than either, is left out for
//! both.

use std::ops::AddAssign;

/// A multiplication with addition, picojoules: 3.7 + 0.9.
pub const MULTIPLY_ADD_PJ: f64 = 4.6;
/// An addition, and likewise a comparison, picojoules.
pub const ADD_PJ: f64 = 0.9;
/// Operations of a neuron in a step: its constant current is added, and its potential
/// is compared with the threshold.
pub const PER_NEURON: u64 = 2;
/// What is counted, for people.
pub const COUNTED: &str = "First layer: multiply–adds of the picture’s constant currents, once for a picture, as their sums are kept; none where pixels spike. Synapses: an addition for each synapse that a spike reaches. Neurons: two for each neuron and step (its current is added, its potential compared with the threshold). Gates: for each spike that comes to a pooling gate, a comparison for each neuron of its window (four for 2×2).";
/// What is assumed of energy, for people.
pub const ASSUMPTIONS: &str = "45 nm, 32-bit floating point: 4.6 pJ for a multiply–add, 0.9 pJ for an addition or a comparison (Horowitz, ISSCC 2014); arithmetic only, without memory.";

/// Operations of a converted network, for one picture or for many together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Multiply–adds of an analog picture with the first layer’s weights.
    pub first_layer: u64,
    /// Times that a spike reached a synapse: additions.
    pub synapses: u64,
    /// [`PER_NEURON`] for each neuron and step.
    pub neurons: u64,
    /// For each spike that came to a gate, a comparison for each neuron whose count the
    /// gate looks at: four for 2×2.
    pub gates: u64,
}

impl Work {
    /// Columns of a table of [`Self::each`].
    pub const COLUMNS: &str =
        "all_operations_per_image,first_layer,operations_per_image,neurons,gates";

    /// Operations of one of `images`: all, and by kind in the order of [`Self::COLUMNS`].
    pub fn each(&self, images: f64) -> [f64; 5] {
        [self.total(), self.first_layer, self.synapses, self.neurons, self.gates]
            .map(|n| n as f64 / images)
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.first_layer + self.synapses + self.neurons + self.gates
    }

    /// The estimate, microjoules.
    pub fn energy_uj(&self) -> f64 {
        let additions = self.synapses + self.neurons + self.gates;
        (additions as f64 * ADD_PJ + self.first_layer as f64 * MULTIPLY_ADD_PJ) * 1e-6
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.first_layer += other.first_layer;
        self.synapses += other.synapses;
        self.neurons += other.neurons;
        self.gates += other.gates;
    }
}

/// The original for one picture, microjoules.
pub fn original_uj(multiply_adds: usize) -> f64 {
    multiply_adds as f64 * MULTIPLY_ADD_PJ * 1e-6
}

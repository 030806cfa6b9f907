//! The options of a conversion.

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds, Span};

/// How a network is converted.
///
/// ```
/// use spikescope::convert::recipe::{Per, Recipe, Reset, Scaling};
///
/// // As Diehl et al. (2015) did it: one threshold for a layer, from its largest
/// // activation, and what lies above it is lost at a spike.
/// let recipe = Recipe {
///     scaling: Scaling::Maximum,
///     per: Per::Layer,
///     reset: Reset::Zero,
///     initial: 0.0,
///     ..Recipe::default()
/// };
/// assert_ne!(recipe, Recipe::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    pub scaling: Scaling,
    #[serde(default = "Per::before")]
    pub per: Per,
    pub reset: Reset,
    pub input: Input,
    pub pooling: Pooling,
    pub read: Read,
    /// Membrane potential at the start, in thresholds. At one half the spike count
    /// rounds where it else cuts off (Bu et al., ICLR 2022).
    pub initial: f32,
    /// Whether biases flow as currents; without them one sees what they are for.
    pub biases: bool,
}

impl Recipe {
    /// Percentiles that thresholds can be taken from.
    pub const PERCENTILE: Span = (70.0, 100.0);
    /// Potentials to begin with, in thresholds.
    pub const INITIAL: Span = (0.0, 0.99);
}

impl Bounded for Recipe {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { scaling, reset: _, input: _, pooling: _, read: _, initial, biases: _, per: _ } =
            self;
        if let Scaling::Percentile(percent) = scaling {
            to.number("scaling.Percentile", percent, Self::PERCENTILE);
        }
        to.number("initial", initial, Self::INITIAL);
    }
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            scaling: Scaling::Percentile(97.0),
            per: Per::Channel,
            reset: Reset::Subtract,
            input: Input::Analog,
            pooling: Pooling::Gated,
            read: Read::Potential,
            initial: 0.5,
            biases: true,
        }
    }
}

/// What a threshold is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scaling {
    /// The largest activation (Diehl et al., IJCNN 2015).
    Maximum,
    /// This percentile of the activations above zero (Rueckauer et al., Front.
    /// Neurosci. 11:682, 2017): a few units saturate, all others are faster.
    Percentile(f64),
}

/// How many thresholds a layer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Per {
    /// One, from all activations of the layer.
    Layer,
    /// One for each unit of a dense layer and each channel of a convolution, from its
    /// own activations (Kim et al., AAAI 2020): where a few units are far more active
    /// than the others, one threshold for all keeps the others silent. Output units
    /// have one for all, so that they stay comparable.
    Channel,
}

impl Per {
    /// What settings mean that were kept before there was a choice.
    fn before() -> Self {
        Self::Layer
    }
}

/// What a spike leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reset {
    /// v ← v − λ: what lay above the threshold counts on.
    Subtract,
    /// v ← 0: it is lost.
    Zero,
}

/// How the picture comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// Pixels are constant currents.
    Analog,
    /// A pixel spikes in each step with the probability of its brightness.
    Poisson,
}

/// What becomes of max-pooling. A mean stays one: all spikes pass, each counting its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pooling {
    /// Of the neurons of a window, the spikes of the one that has fired most so far pass
    /// (Rueckauer et al. 2017).
    Gated,
    /// A spike passes whenever the largest of the window's spike counts grows: what
    /// passes is exactly as often as the busiest neuron has fired.
    Largest,
    /// All spikes pass, each counting its share of the window, a quarter of 2×2 (Diehl
    /// et al. 2015). The network was trained with the maximum, so this is another network.
    Average,
}

/// Where the answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Read {
    /// The input that the output units have added up; they do not spike.
    Potential,
    /// Their spikes; of equal counts the higher potential.
    Spikes,
}

/// What disturbs the spikes; all zero: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disturbance {
    /// Standard deviation of what is added to each potential in a step, thresholds.
    pub noise: f32,
    /// Share of spikes that are lost on the way.
    pub dropped: f32,
    /// Spikes come up to so many steps late.
    pub jitter: u32,
}

impl Bounded for Disturbance {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { noise, dropped, jitter } = self;
        to.number("noise", noise, Self::NOISE);
        to.number("dropped", dropped, Self::DROPPED);
        to.number("jitter", jitter, Self::JITTER);
    }
}

impl Disturbance {
    /// Noise, thresholds.
    pub const NOISE: Span = (0.0, 1.0);
    /// Share of spikes that may be lost.
    pub const DROPPED: Span = (0.0, 0.9);
    /// Steps that a spike may be late.
    pub const JITTER: Span = (0.0, 20.0);

    /// Whether anything is disturbed at all.
    pub fn any(&self) -> bool {
        self.noise > 0.0 || self.dropped > 0.0 || self.jitter > 0
    }
}

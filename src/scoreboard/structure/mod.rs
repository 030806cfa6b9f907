//! What the update of a synapse reads, found out by running the code that learns again
//! with one quantity replaced at a time.
//!
//! All signals that neurons send are recorded during an update. It is then run again, on
//! the same code, with all of them held as they were but those of the neuron behind the
//! synapse, and with one quantity replaced: the weights that leave this neuron, the label,
//! the activity of its neighbours. If the synapse's change differs in any bit, the
//! update has read the quantity. So a weight that merely carries a spike forward is not
//! *read*: what it carries is held. A weight that is used to send an error back is.
//!
//! [`passes`] does this for the rules that run in the trainer's loop, [`competition`]
//! for convolutions that learn by STDP, [`engine`] for the rules of the spiking engines.

pub mod competition;
pub mod engine;
pub mod passes;
#[cfg(test)]
mod tests;

use super::board::Read;

/// A quantity that an update might read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Activity of the neuron before the synapse.
    Before,
    /// Activity and state of the neuron behind it.
    Behind,
    /// The synapse's own weight.
    OwnWeight,
    /// A number that is the same for all neurons, of a layer or of the network.
    Shared,
    /// The error that arrives at the neuron behind it.
    OwnError,
    /// Weights of the feedback synapses onto the neuron behind it.
    FeedbackOnto,
    /// Errors of the neurons of the layers above.
    ErrorsAbove,
    /// Activity of the layers above the neuron behind it.
    Above,
    /// Activity of the layers below the neuron before it.
    Below,
    /// Activity of the other neurons that reach the neuron behind it.
    OtherInputs,
    /// Activity and errors of the other neurons of its layer.
    Beside,
    /// Weights of the other synapses onto the same neuron.
    WeightsOnto,
    /// Weights of the synapses that leave the neuron behind it.
    WeightsOut,
    /// Only the signs of these.
    SignsOut,
    /// Only their sizes.
    SizesOut,
    /// All other weights.
    WeightsElsewhere,
    /// Weights of all other feedback synapses.
    FeedbackElsewhere,
    /// The label, other than through the error of the classes.
    Label,
}

impl Quantity {
    /// All, those at the synapse's own place first: what it is called, and whether it is
    /// there: in the synapse, in its two neurons, the same everywhere, or a signal that
    /// other neurons send to the neuron behind it.
    pub const ALL: [(Self, &'static str, bool); 18] = [
        (Self::Before, "activity of the neuron before it", true),
        (Self::Behind, "activity of the neuron behind it", true),
        (Self::OwnWeight, "its own weight", true),
        (Self::Shared, "a number that is the same for all neurons", true),
        (Self::OwnError, "the error that arrives at the neuron behind it", true),
        (Self::FeedbackOnto, "weights of feedback synapses onto the neuron behind it", true),
        (Self::ErrorsAbove, "errors of the neurons above", true),
        (Self::Above, "activity of the neurons above", true),
        (Self::Below, "activity of the layers below", false),
        (Self::OtherInputs, "activity of the neuron's other inputs", true),
        (Self::Beside, "activity of other neurons of its layer", false),
        (Self::WeightsOnto, "other weights onto the same neuron", false),
        (Self::WeightsOut, "weights of the synapses that leave the neuron", false),
        (Self::SignsOut, "only their signs", false),
        (Self::SizesOut, "only their sizes", false),
        (Self::WeightsElsewhere, "weights elsewhere", false),
        (Self::FeedbackElsewhere, "feedback weights elsewhere", false),
        (Self::Label, "the label itself", false),
    ];
}

impl Quantity {
    /// In a few words, for a table.
    pub fn short(self) -> &'static str {
        match self {
            Self::Below => "layers below",
            Self::Beside => "its neighbours",
            Self::WeightsOnto => "its neuron's other weights",
            Self::WeightsOut | Self::SignsOut | Self::SizesOut => "weights ahead",
            Self::WeightsElsewhere => "weights elsewhere",
            Self::FeedbackElsewhere => "feedback elsewhere",
            Self::Label => "the label",
            _ => "its own place",
        }
    }
}

/// What was found out about a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// By quantity; those that the rule does not have are left out.
    pub reads: Vec<(Quantity, Read)>,
    /// Whether the update needs the layers above to have run.
    pub waits: bool,
    /// Signals that the neuron behind the synapse sends or gets for one update: passes,
    /// sweeps or steps.
    pub signals: f64,
    /// Whether its activity changes between them.
    pub moves: bool,
    /// Least and largest error on its way back; `None` where no errors travel.
    pub errors: Option<(f64, f64)>,
    /// What hidden neurons send.
    pub carrier: Carrier,
    /// Whether the error that arrives at one step depends on those of the neurons above at
    /// later steps; `None` where there are no steps, or no errors.
    pub back_in_time: Option<bool>,
    /// Whether several digits change a weight by exactly the sum of what each does, so
    /// that they may come one after another; within rounding.
    pub one_by_one: bool,
    /// The angle between feedback and forward weights of the layer above, degrees, where
    /// there are such weights.
    pub angle: Option<f64>,
}

/// What neurons send to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// Any numbers.
    #[default]
    Numbers,
    /// One spike each, whose time tells.
    Times,
    /// Spikes.
    Spikes,
}

impl Structure {
    /// Whether a quantity is read; `None` where the rule has none.
    pub fn reads(&self, quantity: Quantity) -> Option<bool> {
        self.reads.iter().find(|(q, _)| *q == quantity).map(|(_, r)| r.read)
    }

    /// What is read although it is not at the synapse's own place.
    pub fn far(&self) -> impl Iterator<Item = Quantity> {
        let whole = |q: Quantity| !matches!(q, Quantity::SignsOut | Quantity::SizesOut);
        let far = self.reads.iter().filter(move |(q, r)| whole(*q) && r.read && !r.local);
        far.map(|(q, _)| *q)
    }
}

/// How far a change is from the one that it is compared with, over its size.
fn difference(now: f32, before: f32) -> f64 {
    if now.to_bits() == before.to_bits() {
        return 0.0;
    }
    let of = f64::from(before.abs()).max(f64::from(f32::MIN_POSITIVE));
    let by = (f64::from(now) - f64::from(before)).abs() / of;
    // What is not even a number has been read, too.
    if by.is_finite() { by.min(1e6) } else { 1e6 }
}

/// Compares the updates with one quantity replaced with the one as it is.
fn compare(
    before: f32,
    quantities: impl Fn(Quantity) -> bool,
    mut update: impl FnMut(Quantity) -> f32,
) -> Vec<(Quantity, Read)> {
    let there = Quantity::ALL.into_iter().filter(|(q, ..)| quantities(*q));
    there
        .map(|(quantity, name, local)| {
            let change = difference(update(quantity), before);
            let read = change > 0.0;
            (quantity, Read { quantity: name.to_owned(), local, read, change })
        })
        .collect()
}

/// Another value in the place of a signal or weight; spikes come instead of none.
fn other(value: f32, place: usize) -> f32 {
    if value == 0.0 || value == 1.0 {
        return 1.0 - value;
    }
    let by = 0.3 + 0.1 * (place % 5) as f32;
    if value > 1.0 { 1.0 + (value - 1.0) * (1.0 + by) } else { by - 0.7 * value }
}

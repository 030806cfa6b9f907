//! Networks of dense layers of any number and width, for the learning rules: named by
//! an id that says it all, such as `dense-500-500`, `dense-800-tanh`, `settling-500`,
//! `goodness-1000-1000` or `lif-chl-300`; convolutions of spikes of so many maps, such as
//! `stdp-32-150` or `reward-32-150`; and two layers of latent variables, such as
//! `energy-500-100`.

use super::made::{Draft, Made};
use super::spiking::{Sizes, Wiring};
use super::{Activation, Architecture, Layer, Spiking, conv_stdp};
use crate::ann::ops::conv_stdp::Answer;
use crate::data::CLASSES;

/// Most hidden layers.
pub const MOST_LAYERS: usize = 8;
/// Most units of a hidden layer.
pub const MOST_UNITS: usize = 4096;
/// Most structures that are remembered.
const MOST_KNOWN: usize = 4096;

/// How the layers answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// From the picture to the classes, one layer after another.
    Dense,
    /// By relaxing, with connections both ways: [`Layer::Settling`].
    Settling,
    /// By trying each label: [`Layer::Goodness`].
    Goodness,
    /// By a read-out of latent variables: [`Layer::Energy`].
    Energy,
    /// By spikes over a number of steps: [`super::Spiking`].
    Spiking,
    /// By who fires first: [`super::Spiking::FirstSpike`].
    FirstSpike,
    /// By spikes, with connections both ways: [`super::Spiking::Energy`].
    BothWays,
    /// By spikes, whose times a linear read-out reads: [`Layer::ConvStdp`].
    ConvStdp,
    /// By spikes, with maps that belong to classes: [`Layer::ConvStdp`].
    ConvReward,
}

/// Most maps of a layer of spikes.
const MOST_MAPS: usize = 512;
/// Most units of a second layer of latent variables: its prior has a covariance of their
/// square for each component.
const MOST_CAUSES: usize = 512;
/// Maps for each class where the answer is learned from reward.
const PER_CLASS: usize = 15;

impl Kind {
    /// Those whose ids [`Widths`] reads; of the others [`super::spiking`] does.
    const ALL: [Self; 7] = [
        Self::Dense,
        Self::Settling,
        Self::Goodness,
        Self::Energy,
        Self::BothWays,
        Self::ConvStdp,
        Self::ConvReward,
    ];

    /// Whether it is one of convolutions of spikes.
    pub fn spikes(self) -> bool {
        matches!(self, Self::ConvStdp | Self::ConvReward)
    }

    /// Whether layers are of this kind, other than [`Kind::Dense`].
    pub fn is_of(self, layers: &[Layer]) -> bool {
        layers.iter().any(|layer| match layer {
            Layer::Settling { .. } => self == Self::Settling,
            Layer::Goodness { .. } => self == Self::Goodness,
            Layer::Energy { .. } => self == Self::Energy,
            Layer::Spiking(Spiking::FirstSpike { .. }) => self == Self::FirstSpike,
            Layer::Spiking(Spiking::Energy { .. }) => self == Self::BothWays,
            Layer::Spiking(_) => self == Self::Spiking,
            Layer::ConvStdp(design) if design.answer == Answer::Linear => self == Self::ConvStdp,
            Layer::ConvStdp(_) => self == Self::ConvReward,
            _ => false,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Settling => "settling",
            Self::Goodness => "goodness",
            Self::Energy => "energy",
            Self::Spiking => Wiring::Dense.word(),
            Self::FirstSpike => Wiring::FirstSpike.word(),
            Self::BothWays => "lif-chl",
            Self::ConvStdp => "stdp",
            Self::ConvReward => "reward",
        }
    }
}

/// What such a network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widths {
    /// How it answers.
    pub kind: Kind,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Of the hidden units of a [`Kind::Dense`] network.
    pub activation: Activation,
}

impl Widths {
    /// What this id says; `None` where it is no such id, or out of range.
    pub fn parse(id: &str) -> Option<Self> {
        // The longest: eight layers of four digits.
        if id.len() > 64 {
            return None;
        }
        let of = |kind: Kind| Some((kind, id.strip_prefix(kind.word())?.strip_prefix('-')?));
        let (kind, rest) = Kind::ALL.into_iter().find_map(of)?;
        let mut parts: Vec<&str> = rest.split('-').collect();
        let mut activation = Activation::Relu;
        if kind == Kind::Dense && parts.last() == Some(&"tanh") {
            activation = Activation::Tanh;
            parts.pop();
        }
        let width = |part: &&str| {
            let plain = !part.starts_with(['0', '+']);
            part.parse().ok().filter(|n| plain && (1..=MOST_UNITS).contains(n))
        };
        let hidden: Vec<usize> = parts.iter().map(width).collect::<Option<_>>()?;
        if kind.spikes() && !(hidden.len() == 2 && hidden.iter().all(|maps| *maps <= MOST_MAPS)) {
            return None;
        }
        let fits = match kind {
            Kind::Energy => hidden.len() == 2 && hidden[1] <= MOST_CAUSES,
            Kind::BothWays => hidden.len() == 1,
            _ => true,
        };
        if !fits {
            return None;
        }
        (1..=MOST_LAYERS).contains(&hidden.len()).then_some(Self { kind, hidden, activation })
    }

    /// The id.
    pub fn id(&self) -> String {
        let widths: String = self.hidden.iter().map(|n| format!("-{n}")).collect();
        let tanh = self.kind == Kind::Dense && self.activation == Activation::Tanh;
        format!("{}{widths}{}", self.kind.word(), if tanh { "-tanh" } else { "" })
    }

    fn name(&self) -> String {
        let widths: Vec<String> = self.hidden.iter().map(usize::to_string).collect();
        let widths = widths.join("–");
        match (self.kind, self.activation) {
            (Kind::Dense, Activation::Tanh) => format!("Dense {widths} (tanh)"),
            (Kind::Dense, _) => format!("Dense {widths}"),
            (Kind::Settling, _) => format!("Settling {widths}"),
            (Kind::Goodness, _) => format!("Goodness {widths}"),
            (Kind::Energy, _) => format!("Energy {widths}"),
            (Kind::Spiking, _) => Sizes::new(Wiring::Dense, &self.hidden).name(),
            (Kind::FirstSpike, _) => Sizes::new(Wiring::FirstSpike, &self.hidden).name(),
            (Kind::BothWays, _) => format!("LIF energy {widths}"),
            (Kind::ConvStdp, _) => format!("Conv-STDP {widths}"),
            (Kind::ConvReward, _) => format!("Conv-STDP {widths}, reward"),
        }
    }

    fn doc(&self) -> &'static str {
        match self.kind {
            Kind::BothWays => {
                "Leaky integrate-and-fire neurons connected both ways with the ten classes; a synapse learns from how its neurons' spikes go together, with the target and without."
            }
            Kind::ConvStdp => conv_stdp::CONV_STDP.doc,
            Kind::Energy => super::energy::BENGIO2015.doc,
            Kind::ConvReward => conv_stdp::CONV_STDP_REWARD.doc,
            Kind::Dense => "Dense layers of chosen widths, one after another.",
            Kind::Settling => {
                "Units connected both ways by the same weights; they relax until nothing moves, and the state they settle in is the answer."
            }
            Kind::Spiking => Sizes::new(Wiring::Dense, &self.hidden).doc(),
            Kind::FirstSpike => Sizes::new(Wiring::FirstSpike, &self.hidden).doc(),
            Kind::Goodness => {
                "Dense layers that see the picture with a label; the label that they respond to most strongly is the answer."
            }
        }
    }

    fn layers(&self) -> Vec<Layer> {
        let kept = || -> &'static [usize] { Box::leak(self.hidden.clone().into_boxed_slice()) };
        match self.kind {
            Kind::Dense => {
                let activation = self.activation;
                let hidden =
                    self.hidden.iter().map(|units| Layer::Dense { units: *units, activation });
                let last = Layer::Dense { units: CLASSES, activation: Activation::Linear };
                hidden.chain([last]).collect()
            }
            Kind::Settling => vec![Layer::Settling { hidden: kept() }],
            Kind::Goodness => vec![Layer::Goodness { hidden: kept() }],
            Kind::Energy => vec![Layer::Energy { hidden: kept() }],
            Kind::Spiking => Sizes::new(Wiring::Dense, &self.hidden).layers(),
            Kind::FirstSpike => Sizes::new(Wiring::FirstSpike, &self.hidden).layers(),
            Kind::BothWays => {
                let hidden = self.hidden.first().copied().unwrap_or(1);
                vec![Layer::Spiking(Spiking::Energy { hidden })]
            }
            Kind::ConvStdp | Kind::ConvReward => {
                let [first, second] = [0, 1].map(|i| self.hidden.get(i).copied().unwrap_or(1));
                let design = match self.kind {
                    Kind::ConvStdp => conv_stdp::linear(first, second),
                    _ => conv_stdp::reward(first, second, PER_CLASS),
                };
                vec![Layer::ConvStdp(Box::leak(Box::new(design)))]
            }
        }
    }
}

/// The architecture of this id.
pub fn find(id: &str) -> Option<&'static Architecture> {
    static MADE: Made = Made::new(MOST_KNOWN);
    MADE.find(id, || {
        if let Some(widths) = Widths::parse(id) {
            return Some(Draft::new(widths.name(), widths.doc().into(), widths.layers()));
        }
        let sizes = Sizes::parse(id)?;
        Some(Draft::new(sizes.name(), sizes.doc().into(), sizes.layers()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_is_and_others_are_refused() {
        for id in [
            "dense-500-500",
            "dense-1-tanh",
            "settling-512",
            "goodness-4096-1-2",
            "lif-chl-300",
            "stdp-1-512",
            "reward-3-4",
            "energy-500-100",
        ] {
            let widths = Widths::parse(id).unwrap();
            assert_eq!(widths.id(), id);
            assert!(std::ptr::eq(find(id).unwrap(), find(id).unwrap()), "made once");
        }
        for id in [
            "dense",
            "dense-",
            "dense-0",
            "dense-+5",
            "dense-05",
            "dense-4097",
            "dense-5-relu",
            "settling-5-tanh",
            "goodness--5",
            "dense-1-1-1-1-1-1-1-1-1",
            "lif-chl",
            "lif-chl-5-5",
            "stdp-5",
            "stdp-5-513",
            "reward-1-2-3",
            "energy-500",
            "energy-500-513",
            "tanh",
            "",
        ] {
            assert!(find(id).is_none(), "{id}");
        }
    }
}

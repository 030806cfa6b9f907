//! Deep networks of spiking neurons, trained as they are and not converted: four with good
//! sizes, and others by ids that say all, such as `lif-512-256-t25-tau10`,
//! `lif-400-count`, `lif-conv-32-64-128-t8-tau4`, `lif-recurrent-256-t28` or
//! `first-spike-800`.
//!
//! `t` is the number of steps, `tau` the membrane's time constant in steps. The answer is
//! read from the mean of a leaky membrane without threshold, or, with `count`, from how
//! often each of ten neurons spikes. Other orders of layers are written in
//! [`super::notation`].

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::custom::{MOST_LAYERS, MOST_UNITS};
use super::{Activation, Architecture, Layer};
use crate::ann::ops::spiking::{MOST_STEPS, Neurons, Out};
use crate::data::{CLASSES, SIDE};

/// A layer of spiking neurons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spiking {
    /// Leaky integrate-and-fire neurons; what comes in is their current (see
    /// [`crate::ann::ops::spiking::lif`]).
    Lif(Neurons),
    /// The same, connected among themselves; the picture's rows are time (see
    /// [`crate::ann::ops::spiking::recurrent`]).
    Recurrent { hidden: usize, neurons: Neurons },
    /// Neurons that fire once, up to the ten classes (see
    /// [`crate::ann::ops::spiking::first_spike`]).
    FirstSpike { hidden: &'static [usize] },
    /// Neurons connected both ways with the ten classes (see
    /// [`crate::ann::ops::spiking::energy`]).
    Energy { hidden: usize },
}

/// Time constants that are allowed, steps.
pub const TAU: (f32, f32) = (0.5, 200.0);
/// Most neurons that are connected among themselves.
pub const MOST_RECURRENT: usize = 1024;
/// Most maps of a convolution that an id names.
const MOST_MAPS: usize = 256;
/// What the share of steps with a spike is multiplied with to become a logit.
const GAIN: f32 = 10.0;

/// How the neurons of a layer work, if they spike at many steps.
pub fn neurons(layer: &Layer) -> Option<&Neurons> {
    match layer {
        Layer::Spiking(Spiking::Lif(neurons) | Spiking::Recurrent { neurons, .. }) => Some(neurons),
        _ => None,
    }
}

/// [`neurons`], to be changed.
pub fn neurons_mut(layer: &mut Layer) -> Option<&mut Neurons> {
    match layer {
        Layer::Spiking(Spiking::Lif(neurons) | Spiking::Recurrent { neurons, .. }) => Some(neurons),
        _ => None,
    }
}

/// Sets what each layer of neurons passes on, which follows from where it stands: spikes; the
/// last one what the classes read, or, where the classes are neurons, how often they spike.
pub fn read_out(layers: &mut [Layer]) {
    let Some(last) = layers.iter().rposition(|l| neurons(l).is_some()) else { return };
    let counted = last + 1 == layers.len();
    // Who reads row by row has seen the whole digit only at the end.
    let by_rows = layers.iter().any(|l| matches!(l, Layer::Spiking(Spiking::Recurrent { .. })));
    for (number, layer) in layers.iter_mut().enumerate() {
        let Some(neurons) = neurons_mut(layer) else { continue };
        let tau = neurons.tau;
        neurons.out = match number {
            _ if number < last => Out::Spikes,
            _ if counted => Out::Count { gain: GAIN },
            _ if by_rows => Out::Last { tau: 2.0 * tau },
            _ => Out::Membrane { tau },
        };
    }
}

/// These widths for the rest of the program, each list once.
pub(super) fn kept(widths: &[usize]) -> &'static [usize] {
    static KNOWN: Mutex<BTreeSet<&'static [usize]>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(widths) {
        return found;
    }
    let new: &'static [usize] = Box::leak(widths.to_vec().into_boxed_slice());
    known.insert(new);
    new
}

/// How such a network is put together.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    pub kind: Wiring,
    /// Units of each hidden layer; of a convolutional one: maps of the first and of the
    /// second convolution, then units.
    pub hidden: Vec<usize>,
    /// Steps, 1 to [`MOST_STEPS`].
    pub steps: usize,
    /// Time constant of the membranes, steps.
    pub tau: f32,
    /// Whether the answer is read from the spikes of ten neurons.
    pub count: bool,
}

/// How its layers are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    Dense,
    Conv,
    Recurrent,
    FirstSpike,
}

impl Wiring {
    const ALL: [Self; 4] = [Self::Conv, Self::Recurrent, Self::FirstSpike, Self::Dense];

    /// What ids begin with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dense => "lif",
            Self::Conv => "lif-conv",
            Self::Recurrent => "lif-recurrent",
            Self::FirstSpike => "first-spike",
        }
    }

    /// Steps and time constant where none are named.
    pub(super) fn usual(self) -> (usize, f32) {
        match self {
            Self::Dense => (25, 10.0),
            Self::Conv => (8, 4.0),
            // Longer ones blur the rows; what is remembered goes round the connections.
            Self::Recurrent => (SIDE, 4.0),
            Self::FirstSpike => (1, 1.0),
        }
    }

    fn allows(self, hidden: &[usize]) -> bool {
        match self {
            Self::Dense | Self::FirstSpike => (1..=MOST_LAYERS).contains(&hidden.len()),
            Self::Conv => hidden.len() == 3 && hidden[..2].iter().all(|maps| *maps <= MOST_MAPS),
            Self::Recurrent => hidden.len() == 1 && hidden[0] <= MOST_RECURRENT,
        }
    }
}

/// A number without signs, exponents and leading zeros.
pub(super) fn plain<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let leads = text.starts_with('.') || (text.starts_with('0') && !text.starts_with("0."));
    (digits && !leads && !text.ends_with('.')).then(|| text.parse().ok())?
}

impl Sizes {
    /// With the usual steps and time constant.
    pub fn new(kind: Wiring, hidden: &[usize]) -> Self {
        let (steps, tau) = kind.usual();
        Self { kind, hidden: hidden.to_vec(), steps, tau, count: false }
    }

    /// What this id says; `None` where it is no such id, or out of range.
    pub fn parse(id: &str) -> Option<Self> {
        if id.len() > 80 {
            return None;
        }
        let of = |kind: Wiring| {
            let rest = id.strip_prefix(kind.word())?.strip_prefix('-')?;
            Some((kind, rest)).filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        let (kind, rest) = Wiring::ALL.into_iter().find_map(of)?;
        let mut parts = rest.split('-').peekable();
        let mut hidden = Vec::new();
        while let Some(units) = parts.peek().copied().and_then(plain::<usize>) {
            hidden.push(units);
            parts.next();
        }
        let mut sizes = Self::new(kind, &hidden);
        let timed = kind != Wiring::FirstSpike;
        if let Some(tau) = parts.peek().and_then(|p| p.strip_prefix("t")).and_then(plain) {
            sizes.steps = tau;
            parts.next();
        }
        if let Some(tau) = parts.peek().and_then(|p| p.strip_prefix("tau")).and_then(plain) {
            sizes.tau = tau;
            parts.next();
        }
        if parts.peek() == Some(&"count") {
            sizes.count = true;
            parts.next();
        }
        let rows = kind != Wiring::Recurrent || sizes.steps.is_multiple_of(SIDE);
        let whole = parts.next().is_none()
            && kind.allows(&hidden)
            && hidden.iter().all(|n| (1..=MOST_UNITS).contains(n))
            && (1..=MOST_STEPS).contains(&sizes.steps)
            && (TAU.0..=TAU.1).contains(&sizes.tau)
            && rows
            && (timed || sizes == Self::new(kind, &hidden));
        whole.then_some(sizes)
    }

    /// The id, with what is not usual.
    pub fn id(&self) -> String {
        let mut id = self.kind.word().to_owned();
        self.hidden.iter().for_each(|n| id += &format!("-{n}"));
        let (steps, tau) = self.kind.usual();
        if self.steps != steps {
            id += &format!("-t{}", self.steps);
        }
        if self.tau != tau {
            id += &format!("-tau{}", self.tau);
        }
        id + if self.count { "-count" } else { "" }
    }

    /// For people.
    pub fn name(&self) -> String {
        let widths: Vec<String> = self.hidden.iter().map(usize::to_string).collect();
        let widths = widths.join("–");
        let kind = match self.kind {
            Wiring::Dense => "LIF",
            Wiring::Conv => "Conv LIF",
            Wiring::Recurrent => "Recurrent LIF",
            Wiring::FirstSpike => return format!("First spike {widths}"),
        };
        let read = if self.count { ", counted" } else { "" };
        format!("{kind} {widths}, {} steps, τ {}{read}", self.steps, self.tau)
    }

    /// What it is.
    pub fn doc(&self) -> &'static str {
        match self.kind {
            Wiring::Dense => {
                "Leaky integrate-and-fire neurons, every pixel a constant current; trained through their spikes by surrogate gradients."
            }
            Wiring::Conv => {
                "A convolutional network whose units spike: kernels slide over the digit, and then over the spikes of each step."
            }
            Wiring::Recurrent => {
                "Spiking neurons connected among themselves; they read the digit from the top, a row at a time."
            }
            Wiring::FirstSpike => {
                "Each neuron fires at most once; the class that fires first is the answer. Gradients go through the times of spikes, exactly."
            }
        }
    }

    /// Its layers. What ids name stays for the rest of the program.
    pub fn layers(&self) -> Vec<Layer> {
        let neurons = Neurons { steps: self.steps, tau: self.tau, out: Out::Spikes };
        let lif = Layer::Spiking(Spiking::Lif(neurons));
        let current = |units| Layer::Dense { units, activation: Activation::Linear };
        let mut layers = Vec::new();
        let dense = match self.kind {
            Wiring::FirstSpike => {
                return vec![Layer::Spiking(Spiking::FirstSpike { hidden: kept(&self.hidden) })];
            }
            Wiring::Recurrent => {
                let hidden = self.hidden.first().copied().unwrap_or(1);
                layers.push(Layer::Spiking(Spiking::Recurrent { hidden, neurons }));
                &[]
            }
            Wiring::Dense => &self.hidden[..],
            Wiring::Conv => {
                for filters in &self.hidden[..2] {
                    let conv = Layer::Conv { kernel: 5, filters: *filters };
                    layers.extend([conv, Layer::MaxPool, lif]);
                }
                &self.hidden[2..]
            }
        };
        layers.extend(dense.iter().flat_map(|units| [current(*units), lif]));
        layers.push(current(CLASSES));
        layers.extend(self.count.then_some(lif));
        read_out(&mut layers);
        layers
    }

    /// What these layers are, if an id of this kind says all of it.
    pub fn of(layers: &[Layer]) -> Option<Self> {
        let count = matches!(layers.last(), Some(Layer::Spiking(Spiking::Lif(_))));
        let is_conv = |l: &Layer| matches!(l, Layer::Conv { .. });
        let (kind, hidden) = match layers.first()? {
            Layer::Spiking(Spiking::FirstSpike { hidden }) => (Wiring::FirstSpike, hidden.to_vec()),
            Layer::Spiking(Spiking::Recurrent { hidden, .. }) => (Wiring::Recurrent, vec![*hidden]),
            _ => {
                let units = |l: &Layer| match l {
                    Layer::Conv { filters: n, .. } | Layer::Dense { units: n, .. } => Some(*n),
                    _ => None,
                };
                let mut hidden: Vec<usize> = layers.iter().filter_map(units).collect();
                // The classes.
                hidden.pop();
                let conv = layers.iter().any(is_conv);
                (if conv { Wiring::Conv } else { Wiring::Dense }, hidden)
            }
        };
        let mut sizes = Self::new(kind, &hidden);
        if let Some(first) = layers.iter().find_map(neurons) {
            (sizes.steps, sizes.tau, sizes.count) = (first.steps, first.tau, count);
        }
        let named = Self::parse(&sizes.id()).as_ref() == Some(&sizes);
        (named && sizes.layers() == layers).then_some(sizes)
    }

    /// The id of a network of these sizes: the usual ones have short names.
    pub fn known_as(&self) -> String {
        let usual = USUAL.iter().find(|(_, kind, hidden)| Self::new(*kind, hidden) == *self);
        usual.map_or_else(|| self.id(), |(architecture, ..)| architecture.id.to_owned())
    }
}

/// What a network of spikes is made of; `None` where this id names none.
pub fn sizes(id: &str) -> Option<Sizes> {
    let found = USUAL.iter().find(|(architecture, ..)| architecture.id == id);
    found.map(|(_, kind, hidden)| Sizes::new(*kind, hidden)).or_else(|| Sizes::parse(id))
}

/// Networks with short names, and their sizes.
static USUAL: [(&Architecture, Wiring, &[usize]); 4] = [
    (&LIF_DENSE, Wiring::Dense, &DENSE),
    (&LIF_CONV, Wiring::Conv, &CONV),
    (&LIF_RECURRENT, Wiring::Recurrent, &RECURRENT),
    (&FIRST_SPIKE, Wiring::FirstSpike, &FIRST),
];

const DENSE: [usize; 1] = [512];
const CONV: [usize; 3] = [32, 64, 128];
const RECURRENT: [usize; 1] = [256];
const FIRST: [usize; 1] = [800];

/// One hidden layer: 784–512–10.
pub static LIF_DENSE: Architecture = Architecture {
    id: "lif-dense",
    name: "LIF dense",
    doc: "512 leaky integrate-and-fire neurons over 25 steps, every pixel a constant current; trained through their spikes by surrogate gradients.",
    layers: &|| Sizes::new(Wiring::Dense, &DENSE).layers(),
    epochs: 20,
    average_epochs: 5,
    report: None,
    seed: 1,
};

/// Conv 5×5 (32), max-pool, LIF, conv 5×5 (64), max-pool, LIF, dense 128, LIF, dense 10.
pub static LIF_CONV: Architecture = Architecture {
    id: "lif-conv",
    name: "LIF conv",
    doc: "A convolutional network whose units spike, over 8 steps: kernels slide over the digit, and then over the spikes of each step.",
    layers: &|| Sizes::new(Wiring::Conv, &CONV).layers(),
    epochs: 15,
    average_epochs: 5,
    report: None,
    seed: 1,
};

/// Rows as time, 256 recurrent neurons, dense 10.
pub static LIF_RECURRENT: Architecture = Architecture {
    id: "lif-recurrent",
    name: "LIF recurrent",
    doc: "256 spiking neurons connected among themselves; they read the digit from the top, a row at a time.",
    layers: &|| Sizes::new(Wiring::Recurrent, &RECURRENT).layers(),
    epochs: 20,
    average_epochs: 5,
    report: None,
    seed: 1,
};

/// 784–800–10, one spike each.
pub static FIRST_SPIKE: Architecture = Architecture {
    id: "first-spike",
    name: "First spike",
    doc: "800 neurons that fire at most once; the class that fires first is the answer (Mostafa 2017). Gradients go through the times of spikes, exactly.",
    layers: &|| Sizes::new(Wiring::FirstSpike, &FIRST).layers(),
    epochs: 20,
    average_epochs: 5,
    report: None,
    seed: 1,
};

/// 784–512–10, connected both ways.
pub static LIF_CHL: Architecture = Architecture {
    id: "lif-chl",
    name: "LIF energy",
    doc: "512 leaky integrate-and-fire neurons and ten classes, connected both ways by the same weights; a synapse learns from how its neurons' spikes go together, with the target and without (after Mesnard, Gerstner and Brea 2016).",
    layers: &|| vec![Layer::Spiking(Spiking::Energy { hidden: 512 })],
    epochs: 20,
    average_epochs: 5,
    report: None,
    seed: 1,
};

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    #[test]
    fn an_id_says_what_it_is_and_others_are_refused() {
        for id in [
            "lif-512",
            "lif-512-256-t24-tau7.5",
            "lif-40-30-count",
            "lif-conv-32-64-128-t4",
            "lif-conv-12-30-50-tau2-count",
            "lif-recurrent-256-t56",
            "lif-recurrent-9-count",
            "first-spike-800",
            "first-spike-400-200",
        ] {
            let sizes = Sizes::parse(id).unwrap();
            assert_eq!(sizes.id(), id);
            assert_eq!(Sizes::of(&sizes.layers()), Some(sizes));
            assert!(std::ptr::eq(find(id).unwrap(), find(id).unwrap()), "made once");
        }
        for id in [
            "lif",
            "lif-",
            "lif-0",
            "lif-+5",
            "lif-05",
            "lif-5.5",
            "lif-4097",
            "lif-5-t0",
            "lif-5-t129",
            "lif-5-tau0.1",
            "lif-5-tau1e1",
            "lif-5-tauNaN",
            "lif-5-count-t9",
            "lif-5-t9-t9",
            "lif-1-1-1-1-1-1-1-1-1",
            "lif-conv-5-5",
            "lif-conv-257-5-5",
            "lif-recurrent-5-5",
            "lif-recurrent-5-t27",
            "first-spike-5-t9",
            "first-spike-5-count",
            "first-spike",
        ] {
            assert!(Sizes::parse(id).is_none(), "{id}");
        }
    }
}

//! Layers of spiking neurons in the notation: `Dense(512) - LIF(T 25, tau 10) - Dense(10)`.
//!
//! T is the number of steps, tau the membranes' time constant in steps. Where they are not
//! said they are those of the layer of neurons before, and T is the same in the whole
//! network. The sums right before neurons, pooled or not, are their currents. What neurons
//! pass on follows from where they stand (see [`read_out`]).

use super::read::{Said, shortened};
use super::{Activation, CLASSES, Layer, MOST_UNITS, MOST_VALUES, Misfit, PoolKind};
use super::{function_mut, read_out, usual, write};
use crate::ann::ops::spiking::{MOST_STEPS, Neurons, Out};
use crate::ann::zoo::spiking::{TAU, Wiring, kept, neurons, neurons_mut, plain};
use crate::ann::zoo::{LayerSummary, MOST_LAYERS as MOST_HIDDEN_LAYERS, Spiking, is_current};
use crate::data::SIDE;

pub(super) use crate::ann::zoo::spiking::MOST_RECURRENT;

/// A layer as it is written: what is not said follows from its neighbours.
#[derive(Clone, Copy)]
pub(super) struct Written {
    pub layer: Layer,
    /// Whether its function is said, if it has one.
    pub function: bool,
    /// Steps and time constant of neurons, where they are said.
    pub steps: Option<usize>,
    pub tau: Option<f32>,
}

impl From<Layer> for Written {
    fn from(layer: Layer) -> Self {
        Self { layer, function: true, steps: None, tau: None }
    }
}

/// The layers, with what was not said of them.
pub(super) fn settled(written: &[Written]) -> Vec<Layer> {
    let mut layers: Vec<Layer> = written.iter().map(|w| w.layer).collect();
    let (steps, mut tau) = usual_time(&layers);
    let steps = written.iter().find_map(|w| w.steps).unwrap_or(steps);
    for (layer, said) in layers.iter_mut().zip(written) {
        if let Some(neurons) = neurons_mut(layer) {
            tau = said.tau.unwrap_or(tau);
            (neurons.steps, neurons.tau) = (said.steps.unwrap_or(steps), tau);
        }
    }
    for (at, _) in written.iter().enumerate().filter(|(_, said)| !said.function) {
        let usual = usual(&layers, at);
        if let (Some(function), Some(usual)) = (function_mut(&mut layers[at]), usual) {
            *function = usual;
        }
    }
    read_out(&mut layers);
    layers
}

/// Steps and time constant where none are said: those of the preset of such layers.
fn usual_time(layers: &[Layer]) -> (usize, f32) {
    let any = |is: fn(&Layer) -> bool| layers.iter().any(is);
    let kind = if any(|l| matches!(l, Layer::Spiking(Spiking::Recurrent { .. }))) {
        Wiring::Recurrent
    } else if any(|l| matches!(l, Layer::Conv { .. } | Layer::Convolution { .. })) {
        Wiring::Conv
    } else {
        Wiring::Dense
    };
    kind.usual()
}

/// `LIF`, `LIF(T 25, tau 10)`.
pub(super) fn lif(said: &Said<'_>) -> Result<Written, String> {
    if let Some(number) = said.sizes.first().filter(|word| word.parse::<usize>().is_ok()) {
        return Err(format!(
            "LIF neurons are as many as the sums before them, which are their currents: write Dense({}) - LIF",
            shortened(number)
        ));
    }
    timed(said, &said.sizes, |neurons| Layer::Spiking(Spiking::Lif(neurons)))
}

/// `RLIF(256, T 28, tau 4)`.
pub(super) fn recurrent(said: &Said<'_>) -> Result<Written, String> {
    let (hidden, words) = said.size("units", MOST_RECURRENT)?;
    timed(said, words, |neurons| Layer::Spiking(Spiking::Recurrent { hidden, neurons }))
}

/// `FirstSpike(400, 200)`.
pub(super) fn first_spike(said: &Said<'_>) -> Result<Layer, String> {
    if !said.window.is_empty() {
        return Err("has no window; units of its hidden layers stand in parentheses".into());
    }
    let units = |word: &&str| plain(word).filter(|n| (1..=MOST_UNITS).contains(n));
    let hidden: Option<Vec<usize>> = said.sizes.iter().map(units).collect();
    match hidden.filter(|h| (1..=MOST_HIDDEN_LAYERS).contains(&h.len())) {
        Some(hidden) => Ok(Layer::Spiking(Spiking::FirstSpike { hidden: kept(&hidden) })),
        None => Err(format!(
            "takes the units of its hidden layers, such as FirstSpike(400, 200): up to {MOST_HIDDEN_LAYERS} of up to {MOST_UNITS}"
        )),
    }
}

/// Neurons with the steps and the time constant among these words.
fn timed(
    said: &Said<'_>,
    words: &[&str],
    layer: impl Fn(Neurons) -> Layer,
) -> Result<Written, String> {
    if !said.window.is_empty() {
        return Err("T and tau stand in parentheses, such as LIF(T 25, tau 10)".into());
    }
    let neurons = Neurons { steps: 1, tau: 1.0, out: Out::Spikes };
    let mut written = Written::from(layer(neurons));
    for word in words {
        let lower = word.to_lowercase();
        let after = |names: &[&str]| {
            let rest = names.iter().find_map(|name| lower.strip_prefix(name))?;
            Some(rest.trim_start_matches([' ', '=']))
        };
        if let Some(tau) = after(&["tau", "τ"]) {
            let fits = |tau: &f32| (TAU.0..=TAU.1).contains(tau);
            let (least, most) = TAU;
            written.tau = Some(plain(tau).filter(fits).ok_or_else(|| {
                format!("tau is a number of steps from {least} to {most}, not {}", shortened(tau))
            })?);
        } else if let Some(steps) = after(&["steps", "t"]) {
            let fits = |steps: &usize| (1..=MOST_STEPS).contains(steps);
            written.steps = Some(plain(steps).filter(fits).ok_or_else(|| {
                format!(
                    "T is a whole number of steps from 1 to {MOST_STEPS}, not {}",
                    shortened(steps)
                )
            })?);
        } else {
            return Err(format!(
                "\"{}\" says nothing of LIF neurons; there are T 25, the steps, and tau 10, the membranes' time constant",
                shortened(word)
            ));
        }
    }
    Ok(written)
}

/// A layer of spiking neurons as text: T where it is the first of them, tau where it is
/// another than that of those before.
pub(super) fn text(layers: &[Layer], at: usize) -> String {
    let (name, mut words) = match layers.get(at) {
        Some(Layer::Spiking(Spiking::FirstSpike { hidden })) => {
            ("FirstSpike", hidden.iter().map(usize::to_string).collect())
        }
        Some(Layer::Spiking(Spiking::Recurrent { hidden, .. })) => {
            ("RLIF", vec![hidden.to_string()])
        }
        _ => ("LIF", Vec::new()),
    };
    if let Some(now) = layers.get(at).and_then(neurons) {
        let before = || layers[..at].iter().filter_map(neurons);
        if before().next().is_none_or(|first| first.steps != now.steps) {
            words.push(format!("T {}", now.steps));
        }
        if before().next_back().is_none_or(|last| last.tau != now.tau) {
            words.push(format!("tau {}", now.tau));
        }
    }
    if words.is_empty() { name.into() } else { format!("{name}({})", words.join(", ")) }
}

/// `25_7.5`: steps and time constant in an id.
pub(super) fn spelled(time: &str) -> Option<Neurons> {
    let (steps, tau) = time.split_once('_')?;
    let steps = plain(steps).filter(|steps| (1..=MOST_STEPS).contains(steps))?;
    let tau = plain(tau).filter(|tau| (TAU.0..=TAU.1).contains(tau))?;
    Some(Neurons { steps, tau, out: Out::Spikes })
}

/// Steps of a network of LIF neurons; `None` where there are none.
pub fn steps(layers: &[Layer]) -> Option<usize> {
    layers.iter().find_map(neurons).map(|neurons| neurons.steps)
}

/// Gives all layers of LIF neurons so many steps.
pub fn set_steps(layers: &mut [Layer], steps: usize) {
    layers.iter_mut().filter_map(neurons_mut).for_each(|neurons| neurons.steps = steps);
}

/// Why a layer does not fit into a network of spiking neurons; `None` where it does, or
/// where no neurons spike.
pub(super) fn misfit(layers: &[Layer], at: usize) -> Option<String> {
    let spikes = |l: &Layer| matches!(l, Layer::Spiking(_));
    let last = layers.iter().rposition(spikes)?;
    match layers[at] {
        Layer::Spiking(Spiking::FirstSpike { .. }) if layers.len() > 1 => {
            Some("is a network of its own, up to the ten classes, and stands alone".into())
        }
        Layer::Spiking(Spiking::Recurrent { .. }) if at > 0 => {
            Some("reads the picture itself row by row, so it comes first".into())
        }
        Layer::Spiking(Spiking::Recurrent { neurons, .. }) => {
            let rows = neurons.steps.is_multiple_of(SIDE);
            let why = || {
                format!(
                    "each of the {SIDE} rows is shown for as many steps, so T is {SIDE}, 56, 84 or 112, not {}",
                    neurons.steps
                )
            };
            out_of_time(layers, &neurons).or_else(|| (!rows).then(why))
        }
        Layer::Spiking(Spiking::Lif(neurons)) => {
            let before = layers[..at].iter().rev().find(|l| !pools(l));
            if before.is_some_and(spikes) {
                return Some("takes sums as currents, and spikes come before it; put Dense or Conv between".into());
            }
            out_of_time(layers, &neurons)
        }
        Layer::Conv { .. } | Layer::Convolution { .. } | Layer::Dense { .. } => {
            (at + 1 < layers.len()).then(|| sums(layers, at))?
        }
        Layer::Dropout(_) => {
            let is_sum = |l: &Layer| spikes(l) || adds_up(l);
            let first = layers.iter().position(is_sum).unwrap_or(last);
            (at > first && at < last).then(|| {
                "units would have to stay out over all steps, which is not computed here; with LIF neurons, Dropout stands first or right before the last Dense(10)".into()
            })
        }
        Layer::MaxPool | Layer::Pool { kind: PoolKind::Max, .. } if at > last => Some(
            "would compare what the last LIF neurons are read out as, and not spikes; put it before them, or take AvgPool".into(),
        ),
        Layer::Recurrent { .. } => {
            Some("does not go together with LIF neurons; RLIF reads the picture row by row, too".into())
        }
        Layer::Activate(activation) => Some(format!(
            "{} does not go together with LIF neurons, which take sums as currents; leave it out",
            write::word(activation)
        )),
        Layer::Affine => Some("does not go together with LIF neurons; leave it out".into()),
        _ => None,
    }
}

/// Whether it pools, and so may stand between sums and the neurons whose currents they are.
fn pools(layer: &Layer) -> bool {
    matches!(layer, Layer::MaxPool | Layer::Pool { .. })
}

/// Whether it adds up what comes in.
fn adds_up(layer: &Layer) -> bool {
    matches!(layer, Layer::Conv { .. } | Layer::Convolution { .. } | Layer::Dense { .. })
}

/// Why sums are no currents, if they are not.
fn sums(layers: &[Layer], at: usize) -> Option<String> {
    if !is_current(layers, at) {
        return Some(
            "is not followed by LIF neurons, as every layer of a spiking network but the last is; put LIF after it, or after its pooling".into(),
        );
    }
    match layers[at] {
        Layer::Convolution { activation, .. } | Layer::Dense { activation, .. }
            if activation != Activation::Linear =>
        {
            Some(format!(
                "its sums are the currents of the LIF neurons after it, negative ones too; leave {} out",
                write::word(activation)
            ))
        }
        _ => None,
    }
}

/// Why neurons cannot run like this, if they cannot.
fn out_of_time(layers: &[Layer], now: &Neurons) -> Option<String> {
    if !(1..=MOST_STEPS).contains(&now.steps) {
        return Some(format!("T is a whole number of steps from 1 to {MOST_STEPS}"));
    }
    if !(TAU.0..=TAU.1).contains(&now.tau) {
        return Some(format!("tau is a number of steps from {} to {}", TAU.0, TAU.1));
    }
    let first = steps(layers).filter(|first| *first != now.steps)?;
    Some(format!(
        "runs for {} steps, and the first LIF neurons for {first}; T is the same in the whole network",
        now.steps
    ))
}

/// Why the last layer, of spiking neurons, is no end of a network; `None` if it is.
pub(super) fn end(layers: &[Layer]) -> Option<&'static str> {
    match layers {
        [Layer::Spiking(Spiking::FirstSpike { .. })]
        | [
            ..,
            Layer::Dense { units: CLASSES, activation: Activation::Linear },
            Layer::Spiking(Spiking::Lif(_)),
        ] => None,
        _ => Some(
            "a network ends in Dense(10), a unit for each digit; LIF neurons after it are the ten classes",
        ),
    }
}

/// Where a network of spiking neurons becomes larger than is computed here, if it does:
/// every value at every step is kept for the way back.
pub(super) fn too_large(layers: &[Layer], lines: &[LayerSummary]) -> Option<Misfit> {
    layers.iter().find_map(neurons)?;
    let (mut steps, mut values) = (1, 0usize);
    for (layer, (at, line)) in layers.iter().zip(lines.iter().enumerate()) {
        let own = neurons(layer).map_or(steps, |neurons| neurons.steps);
        steps = neurons(layer).map_or(steps, Neurons::out_steps);
        values = values.saturating_add(line.output.iter().product::<usize>().saturating_mul(own));
        if values > MOST_VALUES {
            let why = format!(
                "with this layer, units times steps are more than {} million; take fewer maps or steps, or pool before",
                MOST_VALUES / 1_000_000
            );
            return Some(Misfit { layer: at, why });
        }
    }
    None
}

#[cfg(test)]
mod tests;

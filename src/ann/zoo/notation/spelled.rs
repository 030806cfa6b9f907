//! Structures as ids, which are also parts of file names: `net-c3.32-p2-d0.2-f128-f10`.

use super::{Activation, Cell, Layer, MOST_FILTERS, MOST_HIDDEN, MOST_KERNEL, MOST_LAYERS};
use super::{MOST_UNITS, Order, PoolKind, Window, spiking};
use crate::ann::zoo::Spiking;

/// What they begin with.
pub(super) const WORD: &str = "net";
/// The longest id: with a time and a seed it still is a file's name.
pub(super) const MOST: usize = 200;

/// The id of these layers, which are [`super::plainest`].
pub(super) fn id(layers: &[Layer]) -> String {
    let mut id = WORD.to_owned();
    for layer in layers {
        id.push('-');
        id += &spell(layer);
    }
    id
}

fn letter(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear => "l",
        Activation::Relu => "r",
        Activation::Tanh => "t",
        Activation::Sigmoid => "s",
        Activation::LeakyRelu => "k",
    }
}

fn word(cell: Cell) -> &'static str {
    match cell {
        Cell::Simple => "rnn",
        Cell::Gru => "gru",
        Cell::Lstm => "lstm",
    }
}

fn spell(layer: &Layer) -> String {
    match *layer {
        Layer::Conv { kernel, filters } => format!("c{kernel}.{filters}"),
        Layer::MaxPool => "p2".into(),
        Layer::Dropout(rate) => format!("d{rate}"),
        Layer::Dense { units, activation } => format!("f{units}{}", letter(activation)),
        Layer::Recurrent { cell, order, hidden } => {
            let order = if order == Order::Rows { "r" } else { "c" };
            format!("{}{hidden}{order}", word(cell))
        }
        Layer::Convolution { window, filters, activation } => {
            format!("v{}.{filters}{}", window_id(window), letter(activation))
        }
        Layer::Pool { kind, window } => {
            let kind = match kind {
                PoolKind::Max => "m",
                PoolKind::Average => "a",
                PoolKind::AverageCounted => "b",
            };
            format!("{kind}{}", window_id(window))
        }
        Layer::Affine => "n".into(),
        Layer::Activate(activation) => format!("e{}", letter(activation)),
        Layer::Spiking(Spiking::Lif(n)) => format!("lif{}_{}", n.steps, n.tau),
        Layer::Spiking(Spiking::Recurrent { hidden, neurons: n }) => {
            format!("rlif{hidden}_{}_{}", n.steps, n.tau)
        }
        // Not to be had in a structure of one's own.
        _ => "x".into(),
    }
}

/// `3x3`, with strides and padding where they differ from one and none: `3x3.2x2.1.1.1.1`.
fn window_id(window: Window) -> String {
    let [h, w] = window.kernel;
    let [down, across] = window.stride;
    let mut id = format!("{h}x{w}");
    if window.stride != [1, 1] || !window.is_inside() {
        id += &format!("_{down}x{across}");
    }
    if !window.is_inside() {
        let sides = window.padding.map(|n| n.to_string());
        id += &format!("_{}", sides.join("."));
    }
    id
}

/// The layers that an id spells; `None` where it is no such id or a number is out of range.
pub(super) fn layers(id: &str) -> Option<Vec<Layer>> {
    if id.len() > MOST {
        return None;
    }
    let rest = id.strip_prefix(WORD)?.strip_prefix('-')?;
    let mut layers: Vec<Layer> = rest.split('-').map(unspell).collect::<Option<_>>()?;
    super::read_out(&mut layers);
    // Only one spelling of each.
    (layers.len() <= MOST_LAYERS && self::id(&layers) == id).then_some(layers)
}

fn number(text: &str, most: usize) -> Option<usize> {
    text.parse().ok().filter(|n| (1..=most).contains(n))
}

fn activation(letter: &str) -> Option<Activation> {
    [
        Activation::Linear,
        Activation::Relu,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::LeakyRelu,
    ]
    .into_iter()
    .find(|a| self::letter(*a) == letter)
}

/// A text and its last letter.
fn ending(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(text.len().checked_sub(1)?)
}

fn unspell(part: &str) -> Option<Layer> {
    for cell in Cell::ALL {
        if let Some(rest) = part.strip_prefix(word(cell)) {
            let (hidden, order) = ending(rest)?;
            let hidden = number(hidden, MOST_HIDDEN).filter(|n| n.is_multiple_of(16))?;
            let order = match order {
                "r" => Order::Rows,
                "c" => Order::Columns,
                _ => return None,
            };
            return Some(Layer::Recurrent { cell, order, hidden });
        }
    }
    if let Some(rest) = part.strip_prefix("rlif") {
        let (hidden, time) = rest.split_once('_')?;
        let hidden = number(hidden, spiking::MOST_RECURRENT)?;
        let neurons = spiking::spelled(time)?;
        return Some(Layer::Spiking(Spiking::Recurrent { hidden, neurons }));
    }
    if let Some(time) = part.strip_prefix("lif") {
        return spiking::spelled(time).map(|neurons| Layer::Spiking(Spiking::Lif(neurons)));
    }
    let (kind, rest) = part.split_at_checked(1)?;
    match kind {
        "c" => {
            let (kernel, filters) = rest.split_once('.')?;
            let kernel = number(kernel, MOST_KERNEL)?;
            Some(Layer::Conv { kernel, filters: number(filters, MOST_FILTERS)? })
        }
        "p" if rest == "2" => Some(Layer::MaxPool),
        "d" => rest
            .parse::<f32>()
            .ok()
            .filter(|r| (0.0..=0.95).contains(r))
            .map(|r| Layer::Dropout((r * 1000.0).round() / 1000.0)),
        "f" => {
            let (units, letter) = ending(rest)?;
            let units = number(units, MOST_UNITS)?;
            Some(Layer::Dense { units, activation: activation(letter)? })
        }
        "v" => {
            let (rest, letter) = ending(rest)?;
            let (window, filters) = rest.rsplit_once('.')?;
            Some(Layer::Convolution {
                window: window_of(window)?,
                filters: number(filters, MOST_FILTERS)?,
                activation: activation(letter)?,
            })
        }
        "m" | "a" | "b" => {
            let kind = match kind {
                "m" => PoolKind::Max,
                "a" => PoolKind::Average,
                _ => PoolKind::AverageCounted,
            };
            Some(Layer::Pool { kind, window: window_of(rest)? })
        }
        "n" if rest.is_empty() => Some(Layer::Affine),
        "e" => Some(Layer::Activate(activation(rest)?)),
        _ => None,
    }
}

fn window_of(text: &str) -> Option<Window> {
    let pair = |text: &str| {
        let (a, b) = text.split_once('x')?;
        Some([number(a, MOST_KERNEL)?, number(b, MOST_KERNEL)?])
    };
    let mut parts = text.split('_');
    let kernel = pair(parts.next()?)?;
    let stride = parts.next().map_or(Some([1; 2]), pair)?;
    let padding = match parts.next() {
        None => [0; 4],
        Some(sides) => {
            let side = |s: &str| s.parse().ok().filter(|n| *n <= MOST_KERNEL);
            let sides: Vec<usize> = sides.split('.').map(side).collect::<Option<_>>()?;
            sides.try_into().ok()?
        }
    };
    parts.next().is_none().then_some(Window { kernel, stride, padding })
}

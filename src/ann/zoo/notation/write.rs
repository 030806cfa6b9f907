//! Layers as text.

use super::{Activation, Layer, Order, PoolKind, Window, spiking, usual};
use crate::ann::zoo::Spiking;
use crate::data::CLASSES;

/// The structure in the report's notation; [`super::parse`] reads the same layers in it.
pub fn text(layers: &[Layer]) -> String {
    let each = (0..layers.len()).map(|at| layer_text(layers, at));
    each.collect::<Vec<_>>().join(" - ")
}

/// One of these layers in the report's notation: what follows from its neighbours, such as
/// the usual function, is not written.
pub fn layer_text(layers: &[Layer], at: usize) -> String {
    let Some(layer) = layers.get(at) else { return String::new() };
    let usual = usual(layers, at).unwrap_or_default();
    match *layer {
        Layer::Conv { kernel, filters } => format!("Conv[{kernel}x{kernel}]({filters})"),
        Layer::MaxPool => "MaxPool[2x2]".into(),
        Layer::Dropout(rate) => format!("Dropout({rate})"),
        Layer::Recurrent { cell, order, hidden } => {
            let order = if order == Order::Rows { "" } else { ", columns" };
            format!("{}({hidden}{order})", cell.name())
        }
        Layer::Dense { units, activation } => {
            format!("Dense({units}{})", after(activation, usual))
        }
        Layer::Convolution { window, filters, activation } => {
            let after = after(activation, usual);
            format!("Conv[{}]({filters}{after})", window_text(window, [1; 2]))
        }
        Layer::Pool { kind, window } => {
            let name = if kind == PoolKind::Max { "MaxPool" } else { "AvgPool" };
            let counted = if kind == PoolKind::AverageCounted { "(with padding)" } else { "" };
            format!("{name}[{}]{counted}", window_text(window, window.kernel))
        }
        Layer::Affine => "Affine".into(),
        Layer::Activate(activation) => word(activation).into(),
        Layer::Settling { .. } => "Settling".into(),
        Layer::Goodness { .. } => "Goodness".into(),
        Layer::Energy { .. } => "Energy".into(),
        Layer::Spiking(_) => spiking::text(layers, at),
        Layer::ConvStdp(_) => "Conv-STDP".into(),
    }
}

/// The word for a function.
pub(super) fn word(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear => "linear",
        Activation::Relu => "ReLU",
        Activation::Tanh => "tanh",
        Activation::Sigmoid => "sigmoid",
        Activation::LeakyRelu => "LeakyReLU",
    }
}

fn after(activation: Activation, usual: Activation) -> String {
    if activation == usual { String::new() } else { format!(", {}", word(activation)) }
}

fn pair([a, b]: [usize; 2]) -> String {
    if a == b { a.to_string() } else { format!("{a}x{b}") }
}

fn window_text(window: Window, usual: [usize; 2]) -> String {
    let [h, w] = window.kernel;
    let mut text = format!("{h}x{w}");
    if window.stride != usual {
        text += &format!(", stride {}", pair(window.stride));
    }
    match window.padding {
        [0, 0, 0, 0] => {}
        [top, left, bottom, right] if top == bottom && left == right => {
            text += &format!(", padding {}", pair([top, left]));
        }
        [top, left, bottom, right] => text += &format!(", padding {top}/{left}/{bottom}/{right}"),
    }
    text
}

/// A name for lists: what learns, without the classes, of which only others than ten are said.
pub(super) fn name(layers: &[Layer]) -> String {
    let mut parts: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut add = |kind: &'static str, size: usize| match parts.last_mut() {
        Some((last, sizes)) if *last == kind => sizes.push(size),
        _ => parts.push((kind, vec![size])),
    };
    for layer in layers {
        match *layer {
            Layer::Conv { filters, .. } | Layer::Convolution { filters, .. } => {
                add("conv", filters);
            }
            Layer::Dense { units, .. } => add("dense", units),
            Layer::Recurrent { cell, hidden, .. } => add(cell.name(), hidden),
            Layer::Spiking(Spiking::Recurrent { hidden, .. }) => add("recurrent", hidden),
            _ => {}
        }
    }
    let classes = match layers.last() {
        Some(Layer::Dense { units, .. }) => *units,
        _ => CLASSES,
    };
    if let Some((_, sizes)) = parts.last_mut().filter(|(kind, _)| *kind == "dense") {
        if sizes.last() == Some(&classes) {
            sizes.pop();
        }
        if sizes.is_empty() {
            parts.pop();
        }
    }
    let said = parts.iter().map(|(kind, sizes)| {
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        format!("{kind} {}", sizes.join("–"))
    });
    let mut said = said.collect::<Vec<_>>().join(", ");
    // Networks of LIF neurons say so, and how long they take.
    if let Some(steps) = spiking::steps(layers) {
        let space = if said.is_empty() { "" } else { " " };
        said = format!("LIF{space}{said}, {steps} steps");
    }
    let number = if classes == CLASSES { String::new() } else { format!(" ({classes} classes)") };
    let mut letters = said.chars();
    match letters.next() {
        None => format!("{} sums{number}", if classes == CLASSES { "Ten" } else { "Only" }),
        Some(first) => {
            let name: String = first.to_uppercase().chain(letters).collect();
            let short: String = name.chars().take(38).collect();
            let short = if short.len() < name.len() { format!("{short}…") } else { name };
            short + &number
        }
    }
}

//! Text as layers.

use super::spiking::{self, Written};
use super::{Activation, Cell, Layer, MOST_FILTERS, MOST_HIDDEN, MOST_KERNEL};
use super::{MOST_LAYERS, MOST_UNITS, Misfit, Order, PoolKind, Window};

/// The longest text that is read.
const MOST_TEXT: usize = 2_000;

/// The layers of a text. Layers are apart by `-`, `–`, `→` or line ends; what stands in
/// brackets is the window (`[3x3, stride 2, padding 1]`), what in parentheses the size and
/// the function (`(32, tanh)`), or how neurons spike (`(T 25, tau 10)`). Upper and lower case
/// are the same.
///
/// # Errors
/// [`Misfit`] at the first layer that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Layer>, Misfit> {
    if text.len() > MOST_TEXT {
        let why = format!("the text is longer than {MOST_TEXT} letters");
        return Err(Misfit { layer: 0, why });
    }
    let mut written = Vec::new();
    for (number, piece) in pieces(text).into_iter().enumerate() {
        let at = |why| Misfit { layer: number, why };
        if number == MOST_LAYERS {
            return Err(at(format!("more than {MOST_LAYERS} layers are not read")));
        }
        written.push(read(piece).map_err(at)?);
    }
    Ok(spiking::settled(&written))
}

/// Cuts at what stands between layers, outside brackets.
fn pieces(text: &str) -> Vec<&str> {
    let mut depth = 0i32;
    let apart = |c: char| {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            _ => {}
        }
        depth <= 0 && matches!(c, '-' | '–' | '—' | '→' | '>' | '\n' | ';')
    };
    text.split(apart).map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

/// A layer's name, and what stands in its brackets and parentheses.
pub(super) struct Said<'a> {
    name: String,
    pub(super) window: Vec<&'a str>,
    pub(super) sizes: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn of(piece: &'a str) -> Result<Self, String> {
        let name_end = piece.find(['[', '(']).unwrap_or(piece.len());
        let (name, mut rest) = piece.split_at(name_end);
        let mut part = |open: char, close: char| -> Result<Vec<&'a str>, String> {
            rest = rest.trim_start();
            let Some(inside) = rest.strip_prefix(open) else { return Ok(Vec::new()) };
            let end = inside.find(close).ok_or_else(|| format!("a {close} is missing"))?;
            rest = &inside[end + close.len_utf8()..];
            Ok(inside[..end].split(',').map(str::trim).filter(|s| !s.is_empty()).collect())
        };
        let (window, sizes) = (part('[', ']')?, part('(', ')')?);
        if !rest.trim().is_empty() {
            return Err(format!("what does \"{}\" mean here?", shortened(rest.trim())));
        }
        let name = name.chars().filter(|c| !c.is_whitespace() && *c != '_');
        Ok(Self { name: name.collect::<String>().to_lowercase(), window, sizes })
    }

    /// Nothing may stand in brackets.
    fn no_window(&self) -> Result<(), String> {
        match self.window.first() {
            None => Ok(()),
            Some(word) => Err(format!("has no window, such as [{}]", shortened(word))),
        }
    }

    /// The whole number in parentheses, and the words after it.
    pub(super) fn size(&self, what: &str, most: usize) -> Result<(usize, &[&'a str]), String> {
        let (first, words) =
            self.sizes.split_first().ok_or_else(|| format!("the number of {what} is missing"))?;
        match first.parse() {
            Ok(n) if (1..=most).contains(&n) => Ok((n, words)),
            _ => {
                Err(format!("{what} are a whole number from 1 to {most}, not {}", shortened(first)))
            }
        }
    }
}

pub(super) fn shortened(word: &str) -> String {
    word.chars().take(20).collect()
}

/// Names of layers that are known, for messages.
const KNOWN: &str = "Conv, MaxPool, AvgPool, Dropout, Dense, RNN, GRU, LSTM, LIF, RLIF, FirstSpike, Affine, ReLU, tanh, sigmoid, LeakyReLU";

fn read(piece: &str) -> Result<Written, String> {
    let said = Said::of(piece)?;
    let alone = said.sizes.is_empty() && said.window.is_empty();
    if let Some(activation) = activation(&said.name).filter(|_| alone) {
        return Ok(Layer::Activate(activation).into());
    }
    let layer = match said.name.as_str() {
        "conv" | "conv2d" | "convolution" => return convolution(&said),
        "maxpool" | "maxpooling" => pooling(&said, PoolKind::Max),
        "avgpool" | "averagepool" | "averagepooling" | "meanpool" => {
            pooling(&said, PoolKind::Average)
        }
        "dropout" => dropout(&said),
        "dense" | "linear" | "fc" => return dense(&said),
        "lif" => return spiking::lif(&said),
        "rlif" | "recurrentlif" | "lifrecurrent" => return spiking::recurrent(&said),
        "firstspike" => spiking::first_spike(&said),
        "convlif" | "lifconv" | "denselif" | "lifdense" => {
            Err("LIF neurons are a layer of their own, after the sums that are their currents, such as Conv[3x3](32) - LIF or Dense(128) - LIF".into())
        }
        "rnn" | "simplernn" => recurrent(&said, Cell::Simple),
        "gru" => recurrent(&said, Cell::Gru),
        "lstm" => recurrent(&said, Cell::Lstm),
        "affine" | "batchnorm" | "batchnormalization" | "batchnormalisation"
            if alone =>
        {
            match said.name.as_str() {
                "affine" => Ok(Layer::Affine),
                _ => Err("batch normalisation is not trained here; an imported network's becomes Affine, a scale and a shift for each channel".into()),
            }
        }
        "flatten" => Err("Flatten is not needed: a dense layer takes maps as they are".into()),
        "softmax" => Err("Softmax is not needed: the last layer's sums become probabilities by themselves".into()),
        name if activation(name).is_some() => Err("a function by itself has no size".into()),
        name => Err(format!("there is no layer \"{}\"; there are {KNOWN}", shortened(name))),
    };
    layer.map(Written::from)
}

fn activation(word: &str) -> Option<Activation> {
    match word.to_lowercase().replace([' ', '_', '-'], "").as_str() {
        "relu" => Some(Activation::Relu),
        "tanh" => Some(Activation::Tanh),
        "sigmoid" | "logistic" => Some(Activation::Sigmoid),
        "leakyrelu" | "leaky" => Some(Activation::LeakyRelu),
        "linear" | "none" => Some(Activation::Linear),
        _ => None,
    }
}

/// The function among the words after a size, if it is there; others are refused.
fn function(words: &[&str]) -> Result<Option<Activation>, String> {
    let mut found = None;
    for word in words {
        if word.to_lowercase().starts_with("lif") {
            return Err("LIF neurons are a layer of their own, such as Dense(128) - LIF".into());
        }
        let of = activation(word).ok_or_else(|| {
            format!(
                "\"{}\" is none of the functions: ReLU, tanh, sigmoid, leaky ReLU, linear",
                shortened(word)
            )
        })?;
        found = Some(of);
    }
    Ok(found)
}

/// A number, or two with an x between them.
fn pair(word: &str) -> Option<[usize; 2]> {
    let number = |s: &str| s.trim().parse().ok().filter(|n| *n <= MOST_KERNEL);
    match word.split_once(['x', 'X', '×']) {
        Some((a, b)) => Some([number(a)?, number(b)?]),
        None => number(word).map(|n| [n; 2]),
    }
}

/// The window in brackets; `same` and `padding` only where `pads`.
fn window(said: &Said<'_>, overlap: bool) -> Result<Window, String> {
    let (first, words) =
        said.window.split_first().ok_or("the window is missing, such as [3x3]".to_owned())?;
    let kernel = pair(first).filter(|k| k.iter().all(|n| *n > 0)).ok_or_else(|| {
        format!("a window is like 3x3, up to {MOST_KERNEL}x{MOST_KERNEL}, not {}", shortened(first))
    })?;
    let stride = if overlap { [1; 2] } else { kernel };
    let mut window = Window { kernel, stride, padding: [0; 4] };
    for word in words {
        let lower = word.to_lowercase();
        let after = |name: &str| lower.strip_prefix(name).and_then(|rest| pair(rest.trim()));
        if let Some(stride) = after("stride").filter(|s| s.iter().all(|n| *n > 0)) {
            window.stride = stride;
        } else if let Some([y, x]) = after("padding").or_else(|| after("pad")) {
            window.padding = [y, x, y, x];
        } else if lower == "same" {
            // As many rows out as in, at stride 1; the larger half below and on the right.
            let [y, x] = kernel.map(|n| n - 1);
            window.padding = [y / 2, x / 2, y - y / 2, x - x / 2];
        } else if let Some(padding) = lower.strip_prefix("padding").and_then(sides) {
            window.padding = padding;
        } else {
            return Err(format!(
                "\"{}\" is no part of a window; there are stride 2, padding 1 and same",
                shortened(word)
            ));
        }
    }
    Ok(window)
}

/// Four numbers apart by spaces or slashes: top, left, bottom, right.
fn sides(word: &str) -> Option<[usize; 4]> {
    let parts = word.split(['/', ' ']).filter(|s| !s.is_empty());
    let numbers: Vec<usize> =
        parts.map(|s| s.parse().ok().filter(|n| *n <= MOST_KERNEL)).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

fn convolution(said: &Said<'_>) -> Result<Written, String> {
    let window = window(said, true)?;
    let (filters, words) = said.size("filters", MOST_FILTERS)?;
    let function = function(words)?;
    let activation = function.unwrap_or_default();
    let layer = Layer::Convolution { window, filters, activation };
    Ok(Written { function: function.is_some(), ..layer.into() })
}

fn pooling(said: &Said<'_>, kind: PoolKind) -> Result<Layer, String> {
    let window = window(said, false)?;
    let kind = match said.sizes.as_slice() {
        [] => kind,
        ["with padding"] if kind == PoolKind::Average => PoolKind::AverageCounted,
        [word, ..] => return Err(format!("pooling has no size ({})", shortened(word))),
    };
    Ok(Layer::Pool { kind, window })
}

fn dropout(said: &Said<'_>) -> Result<Layer, String> {
    said.no_window()?;
    let why = "dropout takes a share from 0 to 0.95, such as Dropout(0.2)";
    let [share] = said.sizes.as_slice() else { return Err(why.into()) };
    let share = share.parse::<f32>().ok().filter(|s| (0.0..=0.95).contains(s));
    // To thousandths: an id spells it.
    share.map(|s| Layer::Dropout((s * 1000.0).round() / 1000.0)).ok_or_else(|| why.into())
}

fn dense(said: &Said<'_>) -> Result<Written, String> {
    said.no_window()?;
    let (units, words) = said.size("units", MOST_UNITS)?;
    let function = function(words)?;
    let layer = Layer::Dense { units, activation: function.unwrap_or_default() };
    Ok(Written { function: function.is_some(), ..layer.into() })
}

fn recurrent(said: &Said<'_>, cell: Cell) -> Result<Layer, String> {
    said.no_window()?;
    let (hidden, words) = said.size("units", MOST_HIDDEN)?;
    if !hidden.is_multiple_of(16) {
        return Err(format!(
            "recurrent units come in sixteens, so {} will do, not {hidden}",
            hidden.next_multiple_of(16)
        ));
    }
    let order = match words {
        [] | ["rows"] => Order::Rows,
        ["columns"] => Order::Columns,
        [word, ..] => return Err(format!("it reads rows or columns, not {}", shortened(word))),
    };
    Ok(Layer::Recurrent { cell, order, hidden })
}

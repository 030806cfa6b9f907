//! Structures of one's own, in the report's notation: `Conv[3x3](32) - MaxPool[2x2] -
//! Dropout(0.2) - Dense(128) - Dense(10)`. [`parse`] reads it, [`text`] writes it, and
//! [`own`] makes an architecture of it, whose id spells the layers, so that files name it
//! as they name any other.

mod spelled;
mod write;

use std::fmt;
use std::sync::Mutex;

use super::{Activation, Architecture, Kind, Layer, PoolKind, Widths, Window};
use crate::ann::AnnError;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::plan::Plan;
use crate::core::isa::Isa;
use crate::data::classes::FEWEST;
use crate::data::{CLASSES, MOST_CLASSES};

pub use write::{layer_text, text};

/// Most layers of a structure.
pub const MOST_LAYERS: usize = 24;
/// Most filters, units of a dense or of a recurrent layer.
pub const MOST_FILTERS: usize = 1024;
pub const MOST_UNITS: usize = 4096;
pub const MOST_HIDDEN: usize = 512;
/// The largest kernel, stride and padding.
pub const MOST_KERNEL: usize = 28;
/// Most trained numbers, and multiply–adds for a digit: what a computer of today trains at
/// all.
pub const MOST_PARAMETERS: usize = 20_000_000;
pub const MOST_WORK: usize = 2_000_000_000;
/// The longest text that is read.
const MOST_TEXT: usize = 2_000;

/// What is wrong with a structure, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Number of the layer from 0; the number of layers if something is missing at the end.
    pub layer: usize,
    /// As a sentence.
    pub why: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {}: {}", self.layer + 1, self.why)
    }
}

impl std::error::Error for Misfit {}

/// The layers of a text. Layers are apart by `-`, `–`, `→` or line ends; what stands in
/// brackets is the window (`[3x3, stride 2, padding 1]`), what in parentheses the size and
/// the function (`(32, tanh)`). Upper and lower case are the same.
///
/// # Errors
/// [`Misfit`] at the first layer that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Layer>, Misfit> {
    if text.len() > MOST_TEXT {
        let why = format!("the text is longer than {MOST_TEXT} letters");
        return Err(Misfit { layer: 0, why });
    }
    let mut layers = Vec::new();
    let pieces = pieces(text);
    for (number, piece) in pieces.iter().enumerate() {
        let last = number + 1 == pieces.len();
        let at = |why| Misfit { layer: number, why };
        if number == MOST_LAYERS {
            return Err(at(format!("more than {MOST_LAYERS} layers are not read")));
        }
        layers.push(read(piece, last).map_err(at)?);
    }
    Ok(layers)
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
struct Said<'a> {
    name: String,
    window: Vec<&'a str>,
    sizes: Vec<&'a str>,
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
    fn size(&self, what: &str, most: usize) -> Result<(usize, &[&'a str]), String> {
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

fn shortened(word: &str) -> String {
    word.chars().take(20).collect()
}

/// Names of layers that are known, for messages.
const KNOWN: &str = "Conv, MaxPool, AvgPool, Dropout, Dense, RNN, GRU, LSTM, Affine, ReLU, tanh, sigmoid, LeakyReLU";

fn read(piece: &str, last: bool) -> Result<Layer, String> {
    let said = Said::of(piece)?;
    let alone = said.sizes.is_empty() && said.window.is_empty();
    if let Some(activation) = activation(&said.name).filter(|_| alone) {
        return Ok(Layer::Activate(activation));
    }
    match said.name.as_str() {
        "conv" | "conv2d" | "convolution" => convolution(&said),
        "maxpool" | "maxpooling" => pooling(&said, PoolKind::Max),
        "avgpool" | "averagepool" | "averagepooling" | "meanpool" => {
            pooling(&said, PoolKind::Average)
        }
        "dropout" => dropout(&said),
        "dense" | "linear" | "fc" => dense(&said, last),
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
    }
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

fn convolution(said: &Said<'_>) -> Result<Layer, String> {
    let window = window(said, true)?;
    let (filters, words) = said.size("filters", MOST_FILTERS)?;
    let activation = function(words)?.unwrap_or_default();
    Ok(Layer::Convolution { window, filters, activation })
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

fn dense(said: &Said<'_>, last: bool) -> Result<Layer, String> {
    said.no_window()?;
    let (units, words) = said.size("units", MOST_UNITS)?;
    let usual = if last { Activation::Linear } else { Activation::Relu };
    Ok(Layer::Dense { units, activation: function(words)?.unwrap_or(usual) })
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

/// The same layer as the plainest declaration of it, for which there are faster
/// operations.
pub fn plainest(layer: Layer) -> Layer {
    match layer {
        Layer::Convolution { window, filters, activation: Activation::Relu }
            if window == Window::square(window.kernel[0], 1) =>
        {
            Layer::Conv { kernel: window.kernel[0], filters }
        }
        Layer::Pool { kind: PoolKind::Max, window } if window == Window::square(2, 2) => {
            Layer::MaxPool
        }
        other => other,
    }
}

/// Whether layers fit together, can be trained here, and end in the classes, 2 to 47 of them.
///
/// # Errors
/// [`Misfit`] at the first layer that does not fit what comes before it.
pub fn check(layers: &[Layer]) -> Result<(), Misfit> {
    let at = |layer: usize, why: &str| Err(Misfit { layer, why: why.to_owned() });
    if layers.is_empty() {
        return at(0, "a network needs a layer, such as Dense(10)");
    }
    if layers.len() > MOST_LAYERS {
        return at(MOST_LAYERS, &format!("more than {MOST_LAYERS} layers are not trained here"));
    }
    let lines = super::summary(layers);
    let mut before = vec![28, 28, 1];
    for (number, (layer, line)) in layers.iter().zip(&lines).enumerate() {
        if let Some(why) = misfit(layer, &before) {
            return at(number, &why);
        }
        before.clone_from(&line.output);
    }
    let last = layers.len() - 1;
    match layers[last] {
        Layer::Dense { units: FEWEST..=MOST_CLASSES, activation: Activation::Linear } => {}
        Layer::Dense { activation: Activation::Linear, .. } => {
            return at(
                last,
                "the last layer has a unit for each class: Dense(10) for digits, at most Dense(47)",
            );
        }
        Layer::Dense { units: FEWEST..=MOST_CLASSES, .. } => {
            return at(
                last,
                "the last layer's sums become probabilities: it has no function of its own, as in Dense(10) or Dense(10, linear)",
            );
        }
        _ => return at(layers.len(), "a network ends in Dense(10), a unit for each class"),
    }
    let cost = super::cost(layers);
    if cost.parameters > MOST_PARAMETERS {
        return at(
            last,
            &format!(
                "more than {} million weights are not trained here",
                MOST_PARAMETERS / 1_000_000
            ),
        );
    }
    if cost.multiply_adds > MOST_WORK {
        return at(
            last,
            "more than two thousand million multiply–adds for a digit are not computed here",
        );
    }
    // What the list above has overlooked, the plan finds.
    match Plan::new(layers, Isa::best()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Misfit { layer: last, why: error.to_string() }),
    }
}

/// Why a layer does not fit what comes before it.
fn misfit(layer: &Layer, before: &[usize]) -> Option<String> {
    let is_map = before.len() == 3;
    let vector = || Some("needs a picture or maps, and a vector comes before it".to_owned());
    let sized = |window: &Window| {
        let size = [before[0], before[1]];
        let [h, w] = size;
        window.output(size).is_none().then(|| {
            let [kh, kw] = window.kernel;
            if window.padding.iter().zip([kh, kw, kh, kw]).any(|(p, k)| *p >= k) {
                format!("padding is smaller than the window, here {kh}×{kw}")
            } else {
                format!("a window of {kh}×{kw} does not fit into {h}×{w} pixels")
            }
        })
    };
    match layer {
        Layer::Conv { .. } | Layer::MaxPool | Layer::Convolution { .. } | Layer::Pool { .. }
            if !is_map =>
        {
            vector()
        }
        Layer::Conv { kernel, .. } => sized(&Window::square(*kernel, 1)),
        Layer::MaxPool => sized(&Window::square(2, 2)),
        Layer::Convolution { window, .. } | Layer::Pool { window, .. } => sized(window),
        Layer::Recurrent { .. } if before != [28, 28, 1] => {
            Some("reads the picture itself line by line, so it comes first".into())
        }
        Layer::Dropout(_) | Layer::Dense { .. } | Layer::Recurrent { .. } => None,
        Layer::Affine | Layer::Activate(_) => None,
        Layer::Settling { .. }
        | Layer::Goodness { .. }
        | Layer::Energy { .. }
        | Layer::Spiking(_)
        | Layer::ConvStdp(_) => Some("is no layer of a structure of one's own".into()),
    }
}

/// The architecture of these layers: that of the zoo if they are its layers, or one whose
/// id spells them.
///
/// # Errors
/// [`AnnError::Notation`] when they do not fit together.
pub fn own(layers: &[Layer]) -> Result<&'static Architecture, AnnError> {
    let layers: Vec<Layer> = layers.iter().copied().map(plainest).collect();
    check(&layers).map_err(AnnError::Notation)?;
    if let Some(known) = super::classes::preset_of(&layers) {
        return Ok(known);
    }
    if let Some(widths) = as_widths(&layers)
        && let Some(known) = super::find(&widths.id())
    {
        return Ok(known);
    }
    let id = spelled::id(&layers);
    let misfit = |layer, why| Err(AnnError::Notation(Misfit { layer, why }));
    // It is the name of a run's folder, too.
    if id.len() > spelled::MOST {
        let why = format!(
            "written out briefly, the layers take {} characters, and {} are the most; leave some out, or make them plainer",
            id.len(),
            spelled::MOST
        );
        return misfit(layers.len() - 1, why);
    }
    match find(&id) {
        Some(found) => Ok(found),
        None => misfit(0, "there are too many structures; start the program anew".to_owned()),
    }
}

/// Dense layers alone have had ids of their own for longer.
fn as_widths(layers: &[Layer]) -> Option<Widths> {
    let (last, hidden) = layers.split_last()?;
    if !matches!(last, Layer::Dense { units: CLASSES, .. }) {
        return None;
    }
    let mut activations = Vec::new();
    let mut widths = Vec::new();
    for layer in hidden {
        let Layer::Dense { units, activation } = layer else { return None };
        activations.push(*activation);
        widths.push(*units);
    }
    let activation = *activations.first()?;
    let same = activations.iter().all(|a| *a == activation);
    let fits = same && matches!(activation, Activation::Relu | Activation::Tanh);
    let widths = Widths { kind: Kind::Dense, hidden: widths, activation };
    (fits && Widths::parse(&widths.id()).as_ref() == Some(&widths)).then_some(widths)
}

/// The architecture that an id spells. Each is made once and stays for the rest of the
/// program, as those of [`super::custom`] do.
pub fn find(id: &str) -> Option<&'static Architecture> {
    static KNOWN: Mutex<Vec<&'static Architecture>> = Mutex::new(Vec::new());
    /// Each takes about a kilobyte for good.
    const MOST_KNOWN: usize = 4096;
    let layers = spelled::layers(id)?;
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(found) = known.iter().find(|a| a.id == id) {
        return Some(found);
    }
    if known.len() >= MOST_KNOWN || check(&layers).is_err() {
        return None;
    }
    let architecture: &'static Architecture = Box::leak(Box::new(Architecture {
        id: Box::leak(id.to_owned().into_boxed_str()),
        name: Box::leak(write::name(&layers).into_boxed_str()),
        doc: Box::leak(format!("A structure of one's own: {}.", text(&layers)).into_boxed_str()),
        layers: Box::leak(Box::new(move || layers.clone())),
        epochs: 10,
        average_epochs: 0,
        report: None,
        seed: 1,
    }));
    known.push(architecture);
    Some(architecture)
}

#[cfg(test)]
mod tests;

//! Structures of one's own, in the report's notation: `Conv[3x3](32) - MaxPool[2x2] -
//! Dropout(0.2) - Dense(128) - Dense(10)`, or, with neurons that spike,
//! `Conv[5x5](32) - MaxPool[2x2] - LIF(T 8, tau 4) - Dense(10)`. [`parse`] reads it,
//! [`text`] writes it, and [`own`] makes an architecture of it, whose id spells the layers,
//! so that files name it as they name any other.

mod check;
mod read;
mod spelled;
mod spiking;
mod write;

use std::fmt;

use super::made::{Draft, Made};
use super::spiking::{Sizes, read_out};
use super::{Activation, Architecture, Kind, Layer, PoolKind, Widths, Window, is_current};
use crate::ann::AnnError;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::plan::Plan;
use crate::core::isa::Isa;
use crate::data::classes::FEWEST;
use crate::data::{CLASSES, MOST_CLASSES};

pub use check::check;
pub use read::parse;
pub use spiking::{set_steps, steps};
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
/// Most numbers that a digit becomes in all layers and steps of a network of spikes: its
/// memory, many times over while it learns.
pub const MOST_VALUES: usize = 2_000_000;

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

/// The function of a layer's sums where none is named; `None` for layers without. The sums
/// before spiking neurons are their currents, and those of the last layer the logits.
pub fn usual(layers: &[Layer], at: usize) -> Option<Activation> {
    match layers.get(at)? {
        Layer::Convolution { .. } | Layer::Dense { .. } if is_current(layers, at) => {
            Some(Activation::Linear)
        }
        Layer::Dense { .. } if at + 1 == layers.len() => Some(Activation::Linear),
        Layer::Convolution { .. } | Layer::Dense { .. } => Some(Activation::Relu),
        _ => None,
    }
}

/// The function of a layer's sums, to be changed, of layers that may have any.
pub fn function_mut(layer: &mut Layer) -> Option<&mut Activation> {
    match layer {
        Layer::Convolution { activation, .. } | Layer::Dense { activation, .. } => Some(activation),
        _ => None,
    }
}

/// The same layers as the plainest declarations of them, for which there are faster
/// operations; spiking neurons pass on what they do where they stand.
pub fn plainest(layers: &[Layer]) -> Vec<Layer> {
    let plain = |(at, layer): (usize, &Layer)| match *layer {
        Layer::Convolution { window, filters, activation }
            if window == Window::square(window.kernel[0], 1)
                && usual(layers, at) == Some(activation) =>
        {
            Layer::Conv { kernel: window.kernel[0], filters }
        }
        Layer::Pool { kind: PoolKind::Max, window } if window == Window::square(2, 2) => {
            Layer::MaxPool
        }
        other => other,
    };
    let mut plain: Vec<Layer> = layers.iter().enumerate().map(plain).collect();
    read_out(&mut plain);
    plain
}

/// The architecture of these layers: that of the zoo if they are its layers, or one whose
/// id spells them.
///
/// # Errors
/// [`AnnError::Notation`] when they do not fit together.
pub fn own(layers: &[Layer]) -> Result<&'static Architecture, AnnError> {
    let layers = plainest(layers);
    check(&layers).map_err(AnnError::Notation)?;
    if let Some(known) = super::classes::preset_of(&layers) {
        return Ok(known);
    }
    let widths = || as_widths(&layers).map(|widths| widths.id());
    let named = Sizes::of(&layers).map(|sizes| sizes.known_as()).or_else(widths);
    if let Some(known) = named.and_then(|id| super::find(&id)) {
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

/// Whether an id spells all layers, as [`own`] gives them where there is no other.
pub fn spells(id: &str) -> bool {
    id.strip_prefix(spelled::WORD).is_some_and(|rest| rest.starts_with('-'))
}

/// The architecture that an id spells.
pub fn find(id: &str) -> Option<&'static Architecture> {
    // While somebody drags a number, each that fits is a structure.
    static MADE: Made = Made::new(1 << 15);
    MADE.find(id, || {
        let layers = spelled::layers(id)?;
        check(&layers).ok()?;
        let doc = format!("A structure of one's own: {}.", text(&layers));
        Some(Draft::new(write::name(&layers), doc, layers))
    })
}

#[cfg(test)]
mod tests;
